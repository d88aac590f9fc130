"""What the dashboard draws: the ranking, twelve months of two rates."""

from fractions import Fraction

from de_an_06.plain.numbers import format_rate, rate, rounded
from reporting.reading.overview import RANKINGS, Overview, UnitRow

from .dashboard_numbers import count
from .dashboard_tables import in_table


def ranking(seen: Overview) -> dict | None:
    """Units by rank; the bars start at a round floor for rates, at 0 for counts."""
    ranked = sorted((r for r in seen.rows if r.rank is not None), key=lambda r: r.rank or 0)
    below = [r for r in seen.rows if in_table(r) and not r.is_own and not r.is_former]
    if not below:
        return None
    values = {r.unit_id: r.measures.ranked(seen.ranked_by) or Fraction(0) for r in ranked}
    is_rate = seen.ranked_by in {"dung-han", "truc-tuyen", "vneid"}
    floor, top = Fraction(0), max(values.values(), default=Fraction(0))
    if is_rate and values:
        floor, top = Fraction(int(min(values.values()) * 20), 20), max(Fraction(1), top)
        floor = min(floor, Fraction(19, 20))
    rows = []
    for r in ranked:
        width = (values[r.unit_id] - floor) / (top - floor) if top > floor else Fraction(0)
        rows.append(
            {
                "rank": r.rank,
                "name": r.name,
                "width": f"{float(width) * 100:.1f}",
                "value": _ranked_value(r, seen.ranked_by),
                "change": _rank_words(r.rank_change),
            }
        )
    unranked = len(below) - len(ranked)
    return {
        "label": RANKINGS[seen.ranked_by],
        "is_rate": is_rate,
        "compared": seen.comparison.label if seen.comparison else "kỳ trước",
        "rows": rows,
        "unranked": f"{count(unranked)} đơn vị chưa có số liệu không xếp hạng" if unranked else "",
        "floor": f"Thanh vẽ từ {count(int(floor * 100))}%." if is_rate and floor else "",
    }


def _ranked_value(row: UnitRow, by: str) -> str:
    return {
        "dung-han": format_rate(*row.dossiers.in_time_rate),
        "truc-tuyen": format_rate(*row.dossiers.online_rate),
        "tiep-nhan": count(row.dossiers.received),
        "lien-thong": count(row.measures.linked),
        "vneid": format_rate(*row.measures.activation.rate),
    }[by]


def _rank_words(change: int | None) -> dict:
    if change is None:
        return {"icon": "", "amount": "", "word": "kỳ trước chưa xếp"}
    if change == 0:
        return {"icon": "", "amount": "", "word": "giữ hạng"}
    return {
        "icon": "up" if change > 0 else "down",
        "amount": count(abs(change)),
        "word": "tăng" if change > 0 else "giảm",
    }


def trend(seen: Overview) -> dict:
    """The chart's data and the table under it; a gap stays a gap."""
    points = []
    for p in seen.trend:
        points.append(
            {
                "label": f"{p.month.month:02d}/{p.month.year % 100:02d}",
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
    }
