"""What time it is for a person: the real time, except for demonstration logins.

The demonstration lets a month of 2024 (three tiers) be lived through today, so its people carry a
`demo_today`. Such logins cannot exist when DEBUG is off, and then only the real time counts.
"""

import datetime as dt

from django.conf import settings
from django.utils import timezone


def now_for(user=None) -> dt.datetime:
    """The moment, with time zone, at which `user` acts."""
    real = timezone.localtime()
    demo_today = getattr(user, "demo_today", None)
    if demo_today is not None and settings.DEBUG:
        return real.replace(year=demo_today.year, month=demo_today.month, day=demo_today.day)
    return real


def today_for(user=None) -> dt.date:
    """The day in Vietnam on which `user` acts."""
    return now_for(user).date()
