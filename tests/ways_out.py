"""What the tests of traps share: sent reports by hand, and the same figure read by page, API and workbook."""

import datetime as dt

import openpyxl
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.models import Indicator, IndicatorFigure, PublicService, Report, ServiceFigures

PERCENT, COUNT = "0.00%", "#,##0"
SHEETS = ("Theo đơn vị", "Theo dịch vụ", "Chỉ tiêu", "So sánh", "Chưa báo cáo", "Nguồn số liệu")
FIRST = 11  # first row of figures in every sheet


def send(unit, period, status="submitted", service="DVC09", **figures):
    """A sent report with one service; blank where nothing is given."""
    report = Report.objects.select_related("period", "unit").get(unit=unit, period=period)
    if figures:
        ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=service), **figures)
    moment = dt.datetime(period.year, period.month, 15, 3, tzinfo=dt.UTC)
    Report.objects.filter(pk=report.pk).update(
        status=status, revision=1, submitted_at=moment, approved_at=moment if status == "approved" else None
    )
    report.refresh_from_db()
    return report


def tell(report, code, numerator, denominator=None):
    IndicatorFigure.objects.create(
        report=report, indicator=Indicator.objects.get(code=code), numerator=numerator, denominator=denominator
    )


def get(client, user, name, *args, **query):
    client.force_login(user)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, (user, name, query)
    return response


def api(client, user, address, **query):
    client.force_login(user)
    response = client.get(f"/api/{address}", query)
    assert response.status_code == 200, (user, address, query)
    return response.json()


def workbook(tmp_path, unit, span, basis="provisional", **more):
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=unit.pk, span=Span.parse(span), basis=basis, **more)
    return openpyxl.load_workbook(path, data_only=True)


def head_of(sheet):
    """Title of each column -> its number; under a common title both: 'Tiếp nhận trong kỳ: Trực tuyến'."""
    found, group = {}, ""
    for column in range(1, sheet.max_column + 1):
        group = sheet.cell(8, column).value or group
        title = sheet.cell(9, column).value
        found[f"{group}: {title}" if title else group] = column
    return found


def lines_of(sheet, key):
    """Text of the column `key` -> the row's values by title, the total too."""
    heads = head_of(sheet)
    rows = {}
    for row in range(FIRST, sheet.max_row + 1):
        name = sheet.cell(row, key).value
        if name:
            rows.setdefault(name, []).append({title: sheet.cell(row, c).value for title, c in heads.items()})
    return rows


def cards_of(page):
    return {card["label"]: card["value"] for card in page.context["stats"]}


def report_of(unit, period):
    return Report.objects.select_related("unit", "period").get(unit=unit, period=period)
