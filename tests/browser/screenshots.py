"""`make screenshots`: the pictures of the README and of the user guide, taken from the demonstration.

Everything is made anew in a temporary folder: the units, the catalogue, the demonstration, a web server in this
process on a free port. The clock stands at the demonstration's morning, so a second run gives the same pictures.
People do what the guide tells them to do; each step is photographed where the guide shows it.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

from django.urls import reverse

from tests.browser.conftest import ARGUMENTS, CHROMIUM, DESK, PHONE

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
MORNING = "2026-11-16T08:40:00+07:00"


def main() -> int:
    if CHROMIUM is None:
        print(
            "make screenshots needs Chromium and found none (Debian: apt-get install chromium-headless-shell).",
            file=sys.stderr,
        )
        return 1
    import time_machine

    with tempfile.TemporaryDirectory(prefix="de-an-06-pictures-") as folder:
        os.environ |= {"DATA_DIR": folder, "DEBUG": "on", "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3"}
        os.environ["REDIS_URL"] = ""
        os.environ["DJANGO_SETTINGS_MODULE"] = "de_an_06.settings"
        with time_machine.travel(MORNING, tick=False):
            server = prepare()
            try:
                take_pictures(f"http://127.0.0.1:{server.server_port}")
            finally:
                server.shutdown()
    return 0


def prepare():
    """A portal with the demonstration in it, served by a thread of this process; tasks run where they are called."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    from de_an_06.celery import app

    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    print("Units, catalogue and demonstration, about a minute ...", flush=True)
    call_command("migrate", verbosity=0)
    for command in ("load_units", "load_catalogue", "load_demo"):
        call_command(command)

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def take_pictures(url: str) -> None:
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, "--lang=vi"])
        studio = Studio(browser, url)
        for scene in (unit_enters, others_review, chairs_read, staff_export, units_over_time, registers, on_the_phone):
            scene(studio)
        browser.close()
    taken = sorted(studio.taken)
    print(f"{len(taken)} pictures in {PICTURES}: {sum(p.stat().st_size for p in taken) // 1024} KB")


class Studio:
    """Opens pages for demonstration logins and keeps what they show."""

    def __init__(self, browser, url):
        self.browser, self.url, self.taken = browser, url, []

    def page(self, username=None, viewport=DESK):
        from taskforces.models import User
        from tests.browser.conftest import session_cookie

        context = self.browser.new_context(
            base_url=self.url,
            viewport=viewport,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
        )
        context.set_default_timeout(20000)
        if username:
            context.add_cookies([session_cookie(User.objects.get(username=username), self.url)])
        page = context.new_page()
        page.goto("/")
        return page

    def shoot(self, page, name, around=None, margin=16):
        """The window as it stands, or what surrounds some elements, over the whole width."""
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        path = PICTURES / f"{name}.png"
        clip = {}
        if around is not None:
            boxes, scrolled = [found.bounding_box() for found in around], page.evaluate("scrollY")
            top = max(0, min(box["y"] for box in boxes) - margin)
            height = max(box["y"] + box["height"] for box in boxes) + margin - top
            area = {"x": 0, "y": top + scrolled, "width": page.viewport_size["width"], "height": height}
            clip = {"clip": area, "full_page": True}
        page.screenshot(path=path, animations="disabled", caret="hide", **clip)
        self.taken.append(path)
        print(f"  {name}.png  {path.stat().st_size // 1024} KB", flush=True)


def unit_enters(studio):
    """Login, task list, entry, a problem at a cell, a question, check, receipt."""
    page = studio.page()
    page.goto(reverse("account_login"))
    studio.shoot(page, "login")
    page = studio.page("vanphong.phuoclong")
    studio.shoot(page, "viec-can-lam")
    entry = page.get_by_role("link", name="Nhập tiếp từ ô còn thiếu").get_attribute("href").partition("#")[0]
    page.goto(entry)
    studio.shoot(page, "entry")

    cell = page.locator('[name="DVC09.resolved_on_time"]')
    was = cell.input_value()
    type_into(cell, "15")
    page.locator("#DVC09-tin").wait_for()
    studio.shoot(page, "loi-tai-o", around=[page.locator("#DVC09"), page.locator("#DVC09-tin")], margin=6)
    type_into(cell, was)
    page.locator("#DVC09-tin").wait_for(state="detached")

    page.locator("#DVC19 .zero").click()
    page.locator("#DVC19 .zero").wait_for(state="hidden")
    type_into(page.locator('[name="DV02.numerator"]'), "2100")
    type_into(page.locator('[name="DV02.denominator"]'), "2200")
    question = page.locator("#DV02-tin")
    question.wait_for()
    studio.shoot(page, "giai-thich", around=[page.locator("#DV02"), question], margin=6)
    type_into(question.locator(".reason"), "Số hóa bổ sung hồ sơ giấy của quý III")
    page.get_by_role("button", name="Chốt số liệu phần này").click()
    page.get_by_text("Đã chốt phần").first.wait_for()

    police = studio.page("congan.phuoclong")
    police.goto(entry)
    police.get_by_role("button", name="Chốt số liệu phần này").click()
    police.get_by_text("Đã chốt phần").first.wait_for()

    page.get_by_role("button", name="Kiểm tra và gửi").click()
    page.get_by_label("Tôi đã kiểm tra số liệu").wait_for()
    studio.shoot(page, "kiem-tra")
    page.get_by_label("Tôi đã kiểm tra số liệu").check()
    page.get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_text("Mã kiểm tra").wait_for()
    studio.shoot(page, "bien-nhan")


def type_into(field, text):
    field.fill(text)
    field.press("Tab")


def others_review(studio):
    """The list, one report, sending back, and how the unit learns of it."""
    page = studio.page("duyet.dongnai")
    studio.shoot(page, "review")
    page.locator("#can-xem").get_by_role("link", name="Phường Phước Long", exact=True).click()
    studio.shoot(page, "bao-cao")
    page.get_by_text("Trả lại kèm lý do").click()
    reason = "DV02: tách riêng số hồ sơ số hóa của quý III, chỉ ghi số trong kỳ."
    page.get_by_label("Lý do trả lại").fill(reason)
    studio.shoot(page, "tra-lai", around=[page.locator("#tra-lai"), page.locator("section[aria-labelledby=viec]")])
    page.get_by_role("button", name="Trả lại báo cáo").click()
    page.get_by_text("Đã trả lại báo cáo").wait_for()
    unit = studio.page("vanphong.phuoclong")
    studio.shoot(unit, "bi-tra-lai")


def chairs_read(studio):
    """The overview of the province in 2026, of the district in 2024, and the rows behind a number."""
    page = studio.page("chutich.dongnai")
    studio.shoot(page, "dashboard")
    studio.shoot(page, "tong-quan-bang", around=[page.locator("section[aria-labelledby=bang]")])
    page.evaluate("scrollTo(0, 0)")
    page.locator(".stat-value a").first.click()
    studio.shoot(page, "nguon-so-lieu")
    studio.shoot(studio.page("chutich.phuoclong"), "tong-quan-2024")


def staff_export(studio):
    """The export page with a finished file, and closing the month."""
    page = studio.page("tonghop.dongnai")
    page.get_by_role("link", name="Xuất Excel").click()
    page.get_by_role("button", name="Lập tệp").click()
    page.locator("#tai-ve").get_by_role("link", name="Tải về").wait_for()
    page.goto(reverse("export-list"))
    studio.shoot(page, "xuat", around=[page.locator("h1"), page.locator("#tai-ve")])
    page.goto(reverse("review-list"))
    page.get_by_role("link", name="Khóa kỳ").click()
    studio.shoot(page, "khoa-ky", around=[page.locator("h1"), page.locator("form.panel")])


def units_over_time(studio):
    page = studio.page("tonghop.dongnai")
    page.goto(reverse("unit-list") + "?q=phuoc+long")
    studio.shoot(page, "don-vi")


def registers(studio):
    """Task forces, assignments and difficulties of a ward; files in, for the province."""
    page = studio.page("vanphong.phuoclong")
    for name, view in (("to-cong-tac", "taskforce-list"), ("nhiem-vu", "assignment-list")):
        page.goto(reverse(view))
        studio.shoot(page, name)
    page = studio.page("tonghop.dongnai")
    for name, view in (("kho-khan", "difficulty-list"), ("nhap-tep", "import-list")):
        page.goto(reverse(view))
        studio.shoot(page, name)


def on_the_phone(studio):
    page = studio.page("vanphong.phuoclong", viewport=PHONE)
    studio.shoot(page, "dien-thoai-viec")
    page.get_by_role("link", name="Sửa và gửi lại").first.click()
    page.locator("#DVC09").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.getElementById('DVC09').getBoundingClientRect().top + scrollY - 60)")
    studio.shoot(page, "dien-thoai-nhap")


if __name__ == "__main__":
    # Playwright's own event loop runs in this thread; Django's queries here are none of it.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    sys.exit(main())
