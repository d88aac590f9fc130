"""What is counted from the register as of a day, and that it reaches the monthly report unwritten by hand."""

import datetime as dt

import pytest

from taskforces.models import Assignment, Membership, Person, SourceDocument, SourceItem, TaskForce, VillageTeam
from taskforces.register import counts

pytestmark = pytest.mark.django_db
D = dt.date
DAY = D(2026, 11, 14)
SINCE, FOUNDED = D(2026, 1, 5), D(2026, 2, 1)


def force(unit, kind="working_group", since=SINCE, until=None):
    return TaskForce.objects.create(unit=unit, kind=kind, name=f"{kind} {unit}", valid_from=since, valid_to=until)


def seat(task_force, person, since=SINCE, until=None, role="member"):
    if isinstance(person, str):
        person = Person.objects.get_or_create(unit=task_force.unit, full_name=person)[0]
    return Membership.objects.create(task_force=task_force, person=person, role=role, valid_from=since, valid_to=until)


def village(unit, name, members=5, kind="working_group", founded=FOUNDED, since=SINCE, until=None):
    return VillageTeam.objects.create(
        unit=unit, kind=kind, village=name, members=members, founded_on=founded, valid_from=since, valid_to=until
    )


def figures(unit, day=DAY):
    return counts.register_figures([unit.pk], day)[unit.pk]


def test_an_empty_register_counts_nothing(world):
    assert figures(world.phuoc_long) == {
        "TC01": (0, 1),
        "TC02": (0, None),
        "TC03": (0, 0),
        "TC04": (0, None),
        "TC05": (0, None),
        "TC07": (0, 0),
    }


@pytest.mark.parametrize(
    ("kind", "counted"),
    [("working_group", 1), ("steering_committee", 1), ("police_working_group", 0), ("support_team", 0)],
)
def test_only_a_working_group_or_steering_committee_makes_a_unit_with_a_task_force(world, kind, counted):
    force(world.phuoc_long, kind)
    assert figures(world.phuoc_long)["TC01"] == (counted, 1)


def test_two_task_forces_are_still_one_unit_and_shared_people_count_once(world):
    group, committee = force(world.phuoc_long), force(world.phuoc_long, "steering_committee")
    first = seat(group, "A")
    seat(group, "B")
    seat(committee, first.person)
    assert figures(world.phuoc_long)["TC01"] == (1, 1)
    assert figures(world.phuoc_long)["TC02"] == (2, None)


def test_days_decide_to_the_day(world):
    group = force(world.phuoc_long, since=D(2026, 3, 1), until=D(2026, 11, 13))
    seat(group, "A", since=D(2026, 3, 1), until=D(2026, 6, 30))
    seat(group, "B", since=D(2026, 7, 1))
    for day, has, people in [
        (D(2026, 2, 28), 0, 0),
        (D(2026, 3, 1), 1, 1),
        (D(2026, 6, 30), 1, 1),
        (D(2026, 7, 1), 1, 1),
        (D(2026, 11, 13), 1, 1),
        (DAY, 0, 0),  # the task force ended, so its open seat counts no more
    ]:
        assert (figures(world.phuoc_long, day)["TC01"][0], figures(world.phuoc_long, day)["TC02"][0]) == (has, people)


def test_a_closed_unit_counts_nothing_after_its_last_day(world):
    seat(force(world.thac_mo, since=D(2022, 3, 1)), "A", since=D(2022, 3, 1))
    village(world.thac_mo, "Khu phố 1", founded=D(2022, 3, 1), since=D(2022, 3, 1))
    assert figures(world.thac_mo, D(2025, 6, 30))["TC02"] == (1, None)
    after = figures(world.thac_mo, D(2025, 7, 1))
    assert (after["TC01"][0], after["TC02"][0], after["TC03"]) == (0, 0, (0, 0))


def test_villages_with_and_without_a_team(world):
    unit = world.phuoc_long
    village(unit, "Khu phố 1", members=6)
    village(unit, "Khu phố 2", members=7, founded=D(2026, 11, 14))
    village(unit, "Khu phố 3", members=9, founded=D(2026, 11, 15))  # founded a day too late
    village(unit, "Khu phố 4", members=0, founded=None)
    village(unit, "Khu phố 5", until=D(2026, 11, 13))  # gone
    village(unit, "khu phố 1", members=3, kind="community_digital_team")  # the same village
    village(unit, "Khu phố 6", members=3, kind="community_digital_team")  # a village of its own
    village(unit, "Khu phố 2", members=3, kind="community_digital_team", founded=None)
    found = figures(unit)
    assert found["TC03"] == (2, 5)
    assert found["TC04"] == (13, None)
    assert found["TC05"] == (2, None)


def test_assignments_done_and_standing_on_the_day(world):
    source = SourceDocument.objects.create(number="06/QĐ-TTg", issued_on=D(2022, 1, 6), issuing_body="TTg", title="x")
    rows = [  # assigned, done, dropped
        (D(2026, 1, 1), None, None),
        (D(2026, 1, 1), D(2026, 11, 14), None),
        (D(2026, 1, 1), D(2026, 11, 15), None),  # done a day too late
        (D(2026, 1, 1), None, D(2026, 11, 14)),  # dropped by then
        (D(2026, 1, 1), None, D(2026, 11, 15)),  # still standing that day
        (D(2026, 11, 15), None, None),  # not yet assigned
    ]
    for index, (assigned, done, dropped) in enumerate(rows):
        Assignment.objects.create(
            item=SourceItem.objects.create(source=source, code=str(index), text="x"),
            unit=world.phuoc_long,
            part="lead" if index % 2 else "cooperating",
            assigned_on=assigned,
            done_on=done,
            dropped_on=dropped,
            dropped_reason="x" if dropped else "",
            status="done" if done else "dropped" if dropped else "in_progress",
        )
    assert figures(world.phuoc_long)["TC07"] == (1, 4)
    assert figures(world.phuoc_binh)["TC07"] == (0, 0)


def test_neighbours_are_not_mixed_and_sums_are_sums(world):
    seat(force(world.phuoc_long), "A")
    group = force(world.phuoc_binh)
    seat(group, "A")
    seat(group, "B")
    village(world.phuoc_binh, "Ấp 1", members=4)
    units = [world.phuoc_long.pk, world.phuoc_binh.pk, world.phu_rieng.pk]
    found = counts.register_figures(units, DAY)
    assert [found[pk]["TC02"][0] for pk in units] == [1, 2, 0]
    total = counts.add_up(found.values())
    assert (total["TC01"], total["TC02"], total["TC03"], total["TC04"]) == ((2, 3), (3, None), (1, 1), (4, None))


def test_counting_takes_three_queries_for_any_number_of_units(world, django_assert_num_queries):
    for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng):
        seat(force(unit), "A")
        village(unit, "Ấp 1")
    with django_assert_num_queries(3):
        counts.register_figures([world.phuoc_long.pk], DAY)
    with django_assert_num_queries(3):
        counts.register_figures([world.phuoc_long.pk, world.phuoc_binh.pk, world.phu_rieng.pk], DAY)


def test_seats_and_people_of_task_forces(world):
    group, team = force(world.phuoc_long), force(world.phuoc_long, "support_team")
    head = seat(group, "A", role="head")
    seat(group, "B")
    seat(team, head.person)
    rows = counts.task_force_rows([world.phuoc_long.pk], DAY)
    assert [(row.task_force, row.seats, row.people, row.idle) for row in rows] == [(group, 2, 2, 2), (team, 1, 1, 1)]
    assert rows[0].heads == (head,)
    assert counts.distinct_people([world.phuoc_long.pk], DAY) == 2
