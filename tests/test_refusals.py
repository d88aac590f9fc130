"""What the portal says when it refuses: in Vietnamese, with what to do next."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from taskforces.people import passwords
from tests.test_account_pages import ENGLISH, words_of


@pytest.mark.parametrize(
    "password",
    [
        "aud-aud-aud",
        "Aud1-aud2-aud3",
        "matkhaumatkhau",
        "MatKhau.matkhau",
        "Xa06-xa06-xa06-x",
        "aaaaaaaaab",
        "đề án đề án",
    ],
)
def test_a_part_again_and_again_is_no_password(password):
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert "Mật khẩu không được là một đoạn ngắn lặp lại (như aud-aud-aud)." in refused.value.messages


@pytest.mark.parametrize(
    "password",
    [
        "TrinhDien-06",
        "mat-khau-thu-nghiem",
        "aa7391-4420-88",
        "nang nang mua mua",
        "Bo-Ba-Con-Ga-12",
        "xin-chao-xin-ve",
    ],
)
def test_other_passwords_pass(password):
    validate_password(password)


def test_the_page_behind_a_slip_says_so(client, world):
    answer = client.post(
        passwords.link_path(world.officer), {"new_password1": "aud-aud-aud", "new_password2": "aud-aud-aud"}
    )
    assert answer.status_code == 200
    assert "đoạn ngắn lặp lại" in answer.text
    world.officer.refresh_from_db()
    assert not world.officer.has_usable_password()


@pytest.mark.parametrize("logged_in", [True, False])
def test_a_form_of_an_earlier_login_is_refused_in_words(world, logged_in):
    client = Client(enforce_csrf_checks=True)
    if logged_in:
        client.force_login(world.officer)
    answer = client.post(reverse("account_login"), {"login": "nhung", "password": "x"})
    assert answer.status_code == 403
    assert "Trang đã cũ, chưa ghi gì" in answer.text
    assert not ENGLISH.findall(words_of(answer.text))


def test_too_many_requests_are_refused_in_words(world, client, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    client.post(reverse("account_login"), {"login": "nhung", "password": "x"})
    answer = client.post(reverse("account_login"), {"login": "nhung", "password": "x"})
    assert answer.status_code == 429
    assert "Thử lại sau ít phút" in answer.text
    assert not ENGLISH.findall(words_of(answer.text))
