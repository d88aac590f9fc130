"""The outbox: when letters may leave, what becomes of one that fails, and that no second one is sent."""

import datetime as dt
import uuid

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from reporting.models import Holiday
from reporting.reminders import channels, hours, letters, upkeep
from reporting.reminders.rules import Told
from reporting.reminders.telling import tell
from taskforces.models import Delivery, Letter, Posting, Reminder, ReminderChoice
from tests.smtp_server import SmtpServer

State = Letter.State
SMTP = "django.core.mail.backends.smtp.EmailBackend"
SMTP_LIKE = "django.core.mail.backends.locmem.EmailBackend"
MONDAY = "2026-11-16 09:00"


@pytest.fixture
def officer(world, settings, at):
    """On a Monday morning; the mail server of the test settings is Django's outbox."""
    at(MONDAY)
    settings.EMAIL_BACKEND, settings.DEFAULT_FROM_EMAIL = SMTP_LIKE, "Cổng <cong@tinh.vn>"
    settings.PORTAL_URL = "https://cong.tinh.vn"
    world.officer.email = "nhung@tinh.vn"
    world.officer.save()
    return world.officer


@pytest.fixture
def server(settings):
    server = SmtpServer()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = 10
    yield server
    server.end()


def remind(*people, key="a", kind="returned", text="Báo cáo bị trả lại."):
    tell([Told(kind, key, {person.pk for person in people}, text, "/duyet/", timezone.now())])


def letter_of(person) -> Letter:
    return Letter.objects.get(person=person)


# When ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "quiet", "loud"),
    [
        ("19:00", "06:30", ["19:00", "23:59", "00:00", "06:29"], ["06:30", "12:00", "18:59"]),
        ("12:00", "13:30", ["12:00", "13:29"], ["11:59", "13:30", "00:00"]),
    ],
)
def test_quiet_hours_with_and_without_midnight(start, end, quiet, loud):
    choice = ReminderChoice(quiet_from=dt.time.fromisoformat(start), quiet_to=dt.time.fromisoformat(end))
    assert [time for time in quiet + loud if hours.is_quiet(choice, dt.time.fromisoformat(time))] == quiet
    assert not hours.is_quiet(ReminderChoice(quiet_from=None, quiet_to=None), dt.time(0, 0))


def vietnam(text):
    return timezone.make_aware(dt.datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("how", "since", "now", "worked", "leaves"),
    [
        ("at_once", "2026-11-16 09:00", "2026-11-16 09:00", True, True),
        ("at_once", "2026-11-16 09:00", "2026-11-16 09:00", False, False),  # a free day
        ("at_once", "2026-11-16 09:00", "2026-11-16 19:00", True, False),  # quiet
        ("at_once", "2026-11-16 20:00", "2026-11-17 06:30", True, True),
        ("never", "2026-11-16 09:00", "2026-11-16 09:00", True, False),
        ("daily", "2026-11-16 09:00", "2026-11-16 18:00", True, False),
        ("daily", "2026-11-16 09:00", "2026-11-17 07:29", True, False),
        ("daily", "2026-11-16 09:00", "2026-11-17 07:30", True, True),
        ("daily", "2026-11-16 09:00", "2026-11-17 11:00", True, True),  # nobody was there at its hour
        ("daily", "2026-11-17 07:30", "2026-11-17 07:31", True, False),  # came with the hour: tomorrow's
        ("daily", "2026-11-13 09:00", "2026-11-14 08:00", False, False),  # Saturday
        ("daily", "2026-11-13 09:00", "2026-11-16 07:29", True, True),  # after Saturday's hour: already Monday
    ],
)
def test_when_a_letter_may_leave(how, since, now, worked, leaves):
    choice = ReminderChoice(how=how)
    assert hours.may_leave(choice, vietnam(since), vietnam(now), worked=worked) is leaves


def test_the_working_day_is_that_of_the_deadlines(world):
    Holiday.objects.create(day=dt.date(2026, 11, 17), name="Nghỉ")
    Holiday.objects.create(day=dt.date(2026, 11, 21), name="Làm bù", is_working_day=True)
    days = [dt.date(2026, 11, day) for day in range(16, 23)]
    assert [day.day for day in days if hours.is_worked(day)] == [16, 18, 19, 20, 21]


def test_what_came_in_quiet_hours_leaves_in_one_letter_at_their_end(officer, at):
    at("2026-11-16 20:00")
    remind(officer, key="a", text="Việc thứ nhất.")
    remind(officer, key="b", text="Việc thứ hai.")
    assert letters.put_together() == 0
    at("2026-11-17 06:30")
    assert letters.put_together() == 1
    assert letters.put_together() == 0
    assert letters.send_letters() == 1
    assert letters.send_letters() == 0
    [sent] = mail.outbox
    assert sent.subject == "[Đề án 06] 2 việc cần biết"
    assert sent.to == ["nhung@tinh.vn"]
    assert sent.body.index("Việc thứ nhất.") < sent.body.index("Việc thứ hai.")
    for reminder in officer.reminders.all():
        assert f"https://cong.tinh.vn/nhac-viec/{reminder.pk}/" in sent.body


def test_a_person_without_a_posting_on_the_day_gets_no_letter(officer, at):
    at("2026-11-16 20:00")
    remind(officer)
    Posting.objects.filter(user=officer).update(valid_to=dt.date(2026, 11, 16))
    at("2026-11-17 09:00")
    assert letters.put_together() == 0
    assert not Delivery.objects.exists()
    assert officer.reminders.count() == 1


def test_nothing_is_written_for_whom_no_channel_reaches_and_who_wants_none(officer, world, settings):
    ReminderChoice.objects.create(person=world.leader, how="never")
    ReminderChoice.objects.create(person=world.neighbour, muted="approved returned")
    for person in (world.leader, world.neighbour):
        person.email = f"{person.username}@tinh.vn"
        person.save()
    remind(officer, world.leader, world.neighbour, world.police_officer)
    assert Reminder.objects.count() == 4
    assert list(Delivery.objects.values_list("reminder__person", flat=True)) == [officer.pk]
    remind(world.neighbour, key="b", kind="waiting")
    assert Delivery.objects.count() == 2
    settings.EMAIL_BACKEND, settings.DEBUG = "django.core.mail.backends.console.EmailBackend", False
    remind(officer, key="c")
    assert Delivery.objects.count() == 2


# Sending -------------------------------------------------------------------------------------------------------------


def test_a_letter_by_smtp_says_what_and_where_and_no_figure(officer, server):
    remind(officer, text="Báo cáo tháng 11/2026 của Phường Phước Long bị trả lại.")
    letters.put_together()
    assert letters.send_letters() == 1
    [message] = server.accepted
    letter = letter_of(officer)
    assert letter.state == State.SENT
    assert letter.answer == "250 2.0.0 kept as 4711"
    assert letter.sent_at == timezone.now()
    assert message["Message-ID"] == f"<nhac-viec.{letter.pk}@tinh.vn>"
    assert message["Subject"].strip() == "[Đề án 06] Báo cáo tháng 11/2026 của Phường Phước Long bị trả lại."
    assert message["To"] == "nhung@tinh.vn"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "Báo cáo tháng 11/2026 của Phường Phước Long bị trả lại." in text
    assert f"https://cong.tinh.vn/nhac-viec/{officer.reminders.get().pk}/" in text


def test_a_line_that_begins_with_a_dot_arrives_as_it_was(officer, server):
    remind(officer, text="Một chấm\n.hai chấm")
    letters.put_together()
    letters.send_letters()
    assert "\n.hai chấm" in server.accepted[0].get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("verb", "answer", "state"),
    [
        ("RCPT", "450 4.2.1 busy", State.WAITING),
        ("RCPT", "550 5.1.1 <nhung@tinh.vn> unknown", State.FAILED),
        ("MAIL", "550 5.7.1 sender refused", State.WAITING),  # our own server's setting is wrong: it will be put right
        ("DATA", "451 4.3.0 no space", State.WAITING),
        ("END", "451 4.3.0 no space", State.WAITING),
        ("END", "554 5.6.0 refused", State.FAILED),
    ],
)
def test_what_the_server_refuses_is_not_delivered(officer, server, verb, answer, state):
    server.answers[verb] = answer
    remind(officer)
    letters.put_together()
    assert letters.send_letters() == 0
    letter = letter_of(officer)
    assert (letter.state, letter.tries) == (state, 1)
    assert letter.answer == answer.replace("<nhung@tinh.vn>", "…")
    assert not server.accepted


def test_tries_are_bounded_and_further_apart_each_time(officer, server, at):
    server.answers["RCPT"] = "450 busy"
    remind(officer)
    letters.put_together()
    waits = []
    for _ in range(7):
        moment = timezone.now()
        letters.send_letters()
        letter = letter_of(officer)
        assert letter.state == State.WAITING
        waits.append((letter.next_at - moment) / dt.timedelta(minutes=1))
        early = letter.next_at - dt.timedelta(seconds=1)
        at(timezone.localtime(early).strftime("%Y-%m-%d %H:%M:%S"))
        assert letters.send_letters() == 0
        assert letter_of(officer).tries == letter.tries
        at(timezone.localtime(letter.next_at).strftime("%Y-%m-%d %H:%M:%S"))
    assert waits == [1, 5, 15, 60, 180, 360, 720]
    letters.send_letters()
    assert (letter_of(officer).state, letter_of(officer).tries) == (State.FAILED, 8)
    server.answers.clear()
    assert letters.send_letters() == 0
    assert letters.send_again(letter_of(officer))
    assert letters.send_letters() == 1
    assert not letters.send_again(letter_of(officer))


def test_a_server_that_is_not_there_is_tried_again(officer, server, settings):
    server.end()
    remind(officer)
    letters.put_together()
    assert letters.send_letters() == 0
    letter = letter_of(officer)
    assert (letter.state, letter.tries) == (State.WAITING, 1)
    assert letter.answer == "Không nối được, hoặc mất kết nối trước khi bàn giao."


def test_a_line_that_breaks_after_the_last_step_is_doubtful_and_not_sent_again(officer, server):
    server.breaks_off = True
    remind(officer)
    letters.put_together()
    assert letters.send_letters() == 0
    assert letter_of(officer).state == State.DOUBTFUL
    assert letter_of(officer).answer == "Mất kết nối trước khi có trả lời."
    server.breaks_off = False
    assert letters.send_letters() == 0
    assert len(server.accepted) == 1


def test_one_letter_that_fails_holds_up_no_other(officer, world, server):
    world.leader.email = "hanh@tinh.vn"
    world.leader.save()
    remind(officer, world.leader)
    letters.put_together()
    Letter.objects.filter(person=world.leader).update(next_at=timezone.now() - dt.timedelta(minutes=1))  # the first
    server.unknown = {"hanh@tinh.vn"}
    assert letters.send_letters() == 1
    assert (letter_of(world.leader).state, letter_of(officer).state) == (State.WAITING, State.SENT)


@pytest.mark.parametrize(
    ("state", "tries", "becomes"),
    [
        (State.SENDING, 1, State.WAITING),
        (State.SENDING, letters.MOST_TRIES_OF_A_LETTER, State.FAILED),
        (State.HANDING, 1, State.DOUBTFUL),
        (State.SENT, 1, State.SENT),
    ],
)
def test_a_run_that_shows_no_sign_of_life(officer, at, state, tries, becomes):
    made = timezone.now()
    Letter.objects.create(
        person=officer, channel="email", state=state, made_at=made, next_at=made, tries=tries, noted_at=made
    )
    at("2026-11-16 09:04")
    letters.give_back_silent()
    assert letter_of(officer).state == state
    at("2026-11-16 09:06")
    letters.give_back_silent()
    assert letter_of(officer).state == becomes


class SlowChannel(channels.EmailChannel):
    """Another run takes the letter over while this one is on the way."""

    def send(self, message, last_step):
        Letter.objects.filter(pk=message.letter.pk).update(claim=uuid.uuid4())
        last_step()
        raise AssertionError("handed over")


def test_a_run_that_lost_its_claim_hands_nothing_over(officer, settings):
    settings.REMINDER_CHANNELS = [f"{__name__}.SlowChannel"]
    remind(officer)
    letters.put_together()
    assert letters.send_letters() == 0
    assert letter_of(officer).state == State.SENDING


def test_the_example_of_a_channel_writes_to_the_log_and_no_number(officer, settings, caplog):
    settings.REMINDER_CHANNELS = ["reporting.reminders.channels.LogChannel"]
    officer.work_phone = "0251 3822 131"
    officer.save()
    remind(officer)
    letters.put_together()
    with caplog.at_level("INFO"):
        assert letters.send_letters() == 1
    assert "Báo cáo bị trả lại." in caplog.text
    assert "3822" not in caplog.text
    assert (letter_of(officer).channel, letter_of(officer).state) == ("log", State.SENT)


def test_the_sender_is_woken_only_where_something_is_due_and_nobody_waits(officer, monkeypatch):
    woken = []
    monkeypatch.setattr(letters.send_letters, "send_now", lambda: woken.append(1))
    monkeypatch.setattr(letters.send_letters, "waiting", lambda: len(woken))
    letters.tell_and_send()
    assert not woken
    remind(officer)
    letters.tell_and_send()
    letters.tell_and_send()
    assert len(woken) == 1


def test_old_ones_go_at_night(officer, world, at):
    remind(officer, key="read")
    officer.reminders.update(read_at=timezone.now())
    remind(officer, key="unread")
    letters.put_together()
    letters.send_letters()
    at("2027-02-14 03:00")  # 90 days later, and a letter of more than 60
    upkeep.remove_old_reminders()
    assert set(officer.reminders.values_list("key", flat=True)) == {"read", "unread"}
    assert not Letter.objects.exists()
    at("2027-02-15 03:00")
    upkeep.remove_old_reminders()
    assert set(officer.reminders.values_list("key", flat=True)) == {"unread"}
    at("2027-11-17 03:00")
    upkeep.remove_old_reminders()
    assert not officer.reminders.exists()


# The pages -----------------------------------------------------------------------------------------------------------


def test_administrators_see_what_is_not_through_and_send_it_again(
    officer, world, client, server, django_assert_num_queries
):
    server.answers["RCPT"] = "550 unknown"
    remind(officer)
    letters.put_together()
    letters.send_letters()
    client.force_login(world.administrator)
    client.get(reverse("letter-list"))
    with django_assert_num_queries(8):
        page = client.get(reverse("letter-list")).text
    assert "1 thư chưa xong" in page
    assert "550 unknown" in page
    assert f"nhac-viec.{letter_of(officer).pk}@tinh.vn" in page
    server.answers.clear()
    client.post(reverse("letter-again", args=[letter_of(officer).pk]))
    assert letters.send_letters() == 1
    assert "không có thư nào chưa xong" in client.get(reverse("letter-list")).text
    answer = client.post(reverse("letter-again", args=[letter_of(officer).pk]), follow=True).text
    assert "không gửi lại" in answer
