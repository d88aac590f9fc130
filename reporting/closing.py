"""Whether a report may be changed now, and the closing of a month by its province (docs/decisions/0003).

A closed month refuses every change of its reports; opening it again needs a reason that is kept. A report that stands
nowhere (0010) is not owed and refuses every change too, until its unit is there again.
"""

from collections.abc import Iterable

from django.db import transaction

from de_an_06.plain.moments import moment
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit, User
from taskforces.models.units import path_ids
from taskforces.scope import may_close_period

from .models import Period, PeriodClosure, Report, Status
from .report_log import NotAllowed, reason_given, what_happened

# what was done with the report, and what the reviewer must do before it can be changed
LOCKED_BY = {Status.SUBMITTED: ("gửi", "trả lại"), Status.APPROVED: ("duyệt", "mở lại")}


@transaction.atomic
def close_period(*, period_id: int, province_id: int, by: User) -> PeriodClosure:
    """The province closes a month: from now on every change of its reports of that month is refused."""
    period, province = _period_and_province(period_id, province_id, by)
    # Whoever is changing a report holds its lock: wait for them, and let later ones see the closure.
    list(period.reports.under(province_id).select_for_update().order_by("pk").values_list("pk", flat=True))
    closure = open_closure(period, [province_id])
    if closure is not None:
        raise NotAllowed(_sentence(closure))
    return PeriodClosure.objects.create(period=period, province=province, closed_at=now_for(by), closed_by=by)


@transaction.atomic
def reopen_period(*, period_id: int, province_id: int, by: User, reason: str) -> PeriodClosure:
    """The province opens a closed month again, with a reason that is kept."""
    period, _ = _period_and_province(period_id, province_id, by)
    closures = PeriodClosure.objects.select_for_update().filter(period=period, province_id=province_id)
    closure = closures.filter(reopened_at__isnull=True).first()
    if closure is None:
        raise NotAllowed(f"Kỳ {period.label} đang mở, không cần mở khóa.")
    closure.reopen_reason = reason_given(reason, "mở khóa")
    closure.reopened_at, closure.reopened_by = now_for(by), by
    closure.save(update_fields=["reopened_at", "reopened_by", "reopen_reason"])
    return closure


def open_closure(period: Period, unit_ids: Iterable[int]) -> PeriodClosure | None:
    """The closure in force of this month by one of these units; None while it is open."""
    closures = PeriodClosure.objects.filter(period=period, province_id__in=unit_ids, reopened_at__isnull=True)
    return closures.select_related("closed_by", "period").first()


def closures_of(period: Period, province_id: int) -> list[PeriodClosure]:
    """Every closing of this month by the province, the newest first, with who closed and opened."""
    closures = PeriodClosure.objects.filter(period=period, province_id=province_id)
    return list(closures.select_related("closed_by", "reopened_by").order_by("-closed_at"))


def is_closed(report: Report) -> bool:
    """Is the report closed to every change: by the province on its path, or because it stands nowhere?"""
    known = getattr(report, "month_closed", None)  # pages read it in the same query as the report
    return report.stands_nowhere or (bool(_closure(report)) if known is None else known)


def closed_sentence(report: Report) -> str:
    """Why it is closed (`is_closed`): who closed its month and when, or that nobody owes it; '' while it is open."""
    if report.stands_nowhere:
        return (
            f"Đơn vị không có trong danh mục vào ngày chốt số liệu {report.period.data_to:%d/%m/%Y} nên không phải nộp "
            f"báo cáo {report.period.label}. Số đã nhập được giữ nguyên và không cộng vào tổng nào."
        )
    closure = _closure(report)
    return "" if closure is None else _sentence(closure)


def require_open(report: Report) -> None:
    """Raise NotAllowed with why the report is closed."""
    sentence = closed_sentence(report)
    if sentence:
        raise NotAllowed(sentence)


def require_editable(report: Report) -> None:
    """Raise NotAllowed where the figures are locked: sent, approved, or closed."""
    if not report.is_editable:
        done, ask_for = LOCKED_BY[Status(report.status)]
        locked = f"Báo cáo đã {done} nên số liệu đã khóa. Muốn sửa, đề nghị người duyệt {ask_for}."
        raise NotAllowed(f"{locked} {what_happened(report)}")
    require_open(report)


def _closure(report: Report) -> PeriodClosure | None:
    return open_closure(report.period, path_ids(report.path))


def _period_and_province(period_id: int, province_id: int, by: User) -> tuple[Period, AdministrativeUnit]:
    province = AdministrativeUnit.objects.get(pk=province_id)
    if not may_close_period(by, province):
        raise NotAllowed("Chỉ Tổ giúp việc cấp tỉnh khóa và mở khóa kỳ của tỉnh mình.")
    return Period.objects.get(pk=period_id), province


def _sentence(closure: PeriodClosure) -> str:
    return (
        f"Kỳ {closure.period.label} đã khóa ({closure.closed_by} khóa lúc {moment(closure.closed_at)}). "
        "Muốn sửa, Tổ giúp việc cấp tỉnh phải mở khóa và ghi lý do."
    )
