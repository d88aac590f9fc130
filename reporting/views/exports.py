"""Step 6, out: choose a file, watch it being made, take it away."""

import datetime as dt

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.timesince import timesince
from django.views.decorators.http import require_GET, require_POST

from de_an_06.plain.numbers import format_number, whole_number
from de_an_06.plain.spans import Month, Span
from reporting.exports import export_jobs, offers
from reporting.exports.book.choice import BookChoice
from reporting.exports.book_archive import levels_below
from reporting.exports.circular import circular_forms
from reporting.models import LEVELS_BELOW, Basis, CircularForm, ExportJob, ReportingSettings
from reporting.reading.months import reports_in_months
from reporting.reading.overview import begun_periods
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from taskforces.people.quotas import OverQuota
from taskforces.register.uploads import CONTENT_TYPES

from .book_choice import book_asked, fields_of, query_of, shown, words_of
from .choices import BASES, JOINED, empty_months, span_groups

State, Form = ExportJob.State, ExportJob.Form
SLUGS = {basis: slug for slug, basis in BASES.items()}
OFFERED = {
    Form.SUMMARY: ("Biểu tổng hợp (Excel)", "Chọn trang, cột và thể thức; in gọn trên khổ A4"),
    Form.SUMMARIES_BELOW: ("Bộ biểu của cấp dưới (zip)", "Mỗi xã (hoặc huyện) một biểu tổng hợp, trong một tệp nén"),
    Form.INTERIM_REPORT: ("Báo cáo sơ kết (Word)", "Văn bản theo Nghị định 30/2020, có lời, bảng, biểu đồ"),
    Form.CIRCULAR: ("Biểu theo thông tư (Excel)", "Số điền vào biểu của cơ quan ban hành, giữ nguyên biểu"),
}


NO_PARTS = "Chọn ít nhất một trang."
PROGRAM_OF = {Form.SUMMARY: "Excel", Form.SUMMARIES_BELOW: "zip", Form.INTERIM_REPORT: "Word", Form.CIRCULAR: "Excel"}
# What progress counts, of an archive by the level of its units
STEP_WORDS = {
    Form.INTERIM_REPORT.value: "bước",
    Form.CIRCULAR.value: "bước",
    Level.COMMUNE.value: "xã",
    Level.DISTRICT.value: "huyện",
}


@require_GET
def export_list(request):
    """The page; for htmx either the form for another choice, or the jobs with their progress."""
    if request.htmx and request.htmx.target == "chon":
        response = render(request, "reporting/_export_form.html", {"form": _form(request, request.GET)})
    else:
        context = _lists(request)
        if request.htmx:
            done_before = request.GET.get("da_xong", "")
            context["files_changed"] = done_before != str(len(context["files"]))
            context["newest"] = next((f for f in context["files"] if f["job"].requested_by_id == request.user.pk), None)
            response = render(request, "reporting/_export_jobs.html", context)
        else:
            response = render(request, "reporting/export_list.html", context | {"form": _form(request, request.GET)})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_POST
def export_create(request):
    """Requests a file; a unit outside the person's scope does not exist for them."""
    span, basis, unit_id = _span(request.POST), _basis(request.POST), _unit_id(request.POST)
    form = _file_form(request.POST)
    below = _below(request.POST) if form == Form.SUMMARIES_BELOW else ""
    if span is None or basis is None or unit_id is None or form is None or below is None:
        raise Http404
    book = _book(request.POST)
    unit = AdministrativeUnit.objects.filter(pk=unit_id).first()
    if unit is None or not export_jobs.may_read(request.user, unit.pk, span):
        raise Http404
    circular_form = _circular_form(request.POST, _circulars(unit.pk)) if form == Form.CIRCULAR else None
    if form == Form.CIRCULAR and circular_form is None:
        messages.error(request, "Biểu này không còn dùng. Chọn biểu khác.")
        return redirect(f"{reverse('export-list')}?loai={form.value}")
    what = circular_form.name if circular_form else form.label.lower()
    choice = {"form": form, "circular_form": circular_form, "book": book, "below": below}
    choice["is_joined"] = _is_joined(request.POST)
    try:
        if form in export_jobs.OF_BOOKS and not book.parts:
            messages.error(request, NO_PARTS)
        else:
            export_jobs.create(unit=unit, span=span, basis=basis, by=request.user, **choice)
            messages.success(request, f"Đã nhận yêu cầu lập {what} {span.label}. Tiến độ ở mục Đang lập.")
    except OverQuota as error:
        messages.error(request, error.message)
    query = f"?ky={span.key}&don_vi={unit.pk}&co_so={SLUGS[basis]}"
    query += f"&dia_gioi={JOINED}" if _is_joined(request.POST) else ""
    query += f"&loai={form.value}" if form != Form.SUMMARY else ""
    query += f"&bieu={circular_form.pk}" if circular_form else ""
    query += f"&cap={below}" if below else ""
    query += query_of(book) if form in export_jobs.OF_BOOKS else ""
    return redirect(reverse("export-list") + query)


@require_GET
def export_status(request, pk):
    """One job: how far it is, or what is in its file."""
    job = export_jobs.get_job(request.user, pk)
    shown = _show([job])[0]
    context = {"job": shown, "active": job.state in export_jobs.OPEN, "here": "export-list"}
    return render(request, "reporting/export_status.html", context)


@require_POST
def export_drop(request, pk):
    """Takes an own request back: one that waits or failed, or stops the one being made."""
    job = export_jobs.get_job(request.user, pk)
    if export_jobs.drop(job.pk, request.user):
        done = "Đã dừng lập" if job.state == State.RUNNING else "Đã bỏ yêu cầu lập"
        messages.success(request, f"{done} {_title(job, lower=True)}.")
    else:
        messages.error(request, "Yêu cầu này không bỏ được nữa.")
    return redirect("export-list")


@require_GET
def export_download(request, pk):
    """The file, for those who may read the unit today."""
    job = export_jobs.get_job(request.user, pk)
    if job.state != State.DONE:
        messages.error(request, "Tệp này chưa lập xong nên chưa tải về được.")
        return redirect("export-status", pk=pk)
    path = export_jobs.path_of(job)
    if not path.is_file():
        messages.error(request, "Tệp này không còn trên máy chủ. Bấm “Lập tệp” để lập lại.")
        return redirect("export-list")
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=job.file_name,
        content_type=CONTENT_TYPES.get(path.suffix, "application/zip"),
    )
    return response


# What the templates show ---------------------------------------------------------------------------------------------


def _span(data) -> Span | None:
    try:
        return Span.parse(data.get("ky", ""))
    except ValueError:
        return None


def _unit_id(data) -> int | None:
    return whole_number(data.get("don_vi"))


def _file_form(data) -> ExportJob.Form | None:
    """Which file is asked for; the summary where nothing is said."""
    asked = data.get("loai") or Form.SUMMARY
    return Form(asked) if asked in Form.values else None


def _circulars(unit_id: int) -> list[CircularForm]:
    """The forms of circulars in force for a unit, under its latest place."""
    path = UnitVersion.objects.filter(unit=unit_id).order_by("-valid_from").values_list("path", flat=True).first()
    return circular_forms.forms_in_force(path) if path else []


def _circular_form(data, offered: list[CircularForm]) -> CircularForm | None:
    wanted = whole_number(data.get("bieu"))
    return next((form for form in offered if form.pk == wanted), None)


def _below(data) -> str | None:
    """Of which level's units an archive is asked for; None for none of them."""
    asked = data.get("cap", "")
    return asked if asked in LEVELS_BELOW else None


def _book(data) -> BookChoice:
    try:
        return book_asked(data)
    except ValueError:
        raise Http404 from None


def _title(job: ExportJob, *, lower: bool = False) -> str:
    """'Báo cáo sơ kết quý III/2026'."""
    if (circular := job.circular_form) is not None:
        tried = f" (thử lần {circular.number})" if circular_forms.was_tried_out(job) else ""
        return f"{circular.name} {Span.parse(job.span).label}{tried}"
    form = job.get_form_display()
    form += f" {job.get_below_display().lower()}" if job.below else ""
    tried = f" (thử mẫu lần {job.template.number})" if job.template else ""
    return f"{form.lower() if lower else form} {Span.parse(job.span).label}{tried}"


def _is_joined(data) -> bool:
    return data.get("dia_gioi") == JOINED


def _basis(data) -> str | None:
    return BASES.get(data.get("co_so", ""))


def _form(request, data) -> dict:
    """The choice made so far, with what the file would say about its own completeness."""
    today = today_for(request.user)
    periods = begun_periods(today)
    if not periods:
        return {"spans": [], "span": None, "unit_id": None}
    ended = [period for period in periods if period.data_to < today]
    span = _span(data) or Span.parse((ended or periods)[-1].key)
    wanted = _unit_id(data)
    units = offers.units(request.user, span, wanted)
    known = [pk for pk, _ in units]
    preferred = (wanted, request.posting.unit_id if request.posting else None, *known)
    unit_id = next((pk for pk in preferred if pk in known), None)
    basis = _basis(data) or Basis.PROVISIONAL
    empty: frozenset[Month] = frozenset()
    offered = periods
    if unit_id is not None:
        versions = list(UnitVersion.objects.filter(unit_id=unit_id).select_related("unit"))
        held = reports_in_months(unit_id, versions[0].unit.level, basis, periods)
        offered = [period for period in periods if period.pk in held] or periods
        empty = empty_months(offered, held)
    file_form, levels = _file_form(data) or Form.SUMMARY, []
    in_span = {month.key for month in span.months}
    if unit_id is not None and (begun := [period for period in periods if period.key in in_span]):
        levels = levels_below(unit_id, begun[-1].data_to)
    file_forms = [one for one in Form if one != Form.SUMMARIES_BELOW or levels]
    file_form = file_form if file_form in file_forms else Form.SUMMARY
    form = {"spans": span_groups(offered, span, empty), "span": span, "units": units, "unit_id": unit_id}
    form |= {"basis": basis, "file_forms": [(one.value, *OFFERED[one], one == file_form) for one in file_forms]}
    form["is_interim"] = file_form == Form.INTERIM_REPORT
    form["is_circular"] = file_form == Form.CIRCULAR
    if unit_id is not None and file_form == Form.CIRCULAR:
        form["circulars"] = in_force = _circulars(unit_id)
        form["circular"] = _circular_form(data, in_force) or next(iter(in_force), None)
    form["book"] = shown(_book(data), levels) if file_form in export_jobs.OF_BOOKS else None
    form["no_parts"] = NO_PARTS
    if file_form == Form.SUMMARIES_BELOW:
        below = _below(data) if _below(data) in levels else levels[-1]
        form["levels"] = [(level, LEVELS_BELOW[level], level == below) for level in levels]
    if unit_id is not None:
        form |= offers.completeness(request.user, unit_id, span, basis)
        form["joins"] = offers.joins(versions, span, periods)
        form["is_joined"] = _is_joined(data)
        form["words_query"] = f"?don_vi={unit_id}&ky={span.key}&co_so={SLUGS[basis]}"
    return form


def _lists(request) -> dict:
    shown = _show(export_jobs.jobs_for(request.user))
    files = [job for job in shown if job["state"] == State.DONE]
    # Of the others only today's own: a failure of last week is no news.
    under_way = [job for job in shown if job["state"] != State.DONE and (job["state"] != State.FAILED or job["recent"])]
    counts = [
        (sum(job["state"] == state for job in under_way), word)
        for state, word in ((State.RUNNING, "đang lập"), (State.WAITING, "chờ"), (State.FAILED, "lỗi"))
    ]
    return {
        "jobs": under_way,
        "files": files,
        # Nobody needs to ask every second for what has stood still for minutes.
        "poll_seconds": 1 if any(j["state"] in export_jobs.OPEN and not j["can_retry"] for j in under_way) else 15,
        "active": any(job["state"] in export_jobs.OPEN for job in under_way),
        "jobs_summary": ", ".join(f"{count} {word}" for count, word in counts if count),
        "kept_days": ReportingSettings.load().export_days,
    }


def _show(found: list[ExportJob]) -> list[dict]:
    """Jobs with every number and time already in words."""
    names = offers.unit_names(found)
    places = export_jobs.places_in_queue() if any(job.state == State.WAITING for job in found) else {}
    why_old = offers.why_old([job for job in found if job.state == State.DONE])
    days = ReportingSettings.load().export_days
    return [_shown(job, names.get(job.pk, ""), why_old.get(job.pk, ""), days, places.get(job.pk)) for job in found]


def _shown(job: ExportJob, unit_name: str, why_old: str, kept_days: int, place: int | None) -> dict:
    made = timezone.localtime(job.finished_at or job.requested_at)
    total = job.total or 1
    steps = STEP_WORDS.get(job.below or job.form, "dòng")
    is_trial = job.template is not None or circular_forms.was_tried_out(job)
    done = f"{format_number(job.progress)}/{format_number(job.total)} {steps}" if job.total else "đang đọc số liệu"
    began = timezone.localtime(job.started_at or job.requested_at)
    return {
        "job": job,
        "state": job.state,
        "state_label": {
            State.WAITING: "chờ đến lượt",
            State.RUNNING: "đang lập",
            State.DONE: "đã lập xong",
            State.FAILED: "không lập được",
            State.DROPPED: "đã bỏ",
        }[job.state],
        "title": _title(job),
        "title_in_words": _title(job, lower=True),
        "program": PROGRAM_OF[Form(job.form)],
        "book_words": words_of(job),
        # what the page's own form would send for the same file
        "fields": [
            ("ky", job.span),
            ("don_vi", job.unit_id),
            ("co_so", SLUGS[job.basis]),
            ("loai", job.form),
            *([("bieu", job.circular_form_id)] if job.circular_form_id else []),
            *([("dia_gioi", JOINED)] if job.is_joined else []),
            *([("cap", job.below)] if job.below else []),
            *(fields_of(BookChoice.of_job(job)) if job.form in export_jobs.OF_BOOKS else []),
        ],
        "is_trial": is_trial,
        "span_label": Span.parse(job.span).label,
        "unit_name": unit_name,
        "basis_label": job.get_basis_display() + (", nối địa giới" if job.is_joined else ""),
        "message": job.message,
        "progress": min(job.progress, total),
        "total": total,
        "progress_text": done,
        "progress_label": f"{_title(job)}: {done}",
        "timing": _timing(job, began, place),
        "drop_word": "Dừng" if job.state == State.RUNNING else "Bỏ",
        "can_retry": job.state == State.FAILED or export_jobs.is_stuck(job),
        "can_drop": export_jobs.may_drop(job, job.requested_by),  # only its owner sees it before it is made
        "recent": now_for(job.requested_by) - job.requested_at < dt.timedelta(days=1),
        "why_old": why_old,
        "reported": f"{format_number(job.units_reported)}/{format_number(job.units_expected)}",
        "rows": format_number(job.rows),
        "size": _size(job.size),
        "made_at": made.strftime("%H:%M %d/%m/%Y"),
        "kept_until": (timezone.localtime(job.requested_at) + dt.timedelta(days=kept_days)).strftime("%d/%m/%Y"),
    }


def _timing(job: ExportJob, began: dt.datetime, place: int | None) -> str:
    if job.state == State.RUNNING and export_jobs.is_stuck(job):
        return f"Bắt đầu {began:%H:%M}, không tiến thêm từ {timezone.localtime(job.noted_at):%H:%M}. Bấm “Lập lại”."
    if job.state == State.RUNNING:
        return f"Bắt đầu {began:%H:%M}"
    if export_jobs.is_stuck(job):
        waited = timesince(job.requested_at, now_for(job.requested_by), depth=1)
        return f"Đã chờ {waited} mà máy lập tệp chưa nhận. Bấm “Lập lại”; nếu vẫn vậy, báo nơi hỗ trợ."
    return f"Yêu cầu lúc {began:%H:%M}" + (f", thứ {format_number(place)} trong hàng chờ" if place else "")


def _size(size: int) -> str:
    if size < 1024 * 1024:
        return f"{format_number(max(1, round(size / 1024)))} KB"
    return f"{format_number(size * 10 // (1024 * 1024) / 10, 1)} MB"
