"""Step 1, entry, reading side: which cells a unit owes for a month and what stands in them.

`load_form` reads everything in a fixed number of queries and hands out figures, formatted texts, problems and
counts; page, check-answers, file, API and submission all read from it. Nothing here writes. The raw rows are read in
form_rows.py, lines and cells are made of them in form_lines.py.
"""

import datetime as dt
from dataclasses import dataclass

from reporting import figures
from reporting.closing import closed_sentence
from reporting.models import Explanation, Indicator, Report
from reporting.models.reports import NARRATIVE_FIELDS
from taskforces.models import Branch
from taskforces.models.units import reporter_name
from taskforces.scope import Entering, entered_by, may_submit

from . import checks
from .checks import Problem
from .form_lines import LISTED, REGISTER, Cell, IndicatorLine, ServiceLine, format_number, indicator_line, service_line
from .form_rows import FormRows

__all__ = [
    "LISTED",
    "REGISTER",
    "Cell",
    "Counts",
    "FormRows",
    "IndicatorLine",
    "ReportForm",
    "Section",
    "ServiceLine",
    "branch_label",
    "load_form",
    "part_name",
]


TYPES_NOTHING = Entering(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells and problems of a section or of the whole report."""

    owed: int
    filled: int
    hard: int
    soft: int  # all soft warnings
    unexplained: int  # those without a typed reason

    @property
    def missing(self) -> int:
        return self.owed - self.filled

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.hard or self.unexplained)


@dataclass(slots=True)
class Section:
    """What one branch types. `may_type`: the person the form was loaded for may change it now."""

    branch: str
    label: str
    services: list[ServiceLine]
    indicators: list[IndicatorLine]
    ready_at: dt.datetime | None
    ready_by: object | None
    may_type: bool
    counts: Counts

    @property
    def part(self) -> str:
        return part_name(self.branch)


class ReportForm:
    """The whole form of one report. Attributes:

    report, reporter_name, month (spans.Month), previous_label ('tháng 10/2026'), previous_short ('T10');
    is_open: cells can be changed now (draft or returned, and not closed);
    entering, sends: what the person the form was loaded for types now, and whether they may send it;
    services, indicators: lines in catalogue order (register indicators included, locked);
    sections: one `Section` per branch that owes something; register: the locked indicator lines;
    cells: every Cell by key; problems: all, as `checks.check_report` gives them;
    missing: branch -> keys of its blank cells; explanations: (check_code, cell) -> Explanation;
    narrative: [(field, label, text)].
    """

    def __init__(self, data: FormRows, user=None):
        self.data = data
        self.report = data.report
        self.reporter_name = reporter_name(data.unit_name, data.report.level)
        self.month = data.month
        self.previous_label = data.month.plus(-1).label
        self.previous_short = f"T{data.month.plus(-1).month:02d}"
        self.is_open = data.is_open
        typist = user if self.is_open else None
        self.entering = TYPES_NOTHING if typist is None else entered_by(typist, data.report)
        self.sends = typist is not None and may_submit(typist, data.report)
        self.explanations = data.explanations
        self.rebuild()

    def rebuild(self) -> None:
        """Work out lines, problems and counts again from the raw rows."""
        data = self.data
        self.problems = checks.check_report(
            [data.service_row(term) for term in data.service_terms],
            [data.indicator_row(t.indicator) for t in data.indicator_terms if t.indicator.owner != REGISTER],
            alike_percent=data.alike_percent,
        )
        by_row: dict[str, list[Problem]] = {}
        for problem in self.problems:
            by_row.setdefault(problem.row, []).append(problem)
        self.services = [service_line(data, term, by_row) for term in data.service_terms]
        self.indicators = [indicator_line(data, term.indicator, by_row) for term in data.indicator_terms]
        lines: list[ServiceLine | IndicatorLine] = [*self.services, *self.indicators]
        self.cells = {cell.key: cell for line in lines for cell in line.cells}
        self.register = [line for line in self.indicators if line.branch == Indicator.Owner.REGISTER]
        self.missing = {
            branch: [c.key for c in self.cells.values() if c.branch == branch and not c.locked and c.value is None]
            for branch in Branch.values
        }
        self.sections = [
            Section(
                branch=branch,
                label=branch_label(branch, data.unit_name),
                services=[line for line in self.services if line.branch == branch],
                indicators=[line for line in self.indicators if line.branch == branch],
                ready_at=getattr(data.report, f"{branch}_ready_at"),
                ready_by=getattr(data.report, f"{branch}_ready_by"),
                may_type=branch in self.entering.branches,
                counts=self.counts(branch),
            )
            for branch in Branch.values
            if any(c.branch == branch for c in self.cells.values())
        ]

    def may_type(self, row: Cell | ServiceLine | IndicatorLine) -> bool:
        """May the person the form was loaded for change this cell, or this row, now?"""
        cell = row if isinstance(row, Cell) else row.cells[0]
        return self.entering.covers(cell.branch, cell.group)

    def may_explain(self, row: Cell | ServiceLine | IndicatorLine) -> bool:
        """Doubtful figures are explained by who sends the report, and by who typed them."""
        return self.sends or self.may_type(row)

    figure_headings = staticmethod(figures.headings)  # of the columns of the services' table
    service_columns = 1 + len(figures.FIGURE_FIELDS)

    @property
    def why_closed(self) -> str:
        """Why nothing can be typed though the report was not sent, or why it counts nowhere; '' else."""
        if self.is_open or not (self.report.is_editable or self.report.stands_nowhere):
            return ""
        return closed_sentence(self.report)

    @property
    def narrative(self) -> list[tuple[str, str, str]]:
        labels = {f.name: str(f.verbose_name) for f in Report._meta.fields}
        return [(name, labels[name], getattr(self.report, name)) for name in NARRATIVE_FIELDS]

    def problems_of(self, branch: str) -> list[Problem]:
        """Problems of one branch's rows; what concerns the whole report belongs to neither."""
        lines: list[ServiceLine | IndicatorLine] = [*self.services, *self.indicators]
        codes = {line.code for line in lines if line.branch == branch}
        return [p for p in self.problems if p.row in codes]

    def explanation(self, problem: Problem) -> Explanation | None:
        """The reason typed for this warning; while cells can change it holds only for the figures it was typed for."""
        found = self.explanations.get((problem.code, problem.cell))
        if found is not None and self.is_open and found.about not in {"", problem.message}:
            return None
        return found

    @property
    def unexplained(self) -> list[Problem]:
        """Soft warnings still without a reason."""
        return [p for p in self.problems if p.severity == checks.SOFT and self.explanation(p) is None]

    @property
    def blocking(self) -> list[Problem]:
        """All that keeps the report from being sent: hard problems, then warnings without a reason, then blanks."""
        hard = [p for p in self.problems if p.severity == checks.HARD]
        return [*hard, *self.unexplained, *(p for p in self.problems if p.severity == checks.MISSING)]

    def counts(self, branch: str | None = None) -> Counts:
        """Counts of one branch, or of the whole report."""
        typed = [c for c in self.cells.values() if not c.locked and branch in {None, c.branch}]
        problems = self.problems if branch is None else self.problems_of(branch)
        soft = [p for p in problems if p.severity == checks.SOFT]
        return Counts(
            owed=len(typed),
            filled=sum(c.value is not None for c in typed),
            hard=sum(p.severity == checks.HARD for p in problems),
            soft=len(soft),
            unexplained=sum(self.explanation(p) is None for p in soft),
        )

    @property
    def blocking_title(self) -> str:
        """'1 lỗi, 1 điểm cần giải trình, 5 ô còn trống'; '' when nothing blocks."""
        counts = self.counts()
        parts = (
            (counts.hard, "lỗi"),
            (counts.unexplained, "điểm cần giải trình"),
            (counts.missing, "ô còn trống"),
        )
        return ", ".join(f"{format_number(n)} {what}" for n, what in parts if n)


def load_form(report: Report, user=None) -> ReportForm:
    """The form of a report; with `user`, `may_type` says what this person may change now.

    At most twelve queries for a report read with select_related("unit", "period"), whatever the number of cells.
    """
    return ReportForm(FormRows(report), user)


def part_name(branch: str) -> str:
    """'Công an', 'Văn phòng': the branch's part of a report, in sentences."""
    return "Công an" if branch == Branch.POLICE else "Văn phòng"


def branch_label(branch: str, unit_name: str) -> str:
    """'Văn phòng HĐND và UBND', 'Công an phường'."""
    if branch != Branch.POLICE:
        return str(Branch(branch).label)
    kind = unit_name.split(" ", 1)[0].lower()
    known = {"phường": "phường", "xã": "xã", "tỉnh": "tỉnh", "huyện": "huyện", "quận": "quận"}
    whole = {"thị": "thị xã" if unit_name.startswith("Thị xã") else "thị trấn", "thành": "thành phố", "đặc": "đặc khu"}
    return f"Công an {known.get(kind) or whole.get(kind, '')}".strip()
