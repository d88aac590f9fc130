"""From reviewer up, and to enter the administration, a second factor: fourteen days of grace, then only that."""

import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from taskforces.models import Posting, Role, User
from tests.conftest import PASSWORD
from tests.test_account_pages import add_key, code_of

pytestmark = pytest.mark.once


OWES = {"reviewer": "bao", "chair": "khoa", "staff": "ha", "auditor": "kiem", "administrator": "quantri"}
OWES_NOT = {"officer": "nhung", "police_officer": "dung", "leader": "hanh"}
NAMES = OWES | OWES_NOT


@pytest.fixture
def people(world, month, at):
    cache.clear()
    month("2026-11")
    at("2026-11-16 09:00")
    for name in NAMES:
        person = getattr(world, name)
        person.set_password(PASSWORD)
        person.save()
    return world


def log_in(client, who):
    client.logout()
    return client.post(reverse("account_login"), {"login": NAMES[who], "password": PASSWORD})


def first_page(client):
    return client.get("/", follow=True)


@pytest.mark.parametrize("who", sorted(OWES))
def test_within_the_grace_the_first_page_says_until_when(client, people, at, who):
    log_in(client, who)
    page = first_page(client)
    assert page.status_code == 200
    assert "30/11/2026" in page.text  # the 16th and fourteen days
    assert f'href="{reverse("mfa_index")}"' in page.text
    at("2026-11-30 20:00")
    log_in(client, who)
    page = first_page(client)
    assert page.request["PATH_INFO"] != reverse("mfa_index")
    assert "30/11/2026" in page.text  # a later login moves nothing


@pytest.mark.parametrize("who", sorted(OWES))
def test_after_the_grace_only_the_way_to_a_second_factor_is_open(client, people, at, who):
    log_in(client, who)
    at("2026-12-01 00:30")
    log_in(client, who)
    for address in ("/", reverse("dashboard"), reverse("people-list"), "/quan-tri/", "/quan-tri/mfa/authenticator/"):
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, answer.url) == (302, reverse("mfa_index")), address
    answer = client.get(reverse("dashboard"), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("mfa_index")  # else the page would land inside a part of another
    answer = client.get(reverse("api-reports"))
    assert answer.status_code == 403
    assert "bảo mật hai lớp" in answer.json()["detail"]
    page = client.get(reverse("mfa_index"))
    assert page.status_code == 200
    assert "30/11/2026" in page.text
    assert client.get(reverse("guide")).status_code == 200
    assert client.get(reverse("account_change_password")).status_code == 200
    assert client.post(reverse("account_logout")).url == reverse("account_login")


@pytest.mark.parametrize("who", sorted(OWES))
@pytest.mark.parametrize("must_change", [False, True])
def test_who_is_shut_out_meets_no_link_that_would_not_open(client, people, at, who, must_change):
    """Whatever stands on the pages that are open, and on those they lead to, opens; each has a way to sign out."""
    log_in(client, who)
    at("2026-12-01 00:30")
    User.objects.filter(username=NAMES[who]).update(must_change_password=must_change)
    log_in(client, who)
    first = reverse("account_change_password" if must_change else "mfa_index")
    assert first_page(client).request["PATH_INFO"] == first
    walked = walk(client, first)
    assert walked >= {reverse("guide"), reverse("mfa_index"), reverse("account_change_password")}
    assert reverse("home") not in walked


def test_before_a_password_of_ones_own_only_the_way_to_one_is_shown(client, people):
    User.objects.filter(pk=people.officer.pk).update(must_change_password=True)
    log_in(client, "officer")
    page = first_page(client)
    assert page.request["PATH_INFO"] == reverse("account_change_password")
    assert "Mật khẩu đang dùng do người khác đặt" in page.text
    assert 'class="nav"' not in page.text
    assert "Không đổi" not in page.text
    assert page.text.count(f'action="{reverse("account_logout")}"') == 2  # in the head, and beside the form's button
    assert walk(client, reverse("account_change_password")) >= {reverse("guide"), reverse("mfa_index")}
    User.objects.filter(pk=people.officer.pk).update(must_change_password=False)
    page = client.get(reverse("account_change_password"))
    assert "Không đổi" in page.text
    assert "do người khác đặt" not in page.text


def walk(client, first) -> set[str]:
    """Every address that the page leads to, and these further: each opens, or first asks for the password again."""
    seen, ahead = set(), [first]
    while ahead:
        address = ahead.pop()
        seen.add(address)
        answer = client.get(address)
        if answer.status_code == 302:
            assert answer.url.startswith(reverse("account_reauthenticate")), (address, answer.url)
            continue
        assert answer.status_code == 200, address
        assert f'action="{reverse("account_logout")}"' in answer.text, address
        body = answer.text.split("<body", 1)[1]
        found = set(re.findall(r'<a\b[^>]* href="(/[^"#]*)', body))
        ahead += [a for a in found if a not in seen and a not in ahead]
    return seen


@pytest.mark.parametrize("who", sorted(OWES_NOT))
def test_officers_and_leaders_are_asked_nothing(client, people, at, who):
    log_in(client, who)
    assert "bảo mật hai lớp" not in first_page(client).text
    at("2027-02-01 09:00")
    log_in(client, who)
    assert client.get("/").url == reverse("task-list")


def test_the_flag_of_the_administration_asks_an_officer_too(client, people, at):
    User.objects.filter(pk=people.officer.pk).update(is_staff=True)
    log_in(client, "officer")
    at("2026-12-01 09:00")
    log_in(client, "officer")
    assert client.get(reverse("task-list")).url == reverse("mfa_index")


def test_a_role_given_later_has_its_own_fourteen_days(client, people, at):
    log_in(client, "officer")
    at("2027-03-01 09:00")
    Posting.objects.create(user=people.officer, unit=people.dong_nai, role=Role.CHAIR, valid_from=dt.date(2027, 3, 1))
    log_in(client, "officer")
    assert "15/03/2027" in first_page(client).text


def test_a_posting_that_waits_asks_nothing(client, people, at):
    Posting.objects.create(
        user=people.officer, unit=people.dong_nai, role=Role.CHAIR, valid_from=dt.date(2026, 1, 1), waits=True
    )
    log_in(client, "officer")
    at("2027-03-01 09:00")
    log_in(client, "officer")
    assert client.get("/").url == reverse("task-list")


def test_after_the_grace_an_app_is_set_up_and_the_portal_opens(client, people, at):
    log_in(client, "reviewer")
    at("2026-12-01 09:00")
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate") + "?next=/tai-khoan/2fa/", {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": code_of(client.session[totp.SECRET_SESSION_KEY])})
    assert first_page(client).request["PATH_INFO"] == reverse("review-list")
    assert "bảo mật hai lớp, chậm nhất" not in first_page(client).text


def test_a_key_is_a_second_factor_and_recovery_codes_alone_are_none(client, people, at):
    log_in(client, "reviewer")
    at("2026-12-01 09:00")
    log_in(client, "reviewer")
    Authenticator.objects.create(user=people.reviewer, type="recovery_codes", data={})
    assert client.get(reverse("review-list")).url == reverse("mfa_index")
    key = add_key(people.reviewer)
    assert client.get(reverse("review-list")).status_code == 200
    key.delete()  # taken away again, the very next page asks for one
    assert client.get(reverse("review-list")).url == reverse("mfa_index")


def test_the_grace_is_a_setting(client, people, at, settings):
    settings.SECOND_FACTOR_GRACE_DAYS = 0
    log_in(client, "reviewer")
    assert client.get(reverse("review-list")).status_code == 200  # the day itself
    at("2026-11-17 00:01")
    log_in(client, "reviewer")
    assert client.get(reverse("review-list")).url == reverse("mfa_index")


@pytest.mark.parametrize(("who", "said"), [("reviewer", True), ("officer", False)])
def test_the_demonstration_is_exempt_and_says_so(client, people, at, settings, who, said):
    settings.DEBUG = True
    User.objects.filter(username=NAMES[who]).update(demo_today=dt.date(2026, 11, 16))
    log_in(client, who)
    at("2027-03-01 09:00")
    log_in(client, who)
    page = first_page(client)
    assert page.request["PATH_INFO"] != reverse("mfa_index")
    assert ("Bản trình diễn không bắt buộc bảo mật hai lớp" in page.text) is said


def test_it_costs_no_query(client, people):
    """The account of the session brings it along: no page asks the table of second factors by itself."""
    log_in(client, "chair")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("dashboard")).status_code == 200
    asked = [q["sql"] for q in queries if "mfa_authenticator" in q["sql"]]
    assert len(asked) == 1
    assert "taskforces_user" in asked[0]
