"""The Excel summary: cell values and formats, totals against an independent reading, as stored and recalculated."""

import csv
import datetime as dt
import shutil
import subprocess
from collections import defaultdict

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.exports.book.choice import BOOK_COLUMNS, BOOK_PARTS, SHORT, BookChoice
from reporting.exports.issuing import CodedPaper
from reporting.exports.sheets import FIGURE_COLUMNS, SheetColumn, derived, index_labels
from reporting.models import Indicator, IndicatorFigure, PublicService, Report, ServiceFigures
from reporting.rollup import rollup
from taskforces.models import UnitVersion
from taskforces.models.units import reporter_name

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FIRST = 11  # first row of figures in every table
PERCENT, NUMBER = "0.00%", "#,##0"
# The official order of the figures, as forms of the ministry print it: (title over several columns, title).
OFFICIAL = (
    ("Kỳ trước chuyển sang", None),
    ("Tiếp nhận trong kỳ", "Trực tuyến"),
    ("Tiếp nhận trong kỳ", "Trực tiếp"),
    ("Tiếp nhận trong kỳ", "Bưu chính"),
    ("Tiếp nhận trong kỳ", "Tổng số"),
    ("Đã giải quyết", "Trước hạn"),
    ("Đã giải quyết", "Đúng hạn"),
    ("Đã giải quyết", "Quá hạn"),
    ("Đã giải quyết", "Tổng số"),
    ("Từ chối, rút, dừng", None),
    ("Đang giải quyết", "Trong hạn"),
    ("Đang giải quyết", "Quá hạn"),
    ("Đang giải quyết", "Tổng số"),
    ("Tỷ lệ", "Trực tuyến"),
    ("Tỷ lệ", "Trước và đúng hạn"),
)
# Where they stand, the first column being 1: "Theo đơn vị" and "Theo dịch vụ" have four columns before them ...
COLUMN = {
    "opening": 5, "received_online": 6, "received_in_person": 7, "received_postal": 8, "received": 9,
    "resolved_early": 10, "resolved_on_time": 11, "resolved_overdue": 12, "resolved": 13, "rejected": 14,
    "pending_in_time": 15, "pending_overdue": 16, "pending": 17, "online_rate": 18, "in_time_rate": 19,
}  # fmt: skip
HAVE_FIGURES = 4  # "Báo cáo/Có trong số liệu" by unit, "Đơn vị có số liệu" by service
# ... "Nguồn số liệu" has six before what was typed, and no sums.
SOURCE_COLUMN = {
    "opening": 7, "received_online": 8, "received_in_person": 9, "received_postal": 10, "resolved_early": 11,
    "resolved_on_time": 12, "resolved_overdue": 13, "rejected": 14, "pending_in_time": 15, "pending_overdue": 16,
}  # fmt: skip
NOVEMBER = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def november(world, month, fill):
    """November 2026 in Đồng Nai: Phước Long and the province approved, Phước Bình sent, Phú Riềng missing."""
    period = month("2026-11")
    reports = {report.unit_id: report for report in Report.objects.filter(period=period).select_related("period")}
    fill(reports[world.phuoc_long.pk], base=10, status="approved", by=world.officer)
    fill(reports[world.phuoc_binh.pk], base=7, status="submitted", by=world.neighbour)
    fill(reports[world.dong_nai.pk], base=3, status="approved", by=world.staff)
    ServiceFigures.objects.filter(report=reports[world.phuoc_long.pk], service__code="DVC16").update(
        opening=4, received_online=100, received_in_person=23, received_postal=0, resolved_early=80,
        resolved_on_time=30, resolved_overdue=7, rejected=1, pending_in_time=9, pending_overdue=0,
    )  # fmt: skip
    rollup.roll_up(period)
    return period


def write(tmp_path, unit, span="2026-11", basis="provisional", name="tep.xlsx", **more):
    path = tmp_path / name
    counts = excel.write_summary(path, unit_id=unit.pk, span=Span.parse(span), basis=basis, at=NOVEMBER, **more)
    return path, counts


def read(path, sheet, values=True):
    return openpyxl.load_workbook(path, data_only=values)[sheet]


def header(sheet, first):
    """The two rows of titles from a column on: (title over several columns, title)."""
    found, group = [], None
    for column in range(first, sheet.max_column + 1):
        group = sheet.cell(8, column).value or group
        found.append((group, sheet.cell(9, column).value))
    return found


def body(sheet, key=2):
    """Rows of figures by the text of one column; the total under its label."""
    rows = {}
    for row in range(FIRST, sheet.max_row + 1):
        if text := sheet.cell(row, key).value:
            rows[text] = row
    return rows


def expected_totals(path_part, statuses, periods):
    """Independent of the portal's own sums: plain Python over the raw rows of a month."""
    totals = defaultdict(lambda: dict.fromkeys(SOURCE_COLUMN))
    rows = ServiceFigures.objects.filter(report__period__in=periods, report__status__in=statuses)
    for row in rows.select_related("report", "service"):
        if path_part in row.report.path:
            for name in SOURCE_COLUMN:
                value = getattr(row, name)
                if value is not None:
                    totals[row.service.code][name] = value + (totals[row.service.code][name] or 0)
    return totals


def test_sheets_and_cover(november, world, tmp_path):
    path, counts = write(tmp_path, world.dong_nai, by=world.staff)
    book = openpyxl.load_workbook(path, data_only=True)
    assert book.sheetnames == [
        "Bìa", "Theo đơn vị", "Theo dịch vụ", "Chỉ tiêu", "So sánh", "Chưa báo cáo", "Nguồn số liệu"
    ]  # fmt: skip
    cover = {row[0].value: row[1].value for row in book["Bìa"].iter_rows(min_row=5)}
    assert book["Bìa"]["A4"].value == "Số liệu tạm tính, 3/4 đơn vị"
    assert cover["Đơn vị"] == "Tỉnh Đồng Nai (mã 75)"
    assert cover["Kỳ báo cáo"] == "tháng 11/2026 (số liệu từ 15/10/2026 đến 14/11/2026)"
    assert cover["Cơ sở số liệu"] == "Tạm tính: báo cáo đã gửi và đã duyệt"
    assert cover["Báo cáo trong số liệu"] == "3/4"
    assert cover["Báo cáo chưa có"].startswith("1 ")
    assert cover["Người lập"] == "Đỗ Thu Hà"
    assert cover["Lập lúc"] == "16:00 ngày 20/11/2026"
    assert cover["Đối chiếu"].startswith("Tổng của từng dịch vụ bằng")
    assert counts.checksum[:16] in cover["Chuỗi đối chiếu"]
    assert (counts.units_reported, counts.units_expected) == (3, 4)


def test_official_header_and_numbered_columns(november, world, tmp_path):
    path, _ = write(tmp_path, world.dong_nai)
    sheet = read(path, "Theo đơn vị")
    assert sheet["A1"].value.startswith("Biểu số")
    assert sheet["A2"].value.startswith("Ban hành theo")
    assert sheet["A3"].value.startswith("Ngày nhận báo cáo")
    right = [cell.value for row in sheet.iter_rows(min_row=1, max_row=2, min_col=3) for cell in row if cell.value]
    assert right == ["Đơn vị báo cáo: Tỉnh Đồng Nai", "Đơn vị nhận báo cáo: …………………………"]
    assert "Kỳ báo cáo: tháng 11/2026" in sheet["A5"].value
    assert sheet["A7"].value == "Đơn vị tính: hồ sơ"
    numbered = [cell.value for cell in sheet[10]]
    assert numbered[:5] == ["A", "B", "1", "2", "3"]
    assert "7=4+5+6" in numbered
    assert "11=8+9+10" in numbered
    assert "16=4:7" in numbered
    assert "17=(8+9):11" in numbered


def test_figures_stand_in_the_official_order(november, world, tmp_path):
    """Every figure of one service is different, so none can stand in another's place unseen."""
    ServiceFigures.objects.exclude(report__unit=world.phuoc_long, service__code="DVC16").delete()
    ServiceFigures.objects.update(
        opening=4, received_online=100, received_in_person=23, received_postal=17, resolved_early=80,
        resolved_on_time=30, resolved_overdue=7, rejected=1, pending_in_time=9, pending_overdue=2,
    )  # fmt: skip
    rollup.roll_up(november)
    path, _ = write(tmp_path, world.dong_nai)
    official = [4, 100, 23, 17, 140, 80, 30, 7, 117, 1, 9, 2, 11, 100 / 140, 110 / 117]
    for name, key, label in [
        ("Theo đơn vị", 2, "Phường Phước Long"),
        ("Theo đơn vị", 2, "TỔNG SỐ"),
        ("Theo dịch vụ", 2, "DVC16"),
        ("Theo dịch vụ", 3, "TỔNG SỐ"),
    ]:
        sheet = read(path, name)
        row = body(sheet, key)[label]
        assert header(sheet, 5)[:15] == list(OFFICIAL), name
        assert [sheet.cell(row, column).value for column in range(5, 20)] == pytest.approx(official), (name, label)
        assert sheet.max_column == (24 if name == "Theo dịch vụ" else 22)  # live services and targets after the form
    sheet = read(path, "Nguồn số liệu")
    assert [cell.value for cell in sheet[FIRST]][6:] == [4, 100, 23, 17, 80, 30, 7, 1, 9, 2]


def test_print_settings(november, world, tmp_path):
    path, _ = write(tmp_path, world.dong_nai)
    book = openpyxl.load_workbook(path)
    for name in book.sheetnames[1:]:
        sheet = book[name]
        assert sheet.freeze_panes[1:] == "11", name
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1) == 1
        assert int(sheet.page_setup.fitToHeight or 1) in {0, 1}, (
            name
        )  # as long as it is, or a little over a page on one
        assert sheet.print_title_rows == "$8:$10"
        assert "&P/&N" in str(sheet.oddFooter.right.text) or "Trang" in str(sheet.oddFooter.right.text)
        assert sheet["A1"].font.name == "Times New Roman"


def test_units_sheet_values_and_formats(november, world, tmp_path):
    path, counts = write(tmp_path, world.dong_nai)
    sheet = read(path, "Theo đơn vị")
    rows = body(sheet)
    below = ["Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"]  # in Vietnamese order of the short names
    assert list(rows) == ["UBND tỉnh Đồng Nai (cấp tỉnh)", *below, "TỔNG SỐ"]
    services = ServiceFigures.objects.filter(report__unit=world.phuoc_long, report__period=november).count()
    online = sheet.cell(rows["Phường Phước Long"], COLUMN["received_online"])
    assert online.value == (services - 1) * 10 + 100
    assert online.number_format == NUMBER
    rate = sheet.cell(rows["Phường Phước Long"], COLUMN["in_time_rate"])
    assert rate.value == pytest.approx(((services - 1) * 10 + 110) / ((services - 1) * 10 + 117), abs=1e-12)
    assert rate.number_format == PERCENT
    totals = expected_totals(f"/{world.dong_nai.pk}/", ["submitted", "approved"], [november])
    for name in SOURCE_COLUMN:
        assert sheet.cell(rows["TỔNG SỐ"], COLUMN[name]).value == sum(t[name] for t in totals.values()), name
    assert counts.sheets["units"] == 4


def test_blank_stays_blank_and_zero_stays_zero(november, world, tmp_path):
    path, _ = write(tmp_path, world.dong_nai)
    sheet = read(path, "Theo đơn vị")
    rows = body(sheet)
    missing = rows["Xã Phú Riềng"]
    assert sheet.cell(missing, COLUMN["received_online"]).value is None
    assert sheet.cell(missing, COLUMN["received"]).value in (None, "")
    assert sheet.cell(missing, COLUMN["online_rate"]).value == "–"
    assert sheet.cell(missing, HAVE_FIGURES).value == 0
    present = rows["Phường Phước Bình"]
    assert sheet.cell(present, COLUMN["received_postal"]).value == 0
    assert sheet.cell(present, COLUMN["resolved_overdue"]).value == 0


def test_services_sheet_equals_the_raw_figures(november, world, tmp_path):
    for basis, statuses in [("provisional", ["submitted", "approved"]), ("official", ["approved"])]:
        path, counts = write(tmp_path, world.dong_nai, basis=basis)
        sheet = read(path, "Theo dịch vụ")
        rows = body(sheet, key=2)
        totals = expected_totals(f"/{world.dong_nai.pk}/", statuses, [november])
        for code, figures in totals.items():
            for name in SOURCE_COLUMN:
                assert sheet.cell(rows[code], COLUMN[name]).value == figures[name], (basis, code, name)
        total_row = body(sheet, key=3)["TỔNG SỐ"]
        for name in SOURCE_COLUMN:
            assert sheet.cell(total_row, COLUMN[name]).value == sum(t[name] for t in totals.values())
        assert sheet.cell(total_row, HAVE_FIGURES).value == "x"
        assert counts.sheets["services"] == sheet.max_row - FIRST
        assert counts.differences == []


def test_totals_are_formulas_that_carry_their_value(november, world, tmp_path):
    path, _ = write(tmp_path, world.dong_nai)
    formulas, values = read(path, "Theo dịch vụ", values=False), read(path, "Theo dịch vụ")
    total_row = body(values, key=3)["TỔNG SỐ"]
    for name, column in COLUMN.items():
        assert str(formulas.cell(total_row, column).value).startswith("=IF("), name
        assert values.cell(total_row, column).value is not None, name
    assert f"SUM(F{FIRST}:F{total_row - 1})" in formulas.cell(total_row, 6).value


def test_a_rate_is_sum_over_sum(november, world, tmp_path, fill):
    """1/1 and 0/99 give 1 %, not 50 %."""
    ServiceFigures.objects.filter(report__period=november).delete()
    dvc = PublicService.objects.get(code="DVC16")
    for unit, online, in_person in [(world.phuoc_long, 1, 0), (world.phuoc_binh, 0, 99)]:
        ServiceFigures.objects.create(
            report=Report.objects.get(unit=unit, period=november),
            service=dvc,
            received_online=online,
            received_in_person=in_person,
            received_postal=0,
        )
    rollup.roll_up(november)
    path, _ = write(tmp_path, world.dong_nai)
    sheet = read(path, "Theo đơn vị")
    cell = sheet.cell(body(sheet)["TỔNG SỐ"], COLUMN["online_rate"])
    assert (cell.value, cell.number_format) == (0.01, PERCENT)


def test_indicators_sheet(november, world, tmp_path):
    path, counts = write(tmp_path, world.dong_nai)
    sheet = read(path, "Chỉ tiêu")
    rows = body(sheet, key=2)
    numbers = defaultdict(lambda: [None, None])
    for figure in IndicatorFigure.objects.filter(
        report__period=november,
        report__status__in=["submitted", "approved"],
        report__path__contains=f"/{world.dong_nai.pk}/",
    ).select_related("indicator", "report"):
        if figure.indicator.over_units == "own" and figure.report.unit_id != world.dong_nai.pk:
            continue  # never added over units
        pair = numbers[figure.indicator.code]
        for i, value in enumerate([figure.numerator, figure.denominator]):
            if value is not None:
                pair[i] = (pair[i] or 0) + value
    assert numbers
    plain = set(Indicator.objects.filter(kind="number").values_list("code", flat=True))
    assert {"DD02", "NL01"} <= plain & set(numbers)
    for code, (numerator, denominator) in numbers.items():
        assert sheet.cell(rows[code], 6).value == numerator, code
        assert sheet.cell(rows[code], 7).value == ("x" if code in plain else denominator), code
        rate = sheet.cell(rows[code], 8)
        assert rate.value == ("x" if code in plain else numerator / denominator if denominator else "–"), code
        assert rate.number_format == PERCENT
    assert counts.sheets["indicators"] == len([code for code in rows if code])


def test_missing_sheet(november, world, tmp_path):
    path, _ = write(tmp_path, world.dong_nai)
    sheet = read(path, "Chưa báo cáo")
    assert [c.value for c in sheet[FIRST]][1:5] == ["Xã Phú Riềng", "Tỉnh Đồng Nai", "tháng 11/2026", "Chưa nhập"]
    due = sheet.cell(FIRST, 6)
    assert due.value == dt.datetime(2026, 11, 16, 17, 0)
    assert due.number_format == "dd/mm/yyyy hh:mm"
    assert sheet.cell(FIRST, 7).value == "Quá hạn"
    path, counts = write(tmp_path, world.dong_nai, basis="official")
    sheet = read(path, "Chưa báo cáo")
    assert {sheet.cell(r, 2).value: sheet.cell(r, 5).value for r in (FIRST, FIRST + 1)} == {
        "Xã Phú Riềng": "Chưa nhập",
        "Phường Phước Bình": "Đã gửi, chưa duyệt",
    }
    assert counts.sheets["missing"] == 2


def test_sources_hold_exactly_the_reports_under_the_unit(november, world, tmp_path, fill):
    stranger = Report.objects.get(unit=world.da_huoai, period=november)
    fill(stranger, base=999, status="approved", by=world.stranger)
    rollup.roll_up(november)
    path, counts = write(tmp_path, world.dong_nai)
    sheet = read(path, "Nguồn số liệu")
    names = {sheet.cell(r, 2).value for r in range(FIRST, sheet.max_row)}
    assert names == {"UBND tỉnh Đồng Nai (cấp tỉnh)", "Phường Phước Long", "Phường Phước Bình"}
    raw = ServiceFigures.objects.filter(
        report__period=november,
        report__status__in=["submitted", "approved"],
        report__path__contains=f"/{world.dong_nai.pk}/",
    )
    assert counts.sheets["sources"] == raw.count() == sheet.max_row - FIRST
    for name, column in SOURCE_COLUMN.items():
        assert sheet.cell(sheet.max_row, column).value == sum(raw.values_list(name, flat=True)), name
    assert sheet.auto_filter.ref == f"A10:P{sheet.max_row - 1}"


def width_of(text: str) -> float:
    """What Times New Roman 11 takes at most, with the cell's edges, in Excel's units (a digit of 7 pixels)."""
    narrow, wide = "iìíỉĩịltfjrI -,.()/", "mwM"
    return 1 + sum(4.9 if c in narrow else 11 if c in wide or c.isupper() else 7.4 for c in text) / 7


def test_the_sources_sheet_cuts_off_no_name_that_is_shipped(november, world, tmp_path):
    """Its rows do not wrap, so each column is as wide as the longest it can hold."""
    sheet = read(write(tmp_path, world.dong_nai)[0], "Nguồn số liệu")
    with open("taskforces/data/units.csv", encoding="utf-8") as file:
        units = list(csv.DictReader(file))
    with open("reporting/data/services.csv", encoding="utf-8") as file:
        services = list(csv.DictReader(file))
    held = {
        "A": {row["code"] for row in units},
        "B": {reporter_name(row["name"], row["level"]) for row in units if row["level"] != "nation"},
        "C": {row["name"] for row in units if row["level"] in {"province", "district"}},
        "D": {row["code"] for row in services},
        "E": {row["short_name"] for row in services},
        "F": {"tháng 12/2026"},
    }
    assert "Liên thông khai sinh – thường trú – thẻ BHYT trẻ dưới 6 tuổi" in held["E"]
    for letter, texts in held.items():
        longest = max(texts, key=width_of)
        assert width_of(longest) <= sheet.column_dimensions[letter].width, longest


def test_several_months_flows_add_and_states_take_the_last(world, month, fill, tmp_path):
    for key, base, opening, pending in [("2026-09", 10, 5, 6), ("2026-10", 20, 6, 8)]:
        period = month(key)
        report = Report.objects.get(unit=world.phuoc_long, period=period)
        fill(report, base=base, status="approved", by=world.officer, services=["DVC16"])
        ServiceFigures.objects.filter(report=report).update(opening=opening, pending_in_time=pending)
        rollup.roll_up(period)
    path, counts = write(tmp_path, world.dong_nai, span="2026-09..2026-10")
    sheet = read(path, "Theo dịch vụ")
    for row in (body(sheet, key=2)["DVC16"], body(sheet, key=3)["TỔNG SỐ"]):
        assert sheet.cell(row, COLUMN["received_online"]).value == 30
        assert sheet.cell(row, COLUMN["opening"]).value == 5
        assert sheet.cell(row, COLUMN["pending_in_time"]).value == 8
    assert counts.differences == []
    units = read(path, "Theo đơn vị")
    assert units.cell(body(units)["TỔNG SỐ"], COLUMN["received_online"]).value == 30
    assert openpyxl.load_workbook(path)["Bìa"]["A4"].value == "Số liệu tạm tính, 2/8 báo cáo"


def test_three_tiers_of_2024(world, month, fill, tmp_path):
    period = month("2024-05")
    for report in Report.objects.filter(period=period).select_related("period"):
        if report.path.startswith(f"/{world.nation.pk}/{world.binh_phuoc.pk}/"):
            fill(report, base=5, status="approved", by=world.old_staff)
    rollup.roll_up(period)
    path, counts = write(tmp_path, world.binh_phuoc, span="2024-05", basis="official")
    sheet = read(path, "Theo đơn vị")
    assert set(body(sheet)) == {"UBND tỉnh Bình Phước (cấp tỉnh)", "Thị xã Bình Long", "Thị xã Phước Long", "TỔNG SỐ"}
    assert counts.differences == []
    totals = expected_totals(f"/{world.binh_phuoc.pk}/", ["approved"], [period])
    cell = sheet.cell(body(sheet)["TỔNG SỐ"], COLUMN["received_online"])
    assert cell.value == sum(t["received_online"] for t in totals.values())


def test_a_commune_has_its_own_file(november, world, tmp_path):
    path, _ = write(tmp_path, world.phuoc_long)
    sheet = read(path, "Theo đơn vị")
    assert list(body(sheet)) == ["Phường Phước Long", "TỔNG SỐ"]
    heading = [cell.value for row in sheet.iter_rows(min_row=1, max_row=2) for cell in row if cell.value]
    assert "Đơn vị nhận báo cáo: Tỉnh Đồng Nai" in heading


def test_text_stays_text(november, world, tmp_path):
    UnitVersion.objects.filter(unit=world.phu_rieng).update(name="=1+1")
    path, _ = write(tmp_path, world.dong_nai)
    for name in ("Theo đơn vị", "Chưa báo cáo"):
        sheet = read(path, name, values=False)
        cell = sheet.cell(body(sheet)["=1+1"], 2)
        assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_pending_change_is_rolled_up_first(november, world, fill, tmp_path):
    report = Report.objects.select_related("period").get(unit=world.phu_rieng, period=november)
    fill(report, base=50, status="submitted", by=world.stranger)
    rollup.mark_dirty(report)
    _, counts = write(tmp_path, world.dong_nai)
    assert counts.differences == []
    assert counts.units_reported == 4


def test_a_wrong_total_is_named_on_the_cover(november, world, tmp_path):
    from reporting.models import ServiceSummary

    ServiceSummary.objects.filter(unit=world.dong_nai, service__code="DVC16").update(received_online=1)
    path, counts = write(tmp_path, world.dong_nai)
    assert counts.differences == ["DVC16"]
    cover = {row[0].value: row[1].value for row in read(path, "Bìa").iter_rows(min_row=5)}
    assert cover["Đối chiếu"].startswith("Số tổng hợp của DVC16 lệch")


def test_no_month_in_the_span(world, month, tmp_path):
    month("2026-11")
    with pytest.raises(excel.CannotExport, match="không có kỳ báo cáo nào trong tháng 05/2024"):
        write(tmp_path, world.dong_nai, span="2024-05")


def test_queries_do_not_grow_with_units(november, world, tmp_path, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        write(tmp_path, world.dong_nai)


def test_index_labels():
    assert index_labels(
        [
            SheetColumn("name", "", text=True),
            SheetColumn("a", ""),
            SheetColumn("b", ""),
            SheetColumn("sum", "", adds=("a", "b")),
            SheetColumn("rate", "", over=("a",), under="sum"),
        ]
    ) == ["A", "1", "2", "3=1+2", "4=1:3"]


def test_derived_keeps_blank_apart_from_zero():
    blank = derived(FIGURE_COLUMNS, {})
    assert blank["received"] is None
    assert blank["online_rate"] == "–"
    zero = derived(FIGURE_COLUMNS, {"received_online": 0, "received_in_person": 0})
    assert zero["received"] == 0
    assert zero["online_rate"] == "–"


def test_command_makes_the_same_file(november, world, tmp_path, capsys, at):
    at("2026-11-20 16:00")
    path, _ = write(tmp_path, world.dong_nai, span="2026-11", name="a.xlsx", choice=SHORT, paper=CodedPaper())
    call_command("export_summary", "--unit", "75", "--from", "2026-11", "--to", "2026-11", str(tmp_path / "b.xlsx"))
    assert "3/4 báo cáo" in capsys.readouterr().out
    one, two = openpyxl.load_workbook(path), openpyxl.load_workbook(tmp_path / "b.xlsx")
    one["Bìa"]["B6"] = two["Bìa"]["B6"] = None  # each has a code of its own
    for sheet in one.sheetnames:
        assert list(one[sheet].values) == list(two[sheet].values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--unit", "99", "--from", "2026-11", "x.xlsx"], "Không có đơn vị nào mang mã 99"),
        (["--unit", "75", "--from", "2026-13", "x.xlsx"], "Không đọc được tháng"),
        (["--unit", "75", "--from", "2026-11", "--to", "2026-10", "x.xlsx"], "đứng trước"),
        (["--unit", "75", "--from", "2023-11", "x.xlsx"], "Chưa mở kỳ nào"),
        (["--unit", "75", "--from", "2026-11", "x.csv"], ".xlsx"),
        (["--unit", "75", "--from", "2026-11", "/khong/co/x.xlsx"], "Không có thư mục"),
    ],
)
def test_command_says_what_is_wrong(november, arguments, message, at):
    at("2026-11-20 16:00")
    with pytest.raises(CommandError, match=message):
        call_command("export_summary", *arguments)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_recalculates_the_same_numbers(november, world, tmp_path):
    """Every cached value equals what a spreadsheet program computes from the formulas, on every sheet there is."""
    path, _ = write(tmp_path, world.dong_nai, choice=BookChoice.of([part.key for part in BOOK_PARTS], BOOK_COLUMNS))
    # openpyxl drops the values of formulas, so LibreOffice has nothing to show but what it computes itself.
    openpyxl.load_workbook(path).save(tmp_path / "formulas.xlsx")
    assert read(tmp_path / "formulas.xlsx", "Theo đơn vị").cell(FIRST, 9).value is None
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "recalculated"), str(tmp_path / "formulas.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    stored = openpyxl.load_workbook(path, data_only=True)
    recalculated = openpyxl.load_workbook(tmp_path / "recalculated" / "formulas.xlsx", data_only=True)
    compared = 0
    for sheet in stored.sheetnames:
        for row in stored[sheet].iter_rows():
            for cell in row:
                other = recalculated[sheet].cell(cell.row, cell.column).value
                if isinstance(cell.value, float):
                    assert other == pytest.approx(cell.value, abs=1e-9), (sheet, cell.coordinate)
                else:
                    assert (None if other == "" else other) == (None if cell.value == "" else cell.value), (
                        sheet,
                        cell.coordinate,
                    )
                compared += 1
    assert compared > 200
