"""Mistakes that real systems made in files: units that leak, rates as numbers, texts that become formulas.

Figures of different units are powers of two, so that a sum says which it holds.
"""

import io
import re

import openpyxl
import pytest

from de_an_06.plain.spans import Span
from reporting.exports import excel, export_jobs
from reporting.exports.book.choice import FIGURES_IN_FULL
from reporting.exports.book.report_sheets import SourceSheet
from reporting.exports.form_file import write_entry_form
from reporting.models import ExportJob, Indicator, PublicService, Report, ServiceTerms
from reporting.rollup import rollup
from taskforces.models import Level, Role, UnitVersion
from tests.conftest import make_person
from tests.test_entry_form import place
from tests.ways_out import (
    COUNT,
    FIRST,
    PERCENT,
    SHEETS,
    api,
    cards_of,
    get,
    head_of,
    lines_of,
    report_of,
    send,
    tell,
    workbook,
)

pytestmark = pytest.mark.django_db


# Export, page and API of one person ----------------------------------------------------------------------------------


@pytest.fixture
def neighbours(world, month, at):
    """December 2024: each report another power of two, next door too."""
    at("2024-12-20 09:00")
    period = month("2024-12")
    parts = (
        world.thac_mo, world.long_thuy, world.tx_phuoc_long, world.an_loc, world.tx_binh_long, world.binh_phuoc
    )  # fmt: skip
    for k, unit in enumerate(parts):
        service = ServiceTerms.objects.owed_by(unit.level, period.data_to).first().service.code
        tell(send(unit, period, received_online=2**k, service=service), "DD04", 2**k, 100)
    Report.objects.filter(unit=world.long_thuy).update(status="draft")  # typed, not sent: 2 is nowhere
    rollup.roll_up(period)
    world.district_staff = make_person("th688", "Mạc Văn Tổng", world.tx_phuoc_long, Role.AUDITOR)
    return period


TOWN = {"Phường Thác Mơ", "UBND thị xã Phước Long (cấp huyện)"}


@pytest.mark.parametrize(
    ("who", "unit", "total", "reporting"),
    [
        ("district_chair", "tx_phuoc_long", 1 + 4, TOWN),
        ("district_reviewer", "tx_phuoc_long", 1 + 4, TOWN),
        (
            "old_staff",
            "binh_phuoc",
            1 + 4 + 8 + 16 + 32,
            {*TOWN, "Phường An Lộc", "UBND thị xã Bình Long (cấp huyện)", "UBND tỉnh Bình Phước (cấp tỉnh)"},
        ),
        ("old_officer", "thac_mo", 1, {"Phường Thác Mơ"}),
    ],
)
def test_export_page_and_api_of_one_person_hold_the_same_units_and_totals(
    world, neighbours, client, tmp_path, who, unit, total, reporting, django_capture_on_commit_callbacks
):
    user, unit = getattr(world, who), getattr(world, unit)
    page = get(client, user, "dashboard", ky="2024-12")
    assert cards_of(page)["Hồ sơ tiếp nhận"] == str(total)
    behind = get(client, user, "dashboard-source", ky="2024-12", so="received_online")
    assert {row["name"] for row in behind.context["rows"]} == reporting
    assert sum(int(row["value"]) for row in behind.context["rows"]) == total

    listed = api(client, user, "reports/", period="2024-12")["results"]
    sent = {r["unit_name"]: r["id"] for r in listed if r["status"] in {"submitted", "approved"}}
    assert sent.keys() == reporting
    by_report = 0
    for pk in sent.values():
        lines = api(client, user, f"reports/{pk}/")["services"]
        by_report += sum(line["figures"]["received_online"] or 0 for line in lines)
    assert by_report == total
    if unit.level != Level.COMMUNE:
        services = api(client, user, "summaries/", unit=unit.pk, period="2024-12")["services"]
        assert sum(service["figures"]["received_online"] for service in services) == total
        assert sum(service["units_reported"] for service in services) == len(reporting)

    # the file as the person gets it, of the unit the form offers
    form = get(client, user, "export-list", ky="2024-12").context["form"]
    assert form["unit_id"] == unit.pk
    with django_capture_on_commit_callbacks(execute=False):
        job = export_jobs.create(
            unit=unit, span=Span.parse("2024-12"), basis="provisional", by=user, book=FIGURES_IN_FULL
        )
    export_jobs.run_export(job.pk)
    answer = get(client, user, "export-download", job.pk)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)), data_only=True)
    sources = {}
    for row in book["Nguồn số liệu"].iter_rows(min_row=FIRST, values_only=True):
        if row[3]:
            sources[row[1]] = row[7]
    assert sources.keys() == reporting
    assert sum(sources.values()) == total
    for name, key in (("Theo đơn vị", 2), ("Theo dịch vụ", 3)):
        [line] = lines_of(book[name], key)["TỔNG SỐ"]
        assert line["Tiếp nhận trong kỳ: Trực tuyến"] == total
    in_file = {row[1] for row in book["Theo đơn vị"].iter_rows(min_row=FIRST, values_only=True)} - {"TỔNG SỐ"}
    rows = {u["name"] for u in page.context["units"]} or {unit.versions.get().name}
    assert in_file == rows
    assert ExportJob.objects.get(pk=job.pk).units_reported == len(reporting)
    text = " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None)
    for stranger in {"An Lộc", "Bình Long"} if who != "old_staff" else {"Đạ Huoai", "Lâm Đồng"}:
        assert stranger not in text
        assert stranger not in page.content.decode()


# Rates in a file ----------------------------------------------------------------------------------------------------


def test_every_rate_of_a_file_is_a_fraction_shown_as_a_percentage(world, month, at, tmp_path):
    """Value and format of each cell: 98/101 is 0.970297… shown as 97,03 %, never 97.03 and never the text '97,03%'."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    for unit, early, late in ((world.phuoc_long, 98, 2), (world.phuoc_binh, 0, 1)):
        report = send(
            unit, period, received_online=early, received_in_person=late, received_postal=0,
            resolved_early=early, resolved_on_time=0, resolved_overdue=late,
        )  # fmt: skip
        tell(report, "DD04", early, early + late)
        tell(report, "NL01", early)
    rollup.roll_up(period)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    expected = {
        ("Theo đơn vị", 2, "Phường Phước Long"): 98 / 100,
        ("Theo đơn vị", 2, "Phường Phước Bình"): 0,
        ("Theo đơn vị", 2, "TỔNG SỐ"): 98 / 101,
        ("Theo dịch vụ", 2, "DVC09"): 98 / 101,
        ("Theo dịch vụ", 3, "TỔNG SỐ"): 98 / 101,
    }
    for (name, key, text), value in expected.items():
        sheet = book[name]
        heads = head_of(sheet)
        [row] = [r for r in range(FIRST, sheet.max_row + 1) if sheet.cell(r, key).value == text]
        for title in ("Tỷ lệ: Trực tuyến", "Tỷ lệ: Trước và đúng hạn"):
            cell = sheet.cell(row, heads[title])
            assert (cell.value, cell.number_format) == (pytest.approx(value, abs=1e-15), PERCENT), (name, text)
    sheet = book["Chỉ tiêu"]
    [row] = [r for r in range(FIRST, sheet.max_row + 1) if sheet.cell(r, 2).value == "DD04"]
    rates = [c for c in sheet[row] if c.number_format == PERCENT]
    assert [c.value for c in rates] == [pytest.approx(98 / 101, abs=1e-15)]
    for sheet in map(book.__getitem__, SHEETS):  # and nothing else is one
        rate_columns = {c for title, c in head_of(sheet).items() if "Tỷ lệ" in title}
        for cells in sheet.iter_rows(min_row=FIRST):
            for cell in cells:
                if isinstance(cell.value, float) or cell.number_format == PERCENT:
                    assert cell.column in rate_columns, (sheet.title, cell.coordinate)
                    assert not isinstance(cell.value, float) or 0 <= cell.value <= 1
                elif isinstance(cell.value, int):
                    assert cell.number_format in {COUNT, "General"}, (sheet.title, cell.coordinate)
    form = openpyxl.load_workbook(
        io.BytesIO(write_entry_form(report_of(world.phuoc_long, period), world.officer)), data_only=True
    )
    row = place(form, "DD04.numerator").row
    shown = [(c.value, c.number_format) for c in form["Chỉ tiêu"][row] if "%" in c.number_format]
    assert shown == [(pytest.approx(0.98), PERCENT)]


# Rows lost on the way ------------------------------------------------------------------------------------------------


def one_report(world, period):
    send(world.phuoc_long, period, received_online=1)
    send(world.phuoc_binh, period, received_online=2)
    rollup.roll_up(period)


def test_a_file_that_lost_a_row_is_not_given_out(
    world, month, at, client, monkeypatch, django_capture_on_commit_callbacks
):
    """Fewer rows were written than read: the person is told, and there is no file that looks whole."""
    at("2026-11-20 09:00")
    one_report(world, month("2026-11"))
    whole = SourceSheet.write

    def lose_one(sheet, add):
        sheet.book.sources = sheet.book.sources[:-1]
        whole(sheet, add)

    monkeypatch.setattr(SourceSheet, "write", lose_one)
    with django_capture_on_commit_callbacks(execute=False):
        job = export_jobs.create(
            unit=world.dong_nai, span=Span.parse("2026-11"), basis="provisional", by=world.staff, book=FIGURES_IN_FULL
        )
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == ExportJob.State.FAILED
    assert "Máy chủ gặp lỗi khi lập tệp" in job.message
    assert not export_jobs.path_of(job).exists()


def test_more_rows_than_a_sheet_holds_are_refused_and_not_cut(world, month, at, tmp_path, monkeypatch):
    at("2026-11-20 09:00")
    one_report(world, month("2026-11"))
    path = tmp_path / "tep.xlsx"
    choice = {"unit_id": world.dong_nai.pk, "span": Span.parse("2026-11"), "basis": "provisional"}
    written = excel.write_summary(path, **choice)
    rows = max(written.sheets.values())
    path.unlink()
    monkeypatch.setattr(excel, "MOST_SHEET_ROWS", rows + 100)  # headings and totals need some
    assert excel.write_summary(path, **choice).rows == written.rows
    path.unlink()
    monkeypatch.setattr(excel, "MOST_SHEET_ROWS", rows + 99)
    with pytest.raises(excel.CannotExport, match="nhiều dòng hơn một trang Excel chứa được"):
        excel.write_summary(path, **choice)
    assert not path.exists()


# A text that looks like a formula ------------------------------------------------------------------------------------


def test_no_text_of_anybody_becomes_a_formula_in_a_file(world, month, at, tmp_path):
    """Everything people can name begins like a formula; in the summary and the form each stays text."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    evil = {"=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://x")'}
    texts = iter(sorted(evil) * 20)
    for model, names in ((UnitVersion, ("name", "short_name")), (PublicService, ("name", "short_name"))):
        for row in model.objects.all():
            for name in names:
                setattr(row, name, next(texts, "=1+1"))
            row.save()
    Indicator.objects.update(name="=1+1", unit_of_measure="@SUM(1)", hint="+1", numerator_label="-1")
    type(world.staff).objects.update(full_name='=HYPERLINK("http://x")')
    world.staff.refresh_from_db()
    tell(send(world.phuoc_long, period, received_online=1), "DD04", 1, 2)
    rollup.roll_up(period)
    path = tmp_path / "tep.xlsx"
    excel.write_summary(
        path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="provisional", by=world.staff
    )
    form = io.BytesIO(write_entry_form(report_of(world.phuoc_long, period), world.officer))
    for book in (openpyxl.load_workbook(path), openpyxl.load_workbook(form)):
        as_text = 0
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert re.match(r"=(IF|SUM)\(", cell.value), (sheet.title, cell.coordinate, cell.value)
                        assert "HYPERLINK" not in cell.value
                    as_text += cell.value in evil
                    assert cell.hyperlink is None or not str(cell.hyperlink.target).startswith("http://x")
        assert as_text > 20
