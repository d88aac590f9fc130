"""What a province published stays: versions, corrections cell by cell, approvals after publication (decision 0022)."""

import threading

import pytest
from django.db import IntegrityError, connection, connections, transaction

from de_an_06.plain.spans import Span
from reporting import closing
from reporting.models import (
    Basis,
    Correction,
    FigureChange,
    PublishedVersion,
    Report,
    ReportEvent,
    ServiceFigures,
    VersionReport,
    VersionTotal,
)
from reporting.reading.overview import overview
from reporting.report_log import NotAllowed
from reporting.review import corrections, publishing, workflow
from reporting.rollup import rollup
from taskforces.models.append_only import MESSAGE

pytestmark = pytest.mark.django_db
OCTOBER = Span.parse("2026-10")


@pytest.fixture
def october(world, month, put, at):
    """Two communes approved (100 and 7 received), the third not sent; nothing closed yet."""
    at("2026-11-18 09:00")
    period = month("2026-10")
    put(world.phuoc_long, period, 100, early=90, overdue=10, status="approved", dd04=(5, 10))
    put(world.phu_rieng, period, 7, early=4, stuck=1, status="approved", dd04=(1, 10))
    rollup.roll_up(period)
    return period


def close(world, period):
    return publishing.close_month(period_id=period.pk, province_id=world.dong_nai.pk, by=world.staff)


def versions(world, period):
    return list(publishing.versions(period.pk, [world.dong_nai.pk]))


def received(unit, basis=Basis.OFFICIAL):
    rollup.drain()
    return overview(unit.pk, OCTOBER, basis).dossiers.received


def report_of(unit, period):
    return Report.objects.get(unit=unit, period=period)


def ask(world, period, cells=None, by=None, unit=None, reason="Sót hồ sơ nhập tay"):
    cells = {"DVC09.received_online": "110", "DVC09.resolved_early": "100"} if cells is None else cells
    report = report_of(unit or world.phuoc_long, period)
    return corrections.ask(report_id=report.pk, by=by or world.officer, cells=cells, reason=reason)


# The first version ---------------------------------------------------------------------------------------------------


def test_closing_publishes_the_official_figures_and_all_behind_them(world, october):
    close(world, october)
    (version,) = versions(world, october)
    assert (version.number, version.by, version.reason) == (1, world.staff, "")
    total = version.totals.get()
    assert (total.unit, total.name, total.expected, total.approved) == (world.dong_nai, "Tỉnh Đồng Nai", 4, 2)
    assert total.figures["DVC09.received_online"] == 107
    assert total.figures["DVC09.pending_overdue"] == 1
    assert (total.figures["DD04.numerator"], total.figures["DD04.denominator"]) == (6, 20)
    assert total.units["DVC09"] == 2
    rows = {row.unit_id: row for row in version.reports.all()}
    assert len(rows) == 4
    assert rows[world.phuoc_long.pk].figures["DVC09.received_online"] == 100
    assert (rows[world.phuoc_binh.pk].status, rows[world.phuoc_binh.pk].figures) == ("draft", {})


def test_what_waits_for_its_roll_up_is_in_the_version(world, october):
    ServiceFigures.objects.filter(report=report_of(world.phu_rieng, october)).update(received_online=8)
    rollup.mark_dirty(report_of(world.phu_rieng, october))
    close(world, october)
    assert versions(world, october)[0].totals.get().figures["DVC09.received_online"] == 108


def test_blank_stays_blank_in_a_version(world, october):
    ServiceFigures.objects.filter(report=report_of(world.phu_rieng, october)).update(rejected=None)
    close(world, october)
    row = versions(world, october)[0].reports.get(unit=world.phu_rieng)
    assert row.figures["DVC09.rejected"] is None


def test_a_version_is_never_changed_or_removed(world, october):
    close(world, october)
    for model in (PublishedVersion, VersionReport, VersionTotal):
        table = model._meta.db_table
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):
            with pytest.raises(IntegrityError, match=MESSAGE), transaction.atomic():
                connection.cursor().execute(statement)


def test_closing_again_with_the_same_figures_publishes_nothing(world, october):
    close(world, october)
    closing.reopen_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Chờ một xã")
    close(world, october)
    assert [v.number for v in versions(world, october)] == [1]


def test_another_province_and_another_month_have_versions_of_their_own(world, october, month):
    close(world, october)
    close(world, month("2026-11"))
    assert [v.number for v in versions(world, month("2026-11"))] == [1]
    assert not publishing.versions(october.pk, [world.lam_dong.pk]).exists()


# After publication nothing changes without a version -----------------------------------------------------------------


def test_a_published_report_is_not_reopened_even_in_a_month_opened_again(world, october):
    close(world, october)
    closing.reopen_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Chờ một xã")
    report = report_of(world.phuoc_long, october)
    with pytest.raises(NotAllowed, match="đính chính từng ô"):
        workflow.reopen(report_id=report.pk, by=world.reviewer, reason="Sai số")
    assert received(world.dong_nai) == 107


def test_a_report_of_a_month_never_published_is_reopened_as_before(world, october):
    workflow.reopen(report_id=report_of(world.phuoc_long, october).pk, by=world.reviewer, reason="Sai số")
    assert received(world.dong_nai) == 7


def test_a_report_that_comes_in_after_publication_makes_the_next_version(world, october, put):
    close(world, october)
    closing.reopen_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Chờ một xã")
    report = put(world.phuoc_binh, october, 3)
    assert received(world.dong_nai) == 107
    workflow.approve(report_id=report.pk, by=world.reviewer)
    newest, first = versions(world, october)
    assert (newest.number, newest.reason) == (2, "Bổ sung báo cáo của Phường Phước Bình")
    assert newest.totals.get().figures["DVC09.received_online"] == 110 == received(world.dong_nai)
    assert first.totals.get().figures["DVC09.received_online"] == 107
    close(world, october)
    assert len(versions(world, october)) == 2


def test_several_approved_in_one_act_are_one_version(world, october, put):
    reports = [put(world.phuoc_binh, october, 3), report_of(world.dong_nai, october)]
    close(world, october)
    closing.reopen_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Chờ hai đơn vị")
    Report.objects.filter(pk=reports[1].pk).update(status="submitted", submitted_at=october.published.get().at)
    approved, refused = workflow.approve_clean(report_ids=[r.pk for r in reports], by=world.reviewer)
    assert (len(approved), refused) == (2, [])
    assert [v.number for v in versions(world, october)] == [2, 1]
    assert "Phường Phước Bình" in versions(world, october)[0].reason


def test_before_publication_approvals_make_no_version(world, october, put):
    workflow.approve(report_id=put(world.phuoc_binh, october, 3).pk, by=world.reviewer)
    assert versions(world, october) == []


# Corrections ---------------------------------------------------------------------------------------------------------


def test_until_it_is_accepted_a_correction_changes_nothing(world, october):
    close(world, october)
    correction = ask(world, october)
    assert correction.cells == {"DVC09.received_online": [100, 110], "DVC09.resolved_early": [90, 100]}
    assert received(world.dong_nai) == 107 == received(world.dong_nai, Basis.PROVISIONAL)
    assert len(versions(world, october)) == 1


def test_an_accepted_correction_changes_the_cells_and_publishes_the_next_version(world, october):
    close(world, october)
    report = report_of(world.phuoc_long, october)
    was = report.submitted_at, report.is_late, report.revision
    correction = corrections.accept(correction_id=ask(world, october).pk, by=world.reviewer)
    report.refresh_from_db()
    assert (report.submitted_at, report.is_late, report.revision, report.status) == (*was, "approved")
    row = ServiceFigures.objects.get(report=report)
    assert (row.received_online, row.resolved_early, row.pending_in_time) == (110, 100, 0)
    newest, first = versions(world, october)
    assert correction.version == newest
    assert (newest.number, newest.by, newest.reason) == (2, world.reviewer, "Sót hồ sơ nhập tay")
    assert newest.totals.get().figures["DVC09.received_online"] == 117 == received(world.dong_nai)
    assert first.totals.get().figures["DVC09.received_online"] == 107
    changed = [(c.unit_id, c.is_total, c.cell, c.old, c.new) for c in publishing.differences(first, newest)]
    assert changed == [
        (world.dong_nai.pk, True, "DVC09.received_online", 107, 117),
        (world.dong_nai.pk, True, "DVC09.resolved_early", 94, 104),
        (world.phuoc_long.pk, False, "DVC09.received_online", 100, 110),
        (world.phuoc_long.pk, False, "DVC09.resolved_early", 90, 100),
    ]
    history = FigureChange.objects.filter(report=report, via="correction").order_by("cell")
    assert [(c.cell, c.old, c.new, c.by) for c in history] == [
        ("DVC09.received_online", 100, 110, world.reviewer),
        ("DVC09.resolved_early", 90, 100, world.reviewer),
    ]
    event = report.events.get(action=ReportEvent.Action.CORRECT)
    assert (event.reason, event.checksum) == ("Sót hồ sơ nhập tay", workflow.checksum(report))


def test_what_remains_follows_from_what_is_corrected(world, october):
    close(world, october)
    correction = ask(world, october, {"DVC09.received_online": "103"})
    corrections.accept(correction_id=correction.pk, by=world.reviewer)
    assert ServiceFigures.objects.get(report=report_of(world.phuoc_long, october)).pending_in_time == 3
    newest, first = versions(world, october)
    assert {c.cell for c in publishing.differences(first, newest)} == {
        "DVC09.received_online",
        "DVC09.pending_in_time",
    }


def test_a_month_closed_before_versions_were_kept_gets_its_first_one_before_the_change(world, october):
    closure = closing.close_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff)
    corrections.accept(correction_id=ask(world, october).pk, by=world.reviewer)
    newest, first = versions(world, october)
    assert (first.number, first.by, first.at) == (1, world.staff, closure.closed_at)
    assert first.totals.get().figures["DVC09.received_online"] == 107
    assert newest.totals.get().figures["DVC09.received_online"] == 117


def test_the_next_month_is_flagged_where_its_opening_no_longer_fits(world, october, month, put):
    november = put(world.phuoc_long, month("2026-11"), 5)
    close(world, october)
    corrections.accept(correction_id=ask(world, october, {"DVC09.received_online": "103"}).pk, by=world.reviewer)
    november.refresh_from_db()
    assert november.prior_corrected


def test_a_correction_that_leaves_the_closing_flags_nothing(world, october, month, put):
    november = put(world.phuoc_long, month("2026-11"), 5)
    close(world, october)
    corrections.accept(correction_id=ask(world, october).pk, by=world.reviewer)
    november.refresh_from_db()
    assert not november.prior_corrected


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"DVC09.received_online": "abc"}, "số"),
        ({"DVC09.received_online": ""}, "Không để trống"),
        ({"DVC09.pending_in_time": "5"}, "tự tính"),
        ({"KHONG.co": "5"}, "không có ô này"),
    ],
)
def test_a_cell_that_cannot_be_so_is_named(world, october, cells, message):
    close(world, october)
    with pytest.raises(corrections.WrongCells) as refused:
        ask(world, october, cells)
    assert list(refused.value.messages) == list(cells)
    assert message in next(iter(refused.value.messages.values()))
    assert not Correction.objects.exists()


def test_figures_that_would_contradict_each_other_are_refused(world, october):
    close(world, october)
    with pytest.raises(corrections.WrongCells) as refused:
        ask(world, october, {"DVC09.resolved_early": "500"})
    assert any("DVC09" in cell for cell in refused.value.messages)


def test_nothing_changed_or_no_reason_is_refused(world, october):
    close(world, october)
    with pytest.raises(NotAllowed, match="Chưa ô nào khác"):
        ask(world, october, {"DVC09.received_online": "100"})
    with pytest.raises(NotAllowed, match="lý do"):
        ask(world, october, reason=" ")


def test_only_published_figures_are_corrected_and_one_at_a_time(world, october):
    with pytest.raises(NotAllowed, match="đã công bố"):
        ask(world, october)
    close(world, october)
    ask(world, october)
    with pytest.raises(NotAllowed, match="một đề nghị chờ"):
        ask(world, october)


def test_who_may_ask_and_who_may_decide(world, october):
    close(world, october)
    for person in (world.neighbour, world.stranger, world.chair, world.auditor):
        with pytest.raises(NotAllowed):
            ask(world, october, by=person)
    correction = ask(world, october, by=world.reviewer)
    for person in (world.officer, world.reviewer, world.stranger_reviewer, world.chair):
        with pytest.raises(NotAllowed):
            corrections.accept(correction_id=correction.pk, by=person)
    corrections.accept(correction_id=correction.pk, by=world.second_reviewer)
    with pytest.raises(NotAllowed, match="đã chấp nhận"):
        corrections.accept(correction_id=correction.pk, by=world.second_reviewer)


def test_refused_and_withdrawn_ones_change_nothing_and_say_why(world, october):
    close(world, october)
    correction = ask(world, october)
    with pytest.raises(NotAllowed, match="lý do"):
        corrections.refuse(correction_id=correction.pk, by=world.reviewer, answer="")
    correction = corrections.refuse(correction_id=correction.pk, by=world.reviewer, answer="Số cũ đúng")
    assert (correction.state, correction.answer, correction.decided_by) == ("refused", "Số cũ đúng", world.reviewer)
    second = ask(world, october)
    with pytest.raises(NotAllowed):
        corrections.withdraw(correction_id=second.pk, by=world.neighbour)
    assert corrections.withdraw(correction_id=second.pk, by=world.leader).state == "withdrawn"
    assert received(world.dong_nai) == 107
    assert len(versions(world, october)) == 1


def test_a_correction_that_was_overtaken_is_not_written(world, october):
    close(world, october)
    correction = ask(world, october)
    ServiceFigures.objects.filter(report=report_of(world.phuoc_long, october)).update(received_online=101)
    with pytest.raises(NotAllowed, match=r"DVC09\.received_online"):
        corrections.accept(correction_id=correction.pk, by=world.reviewer)
    correction.refresh_from_db()
    assert correction.state == "waiting"


def test_an_opening_may_be_corrected_to_what_the_month_before_now_says(world, october, month, put):
    report = put(world.phuoc_long, month("2026-11"), 5, status="approved")
    close(world, october)
    close(world, month("2026-11"))
    corrections.accept(correction_id=ask(world, october, {"DVC09.received_online": "103"}).pk, by=world.reviewer)
    with pytest.raises(corrections.WrongCells):
        corrections.ask(report_id=report.pk, by=world.officer, cells={"DVC09.opening": "4"}, reason="Kỳ trước sửa")
    correction = corrections.ask(
        report_id=report.pk, by=world.officer, cells={"DVC09.opening": "3"}, reason="Kỳ trước sửa"
    )
    corrections.accept(correction_id=correction.pk, by=world.reviewer)
    assert ServiceFigures.objects.get(report=report).opening == 3


# Where published and present figures part ----------------------------------------------------------------------------


def test_the_newest_version_says_what_the_official_pages_say(world, october):
    close(world, october)
    assert publishing.differs_from_now(versions(world, october)[0]) == []
    ServiceFigures.objects.filter(report=report_of(world.phuoc_long, october)).update(received_online=999)
    rollup.roll_up(october)
    changed = publishing.differs_from_now(versions(world, october)[0])
    assert [(c.is_total, c.old, c.new) for c in changed] == [(True, 107, 1006), (False, 100, 999)]


# At the same time (PostgreSQL; SQLite has one writer) ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite in memory is one connection; PostgreSQL only")
def test_two_who_approve_at_once_publish_one_after_the_other(world, october, put):
    reports = [put(world.phuoc_binh, october, 3), report_of(world.dong_nai, october)]
    close(world, october)
    closing.reopen_period(period_id=october.pk, province_id=world.dong_nai.pk, by=world.staff, reason="Chờ hai đơn vị")
    Report.objects.filter(pk=reports[1].pk).update(status="submitted", submitted_at=october.published.get().at)
    done = []

    def approve_second():
        workflow.approve(report_id=reports[1].pk, by=world.second_reviewer)
        done.append("approved")
        connections.close_all()

    with transaction.atomic():
        workflow.approve(report_id=reports[0].pk, by=world.reviewer)  # written, not yet committed
        thread = threading.Thread(target=approve_second)
        thread.start()
        thread.join(timeout=1)
        assert not done  # it waits for its turn
    thread.join()
    newest, middle, first = versions(world, october)
    assert (newest.number, middle.number, first.number) == (3, 2, 1)
    assert {r.unit_id for r in middle.reports.filter(status="approved")} >= {world.phuoc_binh.pk}
    approved = newest.reports.filter(status="approved").count()
    assert (approved, newest.totals.get().approved) == (4, 4)
