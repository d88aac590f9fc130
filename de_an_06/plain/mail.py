"""Does the portal send mail at all?"""

from django.conf import settings

NOT_MAIL = {f"django.core.mail.backends.{kind}.EmailBackend" for kind in ("console", "dummy")}


def goes_out() -> bool:
    """False where mail is only written to the log: there no link may be made for it, and nobody be told it was sent.

    With DEBUG on the log is the mailbox of the demonstration.
    """
    return settings.DEBUG or settings.EMAIL_BACKEND not in NOT_MAIL
