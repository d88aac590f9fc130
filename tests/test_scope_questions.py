"""Every question asked of the rights, answered by hand for one person of each kind; chains of contacts, names held."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from reporting.models import Indicator, Report
from taskforces import scope
from taskforces.models import Assignment, Level, Role, UnitVersion, User
from tests.conftest import FIRST_NEW, make_person, make_unit

JULY = dt.date(2026, 7, 1)


@pytest.fixture
def people(world):
    """One person of each kind; none but the first is a superuser."""
    found = {"root": User.objects.create(username="goc", full_name="Người Gốc", is_superuser=True)}
    found["nobody"] = User.objects.create(username="khong", full_name="Không Phân Công")
    found["administrator"] = make_person("quantri2", "Đinh Thường", world.nation, Role.ADMINISTRATOR)
    found["central"] = make_person("trunguong", "Trịnh Trung Ương", world.nation, Role.REVIEWER)
    found["ward_reviewer"] = make_person("duyetxa", "Người Duyệt Xã", world.phuoc_long, Role.REVIEWER, since=FIRST_NEW)
    for name in ("officer", "leader", "reviewer", "chair", "staff", "auditor", "stranger_reviewer"):
        found[name] = getattr(world, name)
    for name, unit, body, groups in (
        ("health", world.phuoc_long, "Trạm Y tế", "health outreach"),
        ("justice", world.phuoc_long, "Tư pháp – Hộ tịch", "civil_status"),
        ("next_health", world.phuoc_binh, "Trạm Y tế", "health"),
        ("province_health", world.dong_nai, "Sở Y tế", "health identity organisation"),
        ("stranger_health", world.lam_dong, "Sở Y tế", "health"),
    ):
        found[name] = make_person(name, f"Người {name}", unit, Role.DEPARTMENT, body=body, groups=groups)
    return found


KEEP_THE_WARD = "officer leader ward_reviewer"  # its departments read as they do, and keep nothing
OF_THE_WARD = f"{KEEP_THE_WARD} health justice"
OF_THE_PROVINCE = "reviewer chair staff auditor province_health"
READ_THE_PROVINCES_REVIEWS = "reviewer chair staff auditor"
ELSEWHERE = "stranger_reviewer next_health stranger_health"
EVERYWHERE = "root administrator central"
HEALTH, OUTREACH = (Indicator(owner="office", group=group) for group in ("health", "outreach"))


def task_of(unit, body=""):
    return Assignment(unit=unit, body=body)


def types(user, report, owner, group):
    return scope.entered_by(user, report).covers(owner, group)


QUESTIONS = {
    "has a place": (
        lambda user, w: scope.has_a_place(user),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE} {ELSEWHERE}",
    ),
    "sees everything": (lambda user, w: scope.sees_everything(user), EVERYWHERE),
    "sees the ward's path": (
        lambda user, w: scope.sees_path(user, w.path),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE}",
    ),
    "reads the ward's figures": (
        lambda user, w: scope.unit_in_scope(user, w.ward.pk, w.today),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE}",
    ),
    "lists the ward's versions": (
        lambda user, w: UnitVersion.objects.filter(scope.path_in_scope_of_unit(user), unit=w.ward).exists(),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE}",
    ),
    "reads reviews": (
        lambda user, w: scope.may_read_reviews(user),
        f"{READ_THE_PROVINCES_REVIEWS} {EVERYWHERE} stranger_reviewer",
    ),
    "sees contacts of the ward": (
        lambda user, w: scope.may_see_contact(user, w.ward),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE}",
    ),
    "sees contacts of the province": (
        lambda user, w: scope.may_see_contact(user, w.province),
        f"{OF_THE_WARD} {OF_THE_PROVINCE} {EVERYWHERE} next_health",
    ),
    "sees contacts of the next ward": (
        lambda user, w: scope.may_see_contact(user, w.next_ward),
        f"{OF_THE_PROVINCE} {EVERYWHERE} next_health",
    ),
    "reads the log of contacts": (lambda user, w: scope.may_read_contact_log(user), "staff root administrator"),
    "marks any branch": (lambda user, w: scope.may_mark_any_branch(user, w.report), "leader"),
    "sends": (lambda user, w: scope.may_submit(user, w.report), "officer leader"),
    "reviews the ward": (lambda user, w: scope.may_review(user, w.report), "reviewer central"),
    "reviews the province's own": (lambda user, w: scope.may_review(user, w.own_report), "reviewer central"),
    "reviews somewhere": (
        lambda user, w: scope.may_review_somewhere(user),
        "reviewer stranger_reviewer central",
    ),
    "closes a month": (lambda user, w: scope.may_close_period(user, w.province), "staff"),
    "answers what lies with the ward": (
        lambda user, w: scope.may_answer(user, w.report, w.ward.pk),
        "ward_reviewer reviewer staff central",
    ),
    "answers what lies with the province": (
        lambda user, w: scope.may_answer(user, w.report, w.province.pk),
        "reviewer staff central",
    ),
    "answers what lies with the nation": (lambda user, w: scope.may_answer(user, w.report, w.nation.pk), "central"),
    "answers what lies elsewhere": (lambda user, w: scope.may_answer(user, w.report, w.next_ward.pk), ""),
    "keeps the ward's register": (lambda user, w: scope.may_keep_register(user, w.ward), KEEP_THE_WARD),
    "keeps the province's register": (lambda user, w: scope.may_keep_register(user, w.province), "reviewer staff"),
    "keeps sources": (
        lambda user, w: scope.may_keep_sources(user),
        f"reviewer staff stranger_reviewer {EVERYWHERE}",
    ),
    "assigns to the ward": (
        lambda user, w: scope.may_assign(user, w.ward),
        f"ward_reviewer reviewer staff {EVERYWHERE}",
    ),
    "assigns to the ward by file": (
        lambda user, w: scope.may_assign_by_file(user, w.path),
        f"ward_reviewer reviewer staff {EVERYWHERE}",
    ),
    "assigns to the province": (lambda user, w: scope.may_assign(user, w.province), f"reviewer staff {EVERYWHERE}"),
    "concludes a meeting of the ward for it": (
        lambda user, w: scope.may_conclude(user, w.ward, w.ward),
        KEEP_THE_WARD,
    ),
    "concludes a meeting of the ward for the next": (lambda user, w: scope.may_conclude(user, w.ward, w.next_ward), ""),
    "concludes a meeting of the province for the ward": (
        lambda user, w: scope.may_conclude(user, w.province, w.ward),
        "reviewer staff",
    ),
    "concludes a meeting of a closed unit": (lambda user, w: scope.may_conclude(user, w.closed, w.closed), ""),
    "tells a remedy of the ward to the province": (
        lambda user, w: scope.may_tell_remedy(
            user, SimpleNamespace(unit=w.ward, task_force=SimpleNamespace(unit=w.province))
        ),
        f"{KEEP_THE_WARD} reviewer staff",
    ),
    "runs campaigns of the province": (
        lambda user, w: scope.may_run_campaigns(user, w.province),
        f"reviewer staff {EVERYWHERE}",
    ),
    "runs campaigns of a closed unit": (lambda user, w: scope.may_run_campaigns(user, w.closed), ""),
    "assigns to a closed unit": (lambda user, w: scope.may_assign(user, w.closed), ""),
    "assigns to a unit without a place today": (
        lambda user, w: scope.may_assign(user, w.placeless),
        "root administrator",
    ),
    "tells the ward's progress": (lambda user, w: scope.may_report_progress(user, task_of(w.ward)), KEEP_THE_WARD),
    "tells the progress of the ward's health station": (
        lambda user, w: scope.may_report_progress(user, task_of(w.ward, "TRẠM  Y TẾ")),
        f"{KEEP_THE_WARD} health",
    ),
    "shows what the ward's health station did": (
        lambda user, w: scope.may_add_evidence(user, task_of(w.ward, "Trạm Y tế")),
        f"{KEEP_THE_WARD} health",
    ),
    "tells the progress of a body that has nobody": (
        lambda user, w: scope.may_report_progress(user, task_of(w.ward, "Trạm Y")),
        KEEP_THE_WARD,
    ),
    "tells the progress of a closed unit's body": (
        lambda user, w: scope.may_report_progress(user, task_of(w.closed, "Trạm Y tế")),
        "",
    ),
    "tells the nation's progress": (lambda user, w: scope.may_report_progress(user, task_of(w.nation)), EVERYWHERE),
    "opens the ward's entry": (lambda user, w: scope.may_open_entry(user, w.report), "officer leader health justice"),
    "opens the province's entry": (lambda user, w: scope.may_open_entry(user, w.own_report), "province_health"),
    "types health": (lambda user, w: types(user, w.report, "office", "health"), "officer health"),
    "types civil status": (lambda user, w: types(user, w.report, "office", "civil_status"), "officer justice"),
    "types services": (lambda user, w: types(user, w.report, "office", ""), "officer"),
    "types what the police own of a group": (lambda user, w: types(user, w.own_report, "police", "identity"), ""),
    "types what is counted": (lambda user, w: types(user, w.own_report, "register", "organisation"), ""),
    "proposes a rate for the ward": (lambda user, w: scope.may_propose_target(user, w.ward), KEEP_THE_WARD),
    "proposes health for the ward": (
        lambda user, w: scope.may_propose_target(user, w.ward, HEALTH),
        f"{KEEP_THE_WARD} health",
    ),
    "proposes health for the province": (
        lambda user, w: scope.may_propose_target(user, w.province, HEALTH),
        "reviewer staff province_health",
    ),
    "sets a rate of the ward": (
        lambda user, w: scope.may_set_target(user, w.ward, w.path),
        f"reviewer staff {EVERYWHERE}",
    ),
    "sets health of the ward": (
        lambda user, w: scope.may_set_target(user, w.ward, w.path, HEALTH),
        f"reviewer staff {EVERYWHERE} province_health",
    ),
    "sets outreach of the ward": (  # the health station has it, but for the ward itself: it proposes
        lambda user, w: scope.may_set_target(user, w.ward, w.path, OUTREACH),
        f"reviewer staff {EVERYWHERE}",
    ),
    "sets what the police own of a group": (
        lambda user, w: scope.may_set_target(user, w.ward, w.path, Indicator(owner="police", group="identity")),
        f"reviewer staff {EVERYWHERE}",
    ),
    "sets health of the province": (
        lambda user, w: scope.may_set_target(user, w.province, w.province_path, HEALTH),
        f"reviewer staff {EVERYWHERE}",
    ),
    "sets health of a closed unit": (lambda user, w: scope.may_set_target(user, w.closed, w.path, HEALTH), ""),
    "sets a rate of a service that Bộ Y tế leads": (
        lambda user, w: scope.may_set_target(user, w.ward, w.path, "Bộ Y tế"),
        f"reviewer staff {EVERYWHERE} province_health",
    ),
    "sets a rate of a service that Bộ Tư pháp leads": (
        lambda user, w: scope.may_set_target(user, w.ward, w.path, "Bộ Tư pháp"),
        f"reviewer staff {EVERYWHERE}",
    ),
    "sets such a rate of a closed unit": (lambda user, w: scope.may_set_target(user, w.closed, w.path, "Bộ Y tế"), ""),
    "proposes such a rate for the province": (
        lambda user, w: scope.may_propose_target(user, w.province, "Bộ Y tế"),
        "reviewer staff province_health",
    ),
    "proposes such a rate for the ward": (
        lambda user, w: scope.may_propose_target(user, w.ward, "Bộ Y tế"),
        KEEP_THE_WARD,
    ),
    "leads services of Bộ Y tế in the province": (
        lambda user, w: scope.body_leads(user, [w.province.pk], "Bộ Y tế"),
        "province_health",
    ),
    "sets some target of the ward": (
        lambda user, w: scope.may_set_some_target(user, w.ward, w.path),
        f"reviewer staff {EVERYWHERE} province_health",
    ),
    "sets targets below the province": (
        lambda user, w: scope.may_set_targets_below(user, w.province),
        f"reviewer staff {EVERYWHERE} province_health",
    ),
    "sets targets below the ward": (lambda user, w: scope.may_set_targets_below(user, w.ward), ""),
    "is a department": (
        lambda user, w: scope.acts_for_some_body(user),
        "health justice next_health province_health stranger_health",
    ),
    "brings files in": (
        lambda user, w: scope.may_import(user),
        f"{KEEP_THE_WARD} reviewer staff stranger_reviewer {EVERYWHERE}",
    ),
    "brings in rows of the ward": (
        lambda user, w: scope.may_import_for(user, w.ward.pk, w.path),
        f"{KEEP_THE_WARD} reviewer staff {EVERYWHERE}",
    ),
    "brings units in": (lambda user, w: scope.may_import_units(user), "root administrator"),
    "brings accounts in": (lambda user, w: scope.may_import_accounts(user), "staff root administrator"),
    "gives an officer's posting": (
        lambda user, w: scope.may_give_posting(user, Role.OFFICER, w.path),
        "staff root administrator",
    ),
    "changes an officer's posting": (
        lambda user, w: scope.may_change_posting(user, Role.OFFICER, w.path),
        "staff root administrator",
    ),
    "changes staff's posting": (
        lambda user, w: scope.may_change_posting(user, Role.PROVINCIAL_STAFF, w.path),
        "root administrator",
    ),
    "changes an administrator's posting": (
        lambda user, w: scope.may_change_posting(user, Role.ADMINISTRATOR, w.path),
        "root",
    ),
    "needs a second factor": (
        lambda user, w: scope.needs_second_factor(user),
        f"ward_reviewer health justice {OF_THE_PROVINCE} {EVERYWHERE} {ELSEWHERE}",
    ),
}


@pytest.fixture
def places(world, month, at):
    at("2026-11-16 09:00")
    period = month("2026-11")
    placeless = make_unit("25998", "Xã Vô Định", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    placeless.versions.all().delete()
    return SimpleNamespace(
        today=dt.date(2026, 11, 16),
        nation=world.nation,
        province=world.dong_nai,
        ward=world.phuoc_long,
        next_ward=world.phuoc_binh,
        closed=world.thac_mo,
        placeless=placeless,
        path=f"/{world.nation.pk}/{world.dong_nai.pk}/{world.phuoc_long.pk}/",
        province_path=f"/{world.nation.pk}/{world.dong_nai.pk}/",
        report=Report.objects.get(unit=world.phuoc_long, period=period),
        own_report=Report(
            unit=world.dong_nai,
            period=period,
            path=f"/{world.nation.pk}/{world.dong_nai.pk}/",
            level=Level.PROVINCE,
        ),
    )


def test_each_question_is_answered_as_written_here(people, places):
    for question, (ask, whom) in QUESTIONS.items():
        assert {name for name, user in people.items() if ask(user, places)} == set(whom.split()), question


def test_whoever_enters_the_administration_needs_a_second_factor(people):
    people["officer"].is_staff = True
    assert scope.needs_second_factor(people["officer"])


def test_contacts_follow_the_tree_of_today(world, at):
    """A commune passes from Lâm Đồng to Đồng Nai on 1 July 2026."""
    moved = make_unit("25997", "Xã Chuyển Đi", "xa", Level.COMMUNE, world.dong_nai, opened=JULY)
    UnitVersion.objects.create(
        unit=moved,
        name="Xã Chuyển Đi",
        short_name="Chuyển Đi",
        unit_type="xa",
        parent=world.lam_dong,
        path=f"/{world.nation.pk}/{world.lam_dong.pk}/{moved.pk}/",
        valid_from=FIRST_NEW,
        valid_to=dt.date(2026, 6, 30),
    )
    officer = make_person("chuyen", "Người Chuyển", moved, Role.LEADER, since=FIRST_NEW)
    for day, above, no_more in (
        ("2026-06-30 23:00", world.lam_dong, world.dong_nai),
        ("2026-07-01 01:00", world.dong_nai, world.lam_dong),
    ):
        at(day)
        own = User.objects.get(pk=officer.pk)
        assert scope.contacts_seen(own, [above.pk, no_more.pk, moved.pk]) == {above.pk, moved.pk}
        for person, may in (
            (world.reviewer, above == world.dong_nai),
            (world.stranger_reviewer, above != world.dong_nai),
        ):
            assert scope.may_see_contact(User.objects.get(pk=person.pk), moved) is may


def test_people_of_a_unit_without_a_place_see_their_own_contacts(world, at):
    at("2026-11-16 09:00")
    new = make_unit("25996", "Xã Sắp Có", "xa", Level.COMMUNE, world.dong_nai, opened=dt.date(2026, 12, 1))
    person = make_person("sapco", "Người Sắp Có", new, Role.LEADER)
    assert scope.contacts_seen(person, [new.pk, world.dong_nai.pk]) == {new.pk}


def test_a_posting_carries_the_name_its_unit_has_today_or_had_last(world, at):
    renamed = world.phuoc_long
    renamed.versions.update(valid_to=dt.date(2026, 6, 30))
    UnitVersion.objects.create(
        unit=renamed,
        name="Phường Tên Mới",
        short_name="Tên Mới",
        unit_type="phuong",
        parent=world.dong_nai,
        path=renamed.versions.get().path,
        valid_from=JULY,
    )
    names = {"2026-06-30 23:00": "Phường Phước Long", "2026-07-01 01:00": "Phường Tên Mới"}
    for day, name in names.items():
        at(day)
        assert [p.unit_name for p in scope.postings(User.objects.get(pk=world.officer.pk))] == [name]
    assert [p.unit_name for p in scope.postings(world.old_officer)] == ["Phường Thác Mơ"]


def test_whoever_has_not_logged_in_holds_nothing():
    assert scope.postings(AnonymousUser()) == []
