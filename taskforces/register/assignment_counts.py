"""Counting and finding assignments, as of a day: done of all, overdue, by document, level, body and unit.

One meaning everywhere: an assignment stands on a day when it was assigned by then and not dropped by then; it is done
when its day of completion is not later; it is overdue when it stands, is not done, and its due day has passed (due
today is not overdue). Totals of a unit = its own + everything below it in the tree of that day. Tasks of different
documents cut the programme differently: nothing here adds them, except `assignment_figures` (indicator TC07). Each
conclusion of a meeting is a task of its own, so those of all meetings stand together, as of one document (CONCLUSIONS).
"""

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import Case, Count, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value, When, Window

from de_an_06.plain.bodies import is_same_body
from taskforces.models import Assignment, UnitVersion
from taskforces.models.units import path_ids, valid_on
from taskforces.units.tree import LEVEL_ORDER


def standing_on(day: dt.date) -> Q:
    """Assigned by `day` and not dropped by then."""
    return Q(assigned_on__lte=day) & (Q(dropped_on__isnull=True) | Q(dropped_on__gt=day))


def done_by(day: dt.date) -> Q:
    return Q(done_on__lte=day)


def open_on(day: dt.date) -> Q:
    """Standing and not done."""
    return standing_on(day) & (Q(done_on__isnull=True) | Q(done_on__gt=day))


def overdue_on(day: dt.date) -> Q:
    """Still open the day after its due day, or later."""
    return open_on(day) & Q(due_on__lt=day)


class AssignmentState(enum.StrEnum):
    """How an assignment stood on a day, worst first."""

    OVERDUE = "overdue"
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"


def state_on(assignment: Assignment, day: dt.date) -> AssignmentState:
    """What was done or dropped only later counts as in progress on `day`."""
    if assignment.dropped_on is not None and assignment.dropped_on <= day:
        return AssignmentState.DROPPED
    if assignment.done_on is not None and assignment.done_on <= day:
        return AssignmentState.DONE
    if assignment.due_on is not None and assignment.due_on < day:
        return AssignmentState.OVERDUE
    return (
        AssignmentState.NOT_STARTED
        if assignment.status == Assignment.Status.NOT_STARTED
        else AssignmentState.IN_PROGRESS
    )


def in_state(state: str, day: dt.date) -> Q:
    """The condition for `state_on(assignment, day) == state`."""
    if state == AssignmentState.DROPPED:
        return Q(dropped_on__lte=day)
    if state == AssignmentState.DONE:
        return standing_on(day) & done_by(day)
    if state == AssignmentState.OVERDUE:
        return overdue_on(day)
    not_started = Q(status=Assignment.Status.NOT_STARTED)
    in_time = open_on(day) & (Q(due_on__isnull=True) | Q(due_on__gte=day))
    return in_time & (not_started if state == AssignmentState.NOT_STARTED else ~not_started)


CONCLUSIONS = 0  # stands where a document's id stands, for the conclusions of all meetings together
_DOCUMENT = Case(When(item__source__meeting__isnull=True, then=F("item__source_id")), default=Value(CONCLUSIONS))


def units_under(unit_id: int, day: dt.date) -> QuerySet:
    """Ids of the unit and everything below it in the tree of `day`, as a subquery."""
    return UnitVersion.objects.on(day).under(unit_id).values("unit")


# --- counting


@dataclass(frozen=True)
class Tally:
    """Counts of one document's assignments. `done` and `overdue` are parts of `total`; `dropped` is not."""

    total: int = 0
    done: int = 0
    overdue: int = 0
    lead: int = 0
    cooperating: int = 0
    dropped: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.total + other.total,
            self.done + other.done,
            self.overdue + other.overdue,
            self.lead + other.lead,
            self.cooperating + other.cooperating,
            self.dropped + other.dropped,
        )


@dataclass(frozen=True)
class CountRow:
    """The finest cut: one document (or CONCLUSIONS), level, body and group of tasks."""

    source_id: int
    level: str
    body: str
    task_group: str
    utility_group: int | None
    tally: Tally


@dataclass(frozen=True)
class SourceCount:
    """One document, in one unit and everything below it."""

    source_id: int
    tally: Tally
    levels: list[tuple[str, Tally]]  # highest level first
    bodies: list[tuple[str, Tally]]  # named bodies only
    task_groups: list[tuple[str, Tally]]  # named groups only
    utility_groups: int


def _aggregates(day: dt.date) -> dict[str, Count]:
    standing = standing_on(day)
    return {
        "total": Count("pk", filter=standing),
        "done": Count("pk", filter=standing & done_by(day)),
        "overdue": Count("pk", filter=overdue_on(day)),
        "lead": Count("pk", filter=standing & Q(part=Assignment.Part.LEAD)),
        "cooperating": Count("pk", filter=standing & Q(part=Assignment.Part.COOPERATING)),
        "dropped": Count("pk", filter=Q(dropped_on__lte=day)),
    }


def _tally(row: dict) -> Tally:
    return Tally(row["total"], row["done"], row["overdue"], row["lead"], row["cooperating"], row["dropped"])


def count_assignments(unit_id: int, day: dt.date, *, source_id: int | None = None, own: bool = False) -> list[CountRow]:
    """Everything assigned to a unit and the units below it (`own`: to the unit alone) as of `day`, in one query."""
    rows = Assignment.objects.filter(assigned_on__lte=day)
    rows = rows.filter(unit=unit_id) if own else rows.filter(unit__in=units_under(unit_id, day))
    if source_id is not None:
        rows = rows.filter(item__source=source_id)
    keys = ("document", "unit__level", "body", "item__task_group", "item__utility_group")
    return [
        CountRow(*(row[key] for key in keys), _tally(row))
        for row in rows.annotate(document=_DOCUMENT).values(*keys).annotate(**_aggregates(day)).order_by(*keys)
    ]


def by_source(rows: Iterable[CountRow]) -> dict[int, SourceCount]:
    """Sums within each document; never across documents."""
    found: dict[int, list[CountRow]] = defaultdict(list)
    for row in rows:
        found[row.source_id].append(row)
    return {source_id: _source_count(source_id, inside) for source_id, inside in found.items()}


def _source_count(source_id: int, rows: list[CountRow]) -> SourceCount:
    levels = _sums(rows, lambda row: row.level)
    return SourceCount(
        source_id,
        sum((row.tally for row in rows), Tally()),
        [(level, levels[level]) for level in LEVEL_ORDER if level in levels],
        sorted(_sums(rows, lambda row: row.body).items()),
        sorted(_sums(rows, lambda row: row.task_group).items()),
        len({row.utility_group for row in rows if row.utility_group is not None and row.tally.total}),
    )


def _sums(rows: Iterable[CountRow], key: Callable[[CountRow], str]) -> dict[str, Tally]:
    """Sum for each key; what has no key (no named body, no group) is left out."""
    sums: dict[str, Tally] = defaultdict(Tally)
    for row in rows:
        if key(row) and (row.tally.total or row.tally.dropped):
            sums[key(row)] += row.tally
    return sums


@dataclass
class UnitTable:
    """Assignments of a unit itself and of each unit directly below it (with everything under that), by document."""

    children: list[UnitVersion]
    own: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))  # document -> the unit's own
    below: dict[int, dict[int, Tally]] = field(default_factory=dict)  # child's unit id -> document -> sums


def unit_table(unit_id: int, day: dt.date, *, source_id: int | None = None) -> UnitTable:
    """In two queries, whatever the number of units: the tree of `day`, and counts by unit and document."""
    versions = list(UnitVersion.objects.on(day).under(unit_id).order_by("sort_key"))
    child_of: dict[int, int] = {}
    for version in versions:
        ids = path_ids(version.path)
        place = ids.index(unit_id)
        if place + 1 < len(ids):
            child_of[version.unit_id] = ids[place + 1]
    children = [version for version in versions if child_of.get(version.unit_id) == version.unit_id]
    table = UnitTable(children, below={child.unit_id: defaultdict(Tally) for child in children})
    rows = Assignment.objects.filter(assigned_on__lte=day, unit__in=units_under(unit_id, day))
    if source_id is not None:
        rows = rows.filter(item__source=source_id)
    for row in rows.annotate(document=_DOCUMENT).values("unit_id", "document").annotate(**_aggregates(day)).order_by():
        child = child_of.get(row["unit_id"])
        sums = table.own if child is None else table.below[child]
        sums[row["document"]] += _tally(row)
    return table


def item_counts(source_id: int, unit_id: int, day: dt.date) -> dict[int, Tally]:
    """For each task of a document: how it stands in a unit and everything below it."""
    inside = Assignment.objects.filter(item__source=source_id, unit__in=units_under(unit_id, day))
    return tallies_by(inside, "item", day)


def tallies_by(assignments: QuerySet, key: str, day: dt.date) -> dict[int, Tally]:
    """How they stand on `day`, for each value of a field. One query."""
    rows = assignments.filter(assigned_on__lte=day).values(key).annotate(**_aggregates(day)).order_by()
    return {row[key]: _tally(row) for row in rows}


def assignment_figures(unit_ids: Iterable[int], day: dt.date) -> dict[int, tuple[int, int]]:
    """(done, standing) of each unit's own assignments, all documents together: what indicator TC07 asks for."""
    rows = Assignment.objects.filter(standing_on(day), unit_id__in=list(unit_ids)).values("unit_id")
    figures: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows.annotate(done=Count("pk", filter=done_by(day)), total=Count("pk")).order_by():
        figures[row["unit_id"]] = (row["done"], row["total"])
    return figures


def tallies_below(unit_id: int, day: dt.date) -> dict[int | None, Tally]:
    """What the unit itself (None) and each unit right below it, with all under that, was given, as of `day`.

    All documents together, as TC07 counts them; units with nothing standing are left out. One query.
    """
    inside = Assignment.objects.filter(
        standing_on(day), valid_on(day, "unit__versions__"), unit__versions__path__contains=f"/{unit_id}/"
    )
    tallies: dict[int | None, Tally] = defaultdict(Tally)
    for row in inside.values("unit__versions__path").annotate(**_aggregates(day)).order_by():
        tallies[right_below(unit_id, row["unit__versions__path"])] += _tally(row)
    return tallies


def right_below(unit_id: int, path: str) -> int | None:
    """Of a path through the unit: the unit right below it there; None: the path ends with the unit."""
    below = path_ids(path.partition(f"/{unit_id}/")[2])
    return below[0] if below else None


@dataclass(frozen=True)
class Late:
    """What is overdue in one unit with all under it, or in the unit of the page alone."""

    count: int
    due_on: dt.date  # the earliest day one of them was due


def late_below(rows: QuerySet, unit_id: int, day: dt.date, *, unit: str = "unit") -> dict[int | None, Late]:
    """Rows that are overdue on `day`, each with `due_on`, by place as `tallies_below`; `unit`: the way to whom they are
    held against. One query."""
    path = f"{unit}__versions__path"
    inside = rows.filter(valid_on(day, f"{unit}__versions__"), **{f"{path}__contains": f"/{unit_id}/"})
    late: dict[int | None, Late] = {}
    for row in inside.values(path).annotate(n=Count("pk"), due=Min("due_on")).order_by():
        place = right_below(unit_id, row[path])
        known = late.get(place, Late(0, row["due"]))
        late[place] = Late(known.count + row["n"], min(known.due_on, row["due"]))
    return late


# --- finding


def of_body(unit_id: int, body: str) -> QuerySet:
    """The assignments of one body of a unit, however its name was spelt. Two queries."""
    inside = Assignment.objects.filter(unit=unit_id)
    spellings = inside.exclude(body="").values_list("body", flat=True).order_by().distinct()
    return inside.filter(body__in=[spelling for spelling in spellings if is_same_body(spelling, body)])


def with_unit_name(assignments: QuerySet, day: dt.date) -> QuerySet:
    """Adds `unit_name`: the unit's name on `day`."""
    names = UnitVersion.objects.on(day).filter(unit=OuterRef("unit"))
    return assignments.annotate(unit_name=Subquery(names.values("name")[:1]))


def listed(assignments: QuerySet, day: dt.date) -> QuerySet:
    """Overdue first, the longest overdue at the top; then open ones by due day; done and dropped at the end."""
    rank = Case(
        When(overdue_on(day), then=Value(0)),
        When(open_on(day), then=Value(1)),
        When(in_state(AssignmentState.DONE, day), then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return (
        assignments.filter(assigned_on__lte=day)
        .select_related("item__source", "unit")
        .annotate(rank=rank)
        .order_by("rank", F("due_on").asc(nulls_last=True), "item__source", "item__code", "unit", "body")
    )


@dataclass(frozen=True)
class OverdueRow:
    assignment: Assignment
    unit_name: str
    days: int  # days since the due day


@dataclass(frozen=True)
class Overdue:
    """The longest overdue assignments of a unit and everything below it; `total` counts all of them."""

    rows: list[OverdueRow]
    total: int


def overdue(unit_id: int, day: dt.date, limit: int) -> Overdue:
    """In one query; scope is the caller's to check."""
    found = Assignment.objects.filter(overdue_on(day), unit__in=units_under(unit_id, day))
    found = with_unit_name(found.select_related("item__source"), day)
    found = found.annotate(n=Window(Count("*"))).order_by("due_on", "pk")[:limit]
    rows = list(found)
    return Overdue([OverdueRow(a, a.unit_name or "", (day - a.due_on).days) for a in rows], rows[0].n if rows else 0)
