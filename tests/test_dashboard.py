"""The page of a unit and a span, and the rows behind each of its numbers: figures written by hand."""

import re
from fractions import Fraction

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.models import (
    Basis,
    Indicator,
    PublicService,
    Report,
    RollupAudit,
    ServiceFigures,
    SubmissionSummary,
)
from reporting.reading.findings import FindingFacts, findings
from reporting.reading.overview import overview
from reporting.reading.ranking import competition_ranks
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Level, Role, UnitVersion
from tests.conftest import FIRST_NEW, make_person, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

NOVEMBER = Span.parse("2026-11")


@pytest.fixture
def november(world, month, put, at):
    """Đồng Nai in November 2026, read on the 18th: two of three communes are in, the province itself is not."""
    at("2026-11-18 09:00")
    october, period = month("2026-10"), month("2026-11")
    put(world.phuoc_long, october, 90, 10, early=50, overdue=50, stuck=0, dd04=(50, 100))
    put(world.phuoc_binh, october, 10, early=10, dd04=(1, 10))
    put(world.phuoc_long, period, 99, 1, early=98, overdue=2, stuck=0, dd04=(80, 100), status="approved")
    put(world.phuoc_binh, period, 1, 0, early=0, overdue=1, stuck=0, dd04=(3, 10))
    rollup.roll_up(october)
    rollup.roll_up(period)
    return period


def page(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard"), query)


# Figures -------------------------------------------------------------------------------------------------------------


def test_a_provinces_month(world, november):
    seen = overview(world.dong_nai.pk, NOVEMBER)
    assert seen.dossiers.received == 101
    assert seen.dossiers.online_rate == (100, 101)
    assert seen.dossiers.in_time_rate == (98, 101)  # 98/100 and 0/1: a rate of sums, not (98 % + 0 %) / 2
    assert seen.measures.activation.rate == (83, 110)
    assert (seen.submissions.reports, seen.submissions.expected_reports) == (2, 4)
    assert [row.name for row in seen.rows] == [
        "UBND tỉnh Đồng Nai (cấp tỉnh)",
        "Xã Phú Riềng",  # in the alphabetical order of the names proper: Phú, Phước
        "Phường Phước Bình",
        "Phường Phước Long",
    ]
    assert {m.name for m in seen.missing} == {"Xã Phú Riềng", "UBND tỉnh Đồng Nai (cấp tỉnh)"}
    late = {m.name: m.days_overdue for m in seen.missing}
    assert late == {"Xã Phú Riềng": 2, "UBND tỉnh Đồng Nai (cấp tỉnh)": None}  # due 16 and 20 November
    assert seen.comparison.units == 2
    assert seen.comparison.before.dossiers.in_time_rate == (60, 110)
    assert seen.ancestors[0].name == "Cả nước"
    assert seen.is_stale is False


def test_the_official_basis_holds_approved_reports_alone(world, november):
    seen = overview(world.dong_nai.pk, NOVEMBER, Basis.OFFICIAL)
    assert seen.dossiers.received == 100
    assert (seen.submissions.reports, seen.submissions.approved, seen.submissions.submitted) == (1, 1, 1)
    rows = {row.name: row.dossiers.received for row in seen.rows}
    assert rows["Phường Phước Bình"] is None
    assert rows["Phường Phước Long"] == 100


def test_a_communes_month_is_its_own_report(world, november):
    seen = overview(world.phuoc_long.pk, NOVEMBER)
    assert seen.dossiers.received == 100
    assert seen.rows == []
    assert seen.own_report.status == "approved"
    silent = overview(world.phu_rieng.pk, NOVEMBER)
    assert silent.dossiers.received is None
    assert silent.dossiers.in_time_rate == (None, None)


def test_a_month_of_2024_read_in_2026_shows_the_districts_of_2024(world, month, put, at):
    at("2024-11-18 09:00")
    period = month("2024-11")
    put(world.thac_mo, period, 10, early=10)
    put(world.long_thuy, period, 20, early=15, overdue=5)
    put(world.an_loc, period, 5, early=5)
    put(world.tx_phuoc_long, period, 2, early=1, overdue=1)  # the district's own dossiers count once
    rollup.roll_up(period)
    at("2026-12-18 09:00")
    province = overview(world.binh_phuoc.pk, Span.parse("2024-11"))
    rows = {row.name: row for row in province.rows}
    assert list(rows) == ["UBND tỉnh Bình Phước (cấp tỉnh)", "Thị xã Bình Long", "Thị xã Phước Long"]
    assert rows["Thị xã Phước Long"].dossiers.received == 32
    assert rows["Thị xã Phước Long"].submissions.reports == 3
    assert province.dossiers.received == 37
    district = overview(world.tx_phuoc_long.pk, Span.parse("2024-11"))
    assert [row.name for row in district.rows] == [
        "UBND thị xã Phước Long (cấp huyện)",
        "Phường Long Thủy",
        "Phường Thác Mơ",
    ]
    assert sum(row.dossiers.received for row in district.rows) == district.dossiers.received == 32
    nation = overview(world.nation.pk, Span.parse("2024-11"))
    assert [row.name for row in nation.rows] == ["Tỉnh Bình Phước"]
    assert nation.dossiers.received == 37


def test_ranks_are_shared_and_leave_gaps():
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert competition_ranks({1: half, 2: third, 3: half, 4: None, 5: Fraction(0)}) == {1: 1, 3: 1, 2: 3, 5: 4}


def test_units_are_ranked_by_the_exact_value_and_only_those_that_reported(world, november):
    seen = overview(world.dong_nai.pk, NOVEMBER)
    assert {r.name: (r.rank, r.rank_change) for r in seen.rows} == {
        "UBND tỉnh Đồng Nai (cấp tỉnh)": (None, None),
        "Phường Phước Long": (1, 0),
        "Phường Phước Bình": (None, None),  # 0/1 is chance
        "Xã Phú Riềng": (None, None),
    }
    by_volume = overview(world.dong_nai.pk, NOVEMBER, ranked_by="tiep-nhan")
    assert {r.name: r.rank for r in by_volume.rows if r.rank} == {"Phường Phước Long": 1, "Phường Phước Bình": 2}
    by_vneid = overview(world.dong_nai.pk, NOVEMBER, ranked_by="vneid")
    assert {r.name: r.rank for r in by_vneid.rows if r.rank} == {"Phường Phước Long": 1, "Phường Phước Bình": 2}


def test_rank_by_dossiers_of_the_two_linked_groups(world, month, put, at):
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 5, early=5, service="DVC15")
    put(world.phuoc_binh, period, 7, 1, early=8, service="DVC16")
    put(world.phu_rieng, period, 500, early=500, service="DVC09")
    rollup.roll_up(period)
    seen = overview(world.dong_nai.pk, NOVEMBER, ranked_by="lien-thong")
    assert {r.name: (r.measures.linked, r.rank) for r in seen.rows if not r.is_own} == {
        "Phường Phước Bình": (8, 1),
        "Phường Phước Long": (5, 2),
        "Xã Phú Riềng": (None, None),
    }
    assert seen.measures.linked == 13


def test_the_trend_leaves_a_gap_where_under_half_reported(world, month, put, at):
    at("2026-11-18 09:00")
    periods = {m: month(f"2026-{m:02d}") for m in (8, 9, 10, 11)}
    put(world.phuoc_long, periods[8], 10, early=9, overdue=1)
    put(world.phuoc_binh, periods[8], 10, early=10)
    put(world.phuoc_long, periods[9], 10, early=10)  # 1 of 4: a gap
    put(world.phuoc_long, periods[11], 0)
    put(world.phuoc_binh, periods[11], 0)  # reported, but nothing to divide by
    for period in periods.values():
        rollup.roll_up(period)
    points = {p.month.key: p for p in overview(world.dong_nai.pk, NOVEMBER).trend}
    assert len(points) == 12
    assert points["2026-08"].in_time == (19, 20)
    assert points["2026-09"].in_time is None
    assert points["2026-10"].in_time is None
    assert points["2026-11"].in_time is None
    assert points["2026-11"].reported == 2
    assert points["2026-07"].expected == 0


def test_findings_name_the_slow_and_the_late(world, november):
    told = " ".join(f"{f.title} {f.text}" for f in findings(overview(world.dong_nai.pk, NOVEMBER), FindingFacts()))
    assert "Xã Phú Riềng chưa nộp, đã quá hạn" in told
    assert "97,03%" in told  # 98/101


def test_the_page_says_stale_until_the_roll_up_has_run(world, november, client):
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    rollup.mark_dirty(report)
    response = page(client, world.chair, ky="2026-11")
    assert "đang cập nhật" in response.content.decode()
    rollup.drain()
    assert "đang cập nhật" not in page(client, world.chair, ky="2026-11").content.decode()


def test_a_difference_found_by_the_audit_is_a_banner(world, november, client, at):
    moment = at("2026-11-18 09:00")
    RollupAudit.objects.create(period=november, checked_at=moment, cells=3, differences=["a"])
    assert "không khớp" in page(client, world.chair, ky="2026-11").content.decode()


# The page ------------------------------------------------------------------------------------------------------------


def test_the_chair_reads_the_month(world, november, client):
    body = page(client, world.chair).content.decode()
    assert "Tổng quan tháng 11/2026: 2/4 đơn vị đã nộp" in body
    assert "trên cùng 2 đơn vị" in body
    assert "97,03%" in body
    assert "Chưa có sổ nhiệm vụ" in body
    assert "Quá hạn 2 ngày" in body


def test_nothing_reported_shows_dashes_not_zeros(world, month, client, at):
    at("2026-11-18 09:00")
    month("2026-11")
    body = page(client, world.chair).content.decode()
    assert "0/4 đơn vị đã nộp" in body
    values = re.findall(r'stat-value">\s*(.*?)\s*</dd>', body)
    blank = "<small>Chưa có số liệu</small>"  # “–” is a rate that cannot be computed, and nothing else
    assert values == [blank, "–", "–", blank, "–", blank]
    assert "0,00%" not in body


def test_no_period_at_all(world, client, at):
    at("2026-11-18 09:00")
    response = page(client, world.chair)
    assert response.status_code == 200
    assert "Chưa mở kỳ báo cáo nào" in response.content.decode()


def test_a_month_without_the_unit_points_to_its_last(world, month, client, at):
    at("2025-07-20 09:00")
    month("2025-06")
    month("2025-07")
    body = page(client, world.old_staff, ky="2025-07").content.decode()
    assert "tháng 06/2025" in body
    assert "không có số liệu trong kỳ này" in body


@pytest.mark.parametrize("name", ["dashboard", "dashboard-source"])
def test_outside_the_scope_nothing_exists(world, november, client, name):
    query = {"ky": "2026-11", "so": "received"}
    for user, unit, status in [
        (world.chair, world.dong_nai, 200),
        (world.chair, world.phuoc_long, 200),
        (world.chair, world.lam_dong, 404),
        (world.chair, world.nation, 404),
        (world.officer, world.phuoc_long, 200),
        (world.officer, world.phuoc_binh, 404),
        (world.officer, world.dong_nai, 404),
        (world.stranger_reviewer, world.phuoc_long, 404),
        (world.administrator, world.nation, 200),
    ]:
        client.force_login(user)
        response = client.get(reverse(name), {"don_vi": unit.pk, **query})
        assert response.status_code == status, (user, unit)


@pytest.mark.parametrize(
    "query",
    [
        {"don_vi": "x"},
        {"don_vi": "999999"},
        {"don_vi": "²"},
        {"ky": "2026-13"},
        {"ky": "'"},
        {"co_so": "khac"},
        {"xep_theo": "khac"},
    ],
)
def test_a_broken_address_is_404(world, november, client, query):
    assert page(client, world.chair, **query).status_code == 404


def test_a_commune_officer_sees_no_other_unit(world, november, client):
    body = page(client, world.officer).content.decode()
    assert "Phường Phước Long" in body
    assert "Phước Bình" not in body
    assert "Tỉnh Đồng Nai" not in body


def test_units_and_stretches_to_choose_from(world, november, client):
    body = page(client, world.chair, ky="2026-Q4").content.decode()
    assert re.findall(r'<option value="(2026[^"]*)"', body) == [
        "2026-11", "2026-10", "2026-YTD11", "2026", "2026-H2", "2026-Q4",
    ]  # fmt: skip
    assert "Tổng quan quý IV/2026 (tháng 10–11/2026): 4/8 báo cáo đã nộp" in body


# Sources -------------------------------------------------------------------------------------------------------------


def sources(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard-source"), query)


@pytest.mark.parametrize("key", ["2026-11", "2026-Q4", "2026"])
@pytest.mark.parametrize("basis", ["tam-tinh", "chinh-thuc"])
def test_the_rows_behind_a_number_add_up_to_it(world, november, client, key, basis):
    """Received, online, resolved early, resolved, and DD04, of what `november` writes; one report is approved."""
    received, online, early, resolved, dd04 = {
        ("2026-11", "tam-tinh"): (100 + 1, 99 + 1, 98, 100 + 1, (80 + 3, 100 + 10)),
        ("2026-Q4", "tam-tinh"): (110 + 101, 100 + 100, 60 + 98, 110 + 101, (80 + 3, 100 + 10)),
        ("2026", "tam-tinh"): (110 + 101, 100 + 100, 60 + 98, 110 + 101, (80 + 3, 100 + 10)),
    }.get((key, basis), (100, 99, 98, 100, (80, 100)))
    expected = {
        "received": (received, None),
        "received_online": (online, None),
        "online_rate": (online, received),
        "in_time_rate": (early, resolved),
        "pending_overdue": (0, None),
        "pending_in_time": (0, None),
        "opening": (0, None),
        "DVC09.resolved_early": (early, None),
        "DD04": dd04,
    }
    for measure, (value, of) in expected.items():
        found = sources(client, world.chair, don_vi=world.dong_nai.pk, ky=key, co_so=basis, so=measure).context[
            "source"
        ]
        assert (found.value, found.of) == (value, of), measure
        assert sum(row.value for row in found.rows) == value


def test_source_rows_name_each_report_and_link_to_it(world, november, client):
    body = sources(client, world.chair, ky="2026-11", so="in_time_rate").content.decode()
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    assert reverse("report-detail", args=[report.pk]) in body
    assert "Đã duyệt" in body
    assert "Đã gửi" in body
    assert "97,03%" in body


def test_own_rows_alone(world, november, put, client):
    put(world.dong_nai, november, 7, early=7, service="DVC12")
    found = sources(client, world.chair, ky="2026-11", so="received", rieng="1").context["source"]
    assert [row.unit_id for row in found.rows] == [world.dong_nai.pk]
    assert found.value == 7


def test_an_unknown_number_is_404(world, november, client):
    for measure in ("", "khac", "DVC99.received", "DVC09.khac"):
        assert sources(client, world.chair, ky="2026-11", so=measure).status_code == 404


def test_source_rows_are_paged_and_none_is_cut(world, month, fill, client, at):
    at("2026-11-18 09:00")
    for k in range(130):
        make_unit(f"9{k:04d}", f"Xã Thử {k}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    period = month("2026-11")
    service = PublicService.objects.get(code="DVC09")
    reports = list(Report.objects.filter(period=period, level="commune").under(world.dong_nai.pk))
    ServiceFigures.objects.bulk_create(
        [ServiceFigures(report=r, service=service, received_online=k) for k, r in enumerate(reports)]
    )
    Report.objects.filter(pk__in=[r.pk for r in reports]).update(
        status="submitted", submitted_at=at("2026-11-18 09:00")
    )
    first = sources(client, world.chair, ky="2026-11", so="received_online")
    second = sources(client, world.chair, ky="2026-11", so="received_online", trang="2")
    assert "133 báo cáo" in first.content.decode()
    assert len(first.context["rows"]) == 100
    assert len(second.context["rows"]) == 33
    assert second.context["source"].value == sum(range(133))


# Queries -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("communes", [0, 560])
def test_the_page_takes_at_most_forty_one_queries_and_then_fifteen(
    world, month, client, at, django_assert_max_num_queries, communes
):
    """What is read of the reports, and the page, are kept at first (three queries each, with the savepoint)."""
    at("2026-11-18 09:00")
    build_bulk(world, communes)
    periods = [month("2026-10"), month("2026-11")]
    hand_in(periods)
    for user, query in [
        (world.chair, {}),
        (world.chair, {"ky": "2026-Q4"}),
        (world.chair, {"ky": "2026", "co_so": "chinh-thuc"}),
        (world.administrator, {"don_vi": world.nation.pk}),
        (world.officer, {}),
    ]:
        client.force_login(user)
        for most in (41, 15):  # one is the session
            with django_assert_max_num_queries(most):
                response = client.get(reverse("dashboard"), {"ky": "2026-11", **query})
            assert response.status_code == 200


def build_bulk(world, communes):
    """Many communes at once, as the loader would write them."""
    units = AdministrativeUnit.objects.bulk_create(
        [AdministrativeUnit(code=f"8{k:04d}", level=Level.COMMUNE, opened_on=FIRST_NEW) for k in range(communes)]
    )
    top = UnitVersion.objects.get(unit=world.dong_nai)
    UnitVersion.objects.bulk_create(
        [
            UnitVersion(
                unit=unit,
                name=f"Xã Lớn {k}",
                short_name=f"Lớn {k}",
                unit_type="xa",
                parent=world.dong_nai,
                path=f"{top.path}{unit.pk}/",
                search_key=f"xa lon {k}",
                sort_key=f"xa lon {k:04d}",
                valid_from=FIRST_NEW,
            )
            for k, unit in enumerate(units)
        ]
    )


def hand_in(periods):
    service = PublicService.objects.get(code="DVC09")
    for period in periods:
        reports = list(Report.objects.filter(period=period, level="commune"))
        for report in reports:
            report.status, report.submitted_at = "submitted", "2026-11-15T00:00:00Z"
        Report.objects.bulk_update(reports, ["status", "submitted_at"])
        ServiceFigures.objects.bulk_create(
            [
                ServiceFigures(report=r, service=service, received_online=2, resolved_early=2, resolved_overdue=0)
                for r in reports
            ]
        )
        rollup.roll_up(period)


def test_a_district_and_a_province_of_2024_take_at_most_forty_four_and_then_fifteen(
    world, month, put, client, at, django_assert_max_num_queries
):
    """One asks for the peers of the district; what more they take says test_ranking.py."""
    at("2024-11-18 09:00")
    month("2024-10")
    period = month("2024-11")
    put(world.thac_mo, period, 10, early=10)
    rollup.drain()
    for user in (world.district_chair, world.old_staff, world.old_officer):
        client.force_login(user)
        for most in (44, 15):
            with django_assert_max_num_queries(most):
                assert client.get(reverse("dashboard")).status_code == 200


def test_the_page_works_without_a_stored_total(world, november, client):
    SubmissionSummary.objects.all().delete()
    assert page(client, world.chair).status_code == 200


def test_a_person_without_a_posting(world, november, client):
    user = get_user_model().objects.create(username="trong", full_name="Người Mới")
    assert "chưa có phân công" in page(client, user).content.decode()


def test_a_chair_of_the_nation_sees_the_nation(world, november, client):
    user = make_person("trunguong", "Trần Trung Ương", world.nation, Role.CHAIR)
    body = page(client, user).content.decode()
    assert "Tỉnh Đồng Nai" in body
    assert "Tỉnh Lâm Đồng" in body


# Order of the rows behind a number -----------------------------------------------------------------------------------


def names_behind(client, world, **query):
    found = sources(client, world.chair, ky="2026-11", **query).context
    return [row["name"] for row in found["rows"]], str(found["source"].order)


def test_the_worst_of_a_rate_is_the_first_row_behind_it(world, month, put, client, at):
    """999/1000 has by far the largest numerator and is best; of 2/6 and 1/3 the one that weighs more goes first."""
    at("2026-11-18 09:00")
    extra = [
        make_unit(f"9010{k}", f"Xã {name}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
        for k, name in enumerate(("Ấp Bắc", "An Viễn"))
    ]
    period = month("2026-11")
    put(world.phuoc_long, period, 1000, early=999, overdue=1)
    put(world.phuoc_binh, period, 3, early=1, overdue=2)
    put(world.phu_rieng, period, 6, early=2, overdue=4)
    put(extra[0], period, 3, early=1, overdue=2)
    put(extra[1], period, 5)  # nothing resolved: no rate
    names, order = names_behind(client, world, so="in_time_rate")
    assert names == ["Xã Phú Riềng", "Xã Ấp Bắc", "Phường Phước Bình", "Phường Phước Long", "Xã An Viễn"]
    assert order == "tỷ lệ thấp trước"
    assert "tỷ lệ thấp trước" in sources(client, world.chair, ky="2026-11", so="in_time_rate").content.decode()
    names, order = names_behind(client, world, so="received")
    assert names == ["Phường Phước Long", "Xã Phú Riềng", "Xã An Viễn", "Xã Ấp Bắc", "Phường Phước Bình"]
    assert order == "số lớn trước"


@pytest.mark.parametrize(
    ("direction", "first", "words"),
    [("up", "Phường Phước Long", "tỷ lệ thấp trước"), ("down", "Phường Phước Bình", "tỷ lệ cao trước")],
)
def test_what_is_worst_follows_the_indicator(world, month, put, client, at, direction, first, words):
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 1, dd04=(50, 100))
    put(world.phuoc_binh, period, 1, dd04=(9, 10))
    Indicator.objects.filter(code="DD04").update(direction=direction)
    names, order = names_behind(client, world, so="DD04")
    assert (names[0], order) == (first, words)
