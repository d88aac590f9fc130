"""Task forces: found, correct, end."""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from de_an_06.plain.vietnamese import one_line
from taskforces.models import AdministrativeUnit, Document, TaskForce
from taskforces.scope import may_keep_register, require

from .filing import save_document


@transaction.atomic
def found_task_force(
    *,
    by,
    unit: AdministrativeUnit,
    kind: str,
    name: str,
    valid_from: dt.date,
    last_meeting_on: dt.date | None = None,
    decision: Mapping | None = None,
) -> TaskForce:
    """A unit sets up a task force; `decision` (number, issued_on, issuing_body, upload) is kept as its document."""
    require(may_keep_register(by, unit))
    task_force = TaskForce(
        unit=unit, kind=kind, name=one_line(name), valid_from=valid_from, last_meeting_on=last_meeting_on
    )
    _check_task_force(task_force)
    task_force.save()
    if decision:
        save_document(
            by=by,
            unit=unit,
            task_force=task_force,
            kind=Document.Kind.FOUNDING_DECISION,
            title=f"Quyết định thành lập {task_force.name}"[:300],
            number=decision.get("number", ""),
            issued_on=decision.get("issued_on") or valid_from,
            issuing_body=decision.get("issuing_body", ""),
            upload=decision.get("upload"),
        )
    return task_force


@transaction.atomic
def change_task_force(
    *, by, task_force_id: int, kind: str, name: str, valid_from: dt.date, last_meeting_on: dt.date | None
) -> TaskForce:
    """Correct what the register says of a task force, or note its last meeting."""
    task_force = locked_task_force(task_force_id, by)
    first_seat = task_force.memberships.order_by("valid_from").first()
    if first_seat is not None and valid_from > first_seat.valid_from:
        raise ValidationError(
            {"valid_from": f"Tổ đã có thành viên từ ngày {first_seat.valid_from:%d/%m/%Y}, trước ngày này."}
        )
    task_force.kind, task_force.name = kind, one_line(name)
    task_force.valid_from, task_force.last_meeting_on = valid_from, last_meeting_on
    _check_task_force(task_force)
    task_force.save()
    return task_force


@transaction.atomic
def end_task_force(*, by, task_force_id: int, on: dt.date) -> TaskForce:
    """The task force ends with `on`, its last day; every seat still held ends with it."""
    task_force = locked_task_force(task_force_id, by)
    if on < task_force.valid_from:
        raise ValidationError({"on": f"Tổ thành lập ngày {task_force.valid_from:%d/%m/%Y}; ngày kết thúc phải sau đó."})
    later = task_force.memberships.filter(valid_from__gt=on).select_related("person").first()
    if later is not None:
        raise ValidationError(
            {"on": f"{later.person} là thành viên từ ngày {later.valid_from:%d/%m/%Y}, sau ngày này. Chọn ngày khác."}
        )
    task_force.valid_to = on
    task_force.full_clean()
    task_force.save(update_fields=["valid_to"])
    task_force.memberships.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on)).update(valid_to=on)
    return task_force


# --- parts


def locked_task_force(task_force_id: int, by) -> TaskForce:
    """The task force, locked so that two people cannot both seat a head; only its unit's own people get further."""
    task_force = TaskForce.objects.select_for_update(of=("self",)).select_related("unit").get(pk=task_force_id)
    require(may_keep_register(by, task_force.unit))
    return task_force


def _check_task_force(task_force: TaskForce) -> None:
    unit = task_force.unit
    if task_force.valid_from < unit.opened_on:
        raise ValidationError({"valid_from": f"Đơn vị có từ ngày {unit.opened_on:%d/%m/%Y}; tổ không thể có trước đó."})
    if task_force.last_meeting_on and task_force.last_meeting_on < task_force.valid_from:
        raise ValidationError({"last_meeting_on": "Ngày họp gần nhất phải từ ngày thành lập trở đi."})
    task_force.full_clean()
