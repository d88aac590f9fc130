"""Keeping the register: one head at a time, seats and people, villages, and who may write."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from reporting.models import PublicService
from taskforces.models import Document, Membership, Person, Responsibility, TaskForce, VillageTeam
from taskforces.register import counts, keeping
from taskforces.scope import may_keep_register

pytestmark = pytest.mark.django_db
D = dt.date
Role, Kind = Membership.Role, TaskForce.Kind
FOUNDED = D(2026, 1, 5)


@pytest.fixture
def force(world, at):
    at("2026-11-10 09:00")
    return found(world)


def found(world, **changes):
    fields = {
        "by": world.officer,
        "unit": world.phuoc_long,
        "kind": Kind.WORKING_GROUP,
        "name": "Tổ công tác Đề án 06 phường Phước Long",
        "valid_from": FOUNDED,
    }
    return keeping.found_task_force(**fields | changes)


def seat(world, force, full_name="", role=Role.MEMBER, **changes):
    fields = {
        "by": world.officer,
        "task_force_id": force.pk,
        "role": role,
        "valid_from": FOUNDED,
        "full_name": full_name,
    }
    return keeping.add_member(**fields | changes)


def refusal(act, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return getattr(caught.value, "message_dict", None) or {"__all__": caught.value.messages}


# Task forces


def test_a_founded_task_force_keeps_its_decision_as_a_document(world, at):
    at("2026-11-10 09:00")
    force = found(world, decision={"number": "12/QĐ-UBND", "issuing_body": "UBND phường"})
    paper = force.documents.get()
    assert (paper.kind, paper.number, paper.issued_on) == (Document.Kind.FOUNDING_DECISION, "12/QĐ-UBND", FOUNDED)
    assert paper.unit == world.phuoc_long
    assert paper.uploaded_by == world.officer


def test_a_task_force_cannot_be_older_than_its_unit(world, at):
    at("2026-11-10 09:00")
    assert "valid_from" in refusal(found, world, valid_from=D(2025, 6, 30))


def test_the_same_kind_twice_on_one_day_is_refused_with_words(world, force):
    assert refusal(found, world)["__all__"] == ["Đơn vị đã có tổ cùng loại thành lập ngày đó."]


def test_last_meeting_is_noted_and_not_before_the_founding(world, force):
    fields = {"by": world.officer, "task_force_id": force.pk, "kind": force.kind, "name": force.name}
    keeping.change_task_force(**fields, valid_from=FOUNDED, last_meeting_on=D(2026, 10, 2))
    force.refresh_from_db()
    assert force.last_meeting_on == D(2026, 10, 2)
    wrong = refusal(keeping.change_task_force, **fields, valid_from=FOUNDED, last_meeting_on=D(2025, 10, 2))
    assert "last_meeting_on" in wrong


def test_founding_day_cannot_move_behind_a_seat(world, force):
    seat(world, force, "Phạm Văn Một")
    fields = {"by": world.officer, "task_force_id": force.pk, "kind": force.kind, "name": force.name}
    wrong = refusal(keeping.change_task_force, **fields, valid_from=D(2026, 2, 1), last_meeting_on=None)
    assert "05/01/2026" in wrong["valid_from"][0]


def test_the_end_of_a_task_force_ends_its_seats(world, force):
    stays = seat(world, force, "Phạm Văn Một")
    left = seat(world, force, "Phạm Văn Hai", valid_to=D(2026, 3, 1))
    keeping.end_task_force(by=world.officer, task_force_id=force.pk, on=D(2026, 9, 30))
    stays.refresh_from_db()
    left.refresh_from_db()
    assert (stays.valid_to, left.valid_to) == (D(2026, 9, 30), D(2026, 3, 1))
    assert not TaskForce.objects.on(D(2026, 10, 1)).exists()
    assert TaskForce.objects.on(D(2026, 9, 30)).exists()
    later = refusal(seat, world, force, "Phạm Văn Ba", valid_from=D(2026, 10, 5))
    assert "30/09/2026" in later["__all__"][0]


def test_a_task_force_does_not_end_before_it_began_or_before_a_seat_begins(world, force):
    assert "on" in refusal(keeping.end_task_force, by=world.officer, task_force_id=force.pk, on=D(2026, 1, 4))
    seat(world, force, "Phạm Văn Một", valid_from=D(2026, 12, 1))
    wrong = refusal(keeping.end_task_force, by=world.officer, task_force_id=force.pk, on=D(2026, 11, 1))
    assert "Phạm Văn Một" in wrong["on"][0]


# Seats


def test_one_head_at_a_time_and_the_message_names_him(world, force):
    seat(world, force, "Phạm Thị Đầu", Role.HEAD)
    wrong = refusal(seat, world, force, "Phạm Văn Hai", Role.HEAD)
    assert wrong["role"] == [
        "Tổ đã có Tổ trưởng Phạm Thị Đầu từ ngày 05/01/2026. Ghi ngày kết thúc của Tổ trưởng cũ trước."
    ]
    assert not Person.objects.filter(full_name="Phạm Văn Hai").exists()  # nothing half done


def test_heads_follow_each_other_without_a_common_day(world, force):
    first = seat(world, force, "Phạm Thị Đầu", Role.HEAD)
    keeping.end_membership(by=world.officer, membership_id=first.pk, on=D(2026, 6, 30))
    assert "role" in refusal(seat, world, force, "Phạm Văn Hai", Role.HEAD, valid_from=D(2026, 6, 30))
    second = seat(world, force, "Phạm Văn Hai", Role.HEAD, valid_from=D(2026, 7, 1))
    assert counts.rows_of([force], D(2026, 6, 30))[0].heads == (first,)
    assert counts.rows_of([force], D(2026, 7, 1))[0].heads == (second,)
    # a head of the past may not be moved over the present one
    wrong = refusal(keeping.change_member, by=world.officer, membership_id=first.pk, role=Role.HEAD, valid_from=FOUNDED)
    assert "Phạm Văn Hai" in wrong["role"][0]


def test_the_database_refuses_a_second_open_head_too(world, force):
    head = seat(world, force, "Phạm Thị Đầu", Role.HEAD)
    other = Person.objects.create(unit=world.phuoc_long, full_name="Khác")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(task_force=force, person=other, role=Role.HEAD, valid_from=head.valid_from)


def test_one_person_in_two_task_forces_is_two_seats_and_one_person(world, force):
    committee = found(world, kind=Kind.STEERING_COMMITTEE, name="Ban Chỉ đạo")
    one = seat(world, force, "Phạm Thị Đầu", Role.HEAD)
    seat(world, force, "Phạm Văn Hai")
    seat(world, committee, person=one.person, role=Role.HEAD)
    rows = counts.task_force_rows([world.phuoc_long.pk], D(2026, 11, 10))
    assert sum(row.seats for row in rows) == 3
    assert counts.distinct_people([world.phuoc_long.pk], D(2026, 11, 10)) == 2


def test_a_person_sits_once_in_a_task_force_at_a_time(world, force):
    one = seat(world, force, "Phạm Thị Đầu", Role.HEAD)
    wrong = refusal(seat, world, force, person=one.person, role=Role.MEMBER, valid_from=D(2026, 2, 1))
    assert wrong["__all__"] == ["Phạm Thị Đầu đã là Tổ trưởng của tổ từ ngày 05/01/2026."]
    keeping.end_membership(by=world.officer, membership_id=one.pk, on=D(2026, 6, 30))
    again = seat(world, force, person=one.person, role=Role.MEMBER, valid_from=D(2026, 7, 1))
    assert list(force.memberships.order_by("valid_from")) == [one, again]  # both stay as history


def test_a_namesake_needs_a_staff_code(world, force):
    seat(world, force, "Phạm Văn Một")
    assert "mã cán bộ" in refusal(seat, world, force, "Phạm  Văn Một")["full_name"][0]
    seat(world, force, "Phạm Văn Một", staff_code="CB02")
    assert Person.objects.filter(full_name="Phạm Văn Một").count() == 2


def test_a_seat_lies_inside_the_life_of_its_task_force(world, force):
    assert "valid_from" in refusal(seat, world, force, "Phạm Văn Một", valid_from=D(2026, 1, 4))
    assert "valid_to" in refusal(seat, world, force, "Phạm Văn Một", valid_to=D(2025, 12, 1))


def test_responsibilities_are_exactly_those_chosen(world, force):
    services = list(PublicService.objects.filter(code__in=["DVC15", "DVC16"]))
    one = seat(world, force, "Phạm Văn Một", services=services, indicator_groups=["identity"])
    assert one.responsibilities.count() == 3
    keeping.change_member(
        by=world.officer, membership_id=one.pk, role=Role.MEMBER, valid_from=FOUNDED, services=services[:1]
    )
    assert [str(r.service.code) for r in Responsibility.objects.all()] == ["DVC15"]
    fields = {"by": world.officer, "membership_id": one.pk, "role": Role.MEMBER, "valid_from": FOUNDED}
    assert "indicator_groups" in refusal(keeping.change_member, **fields, indicator_groups=["no such"])


def test_work_contact_is_the_persons_and_an_empty_field_takes_nothing_away(world, force):
    one = seat(world, force, "Phạm Văn Một", post="Công chức", work_phone="0271 000 111")
    keeping.change_member(by=world.officer, membership_id=one.pk, role=Role.SECRETARY, valid_from=FOUNDED, post="Phó")
    one.person.refresh_from_db()
    assert (one.person.post, one.person.work_phone) == ("Phó", "0271 000 111")
    one.refresh_from_db()
    assert (one.post, one.role) == ("Phó", Role.SECRETARY)


# Villages


def village(world, name="Khu phố 1", **changes):
    fields = {"by": world.officer, "unit": world.phuoc_long, "kind": "working_group", "valid_from": FOUNDED}
    return keeping.add_village_team(**fields | {"village": name, "members": 6, "founded_on": FOUNDED} | changes)


def test_a_village_stands_once_in_the_register_whatever_the_spelling(world, force):
    village(world)
    assert refusal(village, world, "khu  phố 1")["village"] == ["khu phố 1 đã có trong sổ."]
    village(world, kind="community_digital_team")
    assert VillageTeam.objects.count() == 2


def test_a_team_with_members_needs_a_founding_day(world, force):
    assert "founded_on" in refusal(village, world, founded_on=None)
    assert "members" in refusal(village, world, members=201)
    assert village(world, members=0, founded_on=None).founded_on is None


def test_a_village_that_left_the_register_can_come_back(world, force):
    team = village(world)
    keeping.end_village_team(by=world.officer, village_team_id=team.pk, on=D(2026, 5, 1))
    village(world, valid_from=D(2026, 5, 2))
    assert VillageTeam.objects.on(D(2026, 5, 1)).get() == team
    assert "on" in refusal(keeping.end_village_team, by=world.officer, village_team_id=team.pk, on=D(2026, 1, 1))


def test_a_village_row_is_corrected(world, force):
    team = village(world)
    keeping.change_village_team(
        by=world.officer,
        village_team_id=team.pk,
        village="Khu phố 2",
        members=7,
        valid_from=FOUNDED,
        founded_on=FOUNDED,
    )
    team.refresh_from_db()
    assert (team.village, team.members) == ("Khu phố 2", 7)


# Rights


def test_who_keeps_the_register(world, at):
    at("2026-11-10 09:00")
    keepers = {p for p in vars(world).values() if hasattr(p, "username") and may_keep_register(p, world.phuoc_long)}
    assert keepers == {world.officer, world.police_officer, world.leader}
    keepers = {p for p in vars(world).values() if hasattr(p, "username") and may_keep_register(p, world.dong_nai)}
    assert keepers == {world.reviewer, world.second_reviewer, world.staff}


@pytest.mark.parametrize("who", ["neighbour", "reviewer", "chair", "staff", "auditor", "stranger", "administrator"])
def test_nobody_else_writes(world, force, who):
    by = getattr(world, who)
    one = seat(world, force, "Phạm Văn Một")
    team = village(world)
    acts = [
        (
            keeping.found_task_force,
            {"unit": world.phuoc_long, "kind": "support_team", "name": "x", "valid_from": FOUNDED},
        ),
        (keeping.end_task_force, {"task_force_id": force.pk, "on": D(2026, 11, 1)}),
        (keeping.add_member, {"task_force_id": force.pk, "role": "member", "valid_from": FOUNDED, "full_name": "x"}),
        (keeping.end_membership, {"membership_id": one.pk, "on": D(2026, 11, 1)}),
        (keeping.end_village_team, {"village_team_id": team.pk, "on": D(2026, 11, 1)}),
        (
            keeping.add_village_team,
            {"unit": world.phuoc_long, "kind": "working_group", "village": "x", "valid_from": FOUNDED},
        ),
        (keeping.save_document, {"unit": world.phuoc_long, "kind": "plan", "title": "x", "issued_on": FOUNDED}),
    ]
    for act, fields in acts:
        with pytest.raises(PermissionDenied):
            act(by=by, **fields)


def test_people_of_a_closed_unit_write_nothing(world, at):
    at("2025-06-30 09:00")
    keeping.found_task_force(
        by=world.old_officer, unit=world.thac_mo, kind=Kind.WORKING_GROUP, name="Tổ", valid_from=D(2022, 3, 1)
    )
    at("2025-07-01 09:00")
    del world.old_officer._current_postings
    with pytest.raises(PermissionDenied):
        keeping.found_task_force(
            by=world.old_officer, unit=world.thac_mo, kind=Kind.SUPPORT_TEAM, name="Tổ", valid_from=D(2022, 3, 1)
        )
    # and the task force ended with its unit, without anybody writing so
    assert not TaskForce.objects.on(D(2025, 7, 1)).exists()
    assert TaskForce.objects.on(D(2025, 6, 30)).count() == 1
