"""What comes out of the printer, for a province of 95 communes: rows once, nothing over anything, no lone line."""

import re

import pytest
from django.urls import reverse

from reporting.models import IndicatorFigure, Report, ServiceFigures
from reporting.rollup import rollup
from tests.browser import paper
from tests.conftest import make_unit

pytestmark = pytest.mark.django_db(transaction=True)

UNSENT, APPROVED = 7, 20  # of the 95; the reviewer has the other 68 before him


@pytest.fixture
def november(world, month, fill, at):
    """Đồng Nai with 95 communes. All but seven sent; of 1,000 files the k-th resolved k late: no two share a rank."""
    at("2026-11-18 09:00")
    names = [f"Phường Số {k:02}" for k in range(1, 93)]
    for k, name in enumerate(names, 1):
        make_unit(f"9{k:04}", name, "phuong", world.phuoc_long.level, world.dong_nai, world.phuoc_long.opened_on)
    period = month("2026-11")
    reports = list(
        Report.objects.select_related("period")
        .filter(period=period, unit__level=world.phuoc_long.level)
        .exclude(unit=world.da_huoai)
        .order_by("unit__code")
    )
    sent = reports[:-UNSENT]
    first = fill(sent[0], base=1000, status="submitted", by=world.officer)
    services = list(ServiceFigures.objects.filter(report=first))
    indicators = list(IndicatorFigure.objects.filter(report=first))
    for k, report in enumerate(sent):
        if k:
            report.submitted_at, report.submitted_by, report.revision = first.submitted_at, world.officer, 1
            report.office_ready_at, report.police_ready_at = first.office_ready_at, first.police_ready_at
        report.status = "approved" if k < APPROVED else "submitted"
        report.approved_at = first.submitted_at if k < APPROVED else None
        report.save()
    copies = []
    for late, report in enumerate(sent, 1):
        for row in services:
            copies.append(copy_of(row, report, resolved_on_time=1000 - late, resolved_overdue=late))
    ServiceFigures.objects.filter(report=first).delete()
    ServiceFigures.objects.bulk_create(copies)
    IndicatorFigure.objects.bulk_create([copy_of(row, report) for report in sent[1:] for row in indicators])
    world.ranked = [r.unit.versions.get().name for r in sent]
    rollup.roll_up(period)
    return period


def copy_of(row, report, **changes):
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**fields | {"report_id": report.pk} | changes)


def printed(page, path):
    """The sheets of a page: what is written on each."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    return paper.pages(page.pdf(prefer_css_page_size=True))


def between(sheets, start, end):
    """The lines from the one that begins with `start` to the one that begins with `end`, of all sheets."""
    said = [line for sheet in sheets for line in paper.lines(sheet)]
    begin = next(k for k, line in enumerate(said) if line.startswith(start))
    return said[begin : next(k for k, line in enumerate(said[begin:], begin) if line.startswith(end))]


def test_the_dashboard_prints_every_rank_and_every_unit_once(open_browser, world, november):
    sheets = printed(open_browser(world.chair), reverse("dashboard"))
    ranks = between(sheets, "Xếp hạng:", "Bằng nhau thì cùng hạng")
    found = [re.match(r"(\d+) (\D+ \d\d|\D+) [\d,]+%", line) for line in ranks]
    assert [(int(m[1]), m[2]) for m in found if m] == list(enumerate(world.ranked, 1))
    units = between(sheets, "Số liệu các đơn vị", "Cộng ")
    for name in world.ranked:
        assert sum(line.startswith(f"{name} ") for line in units) == 1, name
    for sheet in sheets:  # the head of the table again on each of its sheets
        said = paper.lines(sheet)
        assert sum(bool(re.match(r"\d+ Phường Số", line)) for line in said) < 3 or any(
            line.startswith("Hạng Đơn vị") for line in said
        )


PAGES = {
    "dashboard": ("chair", lambda period: reverse("dashboard")),
    "heat": ("chair", lambda period: reverse("dashboard-heat")),
    "lines": ("chair", lambda period: reverse("dashboard-lines")),
    "board": ("chair", lambda period: reverse("dashboard-board")),
    "sources": ("chair", lambda period: reverse("dashboard-source") + "?so=in_time_rate"),
    "review": ("reviewer", lambda period: reverse("review-list")),
    "report": ("reviewer", lambda period: reverse("report-detail", args=[report_of(period, "Phường Số 85")])),
    "entry": ("officer", lambda period: reverse("report-entry", args=[report_of(period, "Phường Phước Long")])),
    "check": ("officer", lambda period: reverse("report-check", args=[report_of(period, "Phường Phước Long")])),
    "register": ("staff", lambda period: reverse("taskforce-list")),
    "people": ("staff", lambda period: reverse("people-list")),
    "exports": ("staff", lambda period: reverse("export-list")),
}


def report_of(period, name):
    return Report.objects.get(period=period, unit__versions__name=name, unit__versions__valid_to=None).pk


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_printed_over_anything_and_no_sheet_for_a_line(open_browser, world, november, name):
    person, path = PAGES[name]
    for number, sheet in enumerate(printed(open_browser(getattr(world, person)), path(november)), 1):
        assert paper.overlaps(sheet) == [], number
        assert len(paper.lines(sheet)) > 4, (number, paper.lines(sheet))
