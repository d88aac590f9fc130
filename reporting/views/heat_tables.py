"""What the pages of units side by side show, as text: the grid over services, the lines and the board over months.

Up to 14,000 cells: each is made in Python, as short as HTML allows, and its link in the browser (static/js/heat.js).
"""

from collections.abc import Callable
from functools import lru_cache

from django.urls import reverse
from django.utils.safestring import mark_safe

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate, hundredths
from de_an_06.plain.spans import Month
from reporting.models import Basis, Target
from reporting.reading.against_targets import Assessment, Reached, actual_text
from reporting.reading.board import BoardRow, Square
from reporting.reading.heat import BLANK, Grid, Kind, Measure, Portion, SmallLine, TargetGrid, TargetTally
from reporting.reading.units_below import UnitRow

from .dashboard_numbers import count

# Heads of the narrow columns of the unit and service table; a service not named here shows its short name.
COLUMN_HEADS = {
    "DVC01": "Số CMND",
    "DVC02": "Căn cước",
    "DVC03": "Thường trú",
    "DVC04": "Tạm trú",
    "DVC05": "Tạm vắng",
    "DVC06": "Lưu trú",
    "DVC07": "Biển số xe",
    "DVC08": "Phạt nguội",
    "DVC09": "Khai sinh",
    "DVC10": "Khai tử",
    "DVC11": "Kết hôn",
    "DVC12": "Hộ chiếu",
    "DVC13": "Con dấu mới",
    "DVC14": "Con dấu thu nhỏ",
    "DVC15": "LT khai sinh",
    "DVC16": "LT khai tử",
    "DVC17": "Giảm trừ BHYT",
    "DVC18": "Đăng ký thuế",
    "DVC19": "Đất đai",
    "DVC20": "Lái xe",
    "DVC21": "Thi THPT",
    "DVC22": "Lý lịch tư pháp",
    "DVC23": "Thất nghiệp",
    "DVC24": "Cấp điện mới",
    "DVC25": "Hợp đồng điện",
}
# smallest value -> class of the cell: its colour and sign (heat.css); rates in hundredths of a percent, as shown
STEPS: dict[Kind, tuple[tuple[int, str, str], ...]] = {
    Kind.RATE: (
        (9900, "s1", "từ 99"),
        (9700, "s2", "97 đến dưới 99"),
        (9500, "s3", "95 đến dưới 97"),
        (9000, "s4", "90 đến dưới 95"),
        (0, "s5", "dưới 90"),
    ),
    Kind.VOLUME: (
        (1000, "v4", "từ 1.000"),
        (100, "v3", "100 đến 999"),
        (10, "v2", "10 đến 99"),
        (1, "v1", "1 đến 9"),
        (0, "v0", "0"),
    ),
    Kind.OVERDUE: (
        (20, "s5", "từ 20"),
        (5, "s4", "5 đến 19"),
        (1, "s3", "1 đến 4"),
        (0, "s1", "0"),
    ),
}
NO_RATE, NOT_GRADED = "n", "few"
BAD = ("s4", "s5")  # of rates: below 95 percent


def text_of(measure: Measure, cell: Portion) -> str:
    """As on the cards, a rate without its sign; 100 alone where it is whole; nothing where nothing was reported."""
    value, of = cell
    if not measure.is_rate:
        return format_number(value)
    if value is None or not of:
        return "" if cell == BLANK else NO_VALUE
    if value == of:
        return "100"
    shown = hundredths(value, of)
    return f"{shown // 100},{shown % 100:02d}"


def look_of(measure: Measure, cell: Portion) -> str:
    """The class of a cell: colour and sign are those of the number as it is shown."""
    if not measure.has_value(cell):
        return NO_RATE
    if not measure.is_graded(cell):
        return NOT_GRADED
    value, of = cell[0] or 0, cell[1] or 1
    shown = hundredths(value, of) if measure.is_rate else value
    return next(look for least, look, _ in STEPS[measure.kind] if shown >= least)


@lru_cache(maxsize=2**15)
def shown_in_cell(measure: Measure, cell: Portion) -> tuple[str, str]:
    """Text and class. A grid of 14,000 cells is looked at again and again, and most of its numbers stay."""
    return text_of(measure, cell), look_of(measure, cell)


def legend(measure: Measure) -> list[tuple[str, str]]:
    steps = [(look, words) for _, look, words in STEPS[measure.kind]]
    if measure.is_rate:
        steps.append((NOT_GRADED, f"chữ nghiêng: dưới {count(measure.fewest)} hồ sơ, không xét"))
        return [*steps, (NO_RATE, "– mẫu số bằng 0; trống: chưa có số liệu")]
    return [*steps, (NO_RATE, "trống: chưa có số liệu")]


def state_of(measure: Measure, cells: list[Portion]) -> str:
    """What a heading says of the units' values first: how many are bad of those judged, or how much it is in all."""
    if measure.is_rate:
        judged = [look_of(measure, cell) for cell in cells if measure.is_graded(cell)]
        bad = sum(look in BAD for look in judged)
        return f"{count(bad)}/{count(len(judged))} đơn vị dưới 95% {measure.label.lower()}"
    total = count(sum(value or 0 for value, _ in cells))
    if measure.kind == Kind.VOLUME:
        return f"{total} {measure.label.lower()}"
    return f"{total} hồ sơ đang quá hạn ở {count(sum(bool(value) for value, _ in cells))} đơn vị"


# The grid ------------------------------------------------------------------------------------------------------------


def grid_table(grid: Grid, basis: str, unit_link: Callable, source_link: Callable) -> dict | None:
    """None where no unit has a value. `address` and the parts of a row and a column make the address of a cell."""
    if not grid.services:
        return None
    measure = grid.measure
    columns = [(s.pk, f"{s.code}.{measure.name}") for s in grid.services]
    rows = []
    for row in grid.rows:
        has_any = bool(row.cells)
        cells = [shown_in_cell(measure, cell) for cell in _in_order(row.cells, columns)] if has_any else []
        none_counted = NO_VALUE if has_any and measure.is_rate else ""  # all of its services are left out of the total
        total = text_of(measure, row.total) or none_counted, look_of(measure, row.total)
        rows.append(
            {
                "name": row.unit.name,
                "url": "" if row.unit.is_own or row.unit.is_former else unit_link(row.unit.unit_id),
                "part": "rieng=1" if row.unit.is_own else f"dong={row.unit.unit_id}",
                "message": "" if has_any else why_empty(row.unit, basis),
                "cells": cells,
                "total": total[0],
                "html": _html([*cells, total]) if has_any else "",
            }
        )
    foot = [text_of(measure, grid.foot[pk]) for pk, _ in columns]
    return {
        "title": measure.label,
        "total_head": "Cộng",
        "address": source_link(so=""),
        "heads": [
            (COLUMN_HEADS.get(s.code, s.short_name), s.name, so, source_link(so=so))
            for s, (_, so) in zip(grid.services, columns, strict=True)
        ],
        "total_so": measure.name,
        "total_url": source_link(so=measure.name),
        "rows": rows,
        "foot": foot,
        "total": text_of(measure, grid.total),
        "span": len(columns) + 1,
        "legend": legend(measure),
    }


def _in_order(cells: dict[int, Portion], columns: list[tuple[int, str]]) -> list[Portion]:
    return [cells.get(pk, BLANK) for pk, _ in columns]


def _html(cells: list[tuple[str, str]]) -> str:
    """End tags of cells may be left out, and these are most of a large page."""
    return mark_safe("".join(f"<td class={look}>{text}" for text, look in cells))  # noqa: S308 numbers and own classes


def why_empty(unit: UnitRow, basis: str) -> str:
    parts = unit.submissions
    if not parts.expected_reports:
        return "Không phải nộp"
    if parts.expected_reports > 1:
        return f"{count(parts.reports)}/{count(parts.expected_reports)} báo cáo"
    if parts.reports:
        return "Báo cáo không có số này"
    if basis == Basis.OFFICIAL and parts.submitted:
        return "Chưa duyệt"
    return "Trả lại" if parts.returned else "Chưa nộp"


# The grid of targets -------------------------------------------------------------------------------------------------

ASSESSED_LOOKS = {
    Assessment.EXCEEDED: "s0",
    Assessment.MET: "s1",
    Assessment.NOT_MET: "s4",
    Assessment.NO_DATA: NO_RATE,
}
RATE_HEADS = {Target.Rate.ONLINE: "trực tuyến", Target.Rate.IN_TIME: "đúng hạn"}


def target_grid_table(grid: TargetGrid, unit_link: Callable, source_link: Callable, list_link: Callable) -> dict | None:
    """Percent of the target reached in each cell, sign and colour its assessment. None where nobody is given anything.

    `source_link` is of the months and the basis that targets are read on.
    """
    if not grid.things:
        return None
    rows = []
    for row in grid.rows:
        cells = [reached_cell(row.cells.get(thing.key)) for thing in grid.things]
        url = list_link(row.unit.unit_id)
        total = f'<td><a href="{url.replace("&", "&amp;")}">{tally_text(row.tally)}</a>'
        rows.append(
            {
                "name": row.unit.name,
                "url": unit_link(row.unit.unit_id),
                "part": f"dong={row.unit.unit_id}",
                "message": "" if row.cells else "Chưa giao chỉ tiêu",
                "cells": cells,
                "total": tally_text(row.tally),
                "html": mark_safe(_html(cells) + total) if row.cells else "",  # noqa: S308 see _html; own address
            }
        )
    return {
        "title": f"Mức đạt chỉ tiêu năm {grid.year}",
        "total_head": "Đạt, vượt",
        "address": source_link(so=""),
        "heads": [(_thing_head(t), t.label, t.key, source_link(so=t.key)) for t in grid.things],
        "total_so": "",
        "rows": rows,
        "foot": [tally_text(grid.foot[thing.key]) for thing in grid.things],
        "total": tally_text(grid.total),
        "span": len(grid.things) + 1,
        "legend": [
            *((look, a.value) for a, look in ASSESSED_LOOKS.items() if a != Assessment.NO_DATA),
            (NO_RATE, "– không có số liệu; trống: không giao"),
        ],
    }


def reached_cell(one: Reached | None) -> tuple[str, str]:
    """(share reached in percent without its sign, class); '' where nothing is given. Of a target of 0, which no share
    can be told of, what was reported."""
    if one is None:
        return "", ""
    value, of = one.share
    text = format_rate(value, of).removesuffix("%") if of else actual_text(one)
    return ("100" if of and value == of else text) or NO_VALUE, ASSESSED_LOOKS[one.assessment]


def tally_text(tally: TargetTally) -> str:
    """Met or exceeded, of those with figures."""
    return f"{count(tally.met)}/{count(tally.assessed)}" if tally.assessed else NO_VALUE


def state_of_targets(grid: TargetGrid) -> str:
    if not grid.total.given:
        return "chưa đơn vị nào được giao chỉ tiêu"
    silent = grid.total.given - grid.total.assessed
    words = f"{count(grid.total.met)}/{count(grid.total.assessed)} chỉ tiêu đạt, vượt"
    return words + (f"; {count(silent)} không có số liệu" if silent else "")


def _thing_head(target: Target) -> str:
    if target.indicator is not None:
        return target.label
    service = target.service
    of = COLUMN_HEADS.get(service.code, service.short_name) if service is not None else "Chung"
    return f"{of}: {RATE_HEADS[Target.Rate(target.rate)]}"


# The lines -----------------------------------------------------------------------------------------------------------

STEP, HEIGHT, EDGE = 10, 28, 3  # of a small drawing: between two months, in all, above and below


def small_multiples(
    lines: list[SmallLine], months: list[Month], measure: Measure, unit_link: Callable, source_link_of: Callable
) -> dict | None:
    """Each unit's line as an SVG path, on one scale. None where no unit has a value."""
    floor, top, clipped = _scale(lines, measure)
    if top is None:
        return None
    charts = []
    for line in lines:
        known = [k for k, cell in enumerate(line.points) if cell is not None]
        last = known[-1] if known else None
        cell = BLANK if last is None else line.points[last] or BLANK
        row = {"rieng": 1} if line.unit.is_own else {"dong": line.unit.unit_id}
        charts.append(
            {
                "name": line.unit.name,
                "url": "" if line.unit.is_own or line.unit.is_former else unit_link(line.unit.unit_id),
                "path": _path(line, measure, floor, top),
                "dot": None if last is None else (last * STEP + EDGE, _y(measure, cell, floor, top)),
                "text": text_of(measure, cell),
                "look": look_of(measure, cell),
                "month": "" if last in (None, len(months) - 1) else _short(months[last]),
                "source": "" if last is None else source_link_of(months[last])(so=measure.name, **row),
                "said": "; ".join("không có" if c is None else text_of(measure, c) for c in line.points),
            }
        )
    sign = "%" if measure.is_rate else ""
    return {
        "measure": measure,
        "charts": charts,
        "width": (len(months) - 1) * STEP + 2 * EDGE,
        "height": HEIGHT,
        "scale": f"{format_number(floor)}{sign} đến {format_number(top)}{sign}",
        "first": _short(months[0]),
        "last": _short(months[-1]),
        "clipped": clipped,
        "legend": legend(measure)[:-1],
    }


def _short(month: Month) -> str:
    return f"{month.month:02d}/{month.year % 100:02d}"


def _percent(measure: Measure, cell: Portion) -> float:
    value, of = cell
    return (value or 0) / (of or 1) * (100 if measure.is_rate else 1)


def _scale(lines: list[SmallLine], measure: Measure) -> tuple[int, int | None, bool]:
    """Lowest and highest value drawn, the same for all: rates up to 100 from a round floor, counts from 0.

    Rates of few dossiers do not set the floor: one of three would press all other lines together. Are some below it?
    """
    cells = [cell for line in lines for cell in line.points if cell is not None]
    if not cells:
        return 0, None, False
    if not measure.is_rate:
        return 0, max(1, *(cell[0] or 0 for cell in cells)), False
    judged = [_percent(measure, cell) for cell in cells if measure.is_graded(cell)]
    floor = min(95, int(min(judged or [0]) // 5 * 5))
    return floor, 100, any(_percent(measure, cell) < floor for cell in cells)


def _y(measure: Measure, cell: Portion, floor: int, top: int) -> int:
    share = max(0.0, (_percent(measure, cell) - floor) / (top - floor))
    return round(HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE))


def _path(line: SmallLine, measure: Measure, floor: int, top: int) -> str:
    """Lines between neighbouring months; a month alone is a point (a line of no length with round ends)."""
    parts, is_open = [], False
    for k, cell in enumerate(line.points):
        if cell is not None:
            at = f"{k * STEP + EDGE} {_y(measure, cell, floor, top)}"
            alone = not is_open and (k + 1 == len(line.points) or line.points[k + 1] is None)
            parts.append(f"L{at}" if is_open else f"M{at}h0" if alone else f"M{at}")
        is_open = cell is not None
    return "".join(parts)


# The board -----------------------------------------------------------------------------------------------------------

# what happened to a report -> (class, sign, words); the first that holds is the colour
SQUARES = {
    "missing": ("m", "×", "chưa nộp, quá hạn"),
    "returned": ("r", "←", "trả lại"),
    "copied": ("c", "=", "chép lại tháng trước"),
    "late": ("l", "!", "nộp trễ"),
    "waiting": ("w", "…", "chưa đến hạn"),
    "in_time": ("o", "✓", "đúng hạn"),
}


def board_table(rows: list[BoardRow], months: list[Month], sees: Callable, unit_link: Callable, board_link: Callable):
    """Units by months. A square of one report leads to it where the reader may open it, of several to their board."""
    foot = [Square() for _ in months]
    before, after = reverse("report-detail", args=[0]).rsplit("0", 1)  # once, not for each of thousands
    shown = []
    for row in rows:
        for total, square in zip(foot, row.squares, strict=True):
            total += square
        unit = row.unit
        below = "" if unit.is_own or unit.is_former else unit_link(unit.unit_id)
        squares = []
        for month, square in zip(months, row.squares, strict=True):
            url = ""
            if square.owed == 1:
                url = f"{before}{square.report_id}{after}" if sees(square.path) else ""
            elif square.owed and below:
                url = board_link(unit.unit_id, month)
            squares.append(_square(square, url))
        shown.append({"name": unit.name, "url": below, "html": mark_safe("".join(squares))})  # noqa: S308 see _square
    good = sum(row.total.in_time == row.total.owed - row.total.waiting for row in rows)
    return {
        "state": f"{count(good)}/{count(len(rows))} đơn vị nộp đủ và đúng hạn",
        "heads": [_short(month) for month in months],
        "rows": shown,
        "foot": [f"{count(s.sent)}/{count(s.owed)}" if s.owed else "" for s in foot],
        "legend": [(look, sign, words) for look, sign, words in SQUARES.values()],
    }


def _square(square: Square, url: str) -> str:
    """Numbers, own words and an address of our own: nothing to escape but the ampersand."""
    if not square.owed:
        return "<td>"
    held = [name for name in SQUARES if getattr(square, name)]
    look = SQUARES[held[0]][0]
    if square.owed == 1:
        said = [name for name in held if name != "in_time"] or held  # a copy in time is a copy
        text = "".join(SQUARES[name][1] for name in said)
        words = ", ".join(SQUARES[name][2] for name in said)
    else:
        text = f"{SQUARES[held[0]][1]} {count(square.sent)}/{count(square.owed)}"
        words = ", ".join(f"{count(getattr(square, name))} {SQUARES[name][2]}" for name in held)
    words = words[:1].upper() + words[1:]
    if url:
        return f'<td class={look}><a href="{url.replace("&", "&amp;")}" aria-label="{words}">{text}</a>'
    return f'<td class={look}><span role=img aria-label="{words}">{text}</span>'
