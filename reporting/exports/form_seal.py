"""What an entry form was when it was downloaded: signed, hidden inside the file, read back when it is sent in.

Without it nobody can tell a figure somebody typed into the file from one that only stood there and is old by now.
"""

import datetime as dt
from dataclasses import asdict, dataclass

from django.core import signing

FORM_VERSION = 2  # of what the file holds and where; forms before 2 carried no signature
SEAL_SALT = "reporting.entry-form"
SEAL_LINE = 200  # characters in a cell of the hidden sheet


class BrokenSeal(ValueError):
    """The signature is not this portal's, or not of this version; the message is for the person who sent the file."""


@dataclass(frozen=True, slots=True)
class SealedPage:
    """One sheet: key of a column -> its headings from top to bottom, code of a row -> its name."""

    columns: dict[str, list[str]]
    rows: dict[str, str]


@dataclass(frozen=True, slots=True)
class Seal:
    """unit and period: codes ('25217', '2026-11'); revision: how often the report had been sent; at: when the form was
    downloaded; cells: key -> figure at that moment, None for a blank."""

    unit: str
    period: str
    revision: int
    at: dt.datetime
    pages: dict[str, SealedPage]
    cells: dict[str, int | None]


def sign(seal: Seal) -> list[str]:
    """The lines of the hidden sheet."""
    content = {**asdict(seal), "at": seal.at.isoformat(), "version": FORM_VERSION}
    text = signing.dumps(content, salt=SEAL_SALT, compress=True)
    return [text[i : i + SEAL_LINE] for i in range(0, len(text), SEAL_LINE)]


def read_seal(lines: list[str]) -> Seal:
    """The seal of a file, or BrokenSeal with the sentence to show."""
    try:
        content = signing.loads("".join(lines), salt=SEAL_SALT)
    except signing.BadSignature as error:
        raise BrokenSeal(
            "Chữ ký trong tệp không đúng: biểu tải từ một cổng khác, hoặc trang ẩn của tệp đã bị sửa. "
            "Tải lại biểu mẫu ở trang này rồi chép số vào."
        ) from error
    if content.pop("version") != FORM_VERSION:
        raise BrokenSeal("Biểu này theo mẫu của bản cổng trước. Tải lại biểu mẫu rồi chép số vào.")
    pages = {name: SealedPage(**page) for name, page in content.pop("pages").items()}
    return Seal(**{**content, "at": dt.datetime.fromisoformat(content["at"]), "pages": pages})
