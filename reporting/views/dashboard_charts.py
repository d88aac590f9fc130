"""What the dashboard draws: units by service in colours, twelve months of two rates."""

from de_an_06.plain.numbers import NO_VALUE, format_rate, rate, rounded
from reporting.reading.overview import Overview, UnitRow
from reporting.reading.ranges import Dossiers

from .dashboard_numbers import count
from .dashboard_tables import in_table, status_of

HEAT_STEPS = ((99, 1), (97, 2), (95, 3), (90, 4), (0, 5))  # percent, as shown -> class
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


def heat(seen: Overview, unit_link) -> dict | None:
    """Units x services, rate of early and on time as on the cards, the worst unit first; None where not read."""
    if not seen.has_heat:
        return None
    lines = [line for line in seen.services if line.dossiers.resolved]
    if not lines:
        return None
    codes = [line.service.code for line in lines]
    body = []
    for row in sorted(filter(in_table, seen.rows), key=_worst_first):
        reported = bool(row.submissions.reports)
        body.append(
            {
                "name": row.name,
                "url": "" if row.is_own or row.is_former else unit_link(row.unit_id),
                "message": "" if reported else status_of(row)["label"],
                "cells": [_heat_cell(row.by_service.get(code, Dossiers())) for code in codes] if reported else [],
                "total": _heat_text(row.dossiers),
            }
        )
    return {
        "heads": [(COLUMN_HEADS.get(line.service.code, line.service.short_name), line.service.name) for line in lines],
        "rows": body,
        "foot": [_heat_text(line.dossiers) for line in lines],
        "total": _heat_text(seen.dossiers),
        "span": len(lines) + 1,
    }


def _worst_first(row: UnitRow) -> tuple:
    """By the exact rate, equal ones by how many dossiers they resolved; units without a rate stay last, by name."""
    share = rate(*row.dossiers.in_time_rate)
    return (1, 0, 0) if share is None else (0, share, -(row.dossiers.resolved or 0))


def _heat_text(d: Dossiers) -> str:
    """As on the cards, without the sign; 100 alone where not one dossier was late."""
    numerator, denominator = d.in_time_rate
    return "100" if denominator and numerator == denominator else format_rate(numerator, denominator).removesuffix("%")


def _heat_cell(d: Dossiers) -> tuple[str, str]:
    share = rate(*d.in_time_rate)
    if share is None:
        return NO_VALUE, "heat-none"
    shown = rounded(share, 2)
    return _heat_text(d), f"heat-{next(step for floor, step in HEAT_STEPS if shown >= floor)}"


def trend(seen: Overview, month_urls: dict[str, str]) -> dict:
    """The chart's data and the table under it; a gap stays a gap. `month_urls`: a month's page by its key."""
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
    drawn = [p for p in points if p["in_time"] is not None]
    alt = "Chưa có tháng nào đủ số liệu"
    if drawn:
        first, last = drawn[0], drawn[-1]
        alt = (
            f"Tỷ lệ trước và đúng hạn từ {first['in_time_text']} (tháng {first['label']}) "
            f"đến {last['in_time_text']} (tháng {last['label']})"
        )
    return {"points": points, "note": " ".join(words), "alt": alt, "has_points": bool(drawn)}


def _chart_value(pair: tuple[int, int] | None) -> float | None:
    """The percent that the text says, so that the chart cannot say another."""
    value = rate(*(pair or (None, None)))
    return None if value is None else float(rounded(value, 2))


def chart_data(points: list[dict]) -> dict:
    return {
        "months": [p["label"] for p in points],
        "in_time": [p["in_time"] for p in points],
        "online": [p["online"] for p in points],
        "provisional": [p["provisional"] for p in points],
        "pages": [p["url"] for p in points],
    }
