"""A worksheet that takes a whole row as ready XML: the rows of tables, of which a book has tens of thousands.

XlsxWriter checks, wraps and escapes every cell anew, which takes most of the time of a book. Its own methods still do
all else (heads, notes, widths, charts); in constant memory both write into one file, from the top down.
"""

from functools import lru_cache

from xlsxwriter.xmlwriter import XMLwriter

from .kept_cells import KeptSheet

MOST_LETTERS = 16_000  # of a cell; Excel's own limit counts some letters twice
_xml = XMLwriter()


class QuickSheet(KeptSheet):
    previous_row: int
    dim_rowmax: int
    dim_colmax: int

    def add_line(self, row: int, cells: str, last_column: int, height: float | None = None) -> None:
        """`cells` are the row's, from left to right; every row above is written. `height` in points."""
        if row > self.previous_row:
            self._write_single_row(row)
        assert row == self.previous_row, "rows are written from the top down"
        assert not self.table[row], "a row is written once"
        self.dim_rowmax = row  # as `_check_dimensions` notes it; the heads above noted the first row and column
        self.dim_colmax = max(self.dim_colmax, last_column)
        high = f' ht="{height:g}" customHeight="1"' if height else ""
        self.fh.write(f'<row r="{row + 1}"{high}>{cells}</row>')
        self.previous_row = row + 1
        self.table.clear()
        self.keep_line(row, cells)


class CellWriter:
    """The cells of one column; styles are those of cell_formats.py, which carry their `cell`."""

    def __init__(self, letter: str):
        self.start = f'<c r="{letter}'

    def number(self, row: int, style, value: int | float) -> str:
        shown = value if isinstance(value, int) else f"{value:.16G}"
        return f"{self.start}{row}{style.cell}><v>{shown}</v></c>"

    def text(self, row: int, style, value: str) -> str:
        return f'{self.start}{row}{style.cell} t="inlineStr">{inline(value)}</c>'

    def blank(self, row: int, style) -> str:
        return f"{self.start}{row}{style.cell}/>"

    def formula(self, row: int, style, formula: str, value: int | float | str) -> str:
        """`formula` is escaped already and has no sign before it; `value` is what it gives."""
        kind = ' t="str"' if isinstance(value, str) and value else ""
        shown = escaped(value) if isinstance(value, str) else value
        return f"{self.start}{row}{style.cell}{kind}><f>{formula}</f><v>{shown}</v></c>"


@lru_cache(maxsize=8192)
def inline(text: str) -> str:
    """A text within its cell; names stand in thousands of rows."""
    text = _xml._escape_control_characters(text[:MOST_LETTERS])
    keep = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f"<is><t{keep}>{escaped(text)}</t></is>"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
