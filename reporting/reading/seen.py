"""What the database says of a unit and a span, each thing read once, before anything is added up (see overview.py)."""

import datetime as dt
from dataclasses import dataclass

from de_an_06.plain.spans import Span
from reporting.headline import read_services
from reporting.models import Indicator, IndicatorSummary, Period, PublicService, ReportingSettings
from reporting.rollup import generation
from taskforces.models import Level, UnitVersion
from taskforces.units.tree import version_of_day

from . import joined as joining
from . import left_behind
from .compared import Sums, compared_months, year_ago
from .family import family
from .joined import Joined
from .kept import Kept, asked
from .owed import OwedReport, Submissions, missing_and_direct, submissions, total_now
from .places import Stretch
from .qualifiers import with_words
from .ranges import Pair, ServiceSum, indicator_sums, service_sums
from .ranking import Ranking, SideValues, kept_values, ranking_of
from .trend import Months, months_of_unit, trend_months
from .units_below import ACTIVATION, LINKED_SERVICES

HEAT_UNITS = 60  # more units below than this: their services are not read, the page shows the worst units alone


class NoFigures(Exception):
    """The unit has no month in this span: it did not exist then, or no month of it has begun."""


def begun_periods(today: dt.date) -> list[Period]:
    """Every period whose first day has come, oldest first; one query. A month not begun has no value."""
    return list(Period.objects.filter(data_from__lte=today).order_by("year", "month"))


def periods_of_unit(versions: list[UnitVersion], periods: list[Period]) -> list[Period]:
    """The periods on whose last day the unit existed."""
    return [p for p in periods if version_of_day(versions, p.data_to)]


@dataclass
class Seen:
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
    months: Months
    stored: tuple[dict[int, Pair], dt.datetime | None]  # a month's stored indicators, of a unit with units below
    has_heat: bool
    boundaries_changed: bool
    joined: Joined | None

    @property
    def day(self) -> dt.date:
        return self.stretch.now[-1].data_to

    @property
    def is_stale(self) -> bool:
        """Do the totals of the months read miss a change that is already saved?"""
        months = [p.pk for p in self.stretch.now]
        joined = (generation.is_stale(pk, months) for pk in self.stretch.joined)
        return bool(self.children) and (self.kept.standing.is_stale or any(joined))

    @property
    def submissions(self) -> Submissions:
        return total_now(self.owed)

    @property
    def own_ids(self) -> set[int]:
        return {pk for pk, i in self.indicators.items() if i.is_own}


def read_all(
    unit_id: int,
    span: Span,
    basis: str,
    versions: list[UnitVersion],
    periods: list[Period],
    today: dt.date,
    ranked_by: str,
    is_joined: bool,
) -> Seen:
    by_key = {p.key: p for p in periods_of_unit(versions, periods)}
    read = [by_key[m.key] for m in span.months if m.key in by_key]
    if not read:
        raise NoFigures
    day, since = read[-1].data_to, joining.first_day(span, periods)
    around = family(unit_id, versions, day, joining.changes(unit_id, day, since))  # it lives at the end of each period
    version, children = around.version, around.children
    changed = around.is_changed and version.unit.level != Level.NATION
    joined = joining.join(version, day, since) if changed and is_joined else None
    if joined:
        by_key = {p.key: p for p in periods if joined.existed_on(p.data_to)}
        read = joined.months(span, periods)
    back = year_ago(span)
    services, left_out = read_services()
    stretch = Stretch(unit_id, basis, read, compared_months(span, span.previous(), read, by_key, today), left_out)
    back_months = compared_months(span, back, read, by_key, today) if back else []
    last_year = Stretch(unit_id, basis, read, back_months, left_out)
    if joined:
        stretch, last_year = joining.stretched(joined, stretch), joining.stretched(joined, last_year)
    catalogue = list(with_words(stretch.roots, read, basis))
    indicators = {i.pk: i for i in catalogue}
    ranking = ranking_of(ranked_by, services, indicators)
    linked_ids = [pk for pk, s in services.items() if s.code in LINKED_SERVICES]
    activation_ids = [pk for pk, i in indicators.items() if i.code == ACTIVATION]
    level = version.unit.level
    by_service = len(children) <= HEAT_UNITS and joined is None
    trend_periods = [by_key[m.key] for m in trend_months(span) if m.key in by_key]

    question = asked(stretch, catalogue, asked(last_year, []), linked_ids, activation_ids, by_service)
    kept = Kept(unit_id, question, read, joined=joined is not None)

    def sums_of(name: str, stretch: Stretch, same_units: int, split: bool) -> Sums:
        def services(what: str, **how) -> list[ServiceSum]:
            return kept.of(f"{name}: {what}", service_sums, stretch, **how)

        by_unit = joined is not None
        by_child = services("services by unit", by_child=True, by_service=split, linked_ids=linked_ids, by_unit=by_unit)
        by_service = by_child if split else services("services", by_child=False, by_service=True)
        activation = kept.of(f"{name}: activation", indicator_sums, stretch, activation_ids, by_unit=by_unit)
        if joined:
            own_ids = {pk for pk, i in indicators.items() if i.is_own}
            by_child = joining.in_rows(joined, by_child)
            activation = joining.pairs_in_rows(joined, activation, own_ids)
        all_indicators = kept.of(f"{name}: indicators", indicator_sums, stretch, by_child=False)
        return Sums(stretch, same_units, by_child, by_service, activation, all_indicators)

    def owed_in(name: str, stretch: Stretch) -> dict[tuple[str, int | None], Submissions]:
        if joined is None:
            return kept.of(name, submissions, stretch)
        return joining.owed_in_rows(joined, stretch, submissions(stretch, by_unit=True))

    owed = owed_in("owed", stretch)
    same_last_year = total_now(owed_in("owed last year", last_year)).same_units if last_year.before else 0
    drawn, stored = (stretch.roots, basis), {"has_summaries": level != Level.COMMUNE}
    may_leave = level != Level.COMMUNE and len(read) > 1
    return Seen(
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
        hand_ins=kept.of("hand-ins", missing_and_direct, stretch.roots, version.path, read),
        sums=sums_of("sums", stretch, total_now(owed).same_units, by_service),
        ranking=ranking,
        settings=ReportingSettings.load(),
        values=None if ranking.is_headline or not children or joined else kept_values(kept, stretch, ranking),
        last_year=sums_of("sums last year", last_year, same_last_year, False) if same_last_year else None,
        left_behind=kept.of("left behind", left_behind.left_behind, stretch) if may_leave else [],
        months=kept.of(f"months {[p.pk for p in trend_periods]}", months_of_unit, *drawn, trend_periods, **stored),
        stored=kept.of("indicators of the month", indicator_summaries, unit_id, basis, read[0])
        if children and len(read) == 1
        else ({}, None),
        has_heat=by_service and bool(children),
        boundaries_changed=changed,
        joined=joined,
    )


def indicator_summaries(unit_id: int, basis: str, period: Period) -> tuple[dict[int, Pair], dt.datetime | None]:
    stored, as_of = {}, None
    for row in IndicatorSummary.objects.filter(unit_id=unit_id, basis=basis, period=period):
        stored[row.indicator_id] = Pair(row.numerator, row.denominator, row.units_reported)
        as_of = max(as_of or row.computed_at, row.computed_at)
    return stored, as_of
