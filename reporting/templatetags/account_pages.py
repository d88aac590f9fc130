"""What the login page says before anyone is known: the open month and its deadlines, and how to come by a password."""

from django import template

from de_an_06.plain import mail
from reporting.models import Period, PeriodDeadline, ReportingSettings
from taskforces.models import Level

register = template.Library()

ORDER = [Level.COMMUNE, Level.DISTRICT, Level.PROVINCE]


@register.simple_tag
def open_period_facts():
    """The newest opened month as `label`, `data_from`, `data_to`, `deadlines` [(level, time)], `support`; or None."""
    period = Period.objects.first()
    if period is None:
        return None
    due = dict(PeriodDeadline.objects.filter(period=period).values_list("level", "due_at"))
    return {
        "label": period.label,
        "data_from": period.data_from,
        "data_to": period.data_to,
        "deadlines": [(level.label, due[level]) for level in ORDER if level in due],
        "support": ReportingSettings.load().support_contact,
    }


@register.simple_tag
def mail_goes_out() -> bool:
    """Else a forgotten password is answered with a slip, see `de_an_06.plain.mail`."""
    return mail.goes_out()
