"""The sheets of the Excel summary: layout only, no queries.

Every figure arrives as an integer or None. None leaves the cell blank and 0 writes 0; totals and rates are formulas
that also carry their value, so previews that do not calculate show it. Rates are sums over sums; without one: "–".
Rows are written strictly from the top down, which lets XlsxWriter keep memory flat.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from django.utils import timezone
from xlsxwriter.utility import xl_col_to_name

from de_an_06.plain.numbers import MINUS, NO_VALUE
from reporting.figures import GROUPS, NOT_MEANT, RATES

from .cell_formats import EXCEL_DAY_0, FONT, Formats
from .official_head import OfficialHead, write_end, write_head
from .quick_sheet import CellWriter, inline
from .text_lines import lines_of_text

HEAD = 7  # rows above a table: the official header, the title, the period and the unit of measure
LINE = 15.0  # height of one line of text, in points
# What an A4 page holds within its margins, in points: width and height
ACROSS, UPRIGHT = (777.0, 509.0), (530.0, 756.0)
MOST_UPRIGHT = 116  # units of width; wider tables lie across
A_LITTLE = 1.3
SheetValue = int | float | str | dt.datetime | None
Row = Mapping[str, SheetValue]  # by the keys of its columns
Progress = Callable[[int, int], None]  # rows written, rows in all


@dataclass(frozen=True)
class SheetColumn:
    """One column. Plain by default; `adds` makes it a sum within its row, `over`/`under` a rate, `minus` a change.

    `shown`: a number made elsewhere, of this kind ("number", "percent", "change", "points"; Formats.shown); its total
    is given with the others and never made of the rows.
    """

    key: str
    title: str
    group: str = ""
    width: float = 9.5
    text: bool = False
    adds: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    under: str = ""
    minus: tuple[str, ...] = ()
    shown: str = ""
    added: bool = True

    @property
    def is_rate(self) -> bool:
        return bool(self.over)

    @property
    def is_added(self) -> bool:
        """Is its total the sum of the rows?"""
        return self.added and not (self.text or self.adds or self.over or self.shown)


def _figure_columns() -> Iterator[SheetColumn]:
    for group in GROUPS:
        if group.is_single:
            yield SheetColumn(group.name, group.heading)
            continue
        for figure in group.figures:
            yield SheetColumn(figure.name, figure.short_label, group.heading)
        yield SheetColumn(group.name, "Tổng số", group.heading, adds=group.fields)
    for rate in RATES:
        yield SheetColumn(rate.name, rate.short_label, "Tỷ lệ", over=rate.over, under=rate.under.name)


FIGURE_COLUMNS = tuple(_figure_columns())


def headline_columns(not_counted: str) -> tuple[SheetColumn, ...]:
    """The figure columns where services are left out of the headline rates (named in `not_counted`): what the headline
    rates are of, these rates, and the rates of all services."""
    counted, headline, of_all = [], [], []
    for rate in RATES:
        over, under = f"{rate.name}_over", f"{rate.name}_under"
        title = f"Tính tỷ lệ chung (không tính {not_counted})"
        counted += [
            SheetColumn(over, rate.short_label, title, width=12),
            SheetColumn(under, rate.under.sum_label, title, width=12),
        ]
        headline.append(SheetColumn(rate.name, rate.short_label, "Tỷ lệ chung", over=(over,), under=under))
        of_all.append(
            SheetColumn(f"{rate.name}_all", rate.short_label, "Tỷ lệ, tính cả", over=rate.over, under=rate.under.name)
        )
    return (*(column for column in FIGURE_COLUMNS if not column.is_rate), *counted, *headline, *of_all)


@dataclass(frozen=True)
class Heading:
    """What stands above a table."""

    form: str
    title: str
    unit_name: str
    receiver: str
    period: str
    measure: str
    warning: str  # "Số liệu tạm tính, 12/14 báo cáo", or nothing to say
    official: OfficialHead | None = None  # the head and end of an administrative document instead of a form's


def period_line(period: str) -> str:
    return f"Kỳ báo cáo: {period}"


def derived(columns: Sequence[SheetColumn], values: Row) -> Row:
    """The row with its sums and rates filled in: a sum of blanks is blank, no denominator gives no rate."""
    row: dict[str, SheetValue] = dict(values)
    for column in columns:
        if column.adds:
            row[column.key] = total(figure_in(row, key) for key in column.adds)
    for column in columns:
        if column.is_rate:
            top, bottom = total(figure_in(row, key) for key in column.over), figure_in(row, column.under)
            row[column.key] = NO_VALUE if top is None or not bottom else top / bottom
    return row


def figure_in(row: Row, key: str) -> int | None:
    """The figure of a column; sums are made of nothing else."""
    value = row.get(key)
    assert value is None or isinstance(value, int), f"{key} is not a column of figures"
    return value


def total(values: Iterable[int | None]) -> int | None:
    """Sum of what was reported; None where nothing was."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def index_labels(columns: Sequence[SheetColumn]) -> list[str]:
    """The numbered row of official forms: A, B for words; 1, 2, 3=1+2, 4=1:3 for figures."""
    labels: dict[str, str] = {}
    words = numbers = 0
    for column in columns:
        if column.text:
            labels[column.key] = ascii_uppercase[words]
            words += 1
        else:
            numbers += 1
            labels[column.key] = str(numbers)
    result = []
    for column in columns:
        label = labels[column.key]
        if column.adds:
            label += "=" + "+".join(labels[key] for key in column.adds)
        elif column.minus:
            label += "=" + MINUS.join(labels[key] for key in column.minus)
        elif column.is_rate:
            top = "+".join(labels[key] for key in column.over)
            label += "=" + (f"({top})" if len(column.over) > 1 else top) + ":" + labels[column.under]
        result.append(label)
    return result


class SheetTable:
    """Writes one table under its official header, from the top down."""

    def __init__(self, sheet, formats: Formats, columns: Sequence[SheetColumn], heading: Heading, frozen: int = 2):
        self.sheet, self.formats, self.columns = sheet, formats, columns
        self.letter = {column.key: xl_col_to_name(i) for i, column in enumerate(columns)}
        self.cells = [CellWriter(letter) for letter in self.letter.values()]
        self.starts = [cell.start for cell in self.cells]
        self.made = {column.key: self._formula(column) for column in columns if column.adds or column.over}
        self._texts = [column for column in columns if column.text]
        self._label = max(i for i, column in enumerate(columns[:3]) if column.text)
        self.first = self.row = HEAD + 3  # the next row to write, counted from 0
        self.official = heading.official
        self.is_narrow = sum(column.width for column in columns) <= MOST_UPRIGHT
        self.more_height = 0.0  # of rows higher than a line, in points
        self._set_up(frozen)
        self._write_heading(heading)
        self._write_columns()

    def _set_up(self, frozen: int) -> None:
        sheet = self.sheet
        sheet.hide_gridlines(2)
        if not self.is_narrow:
            sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer(f'&L&"{FONT}"&9&A&R&"{FONT}"&9Trang &P/&N')
        sheet.repeat_rows(HEAD, HEAD + 2)
        sheet.freeze_panes(HEAD + 3, frozen)
        for i, column in enumerate(self.columns):
            sheet.set_column(i, i, column.width, self.formats.plain)

    def _write_heading(self, heading: Heading) -> None:
        sheet, f = self.sheet, self.formats
        if heading.official:
            write_head(self, heading.official)
        else:
            split, last = self._right_block(), len(self.columns) - 1
            left = [f"Biểu số {heading.form}", "Ban hành theo: ………………………", "Ngày nhận báo cáo: ……/……/………"]
            right = [f"Đơn vị báo cáo: {heading.unit_name}", f"Đơn vị nhận báo cáo: {heading.receiver}"]
            for i in range(3):
                sheet.write_string(i, 0, left[i], f.bold if i == 0 else f.plain)
                if i < len(right):
                    self.block(i, split, last, right[i], f.plain)
        self.set_height(3, 24)
        self._across(3, heading.title, f.title)
        self._across(4, period_line(heading.period), f.subtitle)
        self._across(5, heading.warning, f.warning)
        self._across(6, f"Đơn vị tính: {heading.measure}" if heading.measure else "", f.italic_right)

    def _right_block(self) -> int:
        """The first column of the right-hand block: about the last third of the sheet's width."""
        widths = [column.width for column in self.columns]
        start = len(widths) - 1
        while start > 1 and sum(widths[start:]) < max(45, sum(widths) * 0.3):
            start -= 1
        return start

    def block(self, row: int, first: int, last: int, text: str, cell_format) -> None:
        """A text over some columns of a row."""
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", cell_format)
        self.sheet.write_string(row, first, text, cell_format)

    def _across(self, row: int, text: str, cell_format) -> None:
        self.block(row, 0, len(self.columns) - 1, text, cell_format)

    def _write_columns(self) -> None:
        """Two rows of titles (groups above, columns below) and the numbered row."""
        sheet, f, columns = self.sheet, self.formats, self.columns
        starts = [
            i for i, column in enumerate(columns) if i == 0 or not column.group or column.group != columns[i - 1].group
        ]
        spans = list(zip(starts, [*starts[1:], len(columns)], strict=True))
        groups = ((columns[start].group, sum(c.width for c in columns[start:after])) for start, after in spans)
        self.set_height(HEAD, max(20, LINE * max(lines_of_text(*group) for group in groups)))
        below = max((lines_of_text(column.title, column.width) for column in columns if column.group), default=1)
        self.set_height(HEAD + 1, max(34, LINE * below))
        for i, column in enumerate(columns):
            sheet.write_string(HEAD, i, (column.group or column.title) if i in starts else "", f.head)
        for i, column in enumerate(columns):
            sheet.write_string(HEAD + 1, i, column.title if column.group else "", f.head)
        # Every cell is written by now, so only the ranges are noted: `merge_range` would write the row above again,
        # which is closed already where memory is kept flat.
        for start, after in spans:
            if not columns[start].group:
                sheet.merge.append([HEAD, start, HEAD + 1, start])
            elif after - start > 1:
                sheet.merge.append([HEAD, start, HEAD, after - 1])
        for i, label in enumerate(index_labels(columns)):
            sheet.write_string(HEAD + 2, i, label, f.index)

    def group(self, text: str) -> None:
        """A line that names the rows under it."""
        self._across(self.row, text, self.formats.group)
        self.row += 1

    def add(self, values: Row, *, not_meant: Sequence[str] = (), said: Mapping[str, str] | None = None) -> None:
        """One row; `values` holds plain columns only, sums and rates follow from them.

        `not_meant`: columns that mean nothing in this row. `said`: column -> the word ("hơn", "gần") before its number.
        """
        f = self.formats
        row = derived(self.columns, values)
        self._write_row(row, f.text, f.number, f.percent, not_meant=not_meant, said=said or {})

    def add_plain(self, words: Sequence[str], figures: Sequence[int | None]) -> None:
        """One row of words and figures without sums or rates: the quick way for sheets of many thousand rows."""
        row, text, number = self.row + 1, self.formats.plain_text.cell, self.formats.number.cell
        starts = self.starts
        cells = [f'{a}{row}{text} t="inlineStr">{inline(word)}</c>' for a, word in zip(starts, words, strict=False)]
        cells += [
            f"{a}{row}{number}/>" if figure is None else f"{a}{row}{number}><v>{figure}</v></c>"
            for a, figure in zip(starts[len(words) :], figures, strict=True)
        ]
        self.put(cells)

    def put(self, cells: Sequence[str], height: float | None = None) -> None:
        """Writes the next row."""
        self.sheet.add_line(self.row, "".join(cells), len(self.columns) - 1, height)
        self.more_height += height - LINE if height else 0
        self.row += 1

    def filter(self) -> None:
        """Filter arrows on the numbered row, so that the rows behind one total can be picked."""
        self.sheet.autofilter(HEAD + 2, 0, self.row - 2, len(self.columns) - 1)

    def add_total(self, label: str, values: Row) -> None:
        """The row of totals over all rows written so far; `values` are those totals, carried inside the formulas."""
        f = self.formats
        span = f"{{0}}{self.first + 1}:{{0}}{self.row}"
        totals: dict[str, tuple[str, SheetValue]] = {}
        for column in self.columns:
            if column.is_added:
                cells = span.format(self.letter[column.key])
                totals[column.key] = (f'IF(COUNT({cells})=0,"",SUM({cells}))', values.get(column.key))
        shown = {column.key: values.get(column.key) for column in self.columns if column.shown}
        self._write_row(
            derived(self.columns, shown | {key: value for key, (_, value) in totals.items()}),
            f.total_text,
            f.total_number,
            f.total_percent,
            formulas={key: formula for key, (formula, _) in totals.items()},
            label=label,
        )

    def add_part(self, label: str, values: Row) -> None:
        """A row under the totals: what some of the rows above add up to, so a number and no formula over them."""
        f = self.formats
        self._write_row(derived(self.columns, values), f.total_text, f.total_number, f.total_percent, label=label)

    def _write_row(
        self,
        row: Row,
        text,
        number,
        percent,
        formulas=None,
        label: str | None = None,
        not_meant: Sequence[str] = (),
        said: Mapping[str, str] | None = None,
    ) -> None:
        f, r, cells = self.formats, self.row + 1, []
        kinds = f.shown if label is None else f.total_shown
        for i, column in enumerate(self.columns):
            key, value, cell = column.key, row.get(column.key), self.cells[i]
            if column.text:
                shown = value if label is None else (label if i == self._label else None)
                cells.append(self.cell(i, shown, f.order if column.width < 7 and label is None else text))
            elif key in not_meant:
                cells.append(cell.text(r, percent if column.is_rate else number, NOT_MEANT))
            elif key in self.made:
                style = percent if column.is_rate else number
                cells.append(cell.formula(r, style, self.made[key].replace("{r}", str(r)), _cached(value)))
            elif column.shown:
                cells.append(self.cell(i, value, kinds[column.shown]))
            elif formulas is None:
                word = (said or {}).get(key, "")
                cells.append(self.cell(i, value, f.qualified[word] if word else number))
            elif key in formulas:
                cells.append(cell.formula(r, number, formulas[key], _cached(value)))
            else:
                cells.append(cell.text(r, number, NOT_MEANT))
        self.put(cells, self.height_of(row))

    def height_of(self, row: Row) -> float | None:
        """Of a row in which a text needs more than a line."""
        lines = max((lines_of_text(row.get(column.key), column.width) for column in self._texts), default=1)
        return LINE * lines if lines > 1 else None

    def cell(self, i: int, value: SheetValue, style) -> str:
        """Text stays text ('=1+1' too), nothing stays blank, 0 stays 0, a time becomes a date cell (Vietnam's time)."""
        row, cell = self.row + 1, self.cells[i]
        if value is None or value == "":
            return cell.blank(row, style)
        if isinstance(value, str):
            return cell.text(row, style, value)
        if isinstance(value, dt.datetime):
            local = timezone.localtime(value).replace(tzinfo=None, microsecond=0)  # Excel knows no time zones
            return cell.number(row, self.formats.moment, (local - EXCEL_DAY_0) / dt.timedelta(days=1))
        return cell.number(row, style, value)

    def _cells(self, keys: Sequence[str], row: str) -> str:
        """'D5:F5' for neighbours, else 'D5,F5'."""
        letters = [self.letter[key] for key in keys]
        order = [column.key for column in self.columns]
        first = order.index(keys[0])
        if len(keys) > 1 and tuple(order[first : first + len(keys)]) == tuple(keys):
            return f"{letters[0]}{row}:{letters[-1]}{row}"
        return ",".join(f"{letter}{row}" for letter in letters)

    def _formula(self, column: SheetColumn) -> str:
        """Of a sum or a rate within its row, {r}; as XML."""
        if column.adds:
            cells = self._cells(column.adds, "{r}")
            return f'IF(COUNT({cells})=0,"",SUM({cells}))'
        top, bottom = self._cells(column.over, "{r}"), f"{self.letter[column.under]}{{r}}"
        return f'IF(OR(COUNT({top})=0,N({bottom})=0),"{NO_VALUE}",SUM({top})/{bottom})'

    def note(self, text: str) -> None:
        lines = lines_of_text(text, sum(column.width for column in self.columns))
        if lines > 1:
            self.set_height(self.row, LINE * lines)
        self._across(self.row, text, self.formats.note)
        self.row += 1

    def set_height(self, row: int, points: float) -> None:
        self.sheet.set_row(row, points)
        self.more_height += points - LINE

    def close(self) -> None:
        if self.official:
            self.row = write_end(self, self.official)
        if self._is_little_over_a_page():
            self.sheet.fit_to_pages(1, 1)
        self.sheet.print_area(0, 0, max(self.row - 1, HEAD + 2), len(self.columns) - 1)

    def _is_little_over_a_page(self) -> bool:
        """Then one page in slightly smaller letters is better than a second one with a few rows."""
        page = UPRIGHT if self.is_narrow else ACROSS
        width = sum(column.width * 7 + 5 for column in self.columns) * 0.75
        room = page[1] / min(1, page[0] / width)
        return room < self.row * LINE + self.more_height < room * A_LITTLE


def _cached(value: SheetValue) -> int | float | str:
    """What a formula gives, for programs that do not calculate: a sum or a rate, never a time."""
    assert not isinstance(value, dt.datetime)
    return "" if value is None else value
