"""Deadlines of single reports: an extension by the province, and the day by which a report sent back is due again."""

import datetime as dt

import pytest
from django.urls import reverse

from reporting import closing, periods
from reporting.models import Report, ReportEvent, SubmissionSummary
from reporting.reading.overview import overview
from reporting.report_log import NotAllowed
from reporting.review import extensions, workflow
from reporting.rollup import rollup
from tests.test_publishing import OCTOBER

pytestmark = pytest.mark.django_db


def moment(text):
    return dt.datetime.fromisoformat(text + "+07:00")


@pytest.fixture
def october(world, month, put, at):
    """Due on 16 October; looked at on 20 October: one sent late, two not at all."""
    at("2026-10-20 09:00")
    period = month("2026-10")
    period.deadlines.update(due_at=moment("2026-10-16 17:00"))
    report = put(world.phuoc_long, period, 100, early=90, overdue=10)
    sent = moment("2026-10-18 08:00")
    Report.objects.filter(pk=report.pk).update(is_late=True, submitted_at=sent)
    ReportEvent.objects.create(report=report, action="submit", by=world.officer, at=sent, revision=1)
    rollup.roll_up(period)
    return period


def report_of(unit, period):
    return Report.objects.get(unit=unit, period=period)


def extend(world, period, *units, by=None, until="2026-10-25 17:00", reason="Bão số 9", authority="CV 120/UBND"):
    ids = [report_of(unit, period).pk for unit in units]
    return extensions.extend(
        report_ids=ids, by=by or world.staff, until=moment(until), reason=reason, authority=authority
    )


def missing(world, period):
    rollup.drain()
    seen = overview(world.dong_nai.pk, OCTOBER)
    return {m.unit_id: m.days_overdue for m in seen.missing}


def test_the_new_deadline_counts_for_who_has_not_sent(world, october):
    assert missing(world, october)[world.phu_rieng.pk] == 4
    extend(world, october, world.phu_rieng)
    found = missing(world, october)
    assert found[world.phu_rieng.pk] is None
    assert found[world.phuoc_binh.pk] == 4
    assert periods.due_at(report_of(world.phu_rieng, october)) == moment("2026-10-25 17:00")


def test_after_the_new_deadline_the_days_count_from_it(world, october, at):
    extend(world, october, world.phu_rieng)
    at("2026-10-27 09:00")
    assert missing(world, october)[world.phu_rieng.pk] == 2


def test_who_sends_within_the_new_deadline_is_punctual(world, october, fill, at):
    extend(world, october, world.phu_rieng)
    late = report_of(world.phuoc_binh, october)
    for report, person in ((report_of(world.phu_rieng, october), "phu_rieng"), (late, "phuoc_binh")):
        fill(report, ready=True)
        from tests.conftest import make_person

        sender = make_person(f"gui_{person}", "Người Gửi", report.unit, "leader")
        workflow.submit(report_id=report.pk, by=sender)
    assert not report_of(world.phu_rieng, october).is_late
    assert report_of(world.phuoc_binh, october).is_late


def test_who_had_sent_late_and_is_within_the_new_deadline_is_punctual_again(world, october):
    assert SubmissionSummary.objects.get(unit=world.dong_nai, period=october).late == 1
    extend(world, october, world.phuoc_long)
    rollup.drain()
    assert not report_of(world.phuoc_long, october).is_late
    assert SubmissionSummary.objects.get(unit=world.dong_nai, period=october).late == 0


def test_who_had_sent_after_the_new_deadline_too_stays_late(world, october, at):
    report = report_of(world.phuoc_long, october)
    Report.objects.filter(pk=report.pk).update(submitted_at=moment("2026-10-30 08:00"))
    event = ReportEvent.objects.create(
        report=report_of(world.phu_rieng, october), action="submit", by=world.officer,
        at=moment("2026-10-30 08:00"), revision=1,
    )  # fmt: skip
    Report.objects.filter(pk=event.report_id).update(
        status="submitted", is_late=True, submitted_at=event.at, submitted_by=world.officer, revision=1
    )
    extend(world, october, world.phu_rieng)
    assert report_of(world.phu_rieng, october).is_late


def test_the_log_says_until_when_why_and_on_whose_decision(world, october):
    extend(world, october, world.phu_rieng)
    event = report_of(world.phu_rieng, october).events.get(action="extend")
    assert event.by == world.staff
    assert event.reason == "Đến 17:00 ngày 25/10/2026. Bão số 9 Căn cứ: CV 120/UBND"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"until": "2026-10-16 16:00"}, "sau lúc này"),
        ({"reason": " "}, "lý do gia hạn"),
        ({"authority": " "}, "căn cứ"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(world, october, change, message):
    with pytest.raises(NotAllowed, match=message):
        extend(world, october, world.phu_rieng, world.phuoc_binh, **change)
    assert not Report.objects.filter(own_due_at__isnull=False).exists()


def test_it_is_never_earlier_than_the_deadline_there_is(world, october, at):
    at("2026-10-10 09:00")
    with pytest.raises(NotAllowed, match="sau hạn hiện nay"):
        extend(world, october, world.phu_rieng, until="2026-10-15 17:00")


def test_only_the_province_s_staff_extend_and_not_in_a_closed_month(world, october):
    for person in (world.reviewer, world.chair, world.officer, world.old_staff):
        with pytest.raises(NotAllowed, match="Tổ giúp việc cấp tỉnh"):
            extend(world, october, world.phu_rieng, by=person)
    closing.close_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff)
    with pytest.raises(NotAllowed, match="đã khóa"):
        extend(world, october, world.phu_rieng)


def test_one_that_is_refused_extends_none(world, october):
    extend(world, october, world.phuoc_binh, until="2026-10-28 17:00")
    with pytest.raises(NotAllowed, match="sau hạn hiện nay"):
        extend(world, october, world.phu_rieng, world.phuoc_binh)
    assert report_of(world.phu_rieng, october).own_due_at is None


# Sent back -----------------------------------------------------------------------------------------------------------


def test_a_report_sent_back_is_due_again_by_the_day_that_was_set(world, october, at):
    report = report_of(world.phuoc_long, october)
    until = moment("2026-10-23 17:00")
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Xem lại DVC09", again_by=until)
    assert missing(world, october)[world.phuoc_long.pk] is None
    at("2026-10-25 09:00")
    assert missing(world, october)[world.phuoc_long.pk] == 2


def test_a_resubmission_never_changes_whether_the_first_sending_was_late(world, october, at, fill):
    report = report_of(world.phuoc_long, october)
    Report.objects.filter(pk=report.pk).update(is_late=False)
    until = moment("2026-10-23 17:00")
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Xem lại", again_by=until)
    at("2026-10-30 09:00")
    fill(report_of(world.phuoc_long, october), ready=True)
    workflow.submit(report_id=report.pk, by=world.leader)
    report.refresh_from_db()
    assert not report.is_late


def test_a_day_in_the_past_is_refused(world, october):
    report = report_of(world.phuoc_long, october)
    with pytest.raises(NotAllowed, match="sau lúc này"):
        workflow.send_back(
            report_id=report.pk, by=world.reviewer, reason="Xem lại", again_by=moment("2026-10-19 17:00")
        )
    report.refresh_from_db()
    assert (report.status, report.own_due_at) == ("submitted", None)


# Pages ---------------------------------------------------------------------------------------------------------------


def text(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_extends_the_ticked_units_and_keeps_what_was_typed(client, world, october):
    client.force_login(world.staff)
    address = reverse("period-extend", args=[october.pk])
    page = text(client.get(address, {"don_vi": world.dong_nai.pk}))
    assert "Xã Phú Riềng" in page
    assert "đã nộp trễ" in page
    typed = {"don_vi": world.dong_nai.pk, "day": "2026-10-25", "hour": "17:00", "reason": "Bão số 9", "authority": ""}
    page = text(client.post(address, typed))
    assert "Ghi căn cứ" in page
    assert "Bão số 9" in page
    page = text(client.post(address, typed | {"authority": "CV 120/UBND"}))
    assert "Chọn ít nhất một đơn vị" in page
    picked = typed | {"authority": "CV 120/UBND", "bao_cao": [report_of(world.phu_rieng, october).pk]}
    assert "Đã gia hạn cho 1 đơn vị đến 17:00 ngày 25/10/2026" in text(client.post(address, picked, follow=True))
    assert report_of(world.phuoc_binh, october).own_due_at is None
    client.force_login(world.officer)


def test_the_unit_sees_its_own_deadline(client, world, october):
    extend(world, october, world.phuoc_long)
    Report.objects.filter(unit=world.phuoc_long, period=october).update(status="draft", revision=0)
    client.force_login(world.officer)
    assert "25/10/2026" in text(client.get(reverse("task-list")))


def test_sending_back_from_the_page_sets_the_day(client, world, october):
    report = report_of(world.phuoc_long, october)
    client.force_login(world.reviewer)
    address = reverse("report-send-back", args=[report.pk])
    assert "Hạn gửi lại:" in text(client.post(address, {"ly_do": "Xem lại", "gui_lai": "32/10/2026"}, follow=True))
    assert "Hạn gửi lại: 17:00 ngày 23/10/2026" in text(
        client.post(address, {"ly_do": "Xem lại", "gui_lai": "2026-10-23"}, follow=True)
    )
    report.refresh_from_db()
    assert (report.status, report.own_due_at) == ("returned", moment("2026-10-23 17:00"))
