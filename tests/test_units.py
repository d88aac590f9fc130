"""The tree of a day, search, predecessors, joined series, and the pages of the units."""

import datetime as dt
import html
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.models import Period, PublicService, Report, ServiceFigures
from taskforces.models import AdministrativeUnit, Level, Role, UnitSuccession, UnitVersion, User
from taskforces.units import tree
from taskforces.units.loading import load_units
from tests.conftest import FIRST_NEW, LAST_OLD, START, make_person, make_unit

IN_2024, IN_2026 = dt.date(2024, 6, 14), dt.date(2026, 11, 21)


# --- the tree of a day, on the small world


def test_version_on_follows_names_and_ends_with_the_unit(world):
    assert tree.version_on(world.thac_mo.pk, LAST_OLD).name == "Phường Thác Mơ"
    assert tree.version_on(world.thac_mo.pk, FIRST_NEW) is None
    assert tree.version_on(world.phuoc_long.pk, LAST_OLD) is None
    assert tree.version_on(world.phuoc_long.pk, FIRST_NEW).name == "Phường Phước Long"


def test_children_and_ancestors_of_both_trees(world):
    assert [v.unit_id for v in tree.children_on(world.nation.pk, IN_2024)] == [world.binh_phuoc.pk]
    by_short_name = ["Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"]
    assert [v.name for v in tree.children_on(world.dong_nai.pk, IN_2026)] == by_short_name
    old = tree.version_on(world.thac_mo.pk, IN_2024)
    assert [v.name for v in tree.ancestors(old)] == ["Cả nước", "Tỉnh Bình Phước", "Thị xã Phước Long"]
    new = tree.version_on(world.phuoc_long.pk, IN_2026)
    assert [v.name for v in tree.ancestors(new, IN_2026)] == ["Cả nước", "Tỉnh Đồng Nai"]


def test_a_code_finds_another_unit_on_another_day(world):
    assert tree.find("25217", LAST_OLD).unit_id == world.long_thuy.pk
    assert tree.find("25217", FIRST_NEW).unit_id == world.phuoc_long.pk
    assert tree.find("99999", IN_2026) is None


def test_version_of_day_agrees_with_version_on(world):
    for unit in (world.thac_mo, world.phuoc_long):
        versions = list(unit.versions.all())
        for day in (IN_2024, LAST_OLD, FIRST_NEW, IN_2026):
            assert tree.version_of_day(versions, day) == tree.version_on(unit.pk, day)
    assert tree.version_of_day([], IN_2024) is None


def test_nearest_version_before_and_after_a_life(world):
    versions = list(world.thac_mo.versions.all())
    for day in (dt.date(2020, 1, 1), IN_2024, IN_2026):
        assert tree.nearest_version(versions, day) == versions[0]
    with pytest.raises(ValueError, match="at least one"):
        tree.nearest_version([], IN_2024)


def test_counts_below_count_both_trees(world):
    below = tree.counts_below([world.nation.pk, world.binh_phuoc.pk, world.tx_phuoc_long.pk], IN_2024)
    assert below[world.binh_phuoc.pk] == {"district": 2, "commune": 3}
    assert below[world.tx_phuoc_long.pk] == {"commune": 2}
    below = tree.counts_below([world.dong_nai.pk, world.lam_dong.pk], IN_2026)
    assert {pk: dict(counts) for pk, counts in below.items()} == {
        world.dong_nai.pk: {"commune": 3},
        world.lam_dong.pk: {"commune": 1},
    }


# --- search


def names(found):
    return [(v.name, v.unit.code) for v in found]


def test_search_needs_no_diacritics_and_covers_all_time(world):
    for text in ("phuoc long", "Phước Long", "PHUOC  LONG", "phước long"):
        found = tree.search(text)
        assert names(found) == [("Thị xã Phước Long", "688"), ("Phường Phước Long", "25217")], text
    assert names(tree.search("phuoc long", IN_2026)) == [("Phường Phước Long", "25217")]
    assert names(tree.search("tx phuoc long")) == []
    assert names(tree.search("huoc long")) == []  # words are found from their beginning
    assert names(tree.search("phuoc lo", IN_2026)) == [("Phường Phước Long", "25217")]
    assert names(tree.search("thi xa phuoc long")) == [("Thị xã Phước Long", "688")]


def test_search_by_code_and_with_signs(world):
    assert {v.unit_id for v in tree.search("25217")} == {world.long_thuy.pk, world.phuoc_long.pk}
    assert names(tree.search("688")) == [("Thị xã Phước Long", "688")]
    for text in ("", "   ", "%", "_", "'; --"):
        assert not tree.search(text).exists(), text


def test_exact_names_come_first(db):
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    province = make_unit("79", "Thành phố Hồ Chí Minh", "thanh_pho_tw", Level.PROVINCE, nation)
    for code, name in (("1", "Phường An Phú Đông"), ("2", "Phường Phú Đông"), ("3", "Xã Phú Đông Thượng")):
        make_unit(f"0000{code}", name, "xa" if name.startswith("Xã") else "phuong", Level.COMMUNE, province)
    assert [v.name for v in tree.search("phu dong")] == ["Phường Phú Đông", "Phường An Phú Đông", "Xã Phú Đông Thượng"]


# --- predecessors, successors, joined series


def commune(code, name, parent, opened, closed=None):
    return make_unit(code, f"Xã {name}", "xa", Level.COMMUNE, parent, opened=opened, closed=closed)


def link(before, after, day=FIRST_NEW, partial=False):
    return UnitSuccession.objects.create(
        predecessor=before, successor=after, effective_on=day, is_partial=partial, legal_basis="1662/NQ-UBTVQH15"
    )


@pytest.fixture
def land(db):
    """A province with two old communes (A, B), and one new (C)."""
    nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    province = make_unit("70", "Tỉnh Thử", "tinh", Level.PROVINCE, nation)
    a, b = (commune(code, name, province, START, LAST_OLD) for code, name in (("00001", "A"), ("00002", "B")))
    c = commune("00003", "C", province, FIRST_NEW)
    return province, a, b, c


def test_links_carry_the_name_of_that_time_and_the_part(land):
    _, a, b, c = land
    link(a, c)
    link(b, c, partial=True)
    found = tree.predecessors(c)
    assert [(x.version.name, x.is_partial, x.legal_basis, x.effective_on) for x in found] == [
        ("Xã A", False, "1662/NQ-UBTVQH15", FIRST_NEW),
        ("Xã B", True, "1662/NQ-UBTVQH15", FIRST_NEW),
    ]
    assert [x.version.name for x in tree.successors(b)] == ["Xã C"]
    assert tree.predecessors(a) == tree.successors(c) == []


def test_merged_units_are_added_and_undoing_gives_them_back(land):
    """A = 10 and B = 7 in May, merged in July: the joined line says 17; undone, 10 and 7 again."""
    _, a, b, c = land
    may = Period.objects.create(year=2025, month=5, data_from=dt.date(2025, 4, 15), data_to=dt.date(2025, 5, 14))
    service = PublicService.objects.create(code="DVC01", order=1, name="x", short_name="x", reporter="police")
    for unit, received in ((a, 10), (b, 7)):
        report = Report.objects.create(unit=unit, period=may, path=unit.versions.get().path, level=unit.level)
        ServiceFigures.objects.create(report=report, service=service, received_online=received)

    def line(unit):
        members, is_whole = tree.comparable_predecessors(unit)
        figures = ServiceFigures.objects.filter(report__period=may, report__unit_id__in=[unit.pk, *members])
        return sum(f.received_online for f in figures), is_whole

    links = [link(a, c), link(b, c)]
    assert line(c) == (17, True)
    for row in links:
        row.delete()
    assert (line(c), line(a), line(b)) == ((0, True), (10, True), (7, True))


def test_a_split_hands_history_to_nobody(land):
    """A went in part into C and D: neither takes its months, and the province's past total stays what it was."""
    province, a, b, c = land
    d = commune("00004", "D", province, FIRST_NEW)
    may = Period.objects.create(year=2025, month=5, data_from=dt.date(2025, 4, 15), data_to=dt.date(2025, 5, 14))
    reports = [Report.objects.create(unit=u, period=may, path=u.versions.get().path, level=u.level) for u in (a, b)]
    assert set(Report.objects.filter(period=may).under(province.pk)) == set(reports)
    link(a, c, partial=True)
    link(a, d, partial=True)
    link(b, d)
    assert tree.comparable_predecessors(c) == ([], False)
    assert tree.comparable_predecessors(d) == ([b.pk], False)
    assert set(Report.objects.filter(period=may).under(province.pk)) == set(reports)


def test_a_chain_is_followed_and_one_partial_link_breaks_it(land):
    province, a, b, c = land
    first = commune("00005", "E", province, START, dt.date(2024, 12, 31))
    second = commune("00006", "G", province, START, dt.date(2024, 12, 31))
    link(first, a, day=dt.date(2025, 1, 1))  # taken in while A lived on
    link(a, c)
    link(b, c)
    assert tree.comparable_predecessors(c) == ([a.pk, b.pk, first.pk], True)
    link(second, b, day=dt.date(2025, 1, 1), partial=True)
    assert tree.comparable_predecessors(c) == ([a.pk, b.pk, first.pk], False)


def test_a_line_holds_the_changes_after_one_day_up_to_another(land):
    """Both days of the change itself: what takes effect on the last day is in it, what did on the first is not."""
    _, a, b, c = land
    link(a, c)
    link(b, c, partial=True)
    before = FIRST_NEW - dt.timedelta(days=1)
    for days, is_in in (
        ({"until": FIRST_NEW}, True),
        ({"until": before}, False),
        ({"since": before}, True),
        ({"since": FIRST_NEW}, False),
    ):
        line = tree.joined_lines([c.pk], **days)[c.pk]
        assert line.members == ([c.pk, a.pk] if is_in else [c.pk]), days
        assert line.broken_on == ({FIRST_NEW} if is_in else set()), days


def test_giving_a_part_away_while_living_breaks_the_line_but_ending_in_parts_does_not(land):
    province, a, b, c = land
    link(a, c, partial=True)
    assert tree.comparable_predecessors(a) == ([], True)  # its own months are all of one territory
    other = commune("00007", "H", province, dt.date(2024, 11, 1))
    link(b, other, day=dt.date(2024, 11, 1), partial=True)
    assert tree.comparable_predecessors(b) == ([], False)


def test_districts_do_not_join_a_communes_line(world):
    """A link between two levels is for finding one's way, not for adding up."""
    link(world.tx_phuoc_long, world.phuoc_long, partial=True)
    link(world.thac_mo, world.phuoc_long)
    assert tree.comparable_predecessors(world.phuoc_long) == ([world.thac_mo.pk], True)


def test_joined_lines_of_many_units_cost_the_same_queries(land, django_assert_num_queries):
    province, a, _, c = land
    link(a, c)
    others = []
    for n in range(30):
        before = commune(f"1{n:04d}", f"Cũ {n}", province, START, LAST_OLD)
        after = commune(f"2{n:04d}", f"Mới {n}", province, FIRST_NEW)
        link(before, after, partial=n % 2 == 1)
        others.append((after.pk, before.pk, n % 2 == 0))
    with django_assert_num_queries(6):  # two steps back: three each
        joined = tree.comparable_predecessors_of([c.pk, *(after for after, _, _ in others)])
    assert joined[c.pk] == ([a.pk], True)
    for after, before, is_whole in others:
        assert joined[after] == (([before], True) if is_whole else ([], False))


# --- the pages; from here on the whole nation is loaded


def text_of(response):
    """What a person reads: tags out, white space single and none before a stop."""
    assert response.status_code == 200
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
    return re.sub(r" ([.,;])", r"\1", text)


def h1_of(response):
    heading = re.search(r"<h1>(.*?)</h1>", response.content.decode(), flags=re.S)[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", heading)).split())


def test_before_any_unit_is_loaded_the_page_says_so(db, client):
    client.force_login(User.objects.create(username="dau", full_name="Người Đầu"))
    assert h1_of(client.get(reverse("unit-list"))) == "Chưa nạp danh mục đơn vị"


@pytest.fixture(scope="module")
def shipped(django_db_setup, django_db_blocker):
    """The whole nation, loaded once for this file and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        loaded = load_units()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or PostgreSQL goes on reading the tables as if they had no rows
        yield loaded
        transaction.set_rollback(True)


@pytest.fixture
def reader(shipped, db, client, at):
    """A person of one new ward, logged in on 21 November 2026; the facts of every unit are open to all."""
    at("2026-11-21 09:00")
    ward = tree.find("25217", IN_2026).unit
    person = make_person("nhung", "Nguyễn Thị Hồng Nhung", ward, Role.LEADER, since=FIRST_NEW)
    client.force_login(person)
    return client


def page_of(code, day):
    return reverse("unit-detail", args=[tree.find(code, dt.date.fromisoformat(day)).unit_id])


def test_a_stranger_is_sent_to_the_login(db, client):
    for url in (reverse("unit-list"), reverse("unit-detail", args=[1])):
        response = client.get(url)
        assert response.status_code == 302
        assert reverse("account_login") in response.url


def test_a_person_without_a_posting_reads_the_facts(reader, client):
    client.force_login(User.objects.create(username="moi", full_name="Người Mới"))
    assert "34 tỉnh, thành phố" in h1_of(client.get(reverse("unit-list")))


def test_the_list_counts_the_units_of_the_day(reader):
    url = reverse("unit-list")
    assert h1_of(reader.get(url)) == "Cả nước có 34 tỉnh, thành phố; 3.321 xã, phường, đặc khu"
    assert h1_of(reader.get(url, {"ngay": "2022-07-01"})) == (
        "Cả nước có 63 tỉnh, thành phố; 705 huyện, quận, thị xã, thành phố; 10.599 xã, phường, thị trấn"
    )
    old = reader.get(url, {"ngay": "30/06/2025"})
    assert h1_of(old).startswith("Cả nước có 63 tỉnh, thành phố; 696 huyện")
    row = re.search(r"Tỉnh Bình Phước</a>.*?</tr>", old.content.decode(), flags=re.S)[0]
    assert re.findall(r'data-label="(Cấp huyện|Cấp xã)">([\d.]+)<', row) == [("Cấp huyện", "11"), ("Cấp xã", "111")]


def test_the_list_is_in_vietnamese_order(reader):
    body = reader.get(reverse("unit-list"), {"ngay": "2024-06-14"}).content.decode()
    found = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', body)
    assert len(found) == 63
    order = [name for name in found if name.split()[-1] in {"Giang", "Liêu", "Nẵng", "Lắk", "Nông", "Nai"}]
    assert order == [
        "Tỉnh An Giang",
        "Tỉnh Bạc Liêu",
        "Tỉnh Bắc Giang",
        "Thành phố Đà Nẵng",
        "Tỉnh Đắk Lắk",
        "Tỉnh Đắk Nông",
        "Tỉnh Đồng Nai",
        "Tỉnh Hà Giang",
        "Tỉnh Hậu Giang",
        "Tỉnh Kiên Giang",
        "Tỉnh Tiền Giang",
    ]


def test_a_day_before_the_first_and_no_day_at_all(reader):
    response = reader.get(reverse("unit-list"), {"ngay": "2020-01-01"})
    assert h1_of(response) == "Chưa có dữ liệu cho ngày 01/01/2020"
    assert "?ngay=2021-11-01" in response.content.decode()
    for wrong in ("hôm qua", "2025-02-30", "31/06/2025"):
        response = reader.get(reverse("unit-list"), {"ngay": wrong})
        assert "Ngày này không có. Nhập ngày theo dạng 09/08/2022. Trang đang hiện ngày 21/11/2026" in text_of(response)
        assert h1_of(response).startswith("Cả nước có 34")


def test_search_page_finds_the_ward_and_the_former_town(reader):
    response = reader.get(reverse("unit-list"), {"q": "phuoc long"})
    assert h1_of(response) == "13 đơn vị có tên hoặc mã chứa “phuoc long”"
    text = text_of(response)
    assert "Phường Phước Long Thành phố Đồng Nai 25217 01/07/2025 nay Đang mang tên này" in text
    assert "Thị xã Phước Long Tỉnh Bình Phước 688 01/11/2021 30/06/2025 Đã hết" in text
    assert "Dòng 1 – 14 trong 14" in text
    only = text_of(reader.get(reverse("unit-list"), {"q": "phuoc long", "ngay": "2025-06-30", "chi_ngay": "1"}))
    assert "Thị xã Phước Long" in only
    assert "Phường Phước Long Thành phố Đồng Nai" not in only


def test_search_is_cut_into_pages_that_say_so(reader):
    url = reverse("unit-list")
    total = tree.search("tan thanh").count()
    assert total > 50
    seen = []
    for page in range(1, (total - 1) // 50 + 2):
        response = reader.get(url, {"q": "tan thanh", "trang": page})
        first, last = (page - 1) * 50 + 1, min(page * 50, total)
        assert f"Dòng {first} – {last} trong {total}" in text_of(response)
        seen += [version.pk for version, _, _ in response.context["rows"]]
    assert sorted(seen) == sorted(tree.search("tan thanh").values_list("pk", flat=True))
    assert reader.get(url, {"q": "tan thanh", "trang": "cuoi"}).status_code == 200


def test_search_for_nothing_known_and_for_markup(reader):
    assert h1_of(reader.get(reverse("unit-list"), {"q": "zzzz"})).startswith("Không có đơn vị nào")
    body = reader.get(reverse("unit-list"), {"q": "<b>x</b>"}).content.decode()
    assert "<b>x</b>" not in body
    assert "&lt;b&gt;x&lt;/b&gt;" in body


def test_a_new_ward_with_its_predecessors(reader):
    response = reader.get(page_of("25217", "2026-11-21"))
    assert h1_of(response) == "Phường Phước Long đang hoạt động"
    text = text_of(response)
    assert "Hôm nay 21/11/2026 thuộc Thành phố Đồng Nai. Mã 25217, cấp xã." in text
    assert "Số liệu cũ cộng nối được: 4 đơn vị tiền thân chuyển trọn vẹn vào đây." in text
    assert "Phường Long Thủy Ngày 01/07/2025 · mã 25217 · căn cứ 1662/NQ-UBTVQH15 Toàn bộ" in text
    assert "Thị xã Phước Long Ngày 01/07/2025 · mã 688 · căn cứ 1662/NQ-UBTVQH15 Một phần" in text
    assert page_of("25216", "2024-01-01") in response.content.decode()


def test_a_ward_that_took_a_part_is_not_comparable(reader):
    text = text_of(reader.get(page_of("25750", "2026-11-21")))
    assert "Số liệu trước và sau sắp xếp không so sánh được." in text
    assert "Phường Hiệp Thành Ngày 01/07/2025 · mã 25741 · căn cứ 1685/NQ-UBTVQH15 Một phần" in text
    assert "Phường Phú Hòa Ngày 01/07/2025 · mã 25750 · căn cứ 1685/NQ-UBTVQH15 Toàn bộ" in text


def test_a_closed_district_shows_its_last_day_and_what_became_of_it(reader):
    url = page_of("688", "2024-01-01")
    response = reader.get(url)
    assert h1_of(response) == "Thị xã Phước Long đã kết thúc sau ngày 30/06/2025"
    text = text_of(response)
    assert "Ngày 30/06/2025 thuộc Tỉnh Bình Phước, có 7 xã, phường, thị trấn" in text
    assert "Hiện đủ 7 đơn vị" in text
    assert text.count("Một phần") == 2
    outside = text_of(reader.get(url, {"ngay": "2026-01-01"}))
    assert "Ngày 01/01/2026 không còn đơn vị này. Trang hiện ngày cuối cùng của đơn vị, 30/06/2025." in outside
    assert "chưa có đơn vị này" in text_of(reader.get(page_of("25217", "2026-11-21"), {"ngay": "2024-01-01"}))


def test_a_renamed_province_shows_both_names(reader):
    url = page_of("75", "2026-11-21")
    assert h1_of(reader.get(url)) == "Thành phố Đồng Nai đang hoạt động"
    response = reader.get(url, {"ngay": "2025-08-01"})
    assert h1_of(response) == "Tỉnh Đồng Nai nay là Thành phố Đồng Nai"
    text = text_of(response)
    assert "Ngày 01/08/2025 trực thuộc trung ương, có 95 xã, phường, đặc khu" in text
    assert "Thành phố Đồng Nai Thành phố trực thuộc trung ương Trung ương 30/04/2026 nay" in text
    assert "Tỉnh Đồng Nai Tỉnh Trung ương 01/07/2025 29/04/2026" in text


def test_links_keep_the_day(reader):
    body = reader.get(reverse("unit-list"), {"ngay": "2024-06-14"}).content.decode()
    province = page_of("70", "2024-06-14")
    assert f'href="{province}?ngay=2024-06-14"' in body
    body = reader.get(province, {"ngay": "2024-06-14"}).content.decode()
    assert f'href="{page_of("688", "2024-06-14")}?ngay=2024-06-14"' in body
    assert f'href="{reverse("unit-list")}?ngay=2024-06-14"' in body


def test_one_form_serves_both_the_day_and_the_search_of_a_units_page(reader):
    """Enter in either field does what the field says, without JavaScript."""
    url, province = reverse("unit-list"), page_of("75", "2026-11-21")
    unit_id = province.strip("/").split("/")[-1]
    assert f'name="don_vi" value="{unit_id}"' in reader.get(province).content.decode()
    day = reader.get(url, {"don_vi": unit_id, "ngay": "2025-08-01", "q": ""})
    assert (day.status_code, day.url) == (302, province + "?ngay=2025-08-01")
    wrong = reader.get(url, {"don_vi": unit_id, "ngay": "hom qua", "q": ""}, follow=True)
    assert "Ngày này không có." in text_of(wrong)
    assert h1_of(reader.get(url, {"don_vi": unit_id, "q": "ba chẽ"})) == "3 đơn vị có tên hoặc mã chứa “ba chẽ”"
    assert reader.get(url, {"don_vi": "x", "q": ""}).status_code == 200


def test_the_nation_and_unknown_units(reader):
    nation = AdministrativeUnit.objects.get(level=Level.NATION)
    response = reader.get(reverse("unit-detail", args=[nation.pk]), {"ngay": "2024-06-14"})
    assert (response.status_code, response.url) == (302, reverse("unit-list") + "?ngay=2024-06-14")
    assert reader.get(reverse("unit-detail", args=[999_999_999])).status_code == 404


def queries(client, url, data=None):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, data).status_code == 200
    return len(captured)


def test_query_counts_do_not_depend_on_the_number_of_rows(reader):
    url = reverse("unit-list")
    queries(reader, url)
    # list: 63 provinces or 34; search: 1 row or 50
    assert queries(reader, url) == queries(reader, url, {"ngay": "2024-06-14"}) <= 12
    assert queries(reader, url, {"q": "ba che", "chi_ngay": 1}) == queries(reader, url, {"q": "tan"}) <= 12
    # unit: a province with 168 communes or with 38, both merged or both not
    few, many = queries(reader, page_of("12", "2026-01-01")), queries(reader, page_of("38", "2026-01-01"))
    assert few == many <= 24
    # whatever it came from, a commune's page walks back in a bounded number of steps
    assert queries(reader, page_of("25217", "2026-01-01")) <= 24


def test_no_version_is_without_a_page(reader):
    """A sample over all levels and times: each page opens."""
    ids = list(UnitVersion.objects.exclude(unit__level=Level.NATION).order_by("pk").values_list("unit_id", flat=True))
    for unit_id in ids[:: len(ids) // 40]:
        assert reader.get(reverse("unit-detail", args=[unit_id])).status_code == 200
