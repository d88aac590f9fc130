"""Setting a password without the old one: the page behind a one-time link, and how to come by such a link."""

from allauth.account.views import password_reset
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from de_an_06.plain import mail
from taskforces.people import passwords


@sensitive_post_parameters()
@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def set_password(request, uid, token):
    """A link that was used, has expired or was never made says so; it does not say whose it was."""
    user = passwords.user_of(uid, token)
    if user is None:
        return render(request, "taskforces/import_set_password.html", {"form": None}, status=410)
    form = SetPasswordForm(user, request.POST or None)
    form.label_suffix = ""
    form.fields["new_password1"].label, form.fields["new_password2"].label = "Mật khẩu mới", "Ghi lại mật khẩu mới"
    for field in form.fields.values():
        field.widget.attrs["class"] = "input"
    if request.method == "POST" and form.is_valid():
        passwords.set_first_password(user=user, password=form.cleaned_data["new_password1"])
        messages.success(request, f"Đã đặt mật khẩu. Đăng nhập bằng tên {user.username}.")
        return redirect("account_login")
    return render(request, "taskforces/import_set_password.html", {"form": form, "owner": user})


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def forgotten_password(request):
    """allauth's page where there is mail; else the way to a slip, and no link is made."""
    if mail.goes_out():
        return password_reset(request)
    return render(request, "taskforces/forgotten_password.html")
