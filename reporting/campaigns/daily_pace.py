"""How fast a campaign goes, and when it will be done. Pure functions of what is entered, so that the rule stands once.

Seven days: the seven before today (today is not over), after the last day the last seven. A day counts when at least
half of the units entered it by itself; what nobody entered is unknown, not 0, and a sum over several days says nothing
of one of them. With fewer than three such days nothing is said.

Only units that have not finished count, for what the others still add brings the end no nearer.

Forecast: from the best of these days the earliest, from the worst the latest day on which the rest would be done,
working every day from today on. A worst day of 0 has no latest day. More is not claimed: the campaign's own spread is
the only uncertainty shown.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from de_an_06.plain.numbers import format_number

PACE_DAYS, FEWEST_DAYS = 7, 3
FARTHEST = 3650  # days; a later forecast says nothing a reader could use


@dataclass(frozen=True)
class DayTotal:
    """All units together on one day: `units` entered it by itself, `summed` numbers end on it and cover several."""

    value: int
    units: int
    summed: int = 0


@dataclass(frozen=True)
class DayRow:
    """A day of a campaign: what all units did, and those of them that have not finished."""

    all: DayTotal
    working: DayTotal


@dataclass(frozen=True)
class DailyPace:
    """Mean, lowest and highest of the days that count; `days` says how many those are."""

    days: int
    mean: Fraction
    lowest: int
    highest: int


@dataclass(frozen=True)
class Forecast:
    """`latest` None: no latest day can be named. Both None: nothing can be said, `words` says why."""

    words: str
    earliest: dt.date | None = None
    latest: dt.date | None = None
    look: str = ""  # 'ok', 'warn', 'bad', ''


def pace_of(
    totals: Mapping[dt.date, DayTotal], owing: Mapping[dt.date, int], today: dt.date, first: dt.date, last: dt.date
) -> DailyPace | None:
    """`owing`: how many units enter numbers of that day. None with fewer than three days."""
    ends = min(today - dt.timedelta(days=1), last)
    days = [ends - dt.timedelta(days=n) for n in range(PACE_DAYS)]
    counted = [
        totals[day].value
        for day in days
        if first <= day in totals and not totals[day].summed and 0 < totals[day].units * 2 >= owing.get(day, 0)
    ]
    if len(counted) < FEWEST_DAYS:
        return None
    return DailyPace(len(counted), Fraction(sum(counted), len(counted)), min(counted), max(counted))


def days_left(today: dt.date, first: dt.date, last: dt.date) -> int:
    """Days to work on, today included; 0 after the last day, all of them before the first."""
    return max(0, (last - max(today, first)).days + 1)


def needed_a_day(remaining: int, left: int) -> int | None:
    """What each remaining day has to bring, rounded up; None when no day is left."""
    return -(-remaining // left) if left else None


def forecast(remaining: int, pace: DailyPace | None, today: dt.date, first: dt.date, last: dt.date) -> Forecast:
    """'dự kiến xong khoảng 18/12–24/12/2026; có thể không kịp'."""
    if remaining <= 0:
        return Forecast("Đã xong.", look="ok")
    if pace is None:
        return Forecast("Chưa đủ 3 ngày có số trong 7 ngày qua để dự kiến ngày xong.")
    start = max(today, first)
    earliest, latest = _done_on(remaining, pace.highest, start), _done_on(remaining, pace.lowest, start)
    if earliest is None:
        return Forecast(f"Với tốc độ {PACE_DAYS} ngày qua, chưa thấy ngày xong.", look="bad")
    if latest is None:
        words, look = f"sớm nhất {earliest:%d/%m/%Y}, chưa nói được muộn nhất", "warn"
    elif latest == earliest:
        words, look = f"khoảng ngày {earliest:%d/%m/%Y}", "ok"
    else:
        words, look = f"khoảng {_span(earliest, latest)}", "ok"
    if earliest > last:
        verdict, look = "không kịp nếu giữ tốc độ này", "bad"
    elif latest is None or latest > last:
        verdict, look = "có thể không kịp", "warn"
    else:
        verdict = "kịp nếu giữ tốc độ này"
    return Forecast(f"Với tốc độ {PACE_DAYS} ngày qua, dự kiến xong {words}; {verdict}.", earliest, latest, look)


def pace_words(pace: DailyPace | None) -> str:
    """'mỗi ngày 120–310, tính trên 6 ngày'."""
    if pace is None:
        return "chưa đủ 3 ngày có số"
    spread = format_number(pace.lowest)
    if pace.highest != pace.lowest:
        spread += f"–{format_number(pace.highest)}"
    return f"mỗi ngày {spread}, tính trên {pace.days} ngày"


def _done_on(remaining: int, a_day: int, start: dt.date) -> dt.date | None:
    if a_day <= 0:
        return None
    days = -(-remaining // a_day)
    return start + dt.timedelta(days=days - 1) if days <= FARTHEST else None


def _span(first: dt.date, last: dt.date) -> str:
    """'18/12–24/12/2026'; over two years both are said whole."""
    begin = f"{first:%d/%m}" if first.year == last.year else f"{first:%d/%m/%Y}"
    return f"{begin}–{last:%d/%m/%Y}"
