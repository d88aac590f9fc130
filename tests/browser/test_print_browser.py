"""What comes out of the printer, for a province of 95 communes: rows once, nothing over anything, no lone line."""

import datetime as dt
import re
from collections import Counter

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from reporting.models import IndicatorFigure, Report, SavedView, ServiceFigures
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Role
from tests.browser import paper
from tests.conftest import make_person, make_unit
from tests.test_meetings import conclude, found, meet

pytestmark = pytest.mark.django_db(transaction=True)

SMALLEST_LETTERS = 5  # points
UNSENT, APPROVED = 7, 20  # of the 95; the reviewer has the other 68 before him


@pytest.fixture
def november(world, month, fill, at):
    return build(world, month, fill, at, 95)


def build(world, month, fill, at, communes):
    """Đồng Nai with so many communes. All but seven (of few: one) sent; of 1,000 files the k-th resolved k late: no two
    share a rank."""
    at("2026-11-18 09:00")
    names = [f"Phường Số {k:02}" for k in range(1, communes - 2)]
    for k, name in enumerate(names, 1):
        make_unit(f"9{k:04}", name, "phuong", world.phuoc_long.level, world.dong_nai, world.phuoc_long.opened_on)
    period = month("2026-11")
    reports = list(
        Report.objects.select_related("period")
        .filter(period=period, unit__level=world.phuoc_long.level)
        .exclude(unit=world.da_huoai)
        .order_by("unit__code")
    )
    sent = reports[: -UNSENT if communes > UNSENT else -1]
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


def has_every_rank_and_every_unit_once(sheets, world):
    """Of the dashboard."""
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
    "sheet": ("chair", lambda period: reverse("dashboard-sheet")),
    "heat": ("chair", lambda period: reverse("dashboard-heat")),
    "map": ("chair", lambda period: reverse("dashboard-map")),
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
    "words": ("staff", lambda period: reverse("interim-words") + of_the_province(period)),
    "conclusion": ("staff", lambda period: reverse("interim-conclusion") + of_the_province(period)),
    "forms of circulars": ("staff", lambda period: reverse("circular-form-list")),
    "templates": ("staff", lambda period: reverse("word-template-list")),
    "reminders": ("officer", lambda period: reverse("reminder-list")),
    "how reminders come": ("officer", lambda period: reverse("reminder-choice")),
}


def of_the_province(period):
    province = AdministrativeUnit.objects.get(versions__name="Tỉnh Đồng Nai")
    return f"?don_vi={province.pk}&ky={period.key}&co_so=tam-tinh"


def report_of(period, name):
    return Report.objects.get(period=period, unit__versions__name=name, unit__versions__valid_to=None).pk


def test_nothing_is_printed_over_anything_and_no_sheet_for_a_line(open_browser, world, november):
    """All pages of one November: to build it takes longer than to print one of them."""
    wrong, browsers = [], {}
    for name, (person, path) in PAGES.items():
        browser = browsers.get(person) or browsers.setdefault(person, open_browser(getattr(world, person)))
        sheets = printed(browser, path(november))
        assert sheets, name
        for number, sheet in enumerate(sheets, 1):
            wrong += [(name, number, pair) for pair in paper.overlaps(sheet)]
            if len(paper.lines(sheet)) <= 4:
                wrong.append((name, number, paper.lines(sheet)))
        if name == "dashboard":
            has_every_rank_and_every_unit_once(sheets, world)
    assert not wrong


def words_of(text):
    return re.findall(r"[^\W_]+", text)


@pytest.mark.parametrize("communes", [5, 95, 560])
def test_the_chair_s_sheet_is_one_sheet_and_nothing_of_it_is_cut(open_browser, world, month, fill, at, communes):
    period = build(world, month, fill, at, communes)
    meeting = meet(world.staff, found(world.staff, world.dong_nai), dt.date(2026, 10, 1))
    for k in range(5):
        words = f"Việc {k} " + "làm sạch dữ liệu " * 12
        conclude(world.staff, meeting, words, world.phuoc_long, dt.date(2026, 11, 5 + k))
    for person, name in ((world.chair, "Tỉnh Đồng Nai"), (world.officer, "Phường Phước Long")):
        page = open_browser(person)
        page.goto(reverse("dashboard-sheet") + f"?ky={period.key}")
        expect(page.locator("#to-giay")).to_have_attribute("style", re.compile("--sheet"))
        shown = page.locator("#to-giay").inner_text()
        [sheet] = paper.pages(page.pdf(prefer_css_page_size=True))
        printed_words = words_of(" ".join(paper.lines(sheet)))
        missing = Counter(words_of(shown)) - Counter(printed_words)
        assert not missing
        assert paper.overlaps(sheet) == []
        assert min(run.size for run in sheet) >= SMALLEST_LETTERS
        assert all(run.x >= 28 and run.x + run.width <= 595 - 28 and run.y <= 842 - 28 for run in sheet)
        assert name in shown


def test_the_chair_s_sheet_fits_without_javascript(open_browser, world, november):
    page = open_browser(world.chair, java_script_enabled=False)
    page.goto(reverse("dashboard-sheet"))
    assert len(paper.pages(page.pdf(prefer_css_page_size=True))) == 1


def test_a_department_s_day_and_saved_views_print_whole(open_browser, world, november):
    """Of a saved view paper has the whole link, and no box to rename it."""
    by = make_person("sotp", "Tô Tư Pháp", world.dong_nai, Role.DEPARTMENT, body="Sở Tư pháp", groups="civil_status")
    query = f"don_vi={world.dong_nai.pk}"
    view = SavedView.objects.create(owner=by, name="Họp", page="dashboard", query=query, saved_at=timezone.now())
    page = open_browser(by)
    for path, words in (
        (reverse("body-work"), ("Dịch vụ công do ngành chủ trì 5", "DVC16 Liên thông khai tử")),
        (reverse("view-list"), ("Họp", *str(view.pk).split("-"))),  # broken where its column ends
    ):
        sheets = printed(page, path)
        said = " ".join(line for sheet in sheets for line in paper.lines(sheet))
        assert all(paper.overlaps(sheet) == [] for sheet in sheets)
        for one in words:
            assert one.replace(" ", "") in said.replace(" ", "")
    assert "Đổi tên" not in said
