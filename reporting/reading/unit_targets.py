"""One unit's targets of a year with what is reached of each so far: what its page and the API say."""

import datetime as dt
from collections.abc import Sequence

from reporting.models import Period, ReportingSettings, Target
from taskforces.models import AdministrativeUnit, Level

from .against_targets import Reached, in_order, reached_by_unit
from .seen import begun_periods, periods_of_unit


def targets_of_year(user, unit: AdministrativeUnit, year: int) -> list[Target]:
    """All of a unit's targets of a year and its months that the person may see, in the order of the catalogue."""
    rows = Target.objects.visible_to(user).filter(unit=unit, year=year).select_related("unit", "indicator", "service")
    return sorted(rows, key=in_order)


def reached_so_far(
    unit: AdministrativeUnit, today: dt.date, targets: Sequence[Target]
) -> tuple[dict[int, Reached], list[Period]]:
    """Targets in force of one year by their pk, and the unit's months of that year begun; one that ended is read up to
    its last month."""
    in_force = [t for t in targets if t.value is not None]
    versions = list(unit.versions.order_by("valid_from"))
    periods = periods_of_unit(versions, begun_periods(today))
    year = targets[0].year if targets else today.year
    found = reached_by_unit(
        unit.pk,
        in_force,
        [p for p in periods if p.year <= year],
        has_summaries=unit.level != Level.COMMUNE,
        pace_months=ReportingSettings.load().pace_months,
    )
    return found, [p for p in periods if p.year == year]
