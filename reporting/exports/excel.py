"""Step 6, out: the Excel summary of one unit and one span, in the shape of the official forms.

The numbers are those of `reading.overview`, so page and file agree; a sheet lists what each unit reported, and the
cover says whether these rows add up to the totals. Which sheets, with which columns: book/choice.py. Asks nobody's
rights: export_jobs.py and the command do.
"""

import datetime as dt
import tempfile
from pathlib import Path

from django.utils import timezone
from xlsxwriter import Workbook

from de_an_06.plain.spans import Span
from reporting.reading import overview
from reporting.reading.ranges import figures_of
from reporting.rollup import generation, rollup
from taskforces.clock import now_for

from .book.below_sheets import CommuneSheet, IndicatorsByUnitSheet, RankSheet
from .book.chart_sheet import ChartSheet
from .book.choice import FIGURES_IN_FULL, SOURCES_PART, BookChoice
from .book.figure_sheets import IndicatorSheet, ServiceSheet, UnitSheet
from .book.frame import TITLE, Book, BookSheet, CannotExport, NothingReported, Written, completeness
from .book.register_sheets import AssignmentSheet, DifficultySheet, NarrativeSheet, TargetSheet, TaskForceSheet
from .book.report_sheets import MissingSheet, SourceSheet, StatusSheet
from .cell_formats import FONT, Formats
from .comparison import ComparisonSheet
from .cover import write_cover
from .issuing import CodedPaper
from .kept_cells import KeptSheet
from .quick_sheet import QuickSheet
from .sheets import Progress

__all__ = ["CannotExport", "Written", "completeness", "write_summary"]

MOST_SHEET_ROWS = 1_048_576  # of an Excel sheet
SHEETS: tuple[type[BookSheet], ...] = (
    UnitSheet,
    ServiceSheet,
    IndicatorSheet,
    StatusSheet,
    ChartSheet,
    ComparisonSheet,
    CommuneSheet,
    IndicatorsByUnitSheet,
    RankSheet,
    TargetSheet,
    AssignmentSheet,
    TaskForceSheet,
    DifficultySheet,
    NarrativeSheet,
    MissingSheet,
    SourceSheet,
)
_SHEET_OF = {sheet.part: sheet for sheet in SHEETS}


def write_summary(
    path: str | Path,
    *,
    unit_id: int,
    span: Span,
    basis: str,
    by=None,
    at: dt.datetime | None = None,
    progress: Progress | None = None,
    is_joined: bool = False,
    paper: CodedPaper | None = None,
    choice: BookChoice = FIGURES_IN_FULL,
    needs_figures: bool = False,
) -> Written:
    """Writes the file and returns what is in it. Raises CannotExport when the unit has no month in the span, with
    `needs_figures` NothingReported when no report is in the figures.

    `by` is the person named on the cover (None: made by command), `at` the moment of that person. `is_joined`: by the
    boundaries of the last day, as the page with the same choice; `paper` notes under its code what is written.
    """
    at = at or now_for(by)
    periods = overview.begun_periods(timezone.localtime(at).date())
    wanted = {month.key for month in span.months}
    if generation.is_stale(unit_id, [period.pk for period in periods if period.key in wanted]):
        rollup.drain()  # totals that miss a saved change would not agree with the rows behind them
    try:
        view = overview.overview(unit_id, span, basis, now=at, periods=periods, is_joined=is_joined)
    except overview.NoFigures:
        raise CannotExport(
            f"Đơn vị này không có kỳ báo cáo nào trong {span.label}. Chọn kỳ khác hoặc đơn vị khác."
        ) from None
    view.kept.save()  # a long stretch is read once, whether the page or a file asks first
    if needs_figures and not view.submissions.reports:
        raise NothingReported(f"{view.version.name} chưa có số liệu {view.label}.")
    return _write(Path(path), Book(view, choice, by, at, periods, progress, paper))


def _write(path: Path, book: Book) -> Written:
    """Everything is read before anything is written, so that the cover can say what the book holds."""
    sheets = [_SHEET_OF[part](book) for part in book.choice.sheets]
    if any(sheet.rows > MOST_SHEET_ROWS - 100 for sheet in sheets):
        raise CannotExport("Biểu này nhiều dòng hơn một trang Excel chứa được. Chọn kỳ ngắn hơn.")
    book.total = sum(sheet.rows for sheet in sheets)
    written, view = book.written, book.view
    if book.choice.has(SOURCES_PART):
        written.differences = _differences(book)
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 11},
    }
    # The pieces go whatever happens: xlsxwriter itself removes none of them when the disk is full.
    with tempfile.TemporaryDirectory() as pieces, Workbook(str(path), options | {"tmpdir": pieces}) as workbook:
        workbook.set_properties(
            {
                "title": f"{TITLE.capitalize()} – {view.version.name}, {view.label}",
                "author": book.by.full_name if book.by else "Cổng báo cáo Đề án 06",
                "created": timezone.localtime(book.at).replace(tzinfo=None),
            }
        )
        book.workbook, book.formats = workbook, Formats(workbook)
        cover = workbook.add_worksheet(
            "Bìa", KeptSheet
        )  # first in the book, written last: it says what the others hold
        for sheet in sheets:
            sheet.write(lambda name: workbook.add_worksheet(name, QuickSheet))
        written.checksum = book.digest.hexdigest()
        write_cover(cover, book)
        if book.paper:
            rows = (book.sources, book.names) if book.choice.has(SOURCES_PART) else None
            book.paper.sign(workbook, view, rows)
    # No row is lost on the way: what was written is what was read.
    assert written.rows == book.total
    if book.progress:
        book.progress(book.total, book.total)
    return written


def _differences(book: Book) -> list[str]:
    """Services whose total is not the sum of the rows behind it; a healthy roll-up gives none."""
    nothing = figures_of(overview.Dossiers())
    return [
        line.service.code
        for line in book.view.services
        if figures_of(line.dossiers) != book.source_totals.get(line.service.pk, nothing)
    ]
