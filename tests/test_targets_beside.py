"""Targets where figures are read: cards, tables, trend, ranks, entry page, Excel."""

from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports.excel import write_summary
from reporting.models import Basis, KeptPage, Report, ReportingSettings, Target
from reporting.rollup import rollup
from tests.test_against_targets import give, say
from tests.test_register_pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def november(world, month, put, at):
    """October and November: Phước Long 98 of 100 online and 90 of 100 in time, Phước Bình 50 and 100; all approved."""
    at("2026-11-18 09:00")
    periods = [month("2026-10"), month("2026-11")]
    for period in periods:
        put(world.phuoc_long, period, 98, 2, early=90, overdue=10, status="approved", dd04=(60, 100))
        put(world.phuoc_binh, period, 50, 50, early=100, status="approved", dd04=(80, 100))
        rollup.roll_up(period)
    return periods[1]


def dashboard(client, person, **query):
    client.force_login(person)
    return client.get(reverse("dashboard"), {"ky": "2026-11"} | query)


def test_cards_and_tables_say_target_and_assessment(client, world, november):
    give(world.dong_nai, 80, rate="online_rate")
    give(world.dong_nai, 95, rate="in_time_rate", month=11)
    give(world.dong_nai, 99, rate="in_time_rate", month=10)  # another month's
    give(world.dong_nai, 70, "DD04")
    give(world.dong_nai, 90, service="DVC09", rate="online_rate")
    page = dashboard(client, world.chair)
    cards = {card["source"]: card["targets"] for card in page.context["stats"]}
    at_least = "≥\N{NO-BREAK SPACE}"
    assert cards["online_rate"] == [(f"Chỉ tiêu năm 2026: {at_least}80%; đạt 74,00% (chưa đạt)", "t-bad")]  # 296 of 400
    assert cards["in_time_rate"] == [(f"Chỉ tiêu tháng 11/2026: {at_least}95%; đạt 95,00% (đạt)", "t-ok")]  # 190 of 200
    assert cards["DD04"] == [(f"Chỉ tiêu năm 2026: {at_least}70%; đạt 70,00% (đạt)", "t-ok")]  # 140 of 200
    words = text_of(page)
    assert "Trực tuyến: chỉ tiêu năm 2026: ≥ 90%; đạt 74,00% (chưa đạt)" in words
    assert words.count("Chỉ tiêu năm 2026: ≥ 70%") == 2  # card and table
    assert "Đường chấm: chỉ tiêu năm 2026, trực tuyến ≥ 80%." in words
    assert (page.context["chart"]["online_target"], page.context["chart"]["in_time_target"]) == (80.0, None)


def test_an_earlier_month_knows_no_later_figures_and_another_year_no_target(client, world, november):
    give(world.phuoc_long, 100, "DD04", year=2027)
    give(world.phuoc_long, 200, service="DVC09", rate="online_rate", year=2025)
    page = dashboard(client, world.officer, ky="2026-10")
    assert {card["source"]: card["targets"] for card in page.context["stats"]}["DD04"] == []
    give(world.phuoc_long, 50, "DD04")
    Report.objects.filter(unit=world.phuoc_long, period=november).update(status="submitted")
    page = dashboard(client, world.officer)  # November is provisional, October stands
    [line] = {card["source"]: card["targets"] for card in page.context["stats"]}["DD04"]
    assert line[0] == "Chỉ tiêu năm 2026: ≥\N{NO-BREAK SPACE}50%; đạt 60,00% (vượt)"


def test_targets_cost_a_page_the_same_however_many(client, world, november, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    give(world.dong_nai, 80, rate="online_rate")
    give(world.dong_nai, 80, "DD04")
    give(world.dong_nai, 80, "DD04", month=11)
    give(world.dong_nai, 80, rate="in_time_rate", month=11)
    dashboard(client, world.chair)
    KeptPage.objects.all().delete()
    with CaptureQueriesContext(connection) as few:
        dashboard(client, world.chair)
    for n in range(1, 26):
        give(world.dong_nai, 80, service=f"DVC{n:02d}", rate="online_rate")
    for code in ("HT01", "TT01", "TC07", "YT01"):
        give(world.dong_nai, 80, code)
    with django_assert_num_queries(len(few)):
        dashboard(client, world.chair)


# Ranks ---------------------------------------------------------------------------------------------------------------


def ranks(page):
    return [(row["rank"], row["name"], row["value"]) for row in page.context["ranking"]["rows"]]


def test_units_are_ranked_by_how_much_of_their_target_is_reached(client, world, november):
    give(world.phuoc_long, 40, "DD04")  # 60 % of 40 % is 150 %
    give(world.phuoc_binh, 80, "DD04")  # 80 % of 80 % is 100 %
    give(world.da_huoai, 1, "DD04")
    page = dashboard(client, world.chair, xep_theo="giao:DD04")
    assert ranks(page) == [(1, "Phường Phước Long", "150,00%"), (2, "Phường Phước Bình", "100,00%")]
    assert [name for name, _ in page.context["ranking"]["without"]] == ["Xã Phú Riềng"]  # has none
    offered = dict(page.context["rankings"])["Mức đạt chỉ tiêu được giao năm nay"]
    assert [(key, chosen) for key, _, chosen in offered] == [("giao:DD04", True)]
    Target.objects.filter(unit=world.phuoc_long).update(value=Decimal(120))
    page = dashboard(client, world.chair, xep_theo="giao:DD04")
    assert ranks(page)[0] == (1, "Phường Phước Bình", "100,00%")


def test_ranked_by_the_target_of_a_service(client, world, november):
    for unit in (world.phuoc_long, world.phuoc_binh):
        give(unit, 90, service="DVC09", rate="in_time_rate")
        give(unit, 50, rate="online_rate")
    page = dashboard(client, world.chair, xep_theo="giao:DVC09.in_time_rate")
    assert [row["name"] for row in page.context["ranking"]["rows"]] == ["Phường Phước Bình", "Phường Phước Long"]
    page = dashboard(client, world.chair, xep_theo="giao:online_rate")
    assert ranks(page) == [(1, "Phường Phước Long", "196,00%"), (2, "Phường Phước Bình", "100,00%")]
    assert dashboard(client, world.chair, xep_theo="giao:DVC99.online_rate").status_code == 404


def test_a_rate_of_few_dossiers_is_listed_against_its_target_and_not_ranked(client, world, november, put):
    """Of the least volume units are ranked, of one fewer listed; ties share a rank; without figures there is none."""
    ReportingSettings.objects.update_or_create(pk=1, defaults={"fewest_dossiers": 200})
    give(world.phuoc_long, 45, rate="in_time_rate")  # 180 of 200 in time: 90 % of 45 % is twice
    give(world.phuoc_binh, 50, rate="in_time_rate")  # 200 of 200 in time: twice, too
    give(world.phu_rieng, 50, rate="in_time_rate")  # reported nothing
    found = dashboard(client, world.chair, xep_theo="giao:in_time_rate").context["ranking"]
    assert [(row["rank"], row["value"]) for row in found["rows"]] == [(1, "200,00%"), (1, "200,00%")]
    assert (found["few"], [name for name, _ in found["without"]]) == ([], ["Xã Phú Riềng"])
    ReportingSettings.objects.update(fewest_dossiers=201)
    found = dashboard(client, world.chair, xep_theo="giao:in_time_rate").context["ranking"]
    assert (found["rows"], found["few_words"]) == ([], "ít hồ sơ, không xếp hạng")
    assert sorted((row["name"], row["value"]) for row in found["few"]) == [
        ("Phường Phước Bình", "200,00%"),
        ("Phường Phước Long", "200,00%"),
    ]


def test_a_state_and_a_count_are_ranked_against_their_target_however_small(client, world, november):
    for indicator in ("DD04", "TT01", "DV02"):  # a state, a count, and what is counted in the span
        give(world.phuoc_long, 30, indicator)
    say(world.phuoc_long, november, "TT01", 15)
    say(world.phuoc_long, november, "DV02", 9, 10)
    ReportingSettings.objects.update_or_create(pk=1, defaults={"fewest_dossiers": 10_000})
    assert ranks(dashboard(client, world.chair, xep_theo="giao:DD04")) == [(1, "Phường Phước Long", "200,00%")]
    assert ranks(dashboard(client, world.chair, xep_theo="giao:TT01")) == [(1, "Phường Phước Long", "50,00%")]
    found = dashboard(client, world.chair, xep_theo="giao:DV02").context["ranking"]
    assert (found["rows"], len(found["few"])) == ([], 1)


# Entry page and Excel ------------------------------------------------------------------------------------------------


def test_the_officer_reads_the_targets_beside_the_boxes(client, world, november):
    give(world.phuoc_long, 50, "DD04")
    give(world.phuoc_long, 95, service="DVC09", rate="in_time_rate")
    client.force_login(world.officer)
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    words = text_of(client.get(reverse("report-entry", args=[report.pk])))
    assert "Chỉ tiêu năm 2026: ≥ 50%; đạt 60,00% (vượt)" in words
    assert "Chỉ tiêu năm 2026: ≥ 95%; đạt 90,00% (chưa đạt) – trước và đúng hạn" in words


def test_the_summary_in_excel_has_target_and_assessment(world, november, tmp_path):
    give(world.dong_nai, 70, "DD04")
    give(world.dong_nai, 90, service="DVC09", rate="online_rate")
    path = tmp_path / "tong-hop.xlsx"
    write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis=Basis.OFFICIAL, by=world.staff)
    book = openpyxl.load_workbook(path)
    cells = {str(cell.value) for name in ("Chỉ tiêu", "Theo dịch vụ") for row in book[name].iter_rows() for cell in row}
    assert {"Chỉ tiêu giao", "Đạt được (chính thức), đánh giá"} <= cells
    assert {"năm 2026: ≥\N{NO-BREAK SPACE}70%", "năm 2026: 70,00% đạt"} <= cells
    assert {"Trực tuyến, năm 2026: ≥\N{NO-BREAK SPACE}90%", "Trực tuyến, năm 2026: 74,00% chưa đạt"} <= cells
