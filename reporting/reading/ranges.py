"""Figures of a stretch of months, made from the reports when read.

Flows add over the months. A state (dossiers pending, stock and cumulative indicators) is each reporting unit's own
last reported month in the stretch, `opening` its first. A unit that had ended by the last day has no state there, and
one that opened after the first month took its opening from its predecessors, which are counted already.
Under which unit each of them stands says places.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, make_dataclass
from operator import attrgetter
from typing import Any

from reporting.figures import (
    FIGURE_FIELDS,
    FIRST_FIELDS,
    FLOW_FIELDS,
    IN_TIME_RATE,
    LAST_FIELDS,
    ONLINE_RATE,
    RATE_FIELDS,
    RECEIVED_FIELDS,
    RESOLVED_FIELDS,
    Rate,
)
from reporting.models import Basis, Indicator, IndicatorFigure, ServiceFigures

from .places import COUNTED, NOW, SHIFT, SIDES, Stretch, child_of, marks, placed, run

_SERVICE_FIGURES = ServiceFigures._meta.db_table
_INDICATOR_FIGURES = IndicatorFigure._meta.db_table
_INDICATOR = Indicator._meta.db_table


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
        mine, others = self.__dict__, other.__dict__  # thousands of these are added up for one page
        for name in FIGURE_FIELDS:
            if (part := others[name]) is not None:
                known = mine[name]
                mine[name] = part if known is None else known + part
        self.units += other.units
        self.older += other.older
        return self

    def sum_of(self, names: Iterable[str]) -> int | None:
        values = self.__dict__
        total = None
        for name in names:
            if (part := values[name]) is not None:
                total = part if total is None else total + part
        return total

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


@dataclass(frozen=True)
class ServiceSum:
    """One group of the service query; `child_id` None = the unit's own report."""

    side: str
    child_id: int | None
    service_id: int | None
    same_units: bool
    dossiers: Dossiers
    linked: int | None
    counted_twice: int = 0  # of `dossiers.units` those that another unit below counts too: they moved on the way
    headline: Dossiers | None = None  # what the headline rates are of (RATE_FIELDS alone); None: of all services


@dataclass(frozen=True)
class IndicatorSum:
    side: str
    child_id: int | None
    indicator_id: int
    same_units: bool
    pair: Pair


def _counted(stretch: Stretch) -> tuple[str, list]:
    """Table shared by the queries: the reports in the figures, once for each place under the unit they count in.

    `is_flow`, `is_state` and `is_opening` say what counts in `place`: all three, but for a unit that moved on the way.
    `same` = 1: the unit has equally many reports under the unit on both sides and stands there at the end of both, so
    that a change is measured on the same units. Each row carries all of this by itself (see `placed`).
    """
    with_table, params = placed(stretch, COUNTED[Basis(stretch.basis)])
    same = "0"
    if stretch.same is not None:
        same = f"CASE WHEN p.unit_id IN ({', '.join(f'{pk:d}' for pk in [0, *sorted(stretch.same)])}) THEN 1 ELSE 0 END"
    elif stretch.before:
        now, before = (
            f"COUNT(CASE WHEN p.side = '{side}' THEN p.here END) OVER (PARTITION BY p.unit_id)" for side in SIDES
        )
        stays = "MIN(CASE WHEN p.at_end IS NULL THEN 0 ELSE 1 END) OVER (PARTITION BY p.unit_id)"
        same = f"CASE WHEN {now} = {before} AND {now} > 0 AND {stays} = 1 THEN 1 ELSE 0 END"
    marked = f"SELECT p.*, {same} AS same FROM placed p"  # noqa: S608

    def rows(place: str, state: str, opening: str, where: str, flow: int = 0) -> str:
        return f"""
            SELECT m.id, m.unit_id, m.side, m.k, m.same, {place} AS place, {flow} AS is_flow,
                   CASE WHEN {state} THEN 1 ELSE 0 END AS is_state, CASE WHEN {opening} THEN 1 ELSE 0 END AS is_opening
            FROM marked m WHERE {where}"""  # noqa: S608 - names of columns

    parts = [rows("m.here", "m.at_end = m.here", "m.at_start = m.here", "m.here IS NOT NULL", flow=1)]
    if not stretch.is_month:  # what counts elsewhere than the report stood in its month
        away = "m.at_end IS NOT NULL AND (m.here IS NULL OR m.here <> m.at_end)"
        parts.append(rows("m.at_end", "1 = 1", "m.at_start = m.at_end", away))
        away = "m.at_start <> COALESCE(m.here, 0) AND m.at_start <> COALESCE(m.at_end, 0)"
        parts.append(rows("m.at_start", "1 = 0", "1 = 1", away))
    return f"{with_table},\nmarked AS ({marked}),\ncounted AS ({' UNION ALL '.join(parts)})", params


def service_sums(
    stretch: Stretch,
    *,
    by_child: bool,
    by_service: bool,
    linked_ids: Iterable[int] = (),
    service_ids: Sequence[int] = (),
    by_unit: bool = False,
) -> list[ServiceSum]:
    """Dossiers of the reports under a unit, per side and per same-unit flag; one query.

    `service_ids`: of these services alone, whose own rates know no headline. `by_unit`: `child_id` is the reporting
    unit, wherever it stands below.
    """
    if not stretch.now:
        return []
    left_out = "" if service_ids else _is_left_out(stretch)
    linked = sorted(linked_ids) or [0]
    with_tables, params = _counted(stretch)
    any_value = f"COALESCE({_columns(FIGURE_FIELDS, 'x')})"
    received = " + ".join(f"COALESCE(x.{name}, 0)" for name in RECEIVED_FIELDS)
    has_received = f"COALESCE({_columns(RECEIVED_FIELDS, 'x')})"
    sums = {name: f"SUM(x.{name})" for name in FIGURE_FIELDS}
    if left_out:
        sums |= {_HEADLINE + name: f"SUM(x.{_HEADLINE}{name})" for name in RATE_FIELDS}
    sums["linked"] = (
        f"SUM(CASE WHEN x.service_id IN ({marks(linked)}) AND {has_received} IS NOT NULL THEN {received} END)"
    )
    distinct = "" if by_service else "DISTINCT "
    place = "x.unit_id" if by_unit else "x.place"
    groups = ["x.side", "x.same"] + ([place] if by_child else []) + (["x.service_id"] if by_service else [])
    places = ["side", "unit_id", "same"] + (["place"] if by_child else [])
    only = f"AND f.service_id IN ({', '.join(f'{pk:d}' for pk in service_ids)})" if service_ids else ""
    units, twice = "per_unit", "0"
    if by_child and by_service and not stretch.is_month:
        valued = f"CASE WHEN COALESCE({_columns(FIGURE_FIELDS, 'y')}) IS NULL THEN 1 ELSE 0 END"
        nth = f"ROW_NUMBER() OVER (PARTITION BY y.side, y.unit_id, y.service_id ORDER BY {valued}, y.place)"
        units = f"(SELECT y.*, {nth} AS nth FROM per_unit y)"  # noqa: S608 - names of columns
        twice = f"COUNT(CASE WHEN {any_value} IS NOT NULL AND x.nth > 1 THEN 1 END)"
    sql = f"""{with_tables},
        per_unit AS ({_dossiers_per_unit(stretch, places, only=only, left_out=left_out)})
        SELECT x.side, {child_of(stretch.unit_id, place) if by_child else "NULL"} AS child_id,
               {"x.service_id" if by_service else "NULL"} AS service_id, x.same AS same_units,
               {", ".join(f"CAST({value} AS bigint) AS {name}" for name, value in sums.items())},
               COUNT({distinct}CASE WHEN {any_value} IS NOT NULL THEN x.unit_id END) AS units,
               COUNT({distinct}CASE WHEN x.k < {stretch.last_k} THEN x.unit_id END) AS older, {twice} AS counted_twice
        FROM {units} x
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
            counted_twice=row.counted_twice,
            headline=Dossiers(**{n: getattr(row, _HEADLINE + n) for n in RATE_FIELDS}) if left_out else None,
        )
        for row in run(sql, [*params, *linked])
    ]


def cell_sums(
    stretch: Stretch, over: Sequence[str], under: Sequence[str] = (), *, places: Sequence[int] = ()
) -> list[tuple]:
    """One number of each unit below and service, of the months read alone: (child_id, service_id, value, whole,
    headline_value, headline_whole), the last two its part in a headline rate.

    `value` is the sum of the figures `over`, `whole` that of the figures `under`. `places`: only these units, of which
    the unit itself stands for its own report. One query.
    """
    if not stretch.now:
        return []
    names = tuple(dict.fromkeys([*over, *under]))
    left_out = _is_left_out(stretch) if under else ""
    prefix = _HEADLINE if left_out else ""
    with_tables, params = _counted(Stretch(stretch.unit_id, stretch.basis, stretch.now))
    only = f"WHERE c.place IN ({marks(places)})" if places else ""
    sql = f"""{with_tables},
        per_unit AS ({_dossiers_per_unit(stretch, ["unit_id", "place"], names, only, left_out)})
        SELECT {child_of(stretch.unit_id, "x.place")} AS child_id, x.service_id,
               {sum_of(over)} AS value, {sum_of(under)} AS whole,
               {sum_of([prefix + name for name in over])} AS headline_value,
               {sum_of([prefix + name for name in under])} AS headline_whole
        FROM per_unit x GROUP BY x.place, x.service_id
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return list(map(tuple, run(sql, [*params, *places])))


def sum_of(names: Sequence[str]) -> str:
    """SQL, as `add` over the columns of a group's rows `x`: the sum of what was reported, NULL where nothing was."""
    if not names:
        return "NULL"
    sums = [f"SUM(x.{name})" for name in names]
    known = " + ".join(f"COALESCE({part}, 0)" for part in sums)
    return f"CAST(CASE WHEN COALESCE({', '.join(sums)}, NULL) IS NOT NULL THEN {known} END AS bigint)"


figure_values = attrgetter(*FIGURE_FIELDS)  # of a row that has a column of each, in the order of figures.py


def figures_of(row) -> dict[str, int | None]:
    """The same by name."""
    return dict(zip(FIGURE_FIELDS, figure_values(row), strict=True))


def unit_sums(stretch: Stretch) -> list[Any]:
    """Each reporting unit, the unit below in which it counts, and service: the rows whose sum is the total; one query.

    Columns: unit_id, service_id, the figures, last_k (the last month they are from, counted from 0) and named_k (the
    month in whose tree the unit stood there).
    """
    if not stretch.now:
        return []
    with_tables, params = _counted(Stretch(stretch.unit_id, stretch.basis, stretch.now, joined=stretch.joined))
    sql = f"""{with_tables},
        per_unit AS ({_dossiers_per_unit(stretch, ["unit_id", "place"])})
        SELECT x.unit_id, x.service_id, x.last_k, x.named_k,
               {", ".join(f"CAST(x.{name} AS bigint) AS {name}" for name in FIGURE_FIELDS)}
        FROM per_unit x WHERE COALESCE({_columns(FIGURE_FIELDS, "x")}) IS NOT NULL
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return run(sql, params)


def _columns(names: Iterable[str], table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


_HEADLINE = "headline_"  # before the name of a column that holds what the headline rates are of


def _is_left_out(stretch: Stretch) -> str:
    """SQL: is a row's service out of the headline rates of its month? '' where every service is in."""
    return stretch.left_out.sql(enumerate(stretch.now), "c.k", "f.service_id")


def _dossiers_per_unit(
    stretch: Stretch, places: list[str], names: Sequence[str] = FIGURE_FIELDS, only: str = "", left_out: str = ""
) -> str:
    """SQL: each unit's services over the months: what counts in these places, NULL for what does not; `k` is the last
    month of its states. With `left_out` (a condition) also what of the rates' figures is in the headline."""
    in_headline = [name for name in names if name in RATE_FIELDS] if left_out else []
    keys = ", ".join(f"c.{name}" for name in places)
    tables = f"FROM counted c JOIN {_SERVICE_FIGURES} f ON f.report_id = c.id {only}"
    flags = dict.fromkeys(FIRST_FIELDS, "c.is_opening") | dict.fromkeys(LAST_FIELDS, "c.is_state")
    if stretch.is_month:  # nothing to add up: a unit has one report
        values = [f"CASE WHEN {flags[n]} = 1 THEN f.{n} END AS {n}" if n in flags else f"f.{n}" for n in names]
        values += [f"CASE WHEN NOT ({left_out}) THEN f.{n} END AS {_HEADLINE}{n}" for n in in_headline]
        return f"SELECT {keys}, f.service_id, {', '.join(values)}, 0 AS k, 0 AS last_k, 0 AS named_k {tables}"
    sums = [f"SUM(f.{name}) FILTER (WHERE c.is_flow = 1) AS {name}" for name in FLOW_FIELDS if name in names]
    sums += [
        f"SUM(f.{name}) FILTER (WHERE c.is_flow = 1 AND NOT ({left_out})) AS {_HEADLINE}{name}" for name in in_headline
    ]
    for function, states in (("MIN", FIRST_FIELDS), ("MAX", LAST_FIELDS)):
        sums += [
            f"{function}(c.k * {SHIFT} + f.{name}) FILTER (WHERE {flags[name]} = 1) %% {SHIFT} AS {name}"
            for name in states
            if name in names
        ]
    has_state = f"COALESCE({_columns(LAST_FIELDS, 'f')}) IS NOT NULL"
    return f"""
        SELECT {keys}, f.service_id, {", ".join(sums)},
               MAX(c.k) FILTER (WHERE c.is_state = 1 AND {has_state}) AS k,
               COALESCE(MAX(c.k) FILTER (WHERE c.is_flow = 1 OR c.is_state = 1),
                        MIN(c.k) FILTER (WHERE COALESCE({_columns(FIRST_FIELDS, "f")}, NULL) IS NOT NULL)) AS last_k,
               COALESCE(MAX(c.k) FILTER (WHERE c.is_flow = 1), MAX({stretch.last_k} * c.is_state)) AS named_k
        {tables} GROUP BY {keys}, f.service_id"""


def indicator_sums(
    stretch: Stretch, indicator_ids: Iterable[int] | None = None, *, by_child: bool = True, by_unit: bool = False
) -> list[IndicatorSum]:
    """Some indicators (None: all) of the reports under a unit, per side and same-unit flag; one query.

    Of one that is never added over units each unit below has its own report's value, and the unit only its own.
    `by_unit`: `child_id` is the reporting unit, wherever it stands below.
    """
    ids = sorted(indicator_ids or ())
    if not stretch.now or (indicator_ids is not None and not ids):
        return []
    with_tables, params = _counted(stretch)
    place, alone = ("c.place", "c.place = c.unit_id") if by_child else ("0", f"c.unit_id = {stretch.unit_id:d}")
    if by_unit:
        place, alone = "c.unit_id", "1 = 1"
    chosen = f"AND f.indicator_id IN ({marks(ids)})" if ids else ""
    sql = f"""{with_tables},
        per_unit AS ({_pairs_per_unit(f"c.side, c.unit_id, {place} AS place, c.same")}
            {chosen} AND ({alone} OR {_IS_SUMMED})
            GROUP BY 1, 2, 3, 4, f.indicator_id)
        SELECT x.side, {child_of(stretch.unit_id, "x.place") if by_child else "NULL"} AS child_id, x.indicator_id,
               x.same AS same_units, {_pair_columns(stretch)}
        FROM per_unit x JOIN {_INDICATOR} i ON i.id = x.indicator_id
        GROUP BY x.side, x.place, x.indicator_id, x.same
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    return [
        IndicatorSum(row.side, row.child_id, row.indicator_id, bool(row.same_units), _pair(row))
        for row in run(sql, [*params, *ids])
    ]


def indicator_totals(sums: Iterable[IndicatorSum]) -> dict[int, Pair]:
    """Every indicator of the months read, of sums that are not by unit below."""
    totals: dict[int, Pair] = {}
    for part in sums:
        if part.side == NOW:
            total = totals.setdefault(part.indicator_id, Pair())
            total += part.pair
    return totals


_IS_SUMMED = f"f.indicator_id IN (SELECT id FROM {_INDICATOR} WHERE over_units = 'sum')"  # noqa: S608


def _pair(row) -> Pair:
    return Pair(row.numerator, row.denominator, row.units, row.older)


def _pairs_per_unit(places: str) -> str:
    """SQL: each unit's indicators over the months. Of a ratio only whole pairs are summed, so that numerator and
    denominator come from the same reports and months."""
    values = ", ".join(
        f"SUM(f.{name}) FILTER (WHERE c.is_flow = 1) AS {name}_sum, "
        f"MAX(c.k * {SHIFT} + f.{name}) FILTER (WHERE c.is_state = 1) AS {name}_last"
        for name in ("numerator", "denominator")
    )
    return f"""
        SELECT {places}, f.indicator_id, {values}, MAX(c.k) FILTER (WHERE c.is_state = 1) AS k
        FROM counted c JOIN {_INDICATOR_FIGURES} f ON f.report_id = c.id
        WHERE f.numerator IS NOT NULL
          AND (f.denominator IS NOT NULL OR f.indicator_id IN (SELECT id FROM {_INDICATOR} WHERE kind = 'number'))
    """  # noqa: S608 - column and table names of the models


def _pair_columns(stretch: Stretch) -> str:
    """SQL: numerator, denominator, units in the sum, units whose state is older than the last month."""

    def value(name: str) -> str:
        return f"CASE WHEN i.over_time = 'flow' THEN x.{name}_sum ELSE x.{name}_last %% {SHIFT} END"

    return f"""CAST(SUM({value("numerator")}) AS bigint) AS numerator,
               CAST(SUM({value("denominator")}) AS bigint) AS denominator, COUNT({value("numerator")}) AS units,
               COUNT(CASE WHEN i.over_time <> 'flow' AND x.k < {stretch.last_k} THEN 1 END) AS older"""
