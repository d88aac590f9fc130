"""Opening an .xlsx that somebody handed in, without trusting it.

A small file can say that it holds a sheet of 17 billion cells, or unpack to gigabytes. So its directory is looked at
first, and everything else is done by another process (this file, run as a program) that has a limit of memory and of
time: it counts rows, columns, cells, styles and strings as they stream by, before a library builds anything of them,
and hands the values over one row at a time. Only the standard library and openpyxl: the process starts without Django.
"""

import contextlib
import dataclasses
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple
from xml.parsers import expat

MOST_PARTS = 5000  # files inside a .docx or .xlsx
LARGEST_DIRECTORY = 1024 * 1024  # bytes; 5,000 parts with names of 100 letters need 750 KB
LARGEST_SMALL_PART = 1024 * 1024  # bytes of [Content_Types].xml; 5,000 parts need 700 KB
VALUE_WEIGHT = 32  # a value costs memory, however short
UNREADABLE = "Không đọc được tệp Excel: tệp hỏng hoặc có mật khẩu. Mở bằng Excel, lưu lại dạng .xlsx rồi gửi."
COPY_VALUES = "Chép riêng các dòng cần dùng, dán giá trị (Paste Values) sang tệp mẫu mới rồi gửi."
UNPACKS_TOO_LARGE = f"Tệp giải nén ra quá lớn nên không đọc. {COPY_VALUES}"
# What damaged workbooks raise in zipfile, zlib, expat and openpyxl.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, expat.ExpatError, RuntimeError),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, NotImplementedError, OverflowError),
)
_CHUNK = 256 * 1024
_STYLES = {"xf", "font", "fill", "border", "numFmt", "cellStyle", "dxf", "gradientFill", "patternFill", "tableStyle"}
_CELL_TEXT = {"v", "f", "t", "is", "r", "rPr", "sz", "color", "rFont", "family", "charset", "scheme", "b", "i", "u"}


class WorkbookRefused(ValueError):
    """The file is not read; the message is for the person who sent it."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a workbook may hold at most, all sheets together, and what reading it may take."""

    unpacked: int  # bytes of all parts
    last_row: int  # number of the last row of a sheet
    area: int  # cells up to the last one of each row, empty ones included: what a reader builds
    cells: int
    strings: int  # shared strings
    styles: int
    others: int  # all other elements: validations, merged cells, names, ...
    text: int  # characters handed over, each value counted as VALUE_WEIGHT more
    memory: int  # bytes of address space of the reading process
    seconds: int


class Formula(str):
    """A cell that holds a formula, as its text."""


class CellFault(str):
    """A cell that shows an error: '#REF!'."""


class Computed(NamedTuple):
    """A formula with the value that the file has for it."""

    formula: str
    value: "str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta"


CellValue = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


@dataclasses.dataclass(slots=True)
class SheetRows:
    """A sheet's rows with content, each with its number; values without the empty ones at the end."""

    title: str
    is_hidden: bool
    merged: list[str]  # ranges, 'A2:A3'
    rows: list[tuple[int, list[CellValue]]] = dataclasses.field(default_factory=list)

    def all_rows(self) -> Iterator[tuple[int, list[CellValue]]]:
        """The empty ones in between too."""
        expected = 1
        for number, values in self.rows:
            for missing in range(expected, number):
                yield missing, []
            yield number, values
            expected = number + 1


# --- the cheapest look


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """The archive, once its directory is known to be small; WorkbookRefused, or what zipfile raises.

    zipfile makes an object of each entry of the directory; its length stands in the last bytes of the file.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 66_000))  # the end record and the longest comment behind it
    tail = file.read(66_000)
    at = tail.find(b"PK\x05\x06")
    while at >= 0:
        if int.from_bytes(tail[at + 12 : at + 16], "little") > LARGEST_DIRECTORY:
            raise WorkbookRefused(UNPACKS_TOO_LARGE)
        at = tail.find(b"PK\x05\x06", at + 1)
    if b"PK\x06\x07" in tail:  # a second directory, for archives of more than 4 GB
        raise WorkbookRefused(UNPACKS_TOO_LARGE)
    file.seek(0)
    archive = zipfile.ZipFile(file)
    if len(archive.infolist()) > MOST_PARTS:
        raise WorkbookRefused(UNPACKS_TOO_LARGE)
    return archive


def small_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part that is small in every honest file; it is never unpacked beyond that, whatever it says of its size."""
    with archive.open(name) as part:
        content = part.read(LARGEST_SMALL_PART + 1)
    if len(content) > LARGEST_SMALL_PART:
        raise WorkbookRefused(UNPACKS_TOO_LARGE)
    return content


# --- asking the other process


def read_workbook(
    file: BinaryIO, limits: Limits, *, only: str | None = None, computed: bool = False, formulas: bool = False
) -> list[SheetRows]:
    """The sheets of a workbook; raises WorkbookRefused.

    only: of the sheets that are not hidden, the one with this title, else the first; all sheets where it is None.
    computed: a formula's value where the file has one, and the formula where it was never worked out.
    formulas: with `computed`, such a value comes as Computed, with its formula.
    """
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        try:
            with open_archive(copy) as archive:
                if any(part.flag_bits & 1 for part in archive.infolist()):
                    raise WorkbookRefused("Tệp có mật khẩu. Bỏ mật khẩu, lưu lại rồi gửi.")
                if sum(part.file_size for part in archive.infolist()) > limits.unpacked:
                    raise WorkbookRefused(UNPACKS_TOO_LARGE)
        except WorkbookRefused:
            raise
        except DAMAGED as error:
            raise WorkbookRefused(UNREADABLE) from error
        copy.seek(0)
        asked = json.dumps(
            {"limits": dataclasses.asdict(limits), "only": only, "computed": computed, "formulas": formulas}
        )
        command = [sys.executable, "-I", __file__, asked]
        with subprocess.Popen(command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            assert process.stdout is not None
            timer = threading.Timer(limits.seconds, process.kill)
            timer.start()
            try:
                return _received(process.stdout)
            finally:
                timer.cancel()
                process.kill()


def _received(lines: BinaryIO) -> list[SheetRows]:
    sheets: list[SheetRows] = []
    for line in lines:
        if not line.endswith(b"\n"):
            break  # ended in the middle
        said = json.loads(line)
        if isinstance(said, list):
            sheets[-1].rows.append((said[0], [_decoded(value) for value in said[1]]))
        elif "sheet" in said:
            sheets.append(SheetRows(said["sheet"], said["hidden"], said["merged"]))
        elif "refused" in said:
            raise WorkbookRefused(said["refused"])
        elif "end" in said:
            return sheets
    raise WorkbookRefused(f"Đọc tệp này tốn quá nhiều bộ nhớ hoặc thời gian nên cổng dừng lại. {COPY_VALUES}")


def _encoded(value: Any) -> Any:
    if isinstance(value, Computed):
        return {"Computed": [value.formula, _encoded(value.value)]}
    if isinstance(value, Formula | CellFault):
        return {type(value).__name__: str(value)}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dt.timedelta):
        return {"timedelta": value.total_seconds()}
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {type(value).__name__: value.isoformat()}
    return str(value)


_DECODERS = {
    "Computed": lambda pair: Computed(pair[0], _decoded(pair[1])),
    "Formula": Formula,
    "CellFault": CellFault,
    "timedelta": lambda seconds: dt.timedelta(seconds=seconds),
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
}


def _decoded(value: Any) -> CellValue:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return _DECODERS[kind](text)
    return value


# --- in the other process: counting


class PartCounter:
    """Counts the elements of every part while they stream by; nothing is kept but the merged ranges.

    Any part may be a sheet, whatever its name: which one is, other parts say.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.area = self.cells = self.strings = self.styles = self.others = 0
        self.row = self.column = self.widest = 0
        self.merged: dict[str, list[str]] = {}
        self.part = ""

    def look(self, archive: zipfile.ZipFile) -> None:
        unpacked = 0
        for part in archive.infolist():
            self.part, self.row, self.column, self.widest = part.filename, 0, 0, 0
            parser = expat.ParserCreate()
            parser.StartElementHandler = self.element
            parser.StartDoctypeDeclHandler = self.doctype
            is_xml = True
            with archive.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    if unpacked > self.limits.unpacked:
                        raise WorkbookRefused(UNPACKS_TOO_LARGE)
                    try:
                        if is_xml:
                            parser.Parse(chunk, False)
                    except expat.ExpatError as error:
                        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
                            raise MemoryError from error
                        is_xml = False  # a picture; or a broken part, whose rest nobody reads either

    def doctype(self, *_: Any) -> None:
        raise WorkbookRefused(UNREADABLE)  # no program writes one into a workbook: entities that unfold

    def element(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self.cell(attributes.get("r"))
        elif name == "row":
            self.row = int(float(attributes["r"])) if attributes.get("r") else self.row + 1
            self.column = self.widest = 0
            if self.row > self.limits.last_row:
                raise WorkbookRefused(
                    f"Một trang của tệp có dòng {self.row}; cổng đọc đến dòng {self.limits.last_row}. "
                    "Xóa hẳn các dòng thừa ở cuối trang (chọn dòng, Delete) rồi gửi."
                )
        elif name in _CELL_TEXT:
            return
        elif name == "si":
            self.strings += 1
            if self.strings > self.limits.strings:
                raise WorkbookRefused(f"Tệp chứa quá nhiều đoạn chữ nên không đọc. {COPY_VALUES}")
        elif name in _STYLES:
            self.styles += 1
            if self.styles > self.limits.styles:
                raise WorkbookRefused(f"Tệp có quá nhiều kiểu định dạng nên không đọc. {COPY_VALUES}")
        else:
            self.others += 1
            if self.others > self.limits.others:
                raise WorkbookRefused(f"Tệp có quá nhiều thành phần ngoài các ô nên không đọc. {COPY_VALUES}")
            if name == "mergeCell":
                self.merged.setdefault(self.part, []).append(attributes.get("ref", ""))

    def cell(self, reference: str | None) -> None:
        self.column = _column_of(reference) if reference else self.column + 1
        self.cells += 1
        if self.column > self.widest:
            self.area += self.column - self.widest
            self.widest = self.column
        if self.cells > self.limits.cells or self.area > self.limits.area:
            raise WorkbookRefused(
                "Tệp có quá nhiều ô, kể cả ô trống có định dạng, nên không đọc. "
                f"Xóa hẳn các cột, dòng thừa rồi gửi, hoặc: {COPY_VALUES[0].lower()}{COPY_VALUES[1:]}"
            )


def _column_of(reference: str) -> int:
    """'XFD1' -> 16384"""
    number = 0
    for letter in reference.strip("$")[:4].upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


# --- in the other process: reading


def _title_key(title: str) -> str:
    return " ".join(unicodedata.normalize("NFC", title).split()).casefold()


def _answer(asked: dict[str, Any]) -> Iterator[Any]:
    """What the other side receives, line by line."""
    limits = Limits(**asked["limits"])
    file = open(0, "rb", closefd=False)  # noqa: SIM115
    counter = PartCounter(limits)
    with open_archive(file) as archive:
        counter.look(archive)

    import openpyxl  # only now, and only here

    def load(data_only: bool) -> Any:
        file.seek(0)
        return openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)

    book = load(False)
    values = load(True) if asked["computed"] else None
    pages = book.worksheets
    if asked["only"] is not None:
        shown = [page for page in pages if page.sheet_state == "visible"]
        if not shown:
            raise WorkbookRefused("Tệp không có trang tính nào đang hiện. Bỏ ẩn trang có dữ liệu (Unhide) rồi gửi.")
        pages = [page for page in shown if _title_key(page.title) == _title_key(asked["only"])][:1] or shown[:1]
    left = limits.text
    for page in pages:
        path = getattr(page, "_worksheet_path", "").lstrip("/")
        hidden = page.sheet_state != "visible"
        yield {"sheet": page.title, "hidden": hidden, "merged": counter.merged.get(path, [])}
        for number, row in enumerate(_rows(page, values, asked["formulas"]), 1):
            while row and row[-1] is None:
                row.pop()
            left -= sum(VALUE_WEIGHT + _letters(value) for value in row if value is not None)
            if left < 0:
                raise WorkbookRefused(f"Tệp chứa quá nhiều chữ nên không đọc. {COPY_VALUES}")
            if row:
                yield [number, [_encoded(value) for value in row]]
    yield {"end": True}


def _letters(value: Any) -> int:
    if isinstance(value, Computed):
        return len(value.formula) + _letters(value.value)
    return len(value) if isinstance(value, str) else 0


def _rows(page: Any, values: Any, with_formulas: bool) -> Iterator[list[Any]]:
    page.reset_dimensions()  # what the file says of its size is often wrong
    if values is None:
        for row in page.rows:
            yield [_value(cell) for cell in row]
        return
    beside = values[page.title]
    beside.reset_dimensions()
    for row, computed in zip(page.rows, beside.iter_rows(values_only=True), strict=True):
        yield [
            _value(cell)
            if value is None
            else Computed(str(_value(cell)), value)
            if with_formulas and cell.data_type == "f"
            else value
            for cell, value in zip(row, computed, strict=True)
        ]


def _value(cell: Any) -> Any:
    value = cell.value
    if value is None:
        return None
    if cell.data_type == "f":
        return Formula(getattr(value, "text", None) or value)
    return CellFault(value) if cell.data_type == "e" else value


def _main() -> None:
    asked = json.loads(sys.argv[1])
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without limits has the timer alone
        import resource

        memory, seconds = asked["limits"]["memory"], asked["limits"]["seconds"]
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # openpyxl warns of styling it drops
    try:
        for line in _answer(asked):
            _write(line)
    except WorkbookRefused as refused:
        _write({"refused": str(refused)})
    except DAMAGED:
        _write({"refused": UNREADABLE})
    except MemoryError:
        sys.exit(1)  # without its last line the other side knows


def _write(line: Any) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    _main()
