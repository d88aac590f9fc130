"""Problems as the checks find them, and what is usual for a unit. Pure functions.

Three severities:
- hard: the figures cannot be true together; the report cannot be sent.
- soft: unusual; the report can be sent once a reason is typed, which the reviewer sees.
- missing: an owed cell is blank. Blank is never read as 0.

The usual range of a unit (`usual_range`): from the values of up to 12 earlier months, at least 4 of them,
median ± the largest of 3.5 x 1.4826 x MAD (MAD = median distance from the median; 1.4826 makes it a standard
deviation where figures are normally spread; 3.5 is the cut-off of Iglewicz and Hoaglin), half the median (a unit
whose figures hardly vary is not questioned over a small step), and 20 (small counts jump without meaning anything).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from statistics import median

from de_an_06.plain.numbers import format_number as number
from de_an_06.plain.spans import Month

HARD, SOFT, MISSING = "hard", "soft", "missing"
REPORT_CELL = "report"  # the cell named by a problem of the report as a whole

LEAST_MONTHS = 4
MAD_CUTOFF = 3.5 * 1.4826
SHARE = 0.5
SMALL_COUNT = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct, explain or fill in.

    `title` is the line of the error summary, `lead` (bold) and `detail` the message under the row, `cell` the cell
    to go to ('DVC16.resolved_early', or 'report'), `cells` every blank cell of a missing row.
    """

    code: str
    severity: str
    cell: str
    title: str
    lead: str
    detail: str = ""
    cells: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"{self.lead} {self.detail}".strip()

    @property
    def row(self) -> str:
        """Code of the service or indicator it is about; '' for the whole report."""
        return "" if self.cell == REPORT_CELL else self.cell.partition(".")[0]

    @property
    def element_id(self) -> str:
        """The id of the cell in the page."""
        return self.cell.replace(".", "-")


def usual_range(values: Sequence[int]) -> tuple[int, int, int] | None:
    """Lowest usual count (0 at least), median, highest usual count; None with fewer than four months."""
    if len(values) < LEAST_MONTHS:
        return None
    middle = median(values)
    spread = median(abs(v - middle) for v in values)
    width = max(MAD_CUTOFF * spread, SHARE * middle, SMALL_COUNT)
    return max(0, ceil(middle - width)), floor(middle + 0.5), floor(middle + width)


def is_unusual(value: int | None, earlier: Sequence[int]) -> bool:
    """Is a value outside the usual range of the earlier ones?"""
    usual = usual_range(earlier)
    return value is not None and usual is not None and not usual[0] <= value <= usual[2]


def jump(code: str, name: str, cell: str, value: int | None, earlier: Sequence[int], said: str) -> list[Problem]:
    """The soft problem of a value outside the usual range, or none; `said` is the value in words."""
    usual = usual_range(earlier)
    if value is None or usual is None or not is_unusual(value, earlier):
        return []
    low, middle, high = usual
    return [
        Problem(
            "jump",
            SOFT,
            cell,
            f"{code} {name}: {said}, bất thường so với các tháng trước, cần ghi lý do",
            "Cần giải trình:",
            f"{said}, trong khi {len(earlier)} tháng trước thường khoảng {number(middle)} "
            f"(từ {number(low)} đến {number(high)}). Kiểm tra lại; nếu đúng thì ghi lý do.",
        )
    ]


def missing(code: str, name: str, names: Sequence[str]) -> list[Problem]:
    """One problem for all blank cells of a row."""
    if not names:
        return []
    cells = tuple(f"{code}.{n}" for n in names)
    return [
        Problem(
            "missing",
            MISSING,
            cells[0],
            f"{code} {name}: còn trống {len(cells)} ô",
            f"Còn trống {len(cells)} ô.",
            "Không phát sinh thì ghi 0, không để trống.",
            cells,
        )
    ]


def month_label(month: Month | None, ago: int) -> str:
    """'tháng 10/2026', so many months before `month`."""
    if month is None:
        return "kỳ trước"
    return month.plus(-ago).label
