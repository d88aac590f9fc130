"""Mistakes that real systems made about who owes a report and by when, on page, list, API and in the file."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from de_an_06.plain.spans import Span
from reporting.models import Difficulty, Report
from reporting.reading.overview import overview
from reporting.rollup import rollup
from taskforces.models import Branch, Role, UnitVersion
from tests.conftest import make_person
from tests.ways_out import FIRST, api, get, report_of, send, workbook

pytestmark = pytest.mark.django_db

OWN = "UBND tỉnh Đồng Nai (cấp tỉnh)"  # a province's report, beside those of its communes


# Expected reports ----------------------------------------------------------------------------------------------------


def test_a_closed_unit_leaves_expected_by_date_and_no_rate_passes_100(world, month, at, client, tmp_path):
    """Phước Bình ends on 13 December, the day before December's data end: owed and counted to November, then not.

    Everybody sends all there is, so each count reads n of n; nobody typed in Phước Bình's December, so it goes.
    """
    at("2026-12-13 09:00")
    months = {m: month(f"2026-{m}") for m in (11, 12)}
    for period in months.values():
        for report in Report.objects.filter(period=period, path__contains=f"/{world.dong_nai.pk}/"):
            if period.month == 11 or report.unit != world.phuoc_binh:
                send(report.unit, period, received_online=1, status="approved" if period.month == 11 else "draft")
    last = dt.date(2026, 12, 13)
    world.phuoc_binh.closed_on = last
    world.phuoc_binh.save()
    UnitVersion.objects.filter(unit=world.phuoc_binh).update(valid_to=last)
    at("2026-12-20 09:00")
    call_command("open_period", "2026-12")
    assert not Report.objects.filter(unit=world.phuoc_binh, period=months[12]).exists()
    for report in Report.objects.filter(period=months[12], path__contains=f"/{world.dong_nai.pk}/"):
        send(report.unit, months[12], status="approved")
    for period in months.values():
        rollup.roll_up(period)
    for key, units, reports in (("2026-11", 4, 4), ("2026-12", 3, 3), ("2026-11..2026-12", 4, 7)):
        for basis in ("provisional", "official"):
            owed = overview(world.dong_nai.pk, Span.parse(key), basis).submissions
            assert (owed.reported, owed.expected) == (units, units), key
            assert (owed.reports, owed.expected_reports) == (reports, reports), key
            sheet = workbook(tmp_path, world.dong_nai, key, basis=basis)["Bìa"]
            cover = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=5)}
            assert cover["Báo cáo trong số liệu"].split(",")[0] == f"{reports}/{reports}"
    body = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-12")["submissions"]
    assert (body["expected"], body["submitted"], body["approved"]) == (3, 3, 3)
    review = get(client, world.reviewer, "review-list", ky="2026-12").context["review"]
    assert (review.expected, review.sent) == (3, 3)
    assert "Phường Phước Bình" not in {row.name for row in review.rows}


@pytest.mark.parametrize(("clock", "overdue"), [("16:59:59", False), ("17:00:00", False), ("17:00:01", True)])
def test_page_list_and_file_call_overdue_from_the_first_second_after(
    world, month, at, client, tmp_path, clock, overdue
):
    """The communes' deadline is 17:00 of 16 November in Vietnam, wherever the server; the province's is later."""
    month("2026-11")
    at(f"2026-11-16 {clock}")
    rollup.roll_up(report_of(world.phuoc_long, month("2026-11")).period)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    lines = {r[1]: r for r in book["Chưa báo cáo"].iter_rows(min_row=FIRST, values_only=True) if r[3]}
    expected = dict.fromkeys(("Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"), overdue)
    assert {name: "Quá hạn" in row for name, row in lines.items()} == expected | {OWN: False}
    assert dt.datetime(2026, 11, 16, 17, 0) in lines["Xã Phú Riềng"]
    page = get(client, world.chair, "dashboard", ky="2026-11")
    listed = {m["name"]: m["overdue"] for m in page.context["who"]["missing"]}
    assert listed == expected | {OWN: False}
    review = get(client, world.reviewer, "review-list", ky="2026-11").context["review"]
    assert {row.name: row.is_overdue for row in review.missing} == expected | {OWN: False}


# Whose a report is ---------------------------------------------------------------------------------------------------


def test_a_units_own_report_bears_one_name_everywhere(world, month, at, client, tmp_path):
    """A province's own report is its committee's; "Tỉnh Đồng Nai" beside its communes would be all of them together."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    officer = make_person("vpub", "Tạ Văn Phòng", world.dong_nai, Role.OFFICER, Branch.OFFICE)
    report = report_of(world.dong_nai, period)
    rollup.roll_up(period)

    def rows_of(sheet):
        rows = workbook(tmp_path, world.dong_nai, "2026-11")[sheet].iter_rows(min_row=FIRST, values_only=True)
        return {row[1]: row[2] for row in rows if row[3]}

    assert rows_of("Chưa báo cáo") == dict.fromkeys(("Phường Phước Bình", "Phường Phước Long"), "Tỉnh Đồng Nai") | {
        "Xã Phú Riềng": "Tỉnh Đồng Nai",
        OWN: "Cả nước",
    }
    difficulty = Difficulty.objects.create(
        unit=world.dong_nai,
        report=report,
        kind="law",
        text="Chưa có hướng dẫn",
        with_unit=world.dong_nai,
        raised_at=timezone.now(),
        raised_by=officer,
    )
    for name in ("task-list", "report-entry", "report-check", "report-upload", "difficulty-add"):
        assert OWN in get(client, officer, name, *([] if name == "task-list" else [report.pk])).text, name
    assert OWN in get(client, officer, "difficulty-detail", difficulty.pk).text

    send(world.dong_nai, period, received_online=3)
    rollup.roll_up(period)
    assert rows_of("Nguồn số liệu") == {OWN: "Cả nước"}
    review = get(client, world.second_reviewer, "review-list", ky="2026-11", tim="ubnd tinh dong nai").context["review"]
    assert [row.name for row in review.doubtful + review.clean] == [OWN]
    assert "Phường Phước Long" in {row.name for row in review.rows}
    assert f"<title>{OWN}, tháng 11/2026 " in get(client, world.second_reviewer, "report-detail", report.pk).text
    listed = api(client, world.second_reviewer, "reports/", period="2026-11", status="submitted")["results"]
    assert [row["unit_name"] for row in listed] == [OWN]
    assert api(client, world.second_reviewer, f"reports/{report.pk}/")["unit_name"] == OWN
    for name, said in (("report-send-back", "Đã trả lại"), ("report-approve", "Đã duyệt")):
        send(world.dong_nai, period)
        answer = client.post(reverse(name, args=[report.pk]), {"ly_do": "Xem lại"}, follow=True)
        assert f"{said} báo cáo tháng 11/2026 của {OWN}." in answer.text
