"""What is due or overdue, told by the clock: reports owed and waiting, assignments, conclusions, days of campaigns.

Each occasion is told once, on the first run at which it holds: a worker that was down tells it later, within A_MONTH.
The days before and after a deadline are those of `ReportingSettings`, counted by the calendar as lateness is.
"""

import datetime as dt
from collections.abc import Iterator

from celery import shared_task
from django.urls import reverse

from de_an_06.plain.moments import moment
from reporting.campaigns.days import all_not_entered
from reporting.lateness import SENT, is_past
from reporting.models import Correction, Period, PeriodClosure, Report, ReportingSettings, Status
from reporting.periods import due_at
from taskforces.models import Assignment, Reminder
from taskforces.models.units import path_ids
from taskforces.register import assignment_counts as counting
from taskforces.scope import Right, units_reviewing

from .hours import is_worked
from .recipients import Living, calendars, nearest, of_bodies, of_body, posted
from .rules import Told, names_of
from .telling import tell

Kind = Reminder.Kind
A_MONTH = dt.timedelta(days=31)  # what is overdue longer, nobody is told of any more
A_DAY = dt.timedelta(days=1)


@shared_task(name="reporting.tasks.remind_by_the_clock")
def remind_by_the_clock() -> int:
    """Every hour of the working day; how many reminders were written."""
    return sum(tell(due(living)) for living in calendars())


def due(living: Living) -> Iterator[Told]:
    """All that is to be told at this moment to those who live on this calendar, told before or not."""
    settings = ReportingSettings.load()
    before, after = (dt.timedelta(days=n) for n in (settings.remind_before, settings.remind_after))
    periods = list(Period.objects.filter(data_to__lt=living.day, data_to__gt=living.day - 2 * A_MONTH))
    yield from reports_owed(periods, living, before, after)
    yield from reports_waiting(periods, living)
    yield from corrections_waiting(living)
    yield from assignments_due(living, before)
    yield from campaign_days(living)


def reports_owed(periods: list[Period], living: Living, before: dt.timedelta, after: dt.timedelta) -> Iterator[Told]:
    """To those who send the report: from so many days before its deadline on, and from so many after it."""
    reports = _open_reports(periods).exclude(status__in=SENT).prefetch_related("period__deadlines")
    found = []
    for report in _not_closed(reports):
        deadline = due_at(report)
        on = deadline.astimezone(living.now.tzinfo).date()
        if not is_past(deadline, living.now) and on - before <= living.day:
            found.append((Kind.OWED, report, on, f"có hạn nộp {moment(deadline)}"))
        elif is_past(deadline, living.now) and on + after <= living.day <= on + A_MONTH:
            found.append((Kind.OVERDUE, report, on, f"đã quá hạn nộp {moment(deadline)}"))
    people = posted({report.unit_id for _, report, *_ in found}, Right.SUBMIT, living)
    names = names_of(report for _, report, *_ in found)
    for kind, report, on, words in found:
        text = f"Báo cáo {report.period.label} của {names[report.pk]} {words}."
        path = reverse("report-entry", args=[report.pk])
        yield Told(kind, f"{kind}:{report.pk}:{on:%Y%m%d}", people.get(report.unit_id, set()), text, path, living.now)


def reports_waiting(periods: list[Period], living: Living) -> Iterator[Told]:
    """To the nearest reviewers above, once a working day and month while something waits for them."""
    if not is_worked(living.day):
        return
    waiting = list(_not_closed(_open_reports(periods).filter(status=Status.SUBMITTED)))
    above = {unit_id for report in waiting for unit_id in units_reviewing(report)}
    reviewers = posted(above, Right.REVIEW, living)
    of_month: dict[Period, set[int]] = {}
    for report in waiting:
        people = nearest(units_reviewing(report), reviewers) or set()
        of_month.setdefault(report.period, set()).update(people - {report.submitted_by_id})
    for period, people in of_month.items():
        key = f"{Kind.WAITING}:{period.pk}:{living.day:%Y%m%d}"
        text = f"Có báo cáo {period.label} chờ bạn duyệt."
        yield Told(Kind.WAITING, key, people, text, f"{reverse('review-list')}?ky={period.key}", living.now)


def corrections_waiting(living: Living) -> Iterator[Told]:
    """The same of corrections of what was published, whatever their month."""
    if not is_worked(living.day):
        return
    asked = Correction.objects.waiting().filter(asked_at__lte=living.now).select_related("report__period")
    waiting = list(asked.order_by("pk"))
    if not waiting:
        return
    above = {unit_id for correction in waiting for unit_id in units_reviewing(correction.report)}
    reviewers = posted(above, Right.REVIEW, living)
    people: set[int] = set()
    for correction in waiting:
        people |= (nearest(units_reviewing(correction.report), reviewers) or set()) - {correction.asked_by_id}
    key = f"{Kind.WAITING}:corrections:{living.day:%Y%m%d}"
    text = "Có đề nghị đính chính số liệu đã công bố chờ bạn xem xét."
    yield Told(Kind.WAITING, key, people, text, reverse("correction-list"), living.now)


def assignments_due(living: Living, before: dt.timedelta) -> Iterator[Told]:
    """To those who carry an assignment out (of a body's, its people if it has any), when it is soon due and when it is
    overdue; of a conclusion that is overdue also to those who keep the register of the unit that met."""
    day = living.day
    stretch = {"due_on__gte": day - A_MONTH, "due_on__lte": day + before}
    rows = Assignment.objects.filter(counting.open_on(day), **stretch)
    rows = rows.select_related("item__source__meeting__task_force").order_by("pk")
    assignments = [a for a in counting.with_unit_name(rows, day) if a.unit_name]  # its unit is there today
    units = {a.unit_id for a in assignments}
    met = {a.pk: a.item.source.meeting.task_force.unit_id for a in assignments if a.item.source.meeting_id}
    keepers = posted(units | set(met.values()), Right.KEEP_REGISTER, living)
    bodies = of_bodies(units, living)
    for a in assignments:
        is_overdue = a.due_on < day
        concluding = keepers.get(met.get(a.pk, 0), set()) if is_overdue else set()
        body = of_body(bodies, a.unit_id, a.body) if a.body else set()
        carriers = body or keepers.get(a.unit_id, set())
        kind = Kind.ASSIGNMENT_OVERDUE if is_overdue else Kind.ASSIGNMENT_DUE
        state = "quá hạn" if is_overdue else "đến hạn"
        plan = "" if a.item.source.meeting_id else f" ({a.item.source.number})"
        text = f"Nhiệm vụ {a.item.code}{plan} của {a.unit_name} {state} ngày {a.due_on:%d/%m/%Y}."
        key = f"{kind}:{a.pk}:{a.due_on:%Y%m%d}"
        yield Told(kind, key, carriers - concluding, text, a.get_absolute_url(), living.now)
        if concluding:
            meeting, due_on = a.item.source.meeting, f"{a.due_on:%d/%m/%Y}"
            key = f"{Kind.CONCLUSION_OVERDUE}:{a.item_id}:{a.due_on:%Y%m%d}"
            text = f"Kết luận {a.item.code} của cuộc họp ngày {meeting.held_on:%d/%m/%Y} quá hạn ngày {due_on}."
            yield Told(Kind.CONCLUSION_OVERDUE, key, concluding, text, meeting.get_absolute_url(), living.now)


def campaign_days(living: Living) -> Iterator[Told]:
    """To those who enter the numbers of a unit's campaign: yesterday's are missing."""
    day = living.day - A_DAY
    missing = all_not_entered(day)
    people = posted({unit_id for _, unit_id in missing}, Right.KEEP_REGISTER, living)
    for campaign, unit_id in missing:
        key = f"{Kind.CAMPAIGN_DAY}:{campaign.pk}:{unit_id}:{day:%Y%m%d}"
        text = f"Chưa nhập số liệu ngày {day:%d/%m/%Y} của cao điểm “{campaign.name}”."
        path = f"{reverse('campaign-entry')}?don_vi={unit_id}&ngay={day:%Y-%m-%d}"
        yield Told(Kind.CAMPAIGN_DAY, key, people.get(unit_id, set()), text, path, living.now)


def _open_reports(periods: list[Period]):
    return Report.objects.filter(period__in=periods).select_related("period", "unit").order_by("pk")


def _not_closed(reports) -> Iterator[Report]:
    """Without those that refuse every change (closing.py): the month closed by their province, or standing nowhere."""
    closed: dict[int, set[int]] = {}
    for period_id, province_id in PeriodClosure.objects.filter(reopened_at=None).values_list("period", "province"):
        closed.setdefault(period_id, set()).add(province_id)
    for report in reports:
        if not report.stands_nowhere and closed.get(report.period_id, set()).isdisjoint(path_ids(report.path)):
            yield report
