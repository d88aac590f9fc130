"""The sheet “So sánh” of the Excel summary: every figure beside the span before and the year before, on the same units.

Its numbers are those of `Overview.comparison` and `Overview.year_ago`, so page and file agree.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from de_an_06.plain.numbers import NO_VALUE, format_number, rate, rounded
from de_an_06.plain.spans import Span
from reporting.figures import FIGURE, IN_TIME_RATE, ONLINE_RATE, RATES, Rate
from reporting.models import Indicator
from reporting.reading.compared import year_ago
from reporting.reading.overview import Comparison, Measures, Overview

from .book.choice import COMPARISON_PART
from .book.frame import Book
from .cell_formats import Formats
from .sheets import Heading, SheetColumn, SheetTable

NOT_COMPARABLE = "chưa có số liệu để so sánh"
PARTLY_MOVED = "không so sánh được"  # joined, territory came or went in part
WORD_COLUMNS = (
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Dịch vụ công, chỉ tiêu, đơn vị", width=64, text=True),
    SheetColumn("figure", "Số liệu", width=28, text=True),
    SheetColumn("measure", "Đơn vị tính", width=13, text=True),
)
SERVICES, INDICATORS, UNITS = "Dịch vụ công", "Chỉ tiêu chung", "Đơn vị"  # lines between the rows
_Pair = tuple[int | None, int | None]  # numerator and denominator


class ComparedFigure(NamedTuple):
    """What a row says of a service, an indicator or a unit: a count, or (`is_rate`) a pair that is divided."""

    label: str
    measure: str
    value: Callable[[Any], Any]
    is_rate: bool = False


def _of_rate(each: Rate, label: str = "", *, headline: bool = False) -> list[ComparedFigure]:
    """A rate stands right under its numerator, and that under its denominator: its formula reads them there.

    `headline`: of the services in the headline rates, else of all; `label` is the rate's, where not its own.
    """
    of = attrgetter("rated" if headline else "dossiers")
    which = ", phần tính tỷ lệ chung" if headline else ""
    return [
        ComparedFigure(each.under.sum_label + which, "hồ sơ", lambda m: of(m).sum_of(each.under.fields)),
        ComparedFigure(f"Trong đó {each.short_label.lower()}{which}", "hồ sơ", lambda m: of(m).sum_of(each.over)),
        ComparedFigure(label or each.label, "%", lambda m: of(m).rate(each), is_rate=True),
    ]


OVERDUE_FIGURE = ComparedFigure(FIGURE["pending_overdue"].label, "hồ sơ", lambda m: m.dossiers.pending_overdue)
DOSSIER_FIGURES = (*_of_rate(ONLINE_RATE), *_of_rate(IN_TIME_RATE), OVERDUE_FIGURE)
# of all services together, where some are left out of the headline rates
HEADLINE_FIGURES = (
    *(
        figure
        for each in RATES
        for figure in (
            *_of_rate(each, f"{each.label}, tính cả"),
            *_of_rate(each, f"{each.label} chung", headline=True),
        )
    ),
    OVERDUE_FIGURE,
)
ACTIVATION_FIGURES = (
    ComparedFigure("VNeID đã cấp", "tài khoản", lambda m: m.activation.denominator),
    ComparedFigure("VNeID đã kích hoạt", "tài khoản", lambda m: m.activation.numerator),
    ComparedFigure("Kích hoạt VNeID", "%", lambda m: m.activation.rate, is_rate=True),
)


def _of_indicator(indicator: Indicator) -> list[ComparedFigure]:
    count = ComparedFigure("Số đạt", indicator.unit_of_measure, lambda pair: pair.numerator)
    if indicator.kind != Indicator.Kind.RATIO:
        return [count]
    total = ComparedFigure("Tổng số", indicator.unit_of_measure, lambda pair: pair.denominator)
    return [total, count, ComparedFigure("Tỷ lệ", "%", lambda pair: pair.rate, is_rate=True)]


class Block(NamedTuple):
    """Three columns: now, then, change. Its title says where there is nothing to compare."""

    title: str
    then: str
    compared: Comparison | None


def blocks_of(view: Overview) -> list[Block]:
    """The span before, and the same months of the year before where these are others."""
    blocks = [_block(view, view.span.previous(), "Kỳ trước", view.comparison)]
    if back := year_ago(view.span):
        blocks.append(_block(view, back, "Cùng kỳ", view.year_ago))
    return blocks


def _block(view: Overview, back: Span, then: str, compared: Comparison | None) -> Block:
    if compared is None:
        is_broken = view.joined is not None and view.joined.line.broken_on
        return Block(f"So với {back.label}: {PARTLY_MOVED if is_broken else NOT_COMPARABLE}", then, None)
    title = f"So với {compared.label}"
    if view.has_units_below:
        title += f", trên cùng {format_number(compared.units)} đơn vị"
        title += " có cùng số tháng đã nộp" if len(view.periods) > 1 else ""
    return Block(title, then, compared)


@dataclass(frozen=True)
class ComparedLine:
    """One row; `sides` holds (now, then) of each block, None where the block knows nothing of it."""

    group: str
    code: str
    name: str
    figure: str
    measure: str
    sides: tuple[tuple[Any, Any] | None, ...]
    is_rate: bool = False


def lines_of(view: Overview, blocks: Sequence[Block]) -> Iterator[ComparedLine]:
    """All services together, each service, each indicator, each unit below, in the order of the page."""
    if not any(block.compared for block in blocks):
        return

    def lines(
        group: str, code: str, name: str, figures: Sequence[ComparedFigure], pick, why_not: str = NOT_COMPARABLE
    ) -> Iterator[ComparedLine]:
        """`pick`: a comparison's (now, before) of what is named, or None."""
        pairs = [pick(block.compared) if block.compared else None for block in blocks]
        if not any(pairs):
            yield ComparedLine(group, code, name, why_not.capitalize(), "", (None,) * len(blocks))
            return
        for label, measure, value, is_rate in figures:
            sides = tuple((value(pair[0]), value(pair[1])) if pair else None for pair in pairs)
            yield ComparedLine(group, code, name, label, measure, sides, is_rate)

    together = HEADLINE_FIGURES if view.not_counted else DOSSIER_FIGURES
    yield from lines(SERVICES, "", "Cộng các dịch vụ công", together, lambda c: (c.now, c.before))
    for total in view.services:
        service = total.service
        yield from lines(
            SERVICES, service.code, service.short_name, DOSSIER_FIGURES, lambda c, pk=service.pk: _service(c, pk)
        )
    for line in view.indicators:
        i = line.indicator
        name = i.name + (" (số của riêng đơn vị, không cộng)" if i.is_own else "")
        yield from lines(INDICATORS, i.code, name, _of_indicator(i), lambda c, pk=i.pk: c.indicators.get(pk))
    for row in view.rows:
        key = None if row.is_own else row.unit_id
        figures, why_not = together + ACTIVATION_FIGURES, NOT_COMPARABLE if row.is_comparable else PARTLY_MOVED
        yield from lines(UNITS, "", row.name, figures, lambda c, key=key: c.rows.get(key), why_not)


def notes_of(view: Overview, blocks: Sequence[Block]) -> list[str]:
    """How to read the table, under it."""
    compared = [block.compared for block in blocks if block.compared]
    if not compared:
        is_broken = view.joined is not None and view.joined.line.broken_on
        return [f"{(PARTLY_MOVED if is_broken else NOT_COMPARABLE).capitalize()}."]
    same = "các đơn vị và các tháng" if view.has_units_below else "các tháng"
    notes = [f"Kỳ này chỉ gồm {same} có số liệu ở cả hai kỳ so sánh, nên có thể nhỏ hơn số ở các trang khác."]
    notes.append("Tăng, giảm của tỷ lệ tính bằng điểm phần trăm.")
    if view.not_counted:
        notes.append(f"Tỷ lệ chung không tính {view.not_counted}.")
    if any(each.is_restated for each in compared):
        notes.append("Tỷ lệ chung của kỳ so sánh được tính lại với cùng các dịch vụ của kỳ này.")
    states = {each.last_label for each in compared if len(each.months) > 1}
    if states:
        notes.append(f"Số tồn và lũy kế so với cuối {', '.join(sorted(states))}.")
    return notes


def _service(compared: Comparison, pk: int) -> tuple[Measures, Measures] | None:
    pair = compared.services.get(pk)
    return pair and (Measures(pair[0]), Measures(pair[1]))


class ComparisonTable(SheetTable):
    """Rates and changes are formulas that also carry their value, as in the other sheets."""

    def __init__(self, sheet, formats: Formats, heading: Heading, blocks: Sequence[Block]):
        columns = list(WORD_COLUMNS)
        for i, block in enumerate(blocks):
            columns += [
                SheetColumn(f"now{i}", "Kỳ này", block.title, width=14),
                SheetColumn(f"then{i}", block.then, block.title, width=14),
                SheetColumn(f"change{i}", "Tăng, giảm", block.title, width=14, minus=(f"now{i}", f"then{i}")),
            ]
        super().__init__(sheet, formats, columns, heading, frozen=3)
        self.named: tuple[str, str, str] | None = None  # what the row above is of

    def add_line(self, line: ComparedLine) -> None:
        f = self.formats
        words = {"code": line.code, "name": line.name, "figure": line.figure, "measure": line.measure}
        named = line.group, line.code, line.name
        name_format = f.named_again if named == self.named else f.named
        self.named = named
        styles = (name_format, name_format, f.text, f.text)
        cells = [self.cell(i, word, style) for i, (word, style) in enumerate(zip(words.values(), styles, strict=True))]
        for i, sides in enumerate(line.sides):
            first = len(words) + 3 * i
            if sides is None:
                cells += [self.cell(column, None, f.number) for column in range(first, first + 3)]
            elif line.is_rate:
                cells += self._rates(first, *sides)
            else:
                cells += self._counts(first, *sides)
        self.put(cells, self.height_of(words))

    def _counts(self, first: int, now: int | None, then: int | None) -> list[str]:
        f, r = self.formats, self.row + 1
        a, b = self._pair(r, first)
        change = "" if now is None or then is None else now - then
        formula = f'IF(COUNT({a}:{b})&lt;2,"",{a}-{b})'
        return [
            self.cell(first, now, f.number),
            self.cell(first + 1, then, f.number),
            self.cells[first + 2].formula(r, f.change, formula, change),
        ]

    def _rates(self, first: int, now: _Pair, then: _Pair) -> list[str]:
        """Points from the counts and not from the two rates, whose difference is not exact: a tie would go astray."""
        f, r = self.formats, self.row + 1
        (top, top_then), (bottom, bottom_then) = self._pair(r - 1, first), self._pair(r - 2, first)
        rates = rate(*now), rate(*then)
        cells = []
        for column, over, under, value in (
            (first, top, bottom, rates[0]),
            (first + 1, top_then, bottom_then, rates[1]),
        ):
            formula = f'IF(OR(COUNT({over})=0,N({under})=0),"{NO_VALUE}",{over}/{under})'
            shown = NO_VALUE if value is None else float(value / 100)
            cells.append(self.cells[column].formula(r, f.percent, formula, shown))
        a, b = self._pair(r, first)
        apart = f"({top}*{bottom_then}-{top_then}*{bottom})*100/({bottom}*{bottom_then})"
        points = "" if rates[0] is None or rates[1] is None else float(rounded(rates[0] - rates[1], 2))
        formula = f'IF(COUNT({a}:{b})&lt;2,"",ROUND({apart},2))'
        return [*cells, self.cells[first + 2].formula(r, f.points, formula, points)]

    def _pair(self, row: int, first: int) -> tuple[str, str]:
        """The cells of now and then; rows as Excel counts them."""
        letters = list(self.letter.values())
        return f"{letters[first]}{row}", f"{letters[first + 1]}{row}"


class ComparisonSheet:
    part = COMPARISON_PART

    def __init__(self, book: Book):
        self.book = book
        self.blocks = blocks_of(book.view)
        self.lines = list(lines_of(book.view, self.blocks))
        self.rows = len(self.lines)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "SO SÁNH VỚI KỲ TRƯỚC VÀ CÙNG KỲ NĂM TRƯỚC", "ghi ở cột D")
        table = ComparisonTable(add(self.part.name), book.formats, heading, self.blocks)
        group = None
        for line in self.lines:
            if line.group != group:
                group = line.group
                table.group(group)
            table.add_line(line)
            book.step(self.part, line.code, line.name, line.figure, *line.sides)
        for note in notes_of(book.view, self.blocks):
            table.note(note)
        if not self.lines:
            book.nothing(self.part)
        table.close()
