"""Handing out assignments, following them, and counting them as of a day: done of all, overdue, by level and body."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from taskforces.models import Assignment, AssignmentEvent, Level, SourceItem
from taskforces.register import assignment_counts as counting
from taskforces.register import assignments, counts
from taskforces.register.assignment_counts import AssignmentState, Tally
from tests.conftest import FIRST_NEW, LAST_OLD, make_unit

pytestmark = pytest.mark.django_db
D = dt.date
GIVEN, DUE, TODAY = D(2026, 11, 1), D(2026, 11, 10), D(2026, 11, 16)
PART = Assignment.Part


@pytest.fixture
def now(at):
    at("2026-11-16 09:00")


def make_source(by, number="06/QĐ-TTg", items=3, **item):
    source = assignments.create_source(
        by=by, number=number, issued_on=D(2022, 1, 6), issuing_body="Thủ tướng Chính phủ", title="Phê duyệt Đề án 06"
    )
    rows = [
        assignments.add_item(by=by, source_id=source.pk, code=f"NV{n + 1}", text=f"Việc thứ {n + 1}", **item)
        for n in range(items)
    ]
    return source, rows


@pytest.fixture
def plan(world, now):
    """A document of three tasks in the catalogue."""
    return make_source(world.staff)


def give(world, item, unit=None, **changes):
    fields = {
        "by": world.staff,
        "unit": unit or world.phuoc_long,
        "part": PART.LEAD,
        "assigned_on": GIVEN,
        "due_on": DUE,
    }
    return assignments.assign(item=item, **fields | changes)


def give_all(world, items, **changes):
    fields = {
        "by": world.staff,
        "unit": world.dong_nai,
        "levels": [Level.COMMUNE],
        "part": PART.LEAD,
        "assigned_on": GIVEN,
        "due_on": DUE,
    }
    return assignments.assign_to_all(items=items, **fields | changes)


def refusal(act, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return getattr(caught.value, "message_dict", None) or {"__all__": caught.value.messages}


def tally(unit, day=TODAY, **more) -> Tally:
    """All of one document's assignments in a unit and below."""
    counted = counting.by_source(counting.count_assignments(unit.pk, day, **more))
    assert len(counted) <= 1
    return next(iter(counted.values())).tally if counted else Tally()


# The catalogue


def test_a_document_and_a_task_are_in_the_catalogue_once(world, plan):
    source, _ = plan
    again = {"by": world.staff, "issued_on": D(2022, 1, 6), "issuing_body": "x", "title": "x"}
    assert refusal(assignments.create_source, number=" 06/qđ-ttg ", **again) == {
        "number": ["Danh mục đã có văn bản 06/QĐ-TTg ngày 06/01/2022."]
    }
    assert refusal(assignments.add_item, by=world.staff, source_id=source.pk, code="NV1", text="x") == {
        "code": ["Văn bản đã có nhiệm vụ mang mã NV1."]
    }
    assert refusal(
        assignments.add_item, by=world.staff, source_id=source.pk, code="NV9", text="x", utility_group=6
    ) == {"utility_group": ["Nhóm tiện ích từ 1 đến 5."]}


def test_only_provinces_and_administrators_keep_the_catalogue(world, plan):
    fields = {"number": "1/KH", "issued_on": GIVEN, "issuing_body": "UBND tỉnh", "title": "x"}
    for person in (world.officer, world.leader, world.chair, world.auditor):
        with pytest.raises(PermissionDenied):
            assignments.create_source(by=person, **fields)
    for n, person in enumerate((world.reviewer, world.staff, world.administrator)):
        assignments.create_source(by=person, **fields | {"number": f"{n}/KH"})


def test_a_reviewer_of_a_former_district_assigns_but_does_not_keep_the_catalogue(world, at):
    at("2024-11-16 09:00")
    _, items = make_source(world.old_staff)
    with pytest.raises(PermissionDenied):
        make_source(world.district_reviewer, "2/KH")
    done = give_all(
        world, items, by=world.district_reviewer, unit=world.tx_phuoc_long, assigned_on=D(2024, 11, 1), due_on=None
    )
    assert (done.new, done.units) == (6, 2)
    with pytest.raises(PermissionDenied):  # the town next to it
        give_all(
            world, items, by=world.district_reviewer, unit=world.tx_binh_long, assigned_on=D(2024, 11, 1), due_on=None
        )


# Assigning


def test_an_assignment_starts_its_log(world, plan):
    assignment = give(world, plan[1][0], body="Công an phường")
    event = assignment.events.get()
    assert (event.status, event.note, event.by) == ("not_started", "Giao chủ trì, hạn 10/11/2026.", world.staff)


def test_the_same_task_is_given_once_but_to_several_bodies(world, plan):
    give(world, plan[1][0])
    message = refusal(give, world, plan[1][0], part=PART.COOPERATING)
    assert message == {"__all__": ["Đơn vị đã được giao nhiệm vụ này."]}
    give(world, plan[1][0], body="Công an phường")
    assert Assignment.objects.count() == 2


def test_days_of_an_assignment(world, plan):
    assert refusal(give, world, plan[1][0], due_on=D(2026, 10, 31)) == {
        "due_on": ["Hạn phải từ ngày giao 01/11/2026 trở đi."]
    }
    assert refusal(give, world, plan[1][0], assigned_on=D(2025, 6, 30)) == {
        "assigned_on": ["Đơn vị có từ ngày 01/07/2025."]
    }
    assert refusal(give_all, world, plan[1], assigned_on=D(2025, 6, 30)) == {
        "assigned_on": ["Có đơn vị nhận việc chỉ có từ ngày 01/07/2025."]
    }


@pytest.mark.parametrize("person", ["officer", "leader", "chair", "auditor", "stranger_reviewer", "neighbour"])
def test_who_may_not_assign(world, plan, person):
    by = getattr(world, person)
    with pytest.raises(PermissionDenied):
        give(world, plan[1][0], by=by)
    with pytest.raises(PermissionDenied):
        give_all(world, plan[1], by=by)
    with pytest.raises(PermissionDenied):
        assignments.plan(
            by=by, items=plan[1], unit=world.dong_nai, levels=["commune"], part=PART.LEAD, assigned_on=GIVEN
        )
    assert Assignment.objects.count() == 0


def test_nothing_is_assigned_to_a_closed_unit(world, plan):
    with pytest.raises(PermissionDenied):
        give(world, plan[1][0], unit=world.thac_mo, by=world.administrator)


def test_all_communes_at_once_leave_what_is_there(world, plan):
    first = give(world, plan[1][0], unit=world.phuoc_binh, part=PART.COOPERATING, due_on=None)
    asked = {"by": world.staff, "items": plan[1], "unit": world.dong_nai, "levels": ["commune"]}
    preview = assignments.plan(**asked, part=PART.LEAD, assigned_on=GIVEN)
    assert (preview.new, preview.existing, preview.units) == (8, 1, 3)
    assert Assignment.objects.count() == 1
    done = give_all(world, plan[1])
    assert (done.new, done.existing, done.units, dict(done.levels)) == (8, 1, 3, {"commune": 3})
    again = give_all(world, plan[1], due_on=D(2026, 12, 31))
    assert (again.new, again.existing) == (0, 9)
    assert Assignment.objects.count() == AssignmentEvent.objects.count() == 9
    first.refresh_from_db()
    assert (first.part, first.due_on) == ("cooperating", None)
    assert set(Assignment.objects.values_list("unit", flat=True)) == {
        world.phuoc_long.pk,
        world.phuoc_binh.pk,
        world.phu_rieng.pk,
    }  # neither Lâm Đồng nor the communes of the past


def test_only_units_of_today_receive(world, plan):
    make_unit("25999", "Xã Chưa Có", "xa", Level.COMMUNE, world.dong_nai, opened=D(2027, 1, 1))
    make_unit("25998", "Xã Đã Hết", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW, closed=D(2026, 10, 31))
    assert give_all(world, plan[1][:1]).units == 3
    done = give_all(world, plan[1][:1], levels=["province", "commune"])
    assert (done.new, done.existing, dict(done.levels)) == (1, 3, {"province": 1, "commune": 3})
    assert refusal(give_all, world, plan[1], levels=["district"]) == {"levels": ["Chọn ít nhất một cấp có đơn vị."]}
    assert refusal(give_all, world, []) == {"items": ["Chọn ít nhất một nhiệm vụ."]}


def test_assigning_takes_as_many_queries_for_forty_communes_as_for_three(world, plan, django_assert_num_queries):
    def queries(items):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as seen:
            give_all(world, items)
        return len(seen)

    few = queries(plan[1][:1])
    for n in range(37):
        make_unit(f"8{n:04d}", f"Xã Số {n}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    assert queries(plan[1][1:2]) == few
    assert Assignment.objects.count() == 43


# Following


def test_progress_is_told_by_the_unit_and_logged_once(world, plan):
    assignment = give(world, plan[1][0])
    told = {"assignment_id": assignment.pk, "status": "in_progress", "progress": "Đã rà soát 3/9 khu phố."}
    for _ in range(2):
        assignments.update_progress(by=world.officer, **told)
    assert [e.note for e in assignment.events.all()] == ["Giao chủ trì, hạn 10/11/2026.", "Đã rà soát 3/9 khu phố."]
    for person in (world.staff, world.neighbour, world.chair):
        with pytest.raises(PermissionDenied):
            assignments.update_progress(by=person, **told)
    assert "status" in refusal(assignments.update_progress, by=world.officer, **told | {"status": "done"})


def test_finishing(world, plan):
    assignment = give(world, plan[1][0])
    finish = {"by": world.officer, "assignment_id": assignment.pk}
    assert refusal(assignments.finish, on=D(2026, 10, 31), **finish) == {
        "on": ["Nhiệm vụ giao ngày 01/11/2026; ngày này phải từ đó trở đi."]
    }
    assert refusal(assignments.finish, on=D(2026, 11, 17), **finish) == {
        "on": ["Ngày này chưa đến. Hôm nay là 16/11/2026."]
    }
    assignments.finish(on=D(2026, 11, 9), note="Đã bàn giao.", **finish)
    assert assignment.events.last().note == "Hoàn thành ngày 09/11/2026. Đã bàn giao."
    closed = "Nhiệm vụ đã hoàn thành ngày 09/11/2026. Mở lại trước khi sửa."
    assert refusal(assignments.finish, on=D(2026, 11, 9), **finish) == {"__all__": [closed]}
    assert refusal(assignments.drop, by=world.staff, assignment_id=assignment.pk, on=GIVEN, reason="x") == {
        "__all__": [closed]
    }
    assert refusal(assignments.resume, reason=" ", **finish) == {"reason": ["Ghi lý do mở lại."]}
    assignments.resume(reason="Thiếu biên bản.", **finish)
    assignment.refresh_from_db()
    assert (assignment.status, assignment.done_on) == ("in_progress", None)
    assert [e.status for e in assignment.events.all()] == ["not_started", "done", "in_progress"]


def test_only_those_who_assign_drop_or_move_the_due_day(world, plan):
    assignment = give(world, plan[1][0])
    drop = {"assignment_id": assignment.pk, "on": D(2026, 11, 12)}
    due = {"assignment_id": assignment.pk, "due_on": D(2026, 12, 1), "reason": "Chờ phần mềm"}
    for person in (world.officer, world.stranger_reviewer, world.chair):
        with pytest.raises(PermissionDenied):
            assignments.drop(by=person, reason="Trùng", **drop)
        with pytest.raises(PermissionDenied):
            assignments.change_due(by=person, **due)
    assignments.change_due(by=world.reviewer, **due)
    assert assignment.events.last().note == "Đổi hạn từ 10/11/2026 thành 01/12/2026. Chờ phần mềm"
    assert refusal(assignments.drop, by=world.staff, reason="  ", **drop) == {"reason": ["Ghi lý do không thực hiện."]}
    assignments.drop(by=world.staff, reason="Trùng nhiệm vụ khác.", **drop)
    assert assignment.events.last().note == "Thôi thực hiện từ ngày 12/11/2026. Trùng nhiệm vụ khác."
    with pytest.raises(PermissionDenied):
        assignments.resume(by=world.officer, assignment_id=assignment.pk, reason="x")
    assignments.resume(by=world.staff, assignment_id=assignment.pk, reason="Giao lại")


@pytest.mark.parametrize(
    "values",
    [
        {"status": "done"},
        {"done_on": D(2026, 11, 2)},
        {"status": "dropped", "dropped_on": D(2026, 11, 2)},
        {"status": "dropped", "dropped_reason": "x"},
        {"part": "other"},
    ],
)
def test_the_database_refuses_what_makes_no_sense(world, plan, values):
    assignment = give(world, plan[1][0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.filter(pk=assignment.pk).update(**values)


def test_the_log_is_kept_with_the_change_or_not_at_all(world, plan, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    assignment = give(world, plan[1][0])
    monkeypatch.setattr(AssignmentEvent.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        assignments.finish(by=world.officer, assignment_id=assignment.pk, on=D(2026, 11, 9))
    assignment.refresh_from_db()
    assert assignment.status == "not_started"


# As of a day


def test_due_today_is_not_overdue(world, plan):
    assignment = give(world, plan[1][0])
    for day, state, late in [
        (D(2026, 11, 9), AssignmentState.NOT_STARTED, 0),
        (D(2026, 11, 10), AssignmentState.NOT_STARTED, 0),
        (D(2026, 11, 11), AssignmentState.OVERDUE, 1),
    ]:
        assert counting.state_on(assignment, day) == state
        assert tally(world.phuoc_long, day).overdue == late
        assert counting.overdue(world.phuoc_long.pk, day, 5).total == late


def test_states_of_one_assignment_by_day(world, plan):
    """Assigned on the 1st, due on the 10th, done on the 12th; another dropped on the 12th."""
    done, dropped = give(world, plan[1][0]), give(world, plan[1][1])
    assignments.finish(by=world.officer, assignment_id=done.pk, on=D(2026, 11, 12))
    assignments.drop(by=world.staff, assignment_id=dropped.pk, on=D(2026, 11, 12), reason="Trùng")
    done.refresh_from_db()
    dropped.refresh_from_db()
    for day, of_done, of_dropped, expected in [
        (D(2026, 10, 31), AssignmentState.IN_PROGRESS, AssignmentState.IN_PROGRESS, Tally()),  # not yet assigned
        (D(2026, 11, 1), AssignmentState.IN_PROGRESS, AssignmentState.IN_PROGRESS, Tally(total=2, lead=2)),
        (D(2026, 11, 11), AssignmentState.OVERDUE, AssignmentState.OVERDUE, Tally(total=2, lead=2, overdue=2)),
        (D(2026, 11, 12), AssignmentState.DONE, AssignmentState.DROPPED, Tally(total=1, lead=1, done=1, dropped=1)),
    ]:
        assert counting.state_on(done, day) == of_done
        assert counting.state_on(dropped, day) == of_dropped
        assert tally(world.phuoc_long, day) == expected


@pytest.mark.parametrize(
    ("days", "states", "expected"),
    [
        ((1, 9, 10), ("in_progress", "in_progress", "not_started"), Tally(total=3, lead=3)),
        ((11,), ("overdue", "overdue", "overdue"), Tally(total=3, lead=3, overdue=3)),
        ((12,), ("done", "overdue", "overdue"), Tally(total=3, lead=3, done=1, overdue=2)),
        ((13, 16), ("done", "dropped", "overdue"), Tally(total=2, lead=2, done=1, overdue=1, dropped=1)),
    ],
)
def test_filters_states_and_counts_agree(world, plan, days, states, expected):
    """Three due on the 10th: one done on the 12th, one dropped on the 13th, one never begun."""
    rows = [give(world, item) for item in plan[1]]
    assignments.finish(by=world.officer, assignment_id=rows[0].pk, on=D(2026, 11, 12))
    assignments.drop(by=world.staff, assignment_id=rows[1].pk, on=D(2026, 11, 13), reason="Trùng")
    for day in (D(2026, 11, n) for n in days):
        for row, state in zip(rows, states, strict=True):
            row.refresh_from_db()
            assert counting.state_on(row, day) == state
            filtered = [
                s for s in AssignmentState if Assignment.objects.filter(counting.in_state(s, day), pk=row.pk).exists()
            ]
            assert filtered == [state]
        assert tally(world.phuoc_long, day) == expected
        figures = counts.register_figures([world.phuoc_long.pk], day)[world.phuoc_long.pk]
        assert figures["TC07"] == (expected.done, expected.total)


# Roll-up


def test_totals_follow_the_tree_of_the_day(world, at):
    """2024: communes in two towns in Bình Phước; read in 2026 the same day shows the same districts."""
    at("2024-11-16 09:00")
    _, items = make_source(world.old_staff)
    given = {"by": world.old_staff, "unit": world.binh_phuoc, "assigned_on": D(2024, 11, 1), "due_on": D(2024, 11, 10)}
    give_all(world, items[:2], levels=["commune", "district"], **given)
    first = Assignment.objects.get(unit=world.thac_mo, item=items[0])
    assignments.finish(by=world.old_officer, assignment_id=first.pk, on=D(2024, 11, 5))
    for now in ("2024-11-16 09:00", "2026-11-16 09:00"):
        at(now)
        day = D(2024, 11, 16)
        counted = next(iter(counting.by_source(counting.count_assignments(world.binh_phuoc.pk, day)).values()))
        assert (counted.tally.done, counted.tally.total, counted.tally.overdue) == (1, 10, 9)
        assert [(level, t.done, t.total) for level, t in counted.levels] == [("district", 0, 4), ("commune", 1, 6)]
        table = counting.unit_table(world.binh_phuoc.pk, day)
        shown = {v.name: [(t.done, t.total) for t in table.below[v.unit_id].values()] for v in table.children}
        assert shown == {"Thị xã Bình Long": [(0, 4)], "Thị xã Phước Long": [(1, 6)]}
        assert tally(world.tx_phuoc_long, day).total == 6
        assert tally(world.thac_mo, day) == Tally(total=2, done=1, overdue=1, lead=2)
        # after 30 June 2025 the province of then has no units below it any more
        assert counting.count_assignments(world.binh_phuoc.pk, D(2025, 7, 1)) == []
        assert tally(world.binh_phuoc, LAST_OLD).total == 10


def test_documents_are_never_added(world, plan):
    other, others = make_source(world.staff, "57/KH-UBND", items=2)
    give_all(world, plan[1])
    give_all(world, others, part=PART.COOPERATING, levels=["province", "commune"])
    counted = counting.by_source(counting.count_assignments(world.dong_nai.pk, D(2026, 11, 16)))
    assert {pk: (c.tally.lead, c.tally.cooperating) for pk, c in counted.items()} == {
        plan[0].pk: (9, 0),
        other.pk: (0, 8),
    }
    table = counting.unit_table(world.dong_nai.pk, D(2026, 11, 16))
    assert {pk: t.total for pk, t in table.own.items()} == {other.pk: 2}
    assert {pk: t.total for pk, t in table.below[world.phuoc_long.pk].items()} == {plan[0].pk: 3, other.pk: 2}


def test_bodies_and_groups_are_counted_apart(world, now):
    source, items = make_source(world.staff, items=4, task_group="Nhóm pháp lý", utility_group=2)
    for n, item in enumerate(items):
        give(world, item, unit=world.dong_nai, body="Sở Tư pháp" if n < 3 else "Công an tỉnh")
    one = Assignment.objects.get(item=items[0])
    assignments.finish(by=world.staff, assignment_id=one.pk, on=D(2026, 11, 2))
    counted = counting.by_source(counting.count_assignments(world.dong_nai.pk, D(2026, 11, 16)))[source.pk]
    assert [(name, t.done, t.total) for name, t in counted.bodies] == [("Công an tỉnh", 0, 1), ("Sở Tư pháp", 1, 3)]
    assert [(name, t.done, t.total) for name, t in counted.task_groups] == [("Nhóm pháp lý", 1, 4)]
    assert counted.utility_groups == 1


def test_counting_takes_the_same_queries_for_many_communes(world, plan, django_assert_num_queries):
    for n in range(30):
        make_unit(f"8{n:04d}", f"Xã Số {n}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    give_all(world, plan[1])
    day = D(2026, 11, 16)
    with django_assert_num_queries(1):
        counting.count_assignments(world.dong_nai.pk, day)
    with django_assert_num_queries(2):
        counting.unit_table(world.dong_nai.pk, day)
    with django_assert_num_queries(1):
        assert counting.overdue(world.dong_nai.pk, day, 5).total == 99


def test_the_longest_overdue_come_first_with_the_name_of_the_day(world, plan):
    give(world, plan[1][0], unit=world.phu_rieng)
    give(world, plan[1][1], unit=world.phuoc_long, due_on=D(2026, 11, 5))
    give(world, plan[1][2], unit=world.phuoc_long, due_on=None)
    give(world, plan[1][0], unit=world.da_huoai, by=world.stranger_reviewer, due_on=D(2026, 11, 2))
    late = counting.overdue(world.dong_nai.pk, D(2026, 11, 16), 1)
    assert late.total == 2
    assert [(row.unit_name, row.days) for row in late.rows] == [("Phường Phước Long", 11)]
    assert counting.overdue(world.thac_mo.pk, D(2026, 11, 16), 5) == counting.Overdue([], 0)


# Published cases


def test_the_published_nation_of_2022(world, at):
    """21/89 tasks of central bodies, 4/13 general and 1/8 specific tasks of localities: three cuts, never added."""
    at("2022-07-31 09:00")
    for number, total, done, body in [
        ("Nhiệm vụ của bộ, ngành", 89, 21, "Bộ, ngành trung ương"),
        ("Nhiệm vụ chung của địa phương", 13, 4, "Các địa phương"),
        ("Nhiệm vụ cụ thể của địa phương", 8, 1, "Các địa phương"),
    ]:
        _, items = make_source(world.administrator, number, items=total)
        given = {"by": world.administrator, "unit": world.nation, "part": PART.LEAD, "body": body}
        assignments.assign_to_all(items=items, levels=["nation"], assigned_on=D(2022, 1, 6), **given)
        for item in items[:done]:
            one = Assignment.objects.get(item=item)
            assignments.finish(by=world.administrator, assignment_id=one.pk, on=D(2022, 7, 31))
    counted = counting.by_source(counting.count_assignments(world.nation.pk, D(2022, 7, 31)))
    assert sorted((c.tally.done, c.tally.total) for c in counted.values()) == [(1, 8), (4, 13), (21, 89)]
    before = counting.by_source(counting.count_assignments(world.nation.pk, D(2022, 7, 30)))
    assert sorted((c.tally.done, c.tally.total) for c in before.values()) == [(0, 8), (0, 13), (0, 89)]


def test_the_published_town_of_six(world, at):
    """6 to lead and 18 to co-operate on, in 2 groups of tasks and 5 utility groups."""
    at("2022-08-09 09:00")
    source, _ = make_source(world.old_staff, "57/KH-UBND", items=0)
    items = [
        assignments.add_item(
            by=world.old_staff,
            source_id=source.pk,
            code=f"NV{n + 1}",
            text=f"Việc {n + 1}",
            task_group="Nhóm nhiệm vụ chung" if n < 9 else "Nhóm nhiệm vụ cụ thể",
            utility_group=n % 5 + 1,
        )
        for n in range(24)
    ]
    for part, chosen in ((PART.LEAD, items[:6]), (PART.COOPERATING, items[6:])):
        assignments.assign_to_all(
            by=world.old_staff,
            items=chosen,
            unit=world.tx_binh_long,
            levels=["district"],
            part=part,
            assigned_on=D(2022, 3, 15),
        )
    counted = counting.by_source(counting.count_assignments(world.tx_binh_long.pk, D(2022, 8, 9)))[source.pk]
    assert (counted.tally.lead, counted.tally.cooperating) == (6, 18)
    assert (len(counted.task_groups), counted.utility_groups) == (2, 5)
    assert counts.register_figures([world.tx_binh_long.pk], D(2022, 8, 9))[world.tx_binh_long.pk]["TC07"] == (0, 24)
    assert SourceItem.objects.filter(source=source).count() == 24
