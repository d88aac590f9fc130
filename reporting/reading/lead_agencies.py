"""Services done wholly online, by lead agency, behind the value of DV01 that a unit's page or file shows."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from reporting.entry.live_services import AgencyCount, by_agency
from reporting.models import Basis, LiveService, Period, Report, ServiceTerms
from reporting.models.reports import LIVE_INDICATOR

from .overview import Overview
from .places import COUNTED


@dataclass(frozen=True)
class Tick:
    """One service within the unit's range in one report."""

    service_id: int
    agency: str  # that led it on the month's last day; '' where the catalogue names none
    is_live: bool


def live_by_agency(seen: Overview) -> list[AgencyCount]:
    """How many the unit itself has done, for each lead agency of that month. One query where it has a value of DV01.

    From the unit's last list in the span and basis; nothing where the value shown is another, or was typed.
    """
    line = next((line for line in seen.indicators if line.indicator.code == LIVE_INDICATOR), None)
    if line is None or line.pair.numerator is None:
        return []
    ticks = last_lists([seen.unit_id], seen.periods, seen.basis).get(seen.unit_id, [])
    if (sum(tick.is_live for tick in ticks), len(ticks)) != (line.pair.numerator, line.pair.denominator):
        return []
    return counted(ticks)


def counted(ticks: Iterable[Tick]) -> list[AgencyCount]:
    return by_agency((tick.agency, tick.is_live) for tick in ticks)


def last_lists(unit_ids: Collection[int], periods: Sequence[Period], basis: str) -> dict[int, list[Tick]]:
    """Each unit's own list behind its last value of DV01 in the months; a unit that typed that value has none. One
    query. Lists of several units are never added: each counts its own range."""
    valued = Report.objects.filter(
        unit=OuterRef("report__unit"),
        period__in=[p.pk for p in periods],
        status__in=COUNTED[Basis(basis)],
        indicator_figures__indicator__code=LIVE_INDICATOR,
        indicator_figures__numerator__isnull=False,
    )
    last = Subquery(valued.order_by("-period__data_to").values("pk")[:1])
    found: dict[int, list[Tick]] = {}
    for unit_id, tick in _ticks(LiveService.objects.filter(report__unit__in=unit_ids, report=last), "report__unit"):
        found.setdefault(unit_id, []).append(tick)
    return found


def lists_of(report_ids: Collection[int]) -> dict[int, list[Tick]]:
    """The list that each report keeps, in the order of the catalogue; one query."""
    found: dict[int, list[Tick]] = {}
    for report_id, tick in _ticks(LiveService.objects.filter(report__in=report_ids), "report"):
        found.setdefault(report_id, []).append(tick)
    return found


def _ticks(rows: QuerySet[LiveService], of: str) -> Iterator[tuple[int, Tick]]:
    day = OuterRef("report__period__data_to")
    terms = ServiceTerms.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), service=OuterRef("service"), valid_from__lte=day
    )
    rows = rows.annotate(agency=Subquery(terms.values("lead_agency")[:1])).order_by("service__order", "service__code")
    for key, service_id, agency, is_live in rows.values_list(of, "service_id", "agency", "is_live"):
        yield key, Tick(service_id, agency or "", is_live)
