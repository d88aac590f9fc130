"""Guessing a password is slowed by account and address together; nobody is locked out by somebody elsewhere."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.urls import reverse

from taskforces.models import LoginTries
from taskforces.people import login_limits, passwords
from tests.conftest import PASSWORD, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.once]
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
PEOPLE = ["officer", "police_officer", "leader", "neighbour", "reviewer", "chair", "staff", "auditor"]


@pytest.fixture
def people(db):
    cache.clear()
    w = build_world()
    for name in PEOPLE:
        person = getattr(w, name)
        person.set_password(PASSWORD)
        person.save()
    return w


def try_to_log_in(client, name, password=PASSWORD, address=OFFICE, **more):
    """Did it open? Nobody stays logged in."""
    client.post(reverse("account_login"), {"login": name, "password": password}, REMOTE_ADDR=address, **more)
    opened = "_auth_user_id" in client.session
    client.logout()
    return opened


def fail(client, name, times, address=OFFICE, **more):
    for _ in range(times):
        assert not try_to_log_in(client, name, "sai", address, **more)


def test_wrong_passwords_from_elsewhere_lock_nobody_at_their_own_desk(client, people, at):
    at("2026-11-16 09:00")
    fail(client, "nhung", 12, ELSEWHERE)
    assert try_to_log_in(client, "nhung", address=OFFICE)
    assert not try_to_log_in(client, "nhung", address=ELSEWHERE)


def test_a_colleague_who_forgot_the_password_locks_no_office(client, people, at):
    """Thirty failures in a minute behind one address: the others come in all the same."""
    at("2026-11-16 09:00")
    for name in ("nhung", "dung", "hanh", "tam", "bao", "khoa"):
        fail(client, name, 5)
    assert try_to_log_in(client, "ha")
    assert try_to_log_in(client, "kiem")


def test_the_delay_grows_with_each_failure_up_to_an_hour(client, people, at):
    """Five tries, then a pause of 1, 2, 4 … minutes before each further one: counted by hand."""
    moment = at("2026-11-16 09:00")
    fail(client, "nhung", 5)
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        at(f"{moment + dt.timedelta(minutes=minutes, seconds=-1):%Y-%m-%d %H:%M:%S}")
        page = client.post(reverse("account_login"), {"login": "nhung", "password": PASSWORD}, REMOTE_ADDR=OFFICE)
        assert "_auth_user_id" not in client.session
        assert "Thử lại sau 1 phút" in page.text  # one second left, said as a minute
        moment = at(f"{moment + dt.timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}")
        fail(client, "nhung", 1)
    at(f"{moment + dt.timedelta(minutes=60):%Y-%m-%d %H:%M:%S}")
    assert try_to_log_in(client, "nhung")
    fail(client, "nhung", 4)
    assert try_to_log_in(client, "nhung")  # the count began anew


def test_a_day_later_the_count_begins_anew(client, people, at):
    at("2026-11-16 09:00")
    fail(client, "nhung", 5)
    at("2026-11-17 09:01")
    fail(client, "nhung", 4)
    assert try_to_log_in(client, "nhung")


@pytest.mark.parametrize("name", ["nhung", "khong-co-ai"])
def test_who_must_wait_is_told_how_long_and_not_whether_the_account_exists(client, people, at, name):
    at("2026-11-16 09:00")
    fail(client, name, 5)
    page = client.post(reverse("account_login"), {"login": name, "password": "sai"}, REMOTE_ADDR=OFFICE)
    assert "Sai mật khẩu nhiều lần. Thử lại sau 1 phút" in page.text


def test_writing_the_name_otherwise_gives_no_further_tries(client, people, at):
    at("2026-11-16 09:00")
    fail(client, "nhung", 3)
    fail(client, "NHUNG", 2)
    assert not try_to_log_in(client, "Nhung")


# Many accounts from one address, one account from many addresses ------------------------------------------------------


def test_one_address_cannot_walk_through_the_accounts_and_who_is_known_there_still_comes_in(client, people, at):
    at("2026-11-16 09:00")
    assert try_to_log_in(client, "nhung")
    for i in range(login_limits.FAILURES_OF_AN_ADDRESS):
        fail(client, f"ten-{i}", 1)
    assert not try_to_log_in(client, "ha")  # never seen at this address
    assert try_to_log_in(client, "nhung")
    assert try_to_log_in(client, "ha", address=ELSEWHERE)
    at("2026-11-16 10:01")
    assert try_to_log_in(client, "ha")


def test_many_addresses_cannot_walk_through_passwords_and_the_owner_still_comes_in(client, people, at):
    at("2026-11-16 09:00")
    assert try_to_log_in(client, "nhung")
    for i in range(login_limits.FAILURES_OF_AN_ACCOUNT):
        fail(client, "nhung", 1, f"198.51.100.{i}")
    assert not try_to_log_in(client, "nhung", address="198.51.100.250")
    assert try_to_log_in(client, "nhung")


def test_an_address_of_ipv6_counts_as_its_network(client, people, at):
    at("2026-11-16 09:00")
    for i in range(5):
        fail(client, "nhung", 1, f"2001:db8:1:2::{i + 1}")
    assert not try_to_log_in(client, "nhung", address="2001:db8:1:2:ffff::9")
    assert try_to_log_in(client, "nhung", address="2001:db8:1:3::1")


# Forged headers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_forged_header_escapes_nothing(client, people, at, settings, proxies):
    """What the client writes stands left; each proxy of ours adds, on the right, the address it was called from."""
    at("2026-11-16 09:00")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    added = {0: [], 1: [ELSEWHERE], 2: [ELSEWHERE, "10.0.0.1"]}[proxies]
    direct = OFFICE if proxies == 0 else "10.0.0.2"
    for i in range(5):
        forged = ", ".join([f"192.0.2.{i}", *added])
        fail(client, "nhung", 1, direct, HTTP_X_FORWARDED_FOR=forged)
    assert not try_to_log_in(client, "nhung", address=direct, HTTP_X_FORWARDED_FOR=", ".join(["192.0.2.99", *added]))
    assert LoginTries.objects.get().address == (OFFICE if proxies == 0 else ELSEWHERE)


@pytest.mark.parametrize("header", ["", "192.0.2.1", "khong phai dia chi", "192.0.2.1, <script>"])
def test_a_call_past_the_proxies_is_the_address_it_comes_from(client, people, at, settings, header):
    """Fewer addresses than proxies, or none that is one: no error, and no free choice of address."""
    at("2026-11-16 09:00")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    headers = {"HTTP_X_FORWARDED_FOR": header} if header else {}
    assert try_to_log_in(client, "nhung", address=OFFICE, **headers)
    assert LoginTries.objects.get().address == OFFICE


# Around it ------------------------------------------------------------------------------------------------------------


def test_a_name_that_was_typed_is_not_kept(client, people, at):
    """Some people type their password into the field of the name."""
    at("2026-11-16 09:00")
    fail(client, "mat-khau-cua-toi", 1)
    assert "mat-khau" not in str(list(LoginTries.objects.values()))


def test_a_new_password_ends_the_wait(client, people, at):
    at("2026-11-16 09:00")
    fail(client, "nhung", 6)
    new = "Moi-Hoan-Toan-9"
    client.post(passwords.link_path(people.officer), {"new_password1": new, "new_password2": new})
    assert try_to_log_in(client, "nhung", new)


def test_old_tries_are_removed(client, people, at):
    at("2026-11-16 09:00")
    fail(client, "nhung", 1)
    assert try_to_log_in(client, "ha")
    at("2026-11-18 09:01")
    assert login_limits.forget_old_tries() == 1  # two days after a failure nothing counts it any more
    at("2027-02-20 09:01")
    assert login_limits.forget_old_tries() == 1
    assert not LoginTries.objects.exists()
