"""The owner of an account changes its e-mail, nobody else: proved anew to be the owner, and the new mailbox by a link.

The link works a day, once, for the owner's login alone; it ends with any other change of the address or password.
Without mail no address can be proved, so none is changed.
"""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from taskforces.clock import now_for
from taskforces.models import EmailChange, User

SALT = "own-email"
HOURS = 24


def key_for(user: User, email: str) -> str:
    return signing.dumps([email, _state_of(user)], salt=SALT)


def email_of(user: User, key: str) -> str | None:
    """The address that this link would set, if it still works for this person."""
    try:
        email, state = signing.loads(key, salt=SALT, max_age=HOURS * 3600)
    except (signing.BadSignature, ValueError):
        return None
    return email if state == _state_of(user) else None


def send_link(user: User, email: str, address: str) -> None:
    """To the new mailbox; `address` of the page that confirms, whole."""
    _send("taskforces/own_email_letter.txt", "Xác nhận thư công vụ", email, {"user": user, "link": address})


@transaction.atomic
def change(user: User, key: str) -> str | None:
    """The new address, stored and logged; the old mailbox is told. None where the link does not work."""
    user = User.objects.select_for_update().get(pk=user.pk)
    email, old = email_of(user, key), user.email
    if email is None:
        return None
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()  # an older address would still be answered with a reset link
    EmailChange.objects.create(by=user, at=now_for(user))
    if old:
        context = {"user": user, "at": now_for(user)}
        transaction.on_commit(
            lambda: _send("taskforces/own_email_changed_letter.txt", "Thư công vụ đã đổi", old, context), robust=True
        )
    return email


def _state_of(user: User) -> str:
    return salted_hmac(SALT, f"{user.pk}|{user.email}|{user.password}").hexdigest()[:20]


def _send(template: str, subject: str, email: str, context: dict) -> None:
    text = render_to_string(template, context)
    send_mail(f"{subject} – Cổng báo cáo Đề án 06", text, settings.DEFAULT_FROM_EMAIL, [email])
