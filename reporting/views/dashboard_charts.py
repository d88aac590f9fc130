"""What the dashboard draws: twelve months of two rates."""

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_rate, rate, rounded
from de_an_06.plain.vietnamese import file_part
from reporting.figures import IN_TIME_RATE, ONLINE_RATE
from reporting.models import Basis
from reporting.reading.against_targets import ReachedByKey, with_direction
from reporting.reading.overview import Overview

from .dashboard_numbers import count

LONGEST_SUBJECT = 100  # letters of a file's name that say what it is: systems refuse names over 255 bytes


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
                "cut": p.is_cut,
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
    if cuts := [p.month for p in seen.trend if p.is_cut]:
        words.append(f"Đường đứt trước {', '.join(month.label for month in cuts)}.")
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
    floor = _floor([v for p in points for v in (p["in_time"], p["online"])] + list(lines.values()))
    words.append(f"Trục số bắt đầu từ {count(floor)}%.")
    return {
        "points": points,
        "note": " ".join(words),
        "alt": alt,
        "has_points": bool(drawn),
        "lines": lines,
        "floor": floor,
        "months": f"{points[0]['label']}–{points[-1]['label']}" if points else "",
    }


def _floor(values: list[float | None]) -> int:
    """Where the axis of percents begins: so low that every value is drawn, so high that they can be told apart."""
    lowest = min((v for v in values if v is not None), default=0.0)
    return next((floor for floor in (96, 90) if lowest >= floor), int(lowest // 10 * 10))


def _chart_value(pair: tuple[int, int] | None) -> float | None:
    """The percent that the text says, so that the chart cannot say another."""
    value = rate(*(pair or (None, None)))
    return None if value is None else float(rounded(value, 2))


def chart_data(seen: Overview, shown: dict) -> dict:
    """What static/js/dashboard.js draws of `trend`, and what stands around it where it is taken away as a picture."""
    points = shown["points"]
    months = f"{seen.trend[0].month.label} đến {seen.trend[-1].month.label}" if seen.trend else ""
    subject = f"{seen.version.name}: tỷ lệ trước và đúng hạn, trực tuyến (%)"
    basis = "Số liệu chính thức" if seen.basis == Basis.OFFICIAL else "Số liệu tạm tính"
    return {
        "months": [p["label"] for p in points],
        "in_time": [p["in_time"] for p in points],
        "online": [p["online"] for p in points],
        "provisional": [p["provisional"] for p in points],
        "cuts": [k for k, p in enumerate(points) if p["cut"]],
        "in_time_target": shown["lines"][IN_TIME_RATE.name],
        "online_target": shown["lines"][ONLINE_RATE.name],
        "floor": shown["floor"],
        "pages": [p["url"] for p in points],
        "picture": picture(subject, months, f"{basis} đến {moment(seen.as_of) or 'nay'}. {shown['note']}"),
    }


def picture(subject: str, when: str, below: str) -> dict:
    """What static/js/charts.js writes around a chart that is taken away, and the file's name without its ending."""
    name = f"{file_part(subject)[:LONGEST_SUBJECT].strip('-')}-{file_part(when)}"
    return {"title": f"{subject}, {when}", "below": below, "file": name}
