"""One form looked at, or filled: read the parts, find the marks, write the values, let the rest follow."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from .followers import follow
from .grid import CellGrid, FillingValue, cell_in, put
from .marks import MARK, MOST_FORM_FAULTS, Known, Marked, faults_of_formulas, find
from .parts import CONTENT_TYPES_PART, NOT_AN_EXCEL_FORM, WORKBOOK, FormFault, Package, foreign_parts, tag
from .references import References, Rows

FillingValues = dict[str, FillingValue]
_AFTER_NAMES = (
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "fileRecoveryPr",
    "webPublishObjects",
    "extLst",
)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """{'form', 'known'} -> what is marked in it; with 'out' it is filled too, anew with each of 'values'. FormFault."""
    described: dict[str, Any] = {}
    for values in asked.get("values") or [None]:
        package = Package(asked["form"])
        known = Known(**asked["known"])
        marked, own_names = _looked_at(package, known)
        described = {"sheets": [_described(one) for one in marked], "own_names": own_names}
        if values is not None:
            Filling(package, marked, values, known).write(asked["out"])
    return described


def _looked_at(package: Package, known: Known) -> tuple[list[Marked], list[str]]:
    """What is marked, and the names of the form's own; FormFault with everything that is wrong."""
    faults = foreign_parts(package)
    if NOT_AN_EXCEL_FORM in faults:
        raise FormFault(NOT_AN_EXCEL_FORM)
    grids = list(_grids(package))
    marked, of_marks, own_names = find(package, grids, known)
    faults += of_marks
    shape = References({one.grid.title: Rows({row: (name, 1) for row, name in one.repeated.items()}) for one in marked})
    faults += faults_of_formulas(package, marked, shape)
    if faults:
        more = len(faults) - MOST_FORM_FAULTS
        raise FormFault(*faults[:MOST_FORM_FAULTS], *([f"Còn {more} lỗi nữa."] if more > 0 else []))
    return marked, own_names


def _grids(package: Package) -> Iterator[CellGrid]:
    strings: list[Any] = []
    if "xl/sharedStrings.xml" in package:
        strings = package.tree("xl/sharedStrings.xml").findall(tag("si"))
    for title, part, _ in package.sheets():
        grid = CellGrid(title, part, package.tree(part), strings)
        grid.unshare()
        yield grid


def _described(one: Marked) -> dict[str, Any]:
    """What is marked in a sheet, to be kept with the form and shown."""
    singly = [
        {"cell": place.name, "keys": keys, "is_name": False}
        for place, keys in one.cells.items()
        if place.row not in one.repeated and place.row not in one.heads
    ]
    return {
        "title": one.grid.title,
        "cells": singly + [{"cell": at.name, "keys": [key], "is_name": True} for at, key in one.named.items()],
        "rows": [
            {
                "row": row,
                "list": name,
                "cells": [{"cell": place.name, "keys": keys} for place, keys in one.cells.items() if place.row == row],
            }
            for row, name in sorted(one.repeated.items())
        ],
        "codes": [
            {
                "cell": place.name,
                "code": code,
                "cells": {at.name: key for at, key in beside.items() if one.is_free(at)},
                "kept": {at.name: key for at, key in beside.items() if not one.is_free(at)},
            }
            for place, code, beside in one.coded()
        ],
    }


class Filling:
    """`values`: {'cells': {key: value}, 'lists': {list: [{key: value}]}, 'codes': {code: {figure: value}}}."""

    def __init__(self, package: Package, marked: list[Marked], values: dict[str, Any], known: Known):
        self.package, self.marked, self.known = package, marked, known
        self.cells: FillingValues = values["cells"]
        self.lists: dict[str, list[FillingValues]] = values["lists"]
        self.codes: dict[str, FillingValues] = values["codes"]

    def write(self, out: str) -> None:
        for one in self.marked:
            if self._fill_single(one):
                self.package.touch(one.grid.part)
        rows = {
            one.grid.title: Rows({row: (name, max(1, len(self.lists[name]))) for row, name in one.repeated.items()})
            for one in self.marked
        }
        references = References(rows)
        for one in self.marked:
            if references.move:
                one.grid.repeat(rows[one.grid.title], references, self._filler(one))
            else:
                fill = self._filler(one)
                for row in one.repeated:
                    fill(row, 0, one.grid.rows[row])
            if one.repeated:
                self.package.touch(one.grid.part)
        if references.move:
            follow(self.package, [one.grid for one in self.marked], rows, references)
        has_formulas = [one.grid for one in self.marked if one.grid.forget_results()]
        for grid in has_formulas:
            self.package.touch(grid.part)
        if has_formulas:
            self._compute_when_opened()
        self.package.save(out)

    def _fill_single(self, one: Marked) -> bool:
        """Cells that stand alone and those beside codes; True where something was written."""
        written = False
        coded = [(code, {at: key for at, key in beside.items() if one.is_free(at)}) for _, code, beside in one.coded()]
        for code, free in coded:
            figures = self.codes.get(self.known.fold_codes.get(code.casefold(), ""), {})
            for at, key in free.items():  # an old figure left in the form is none of this month
                one.grid.put(at, figures[key][0] if key in figures else None)
                written = True
        for place, keys in one.cells.items():
            if place.row in one.repeated:
                continue
            written = True
            if place.row in one.heads and place.column in one.heads[place.row]:
                self._put(one.grid, place, keys, dict.fromkeys(keys, (None, "")))
            else:
                self._put(one.grid, place, keys, self.cells)
        for place, key in one.named.items():
            one.grid.put(place, self.cells[key][0])
            written = True
        return written

    def _put(self, grid: CellGrid, place: Any, keys: list[str], values: FillingValues) -> None:
        if len(keys) == 1 and MARK.fullmatch(grid.text(place).strip()):
            grid.put(place, values[keys[0]][0])
        else:
            grid.put_into_text(place, lambda text: self._replaced(text, values, ""))

    def _replaced(self, text: str, values: FillingValues, prefix: str) -> str:
        """The words of a cell with each mark as it reads."""

        def said(found: Any) -> str:
            key = self.known.find(found[1]) or ""
            if prefix and key.startswith(prefix):
                return values[key.removeprefix(prefix)][1]
            return (self.cells if prefix else values)[key][1]

        return MARK.sub(said, text)

    def _filler(self, one: Marked) -> Any:
        """Writes one copy of a repeated row."""
        texts = {place: one.grid.text(place) for place in one.cells if place.row in one.repeated}
        own_text = {place: [run.text or "" for run in one.grid.text_runs(place)] for place in texts}
        by_row: dict[int, list[Any]] = {}
        for place in texts:
            by_row.setdefault(place.row, []).append(place)

        def fill(number: int, nth: int, row: Any) -> None:
            name = one.repeated[number]
            items = self.lists[name]
            values = items[nth] if nth < len(items) else {}
            for place in by_row[number]:
                cell = cell_in(row, place.name.rstrip("0123456789"))
                keys = one.cells[place]
                if not values:
                    put(cell, None)
                elif len(keys) == 1 and MARK.fullmatch(texts[place].strip()) and keys[0].startswith(f"{name}."):
                    put(cell, values[keys[0].removeprefix(f"{name}.")][0])
                elif len(keys) == 1 and MARK.fullmatch(texts[place].strip()):
                    put(cell, self.cells[keys[0]][0])
                else:
                    put(cell, "".join(self._replaced(text, values, f"{name}.") for text in own_text[place]))

        return fill

    def _compute_when_opened(self) -> None:
        """Excel and LibreOffice work every formula out anew; the order of computing they kept is dropped."""
        workbook = self.package.touch(WORKBOOK)
        settings = workbook.find(tag("calcPr"))
        if settings is None:
            settings = etree.Element(tag("calcPr"))
            after = [child for child in workbook if etree.QName(child).localname in _AFTER_NAMES]
            workbook.insert(workbook.index(after[0]) if after else len(workbook), settings)
        settings.set("fullCalcOnLoad", "1")
        relations = self.package.relations(WORKBOOK)
        for identity, relation in relations.items():
            if relation.kind == "calcChain" and relation.target in self.package:
                self.package.drop(relation.target)
                _remove(self.package.touch("xl/_rels/workbook.xml.rels"), "Id", identity)
                _remove(self.package.touch(CONTENT_TYPES_PART), "PartName", f"/{relation.target}")


def _remove(root: Any, attribute: str, value: str) -> None:
    for child in list(root):
        if child.get(attribute) == value:
            root.remove(child)
