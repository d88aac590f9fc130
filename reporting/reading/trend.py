"""Twelve months of a unit's rates; a gap stays a gap."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import DateTimeField, F, Value

from de_an_06.plain.spans import Month, Span
from reporting.figures import FIGURE_FIELDS
from reporting.headline import LeftOut
from reporting.models import Basis, Period, Report, ServiceFigures, ServiceSummary, Status, SubmissionSummary

from .places import COUNTED
from .ranges import Dossiers, figure_values

TREND_MONTHS = 12


def trend_months(span: Span) -> list[Month]:
    """The months drawn: twelve, up to the span's last."""
    return [span.last.plus(k - TREND_MONTHS + 1) for k in range(TREND_MONTHS)]


@dataclass
class TrendPoint:
    """One month of the trend: pairs, or None where under half of the expected reports are in, or no period was open."""

    month: Month
    in_time: tuple[int, int] | None = None
    online: tuple[int, int] | None = None
    reported: int = 0
    expected: int = 0
    is_provisional: bool = False
    is_comparable: bool = True  # False: joined, and territory came or went in part since
    is_cut: bool = False  # joined, and it came or went in part since the month before


@dataclass
class Months:
    """What each month says of a unit by itself, as its own page has it."""

    services: dict[int, dict[int, Dossiers]] = field(default_factory=dict)  # period -> service
    counts: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # expected, submitted or approved, approved
    made_at: dict[int, dt.datetime] = field(default_factory=dict)  # period -> when its stored totals were made


def months_of_unit(units: Sequence[int], basis: str, periods: list[Period], *, has_summaries: bool) -> Months:
    """`units`: the unit, and those whose line is its own (joined.py). `has_summaries`: the roll-up keeps totals of the
    unit, even of a month without a unit below it; of a commune its own reports are read. Two queries."""
    found = Months()
    rows: Any
    in_sum: F | Value
    if has_summaries:
        where = {"unit_id__in": units, "period__in": periods}
        rows = ServiceSummary.objects.filter(basis=basis, **where).annotate(month=F("period_id"), at=F("computed_at"))
        in_sum = F("units_reported")
        for row in SubmissionSummary.objects.filter(**where):
            _count(found.counts, row.period_id, row.expected, row.submitted, row.approved)
    else:
        statuses = COUNTED[Basis(basis)]
        own = Report.objects.filter(unit_id__in=units, period__in=periods)
        for period_id, status in own.values_list("period_id", "status"):
            is_sent, is_approved = status in COUNTED[Basis.PROVISIONAL], status == Status.APPROVED
            _count(found.counts, period_id, 1, int(is_sent), int(is_approved))
        rows = ServiceFigures.objects.filter(
            report__unit_id__in=units, report__period__in=periods, report__status__in=statuses
        ).annotate(month=F("report__period_id"), at=Value(None, DateTimeField()))
        in_sum = Value(1)
    fields = ("month", "service_id", "at", "units", *FIGURE_FIELDS)
    for row in rows.annotate(units=in_sum).values_list(*fields, named=True):
        total = found.services.setdefault(row.month, {}).setdefault(row.service_id, Dossiers())
        total += Dossiers(*figure_values(row), row.units)
        if row.at is not None:
            found.made_at[row.month] = max(row.at, found.made_at.get(row.month, row.at))
    return found


def trend(
    basis: str, months: list[Month], by_key: dict[str, Period], read: Months, left_out: LeftOut
) -> list[TrendPoint]:
    """Twelve months up to the span's last. A month with under half of its expected reports stays a gap. Each month is
    without the services left out of its own headline rates."""
    figures: dict[int, Dossiers] = {}
    for known in (by_key[m.key] for m in months if m.key in by_key):
        out = left_out.of(known)
        for service_id, dossiers in read.services.get(known.pk, {}).items():
            total = figures.setdefault(known.pk, Dossiers())
            if service_id not in out:
                total += dossiers
    counts = read.counts
    points = []
    for month in months:
        point = TrendPoint(month)
        points.append(point)
        period = by_key.get(month.key)
        if period is None or period.pk not in counts:
            continue
        expected, submitted, approved = counts[period.pk]
        point.expected, point.reported = expected, approved if basis == Basis.OFFICIAL else submitted
        point.is_provisional = basis == Basis.PROVISIONAL and approved < expected
        if point.reported * 2 >= expected and period.pk in figures:
            point.in_time = _whole(figures[period.pk].in_time_rate)
            point.online = _whole(figures[period.pk].online_rate)
    return points


def _count(counts: dict[int, tuple[int, int, int]], period_id: int, *more: int) -> None:
    known = counts.get(period_id, (0, 0, 0))
    counts[period_id] = known[0] + more[0], known[1] + more[1], known[2] + more[2]


def _whole(rate: tuple[int | None, int | None]) -> tuple[int, int] | None:
    numerator, denominator = rate
    return None if numerator is None or not denominator else (numerator, denominator)
