"""The months a stretch is compared with: equally many, and named."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from de_an_06.plain.spans import Month, Span, months_label
from reporting.models import Period

from .places import NOW, Stretch
from .ranges import Dossiers, IndicatorSum, Pair, ServiceSum
from .units_below import Measures


def months_of(periods: Iterable[Period]) -> list[Month]:
    return [Month(p.year, p.month) for p in periods]


@dataclass
class Comparison:
    """The same units' figures in the months read that have ended, and in equally many months before them."""

    span: Span  # the whole span compared with
    months: list[Month]  # those of it that were read
    units: int
    now: Measures = field(default_factory=Measures)
    before: Measures = field(default_factory=Measures)
    services: dict[int, tuple[Dossiers, Dossiers]] = field(default_factory=dict)  # id -> (now, before)
    indicators: dict[int, tuple[Pair, Pair]] = field(default_factory=dict)
    rows: dict[int | None, tuple[Measures, Measures]] = field(default_factory=dict)  # unit below (None: the unit's own)
    is_restated: bool = False  # its own months left other services out of their headline rates

    @property
    def label(self) -> str:
        """'quý III/2026' where all of it was read, else the months."""
        return self.span.label if self.months == self.span.months else months_label(self.months)

    @property
    def short_label(self) -> str:
        """The same where there is little room: 'T10/2026'."""
        if len(self.months) > 1:
            return self.label
        return f"T{self.months[0].month:02d}/{self.months[0].year}"

    @property
    def last_label(self) -> str:
        """The month at whose end the states compared with stood."""
        return months_label(self.months[-1:])


@dataclass
class Sums:
    """What both sides of a stretch reported, as the queries of ranges.py give it."""

    stretch: Stretch
    same_units: int
    by_child: list[ServiceSum]
    by_service: list[ServiceSum]
    activation: list[IndicatorSum]  # the activated identities by unit below
    indicators: list[IndicatorSum]  # all, not by unit


def compare(span: Span, sums: Sums, own_ids: set[int]) -> Comparison | None:
    """Both sides' figures of the units that have equally many reports in each; None where there is no such unit.

    Headline rates of both sides are of the same services, those in the headline now.

    `own_ids`: indicators that are never added over units.
    """
    if not sums.same_units:
        return None
    found = Comparison(span, months_of(sums.stretch.before), sums.same_units)
    left_out, pairs = sums.stretch.left_out, zip(sums.stretch.now, sums.stretch.before, strict=False)
    found.is_restated = any(left_out.of(now) != left_out.of(before) for now, before in pairs)
    for part in sums.by_child:
        if part.same_units:
            for measures in (_side(found, part.side), _side_of(found.rows, part.child_id, part.side, Measures)):
                measures.add(part)
    for part in sums.by_service:
        if part.same_units and part.service_id is not None:
            total = _side_of(found.services, part.service_id, part.side, Dossiers)
            total += part.dossiers
    for pair in sums.activation:
        if pair.same_units:
            row = _side_of(found.rows, pair.child_id, pair.side, Measures)
            row.activation += pair.pair
            if pair.child_id is None or pair.indicator_id not in own_ids:
                total = _side(found, pair.side)
                total.activation += pair.pair
    for pair in sums.indicators:
        if pair.same_units:
            total = _side_of(found.indicators, pair.indicator_id, pair.side, Pair)
            total += pair.pair
    return found


def _side(found: Comparison, side: str) -> Measures:
    return found.now if side == NOW else found.before


def _side_of(pairs: dict, key, side: str, empty):
    return pairs.setdefault(key, (empty(), empty()))[0 if side == NOW else 1]


def compared_months(
    span: Span, back: Span, read: list[Period], by_key: dict[str, Period], today: dt.date
) -> list[Period]:
    """The months of `back` that answer the months read, one for one; none when one of them is not there.

    A month still running has nothing to be compared, unless it is all there is.
    """
    months = (back.first.year - span.first.year) * 12 + back.first.month - span.first.month
    ended = [p for p in read if p.data_to < today] or read
    found = [by_key.get(month.plus(months).key) for month in months_of(ended)]
    return [p for p in found if p is not None] if all(found) else []


def year_ago(span: Span) -> Span | None:
    """The same months of the year before; None where that is the span before anyway, or overlaps."""
    back = span.same_last_year()
    return None if back == span.previous() or len(span.months) > 12 else back
