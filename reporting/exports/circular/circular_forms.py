"""The Excel forms of circulars: handed in, looked through, tried out, put in force, withdrawn; every version is kept.

A form is in force for its unit and everything under it that has none of the same name. One that fails is not kept, and
what was in force stays so.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from de_an_06.plain import excel_forms
from de_an_06.plain.vietnamese import one_line, sort_key
from reporting.models import CircularForm, ExportJob
from reporting.report_log import NotAllowed
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit
from taskforces.models.units import path_ids
from taskforces.people.quotas import take_file
from taskforces.register.uploads import Inspected, inspect, store
from taskforces.scope import may_keep_word_template, require

from ..interim.word_templates import LONGEST_NOTE
from .vocabulary import Vocabulary

LONGEST_FORM_NAME = 80


def may_keep_circular_form(user, unit) -> bool:
    """Who replaces the Word template of a province keeps its Excel forms."""
    return may_keep_word_template(user, unit)


@contextmanager
def file_of(form: CircularForm) -> Iterator[Path]:
    """A copy of the form's file for as long as it is used."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        with form.file.open("rb") as kept:
            shutil.copyfileobj(kept, copy)
        copy.flush()
        yield Path(copy.name)


def forms_in_force(path: str) -> list[CircularForm]:
    """Of the unit of this path and those above it, of each name the nearest; by name. One query."""
    ids = path_ids(path)
    nearest: dict[str, CircularForm] = {}
    for form in sorted(_in_force().filter(unit__in=ids), key=lambda form: ids.index(form.unit_id)):
        nearest[form.name.casefold()] = form
    return sorted(nearest.values(), key=lambda form: sort_key(form.name))


def forms_of(unit_id: int) -> list[CircularForm]:
    """All versions, form by form, the newest first."""
    found = CircularForm.objects.filter(unit=unit_id).select_related("uploaded_by", "put_in_force_by", "withdrawn_by")
    return sorted(found, key=lambda form: (sort_key(form.name), -form.number))


def hand_in_form(*, unit: AdministrativeUnit, upload: UploadedFile | None, name: str, note: str, by) -> CircularForm:
    """Keeps a new version, not yet in force. ValidationError by field ('name', 'note', 'file'), OverQuota."""
    require(may_keep_circular_form(by, unit))
    name, note = one_line(name), one_line(note)
    errors: dict[str, list[str]] = {}
    if not name:
        errors["name"] = ["Ghi tên biểu, ví dụ “Biểu 01a/ĐA06”."]
    elif len(name) > LONGEST_FORM_NAME:
        errors["name"] = [f"Tên biểu dài nhất {LONGEST_FORM_NAME} ký tự."]
    if len(note) > LONGEST_NOTE:
        errors["note"] = [f"Ghi chú dài nhất {LONGEST_NOTE} ký tự."]
    found, marks = None, None
    if upload is None:
        errors["file"] = ["Chọn tệp Excel (.xlsx) của biểu."]
    else:
        take_file(by)  # one that is refused took as long to look at
        try:
            found = inspect(upload)
            if not found.name.lower().endswith(".xlsx"):
                raise ValidationError(
                    "Biểu phải là tệp Excel dạng .xlsx. Mở bằng Excel, chọn Lưu thành (Save As), dạng Excel Workbook."
                )
            marks = _try_out(upload)
        except ValidationError as error:
            errors["file"] = error.messages
    if errors:
        raise ValidationError(errors)
    assert upload is not None
    assert found is not None
    assert marks is not None
    return _keep_form(unit, upload, found, name, note, marks, by)


@transaction.atomic
def _keep_form(
    unit: AdministrativeUnit, upload: UploadedFile, found: Inspected, name: str, note: str, marks: dict[str, Any], by
) -> CircularForm:
    AdministrativeUnit.objects.select_for_update().get(pk=unit.pk)  # numbers follow each other
    names = CircularForm.objects.filter(unit=unit).values_list("name", flat=True)
    name = next((one for one in names if one.casefold() == name.casefold()), name)  # one form, one spelling
    form = CircularForm(
        unit=unit,
        name=name,
        number=_number_of_last(unit.pk, name) + 1,
        file_name=found.name,
        size=found.size,
        sha256=found.sha256,
        marks=marks,
        note=note,
        uploaded_by=by,
        uploaded_at=now_for(by),
    )
    store(form.file, found.name, upload)
    form.save()
    return form


def _try_out(upload: UploadedFile) -> dict[str, Any]:
    """What is marked in it; filled once with invented values and once with nothing, so that no branch stays unseen."""
    known = Vocabulary().known()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bieu.xlsx"
        upload.seek(0)
        with file.open("wb") as copy:
            shutil.copyfileobj(upload, copy)
        upload.seek(0)
        try:
            return excel_forms.look_through(
                file, Path(folder) / "thu.xlsx", known=known, tries=[invented(known, rows) for rows in (2, 0)]
            )
        except excel_forms.FormRefused as refused:
            raise ValidationError(refused.sentences) from None


def invented(known: dict[str, Any], rows: int) -> dict[str, Any]:
    """Values for every placeholder: a number with two rows of each list, or nothing at all."""
    value = (7, "7") if rows else (None, "")
    return {
        "cells": dict.fromkeys(known["cells"], value),
        "lists": {name: [dict.fromkeys(words, value)] * rows for name, words in known["lists"].items()},
        "codes": {code: dict.fromkeys(known["columns"], value) for code in known["codes"]},
    }


@transaction.atomic
def use_form(*, form_id: int, by) -> CircularForm:
    """From now on; the version before it ends now. One that was in force before comes back as a version of its own, so
    that what held when stays written."""
    form = CircularForm.objects.select_for_update(of=("self",)).select_related("unit").get(pk=form_id)
    require(may_keep_circular_form(by, form.unit))
    if form.is_in_force:
        raise NotAllowed("Biểu này đang được dùng.")
    _in_force().filter(unit=form.unit_id, name=form.name).update(in_force_to=now_for(by))
    if form.in_force_to is not None:
        form.note = f"Như lần {form.number}"
        form.pk, form.number = None, _number_of_last(form.unit_id, form.name) + 1
        form.uploaded_by, form.uploaded_at = by, now_for(by)
    form.in_force_from, form.in_force_to = now_for(by), None
    form.put_in_force_by, form.withdrawn_by = by, None
    form.save()
    return form


@transaction.atomic
def withdraw_form(*, form_id: int, by) -> CircularForm:
    """Nobody fills it any more; the version and its days stay written."""
    form = CircularForm.objects.select_for_update(of=("self",)).select_related("unit").get(pk=form_id)
    require(may_keep_circular_form(by, form.unit))
    if not form.is_in_force:
        raise NotAllowed("Biểu này không đang dùng.")
    form.in_force_to, form.withdrawn_by = now_for(by), by
    form.save(update_fields=["in_force_to", "withdrawn_by"])
    return form


def _number_of_last(unit_id: int, name: str) -> int:
    return CircularForm.objects.filter(unit=unit_id, name=name).aggregate(last=Max("number"))["last"] or 0


def _in_force() -> QuerySet[CircularForm]:
    return CircularForm.objects.filter(in_force_from__isnull=False, in_force_to__isnull=True)


# Of files: no form of a circular, or one that was in force when it was asked for; others were tried out.
MADE_IN_FORCE = Q(circular_form=None) | (
    Q(circular_form__in_force_from__lte=F("requested_at"))
    & (Q(circular_form__in_force_to=None) | Q(circular_form__in_force_to__gte=F("requested_at")))
)


def was_tried_out(job: ExportJob) -> bool:
    """MADE_IN_FORCE, of one file."""
    form = job.circular_form
    if form is None:
        return False
    began, ended = form.in_force_from, form.in_force_to
    return began is None or began > job.requested_at or (ended is not None and ended < job.requested_at)
