"""Rules of logging in that allauth asks us for."""

from contextlib import contextmanager
from functools import cache

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from allauth.account.fields import EmailField
from allauth.account.forms import ResetPasswordForm
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from celery import shared_task
from django import forms
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.core.management import call_command

from de_an_06.plain import mail
from taskforces.scope import Right, held_open

from . import login_limits, second_factor


class AuthenticationBackend(AllauthBackend):
    """The one door of every login and every session: with DEBUG off a demonstration account is nobody."""

    def authenticate(self, request, **credentials):
        return self._admitted(super().authenticate(request, **credentials))

    def get_user(self, user_id):
        """As Django does, with what the second factor's duty asks."""
        user = second_factor.users_with_it().filter(pk=user_id).first()
        return self._admitted(user if user is not None and self.user_can_authenticate(user) else None)

    def get_all_permissions(self, user_obj, obj=None):
        """With those of the posting "Quản trị" (scope.may_enter_administration)."""
        held = super().get_all_permissions(user_obj, obj)
        if obj is None and user_obj.is_active and held_open(user_obj, Right.ADMINISTER):
            return held | _permissions_of_the_portal()
        return held

    @staticmethod
    def _admitted(user):
        return None if user is not None and user.demo_today is not None and not settings.DEBUG else user


@cache
def _permissions_of_the_portal() -> frozenset[str]:
    """Every permission over the models of the portal's own apps; which of them a page knows, admin.py says."""
    models = [model for label in ("taskforces", "reporting") for model in apps.get_app_config(label).get_models()]
    return frozenset(
        f"{model._meta.app_label}.{action}_{model._meta.model_name}"
        for model in models
        for action in model._meta.default_permissions
    )


class AccountAdapter(DefaultAccountAdapter):
    """No public sign-up, limited tries, and a password its owner chose ends the duty to choose one."""

    def is_open_for_signup(self, request):
        return False

    def set_password(self, user, password):
        user.must_change_password = False
        super().set_password(user, password)
        login_limits.forget_failures(user)

    def login(self, request, user):
        super().login(request, user)
        second_factor.begin_grace(user)

    def send_mail(self, template_prefix, email, context):
        """allauth's letters hold links that open accounts: without mail they would stand in the log."""
        if mail.goes_out():
            super().send_mail(template_prefix, email, context)

    def get_client_ip(self, request):
        """Past the proxies, or with no address in their header, it is whoever called."""
        try:
            return super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):
            return request.META["REMOTE_ADDR"]

    def pre_authenticate(self, request, **credentials):
        """In place of allauth's own count: by account and address together."""
        minutes = login_limits.begin(credentials.get("username", ""), truncate_ip(self.get_client_ip(request)))
        if minutes:
            raise ValidationError(f"Sai mật khẩu nhiều lần. Thử lại sau {minutes} phút, hoặc gọi Tổ giúp việc.")

    def authenticate(self, request, **credentials):
        user = super().authenticate(request, **credentials)
        if user is not None:
            login_limits.opened(credentials.get("username", ""), truncate_ip(self.get_client_ip(request)))
        return user


@shared_task(name="taskforces.tasks.forget_ended_sessions")
def forget_ended_sessions() -> None:
    """Every night: sessions stand in the database, and the ended ones would stay there."""
    call_command("clearsessions")


KEY_FAILED = "Khóa chưa trả lời đúng. Thử lại, hoặc dùng khóa khác."


@contextmanager
def _key_failed():
    """What a key answers wrongly is no wrong code, which allauth calls it; half an answer it does not look for."""
    try:
        yield
    except (LookupError, AttributeError):
        raise ValidationError(KEY_FAILED) from None
    except ValidationError as error:
        raise (error if error.code == "too_many_login_attempts" else ValidationError(KEY_FAILED)) from None


class KeyForm(forms.Form):
    credential = forms.JSONField(
        widget=forms.HiddenInput, error_messages={"required": KEY_FAILED, "invalid": KEY_FAILED}
    )


class AddKeyForm(KeyForm, AddWebAuthnForm):
    """Here and below: what allauth leaves to Django, which says "Name" in every language and "email" in Vietnamese."""

    name = forms.CharField(label="Tên khóa", required=False)

    def clean(self):
        with _key_failed():
            return super().clean()


class KeyAnswerForm(KeyForm):
    """A key instead of the password, after it, or asked for anew: the forms below."""

    def clean_credential(self):
        with _key_failed():
            return super().clean_credential()


class KeyLoginForm(KeyAnswerForm, LoginWebAuthnForm):
    pass


class KeySecondStepForm(KeyAnswerForm, AuthenticateWebAuthnForm):
    pass


class KeyAgainForm(KeyAnswerForm, ReauthenticateWebAuthnForm):
    pass


class EditKeyForm(EditWebAuthnForm):
    name = forms.CharField(label="Tên khóa")


class ForgottenPasswordForm(ResetPasswordForm):
    email = EmailField(label="Thư công vụ", error_messages={"invalid": "Ghi đủ địa chỉ thư, như ten@tinh.gov.vn."})
    email.widget.attrs["placeholder"] = "ten@tinh.gov.vn"
