"""The sheet “So sánh”: the page's comparisons in cells, with formulas that a spreadsheet program computes alike."""

import csv
import math
import shutil
import subprocess

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.models import PublicService, ServiceFigures
from taskforces.models import Level
from taskforces.models.units import reporter_name
from tests.conftest import make_person, make_unit
from tests.test_excel import width_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
GROUPS, HEADS, FIRST = 8, 9, 11  # rows of titles, first row of figures
BLOCKS = (5, 8)  # first column of each block: now, then, change
ALL, NOTHING = "Cộng các dịch vụ công", "Chưa có số liệu để so sánh"
# The page's heads, and what the sheet calls the same
UNIT_FIGURES = (
    "Hồ sơ tiếp nhận", "Tỷ lệ trực tuyến", "Đã giải quyết", "Tỷ lệ trước và đúng hạn", "Đang giải quyết quá hạn",
    "Kích hoạt VNeID",
)  # fmt: skip
SERVICE_FIGURES = {"Trong đó trực tuyến": 1, "Tỷ lệ trực tuyến": 4, "Tỷ lệ trước và đúng hạn": 8,
                   "Đang giải quyết quá hạn": 11}  # fmt: skip


@pytest.fixture
def november(world, month, put, at):
    """Two communes that no reform touched: in November 2025 and 2026, the second silent in October 2026."""
    at("2026-11-28 09:00")
    world.lasting = make_unit("97", "Tỉnh Bền", "tinh", Level.PROVINCE, world.nation)
    world.first = make_unit("97001", "Xã Một", "xa", Level.COMMUNE, world.lasting)
    world.second = make_unit("97002", "Xã Hai", "xa", Level.COMMUNE, world.lasting)
    make_unit("97003", "Xã Im Lặng", "xa", Level.COMMUNE, world.lasting)
    world.reader = make_person("chubien", "Vũ Thị Chủ Bền", world.lasting, "chair")
    old, october, now = month("2025-11"), month("2026-10"), month("2026-11")
    put(world.first, old, 80, 20, early=70, overdue=30, stuck=0, dd04=(10, 100))
    put(world.second, old, 10, early=10, service="DVC12")
    put(world.first, october, 50, early=50, dd04=(20, 100))
    put(world.first, now, 90, 20, early=99, overdue=11, stuck=0, dd04=(30, 100))
    put(world.second, now, 15, early=12, overdue=1, stuck=2, service="DVC12")
    return now


def write(tmp_path, unit, span="2026-11"):
    path = tmp_path / "tep.xlsx"
    return path, excel.write_summary(path, unit_id=unit.pk, span=Span.parse(span), basis="provisional")


def lines(path, block=0) -> dict:
    """(name or code, figure) -> the three cells of a block."""
    sheet = openpyxl.load_workbook(path, data_only=True)["So sánh"]
    return {
        (row[0].value or row[1].value, row[2].value): row[BLOCKS[block] - 1 : BLOCKS[block] + 2]
        for row in sheet.iter_rows(min_row=FIRST)
        if row[2].value
    }


def values(cells) -> list:
    return [None if cell.value == "" else cell.value for cell in cells]


def shown(cell) -> str:
    """As the cell's format shows it in Vietnam."""
    if cell.value in (None, ""):
        return ""
    assert cell.number_format in {'+#,##0;"−"#,##0;0', '+0.00;"−"0.00;0'}
    places = 2 if "0.00" in cell.number_format else 0
    text = f"{abs(cell.value):,.{places}f}".translate(str.maketrans(",.", ".,"))
    return "0" if cell.value == 0 else ("+" if cell.value > 0 else "−") + text


def test_blocks_say_what_is_compared(november, world, tmp_path):
    path, _ = write(tmp_path, world.lasting)
    sheet = openpyxl.load_workbook(path)["So sánh"]
    assert sheet.cell(GROUPS, 5).value == "So với tháng 10/2026, trên cùng 1 đơn vị"
    assert sheet.cell(GROUPS, 8).value == "So với tháng 11/2025, trên cùng 2 đơn vị"
    heads = [sheet.cell(HEADS, column).value for column in range(5, 11)]
    assert heads == ["Kỳ này", "Kỳ trước", "Tăng, giảm", "Kỳ này", "Cùng kỳ", "Tăng, giảm"]
    assert [cell.value for cell in sheet[10]] == ["A", "B", "C", "D", "1", "2", "3=1−2", "4", "5", "6=4−5"]


def test_counts_rates_and_changes(november, world, tmp_path):
    path, _ = write(tmp_path, world.lasting)
    before, year = lines(path), lines(path, 1)
    assert values(before[ALL, "Hồ sơ tiếp nhận"]) == [110, 50, 60]
    assert values(before[ALL, "Trong đó trực tuyến"]) == [90, 50, 40]
    assert values(before[ALL, "Tỷ lệ trực tuyến"]) == [pytest.approx(90 / 110), 1, -18.18]
    assert values(year[ALL, "Đã giải quyết"]) == [123, 110, 13]
    assert values(year[ALL, "Trong đó trước và đúng hạn"]) == [111, 80, 31]
    assert values(year[ALL, "Tỷ lệ trước và đúng hạn"]) == [pytest.approx(111 / 123), pytest.approx(80 / 110), 17.52]
    assert values(year["DVC12", "Đang giải quyết quá hạn"]) == [2, 0, 2]
    assert values(year["DD04", "Tổng số"]) == [100, 100, 0]
    assert values(year["DD04", "Số đạt"]) == [30, 10, 20]
    assert values(year["DD04", "Tỷ lệ"]) == [0.3, 0.1, 20]
    assert values(year["Xã Một", "Kích hoạt VNeID"]) == [0.3, 0.1, 20]
    assert values(before["Xã Một", "Tỷ lệ trước và đúng hạn"]) == [pytest.approx(0.9), 1, -10]


def test_blank_is_blank(november, world, tmp_path):
    """The second commune was silent in October and never said anything of VNeID; the third said nothing at all."""
    path, _ = write(tmp_path, world.lasting)
    before, year = lines(path), lines(path, 1)
    assert values(before["Xã Hai", "Hồ sơ tiếp nhận"]) == values(before["DVC12", "Tỷ lệ trực tuyến"]) == [None] * 3
    assert values(year["Xã Hai", "VNeID đã kích hoạt"]) == [None] * 3
    assert values(year["Xã Hai", "Kích hoạt VNeID"]) == ["–", "–", None]
    assert [key for key in before if key[0] == "Xã Im Lặng"] == [("Xã Im Lặng", NOTHING)]
    assert values(before["Xã Im Lặng", NOTHING]) == [None] * 3


@pytest.mark.parametrize(("block", "query"), [(0, {}), (1, {"so_voi": "cung-ky"})])
def test_the_page_says_the_same(november, world, tmp_path, client, block, query):
    path, _ = write(tmp_path, world.lasting)
    sheet = lines(path, block)
    client.force_login(world.reader)
    page = client.get(reverse("dashboard"), {"ky": "2026-11", **query}).context
    seen = 0
    for name, cells in [(row["name"], row["cells"]) for row in page["units"]] + [(ALL, page["unit_total"]["cells"])]:
        for figure, (_, _, _, moved) in zip(UNIT_FIGURES, cells, strict=True):
            key = ("DD04", "Tỷ lệ") if (name, figure) == (ALL, "Kích hoạt VNeID") else (name, figure)
            if (name, NOTHING) in sheet:
                assert moved == ""
            else:
                assert shown(sheet[key][2]) == moved, key
                seen += moved != ""
    for row in page["services"]["rows"]:
        for figure, place in SERVICE_FIGURES.items():
            moved = row["cells"][place][3]
            assert shown(sheet[row["code"] or ALL, figure][2]) == moved, (row["name"], figure)
            seen += moved != ""
    for line in (line for _, group in page["indicators"] for line in group):
        if line["moved"]:
            assert shown(sheet[line["code"], "Số đạt"][2]) == line["moved"]
            assert shown(sheet[line["code"], "Tỷ lệ"][2]) == line["rate_moved"]
            seen += 1
    assert seen > 20


def give_half_a_hundredth(world, november, month):
    """799 and 800 of 800 in time: 0,125 points apart, which two divided cells subtracted would make 0,12."""
    for period, early in ((month("2026-10"), 799), (november, 800)):
        ServiceFigures.objects.filter(report__unit=world.first, report__period=period).update(
            resolved_early=early, resolved_on_time=0, resolved_overdue=800 - early
        )


def test_half_a_hundredth_of_a_point_is_rounded_as_on_the_page(november, world, tmp_path, month):
    give_half_a_hundredth(world, november, month)
    path, _ = write(tmp_path, world.first)
    assert shown(lines(path)[ALL, "Tỷ lệ trước và đúng hạn"][2]) == "+0,13"


def test_a_block_without_comparison_says_so(november, world, tmp_path):
    path, counts = write(tmp_path, world.lasting, "2025-11")
    sheet = openpyxl.load_workbook(path)["So sánh"]
    assert sheet.cell(GROUPS, 5).value == "So với tháng 10/2025: chưa có số liệu để so sánh"
    assert sheet.cell(GROUPS, 8).value == "So với tháng 11/2024: chưa có số liệu để so sánh"
    assert sheet.cell(FIRST, 1).value == "Chưa có số liệu để so sánh."
    assert counts.sheets["comparison"] == 0
    path, _ = write(tmp_path, world.second)  # has the year before alone
    assert openpyxl.load_workbook(path)["So sánh"].cell(GROUPS, 5).value.endswith(": chưa có số liệu để so sánh")
    assert values(lines(path)[ALL, "Hồ sơ tiếp nhận"]) == [None] * 3
    assert values(lines(path, 1)[ALL, "Hồ sơ tiếp nhận"]) == [15, 10, 5]


def test_where_the_span_before_is_the_year_before_it_stands_once(november, world, tmp_path):
    path, _ = write(tmp_path, world.lasting, "2026-YTD11")
    sheet = openpyxl.load_workbook(path)["So sánh"]
    assert sheet.max_column == 7
    assert sheet.cell(GROUPS, 5).value.startswith("So với ")


def test_an_unfinished_quarter_names_its_months_and_the_state(november, world, tmp_path, month, put):
    put(world.first, month("2025-10"), 1, early=1)
    path, _ = write(tmp_path, world.lasting, "2026-Q4")
    sheet = openpyxl.load_workbook(path)["So sánh"]
    assert sheet.cell(GROUPS, 8).value == "So với tháng 10–11/2025, trên cùng 2 đơn vị có cùng số tháng đã nộp"
    notes = [row[0].value for row in sheet.iter_rows(min_row=FIRST) if row[0].value]
    assert "Số tồn và lũy kế so với cuối tháng 11/2025." in notes


def test_no_name_that_is_shipped_is_cut_off(november, world, tmp_path):
    """The first row of a name is bold, which takes a twelfth more; longer names need the lines they take."""
    path, _ = write(tmp_path, world.lasting)
    sheet = openpyxl.load_workbook(path)["So sánh"]
    width = sheet.column_dimensions["B"].width
    with open("taskforces/data/units.csv", encoding="utf-8") as file:
        names = {reporter_name(row["name"], row["level"]) for row in csv.DictReader(file) if row["level"] != "nation"}
    names |= set(PublicService.objects.values_list("short_name", flat=True))
    longest = max(names, key=width_of)
    assert width_of(longest) * 13 / 12 <= width, longest
    for row in sheet.iter_rows(min_row=FIRST):
        if row[2].value:
            lines = math.ceil(width_of(row[1].value) * 13 / 12 / width)
            assert (sheet.row_dimensions[row[1].row].height or 15) >= 15 * lines, row[1].value


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_computes_the_same(november, world, tmp_path, month):
    give_half_a_hundredth(world, november, month)
    path, _ = write(tmp_path, world.lasting)
    formulas = tmp_path / "formulas.xlsx"
    openpyxl.load_workbook(path).save(formulas)  # drops the values of formulas
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "again"), str(formulas)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    stored = openpyxl.load_workbook(path, data_only=True)["So sánh"]
    again = openpyxl.load_workbook(tmp_path / "again" / "formulas.xlsx", data_only=True)["So sánh"]
    computed = 0
    for row in openpyxl.load_workbook(path)["So sánh"].iter_rows(min_row=FIRST):
        for cell in row:
            if str(cell.value).startswith("="):
                one, two = stored[cell.coordinate].value, again[cell.coordinate].value
                assert (two or "") == (one or "") or two == pytest.approx(one, abs=1e-12), cell.coordinate
                computed += 1
    assert computed > 50
