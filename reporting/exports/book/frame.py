"""What the sheets of one book share: the figures read once, the heads of the tables, the count of what is done."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from django.utils import timezone
from xlsxwriter import Workbook

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Month, Span
from reporting.figures import FIGURE_FIELDS
from reporting.models import Basis, Period, SubmissionSummary
from reporting.reading import overview
from reporting.reading.against_targets import ReachedByKey, actual_text, beside_figures, with_direction
from taskforces.models import Level

from ..cell_formats import Formats
from ..cover import period_text
from ..detail_rows import Names, UnitDossiers, service_rows
from ..issuing import CodedPaper
from ..live_columns import LiveCells
from ..official_head import official_head
from ..sheets import Heading, Progress, Row, figure_in, total
from .choice import BookChoice, BookPart, Layout

EVERY = 250  # rows between two notes of progress
TITLE = "TỔNG HỢP KẾT QUẢ THỰC HIỆN ĐỀ ÁN 06"
# Blank on purpose: who receives a province's form is filled in where it is decided.
RECEIVER_UNKNOWN = "…………………………"


class CannotExport(Exception):
    """There is nothing to write; the sentence is for the person who asked."""


class NothingReported(CannotExport):
    """No report of the unit or of those below it is in the figures."""


@dataclass
class Written:
    """What was written: rows per sheet, and how much is behind the numbers. Of an archive: the books of the units."""

    unit_name: str
    label: str  # of the stretch, with its months where they are not all of it
    months: list[Month]
    units_reported: int
    units_expected: int
    figures_as_of: dt.datetime
    sheets: dict[str, int] = field(default_factory=dict)
    checksum: str = ""
    differences: list[str] = field(default_factory=list)
    remark: str = ""  # what a form of a circular could not be filled with
    steps: int = 0  # of an archive: units; 0: what progress counts are the rows

    @property
    def rows(self) -> int:
        return sum(self.sheets.values())

    def add(self, book: "Written") -> None:
        """One more book of an archive."""
        self.units_reported += 1
        for name, rows in book.sheets.items():
            self.sheets[name] = self.sheets.get(name, 0) + rows


def completeness(basis: str, reported: int, expected: int, is_month: bool) -> str:
    """What page and file say of the numbers: 'Số liệu tạm tính, 12/14 đơn vị'; over several months, reports."""
    kind = "chính thức" if basis == Basis.OFFICIAL else "tạm tính"
    noun = "đơn vị" if is_month else "báo cáo"
    return f"Số liệu {kind}, {format_number(reported)}/{format_number(expected)} {noun}"


class BookSheet(Protocol):
    """A part of a book: made with its rows read, written once. `rows` is what its writing counts with `Book.step`."""

    part: BookPart
    rows: int

    def __init__(self, book: "Book"): ...

    def write(self, add: Callable[[str], Any]) -> None:
        """`add` puts a sheet of that name into the book."""


class Book:
    """One book being made. What several sheets need is read once, and only if one of them asks for it."""

    workbook: Workbook  # this and what follows from the moment of writing on
    formats: Formats

    def __init__(
        self,
        view: overview.Overview,
        choice: BookChoice,
        by,
        at: dt.datetime,
        periods: list[Period],
        progress: Progress | None,
        paper: CodedPaper | None = None,
    ):
        self.view, self.choice, self.by, self.at, self.progress = view, choice, by, at, progress
        self.begun, self.paper = periods, paper
        self.done = self.total = 0
        self.digest = hashlib.sha256()
        owed = view.submissions
        self.written = Written(
            unit_name=view.version.name,
            label=view.label,
            months=overview.months_of(view.periods),
            units_reported=owed.reports,
            units_expected=owed.expected_reports,
            figures_as_of=at,
        )
        # the unit, and those whose figures are its own (reading/joined.py)
        self.members = view.joined.line.members if view.joined else [view.unit_id]

    # Read when first asked for

    @cached_property
    def names(self) -> Names:
        return Names(self.members, self.view.periods)

    @cached_property
    def sources(self) -> list[UnitDossiers]:
        return service_rows(self.members, self.view.periods, self.view.basis)

    @cached_property
    def source_totals(self) -> dict[int, dict[str, int | None]]:
        """Service -> the sum of the rows behind it."""
        behind: dict[int, list[tuple[int | None, ...]]] = {}
        for source in self.sources:
            behind.setdefault(source.service_id, []).append(source.figures)
        return {
            service_id: dict(zip(FIGURE_FIELDS, map(total, zip(*rows, strict=True)), strict=True))
            for service_id, rows in behind.items()
        }

    @cached_property
    def targets(self) -> ReachedByKey:
        """The unit's own of the year and of the month shown; joined figures are held against none."""
        view = self.view
        return {} if view.joined else beside_figures(view.unit_id, view.version.unit.level, view.periods[-1])

    @cached_property
    def live(self) -> LiveCells:
        return LiveCells(self.view)

    @cached_property
    def year_to_date(self) -> overview.Overview | None:
        """The year so far, to the last month read; None where the book itself is of these months."""
        view, last = self.view, self.written.months[-1]
        span = Span("ytd", last.plus(1 - last.month), last)
        joined = view.joined is not None
        found = overview.overview(view.unit_id, span, view.basis, now=self.at, periods=self.begun, is_joined=joined)
        return None if found.periods == view.periods else found

    @cached_property
    def day(self) -> dt.date:
        """As of which the registers are read: the last day of the figures, today at the latest."""
        return min(timezone.localtime(self.at).date(), self.view.periods[-1].data_to)

    @cached_property
    def generation(self) -> int | None:
        """The run of the roll-up behind a month's totals; longer spans and communes are read from the reports."""
        view = self.view
        if not view.has_units_below or len(view.periods) > 1:
            return None
        runs = SubmissionSummary.objects.filter(unit_id=view.unit_id, period=view.periods[0])
        return runs.values_list("generation", flat=True).first()

    def target_cells(self, keys: dict[str, str], targets: ReachedByKey | None = None) -> Row:
        """What the two columns say of some figures; `keys`: word before the target -> what it is of."""
        reached = self.targets if targets is None else targets
        found = [(words, one) for words, key in keys.items() for one in reached.get(key, [])]
        lead = [f"{words}, {one.target.span_label}" if words else one.target.span_label for words, one in found]
        given = [with_direction(one.target.value, one.target) for _, one in found]
        came = [f"{actual_text(one)} {one.assessment}".strip() for _, one in found]
        return {
            "target": "; ".join(f"{a}: {b}" for a, b in zip(lead, given, strict=True)),
            "assessment": "; ".join(f"{a}: {b}" for a, b in zip(lead, came, strict=True)),
        }

    # Writing

    @property
    def status(self) -> str:
        owed = self.view.submissions
        return completeness(self.view.basis, owed.reports, owed.expected_reports, self.view.span.is_month)

    def heading(self, part: BookPart, title: str, measure: str) -> Heading:
        view = self.view
        parent = view.ancestors[-1] if view.ancestors else None
        return Heading(
            form=f"{part.form:02d}",
            title=title,
            unit_name=view.version.name,
            receiver=parent.name if parent and parent.unit.level != Level.NATION else RECEIVER_UNKNOWN,
            period=period_text(view),
            measure=measure,
            warning=self.status,
            official=official_head(view, self.at) if self.choice.layout == Layout.OFFICIAL else None,
        )

    def step(self, part: BookPart, *values) -> None:
        """A row is written; `values` go into the checksum."""
        sheets = self.written.sheets
        sheets[part.counted] = sheets.get(part.counted, 0) + 1
        self.digest.update(repr((part.counted, *values)).encode())
        self.done += 1
        if self.progress and self.done % EVERY == 0:
            self.progress(self.done, self.total)

    def nothing(self, part: BookPart) -> None:
        """The sheet is there and holds no row."""
        self.written.sheets.setdefault(part.counted, 0)


def sums(rows: list[Row], names: Iterable[str]) -> dict[str, int | None]:
    return {name: total(figure_in(row, name) for row in rows) for name in names}
