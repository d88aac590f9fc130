"""Submission, approval, return, reopening, closing: who may, when, what is written, and who wins of two at once."""

import datetime as dt
import hashlib
import threading

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from reporting import closing
from reporting.entry import saving
from reporting.entry.ready import mark_ready, unmark_ready
from reporting.models import (
    Explanation,
    FigureChange,
    PeriodClosure,
    PeriodDeadline,
    Report,
    ReportEvent,
    RollupRequest,
    ServiceFigures,
    Status,
    SubmissionSummary,
)
from reporting.report_log import what_happened
from reporting.review import workflow
from reporting.review.workflow import NotAllowed, Refused
from reporting.rollup import rollup
from taskforces.models import Branch, Role
from tests.conftest import make_person


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """The worker is woken after commit; count it instead of waking it."""
    calls = []
    monkeypatch.setattr(workflow.drain_rollup_requests, "delay_on_commit", lambda: calls.append(1))
    return calls


@pytest.fixture
def november(month):
    return month("2026-11")


@pytest.fixture
def report(world, november, at):
    at("2026-11-16 09:15")
    return Report.objects.get(unit=world.phuoc_long, period=november)


def make_ready(w, report):
    mark_ready(report_id=report.pk, branch="office", by=w.officer)
    mark_ready(report_id=report.pk, branch="police", by=w.police_officer)


@pytest.fixture
def ready(world, report, fill):
    fill(report)
    make_ready(world, report)
    report.refresh_from_db()
    return report


@pytest.fixture
def sent(world, ready):
    workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    return ready


@pytest.fixture
def approved(world, sent):
    workflow.approve(report_id=sent.pk, by=world.reviewer)
    sent.refresh_from_db()
    return sent


def actions(report):
    return list(report.events.values_list("action", flat=True))


# Marks


def test_marks_of_both_branches(world, report, fill):
    fill(report)
    make_ready(world, report)
    report.refresh_from_db()
    assert report.office_ready_by == world.officer
    assert report.police_ready_by == world.police_officer
    assert actions(report) == ["ready", "ready"]
    mark_ready(report_id=report.pk, branch="office", by=world.officer)  # a double click
    assert actions(report) == ["ready", "ready"]
    unmark_ready(report_id=report.pk, branch="office", by=world.officer)
    report.refresh_from_db()
    assert report.office_ready_at is None
    assert report.office_ready_by is None
    assert report.police_ready_at is not None


def test_a_branch_marks_only_its_own_part(world, report, fill):
    fill(report)
    for by in (world.police_officer, world.neighbour, world.reviewer, world.chair, world.stranger):
        with pytest.raises(NotAllowed, match="Văn phòng"):
            mark_ready(report_id=report.pk, branch="office", by=by)
    mark_ready(report_id=report.pk, branch="police", by=world.leader)  # the leader may mark either


def test_a_branch_is_not_ready_with_blank_or_wrong_cells_of_its_own(world, report, fill):
    fill(report)
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(rejected=None)
    with pytest.raises(Refused, match="Chưa chốt được phần Văn phòng: còn 1 ô") as refusal:
        mark_ready(report_id=report.pk, branch="office", by=world.officer)
    assert str(refusal.value) == "Chưa chốt được phần Văn phòng: còn 1 ô thiếu hoặc sai."  # the sentence alone
    assert [p.cell for p in refusal.value.problems] == ["DVC09.rejected"]
    mark_ready(report_id=report.pk, branch="police", by=world.police_officer)  # not their cell
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(rejected=99)
    with pytest.raises(Refused) as refusal:
        mark_ready(report_id=report.pk, branch="office", by=world.officer)
    assert [p.severity for p in refusal.value.problems] == ["hard"]


# Submission


def test_submit_writes_status_event_receipt_mark_and_wakes_the_worker(world, ready, woken):
    RollupRequest.objects.all().delete()
    event = workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    assert (ready.status, ready.revision, ready.submitted_by) == (Status.SUBMITTED, 1, world.officer)
    assert ready.submitted_at == dt.datetime(2026, 11, 16, 2, 15, tzinfo=dt.UTC)
    assert (ready.is_late, ready.soft_warnings) == (False, 0)
    assert (event.action, event.receipt, event.revision) == ("submit", "BC-25217-2026-11-1", 1)
    assert RollupRequest.objects.filter(unit=world.phuoc_long, period=ready.period).count() == 1
    assert woken == [1]


def test_checksum_can_be_recomputed_by_hand(world, ready):
    from reporting.models import IndicatorFigure

    event = workflow.submit(report_id=ready.pk, by=world.officer)
    lines = []
    for row in ServiceFigures.objects.filter(report=ready).select_related("service"):
        for field in (
            "opening",
            "received_online",
            "received_in_person",
            "received_postal",
            "resolved_early",
            "resolved_on_time",
            "resolved_overdue",
            "rejected",
            "pending_in_time",
            "pending_overdue",
        ):
            value = getattr(row, field)
            lines.append(f"{row.service.code}.{field}={'' if value is None else value}")
    for row in IndicatorFigure.objects.filter(report=ready).select_related("indicator"):
        lines.append(f"{row.indicator.code}.numerator={'' if row.numerator is None else row.numerator}")
        lines.append(f"{row.indicator.code}.denominator={'' if row.denominator is None else row.denominator}")
    text = "\n".join(["25217|2026-11", *sorted(lines)])
    assert event.checksum == hashlib.sha256(text.encode()).hexdigest()
    ServiceFigures.objects.filter(report=ready, service__code="DVC09").update(received_postal=None)  # blank is not 0
    assert workflow.checksum(ready) != event.checksum


@pytest.mark.parametrize(("moment", "late"), [("16:59:59", False), ("17:00:00", False), ("17:00:01", True)])
def test_late_only_after_the_deadline(world, ready, at, moment, late):
    at(f"2026-11-16 {moment}")
    workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    assert ready.is_late is late


def test_submit_needs_both_marks(world, report, fill):
    fill(report)
    mark_ready(report_id=report.pk, branch="office", by=world.officer)
    with pytest.raises(NotAllowed, match="Công an chưa chốt"):
        workflow.submit(report_id=report.pk, by=world.officer)
    report.refresh_from_db()
    assert report.status == Status.DRAFT


def test_submit_of_an_empty_form_is_refused_even_when_marked(world, report):
    Report.objects.filter(pk=report.pk).update(
        office_ready_at=report.period.deadlines.first().due_at, police_ready_at=report.period.deadlines.first().due_at
    )
    with pytest.raises(Refused) as refusal:
        workflow.submit(report_id=report.pk, by=world.officer)
    assert {p.severity for p in refusal.value.problems} == {"missing"}
    report.refresh_from_db()
    assert (report.status, report.revision) == (Status.DRAFT, 0)
    assert not ReportEvent.objects.filter(report=report).exists()


def test_only_people_of_the_unit_submit(world, ready):
    for by in (world.neighbour, world.reviewer, world.chair, world.staff, world.auditor, world.stranger):
        with pytest.raises(NotAllowed, match="của đơn vị"):
            workflow.submit(report_id=ready.pk, by=by)
    workflow.submit(report_id=ready.pk, by=world.leader)


def test_a_doubtful_point_needs_a_reason_which_stays_word_for_word(world, ready):
    row = ServiceFigures.objects.get(report=ready, service__code="DVC19")
    row.received_online, row.received_in_person = 8, 2  # online only since 1 October 2025
    row.save()
    with pytest.raises(Refused, match="1 điểm cần giải trình") as refusal:
        workflow.submit(report_id=ready.pk, by=world.officer)
    problem = refusal.value.problems[0]
    assert (problem.severity, problem.cell) == ("soft", "DVC19.received_in_person")
    saving.explain(
        report_id=ready.pk,
        by=world.officer,
        check_code=problem.code,
        cell=problem.cell,
        reason="Cổng ngừng tiếp nhận ngày 28 và 29/10",
    )
    event = workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    assert ready.soft_warnings == 1
    assert "2 hồ sơ trực tiếp. Giải trình: “Cổng ngừng tiếp nhận ngày 28 và 29/10”" in event.reason
    Explanation.objects.filter(report=ready).delete()
    event.refresh_from_db()
    assert "28 và 29/10" in event.reason


def test_a_double_click_submits_once(world, sent):
    with pytest.raises(NotAllowed, match="Nguyễn Thị Hồng Nhung đã gửi báo cáo này lúc 09:15 ngày 16/11/2026"):
        workflow.submit(report_id=sent.pk, by=world.officer)
    assert actions(sent).count("submit") == 1


def test_sending_again_after_a_return_counts_up(world, sent, at):
    """The first time of sending decides: a correction after the deadline makes no punctual commune late."""
    workflow.send_back(report_id=sent.pk, by=world.reviewer, reason="DVC03 lệch số chuyển sang")
    at("2026-11-17 08:00")
    event = workflow.submit(report_id=sent.pk, by=world.leader)
    sent.refresh_from_db()
    assert (sent.revision, sent.status, sent.submitted_by, sent.is_late) == (2, "submitted", world.leader, False)
    assert event.receipt == "BC-25217-2026-11-2"


def test_a_report_first_sent_late_stays_late(world, ready, at):
    at("2026-11-16 17:00:01")
    workflow.submit(report_id=ready.pk, by=world.officer)
    workflow.send_back(report_id=ready.pk, by=world.reviewer, reason="DVC03 lệch số chuyển sang")
    PeriodDeadline.objects.filter(period=ready.period, level=ready.level).update(
        due_at=timezone.now() + dt.timedelta(days=9)
    )
    workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    assert (ready.revision, ready.is_late) == (2, True)


def test_a_reopened_report_of_a_punctual_commune_is_not_counted_late(world, approved, at):
    workflow.reopen(report_id=approved.pk, by=world.reviewer, reason="Sửa DVC16")
    at("2026-11-20 08:00")
    workflow.submit(report_id=approved.pk, by=world.officer)
    rollup.drain()
    summary = SubmissionSummary.objects.get(unit=world.dong_nai, period=approved.period)
    assert (summary.submitted, summary.late) == (1, 0)


# Approval


def test_approve(world, approved, woken):
    assert (approved.status, approved.approved_by) == (Status.APPROVED, world.reviewer)
    assert actions(approved)[-1] == "approve"
    assert woken == [1, 1]


def test_every_act_of_a_reviewer_returns_its_event_as_it_is_kept(world, sent):
    """Who, what, which sending and, word for word, why; the newest entry of the report's log."""

    def told(event):
        assert event == sent.events.order_by("pk").last()
        return event.action, event.by, event.revision, event.reason

    pk, by = sent.pk, world.reviewer
    assert told(workflow.approve(report_id=pk, by=by)) == ("approve", by, 1, "")
    assert told(workflow.reopen(report_id=pk, by=by, reason=" Sai DVC16 ")) == ("reopen", by, 1, "Sai DVC16")
    workflow.submit(report_id=pk, by=world.officer)
    assert told(workflow.send_back(report_id=pk, by=by, reason="Thiếu DVC09")) == ("send_back", by, 2, "Thiếu DVC09")
    Report.objects.filter(pk=pk).update(prior_corrected=True)
    assert told(workflow.accept_prior(report_id=pk, by=by)) == ("accept_prior", by, 2, "")


def test_only_reviewers_above_approve(world, sent):
    for by in (world.officer, world.leader, world.chair, world.staff, world.auditor, world.stranger_reviewer):
        with pytest.raises(NotAllowed, match="không phải người duyệt"):
            workflow.approve(report_id=sent.pk, by=by)
    sent.refresh_from_db()
    assert sent.status == Status.SUBMITTED


def test_nobody_approves_what_they_sent(world, sent):
    from taskforces.models import Posting

    Posting.objects.create(user=world.officer, unit=world.dong_nai, role="reviewer", valid_from=dt.date(2026, 1, 1))
    del world.officer._current_postings
    with pytest.raises(NotAllowed, match="do chính mình gửi"):
        workflow.approve(report_id=sent.pk, by=world.officer)
    with pytest.raises(IntegrityError), transaction.atomic():  # the database holds it too
        Report.objects.filter(pk=sent.pk).update(
            status="approved", approved_by=world.officer, approved_at=sent.submitted_at
        )
    workflow.send_back(report_id=sent.pk, by=world.officer, reason="Gửi nhầm")  # taking it back harms nobody


def test_the_second_reviewer_is_told_who_won_and_when(world, approved):
    with pytest.raises(NotAllowed, match="Trần Quốc Bảo đã duyệt báo cáo này lúc 09:15 ngày 16/11/2026"):
        workflow.approve(report_id=approved.pk, by=world.second_reviewer)
    with pytest.raises(NotAllowed, match="Trần Quốc Bảo đã duyệt"):
        workflow.send_back(report_id=approved.pk, by=world.second_reviewer, reason="x")
    assert actions(approved).count("approve") == 1


def test_a_draft_is_not_approved(world, ready):
    with pytest.raises(NotAllowed, match="chưa gửi"):
        workflow.approve(report_id=ready.pk, by=world.reviewer)


def test_a_province_report_is_reviewed_in_the_province(world, november, fill, at):
    at("2026-11-19 08:00")
    report = Report.objects.get(unit=world.dong_nai, period=november)
    fill(report, status="submitted", by=world.staff)
    with pytest.raises(NotAllowed):
        workflow.approve(report_id=report.pk, by=world.stranger_reviewer)
    workflow.approve(report_id=report.pk, by=world.reviewer)


def test_approving_many_names_those_refused(world, november, fill, at, woken):
    at("2026-11-17 08:00")
    reports = {
        u.pk: Report.objects.get(unit=u, period=november)
        for u in (world.phuoc_long, world.phuoc_binh, world.phu_rieng, world.da_huoai)
    }
    for report in reports.values():
        fill(report, status="submitted", by=world.officer)
    doubtful = reports[world.phuoc_binh.pk]
    Report.objects.filter(pk=doubtful.pk).update(soft_warnings=1)
    foreign = reports[world.da_huoai.pk]
    approved, refused = workflow.approve_clean(report_ids=[r.pk for r in reports.values()], by=world.reviewer)
    assert {r.unit_id for r in approved} == {world.phuoc_long.pk, world.phu_rieng.pk}
    assert {(r.pk, why) for r, why in refused} == {
        (doubtful.pk, "Báo cáo có điểm cần xem, mở ra để duyệt riêng."),
        (foreign.pk, "Bạn không phải người duyệt của đơn vị này."),
    }
    assert Report.objects.filter(status="approved").count() == 2
    assert ReportEvent.objects.filter(action="approve").count() == 2
    assert woken == [1]  # one wake-up for all


def test_approving_many_says_who_approved_one_meanwhile_though_it_has_a_doubtful_point(world, approved):
    Report.objects.filter(pk=approved.pk).update(soft_warnings=1)
    done, refused = workflow.approve_clean(report_ids=[approved.pk], by=world.second_reviewer)
    assert done == []
    assert refused == [(approved, "Trần Quốc Bảo đã duyệt báo cáo này lúc 09:15 ngày 16/11/2026.")]


# Return, reopen


def test_send_back_needs_a_reason_and_leaves_the_totals(world, sent):
    with pytest.raises(NotAllowed, match="Phải ghi lý do trả lại"):
        workflow.send_back(report_id=sent.pk, by=world.reviewer, reason="  ")
    RollupRequest.objects.all().delete()
    event = workflow.send_back(report_id=sent.pk, by=world.reviewer, reason=" DVC05 ghi 0 ")
    sent.refresh_from_db()
    assert (sent.status, event.reason) == (Status.RETURNED, "DVC05 ghi 0")
    assert sent.is_editable
    assert RollupRequest.objects.count() == 1
    with pytest.raises(NotAllowed, match="đã trả lại"):
        workflow.approve(report_id=sent.pk, by=world.second_reviewer)


def test_reopen_an_approved_report(world, approved):
    for by in (world.officer, world.staff, world.stranger_reviewer):
        with pytest.raises(NotAllowed, match="không phải người duyệt"):
            workflow.reopen(report_id=approved.pk, by=by, reason="x")
    with pytest.raises(NotAllowed, match="Phải ghi lý do mở lại"):
        workflow.reopen(report_id=approved.pk, by=world.reviewer, reason="")
    RollupRequest.objects.all().delete()
    workflow.reopen(report_id=approved.pk, by=world.reviewer, reason="Đơn vị báo sai số")
    approved.refresh_from_db()
    assert (approved.status, approved.approved_at, approved.approved_by) == (Status.RETURNED, None, None)
    assert RollupRequest.objects.count() == 1
    with pytest.raises(NotAllowed, match="Chỉ mở lại được báo cáo đã duyệt"):
        workflow.reopen(report_id=approved.pk, by=world.reviewer, reason="lần nữa")


# The month before was corrected


@pytest.fixture
def two_months(world, month, fill, at):
    """October approved, November sent, both of Phường Phước Long; closing of October = opening of November = 0."""
    month("2026-10")
    month("2026-11")
    at("2026-11-17 08:00")
    october, november = (Report.objects.get(unit=world.phuoc_long, period__month=m) for m in (10, 11))
    fill(october, status="submitted", by=world.officer)
    Report.objects.filter(pk=october.pk).update(soft_warnings=0)
    ReportEvent.objects.create(report=october, action="submit", by=world.officer, at=october.submitted_at, revision=1)
    fill(november, base=11, status="submitted", by=world.officer)
    workflow.approve(report_id=october.pk, by=world.reviewer)
    workflow.reopen(report_id=october.pk, by=world.reviewer, reason="Đơn vị báo sai")
    return october, november


def test_a_corrected_month_flags_the_next_one_and_rewrites_nothing(world, two_months):
    october, november = two_months
    before = list(ServiceFigures.objects.filter(report=november).order_by("pk").values())
    result = saving.save_cells(
        report_id=october.pk, by=world.officer, cells={"DVC09.resolved_on_time": "7"}, seen=None, via="page"
    )
    assert not result.refused
    make_ready(world, october)
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert november.prior_corrected
    assert november.status == Status.SUBMITTED
    assert list(ServiceFigures.objects.filter(report=november).order_by("pk").values()) == before
    assert not workflow.is_clean(november)
    with pytest.raises(NotAllowed, match="đơn vị báo cáo hoặc người duyệt"):
        workflow.accept_prior(report_id=november.pk, by=world.chair)
    workflow.accept_prior(report_id=november.pk, by=world.reviewer)
    november.refresh_from_db()
    assert not november.prior_corrected
    assert actions(november)[-1] == "accept_prior"
    with pytest.raises(NotAllowed, match="không còn chờ"):
        workflow.accept_prior(report_id=november.pk, by=world.reviewer)


def test_sending_again_without_a_new_closing_flags_nothing(world, two_months):
    october, november = two_months
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected


def test_a_correction_that_keeps_the_closing_flags_nothing(world, two_months):
    october, november = two_months
    saving.save_cells(
        report_id=october.pk,
        by=world.officer,
        cells={"DVC09.received_online": "12", "DVC09.resolved_on_time": "12"},
        seen=None,
        via="page",
    )
    make_ready(world, october)
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected


def test_the_flag_falls_when_the_flagged_month_is_sent_again(world, two_months):
    """Corrected October flags November; November comes back, takes the new opening over and is sent: nothing to see."""
    october, november = two_months
    cells = {"DVC09.resolved_on_time": "7"}
    saving.save_cells(report_id=october.pk, by=world.officer, cells=cells, seen=None, via="page")
    make_ready(world, october)
    workflow.submit(report_id=october.pk, by=world.officer)
    workflow.send_back(report_id=november.pk, by=world.reviewer, reason="Lấy lại số chuyển sang")
    november.refresh_from_db()
    assert november.prior_corrected
    workflow.submit(report_id=november.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected
    row = ServiceFigures.objects.get(report=november, service__code="DVC09")
    assert (row.opening, row.pending_in_time) == (3, 3)  # 3 of October; 11 came in, 11 went out


def test_an_accepted_difference_is_not_flagged_again_by_another_correction(world, two_months, at):
    """Accepted for DVC09; October then changes DVC10 alone without moving its closing: DVC09 stays accepted."""
    october, november = two_months
    saving.save_cells(
        report_id=october.pk, by=world.officer, cells={"DVC09.resolved_on_time": "7"}, seen=None, via="page"
    )
    make_ready(world, october)
    at("2026-11-17 09:00")
    workflow.submit(report_id=october.pk, by=world.officer)
    workflow.accept_prior(report_id=november.pk, by=world.reviewer)
    at("2026-11-18 08:00")
    workflow.send_back(report_id=october.pk, by=world.reviewer, reason="Thiếu hồ sơ DVC10")
    more = {"DVC10.received_online": "12", "DVC10.resolved_on_time": "12"}
    saving.save_cells(report_id=october.pk, by=world.officer, cells=more, seen=None, via="page")
    make_ready(world, october)
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected


def test_nothing_approved_wakes_nobody(world, ready, woken):
    woken.clear()
    approved, refused = workflow.approve_clean(report_ids=[ready.pk], by=world.reviewer)
    assert (approved, len(refused), woken) == ([], 1, [])


def test_a_draft_of_the_next_month_is_not_flagged(world, two_months):
    october, november = two_months
    Report.objects.filter(pk=november.pk).update(status="draft")
    FigureChange.objects.create(
        report=october,
        cell="DVC09.resolved_on_time",
        old=10,
        new=7,
        by=world.officer,
        at=dt.datetime(2026, 11, 17, 1, tzinfo=dt.UTC),
        via="page",
    )
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(resolved_on_time=7, pending_in_time=3)
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected


def correct(w, october, **cells):
    """October is corrected and sent again."""
    named = {key.replace("__", "."): value for key, value in cells.items()}
    assert saving.save_cells(report_id=october.pk, by=w.officer, cells=named).is_ok
    make_ready(w, october)
    workflow.submit(report_id=october.pk, by=w.officer)


def test_sending_takes_over_the_opening_as_it_stands_then(world, two_months, at):
    """November is a draft with an opening of 0 on record; October closed with 3 since. Nobody types in November."""
    october, november = two_months
    Report.objects.filter(pk=november.pk).update(status="draft", submitted_at=None, submitted_by=None)
    correct(world, october, DVC09__resolved_on_time="7")  # 10 received, 7 resolved
    row = ServiceFigures.objects.get(report=november, service__code="DVC09")
    assert (row.opening, row.pending_in_time) == (0, 0)
    at("2026-11-17 08:10")
    make_ready(world, november)
    event = workflow.submit(report_id=november.pk, by=world.officer)
    row.refresh_from_db()
    assert (row.opening, row.pending_in_time) == (3, 3)
    change = FigureChange.objects.get(report=november, cell="DVC09.opening")
    assert (change.old, change.new, change.via) == (0, 3, "carried")
    assert event.checksum == workflow.checksum(november)  # of what was sealed, not of what stood there before


def test_an_opening_taken_over_at_sending_is_checked_before_it_is_sent(world, two_months, fill):
    """October closed with 3 and November resolved them; October then corrected to 0: November cannot be right."""
    october, november = two_months
    correct(world, october, DVC09__resolved_on_time="7")
    Report.objects.filter(pk=november.pk).update(status="draft", submitted_at=None, submitted_by=None)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(opening=3, resolved_on_time=14)
    make_ready(world, november)
    workflow.approve(report_id=october.pk, by=world.reviewer)
    workflow.reopen(report_id=october.pk, by=world.reviewer, reason="Đơn vị báo sai")
    correct(world, october, DVC09__resolved_on_time="10")
    with pytest.raises(Refused, match="1 lỗi"):
        workflow.submit(report_id=november.pk, by=world.officer)
    assert Report.objects.get(pk=november.pk).status == Status.DRAFT


def test_sending_again_with_the_new_opening_ends_the_flag(world, two_months, at):
    october, november = two_months
    correct(world, october, DVC09__resolved_on_time="7")
    november.refresh_from_db()
    assert november.prior_corrected
    workflow.send_back(report_id=november.pk, by=world.reviewer, reason="Lấy lại số kỳ trước")
    make_ready(world, november)
    at("2026-11-17 08:20")
    workflow.submit(report_id=november.pk, by=world.officer)
    november.refresh_from_db()
    assert not november.prior_corrected
    assert ServiceFigures.objects.get(report=november, service__code="DVC09").opening == 3
    assert workflow.is_clean(november)


@pytest.mark.parametrize(
    ("cells", "is_flagged"),
    [
        ({}, False),
        (
            {"DVC10__received_online": "12", "DVC10__resolved_on_time": "12"},
            False,
        ),  # another service, closing 0 as sent
        ({"DVC09__received_online": "12", "DVC09__resolved_on_time": "9"}, False),  # closing 3 as sent and accepted
        ({"DVC09__resolved_on_time": "6"}, True),  # closing 4: a new difference
        ({"DVC10__resolved_on_time": "9"}, True),  # another service's closing
        ({"DVC09__resolved_on_time": "10"}, False),  # closing 0: as November has it
    ],
)
def test_an_accepted_difference_is_flagged_again_only_when_the_closing_changes_again(
    world, two_months, at, cells, is_flagged
):
    """October's closing of DVC09 went from 0 to 3 and the reviewer accepted that November keeps 0."""
    october, november = two_months
    at("2026-11-17 08:10")
    saving.save_cells(report_id=october.pk, by=world.officer, cells={"DVC09.resolved_on_time": "7"})
    at("2026-11-17 08:20")
    correct(world, october)
    workflow.accept_prior(report_id=november.pk, by=world.reviewer)
    at("2026-11-17 09:00")
    workflow.approve(report_id=october.pk, by=world.reviewer)
    workflow.reopen(report_id=october.pk, by=world.reviewer, reason="Sửa thêm")
    at("2026-11-17 10:00")
    correct(world, october, **cells)
    november.refresh_from_db()
    assert november.prior_corrected is is_flagged


def test_a_month_first_sent_after_the_next_flags_it_where_they_do_not_meet(world, month, fill, at):
    """November is sent with an opening of 0; only then October is sent for the first time and closes with 3."""
    october, november = (Report.objects.get(unit=world.phuoc_long, period=month(key)) for key in ("2026-10", "2026-11"))
    at("2026-11-17 08:00")
    fill(november, status="submitted", by=world.officer)
    fill(october, ready=True)
    row = ServiceFigures.objects.filter(report=october, service__code="DVC09")
    row.update(resolved_on_time=7, pending_in_time=3)
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert november.prior_corrected


def test_a_correction_counts_though_the_part_was_marked_again_after_it(world, two_months, at):
    """Changed at 8:10, the mark taken back and set again at 8:20, sent at 8:30: the last sending counts, no mark."""
    october, november = two_months
    at("2026-11-17 08:10")
    saving.save_cells(report_id=october.pk, by=world.officer, cells={"DVC09.resolved_on_time": "7"})
    at("2026-11-17 08:20")
    make_ready(world, october)
    unmark_ready(report_id=october.pk, branch="office", by=world.officer)
    make_ready(world, october)
    at("2026-11-17 08:30")
    workflow.submit(report_id=october.pk, by=world.officer)
    november.refresh_from_db()
    assert november.prior_corrected


def test_a_correction_counts_though_the_clock_was_set_back_since_the_sending(world, two_months, at):
    """Sent again and reopened while the server's clock was a day ahead; it is set right, then the closing goes to 3."""
    october, november = two_months
    at("2026-11-18 08:00")
    correct(world, october)
    workflow.send_back(report_id=october.pk, by=world.reviewer, reason="DVC09 còn hồ sơ")
    at("2026-11-17 08:10")
    correct(world, october, DVC09__resolved_on_time="7")
    november.refresh_from_db()
    assert november.prior_corrected


def test_without_a_sending_on_record_every_change_counts(world, month, fill, at):
    """October was taken over as returned: its log knows no sending."""
    october, november = (Report.objects.get(unit=world.phuoc_long, period=month(key)) for key in ("2026-10", "2026-11"))
    at("2026-11-17 08:00")
    fill(november, status="submitted", by=world.officer)
    fill(october, status="returned", by=world.officer)
    correct(world, october, DVC09__resolved_on_time="7")
    november.refresh_from_db()
    assert november.prior_corrected


# Closing the month


def test_close_and_reopen_the_month(world, november, at):
    at("2026-11-25 10:00")
    for by in (world.officer, world.reviewer, world.chair, world.auditor, world.old_staff):
        with pytest.raises(NotAllowed, match="Chỉ Tổ giúp việc"):
            closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=by)
    closure = closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    assert closure.closed_by == world.staff
    inside = Report.objects.get(unit=world.phuoc_long, period=november)
    outside = Report.objects.get(unit=world.da_huoai, period=november)
    assert closing.is_closed(inside)
    assert not closing.is_closed(outside)
    with pytest.raises(NotAllowed, match="Đỗ Thu Hà khóa lúc 10:00 ngày 25/11/2026"):
        closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    with pytest.raises(NotAllowed, match="Phải ghi lý do mở khóa"):
        closing.reopen_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff, reason=" ")
    closing.reopen_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Sai số DVC06")
    assert not closing.is_closed(inside)
    with pytest.raises(NotAllowed, match="đang mở"):
        closing.reopen_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff, reason="x")
    closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    assert PeriodClosure.objects.count() == 2


def test_who_opened_the_month_again_when_and_why_is_kept_and_told(world, november, at):
    at("2026-11-25 10:00")
    closed = closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    moment = at("2026-11-26 08:30")
    told = closing.reopen_period(
        period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff, reason=" Sai số "
    )
    kept = PeriodClosure.objects.get(pk=closed.pk)
    for closure in (told, kept):
        assert closure.pk == closed.pk
        assert (closure.reopened_by, closure.reopened_at, closure.reopen_reason) == (world.staff, moment, "Sai số")


def test_a_closed_month_refuses_every_change(world, november, sent, fill):
    other = Report.objects.get(unit=world.phuoc_binh, period=november)
    fill(other, status="approved", by=world.neighbour)
    draft = Report.objects.get(unit=world.phu_rieng, period=november)
    fill(draft, ready=True)
    from taskforces.models import Role
    from tests.conftest import make_person

    draft_officer = make_person("rieng", "Vũ Thị Riềng", world.phu_rieng, Role.LEADER)
    Report.objects.filter(pk=sent.pk).update(prior_corrected=True)
    closing.close_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff)
    acts = [
        lambda: workflow.approve(report_id=sent.pk, by=world.reviewer),
        lambda: workflow.send_back(report_id=sent.pk, by=world.reviewer, reason="x"),
        lambda: workflow.reopen(report_id=other.pk, by=world.reviewer, reason="x"),
        lambda: workflow.accept_prior(report_id=sent.pk, by=world.officer),
        lambda: workflow.submit(report_id=draft.pk, by=draft_officer),
        lambda: mark_ready(report_id=draft.pk, branch="office", by=draft_officer),
        lambda: unmark_ready(report_id=draft.pk, branch="office", by=draft_officer),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match="đã khóa"):
            act()
    approved, refused = workflow.approve_clean(report_ids=[sent.pk], by=world.reviewer)
    assert not approved
    assert "điểm cần xem" in refused[0][1]
    closing.reopen_period(period_id=november.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Sửa")
    workflow.approve(report_id=sent.pk, by=world.reviewer)


def test_people_of_a_closed_unit_write_nothing(world, month, fill, at):
    period = month("2025-06")
    report = Report.objects.get(unit=world.thac_mo, period=period)
    fill(report, ready=True)
    at("2025-07-01 00:00:00")  # the ward ended the day before
    with pytest.raises(NotAllowed):
        workflow.submit(report_id=report.pk, by=world.old_officer)


def test_three_tiers_the_district_reviews_its_communes_only(world, month, fill, at):
    at("2024-11-18 09:00")
    period = month("2024-11")
    inside, outside, own = (
        Report.objects.get(unit=u, period=period) for u in (world.thac_mo, world.an_loc, world.tx_phuoc_long)
    )
    for report in (inside, outside, own):
        fill(report, status="submitted", by=world.old_officer)
    workflow.approve(report_id=inside.pk, by=world.district_reviewer)
    for report in (outside, own):  # another district's commune; the district's own report goes to the province
        with pytest.raises(NotAllowed, match="không phải người duyệt"):
            workflow.approve(report_id=report.pk, by=world.district_reviewer)


# Buttons


def test_buttons_ask_the_same_questions(world, ready):
    assert workflow.why_not_submit(ready, world.officer) == ""
    assert "của đơn vị" in workflow.why_not_submit(ready, world.reviewer)
    assert "chưa gửi" in workflow.why_not_approve(ready, world.reviewer)
    workflow.submit(report_id=ready.pk, by=world.officer)
    ready.refresh_from_db()
    assert workflow.why_not_approve(ready, world.reviewer) == ""
    assert "đã gửi" in workflow.why_not_submit(ready, world.officer)
    assert "Chỉ mở lại được báo cáo đã duyệt" in workflow.why_not_reopen(ready, world.reviewer)


# Two at once, on a database that really has two at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite in memory is one connection; PostgreSQL only")
def test_two_reviewers_at_once_one_wins(world, month, fill, at):
    period = month("2026-11")
    report = Report.objects.get(unit=world.phuoc_long, period=period)
    fill(report, status="submitted", by=world.officer)
    start, results = threading.Barrier(2), []

    def act(by):
        start.wait()
        try:
            workflow.approve(report_id=report.pk, by=by)
            results.append("won")
        except NotAllowed as error:
            results.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(p,)) for p in (world.reviewer, world.second_reviewer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("won") == 1
    assert next(r for r in results if r != "won").split(" đã duyệt báo cáo này lúc")[0] in {
        "Trần Quốc Bảo",
        "Bùi Lan Anh",
    }
    assert ReportEvent.objects.filter(report=report, action="approve").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite in memory is one connection; PostgreSQL only")
def test_closing_waits_for_an_approval_under_way(world, month, fill):
    period = month("2026-11")
    report = Report.objects.get(unit=world.phuoc_long, period=period)
    fill(report, status="submitted", by=world.officer)
    done = []

    def close():
        closing.close_period(period_id=period.pk, province_id=world.dong_nai.pk, by=world.staff)
        done.append("closed")
        connections.close_all()

    with transaction.atomic():
        Report.objects.select_for_update().get(pk=report.pk)  # an approval holds the report
        thread = threading.Thread(target=close)
        thread.start()
        thread.join(timeout=1)
        assert not done  # it waits
    thread.join()
    assert done == ["closed"]
    with pytest.raises(NotAllowed, match="đã khóa"):
        workflow.approve(report_id=report.pk, by=world.reviewer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite in memory is one connection; PostgreSQL only")
@pytest.mark.parametrize("second_act", ["approve", "send_back"])
def test_a_reviewer_who_comes_while_another_approves_waits_and_is_refused(world, month, fill, second_act):
    """Not left to luck: the first approval is written and not yet committed when the second reviewer acts."""
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    fill(report, status="submitted", by=world.officer)
    said = []

    def act():
        more = {"reason": "Sai số"} if second_act == "send_back" else {}
        try:
            getattr(workflow, second_act)(report_id=report.pk, by=world.second_reviewer, **more)
            said.append("done twice")
        except NotAllowed as error:
            said.append(str(error))
        finally:
            connections.close_all()

    with transaction.atomic():
        workflow.approve(report_id=report.pk, by=world.reviewer)
        thread = threading.Thread(target=act)
        thread.start()
        thread.join(timeout=1)
        assert said == []  # it waits for the first
    thread.join(timeout=30)
    assert len(said) == 1
    assert said[0].startswith("Trần Quốc Bảo đã duyệt báo cáo này lúc")
    report.refresh_from_db()
    assert (report.status, report.approved_by) == (Status.APPROVED, world.reviewer)
    assert actions(report) == ["approve"]


# A clock that was ahead and is set right


def test_the_last_event_is_the_one_with_the_highest_number_whatever_its_clock_said(client, world, sent, at):
    """First sent, sent back and corrected while the server's clock was a day ahead; then it is set right."""
    colleague = make_person("mai", "Lý Thị Mai", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    at("2026-11-17 09:15")
    workflow.send_back(report_id=sent.pk, by=world.reviewer, reason="Sai số liệu dịch vụ 9")
    saving.save_cells(report_id=sent.pk, by=world.officer, cells={"DVC09.opening": "5"}, via="page")
    saving.save_cells(report_id=sent.pk, by=world.officer, cells={"DVC09.opening": "6"}, via="page")
    saving.save_cells(report_id=sent.pk, by=world.officer, cells={"DVC09.opening": "0"}, via="page")
    make_ready(world, sent)
    workflow.submit(report_id=sent.pk, by=world.officer)
    at("2026-11-16 10:00")
    workflow.send_back(report_id=sent.pk, by=world.second_reviewer, reason="Còn sai dịch vụ 10")
    saving.save_cells(report_id=sent.pk, by=colleague, cells={"DVC09.opening": "7"}, via="page")
    saving.save_cells(report_id=sent.pk, by=colleague, cells={"DVC09.opening": "0"}, via="page")
    assert saving.last_changes(sent, ["DVC09.opening"])["DVC09.opening"].by == colleague
    client.force_login(world.reviewer)
    page = client.get(reverse("report-detail", args=[sent.pk])).content.decode()
    assert "Còn sai dịch vụ 10" in page
    make_ready(world, sent)
    workflow.submit(report_id=sent.pk, by=world.officer)
    sent.refresh_from_db()
    assert sent.revision == 3
    assert "đã gửi báo cáo này lúc 10:00" in what_happened(sent)
    shown = client.get(reverse("report-receipt", args=[sent.pk])).context
    assert shown["event"].receipt == "BC-25217-2026-11-3"
    assert [event.revision for event in shown["earlier"]] == [2, 1]
    assert shown["is_current"]
