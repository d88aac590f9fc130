"""Head and end of an administrative document (Decree 30/2020): who issues it, where and when, who signs, who receives.

Number and day stay blank: they are given when it is signed. So do the names of those who sign.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from reporting.reading.overview import Overview
from taskforces.models import Level, UnitVersion

COUNTRY, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
NATIONAL_BODY = "TỔ CÔNG TÁC TRIỂN KHAI ĐỀ ÁN 06 CỦA CHÍNH PHỦ"
CAPITAL = "Hà Nội"


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
