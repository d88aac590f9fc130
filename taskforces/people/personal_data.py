"""Personal data of staff: what is held about a person, and erasing work contacts some months after they left.

Of staff only name, post, body, work telephone and work e-mail are kept (Law 91/2025/QH15). The contact of somebody who
left is erased `ReportingSettings.contact_months` after the last day of their last seat or posting; name, role and post
stay in the logs. Nobody who still serves is touched, and running it again changes nothing.
"""

import calendar
import datetime as dt
from collections import Counter, defaultdict

from allauth.account.models import EmailAddress
from celery import shared_task
from django.db import transaction
from django.db.models import Q

from reporting.models.catalogue import ReportingSettings
from taskforces import hooks
from taskforces.clock import now_for, today_for
from taskforces.models import (
    AssignmentEvent,
    ContactExport,
    Document,
    EmailChange,
    ImportJob,
    InspectionFinding,
    MeetingChange,
    Membership,
    Person,
    PlanChange,
    Posting,
    PostingEvent,
    User,
)

PERSON_CONTACT = Q(work_phone="") & Q(work_email="")
USER_CONTACT = Q(work_phone="") & Q(email="")


def kept_until(left_on: dt.date, months: int) -> dt.date:
    """The last day the contact is kept: so many months after the last day of service (31 August + 6: 28 February)."""
    index = left_on.year * 12 + left_on.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(left_on.day, calendar.monthrange(year, month + 1)[1]))


@shared_task(name="taskforces.tasks.erase_contacts")
def erase_contacts() -> Counter:
    """Every night: blank the contact of everybody who left long enough ago; counts of 'persons' and 'accounts' erased.

    Who never held a seat or a posting is left alone (a new entry), and so are superusers.
    """
    today, months = today_for(), ReportingSettings.load().contact_months
    erased: Counter = Counter()
    persons = _leavers_among_persons(today)
    accounts = _leavers_among_accounts(today)
    for pk, left_on in persons.items():
        if kept_until(left_on, months) < today:
            erased["persons"] += _erase_person(pk, today)
    for pk, left_on in accounts.items():
        if kept_until(left_on, months) < today:
            erased["accounts"] += _erase_account(pk)
    return erased


@transaction.atomic
def _erase_person(pk: int, today: dt.date) -> int:
    """0 for somebody who took a seat or a posting since the list was made."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=pk)
    if any(day >= today for day in _last_days([pk], [person.user_id] if person.user_id else []).values()):
        return 0
    person.work_phone = person.work_email = ""
    person.contact_erased_at = now_for()
    person.save(update_fields=["work_phone", "work_email", "contact_erased_at"])
    return 1


@transaction.atomic
def _erase_account(pk: int) -> int:
    """The account keeps its name, and its e-mail leaves the login library's own table too."""
    EmailAddress.objects.filter(user=pk).delete()
    return User.objects.filter(pk=pk).update(work_phone="", email="")


def _leavers_among_persons(today: dt.date) -> dict[int, dt.date]:
    """People with a contact who serve no more: when they served last."""
    kept = Person.objects.exclude(PERSON_CONTACT)
    serving = Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        Q(task_force__valid_to__isnull=True) | Q(task_force__valid_to__gte=today),
        Q(task_force__unit__closed_on__isnull=True) | Q(task_force__unit__closed_on__gte=today),
    )
    rows = list(kept.exclude(pk__in=serving.values("person")).values_list("pk", "user_id"))
    last = _last_days([pk for pk, _ in rows], [user_id for _, user_id in rows if user_id])
    found = {}
    for pk, user_id in rows:
        days = [last[key] for key in (("person", pk), ("user", user_id)) if key in last]
        if days and max(days) < today:
            found[pk] = max(days)
    return found


def _leavers_among_accounts(today: dt.date) -> dict[int, dt.date]:
    """Accounts with a contact and no right left: the last day of their postings and of their person's seats."""
    serving = Posting.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
    kept = User.objects.exclude(USER_CONTACT).filter(is_superuser=False).exclude(pk__in=serving.values("user"))
    rows = list(kept.values_list("pk", "person__pk"))
    last = _last_days([person_id for _, person_id in rows if person_id], [pk for pk, _ in rows])
    found = {}
    for pk, person_id in rows:
        days = [last[key] for key in (("user", pk), ("person", person_id)) if key in last]
        if days and max(days) < today:
            found[pk] = max(days)
    return found


def _last_days(person_ids: list[int], user_ids: list[int]) -> dict[tuple[str, int], dt.date]:
    """Last day of the last seat ('person', pk) and of the last posting ('user', pk); date.max while one goes on.

    A seat ends with its task force and with the unit at the latest.
    """
    days: dict[tuple[str, int], list[dt.date]] = defaultdict(list)
    seats = Membership.objects.filter(person__in=person_ids).values_list(
        "person_id", "valid_to", "task_force__valid_to", "task_force__unit__closed_on"
    )
    for person_id, *ends in seats:
        days["person", person_id].append(min(filter(None, ends), default=dt.date.max))
    for user_id, valid_to in Posting.objects.filter(user__in=user_ids).values_list("user_id", "valid_to"):
        days["user", user_id].append(valid_to or dt.date.max)
    return {key: max(found) for key, found in days.items()}


# What is held --------------------------------------------------------------------------------------------------------

# What a person's account left in the logs of this app; those of the app above are in `hooks.traces`.
TRACES = (
    hooks.Trace("Ghi tiến độ nhiệm vụ", AssignmentEvent, "by"),
    hooks.Trace("Văn bản giao nhiệm vụ, chỉ tiêu đã ghi hoặc sửa", PlanChange, "by"),
    hooks.Trace("Cuộc họp, kiểm tra đã ghi hoặc sửa", MeetingChange, "by"),
    hooks.Trace("Tồn tại đã báo khắc phục", InspectionFinding, "remedied_by"),
    hooks.Trace("Văn bản đã tải lên", Document, "uploaded_by"),
    hooks.Trace("Tệp đã nhập vào cổng", ImportJob, "by"),
    hooks.Trace("Phân công đã ghi cho người khác", PostingEvent, "by"),
    hooks.Trace("Danh bạ đã xuất", ContactExport, "by"),
    hooks.Trace("Thư công vụ của tài khoản đã đổi", EmailChange, "by"),
)


def traces_of(user: User) -> list[tuple[str, int]]:
    """How many rows of each log name the person; one small query each."""
    logs = [*hooks.traces, *TRACES]
    counted = ((log.words, log.model.objects.filter(**{log.field: user}).count()) for log in logs)
    return [(words, n) for words, n in counted if n]
