"""allauth's pages as a logged-in person sees them: none breaks, all speak Vietnamese, second factors can be walked."""

import datetime as dt
import html
import re
import time
from contextlib import suppress

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from taskforces.models import User
from taskforces.people.accounts import forget_ended_sessions
from tests.conftest import PASSWORD
from tests.test_access import all_url_names

pytestmark = pytest.mark.embedded

# Words of English that no Vietnamese text has; what allauth says without a translation holds one of them.
ENGLISH = re.compile(
    r"\b(?:the|you|your|are|is|was|not|this|that|have|has|been|with|for|please|use|used|usage|last|added|add|edit"
    r"|remove|save|key|keys|security|passkey|unspecified|password|confirm|code|codes|recovery|email|address|primary"
    r"|verified|unverified|warning|menu|sign|make|send|active|activate|deactivate|download|view|authenticate"
    r"|authenticator|app|secret|ago|days|weeks|minutes|hours|requires|name|passwordless|generate|current|new)\b",
    re.IGNORECASE,
)


def add_key(user, name="Khóa của tôi", rk=None):
    """A security key as allauth stores it; `rk`: whether it says to be a passkey (None: it does not say)."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid(bytes(16)), b"khoa", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    attestation = AttestationObject.create("none", AuthenticatorData.create(b"0" * 32, flags, 0, credential), {})
    response = {
        "clientDataJSON": websafe_encode(b'{"type":"webauthn.create","challenge":"MA","origin":"https://cong.vn"}')
    }
    response["attestationObject"] = websafe_encode(bytes(attestation))
    stored = {"id": websafe_encode(b"khoa"), "rawId": websafe_encode(b"khoa"), "type": "public-key"}
    stored |= {"response": response, "clientExtensionResults": {} if rk is None else {"credProps": {"rk": rk}}}
    return WebAuthn.add(user, name, stored).instance


def words_of(page) -> str:
    """What a page says: without scripts and tags, with the texts in title, placeholder and value."""
    text = re.sub(r"<(script|style|svg|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    attributes = re.findall(r'\b(?:title|placeholder|aria-label)="([^"]*)"', text)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", text), *attributes]))


@pytest.fixture
def officer(world):
    cache.clear()
    world.officer.set_password(PASSWORD)
    world.officer.email = "nhung@tinh.vn"
    world.officer.save()
    return world.officer


def log_in(client):
    return client.post(reverse("account_login"), {"login": "nhung", "password": PASSWORD})


def confirm(client):
    """What allauth asks before it shows or changes how a person proves who they are."""
    return client.post(reverse("account_reauthenticate") + "?next=/tai-khoan/2fa/", {"password": PASSWORD})


def code_of(secret) -> str:
    """What an authenticator app shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def allauth_addresses(key) -> dict[str, str]:
    """Every address of allauth's by name; what needs an argument gets the key or words that fit nothing."""
    found = {}
    for name in {n for n in all_url_names() if n.startswith(("account_", "mfa_"))}:
        for args in ([], [key.pk], ["x"], ["x", "y"]):
            with suppress(NoReverseMatch):
                found.setdefault(name, reverse(name, args=args))
    return found


# What a logged-in person is shown (200); all else leads elsewhere.
SHOWN = {
    "account_change_password",
    "account_email",
    "account_email_verification_sent",
    "account_inactive",
    "account_logout",
    "account_reauthenticate",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
}
SHOWN_WITH_TOTP = {
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_reauthenticate",
    "mfa_view_recovery_codes",
}


@pytest.mark.parametrize("has_totp", [False, True])
@pytest.mark.parametrize("email", ["", "nhung@tinh.vn"])
def test_every_page_of_allauth_opens_and_speaks_vietnamese(officer, client, has_totp, email):
    User.objects.filter(pk=officer.pk).update(email=email)
    log_in(client)
    keys = [add_key(officer, f"Khóa {i}", rk) for i, rk in enumerate([None, False, True])]
    Authenticator.objects.filter(pk=keys[1].pk).update(last_used_at=timezone.now() - dt.timedelta(days=23))
    if has_totp:
        totp.TOTP.activate(officer, totp.generate_totp_secret())
        RecoveryCodes.activate(officer)
    assert confirm(client).url == "/tai-khoan/2fa/"
    shown, wrong = set(), []
    for name, address in sorted(allauth_addresses(keys[0]).items()):
        response = client.get(address)
        if response.status_code == 200:
            shown.add(name)
            if response["Content-Type"].startswith("text/html") and (left := ENGLISH.findall(words_of(response.text))):
                wrong.append(f"{name} says {left}")
        elif name == "account_confirm_email":  # by a link that works, see test_own_email
            assert response.status_code == 410
            assert not ENGLISH.findall(words_of(response.text))
        elif response.status_code != 302 and not (response.status_code == 404 and name in SHOWN_WITH_TOTP):
            wrong.append(f"{name}: {response.status_code}")
    assert not wrong
    assert shown == ((SHOWN | SHOWN_WITH_TOTP) - {"mfa_activate_totp"} if has_totp else SHOWN)


def test_a_person_without_a_key_is_told_so(officer, client):
    log_in(client)
    assert "Chưa có khóa bảo mật." in client.get(reverse("mfa_list_webauthn")).text


def test_a_look_at_the_mail_page_does_not_bar_the_second_factor(officer, client):
    """allauth then holds the address unconfirmed, and without mail it stays so for ever."""
    log_in(client)
    client.get(reverse("account_email"))
    confirm(client)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_an_authenticator_app_from_activation_to_login(officer, client):
    log_in(client)
    confirm(client)
    page = client.get(reverse("mfa_activate_totp")).text
    secret = client.session[totp.SECRET_SESSION_KEY]
    assert secret in page
    assert 'src="data:image/svg+xml' in page  # what the content security policy lets through
    response = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "Mã chưa đúng" in response.text
    response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    assert "mã dự phòng" in response.text.lower()
    codes = Authenticator.objects.get(user=officer, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10

    client.logout()
    assert log_in(client).url.startswith(reverse("mfa_authenticate"))
    assert client.get(reverse("task-list")).status_code == 302
    page = client.get(reverse("mfa_authenticate")).text
    assert not ENGLISH.findall(words_of(page))
    assert "Mã chưa đúng" in client.post(reverse("mfa_authenticate"), {"code": "000000"}).text
    code = code_of(secret)
    assert client.post(reverse("mfa_authenticate"), {"code": code}).url == reverse("home")
    assert client.get(reverse("task-list")).status_code == 200

    client.logout()
    log_in(client)
    assert "Mã chưa đúng" in client.post(reverse("mfa_authenticate"), {"code": code}).text  # a code opens once
    assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).url == reverse("home")
    client.logout()
    log_in(client)
    assert "Mã chưa đúng" in client.post(reverse("mfa_authenticate"), {"code": codes[0]}).text
    assert client.post(reverse("mfa_authenticate"), {"code": codes[1]}).url == reverse("home")

    confirm(client)
    assert codes[2] in client.get(reverse("mfa_view_recovery_codes")).text
    assert codes[0] not in client.get(reverse("mfa_view_recovery_codes")).text
    client.post(reverse("mfa_generate_recovery_codes"))
    assert codes[2] not in client.get(reverse("mfa_download_recovery_codes")).text
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=officer).exists()
    client.logout()
    assert log_in(client).url == reverse("home")


def test_a_key_is_renamed_and_removed_by_its_owner_alone(officer, world, client):
    key, foreign = add_key(officer), add_key(world.leader)
    client.force_login(officer)
    confirm(client)
    client.post(reverse("mfa_edit_webauthn", args=[key.pk]), {"name": "Khóa USB"})
    assert "Khóa USB" in client.get(reverse("mfa_list_webauthn")).text
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.post(reverse(name, args=[foreign.pk]), {"name": "x"}).status_code == 404
    client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert list(Authenticator.objects.all()) == [foreign]


@pytest.mark.django_db
def test_ended_sessions_are_removed_at_night_and_others_stay(client, world, at):
    at("2026-11-16 08:00")
    client.force_login(world.officer)
    at("2026-11-17 02:55")
    client.force_login(world.chair)
    assert Session.objects.count() == 2
    forget_ended_sessions()
    assert Session.objects.get().get_decoded()["_auth_user_id"] == str(world.chair.pk)
