"""Corrections of approved figures: the unit names cells, old and new, and why; a reviewer accepts or refuses.

Until then nothing changes: the report stays approved, and what was published stays true. An accepted correction writes
the cells with their history, marks the totals above stale and publishes the next version, in one transaction. The
report keeps its first time of sending: who was punctual stays so (docs/decisions/0008, 0022).
"""

from collections.abc import Iterable, Mapping

from django.db import transaction

from de_an_06.plain.numbers import NotANumber, parse_count
from reporting import occasions
from reporting.entry.checks import HARD, Problem
from reporting.entry.form import ReportForm, load_form
from reporting.entry.saving import LOCKED_MESSAGES
from reporting.figures import CARRIED_FIELD, DERIVED_FIELD, FIGURE_FIELDS, pending_in_time
from reporting.models import Correction, FigureChange, IndicatorFigure, Report, ServiceFigures, Status
from reporting.report_log import NotAllowed, locked, reason_given
from taskforces.clock import now_for
from taskforces.models import User
from taskforces.scope import may_review, may_submit

from . import publishing, workflow

State = Correction.State


class WrongCells(NotAllowed):
    """Some cells cannot be as typed: `messages` by cell."""

    def __init__(self, messages: dict[str, str]):
        super().__init__("Chưa gửi được đề nghị: xem các ô có lỗi.")
        self.messages = messages


@transaction.atomic
def ask(*, report_id: int, by: User, cells: Mapping[str, str], reason: str) -> Correction:
    """Asks for the cells that are typed otherwise than they stand ('' makes one blank); the others are left out.

    Raises WrongCells with a message beside each, NotAllowed for what the moment forbids.
    """
    report = locked(report_id)
    if refusal := why_not_ask(report, by):
        raise NotAllowed(refusal)
    form = load_form(report)
    changes, messages = _read(form, cells)
    if not messages:
        messages = _hard_after(form, changes)
    if messages:
        raise WrongCells(messages)
    if not changes:
        raise NotAllowed("Chưa ô nào khác số đã duyệt. Sửa các ô cần đính chính rồi gửi lại.")
    reason = reason_given(reason, "đính chính")
    return Correction.objects.create(report=report, cells=changes, reason=reason, asked_by=by, asked_at=now_for(by))


@transaction.atomic
def accept(*, correction_id: int, by: User) -> Correction:
    """The cells are changed and the next version is published. Whoever asked may not accept."""
    correction = _waiting(correction_id)
    report = correction.report
    if refusal := why_not_decide(correction, by):
        raise NotAllowed(refusal)
    province_id = publishing.province_of(report)
    publishing.lock_reports(report.period, province_id)
    report = correction.report = locked(report.pk)
    if report.status != Status.APPROVED:
        raise NotAllowed(f"Báo cáo không còn ở tình trạng đã duyệt. {workflow.what_happened(report)}")
    publishing.publish_first(report.period, province_id)
    form = load_form(report)
    moved = [cell for cell, (old, _) in correction.cells.items() if form.cells[cell].value != old]
    if moved:
        raise NotAllowed(f"Số trong báo cáo đã khác số ghi trong đề nghị ở ô {', '.join(moved)}. Đề nghị lập lại.")
    if messages := _hard_after(form, correction.cells):
        raise WrongCells(messages)
    _write(form, correction.cells, by)
    workflow.corrected(report, by, correction)
    if publishing.versions(report.period_id, [province_id]).exists():
        correction.version = publishing.publish(report.period, province_id, by=by, reason=correction.reason)
    return _decide(correction, State.ACCEPTED, by)


@transaction.atomic
def refuse(*, correction_id: int, by: User, answer: str) -> Correction:
    """The figures stay; the unit reads why."""
    correction = _waiting(correction_id)
    if refusal := why_not_decide(correction, by):
        raise NotAllowed(refusal)
    correction.answer = reason_given(answer, "không chấp nhận")
    return _decide(correction, State.REFUSED, by)


@transaction.atomic
def withdraw(*, correction_id: int, by: User) -> Correction:
    """Its unit takes it back."""
    correction = _waiting(correction_id)
    if not may_withdraw(correction, by):
        raise NotAllowed("Chỉ đơn vị đã đề nghị rút lại được đề nghị này.")
    return _decide(correction, State.WITHDRAWN, by)


# What buttons ask ----------------------------------------------------------------------------------------------------


def why_not_ask(report: Report, user: User) -> str:
    """Why this person cannot ask for a correction now; '' when they can."""
    if not (may_submit(user, report) or may_review(user, report)):
        return "Chỉ đơn vị báo cáo hoặc người duyệt đề nghị đính chính được."
    if report.stands_nowhere or not publishing.is_published(report):
        return "Chỉ đính chính số liệu đã công bố. Báo cáo chưa công bố thì đề nghị người duyệt mở lại."
    if report.corrections.waiting().exists():
        return "Báo cáo đang có một đề nghị chờ xem xét. Rút đề nghị đó rồi lập lại."
    return ""


def why_not_decide(correction: Correction, user: User) -> str:
    """Why this person cannot accept or refuse it now; '' when they can."""
    if correction.state != State.WAITING:
        return f"Đề nghị này {correction.get_state_display().lower()}."
    if not may_review(user, correction.report):
        return "Bạn không phải người duyệt của đơn vị này."
    if correction.asked_by_id == user.pk:
        return "Không ai được chấp nhận đề nghị do chính mình lập."
    return ""


def waiting_under(user: User, unit_id: int, period_id: int) -> int:
    """How many of a month wait to be looked at, of reports under this unit in the person's scope. (One query.)"""
    waiting = Correction.objects.visible_to(user).waiting().filter(report__period_id=period_id)
    return waiting.filter(report__path__contains=f"/{unit_id}/").count()


def may_withdraw(correction: Correction, user: User) -> bool:
    own = correction.asked_by_id == user.pk or may_submit(user, correction.report)
    return correction.state == State.WAITING and own


# Inside --------------------------------------------------------------------------------------------------------------


def _waiting(correction_id: int) -> Correction:
    corrections = Correction.objects.select_for_update(of=("self",)).select_related("report__unit", "report__period")
    return corrections.get(pk=correction_id)


def _decide(correction: Correction, state: str, by: User) -> Correction:
    if correction.state != State.WAITING:
        raise NotAllowed(f"Đề nghị này {correction.get_state_display().lower()}.")
    correction.state, correction.decided_by, correction.decided_at = state, by, now_for(by)
    correction.save(update_fields=["state", "decided_by", "decided_at", "answer", "version"])
    if state != State.WITHDRAWN:  # whoever may send the report may take it back: nothing to tell them
        occasions.happened(correction)
    return correction


def _read(form: ReportForm, cells: Mapping[str, str]) -> tuple[dict[str, list[int | None]], dict[str, str]]:
    """(cell -> [old, new] where they differ, cell -> what is wrong with it)"""
    changes: dict[str, list[int | None]] = {}
    messages: dict[str, str] = {}
    for key, typed in cells.items():
        cell = form.cells.get(key)
        if cell is None:
            messages[key] = "Báo cáo này không có ô này."
            continue
        try:
            new = parse_count(typed)
        except NotANumber as error:
            if typed.strip() != cell.text:
                messages[key] = str(error)
            continue
        if new == cell.value:
            continue
        if cell.locked and not _is_carried_anew(form, key, new):
            messages[key] = LOCKED_MESSAGES[cell.locked]
        elif new is None:
            messages[key] = "Không để trống ô đã báo cáo. Không phát sinh thì ghi 0."
        else:
            changes[key] = [cell.value, new]
    return changes, messages


def _is_carried_anew(form: ReportForm, key: str, new: int | None) -> bool:
    """Is it the opening that last month's closing gives since that was corrected?"""
    carried = {f"{line.code}.{CARRIED_FIELD}": form.data.carried.get(line.service.pk) for line in form.services}
    return new is not None and carried.get(key) == new


def _hard_after(form: ReportForm, changes: Mapping[str, Iterable[int | None]]) -> dict[str, str]:
    """What would be wrong with these cells once changed: cell -> message. The form is left as it was."""
    services = {pk: dict(row) for pk, row in form.data.services.items()}
    indicators = {pk: dict(row) for pk, row in form.data.indicators.items()}
    known = {(p.code, p.cell) for p in form.problems if p.severity == HARD}
    _put(form, changes)
    form.rebuild()
    wrong: list[Problem] = [p for p in form.problems if p.severity == HARD and (p.code, p.cell) not in known]
    form.data.services, form.data.indicators = services, indicators
    form.rebuild()
    return {p.cell: p.message for p in wrong}


def _put(form: ReportForm, changes: Mapping[str, Iterable[int | None]]) -> tuple[set[int], set[int]]:
    """Into the form's rows, with what follows from them; which services and indicators changed."""
    service_ids = {line.code: line.service.pk for line in form.services}
    indicator_ids = {line.code: line.indicator.pk for line in form.indicators}
    services, indicators = set(), set()
    for key, (_, new) in changes.items():
        code, _, name = key.partition(".")
        if code in service_ids:
            pk = service_ids[code]
            row = form.data.services.setdefault(pk, dict.fromkeys(FIGURE_FIELDS))
            row[name] = new
            row[DERIVED_FIELD] = pending_in_time(row)
            services.add(pk)
        else:
            pk = indicator_ids[code]
            form.data.indicators.setdefault(pk, {"numerator": None, "denominator": None})[name] = new
            indicators.add(pk)
    return services, indicators


def _write(form: ReportForm, changes: Mapping[str, Iterable[int | None]], by: User) -> None:
    report, at = form.report, now_for(by)
    services, indicators = _put(form, changes)
    for pk in services:
        ServiceFigures.objects.update_or_create(report=report, service_id=pk, defaults=form.data.services[pk])
    for pk in indicators:
        IndicatorFigure.objects.update_or_create(report=report, indicator_id=pk, defaults=form.data.indicators[pk])
    retyped = {line.indicator.pk for line in form.indicators if f"{line.code}.numerator" in changes}
    IndicatorFigure.objects.filter(report=report, indicator__in=retyped).update(qualifier="")  # what is typed is exact
    how = {"report": report, "by": by, "at": at, "via": FigureChange.Via.CORRECTION, "revision": report.revision}
    FigureChange.objects.bulk_create(
        [FigureChange(cell=cell, old=old, new=new, **how) for cell, (old, new) in changes.items()]
    )
