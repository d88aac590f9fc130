"""Reading meetings and inspections: what was concluded and how far it is, what was found and is not yet remedied.

As of a day, as assignments are counted (`assignment_counts`): what is due that day is not overdue. Each function takes
a fixed number of queries, however many units a conclusion was handed out to. Scope is the caller's to check.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from taskforces.models import Assignment, InspectionFinding, Meeting, SourceItem, UnitVersion

from . import assignment_counts as counting


@dataclass(frozen=True)
class Conclusion:
    """One conclusion of a meeting, over all it was handed out to."""

    item: SourceItem
    tally: counting.Tally
    due_on: dt.date | None  # the earliest of those still open; of one that is closed, the earliest of all
    assignment: Assignment | None  # where it was handed out once; `unit_name` its unit's name on the day

    @property
    def meeting(self) -> Meeting:
        return self.item.source.meeting

    @property
    def open(self) -> int:
        return self.tally.total - self.tally.done


def of_meeting(meeting: Meeting, day: dt.date) -> list[Conclusion]:
    """All conclusions of one meeting, in their order."""
    found = _conclusions(Assignment.objects.filter(item__source__meeting=meeting), day)
    return sorted(found, key=lambda c: c.item.pk)


def open_before(meeting: Meeting, day: dt.date) -> list[Conclusion]:
    """With what a meeting opens: conclusions of the earlier meetings of its task force that are not done on `day`."""
    earlier = Q(item__source__meeting__task_force=meeting.task_force_id) & (
        Q(item__source__meeting__held_on__lt=meeting.held_on)
        | Q(item__source__meeting__held_on=meeting.held_on, item__source__meeting__lt=meeting.pk)
    )
    return _still_open(Assignment.objects.filter(earlier), day)


def open_of_unit(unit_id: int, day: dt.date) -> list[Conclusion]:
    """Conclusions of all meetings of a unit's task forces that are not done on `day`, whoever carries them out."""
    return _still_open(Assignment.objects.filter(item__source__meeting__task_force__unit=unit_id), day)


def of_meetings(meeting_ids: list[int], day: dt.date) -> list[Conclusion]:
    """All conclusions of these meetings: overdue first, then open, then done; each by the day it is due."""
    found = _conclusions(Assignment.objects.filter(item__source__meeting__in=meeting_ids), day)
    return sorted(found, key=lambda c: (not c.tally.overdue, not c.open, c.due_on or dt.date.max, c.item.pk))


def by_meeting(meeting_ids: list[int], day: dt.date) -> dict[int, counting.Tally]:
    """Of each meeting, how many conclusions were handed out, are done, are overdue. One query."""
    found = Assignment.objects.filter(item__source__meeting__in=meeting_ids)
    return counting.tallies_by(found, "item__source__meeting", day)


def late_by_unit(unit_id: int, day: dt.date) -> dict[int | None, counting.Late]:
    """Conclusions that a unit (None) and each unit right below it, with all under that, was given by meetings and that
    are overdue. One query."""
    given = Assignment.objects.filter(counting.overdue_on(day), item__source__meeting__isnull=False)
    return counting.late_below(given, unit_id, day)


def _still_open(assignments: QuerySet, day: dt.date) -> list[Conclusion]:
    """Overdue first, then by the day they are due."""
    found = [c for c in _conclusions(assignments, day) if c.open]
    return sorted(found, key=lambda c: (not c.tally.overdue, c.due_on or dt.date.max, c.item.pk))


def _conclusions(assignments: QuerySet, day: dt.date) -> list[Conclusion]:
    """In three queries: counts of each, its words and meeting, and the one assignment of those handed out once."""
    counted = counting.tallies_by(assignments, "item", day)
    first = assignments.values("item").annotate(
        n=Count("pk"), first=Min("pk"), due=Min("due_on"), open_due=Min("due_on", filter=counting.open_on(day))
    )
    first = {row["item"]: row for row in first.order_by()}
    items = SourceItem.objects.select_related("source__meeting__task_force").in_bulk(list(counted))
    once = [row["first"] for row in first.values() if row["n"] == 1]
    alone = counting.with_unit_name(Assignment.objects.filter(pk__in=once), day)
    alone = {assignment.item_id: assignment for assignment in alone}
    return [
        Conclusion(items[pk], tally, first[pk]["open_due"] or first[pk]["due"], alone.get(pk))
        for pk, tally in counted.items()
    ]


# --- inspections


def finding_overdue_on(day: dt.date) -> Q:
    return finding_open_on(day) & Q(due_on__lt=day)


def finding_open_on(day: dt.date) -> Q:
    return Q(remedied_on__isnull=True) | Q(remedied_on__gt=day)


def open_findings(unit_id: int, day: dt.date) -> list[InspectionFinding]:
    """Found in a unit or below it, or by its own teams, by `day`, and not yet remedied then; longest overdue first.

    Each with `unit_name`, the name on the day of the unit visited. One query.
    """
    names = UnitVersion.objects.on(day).filter(unit=OuterRef("inspection__unit"))
    there = Q(inspection__unit__in=counting.units_under(unit_id, day)) | Q(inspection__task_force__unit=unit_id)
    found = InspectionFinding.objects.filter(there, finding_open_on(day), inspection__held_on__lte=day)
    found = found.select_related("inspection__task_force").annotate(unit_name=Subquery(names.values("name")[:1]))
    return list(found.order_by("due_on", "pk"))


def late_findings_by_unit(unit_id: int, day: dt.date) -> dict[int | None, counting.Late]:
    """What inspections found by `day` in a unit (None) and in each unit right below it, with all under that, and that
    is overdue. One query."""
    found = InspectionFinding.objects.filter(finding_overdue_on(day), inspection__held_on__lte=day)
    return counting.late_below(found, unit_id, day, unit="inspection__unit")


@dataclass(frozen=True)
class FindingCounts:
    """Of one inspection."""

    total: int = 0
    remedied: int = 0
    overdue: int = 0


def by_inspection(inspection_ids: list[int], day: dt.date) -> dict[int, FindingCounts]:
    """In one query; an inspection that found nothing is left out."""
    rows = InspectionFinding.objects.filter(inspection__in=inspection_ids).values("inspection")
    rows = rows.annotate(
        total=Count("pk"),
        remedied=Count("pk", filter=~finding_open_on(day)),
        overdue=Count("pk", filter=finding_overdue_on(day)),
    )
    return {r["inspection"]: FindingCounts(r["total"], r["remedied"], r["overdue"]) for r in rows.order_by()}
