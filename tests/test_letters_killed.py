"""The sender killed (kill -9) in the middle, with a real SMTP server: no letter is lost, none arrives twice.

What cannot be known is said as it is (docs/decisions/0020): between the last step being written down and the last line
leaving, a killed sender leaves a letter that did not arrive and stands as doubtful.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings

from reporting.reminders.channels import EmailChannel
from tests.smtp_server import SmtpServer
from tests.test_rollup_processes import (
    PRELUDE,
    ROOT,
    SECONDS,
    Embedded,
    Services,
    end_with_parent,
    order,
    server,
)

__all__ = ["server"]

pytestmark = [pytest.mark.slow]
PEOPLE = 24
SCENE = f"""
call_command("migrate", verbosity=0)
from tests.conftest import FIRST_NEW, make_person, make_unit
nation = make_unit("00", "Cả nước", "nation", Level.NATION)
for i in range({PEOPLE}):
    person = make_person(f"canbo{{i}}", f"Cán bộ {{i}}", nation, Role.LEADER, since=FIRST_NEW)
    person.email = f"canbo{{i}}@tinh.vn"
    person.save()
    ReminderChoice.objects.create(person=person, quiet_from=None, quiet_to=None, working_days_only=False)
answer(None)
"""
REMIND = """
from django.utils import timezone
from reporting.reminders import letters, rules, telling
people = list(get_user_model().objects.order_by("pk").values_list("pk", flat=True)[:{count}])
found = [rules.Told("returned", "a", set(people), "Báo cáo bị trả lại.", "/", timezone.now())]
telling.tell(found)
telling.tell(found)
letters.put_together()
letters.put_together()
answer(Letter.objects.count())
"""
# Has the portal loaded, and starts a sender in a fork of its own for each line: the channels it sends through.
SENDERS = """
import signal, sys
from django.conf import settings
from reporting.reminders import letters
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if not (pid := os.fork()):
        try:
            settings.REMINDER_CHANNELS = json.loads(line) or settings.REMINDER_CHANNELS
            while letters.send_letters(): pass
        finally:
            os._exit(0)
    print(pid, flush=True)
"""
# Five minutes later by the clock, with no sign of life.
LATER = """
import datetime as dt
from reporting.reminders import letters
for letter in Letter.objects.filter(noted_at__isnull=False):
    Letter.objects.filter(pk=letter.pk).update(noted_at=letter.noted_at - dt.timedelta(minutes=6))
letters.give_back_silent()
Letter.objects.filter(state="waiting").update(next_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
answer(dict(Letter.objects.values_list("pk", "state")) and
       {str(pk): state for pk, state in Letter.objects.values_list("pk", "state")})
"""
AGAIN = """
from reporting.reminders import letters
for letter in Letter.objects.filter(state="doubtful"):
    letters.send_again(letter)
letters.send_letters()
"""


class HeldBeforeTheLastLine(EmailChannel):
    """Waits between what is written down and the last line, for as long as it takes to be killed there."""

    def send(self, message, last_step):
        def held():
            last_step()
            time.sleep(SECONDS)

        return super().send(message, held)


@pytest.fixture
def smtp():
    mailbox = SmtpServer()
    yield mailbox
    mailbox.end()


@pytest.fixture(
    params=[  # the embedded half is left to `make test`
        pytest.param("embedded", marks=[pytest.mark.once, pytest.mark.embedded]),
        pytest.param("services", marks=pytest.mark.services),
    ]
)
def portal(request, smtp, tmp_path):
    environment = {"EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}", "DEFAULT_FROM_EMAIL": "cong@tinh.vn"}
    if request.param == "embedded":
        portal = Embedded(tmp_path, SCENE, **environment)
        yield portal
        portal.stop()
        return
    address, name = request.getfixturevalue("server")
    queue = urlsplit(settings.REDIS_URL)
    redis_url = urlunsplit(queue._replace(path=f"/{(int(queue.path.strip('/') or 0) + 9) % 16}"))
    environment |= {"DATABASE_URL": f"{address}/{name}", "REDIS_URL": redis_url}
    portal = None
    try:
        redis.Redis.from_url(redis_url).flushdb()
        portal = Services(tmp_path, SCENE, **environment)
        yield portal
    finally:
        if portal:
            portal.stop()
        redis.Redis.from_url(redis_url).flushdb()
        order(address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def sender(portal):
    """Starts a sender, as a worker's child runs it; gives its number."""
    forks = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + SENDERS], cwd=ROOT, env=portal.env, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=end_with_parent,
    )  # fmt: skip

    def start(*channels: str) -> int:
        forks.stdin.write(json.dumps(channels) + "\n")
        forks.stdin.flush()
        return int(forks.stdout.readline())

    yield start
    forks.communicate(timeout=SECONDS)  # it ends with its input


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it was done
        return
    ended(pid)


def ended(pid: int) -> None:
    end = time.monotonic() + SECONDS
    while is_alive(pid):
        assert time.monotonic() < end, "the sender does not end"
        time.sleep(0.01)


def states(portal) -> dict[str, str]:
    return portal.script(LATER)


def identities(letters) -> set[str]:
    return {f"<nhac-viec.{pk}@tinh.vn>" for pk in letters}


@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA", "END"])
def test_killed_at_a_place_of_the_talk(portal, smtp, sender, place):
    """Before the last line: sent again, once. After it: the server has it, and it is not sent again."""
    assert portal.script(REMIND.format(count=1)) == 1
    smtp.hold = place
    first = sender()
    assert smtp.is_there.wait(SECONDS)
    kill(first)
    smtp.hold = ""
    smtp.go.set()
    found = states(portal)
    assert set(found.values()) == {"doubtful" if place == "END" else "waiting"}
    ended(sender())
    assert len(smtp.ids) == 1
    assert set(smtp.ids) == identities(found)


def test_killed_in_the_one_place_that_cannot_be_known(portal, smtp, sender):
    """It did not arrive, stands as doubtful, is not sent by itself, and is sent once by whoever looked."""
    assert portal.script(REMIND.format(count=1)) == 1
    first = sender(f"{__name__}.HeldBeforeTheLastLine")
    portal.until(lambda: portal.query("SELECT state FROM taskforces_letter") == [("handing",)], "it is not handed over")
    kill(first)
    assert set(states(portal).values()) == {"doubtful"}
    ended(sender())
    assert smtp.ids == []
    portal.script(AGAIN)
    assert len(smtp.ids) == 1


def test_killed_at_random_again_and_again(portal, smtp, sender):
    """Whatever is killed whenever: each letter arrives once, or stands as doubtful and did not arrive."""
    assert portal.script(REMIND.format(count=PEOPLE)) == PEOPLE
    chance = random.Random(6)
    talk = smtp.reached
    smtp.reached = lambda verb: (time.sleep(0.03), talk(verb))
    kills = 0
    while kills < 6:
        two = [sender() for _ in range(2)]
        known = len(smtp.ids)
        end = time.monotonic() + SECONDS
        while len(smtp.ids) == known and time.monotonic() < end and any(map(is_alive, two)):
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)
        for pid in two:
            kill(pid)
        kills += 1
        if set(states(portal).values()) <= {"sent", "doubtful"}:
            break
    ended(sender())
    found = states(portal)
    assert kills > 1
    assert len(smtp.ids) == len(set(smtp.ids))
    assert set(smtp.ids) <= identities(found)
    lost = {pk for pk in found if not identities([pk]) <= set(smtp.ids)}
    assert lost <= {pk for pk, state in found.items() if state == "doubtful"}
    assert {state for pk, state in found.items() if pk not in lost} <= {"sent", "doubtful"}


def test_a_real_worker_killed_with_its_queue_lost(portal, smtp):
    """What happened stands in the database: another worker tells and sends it, once."""
    portal.script(REMIND.format(count=3))
    smtp.hold = "RCPT"
    first = portal.start_worker("letters")
    portal.script("tasks.send_letters.delay()")
    assert smtp.is_there.wait(SECONDS)
    portal.kill(first)
    smtp.hold = ""
    smtp.go.set()
    portal.empty_queue()
    states(portal)
    portal.start_worker("celery")
    portal.start_worker("letters")
    portal.script("tasks.tell_and_send.delay()")
    settled = "SELECT COUNT(*) FROM taskforces_letter WHERE state = 'sent'"
    portal.until(lambda: portal.query(settled) == [(3,)], "letters are left")
    assert len(smtp.ids) == len(set(smtp.ids)) == 3
