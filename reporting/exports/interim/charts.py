"""The charts of the interim report as pictures: bars lying down with their numbers, and lines of twelve months.

Drawn for a page 160 mm wide, in the portal's own letters; greys that print well and one accent.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from de_an_06.plain.numbers import format_number, format_rate, rate
from reporting.reading.overview import Overview
from reporting.reading.ranges import Dossiers

from .figure_parts import worst_first

WIDTH = 160  # millimetres in the document
DOTS = 220  # an inch
_PIXELS = round(WIDTH / 25.4 * DOTS)
_LETTERS, _ROW, _GAP = 28, 48, 18  # height of letters, of a row, between things; pixels
_INK, _SOFT, _LINE, _ACCENT, _SECOND = "#1F2328", "#57606A", "#D0D7DE", "#A61E22", "#6E7781"
MOST_BARS = 12
_FONTS = Path(settings.BASE_DIR) / "static" / "vendor" / "be-vietnam-pro" / "files"


@dataclass(frozen=True)
class ChartBar:
    """One row: its name, what is written behind it, and the lengths of its parts."""

    name: str
    value: str
    parts: tuple[Fraction, ...]


@dataclass(frozen=True)
class ChartLine:
    """One line over the months; None is a gap."""

    name: str
    colour: str
    values: tuple[Fraction | None, ...] = field(default=())


def draw_all(seen: Overview, folder: Path) -> dict[str, Path]:
    """Files by the names of `placeholders.PICTURES`; a chart that would show nothing is not drawn."""
    found = {"xu_huong": _trend(seen), "dich_vu": _services(seen), "don_vi": _units(seen)}
    files = {}
    for name, picture in found.items():
        if picture is not None:
            files[name] = folder / f"{name}.png"
            picture.save(files[name], dpi=(DOTS, DOTS))
    return files


# What is drawn -------------------------------------------------------------------------------------------------------


def _trend(seen: Overview) -> Image.Image | None:
    points = seen.trend
    lines = [
        ChartLine("Hồ sơ trực tuyến", _ACCENT, tuple(rate(*(p.online or (None, None))) for p in points)),
        ChartLine("Trước và đúng hạn", _SECOND, tuple(rate(*(p.in_time or (None, None))) for p in points)),
    ]
    if max(sum(value is not None for value in line.values) for line in lines) < 2:
        return None
    return _draw_lines(lines, [f"{p.month.month:02d}/{p.month.year % 100:02d}" for p in points])


def _services(seen: Overview) -> Image.Image | None:
    received = [(line.dossiers.received, line) for line in seen.services if line.dossiers.received]
    most = sorted(received, key=lambda pair: -(pair[0] or 0))[:MOST_BARS]
    bars = [ChartBar(line.service.short_name, format_number(total), _channels(line.dossiers)) for total, line in most]
    return _draw_bars(bars, [("Trực tuyến", _ACCENT), ("Trực tiếp, bưu chính", _SECOND)]) if len(bars) > 1 else None


def _channels(dossiers: Dossiers) -> tuple[Fraction, ...]:
    online = dossiers.received_online or 0
    return Fraction(online), Fraction((dossiers.received or 0) - online)


def _units(seen: Overview) -> Image.Image | None:
    bars = []
    for row in worst_first(row for row in seen.rows if not row.is_own):
        value = rate(*row.measures.in_time_rate)
        if value is not None:
            bars.append(ChartBar(row.name, format_rate(*row.measures.in_time_rate), (value,)))
    return _draw_bars(bars[:MOST_BARS], [("Trước và đúng hạn", _SECOND)], Fraction(100)) if len(bars) > 1 else None


# Drawing -------------------------------------------------------------------------------------------------------------


def _draw_bars(
    bars: Sequence[ChartBar], legend: Sequence[tuple[str, str]], longest: Fraction | None = None
) -> Image.Image:
    left = min(max(_width(bar.name) for bar in bars) + _GAP, _PIXELS * 45 // 100)
    names = [_wrapped(bar.name, left - _GAP) for bar in bars]
    heights = [max(_ROW, len(lines) * (_LETTERS + 8) + 12) for lines in names]
    top = _ROW if len(legend) > 1 else _GAP // 2
    picture = Image.new("RGB", (_PIXELS, top + sum(heights) + _GAP // 2), "white")
    draw = ImageDraw.Draw(picture)
    if len(legend) > 1:
        _legend(draw, left, legend)
    room = _PIXELS - left - max(_width(bar.value) for bar in bars) - 2 * _GAP
    most = longest or max(sum(bar.parts, Fraction(0)) for bar in bars) or Fraction(1)
    y = top
    for bar, lines, height in zip(bars, names, heights, strict=True):
        middle = y + height // 2
        first = middle - len(lines) * (_LETTERS + 8) // 2
        for i, line in enumerate(lines):
            _write(draw, left - _GAP - _width(line), first + i * (_LETTERS + 8), line, _INK)
        x = left
        for part, (_, colour) in zip(bar.parts, legend, strict=True):
            length = round(room * part / most)
            draw.rectangle((x, middle - 14, x + max(length, 2 if part else 0), middle + 14), fill=colour)
            x += length
        _write(draw, x + 14, middle - _LETTERS // 2 - 4, bar.value, _INK)
        y += height
    draw.line((left, top, left, y), fill=_LINE, width=2)
    return picture


def _draw_lines(lines: Sequence[ChartLine], months: Sequence[str]) -> Image.Image:
    values = [value for line in lines for value in line.values if value is not None]
    low = max(0, int(min(values)) // 10 * 10 - (10 if min(values) % 10 == 0 and min(values) > 0 else 0))
    high = max(100, -(-int(max(values)) // 10) * 10)
    left, right, top, height = 96, _PIXELS - 44, _ROW + 30, 410
    picture = Image.new("RGB", (_PIXELS, top + height + 60), "white")
    draw = ImageDraw.Draw(picture)
    _legend(draw, left, [(line.name, line.colour) for line in lines])

    def y_of(value: Fraction | int) -> int:
        return top + height - round(height * (Fraction(value) - low) / (high - low))

    step = next(step for step in (2, 5, 10, 20, 50) if (high - low) // step <= 6)
    for value in range(low, high + 1, step):
        draw.line((left, y_of(value), right, y_of(value)), fill=_LINE, width=2)
        label = f"{value}%"
        _write(draw, left - 18 - _width(label), y_of(value) - _LETTERS // 2 - 4, label, _SOFT)
    places = [left + 40 + round((right - left - 80) * i / max(len(months) - 1, 1)) for i in range(len(months))]
    for x, month in zip(places, months, strict=True):
        _write(draw, x - _width(month) // 2, top + height + 16, month, _SOFT)
    for line in lines:
        known = [(x, y_of(v)) if v is not None else None for x, v in zip(places, line.values, strict=True)]
        for one, other in itertools.pairwise(known):
            if one and other:
                draw.line((*one, *other), fill=line.colour, width=6, joint="curve")
        for point in filter(None, known):
            draw.ellipse((point[0] - 8, point[1] - 8, point[0] + 8, point[1] + 8), fill=line.colour)
        last = max((i for i, point in enumerate(known) if point), default=None)
        if last is not None:
            _label_of_last(draw, known[last], line.values[last], line.colour)  # type: ignore[arg-type]
    return picture


def _label_of_last(draw: ImageDraw.ImageDraw, point: tuple[int, int], value: Fraction, colour: str) -> None:
    text = f"{format_number(value, 2)}%"
    x = min(point[0] - _width(text) // 2, _PIXELS - _width(text) - 4)
    _write(draw, x, point[1] - _LETTERS - 20, text, colour)


def _legend(draw: ImageDraw.ImageDraw, x: int, entries: Sequence[tuple[str, str]]) -> None:
    for name, colour in entries:
        draw.rectangle((x, 10, x + 26, 36), fill=colour)
        _write(draw, x + 36, 5, name, _INK)
        x += 36 + _width(name) + 44


# Letters -------------------------------------------------------------------------------------------------------------


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"be-vietnam-pro-{name}-400-normal.woff2"), _LETTERS)


@cache
def _letter(char: str) -> tuple[ImageFont.FreeTypeFont, float]:
    """The vendored font comes in parts, as browsers want it: which one has the letter, and how wide it is."""
    for name in ("text", "vietnamese", "latin", "latin-ext"):
        font = _font(name)
        if char == " " or font.getmask(char).getbbox() is not None:
            return font, font.getlength(char)
    return _font("text"), _font("text").getlength(" ")


def _width(text: str) -> int:
    return round(sum(_letter(char)[1] for char in text))


def _write(draw: ImageDraw.ImageDraw, x: float, y: float, text: str, colour: str) -> None:
    for char in text:
        font, width = _letter(char)
        draw.text((x, y), char, font=font, fill=colour)
        x += width


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
