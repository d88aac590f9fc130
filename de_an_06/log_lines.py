"""What is written down of requests never opens an account: tokens in addresses are left out of every log."""

import logging
import re

# The parts of addresses that set a password or confirm an e-mail: taskforces/urls.py and allauth's.
_SECRET = re.compile(r"(/dat-mat-khau/|/password/reset/key/|/confirm-email/)[^\s\"'?#]+", re.IGNORECASE)
_ESCAPED = re.compile(r"%(?:2d|2f|[46][0-9a-f]|[57][0-9a])", re.IGNORECASE)  # a letter, '-' or '/', escaped needlessly


def without_tokens(text: str) -> str:
    """The text with `…` in place of what follows in an address that holds a token."""
    plain = _ESCAPED.sub(lambda found: chr(int(found.group()[1:], 16)), text)
    return _SECRET.sub(r"\1…", plain) if _SECRET.search(plain) else text


class LineFormatter(logging.Formatter):
    """Django's own lines name the address too: 403, 404, errors with their traceback."""

    def format(self, record):
        return without_tokens(super().format(record))
