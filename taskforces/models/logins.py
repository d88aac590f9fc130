"""Tries to log in: what is counted, so that nobody guesses passwords."""

from django.db import models


class LoginTries(models.Model):
    """Tries on one account from one address, as `people/login_limits.py` counts them."""

    account = models.CharField("tài khoản", max_length=64)  # a number, or a hash of what fits no account
    address = models.CharField("địa chỉ", max_length=45)  # of IPv6 the network
    failures = models.PositiveIntegerField("số lần sai", default=0)  # since the last success, or since a day
    failed_at = models.DateTimeField("sai lần cuối", null=True)
    opened_at = models.DateTimeField("đúng lần cuối", null=True)

    class Meta:
        verbose_name = "lần thử đăng nhập"
        verbose_name_plural = "lần thử đăng nhập"
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="login_tries_unique")]
        indexes = [models.Index(fields=["address", "failed_at"], name="login_tries_address")]

    def __str__(self):
        return f"{self.address}: {self.failures}"
