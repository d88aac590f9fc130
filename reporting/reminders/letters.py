"""Letters: put together from what waits, claimed, handed over, and marked; the outbox (docs/decisions/0020).

    waiting -> sending -> handing -> sent
                  |          |-> doubtful   the line broke, or the worker was killed, after the last step
                  |          |-> waiting    the server refused, or `failed` for good
                  |-> waiting, failed       anything before the last step: certainly not delivered

Each step is one UPDATE that names the state it leaves and the claim of the run that may do it, so of two workers one
goes on. `handing` is written before the last step: nobody leaves it but the run that wrote it, or a person.
"""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Iterable

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from de_an_06.plain.numbers import format_number
from de_an_06.plain.vietnamese import one_line
from de_an_06.plain.waking import STUCK_AFTER, silent_for
from taskforces.models import Delivery, Letter, Posting, Reminder, User

from .channels import NotTaken, Outgoing, ReminderChannel, open_channels
from .hours import is_worked, may_leave
from .telling import choices_of, tell_waiting

logger = logging.getLogger(__name__)
State = Letter.State
# After each try that failed, minutes until the next: 8 tries over a working day and a half.
WAITS = (1, 5, 15, 60, 180, 360, 720)
MOST_TRIES_OF_A_LETTER = len(WAITS) + 1
A_RUN = 50  # seconds after which a run takes no further letter: beat sends the next
MOST_IN_A_LETTER = 50
NO_LINE, NO_ANSWER = "Không nối được, hoặc mất kết nối trước khi bàn giao.", "Mất kết nối trước khi có trả lời."
GIVEN_UP = "Tiến trình gửi dừng giữa chừng nhiều lần."


class TakenByAnother(Exception):
    """The letter is no longer this run's; nothing was handed over."""


# Putting together ----------------------------------------------------------------------------------------------------


def put_together(now: dt.datetime | None = None) -> int:
    """Reminders that may leave now become letters: one for each person and channel. Returns how many letters.

    What waits for people who have no posting any more is dropped.
    """
    now = now or timezone.now()
    waiting = Delivery.objects.filter(letter=None).order_by()
    rows = list(waiting.values_list("channel", "reminder__person").annotate(oldest=Min("made_at")))
    people = {person_id for _, person_id, _ in rows}
    if not people:
        return 0
    choices, worked = choices_of(people), is_worked(timezone.localdate(now))
    held = Posting.objects.on(timezone.localdate(now)).filter(
        user__in=people, user__is_active=True, user__demo_today=None
    )
    serving = set(held.values_list("user", flat=True)) | _of_the_demonstration(people)
    made = 0
    for channel, person_id, oldest in rows:
        if person_id not in serving:
            waiting.filter(channel=channel, reminder__person=person_id).delete()
        elif may_leave(choices[person_id], oldest, now, worked=worked):
            made += _bundle(channel, person_id, now)
    return made


def _of_the_demonstration(people: Iterable[int]) -> set[int]:
    """They live on days of their own, where their postings were asked for when they were told."""
    return set(User.objects.filter(pk__in=people).exclude(demo_today=None).values_list("pk", flat=True))


@transaction.atomic
def _bundle(channel: str, person_id: int, now: dt.datetime) -> bool:
    waiting = Delivery.objects.select_for_update().filter(letter=None, channel=channel, reminder__person=person_id)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:MOST_IN_A_LETTER])
    if not ids:  # another worker was quicker
        return False
    letter = Letter.objects.create(person_id=person_id, channel=channel, made_at=now, next_at=now)
    Delivery.objects.filter(pk__in=ids, letter=None).update(letter=letter)
    return True


# Sending -------------------------------------------------------------------------------------------------------------


@shared_task(name="reporting.tasks.tell_and_send")
def tell_and_send() -> int:
    """Every minute: tells what happened, puts letters together, and wakes the sender where a letter is due."""
    told = tell_waiting()
    put_together()
    give_back_silent()
    if _due().exists() and not send_letters.waiting():
        send_letters.send_now()
    return told


@shared_task(name="reporting.tasks.send_letters")
def send_letters() -> int:
    """Sends what is due, one letter after the other, for at most A_RUN seconds; returns how many were sent."""
    end = time.monotonic() + A_RUN
    channels = {channel.name: channel for channel in open_channels()}
    sent = 0
    try:
        while time.monotonic() < end and (letter := _claim(channels)) is not None:
            sent += _send(letter, channels[letter.channel])
    finally:
        for channel in channels.values():
            channel.close()
    return sent


def give_back_silent() -> None:
    """Letters whose run shows no sign of life: before the last step they wait again, after it they are doubtful."""
    silent = Letter.objects.filter(silent_for(STUCK_AFTER))
    silent.filter(state=State.HANDING).update(state=State.DOUBTFUL, answer=NO_ANSWER)
    silent.filter(state=State.SENDING, tries__gte=MOST_TRIES_OF_A_LETTER).update(state=State.FAILED, answer=GIVEN_UP)
    silent.filter(state=State.SENDING).update(state=State.WAITING, next_at=timezone.now())


def _due():
    has_text = Delivery.objects.filter(letter=OuterRef("pk"))
    return Letter.objects.filter(Exists(has_text), state=State.WAITING, next_at__lte=timezone.now())


def _claim(channels: Iterable[str]) -> Letter | None:
    """The next letter that is due, now this run's alone; None when there is none."""
    due = _due().filter(channel__in=list(channels)).order_by("next_at", "pk")
    for pk in due.values_list("pk", flat=True)[:MOST_IN_A_LETTER]:
        claim, now = uuid.uuid4(), timezone.now()
        taken = Letter.objects.filter(pk=pk, state=State.WAITING).update(
            state=State.SENDING, claim=claim, noted_at=now, tries=F("tries") + 1
        )
        if taken:
            return Letter.objects.select_related("person").get(pk=pk)
    return None


def _send(letter: Letter, channel: ReminderChannel) -> bool:
    """One try of a letter claimed by this run; is it handed over?"""
    has_passed = False

    def last_step() -> None:
        nonlocal has_passed
        if not _move(letter, State.SENDING, state=State.HANDING, noted_at=timezone.now()):
            raise TakenByAnother
        has_passed = True

    address = channel.address_of(letter.person)
    if not address or not letter.person.is_active:
        _move(letter, State.SENDING, state=State.FAILED, answer="Người nhận không còn địa chỉ hoặc tài khoản đã khóa.")
        return False
    try:
        answer = channel.send(_message(letter, address), last_step)
    except TakenByAnother:
        return False
    except NotTaken as refusal:
        _try_later(letter, State.HANDING if has_passed else State.SENDING, str(refusal), for_good=refusal.for_good)
        return False
    except OSError as error:  # smtplib's own errors too
        logger.warning("letter %s: %s: %s", letter.pk, type(error).__name__, error)
        if has_passed:
            _move(letter, State.HANDING, state=State.DOUBTFUL, answer=NO_ANSWER)
        else:
            _try_later(letter, State.SENDING, NO_LINE)
        return False
    return _move(letter, State.HANDING, state=State.SENT, sent_at=timezone.now(), answer=answer)


def _try_later(letter: Letter, state: str, answer: str, *, for_good: bool = False) -> None:
    if for_good or letter.tries >= MOST_TRIES_OF_A_LETTER:
        _move(letter, state, state=State.FAILED, answer=answer)
        return
    wait = dt.timedelta(minutes=WAITS[letter.tries - 1])
    _move(letter, state, state=State.WAITING, next_at=timezone.now() + wait, answer=answer)


def _move(letter: Letter, leaving: str, **changes) -> bool:
    """Did this run, and it alone, bring the letter on? Committed at once: no transaction may be open around it."""
    return Letter.objects.filter(pk=letter.pk, state=leaving, claim=letter.claim).update(**changes) == 1


def send_again(letter: Letter) -> bool:
    """An administrator asks for it: one that failed, or a doubtful one that did not arrive."""
    states = [State.FAILED, State.DOUBTFUL]
    again = {"state": State.WAITING, "tries": 0, "next_at": timezone.now(), "claim": None}
    return Letter.objects.filter(pk=letter.pk, state__in=states).update(**again) == 1


# Words ---------------------------------------------------------------------------------------------------------------


def _message(letter: Letter, address: str) -> Outgoing:
    reminders = list(Reminder.objects.filter(deliveries__letter=letter).order_by("pk"))
    lines = [(row.text, _link("reminder-open", row.pk)) for row in reminders]
    subject = lines[0][0] if len(lines) == 1 else f"{format_number(len(lines))} việc cần biết"
    text = render_to_string(
        "reporting/reminder_letter.txt",
        {"lines": lines, "all": _link("reminder-list"), "choice": _link("reminder-choice")},
    )
    return Outgoing(letter, address, f"[Đề án 06] {one_line(subject)}"[:200], text)


def _link(name: str, *args) -> str:
    return settings.PORTAL_URL.rstrip("/") + reverse(name, args=args)
