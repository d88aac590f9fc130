"""The book asked for on the export page: sheets (trang), columns (cot), heads (the_thuc) of an address or form."""

from collections.abc import Sequence
from urllib.parse import urlencode

from reporting.exports.book.choice import BOOK_COLUMNS, BOOK_PARTS, COMMUNES_PART, SHORT, BookChoice, BookPart, Layout
from reporting.models import ExportJob
from taskforces.models import Level

WAS_SHOWN = "da_chon"  # the form showed the sheets, so none ticked means none
LAYOUTS = {
    Layout.STATISTICAL: ("Biểu thống kê", "Biểu số, ban hành theo, đơn vị báo cáo, đơn vị nhận báo cáo"),
    Layout.OFFICIAL: (
        "Văn bản hành chính",
        "Quốc hiệu, cơ quan ban hành, số và ký hiệu; nơi nhận, người lập biểu, thủ trưởng ký",
    ),
}
MORE_COLUMNS = {
    "ky-truoc": "tăng, giảm; tỷ lệ bằng điểm phần trăm",
    "cung-ky": "tăng, giảm; tỷ lệ bằng điểm phần trăm",
    "luy-ke": "từ tháng 01 đến hết kỳ",
    "chi-tieu-giao": "kèm mức đạt, đánh giá",
    "toan-trinh": "số riêng của từng đơn vị",
}


def book_asked(data) -> BookChoice:
    """The short book where nothing was chosen yet. Raises ValueError for a name that is none."""
    parts = data.getlist("trang")
    if not parts and not data.get(WAS_SHOWN):
        parts = SHORT.parts
    return BookChoice.of(parts, data.getlist("cot"), data.get("the_thuc") or Layout.STATISTICAL)


def fields_of(book: BookChoice) -> list[tuple[str, str]]:
    """As the page's own form sends them."""
    named = [("trang", key) for key in book.parts] + [("cot", key) for key in book.columns]
    return [*named, ("the_thuc", book.layout), (WAS_SHOWN, "1")]


def query_of(book: BookChoice) -> str:
    """For an address; nothing of the short book."""
    return "" if book == SHORT else "&" + urlencode(fields_of(book))


def shown(book: BookChoice, levels: Sequence[str]) -> dict:
    """What the form offers. `levels`: those below the unit; without districts there is nothing to add up by them."""
    offered = [part for part in BOOK_PARTS if part != COMMUNES_PART or Level.DISTRICT in levels]

    def lines(parts: list[BookPart]) -> list[tuple[str, str, str, bool]]:
        return [(part.key, part.name, part.words, book.has(part)) for part in parts]

    return {
        "short_parts": lines([part for part in offered if part.is_short]),
        "long_parts": lines([part for part in offered if not part.is_short]),
        "columns": [(key, name, MORE_COLUMNS[key], key in book.columns) for key, name in BOOK_COLUMNS.items()],
        "layouts": [(key.value, *words, key == book.layout) for key, words in LAYOUTS.items()],
        "more_is_open": bool(set(book.parts) - set(SHORT.parts) or book.columns),
        "no_parts": not book.parts,
    }


def words_of(job: ExportJob) -> str:
    """What is not the usual about a book; '' of the short one as a statistical form."""
    if not job.parts:
        return ""
    book = BookChoice.of_job(job)
    said = [part.name for part in book.sheets] if book.parts != SHORT.parts else []
    said += [f"cột {BOOK_COLUMNS[key].lower()}" for key in book.columns]
    said += [LAYOUTS[Layout.OFFICIAL][0].lower()] if book.layout == Layout.OFFICIAL else []
    return ", ".join(said)
