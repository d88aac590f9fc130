"""Who handed in, month by month: in time, late, sent back, not at all, or last month's figures again."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from reporting.entry.checks import Likeness
from reporting.figures import TYPED_FIELDS
from reporting.lateness import SENT, deadlines_of, is_past
from reporting.models import Basis, Period, ReportingSettings, ServiceFigures, Status

from .family import Family
from .places import COUNTED, REPORT_TABLE, child_of, marks, moment_read, place_of, run, under
from .units_below import UnitRow, named_rows

_FIGURES = ServiceFigures._meta.db_table


@dataclass
class Square:
    """The reports of one unit below and one month, by how they were handed in; `copied` are among those sent."""

    in_time: int = 0
    late: int = 0
    returned: int = 0
    missing: int = 0  # past the deadline
    waiting: int = 0  # the deadline has not passed
    copied: int = 0
    report_id: int = 0  # of the only one
    path: str = ""

    @property
    def sent(self) -> int:
        return self.in_time + self.late

    @property
    def owed(self) -> int:
        return self.sent + self.returned + self.missing + self.waiting

    def __iadd__(self, other: "Square") -> "Square":
        for name in ("in_time", "late", "returned", "missing", "waiting", "copied"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


@dataclass
class BoardRow:
    unit: UnitRow
    squares: list[Square]  # one a month, empty where nothing is owed
    total: Square = field(default_factory=Square)

    def __post_init__(self):
        for square in self.squares:
            self.total += square

    @property
    def worst_first(self) -> tuple:
        """Most often missing, then sent back, then late, then copied."""
        t = self.total
        return -t.missing, -t.returned, -t.late, -t.copied


def read_board(
    around: Family, periods: Sequence[Period | None], begun: list[Period], now: dt.datetime, *, worst_first: bool = True
) -> list[BoardRow]:
    """Every unit below a unit by its reports of some months (None: the month is not there); four queries and two for
    names. A report stands where its unit stood on the month's last day."""
    known = [(p, k) for k, p in enumerate(periods) if p is not None]
    months = [p for p, _ in known]
    deadlines = deadlines_of(months)
    squares: dict[int | None, list[Square]] = {}
    for row in _reports(around.unit_id, known):
        square = squares.setdefault(row.child_id, [Square() for _ in periods])[row.k]
        square.report_id, square.path = row.report_id, row.path
        if row.status in SENT:
            square.late += row.late
            square.in_time += row.reports - row.late
        elif row.status == Status.RETURNED:
            square.returned += row.reports
        elif is_past(moment_read(row.own_due_at) or deadlines.get((row.period_id, row.level)), now):
            square.missing += row.reports
        else:
            square.waiting += row.reports
    months_k = {p.pk: k for p, k in known}
    for copy in copied_reports(around.unit_id, months, begun, ReportingSettings.load().alike_percent):
        squares[copy.child_id][months_k[copy.period_id]].copied += 1
    days = months[0].data_to, months[-1].data_to
    units = named_rows(around.unit_id, around.version, around.children, set(squares), days)
    rows = [BoardRow(unit, squares[child_id]) for child_id, unit in units.items() if child_id in squares]
    return sorted(rows, key=lambda row: row.worst_first) if worst_first else rows


def _reports(unit_id: int, known: list[tuple[Period, int]]) -> list:
    """Reports owed under the unit in these months, by month, unit below, level and status; `report_id` and `path` are
    those of one of them. One query."""
    span = ", ".join(["(%s, %s)"] * len(known))
    sql = f"""WITH span(period_id, k) AS (VALUES {span})
        SELECT s.k, {child_of(unit_id, place_of(unit_id, "r.path"))} AS child_id, r.period_id, r.level, r.status,
               r.own_due_at,
               COUNT(*) AS reports, SUM(CASE WHEN r.is_late THEN 1 ELSE 0 END) AS late,
               MIN(r.id) AS report_id, MIN(r.path) AS path
        FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id WHERE {under(unit_id, "r.path")}
        GROUP BY 1, 2, 3, 4, 5, 6
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    return run(sql, [value for p, k in known for value in (p.pk, k)])


def copied_reports(unit_id: int, months: Sequence[Period], begun: Sequence[Period], percent: int) -> list:
    """Reports sent under the unit that repeat their unit's month before, by the rule of checks.py; one query.

    Rows: report_id, unit_id, period_id, child_id (the unit below in which it stands) and the fields of Likeness.
    `begun` holds the months before, too; `percent` as `Likeness.is_copy` takes it.
    """
    by_month = {p.year * 12 + p.month: p for p in begun}
    pairs = [(p, by_month.get(p.year * 12 + p.month - 1)) for p in months]
    values = [value for p, before in pairs if before is not None for value in (p.pk, before.pk)]
    if not values:
        return []
    sent = COUNTED[Basis.PROVISIONAL]

    def cells(condition: str) -> str:
        """How many typed cells of a report fulfil it; {n} is this month's, {b} the one before."""
        each = (condition.format(n=f"f.{name}", b=f"g.{name}") for name in TYPED_FIELDS)
        return "SUM(" + " + ".join(f"CASE WHEN {one} THEN 1 ELSE 0 END" for one in each) + ")"

    sql = f"""WITH pairs(period_id, before_id) AS (VALUES {", ".join(["(%s, %s)"] * (len(values) // 2))}),
        compared AS (
            SELECT r.id AS report_id, r.path, r.unit_id, r.period_id, COUNT(*) * {len(TYPED_FIELDS)} AS cells,
                   {cells("{b} IS NOT NULL")} AS known, {cells("{b} IS NOT NULL AND {n} IS NULL")} AS blank,
                   {cells("{b} IS NOT NULL AND ({n} <> 0 OR {b} <> 0)")} AS counted,
                   {cells("{n} = {b} AND {n} <> 0")} AS same
            FROM pairs s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id
            JOIN {REPORT_TABLE} before ON before.unit_id = r.unit_id AND before.period_id = s.before_id
            JOIN {_FIGURES} f ON f.report_id = r.id
            LEFT JOIN {_FIGURES} g ON g.report_id = before.id AND g.service_id = f.service_id
            WHERE {under(unit_id, "r.path")} AND r.status IN ({marks(sent)})
            GROUP BY r.id, r.path, r.unit_id, r.period_id)
        SELECT report_id, unit_id, period_id, {child_of(unit_id, place_of(unit_id, "path"))} AS child_id,
               cells, known, blank, counted, same
        FROM compared
    """  # noqa: S608 - table and column names; every value is a parameter
    rows = run(sql, [*values, *sent])
    return [r for r in rows if Likeness(*map(int, (r.cells, r.known, r.blank, r.counted, r.same))).is_copy(percent)]
