"""The Word template of a unit's interim reports: handed in, looked at, tried out, put in force; every version is kept.

A template is in force for its unit and everything under it that has none of its own; without any the shipped one is.
One that fails is not kept, and what was in force stays so.
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
from django.db.models import Max, QuerySet

from de_an_06.plain import word_files
from de_an_06.plain.vietnamese import one_line
from reporting.models import ExportJob, WordTemplate
from reporting.report_log import NotAllowed
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit
from taskforces.models.units import path_ids
from taskforces.people.quotas import take_file
from taskforces.register.uploads import Inspected, inspect, store
from taskforces.scope import may_keep_word_template, require

from .placeholders import shape

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "bao-cao-so-ket.docx"
LONGEST_NOTE = 200


@contextmanager
def opened(template: WordTemplate | None) -> Iterator[Path]:
    """A copy of the template's file for as long as it is used; the shipped one of None."""
    if template is None:
        yield SHIPPED
        return
    with tempfile.NamedTemporaryFile(suffix=".docx") as copy:
        with template.file.open("rb") as kept:
            shutil.copyfileobj(kept, copy)
        copy.flush()
        yield Path(copy.name)


def in_force_for(path: str) -> WordTemplate | None:
    """Of the unit of this path or the nearest above it; None: the shipped one. One query."""
    ids = path_ids(path)
    return max(_in_force().filter(unit__in=ids), key=lambda template: ids.index(template.unit_id), default=None)


def kept_by(unit_id: int) -> list[WordTemplate]:
    """All versions, the newest first."""
    return list(WordTemplate.objects.filter(unit=unit_id).select_related("uploaded_by", "put_in_force_by"))


def hand_in(*, unit: AdministrativeUnit, upload: UploadedFile, note: str, by) -> WordTemplate:
    """Keeps a new version, not yet in force. Raises ValidationError (one sentence for each fault), OverQuota."""
    require(may_keep_word_template(by, unit))
    take_file(by)  # one that is refused took as long to look at
    found = inspect(upload)
    if not found.name.lower().endswith(".docx"):
        raise ValidationError("Mẫu phải là tệp Word dạng .docx. Mở bằng Word, chọn Lưu thành (Save As), dạng .docx.")
    note = one_line(note)
    if len(note) > LONGEST_NOTE:
        raise ValidationError(f"Ghi chú dài nhất {LONGEST_NOTE} ký tự.")
    _try(upload)
    return _keep(unit, upload, found, note, by)


@transaction.atomic
def _keep(unit: AdministrativeUnit, upload: UploadedFile, found: Inspected, note: str, by) -> WordTemplate:
    AdministrativeUnit.objects.select_for_update().get(pk=unit.pk)  # numbers follow each other
    template = WordTemplate(
        unit=unit,
        number=_last_number(unit.pk) + 1,
        file_name=found.name,
        size=found.size,
        sha256=found.sha256,
        note=note,
        uploaded_by=by,
        uploaded_at=now_for(by),
    )
    store(template.file, found.name, upload)
    template.save()
    return template


def _try(upload: UploadedFile) -> None:
    """Fills it with invented words twice, once with everything and once with nothing: so no branch stays unseen."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mau.docx"
        upload.seek(0)
        with file.open("wb") as copy:
            shutil.copyfileobj(upload, copy)
        upload.seek(0)
        for is_full in (True, False):
            try:
                word_files.fill(
                    file,
                    Path(folder) / "thu.docx",
                    context=sample(shape(), is_full=is_full),
                    pictures={},
                    shape=shape(),
                )
            except word_files.TemplateRefused as refused:
                raise ValidationError(refused.sentences) from None


def sample(of: Any, *, is_full: bool) -> Any:
    """A context of this shape: two of each row and a word for each text, or nothing at all."""
    if isinstance(of, dict):
        return {name: sample(inner, is_full=is_full) for name, inner in of.items()}
    if isinstance(of, list):
        return [sample(of[0], is_full=is_full)] * 2 if is_full else []
    return "Thử" if is_full else ""


@transaction.atomic
def put_in_force(*, template_id: int, by) -> WordTemplate:
    """From now on; the one before it ends now. One that was in force before comes back as a version of its own, so that
    what held when stays written."""
    template = WordTemplate.objects.select_for_update(of=("self",)).select_related("unit").get(pk=template_id)
    require(may_keep_word_template(by, template.unit))
    if template.is_in_force:
        raise NotAllowed("Mẫu này đang được dùng.")
    _end_present(template.unit_id, by)
    if template.in_force_to is not None:
        template.note = f"Như lần {template.number}"
        template.pk, template.number = None, _last_number(template.unit_id) + 1
        template.uploaded_by, template.uploaded_at = by, now_for(by)
    template.in_force_from, template.in_force_to, template.put_in_force_by = now_for(by), None, by
    template.save()
    return template


def _last_number(unit_id: int) -> int:
    return WordTemplate.objects.filter(unit=unit_id).aggregate(last=Max("number"))["last"] or 0


@transaction.atomic
def back_to_shipped(*, unit: AdministrativeUnit, by) -> None:
    """The shipped template, or that of a unit above, is in force again."""
    require(may_keep_word_template(by, unit))
    if not _in_force().filter(unit=unit).exists():
        raise NotAllowed("Đơn vị không dùng mẫu riêng nào.")
    _end_present(unit.pk, by)


def _end_present(unit_id: int, by) -> None:
    _in_force().filter(unit=unit_id).update(in_force_to=now_for(by))


def _in_force() -> QuerySet[WordTemplate]:
    return WordTemplate.objects.filter(in_force_from__isnull=False, in_force_to__isnull=True)


def tries_of(templates: list[WordTemplate], by) -> dict[int, ExportJob]:
    """Template -> the newest report that this person made to try it out."""
    jobs = ExportJob.objects.filter(template__in=templates, requested_by=by).order_by("requested_at")
    return {job.template_id: job for job in jobs if job.template_id is not None}
