"""Step 2, checking: figures in, list of problems out. Pure functions; page, submission, file and API call the same."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from de_an_06.plain.numbers import format_number as number
from de_an_06.plain.spans import Month
from reporting.figures import (
    CARRIED_FIELD,
    DERIVED_FIELD,
    FIGURE,
    FIGURE_FIELDS,
    ONLINE_RATE,
    RECEIVED_FIELDS,
    RESOLVED_FIELDS,
    TYPED_FIELDS,
    Values,
    pending_in_time,
    total,
)

from .problems import (
    HARD,
    MISSING,
    REPORT_CELL,
    SMALL_COUNT,
    SOFT,
    Problem,
    jump,
    missing,
    month_label,
)

__all__ = [
    "HARD",
    "MISSING",
    "REPORT_CELL",
    "SOFT",
    "IndicatorRow",
    "Likeness",
    "Problem",
    "ServiceRow",
    "check_indicator",
    "check_report",
    "check_service",
]

IDENTICAL_CELLS = 5  # so many cells other than 0 must repeat before a month counts as copied
KNOWN_PERCENT = 50  # where last month has at least so many of a hundred cells
SHARP_FALL = 0.8


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """The dossiers of one service as the checks see them. Counts of dossiers; None = not reported."""

    code: str
    name: str
    figures: Values
    expected_opening: int | None = None  # last month's closing as it stands now; None where there is none
    history: Sequence[Values | None] = ()  # sent months, last month first; None where a month was not sent
    previous: Values | None = None  # last month whatever its status
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
    history: Sequence[tuple[int | None, int | None] | None] = ()
    month: Month | None = None


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


def check_report(
    services: Iterable[ServiceRow], indicators: Iterable[IndicatorRow], *, alike_percent: int
) -> list[Problem]:
    """Every problem of a report, row by row in the order given; what concerns the whole report comes last.

    `alike_percent`: so many of a hundred cells other than 0 make a month look copied (ReportingSettings).
    """
    services = list(services)
    problems = [p for row in services for p in check_service(row)]
    problems += [p for row in indicators for p in check_indicator(row)]
    return problems + _same_as_last_month(services, alike_percent)


# Services


def _identity(row: ServiceRow) -> list[Problem]:
    """More dossiers resolved, refused or overdue than there were. Known parts decide even while others are blank."""
    f = row.figures
    if f.get("opening") is None or any(f.get(name) is None for name in RECEIVED_FIELDS):
        return []
    opening, received = f["opening"] or 0, _sum(f[name] for name in RECEIVED_FIELDS)
    available = opening + received
    resolved = _sum(f.get(name) for name in RESOLVED_FIELDS)
    rejected, overdue = f.get("rejected") or 0, f.get("pending_overdue") or 0
    had = f"Có {number(opening)} chuyển sang + {number(received)} tiếp nhận = {number(available)} hồ sơ"
    if resolved + rejected > available:
        extra = number(resolved + rejected - available)
        biggest = max((*RESOLVED_FIELDS, "rejected"), key=lambda name: f.get(name) or 0)
        out = f"ghi đã giải quyết {_added(f.get(name) for name in RESOLVED_FIELDS)}"
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
                f"{had}, nhưng {out}. Kiểm tra lại ô {FIGURE[biggest].short_label.lower()} hoặc ô tiếp nhận.",
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
    opening, expected = row.figures.get(CARRIED_FIELD), row.expected_opening
    if opening is None or expected is None or opening == expected:
        return []
    rest = pending_in_time({**row.figures, CARRIED_FIELD: expected})
    breaks = rest is not None and rest < 0
    before = month_label(row.month, 1)
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
    names = [name for name in FIGURE_FIELDS if name != DERIVED_FIELD and row.figures.get(name) is None]
    return missing(row.code, row.name, names)


def _online_only(row: ServiceRow) -> list[Problem]:
    if row.online_only_since is None:
        return []
    found = []
    for name in (name for name in RECEIVED_FIELDS if name not in ONLINE_RATE.over):
        how = FIGURE[name].in_sentence.removeprefix("tiếp nhận ")  # 'trực tiếp', 'qua bưu chính'
        count = row.figures.get(name)
        if count:
            found.append(
                Problem(
                    "online_only",
                    SOFT,
                    f"{row.code}.{name}",
                    f"{row.code} {row.name}: {number(count)} hồ sơ {how}, cần ghi lý do",
                    "Cần giải trình:",
                    f"{number(count)} hồ sơ {how}, trong khi thủ tục này chỉ nhận trực tuyến từ "
                    f"{row.online_only_since:%d/%m/%Y}. Ghi lý do.",
                )
            )
    return found


def _jumps(row: ServiceRow) -> list[Problem]:
    """Totals received, resolved, refused and overdue against the unit's own months (channels may shift freely)."""
    totals = (
        (RECEIVED_FIELDS, "tiếp nhận"),
        (RESOLVED_FIELDS, "đã giải quyết"),
        (("rejected",), "từ chối, rút, dừng"),
        (("pending_overdue",), "đang giải quyết quá hạn"),
    )
    found = []
    for names, what in totals:
        value = total(row.figures, names)
        earlier = [v for month in row.history if month is not None and (v := total(month, names)) is not None]
        cell = f"{row.code}.{_most_changed(row, names)}"
        found += jump(row.code, row.name, cell, value, earlier, f"{what} {number(value)} hồ sơ")
    return found


def _most_changed(row: ServiceRow, names: Sequence[str]) -> str:
    """The cell of a total that is farthest from its own middle: the one to look at first."""

    def distance(name: str) -> float:
        earlier = [v for month in row.history if month is not None and (v := month.get(name)) is not None]
        return abs((row.figures.get(name) or 0) - (median(earlier) if earlier else 0))

    return max(names, key=distance)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far a month repeats the one before, counted in the typed cells of its services.

    Zeros that stay zeros say nothing; a cell that is 0 in one of the two months differs. A cell that last month did not
    have, of a service added since, is not judged and does not hide the others.
    """

    cells: int
    known: int  # of them those that last month has
    blank: int  # of these those not filled in this month
    counted: int  # of the known ones those other than 0 in one of the two months
    same: int  # of these those that repeat

    def is_copy(self, percent: int) -> bool:
        """Most cells repeat last month's: most likely a copied month, with a few cells changed or none."""
        return (
            self.known * 100 >= KNOWN_PERCENT * self.cells
            and not self.blank
            and self.same >= IDENTICAL_CELLS
            and self.same * 100 >= percent * self.counted
        )


def _likeness(services: Sequence[ServiceRow]) -> Likeness:
    cells = [(row.figures.get(n), (row.previous or {}).get(n)) for row in services for n in TYPED_FIELDS]
    known = [(now, before) for now, before in cells if before is not None]
    counted = [(now, before) for now, before in known if now or before]
    same = sum(now == before for now, before in counted)
    return Likeness(len(cells), len(known), sum(now is None for now, _ in known), len(counted), same)


def _same_as_last_month(services: Sequence[ServiceRow], percent: int) -> list[Problem]:
    alike = _likeness(services)
    if not alike.is_copy(percent):
        return []
    before = month_label(services[0].month, 1)
    what = f"{number(alike.same)}/{number(alike.counted)} ô khác 0 của dịch vụ công giống hệt {before}"
    return [
        Problem(
            "same_as_last_month",
            SOFT,
            REPORT_CELL,
            f"{what}, cần ghi lý do",
            "Cần giải trình:",
            f"{what}. Kiểm tra xem có chép nhầm số liệu kỳ trước; nếu đúng thì ghi lý do.",
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
    return missing(row.code, row.name, names)


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
            "Cần giải trình:",
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
            "Cần giải trình:",
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
            more = f"tăng thêm {number(value - last)}" if value > last else "không tăng"
            found += jump(row.code, row.name, f"{row.code}.{name}", value - last, steps, f"{what} {more}")
        else:
            earlier = [v for v in series if v is not None]
            found += jump(row.code, row.name, f"{row.code}.{name}", value, earlier, f"{what} {number(value)}")
    return found


def _last(row: IndicatorRow, index: int) -> tuple[int, str] | None:
    """The last sent value of the numerator (0) or denominator (1), and its month's name."""
    for ago, pair in enumerate(row.history, start=1):
        if pair is not None and (value := pair[index]) is not None:
            return value, month_label(row.month, ago)
    return None


def _sum(values: Iterable[int | None]) -> int:
    """Sum of what is known: a lower bound where parts are blank."""
    return sum(v for v in values if v is not None)


def _added(values: Iterable[int | None]) -> str:
    """'9 + 3 = 12', or '12' alone; zeros left out."""
    parts = [v for v in values if v]
    total = number(sum(parts))
    return f"{' + '.join(number(v) for v in parts)} = {total}" if len(parts) > 1 else total
