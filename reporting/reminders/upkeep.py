"""Old reminders and letters go at night. They stay longer than any rule looks back, so nothing is told twice."""

import datetime as dt

from celery import shared_task
from django.utils import timezone

from taskforces.models import Letter, Reminder

KEPT_READ, KEPT_UNREAD, KEPT_LETTERS = (dt.timedelta(days=n) for n in (90, 365, 60))


@shared_task(name="reporting.tasks.remove_old_reminders")
def remove_old_reminders() -> None:
    """Every night: read ones 90 days after they were written, all after a year, settled letters after 60 days.

    People of the demonstration live in another year and keep theirs.
    """
    now = timezone.now()
    reminders = Reminder.objects.filter(person__demo_today=None)
    reminders.filter(made_at__lt=now - KEPT_READ, read_at__isnull=False).delete()
    reminders.filter(made_at__lt=now - KEPT_UNREAD).delete()
    settled = [Letter.State.SENT, Letter.State.DOUBTFUL, Letter.State.FAILED]
    Letter.objects.filter(state__in=settled, made_at__lt=now - KEPT_LETTERS).delete()
