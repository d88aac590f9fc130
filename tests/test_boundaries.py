"""Boundaries of units: what a map file must be, which outline counts, and what the map page makes of them."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reporting.views.map_tiles import LOOK_SIGNS, drawing
from taskforces.models import BoundaryFile, Role, UnitBoundary
from taskforces.units.boundaries import LARGEST_MAP, MapRefused, boundaries_of, read_map
from tests.conftest import make_person
from tests.test_heat import put  # noqa: F401
from tests.test_layout import ROOT

pytestmark = pytest.mark.django_db
ADD = "admin:taskforces_boundaryfile_add"


def square(code, east=106.9, north=11.8, side=0.1, **more):
    corners = [[east, north], [east + side, north], [east + side, north - side], [east, north - side], [east, north]]
    return {
        "type": "Feature",
        "properties": {"ma": code},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    } | more


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def map_file(*features, name="ban-do.geojson"):
    return SimpleUploadedFile(name, collection(*features), "application/geo+json")


def bring(client, user, *features):
    client.force_login(user)
    return client.post(reverse(ADD), {"file": map_file(*features)})


# The file ------------------------------------------------------------------------------------------------------------


def test_outlines_are_read_in_thousandths_of_a_degree():
    """Four corners, the fifth is the first again; a hole and an islet are rings like others, one too small is left."""
    hole = [[106.92, 11.78], [106.94, 11.78], [106.94, 11.76], [106.92, 11.78]]
    dot = [[106.5, 11.5], [106.5001, 11.5], [106.5001, 11.5001], [106.5, 11.5]]
    outer = square("25217")["geometry"]["coordinates"][0]
    islands = {"type": "MultiPolygon", "coordinates": [[outer, hole], [dot]]}
    assert read_map(collection(square("25217"), square("25220", geometry=islands))) == {
        "25217": [[106900, 11800, 107000, 11800, 107000, 11700, 106900, 11700]],
        "25220": [
            [106900, 11800, 107000, 11800, 107000, 11700, 106900, 11700],
            [106920, 11780, 106940, 11780, 106940, 11760],
        ],
    }


def ring(*points):
    return square("25217", geometry={"type": "Polygon", "coordinates": [list(map(list, points))]})


OPEN = ring((106, 11), (107, 11), (107, 12), (106, 12))
FAULTS = {
    b"\xff\xfe": "Tệp không đọc được: không phải GeoJSON (mã UTF-8).",
    b"{": "Tệp không đọc được: không phải GeoJSON (mã UTF-8).",
    b"[" * 100_000: "Tệp không đọc được: không phải GeoJSON (mã UTF-8).",
    b"[]": "Tệp không phải GeoJSON loại FeatureCollection.",
    b'{"type": "FeatureCollection", "features": 5}': "Tệp không phải GeoJSON loại FeatureCollection.",
    collection(): "Tệp không có đơn vị nào.",
    b" " * (LARGEST_MAP + 1): "Tệp lớn hơn 10 MB. Hãy giản lược đường ranh giới.",
    collection(5): "Đối tượng 1: không có thuộc tính (properties).",
    collection(square(25217)): "Đối tượng 1: thiếu mã đơn vị:",
    collection(square("²5217")): "Đối tượng 1: thiếu mã đơn vị:",
    collection(square("25217"), square("25217")): "Đối tượng 2 (mã 25217): mã lặp lại trong tệp.",
    collection(square("25217", geometry=None)): "hình không phải Polygon hoặc MultiPolygon.",
    collection(square("25217", geometry={"type": "Polygon", "coordinates": 5})): "tọa độ không đúng dạng.",
    collection(ring((106, 11), (107, 11), (106, 11))): "một vòng ranh giới có dưới bốn điểm.",
    collection(ring(("a", 11), (107, 11), (107, 12), ("a", 11))): "tọa độ không đúng dạng.",
    collection(ring((True, 11), (107, 11), (107, 12), (True, 11))): "tọa độ không đúng dạng.",
    collection(OPEN): "một vòng ranh giới không khép kín.",
    collection(ring((500000, 1200000), (1, 2), (3, 4), (500000, 1200000))): "tọa độ ngoài Việt Nam; cần kinh độ",
    collection(ring((float("nan"), 11), (107, 11), (107, 12), (106, 11))): "tọa độ ngoài Việt Nam; cần kinh độ",
    collection(square("25217", side=0.0001)): "hình không có diện tích nhìn thấy được.",
}


@pytest.mark.parametrize("content", FAULTS, ids=range(len(FAULTS)))
def test_what_is_wrong_is_said_with_its_place(content):
    with pytest.raises(MapRefused) as refused:
        read_map(content)
    assert FAULTS[content] in str(refused.value)


def test_of_many_faults_ten_are_named():
    with pytest.raises(MapRefused) as refused:
        read_map(collection(*[5] * 14))
    assert len(refused.value.faults) == 11
    assert refused.value.faults[-1] == "Và 4 lỗi khác."


# Bringing it in -------------------------------------------------------------------------------------------------------


def test_an_administrator_brings_a_map_and_the_newest_of_a_unit_counts(world, client):
    first = bring(client, world.administrator, square("25217"), square("25220", east=107.0))
    assert first.status_code == 302
    assert bring(client, world.administrator, square("25217", east=106.0)).status_code == 302
    older, newer = BoundaryFile.objects.order_by("pk")
    assert (older.uploaded_by, older.boundaries.count(), newer.boundaries.count()) == (world.administrator, 2, 1)
    units = [world.phuoc_long.pk, world.phuoc_binh.pk]
    assert boundaries_of(units)[world.phuoc_long.pk][0][0] == 106000
    assert boundaries_of(units)[world.phuoc_binh.pk][0][0] == 107000
    client.post(reverse("admin:taskforces_boundaryfile_delete", args=[newer.pk]), {"post": "yes"})
    assert boundaries_of(units)[world.phuoc_long.pk][0][0] == 106900


def test_one_fault_keeps_nothing_and_is_said_beside_the_field(world, client):
    answer = bring(client, world.administrator, square("25217"), square("99999"), square("00000"))
    errors = answer.context["adminform"].form.errors["file"]
    assert errors == [
        f"Mã {code}: không có đơn vị nào đang hoạt động mang mã này trong phạm vi của bạn."
        for code in ("00000", "99999")
    ]
    assert not BoundaryFile.objects.exists()
    assert not UnitBoundary.objects.exists()


def test_staff_with_permissions_draw_their_own_units_and_take_away_their_own_files(world, client):
    from django.contrib.auth.models import Permission

    clerk = make_person("vanthu", "Lê Thị Văn Thư", world.dong_nai, Role.PROVINCIAL_STAFF)
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(content_type__model="boundaryfile"))
    bring(client, world.administrator, square("25217"))
    neighbour = world.da_huoai.code
    refused = bring(client, clerk, square("25217"), square(neighbour))
    assert f"Mã {neighbour}: không có đơn vị nào" in refused.content.decode()
    assert bring(client, clerk, square("25217")).status_code == 302
    foreign, own = BoundaryFile.objects.order_by("pk")
    for file, answer, left in ((foreign, 403, 2), (own, 302, 1)):
        address = reverse("admin:taskforces_boundaryfile_delete", args=[file.pk])
        assert client.post(address, {"post": "yes"}).status_code == answer
        assert BoundaryFile.objects.count() == left


# The page -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def november(world, month, put, at):  # noqa: F811
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 100, early=90, late=10)
    put(world.phuoc_binh, period, 5, early=5)
    return period


def page(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard-map"), {"ky": "2026-11", **query})


def test_each_tile_has_number_look_and_the_way_to_its_rows(world, november, client):
    answer = page(client, world.chair)
    shown = [(t["name"], t["text"], t["look"], t["message"]) for t in answer.context["tiles"]["tiles"]]
    assert shown == [
        ("Phường Phước Long", "90,00", "s4", ""),
        ("Phường Phước Bình", "100", "few", ""),  # of five files
        ("UBND tỉnh Đồng Nai (cấp tỉnh)", "", "n", "Chưa nộp"),
        ("Xã Phú Riềng", "", "n", "Chưa nộp"),
    ]
    url = answer.context["tiles"]["tiles"][0]["url"]
    assert f"&so=in_time_rate&dong={world.phuoc_long.pk}" in url
    assert "90,00%" in client.get(url).content.decode()
    assert answer.context["map"] is None
    assert "1/1 đơn vị dưới 95% trước và đúng hạn" in answer.content.decode()
    received = page(client, world.chair, do="tiep-nhan").context["tiles"]["tiles"]
    assert [(t["text"], t["look"]) for t in received][:2] == [("100", "v3"), ("5", "v1")]
    assert page(client, world.chair, do="so-chi-tieu").status_code == 404


def test_the_map_draws_the_units_of_the_page_that_have_an_outline(world, november, client):
    bring(client, world.administrator, square("25217"), square(world.da_huoai.code, east=108.0))
    drawn = page(client, world.chair).context["map"]
    [shape] = drawn["shapes"]  # not the neighbour of another province
    assert (shape["name"], shape["look"], shape["text"], shape["label_sign"]) == (
        "Phường Phước Long",
        "s4",
        "90,00",
        "▼",
    )
    assert drawn["left_out"] == ["Phường Phước Bình", "Xã Phú Riềng"]
    html = page(client, world.chair).content.decode()
    assert "Chưa có ranh giới: Phường Phước Bình, Xã Phú Riềng." in html
    assert "▼ 90,00</text>" in html


def tile(unit_id, **more):
    return {"unit_id": unit_id, "name": f"Xã {unit_id}", "text": "1", "look": "v1", "message": "", "url": ""} | more


def test_north_is_up_east_is_right_and_degrees_keep_their_proportion():
    """Two squares of 1° at the 60th parallel (no unit lies there): a degree of longitude is half one of latitude."""
    outlines = {
        1: [[100000, 60500, 101000, 60500, 101000, 59500, 100000, 59500]],
        2: [[101000, 60500, 102000, 60500, 102000, 59500, 101000, 59500]],
    }
    drawn = drawing([tile(1), tile(2), tile(3), tile(None)], outlines)
    assert (drawn["width"], drawn["height"]) == (1000, 1000)  # 2 x 0,5 wide, 1 high
    assert [s["path"] for s in drawn["shapes"]] == ["M0 0L500 0L500 1000L0 1000z", "M500 0L1000 0L1000 1000L500 1000z"]
    assert [s["at"] for s in drawn["shapes"]] == [(250, 500), (750, 500)]
    assert drawn["left_out"] == ["Xã 3"]  # the unit's own report is no place


def test_a_small_outline_bears_no_number_and_without_any_there_is_no_map():
    small = [[0, 10, 10, 10, 10, 0, 0, 0], [500, 700, 1000, 700, 1000, 0]]
    outlines = {1: [small[0]], 2: [[0, 700, 1000, 700, 1000, 0]]}
    assert [s["at"] is None for s in drawing([tile(1), tile(2)], outlines)["shapes"]] == [True, False]
    assert drawing([tile(1)], {}) is None


def test_signs_on_the_map_are_those_of_the_style_sheet():
    css = (ROOT / "static/css/heat.css").read_text(encoding="utf-8")
    drawn = dict(re.findall(r'^\.(s\d|v\d)::before \{ content: "([^"]+)"', css, re.M))
    assert {look: sign for look, sign in drawn.items() if look != "s0"} == LOOK_SIGNS  # s0: more than a target
