"""The rows a number came from: every report that is in a sum, with its part, so that anyone can add it up again."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import CharField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from reporting.figures import FIGURES, FIRST_FIELDS, FLOW_FIELDS, GROUPS, RATES, RECEIVED_FIELDS
from reporting.headline import LeftOut, read_services
from reporting.models import (
    Basis,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    Period,
    PublicService,
    Report,
    ServiceFigures,
    Status,
)
from reporting.models.catalogue import REPORTING_LEVELS
from taskforces.models import UnitVersion
from taskforces.models.units import reporter_name, valid_on
from taskforces.units.tree import version_of_day

from .joined import Joined
from .places import COUNTED, NOW, Stretch
from .ranges import Pair, add, indicator_sums
from .units_below import LINKED_SERVICES, REST

OF_ALL_SERVICES = "_all"  # after the name of a rate: those left out of the headline rates included
# measure -> (words, fields added, fields of the denominator)
DOSSIER_MEASURES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    **{group.name: (group.sum_label, group.fields, ()) for group in GROUPS},
    **{figure.name: (figure.label, (figure.name,), ()) for figure in FIGURES},
    **{rate.name: (rate.label, rate.over, rate.under.fields) for rate in RATES},
    **{
        rate.name + OF_ALL_SERVICES: (f"{rate.label}, tính mọi dịch vụ công", rate.over, rate.under.fields)
        for rate in RATES
    },
    "linked": ("Hồ sơ tiếp nhận của hai nhóm liên thông", RECEIVED_FIELDS, ()),
}


@dataclass
class SourceRow:
    """One report's part in the number; `of` is its part in the denominator of a rate."""

    report_id: int
    unit_id: int
    period_id: int
    status: str
    is_late: bool
    level: str
    path: str  # where it stood in its month
    value: int | None = None
    of: int | None = None
    qualifier: str = ""  # 'hơn', 'gần' before the value
    unit_name: str = ""
    sort_key: str = ""  # of the unit's last name
    month: int = 0  # which of the months read

    @property
    def status_label(self) -> str:
        return str(Status(self.status).label)


class Order(StrEnum):
    """How the rows behind a number are sorted, as the page says it."""

    LARGEST = "số lớn trước"
    LOWEST_RATE = "tỷ lệ thấp trước"
    HIGHEST_RATE = "tỷ lệ cao trước"


@dataclass
class Source:
    """A number and the reports behind it: of a rate the worst first, else the largest part first."""

    label: str
    has_denominator: bool
    order: Order
    is_state: bool  # a unit's last month counts (first, for `opening`), not all of its months
    rows: list[SourceRow]
    value: int | None
    of: int | None
    own_indicator: Indicator | None = None  # never added over units: the rows are the unit's own reports
    left_out: LeftOut = field(default_factory=LeftOut)  # services that are not in it: it is a headline rate


# A column of the rows: what it sorts by, None where a row has nothing there; and whether large comes first.
COLUMNS: dict[str, tuple[Callable[[SourceRow], Any], bool]] = {
    "don-vi": (lambda row: (row.sort_key, row.unit_id), False),
    "ky": (lambda row: row.month, True),
    "trang-thai": (lambda row: (list(Status).index(Status(row.status)), row.is_late), False),
    "so": (lambda row: row.value, True),
    "tong": (lambda row: row.of, True),
    "ty-le": (lambda row: Fraction(row.value, row.of) if row.value is not None and row.of else None, False),
}


class UnknownMeasure(ValueError):
    """No such number on the page."""


def source(
    unit_id: int,
    read: list[Period],
    basis: str,
    measure: str,
    *,
    below: int | None = None,
    joined: Joined | None = None,
) -> Source:
    """The parts of one number of a unit's page; `read` are the months, oldest first.

    `measure`: 'received', 'DVC16.received', 'in_time_rate', 'in_time_rate_all', or an indicator's code. `below` leaves
    only what stands under that unit right below, or the unit's own report when it is the unit itself. `joined`: the
    number is made by these boundaries, and `below` is one of their rows (REST too). Asks nobody's
    rights: whoever may read the number may read its parts, of which some may have stood outside the person's scope in
    their month, so ask `sees_path` before linking to one. Raises UnknownMeasure.
    """
    counted = Report.objects.filter(period__in=read, status__in=COUNTED[Basis(basis)])
    code, _, name = measure.rpartition(".")
    if name in DOSSIER_MEASURES:
        label, fields, under = DOSSIER_MEASURES[name]
        is_state = not set(fields) <= set(FLOW_FIELDS)
        day = read[0 if set(fields) <= set(FIRST_FIELDS) else -1].data_to if is_state else None
        counted = counted.filter(_stands(unit_id, below, read, day, joined))
        figures = ServiceFigures.objects.filter(report__in=counted)
        if code:
            service = PublicService.objects.filter(code=code).first()
            if service is None:
                raise UnknownMeasure(measure)
            label = f"{label} – {service.code} {service.short_name}"
            figures = figures.filter(service=service)
        elif name == "linked":
            figures = figures.filter(service__code__in=LINKED_SERVICES)
        left_out = read_services()[1] if is_headline(measure) else LeftOut()
        if left_out.in_any(read):
            figures = figures.exclude(left_out.figures(read))
        parts = _state_parts(figures, read, fields, "service_id") if is_state else _flow_parts(figures, fields, under)
        order = Order.LOWEST_RATE if under else Order.LARGEST  # of both rates: the more the better
        found = _source(label, order, is_state, parts, counted, read, bool(under))
        found.left_out = left_out
        return found
    indicator = Indicator.objects.filter(code=measure).first()
    if indicator is None:
        raise UnknownMeasure(measure)
    is_state = indicator.over_time != Indicator.OverTime.FLOW
    counted = counted.filter(_stands(unit_id, below, read, read[-1].data_to if is_state else None, joined))
    if indicator.is_own:
        counted = counted.filter(unit_id=below or unit_id)
    pairs = IndicatorFigure.objects.filter(report__in=counted, indicator=indicator, numerator__isnull=False)
    is_ratio = indicator.kind == Indicator.Kind.RATIO
    if is_ratio:
        pairs = pairs.filter(denominator__isnull=False)
    under = ("denominator",) if is_ratio else ()
    if is_state:
        parts = _state_parts(pairs, read, ("numerator",), "indicator_id")
        for report_id, (_, of) in _state_parts(pairs, read, under, "indicator_id").items():
            parts[report_id] = parts[report_id][0], of
    else:
        parts = _flow_parts(pairs, ("numerator",), under)
    order = _WORST_FIRST[Indicator.Direction(indicator.direction)] if is_ratio else Order.LARGEST
    found = _source(f"{indicator.code} {indicator.name}", order, is_state, parts, counted, read, is_ratio)
    found.own_indicator = indicator if indicator.is_own else None
    words = dict(pairs.exclude(qualifier="").values_list("report_id", "qualifier"))
    for row in found.rows:
        row.qualifier = words.get(row.report_id, "")
    return found


def _stands(unit_id: int, below: int | None, read: list[Period], day: dt.date | None, joined: Joined | None) -> Q:
    """The condition that a report counts under the unit, as places.py has it: by its own month for flows (`day` None),
    by its unit's place on that day for states and openings. Joined, its row is that of its reporting unit."""
    if joined:
        place = reduce(or_, (Q(path__contains=f"/{root}/") for root in joined.line.members))
        if below == REST:
            place &= ~Q(unit_id__in=joined.row_of)
        elif below is not None:
            place &= Q(unit_id__in=joined.behind(None if below == unit_id else below))
    else:
        place = Q(path__contains=f"/{unit_id}/" if below in (None, unit_id) else f"/{unit_id}/{below}/")
        if below == unit_id:
            place &= Q(unit_id=unit_id)
    if day is None or len(read) == 1:
        return place
    nowhere = Q(path=Concat(Value("/"), Cast("unit_id", CharField()), Value("/"))) & ~Q(unit_id=unit_id)
    return Q(unit__in=UnitVersion.objects.on(day).filter(place).values("unit")) & ~nowhere  # docs/decisions/0010


_WORST_FIRST = {
    Indicator.Direction.UP: Order.LOWEST_RATE,
    Indicator.Direction.DOWN: Order.HIGHEST_RATE,
    Indicator.Direction.NONE: Order.LARGEST,
}
Parts = dict[int, tuple[int | None, int | None]]


def _flow_parts(figures: QuerySet, fields: tuple[str, ...], below: tuple[str, ...]) -> Parts:
    """report -> (numerator, denominator), added up in the database."""
    names = dict.fromkeys([*fields, *below])
    rows = figures.values("report_id").annotate(**{f"sum_{n}": Sum(n) for n in names})
    return {
        row["report_id"]: (add(*(row[f"sum_{n}"] for n in fields)), add(*(row[f"sum_{n}"] for n in below)))
        for row in rows
    }


def _state_parts(figures: QuerySet, read: list[Period], fields: tuple[str, ...], key: str) -> Parts:
    """report -> part: of every unit and service only the last month that has a value (the first, for an opening)."""
    if not fields:
        return {}
    order = {p.pk: k for k, p in enumerate(read)}
    first_day, last_day = read[0].data_to, read[-1].data_to
    chosen: dict[tuple, tuple[int, int, int]] = {}  # (unit, service, field) -> month, report, value
    rows = figures.values_list(
        "report_id", "report__unit_id", "report__period_id", "report__unit__opened_on", "report__unit__closed_on",
        key, *fields,
    )  # fmt: skip
    for report_id, unit_id, period_id, opened_on, closed_on, item, *values in rows:
        month = order[period_id]
        for name, value in zip(fields, values, strict=True):
            ended = closed_on is not None and closed_on < last_day
            if value is None or (opened_on > first_day if name in FIRST_FIELDS else ended):
                continue
            seen = chosen.get((unit_id, item, name))
            if seen is None or (month < seen[0] if name in FIRST_FIELDS else month > seen[0]):
                chosen[unit_id, item, name] = month, report_id, value
    parts: dict[int, int] = {}
    for _, report_id, value in chosen.values():
        parts[report_id] = parts.get(report_id, 0) + value
    if "denominator" in fields:
        return {report_id: (None, value) for report_id, value in parts.items()}
    return {report_id: (value, None) for report_id, value in parts.items()}


def _source(
    label: str,
    order: Order,
    is_state: bool,
    parts: Parts,
    counted: QuerySet[Report],
    read: list[Period],
    has_denominator: bool,
) -> Source:
    rows = [
        SourceRow(*row, *parts[row[0]])
        for row in counted.values_list("pk", "unit_id", "period_id", "status", "is_late", "level", "path")
        if row[0] in parts and parts[row[0]] != (None, None)
    ]
    versions = UnitVersion.objects.filter(unit__in=counted.values("unit")).order_by("valid_from")
    names = dict(versions.values_list("unit_id", "sort_key"))  # the last one stays
    months = {p.pk: k for k, p in enumerate(read)}
    for row in rows:
        row.sort_key, row.month = names.get(row.unit_id, ""), months[row.period_id]
    rows.sort(key=lambda r: (*_place(r, order), r.sort_key, r.unit_id, r.month))
    value, of = add(*(r.value for r in rows)), add(*(r.of for r in rows))
    return Source(label, has_denominator, order, is_state, rows, value, of)


def _place(row: SourceRow, order: Order) -> tuple:
    """Of a rate the worst first, by the exact fraction, equal ones by how much they weigh; without a rate last."""
    if order == Order.LARGEST:
        return -(row.value or 0), -(row.of or 0)
    if row.value is None or not row.of:
        return (1,)
    rate = Fraction(row.value, row.of)
    return 0, rate if order == Order.LOWEST_RATE else -rate, -row.of


def sort_by(found: Source, column: str, *, large_first: bool) -> None:
    """Sorts the rows by one of COLUMNS; equal ones stay as they were, those without a value are last either way."""
    key = COLUMNS[column][0]
    known = [row for row in found.rows if key(row) is not None]
    rest = [row for row in found.rows if key(row) is None]
    found.rows = sorted(known, key=key, reverse=large_first) + rest


def is_headline(measure: str) -> bool:
    """Is it a rate over the services that are in the headline rates?"""
    return any(measure == rate.name for rate in RATES)


def cells_behind(measure: str) -> tuple[set[str] | None, set[str]]:
    """The cells of a report that `source` adds up: codes of services or of the indicator (None: every service, of which
    a headline rate leaves out some), and names of the fields."""
    code, _, name = measure.rpartition(".")
    if name not in DOSSIER_MEASURES:
        return {measure}, {"numerator", "denominator"}
    _, fields, under = DOSSIER_MEASURES[name]
    linked = set(LINKED_SERVICES) if name == "linked" else None
    return {code} if code else linked, {*fields, *under}


def name_rows(rows: list[SourceRow], read: list[Period]) -> None:
    """Writes each row's unit name as of its month; one query for the rows of a page.

    Units with others below them hand in what they handle themselves: that is their office's report.
    """
    versions: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit_id__in={r.unit_id for r in rows}):
        versions.setdefault(version.unit_id, []).append(version)
    days: dict[int, dt.date] = {p.pk: p.data_to for p in read}
    for row in rows:
        then = version_of_day(versions.get(row.unit_id, []), days[row.period_id])
        name = then.name if then else f"Đơn vị số {row.unit_id}"
        row.unit_name = reporter_name(name, row.level)


def values_below(indicator: Indicator, stretch: Stretch, below: QuerySet[UnitVersion]) -> list[tuple[str, Pair]]:
    """Each unit right below by name with its own value of an indicator that is never added over units.

    `below` are the versions the reader may see; only units of a level that reports it. Three queries.
    """
    day = stretch.now[-1].data_to
    terms = IndicatorTerms.objects.on(day).filter(indicator=indicator).first()
    levels = [level for level in REPORTING_LEVELS if terms is not None and getattr(terms, f"at_{level}")]
    units = below.filter(valid_on(day), parent_id=stretch.unit_id, unit__level__in=levels).order_by("sort_key", "pk")
    pairs = {part.child_id: part.pair for part in indicator_sums(stretch, [indicator.pk]) if part.side == NOW}
    return [(name, pairs.get(pk, Pair())) for pk, name in units.values_list("unit_id", "name")]
