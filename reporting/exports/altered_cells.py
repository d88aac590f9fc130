"""What a workbook that came back says otherwise than the portal wrote.

Values count, not bytes: a workbook that another program worked out anew and saved says the same. A rate counts as it
is shown, a blank is not 0, and where a formula stood it must be that formula or its value.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from openpyxl.utils import get_column_letter

from de_an_06.plain import workbooks
from de_an_06.plain.numbers import format_number

from .kept_cells import PLACES_THAT_COUNT, KeptCell, SheetCells, WrittenSheet, bare, plain

# Read while the person waits. What is kept fits, and so do sheets that people added.
CHECK_LIMITS = workbooks.Limits(
    unpacked=64 * 1024 * 1024,
    last_row=100_000,
    area=500_000,
    cells=250_000,
    strings=200_000,
    styles=10_000,
    others=50_000,
    text=24_000_000,
    memory=512 * 1024 * 1024,
    seconds=30,
)


@dataclass(frozen=True)
class AlteredCell:
    """A cell that says something else; `row`: the first words of its row."""

    sheet: str
    cell: str
    row: str
    written: str
    found: str


@dataclass(frozen=True)
class OddRow:
    """A row that only one of both has, by its number there."""

    sheet: str
    number: int
    words: str


@dataclass
class Alterations:
    """What a copy says otherwise. A sheet or a row in another place says nothing else: told, but no alteration."""

    cells: list[AlteredCell] = field(default_factory=list)
    missing_rows: list[OddRow] = field(default_factory=list)
    added_rows: list[OddRow] = field(default_factory=list)
    missing_sheets: list[str] = field(default_factory=list)
    added_sheets: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)  # sheets whose rows stand in another order
    sheets_moved: bool = False
    unkept: list[tuple[str, int]] = field(default_factory=list)  # sheets not compared, with the cells written

    def __bool__(self) -> bool:
        rows = self.missing_rows or self.added_rows
        return bool(self.cells or rows or self.missing_sheets or self.added_sheets or self.renamed)


def alterations(pages: list[WrittenSheet], sheets: list[workbooks.SheetRows]) -> Alterations:
    """The copy (read with its formulas) against what was kept; the time grows with their size alone."""
    found = Alterations()
    known = {page.title for page in pages}
    came = {sheet.title: _read_rows(sheet) for sheet in sheets}
    added = [title for title, rows in came.items() if title not in known and rows]
    order: list[str] = []
    for page in pages:
        title = page.title
        if title not in came:
            like = next((other for other in added if page.rows and _is_like(page.rows, came[other])), None)
            if like is None:
                found.missing_sheets.append(title)
                continue
            added.remove(like)
            found.renamed.append((title, like))
            title = like
        order.append(title)
        if page.rows is None:
            found.unkept.append((page.title, page.written))
        else:
            _compare_rows(found, page.title, page.rows, came[title])
    found.added_sheets = added
    found.sheets_moved = order != [title for title in came if title in order]
    return found


def _read_rows(sheet: workbooks.SheetRows) -> SheetCells:
    rows: SheetCells = {}
    for number, values in sheet.rows:
        cells = {column: _read_cell(value) for column, value in enumerate(values, start=1)}
        cells = {column: cell for column, cell in cells.items() if cell.value is not None or cell.formula}
        if cells:
            rows[number] = cells
    return rows


def _read_cell(value: Any) -> KeptCell:
    """A formula that was never worked out has no value."""
    if isinstance(value, workbooks.Computed):
        return KeptCell(plain(value.value), bare(value.formula))
    return KeptCell(None, bare(value)) if isinstance(value, workbooks.Formula) else KeptCell(plain(value))


def _is_like(old: SheetCells, new: SheetCells) -> bool:
    """A sheet under another name: at least half of its rows are there as they were."""
    there = {_values(cells) for cells in new.values()}
    return 2 * sum(_values(cells) in there for cells in old.values()) >= len(old)


def _values(cells: Mapping[int, KeptCell]) -> tuple:
    return tuple((column, cell.value) for column, cell in sorted(cells.items()) if cell.value is not None)


def _texts(cells: Mapping[int, KeptCell]) -> tuple:
    return tuple((column, cell.value) for column, cell in sorted(cells.items()) if isinstance(cell.value, str))


def _compare_rows(found: Alterations, title: str, old: SheetCells, new: SheetCells) -> None:
    pairs = _paired(old, new)
    for number, other in sorted(pairs.items()):
        before, after = old[number], new[other]
        for column in sorted(before.keys() | after.keys()):
            was, now = before.get(column, KeptCell(None)), after.get(column, KeptCell(None))
            if not _is_same(was, now, pairs):
                place = f"{get_column_letter(column)}{other}"
                found.cells.append(AlteredCell(title, place, _words(before), _shown(was, was), _shown(now, was)))
    taken = set(pairs.values())
    found.missing_rows += [OddRow(title, n, _words(old[n])) for n in sorted(old.keys() - pairs.keys())]
    found.added_rows += [OddRow(title, n, _words(new[n])) for n in sorted(new.keys() - taken)]
    if any(one > other for one, other in pairwise(pairs[number] for number in sorted(pairs))):
        found.reordered.append(title)


def _paired(old: SheetCells, new: SheetCells) -> dict[int, int]:
    """Row as written -> row of the copy: at the same place, of the same values, of the same words; then what stands
    between the same neighbours."""
    pairs = {n: n for n in old.keys() & new.keys() if _values(old[n]) == _values(new[n])}
    for key_of in (_values, _texts):
        taken = set(pairs.values())
        free: dict[tuple, list[int]] = defaultdict(list)
        for number in sorted(new.keys() - taken, reverse=True):
            free[key_of(new[number])].append(number)
        for number in sorted(old.keys() - pairs.keys()):
            key = key_of(old[number])
            if key and free.get(key):
                pairs[number] = free[key].pop()
    came = _after(new.keys(), set(pairs.values()))
    for before, numbers in _after(old.keys(), set(pairs)).items():
        others = came.get(pairs.get(before, 0), [])
        if len(others) == len(numbers):
            pairs |= zip(numbers, others, strict=True)
    return pairs


def _after(numbers: Iterable[int], taken: set[int]) -> dict[int, list[int]]:
    """Rows without a partner by the last row before them that has one (0: none has)."""
    found: dict[int, list[int]] = defaultdict(list)
    last = 0
    for number in sorted(numbers):
        if number in taken:
            last = number
        else:
            found[last].append(number)
    return found


def _is_same(was: KeptCell, now: KeptCell, pairs: Mapping[int, int]) -> bool:
    if now.formula:
        if now.formula != _moved(was.formula, pairs):
            return False
        if now.value is None:  # not worked out: it gives what its cells give
            return True
    return was.value == now.value


def _moved(formula: str, pairs: Mapping[int, int]) -> str:
    """The formula as a program rewrites it when rows before it are taken out, put in or sorted; a range loses the rows
    that were taken out at its ends."""

    def moved(found: re.Match) -> str:
        first, last = int(found[2]), int(found[4] or found[2])
        there = [pairs[row] for row in range(first, last + 1) if row in pairs] or [first]
        return f"{found[1]}{there[0]}" + (f":{found[3]}{there[-1]}" if found[4] else "")

    return re.sub(r"([A-Z]{1,3})(\d+)(?::([A-Z]{1,3})(\d+))?", moved, formula)


def _words(cells: Mapping[int, KeptCell]) -> str:
    texts = [cell.value for _, cell in sorted(cells.items()) if isinstance(cell.value, str)]
    return " ".join(texts[:3])[:90]


def _shown(cell: KeptCell, written: KeptCell) -> str:
    """For people: '1.234', '99,46%', '“Phường A”', 'trống'; of a copy the formula where only that differs."""
    value = cell.value
    if cell is not written and cell.formula and value in {None, written.value}:
        return f"công thức ={cell.formula[:80]}"
    if value is None:
        return "trống"
    if isinstance(value, str):
        return f"“{value[:80]}”"
    if written.is_percent:
        return format_number(round(Fraction(value) * 100, PLACES_THAT_COUNT - 2), 2) + "%"
    if isinstance(value, float):
        return format_number(Fraction(value), PLACES_THAT_COUNT).rstrip("0").rstrip(",")
    return format_number(value)
