"""Figures in the sentences of officials: 06/6, 08/11, 99,46%, tăng 0,85 điểm phần trăm so với cùng kỳ.

A sentence that has no figure is '': `said` leaves it out, so that nothing missing is ever written as 0.
"""

import datetime as dt
from collections.abc import Iterable

from de_an_06.plain.numbers import format_number, format_rate, rate, rounded, with_qualifier
from reporting.reading.compared import Comparison
from reporting.reading.overview import Overview
from reporting.reading.ranges import Pair

RatePair = tuple[int | None, int | None]  # numerator and denominator
_PLACES = {1: "nhất", 2: "thứ hai", 3: "thứ ba", 4: "thứ tư", 5: "thứ năm"}


def said(*sentences: str) -> list[str]:
    """Those that say something."""
    return [sentence for sentence in sentences if sentence]


def counted(number: int) -> str:
    """A count in a sentence: '06', '58', '1.234'; a reported zero is '0'."""
    return f"0{number}" if 0 < number < 10 else format_number(number)


def of_all(part: int, whole: int, word: str = "") -> str:
    """'06/6', '08/11', 'hơn 101.000/184.683'."""
    return f"{with_qualifier(counted(part), word)}/{format_number(whole)}"


def official_date(day: dt.date) -> str:
    """As Decree 30/2020 writes it: days under 10 and the months 1 and 2 with a zero: '15/3/2022', '05/02/2022'."""
    month = f"0{day.month}" if day.month <= 2 else str(day.month)
    return f"{day.day:02d}/{month}/{day.year}"


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(parts: Iterable[str]) -> str:
    """'a, b và c'."""
    parts = list(parts)
    return " và ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def place_words(rank: int) -> str:
    """'cao nhất', 'cao thứ hai', 'cao thứ 12'."""
    return f"cao {_PLACES.get(rank, f'thứ {rank}')}"


# Changes -------------------------------------------------------------------------------------------------------------


def comparisons(seen: Overview) -> list[tuple[Comparison, str]]:
    """What the figures are compared with, and how a sentence names it."""
    found = []
    if seen.comparison is not None:
        span = seen.span
        is_year_ago = span.previous() == span.same_last_year() and span.kind != "year"
        found.append((seen.comparison, "cùng kỳ năm trước" if is_year_ago else seen.comparison.label))
    if seen.year_ago is not None:
        found.append((seen.year_ago, "cùng kỳ năm trước"))
    return found


def rate_changes(pairs: Iterable[tuple[RatePair, RatePair, str]]) -> str:
    """'tăng 0,85 điểm phần trăm so với tháng 09/2026, giảm …'; of (now, then, what then is called); '' without any."""
    found = []
    for now, then, name in pairs:
        a, b = rate(*now), rate(*then)
        if a is None or b is None:
            continue
        points = rounded(a - b, 2)
        if not points:
            found.append(f"bằng {name}")
            continue
        word = "tăng" if points > 0 else "giảm"
        found.append(f"{word} {format_number(abs(points), 2)} điểm phần trăm so với {name}")
    return ", ".join(found)


def count_changes(pairs: Iterable[tuple[int | None, int | None, str]]) -> str:
    """'tăng 12,50% so với tháng 09/2026'; where there was nothing before by how many; '' without any."""
    found = []
    for now, then, name in pairs:
        if now is None or then is None:
            continue
        if now == then:
            found.append(f"bằng {name}")
            continue
        word, by = "tăng" if now > then else "giảm", abs(now - then)
        amount = format_rate(by, then) if then else counted(by)
        found.append(f"{word} {amount} so với {name}")
    return ", ".join(found)


def in_brackets(changes: str) -> str:
    return f" ({changes})" if changes else ""


def pair_of(compared: Comparison, pk: int) -> tuple[Pair, Pair]:
    return compared.indicators.get(pk, (Pair(), Pair()))
