"""The units shipped with the portal: the nation over time as published, one tree each day, twice loaded the same."""

import csv
import datetime as dt
import itertools
from collections import Counter

import pytest
from django.db import transaction

from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitVersion
from taskforces.units import tree
from taskforces.units.loading import load_units
from tests.test_load_units import stored


@pytest.fixture(scope="module")
def shipped(django_db_setup, django_db_blocker):
    """The whole nation, loaded once for this file and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield load_units()
        transaction.set_rollback(True)


@pytest.fixture
def whole(shipped, db):
    return shipped


def versions_on(day):
    return UnitVersion.objects.on(dt.date.fromisoformat(day))


OFFICIAL_COUNTS = {
    "2021-11-01": (63, 705, 10599),
    "2022-07-01": (63, 705, 10599),
    "2025-06-30": (63, 696, 10035),
    "2025-07-01": (34, 0, 3321),
    "2026-11-21": (34, 0, 3321),
}


@pytest.mark.parametrize("day", OFFICIAL_COUNTS)
def test_official_counts(whole, day):
    found = tree.counts_on(dt.date.fromisoformat(day))
    provinces, districts, communes = OFFICIAL_COUNTS[day]
    wanted = {"nation": 1, "province": provinces, "district": districts, "commune": communes}
    assert found == {level: n for level, n in wanted.items() if n}


def test_types_of_the_two_tiers(whole):
    for day, wanted in (("2025-07-01", (2621, 687, 13)), ("2026-11-21", (2599, 709, 13))):
        communes = Counter(versions_on(day).filter(unit__level=Level.COMMUNE).values_list("unit_type", flat=True))
        assert (communes["xa"], communes["phuong"], communes["dac_khu"]) == wanted
    assert versions_on("2026-11-21").filter(unit_type="thanh_pho_tw").count() == 9


def test_every_day_has_one_version_of_each_open_unit(whole):
    """No gap, no overlap: versions meet from the first to the last day of their unit."""
    lives = {u.pk: (u.opened_on, u.closed_on) for u in AdministrativeUnit.objects.all()}
    versions: dict[int, list] = {}
    for version in UnitVersion.objects.order_by("unit_id", "valid_from"):
        versions.setdefault(version.unit_id, []).append(version)
    assert versions.keys() == lives.keys()
    for unit_id, of_unit in versions.items():
        assert (of_unit[0].valid_from, of_unit[-1].valid_to) == lives[unit_id]
        for before, after in itertools.pairwise(of_unit):
            assert before.valid_to + dt.timedelta(days=1) == after.valid_from
            assert (before.name, before.unit_type, before.path) != (after.name, after.unit_type, after.path)


def test_every_path_equals_walking_the_parents(whole):
    """On the first and on the last day of every version, its ancestors by path are its parents' parents."""
    by_unit: dict[int, list] = {}
    for version in UnitVersion.objects.all():
        by_unit.setdefault(version.unit_id, []).append(version)

    def walk(version, day):
        steps = [version.unit_id]
        while version.parent_id:
            version = next(
                v
                for v in by_unit[version.parent_id]
                if v.valid_from <= day and (v.valid_to is None or day <= v.valid_to)
            )
            steps.append(version.unit_id)
        return "/" + "/".join(map(str, reversed(steps))) + "/"

    for of_unit in by_unit.values():
        for version in of_unit:
            assert version.path == walk(version, version.valid_from)
            assert version.path == walk(version, version.valid_to or dt.date(2026, 11, 21))
    assert sum(version.path.count("/") == 2 for of_unit in by_unit.values() for version in of_unit) == 1


def test_found_by_path_equals_found_by_parents(whole):
    """All of Bình Phước in 2024: eleven districts and their communes, by path and by two steps down."""
    day = dt.date(2024, 6, 14)
    province = tree.find("70", day)
    districts = list(tree.children_on(province.unit_id, day))
    assert len(districts) == 11
    by_parents = {v.unit_id for d in districts for v in tree.children_on(d.unit_id, day)}
    below = set(UnitVersion.objects.on(day).under(province.unit_id).values_list("unit_id", flat=True))
    assert below == by_parents | {d.unit_id for d in districts} | {province.unit_id}
    assert len(by_parents) == 111


def children(code, day, field="short_name"):
    found = tree.find(code, dt.date.fromisoformat(day))
    return list(
        tree.children_on(found.unit_id, found.valid_to or dt.date.fromisoformat(day)).values_list(field, flat=True)
    )


def test_communes_of_single_districts(whole):
    assert set(children("688", "2022-07-01")) == {
        "Thác Mơ",
        "Long Thủy",
        "Phước Bình",
        "Long Phước",
        "Sơn Giang",
        "Long Giang",
        "Phước Tín",
    }
    assert len(children("690", "2022-07-01")) == 6
    assert Counter(children("718", "2022-07-01", "unit_type")) == {"phuong": 14}
    assert versions_on("2022-07-01").filter(parent__code="643").count() == 21
    assert versions_on("2025-06-30").filter(parent__code="643").count() == 19
    assert versions_on("2022-07-01").filter(parent__code="38").count() == 27
    assert versions_on("2025-06-30").filter(parent__code="38").count() == 26


PUBLISHED_TOTALS = {  # communes of a province as its resolution states them, on the day it took effect
    ("08", "2024-09-01"): 137,
    ("68", "2024-12-01"): 137,
    ("52", "2024-12-01"): 155,
    ("60", "2024-12-01"): 121,
    ("96", "2024-12-01"): 100,
    ("80", "2025-01-01"): 186,
    ("31", "2025-01-01"): 167,
    ("38", "2025-01-01"): 547,
    ("14", "2025-03-01"): 200,
}


def test_totals_stated_in_resolutions(whole):
    for (code, day), total in PUBLISHED_TOTALS.items():
        found = tree.find(code, dt.date.fromisoformat(day))
        assert versions_on(day).under(found.unit_id).filter(unit__level=Level.COMMUNE).count() == total, (code, day)
    for code, day, total in (("68", "2024-12-01", 10), ("14", "2025-03-01", 12), ("31", "2025-01-01", 15)):
        assert versions_on(day).filter(parent__code=code).count() == total


def test_names_on_their_days(whole):
    for code, day, name in (
        ("75", "2026-04-29", "Tỉnh Đồng Nai"),
        ("75", "2026-04-30", "Thành phố Đồng Nai"),
        ("22", "2026-09-01", "Thành phố Quảng Ninh"),
        ("24", "2026-09-19", "Tỉnh Bắc Ninh"),
        ("24", "2026-09-20", "Thành phố Bắc Ninh"),
        ("46", "2024-12-31", "Tỉnh Thừa Thiên Huế"),
        ("46", "2025-01-01", "Thành phố Huế"),
        ("697", "2022-09-30", "Huyện Chơn Thành"),
        ("697", "2022-10-01", "Thị xã Chơn Thành"),
        ("26368", "2026-04-30", "Phường Long Thành"),
        ("06970", "2025-07-01", "Xã Ba Chẽ"),
        ("24133", "2024-11-01", "Phường Thành Công"),
    ):
        assert tree.find(code, dt.date.fromisoformat(day)).name == name, (code, day)


def test_units_over_1_july_2025(whole):
    """All communes are new; so are the 23 merged provinces; the 11 others and no more live on."""
    old = set(versions_on("2025-06-30").values_list("unit_id", "unit__level"))
    new = set(versions_on("2025-07-01").values_list("unit_id", "unit__level"))
    assert Counter(level for _, level in old & new) == {"nation": 1, "province": 11}
    assert tree.find("46", dt.date(2024, 1, 1)).unit_id == tree.find("46", dt.date(2026, 1, 1)).unit_id
    assert tree.find("75", dt.date(2024, 1, 1)).unit_id != tree.find("75", dt.date(2026, 1, 1)).unit_id
    assert tree.find("75", dt.date(2025, 8, 1)).unit_id == tree.find("75", dt.date(2026, 8, 1)).unit_id
    assert tree.find("697", dt.date(2022, 9, 30)).unit_id == tree.find("697", dt.date(2022, 10, 1)).unit_id
    assert tree.find("24133", dt.date(2024, 10, 31)).unit_id != tree.find("24133", dt.date(2024, 11, 1)).unit_id


NEW_COMMUNES = {  # code: (name, whole predecessors, predecessors in part)
    "25217": ("Phường Phước Long", {"Long Thủy", "Thác Mơ", "Sơn Giang", "Phước Tín"}, set()),
    "25220": ("Phường Phước Bình", {"Long Phước", "Phước Bình", "Long Giang", "Bình Sơn"}, set()),
    "25326": ("Phường Bình Long", {"An Lộc", "Hưng Chiến", "Phú Đức", "Thanh Bình"}, set()),
    "25333": ("Phường An Lộc", {"Phú Thịnh", "Thanh Phú", "Thanh Lương"}, set()),  # not the old An Lộc
    "24163": ("Phường Tân An", {"Tân An", "Ea Tu", "Hòa Thuận"}, set()),
    "25750": ("Phường Phú Lợi", {"Phú Hòa", "Phú Lợi"}, {"Hiệp Thành"}),
    "25771": ("Phường Chánh Hiệp", {"Định Hòa", "Tương Bình Hiệp"}, {"Hiệp An", "Chánh Mỹ"}),
    "15016": ("Xã Quan Sơn", {"Trung Thượng"}, {"Sơn Lư"}),
    "15019": ("Xã Tam Lư", {"Sơn Hà", "Tam Lư"}, {"Sơn Lư"}),
}


def test_predecessors_of_new_communes(whole):
    for code, (name, whole_names, part_names) in NEW_COMMUNES.items():
        found = tree.find(code, dt.date(2025, 7, 1))
        links = [link for link in tree.predecessors(found.unit) if link.version.unit.level == Level.COMMUNE]
        assert found.name == name
        assert {link.version.short_name for link in links if not link.is_partial} == whole_names
        assert {link.version.short_name for link in links if link.is_partial} == part_names


def test_every_unit_closed_in_june_2025_has_a_successor(whole):
    closed = AdministrativeUnit.objects.filter(closed_on=dt.date(2025, 6, 30))
    assert closed.count() == 63 - 11 + 696 + 10035
    assert not closed.filter(successions_out=None).exists()
    others = AdministrativeUnit.objects.filter(closed_on__lt=dt.date(2025, 6, 30), successions_out=None)
    assert {u.code for u in others} == {"10774", "28825"}  # no source says into what


def test_no_row_is_a_succession_to_itself_or_backwards(whole):
    for link in UnitSuccession.objects.select_related("predecessor", "successor"):
        assert link.predecessor_id != link.successor_id
        assert link.predecessor.opened_on < link.effective_on
        assert link.successor.is_open_on(link.effective_on)
        assert link.predecessor.closed_on is not None or link.is_partial


def test_the_shipped_files_load_again_without_a_change(whole):
    before = stored()
    counts = load_units()
    assert {name: n for name, n in counts.items() if not name.endswith("unchanged") and n} == {}
    assert stored() == before
    assert counts["units unchanged"] == whole["units created"]


def test_the_shipped_files_are_the_documented_ones():
    from taskforces.units.csv_files import DATA_FOLDER

    rows = {}
    for name in ("units.csv", "succession.csv", "name_variants.csv"):
        with (DATA_FOLDER / name).open(encoding="utf-8", newline="") as file:
            rows[name] = len(list(csv.DictReader(file)))
    assert rows == {"units.csv": 15801, "succession.csv": 15983, "name_variants.csv": 223}
