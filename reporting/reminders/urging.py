"""Đôn đốc: reviewers, chairs and staff above ask units for the reports they owe. Each is logged, once a day a unit."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from de_an_06.plain.moments import moment
from reporting import occasions
from reporting.closing import is_closed
from reporting.lateness import SENT
from reporting.models import Report, Urging
from taskforces.clock import now_for, today_for
from taskforces.models import Posting, User
from taskforces.models.units import valid_on
from taskforces.scope import Right, contacts_seen, may_urge, roles_with


@dataclass(frozen=True)
class Urged:
    """What came of it: the reports whose units were urged, and those that were not, with the reason."""

    done: list[Report]
    refused: list[tuple[Report, str]]


@transaction.atomic
def urge(*, by: User, reports: QuerySet[Report]) -> Urged:
    """Urge the units of these reports; the right and the moment are asked again for each.

    `reports` come from `reports_for`. A fixed number of statements, however many. The worker tells the units' people.
    """
    now, day = now_for(by), today_for(by)
    locked = list(reports.select_for_update(of=("self",)).order_by("pk"))
    before = {u.unit_id: u for u in Urging.objects.filter(day=day, unit__in={r.unit_id for r in locked})}
    done, refused = {}, []
    for report in locked:
        if reason := _why_not(by, report, before.get(report.unit_id)):
            refused.append((report, reason))
        elif report.unit_id in done:
            refused.append((report, "Mỗi đơn vị đôn đốc một lần một ngày."))
        else:
            done[report.unit_id] = report
    rows = [Urging(report=report, unit_id=report.unit_id, day=day, by=by, at=now) for report in done.values()]
    Urging.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)  # somebody else may just have done it
    written = list(Urging.objects.filter(day=day, by=by, at=now, unit__in=done))
    occasions.happened(*written)
    urged = {row.unit_id for row in written}
    refused += [(report, "Người khác vừa đôn đốc đơn vị này.") for pk, report in done.items() if pk not in urged]
    return Urged([report for pk, report in done.items() if pk in urged], refused)


def _why_not(by: User, report: Report, today: Urging | None) -> str:
    if not may_urge(by, report):
        return "Bạn không phải cấp trên của đơn vị này."
    if report.status in SENT:
        return "Đơn vị đã gửi báo cáo."
    if today is not None:
        return f"Đã được đôn đốc lúc {moment(today.at)}; mỗi đơn vị một lần một ngày."
    return "Kỳ này đã khóa hoặc đơn vị không phải nộp." if is_closed(report) else ""


def last_urgings(report_ids: Iterable[int]) -> dict[int, Urging]:
    """Report -> who urged its unit for it last, and when; one query."""
    rows = Urging.objects.filter(report__in=list(report_ids)).select_related("by").order_by("pk")
    return {row.report_id: row for row in rows}


def senders_of(user: User, unit_ids: Iterable[int]) -> dict[int, list[User]]:
    """Unit -> the people who send its report and have a work telephone, where this person sees contacts. Two queries at
    most, none for no units."""
    wanted = set(unit_ids)
    seen = contacts_seen(user, wanted) if wanted else set()
    if not seen:
        return {}
    day = today_for(user)
    held = Posting.objects.on(day).filter(valid_on(day, "unit__", "opened_on", "closed_on"), unit__in=seen)
    held = held.filter(role__in=roles_with(Right.SUBMIT), user__is_active=True).exclude(user__work_phone="")
    found: dict[int, list[User]] = {}
    for posting in held.select_related("user").order_by("user__full_name", "pk"):
        people = found.setdefault(posting.unit_id, [])
        if posting.user not in people:
            people.append(posting.user)
    return found
