"""Figures of a stretch of months, made from the reports when read.

Flows add over the months. A state (dossiers pending, stock and cumulative indicators) is each reporting unit's own
last reported month in the stretch, `opening` its first. A unit that had ended by the last day has no state there, and
one that opened after the first month took its opening from its predecessors, which are counted already.
A unit's figures stand under the unit it belonged to in its last month of the stretch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from taskforces.models import AdministrativeUnit, UnitVersion

from .models import (
    FIGURE_FIELDS,
    Basis,
    Indicator,
    IndicatorFigure,
    Period,
    Report,
    ServiceFigures,
    Status,
)

NOW, BEFORE = SIDES = "now", "before"
COUNTED = {
    Basis.PROVISIONAL: (Status.SUBMITTED.value, Status.APPROVED.value),
    Basis.OFFICIAL: (Status.APPROVED.value,),
}
STATE_FIELDS = ("pending_in_time", "pending_overdue")
FLOW_FIELDS = tuple(f for f in FIGURE_FIELDS if f not in {"opening", *STATE_FIELDS})
RECEIVED_FIELDS = ("received_online", "received_in_person", "received_postal")

# month number * SHIFT + value: the largest is the value of the last month that has one, the smallest of the first.
# Values stay below SHIFT (numbers.LARGEST) and a stretch has at most 36 months, so it fits 64 bits.
SHIFT = 10**13

_REPORT = Report._meta.db_table
_SERVICE_FIGURES = ServiceFigures._meta.db_table
_INDICATOR_FIGURES = IndicatorFigure._meta.db_table
_INDICATOR = Indicator._meta.db_table
_UNIT = AdministrativeUnit._meta.db_table
_VERSION = UnitVersion._meta.db_table
_PERIOD = Period._meta.db_table


def add(*parts: int | None) -> int | None:
    """Sum of what was reported; nothing reported gives nothing, not 0."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


@dataclass
class Dossiers:
    """The ten figures of the one-stop table, summed; None = nobody reported. `units` = units in the sum."""

    opening: int | None = None
    received_online: int | None = None
    received_in_person: int | None = None
    received_postal: int | None = None
    resolved_early: int | None = None
    resolved_on_time: int | None = None
    resolved_overdue: int | None = None
    rejected: int | None = None
    pending_in_time: int | None = None
    pending_overdue: int | None = None
    units: int = 0
    older: int = 0  # units whose state is from before the last month of the stretch

    def __iadd__(self, other: "Dossiers") -> "Dossiers":
        for name in FIGURE_FIELDS:
            setattr(self, name, add(getattr(self, name), getattr(other, name)))
        self.units += other.units
        self.older += other.older
        return self

    @property
    def received(self) -> int | None:
        return add(self.received_online, self.received_in_person, self.received_postal)

    @property
    def in_time(self) -> int | None:
        """Resolved early or on time: the numerator officials quote."""
        return add(self.resolved_early, self.resolved_on_time)

    @property
    def resolved(self) -> int | None:
        return add(self.resolved_early, self.resolved_on_time, self.resolved_overdue)

    @property
    def pending(self) -> int | None:
        return add(self.pending_in_time, self.pending_overdue)

    @property
    def online_rate(self) -> tuple[int | None, int | None]:
        """(online, received), for numbers.rate and numbers.format_rate."""
        return self.received_online, self.received

    @property
    def in_time_rate(self) -> tuple[int | None, int | None]:
        """(early + on time, resolved), for numbers.rate and numbers.format_rate."""
        return self.in_time, self.resolved


@dataclass
class Pair:
    """One indicator summed: numerator and denominator apart; None = nobody reported."""

    numerator: int | None = None
    denominator: int | None = None
    units: int = 0
    older: int = 0

    def __iadd__(self, other: "Pair") -> "Pair":
        self.numerator = add(self.numerator, other.numerator)
        self.denominator = add(self.denominator, other.denominator)
        self.units += other.units
        self.older += other.older
        return self

    @property
    def rate(self) -> tuple[int | None, int | None]:
        return self.numerator, self.denominator


@dataclass
class Submissions:
    """How many units owe reports in the stretch, and how far they are."""

    expected: int = 0  # units that owe at least one report
    reported: int = 0  # units with at least one report in the figures
    expected_reports: int = 0
    reports: int = 0  # reports in the figures
    approved: int = 0
    submitted: int = 0  # sent, not yet approved
    returned: int = 0
    late: int = 0
    older: int = 0  # units in the figures, but not in those of the last month, and not ended by then
    same_units: int = 0  # units with equally many reports in this stretch and in the one compared with

    def __iadd__(self, other: "Submissions") -> "Submissions":
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def is_complete(self) -> bool:
        return self.expected_reports > 0 and self.reports == self.expected_reports


@dataclass
class Stretch:
    """The months read, oldest first, and those compared with; both may be empty."""

    unit_id: int
    basis: str
    now: list[Period]
    before: list[Period] = field(default_factory=list)

    def ends(self, side: str) -> tuple[str, str]:
        """Last days of the first and of the last month of a side, as text both databases compare with a date."""
        periods = self.now if side == NOW else self.before
        if not periods:
            return "0001-01-01", "0001-01-01"
        return periods[0].data_to.isoformat(), periods[-1].data_to.isoformat()

    @property
    def is_month(self) -> bool:
        """One month on each side: a unit has one report there, so nothing is added up over time."""
        return len(self.now) <= 1 and len(self.before) <= 1

    @property
    def last_k(self) -> int:
        """Place of the last month; the stretch compared with has as many months."""
        return len(self.now) - 1


@dataclass(frozen=True)
class ServiceSum:
    """One group of the service query; `child_id` None = the unit's own report."""

    side: str
    child_id: int | None
    service_id: int | None
    same_units: bool
    dossiers: Dossiers
    linked: int | None


@dataclass(frozen=True)
class IndicatorSum:
    side: str
    child_id: int | None
    indicator_id: int
    same_units: bool
    pair: Pair


def _marks(values: Sequence) -> str:
    return ", ".join(["%s"] * len(values))


def _span_rows(stretch: Stretch) -> list[tuple[str, int, int]]:
    return [(side, p.pk, k) for side in SIDES for k, p in enumerate(getattr(stretch, side))]


def _child_of(stretch: Stretch, path: str) -> str:
    """SQL: the number on the path right after the unit's own, NULL for the unit itself; takes the path twice."""
    position = "strpos" if connection.vendor == "postgresql" else "instr"
    rest = f"substr({path}, {position}({path}, %s) + {len(str(stretch.unit_id)) + 2})"
    return f"CAST(NULLIF(substr({rest}, 1, {position}({rest} || '/', '/') - 1), '') AS bigint)"


def _counted(stretch: Stretch) -> tuple[str, list]:
    """Table shared by the queries: the reports in the figures, each with its unit's place and with `same`.

    `same` = 1: the unit has equally many reports on both sides, so that a change is measured on the same units.
    Each row carries all of this by itself: joined tables of places and units have no statistics, and PostgreSQL then
    takes thousands of rows for one.
    """
    rows, here, child = _span_rows(stretch), f"/{stretch.unit_id}/", _child_of(stretch, "r.path")
    statuses = COUNTED[Basis(stretch.basis)]
    if len(stretch.now) > 1 or len(stretch.before) > 1:  # the place of the unit's last month
        child = f"FIRST_VALUE({child}) OVER (PARTITION BY s.side, r.unit_id ORDER BY s.k DESC)"
    same = "0"
    if stretch.before:
        now, before = (f"COUNT(CASE WHEN s.side = '{side}' THEN 1 END) OVER (PARTITION BY r.unit_id)" for side in SIDES)
        same = f"CASE WHEN {now} = {before} THEN 1 ELSE 0 END"
    sql = f"""
        WITH span(side, period_id, k) AS (VALUES {", ".join(["(%s, %s, %s)"] * len(rows))}),
        counted AS (
            SELECT r.id, r.unit_id, s.side, s.k, {child} AS child, {same} AS same,
                   CASE WHEN (s.side = 'now' AND u.opened_on <= %s) OR (s.side = 'before' AND u.opened_on <= %s)
                        THEN 1 ELSE 0 END AS has_opening,
                   CASE WHEN u.closed_on IS NULL OR (s.side = 'now' AND u.closed_on >= %s)
                          OR (s.side = 'before' AND u.closed_on >= %s)
                        THEN 1 ELSE 0 END AS has_state
            FROM span s JOIN {_REPORT} r ON r.period_id = s.period_id JOIN {_UNIT} u ON u.id = r.unit_id
            WHERE r.path LIKE %s AND r.status IN ({_marks(statuses)}))
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params: list = [value for row in rows for value in row]
    (now_first, now_last), (before_first, before_last) = stretch.ends(NOW), stretch.ends(BEFORE)
    params += [here, here, now_first, before_first, now_last, before_last, f"%{here}%", *statuses]
    return sql, params


def _run(sql: str, params: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def service_sums(
    stretch: Stretch, *, by_child: bool, by_service: bool, linked_ids: Iterable[int] = ()
) -> list[ServiceSum]:
    """Dossiers of the reports under a unit, per side and per same-unit flag; one query."""
    if not stretch.now:
        return []
    linked = sorted(linked_ids) or [0]
    with_tables, params = _counted(stretch)
    any_value = "COALESCE(" + ", ".join(f"x.{name}" for name in FIGURE_FIELDS) + ")"
    received = " + ".join(f"COALESCE(x.{name}, 0)" for name in RECEIVED_FIELDS)
    has_received = "COALESCE(" + ", ".join(f"x.{name}" for name in RECEIVED_FIELDS) + ")"
    places = "c.side, c.unit_id, c.child, c.same, c.has_opening, c.has_state"
    if stretch.is_month:
        figures = f"SELECT {places}, f.service_id, {', '.join(f'f.{name}' for name in FIGURE_FIELDS)}, 0 AS k"
        group_units = ""
    else:
        flows = ", ".join(f"SUM(f.{name}) AS {name}" for name in FLOW_FIELDS)
        states = ", ".join(f"MAX(c.k * {SHIFT} + f.{name}) AS {name}" for name in STATE_FIELDS)
        figures = f"""
            SELECT {places}, f.service_id, MIN(c.k * {SHIFT} + f.opening) AS opening, {flows}, {states},
                   MAX(CASE WHEN COALESCE(f.pending_in_time, f.pending_overdue) IS NOT NULL THEN c.k END) AS k"""
        group_units = f"GROUP BY {places}, f.service_id"
    shift = f"%% {SHIFT}"
    columns = [
        f"SUM(CASE WHEN x.has_opening = 1 THEN x.opening {shift} END)",
        *[f"SUM(x.{name})" for name in FLOW_FIELDS],
        *[f"SUM(CASE WHEN x.has_state = 1 THEN x.{name} {shift} END)" for name in STATE_FIELDS],
        f"SUM(CASE WHEN x.service_id IN ({_marks(linked)}) AND {has_received} IS NOT NULL THEN {received} END)",
    ]
    distinct = "" if by_service else "DISTINCT "
    groups = ["x.side", "x.same"] + (["x.child"] if by_child else []) + (["x.service_id"] if by_service else [])
    sql = f"""{with_tables},
        per_unit AS ({figures} FROM counted c JOIN {_SERVICE_FIGURES} f ON f.report_id = c.id {group_units})
        SELECT x.side, {"x.child" if by_child else "NULL"}, {"x.service_id" if by_service else "NULL"}, x.same,
               {", ".join(f"CAST({column} AS bigint)" for column in columns)},
               COUNT({distinct}CASE WHEN {any_value} IS NOT NULL THEN x.unit_id END),
               COUNT({distinct}CASE WHEN x.has_state = 1 AND x.k < {stretch.last_k} THEN x.unit_id END)
        FROM per_unit x
        GROUP BY {", ".join(groups)}
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    rows = _run(sql, [*params, *linked])
    return [
        ServiceSum(row[0], row[1], row[2], bool(row[3]), Dossiers(*row[4:14], units=row[15], older=row[16]), row[14])
        for row in rows
    ]


def indicator_sums(stretch: Stretch, indicator_ids: Iterable[int]) -> list[IndicatorSum]:
    """Some indicators of the reports under a unit, per side, unit below and same-unit flag; one query."""
    ids = sorted(indicator_ids)
    if not stretch.now or not ids:
        return []
    with_tables, params = _counted(stretch)
    sql = f"""{with_tables},
        per_unit AS ({_pairs_per_unit("c.side, c.unit_id, c.child, c.same, c.has_state")}
            AND f.indicator_id IN ({_marks(ids)}) GROUP BY 1, 2, 3, 4, 5, f.indicator_id)
        SELECT x.side, x.child, x.indicator_id, x.same, {_pair_columns(stretch)}
        FROM per_unit x JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY x.side, x.child, x.indicator_id, x.same
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    rows = _run(sql, [*params, *ids])
    return [IndicatorSum(row[0], row[1], row[2], bool(row[3]), Pair(*row[4:8])) for row in rows]


def indicator_totals(stretch: Stretch) -> dict[int, Pair]:
    """Every indicator of the reports under a unit, of the months read alone; one query."""
    if not stretch.now:
        return {}
    with_tables, params = _counted(Stretch(stretch.unit_id, stretch.basis, stretch.now))
    sql = f"""{with_tables},
        per_unit AS ({_pairs_per_unit("c.unit_id, c.has_state")} GROUP BY 1, 2, f.indicator_id)
        SELECT x.indicator_id, {_pair_columns(stretch)}
        FROM per_unit x JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY x.indicator_id
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return {row[0]: Pair(*row[1:5]) for row in _run(sql, params)}


def _pairs_per_unit(places: str) -> str:
    """SQL: each unit's indicators over the months. Of a ratio only whole pairs are summed, so that numerator and
    denominator come from the same reports and months."""
    return f"""
        SELECT {places}, f.indicator_id,
               SUM(f.numerator) AS numerator_sum, MAX(c.k * {SHIFT} + f.numerator) AS numerator_last,
               SUM(f.denominator) AS denominator_sum, MAX(c.k * {SHIFT} + f.denominator) AS denominator_last,
               MAX(c.k) AS k
        FROM counted c JOIN {_INDICATOR_FIGURES} f ON f.report_id = c.id
        WHERE f.numerator IS NOT NULL
          AND (f.denominator IS NOT NULL OR f.indicator_id IN (SELECT id FROM {_INDICATOR} WHERE kind = 'number'))
    """  # noqa: S608 - column and table names of the models


def _pair_columns(stretch: Stretch) -> str:
    """SQL: numerator, denominator, units in the sum, units whose state is older than the last month."""
    values = ", ".join(
        f"CAST(SUM(CASE WHEN i.over_time = 'flow' THEN x.{name}_sum "
        f"WHEN x.has_state = 1 THEN x.{name}_last %% {SHIFT} END) AS bigint)"
        for name in ("numerator", "denominator")
    )
    return f"""{values}, COUNT(CASE WHEN i.over_time = 'flow' OR x.has_state = 1 THEN 1 END),
               COUNT(CASE WHEN i.over_time <> 'flow' AND x.has_state = 1 AND x.k < {stretch.last_k} THEN 1 END)"""


def submissions(stretch: Stretch) -> dict[tuple[str, int | None], Submissions]:
    """Who owes and who has reported, per side and unit below (None = the unit's own report); one query."""
    if not stretch.now:
        return {}
    rows, here, child = _span_rows(stretch), f"/{stretch.unit_id}/", _child_of(stretch, "r.path")
    statuses = COUNTED[Basis(stretch.basis)]
    counted = f"r.status IN ({_marks(statuses)})"
    last = f"CASE side WHEN 'now' THEN {len(stretch.now) - 1} ELSE {max(len(stretch.before) - 1, 0)} END"
    sql = f"""
        WITH span(side, period_id, k) AS (VALUES {", ".join(["(%s, %s, %s)"] * len(rows))}),
        owed AS (
            SELECT s.side, s.k, r.unit_id, r.status, r.is_late, {child} AS child,
                   CASE WHEN {counted} THEN 1 ELSE 0 END AS counted,
                   MAX(s.k) OVER (PARTITION BY s.side, r.unit_id) AS last_k
            FROM span s JOIN {_REPORT} r ON r.period_id = s.period_id
            WHERE r.path LIKE %s),
        per_unit AS (
            SELECT side, unit_id, MAX(CASE WHEN k = last_k THEN child END) AS child, COUNT(*) AS owed,
                   SUM(counted) AS reports, MAX(CASE WHEN counted = 1 THEN k END) AS reported_k,
                   SUM(CASE WHEN status = 'approved' THEN 1 ELSE 0 END) AS approved,
                   SUM(CASE WHEN status = 'submitted' THEN 1 ELSE 0 END) AS submitted,
                   SUM(CASE WHEN status = 'returned' THEN 1 ELSE 0 END) AS returned,
                   SUM(CASE WHEN counted = 1 AND is_late THEN 1 ELSE 0 END) AS late
            FROM owed GROUP BY side, unit_id),
        same AS (SELECT unit_id FROM per_unit WHERE reports > 0 GROUP BY unit_id
                 HAVING COUNT(*) = 2 AND MIN(reports) = MAX(reports))
        SELECT side, child, COUNT(*), SUM(CASE WHEN reports > 0 THEN 1 ELSE 0 END), SUM(owed), SUM(reports),
               SUM(approved), SUM(submitted), SUM(returned), SUM(late),
               SUM(CASE WHEN reported_k < {last} AND (u.closed_on IS NULL OR (side = 'now' AND u.closed_on >= %s)
                        OR (side = 'before' AND u.closed_on >= %s)) THEN 1 ELSE 0 END),
               COUNT(same.unit_id)
        FROM per_unit JOIN {_UNIT} u ON u.id = per_unit.unit_id LEFT JOIN same ON same.unit_id = per_unit.unit_id
        GROUP BY side, child
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params = [value for row in rows for value in row]
    params += [here, here, *statuses, f"%{here}%", stretch.ends(NOW)[1], stretch.ends(BEFORE)[1]]
    return {(row[0], row[1]): Submissions(*(int(value) for value in row[2:])) for row in _run(sql, params)}


@dataclass(frozen=True)
class OwedReport:
    """One expected report, named as its unit was named on the month's last day."""

    report_id: int
    unit_id: int
    period_id: int
    status: str
    is_late: bool
    level: str
    path: str
    name: str
    sort_key: str


def missing_and_direct(unit_id: int, path: str, periods: Sequence[Period]) -> list[OwedReport]:
    """Reports not handed in under a unit, and, for the last month, its own and those right below it; one query."""
    if not periods:
        return []
    sql = f"""
        SELECT r.id, r.unit_id, r.period_id, r.status, r.is_late, r.level, r.path, COALESCE(v.name, ''),
               COALESCE(v.sort_key, '')
        FROM {_REPORT} r JOIN {_PERIOD} p ON p.id = r.period_id
        LEFT JOIN {_VERSION} v ON v.unit_id = r.unit_id AND v.valid_from <= p.data_to
             AND (v.valid_to IS NULL OR v.valid_to >= p.data_to)
        WHERE r.period_id IN ({_marks(periods)}) AND r.path LIKE %s
          AND (r.status IN ('draft', 'returned')
               OR (r.period_id = %s AND (r.unit_id = %s OR r.path = %s || r.unit_id || '/')))
        ORDER BY r.period_id, v.sort_key, r.id
    """  # noqa: S608 - table names; every value is a parameter
    params = [*[p.pk for p in periods], f"%/{unit_id}/%", periods[-1].pk, unit_id, path]
    return [OwedReport(*row) for row in _run(sql, params)]
