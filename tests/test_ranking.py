"""Ranks of the units below a unit, by any measure, and of a unit among its peers; figures written by hand."""

import datetime as dt
import json
import re
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.models import Indicator, IndicatorFigure, KeptPage, KeptReading, Report, ReportingSettings
from reporting.reading.overview import overview
from reporting.reading.peers import peers_of
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Level, Role, UnitVersion
from tests.conftest import FIRST_NEW, LAST_OLD, make_person, make_unit
from tests.test_dashboard import build_bulk, hand_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

NOVEMBER = Span.parse("2026-11")


@pytest.fixture
def november(world, month, at):
    at("2026-11-18 09:00")
    return month("2026-11")


def page(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard"), {"ky": "2026-11", **query})


def ranks(world, by) -> dict[str, int | None]:
    rows = overview(world.dong_nai.pk, NOVEMBER, ranked_by=by).rows
    return {row.name.split(" ", 1)[1]: row.rank for row in rows if not row.is_own}


def changes(world) -> dict[str, int | None]:
    rows = overview(world.dong_nai.pk, NOVEMBER).rows
    return {row.name.split(" ", 1)[1]: row.rank_change for row in rows if not row.is_own}


def write_indicator(unit, period, code, numerator, denominator):
    report = Report.objects.get(unit=unit, period=period)
    IndicatorFigure.objects.create(
        report=report, indicator=Indicator.objects.get(code=code), numerator=numerator, denominator=denominator
    )


# Measures ------------------------------------------------------------------------------------------------------------


def test_one_service_ranks_by_its_own_rate_and_leads_to_its_rows(world, november, put, client):
    """Phước Long: births 18/20 and deaths 100/100; Phước Bình: births 19/20 and deaths 0/100, worse in all together."""
    put(world.phuoc_long, november, 20, early=18, overdue=2)
    put(world.phuoc_long, november, 100, early=100, service="DVC10")
    put(world.phuoc_binh, november, 20, early=19, overdue=1)
    put(world.phuoc_binh, november, 100, overdue=100, service="DVC10")
    put(world.phu_rieng, november, 100, early=100, service="DVC10")
    assert ranks(world, "dvc:DVC09") == {"Phước Bình": 1, "Phước Long": 2, "Phú Riềng": None}
    assert ranks(world, "dung-han") == {"Phú Riềng": 1, "Phước Long": 2, "Phước Bình": 3}
    answer = page(client, world.chair, xep_theo="dvc:DVC09")
    ranking = answer.context["ranking"]
    assert [(r["rank"], r["name"], r["value"]) for r in ranking["rows"]] == [
        (1, "Phường Phước Bình", "95,00%"),
        (2, "Phường Phước Long", "90,00%"),
    ]
    assert [name for name, _ in ranking["without"]] == ["Xã Phú Riềng"]
    found = client.get(ranking["rows"][1]["source"]).context["source"]
    assert (found.value, found.of, [row.unit_id for row in found.rows]) == (18, 20, [world.phuoc_long.pk])
    html = answer.content.decode()
    assert '<option value="dvc:DVC09" selected>' in html
    assert f'href="{reverse("dashboard")}?don_vi={world.phuoc_long.pk}&amp;ky=2026-11' in html


def test_low_is_best_where_the_catalogue_says_so(world, november, put, client):
    """Accounts are a state: 9 of 10 is what there is, so it needs no least volume."""
    put(world.phuoc_long, november, 1, dd04=(50, 100))
    put(world.phuoc_binh, november, 1, dd04=(9, 10))
    assert ranks(world, "ct:DD04") == {"Phước Bình": 1, "Phước Long": 2, "Phú Riềng": None}
    Indicator.objects.filter(code="DD04").update(direction="down")
    assert ranks(world, "ct:DD04") == {"Phước Long": 1, "Phước Bình": 2, "Phú Riềng": None}
    answer = page(client, world.chair, xep_theo="ct:DD04")
    assert [r["value"] for r in answer.context["ranking"]["rows"]] == ["50,00%", "90,00%"]
    assert "Thấp là tốt: thấp xếp trước." in answer.content.decode()
    Indicator.objects.filter(code="DD04").update(direction="none")
    assert page(client, world.chair, xep_theo="ct:DD04").status_code == 404


def test_punctuality_is_reports_on_time_of_those_owed(world, november, put, client):
    put(world.phuoc_long, november, 1)
    put(world.phuoc_binh, november, 1)
    Report.objects.filter(unit=world.phuoc_binh, period=november).update(is_late=True)
    assert ranks(world, "nop-bao-cao") == {"Phước Long": 1, "Phước Bình": 2, "Phú Riềng": 2}  # late, and not sent
    rows = page(client, world.chair, xep_theo="nop-bao-cao").context["ranking"]["rows"]
    assert [r["value"] for r in rows] == ["100,00%", "0,00%", "0,00%"]
    assert client.get(rows[0]["source"].partition("#")[0]).status_code == 200


@pytest.mark.parametrize("by", ["dvc:DVC99", "dvc:", "ct:DD99", "ct:TC02", "ct:DVC09", "DD04"])
def test_what_cannot_be_ranked_by_is_404(world, november, client, by):
    assert page(client, world.chair, xep_theo=by).status_code == 404


# Least volume, ties, change ------------------------------------------------------------------------------------------


def test_twenty_dossiers_are_ranked_and_nineteen_are_not(world, november, put, client):
    put(world.phuoc_long, november, 20, early=10, overdue=10)
    put(world.phuoc_binh, november, 19, early=19)
    assert ranks(world, "dung-han") == {"Phước Long": 1, "Phước Bình": None, "Phú Riềng": None}
    assert ranks(world, "truc-tuyen") == {"Phước Long": 1, "Phước Bình": None, "Phú Riềng": None}
    assert ranks(world, "tiep-nhan") == {"Phước Long": 1, "Phước Bình": 2, "Phú Riềng": None}  # a count is what it is
    answer = page(client, world.chair)
    ranking = answer.context["ranking"]
    assert [(r["name"], r["value"]) for r in ranking["few"]] == [("Phường Phước Bình", "100,00%")]
    assert [name for name, _ in ranking["without"]] == ["Xã Phú Riềng"]
    html = answer.content.decode()
    assert "ít hồ sơ, không xếp hạng" in html
    assert "Dưới 20 hồ sơ không xếp hạng." in html


def test_what_is_counted_in_the_span_needs_the_volume_too(world, november, put, client):
    for unit, numerator, denominator in ((world.phuoc_long, 10, 20), (world.phuoc_binh, 19, 19)):
        put(unit, november, 1)
        write_indicator(unit, november, "DV04", numerator, denominator)
    assert ranks(world, "ct:DV04") == {"Phước Long": 1, "Phước Bình": None, "Phú Riềng": None}
    assert "ít phiếu, không xếp hạng" in page(client, world.chair, xep_theo="ct:DV04").content.decode()


def test_equal_rates_share_a_rank(world, november, put):
    put(world.phuoc_long, november, 40, early=38, overdue=2)
    put(world.phuoc_binh, november, 20, early=19, overdue=1)
    put(world.phu_rieng, november, 100, early=94, overdue=6)
    assert ranks(world, "dung-han") == {"Phước Long": 1, "Phước Bình": 1, "Phú Riềng": 3}


@pytest.fixture
def two_months(world, month, put, at):
    """Phước Long second in October and first in November, Phước Bình the other way round."""
    at("2026-11-18 09:00")
    october, november = month("2026-10"), month("2026-11")
    put(world.phuoc_long, october, 40, early=30, overdue=10)
    put(world.phuoc_binh, october, 40, early=40)
    put(world.phuoc_long, november, 40, early=40)
    put(world.phuoc_binh, november, 40, early=39, overdue=1)
    return october, november


def test_a_rank_changes_among_the_same_units(world, two_months, client):
    assert changes(world) == {"Phước Long": 1, "Phước Bình": -1, "Phú Riềng": None}
    html = page(client, world.chair).content.decode()
    assert "So với tháng 10/2026" in html
    assert "Không so thứ hạng" not in html


@pytest.mark.parametrize("which", [0, 1])
def test_no_rank_changes_where_another_unit_is_ranked(world, two_months, put, client, which):
    """With Phú Riềng ranked in one month alone the others move without having done anything."""
    put(world.phu_rieng, two_months[which], 40, early=39, overdue=1)
    assert changes(world) == {"Phước Long": None, "Phước Bình": None, "Phú Riềng": None}
    html = page(client, world.chair).content.decode()
    assert "Không so thứ hạng với tháng 10/2026" in html
    assert "giữ hạng" not in html


def test_no_rank_changes_where_one_was_too_few(world, two_months, put):
    put(world.phu_rieng, two_months[0], 19, early=19)
    put(world.phu_rieng, two_months[1], 20, early=1, overdue=19)
    assert ranks(world, "dung-han")["Phú Riềng"] == 3
    assert changes(world) == {"Phước Long": None, "Phước Bình": None, "Phú Riềng": None}


def test_a_unit_that_moved_in_is_ranked_and_changes_no_rank(world, month, put, at):
    at("2026-11-18 09:00")
    moved = make_unit("90001", "Xã Dời Đi", "xa", Level.COMMUNE, world.lam_dong, opened=FIRST_NEW)
    old = UnitVersion.objects.get(unit=moved)
    old.valid_to = dt.date(2026, 10, 31)
    old.save()
    path = UnitVersion.objects.get(unit=world.dong_nai).path + f"{moved.pk}/"
    UnitVersion.objects.create(
        unit=moved, name=old.name, short_name=old.short_name, unit_type="xa", parent=world.dong_nai, path=path,
        search_key=old.search_key, sort_key=old.sort_key, valid_from=dt.date(2026, 11, 1),
    )  # fmt: skip
    october, november = month("2026-10"), month("2026-11")
    for period in (october, november):
        put(world.phuoc_long, period, 40, early=40)
        put(moved, period, 40, early=20, overdue=20)
    rows = {row.unit_id: row for row in overview(world.dong_nai.pk, NOVEMBER).rows}
    assert (rows[moved.pk].rank, rows[moved.pk].value[:2], rows[moved.pk].rank_change) == (2, (20, 40), None)
    assert (rows[world.phuoc_long.pk].rank, rows[world.phuoc_long.pk].rank_change) == (1, None)


@pytest.mark.parametrize("communes", [5, 95])
@pytest.mark.parametrize(("by", "more"), [("dvc:DVC09", 1), ("ct:DD04", 1), ("nop-bao-cao", 0)])
def test_a_chosen_measure_takes_one_query_however_many_units(world, month, client, at, communes, by, more):
    at("2026-11-18 09:00")
    build_bulk(world, communes - 3)
    hand_in([month("2026-11")])
    counts = []
    for query in ({}, {}, {"xep_theo": by}):  # the first fills the caches
        KeptReading.objects.all().delete()
        KeptPage.objects.all().delete()
        with CaptureQueriesContext(connection) as seen:
            assert page(client, world.chair, **query).status_code == 200
        counts.append(len(seen))
    assert counts[2] - counts[1] == more


# Ways ----------------------------------------------------------------------------------------------------------------


def test_chips_lead_to_the_report_and_of_several_to_the_unit(world, november, month, put, client, at):
    put(world.phuoc_long, november, 1)
    report = {
        unit.pk: reverse("report-detail", args=[Report.objects.get(unit=unit, period=november).pk])
        for unit in (world.phuoc_long, world.phu_rieng)
    }
    who = page(client, world.chair).context["who"]
    assert {c["name"]: c["url"] for c in who["chips"]} == {"Phường Phước Long": report[world.phuoc_long.pk]}
    assert {m["name"]: m["url"] for m in who["missing"]}["Xã Phú Riềng"] == report[world.phu_rieng.pk]
    for url in report.values():
        assert client.get(url).status_code == 200
    month("2026-10")
    quarter = page(client, world.chair, ky="2026-Q4").context["who"]["chips"]
    assert client.get(quarter[0]["url"]).context["seen"].unit_id == world.phuoc_long.pk


def test_months_of_the_chart_lead_to_their_pages(world, two_months, client):
    answer = page(client, world.chair, xep_theo="truc-tuyen", co_so="chinh-thuc")
    html = answer.content.decode()
    link = f"?don_vi={world.dong_nai.pk}&ky=2026-10&co_so=chinh-thuc&xep_theo=truc-tuyen"
    assert f'<a href="{link.replace("&", "&amp;")}">10/26</a>' in html
    drawn = json.loads(re.search(r'id="bieu-do-so-lieu"[^>]*>(.*?)</script>', html, re.S)[1])
    assert drawn["pages"][-2] == link
    assert drawn["pages"][0] == ""  # no month was open in December 2025
    assert client.get(reverse("dashboard") + link).context["seen"].span.key == "2026-10"


# Peers ---------------------------------------------------------------------------------------------------------------

OTHERS = {"Bình Lộc": 91, "Hàng Gòn": 97, "Xuân Lập": 98, "Bảo Vinh": 99, "Trảng Dài": 100}


@pytest.fixture
def wards(world, month, put, at):
    """Phước Long resolved 95 of 100 in time, five wards as in OTHERS; the communes and Lâm Đồng's wards not counted."""
    at("2026-11-18 09:00")
    top = UnitVersion.objects.get(unit=world.dong_nai)
    made = {}
    for k, name in enumerate(OTHERS):
        unit = AdministrativeUnit.objects.create(
            pk=73_000_001 + k, code=f"9{k:04d}", level=Level.COMMUNE, opened_on=FIRST_NEW
        )
        UnitVersion.objects.create(
            unit=unit, name=f"Phường {name}", short_name=name, unit_type="phuong", parent=world.dong_nai,
            path=f"{top.path}{unit.pk}/", search_key=name.lower(), sort_key=name.lower(), valid_from=FIRST_NEW,
        )  # fmt: skip
        made[name] = unit
    abroad = make_unit("98001", "Phường Lâm Viên", "phuong", Level.COMMUNE, world.lam_dong, opened=FIRST_NEW)
    period = month("2026-11")
    put(world.phuoc_long, period, 100, early=95, overdue=5)
    for name, early in OTHERS.items():
        put(made[name], period, 100, early=early, overdue=100 - early)
    put(world.phu_rieng, period, 100, early=10, overdue=90)
    put(abroad, period, 100, early=20, overdue=80)
    return made, period


def test_a_leader_sees_the_rank_and_the_spread_of_the_wards_and_no_name(world, wards, client):
    """91, 95, 97, 98, 99, 100: the middle is 97,5; a quarter of the way is 95 + 0,25 x 2, three quarters 98 + 0,75."""
    answer = page(client, world.leader)
    peers = answer.context["peers"]
    assert (peers["place"], peers["value"]) == ("Hạng 5 trong 6", "95,00%")
    assert peers["among"] == "phường của tỉnh Đồng Nai được xếp hạng"
    assert peers["spread"] == (
        "Ở giữa: 97,50%; một nửa số đơn vị từ 95,50% đến 98,75%; thấp nhất 91,00%; cao nhất 100,00%."
    )
    assert peers["strip"]["own"] == "44.4%"  # (95 - 91) / (100 - 91)
    html = answer.content.decode()
    assert peers["spread"] in html
    for name, unit in wards[0].items():
        assert name not in html
        assert str(unit.pk) not in html
    assert client.get(peers["source"]).context["source"].value == 95


def test_the_list_is_named_where_the_province_opened_it(world, wards, client):
    ReportingSettings.load()
    ReportingSettings.objects.update(peers_named=True)
    answer = page(client, world.leader)
    assert [(r["rank"], r["name"], r["is_own"]) for r in answer.context["peers"]["named"]] == [
        (1, "Phường Trảng Dài", False),
        (2, "Phường Bảo Vinh", False),
        (3, "Phường Xuân Lập", False),
        (4, "Phường Hàng Gòn", False),
        (5, "Phường Phước Long", True),
        (6, "Phường Bình Lộc", False),
    ]
    html = answer.content.decode()
    assert "Phường Trảng Dài" in html
    assert not any(str(unit.pk) in html for unit in wards[0].values())  # their pages stay closed


@pytest.mark.parametrize("dossiers", [0, 19, 20])
def test_fewer_than_five_ranked_peers_are_not_shown(world, wards, put, client, dossiers):
    made, period = wards
    report = Report.objects.get(unit=made["Bình Lộc"], period=period)
    report.service_figures.all().delete()
    if dossiers:
        put(made["Bình Lộc"], period, dossiers, early=dossiers)
    answer = page(client, world.leader)
    assert (answer.context["peers"] is not None) == (dossiers == 20)
    assert ("Hạng của đơn vị" in answer.content.decode()) == (dossiers == 20)


def test_a_unit_without_a_rank_still_sees_its_peers(world, wards, put, client):
    period = wards[1]
    sixth = make_person("lanhdao6", "Lê Thị Sáu", world.phuoc_binh, Role.LEADER)
    peers = page(client, sixth).context["peers"]
    assert (peers["place"], peers["value"]) == ("Chưa có số liệu, không xếp hạng", "")
    assert peers["among"] == "(6 phường của tỉnh Đồng Nai được xếp hạng)"
    put(world.phuoc_binh, period, 19, early=19)
    peers = page(client, sixth).context["peers"]
    assert (peers["place"], peers["value"]) == ("Ít hồ sơ, không xếp hạng", "100,00%")
    assert peers["strip"]["own"] == ""


def test_peers_are_ranked_by_what_is_chosen(world, wards, client):
    Report.objects.filter(unit=world.phuoc_long).update(is_late=True)
    answer = page(client, world.leader, xep_theo="nop-bao-cao")
    peers = answer.context["peers"]
    assert (peers["place"], peers["value"]) == ("Hạng 6 trong 7", "0,00%")  # Phước Bình owes one and sent none
    by_volume = page(client, world.leader, xep_theo="tiep-nhan").context["peers"]
    assert (by_volume["place"], by_volume["value"], by_volume["strip"]) == ("Hạng 1 trong 6", "100", None)


@pytest.mark.parametrize("communes", [6, 95])
def test_peers_take_as_few_queries_however_many(world, month, at, django_assert_num_queries, communes):
    at("2026-11-18 09:00")
    build_bulk(world, communes - 1)  # and Phú Riềng
    hand_in([month("2026-11")])
    ReportingSettings.load()
    seen = overview(world.phu_rieng.pk, NOVEMBER, ranked_by="tiep-nhan")
    with django_assert_num_queries(6):  # what is kept, names, values, and keeping them: three with its savepoint
        found = peers_of(seen)
    assert (found.rank, found.total) == (1, communes)
    with django_assert_num_queries(1):
        assert peers_of(seen) == found


def test_peers_of_three_tiers_are_those_of_the_province(world, month, put, at):
    """Wards of every town of the province, and towns with all that is under them."""
    at("2024-11-18 09:00")
    towns = [
        make_unit(f"79{k}", f"Thị xã Số {k}", "thi_xa", Level.DISTRICT, world.binh_phuoc, closed=LAST_OLD)
        for k in range(4)
    ]
    wards = [
        make_unit(f"2900{k}", f"Phường Số {k}", "phuong", Level.COMMUNE, town, closed=LAST_OLD)
        for k, town in enumerate(towns)
    ]
    period = month("2024-11")
    put(world.thac_mo, period, 30, early=30)
    put(world.long_thuy, period, 20, early=10, overdue=10)
    put(world.an_loc, period, 20, early=12, overdue=8)
    for k, ward in enumerate(wards):
        put(ward, period, 100, early=90 + k, overdue=10 - k)
    rollup.roll_up(period)
    ward = peers_of(overview(world.thac_mo.pk, Span.parse("2024-11")))
    assert (ward.rank, ward.total, ward.value[:2]) == (1, 7, (30, 30))
    assert (ward.spread[0], ward.spread[2], ward.spread[-1]) == (Fraction(1, 2), Fraction(91, 100), 1)
    town = peers_of(overview(world.tx_phuoc_long.pk, Span.parse("2024-11")))
    assert (town.rank, town.total, town.value[:2]) == (5, 6, (40, 50))  # 80 %: before Bình Long's 60 %
    assert peers_of(overview(world.binh_phuoc.pk, Span.parse("2024-11"))) is None
