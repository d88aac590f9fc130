"""Keeping the register: task forces, seats, village teams and documents. Every write goes through here.

Each function takes who acts (`by`), asks their right again (PermissionDenied = 403) and raises ValidationError with
sentences for people, by field name where one field is meant. Nothing is deleted: what ends gets a last day.
"""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q

from reporting.models.catalogue import Indicator, PublicService
from taskforces.clock import now_for
from taskforces.models import (
    AdministrativeUnit,
    Assignment,
    Document,
    Membership,
    Person,
    Responsibility,
    TaskForce,
    VillageTeam,
)
from taskforces.scope import may_keep_register, require

from . import uploads

LONGEST_TEAM = 200  # members of one village's team

# Task forces ---------------------------------------------------------------------------------------------------------


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
        unit=unit, kind=kind, name=_plain(name), valid_from=valid_from, last_meeting_on=last_meeting_on
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
    task_force = _locked_task_force(task_force_id, by)
    first_seat = task_force.memberships.order_by("valid_from").first()
    if first_seat is not None and valid_from > first_seat.valid_from:
        raise ValidationError(
            {"valid_from": f"Tổ đã có thành viên từ ngày {first_seat.valid_from:%d/%m/%Y}, trước ngày này."}
        )
    task_force.kind, task_force.name = kind, _plain(name)
    task_force.valid_from, task_force.last_meeting_on = valid_from, last_meeting_on
    _check_task_force(task_force)
    task_force.save()
    return task_force


@transaction.atomic
def end_task_force(*, by, task_force_id: int, on: dt.date) -> TaskForce:
    """The task force ends with `on`, its last day; every seat still held ends with it."""
    task_force = _locked_task_force(task_force_id, by)
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


# Members -------------------------------------------------------------------------------------------------------------


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
    task_force = _locked_task_force(task_force_id, by)
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
        post=_plain(post) or person.post,
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
    seat.role, seat.post, seat.duties = role, _plain(post), duties.strip()
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


# Villages ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_village_team(
    *,
    by,
    unit: AdministrativeUnit,
    kind: str,
    village: str,
    valid_from: dt.date,
    members: int = 0,
    head_name: str = "",
    founded_on: dt.date | None = None,
) -> VillageTeam:
    """Put a village and its team into the register; without `founded_on` the village has no team yet."""
    require(may_keep_register(by, unit))
    team = VillageTeam(unit=unit, kind=kind, valid_from=valid_from)
    return _save_village_team(team, village, members, head_name, founded_on)


@transaction.atomic
def change_village_team(
    *,
    by,
    village_team_id: int,
    village: str,
    members: int,
    valid_from: dt.date,
    head_name: str = "",
    founded_on: dt.date | None = None,
) -> VillageTeam:
    """Correct a village's row, or note that its team was founded."""
    team = _locked_village_team(village_team_id, by)
    team.valid_from = valid_from
    return _save_village_team(team, village, members, head_name, founded_on)


@transaction.atomic
def end_village_team(*, by, village_team_id: int, on: dt.date) -> VillageTeam:
    """The village or its team leaves the register after `on`."""
    team = _locked_village_team(village_team_id, by)
    if on < team.valid_from:
        raise ValidationError(
            {"on": f"Dòng này có trong sổ từ ngày {team.valid_from:%d/%m/%Y}; ngày thôi phải sau đó."}
        )
    team.valid_to = on
    team.save(update_fields=["valid_to"])
    return team


# Documents -----------------------------------------------------------------------------------------------------------


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
    upload: UploadedFile | None = None,
) -> Document:
    """Keep a document with its file; the file is inspected first and stored under a random name."""
    require(may_keep_register(by, unit))
    if task_force is not None and task_force.unit_id != unit.pk:
        raise ValidationError({"task_force": "Tổ công tác này thuộc đơn vị khác."})
    if assignment is not None and assignment.unit_id != unit.pk:
        raise ValidationError({"assignment": "Nhiệm vụ này giao cho đơn vị khác."})
    document = Document(
        unit=unit,
        task_force=task_force,
        assignment=assignment,
        kind=kind,
        title=_plain(title),
        number=_plain(number),
        issued_on=issued_on,
        issuing_body=_plain(issuing_body),
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
    document.kind, document.title, document.issued_on = kind, _plain(title), issued_on
    document.number, document.issuing_body = _plain(number), _plain(issuing_body)
    document.full_clean()
    if upload is not None:
        document.uploaded_by, document.uploaded_at = by, now_for(by)
        _attach(document, upload)
    document.save()
    return document


# Parts ---------------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """One spelling: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _locked_task_force(task_force_id: int, by) -> TaskForce:
    """The task force, locked so that two people cannot both seat a head; only its unit's own people get further."""
    task_force = TaskForce.objects.select_for_update(of=("self",)).select_related("unit").get(pk=task_force_id)
    require(may_keep_register(by, task_force.unit))
    return task_force


def _locked_seat(membership_id: int, by) -> Membership:
    seat = Membership.objects.select_related("person").get(pk=membership_id)
    seat.task_force = _locked_task_force(seat.task_force_id, by)
    return seat


def _locked_village_team(village_team_id: int, by) -> VillageTeam:
    team = VillageTeam.objects.select_for_update(of=("self",)).select_related("unit").get(pk=village_team_id)
    require(may_keep_register(by, team.unit))
    return team


def _check_task_force(task_force: TaskForce) -> None:
    unit = task_force.unit
    if task_force.valid_from < unit.opened_on:
        raise ValidationError({"valid_from": f"Đơn vị có từ ngày {unit.opened_on:%d/%m/%Y}; tổ không thể có trước đó."})
    if task_force.last_meeting_on and task_force.last_meeting_on < task_force.valid_from:
        raise ValidationError({"last_meeting_on": "Ngày họp gần nhất phải từ ngày thành lập trở đi."})
    task_force.full_clean()


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
    full_name, staff_code = _plain(full_name), _plain(staff_code)
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
        "post": _plain(post),
        "body": _plain(body),
        "work_phone": _plain(work_phone),
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


def _save_village_team(
    team: VillageTeam, village: str, members: int, head_name: str, founded_on: dt.date | None
) -> VillageTeam:
    team.village, team.head_name = _plain(village), _plain(head_name)
    team.members, team.founded_on = members, founded_on
    if team.valid_from < team.unit.opened_on:
        raise ValidationError({"valid_from": f"Đơn vị có từ ngày {team.unit.opened_on:%d/%m/%Y}."})
    if not 0 <= members <= LONGEST_TEAM:
        raise ValidationError({"members": f"Số thành viên từ 0 đến {LONGEST_TEAM}."})
    if members and founded_on is None:
        raise ValidationError({"founded_on": "Tổ có thành viên thì phải có ngày thành lập."})
    if founded_on is not None and team.valid_to is not None and founded_on > team.valid_to:
        raise ValidationError({"founded_on": f"Dòng này đã kết thúc ngày {team.valid_to:%d/%m/%Y}."})
    others = VillageTeam.objects.filter(unit=team.unit, kind=team.kind).exclude(pk=team.pk)
    others = others.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=team.valid_from))
    if team.valid_to is not None:
        others = others.filter(valid_from__lte=team.valid_to)
    if team.village.casefold() in {name.casefold() for name in others.values_list("village", flat=True)}:
        raise ValidationError({"village": f"{team.village} đã có trong sổ."})
    team.full_clean()
    team.save()
    return team


def _attach(document: Document, upload: UploadedFile | None) -> None:
    """Inspect the file and store it; errors are named as errors of the form's `upload`."""
    if upload is None:
        return
    try:
        known = uploads.inspect(upload)
    except ValidationError as error:
        raise ValidationError({"upload": error.messages}) from None
    document.file_name, document.content_type = known.name, known.content_type
    document.size, document.sha256 = known.size, known.sha256
    document.file.save(known.name, upload, save=False)
