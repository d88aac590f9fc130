"""Pasting a block: no figure in a wrong cell. Clipboards as the programs give them, each with its HTML and its text."""

import html
import io
import json
import re
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.exports.form_file import write_entry_form
from reporting.models import Basis, FigureChange, IndicatorFigure, Report, ServiceFigures
from tests.browser.conftest import PHONE, violations
from tests.browser.test_entry_browser import cell, go, row, saved

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = (
    *("opening", "received_online", "received_in_person", "received_postal"),
    *("resolved_early", "resolved_on_time", "resolved_overdue", "rejected", "pending_in_time", "pending_overdue"),
)
# In the order of the official form: opening, online, person, post, early, on time, late, rejected, in time, overdue.
FIGURES = {
    "DVC09": (0, 1234, 20, 10, 1150, 40, 5, 3, 59, 7),
    "DVC10": (0, 81, 12, 6, 50, 21, 2, 1, 14, 11),
    "DVC11": (0, 40, 1, 2, 30, 4, 3, 5, 1, 0),
    "DVC15": (0, 33, 0, 0, 31, 0, 0, 0, 2, 0),
    "DVC03": (0, 61, 7, 0, 55, 8, 1, 2, 1, 1),
    "DVC04": (0, 72, 8, 0, 66, 9, 1, 2, 1, 1),
}
OFFICE = ("DVC09", "DVC10", "DVC11", "DVC15")


@pytest.fixture
def november(world, month, fill):
    """Phường Phước Long: October sent, November open and empty."""
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=20, status="submitted", by=world.officer)
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


@pytest.fixture
def page(open_browser, world, november):
    return go(open_browser(world.officer), november)


# --- clipboards


def form_sheet(report, officer, name="Dịch vụ công"):
    """The sheet of the form as Excel has it open, with FIGURES filled in."""
    sheet = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, officer)), data_only=True)[name]
    for line in sheet.iter_rows():
        for place, value in enumerate(FIGURES.get(line[0].value, ()), start=2):
            line[place].value = value
    return sheet


def table_of(sheet, area):
    """Rows of [text, columns, rows, is it hidden]; None under a merged cell."""
    merged = {}
    for block in sheet.merged_cells.ranges:
        for place in block.cells:
            merged[place] = block
    lines = []
    for line in sheet[area]:
        lines.append(cells := [])
        for item in line:
            block = merged.get((item.row, item.column))
            if block is not None and (block.min_row, block.min_col) != (item.row, item.column):
                cells.append(None)
                continue
            size = (1, 1) if block is None else (block.size["columns"], block.size["rows"])
            cells.append((item.value, *size, sheet.row_dimensions[item.row].hidden))
    return lines


def shown(value):
    if isinstance(value, float):
        return f"{value * 100:.2f}".replace(".", ",") + "%"
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else value or ""


def as_text(lines):
    def quoted(text):
        return '"' + text.replace('"', '""') + '"' if re.search(r'[\n\t"]', text) else text

    return "".join("\t".join(quoted(shown(c[0])) if c else "" for c in line) + "\r\n" for line in lines)


def excel_clipboard(lines):
    """What Excel puts, by its documented format; no Excel was at hand to copy from.

    Long texts are folded over lines, a line break is <br>, hidden rows come along.
    """
    rows = []
    for number, line in enumerate(lines):
        cells = []
        for item in filter(None, line):
            value, columns, spanned, _ = item
            text = html.escape(shown(value)).replace(" ", "\r\n  ", 1)
            text = re.sub(r"(?<!\r)\n", "<br>\r\n    ", text)
            align = " align=right" if isinstance(value, int | float) else ""
            size = (f" colspan={columns}" if columns > 1 else "") + (f" rowspan={spanned}" if spanned > 1 else "")
            cells.append(f"  <td{size} class=xl{65 + number % 9}{align} style='border-left:none'>{text}</td>\r\n")
        hidden = any(item and item[3] for item in line)
        style = "height=0 style='display:none'" if hidden else "height=20 style='height:15.0pt'"
        rows.append(f" <tr {style}>\r\n{''.join(cells)} </tr>\r\n")
    body = (
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
        '<meta name=ProgId content=Excel.Sheet><style><!--.xl65 {mso-number-format:"\\#\\,\\#\\#0";}--></style></head>'
        "<body link=blue><table border=0 cellpadding=0 cellspacing=0 width=640 style='border-collapse:collapse'>"
        f"<!--StartFragment--><col width=64 span=12 style='width:48pt'>{''.join(rows)}<!--EndFragment-->"
        "</table></body></html>"
    )
    return body, as_text(lines)


def libreoffice_clipboard(lines):
    """What LibreOffice in English puts: the value in `sdval`, the text in the form of its own language."""
    rows = []
    for line in lines:
        cells = []
        for item in filter(None, line):
            value, columns, spanned, _ = item
            size = (f" colspan={columns}" if columns > 1 else "") + (f" rowspan={spanned}" if spanned > 1 else "")
            number = f' sdval="{value}" sdnum="1033;0;#,##0"' if isinstance(value, int) else ""
            text = f"{value:,}" if isinstance(value, int) else html.escape(value or "").replace("\n", "<br>")
            text = f'<font face="Times New Roman" size=3>{text}</font>' if text else "<br>"
            cells.append(f'\t\t<td{size} height="21" align="left"{number}>{text}</td>\n')
        rows.append(f"\t<tr>\n{''.join(cells)}\t</tr>\n")
    body = (
        '<!DOCTYPE html><html><head><meta name="generator" content="LibreOffice 7.4.7.2 (Linux)"/>'
        '<style type="text/css">body,div,table,td,p { font-family:"Liberation Sans"; font-size:x-small }</style></head>'
        f'<body><table cellspacing="0" border="0"><colgroup width="85"></colgroup>{"".join(rows)}</table></body></html>'
    )
    return body, as_text(lines).replace(".", ",")


def captured(name):
    """What LibreOffice 7.4 Calc really gave its clipboard after Ctrl+C: read out of the running program by UNO."""
    folder = Path(__file__).parent / "clipboards"
    return tuple((folder / f"libreoffice-{name}.{kind}").read_text("utf-8") for kind in ("html", "txt"))


def sheets_clipboard(lines):
    """What Google Sheets with English settings puts: the value in `data-sheets-value`, the text as it is shown."""
    rows = []
    for line in lines:
        cells = []
        for value, *_ in line:
            text = f"{value:,}" if isinstance(value, int | float) else html.escape(value or "")
            typed = {"1": 3, "3": value} if isinstance(value, int | float) else {"1": 2, "2": value or ""}
            given = json.dumps(typed, separators=(",", ":"))
            number = ' data-sheets-numberformat="{&quot;1&quot;:2,&quot;2&quot;:&quot;#,##0&quot;,&quot;3&quot;:1}"'
            cells.append(
                '<td style="border:1px solid #cccccc;overflow:hidden;padding:2px 3px;vertical-align:bottom;" '
                f'data-sheets-value="{html.escape(given)}"{number if isinstance(value, int) else ""}>'
                f"{text}</td>"
            )
        rows.append(f'<tr style="height:21px;">{"".join(cells)}</tr>')
    body = (
        "<meta charset='utf-8'><google-sheets-html-origin><style type=\"text/css\"><!--td {border: 1px solid #cccccc;}"
        'br {mso-data-placement:same-cell;}--></style><table xmlns="http://www.w3.org/1999/xhtml" cellspacing="0" '
        'cellpadding="0" dir="ltr" border="1" style="table-layout:fixed;font-size:10pt;border-collapse:collapse" '
        'data-sheets-root="1" data-sheets-baot="1"><colgroup><col width="100"/><col width="100"/></colgroup>'
        f"<tbody>{''.join(rows)}</tbody></table></google-sheets-html-origin>"
    )
    return body, as_text(lines).replace(".", ",")


def plain(*lines):
    """Lines of values without merged cells."""
    return [[(value, 1, 1, False) for value in line] for line in lines]


def paste(page, key, clipboard):
    body, text = clipboard
    cell(page, key).focus()
    page.evaluate(
        """([body, text]) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            if (body) data.setData("text/html", body);
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(event);
        }""",
        [body, text],
    )
    return page.locator("#xem-truoc-dan")


def write(page, count):
    page.get_by_role("button", name=f"Ghi {count} ô", exact=True).click()
    saved(page)


def confirm(page):
    """The write button by keyboard: from the heading over the preview to the button."""
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    saved(page)


def stored(report):
    """{code: its ten figures} of all rows that hold something."""
    return {
        line.service.code: tuple(getattr(line, name) for name in NAMES)
        for line in ServiceFigures.objects.filter(report=report).select_related("service")
        if any(getattr(line, name) is not None for name in NAMES[1:])
    }


def of(*codes):
    return {code: FIGURES[code] for code in codes}


def rows_of(sheet, *codes):
    return [item[0].row for item in sheet.iter_rows() if item[0].value in codes]


# --- the portal's own tables


@pytest.mark.parametrize("program", [excel_clipboard, libreoffice_clipboard])
def test_the_whole_form_over_both_sections_lands_by_code_and_heading(page, world, november, program):
    sheet = form_sheet(november, world.officer)
    for line in sheet.iter_rows(min_row=1):  # only the rows of FIGURES hold figures
        if re.fullmatch(r"DVC\d\d", str(line[0].value)) and line[0].value not in FIGURES:
            for item in line[2:]:
                item.value = None
    dialog = paste(page, "DVC15.received_postal", program(table_of(sheet, sheet.dimensions)))
    # Eight typed figures of four rows are mine; two rows of the police with ten, and last month's block, are refused.
    expect(dialog.get_by_role("heading")).to_contain_text("Dán 32 ô")
    expect(dialog.locator("[data-part=refused]")).to_contain_text("20 ô: Ô này do Công an nhập.DVC03; DVC04")
    expect(dialog.locator("[data-part=refused]")).to_contain_text("Số liệu tháng 10/2026 để đối chiếu, Tiếp nhận trực")
    expect(dialog.locator("[data-part=refused]")).not_to_contain_text("Không nhận ra")  # the numbered row is no row
    write(page, 32)
    assert stored(november) == of(*OFFICE)


@pytest.mark.parametrize("left", ["A", "C"], ids=["with codes", "figures alone"])
def test_cells_of_the_form_without_headings_as_wide_as_the_table_begin_with_its_first_column(
    page, world, november, left
):
    """The opening cannot be clicked, so the block of ten columns is pasted into the second one."""
    sheet = form_sheet(november, world.officer)
    first, last = rows_of(sheet, "DVC09", "DVC11")
    dialog = paste(page, "DVC09.received_online", excel_clipboard(table_of(sheet, f"{left}{first}:L{last}")))
    expect(dialog.locator("[data-part=notes]")).to_contain_text("bắt đầu từ “Kỳ trước chuyển sang”")
    write(page, 24)
    assert stored(november) == of("DVC09", "DVC10", "DVC11")


def test_the_dashboards_table_with_rates_is_copied_and_pasted(open_browser, world, november):
    """A real selection, a real Ctrl+C, a real Ctrl+V; rates and the total row belong nowhere."""
    october = Report.objects.get(unit=world.phuoc_long, period__year=2026, period__month=10)
    for code, values in of("DVC09", "DVC10").items():
        ServiceFigures.objects.filter(report=october, service__code=code).update(
            **dict(zip(NAMES, values, strict=True))
        )
    ServiceFigures.objects.filter(report=october).exclude(service__code__in=["DVC09", "DVC10"]).delete()
    page = open_browser(world.officer, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{reverse('dashboard')}?ky=2026-10&co_so=tam-tinh")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.services'))")
    page.keyboard.press("Control+C")
    go(page, november)
    cell(page, "DVC11.rejected").focus()
    page.keyboard.press("Control+V")
    write(page, 16)
    assert {code: values[1:8] for code, values in stored(november).items()} == {
        code: values[1:8] for code, values in of("DVC09", "DVC10").items()
    }
    assert row(november, "DVC09").pending_overdue == 7
    assert row(november, "DVC10").pending_overdue == 11


def test_the_excel_summary_by_service(page, world, november, tmp_path):
    """Its columns hold sums and rates between the figures, its last row the totals."""
    october = Report.objects.get(unit=world.phuoc_long, period__year=2026, period__month=10)
    for code, values in of("DVC09", "DVC10").items():
        ServiceFigures.objects.filter(report=october, service__code=code).update(
            **dict(zip(NAMES, values, strict=True))
        )
    path = tmp_path / "tong-hop.xlsx"
    excel.write_summary(path, unit_id=world.phuoc_long.pk, span=Span.parse("2026-10"), basis=Basis.PROVISIONAL)
    sheet = openpyxl.load_workbook(path, data_only=True)["Theo dịch vụ"]
    codes = {line[1].value: line[0].row for line in sheet.iter_rows()}
    area = f"A8:S{sheet.max_row}"
    for line in sheet.iter_rows(min_row=codes["DVC11"]):
        for item in line[4:17]:
            item.value = None if line[2].value != "TỔNG SỐ" else item.value
    dialog = paste(page, "DVC09.received_online", excel_clipboard(table_of(sheet, area)))
    expect(dialog.locator("[data-part=refused]")).to_contain_text("Tiếp nhận trong kỳ, Tổng số")
    confirm(page)
    got = stored(november)
    assert {code: got[code][1:8] for code in ("DVC09", "DVC10")} == {
        code: values[1:8] for code, values in of("DVC09", "DVC10").items()
    }
    assert set(got) == {"DVC09", "DVC10"}


def test_the_form_of_indicators(page, world, november):
    sheet = form_sheet(november, world.officer, "Chỉ tiêu")
    values = {"TC06": (14, None), "HT01": (17998, 18000), "YT01": (3, 4), "DC01": (5, 6)}
    for line in sheet.iter_rows():
        for place, value in enumerate(values.get(line[0].value, ()), start=3):
            line[place].value = value
    dialog = paste(page, "TC06.numerator", excel_clipboard(table_of(sheet, sheet.dimensions)))
    expect(dialog.locator("[data-part=refused]")).to_contain_text("Ô này do Công an nhập.")
    write(page, 5)
    figures = IndicatorFigure.objects.filter(report=november, numerator__isnull=False)
    pairs = {f.indicator.code: (f.numerator, f.denominator) for f in figures.select_related("indicator")}
    assert {code: pair for code, pair in pairs.items() if code in values} == {
        "TC06": (14, None), "HT01": (17998, 18000), "YT01": (3, 4),
    }  # fmt: skip


# --- what LibreOffice really puts on the clipboard; Google Sheets


def test_the_form_as_libreoffice_copies_it(page, november):
    """The whole sheet, hidden rows, merged heads and last month's block included."""
    dialog = paste(page, "DVC15.received_postal", captured("form"))
    expect(dialog.get_by_role("heading")).to_contain_text("Dán 32 ô")
    write(page, 32)
    assert stored(november) == of(*OFFICE)


def test_the_summary_as_libreoffice_copies_it(page, world, november):
    """October's summary, copied whole: every typed figure of the office's services, and of no other row."""
    october = Report.objects.get(unit=world.phuoc_long, period__year=2026, period__month=10)
    for code, values in FIGURES.items():
        ServiceFigures.objects.filter(report=october, service__code=code).update(
            **dict(zip(NAMES, values, strict=True))
        )
    figures = ServiceFigures.objects.filter(report=october, service__reporter="office").select_related("service")
    typed = [name for name in NAMES if name not in {"opening", "pending_in_time"}]
    expected = {line.service.code: [getattr(line, name) for name in typed] for line in figures}
    dialog = paste(page, "DVC09.received_online", captured("summary"))
    expect(dialog.locator("[data-part=refused]")).to_contain_text("Tiếp nhận trong kỳ, Tổng số")
    confirm(page)
    rows = ServiceFigures.objects.filter(report=november).select_related("service")
    got = {line.service.code: [getattr(line, name) for name in typed] for line in rows}
    assert {code: values for code, values in got.items() if any(v is not None for v in values)} == expected


@pytest.mark.parametrize("kind", ["html", "text"])
def test_an_officers_own_sheet_as_libreoffice_copies_it(page, november, kind):
    """Merged heads, a line break in a heading and in a cell, quotes and a tab in a note, a row of sums."""
    body, text = captured("own")
    dialog = paste(page, "DVC09.received_online", (body, text) if kind == "html" else ("", text))
    if kind == "html":
        write(page, 10)
        assert stored(november) == {
            "DVC09": (0, 1234, 20, None, 1150, None, 5, 3, None, None),
            "DVC10": (0, 81, 12, None, 50, None, 2, 1, None, None),
        }
    else:  # "1,234" of an English LibreOffice is no Vietnamese number
        expect(dialog.locator("[data-part=refused]")).to_contain_text("Bạn đã nhập “1,234”.")
        write(page, 8)
        assert stored(november) == {
            "DVC09": (0, None, 20, None, None, None, 5, 3, None, None),
            "DVC10": (0, 81, 12, None, 50, None, 2, 1, None, None),
        }


def test_google_sheets_in_english(page, november):
    """1,234 is shown and is 1234; 1.234 is shown and is no count."""
    lines = plain(
        ["Mã", "Tiếp nhận trực tuyến", "Tiếp nhận trực tiếp"],
        ["DVC10", 1234, 12],
        ["DVC09", 81, 1.234],
    )
    dialog = paste(page, "DVC15.received_postal", sheets_clipboard(lines))
    expect(dialog.locator("[data-part=refused]")).to_contain_text("Bạn đã nhập “1,234”.DVC09, tiếp nhận trực tiếp")
    write(page, 3)
    assert stored(november) == {
        "DVC09": (0, 81, None, None, None, None, None, None, None, None),
        "DVC10": (0, 1234, 12, None, None, None, None, None, None, None),
    }


def test_a_narrow_block_without_headings_is_confirmed_by_the_names_of_its_columns(page, november):
    dialog = paste(page, "DVC09.resolved_overdue", excel_clipboard(plain([5, 3], [2, 1])))
    expect(dialog.locator("[data-part=notes]")).to_contain_text(
        "Khối không có dòng tiêu đề: cột xếp theo vị trí, bắt đầu từ “Giải quyết quá hạn”. "
        "Các cột lần lượt là “Giải quyết quá hạn”, “Từ chối, rút, dừng”."
    )
    headings = dialog.locator("[data-part=rows] tr:not(.group) th")
    expect(headings).to_have_text(["Giải quyết quá hạn", "Từ chối, rút, dừng"] * 2)
    assert stored(november) == {}
    write(page, 4)
    assert {code: values[6:8] for code, values in stored(november).items()} == {"DVC09": (5, 3), "DVC10": (2, 1)}


# --- an officer's own sheets


@pytest.mark.parametrize("program", [excel_clipboard, libreoffice_clipboard, lambda lines: ("", as_text(lines))])
def test_heading_rows_a_name_column_and_a_line_break_in_a_cell(page, november, program):
    lines = [
        *plain(
            ["STT", "Dịch vụ", "Tiếp nhận trong kỳ", "", "Đã giải quyết", "", "Từ chối,\nrút, dừng", "Ghi chú"],
            ["", "", "Trực tiếp", "Trực tuyến", "Trước hạn", "Quá hạn", "", ""],
            [1, "Dang ky khai tu", 12, 81, 50, 2, 1, "đã đối chiếu\nvới sổ"],
            [2, "ĐĂNG KÝ  KHAI SINH", 20, 1234, 1150, 5, 3, "số\n15"],
            ["", "Cộng", 32, 1315, 1200, 7, 4, ""],
        )
    ]
    dialog = paste(page, "DVC09.received_online", program(lines))
    expect(dialog.get_by_role("heading")).not_to_contain_text("không dán được")  # the total row is no row in vain
    write(page, 10)
    assert stored(november) == {
        "DVC09": (0, 1234, 20, None, 1150, None, 5, 3, None, None),
        "DVC10": (0, 81, 12, None, 50, None, 2, 1, None, None),
    }


def test_a_line_break_in_a_cell_of_plain_text_starts_no_row(page, november):
    text = '1\t"2\n"\t3\r\n4\t5\t6\r\n'
    paste(page, "DVC09.received_online", ("", text))
    write(page, 6)
    assert stored(november) == {
        "DVC09": (0, 1, 2, 3, None, None, None, None, None, None),
        "DVC10": (0, 4, 5, 6, None, None, None, None, None, None),
    }


def test_a_merged_cell_counts_once(page, november):
    """A name over two rows names the first of them, a figure over two columns belongs to the first."""
    lines = [
        [("Dịch vụ", 1, 1, False), ("Trực tuyến", 1, 1, False), ("Trực tiếp", 1, 1, False)],
        [("Đăng ký khai sinh", 1, 2, False), (1, 1, 1, False), (2, 1, 1, False)],
        [None, (3, 1, 1, False), (4, 1, 1, False)],
        [("Đăng ký khai tử", 1, 1, False), (5, 2, 1, False), None],
    ]
    dialog = paste(page, "DVC09.received_online", excel_clipboard(lines))
    expect(dialog.get_by_role("heading")).to_have_text("Dán 3 ô, 2 ô không dán được")
    write(page, 3)
    assert stored(november) == {
        "DVC09": (0, 1, 2, None, None, None, None, None, None, None),
        "DVC10": (0, 5, None, None, None, None, None, None, None, None),
    }


def test_rows_in_another_order_one_unknown_and_one_twice(page, november):
    lines = plain(
        ["DVC11", 40, 1],
        ["DVC09", 1234, "mười"],
        ["DVC08", 8, 8],
        ["Hoàn thuế", 9, 9],
        ["DVC10", 6, 6],
        ["DVC10", 7, 7],
    )
    dialog = paste(page, "DVC09.received_online", excel_clipboard(lines))
    refused = dialog.locator("[data-part=refused]")
    expect(dialog.get_by_role("heading")).to_have_text("Dán 3 ô, 9 ô không dán được")
    expect(refused).to_contain_text("4 ô: Không nhận ra mã hoặc tên dòng trong báo cáo này.DVC08; Hoàn thuế")
    expect(refused).to_contain_text("4 ô: Mã hoặc tên này có ở nhiều dòng của khối.")
    expect(refused).to_contain_text("1 ô: Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “mười”.DVC09, tiếp nhận trực tiếp")
    write(page, 3)
    assert stored(november) == {
        "DVC09": (0, 1234, None, None, None, None, None, None, None, None),
        "DVC11": (0, 40, 1, None, None, None, None, None, None, None),
    }


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (plain(list(range(1, 13))), "Khối có 12 cột số, từ ô đã chọn chỉ còn 9 cột"),
        (plain([1, 2, 3, 0.5, 4]), "Khối có cột tỷ lệ mà không có dòng tiêu đề"),
        (plain([1, "Việc lạ", 3], [2, "Việc khác", 4]), "Khối có cột chữ (“Việc lạ”)"),
        (plain(["Cộng", 3]), "Khối không có số nào"),
    ],
)
def test_a_block_nobody_can_place_is_refused_whole(page, november, lines, why):
    dialog = paste(page, "DVC09.received_online", excel_clipboard(lines))
    expect(dialog.get_by_role("heading")).to_contain_text("Không có ô nào để ghi")
    expect(dialog).to_contain_text(why)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert stored(november) == {}


def test_rows_without_codes_stop_at_the_end_of_their_section(page, november):
    """The form has a heading row there, other sheets have none."""
    dialog = paste(page, "DVC16.received_online", excel_clipboard(plain([1], [2], [None], [3])))
    expect(dialog.locator("[data-part=refused]")).to_contain_text("1 ô: Quá dòng cuối của phần này.")
    write(page, 2)
    assert {code: values[1] for code, values in stored(november).items()} == {"DVC16": 1, "DVC19": 2}


def test_under_a_filter_codes_find_hidden_rows_and_rows_without_codes_are_refused(page, november, fill):
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code__in=["DVC09", "DVC11", "DVC15"]).update(rejected=None)
    page.reload()
    page.get_by_role("link", name=re.compile("Còn thiếu")).click()
    expect(page.locator("#DVC10")).to_be_hidden()
    dialog = paste(page, "DVC09.rejected", excel_clipboard(plain([1], [2], [3])))
    expect(dialog).to_contain_text("Bấm “Tất cả” rồi dán lại")
    page.keyboard.press("Escape")
    paste(page, "DVC09.rejected", excel_clipboard(plain(["DVC09", 1], ["DVC10", 2], ["DVC11", 3])))
    write(page, 3)
    rejected = {code: values[7] for code, values in stored(november).items() if code in OFFICE}
    assert rejected == {"DVC09": 1, "DVC10": 2, "DVC11": 3, "DVC15": None}


# --- one cell, the dialog, taking back


def test_one_number_is_pasted_without_a_question(open_browser, world, november):
    page = go(open_browser(world.officer, permissions=["clipboard-read", "clipboard-write"]), november)
    body, text = excel_clipboard(plain([1234]))
    page.evaluate(
        """async ([body, text]) => navigator.clipboard.write([new ClipboardItem({
            "text/html": new Blob([body], { type: "text/html" }),
            "text/plain": new Blob([text], { type: "text/plain" }),
        })])""",
        [body, text],
    )
    cell(page, "DVC09.received_online").focus()
    page.keyboard.press("Control+V")
    page.keyboard.press("Tab")
    expect(page.locator("#xem-truoc-dan")).to_be_hidden()
    saved(page)
    assert row(november).received_online == 1234


def test_nothing_is_written_before_the_confirmation_and_blanks_say_nothing(page, november):
    cell(page, "DVC09.received_in_person").fill("5")
    page.keyboard.press("Tab")
    saved(page)
    lines = plain([1, "-", "–"], [2, "", 3])
    dialog = paste(page, "DVC09.received_online", excel_clipboard(lines))
    expect(dialog.locator("[data-part=notes]")).to_contain_text("3 ô trống bỏ qua.")
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cell(page, "DVC09.received_online")).to_be_focused()
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    paste(page, "DVC09.received_online", excel_clipboard(lines))
    confirm(page)
    expect(cell(page, "DVC09.received_online")).to_be_focused()
    assert stored(november) == {
        "DVC09": (0, 1, 5, None, None, None, None, None, None, None),
        "DVC10": (0, 2, None, 3, None, None, None, None, None, None),
    }


def test_a_habitual_enter_after_pasting_writes_nothing(page, november):
    """Enter goes down a column all day; here it leaves the preview open until somebody goes to the button."""
    dialog = paste(page, "DVC09.received_online", excel_clipboard(plain([1, 2], [3, 4])))
    expect(dialog.get_by_role("heading")).to_be_focused()
    for key in ("Enter", "Enter", " "):
        page.keyboard.press(key)
    expect(dialog).to_be_visible()
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    assert stored(november) == {}
    confirm(page)
    assert {code: values[1:3] for code, values in stored(november).items()} == {"DVC09": (1, 2), "DVC10": (3, 4)}


@pytest.mark.parametrize("way", ["Control+Z", "Hoàn tác"])
def test_one_act_takes_the_whole_paste_back_after_it_was_saved(page, november, way):
    cell(page, "DVC10.received_online").fill("7")
    page.keyboard.press("Tab")
    saved(page)
    dialog = paste(page, "DVC09.received_online", excel_clipboard(plain(["1.234", 1], ["2.000", 2])))
    expect(dialog.locator("tbody tr", has_text="2.000")).to_have_text("Tiếp nhận trực tuyến72.000")
    write(page, 4)
    assert (row(november).received_online, row(november, "DVC10").received_online) == (1234, 2000)
    if way == "Control+Z":
        page.keyboard.press(way)
    else:
        page.get_by_role("button", name=way).click()
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    expect(cell(page, "DVC10.received_online")).to_have_value("7")
    saved(page)
    assert stored(november) == {"DVC10": (0, 7, None, None, None, None, None, None, None, None)}
    assert set(FigureChange.objects.filter(report=november).values_list("via", flat=True)) == {"page", "paste"}


def test_what_was_typed_after_a_paste_is_not_taken_back_with_it(page, november):
    paste(page, "DVC09.received_online", excel_clipboard(plain([1, 2])))
    write(page, 2)
    cell(page, "DVC09.received_in_person").fill("9")
    page.keyboard.press("Tab")
    saved(page)
    page.get_by_role("button", name="Hoàn tác").click()
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    saved(page)
    assert stored(november) == {"DVC09": (0, None, 9, None, None, None, None, None, None, None)}


def test_after_typing_ctrl_z_is_the_browsers_own_again(page, november):
    paste(page, "DVC09.received_online", excel_clipboard(plain([1, 2])))
    write(page, 2)
    cell(page, "DVC10.received_online").focus()
    page.keyboard.type("9")
    page.keyboard.press("Control+Z")
    expect(cell(page, "DVC10.received_online")).to_have_value("")
    expect(cell(page, "DVC09.received_online")).to_have_value("1")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_the_preview_fits_and_axe_finds_nothing_serious(open_browser, world, november, viewport):
    page = go(open_browser(world.officer, **({"viewport": viewport} if viewport else {})), november)
    sheet = form_sheet(november, world.officer)
    dialog = paste(page, "DVC09.received_online", excel_clipboard(table_of(sheet, sheet.dimensions)))
    expect(dialog.get_by_role("heading")).to_be_focused()
    expect(dialog.get_by_role("button", name=re.compile("^Ghi"))).to_be_in_viewport()
    expect(page.get_by_role("dialog", name=re.compile(r"^Dán 32 ô"))).to_be_visible()
    assert violations(page) == []
    assert dialog.evaluate("el => el.scrollWidth <= el.clientWidth")
