"""Where a form is to be filled: names of cells, {{…}} in cells, repeated rows, columns beside codes; and what is wrong
with them, one sentence each."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .grid import CellGrid
from .parts import WORKBOOK, Package, local, tag
from .references import CellPlace, area_of, target_of

MARK = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_CODE = re.compile(r"[A-Z]{2,4}\d{2,3}[a-zA-Z]?")
_ELSEWHERE = re.compile(r"xl/(charts|drawings|comments|threadedComments)/[^/]*\.xml|xl/comments\d*\.xml")
COLUMN, CODE_COLUMN = "cot", "cot.ma"
LIKE = 0.86  # how like a placeholder a name of the form must be to be taken for a misspelt one
MOST_FORM_FAULTS = 40  # told at once


@dataclass
class Known:
    """The vocabulary: `cells` stand alone, `lists` in repeated rows, `columns` over figures beside `codes`."""

    cells: list[str]
    lists: dict[str, list[str]]
    columns: list[str]
    codes: list[str]

    def __post_init__(self) -> None:
        self.all = [*self.cells, *(f"{name}.{key}" for name, keys in self.lists.items() for key in keys)]
        self.all += [CODE_COLUMN, *(f"{COLUMN}.{key}" for key in self.columns)]
        self.by_fold = {key.casefold(): key for key in self.all}
        self.fold_cells = {key.casefold(): key for key in self.cells}
        self.fold_codes = {code.casefold(): code for code in self.codes}

    def find(self, written: str) -> str | None:
        return self.by_fold.get(written.casefold())

    def near(self, written: str, cutoff: float = 0.6) -> str:
        found = difflib.get_close_matches(written.casefold(), self.by_fold, n=1, cutoff=cutoff)
        return self.by_fold[found[0]] if found else ""


@dataclass
class Marked:
    """All that is to be filled in one sheet."""

    grid: CellGrid
    cells: dict[CellPlace, list[str]] = field(default_factory=dict)  # keys in the text of a cell
    named: dict[CellPlace, str] = field(default_factory=dict)
    repeated: dict[int, str] = field(default_factory=dict)  # row -> its list
    heads: dict[int, dict[int, str]] = field(default_factory=dict)  # row of marks -> column -> figure or 'ma'

    def coded(self) -> Iterator[tuple[CellPlace, str, dict[CellPlace, str]]]:
        """(the cell of the code, the code as written, cells beside it -> figure) under each row of marks."""
        heads = sorted(self.heads)
        for number, head in enumerate(heads):
            columns = dict(self.heads[head])
            until = heads[number + 1] if number + 1 < len(heads) else max(self.grid.rows, default=0) + 1
            code_columns = [column for column, key in columns.items() if key == "ma"]
            for row in sorted(row for row in self.grid.rows if head < row < until and row not in self.repeated):
                place = CellPlace(row, code_columns[0])
                code = self.grid.text(place).strip()
                if not _CODE.fullmatch(code.upper()) or place in self.cells:
                    continue
                yield place, code, {CellPlace(row, column): key for column, key in columns.items() if key != "ma"}

    def is_free(self, place: CellPlace) -> bool:
        """Not a formula, nor words such as “x”, nor filled by a mark of its own, nor behind a merged cell."""
        grid = self.grid
        is_taken = grid.is_formula(place) or grid.is_typed_text(place) or place in self.cells or place in self.named
        return not is_taken and grid.anchor(place) == place


def find(package: Package, grids: list[CellGrid], known: Known) -> tuple[list[Marked], list[str], list[str]]:
    """(what is marked, faults, names of the form's own)."""
    found = [Marked(grid) for grid in grids]
    faults: list[str] = []
    for marked in found:
        faults += _marks_of(marked, known)
    by_title = {marked.grid.title.casefold(): marked for marked in found}
    own_names, of_names = _names(package, by_title, known)
    faults += of_names
    for marked in found:
        faults += _faults_of_rows(marked)
        faults += _faults_of_tables(package, marked)
    faults += _marks_outside_cells(package, grids)
    if not faults and not any(marked.cells or marked.named for marked in found):
        faults.append(
            "Biểu chưa có chỗ điền nào. Đặt tên ô (Name Box) hoặc viết {{…}} vào ô theo danh mục ở cuối trang này."
        )
    return found, faults, own_names


def _marks_of(marked: Marked, known: Known) -> Iterator[str]:
    grid = marked.grid
    for place in sorted(grid.cells):
        text = grid.text(place)
        if "{{" not in text:
            continue
        where = _where(grid, place)
        written = MARK.findall(text)
        keys = []
        for one in written:
            key = known.find(one)
            if key is None:
                near = known.near(one)
                yield f"{where}: chỗ điền “{one[:60]}” không có trong danh mục" + (
                    f"; gần nhất là “{near}”." if near else "."
                )
            else:
                keys.append(key)
        if text.count("{{") != len(written):
            yield f"{where}: ngoặc {{{{ }}}} chưa đóng: “{text[:60]}”."
        elif sum(len(MARK.findall(run.text or "")) for run in grid.text_runs(place)) != len(written):
            yield f"{where}: chỗ điền bị cắt vì một phần chữ định dạng khác. Định dạng cả chỗ điền như nhau rồi gửi."
        if grid.anchor(place) != place:
            yield f"{where}: chỗ điền nằm sau ô gộp nên không ai thấy. Viết vào ô đầu của vùng gộp."
        if len(keys) != len(written):
            continue
        columns = [key.partition(".")[2] for key in keys if key.startswith(f"{COLUMN}.")]
        lists = {key.partition(".")[0] for key in keys if "." in key and not key.startswith(f"{COLUMN}.")}
        if columns and (lists or len(columns) > 1 or len(columns) != len(keys)):
            yield f"{where}: chỗ điền “cot.…” đứng một mình trong ô của dòng đánh dấu."
            continue
        marked.cells[place] = keys
        if columns:
            marked.heads.setdefault(place.row, {})[place.column] = columns[0]
        for name in lists:
            if marked.repeated.setdefault(place.row, name) != name:
                yield f"{where}: một dòng chỉ lặp theo một danh sách; dòng này đã lặp {marked.repeated[place.row]}."
    for row, columns_of in marked.heads.items():
        kinds = list(columns_of.values())
        if kinds.count("ma") != 1 or len(kinds) < 2:
            yield (
                f"Trang “{grid.title}”, dòng {row}: dòng đánh dấu cần đúng một {{{{cot.ma}}}} ở cột mã "
                "và ít nhất một {{cot.…}} ở cột số liệu."
            )
            marked.heads = {other: columns for other, columns in marked.heads.items() if other != row}
        elif row in marked.repeated:
            yield f"Trang “{grid.title}”, dòng {row}: dòng đánh dấu cột không thể là dòng lặp."


def _names(package: Package, by_title: dict[str, Marked], known: Known) -> tuple[list[str], list[str]]:
    own, faults = [], []
    for element in package.tree(WORKBOOK).iter(tag("definedName")):
        name, text = element.get("name", ""), (element.text or "").strip()
        if name.startswith("_xlnm.") and "#REF!" not in text:
            continue
        key = known.fold_cells.get(name.casefold())
        if "#REF!" in text:
            faults.append(f"Tên “{name}” hỏng (#REF!). Mở Formulas, Name Manager, xóa hoặc sửa tên đó rồi gửi.")
        elif key is None:
            near = known.near(name, LIKE)
            head = name.partition("_")[0].casefold()
            if near or head in known.fold_codes or (_CODE.fullmatch(head.upper()) and "_" in name):
                near = near or known.near(name)
                faults.append(f"Tên “{name}” không có trong danh mục" + (f"; gần nhất là “{near}”." if near else "."))
            else:
                own.append(name)
        else:
            faults += _name_at(name, key, text, by_title)
    return own, faults


def _name_at(name: str, key: str, text: str, by_title: dict[str, Marked]) -> Iterator[str]:
    title, area = target_of(text)
    marked = by_title.get(title)
    if marked is None:
        yield f"Tên “{name}” không chỉ một ô của biểu ({text[:60]}). Chọn một ô rồi đặt lại tên."
        return
    first, last = area_of(area)
    place = marked.grid.anchor(first)
    if (first, last) not in marked.grid.merged and first != last:
        yield f"Tên “{name}” chỉ nhiều ô ({text[:60]}). Đặt tên cho một ô."
    elif marked.grid.is_formula(place):
        yield f"{_where(marked.grid, place)}: ô có công thức nên tên “{name}” không điền được. Đặt tên cho ô khác."
    elif place in marked.cells:
        yield f"{_where(marked.grid, place)}: ô vừa có tên “{name}” vừa có {{{{…}}}}. Giữ một trong hai."
    elif place.row in marked.repeated:
        yield f"{_where(marked.grid, place)}: tên “{name}” nằm trên dòng lặp. Dùng {{{{…}}}} cho dòng đó."
    elif marked.named.setdefault(place, key) != key:
        yield f"{_where(marked.grid, place)}: ô có hai tên “{marked.named[place]}” và “{name}”. Giữ một tên."


def _faults_of_rows(marked: Marked) -> Iterator[str]:
    grid = marked.grid
    for row in marked.repeated:
        for first, last in grid.merged:
            if first.row <= row <= last.row and first.row != last.row:
                yield (
                    f"{_where(grid, first)}: ô gộp {first.name}:{last.name} vắt qua biên dòng lặp {row}. "
                    "Bỏ gộp, hoặc chỉ gộp trong dòng đó."
                )
    for place, formula in grid.formulas():
        kind = formula.get("t")
        if kind not in {"array", "dataTable"}:
            continue
        first, last = area_of(formula.get("ref") or place.name)
        if any(first.row <= row <= last.row for row in marked.repeated) or (kind == "dataTable" and marked.repeated):
            yield f"{_where(grid, place)}: công thức mảng nằm trên dòng lặp. Viết thành công thức thường từng ô."


def _faults_of_tables(package: Package, marked: Marked) -> Iterator[str]:
    for relation in package.relations(marked.grid.part).values():
        if relation.kind != "table" or relation.target not in package:
            continue
        first, last = area_of(package.tree(relation.target).get("ref", "A1"))
        for place in [*marked.cells, *marked.named]:
            if place.row == first.row and first.column <= place.column <= last.column:
                yield f"{_where(marked.grid, place)}: chỗ điền nằm ở tiêu đề của bảng (Table), Excel không cho đổi."


def _marks_outside_cells(package: Package, grids: list[CellGrid]) -> Iterator[str]:
    for name, content in package.raw.items():  # what a chart keeps of the cells stands in other elements
        if not _ELSEWHERE.match(name) or b"{{" not in content:
            continue
        if any(local(one) == "t" and "{{" in (one.text or "") for one in package.tree(name).iter()):
            yield "Có {{…}} trong hình vẽ, biểu đồ hoặc ghi chú; cổng chỉ điền vào ô. Chuyển chỗ điền vào ô rồi gửi."
    for grid in grids:
        for element in grid.root.iter(tag("headerFooter")):
            if any("{{" in (child.text or "") for child in element):
                yield f"Trang “{grid.title}”: có {{{{…}}}} ở đầu, chân trang in; cổng chỉ điền vào ô."


def _where(grid: CellGrid, place: CellPlace) -> str:
    return f"Trang “{grid.title}”, ô {place.name}"


def faults_of_formulas(package: Package, marked: list[Marked], references: Any) -> Iterator[str]:
    """Of every formula in a cell, a rule or a name of the form."""
    for element in package.tree(WORKBOOK).iter(tag("definedName")):
        name, text = element.get("name", ""), element.text or ""
        if not name.startswith("_xlnm.") and "#REF!" not in text:
            yield from references.faults_of(text, "", CellPlace(0, 1), f"Tên “{name}”")
    for one in marked:
        grid = one.grid
        for place, formula in grid.formulas():
            if formula.text:
                yield from references.faults_of(formula.text, grid.title, place, _where(grid, place))
        for element in grid.root.iter():
            if local(element) in {"formula", "formula1", "formula2"} and "#REF!" in (element.text or ""):
                yield f"Trang “{grid.title}”: một điều kiện định dạng hoặc kiểm tra dữ liệu hỏng (#REF!). Xóa rồi gửi."
