"""Services done wholly online: ticked per unit and month, counted into DV01 and by lead agency."""

import json
import re
from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.entry import live_services, saving
from reporting.entry.live_services import AgencyCount, by_agency, in_words, keep, live_list
from reporting.exports.excel import write_summary
from reporting.models import FigureChange, Indicator, IndicatorFigure, LiveService, PublicService, Report, ReportEvent
from reporting.reading.lead_agencies import last_lists
from reporting.report_log import NotAllowed
from reporting.rollup import rollup
from taskforces.models import Branch, Role
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
CASES = json.loads((Path(__file__).parent.parent / "reporting/demo/published.json").read_text("utf-8"))["cases"]
POLICE_2022 = {"DVC01", "DVC02", "DVC03", "DVC04", "DVC05", "DVC06", "DVC07", "DVC08", "DVC12", "DVC13", "DVC14"}
ALL = {f"DVC{n:02d}" for n in range(1, 26)}


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def draft(world, month):
    return Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))


def dv01(report):
    row = IndicatorFigure.objects.filter(report=report, indicator__code="DV01").first()
    return row and (row.numerator, row.denominator)


def ticks(report):
    rows = LiveService.objects.filter(report=report).values_list("service__code", "is_live")
    return {code for code, live in rows if live}, {code for code, _ in rows}


# Counting ------------------------------------------------------------------------------------------------------------


def test_counted_by_lead_agency_the_largest_first():
    pairs = [("B", True), ("A", False), ("C", True), ("A", True), ("A", True)]
    assert by_agency(pairs) == [AgencyCount("A", 2, 3), AgencyCount("B", 1, 1), AgencyCount("C", 1, 1)]
    assert in_words(by_agency(pairs)) == "A 2/3; 2 dịch vụ của ngành khác"
    assert in_words(by_agency([*pairs, ("B", False)])) == "A 2/3; 2/3 dịch vụ của ngành khác"
    assert in_words(by_agency([("A", False)])) == "A 0/1"
    assert in_words([]) == ""


def test_the_published_city_reads_as_written(world, month, client, tmp_path, at):
    """Thủ Dầu Một, December 2022: 4 of 11 services of Public Security, all 14 of the other sectors."""
    facts = {f["what"]: f for case in CASES if case["id"] == "thu-dau-mot-2022" for f in case["facts"]}
    police, others = facts["services led by Public Security done"], facts["services of other sectors"]
    assert (police["denominator"], others["denominator"]) == (len(POLICE_2022), len(ALL - POLICE_2022))
    at("2022-12-16 09:00")
    period = month("2022-12")
    report = Report.objects.get(unit=world.tx_phuoc_long, period=period)
    clerk = make_person("vptx", "Người Văn Phòng", world.tx_phuoc_long, Role.OFFICER, Branch.OFFICE)
    live = set(sorted(POLICE_2022)[: police["numerator"]]) | (ALL - POLICE_2022)
    keep(report_id=report.pk, by=clerk, within=ALL, live=live)
    assert dv01(report) == (18, 25)
    Report.objects.filter(pk=report.pk).update(status="submitted", submitted_at="2022-12-16T03:00Z")
    above = Report.objects.get(unit=world.binh_phuoc, period=period)  # the province typed the same value of its own
    IndicatorFigure.objects.create(
        report=above, indicator=Indicator.objects.get(code="DV01"), numerator=18, denominator=25
    )
    Report.objects.filter(pk=above.pk).update(status="submitted", submitted_at="2022-12-16T03:00Z")
    rollup.roll_up(period)
    client.force_login(world.old_staff)
    page = client.get(reverse("dashboard"), {"don_vi": world.tx_phuoc_long.pk, "ky": "2022-12", "co_so": "tam-tinh"})
    assert "Bộ Công an 4/11; 14 dịch vụ của ngành khác" in page.content.decode()
    path = tmp_path / "bieu.xlsx"
    write_summary(path, unit_id=world.tx_phuoc_long.pk, span=Span.parse("2022-12"), basis="provisional")
    sheet = openpyxl.load_workbook(path)["Chỉ tiêu"]
    said = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert re.search(r"DV01 theo cơ quan chủ trì, số của riêng đơn vị: Bộ Công an 4/11; Bộ Tư pháp 6/6;", said)
    above = client.get(reverse("dashboard"), {"don_vi": world.binh_phuoc.pk, "ky": "2022-12", "co_so": "tam-tinh"})
    assert "18/25" in above.content.decode()
    assert "dịch vụ của ngành khác" not in above.content.decode()  # a list of the town's own is not the province's


def test_the_lead_agency_is_that_of_the_month(world, month):
    """Since March 2025 driving licences and criminal records are led by Public Security: 13 of 25."""
    before, after = (Report(unit=world.thac_mo, level="district", period=month(key)) for key in ("2025-02", "2025-04"))
    for report, led in ((before, 11), (after, 13)):
        report.pk = Report.objects.get(unit=world.tx_phuoc_long, period=report.period).pk
        found = live_list(report)
        assert sum(line.lead_agency == "Bộ Công an" for line in found.lines) == led


# Keeping -------------------------------------------------------------------------------------------------------------


def test_a_list_gives_the_indicator_and_says_who_changed_what(world, draft):
    form = keep(report_id=draft.pk, by=world.officer, within={"DVC01", "DVC09", "DVC10"}, live={"DVC09"})
    assert dv01(draft) == (1, 3)
    assert form.cells["DV01.numerator"].locked == "listed"
    keep(report_id=draft.pk, by=world.officer, within={"DVC01", "DVC09", "DVC11"}, live={"DVC01", "DVC11"})
    assert ticks(draft) == ({"DVC01", "DVC11"}, {"DVC01", "DVC09", "DVC11"})
    keep(report_id=draft.pk, by=world.officer, within={"DVC01", "DVC09", "DVC11"}, live={"DVC01", "DVC11"})
    events = ReportEvent.objects.filter(report=draft, action="live").order_by("pk")
    assert [event.reason for event in events] == [
        "1/3 dịch vụ; thêm DVC09",
        "2/3 dịch vụ; thêm DVC01, DVC11; thôi DVC09; vào phạm vi DVC11; ra ngoài phạm vi DVC10",
    ]
    assert {event.by for event in events} == {world.officer}
    changes = FigureChange.objects.filter(report=draft, cell__startswith="DV01").order_by("pk")
    assert [(c.cell, c.old, c.new, c.via) for c in changes] == [
        ("DV01.numerator", None, 1, "list"),
        ("DV01.denominator", None, 3, "list"),
        ("DV01.numerator", 1, 2, "list"),
    ]


def test_once_kept_it_is_not_typed_and_before_it_may_be(world, draft):
    saving.save_cells(report_id=draft.pk, by=world.officer, cells={"DV01.numerator": "9", "DV01.denominator": "11"})
    assert dv01(draft) == (9, 11)
    keep(report_id=draft.pk, by=world.officer, within={"DVC09"}, live=set())
    assert dv01(draft) == (0, 1)
    result = saving.save_cells(report_id=draft.pk, by=world.officer, cells={"DV01.numerator": "1"})
    assert result.refused == {"DV01.numerator": "Ô này đếm từ danh sách dịch vụ thực hiện toàn trình, không nhập."}
    carried = saving.save_cells(report_id=draft.pk, by=world.officer, cells={"DV01.numerator": "9"}, seen={})
    assert carried.is_ok  # a plain form carries what it showed
    assert dv01(draft) == (0, 1)


@pytest.mark.parametrize(
    ("within", "live", "errors"),
    [
        (set(), set(), {"": live_services.NONE_WITHIN}),
        ({"DVC01"}, {"DVC01", "DVC09"}, {"DVC09": live_services.NOT_WITHIN}),
        ({"DVC01", "X1"}, set(), {"": "Danh mục kỳ này không có dịch vụ X1."}),
    ],
)
def test_what_is_refused_saves_nothing(world, draft, within, live, errors):
    keep(report_id=draft.pk, by=world.officer, within={"DVC10"}, live={"DVC10"})
    with pytest.raises(ValidationError) as refused:
        keep(report_id=draft.pk, by=world.officer, within=within, live=live)
    assert {code: words for code, [words] in refused.value.message_dict.items()} == errors
    assert ticks(draft) == ({"DVC10"}, {"DVC10"})
    assert dv01(draft) == (1, 1)


def test_sent_it_is_sealed_and_typed_months_stay_as_they_were(world, draft, fill):
    fill(draft, status="submitted", by=world.officer)  # `fill` types 10 of 10
    with pytest.raises(NotAllowed):
        keep(report_id=draft.pk, by=world.officer, within={"DVC09"}, live=set())
    assert dv01(draft) == (10, 10)
    assert not LiveService.objects.exists()


def test_a_changed_list_takes_the_mark_away_and_stands_in_one_transaction(world, draft, fill, monkeypatch):
    fill(draft, ready=True)
    keep(report_id=draft.pk, by=world.officer, within={"DVC09"}, live={"DVC09"})
    draft.refresh_from_db()
    assert draft.office_ready_at is None
    assert draft.police_ready_at is not None
    monkeypatch.setattr(saving, "write", lambda *args, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keep(report_id=draft.pk, by=world.officer, within=ALL, live=ALL)
    assert ticks(draft) == ({"DVC09"}, {"DVC09"})


def test_who_may_keep_it(world, draft):
    service_centre = make_person(
        "mc", "Người Một Cửa", world.phuoc_long, Role.DEPARTMENT, body="Một cửa", groups="online_services"
    )
    other = make_person("yt", "Người Y Tế", world.phuoc_long, Role.DEPARTMENT, body="Trạm Y tế", groups="health")
    people = [world.police_officer, world.leader, world.neighbour, world.reviewer, world.staff, world.stranger, other]
    for person in people:
        with pytest.raises(PermissionDenied):
            keep(report_id=draft.pk, by=person, within={"DVC09"}, live=set())
    keep(report_id=draft.pk, by=service_centre, within={"DVC09"}, live=set())
    assert dv01(draft) == (0, 1)


# Proposing and pages -------------------------------------------------------------------------------------------------


def test_it_is_filled_in_from_the_month_before_and_kept_only_when_said(world, month, draft):
    fresh = live_list(draft)
    assert not fresh.kept
    assert {line.service.code for line in fresh.lines if line.within} == set(  # what the level handles
        PublicService.objects.filter(terms__at_commune=True, terms__valid_from="2025-07-01").values_list(
            "code", flat=True
        )
    )
    assert not any(line.live for line in fresh.lines)
    keep(report_id=draft.pk, by=world.officer, within={"DVC09", "DVC10"}, live={"DVC10"})
    december = Report.objects.select_related("period").get(unit=world.phuoc_long, period=month("2026-12"))
    proposed = live_list(december)
    assert (proposed.kept, proposed.month_before) == (False, "tháng 11/2026")
    assert {(line.service.code, line.live) for line in proposed.lines if line.within} == {
        ("DVC09", False),
        ("DVC10", True),
    }
    assert dv01(december) is None  # blank until somebody says so
    assert not live_list(Report.objects.get(unit=world.phuoc_binh, period=december.period)).month_before


def test_the_page_keeps_what_was_ticked_wrongly_beside_its_error(world, draft, client, django_assert_max_num_queries):
    client.force_login(world.officer)
    url = reverse("report-live", args=[draft.pk])
    with django_assert_max_num_queries(20):
        page = client.get(url)
    assert len(page.context["rows"]) == 25
    wrong = client.post(url, {"within": ["DVC09"], "live": ["DVC09", "DVC10"]})
    assert wrong.status_code == 200
    shown = {
        row["line"].service.code: (row["within"], row["live"], bool(row["error"])) for row in wrong.context["rows"]
    }
    assert shown["DVC09"] == (True, True, False)
    assert shown["DVC10"] == (False, True, True)
    assert 'aria-describedby="DVC10-loi"' in wrong.content.decode()
    right = client.post(url, {"within": ["DVC09", "DVC10"], "live": ["DVC09", "DVC10"]})
    assert right.headers["Location"] == reverse("report-entry", args=[draft.pk]) + "#DV01"
    entry = client.get(right.headers["Location"]).content.decode()
    assert f'href="{url}"' in entry
    assert "đếm từ danh sách" in entry
    assert "Bộ Tư pháp 2/2" in client.get(url).content.decode()


def test_the_report_says_which_are_not_done(world, draft, client):
    keep(report_id=draft.pk, by=world.officer, within={"DVC09", "DVC10", "DVC03"}, live={"DVC10"})
    client.force_login(world.officer)
    html = client.get(reverse("report-detail", args=[draft.pk])).content.decode()
    assert "DVC09 Đăng ký khai sinh" in html
    assert "Ghi dịch vụ thực hiện toàn trình" in html
    client.force_login(world.leader)
    page = client.get(reverse("report-live", args=[draft.pk]))
    assert not page.context["may_type"]
    assert "Ghi danh sách" not in page.content.decode()


def test_a_report_without_the_indicator_has_no_list(world, month, client, at):
    at("2024-12-16 09:00")
    report = Report.objects.get(unit=world.thac_mo, period=month("2024-12"))  # a commune, before July 2025
    client.force_login(world.old_officer)
    assert client.get(reverse("report-live", args=[report.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        keep(report_id=report.pk, by=world.old_officer, within={"DVC09"}, live=set())


def test_the_dashboard_says_nothing_beside_a_typed_value(world, month, client, fill):
    period = month("2026-10")
    report = fill(Report.objects.get(unit=world.phuoc_long, period=period))
    keep(report_id=report.pk, by=world.officer, within={"DVC09", "DVC03"}, live={"DVC09"})
    IndicatorFigure.objects.filter(report=report, indicator__code="DV01").update(numerator=2)
    Report.objects.filter(pk=report.pk).update(status="submitted", submitted_at="2026-10-16T03:00Z")
    client.force_login(world.officer)
    query = {"don_vi": world.phuoc_long.pk, "ky": "2026-10", "co_so": "tam-tinh"}
    assert "dịch vụ của ngành khác" not in client.get(reverse("dashboard"), query).content.decode()
    IndicatorFigure.objects.filter(report=report, indicator__code="DV01").update(numerator=1, denominator=3)
    assert "dịch vụ của ngành khác" not in client.get(reverse("dashboard"), query).content.decode()
    IndicatorFigure.objects.filter(report=report, indicator__code="DV01").update(denominator=2)
    assert "Bộ Công an 0/1; 1 dịch vụ của ngành khác" in client.get(reverse("dashboard"), query).content.decode()


def test_the_excel_summary_counts_units_and_adds_no_list(world, month, fill, tmp_path):
    """Of each unit its own list by lead agency; of each service who leads it and in how many units it is live."""
    period = month("2026-11")
    for unit, live in ((world.phuoc_long, {"DVC01"}), (world.phuoc_binh, {"DVC01", "DVC09"}), (world.dong_nai, set())):
        report = fill(Report.objects.get(unit=unit, period=period), services=["DVC09"], status="approved")
        within = {"DVC01", "DVC09", "DVC10"} if unit != world.dong_nai else {"DVC01"}
        LiveService.objects.bulk_create(
            LiveService(report=report, service=PublicService.objects.get(code=code), is_live=code in live)
            for code in within
        )
    typed = fill(Report.objects.get(unit=world.phu_rieng, period=period), services=["DVC09"], status="approved")
    assert not LiveService.objects.filter(report=typed).exists()
    rollup.roll_up(period)
    path = tmp_path / "bieu.xlsx"
    write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="official")
    book = openpyxl.load_workbook(path)
    units = {row[1].value: row[19].value or "" for row in book["Theo đơn vị"].iter_rows(min_row=11)}
    assert units["Phường Phước Long"] == "Bộ Tư pháp 0/2; 1 dịch vụ của ngành khác"
    assert units["Phường Phước Bình"] == "Bộ Tư pháp 1/2; 1 dịch vụ của ngành khác"
    assert units["UBND tỉnh Đồng Nai (cấp tỉnh)"] == "Bộ Công an 0/1"
    assert units["Xã Phú Riềng"] == ""
    assert units["TỔNG SỐ"] == ""
    services = {
        row[1].value: [cell.value or "" for cell in row[19:22]] for row in book["Theo dịch vụ"].iter_rows(min_row=11)
    }
    assert services["DVC01"] == ["Bộ Công an", "Chưa", "2/2"]
    assert services["DVC09"] == ["Bộ Tư pháp", "", "1/2"]
    assert services["DVC10"] == ["Bộ Tư pháp", "", "0/2"]
    assert services["DVC11"] == ["Bộ Tư pháp", "", ""]


def test_a_value_typed_later_has_no_list_behind_it(world, month, fill):
    for key, has_list in (("2026-10", True), ("2026-11", False)):
        report = fill(
            Report.objects.get(unit=world.phuoc_long, period=month(key)), services=["DVC09"], status="approved"
        )
        if has_list:
            LiveService.objects.create(report=report, service=PublicService.objects.get(code="DVC09"), is_live=True)
    october, november = month("2026-10"), month("2026-11")
    assert list(last_lists([world.phuoc_long.pk], [october], "official")) == [world.phuoc_long.pk]
    assert last_lists([world.phuoc_long.pk], [october, november], "official") == {}
    Report.objects.filter(period=october, unit=world.phuoc_long).update(status="submitted")
    assert last_lists([world.phuoc_long.pk], [october], "official") == {}
