"""Lists of services done wholly online in the demonstration's last two months: they add up to its invented DV01."""

from de_an_06.plain.spans import Month
from reporting.models import IndicatorFigure, LiveService, ServiceTerms, Status
from reporting.models.reports import LIVE_INDICATOR


def load_live_services(months: list[Month], province_id: int) -> None:
    """Of every sent report, in the order of the catalogue; months before keep what was typed or published."""
    rows = []
    for month in months:
        figures = IndicatorFigure.objects.filter(
            indicator__code=LIVE_INDICATOR,
            report__period__year=month.year,
            report__period__month=month.month,
            report__path__contains=f"/{province_id}/",
            report__status__in=[Status.SUBMITTED, Status.APPROVED],
        ).select_related("report__period")
        handled: dict[str, list[int]] = {}
        for figure in figures:
            report, live, within = figure.report, figure.numerator, figure.denominator
            if report.level not in handled:
                terms = ServiceTerms.objects.owed_by(report.level, report.period.data_to)
                handled[report.level] = list(terms.order_by("service__order").values_list("service_id", flat=True))
            services = handled[report.level][:within]
            assert live is not None
            assert within == len(services)
            rows += [LiveService(report=report, service_id=pk, is_live=n < live) for n, pk in enumerate(services)]
    LiveService.objects.bulk_create(rows, batch_size=2000)
