"""Keeping meetings of task forces: plan, correct, cancel, hand out the conclusions. Every write goes through here.

Each function takes who acts (`by`), asks their right again (PermissionDenied = 403), raises ValidationError with
sentences for people by field name, and leaves a line in the meeting's log. Reading is in `conclusions`.
"""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from de_an_06.plain.numbers import format_number
from de_an_06.plain.vietnamese import one_line, paragraphs
from taskforces.clock import now_for, today_for
from taskforces.models import (
    AdministrativeUnit,
    Assignment,
    Document,
    Inspection,
    Meeting,
    MeetingChange,
    SourceDocument,
    SourceItem,
    TaskForce,
)
from taskforces.scope import may_conclude, may_keep_register, require

from .assignments import assign, assign_to_all, reason_of
from .keeping import save_document

MOST_POINTS = 20_000  # a point for every commune of the nation, and to spare
MOST_DELEGATES = 1_000_000
LONGEST_MINUTES = 20_000  # characters
MEETING_PLANNED_AHEAD = 366  # days ahead that a meeting is planned
FACTS = ("kind", "held_on", "title", "chair", "points", "delegates", "minutes")


@transaction.atomic
def add_meeting(*, by, task_force: TaskForce, **facts) -> Meeting:
    """A meeting held, or one planned; `facts` as in FACTS."""
    require(may_keep_register(by, task_force.unit))
    meeting = _save(Meeting(task_force=task_force), by, facts)
    log_change(by, meeting, "Ghi cuộc họp", "", _words(meeting))
    return meeting


@transaction.atomic
def change_meeting(*, by, meeting_id: int, **facts) -> Meeting:
    """Correct what is said of it, or write down afterwards what was planned before."""
    meeting = _locked(meeting_id, by)
    before, day = _words(meeting), meeting.held_on
    if facts["held_on"] != day and SourceDocument.objects.filter(meeting=meeting).exists():
        raise ValidationError({"held_on": f"Đã giao kết luận theo ngày {day:%d/%m/%Y}; không đổi được ngày họp."})
    _save(meeting, by, facts)
    log_change(by, meeting, "Sửa cuộc họp", before, _words(meeting))
    return meeting


@transaction.atomic
def cancel_meeting(*, by, meeting_id: int, reason: str) -> Meeting:
    """It is not held, or was written down by mistake; it stays in the list with the reason."""
    meeting = _locked(meeting_id, by)
    if SourceDocument.objects.filter(meeting=meeting).exists():
        raise ValidationError("Cuộc họp đã có kết luận giao thành nhiệm vụ; không hủy được.")
    meeting.cancelled_reason = reason_of(reason, "Ghi lý do hủy.")
    meeting.save(update_fields=["cancelled_reason"])
    log_change(by, meeting, "Hủy cuộc họp", "", meeting.cancelled_reason)
    return meeting


@transaction.atomic
def add_paper(
    *,
    by,
    about: Meeting | Inspection,
    kind: str,
    title: str,
    issued_on: dt.date,
    number: str = "",
    upload: UploadedFile | None = None,
) -> Document:
    """Keep a paper of a meeting or an inspection, as every document of the task force is kept."""
    document = save_document(
        by=by,
        unit=about.task_force.unit,
        task_force=about.task_force,
        kind=kind,
        title=title,
        issued_on=issued_on,
        number=number,
        upload=upload,
        **_place_of(about),
    )
    log_change(by, about, "Thêm văn bản", "", f"{document.get_kind_display()}: {document}")
    return document


@transaction.atomic
def conclude(
    *, by, meeting_id: int, text: str, unit: AdministrativeUnit, level: str = "", body: str = "", due_on: dt.date
) -> int:
    """One conclusion becomes an assignment of `unit`, or with `level` of every unit of that level in and below it.

    How many were handed out. The same words again, to another unit or body, are the same conclusion.
    """
    meeting = _locked(meeting_id, by)
    require(may_conclude(by, meeting.task_force.unit, unit))
    if meeting.held_on > today_for(by):
        raise ValidationError(f"Cuộc họp ngày {meeting.held_on:%d/%m/%Y} chưa diễn ra; kết luận ghi từ ngày họp.")
    item = _item_of(meeting, paragraphs(text))
    common = {"part": Assignment.Part.LEAD, "assigned_on": meeting.held_on, "due_on": due_on, "body": body}
    if level:
        new = assign_to_all(by=by, items=[item], unit=unit, levels=[level], **common).new
        if not new:
            raise ValidationError({"unit": "Các đơn vị này đã được giao kết luận này."})
        receiver = f"{format_number(new)} đơn vị"
    else:
        assign(by=by, item=item, unit=unit, **common)
        new, receiver = 1, unit.versions.filter(valid_from__lte=meeting.held_on).latest("valid_from").name
    receiver += f", {one_line(body)}" if body.strip() else ""
    log_change(by, meeting, f"Giao kết luận {item.code}", "", f"{item.text} ({receiver}, hạn {due_on:%d/%m/%Y})")
    return new


# --- parts, for inspections too


def log_change(by, about: Meeting | Inspection, what: str, before: str, after: str) -> None:
    """One line, in the same transaction as the change; nothing where nothing changed."""
    if before != after:
        MeetingChange.objects.create(what=what, before=before, after=after, by=by, at=now_for(by), **_place_of(about))


def check_held_on(task_force: TaskForce, held_on: dt.date, latest: dt.date, beyond: str) -> None:
    """A task force meets and inspects while it exists; not after `latest`, of which `beyond` says why."""
    ends_on = min(filter(None, [task_force.valid_to, task_force.unit.closed_on]), default=None)
    if held_on < task_force.valid_from:
        raise ValidationError({"held_on": f"Tổ thành lập ngày {task_force.valid_from:%d/%m/%Y}."})
    if ends_on is not None and held_on > ends_on:
        raise ValidationError({"held_on": f"Tổ đã kết thúc ngày {ends_on:%d/%m/%Y}."})
    if held_on > latest:
        raise ValidationError({"held_on": beyond})


def _place_of(about: Meeting | Inspection) -> dict:
    return {"meeting" if isinstance(about, Meeting) else "inspection": about}


def _locked(meeting_id: int, by) -> Meeting:
    """The meeting, locked: of two people who hand out its conclusions one waits for the other."""
    meetings = Meeting.objects.select_for_update(of=("self",)).select_related("task_force__unit")
    meeting = meetings.get(pk=meeting_id)
    require(may_keep_register(by, meeting.task_force.unit))
    if meeting.cancelled_reason:
        raise ValidationError("Cuộc họp này đã hủy.")
    return meeting


def _save(meeting: Meeting, by, facts: dict) -> Meeting:
    for name in FACTS:
        setattr(meeting, name, facts[name])
    meeting.title, meeting.chair = one_line(meeting.title), one_line(meeting.chair)
    meeting.minutes = paragraphs(meeting.minutes)
    today = today_for(by)
    latest = today + dt.timedelta(days=MEETING_PLANNED_AHEAD)
    check_held_on(meeting.task_force, meeting.held_on, latest, "Chỉ ghi trước cuộc họp trong vòng một năm tới.")
    if meeting.held_on > today and meeting.minutes:
        raise ValidationError({"minutes": "Cuộc họp chưa diễn ra; diễn biến ghi từ ngày họp."})
    meeting.full_clean()
    meeting.save()
    return meeting


def _words(meeting: Meeting) -> str:
    """What the log says of it."""
    counts = [(meeting.points, "điểm cầu"), (meeting.delegates, "đại biểu")]
    parts = [
        str(meeting),
        meeting.title,
        f"chủ trì: {meeting.chair}",
        *(f"{format_number(n)} {what}" for n, what in counts if n is not None),
        meeting.minutes,
    ]
    return "; ".join(filter(None, parts))


def _item_of(meeting: Meeting, text: str) -> SourceItem:
    """The conclusion with these words: found, or written down as the next one of the meeting."""
    source, _ = SourceDocument.objects.get_or_create(meeting=meeting, defaults=_source_of(meeting))
    for item in source.items.all():
        if item.text == text:
            return item
    item = SourceItem(source=source, code=f"KL{source.items.count() + 1:02d}", text=text)
    item.full_clean()
    item.save()
    return item


def _source_of(meeting: Meeting) -> dict:
    """How the conclusions of a meeting stand among what hands out tasks.

    The unit is locked: of two meetings of a unit and day whose first conclusions are written at once, the second waits
    for the number of the first.
    """
    unit = AdministrativeUnit.objects.select_for_update(of=("self",)).get(pk=meeting.task_force.unit_id)
    begin = number = f"KL-{unit.code}-{meeting.held_on:%Y%m%d}"
    taken = set(SourceDocument.objects.filter(number__startswith=begin).values_list("number", flat=True))
    while number in taken:
        number = f"{begin}-{int(number.removeprefix(begin).strip('-') or 1) + 1}"
    return {
        "number": number,
        "issued_on": meeting.held_on,
        "issuing_body": meeting.task_force.name[:160],
        "title": f"Kết luận họp {meeting.get_kind_display().lower()} ngày {meeting.held_on:%d/%m/%Y}",
    }
