"""Units side by side: over services, over twelve months, and by how they handed in; figures written by hand.

Random worlds are held against the independent model by tests/oracle (kinds "grid", "lines" and "board").
"""

import datetime as dt
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from de_an_06.plain.numbers import format_rate, hundredths
from reporting.entry.checks import ServiceRow, check_report
from reporting.figures import FIGURE_FIELDS, TYPED_FIELDS
from reporting.models import Indicator, IndicatorFigure, PublicService, Report, ServiceFigures
from reporting.reading.board import BoardRow, Square, copied_reports
from reporting.reading.heat import MEASURES, TargetTally
from reporting.rollup import rollup
from reporting.views.heat_tables import _square, look_of, text_of
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import FIRST_NEW, make_unit
from tests.test_against_targets import give
from tests.test_dashboard import build_bulk, hand_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

GRID, LINES, BOARD = "dashboard-heat", "dashboard-lines", "dashboard-board"
IN_TIME, ONLINE, VOLUME, OVERDUE = (replace(measure, fewest=20) for measure in MEASURES.values())


@pytest.fixture
def put(fill):
    """Hand in a report of one service; `stuck` are pending beyond their time."""

    def write(unit, period, online, in_person=0, early=0, late=0, stuck=0, service="DVC09", status="submitted"):
        report = Report.objects.select_related("period").get(unit=unit, period=period)
        if report.status != status:
            fill(report, services=[], status=status)
        ServiceFigures.objects.create(
            report=report, service=PublicService.objects.get(code=service), opening=0, received_online=online,
            received_in_person=in_person, received_postal=0, resolved_early=early, resolved_on_time=0,
            resolved_overdue=late, rejected=0, pending_in_time=0, pending_overdue=stuck,
        )  # fmt: skip
        return report

    return write


def look(client, user, name=GRID, **query):
    client.force_login(user)
    return client.get(reverse(name), {"ky": "2026-11", **query})


def rows_of(answer):
    return [(row["name"], row["total"]) for row in answer.context["heat"]["rows"]]


# The grid ------------------------------------------------------------------------------------------------------------


def test_the_worst_unit_is_first_and_few_dossiers_are_not_judged(world, month, put, client, at):
    """19 dossiers are listed after all that are judged, whatever their rate; of equal rates the heavier is first."""
    at("2026-11-18 09:00")
    names = ("Xã Chín Lăm", "Xã Chín Lăm Nặng", "Xã Hai Mươi", "Xã Mười Chín")
    ninety_five, heavy, twenty, nineteen = (
        make_unit(f"9020{k}", name, "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
        for k, name in enumerate(names)
    )
    period = month("2026-11")
    put(world.phuoc_long, period, 1000, early=999, late=1)
    put(nineteen, period, 19, late=19)
    put(twenty, period, 20, early=10, late=10)
    put(ninety_five, period, 100, early=95, late=5)
    put(heavy, period, 200, early=190, late=10)
    put(world.phuoc_binh, period, 5)  # nothing resolved: no rate
    answer = look(client, world.chair)
    assert rows_of(answer) == [
        ("Xã Hai Mươi", "50,00"),
        ("Xã Chín Lăm Nặng", "95,00"),
        ("Xã Chín Lăm", "95,00"),
        ("Phường Phước Long", "99,90"),
        ("Xã Mười Chín", "0,00"),
        ("UBND tỉnh Đồng Nai (cấp tỉnh)", ""),  # without a value as listed
        ("Xã Phú Riềng", ""),
        ("Phường Phước Bình", "–"),
    ]
    looks = {row["name"]: row["cells"] and row["cells"][0] for row in answer.context["heat"]["rows"]}
    assert looks["Xã Mười Chín"] == ("0,00", "few")
    assert looks["Xã Hai Mươi"] == ("50,00", "s5")
    assert looks["Xã Chín Lăm"] == ("95,00", "s3")
    assert "<h1>Tỉnh Đồng Nai, tháng 11/2026: 1/4 đơn vị dưới 95% trước và đúng hạn</h1>" in answer.content.decode()
    listed = [name for name, _ in rows_of(look(client, world.chair, thu_tu="danh-sach"))]
    assert listed[:3] == ["UBND tỉnh Đồng Nai (cấp tỉnh)", "Xã Chín Lăm", "Xã Chín Lăm Nặng"]


def test_no_report_is_an_empty_row_and_an_unreported_service_an_empty_cell(world, month, put, client, at):
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 0, service="DVC09")
    put(world.phuoc_binh, period, 30, service="DVC12")
    silent = put(world.phu_rieng, period, 0)
    ServiceFigures.objects.filter(report=silent).update(**dict.fromkeys(FIGURE_FIELDS))
    heat = look(client, world.chair, do="tiep-nhan").context["heat"]
    rows = {row["name"]: row for row in heat["rows"]}
    assert [so for *_, so, _ in heat["heads"]] == ["DVC09.received", "DVC12.received"]
    assert rows["Phường Phước Long"]["cells"] == [("0", "v0"), ("", "n")]  # a reported zero, and nothing
    assert rows["Phường Phước Bình"]["cells"] == [("", "n"), ("30", "v2")]
    own = rows["UBND tỉnh Đồng Nai (cấp tỉnh)"]
    assert (own["cells"], own["message"]) == ([], "Chưa nộp")
    assert (rows["Xã Phú Riềng"]["cells"], rows["Xã Phú Riềng"]["message"]) == ([], "Báo cáo không có số này")
    assert (heat["foot"], heat["total"]) == (["0", "30"], "30")


@pytest.mark.parametrize("key", MEASURES)
@pytest.mark.parametrize("span", ["2026-11", "2026-Q4"])
@pytest.mark.parametrize("basis", ["tam-tinh", "chinh-thuc"])
def test_each_cell_is_the_sum_of_its_rows_and_the_totals_are_the_dashboards(
    world, month, put, client, at, key, span, basis
):
    at("2026-11-18 09:00")
    for name, more in (("2026-10", 7), ("2026-11", 0)):
        period = month(name)
        put(world.phuoc_long, period, 90 + more, 10, early=60, late=40, stuck=3, status="approved")
        put(world.phuoc_long, period, 40, early=39, late=1, service="DVC12", status="approved")
        put(world.phuoc_binh, period, 30 + more, 1, early=31, stuck=4)
        put(world.dong_nai, period, 8, early=4, late=4, stuck=1, service="DVC12", status="approved")
        rollup.roll_up(period)
    measure = MEASURES[key]
    heat = look(client, world.chair, do=key, ky=span, co_so=basis).context["heat"]
    columns = [so for *_, so, _ in heat["heads"]]
    checked = 0
    for row in [*heat["rows"], {"part": "", "cells": [(text, "") for text in heat["foot"]], "total": heat["total"]}]:
        if not row["cells"]:
            continue
        for so, text in [*zip(columns, [t for t, _ in row["cells"]], strict=True), (measure.name, row["total"])]:
            behind = client.get(heat["address"] + so + (row["part"] and "&" + row["part"])).context["source"]
            assert text_of(measure, (behind.value, behind.of if measure.is_rate else None)) == text, (row, so)
            checked += 1
    assert checked == (9 if basis == "chinh-thuc" else 12)
    cards = client.get(reverse("dashboard"), {"ky": span, "co_so": basis}).context["stats"]
    assert heat["total"] in {card["value"].removesuffix("%") for card in cards}


def test_a_unit_that_moved_has_a_row_in_both_districts(world, month, put, client, at):
    """Long Thủy moves on 1 November 2024: October is under Phước Long, November under Bình Long."""
    at("2024-11-18 09:00")
    old = UnitVersion.objects.get(unit=world.long_thuy)
    october = month("2024-10")
    put(world.long_thuy, october, 30, early=15, late=15, stuck=2)
    moved = dt.date(2024, 11, 1)
    UnitVersion.objects.filter(pk=old.pk).update(valid_to=moved - dt.timedelta(days=1))
    there = UnitVersion.objects.get(unit=world.tx_binh_long)
    UnitVersion.objects.create(
        unit=world.long_thuy, name=old.name, short_name=old.short_name, unit_type=old.unit_type, parent=there.unit,
        path=f"{there.path}{world.long_thuy.pk}/", search_key=old.search_key, sort_key=old.sort_key, valid_from=moved,
        valid_to=old.valid_to,
    )  # fmt: skip
    put(world.long_thuy, month("2024-11"), 40, early=40, stuck=5)

    def rows(district, **query):
        found = look(client, world.old_staff, don_vi=district.pk, **{"ky": "2024-10..2024-11"} | query).context
        return {row["name"]: row["total"] for row in found["heat"]["rows"] if row["total"]}

    assert rows(world.tx_phuoc_long) == {"Phường Long Thủy (đến 31/10/2024)": "50,00"}
    assert rows(world.tx_binh_long) == {"Phường Long Thủy (từ 01/11/2024)": "100"}
    assert rows(world.tx_binh_long, do="qua-han") == {"Phường Long Thủy (từ 01/11/2024)": "5"}  # its state, once
    lines = look(client, world.old_staff, LINES, don_vi=world.tx_binh_long.pk, ky="2024-11").context["lines"]
    [line] = [c for c in lines["charts"] if c["name"].startswith("Phường Long Thủy")]
    assert line["said"].split("; ")[-2:] == ["không có", "100"]


@pytest.mark.parametrize("name", [GRID, LINES, BOARD, "dashboard-map"])
def test_as_many_queries_for_95_units_as_for_five(world, month, client, at, django_assert_num_queries, name):
    at("2026-11-18 09:00")
    build_bulk(world, 2)
    periods = [month("2026-10"), month("2026-11")]
    hand_in(periods)
    rollup.drain()
    client.force_login(world.chair)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(name), {"ky": "2026-11"})
    assert len(few) <= 26  # the first look keeps what it read, and the page
    with CaptureQueriesContext(connection) as again:
        client.get(reverse(name), {"ky": "2026-11"})
    assert len(again) <= 15
    for k in range(90):
        make_unit(f"7{k:04d}", f"Xã Thêm {k}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    periods = [month("2026-10"), month("2026-11")]
    rollup.drain()
    with django_assert_num_queries(len(few)):
        answer = client.get(reverse(name), {"ky": "2026-11"})
    assert answer.content.decode().count("Xã Thêm") >= 90


def test_a_province_of_many_units_shows_its_ten_worst_and_the_way_to_all(world, month, client, at):
    at("2026-11-18 09:00")
    build_bulk(world, 95 - 3)
    period = month("2026-11")
    hand_in([period])
    ServiceFigures.objects.update(received_online=100, resolved_early=100)
    worst = AdministrativeUnit.objects.get(code="80071")
    ServiceFigures.objects.filter(report__unit=worst).update(resolved_early=50, resolved_overdue=50)
    rollup.roll_up(period)
    first = look(client, world.chair, "dashboard")
    heat = first.context["heat"]
    assert [row["total"] for row in heat["rows"]] == ["50,00"] + ["100"] * 9
    assert (heat["rows"][0]["name"], heat["rows"][0]["cells"]) == ("Xã Lớn 71", [("50,00", "s5")])
    assert heat["foot"] == []  # a sum of ten would be read as that of all
    body = first.content.decode()
    address = reverse(GRID) + f"?don_vi={world.dong_nai.pk}&amp;ky=2026-11&amp;co_so=tam-tinh"
    assert re.search(rf'href="{re.escape(address)}">\s*Xem đủ 96 đơn vị\s*</a>', body)
    everything = client.get(address.replace("&amp;", "&")).context["heat"]
    assert len(everything["rows"]) == 96  # 95 communes and the province's own office
    assert rows_of(SimpleNamespace(context={"heat": everything}))[0] == ("Xã Lớn 71", "50,00")
    assert (everything["rows"][-1]["name"], everything["rows"][-1]["message"]) == (
        "UBND tỉnh Đồng Nai (cấp tỉnh)", "Chưa nộp",
    )  # fmt: skip
    assert everything["total"] == "99,47"  # 9450 of 9500


def test_cells_are_short_and_lead_where_the_table_says(world, month, put, client, at):
    at("2026-11-18 09:00")
    put(world.phuoc_long, month("2026-11"), 50, early=49, late=1)
    body = look(client, world.chair).content.decode()
    address = f"{reverse('dashboard-source')}?don_vi={world.dong_nai.pk}&amp;ky=2026-11&amp;co_so=tam-tinh&amp;so="
    assert f'data-grid="{address}"' in body
    assert 'data-so="DVC09.in_time_rate"' in body
    assert f'data-d="dong={world.phuoc_long.pk}"' in body
    assert "<td class=s2>98,00<td class=s2>98,00" in body


@pytest.mark.parametrize("name", [GRID, LINES, BOARD])
@pytest.mark.parametrize("query", [{"do": "khac"}, {"thu_tu": "khac"}, {"don_vi": "x"}, {"ky": "2026-13"}])
def test_a_broken_address_is_404(world, month, client, at, name, query):
    at("2026-11-18 09:00")
    month("2026-11")
    assert look(client, world.chair, name, **query).status_code == 404


@pytest.mark.parametrize("name", [GRID, LINES, BOARD])
def test_unit_span_and_basis_stay_from_view_to_view_and_number_and_order_too(world, month, put, client, at, name):
    at("2026-11-18 09:00")
    put(world.phuoc_long, month("2026-11"), 50, early=50)
    asked = {"do": "qua-han", "thu_tu": "danh-sach", "co_so": "chinh-thuc"}
    context = look(client, world.chair, name, **asked).context
    for url, _, _ in context["tabs"]:
        assert url.endswith(f"?don_vi={world.dong_nai.pk}&ky=2026-11&co_so=chinh-thuc&do=qua-han&thu_tu=danh-sach")
    assert context["ctx"]["hidden"] == asked
    assert [chosen for *_, chosen in context["tabs"]].count(True) == 1


@pytest.mark.parametrize("name", [GRID, LINES, BOARD])
def test_a_month_without_a_report_and_a_commune_have_a_page(world, month, client, at, name):
    at("2026-11-18 09:00")
    month("2026-11")
    assert look(client, world.chair, name).status_code == 200
    own = look(client, world.officer, name).content.decode()
    assert "Đơn vị này không có đơn vị bên dưới" in own


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_cells_rate_is_rounded_as_every_other(numerator, denominator):
    shown = hundredths(numerator, denominator)
    assert f"{shown // 100:,}".replace(",", ".") + f",{shown % 100:02d}%" == format_rate(numerator, denominator)


@pytest.mark.parametrize(
    ("measure", "cell", "text", "tone"),
    [
        (IN_TIME, (None, None), "", "n"),
        (IN_TIME, (0, 0), "–", "n"),
        (IN_TIME, (19, 19), "100", "few"),
        (IN_TIME, (0, 20), "0,00", "s5"),
        (IN_TIME, (19999, 20000), "100,00", "s1"),  # 99.995: shown so, and one was late
        (IN_TIME, (98995, 100000), "99,00", "s1"),
        (IN_TIME, (98994, 100000), "98,99", "s2"),
        (ONLINE, (94, 100), "94,00", "s4"),
        (VOLUME, (None, None), "", "n"),
        (VOLUME, (0, None), "0", "v0"),
        (VOLUME, (9, None), "9", "v1"),
        (VOLUME, (1000, None), "1.000", "v4"),
        (OVERDUE, (0, None), "0", "s1"),
        (OVERDUE, (4, None), "4", "s3"),
        (OVERDUE, (20, None), "20", "s5"),
    ],
)
def test_number_and_look_of_a_cell(measure, cell, text, tone):
    assert (text_of(measure, cell), look_of(measure, cell)) == (text, tone)


@pytest.mark.parametrize(
    ("measure", "in_order", "without"),
    [
        (
            IN_TIME,
            [(0, 20), (1, 40), (100, 200), (10, 20), (30, 30), (1, 19), (2, 8), (1, 4), (5, 5)],  # from 1/19 on few
            [(None, None), (0, 0), (None, 30), (None, None)],
        ),
        (OVERDUE, [(7, None), (2, None), (1, None), (0, None)], [(None, None)]),
    ],
)
def test_the_worst_cell_is_first_and_what_has_no_value_last_as_it_stood(measure, in_order, without):
    assert sorted([*without, *reversed(in_order)], key=measure.worst_first) == [*in_order, *without]


@pytest.mark.parametrize("measure", [replace(IN_TIME, fewest=0), VOLUME, OVERDUE])
def test_what_has_no_value_is_not_judged(measure):
    assert not measure.is_graded((None, None))
    assert measure.is_graded((0, 1) if measure.is_rate else (0, None))


# The grid of targets -------------------------------------------------------------------------------------------------


@pytest.fixture
def given_year(world, month, put, at):
    """October and November, approved but for Phước Bình's November: 90 of 100 in time a month, and 100 of 100; no
    indicator."""
    at("2026-11-18 09:00")
    for key, status in (("2026-10", "approved"), ("2026-11", "submitted")):
        put(world.phuoc_long, month(key), 98, 2, early=90, late=10, status="approved")
        put(world.phuoc_binh, month(key), 50, 50, early=100, status=status)
    IndicatorFigure.objects.all().delete()
    return world


def by_target(client, user, **query):
    return look(client, user, do="so-chi-tieu", **query)


def test_units_are_held_against_their_targets_of_the_year_the_worst_first(given_year, client):
    """Shares by hand: 196 of 200 online is 98 %, of 98 % all; 180 of 200 in time is 90 %, of 95 % 94,74 %.

    Phước Bình's November is not approved: 50 of 100 online is 50 %, of 25 % twice; 100 of 100 in time.
    """
    world = given_year
    for unit, online, in_time in ((world.phuoc_long, "98", "95"), (world.phuoc_binh, "25", "100")):
        give(unit, online, rate="online_rate")
        give(unit, in_time, service="DVC09", rate="in_time_rate")
    give(world.phuoc_long, "60", "DD04")
    give(world.phuoc_long, "1", "DD04", month=11)  # of a month, and of another year
    give(world.phuoc_long, "1", "DD04", year=2025)
    give(world.dong_nai, "1", "TT01")  # its own, not of a unit below
    answer = by_target(client, world.chair)
    heat = answer.context["heat"]
    assert [(so, head) for head, _, so, _ in heat["heads"]] == [
        ("online_rate", "Chung: trực tuyến"),
        ("DVC09.in_time_rate", "Khai sinh: đúng hạn"),
        ("DD04", f"DD04 {Indicator.objects.get(code='DD04').name}"),
    ]
    assert [(row["name"], row["total"], row["cells"]) for row in heat["rows"]] == [
        ("Phường Phước Long", "1/2", [("100", "s1"), ("94,74", "s4"), ("–", "n")]),
        ("Phường Phước Bình", "2/2", [("200,00", "s0"), ("100", "s1"), ("", "")]),
        ("Xã Phú Riềng", "–", [("", "")] * 3),
    ]
    assert heat["rows"][2]["message"] == "Chưa giao chỉ tiêu"
    assert (heat["foot"], heat["total"]) == (["2/2", "1/2", "–"], "3/4")
    body = answer.content.decode()
    title = "<h1>Tỉnh Đồng Nai, chỉ tiêu năm 2026: 3/4 chỉ tiêu đạt, vượt; 1 không có số liệu</h1>"
    assert title in body
    listed = by_target(client, world.chair, thu_tu="danh-sach").context["heat"]["rows"]
    assert [row["name"] for row in listed] == ["Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"]


def test_of_an_equal_share_met_who_misses_more_is_first_then_no_figures_then_no_target():
    """(given, assessed, met), the worst first: shares 0, 0, a half, a half, all; then two that cannot be judged."""
    in_order = [(5, 3, 0), (1, 1, 0), (4, 4, 2), (2, 2, 1), (9, 3, 3), (2, 0, 0), (0, 0, 0)]
    keys = [TargetTally(*tally).worst_first() for tally in in_order]
    assert keys == sorted(set(keys))


def test_where_less_is_better_more_than_the_target_is_not_met(given_year, month, client):
    world = given_year
    Indicator.objects.filter(code="TT01").update(direction="down")
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    IndicatorFigure.objects.update_or_create(
        report=report, indicator=Indicator.objects.get(code="TT01"), defaults={"numerator": 3}
    )
    give(world.phuoc_long, "2", "TT01")
    give(world.phuoc_binh, "0", "TT01")
    rows = {row["name"]: row["cells"] for row in by_target(client, world.chair).context["heat"]["rows"]}
    assert rows["Phường Phước Long"] == [("150,00", "s4")]
    IndicatorFigure.objects.update_or_create(
        report=Report.objects.get(unit=world.phuoc_binh, period=month("2026-10")),
        indicator=Indicator.objects.get(code="TT01"), defaults={"numerator": 4},
    )  # fmt: skip
    rows = {row["name"]: row["cells"] for row in by_target(client, world.chair).context["heat"]["rows"]}
    assert rows["Phường Phước Bình"] == [("4", "s4")]  # no share of 0: what was reported


def test_a_cell_leads_to_the_approved_reports_of_the_year_and_the_count_to_the_units_targets(given_year, client):
    world = given_year
    give(world.phuoc_binh, "25", rate="online_rate")
    answer = by_target(client, world.chair)
    heat = answer.context["heat"]
    address = f"{reverse('dashboard-source')}?don_vi={world.dong_nai.pk}&ky=2026-YTD11&co_so=chinh-thuc&so="
    assert heat["address"] == address
    [row] = [row for row in heat["rows"] if row["cells"][0][0]]
    source = client.get(f"{address}{heat['heads'][0][2]}&{row['part']}").context["source"]
    assert (source.value, source.of) == (50, 100)
    own = f"{reverse('target-list')}?don_vi={world.phuoc_binh.pk}&nam=2026"
    assert f'<a href="{own.replace("&", "&amp;")}">1/1</a>' in answer.content.decode()
    assert client.get(own).status_code == 200


def test_targets_below_cost_the_same_queries_for_any_number(given_year, month, client, django_assert_num_queries):
    world = given_year
    units = [
        make_unit(f"7{k:04d}", f"Xã Thêm {k}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW) for k in range(40)
    ]
    give(world.phuoc_long, "60", "DD04")
    give(world.phuoc_long, "60", rate="online_rate")
    client.force_login(world.chair)
    address = {"ky": "2026-11", "do": "so-chi-tieu"}
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(GRID), address)
    assert len(few) <= 16
    for unit in units:
        for n in range(1, 6):
            give(unit, "90", service=f"DVC{n:02d}", rate="in_time_rate")
        give(unit, "60", "TT01")
    with django_assert_num_queries(len(few)):
        heat = client.get(reverse(GRID), address).context["heat"]
    assert len(heat["heads"]) == 1 + 5 + 2


def test_targets_are_a_measure_of_the_grid_alone(given_year, client):
    world = given_year
    give(world.phuoc_long, "60", rate="online_rate")
    assert by_target(client, world.chair, name=LINES).status_code == 404
    tabs = {words: url for url, words, _ in by_target(client, world.chair).context["tabs"]}
    assert "do=" not in tabs["12 tháng"]
    assert client.get(tabs["12 tháng"]).status_code == 200
    board = client.get(tabs["Nộp báo cáo"])
    assert {words: url for url, words, _ in board.context["tabs"]} == tabs
    assert "So với chỉ tiêu" not in [words for _, words, _ in look(client, world.chair, LINES).context["measures"]]


def test_targets_are_said_to_be_official_and_the_other_views_keep_their_basis(given_year, client):
    world = given_year
    give(world.phuoc_long, "60", rate="online_rate")
    answer = by_target(client, world.chair)
    assert [(label, is_chosen) for _, label, is_chosen, _ in answer.context["ctx"]["bases"]] == [("Chính thức", True)]
    assert all("co_so=tam-tinh" in url for url, _, _ in answer.context["tabs"])
    assert [label for _, label, *_ in look(client, world.chair).context["ctx"]["bases"]] == ["Tạm tính", "Chính thức"]


def test_nobody_is_given_anything(world, month, client, at):
    at("2026-11-18 09:00")
    month("2026-11")
    words = by_target(client, world.chair).content.decode()
    assert "Chưa đơn vị nào bên dưới được giao chỉ tiêu năm 2026" in words


# The lines -----------------------------------------------------------------------------------------------------------


def test_a_line_is_its_units_months_and_a_gap_stays_a_gap(world, month, put, client, at):
    at("2026-11-18 09:00")
    for key, early, late in (("2026-08", 90, 10), ("2026-10", 96, 4), ("2026-11", 98, 2)):
        put(world.phuoc_long, month(key), 100, early=early, late=late)
    month("2026-09")
    put(world.phuoc_binh, month("2026-10"), 100, early=100)
    put(world.phu_rieng, month("2026-11"), 100, early=97, late=3)
    lines = look(client, world.chair, LINES).context["lines"]
    assert [(c["name"], c["text"], c["month"]) for c in lines["charts"]] == [
        ("Xã Phú Riềng", "97,00", ""),
        ("Phường Phước Long", "98,00", ""),
        ("UBND tỉnh Đồng Nai (cấp tỉnh)", "", ""),
        ("Phường Phước Bình", "100", "10/26"),  # its last value, and whose month it is
    ]
    assert lines["scale"] == "90% đến 100%"
    long = lines["charts"][1]
    assert long["said"] == "; ".join(["không có"] * 8 + ["90,00", "không có", "96,00", "98,00"])
    # ten across for each month, 22 down from 100 % at 3 to 90 % at 25
    assert long["path"] == "M83 25h0M103 12L113 7"
    assert lines["charts"][0]["path"] == "M113 10h0"
    behind = client.get(lines["charts"][3]["source"]).context
    assert (behind["rate"], behind["span_label"]) == ("100,00%", "tháng 10/2026")


def test_a_month_of_several_units_needs_half_of_its_reports(world, month, put, client, at):
    at("2024-11-18 09:00")
    put(world.thac_mo, month("2024-10"), 50, early=50)  # one of three of Phước Long
    november = month("2024-11")
    put(world.thac_mo, november, 50, early=49, late=1)
    put(world.long_thuy, november, 50, early=50)
    lines = look(client, world.old_staff, LINES, ky="2024-11").context["lines"]
    [district] = [c for c in lines["charts"] if c["name"] == "Thị xã Phước Long"]
    assert district["said"].split("; ")[-2:] == ["không có", "99,00"]


# The board -----------------------------------------------------------------------------------------------------------


def squares(client, user, **query):
    """name -> (class, words, text, address) of each month."""
    rows = look(client, user, BOARD, **query).context["board"]["rows"]
    cell = re.compile(r'<td(?: class=(\w))?>(?:<(?:a href="([^"]*)"|span role=img) aria-label="([^"]*)">([^<]*)<)?')
    return {row["name"]: [(c[0], c[2], c[3], c[1]) for c in cell.findall(row["html"])] for row in rows}


def test_each_square_says_how_the_report_came(world, month, put, client, at):
    at("2026-11-18 09:00")
    october, november = month("2026-10"), month("2026-11")
    late = put(world.phuoc_long, october, 10)
    Report.objects.filter(pk=late.pk).update(is_late=True)
    put(world.phuoc_long, november, 99)
    put(world.phuoc_binh, october, 10)
    make_unit("90209", "Xã Không Phải Nộp", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    back = put(world.phuoc_binh, november, 10, status="returned")
    found = squares(client, world.chair)
    assert [c[:3] for c in found["Phường Phước Long"][-3:]] == [
        ("", "", ""), ("l", "Nộp trễ", "!"), ("o", "Đúng hạn", "✓"),
    ]  # fmt: skip
    assert found["Phường Phước Long"][-2][3] == reverse("report-detail", args=[late.pk])
    assert found["Phường Phước Bình"][-1] == ("r", "Trả lại", "←", reverse("report-detail", args=[back.pk]))
    assert [c[:3] for c in found["Xã Phú Riềng"][-2:]] == [("m", "Chưa nộp, quá hạn", "×")] * 2
    # the province's own deadline for November is the 20th
    assert [c[:2] for c in found["UBND tỉnh Đồng Nai (cấp tỉnh)"][-2:]] == [
        ("m", "Chưa nộp, quá hạn"), ("w", "Chưa đến hạn"),
    ]  # fmt: skip
    assert list(found) == [  # missing twice, once, sent back, late
        "Xã Phú Riềng", "UBND tỉnh Đồng Nai (cấp tỉnh)", "Phường Phước Bình", "Phường Phước Long",
    ]  # fmt: skip
    assert list(squares(client, world.chair, thu_tu="danh-sach")) == [
        "UBND tỉnh Đồng Nai (cấp tỉnh)", "Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long",
    ]  # fmt: skip
    context = look(client, world.chair, BOARD).context
    assert (context["board"]["foot"][-2:], context["state"]) == (["2/4", "1/4"], "0/4 đơn vị nộp đủ và đúng hạn")


def test_a_square_of_several_reports_counts_them_and_leads_to_their_board(world, month, put, client, at):
    at("2024-11-19 08:00")  # the communes' deadline was yesterday, the district's is today
    november = month("2024-11")
    put(world.thac_mo, november, 50)
    [square] = [row[-1] for name, row in squares(client, world.old_staff, ky="2024-11").items() if "Phước Long" in name]
    tone, words, text, url = square
    assert (tone, text) == ("m", "× 1/3")
    assert words == "1 chưa nộp, quá hạn, 1 chưa đến hạn, 1 đúng hạn"
    below = client.get(url.replace("&amp;", "&")).context
    assert (below["unit"].name, below["ctx"]["unit_id"]) == ("Thị xã Phước Long", world.tx_phuoc_long.pk)


def test_each_late_report_of_a_square_counts(world, month, put, client, at):
    at("2024-11-19 08:00")
    november = month("2024-11")
    for unit in (world.thac_mo, world.long_thuy):
        put(unit, november, 50)
    Report.objects.filter(status="submitted").update(is_late=True)
    [square] = [row[-1] for name, row in squares(client, world.old_staff, ky="2024-11").items() if "Phước Long" in name]
    assert square[:3] == ("l", "2 nộp trễ, 1 chưa đến hạn", "! 2/3")


def test_a_unit_that_came_and_left_between_the_first_and_the_last_month_has_a_row(world, month, client, at):
    """Phú Riềng is Lâm Đồng's but in October 2026."""
    at("2026-11-18 09:00")
    came, left = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
    here = UnitVersion.objects.get(unit=world.phu_rieng)
    UnitVersion.objects.filter(pk=here.pk).update(valid_from=came, valid_to=left)
    there = UnitVersion.objects.get(unit=world.lam_dong)
    for first, last in ((FIRST_NEW, came - dt.timedelta(days=1)), (left + dt.timedelta(days=1), None)):
        UnitVersion.objects.create(
            unit=world.phu_rieng, name=here.name, short_name=here.short_name, unit_type=here.unit_type,
            parent=there.unit, path=f"{there.path}{world.phu_rieng.pk}/", search_key=here.search_key,
            sort_key=here.sort_key, valid_from=first, valid_to=last,
        )  # fmt: skip
    for key in ("2026-09", "2026-10", "2026-11"):
        month(key)
    row = squares(client, world.chair)["Xã Phú Riềng (đến 31/10/2026)"]
    assert [c[0] for c in row[-3:]] == ["", "m", ""]


def test_the_board_begins_with_missing_then_sent_back_late_and_copied():
    worst_first = [
        *(Square(missing=2), Square(missing=1), Square(returned=4), Square(returned=3), Square(late=6), Square(late=5)),
        *(Square(in_time=9, copied=8), Square(in_time=9, copied=7), Square(in_time=9)),
    ]
    rows = [BoardRow(None, [square]) for square in worst_first]
    assert sorted([*reversed(rows)], key=lambda row: row.worst_first) == rows


def test_a_copy_in_time_and_a_copy_too_late():
    assert _square(Square(in_time=1, copied=1), "") == (
        '<td class=c><span role=img aria-label="Chép lại tháng trước">=</span>'
    )
    assert 'aria-label="Chép lại tháng trước, nộp trễ">=!<' in _square(Square(late=1, copied=1), "")
    assert _square(Square(), "/x/") == "<td>"


MANY = {f"DVC{k:02d}": {name: 10 * k + n for n, name in enumerate(TYPED_FIELDS, 1)} for k in (9, 12)}  # 16 cells


def changed(number, value=1):
    """MANY with so many of its cells changed."""
    cells = {code: dict(figures) for code, figures in MANY.items()}
    for name in TYPED_FIELDS[:number]:
        cells["DVC09"][name] = None if value is None else cells["DVC09"][name] + value
    return cells


ZEROS = {"DVC09": dict.fromkeys(TYPED_FIELDS, 0) | dict.fromkeys(TYPED_FIELDS[:4], 3)}
FIVE = {"DVC09": dict.fromkeys(TYPED_FIELDS, 0) | dict.fromkeys(TYPED_FIELDS[:5], 3)}


@pytest.mark.parametrize(
    ("before", "now", "copied"),
    [
        (MANY, MANY, True),
        (MANY, changed(3), True),  # 13 of 16 are 81 %
        (MANY, changed(4), False),  # 12 of 16 are 75 %
        (ZEROS, ZEROS, False),  # four cells other than 0 are too few
        (FIVE, FIVE, True),
        (MANY, changed(1, None), False),  # a cell that is there no more
        ({"DVC09": MANY["DVC09"]}, MANY, True),  # a service added since is not judged: half of the cells are known
        ({"DVC09": changed(1, None)["DVC09"]}, MANY, False),  # under half
        (MANY, {"DVC09": MANY["DVC09"], "DVC12": {**MANY["DVC12"], **dict.fromkeys(TYPED_FIELDS[:3], 0)}}, True),
        (MANY, {"DVC09": MANY["DVC09"], "DVC12": {**MANY["DVC12"], **dict.fromkeys(TYPED_FIELDS[:4], 0)}}, False),
    ],
)
def test_copied_is_what_the_check_before_sending_asks_about(world, month, fill, at, before, now, copied):
    at("2026-11-18 09:00")
    periods = [month("2026-10"), month("2026-11")]
    for period, cells in zip(periods, (before, now), strict=True):
        report = Report.objects.select_related("period").get(unit=world.phuoc_long, period=period)
        fill(report, services=[], status="submitted")
        for code, figures in cells.items():
            ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=code), **figures)
    rows = [ServiceRow(code, code, figures, previous=before.get(code)) for code, figures in now.items()]
    assert ("same_as_last_month" in {p.code for p in check_report(rows, [], alike_percent=80)}) is copied
    found = copied_reports(world.dong_nai.pk, periods[1:], periods, 80)
    assert [row.child_id for row in found] == ([world.phuoc_long.pk] if copied else [])
    assert copied_reports(world.dong_nai.pk, periods[:1], periods, 80) == []  # October has no month before


def test_a_copied_report_is_marked_and_a_draft_is_not(world, month, put, client, at):
    at("2026-11-18 09:00")
    periods = [month("2026-10"), month("2026-11")]
    for period in periods:
        for service in ("DVC09", "DVC12"):
            put(world.phuoc_long, period, 50, 3, early=40, late=13, service=service)
            put(world.phuoc_binh, period, 50, 3, early=40, late=13, service=service)
    Report.objects.filter(unit=world.phuoc_binh, period=period).update(status="draft")
    found = squares(client, world.chair)
    assert [c[0] for c in found["Phường Phước Long"][-2:]] == ["o", "c"]
    assert [c[0] for c in found["Phường Phước Bình"][-2:]] == ["o", "m"]
    copies = copied_reports(world.dong_nai.pk, periods, periods, 80)
    assert [row.unit_id for row in copies] == [world.phuoc_long.pk]
    assert copied_reports(world.lam_dong.pk, periods, periods, 80) == []
