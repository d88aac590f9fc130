"""Which months hold something of a unit: those the chooser of a page offers."""

from collections.abc import Sequence

from django.db.models import Case, IntegerField, Value, When

from reporting.models import Basis, Period, Report, SubmissionSummary
from taskforces.models import Level

from .places import COUNTED


def reports_in_months(unit_id: int, level: str, basis: str, periods: Sequence[Period]) -> dict[int, int]:
    """Period -> reports in the figures, of the months in which the unit or one below it owes a report.

    One query; a second one for months not rolled up, which say only that reports are owed, and count as 0.
    """
    if level == Level.COMMUNE:
        counted = Case(When(status__in=COUNTED[Basis(basis)], then=Value(1)), default=0, output_field=IntegerField())
        own = Report.objects.filter(unit_id=unit_id, period__in=periods).annotate(counted=counted)
        return dict(own.values_list("period_id", "counted"))
    field = "approved" if basis == Basis.OFFICIAL else "submitted"
    stored = SubmissionSummary.objects.filter(unit_id=unit_id, period__in=periods, expected__gt=0)
    found = dict(stored.values_list("period_id", field))
    others = [period.pk for period in periods if period.pk not in found]
    if others:
        owed = Report.objects.under(unit_id).filter(period__in=others)
        found |= dict.fromkeys(owed.order_by().values_list("period_id", flat=True).distinct(), 0)
    return found
