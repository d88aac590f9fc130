"""Published figures are "hơn" or "gần": the word stands wherever the figure itself stands, and goes with it."""

import json

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.entry.saving import describe_figure, save_cells
from reporting.exports import excel
from reporting.models import Indicator, IndicatorFigure, Report
from reporting.reading.overview import overview
from reporting.reading.qualifiers import EXACT, Said, said_together
from reporting.report_log import NotAllowed
from reporting.rollup import rollup
from tests.test_register_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NOVEMBER = Span.parse("2026-11")


@pytest.fixture
def reports(world, month, at):
    """Three communes of Đồng Nai in November 2026, nothing typed: unit -> report."""
    at("2026-11-14 09:00")
    period = month("2026-11")
    found = {r.unit: r for r in Report.objects.filter(period=period).select_related("unit", "period")}
    return [found[unit] for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng)]


def put(report, numerator, denominator=1000, word="", status="approved", code="HT01"):
    IndicatorFigure.objects.update_or_create(
        report=report,
        indicator=Indicator.objects.get(code=code),
        defaults={"numerator": numerator, "denominator": denominator, "qualifier": word},
    )
    moment = "2026-11-14T00:00:00Z"
    Report.objects.filter(pk=report.pk).update(status=status, submitted_at=moment, approved_at=moment)
    rollup.roll_up(report.period)


def line(seen, code="HT01"):
    return next(line for line in seen.indicators if line.indicator.code == code)


def test_the_parts_of_a_total_decide_what_is_said_of_it():
    assert said_together([]) == EXACT
    assert said_together(["", ""]) == EXACT
    assert said_together(["hơn"]) == Said("hơn")
    # more than 83.002 and exactly 17.998 are more than 101.000
    assert said_together(["", "hơn"]) == Said("hơn", "1 trong 2 số cộng vào ghi “hơn”")
    assert said_together(["gần", "", "gần"]) == Said("gần", "2 trong 3 số cộng vào ghi “gần”")
    # more than one and less than another: no direction is left
    assert said_together(["hơn", "gần"]) == Said("", "2 trong 2 số cộng vào ghi “gần” hoặc “hơn”")


def test_the_word_is_kept_with_the_figure_and_goes_when_another_number_is_typed(world, reports):
    report = reports[0]
    save_cells(report_id=report.pk, by=world.officer, cells={"HT01.numerator": "101000", "HT01.denominator": "184683"})
    describe_figure(report_id=report.pk, by=world.officer, code="HT01", qualifier="hơn", note="Theo bài báo")
    stored = IndicatorFigure.objects.get(report=report, indicator__code="HT01")
    assert (stored.qualifier, stored.note) == ("hơn", "Theo bài báo")
    # the same number again, the total, another indicator: the word stays
    for cells in ({"HT01.numerator": "101.000"}, {"HT01.denominator": "184684"}, {"TT01.numerator": "3"}):
        save_cells(report_id=report.pk, by=world.officer, cells=cells)
        stored.refresh_from_db()
        assert stored.qualifier == "hơn"
    result = save_cells(report_id=report.pk, by=world.officer, cells={"HT01.numerator": "101412"})
    stored.refresh_from_db()
    assert (stored.numerator, stored.qualifier) == (101412, "")
    assert next(row for row in result.form.indicators if row.code == "HT01").qualifier == ""


def test_the_word_stands_with_its_own_indicator_alone(world, reports):
    report = reports[0]
    typed = {"HT01.numerator": "5", "HT01.denominator": "9", "TT01.numerator": "3"}
    assert save_cells(report_id=report.pk, by=world.officer, cells=typed).is_ok
    for code, word in (("HT01", "gần"), ("TT01", "hơn")):
        describe_figure(report_id=report.pk, by=world.officer, code=code, qualifier=word)
    said = IndicatorFigure.objects.filter(report=report).exclude(qualifier="")
    assert dict(said.values_list("indicator__code", "qualifier")) == {"HT01": "gần", "TT01": "hơn"}
    with pytest.raises(NotAllowed, match="không có chỉ tiêu XX99"):
        describe_figure(report_id=report.pk, by=world.officer, code="XX99", qualifier="hơn")


def test_only_the_words_of_published_texts_by_who_types_the_cell_while_it_is_open(world, reports):
    report = reports[0]
    with pytest.raises(NotAllowed, match="chưa có số liệu"):
        describe_figure(report_id=report.pk, by=world.officer, code="HT01", qualifier="hơn")
    save_cells(report_id=report.pk, by=world.officer, cells={"HT01.numerator": "5"})
    with pytest.raises(NotAllowed, match="chỉ nhận: hơn, gần"):
        describe_figure(report_id=report.pk, by=world.officer, code="HT01", qualifier="khoảng")
    with pytest.raises(NotAllowed, match="không có chỉ tiêu"):
        describe_figure(report_id=report.pk, by=world.officer, code="XX99", qualifier="hơn")
    for stranger in (world.police_officer, world.stranger, world.reviewer):
        with pytest.raises(PermissionDenied):
            describe_figure(report_id=report.pk, by=stranger, code="HT01", qualifier="hơn")
    put(report, 5, word="")
    with pytest.raises(NotAllowed):
        describe_figure(report_id=report.pk, by=world.officer, code="HT01", qualifier="hơn")
    assert not IndicatorFigure.objects.exclude(qualifier="").exists()


def test_entry_answers_review_receipt_and_next_month_show_the_word(world, reports, client, month, at):
    report = reports[0]
    put(report, 110000, 184683, word="gần", status="draft")
    IndicatorFigure.objects.filter(report=report).update(note="Cả hai mức")
    client.force_login(world.officer)
    entry = client.get(reverse("report-entry", args=[report.pk])).text
    assert '<output class="qualifier" aria-live="off" id="HT01-muc-do">gần</output>' in entry
    assert 'value="110.000"' in entry
    assert 'aria-describedby="HT01-numerator-t HT01-muc-do"' in entry
    assert "Cả hai mức" in entry
    answers = text_of(client.get(reverse("report-check", args=[report.pk])))
    assert "gần 110.000/184.683" in answers.replace(" / ", "/")
    # typed anew: the server tells the page that the word is gone
    body = {"user": world.officer.pk, "via": "page", "fields": {"HT01.numerator": "110.001"}, "seen": {}}
    saved = client.post(
        reverse("report-save-cells", args=[report.pk]), json.dumps(body), content_type="application/json"
    )
    assert saved.json()["rows"]["HT01"]["derived"]["HT01-muc-do"] == ""
    put(report, 110000, 184683, word="gần", status="submitted")
    client.force_login(world.reviewer)
    assert "gần 110.000 184.683" in text_of(client.get(reverse("report-detail", args=[report.pk])))
    at("2026-12-14 09:00")
    month("2026-12")
    later = Report.objects.get(unit=world.phuoc_long, period__month=12)
    client.force_login(world.officer)
    assert "gần 110.000/184.683" in text_of(client.get(reverse("report-entry", args=[later.pk])))


def test_a_total_of_one_figure_carries_its_word_on_every_screen_and_file(world, reports, client, tmp_path):
    put(reports[0], 101000, 184683, word="hơn")
    seen = overview(world.dong_nai.pk, NOVEMBER, "official")
    assert line(seen).said == Said("hơn")
    client.force_login(world.chair)
    page = text_of(client.get(reverse("dashboard"), {"ky": "2026-11", "co_so": "chinh-thuc"}))
    assert "hơn 101.000/184.683 54,69%" in page
    rows = text_of(client.get(reverse("dashboard-source"), {"ky": "2026-11", "co_so": "chinh-thuc", "so": "HT01"}))
    assert rows.count("hơn 101.000") == 2  # the report's row and the sum
    path = tmp_path / "a.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=NOVEMBER, basis="official")
    sheet = openpyxl.load_workbook(path, data_only=True)["Chỉ tiêu"]
    cells = next(row for row in sheet.iter_rows() if row[1].value == "HT01")
    assert (cells[5].value, cells[5].number_format) == (101000, '"hơn "#,##0')  # a number, shown with its word
    assert (cells[6].value, cells[6].number_format) == (184683, "#,##0")
    assert (cells[7].value, cells[7].number_format) == (pytest.approx(101000 / 184683), "0.00%")
    summary = client.get(
        reverse("api-summaries"), {"unit": world.dong_nai.pk, "period": "2026-11", "basis": "official"}
    ).json()
    figure = next(row for row in summary["indicators"] if row["code"] == "HT01")
    assert (figure["numerator"], figure["qualifier"], figure["qualifier_note"]) == (101000, "hơn", "")
    detail = client.get(reverse("api-report", args=[reports[0].pk])).json()
    assert next(row for row in detail["indicators"] if row["code"] == "HT01")["qualifier"] == "hơn"


def test_a_total_of_several_says_how_many_have_a_word(world, reports, client, tmp_path):
    put(reports[0], 83002, 166685, word="hơn")
    put(reports[1], 17998, 17998)
    seen = overview(world.dong_nai.pk, NOVEMBER)
    assert line(seen).said == Said("hơn", "1 trong 2 số cộng vào ghi “hơn”")
    client.force_login(world.chair)
    page = text_of(client.get(reverse("dashboard"), {"ky": "2026-11"}))
    assert "hơn 101.000/184.683" in page
    assert "1 trong 2 số cộng vào ghi “hơn”" in page
    path = tmp_path / "a.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=NOVEMBER, basis="provisional")
    sheet = openpyxl.load_workbook(path, data_only=True)["Chỉ tiêu"]
    assert "HT01: 1 trong 2 số cộng vào ghi “hơn”." in [row[0].value for row in sheet.iter_rows()]
    # "gần" beside "hơn": no word before the sum, the note remains
    put(reports[2], 100, word="gần")
    page = text_of(client.get(reverse("dashboard"), {"ky": "2026-11"}))
    assert " 101.100/185.683" in page
    assert "hơn 101.100" not in page
    assert "2 trong 3 số cộng vào ghi “gần” hoặc “hơn”" in page


def test_the_word_counts_only_while_its_figure_is_in_the_number(world, reports, month, at):
    put(reports[0], 500, word="gần", status="submitted")
    assert line(overview(world.dong_nai.pk, NOVEMBER, "official")).said == EXACT  # not approved
    assert line(overview(world.lam_dong.pk, NOVEMBER)).said == EXACT  # next door
    assert line(overview(world.dong_nai.pk, NOVEMBER)).said == Said("gần")
    at("2026-12-20 09:00")
    put(Report.objects.get(unit=world.phuoc_long, period=month("2026-12")), 600)
    # cumulative: of a quarter the unit's last month counts, and that one is exact
    assert line(overview(world.dong_nai.pk, Span.parse("2026-Q4"))).said == EXACT
    # a flow adds both months up
    put(reports[0], 30, None, word="gần", code="TT01", status="submitted")
    put(Report.objects.get(unit=world.phuoc_long, period__month=12), 40, None, code="TT01")
    quarter = line(overview(world.dong_nai.pk, Span.parse("2026-Q4")), "TT01")
    assert quarter.pair.numerator == 70
    assert quarter.said == Said("gần", "1 trong 2 số cộng vào ghi “gần”")


def test_the_head_of_the_page_shows_the_word_too(world, reports, client):
    put(reports[0], 900, 1000, word="gần", code="DD04")
    put(reports[0], 6, 8, word="hơn", code="TC07")
    client.force_login(world.chair)
    page = text_of(client.get(reverse("dashboard"), {"ky": "2026-11"}))
    assert "gần 900/1.000" in page
    assert "hơn 6 /8" in page
