"""Services done wholly online, by lead agency, behind the value of DV01 that a unit's page or file shows."""

from collections.abc import Sequence

from django.db.models import OuterRef, Q, Subquery

from reporting.entry.live_services import AgencyCount, by_agency
from reporting.models import Basis, LiveService, Period, ServiceTerms
from reporting.models.reports import LIVE_INDICATOR

from .overview import Overview
from .places import COUNTED


def live_by_agency(seen: Overview) -> list[AgencyCount]:
    """How many the unit itself has done, for each lead agency of that month. One query where it has a value of DV01.

    From the unit's last list in the span and basis; nothing where the value shown is another, or was typed.
    """
    line = next((line for line in seen.indicators if line.indicator.code == LIVE_INDICATOR), None)
    if line is None or line.pair.numerator is None:
        return []
    rows = _last_list(seen.unit_id, seen.periods, seen.basis)
    if (sum(is_live for _, is_live in rows), len(rows)) != (line.pair.numerator, line.pair.denominator):
        return []
    return by_agency(rows)


def _last_list(unit_id: int, periods: Sequence[Period], basis: str) -> list[tuple[str, bool]]:
    """(lead agency on the month's last day, done) for each service within the unit's range."""
    day = OuterRef("report__period__data_to")
    terms = ServiceTerms.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), service=OuterRef("service"), valid_from__lte=day
    )
    found = LiveService.objects.filter(
        report__unit=unit_id, report__period__in=[p.pk for p in periods], report__status__in=COUNTED[Basis(basis)]
    ).annotate(agency=Subquery(terms.values("lead_agency")[:1]))
    rows = list(found.order_by("-report__period__data_to").values_list("report_id", "agency", "is_live"))
    return [(agency or "", is_live) for report_id, agency, is_live in rows if report_id == rows[0][0]]
