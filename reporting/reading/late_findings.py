"""Findings of what is beyond its day in a register: how many, who holds most of it, and since when."""

import datetime as dt
from collections.abc import Mapping

from de_an_06.plain.numbers import format_number
from reporting.models import ReportingSettings
from taskforces.register.assignment_counts import Late

from .finding_parts import MOST_NAMED, Behind, Finding, Lead, Part, joined
from .overview import Overview


def number_of(late: Late | None) -> int:
    return late.count if late else 0


def late_since(
    seen: Overview,
    day: dt.date,
    settings: ReportingSettings,
    late: Mapping[int | None, Late],
    behind: Behind,
    what: str,
) -> list[Finding]:
    """One kind of what is beyond its day; it needs direction once one of it waits too long."""
    if not late:
        return []
    numbers = {key: one.count for key, one in late.items()}
    days = (day - min(one.due_on for one in late.values())).days
    more = f"; lâu nhất {format_number(days)} ngày"
    tone = "bad" if days > settings.very_late_days else "warn"
    return held(seen, day, numbers, behind, f"{format_number(sum(numbers.values()))} {what}", more, tone)


def held(
    seen: Overview,
    day: dt.date,
    late: Mapping[int | None, int],
    behind: Behind,
    title: str,
    more: str = "",
    tone: str = "warn",
) -> list[Finding]:
    """How many are late, and the units that hold most; None: what the unit of the page holds itself."""
    if not late:
        return []
    parts = [Part(f"Đến ngày {day:%d/%m/%Y}")]
    if seen.has_units_below:
        holders = [(row, late[key]) for row in seen.rows if (key := None if row.is_own else row.unit_id) in late]
        holders.sort(key=lambda pair: -pair[1])
        most = [
            Part(
                f"{row.name} {format_number(number)}",
                Lead(behind, None if row.is_own else row.unit_id, is_own=row.is_own),
            )
            for row, number in holders[:MOST_NAMED]
        ]
        parts.append(Part(f", ở {format_number(len(late))} đơn vị"))
        if most:
            parts += [Part("; nhiều nhất: "), *joined(most)]
    return [Finding(tone, sum(late.values()), title, Lead(behind), (*parts, Part(f"{more}.")))]
