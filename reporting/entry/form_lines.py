"""Step 1, entry, reading side: the lines of a form and their cells, with texts ready to show."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from de_an_06.plain.numbers import NO_VALUE, format_rate, with_qualifier
from de_an_06.plain.numbers import format_number as _format_number
from reporting.figures import CARRIED, DERIVED, FIGURES, GROUP_STARTS, pending_in_time
from reporting.models import Indicator, PublicService, ServiceTerms
from reporting.models.reports import LIVE_INDICATOR
from taskforces.register import counts

from .checks import HARD, MISSING, SOFT, Problem
from .form_rows import FormRows

REGISTER = Indicator.Owner.REGISTER.value  # locked: counted from the register
LISTED = "listed"  # locked: counted from the list of services done wholly online
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
    locked: str = ""  # why it cannot be typed: '', 'carried', 'derived', 'register', 'listed'
    state: str = ""  # class of the box: '', 'is-derived', 'is-locked', 'is-problem', 'is-warning', 'is-missing'
    group: str = ""  # the indicator's; '' of a service

    @property
    def name(self) -> str:
        """'received_online', 'numerator'."""
        return self.key.partition(".")[2]

    @property
    def element_id(self) -> str:
        return self.key.replace(".", "-")

    @property
    def is_typed(self) -> bool:
        return not self.locked

    @property
    def starts_group(self) -> bool:
        """Does a group of columns begin with it?"""
        return self.name in GROUP_STARTS


@dataclass(slots=True)
class ServiceLine:
    """One service: its cells in the order of figures.py, and what is wrong with them."""

    service: PublicService
    lead_agency: str
    online_only_since: dt.date | None
    cells: list[Cell]
    problems: list[Problem] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.service.code

    @property
    def name(self) -> str:
        return self.service.short_name

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
    qualifier: str = ""  # 'hơn', 'gần' of a published figure; '' where it is exact
    remark: str = ""  # what was noted beside this figure
    problems: list[Problem] = field(default_factory=list)
    rows_url: str = ""  # the rows behind a figure counted from the register
    has_list: bool = False  # counted from the list of services, once the report has one

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def name(self) -> str:
        return self.indicator.name

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


def service_line(data: FormRows, term: ServiceTerms, by_row: dict[str, list[Problem]]) -> ServiceLine:
    service = term.service
    figures = data.figures(service.pk)
    rest = pending_in_time(figures)
    before = data.earlier_services.get((service.pk, 1), {})
    year_ago = data.earlier_services.get((service.pk, 12), {})
    problems = by_row.get(service.code, [])
    cells = []
    for figure in FIGURES:
        name = figure.name
        value, locked, state = figures[name], "", ""
        text = format_number(value)
        if figure.filled == DERIVED:
            locked, value = DERIVED, rest if rest is None or rest >= 0 else None
            text = format_number(rest, blank=NO_VALUE)
            state = f"is-derived {_BAD}" if rest is not None and rest < 0 else ""
        elif figure.filled == CARRIED and service.pk in data.carried:
            locked = CARRIED
        cells.append(
            Cell(
                key=f"{service.code}.{name}",
                label=f"{service.code}, {figure.in_sentence}",
                short_label=figure.short_label,
                branch=service.reporter,
                value=value,
                text=text,
                previous=format_number(before.get(name)),
                last_year=format_number(year_ago.get(name)),
                locked=locked,
                state=state or ("is-derived" if locked else ""),
            )
        )
    _mark(cells, problems)
    return ServiceLine(service, term.lead_agency, data.online_only_since.get(service.pk), cells, problems)


def indicator_line(data: FormRows, indicator: Indicator, by_row: dict[str, list[Problem]]) -> IndicatorLine:
    pair = data.indicators.get(indicator.pk, {})
    before = data.earlier_indicators.get((indicator.pk, 1), (None, None))
    year_ago = data.earlier_indicators.get((indicator.pk, 12), (None, None))
    is_ratio = indicator.kind == Indicator.Kind.RATIO
    is_live = indicator.code == LIVE_INDICATOR
    counted = LISTED if is_live and data.has_live_list else ""
    locked = REGISTER if indicator.owner == Indicator.Owner.REGISTER else counted
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
            group=indicator.group,
        )
        for i, (name, short, full) in enumerate(parts)
    ]
    problems = by_row.get(indicator.code, [])
    _mark(cells, problems)
    note = [indicator.unit_of_measure]
    if indicator.over_time == Indicator.OverTime.CUMULATIVE:
        note.append("lũy kế")
    if locked:
        note.append("đếm từ sổ" if locked == REGISTER else "đếm từ danh sách")
    return IndicatorLine(
        indicator=indicator,
        cells=cells,
        rate=format_rate(pair.get("numerator"), pair.get("denominator")) if is_ratio else "",
        previous=with_qualifier(_pair_text(before, is_ratio), data.qualifiers.get((indicator.pk, 1), "")),
        previous_rate=format_rate(*before) if is_ratio and before[0] is not None else "",
        last_year=with_qualifier(_pair_text(year_ago, is_ratio), data.qualifiers.get((indicator.pk, 12), "")),
        last_year_rate=format_rate(*year_ago) if is_ratio and year_ago[0] is not None else "",
        note=" · ".join(note),
        qualifier="" if pair.get("numerator") is None else data.qualifiers.get((indicator.pk, 0), ""),
        remark=data.remarks.get(indicator.pk, ""),
        problems=problems,
        rows_url=_rows_url(data, indicator) if locked == REGISTER else "",
        has_list=is_live,
    )


def _rows_url(data: FormRows, indicator: Indicator) -> str:
    """Where the rows counted for this indicator stand; '' for one the register does not know."""
    if indicator.code not in counts.REGISTER_INDICATORS:
        return ""
    return counts.rows_url(indicator.code, data.report.unit_id, data.report.period.data_to)


def _mark(cells: list[Cell], problems: Iterable[Problem]) -> None:
    """Give each cell the state of its worst problem."""
    states = {HARD: _BAD, SOFT: _WARN, MISSING: _BLANK}
    order = [MISSING, SOFT, HARD]
    by_key = {cell.key: cell for cell in cells}
    for problem in sorted(problems, key=lambda p: order.index(p.severity)):
        for key in problem.cells or (problem.cell,):
            cell = by_key.get(key)
            if cell is not None:
                cell.state = f"is-derived {states[problem.severity]}" if cell.locked else states[problem.severity]


def _pair_text(pair: tuple[int | None, int | None], is_ratio: bool) -> str:
    """'287/301', '11', 'trống/301' with one half missing, or '' when nothing was reported."""
    numerator, denominator = pair
    if not is_ratio:
        return format_number(numerator)
    if numerator is None and denominator is None:
        return ""
    return "/".join(format_number(half, blank="trống") for half in pair)
