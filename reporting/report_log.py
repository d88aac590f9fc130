"""The lock and the log of a report: whoever acts on it holds the lock, and every act leaves one ReportEvent.

What the moment forbids raises NotAllowed with a sentence for the person: a message on pages, 409 in the API.
"""

from typing import TYPE_CHECKING

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_number
from taskforces.clock import now_for
from taskforces.models import User

from .models import Report, ReportEvent

if TYPE_CHECKING:
    from reporting.entry.checks import Problem

Action = ReportEvent.Action
LONGEST_REASON = 1000  # letters of a reason typed for any act or explanation
DONE: dict[str, str] = {  # acts that change the status, as said of the person who did them
    Action.SUBMIT: "gửi",
    Action.APPROVE: "duyệt",
    Action.SEND_BACK: "trả lại",
    Action.REOPEN: "mở lại",
}


class NotAllowed(Exception):
    """The act is not possible now; the message is for the person who tried."""


class Refused(NotAllowed):
    """The figures are not ready: `problems` names the cells."""

    def __init__(self, message: str, problems: "list[Problem]"):
        super().__init__(message)
        self.problems = problems


def locked(report_id: int) -> Report:
    """The report, locked until the transaction ends: of two people acting at once, the second sees the first's act."""
    reports = Report.objects.select_for_update(of=("self",)).select_related("unit", "period")
    return reports.get(pk=report_id)


def log(
    report: Report,
    action: ReportEvent.Action,
    by: User,
    *,
    reason: str = "",
    receipt: str = "",
    checksum: str = "",
) -> ReportEvent:
    """Writes the event of an act; call it in the transaction of the act."""
    return ReportEvent.objects.create(
        report=report,
        action=action,
        by=by,
        at=now_for(by),
        reason=reason,
        revision=report.revision,
        receipt=receipt,
        checksum=checksum,
    )


def what_happened(report: Report) -> str:
    """Who brought the report into its present status, and when: 'Trần Quốc Bảo đã duyệt lúc 09:15 ngày …'."""
    event = report.events.filter(action__in=DONE).select_related("by").order_by("-pk").first()
    if event is None:
        return "Báo cáo này chưa gửi."
    return f"{event.by} đã {DONE[event.action]} báo cáo này lúc {moment(event.at)}."


def require_short(reason: str) -> None:
    """A reason is a few sentences, not a book."""
    if len(reason) > LONGEST_REASON:
        raise NotAllowed(
            f"Lý do dài nhất {format_number(LONGEST_REASON)} ký tự. Bạn đã nhập {format_number(len(reason))} ký tự."
        )


def reason_given(text: str, act: str) -> str:
    """The typed reason without blanks around it; an act that needs one is refused without it."""
    text = text.strip()
    if not text:
        raise NotAllowed(f"Phải ghi lý do {act}.")
    require_short(text)
    return text
