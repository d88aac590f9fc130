"""The cells of a workbook as the portal wrote them, kept so that a copy can be held against them (altered_cells.py)."""

import datetime as dt
import json
import math
import re
import unicodedata
import zlib
from dataclasses import dataclass
from html import unescape
from typing import Any, NamedTuple

from openpyxl.utils import column_index_from_string
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from .cell_formats import EXCEL_DAY_0

MOST_KEPT = 150_000  # cells of one file; a province of a hundred communes writes some 31,000
KEPT_XML = re.compile(r'<c r="([A-Z]+)\d+"(?: s="(\d+)")?(?: t="(\w+)")?>(.*?)</c>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
PLACES_THAT_COUNT = 4  # digits of a fraction that count: a rate is shown as 99,46 %
Plain = int | float | str | None  # what a cell says: numbers, texts, moments as they are shown


class KeptCell(NamedTuple):
    """`formula`: without spaces and its '='; '' for none."""

    value: Plain
    formula: str = ""
    is_percent: bool = False


SheetCells = dict[int, dict[int, KeptCell]]  # number of the row, of the column, both from 1


class KeptSheet(Worksheet):
    """A sheet that remembers its cells while they are written; more than MOST_KEPT are only counted."""

    def __init__(self):
        super().__init__()
        self.kept: SheetCells = {}
        self.kept_lines: dict[int, str] = {}  # rows that came as XML, read when all is written
        self.written = 0

    def keep_line(self, row: int, cells: str) -> None:
        """A row of cells as XML (quick_sheet.py); `row` from 0."""
        self.written += cells.count("</c>")
        if self.written <= MOST_KEPT:
            self.kept_lines[row] = cells
        else:
            self.kept, self.kept_lines = {}, {}

    def _keep(self, row: int, column: int, value: Any, cell_format: Any, formula: str = "") -> None:
        self.written += 1
        if self.written > MOST_KEPT:
            self.kept, self.kept_lines = {}, {}
            return
        is_percent = "%" in str(getattr(cell_format, "num_format", ""))
        self.kept.setdefault(row + 1, {})[column + 1] = KeptCell(plain(value), bare(formula), is_percent)

    def _write_string(self, row, col, string, cell_format=None):
        done = super()._write_string(row, col, string, cell_format)
        if done == 0 and string != "":
            self._keep(row, col, string, cell_format)
        return done

    def _write_number(self, row, col, number, cell_format=None):
        done = super()._write_number(row, col, number, cell_format)
        if done == 0:
            self._keep(row, col, number, cell_format)
        return done

    def _write_datetime(self, row, col, date, cell_format=None):
        done = super()._write_datetime(row, col, date, cell_format)
        if done == 0:
            self._keep(row, col, date, cell_format)
        return done

    def _write_formula(self, row, col, formula, cell_format=None, value=0):
        done = super()._write_formula(row, col, formula, cell_format, value)
        if done == 0:
            self._keep(row, col, value, cell_format, formula)
        return done


@dataclass
class WrittenSheet:
    """One sheet as it was written; `rows` None where it held more cells than are kept."""

    title: str
    rows: SheetCells | None
    written: int


def kept(book: Workbook) -> bytes:
    """Everything a book of KeptSheets wrote, whole sheets as long as MOST_KEPT allows; the others are only counted."""
    left, pages = MOST_KEPT, []
    shown_as = {style.xf_index: str(style.num_format) for style in book.formats}
    for sheet in book.worksheets():
        lines = {row + 1: _cells_of(cells, shown_as) for row, cells in sheet.kept_lines.items()}
        rows = _as_lists(sheet.kept | lines) if sheet.written <= left else None
        left -= sheet.written if rows is not None else 0
        pages.append({"title": sheet.get_name(), "written": sheet.written, "rows": rows})
    return zlib.compress(json.dumps(pages, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def _cells_of(line: str, shown_as: dict[int, str]) -> dict[int, KeptCell]:
    """The cells of a row as quick_sheet.py writes them; `shown_as`: style -> its format of numbers."""
    found = {}
    for letters, style, kind, inner in KEPT_XML.findall(line):
        formula, value = inner.partition("</f>")[::2] if inner.startswith("<f>") else ("", inner)
        text = unescape(TAG.sub("", value))
        shown = shown_as.get(int(style or 0), "")
        said: Any = text
        if text and not kind:
            said = float(text) if "." in text or "E" in text else int(text)
            if "yy" in shown:
                said = EXCEL_DAY_0 + dt.timedelta(days=said)
        column = column_index_from_string(letters)
        found[column] = KeptCell(plain(said), bare(unescape(TAG.sub("", formula))), "%" in shown)
    return found


def unpacked(cells: bytes) -> list[WrittenSheet]:
    pages = json.loads(zlib.decompress(cells))
    return [
        WrittenSheet(page["title"], None if page["rows"] is None else _as_rows(page["rows"]), page["written"])
        for page in pages
    ]


def plain(value: Any) -> Plain:
    """What a cell says, whichever program saved it: '' is blank, 12.0 is 12, a moment counts by minutes."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and math.isfinite(value):
        short = round(value, PLACES_THAT_COUNT)
        return int(short) if short == int(short) else short
    if isinstance(value, dt.datetime):  # programs keep a moment as a fraction of a day
        near = value + dt.timedelta(seconds=30) if value.year < dt.MAXYEAR else value
        return f"{near:%d/%m/%Y %H:%M}"
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y 00:00}"
    text = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("_x000D_", "").strip()
    return text or None


def bare(formula: str) -> str:
    return re.sub(r"\s", "", formula).lstrip("=").upper().replace("_XLFN.", "")


def _as_lists(rows: SheetCells) -> list[list]:
    """[number, values from the first column on, {column: formula}, columns of percents]."""
    found = []
    for number, cells in rows.items():
        values = [cells[column].value if column in cells else None for column in range(1, max(cells) + 1)]
        formulas = {column: cell.formula for column, cell in cells.items() if cell.formula}
        found.append([number, values, formulas, [column for column, cell in cells.items() if cell.is_percent]])
    return found


def _as_rows(lists: list[list]) -> SheetCells:
    rows: SheetCells = {}
    for number, values, formulas, *rest in lists:
        percents = set(rest[0])
        rows[number] = {
            column: KeptCell(value, formulas.get(str(column), ""), column in percents)
            for column, value in enumerate(values, start=1)
            if value is not None or str(column) in formulas
        }
    return rows
