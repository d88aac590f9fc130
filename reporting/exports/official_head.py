"""Head and end of an administrative document (Decree 30/2020): who issues it, where and when, who signs, who receives.

Number and day stay blank: they are given when it is signed. So do the names of those who sign.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from reporting.reading.overview import Overview
from taskforces.models import Level, UnitVersion

if TYPE_CHECKING:
    from .sheets import SheetTable

COUNTRY, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
NATIONAL_BODY = "TỔ CÔNG TÁC TRIỂN KHAI ĐỀ ÁN 06 CỦA CHÍNH PHỦ"
CAPITAL = "Hà Nội"
END_HEIGHT = 110  # points: four lines, and room to sign


@dataclass(frozen=True)
class OfficialHead:
    """`above`: the superior body, '' where the document names none."""

    above: str
    body: str
    symbol: str
    place: str
    date: str
    signed_for: str
    signed_as: str
    receivers: tuple[str, ...]

    @property
    def place_and_date(self) -> str:
        return f"{self.place}, {self.date}"


def committee(version: UnitVersion) -> str:
    """'ỦY BAN NHÂN DÂN XÃ PHÚ RIỀNG'."""
    return f"ỦY BAN NHÂN DÂN {version.name}".upper()


def date_to_fill(at: dt.datetime) -> str:
    """'ngày … tháng 11 năm 2026'; January and February with a zero."""
    today = timezone.localtime(at)
    month = f"{today.month:02d}" if today.month <= 2 else str(today.month)
    return f"ngày … tháng {month} năm {today.year}"


def official_head(view: Overview, at: dt.datetime) -> OfficialHead:
    """Of a unit's People's Committee; of the nation, which has none, of the Government's task force."""
    version, date = view.version, date_to_fill(at)
    if version.unit.level == Level.NATION:
        receivers = ("- Thành viên Tổ công tác;", "- Lưu: VT, TCT.")
        return OfficialHead(
            "", NATIONAL_BODY, "Số: …………/BC-TCT", CAPITAL, date, "TM. TỔ CÔNG TÁC", "TỔ TRƯỞNG", receivers
        )
    parent = view.ancestors[-1] if view.ancestors else None
    is_under_nation = parent is None or parent.unit.level == Level.NATION
    first = (
        "- Tổ công tác Đề án 06 của Chính phủ;"
        if is_under_nation or parent is None
        else f"- UBND {parent.name[:1].lower()}{parent.name[1:]};"
    )
    return OfficialHead(
        above="" if is_under_nation or parent is None else committee(parent),
        body=committee(version),
        symbol="Số: …………/BC-UBND",
        place=version.short_name,
        date=date,
        signed_for="TM. ỦY BAN NHÂN DÂN",
        signed_as="CHỦ TỊCH",
        receivers=(first, "- Tổ công tác Đề án 06 cùng cấp;", "- Lưu: VT."),
    )


# On a sheet -----------------------------------------------------------------------------------------------------------


def write_head(table: "SheetTable", head: OfficialHead) -> None:
    """Three rows: body over body and number on the left, the country, its motto, place and date on the right."""
    f = table.formats
    (left_end, right_start), last = _cut(table, (0.45,))[0], len(table.columns) - 1
    left = [(head.above, f.official), (head.body, f.official_bold)] if head.above else [(head.body, f.official_bold)]
    left = [*left, (head.symbol, f.official), ("", f.official)][:3]
    right = [(COUNTRY, f.official_bold), (MOTTO, f.motto), (head.place_and_date, f.official_italic)]
    for row, ((a, a_format), (b, b_format)) in enumerate(zip(left, right, strict=True)):
        table.set_height(row, 18)
        table.block(row, 0, left_end, a, a_format)
        table.block(row, right_start, last, b, b_format)


def write_end(table: "SheetTable", head: OfficialHead) -> int:
    """Who receives it, who drew it up, who signs, under the table: in one row, which no page break parts. Returns the
    row after."""
    f, last, row = table.formats, len(table.columns) - 1, table.row + 1
    (a_end, b_start), (b_end, c_start) = _cut(table, (0.33, 0.62))
    table.set_height(row, END_HEIGHT)
    hint, sign = "(Ký, ghi rõ họ tên)", "(Ký, đóng dấu, ghi rõ họ tên)"
    for first, end, parts, cell_format in (
        (0, a_end, [f.receivers, "Nơi nhận:\n", f.small, "\n".join(head.receivers)], f.end_left),
        (b_start, b_end, [f.bold_letters, "NGƯỜI LẬP BIỂU\n", f.italic_letters, hint], f.end),
        (c_start, last, [f.bold_letters, f"{head.signed_for}\n{head.signed_as}\n", f.italic_letters, sign], f.end),
    ):
        if end > first:
            table.sheet.merge_range(row, first, row, end, "", cell_format)
        table.sheet.write_rich_string(row, first, *parts, cell_format)
    return row + 1


def _cut(table: "SheetTable", shares: tuple[float, ...]) -> list[tuple[int, int]]:
    """Where the sheet's width is cut, as near to its shares as columns allow: (last column before, first after)."""
    widths = [column.width for column in table.columns]
    before = [sum(widths[:i]) for i in range(len(widths))]
    cuts: list[tuple[int, int]] = []
    for share in shares:
        least = cuts[-1][1] + 1 if cuts else 1
        start = min(range(least, len(widths)), key=lambda i: abs(before[i] - sum(widths) * share))
        cuts.append((start - 1, start))
    return cuts
