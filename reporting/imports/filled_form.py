"""The Excel entry form read back as a whole, cell by cell in three states.

The signed copy inside the file says what stood in a cell when the form was downloaded; the file says what stands there
now; the server says what is stored now. Only a cell changed in the file says anything, and one changed on both sides,
or emptied in the file, is written only where the person chooses so. Reading is strict: every error comes with sheet,
row and column, in words, and nothing can be saved from a file that has one.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from openpyxl.utils import get_column_letter

from de_an_06.plain.numbers import NotANumber, format_number, parse_count
from reporting.entry.form import Cell, ServiceLine, load_form
from reporting.entry.saving import SaveResult, last_changes, save_cells
from reporting.exports.form_file import FORM_INDICATOR_HEADS, PERIOD_KEY, UNIT_KEY
from reporting.exports.form_seal import BrokenSeal, Seal, SealedPage, read_seal
from reporting.figures import CARRIED, DERIVED, DERIVED_FIELD, FIGURES
from reporting.imports.form_pages import FormPage, UnreadableForm, fold, open_form, seal_lines, text_at
from reporting.models import FigureChange, Report
from taskforces.scope import entered_by


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong at one place of the file; row and column as Excel shows them ('' and 0: the file as a whole).

    `about`: the cell or row in words: 'DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến'.
    """

    sheet: str
    row: int
    column: str
    message: str
    about: str = ""

    def __str__(self):
        if not self.sheet:
            return self.message
        where = f"Trang “{self.sheet}”" + (f", dòng {self.row}" if self.row else "")
        where += f", cột {self.column}" if self.column else ""
        return f"{where}: {self.about}. {self.message}" if self.about else f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell in its three states, as texts ('' is a blank): when downloaded, on the server now, in the file now.

    who, at: the last change on the server ('' and None where the history knows none).
    """

    cell: str
    row: str  # 'DVC09 Đăng ký khai sinh'
    column: str  # 'Tiếp nhận trực tuyến'
    downloaded: str
    stored: str
    in_file: str
    who: str = ""
    at: dt.datetime | None = None

    @property
    def label(self) -> str:
        return f"{self.row}, {self.column[0].lower()}{self.column[1:]}"


@dataclass(slots=True)
class Reading:
    """What a file says. rows_read = rows_new + rows_changed + rows_unchanged + rows_rejected.

    changes: what saving writes; conflicts: changed in the file and on the server; cleared: emptied in the file only;
    both are written only where the person chooses the file. behind: changed on the server since the download and not
    touched in the file: they stay. ignored: differences in cells this person does not type; blank: owed cells that
    stay blank; notes: sentences. `cells`, `asked` and `seen` go to `save_reading`, or through the preview's form to
    `save_cells(via="file")`: what changed on the server since the preview then comes back as a conflict.
    """

    errors: list[RowError] = field(default_factory=list)
    changes: list[CellDifference] = field(default_factory=list)
    conflicts: list[CellDifference] = field(default_factory=list)
    cleared: list[CellDifference] = field(default_factory=list)
    behind: list[CellDifference] = field(default_factory=list)
    ignored: list[CellDifference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    downloaded_at: dt.datetime | None = None
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
        """Written without a further question."""
        return {d.cell: d.in_file for d in self.changes} if self.is_ok else {}

    @property
    def asked(self) -> dict[str, str]:
        """Written only where the person chooses the file's figure."""
        return {d.cell: d.in_file for d in (*self.conflicts, *self.cleared)} if self.is_ok else {}

    @property
    def seen(self) -> dict[str, str]:
        return {d.cell: d.stored for d in (*self.changes, *self.conflicts, *self.cleared)}


def save_reading(*, report_id: int, by, reading: Reading, chosen: Iterable[str] = ()) -> SaveResult:
    """Save what a file without errors says; the same rules and history as typing it. `chosen`: asked cells to write."""
    if reading.errors:
        raise ValueError("a file with errors saves nothing")
    cells = reading.cells | {key: reading.asked[key] for key in chosen}
    return save_cells(report_id=report_id, by=by, cells=cells, seen=reading.seen, via=FigureChange.Via.FILE)


def read_entry_form(report: Report, file: BinaryIO, by) -> Reading:
    """Everything a filled form says about this report, with all its errors; nothing is saved."""
    reader = _Reader(report, by)
    try:
        pages = open_form(file)
    except UnreadableForm as error:
        reader.refuse(str(error))
        return reader.reading
    if (seal := reader.open_seal(pages)) is not None:
        reader.read(pages, seal)
    return reader.reading


class _Reader:
    """One reading of one file for one person."""

    def __init__(self, report: Report, by):
        self.report, self.form, self.reading = report, load_form(report, by), Reading()
        self.typed_by = entered_by(by, report)
        self.places: dict[str, str] = {}  # code -> where it was first met
        self.sealed: dict[str, int | None] = {}
        figures = {f.name: f.label for f in FIGURES}
        self.columns = {**figures, **FORM_INDICATOR_HEADS}
        self.names = {
            line.code: line.service.short_name if isinstance(line, ServiceLine) else line.indicator.name
            for line in (*self.form.services, *self.form.indicators)
        }

    def refuse(self, message: str, sheet: str = "", row: int = 0, column: str = "", about: str = "") -> None:
        self.reading.errors.append(RowError(sheet, row, column, message, about))

    def open_seal(self, pages: list[FormPage]) -> Seal | None:
        """The signed copy, when it is this portal's, this unit's and this month's; another's file is refused whole."""
        lines = seal_lines(pages)
        if not lines:
            is_form = any(page.beside(UNIT_KEY) or page.keys is not None for page in pages)
            self.refuse(
                "Tệp không có phần ghi số lúc tải: biểu tải từ trước khi cổng nâng cấp, hoặc trang ẩn đã bị xóa. "
                "Tải lại biểu mẫu rồi chép số vào."
                if is_form
                else "Tệp này không phải biểu nhập tải từ cổng. Tải lại biểu mẫu rồi chép số vào."
            )
            return None
        try:
            seal = read_seal(lines)
        except BrokenSeal as error:
            self.refuse(str(error))
            return None
        self.refuse_others(UNIT_KEY, seal.unit)
        self.refuse_others(PERIOD_KEY, seal.period)
        self.reading.downloaded_at, self.sealed = seal.at, seal.cells
        return seal if self.reading.is_ok else None

    def refuse_others(self, key: str, value: str, sheet: str = "", row: int = 0) -> None:
        """Another unit's or month's file, or a sheet taken from one."""
        what, period = ("Trang này" if sheet else "Tệp này"), self.report.period
        if key == UNIT_KEY and value != self.report.unit.code:
            here = f"{self.form.reporter_name} (mã {self.report.unit.code})"
            self.refuse(f"{what} của đơn vị mã {value}, không phải {here}.", sheet, row)
        elif key == PERIOD_KEY and value != period.key:
            message = f"{what} của kỳ {value}, báo cáo đang mở là {period.label} ({period.key})."
            self.refuse(message, sheet, row)

    def read(self, pages: list[FormPage], seal: Seal) -> None:
        kinds = [(page, kind) for page in pages if (kind := page.kind(seal.pages))]
        for name, sealed in seal.pages.items():
            own = [page for page, kind in kinds if kind == name]
            if not own:
                self.refuse(f"Thiếu trang “{name}”. Tải lại biểu mẫu rồi chép số vào.")
            elif len(own) > 1:
                names = ", ".join(f"“{page.name}”" for page in own)
                self.refuse(f"Trang “{name}” có nhiều lần ({names}). Chỉ để lại một trang.")
            else:
                self.read_page(own[0], sealed)
        new = [
            f"{code} {name}"
            for code, name in self.names.items()
            if not any(code in p.rows for p in seal.pages.values())
        ]
        if new:
            listed = "; ".join(new)
            self.reading.notes.append(f"Biểu tải về chưa có: {listed}. Nhập trên trang, hoặc tải lại biểu mẫu.")
        self.finish()

    def read_page(self, page: FormPage, sealed: SealedPage) -> None:
        for key, what in ((UNIT_KEY, "mã đơn vị"), (PERIOD_KEY, "kỳ báo cáo")):
            found = page.beside(key)
            if found is None:
                self.refuse(f"thiếu dòng ẩn ghi {what}. Tải lại biểu mẫu rồi chép số vào.", page.name)
            else:
                self.refuse_others(key, found[1], page.name, found[0])
        for row, column, message in page.faults(sealed):
            self.refuse(message, page.name, row, column)
        if page.keys is None:
            return
        for number, row in enumerate(page.rows):
            code = text_at(row, page.code_at)
            if number != page.mark_at and (number > page.mark_at or code in sealed.rows):
                self.read_row(page, sealed, number, row)
        lost = [code for code in sealed.rows if code not in self.places and code in self.names]
        if lost and len(lost) == len(sealed.rows):
            self.refuse("không còn dòng nào của biểu. Tải lại biểu mẫu rồi chép số vào.", page.name)
            return
        for code in lost:
            self.refuse(f"thiếu dòng {code} ({sealed.rows[code]}).", page.name)

    def read_row(self, page: FormPage, sealed: SealedPage, number: int, row: list[str]) -> None:
        """One row of the form: refused as a whole, new, changed or unchanged. Rows without figures are headings."""
        code, name = text_at(row, page.code_at), text_at(row, page.name_at)
        texts = {i: (key, text_at(row, i)) for i, key in (page.keys or {}).items()}
        if wrong := self.why_no_row(code, name, sealed, any(text for _, text in texts.values())):
            self.refuse(wrong, page.name, number + 1, get_column_letter(page.code_at + 1))
            self.reading.rows_rejected += 1
        if wrong or code not in sealed.rows or code in self.places:
            return
        self.places[code] = f"trang “{page.name}”, dòng {number + 1}"
        errors, before = len(self.reading.errors), len(self.reading.seen)
        for i, (key, text) in texts.items():
            place = (page.name, number + 1, get_column_letter(i + 1))
            cell = self.form.cells.get(f"{code}.{key}")
            if cell is not None:
                self.read_cell(cell, text, place)
            elif (
                key != DERIVED_FIELD
                and text
                and text != format_number(self.sealed.get(f"{code}.{key}")).replace(".", "")
            ):
                why = (
                    f"{code} không có ô này. Xóa số ở đây."
                    if code in self.names
                    else (f"{code} không còn thuộc báo cáo này, không ghi được số mới.")
                )
                self.refuse(why, *place)
        cells = [c for c in self.form.cells.values() if c.key.partition(".")[0] == code]
        if len(self.reading.errors) > errors:
            self.reading.rows_rejected += 1
        elif len(self.reading.seen) == before:
            self.reading.rows_unchanged += 1
        elif any(c.is_typed and c.value is not None for c in cells):
            self.reading.rows_changed += 1
        else:
            self.reading.rows_new += 1

    def why_no_row(self, code: str, name: str, sealed: SealedPage, has_figures: bool) -> str:
        """Why no figure of this row can be taken; '' where it can, or where it has none."""
        if code in sealed.rows and code not in self.places:
            if name and fold(name) != fold(sealed.rows[code]):
                self.places[code] = ""
                return (
                    f"Dòng này có mã {code} ({sealed.rows[code]}) nhưng tên là “{name[:80]}”. Mã và tên phải khớp nhau."
                )
            return ""
        named = [c for c, n in sealed.rows.items() if not code and name and fold(n) == fold(name)]
        lost = [c for c in named if c not in self.places]
        if lost:
            self.places[lost[0]] = ""
            return f"Dòng “{name}” mất mã {lost[0]} ở cột mã."
        if not has_figures:
            return ""
        if not code:
            return "Dòng này có số nhưng không có mã."
        if self.places.get(code):
            return f"Mã {code} đã có ở {self.places[code]}."
        if code in self.places:
            return f"Mã {code} có ở nhiều dòng."
        if code in self.names:
            return f"Mã {code} được thêm sau khi tải biểu. Tải lại biểu mẫu rồi chép số vào."
        return f"Mã “{code[:40]}” không thuộc báo cáo này."

    def read_cell(self, cell: Cell, text: str, place: tuple[str, int, str]) -> None:
        is_mine = self.typed_by.covers(cell.branch, cell.group)
        if cell.locked == DERIVED:
            return
        code, _, name = cell.key.partition(".")
        then = self.sealed.get(cell.key)
        three = CellDifference(
            cell.key, f"{code} {self.names[code]}", self.columns[name], format_number(then), cell.text, text
        )
        reading = self.reading
        try:
            new = parse_count(text)
        except NotANumber as error:
            if is_mine:
                self.refuse(str(error), *place, about=three.label)
            else:
                reading.ignored.append(three)
            return
        three = replace(three, in_file=format_number(new))
        if new == then:  # not touched since the download
            if cell.value != then and is_mine and cell.is_typed:
                reading.behind.append(three)
        elif new == cell.value:
            return
        elif cell.locked == CARRIED and is_mine:
            if new is not None:
                carried = f"Ô này lấy từ số cuối kỳ trước ({cell.text}), không nhập."
                self.refuse(f"{carried} Tệp ghi {three.in_file}.", *place, about=three.label)
        elif cell.locked or not is_mine:
            reading.ignored.append(three)
        elif cell.value != then:
            reading.conflicts.append(three)
        elif new is None:
            reading.cleared.append(three)
        else:
            reading.changes.append(three)

    def finish(self) -> None:
        """Who changed what the file is behind of, and how many owed cells stay blank."""
        reading = self.reading
        last = last_changes(self.report, [d.cell for d in (*reading.conflicts, *reading.behind)])
        for listed in (reading.conflicts, reading.behind):
            listed[:] = [
                replace(d, who=last[d.cell].by.full_name, at=last[d.cell].at) if d.cell in last else d for d in listed
            ]
        given = {d.cell for d in (*reading.changes, *reading.conflicts) if d.in_file}
        mine = [c for c in self.form.cells.values() if c.is_typed and self.typed_by.covers(c.branch, c.group)]
        reading.blank = sum(c.value is None and c.key not in given for c in mine)
