"""Handing out assignments and following them. Every write goes through here, and each leaves a dated line in the log.

Each function takes who acts (`by`), asks their right again (PermissionDenied = 403) and raises ValidationError with
sentences for people, by field name where one field is meant. Nothing is deleted: a dropped assignment keeps its
reason. Reading and counting are in `assignment_counts`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from de_an_06.plain.vietnamese import one_line, paragraphs
from taskforces.clock import now_for, today_for
from taskforces.models import (
    AdministrativeUnit,
    Assignment,
    AssignmentEvent,
    PlanChange,
    SourceDocument,
    SourceItem,
    UnitVersion,
)
from taskforces.scope import (
    may_assign,
    may_conclude,
    may_keep_sources,
    may_report_progress,
    path_in_scope_of_unit,
    require,
    sees_everything,
)

ROWS_A_STATEMENT = 1000
LONGEST_PROGRESS = 5000  # characters

# The catalogue -------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_source(*, by, number: str, issued_on: dt.date, issuing_body: str, title: str) -> SourceDocument:
    """Put a plan or decision into the catalogue."""
    require(may_keep_sources(by))
    return _save_source(by, SourceDocument(), number, issued_on, issuing_body, title)


@transaction.atomic
def change_source(
    *, by, source_id: int, number: str, issued_on: dt.date, issuing_body: str, title: str
) -> SourceDocument:
    """Correct what the catalogue says of a document."""
    require(may_keep_sources(by))
    source = SourceDocument.objects.catalogue().select_for_update().get(pk=source_id)
    _refuse_shared(by, source)
    return _save_source(by, source, number, issued_on, issuing_body, title)


@transaction.atomic
def add_item(
    *, by, source_id: int, code: str, text: str, task_group: str = "", utility_group: int | None = None
) -> SourceItem:
    """One task of a document."""
    require(may_keep_sources(by))
    item = SourceItem(source=SourceDocument.objects.catalogue().get(pk=source_id))
    return _save_item(by, item, code, text, task_group, utility_group)


@transaction.atomic
def change_item(
    *, by, item_id: int, code: str, text: str, task_group: str = "", utility_group: int | None = None
) -> SourceItem:
    """Correct the wording or group of a task; assignments of it stay."""
    require(may_keep_sources(by))
    item = SourceItem.objects.select_for_update().select_related("source").get(pk=item_id)
    _refuse_shared(by, item.source)
    return _save_item(by, item, code, text, task_group, utility_group)


# Assigning -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What handing out would do: `new` assignments to write, `existing` ones left as they are, `levels` units each."""

    new: int
    existing: int
    units: int
    levels: Mapping[str, int]


def plan(*, by, items, unit, levels, part, assigned_on, due_on=None, body="") -> Plan:
    """What `assign_to_all` would do now, refused where it would refuse; writes nothing."""
    items = list(items)
    targets = _checked_targets(by, items, unit, levels, part, assigned_on, due_on)
    taken = _taken([item.pk for item in items], targets, body)
    return Plan(len(items) * len(targets) - len(taken), len(taken), len(targets), Counter(targets.values()))


@transaction.atomic
def assign_to_all(
    *,
    by,
    items: Iterable[SourceItem],
    unit: AdministrativeUnit,
    levels: Iterable[str],
    part: str,
    assigned_on: dt.date,
    due_on: dt.date | None = None,
    body: str = "",
) -> Plan:
    """Assign the tasks to every unit of `levels` in and below `unit`, in the tree of today; run again it adds nothing.

    What a unit already has is left as it is, whatever its part, dates and status. A fixed number of statements (but
    for the database's limit on one statement), whatever the number of units.
    """
    items = list(items)
    targets = _checked_targets(by, items, unit, levels, part, assigned_on, due_on)
    item_ids = [item.pk for item in items]
    # locked, so that two people handing out the same task wait for each other
    list(SourceItem.objects.select_for_update().filter(pk__in=item_ids).order_by("pk").values_list("pk", flat=True))
    body = one_line(body)
    taken = _taken(item_ids, targets, body)
    rows = Assignment.objects.bulk_create(
        [
            Assignment(item_id=i, unit_id=u, body=body, part=part, assigned_on=assigned_on, due_on=due_on)
            for i in item_ids
            for u in targets
            if (i, u) not in taken
        ],
        batch_size=ROWS_A_STATEMENT,
    )
    _log(rows, by, _assigned_note(part, due_on))
    return Plan(len(rows), len(taken), len(targets), Counter(targets.values()))


@transaction.atomic
def assign(
    *,
    by,
    item: SourceItem,
    unit: AdministrativeUnit,
    part: str,
    assigned_on: dt.date,
    due_on: dt.date | None = None,
    body: str = "",
) -> Assignment:
    """Assign one task to one unit, or to a named body of it."""
    meeting = item.source.meeting
    require(may_assign(by, unit) if meeting is None else may_conclude(by, meeting.task_force.unit, unit))
    _check_days(assigned_on, due_on)
    if assigned_on < unit.opened_on:
        raise ValidationError({"assigned_on": f"Đơn vị có từ ngày {unit.opened_on:%d/%m/%Y}."})
    item = SourceItem.objects.select_for_update().get(pk=item.pk)  # as in `assign_to_all`
    assignment = Assignment(
        item=item,
        unit=unit,
        body=one_line(body),
        part=part,
        assigned_on=assigned_on,
        due_on=due_on,
        status=Assignment.Status.NOT_STARTED,
    )
    assignment.full_clean()
    assignment.save()
    _log([assignment], by, _assigned_note(part, due_on))
    return assignment


@transaction.atomic
def change_due(*, by, assignment_id: int, due_on: dt.date | None, reason: str) -> Assignment:
    """Move the due day; only those who may assign, and the log keeps the old day and the reason."""
    assignment = _locked(assignment_id)
    require(may_assign(by, assignment.unit))
    _require_open(assignment)
    _check_days(assignment.assigned_on, due_on)
    if due_on == assignment.due_on:
        return assignment
    old, new = _day_text(assignment.due_on), _day_text(due_on)
    assignment.due_on = due_on
    return _save(assignment, by, f"Đổi hạn từ {old} thành {new}. {reason_of(reason, 'Ghi lý do đổi hạn.')}")


# Following -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def update_progress(*, by, assignment_id: int, status: str, progress: str) -> Assignment:
    """The unit tells how far it is; saying the same again leaves no line in the log."""
    assignment = _locked(assignment_id)
    require(may_report_progress(by, assignment))
    _require_open(assignment)
    if status not in {Assignment.Status.NOT_STARTED, Assignment.Status.IN_PROGRESS}:
        raise ValidationError({"status": "Chọn chưa thực hiện hoặc đang thực hiện."})
    progress = paragraphs(progress)
    if len(progress) > LONGEST_PROGRESS:
        raise ValidationError({"progress": f"Tiến độ dài nhất {LONGEST_PROGRESS} ký tự."})
    if (status, progress) == (assignment.status, assignment.progress):
        return assignment
    assignment.status, assignment.progress = status, progress
    return _save(assignment, by, progress)


@transaction.atomic
def finish(*, by, assignment_id: int, on: dt.date, note: str = "") -> Assignment:
    """The unit has done it, on a day between the assignment and today."""
    assignment = _locked(assignment_id)
    require(may_report_progress(by, assignment))
    _require_open(assignment)
    _check_past_day(assignment, on, by)
    assignment.status, assignment.done_on = Assignment.Status.DONE, on
    return _save(assignment, by, one_line(f"Hoàn thành ngày {on:%d/%m/%Y}. {note}"))


@transaction.atomic
def drop(*, by, assignment_id: int, on: dt.date, reason: str) -> Assignment:
    """It is no longer to be done. Only those who may assign, since it leaves the total; the reason is kept."""
    assignment = _locked(assignment_id)
    require(may_assign(by, assignment.unit))
    _require_open(assignment)
    _check_past_day(assignment, on, by)
    reason = reason_of(reason, "Ghi lý do không thực hiện.")
    assignment.status, assignment.dropped_on, assignment.dropped_reason = Assignment.Status.DROPPED, on, reason
    return _save(assignment, by, f"Thôi thực hiện từ ngày {on:%d/%m/%Y}. {reason}")


@transaction.atomic
def resume(*, by, assignment_id: int, reason: str) -> Assignment:
    """A done or dropped assignment is open again; a dropped one only by those who may assign."""
    assignment = _locked(assignment_id)
    dropped = assignment.status == Assignment.Status.DROPPED
    require(may_assign(by, assignment.unit) if dropped else may_report_progress(by, assignment))
    if assignment.status not in {Assignment.Status.DONE, Assignment.Status.DROPPED}:
        raise ValidationError("Nhiệm vụ đang mở, không cần mở lại.")
    reason = reason_of(reason, "Ghi lý do mở lại.")
    assignment.status, assignment.done_on = Assignment.Status.IN_PROGRESS, None
    assignment.dropped_on, assignment.dropped_reason = None, ""
    return _save(assignment, by, f"Mở lại. {reason}")


# Parts ---------------------------------------------------------------------------------------------------------------


def reason_of(text: str, message: str) -> str:
    """The reason as it is kept; nothing typed is refused with the message."""
    reason = paragraphs(text)
    if not reason:
        raise ValidationError({"reason": message})
    return reason


def _day_text(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else "không thời hạn"


def _assigned_note(part: str, due_on: dt.date | None) -> str:
    due = f"hạn {due_on:%d/%m/%Y}" if due_on else "không thời hạn"
    return f"Giao {Assignment.Part(part).label.lower()}, {due}."


def _refuse_shared(by, source: SourceDocument) -> None:
    """A document handed out beyond one's own units is no longer one's own: administrators correct it."""
    if sees_everything(by):
        return
    if Assignment.objects.filter(item__source=source).exclude(path_in_scope_of_unit(by)).exists():
        raise ValidationError("Văn bản này đã giao cho đơn vị ngoài phạm vi của bạn: chỉ quản trị sửa được.")


def _log_plan(by, source: SourceDocument, what: str, before: str, after: str) -> None:
    if before != after:
        PlanChange.objects.create(source=source, what=what, before=before, after=after, by=by, at=now_for(by))


def _source_words(source: SourceDocument) -> str:
    if source.pk is None:
        return ""
    return f"{source.number}, {source.issued_on:%d/%m/%Y}, {source.issuing_body}: {source.title}"


def _item_words(item: SourceItem) -> str:
    if item.pk is None:
        return ""
    groups = [item.task_group, f"nhóm tiện ích {item.utility_group}" if item.utility_group else ""]
    more = ", ".join(filter(None, groups))
    return f"{item.code} {item.text}" + (f" ({more})" if more else "")


def _save_source(by, source: SourceDocument, number, issued_on, issuing_body, title) -> SourceDocument:
    before = _source_words(source)
    source.number, source.issued_on = one_line(number), issued_on
    source.issuing_body, source.title = one_line(issuing_body), one_line(title)
    others = SourceDocument.objects.exclude(pk=source.pk).only("number", "issued_on")  # Đ and đ: not for the database
    for other in (row for row in others if row.number.casefold() == source.number.casefold()):
        raise ValidationError({"number": f"Danh mục đã có văn bản {other.number} ngày {other.issued_on:%d/%m/%Y}."})
    source.full_clean()
    source.save()
    _log_plan(by, source, f"Văn bản {source.number}", before, _source_words(source))
    return source


def _save_item(by, item: SourceItem, code, text, task_group, utility_group) -> SourceItem:
    before = _item_words(item)
    item.code, item.text = one_line(code), paragraphs(text)
    item.task_group, item.utility_group = one_line(task_group), utility_group
    if item.utility_group is not None and not 1 <= item.utility_group <= 5:
        raise ValidationError({"utility_group": "Nhóm tiện ích từ 1 đến 5."})
    if SourceItem.objects.filter(source=item.source, code=item.code).exclude(pk=item.pk).exists():
        raise ValidationError({"code": f"Văn bản đã có nhiệm vụ mang mã {item.code}."})
    item.full_clean()
    item.save()
    _log_plan(by, item.source, f"Nhiệm vụ {item.code}", before, _item_words(item))
    return item


def _checked_targets(by, items, unit, levels, part, assigned_on, due_on) -> dict[int, str]:
    """Unit id -> level of those that receive: of `levels`, in and below `unit`, in the tree of today."""
    require(may_assign(by, unit))
    if not items:
        raise ValidationError({"items": "Chọn ít nhất một nhiệm vụ."})
    if part not in Assignment.Part.values:
        raise ValidationError({"part": "Chọn chủ trì hoặc phối hợp."})
    _check_days(assigned_on, due_on)
    below = UnitVersion.objects.on(today_for(by)).under(unit.pk).filter(unit__level__in=list(levels))
    rows = list(below.order_by("unit_id").values_list("unit_id", "unit__level", "unit__opened_on"))
    if not rows:
        raise ValidationError({"levels": "Chọn ít nhất một cấp có đơn vị."})
    if (youngest := max(opened_on for _, _, opened_on in rows)) > assigned_on:
        raise ValidationError({"assigned_on": f"Có đơn vị nhận việc chỉ có từ ngày {youngest:%d/%m/%Y}."})
    return {unit_id: level for unit_id, level, _ in rows}


def _taken(item_ids: list[int], targets: Mapping[int, str], body: str) -> set[tuple[int, int]]:
    """(item, unit) already assigned to that body."""
    rows = Assignment.objects.filter(item__in=item_ids, body=one_line(body)).values_list("item_id", "unit_id")
    return {(item_id, unit_id) for item_id, unit_id in rows if unit_id in targets}


def _check_days(assigned_on: dt.date, due_on: dt.date | None) -> None:
    if due_on is not None and due_on < assigned_on:
        raise ValidationError({"due_on": f"Hạn phải từ ngày giao {assigned_on:%d/%m/%Y} trở đi."})


def _check_past_day(assignment: Assignment, on: dt.date, by) -> None:
    today = today_for(by)
    if on < assignment.assigned_on:
        raise ValidationError(
            {"on": f"Nhiệm vụ giao ngày {assignment.assigned_on:%d/%m/%Y}; ngày này phải từ đó trở đi."}
        )
    if on > today:
        raise ValidationError({"on": f"Ngày này chưa đến. Hôm nay là {today:%d/%m/%Y}."})


def _locked(assignment_id: int) -> Assignment:
    """The assignment, locked: of two people who close it at once one wins and the other is told."""
    return Assignment.objects.select_for_update(of=("self",)).select_related("unit", "item").get(pk=assignment_id)


def _require_open(assignment: Assignment) -> None:
    if assignment.done_on is not None:
        raise ValidationError(f"Nhiệm vụ đã hoàn thành ngày {assignment.done_on:%d/%m/%Y}. Mở lại trước khi sửa.")
    if assignment.dropped_on is not None:
        raise ValidationError(
            f"Nhiệm vụ đã thôi thực hiện ngày {assignment.dropped_on:%d/%m/%Y}. Mở lại trước khi sửa."
        )


def _save(assignment: Assignment, by, note: str) -> Assignment:
    assignment.full_clean()
    assignment.save()
    _log([assignment], by, note)
    return assignment


def _log(assignments: list[Assignment], by, note: str) -> None:
    """One line for each, in the same transaction as the change."""
    at = now_for(by)
    AssignmentEvent.objects.bulk_create(
        [AssignmentEvent(assignment=a, status=a.status, note=note, by=by, at=at) for a in assignments],
        batch_size=ROWS_A_STATEMENT,
    )
