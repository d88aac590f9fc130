"""The sheets of a sent-in entry form: the file opened, and on each sheet where the codes, names and figures stand.

Columns are found by the hidden row of keys and must still carry their heading; nothing is taken from its place alone.
"""

import datetime as dt
import io
import unicodedata
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from openpyxl.utils import get_column_letter

from de_an_06.plain import workbooks
from reporting.exports.form_file import MARK, NAME_MARK, SEAL_MARK
from reporting.exports.form_seal import SealedPage
from taskforces.register.uploads import has_macros

LARGEST_FILE = 2 * 1024 * 1024
# The form has some 150 rows; this leaves room for sheets of people's own. Read while the person waits.
FORM_LIMITS = workbooks.Limits(
    unpacked=16 * 1024 * 1024,
    last_row=10_000,
    area=500_000,
    cells=200_000,
    strings=100_000,
    styles=10_000,
    others=20_000,
    text=8_000_000,
    memory=256 * 1024 * 1024,
    seconds=20,
)


class UnreadableForm(ValueError):
    """The file cannot be read at all; the message is for the person who sent it."""


@dataclass(slots=True)
class FormPage:
    """A sheet and its texts, row by row; `keys`: place of a column -> its key; -1 where there is none."""

    name: str
    rows: list[list[str]]
    mark_at: int = -1  # the row of keys
    code_at: int = -1
    name_at: int = -1
    keys: dict[int, str] | None = None

    def __post_init__(self):
        for number, row in enumerate(self.rows):
            if MARK in row:
                self.mark_at, self.code_at = number, row.index(MARK)
                self.name_at = row.index(NAME_MARK) if NAME_MARK in row else -1
                self.keys = {i: text for i, text in enumerate(row) if text and text not in {MARK, NAME_MARK}}
                return

    def beside(self, key: str) -> tuple[int, str] | None:
        """Number of the row and text in the cell after this key, as the hidden rows of unit and month have it."""
        for number, row in enumerate(self.rows, start=1):
            if key in row:
                return number, text_at(row, row.index(key) + 1)
        return None

    def kind(self, sealed: dict[str, SealedPage]) -> str:
        """Which sheet of the form this is, by its keys, or by its name where they are gone; '' for none of them."""
        keys = set((self.keys or {}).values())
        return next((name for name, page in sealed.items() if keys & set(page.columns)), "") or (
            self.name if self.name in sealed else ""
        )

    def faults(self, sealed: SealedPage) -> list[tuple[int, str, str]]:
        """What is missing or moved of the columns: (row, column as Excel shows them, sentence)."""
        if self.keys is None:
            return [(0, "", "thiếu dòng ẩn ghi mã của các cột. Tải lại biểu mẫu rồi chép số vào.")]
        found = []
        for key, heads in sealed.columns.items():
            columns = [i for i, text in self.keys.items() if text == key]
            words = ", ".join(heads)
            if not columns:
                found.append((0, "", f"thiếu cột “{words}”. Tải lại biểu mẫu rồi chép số vào."))
            elif len(columns) > 1:
                letters = ", ".join(get_column_letter(i + 1) for i in columns)
                found.append((0, "", f"cột “{words}” có nhiều lần ({letters}). Chỉ để lại một cột."))
            else:
                above = [text for row in self.rows[: self.mark_at] if (text := text_at(row, columns[0]))]
                if fold(heads[-1]) not in map(fold, above[-2:]):
                    message = f"Cột này phải có tiêu đề “{words}”, trong tệp là “{(above[-2:] or [''])[0]}”."
                    found.append((self.mark_at, get_column_letter(columns[0] + 1), message))
        return found


def open_form(file: BinaryIO) -> list[FormPage]:
    """Texts of every sheet; a formula that was never worked out comes back as its text, so it is refused later."""
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UnreadableForm("Tệp lớn hơn 2 MB nên không đọc.")
    unreadable = "Không đọc được tệp. Tệp phải là Excel (.xlsx) và không đặt mật khẩu."
    try:
        with workbooks.open_archive(io.BytesIO(content)) as archive:
            if has_macros(archive):
                raise UnreadableForm(
                    "Tệp có macro (.xlsm) nên không đọc. Lưu lại thành Excel Workbook (.xlsx) rồi nộp."
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, KeyError) as error:
        raise UnreadableForm(unreadable) from error
    except workbooks.WorkbookRefused as refused:
        raise UnreadableForm(str(refused)) from refused
    try:
        sheets = workbooks.read_workbook(io.BytesIO(content), FORM_LIMITS, computed=True)
    except workbooks.WorkbookRefused as refused:
        raise UnreadableForm(unreadable if str(refused) == workbooks.UNREADABLE else str(refused)) from refused
    return [FormPage(page.title, [[_text(v) for v in row] for _, row in page.all_rows()]) for page in sheets]


def seal_lines(pages: list[FormPage]) -> list[str]:
    """The signed text of the hidden sheet, found by its first cell; empty where there is none."""
    for page in pages:
        texts = [text_at(row, 0) for row in page.rows]
        if SEAL_MARK in texts:
            return texts[texts.index(SEAL_MARK) + 1 :]
    return []


def text_at(row: list[str], column: int) -> str:
    return row[column] if 0 <= column < len(row) else ""


def fold(text: str) -> str:
    """A heading or name without what programs change on the way: spaces, line breaks, composed letters, capitals."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


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
