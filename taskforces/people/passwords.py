"""Links that set a password: they work until it is set, its owner logs in, or seven days have passed.

Nobody sees a password. Who hands a link to somebody could use it in their place, so for roles that need a second
person (`scope.needs_second_person`) it takes two: of a new account, whoever did not give the posting; of one in use,
somebody asks and another hands out. Each step stands in the log of the posting.
"""

import datetime as dt

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from de_an_06.plain import mail
from taskforces.clock import now_for, today_for
from taskforces.models import PostingEvent, User
from taskforces.scope import may_give_posting, needs_second_person

from . import login_limits
from .postings import path_on

Action = PostingEvent.Action
POSTED = {Action.GIVEN, Action.TRANSFERRED, Action.DELEGATED}
ASK_FIRST = "Vai trò này cần hai người: một người đề nghị, người khác cấp phiếu."
DAYS = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)


def link_path(user: User) -> str:
    """A way to set the first password; it ends with the password it sets."""
    token = default_token_generator.make_token(user)
    return reverse("set-password", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def user_of(uid: str, token: str) -> User | None:
    """Whose link this is, if it still works."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError, OverflowError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        return None
    return user


def why_not_hand_link(by: User, user: User) -> str:
    """Why this person cannot hand that account a link now, '' when they can. 'ask': somebody else must ask first."""
    if not user.is_active:
        return "Tài khoản đã khóa."
    if user.is_staff or user.is_superuser:
        return "Tài khoản vào được trang quản trị: mật khẩu do người vận hành máy chủ đặt lại."
    today = today_for(by)
    held = [p for p in user.postings.select_related("unit") if p.valid_to is None or p.valid_to >= today]
    if user == by or not held or not all(may_give_posting(by, p.role, path_on(p.unit, today)) for p in held):
        return "Bạn không phân công được hết các vai trò của người này nên không cấp phiếu cho họ được."
    if not any(needs_second_person(p.role) for p in held):
        return ""
    if any(p.waits for p in held):
        return "Phân công này còn chờ người thứ hai xác nhận."
    asks = {Action.LINK_ASKED} if user.has_usable_password() else {Action.LINK_ASKED, *POSTED}
    said = PostingEvent.objects.filter(posting__user=user, action__in=[*asks, Action.LINK_GIVEN])
    for event in said.order_by("-pk"):
        if event.action == Action.LINK_GIVEN:
            break
        if event.by_id != by.pk and event.at > now_for(by) - dt.timedelta(days=DAYS):
            return ""
    return ASK_FIRST


@transaction.atomic
def ask_link(*, by: User, user: User) -> None:
    """The first of the two: somebody else may hand the link out within seven days."""
    refusal = why_not_hand_link(by, user)
    if refusal not in {"", ASK_FIRST}:
        raise ValidationError(refusal)
    _log_link(user, Action.LINK_ASKED, by)


@transaction.atomic
def hand_link(*, by: User, user: User) -> str:
    """A link for its owner's hands alone; that it was handed out is logged."""
    refusal = why_not_hand_link(by, user)
    if refusal:
        raise ValidationError(refusal)
    _log_link(user, Action.LINK_GIVEN, by)
    return link_path(user)


def _log_link(user: User, action: str, by: User) -> None:
    posting = user.postings.order_by("-valid_from", "-pk").first()
    note = f"{user} ({user.username})."
    PostingEvent.objects.create(posting=posting, action=action, by=by, at=now_for(by), note=note)


def set_first_password(*, user: User, password: str) -> None:
    """The owner has chosen; the link ends with it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    login_limits.forget_failures(user)


def send_links(users: list[User], address: str) -> int:
    """One letter to each account with a work e-mail; `address` is the portal's own, e.g. https://portal.example.

    None where mail would only be written to the log.
    """
    sent = 0
    if not mail.goes_out():
        return sent
    for user in users:
        if user.email:
            context = {"user": user, "link": address.rstrip("/") + link_path(user), "days": DAYS}
            text = render_to_string("taskforces/import_link_letter.txt", context)
            sent += send_mail("Đặt mật khẩu – Cổng báo cáo Đề án 06", text, settings.DEFAULT_FROM_EMAIL, [user.email])
    return sent
