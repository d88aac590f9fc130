"""Who sees and does what, by the unit and the day; the neighbour whose id begins alike is a stranger."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from de_an_06.navigation import home_url_name
from reporting.models import Period, Report
from taskforces import scope
from taskforces.models import AdministrativeUnit, Branch, Level, Posting, Role, UnitVersion, User
from taskforces.models.units import path_ids
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


# --- the table of rights

RIGHTS_BY_HAND = {
    "officer": "ENTER_FIGURES SUBMIT KEEP_REGISTER",
    "leader": "SUBMIT MARK_ANY_BRANCH KEEP_REGISTER",
    "reviewer": "REVIEW READ_REVIEWS URGE ANSWER KEEP_REGISTER KEEP_REGISTERS_BELOW KEEP_SOURCES ASSIGN",
    "chair": "READ_REVIEWS URGE",
    "provincial_staff": "READ_REVIEWS URGE CLOSE_MONTH ANSWER KEEP_REGISTER KEEP_REGISTERS_BELOW KEEP_SOURCES ASSIGN"
    " GIVE_ROLES GIVE_ACCOUNTS READ_CONTACT_LOG KEEP_WORD_TEMPLATE",
    "administrator": "READ_EVERYTHING READ_REVIEWS KEEP_REGISTERS_BELOW GIVE_ACCOUNTS READ_CONTACT_LOG ADMINISTER",
    "auditor": "READ_REVIEWS",
    "department": "ACT_FOR_BODY",
}
GIVEN_BY_HAND = {"staff": "officer leader reviewer chair auditor department"}
GIVEN_BY_HAND["administrator"] = GIVEN_BY_HAND["staff"] + " provincial_staff"


def test_each_role_has_the_rights_written_here_and_no_others():
    table = {str(role): {right.name for right in rights} for role, rights in scope.RIGHTS.items()}
    assert table == {role: set(rights.split()) for role, rights in RIGHTS_BY_HAND.items()}
    assert list(scope.RIGHTS) == list(Role)
    for right in scope.Right:
        assert [str(role) for role in scope.roles_with(right)] == [
            role for role in Role.values if right.name in RIGHTS_BY_HAND[role].split()
        ]
        assert scope.roles_with(right), f"nobody has {right.name}"


def test_roles_are_given_below_the_own_and_nobody_makes_an_administrator(world):
    ward, elsewhere = (unit.versions.latest("valid_from").path for unit in (world.phuoc_long, world.da_huoai))
    superuser = User.objects.create(username="goc", full_name="Người Gốc", is_superuser=True)
    for giver, role in (("staff", "staff"), ("administrator", "administrator"), (superuser, "administrator")):
        person = getattr(world, giver) if isinstance(giver, str) else giver
        given = {role for role in Role.values if scope.may_give_posting(person, role, ward)}
        assert given == set(GIVEN_BY_HAND[role].split())
    assert not scope.roles_given_by(world.staff, elsewhere)
    assert scope.roles_given_by(world.administrator, elsewhere)
    for person in (world.officer, world.leader, world.reviewer, world.chair, world.auditor):
        assert not scope.roles_given_by(person, ward)


@pytest.mark.parametrize("place", ["dong_nai", "phuoc_long"])
@pytest.mark.parametrize("role", Role.values)
def test_every_place_a_posting_is_sent_to_opens(world, client, october_2026, place, role):
    """Also in a commune, which has no units below whose reports could be read."""
    unit = getattr(world, place)
    part = {"officer": {"branch": "office"}, "department": {"body": "Trạm Y tế", "groups": "health online_services"}}
    person = make_person("ai", "Ai Đó", unit, role, since=FIRST_NEW, **part.get(role, {}))
    report(unit, october_2026)
    client.force_login(person)
    home = client.get("/", follow=True)
    assert home.status_code == 200
    for name, label in home.context["nav"]:
        assert client.get(reverse(name)).status_code == 200, label


# --- the table is the only one

ROOT = Path(__file__).parent.parent
# Where a role is a fact to store or to read in, not a question of rights.
ROLE_IS_A_DATUM = ("taskforces/models/", "taskforces/imports/account_rows.py", "reporting/demo/")
PYTHON = [
    path
    for folder in ("de_an_06", "reporting", "taskforces")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]


def roles_named_in(source: str) -> list[str]:
    """Each place that names `Role` or the value of one; a seat in a task force (Membership.Role) is something else."""
    found = []
    tree = ast.parse(source)
    facts = [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]).endswith("FACTS")
    ]
    fields = {id(item) for value in facts for item in ast.walk(value)}  # names of fields: who chaired a meeting
    for node in ast.walk(tree):
        if id(node) in fields:
            continue
        match node:
            case ast.Attribute(value=ast.Name(id="Membership"), attr="Role"):
                continue
            case ast.Name(id="Role") | ast.Attribute(attr="Role") | ast.alias(name="Role"):
                found.append(f"line {node.lineno}: Role")
            case ast.Constant(value=str(value)) if value in Role.values:
                found.append(f"line {node.lineno}: {value!r}")
    return found


def test_no_role_is_named_outside_the_table():
    named = {
        str(path.relative_to(ROOT)): places for path in PYTHON if (places := roles_named_in(path.read_text("utf-8")))
    }
    assert named.pop("taskforces/rights.py")
    assert named.pop("taskforces/scope.py")  # turns the word of a posting into a role
    assert {name: places for name, places in named.items() if not name.startswith(ROLE_IS_A_DATUM)} == {}


def test_no_page_asks_for_a_role():
    asks = re.compile(r"\brole\s*(==|!=|in\b)|" + "|".join(f"[\"']{role}[\"']" for role in Role.values))
    pages = sorted((ROOT / "templates").rglob("*.html"))
    assert pages
    assert [path.name for path in pages if asks.search(path.read_text("utf-8"))] == []


def test_paths_are_taken_apart_in_one_place():
    assert path_ids("/1/40/7/") == [1, 40, 7]
    assert path_ids("/1/") == [1]
    assert path_ids("") == []
    by_hand = re.compile(r"""path\w*(\.r?strip\("/"\))?\.split\(["']/["']\)""")
    assert [path.name for path in PYTHON if by_hand.search(path.read_text("utf-8"))] == ["units.py"]
