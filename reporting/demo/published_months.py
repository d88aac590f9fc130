"""Months that the demonstration's province has published, one of them twice, and a correction that waits."""

from de_an_06.plain.spans import Month
from reporting.models import Period, Report, ServiceFigures
from reporting.review import corrections, publishing
from taskforces.models import AdministrativeUnit, User

PUBLISHED_MONTHS = (Month(2026, 7), Month(2026, 8), Month(2026, 9))
PUNCTUAL = "25217"  # Phường Phước Long, whose September is corrected


def load_published_months(province: AdministrativeUnit, logins: dict[str, User]) -> None:
    """Closes the months, corrects a cell of September and asks for one of August."""
    officer, reviewer, staff = logins["vanphong.phuoclong"], logins["duyet.dongnai"], logins["tonghop.dongnai"]
    for month in PUBLISHED_MONTHS:
        period = Period.objects.get(year=month.year, month=month.month)
        publishing.close_month(period_id=period.pk, province_id=province.pk, by=staff)
    asked = [
        corrections.ask(report_id=_report(month).pk, by=officer, cells=_two_more(_report(month)), reason=reason)
        for month, reason in (
            (Month(2026, 9), "Sót 2 hồ sơ nộp trực tuyến ngày 30/9, đã đối chiếu với Cổng Dịch vụ công."),
            (Month(2026, 8), "Sót 2 hồ sơ nộp trực tuyến ngày 31/8."),
        )
    ]
    corrections.accept(correction_id=asked[0].pk, by=reviewer)


def _report(month: Month) -> Report:
    return Report.objects.get(unit__code=PUNCTUAL, period__year=month.year, period__month=month.month)


def _two_more(report: Report) -> dict[str, str]:
    """Two dossiers more of the service with most: received online and resolved on time."""
    row = ServiceFigures.objects.filter(report=report).select_related("service").latest("received_online")
    code = row.service.code
    return {
        f"{code}.received_online": str((row.received_online or 0) + 2),
        f"{code}.resolved_on_time": str((row.resolved_on_time or 0) + 2),
    }
