"""Seats of a task force: give one, correct it, end it, and what it answers for."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from de_an_06.plain.vietnamese import one_line
from reporting.models.catalogue import Indicator, PublicService
from taskforces.models import AdministrativeUnit, Assignment, Membership, Person, Responsibility

from .task_forces import locked_task_force


@transaction.atomic
def add_member(
    *,
    by,
    task_force_id: int,
    role: str,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
    person: Person | None = None,
    full_name: str = "",
    staff_code: str = "",
    post: str = "",
    body: str = "",
    work_phone: str = "",
    work_email: str = "",
    duties: str = "",
    services: Iterable[PublicService] = (),
    indicator_groups: Iterable[str] = (),
    assignments: Iterable[Assignment] = (),
) -> Membership:
    """Give a person a seat: somebody already in the register (`person`), or somebody new by name.

    One head at a time; the same person may sit in several task forces, but only once in each at a time.
    """
    task_force = locked_task_force(task_force_id, by)
    if person is None:
        person = _new_person(task_force.unit, full_name, staff_code)
    elif not Person.objects.visible_to(by).filter(pk=person.pk).exists():
        raise ValidationError({"person": "Không có người này trong sổ của đơn vị bạn."})
    if person.unit_id == task_force.unit_id:
        _set_contact(person, post=post, body=body, work_phone=work_phone, work_email=work_email)
    seat = Membership(
        task_force=task_force,
        person=person,
        role=role,
        post=one_line(post) or person.post,
        duties=duties.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _check_seat(seat)
    seat.save()
    _set_responsibilities(seat, services, indicator_groups, assignments)
    return seat


@transaction.atomic
def change_member(
    *,
    by,
    membership_id: int,
    role: str,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
    post: str = "",
    body: str = "",
    work_phone: str = "",
    work_email: str = "",
    duties: str = "",
    services: Iterable[PublicService] = (),
    indicator_groups: Iterable[str] = (),
    assignments: Iterable[Assignment] = (),
) -> Membership:
    """Correct a seat and what it answers for; a new role from some day is a new seat."""
    seat = _locked_seat(membership_id, by)
    if seat.person.unit_id == seat.task_force.unit_id:
        _set_contact(seat.person, post=post, body=body, work_phone=work_phone, work_email=work_email)
    seat.role, seat.post, seat.duties = role, one_line(post), duties.strip()
    seat.valid_from, seat.valid_to = valid_from, valid_to
    _check_seat(seat)
    seat.save()
    _set_responsibilities(seat, services, indicator_groups, assignments)
    return seat


@transaction.atomic
def end_membership(*, by, membership_id: int, on: dt.date) -> Membership:
    """The seat ends with `on`, its last day, and stays in the history."""
    seat = _locked_seat(membership_id, by)
    if on < seat.valid_from:
        raise ValidationError({"on": f"Người này tham gia từ ngày {seat.valid_from:%d/%m/%Y}; ngày thôi phải sau đó."})
    seat.valid_to = on
    _check_seat(seat)
    seat.save(update_fields=["valid_to"])
    return seat


# --- parts


def _locked_seat(membership_id: int, by) -> Membership:
    seat = Membership.objects.select_related("person").get(pk=membership_id)
    seat.task_force = locked_task_force(seat.task_force_id, by)
    return seat


def _check_seat(seat: Membership) -> None:
    """Dates inside the life of the task force; one head at a time; one seat a person at a time."""
    force = seat.task_force
    if seat.valid_from < force.valid_from:
        raise ValidationError(
            {"valid_from": f"Tổ thành lập ngày {force.valid_from:%d/%m/%Y}; không tham gia trước đó được."}
        )
    if seat.valid_to is not None and seat.valid_to < seat.valid_from:
        raise ValidationError({"valid_to": "Ngày kết thúc phải sau ngày bắt đầu."})
    if force.valid_to is not None and (seat.valid_to is None or seat.valid_to > force.valid_to):
        raise ValidationError(f"Tổ đã kết thúc ngày {force.valid_to:%d/%m/%Y}; không thêm thành viên sau ngày đó được.")
    overlapping = force.memberships.exclude(pk=seat.pk).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=seat.valid_from)
    )
    if seat.valid_to is not None:
        overlapping = overlapping.filter(valid_from__lte=seat.valid_to)
    if seat.role == Membership.Role.HEAD:
        head = overlapping.filter(role=Membership.Role.HEAD).select_related("person").first()
        if head is not None:
            raise ValidationError(
                {"role": f"Tổ đã có Tổ trưởng {head.person} {_span(head)}. Ghi ngày kết thúc của Tổ trưởng cũ trước."}
            )
    same = overlapping.filter(person=seat.person).first() if seat.person_id else None
    if same is not None:
        raise ValidationError(f"{seat.person} đã là {same.get_role_display()} của tổ {_span(same)}.")
    seat.full_clean()


def _span(seat: Membership) -> str:
    since = f"từ ngày {seat.valid_from:%d/%m/%Y}"
    return since if seat.valid_to is None else f"{since} đến ngày {seat.valid_to:%d/%m/%Y}"


def _new_person(unit: AdministrativeUnit, full_name: str, staff_code: str) -> Person:
    """Somebody not yet in the register of the unit; a namesake needs a staff code to be told apart."""
    full_name, staff_code = one_line(full_name), one_line(staff_code)
    if not full_name:
        raise ValidationError({"full_name": "Chọn người trong sổ hoặc ghi họ và tên người mới."})
    namesake = Person.objects.filter(unit=unit, full_name=full_name, staff_code=staff_code).first()
    if namesake is not None:
        raise ValidationError(
            {
                "full_name": f"Sổ của đơn vị đã có {full_name}. Nếu là người đó, chọn ở ô “Người đã có trong sổ”; "
                "nếu là người khác, ghi mã cán bộ để phân biệt."
            }
        )
    person = Person(unit=unit, full_name=full_name, staff_code=staff_code)
    person.full_clean()
    person.save()
    return person


def _set_contact(person: Person, *, post: str, body: str, work_phone: str, work_email: str) -> None:
    """Post, body and work contact as now given; an empty field leaves what is known."""
    given = {
        "post": one_line(post),
        "body": one_line(body),
        "work_phone": one_line(work_phone),
        "work_email": work_email.strip(),
    }
    changed = [name for name, value in given.items() if value and value != getattr(person, name)]
    if not changed:
        return
    for name in changed:
        setattr(person, name, given[name])
    if {"work_phone", "work_email"} & set(changed) and person.contact_erased_at is not None:
        person.contact_erased_at = None
        changed.append("contact_erased_at")
    person.full_clean()
    person.save(update_fields=changed)


def _set_responsibilities(seat: Membership, services, indicator_groups, assignments) -> None:
    """Exactly these from now on."""
    groups = [str(group) for group in indicator_groups]
    if unknown := set(groups) - set(Indicator.Group.values):
        raise ValidationError({"indicator_groups": f"Không có nhóm chỉ tiêu {', '.join(sorted(unknown))}."})
    assignments = list(assignments)
    if any(assignment.unit_id != seat.task_force.unit_id for assignment in assignments):
        raise ValidationError({"assignments": "Chỉ giao được nhiệm vụ của chính đơn vị."})
    seat.responsibilities.all().delete()
    Responsibility.objects.bulk_create(
        [
            *(Responsibility(membership=seat, service=service) for service in services),
            *(Responsibility(membership=seat, indicator_group=group) for group in dict.fromkeys(groups)),
            *(Responsibility(membership=seat, assignment=assignment) for assignment in assignments),
        ]
    )
