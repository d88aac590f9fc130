"""Meetings and inspections: what may be written, conclusions that become assignments, what is open at the next."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from taskforces.models import Assignment, AssignmentEvent, Inspection, Meeting, MeetingChange, SourceDocument, TaskForce
from taskforces.register import assignment_counts, assignments, conclusions, counts, gaps, inspections, meetings
from taskforces.register.keeping import end_task_force, found_task_force
from tests.conftest import make_unit

pytestmark = pytest.mark.django_db
D = dt.date
TODAY, JANUARY, OCTOBER = D(2026, 11, 16), D(2026, 1, 5), D(2026, 10, 1)
FACTS = {
    "kind": "regular",
    "title": "Giao ban",
    "chair": "Phó Chủ tịch UBND",
    "points": 4,
    "delegates": 60,
    "minutes": "",
}


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def force(world):
    """The province's; kept by its staff."""
    return found(world.staff, world.dong_nai)


def found(by, unit, kind="working_group", name="Tổ công tác", since=JANUARY):
    return found_task_force(by=by, unit=unit, kind=kind, name=name, valid_from=since)


def meet(by, force, day, **changes):
    return meetings.add_meeting(by=by, task_force=force, held_on=day, **FACTS | changes)


def conclude(by, meeting, text, unit, due, **more):
    return meetings.conclude(by=by, meeting_id=meeting.pk, text=text, unit=unit, due_on=due, **more)


def refusal(act, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return getattr(caught.value, "message_dict", None) or {"__all__": caught.value.messages}


# --- conclusions


def test_a_conclusion_is_an_assignment_like_any_other(world, force):
    """In the register, in TC07, in what is overdue, with its line in the log."""
    meeting = meet(world.staff, force, D(2026, 10, 1))
    assert (
        conclude(world.staff, meeting, "Niêm yết  mẫu\r\nđơn", world.phuoc_long, D(2026, 11, 15), body="Công an") == 1
    )
    given = Assignment.objects.select_related("item__source").get()
    assert (given.unit, given.body, given.part) == (world.phuoc_long, "Công an", "lead")
    assert (given.assigned_on, given.due_on, given.status) == (D(2026, 10, 1), D(2026, 11, 15), "not_started")
    assert (given.item.code, given.item.text) == ("KL01", "Niêm yết  mẫu\nđơn")
    assert (given.item.source.number, given.item.source.meeting) == ("KL-75-20261001", meeting)
    assert given.item.source.title == "Kết luận họp giao ban ngày 01/10/2026"
    event = AssignmentEvent.objects.get()
    assert (event.by, event.note) == (world.staff, "Giao chủ trì, hạn 15/11/2026.")
    assert counts.register_figures([world.phuoc_long.pk], TODAY)[world.phuoc_long.pk]["TC07"] == (0, 1)
    assert [row.days for row in assignment_counts.overdue(world.dong_nai.pk, TODAY, 5).rows] == [1]
    last = MeetingChange.objects.filter(meeting=meeting).last()
    assert (last.what, last.by) == ("Giao kết luận KL01", world.staff)
    assert last.after == "Niêm yết  mẫu\nđơn (Phường Phước Long, Công an, hạn 15/11/2026)"


def test_one_conclusion_for_every_commune_and_the_same_words_for_another_body(world, force):
    meeting = meet(world.staff, force, D(2026, 10, 1))
    assert conclude(world.staff, meeting, "Mua máy quét", world.dong_nai, D(2026, 12, 1), level="commune") == 3
    assert conclude(world.staff, meeting, "Mua máy quét", world.dong_nai, D(2026, 12, 1), body="Công an") == 1
    assert conclude(world.staff, meeting, "Việc khác", world.dong_nai, D(2026, 12, 1)) == 1
    assert [c.item.code for c in conclusions.of_meeting(meeting, TODAY)] == ["KL01", "KL02"]
    assert [c.tally.total for c in conclusions.of_meeting(meeting, TODAY)] == [4, 1]
    again = refusal(conclude, world.staff, meeting, "Mua máy quét", world.dong_nai, D(2026, 12, 1), level="commune")
    assert again == {"unit": ["Các đơn vị này đã được giao kết luận này."]}
    assert "Đơn vị đã được giao nhiệm vụ này." in str(
        refusal(conclude, world.staff, meeting, "Việc khác", world.dong_nai, D(2026, 12, 1))
    )
    assert Assignment.objects.count() == 5


def test_two_meetings_of_a_day_have_two_numbers(world, force):
    for kind in ("regular", "check", "other"):
        meeting = meet(world.staff, force, D(2026, 10, 1), kind=kind)
        conclude(world.staff, meeting, "Việc", world.dong_nai, D(2026, 12, 1))
    numbers = sorted(SourceDocument.objects.values_list("number", flat=True))
    assert numbers == ["KL-75-20261001", "KL-75-20261001-2", "KL-75-20261001-3"]


def test_conclusions_are_given_from_the_day_of_the_meeting_on(world, force):
    today, tomorrow = meet(world.staff, force, TODAY), meet(world.staff, force, D(2026, 11, 17))
    assert conclude(world.staff, today, "Việc", world.dong_nai, TODAY) == 1
    told = refusal(conclude, world.staff, tomorrow, "Việc", world.dong_nai, D(2026, 12, 1))
    assert told == {"__all__": ["Cuộc họp ngày 17/11/2026 chưa diễn ra; kết luận ghi từ ngày họp."]}
    assert list(refusal(conclude, world.staff, today, "Nữa", world.dong_nai, D(2026, 11, 15))) == ["due_on"]
    assert not SourceDocument.objects.filter(meeting=tomorrow).exists()


def test_who_may_conclude(world, force):
    """Who keeps the register of the unit that met: to units it assigns to, and to itself."""
    ward = found(world.officer, world.phuoc_long)
    own = meet(world.officer, ward, D(2026, 10, 1))
    assert conclude(world.officer, own, "Việc", world.phuoc_long, D(2026, 12, 1), body="Công an phường") == 1
    due = D(2026, 12, 1)
    for by, meeting, unit in (
        (world.officer, own, world.phuoc_binh),  # next door
        (world.officer, own, world.dong_nai),  # above
        (world.staff, own, world.phuoc_long),  # not the meeting of one's own unit
        (world.neighbour, own, world.phuoc_long),
        (world.chair, meet(world.staff, force, D(2026, 10, 1)), world.phuoc_long),
        (world.staff, meet(world.staff, force, D(2026, 10, 2)), world.da_huoai),  # of another province
    ):
        with pytest.raises(PermissionDenied):
            conclude(by, meeting, "Việc khác", unit, due)
    assert Assignment.objects.count() == 1


def test_the_next_meeting_opens_with_what_is_not_done(world, force):
    """Of August: one done in September, one on 10 November, two never; and one of another task force."""
    other = found(world.staff, world.dong_nai, "support_team", "Tổ giúp việc")
    elsewhere = meet(world.staff, other, D(2026, 8, 1))
    conclude(world.staff, elsewhere, "Của tổ khác", world.dong_nai, D(2026, 9, 1))
    august = meet(world.staff, force, D(2026, 8, 3))
    for text, due, done_on in (
        ("A", D(2026, 9, 1), D(2026, 9, 5)),
        ("B", D(2026, 12, 1), D(2026, 11, 10)),
        ("C", D(2026, 10, 31), None),
        ("D", D(2026, 9, 30), None),
    ):
        conclude(world.staff, august, text, world.dong_nai, due)
        if done_on:
            given = Assignment.objects.get(item__text=text)
            assignments.finish(by=world.staff, assignment_id=given.pk, on=done_on)
    november = meet(world.staff, force, D(2026, 11, 5))
    conclude(world.staff, november, "E", world.dong_nai, D(2026, 12, 1))

    def opens(meeting, day):
        return [(c.item.text, c.tally.overdue) for c in conclusions.open_before(meeting, day)]

    assert opens(november, D(2026, 11, 5)) == [("D", 1), ("C", 1), ("B", 0)]
    assert opens(november, D(2026, 10, 31)) == [("D", 1), ("C", 0), ("B", 0)]  # due that day is not overdue
    assert opens(november, TODAY) == [("D", 1), ("C", 1)]
    assert opens(august, TODAY) == []
    of_unit = [c.item.text for c in conclusions.open_of_unit(world.dong_nai.pk, TODAY)]
    assert of_unit == ["Của tổ khác", "D", "C", "E"]
    assert conclusions.open_of_unit(world.phuoc_long.pk, TODAY) == []
    assert conclusions.by_meeting([august.pk, november.pk], TODAY)[august.pk] == assignment_counts.Tally(4, 2, 2, 4)


def test_dropped_is_not_open(world, force):
    meeting = meet(world.staff, force, D(2026, 10, 1))
    conclude(world.staff, meeting, "Việc", world.dong_nai, D(2026, 10, 5))
    assignments.drop(by=world.staff, assignment_id=Assignment.objects.get().pk, on=D(2026, 11, 1), reason="Trùng")
    assert conclusions.open_of_unit(world.dong_nai.pk, TODAY) == []
    assert [c.tally.total for c in conclusions.of_meeting(meeting, TODAY)] == [0]
    assert [c.tally.overdue for c in conclusions.of_meeting(meeting, D(2026, 10, 31))] == [1]


def test_forty_conclusions_for_every_commune_are_read_in_three_queries(world, force, django_assert_num_queries):
    for number in range(20):
        make_unit(f"26{number:03d}", f"Xã Số {number}", "xa", "commune", world.dong_nai, opened=D(2025, 7, 1))
    meeting = meet(world.staff, force, D(2026, 10, 1))
    for number in range(40):
        conclude(world.staff, meeting, f"Việc {number}", world.dong_nai, D(2026, 11, 1), level="commune")
    with django_assert_num_queries(3):
        found_ones = conclusions.open_of_unit(world.dong_nai.pk, TODAY)
    assert [c.tally.overdue for c in found_ones] == [23] * 40
    with django_assert_num_queries(1):
        assert conclusions.by_meeting([meeting.pk], TODAY)[meeting.pk].total == 920


def test_all_meetings_stand_together_beside_the_plans(world, force):
    """Two plans cut the programme differently and are not added; each conclusion is a task of its own."""
    for day in (D(2026, 10, 1), D(2026, 10, 8)):
        conclude(world.staff, meet(world.staff, force, day), "Việc", world.phuoc_long, D(2026, 11, 1))
    plan = assignments.create_source(
        by=world.staff, number="57/KH", issued_on=D(2026, 1, 1), issuing_body="UBND", title="Kế hoạch"
    )
    item = assignments.add_item(by=world.staff, source_id=plan.pk, code="1", text="Rà soát")
    assignments.assign(by=world.staff, item=item, unit=world.phuoc_long, part="lead", assigned_on=D(2026, 10, 1))
    rows = assignment_counts.by_source(assignment_counts.count_assignments(world.dong_nai.pk, TODAY))
    totals = {source_id: counted.tally.total for source_id, counted in rows.items()}
    assert totals == {plan.pk: 1, assignment_counts.CONCLUSIONS: 2}
    table = assignment_counts.unit_table(world.dong_nai.pk, TODAY)
    assert table.below[world.phuoc_long.pk][assignment_counts.CONCLUSIONS].overdue == 2


# --- meetings


def test_facts_of_a_meeting(world, force):
    meeting = meet(world.staff, force, D(2026, 10, 1), chair="  Phó Chủ tịch  UBND ")
    assert (meeting.chair, meeting.points, meeting.delegates) == ("Phó Chủ tịch UBND", 4, 60)
    change = MeetingChange.objects.get()
    assert change.after == "Giao ban ngày 01/10/2026; Giao ban; chủ trì: Phó Chủ tịch UBND; 4 điểm cầu; 60 đại biểu"
    for day, field in ((D(2026, 1, 4), "held_on"), (D(2027, 11, 18), "held_on")):
        assert list(refusal(meet, world.staff, force, day)) == [field]
    meet(world.staff, force, D(2026, 1, 5))
    meet(world.staff, force, D(2027, 11, 17))
    assert list(refusal(meet, world.staff, force, D(2026, 11, 17), minutes="Đã họp")) == ["minutes"]
    assert "Tổ đã có cuộc họp loại này ngày đó." in str(refusal(meet, world.staff, force, D(2026, 10, 1)))
    end_task_force(by=world.staff, task_force_id=force.pk, on=D(2026, 11, 1))
    force.refresh_from_db()
    assert refusal(meet, world.staff, force, D(2026, 11, 2)) == {"held_on": ["Tổ đã kết thúc ngày 01/11/2026."]}


def test_changing_and_cancelling(world, force):
    meeting = meet(world.staff, force, D(2026, 10, 1))

    def change(**changes):
        facts = FACTS | {"held_on": D(2026, 10, 1)} | changes
        return meetings.change_meeting(by=world.staff, meeting_id=meeting.pk, **facts)

    change()
    assert meeting.changes.count() == 1  # nothing changed
    change(held_on=D(2026, 10, 2), points=5)
    assert "5 điểm cầu" in meeting.changes.last().after
    meetings.cancel_meeting(by=world.staff, meeting_id=meeting.pk, reason="Ghi nhầm")
    assert refusal(change) == {"__all__": ["Cuộc họp này đã hủy."]}
    second = meet(world.staff, force, D(2026, 10, 2))  # a cancelled one does not stand in the way
    assert list(refusal(meetings.cancel_meeting, by=world.staff, meeting_id=second.pk, reason=" ")) == ["reason"]
    conclude(world.staff, second, "Việc", world.dong_nai, D(2026, 12, 1))
    assert "không hủy được" in str(refusal(meetings.cancel_meeting, by=world.staff, meeting_id=second.pk, reason="x"))
    facts = FACTS | {"held_on": D(2026, 10, 3)}
    assert list(refusal(meetings.change_meeting, by=world.staff, meeting_id=second.pk, **facts)) == ["held_on"]


def test_only_the_own_people_write_and_nobody_in_a_closed_unit(world, force):
    for person in (world.chair, world.auditor, world.officer, world.stranger_reviewer):
        with pytest.raises(PermissionDenied):
            meet(person, force, D(2026, 10, 1))
    closed = TaskForce.objects.create(unit=world.thac_mo, kind="working_group", name="Tổ", valid_from=D(2024, 1, 1))
    with pytest.raises(PermissionDenied):
        meet(world.old_officer, closed, D(2024, 10, 1))


def test_a_meeting_held_counts_as_activity(world, force):
    """Quiet since January by the register of papers; the meeting of 1 November is known from its own row."""

    def is_quiet():
        register = gaps.load({world.dong_nai.pk: "province"}, TODAY, quiet_months=3)
        return gaps.Code.QUIET in {gap.code for gap in register.by_task_force[force.pk]}

    meet(world.staff, force, D(2026, 11, 20))  # planned
    cancelled = meet(world.staff, force, D(2026, 11, 2))
    meetings.cancel_meeting(by=world.staff, meeting_id=cancelled.pk, reason="Ghi nhầm")
    assert is_quiet()
    meet(world.staff, force, D(2026, 11, 1))
    assert not is_quiet()


def test_the_database_keeps_what_the_rules_say(world, force):
    meeting = meet(world.staff, force, D(2026, 10, 1))
    for wrong in (
        lambda: Meeting.objects.filter(pk=meeting.pk).update(kind="khong-co"),
        lambda: MeetingChange.objects.create(what="x", after="x", by=world.staff, at=meeting.changes.get().at),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


# --- inspections


@pytest.fixture
def team(world):
    return found(world.staff, world.dong_nai, "inspection_team", "Tổ kiểm tra 1", D(2026, 9, 1))


def visit(by, team, unit, day=OCTOBER, **changes):
    facts = {"body": "", "leader": "Tổ phó", "summary": ""} | changes
    return inspections.add_inspection(by=by, task_force=team, unit=unit, held_on=day, **facts)


def test_several_inspection_teams_of_one_day(world, team):
    found(world.staff, world.dong_nai, "inspection_team", "Tổ kiểm tra 2", D(2026, 9, 1))
    told = refusal(found, world.staff, world.dong_nai, "inspection_team", "Tổ kiểm tra 1", D(2026, 9, 1))
    assert "tổ kiểm tra cùng tên" in str(told)
    found(world.staff, world.dong_nai, "support_team", "Tổ giúp việc", D(2026, 9, 1))
    assert "cùng loại" in str(refusal(found, world.staff, world.dong_nai, "support_team", "Tổ khác", D(2026, 9, 1)))
    found(world.officer, world.phuoc_long, "inspection_team", "Tổ kiểm tra", D(2026, 9, 1))
    figures = counts.register_figures([world.phuoc_long.pk], TODAY)[world.phuoc_long.pk]
    assert figures["TC01"] == (0, 1)  # to inspect is not to lead


def test_a_finding_is_remedied_by_the_unit_visited_on_a_day(world, team):
    inspection = visit(world.staff, team, world.phuoc_long)
    finding = inspections.add_finding(
        by=world.staff, inspection_id=inspection.pk, text="Thiếu sổ", due_on=D(2026, 10, 15)
    )

    def tell(by, on, remedy="Đã lập sổ"):
        return inspections.tell_remedied(by=by, finding_id=finding.pk, on=on, remedy=remedy)

    for person in (world.neighbour, world.chair):
        with pytest.raises(PermissionDenied):
            tell(person, TODAY)
    assert list(refusal(tell, world.officer, D(2026, 9, 30))) == ["on"]
    assert list(refusal(tell, world.officer, D(2026, 11, 17))) == ["on"]
    assert [f.pk for f in conclusions.open_findings(world.phuoc_long.pk, TODAY)] == [finding.pk]
    tell(world.officer, D(2026, 11, 10))
    finding.refresh_from_db()
    assert (finding.remedied_on, finding.remedied_by, finding.remedy) == (D(2026, 11, 10), world.officer, "Đã lập sổ")
    assert conclusions.open_findings(world.dong_nai.pk, TODAY) == []
    assert len(conclusions.open_findings(world.dong_nai.pk, D(2026, 11, 9))) == 1
    assert conclusions.open_findings(world.dong_nai.pk, D(2026, 9, 30)) == []  # before the visit
    assert conclusions.by_inspection([inspection.pk], D(2026, 11, 9)) == {
        inspection.pk: conclusions.FindingCounts(1, 0, 1)
    }
    assert refusal(tell, world.officer, TODAY) == {"__all__": ["Tồn tại này đã khắc phục ngày 10/11/2026."]}
    with pytest.raises(PermissionDenied):
        inspections.reopen_finding(by=world.officer, finding_id=finding.pk, reason="Không")
    inspections.reopen_finding(by=world.staff, finding_id=finding.pk, reason="Sổ chưa đủ cột")
    finding.refresh_from_db()
    assert (finding.remedied_on, finding.remedied_by, finding.remedy) == (None, None, "")
    whats = [change.what for change in inspection.changes.all()]
    assert whats == ["Ghi cuộc kiểm tra", "Ghi tồn tại", "Đã khắc phục", "Mở lại tồn tại"]


def test_whom_a_team_visits_and_when(world, team):
    for unit, day, field in (
        (world.da_huoai, D(2026, 10, 1), "unit"),
        (world.phuoc_long, D(2026, 11, 17), "held_on"),
        (world.phuoc_long, D(2026, 8, 31), "held_on"),
    ):
        assert list(refusal(visit, world.staff, team, unit, day)) == [field]
    with pytest.raises(PermissionDenied):
        visit(world.officer, team, world.phuoc_long)
    inspection = visit(world.staff, team, world.phuoc_long)
    assert "Tổ đã có cuộc kiểm tra đơn vị này ngày đó." in str(refusal(visit, world.staff, team, world.phuoc_long))
    add = {"by": world.staff, "inspection_id": inspection.pk}
    assert list(refusal(inspections.add_finding, text="A", due_on=D(2026, 9, 30), **add)) == ["due_on"]
    finding = inspections.add_finding(text="A", due_on=D(2026, 10, 1), **add)
    assert list(refusal(inspections.add_finding, text="A", due_on=D(2026, 10, 1), **add)) == ["text"]
    facts = {"unit": world.phuoc_binh, "body": "", "held_on": D(2026, 10, 1), "leader": "x", "summary": ""}
    assert list(refusal(inspections.change_inspection, **add, **facts)) == ["unit"]
    assert "không hủy được" in str(refusal(inspections.cancel_inspection, **add, reason="Nhầm"))
    inspections.change_finding(by=world.staff, finding_id=finding.pk, text="A", due_on=D(2026, 10, 20))
    last = inspection.changes.last()
    assert (last.before, last.after) == ("A (hạn 01/10/2026)", "A (hạn 20/10/2026)")
    second = visit(world.staff, team, world.phuoc_binh)
    inspections.cancel_inspection(by=world.staff, inspection_id=second.pk, reason="Nhầm")
    nothing_more = refusal(inspections.add_finding, by=world.staff, inspection_id=second.pk, text="A", due_on=TODAY)
    assert nothing_more == {"__all__": ["Cuộc kiểm tra này đã hủy."]}


def test_who_sees_an_inspection(world, team):
    visit(world.staff, team, world.phuoc_long)
    for person, sees in (
        (world.officer, True),
        (world.chair, True),
        (world.neighbour, False),
        (world.stranger_reviewer, False),
    ):
        assert Inspection.objects.visible_to(person).exists() is sees, person


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one after the other")
@pytest.mark.django_db(transaction=True)
def test_first_conclusions_of_two_meetings_of_a_day_at_once_have_two_numbers(world, force):
    """The second is written while the first is not yet kept: it waits, and takes the next number."""
    first, second = (meet(world.staff, force, OCTOBER, kind=kind) for kind in ("regular", "check"))

    def write():
        try:
            conclude(world.staff, second, "Việc thứ hai", world.dong_nai, D(2026, 12, 1))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            conclude(world.staff, first, "Việc thứ nhất", world.dong_nai, D(2026, 12, 1))
            writing = other.submit(write)
            assert not wait([writing], timeout=1).done
        writing.result(timeout=30)
    numbers = dict(SourceDocument.objects.values_list("meeting_id", "number"))
    assert numbers == {first.pk: "KL-75-20261001", second.pk: "KL-75-20261001-2"}
