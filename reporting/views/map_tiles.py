"""What the map page shows, as text: a tile for each unit, and where boundaries were brought in the units' outlines."""

import math
from collections.abc import Callable, Mapping

from reporting.reading.heat import Grid
from taskforces.units.boundaries import FINENESS, Rings

from .heat_tables import NO_RATE, legend, look_of, text_of, why_empty

WIDTH, TALLEST = 1000, 1400  # of a drawing; what is smaller than one part of a thousand is not seen
LABEL_WIDTH, LABEL_HEIGHT = 76, 24  # of the number in an outline that has room for it
# As heat.css draws them before a number; in a drawing the style sheet cannot.
LOOK_SIGNS = {"s1": "✓", "s3": "▽", "s4": "▼", "s5": "▼▼", "v1": "▁", "v2": "▂", "v3": "▄", "v4": "▆"}

Point = tuple[int, int]


def tiles_of(grid: Grid, basis: str, unit_link: Callable, source_link: Callable) -> dict | None:
    """None where no unit has a value. A tile leads to the unit's rows, without a value to its page."""
    if not grid.services:
        return None
    measure, tiles = grid.measure, []
    for row in grid.rows:
        unit, text = row.unit, text_of(measure, row.total)
        page = "" if unit.is_own or unit.is_former else unit_link(unit.unit_id)
        part = {"rieng": 1} if unit.is_own else {"dong": unit.unit_id}
        tiles.append(
            {
                "unit_id": None if unit.is_own or unit.is_former else unit.unit_id,
                "name": unit.name,
                "text": text,
                "look": look_of(measure, row.total) if text else NO_RATE,
                "message": "" if text else why_empty(unit, basis),
                "url": source_link(so=measure.name, **part) if measure.has_value(row.total) else page,
            }
        )
    return {
        "title": measure.label,
        "sign": "%" if measure.is_rate else "",
        "tiles": tiles,
        "legend": legend(measure),
    }


def drawing(tiles: list[dict], outlines: Mapping[int, Rings]) -> dict | None:
    """Outlines of the units that have one, north up, coloured as their tiles; None where none has.

    Degrees of longitude are drawn shorter by the cosine of the middle latitude: true enough within a province.
    """
    drawn = [(tile, outlines[tile["unit_id"]]) for tile in tiles if tile["unit_id"] in outlines]
    if not drawn:
        return None
    east = [x for _, rings in drawn for ring in rings for x in ring[::2]]
    north = [y for _, rings in drawn for ring in rings for y in ring[1::2]]
    left, top = min(east), max(north)
    shrink = math.cos(math.radians((top + min(north)) / 2 / FINENESS))
    wide, high = max((max(east) - left) * shrink, 1), max(top - min(north), 1)
    scale = min(WIDTH / wide, TALLEST / high)

    def place(ring: list[int]) -> list[Point]:
        """On the paper; points that fall together once."""
        points: list[Point] = []
        for x, y in zip(ring[::2], ring[1::2], strict=True):
            point = round((x - left) * shrink * scale), round((top - y) * scale)
            if not points or points[-1] != point:
                points.append(point)
        return points

    shapes = []
    for tile, rings in drawn:
        placed = [place(ring) for ring in rings]
        largest = max(placed, key=lambda points: abs(_area_and_middle(points)[0]))
        path = "".join("M" + "L".join(f"{x} {y}" for x, y in points) + "z" for points in placed)
        shapes.append(
            tile | {"path": path, "at": _label_place(largest), "label_sign": LOOK_SIGNS.get(tile["look"], "")}
        )
    return {
        "width": round(wide * scale),
        "height": round(high * scale),
        "shapes": shapes,
        "left_out": [tile["name"] for tile in tiles if tile["unit_id"] and tile["unit_id"] not in outlines],
    }


def _label_place(points: list[Point]) -> Point | None:
    """The middle of an outline; None where it has no room for a number."""
    across, down = [x for x, _ in points], [y for _, y in points]
    if max(across) - min(across) < LABEL_WIDTH or max(down) - min(down) < LABEL_HEIGHT:
        return None
    return _area_and_middle(points)[1]


def _area_and_middle(points: list[Point]) -> tuple[float, Point]:
    """Signed area and centre of gravity of a ring; of one without area its first point."""
    area = x_sum = y_sum = 0
    for (x, y), (next_x, next_y) in zip(points, [*points[1:], points[0]], strict=True):
        cross = x * next_y - next_x * y
        area += cross
        x_sum += (x + next_x) * cross
        y_sum += (y + next_y) * cross
    if not area:
        return 0, points[0]
    return area / 2, (round(x_sum / (3 * area)), round(y_sum / (3 * area)))
