"""Who sees and does what, by the unit and the day; the neighbour whose id begins alike is a stranger."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from de_an_06.navigation import home_url_name
from reporting.models import Period, Report
from taskforces import scope
from taskforces.models import AdministrativeUnit, Branch, Level, Posting, Role, UnitVersion, User
from tests.conftest import FIRST_NEW, START, make_person, make_unit

IN_2024, IN_2026 = dt.date(2024, 10, 14), dt.date(2026, 10, 14)


@pytest.fixture
def october_2024(world):
    return Period.objects.create(year=2024, month=10, data_from=dt.date(2024, 9, 15), data_to=IN_2024)


@pytest.fixture
def october_2026(world):
    return Period.objects.create(year=2026, month=10, data_from=dt.date(2026, 9, 15), data_to=IN_2026)


def report(unit, period):
    version = UnitVersion.objects.on(period.data_to).get(unit=unit)
    return Report.objects.create(unit=unit, period=period, path=version.path, level=unit.level)


def seen_by(user):
    """A new object each time: postings are read once per request."""
    return set(Report.objects.visible_to(User.objects.get(pk=user.pk)))


def test_a_person_sees_the_own_unit_and_everything_below(world, october_2026):
    province, ward, next_ward, stranger = (
        report(unit, october_2026) for unit in (world.dong_nai, world.phuoc_long, world.phuoc_binh, world.da_huoai)
    )
    assert seen_by(world.officer) == {ward}
    assert seen_by(world.neighbour) == {next_ward}
    assert seen_by(world.chair) == seen_by(world.reviewer) == {province, ward, next_ward}
    assert seen_by(world.stranger_reviewer) == {stranger}
    assert seen_by(world.administrator) == {province, ward, next_ward, stranger}


def test_a_unit_whose_id_begins_alike_is_not_in_scope(db):
    """'/1/4/' and '/1/40/': the neighbour's report does not exist for the other."""
    period = Period.objects.create(year=2026, month=10, data_from=dt.date(2026, 9, 15), data_to=IN_2026)
    nation = AdministrativeUnit.objects.create(pk=1, code="00", level=Level.NATION, opened_on=START)
    reports = {}
    for pk, code in ((4, "04"), (40, "40"), (14, "14")):
        unit = AdministrativeUnit.objects.create(pk=pk, code=code, level=Level.PROVINCE, opened_on=START)
        UnitVersion.objects.create(
            unit=unit, name=code, short_name=code, unit_type="tinh", parent=nation, path=f"/1/{pk}/", valid_from=START
        )
        reports[pk] = Report.objects.create(unit=unit, period=period, path=f"/1/{pk}/", level=Level.PROVINCE)
    person = make_person("bon", "Bốn", AdministrativeUnit.objects.get(pk=4), Role.CHAIR)
    assert seen_by(person) == {reports[4]}
    assert list(Report.objects.under(4)) == [reports[4]]
    assert [v.unit_id for v in UnitVersion.objects.under(4)] == [4]
    assert scope.unit_in_scope(person, 4, IN_2026)
    assert not scope.unit_in_scope(person, 40, IN_2026)
    assert not scope.unit_in_scope(person, 14, IN_2026)


def test_a_district_sees_its_communes_in_the_tree_of_the_month(world, october_2024, october_2026):
    old_ward, other_ward = report(world.thac_mo, october_2024), report(world.an_loc, october_2024)
    new_ward = report(world.phuoc_long, october_2026)
    assert seen_by(world.district_reviewer) == {old_ward}
    assert seen_by(world.old_staff) == {old_ward, other_ward}
    assert seen_by(world.chair) == {new_ward}  # the new province does not contain the old one's months
    assert scope.unit_in_scope(world.district_chair, world.thac_mo.pk, IN_2024)
    assert not scope.unit_in_scope(world.district_chair, world.an_loc.pk, IN_2024)
    assert not scope.unit_in_scope(world.district_chair, world.thac_mo.pk, IN_2026)


def test_people_of_a_closed_unit_read_and_write_nothing(world, october_2024, at):
    old = report(world.thac_mo, october_2024)
    at("2024-10-16 09:00")
    assert scope.branches_entered_by(User.objects.get(pk=world.old_officer.pk), old) == {Branch.OFFICE}
    assert scope.may_submit(User.objects.get(pk=world.old_officer.pk), old)
    assert scope.may_review(User.objects.get(pk=world.district_reviewer.pk), old)
    for moment, may in (("2025-06-30 23:59", True), ("2025-07-01 00:00", False), ("2026-11-16 09:00", False)):
        at(moment)
        officer = User.objects.get(pk=world.old_officer.pk)
        reviewer = User.objects.get(pk=world.district_reviewer.pk)
        assert set(Report.objects.visible_to(officer)) == {old}
        assert scope.may_write_for(officer, world.thac_mo) is may
        assert scope.may_submit(officer, old) is may
        assert bool(scope.branches_entered_by(officer, old)) is may
        assert scope.may_review(reviewer, old) is may


def test_a_posting_counts_from_its_first_to_its_last_day(world, october_2026, at):
    ward = report(world.phuoc_long, october_2026)
    person = User.objects.create(username="doi", full_name="Đỗ Văn Đội")
    Posting.objects.create(
        user=person,
        unit=world.phuoc_long,
        role=Role.LEADER,
        valid_from=dt.date(2026, 11, 2),
        valid_to=dt.date(2026, 11, 20),
    )
    days = {"2026-11-01": False, "2026-11-02": True, "2026-11-20": True, "2026-11-21": False}
    for day, holds in days.items():
        for time in ("00:00", "23:59"):
            at(f"{day} {time}")
            assert (seen_by(person) == {ward}) is holds, (day, time)


def test_officers_type_their_own_branch_of_their_own_unit(world, october_2026):
    ward, next_ward = report(world.phuoc_long, october_2026), report(world.phuoc_binh, october_2026)
    assert scope.branches_entered_by(world.officer, ward) == {Branch.OFFICE}
    assert scope.branches_entered_by(world.police_officer, ward) == {Branch.POLICE}
    for person in (world.leader, world.reviewer, world.chair, world.staff, world.auditor, world.administrator):
        assert scope.branches_entered_by(person, ward) == set()
    assert scope.branches_entered_by(world.officer, next_ward) == set()
    assert scope.may_submit(world.leader, ward)
    assert not scope.may_submit(world.leader, next_ward)
    assert not scope.may_submit(world.reviewer, ward)


def test_reviewers_stand_above_the_unit(world, october_2026):
    ward, province = report(world.phuoc_long, october_2026), report(world.dong_nai, october_2026)
    below = make_person("duyetxa", "Người Duyệt Xã", world.phuoc_long, Role.REVIEWER, since=FIRST_NEW)
    assert scope.may_review(world.reviewer, ward)
    assert scope.may_review(world.reviewer, province)  # a province's own report is reviewed in the province
    for person in (below, world.stranger_reviewer, world.officer, world.chair, world.staff, world.auditor):
        assert not scope.may_review(person, ward)


def test_provincial_staff_close_the_period_of_their_own_province(world, at):
    assert scope.may_close_period(world.staff, world.dong_nai)
    assert not scope.may_close_period(world.staff, world.lam_dong)
    assert not scope.may_close_period(world.reviewer, world.dong_nai)
    at("2025-07-01 08:00")
    assert not scope.may_close_period(User.objects.get(pk=world.old_staff.pk), world.binh_phuoc)


def test_strangers_see_nothing(world, october_2026):
    report(world.phuoc_long, october_2026)
    nobody = User.objects.create(username="khong", full_name="Không Phân Công")
    inactive = make_person("nghi", "Người Nghỉ", world.dong_nai, Role.CHAIR)
    inactive.is_active = False
    inactive.save()
    assert seen_by(nobody) == seen_by(inactive) == set()
    assert not Report.objects.visible_to(AnonymousUser()).exists()
    with pytest.raises(PermissionDenied):
        scope.require(False)


def test_postings_are_read_once_per_person_object(world, django_assert_num_queries):
    person = User.objects.get(pk=world.reviewer.pk)
    with django_assert_num_queries(1):
        scope.postings(person)
        scope.sees_everything(person)
        scope.path_in_scope(person)


def test_home_depends_on_the_role(world):
    homes = {
        world.officer: "task-list",
        world.leader: "task-list",
        world.reviewer: "review-list",
        world.chair: "dashboard",
        world.staff: "dashboard",
        world.auditor: "dashboard",
    }
    for person, name in homes.items():
        assert home_url_name(person.postings.get()) == name
    assert home_url_name(None) == "dashboard"


def test_a_unit_made_later_is_under_its_province(world, october_2026):
    """Scope follows the path, so it needs no list of units kept by hand."""
    new = make_unit("25999", "Xã Mới", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    assert report(new, october_2026) in seen_by(world.chair)
