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

NOW, BEFORE = "now", "before"
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
    return [(side, p.pk, k) for side in (NOW, BEFORE) for k, p in enumerate(getattr(stretch, side))]


def _child_of(stretch: Stretch, path: str) -> str:
    """SQL: the number on the path right after the unit's own, '' for the unit itself; takes the path twice."""
    position = "strpos" if connection.vendor == "postgresql" else "instr"
    rest = f"substr({path}, {position}({path}, %s) + {len(str(stretch.unit_id)) + 2})"
    return f"substr({rest}, 1, {position}({rest} || '/', '/') - 1)"


def _counted(stretch: Stretch) -> tuple[str, list]:
    """Tables shared by the queries: the reports in the figures, each unit's place, and the units of both sides.

    `same` holds the units that have equally many reports on both sides, so that a change is measured on the same units.
    """
    rows, here, child = _span_rows(stretch), f"/{stretch.unit_id}/", _child_of(stretch, "c.path")
    statuses = COUNTED[Basis(stretch.basis)]
    sql = f"""
        WITH span(side, period_id, k) AS (VALUES {", ".join(["(%s, %s, %s)"] * len(rows))}),
        counted AS (
            SELECT r.id, r.unit_id, r.path, s.side, s.k
            FROM span s JOIN {_REPORT} r ON r.period_id = s.period_id
            WHERE r.path LIKE %s AND r.status IN ({_marks(statuses)})),
        ends AS (SELECT side, unit_id, MAX(k) AS k, COUNT(*) AS months FROM counted GROUP BY side, unit_id),
        same AS (SELECT unit_id FROM ends GROUP BY unit_id HAVING COUNT(*) = 2 AND MIN(months) = MAX(months)),
        place AS (
            SELECT e.side, e.unit_id, e.k, {child} AS child,
                   CASE WHEN same.unit_id IS NULL THEN 0 ELSE 1 END AS same,
                   CASE WHEN (e.side = 'now' AND u.opened_on <= %s) OR (e.side = 'before' AND u.opened_on <= %s)
                        THEN 1 ELSE 0 END AS has_opening,
                   CASE WHEN u.closed_on IS NULL OR (e.side = 'now' AND u.closed_on >= %s)
                          OR (e.side = 'before' AND u.closed_on >= %s)
                        THEN 1 ELSE 0 END AS has_state
            FROM ends e
            JOIN counted c ON c.side = e.side AND c.unit_id = e.unit_id AND c.k = e.k
            JOIN {_UNIT} u ON u.id = e.unit_id
            LEFT JOIN same ON same.unit_id = e.unit_id)
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params: list = [value for row in rows for value in row]
    (now_first, now_last), (before_first, before_last) = stretch.ends(NOW), stretch.ends(BEFORE)
    params += [f"%{here}%", *statuses, here, here, now_first, before_first, now_last, before_last]
    return sql, params


def _run(sql: str, params: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _child(text: str) -> int | None:
    return int(text) if text else None


def service_sums(
    stretch: Stretch, *, by_child: bool, by_service: bool, linked_ids: Iterable[int] = ()
) -> list[ServiceSum]:
    """Dossiers of the reports under a unit, per side and per same-unit flag; one query."""
    if not stretch.now:
        return []
    linked = sorted(linked_ids) or [0]
    with_tables, params = _counted(stretch)
    last = f"CASE p.side WHEN 'now' THEN {len(stretch.now) - 1} ELSE {max(len(stretch.before) - 1, 0)} END"
    flows = ", ".join(f"SUM(f.{name}) AS {name}" for name in FLOW_FIELDS)
    states = ", ".join(f"MAX(c.k * {SHIFT} + f.{name}) AS {name}" for name in STATE_FIELDS)
    any_value = "COALESCE(" + ", ".join(f"x.{name}" for name in FIGURE_FIELDS) + ")"
    received = " + ".join(f"COALESCE(f.{name}, 0)" for name in RECEIVED_FIELDS)
    has_received = "COALESCE(" + ", ".join(f"f.{name}" for name in RECEIVED_FIELDS) + ")"
    columns = [
        f"CAST(SUM(CASE WHEN p.has_opening = 1 THEN opening % {SHIFT} END) AS bigint)".replace("%", "%%"),
        *[f"CAST(SUM({name}) AS bigint)" for name in FLOW_FIELDS],
        *[
            f"CAST(SUM(CASE WHEN p.has_state = 1 THEN {name} % {SHIFT} END) AS bigint)".replace("%", "%%")
            for name in STATE_FIELDS
        ],
    ]
    child = "p.child" if by_child else "''"
    service = "x.service_id" if by_service else "NULL"
    groups = ["p.side", "p.same"] + (["p.child"] if by_child else []) + (["x.service_id"] if by_service else [])
    sql = f"""{with_tables},
        per_unit AS (
            SELECT c.side, c.unit_id, f.service_id, MIN(c.k * {SHIFT} + f.opening) AS opening, {flows}, {states},
                   MAX(CASE WHEN COALESCE(f.pending_in_time, f.pending_overdue) IS NULL THEN NULL ELSE c.k END) AS k,
                   SUM(CASE WHEN f.service_id IN ({_marks(linked)}) AND {has_received} IS NOT NULL
                            THEN {received} END) AS linked
            FROM counted c JOIN {_SERVICE_FIGURES} f ON f.report_id = c.id
            GROUP BY c.side, c.unit_id, f.service_id)
        SELECT p.side, {child}, {service}, p.same, {", ".join(columns)}, CAST(SUM(linked) AS bigint),
               COUNT(DISTINCT CASE WHEN {any_value} IS NULL THEN NULL ELSE x.unit_id END),
               COUNT(DISTINCT CASE WHEN p.has_state = 1 AND x.k < {last} THEN x.unit_id END)
        FROM per_unit x JOIN place p ON p.side = x.side AND p.unit_id = x.unit_id
        GROUP BY {", ".join(groups)}
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    rows = _run(sql, [*params, *linked])
    return [
        ServiceSum(
            row[0], _child(row[1]), row[2], bool(row[3]), Dossiers(*row[4:14], units=row[15], older=row[16]), row[14]
        )
        for row in rows
    ]


def indicator_sums(stretch: Stretch, *, by_child_of: Iterable[int] = ()) -> list[IndicatorSum]:
    """Indicators of the reports under a unit; those in `by_child_of` also per unit below; one query.

    Of a ratio only whole pairs are summed, so numerator and denominator come from the same reports and months.
    """
    if not stretch.now:
        return []
    split = sorted(by_child_of) or [0]
    with_tables, params = _counted(stretch)
    last = f"CASE p.side WHEN 'now' THEN {len(stretch.now) - 1} ELSE {max(len(stretch.before) - 1, 0)} END"
    values = ", ".join(
        f"CAST(SUM(CASE WHEN i.over_time = 'flow' THEN x.{name}_sum "
        f"WHEN p.has_state = 1 THEN x.{name}_last %% {SHIFT} END) AS bigint)"
        for name in ("numerator", "denominator")
    )
    child = f"CASE WHEN x.indicator_id IN ({_marks(split)}) THEN p.child ELSE '' END"
    sql = f"""{with_tables},
        per_unit AS (
            SELECT c.side, c.unit_id, f.indicator_id,
                   SUM(f.numerator) AS numerator_sum, MAX(c.k * {SHIFT} + f.numerator) AS numerator_last,
                   SUM(f.denominator) AS denominator_sum, MAX(c.k * {SHIFT} + f.denominator) AS denominator_last,
                   MAX(c.k) AS k
            FROM counted c JOIN {_INDICATOR_FIGURES} f ON f.report_id = c.id
            JOIN {_INDICATOR} i ON i.id = f.indicator_id
            WHERE f.numerator IS NOT NULL AND (i.kind = 'number' OR f.denominator IS NOT NULL)
            GROUP BY c.side, c.unit_id, f.indicator_id)
        SELECT p.side, {child}, x.indicator_id, p.same, {values},
               COUNT(CASE WHEN i.over_time = 'flow' OR p.has_state = 1 THEN x.numerator_sum END),
               COUNT(CASE WHEN i.over_time <> 'flow' AND p.has_state = 1 AND x.k < {last} THEN 1 END)
        FROM per_unit x JOIN place p ON p.side = x.side AND p.unit_id = x.unit_id
        JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY 1, 2, 3, 4
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    rows = _run(sql, [*params, *split])
    return [IndicatorSum(row[0], _child(row[1]), row[2], bool(row[3]), Pair(*row[4:8])) for row in rows]


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
            SELECT side, unit_id, MAX(CASE WHEN k = last_k THEN child ELSE '' END) AS child, COUNT(*) AS owed,
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
    return {(row[0], _child(row[1])): Submissions(*(int(value) for value in row[2:])) for row in _run(sql, params)}


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
