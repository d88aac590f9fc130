"""By what ways a letter leaves the portal: e-mail, and whatever a province adds (docs/operations.md, "Channels").

A channel is a class named in the setting `REMINDER_CHANNELS`. What it owes the portal is said at `ReminderChannel`.
"""

import logging
import re
from collections.abc import Callable
from email.utils import format_datetime, parseaddr
from smtplib import SMTPException, SMTPResponseException
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone
from django.utils.module_loading import import_string

from de_an_06.plain import mail
from taskforces.models import Letter, User

logger = logging.getLogger(__name__)


class Outgoing(NamedTuple):
    """What a channel sends: `text` names the occasions with their links, without figures and without persons."""

    letter: Letter
    address: str
    subject: str
    text: str


class NotTaken(Exception):
    """The other side said no, or was not reached: the message is certainly not delivered.

    `for_good`: it will say so again, so nobody tries again by itself.
    """

    def __init__(self, answer: str, *, for_good: bool = False):
        super().__init__(answer)
        self.for_good = for_good


class ReminderChannel:
    """One way out. A worker makes one object for a run, calls `send` for each letter, and `close` at the end.

    `name` stands in the database, so it never changes; `label` is for people.
    """

    name = ""
    label = ""

    def is_open(self) -> bool:
        """Is it set up here? Else nothing is written for it."""
        return True

    def address_of(self, person: User) -> str:
        """Where the person is reached; '' where they are not, and then nothing is written for them."""
        raise NotImplementedError

    def send(self, message: Outgoing, last_step: Callable[[], None]) -> str:
        """Hands one message over; returns what the other side answered.

        Call `last_step()` once, directly before the step after which the message may have arrived: what fails before is
        tried again, what fails after it is not, unless the other side refused (`NotTaken`). Errors of the line are
        OSError. `message.letter.pk` is the same in each try: give it to the other side where it can tell a second copy.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Ends what it keeps open."""


class EmailChannel(ReminderChannel):
    """Django's e-mail. By SMTP the letter is whole at the server but for its last line before `last_step`."""

    name = "email"
    label = "Thư điện tử"

    def __init__(self):
        self.backend: Any = None

    def is_open(self) -> bool:
        return mail.goes_out()

    def address_of(self, person: User) -> str:
        return person.email

    def send(self, message: Outgoing, last_step: Callable[[], None]) -> str:
        self.backend = self.backend or get_connection()
        letter = message.letter
        email = EmailMessage(
            message.subject,
            message.text,
            settings.DEFAULT_FROM_EMAIL,
            [message.address],
            headers={
                "Message-ID": message_id(letter),
                "Date": format_datetime(timezone.localtime(letter.made_at)),
                "Auto-Submitted": "auto-generated",
            },
            connection=self.backend,
        )
        if not isinstance(self.backend, EmailBackend):  # the log, a folder
            last_step()
            email.send()
            return ""
        try:
            return self._by_smtp(email, last_step)
        except BaseException:
            self.close()  # the line is in no known state: the next letter gets a new one
            raise

    def _by_smtp(self, email: EmailMessage, last_step: Callable[[], None]) -> str:
        try:
            self.backend.open()
            smtp = self.backend.connection
            smtp.ehlo_or_helo_if_needed()
        except SMTPResponseException as refusal:
            error = refusal.smtp_error
            raise NotTaken(_words(refusal.smtp_code, error if isinstance(error, bytes) else error.encode())) from None
        options = ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
        _expect(250, *smtp.mail(parseaddr(email.from_email)[1], options), of_letter=False)
        _expect(250, *smtp.rcpt(email.to[0]))
        _expect(354, *smtp.docmd("DATA"), of_letter=False)
        message: Any = email.message()  # Django's own, whose lines end as SMTP asks
        lines = re.sub(rb"(?m)^\.", b"..", message.as_bytes(linesep="\r\n"))
        smtp.send(lines if lines.endswith(b"\r\n") else lines + b"\r\n")
        last_step()
        smtp.send(b".\r\n")
        code, answer = smtp.getreply()
        _expect(250, code, answer)
        return _words(code, answer)

    def close(self) -> None:
        if self.backend is not None:
            try:
                self.backend.close()
            except (OSError, SMTPException):
                logger.info("the mail server had closed the line before")
            self.backend = None


class LogChannel(ReminderChannel):
    """The example of a channel of one's own (SMS, Zalo): writes to the log, to those with a work telephone.

    The number itself is left out of the log.
    """

    name = "log"
    label = "Nhật ký máy chủ"

    def address_of(self, person: User) -> str:
        return person.work_phone

    def send(self, message: Outgoing, last_step: Callable[[], None]) -> str:
        last_step()
        logger.info("reminder %s to user %s: %s", message.letter.pk, message.letter.person_id, message.subject)
        return "written"


def message_id(letter: Letter) -> str:
    """The same in each try, so that a mail server's log, and many a mailbox, tells a second copy."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<nhac-viec.{letter.pk}@{domain}>"


def open_channels() -> list[ReminderChannel]:
    """Those of the setting that are set up here, made anew."""
    channels = [import_string(path)() for path in settings.REMINDER_CHANNELS]
    return [channel for channel in channels if channel.is_open()]


def _expect(wanted: int, code: int, answer: bytes, *, of_letter: bool = True) -> None:
    """5xx says no to this recipient or letter for good; 4xx, and what is wrong with our own server, for now."""
    if code != wanted and not (wanted == 250 and code == 251):
        raise NotTaken(_words(code, answer), for_good=of_letter and 500 <= code < 600)


def _words(code: int, answer: bytes) -> str:
    """What the server said, without addresses: contacts are erased some day, this would stay."""
    text = " ".join(answer.decode("ascii", "replace").split())
    return re.sub(r"\S+@\S+", "…", f"{code} {text}")[:300]
