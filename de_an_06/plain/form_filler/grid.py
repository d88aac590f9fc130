"""The cells of one sheet: found and made, filled, its repeated rows copied."""

import copy
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree
from openpyxl.utils import column_index_from_string, get_column_letter

from .parts import local, tag
from .references import CellPlace, References, Rows, area_of, copied, place_of, unshared

FillingValue = tuple[int | float | str | None, str]  # what a cell holds, and how it reads inside a text
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class CellGrid:
    """One worksheet. Rows and cells without a number of their own get one, so that they can be found."""

    def __init__(self, title: str, part: str, root: Any, strings: list[Any]):
        self.title, self.part, self.root, self.strings = title, part, root, strings
        data = root.find(tag("sheetData"))
        self.data: Any = data if data is not None else etree.SubElement(root, tag("sheetData"))
        self.rows: dict[int, Any] = {}
        self.cells: dict[CellPlace, Any] = {}
        number = 0
        for row in self.data.findall(tag("row")):
            number = int(row.get("r", number + 1))
            row.set("r", str(number))
            self.rows[number] = row
            column = 0
            for cell in row.findall(tag("c")):
                column = place_of(cell.get("r")).column if cell.get("r") else column + 1
                cell.set("r", f"{get_column_letter(column)}{number}")
                self.cells[CellPlace(number, column)] = cell
        self.merged = [area_of(cell.get("ref", "")) for cell in root.iter(tag("mergeCell"))]

    # Reading

    def text_runs(self, place: CellPlace) -> list[Any]:
        """The <t> elements of a cell's text, in order; [] where it holds no text."""
        cell = self.cells[place]
        if cell.get("t") == "inlineStr":
            holder = cell.find(tag("is"))
        elif cell.get("t") == "s" and (index := cell.findtext(tag("v"))) and int(index) < len(self.strings):
            holder = self.strings[int(index)]
        else:
            return []
        return [] if holder is None else runs_of(holder)

    def text(self, place: CellPlace) -> str:
        """What a cell shows as text; of a number its digits; '' of a formula."""
        cell = self.cells.get(place)
        if cell is None or self.is_formula(place):
            return ""
        runs = self.text_runs(place)
        return "".join(run.text or "" for run in runs) if runs else (cell.findtext(tag("v")) or "")

    def is_formula(self, place: CellPlace) -> bool:
        cell = self.cells.get(place)
        return cell is not None and cell.find(tag("f")) is not None

    def is_typed_text(self, place: CellPlace) -> bool:
        """Holds words of the form's own, such as “x” where no figure is meant?"""
        return bool(self.text(place).strip()) and bool(self.text_runs(place))

    def formulas(self) -> Iterator[tuple[CellPlace, Any]]:
        for place, cell in self.cells.items():
            formula = cell.find(tag("f"))
            if formula is not None:
                yield place, formula

    def unshare(self) -> None:
        """Each cell gets its own formula back where Excel kept one for several."""
        masters: dict[str, tuple[str, CellPlace]] = {}
        for place, formula in self.formulas():
            if formula.get("t") == "shared" and formula.text:
                masters[formula.get("si", "")] = (formula.text, place)
        for place, formula in self.formulas():
            if formula.get("t") != "shared":
                continue
            text, origin = masters[formula.get("si", "")]
            formula.text = unshared(text, origin, place)
            for name in ("t", "si", "ref"):
                formula.attrib.pop(name, None)

    def anchor(self, place: CellPlace) -> CellPlace:
        """The cell that is seen where several are merged."""
        for first, last in self.merged:
            if first.row <= place.row <= last.row and first.column <= place.column <= last.column:
                return first
        return place

    # Writing

    def cell(self, place: CellPlace) -> Any:
        """The cell, made with the look of its row or column where the file has none."""
        if place in self.cells:
            return self.cells[place]
        row = self._row(place.row)
        cell = etree.Element(tag("c"), r=place.name)
        style = row.get("s") if row.get("customFormat") in {"1", "true"} else self._style_of_column(place.column)
        if style:
            cell.set("s", style)
        columns = [place_of(other.get("r")).column for other in row.findall(tag("c"))]
        row.insert(bisect_left(columns, place.column), cell)
        row.attrib.pop("spans", None)
        self.cells[place] = cell
        return cell

    def _row(self, number: int) -> Any:
        if number not in self.rows:
            row = etree.Element(tag("row"), r=str(number))
            self.data.insert(bisect_left(sorted(self.rows), number), row)
            self.rows[number] = row
        return self.rows[number]

    def _style_of_column(self, column: int) -> str | None:
        for columns in self.root.iter(tag("col")):
            if int(columns.get("min", 0)) <= column <= int(columns.get("max", 0)):
                return columns.get("style")
        return None

    def put(self, place: CellPlace, value: int | float | str | None) -> None:
        put(self.cell(place), value)

    def put_into_text(self, place: CellPlace, change: Callable[[str], str]) -> None:
        """Changes the words of a cell piece by piece, so that bold stays bold."""
        cell = self.cells[place]
        if cell.get("t") == "s":
            holder = copy.deepcopy(self.strings[int(cell.findtext(tag("v")))])
            holder.tag = tag("is")
            for child in list(cell):
                cell.remove(child)
            cell.set("t", "inlineStr")
            cell.append(holder)
        for run in runs_of(cell.find(tag("is"))):
            run.text = _plain(change(run.text or ""))
            run.set(_SPACE, "preserve")

    def forget_results(self) -> bool:
        """Formulas, copied ones too, lose the results worked out before; True where there was a formula."""
        cells = [formula.getparent() for formula in self.data.iter(tag("f"))]
        for cell in cells:
            for result in cell.findall(tag("v")):
                cell.remove(result)
            cell.attrib.pop("t", None)
        return bool(cells)

    # Repeating

    def repeat(self, rows: Rows, references: References, fill: Callable[[int, int, Any], None]) -> None:
        """Moves every row to its place, copies the repeated ones, and lets all formulas follow.

        `fill` writes one copy: (the row as the form has it, which copy from 0, its row element).
        """
        for place, formula in self.formulas():
            if formula.text:
                formula.text = references.formula(formula.text, self.title, rows.list_of(place.row))
            if formula.get("ref"):
                formula.set("ref", references.areas(formula.get("ref"), self.title))
        for number in sorted(self.rows):
            row = self.rows[number]
            first, last = rows.first(number), rows.last(number)
            copies = [copy.deepcopy(row) for _ in range(last - first)]
            for nth, one in enumerate([row, *copies]):
                if nth:
                    row.getparent().insert(row.getparent().index(row) + nth, one)
                _renumber(one, first + nth)
                for formula in one.iter(tag("f")):
                    if number in rows.repeated and formula.text:
                        formula.text = copied(formula.text, first, nth)
                if number in rows.repeated:
                    fill(number, nth, one)
        self._merge(rows)

    def _merge(self, rows: Rows) -> None:
        """Merged cells inside a repeated row are merged in each copy."""
        holder = self.root.find(tag("mergeCells"))
        if holder is None:
            return
        for element in holder.findall(tag("mergeCell")):
            first, last = area_of(element.get("ref", ""))
            copies = rows.last(first.row) - rows.first(first.row) + 1 if first.row == last.row else 1
            for nth in range(copies):
                area = (CellPlace(rows.first(one.row) + nth, one.column).name for one in (first, last))
                one = element if not nth else etree.SubElement(holder, tag("mergeCell"))
                one.set("ref", ":".join(area))
        holder.set("count", str(len(holder)))


def _renumber(row: Any, number: int) -> None:
    row.set("r", str(number))
    for cell in row.findall(tag("c")):
        cell.set("r", f"{get_column_letter(place_of(cell.get('r')).column)}{number}")


def cell_in(row: Any, column: str) -> Any:
    """The cell of a row element in this column."""
    wanted = column_index_from_string(column)
    return next(cell for cell in row.findall(tag("c")) if place_of(cell.get("r")).column == wanted)


def put(cell: Any, value: int | float | str | None) -> None:
    """A number, a text that stays text ('=1+1' too), or nothing; the look of the cell stays."""
    for child in list(cell):
        cell.remove(child)
    for name in ("t", "cm", "vm"):
        cell.attrib.pop(name, None)
    if value is None or value == "":
        return
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        text = etree.SubElement(etree.SubElement(cell, tag("is")), tag("t"))
        text.text = _plain(value)
        text.set(_SPACE, "preserve")
    else:
        etree.SubElement(cell, tag("v")).text = repr(value)


def runs_of(holder: Any) -> list[Any]:
    """The pieces of a text, without the readings of foreign letters."""
    return [run for run in holder.iter(tag("t")) if local(run.getparent()) != "rPh"]


def _plain(text: str) -> str:
    """Letters as XML can hold them."""
    return "".join(char for char in text if char in "\n\t\N{NO-BREAK SPACE}" or char.isprintable())
