"""The tree of a day to the day: versions, names above, codes, and what is said of predecessors that live on."""

import datetime as dt

import pytest

from taskforces.models import Level, UnitSuccession, UnitVersion
from taskforces.units import tree
from tests.conftest import FIRST_NEW, START, make_unit

D = dt.date


def renamed(unit, name, day):
    """The unit bears this name from `day` on."""
    old = unit.versions.get()
    UnitVersion.objects.filter(pk=old.pk).update(valid_to=day - dt.timedelta(days=1))
    return UnitVersion.objects.create(
        unit=unit,
        name=name,
        short_name=name.split(" ", 1)[1],
        unit_type=old.unit_type,
        parent=old.parent,
        path=old.path,
        sort_key=old.sort_key,
        search_key=old.search_key,
        valid_from=day,
        valid_to=old.valid_to,
    )


def link(before, after, day=FIRST_NEW, partial=False):
    return UnitSuccession.objects.create(
        predecessor=before, successor=after, effective_on=day, is_partial=partial, legal_basis="x"
    )


@pytest.mark.parametrize(
    ("day", "on", "nearest"),
    [
        (D(2023, 12, 31), None, "A"),
        (D(2024, 1, 1), "A", "A"),
        (D(2024, 6, 30), "A", "A"),
        (D(2024, 7, 1), None, "A"),
        (D(2024, 7, 31), None, "A"),
        (D(2024, 8, 1), "B", "B"),
        (D(2030, 1, 1), "B", "B"),
    ],
)
def test_the_version_of_a_day_and_the_nearest(day, on, nearest):
    a = UnitVersion(name="A", valid_from=D(2024, 1, 1), valid_to=D(2024, 6, 30))
    b = UnitVersion(name="B", valid_from=D(2024, 8, 1))
    for versions in ([a, b], [b, a]):
        found = tree.version_of_day(versions, day)
        assert (found and found.name) == on
        assert tree.nearest_version(versions, day).name == nearest


def test_units_above_bear_their_names_of_the_day_asked(world):
    renamed(world.dong_nai, "Thành phố Đồng Nai", D(2026, 4, 30))
    ward = tree.version_on(world.phuoc_long.pk, D(2026, 11, 14))
    assert [v.name for v in tree.ancestors(ward)] == ["Cả nước", "Tỉnh Đồng Nai"]
    assert [v.name for v in tree.ancestors(ward, D(2026, 4, 29))] == ["Cả nước", "Tỉnh Đồng Nai"]
    assert [v.name for v in tree.ancestors(ward, D(2026, 4, 30))] == ["Cả nước", "Thành phố Đồng Nai"]


def test_the_nation_and_how_many_units_it_has_on_a_day(world):
    assert tree.nation() == world.nation
    assert tree.counts_on(D(2024, 6, 14)) == {"nation": 1, "province": 1, "district": 2, "commune": 3}
    assert tree.counts_on(D(2026, 6, 14)) == {"nation": 1, "province": 2, "commune": 4}


def test_a_code_is_found_from_its_beginning(world):
    assert [v.name for v in tree.search("2521", D(2024, 6, 14))] == ["Phường Long Thủy", "Phường Thác Mơ"]
    assert not tree.search("5217").exists()


def test_higher_levels_come_before_lower_ones_of_the_same_name(db):
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    province = make_unit("01", "Tỉnh Bình", "tinh", Level.PROVINCE, nation)
    district = make_unit("001", "Huyện Bình", "huyen", Level.DISTRICT, province)
    make_unit("00001", "Xã Bình", "xa", Level.COMMUNE, district)
    assert [v.unit.code for v in tree.search("bình")] == ["01", "001", "00001"]


def test_a_unit_that_lives_on_is_named_as_it_was_before_and_after(world):
    """Phước Bình gives a part to Phước Long on the day on which both are renamed."""
    day = D(2026, 4, 30)
    renamed(world.phuoc_binh, "Phường Bình Mới", day)
    renamed(world.phuoc_long, "Phường Long Mới", day)
    link(world.phuoc_binh, world.phuoc_long, day, partial=True)
    assert [x.version.name for x in tree.predecessors(world.phuoc_long)] == ["Phường Phước Bình"]
    assert [x.version.name for x in tree.successors(world.phuoc_binh)] == ["Phường Long Mới"]


def test_links_stand_newest_first_then_the_same_level_then_the_alphabet(world):
    link(world.thac_mo, world.phuoc_long)
    link(world.an_loc, world.phuoc_long)
    link(world.tx_phuoc_long, world.phuoc_long, partial=True)
    link(world.phuoc_binh, world.phuoc_long, D(2026, 4, 30), partial=True)
    link(world.long_thuy, world.phuoc_long, D(2025, 6, 1))
    assert [x.version.name for x in tree.predecessors(world.phuoc_long)] == [
        "Phường Phước Bình",
        "Phường An Lộc",
        "Phường Thác Mơ",
        "Thị xã Phước Long",
        "Phường Long Thủy",
    ]


@pytest.mark.parametrize(
    ("closed", "given", "whole"),
    [
        (D(2024, 12, 31), START, True),  # as it opened: it began without that part
        (D(2024, 12, 31), START + dt.timedelta(days=1), False),
        (D(2024, 12, 31), D(2024, 12, 31), False),
        (D(2024, 12, 31), D(2025, 1, 1), True),  # it ended in parts
        (None, START, True),
        (None, D(2030, 1, 1), False),
    ],
)
def test_a_part_given_away_breaks_the_line_of_a_unit_while_it_lives(db, closed, given, whole):
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    giver = make_unit("00001", "Xã A", "xa", Level.COMMUNE, nation, closed=closed)
    taker = make_unit("00002", "Xã B", "xa", Level.COMMUNE, nation)
    link(giver, taker, given, partial=True)
    assert tree.comparable_predecessors(giver) == ([], whole)


def test_a_unit_that_came_in_by_two_ways_is_added_once(db):
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    a, b, c = (make_unit(f"0000{n}", f"Xã {n}", "xa", Level.COMMUNE, nation) for n in "123")
    link(a, b, D(2024, 1, 1))
    link(a, c, D(2024, 1, 1))
    link(b, c)
    assert tree.comparable_predecessors_of([c.pk, b.pk]) == {c.pk: ([a.pk, b.pk], True), b.pk: ([a.pk], True)}
