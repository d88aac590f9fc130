"""The first sheet of the Excel summary: where its numbers come from, and how to read them."""

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate
from reporting.figures import NOT_MEANT, RATES, SIGNS
from reporting.models import Basis
from reporting.reading import overview

from .book.choice import MISSING_PART, SOURCES_PART
from .cell_formats import FONT, Formats
from .issuing import write_code

if TYPE_CHECKING:
    from .book.frame import Book

EXPLAINED = (
    ("(ô trống)", SIGNS["blank"]),
    ("0", "đơn vị đã báo cáo và số liệu bằng 0"),
    (NO_VALUE, SIGNS["no_rate"]),
    (NOT_MEANT, SIGNS["not_meant"]),
    ("Tỷ lệ", "tổng tử số chia tổng mẫu số; không phải trung bình của các tỷ lệ"),
    ("3=1+2", "cách tính cột 3 từ các cột đánh số 1 và 2"),
)


def period_text(view: overview.Overview) -> str:
    """'tháng 11/2026 (số liệu từ 15/10/2026 đến 14/11/2026)'; an unfinished stretch names its months."""
    dates = f"số liệu từ {view.periods[0].data_from:%d/%m/%Y} đến {view.periods[-1].data_to:%d/%m/%Y}"
    period = f"{view.label} ({dates})" if view.label == view.span.label else f"{view.label}, {dates}"
    if not view.boundaries_changed:
        return period
    how = f"nối theo ngày {view.day:%d/%m/%Y}" if view.joined else "tại thời điểm"
    return f"{period}; địa giới {how}"


def write_cover(sheet, book: "Book") -> None:
    """Provenance first, then what each sheet holds, then the signs."""
    formats, view, counts = book.formats, book.view, book.written
    sheet.hide_gridlines(2)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.8, right=0.6, top=0.8, bottom=0.8)
    sheet.set_footer(f'&R&"{FONT}"&9Trang &P/&N')
    sheet.set_column(0, 0, 30, formats.plain)
    sheet.set_column(1, 1, 68, formats.plain)
    sheet.set_row(0, 42)
    _across(sheet, 0, "BIỂU TỔNG HỢP KẾT QUẢ THỰC HIỆN ĐỀ ÁN 06", formats.title)
    _across(sheet, 1, view.version.name, formats.subtitle)
    _across(sheet, 2, f"Kỳ báo cáo: {view.label}", formats.subtitle)
    sheet.set_row(3, 24)
    _across(sheet, 3, book.status, formats.warning)

    row = write_code(sheet, 5, formats, book.paper) if book.paper else 5
    for label, text in _facts(book):
        sheet.set_row(row, 15.75 * _lines(text))
        sheet.write_string(row, 0, label, formats.label)
        sheet.write_string(row, 1, text, formats.fact)
        row += 1
    row = _section(sheet, row + 1, "Các trang trong tệp", formats)
    for part in book.choice.sheets:
        sheet.write_url(row, 0, f"internal:'{part.name}'!A1", formats.link, part.name)
        rows = format_number(counts.sheets.get(part.counted, 0))
        sheet.write_string(row, 1, f"{part.words} ({rows} dòng)", formats.fact)
        row += 1
    row = _section(sheet, row + 1, "Ký hiệu", formats)
    for sign, text in EXPLAINED:
        sheet.write_string(row, 0, sign, formats.label)
        sheet.write_string(row, 1, text, formats.fact)
        row += 1
    sheet.print_area(0, 0, row - 1, 1)


def _facts(book: "Book") -> list[tuple[str, str]]:
    view, counts, by = book.view, book.written, book.by
    owed = view.submissions
    official = view.basis == Basis.OFFICIAL
    basis = "Chính thức: chỉ báo cáo đã duyệt" if official else "Tạm tính: báo cáo đã gửi và đã duyệt"
    reported = f"{format_number(owed.reports)}/{format_number(owed.expected_reports)}"
    if not view.span.is_month:
        reported += f", của {format_number(owed.reported)}/{format_number(owed.expected)} đơn vị"
    missing = counts.sheets.get(MISSING_PART.counted, owed.expected_reports - owed.reports)
    where = f" – xem trang “{MISSING_PART.name}”" if book.choice.has(MISSING_PART) else ""
    facts = [
        ("Đơn vị", f"{view.version.name} (mã {view.version.unit.code})"),
        ("Địa giới", _boundaries(view)),
        ("Kỳ báo cáo", period_text(view)),
        ("Cơ sở số liệu", basis),
        ("Báo cáo trong số liệu", reported),
        ("Báo cáo chưa có", f"{format_number(missing)}{where}" if missing else "0"),
        ("Báo cáo nộp trễ", format_number(owed.late)),
        ("Số liệu đến", _moment(view.as_of or book.at)),
        (
            "Người lập",
            f"{by.full_name}{', ' + by.job_title if by.job_title else ''}" if by else "Lập bằng lệnh trên máy chủ",
        ),
        ("Lập lúc", _moment(book.at)),
        *([("Đối chiếu", _agreement(counts.differences))] if book.choice.has(SOURCES_PART) else []),
        (
            "Chuỗi đối chiếu",
            counts.checksum[:16] + (f" (lượt tổng hợp {book.generation})" if book.generation else ""),
        ),
    ]
    if by is not None and by.demo_today is not None:
        facts.append(("Lưu ý", "Bản trình diễn: số liệu giả định, trừ số đã công bố trên báo chí."))
    if view.not_counted:
        rates = ", ".join(
            f"{rate.short_label.lower()} {format_rate(*view.measures.rate(rate))} "
            f"(tính cả: {format_rate(*view.dossiers.rate(rate))})"
            for rate in RATES
        )
        facts.append(("Tỷ lệ chung", f"Không tính {view.not_counted}: {rates}"))
    facts += [("Lưu ý", notice) for notice in [*view.notices, *view.problems]]
    return facts


def _boundaries(view) -> str:
    day = f"{view.day:%d/%m/%Y}"
    if view.joined:
        return f"nối theo ngày {day}: cộng số liệu của các đơn vị cũ nhập trọn vào đơn vị ngày đó"
    if view.boundaries_changed:
        return f"mỗi tháng theo địa giới tại thời điểm; tên đơn vị theo ngày {day}"
    return f"theo đơn vị hành chính ngày {day}"


def _agreement(differences: list[str]) -> str:
    if not differences:
        return "Tổng của từng dịch vụ bằng tổng các dòng ở trang “Nguồn số liệu”."
    which = ", ".join(differences)
    return f"Số tổng hợp của {which} lệch với các dòng ở trang “Nguồn số liệu”. Báo người quản trị trước khi dùng."


def _section(sheet, row: int, text: str, formats: Formats) -> int:
    sheet.write_string(row, 0, text, formats.bold)
    return row + 1


def _across(sheet, row: int, text: str, cell_format) -> None:
    sheet.merge_range(row, 0, row, 1, "", cell_format)
    sheet.write_string(row, 0, text, cell_format)


def _lines(text: str) -> int:
    """Lines the text takes in the second column, so that nothing is cut when printed."""
    return -(-len(text) // 72)


def _moment(moment: dt.datetime) -> str:
    return timezone.localtime(moment).strftime("%H:%M ngày %d/%m/%Y")
