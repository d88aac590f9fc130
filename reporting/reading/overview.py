"""Step 5, reading: what one unit's pages and exports say about one stretch of months.

`overview()` is the one door: page, Excel and Word read the same object, so they show the same numbers.
A month's totals of a unit with units below come from the roll-up's summaries; a commune's from its own report; longer
stretches are made from the reports (see ranges.py). Rates are pairs (numerator, denominator), divided when shown.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from de_an_06.plain.spans import Month, Span
from reporting.models import Basis, Indicator, IndicatorSummary, Period, PeriodDeadline, PublicService, Status
from reporting.rollup import rollup
from taskforces.clock import now_for
from taskforces.models import UnitVersion

from .owed import OwedReport, Submissions, missing_and_direct, submissions
from .ranges import (
    BEFORE,
    NOW,
    Dossiers,
    IndicatorSum,
    Pair,
    ServiceSum,
    Stretch,
    indicator_sums,
    indicator_totals,
    service_sums,
)
from .trend import TREND_MONTHS, TrendPoint, service_summaries, trend
from .units_below import RANKINGS, Measures, UnitRow, give_ranks, has_no_units_below, unit_rows

__all__ = [
    "RANKINGS",
    "Comparison",
    "Dossiers",
    "IndicatorTotal",
    "Measures",
    "MissingReport",
    "NoFigures",
    "Overview",
    "Pair",
    "ServiceTotal",
    "Submissions",
    "TrendPoint",
    "UnitRow",
    "begun_periods",
    "overview",
    "periods_of_unit",
    "version_on",
]

LINKED_SERVICES = ("DVC15", "DVC16")  # the two linked groups: birth, death
ACTIVATION = "DD04"  # electronic identities activated (VNeID)
ASSIGNMENTS = "TC07"  # assignments done, counted from the register
HEAT_UNITS = 60  # more units below than this: rates only, no table of unit and service
END_OF_DISTRICTS = dt.date(2025, 7, 1)


@dataclass
class ServiceTotal:
    service: PublicService
    dossiers: Dossiers


@dataclass
class IndicatorTotal:
    indicator: Indicator
    pair: Pair


@dataclass
class MissingReport:
    """A report not handed in. `days_overdue`: None before the deadline, else whole days since it (0 = today)."""

    report_id: int
    unit_id: int
    name: str
    level: str
    period: Period
    status: str
    due_at: dt.datetime | None
    days_overdue: int | None


@dataclass
class Comparison:
    """The same units' figures in this span and in the one before it."""

    span: Span
    units: int
    now: Measures
    before: Measures


@dataclass
class Overview:
    """All that is said about a unit and a span on one basis. Texts are Vietnamese, numbers are numbers."""

    unit_id: int
    version: UnitVersion  # name and place of the unit on `day`
    ancestors: list[UnitVersion]  # from the nation down to the parent
    children: list[UnitVersion]
    day: dt.date  # last day of the last month read: its tree is the tree shown
    span: Span
    basis: str
    periods: list[Period]  # months read, oldest first
    submissions: Submissions
    measures: Measures
    services: list[ServiceTotal]
    indicators: list[IndicatorTotal]
    rows: list[UnitRow]
    missing: list[MissingReport]
    comparison: Comparison | None
    trend: list[TrendPoint]
    notices: list[str]
    has_heat: bool
    ranked_by: str
    own_report: OwedReport | None  # the unit's own report of the last month
    as_of: dt.datetime | None
    is_stale: bool
    alarm: object | None

    @property
    def dossiers(self) -> Dossiers:
        return self.measures.dossiers

    @property
    def has_units_below(self) -> bool:
        return bool(self.children)

    def indicator(self, code: str) -> Pair | None:
        return next((line.pair for line in self.indicators if line.indicator.code == code), None)


class NoFigures(Exception):
    """The unit has no month in this span: it did not exist then, or no month of it has begun."""


def begun_periods(today: dt.date) -> list[Period]:
    """Every period whose first day has come, oldest first; one query. A month not begun has no value."""
    return list(Period.objects.filter(data_from__lte=today).order_by("year", "month"))


def periods_of_unit(versions: list[UnitVersion], periods: list[Period]) -> list[Period]:
    """The periods on whose last day the unit existed."""
    return [p for p in periods if version_on(versions, p.data_to)]


def version_on(versions: list[UnitVersion], day: dt.date) -> UnitVersion | None:
    return next((v for v in versions if v.valid_from <= day and (v.valid_to is None or v.valid_to >= day)), None)


def overview(
    unit_id: int,
    span: Span,
    basis: str = Basis.PROVISIONAL,
    *,
    now: dt.datetime | None = None,
    ranked_by: str = "dung-han",
    versions: list[UnitVersion] | None = None,
    periods: list[Period] | None = None,
) -> Overview:
    """What a unit and everything under it reported in a span. Raises NoFigures; asks nobody's rights (scope.py does).

    `now` decides which months have begun and what is overdue; `versions` (of the unit) and `periods` (begun) may be
    passed by a page that has read them already.
    """
    now = now or now_for()
    if periods is None:
        periods = begun_periods(timezone.localtime(now).date())
    if versions is None:
        versions = list(UnitVersion.objects.filter(unit_id=unit_id))
    by_key = {p.key: p for p in periods_of_unit(versions, periods)}
    read = [by_key[m.key] for m in span.months if m.key in by_key]
    if not read:
        raise NoFigures
    day = read[-1].data_to
    version = version_on(versions, day)
    assert version is not None  # the unit exists on the last day of each of its periods
    stretch = Stretch(unit_id, basis, read, _compared_months(span, read, by_key))

    path_ids = [int(part) for part in version.path.strip("/").split("/")]
    family = (
        UnitVersion.objects.on(day).filter(Q(unit_id__in=path_ids[:-1]) | Q(parent_id=unit_id)).select_related("unit")
    )
    family_list = list(family)
    ancestors = sorted((v for v in family_list if v.parent_id != unit_id), key=lambda v: len(v.path))
    children = sorted((v for v in family_list if v.parent_id == unit_id), key=lambda v: (v.sort_key, v.pk))

    owed = submissions(stretch)
    services = {s.pk: s for s in PublicService.objects.all()}
    indicators = {i.pk: i for i in Indicator.objects.all()}
    linked_ids = [pk for pk, s in services.items() if s.code in LINKED_SERVICES]
    activation_ids = [pk for pk, i in indicators.items() if i.code == ACTIVATION]
    has_heat = bool(children) and len(children) <= HEAT_UNITS
    sums = service_sums(stretch, by_child=True, by_service=has_heat or not children, linked_ids=linked_ids)
    has_totals = bool(children) and len(read) == 1  # kept by the roll-up
    pairs = indicator_sums(stretch, activation_ids)

    # Totals: a month of a unit with units below from the summaries, all else from the reports.
    trend_keys = [span.last.plus(k - TREND_MONTHS + 1) for k in range(TREND_MONTHS)]
    trend_periods = [by_key[m.key] for m in trend_keys if m.key in by_key]
    summaries = service_summaries(unit_id, basis, trend_periods) if children else {}
    as_of = None
    if has_totals:
        month = summaries.get(read[0].pk, {})
        totals = {service_id: dossiers for service_id, (dossiers, _) in month.items()}
        indicator_figures, as_of = _indicator_summaries(unit_id, basis, read[0])
        as_of = max([at for _, at in month.values()] + ([as_of] if as_of else []), default=None)
    else:
        per_service = sums if has_heat or not children else service_sums(stretch, by_child=False, by_service=True)
        totals = _add_up(per_service, "service_id")
        indicator_figures = indicator_totals(stretch)
    own_total = Submissions()
    for (side, _), part in owed.items():
        if side == NOW:
            own_total += part
    measures = _measures_of_totals(totals, indicator_figures, linked_ids, activation_ids)

    reports = missing_and_direct(unit_id, version.path, read)
    deadlines = {(d.period_id, d.level): d.due_at for d in PeriodDeadline.objects.filter(period__in=read)}
    late = {r.report_id: _days_overdue(deadlines.get((r.period_id, r.level)), now) for r in reports}
    direct = {r.unit_id: r for r in reports if r.period_id == read[-1].pk}
    rows = unit_rows(unit_id, version, children, owed, sums, pairs, services)
    for row in rows:
        row.report = direct.get(row.unit_id) if has_no_units_below(row) else None
        if row.report is not None and row.report.status in {Status.DRAFT, Status.RETURNED}:
            row.days_overdue = late[row.report.report_id]
    before_rows = {
        row.unit_id: row.measures
        for row in unit_rows(unit_id, version, children, owed, sums, pairs, services, side=BEFORE)
    }
    give_ranks(rows, before_rows, ranked_by)
    by_pk = {p.pk: p for p in read}
    missing = [
        MissingReport(
            r.report_id,
            r.unit_id,
            r.name,
            r.level,
            by_pk[r.period_id],
            r.status,
            deadlines.get((r.period_id, r.level)),
            late[r.report_id],
        )
        for r in reports
        if r.status in {Status.DRAFT, Status.RETURNED}
    ]
    return Overview(
        unit_id=unit_id,
        version=version,
        ancestors=ancestors,
        children=children,
        day=day,
        span=span,
        basis=basis,
        periods=read,
        submissions=own_total,
        measures=measures,
        services=[ServiceTotal(services[pk], totals[pk]) for pk in services if pk in totals],
        indicators=[IndicatorTotal(i, indicator_figures.get(pk, Pair())) for pk, i in indicators.items()],
        rows=rows,
        missing=missing,
        comparison=_comparison(span, stretch, sums, pairs, owed),
        trend=trend(unit_id, basis, trend_keys, by_key, summaries, bool(children)),
        notices=_notices(span, read, periods, version, own_total),
        has_heat=has_heat,
        ranked_by=ranked_by,
        own_report=direct.get(unit_id),
        as_of=as_of or now,
        is_stale=bool(children) and rollup.is_stale(unit_id, [p.pk for p in read]),
        alarm=rollup.latest_alarm([p.pk for p in read]) if children else None,
    )


def _compared_months(span: Span, read: list[Period], by_key: dict[str, Period]) -> list[Period]:
    """The months that answer the months read, one for one; none when one of them is not there."""
    back = span.previous()
    months = (back.first.year - span.first.year) * 12 + back.first.month - span.first.month
    found = [by_key.get(Month(p.year, p.month).plus(months).key) for p in read]
    return [p for p in found if p is not None] if all(found) else []


def _indicator_summaries(unit_id: int, basis: str, period: Period) -> tuple[dict[int, Pair], dt.datetime | None]:
    stored, as_of = {}, None
    for row in IndicatorSummary.objects.filter(unit_id=unit_id, basis=basis, period=period):
        stored[row.indicator_id] = Pair(row.numerator, row.denominator, row.units_reported)
        as_of = max(as_of or row.computed_at, row.computed_at)
    return stored, as_of


def _add_up(sums: list[ServiceSum], key: str, side: str = NOW) -> dict:
    totals: dict = {}
    for part in sums:
        if part.side == side:
            total = totals.setdefault(getattr(part, key), Dossiers())
            total += part.dossiers
    return totals


def _measures_of_totals(
    totals: dict[int, Dossiers], indicators: dict[int, Pair], linked_ids: list[int], activation_ids: list[int]
) -> Measures:
    measures = Measures()
    for service_id, dossiers in totals.items():
        measures.dossiers += dossiers
        if service_id in linked_ids and dossiers.received is not None:
            measures.linked = (measures.linked or 0) + dossiers.received
    for indicator_id in activation_ids:
        measures.activation += indicators.get(indicator_id, Pair())
    return measures


def _comparison(
    span: Span,
    stretch: Stretch,
    sums: list[ServiceSum],
    pairs: list[IndicatorSum],
    owed: dict,
) -> Comparison | None:
    """Both sides' figures of the units that have equally many reports in each."""
    if not stretch.before:
        return None
    sides = {NOW: Measures(), BEFORE: Measures()}
    for part in sums:
        if part.same_units:
            measures = sides[part.side]
            measures.dossiers += part.dossiers
            if part.linked is not None:
                measures.linked = (measures.linked or 0) + part.linked
    for pair in pairs:
        if pair.same_units:
            sides[pair.side].activation += pair.pair
    units = sum(part.same_units for (side, _), part in owed.items() if side == NOW)
    return Comparison(span.previous(), units, sides[NOW], sides[BEFORE]) if units else None


def _days_overdue(due_at: dt.datetime | None, now: dt.datetime) -> int | None:
    if due_at is None or now <= due_at:
        return None
    return (timezone.localtime(now).date() - timezone.localtime(due_at).date()).days


def _notices(
    span: Span, read: list[Period], periods: list[Period], version: UnitVersion, owed: Submissions
) -> list[str]:
    """What a reader must know before comparing: the tree shown, months left out, values that are older."""
    notices = []
    wanted, begun = {m.key for m in span.months}, {p.key for p in periods}
    first, last = read[0], read[-1]
    if first.data_from < END_OF_DISTRICTS <= last.data_to:
        notices.append(
            "Từ 01/7/2025 không còn cấp huyện; các xã, phường và nhiều tỉnh là đơn vị mới. "
            f"Kỳ này xếp theo địa giới ngày {last.data_to:%d/%m/%Y}."
        )
    if {p.key for p in read} != wanted & begun:
        which = first.label if first == last else f"{first.label} đến {last.label}"
        notices.append(f"{version.name} chỉ có trong một phần của {span.label}: số liệu gồm {which}.")
    if not span.is_month and wanted - begun:
        notices.append(f"Số liệu đến hết {last.label} ({len(read)}/{len(wanted)} tháng).")
    if owed.older:
        notices.append(
            f"Số tồn và số lũy kế của {owed.older} đơn vị là số của tháng gần nhất đơn vị đã nộp, trước {last.label}."
        )
    return notices
