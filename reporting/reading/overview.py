"""Step 5, reading: what one unit's pages and exports say about one stretch of months.

`overview()` is the one door: page and Excel read the same object, so they show the same numbers. It reads, adds up
and compares, in this order.
A month's totals of a unit with units below come from the roll-up's summaries; a commune's from its own report; longer
stretches are made from the reports (see ranges.py), and kept until the roll-up makes anything of it anew (kept.py).
Rates are pairs (numerator, denominator), divided when shown.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from de_an_06.plain.spans import Month, Span
from reporting.headline import LeftOut, read_services
from reporting.lateness import Deadlines, deadlines_of
from reporting.models import Basis, Indicator, IndicatorSummary, Period, PublicService, ReportingSettings
from reporting.rollup import rollup
from reporting.rollup.audit import latest_alarm
from taskforces.clock import now_for
from taskforces.models import Level, UnitVersion
from taskforces.units.tree import version_of_day

from . import left_behind
from .compared import Comparison, Sums, compare, compared_months, months_of, year_ago
from .family import family
from .finding_rows import months_back
from .hand_ins import LastReport, MissingReport, hand_ins
from .kept import Kept, asked
from .notices import notices
from .owed import OwedReport, Submissions, missing_and_direct, submissions, total_now
from .places import BEFORE, NOW, Stretch
from .qualifiers import EXACT, Said, said_of, with_words
from .ranges import (
    Dossiers,
    Pair,
    ServiceSum,
    indicator_sums,
    indicator_totals,
    service_sums,
)
from .ranking import DEFAULT_RANKING, Ranking, SideValues, give_ranks, kept_values, ranking_of
from .trend import TREND_MONTHS, Months, TrendPoint, months_of_unit, trend
from .units_below import ACTIVATION, LINKED_SERVICES, Measures, UnitRow, has_no_units_below, unit_rows

__all__ = [
    "ACTIVATION",
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
    "months_of",
    "overview",
    "periods_of_unit",
]

ASSIGNMENTS = "TC07"  # assignments done, counted from the register
HEAT_UNITS = 60  # more units below than this: their services are not read, the page shows the worst units alone


@dataclass
class ServiceTotal:
    service: PublicService
    dossiers: Dossiers


@dataclass
class IndicatorTotal:
    indicator: Indicator
    pair: Pair
    said: Said = EXACT  # how exact the numerator is


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
    catalogue: list[PublicService]  # every service, in order
    indicators: list[IndicatorTotal]
    rows: list[UnitRow]
    missing: list[MissingReport]
    comparison: Comparison | None  # with the span before
    year_ago: Comparison | None  # with the same months of the year before, where these are others
    trend: list[TrendPoint]
    notices: list[str]
    problems: list[str]  # reports under the unit that are in no total, with the reason
    has_heat: bool
    ranking: Ranking
    settings: ReportingSettings
    left_out: LeftOut  # services out of the headline rates, month by month
    own_report: OwedReport | None  # the unit's own report of the last month
    as_of: dt.datetime | None
    is_stale: bool
    alarm: object | None
    kept: Kept  # what of this was read from the reports, for more questions about the same; a page saves it at its end
    deadlines: Deadlines  # of the months read, and of those before in which a unit may have been late running

    @property
    def dossiers(self) -> Dossiers:
        return self.measures.dossiers

    @property
    def not_counted(self) -> str:
        """The services out of the headline rates of the months read, in words; '' where all are in."""
        return self.left_out.words(self.periods)

    @property
    def label(self) -> str:
        """The span, with the months read where they are not all of it."""
        return self.span.label_of(months_of(self.periods))

    @property
    def has_units_below(self) -> bool:
        return bool(self.children)

    @property
    def overdue_holders(self) -> list[UnitRow]:
        """The rows that hold pending dossiers beyond their time, the most first."""
        holders = [row for row in self.rows if row.dossiers.pending_overdue]
        return sorted(holders, key=lambda row: -(row.dossiers.pending_overdue or 0))

    @property
    def totals_wait(self) -> bool:
        """Do the totals shown miss a change that the rows beside them have? Only a month's are stored ones."""
        return self.is_stale and len(self.periods) == 1

    def indicator(self, code: str) -> Pair | None:
        return next((line.pair for line in self.indicators if line.indicator.code == code), None)

    @property
    def catalogue_of_indicators(self) -> list[Indicator]:
        return [line.indicator for line in self.indicators]

    def is_own(self, code: str) -> bool:
        """Is this indicator never added over units, so that its pair is the unit's own?"""
        return any(line.indicator.is_own for line in self.indicators if line.indicator.code == code)

    def said(self, code: str) -> Said:
        return next((line.said for line in self.indicators if line.indicator.code == code), EXACT)


class NoFigures(Exception):
    """The unit has no month in this span: it did not exist then, or no month of it has begun."""


def begun_periods(today: dt.date) -> list[Period]:
    """Every period whose first day has come, oldest first; one query. A month not begun has no value."""
    return list(Period.objects.filter(data_from__lte=today).order_by("year", "month"))


def periods_of_unit(versions: list[UnitVersion], periods: list[Period]) -> list[Period]:
    """The periods on whose last day the unit existed."""
    return [p for p in periods if version_of_day(versions, p.data_to)]


def overview(
    unit_id: int,
    span: Span,
    basis: str = Basis.PROVISIONAL,
    *,
    now: dt.datetime | None = None,
    ranked_by: str = DEFAULT_RANKING,
    versions: list[UnitVersion] | None = None,
    periods: list[Period] | None = None,
) -> Overview:
    """What a unit and everything under it reported in a span. Raises NoFigures, UnknownRanking; asks nobody's rights.

    `now` decides which months have begun and what is overdue; `versions` (of the unit) and `periods` (begun) may be
    passed by a page that has read them already.
    """
    now = now or now_for()
    today = timezone.localtime(now).date()
    if periods is None:
        periods = begun_periods(today)
    if versions is None:
        versions = list(UnitVersion.objects.filter(unit_id=unit_id))
    seen = _read(unit_id, span, basis, versions, periods, today, ranked_by)
    totals = _add_up_totals(seen)
    read, version = seen.stretch.now, seen.version
    deadlines = deadlines_of([*read, *filter(None, months_back(read[-1], periods, seen.settings.late_months))])
    missing, direct = hand_ins(seen.hand_ins, read, deadlines, now)
    rows = _ranked_rows(seen, direct)
    said = said_of(unit_id, read, basis, seen.inexact)
    return Overview(
        unit_id=unit_id,
        version=version,
        ancestors=seen.ancestors,
        children=seen.children,
        day=seen.day,
        span=span,
        basis=basis,
        periods=read,
        submissions=seen.submissions,
        measures=_measures_of(totals, seen),
        services=[
            ServiceTotal(service, totals.services[pk]) for pk, service in seen.services.items() if pk in totals.services
        ],
        catalogue=list(seen.services.values()),
        indicators=[
            IndicatorTotal(i, totals.indicators.get(pk, Pair()), said.get(pk, EXACT))
            for pk, i in seen.indicators.items()
        ],
        rows=rows,
        missing=missing,
        comparison=compare(span.previous(), seen.sums, seen.own_ids),
        year_ago=compare(span.same_last_year(), seen.last_year, seen.own_ids) if seen.last_year else None,
        trend=trend(basis, seen.trend_months, seen.by_key, seen.months, seen.stretch.left_out),
        notices=notices(span, read, periods, version, seen.submissions, seen.left_behind, today),
        problems=rollup.latest_problems(unit_id, [p.pk for p in read]) if seen.children else [],
        has_heat=seen.has_heat,
        ranking=seen.ranking,
        settings=seen.settings,
        left_out=seen.stretch.left_out,
        own_report=direct[unit_id].report if unit_id in direct else None,
        as_of=totals.as_of or now,
        is_stale=bool(seen.children) and seen.kept.standing.is_stale,
        alarm=latest_alarm([p.pk for p in read]) if seen.children else None,
        kept=seen.kept,
        deadlines=deadlines,
    )


# Read ----------------------------------------------------------------------------------------------------------------


@dataclass
class _Seen:
    """What the database says of a unit and a span, before anything is added up."""

    unit_id: int
    stretch: Stretch
    by_key: dict[str, Period]  # the unit's months by key
    version: UnitVersion
    ancestors: list[UnitVersion]
    children: list[UnitVersion]
    services: dict[int, PublicService]
    indicators: dict[int, Indicator]
    inexact: dict[int, str]  # code of those with a figure that is "hơn" or "gần"
    linked_ids: list[int]
    activation_ids: list[int]
    kept: Kept
    owed: dict[tuple[str, int | None], Submissions]
    hand_ins: list[OwedReport]
    sums: Sums  # `by_child` is by service too where has_heat
    ranking: Ranking
    settings: ReportingSettings
    values: SideValues | None  # what the units below are ranked by, where `sums` and `owed` do not hold it
    last_year: Sums | None
    left_behind: list[left_behind.LeftBehind]
    trend_months: list[Month]
    months: Months
    stored: tuple[dict[int, Pair], dt.datetime | None]  # a month's stored indicators, of a unit with units below
    has_heat: bool

    @property
    def day(self) -> dt.date:
        return self.stretch.now[-1].data_to

    @property
    def submissions(self) -> Submissions:
        return total_now(self.owed)

    @property
    def own_ids(self) -> set[int]:
        return {pk for pk, i in self.indicators.items() if i.is_own}


def _read(
    unit_id: int,
    span: Span,
    basis: str,
    versions: list[UnitVersion],
    periods: list[Period],
    today: dt.date,
    ranked_by: str,
) -> _Seen:
    by_key = {p.key: p for p in periods_of_unit(versions, periods)}
    read = [by_key[m.key] for m in span.months if m.key in by_key]
    if not read:
        raise NoFigures
    around = family(unit_id, versions, read[-1].data_to)  # the unit exists on the last day of each of its periods
    version, children = around.version, around.children
    services, left_out = read_services()
    stretch = Stretch(unit_id, basis, read, compared_months(span, span.previous(), read, by_key, today), left_out)
    back = year_ago(span)
    back_months = compared_months(span, back, read, by_key, today) if back else []
    last_year = Stretch(unit_id, basis, read, back_months, left_out)
    catalogue = list(with_words(unit_id, read, basis))
    indicators = {i.pk: i for i in catalogue}
    ranking = ranking_of(ranked_by, services, indicators)
    linked_ids = [pk for pk, s in services.items() if s.code in LINKED_SERVICES]
    activation_ids = [pk for pk, i in indicators.items() if i.code == ACTIVATION]
    level = version.unit.level
    by_service = len(children) <= HEAT_UNITS
    trend_months = [span.last.plus(k - TREND_MONTHS + 1) for k in range(TREND_MONTHS)]
    trend_periods = [by_key[m.key] for m in trend_months if m.key in by_key]

    kept = Kept(unit_id, asked(stretch, catalogue, asked(last_year, []), linked_ids, activation_ids, by_service), read)

    def sums_of(name: str, stretch: Stretch, same_units: int, split: bool) -> Sums:
        def services(what: str, **how) -> list[ServiceSum]:
            return kept.of(f"{name}: {what}", service_sums, stretch, **how)

        by_child = services("services by unit", by_child=True, by_service=split, linked_ids=linked_ids)
        by_service = by_child if split else services("services", by_child=False, by_service=True)
        activation = kept.of(f"{name}: activation", indicator_sums, stretch, activation_ids)
        indicators = kept.of(f"{name}: indicators", indicator_sums, stretch, by_child=False)
        return Sums(stretch, same_units, by_child, by_service, activation, indicators)

    owed = kept.of("owed", submissions, stretch)
    same_last_year = total_now(kept.of("owed last year", submissions, last_year)).same_units if last_year.before else 0
    of_unit, stored = (unit_id, basis), {"has_summaries": level != Level.COMMUNE}
    may_leave = level != Level.COMMUNE and len(read) > 1
    return _Seen(
        unit_id=unit_id,
        stretch=stretch,
        by_key=by_key,
        version=version,
        ancestors=around.ancestors,
        children=children,
        services=services,
        indicators=indicators,
        inexact={i.pk: i.code for i in catalogue if i.is_inexact},
        linked_ids=linked_ids,
        activation_ids=activation_ids,
        kept=kept,
        owed=owed,
        hand_ins=kept.of("hand-ins", missing_and_direct, unit_id, version.path, read),
        sums=sums_of("sums", stretch, total_now(owed).same_units, by_service),
        ranking=ranking,
        settings=ReportingSettings.load(),
        values=None if ranking.is_headline or not children else kept_values(kept, stretch, ranking),
        last_year=sums_of("sums last year", last_year, same_last_year, False) if same_last_year else None,
        left_behind=kept.of("left behind", left_behind.left_behind, stretch) if may_leave else [],
        trend_months=trend_months,
        months=kept.of(f"months {[p.pk for p in trend_periods]}", months_of_unit, *of_unit, trend_periods, **stored),
        stored=kept.of("indicators of the month", indicator_summaries, *of_unit, read[0])
        if children and len(read) == 1
        else ({}, None),
        has_heat=by_service and bool(children),
    )


# Add up --------------------------------------------------------------------------------------------------------------


@dataclass
class _Totals:
    services: dict[int, Dossiers]
    indicators: dict[int, Pair]
    headline: Dossiers | None  # of the services in the headline rates; None: all are in
    as_of: dt.datetime | None = None  # of the stored totals; None where they are made now


def _add_up_totals(seen: _Seen) -> _Totals:
    """A month of a unit with units below from the roll-up's summaries, all else from the reports."""
    stretch = seen.stretch
    headline = Dossiers() if stretch.left_out.in_any(stretch.now) else None
    if seen.children and len(stretch.now) == 1:
        month = stretch.now[0]
        services, made_at = seen.months.services.get(month.pk, {}), seen.months.made_at.get(month.pk)
        indicators, at = seen.stored
        as_of = max((moment for moment in (made_at, at) if moment), default=None)
        out = stretch.left_out.of(month)
        for pk, dossiers in services.items():
            if headline is not None and pk not in out:
                headline += dossiers
        return _Totals(services, indicators, headline, as_of)
    totals: dict[int, Dossiers] = {}
    for part in seen.sums.by_service:
        if part.side == NOW and part.service_id is not None:
            total = totals.setdefault(part.service_id, Dossiers())
            total += part.dossiers
            total.units -= part.counted_twice
            if headline is not None and part.headline is not None:
                headline += part.headline
    return _Totals(totals, indicator_totals(seen.sums.indicators), headline)


def _measures_of(totals: _Totals, seen: _Seen) -> Measures:
    measures = Measures(headline=totals.headline)
    for service_id, dossiers in totals.services.items():
        measures.dossiers += dossiers
        if service_id in seen.linked_ids and dossiers.received is not None:
            measures.linked = (measures.linked or 0) + dossiers.received
    for indicator_id in seen.activation_ids:
        measures.activation += totals.indicators.get(indicator_id, Pair())
    return measures


# Compare -------------------------------------------------------------------------------------------------------------


def _ranked_rows(seen: _Seen, direct: dict[int, LastReport]) -> list[UnitRow]:
    """The units below side by side, each with its rank now and in the months compared with."""

    def rows_of(side: str) -> list[UnitRow]:
        months, sums = seen.stretch.now, seen.sums
        days = months[0].data_to, months[-1].data_to
        parts = seen.owed, sums.by_child, sums.activation, seen.services, days
        return unit_rows(seen.unit_id, seen.version, seen.children, *parts, side=side)

    rows = rows_of(NOW)
    for row in rows:
        if has_no_units_below(row) and row.unit_id in direct:
            row.report, row.days_overdue = direct[row.unit_id].report, direct[row.unit_id].days_overdue
    give_ranks(rows, rows_of(BEFORE), seen.ranking, seen.settings.fewest_dossiers, seen.values)
    return rows


def indicator_summaries(unit_id: int, basis: str, period: Period) -> tuple[dict[int, Pair], dt.datetime | None]:
    stored, as_of = {}, None
    for row in IndicatorSummary.objects.filter(unit_id=unit_id, basis=basis, period=period):
        stored[row.indicator_id] = Pair(row.numerator, row.denominator, row.units_reported)
        as_of = max(as_of or row.computed_at, row.computed_at)
    return stored, as_of
