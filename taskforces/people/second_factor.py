"""Who must have a second factor, and until when: from reviewer up, departments, and who enters the administration.

The days of grace begin with the first login at which it is owed; the setting SECOND_FACTOR_GRACE_DAYS says how many.
After them only the pages to set one up are open (`taskforces.middleware.SecondFactorMiddleware`).
"""

import datetime as dt

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from taskforces.models import User
from taskforces.scope import needs_second_factor

_KINDS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]  # recovery codes come with one of these


def users_with_it():
    """All accounts, each with `has_second_factor`: asked along with the account, so a page needs no query more."""
    held = Authenticator.objects.filter(user=OuterRef("pk"), type__in=_KINDS)
    return User.objects.annotate(has_second_factor=Exists(held))


def is_missing(user) -> bool:
    """Owed and not there. A demonstration account owes none: it does not exist where figures are real."""
    if user.demo_today is not None or not needs_second_factor(user):
        return False
    if not hasattr(user, "has_second_factor"):  # did not come from the session
        user.has_second_factor = users_with_it().get(pk=user.pk).has_second_factor
    return not user.has_second_factor


def begin_grace(user) -> None:
    """At a login: the first one at which it is owed begins the days of grace."""
    if user.second_factor_since is None and is_missing(user):
        user.second_factor_since = timezone.localdate()
        User.objects.filter(pk=user.pk).update(second_factor_since=user.second_factor_since)


def last_day(user) -> dt.date | None:
    """Of the grace; None while it begins only with the next login."""
    if user.second_factor_since is None:
        return None
    return user.second_factor_since + dt.timedelta(days=settings.SECOND_FACTOR_GRACE_DAYS)


def is_overdue(user) -> bool:
    day = last_day(user)
    return day is not None and timezone.localdate() > day and is_missing(user)
