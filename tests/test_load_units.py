"""Loading units: every refusal with file and line, nothing saved by halves; twice the same; one body, one unit."""

import datetime as dt
import re
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from de_an_06.plain.vietnamese import sort_key
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


BEFORE, AFTER = "2021-11-01,2024-12-31", "2025-01-01,2025-06-30"
DISTRICT = "476,{},thi_xa,district,70,2021-11-01,{}"
OTHERS = [f"48{n},Huyện Khác,huyen,district,70,2021-11-01,2021-11-01,2025-06-30" for n in (0, 1)]
RENAMED = "476,2021-11-01,476,2025-01-01,2025-01-01,false,x"


@pytest.mark.parametrize(
    ("names", "times", "links", "bodies"),
    [
        (("Thị xã A", "Thị xã A"), (BEFORE, AFTER), [], 1),
        (("Thị xã A", "Thị xã A"), ("2021-11-01,2024-12-30", AFTER), [], 2),  # a day on which there was none
        (("Thị xã A", "Thị xã B"), (BEFORE, AFTER), [], 2),
        (("Thị xã A", "Thị xã B"), (BEFORE, AFTER), [RENAMED], 1),
        (("Thị xã A", "Thị xã B"), (BEFORE, AFTER), [RENAMED.replace("false", "true")], 2),  # B is a part of A
        # A gave another part away that day, or B took one in: more than a change of name
        (("Thị xã A", "Thị xã B"), (BEFORE, AFTER), [RENAMED, "476,2021-11-01,480,2021-11-01,2025-01-01,true,x"], 2),
        (("Thị xã A", "Thị xã B"), (BEFORE, AFTER), [RENAMED, "480,2021-11-01,476,2025-01-01,2025-01-01,true,x"], 2),
    ],
)
def test_which_rows_of_a_code_are_one_body(db, folder, names, times, links, bodies):
    load_units(folder([SMALL[0], *map(DISTRICT.format, names, times), *OTHERS], links))
    assert AdministrativeUnit.objects.filter(code="476").count() == bodies


def test_a_province_of_1_july_2025_is_a_new_body_under_its_old_name(db, folder):
    rows = ["75,Tỉnh Đồng Nai,tinh,province,,,2021-11-01,2025-06-30", SMALL[1]]
    load_units(folder(rows, []))
    assert AdministrativeUnit.objects.filter(code="75").count() == 2


def test_a_code_used_again_later_does_not_inherit_the_reports_of_the_body_before(db, folder):
    """The row of the old ward is lost from the file: refused, its unit does not become the ward of 2025."""
    load_units(folder(SMALL[:5], []))
    before = stored()
    with pytest.raises(UnitFilesRefused, match="25217 from 2021-11-01 is stored but no longer in the file"):
        load_units(folder([*SMALL[:4], SMALL[5]], []))
    assert stored() == before


def test_a_body_that_could_be_either_of_two_takes_the_place_of_neither(db, folder):
    """Two lives of one code made one, its first day corrected besides: nobody can tell whose reports it has."""
    load_units(folder([SMALL[0], *map(DISTRICT.format, ("Thị xã A", "Thị xã B"), (BEFORE, AFTER))], []))
    with pytest.raises(UnitFilesRefused) as refused:
        load_units(folder([SMALL[0], DISTRICT.format("Thị xã A", "2022-01-01,2025-06-30")], []))
    assert [problem.reason[:19] for problem in refused.value.problems] == ["476 from 2021-11-01", "476 from 2025-01-01"]


def test_a_corrected_last_day_is_the_units_too(db, folder):
    load_units(folder())
    old = unit("25217", "2026-01-01")
    load_units(folder(replaced(SMALL, 5, "2025-07-01,2025-07-01,", "2025-07-01,2025-07-01,2026-04-29")))
    old.refresh_from_db()
    assert old.closed_on == old.versions.get().valid_to == dt.date(2026, 4, 29)


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


@pytest.mark.parametrize(
    ("names", "kinds", "versions"),
    [
        (("Thị xã A", "Thị xã A"), ("thi_xa", "thi_xa"), 1),
        (("Thị xã A", "Thành phố A"), ("thi_xa", "thi_xa"), 2),
        (("Thị xã A", "Thị xã A"), ("huyen", "thi_xa"), 2),
    ],
)
def test_another_name_or_type_is_another_version(db, folder, names, kinds, versions):
    rows = [
        DISTRICT.format(name, time).replace("thi_xa", kind)
        for name, time, kind in zip(names, (BEFORE, AFTER), kinds, strict=True)
    ]
    load_units(folder([SMALL[0], *rows], []))
    found = AdministrativeUnit.objects.get(code="476").versions.order_by("valid_from")
    assert [(v.name, v.unit_type) for v in found] == list(zip(names, kinds, strict=True))[:versions]


def test_another_short_name_is_another_version(db, folder):
    where = folder([SMALL[0], *map(DISTRICT.format, ("Thị xã A", "Thị xã A"), (BEFORE, AFTER))], [RENAMED])
    text = (where / "units.csv").read_text(encoding="utf-8")
    old = "476,Thị xã A,A,thi_xa,district,70,2021-11-01,2025-01-01"
    (where / "units.csv").write_text(text.replace(old, old.replace(",A,", ",A mới,")), encoding="utf-8")
    load_units(where)
    assert [v.short_name for v in AdministrativeUnit.objects.get(code="476").versions.order_by("valid_from")] == [
        "A",
        "A mới",
    ]


def test_all_of_a_corrected_row_is_stored(db, folder):
    """The same ward, from the same day on: another name, district, source, and its first day is only about right."""
    load_units(folder())
    ward = unit("25216", "2024-01-01")
    rows = [*SMALL, "690,Thị xã Bình Long,thi_xa,district,70,2021-11-01,2021-11-01,2025-06-30"]
    where = folder(replaced(replaced(rows, 3, "Phường Thác Mơ", "Phường Ân Phú"), 3, ",688,", ",690,"))
    text = (where / "units.csv").read_text(encoding="utf-8").splitlines()
    text[4] = text[4].replace(",exact,luật", ",snapshot,nghị định")
    (where / "units.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    counts = load_units(where)
    assert (counts["versions changed"], counts["versions unchanged"]) == (1, 6)
    version = ward.versions.get()
    assert (version.name, version.short_name, version.search_key) == ("Phường Ân Phú", "Ân Phú", "phuong an phu")
    assert version.sort_key == sort_key("Ân Phú")
    assert version.parent == unit("690", "2024-01-01")
    assert version.path.endswith(f"/{version.parent_id}/{ward.pk}/")
    assert (version.valid_from_is_exact, version.source) == (False, "nghị định")


def test_successions_are_what_the_file_says_now(db, folder):
    load_units(folder())
    changed = replaced(replaced(LINKS, 1, "1662", "1663"), 2, "true", "false")
    counts = load_units(folder(links=changed))
    assert (counts["successions changed"], counts["successions unchanged"]) == (2, 1)
    stored_links = UnitSuccession.objects.filter(successor__code="25217").order_by("predecessor__code")
    assert [(s.legal_basis, s.is_partial) for s in stored_links] == [
        ("1663/NQ-UBTVQH15", False),
        ("1662/NQ-UBTVQH15", False),
    ]
    assert load_units(folder(links=changed[:2]))["successions removed"] == 1
    assert [s.predecessor.code for s in UnitSuccession.objects.filter(successor__code="25217")] == ["25216"]


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
