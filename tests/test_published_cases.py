"""Published figures, typed by people, sent and approved: page, Excel and command show what the articles have.

Expected values come from the shipped copy of the articles' list. Where an article gives a total, the split is ours.
"""

import re
import shutil
import subprocess
from io import StringIO

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.demo.cases import (
    CASES,
    NATION,
    OWN_INDICATORS,
    PHUOC_LONG,
    PLACES,
    PROVINCE_MONTH,
    THU_DAU_MOT,
    TOWN,
    fact,
)
from reporting.demo.reading_cases import NO_FIGURE, NOT_HELD, readings
from reporting.entry import saving
from reporting.entry.checks import SOFT
from reporting.entry.form import load_form
from reporting.entry.ready import branches_owing, mark_ready
from reporting.exports import excel
from reporting.models import Campaign, Indicator, IndicatorFigure, IndicatorTerms, Report
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import Branch, Level, Role
from tests.conftest import LAST_OLD, make_person, make_unit
from tests.test_register_pages import text_of

pytestmark = pytest.mark.django_db


def hand_in(report, clerks, reviewer, figures, said=None):
    """Type a whole report cell by cell (0 where nothing is said), mark both parts ready, send it, have it approved."""
    for branch in Branch.values:
        form = load_form(report, clerks[branch])
        own = [cell for cell in form.cells.values() if cell.branch == branch and not cell.locked]
        cells = {cell.key: str(figures.get(cell.key, 0)) for cell in own}
        assert saving.save_cells(report_id=report.pk, by=clerks[branch], cells=cells).is_ok
        for code, word in (said or {}).items():
            if f"{code}.numerator" in cells:
                saving.describe_figure(
                    report_id=report.pk, by=clerks[branch], code=code, qualifier=word[0], note=word[1]
                )
    for problem in load_form(report).problems:
        if problem.severity == SOFT:
            saving.explain(
                report_id=report.pk, by=clerks["office"], check_code=problem.code, cell=problem.cell, reason="Đúng"
            )
    for branch in branches_owing(report):
        mark_ready(report_id=report.pk, branch=branch, by=clerks[branch])
    workflow.submit(report_id=report.pk, by=clerks["office"])
    workflow.approve(report_id=report.pk, by=reviewer)


def staff(units):
    """An officer of each branch in every unit."""
    return {
        unit: {
            branch: make_person(f"{branch}{unit.pk}", f"Cán Bộ {branch} {unit.code}", unit, Role.OFFICER, branch)
            for branch in Branch.values
        }
        for unit in units
    }


def reports_of(period):
    return {r.unit: r for r in Report.objects.filter(period=period).select_related("unit", "period")}


def shows(client, reader, case, tmp_path):
    """Every figure the portal has a place for: read as published, on the page, in the file, by the command."""
    found = readings([case])
    assert [one for one in found if not one.agrees] == []
    code, month = PLACES[case]
    unit = Report.objects.get(unit__code=code, period__year=month.year, period__month=month.month).unit
    client.force_login(reader)
    page = text_of(client.get(reverse("dashboard"), {"don_vi": unit.pk, "ky": month.key, "co_so": "chinh-thuc"}))
    path = tmp_path / "a.xlsx"
    excel.write_summary(path, unit_id=unit.pk, span=Span.parse(month.key), basis="official", by=reader)
    out = StringIO()
    call_command("published_cases", case, stdout=out)
    held = [one for one in found if not one.why_not]
    assert out.getvalue().count("ok  ") == len(held)
    return unit, page, path, held


def row_of(path, sheet, code):
    rows = openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows()
    return next(row for row in rows if code in {row[0].value, row[1].value})


def recalculated(path, tmp_path):
    """The workbook as LibreOffice computes it from the formulas alone."""
    openpyxl.load_workbook(path).save(tmp_path / "formulas.xlsx")
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "recalculated"), str(tmp_path / "formulas.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return tmp_path / "recalculated" / "formulas.xlsx"


def test_every_fact_of_the_articles_has_a_reader_or_a_reason():
    """None is passed over: what is neither an indicator nor read by a function of its own is named with its reason."""
    assert set(PLACES) == set(CASES)
    assert set(NOT_HELD) == {(THU_DAU_MOT, "rate_published")}
    assert {what for case, what in OWN_INDICATORS if case == NATION} == {f["what"] for f in CASES[NATION]["facts"]}
    figures = sum(len(set(one) - NO_FIGURE) for case in CASES.values() for one in case["facts"])
    assert figures == 46


@pytest.mark.parametrize("case", [TOWN, NATION, PHUOC_LONG, THU_DAU_MOT])
def test_a_case_stands_in_the_month_that_holds_its_day(world, month, case):
    period = month(PLACES[case][1].key)
    assert str(period.data_from) <= CASES[case]["as_of"] <= str(period.data_to)


def run_the_campaign(client, town, wards, clerks, reviewer):
    """Through the pages, on the day after the article's: opened by the town, entered by the ward and the town."""
    whole = next(f for f in CASES[THU_DAU_MOT]["facts"] if f["what"].startswith("campaign: "))
    first = next(f for f in CASES[THU_DAU_MOT]["facts"] if "Phú Thọ" in f["what"])
    put_in = fact(THU_DAU_MOT, "resources")
    rest = [whole[side] - first[side] for side in ("numerator", "denominator")]
    client.force_login(reviewer)
    body = {
        "name": "Cao điểm 45 ngày đêm",
        "first_day": "2022-11-24",
        "last_day": "2023-01-07",
        "as_written": "15 ngày (24/11 – 14/12)",
        "measure_1": "Dữ liệu hộ tịch đã nhập",
        "unit_of_measure_1": "dữ liệu",
        "indicator_1": Indicator.objects.get(code="HT01").pk,
        "goals": f"{wards[0].code}\tPhường Phú Thọ\t{first['denominator']}\nThành phố Thủ Dầu Một\t{rest[1]}",
    }
    assert client.post(reverse("campaign-add"), body).status_code == 302
    campaign = Campaign.objects.get()
    measure = campaign.measures.get()
    since = {f"since_{measure.pk}": "2022-11-24"}
    texts = {f"shifts_{campaign.pk}": put_in["shifts_per_day"], f"machines_{campaign.pk}": put_in["machines"]}
    for unit, number, more in (
        (wards[0], first["numerator"], {}),
        (town, rest[0], {f"qualifier_{measure.pk}": whole["qualifier"], **texts}),
    ):
        client.force_login(clerks[unit]["office"])
        body = {f"value_{measure.pk}": str(number), **since, **more}
        assert client.post(f"{reverse('campaign-entry')}?ngay=2022-12-14", body).status_code == 302


@pytest.fixture
def thu_dau_mot(world, month, at, client):
    """TP Thủ Dầu Một with its fourteen wards in December 2022; every report typed, sent and approved by people."""
    at("2022-12-15 09:00")
    world.binh_duong = make_unit("74", "Tỉnh Bình Dương", "tinh", Level.PROVINCE, world.nation, closed=LAST_OLD)
    town = make_unit("718", "Thành phố Thủ Dầu Một", "thanh_pho", Level.DISTRICT, world.binh_duong, closed=LAST_OLD)
    names = ["Phú Thọ", *(f"Số {n}" for n in range(2, 15))]
    wards = [
        make_unit(str(25740 + n), f"Phường {name}", "phuong", Level.COMMUNE, town, closed=LAST_OLD)
        for n, name in enumerate(names)
    ]
    period = month("2022-12")
    for position, ((case, what), (code, name)) in enumerate(OWN_INDICATORS.items()):
        if case == THU_DAU_MOT:  # added as an administrator adds what an article has and no form asks for
            ratio = "denominator" in fact(case, what)
            indicator = Indicator.objects.create(
                code=code, order=900 + position, group="online_services", name=name, unit_of_measure="số",
                kind="ratio" if ratio else "number", over_time="stock", direction="none", owner="office",
            )  # fmt: skip
            IndicatorTerms.objects.create(indicator=indicator, valid_from=period.data_from, at_district=True)
    clerks, reports = staff([town, *wards]), reports_of(period)
    reviewer = make_person("duyet718", "Lý Văn Duyệt", town, Role.REVIEWER)
    above = make_person("duyet74", "Lê Văn Duyệt", world.binh_duong, Role.REVIEWER)
    identity = fact(THU_DAU_MOT, "identity dossiers collected")
    records = next(f for f in CASES[THU_DAU_MOT]["facts"] if f["what"].startswith("campaign: "))
    first = next(f for f in CASES[THU_DAU_MOT]["facts"] if "Phú Thọ" in f["what"])
    left = [identity["numerator"], identity["denominator"], records["numerator"], records["denominator"], 16]
    for n, ward in enumerate(wards):
        last = n == len(wards) - 1
        part = left if last else [1000 * (n + 1), 1300 * (n + 1), 500 * (n + 1), 900 * (n + 1), 1 + (n == 3)]
        if n == 0:
            part = [1000, 1300, first["numerator"], first["denominator"], 1]
        left = [a - b for a, b in zip(left, part, strict=True)]
        cells = dict(
            zip(("DD01.numerator", "DD01.denominator", "HT01.numerator", "HT01.denominator"), part, strict=False)
        )
        cells |= {f"{code}.{side}": part[4] for code in ("YT01", "YT02") for side in ("numerator", "denominator")}
        hand_in(reports[ward], clerks[ward], reviewer, cells, {"HT01": ("hơn", "")} if n else None)
    assert left == [0, 0, 0, 0, 0]
    machines = fact(THU_DAU_MOT, "resources")
    cells = {"NL01.numerator": machines["machines"]}
    said = {"NL01": ("", f"{machines['shifts_per_day']} ca mỗi ngày"), "DD91": ("gần", "")}
    for (case, what), (code, _) in OWN_INDICATORS.items():
        if case == THU_DAU_MOT:
            one = fact(case, what)
            cells[f"{code}.numerator"] = one.get("numerator", one.get("value"))
            cells[f"{code}.denominator"] = one.get("denominator")
    hand_in(reports[town], clerks[town], above, cells, said)
    run_the_campaign(client, town, wards, clerks, reviewer)
    rollup.drain()
    world.reader = make_person("chutich718", "Chủ Tịch", town, Role.CHAIR)
    return world


def test_thu_dau_mot_reads_as_published(thu_dau_mot, client, tmp_path):
    unit, page, path, held = shows(client, thu_dau_mot.reader, THU_DAU_MOT, tmp_path)
    for one in held:
        if "Phú Thọ" not in one.what and one.key not in {"shifts_per_day", "days"}:
            assert f" {one.expected} " in page, one
    for one in CASES[THU_DAU_MOT]["facts"]:
        if one.get("indicator") and "Phú Thọ" not in one["what"]:
            cells = row_of(path, "Chỉ tiêu", one["indicator"])
            assert (cells[5].value, cells[6].value) == (one["numerator"], one["denominator"])
            word = f'"{one["qualifier"]} "' if "qualifier" in one else ""
            assert cells[5].number_format == f"{word}#,##0"
            assert cells[7].value == pytest.approx(one["numerator"] / one["denominator"])
            assert cells[7].number_format == "0.00%"
    accounts = row_of(path, "Chỉ tiêu", "DD91")
    assert (accounts[5].value, accounts[5].number_format) == (110000, '"gần "#,##0')
    assert accounts[7].value == "x"  # nothing to divide by: no activation is made of it
    ward = Report.objects.get(unit__versions__short_name="Phú Thọ")
    shown = text_of(client.get(reverse("report-detail", args=[ward.pk])))
    assert "17.998 17.998 100,00%" in shown
    town = Report.objects.get(unit=unit)
    assert "3 ca mỗi ngày" in text_of(client.get(reverse("report-detail", args=[town.pk])))


def test_the_campaign_of_thu_dau_mot_reads_as_published(thu_dau_mot, client):
    client.force_login(thu_dau_mot.reader)
    page = client.get(Campaign.objects.get().get_absolute_url())
    shown = text_of(page)
    assert "hơn 101.000 /184.683 đạt 54,69%" in shown
    assert "Phường Phú Thọ 17.998 17.998 100,00% 0 – thứ 1, chậm nhất 14/12" in shown
    assert "45 ngày: từ 24/11/2022 đến hết ngày 07/01/2023" in shown
    assert "Nguyên văn 15 ngày (24/11 – 14/12)" in shown
    assert "Nguồn lực ngày 14/12/2022 : 3 ca, 16 máy." in shown
    assert page.context["forecast"]["words"].startswith("Chưa đủ 3 ngày")  # no day by itself is known, so no pace
    assert page.context["chart"]["done"][20:22] == [101000, None]
    assert "hơn 101.000/184.683" in text_of(client.get(reverse("campaign-list")))


def test_the_command_exits_with_one_when_a_figure_reads_otherwise(thu_dau_mot):
    IndicatorFigure.objects.filter(indicator__code="DD91").update(qualifier="")
    out = StringIO()
    with pytest.raises(CommandError, match="1 published figures read otherwise") as refused:
        call_command("published_cases", THU_DAU_MOT, stdout=out)
    assert refused.value.returncode == 1
    line = next(line for line in out.getvalue().splitlines() if line.startswith("DIFFERS"))
    assert line.endswith("published gần 110.000, read 110.000")


@pytest.fixture
def province_month(world, month, at):
    at("2023-09-15 09:00")
    province = make_unit("74", "Tỉnh Bình Dương", "tinh", Level.PROVINCE, world.nation, closed=LAST_OLD)
    clerks = staff([province])[province]
    reviewer = make_person("duyet74", "Lê Văn Duyệt", province, Role.REVIEWER)
    one = fact(PROVINCE_MONTH, "dossiers")
    cells = {"DVC02.received_online": 9000, "DVC02.received_in_person": 2000, "DVC02.resolved_on_time": 8000}
    cells |= {
        "DVC20.received_online": one["received_online"] - 9000,
        "DVC20.received_postal": one["received"] - one["received_online"] - 2000,
        "DVC20.resolved_early": one["resolved"] - 8000,
        "DVC20.pending_overdue": 7,
    }
    hand_in(reports_of(month("2023-09"))[province], clerks, reviewer, cells)
    rollup.drain()
    world.reader = make_person("chutich74", "Chủ Tịch", province, Role.CHAIR)
    return world


@pytest.mark.slow
def test_the_provinces_month_reads_as_published(province_month, client, tmp_path):
    unit, page, path, held = shows(client, province_month.reader, PROVINCE_MONTH, tmp_path)
    for one in held:
        if one.key not in {"resolved", "pending"}:  # the service table shows their parts, the source page their sum
            assert f" {one.expected} " in page, one
    one = fact(PROVINCE_MONTH, "dossiers")
    for key in ("resolved", "pending"):
        query = {"don_vi": unit.pk, "ky": "2023-09", "so": key}
        shown = text_of(client.get(reverse("dashboard-source"), query))
        assert f"{one[key]:,}".replace(",", ".") in shown
    books = [path, recalculated(path, tmp_path)] if shutil.which("soffice") else [path]
    for book in books:
        cells = next(
            row
            for row in openpyxl.load_workbook(book, data_only=True)["Theo dịch vụ"].iter_rows()
            if "TỔNG SỐ" in {cell.value for cell in row[:3]}
        )
        assert [cells[i].value for i in (5, 8, 12, 16)] == [
            one["received_online"], one["received"], one["resolved"], one["pending"]
        ]  # fmt: skip
        assert cells[17].value == pytest.approx(one["received_online"] / one["received"])
        assert cells[17].number_format == "0.00%"


@pytest.fixture
def phuoc_long(world, month, at):
    """TX Phước Long with seven communes in March and April 2024, two towns beside it with one commune each."""
    more = [
        make_unit(str(25300 + n), f"Phường Số {n}", "phuong", Level.COMMUNE, world.tx_phuoc_long, closed=LAST_OLD)
        for n in range(5)
    ]
    dong_xoai = make_unit("689", "Thành phố Đồng Xoài", "thanh_pho", Level.DISTRICT, world.binh_phuoc, closed=LAST_OLD)
    tan_phu = make_unit("25195", "Phường Tân Phú", "phuong", Level.COMMUNE, dong_xoai, closed=LAST_OLD)
    communes = [world.thac_mo, world.long_thuy, *more]
    clerks = staff([world.tx_phuoc_long, *communes, world.an_loc, tan_phu])
    reviewer = make_person("duyet70", "Mạc Thị Duyệt", world.binh_phuoc, Role.REVIEWER)
    services = fact(PHUOC_LONG, "essential services fully online")
    for key, day, online, done in (
        ("2024-03", "2024-03-15", 600, 7),
        ("2024-04", "2024-04-15", 650, services["numerator"]),
    ):
        at(f"{day} 09:00")
        reports = reports_of(month(key))
        for n, unit in enumerate(communes):
            late = 4 if n else 3  # 27 of 5.000 in the town: 99,46 %
            total = 714 if n else 716
            cells = {"DVC15.received_online": online - 300, "DVC03.received_online": 300}
            cells |= {"DVC03.received_in_person": total - online, "DVC15.resolved_on_time": online - 300}
            cells |= {"DVC03.resolved_overdue": late, "DVC03.resolved_early": total - online + 300 - late}
            hand_in(reports[unit], clerks[unit], reviewer, cells)
        for unit, linked in ((tan_phu, 9000), (world.an_loc, 100)):
            cells = {"DVC16.received_online": linked, "DVC16.resolved_on_time": linked}
            hand_in(reports[unit], clerks[unit], reviewer, cells)
        cells = {"DV01.numerator": done, "DV01.denominator": services["denominator"]}
        hand_in(reports[world.tx_phuoc_long], clerks[world.tx_phuoc_long], reviewer, cells)
        rollup.drain()
    return world


@pytest.mark.slow
def test_phuoc_long_reads_as_published(phuoc_long, client, tmp_path):
    _, page, path, held = shows(client, phuoc_long.district_chair, PHUOC_LONG, tmp_path)
    assert {one.key for one in held} == {"numerator", "rate", "rank", "trend"}
    for one in held:
        if one.key in {"numerator", "rate"}:
            assert f" {one.expected} " in page, one
    cells = row_of(path, "Chỉ tiêu", "DV01")
    assert (cells[5].value, cells[6].value, cells[7].number_format) == (8, 11, "0.00%")
    reader = phuoc_long.old_staff
    client.force_login(reader)
    query = {"ky": "2024-04", "xep_theo": "lien-thong", "don_vi": phuoc_long.binh_phuoc.pk, "co_so": "chinh-thuc"}
    html = client.get(reverse("dashboard"), query).text
    row = next(r for r in re.findall(r"<tr.*?</tr>", html, re.S) if "Thị xã Phước Long" in r and "Kích hoạt" in r)
    assert re.sub(r"<[^>]+>", " ", row).split()[-1] == "2"
