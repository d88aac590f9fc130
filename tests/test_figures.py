"""The list of figures, against an order written by hand here, and every place that shows figures against that order."""

import io
import re

import openpyxl
import pytest
from django.urls import reverse

from reporting import figures
from reporting.exports import detail_rows
from reporting.exports.book import figure_sheets
from reporting.exports.form_file import write_entry_form
from reporting.exports.sheets import FIGURE_COLUMNS
from reporting.models import Indicator, IndicatorFigure, Report, ServiceFigures, ServiceSummary
from reporting.reading.contributions import DOSSIER_MEASURES
from reporting.reading.ranges import Dossiers
from reporting.rollup import rollup

# The official form: (field, head of the column, heading above it or '')
OFFICIAL = (
    ("opening", "Kỳ trước chuyển sang", ""),
    ("received_online", "Trực tuyến", "Tiếp nhận trong kỳ"),
    ("received_in_person", "Trực tiếp", "Tiếp nhận trong kỳ"),
    ("received_postal", "Bưu chính", "Tiếp nhận trong kỳ"),
    ("resolved_early", "Trước hạn", "Đã giải quyết"),
    ("resolved_on_time", "Đúng hạn", "Đã giải quyết"),
    ("resolved_overdue", "Quá hạn", "Đã giải quyết"),
    ("rejected", "Từ chối, rút, dừng", ""),
    ("pending_in_time", "Trong hạn", "Đang giải quyết"),
    ("pending_overdue", "Quá hạn", "Đang giải quyết"),
)
FIELDS = [field for field, _, _ in OFFICIAL]
# Two rows of heads as a table shows them: the first with headings, the second with the columns under them.
FIRST_ROW = ["Kỳ trước chuyển sang", "Tiếp nhận trong kỳ", "Đã giải quyết", "Từ chối, rút, dừng", "Đang giải quyết"]
SECOND_ROW = [head for _, head, heading in OFFICIAL if heading]


def test_the_order_is_the_official_one():
    assert list(figures.FIGURE_FIELDS) == FIELDS
    assert figures.FIGURE_FIELDS[-2:] == ("pending_in_time", "pending_overdue")
    for model in (ServiceFigures, ServiceSummary):
        assert [f.name for f in model._meta.fields if f.name in FIELDS] == FIELDS


def test_each_figure_is_in_exactly_its_groups():
    assert {group.name: list(group.fields) for group in figures.GROUPS} == {
        "opening": ["opening"],
        "received": ["received_online", "received_in_person", "received_postal"],
        "resolved": ["resolved_early", "resolved_on_time", "resolved_overdue"],
        "rejected": ["rejected"],
        "pending": ["pending_in_time", "pending_overdue"],
    }
    assert figures.IN_TIME_FIELDS == ("resolved_early", "resolved_on_time")
    assert figures.ONLINE_RATE.over == ("received_online",)
    assert figures.ONLINE_RATE.under is figures.RECEIVED
    assert figures.IN_TIME_RATE.under is figures.RESOLVED
    assert (figures.CARRIED_FIELD, figures.DERIVED_FIELD) == ("opening", "pending_in_time")
    assert list(figures.TYPED_FIELDS) == [f for f in FIELDS if f not in {"opening", "pending_in_time"}]
    assert figures.FIRST_FIELDS == ("opening",)
    assert figures.LAST_FIELDS == ("pending_in_time", "pending_overdue")
    assert list(figures.FLOW_FIELDS) == FIELDS[1:8]


def test_every_figure_says_what_it_is():
    for figure in figures.FIGURES:
        assert figure.label
        assert figure.short_label
        assert figure.help.endswith(".")
        assert ServiceFigures._meta.get_field(figure.name).verbose_name == figure.label
    assert len({figure.label for figure in figures.FIGURES}) == len(figures.FIGURES)


def test_the_identity_and_what_follows_from_it():
    values = dict(zip(FIELDS, (5, 100, 20, 3, 60, 30, 4, 2, None, 7), strict=True))
    assert figures.pending_in_time(values) == 5 + 123 - 94 - 2 - 7
    assert figures.pending_in_time({**values, "rejected": None}) is None
    assert figures.closing(values) is None
    assert figures.closing({**values, "pending_in_time": 25}) == 32
    assert figures.total(values, figures.RECEIVED_FIELDS) == 123


def test_sums_know_every_figure():
    dossiers = Dossiers(**dict(zip(FIELDS, range(1, 11), strict=True)), units=3)
    dossiers += Dossiers(opening=10, pending_overdue=5, units=1)
    assert (dossiers.opening, dossiers.pending_overdue, dossiers.units) == (11, 15, 4)
    assert dossiers.received == 2 + 3 + 4
    assert dossiers.resolved == 5 + 6 + 7
    assert dossiers.online_rate == (2, 9)
    assert dossiers.in_time_rate == (11, 18)
    assert {*FIELDS, "received", "resolved", "online_rate", "in_time_rate", "linked"} <= set(DOSSIER_MEASURES)


# Every place that shows figures ---------------------------------------------------------------------------------------


@pytest.fixture
def november(world, month, fill):
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    fill(report, base=12)
    return report


def heads(html: str) -> list[list[str]]:
    """Texts of the first two rows of heads of the first table of services."""
    table = html[html.index("Dịch vụ") :]
    thead = re.search(r"<thead>(.*?)</thead>", table, re.S)[1]
    return [
        [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<th[^>]*>(.*?)</th>", tr, re.S)
        ]
        for tr in re.findall(r"<tr>(.*?)</tr>", thead, re.S)[:2]
    ]


def spans(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'colspan="(\d+)" scope="colgroup"', html)]


def get(client, user, name, *args, **query):
    client.force_login(user)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_entry_page(client, world, november):
    html = get(client, world.officer, "report-entry", november.pk)
    assert heads(html) == [["Dịch vụ công", *FIRST_ROW], SECOND_ROW]
    assert spans(html)[:3] == [3, 3, 2]
    row = html[html.index('id="DVC09"') : html.index('id="DVC10"')]
    assert re.findall(r'id="DVC09-([a-z_]+)"', row) == FIELDS
    starts = re.findall(r'<td class="cell group-start [^"]*".*?id="DVC09-([a-z_]+)"', row)
    assert starts == ["opening", "received_online", "resolved_early", "rejected", "pending_in_time"]
    wide = re.findall(r'<td class="cell (?:group-start )?is-wide [^"]*" data-label="([^"]*)"', row)
    assert wide == ["Đang giải quyết: trong hạn", "Đang giải quyết: quá hạn"]
    assert 'colspan="11" scope="rowgroup"' in html
    assert re.findall(r'id="cach-ghi-([a-z_]+)"', html) == [*FIELDS, "numerator", "denominator"]


def test_review_page(client, world, november):
    html = get(client, world.officer, "report-detail", november.pk)
    assert heads(html) == [["Dịch vụ công", *FIRST_ROW], SECOND_ROW]
    row = html[html.index("DVC09") : html.index("DVC10")]
    assert re.findall(r"/DVC09\.([a-z_]+)/", row) == [f for f in FIELDS if f != "pending_in_time"]


@pytest.mark.parametrize("unit", ["dong_nai", "phuoc_long"])
def test_dashboard(client, world, november, fill, unit):
    fill(november, base=12, status="submitted", by=world.officer)
    rollup.roll_up(november.period)
    html = get(client, world.chair, "dashboard", don_vi=getattr(world, unit).pk, ky="2026-11")
    html = html[html.index('id="dich-vu"') :]
    units = ["Số đơn vị"] if unit == "dong_nai" else []
    first, second = heads(html)
    assert first == ["Dịch vụ", *units, *FIRST_ROW]
    assert [head for head in second if not head.startswith("Tỷ lệ")] == SECOND_ROW
    assert second[3] == "Tỷ lệ trực tuyến"
    assert second[7] == "Tỷ lệ trước và đúng hạn"
    row = html[html.index(">DVC09<") : html.index(">DVC10<")]
    names = re.findall(r"so=DVC09\.([a-z_]+)", row)
    assert [n for n in names if not n.endswith("_rate")] == FIELDS
    assert names[4] == "online_rate"
    assert names[8] == "in_time_rate"


def test_entry_form(world, november):
    sheet = openpyxl.load_workbook(io.BytesIO(write_entry_form(november, world.officer)))["Dịch vụ công"]
    keys = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "#mã")
    assert [key for key in keys if key] == ["#mã", "#tên", *FIELDS]
    top = next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == "Mã")
    upper, lower, numbers = ([sheet.cell(top + i, c).value for c in range(3, 13)] for i in range(3))
    assert [text for text in upper if text] == FIRST_ROW
    assert [text for text in lower if text] == SECOND_ROW
    assert numbers == ["1", "2", "3", "4", "5", "6", "7", "8", "9=1+2+3+4 −5−6−7−8−10", "10"]
    row = next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == "DVC09")
    assert sheet.cell(row, 11).value == (
        f"=IF(COUNT(C{row},D{row},E{row},F{row},G{row},H{row},I{row},J{row},L{row})=9,"
        f'C{row}+D{row}+E{row}+F{row}-G{row}-H{row}-I{row}-J{row}-L{row},"")'
    )
    last_month = [sheet.cell(top + 1, c).value for c in range(14, 24)]
    assert last_month == [ServiceFigures._meta.get_field(name).verbose_name for name in FIELDS]


def test_excel_summary():
    for columns in (figure_sheets.UNIT_WORDS + FIGURE_COLUMNS, figure_sheets.SERVICE_SHEET, detail_rows.SOURCE_SHEET):
        shown = [(c.key, c.title, c.group) for c in columns if c.key in FIELDS]
        assert shown == list(OFFICIAL)
    sums = {c.key: c.adds for c in figure_sheets.SERVICE_SHEET if c.adds}
    assert sums == {
        "received": ("received_online", "received_in_person", "received_postal"),
        "resolved": ("resolved_early", "resolved_on_time", "resolved_overdue"),
        "pending": ("pending_in_time", "pending_overdue"),
    }


def test_api(client, world, november, fill):
    client.force_login(world.officer)
    detail = client.get(reverse("api-report", args=[november.pk])).json()
    assert all(list(service["figures"]) == FIELDS for service in detail["services"])
    fill(november, base=12, status="submitted", by=world.officer)
    rollup.roll_up(november.period)
    client.force_login(world.chair)
    summary = client.get(reverse("api-summaries"), {"unit": world.dong_nai.pk, "period": "2026-11"}).json()
    assert summary["services"]
    assert all(list(service["figures"]) == FIELDS for service in summary["services"])


# Indicators ----------------------------------------------------------------------------------------------------------


def test_an_indicator_of_a_group_nobody_named_is_drawn(client, world, november):
    """A group that shares no heading has its own: what is not drawn cannot be filled in and yet blocks sending."""
    indicator = Indicator.objects.get(code="DC02")
    Indicator.objects.filter(pk=indicator.pk).update(group="schools")
    html = get(client, world.officer, "report-entry", november.pk)
    assert 'id="DC02"' in html
    assert IndicatorFigure.objects.filter(report=november, indicator=indicator).exists()
    shown = set(re.findall(r'<tr class="svcrow[^>]*id="([A-Z]+\d+)"', html))
    owed = {f.indicator.code for f in IndicatorFigure.objects.filter(report=november).select_related("indicator")}
    assert owed <= shown
    assert "Chỉ tiêu: schools" in get(client, world.officer, "task-list")
