"""The tree of a day, looking units up, and who succeeded whom.

Every question about the tree takes a day: a unit had other names, types and parents at other times. Codes are reused
and names repeat, so neither finds a unit without a day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from de_an_06.plain.numbers import whole_number
from de_an_06.plain.vietnamese import search_key
from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitVersion
from taskforces.models.units import path_ids, valid_on

LEVEL_ORDER = (Level.NATION, Level.PROVINCE, Level.DISTRICT, Level.COMMUNE)
# What stands before the short name, as people type it when they look for a unit by its full name.
_TYPE_WORDS = ["tinh", "thanh pho", "huyen", "quan", "thi xa", "xa", "phuong", "thi tran", "dac khu"]


# --- the tree of a day


def version_on(unit_id: int, day: dt.date) -> UnitVersion | None:
    """Name, type and parent of the unit on `day`; None when it did not exist that day."""
    return UnitVersion.objects.on(day).select_related("unit").filter(unit_id=unit_id).first()


def version_of_day(versions: Iterable[UnitVersion], day: dt.date) -> UnitVersion | None:
    """`version_on` among versions already read: of one unit's the one of `day`, None when it did not exist then."""
    return next((v for v in versions if v.valid_from <= day and (v.valid_to is None or v.valid_to >= day)), None)


def nearest_version(versions: Iterable[UnitVersion], day: dt.date) -> UnitVersion:
    """Of one unit's versions the one of `day`; else the last before it, else the first after. ValueError for none."""
    ordered = sorted(versions, key=lambda v: v.valid_from)
    if not ordered:
        raise ValueError("a unit has at least one version")
    begun = [v for v in ordered if v.valid_from <= day]
    return begun[-1] if begun else ordered[0]


def children_on(unit_id: int, day: dt.date) -> QuerySet[UnitVersion]:
    """The units directly below on `day`, in Vietnamese alphabetical order."""
    children = UnitVersion.objects.on(day).filter(parent_id=unit_id).select_related("unit")
    return children.order_by("sort_key", "unit__code")


def ancestors(version: UnitVersion, day: dt.date | None = None) -> list[UnitVersion]:
    """The units above, root first, under their names of `day` (by default the first day of the version)."""
    return ancestors_of([(version, day or version.valid_from)])[version.pk]


def ancestors_of(versions: Iterable[tuple[UnitVersion, dt.date]]) -> dict[int, list[UnitVersion]]:
    """`ancestors` of many versions, each with its day, in one query; by the id of the version."""
    asked = list(versions)
    above = {version.pk: path_ids(version.path)[:-1] for version, _ in asked}
    known: dict[int, list[UnitVersion]] = defaultdict(list)
    for version in UnitVersion.objects.filter(unit_id__in={i for ids in above.values() for i in ids}):
        known[version.unit_id].append(version)
    return {
        version.pk: [nearest_version(known[unit_id], day) for unit_id in above[version.pk]] for version, day in asked
    }


def nation() -> AdministrativeUnit | None:
    """The one root; nothing is known before it opens. None while no units are loaded."""
    return AdministrativeUnit.objects.filter(level=Level.NATION).first()


def find(code: str, day: dt.date) -> UnitVersion | None:
    """The unit that bore the official code on `day`; a code alone finds nothing certain."""
    return UnitVersion.objects.on(day).select_related("unit").filter(unit__code=code).first()


def counts_below(unit_ids: Iterable[int], day: dt.date) -> dict[int, dict[str, int]]:
    """For each unit how many units of each level lie below it on `day`, down to its children's children."""
    ids = list(unit_ids)
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    on_day = UnitVersion.objects.on(day)
    children = on_day.filter(parent_id__in=ids).values("parent_id", "unit__level").annotate(n=Count("pk"))
    for row in children.order_by():
        counts[row["parent_id"]][row["unit__level"]] += row["n"]
    grandchildren = on_day.filter(valid_on(day, prefix="parent__versions__"), parent__versions__parent_id__in=ids)
    rows = grandchildren.values(above=F("parent__versions__parent_id"), level=F("unit__level")).annotate(n=Count("pk"))
    for row in rows.order_by():
        counts[row["above"]][row["level"]] += row["n"]
    return counts


def counts_on(day: dt.date) -> dict[str, int]:
    """How many units of each level the nation has on `day`."""
    rows = UnitVersion.objects.on(day).values("unit__level").annotate(n=Count("pk")).order_by()
    return {row["unit__level"]: row["n"] for row in rows}


# --- search


def search(text: str, day: dt.date | None = None) -> QuerySet[UnitVersion]:
    """Versions whose name holds the text, from the beginning of a word, without regard to diacritics; or whose code
    begins with it.

    Over all time, or only those valid on `day`. Units that are called exactly so come first, then the higher levels,
    then the alphabet. Nothing for a text without a letter or digit.
    """
    key = search_key(text)
    versions = UnitVersion.objects.on(day) if day else UnitVersion.objects.all()
    found = Q(search_key__startswith=key) | Q(search_key__contains=f" {key}")  # "an phu" is not in "tan phu"
    if whole_number(key) is not None:
        found |= Q(unit__code__startswith=key)
    exact = [key, *(f"{word} {key}" for word in _TYPE_WORDS)]
    levels = [When(unit__level=level, then=Value(rank)) for rank, level in enumerate(LEVEL_ORDER)]
    return (
        (versions.filter(found) if key else versions.none())
        .select_related("unit")
        .annotate(
            rank=Case(When(search_key__in=exact, then=Value(0)), default=Value(1), output_field=IntegerField()),
            level_rank=Case(*levels, output_field=IntegerField()),
        )
        .order_by("rank", "level_rank", "sort_key", "unit__code", "valid_from")
    )


# --- succession


@dataclass(frozen=True)
class Link:
    """A unit on the other side of a succession, under its name of that time."""

    version: UnitVersion
    effective_on: dt.date
    is_partial: bool
    legal_basis: str


def predecessors(unit: AdministrativeUnit) -> list[Link]:
    """The units that passed, wholly or in part, into this one; newest change first."""
    return _links(unit, unit.successions_in.all(), "predecessor_id", days_before=1)


def successors(unit: AdministrativeUnit) -> list[Link]:
    """The units into which this one passed, wholly or in part; newest change first."""
    return _links(unit, unit.successions_out.all(), "successor_id", days_before=0)


def _links(unit: AdministrativeUnit, successions: QuerySet[UnitSuccession], side: str, days_before: int) -> list[Link]:
    """Newest change first, units of the same level before others, then the alphabet."""
    rows = list(successions)
    versions: dict[int, list[UnitVersion]] = defaultdict(list)
    other_ids = {getattr(row, side) for row in rows}
    for version in UnitVersion.objects.filter(unit_id__in=other_ids).select_related("unit"):
        versions[version.unit_id].append(version)
    links = [
        Link(
            version=nearest_version(versions[getattr(row, side)], row.effective_on - dt.timedelta(days=days_before)),
            effective_on=row.effective_on,
            is_partial=row.is_partial,
            legal_basis=row.legal_basis,
        )
        for row in rows
    ]
    links.sort(key=lambda link: (link.version.unit.level != unit.level, link.version.sort_key))
    return sorted(links, key=lambda link: link.effective_on, reverse=True)


def comparable_predecessors(unit: AdministrativeUnit) -> tuple[list[int], bool]:
    """Ids of the units whose figures join the unit's own line, and whether that line is whole.

    A joined series for a month is the sum over the unit itself and these ids, each under the tree of that month. Only
    links that are whole and of one level are followed, back to the beginning. False means that some territory came or
    went in part: the line is shown with "không so sánh được" and without a percentage change, and shares are never
    estimated (domain rule 3).
    """
    return comparable_predecessors_of([unit.pk])[unit.pk]


def comparable_predecessors_of(unit_ids: Iterable[int]) -> dict[int, tuple[list[int], bool]]:
    """`comparable_predecessors` for many units at once; the number of queries does not depend on how many."""
    lines = joined_lines(unit_ids)
    return {root: (line.members[1:], not line.broken_on) for root, line in lines.items()}


@dataclass
class JoinedLine:
    """A unit with the units that passed wholly into it, back to a day."""

    members: list[int]  # the unit itself, then its whole predecessors of one level, nearest first
    broken_on: set[dt.date]  # days on which territory came or went in part: figures on either side are of two areas


def joined_lines(
    unit_ids: Iterable[int], since: dt.date = dt.date.min, until: dt.date = dt.date.max
) -> dict[int, JoinedLine]:
    """The line of each unit over the changes after `since`, up to `until`; as `comparable_predecessors`, which see.

    The number of queries does not depend on how many units.
    """
    links = UnitSuccession.objects.filter(
        predecessor__level=F("successor__level"), effective_on__gt=since, effective_on__lte=until
    )
    lines = {root: JoinedLine([root], set()) for root in unit_ids}
    frontier = {root: {root} for root in lines}  # a member found last -> the roots it belongs to
    while frontier:
        ids = list(frontier)
        lives = {u.pk: (u.opened_on, u.closed_on) for u in AdministrativeUnit.objects.filter(pk__in=ids)}
        given = links.filter(is_partial=True, predecessor_id__in=ids).values_list("predecessor_id", "effective_on")
        for unit_id, day in given:
            opened_on, closed_on = lives[unit_id]
            if day > opened_on and (closed_on is None or day <= closed_on):  # gave a part away while it lived
                for root in frontier[unit_id]:
                    lines[root].broken_on.add(day)
        found: dict[int, set[int]] = defaultdict(set)
        taken = links.filter(successor_id__in=ids)
        for before, after, day, is_partial in taken.values_list(
            "predecessor_id", "successor_id", "effective_on", "is_partial"
        ):
            for root in frontier[after]:
                if is_partial:
                    lines[root].broken_on.add(day)
                elif before not in lines[root].members:
                    lines[root].members.append(before)
                    found[before].add(root)
        frontier = found
    return lines
