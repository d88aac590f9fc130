"""Twelve months of a unit's rates; a gap stays a gap."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

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


def service_summaries(
    units: Sequence[int], basis: str, periods: list[Period]
) -> dict[int, dict[int, tuple[Dossiers, dt.datetime]]]:
    """period -> service -> (stored total of the units, when computed); one query for the month and the trend."""
    stored: dict[int, dict[int, tuple[Dossiers, dt.datetime]]] = {}
    rows = ServiceSummary.objects.filter(unit_id__in=units, basis=basis, period__in=periods).values_list(
        "period_id", "service_id", "computed_at", "units_reported", *FIGURE_FIELDS, named=True
    )
    for row in rows:
        dossiers = Dossiers(*figure_values(row), row.units_reported)
        month = stored.setdefault(row.period_id, {})
        known, at = month.get(row.service_id, (Dossiers(), row.computed_at))
        known += dossiers
        month[row.service_id] = known, max(at, row.computed_at)
    return stored


def trend(
    units: Sequence[int],
    basis: str,
    months: list[Month],
    by_key: dict[str, Period],
    summaries: dict[int, dict[int, tuple[Dossiers, dt.datetime]]],
    has_summaries: bool,
    left_out: LeftOut,
) -> list[TrendPoint]:
    """Twelve months up to the span's last. A month with under half of its expected reports stays a gap. Each month is
    without the services left out of its own headline rates.

    `units`: the unit, and those whose line is its own (joined.py). `has_summaries`: the roll-up keeps totals of the
    unit, even of a month without a unit below it.
    """
    known = [by_key[m.key] for m in months if m.key in by_key]
    periods, out = [p.pk for p in known], {p.pk: left_out.of(p) for p in known}
    figures: dict[int, Dossiers] = {}
    counts: dict[int, tuple[int, int, int]] = {}  # expected, submitted or approved, approved
    if has_summaries:
        for period_id, by_service in summaries.items():
            total = figures.setdefault(period_id, Dossiers())
            for service_id, (dossiers, _) in by_service.items():
                if service_id not in out[period_id]:
                    total += dossiers
        for row in SubmissionSummary.objects.filter(unit_id__in=units, period__in=periods):
            _count(counts, row.period_id, row.expected, row.submitted, row.approved)
    else:
        statuses = COUNTED[Basis(basis)]
        own = Report.objects.filter(unit_id__in=units, period__in=periods)
        for period_id, status in own.values_list("period_id", "status"):
            _count(counts, period_id, 1, status in COUNTED[Basis.PROVISIONAL], status == Status.APPROVED)
        rows = ServiceFigures.objects.filter(
            report__unit_id__in=units, report__period__in=periods, report__status__in=statuses
        )
        for row in rows.values_list("report__period_id", "service_id", *FIGURE_FIELDS, named=True):
            total = figures.setdefault(row.report__period_id, Dossiers())
            if row.service_id not in out[row.report__period_id]:
                total += Dossiers(*figure_values(row))
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
