"""Documents with their files: keep one, correct what is said of it."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from de_an_06.plain.vietnamese import one_line
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit, Assignment, Document, Inspection, Meeting, TaskForce
from taskforces.register import uploads
from taskforces.scope import may_add_evidence, may_keep_register, require


@transaction.atomic
def save_document(
    *,
    by,
    unit: AdministrativeUnit,
    kind: str,
    title: str,
    issued_on: dt.date,
    number: str = "",
    issuing_body: str = "",
    task_force: TaskForce | None = None,
    assignment: Assignment | None = None,
    meeting: Meeting | None = None,
    inspection: Inspection | None = None,
    upload: UploadedFile | None = None,
) -> Document:
    """Keep a document with its file; the file is inspected first and stored under a random name."""
    require(may_keep_register(by, unit) or (assignment is not None and may_add_evidence(by, assignment)))
    if task_force is not None and task_force.unit_id != unit.pk:
        raise ValidationError({"task_force": "Tổ công tác này thuộc đơn vị khác."})
    if assignment is not None and assignment.unit_id != unit.pk:
        raise ValidationError({"assignment": "Nhiệm vụ này giao cho đơn vị khác."})
    document = Document(
        unit=unit,
        task_force=task_force,
        assignment=assignment,
        meeting=meeting,
        inspection=inspection,
        kind=kind,
        title=one_line(title),
        number=one_line(number),
        issued_on=issued_on,
        issuing_body=one_line(issuing_body),
        uploaded_by=by,
        uploaded_at=now_for(by),
    )
    document.full_clean()
    _attach(document, upload)
    document.save()
    return document


@transaction.atomic
def change_document(
    *,
    by,
    document_id: int,
    kind: str,
    title: str,
    issued_on: dt.date,
    number: str = "",
    issuing_body: str = "",
    upload: UploadedFile | None = None,
) -> Document:
    """Correct what is said of a document; a new file replaces the old one, no file leaves it."""
    document = Document.objects.select_for_update(of=("self",)).select_related("unit").get(pk=document_id)
    require(may_keep_register(by, document.unit))
    document.kind, document.title, document.issued_on = kind, one_line(title), issued_on
    document.number, document.issuing_body = one_line(number), one_line(issuing_body)
    document.full_clean()
    if upload is not None:
        document.uploaded_by, document.uploaded_at = by, now_for(by)
        _attach(document, upload)
    document.save()
    return document


# --- parts


def _attach(document: Document, upload: UploadedFile | None) -> None:
    """Inspect the file and store it; errors are named as errors of the form's `upload`."""
    if upload is None:
        return
    try:
        known = uploads.inspect(upload)
        uploads.store(document.file, known.name, upload)
    except ValidationError as error:
        raise ValidationError({"upload": error.messages}) from None
    document.file_name, document.content_type = known.name, known.content_type
    document.size, document.sha256 = known.size, known.sha256
