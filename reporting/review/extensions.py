"""Extension of a month's deadline for one unit or many: a storm, a flood, a system that stood still.

The report's own deadline takes the place of its level's: for lateness, lists, reminders. Who had already sent late and
is within the new deadline is punctual again, for the first time of sending decides (docs/decisions/0008).
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from de_an_06.plain.moments import moment
from reporting import occasions, periods
from reporting.closing import closed_sentence
from reporting.lateness import is_past
from reporting.models import Report, ReportEvent
from reporting.report_log import NotAllowed, log, reason_given
from reporting.rollup.rollup import drain_rollup_requests, mark_dirty
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit, User
from taskforces.models.units import path_ids
from taskforces.scope import may_close_period

Action = ReportEvent.Action


@transaction.atomic
def extend(*, report_ids: Iterable[int], by: User, until: dt.datetime, reason: str, authority: str) -> list[Report]:
    """Gives these reports of one month until then; each keeps the reason, who decided it and when in its log.

    `authority`: the document or the person it rests on. Raises NotAllowed; nothing is extended by halves.
    """
    reports = list(
        Report.objects.select_for_update(of=("self",))
        .filter(pk__in=list(report_ids))
        .select_related("period", "unit")
        .order_by("pk")
    )
    if not reports:
        raise NotAllowed("Chọn ít nhất một đơn vị được gia hạn.")
    reason, authority = reason_given(reason, "gia hạn"), reason_given(authority, "gia hạn: căn cứ")
    if until <= now_for(by):
        raise NotAllowed("Hạn mới phải sau lúc này.")
    allowed: dict[int, bool] = {}
    events: list[ReportEvent] = []
    for report in reports:
        if refusal := _why_not(report, by, until, allowed):
            raise NotAllowed(refusal)
        report.own_due_at = until
        if report.is_late:
            report.is_late = is_past(until, _first_sent(report))
        report.save(update_fields=["own_due_at", "is_late"])
        events.append(log(report, Action.EXTEND, by, reason=f"Đến {moment(until)}. {reason} Căn cứ: {authority}"))
        mark_dirty(report)
    occasions.happened(*events)
    drain_rollup_requests.delay_on_commit()
    return reports


def _why_not(report: Report, by: User, until: dt.datetime, allowed: dict[int, bool]) -> str:
    province_id = path_ids(report.path)[1] if len(path_ids(report.path)) > 1 else report.unit_id
    if province_id not in allowed:
        allowed[province_id] = may_close_period(by, AdministrativeUnit.objects.get(pk=province_id))
    if not allowed[province_id]:
        return "Chỉ Tổ giúp việc cấp tỉnh gia hạn cho đơn vị của tỉnh mình."
    if until <= periods.due_at(report):
        return f"Hạn mới phải sau hạn hiện nay ({moment(periods.due_at(report))})."
    return closed_sentence(report)


def _first_sent(report: Report) -> dt.datetime:
    first = report.events.filter(action=Action.SUBMIT).order_by("pk").first()
    sent = first.at if first is not None else report.submitted_at
    assert sent is not None  # it is late, so it was sent
    return sent
