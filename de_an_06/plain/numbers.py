"""Numbers in Vietnamese form, read and written in one place (1.234.567,8; 99,46%; − for minus; – for no rate)."""

import re
from decimal import Decimal
from fractions import Fraction

NO_VALUE = "–"
MINUS = "\u2212"
LARGEST = 10**12  # no body handles more; keeps sums inside a 64-bit column

_WHOLE = re.compile(r"[0-9]{1,18}")
COUNT_PATTERN = r"\d{1,3}(\.\d{3})+|\d+"
NOT_A_COUNT = "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “{}”."
TOO_LARGE = "Số này quá lớn. Bạn đã nhập “{}”."
_INTEGER = re.compile(COUNT_PATTERN)


def whole_number(text: object) -> int | None:
    """A whole number that comes from outside in an address, a form or JSON: ASCII digits, at most 18; else None.

    `str.isdigit` says yes to "²", which `int` refuses, and `int` refuses 5,000 digits; 18 fit a 64-bit key.
    """
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else None


class NotANumber(ValueError):
    """The text is not a figure; the message is for the person who typed it."""


def parse_count(text: str | None) -> int | None:
    """Read a typed count: '' -> None (blank is not zero), '1.234' -> 1234; anything else raises NotANumber."""
    said = (text or "").strip()
    typed = said.replace("\u00a0", "").replace(" ", "")
    if typed == "":
        return None
    if not _INTEGER.fullmatch(typed) or not typed.isascii():
        raise NotANumber(NOT_A_COUNT.format(said[:40]))
    value = int(typed.replace(".", ""))
    if value > LARGEST:
        raise NotANumber(TOO_LARGE.format(typed[:40]))
    return value


def rate(numerator: int | None, denominator: int | None) -> Fraction | None:
    """Numerator over denominator in percent, exact; None when either is missing or nothing was counted."""
    if numerator is None or not denominator:
        return None
    return Fraction(numerator * 100, denominator)


def rounded(value: int | Decimal | Fraction, places: int = 0) -> Decimal:
    """The one rounding, of the exact value and once: half away from zero (0.125 -> 0.13, -0.125 -> -0.13)."""
    scaled = abs(Fraction(value)) * 10**places
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def format_number(value: int | Decimal | Fraction | None, places: int = 0, blank: str = "") -> str:
    """1234567.8 -> '1.234.567,8'. `blank` stands for a value that was not reported."""
    if value is None:
        return blank
    if type(value) is int and not places:  # nothing to round; a page shows thousands
        return (MINUS if value < 0 else "") + f"{abs(value):,}".replace(",", ".")
    shown = rounded(value, places)
    text = f"{abs(shown):,.{places}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return (MINUS if shown < 0 else "") + text


def with_qualifier(text: str, qualifier: str) -> str:
    """'hơn 101.000': a figure as published, with the word for how exact it is ('' = exact); no figure takes no word."""
    return f"{qualifier} {text}" if qualifier and text not in {"", NO_VALUE} else text


def format_rate(numerator: int | None, denominator: int | None, places: int = 2) -> str:
    """'99,46%', or '–' where there is no rate (a denominator of 0 or nothing is never 0 %)."""
    value = rate(numerator, denominator)
    return NO_VALUE if value is None else format_number(value, places) + "%"


def hundredths(numerator: int, denominator: int) -> int:
    """The rate in hundredths of a percent, rounded as `format_rate` rounds it: for pages of thousands of rates.

    Counts are never negative, so half away from zero is half up; the denominator is not 0.
    """
    return (numerator * 20000 + denominator) // (denominator * 2)


def plain_rate(numerator: int | None, denominator: int | None, places: int = 2) -> str | None:
    """The same figures for programs: '99.46', or None where there is no rate."""
    value = rate(numerator, denominator)
    return None if value is None else str(rounded(value, places))
