"""What the demonstration's people are reminded of on the morning of their day, as the worker would have told them."""

import datetime as dt

from reporting import occasions
from reporting.models import ReportEvent
from reporting.reminders import by_clock, telling, urging
from reporting.reminders.recipients import living_with
from reporting.report_doors import reports_for
from taskforces.models import Reminder, User

# who urges; whom: the code of a unit whose named logins have not sent their report
URGED = (("chutich.dongnai", "25217"), ("chutich.phuoclong", "25216"))


def load_reminders(logins: dict[str, User]) -> None:
    for username, code in URGED:
        chair = logins[username]
        living = living_with(chair)
        reports = reports_for(chair).filter(unit__code=code, period__data_to__lt=living.day)
        newest = reports.order_by("-period__data_to").values_list("pk", flat=True)[:1]
        urging.urge(by=chair, reports=reports_for(chair).filter(pk__in=list(newest)))
        month_ago = living.now - dt.timedelta(days=31)
        occasions.happened(*ReportEvent.objects.filter(at__gte=month_ago, at__lte=living.now))
        morning = living.now.replace(hour=8, minute=0, second=0, microsecond=0)
        telling.tell(by_clock.due(living._replace(now=morning)))
    telling.tell_waiting()
    for kind in (Reminder.Kind.APPROVED, Reminder.Kind.CAMPAIGN_DAY):  # some are read already
        old = Reminder.objects.filter(kind=kind, read_at=None)
        for reminder in old:
            reminder.read_at = reminder.made_at
        Reminder.objects.bulk_update(old, ["read_at"], batch_size=500)
