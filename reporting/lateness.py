"""Lateness, decided once and worded once.

A report is late from the first moment after its deadline, never at it, and the first time it is sent decides: a
correction, later, makes no punctual unit late. Days are counted by the calendar of Vietnam.
"""

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from de_an_06.plain.numbers import format_number

from .models import Period, PeriodDeadline, Status

SENT_LATE, SENT_IN_TIME = "Nộp trễ", "Đúng hạn"  # of a report that was sent, by Report.is_late
SENT = frozenset({Status.SUBMITTED, Status.APPROVED})


Deadlines = dict[tuple[int, str], dt.datetime]


def deadlines_of(periods: Iterable[Period]) -> Deadlines:
    """(period, level) -> by when reports of that level are to be sent; one query."""
    rows = PeriodDeadline.objects.filter(period__in=periods)
    return {(row.period_id, row.level): row.due_at for row in rows}


def is_past(due_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Has the deadline passed? False at the very moment of the deadline, and where there is none."""
    return due_at is not None and now > due_at


def days_overdue(status: str, due_at: dt.datetime | None, now: dt.datetime) -> int | None:
    """Days since the deadline of a report not handed in (0 = today); None when it is handed in or still in time."""
    if due_at is None or status in SENT or not is_past(due_at, now):
        return None
    return _days_between(due_at, now)


def overdue_words(days: int) -> str:
    """'Quá hạn 2 ngày', 'Quá hạn hôm nay'."""
    return f"Quá hạn {format_number(days)} ngày" if days else "Quá hạn hôm nay"


def time_left(due_at: dt.datetime, now: dt.datetime) -> str:
    """'Còn 3 ngày', 'Còn 8 giờ 20 phút' in the last two days, 'Quá hạn 2 ngày' afterwards."""
    if is_past(due_at, now):
        return overdue_words(_days_between(due_at, now))
    minutes = int((due_at - now).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"Còn {format_number(_days_between(now, due_at))} ngày"
    if not hours:
        return f"Còn {minutes} phút"
    return f"Còn {hours} giờ" + (f" {rest} phút" if rest and hours < 24 else "")


def _days_between(earlier: dt.datetime, later: dt.datetime) -> int:
    return (timezone.localtime(later).date() - timezone.localtime(earlier).date()).days
