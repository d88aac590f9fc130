"""How much of the workers' time one person may ask for: a few unfinished files at once, and so many in an hour."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from taskforces.clock import now_for
from taskforces.models import FileTaken, User

AN_HOUR = dt.timedelta(hours=1)


class OverQuota(ValidationError):
    """Too many files of one person; the message says what to do."""


def require_quota(by: User, jobs: QuerySet, asked_at: str, unfinished: Q | None = None) -> None:
    """Raises OverQuota. To be called in the transaction that adds the job: requests of one person take turns here.

    jobs: the person's own; asked_at: their field with the moment; unfinished: which of them still wait or run (a job
    lost an hour ago bars nobody), None where there are no such. Limits: FILES_AT_ONCE and FILES_AN_HOUR.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    recent = jobs.filter(**{f"{asked_at}__gt": now_for(by) - AN_HOUR}).order_by(asked_at)
    waiting = recent.filter(unfinished).count() if unfinished is not None else 0
    require_few_at_once(waiting)
    moments = list(recent.values_list(asked_at, flat=True))
    if len(moments) >= settings.FILES_AN_HOUR:
        again = timezone.localtime(moments[-settings.FILES_AN_HOUR] + AN_HOUR + dt.timedelta(minutes=1))
        raise OverQuota(
            f"Trong một giờ qua bạn đã gửi {len(moments)} yêu cầu; mỗi người được {settings.FILES_AN_HOUR} yêu cầu "
            f"một giờ. Gửi tiếp từ {again:%H:%M}."
        )


@transaction.atomic
def take_file(by: User) -> None:
    """Counts a table that is made in the request itself, before it is made; raises OverQuota."""
    own = FileTaken.objects.filter(by=by)
    require_quota(by, own, "at")
    own.filter(at__lte=now_for(by) - AN_HOUR).delete()
    FileTaken.objects.create(by=by, at=now_for(by))


def require_few_at_once(waiting: int) -> None:
    """Raises OverQuota when so many files of the person wait or are being worked on."""
    if waiting >= settings.FILES_AT_ONCE:
        raise OverQuota(
            f"Bạn đang có {waiting} tệp chưa xong; mỗi người có nhiều nhất {settings.FILES_AT_ONCE} tệp cùng lúc. "
            "Đợi một tệp xong rồi gửi yêu cầu mới."
        )
