"""Months: their deadlines on working days, and opening them; who owes a report in one says expected.py.

A month is stored, never derived from the date on which something was typed. Deadlines are moments in Vietnam's time.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from de_an_06.plain.spans import Month, month_due, window
from taskforces.models import AdministrativeUnit, Level

from .expected import settle
from .models import Holiday, LevelSetting, Period, Report, ReportingSettings

VIETNAM = ZoneInfo(settings.TIME_ZONE)


def next_working_day(day: dt.date) -> dt.date:
    """`day` itself when it is worked, else the next day that is: weekends, holidays and swapped days counted."""
    exceptions = dict(
        Holiday.objects.filter(day__gte=day, day__lte=day + dt.timedelta(days=60)).values_list("day", "is_working_day")
    )
    while not exceptions.get(day, day.weekday() < 5):
        day += dt.timedelta(days=1)
    return day


def deadlines(data_to: dt.date) -> dict[str, dt.datetime]:
    """Deadline of each level that exists on `data_to`, for data that end that day.

    So many days after the data end (LevelSetting), moved to a working day; each level has a deadline of its own
    (Decree 09/2019/NĐ-CP, article 8(5)), so where a holiday pushes two onto one day the higher level gets the next one.
    """
    found: dict[str, dt.datetime] = {}
    earliest = data_to + dt.timedelta(days=1)
    settings_rows = LevelSetting.objects.order_by("deadline_days")
    if not AdministrativeUnit.objects.open_on(data_to).filter(level=Level.DISTRICT).exists():
        settings_rows = settings_rows.exclude(level=Level.DISTRICT)  # two tiers: nobody to wait for
    for setting in settings_rows:
        day = next_working_day(max(earliest, data_to + dt.timedelta(days=setting.deadline_days)))
        found[setting.level] = dt.datetime.combine(day, setting.deadline_time, VIETNAM)
        earliest = day + dt.timedelta(days=1)
    return found


def due_at(report: Report) -> dt.datetime:
    """By when the report is to be sent. Reads `report.period.deadlines`, so lists prefetch that."""
    if report.own_due_at is not None:
        return report.own_due_at
    for deadline in report.period.deadlines.all():
        if deadline.level == report.level:
            return deadline.due_at
    return deadlines(report.period.data_to)[report.level]


def previous_period(period: Period) -> Period | None:
    """The month before, when the portal has it."""
    before = Month(period.year, period.month).plus(-1)
    return Period.objects.filter(year=before.year, month=before.month).first()


def next_period(period: Period) -> Period | None:
    """The month after, when the portal has it."""
    after = Month(period.year, period.month).plus(1)
    return Period.objects.filter(year=after.year, month=after.month).first()


@transaction.atomic
def open_period(month: Month, *, recompute_deadlines: bool = False) -> Period:
    """Make the month, its deadlines and a draft report for every unit that owes one on its last day.

    Safe to run again: dates and deadlines already set stay (an administrator may have moved them), new units get their
    report, drafts nobody touched disappear for units that no longer owe one, paths follow corrections of the tree.
    """
    data_from, data_to = window(month, ReportingSettings.load().scheme)
    period, _ = Period.objects.get_or_create(
        year=month.year, month=month.month, defaults={"data_from": data_from, "data_to": data_to}
    )
    keep = period.deadlines.update_or_create if recompute_deadlines else period.deadlines.get_or_create
    for level, moment in deadlines(period.data_to).items():
        keep(level=level, defaults={"due_at": moment})
    settle(period)
    return period


def current_month(now: dt.datetime | None = None) -> Month:
    """The month being reported now, by Vietnam's calendar wherever the server stands."""
    today = (now or timezone.now()).astimezone(VIETNAM).date()
    return month_due(today, ReportingSettings.load().scheme)
