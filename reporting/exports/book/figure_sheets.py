"""Sheets of the figures: by unit, by service, the indicators."""

from collections.abc import Iterable, Iterator

from django.db.models import Q

from reporting.figures import FIGURE_FIELDS, RATE_FIELDS, RATES
from reporting.models import Indicator, PublicService, ServiceTerms
from reporting.models.catalogue import REPORTING_LEVELS
from reporting.models.reports import LIVE_INDICATOR
from reporting.reading.against_targets import Reached, in_order, months_to, reached_below
from reporting.reading.lead_agencies import live_by_agency
from reporting.reading.overview import Measures
from reporting.reading.owed import Submissions
from reporting.reading.ranges import Dossiers, figures_of
from reporting.reading.ranking import given_below
from taskforces.models import Level
from taskforces.models.units import reporter_name

from ..live_columns import LIVE_COLUMN, LIVE_UNITS
from ..sheets import FIGURE_COLUMNS, Row, SheetColumn, SheetTable, headline_columns
from .beside import Beside
from .choice import INDICATORS_PART, LIVE, SERVICES_PART, TARGET, UNITS_PART
from .frame import TITLE, Book, sums

RATE_KEYS = {rate.short_label: rate.name for rate in RATES}
ORDER_COLUMN = SheetColumn("order", "STT", width=5, text=True)
# The unit's own targets of the year and of the month shown, beside what they are of
TARGET_COLUMNS = (
    SheetColumn("target", "Chỉ tiêu giao", width=26, text=True),
    SheetColumn("assessment", "Đạt được (chính thức), đánh giá", width=34, text=True),
)
UNIT_WORDS = (
    ORDER_COLUMN,
    SheetColumn("name", "Đơn vị", width=30, text=True),
    SheetColumn("expected", "Phải nộp", "Báo cáo", width=8.5),
    SheetColumn("reports", "Có trong số liệu", "Báo cáo", width=8.5),
)
SERVICE_SHEET = (
    ORDER_COLUMN,
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Dịch vụ công", width=48, text=True),
    SheetColumn("units", "Đơn vị có số liệu", width=8.5, added=False),
    *FIGURE_COLUMNS,
)
INDICATOR_SHEET = (
    ORDER_COLUMN,
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Chỉ tiêu", width=60, text=True),
    SheetColumn("over_time", "Theo thời gian", width=11, text=True),
    SheetColumn("measure", "Đơn vị tính", width=13, text=True),
    SheetColumn("numerator", "Số đạt", width=13),
    SheetColumn("denominator", "Tổng số", width=13),
    SheetColumn("rate", "Tỷ lệ", width=11, over=("numerator",), under="denominator"),
    SheetColumn("units", "Đơn vị có số liệu", width=10),
)


def unit_columns(book: Book) -> tuple[SheetColumn, ...]:
    not_counted = book.view.not_counted
    return (*UNIT_WORDS, *(headline_columns(not_counted) if not_counted else FIGURE_COLUMNS))


def added_keys(columns: Iterable[SheetColumn]) -> list[str]:
    return [column.key for column in columns if column.is_added]


def unit_row(name: str, owed: Submissions, measures: Measures) -> Row:
    row = {"name": name, "expected": owed.expected_reports, "reports": owed.reports, **figures_of(measures.dossiers)}
    if measures.headline is not None:
        for rate in RATES:
            row[f"{rate.name}_over"], row[f"{rate.name}_under"] = measures.rate(rate)
    return row


class UnitSheet:
    part = UNITS_PART

    def __init__(self, book: Book):
        self.book, self.beside = book, Beside(book)
        self.shows_live, shows_targets = LIVE in book.choice.columns, TARGET in book.choice.columns
        self.targets = _targets_below(book) if shows_targets else {}
        self.columns = (
            *unit_columns(book),
            *self.beside.dossier_columns(),
            *((LIVE_COLUMN,) if self.shows_live else ()),
            *(TARGET_COLUMNS if shows_targets else ()),
        )
        self.units = list(self._rows())
        self.rows = len(self.units)

    def _rows(self) -> Iterator[Row]:
        view = self.book.view
        for row in view.rows:
            yield self._row(row.name, row.unit_id, unit_row(row.name, row.submissions, row.measures)) | {
                **self.beside.of_unit(row),
                **self.book.target_cells(RATE_KEYS, {} if row.is_own else self.targets.get(row.unit_id, {})),
            }
        if not view.rows:  # a unit with nothing below it: its own report is its total
            name = reporter_name(view.version.name, view.version.unit.level)
            yield self._row(name, view.unit_id, unit_row(name, view.submissions, view.measures)) | {
                **self.beside.of_all(headline=True),
                **self.book.target_cells(RATE_KEYS, self.targets.get(view.unit_id, {})),
            }

    def _row(self, name: str, unit_id: int, row: Row) -> dict:
        return {**row, "live": self.book.live.of_unit(unit_id) if self.shows_live else ""}

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, f"{TITLE} THEO ĐƠN VỊ", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, self.columns, heading)
        for order, row in enumerate(self.units, start=1):
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        added = sums(self.units, added_keys(self.columns))
        table.add_total("TỔNG SỐ", {**added, **self.beside.of_all(headline=True)})
        self.beside.note(table)
        table.close()


def _targets_below(book: Book) -> dict[int, dict[str, list[Reached]]]:
    """The year's targets of rates over all services, of the units right below and of the unit itself."""
    view = book.view
    if view.joined:
        return {}
    found: dict[int, dict[str, list[Reached]]] = {view.unit_id: dict(book.targets)}
    for one in reached_right_below(book, rates_only=True):
        found.setdefault(one.target.unit_id, {}).setdefault(one.target.key, []).append(one)
    return found


def reached_right_below(book: Book, *, rates_only: bool = False) -> list[Reached]:
    """The year's targets in force of the units right below, in the order of the catalogue; at most four queries."""
    view = book.view
    last = view.periods[-1]
    of = Q(unit__in=[row.unit_id for row in view.rows if not row.is_own])
    if rates_only:
        of &= Q(indicator=None, service=None)
    targets = list(given_below(view.unit_id, last).filter(of).select_related("unit", "indicator", "service"))
    reached = reached_below(view.unit_id, targets, months_to(last))
    return [reached[target.unit_id, target.key] for target in sorted(targets, key=in_order)]


class ServiceSheet:
    """Services with figures, and those handled in this part of the tree that nobody reported yet."""

    part = SERVICES_PART

    def __init__(self, book: Book):
        self.book, self.beside = book, Beside(book)
        self.extra = self.beside.dossier_columns()
        if LIVE in book.choice.columns:
            self.extra += LIVE_UNITS
        if TARGET in book.choice.columns:
            self.extra += TARGET_COLUMNS
        self.services = list(self._rows())
        self.rows = len(self.services)

    def _rows(self) -> Iterator[Row]:
        view, book = self.book.view, self.book
        totals = {line.service.pk: line.dossiers for line in view.services}
        level = view.version.unit.level
        levels = REPORTING_LEVELS if level == Level.NATION else REPORTING_LEVELS[: REPORTING_LEVELS.index(level) + 1]
        handled = {
            service_id
            for each in levels
            for service_id in ServiceTerms.objects.owed_by(each, view.day).values_list("service_id", flat=True)
        }
        for service in PublicService.objects.filter(pk__in=handled | totals.keys()):
            dossiers = totals.get(service.pk, Dossiers())
            row: Row = {"code": service.code, "name": service.name, "units": dossiers.units, **figures_of(dossiers)}
            if LIVE in book.choice.columns:
                row = {**row, **book.live.of_service(service.pk)}
            if TARGET in book.choice.columns:
                row = {**row, **book.target_cells({r.short_label: f"{service.code}.{r.name}" for r in RATES})}
            yield {**row, **self.beside.of_service(service.pk)}

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "KẾT QUẢ GIẢI QUYẾT CÁC DỊCH VỤ CÔNG THIẾT YẾU", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, (*SERVICE_SHEET, *self.extra), heading, frozen=3)
        for order, row in enumerate(self.services, start=1):
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        added = sums(self.services, FIGURE_FIELDS)
        table.add_total("TỔNG SỐ", {**added, **self.beside.of_all(headline=False)})
        if not_counted := book.view.not_counted:
            headline = figures_of(book.view.measures.rated)
            table.add_part("Phần tính tỷ lệ chung", {name: headline[name] for name in RATE_FIELDS})
            table.note(f"Tỷ lệ chung không tính {not_counted}; tỷ lệ ở dòng TỔNG SỐ tính mọi dịch vụ công.")
        self.beside.note(table)
        table.close()


class IndicatorSheet:
    part = INDICATORS_PART

    def __init__(self, book: Book):
        self.book, self.beside = book, Beside(book)
        lines = book.view.indicators
        places = {line.indicator.group: place for place, line in reversed(list(enumerate(lines)))}
        self.together = sorted(lines, key=lambda line: places[line.indicator.group])  # first place of each
        self.rows = len(lines)

    def write(self, add) -> None:
        book = self.book
        shows_targets = TARGET in book.choice.columns
        targets = TARGET_COLUMNS if shows_targets else ()
        columns = (*INDICATOR_SHEET, *self.beside.indicator_columns(), *targets)
        heading = book.heading(self.part, "CÁC CHỈ TIÊU CHUNG", "ghi ở cột E")
        table = SheetTable(add(self.part.name), book.formats, columns, heading, frozen=3)
        group = None
        for order, line in enumerate(self.together, start=1):
            indicator, pair = line.indicator, line.pair
            if indicator.group != group:
                group = indicator.group
                table.group(Indicator.Group(group).label)
            row = {
                "code": indicator.code,
                "name": indicator.name + (" (số của riêng đơn vị, không cộng)" if indicator.is_own else ""),
                "over_time": indicator.get_over_time_display(),
                "measure": indicator.unit_of_measure,
                "numerator": pair.numerator,
                "denominator": pair.denominator,
                "units": pair.units,
                **self.beside.of_indicator(indicator),
                **(book.target_cells({"": indicator.code}) if shows_targets else {}),
            }
            is_ratio = indicator.kind == Indicator.Kind.RATIO
            table.add(
                {"order": str(order), **row},
                not_meant=() if is_ratio else ("denominator", "rate"),
                said={"numerator": line.said.word},
            )
            book.step(self.part, *row.values())
        for line in self.together:
            if line.said.note:
                table.note(f"{line.indicator.code}: {line.said.note}.")
        if agencies := live_by_agency(book.view):
            said = "; ".join(f"{one.agency} {one.text}" for one in agencies)
            table.note(f"{LIVE_INDICATOR} theo cơ quan chủ trì, số của riêng đơn vị: {said}.")
        self.beside.note(table)
        table.close()
