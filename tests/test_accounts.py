"""Logging in: by user name, no public sign-up, limited tries, and no demonstration logins in production."""

import datetime as dt

import pytest
from allauth.mfa.totp.internal import auth as totp_auth
from django.core.cache import cache
from django.urls import reverse

from taskforces.models import User
from tests.conftest import PASSWORD

ADMIN_LOGIN = "/quan-tri/login/"


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


def make_demonstration(user):
    User.objects.filter(pk=user.pk).update(demo_today=dt.date(2026, 11, 16), is_staff=True, is_superuser=True)


@pytest.mark.parametrize(("debug", "status"), [(True, 302), (False, 200)])
def test_demonstration_logins_do_not_exist_when_debug_is_off(client, officer, settings, debug, status):
    settings.DEBUG = debug
    make_demonstration(officer)
    assert log_in(client, "nhung").status_code == status
    assert ("_auth_user_id" in client.session) is debug


@pytest.mark.parametrize("debug", [True, False])
def test_the_administration_lets_no_demonstration_in_when_debug_is_off(client, officer, settings, debug):
    settings.DEBUG = debug
    make_demonstration(officer)
    by_name = {"username": "nhung", "login": "nhung", "password": PASSWORD}
    client.post(ADMIN_LOGIN, by_name, follow=True)
    assert "_auth_user_id" not in client.session
    client.post(reverse("account_login") + "?next=/quan-tri/", by_name)
    assert client.get("/quan-tri/").status_code == (200 if debug else 302)


@pytest.mark.parametrize(("debug", "page", "api"), [(True, 200, 200), (False, 302, 403)])
def test_a_session_of_a_demonstration_ends_when_debug_is_turned_off(client, officer, settings, debug, page, api):
    """Pages, administration and API: a session of a trial run is worth nothing in production."""
    settings.DEBUG = True
    make_demonstration(officer)
    log_in(client, "nhung")
    settings.DEBUG = debug
    assert client.get(reverse("task-list")).status_code == page
    assert client.get("/quan-tri/").status_code == page
    assert client.get(reverse("api-units")).status_code == api


def test_the_wrong_door_of_a_demonstration_counts_as_a_failure(client, officer, settings):
    settings.DEBUG = False
    make_demonstration(officer)
    for _ in range(5):
        log_in(client, "nhung")
    settings.DEBUG = True
    assert log_in(client, "nhung").status_code != 302


# The administration has no login of its own ---------------------------------------------------------------------------


@pytest.fixture
def superuser(world):
    cache.clear()
    world.administrator.set_password(PASSWORD)
    world.administrator.save()
    return world.administrator


def with_totp(user):
    totp_auth.TOTP.activate(user, totp_auth.generate_totp_secret())


def test_the_administration_leads_to_the_one_login_and_back(client, superuser):
    response = client.get("/quan-tri/reporting/period/", follow=True)
    assert response.redirect_chain[-1] == ("/tai-khoan/login/?next=/quan-tri/reporting/period/", 302)
    response = client.post(response.redirect_chain[-1][0], {"login": "quantri", "password": PASSWORD})
    assert response.url == "/quan-tri/reporting/period/"


def test_a_password_sent_to_the_administration_opens_nothing(client, superuser):
    response = client.post(ADMIN_LOGIN, {"username": "quantri", "password": PASSWORD, "next": "/quan-tri/"})
    assert response.url.startswith("/tai-khoan/login/")
    assert "_auth_user_id" not in client.session


def test_the_administration_asks_for_the_second_factor(client, superuser):
    with_totp(superuser)
    response = client.post("/tai-khoan/login/?next=/quan-tri/", {"login": "quantri", "password": PASSWORD})
    assert response.url.startswith(reverse("mfa_authenticate"))
    assert client.get("/quan-tri/").status_code == 302


def test_nobody_becomes_somebody_else_through_the_administration(client, superuser, officer):
    """A flagged person, already logged in, sends the password of another: no login without second factor or count."""
    with_totp(superuser)
    User.objects.filter(pk=officer.pk).update(is_staff=True)
    client.force_login(officer)
    for password in (PASSWORD, "sai"):
        response = client.post(ADMIN_LOGIN, {"username": "quantri", "password": password})
        assert (response.status_code, response.url) == (302, "/quan-tri/")
        assert client.session["_auth_user_id"] == str(officer.pk)


@pytest.mark.parametrize("superuser_flag", [True, False])
@pytest.mark.parametrize("address", ["/quan-tri/", ADMIN_LOGIN, "/tai-khoan/login/?next=/quan-tri/"])
def test_without_the_flag_of_staff_the_administration_says_no_and_turns_in_no_circle(
    client, world, address, superuser_flag
):
    User.objects.filter(pk=world.staff.pk).update(is_superuser=superuser_flag)
    client.force_login(world.staff)
    response = client.get(address, follow=True)  # a circle would raise here
    assert response.status_code == 403
    assert "Bạn không có quyền làm việc này" in response.text


@pytest.mark.parametrize("is_staff", [True, False])
def test_a_superuser_without_posting_reads_the_portal_and_turns_in_no_circle(client, world, month, is_staff):
    """ "Xem trang web" of the administration leads to "/", which led back to the administration."""
    month("2026-11")
    world.administrator.postings.all().delete()
    User.objects.filter(pk=world.administrator.pk).update(is_staff=is_staff)
    client.force_login(world.administrator)
    page = client.get("/", follow=True)
    assert (page.status_code, page.request["PATH_INFO"]) == (200, reverse("dashboard"))
    assert "Cả nước" in page.text
    head = page.text[: page.text.index("</header>")]
    assert (f'href="{reverse("admin:index")}"' in head) is is_staff
    for place in ("dashboard", "review-list", "taskforce-list", "unit-list", "people-list", "export-list"):
        assert f'href="{reverse(place)}"' in head, place
        assert client.get(reverse(place)).status_code == 200, place
    if is_staff:
        assert 'href="/"' in client.get(reverse("admin:index")).text


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
