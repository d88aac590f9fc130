"""When letters may leave: quiet hours, working days, the hour of the daily letter; by the portal's clock."""

import datetime as dt

from django.utils import timezone

from reporting.periods import next_working_day
from taskforces.models import ReminderChoice

How = ReminderChoice.How


def is_quiet(choice: ReminderChoice, time: dt.time) -> bool:
    """Within the person's quiet hours, the first minute included and the end not; over midnight too."""
    start, end = choice.quiet_from, choice.quiet_to
    if start is None or end is None:
        return False
    return start <= time < end if start < end else time >= start or time < end


def is_worked(day: dt.date) -> bool:
    return next_working_day(day) == day


def may_leave(choice: ReminderChoice, oldest: dt.datetime, now: dt.datetime, *, worked: bool) -> bool:
    """May a letter to this person leave now, whose oldest reminder waits since `oldest`?

    At once, or once a day: the first time after its hour at which neither quiet hours nor a free day forbid it.
    `worked`: is today a working day?
    """
    local = timezone.localtime(now)
    if choice.how == How.NEVER or is_quiet(choice, local.time()) or (choice.working_days_only and not worked):
        return False
    if choice.how == How.AT_ONCE:
        return True
    hour = timezone.make_aware(dt.datetime.combine(local.date(), choice.digest_at))
    if local < hour:
        hour -= dt.timedelta(days=1)
    return oldest < hour
