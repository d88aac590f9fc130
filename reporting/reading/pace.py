"""A unit's targets for a year, and whether its present pace reaches them by the year's end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import F, Value

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Month
from reporting.models import Basis, Indicator, IndicatorFigure, IndicatorSummary, Period

from .places import COUNTED, Stretch


@dataclass(frozen=True)
class Reported:
    """What one month says of an indicator; `units` reported it."""

    numerator: int
    denominator: int  # 1 of a number
    units: int


@dataclass
class YearTarget:
    """What a unit was set for one indicator in one year, and what the months of the year say of it."""

    code: str
    name: str
    is_ratio: bool
    is_flow: bool
    is_down: bool  # the less the better
    value: Decimal  # percent of a ratio
    months: dict[int, Reported] = field(default_factory=dict)  # 1 to 12; 0 is December before


def year_targets(stretch: Stretch, periods: Sequence[Period], *, has_summaries: bool) -> list[YearTarget]:
    """The unit's own targets of the year of the last month read, with the unit's months up to then."""
    last = stretch.now[-1]
    first = Month(last.year, 1).plus(-1)
    months = {
        p.pk: p.month * (p.year == last.year)
        for p in periods
        if first <= Month(p.year, p.month) <= Month(last.year, last.month)
    }
    rows: Any
    if has_summaries:
        rows = IndicatorSummary.objects.filter(unit=stretch.unit_id, basis=stretch.basis, period__in=months)
        rows = rows.annotate(month=F("period_id"), units=F("units_reported"))
    else:
        own = {"report__unit": stretch.unit_id, "report__status__in": COUNTED[Basis(stretch.basis)]}
        rows = IndicatorFigure.objects.filter(report__period__in=months, **own)
        rows = rows.annotate(month=F("report__period_id"), units=Value(1))
    rows = rows.filter(
        indicator__targets__unit=stretch.unit_id,
        indicator__targets__year=last.year,
        indicator__targets__month=0,
        indicator__targets__value__isnull=False,
        numerator__isnull=False,
    ).order_by("indicator__order", "indicator__code")
    about = ("code", "name", "kind", "over_time", "direction", "targets__value")
    reported = ("month", "numerator", "denominator", "units")
    found: dict[str, YearTarget] = {}
    for row in rows.values_list(*(f"indicator__{x}" for x in about), *reported):
        code, name, kind, over_time, direction, value, period_id, numerator, denominator, units = row
        is_ratio, is_flow = kind == Indicator.Kind.RATIO, over_time == Indicator.OverTime.FLOW
        is_down = direction == Indicator.Direction.DOWN
        target = found.setdefault(code, YearTarget(code, name, is_ratio, is_flow, is_down, value))
        if denominator or not is_ratio:
            target.months[months[period_id]] = Reported(numerator, denominator if is_ratio else 1, units)
    return list(found.values())


@dataclass(frozen=True)
class Pace:
    """What stands after `month` months of the year, and what the year ends with if all goes on like this."""

    month: int
    now: Fraction
    at_end: Fraction

    def gap(self, target: YearTarget) -> Fraction:
        """By how much of the target it is missed; not above 0 where it is met."""
        short = Fraction(target.value) - self.at_end
        return (-short if target.is_down else short) / (Fraction(target.value) or 1)


def pace_of(target: YearTarget, from_month: int) -> Pace | None:
    """A sum grows as it did per month; the rate of a sum stays; a state moves on as it did since the year began.

    The year is known up to the last month in which no fewer units reported than in any month of it; a state is held
    against the first month (or December before) in which as many did. None too early in the year, and of a state
    that is known once.
    """
    units = {month: reported.units for month, reported in target.months.items()}
    fullest = max((number for month, number in units.items() if month), default=0)
    full = sorted(month for month, number in units.items() if number == fullest)
    if not full or full[-1] < from_month:
        return None
    last, first = full[-1], full[0]
    if target.is_flow:
        parts = [reported for month, reported in target.months.items() if 0 < month <= last]
        total = Fraction(sum(part.numerator for part in parts))
        if target.is_ratio:
            share = total * 100 / sum(part.denominator for part in parts)
            return Pace(last, share, share)
        return Pace(last, total, total * 12 / last)
    now, then = (_level(target, month) for month in (last, first))
    if last == 12:
        return Pace(last, now, now)
    return None if last == first else Pace(last, now, now + (now - then) / (last - first) * (12 - last))


def _level(target: YearTarget, month: int) -> Fraction:
    reported = target.months[month]
    return Fraction(reported.numerator, reported.denominator) * (100 if target.is_ratio else 1)


def amount(value: Fraction, target: YearTarget) -> str:
    return format_number(value, 2) + "%" if target.is_ratio else format_number(value)
