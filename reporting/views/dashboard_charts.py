"""What the dashboard draws: twelve months of two rates."""

from de_an_06.plain.numbers import format_rate, rate, rounded
from reporting.figures import IN_TIME_RATE, ONLINE_RATE
from reporting.reading.against_targets import ReachedByKey, with_direction
from reporting.reading.overview import Overview

from .dashboard_numbers import count


def trend(seen: Overview, month_urls: dict[str, str], not_counted: str, targets: ReachedByKey) -> dict:
    """The chart's data and the table under it; a gap stays a gap. `month_urls`: a month's page by its key.

    `not_counted`: the services out of the headline rates of these months, in words. `targets`: the unit's, of which
    those of the year are drawn as lines.
    """
    points = []
    for p in seen.trend:
        points.append(
            {
                "label": f"{p.month.month:02d}/{p.month.year % 100:02d}",
                "url": month_urls.get(p.month.key, ""),
                "in_time": _chart_value(p.in_time),
                "online": _chart_value(p.online),
                "in_time_text": format_rate(*(p.in_time or (None, None))),
                "online_text": format_rate(*(p.online or (None, None))),
                "reported": f"{count(p.reported)}/{count(p.expected)}" if p.expected else "",
                "provisional": p.is_provisional and p.in_time is not None,
                "comparable": p.is_comparable,
            }
        )
    gaps = [
        f"{p.month.label} ({count(p.reported)}/{count(p.expected)} báo cáo)"
        for p in seen.trend
        if p.expected and p.in_time is None and p.online is None
    ]
    words = []
    if gaps:
        words.append("Không có số liệu: " + "; ".join(gaps) + ".")
    if points and points[-1]["provisional"]:
        words.append(f"{seen.trend[-1].month.label.capitalize()} là số tạm tính (vòng rỗng).")
    if broken := [p.month for p in seen.trend if not p.is_comparable]:
        words.append(f"Từ {broken[-1].label} trở về trước không so sánh được: có phần địa giới chia, nhập.")
    if not_counted:
        words.append(f"Tỷ lệ không tính {not_counted}.")
    of_year = {key: one.target for key in (IN_TIME_RATE.name, ONLINE_RATE.name) for one in targets.get(key, [])
               if not one.target.month}  # fmt: skip
    for target in of_year.values():
        words.append(f"Đường chấm: chỉ tiêu {target.span_label}, {target.get_rate_display()} "
                     f"{with_direction(target.value, target)}.")  # fmt: skip
    drawn = [p for p in points if p["in_time"] is not None]
    alt = "Chưa có tháng nào đủ số liệu"
    if drawn:
        first, last = drawn[0], drawn[-1]
        alt = (
            f"Tỷ lệ trước và đúng hạn từ {first['in_time_text']} (tháng {first['label']}) "
            f"đến {last['in_time_text']} (tháng {last['label']})"
        )
    lines = {key: None if (t := of_year.get(key)) is None or t.value is None else float(t.value)
             for key in (IN_TIME_RATE.name, ONLINE_RATE.name)}  # fmt: skip
    return {"points": points, "note": " ".join(words), "alt": alt, "has_points": bool(drawn), "lines": lines}


def _chart_value(pair: tuple[int, int] | None) -> float | None:
    """The percent that the text says, so that the chart cannot say another."""
    value = rate(*(pair or (None, None)))
    return None if value is None else float(rounded(value, 2))


def chart_data(shown: dict) -> dict:
    """What static/js/dashboard.js draws of `trend`."""
    points = shown["points"]
    return {
        "months": [p["label"] for p in points],
        "in_time": [p["in_time"] for p in points],
        "online": [p["online"] for p in points],
        "provisional": [p["provisional"] for p in points],
        "in_time_target": shown["lines"][IN_TIME_RATE.name],
        "online_target": shown["lines"][ONLINE_RATE.name],
        "pages": [p["url"] for p in points],
    }
