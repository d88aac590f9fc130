"""Targets beside what was reported: the actual of a target's own span on the official basis, and what it comes to.

The actual is a sum over a sum as everywhere (ranges.py; a single month of a unit with units below from the stored
totals); a rate over all services is the headline rate, as on the card beside it (docs/decisions/0012). It is compared
exactly, never as rounded for a page. A year under way is assessed by the months up to the last
one read, and pace.py says whether the rest of the year can bring the target in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from django.db.models import Q, QuerySet

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate
from reporting.figures import FIGURE_FIELDS, RATES
from reporting.headline import LeftOut, read_services
from reporting.models import (
    Basis,
    Indicator,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    ServiceFigures,
    ServiceSummary,
    Target,
)
from reporting.target_workflow import shown_value
from taskforces.models import Level

from .pace import Pace, YearTarget, pace_of, year_targets
from .places import COUNTED, NOW, Stretch
from .ranges import Dossiers, Pair, figure_values, indicator_sums, service_sums

Actual = tuple[int | None, int | None]  # numerator and denominator of a rate; a number and None
NO_ACTUAL: Actual = None, None
AT_LEAST, AT_MOST = "≥", "≤"
RATE = {rate.name: rate for rate in RATES}
PlaceAndKey = tuple[int | None, str]  # unit below (None: the unit itself, or its own report) and what the target is of


class Assessment(StrEnum):
    EXCEEDED = "vượt"
    MET = "đạt"
    NOT_MET = "chưa đạt"
    NO_DATA = "không có số liệu"


@dataclass(frozen=True)
class Reached:
    """A target in force and what was reported for it. `pace`: of a year, where one can be told yet."""

    target: Target
    actual: Actual = NO_ACTUAL
    pace: Pace | None = None
    as_year: YearTarget | None = None  # what the pace was told of

    @property
    def exact(self) -> Fraction | None:
        """Percent of a rate, a number else; None where nothing was reported, or nothing can be divided."""
        numerator, denominator = self.actual
        if not self.target.is_percent:
            return None if numerator is None else Fraction(numerator)
        return Fraction(numerator * 100, denominator) if numerator is not None and denominator else None

    @property
    def assessment(self) -> Assessment:
        exact, value = self.exact, self.target.value
        if exact is None or value is None:
            return Assessment.NO_DATA
        if exact == value:
            return Assessment.MET
        return Assessment.EXCEEDED if (exact < value) == self.target.is_at_most else Assessment.NOT_MET

    @property
    def share(self) -> Actual:
        """How much of the target is reached, as a pair: 900 of 1.200 is 75 %; nothing of a target of 0."""
        if self.exact is None or not self.target.value:
            return NO_ACTUAL
        share = self.exact / Fraction(self.target.value)
        return share.numerator, share.denominator

    @property
    def is_behind(self) -> bool | None:
        """Will the year miss the target if all goes on like this? None where no pace can be told."""
        return None if self.pace is None or self.as_year is None else self.pace.gap(self.as_year) > 0


ReachedByKey = Mapping[str, list[Reached]]  # what the unit's targets are of -> those beside that figure


def with_direction(value: Decimal | None, target: Target) -> str:
    """'≥ 95%': at least, or at most where the less is the better; no line ends between sign and number."""
    if value is None:
        return NO_VALUE
    return f"{AT_MOST if target.is_at_most else AT_LEAST}\N{NO-BREAK SPACE}{shown_value(value, target)}"


def actual_text(one: Reached | None) -> str:
    if one is None or one.actual[0] is None:
        return ""
    return format_rate(*one.actual) if one.target.is_percent else format_number(one.actual[0])


# One unit ------------------------------------------------------------------------------------------------------------


def targets_in_force(unit_id: int, year: int) -> list[Target]:
    """Of a year and its months, in the order of the catalogue: all services, single services, indicators; one query."""
    rows = Target.objects.in_force().filter(unit=unit_id, year=year).select_related("unit", "indicator", "service")
    return sorted(rows, key=in_order)


def in_order(target: Target) -> tuple:
    service, indicator = target.service, target.indicator
    kind = 0 if indicator is None and service is None else 1 if indicator is None else 2
    order = service.order if service else indicator.order if indicator else 0
    return kind, order, target.key, target.month


def reached_by_unit(
    unit_id: int,
    targets: Sequence[Target],
    periods: Sequence[Period],
    *,
    has_summaries: bool,
    pace_months: int | None = None,
) -> dict[int, Reached]:
    """Targets of one year by their pk; `periods` are the unit's, begun, oldest first. At most six queries, five
    without `pace_months` (which tells from which month on a pace is told)."""
    if not targets:
        return {}
    year = targets[0].year
    months = [p for p in periods if p.year == year]
    left_out = _left_out(targets)
    found = {target.pk: Reached(target) for target in targets}
    of_year = [target for target in targets if not target.month]
    if of_year and months:
        stretch = Stretch(unit_id, Basis.OFFICIAL, months, left_out=left_out)
        sums = actuals(stretch, of_year)
        known = {}
        if pace_months is not None and any(target.indicator for target in of_year):
            last = Stretch(unit_id, Basis.OFFICIAL, months[-1:])
            known = {one.code: one for one in year_targets(last, periods, has_summaries=has_summaries)}
        for target in of_year:
            as_year = known.get(target.key)
            pace = pace_of(as_year, pace_months) if as_year and pace_months is not None else None
            found[target.pk] = Reached(target, sums.get((None, target.key), NO_ACTUAL), pace, as_year)
    of_months = [target for target in targets if target.month]
    if of_months and months:
        by_month = _months(unit_id, of_months, months, left_out, has_summaries=has_summaries)
        for target in of_months:
            found[target.pk] = Reached(target, by_month.get((target.month, target.key), NO_ACTUAL))
    return found


def beside_figures(unit_id: int, level: str, last: Period) -> ReachedByKey:
    """What a page says of the unit's targets beside its figures: those of the year of the last month looked at, and of
    that month, by what they are of. One query where there is no target, at most seven."""
    targets = [t for t in targets_in_force(unit_id, last.year) if t.month in (0, last.month)]
    if not targets:
        return {}
    reached = reached_by_unit(unit_id, targets, months_to(last), has_summaries=level != Level.COMMUNE)
    found: dict[str, list[Reached]] = {}
    for target in targets:
        found.setdefault(target.key, []).append(reached[target.pk])
    return found


def said_of_target(one: Reached) -> str:
    """'Chỉ tiêu năm 2026: ≥ 98%; đạt 97,41%, chưa đạt'; of one without figures '…; không có số liệu'."""
    words = one.assessment if one.exact is None else f"đạt {actual_text(one)} ({one.assessment})"
    return f"Chỉ tiêu {one.target.span_label}: {with_direction(one.target.value, one.target)}; {words}"


def actuals(
    stretch: Stretch, targets: Iterable[Target], *, by_child: bool = False, by_unit: bool = False
) -> dict[PlaceAndKey, Actual]:
    """What the months say of everything these targets are of; at most two queries."""
    targets = list(targets)
    found: dict[PlaceAndKey, Actual] = {}
    indicators = {t.indicator.pk: t.indicator for t in targets if t.indicator is not None}
    pairs: dict[tuple[int | None, int], Pair] = {}
    for part in indicator_sums(stretch, indicators, by_child=by_child, by_unit=by_unit):
        if part.side == NOW:
            total = pairs.setdefault((part.child_id, part.indicator_id), Pair())
            total += part.pair
    for (child_id, pk), pair in pairs.items():
        found[child_id, indicators[pk].code] = _of_indicator(indicators[pk], pair.numerator, pair.denominator)
    rates = [t for t in targets if t.indicator is None]
    if rates:
        ids = [] if any(t.service is None for t in rates) else sorted({t.service_id for t in rates if t.service_id})
        dossiers: dict[tuple[int | None, int | None], Dossiers] = {}
        each = {"by_child": by_child or by_unit, "by_service": True, "service_ids": ids, "by_unit": by_unit}
        for group in service_sums(stretch, **each):  # type: ignore[arg-type]
            if group.side == NOW:
                _add(dossiers, group.child_id, group.service_id, group.dossiers, group.headline)
        found |= _rates(dossiers, rates)
    return found


def _left_out(targets: Iterable[Target]) -> LeftOut:
    """Asked for only where a target is of all services; one query then."""
    of_all = any(t.indicator_id is None and t.service_id is None for t in targets)
    return read_services()[1] if of_all else LeftOut()


def _add(
    dossiers: dict, place: int | None, service_id: int | None, part: Dossiers, headline: Dossiers | None = None
) -> None:
    """A service's figures, and those of all services together, of which `headline` is what counts (None: `part`)."""
    for pk, added in ((service_id, part), (None, part if headline is None else headline)):
        total = dossiers.setdefault((place, pk), Dossiers())
        total += added


def _rates(
    dossiers: dict[tuple[int | None, int | None], Dossiers], targets: Iterable[Target]
) -> dict[PlaceAndKey, Actual]:
    of = {target.key: (target.service_id, RATE[target.rate]) for target in targets}
    return {
        (place, key): sums.rate(rate)
        for key, (service_id, rate) in of.items()
        for (place, pk), sums in dossiers.items()
        if pk == service_id
    }


def _of_indicator(indicator: Indicator, numerator: int | None, denominator: int | None) -> Actual:
    return numerator, denominator if indicator.kind == Indicator.Kind.RATIO else None


def _months(
    unit_id: int, targets: Sequence[Target], months: Sequence[Period], left_out: LeftOut, *, has_summaries: bool
) -> dict[PlaceAndKey, Actual]:
    """(month, what) -> what that month says: stored totals of a unit with units below, else its own reports."""
    wanted = {t.month for t in targets}
    number = {p.pk: p.month for p in months if p.month in wanted}
    place = "period_id" if has_summaries else "report__period_id"
    pairs: QuerySet
    services: QuerySet
    if has_summaries:
        where = Q(unit=unit_id, basis=Basis.OFFICIAL, period__in=list(number))
        pairs, services = IndicatorSummary.objects.filter(where), ServiceSummary.objects.filter(where)
    else:
        own = {"report__unit": unit_id, "report__status__in": COUNTED[Basis.OFFICIAL]}
        where = Q(report__period__in=list(number), **own)
        pairs, services = IndicatorFigure.objects.filter(where), ServiceFigures.objects.filter(where)
    found: dict[PlaceAndKey, Actual] = {}
    indicators = {t.indicator.pk: t.indicator for t in targets if t.indicator is not None}
    if indicators:
        rows = pairs.filter(indicator__in=list(indicators))
        for period_id, pk, *pair in rows.values_list(place, "indicator_id", "numerator", "denominator"):
            found[number[period_id], indicators[pk].code] = _of_indicator(indicators[pk], *pair)
    rates = [t for t in targets if t.indicator is None]
    if rates:
        dossiers: dict[tuple[int | None, int | None], Dossiers] = {}
        out = {p.pk: left_out.of(p) for p in months}
        for row in services.values_list(place, "service_id", *FIGURE_FIELDS, named=True):
            headline = Dossiers() if row.service_id in out[row[0]] else None
            _add(dossiers, number[row[0]], row.service_id, Dossiers(*figure_values(row)), headline)
        found |= _rates(dossiers, rates)
    return found


# Units below ---------------------------------------------------------------------------------------------------------


def reached_below(
    unit_id: int, targets: Sequence[Target], periods: Sequence[Period], *, by_unit: bool = False
) -> dict[PlaceAndKey, Reached]:
    """Targets of units below, all of one span, by unit and what they are of; at most three queries.

    `periods` are those read of that span. `by_unit`: of reporting units wherever below, else of those right below.
    """
    if not targets:
        return {}
    stretch = Stretch(unit_id, Basis.OFFICIAL, list(periods), left_out=_left_out(targets))
    sums = actuals(stretch, targets, by_child=True, by_unit=by_unit)
    return {(t.unit_id, t.key): Reached(t, sums.get((t.unit_id, t.key), NO_ACTUAL)) for t in targets}


def months_to(last: Period) -> list[Period]:
    """The months of a year up to one of them, where a page has not read them; one query."""
    return list(Period.objects.filter(year=last.year, month__lte=last.month).order_by("month"))


def months_of_year(periods: Iterable[Period], year: int, month: int = 0) -> list[Period]:
    """Those of a target's span."""
    return [p for p in periods if p.year == year and month in (0, p.month)]


# Parent and children -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChildrenSum:
    """Targets of the units right below, added: `None` where they are rates, or never added over units."""

    value: Decimal | None
    with_target: int
    units: int

    def differs_from(self, value: Decimal | None) -> bool:
        """Only once every unit below has one: a sum of some says nothing."""
        return value is not None and self.value is not None and self.with_target == self.units and self.value != value


def children_sum(target: Target, values: Iterable[Decimal], units: int) -> ChildrenSum:
    """`values` are those in force of the units right below; `units` how many these are."""
    values = list(values)
    is_summed = not target.is_percent and target.indicator is not None and not target.indicator.is_own
    return ChildrenSum(sum(values, Decimal(0)) if is_summed and values else None, len(values), units)
