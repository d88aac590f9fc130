"""Figures of a stretch of months, made from the reports when read.

Flows add over the months. A state (dossiers pending, stock and cumulative indicators) is each reporting unit's own
last reported month in the stretch, `opening` its first. A unit that had ended by the last day has no state there, and
one that opened after the first month took its opening from its predecessors, which are counted already.
A unit's figures stand under the unit it belonged to in its last month of the stretch.
"""

from collections import namedtuple
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, make_dataclass
from operator import attrgetter
from typing import Any

from django.db import connection

from reporting.figures import (
    FIGURE_FIELDS,
    FIRST_FIELDS,
    FLOW_FIELDS,
    IN_TIME_RATE,
    LAST_FIELDS,
    ONLINE_RATE,
    RECEIVED_FIELDS,
    RESOLVED_FIELDS,
    Rate,
)
from reporting.models import Basis, Indicator, IndicatorFigure, Period, Report, ServiceFigures, Status
from taskforces.models import AdministrativeUnit

NOW, BEFORE = SIDES = "now", "before"
COUNTED = {
    Basis.PROVISIONAL: (Status.SUBMITTED.value, Status.APPROVED.value),
    Basis.OFFICIAL: (Status.APPROVED.value,),
}
# month number * SHIFT + value: the largest is the value of the last month that has one, the smallest of the first.
# Values stay below SHIFT (numbers.LARGEST) and a stretch has at most 36 months, so it fits 64 bits.
SHIFT = 10**13

REPORT_TABLE = Report._meta.db_table
_SERVICE_FIGURES = ServiceFigures._meta.db_table
_INDICATOR_FIGURES = IndicatorFigure._meta.db_table
_INDICATOR = Indicator._meta.db_table
UNIT_TABLE = AdministrativeUnit._meta.db_table


def add(*parts: int | None) -> int | None:
    """Sum of what was reported; nothing reported gives nothing, not 0."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


# One field per figure, each None where nobody reported it.
_FigureSums: Any = make_dataclass("_FigureSums", [(name, int | None, None) for name in FIGURE_FIELDS])


@dataclass
class Dossiers(_FigureSums):
    """The figures of the one-stop table, summed; None = nobody reported. `units` = units in the sum."""

    units: int = 0
    older: int = 0  # units whose state is from before the last month of the stretch

    def __iadd__(self, other: "Dossiers") -> "Dossiers":
        for name in FIGURE_FIELDS:
            setattr(self, name, add(getattr(self, name), getattr(other, name)))
        self.units += other.units
        self.older += other.older
        return self

    def sum_of(self, names: Iterable[str]) -> int | None:
        return add(*(getattr(self, name) for name in names))

    def rate(self, rate: Rate) -> tuple[int | None, int | None]:
        """(numerator, denominator), for numbers.rate and numbers.format_rate."""
        return self.sum_of(rate.over), self.sum_of(rate.under.fields)

    @property
    def received(self) -> int | None:
        return self.sum_of(RECEIVED_FIELDS)

    @property
    def resolved(self) -> int | None:
        return self.sum_of(RESOLVED_FIELDS)

    @property
    def online_rate(self) -> tuple[int | None, int | None]:
        return self.rate(ONLINE_RATE)

    @property
    def in_time_rate(self) -> tuple[int | None, int | None]:
        """The rate officials quote: resolved early or on time of all resolved."""
        return self.rate(IN_TIME_RATE)


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
        """Place of the last month read."""
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


def marks(values: Sequence) -> str:
    return ", ".join(["%s"] * len(values))


def span_rows(stretch: Stretch) -> list[tuple[str, int, int]]:
    return [(side, p.pk, k) for side in SIDES for k, p in enumerate(getattr(stretch, side))]


def child_of(stretch: Stretch, path: str) -> str:
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
    rows, here, child = span_rows(stretch), f"/{stretch.unit_id}/", child_of(stretch, "r.path")
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
            FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id JOIN {UNIT_TABLE} u ON u.id = r.unit_id
            WHERE r.path LIKE %s AND r.status IN ({marks(statuses)}))
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params: list = [value for row in rows for value in row]
    (now_first, now_last), (before_first, before_last) = stretch.ends(NOW), stretch.ends(BEFORE)
    params += [here, here, now_first, before_first, now_last, before_last, f"%{here}%", *statuses]
    return sql, params


def run(sql: str, params: list) -> list[Any]:
    """Rows read by the names of their columns: `row.unit_id`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = namedtuple("row", [column[0] for column in cursor.description])  # type: ignore[misc]
        return list(map(row._make, cursor.fetchall()))


def service_sums(
    stretch: Stretch, *, by_child: bool, by_service: bool, linked_ids: Iterable[int] = ()
) -> list[ServiceSum]:
    """Dossiers of the reports under a unit, per side and per same-unit flag; one query."""
    if not stretch.now:
        return []
    linked = sorted(linked_ids) or [0]
    with_tables, params = _counted(stretch)
    any_value = f"COALESCE({_columns(FIGURE_FIELDS, 'x')})"
    received = " + ".join(f"COALESCE(x.{name}, 0)" for name in RECEIVED_FIELDS)
    has_received = f"COALESCE({_columns(RECEIVED_FIELDS, 'x')})"
    sums = {name: f"SUM({value})" for name, value in _values_of_unit().items()}
    sums["linked"] = (
        f"SUM(CASE WHEN x.service_id IN ({marks(linked)}) AND {has_received} IS NOT NULL THEN {received} END)"
    )
    distinct = "" if by_service else "DISTINCT "
    groups = ["x.side", "x.same"] + (["x.child"] if by_child else []) + (["x.service_id"] if by_service else [])
    sql = f"""{with_tables},
        per_unit AS ({_dossiers_per_unit(stretch, "c.side, c.unit_id, c.child, c.same, c.has_opening, c.has_state")})
        SELECT x.side, {"x.child" if by_child else "NULL"} AS child_id,
               {"x.service_id" if by_service else "NULL"} AS service_id, x.same AS same_units,
               {", ".join(f"CAST({value} AS bigint) AS {name}" for name, value in sums.items())},
               COUNT({distinct}CASE WHEN {any_value} IS NOT NULL THEN x.unit_id END) AS units,
               COUNT({distinct}CASE WHEN x.has_state = 1 AND x.k < {stretch.last_k} THEN x.unit_id END) AS older
        FROM per_unit x
        GROUP BY {", ".join(groups)}
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return [
        ServiceSum(
            side=row.side,
            child_id=row.child_id,
            service_id=row.service_id,
            same_units=bool(row.same_units),
            dossiers=Dossiers(*figure_values(row), row.units, row.older),
            linked=row.linked,
        )
        for row in run(sql, [*params, *linked])
    ]


figure_values = attrgetter(*FIGURE_FIELDS)  # of a row that has a column of each, in the order of figures.py


def figures_of(row) -> dict[str, int | None]:
    """The same by name."""
    return dict(zip(FIGURE_FIELDS, figure_values(row), strict=True))


def unit_sums(stretch: Stretch) -> list[Any]:
    """Each reporting unit and service: unit_id, service_id, last_k (its last month, from 0), the figures; one query."""
    if not stretch.now:
        return []
    with_tables, params = _counted(Stretch(stretch.unit_id, stretch.basis, stretch.now))
    sql = f"""{with_tables},
        per_unit AS ({_dossiers_per_unit(stretch, "c.unit_id, c.has_opening, c.has_state")})
        SELECT x.unit_id, x.service_id, x.last_k,
               {", ".join(f"CAST({value} AS bigint) AS {name}" for name, value in _values_of_unit().items())}
        FROM per_unit x
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return run(sql, params)


def _columns(names: Iterable[str], table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


def _values_of_unit() -> dict[str, str]:
    """Figure -> SQL of its value in a row of `per_unit` (as x): states without the month they are from."""
    first = {name: f"CASE WHEN x.has_opening = 1 THEN x.{name} %% {SHIFT} END" for name in FIRST_FIELDS}
    last = {name: f"CASE WHEN x.has_state = 1 THEN x.{name} %% {SHIFT} END" for name in LAST_FIELDS}
    return {name: f"x.{name}" for name in FLOW_FIELDS} | first | last


def _dossiers_per_unit(stretch: Stretch, places: str) -> str:
    """SQL: each unit's services over the months, states and opening still with the month they are from."""
    tables = f"FROM counted c JOIN {_SERVICE_FIGURES} f ON f.report_id = c.id"
    if stretch.is_month:  # nothing to add up: a unit has one report
        return f"SELECT {places}, f.service_id, {_columns(FIGURE_FIELDS, 'f')}, 0 AS k, 0 AS last_k {tables}"
    sums = [f"SUM(f.{name}) AS {name}" for name in FLOW_FIELDS]
    sums += [f"MIN(c.k * {SHIFT} + f.{name}) AS {name}" for name in FIRST_FIELDS]
    sums += [f"MAX(c.k * {SHIFT} + f.{name}) AS {name}" for name in LAST_FIELDS]
    return f"""
        SELECT {places}, f.service_id, {", ".join(sums)},
               MAX(CASE WHEN COALESCE({_columns(LAST_FIELDS, "f")}) IS NOT NULL THEN c.k END) AS k,
               MAX(c.k) AS last_k
        {tables} GROUP BY {places}, f.service_id"""


def indicator_sums(stretch: Stretch, indicator_ids: Iterable[int]) -> list[IndicatorSum]:
    """Some indicators of the reports under a unit, per side, unit below and same-unit flag; one query.

    Of one that is never added over units each unit below has its own report's value, and the unit only that of None.
    """
    ids = sorted(indicator_ids)
    if not stretch.now or not ids:
        return []
    with_tables, params = _counted(stretch)
    sql = f"""{with_tables},
        per_unit AS ({_pairs_per_unit("c.side, c.unit_id, c.child, c.same, c.has_state")}
            AND f.indicator_id IN ({marks(ids)}) AND (c.child IS NULL OR c.child = c.unit_id OR {_IS_SUMMED})
            GROUP BY 1, 2, 3, 4, 5, f.indicator_id)
        SELECT x.side, x.child AS child_id, x.indicator_id, x.same AS same_units, {_pair_columns(stretch)}
        FROM per_unit x JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY x.side, x.child, x.indicator_id, x.same
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return [
        IndicatorSum(row.side, row.child_id, row.indicator_id, bool(row.same_units), _pair(row))
        for row in run(sql, [*params, *ids])
    ]


def indicator_totals(stretch: Stretch) -> dict[int, Pair]:
    """Every indicator of the reports under a unit, of the months read alone; one query."""
    if not stretch.now:
        return {}
    with_tables, params = _counted(Stretch(stretch.unit_id, stretch.basis, stretch.now))
    sql = f"""{with_tables},
        per_unit AS ({_pairs_per_unit("c.unit_id, c.has_state")} AND (c.unit_id = %s OR {_IS_SUMMED})
            GROUP BY 1, 2, f.indicator_id)
        SELECT x.indicator_id, {_pair_columns(stretch)}
        FROM per_unit x JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY x.indicator_id
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return {row.indicator_id: _pair(row) for row in run(sql, [*params, stretch.unit_id])}


_IS_SUMMED = f"f.indicator_id IN (SELECT id FROM {_INDICATOR} WHERE over_units = 'sum')"  # noqa: S608


def _pair(row) -> Pair:
    return Pair(row.numerator, row.denominator, row.units, row.older)


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
        f"WHEN x.has_state = 1 THEN x.{name}_last %% {SHIFT} END) AS bigint) AS {name}"
        for name in ("numerator", "denominator")
    )
    is_older = f"i.over_time <> 'flow' AND x.has_state = 1 AND x.k < {stretch.last_k}"
    return f"""{values}, COUNT(CASE WHEN i.over_time = 'flow' OR x.has_state = 1 THEN 1 END) AS units,
               COUNT(CASE WHEN {is_older} THEN 1 END) AS older"""
