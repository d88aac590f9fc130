"""The Excel forms of circulars: handed in, what goes where in them, tried out, put in force, withdrawn."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from de_an_06.plain.numbers import whole_number
from de_an_06.plain.spans import Span
from reporting.exports import export_jobs
from reporting.exports.circular import circular_forms, vocabulary
from reporting.exports.circular.filled_circular import read_values
from reporting.exports.circular.form_mapping import MappedSheet, coverage, mapped, not_filled
from reporting.exports.excel import CannotExport
from reporting.models import CircularForm, ExportJob
from reporting.report_log import NotAllowed
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.models.units import path_ids
from taskforces.people.quotas import OverQuota
from taskforces.register.uploads import CONTENT_TYPES
from taskforces.scope import require

from .choices import BASES, Choice, context_bar, read_choice
from .word_templates import own_version

_XLSX = CONTENT_TYPES[".xlsx"]


def _circular(request: HttpRequest, pk: int) -> CircularForm:
    """The one door to a version: those of the own unit and of the units above it exist."""
    ids = path_ids(own_version(request).path)
    return get_object_or_404(CircularForm.objects.select_related("unit").filter(unit__in=ids), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def circular_form_list(request: HttpRequest) -> HttpResponse:
    """Forms in force, all versions of the own unit, the placeholders; a POST hands in a new version."""
    version = own_version(request)
    typed = {"ten": "", "ghi_chu": ""}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        try:
            added = circular_forms.hand_in_form(
                unit=version.unit,
                upload=request.FILES.get("tep"),
                name=typed["ten"],
                note=typed["ghi_chu"],
                by=request.user,
            )
        except OverQuota as error:
            errors = {"file": [error.message]}
        except ValidationError as error:
            errors = error.message_dict if hasattr(error, "error_dict") else {"file": error.messages}
        else:
            messages.success(
                request,
                f"Đã nhận {added.name} lần {added.number}, điền thử không lỗi. Chỗ nào điền gì: bảng dưới.",
            )
            return redirect("circular-form-detail", pk=added.pk)
    return render(request, "reporting/circular_form_list.html", _list_context(request, version, typed, errors))


def _list_context(
    request: HttpRequest, version: UnitVersion, typed: dict[str, str], errors: dict[str, list[str]]
) -> dict:
    kept = circular_forms.forms_of(version.unit_id)
    in_force = circular_forms.forms_in_force(version.path)
    names = _names_of({form.unit_id for form in in_force} - {version.unit_id})
    return {
        "here": "export-list",
        "unit_name": version.name,
        "may_keep": circular_forms.may_keep_circular_form(request.user, version.unit),
        "versions": kept,
        "names": sorted({form.name for form in kept}),
        "in_force": [(form, names.get(form.unit_id, "")) for form in in_force],
        "errors": errors,
        "typed": typed,
        "groups": _groups(),
    }


def _names_of(units: set[int]) -> dict[int, str]:
    versions = UnitVersion.objects.filter(unit__in=units).order_by("valid_from") if units else []
    return {version.unit_id: version.name for version in versions}


def _groups() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(title, how it is used, [(as it is written, what it is)]); codes of the catalogue stand for all of them."""
    service, indicator = "DVC09", "TT01"

    def braces(prefix: str, words) -> list[tuple[str, str]]:
        return [(f"{{{{{prefix}.{word}}}}}", meaning) for word, meaning in words]

    return [
        (
            "Đơn vị, kỳ, báo cáo",
            "Đặt làm tên ô (Name Box), hoặc viết vào ô giữa hai ngoặc nhọn, ví dụ Kỳ báo cáo: {{ky}}.",
            list(vocabulary.FORM_FACTS),
        ),
        (
            "Mọi dịch vụ công cộng lại",
            "Tỷ lệ là tỷ lệ chung như trên trang Tổng quan.",
            [(f"tong_{word}", meaning) for word, meaning in vocabulary.DOSSIER_WORDS],
        ),
        (
            "Một dịch vụ công",
            f"Mã dịch vụ, gạch dưới, từ của số; ví dụ cho {service}.",
            [
                (f"{service}_{word}", meaning)
                for word, meaning in (*vocabulary.DOSSIER_WORDS, vocabulary.REPORTING_UNITS)
            ],
        ),
        (
            "Một chỉ tiêu",
            f"Mã chỉ tiêu, gạch dưới, từ của số; ví dụ cho {indicator}.",
            [
                (f"{indicator}_{word}", meaning)
                for word, meaning in (*vocabulary.INDICATOR_WORDS, vocabulary.REPORTING_UNITS)
            ],
        ),
        (
            "Dòng lặp: mỗi đơn vị trực thuộc",
            "Viết vào các ô của một dòng; dòng đó lặp lại cho từng đơn vị. Một dịch vụ của từng đơn vị: "
            f"{{{{don_vi.{service}_tiep_nhan}}}}.",
            braces(vocabulary.UNITS_LIST, vocabulary.UNIT_WORDS_OF_ROW),
        ),
        (
            "Dòng lặp: mỗi dịch vụ công",
            "Các dịch vụ trong danh mục của kỳ, và dịch vụ có số liệu.",
            braces(vocabulary.SERVICES_LIST, vocabulary.SERVICE_WORDS_OF_ROW),
        ),
        (
            "Dòng lặp: mỗi chỉ tiêu",
            "Các chỉ tiêu trong danh mục của kỳ, và chỉ tiêu có số liệu.",
            braces(vocabulary.INDICATORS_LIST, vocabulary.INDICATOR_WORDS_OF_ROW),
        ),
        (
            "Dòng in sẵn, có cột mã",
            "Một dòng đánh dấu ở trên: {{cot.ma}} ở cột ghi mã (DVC09, TT01…), các chỗ sau ở cột số liệu. "
            "Ô có công thức hoặc chữ như “x” giữ nguyên.",
            [("{{cot.ma}}", "Cột ghi mã"), *braces(vocabulary.COLUMN_LIST, vocabulary.COLUMN_WORDS)],
        ),
    ]


@require_GET
def circular_form_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes where in one version, with the values of a unit and span; what stays blank; what it does not take."""
    form = _circular(request, pk)
    choice = read_choice(request)
    context = {
        "here": "export-list",
        "form": form,
        "may_keep": circular_forms.may_keep_circular_form(request.user, form.unit),
        "own_names": form.marks["own_names"],
    }
    if choice is None or choice.span is None:
        return render(request, "reporting/circular_form_detail.html", context | {"ctx": None})
    return render(request, "reporting/circular_form_detail.html", context | _mapping(request, form, choice))


def _mapping(request: HttpRequest, form: CircularForm, choice: Choice) -> dict:
    assert choice.span is not None
    try:
        values = read_values(choice.unit_id, choice.span, choice.basis, now=choice.now, by=request.user)
    except CannotExport as refused:
        return {"ctx": context_bar(request, choice), "cannot": str(refused)}
    sheets = mapped(form, values)
    taken = coverage(form, values.vocabulary, values)
    return {
        "ctx": context_bar(request, choice, seen=values.view),
        "sheets": [_shown_sheet(sheet) for sheet in sheets],
        "problems": not_filled(sheets),
        "coverage": taken,
        "unit_name": values.view.version.name,
        "span_label": values.view.label,
        "try_data": {"don_vi": choice.unit_id, "ky": choice.span.key, "co_so": choice.basis_key},
        "export_url": f"{reverse('export-list')}?{urlencode({'loai': ExportJob.Form.CIRCULAR.value, 'bieu': form.pk})}",
    }


def _shown_sheet(sheet: MappedSheet) -> dict:
    """A table of codes has a column for each word; what a row has no cell for is a blank there."""
    words = sheet.words
    lines = []
    for line in sheet.codes:
        by_word = {one.written: one for one in line.figures}
        lines.append((line, [(by_word.get(word), line.kept.get(word, "")) for word, _ in words]))
    return {"title": sheet.title, "cells": sheet.cells, "rows": sheet.rows, "words": words, "lines": lines}


@require_POST
def circular_form_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for a file of the unit and span shown with this version; its progress stands on its own page."""
    form = _circular(request, pk)
    require(circular_forms.may_keep_circular_form(request.user, form.unit))
    unit = AdministrativeUnit.objects.filter(pk=whole_number(request.POST.get("don_vi"))).first()
    basis = BASES.get(request.POST.get("co_so", ""))
    try:
        span = Span.parse(request.POST.get("ky", ""))
    except ValueError as error:
        raise Http404 from error
    if unit is None or basis is None or not export_jobs.may_read(request.user, unit.pk, span):
        raise Http404
    try:
        job = export_jobs.create(
            unit=unit, span=span, basis=basis, by=request.user, form=ExportJob.Form.CIRCULAR, circular_form=form
        )
    except OverQuota as error:
        messages.error(request, error.message)
        return redirect("circular-form-detail", pk=pk)
    return redirect("export-status", pk=job.pk)


@require_POST
def circular_form_use(request: HttpRequest, pk: int) -> HttpResponse:
    form = _circular(request, pk)
    try:
        used = circular_forms.use_form(form_id=form.pk, by=request.user)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Từ nay {used.name} dùng lần {used.number}. Chọn ở trang Xuất báo cáo.")
    return redirect("circular-form-list")


@require_POST
def circular_form_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    form = _circular(request, pk)
    try:
        ended = circular_forms.withdraw_form(form_id=form.pk, by=request.user)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Đã thôi dùng {ended.name}. Các lần gửi vẫn được giữ.")
    return redirect("circular-form-list")


@require_GET
def circular_form_download(request: HttpRequest, pk: int) -> HttpResponse:
    form = _circular(request, pk)
    try:
        file = form.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, as_attachment=True, filename=form.file_name, content_type=_XLSX)
    response["X-Content-Type-Options"] = "nosniff"
    return response
