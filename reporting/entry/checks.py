"""Step 2, checking: figures in, list of problems out. Pure functions; page, submission, file and API call the same.

Three severities:
- hard: the figures cannot be true together; the report cannot be sent.
- soft: unusual; the report can be sent once a reason is typed, which the reviewer sees.
- missing: an owed cell is blank. Blank is never read as 0.

The usual range of a unit (`usual_range`): from the values of up to 12 earlier months, at least 4 of them,
median ± the largest of 3.5 x 1.4826 x MAD (MAD = median distance from the median; 1.4826 makes it a standard
deviation where figures are normally spread; 3.5 is the cut-off of Iglewicz and Hoaglin), half the median (a unit
whose figures hardly vary is not questioned over a small step), and 20 (small counts jump without meaning anything).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from statistics import median

from de_an_06.plain.numbers import format_number as number
from de_an_06.plain.spans import Month
from reporting.models import ENTERED_FIELDS

HARD, SOFT, MISSING = "hard", "soft", "missing"
REPORT_CELL = "report"  # the cell named by a problem of the report as a whole

RECEIVED = ("received_online", "received_in_person", "received_postal")
RESOLVED = ("resolved_early", "resolved_on_time", "resolved_overdue")
CELL_NAMES = {
    "opening": "kỳ trước chuyển sang",
    "received_online": "tiếp nhận trực tuyến",
    "received_in_person": "tiếp nhận trực tiếp",
    "received_postal": "tiếp nhận qua bưu chính",
    "resolved_early": "giải quyết trước hạn",
    "resolved_on_time": "giải quyết đúng hạn",
    "resolved_overdue": "giải quyết quá hạn",
    "rejected": "từ chối, rút, dừng",
    "pending_in_time": "đang giải quyết trong hạn",
    "pending_overdue": "đang giải quyết quá hạn",
}
_SHORT = {"resolved_early": "trước hạn", "resolved_on_time": "đúng hạn", "resolved_overdue": "quá hạn"}

LEAST_MONTHS = 4
MAD_CUTOFF = 3.5 * 1.4826
SHARE = 0.5
SMALL_COUNT = 20
IDENTICAL_CELLS = 5  # so many cells other than 0 must repeat before a month counts as copied
SHARP_FALL = 0.8

Figures = Mapping[str, int | None]
Pair = tuple[int | None, int | None]


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


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """The dossiers of one service as the checks see them. Counts of dossiers; None = not reported."""

    code: str
    name: str
    figures: Figures
    expected_opening: int | None = None  # last month's closing as it stands now; None where there is none
    history: Sequence[Figures | None] = ()  # sent months, last month first; None where a month was not sent
    previous: Figures | None = None  # last month whatever its status
    online_only_since: dt.date | None = None
    month: Month | None = None


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator as the checks see it; `denominator` plays no part for kind 'number'."""

    code: str
    name: str
    kind: str
    over_time: str
    numerator: int | None
    denominator: int | None = None
    may_exceed_total: bool = False
    owed: bool = True  # False for what is counted from a register
    history: Sequence[Pair | None] = ()
    month: Month | None = None


def pending_in_time(figures: Figures) -> int | None:
    """What remains in time by the identity opening + received = resolved + rejected + pending.

    None while any part is blank; negative when more went out than came in (a hard problem, never stored).
    """
    parts_in = [figures.get(name) for name in ("opening", *RECEIVED)]
    parts_out = [figures.get(name) for name in (*RESOLVED, "rejected", "pending_overdue")]
    if None in parts_in or None in parts_out:
        return None
    return _sum(parts_in) - _sum(parts_out)


def closing(figures: Figures | None) -> int | None:
    """Dossiers still open at the end of the month; the next month's opening. None while not reported."""
    if figures is None:
        return None
    in_time, overdue = figures.get("pending_in_time"), figures.get("pending_overdue")
    return None if in_time is None or overdue is None else in_time + overdue


def usual_range(values: Sequence[int]) -> tuple[int, int, int] | None:
    """Lowest usual count (0 at least), median, highest usual count; None with fewer than four months."""
    if len(values) < LEAST_MONTHS:
        return None
    middle = median(values)
    spread = median(abs(v - middle) for v in values)
    width = max(MAD_CUTOFF * spread, SHARE * middle, SMALL_COUNT)
    return max(0, ceil(middle - width)), floor(middle + 0.5), floor(middle + width)


def check_service(row: ServiceRow) -> list[Problem]:
    """Every problem of one service, hard ones first."""
    return [*_identity(row), *_opening_changed(row), *_missing_service(row), *_online_only(row), *_jumps(row)]


def check_indicator(row: IndicatorRow) -> list[Problem]:
    """Every problem of one indicator, hard ones first."""
    return [
        *_exceeds_total(row),
        *_missing_indicator(row),
        *_cumulative_falls(row),
        *_denominator_falls(row),
        *_indicator_jumps(row),
    ]


def check_report(services: Iterable[ServiceRow], indicators: Iterable[IndicatorRow]) -> list[Problem]:
    """Every problem of a report, row by row in the order given; what concerns the whole report comes last."""
    services = list(services)
    problems = [p for row in services for p in check_service(row)]
    problems += [p for row in indicators for p in check_indicator(row)]
    return problems + _same_as_last_month(services)


# Services


def _identity(row: ServiceRow) -> list[Problem]:
    """More dossiers resolved, refused or overdue than there were. Known parts decide even while others are blank."""
    f = row.figures
    if f.get("opening") is None or any(f.get(name) is None for name in RECEIVED):
        return []
    opening, received = f["opening"] or 0, _sum(f[name] for name in RECEIVED)
    available = opening + received
    resolved = _sum(f.get(name) for name in RESOLVED)
    rejected, overdue = f.get("rejected") or 0, f.get("pending_overdue") or 0
    had = f"Có {number(opening)} chuyển sang + {number(received)} tiếp nhận = {number(available)} hồ sơ"
    if resolved + rejected > available:
        extra = number(resolved + rejected - available)
        biggest = max((*RESOLVED, "rejected"), key=lambda name: f.get(name) or 0)
        out = f"ghi đã giải quyết {_added(f.get(name) for name in RESOLVED)}"
        if rejected:
            out += f" và từ chối, rút, dừng {number(rejected)}"
            what, said = "đã giải quyết hoặc từ chối", f"đã giải quyết và từ chối {number(resolved + rejected)} hồ sơ"
        else:
            what, said = "đã giải quyết", f"đã giải quyết {number(resolved)} hồ sơ"
        return [
            Problem(
                "identity",
                HARD,
                f"{row.code}.{biggest}",
                f"{row.code} {row.name}: {said} trong khi chỉ có {number(available)}",
                f"Lỗi: thừa {extra} hồ sơ {what}.",
                f"{had}, nhưng {out}. Kiểm tra lại ô {_SHORT.get(biggest, 'từ chối')} hoặc ô tiếp nhận.",
            )
        ]
    remaining = available - resolved - rejected
    if overdue > remaining:
        return [
            Problem(
                "pending_overdue",
                HARD,
                f"{row.code}.pending_overdue",
                f"{row.code} {row.name}: {number(overdue)} hồ sơ đang quá hạn trong khi chỉ còn {number(remaining)}",
                f"Lỗi: ghi {number(overdue)} hồ sơ đang quá hạn, trong khi chỉ còn {number(remaining)} hồ sơ.",
                f"{had}, đã giải quyết và từ chối {number(resolved + rejected)}. "
                "Kiểm tra lại ô đang giải quyết quá hạn hoặc ô tiếp nhận.",
            )
        ]
    return []


def _opening_changed(row: ServiceRow) -> list[Problem]:
    """The month before was corrected after this one took over its closing; hard only where it breaks the identity."""
    opening, expected = row.figures.get("opening"), row.expected_opening
    if opening is None or expected is None or opening == expected:
        return []
    rest = pending_in_time({**row.figures, "opening": expected})
    breaks = rest is not None and rest < 0
    before = _label(row.month, 1)
    if breaks:
        lead = f"Lỗi: {before} đã sửa, chỉ còn {number(expected)} hồ sơ chuyển sang thay vì {number(opening)}."
        detail = (
            f"Với số này thì thừa {number(-(rest or 0))} hồ sơ đã giải quyết. "
            "Mở lại báo cáo, sửa ô giải quyết hoặc ô tiếp nhận."
        )
    else:
        lead = "Kỳ trước đã sửa:"
        detail = (
            f"{before} nay còn {number(expected)} hồ sơ, báo cáo này ghi chuyển sang {number(opening)}. "
            "Mở lại báo cáo để lấy số mới, hoặc ghi lý do giữ nguyên."
        )
    return [
        Problem(
            "opening_changed",
            HARD if breaks else SOFT,
            f"{row.code}.opening",
            f"{row.code} {row.name}: kỳ trước đã sửa, chuyển sang {number(expected)} thay vì {number(opening)} hồ sơ",
            lead,
            detail,
        )
    ]


def _missing_service(row: ServiceRow) -> list[Problem]:
    names = [name for name in ("opening", *ENTERED_FIELDS) if row.figures.get(name) is None]
    return _missing(row.code, row.name, names)


def _online_only(row: ServiceRow) -> list[Problem]:
    if row.online_only_since is None:
        return []
    found = []
    for name, how in (("received_in_person", "trực tiếp"), ("received_postal", "qua bưu chính")):
        count = row.figures.get(name)
        if count:
            found.append(
                Problem(
                    "online_only",
                    SOFT,
                    f"{row.code}.{name}",
                    f"{row.code} {row.name}: {number(count)} hồ sơ {how}, cần ghi lý do",
                    "Cần giải thích:",
                    f"{number(count)} hồ sơ {how}, trong khi thủ tục này chỉ nhận trực tuyến từ "
                    f"{row.online_only_since:%d/%m/%Y}. Ghi lý do.",
                )
            )
    return found


def _jumps(row: ServiceRow) -> list[Problem]:
    """Totals received, resolved, refused and overdue against the unit's own months (channels may shift freely)."""
    totals = (
        (RECEIVED, "tiếp nhận"),
        (RESOLVED, "đã giải quyết"),
        (("rejected",), "từ chối, rút, dừng"),
        (("pending_overdue",), "đang giải quyết quá hạn"),
    )
    found = []
    for names, what in totals:
        value = _total(row.figures, names)
        earlier = [v for month in row.history if month is not None and (v := _total(month, names)) is not None]
        if _is_unusual(value, earlier):
            cell = f"{row.code}.{_most_changed(row, names)}"
            found += _jump(row.code, row.name, cell, value, earlier, what, "hồ sơ")
    return found


def _most_changed(row: ServiceRow, names: Sequence[str]) -> str:
    """The cell of a total that is farthest from its own middle: the one to look at first."""

    def distance(name: str) -> float:
        earlier = [v for month in row.history if month is not None and (v := month.get(name)) is not None]
        return abs((row.figures.get(name) or 0) - (median(earlier) if earlier else 0))

    return max(names, key=distance)


def _same_as_last_month(services: Sequence[ServiceRow]) -> list[Problem]:
    """Every typed cell of every service repeats last month's: most likely a copied month."""
    if not services or any(row.previous is None for row in services):
        return []
    cells = [(row.figures.get(n), (row.previous or {}).get(n)) for row in services for n in ENTERED_FIELDS]
    if any(now is None or now != before for now, before in cells) or sum(bool(c[0]) for c in cells) < IDENTICAL_CELLS:
        return []
    before = _label(services[0].month, 1)
    return [
        Problem(
            "same_as_last_month",
            SOFT,
            REPORT_CELL,
            f"Toàn bộ số liệu dịch vụ công giống hệt {before}, cần ghi lý do",
            "Cần giải thích:",
            f"cả {number(len(cells))} ô dịch vụ công giống hệt {before}. Kiểm tra xem có chép nhầm số liệu kỳ trước; "
            "nếu đúng thì ghi lý do.",
        )
    ]


# Indicators


def _exceeds_total(row: IndicatorRow) -> list[Problem]:
    if row.kind != "ratio" or row.may_exceed_total or row.numerator is None or row.denominator is None:
        return []
    if row.numerator <= row.denominator:
        return []
    over = f"số đạt {number(row.numerator)} lớn hơn tổng số {number(row.denominator)}"
    return [
        Problem(
            "exceeds_total",
            HARD,
            f"{row.code}.numerator",
            f"{row.code} {row.name}: {over}",
            f"Lỗi: {over}.",
            "Kiểm tra lại hai ô, có thể đã ghi ngược.",
        )
    ]


def _missing_indicator(row: IndicatorRow) -> list[Problem]:
    if not row.owed:
        return []
    names = ["numerator"] if row.numerator is None else []
    if row.kind == "ratio" and row.denominator is None:
        names.append("denominator")
    return _missing(row.code, row.name, names)


def _cumulative_falls(row: IndicatorRow) -> list[Problem]:
    last = _last(row, 0)
    if row.over_time != "cumulative" or last is None or row.numerator is None or row.numerator >= last[0]:
        return []
    return [
        Problem(
            "cumulative_falls",
            SOFT,
            f"{row.code}.numerator",
            f"{row.code} {row.name}: số lũy kế giảm từ {number(last[0])} xuống {number(row.numerator)}, cần ghi lý do",
            "Cần giải thích:",
            f"số lũy kế giảm từ {number(last[0])} ({last[1]}) xuống {number(row.numerator)}. Kiểm tra lại; "
            "nếu đúng thì ghi lý do.",
        )
    ]


def _denominator_falls(row: IndicatorRow) -> list[Problem]:
    """What there is to do in all (stock, cumulative) shrinks by more than a fifth."""
    last = _last(row, 1)
    if row.kind != "ratio" or row.over_time == "flow" or last is None or row.denominator is None:
        return []
    if row.denominator >= SHARP_FALL * last[0] or last[0] - row.denominator <= SMALL_COUNT:
        return []
    return [
        Problem(
            "denominator_falls",
            SOFT,
            f"{row.code}.denominator",
            f"{row.code} {row.name}: tổng số giảm từ {number(last[0])} xuống {number(row.denominator)}, cần ghi lý do",
            "Cần giải thích:",
            f"tổng số giảm từ {number(last[0])} ({last[1]}) xuống {number(row.denominator)}. Kiểm tra lại ô tổng số; "
            "nếu đúng thì ghi lý do.",
        )
    ]


def _indicator_jumps(row: IndicatorRow) -> list[Problem]:
    """Flows and stocks against their own months; of a cumulative figure the month's increase."""
    found: list[Problem] = []
    parts = [(0, "numerator", row.numerator, "số đạt" if row.kind == "ratio" else "số")]
    if row.kind == "ratio" and row.over_time == "flow":
        parts.append((1, "denominator", row.denominator, "tổng số"))
    for index, name, value, what in parts:
        series = [None if pair is None else pair[index] for pair in row.history]
        if row.over_time == "cumulative":
            last = series[0] if series else None
            if value is None or last is None or value < last:
                continue  # a fall has its own question
            steps = [a - b for a, b in pairwise(series) if a is not None and b is not None]
            found += _jump(row.code, row.name, f"{row.code}.{name}", value - last, steps, f"{what} tăng thêm", "")
        else:
            earlier = [v for v in series if v is not None]
            found += _jump(row.code, row.name, f"{row.code}.{name}", value, earlier, what, "")
    return found


# Parts


def _is_unusual(value: int | None, earlier: Sequence[int]) -> bool:
    usual = usual_range(earlier)
    return value is not None and usual is not None and not usual[0] <= value <= usual[2]


def _jump(
    code: str, name: str, cell: str, value: int | None, earlier: Sequence[int], what: str, unit: str
) -> list[Problem]:
    usual = usual_range(earlier)
    if value is None or usual is None or not _is_unusual(value, earlier):
        return []
    low, middle, high = usual
    amount = f"{number(value)} {unit}".strip()
    return [
        Problem(
            "jump",
            SOFT,
            cell,
            f"{code} {name}: {what} {amount}, khác thường so với các tháng trước, cần ghi lý do",
            "Cần giải thích:",
            f"{what} {amount}, trong khi {len(earlier)} tháng trước thường từ {number(low)} đến {number(high)} "
            f"(mức giữa {number(middle)}). Kiểm tra lại; nếu đúng thì ghi lý do.",
        )
    ]


def _missing(code: str, name: str, names: Sequence[str]) -> list[Problem]:
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


def _last(row: IndicatorRow, index: int) -> tuple[int, str] | None:
    """The last sent value of the numerator (0) or denominator (1), and its month's name."""
    for ago, pair in enumerate(row.history, start=1):
        if pair is not None and (value := pair[index]) is not None:
            return value, _label(row.month, ago)
    return None


def _label(month: Month | None, ago: int) -> str:
    if month is None:
        return "kỳ trước"
    then = month.plus(-ago)
    return f"tháng {then.month}/{then.year}"


def _sum(values: Iterable[int | None]) -> int:
    """Sum of what is known: a lower bound where parts are blank."""
    return sum(v for v in values if v is not None)


def _total(figures: Figures, names: Sequence[str]) -> int | None:
    values = [figures.get(name) for name in names]
    return None if None in values else _sum(values)


def _added(values: Iterable[int | None]) -> str:
    """'9 + 3 = 12', or '12' alone; zeros left out."""
    parts = [v for v in values if v]
    total = number(sum(parts))
    return f"{' + '.join(number(v) for v in parts)} = {total}" if len(parts) > 1 else total
