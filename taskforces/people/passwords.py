"""First passwords: links that work until the password is set or seven days have passed. Nobody sees a password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from taskforces.models import User

DAYS = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)


def link_path(user: User) -> str:
    """A way to set the first password; it ends with the password it sets."""
    token = default_token_generator.make_token(user)
    return reverse("set-password", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def user_of(uid: str, token: str) -> User | None:
    """Whose link this is, if it still works: only for an account without a password."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError, OverflowError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.has_usable_password() or not default_token_generator.check_token(user, token):
        return None
    return user


def set_first_password(*, user: User, password: str) -> None:
    """The owner has chosen; the link ends with it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])


def send_links(users: list[User], address: str) -> int:
    """One letter to each account with a work e-mail; `address` is the portal's own, e.g. https://portal.example."""
    sent = 0
    for user in users:
        if user.email:
            context = {"user": user, "link": address.rstrip("/") + link_path(user), "days": DAYS}
            text = render_to_string("taskforces/import_link_letter.txt", context)
            sent += send_mail("Đặt mật khẩu – Cổng báo cáo Đề án 06", text, settings.DEFAULT_FROM_EMAIL, [user.email])
    return sent
