"""What a person does wrong at the pages of accounts is said in Vietnamese, beside what was typed."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.urls import reverse
from fido2.utils import websafe_encode

from taskforces.people import passwords
from tests.conftest import PASSWORD
from tests.test_account_pages import ENGLISH, add_key, confirm, log_in, officer, words_of  # noqa: F401

pytestmark = pytest.mark.embedded

GOOD = "Chim-se-tren-mai-7"
WEAK = {
    "ngan-1Aq": "Mật khẩu quá ngắn. Phải có ít nhất 10 ký tự.",
    "1234567890": "Mật khẩu này quá phổ biến.",
    "82374650918273": "Mật khẩu này hoàn toàn là số.",
    "nhung@tinh.vn": "Mật khẩu quá giống với thư công vụ.",
    "Nguyễn Thị Hồng Nhung 1": "Mật khẩu quá giống với họ và tên.",
    "thihongnhung2026": "Mật khẩu quá giống với họ và tên.",  # as people type it there: no marks, no spaces
    "Nhung-Nguyen-Hong-Thi": "Mật khẩu quá giống với họ và tên.",
    "aud-aud-aud-aud": "đoạn ngắn lặp lại",
}


def said_after(response) -> str:
    """The page's words after something wrong; fails on English."""
    assert response.status_code == 200
    words = words_of(response.text)
    assert not ENGLISH.findall(words.replace("nhung@tinh.vn", "")), words
    return " ".join(words.split())


@pytest.mark.parametrize("weak", WEAK)
def test_a_weak_password_is_refused_in_vietnamese_at_every_door(officer, client, weak):  # noqa: F811
    log_in(client)
    officer.refresh_from_db()
    pages = [(passwords.link_path(officer), {"new_password1": weak, "new_password2": weak})]
    change = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    pages.append((reverse("account_change_password"), change))
    for address, body in pages:
        said = said_after(client.post(address, body))
        assert WEAK[weak].casefold() in said.casefold(), (address, said)


def test_two_passwords_that_differ(officer, client):  # noqa: F811
    said = said_after(client.post(passwords.link_path(officer), {"new_password1": GOOD, "new_password2": "khac"}))
    assert "Hai" in said
    log_in(client)
    body = {"oldpassword": PASSWORD, "password1": GOOD, "password2": "khac"}
    assert "Hai lần ghi mật khẩu phải giống nhau." in said_after(client.post(reverse("account_change_password"), body))
    body = {"oldpassword": "sai", "password1": GOOD, "password2": GOOD}
    assert "Mật khẩu hiện tại chưa đúng." in said_after(client.post(reverse("account_change_password"), body))


def test_a_wrong_login(officer, client):  # noqa: F811
    for login in ("nhung", "khong-co-ai"):
        said = said_after(client.post(reverse("account_login"), {"login": login, "password": "sai"}))
        assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in said


# Page, what is sent, and what is said.
WRONG = [
    ("account_login", {"login": "", "password": ""}, "Ghi đủ tên đăng nhập và mật khẩu."),
    ("account_change_password", {}, "bắt buộc"),
    ("account_reauthenticate", {"password": "sai"}, "Mật khẩu chưa đúng."),
    ("account_reauthenticate", {}, "bắt buộc"),
    ("account_email", {"action_add": "", "email": "khong-phai-thu"}, "Địa chỉ thư có dạng ten@tinh.gov.vn."),
    ("account_email", {"action_add": "", "email": ""}, "Chưa ghi địa chỉ."),
    ("account_email", {"action_add": "", "email": "nhung@tinh.vn"}, "Tài khoản đang dùng chính địa chỉ này."),
    ("mfa_add_webauthn", {"name": "Khóa", "credential": ""}, "Khóa chưa trả lời đúng."),
    ("mfa_add_webauthn", {"name": "Khóa", "credential": "{"}, "Khóa chưa trả lời đúng."),
    ("mfa_add_webauthn", {"name": "Khóa", "credential": json.dumps({"id": "x"})}, "Khóa chưa trả lời đúng."),
    ("mfa_activate_totp", {"code": "000000"}, "Mã chưa đúng."),
    ("mfa_activate_totp", {}, "bắt buộc"),
]


@pytest.mark.parametrize(("page", "body", "text"), WRONG)
def test_what_is_wrong_is_said_in_vietnamese(officer, client, page, body, text):  # noqa: F811
    EmailAddress.objects.create(user=officer, email=officer.email, primary=True, verified=True)
    if page != "account_login":
        log_in(client)
        confirm(client)
        client.get(reverse(page))
    assert text in said_after(client.post(reverse(page), body))


# The last is what a key answers to somebody else's question.
ASKED = websafe_encode(b'{"type":"webauthn.get","challenge":"MA","origin":"https://cong.vn"}')
STRANGE = {"clientDataJSON": ASKED, "authenticatorData": websafe_encode(bytes(37)), "signature": "", "userHandle": "MQ"}
WRONG_ANSWERS = ["", "{", "[]", '{"id": "x"}', '{"response": []}', json.dumps({"id": "eA", "rawId": "eA"})]
WRONG_ANSWERS.append(json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", "response": STRANGE}))


@pytest.mark.parametrize("answer", WRONG_ANSWERS)
@pytest.mark.parametrize("door", ["mfa_login_webauthn", "mfa_authenticate", "mfa_reauthenticate_webauthn"])
def test_a_key_that_answers_wrongly_is_no_wrong_code(officer, client, door, answer):  # noqa: F811
    """Instead of the password, after it, and before something that asks for proof anew."""
    add_key(officer)
    if door == "mfa_reauthenticate_webauthn":
        client.force_login(officer)
    elif door == "mfa_authenticate":
        log_in(client)
    client.get(reverse(door), headers={"Accept": "application/json"})
    said = said_after(client.post(reverse(door), {"credential": answer}, follow=True))
    assert "Khóa chưa trả lời đúng. Thử lại, hoặc dùng khóa khác." in said
    assert "Mã chưa đúng" not in said
    assert ("_auth_user_id" in client.session) is (door == "mfa_reauthenticate_webauthn")


def test_a_key_asked_too_often_is_told_so(officer, client):  # noqa: F811
    add_key(officer)
    log_in(client)
    body = {"credential": WRONG_ANSWERS[-1]}
    for _ in range(5):
        assert "Khóa chưa trả lời đúng." in said_after(client.post(reverse("mfa_authenticate"), body))
    assert "quá nhiều lần" in said_after(client.post(reverse("mfa_authenticate"), body))


def test_the_second_step_of_a_login(officer, client):  # noqa: F811
    totp.TOTP.activate(officer, totp.generate_totp_secret())
    log_in(client)
    assert "Mã chưa đúng." in said_after(client.post(reverse("mfa_authenticate"), {"code": "000000"}))


@pytest.mark.parametrize("act", ["action_primary", "action_send", "action_remove"])
def test_what_is_done_with_an_address(officer, client, act):  # noqa: F811
    EmailAddress.objects.create(user=officer, email=officer.email, primary=True, verified=True)
    EmailAddress.objects.create(user=officer, email="khac@tinh.vn")
    log_in(client)
    for address in ("khac@tinh.vn", "nhung@tinh.vn"):
        confirm(client)
        said_after(client.post(reverse("account_email"), {act: "", "email": address}, follow=True))


def test_a_forgotten_password_where_mail_goes_out(officer, client, settings):  # noqa: F811
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_HOST = "mail.tinh.vn"
    page = reverse("account_reset_password")
    assert "Ghi đủ địa chỉ thư" in said_after(client.post(page, {"email": "khong-phai-thu"}))
    said_after(client.post(page, {"email": "nhung@tinh.vn"}, follow=True))
    letter = mail.outbox[-1]
    assert not ENGLISH.findall(f"{letter.subject} {letter.body.split('http')[0]}")
    link = next(word for word in letter.body.split() if word.startswith("http"))
    form = client.get(link, follow=True)
    said_after(form)
    address = form.request["PATH_INFO"]
    for weak, text in WEAK.items():
        said = said_after(client.post(address, {"password1": weak, "password2": weak}))
        assert text.casefold() in said.casefold()
    assert "Hai lần" in said_after(client.post(address, {"password1": GOOD, "password2": "khac"}))
    said_after(client.post(address, {"password1": GOOD, "password2": GOOD}, follow=True))
    said_after(client.get(link, follow=True))  # a link opens once
