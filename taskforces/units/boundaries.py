"""Boundaries of units: a map file (GeoJSON, RFC 7946) read and checked, kept, and found again by unit.

Every fault is listed with the place in the file; one fault refuses the file, so that no map is half new.
"""

import hashlib
import json
from collections.abc import Collection

from django.db import transaction

from de_an_06.plain.numbers import format_number
from taskforces.models import AdministrativeUnit, BoundaryFile, UnitBoundary

LARGEST_MAP = 10 * 1024 * 1024  # bytes
CODE_NAMES = ("ma", "code")  # of the property that holds a unit's code
EAST, NORTH = (100, 120), (4, 25)  # degrees between which Vietnam lies, its islands included
FINENESS = 1000  # parts of a degree that are kept: what is finer than 100 m is not seen on a page
MOST_FAULTS = 10  # named of many

Rings = list[list[int]]  # as UnitBoundary.rings


class MapRefused(Exception):
    """`faults` are sentences for the person who brought the file."""

    def __init__(self, faults: list[str]):
        more = len(faults) - MOST_FAULTS
        self.faults = faults[:MOST_FAULTS] + ([f"Và {format_number(more)} lỗi khác."] if more > 0 else [])
        super().__init__(" ".join(self.faults))


def read_map(content: bytes) -> dict[str, Rings]:
    """Code -> rings. Raises MapRefused."""
    if len(content) > LARGEST_MAP:
        raise MapRefused(
            [f"Tệp lớn hơn {format_number(LARGEST_MAP // 1024 // 1024)} MB. Hãy giản lược đường ranh giới."]
        )
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise MapRefused(["Tệp không đọc được: không phải GeoJSON (mã UTF-8)."]) from None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or found.get("type") != "FeatureCollection":
        raise MapRefused(["Tệp không phải GeoJSON loại FeatureCollection."])
    if not features:
        raise MapRefused(["Tệp không có đơn vị nào."])
    shapes: dict[str, Rings] = {}
    faults = []
    for number, feature in enumerate(features, 1):
        where = f"Đối tượng {format_number(number)}"
        try:
            code = _code_of(feature)
            where += f" (mã {code})"
            if code in shapes:
                raise ValueError("mã lặp lại trong tệp")
            shapes[code] = _rings_of(feature.get("geometry"))
        except ValueError as error:
            faults.append(f"{where}: {error}.")
    if faults:
        raise MapRefused(faults)
    return shapes


def _code_of(feature) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise ValueError("không có thuộc tính (properties)")
    code = next((properties[name] for name in CODE_NAMES if name in properties), None)
    if not isinstance(code, str) or not (code.isascii() and code.isdecimal() and len(code) <= 5):
        raise ValueError('thiếu mã đơn vị: thuộc tính "ma" là chuỗi chữ số, ví dụ "25217"')
    return code


def _rings_of(geometry) -> Rings:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError("hình không phải Polygon hoặc MultiPolygon")
    parts = geometry.get("coordinates")
    polygons = [parts] if kind == "Polygon" else parts
    if not isinstance(polygons, list) or not all(isinstance(rings, list) for rings in polygons):
        raise ValueError("tọa độ không đúng dạng")
    rings = [_ring(ring) for polygon in polygons for ring in polygon]
    kept = [ring for ring in rings if len(ring) >= 6]
    if not kept:
        raise ValueError("hình không có diện tích nhìn thấy được")
    return kept


def _ring(points) -> list[int]:
    """Rounded, each point once; what becomes a point or a line is left with fewer than three of them."""
    if not isinstance(points, list) or len(points) < 4:
        raise ValueError("một vòng ranh giới có dưới bốn điểm")
    kept: list[tuple[int, int]] = []
    for point in points:
        if not isinstance(point, list) or len(point) < 2 or not all(type(x) in (int, float) for x in point[:2]):
            raise ValueError("tọa độ không đúng dạng")
        east, north = point[:2]
        if not (EAST[0] <= east <= EAST[1] and NORTH[0] <= north <= NORTH[1]):
            raise ValueError("tọa độ ngoài Việt Nam; cần kinh độ, vĩ độ theo WGS 84, không phải VN-2000")
        rounded = round(east * FINENESS), round(north * FINENESS)
        if not kept or kept[-1] != rounded:
            kept.append(rounded)
    if points[0][:2] != points[-1][:2]:
        raise ValueError("một vòng ranh giới không khép kín")
    if len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return [number for point in kept for number in point]


def units_of(codes: Collection[str], units) -> dict[str, AdministrativeUnit]:
    """Code -> the unit of those given that bears it. Raises MapRefused naming the codes nobody bears."""
    found = {unit.code: unit for unit in units.filter(code__in=codes)}
    unknown = sorted(set(codes) - set(found))
    if unknown:
        raise MapRefused(
            [f"Mã {code}: không có đơn vị nào đang hoạt động mang mã này trong phạm vi của bạn." for code in unknown]
        )
    return found


@transaction.atomic
def keep_map(
    file: BoundaryFile, content: bytes, shapes: dict[str, Rings], units: dict[str, AdministrativeUnit]
) -> None:
    """Saves the file's row with the outlines in it."""
    file.sha256 = hashlib.sha256(content).hexdigest()
    file.save()
    UnitBoundary.objects.bulk_create(
        UnitBoundary(file=file, unit=units[code], rings=rings) for code, rings in shapes.items()
    )


def boundaries_of(unit_ids: Collection[int]) -> dict[int, Rings]:
    """Unit -> its outline in the newest file that has it; one query. Whether they are in a scope is not asked here."""
    rows = UnitBoundary.objects.filter(unit__in=unit_ids).order_by("file_id")
    return dict(rows.values_list("unit_id", "rings"))
