"""Logging in: by user name, no public sign-up, limited tries, and no demonstration logins in production."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.urls import reverse

from taskforces.models import User
from tests.conftest import PASSWORD


@pytest.fixture
def officer(world):
    cache.clear()  # tries of an earlier test do not count
    world.officer.set_password(PASSWORD)
    world.officer.save()
    return world.officer


def log_in(client, name, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": name, "password": password})


def test_a_person_logs_in_by_user_name_and_lands_on_the_home_of_the_role(client, officer):
    assert log_in(client, "nhung").url == reverse("home")
    assert client.get(reverse("home")).url == reverse("task-list")


def test_a_wrong_password_says_so_and_keeps_the_name(client, officer):
    page = log_in(client, "nhung", "sai").content.decode()
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in page
    assert 'value="nhung"' in page


def test_after_five_wrong_tries_the_right_password_waits_too(client, officer):
    for _ in range(5):
        log_in(client, "nhung", "sai")
    assert log_in(client, "nhung").status_code != 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(("debug", "status"), [(True, 302), (False, 200)])
def test_demonstration_logins_do_not_exist_when_debug_is_off(client, officer, settings, debug, status):
    settings.DEBUG = debug
    User.objects.filter(pk=officer.pk).update(demo_today=dt.date(2026, 11, 16))
    assert log_in(client, "nhung").status_code == status
    assert ("_auth_user_id" in client.session) is debug


def test_nobody_signs_up(client, db):
    response = client.post(
        reverse("account_signup"), {"username": "moi", "password1": "mot-mat-khau-dai", "password2": "mot-mat-khau-dai"}
    )
    assert response.status_code == 200
    assert "Không mở đăng ký" in response.content.decode()
    assert not User.objects.filter(username="moi").exists()


def test_two_postings_change_with_one_click(client, world):
    from taskforces.models import Posting, Role

    second = Posting.objects.create(
        user=world.reviewer, unit=world.dong_nai, role=Role.PROVINCIAL_STAFF, valid_from=dt.date(2026, 1, 1)
    )
    client.force_login(world.reviewer)
    assert client.get(reverse("home")).url == reverse("review-list")
    client.post(reverse("posting-switch", args=[second.pk]))
    assert client.get(reverse("home")).url == reverse("dashboard")
    stranger = Posting.objects.get(user=world.stranger)
    assert client.post(reverse("posting-switch", args=[stranger.pk])).status_code == 404
