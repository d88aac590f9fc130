"""The Excel entry form read back as a whole.

Reading is strict: every row is checked, every error comes with sheet, row and column, and nothing can be saved from a
file that has an error. A blank cell of the file says nothing (it never erases, and is never 0).
"""

import datetime as dt
import io
import warnings
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

import openpyxl
from openpyxl.utils import get_column_letter

from de_an_06.plain.numbers import NotANumber, format_number, parse_count
from reporting.entry.form import Cell, load_form
from reporting.entry.saving import SaveResult, save_cells
from reporting.exports.form_file import INDICATORS, MARK, PERIOD_KEY, SERVICES, UNIT_KEY
from reporting.figures import CARRIED, DERIVED
from reporting.models import FigureChange, Report
from taskforces.scope import branches_entered_by

LARGEST_FILE = 2 * 1024 * 1024
LARGEST_FORM_UNPACKED = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong at one place of the file; row and column as Excel shows them ('' and 0: the file as a whole)."""

    sheet: str
    row: int
    column: str
    message: str

    def __str__(self):
        where = f"Trang “{self.sheet}”, dòng {self.row}" + (f", cột {self.column}" if self.column else "")
        return f"{where}: {self.message}" if self.sheet else self.message


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell whose figure in the file differs from the stored one."""

    cell: str
    label: str
    stored: str
    in_file: str


@dataclass(slots=True)
class Reading:
    """What a file says. rows_read = rows_new + rows_changed + rows_unchanged + rows_rejected.

    changes: differences that saving would write; ignored: differences in cells of the branch this person does not
    type; blank: owed cells the file leaves blank. `cells` and `seen` go to `save_reading`, or through the preview's
    form to `save_cells(via="file")`: what changed on the server since the preview then comes back as a conflict.
    """

    errors: list[RowError] = field(default_factory=list)
    changes: list[CellDifference] = field(default_factory=list)
    ignored: list[CellDifference] = field(default_factory=list)
    blank: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_rejected: int = 0

    @property
    def is_ok(self) -> bool:
        return not self.errors

    @property
    def rows_read(self) -> int:
        return self.rows_new + self.rows_changed + self.rows_unchanged + self.rows_rejected

    @property
    def cells(self) -> dict[str, str]:
        return {d.cell: d.in_file for d in self.changes} if self.is_ok else {}

    @property
    def seen(self) -> dict[str, str]:
        return {d.cell: d.stored for d in self.changes}


def save_reading(*, report_id: int, by, reading: Reading) -> SaveResult:
    """Save what a file without errors says; the same rules and history as typing it."""
    if reading.errors:
        raise ValueError("a file with errors saves nothing")
    return save_cells(report_id=report_id, by=by, cells=reading.cells, seen=reading.seen, via=FigureChange.Via.FILE)


def read_entry_form(report: Report, file: BinaryIO, by) -> Reading:
    """Everything a filled form says about this report, with all its errors; nothing is saved."""
    reader = _Reader(report, by)
    pages = reader.open(file)
    if pages is not None and reader.is_for_this_report(pages):
        for name, rows in pages:
            reader.read_page(name, rows)
        reader.count_blanks()
    return reader.reading


class _Reader:
    """One reading of one file for one person."""

    def __init__(self, report: Report, by):
        self.report, self.form, self.reading = report, load_form(report, by), Reading()
        self.typed_by = branches_entered_by(by, report)
        self.places: dict[str, str] = {}  # code -> where it was first met
        self.given: set[str] = set()  # cells the file has something in

    def refuse(self, message: str, sheet: str = "", row: int = 0, column: str = "") -> None:
        self.reading.errors.append(RowError(sheet, row, column, message))

    def open(self, file: BinaryIO) -> list[tuple[str, list[tuple]]] | None:
        """Values of every sheet; a formula that was never worked out comes back as its text, so it is refused."""
        content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            self.refuse("Tệp lớn hơn 2 MB nên không đọc.")
            return None
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(item.file_size for item in archive.infolist()) > LARGEST_FORM_UNPACKED:
                    self.refuse("Tệp quá lớn sau khi giải nén nên không đọc.")
                    return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of styling it drops
                values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
                formulas = openpyxl.load_workbook(io.BytesIO(content))
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, TypeError):
            self.refuse("Không đọc được tệp. Tệp phải là Excel (.xlsx) và không đặt mật khẩu.")
            return None
        pages = []
        for page in values.worksheets:
            both = zip(page.iter_rows(values_only=True), formulas[page.title].iter_rows(values_only=True), strict=True)
            rows = [tuple(t if v is None else v for v, t in zip(a, b, strict=True)) for a, b in both]
            pages.append((page.title, rows))
        return pages

    def is_for_this_report(self, pages: list[tuple[str, list[tuple]]]) -> bool:
        """Unit and month stand in the file; another unit's or month's file is refused as a whole."""
        period, expected = self.report.period, {UNIT_KEY: self.report.unit.code, PERIOD_KEY: self.report.period.key}
        found: set[str] = set()
        for name, rows in pages:
            for number, values in enumerate(rows, start=1):
                key, value = (_text(v) for v in (*values, None, None)[:2])
                if key not in expected:
                    continue
                found.add(key)
                if value == expected[key]:
                    continue
                if key == UNIT_KEY:
                    here = f"{self.form.unit_name} (mã {self.report.unit.code})"
                    self.refuse(f"Tệp này của đơn vị mã {value}, không phải {here}.", name, number, "B")
                else:
                    message = f"Tệp này của kỳ {value}, báo cáo đang mở là {period.label} ({period.key})."
                    self.refuse(message, name, number, "B")
        if found != set(expected) or not {SERVICES, INDICATORS} & {name for name, _ in pages}:
            self.refuse("Tệp này không phải biểu nhập tải từ cổng. Tải lại biểu mẫu rồi chép số vào.")
        return self.reading.is_ok

    def read_page(self, name: str, rows: list[tuple]) -> None:
        keys: dict[int, str] = {}
        for number, values in enumerate(rows, start=1):
            first = _text(values[0]) if values else ""
            if first == MARK:
                keys = {i: text for i, value in enumerate(values) if i and (text := _text(value))}
            elif keys:
                self.read_row(name, number, first, {i: values[i] for i in keys}, keys)

    def read_row(self, name: str, number: int, code: str, values: dict[int, object], keys: dict[int, str]) -> None:
        """One row of the form: refused as a whole, new, changed or unchanged. Rows without figures are headings."""
        cells = {i: cell for i, key in keys.items() if (cell := self.form.cells.get(f"{code}.{key}")) is not None}
        if not cells or code in self.places:
            if any(_text(v) for v in values.values()):
                self.refuse(self.why_no_row(code), name, number, "A")
                self.reading.rows_rejected += 1
            return
        self.places[code] = f"trang “{name}”, dòng {number}"
        errors = len(self.reading.errors)
        changes: list[CellDifference] = []
        for i, text in values.items():
            column = get_column_letter(i + 1)
            cell = cells.get(i)
            if cell is not None:
                self.read_cell(cell, _text(text), name, number, column, changes)
            elif _text(text):
                self.refuse(f"{code} không có ô này. Xóa số ở đây.", name, number, column)
        if len(self.reading.errors) > errors:
            self.reading.rows_rejected += 1
        elif not changes:
            self.reading.rows_unchanged += 1
        elif any(c.is_typed and c.value is not None for c in cells.values()):
            self.reading.rows_changed += 1
        else:
            self.reading.rows_new += 1
        self.reading.changes += changes

    def why_no_row(self, code: str) -> str:
        if not code:
            return "Dòng này có số nhưng không có mã."
        if code in self.places:
            return f"Mã {code} đã có ở {self.places[code]}."
        return f"Mã “{code[:40]}” không thuộc báo cáo này."

    def read_cell(self, cell: Cell, text: str, name: str, row: int, column: str, changes: list[CellDifference]) -> None:
        is_mine = cell.branch in self.typed_by
        if cell.locked == DERIVED:
            return
        try:
            new = parse_count(text)
        except NotANumber as error:
            if is_mine:
                self.refuse(str(error), name, row, column)
            else:
                self.reading.ignored.append(CellDifference(cell.key, cell.label, cell.text, text))
            return
        if new is None:
            return
        self.given.add(cell.key)
        if new == cell.value:
            return
        difference = CellDifference(cell.key, cell.label, cell.text, format_number(new))
        if cell.locked == CARRIED and is_mine:
            carried = f"Ô này lấy từ số cuối kỳ trước ({cell.text}), không nhập."
            self.refuse(f"{carried} Tệp ghi {difference.in_file}.", name, row, column)
        elif cell.locked or not is_mine:
            self.reading.ignored.append(difference)
        else:
            changes.append(difference)

    def count_blanks(self) -> None:
        mine = [c for c in self.form.cells.values() if c.is_typed and c.branch in self.typed_by]
        self.reading.blank = sum(c.value is None and c.key not in self.given for c in mine)


def _text(value) -> str:
    """A cell's content as a person would have typed it: 12.0 -> '12', 12.5 -> '12,5'."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        whole = Decimal(repr(value))
        return str(int(whole)) if whole == whole.to_integral_value() else f"{whole:f}".replace(".", ",")
    if isinstance(value, (dt.datetime, dt.date)):
        return f"{value:%d/%m/%Y}"
    return str(value).strip()
