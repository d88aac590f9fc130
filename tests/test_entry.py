"""Step 1: cells are saved, refused, disputed; nothing typed is overwritten, nothing is written twice."""

import datetime as dt
import random
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from reporting import closing
from reporting.entry import checks, saving
from reporting.entry.form import branch_label, load_form
from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    Explanation,
    FigureChange,
    Indicator,
    IndicatorFigure,
    PublicService,
    Report,
    ReportEvent,
    ServiceFigures,
    ServiceTerms,
)
from reporting.report_log import NotAllowed
from taskforces.models import Posting, User


def report_of(unit, period):
    return Report.objects.select_related("unit", "period").get(unit=unit, period=period)


@pytest.fixture
def report(world, month):
    """November 2026 of Phường Phước Long, an untouched draft."""
    return report_of(world.phuoc_long, month("2026-11"))


def row(report, code):
    return ServiceFigures.objects.filter(report=report, service__code=code).values(*FIGURE_FIELDS).first()


SERVICE_10 = {
    "DVC09.opening": "4",
    "DVC09.received_online": "31",
    "DVC09.received_in_person": "0",
    "DVC09.received_postal": "0",
    "DVC09.resolved_early": "26",
    "DVC09.resolved_on_time": "5",
    "DVC09.resolved_overdue": "0",
    "DVC09.rejected": "1",
    "DVC09.pending_overdue": "0",
}


# What is owed


def test_a_commune_of_2026_owes_its_services_by_branch_in_catalogue_order(report):
    sheet = load_form(report)
    office, police = sheet.sections
    assert [line.code for line in office.services] == ["DVC09", "DVC10", "DVC11", "DVC15", "DVC16", "DVC19"]
    assert [line.code for line in police.services] == [
        "DVC01",
        "DVC02",
        "DVC03",
        "DVC04",
        "DVC05",
        "DVC06",
        "DVC07",
    ]
    assert office.label == "Văn phòng HĐND và UBND"
    assert police.label == "Công an phường"
    assert sheet.reporter_name == "Phường Phước Long"


def test_a_commune_of_2024_owes_what_communes_handled_then(world, month):
    sheet = load_form(report_of(world.thac_mo, month("2024-05")))
    assert [line.code for line in sheet.services] == [
        *("DVC03", "DVC04", "DVC05", "DVC06", "DVC07", "DVC09", "DVC10", "DVC11", "DVC15", "DVC16"),
    ]


def test_nothing_typed_yet_means_every_typed_cell_is_missing_and_register_cells_are_not_owed(report):
    sheet = load_form(report)
    typed = [c for c in sheet.cells.values() if c.is_typed]
    assert sum(len(keys) for keys in sheet.missing.values()) == len(typed) == sheet.counts().owed
    assert all(line.cells[0].locked == "register" for line in sheet.register)
    assert {line.code for line in sheet.register} == {"TC01", "TC02", "TC03", "TC04", "TC05", "TC07"}
    assert not any(p.row in {line.code for line in sheet.register} for p in sheet.problems)
    assert len(sheet.services[0].typed) == 9  # eight, and the opening, which no month before gives


def test_form_of_a_report_takes_few_queries(report, world, django_assert_max_num_queries, fill, month):
    for key in ("2026-08", "2026-09", "2026-10"):
        fill(report_of(world.phuoc_long, month(key)), status="submitted", by=world.officer)
    report = report_of(world.phuoc_long, month("2026-11"))
    with django_assert_max_num_queries(12):
        sheet = load_form(report, world.officer)
        assert sheet.counts().missing
        assert [section.may_type for section in sheet.sections] == [True, False]


# Saving


def test_typed_cells_are_stored_with_what_follows_from_them(report, world):
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells=SERVICE_10)
    assert result.is_ok
    assert result.saved["DVC09.received_online"] == "31"
    assert row(report, "DVC09") == {
        "opening": 4,
        "received_online": 31,
        "received_in_person": 0,
        "received_postal": 0,
        "resolved_early": 26,
        "resolved_on_time": 5,
        "resolved_overdue": 0,
        "rejected": 1,
        "pending_in_time": 3,
        "pending_overdue": 0,
    }
    assert result.form.cells["DVC09.pending_in_time"].text == "3"
    assert not [p for p in result.form.problems if p.row == "DVC09"]
    report.refresh_from_db()
    assert report.saved_at == result.saved_at is not None


def test_vietnamese_thousands_are_read_and_shown(report, world):
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "1.234"})
    assert result.saved == {"DVC09.received_online": "1.234"}
    assert row(report, "DVC09")["received_online"] == 1234


def test_a_bad_cell_is_refused_with_its_text_and_the_others_are_saved(report, world):
    result = saving.save_cells(
        report_id=report.pk,
        by=world.officer,
        cells={
            "DVC09.received_online": "12,5",
            "DVC09.received_postal": "-1",
            "DVC09.rejected": "2",
            "DVC99.rejected": "1",
            "DVC09.pending_in_time": "7",
        },
    )
    assert result.refused == {
        "DVC09.received_online": "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “12,5”.",
        "DVC09.received_postal": "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “-1”.",
        "DVC99.rejected": "Báo cáo này không có ô này.",
        "DVC09.pending_in_time": "Ô này hệ thống tự tính, không nhập.",
    }
    assert result.saved == {"DVC09.rejected": "2"}
    assert row(report, "DVC09")["received_online"] is None


def test_blank_and_zero_stay_two_things(report, world):
    saving.save_cells(
        report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "0", "DVC09.received_postal": ""}
    )
    assert row(report, "DVC09")["received_online"] == 0
    assert row(report, "DVC09")["received_postal"] is None
    sheet = load_form(report)
    assert sheet.cells["DVC09.received_online"].text == "0"
    assert sheet.cells["DVC09.received_postal"].text == ""
    assert "DVC09.received_postal" in sheet.missing["office"]
    assert "DVC09.received_online" not in sheet.missing["office"]
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": ""})
    assert row(report, "DVC09")["received_online"] is None


def test_every_change_leaves_old_new_who_and_how(report, world):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "2"})
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "3"}, via="file")
    assert list(FigureChange.objects.values_list("cell", "old", "new", "by__username", "via")) == [
        ("DVC09.rejected", None, 2, "nhung", "page"),
        ("DVC09.rejected", 2, 3, "nhung", "file"),
    ]


def test_sending_the_same_again_is_received_and_changes_nothing(report, world):
    first = saving.save_cells(report_id=report.pk, by=world.officer, cells=SERVICE_10)
    again = saving.save_cells(
        report_id=report.pk, by=world.officer, cells=SERVICE_10, seen=dict.fromkeys(SERVICE_10, "")
    )
    assert again.saved == first.saved
    assert again.changed == []
    assert FigureChange.objects.count() == len(SERVICE_10)
    report.refresh_from_db()
    assert report.saved_at == first.saved_at


def test_a_whole_form_is_one_upsert_each(report, world, django_assert_max_num_queries):
    sheet = load_form(report)
    cells = {c.key: "5" for c in sheet.cells.values() if c.is_typed and c.branch == "office"}
    with django_assert_max_num_queries(20):
        result = saving.save_cells(report_id=report.pk, by=world.officer, cells=cells)
    assert len(result.changed) == len(cells) == 80  # 6 services of 9 cells, 26 of indicators
    assert FigureChange.objects.count() == len(cells)


def test_an_identity_that_breaks_is_stored_as_typed_but_its_rest_is_not(report, world):
    cells = {**SERVICE_10, "DVC09.resolved_early": "36"}
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells=cells)
    assert row(report, "DVC09")["pending_in_time"] is None
    assert result.form.cells["DVC09.pending_in_time"].text == "−7"
    assert [p.code for p in result.form.problems if p.row == "DVC09"] == ["identity"]


# Two people, one cell


def test_a_cell_changed_by_another_since_is_a_conflict_and_keeps_their_figure(report, world, at):
    other = world.officer
    at("2026-11-16 09:15")
    saving.save_cells(report_id=report.pk, by=other, cells={"DVC09.rejected": "7"})
    second = User.objects.create(username="hai", full_name="Lý Thị Hai")
    Posting.objects.create(
        user=second, unit=world.phuoc_long, role="officer", branch="office", valid_from=report.period.data_from
    )
    result = saving.save_cells(
        report_id=report.pk,
        by=second,
        cells={"DVC09.rejected": "9", "DVC10.rejected": "1"},
        seen={"DVC09.rejected": "", "DVC10.rejected": ""},
    )
    conflict = result.conflicts["DVC09.rejected"]
    assert (conflict.theirs, conflict.mine, conflict.who) == ("7", "9", "Nguyễn Thị Hồng Nhung")
    assert conflict.message == (
        "Nguyễn Thị Hồng Nhung đã sửa ô này thành 7 lúc 09:15 ngày 16/11/2026. Bạn nhập 9. Chọn số đúng rồi ghi lại."
    )
    assert row(report, "DVC09")["rejected"] == 7
    assert row(report, "DVC10")["rejected"] == 1
    # having seen 7, the second person may decide
    assert saving.save_cells(
        report_id=report.pk, by=second, cells={"DVC09.rejected": "9"}, seen={"DVC09.rejected": "7"}
    ).is_ok
    assert row(report, "DVC09")["rejected"] == 9


def test_both_typed_the_same_figure_is_no_conflict(report, world):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "7"})
    result = saving.save_cells(
        report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "7"}, seen={"DVC09.rejected": ""}
    )
    assert result.is_ok


def test_a_plain_form_does_not_write_back_cells_its_sender_did_not_touch(report, world):
    saving.save_cells(report_id=report.pk, by=world.police_officer, cells={"DVC03.rejected": "4"})
    result = saving.save_cells(
        report_id=report.pk,
        by=world.officer,
        cells={"DVC03.rejected": "", "DVC09.rejected": "1", "DVC09.pending_in_time": "–"},
        seen={"DVC03.rejected": "", "DVC09.rejected": ""},
    )
    assert result.saved == {"DVC03.rejected": "4", "DVC09.rejected": "1", "DVC09.pending_in_time": "–"}
    assert row(report, "DVC03")["rejected"] == 4


# Who and when


def test_the_other_branchs_cells_are_refused(report, world):
    result = saving.save_cells(
        report_id=report.pk,
        by=world.officer,
        cells={"DVC03.rejected": "1", "DD02.numerator": "5", "NL01.numerator": "3"},
    )
    assert result.refused == {
        "DVC03.rejected": "Ô này do Công an nhập.",
        "DD02.numerator": "Ô này do Công an nhập.",
    }
    assert result.saved == {"NL01.numerator": "3"}


@pytest.mark.parametrize("who", ["neighbour", "leader", "reviewer", "chair", "staff", "auditor", "stranger"])
def test_only_officers_of_the_unit_type(report, world, who):
    with pytest.raises(PermissionDenied):
        saving.save_cells(report_id=report.pk, by=getattr(world, who), cells={"DVC09.rejected": "1"})
    with pytest.raises(PermissionDenied):
        saving.fill_zero(report_id=report.pk, by=getattr(world, who), service_code="DVC09")
    assert FigureChange.objects.count() == 0


def test_officers_of_a_closed_unit_write_nothing(world, month, at):
    report = report_of(world.thac_mo, month("2024-05"))
    at("2024-05-16 09:00")
    assert saving.save_cells(report_id=report.pk, by=world.old_officer, cells={"DVC09.rejected": "1"}).is_ok
    del world.old_officer._current_postings
    at("2025-07-01 09:00")
    with pytest.raises(PermissionDenied):
        saving.save_cells(report_id=report.pk, by=world.old_officer, cells={"DVC09.rejected": "2"})


@pytest.mark.parametrize(("status", "message"), [("submitted", "Báo cáo đã gửi"), ("approved", "Báo cáo đã duyệt")])
def test_a_sent_report_refuses_every_change(report, world, fill, status, message):
    fill(report, status=status, by=world.officer)
    for act in (
        lambda: saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "1"}),
        lambda: saving.fill_zero(report_id=report.pk, by=world.officer, service_code="DVC09"),
        lambda: saving.save_narrative(report_id=report.pk, by=world.officer, texts={"plan": "Việc"}),
        lambda: saving.explain(
            report_id=report.pk, by=world.officer, check_code="jump", cell="DVC09.rejected", reason="x"
        ),
    ):
        with pytest.raises(NotAllowed, match=message):
            act()


def test_a_closed_month_refuses_every_change(report, world):
    closing.close_period(period_id=report.period_id, province_id=world.dong_nai.pk, by=world.staff)
    with pytest.raises(NotAllowed, match="đã khóa"):
        saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "1"})
    assert load_form(report, world.officer).sections[0].may_type is False


def test_changing_a_ready_section_takes_the_mark_away(report, world, fill):
    fill(report, ready=True)
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "1"})
    assert result.unmarked == ["office"]
    report.refresh_from_db()
    assert report.office_ready_at is None
    assert report.police_ready_at is not None
    assert report.events.filter(action=ReportEvent.Action.NOT_READY).count() == 1
    assert result.form.sections[0].ready_at is None


def test_an_unchanged_cell_leaves_the_mark(report, world, fill):
    fill(report, ready=True)
    assert saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "0"}).unmarked == []


# Services that are no longer handled, or not by this level


def test_a_service_is_owed_to_the_last_day_of_its_terms_and_not_after(report):
    """The month ends on 14 November: terms to the 14th are owed, terms to the 13th are not."""
    terms = {t.service.code: t for t in ServiceTerms.objects.filter(service__code__in=["DVC09", "DVC10", "DVC11"])}
    for code, day in (("DVC09", 14), ("DVC10", 13)):
        ServiceTerms.objects.filter(pk=terms[code].pk).update(valid_to=dt.date(2026, 11, day))
    ServiceTerms.objects.filter(pk=terms["DVC11"].pk).update(at_commune=False)
    codes = [line.code for line in load_form(report).services]
    assert "DVC09" in codes
    assert "DVC10" not in codes
    assert "DVC11" not in codes


def test_figures_of_a_service_no_longer_handled_stay_and_hold_nothing_up(report, world, fill):
    """Typed before the catalogue said that the service ended: kept as they were, asked of nobody, changed by nobody."""
    fill(report)
    ServiceFigures.objects.filter(report=report, service__code="DVC10").update(rejected=None, resolved_early=99)
    ServiceTerms.objects.filter(service__code="DVC10").update(valid_to=dt.date(2026, 11, 13))
    before = row(report, "DVC10")
    form = load_form(report, world.officer)
    assert not [p for p in form.problems if p.row == "DVC10"]
    assert "DVC10.rejected" not in form.missing["office"]
    result = saving.save_cells(
        report_id=report.pk, by=world.officer, cells={"DVC10.rejected": "1", "DVC09.rejected": "0"}
    )
    assert result.refused == {"DVC10.rejected": "Báo cáo này không có ô này."}
    with pytest.raises(NotAllowed, match="không có dịch vụ DVC10"):
        saving.fill_zero(report_id=report.pk, service_code="DVC10", by=world.officer)
    assert row(report, "DVC10") == before


def test_a_service_handled_again_is_owed_once_under_its_new_terms(report):
    """Ended in June 2026, taken up again on 1 November by another agency, no longer online only."""
    old = ServiceTerms.objects.filter(service__code="DVC09").latest("valid_from")
    ServiceTerms.objects.filter(pk=old.pk).update(valid_to=dt.date(2026, 6, 30), online_only=True)
    ServiceTerms.objects.create(
        service=old.service,
        valid_from=dt.date(2026, 11, 1),
        lead_agency="Bộ Nội vụ",
        online_only=False,
        at_commune=True,
    )
    [line] = [line for line in load_form(report).services if line.code == "DVC09"]
    assert (line.lead_agency, line.online_only_since) == ("Bộ Nội vụ", None)


# Opening, "không phát sinh"


@pytest.fixture
def october(world, month, fill):
    """October 2026 of the same unit: DVC09 closed with 3 + 1 dossiers; everything else with 0."""
    october = report_of(world.phuoc_long, month("2026-10"))
    fill(october, status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(
        received_online=14, pending_in_time=3, pending_overdue=1
    )
    return october


def test_opening_is_last_months_closing_and_is_not_typed(october, report, world):
    cell = load_form(report).cells["DVC09.opening"]
    assert (cell.text, cell.locked, cell.previous) == ("4", "carried", "0")
    assert "DVC09.opening" not in load_form(report).missing["office"]
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={**SERVICE_10, "DVC09.opening": "9"})
    assert result.refused == {"DVC09.opening": "Ô này lấy từ số cuối kỳ trước, không nhập."}
    assert row(report, "DVC09")["opening"] == 4
    assert row(report, "DVC09")["pending_in_time"] == 3


def test_an_incomplete_month_before_gives_no_opening(october, report, world):
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_overdue=None)
    assert load_form(report).cells["DVC09.opening"].is_typed


def test_a_correction_of_last_month_moves_the_opening_of_an_open_report_on_record(october, report, world):
    saving.save_cells(
        report_id=report.pk, by=world.officer, cells={k: v for k, v in SERVICE_10.items() if "opening" not in k}
    )
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=5)
    assert load_form(report).cells["DVC09.opening"].text == "6"
    assert row(report, "DVC09")["opening"] == 4  # looking at it writes nothing
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC10.rejected": "0"})
    assert row(report, "DVC09")["opening"] == 6
    assert row(report, "DVC09")["pending_in_time"] == 5
    assert FigureChange.objects.filter(cell="DVC09.opening").values_list("old", "new").get() == (4, 6)


def test_a_sent_report_keeps_its_opening_and_is_flagged(october, report, world, fill):
    fill(report, status="submitted", by=world.officer)
    Report.objects.filter(pk=report.pk).update(prior_corrected=True)
    report.refresh_from_db()
    sheet = load_form(report)
    assert sheet.cells["DVC09.opening"].text == "0"
    problem = next(p for p in sheet.problems if p.code == "opening_changed")
    assert (problem.severity, problem.cell) == ("soft", "DVC09.opening")
    assert "tháng 10/2026 nay còn 4 hồ sơ" in problem.message


def test_nothing_happened_fills_the_rest_of_a_service_with_zero_on_record(october, report, world):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "2"})
    result = saving.fill_zero(report_id=report.pk, by=world.officer, service_code="DVC09")
    assert row(report, "DVC09") == {
        **dict.fromkeys(FIGURE_FIELDS, 0),
        "opening": 4,
        "received_online": 2,
        "pending_in_time": 6,
    }
    assert len(result.changed) == 7
    assert FigureChange.objects.filter(via="zero_fill", old=None, new=0).count() == 7
    event = report.events.get(action=ReportEvent.Action.ZERO_FILL)
    assert (event.reason, event.by) == ("DVC09", world.officer)
    again = saving.fill_zero(report_id=report.pk, by=world.officer, service_code="DVC09")
    assert again.changed == []
    assert report.events.filter(action=ReportEvent.Action.ZERO_FILL).count() == 1


def test_nothing_happened_belongs_to_the_branch(report, world):
    with pytest.raises(PermissionDenied):
        saving.fill_zero(report_id=report.pk, by=world.officer, service_code="DVC03")


def test_last_month_and_last_year_stand_beside_each_cell(october, report, world, month, fill):
    fill(report_of(world.phuoc_long, month("2025-11")), base=21, status="approved", by=world.officer)
    sheet = load_form(report)
    assert (sheet.cells["DVC09.received_online"].previous, sheet.cells["DVC09.received_online"].last_year) == (
        "14",
        "21",
    )
    line = next(line for line in sheet.indicators if line.code == "DV02")
    assert (line.previous, line.previous_rate, line.last_year) == ("10/10", "100,00%", "21/21")
    assert (sheet.previous_label, sheet.previous_short) == ("tháng 10/2026", "T10")


def test_the_rate_of_the_same_month_last_year_is_made_from_its_pair(report, world, month, fill):
    earlier = fill(report_of(world.phuoc_long, month("2025-11")), status="approved", by=world.officer)
    IndicatorFigure.objects.filter(report=earlier, indicator__code="DV02").update(numerator=12, denominator=48)
    IndicatorFigure.objects.filter(report=earlier, indicator__code="DV03").update(numerator=None, denominator=None)
    lines = {line.code: line for line in load_form(report).indicators}
    assert (lines["DV02"].last_year, lines["DV02"].last_year_rate) == ("12/48", "25,00%")
    assert (lines["DV03"].last_year, lines["DV03"].last_year_rate, lines["DV03"].previous_rate) == ("", "", "")


def test_the_rest_is_marked_only_where_it_is_below_nothing(report, world, fill):
    fill(report)  # 10 received, 10 resolved: 0 remain
    assert load_form(report).cells["DVC09.pending_in_time"].state == "is-derived"
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.resolved_on_time": "11"})
    assert result.form.cells["DVC09.pending_in_time"].state == "is-derived is-problem"


def test_only_what_a_derived_cell_shows_is_taken_for_its_echo(report, world, fill):
    fill(report)
    cells = {"DVC09.pending_in_time": "0", "DVC10.pending_in_time": "mười"}
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells=cells)
    assert set(result.saved) == {"DVC09.pending_in_time"}
    assert set(result.refused) == {"DVC10.pending_in_time"}


def test_a_mark_that_was_not_there_does_not_fall(report, world, fill):
    fill(report)
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "11"})
    assert (result.changed, result.unmarked) == (["DVC09.received_online"], [])


def test_indicator_rate_is_made_from_both_cells_and_absent_without_them(report, world):
    result = saving.save_cells(
        report_id=report.pk, by=world.officer, cells={"DV02.numerator": "309", "DV02.denominator": "318"}
    )
    lines = {line.code: line for line in result.form.indicators}
    assert lines["DV02"].rate == "97,17%"
    assert lines["DV03"].rate == "–"
    result = saving.save_cells(
        report_id=report.pk, by=world.officer, cells={"DV02.numerator": "0", "DV02.denominator": "0"}
    )
    assert {line.code: line for line in result.form.indicators}["DV02"].rate == "–"
    figure = IndicatorFigure.objects.get(report=report, indicator__code="DV02")
    assert (figure.numerator, figure.denominator) == (0, 0)


# Narrative, reasons


def test_narrative_is_kept_and_a_text_changed_by_another_is_not_overwritten(report, world):
    assert saving.save_narrative(report_id=report.pk, by=world.leader, texts={"results": "  Tốt\r\nLắm "}).is_ok
    report.refresh_from_db()
    assert report.results == "Tốt\nLắm"
    result = saving.save_narrative(
        report_id=report.pk, by=world.officer, texts={"results": "Khác", "status": "approved"}, seen={"results": ""}
    )
    assert result.conflicts["results"].theirs == "Tốt\nLắm"
    assert result.refused == {"status": "Báo cáo này không có mục này."}
    report.refresh_from_db()
    assert (report.results, report.status) == ("Tốt\nLắm", "draft")


def test_a_reason_holds_for_the_figure_it_was_typed_for(report, world):
    def type_in_person(count):
        saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC19.received_in_person": count})
        sheet = load_form(report)
        return [p.code for p in sheet.unexplained if p.cell == "DVC19.received_in_person"]

    assert type_in_person("12") == ["online_only"]
    saving.explain(
        report_id=report.pk,
        by=world.officer,
        check_code="online_only",
        cell="DVC19.received_in_person",
        reason="Hệ thống ngừng ngày 28/10",
    )
    assert load_form(report).unexplained == []
    assert type_in_person("80") == ["online_only"]  # eighty is another matter than twelve
    assert type_in_person("12") == []


def test_a_reason_answers_a_warning_and_can_be_taken_back(report, world):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC19.received_in_person": "12"})
    warning = next(p for p in load_form(report).unexplained if p.row == "DVC19")
    key = {"check_code": warning.code, "cell": warning.cell}
    assert warning.cell == "DVC19.received_in_person"
    saving.explain(report_id=report.pk, by=world.officer, reason=" Hệ thống ngừng ngày 28/10 ", **key)
    sheet = load_form(report)
    assert sheet.explanation(warning).reason == "Hệ thống ngừng ngày 28/10"
    assert sheet.unexplained == []
    assert sheet.counts("office").soft == 1
    saving.explain(report_id=report.pk, by=world.officer, reason="", **key)
    assert Explanation.objects.count() == 0
    with pytest.raises(NotAllowed, match="không còn cần giải trình"):
        saving.explain(report_id=report.pk, by=world.officer, check_code="jump", cell="DVC19.rejected", reason="x")


def test_what_blocks_is_counted_in_words(report, world, fill):
    fill(report)
    saving.save_cells(
        report_id=report.pk,
        by=world.officer,
        cells={
            "DVC16.resolved_on_time": "12",
            "DVC19.received_in_person": "12",
            "DVC09.rejected": "",
            "DV02.numerator": "",
        },
    )
    sheet = load_form(report)
    assert sheet.blocking_title == "1 lỗi, 1 điểm cần giải trình, 2 ô còn trống"
    assert [p.severity for p in sheet.blocking] == ["hard", "soft", "missing", "missing"]
    assert sheet.cells["DVC16.resolved_on_time"].state == "is-problem"
    assert sheet.cells["DVC19.received_in_person"].state == "is-warning"
    assert sheet.cells["DVC09.rejected"].state == "is-missing"


def test_catalogue_of_the_tests_is_the_shipped_one(world):
    assert PublicService.objects.count() == 25
    assert Indicator.objects.count() == 29


# Whatever is typed, in whatever order


def test_history_tells_how_every_figure_came_about(report, world):
    """Forty savings by both branches in an order that never repeats itself: replaying the history gives the figures."""
    chance = random.Random(6)
    keys = [c.key for c in load_form(report).cells.values() if c.is_typed and c.key[:5] in {"DVC09", "DVC03"}]
    for _ in range(40):
        cells = {key: chance.choice(["", "0", "3", "1.200", "x"]) for key in chance.sample(keys, 3)}
        saving.save_cells(report_id=report.pk, by=chance.choice([world.officer, world.police_officer]), cells=cells)
    replayed = dict.fromkeys(keys)
    for change in FigureChange.objects.order_by("pk"):
        assert replayed[change.cell] == change.old != change.new
        replayed[change.cell] = change.new
    for code in ("DVC09", "DVC03"):
        stored = row(report, code)
        assert {k: stored[k.partition(".")[2]] for k in keys if k.startswith(code)} == {
            k: v for k, v in replayed.items() if k.startswith(code)
        }
        rest = checks.pending_in_time(stored)
        assert stored["pending_in_time"] == (rest if rest is not None and rest >= 0 else None)


def history_world(world, month, fill, keys, base):
    """Sent months of Phường Phước Long, each with `base` dossiers in each service."""
    found = {}
    for key in keys:
        found[key] = fill(report_of(world.phuoc_long, month(key)), base=base, status="approved", by=world.officer)
    return found


def test_a_month_sent_back_is_no_history(world, month, fill, report):
    """Four sent months around 100 make 1000 a jump; with one of them sent back there are three, too few to say."""
    months = history_world(world, month, fill, ["2026-07", "2026-08", "2026-09", "2026-10"], 100)
    fill(report, base=1000)
    assert [p.cell for p in load_form(report).problems if p.code == "jump" and p.cell.startswith("DVC09")]
    Report.objects.filter(pk=months["2026-08"].pk).update(status="returned")
    assert [p for p in load_form(report).problems if p.code == "jump" and p.cell.startswith("DVC09")] == []


def test_a_month_before_that_was_sent_back_is_still_one_that_may_be_copied(world, month, fill, report):
    october = fill(report_of(world.phuoc_long, month("2026-10")), base=10, status="returned", by=world.officer)
    fill(report, base=10)
    assert [p.cell for p in load_form(report).problems if p.code == "same_as_last_month"] == [checks.REPORT_CELL]
    october.service_figures.update(received_online=3, resolved_on_time=3)
    assert [p for p in load_form(report).problems if p.code == "same_as_last_month"] == []


def test_twelve_months_are_history_and_the_thirteenth_is_not(world, month, fill, report):
    """The fourth month that the range needs lies 12 months ago (it counts), or 13 (it does not)."""
    months = history_world(world, month, fill, ["2025-11", "2026-08", "2026-09", "2026-10"], 100)
    fill(report, base=1000)
    jumps = [p for p in load_form(report).problems if p.code == "jump" and p.cell.startswith("DVC09")]
    assert "4 tháng trước" in jumps[0].message
    months["2025-11"].delete()
    history_world(world, month, fill, ["2025-10"], 100)
    assert [p for p in load_form(report).problems if p.code == "jump" and p.cell.startswith("DVC09")] == []


def test_a_correction_that_comes_while_the_next_month_waits_is_taken_over_at_sending(october, report, world, fill):
    """The officer typed and marked on an opening of 4; October became 6 since; what is sent holds 6."""
    fill(report, ready=True)
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "9"})
    assert row(report, "DVC09")["opening"] == 4
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=5)
    saving.refresh_openings(report=report_of(world.phuoc_long, report.period), by=world.officer)
    assert row(report, "DVC09")["opening"] == 6
    assert row(report, "DVC09")["pending_in_time"] == 5  # 6 + 9 - 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads need a server; SQLite in memory has one connection")
def test_two_people_saving_one_row_at_once_lose_nothing(report, world):
    names = [c for c in SERVICE_10 if "opening" not in c]
    start = threading.Barrier(len(names))

    def save(key):
        try:
            user = User.objects.get(pk=world.officer.pk)
            start.wait(timeout=20)
            saving.save_cells(report_id=report.pk, by=user, cells={key: "5"}, seen={key: ""})
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    stored = row(report, "DVC09")
    assert [stored[name.partition(".")[2]] for name in names] == [5] * 8
    assert FigureChange.objects.count() == 8


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        ("Phường Phước Long", "Công an phường"),
        ("Xã Phú Riềng", "Công an xã"),
        ("Thị trấn Thanh Bình", "Công an thị trấn"),
        ("Đặc khu Phú Quốc", "Công an đặc khu"),
        ("Thị xã Phước Long", "Công an thị xã"),
        ("Huyện Bù Đăng", "Công an huyện"),
        ("Thành phố Đồng Nai", "Công an thành phố"),
        ("Tỉnh Bình Phước", "Công an tỉnh"),
    ],
)
def test_police_of_each_kind_of_unit(unit, label):
    assert branch_label("police", unit) == label
    assert branch_label("office", unit) == "Văn phòng HĐND và UBND"
