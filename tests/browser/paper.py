"""What Chromium puts on paper: the visible text of a PDF it prints, with its place. Reads no other program's PDF."""

import re
import zlib
from collections import defaultdict
from typing import NamedTuple

TOKEN = re.compile(r"/(\w+) ([\d.]+) (Tf)|<([\dA-F]+)> (Tj)|((?:[\d.-]+ )*)([A-Za-z*]+)")
UPRIGHT = (1, 0, 0, 1, 0, 0)


class Run(NamedTuple):
    """Letters drawn in one go, in points from the top left of the sheet; `y` is the line they stand on."""

    text: str
    x: float
    y: float
    width: float
    size: float

    def covers(self, other) -> bool:
        """Whether both draw on the same spot (bodies of letters, without the air above and below)."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y, other.y) - max(self.y - 0.6 * self.size, other.y - 0.6 * other.size)
        return across > 2 and down > 1


def pages(pdf: bytes) -> list[list[Run]]:
    objects = dict(re.findall(rb"\n(\d+) 0 obj\n(.*?)\nendobj", pdf, re.S))
    fonts: dict = {}

    def font(number):
        if number not in fonts:
            fonts[number] = _letters(objects, objects[number]), _widths(objects, objects[number])
        return fonts[number]

    found = []
    for page in (o for o in objects.values() if re.search(rb"/Type /Page\b", o)):
        named = {name.decode(): font(number) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)}
        height = float(re.search(rb"/MediaBox \[0 0 [\d.]+ ([\d.]+)\]", page)[1])
        found.append(_runs(_stream(objects[re.search(rb"/Contents (\d+)", page)[1]]).decode("latin-1"), named, height))
    return found


def lines(runs: list[Run]) -> list[str]:
    """The runs of a sheet as lines from top to bottom, each from left to right."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: r.y):
        if not rows or run.y - rows[-1][0].y > 2:
            rows.append([])
        rows[-1].append(run)
    return [" ".join("".join(_spaced(sorted(row, key=lambda r: r.x))).split()) for row in rows]


def overlaps(runs: list[Run]) -> list[str]:
    """Pairs of texts drawn over each other."""
    ordered = sorted(runs, key=lambda r: r.y)
    return [
        f"{a.text!r} over {b.text!r} at {b.x:.0f}, {b.y:.0f}"
        for k, a in enumerate(ordered)
        for b in ordered[k + 1 : k + 60]
        if a.covers(b)
    ]


def _spaced(row):
    for before, run in zip([None, *row], row, strict=False):
        yield " " if before and run.x - before.x - before.width > 1 else ""
        yield run.text


def _stream(obj: bytes) -> bytes:
    return zlib.decompress(obj.split(b"stream\n", 1)[1])


def _letters(objects, font) -> dict[str, str]:
    """Code of a glyph -> its letters, from the font's ToUnicode map."""
    known = {}
    table = _stream(objects[re.search(rb"/ToUnicode (\d+)", font)[1]]).decode()
    for block in re.findall(r"beginbfchar\n(.*?)endbfchar", table, re.S):
        for code, text in re.findall(r"<(\w+)> <(\w+)>", block):
            known[code] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange\n(.*?)endbfrange", table, re.S):
        for first, last, text in re.findall(r"<(\w+)> <(\w+)> <(\w+)>", block):
            for k in range(int(last, 16) - int(first, 16) + 1):
                known[f"{int(first, 16) + k:04X}"] = chr(int(text, 16) + k)
    return known


def _widths(objects, font) -> dict[int, float]:
    """Code of a glyph -> its width in thousandths of the size."""
    inner = objects[re.search(rb"/DescendantFonts \[(\d+)", font)[1]]
    known = defaultdict(lambda: float(re.search(rb"/DW ([\d.]+)", inner)[1]))
    table = re.search(rb"/W (\[.*\])", inner, re.S)
    for first, several, last, width in re.findall(r"(\d+) (?:\[([^\]]*)\]|(\d+) ([\d.]+))", table[1].decode()[1:]):
        if several:
            known.update({int(first) + k: float(w) for k, w in enumerate(several.split())})
        else:
            known.update(dict.fromkeys(range(int(first), int(last) + 1), float(width)))
    return known


def _times(inner, outer):
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _runs(content: str, fonts, height: float) -> list[Run]:
    """Walks the drawing operators: matrices, clipping rectangles, text."""
    found, kept = [], []
    matrix, clip, box, place, letters, widths, size = UPRIGHT, None, None, UPRIGHT, {}, {}, 1.0
    for name, font_size, _, code, _, numbers, operator in TOKEN.findall(content):
        n = [float(x) for x in numbers.split()]
        if name:
            (letters, widths), size = fonts[name], float(font_size)
        elif code:
            x, y = _times(place, matrix)[4:]
            codes = [code[k : k + 4] for k in range(0, len(code), 4)]
            scale = size * abs(matrix[0])
            run = Run("".join(letters.get(c, "") for c in codes), x, height - y, 0, scale)
            run = run._replace(width=sum(widths[int(c, 16)] for c in codes) * scale / 1000)
            if run.text.strip() and (clip is None or _inside(run, clip, height)):
                found.append(run)
        elif operator == "q":
            kept.append((matrix, clip))
        elif operator == "Q":
            matrix, clip = kept.pop()
        elif operator == "cm":
            matrix = _times(n, matrix)
        elif operator == "Tm":
            place = n
        elif operator == "Td":
            place = _times((1, 0, 0, 1, *n), place)
        elif operator == "re":
            corners = (n[0], n[1]), (n[0] + n[2], n[1] + n[3])
            box = [at for x, y in corners for at in _times((1, 0, 0, 1, x, y), matrix)[4:]]
        elif operator in ("W", "W*") and box:
            left, right, low, high = min(box[::2]), max(box[::2]), min(box[1::2]), max(box[1::2])
            if clip:
                left, right, low, high = max(left, clip[0]), min(right, clip[1]), max(low, clip[2]), min(high, clip[3])
            clip = left, right, low, high
    return found


def _inside(run, clip, height):
    """Whether the middle of the run can be seen; the words for screen readers are clipped to a point."""
    left, right, low, high = clip
    return left <= run.x + run.width / 2 <= right and low <= height - run.y + 0.3 * run.size <= high
