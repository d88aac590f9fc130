"""Step 6, out: the Excel summary of one unit and one span, in the shape of the official forms.

The numbers are those of `reading.overview`, so page and file agree; the last sheet lists what each unit reported,
and the cover says whether these rows add up to the totals. Asks nobody's rights: export_jobs.py and the command do.
"""

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import timezone
from xlsxwriter import Workbook

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Month, Span
from reporting.figures import FIGURE_FIELDS, RATE_FIELDS, RATES
from reporting.models import Basis, Indicator, PublicService, ServiceTerms, SubmissionSummary
from reporting.models.catalogue import REPORTING_LEVELS
from reporting.models.reports import LIVE_INDICATOR
from reporting.reading import overview
from reporting.reading.against_targets import actual_text, beside_figures, with_direction
from reporting.reading.lead_agencies import live_by_agency
from reporting.reading.owed import Submissions
from reporting.reading.ranges import Dossiers, figures_of
from reporting.reading.units_below import Measures
from reporting.rollup import generation, rollup
from taskforces.clock import now_for
from taskforces.models import Level
from taskforces.models.units import reporter_name

from .comparison import ComparisonTable, blocks_of, lines_of, notes_of
from .cover import period_text, write_cover
from .detail_rows import MISSING_SHEET, SOURCE_SHEET, Name, Names, UnitDossiers, missing_reports, service_rows
from .live_columns import LIVE_COLUMN, LIVE_UNITS, LiveCells
from .sheets import (
    FIGURE_COLUMNS,
    FONT,
    Formats,
    Heading,
    Progress,
    Row,
    SheetColumn,
    SheetTable,
    figure_in,
    headline_columns,
    total,
)

MOST_SHEET_ROWS = 1_048_576  # of an Excel sheet
EVERY = 250  # rows between two notes of progress
TITLE = "TỔNG HỢP KẾT QUẢ THỰC HIỆN ĐỀ ÁN 06"
# Blank lines on purpose: the number of the form and the decision that issues it are filled in where they are decided.
RECEIVER_UNKNOWN = "…………………………"

REPORT_COUNTS = (
    SheetColumn("expected", "Phải nộp", "Báo cáo", width=8.5),
    SheetColumn("reports", "Có trong số liệu", "Báo cáo", width=8.5),
)
# The unit's own targets of the year and of the month shown, beside what they are of
TARGET_COLUMNS = (
    SheetColumn("target", "Chỉ tiêu giao", width=26, text=True),
    SheetColumn("assessment", "Đạt được (chính thức), đánh giá", width=34, text=True),
)
UNIT_WORDS = (
    SheetColumn("order", "STT", width=5, text=True),
    SheetColumn("name", "Đơn vị", width=30, text=True),
    *REPORT_COUNTS,
)
UNIT_SHEET = (*UNIT_WORDS, *FIGURE_COLUMNS, LIVE_COLUMN)
SERVICE_SHEET = (
    SheetColumn("order", "STT", width=5, text=True),
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Dịch vụ công", width=48, text=True),
    SheetColumn("units", "Đơn vị có số liệu", width=8.5, added=False),
    *FIGURE_COLUMNS,
    *LIVE_UNITS,
    *TARGET_COLUMNS,
)
INDICATOR_SHEET = (
    SheetColumn("order", "STT", width=5, text=True),
    SheetColumn("code", "Mã", width=8, text=True),
    SheetColumn("name", "Chỉ tiêu", width=60, text=True),
    SheetColumn("over_time", "Theo thời gian", width=11, text=True),
    SheetColumn("measure", "Đơn vị tính", width=13, text=True),
    SheetColumn("numerator", "Số đạt", width=13),
    SheetColumn("denominator", "Tổng số", width=13),
    SheetColumn("rate", "Tỷ lệ", width=11, over=("numerator",), under="denominator"),
    SheetColumn("units", "Đơn vị có số liệu", width=10),
    *TARGET_COLUMNS,
)


class CannotExport(Exception):
    """There is nothing to write; the sentence is for the person who asked."""


@dataclass
class Written:
    """What was written: rows per sheet, and how much is behind the numbers."""

    unit_name: str
    label: str  # of the stretch, with its months where they are not all of it
    months: list[Month]
    units_reported: int
    units_expected: int
    figures_as_of: dt.datetime
    sheets: dict[str, int] = field(default_factory=dict)
    checksum: str = ""
    differences: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.sheets.values())


def completeness(basis: str, reported: int, expected: int, is_month: bool) -> str:
    """What page and file say of the numbers: 'Số liệu tạm tính, 12/14 đơn vị'; over several months, reports."""
    kind = "chính thức" if basis == Basis.OFFICIAL else "tạm tính"
    noun = "đơn vị" if is_month else "báo cáo"
    return f"Số liệu {kind}, {format_number(reported)}/{format_number(expected)} {noun}"


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
) -> Written:
    """Writes the file and returns what is in it. Raises CannotExport when the unit has no month in the span.

    `by` is the person named on the cover (None: made by command), `at` the moment of that person. `is_joined`: by the
    boundaries of the last day, as the page with the same choice.
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
    return _Writer(Path(path), view, by, at, progress).write()


class _Writer:
    """One file being written: what is read once and used by several sheets."""

    def __init__(self, path: Path, view: overview.Overview, by, at: dt.datetime, progress: Progress | None):
        self.path, self.view, self.by, self.at = path, view, by, at
        self.progress = progress
        self.done = 0
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
        self.not_counted = view.not_counted  # by the headline rates
        units = view.joined.line.members if view.joined else [view.unit_id]
        names = Names(units, view.periods)
        self.names = names
        self.sources = service_rows(units, view.periods, view.basis)
        self.missing = list(missing_reports(units, view.periods, view.basis, names, at))
        self.targets = {} if view.joined else beside_figures(view.unit_id, view.version.unit.level, view.periods[-1])
        self.live = LiveCells(view)
        self.units = list(self._unit_rows())
        self.services = list(self._service_rows())
        self.blocks = blocks_of(view)
        self.compared = list(lines_of(view, self.blocks))
        self.total = len(self.units) + len(self.services) + len(view.indicators) + len(self.compared)
        self.total += len(self.missing) + len(self.sources)
        if self.total > MOST_SHEET_ROWS - 100:
            raise CannotExport("Biểu này nhiều dòng hơn một trang Excel chứa được. Chọn kỳ ngắn hơn.")
        self.written.differences = self._differences()

    def write(self) -> Written:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": FONT, "font_size": 11},
        }
        # The pieces go whatever happens: xlsxwriter itself removes none of them when the disk is full.
        with tempfile.TemporaryDirectory() as pieces, Workbook(str(self.path), options | {"tmpdir": pieces}) as book:
            book.set_properties(
                {
                    "title": f"{TITLE.capitalize()} – {self.view.version.name}, {self.view.label}",
                    "author": self.by.full_name if self.by else "Cổng báo cáo Đề án 06",
                    "created": timezone.localtime(self.at).replace(tzinfo=None),
                }
            )
            self.formats = Formats(book)
            cover = book.add_worksheet("Bìa")  # first in the book, written last: it says what the others hold
            self._write_units(book.add_worksheet("Theo đơn vị"))
            self._write_services(book.add_worksheet("Theo dịch vụ"))
            self._write_indicators(book.add_worksheet("Chỉ tiêu"))
            self._write_comparison(book.add_worksheet("So sánh"))
            self._write_missing(book.add_worksheet("Chưa báo cáo"))
            self._write_sources(book.add_worksheet("Nguồn số liệu"))
            self.written.checksum = self.digest.hexdigest()
            write_cover(
                cover,
                self.formats,
                self.view,
                self.written,
                by=self.by,
                at=self.at,
                generation=self._generation(),
                status=self._heading(0, "", "").warning,
            )
        # No row is lost on the way: what was written is what was read.
        assert self.written.rows == self.total
        if self.progress:
            self.progress(self.total, self.total)
        return self.written

    # What goes in ------------------------------------------------------------------------------------------------

    def _unit_rows(self) -> Iterator[Row]:
        view = self.view
        if not view.rows:  # a unit with nothing below it: its own report is its total
            name = reporter_name(view.version.name, view.version.unit.level)
            yield _unit_row(name, view.submissions, view.measures, self.live.of_unit(view.unit_id))
        for row in view.rows:
            yield _unit_row(row.name, row.submissions, row.measures, self.live.of_unit(row.unit_id))

    def _service_rows(self) -> Iterator[Row]:
        """Services with figures, and those handled in this part of the tree that nobody reported yet."""
        view = self.view
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
            targets = self._target_cells({rate.short_label: f"{service.code}.{rate.name}" for rate in RATES})
            line: Row = {"code": service.code, "name": service.name, "units": dossiers.units}
            yield {**line, **figures_of(dossiers), **self.live.of_service(service.pk), **targets}

    def _target_cells(self, keys: dict[str, str]) -> Row:
        """What the two columns say of some figures; `keys`: word before the target -> what it is of."""
        found = [(words, one) for words, key in keys.items() for one in self.targets.get(key, [])]
        lead = [f"{words}, {one.target.span_label}" if words else one.target.span_label for words, one in found]
        given = [with_direction(one.target.value, one.target) for _, one in found]
        came = [f"{actual_text(one)} {one.assessment}".strip() for _, one in found]
        return {
            "target": "; ".join(f"{a}: {b}" for a, b in zip(lead, given, strict=True)),
            "assessment": "; ".join(f"{a}: {b}" for a, b in zip(lead, came, strict=True)),
        }

    def _differences(self) -> list[str]:
        """Services whose total is not the sum of the rows behind it; a healthy roll-up gives none."""
        behind: dict[int, list[UnitDossiers]] = {}
        for source in self.sources:
            behind.setdefault(source.service_id, []).append(source)
        return [
            line.service.code
            for line in self.view.services
            if figures_of(line.dossiers) != _totals_of_sources(behind.get(line.service.pk, []))
        ]

    def _generation(self) -> int | None:
        """The run of the roll-up behind a month's totals; longer spans and communes are read from the reports."""
        view = self.view
        if not view.has_units_below or len(view.periods) > 1:
            return None
        runs = SubmissionSummary.objects.filter(unit_id=view.unit_id, period=view.periods[0])
        return runs.values_list("generation", flat=True).first()

    # Sheets ------------------------------------------------------------------------------------------------------

    def _heading(self, number: int, title: str, measure: str) -> Heading:
        view, owed = self.view, self.view.submissions
        parent = view.ancestors[-1] if view.ancestors else None
        return Heading(
            form=f"{number:02d}",
            title=title,
            unit_name=view.version.name,
            receiver=parent.name if parent and parent.unit.level != Level.NATION else RECEIVER_UNKNOWN,
            period=period_text(view),
            measure=measure,
            warning=completeness(view.basis, owed.reports, owed.expected_reports, view.span.is_month),
        )

    def _step(self, sheet: str, *values) -> None:
        self.written.sheets[sheet] = self.written.sheets.get(sheet, 0) + 1
        self.digest.update(repr((sheet, *values)).encode())
        self.done += 1
        if self.progress and self.done % EVERY == 0:
            self.progress(self.done, self.total)

    def _write_units(self, sheet) -> None:
        columns = (*UNIT_WORDS, *headline_columns(self.not_counted), LIVE_COLUMN) if self.not_counted else UNIT_SHEET
        table = SheetTable(sheet, self.formats, columns, self._heading(1, f"{TITLE} THEO ĐƠN VỊ", "hồ sơ"))
        for order, row in enumerate(self.units, start=1):
            table.add({"order": str(order), **row})
            self._step("units", *row.values())
        plain = [column.key for column in columns if not column.text and not column.adds and not column.is_rate]
        table.add_total("TỔNG SỐ", _sums(self.units, plain))
        table.close()

    def _write_services(self, sheet) -> None:
        title = "KẾT QUẢ GIẢI QUYẾT CÁC DỊCH VỤ CÔNG THIẾT YẾU"
        table = SheetTable(sheet, self.formats, SERVICE_SHEET, self._heading(2, title, "hồ sơ"), frozen=3)
        for order, row in enumerate(self.services, start=1):
            table.add({"order": str(order), **row})
            self._step("services", *row.values())
        table.add_total("TỔNG SỐ", _sums(self.services, FIGURE_FIELDS))
        if self.not_counted:
            headline = figures_of(self.view.measures.rated)
            table.add_part("Phần tính tỷ lệ chung", {name: headline[name] for name in RATE_FIELDS})
            table.note(f"Tỷ lệ chung không tính {self.not_counted}; tỷ lệ ở dòng TỔNG SỐ tính mọi dịch vụ công.")
        table.close()

    def _write_indicators(self, sheet) -> None:
        heading = self._heading(3, "CÁC CHỈ TIÊU CHUNG", "ghi ở cột E")
        table = SheetTable(sheet, self.formats, INDICATOR_SHEET, heading, frozen=3)
        group = None
        places = {line.indicator.group: place for place, line in reversed(list(enumerate(self.view.indicators)))}
        together = sorted(self.view.indicators, key=lambda line: places[line.indicator.group])  # first place of each
        for order, line in enumerate(together, start=1):
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
                **self._target_cells({"": indicator.code}),
            }
            is_ratio = indicator.kind == Indicator.Kind.RATIO
            table.add(
                {"order": str(order), **row},
                not_meant=() if is_ratio else ("denominator", "rate"),
                said={"numerator": line.said.word},
            )
            self._step("indicators", *row.values())
        for line in together:
            if line.said.note:
                table.note(f"{line.indicator.code}: {line.said.note}.")
        if agencies := live_by_agency(self.view):
            said = "; ".join(f"{one.agency} {one.text}" for one in agencies)
            table.note(f"{LIVE_INDICATOR} theo cơ quan chủ trì, số của riêng đơn vị: {said}.")
        table.close()

    def _write_comparison(self, sheet) -> None:
        heading = self._heading(4, "SO SÁNH VỚI KỲ TRƯỚC VÀ CÙNG KỲ NĂM TRƯỚC", "ghi ở cột D")
        table = ComparisonTable(sheet, self.formats, heading, self.blocks)
        group = None
        for line in self.compared:
            if line.group != group:
                group = line.group
                table.group(group)
            table.add_line(line)
            self._step("comparison", line.code, line.name, line.figure, *line.sides)
        for note in notes_of(self.view, self.blocks):
            table.note(note)
        if not self.compared:
            self.written.sheets["comparison"] = 0
        table.close()

    def _write_missing(self, sheet) -> None:
        official = self.view.basis == Basis.OFFICIAL
        title = "BÁO CÁO CHƯA CÓ TRONG SỐ LIỆU" if official else "ĐƠN VỊ CHƯA BÁO CÁO"
        table = SheetTable(sheet, self.formats, MISSING_SHEET, self._heading(5, title, "báo cáo"))
        for order, missing in enumerate(self.missing, start=1):
            row = {
                "unit": missing.unit.name,
                "under": missing.unit.under,
                "period": missing.period,
                "status": missing.status,
                "due_at": missing.due_at,
                "note": missing.note,
            }
            table.add({"order": str(order), **row})
            self._step("missing", missing.unit.code, missing.period, missing.status)
        if not self.missing:
            self.written.sheets["missing"] = 0
            table.note("Không có: mọi báo cáo phải nộp đều có trong số liệu.")
        table.close()

    def _write_sources(self, sheet) -> None:
        heading = self._heading(6, "SỐ LIỆU TỪNG ĐƠN VỊ ĐÃ BÁO CÁO, THEO DỊCH VỤ CÔNG", "hồ sơ")
        table = SheetTable(sheet, self.formats, SOURCE_SHEET, heading, frozen=2)
        services = {service.pk: service for service in PublicService.objects.all()}
        named: dict[tuple[int, int], Name] = {}
        lines: list[tuple[tuple, int, Name, UnitDossiers]] = []
        for source in self.sources:
            key = source.unit_id, source.named.pk
            name = named.get(key)
            if name is None:
                name = named[key] = self.names.on(source.unit_id, source.named.data_to)
            lines.append((name.order, services[source.service_id].order, name, source))
        lines.sort(key=lambda line: line[:2])
        for _, _, name, source in lines:
            service = services[source.service_id]
            table.add_plain(
                (name.code, name.name, name.under, service.code, service.short_name, source.last.label),
                source.figures,
            )
            self._step("sources", name.code, service.code, list(source.figures))
        if lines:
            table.add_total("TỔNG SỐ", _totals_of_sources(self.sources))
            table.filter()
        else:
            self.written.sheets["sources"] = 0
            table.note("Chưa có báo cáo nào trong số liệu.")
        table.close()


def _unit_row(name: str, owed: Submissions, measures: Measures, live: str) -> Row:
    row = {"name": name, "expected": owed.expected_reports, "reports": owed.reports, **figures_of(measures.dossiers)}
    row["live"] = live
    if measures.headline is not None:
        for rate in RATES:
            row[f"{rate.name}_over"], row[f"{rate.name}_under"] = measures.rate(rate)
    return row


def _sums(rows: list[Row], names: Iterable[str]) -> dict[str, int | None]:
    return {name: total(figure_in(row, name) for row in rows) for name in names}


def _totals_of_sources(sources: list[UnitDossiers]) -> dict[str, int | None]:
    return {name: total(source.figures[i] for source in sources) for i, name in enumerate(FIGURE_FIELDS)}
