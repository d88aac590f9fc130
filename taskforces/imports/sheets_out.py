"""Sheets going out: the template, today's rows in the same layout, and the result of an import.

Everything is text unless the column says otherwise: a name "=1+1" stays a name.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import BinaryIO

from django.db.models import QuerySet
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import may_import_for, path_in_scope_of_unit

from .columns import OneOf, RosterColumn
from .kinds import ABOUT, Kind, may_bring_in
from .resources import UNIT, Roster
from .tables import DATA_SHEET, MOST_ROSTER_ROWS, safe_for_csv

GUIDE_SHEET, LISTS_SHEET, RESULT_SHEET = "Hướng dẫn", "Danh mục", "Kết quả"
OUTCOMES = {"new": "Mới", "changed": "Thay đổi", "unchanged": "Giữ nguyên", "refused": "Có lỗi"}
_BOLD, _WRAP = Font(bold=True), Alignment(wrap_text=True, vertical="top")
_HEAD, _MUST = PatternFill("solid", fgColor="E7E9EC"), PatternFill("solid", fgColor="F6DADA")


def write_template(file: BinaryIO, roster: Roster, kind: str, title: str, rows: Iterable[list[str]] = ()) -> int:
    """An .xlsx with the columns of a kind, lists to choose from, notes, and `rows` (none: an empty template)."""
    book = Workbook(write_only=True)
    columns = roster.columns()
    page = book.create_sheet(DATA_SHEET)
    page.freeze_panes = "A2"
    for i, column in enumerate(columns, 1):
        page.column_dimensions[get_column_letter(i)].width = column.width
    units = _units_to_choose(roster) if any(c.column_name == UNIT for c in columns) and kind != Kind.UNITS else []
    for i, column in enumerate(columns):
        _offer_choices(page, i, column, len(units) if column.column_name == UNIT else 0)
    page.append([_header(page, column) for column in columns])
    written = 0
    for row in rows:
        page.append([_cell(page, text, column) for text, column in zip(row, columns, strict=True)])
        written += 1
    if not written:  # rows to be typed keep their leading zeros
        for _ in range(200):
            page.append([_blank(page, column) for column in columns])
    _write_guide(book, columns, kind, title)
    _write_lists(book, columns, units)
    book.save(file)
    return written


def exportable_units(user, kind: str) -> QuerySet:
    """Open units whose rows the person may take out: those they may bring in; for mere readers, those in scope."""
    units = AdministrativeUnit.objects.open_on(today_for(user)).filter(path_in_scope_of_unit(user, "pk"))
    if not may_bring_in(user, kind):
        return units
    versions = UnitVersion.objects.on(today_for(user)).values_list("unit_id", "path")
    return units.filter(pk__in=[pk for pk, path in versions if may_import_for(user, pk, path)])


def export_rows(roster: Roster, user, kind: str) -> list[tuple]:
    return list(roster.export_rows(exportable_units(user, kind)))


def write_csv(file: BinaryIO, roster: Roster, rows: Iterable[list[str]]) -> int:
    """The same rows as CSV UTF-8 with a mark that Excel needs; texts that Excel would run are made safe."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    out = csv.writer(text)
    out.writerow([column.column_name for column in roster.columns()])
    written = 0
    for row in rows:
        out.writerow([safe_for_csv(str(value)) for value in row])
        written += 1
    text.detach()
    return written


def write_result(
    file: BinaryIO, headers: list[str], rows: Iterable[tuple[int, str, str, list[str]]], facts: list
) -> int:
    """Every row of an import: its number, outcome, what was said or changed, and its cells as they were in the file."""
    book = Workbook(write_only=True)
    page = book.create_sheet(RESULT_SHEET)
    page.freeze_panes = "D2"
    for letter, width in zip("ABC", (8, 13, 70), strict=True):
        page.column_dimensions[letter].width = width
    for i in range(len(headers)):
        page.column_dimensions[get_column_letter(i + 4)].width = 18
    page.append([text_cell(page, name, bold=True) for name in ("Dòng", "Kết quả", "Ghi chú", *headers)])
    written = 0
    for number, outcome, note, cells in rows:
        page.append(
            [number, text_cell(page, OUTCOMES[outcome]), text_cell(page, note), *(text_cell(page, c) for c in cells)]
        )
        written += 1
    about = book.create_sheet("Lần nhập")
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 22, 70
    for name, value in facts:
        about.append([text_cell(about, name, bold=True), text_cell(about, str(value))])
    book.save(file)
    return written


# --- parts


def text_cell(page, value: str, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=None)
    if value:
        cell.value = _writable(str(value))
        cell.data_type = "s"  # "=1+1" stays text
    if bold:
        cell.font, cell.fill = _BOLD, _HEAD
    return cell


def _writable(text: str) -> str:
    """Without the control characters that Excel's files cannot hold, not longer than a cell."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)[:32_000]


def _cell(page, text: str, column: RosterColumn) -> WriteOnlyCell:
    """Days and numbers as such, so that Excel sorts them; everything else as text."""
    if text and column.widget.kind == "day":
        cell = WriteOnlyCell(page, value=dt.datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=None))  # noqa: DTZ007
        cell.number_format = "dd/mm/yyyy"
        return cell
    if text and column.widget.kind in {"count", "amount"}:
        number = text.replace(",", ".")
        return WriteOnlyCell(page, value=float(number) if "." in number else int(number))
    cell = text_cell(page, text)
    cell.number_format = "@"
    return cell


def _blank(page, column: RosterColumn) -> WriteOnlyCell:
    cell = WriteOnlyCell(page)
    cell.number_format = {"day": "dd/mm/yyyy", "count": "0", "amount": "General"}.get(column.widget.kind, "@")
    return cell


def _header(page, column: RosterColumn) -> WriteOnlyCell:
    cell = text_cell(page, column.column_name + (" *" if column.required else ""), bold=True)
    cell.alignment = _WRAP
    if column.required:
        cell.fill = _MUST
    note = Comment(_note(column), "Cổng báo cáo")
    note.width, note.height = 260, 110
    cell.comment = note
    return cell


def _note(column: RosterColumn) -> str:
    parts = ["Bắt buộc." if column.required else "Có thể để trống."]
    if column.widget.kind == "day":
        parts.append("Ngày dạng 09/08/2022.")
    parts += [column.note] if column.note else []
    parts += [f"Ví dụ: {column.example}"] if column.example else []
    return " ".join(parts)


def _offer_choices(page, i: int, column: RosterColumn, units: int) -> None:
    """A drop-down list; a unit outside the list is only warned of, as code and first day may name one."""
    letter = get_column_letter(i + 1)
    if isinstance(column.widget, OneOf):
        rule = DataValidation("list", formula1=f"'{LISTS_SHEET}'!${letter}$2:${letter}${1 + len(column.widget.labels)}")
        rule.error, rule.errorTitle, rule.errorStyle = "Chọn một giá trị trong danh sách.", column.column_name, "stop"
    elif units:
        rule = DataValidation("list", formula1=f"'{LISTS_SHEET}'!${letter}$2:${letter}${1 + units}")
        rule.error, rule.errorTitle, rule.errorStyle = "Mã này không có trong danh mục.", column.column_name, "warning"
    else:
        return
    rule.allow_blank, rule.showErrorMessage = True, True
    rule.add(f"{letter}2:{letter}{MOST_ROSTER_ROWS + 1}")
    page.data_validations.append(rule)


def _units_to_choose(roster: Roster) -> list[tuple[str, str]]:
    versions = UnitVersion.objects.on(roster.today).select_related("unit").order_by("path", "sort_key")
    return [(v.unit.code, v.name) for v in versions if may_import_for(roster.by, v.unit_id, v.path)]


def _write_guide(book: Workbook, columns: list[RosterColumn], kind: str, title: str) -> None:
    page = book.create_sheet(GUIDE_SHEET)
    for letter, width in zip("ABCD", (28, 12, 60, 34), strict=True):
        page.column_dimensions[letter].width = width
    lines = [
        f"Tệp mẫu: {title}. {ABOUT[kind].text}",
        f"Ghi dữ liệu vào trang “{DATA_SHEET}”, từ dòng 2. Trang này và trang “{LISTS_SHEET}” không được đọc.",
        "Giữ nguyên tên cột; thứ tự cột tùy ý, cột không bắt buộc có thể bỏ.",
        "Ô để trống giữ nguyên điều đang lưu. Muốn xóa một điều đã lưu, sửa trên trang.",
        "Không dùng công thức, không gộp ô. Dòng trống được bỏ qua. Nhiều nhất 50.000 dòng, 20 MB.",
        "Có một dòng lỗi thì không dòng nào được nhập. Dòng giống hệt điều đang lưu thì giữ nguyên.",
    ]
    for line in lines:
        page.append([text_cell(page, line)])
    page.append([])
    page.append([text_cell(page, name, bold=True) for name in ("Cột", "Bắt buộc", "Cách ghi", "Ví dụ (không nhập)")])
    for column in columns:
        cells = (
            column.column_name,
            "có" if column.required else "",
            _note(column).split(" Ví dụ: ")[0],
            column.example,
        )
        page.append([text_cell(page, text) for text in cells])


def _write_lists(book: Workbook, columns: list[RosterColumn], units: list[tuple[str, str]]) -> None:
    """What the drop-down lists offer, each under its own column; the units with their names at the end."""
    page = book.create_sheet(LISTS_SHEET)
    offered: list[list[str]] = []
    for column in columns:
        if isinstance(column.widget, OneOf):
            offered.append(list(column.widget.labels.values()))
        else:
            offered.append([code for code, _ in units] if column.column_name == UNIT else [])
    names = [column.column_name for column in columns]
    if units:
        offered.append([name for _, name in units])
        names.append("Tên của mã đơn vị")
    page.append(
        [
            text_cell(page, name if values else "", bold=bool(values))
            for name, values in zip(names, offered, strict=True)
        ]
    )
    for i in range(max(map(len, offered), default=0)):
        page.append([text_cell(page, values[i] if i < len(values) else "") for values in offered])


def moment(value) -> str:
    return f"{timezone.localtime(value):%H:%M %d/%m/%Y}" if value else ""
