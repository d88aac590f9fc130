"""How often somebody may try a password: by account and address together, with a delay that doubles.

- Five wrong passwords for an account from an address, then a pause of a minute before the next try, doubled with each
  further failure up to an hour. A success ends the count, and so does a day without a failure.
- An account that logged in from an address before is known there, and nothing else can lock it there: neither what is
  tried from elsewhere nor what colleagues behind the same address do.
- Where it is not known, two more limits within an hour: failures of the address over all accounts, and failures of the
  account over all addresses.

Counted in the database: no try is free while the cache is away. A try counts as a failure before the password is
looked at, so that many at once are counted too; a success takes it back.
"""

import datetime as dt
import hashlib
import math
import unicodedata

from celery import shared_task
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from taskforces.models import LoginTries, User

FREE_FAILURES = 5
LONGEST_WAIT = 60  # minutes
FAILURES_OF_AN_ADDRESS, FAILURES_OF_AN_ACCOUNT = 100, 50  # in the last hour, for who is not known there
DAY, HOUR, KNOWN = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(days=90)


def begin(name: str, address: str) -> int:
    """Counts a try. Minutes to wait, when it may not be made now; then nothing is counted. 0: look at the password."""
    now, account = timezone.now(), _account(name)
    with transaction.atomic():
        LoginTries.objects.get_or_create(account=account, address=address)
        tries = LoginTries.objects.select_for_update().get(account=account, address=address)
        if tries.failed_at is None or tries.failed_at <= now - DAY:
            tries.failures = 0
        wait = _wait_of_pair(tries, now)
        if not wait and not _is_known(tries, now):
            wait = _wait_of_strangers(account, address, now)
        if not wait:
            tries.failures, tries.failed_at = tries.failures + 1, now
            tries.save()
    return math.ceil(wait / dt.timedelta(minutes=1)) if wait else 0


def opened(name: str, address: str) -> None:
    """The password was right: the count ends, and the account is known at this address."""
    LoginTries.objects.filter(account=_account(name), address=address).update(failures=0, opened_at=timezone.now())


def forget_failures(user: User) -> None:
    """Somebody set a new password: who has it need not wait for those who guessed at the old one."""
    LoginTries.objects.filter(account=str(user.pk)).update(failures=0)


@shared_task(name="taskforces.tasks.forget_old_tries")
def forget_old_tries() -> int:
    """Every night: what counts no more is removed, addresses with it."""
    now = timezone.now()
    old_failure = Q(failed_at__isnull=True) | Q(failed_at__lte=now - DAY)
    old_success = Q(opened_at__isnull=True) | Q(opened_at__lte=now - KNOWN)
    return LoginTries.objects.filter(old_failure, old_success).delete()[0]


def _account(name: str) -> str:
    """The number of the account that answers to this name, however it is written; else a hash: it may be a password."""
    pk = User.objects.filter(username__iexact=name).order_by("pk").values_list("pk", flat=True).first()
    if pk is not None:
        return str(pk)
    return hashlib.sha256(unicodedata.normalize("NFKC", name).casefold().encode()).hexdigest()


def _wait_of_pair(tries: LoginTries, now: dt.datetime) -> dt.timedelta | None:
    if tries.failures < FREE_FAILURES:
        return None
    minutes = min(2 ** min(tries.failures - FREE_FAILURES, 10), LONGEST_WAIT)
    left = tries.failed_at + dt.timedelta(minutes=minutes) - now
    return left if left > dt.timedelta(0) else None


def _is_known(tries: LoginTries, now: dt.datetime) -> bool:
    return tries.opened_at is not None and tries.opened_at > now - KNOWN


def _wait_of_strangers(account: str, address: str, now: dt.datetime) -> dt.timedelta | None:
    recent = LoginTries.objects.filter(failed_at__gt=now - HOUR)
    of_address = recent.filter(address=address).aggregate(n=Sum("failures"))["n"] or 0
    of_account = recent.filter(account=account).aggregate(n=Sum("failures"))["n"] or 0
    too_many = of_address >= FAILURES_OF_AN_ADDRESS or of_account >= FAILURES_OF_AN_ACCOUNT
    return HOUR if too_many else None
