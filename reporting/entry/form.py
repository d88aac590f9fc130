"""Step 1, entry, reading side: which cells a unit owes for a month and what stands in them.

`load_form` reads everything in a fixed number of queries and hands out figures, formatted texts, problems and
counts; page, check-answers, file, API and submission all read from it. Nothing here writes.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from de_an_06.plain.numbers import NO_VALUE, format_rate
from de_an_06.plain.numbers import format_number as _format_number
from de_an_06.plain.spans import Month
from reporting import closing
from reporting.models import (
    FIGURE_FIELDS,
    Explanation,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    PublicService,
    Report,
    ServiceFigures,
    ServiceTerms,
    Status,
)
from reporting.models.reports import NARRATIVE_FIELDS
from taskforces.models import Branch, UnitVersion
from taskforces.register import counts
from taskforces.scope import branches_entered_by

from . import checks
from .checks import IndicatorRow, Problem, ServiceRow

SERVICE_CELLS = (  # in the order of the page; label of the column, short and in full
    ("opening", "Chuyển sang"),
    ("received_online", "Trực tuyến"),
    ("received_in_person", "Trực tiếp"),
    ("received_postal", "Bưu chính"),
    ("resolved_early", "Trước hạn"),
    ("resolved_on_time", "Đúng hạn"),
    ("resolved_overdue", "Quá hạn"),
    ("rejected", "Từ chối"),
    ("pending_overdue", "Đang giải quyết: quá hạn"),
    ("pending_in_time", "Đang giải quyết: trong hạn"),
)
TYPED, CARRIED, DERIVED, REGISTER = "", "carried", "derived", "register"
format_number = lru_cache(4096)(_format_number)  # a form shows the same few counts hundreds of times
_BAD, _WARN, _BLANK = "is-problem", "is-warning", "is-missing"


@dataclass(slots=True)
class Cell:
    """One cell of the form. `value` None = blank; `text` is what is shown and what `seen` must carry."""

    key: str  # 'DVC16.received_online'
    label: str  # for screen readers: 'DVC16, tiếp nhận trực tuyến'
    short_label: str  # head of the column on a phone: 'Trực tuyến'
    branch: str  # 'office', 'police', 'register'
    value: int | None
    text: str
    previous: str  # last month's value, '' when there is none
    last_year: str  # the same month last year, '' when there is none
    locked: str = TYPED  # why it cannot be typed: '', 'carried', 'derived', 'register'
    state: str = ""  # class of the box: '', 'is-derived', 'is-locked', 'is-problem', 'is-warning', 'is-missing'
    message_id: str = ""  # id of the message below the row that is about this cell

    @property
    def element_id(self) -> str:
        return self.key.replace(".", "-")

    @property
    def is_typed(self) -> bool:
        return not self.locked


@dataclass(slots=True)
class ServiceLine:
    """One service: ten cells in the order of the page, and what is wrong with them."""

    service: PublicService
    lead_agency: str
    online_only_since: dt.date | None
    cells: list[Cell]
    problems: list[Problem] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.service.code

    @property
    def branch(self) -> str:
        return self.service.reporter

    @property
    def typed(self) -> list[Cell]:
        return [c for c in self.cells if not c.locked]

    @property
    def blanks(self) -> int:
        """Owed cells still blank; where there are some, "không phát sinh" can be offered."""
        return sum(c.value is None for c in self.typed)


@dataclass(slots=True)
class IndicatorLine:
    """One indicator: one cell (number) or two (achieved, total)."""

    indicator: Indicator
    cells: list[Cell]
    rate: str  # '97,17%', '–', '' for a plain number
    previous: str  # '287/301'
    previous_rate: str
    last_year: str
    last_year_rate: str
    note: str  # 'trường hợp · lũy kế'
    problems: list[Problem] = field(default_factory=list)
    rows_url: str = ""  # the rows behind a figure counted from the register

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def branch(self) -> str:
        return self.indicator.owner

    @property
    def group(self) -> str:
        return self.indicator.get_group_display()

    @property
    def is_ratio(self) -> bool:
        return self.indicator.kind == Indicator.Kind.RATIO

    @property
    def typed(self) -> list[Cell]:
        return [c for c in self.cells if not c.locked]


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


class ReportForm:
    """The whole form of one report. Attributes:

    report, unit_name, month (spans.Month), previous_label ('tháng 10/2026'), previous_short ('T10');
    is_open: cells can be changed now (draft or returned, month not closed);
    services, indicators: lines in catalogue order (register indicators included, locked);
    sections: one `Section` per branch that owes something; register: the locked indicator lines;
    cells: every Cell by key; problems: all, as `checks.check_report` gives them;
    missing: branch -> keys of its blank cells; explanations: (check_code, cell) -> Explanation;
    narrative: [(field, label, text)].
    """

    def __init__(self, data: "FormRows", user=None):
        self.data = data
        self.report = data.report
        self.unit_name = data.unit_name
        self.month = data.month
        self.previous_label = _month_label(data.month.plus(-1))
        self.previous_short = f"T{data.month.plus(-1).month}"
        self.is_open = data.is_open
        self.branches_typed = branches_entered_by(user, data.report) if user is not None and self.is_open else set()
        self.explanations = data.explanations
        self.rebuild()

    def rebuild(self) -> None:
        """Work out lines, problems and counts again from the raw rows."""
        data = self.data
        self.problems = checks.check_report(
            [data.service_row(term) for term in data.service_terms],
            [data.indicator_row(t.indicator) for t in data.indicator_terms if t.indicator.owner != REGISTER],
        )
        by_row: dict[str, list[Problem]] = {}
        for problem in self.problems:
            by_row.setdefault(problem.row, []).append(problem)
        self.services = [_service_line(data, term, by_row) for term in data.service_terms]
        self.indicators = [_indicator_line(data, term.indicator, by_row) for term in data.indicator_terms]
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
                may_type=branch in self.branches_typed,
                counts=self.counts(branch),
            )
            for branch in Branch.values
            if any(c.branch == branch for c in self.cells.values())
        ]

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
        """'1 lỗi, 1 điểm cần giải thích, 5 ô còn trống'; '' when nothing blocks."""
        counts = self.counts()
        parts = (
            (counts.hard, "lỗi"),
            (counts.unexplained, "điểm cần giải thích"),
            (counts.missing, "ô còn trống"),
        )
        return ", ".join(f"{format_number(n)} {what}" for n, what in parts if n)


class FormRows:
    """Raw rows behind a form; `entry` changes `services` and `indicators` here and builds the form again."""

    def __init__(self, report: Report):

        self.report = report
        period = report.period
        self.month = Month(period.year, period.month)
        # Pages read `month_closed` and `unit_name` in the same query as the report.
        closed = getattr(report, "month_closed", None)
        self.is_open = report.is_editable and not (closing.is_closed(report) if closed is None else closed)
        day = period.data_to
        name = getattr(report, "unit_name", None)
        if name is None:
            version = UnitVersion.objects.on(day).filter(unit_id=report.unit_id).first()
            name = version.name if version else str(report.unit)
        self.unit_name: str = name
        self._read_terms(day)
        self._read_figures()
        self.explanations = {
            (e.check_code, e.cell): e for e in Explanation.objects.filter(report=report).select_related("by")
        }

    def _read_terms(self, day: dt.date) -> None:
        report = self.report
        self.service_terms: list[ServiceTerms] = []
        self.online_only_since: dict[int, dt.date] = {}
        terms = ServiceTerms.objects.filter(valid_from__lte=day).select_related("service")
        for term in terms.order_by("service__order", "service__code", "valid_from"):
            if not term.online_only:
                self.online_only_since.pop(term.service_id, None)
            else:
                self.online_only_since.setdefault(term.service_id, term.valid_from)
            if (term.valid_to is None or term.valid_to >= day) and getattr(term, f"at_{report.level}", False):
                self.service_terms.append(term)
        self.indicator_terms = list(
            IndicatorTerms.objects.owed_by(report.level, day)
            .select_related("indicator")
            .order_by("indicator__order", "indicator__code")
        )

    def _read_figures(self) -> None:
        """Figures of this month and of the twelve before; which of those count as the unit's history."""
        report, period = self.report, self.report.period
        here = period.year * 12 + period.month
        months = {  # joined to the figures: one query each, whatever the number of months
            "report__unit_id": report.unit_id,
            "report__period__data_to__lte": period.data_to,
            "report__period__data_to__gte": period.data_to - dt.timedelta(days=400),
        }
        when = ("report__period__year", "report__period__month", "report__status")
        self.sent_months: set[int] = set()

        def months_ago(year: int, month: int, status: str) -> int | None:
            """0 for this month, 1 to 12 for an earlier one, None for one too long ago."""
            ago = here - (year * 12 + month)
            if 1 <= ago <= 12 and status in {Status.SUBMITTED, Status.APPROVED}:
                self.sent_months.add(ago)
            return ago if 0 <= ago <= 12 else None

        self.services: dict[int, dict[str, int | None]] = {}
        self.earlier_services: dict[tuple[int, int], dict[str, int | None]] = {}
        for row in ServiceFigures.objects.filter(**months).values("service_id", *when, *FIGURE_FIELDS):
            service_id, ago = row.pop("service_id"), months_ago(*(row.pop(name) for name in when))
            if ago == 0:
                self.services[service_id] = row
            elif ago is not None:
                self.earlier_services[service_id, ago] = row
        self.indicators: dict[int, dict[str, int | None]] = {}
        self.earlier_indicators: dict[tuple[int, int], tuple[int | None, int | None]] = {}
        pairs = IndicatorFigure.objects.filter(**months).values_list("indicator_id", "numerator", "denominator", *when)
        for indicator_id, numerator, denominator, *moment in pairs:
            ago = months_ago(*moment)
            if ago == 0:
                self.indicators[indicator_id] = {"numerator": numerator, "denominator": denominator}
            elif ago is not None:
                self.earlier_indicators[indicator_id, ago] = (numerator, denominator)
        if report.is_editable:
            self._count_register()
        self.stored_services = set(self.services)
        # last month's closing of each service, where there is one
        self.carried = {
            service_id: value
            for (service_id, ago), row in self.earlier_services.items()
            if ago == 1 and (value := checks.closing(row)) is not None
        }

    def _count_register(self) -> None:
        """Until a report is sent its register figures are what the register says, as of the month's last day."""
        owed = [term.indicator for term in self.indicator_terms if term.indicator.owner == REGISTER]
        if not owed:
            return
        unit_id = self.report.unit_id
        counted = counts.register_figures([unit_id], self.report.period.data_to)[unit_id]
        for indicator in owed:
            if indicator.code in counted:
                numerator, denominator = counted[indicator.code]
                self.indicators[indicator.pk] = {"numerator": numerator, "denominator": denominator}

    def figures(self, service_id: int) -> dict[str, int | None]:
        """Figures as they count now: while the report is open its opening is last month's closing as it stands."""
        stored = self.services.get(service_id) or dict.fromkeys(FIGURE_FIELDS)
        if self.is_open and service_id in self.carried:
            return {**stored, "opening": self.carried[service_id]}
        return stored

    def service_row(self, term: ServiceTerms) -> ServiceRow:
        pk = term.service_id
        since = self.online_only_since.get(pk)
        if since is not None and since > self.report.period.data_from:
            since = None  # in the month of the change dossiers before it may have come in person
        return ServiceRow(
            code=term.service.code,
            name=term.service.short_name,
            figures=self.figures(pk),
            expected_opening=self.carried.get(pk) if self.report.prior_corrected else None,
            history=[self.earlier_services.get((pk, i)) if i in self.sent_months else None for i in range(1, 13)],
            previous=self.earlier_services.get((pk, 1)),
            online_only_since=since,
            month=self.month,
        )

    def indicator_row(self, indicator: Indicator) -> IndicatorRow:
        pair = self.indicators.get(indicator.pk, {})
        months = range(1, 13)
        return IndicatorRow(
            code=indicator.code,
            name=indicator.name,
            kind=indicator.kind,
            over_time=indicator.over_time,
            numerator=pair.get("numerator"),
            denominator=pair.get("denominator"),
            may_exceed_total=indicator.may_exceed_total,
            owed=indicator.owner != Indicator.Owner.REGISTER,
            history=[self.earlier_indicators.get((indicator.pk, i)) if i in self.sent_months else None for i in months],
            month=self.month,
        )


def load_form(report: Report, user=None) -> ReportForm:
    """The form of a report; with `user`, `section.may_type` says what this person may change now.

    At most twelve queries for a report read with select_related("unit", "period"), whatever the number of cells.
    """
    return ReportForm(FormRows(report), user)


def branch_label(branch: str, unit_name: str) -> str:
    """'Văn phòng HĐND và UBND', 'Công an phường'."""
    if branch != Branch.POLICE:
        return str(Branch(branch).label)
    kind = unit_name.split(" ", 1)[0].lower()
    known = {"phường": "phường", "xã": "xã", "tỉnh": "tỉnh", "huyện": "huyện", "quận": "quận"}
    whole = {"thị": "thị xã" if unit_name.startswith("Thị xã") else "thị trấn", "thành": "thành phố", "đặc": "đặc khu"}
    return f"Công an {known.get(kind) or whole.get(kind, '')}".strip()


def _service_line(data: FormRows, term: ServiceTerms, by_row: dict[str, list[Problem]]) -> ServiceLine:
    service = term.service
    figures = data.figures(service.pk)
    rest = checks.pending_in_time(figures)
    before = data.earlier_services.get((service.pk, 1), {})
    year_ago = data.earlier_services.get((service.pk, 12), {})
    problems = by_row.get(service.code, [])
    cells = []
    for name, short in SERVICE_CELLS:
        value, locked = figures[name], TYPED
        text = format_number(value)
        if name == "pending_in_time":
            locked, value = DERIVED, rest if rest is None or rest >= 0 else None
            text = format_number(rest, blank=NO_VALUE)
        elif name == "opening" and (service.pk in data.carried):
            locked = CARRIED
        cells.append(
            Cell(
                key=f"{service.code}.{name}",
                label=f"{service.code}, {checks.CELL_NAMES[name]}",
                short_label=short,
                branch=service.reporter,
                value=value,
                text=text,
                previous=format_number(before.get(name)),
                last_year=format_number(year_ago.get(name)),
                locked=locked,
                state="is-derived" if locked else "",
            )
        )
    _mark(cells, problems)
    if rest is not None and rest < 0:
        cells[-1].state = f"is-derived {_BAD}"
    return ServiceLine(service, term.lead_agency, data.online_only_since.get(service.pk), cells, problems)


def _indicator_line(data: FormRows, indicator: Indicator, by_row: dict[str, list[Problem]]) -> IndicatorLine:
    pair = data.indicators.get(indicator.pk, {})
    before = data.earlier_indicators.get((indicator.pk, 1), (None, None))
    year_ago = data.earlier_indicators.get((indicator.pk, 12), (None, None))
    is_ratio = indicator.kind == Indicator.Kind.RATIO
    locked = REGISTER if indicator.owner == Indicator.Owner.REGISTER else TYPED
    parts = [("numerator", "Đạt" if is_ratio else "Số lượng", "số đạt" if is_ratio else "số lượng")]
    if is_ratio:
        parts.append(("denominator", "Tổng số", "tổng số"))
    cells = [
        Cell(
            key=f"{indicator.code}.{name}",
            label=f"{indicator.code}, {full}",
            short_label=short,
            branch=indicator.owner,
            value=pair.get(name),
            text=format_number(pair.get(name)),
            previous=format_number(before[i]),
            last_year=format_number(year_ago[i]),
            locked=locked,
            state="is-locked" if locked else "",
        )
        for i, (name, short, full) in enumerate(parts)
    ]
    problems = by_row.get(indicator.code, [])
    _mark(cells, problems)
    note = [indicator.unit_of_measure]
    if indicator.over_time == Indicator.OverTime.CUMULATIVE:
        note.append("lũy kế")
    if locked:
        note.append("đếm từ sổ")
    return IndicatorLine(
        indicator=indicator,
        cells=cells,
        rate=format_rate(pair.get("numerator"), pair.get("denominator")) if is_ratio else "",
        previous=_pair_text(before, is_ratio),
        previous_rate=format_rate(*before) if is_ratio and before[0] is not None else "",
        last_year=_pair_text(year_ago, is_ratio),
        last_year_rate=format_rate(*year_ago) if is_ratio and year_ago[0] is not None else "",
        note=" · ".join(note),
        problems=problems,
        rows_url=_rows_url(data, indicator) if locked else "",
    )


def _rows_url(data: FormRows, indicator: Indicator) -> str:
    """Where the rows counted for this indicator stand; '' for one the register does not know."""
    if indicator.code not in counts.REGISTER_INDICATORS:
        return ""
    return counts.rows_url(indicator.code, data.report.unit_id, data.report.period.data_to)


def _mark(cells: list[Cell], problems: Iterable[Problem]) -> None:
    """Give each cell the state of its worst problem."""
    states = {checks.HARD: _BAD, checks.SOFT: _WARN, checks.MISSING: _BLANK}
    order = [checks.MISSING, checks.SOFT, checks.HARD]
    by_key = {cell.key: cell for cell in cells}
    for problem in sorted(problems, key=lambda p: order.index(p.severity)):
        for key in problem.cells or (problem.cell,):
            cell = by_key.get(key)
            if cell is not None:
                cell.state = f"is-derived {states[problem.severity]}" if cell.locked else states[problem.severity]
                cell.message_id = f"{problem.row}-{problem.code}"


def _pair_text(pair: tuple[int | None, int | None], is_ratio: bool) -> str:
    """'287/301', '11', or '' when nothing was reported."""
    numerator, denominator = pair
    if not is_ratio:
        return format_number(numerator)
    if numerator is None and denominator is None:
        return ""
    return f"{format_number(numerator, blank=NO_VALUE)}/{format_number(denominator, blank=NO_VALUE)}"


def _month_label(month: Month) -> str:
    return f"tháng {month.month}/{month.year}"
