"""Work contacts: who sees them, when they are erased, what is held about a person."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress

from reporting.models import ExportJob, ReportingSettings
from taskforces import hooks, tasks
from taskforces.models import ContactExport, Membership, Person, PostingEvent, User
from taskforces.people import personal_data
from taskforces.register import keeping
from taskforces.scope import contacts_seen, may_read_contact_log, may_see_contact
from tests.conftest import make_unit


@pytest.fixture
def seat(world, at):
    """Phạm Thị Đầu, member in Phước Long until 20 May 2026, with contact."""
    at("2026-05-01 09:00")
    force = keeping.found_task_force(
        by=world.officer, unit=world.phuoc_long, kind="working_group", name="Tổ", valid_from=dt.date(2026, 1, 5)
    )
    return keeping.add_member(
        by=world.officer,
        task_force_id=force.pk,
        role="member",
        valid_from=dt.date(2026, 1, 5),
        valid_to=dt.date(2026, 5, 20),
        full_name="Phạm Thị Đầu",
        post="Công chức tư pháp",
        work_phone="0251 3822 222",
        work_email="dau@dongnai.gov.vn",
    )


def contact_of(person):
    person.refresh_from_db()
    return person.work_phone, person.work_email, person.contact_erased_at


# Who sees contacts ---------------------------------------------------------------------------------------------------


def test_contacts_are_seen_along_the_own_chain(world):
    ward, next_door, province, other = world.phuoc_long, world.phuoc_binh, world.dong_nai, world.lam_dong
    assert contacts_seen(world.officer, [p.pk for p in (ward, next_door, province, other)]) == {ward.pk, province.pk}
    assert contacts_seen(world.reviewer, [p.pk for p in (ward, next_door, province, other)]) == {
        ward.pk,
        next_door.pk,
        province.pk,
    }
    assert may_see_contact(world.officer, world.nation)
    assert not may_see_contact(world.stranger, ward)
    assert contacts_seen(world.administrator, [other.pk]) == {other.pk}


def test_a_unit_that_moved_shows_its_contacts_to_the_new_chain_alone(world, at):
    """The old parent still reads its past, but no longer rings its people."""
    ward = make_unit("99999", "Xã Chuyển", "xa", "commune", world.dong_nai, opened=dt.date(2025, 7, 1))
    version = ward.versions.get()
    version.valid_to = dt.date(2026, 6, 30)
    version.save()
    version.pk, version.parent, version.valid_from, version.valid_to = None, world.lam_dong, dt.date(2026, 7, 1), None
    version.path = f"/{world.nation.pk}/{world.lam_dong.pk}/{ward.pk}/"
    version.save()
    at("2026-06-30 12:00")
    assert may_see_contact(world.reviewer, ward)
    assert not may_see_contact(world.stranger_reviewer, ward)
    at("2026-07-01 12:00")
    for person in (world.reviewer, world.stranger_reviewer):
        del person._current_postings
    assert not may_see_contact(world.reviewer, ward)
    assert may_see_contact(world.stranger_reviewer, ward)


def test_nobody_without_a_posting_sees_any(world):
    assert contacts_seen(User.objects.create(username="x", full_name="X"), [world.phuoc_long.pk]) == set()


# Erasing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "months", "last"),
    [
        ((2026, 5, 20), 6, (2026, 11, 20)),
        ((2026, 8, 31), 6, (2027, 2, 28)),
        ((2027, 8, 31), 6, (2028, 2, 29)),
        ((2026, 12, 31), 2, (2027, 2, 28)),
        ((2026, 6, 1), 0, (2026, 6, 1)),
        ((2026, 12, 5), 12, (2027, 12, 5)),
    ],
)
def test_kept_until(left, months, last):
    assert personal_data.kept_until(dt.date(*left), months) == dt.date(*last)


def test_erased_the_night_after_and_once(world, seat, at):
    at("2026-11-20 23:59")
    assert personal_data.erase_contacts() == {}
    assert contact_of(seat.person) == ("0251 3822 222", "dau@dongnai.gov.vn", None)
    moment = at("2026-11-21 03:00")
    assert tasks.erase_contacts() == {"persons": 1}
    assert contact_of(seat.person) == ("", "", moment)
    at("2026-11-22 03:00")
    assert tasks.erase_contacts() == {}
    assert contact_of(seat.person)[2] == moment
    seat.refresh_from_db()  # name, role and post stay in the history
    assert (seat.person.full_name, seat.role, seat.post) == ("Phạm Thị Đầu", "member", "Công chức tư pháp")


def test_the_number_of_months_is_a_setting(world, seat, at):
    ReportingSettings.objects.update_or_create(pk=1, defaults={"contact_months": 1})
    at("2026-06-21 03:00")
    assert personal_data.erase_contacts()["persons"] == 1


def test_who_still_sits_somewhere_is_not_touched(world, seat, at):
    force = keeping.found_task_force(
        by=world.officer, unit=world.phuoc_long, kind="support_team", name="Tổ hai", valid_from=dt.date(2026, 1, 5)
    )
    Membership.objects.create(
        task_force=force,
        person=seat.person,
        role="member",
        valid_from=dt.date(2026, 2, 1),
        valid_to=dt.date(2027, 1, 1),
    )
    at("2026-12-31 03:00")
    assert personal_data.erase_contacts() == {}


def test_a_seat_ends_with_its_task_force_and_with_its_unit(world, at):
    at("2025-01-05 09:00")
    force = keeping.found_task_force(
        by=world.old_officer, unit=world.thac_mo, kind="working_group", name="Tổ", valid_from=dt.date(2024, 1, 5)
    )
    seat = keeping.add_member(
        by=world.old_officer,
        task_force_id=force.pk,
        role="head",
        valid_from=dt.date(2024, 1, 5),
        full_name="Lò Văn Cuối",
        work_phone="0271 3888 888",
    )
    at("2025-12-30 03:00")
    assert personal_data.erase_contacts() == {}
    at("2025-12-31 03:00")  # the ward ended on 30 June
    assert personal_data.erase_contacts() == {"persons": 1}
    assert seat.person.memberships.get().valid_to is None


def test_an_entry_that_never_served_is_left(world, at):
    Person.objects.create(full_name="Mới Vào", unit=world.phuoc_long, work_phone="1")
    at("2030-01-01 03:00")
    assert personal_data.erase_contacts() == {}


def test_an_account_is_erased_after_its_last_posting(world, at):
    at("2026-01-10 09:00")
    user = world.officer
    User.objects.filter(pk=user.pk).update(work_phone="0251", email="nhung@dongnai.gov.vn")
    EmailAddress.objects.create(user=user, email="nhung@dongnai.gov.vn")
    assert personal_data.erase_contacts() == {}
    user.postings.update(valid_to=dt.date(2026, 5, 20))
    at("2026-11-20 23:00")
    assert personal_data.erase_contacts() == {}
    at("2026-11-21 03:00")
    assert personal_data.erase_contacts() == {"accounts": 1}
    user.refresh_from_db()
    assert (user.work_phone, user.email, user.full_name) == ("", "", "Nguyễn Thị Hồng Nhung")
    assert not EmailAddress.objects.exists()
    assert user.postings.get().role == "officer"
    assert personal_data.erase_contacts() == {}


def test_a_person_with_an_account_still_posted_keeps_both(world, seat, at):
    Person.objects.filter(pk=seat.person.pk).update(user=world.officer)
    User.objects.filter(pk=world.officer.pk).update(work_phone="0251")
    at("2027-06-01 03:00")
    assert personal_data.erase_contacts() == {}
    world.officer.postings.update(valid_to=dt.date(2026, 11, 30))
    at("2027-05-30 03:00")
    assert personal_data.erase_contacts() == {}
    at("2027-06-01 03:00")
    assert personal_data.erase_contacts() == {"persons": 1, "accounts": 1}


# What is held --------------------------------------------------------------------------------------------------------


def test_traces_count_what_names_the_person(world):
    assert personal_data.traces_of(world.officer) == []
    ContactExport.objects.create(by=world.staff, at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), what="Thành viên", rows=3)
    PostingEvent.objects.create(
        posting=world.officer.postings.get(), action="given", by=world.staff, at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    )
    assert personal_data.traces_of(world.staff) == [("Phân công đã ghi cho người khác", 1), ("Danh bạ đã xuất", 1)]


def test_every_log_that_names_a_person_is_counted(world):
    """Those of the register, and those `reporting` tells it of."""
    logs = [(log.model.__name__, log.field) for log in (*hooks.traces, *personal_data.TRACES)]
    assert sorted(logs) == [
        ("AssignmentEvent", "by"),
        ("CampaignChange", "by"),
        ("ContactExport", "by"),
        ("Correction", "asked_by"),
        ("Correction", "decided_by"),
        ("DifficultyStep", "by"),
        ("Document", "uploaded_by"),
        ("EmailChange", "by"),
        ("Explanation", "by"),
        ("ExportJob", "requested_by"),
        ("FigureChange", "by"),
        ("ImportJob", "by"),
        ("InspectionFinding", "remedied_by"),
        ("IssuedCode", "by"),
        ("MeetingChange", "by"),
        ("NarrativeChange", "by"),
        ("PlanChange", "by"),
        ("PostingEvent", "by"),
        ("PublishedVersion", "by"),
        ("ReportEvent", "by"),
        ("SavedView", "owner"),
        ("TargetEvent", "by"),
        ("Urging", "by"),
    ]
    ExportJob.objects.create(
        requested_by=world.staff,
        requested_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        unit=world.dong_nai,
        span="2026-10",
        basis="official",
    )
    assert personal_data.traces_of(world.staff) == [("Báo cáo Excel, Word đã lập", 1)]


def test_who_reads_the_log_of_contacts(world):
    assert may_read_contact_log(world.staff)
    assert may_read_contact_log(world.administrator)
    for person in ("officer", "leader", "reviewer", "chair", "auditor"):
        assert not may_read_contact_log(getattr(world, person))
