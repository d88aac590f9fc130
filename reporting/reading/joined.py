"""Boundaries of one day carried back: a unit's figures with those of the units that passed wholly into it (0017).

Beside "at the time" (places.py), where each figure stands where its unit stood in its month. Joined, every reporting
unit has one row for the whole stretch: that of the unit into which it wholly passed by the last day. What passed in
part or ended otherwise stands together in a row of its own (REST), so that the rows still add up. Shares of a part are
never estimated: a line that territory came to or left in part is not compared across that day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from django.db.models import F, Q, QuerySet

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Span
from reporting.models import Basis, Period
from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitVersion
from taskforces.models.units import path_ids
from taskforces.units.tree import JoinedLine, joined_lines, version_of_day

from .compared import year_ago
from .owed import TOTAL, Submissions
from .places import BEFORE, COUNTED, NOW, SIDES, Stretch, placed, run
from .ranges import IndicatorSum, ServiceSum
from .trend import TrendPoint, trend_months
from .units_below import REST


@dataclass
class Joined:
    """A unit and everything under it on `day`, each with what passed wholly into it after `since`."""

    unit_id: int
    name: str
    day: dt.date
    since: dt.date
    lines: dict[int, JoinedLine]  # of the unit and of each under it
    row_of: dict[int, int | None]  # reporting unit -> the unit right below that it counts in; None: the unit's own
    root_of: dict[int, int]  # reporting unit -> the unit of `day` that it wholly passed into
    lives: dict[int, tuple[dt.date, dt.date | None]] = field(default_factory=dict)  # of every member of a line

    @property
    def line(self) -> JoinedLine:
        return self.lines[self.unit_id]

    @property
    def others(self) -> tuple[int, ...]:
        """The unit's own whole predecessors."""
        return tuple(self.line.members[1:])

    def existed_on(self, day: dt.date) -> bool:
        """Did the unit or one of its whole predecessors exist?"""
        return any(self._lived(member, day) for member in self.line.members)

    def months(self, span: Span, periods: Sequence[Period]) -> list[Period]:
        """The months of the span, up to the day, in which the unit or one of its whole predecessors existed."""
        keys = {month.key for month in span.months}
        return [p for p in periods if p.key in keys and p.data_to <= self.day and self.existed_on(p.data_to)]

    def _lived(self, unit_id: int, day: dt.date) -> bool:
        opened_on, closed_on = self.lives[unit_id]
        return opened_on <= day and (closed_on is None or closed_on >= day)

    def members_on(self, root: int, day: dt.date) -> set[int]:
        """The units that were on that day what `root` is now."""
        return {member for member in self.lines[root].members if self._lived(member, day)}

    def behind(self, row: int | None) -> list[int]:
        """The reporting units of a row, REST's apart: those of the other rows."""
        return sorted(unit_id for unit_id, key in self.row_of.items() if key == row)

    def not_comparable(self) -> set[int]:
        """Units right below whose own line was broken, of those that have no unit below them."""
        return {root for root, row in self.row_of.items() if row == root and self.lines[root].broken_on}

    def is_broken_after(self, day: dt.date) -> bool:
        """Did territory come to or leave the unit itself in part between that day and the last one?"""
        return any(broken > day for broken in self.line.broken_on)

    def is_broken_between(self, day: dt.date, end: dt.date) -> bool:
        """Did it after the one day, up to the other?"""
        return any(day < broken <= end for broken in self.line.broken_on)


def first_day(span: Span, periods: Sequence[Period]) -> dt.date:
    """The last day of the earliest month, of `periods`, that a page of the span reads, compares with or draws."""
    shown = [*span.months, *span.previous().months, *(year_ago(span) or span).months, *trend_months(span)]
    keys = {month.key for month in shown}
    return min(period.data_to for period in periods if period.key in keys)


def changes(unit_id: int, day: dt.date, since: dt.date) -> QuerySet[UnitSuccession]:
    """Where the unit, or one under it on `day`, took in or gave away another, wholly or in part, after `since`."""
    under = UnitVersion.objects.on(day).under(unit_id).values("unit")
    return UnitSuccession.objects.filter(
        Q(successor__in=under) | Q(predecessor__in=under),
        predecessor__level=F("successor__level"),
        effective_on__gt=since,
        effective_on__lte=day,
    )


def is_changed(versions: Sequence[UnitVersion], span: Span, read: Sequence[Period], periods: Sequence[Period]) -> bool:
    """As `overview` decides it, of the last of a unit's own months `read`; `periods`: every begun month."""
    unit = versions[0].unit
    return unit.level != Level.NATION and changes(unit.pk, read[-1].data_to, first_day(span, periods)).exists()


def boundaries(
    versions: Sequence[UnitVersion], span: Span, read: Sequence[Period], periods: Sequence[Period]
) -> Joined | None:
    """The boundaries `overview` joins by; None where they have not changed."""
    day = read[-1].data_to
    version = version_of_day(versions, day)
    if version is None or not is_changed(versions, span, read, periods):
        return None
    return join(version, day, first_day(span, periods))


def join(version: UnitVersion, day: dt.date, since: dt.date) -> Joined:
    """The boundaries of `day` carried back to `since`; `version` is the unit's of that day. A few queries."""
    unit_id = version.unit_id
    paths = dict(UnitVersion.objects.on(day).under(unit_id).values_list("unit_id", "path"))
    lines = joined_lines(paths, since, day)
    claims: dict[int, list[int]] = defaultdict(list)
    for root, line in lines.items():
        for member in line.members:
            claims[member].append(root)
    root_of, row_of = {}, {}
    for member, roots in claims.items():  # two units may say that they hold all of it, or of one that lives on
        if member in lines:
            root_of[member] = member
        elif len(roots) == 1:
            root_of[member] = roots[0]
        for root in roots:
            if root_of.get(member) != root:
                lines[root].members.remove(member)
                lines[root].broken_on.add(day)
    for member, root in root_of.items():
        below = path_ids(paths[root])
        below = below[below.index(unit_id) + 1 :]
        row_of[member] = below[0] if below else None
    lives = AdministrativeUnit.objects.filter(pk__in=root_of).values_list("pk", "opened_on", "closed_on")
    return Joined(unit_id, version.name, day, since, lines, row_of, root_of, {pk: (a, b) for pk, a, b in lives})


def stretched(joined: Joined, stretch: Stretch) -> Stretch:
    """The stretch over the unit and its whole predecessors, with the units that are compared; one query."""
    wide = replace(stretch, joined=joined.others, same=frozenset())
    return replace(wide, same=_same_units(joined, wide)) if stretch.before else wide


def _same_units(joined: Joined, stretch: Stretch) -> frozenset[int]:
    """Members of the lines that were not broken and whose units, all of them, reported in equally many months of each
    side, in no month only some of them, and stand there at the end of both."""
    with_table, params = placed(stretch)
    statuses = COUNTED[Basis(stretch.basis)]
    reported: dict[tuple[int, str], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    stands: dict[int, set[str]] = defaultdict(set)
    for row in run(f"{with_table} SELECT unit_id, side, k, status, here, at_end FROM placed", params):  # noqa: S608
        root = joined.root_of.get(row.unit_id)
        if root is None:
            continue
        if row.at_end is not None:
            stands[root].add(row.side)
        if row.here is not None and row.status in statuses:
            reported[root, row.side][row.k].add(row.unit_id)
    first = stretch.before[0].data_to
    same: set[int] = set()
    for root in {root for root, _ in reported}:
        line = joined.lines[root]
        if stands[root] != set(SIDES) or any(first < day for day in line.broken_on):
            continue
        months = reported[root, NOW], reported[root, BEFORE]
        whole = all(
            units == joined.members_on(root, periods[k].data_to)
            for side, periods in zip(months, (stretch.now, stretch.before), strict=True)
            for k, units in side.items()
        )
        if whole and len(months[0]) == len(months[1]):
            same.update(line.members)
    return frozenset(same)


# Sums by reporting unit -> by row ------------------------------------------------------------------------------------


def in_rows(joined: Joined, sums: Iterable[ServiceSum]) -> list[ServiceSum]:
    """Sums by reporting unit (`by_unit`), each under its row."""
    return [replace(part, child_id=_row(joined, part.child_id)) for part in sums]


def pairs_in_rows(joined: Joined, sums: Iterable[IndicatorSum], own_ids: set[int]) -> list[IndicatorSum]:
    """As `in_rows`; an indicator that is never added over units is not added over predecessors either."""
    return [
        replace(part, child_id=_row(joined, part.child_id))
        for part in sums
        if part.indicator_id not in own_ids or part.child_id is None or part.child_id in joined.lines
    ]


def _row(joined: Joined, unit_id: int | None) -> int | None:
    return None if unit_id is None else joined.row_of.get(unit_id, REST)


def owed_in_rows(
    joined: Joined, stretch: Stretch, owed: dict[tuple[str, int | None], Submissions]
) -> dict[tuple[str, int | None], Submissions]:
    """What is owed by reporting unit, by row and together; a unit counts once with those it came from."""
    heads: dict[tuple[str, int], Submissions] = {}
    for (side, unit_id), part in owed.items():
        if unit_id != TOTAL:
            unit_id = joined.unit_id if unit_id is None else unit_id
            _add(heads.setdefault((side, joined.root_of.get(unit_id, unit_id)), Submissions()), part)
    found: dict[tuple[str, int | None], Submissions] = {}
    for (side, root), part in heads.items():
        once = replace(
            part,
            expected=min(part.expected, 1),
            reported=min(part.reported, 1),
            same_units=int(root in (stretch.same or ())),
        )
        for key in {_row(joined, root), TOTAL}:
            _add(found.setdefault((side, key), Submissions()), once)
    return found


def _add(total: Submissions, part: Submissions) -> None:
    for each in fields(Submissions):
        setattr(total, each.name, getattr(total, each.name) + getattr(part, each.name))


def mark(joined: Joined | None, points: list[TrendPoint], periods: Sequence[Period]) -> list[TrendPoint]:
    """The points of a line, those before a change in part marked, and those at which the line is cut by one; `periods`:
    every begun month."""
    if joined is None:
        return points
    ends = {period.key: period.data_to for period in periods}
    before = None  # the last day of the month drawn before
    for point in points:
        end = ends.get(point.month.key)
        point.is_comparable = not joined.is_broken_after(end or joined.day)
        point.is_cut = before is not None and end is not None and joined.is_broken_between(before, end)
        before = end or before
    return points


# Words ---------------------------------------------------------------------------------------------------------------


def words(joined: Joined) -> str:
    """What a reader must know of joined figures."""
    what = f"Địa giới nối theo ngày {joined.day:%d/%m/%Y}"
    others = len(joined.others)
    said = [f"{what}: số liệu trước khi sắp xếp cộng {format_number(others)} đơn vị cũ nhập trọn vào {joined.name}."]
    if not others:
        said = [f"{what}: {joined.name} không có đơn vị cũ nào nhập trọn vào."]
    if joined.line.broken_on:
        days = ", ".join(f"{day:%d/%m/%Y}" for day in sorted(joined.line.broken_on))
        said.append(
            f"Ngày {days} {joined.name} nhận hoặc chuyển một phần địa giới: số trước ngày đó không so sánh được, "
            "không tính tăng, giảm."
        )
    if below := len(joined.not_comparable()):
        said.append(
            f"{format_number(below)} đơn vị bên dưới nhận hoặc chuyển một phần địa giới: không so sánh được, không có "
            "trong số tăng, giảm."
        )
    return " ".join(said)
