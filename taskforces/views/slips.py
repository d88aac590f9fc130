"""The slip by which somebody sets a password: the link in letters and as a QR code for a phone."""

import segno
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from taskforces.clock import now_for, today_for
from taskforces.models import Posting, User
from taskforces.people import passwords, postings
from taskforces.scope import require

from .look import unit_name
from .people import get_posting


def slip_of(request, user: User, path: str) -> dict:
    """What a slip shows. The QR code is a picture inside the page: nothing is asked of another host."""
    link = request.build_absolute_uri(path)
    return {"user": user, "link": link, "code": segno.make(link, error="m").svg_data_uri(scale=4, border=2)}


@require_http_methods(["GET", "POST"])
def password_slip(request, pk):
    """A new link for an account, or the asking for one where it takes two people."""
    posting, back = _posting_below(request, pk)
    refusal = passwords.why_not_hand_link(request.user, posting.user)
    context = {
        "here": "people-list",
        "posting": posting,
        "unit_name": unit_name(posting.unit, today_for(request.user)),
        "back_url": back,
        "days": passwords.DAYS,
        "refusal": refusal,
        "may_ask": refusal == passwords.ASK_FIRST,
    }
    if request.method == "POST":
        try:
            if "ask" in request.POST:
                passwords.ask_link(by=request.user, user=posting.user)
                messages.success(request, "Đã ghi đề nghị. Người khác có quyền phân công mở trang này để cấp phiếu.")
                return redirect(back)
            link = passwords.hand_link(by=request.user, user=posting.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("password-slip", pk)
        context |= {"row": slip_of(request, posting.user, link), "now": now_for(request.user)}
    return render(request, "taskforces/password_slip.html", context)


@require_http_methods(["GET", "POST"])
def posting_confirm(request, pk):
    """The second person looks at who was given what by whom, and confirms."""
    posting, back = _posting_below(request, pk)
    if request.method == "POST":
        try:
            postings.confirm(by=request.user, posting_id=pk)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("posting-confirm", pk)
        ended = "" if User.objects.get(pk=posting.user_id).has_usable_password() else " Cấp phiếu đặt mật khẩu cho họ."
        messages.success(request, f"Đã xác nhận phân công của {posting.user}.{ended}")
        return redirect(back)
    context = {
        "here": "people-list",
        "posting": posting,
        "unit_name": unit_name(posting.unit, today_for(request.user)),
        "groups": postings.group_labels(posting.groups),
        "given": posting.events.select_related("by").order_by("pk").first(),
        "refusal": postings.why_not_confirm(request.user, posting),
        "ends_password": postings.ends_password(posting),
        "back_url": back,
    }
    return render(request, "taskforces/posting_confirm.html", context)


def _posting_below(request, pk) -> tuple[Posting, str]:
    posting = get_posting(request, pk)
    require(postings.may_change(request.user, posting, postings.path_on(posting.unit, today_for(request.user))))
    return posting, f"{reverse('people-list')}?don_vi={posting.unit_id}"
