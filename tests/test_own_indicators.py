"""Indicators that are never added over units: 7 of 11 services of a province and 4/11 of a district are not 11/22."""

import datetime as dt
import importlib
import re

import openpyxl
import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.db import IntegrityError, transaction
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.admin import IndicatorResource
from reporting.catalogue import load_catalogue
from reporting.exports import excel
from reporting.models import Indicator, IndicatorFigure, IndicatorSummary, Report, RollupRequest
from reporting.reading.contributions import source
from reporting.reading.overview import overview
from reporting.rollup import rollup
from reporting.rollup.audit import audit

pytestmark = pytest.mark.django_db
MONTH, QUARTER = Span.parse("2024-11"), Span.parse("2024-Q4")
AT = dt.datetime(2024, 12, 20, 2, 0, tzinfo=dt.UTC)


@pytest.fixture
def put(fill):
    def write(unit, period, numerator, denominator=11, code="DV01", status="approved"):
        report = Report.objects.get(unit=unit, period=period)
        fill(report, services=[], status=status)
        IndicatorFigure.objects.filter(report=report).exclude(indicator__code=code).delete()
        IndicatorFigure.objects.update_or_create(
            report=report,
            indicator=Indicator.objects.get(code=code),
            defaults={"numerator": numerator, "denominator": denominator},
        )
        return report

    return write


@pytest.fixture
def reports(world, month, put, at):
    """The case of the issue: province 7/11, one district 4/11 (5/11 sent in December), the other nothing."""
    at("2024-12-20 09:00")
    november, december = month("2024-11"), month("2024-12")
    province = put(world.binh_phuoc, november, 7)
    district = put(world.tx_phuoc_long, november, 4)
    put(world.tx_phuoc_long, december, 5, status="submitted")
    for code in ("DV02", "NL01"):  # beside it, those that are added
        for report in (province, district):
            IndicatorFigure.objects.create(
                report=report,
                indicator=Indicator.objects.get(code=code),
                numerator=3,
                denominator=6 if code == "DV02" else None,
            )
    for period in (november, december):
        rollup.roll_up(period)
    return november


def stored(unit, period, basis="official", code="DV01"):
    row = IndicatorSummary.objects.filter(unit=unit, period=period, basis=basis, indicator__code=code).first()
    return (row.numerator, row.denominator, row.units_reported) if row else "no row"


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# Stored totals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["official", "provisional"])
def test_each_unit_keeps_its_own_pair_and_a_unit_without_a_report_has_none(world, reports, basis):
    assert stored(world.binh_phuoc, reports, basis) == (7, 11, 1)
    assert stored(world.tx_phuoc_long, reports, basis) == (4, 11, 1)
    assert stored(world.tx_binh_long, reports, basis) == "no row"
    assert stored(world.nation, reports, basis) == "no row"
    assert stored(world.binh_phuoc, reports, basis, "DV02") == (6, 12, 2)
    assert stored(world.nation, reports, basis, "NL01") == (6, None, 2)


def test_the_basis_holds_for_the_own_report_too(world, month, reports):
    december = Report.objects.get(unit=world.tx_phuoc_long, period__month=12, period__year=2024).period
    assert stored(world.tx_phuoc_long, december, "provisional") == (5, 11, 1)
    assert stored(world.tx_phuoc_long, december, "official") == "no row"
    assert stored(world.binh_phuoc, december, "provisional") == "no row"


def test_a_commune_under_a_province_of_two_tiers_adds_nothing(world, month, put, at):
    at("2026-11-20 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 13, 13)
    put(world.phuoc_binh, period, 5, 13)
    rollup.roll_up(period)
    assert stored(world.dong_nai, period) == "no row"
    put(world.dong_nai, period, 9, 25)
    rollup.roll_up(period)
    assert stored(world.dong_nai, period) == (9, 25, 1)
    assert overview(world.phuoc_long.pk, Span.parse("2026-11")).indicator("DV01").rate == (13, 13)


def test_the_audit_knows_the_rule_by_itself(world, reports):
    assert audit(reports) == []
    row = IndicatorSummary.objects.get(unit=world.binh_phuoc, period=reports, basis="official", indicator__code="DV01")
    IndicatorSummary.objects.filter(pk=row.pk).update(numerator=11, denominator=22, units_reported=2)
    assert [d.rpartition(": ")[2] for d in audit(reports)] == [
        "đang lưu 22, tính lại từ báo cáo 11.",
        "đang lưu 11, tính lại từ báo cáo 7.",
        "đang lưu 2, tính lại từ báo cáo 1.",
    ]


def test_an_empty_own_report_gives_no_pair(world, reports):
    """Nothing below stands in for it: the province reopened its report."""
    Report.objects.filter(unit=world.binh_phuoc, period=reports).update(status="draft")
    rollup.roll_up(reports)
    assert stored(world.binh_phuoc, reports, "provisional") == "no row"
    assert audit(reports) == []


# Reading -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [MONTH, QUARTER])
def test_a_month_and_a_quarter_read_the_own_reports_alone(world, reports, span):
    province = overview(world.binh_phuoc.pk, span)
    assert province.indicator("DV01").rate == (7, 11)
    assert province.indicator("DV02").rate == (6, 12)
    district = overview(world.tx_phuoc_long.pk, span)
    assert district.indicator("DV01").rate == ((4, 11) if span == MONTH else (5, 11))
    assert overview(world.tx_binh_long.pk, span).indicator("DV01").rate == (None, None)
    assert overview(world.nation.pk, span).indicator("DV01").rate == (None, None)


def test_the_rows_behind_it_are_the_units_own_reports(world, reports):
    found = source(world.binh_phuoc.pk, [reports], "provisional", "DV01")
    assert [(r.unit_id, r.value, r.of) for r in found.rows] == [(world.binh_phuoc.pk, 7, 11)]
    assert (found.value, found.of) == (7, 11)
    added = source(world.binh_phuoc.pk, [reports], "provisional", "DV02")
    assert {(r.unit_id, r.value) for r in added.rows} == {(world.binh_phuoc.pk, 3), (world.tx_phuoc_long.pk, 3)}


def test_an_own_indicator_in_the_head_of_the_page_is_not_added_in_rows_or_comparison(world, month, put, at):
    """DD04 stands in the head, in each row and in the comparison; made own, it is each unit's own everywhere."""
    at("2026-11-20 09:00")
    Indicator.objects.filter(code="DD04").update(over_units="own")
    october, november = month("2026-10"), month("2026-11")
    for period, of_province, of_commune in ((october, 1, 10), (november, 2, 30)):
        put(world.dong_nai, period, of_province, 100, code="DD04")
        put(world.phuoc_long, period, of_commune, 100, code="DD04")
        rollup.roll_up(period)
    for key in ("2026-11", "2026-10..2026-11"):
        seen = overview(world.dong_nai.pk, Span.parse(key))
        assert seen.measures.activation.rate == (2, 100)
        rows = {row.unit_id: row.measures.activation.rate for row in seen.rows if row.submissions.reports}
        assert rows == {world.dong_nai.pk: (2, 100), world.phuoc_long.pk: (30, 100)}
        nation = overview(world.nation.pk, Span.parse(key))
        assert nation.measures.activation.rate == (None, None)
        assert [r.measures.activation.rate for r in nation.rows if r.submissions.reports] == [(2, 100)]
    compared = overview(world.dong_nai.pk, Span.parse("2026-11")).comparison
    assert (compared.now.activation.rate, compared.before.activation.rate) == ((2, 100), (1, 100))


# Pages and files -----------------------------------------------------------------------------------------------------


def test_the_page_shows_7_of_11_and_says_that_it_is_the_units_own(client, world, reports):
    client.force_login(world.old_staff)
    html = client.get(reverse("dashboard"), {"don_vi": world.binh_phuoc.pk, "ky": "2024-11"}).content.decode()
    [row] = [r for r in re.findall(r"<tr>(.*?)</tr>", html, re.S) if ">DV01<" in r]
    assert "7/11" in text_of(row)
    assert "63,64%" in text_of(row)  # 7/11
    assert "Số của riêng đơn vị, không cộng các đơn vị bên dưới" in text_of(row)
    assert "11/22" not in html
    [added] = [r for r in re.findall(r"<tr>(.*?)</tr>", html, re.S) if ">DV02<" in r]
    assert "6/12" in text_of(added)
    assert "riêng đơn vị" not in text_of(added)


def test_the_unit_table_adds_up_no_own_indicator(client, world, month, put, at):
    at("2026-11-20 09:00")
    Indicator.objects.filter(code="DD04").update(over_units="own")
    period = month("2026-11")
    put(world.dong_nai, period, 2, 100, code="DD04")
    put(world.phuoc_long, period, 30, 100, code="DD04")
    rollup.roll_up(period)
    client.force_login(world.chair)
    page = client.get(reverse("dashboard"), {"ky": "2026-11"})
    cells = {row["name"]: row["cells"][-1][:2] for row in page.context["units"]}
    assert cells["Phường Phước Long"] == ("Kích hoạt VNeID", "30,00%")
    assert page.context["unit_total"]["cells"][-1] == ("Kích hoạt VNeID", "–", "", "")
    assert "Kích hoạt VNeID: không cộng, vì mỗi đơn vị có phạm vi riêng." in text_of(page.content.decode())
    [card] = [c for c in page.context["stats"] if c["label"] == "Kích hoạt VNeID"]
    assert (card["value"], card["note"]) == ("2,00%", "2/100, riêng đơn vị")


def test_its_source_page_lists_each_unit_below_and_adds_nothing(client, world, reports):
    client.force_login(world.old_staff)
    address = reverse("dashboard-source"), {"don_vi": world.binh_phuoc.pk, "ky": "2024-11", "so": "DV01"}
    page = client.get(*address)
    assert (page.context["value"], page.context["of"], page.context["rate"]) == ("7", "11", "63,64%")
    assert [row["name"] for row in page.context["rows"]] == ["UBND tỉnh Bình Phước (cấp tỉnh)"]
    assert [(row["name"], row["value"], row["of"], row["rate"]) for row in page.context["below"]] == [
        ("Thị xã Bình Long", "", "", "–"),
        ("Thị xã Phước Long", "4", "11", "36,36%"),
    ]
    text = text_of(page.content.decode())
    assert "Không cộng: mỗi đơn vị có phạm vi riêng" in text
    assert "11 22" not in text
    added = client.get(address[0], {**address[1], "so": "DV02"})
    assert added.context["below"] == []


def test_the_list_below_holds_the_levels_that_report_it(client, world, month, put, at):
    """Two tiers: communes do; a filter of one level reads an unsent report as blank."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 13, 13)
    put(world.phuoc_binh, period, 0, 13, status="draft")
    client.force_login(world.chair)
    page = client.get(reverse("dashboard-source"), {"ky": "2026-11", "so": "DV01"})
    assert page.context["rows"] == []
    assert [(row["name"], row["value"], row["rate"]) for row in page.context["below"]] == [
        ("Xã Phú Riềng", "", "–"),
        ("Phường Phước Bình", "", "–"),
        ("Phường Phước Long", "13", "100,00%"),
    ]


def test_a_person_of_the_district_sees_no_neighbour_in_that_list(client, world, reports):
    client.force_login(world.district_chair)
    page = client.get(reverse("dashboard-source"), {"ky": "2024-11", "so": "DV01"})
    assert page.context["value"] == "4"
    assert page.context["below"] == []  # communes do not report it in 2024
    outside = client.get(reverse("dashboard-source"), {"ky": "2024-11", "so": "DV01", "don_vi": world.binh_phuoc.pk})
    assert outside.status_code == 404


@pytest.mark.parametrize(("span", "district"), [(MONTH, (4, 11)), (QUARTER, (5, 11))])
def test_excel_holds_the_own_pair(world, reports, tmp_path, span, district):
    for unit, pair in ((world.binh_phuoc, (7, 11)), (world.tx_phuoc_long, district), (world.nation, (None, None))):
        path = tmp_path / "tep.xlsx"
        excel.write_summary(path, unit_id=unit.pk, span=span, basis="provisional", at=AT)
        sheet = openpyxl.load_workbook(path, data_only=True)["Chỉ tiêu"]
        [row] = [row for row in sheet.iter_rows(min_row=11) if row[1].value == "DV01"]
        assert (row[5].value, row[6].value) == pair
        assert row[7].value == ("–" if pair[0] is None else pair[0] / pair[1])
        assert row[2].value == "Dịch vụ công thiết yếu thực hiện toàn trình (số của riêng đơn vị, không cộng)"
        [added] = [row for row in sheet.iter_rows(min_row=11) if row[1].value == "DV02"]
        assert "riêng" not in added[2].value


def test_the_api_says_the_same_and_how_it_is_added(client, world, reports):
    client.force_login(world.old_staff)
    body = client.get("/api/summaries/", {"unit": world.binh_phuoc.pk, "period": "2024-11"}).json()
    rows = {row["code"]: row for row in body["indicators"]}
    assert (rows["DV01"]["numerator"], rows["DV01"]["denominator"], rows["DV01"]["over_units"]) == (7, 11, "own")
    assert (rows["DV02"]["numerator"], rows["DV02"]["over_units"]) == (6, "sum")
    report = Report.objects.get(unit=world.tx_phuoc_long, period=reports)
    detail = client.get(f"/api/reports/{report.pk}/").json()
    assert {row["code"]: row["over_units"] for row in detail["indicators"]}["DV01"] == "own"


# Catalogue -----------------------------------------------------------------------------------------------------------


def test_the_shipped_catalogue_says_which_are_not_added():
    load_catalogue()
    assert set(Indicator.objects.filter(over_units="own").values_list("code", flat=True)) == {"DV01"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Indicator.objects.filter(code="DV02").update(over_units="avg")


def bring_in(**changes):
    """The exported catalogue brought back in with DV01 changed."""
    data = IndicatorResource().export()
    rows = [dict(zip(IndicatorResource().fields, row, strict=True)) for row in data]
    data.wipe()
    data.headers = list(rows[0])
    for row in rows:
        data.append(list((row | changes if row["code"] == "DV01" else row).values()))
    return IndicatorResource().import_data(data, dry_run=False)


def test_a_file_of_the_catalogue_carries_it_both_ways(world):
    data = IndicatorResource().export()
    exported = dict(zip(data["Mã"], data["Giữa các đơn vị"], strict=True))
    assert (exported["DV01"], exported["DV02"]) == (Indicator.OverUnits.OWN.label, Indicator.OverUnits.SUM.label)
    assert bring_in(over_units="avg").has_validation_errors()
    assert not bring_in(over_units="sum").has_validation_errors()  # nothing was reported yet
    assert Indicator.objects.get(code="DV01").over_units == "sum"


@pytest.mark.parametrize("change", [{"over_units": "sum"}, {"kind": "number"}, {"over_time": "flow"}])
def test_what_decides_how_reported_figures_are_read_stays(world, reports, change):
    before = Indicator.objects.values_list("kind", "over_time", "over_units").get(code="DV01")
    result = bring_in(**change)
    assert result.has_validation_errors()
    assert "đã có số liệu" in str(result.invalid_rows[0].error)
    assert Indicator.objects.values_list("kind", "over_time", "over_units").get(code="DV01") == before
    assert "over_units" in site._registry[Indicator].get_readonly_fields(None, Indicator.objects.get(code="DV01"))
    assert not bring_in(name="Tên mới").has_validation_errors()


def test_the_migration_marks_each_stored_total_of_theirs_closed_or_not(world, reports):
    """As an older portal stored it: 11/22. One roll-up of what was marked puts it right."""
    Indicator.objects.filter(code="DV01").update(over_units="sum")
    rollup.roll_up(reports)
    RollupRequest.objects.all().delete()
    assert stored(world.binh_phuoc, reports) == (11, 22, 2)
    migration = importlib.import_module("reporting.migrations.0006_indicators_not_added_over_units")
    migration.name_those_known(apps, None)
    marked = set(RollupRequest.objects.filter(period=reports).values_list("unit_id", flat=True))
    assert marked == {world.binh_phuoc.pk, world.tx_phuoc_long.pk, world.nation.pk}
    rollup.drain()
    assert stored(world.binh_phuoc, reports) == (7, 11, 1)
    assert stored(world.nation, reports) == "no row"
    assert audit(reports) == []
