"""Mistakes that real systems made about who owes a report and by when, on page, list, API and in the file."""

import datetime as dt

import pytest
from django.core.management import call_command

from de_an_06.plain.spans import Span
from reporting.models import Report
from reporting.reading.overview import overview
from reporting.rollup import rollup
from taskforces.models import UnitVersion
from tests.ways_out import FIRST, api, get, report_of, send, workbook

pytestmark = pytest.mark.django_db


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
    assert {name: "Quá hạn" in row for name, row in lines.items()} == expected | {"Tỉnh Đồng Nai": False}
    assert dt.datetime(2026, 11, 16, 17, 0) in lines["Xã Phú Riềng"]
    page = get(client, world.chair, "dashboard", ky="2026-11")
    listed = {m["name"]: m["overdue"] for m in page.context["who"]["missing"]}
    assert listed == expected | {"UBND tỉnh Đồng Nai (cấp tỉnh)": False}
    review = get(client, world.reviewer, "review-list", ky="2026-11").context["review"]
    assert {row.name: row.is_overdue for row in review.missing} == expected | {"Tỉnh Đồng Nai": False}
