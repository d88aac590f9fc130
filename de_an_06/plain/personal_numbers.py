"""Free text that may name a citizen: numbers that look like an identity card, a personal number or a telephone.

The portal holds counts, never citizens' data. A number found here is not refused outright, because a sum of money or
a code can look the same; the writer is asked to look again and to say that nobody's data is in the text.
"""

import re
from dataclasses import dataclass

ID_CARD, PERSONAL_NUMBER, TELEPHONE = "số chứng minh nhân dân", "số định danh, căn cước", "số điện thoại"

# Not part of a longer number, a code or a date ('1.234', '1234/QĐ', '21/11/2026').
_BEFORE, _AFTER = r"(?<!\w)(?<![0-9][.,/-])", r"(?![\w/])(?![.,-][0-9])"
_SPACE = r"[ \u00a0]"
_ID = re.compile(
    rf"{_BEFORE}(?:[0-9]{{12}}|[0-9]{{9}}"
    rf"|[0-9]{{3}}{_SPACE}[0-9]{{3}}{_SPACE}(?:[0-9]{{6}}|[0-9]{{3}}{_SPACE}[0-9]{{3}}|[0-9]{{3}})"
    rf"|0[0-9]{{2}}(?:\.[0-9]{{3}}){{3}}){_AFTER}"
)
_TELEPHONE = re.compile(
    rf"(?:{_BEFORE}|(?=[+(]))(?:\(0[0-9]{{1,3}}\)|\+84|0[0-9]{{1,3}})(?:[ .\u00a0-]?[0-9]){{6,10}}{_AFTER}"
)
_AMOUNT = re.compile(r"\s*(?:đồng|đ|VNĐ|VND|hồ sơ|lượt|người|triệu|tỷ)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PersonalNumber:
    """What was found, as typed, and what it looks like."""

    text: str
    kind: str

    def __str__(self):
        return f"“{self.text}” ({self.kind})"


def find_personal_numbers(text: str) -> list[PersonalNumber]:
    """Numbers in free text that look like a person's: 9 or 12 digits, or a Vietnamese telephone number; in order.

    A number followed by a unit of counting ('250000000 đồng') is a quantity and passes.
    """
    found: dict[tuple[int, int], PersonalNumber] = {}
    for match in [*_TELEPHONE.finditer(text), *_ID.finditer(text)]:
        kind = _kind(re.sub(r"[^0-9+]", "", match.group()))
        seen = any(start < match.end() and match.start() < end for start, end in found)
        if kind and not seen and not _AMOUNT.match(text, match.end()):
            found[match.span()] = PersonalNumber(match.group(), kind)
    return [found[span] for span in sorted(found)]


def _kind(digits: str) -> str:
    """'' for what is of neither form."""
    digits = re.sub(r"^\+84", "0", digits)
    if re.fullmatch(r"0[35789][0-9]{8}|02[0-9]{8,9}", digits):
        return TELEPHONE
    return {9: ID_CARD, 12: PERSONAL_NUMBER}.get(len(digits), "")
