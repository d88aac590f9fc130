"""Sheets of the reports: who handed in, what is missing, and the rows behind the totals."""

from collections.abc import Iterator

from reporting.figures import FIGURE_FIELDS
from reporting.models import Basis, PublicService
from reporting.reading.owed import Submissions
from taskforces.models.units import reporter_name

from ..detail_rows import MISSING_SHEET, SOURCE_SHEET, Name, UnitDossiers, missing_reports
from ..sheets import Row, SheetColumn, SheetTable, figure_in, total
from .choice import MISSING_PART, SOURCES_PART, STATUS_PART
from .frame import Book

STATUS_SHEET = (
    SheetColumn("order", "STT", width=5, text=True),
    SheetColumn("name", "Đơn vị", width=36, text=True),
    SheetColumn("expected", "Phải nộp", "Báo cáo", width=8.5),
    SheetColumn("approved", "Đã duyệt", "Báo cáo", width=8.5),
    SheetColumn("submitted", "Chờ duyệt", "Báo cáo", width=8.5),
    SheetColumn("returned", "Trả lại", "Báo cáo", width=8.5),
    SheetColumn("unsent", "Chưa gửi", "Báo cáo", width=8.5),
    SheetColumn("late", "Nộp trễ", width=8.5),
    SheetColumn("sent", "Đã nộp", width=9.5, over=("approved", "submitted"), under="expected"),
    SheetColumn("note", "Ghi chú", width=13, text=True),
)


class StatusSheet:
    """How far the reports of each unit right below are; a unit's own report as well."""

    part = STATUS_PART

    def __init__(self, book: Book):
        self.book = book
        self.units = list(self._rows())
        self.rows = len(self.units)

    def _rows(self) -> Iterator[Row]:
        view = self.book.view
        if not view.rows:
            name = reporter_name(view.version.name, view.version.unit.level)
            yield _status_row(name, view.submissions, None)
        for row in view.rows:
            yield _status_row(row.name, row.submissions, row.days_overdue)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "TÌNH HÌNH NỘP BÁO CÁO", "báo cáo")
        table = SheetTable(add(self.part.name), book.formats, STATUS_SHEET, heading)
        for order, row in enumerate(self.units, start=1):
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        added = [column.key for column in STATUS_SHEET if column.is_added]
        table.add_total("TỔNG SỐ", {key: total(figure_in(row, key) for row in self.units) for key in added})
        table.close()


def _status_row(name: str, owed: Submissions, days_overdue: int | None) -> Row:
    """`late` are those of the sent ones that came after their deadline."""
    sent = owed.approved + owed.submitted + owed.returned
    return {
        "name": name,
        "expected": owed.expected_reports,
        "approved": owed.approved,
        "submitted": owed.submitted,
        "returned": owed.returned,
        "unsent": owed.expected_reports - sent,
        "late": owed.late,
        "note": "Quá hạn" if days_overdue is not None else "",
    }


class MissingSheet:
    part = MISSING_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        self.missing = list(missing_reports(book.members, view.periods, view.basis, book.names, book.at))
        self.rows = len(self.missing)

    def write(self, add) -> None:
        book = self.book
        official = book.view.basis == Basis.OFFICIAL
        title = "BÁO CÁO CHƯA CÓ TRONG SỐ LIỆU" if official else "ĐƠN VỊ CHƯA BÁO CÁO"
        heading = book.heading(self.part, title, "báo cáo")
        table = SheetTable(add(self.part.name), book.formats, MISSING_SHEET, heading)
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
            book.step(self.part, missing.unit.code, missing.period, missing.status)
        if not self.missing:
            book.nothing(self.part)
            table.note("Không có: mọi báo cáo phải nộp đều có trong số liệu.")
        table.close()


class SourceSheet:
    part = SOURCES_PART

    def __init__(self, book: Book):
        self.book = book
        self.rows = len(book.sources)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "SỐ LIỆU TỪNG ĐƠN VỊ ĐÃ BÁO CÁO, THEO DỊCH VỤ CÔNG", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, SOURCE_SHEET, heading, frozen=2)
        services = {service.pk: service for service in PublicService.objects.all()}
        months = {period.pk: period.label for period in book.view.periods}
        named: dict[tuple[int, int], Name] = {}
        for source in book.sources:
            key = source.unit_id, source.named.pk
            if key not in named:
                named[key] = book.names.on(source.unit_id, source.named.data_to)

        def place(source: UnitDossiers) -> tuple:
            return named[source.unit_id, source.named.pk].order, services[source.service_id].order

        for source in sorted(book.sources, key=place):
            name, service = named[source.unit_id, source.named.pk], services[source.service_id]
            words = (name.code, name.name, name.under, service.code, service.short_name, months[source.last.pk])
            table.add_plain(words, source.figures)
            book.step(self.part, name.code, service.code, list(source.figures))
        if book.sources:
            by_service = book.source_totals.values()
            table.add_total("TỔNG SỐ", {name: total(one[name] for one in by_service) for name in FIGURE_FIELDS})
            table.filter()
        else:
            book.nothing(self.part)
            table.note("Chưa có báo cáo nào trong số liệu.")
        table.close()
