"""Reported months with their data windows, and stretches of them: quarter, half year, year, year to date, from-to.

Longer spans are made from months when read; their data windows follow from the months' (Decree 09/2019/NĐ-CP).
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_MONTHS = 60  # of one span: five years
# How months are counted; ReportingSettings says which one holds.
FIFTEENTH, CALENDAR = "fifteenth", "calendar"


@dataclass(frozen=True, order=True)
class Month:
    year: int
    month: int

    def plus(self, months: int) -> "Month":
        """31 January + 1 month is no question here: months are counted, not days."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def key(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def label(self) -> str:
        """As officials write it, in sentences and headings alike: 'tháng 01/2026'."""
        return f"tháng {self.month:02d}/{self.year}"


def window(month: Month, scheme: str = FIFTEENTH) -> tuple[dt.date, dt.date]:
    """First and last day of a month's data: the 15th before to the 14th, or the calendar month."""
    first = dt.date(month.year, month.month, 1)
    if scheme == CALENDAR:
        after = month.plus(1)
        return first, dt.date(after.year, after.month, 1) - dt.timedelta(days=1)
    before = month.plus(-1)
    return dt.date(before.year, before.month, 15), first.replace(day=14)


def month_of(day: dt.date, scheme: str = FIFTEENTH) -> Month:
    """The month whose data window holds `day`: 14 November is November, 15 November is December."""
    month = Month(day.year, day.month)
    return month.plus(1) if scheme == FIFTEENTH and day.day >= 15 else month


def month_due(day: dt.date, scheme: str = FIFTEENTH) -> Month:
    """The last month whose data window has ended before `day`: what is being reported that day."""
    return month_of(day, scheme).plus(-1)


@dataclass(frozen=True)
class Span:
    """Months `first` to `last`, both included; `kind` is one of month, quarter, half, nine, year, ytd, range."""

    kind: str
    first: Month
    last: Month

    @classmethod
    def parse(cls, key: str) -> "Span":
        """'2026-11', '2026-Q3', '2026-H1', '2026-9M', '2026', '2026-YTD10', '2026-01..2026-10'; else ValueError."""
        if match := re.fullmatch(r"(\d{4})-(\d{2})", key):
            return cls.month(_month(match[1], match[2]))
        if match := re.fullmatch(r"(\d{4})-(\d{2})\.\.(\d{4})-(\d{2})", key):
            first, last = _month(match[1], match[2]), _month(match[3], match[4])
            if not first <= last <= first.plus(MOST_MONTHS - 1):
                raise ValueError(f"not a span: {key}")
            return cls.between(first, last)
        if match := re.fullmatch(r"(\d{4})(?:-(Q[1-4]|H[12]|9M|YTD(?:0?[1-9]|1[0-2])))?", key):
            year, part = int(match[1]), match[2]
            _month(match[1], "1")
            if not part:
                return cls("year", Month(year, 1), Month(year, 12))
            if part == "9M":
                return cls("nine", Month(year, 1), Month(year, 9))
            if part.startswith("YTD"):
                return cls("ytd", Month(year, 1), Month(year, int(part[3:])))
            number = int(part[1:])
            size, kind = (3, "quarter") if part[0] == "Q" else (6, "half")
            return cls(kind, Month(year, (number - 1) * size + 1), Month(year, number * size))
        raise ValueError(f"not a span: {key}")

    @classmethod
    def month(cls, month: Month) -> "Span":
        return cls("month", month, month)

    @classmethod
    def between(cls, first: Month, last: Month) -> "Span":
        return cls.month(first) if first == last else cls("range", first, last)

    @property
    def key(self) -> str:
        year = self.first.year
        return {
            "month": self.first.key,
            "quarter": f"{year}-Q{self.last.month // 3}",
            "half": f"{year}-H{self.last.month // 6}",
            "nine": f"{year}-9M",
            "year": str(year),
            "ytd": f"{year}-YTD{self.last.month:02d}",
            "range": f"{self.first.key}..{self.last.key}",
        }[self.kind]

    @property
    def label(self) -> str:
        """As officials write it: 'tháng 11/2026', 'quý III/2026', '6 tháng đầu năm 2026'."""
        year = self.first.year
        return {
            "month": self.first.label,
            "quarter": f"quý {['I', 'II', 'III', 'IV'][self.last.month // 3 - 1]}/{year}",
            "half": f"6 tháng {'đầu' if self.last.month == 6 else 'cuối'} năm {year}",
            "nine": f"9 tháng năm {year}",
            "year": f"năm {year}",
            "ytd": f"từ đầu năm đến {self.last.label}",
            "years": f"{_YEARS.get(self.last.year - year + 1, '')} năm {year}–{self.last.year}",
            "range": f"{self.first.label} đến {self.last.label}",
        }[self.kind if not self.is_whole_years else "years"]

    @property
    def is_whole_years(self) -> bool:
        """Several years, January to December: 'hai năm 2024–2025'."""
        is_several = self.kind == "range" and self.first.year < self.last.year
        return is_several and self.first.month == 1 and self.last.month == 12

    def label_of(self, months: Sequence[Month]) -> str:
        """The label of these months of the span, named where they are not all: 'năm 2026 (tháng 01–02/2026)'."""
        return self.label if list(months) == self.months else f"{self.label} ({months_label(months)})"

    @property
    def is_month(self) -> bool:
        return self.first == self.last

    @property
    def months(self) -> list[Month]:
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [self.first.plus(i) for i in range(count)]

    def shifted(self, months: int) -> "Span":
        """The same length so many months earlier (negative) or later."""
        kind = self.kind if self.kind != "ytd" or months % 12 == 0 else "range"
        return Span(kind, self.first.plus(months), self.last.plus(months))

    def previous(self) -> "Span":
        """The span to compare with: the one just before; for year and year to date the same months last year."""
        return self.shifted(-12) if self.kind in {"year", "ytd", "nine"} else self.shifted(-len(self.months))

    def same_last_year(self) -> "Span":
        return self.shifted(-12)


_YEARS = {2: "hai", 3: "ba", 4: "bốn", 5: "năm"}


def month_typed(text: str) -> Month | None:
    """A month as people write it: '01/2025', '1/2025', 'tháng 01/2025', 'T1.2025', '2025-01'; None for others."""
    text = text.strip().lower()
    if match := re.fullmatch(r"(?:tháng\s*|t)?(\d{1,2})\s*[/.-]\s*(\d{4})", text):
        month, year = match[1], match[2]
    elif match := re.fullmatch(r"(\d{4})-(\d{1,2})", text):
        year, month = match[1], match[2]
    else:
        return None
    try:
        return _month(year, month)
    except ValueError:
        return None


def months_label(months: Sequence[Month]) -> str:
    """'tháng 08/2026', 'tháng 07–08/2026', 'tháng 11/2025 đến tháng 02/2026'; a gap is not passed over."""
    runs: list[list[Month]] = []
    for month in months:
        if runs and runs[-1][-1].plus(1) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(_run_label(run[0], run[-1]) for run in runs)


def _run_label(first: Month, last: Month) -> str:
    if first == last:
        return first.label
    if first.year == last.year:
        return f"tháng {first.month:02d}–{last.month:02d}/{last.year}"
    return f"{first.label} đến {last.label}"


def _month(year: str, month: str) -> Month:
    if not (2000 <= int(year) <= 2100 and 1 <= int(month) <= 12):
        raise ValueError(f"not a month: {year}-{month}")
    return Month(int(year), int(month))
