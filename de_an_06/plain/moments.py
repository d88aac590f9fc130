"""Times as officials write them, in Vietnam's time wherever the server stands."""

import datetime as dt

from django.utils import timezone

FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2100, 12, 31)  # of all days that are typed or asked for
WEEKDAYS = ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"]


def moment(value: dt.datetime | None) -> str:
    """'15:12 ngày 13/11/2026'; nothing -> ''."""
    return "" if value is None else timezone.localtime(value).strftime("%H:%M ngày %d/%m/%Y")


def moment_short(value: dt.datetime | None) -> str:
    """'16/11 10:02'."""
    return "" if value is None else timezone.localtime(value).strftime("%d/%m %H:%M")


def deadline(value: dt.datetime | None) -> str:
    """'17:00 thứ Hai, 16/11/2026'."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{local:%H:%M} {WEEKDAYS[local.weekday()]}, {local:%d/%m/%Y}"
