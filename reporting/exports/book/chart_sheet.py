"""The sheet of charts: drawn by the spreadsheet program from the cells to the right of them, which are not printed."""

from collections.abc import Callable, Sequence
from typing import Any

from xlsxwriter import Workbook

from de_an_06.plain.numbers import rate
from reporting.figures import IN_TIME_RATE, ONLINE_RATE, Rate
from reporting.reading.overview import UnitRow

from ..cell_formats import FONT, PERCENT
from ..sheets import period_line
from .choice import CHARTS_PART
from .frame import Book

MOST_UNITS_DRAWN = 30  # of more units the worst are shown: a chart is to stand on one page
DATA_COLUMN = 16  # first of the cells behind the charts
CHART_WIDTH = 940  # pixels, all that an upright page shows at this scale
SCALE, PAGE_ROWS = 60, 76  # percent, and rows of cells on a page then
BAR, AROUND = 18, 130  # pixels: of one bar, and of title and axis
ROW = 20  # pixels of one row of cells
COLOURS = {IN_TIME_RATE.name: "#0B57D0", ONLINE_RATE.name: "#B3541E"}
Named = tuple[str, float | None]  # what a bar or point is called, and its value; None is a gap


class ChartSheet:
    """Rates of the units right below, worst first, and the unit's last twelve months."""

    part = CHARTS_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        units = [row for row in view.rows if not row.is_former]
        self.bars = [(one, _worst_first(units, one)) for one in (IN_TIME_RATE, ONLINE_RATE)] if units else []
        points = [(f"{p.month.month:02d}/{p.month.year}", p.in_time, p.online) for p in view.trend]
        self.trend: list[tuple[Rate, list[Named]]] = [
            (IN_TIME_RATE, [(label, _part(*pair) if pair else None) for label, pair, _ in points]),
            (ONLINE_RATE, [(label, _part(*pair) if pair else None) for label, _, pair in points]),
        ]
        self.columns = [*self.bars, *self.trend]
        self.rows = max((len(named) for _, named in self.columns), default=0)

    def write(self, add: Callable[[str], Any]) -> None:
        """Cells first, from the top down; the charts stand over them wherever they are put in."""
        book, sheet = self.book, add(self.part.name)
        f = book.formats
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.set_print_scale(SCALE)
        sheet.set_footer(f'&L&"{FONT}"&9&A&R&"{FONT}"&9Trang &P/&N')
        sheet.set_column(0, DATA_COLUMN - 2, 8.5, f.plain)
        for i in range(len(self.columns)):
            sheet.set_column(DATA_COLUMN + 3 * i, DATA_COLUMN + 3 * i, 34, f.plain)
        view = book.view
        for row, (text, cell_format) in enumerate(
            (
                (f"BIỂU ĐỒ KẾT QUẢ THỰC HIỆN ĐỀ ÁN 06 – {view.version.name}".upper(), f.title),
                (period_line(book.heading(self.part, "", "").period), f.subtitle),
                (book.status, f.warning),
            )
        ):
            sheet.merge_range(row, 0, row, DATA_COLUMN - 2, "", cell_format)
            sheet.write_string(row, 0, text, cell_format)
        for i, (one, _) in enumerate(self.columns):
            sheet.write_string(3, DATA_COLUMN + 3 * i, "Số liệu của biểu đồ", f.bold)
            sheet.write_string(3, DATA_COLUMN + 3 * i + 1, one.short_label, f.bold)
        for k in range(self.rows):
            for i, (_, named) in enumerate(self.columns):
                if k < len(named):
                    name, value = named[k]
                    sheet.write_string(4 + k, DATA_COLUMN + 3 * i, name, f.plain)
                    if value is not None:
                        sheet.write_number(4 + k, DATA_COLUMN + 3 * i + 1, value, f.percent)
            book.step(self.part, *(named[k] for _, named in self.columns if k < len(named)))
        if not self.rows:
            book.nothing(self.part)
        self._draw(sheet)

    def _draw(self, sheet) -> None:
        workbook, row, page, breaks = self.book.workbook, 4, 0, []
        charts = [(self._lines(workbook, len(self.bars)), 360)]
        charts += [self._bars(workbook, i, one, named) for i, (one, named) in enumerate(self.bars)]
        for chart, height in charts:
            rows = height // ROW + 2
            if row + rows - page > PAGE_ROWS:
                page = row
                breaks.append(row)
            chart.set_size({"width": CHART_WIDTH, "height": height})
            sheet.insert_chart(row, 0, chart, {"object_position": 2})
            row += rows
        sheet.set_h_pagebreaks(breaks)
        sheet.print_area(0, 0, row, DATA_COLUMN - 2)

    def _bars(self, workbook: Workbook, i: int, one: Rate, named: Sequence[Named]) -> tuple[Any, int]:
        shown = named[:MOST_UNITS_DRAWN]
        start = _axis_start(shown)
        which = f", {MOST_UNITS_DRAWN} đơn vị thấp nhất" if len(named) > MOST_UNITS_DRAWN else ""
        chart = workbook.add_chart({"type": "bar"})
        chart.add_series(
            self._series(i, len(shown))
            | {
                "fill": {"color": COLOURS[one.name]},
                "gap": 40,
                "data_labels": {"value": True, "num_format": PERCENT, "font": {"name": FONT, "size": 9}},
            }
        )
        said = f"{one.label} {self.book.view.label}, thấp nhất trước{which} (trục từ {start:.0%})"
        _dress(chart, said)
        chart.set_x_axis({"min": start, "max": 1, "num_format": "0%", "num_font": {"name": FONT}})
        chart.set_y_axis({"reverse": True, "num_font": {"name": FONT, "size": 9}})
        chart.set_legend({"none": True})
        return chart, BAR * len(shown) + AROUND

    def _lines(self, workbook: Workbook, i: int) -> Any:
        chart = workbook.add_chart({"type": "line"})
        for k, (one, named) in enumerate(self.trend):
            series = self._series(i + k, len(named))
            series |= {
                "name": one.short_label,
                "line": {"color": COLOURS[one.name], "width": 2.25, "dash_type": "dash" if k else "solid"},
                "marker": {"type": "square" if k else "circle", "size": 5, "fill": {"color": COLOURS[one.name]}},
            }
            chart.add_series(series)
        start = _axis_start([one for _, named in self.trend for one in named])
        last = self.trend[0][1][-1][0]
        said = f"Tỷ lệ chung 12 tháng đến {last}; tháng chưa đủ nửa số báo cáo để trống (trục từ {start:.0%})"
        _dress(chart, said)
        chart.show_blanks_as("gap")
        chart.set_y_axis({"num_format": "0%", "min": start, "max": 1, "num_font": {"name": FONT}})
        chart.set_x_axis({"num_font": {"name": FONT, "size": 9}})
        chart.set_legend({"position": "bottom", "font": {"name": FONT}})
        return chart

    def _series(self, i: int, count: int) -> dict[str, Any]:
        column, last = DATA_COLUMN + 3 * i, 4 + count - 1
        name = self.part.name
        return {"categories": [name, 4, column, last, column], "values": [name, 4, column + 1, last, column + 1]}


def _dress(chart, title: str) -> None:
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 13}, "overlay": False})


def _axis_start(named: Sequence[Named]) -> float:
    """The round twentieth at or under the least value; bars that began at 0 would all look alike."""
    values = [value for _, value in named if value is not None]
    return min(int(min(values, default=0) * 20) / 20, 0.95)


def _part(numerator: int | None, denominator: int | None) -> float | None:
    exact = rate(numerator, denominator)
    return None if exact is None else float(exact / 100)


def _worst_first(units: Sequence[UnitRow], one: Rate) -> list[Named]:
    """Units with a rate; those without are no bar."""
    rated = [(exact, i) for i, row in enumerate(units) if (exact := rate(*row.measures.rate(one))) is not None]
    return [(units[i].name, float(exact / 100)) for exact, i in sorted(rated)]
