"""Loading units: every refusal with file and line, nothing saved; twice the same; the shipped nation as published."""

import csv
import datetime as dt
import itertools
import re
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from reporting.catalogue import load_catalogue
from reporting.models import ParticipatingArea, Period, Report, RollupRequest
from reporting.register_hooks import settle_reports
from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitVersion
from taskforces.units import tree
from taskforces.units.csv_files import SUCCESSION_FIELDS, UNIT_FIELDS, UnitFilesRefused
from taskforces.units.loading import load_units

# code, name, type, level, parent code, parent from, from, to. Line 2 of the file is the first row.
SMALL = [
    "70,Tỉnh Bình Phước,tinh,province,,,2021-11-01,2025-06-30",
    "75,Tỉnh Đồng Nai,tinh,province,,,2025-07-01,",
    "688,Thị xã Phước Long,thi_xa,district,70,2021-11-01,2021-11-01,2025-06-30",
    "25216,Phường Thác Mơ,phuong,commune,688,2021-11-01,2021-11-01,2025-06-30",
    "25217,Phường Long Thủy,phuong,commune,688,2021-11-01,2021-11-01,2025-06-30",
    "25217,Phường Phước Long,phuong,commune,75,2025-07-01,2025-07-01,",
]
LINKS = [
    "70,2021-11-01,75,2025-07-01,2025-07-01,false,202/2025/QH15",
    "25216,2021-11-01,25217,2025-07-01,2025-07-01,false,1662/NQ-UBTVQH15",
    "25217,2021-11-01,25217,2025-07-01,2025-07-01,true,1662/NQ-UBTVQH15",
]


@pytest.fixture
def folder(tmp_path):
    """`folder(rows, links)` writes both files and returns where they are."""

    def write(rows=SMALL, links=LINKS, columns=UNIT_FIELDS):
        lines = [",".join(columns)]
        for row in rows:
            code, name, kind, level, parent, parent_from, first, last = row.split(",")
            short = re.sub(r"^(Thị xã|Thành phố|Tỉnh|Huyện|Phường|Xã) ", "", name)
            lines.append(f"{code},{name},{short},{kind},{level},{parent},{parent_from},{first},{last},exact,luật")
        (tmp_path / "units.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        lines = [",".join([*SUCCESSION_FIELDS, "source"]), *(f"{link},luật" for link in links)]
        (tmp_path / "succession.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return write


def replaced(rows, index, old, new):
    assert old in rows[index]
    return [row.replace(old, new) if i == index else row for i, row in enumerate(rows)]


def stored():
    """Everything the loader writes, ids included."""
    return [list(model.objects.order_by("pk").values()) for model in (AdministrativeUnit, UnitVersion, UnitSuccession)]


def unit(code, day):
    return tree.find(code, dt.date.fromisoformat(day)).unit


# --- refusals

BAD_UNITS = {
    "unknown parent": (replaced(SMALL, 3, ",688,2021-11-01,", ",699,2021-11-01,"), 5, "unknown parent 699"),
    "unknown row of a known parent": (replaced(SMALL, 3, "688,2021-11-01", "688,2022-11-01"), 5, "unknown parent 688"),
    "parent ends before its child": (replaced(SMALL, 3, "2025-06-30", ""), 5, "not valid throughout"),
    "parent begins after its child": (
        replaced(SMALL, 5, "-01,2025-07-01,", "-01,2025-06-30,"),
        7,
        "not valid throughout",
    ),
    "parent of the wrong level": (replaced(SMALL, 3, ",688,", ",25217,"), 5, "no parent for a commune"),
    "no parent": (replaced(SMALL, 2, ",70,2021-11-01,", ",,,"), 4, "needs a parent"),
    "a province under something": (replaced(SMALL, 1, ",province,,,", ",province,70,2021-11-01,"), 3, "has no parent"),
    "overlap": (replaced(SMALL, 4, "2025-06-30", "2025-07-01"), 7, "overlaps line 6, same code 25217"),
    "repeated key": ([*SMALL, SMALL[3]], 8, "repeated key 25216 from 2021-11-01, first on line 5"),
    "no date": (replaced(SMALL, 1, "2025-07-01", "2025-02-30"), 3, "valid_from “2025-02-30” is no date"),
    "a date in another form": (replaced(SMALL, 1, "2025-07-01", "01/07/2025"), 3, "is no date (YYYY-MM-DD)"),
    "ends before it begins": (replaced(SMALL, 2, "2025-06-30", "2021-10-31"), 4, "valid_to lies before valid_from"),
    "unknown level": (replaced(SMALL, 2, "district", "region"), 4, "unknown level “region”"),
    "type of another level": (replaced(SMALL, 3, "phuong", "huyen"), 5, "type “huyen” is no type of level commune"),
    "code of the wrong length": (replaced(SMALL, 3, "25216", "2521"), 5, "code “2521” is no code of level commune"),
    "code of the nation": (replaced(SMALL, 1, "75,Tỉnh", "00,Tỉnh"), 3, "code “00” is no code"),
    "no name": (replaced(SMALL, 3, "Phường Thác Mơ", ""), 5, "name is empty"),
    "name too long": (replaced(SMALL, 3, "Thác Mơ", "Thác " * 25), 5, "name is longer than 100"),
}


@pytest.mark.parametrize("case", BAD_UNITS)
def test_a_bad_unit_row_is_refused_with_file_and_line(db, folder, case):
    rows, line, reason = BAD_UNITS[case]
    with pytest.raises(UnitFilesRefused) as refused:
        load_units(folder(rows))
    assert any(
        problem.file == "units.csv" and problem.line == line and reason in problem.reason
        for problem in refused.value.problems
    ), str(refused.value)
    assert stored() == [[], [], []]


BAD_LINKS = {
    "unknown predecessor": (replaced(LINKS, 1, "25216", "25218"), 3, "unknown predecessor 25218"),
    "unknown successor": (replaced(LINKS, 1, ",25217,2025-07-01,", ",25217,2025-07-02,"), 3, "unknown successor 25217"),
    "successor not valid that day": (replaced(LINKS, 0, "2025-07-01,false", "2025-06-01,false"), 2, "is not valid on"),
    "predecessor not begun": (replaced(LINKS, 0, "2025-07-01,false", "2021-01-01,false"), 2, "does not exist before"),
    "the same row twice": (replaced(LINKS, 1, "25216,2021-11-01", "25217,2025-07-01"), 3, "are the same row"),
    "neither whole nor part": (replaced(LINKS, 1, "false", "maybe"), 3, "is_partial “maybe”"),
    "no date": (replaced(LINKS, 1, "2025-07-01,false", "1-7-2025,false"), 3, "effective_date “1-7-2025” is no date"),
    "repeated": ([*LINKS, LINKS[1]], 5, "repeated succession, first on line 3"),
}


@pytest.mark.parametrize("case", BAD_LINKS)
def test_a_bad_succession_is_refused_with_file_and_line(db, folder, case):
    links, line, reason = BAD_LINKS[case]
    with pytest.raises(UnitFilesRefused) as refused:
        load_units(folder(links=links))
    assert any(
        problem.file == "succession.csv" and problem.line == line and reason in problem.reason
        for problem in refused.value.problems
    ), str(refused.value)
    assert stored() == [[], [], []]


def test_all_bad_lines_are_listed_at_once(db, folder):
    rows = replaced(replaced(SMALL, 3, ",688,", ",699,"), 4, "phuong", "làng")
    with pytest.raises(CommandError) as refused:
        call_command("load_units", folder=folder([*rows, SMALL[0]], replaced(LINKS, 1, "false", "?")))
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [
        "succession.csv, line 3",
        "units.csv, line 5",
        "units.csv, line 6",
        "units.csv, line 8",
    ]
    assert lines[-1] == "4 problems, nothing saved."
    assert stored() == [[], [], []]


def test_files_that_are_not_the_files_are_refused(db, folder, tmp_path):
    with pytest.raises(UnitFilesRefused, match=r"units.csv: the file is missing"):
        load_units(tmp_path / "nowhere")
    with pytest.raises(UnitFilesRefused, match=r"units.csv, line 1: missing column: valid_to"):
        load_units(folder(columns=[name if name != "valid_to" else "until" for name in UNIT_FIELDS]))
    with pytest.raises(UnitFilesRefused, match="no unit in the file"):
        load_units(folder([], []))
    where = folder()
    with (where / "units.csv").open("a", encoding="utf-8") as file:
        file.write("75,Tỉnh\n")
    with pytest.raises(UnitFilesRefused, match=r"units.csv, line 8: 2 fields instead of 11"):
        load_units(where)
    (where / "units.csv").write_bytes("Tỉnh".encode("cp1258", errors="replace") + b"\xff")
    with pytest.raises(UnitFilesRefused, match=r"units.csv: not UTF-8"):
        load_units(where)
    assert stored() == [[], [], []]


def test_a_refused_file_leaves_the_stored_tree_alone(db, folder):
    load_units(folder())
    before = stored()
    rows = [*replaced(SMALL, 5, "Phường Phước Long", "Phường Đổi Tên"), SMALL[0]]
    with pytest.raises(UnitFilesRefused):
        load_units(folder(rows))
    assert stored() == before


# --- what is saved


def test_the_small_tree_has_one_root_paths_and_keys(db, folder):
    counts = load_units(folder())
    assert counts["units created"] == counts["versions created"] == 7
    assert counts["successions created"] == 3
    root = AdministrativeUnit.objects.get(level=Level.NATION)
    assert (root.code, root.opened_on, root.closed_on) == ("00", dt.date(2021, 11, 1), None)
    version = tree.version_on(unit("25216", "2024-05-01").pk, dt.date(2024, 5, 1))
    district, province = unit("688", "2024-05-01"), unit("70", "2024-05-01")
    assert version.path == f"/{root.pk}/{province.pk}/{district.pk}/{version.unit_id}/"
    assert version.parent_id == district.pk
    assert (version.search_key, version.name) == ("phuong thac mo", "Phường Thác Mơ")
    new = tree.find("25217", dt.date(2026, 5, 1))
    assert new.path == f"/{root.pk}/{unit('75', '2026-05-01').pk}/{new.unit_id}/"
    assert new.unit_id != unit("25217", "2024-05-01").pk  # the code is used again by another body


def test_rows_become_units_and_versions(db, folder):
    """A change of type or a whole one-to-one renaming goes on as one unit; a merger under another name does not."""
    rows = [
        "46,Tỉnh Thừa Thiên Huế,tinh,province,,,2021-11-01,2024-12-31",
        "46,Thành phố Huế,thanh_pho_tw,province,,,2025-01-01,",
        "476,Huyện Phong Điền,huyen,district,46,2021-11-01,2021-11-01,2024-12-31",
        "476,Thị xã Phong Điền,thi_xa,district,46,2025-01-01,2025-01-01,2025-06-30",
        "480,Huyện Nam Đông,huyen,district,46,2021-11-01,2021-11-01,2024-12-31",
        "19900,Xã Cũ,xa,commune,476,2021-11-01,2021-11-01,2024-12-31",
        "19900,Xã Cũ,xa,commune,476,2025-01-01,2025-01-01,2025-06-30",
        "19903,Xã Một,xa,commune,476,2021-11-01,2021-11-01,2024-12-31",
        "19903,Xã Một Hai,xa,commune,476,2025-01-01,2025-01-01,2025-06-30",
        "19906,Xã Hai,xa,commune,476,2021-11-01,2021-11-01,2024-12-31",
        "19909,Xã Chuyển,xa,commune,480,2021-11-01,2021-11-01,2024-12-31",
        "19909,Xã Chuyển,xa,commune,476,2025-01-01,2025-01-01,2025-06-30",
        "19900,Xã Cũ,xa,commune,46,2025-01-01,2025-07-01,",
    ]
    same_code = [row.split(",")[0] for row in rows[:1] + rows[2:3]] + ["19900", "19903", "19909"]
    links = [f"{code},2021-11-01,{code},2025-01-01,2025-01-01,false,x" for code in same_code]
    links.append("19906,2021-11-01,19903,2025-01-01,2025-01-01,false,x")
    links.append("19900,2025-01-01,19900,2025-07-01,2025-07-01,false,x")
    load_units(folder(rows, links))

    def lives(code):
        return list(
            AdministrativeUnit.objects.filter(code=code).order_by("opened_on").values_list("opened_on", "closed_on")
        )

    start, last_2024, first_2025 = dt.date(2021, 11, 1), dt.date(2024, 12, 31), dt.date(2025, 1, 1)
    last_old, first_new = dt.date(2025, 6, 30), dt.date(2025, 7, 1)
    assert lives("46") == [(start, None)]  # renamed as a whole: one unit, two versions
    assert lives("476") == [(start, last_old)]  # another type, the same name
    assert lives("19900") == [(start, last_old), (first_new, None)]  # all communes of 1 July 2025 are new
    assert lives("19903") == [(start, last_2024), (first_2025, last_old)]  # two became one under a new name
    assert lives("19909") == [(start, last_old)]
    names = UnitVersion.objects.filter(unit__code="46").order_by("valid_from").values_list("name", flat=True)
    assert list(names) == ["Tỉnh Thừa Thiên Huế", "Thành phố Huế"]
    # a row that differs only in its parent's row is no version; another parent is
    assert UnitVersion.objects.filter(unit__code="19900").count() == 2
    moved = UnitVersion.objects.filter(unit__code="19909").order_by("valid_from")
    assert [v.parent.code for v in moved] == ["480", "476"]
    assert [v.path.count("/") for v in moved] == [5, 5]
    # a link between rows of one unit is a change of name, not a succession
    pairs = Counter(UnitSuccession.objects.values_list("predecessor__code", "successor__code"))
    assert pairs == {("19903", "19903"): 1, ("19906", "19903"): 1, ("19900", "19900"): 1}


def test_a_second_run_changes_nothing(db, folder, django_assert_num_queries):
    where = folder()
    load_units(where)
    before = stored()
    with django_assert_num_queries(5):  # savepoint in, three reads, savepoint out; no write
        counts = load_units(where)
    assert stored() == before
    assert {name: n for name, n in counts.items() if n} == {
        "units unchanged": 7,
        "versions unchanged": 7,
        "successions unchanged": 3,
    }


def test_a_changed_row_is_changed_and_its_unit_keeps_its_id(db, folder):
    load_units(folder())
    ids = set(AdministrativeUnit.objects.values_list("pk", flat=True))
    ward, province = unit("25217", "2026-01-01"), unit("75", "2026-01-01")
    rows = replaced(SMALL, 1, "2025-07-01,", "2025-07-01,2026-04-29")
    rows = replaced(rows, 5, "2025-07-01,2025-07-01,", "2025-07-01,2025-07-01,2026-04-29")
    rows += [
        "75,Thành phố Đồng Nai,thanh_pho_tw,province,,,2026-04-30,",
        "25217,Phường Phước Long,phuong,commune,75,2026-04-30,2026-04-30,",
    ]
    counts = load_units(folder(rows, replaced(LINKS, 2, "true", "false")))
    assert set(AdministrativeUnit.objects.values_list("pk", flat=True)) == ids
    assert counts["versions created"] == counts["versions changed"] == 1  # the province; the ward is as it was
    assert counts["successions changed"] == 1
    assert tree.version_on(province.pk, dt.date(2026, 4, 29)).name == "Tỉnh Đồng Nai"
    assert tree.version_on(province.pk, dt.date(2026, 4, 30)).name == "Thành phố Đồng Nai"
    assert ward.versions.count() == 1
    load_units(folder())
    assert province.versions.get().valid_to is None


def test_a_corrected_first_day_keeps_the_unit(db, folder):
    load_units(folder())
    old = unit("688", "2024-01-01")
    rows = [row.replace("688,2021-11-01", "688,2022-01-01") for row in SMALL]
    rows = replaced(rows, 2, "70,2021-11-01,2021-11-01", "70,2021-11-01,2022-01-01")
    rows = replaced(rows, 3, "2022-01-01,2021-11-01", "2022-01-01,2022-01-01")
    rows = replaced(rows, 4, "2022-01-01,2021-11-01", "2022-01-01,2022-01-01")
    links = [LINKS[0], *(link.replace("2021-11-01", "2022-01-01") for link in LINKS[1:])]
    counts = load_units(folder(rows, links))
    assert (counts["units changed"], counts["units created"]) == (3, 0)
    old.refresh_from_db()
    assert old.opened_on == old.versions.get().valid_from == dt.date(2022, 1, 1)


def test_a_unit_that_vanished_from_the_file_is_reported_and_kept(db, folder):
    load_units(folder())
    before = stored()
    with pytest.raises(UnitFilesRefused, match="25216 from 2021-11-01 is stored but no longer in the file"):
        load_units(folder(SMALL[:3] + SMALL[4:], [LINKS[0], LINKS[2]]))
    assert stored() == before


def test_reports_follow_a_corrected_tree(db, folder):
    load_units(folder())
    load_catalogue()
    ParticipatingArea.objects.create(unit=unit("70", "2024-10-14"), valid_from=dt.date(2021, 11, 1))
    period = Period.objects.create(year=2024, month=10, data_from=dt.date(2024, 9, 15), data_to=dt.date(2024, 10, 14))
    ward, district = unit("25216", "2024-10-14"), unit("688", "2024-10-14")
    version = tree.version_on(ward.pk, period.data_to)
    report = Report.objects.create(unit=ward, period=period, path=version.path, level=ward.level)
    assert settle_reports([ward.pk]) == (0, [])
    rows = [*SMALL, "690,Thị xã Bình Long,thi_xa,district,70,2021-11-01,2021-11-01,2025-06-30"]
    counts = load_units(folder(replaced(rows, 3, ",688,", ",690,")))
    assert counts["report paths changed"] == 1
    report.refresh_from_db()
    assert f"/{unit('690', '2024-10-14').pk}/" in report.path
    assert f"/{district.pk}/" not in report.path
    # the new place is found from the unit, the old one from the district it left; the new district owes a report now
    new_district = unit("690", "2024-10-14")
    assert set(RollupRequest.objects.values_list("unit_id", flat=True)) == {ward.pk, district.pk, new_district.pk}
    assert Report.objects.filter(unit=new_district, period=period, status="draft").exists()
    assert settle_reports([ward.pk, new_district.pk]) == (0, [])


def test_if_empty_loads_once(db, folder, capsys):
    call_command("load_units", folder=folder(), if_empty=True)
    assert capsys.readouterr().out.splitlines()[0] == "units: 7 created, 0 changed, 0 removed, 0 unchanged"
    call_command("load_units", folder=folder(replaced(SMALL, 5, "Phước Long", "Khác")), if_empty=True)
    assert capsys.readouterr().out == "Units are loaded already; nothing to do.\n"
    assert not UnitVersion.objects.filter(name="Phường Khác").exists()


# --- the shipped nation


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
