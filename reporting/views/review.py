"""Step 3, review: the reviewer's list, one report, and the acts on them. Acts live in workflow.py."""

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_number, whole_number
from de_an_06.plain.spans import Span
from reporting import closing, difficulties
from reporting.entry.form import load_form
from reporting.entry.live_services import live_list
from reporting.headline import read_services
from reporting.models import Basis, FigureChange, Period, Report, ReportEvent, Status
from reporting.reading.contributions import cells_behind, is_headline
from reporting.reading.months import reports_in_months
from reporting.report_doors import get_report, named_reports
from reporting.report_log import NotAllowed
from reporting.review import changes, corrections, listing, publishing, workflow
from taskforces.clock import now_for, today_for
from taskforces.models import Level, UnitVersion
from taskforces.models.units import path_ids
from taskforces.people.postings import Substitutes
from taskforces.register.forms import DayField
from taskforces.scope import (
    acts_for_some_body,
    may_close_period,
    may_open_entry,
    may_read_reviews,
    may_review,
    may_review_somewhere,
    may_submit,
    path_in_scope,
    postings,
    require,
    sees_everything,
    units_reviewing,
)

from .choices import NO_FIGURES
from .urging import add_urging

END_OF_DAY = dt.time(17, 0)
FILTERS = (
    ("", "Tất cả"),
    ("sach", "Không có điểm bất thường"),
    ("can-xem", "Cần xem"),
    ("chua-nop", "Chưa nộp, trả lại"),
    ("da-duyet", "Đã duyệt"),
)


# The list ------------------------------------------------------------------------------------------------------------


@require_GET
def review_list(request):
    """The month's reports of one unit: approve the clean ones in one act, open or send back the others."""
    require(may_read_reviews(request.user))
    unit_id = number_asked(request.GET.get("don_vi"))
    months = _months(request, unit_id)
    if not months:
        if (
            unit_id is not None
            and not UnitVersion.objects.filter(path_in_scope(request.user), unit_id=unit_id).exists()
        ):
            raise Http404
        return render(request, "reporting/review_empty.html")
    period = _chosen_month(request, months)
    unit = _chosen_unit(request, unit_id, period)
    if unit is None:
        raise Http404
    search = request.GET.get("tim", "")[:60]
    result = listing.load_review(unit=unit, period=period, user=request.user, search=search)
    chosen = request.GET.get("loc", "")
    back_pk = number_asked(request.GET.get("tra_lai"))
    here = {"don_vi": unit.unit_id, "ky": period.key}
    position = months.index(period)
    sent = reports_in_months(unit.unit_id, unit.unit.level, Basis.PROVISIONAL, months)
    return render(
        request,
        "reporting/review_list.html",
        {
            "review": result,
            "may_urge": add_urging(request.user, result),
            "period": period,
            "unit": unit,
            "now": now_for(request.user),
            "units": _units_to_choose(request.user, unit, period),
            "months": [(month, NO_FIGURES if not sent.get(month.pk) else "") for month in months],
            "previous": months[position + 1] if position + 1 < len(months) else None,
            "previous_short": f"T{period.month - 1 or 12:02d}",
            "filters": [
                (key, label, key == chosen, urlencode({**here, "loc": key, "tim": search})) for key, label in FILTERS
            ],
            "chosen": chosen,
            "search": search,
            "here": urlencode(here),
            "sending_back": next(
                (row for row in result.doubtful + result.clean if row.report.pk == back_pk and row.may_send_back), None
            ),
            "closing_unit": unit
            if unit.unit.level == Level.PROVINCE and may_close_period(request.user, unit.unit)
            else None,
            "closed_past": closing.closures_of(period, unit.unit_id) if unit.unit.level == Level.PROVINCE else [],
            "published": publishing.versions(period.pk, path_ids(unit.path)).first(),
            "corrections": corrections.waiting_under(request.user, unit.unit_id, period.pk),
        },
    )


@require_POST
def approve_clean(request):
    """Approve the ticked reports; each is locked and checked on its own, those refused are named with the reason."""
    require(may_review_somewhere(request.user))
    wanted = {whole_number(value) for value in request.POST.getlist("bao_cao")} - {None}
    reports = {r.pk: r for r in named_reports(request.user).filter(pk__in=wanted)}
    if not reports:
        messages.warning(request, "Chưa chọn báo cáo nào. Chọn các báo cáo cần duyệt rồi bấm lại.")
        return HttpResponseRedirect(list_address(request))
    approved, refused = workflow.approve_clean(report_ids=list(reports), by=request.user)
    if approved:
        messages.success(
            request, f"Đã duyệt {format_number(len(approved))} báo cáo. Số liệu chính thức cập nhật trong ít phút."
        )
    for report, reason in refused:
        messages.error(request, f"Chưa duyệt {reports[report.pk].reporter_name}: {reason}")
    return HttpResponseRedirect(list_address(request, next(iter(reports.values())).period))


# One report ----------------------------------------------------------------------------------------------------------


@require_GET
def report_detail(request, pk):
    """Figures as sent, what changed, what is doubtful and why, what happened, and what the reader may do."""
    report = get_report(request.user, pk)
    user = request.user
    form = load_form(report, user)
    events = list(report.events.select_related("by").order_by("-pk"))
    sent = next((e for e in events if e.action == ReportEvent.Action.SUBMIT), None)
    back = next((e for e in events if e.action in {ReportEvent.Action.SEND_BACK, ReportEvent.Action.REOPEN}), None)
    since_return = changes.changes_since_return(form)
    reviewer = may_review(user, report)
    own = "body-work" if acts_for_some_body(user) and not may_submit(user, report) else "task-list"
    home = "review-list" if may_read_reviews(user) else own
    why_not = workflow.why_not_approve(report, user) if reviewer and report.status == Status.SUBMITTED else ""
    return render(
        request,
        "reporting/report_detail.html",
        {
            "report": report,
            "period": report.period,
            "form": form,
            "name": form.reporter_name,
            "due": report.due,
            "events": _with_actors(events, report),
            "live": live_list(report) if form.data.has_live_list else None,
            "difficulties": difficulties.panel_of(report, user),
            "sent": sent,
            "back": back if report.status == Status.RETURNED else None,
            "problems": [
                (p, p.title.removesuffix(workflow.NEEDS_REASON), form.explanation(p))
                for p in form.problems
                if p.severity != "missing"
            ],
            "counts": form.counts(),
            "entered": f"{format_number(form.counts().filled)}/{format_number(form.counts().owed)}",
            "since_last_month": changes.changes_since_last_month(form),
            "since_return": since_return,
            "changed": {change.cell for change in since_return},
            "marked": _marked_cells(form, request.GET.get("o", "")),
            "closed": "" if form.is_open else closing.closed_sentence(report),
            "may_approve": reviewer and report.status == Status.SUBMITTED and not why_not,
            "why_not_approve": why_not,
            "may_send_back": reviewer and not workflow.why_not_approve(report, user, own_is_fine=True),
            "may_reopen": reviewer and not workflow.why_not_reopen(report, user),
            "may_correct": report.status == Status.APPROVED and not corrections.why_not_ask(report, user),
            "corrections": list(report.corrections.select_related("asked_by"))
            if report.status == Status.APPROVED
            else [],
            "may_edit": form.is_open and may_open_entry(user, report),
            "may_accept_prior": report.prior_corrected and (reviewer or may_submit(user, report)),
            "sending_back": request.GET.get("tra_lai") == "1",
            "here": home,
            "back_to": list_address(request, report.period) if home == "review-list" else reverse(home),
        },
    )


def _marked_cells(form, measure: str) -> list[str]:
    """The cells in a number of the dashboard from whose rows the reader comes; none for a number there is not."""
    codes, fields = cells_behind(measure)
    if codes is None:
        out = read_services()[1].of(form.report.period) if is_headline(measure) else ()
        codes = {line.code for line in form.services if line.service.pk not in out}
    return [key for key in form.cells if key.partition(".")[0] in codes and key.partition(".")[2] in fields]


def _with_actors(events, report):
    """Each event with `who`: the name, and in whose place a substitute acted (above the unit for review's acts)."""
    stood_in = Substitutes(set(path_ids(report.path)))
    above = set(units_reviewing(report))
    reviewing = {ReportEvent.Action.APPROVE, ReportEvent.Action.SEND_BACK, ReportEvent.Action.REOPEN}
    for event in events:
        event.who = stood_in.name(event.by, event.at, above if event.action in reviewing else {report.unit_id})
    return events


@require_GET
@vary_on_headers("HX-Request")
def cell_history(request, pk, cell):
    """Every value a cell has had: old, new, who, when, through what."""
    report = get_report(request.user, pk)
    form = load_form(report, request.user)
    if cell not in form.cells:
        raise Http404
    changes = FigureChange.objects.filter(report=report, cell=cell).select_related("by").order_by("-pk")
    rows = [(c, format_number(c.old, blank="trống"), format_number(c.new, blank="trống")) for c in changes]
    template = "reporting/_cell_history.html" if request.htmx else "reporting/review_cell_history.html"
    here = "review-list" if may_read_reviews(request.user) else "task-list"
    return render(
        request, template, {"report": report, "form": form, "cell": form.cells[cell], "rows": rows, "here": here}
    )


@require_POST
def approve(request, pk):
    """Approve one report; the next one waits in the list."""
    report = get_report(request.user, pk)
    require(may_review(request.user, report))

    def act():
        workflow.approve(report_id=pk, by=request.user)
        return f"Đã duyệt {_name(report)}. Số liệu chính thức cập nhật trong ít phút."

    return try_act(request, act, report)


@require_POST
def send_back(request, pk):
    """Send one report back with the reason its unit will read."""
    report = get_report(request.user, pk)
    require(may_review(request.user, report))

    def act():
        again_by = _again_by(request.POST.get("gui_lai", ""))
        workflow.send_back(report_id=pk, by=request.user, reason=request.POST.get("ly_do", ""), again_by=again_by)
        until = f" Hạn gửi lại: {moment(again_by)}." if again_by else ""
        return f"Đã trả lại {_name(report)}. Đơn vị thấy lý do ở trang việc cần làm.{until}"

    return try_act(request, act, report, retry=f"{report.get_absolute_url()}?tra_lai=1#tra-lai")


@require_POST
def reopen(request, pk):
    """Reopen an approved report with a reason: it leaves the official totals until approved again."""
    report = get_report(request.user, pk)
    require(may_review(request.user, report))

    def act():
        workflow.reopen(report_id=pk, by=request.user, reason=request.POST.get("ly_do", ""))
        return f"Đã mở lại {_name(report)}. Báo cáo không còn trong số liệu chính thức cho đến khi duyệt lại."

    return try_act(request, act, report, retry=report.get_absolute_url())


@require_POST
def accept_prior(request, pk):
    """The correction of the month before was looked at; the figures stay as they are."""
    report = get_report(request.user, pk)
    require(may_review(request.user, report) or may_submit(request.user, report))

    def act():
        workflow.accept_prior(report_id=pk, by=request.user)
        return "Đã ghi nhận: giữ nguyên số liệu báo cáo này sau khi kỳ trước sửa."

    return try_act(request, act, report, done=report.get_absolute_url(), retry=report.get_absolute_url())


# Inside --------------------------------------------------------------------------------------------------------------


def try_act(
    request,
    act: Callable[[], str],
    report: Report | None = None,
    *,
    done: str | None = None,
    retry: str | None = None,
    period: Period | None = None,
    unit_id: int | None = None,
) -> HttpResponse:
    """Do it and say so, or say why it cannot be done now; then back to the list (or `done`, or `retry`)."""
    back = list_address(request, period or (report.period if report else None), unit_id)
    try:
        messages.success(request, act())
    except NotAllowed as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(retry or back)
    return HttpResponseRedirect(done or back)


def _again_by(text: str) -> dt.datetime | None:
    """The end of office hours of the day by which a report is to be sent again; None where no day was typed."""
    if not text.strip():
        return None
    try:
        day = DayField().clean(text.strip())
    except ValidationError as error:
        raise NotAllowed(f"Hạn gửi lại: {' '.join(error.messages)}") from error
    return timezone.make_aware(dt.datetime.combine(day, END_OF_DAY))


def number_asked(text: str | None) -> int | None:
    """A key of the address; a text that is no number is an address that does not exist."""
    if not text:
        return None
    if (number := whole_number(text)) is None:
        raise Http404
    return number


def _months(request, unit_id: int | None) -> list[Period]:
    """Months with reports the person may see, the newest first; of one unit when it is chosen."""
    reports = Report.objects.visible_to(request.user).filter(period=OuterRef("pk"))
    if unit_id is not None:
        reports = reports.under(unit_id)
    return list(Period.objects.filter(Exists(reports)).order_by("-year", "-month"))


def _chosen_month(request, months: list[Period]) -> Period:
    """The month asked for, else the last one whose data have ended on the person's day."""
    key = request.GET.get("ky")
    if key:
        try:
            first = Span.parse(key).first
        except ValueError:
            raise Http404 from None
        for period in months:
            if (period.year, period.month) == (first.year, first.month) and key == period.key:
                return period
        raise Http404
    today = today_for(request.user)
    return next((period for period in months if period.data_to < today), months[0])


def _chosen_unit(request, unit_id: int | None, period: Period) -> UnitVersion | None:
    """The unit asked for if in scope and not a commune, else the posting's, else the first of the scope."""
    versions = (
        UnitVersion.objects.on(period.data_to)
        .filter(path_in_scope(request.user), unit__level__in=[Level.PROVINCE, Level.DISTRICT])
        .select_related("unit")
    )
    if unit_id is not None:
        return versions.filter(unit_id=unit_id).first()
    own = {p.unit_id for p in ([request.posting] if request.posting else [])} | {
        p.unit_id for p in postings(request.user)
    }
    mine = versions.filter(unit_id__in=own).first()
    with_reports = Report.objects.filter(period=period, unit_id=OuterRef("unit_id"))
    return mine or versions.filter(Exists(with_reports), unit__level=Level.PROVINCE).order_by("sort_key").first()


def _units_to_choose(user, unit: UnitVersion, period: Period) -> list[UnitVersion]:
    """Provinces and districts of the scope; for those who see the nation, the districts of the chosen province only."""
    versions = UnitVersion.objects.on(period.data_to).filter(path_in_scope(user)).select_related("unit")
    below = Q(unit__level__in=[Level.PROVINCE, Level.DISTRICT])
    if sees_everything(user):
        province = path_ids(unit.path)[1]
        below = Q(unit__level=Level.PROVINCE) | Q(unit__level=Level.DISTRICT, path__contains=f"/{province}/")
    return sorted(versions.filter(below), key=lambda v: (v.unit.level != Level.PROVINCE, v.sort_key))


def _name(report: Report) -> str:
    return f"báo cáo {report.period.label} của {report.reporter_name}"


def list_address(request, period: Period | None = None, unit_id: int | None = None) -> str:
    """The list the person came from: the unit in `don_vi` (form or address), the month of the report."""
    chosen = unit_id or request.POST.get("don_vi") or request.GET.get("don_vi")
    query = {"don_vi": chosen} if chosen else {}
    if period is not None:
        query["ky"] = period.key
    return f"{reverse('review-list')}?{urlencode(query)}" if query else reverse("review-list")
