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

from de_an_06.plain.spans import Span
from reporting.headline import LeftOut
from reporting.lateness import Deadlines, deadlines_of
from reporting.models import Basis, Indicator, Period, PublicService, ReportingSettings
from reporting.rollup import rollup
from reporting.rollup.audit import latest_alarm
from taskforces.clock import now_for
from taskforces.models import UnitVersion

from . import joined as joining
from .compared import Comparison, compare, months_of
from .finding_rows import months_back
from .hand_ins import LastReport, MissingReport, hand_ins
from .joined import Joined
from .kept import Kept
from .notices import notices
from .owed import OwedReport, Submissions
from .places import BEFORE, NOW
from .qualifiers import EXACT, Said, said_of
from .ranges import Dossiers, Pair, indicator_totals
from .ranking import DEFAULT_RANKING, Ranking, give_ranks
from .seen import NoFigures, Seen, begun_periods, periods_of_unit, read_all
from .trend import TrendPoint, trend, trend_months
from .units_below import ACTIVATION, REST, Measures, UnitRow, has_no_units_below, unit_rows

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
    boundaries_changed: bool = False  # in the months read, compared with or drawn: both boundaries can be asked for
    joined: Joined | None = None  # read by the boundaries of `day`; None: each month by its own

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


def overview(
    unit_id: int,
    span: Span,
    basis: str = Basis.PROVISIONAL,
    *,
    now: dt.datetime | None = None,
    ranked_by: str = DEFAULT_RANKING,
    versions: list[UnitVersion] | None = None,
    periods: list[Period] | None = None,
    is_joined: bool = False,
) -> Overview:
    """What a unit and everything under it reported in a span. Raises NoFigures, UnknownRanking; asks nobody's rights.

    `is_joined`: by the boundaries of the last day, with the figures of whole predecessors (joined.py); then nothing is
    ranked. Where no boundary changed it says nothing else.

    `now` decides which months have begun and what is overdue; `versions` (of the unit) and `periods` (begun) may be
    passed by a page that has read them already.
    """
    now = now or now_for()
    today = timezone.localtime(now).date()
    if periods is None:
        periods = begun_periods(today)
    if versions is None:
        versions = list(UnitVersion.objects.filter(unit_id=unit_id))
    seen = read_all(unit_id, span, basis, versions, periods, today, ranked_by, is_joined)
    totals = _add_up_totals(seen)
    read, version = seen.stretch.now, seen.version
    deadlines = deadlines_of([*read, *filter(None, months_back(read[-1], periods, seen.settings.late_months))])
    missing, direct = hand_ins(seen.hand_ins, read, deadlines, now)
    rows = _ranked_rows(seen, direct)
    said = said_of(unit_id, read, basis, seen.inexact, seen.joined)
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
        trend=joining.mark(
            seen.joined, trend(basis, trend_months(span), seen.by_key, seen.months, seen.stretch.left_out), periods
        ),
        notices=notices(span, read, periods, version, seen.submissions, seen.left_behind, today)
        + ([joining.words(seen.joined)] if seen.joined else []),
        problems=rollup.latest_problems(unit_id, [p.pk for p in read]) if seen.children else [],
        has_heat=seen.has_heat,
        ranking=seen.ranking,
        settings=seen.settings,
        left_out=seen.stretch.left_out,
        own_report=direct[unit_id].report if unit_id in direct else None,
        as_of=min(totals.as_of or now, now),  # a demonstration's people live before its totals were made
        is_stale=seen.is_stale,
        alarm=latest_alarm([p.pk for p in read]) if seen.children else None,
        kept=seen.kept,
        deadlines=deadlines,
        boundaries_changed=seen.boundaries_changed,
        joined=seen.joined,
    )


# Add up --------------------------------------------------------------------------------------------------------------


@dataclass
class _Totals:
    services: dict[int, Dossiers]
    indicators: dict[int, Pair]
    headline: Dossiers | None  # of the services in the headline rates; None: all are in
    as_of: dt.datetime | None = None  # of the stored totals; None where they are made now


def _add_up_totals(seen: Seen) -> _Totals:
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


def _measures_of(totals: _Totals, seen: Seen) -> Measures:
    measures = Measures(headline=totals.headline)
    for service_id, dossiers in totals.services.items():
        measures.dossiers += dossiers
        if service_id in seen.linked_ids and dossiers.received is not None:
            measures.linked = (measures.linked or 0) + dossiers.received
    for indicator_id in seen.activation_ids:
        measures.activation += totals.indicators.get(indicator_id, Pair())
    return measures


# Compare -------------------------------------------------------------------------------------------------------------


def _ranked_rows(seen: Seen, direct: dict[int, LastReport]) -> list[UnitRow]:
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
    if seen.joined:
        broken = seen.joined.not_comparable()
        for row in rows:
            row.is_comparable = row.unit_id not in broken and row.unit_id != REST
        return rows
    give_ranks(rows, rows_of(BEFORE), seen.ranking, seen.settings.fewest_dossiers, seen.values)
    return rows
