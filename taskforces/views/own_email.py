"""The page on which a person changes the e-mail of their own account, and the one its link leads to."""

import logging

from allauth.account.decorators import reauthentication_required
from allauth.decorators import rate_limit
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from de_an_06.plain import mail
from taskforces.people import own_email

logger = logging.getLogger(__name__)


class OwnEmailForm(forms.Form):
    email = forms.EmailField(
        label="Địa chỉ mới",
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email"}),
        error_messages={"required": "Chưa ghi địa chỉ.", "invalid": "Địa chỉ thư có dạng ten@tinh.gov.vn."},
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.user = user

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if email == self.user.email.lower():
            raise ValidationError("Tài khoản đang dùng chính địa chỉ này.")
        return email


@never_cache
@require_http_methods(["GET", "POST"])
def change_email(request):
    """allauth's page of several addresses is not used: one account has one, and its owner alone changes it."""
    return _ask(request) if mail.goes_out() else render(request, "taskforces/own_email.html")


@rate_limit(action="manage_email")
@reauthentication_required
def _ask(request):
    form = OwnEmailForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        path = reverse("account_confirm_email", args=[own_email.key_for(request.user, email)])
        try:
            own_email.send_link(request.user, email, request.build_absolute_uri(path))
        except OSError:
            logger.exception("no letter went out to confirm an address")
            form.add_error("email", "Chưa gửi được thư: máy chủ thư không trả lời. Thử lại sau ít phút.")
        else:
            words = f"Đã gửi đường dẫn xác nhận tới {email}. Chưa xác nhận thì địa chỉ cũ còn nguyên."
            messages.success(request, words)
            return redirect("my-data")
    return render(request, "taskforces/own_email.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_email(request, key):
    """Opened from the new mailbox by its owner, who has logged in; the button keeps mail scanners from confirming."""
    email = own_email.email_of(request.user, key)
    if email is None:
        return render(request, "taskforces/own_email_confirm.html", {"email": ""}, status=410)
    if request.method == "POST" and own_email.change(request.user, key):
        messages.success(request, f"Thư công vụ của bạn là {email}.")
        return redirect("my-data")
    return render(request, "taskforces/own_email_confirm.html", {"email": email})
