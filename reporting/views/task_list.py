"""Where an officer's day starts: what is due, by when, what is missing, what was sent back and why."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from de_an_06.plain.numbers import format_number
from reporting.entry import checks
from reporting.entry.form import ReportForm, load_form
from reporting.entry.ready import to_mark
from reporting.lateness import is_past, time_left
from reporting.models import Report, ReportEvent, Status
from reporting.reminders.recipients import nearest
from reporting.reminders.urging import last_urgings
from reporting.report_doors import reports_for
from reporting.review import workflow
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, Posting, UnitVersion
from taskforces.models.units import reporter_name
from taskforces.scope import Right, held, may_submit, rights_of, roles_with, units_reviewing

from .campaigns import campaign_tasks
from .entry_rows import anchor_of, heading_of

RECENT = 3


@dataclass(slots=True)
class Task:
    """One line of the task list. `look`: 'ok', 'warn', 'bad', '' (grey)."""

    title: str
    href: str
    detail: str
    tag: str
    look: str
    icon: str
    done: bool


@dataclass(slots=True)
class Step:
    """What to do next. `is_main`: it is this person's turn."""

    label: str
    href: str
    waits_for: str = ""
    is_main: bool = True


@require_GET
def task_list(request):
    """Home of officers and leaders. `?ky=2026-11` chooses the month, `?ky=tat-ca` lists all of them."""
    posting = _posting(request)
    reports = list(
        reports_for(request.user).filter(unit_id=posting.unit_id).order_by("-period__year", "-period__month")
    )
    context = {"unit_name": _reporter(posting.unit, today_for(request.user)), "reports": reports, "here": "task-list"}
    context |= campaign_tasks(request.user, posting.unit)
    key = request.GET.get("ky", "")
    if key == "tat-ca":
        return render(request, "reporting/report_list.html", context)
    report = chosen_report(reports, key, today_for(request.user))
    if report is None:
        return render(request, "reporting/task_list_empty.html", context)
    form = load_form(report, request.user)
    refusal = workflow.why_not_submit(report, request.user, marking=True) if form.is_open and not form.blocking else ""
    is_sendable = form.is_open and not form.blocking and not refusal
    tasks = _tasks(form, is_sendable) if form.is_open else []
    left = sum(not task.done for task in tasks)
    older = reports[reports.index(report) + 1 :]
    context |= {
        "report": report,
        "form": form,
        "tasks": [*tasks, _sending(report, is_sendable)] if tasks else [],
        "done": len(tasks) - left,
        "left": left,
        "step": _next_step(form, request.user, is_sendable) if form.is_open else None,
        "headline": _headline(report, form, left),
        "urged": last_urgings([report.pk]).get(report.pk) if form.is_open else None,
        "time_left": time_left(report.due, now_for(request.user)) if report.due else "",
        "will_be_late": report.revision == 0 and is_past(report.due, now_for(request.user)),
        "counts": form.counts(),
        "returned": [
            r for r in reports if r.status == Status.RETURNED and not r.stands_nowhere and may_submit(request.user, r)
        ],
        "recent": [r for r in reports if r is not report][:RECENT],
        "previous": older[0] if older else None,
        "reviewers": reviewers_of(report, today_for(request.user)),
        "choices": reports[:13] if report in reports[:13] else [report, *reports[:12]],
    }
    return render(request, "reporting/task_list.html", context)


def reviewers_of(report: Report, day) -> list:
    """People who approve this report: reviewers of the nearest unit above that has any (a province: its own)."""
    above = units_reviewing(report)
    found = Posting.objects.on(day).filter(role__in=roles_with(Right.REVIEW), unit_id__in=above).select_related("user")
    by_unit: dict[int, list] = {}
    for posting in found.order_by("user__full_name"):
        by_unit.setdefault(posting.unit_id, []).append(posting.user)
    return nearest(above, by_unit) or []


def _posting(request):
    """The chosen posting if its unit's report is sent with it, else the first of that kind; 403 for everybody else."""
    if Right.SUBMIT in rights_of(request.posting):
        return request.posting
    found = next(iter(held(request.user, Right.SUBMIT)), None)
    if found is None:
        raise PermissionDenied
    return found


def chosen_report(reports: list[Report], key: str, today) -> Report | None:
    """The month asked for (404 when the unit has none), else the newest whose data window has ended."""
    if key:
        found = next((r for r in reports if r.period.key == key), None)
        if found is None:
            raise Http404
        return found
    ended = [r for r in reports if r.period.data_to < today]
    return next(iter(ended or reports[-1:]), None)


def _reporter(unit: AdministrativeUnit, day) -> str:
    versions = UnitVersion.objects.filter(unit=unit, valid_from__lte=day).order_by("-valid_from")
    return reporter_name(versions.values_list("name", flat=True).first() or "", unit.level)


def _is_untouched_since_return(report: Report) -> bool:
    """Sent back, and nothing saved since: correcting comes first, not sending the same again."""
    if report.status != Status.RETURNED:
        return False
    actions = [ReportEvent.Action.SEND_BACK, ReportEvent.Action.REOPEN]
    last = report.events.filter(action__in=actions).order_by("-pk").first()
    return last is not None and (report.saved_at is None or report.saved_at <= last.at)


def _headline(report: Report, form: ReportForm, left: int) -> str:
    """The state of the month in one line."""
    label = f"Báo cáo {report.period.label}"
    if report.stands_nowhere:
        return f"{label}: không phải nộp"
    if report.status == Status.APPROVED:
        return f"{label}: đã duyệt"
    if report.status == Status.SUBMITTED:
        return f"{label}: đã gửi, đang chờ duyệt"
    if not form.is_open:
        return f"{label}: kỳ đã khóa, chưa gửi"
    if not left:
        return f"{label}: sẵn sàng gửi{' lại' if report.status == Status.RETURNED else ''}"
    return f"{label}: còn {left} việc trước khi gửi{' lại' if report.status == Status.RETURNED else ''}"


def _tasks(form: ReportForm, is_sendable: bool) -> list[Task]:
    page = reverse("report-entry", args=[form.report.pk])
    tasks = []
    for section in form.sections:
        if section.services:
            title, place = f"Dịch vụ công: phần {section.part}", f"{page}#{section.branch}"
            tasks.append(_task(form, title, place, section.services))
    headings = dict.fromkeys(heading_of(line) for line in form.indicators)
    for number, label in enumerate(headings, start=1):
        lines = [line for line in form.indicators if heading_of(line) == label]
        tasks.append(_task(form, f"Chỉ tiêu: {label[0].lower()}{label[1:]}", f"{page}#nhom-{number}", lines))
    whole = [p for p in form.unexplained if not p.row]
    if whole:
        tasks.append(
            Task("Số liệu giống hệt kỳ trước", f"{page}#chung", whole[0].title, "Cần giải trình", "warn", "warn", False)
        )
    written = sum(bool(text) for _, _, text in form.narrative)
    tasks.append(
        Task(
            "Thuyết minh: kết quả, tồn tại, kiến nghị",
            f"{page}#thuyet-minh",
            f"{written}/{len(form.narrative)} mục, không bắt buộc",
            "Đã ghi" if written else "Chưa ghi",
            "ok" if written else "",
            "check" if written else "blank",
            True,
        )
    )
    waiting = [section for section in form.sections if section.ready_at is None]
    names = " và ".join(section.label for section in waiting)
    if waiting and is_sendable:
        detail, tag, look, icon = f"{names}: chốt khi bạn gửi", "Khi gửi", "info", "check"
    elif waiting:
        done = len(form.sections) - len(waiting)
        detail, tag, look, icon = f"Còn chờ: {names}", f"{done}/{len(form.sections)} đã chốt", "warn", "half"
    else:
        detail, tag, look, icon = "Các bộ phận đã chốt số liệu", "Đã chốt", "ok", "check"
    place = f"{page}#{(waiting or form.sections)[0].branch}" if form.sections else page
    tasks.append(Task("Các bộ phận chốt số liệu", place, detail, tag, look, icon, is_sendable or not waiting))
    return tasks


def _task(form: ReportForm, title: str, href: str, lines) -> Task:
    """How far one part is: hard problems first, then blanks, then warnings without a reason."""
    typed = [cell for line in lines for cell in line.typed]
    filled = sum(cell.value is not None for cell in typed)
    missing = len(typed) - filled
    hard = [p for line in lines for p in line.problems if p.severity == "hard"]
    soft = [p for line in lines for p in line.problems if p.severity == "soft" and form.explanation(p) is None]
    details = [f"{format_number(filled)}/{format_number(len(typed))} ô"]
    if hard:
        details.append(f"{len(hard)} lỗi ở {_codes(hard)}")
    if missing:
        details.append(f"thiếu {_codes(p for line in lines for p in line.problems if p.severity == 'missing')}")
    if soft:
        details.append(f"{len(soft)} điểm cần giải trình ở {_codes(soft)}")
    detail = " · ".join(details)
    if hard:
        return Task(title, href, detail, "Có lỗi", "bad", "x", False)
    if missing:
        tag = "Chưa nhập" if not filled else f"Thiếu {format_number(missing)} ô"
        return Task(title, href, detail, tag, "warn" if filled else "", "blank", False)
    if soft:
        return Task(title, href, detail, "Cần giải trình", "warn", "warn", False)
    return Task(title, href, detail, "Đã xong", "ok", "check", True)


def _codes(problems) -> str:
    """'DVC16, DVC19 và 4 mục khác'."""
    codes = list(dict.fromkeys(p.row for p in problems))
    if len(codes) <= 4:
        return ", ".join(codes)
    return f"{', '.join(codes[:3])} và {len(codes) - 3} mục khác"


def _sending(report: Report, is_sendable: bool) -> Task:
    return Task(
        "Kiểm tra và gửi",
        reverse("report-check", args=[report.pk]),
        "Xem lại toàn bộ số liệu rồi gửi"
        if is_sendable
        else "Gửi được khi đủ số liệu, hết lỗi và các bộ phận đã chốt số liệu",
        "Gửi được" if is_sendable else "Chưa gửi được",
        "info" if is_sendable else "",
        "send" if is_sendable else "lock",
        False,
    )


def _next_step(form: ReportForm, user, is_sendable: bool) -> Step:
    """The one thing for this person to do now; where the rest is somebody else's, whom the report waits for."""
    report = form.report
    page, check = (reverse(name, args=[report.pk]) for name in ("report-entry", "report-check"))
    own = {section.branch for section in form.sections if section.may_type}
    branches = {line.code: line.branch for line in [*form.services, *form.indicators]}
    mine = [p for p in form.blocking if not p.row or branches[p.row] in own]
    if _is_untouched_since_return(report):
        return Step("Sửa và gửi lại", page + _first_open_cell(form))
    if is_sendable:
        return Step("Kiểm tra và gửi", check)
    if any(p.severity != checks.SOFT for p in mine):
        label = "Nhập tiếp từ ô còn thiếu" if form.counts().filled else "Bắt đầu nhập"
        return Step(label, page + _first_open_cell(form))
    if mine:
        return Step("Giải trình điểm bất thường", page + anchor_of(mine[0]))
    waiting = [s.label for s in form.sections if s.branch not in own and (s.ready_at is None or not s.counts.is_clean)]
    waits_for = f"Còn chờ {' và '.join(waiting)}" if waiting else ""
    marks = to_mark(form, user)
    if marks and own:
        return Step(f"Xem lại và chốt số liệu phần {marks[0].part}", check, waits_for)
    if own:
        return Step("Xem lại số liệu", page, waits_for, is_main=False)
    return Step("Xem các việc còn lại", check, waits_for, is_main=False)


def _first_open_cell(form: ReportForm) -> str:
    """'#DVC07-resolved_overdue': the first blank or wrong cell this person may type in, else the first anyone must."""
    own = {section.branch for section in form.sections if section.may_type}
    wanted = [c for c in form.cells.values() if not c.locked and (c.value is None or "is-problem" in c.state)]
    first = next((c for c in wanted if c.branch in own), next(iter(wanted), None))
    return f"#{first.element_id}" if first else ""
