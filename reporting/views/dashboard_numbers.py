"""The six numbers at the head of the dashboard, as text, with their change on the same units."""

import datetime as dt
from fractions import Fraction

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate, rate, with_qualifier
from reporting.figures import IN_TIME_RATE, ONLINE_RATE, RECEIVED, Rate
from reporting.models import Basis
from reporting.reading.against_targets import Assessment, ReachedByKey, said_of_target
from reporting.reading.contributions import OF_ALL_SERVICES
from reporting.reading.overview import ACTIVATION, ASSIGNMENTS, Overview
from reporting.reading.ranges import Pair

_OTHER_CHANNELS = ", ".join(f.short_label.lower() for f in RECEIVED.figures if f.name not in ONLINE_RATE.over)


def count(value: int | None) -> str:
    """A count; nothing where nobody reported it. “–” is a rate that cannot be computed, and nothing else."""
    return format_number(value)


def stats(seen: Overview, link, register: tuple[int, int], register_day: dt.date, targets: ReachedByKey) -> list[dict]:
    """The six numbers of the head: value, change on the same units, a note, and where it came from.

    `register`: assignments done and given as the register itself says on `register_day`. The reports hold what it said
    on the last day of their month, of the units that have sent them, so the two differ and are named apart.
    """
    d = seen.dossiers
    holders = len(seen.overdue_holders)
    online, received = d.online_rate
    other = None if received is None else received - (online or 0)
    assignments = seen.indicator(ASSIGNMENTS) or Pair()
    cards = [
        {
            "label": "Hồ sơ tiếp nhận",
            "value": count(d.received),
            "deltas": _deltas(seen, _volume_delta, lambda m: m.dossiers.received),
            "note": "" if online is None else f"{count(online)} trực tuyến",
            "source": "received",
        },
        {
            "label": "Tỷ lệ trực tuyến",
            "value": format_rate(*seen.measures.online_rate),
            "deltas": _deltas(seen, _rate_delta, lambda m: m.online_rate),
            "note": "" if other is None else f"{count(other)} hồ sơ {_OTHER_CHANNELS}",
            "source": "online_rate",
            "all_services": _all_services(seen, ONLINE_RATE, link),
        },
        {
            "label": "Trước và đúng hạn",
            "value": format_rate(*seen.measures.in_time_rate),
            "deltas": _deltas(seen, _rate_delta, lambda m: m.in_time_rate),
            "note": "" if d.resolved_overdue is None else f"{count(d.resolved_overdue)} hồ sơ quá hạn",
            "source": "in_time_rate",
            "all_services": _all_services(seen, IN_TIME_RATE, link),
        },
        {
            "label": "Đang quá hạn",
            "value": count(d.pending_overdue),
            "unit": "hồ sơ" if d.pending_overdue is not None else "",
            "deltas": _deltas(seen, _overdue_delta, lambda m: m.dossiers.pending_overdue),
            "note": f"ở {count(holders)} đơn vị" if holders else "",
            "source": "pending_overdue",
        },
        {
            "label": "Kích hoạt VNeID",
            "value": format_rate(*seen.measures.activation.rate),
            "deltas": _deltas(seen, _rate_delta, lambda m: m.activation.rate),
            "note": with_qualifier(_fraction(seen.measures.activation), seen.said(ACTIVATION).word),
            "source": ACTIVATION,
        },
        {
            "label": "Nhiệm vụ hoàn thành",
            "value": with_qualifier(count(assignments.numerator), seen.said(ASSIGNMENTS).word),
            "unit": "" if assignments.denominator is None else f"/{count(assignments.denominator)}",
            "deltas": _assignment_deltas(seen),
            "note": _assignments_note(seen, assignments, register, register_day),
            "source": ASSIGNMENTS,
        },
    ]
    for card in cards:
        if card["note"] and seen.has_units_below and seen.is_own(card["source"]):
            card["note"] += ", riêng đơn vị"
        card["targets"] = target_lines(targets, card["source"])
        card["url"] = link(so=card["source"]) if card["value"] not in ("", NO_VALUE) else ""
    return cards


def _all_services(seen: Overview, rate_of: Rate, link) -> dict | None:
    """The rate with the services left out of the headline, to stand beside it; None where none is left out."""
    if seen.measures.headline is None:
        return None
    text = format_rate(*seen.dossiers.rate(rate_of))
    url = "" if text == NO_VALUE else link(so=rate_of.name + OF_ALL_SERVICES)
    return {"words": f"tính cả {seen.not_counted}", "value": text, "url": url}


def not_counted(seen: Overview) -> str:
    """Which services the headline rates leave out, and where a comparison was made anew without them."""
    sentences = []
    if seen.measures.headline is not None:
        sentences.append(f"Tỷ lệ chung không tính {seen.not_counted}; số hồ sơ vẫn tính đủ các dịch vụ.")
    restated = [one.label for one in (seen.comparison, seen.year_ago) if one is not None and one.is_restated]
    if restated:
        sentences.append(f"Khi so sánh, tỷ lệ của {', '.join(restated)} được tính lại với cùng các dịch vụ của kỳ này.")
    return " ".join(sentences)


def target_lines(targets: ReachedByKey, key: str) -> list[tuple[str, str]]:
    """(words, tone) of the unit's targets of what a figure is of."""
    tones = {Assessment.NOT_MET: "t-bad", Assessment.NO_DATA: ""}
    return [(said_of_target(one), tones.get(one.assessment, "t-ok")) for one in targets.get(key, [])]


def _assignments_note(seen: Overview, reported: Pair, register: tuple[int, int], day: dt.date) -> str:
    done, given = register
    now = f"sổ ngày {day:%d/%m/%Y}: {count(done)}/{count(given)}" if given else ""
    if reported.numerator is None:
        if not now:
            return "Chưa có sổ nhiệm vụ"
        if seen.submissions.reports:
            without = "Chưa có trong báo cáo"
        else:
            without = "Chưa có báo cáo được duyệt" if seen.basis == Basis.OFFICIAL else "Báo cáo chưa gửi"
        return f"{without}; {now}"
    of = f"theo báo cáo của {count(reported.units)} đơn vị" if seen.has_units_below else "theo báo cáo"
    same = (reported.numerator, reported.denominator) == register
    return f"{format_rate(*reported.rate)} {of}" + (f"; {now}" if now and not same else "")


def _fraction(pair: Pair) -> str:
    return "" if pair.numerator is None else f"{count(pair.numerator)}/{count(pair.denominator)}"


def _deltas(seen: Overview, delta, value) -> list[tuple[str, dict]]:
    """(months compared with, change) for the span before and for the year before, where there is a change to tell."""
    found = []
    for compared in (seen.comparison, seen.year_ago):
        if compared is not None and (change := delta(value(compared.now), value(compared.before))) is not None:
            found.append((compared.short_label, change))
    return found


def _assignment_deltas(seen: Overview) -> list[tuple[str, dict]]:
    pk = next((line.indicator.pk for line in seen.indicators if line.indicator.code == ASSIGNMENTS), None)
    found = []
    for compared in (seen.comparison, seen.year_ago):
        now, before = compared.indicators.get(pk, (Pair(), Pair())) if compared is not None else (Pair(), Pair())
        if compared is not None and (change := _rate_delta(now.rate, before.rate)) is not None:
            found.append((compared.short_label, change))
    return found


def change(now, before) -> str:
    """'+12', '−0,85' (percentage points), '0'; nothing where a side has nothing. Of counts, or of pairs of a rate."""
    if isinstance(now, tuple):
        a, b = rate(*now), rate(*before)
        places = 2
    else:
        a, b, places = now, before, 0
    if a is None or b is None:
        return ""
    text = format_number(a - b, places)
    return "0" if text in {"0", "0,00"} else text if a < b else f"+{text}"


def _delta(amount: str, more: bool, unit: str, tone: str, word: str) -> dict:
    return {"amount": amount, "icon": "up" if more else "down", "unit": unit, "tone": tone, "word": word}


def _same() -> dict:
    return {"amount": "", "icon": "", "unit": "không đổi", "tone": "muted", "word": ""}


def _volume_delta(now: int | None, before: int | None) -> dict | None:
    """A volume is neither good nor bad."""
    if now is None or not before:
        return None
    change = Fraction(now - before, before) * 100
    amount = format_number(abs(change), 1)
    return _same() if change == 0 else _delta(f"{amount}%", change > 0, "", "muted", "tăng" if change > 0 else "giảm")


def _rate_delta(now, before) -> dict | None:
    a, b = rate(*(now or (None, None))), rate(*(before or (None, None)))
    if a is None or b is None:
        return None
    points = a - b
    amount = format_number(abs(points), 2)
    if amount == "0,00":
        return _same()
    more = points > 0
    return _delta(
        amount, more, "điểm phần trăm", "t-ok" if more else "t-bad", "tăng, tốt hơn" if more else "giảm, xấu hơn"
    )


def _overdue_delta(now: int | None, before: int | None) -> dict | None:
    if now is None or before is None:
        return None
    if now == before:
        return _same()
    more = now > before
    word = "tăng, xấu hơn" if more else "giảm, tốt hơn"
    return _delta(count(abs(now - before)), more, "hồ sơ", "t-bad" if more else "t-ok", word)
