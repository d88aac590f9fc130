"""An account's e-mail is changed by its owner alone: who proves to be the owner, and that the mailbox is theirs."""

import datetime as dt
import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from taskforces.models import EmailChange, User
from tests.conftest import PASSWORD
from tests.test_account_pages import ENGLISH, words_of

pytestmark = pytest.mark.django_db
SMTP_LIKE = "django.core.mail.backends.locmem.EmailBackend"
OLD, NEW = "nhung@tinh.vn", "nhung.moi@tinh.vn"


@pytest.fixture
def officer(world, settings):
    cache.clear()
    settings.EMAIL_BACKEND, settings.DEBUG = SMTP_LIKE, False
    world.officer.set_password(PASSWORD)
    world.officer.email = OLD
    world.officer.save()
    return world.officer


@pytest.fixture
def client(client, officer):
    client.post(reverse("account_login"), {"login": officer.username, "password": PASSWORD})
    return client


def confirm_password(client):
    client.post(reverse("account_reauthenticate") + "?next=/", {"password": PASSWORD})


def ask(client, email=NEW):
    return client.post(reverse("account_email"), {"email": email}, follow=True)


def link_in(letter):
    return re.search(r"http://testserver(/tai-khoan/confirm-email/\S+)", letter.body).group(1)


def email_of(user):
    return User.objects.get(pk=user.pk).email


def test_the_password_is_asked_first(client, officer):
    for response in (client.get(reverse("account_email")), client.post(reverse("account_email"), {"email": NEW})):
        assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert mail.outbox == []


def test_the_new_address_counts_once_its_mailbox_is_proved(client, officer, at):
    at("2026-11-16 09:00")
    EmailAddress.objects.create(user=officer, email=OLD, verified=True, primary=True)
    confirm_password(client)
    page = client.get(reverse("account_email")).text
    assert OLD in page
    said = ask(client, NEW.upper()).text
    assert f"Đã gửi đường dẫn xác nhận tới {NEW}." in said
    (letter,) = mail.outbox
    assert (letter.to, email_of(officer)) == ([NEW], OLD)
    assert not ENGLISH.findall(letter.body.replace(link_in(letter), ""))

    link = link_in(letter)
    page = client.get(link)
    assert (page.status_code, email_of(officer)) == (200, OLD)  # a scanner that opens every link confirms nothing
    assert NEW in page.text
    assert not ENGLISH.findall(words_of(page.text))
    assert f"Thư công vụ của bạn là {NEW}." in client.post(link, follow=True).text
    assert email_of(officer) == NEW
    assert [(row.by, row.at.isoformat()) for row in EmailChange.objects.all()] == [
        (officer, dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC).isoformat())
    ]
    assert not EmailAddress.objects.exists()
    assert client.post(link).status_code == 410  # once
    assert EmailChange.objects.count() == 1


def test_the_old_mailbox_is_told(client, officer, django_capture_on_commit_callbacks):
    confirm_password(client)
    ask(client)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(link_in(mail.outbox[0]))
    assert mail.outbox[1].to == [OLD]
    assert NEW not in mail.outbox[1].body


def test_the_link_is_for_its_owner_alone_and_for_a_day(client, officer, world, at):
    at("2026-11-16 09:00")
    confirm_password(client)
    ask(client)
    link = link_in(mail.outbox[0])
    User.objects.filter(pk=world.leader.pk).update(email=OLD, password=officer.password)
    client.force_login(User.objects.get(pk=world.leader.pk))
    assert client.post(link).status_code == 410
    client.logout()
    assert client.post(link)["Location"].startswith(reverse("account_login"))
    at("2026-11-17 09:01")
    client.force_login(officer)
    assert client.post(link).status_code == 410
    assert email_of(officer) == OLD
    assert not EmailChange.objects.exists()


@pytest.mark.parametrize("change", [{"email": "khac@tinh.vn"}, {"password": "!"}])
def test_the_link_ends_with_another_change(client, officer, change):
    """Whoever asked with a stolen session loses the link when the owner sets another password."""
    confirm_password(client)
    ask(client)
    User.objects.filter(pk=officer.pk).update(**change)
    client.force_login(User.objects.get(pk=officer.pk))
    assert client.post(link_in(mail.outbox[0])).status_code == 410


@pytest.mark.parametrize("email", ["", "khong-phai-thu", OLD, OLD.upper(), "a" * 250 + "@tinh.vn"])
def test_what_is_no_new_address_is_refused_beside_the_field(client, officer, email):
    confirm_password(client)
    page = ask(client, email).text
    assert "field has-error" in page
    assert email in page
    assert not ENGLISH.findall(words_of(page))
    assert mail.outbox == []


def test_letters_to_strangers_are_few(client, officer):
    confirm_password(client)
    said = [ask(client, f"nguoi-{i}@tinh.vn").status_code for i in range(7)]
    assert said == [200] * 5 + [429] * 2
    assert len(mail.outbox) == 5


def test_a_mail_server_that_is_gone_gives_a_sentence(client, officer, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("taskforces.people.own_email.send_mail", refuse)
    confirm_password(client)
    page = ask(client).text
    assert "Chưa gửi được thư" in page
    assert f'value="{NEW}"' in page


def test_without_mail_the_page_says_so_and_who_helps(client, officer, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = client.get(reverse("account_email")).text
    assert "Cổng này không gửi thư" in page
    assert "phiếu đặt mật khẩu" in page
    assert 'name="email"' not in page
    confirm_password(client)
    assert 'name="email"' not in client.post(reverse("account_email"), {"email": NEW}).text
    assert email_of(officer) == OLD


def test_the_menu_and_the_page_of_own_data_lead_there(client, officer):
    assert client.get(reverse("my-data")).text.count(f'href="{reverse("account_email")}"') == 2


def test_nobody_gives_an_account_a_mailbox_in_the_administration(officer, world, client):
    """Its page of addresses is gone: a reset link would go to whatever was added there."""
    client.force_login(world.administrator)
    for page in ("", "add/"):
        assert client.get(f"/quan-tri/account/emailaddress/{page}").status_code == 404
