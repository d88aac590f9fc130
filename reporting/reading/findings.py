"""“Vấn đề cần lưu ý”: what stands out in the figures, found by fixed rules and said as facts."""

from dataclasses import dataclass
from fractions import Fraction

from de_an_06.plain.numbers import format_number, format_rate
from reporting.lateness import overdue_words
from reporting.models import Status

from .overview import MissingReport, Overview, UnitRow
from .ranges import Dossiers
from .ranking import FEWEST_DOSSIERS

SLOW, VERY_SLOW = Fraction(98, 100), Fraction(95, 100)


@dataclass(frozen=True)
class Finding:
    """`tone` is bad (needs direction), warn (watch) or ok."""

    tone: str
    title: str
    text: str


def findings(seen: Overview) -> list[Finding]:
    """At most one of each kind, the most pressing first; nothing where nothing was reported."""
    found = [*_missing(seen), *_slow_service(seen), *_overdue(seen), *_best_unit(seen)]
    return sorted(found, key=lambda f: ["bad", "warn", "ok"].index(f.tone))


def _value(dossiers: Dossiers) -> Fraction | None:
    numerator, denominator = dossiers.in_time_rate
    if numerator is None or not denominator or denominator < FEWEST_DOSSIERS:
        return None
    return Fraction(numerator, denominator)


def _missing(seen: Overview) -> list[Finding]:
    """A report sent back was handed in: it is named as that, and not among those nobody has sent."""
    past = [m for m in seen.missing if m.days_overdue is not None]
    if not past or not seen.has_units_below:
        return []
    overdue = [m for m in past if m.status != Status.RETURNED]
    names = _units(overdue)
    returned = [m for m in past if m.status == Status.RETURNED]
    back = f"{format_number(len(returned))} báo cáo bị trả lại, chưa gửi lại"
    back_names = f"{_named(_units(returned))}."
    if not overdue:
        return [Finding("warn", back, back_names)]
    more = f" Ngoài ra {back}: {back_names}" if returned else ""
    if len(seen.periods) > 1:
        title = f"Thiếu {format_number(len(overdue))} báo cáo tháng đã quá hạn"
    elif len(names) == 1:
        days = overdue_words(overdue[0].days_overdue or 0)
        return [Finding("bad", f"{names[0]} chưa nộp, đã quá hạn", f"{days}.{more}")]
    else:
        title = f"{format_number(len(names))} đơn vị chưa nộp, đã quá hạn"
    return [Finding("bad", title, f"{_named(names)}.{more}")]


def _units(missing: list[MissingReport]) -> list[str]:
    """The name of each unit once; two units may bear one name."""
    return list({m.unit_id: m.name for m in missing}.values())


def _named(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" và {format_number(len(names) - 3)} đơn vị khác" if len(names) > 3 else "")


def _slow_service(seen: Overview) -> list[Finding]:
    rated = [(value, line) for line in seen.services if (value := _value(line.dossiers)) is not None]
    slow = sorted(((v, line) for v, line in rated if v < SLOW), key=lambda pair: pair[0])
    if not slow:
        return []
    value, line = slow[0]
    late = format_number(line.dossiers.resolved_overdue)
    text = f"{format_rate(*line.dossiers.in_time_rate)} trước và đúng hạn, {late} hồ sơ quá hạn."
    units = _slowest_units(seen, line.service.code)
    if units:
        text += f" Chậm nhất: {units}."
    elif len(slow) > 1:
        text += f" Sau đó là {slow[1][1].service.short_name} {format_rate(*slow[1][1].dossiers.in_time_rate)}."
    return [
        Finding("bad" if value < VERY_SLOW else "warn", f"{line.service.short_name}: chậm nhất trong các dịch vụ", text)
    ]


def _slowest_units(seen: Overview, code: str) -> str:
    rated: list[tuple[Fraction, UnitRow]] = []
    for row in seen.rows:
        numerator, denominator = row.by_service.get(code, Dossiers()).in_time_rate
        if numerator is not None and denominator and numerator < denominator:
            rated.append((Fraction(numerator, denominator), row))
    rated.sort(key=lambda pair: pair[0])
    return ", ".join(f"{row.name} {format_rate(*row.by_service[code].in_time_rate)}" for _, row in rated[:2])


def _overdue(seen: Overview) -> list[Finding]:
    total = seen.dossiers.pending_overdue
    if not total:
        return []
    holders = seen.overdue_holders
    where = ""
    if holders:
        where = f" ở {format_number(len(holders))} đơn vị; nhiều nhất: " + ", ".join(
            f"{row.name} {format_number(row.dossiers.pending_overdue)}" for row in holders[:2]
        )
    text = f"{format_number(total)} hồ sơ{where}."
    if seen.comparison is not None:
        now, before = seen.comparison.now.dossiers.pending_overdue, seen.comparison.before.dossiers.pending_overdue
        if now is not None and before is not None and now != before:
            more = now > before
            word, tone = ("tăng", "warn") if more else ("giảm", "ok")
            since = f" so với cuối {seen.comparison.last_label}" if len(seen.comparison.months) > 1 else ""
            return [Finding(tone, f"Hồ sơ đang quá hạn {word} {format_number(abs(now - before))}{since}", text)]
    return [Finding("warn", "Còn hồ sơ đang quá hạn", text)]


def _best_unit(seen: Overview) -> list[Finding]:
    rated = [
        (value, row)
        for row in seen.rows
        if not row.is_own and not row.is_former and (value := _value(row.dossiers)) is not None
    ]
    if len(rated) < 2:
        return []
    best = max(value for value, _ in rated)
    leaders = [row for value, row in rated if value == best]
    if best < SLOW or len(leaders) > 3:
        return []
    names = ", ".join(row.name for row in leaders)
    rate = format_rate(*leaders[0].dossiers.in_time_rate)
    resolved = format_number(leaders[0].dossiers.resolved)
    text = f"{rate} trước và đúng hạn" + (f" trên {resolved} hồ sơ đã giải quyết." if len(leaders) == 1 else ".")
    return [Finding("ok", f"{names} dẫn đầu", text)]
