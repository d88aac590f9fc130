"""Goals per unit as lines of text: typed, or pasted from a spreadsheet. Code, name, then one goal for each measure.

'25217 <tab> Phường Phước Long <tab> 1.200 <tab> 300'. Code or name alone will do where it is one unit only. A goal left
out is not set. Heads and totals of a pasted table are passed over; anything else that is not understood is said.
"""

import re
from collections.abc import Iterable, Sequence

from de_an_06.plain.numbers import NotANumber, format_number, parse_count, whole_number
from de_an_06.plain.vietnamese import search_key
from taskforces.models import UnitVersion

HEADS = {"ma", "ma don vi", "don vi", "ten", "ten don vi", "stt", "cong", "tong", "tong so", "tong cong"}
MOST_ERRORS = 10  # said at once
GoalRow = tuple[int | None, ...]


def read(text: str, versions: Iterable[UnitVersion], columns: int) -> tuple[dict[int, GoalRow], list[str]]:
    """Unit -> its goals, and what is wrong with which line."""
    by_code: dict[str, dict[int, set[str]]] = {}  # code -> units, each with its names
    by_name: dict[str, set[int]] = {}
    for version in versions:
        names = {search_key(version.name), search_key(version.short_name)}
        by_code.setdefault(version.unit.code, {}).setdefault(version.unit_id, set()).update(names)
        for name in names:
            by_name.setdefault(name, set()).add(version.unit_id)
    goals: dict[int, GoalRow] = {}
    errors = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in re.split(r"[\t;|]", line)]
        if not any(cells) or search_key(next(filter(None, cells))) in HEADS:
            continue
        try:
            unit_id, rest = _unit(cells, by_code, by_name)
            row = _goals(rest, columns)
            if unit_id in goals:
                raise ValueError("đơn vị này đã có ở dòng trên.")
            goals[unit_id] = row
        except ValueError as error:
            errors.append(f"Dòng {number}: {error}")
    return goals, errors[:MOST_ERRORS]


def write(rows: Iterable[tuple[str, str, Sequence[int | None]]]) -> str:
    """(code, name, goals) -> the text that `read` reads."""
    return "\n".join("\t".join([code, name, *(format_number(goal) for goal in goals)]) for code, name, goals in rows)


def _unit(cells: list[str], by_code, by_name) -> tuple[int, list[str]]:
    first = cells[0]
    found: dict[int, set[str]]
    if whole_number(first) is not None:
        found = by_code.get(first) or by_code.get(first.zfill(5), {})  # a spreadsheet drops leading zeros
        named = len(cells) > 1 and whole_number(cells[1].replace(".", "")) is None and cells[1] != ""
        if named:
            found = {pk: names for pk, names in found.items() if search_key(cells[1]) in names}
        rest = cells[2:] if named or (len(cells) > 1 and cells[1] == "") else cells[1:]
        said = f"“{first} {cells[1]}”" if named else f"mã “{first[:40]}”"
    else:
        found = {pk: set() for pk in by_name.get(search_key(first), ())}
        rest, said = cells[1:], f"“{first[:60]}”"
    if not found:
        raise ValueError(f"{said} không phải đơn vị trực thuộc.")
    if len(found) > 1:
        raise ValueError(f"{said} là nhiều đơn vị, ghi cả mã và tên.")
    return next(iter(found)), rest


def _goals(cells: list[str], columns: int) -> GoalRow:
    if any(cells[columns:]):
        raise ValueError(f"có nhiều hơn {columns} chỉ tiêu.")
    try:
        row = tuple(parse_count(cell) for cell in cells[:columns])
    except NotANumber as error:
        raise ValueError(str(error)) from error
    return row + (None,) * (columns - len(row))
