"""Step 1, the writing side to the letter: messages of conflicts, what follows from a cell, texts, reasons."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reporting.entry import saving
from reporting.entry.form import load_form
from reporting.entry.saving import Conflict
from reporting.models import (
    Explanation,
    FigureChange,
    Indicator,
    IndicatorFigure,
    NarrativeChange,
    Report,
    ServiceFigures,
)
from reporting.report_log import NotAllowed
from taskforces.models import Branch, Role
from tests.conftest import make_person

COMPLETE = {  # 4 + 31 received = 35; 34 resolved, 1 refused: nothing remains
    "DVC09.opening": "4",
    "DVC09.received_online": "31",
    "DVC09.received_in_person": "0",
    "DVC09.received_postal": "0",
    "DVC09.resolved_early": "29",
    "DVC09.resolved_on_time": "5",
    "DVC09.resolved_overdue": "0",
    "DVC09.rejected": "1",
    "DVC09.pending_overdue": "0",
}
KEY = "DVC09.rejected"


def report_of(unit, period):
    return Report.objects.select_related("unit", "period").get(unit=unit, period=period)


@pytest.fixture
def report(world, month, at):
    """November 2026 of Phường Phước Long, an untouched draft."""
    at("2026-11-16 09:00")
    return report_of(world.phuoc_long, month("2026-11"))


@pytest.fixture
def october(world, month, fill):
    """The month before, closed with 3 + 1 dossiers of DVC09."""
    october = fill(report_of(world.phuoc_long, month("2026-10")), status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=3, pending_overdue=1)
    return october


@pytest.fixture
def colleague(world):
    return make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)


def save(report, by, cells, **more):
    return saving.save_cells(report_id=report.pk, by=by, cells=cells, **more)


def row(report, code="DVC09"):
    return ServiceFigures.objects.filter(report=report, service__code=code).values().get()


# Conflicts


@pytest.mark.parametrize(
    ("theirs", "mine", "who", "is_own", "at", "message"),
    [
        (
            "7",
            "9",
            "Lý Thị Hai",
            False,
            "02:15",
            "Lý Thị Hai đã sửa ô này thành 7 lúc 09:15 ngày 16/11/2026. Bạn nhập 9.",
        ),
        ("", "9", "Lý Thị Hai", False, "02:15", "Lý Thị Hai đã xóa trống ô này lúc 09:15 ngày 16/11/2026. Bạn nhập 9."),
        ("7", "", "", False, None, "Người khác đã sửa ô này thành 7. Bạn nhập ô trống."),
        ("7", "9", "Lý Thị Hai", True, None, "Chính bạn, ở trang hoặc máy khác, đã sửa ô này thành 7. Bạn nhập 9."),
    ],
)
def test_what_a_conflict_says(theirs, mine, who, is_own, at, message):
    moment = at and dt.datetime.fromisoformat(f"2026-11-16T{at}:00+00:00")
    assert Conflict(KEY, theirs, mine, who, is_own, moment).message == f"{message} Chọn số đúng rồi ghi lại."


def test_a_figure_nobody_typed_here_is_somebody_elses(report, world, fill):
    """It came with a file of the past: no history says who. The same figure sent before is no proof of one's own."""
    fill(report)
    for unanswered in ({}, {KEY: ["0"]}):
        result = save(report, world.officer, {KEY: "3"}, seen={KEY: "5"}, unanswered=unanswered)
        assert result.conflicts == {KEY: Conflict(KEY, "0", "3", "", False, None)}
        assert not result.is_ok
    assert row(report)["rejected"] == 0


def test_one_of_the_figures_sent_before_is_enough(report, world):
    save(report, world.officer, {KEY: "7"})
    assert save(report, world.officer, {KEY: "9"}, seen={KEY: ""}, unanswered={KEY: ["6", "7"]}).saved == {KEY: "9"}


def test_what_was_not_answered_matters_only_beside_what_was_seen(report, world):
    save(report, world.officer, {KEY: "7"})
    assert save(report, world.officer, {KEY: "9"}, unanswered={KEY: ["7"]}).saved == {KEY: "9"}


def test_a_cell_the_page_did_not_tell_of_is_written(report, world):
    save(report, world.officer, {KEY: "7"})
    result = save(report, world.officer, {KEY: "9", "DVC10.rejected": "2"}, seen={"DVC10.rejected": ""})
    assert result.saved == {KEY: "9", "DVC10.rejected": "2"}


def test_a_cell_typed_as_it_was_seen_is_left_alone(report, world, colleague):
    save(report, colleague, {KEY: "7"})
    result = save(report, world.officer, {KEY: "1.234"}, seen={KEY: "1.234"})
    assert (result.saved, result.changed, result.conflicts) == ({KEY: "7"}, [], {})


@pytest.mark.parametrize(("seen", "saved"), [(None, False), ({}, True), ({"TC02.numerator": "5"}, False)])
def test_a_figure_of_the_register_is_typed_by_nobody(report, world, seen, saved):
    """A plain form carries what it showed without saying so; whoever says what they saw has typed another number."""
    result = save(report, world.officer, {"TC02.numerator": "99"}, seen=seen)
    message = {} if saved else {"TC02.numerator": "Ô này đếm từ sổ, không nhập."}
    assert (result.refused, result.is_ok) == (message, saved)


# What follows from a cell


def test_nothing_left_over_is_stored_as_zero(report, world):
    save(report, world.officer, COMPLETE)
    assert row(report)["pending_in_time"] == 0


def test_the_first_opening_is_no_change_of_one(october, report, world):
    """4 come over from October with the first cell typed; only October's correction is a change."""
    save(report, world.officer, {KEY: "1"})
    assert (row(report)["opening"], FigureChange.objects.filter(cell="DVC09.opening").count()) == (4, 0)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=5)
    save(report, world.officer, {"DVC10.rejected": "1"})
    assert (row(report)["opening"], row(report)["pending_in_time"]) == (6, None)
    change = FigureChange.objects.get(cell="DVC09.opening")
    assert (change.old, change.new, change.via) == (4, 6, "carried")


def test_an_opening_that_comes_later_is_taken_over_and_the_report_says_when(report, world, month, fill, at):
    save(report, world.officer, {KEY: "1"})
    earlier = fill(report_of(world.phuoc_long, month("2026-10")), status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=earlier, service__code="DVC09").update(pending_overdue=2)
    moment = at("2026-11-17 08:00")
    fresh = report_of(world.phuoc_long, report.period)
    form = saving.refresh_openings(report=fresh, by=world.officer)
    assert (row(report)["opening"], form.cells["DVC09.opening"].text) == (2, "2")
    fresh.refresh_from_db()
    assert fresh.saved_at == moment
    assert FigureChange.objects.filter(cell="DVC09.opening").count() == 0


def test_a_rest_that_does_not_follow_is_put_right(report, world, fill):
    fill(report)  # 10 received, 10 resolved
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(pending_in_time=7)
    save(report, world.officer, {"DVC10.received_online": "11"})
    assert (row(report)["pending_in_time"], row(report, "DVC10")["pending_in_time"]) == (0, 1)


def test_nothing_happened_names_the_zeros_alone(report, world):
    save(report, world.officer, {"DVC09.received_online": "2"})
    result = saving.fill_zero(report_id=report.pk, by=world.officer, service_code="DVC09")
    assert len(result.changed) == 8  # the opening too: no month before
    assert result.saved == dict.fromkeys(result.changed, "0")


def test_a_form_sent_again_writes_no_row(report, world):
    save(report, world.officer, COMPLETE)
    with CaptureQueriesContext(connection) as queries:
        save(report, world.officer, COMPLETE)
    assert not [q for q in queries if q["sql"].startswith(("INSERT", "UPDATE"))]


# The register in a report that is sent


def test_a_count_written_again_keeps_its_word_and_a_new_count_is_exact(report, world):
    """The word of a published text belongs to the number that was there."""
    form = load_form(report)
    saving.freeze_register(form=form, by=world.officer)
    figures = IndicatorFigure.objects.filter(report=report, indicator__code="TC02")
    assert figures.values_list("numerator", flat=True).get() == 0
    for stored, word in ((0, "gần"), (5, "")):
        figures.update(numerator=stored, qualifier="gần")
        saving.freeze_register(form=load_form(report), by=world.officer)
        assert figures.values_list("numerator", "qualifier").get() == (0, word)


def test_an_indicator_the_register_cannot_count_is_not_written(report, world):
    Indicator.objects.filter(code="TC02").update(code="TC99")
    saving.freeze_register(form=load_form(report), by=world.officer)
    written = IndicatorFigure.objects.filter(report=report).values_list("indicator__code", flat=True)
    assert sorted(written) == ["TC01", "TC03", "TC04", "TC05", "TC07"]


# Narrative, reasons, words


def narrate(report, by, text, **more):
    return saving.save_narrative(report_id=report.pk, by=by, texts={"results": text}, **more)


def test_a_text_may_have_five_thousand_characters(report, world):
    assert narrate(report, world.officer, "a" * 5000).is_ok
    result = narrate(report, world.officer, "b" * 5001)
    assert result.refused == {"results": "Mục này dài nhất 5.000 ký tự. Bạn đã nhập 5.001 ký tự."}
    report.refresh_from_db()
    assert report.results == "a" * 5000


def test_a_text_left_as_it_was_is_not_written(report, world, colleague, at):
    narrate(report, world.officer, "Tốt")
    report.refresh_from_db()
    first = report.saved_at
    at("2026-11-16 10:00")
    result = narrate(report, world.officer, " Tốt ")  # sent again
    assert (result.saved, result.changed) == ({"results": "Tốt"}, [])
    result = narrate(report, colleague, "Cũ\r\n", seen={"results": "Cũ"})  # never touched on an old page
    assert (result.saved, result.changed, result.conflicts) == ({"results": "Tốt"}, [], {})
    report.refresh_from_db()
    assert (report.results, report.saved_at) == ("Tốt", first)


def test_a_text_the_page_did_not_tell_of_is_written(report, world, at):
    narrate(report, world.officer, "Tốt")
    moment = at("2026-11-16 10:00")
    result = narrate(report, world.officer, "Khá", seen={"plan": ""})
    assert (result.saved, result.changed) == ({"results": "Khá"}, ["results"])
    report.refresh_from_db()
    assert (report.results, report.saved_at) == ("Khá", moment)


def test_a_conflict_of_texts_names_who_and_when(report, world, colleague, at):
    moment = at("2026-11-16 10:00")
    narrate(report, world.officer, "Tốt")
    at("2026-11-16 10:05")
    saving.save_narrative(report_id=report.pk, by=colleague, texts={"plan": "Việc khác"})
    who = "Nguyễn Thị Hồng Nhung"
    result = narrate(report, colleague, "Khá", seen={"results": ""})
    assert result.conflicts == {"results": Conflict("results", "Tốt", "Khá", who, False, moment)}
    result = narrate(report, world.officer, "Khá", seen={"results": ""})
    assert result.conflicts == {"results": Conflict("results", "Tốt", "Khá", who, True, moment)}


def test_the_log_of_texts_holds_who_wrote_which_and_no_words(report, world, colleague):
    narrate(report, world.officer, "Tốt")
    narrate(report, world.officer, "Tốt ")  # the same
    narrate(report, colleague, "Khá", seen={"results": ""})  # refused
    narrate(report, colleague, "Khá", seen={"results": "Tốt"})
    said = NarrativeChange.objects.values_list("report", "field", "by")
    assert list(said) == [(report.pk, "results", world.officer.pk), (report.pk, "results", colleague.pk)]
    assert {f.name for f in NarrativeChange._meta.fields} == {"id", "report", "field", "by", "at"}


def test_texts_and_reasons_are_written_by_people_of_the_unit_alone(report, world):
    save(report, world.officer, {"DVC19.received_in_person": "12"})
    for stranger in (world.neighbour, world.reviewer, world.chair):
        with pytest.raises(PermissionDenied):
            narrate(report, stranger, "Tốt")
        with pytest.raises(PermissionDenied):
            reason(report, stranger, "Hệ thống ngừng")
    assert not Explanation.objects.exists()


def reason(report, by, text, code="online_only", cell="DVC19.received_in_person"):
    return saving.explain(report_id=report.pk, by=by, check_code=code, cell=cell, reason=text)


def test_a_reason_is_kept_with_what_it_is_about_and_goes_alone(report, world):
    save(report, world.officer, {"DVC19.received_in_person": "12", "DVC19.received_postal": "3"})
    kept = reason(report, world.officer, " Hệ thống ngừng ")
    assert (kept.reason, kept.by, kept.cell) == ("Hệ thống ngừng", world.officer, "DVC19.received_in_person")
    assert kept.about.startswith("Cần giải trình: 12 hồ sơ trực tiếp")
    other = reason(report, world.leader, "Dân gửi", cell="DVC19.received_postal")
    with pytest.raises(NotAllowed, match="dài nhất"):
        reason(report, world.officer, "a" * 1001)
    assert reason(report, world.officer, " ") is None
    assert list(Explanation.objects.all()) == [other]


def test_a_hard_problem_or_a_blank_takes_no_reason(report, world):
    save(report, world.officer, {**COMPLETE, KEY: "99"})
    for code, cell in (("identity", "DVC09.resolved_early"), ("identity", KEY), ("missing", "DVC10.opening")):
        with pytest.raises(NotAllowed, match="không còn cần giải trình"):
            reason(report, world.officer, "Đúng vậy", code, cell)


def test_the_note_is_kept_with_the_word(report, world):
    save(report, world.officer, {"HT01.numerator": "5", "HT01.denominator": "9"})
    saving.describe_figure(report_id=report.pk, by=world.officer, code="HT01", note="Theo bài báo")
    kept = IndicatorFigure.objects.get(report=report, indicator__code="HT01")
    assert (kept.qualifier, kept.note) == ("", "Theo bài báo")
