"""Who has not handed in, and what the last month's own reports of a unit and of those right below it are."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reporting.lateness import SENT, Deadlines, days_overdue
from reporting.models import Period
from taskforces.models.units import reporter_name

from .owed import OwedReport


@dataclass
class MissingReport:
    """A report not handed in. `days_overdue`: None before the deadline, else whole days since it (0 = today)."""

    report_id: int
    unit_id: int
    name: str
    level: str
    period: Period
    status: str
    due_at: dt.datetime | None
    days_overdue: int | None


@dataclass
class LastReport:
    """The last month's own report of the unit or of one right below it."""

    report: OwedReport
    days_overdue: int | None


def hand_ins(
    reports: Iterable[OwedReport], periods: Sequence[Period], deadlines: Deadlines, now: dt.datetime
) -> tuple[list[MissingReport], dict[int, LastReport]]:
    """The reports not handed in, and the last month's reports right here by unit, of those of `missing_and_direct`."""
    by_pk = {p.pk: p for p in periods}
    missing: list[MissingReport] = []
    direct: dict[int, LastReport] = {}
    for r in reports:
        due_at = r.own_due_at or deadlines.get((r.period_id, r.level))
        days = days_overdue(r.status, due_at, now)
        if r.period_id == periods[-1].pk:
            direct[r.unit_id] = LastReport(r, days)
        if r.status not in SENT:
            name, period = reporter_name(r.name, r.level), by_pk[r.period_id]
            missing.append(MissingReport(r.report_id, r.unit_id, name, r.level, period, r.status, due_at, days))
    return missing, direct
