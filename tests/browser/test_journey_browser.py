"""A month lived through in a real browser: typed, sent, approved, read and downloaded, in two tiers and in three."""

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.models import Report, ServiceFigures
from reporting.rollup import rollup
from tests.browser.conftest import violations
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

BIRTHS = {  # 63 came in: 40 + 19 + 2 settled, 1 refused, 1 overdue; nothing is left in time
    "opening": 0, "received_online": 63, "received_in_person": 0, "received_postal": 0,
    "resolved_early": 40, "resolved_on_time": 19, "resolved_overdue": 2, "rejected": 1, "pending_overdue": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def tasks_run_in_place():
    """The worker is the web process: what a request asks for is done once it is committed."""
    from de_an_06.celery import app

    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


def look(page):
    """Serious findings of axe and sideways scrolling are failures on every page of the way."""
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    return page


def log_in(page, user):
    user.set_password(PASSWORD)
    user.save()
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Đăng nhập")
    look(page)
    page.get_by_label("Tên đăng nhập").fill(user.username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).not_to_have_text("Đăng nhập")
    return look(page)


def live_the_month(*, period, report, officer, police, reviewer, chair, staff, waiting, before, after, of, tmp_path):
    """From the task list to the Excel file; the pages' people are logged in. `before`, `after`: dossiers received.

    `waiting`: clean reports to approve, the typed one among them; `of`: 'x/y' of the chair's unit and of the file.
    """
    label = period.label
    police.goto(reverse("report-entry", args=[report.pk]))
    look(police)
    mark_ready(police)

    # The officer types the birth registrations with digits and Tab alone, marks, checks, sends.
    officer.goto("/")
    look(officer).get_by_role("link", name="Nhập tiếp từ ô còn thiếu").click()
    look(officer).locator('[name="DVC09.opening"]').focus()
    for value in BIRTHS.values():
        officer.keyboard.type(str(value))
        officer.keyboard.press("Tab")
    expect(officer.locator("#DVC09-pending_in_time")).to_have_text("0")
    expect(officer.locator("#trang-thai")).to_contain_text("Đã lưu ")
    stored = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert {name: getattr(stored, name) for name in BIRTHS} == BIRTHS
    mark_ready(officer)
    officer.get_by_role("button", name="Kiểm tra và gửi").click()
    expect(officer.locator("h1")).to_have_text(f"Kiểm tra trước khi gửi báo cáo {label}")
    look(officer).get_by_label("Tôi đã kiểm tra số liệu").check()
    officer.get_by_role("button", name=f"Gửi báo cáo {label}").click()
    expect(officer.locator("h1")).to_have_text(f"Đã gửi báo cáo {label}")
    look(officer)

    # The chair reads the official total before and after one press of the reviewer.
    overview = reverse("dashboard") + f"?ky={period.key}&co_so=chinh-thuc"
    total = chair.locator(".stat-value").first
    chair.goto(overview)
    expect(total).to_have_text(before)
    reviewer.goto("/")
    expect(look(reviewer).locator("#sach tbody tr")).to_have_count(waiting)
    reviewer.locator("#sach").get_by_role("button").click()
    expect(reviewer.locator(".notice--ok").first).to_contain_text(f"Đã duyệt {waiting} báo cáo")
    look(reviewer)
    chair.goto(overview)
    expect(look(chair).locator("h1")).to_have_text(f"Tổng quan {label}: {of[0]} đơn vị đã duyệt")
    expect(total).to_have_text(after)
    total.get_by_role("link").click()  # and the rows behind it
    look(chair)

    # Provincial staff take the file of the whole province.
    staff.goto(overview)
    staff.get_by_role("link", name="Xuất Excel").click()
    look(staff).get_by_role("button", name="Lập tệp").click()
    link = staff.locator("#tai-ve").get_by_role("link", name="Tải về")
    link.wait_for()
    with look(staff).expect_download() as file:
        link.click()
    file.value.save_as(tmp_path / "bieu.xlsx")
    book = openpyxl.load_workbook(tmp_path / "bieu.xlsx", data_only=True)
    sheet = book["Theo đơn vị"]
    row = next(row for row in range(11, sheet.max_row + 1) if sheet.cell(row, 2).value == "TỔNG SỐ")
    assert book["Bìa"]["A4"].value == f"Số liệu chính thức, {of[1]} đơn vị"
    assert sheet.cell(row, 9).value == int(after.replace(".", ""))


def mark_ready(page):
    page.get_by_role("button", name="Chốt số liệu phần này").click()
    expect(page.locator(".notice--ok").first).to_contain_text("Đã chốt phần")


def all_but_the_births(fill, report):
    fill(report, base=100)
    ServiceFigures.objects.filter(report=report, service__code="DVC09").delete()
    return report


def test_november_2026_in_two_tiers(open_browser, world, month, fill, at, tmp_path):
    at("2026-11-16 08:40")
    period = month("2026-11")
    reports = {r.unit_id: r for r in Report.objects.filter(period=period).select_related("period")}
    fill(reports[world.phuoc_binh.pk], base=34, status="submitted", by=world.neighbour)  # 13 services: 442
    live_the_month(
        period=period,
        report=all_but_the_births(fill, reports[world.phuoc_long.pk]),  # 12 services: 1.200, and 63 births
        police=log_in(open_browser(), world.police_officer),
        officer=log_in(open_browser(), world.officer),
        reviewer=log_in(open_browser(), world.reviewer),
        chair=log_in(open_browser(), world.chair),
        staff=log_in(open_browser(accept_downloads=True), world.staff),
        waiting=2,
        before="Chưa có số liệu",
        after="1.705",
        of=("2/4", "2/4"),
        tmp_path=tmp_path,
    )


def test_december_2024_in_three_tiers(open_browser, world, month, fill, at, tmp_path):
    at("2024-12-16 09:00")
    period = month("2024-12")
    reports = {r.unit_id: r for r in Report.objects.filter(period=period).select_related("period")}
    fill(reports[world.long_thuy.pk], base=12, status="submitted", by=world.old_officer)  # 10 services: 120
    fill(reports[world.tx_phuoc_long.pk], base=5, status="approved", by=world.old_officer)  # 12 services: 60
    rollup.roll_up(period)
    live_the_month(
        period=period,
        report=all_but_the_births(fill, reports[world.thac_mo.pk]),  # 9 services: 900, and 63 births
        police=open_browser(world.old_police_officer),
        officer=open_browser(world.old_officer),
        reviewer=open_browser(world.district_reviewer),
        chair=open_browser(world.district_chair),
        staff=open_browser(world.old_staff, accept_downloads=True),
        waiting=2,
        before="60",
        after="1.143",
        of=("3/3", "3/6"),
        tmp_path=tmp_path,
    )
