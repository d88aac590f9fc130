"""The dashboard's numbers as text, formatted once in Python (a filter per cell is slow on big tables)."""

from fractions import Fraction
from urllib.parse import quote

from django.urls import reverse

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate
from reporting.lateness import SENT_LATE, overdue_words
from reporting.models import Indicator, Status
from reporting.reading.overview import ASSIGNMENTS, RANKINGS, Overview, UnitRow
from reporting.reading.ranges import Dossiers, Pair

HEAT_STEPS = ((990, 1), (970, 2), (950, 3), (900, 4), (0, 5))  # tenths of a percent, as shown -> class
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
CHIPS = 60  # more units than this are told by number, the table below names them


def count(value: int | None) -> str:
    return format_number(value, blank=NO_VALUE)


def _share(rate: tuple[int | None, int | None]) -> Fraction | None:
    numerator, denominator = rate
    return None if numerator is None or not denominator else Fraction(numerator, denominator)


# The six numbers -----------------------------------------------------------------------------------------------------


def stats(seen: Overview, link) -> list[dict]:
    """The six numbers of the head: value, change on the same units, a note, and where it came from."""
    d, now, before = seen.dossiers, None, None
    if seen.comparison is not None:
        now, before = seen.comparison.now, seen.comparison.before
    units = f"ở {count(seen.submissions.reported)} đơn vị" if seen.has_units_below else ""
    other = None if d.received is None else d.received - (d.received_online or 0)
    assignments = seen.indicator(ASSIGNMENTS) or Pair()
    cards = [
        {
            "label": "Hồ sơ tiếp nhận",
            "value": count(d.received),
            "delta": _volume_delta(now and now.dossiers.received, before and before.dossiers.received),
            "note": "" if d.received_online is None else f"{count(d.received_online)} trực tuyến",
            "source": "received",
        },
        {
            "label": "Tỷ lệ trực tuyến",
            "value": format_rate(*d.online_rate),
            "delta": _rate_delta(now and now.dossiers.online_rate, before and before.dossiers.online_rate),
            "note": "" if other is None else f"{count(other)} hồ sơ trực tiếp, bưu chính",
            "source": "online_rate",
        },
        {
            "label": "Trước và đúng hạn",
            "value": format_rate(*d.in_time_rate),
            "delta": _rate_delta(now and now.dossiers.in_time_rate, before and before.dossiers.in_time_rate),
            "note": "" if d.resolved_overdue is None else f"{count(d.resolved_overdue)} hồ sơ trễ",
            "source": "in_time_rate",
        },
        {
            "label": "Đang quá hạn",
            "value": count(d.pending_overdue),
            "unit": "hồ sơ" if d.pending_overdue is not None else "",
            "delta": _overdue_delta(now and now.dossiers.pending_overdue, before and before.dossiers.pending_overdue),
            "note": units if d.pending_overdue is not None else "",
            "source": "pending_overdue",
        },
        {
            "label": "Kích hoạt VNeID",
            "value": format_rate(*seen.measures.activation.rate),
            "delta": _rate_delta(now and now.activation.rate, before and before.activation.rate),
            "note": _fraction(seen.measures.activation),
            "source": "DD04",
        },
        {
            "label": "Nhiệm vụ hoàn thành",
            "value": count(assignments.numerator),
            "unit": "" if assignments.denominator is None else f"/{count(assignments.denominator)}",
            "delta": None,
            "note": "Chưa có sổ nhiệm vụ" if assignments.numerator is None else format_rate(*assignments.rate),
            "source": ASSIGNMENTS,
        },
    ]
    for card in cards:
        card["url"] = link(so=card["source"]) if card["value"] != NO_VALUE else ""
    return cards


def _fraction(pair: Pair) -> str:
    return "" if pair.numerator is None else f"{count(pair.numerator)}/{count(pair.denominator)}"


def _delta(amount: str, more: bool, unit: str, tone: str, word: str) -> dict:
    return {"amount": amount, "icon": "up" if more else "down", "unit": unit, "tone": tone, "word": word}


def _same() -> dict:
    return {"amount": "", "icon": "", "unit": "không đổi", "tone": "muted", "word": ""}


def _volume_delta(now: int | None, before: int | None) -> dict | None:
    """A volume is neither good nor bad."""
    if now is None or not before:
        return None
    change = Fraction(now - before, before) * 100
    amount = _places(change, 1)
    return _same() if change == 0 else _delta(f"{amount}%", change > 0, "", "muted", "tăng" if change > 0 else "giảm")


def _rate_delta(now, before) -> dict | None:
    a, b = _share(now or (None, None)), _share(before or (None, None))
    if a is None or b is None:
        return None
    points = (a - b) * 100
    amount = _places(points, 2)
    if amount == "0,00":
        return _same()
    more = points > 0
    return _delta(amount, more, "điểm %", "t-ok" if more else "t-bad", "tăng, tốt hơn" if more else "giảm, xấu hơn")


def _overdue_delta(now: int | None, before: int | None) -> dict | None:
    if now is None or before is None:
        return None
    if now == before:
        return _same()
    more = now > before
    word = "tăng, xấu hơn" if more else "giảm, tốt hơn"
    return _delta(count(abs(now - before)), more, "hồ sơ", "t-bad" if more else "t-ok", word)


def _places(value: Fraction, places: int) -> str:
    """The size of an exact change, rounded once, half away from zero."""
    scaled = abs(value) * 10**places
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    text = str(whole).rjust(places + 1, "0")
    return f"{format_number(int(text[:-places]))},{text[-places:]}"


# Status --------------------------------------------------------------------------------------------------------------


def status_of(row: UnitRow) -> dict:
    """Symbol, word and colour of a row of the unit table."""
    if row.report is not None and row.submissions.expected_reports <= 1:
        return report_status(row.report.status, row.days_overdue)
    done, owed = row.submissions.reports, row.submissions.expected_reports
    if not owed:
        return {"tone": "", "icon": "blank", "label": "Không phải nộp"}
    tone, icon = ("tag--ok", "check") if done == owed else ("tag--warn", "half") if done else ("", "blank")
    return {"tone": tone, "icon": icon, "label": f"{count(done)}/{count(owed)} báo cáo"}


def report_status(status: str, days_overdue: int | None) -> dict:
    if status == Status.APPROVED:
        return {"tone": "tag--ok", "icon": "check", "label": "Đã duyệt"}
    if status == Status.SUBMITTED:
        return {"tone": "tag--info", "icon": "send", "label": "Đã gửi"}
    if status == Status.RETURNED:
        return {"tone": "tag--warn", "icon": "back", "label": "Trả lại"}
    if days_overdue is not None:
        return {"tone": "tag--bad", "icon": "clock", "label": overdue_words(days_overdue)}
    return {"tone": "", "icon": "blank", "label": "Chưa nộp"}


def who_reported(seen: Overview) -> dict:
    """The box “Ai đã nộp”: the late ones first, then chips of all units where they are few."""
    parts = seen.submissions
    chips = []
    if seen.has_units_below and len(seen.rows) <= CHIPS:
        chips = [
            {"name": row.name, **status_of(row)}
            for row in seen.rows
            if row.submissions.expected and not (row.report and row.report.status in {Status.DRAFT, Status.RETURNED})
        ]
    missing = [
        {
            "name": m.name + (f", {m.period.label}" if len(seen.periods) > 1 else ""),
            **report_status(m.status, m.days_overdue),
            "overdue": m.days_overdue is not None,
            "is_returned": m.status == Status.RETURNED,
        }
        for m in sorted(seen.missing, key=lambda m: -1 if m.days_overdue is None else m.days_overdue, reverse=True)
    ]
    overdue = sum(m["overdue"] for m in missing)
    return {
        "chips": chips,
        "missing": missing[:12],
        "more": missing[12:],
        "more_count": count(len(missing) - 12) if len(missing) > 12 else "",
        "reports": count(parts.reports),
        "expected": count(parts.expected_reports),
        "reports_raw": parts.reports,
        "expected_raw": parts.expected_reports,
        "legend": [
            {"tone": tone, "icon": icon, "label": f"{label} ({count(number)})"}
            for tone, icon, label, number in (
                ("t-info", "send", "Đã gửi", parts.submitted),
                ("t-ok", "check", "Đã duyệt", parts.approved),
                ("t-warn", "back", "Trả lại", parts.returned),
                ("t-bad", "clock", "Quá hạn", overdue),
                ("t-warn", "clock", SENT_LATE, parts.late),
            )
            if number
        ],
    }


# Tables --------------------------------------------------------------------------------------------------------------


def unit_rows(seen: Overview, unit_link, source_link) -> list[dict]:
    rows = []
    for row in filter(_owes, seen.rows):
        d = row.dossiers
        source = _row_source(row, source_link)
        cells = [
            ("Tiếp nhận", count(d.received), "received"),
            ("Trực tuyến", format_rate(*d.online_rate), "online_rate"),
            ("Đã giải quyết", count(d.resolved), "resolved"),
            ("Trước và đúng hạn", format_rate(*d.in_time_rate), "in_time_rate"),
            ("Đang quá hạn", count(d.pending_overdue), "pending_overdue"),
            ("Kích hoạt VNeID", format_rate(*row.measures.activation.rate), "DD04"),
        ]
        rows.append(
            {
                "name": row.name,
                "url": "" if row.is_own or row.is_former else unit_link(row.unit_id),
                "report_url": _report_url(row),
                "is_own": row.is_own,
                "status": status_of(row),
                "cells": [(label, text, "" if text == NO_VALUE else source(so)) for label, text, so in cells],
                "rank": NO_VALUE if row.rank is None else str(row.rank),
            }
        )
    return rows


def _owes(row: UnitRow) -> bool:
    """Units that owe no report in the span are named under the table, not in it."""
    return row.submissions.expected > 0


def units_without_reports(seen: Overview, unit_link) -> list[tuple[str, str]]:
    return [(row.name, unit_link(row.unit_id)) for row in seen.rows if not _owes(row)]


def _report_url(row: UnitRow) -> str:
    return reverse("report-detail", args=[row.report.report_id]) if row.report else ""


def _row_source(row: UnitRow, source_link):
    if row.is_own:
        return lambda so: source_link(so=so, rieng=1)
    return lambda so: source_link(don_vi=row.unit_id, so=so)


def unit_total(seen: Overview, source_link) -> dict:
    d = seen.dossiers
    cells = [
        ("Tiếp nhận", count(d.received), "received"),
        ("Trực tuyến", format_rate(*d.online_rate), "online_rate"),
        ("Đã giải quyết", count(d.resolved), "resolved"),
        ("Trước và đúng hạn", format_rate(*d.in_time_rate), "in_time_rate"),
        ("Đang quá hạn", count(d.pending_overdue), "pending_overdue"),
        ("Kích hoạt VNeID", format_rate(*seen.measures.activation.rate), "DD04"),
    ]
    return {"cells": [(label, text, "" if text == NO_VALUE else source_link(so=so)) for label, text, so in cells]}


SERVICE_COLUMNS = (
    ("Kỳ trước chuyển sang", "opening"),
    ("Trực tuyến", "received_online"),
    ("Trực tiếp", "received_in_person"),
    ("Bưu chính", "received_postal"),
    ("Trước hạn", "resolved_early"),
    ("Đúng hạn", "resolved_on_time"),
    ("Quá hạn", "resolved_overdue"),
    ("Từ chối, rút, dừng", "rejected"),
    ("Trong hạn", "pending_in_time"),
    ("Quá hạn", "pending_overdue"),
)


def service_rows(seen: Overview, source_link) -> list[dict]:
    """All ten figures and the two rates of every service that somebody reported."""

    def cells(d: Dossiers, code: str) -> list[tuple[str, str, str]]:
        prefix = f"{code}." if code else ""
        texts = [(label, count(getattr(d, name)), name) for label, name in SERVICE_COLUMNS]
        texts.insert(8, ("Tỷ lệ trước và đúng hạn", format_rate(*d.in_time_rate), "in_time_rate"))
        texts.insert(4, ("Tỷ lệ trực tuyến", format_rate(*d.online_rate), "online_rate"))
        return [(label, t, "" if t == NO_VALUE else source_link(so=f"{prefix}{name}")) for label, t, name in texts]

    rows = [
        {"code": line.service.code, "name": line.service.name, "units": count(line.dossiers.units),
         "cells": cells(line.dossiers, line.service.code)}
        for line in seen.services
    ]  # fmt: skip
    if rows:
        rows.append({"code": "", "name": "Cộng", "units": "", "cells": cells(seen.dossiers, ""), "is_total": True})
    return rows


def indicator_groups(seen: Overview, source_link) -> list[tuple[str, list[dict]]]:
    groups: dict[str, list[dict]] = {}
    for line in seen.indicators:
        i, pair = line.indicator, line.pair
        is_ratio = i.kind == Indicator.Kind.RATIO
        value = count(pair.numerator)
        groups.setdefault(Indicator.Group(i.group).label, []).append(
            {
                "code": i.code,
                "name": i.name,
                "measure": i.unit_of_measure,
                "over_time": i.get_over_time_display(),
                "value": f"{value}/{count(pair.denominator)}" if is_ratio and pair.numerator is not None else value,
                "rate": format_rate(*pair.rate) if is_ratio else "",
                "units": count(pair.units) if pair.units else NO_VALUE,
                "url": source_link(so=i.code) if pair.numerator is not None else "",
                "older": count(pair.older) if pair.older else "",
            }
        )
    return list(groups.items())


def heat(seen: Overview, unit_link) -> dict | None:
    """Units x services, rate of early and on time with one decimal; None where there are too many units."""
    if not seen.has_heat:
        return None
    lines = [line for line in seen.services if line.dossiers.resolved]
    if not lines:
        return None
    codes = [line.service.code for line in lines]
    body = []
    for row in filter(_owes, seen.rows):
        reported = bool(row.submissions.reports)
        body.append(
            {
                "name": row.name,
                "url": "" if row.is_own or row.is_former else unit_link(row.unit_id),
                "message": "" if reported else status_of(row)["label"],
                "cells": [_heat_cell(row.by_service.get(code, Dossiers())) for code in codes] if reported else [],
                "total": _tenths(row.dossiers)[0],
            }
        )
    return {
        "heads": [(COLUMN_HEADS.get(line.service.code, line.service.short_name), line.service.name) for line in lines],
        "rows": body,
        "foot": [_tenths(line.dossiers)[0] for line in lines],
        "total": _tenths(seen.dossiers)[0],
        "span": len(lines) + 1,
    }


def _tenths(d: Dossiers) -> tuple[str, int | None]:
    share = _share(d.in_time_rate)
    if share is None:
        return NO_VALUE, None
    scaled = share * 1000
    tenths = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return ("100" if tenths == 1000 else f"{tenths // 10},{tenths % 10}"), tenths


def _heat_cell(d: Dossiers) -> tuple[str, str]:
    text, tenths = _tenths(d)
    if tenths is None:
        return text, "heat-none"
    return text, f"heat-{next(step for floor, step in HEAT_STEPS if tenths >= floor)}"


def ranking(seen: Overview) -> dict | None:
    """Units by rank; the bars start at a round floor for rates, at 0 for counts."""
    ranked = sorted((r for r in seen.rows if r.rank is not None), key=lambda r: r.rank or 0)
    below = [r for r in seen.rows if _owes(r) and not r.is_own and not r.is_former]
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
        return {"icon": "", "amount": "", "word": NO_VALUE}
    if change == 0:
        return {"icon": "", "amount": "", "word": "giữ hạng"}
    return {
        "icon": "up" if change > 0 else "down",
        "amount": str(abs(change)),
        "word": "tăng" if change > 0 else "giảm",
    }


# Trend ---------------------------------------------------------------------------------------------------------------


def trend(seen: Overview) -> dict:
    """The chart's data and the table under it; a gap stays a gap."""
    points = []
    for p in seen.trend:
        points.append(
            {
                "label": f"{p.month.month}/{p.month.year % 100:02d}",
                "in_time": _chart_value(p.in_time),
                "online": _chart_value(p.online),
                "in_time_text": format_rate(*(p.in_time or (None, None))),
                "online_text": format_rate(*(p.online or (None, None))),
                "reported": f"{count(p.reported)}/{count(p.expected)}" if p.expected else NO_VALUE,
                "provisional": p.is_provisional and p.in_time is not None,
            }
        )
    gaps = [
        f"tháng {p.month.month}/{p.month.year} ({count(p.reported)}/{count(p.expected)} báo cáo)"
        for p in seen.trend
        if p.expected and p.in_time is None and p.online is None
    ]
    words = []
    if gaps:
        words.append("Không có số liệu: " + "; ".join(gaps) + ".")
    if points and points[-1]["provisional"]:
        words.append(f"Tháng {points[-1]['label']} là số tạm tính (vòng rỗng).")
    drawn = [p for p in points if p["in_time"] is not None]
    alt = "Chưa có tháng nào đủ số liệu"
    if drawn:
        first, last = drawn[0], drawn[-1]
        alt = (
            f"Tỷ lệ trước và đúng hạn từ {first['in_time_text']} (tháng {first['label']}) "
            f"đến {last['in_time_text']} (tháng {last['label']})"
        )
    return {"points": points, "note": " ".join(words), "alt": alt, "has_points": bool(drawn)}


def _chart_value(rate: tuple[int, int] | None) -> float | None:
    """Percent with two decimals, for drawing only; texts are made from the exact pair."""
    return None if rate is None else round(rate[0] * 100 / rate[1], 2)


def chart_data(points: list[dict]) -> dict:
    return {
        "months": [p["label"] for p in points],
        "in_time": [p["in_time"] for p in points],
        "online": [p["online"] for p in points],
        "provisional": [p["provisional"] for p in points],
    }


def source_links(choice) -> tuple:
    """(unit_link, source_link): addresses of a unit's page and of the rows behind a number, same span and basis."""
    span, basis = quote(choice.span.key), choice.basis_key
    page, rows = reverse("dashboard"), reverse("dashboard-source")

    def unit_link(unit_id: int) -> str:
        return f"{page}?don_vi={unit_id}&ky={span}&co_so={basis}"

    def source_link(*, so: str, don_vi: int | None = None, rieng: int = 0) -> str:
        own = "&rieng=1" if rieng else ""
        return f"{rows}?don_vi={don_vi or choice.unit_id}&ky={span}&co_so={basis}&so={so}{own}"

    return unit_link, source_link
