"""The units below a unit side by side: over services (the grid), over what they are given (the grid of targets), over
twelve months (the lines), one number at a time.

A cell is a pair (value, of), `of` None where the number is no rate. (None, …) = nothing reported, which is never 0.
What stands under which unit says places.py; which reports are behind a cell, contributions.py under the same name.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from reporting.headline import LeftOut
from reporting.models import Basis, Period, PublicService, ServiceFigures, Target

from .against_targets import Assessment, Reached, in_order, months_to, reached_below
from .contributions import DOSSIER_MEASURES
from .family import Family
from .kept import Kept, asked
from .overview import Overview
from .owed import TOTAL, submissions
from .places import COUNTED, NOW, REPORT_TABLE, Stretch, child_of, marks, place_of, run, under
from .ranges import add, cell_sums, sum_of
from .units_below import UnitRow, named_rows

Sortable = TypeVar("Sortable")
Portion = tuple[int | None, int | None]
BLANK: Portion = None, None
_FIGURES = ServiceFigures._meta.db_table
LEAST_SHARE = 2  # one of so many reports must be in, or a month of several units stays a gap, as in the trend


class Kind(StrEnum):
    RATE = "rate"  # the more the better
    VOLUME = "volume"  # neither good nor bad
    OVERDUE = "overdue"  # the fewer the better


@dataclass(frozen=True)
class Measure:
    """One number a cell can show; `name` is its name in DOSSIER_MEASURES."""

    name: str
    label: str
    kind: Kind
    fewest: int = 0  # a rate of fewer dossiers is shown and not judged: `ReportingSettings.fewest_dossiers`

    @property
    def over(self) -> tuple[str, ...]:
        return DOSSIER_MEASURES[self.name][1]

    @property
    def under(self) -> tuple[str, ...]:
        return DOSSIER_MEASURES[self.name][2]

    @property
    def is_rate(self) -> bool:
        return self.kind == Kind.RATE

    def has_value(self, cell: Portion) -> bool:
        """Not where nothing was reported, or nothing can be divided."""
        return cell[0] is not None and (not self.is_rate or bool(cell[1]))

    def is_graded(self, cell: Portion) -> bool:
        """Has it a value held up as good or bad? A rate of few dossiers is shown and not judged."""
        return self.has_value(cell) and (not self.is_rate or (cell[1] or 0) >= self.fewest)

    def worst_first(self, cell: Portion) -> tuple:
        """Of rates the lowest first, the heavier of equal ones; of counts the largest. Then what is not judged, then
        what has no value; the rest stays in the order it was in."""
        if not self.has_value(cell):
            return (2,)
        value, of = cell[0] or 0, cell[1] or 1
        size = (Fraction(value, of), -of) if self.is_rate else (-value,)
        return (0 if self.is_graded(cell) else 1, *size)


# key in addresses -> number
MEASURES = {
    "dung-han": Measure("in_time_rate", "Trước và đúng hạn", Kind.RATE),
    "truc-tuyen": Measure("online_rate", "Trực tuyến", Kind.RATE),
    "tiep-nhan": Measure("received", "Hồ sơ tiếp nhận", Kind.VOLUME),
    "qua-han": Measure("pending_overdue", "Đang quá hạn", Kind.OVERDUE),
}


def together(cells: Collection[Portion]) -> Portion:
    return add(*(value for value, _ in cells)), add(*(of for _, of in cells))


def sorted_rows(
    rows: list[Sortable], measure: Measure, cell_of: Callable[[Sortable], Portion], worst_first: bool
) -> list[Sortable]:
    return sorted(rows, key=lambda row: measure.worst_first(cell_of(row))) if worst_first else rows


# Over services -------------------------------------------------------------------------------------------------------


@dataclass
class GridRow:
    unit: UnitRow
    cells: dict[int, Portion]  # by service
    total: Portion  # of a rate the headline's: of the services that are in it


@dataclass
class Grid:
    """`rows` in the order to be shown; each sum is that of the cells shown, of a rate only of those in the headline."""

    measure: Measure
    services: list[PublicService]  # those in which somebody has a value
    rows: list[GridRow]

    def __post_init__(self):
        self.foot = {s.pk: together([r.cells[s.pk] for r in self.rows if s.pk in r.cells]) for s in self.services}
        self.total = together([row.total for row in self.rows])
        self.services = [s for s in self.services if self.measure.has_value(self.foot[s.pk])]


def read_grid(
    around: Family, stretch: Stretch, services: list[PublicService], measure: Measure, *, worst_first: bool = True
) -> Grid:
    """All units below a unit in the months read: who owes, one number of each unit and service, names; five queries,
    and three where the reports need not be read.

    `services` are those of the catalogue, in order.
    """
    kept = Kept(around.unit_id, asked(stretch, [], "grid"), stretch.now)
    owed = {child_id: part for (side, child_id), part in kept.of("owed", submissions, stretch).items() if side == NOW}
    numbers = kept.of(f"cells {measure.name}", cell_sums, stretch, measure.over, measure.under)
    kept.save()
    cells: dict[int | None, dict[int, Portion]] = {}
    headline: dict[int | None, list[Portion]] = {}
    for child_id, service_id, *cell in numbers:
        if any(part is not None for part in cell):
            cells.setdefault(child_id, {})[service_id] = cell[0], cell[1]
            headline.setdefault(child_id, []).append((cell[2], cell[3]))
    days = stretch.now[0].data_to, stretch.now[-1].data_to
    present = {*cells, *(child_id for child_id in owed if child_id != TOTAL)}
    rows = []
    for child_id, unit in named_rows(around.unit_id, around.version, around.children, present, days).items():
        if child_id in owed:
            unit.submissions = owed[child_id]
        if child_id in owed or child_id in cells:
            rows.append(GridRow(unit, cells.get(child_id, {}), together(headline.get(child_id, []))))
    in_order = sorted_rows(rows, measure, lambda row: row.total, worst_first)
    return Grid(measure, services, in_order)


def grid_of(seen: Overview, units: list[UnitRow], most: int, fewest: int) -> Grid:
    """The rate of early and on time of some rows of a page; where it has not read their services, of the worst `most`
    alone, by one query."""
    measure = replace(MEASURES["dung-han"], fewest=fewest)
    cells: dict[int, dict[int, Portion]]
    if seen.has_heat or not units:
        ids = {s.code: s.pk for s in seen.catalogue}
        cells = {u.unit_id: {ids[c]: d.in_time_rate for c, d in u.by_service.items()} for u in units}
    else:
        units = sorted_rows(units, measure, lambda u: u.measures.in_time_rate, True)[:most]
        cells = {u.unit_id: {} for u in units}
        stretch = Stretch(seen.unit_id, seen.basis, seen.periods)
        question = stretch, measure.over, measure.under
        name = f"cells {measure.name} {sorted(cells)}"
        for child_id, service_id, *cell in seen.kept.of(name, cell_sums, *question, places=sorted(cells)):
            cells[child_id or seen.unit_id][service_id] = cell[0], cell[1]
    rows = [
        GridRow(u, {pk: cell for pk, cell in cells[u.unit_id].items() if cell != BLANK}, u.measures.in_time_rate)
        for u in units
    ]
    return Grid(measure, seen.catalogue, sorted_rows(rows, measure, lambda row: row.total, True))


# Over targets ---------------------------------------------------------------------------------------------------------


@dataclass
class TargetTally:
    """How many targets there are, how many of them have figures, and how many of those are met or exceeded."""

    given: int = 0
    assessed: int = 0
    met: int = 0

    def add(self, one: Reached) -> None:
        self.given += 1
        self.assessed += one.assessment != Assessment.NO_DATA
        self.met += one.assessment in (Assessment.MET, Assessment.EXCEEDED)

    def worst_first(self) -> tuple:
        """The smallest share met first, of equal ones the most that are missed; then no figures, then no target."""
        if not self.assessed:
            return (1 if self.given else 2), 0, 0
        return 0, Fraction(self.met, self.assessed), self.met - self.assessed


@dataclass
class TargetRow:
    unit: UnitRow
    cells: dict[str, Reached]  # by what the target is of

    def __post_init__(self):
        self.tally = TargetTally()
        for one in self.cells.values():
            self.tally.add(one)


@dataclass
class TargetGrid:
    """`things`: what somebody is given, one target of each, in the order of the catalogue."""

    year: int
    things: list[Target]
    rows: list[TargetRow]

    def __post_init__(self):
        self.total = TargetTally()
        self.foot = {thing.key: TargetTally() for thing in self.things}
        for row in self.rows:
            for key, one in row.cells.items():
                self.total.add(one)
                self.foot[key].add(one)


def read_target_grid(around: Family, last: Period, *, worst_first: bool = True) -> TargetGrid:
    """The units right below and their targets of the year, with what is reached of each up to a month, officially (as
    their own lists of targets have it); at most seven queries."""
    ids = [child.unit_id for child in around.children]
    given = Target.objects.in_force().filter(unit__in=ids, year=last.year, month=0)
    targets = sorted(given.select_related("indicator", "service"), key=in_order)
    months = months_to(last) if targets else []
    cells: dict[int, dict[str, Reached]] = {}
    for (unit_id, key), one in reached_below(around.unit_id, targets, months).items():
        if unit_id is not None:
            cells.setdefault(unit_id, {})[key] = one
    days = (months[0] if months else last).data_to, last.data_to
    units = named_rows(around.unit_id, around.version, around.children, set(), days)
    rows = [TargetRow(unit, cells.get(unit.unit_id, {})) for unit in units.values()]
    if worst_first:
        rows.sort(key=lambda row: row.tally.worst_first())
    return TargetGrid(last.year, list({target.key: target for target in targets}.values()), rows)


# Over twelve months --------------------------------------------------------------------------------------------------


@dataclass
class SmallLine:
    """`points`: a cell for each month, None where it is a gap: nothing reported, or of several units under half."""

    unit: UnitRow
    points: list[Portion | None]

    @property
    def last(self) -> Portion:
        """Of the last month; a gap has no value."""
        return self.points[-1] or BLANK


def read_lines(
    around: Family,
    basis: str,
    periods: Sequence[Period | None],
    measure: Measure,
    left_out: LeftOut,
    *,
    worst_first: bool = True,
) -> list[SmallLine]:
    """Twelve months of all units below a unit, each month as its own page has it; None: the month is not there.

    A report stands where its unit stood on the month's last day, states too; a rate is without the services left out
    of that month's headline. One query for all figures, two for names.
    """
    known = [(p, k) for k, p in enumerate(periods) if p is not None]
    points: dict[int | None, list[Portion | None]] = {}
    for row in _months_of_units(around.unit_id, basis, known, measure, left_out):
        line = points.setdefault(row.child_id, [None] * len(periods))
        if row.reported * LEAST_SHARE >= row.owed and measure.has_value((row.value, row.whole)):
            line[row.k] = row.value, row.whole
    days = known[0][0].data_to, known[-1][0].data_to
    units = named_rows(around.unit_id, around.version, around.children, set(points), days)
    lines = [SmallLine(unit, points[child_id]) for child_id, unit in units.items() if child_id in points]
    return sorted_rows(lines, measure, lambda line: line.last, worst_first)


def _months_of_units(
    unit_id: int, basis: str, known: list[tuple[Period, int]], measure: Measure, left_out: LeftOut
) -> list:
    """Month, unit below (None: the unit's own report), reports owed and in the figures, value, of; one query."""
    if not known:
        return []
    statuses = COUNTED[Basis(basis)]
    names = tuple(dict.fromkeys([*measure.over, *measure.under]))
    out = left_out.sql([(k, p) for p, k in known], "o.k", "f.service_id") if measure.is_rate else ""
    sql = f"""WITH span(period_id, k) AS (VALUES {", ".join(["(%s, %s)"] * len(known))}),
        owed AS (
            SELECT r.id, s.k, {place_of(unit_id, "r.path")} AS place,
                   CASE WHEN r.status IN ({marks(statuses)}) THEN 1 ELSE 0 END AS counted
            FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id WHERE {under(unit_id, "r.path")}),
        summed AS (
            SELECT o.id, {", ".join(f"SUM(f.{name}) AS {name}" for name in names)}
            FROM owed o JOIN {_FIGURES} f ON f.report_id = o.id
            WHERE o.counted = 1 {f"AND NOT ({out})" if out else ""} GROUP BY o.id)
        SELECT o.k, {child_of(unit_id, "o.place")} AS child_id, COUNT(*) AS owed, SUM(o.counted) AS reported,
               {sum_of(measure.over)} AS value, {sum_of(measure.under)} AS whole
        FROM owed o LEFT JOIN summed x ON x.id = o.id GROUP BY o.k, o.place
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    return run(sql, [*(value for p, k in known for value in (p.pk, k)), *statuses])
