"""How references follow rows that are repeated: as Excel does when rows are inserted, so that a sum over the repeated
row covers all its copies."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.formula.translate import Translator
from openpyxl.utils import column_index_from_string, get_column_letter

from .parts import FormFault

_CELL = r"(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})"
_ONE = re.compile(_CELL)
_AREA = re.compile(f"{_CELL}:{_CELL}")
_WHOLE_ROWS = re.compile(r"(\$?)([1-9]\d{0,6}):(\$?)([1-9]\d{0,6})")
_PREFIX = re.compile(r"((?:'(?:[^']|'')*'|[^'!]+)!)?(.*)", re.DOTALL)
_FETCHING = re.compile(r"(?:_XLFN\.)?(WEBSERVICE|RTD|IMAGE|CALL|REGISTER|REGISTER\.ID|EVALUATE|EXEC|SQL\.REQUEST)\(")
_ELSEWHERE = re.compile(r"'?[^'!]*\[[^\]]+\][^!]*!|[^!]*\|'")


class CellPlace(NamedTuple):
    """A cell of a sheet, counted from 1."""

    row: int
    column: int

    @property
    def name(self) -> str:
        return f"{get_column_letter(self.column)}{self.row}"


def place_of(reference: str) -> CellPlace:
    found = _ONE.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    return CellPlace(int(found[4]), column_index_from_string(found[2]))


def area_of(reference: str) -> tuple[CellPlace, CellPlace]:
    """Of 'A1:B2', and of 'A1' alone."""
    first, _, last = reference.replace("$", "").partition(":")
    return place_of(first), place_of(last or first)


class Rows:
    """How the rows of one sheet move: each repeated row becomes as many as its list has."""

    def __init__(self, repeated: dict[int, tuple[str, int]] | None = None):
        """`repeated`: row -> (its list, how many copies, at least 1)."""
        self.repeated = repeated or {}

    def first(self, row: int) -> int:
        return row + sum(copies - 1 for at, (_, copies) in self.repeated.items() if at < row)

    def last(self, row: int) -> int:
        return self.first(row) + (self.repeated[row][1] - 1 if row in self.repeated else 0)

    def list_of(self, row: int) -> str:
        return self.repeated[row][0] if row in self.repeated else ""

    @property
    def move(self) -> bool:
        return any(copies > 1 for _, copies in self.repeated.values())


class References:
    """All sheets together: `by_sheet` says of each how its rows move."""

    def __init__(self, by_sheet: dict[str, Rows]):
        self.by_sheet = {title.casefold(): rows for title, rows in by_sheet.items()}

    @property
    def move(self) -> bool:
        return any(rows.move for rows in self.by_sheet.values())

    def formula(self, text: str, own: str, inside: str = "", *, widen: bool = False) -> str:
        """The formula (without '=') of a sheet after the rows moved.

        `inside`: the list of the repeated row it stands in, where references to its own line stay with the first copy.
        `widen`: a single cell of a repeated row becomes all its copies, as a chart's range is meant.
        """
        tokens = Tokenizer("=" + text)
        for token in tokens.items:
            if token.type == Token.OPERAND and token.subtype == Token.RANGE:
                token.value = self._reference(token.value, own, inside, widen)
        return tokens.render()[1:]

    def areas(self, text: str, own: str) -> str:
        """A list of areas apart by spaces ('A1:B2 D4'), each widened where its end is repeated."""
        rows = self.by_sheet.get(own.casefold(), Rows())
        return " ".join(_moved(part, rows, "", widen=True) for part in text.split())

    def single(self, text: str, own: str) -> str:
        """The cell where a window begins: it goes with the first copy."""
        return _moved(text, self.by_sheet.get(own.casefold(), Rows()), "", widen=False)

    def _reference(self, value: str, own: str, inside: str, widen: bool) -> str:
        prefix, rest = _split(value)
        rows = self.by_sheet.get(_title(prefix) if prefix else own.casefold())
        return value if rows is None or not rows.move else prefix + _moved(rest, rows, inside, widen)

    # What may not be written, found before anything moves

    def faults_of(self, text: str, own: str, place: CellPlace, where: str) -> Iterator[str]:
        """Sentences of one formula: broken, fetching, or with a reference that would be wrong in the copies."""
        if "#REF!" in text.upper():
            yield f"{where}: công thức hỏng (#REF!). Sửa công thức rồi gửi."
            return
        inside = self.by_sheet.get(own.casefold(), Rows()).list_of(place.row)
        for token in Tokenizer("=" + text).items:
            if token.type == Token.FUNC and _FETCHING.fullmatch(token.value.upper()):
                yield f"{where}: hàm {token.value.rstrip('(')} lấy dữ liệu từ nơi khác. Xóa công thức đó rồi gửi."
            elif token.type == Token.FUNC and ":" in token.value and self.by_sheet:
                yield f"{where}: công thức ghép vùng “{token.value}…)”, cổng không theo được. Viết thẳng, ví dụ A1:A9."
            elif token.type == Token.OPERAND and token.subtype == Token.RANGE:
                yield from self._faults_of_reference(token.value, own, place, inside, where)

    def _faults_of_reference(self, value: str, own: str, place: CellPlace, inside: str, where: str) -> Iterator[str]:
        if _ELSEWHERE.match(value) and "!" in value:
            yield f"{where}: công thức nối sang tệp hoặc chương trình khác. Xóa công thức đó rồi gửi."
            return
        prefix, rest = _split(value)
        title = _title(prefix) if prefix else own.casefold()
        if ":" in prefix and any(rows.repeated for rows in self.by_sheet.values()):
            yield f"{where}: công thức qua nhiều trang “{value}” không dùng cùng dòng lặp. Cộng từng trang rồi gửi."
            return
        rows = self.by_sheet.get(title)
        if rows is None:
            return
        if inside:
            for is_fixed, row in _ends(rest):
                is_before = title == own.casefold() and row == place.row - 1 and not rows.list_of(row)
                if not is_fixed and rows.list_of(row) != inside and not is_before:
                    yield (
                        f"{where}: công thức của dòng lặp trỏ sang dòng khác ({rest}); khi lặp sẽ trôi. "
                        f"Đặt $ trước số dòng, ví dụ {_fixed(rest)}."
                    )
        elif (one := _ONE.fullmatch(rest)) and rows.list_of(int(one[4])):
            yield (
                f"{where}: công thức trỏ vào một ô của dòng lặp ({rest}), chỉ lấy được dòng đầu. "
                f"Viết thành vùng, ví dụ SUM({rest}:{rest})."
            )


def copied(text: str, first_row: int, nth: int) -> str:
    """The formula of a repeated row in its nth copy, counted from 0: lines without $ go along."""
    if not nth:
        return text
    return Translator("=" + text, origin=f"A{first_row}").translate_formula(f"A{first_row + nth}")[1:]


def unshared(text: str, origin: CellPlace, place: CellPlace) -> str:
    """A formula that Excel stored once for several cells, as it reads in one of them."""
    return Translator("=" + text, origin=origin.name).translate_formula(place.name)[1:]


def target_of(text: str) -> tuple[str, str]:
    """(sheet, area) that a name stands for, '' where it is something else than one area."""
    prefix, rest = _split(text)
    return (_title(prefix), rest) if prefix and (_ONE.fullmatch(rest) or _AREA.fullmatch(rest)) else ("", "")


def _split(value: str) -> tuple[str, str]:
    found = _PREFIX.fullmatch(value)
    if found is None:
        raise FormFault(f"Không đọc được tham chiếu “{value[:60]}”. Sửa công thức rồi gửi.")
    return found[1] or "", found[2]


def _title(prefix: str) -> str:
    title = prefix[:-1]
    return (title[1:-1].replace("''", "'") if title.startswith("'") else title).casefold()


def _ends(reference: str) -> list[tuple[bool, int]]:
    """(has it a $, the row) of each end."""
    if found := _AREA.fullmatch(reference):
        return [(bool(found[3]), int(found[4])), (bool(found[7]), int(found[8]))]
    if found := _ONE.fullmatch(reference):
        return [(bool(found[3]), int(found[4]))]
    if found := _WHOLE_ROWS.fullmatch(reference):
        return [(bool(found[1]), int(found[2])), (bool(found[3]), int(found[4]))]
    return []


def _fixed(reference: str) -> str:
    return _ONE.sub(lambda found: f"{found[1]}{found[2]}${found[4]}", reference)


def _moved(reference: str, rows: Rows, inside: str, widen: bool) -> str:
    """Columns alone and names stay."""

    def start(is_fixed: str, row: str) -> int:
        return rows.first(int(row))

    def end(is_fixed: str, row: str) -> int:
        is_own_line = bool(inside) and not is_fixed and rows.list_of(int(row)) == inside
        return (rows.first if is_own_line else rows.last)(int(row))

    if found := _AREA.fullmatch(reference):
        first, last = start(found[3], found[4]), end(found[7], found[8])
        return f"{found[1]}{found[2]}{found[3]}{first}:{found[5]}{found[6]}{found[7]}{last}"
    if found := _ONE.fullmatch(reference):
        head = f"{found[1]}{found[2]}{found[3]}"
        first, last = rows.first(int(found[4])), rows.last(int(found[4]))
        return f"{head}{first}:{head}{last}" if widen and last > first else f"{head}{first}"
    if found := _WHOLE_ROWS.fullmatch(reference):
        return f"{found[1]}{start(found[1], found[2])}:{found[3]}{end(found[3], found[4])}"
    return reference
