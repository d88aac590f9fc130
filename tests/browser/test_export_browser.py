"""The export page in a real browser: choose, ask, see it done without reloading, take the file."""

import openpyxl
import pytest

from reporting.exports import export_jobs
from reporting.models import ExportJob, Report
from reporting.rollup import rollup
from tests.browser.conftest import PHONE, violations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def november(world, month, fill):
    period = month("2026-11")
    report = Report.objects.select_related("period").get(unit=world.phuoc_long, period=period)
    fill(report, status="submitted", by=world.officer)
    rollup.roll_up(period)
    return period


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    """The worker is played by the test, so that the page can be looked at while the file waits."""
    from reporting import tasks

    monkeypatch.setattr(tasks.run_export, "delay_on_commit", lambda *args: None)


def test_choose_ask_wait_download(november, world, open_browser, tmp_path):
    page = open_browser(world.staff, accept_downloads=True)
    page.goto("/xuat/?ky=2026-11")
    page.get_by_text("Số liệu tạm tính, 1/4 đơn vị").wait_for()
    page.get_by_label("Chính thức").check()
    page.get_by_text("Số liệu chính thức, 0/4 đơn vị").wait_for()  # without reloading
    page.get_by_label("Phạm vi").select_option(str(world.phuoc_long.pk))
    page.get_by_text("Số liệu chính thức, 0/1 đơn vị").wait_for()
    page.get_by_label("Phạm vi").select_option(str(world.dong_nai.pk))
    page.get_by_text("Số liệu chính thức, 0/4 đơn vị").wait_for()
    page.get_by_label("Tạm tính").check()
    page.get_by_text("Số liệu tạm tính, 1/4 đơn vị").wait_for()
    assert violations(page) == []

    page.get_by_role("button", name="Lập tệp").click()
    page.locator("#dang-lap").get_by_text("Chờ đến lượt").wait_for()
    assert violations(page) == []
    job = ExportJob.objects.get()
    ExportJob.objects.filter(pk=job.pk).update(state="running", progress=3, total=12)
    page.locator("#dang-lap progress[value='3'][max='12']").wait_for()
    ExportJob.objects.filter(pk=job.pk).update(state="waiting")  # one under way is not taken by a second message
    export_jobs.run_export(job.pk)
    page.locator("#tin-moi").get_by_text("Đã lập xong biểu tổng hợp tháng 11/2026").wait_for()
    page.locator("#dang-lap").get_by_text("Không có tệp nào đang lập").wait_for()
    assert page.locator("[hx-trigger^='every']").count() == 0  # it stopped asking
    assert violations(page) == []

    with page.expect_download() as download:
        page.locator("#tai-ve").get_by_role("link", name="Tải về").click()
    download.value.save_as(tmp_path / "a.xlsx")
    assert download.value.suggested_filename == "Bieu-tong-hop_tinh-dong-nai_2026-11_tam-tinh.xlsx"
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Bìa"]["A4"].value == "Số liệu tạm tính, 1/4 đơn vị"


def test_without_javascript(november, world, open_browser):
    page = open_browser(world.staff, java_script_enabled=False)
    page.goto("/xuat/")
    page.get_by_label("Chính thức").check()
    page.get_by_role("button", name="Xem số đơn vị của lựa chọn này").click()
    page.get_by_text("Số liệu chính thức, 0/4 đơn vị").wait_for()
    page.get_by_role("button", name="Lập tệp").click()
    page.get_by_role("link", name="Cập nhật tiến độ").wait_for()
    export_jobs.run_export(ExportJob.objects.get().pk)
    page.get_by_role("link", name="Cập nhật tiến độ").click()
    page.locator("#tai-ve").get_by_role("link", name="Tải về").wait_for()


def test_phone_has_no_sideways_scroll(november, world, open_browser):
    page = open_browser(world.staff, viewport=PHONE)
    job = export_jobs.create(unit=world.dong_nai, span=_span(), basis="provisional", by=world.staff)
    export_jobs.run_export(job.pk)
    page.goto("/xuat/")
    page.locator("#tai-ve").get_by_role("link", name="Tải về").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []
    page.goto(f"/xuat/{job.pk}/")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []


def _span():
    from de_an_06.plain.spans import Span

    return Span.parse("2026-11")
