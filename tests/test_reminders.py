"""Reminders: who is told what, once; by an act and by the clock; the bell and its page."""

import datetime as dt
import re
import threading

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting import closing, difficulties, occasions, periods
from reporting.campaigns import running
from reporting.campaigns.days import TypedDay, enter_day
from reporting.models import Holiday, PeriodDeadline, Report, ReportEvent, ReportingSettings, ServiceFigures
from reporting.reminders import by_clock, recipients, rules, telling, urging
from reporting.reminders.recipients import Living
from reporting.report_doors import reports_for
from reporting.review import corrections, extensions, publishing, workflow
from taskforces.clock import now_for
from taskforces.models import Level, Occasion, Posting, Reminder, ReminderChoice, Role, User
from taskforces.people import postings
from taskforces.register import assignments, keeping, meetings
from taskforces.scope import Right
from tests.conftest import FIRST_NEW, make_person, make_unit

Kind = Reminder.Kind
D = dt.date
LIST = "/nhac-viec/"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(workflow.drain_rollup_requests, "delay_on_commit", lambda: None)


@pytest.fixture
def november(month, at):
    at("2026-11-16 09:00")
    return month("2026-11")


@pytest.fixture
def report(world, november, fill):
    return fill(Report.objects.get(unit=world.phuoc_long, period=november), status="submitted", by=world.officer)


def told() -> dict[str, set[str]]:
    """Kind -> user names of those told."""
    found: dict[str, set[str]] = {}
    for reminder in Reminder.objects.select_related("person"):
        found.setdefault(reminder.kind, set()).add(reminder.person.username)
    return found


def by_the_clock(at, when) -> dict[str, set[str]]:
    """Who is newly told at this moment."""
    at(when)
    before = set(Reminder.objects.values_list("pk", flat=True))
    by_clock.remind_by_the_clock()
    found: dict[str, set[str]] = {}
    for reminder in Reminder.objects.exclude(pk__in=before).select_related("person"):
        found.setdefault(reminder.kind, set()).add(reminder.person.username)
    return found


# By an act -----------------------------------------------------------------------------------------------------------


def test_what_a_reviewer_does_is_told_to_those_who_send_the_report(world, report):
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Số 138.763 của bà Nhung chưa khớp")
    assert not Reminder.objects.exists()  # told by the worker
    assert telling.tell_waiting() == 3
    assert told() == {"returned": {"nhung", "dung", "hanh"}}
    reminder = world.officer.reminders.get()
    assert reminder.text == "Báo cáo tháng 11/2026 của Phường Phước Long bị trả lại, cần sửa và gửi lại."
    assert reminder.path == reverse("report-entry", args=[report.pk])
    assert reminder.made_at == now_for()


def test_approval_and_reopening_each_once(world, report):
    workflow.approve(report_id=report.pk, by=world.reviewer)
    workflow.reopen(report_id=report.pk, by=world.reviewer, reason="Xem lại")
    telling.tell_waiting()
    assert told() == {kind: {"nhung", "dung", "hanh"} for kind in ("approved", "reopened")}
    assert telling.tell_waiting() == 0
    for event in ReportEvent.objects.all():  # a worker that was killed after it told and before that was noted
        telling.tell(rules.told_of_events({"approve": "approved", "reopen": "reopened"}[event.action], [event.pk]))
    assert Reminder.objects.count() == 6


def test_what_is_rolled_back_was_never_told(world, report):
    with transaction.atomic():
        workflow.approve(report_id=report.pk, by=world.reviewer)
        assert Occasion.objects.exists()
        transaction.set_rollback(True)
    assert not Occasion.objects.exists()


def test_an_act_costs_one_statement_and_asks_for_nobody(world, report, django_assert_num_queries):
    event = ReportEvent.objects.create(report=report, action="approve", by=world.reviewer, at=now_for(), revision=1)
    with django_assert_num_queries(1):
        occasions.happened(event)
    occasions.happened(event)
    assert Occasion.objects.count() == 1
    sent = ReportEvent.objects.create(report=report, action="submit", by=world.officer, at=now_for(), revision=1)
    with django_assert_num_queries(0):  # the reviewers are told by the clock, once a day
        occasions.happened(sent)


def test_a_difficulty_answered_above_is_told_below(world, report):
    raised = difficulties.Difficulty.objects.create(
        unit=world.phuoc_long,
        report=report,
        kind="network",
        text="Mạng chậm",
        with_unit=world.dong_nai,
        raised_at=report.submitted_at,
        raised_by=world.officer,
    )
    difficulties.answer(by=world.reviewer, difficulty_id=raised.pk, note="Đã ghi nhận")
    telling.tell_waiting()
    assert told() == {"answered": {"nhung", "dung", "hanh"}}
    assert world.officer.reminders.get().path == reverse("difficulty-detail", args=[raised.pk])
    assert "Mạng chậm" not in world.officer.reminders.get().text
    difficulties.resolve(by=world.officer, difficulty_id=raised.pk, note="Đã xong")
    telling.tell_waiting()
    assert world.officer.reminders.count() == 1  # nobody is told what they did themselves
    assert world.leader.reminders.count() == 2


def test_an_extension_is_told_to_the_units_that_got_it(world, report, november, at):
    late = [Report.objects.get(unit=unit, period=november).pk for unit in (world.phuoc_binh, world.phu_rieng)]
    until = dt.datetime.fromisoformat("2026-12-01 17:00+07:00")
    extensions.extend(report_ids=late[:1], by=world.staff, until=until, reason="Bão số 9", authority="CV 120/UBND")
    telling.tell_waiting()
    assert told() == {"extended": {"tam"}}
    reminder = world.neighbour.reminders.get()
    assert reminder.text == "Báo cáo tháng 11/2026 của Phường Phước Bình được gia hạn nộp."
    assert reminder.path == f"{reverse('task-list')}?ky=2026-11"


@pytest.mark.parametrize(("decide", "said"), [("accept", "đã chấp nhận"), ("refuse", "không chấp nhận")])
def test_the_answer_to_a_correction_is_told_to_the_unit(world, report, november, decide, said):
    workflow.approve(report_id=report.pk, by=world.reviewer)
    publishing.close_month(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    telling.tell_waiting()
    Reminder.objects.all().delete()
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    cells = {"DVC09.received_online": str(row.received_online + 1), "DVC09.resolved_early": str(row.resolved_early + 1)}
    asked = corrections.ask(report_id=report.pk, by=world.officer, cells=cells, reason="Sót một hồ sơ")
    assert telling.tell_waiting() == 0  # the reviewers are told by the clock
    if decide == "accept":
        corrections.accept(correction_id=asked.pk, by=world.reviewer)
    else:
        corrections.refuse(correction_id=asked.pk, by=world.reviewer, answer="Không có trong sổ")
    telling.tell_waiting()
    assert told() == {"corrected": {"nhung", "dung", "hanh"}}
    reminder = world.officer.reminders.get()
    assert reminder.text == f"Đề nghị đính chính báo cáo tháng 11/2026 của Phường Phước Long: {said}."
    assert reminder.path == reverse("correction", args=[asked.pk])


def test_a_correction_taken_back_is_told_to_nobody(world, report, november):
    workflow.approve(report_id=report.pk, by=world.reviewer)
    publishing.close_month(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    telling.tell_waiting()
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    cells = {"DVC09.received_online": str(row.received_online + 1), "DVC09.resolved_early": str(row.resolved_early + 1)}
    asked = corrections.ask(report_id=report.pk, by=world.officer, cells=cells, reason="Sót một hồ sơ")
    corrections.withdraw(correction_id=asked.pk, by=world.officer)
    assert telling.tell_waiting() == 0


# Who -----------------------------------------------------------------------------------------------------------------


def test_told_is_who_holds_a_posting_on_that_day(world, report, at):
    former = make_person("cu", "Người Cũ", world.phuoc_long, Role.OFFICER, "office")
    Posting.objects.filter(user=former).update(valid_to=D(2026, 11, 15))
    later = make_person("sau", "Người Sau", world.phuoc_long, Role.LEADER, since=D(2026, 11, 17))
    waiting = make_person("cho", "Người Chờ", world.phuoc_long, Role.LEADER)
    Posting.objects.filter(user=waiting).update(waits=True)
    disabled = make_person("khoa2", "Người Khóa", world.phuoc_long, Role.LEADER)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    stand_in = User.objects.create(username="thay", full_name="Người Thay")
    day = D(2026, 11, 16)
    postings.delegate(
        by=world.staff, posting_id=world.officer.postings.get().pk, user=stand_in, valid_from=day, valid_to=day
    )
    workflow.approve(report_id=report.pk, by=world.reviewer)
    at("2026-11-17 09:00")  # the worker comes a day late: the day of the act counts
    telling.tell_waiting()
    assert told() == {"approved": {"nhung", "dung", "hanh", "thay"}}
    assert not later.reminders.exists()


def test_people_of_a_closed_unit_are_told_nothing(world, at):
    living = Living(at("2025-07-01 09:00"))
    assert recipients.posted([world.thac_mo.pk], Right.SUBMIT, living) == {}
    living = Living(at("2025-06-30 09:00"))
    assert recipients.posted([world.thac_mo.pk], Right.SUBMIT, living) == {
        world.thac_mo.pk: {world.old_officer.pk, world.old_police_officer.pk}
    }


def test_people_of_the_demonstration_and_others_are_told_apart(world, report, settings, at):
    settings.DEBUG = True
    for person in (world.officer, world.reviewer):
        person.demo_today = D(2026, 11, 16)
        person.save()
    at("2027-03-01 09:00")
    workflow.approve(report_id=report.pk, by=world.reviewer)
    telling.tell_waiting()
    assert told() == {"approved": {"nhung"}}
    assert world.officer.reminders.get().made_at.date() == D(2026, 11, 16)
    assert [living.day for living in recipients.calendars()] == [D(2027, 3, 1), D(2026, 11, 16)]
    settings.DEBUG = False
    assert [living.day for living in recipients.calendars()] == [D(2027, 3, 1)]


# By the clock --------------------------------------------------------------------------------------------------------


def test_reports_owed_before_and_after_their_deadline(world, november, at, fill):
    """Communes: until 17:00 on the 16th. Two days before, one day after; each once."""
    fill(Report.objects.get(unit=world.phuoc_binh, period=november), status="submitted")
    ward = {"nhung", "dung", "hanh"}
    assert by_the_clock(at, "2026-11-13 18:00") == {}  # data of the month are not closed
    assert by_the_clock(at, "2026-11-15 07:10") == {"owed": {*ward, "la"}}
    assert by_the_clock(at, "2026-11-15 08:10") == {}
    text = world.officer.reminders.get().text
    assert text == "Báo cáo tháng 11/2026 của Phường Phước Long có hạn nộp 17:00 ngày 16/11/2026."
    assert by_the_clock(at, "2026-11-16 18:10").get("overdue") is None  # that day it is only late
    found = by_the_clock(at, "2026-11-17 07:10")
    assert found["overdue"] == {*ward, "la"}
    assert world.officer.reminders.first().path == reverse(
        "report-entry", args=[Report.objects.get(unit=world.phuoc_long, period=november).pk]
    )
    assert "overdue" not in by_the_clock(at, "2026-11-18 07:10")


def test_the_days_are_settings_and_a_worker_that_was_down_tells_later(world, november, at):
    ReportingSettings.objects.update_or_create(pk=1, defaults={"remind_before": 0, "remind_after": 3})
    assert by_the_clock(at, "2026-11-15 09:10") == {}
    ReportingSettings.objects.update(remind_before=1)
    assert "owed" in by_the_clock(at, "2026-11-15 09:10")
    Reminder.objects.all().delete()
    assert "owed" in by_the_clock(at, "2026-11-16 17:00")  # at the very moment of the deadline it is not past
    assert "overdue" not in by_the_clock(at, "2026-11-18 18:10")
    assert "overdue" in by_the_clock(at, "2026-11-25 07:10")
    Reminder.objects.all().delete()
    assert "overdue" in by_the_clock(at, "2026-12-17 07:10")
    Reminder.objects.all().delete()
    assert "overdue" not in by_the_clock(at, "2026-12-18 07:10")  # more than a month: nobody is told any more


def test_a_deadline_that_moved_is_told_anew(world, november, at):
    by_the_clock(at, "2026-11-16 09:00")
    PeriodDeadline.objects.filter(period=november, level=Level.COMMUNE).update(due_at=at("2026-11-20 17:00"))
    assert "owed" not in by_the_clock(at, "2026-11-17 09:00")
    assert "nhung" in by_the_clock(at, "2026-11-18 09:00")["owed"]


def test_nobody_is_asked_for_what_is_closed(world, november, at):
    closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    assert by_the_clock(at, "2026-11-17 09:00") == {"overdue": {"la"}}


def test_reviewers_are_told_once_a_working_day_that_reports_wait(world, report, at):
    Holiday.objects.create(day=D(2026, 11, 18), name="Nghỉ")
    assert by_the_clock(at, "2026-11-17 07:10")["waiting"] == {"bao", "lananh"}
    reminder = world.reviewer.reminders.get()
    assert reminder.text == "Có báo cáo tháng 11/2026 chờ bạn duyệt."
    assert reminder.path == "/duyet/?ky=2026-11"
    assert "waiting" not in by_the_clock(at, "2026-11-17 09:10")
    assert "waiting" not in by_the_clock(at, "2026-11-18 09:10")
    assert by_the_clock(at, "2026-11-19 07:10")["waiting"] == {"bao", "lananh"}
    workflow.approve(report_id=report.pk, by=world.reviewer)
    assert "waiting" not in by_the_clock(at, "2026-11-20 07:10")


def test_only_the_nearest_reviewers_are_told(world, month, fill, at):
    far = make_person("tinh", "Người Tỉnh", world.binh_phuoc, Role.REVIEWER)
    at("2024-11-18 09:00")
    period = month("2024-11")
    for unit in (world.thac_mo, world.an_loc):
        fill(Report.objects.get(unit=unit, period=period), status="submitted")
    assert by_the_clock(at, "2024-11-18 09:10")["waiting"] == {"duyet688", "tinh"}
    Reminder.objects.all().delete()
    Report.objects.filter(unit=world.an_loc).update(status="draft")
    assert by_the_clock(at, "2024-11-18 10:10")["waiting"] == {"duyet688"}
    assert not far.reminders.exists()


@pytest.fixture
def task(world, at):
    at("2026-11-02 09:00")
    source = assignments.create_source(
        by=world.staff, number="06/QĐ-TTg", issued_on=D(2026, 1, 15), issuing_body="Thủ tướng", title="Đề án 06"
    )
    return assignments.add_item(by=world.staff, source_id=source.pk, code="NV1", text="Rà soát của ông A")


def assign(world, task, body=""):
    return assignments.assign(
        by=world.staff,
        item=task,
        unit=world.phuoc_long,
        part="lead",
        assigned_on=D(2026, 11, 2),
        due_on=D(2026, 11, 18),
        body=body,
    )


def test_assignments_due_and_overdue(world, task, at):
    assignment = assign(world, task)
    people = {"nhung", "dung", "hanh"}
    assert "assignment_due" not in by_the_clock(at, "2026-11-15 09:10")
    assert by_the_clock(at, "2026-11-16 09:10")["assignment_due"] == people
    reminder = world.officer.reminders.get(kind="assignment_due")
    assert reminder.text == "Nhiệm vụ NV1 (06/QĐ-TTg) của Phường Phước Long đến hạn ngày 18/11/2026."
    assert reminder.path == reverse("assignment-detail", args=[assignment.pk])
    assert "assignment_overdue" not in by_the_clock(at, "2026-11-18 18:10")
    assert by_the_clock(at, "2026-11-19 07:10")["assignment_overdue"] == people
    assert "assignment_overdue" not in by_the_clock(at, "2026-11-20 07:10")
    assignments.change_due(by=world.staff, assignment_id=assignment.pk, due_on=D(2026, 11, 25), reason="Thêm")
    assert by_the_clock(at, "2026-11-23 07:10")["assignment_due"] == people
    assignments.finish(by=world.officer, assignment_id=assignment.pk, on=D(2026, 11, 20))
    assert "assignment_overdue" not in by_the_clock(at, "2026-11-26 07:10")


def test_an_assignment_of_a_body_is_told_to_the_body_if_it_has_anybody(world, task, at):
    assign(world, task, body="Trạm Y tế")
    station = make_person("tram", "Người Trạm", world.phuoc_long, Role.DEPARTMENT, body="TRẠM  Y TẾ", groups="health")
    make_person("khac", "Người Khác", world.phuoc_long, Role.DEPARTMENT, body="Tư pháp", groups="civil_status")
    assert by_the_clock(at, "2026-11-17 09:10")["assignment_due"] == {"tram"}
    Posting.objects.filter(user=station).update(valid_to=D(2026, 11, 18))
    assert by_the_clock(at, "2026-11-19 09:10")["assignment_overdue"] == {"nhung", "dung", "hanh"}


def test_an_overdue_conclusion_is_told_to_those_who_met_and_to_those_who_carry_it_out(world, at):
    at("2026-11-02 09:00")
    force = keeping.found_task_force(
        by=world.staff, unit=world.dong_nai, kind="steering_committee", name="Ban", valid_from=D(2026, 1, 5)
    )
    meeting = meetings.add_meeting(
        by=world.staff, task_force=force, kind="regular", held_on=D(2026, 11, 2), title="", chair="A", points=None,
        delegates=None, minutes="",
    )  # fmt: skip
    for unit in (world.phuoc_long, world.dong_nai):
        meetings.conclude(by=world.staff, meeting_id=meeting.pk, text="Làm sạch", unit=unit, due_on=D(2026, 11, 10))
    found = by_the_clock(at, "2026-11-11 09:10")
    assert found["assignment_overdue"] == {"nhung", "dung", "hanh"}
    assert found["conclusion_overdue"] == {"bao", "lananh", "ha"}
    assert Reminder.objects.filter(kind="conclusion_overdue").count() == 3  # of two units, told once
    assert world.staff.reminders.get().path == reverse("meeting-detail", args=[meeting.pk])


def test_yesterday_of_a_campaign_is_missing(world, at):
    at("2026-11-16 09:00")
    campaign = running.make_campaign(
        by=world.staff, unit=world.dong_nai, name="Cao điểm 21 ngày đêm", first_day=D(2026, 11, 15),
        last_day=D(2026, 11, 30), measures=[running.MeasureWanted(1, "Hồ sơ", "hồ sơ")],
        goals={world.phuoc_long.pk: (100,), world.phuoc_binh.pk: (50,)},
    )  # fmt: skip
    enter_day(
        by=world.neighbour,
        unit=world.phuoc_binh,
        day=D(2026, 11, 15),
        values={campaign.measures.get().pk: TypedDay("0")},
    )
    assert by_the_clock(at, "2026-11-16 09:10") == {"campaign_day": {"nhung", "dung", "hanh"}}
    reminder = world.officer.reminders.get()
    assert reminder.text == "Chưa nhập số liệu ngày 15/11/2026 của cao điểm “Cao điểm 21 ngày đêm”."
    assert reminder.path == f"/cao-diem/nhap/?don_vi={world.phuoc_long.pk}&ngay=2026-11-15"
    assert by_the_clock(at, "2026-11-16 10:10") == {}
    assert by_the_clock(at, "2026-11-17 07:10")["campaign_day"] == {"nhung", "dung", "hanh", "tam"}
    running.lock_days(by=world.staff, campaign_id=campaign.pk, to=D(2026, 11, 17))
    assert by_the_clock(at, "2026-11-18 07:10") == {}


def test_the_clock_asks_the_same_number_of_questions_however_many_units(world, november, at, django_assert_num_queries):
    at("2026-11-17 09:00")
    list(by_clock.due(Living(now_for())))
    with django_assert_num_queries(14):
        few = list(by_clock.due(Living(now_for())))
    for k in range(8):
        unit = make_unit(f"9{k:04}", f"Xã Số {k}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
        make_person(f"nguoi{k}", f"Người {k}", unit, Role.LEADER)
    periods.open_period(periods.Month(2026, 11))
    with django_assert_num_queries(14):
        assert len(list(by_clock.due(Living(now_for())))) == len(few) + 8


# Never twice ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once(world, month, fill, at):
    """Both have read that nobody was told. (SQLite has one writer at a time; its test database is in memory.)"""
    if connection.vendor != "postgresql":
        pytest.skip("needs rows that are locked one by one")
    at("2026-11-16 09:00")
    report = fill(Report.objects.get(unit=world.phuoc_long, period=month("2026-11")), status="submitted")
    workflow.approve(report_id=report.pk, by=world.reviewer)
    found = rules.told_of_events("approved", [ReportEvent.objects.get().pk])
    barrier = threading.Barrier(2)

    def work():
        try:
            barrier.wait(30)
            telling.tell(found)
            telling.tell_waiting()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Reminder.objects.count() == 3
    assert not Occasion.objects.exists()


# The bell and its page -----------------------------------------------------------------------------------------------


@pytest.fixture
def reminded(world, report, client):
    workflow.approve(report_id=report.pk, by=world.reviewer)
    workflow.reopen(report_id=report.pk, by=world.reviewer, reason="Xem lại")
    telling.tell_waiting()
    client.force_login(world.officer)
    return world.officer


def bell(page) -> str:
    return re.search(r'<a class="bell".*?visually-hidden">(.*?)</span>', page, re.S)[1]


def test_the_bell_counts_on_every_page_without_a_query_of_its_own(reminded, world, client, django_assert_num_queries):
    client.get(reverse("my-data"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("my-data")).text
    assert bell(page) == "Nhắc việc, 2 chưa đọc"
    asked = [query["sql"] for query in captured if "taskforces_reminder" in query["sql"]]
    assert len(asked) == 1
    assert '"taskforces_posting"' in asked[0]
    client.force_login(world.neighbour)
    assert bell(client.get(reverse("my-data")).text) == "Nhắc việc, không có mục chưa đọc"


def test_a_reminder_leads_to_the_place_and_is_read(reminded, report, client):
    page = client.get(LIST).text
    assert "Nhắc việc: 2 chưa đọc" in page
    newest = reminded.reminders.first()
    assert reverse("reminder-open", args=[newest.pk]) in page
    answer = client.get(reverse("reminder-open", args=[newest.pk]))
    assert answer["Location"] == reverse("report-entry", args=[report.pk])
    assert "Nhắc việc: 1 chưa đọc" in client.get(LIST).text
    newest.refresh_from_db()
    assert newest.read_at == now_for()


def test_one_or_all_are_marked_and_what_came_meanwhile_is_not(reminded, client):
    newest, oldest = reminded.reminders.all()
    client.post(reverse("reminder-read", args=[oldest.pk]))
    assert list(reminded.reminders.filter(read_at=None)) == [newest]
    late = Reminder.objects.create(
        person=reminded, kind="approved", key="x", text="Vừa đến", path="/", made_at=now_for()
    )
    client.post(reverse("reminder-read-all"), {"den": newest.pk})
    assert list(reminded.reminders.filter(read_at=None)) == [late]
    assert "Vừa đến" in client.get(LIST).text
    assert "Vừa đến" in client.get(f"{LIST}?loc=tat-ca").text
    client.post(reverse("reminder-read-all"), {"den": "x"})
    assert late in reminded.reminders.filter(read_at=None)


def test_another_persons_reminder_does_not_exist(reminded, world, client):
    client.force_login(world.leader)
    pk = reminded.reminders.first().pk
    assert client.get(reverse("reminder-open", args=[pk])).status_code == 404
    assert client.post(reverse("reminder-read", args=[pk])).status_code == 404
    client.post(reverse("reminder-read-all"), {"den": 10**9})
    assert reminded.reminders.filter(read_at=None).count() == 2


def test_the_page_costs_the_same_however_many(reminded, client, django_assert_num_queries):
    client.get(LIST)
    with django_assert_num_queries(5):  # session, person, postings with the count, how many, the rows
        client.get(LIST)
    rows = [
        Reminder(person=reminded, kind="approved", key=f"k{k}", text="Thêm", path="/", made_at=now_for())
        for k in range(30)
    ]
    Reminder.objects.bulk_create(rows)
    with django_assert_num_queries(5):
        assert client.get(LIST).text.count("Thêm") >= 30


@pytest.mark.parametrize(
    ("backend", "email", "said"),
    [
        ("console", "nhung@tinh.vn", "Cổng này không gửi thư"),
        ("locmem", "", "chưa ghi thư công vụ"),
        ("locmem", "nhung@tinh.vn", "Nhắc việc cũng gửi theo thư"),
    ],
)
def test_the_page_says_whether_letters_come(reminded, client, settings, backend, email, said):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    reminded.email = email
    reminded.save()
    assert said in client.get(LIST).text
    choice = client.get(reverse("reminder-choice")).text
    assert (said in choice) is ("cũng gửi" not in said)


CHOICE = {
    "how": "daily",
    "digest_at": "08:00",
    "quiet_from": "18:00",
    "quiet_to": "07:00",
    "kinds": ["returned", "owed"],
}


def test_a_person_says_how_letters_come(reminded, client):
    address = reverse("reminder-choice")
    assert client.get(address).status_code == 200
    assert client.post(address, CHOICE).status_code == 302
    choice = ReminderChoice.objects.get()
    assert (choice.person, choice.how, choice.digest_at) == (reminded, "daily", dt.time(8))
    assert (choice.quiet_from, choice.quiet_to, choice.working_days_only) == (dt.time(18), dt.time(7), False)
    assert set(choice.muted.split()) == set(Kind.values) - {"returned", "owed"}
    page = client.get(address).text
    assert page.count("checked") == 3  # daily, and two kinds
    assert client.post(address, CHOICE | {"quiet_from": "", "quiet_to": "", "how": "at_once"}).status_code == 302
    choice.refresh_from_db()
    assert (choice.quiet_from, choice.how) == (None, "at_once")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quiet_to": ""}, "Ghi cả hai giờ"),
        ({"quiet_to": "18:00"}, "Hai giờ phải khác nhau"),
        ({"digest_at": "25:00"}, "Ghi giờ theo dạng 07:30"),
        ({"digest_at": ""}, "Ghi giờ."),
        ({"how": "x"}, "không"),
        ({"kinds": ["x"]}, "x"),
    ],
)
def test_what_is_typed_wrongly_is_said_beside_the_field_and_nothing_is_saved(reminded, client, wrong, said):
    answer = client.post(reverse("reminder-choice"), CHOICE | wrong)
    assert answer.status_code == 200
    assert said in answer.text
    assert 'value="18:00"' in answer.text
    assert not ReminderChoice.objects.exists()


# Urging --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def owing(world, november, fill, at):
    """Phước Bình has sent; Phước Long, Phú Riềng and the province have not."""
    fill(Report.objects.get(unit=world.phuoc_binh, period=november), status="submitted")
    for person, phone in ((world.officer, "0271 3888 131"), (world.leader, "")):
        person.work_phone = phone
        person.save()
    at("2026-11-17 09:00")
    return november


def urge(client, world, **more):
    return client.post(reverse("review-urge"), {"don_vi": world.dong_nai.pk, "ky": "2026-11", **more}, follow=True).text


def report_of(unit, period):
    return Report.objects.get(unit=unit, period=period)


def test_one_unit_is_urged_once_a_day_and_sees_who_and_when(world, owing, client, at):
    report = report_of(world.phuoc_long, owing)
    client.force_login(world.reviewer)
    assert "Đã đôn đốc Phường Phước Long." in urge(client, world, bao_cao=report.pk)
    assert "Đã được đôn đốc lúc 09:00 ngày 17/11/2026" in urge(client, world, bao_cao=report.pk)
    client.force_login(world.chair)
    assert "Đã được đôn đốc lúc 09:00" in urge(client, world, bao_cao=report.pk)
    assert report.urgings.count() == 1
    telling.tell_waiting()
    assert told() == {"urged": {"nhung", "dung", "hanh"}}
    reminder = world.officer.reminders.get()
    assert reminder.text == "Phường Phước Long được đôn đốc nộp báo cáo tháng 11/2026."
    client.force_login(world.officer)
    page = " ".join(client.get(reminder.path).text.split())
    assert "Trần Quốc Bảo đôn đốc lúc 09:00 ngày 17/11/2026" in page
    at("2026-11-18 09:00")
    client.force_login(world.chair)
    assert "Đã đôn đốc" in urge(client, world, bao_cao=report.pk)
    assert report.urgings.count() == 2


def test_all_that_owe_are_urged_in_one_act(world, owing, client):
    client.force_login(world.chair)
    said = urge(client, world)
    assert set(Report.objects.filter(urgings__isnull=False).values_list("unit", flat=True)) == {
        world.phuoc_long.pk,
        world.phu_rieng.pk,
        world.dong_nai.pk,
    }
    assert "Đã đôn đốc" in said
    assert "3 đơn vị: Đã được đôn đốc lúc 09:00 ngày 17/11/2026" in urge(client, world)


def test_all_are_urged_in_a_fixed_number_of_statements(world, owing, django_assert_num_queries):
    reports = reports_for(world.chair).filter(period=owing).under(world.dong_nai.pk)
    with django_assert_num_queries(7):
        assert len(urging.urge(by=world.chair, reports=reports).done) == 3


def test_who_has_sent_and_what_is_closed_is_not_urged(world, owing, client):
    client.force_login(world.reviewer)
    assert "Đơn vị đã gửi báo cáo." in urge(client, world, bao_cao=report_of(world.phuoc_binh, owing).pk)
    closing.close_period(period_id=owing.pk, province_id=world.dong_nai.pk, by=world.staff)
    assert "đã khóa" in urge(client, world, bao_cao=report_of(world.phuoc_long, owing).pk)
    assert "Đôn đốc" not in client.get("/duyet/").text.split("<main")[1]
    assert not Occasion.objects.exists()


def test_the_list_has_buttons_telephones_and_the_last_time(world, owing, client):
    client.force_login(world.reviewer)
    page = " ".join(client.get("/duyet/").text.split())
    assert "Nguyễn Thị Hồng Nhung: <span" in page
    assert "0271 3888 131" in page
    assert "Đôn đốc cả 3 đơn vị" in page
    report = report_of(world.phuoc_long, owing)
    urge(client, world, bao_cao=report.pk)
    page = " ".join(client.get("/duyet/").text.split())
    assert "Trần Quốc Bảo đôn đốc lúc 09:00 ngày 17/11/2026" in page
    assert f'value="{report.pk}"' not in page
    assert "Đôn đốc cả 2 đơn vị" in page
    client.force_login(world.auditor)  # reads, and urges nobody
    page = client.get("/duyet/").text
    assert "0271 3888 131" in page
    assert reverse("review-urge") not in page


def test_the_dashboard_urges_for_its_last_month(world, owing, client, django_assert_num_queries):
    client.force_login(world.chair)
    page = client.get("/tong-quan/?ky=2026-11").text
    assert "Đôn đốc 3 đơn vị chưa nộp tháng 11/2026" in " ".join(page.split())
    answer = client.post(reverse("review-urge"), {"don_vi": world.dong_nai.pk, "ky": "2026-11", "ve": "tong-quan"})
    assert answer["Location"] == f"/tong-quan/?don_vi={world.dong_nai.pk}&ky=2026-11"
    for person in (world.auditor, world.officer):
        client.force_login(person)
        assert reverse("review-urge") not in client.get("/tong-quan/?ky=2026-11").text


@pytest.mark.parametrize(
    "query", [{"don_vi": "x"}, {"ky": "2026"}, {"ky": "2026-13"}, {"bao_cao": "999999"}, {"don_vi": ""}]
)
def test_what_is_no_place_does_not_exist(world, owing, client, query):
    client.force_login(world.reviewer)
    body = {"don_vi": world.dong_nai.pk, "ky": "2026-11"} | query
    assert client.post(reverse("review-urge"), body).status_code == 404


def test_a_unit_out_of_scope_is_not_urged(world, owing, client):
    client.force_login(world.stranger_reviewer)
    body = {"don_vi": world.dong_nai.pk, "ky": "2026-11", "bao_cao": report_of(world.phuoc_long, owing).pk}
    assert client.post(reverse("review-urge"), body).status_code == 404
    del body["bao_cao"]
    client.post(reverse("review-urge"), body)
    assert not Report.objects.filter(urgings__isnull=False).exists()
