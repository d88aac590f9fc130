"""A month's figures by file: the form to fill in, and its upload, shown before anything is saved."""

import hashlib
import json

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from de_an_06.plain.numbers import format_number, whole_number
from de_an_06.plain.outside import read_json
from reporting.entry import saving
from reporting.entry.form import load_form
from reporting.exports.form_file import file_name, write_entry_form
from reporting.imports.filled_form import read_entry_form
from reporting.models import FigureChange, FormUpload
from reporting.report_doors import get_report_to_enter
from reporting.report_log import NotAllowed
from taskforces.clock import now_for
from taskforces.people.quotas import OverQuota, require_quota

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def template_download(request, pk):
    """The Excel form of this report, with what is already entered."""
    report = get_report_to_enter(request.user, pk)
    response = HttpResponse(write_entry_form(report, request.user), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, file_name(report))
    return response


@require_http_methods(["GET", "POST"])
def file_upload(request, pk):
    """Choose a file, see what it would change and what is wrong in it, then confirm. A faulty file saves nothing."""
    report = get_report_to_enter(request.user, pk)
    form = load_form(report, request.user)
    context = {
        "report": report,
        "form": form,
        "here": "task-list",
        "may_type": bool(form.entering),
    }
    if request.method == "POST" and context["may_type"]:
        if "cells" in request.POST:
            return _confirm(request, report, context)
        upload = request.FILES.get("file")
        if upload is None:
            context["nothing"] = "Chọn tệp Excel rồi bấm “Xem trước”."
        else:
            try:
                context["upload"] = _record(request, report, upload)
            except OverQuota as error:
                context["nothing"] = error.message
                return render(request, "reporting/file_upload.html", context)
            reading = read_entry_form(report, upload, request.user)
            context |= {"reading": reading, "name": upload.name}
            context |= {name: json.dumps(getattr(reading, name)) for name in ("cells", "asked", "seen")}
    return render(request, "reporting/file_upload.html", context)


@transaction.atomic
def _record(request, report, upload) -> FormUpload:
    """Which file was sent in, by whom: kept also when nothing of it was saved. Raises OverQuota."""
    require_quota(request.user, FormUpload.objects.filter(by=request.user), "at")
    sha256 = hashlib.file_digest(upload, "sha256").hexdigest()
    upload.seek(0)
    return FormUpload.objects.create(
        report=report,
        file_name=upload.name[:200],
        size=upload.size,
        sha256=sha256,
        by=request.user,
        at=now_for(request.user),
    )


def _confirm(request, report, context):
    """Save the previewed cells, and of those asked about only what this person chose to take from the file.

    What somebody changed since the preview is shown and stays as it is.
    """
    try:
        cells, asked, seen = (
            {str(k): str(v) for k, v in read_json(request.POST.get(name, "{}")).items()}
            for name in ("cells", "asked", "seen")
        )
    except (ValueError, AttributeError):
        messages.error(request, "Dữ liệu xem trước không đọc được. Chọn lại tệp.")
        return redirect("report-upload", report.pk)
    cells |= {key: text for key, text in asked.items() if request.POST.get(f"chon-{key}") == "file"}
    try:
        result = saving.save_cells(
            report_id=report.pk, by=request.user, cells=cells, seen=seen, via=FigureChange.Via.FILE
        )
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("report-entry", report.pk)
    if (upload := whole_number(request.POST.get("upload"))) is not None:
        sent = FormUpload.objects.filter(pk=upload, report=report, by=request.user)
        sent.filter(confirmed_at=None).update(confirmed_at=now_for(request.user), cells_changed=len(result.changed))
    if result.is_ok:
        count = format_number(len(result.changed))
        messages.success(request, f"Đã lưu {count} ô từ tệp." if result.changed else "Không có ô nào thay đổi.")
        return redirect("report-entry", report.pk)
    label = {key: cell.label for key, cell in result.form.cells.items()}
    left = [*result.refused.items(), *((key, conflict.message) for key, conflict in result.conflicts.items())]
    context |= {
        "saved": len(result.changed),
        "left": [(label.get(key, key), key.replace(".", "-"), message) for key, message in left],
    }
    return render(request, "reporting/file_upload.html", context)
