"""How many lines a text takes in a cell: heights are stated, as not every program fits rows by itself."""

import unicodedata
from functools import lru_cache

_EM = 11 * 96 / 72  # pixels of the letters' size
# Widths of Times New Roman in thousandths of an em; marks over and under a letter take none of their own.
_WIDTHS = {
    250: " .,\N{NO-BREAK SPACE}",
    278: "ijlt/:;'",
    333: "fr()-I[]",
    389: "sJ“”",
    444: "acez",
    500: "bdghknopquvxy0123456789–đ?",
    556: "FPS",
    611: "ELTZ",
    667: "BCR",
    722: "wADGHKNOQUVXYĐ&",
    778: "m",
    889: "M",
    944: "W",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_UNKNOWN = 640  # of other signs, on the wide side
_SPARE = 1.06  # programs differ a little


@lru_cache(maxsize=20_000)
def _pixels(word: str) -> float:
    letters = (unicodedata.normalize("NFD", letter)[0] if letter not in "đĐ" else letter for letter in word)
    return sum(_WIDTH.get(letter, _UNKNOWN) for letter in letters) / 1000 * _EM * _SPARE


def lines_of_text(text: object, width: float, *, is_bold: bool = False) -> int:
    """Lines in a cell of so many of Excel's units, words kept whole where they fit; 1 of what is no text."""
    if not isinstance(text, str) or len(text) < width * 0.6:
        return 1
    room = (width * 7 - 1) / (1.1 if is_bold else 1)
    lines = 0
    for paragraph in text.split("\n"):
        lines, used = lines + 1, 0.0
        for word in paragraph.split(" "):
            long = _pixels(word)
            if used and used + _pixels(" ") + long > room:
                lines, used = lines + 1, long
            else:
                used += long + (_pixels(" ") if used else 0)
            while used > room:  # a word longer than the cell is cut
                lines, used = lines + 1, used - room
    return lines
