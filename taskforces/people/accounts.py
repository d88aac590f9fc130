"""Rules of logging in that allauth asks us for."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):
    """No public sign-up; demonstration logins do not exist when DEBUG is off."""

    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        user = super().authenticate(request, **credentials)
        if user is not None and user.demo_today is not None and not settings.DEBUG:
            return None
        return user

    def set_password(self, user, password):
        """A password its owner chose ends the duty to choose one."""
        user.must_change_password = False
        super().set_password(user, password)
