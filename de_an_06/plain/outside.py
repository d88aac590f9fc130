"""Text and JSON that come from outside, before anything is made of them."""

import json
from typing import Any


def is_storable(text: str) -> bool:
    """Can a database and an answer hold it? Not with NUL (PostgreSQL refuses) or half a surrogate pair (no UTF-8)."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def read_json(body: str | bytes) -> Any:
    """What a page or a client sent. Raises ValueError for everything unreadable: nested without end, numbers of
    thousands of digits and text no database can hold, too."""
    try:
        sent = json.loads(body)
        text = json.dumps(sent, ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\u0000" in text or not is_storable(text):
        raise ValueError("holds text that cannot be stored")
    return sent
