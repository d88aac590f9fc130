"""The Excel entry form of one report, written for download; `imports/filled_form.py` reads it back."""

import datetime as dt
import io
import textwrap

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from de_an_06.plain.numbers import NO_VALUE
from reporting.entry.form import Cell, ReportForm, branch_label, load_form
from reporting.exports.form_seal import Seal, SealedPage, sign
from reporting.figures import DERIVED, DERIVED_FIELD, FIGURE_FIELDS, FIGURES, GROUP_OF, GROUPS
from reporting.models import Report
from taskforces.clock import now_for
from taskforces.models import Branch, UnitVersion
from taskforces.models.units import path_ids
from taskforces.scope import Entering, entered_by

SERVICES, INDICATORS = "Dịch vụ công", "Chỉ tiêu"
MARK, NAME_MARK = "#mã", "#tên"  # in the hidden row that names the columns: over the codes, over the names
UNIT_KEY, PERIOD_KEY = "#đơn vị", "#kỳ"
SEAL_PAGE, SEAL_MARK = "Dữ liệu lúc tải", "#chữ ký"  # a hidden sheet and its first cell
FORM_INDICATOR_HEADS = {"numerator": "Số đạt hoặc số lượng", "denominator": "Tổng số"}
LINE_HEIGHT = 16.5  # height of one line of text, in points
FIRST_FIGURE = 2  # column of the first figure, after code and name


def file_name(report: Report) -> str:
    """'bieu-nhap-25217-2026-11.xlsx'."""
    return f"bieu-nhap-{report.unit.code}-{report.period.key}.xlsx"


def write_entry_form(report: Report, by) -> bytes:
    """The form with what is stored now, last month's figures beside it, and only this person's cells unlocked."""
    form = load_form(report, by)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Biểu nhập số liệu {report.period.label}", "author": form.reporter_name})
    formats = _formats(book)
    typed_by = entered_by(by, report) or Entering(frozenset(Branch.values), frozenset())
    _write_services(book, formats, form, typed_by)
    _write_indicators(book, formats, form, typed_by)
    _write_guide(book, formats, form)
    _write_seal(book, form, now_for(by))
    book.close()
    return out.getvalue()


def _formats(book):
    base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
    box = {**base, "border": 1}
    grey = {"bg_color": "#EFEFEF", "font_color": "#444444"}
    count = {"num_format": "#,##0", "align": "right"}
    kinds = {
        "text": base,
        "bold": {**base, "bold": True},
        "right": {**base, "align": "center", "text_wrap": True},
        "title": {**base, "bold": True, "font_size": 14, "align": "center"},
        "subtitle": {**base, "italic": True, "align": "center"},
        "head": {**box, "bold": True, "align": "center", "text_wrap": True},
        "number_row": {**box, "italic": True, "align": "center", "text_wrap": True},
        "group": {**box, **grey, "bold": True},
        "code": {**box, "align": "center"},
        "name": {**box, "text_wrap": True},
        "typed": {**box, **count, "locked": False, "bg_color": "#FFFDF2"},
        "locked": {**box, **count, **grey},
        "rate": {**box, **grey, "num_format": "0.00%", "align": "right"},
        "note": {**box, "text_wrap": True, "font_color": "#444444"},
        "wrap": {**base, "text_wrap": True},
    }
    return {name: book.add_format(properties) for name, properties in kinds.items()}


def _page(book, formats, form: ReportForm, name: str, title: str, columns: int):
    """A sheet with the official head, and the row its table starts in. The first two rows are hidden keys."""
    page = book.add_worksheet(name)
    report = form.report
    page.write_row(0, 0, [UNIT_KEY, report.unit.code])
    page.write_row(1, 0, [PERIOD_KEY, report.period.key])
    for row in (0, 1):
        page.set_row(row, None, None, {"hidden": True})
    middle = columns // 2
    left = ["Biểu nhập số liệu tháng", "Đề án 06", "Ngày nhận báo cáo: ……/……/………"]
    right = [
        f"Đơn vị báo cáo: {form.reporter_name}",
        f"Mã đơn vị: {report.unit.code}",
        f"Đơn vị nhận: {_receiver(report)}",
    ]
    for row, (a, b) in enumerate(zip(left, right, strict=True), start=2):
        page.write_string(row, 0, a, formats["bold" if row == 2 else "text"])
        page.merge_range(row, middle, row, columns - 1, b, formats["right"])
    page.merge_range(6, 0, 6, columns - 1, title, formats["title"])
    window = f"số liệu từ {report.period.data_from:%d/%m/%Y} đến hết {report.period.data_to:%d/%m/%Y}"
    page.merge_range(7, 0, 7, columns - 1, f"Kỳ báo cáo: {report.period.label} ({window})", formats["subtitle"])
    page.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.5, right=0.5)
    page.set_footer("&L" + f"{form.reporter_name} – {report.period.label}".replace("&", "&&") + "&RTrang &P/&N")
    return page, 9


def _receiver(report: Report) -> str:
    """The body the report goes to: the unit above in the tree of the month."""
    above = path_ids(report.path)[-2:-1]
    version = UnitVersion.objects.on(report.period.data_to).filter(unit_id__in=above).first()
    return version.name if version else ""


def _write_services(book, formats, form: ReportForm, typed_by: Entering) -> None:
    last = FIRST_FIGURE + len(FIGURES) - 1
    before = last + 2  # first column of last month's block
    title = "TÌNH HÌNH TIẾP NHẬN, GIẢI QUYẾT DỊCH VỤ CÔNG THIẾT YẾU"
    page, top = _page(book, formats, form, SERVICES, title, last + 1)
    page.merge_range(top - 1, last - 2, top - 1, last, "Đơn vị tính: hồ sơ", formats["subtitle"])
    _write_service_heads(page, formats, form, top, before)
    page.write_row(top + 3, 0, [MARK, NAME_MARK, *FIGURE_FIELDS])
    page.set_row(top + 3, None, None, {"hidden": True})
    row = top + 4
    for section in form.sections:
        if not section.services:
            continue
        page.merge_range(row, 0, row, last, section.label, formats["group"])
        row += 1
        for line in section.services:
            page.write_string(row, 0, line.code, formats["code"])
            page.write_string(row, 1, line.service.name, formats["name"])
            page.set_row(row, _height(line.service.name, 54))
            earlier = form.data.earlier_services.get((line.service.pk, 1), {})
            cells = {cell.name: cell for cell in line.cells}
            for i, figure in enumerate(FIGURES):
                cell = cells[figure.name]
                if figure.filled == DERIVED:
                    value = "" if cell.value is None else cell.value
                    page.write_formula(row, FIRST_FIGURE + i, _derived_formula(row + 1), formats["locked"], value)
                else:
                    _write_cell(page, formats, row, FIRST_FIGURE + i, cell, typed_by)
                _write_number(page, row, before + i, earlier.get(figure.name), formats["locked"])
            row += 1
    page.set_column(0, 0, 9)
    page.set_column(1, 1, 46)
    page.set_column(FIRST_FIGURE, last, 10)
    derived = FIRST_FIGURE + FIGURE_FIELDS.index(DERIVED_FIELD)
    page.set_column(derived, derived, 13)
    page.set_column(before, before + len(FIGURES) - 1, 10)
    page.freeze_panes(top + 4, FIRST_FIGURE)
    page.repeat_rows(top, top + 2)
    page.print_area(0, 0, row, last)


def _write_service_heads(page, formats, form: ReportForm, top: int, before: int) -> None:
    """Two rows of heads and the numbered row; beside them the heads of last month's block, from column `before`."""
    for column, text in enumerate(("Mã", "Dịch vụ công")):
        page.merge_range(top, column, top + 1, column, text, formats["head"])
    column = FIRST_FIGURE
    for group in GROUPS:
        after = column + len(group.figures)
        if group.is_single:
            page.merge_range(top, column, top + 1, column, group.heading, formats["head"])
        else:
            page.merge_range(top, column, top, after - 1, group.heading, formats["head"])
            for i, figure in enumerate(group.figures):
                page.write_string(top + 1, column + i, figure.short_label, formats["head"])
        column = after
    last_month = f"Số liệu {form.previous_label} để đối chiếu"
    page.merge_range(top, before, top, before + len(FIGURES) - 1, last_month, formats["head"])
    for i, figure in enumerate(FIGURES):
        page.write_string(top + 1, before + i, figure.label, formats["head"])
    for column, text in enumerate(["A", "B", *_numbers()]):
        page.write_string(top + 2, column, text, formats["number_row"])
    page.set_row(top + 2, 2 * LINE_HEIGHT)


def _terms() -> list[tuple[int, int]]:
    """The derived figure as (sign, place of a figure): what came in first, then what went out or is overdue."""
    return [(GROUP_OF[name].sign, i) for i, name in enumerate(FIGURE_FIELDS) if name != DERIVED_FIELD]


def _numbers() -> list[str]:
    """The numbered row of official forms: '1', …, '9=1+2+3+4 −5−6−7−8−10', '10'."""
    came_in = "+".join(str(i + 1) for sign, i in _terms() if sign > 0)
    went_out = "".join(f"−{i + 1}" for sign, i in _terms() if sign < 0)
    return [
        f"{number}={came_in} {went_out}" if name == DERIVED_FIELD else str(number)
        for number, name in enumerate(FIGURE_FIELDS, start=1)
    ]


def _derived_formula(row: int) -> str:
    """'=IF(COUNT(C15,…)=9,C15+D15+…-L15,"")': blank while a part is blank."""
    cells = [(sign, f"{xl_col_to_name(FIRST_FIGURE + i)}{row}") for sign, i in _terms()]
    parts = "".join(("+" if sign > 0 else "-") + cell for sign, cell in cells).removeprefix("+")
    return f'=IF(COUNT({",".join(cell for _, cell in cells)})={len(cells)},{parts},"")'


def _write_indicators(book, formats, form: ReportForm, typed_by: Entering) -> None:
    page, top = _page(book, formats, form, INDICATORS, "CHỈ TIÊU THỰC HIỆN ĐỀ ÁN 06", 9)
    heads = (
        *("Mã", "Chỉ tiêu", "Đơn vị tính", *FORM_INDICATOR_HEADS.values(), "Tỷ lệ"),
        *(form.previous_label.capitalize(), form.month.plus(-12).label.capitalize(), "Giải thích"),
    )
    for column, text in enumerate(heads):
        page.write_string(top, column, text, formats["head"])
    page.set_row(top, 2 * LINE_HEIGHT)
    for column, text in enumerate(("A", "B", "C", "1", "2", "3=1/2", "4", "5", "D")):
        page.write_string(top + 1, column, text, formats["number_row"])
    page.write_row(top + 2, 0, [MARK, NAME_MARK, "", *FORM_INDICATOR_HEADS])
    page.set_row(top + 2, None, None, {"hidden": True})
    row = top + 3
    group = ""
    for line in form.indicators:
        if line.group != group:
            group = line.group
            page.merge_range(row, 0, row, 8, group, formats["group"])
            row += 1
        page.write_string(row, 0, line.code, formats["code"])
        page.write_string(row, 1, line.indicator.name, formats["name"])
        page.write_string(row, 2, line.indicator.unit_of_measure, formats["note"])
        _write_cell(page, formats, row, 3, line.cells[0], typed_by)
        if line.is_ratio:
            _write_cell(page, formats, row, 4, line.cells[1], typed_by)
            numerator, denominator = line.cells[0].value, line.cells[1].value
            value = NO_VALUE if numerator is None or not denominator else numerator / denominator
            formula = f'=IF(AND(COUNT(D{row + 1},E{row + 1})=2,N(E{row + 1})>0),D{row + 1}/E{row + 1},"{NO_VALUE}")'
            page.write_formula(row, 5, formula, formats["rate"], value)
        else:
            page.write_blank(row, 4, None, formats["locked"])
            page.write_blank(row, 5, None, formats["locked"])
        page.write_string(row, 6, line.previous, formats["locked"])
        page.write_string(row, 7, line.last_year, formats["locked"])
        owner = branch_label(line.branch, form.data.unit_name) if line.branch in Branch.values else "Không nhập"
        note = ". ".join(text for text in (owner, line.indicator.hint) if text)
        page.write_string(row, 8, note, formats["note"])
        page.set_row(row, max(_height(line.indicator.name, 56), _height(note, 46)))
        row += 1
    for first, last, width in ((0, 0, 9), (1, 1, 48), (2, 2, 13), (3, 5, 12), (6, 7, 16), (8, 8, 40)):
        page.set_column(first, last, width)
    page.freeze_panes(top + 3, 2)
    page.repeat_rows(top, top + 1)


def _write_guide(book, formats, form: ReportForm) -> None:
    page = book.add_worksheet("Hướng dẫn")
    page.set_column(0, 0, 110)
    lines = (
        f"Biểu này chỉ dùng cho {form.reporter_name}, {form.report.period.label}. Không đổi mã ở cột A.",
        "Ghi vào các ô nền vàng nhạt. Ô xám do hệ thống tính, lấy từ kỳ trước, hoặc do bộ phận khác nhập.",
        "Ghi số nguyên từ 0. Không phát sinh thì ghi 0; ô để trống được hiểu là chưa có số liệu.",
        "Tệp nhớ số trên cổng lúc tải. Ô bạn không sửa thì số trên cổng giữ nguyên, dù tệp đã cũ.",
        "Ô vừa sửa trong tệp vừa được sửa trên cổng, và ô có số mà bạn xóa trống: cổng hỏi bạn chọn số nào.",
        "Không xóa dòng, cột, trang hay mã; không lưu thành tệp có macro (.xlsm).",
        "Tệp có một ô sai thì cả tệp chưa được ghi; cổng chỉ rõ trang, dòng, cột cần sửa.",
        "Lỗi không cân đối và điểm cần giải trình được báo trên trang nhập sau khi nộp tệp.",
    )
    for row, text in enumerate(lines):
        page.write_string(row, 0, text, formats["wrap"])
    page.protect()


def _write_seal(book, form: ReportForm, at: dt.datetime) -> None:
    """The signed copy of what the form holds as it is downloaded, on a hidden sheet."""
    columns = {
        figure.name: [group.heading] if group.is_single else [group.heading, figure.short_label]
        for group in GROUPS
        for figure in group.figures
    }
    pages = {
        SERVICES: SealedPage(columns, {line.code: line.service.name for line in form.services}),
        INDICATORS: SealedPage(
            {name: [heading] for name, heading in FORM_INDICATOR_HEADS.items()},
            {line.code: line.indicator.name for line in form.indicators},
        ),
    }
    report, cells = form.report, {key: cell.value for key, cell in form.cells.items()}
    seal = Seal(report.unit.code, report.period.key, report.revision, at, pages, cells)
    page = book.add_worksheet(SEAL_PAGE)
    for row, line in enumerate([SEAL_MARK, *sign(seal)]):
        page.write_string(row, 0, line)
    page.protect()
    page.hide()


def _write_cell(page, formats, row: int, column: int, cell: Cell, typed_by: Entering) -> None:
    is_typed = cell.is_typed and typed_by.covers(cell.branch, cell.group)
    _write_number(page, row, column, cell.value, formats["typed" if is_typed else "locked"])
    if is_typed:
        page.data_validation(
            row,
            column,
            row,
            column,
            {
                "validate": "integer",
                "criteria": ">=",
                "value": 0,
                "error_title": "Số liệu chưa đúng",
                "error_message": "Ô này chỉ nhận số nguyên từ 0.",
            },
        )


def _height(text: str, width: int) -> float:
    """Room for a wrapped text: Excel finds it by itself, previews and LibreOffice do not."""
    return LINE_HEIGHT * max(1, len(textwrap.wrap(text, width)))


def _write_number(page, row: int, column: int, value: int | None, style) -> None:
    if value is None:
        page.write_blank(row, column, None, style)
    else:
        page.write_number(row, column, value, style)
