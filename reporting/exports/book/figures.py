"""Sheets of the figures: by unit, by service, the indicators."""

from collections.abc import Iterator

from reporting.figures import FIGURE_FIELDS, RATE_FIELDS, RATES
from reporting.models import Indicator, PublicService, ServiceTerms
from reporting.models.catalogue import REPORTING_LEVELS
from reporting.models.reports import LIVE_INDICATOR
from reporting.reading.lead_agencies import live_by_agency
from reporting.reading.overview import Measures
from reporting.reading.owed import Submissions
from reporting.reading.ranges import Dossiers, figures_of
from taskforces.models import Level
from taskforces.models.units import reporter_name

from ..live_columns import LIVE_COLUMN, LIVE_UNITS
from ..sheets import FIGURE_COLUMNS, Row, SheetColumn, SheetTable, headline_columns
from .choice import INDICATORS, LIVE, SERVICES, TARGET, UNITS
from .frame import TITLE, Book, sums

ORDER = SheetColumn("order", "STT", width=5, text=True)
# The unit's own targets of the year and of the month shown, beside what they are of
TARGET_COLUMNS = (
    SheetColumn("target", "Chỉ tiêu giao", width=26, text=True),
    SheetColumn("assessment", "Đạt được (chính thức), đánh giá", width=34, text=True),
)
UNIT_WORDS = (
    ORDER,
    SheetColumn("name", "Đơn vị", width=30, text=True),
    SheetColumn("expected", "Phải nộp", "Báo cáo", width=8.5),
    SheetColumn("reports", "Có trong số liệu", "Báo cáo", width=8.5),
)
SERVICE_SHEET = (
    ORDER,
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Dịch vụ công", width=48, text=True),
    SheetColumn("units", "Đơn vị có số liệu", width=8.5, added=False),
    *FIGURE_COLUMNS,
)
INDICATOR_SHEET = (
    ORDER,
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


def plain_keys(columns: tuple[SheetColumn, ...]) -> list[str]:
    """Those whose total is the sum of the rows."""
    return [c.key for c in columns if not c.text and not c.adds and not c.is_rate]


def unit_row(name: str, owed: Submissions, measures: Measures) -> Row:
    row = {"name": name, "expected": owed.expected_reports, "reports": owed.reports, **figures_of(measures.dossiers)}
    if measures.headline is not None:
        for rate in RATES:
            row[f"{rate.name}_over"], row[f"{rate.name}_under"] = measures.rate(rate)
    return row


class UnitSheet:
    part = UNITS

    def __init__(self, book: Book):
        self.book = book
        self.shows_live = LIVE in book.choice.columns
        self.units = list(self._rows())
        self.rows = len(self.units)

    def _rows(self) -> Iterator[Row]:
        view = self.book.view
        rows = [(row.name, row.submissions, row.measures, row.unit_id) for row in view.rows]
        if not rows:  # a unit with nothing below it: its own report is its total
            name = reporter_name(view.version.name, view.version.unit.level)
            rows = [(name, view.submissions, view.measures, view.unit_id)]
        for name, owed, measures, unit_id in rows:
            live = {"live": self.book.live.of_unit(unit_id)} if self.shows_live else {}
            yield {**unit_row(name, owed, measures), **live}

    def write(self, add) -> None:
        book, columns = self.book, unit_columns(self.book)
        columns = (*columns, LIVE_COLUMN) if self.shows_live else columns
        heading = book.heading(self.part, f"{TITLE} THEO ĐƠN VỊ", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, columns, heading)
        for order, row in enumerate(self.units, start=1):
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        table.add_total("TỔNG SỐ", sums(self.units, plain_keys(columns)))
        table.close()


class ServiceSheet:
    """Services with figures, and those handled in this part of the tree that nobody reported yet."""

    part = SERVICES

    def __init__(self, book: Book):
        self.book = book
        self.extra: tuple[SheetColumn, ...] = ()
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
            yield row

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "KẾT QUẢ GIẢI QUYẾT CÁC DỊCH VỤ CÔNG THIẾT YẾU", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, (*SERVICE_SHEET, *self.extra), heading, frozen=3)
        for order, row in enumerate(self.services, start=1):
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        table.add_total("TỔNG SỐ", sums(self.services, FIGURE_FIELDS))
        if not_counted := book.view.not_counted:
            headline = figures_of(book.view.measures.rated)
            table.add_part("Phần tính tỷ lệ chung", {name: headline[name] for name in RATE_FIELDS})
            table.note(f"Tỷ lệ chung không tính {not_counted}; tỷ lệ ở dòng TỔNG SỐ tính mọi dịch vụ công.")
        table.close()


class IndicatorSheet:
    part = INDICATORS

    def __init__(self, book: Book):
        self.book = book
        lines = book.view.indicators
        places = {line.indicator.group: place for place, line in reversed(list(enumerate(lines)))}
        self.together = sorted(lines, key=lambda line: places[line.indicator.group])  # first place of each
        self.rows = len(lines)

    def write(self, add) -> None:
        book = self.book
        shows_targets = TARGET in book.choice.columns
        columns = (*INDICATOR_SHEET, *(TARGET_COLUMNS if shows_targets else ()))
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
        table.close()
