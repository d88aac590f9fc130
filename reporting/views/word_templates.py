"""The Word template of interim reports: which one is in force, its versions, handing in, trying out, what fills it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from de_an_06.plain.spans import Month, Span
from reporting.exports import export_jobs
from reporting.exports.interim import placeholders, word_templates
from reporting.models import Basis, ExportJob, WordTemplate
from reporting.reading.overview import begun_periods, periods_of_unit
from reporting.report_log import NotAllowed
from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.models.units import path_ids
from taskforces.people.quotas import OverQuota
from taskforces.register.uploads import CONTENT_TYPES
from taskforces.scope import may_keep_word_template, require

WORD = CONTENT_TYPES[".docx"]
SHIPPED_NAME = "mau-bao-cao-so-ket.docx"


def own_version(request: HttpRequest) -> UnitVersion:
    """The unit the person works for, as it is today (a closed one as it last was); 403 without a posting."""
    if request.posting is None:
        raise PermissionDenied
    versions = UnitVersion.objects.filter(unit=request.posting.unit_id, valid_from__lte=today_for(request.user))
    version = versions.select_related("unit").order_by("-valid_from").first()
    if version is None:
        raise PermissionDenied
    return version


def _template(request: HttpRequest, pk: int) -> WordTemplate:
    """The one door to a version: those of the own unit and of the units above it exist."""
    ids = path_ids(own_version(request).path)
    return get_object_or_404(WordTemplate.objects.select_related("unit").filter(unit__in=ids), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def template_list(request: HttpRequest) -> HttpResponse:
    """The template in force, all versions of the own unit, the placeholders; a POST hands in a new version."""
    version = own_version(request)
    errors: list[str] = []
    note = ""
    if request.method == "POST":
        require(may_keep_word_template(request.user, version.unit))
        note = request.POST.get("ghi_chu", "")
        upload = request.FILES.get("tep")
        try:
            if upload is None:
                raise ValidationError("Chọn tệp Word (.docx) của mẫu.")
            added = word_templates.hand_in(unit=version.unit, upload=upload, note=note, by=request.user)
        except ValidationError as error:
            errors = error.messages
        else:
            messages.success(
                request, f"Đã nhận mẫu lần {added.number}, điền thử không lỗi. Bấm “Thử” để xem, rồi “Dùng mẫu này”."
            )
            return redirect("word-template-list")
    return render(request, "reporting/word_template_list.html", _context(request, version, errors, note))


def _context(request: HttpRequest, version: UnitVersion, errors: list[str], note: str) -> dict:
    kept = word_templates.kept_by(version.unit_id)
    tries = word_templates.tries_of(kept, request.user)
    in_force = word_templates.in_force_for(version.path)
    above = in_force is not None and in_force.unit_id != version.unit_id
    return {
        "here": "export-list",
        "unit_name": version.name,
        "may_keep": may_keep_word_template(request.user, version.unit),
        "versions": [{"template": one, "tried": tries.get(one.pk)} for one in kept],
        "in_force": in_force,
        "in_force_of": UnitVersion.objects.filter(unit=in_force.unit_id).order_by("-valid_from")[0].name
        if in_force and above
        else "",
        "errors": errors,
        "note": note,
        "groups": [
            ("Đầu và cuối văn bản", _named(placeholders.HEAD_AND_END)),
            ("Nội dung", _named(placeholders.CONTENT)),
            ("Biểu đồ (ảnh)", _named(placeholders.PICTURES)),
        ],
    }


def _named(fields) -> list[tuple[str, str, str]]:
    """(placeholder as it is written, how a list is gone through, what it is)."""
    shown = []
    for path, meaning in fields:
        over, _, rest = path.partition("[]")
        written = f"{{{{ {path} }}}}" if "[]" not in path else f"{{{{ d{rest.replace('[]', '')} }}}}"
        shown.append((written, f"for d in {over}" if "[]" in path else "", meaning))
    return shown


@require_POST
def template_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for a report of the last month with this version; its progress stands on the page of exports."""
    template = _template(request, pk)
    require(may_keep_word_template(request.user, template.unit))
    versions = list(UnitVersion.objects.filter(unit=template.unit))
    today = today_for(request.user)
    periods = periods_of_unit(versions, begun_periods(today))
    if not periods:
        messages.error(request, "Chưa có kỳ báo cáo nào để thử mẫu.")
        return redirect("word-template-list")
    last = ([p for p in periods if p.data_to < today] or periods)[-1]
    span = Span.month(Month(last.year, last.month))
    try:
        job = export_jobs.create(
            unit=template.unit, span=span, basis=Basis.PROVISIONAL, by=request.user,
            form=ExportJob.Form.INTERIM_REPORT, template=template,
        )  # fmt: skip
    except OverQuota as error:
        messages.error(request, error.message)
        return redirect("word-template-list")
    return redirect("export-status", pk=job.pk)


@require_POST
def template_use(request: HttpRequest, pk: int) -> HttpResponse:
    template = _template(request, pk)
    try:
        used = word_templates.put_in_force(template_id=template.pk, by=request.user)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Từ nay báo cáo sơ kết dùng mẫu lần {used.number}.")
    return redirect("word-template-list")


@require_POST
def template_back(request: HttpRequest) -> HttpResponse:
    """The shipped template, or that of a unit above, is in force again."""
    unit: AdministrativeUnit = own_version(request).unit
    try:
        word_templates.back_to_shipped(unit=unit, by=request.user)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Đã thôi dùng mẫu riêng.")
    return redirect("word-template-list")


@require_GET
def template_download(request: HttpRequest, pk: int) -> HttpResponse:
    template = _template(request, pk)
    try:
        file = template.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return _file(file, template.file_name)


@require_GET
def template_shipped(request: HttpRequest) -> HttpResponse:
    """The template that the portal brings along, to begin with."""
    return _file(word_templates.SHIPPED.open("rb"), SHIPPED_NAME)


def _file(file, name: str) -> FileResponse:
    response = FileResponse(file, as_attachment=True, filename=name, content_type=WORD)
    response["X-Content-Type-Options"] = "nosniff"
    return response
