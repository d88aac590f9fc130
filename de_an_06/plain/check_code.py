"""Codes that people read from paper and type: twelve signs in groups of four, the last one a check of the others.

No sign looks like another (no 0 O, 1 I L, 5 S in one alphabet, no U beside V). There are 29 of them, a prime: with the
place as weight, the check tells every single wrong sign and every two signs that changed places.
"""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
SIGNS_IN_CODE = 12
_GROUP = 4
_SHOWN = re.compile(rf"(?<![0-9A-Z])[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}(?![0-9A-Z])")
_BETWEEN = re.compile(r"[\s.,\-\u2010-\u2015\u2212_]+")


class NotACode(ValueError):
    """What was typed cannot be a code; the message is for the person who typed it."""


def new_code() -> str:
    """53 bits by chance: none is guessed, and none comes twice."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(SIGNS_IN_CODE - 1))
    return body + _check_of(body)


def in_groups(code: str) -> str:
    """'K7QF3MXA9TRD' -> 'K7QF-3MXA-9TRD'."""
    return "-".join(code[i : i + _GROUP] for i in range(0, len(code), _GROUP))


def read_code(text: str) -> str:
    """The code that was typed, whatever its spaces, hyphens and small letters; raises NotACode."""
    typed = _BETWEEN.sub("", text).upper()
    if strange := [sign for sign in dict.fromkeys(typed) if sign not in ALPHABET]:
        raise NotACode(
            f"Mã không có ký tự {', '.join(f'“{sign}”' for sign in strange[:5])}. "
            "Mã chỉ gồm chữ số 2–9 và chữ cái, không có I, L, O, S, U. So lại với bản in."
        )
    if len(typed) != SIGNS_IN_CODE:
        raise NotACode(f"Mã có {SIGNS_IN_CODE} ký tự, ba nhóm bốn; bạn đã gõ {len(typed)} ký tự. So lại với bản in.")
    if _check_of(typed[:-1]) != typed[-1]:
        raise NotACode("Mã gõ chưa đúng: có ký tự sai hoặc hai ký tự đổi chỗ. So lại từng nhóm với bản in.")
    return typed


def codes_in(text: str) -> list[str]:
    """The codes that stand in a text as they are printed."""
    found = (match.replace("-", "") for match in _SHOWN.findall(text))
    return [code for code in found if _check_of(code[:-1]) == code[-1]]


def _check_of(body: str) -> str:
    """The sign that makes the sum of place times value, over all twelve, a multiple of 29."""
    total = sum(place * ALPHABET.index(sign) for place, sign in enumerate(body, start=1))
    prime = len(ALPHABET)
    return ALPHABET[-total * pow(SIGNS_IN_CODE, -1, prime) % prime]
