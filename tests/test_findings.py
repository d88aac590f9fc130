"""What task forces lack: the pure rules at their edges, and the set-based reading of a whole province."""

import datetime as dt

import pytest

from reporting.models import PublicService, Report, ServiceTerms
from taskforces.models import Document, Level, Membership, Person, Responsibility, TaskForce
from taskforces.register import gaps
from taskforces.register.gaps import Code, Facts, UnitFacts, of_task_force, of_unit

D = dt.date
DAY = D(2026, 11, 14)
PAPERS = frozenset({"founding_decision", "working_rules"})


def facts(**changes):
    fine = {"founded_on": D(2026, 1, 5), "seats": 5, "heads": 1, "idle": 0, "documents": PAPERS}
    return Facts(**fine | {"last_active_on": D(2026, 11, 1)} | changes)


def codes(found):
    return [finding.code for finding in found]


# Rules


def test_a_complete_task_force_lacks_nothing():
    assert of_task_force(facts(), DAY, 3) == []


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"documents": PAPERS - {"founding_decision"}}, Code.NO_DECISION, "Chưa có quyết định thành lập"),
        ({"documents": PAPERS - {"working_rules"}}, Code.NO_RULES, "Chưa có quy chế hoạt động"),
        ({"heads": 0}, Code.NO_HEAD, "Chưa có Tổ trưởng"),
        ({"idle": 2}, Code.IDLE_MEMBERS, "2/5 thành viên chưa được phân công nhiệm vụ"),
        ({"seats": 0, "idle": 0}, Code.IDLE_MEMBERS, "Chưa có thành viên nào"),
        (
            {"last_active_on": D(2026, 8, 13)},
            Code.QUIET,
            "Hơn 3 tháng không họp, không báo cáo, lần cuối ngày 13/08/2026",
        ),
        ({"last_active_on": None}, Code.QUIET, "Hơn 3 tháng không họp, không báo cáo"),
    ],
)
def test_each_thing_lacking_is_named(change, code, text):
    assert [(f.code, f.text) for f in of_task_force(facts(**change), DAY, 3)] == [(code, text)]


def test_quiet_begins_the_day_after_so_many_months():
    assert of_task_force(facts(last_active_on=D(2026, 8, 14)), DAY, 3) == []
    assert codes(of_task_force(facts(last_active_on=D(2026, 8, 13)), DAY, 3)) == [Code.QUIET]
    assert of_task_force(facts(founded_on=D(2026, 10, 1), last_active_on=None), DAY, 3) == []  # too new to be quiet


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (D(2026, 5, 31), 3, D(2026, 2, 28)),
        (D(2024, 5, 31), 3, D(2024, 2, 29)),
        (D(2026, 1, 15), 1, D(2025, 12, 15)),
        (D(2026, 11, 14), 12, D(2025, 11, 14)),
    ],
)
def test_months_back_stay_inside_the_month(day, months, expected):
    assert gaps.months_before(day, months) == expected


def test_services_nobody_answers_for_are_counted_and_named():
    assert of_unit(UnitFacts(True, ("DVC15", "DVC16"), frozenset({"DVC15", "DVC16"}))) == []
    (found,) = of_unit(UnitFacts(True, ("DVC15", "DVC16", "DVC17"), frozenset({"DVC16"})))
    assert (found.code, found.text) == (
        Code.SERVICES_UNASSIGNED,
        "2/3 dịch vụ công chưa có người phụ trách: DVC15, DVC17",
    )
    (found,) = of_unit(UnitFacts(False, ("DVC15",)))
    assert found.code == Code.NO_TASK_FORCE


# Reading


pytestmark = pytest.mark.django_db


def complete(world, unit):
    """A task force that lacks nothing."""
    day = D(2026, 1, 5)
    force = TaskForce.objects.create(
        unit=unit, kind="working_group", name="Tổ", valid_from=day, last_meeting_on=D(2026, 11, 2)
    )
    for kind in ("founding_decision", "working_rules"):
        Document.objects.create(unit=unit, task_force=force, kind=kind, issued_on=day, title=kind)
    person = Person.objects.create(unit=unit, full_name="Đầu")
    head = Membership.objects.create(task_force=force, person=person, role="head", valid_from=day)
    owed = ServiceTerms.objects.owed_by(unit.level, DAY).values("service")
    Responsibility.objects.bulk_create(
        Responsibility(membership=head, service=s) for s in PublicService.objects.filter(pk__in=owed)
    )
    return force


def read(*units, day=DAY):
    return gaps.load({unit.pk: unit.level for unit in units}, day)


def test_a_complete_unit_has_no_findings(world):
    force = complete(world, world.phuoc_long)
    register = read(world.phuoc_long)
    assert register.by_task_force == {force.pk: []}
    assert register.by_unit == {world.phuoc_long.pk: []}
    assert register.tally() == []


def test_papers_of_later_days_do_not_count_yet(world):
    force = complete(world, world.phuoc_long)
    Document.objects.filter(kind="working_rules").update(issued_on=D(2026, 11, 15))
    assert codes(read(world.phuoc_long).by_task_force[force.pk]) == [Code.NO_RULES]
    assert read(world.phuoc_long, day=D(2026, 11, 15)).by_task_force[force.pk] == []


def test_typed_duties_are_responsibilities_too(world):
    force = complete(world, world.phuoc_long)
    person = Person.objects.create(unit=world.phuoc_long, full_name="Hai")
    seat = Membership.objects.create(task_force=force, person=person, role="member", valid_from=D(2026, 2, 1))
    (found,) = read(world.phuoc_long).by_task_force[force.pk]
    assert found.text == "1/2 thành viên chưa được phân công nhiệm vụ"
    Membership.objects.filter(pk=seat.pk).update(duties="Tổng hợp số liệu")
    assert read(world.phuoc_long).by_task_force[force.pk] == []


def test_a_service_answered_for_by_somebody_who_left_is_open_again(world):
    complete(world, world.phuoc_long)
    Membership.objects.update(valid_to=D(2026, 11, 13))
    register = read(world.phuoc_long)
    assert Code.SERVICES_UNASSIGNED in codes(register.by_unit[world.phuoc_long.pk])


def test_the_police_may_answer_for_a_service_of_the_unit(world):
    complete(world, world.phuoc_long)
    seat = Membership.objects.get()
    police = TaskForce.objects.create(
        unit=world.phuoc_long, kind="police_working_group", name="CA", valid_from=D(2026, 1, 5)
    )
    other = Membership.objects.create(task_force=police, person=seat.person, role="member", valid_from=D(2026, 1, 5))
    Responsibility.objects.filter(service__code="DVC09").update(membership=other)
    assert read(world.phuoc_long).by_unit[world.phuoc_long.pk] == []


def test_a_sent_monthly_report_is_activity(world, month, fill):
    force = complete(world, world.phuoc_long)
    TaskForce.objects.update(last_meeting_on=D(2026, 2, 1))
    assert codes(read(world.phuoc_long).by_task_force[force.pk]) == [Code.QUIET]
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(report, status="submitted", by=world.officer)
    assert read(world.phuoc_long).by_task_force[force.pk] == []


def test_units_without_a_task_force_are_found(world):
    complete(world, world.phuoc_long)
    TaskForce.objects.create(unit=world.phuoc_binh, kind="police_working_group", name="CA", valid_from=D(2026, 11, 1))
    register = read(world.phuoc_long, world.phuoc_binh, world.phu_rieng)
    assert register.tally() == [
        ("no_task_force", "Đơn vị chưa có Tổ công tác, Ban Chỉ đạo", 2, True),
        ("no_decision", "Chưa có quyết định thành lập", 1, False),
        ("no_head", "Chưa có Tổ trưởng", 1, False),
        ("idle_members", "Thành viên chưa được phân công nhiệm vụ", 1, False),
        ("no_rules", "Chưa có quy chế hoạt động", 1, False),
    ]
    assert register.total(world.phuoc_binh.pk) == 5
    assert register.total(world.phuoc_long.pk) == 0


def test_a_province_of_many_task_forces_takes_as_many_queries_as_one(world, django_assert_max_num_queries):
    from tests.conftest import make_unit

    units = [
        make_unit(f"9{n:04d}", f"Xã Số {n}", "xa", Level.COMMUNE, world.dong_nai, opened=D(2025, 7, 1))
        for n in range(40)
    ]
    for unit in units:
        complete(world, unit)
    with django_assert_max_num_queries(10):
        register = read(*units)
    assert len(register.rows) == 40
    assert register.tally() == []
