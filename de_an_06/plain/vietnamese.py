"""Vietnamese text without help from the database: one spelling, search keys and alphabetical order.

No database collation is relied on: the C collation misplaces Đ, Ă, Â and the wheels have no ICU.
"""

import re
import unicodedata

from .numbers import whole_number

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_RANK = {letter: f"{rank:02d}" for rank, letter in enumerate(_LETTERS, start=20)}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}  # huyền, hỏi, ngã, sắc, nặng


def one_line(text: str) -> str:
    """One spelling: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def paragraphs(text: str) -> str:
    """One spelling, with its lines."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def search_key(text: str) -> str:
    """Lower case, no diacritics, single spaces: 'Phường Phước Long' -> 'phuong phuoc long'."""
    text = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", text).split())


def file_part(text: str) -> str:
    """For names of files, which every mail and chat programme keeps so: 'Tỉnh Đồng Nai' -> 'tinh-dong-nai'."""
    return search_key(text).replace(" ", "-")


def sort_key(text: str) -> str:
    """Digits that sort as a Vietnamese dictionary does: letters first, then tones; the shorter first; numbers by value.

    Only digits, in pairs, because some database collations skip spaces and signs: 00 ends the letters, 01 parts two
    words, 02 opens a number, 19 is a letter of no Vietnamese word, 20 and up are the alphabet.
    """
    words: list[str] = []
    tones: list[str] = []
    for word in re.findall(r"\d+|[^\W\d_]+", unicodedata.normalize("NFC", text.casefold())):
        if (number := whole_number(word)) is not None:
            words.append(f"02{number:06d}")
            continue
        letters = ""
        for char in word:
            decomposed = unicodedata.normalize("NFD", char)
            tone = next((_TONES[c] for c in decomposed if c in _TONES), 0)
            base = unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in _TONES))
            letters += _LETTER_RANK.get(base, "19")
            tones.append(str(tone))
        words.append(letters)
    return ("01".join(words) + "00" + "".join(tones))[:255]
