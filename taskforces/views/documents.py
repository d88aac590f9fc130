"""Documents of a unit and its task forces. Files leave only through `document_download`, after the scope check."""

import logging

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from de_an_06.plain.numbers import format_number
from taskforces.models import Document
from taskforces.register import keeping
from taskforces.register.forms import DocumentForm, NewDocumentForm
from taskforces.scope import may_keep_register, require

from .look import look_of

logger = logging.getLogger(__name__)
DOCUMENTS_A_PAGE = 50


def get_document(request, pk) -> Document:
    """The one door to a document and its file."""
    found = Document.objects.visible_to(request.user).select_related("unit", "task_force", "meeting", "inspection")
    return get_object_or_404(found, pk=pk)


def document_list(request):
    """Documents of a unit, newest first, all kinds or one."""
    look = look_of(request)
    documents = Document.objects.filter(unit=look.unit).select_related("task_force")
    kind = request.GET.get("loai", "")
    if kind in Document.Kind.values:
        documents = documents.filter(kind=kind)
    paginator = Paginator(documents, DOCUMENTS_A_PAGE)
    context = {
        "here": "taskforce-list",
        "look": look,
        "unit": look.unit,
        "page": paginator.get_page(request.GET.get("trang")),
        "count": format_number(paginator.count),
        "kind": kind,
        "kinds": [("", "Tất cả"), *Document.Kind.choices],
        "may_keep": may_keep_register(request.user, look.unit),
        "upload_url": f"{reverse('document-upload')}?don_vi={look.unit.pk}",
        "list_url": reverse("document-list") + look.query,
        "back_url": reverse("taskforce-list") + look.query,
    }
    return render(request, "taskforces/document_list.html", context)


def document_upload(request):
    """Keep a document with its file; `?to=` chooses the task force, `?loai=` the kind."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    initial = {
        "issued_on": look.today,
        "task_force": request.GET.get("to", ""),
        "kind": request.GET.get("loai", Document.Kind.FOUNDING_DECISION),
    }
    form = NewDocumentForm(request.POST or None, request.FILES or None, unit=look.unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            document = keeping.save_document(by=request.user, unit=look.unit, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã lưu văn bản {document}.")
            return redirect(_back(document))
    return _form(
        request, look, form, title="Thêm văn bản", act="Lưu văn bản", back=reverse("document-list") + look.query
    )


def document_edit(request, pk):
    """Correct what is said of a document, or replace its file."""
    document = get_document(request, pk)
    look = look_of(request, document.unit)
    require(may_keep_register(request.user, document.unit))
    shown = {name: getattr(document, name) for name in ("kind", "number", "issued_on", "issuing_body", "title")}
    form = DocumentForm(request.POST or None, request.FILES or None, initial=shown)
    if document.file_name:
        form.fields["upload"].help_text = f"Đang có tệp {document.file_name}. Chọn tệp khác để thay."
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change_document(by=request.user, document_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi của văn bản.")
            return redirect(_back(document))
    return _form(request, look, form, title="Sửa văn bản", act="Ghi thay đổi", back=_back(document))


def document_download(request, pk):
    """The file, always as a download and under the type found when it was handed in."""
    document = get_document(request, pk)
    if not document.file:
        messages.error(request, f"Văn bản {document} chưa có tệp kèm theo.")
        return redirect(_back(document))
    try:
        file = document.file.open("rb")
    except FileNotFoundError:
        logger.error("the file of document %s is gone: %s", document.pk, document.file.name)
        messages.error(
            request,
            f"Tệp “{document.file_name}” không còn trên máy chủ. Báo nơi hỗ trợ khôi phục từ bản sao lưu; "
            "nếu còn giữ tệp, sửa văn bản này và gửi lại tệp.",
        )
        return redirect(_back(document))
    response = FileResponse(file, as_attachment=True, filename=document.file_name, content_type=document.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _back(document: Document) -> str:
    if about := document.inspection or document.meeting:
        return about.get_absolute_url()
    if document.task_force_id:
        return reverse("taskforce-detail", args=[document.task_force_id])
    return f"{reverse('document-list')}?don_vi={document.unit_id}"


def _form(request, look, form, *, title, act, back):
    context = {"here": "taskforce-list", "look": look, "form": form, "title": title, "act": act, "back_url": back}
    return render(request, "taskforces/taskforce_form.html", context)
