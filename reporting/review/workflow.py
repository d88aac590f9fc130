"""Step 3, submission and approval: the only file that changes a report's status.

Every act locks the report, checks the person's right, the moment and the figures, changes the status, writes one
ReportEvent and marks the totals above it stale, in one transaction. What the moment forbids raises NotAllowed with a
sentence for the person: a message on pages, 409 in the API.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

from django.db import transaction

from reporting import occasions, periods
from reporting.closing import closed_sentence, require_open
from reporting.entry import saving
from reporting.entry.checks import SOFT, Problem
from reporting.entry.form import part_name
from reporting.entry.ready import give_mark, may_mark, unmarked
from reporting.figures import DERIVED_FIELD, FIGURE_FIELDS, closing, pending_in_time
from reporting.lateness import is_past
from reporting.models import (
    Correction,
    FigureChange,
    IndicatorFigure,
    Report,
    ReportEvent,
    ServiceFigures,
    Status,
)
from reporting.report_log import DONE, NotAllowed, Refused, locked, log, reason_given, what_happened
from reporting.rollup.rollup import drain_rollup_requests, mark_dirty
from taskforces.clock import now_for
from taskforces.models import User
from taskforces.scope import may_review, may_submit

from . import publishing

Action = ReportEvent.Action
NOT_REOPENED = "Số liệu đã công bố nên không mở lại cả báo cáo. Đề nghị đính chính từng ô, số cũ vẫn xem được."
NEEDS_REASON = ", cần ghi lý do"  # how checks end the title of a doubtful point


@transaction.atomic
def submit(*, report_id: int, by: User, marking: bool = False) -> ReportEvent:
    """Send the report: every owed cell filled, both parts ready, nothing wrong, every doubtful point explained.

    `marking`: the parts that are this person's to mark are marked by sending. After the deadline it is accepted and
    marked late; sending again does not change that mark. Returns the event with the receipt's number and checksum.
    """
    report = locked(report_id)
    reason = why_not_submit(report, by, marking=marking)
    if reason:
        raise NotAllowed(reason)
    form = saving.refresh_openings(report=report, by=by)
    if form.blocking:
        raise Refused(f"Chưa gửi được: {form.blocking_title}.", form.blocking)
    for branch in unmarked(report):
        give_mark(report, branch, by)
    saving.freeze_register(form=form, by=by)
    soft = [p for p in form.problems if p.severity == SOFT]
    now = now_for(by)
    first_time = report.revision == 0
    _flag_next_month(report, None if first_time else _replaced_since_sent(report))
    report.status = Status.SUBMITTED
    report.revision += 1
    report.submitted_at, report.submitted_by = now, by
    report.approved_at = report.approved_by = None
    if first_time:
        report.is_late = is_past(periods.due_at(report), now)
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
    return _changed(
        report,
        Action.SUBMIT,
        by,
        reason="\n".join(points),
        receipt=f"BC-{report.unit.code}-{report.period.key}-{report.revision}",
        checksum=checksum(report),
    )


@transaction.atomic
def approve(*, report_id: int, by: User) -> ReportEvent:
    """The reviewer accepts a sent report: it enters the official totals, and what is published of the month."""
    report = locked(report_id)
    event = _approve(report, by)
    publishing.publish_if_published([report], by)
    return event


@transaction.atomic
def approve_clean(*, report_ids: Iterable[int], by: User) -> tuple[list[Report], list[tuple[Report, str]]]:
    """Approve several reports that have nothing to look at; each is locked and checked on its own.

    Returns those approved, and those refused with the reason; one refusal does not stop the others.
    """
    approved: list[Report] = []
    refused: list[tuple[Report, str]] = []
    for report_id in sorted(set(report_ids)):
        try:
            with transaction.atomic():
                report = locked(report_id)
                if report.status == Status.SUBMITTED and not is_clean(report):
                    raise NotAllowed("Báo cáo có điểm cần xem, mở ra để duyệt riêng.")
                _approve(report, by, drain=False)
                approved.append(report)
        except NotAllowed as error:
            refused.append((report, str(error)))
    if approved:
        publishing.publish_if_published(approved, by)
        drain_rollup_requests.delay_on_commit()
    return approved, refused


@transaction.atomic
def send_back(*, report_id: int, by: User, reason: str, again_by: dt.datetime | None = None) -> ReportEvent:
    """The reviewer returns a sent report with a reason the unit reads word for word; its figures leave every total.

    `again_by`: by when it is to be sent again; that is the report's deadline from now on. None: what was its deadline.
    """
    report = locked(report_id)
    refusal = why_not_approve(report, by, own_is_fine=True)
    if refusal:
        raise NotAllowed(refusal)
    if again_by is not None:
        if again_by <= now_for(by):
            raise NotAllowed("Hạn gửi lại phải sau lúc này.")
        report.own_due_at = again_by
        report.save(update_fields=["own_due_at"])
    return _return(report, by, reason, Action.SEND_BACK)


@transaction.atomic
def reopen(*, report_id: int, by: User, reason: str) -> ReportEvent:
    """A reviewer reopens an approved report: its unit can change it, and it leaves the official totals at once."""
    report = locked(report_id)
    refusal = why_not_reopen(report, by)
    if refusal:
        raise NotAllowed(refusal)
    return _return(report, by, reason, Action.REOPEN)


def corrected(report: Report, by: User, correction: Correction) -> ReportEvent:
    """Notes that cells of an approved report were changed (corrections.py, in its transaction); it stays approved."""
    replaced: dict[str, dict[str, int | None]] = {}
    for cell, (old, _) in correction.cells.items():
        code, _, name = cell.partition(".")
        replaced.setdefault(code, {})[name] = old
    _flag_next_month(report, replaced)
    return _changed(report, Action.CORRECT, by, reason=correction.reason, checksum=checksum(report))


@transaction.atomic
def accept_prior(*, report_id: int, by: User) -> ReportEvent:
    """The officer or the reviewer has looked at the correction of the month before; the figures stay as they are."""
    report = locked(report_id)
    if not (may_submit(by, report) or may_review(by, report)):
        raise NotAllowed("Chỉ đơn vị báo cáo hoặc người duyệt xác nhận được việc này.")
    require_open(report)
    if not report.prior_corrected:
        raise NotAllowed("Báo cáo này không còn chờ xem việc kỳ trước đã sửa.")
    report.prior_corrected = False
    report.save(update_fields=["prior_corrected"])
    return log(report, Action.ACCEPT_PRIOR, by)


# What buttons ask ----------------------------------------------------------------------------------------------------


def why_not_submit(report: Report, user: User, *, marking: bool = False) -> str:
    """Why this person cannot send the report now, '' when they can (the figures are checked when sending).

    `marking`: parts that are theirs to mark need no mark before.
    """
    if not may_submit(user, report):
        return "Chỉ cán bộ và lãnh đạo của đơn vị gửi được báo cáo này."
    if not report.is_editable:
        return what_happened(report)
    closed = closed_sentence(report)
    if closed:
        return closed
    waiting = [b for b in unmarked(report) if not (marking and may_mark(report, b, user))]
    if waiting:
        return f"Chưa gửi được: {' và '.join(part_name(b) for b in waiting)} chưa chốt số liệu phần của mình."
    return ""


def why_not_approve(report: Report, user: User, *, own_is_fine: bool = False) -> str:
    """Why this person cannot approve the report now, '' when they can."""
    if not may_review(user, report):
        return "Bạn không phải người duyệt của đơn vị này."
    if report.status != Status.SUBMITTED:
        return what_happened(report)
    if report.submitted_by_id == user.pk and not own_is_fine:
        return "Không ai được duyệt báo cáo do chính mình gửi."
    return closed_sentence(report)


def why_not_reopen(report: Report, user: User) -> str:
    """Why this person cannot reopen the approved report now, '' when they can."""
    if not may_review(user, report):
        return "Bạn không phải người duyệt của đơn vị này."
    if report.status != Status.APPROVED:
        return f"Chỉ mở lại được báo cáo đã duyệt. {what_happened(report)}"
    return closed_sentence(report) or (NOT_REOPENED if publishing.is_published(report) else "")


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


def point_as_sent(problem: Problem, reason: str) -> str:
    """One doubtful point with its typed reason, as kept with the sending."""
    return f"{problem.title.removesuffix(NEEDS_REASON)}. Giải trình: “{reason}”"


# Inside --------------------------------------------------------------------------------------------------------------


def _approve(report: Report, by: User, *, drain: bool = True) -> ReportEvent:
    reason = why_not_approve(report, by)
    if reason:
        raise NotAllowed(reason)
    report.status = Status.APPROVED
    report.approved_at, report.approved_by = now_for(by), by
    report.save(update_fields=["status", "approved_at", "approved_by"])
    return _changed(report, Action.APPROVE, by, drain=drain)


def _return(report: Report, by: User, reason: str, action: ReportEvent.Action) -> ReportEvent:
    reason = reason_given(reason, DONE[action])
    report.status = Status.RETURNED
    report.approved_at = report.approved_by = None
    report.save(update_fields=["status", "approved_at", "approved_by"])
    return _changed(report, action, by, reason=reason)


def _changed(report: Report, action: ReportEvent.Action, by: User, *, drain: bool = True, **said: str) -> ReportEvent:
    """The event of a change of status; the totals above are marked and the worker is woken."""
    event = log(report, action, by, **said)
    occasions.happened(event)
    mark_dirty(report)
    if drain:
        drain_rollup_requests.delay_on_commit()
    return event


def _flag_next_month(report: Report, replaced: Mapping[str, Mapping[str, int | None]] | None) -> None:
    """Where the closing now sent differs from the opening the next month already sent, that report is flagged.

    Nothing is rewritten. Only closings that changed since the last sending count, so a difference somebody has already
    accepted does not come back: `replaced` has the figures changed since, code -> name -> as it was; None at first.
    """
    following = periods.next_period(report.period)
    sent = {Status.SUBMITTED, Status.APPROVED}
    if following is None:
        return
    later = Report.objects.filter(unit_id=report.unit_id, period=following, status__in=sent).first()
    if later is None:
        return
    openings = dict(later.service_figures.values_list("service_id", "opening"))
    rows = ServiceFigures.objects.filter(report=report)
    for row in rows.values("service_id", "service__code", *FIGURE_FIELDS):
        rest, before = closing(row), None
        if replaced is not None:
            as_sent = {**row, **replaced.get(row["service__code"], {})}
            before = closing({**as_sent, DERIVED_FIELD: pending_in_time(as_sent)})
        if rest not in {None, before} and openings.get(row["service_id"], rest) != rest:
            Report.objects.filter(pk=later.pk).update(prior_corrected=True)
            return


def _replaced_since_sent(report: Report) -> dict[str, dict[str, int | None]]:
    """Figures of the last sending that were changed since: code -> name -> figure as it was sent."""
    replaced: dict[str, dict[str, int | None]] = {}
    since = FigureChange.objects.filter(report=report, revision=report.revision)
    for cell, old in since.order_by("pk").values_list("cell", "old"):
        code, _, name = cell.partition(".")
        replaced.setdefault(code, {}).setdefault(name, old)
    return replaced
