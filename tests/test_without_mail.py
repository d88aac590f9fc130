"""Without a mail server nothing is promised by mail, and no link that sets a password is made or logged."""

import logging

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from taskforces.imports import import_jobs
from taskforces.models import ImportJob, User
from tests.conftest import PASSWORD

CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP_LIKE = "django.core.mail.backends.locmem.EmailBackend"
LINKS = ("/dat-mat-khau/", "/password/reset/key/", "/confirm-email/")
RESET = "account_reset_password"


@pytest.fixture
def officer(world):
    cache.clear()
    world.officer.set_password(PASSWORD)
    world.officer.email = "nhung@tinh.vn"
    world.officer.save()
    return world.officer


@pytest.fixture(params=["console", "dummy"])
def no_mail(request, settings):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{request.param}.EmailBackend"
    settings.DEBUG = False


def test_a_forgotten_password_leads_to_a_slip_and_no_link_is_written(client, officer, no_mail, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    page = client.get(reverse(RESET))
    assert page.status_code == 200
    assert "phiếu đặt mật khẩu" in page.text
    assert 'name="email"' not in page.text
    answer = client.post(reverse(RESET), {"email": "nhung@tinh.vn"}, follow=True)
    assert answer.status_code == 200
    assert "đã được gửi" not in answer.text
    assert "phiếu đặt mật khẩu" in answer.text
    written = "".join(capfd.readouterr()) + caplog.text
    assert not [link for link in LINKS if link in written]


def test_the_login_page_says_whom_to_ask(client, officer, no_mail):
    page = client.get(reverse("account_login")).text
    assert "xin Tổ giúp việc phiếu đặt mật khẩu" in page
    assert reverse(RESET) not in page


def test_an_address_is_not_confirmed_through_the_log(client, officer, no_mail, capfd):
    client.post(reverse("account_login"), {"login": "nhung", "password": PASSWORD})
    client.post(reverse("account_reauthenticate") + "?next=/", {"password": PASSWORD})
    client.post(reverse("account_email"), {"email": "nhung2@tinh.vn", "action_add": ""})
    client.post(reverse("account_email"), {"email": "nhung@tinh.vn", "action_send": ""})
    assert not [link for link in LINKS if link in "".join(capfd.readouterr())]


def test_with_mail_the_link_is_sent(client, officer, settings):
    settings.EMAIL_BACKEND, settings.DEBUG = SMTP_LIKE, False
    assert reverse(RESET) in client.get(reverse("account_login")).text
    answer = client.post(reverse(RESET), {"email": "nhung@tinh.vn"}, follow=True)
    assert "đã được gửi" in answer.text
    assert "/password/reset/key/" in mail.outbox[0].body


def test_the_demonstration_keeps_its_log_as_mailbox(client, officer, settings, capfd):
    settings.EMAIL_BACKEND, settings.DEBUG = CONSOLE, True
    client.post(reverse(RESET), {"email": "nhung@tinh.vn"})
    assert "/password/reset/key/" in capfd.readouterr().out


@pytest.fixture
def imported(world, at):
    """A finished import of one new officer with a work e-mail."""
    at("2026-11-16 09:00")
    User.objects.create(username="moi", full_name="Người Mới", email="moi@tinh.vn", password="!")
    return ImportJob.objects.create(
        by=world.staff,
        kind=ImportJob.Kind.USERS,
        state=ImportJob.State.DONE,
        file_name="tep.csv",
        size=1,
        uploaded_at=world.staff.date_joined,
        created=1,
    )


@pytest.mark.parametrize("backend", [CONSOLE, SMTP_LIKE])
def test_links_of_an_import_are_offered_by_mail_only_where_there_is_mail(
    client, world, imported, settings, monkeypatch, capfd, backend
):
    settings.EMAIL_BACKEND, settings.DEBUG = backend, False
    there_is_mail = backend == SMTP_LIKE
    new = [User.objects.get(username="moi")]
    monkeypatch.setattr(import_jobs, "new_accounts", lambda job: new)
    client.force_login(world.staff)
    page = client.get(reverse("import-detail", args=[imported.pk])).text
    assert "phiếu" in page
    assert (reverse("import-links-send", args=[imported.pk]) in page) is there_is_mail
    sent = []
    monkeypatch.setattr(import_jobs.send_password_links, "send_now", lambda *args: sent.append(args) or True)
    answer = client.post(reverse("import-links-send", args=[imported.pk]), follow=True).text
    assert bool(sent) is there_is_mail
    assert ("Đang gửi" in answer) is there_is_mail
    count = import_jobs.send_password_links(str(imported.pk), "https://cong.vn/")  # a message left in the queue
    assert count == (1 if there_is_mail else 0)
    assert "/dat-mat-khau/" not in capfd.readouterr().out
