"""Reading an uploaded .xlsx or .csv: what it holds, or why it cannot be taken. Nothing here touches the database.

A file is refused as a whole (`FileRefused`) with every reason that can be seen at once, each with row and column where
there is one. Values come back as the file has them (text, number, day); the columns read them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from openpyxl.utils import get_column_letter, range_boundaries

from de_an_06.plain import workbooks
from de_an_06.plain.numbers import format_number
from de_an_06.plain.workbooks import CellValue
from taskforces.register import uploads

MOST_ROSTER_ROWS = 50_000
MOST_COLUMNS = 100
HEADER_WITHIN = 15  # rows in which the row of column names is looked for
MOST_REASONS = 200
DATA_SHEET = "Dữ liệu"
XLSX_SUFFIX, CSV_SUFFIX = ".xlsx", ".csv"
ROSTER_ACCEPT = f"{XLSX_SUFFIX},{CSV_SUFFIX}"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# 50,000 rows of text unpack to about 40 MB. Read by the worker; the row too many is counted below, with a sentence of
# its own, so sheets may be longer here: titles, blank rows in between.
ROSTER_LIMITS = workbooks.Limits(
    unpacked=200 * 1024 * 1024,
    last_row=2 * MOST_ROSTER_ROWS,
    area=MOST_COLUMNS * MOST_ROSTER_ROWS,
    cells=40 * MOST_ROSTER_ROWS,
    strings=600_000,
    styles=10_000,
    others=200_000,
    text=64_000_000,
    memory=512 * 1024 * 1024,
    seconds=120,
)


class FileRefused(Exception):
    """The file as a whole cannot be taken; `reasons` are sentences for the person who sent it."""

    def __init__(self, *reasons: str):
        self.reasons = list(reasons)
        super().__init__(" ".join(reasons))


@dataclass(slots=True)
class RosterTable:
    """The rows of a sheet under the column names it was asked for. `numbers`: each row's number in the file."""

    sheet: str
    headers: list[str]
    rows: list[list[CellValue]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    blank_rows: int = 0  # between the rows with content


def inspect_roster(upload: UploadedFile) -> uploads.Inspected:
    """Name, size and checksum of an upload that may be kept, or ValidationError: before anything is stored."""
    name = uploads.clean_name(upload.name or "")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in {XLSX_SUFFIX, CSV_SUFFIX, ".xlsm", ".xltm", ".xlsb"}:
        if suffix == ".xls":
            raise ValidationError(f"Tệp “{name}” là Excel dạng cũ. Mở tệp, chọn Lưu thành “Excel Workbook (.xlsx)”.")
        raise ValidationError(f"Tệp “{name}” không phải .xlsx hoặc .csv.")
    if suffix != CSV_SUFFIX:
        return uploads.inspect(upload)
    if not upload.size:
        raise ValidationError(f"Tệp “{name}” không có nội dung.")
    if upload.size > uploads.LARGEST_UPLOAD:
        raise ValidationError(f"Tệp “{name}” nặng {format_number(round(upload.size / 1024**2))} MB; nặng nhất 20 MB.")
    upload.seek(0)
    head = upload.read(4096)
    if head.startswith(uploads.PROGRAMS):
        raise ValidationError(f"Tệp “{name}” thực ra là một chương trình được đổi tên. Cổng không nhận chương trình.")
    if head.startswith((uploads.ZIP, uploads.OLE, b"%PDF")):
        raise ValidationError(
            f"Nội dung tệp “{name}” không phải CSV. Không đổi đuôi tên tệp; tệp Excel gửi dạng .xlsx."
        )
    return uploads.Inspected(name, "text/csv", upload.size, uploads.sha256_of(upload))


def read(file: BinaryIO, name: str, known: dict[str, str], required: list[str]) -> RosterTable:
    """The rows of the file's sheet; raises FileRefused.

    `known`: key of a column name (see `header_key`) -> the name; all `required` must be there, in any order.
    """
    if PurePosixPath(name).suffix.lower() == CSV_SUFFIX:
        return _collect("", csv_rows(file), known, required)
    return _read_workbook(file, known, required)


def header_key(text: CellValue) -> str:
    """'  Mã đơn  vị * ' and 'mã đơn vị' are one column."""
    return " ".join(_tidy(str(text)).split()).rstrip(" *").casefold() if text is not None else ""


def _tidy(text: str) -> str:
    """Composed letters, no spaces around, no invisible signs."""
    text = unicodedata.normalize("NFC", text.replace("\u00a0", " ").replace("\ufeff", "").replace("\u200b", ""))
    return text.replace("_x000D_", "").strip()


# --- rows under their column names


def _collect(sheet: str, rows: Iterator[tuple[int, list[CellValue]]], known: dict, required: list[str]) -> RosterTable:
    table = RosterTable(sheet, [])
    positions: list[int] = []
    pending_blank, reasons = 0, []
    for number, values in rows:
        if not table.headers:
            if number > HEADER_WITHIN:
                break
            if sum(header_key(v) in known for v in values) >= min(2, len(required)):
                positions = _headers(table, number, values, known, required)
            continue
        if all(v is None or v == "" for v in values):
            pending_blank += 1
            continue
        if len(table.rows) == MOST_ROSTER_ROWS:
            raise FileRefused(
                f"Tệp có hơn {format_number(MOST_ROSTER_ROWS)} dòng. Chia thành nhiều tệp rồi gửi từng tệp."
            )
        table.blank_rows += pending_blank
        pending_blank = 0
        named = set(positions)
        for i, value in enumerate(values):
            if i not in named and value not in (None, "") and len(reasons) < MOST_REASONS:
                reasons.append(f"Dòng {number}, cột {get_column_letter(i + 1)}: ô có nội dung nhưng cột không có tên.")
        table.rows.append([values[i] if i < len(values) else None for i in positions])
        table.numbers.append(number)
    where = f"Trang “{sheet}”" if sheet else "Tệp"
    if not table.headers:
        raise FileRefused(
            f"{where} không có dòng tên cột. Cần có các cột: {', '.join(required)}. Tải tệp mẫu rồi chép dữ liệu vào."
        )
    if reasons:
        raise FileRefused(*reasons)
    if not table.rows:
        raise FileRefused(f"{where} có tên cột nhưng không có dòng dữ liệu nào.")
    return table


def _headers(table: RosterTable, number: int, values: list[CellValue], known: dict, required: list[str]) -> list[int]:
    """Names of the columns into `table.headers`; their positions. All that is wrong with them is said at once."""
    reasons, positions = [], []
    for i, value in enumerate(values):
        key = header_key(value)
        if not key:
            continue
        letter = get_column_letter(i + 1)
        if key not in known:
            reasons.append(f"Dòng {number}, cột {letter}: không có cột nào tên “{str(value).strip()[:60]}”.")
        elif known[key] in table.headers:
            reasons.append(f"Dòng {number}, cột {letter}: cột “{known[key]}” có hai lần.")
        else:
            table.headers.append(known[key])
            positions.append(i)
    reasons += [f"Thiếu cột “{name}”." for name in required if name not in table.headers]
    if reasons:
        raise FileRefused(*reasons, f"Các cột được nhận: {', '.join(dict.fromkeys(known.values()))}.")
    return positions


# --- CSV


def csv_rows(file: BinaryIO) -> Iterator[tuple[int, list[CellValue]]]:
    raw = file.read(uploads.LARGEST_UPLOAD + 1)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused("Tệp CSV mã hóa UTF-16. Trong Excel chọn Lưu thành “CSV UTF-8 (phân tách bằng dấu phẩy)”.")
    if b"\0" in raw:
        raise FileRefused("Nội dung tệp không phải chữ. Không đổi đuôi tên tệp thành .csv; tệp Excel gửi dạng .xlsx.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileRefused(
            f"Tệp CSV không phải mã UTF-8 (từ dòng {line}), nên chữ tiếng Việt sẽ sai. "
            "Trong Excel chọn Lưu thành “CSV UTF-8 (phân tách bằng dấu phẩy)”."
        ) from None
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for number, values in enumerate(reader, 1):
            if len(values) > MOST_COLUMNS:
                raise FileRefused(f"Dòng {number} có hơn {MOST_COLUMNS} cột.")
            yield number, [_csv_value(value, number, i) for i, value in enumerate(values)]
    except csv.Error:
        raise FileRefused(
            f"Dòng {reader.line_num} của tệp CSV không đọc được: thiếu dấu ngoặc kép đóng, hoặc ô quá dài."
        ) from None


_LATER_CELL = re.compile(r"([;\t\r\n][\s\"]*)(?=[=+\-@])")
_MADE_SAFE = re.compile(r"([;\t\r\n][\s\"]*)'(?=[=+\-@])")


def _csv_value(value: str, number: int, i: int) -> str:
    """A text as it was before it was made safe for Excel ("'=1+1" -> "=1+1"); a bare formula is refused."""
    value = _tidy(value)
    if value.startswith("="):
        raise FileRefused(
            f"Dòng {number}, cột {get_column_letter(i + 1)}: ô này là công thức ({value[:40]}). "
            "Ghi giá trị thay cho công thức."
        )
    value = value[1:] if value[:1] == "'" and value[1:2] in tuple("=+-@\t\r") and len(value) > 1 else value
    return _MADE_SAFE.sub(r"\1", value)


def safe_for_csv(value: str) -> str:
    """Excel would run a text that begins so as a formula; an apostrophe keeps it text.

    Where the list separator is a semicolon, Excel takes a line with commas for one cell and cuts it at the semicolons
    inside the texts, and at their line breaks: what follows these begins a cell too.
    """
    value = f"'{value}" if value[:1] in tuple("=+-@\t\r") and value else value
    return _LATER_CELL.sub(r"\1'", value)


# --- Excel


def _read_workbook(file: BinaryIO, known: dict, required: list[str]) -> RosterTable:
    try:
        (page,) = workbooks.read_workbook(file, ROSTER_LIMITS, only=DATA_SHEET)
    except workbooks.WorkbookRefused as refused:
        raise FileRefused(str(refused)) from None
    reasons: list[str] = []

    def rows():
        for number, cells in page.all_rows():
            values: list[CellValue] = []
            for i, cell in enumerate(cells):
                value = _tidy(cell) or None if type(cell) is str else cell
                if value is not None:
                    letter = get_column_letter(i + 1)
                    if isinstance(value, workbooks.Formula):
                        if len(reasons) < MOST_REASONS:
                            reasons.append(
                                f"Dòng {number}, cột {letter}: ô này là công thức. "
                                "Chép rồi dán giá trị (Paste Values) vào chỗ đó."
                            )
                        value = "="
                    elif isinstance(value, workbooks.CellFault):
                        if len(reasons) < MOST_REASONS:
                            reasons.append(f"Dòng {number}, cột {letter}: ô báo lỗi {value[:20]}. Sửa ô này.")
                    elif i >= MOST_COLUMNS:
                        raise FileRefused(f"Dòng {number} có hơn {MOST_COLUMNS} cột.")
                values.append(value)
            yield number, values[:MOST_COLUMNS]

    try:
        table = _collect(page.title, rows(), known, required)
    except FileRefused as refused:
        raise FileRefused(*reasons, *refused.reasons) from None
    reasons += _merged_reasons(page.merged, table)
    if reasons:
        raise FileRefused(*reasons)
    return table


def _merged_reasons(merged: list[str], table: RosterTable) -> list[str]:
    """Merged cells hide which row a value belongs to; titles above the rows may stay merged."""
    reasons = []
    for ref in merged:
        try:
            _, first, _, last = range_boundaries(ref)
        except ValueError:
            raise FileRefused(workbooks.UNREADABLE) from None
        if last >= table.numbers[0]:
            rows = f"Dòng {first}" if first == last else f"Dòng {first} đến {last}"
            reasons.append(f"{rows}: các ô {ref} đang gộp. Bỏ gộp (Unmerge) rồi ghi giá trị vào từng dòng.")
    return reasons[:MOST_REASONS]
