"""Files in and out of the register: choose, upload, see what would change, confirm, take the result."""

import io

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from de_an_06.plain import mail
from de_an_06.plain.numbers import format_number
from taskforces.clock import now_for, today_for
from taskforces.imports import import_jobs, kinds, sheets_out, tables
from taskforces.models import ContactExport, ImportJob
from taskforces.people import passwords
from taskforces.people.quotas import OverQuota, take_file
from taskforces.scope import require

from .slips import slip_of

Kind, State = ImportJob.Kind, ImportJob.State
JOBS_SHOWN = 50
TONES = {
    State.WAITING: ("clock", ""),
    State.CHECKING: ("clock", ""),
    State.WRITING: ("clock", ""),
    State.REFUSED: ("x", "bad"),
    State.READY: ("half", "info"),
    State.DONE: ("check", "ok"),
    State.CANCELLED: ("blank", ""),
}
OUTCOME_TONES = {"new": "ok", "changed": "info", "refused": "bad", "unchanged": ""}


@require_GET
def import_list(request):
    """What may be brought in, with templates, and what this person brought in before."""
    return _list_page(request)


@require_POST
def import_upload(request):
    """One file: kept, then checked by the worker."""
    kind = kinds.BY_SLUG.get(request.POST.get("loai", ""))
    upload = request.FILES.get("tep")
    require(bool(kinds.kinds_for(request.user)))
    if kind is None or upload is None:
        return _list_page(request, "Chọn loại dữ liệu và chọn tệp." if kind is None else "Chọn tệp.", kind, 400)
    try:
        job = import_jobs.create(by=request.user, kind=kind, upload=upload)
    except ValidationError as error:
        return _list_page(request, " ".join(error.messages), kind, 400)
    return redirect("import-detail", pk=job.pk)


@require_GET
def import_detail(request, pk):
    """One import: progress, all that is wrong, the preview, or what was done."""
    job = import_jobs.get_job(request.user, pk)
    template = "taskforces/_import_job.html" if request.htmx else "taskforces/import_detail.html"
    response = render(request, template, _job_context(request, job))
    if request.htmx and job.state not in import_jobs.BUSY:
        response["HX-Refresh"] = "true"  # the heading and the acts change with the state
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
def import_confirm(request, pk):
    job = import_jobs.get_job(request.user, pk)
    try:
        import_jobs.confirm(job_id=job.pk, by=request.user)
    except import_jobs.NotNow as error:
        messages.error(request, str(error))
    return redirect("import-detail", pk=pk)


@require_POST
def import_retry(request, pk):
    job = import_jobs.get_job(request.user, pk)
    try:
        import_jobs.retry(job_id=job.pk, by=request.user)
    except import_jobs.NotNow as error:
        messages.error(request, str(error))
    return redirect("import-detail", pk=pk)


@require_POST
def import_cancel(request, pk):
    job = import_jobs.get_job(request.user, pk)
    try:
        import_jobs.cancel(job_id=job.pk, by=request.user)
    except import_jobs.NotNow as error:
        messages.error(request, str(error))
        return redirect("import-detail", pk=pk)
    messages.success(request, f"Đã bỏ tệp {job.file_name}; chưa nhập gì.")
    return redirect("import-list")


@require_GET
def import_result(request, pk):
    """Every row of the file with its outcome and what was said of it."""
    job = import_jobs.get_job(request.user, pk)
    name = import_jobs.result_name(job)
    if not default_storage.exists(name):
        messages.error(request, "Lần nhập này không có tệp kết quả.")
        return redirect("import-detail", pk=pk)
    response = FileResponse(
        default_storage.open(name),
        as_attachment=True,
        filename=f"Ket-qua_{kinds.ABOUT[job.kind].slug}_{job.uploaded_at:%Y%m%d-%H%M}.xlsx",
        content_type=tables.CONTENT_TYPE,
    )
    return response


@require_GET
def import_template(request, kind):
    """An empty sheet with lists to choose from."""
    found = _kind(kind)
    require(kinds.may_bring_in(request.user, found))
    content = io.BytesIO()
    roster = kinds.ROSTERS[found](request.user)
    sheets_out.write_template(content, roster, found, Kind(found).label)
    return _file(content, f"Mau_{kind}.xlsx", tables.CONTENT_TYPE)


@require_GET
def register_export(request, kind):
    """Today's rows of the person's units in the same layout; work contacts only when asked for, and that is logged."""
    found = _kind(kind)
    require(kinds.may_take_out(request.user, found))
    try:
        take_file(request.user)
    except OverQuota as error:
        return render(request, "429.html", {"reason": error.message}, status=429)
    roster_class = kinds.ROSTERS[found]
    has_contacts = any(column.contact for column in roster_class(request.user).columns())
    with_contacts = has_contacts and request.GET.get("lien_he") == "1"
    roster = roster_class(request.user, with_contacts=with_contacts)
    rows = sheets_out.export_rows(roster, request.user, found)
    if with_contacts:
        ContactExport.objects.create(
            by=request.user, at=now_for(request.user), what=f"Xuất {Kind(found).label}", rows=len(rows)
        )
    content, day = io.BytesIO(), today_for(request.user)
    if request.GET.get("dang") == "csv":
        sheets_out.write_csv(content, roster, rows)
        return _file(content, f"{kind}_{day:%Y-%m-%d}.csv", "text/csv; charset=utf-8")
    sheets_out.write_template(content, roster, found, Kind(found).label, rows)
    return _file(content, f"{kind}_{day:%Y-%m-%d}.xlsx", tables.CONTENT_TYPE)


@require_GET
def import_links(request, pk):
    """A sheet to print: for each new account the link by which its owner sets the first password."""
    job = import_jobs.get_job(request.user, pk)
    if job.kind != Kind.USERS:
        raise Http404
    accounts = import_jobs.new_accounts(job)
    rows = [slip_of(request, user, passwords.link_path(user)) for user in import_jobs.accounts_of_one(accounts)]
    waiting = format_number(len(accounts) - len(rows)) if len(accounts) > len(rows) else ""
    context = {
        "job": job,
        "rows": rows,
        "waiting": waiting,
        "days": passwords.DAYS,
        "here": "import-list",
        "now": now_for(request.user),
    }
    return render(request, "taskforces/import_links.html", context)


@require_POST
def import_links_send(request, pk):
    """The same links by e-mail, to those who have an address."""
    job = import_jobs.get_job(request.user, pk)
    if job.kind != Kind.USERS:
        raise Http404
    count = sum(1 for user in import_jobs.accounts_of_one(import_jobs.new_accounts(job)) if user.email)
    if not mail.goes_out():
        messages.error(request, "Cổng này không gửi thư. In phiếu rồi giao tận tay.")
    elif not count:
        messages.error(request, "Không có tài khoản mới nào có thư công vụ. In phiếu rồi giao tận tay.")
    elif import_jobs.send_password_links.send_now(str(job.pk), request.build_absolute_uri("/")):
        messages.success(request, f"Đang gửi đường dẫn đặt mật khẩu tới {format_number(count)} hộp thư công vụ.")
    else:
        messages.error(request, "Chưa gửi thư nào: hàng đợi không nhận. Thử lại sau ít phút, hoặc in phiếu.")
    return redirect("import-detail", pk=pk)


# --- what the templates show


def _kind(slug: str) -> str:
    if slug not in kinds.BY_SLUG:
        raise Http404
    return kinds.BY_SLUG[slug]


def _file(content: io.BytesIO, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content.getvalue(), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _list_page(request, error: str = "", chosen: str | None = None, status: int = 200):
    allowed = kinds.kinds_for(request.user)
    require(bool(allowed))
    chosen = chosen or kinds.BY_SLUG.get(request.GET.get("loai", "")) or allowed[0]
    own = ImportJob.objects.filter(by=request.user, kind__in=allowed)[:JOBS_SHOWN]
    context = {
        "here": "import-list",
        "kinds": [_kind_row(kind, kind == chosen) for kind in allowed],
        "jobs": [_shown(job) for job in own],
        "error": error,
        "accept": tables.ROSTER_ACCEPT,
        "most_rows": format_number(tables.MOST_ROSTER_ROWS),
    }
    return render(request, "taskforces/import_list.html", context, status=status)


def _kind_row(kind: str, is_chosen: bool) -> dict:
    contacts = any(c.contact for c in kinds.ROSTERS[kind].fields.values())
    about = kinds.ABOUT[kind]
    return {
        "slug": about.slug,
        "label": Kind(kind).label,
        "text": about.text,
        "chosen": is_chosen,
        "contacts": contacts,
    }


def _shown(job: ImportJob) -> dict:
    icon, tone = TONES[job.state]
    return {
        "job": job,
        "icon": icon,
        "tone": tone,
        "rows": format_number(job.rows),
        "counts": {
            "Mới": format_number(job.created),
            "Thay đổi": format_number(job.updated),
            "Giữ nguyên": format_number(job.unchanged),
            "Có lỗi": format_number(job.refused),
        },
    }


def _job_context(request, job: ImportJob) -> dict:
    preview = job.preview or {}
    rows = [
        row | {"label": sheets_out.OUTCOMES[row["outcome"]], "tone": OUTCOME_TONES[row["outcome"]]}
        for row in preview.get("rows", [])
    ]
    total = job.rows or 1
    accounts = import_jobs.new_accounts(job)
    return _shown(job) | {
        "here": "import-list",
        "busy": job.state in import_jobs.BUSY,
        "stuck": import_jobs.is_stuck(job),
        "may_retry": import_jobs.may_retry(job),
        "silent_since": job.noted_at,
        "heading": _heading(job),
        "progress": min(job.progress, total),
        "total": total,
        "progress_text": f"{format_number(job.progress)}/{format_number(job.rows)} dòng"
        if job.rows
        else "đang đọc tệp",
        "shown_rows": rows,
        "shown": format_number(len(rows)),
        "of": format_number(preview.get("of", 0)),
        "is_cut": preview.get("of", 0) > len(rows),
        "sheet": preview.get("sheet", ""),
        "blank_rows": preview.get("blank_rows", 0),
        "has_result": job.state not in {*import_jobs.BUSY, State.CANCELLED}
        and default_storage.exists(import_jobs.result_name(job)),
        "accounts": format_number(len(accounts)) if accounts else "",
        "with_mail": format_number(sum(1 for user in accounts if user.email)) if mail.goes_out() else "0",
        "days": passwords.DAYS,
    }


def _heading(job: ImportJob) -> str:
    """The state in one line, as the answer to what happened."""
    changes = format_number(job.created + job.updated)
    match job.state:
        case State.WAITING | State.CHECKING:
            return "Đang kiểm tra tệp"
        case State.WRITING:
            return f"Đang nhập {changes} dòng"
        case State.REFUSED if job.refused:
            return f"{format_number(job.refused)} dòng có lỗi, chưa nhập gì"
        case State.REFUSED:
            return "Tệp không nhập được, chưa nhập gì"
        case State.READY if job.created + job.updated:
            return f"{changes} dòng sẽ thay đổi sổ, chờ xác nhận"
        case State.READY:
            return "Tệp giống hệt sổ, không có gì để nhập"
        case State.DONE:
            return f"Đã nhập {changes} dòng"
    return "Đã bỏ tệp này"
