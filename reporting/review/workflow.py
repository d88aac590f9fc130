"""Step 3, submission and approval: the only file that changes a report's status or closes a month.

Every act locks the report, checks the person's right, the moment and the figures, changes the status, writes one
ReportEvent and marks the totals above it stale, in one transaction. What the moment forbids raises NotAllowed with a
sentence for the person: a message on pages, 409 in the API. A closed month refuses every change.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from reporting import periods, tasks
from reporting.entry.form import load_form
from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    FigureChange,
    IndicatorFigure,
    IndicatorTerms,
    Period,
    PeriodClosure,
    Report,
    ReportEvent,
    ServiceFigures,
    ServiceTerms,
    Status,
)
from reporting.rollup.rollup import mark_dirty
from reporting.templatetags.show import moment
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit, Branch, Role, User
from taskforces.scope import branches_entered_by, may_close_period, may_review, may_submit, postings

if TYPE_CHECKING:
    from reporting.entry.checks import Problem

Action = ReportEvent.Action
NEEDS_REASON = ", cần ghi lý do"  # how checks end the title of a doubtful point
DONE: dict[str, str] = {
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


# Marks of the branches -----------------------------------------------------------------------------------------------


@transaction.atomic
def mark_ready(*, report_id: int, branch: str, by: User) -> Report:
    """A branch says its part is complete: nothing missing, nothing wrong in its cells."""

    report = _locked(report_id)
    _require_editable(report)
    _require_may_mark(report, branch, by)
    blocking = [p for p in load_form(report).problems_of(branch) if p.severity != "soft"]
    if blocking:
        count = sum(len(p.cells) or 1 for p in blocking)
        raise Refused(f"Phần {_part(branch)} chưa xong: còn {count} ô thiếu hoặc sai.", blocking)
    if getattr(report, f"{branch}_ready_at") is None:
        _set_ready(report, branch, by)
        _log(report, Action.READY, by, reason=Branch(branch).label)
    return report


@transaction.atomic
def unmark_ready(*, report_id: int, branch: str, by: User) -> Report:
    """The branch works on its part again; also called when one of its cells is changed after the mark."""
    report = _locked(report_id)
    _require_editable(report)
    _require_may_mark(report, branch, by)
    if getattr(report, f"{branch}_ready_at") is not None:
        _set_ready(report, branch, None)
        _log(report, Action.NOT_READY, by, reason=Branch(branch).label)
    return report


def branches_owing(report: Report) -> list[str]:
    """The branches that own at least one cell the report owes, office first."""
    day = report.period.data_to
    found = set(ServiceTerms.objects.owed_by(report.level, day).values_list("service__reporter", flat=True))
    found |= set(IndicatorTerms.objects.owed_by(report.level, day).values_list("indicator__owner", flat=True))
    return [branch for branch in Branch.values if branch in found]


# Status --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def submit(*, report_id: int, by: User) -> ReportEvent:
    """Send the report: every owed cell filled, both parts ready, nothing wrong, every doubtful point explained.

    After the deadline it is accepted and marked late. Returns the event with the receipt's number and checksum.
    """
    from reporting.entry import saving

    report = _locked(report_id)
    reason = why_not_submit(report, by)
    if reason:
        raise NotAllowed(reason)
    form = saving.refresh_openings(report=report, by=by)
    if form.blocking:
        raise Refused(f"Chưa gửi được: {form.blocking_title}.", form.blocking)
    saving.freeze_register(form=form, by=by)
    soft = [p for p in form.problems if p.severity == "soft"]
    now = now_for(by)
    first_time = report.revision == 0
    _flag_next_month(report, first_time=first_time)
    report.status = Status.SUBMITTED
    report.revision += 1
    report.submitted_at, report.submitted_by = now, by
    report.approved_at = report.approved_by = None
    report.is_late = now > periods.due_at(report)
    report.soft_warnings = len(soft)
    report.prior_corrected = False
    report.save(
        update_fields=[
            *("status", "revision", "submitted_at", "submitted_by", "approved_at", "approved_by"),
            *("is_late", "soft_warnings", "prior_corrected"),
        ]
    )
    # What was doubtful and why stays with the sending, word for word, whatever the checks say later.
    reasons = {(e.check_code, e.cell): e.reason for e in form.explanations.values()}
    points = [point_as_sent(p, reasons[p.code, p.cell]) for p in soft]
    return _log(
        report,
        Action.SUBMIT,
        by,
        reason="\n".join(points),
        receipt=f"BC-{report.unit.code}-{report.period.key}-{report.revision}",
        checksum=checksum(report),
    )


@transaction.atomic
def approve(*, report_id: int, by: User) -> ReportEvent:
    """The reviewer accepts a sent report: it enters the official totals."""
    return _approve(_locked(report_id), by)


def approve_clean(*, report_ids: Iterable[int], by: User) -> tuple[list[Report], list[tuple[Report, str]]]:
    """Approve several reports that have nothing to look at; each is locked and checked on its own.

    Returns those approved, and those refused with the reason; one refusal does not stop the others.
    """
    approved: list[Report] = []
    refused: list[tuple[Report, str]] = []
    for report_id in sorted(set(report_ids)):
        try:
            with transaction.atomic():
                report = _locked(report_id)
                if report.status == Status.SUBMITTED and not is_clean(report):
                    raise NotAllowed("Báo cáo có điểm cần xem, mở ra để duyệt riêng.")
                _approve(report, by, drain=False)
                approved.append(report)
        except NotAllowed as error:
            refused.append((report, str(error)))
    if approved:
        tasks.drain_rollup_requests.delay_on_commit()
    return approved, refused


@transaction.atomic
def send_back(*, report_id: int, by: User, reason: str) -> ReportEvent:
    """The reviewer returns a sent report with a reason the unit reads word for word; its figures leave every total."""
    report = _locked(report_id)
    refusal = why_not_approve(report, by, own_is_fine=True)
    if refusal:
        raise NotAllowed(refusal)
    return _return(report, by, reason, Action.SEND_BACK)


@transaction.atomic
def reopen(*, report_id: int, by: User, reason: str) -> ReportEvent:
    """A reviewer reopens an approved report: its unit can change it, and it leaves the official totals at once."""
    report = _locked(report_id)
    refusal = why_not_reopen(report, by)
    if refusal:
        raise NotAllowed(refusal)
    return _return(report, by, reason, Action.REOPEN)


@transaction.atomic
def accept_prior(*, report_id: int, by: User) -> ReportEvent:
    """The officer or the reviewer has looked at the correction of the month before; the figures stay as they are."""
    report = _locked(report_id)
    if not (may_submit(by, report) or may_review(by, report)):
        raise NotAllowed("Chỉ đơn vị báo cáo hoặc người duyệt xác nhận được việc này.")
    require_open(report)
    if not report.prior_corrected:
        raise NotAllowed("Báo cáo này không còn chờ xem việc kỳ trước đã sửa.")
    report.prior_corrected = False
    report.save(update_fields=["prior_corrected"])
    return _log(report, Action.ACCEPT_PRIOR, by)


# Closing a month -----------------------------------------------------------------------------------------------------


@transaction.atomic
def close_period(*, period_id: int, province_id: int, by: User) -> PeriodClosure:
    """The province closes a month: from now on every change of its reports of that month is refused."""
    period, province = _period_and_province(period_id, province_id, by)
    # Whoever is changing a report holds its lock: wait for them, and let later ones see the closure.
    list(period.reports.under(province_id).select_for_update().order_by("pk").values_list("pk", flat=True))
    closure = _open_closure(period, [province_id])
    if closure is not None:
        raise NotAllowed(_closed_sentence(closure))
    return PeriodClosure.objects.create(period=period, province=province, closed_at=now_for(by), closed_by=by)


@transaction.atomic
def reopen_period(*, period_id: int, province_id: int, by: User, reason: str) -> PeriodClosure:
    """The province opens a closed month again, with a reason that is kept."""
    period, _ = _period_and_province(period_id, province_id, by)
    closures = PeriodClosure.objects.select_for_update().filter(period=period, province_id=province_id)
    closure = closures.filter(reopened_at__isnull=True).first()
    if closure is None:
        raise NotAllowed(f"Kỳ {period.label} đang mở, không cần mở khóa.")
    closure.reopen_reason = _reason(reason, "mở khóa")
    closure.reopened_at, closure.reopened_by = now_for(by), by
    closure.save(update_fields=["reopened_at", "reopened_by", "reopen_reason"])
    return closure


def is_closed(report: Report) -> bool:
    """Is the report's month closed by the province on its path?"""
    return _open_closure(report.period, _path_ids(report)) is not None


def closed_sentence(report: Report) -> str:
    """Who closed the report's month and when, '' while it is open."""
    closure = _open_closure(report.period, _path_ids(report))
    return "" if closure is None else _closed_sentence(closure)


def require_open(report: Report) -> None:
    """Raise NotAllowed, naming who closed the month and when."""
    sentence = closed_sentence(report)
    if sentence:
        raise NotAllowed(sentence)


# What buttons ask ----------------------------------------------------------------------------------------------------


def why_not_submit(report: Report, user: User) -> str:
    """Why this person cannot send the report now, '' when they can (the figures are checked when sending)."""
    if not may_submit(user, report):
        return "Chỉ cán bộ và lãnh đạo của đơn vị gửi được báo cáo này."
    if not report.is_editable:
        return _what_happened(report)
    closed = closed_sentence(report)
    if closed:
        return closed
    waiting = [b for b in branches_owing(report) if getattr(report, f"{b}_ready_at") is None]
    if waiting:
        return f"Chưa gửi được: {' và '.join(_part(b) for b in waiting)} chưa đánh dấu xong phần của mình."
    return ""


def why_not_approve(report: Report, user: User, *, own_is_fine: bool = False) -> str:
    """Why this person cannot approve the report now, '' when they can."""
    if not may_review(user, report):
        return "Bạn không phải người duyệt của đơn vị này."
    if report.status != Status.SUBMITTED:
        return _what_happened(report)
    if report.submitted_by_id == user.pk and not own_is_fine:
        return "Không ai được duyệt báo cáo do chính mình gửi."
    return closed_sentence(report)


def why_not_reopen(report: Report, user: User) -> str:
    """Why this person cannot reopen the approved report now, '' when they can."""
    if not may_review(user, report):
        return "Bạn không phải người duyệt của đơn vị này."
    if report.status != Status.APPROVED:
        return f"Chỉ mở lại được báo cáo đã duyệt. {_what_happened(report)}"
    return closed_sentence(report)


def is_clean(report: Report) -> bool:
    """Nothing for a reviewer to look at: no doubtful point, and the month before was not corrected since."""
    return report.soft_warnings == 0 and not report.prior_corrected


def checksum(report: Report) -> str:
    """SHA-256 over the stored figures, so a printed receipt can be compared with the database (see `checksum_of`)."""
    services = report.service_figures.select_related("service")
    return checksum_of(report, services, report.indicator_figures.select_related("indicator"))


def checksum_of(report: Report, services: Iterable[ServiceFigures], indicators: Iterable[IndicatorFigure]) -> str:
    """SHA-256 over the figures in canonical form: the same figures always give the same letters.

    UTF-8 lines joined by a line feed: first 'unit code|month', then 'cell=value' for every stored cell in
    alphabetical order of the cell ('DVC16.received_online=12'), nothing after '=' where nothing was reported.
    """
    cells: dict[str, int | None] = {}
    for row in services:
        for field in FIGURE_FIELDS:
            cells[f"{row.service.code}.{field}"] = getattr(row, field)
    for figure in indicators:
        cells[f"{figure.indicator.code}.numerator"] = figure.numerator
        cells[f"{figure.indicator.code}.denominator"] = figure.denominator
    lines = [f"{report.unit.code}|{report.period.key}"]
    lines += [f"{cell}={'' if value is None else value}" for cell, value in sorted(cells.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def point_as_sent(problem: "Problem", reason: str) -> str:
    """One doubtful point with its typed reason, as kept with the sending."""
    return f"{problem.title.removesuffix(NEEDS_REASON)}. Giải thích: “{reason}”"


# Inside --------------------------------------------------------------------------------------------------------------


def _locked(report_id: int) -> Report:
    """The report, locked until the transaction ends: of two people acting at once, the second sees the first's act."""
    reports = Report.objects.select_for_update(of=("self",)).select_related("unit", "period")
    return reports.get(pk=report_id)


def _approve(report: Report, by: User, *, drain: bool = True) -> ReportEvent:
    reason = why_not_approve(report, by)
    if reason:
        raise NotAllowed(reason)
    report.status = Status.APPROVED
    report.approved_at, report.approved_by = now_for(by), by
    report.save(update_fields=["status", "approved_at", "approved_by"])
    return _log(report, Action.APPROVE, by, drain=drain)


def _return(report: Report, by: User, reason: str, action: ReportEvent.Action) -> ReportEvent:
    reason = _reason(reason, DONE[action])
    report.status = Status.RETURNED
    report.approved_at = report.approved_by = None
    report.save(update_fields=["status", "approved_at", "approved_by"])
    return _log(report, action, by, reason=reason)


def _log(
    report: Report,
    action: ReportEvent.Action,
    by: User,
    *,
    reason: str = "",
    receipt: str = "",
    checksum: str = "",
    drain: bool = True,
) -> ReportEvent:
    """The event of an act; acts that change the status also mark the totals above and wake the worker."""
    event = ReportEvent.objects.create(
        report=report,
        action=action,
        by=by,
        at=now_for(by),
        reason=reason,
        revision=report.revision,
        receipt=receipt,
        checksum=checksum,
    )
    if action in DONE:
        mark_dirty(report)
        if drain:
            tasks.drain_rollup_requests.delay_on_commit()
    return event


def _require_editable(report: Report) -> None:
    if not report.is_editable:
        raise NotAllowed(_what_happened(report))
    require_open(report)


def _require_may_mark(report: Report, branch: str, by: User) -> None:
    """Officers mark their own branch; the unit's leader may mark either."""
    leads = any(p.role == Role.LEADER and p.unit_id == report.unit_id for p in postings(by))
    if branch not in branches_entered_by(by, report) and not (leads and may_submit(by, report)):
        raise NotAllowed(f"Chỉ cán bộ {_part(branch)} hoặc lãnh đạo đơn vị đánh dấu được phần này.")


def _set_ready(report: Report, branch: str, by: User | None) -> None:
    setattr(report, f"{branch}_ready_at", now_for(by) if by else None)
    setattr(report, f"{branch}_ready_by", by)
    report.save(update_fields=[f"{branch}_ready_at", f"{branch}_ready_by"])


def _flag_next_month(report: Report, *, first_time: bool) -> None:
    """Where the closing now sent differs from the opening the next month already sent, that report is flagged.

    Nothing is rewritten. Only services changed since the last sending count, so a difference somebody has already
    accepted does not come back.
    """
    following = periods.next_period(report.period)
    sent = {Status.SUBMITTED, Status.APPROVED}
    if following is None:
        return
    later = Report.objects.filter(unit_id=report.unit_id, period=following, status__in=sent).first()
    if later is None:
        return
    changed = None
    if not first_time:
        last_sent = report.events.filter(action=Action.SUBMIT).order_by("-revision").first()
        since = FigureChange.objects.filter(report=report)
        if last_sent is not None:
            since = since.filter(at__gte=last_sent.at)
        changed = {cell.split(".")[0] for cell in since.values_list("cell", flat=True)}
    openings = dict(later.service_figures.values_list("service_id", "opening"))
    for row in ServiceFigures.objects.filter(report=report).select_related("service"):
        if changed is not None and row.service.code not in changed:
            continue
        if row.pending_in_time is None or row.pending_overdue is None or row.service_id not in openings:
            continue
        if openings[row.service_id] != row.pending_in_time + row.pending_overdue:
            Report.objects.filter(pk=later.pk).update(prior_corrected=True)
            return


def _period_and_province(period_id: int, province_id: int, by: User) -> tuple[Period, AdministrativeUnit]:
    province = AdministrativeUnit.objects.get(pk=province_id)
    if not may_close_period(by, province):
        raise NotAllowed("Chỉ Tổ giúp việc cấp tỉnh khóa và mở khóa kỳ của tỉnh mình.")
    return Period.objects.get(pk=period_id), province


def _path_ids(report: Report) -> list[int]:
    return [int(part) for part in report.path.strip("/").split("/")]


def _open_closure(period: Period, unit_ids: list[int]) -> PeriodClosure | None:
    closures = PeriodClosure.objects.filter(period=period, province_id__in=unit_ids, reopened_at__isnull=True)
    return closures.select_related("closed_by", "period").first()


def _closed_sentence(closure: PeriodClosure) -> str:
    return (
        f"Kỳ {closure.period.label} đã khóa ({closure.closed_by} khóa lúc {moment(closure.closed_at)}). "
        "Muốn sửa, Tổ giúp việc cấp tỉnh phải mở khóa và ghi lý do."
    )


def _what_happened(report: Report) -> str:
    """Who brought the report into its present status, and when: 'Trần Quốc Bảo đã duyệt lúc 09:15 ngày …'."""
    event = report.events.filter(action__in=DONE).select_related("by").order_by("-at", "-pk").first()
    if event is None:
        return "Báo cáo này chưa gửi."
    return f"{event.by} đã {DONE[event.action]} báo cáo này lúc {moment(event.at)}."


def _part(branch: str) -> str:
    return "Công an" if branch == Branch.POLICE else "Văn phòng"


def _reason(text: str, act: str) -> str:
    text = text.strip()
    if not text:
        raise NotAllowed(f"Phải ghi lý do {act}.")
    return text
