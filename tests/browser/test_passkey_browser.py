"""A passkey in Chromium's virtual authenticator: added, used instead of the password, removed."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from tests.browser.conftest import PASSWORD
from tests.test_account_pages import ENGLISH, words_of

pytestmark = pytest.mark.django_db(transaction=True)


def with_authenticator(page):
    """The page's browser gets a key inside that always says yes."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def says(page, text):
    page.get_by_text(text).first.wait_for()
    assert not ENGLISH.findall(words_of(page.content())), page.url


def test_a_passkey_from_adding_to_removal(world, open_browser, live_server, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    cache.clear()
    world.officer.set_password(PASSWORD)
    world.officer.save()
    page = open_browser()
    with_authenticator(page)
    here = live_server.url.replace("127.0.0.1", "localhost")  # a key belongs to a name, never to an address
    page.goto(f"{here}/tai-khoan/login/")
    page.fill("#id_login", "nhung")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/viec-can-lam/**")
    page.goto(f"{here}/tai-khoan/2fa/webauthn/add/")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Xác nhận").click()
    page.fill("#id_name", "Máy cơ quan")
    page.check("#id_passwordless")
    page.click("#mfa_webauthn_add")
    says(page, "mã dự phòng")
    page.goto(f"{here}/tai-khoan/2fa/webauthn/")
    says(page, "Máy cơ quan")
    assert "Chưa dùng lần nào" in page.inner_text("main")

    page.context.clear_cookies()
    page.goto(f"{here}/tai-khoan/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/viec-can-lam/**")
    page.goto(f"{here}/tai-khoan/2fa/webauthn/")
    says(page, "Dùng lần cuối lúc")
    page.get_by_role("link", name="Xóa").click()
    page.wait_for_load_state()
    if "reauthenticate" in page.url:
        page.fill("#id_password", PASSWORD)
        page.get_by_role("button", name="Xác nhận").click()
    says(page, "Xóa")
    page.locator("main form button[type=submit]").click()
    says(page, "Chưa có khóa bảo mật.")
    assert not Authenticator.objects.exists()
