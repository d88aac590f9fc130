"""Meeting mode in a real browser: keys, buttons, the place in the address, size of the letters, no JavaScript, axe."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, violations
from tests.browser.test_dashboard_browser import november  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

WALL = {"width": 1920, "height": 1080}
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".slide.now *, .room-head *")].filter(
    (e) => e.checkVisibility() && !e.closest(".visually-hidden")
        && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
).map((e) => parseFloat(getComputedStyle(e).fontSize)))"""


def test_keys_and_buttons_step_and_the_address_keeps_the_place(open_browser, world, november):  # noqa: F811
    page = open_browser(world.chair, viewport=WALL)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(reverse("dashboard-meeting"))
    shown = page.locator(".slide:visible")
    total = page.locator(".slide").count()

    def at(number):
        expect(shown).to_have_count(1)
        expect(page.locator("[data-place]")).to_have_text(f"{number}/{total}")

    at(1)
    for number, key in enumerate(("ArrowRight", "PageDown", "ArrowDown"), 2):
        page.keyboard.press(key)
        at(number)
    for number, key in ((3, "ArrowLeft"), (2, "PageUp"), (1, "ArrowUp"), (1, "PageUp")):
        page.keyboard.press(key)
        at(number)
    page.keyboard.press("End")
    at(total)
    expect(page.get_by_role("button", name="Sang phần sau")).to_be_disabled()
    page.keyboard.press("Home")
    at(1)
    page.get_by_role("button", name="Sang phần sau").click()
    at(2)
    page.get_by_role("link", name="Số liệu chính", exact=True).click()
    expect(shown).to_contain_text("Số liệu chính 1/6")
    page.keyboard.press("PageDown")
    assert page.url.endswith("#so-2")
    page.reload()
    expect(shown).to_contain_text("Số liệu chính 2/6")
    expect(page.locator(".room-as-of")).to_contain_text("Số liệu đến")
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_contain_text("Tổng quan tháng 11/2026")
    assert page.url.split("?")[0].endswith(reverse("dashboard"))
    assert said == []


def test_no_letter_on_the_wall_is_below_thirty_two_pixels_and_nothing_is_cut(open_browser, world, november):  # noqa: F811
    page = open_browser(world.chair, viewport=WALL)
    page.goto(reverse("dashboard-meeting"))
    for _ in range(page.locator(".slide").count()):
        assert page.evaluate(SMALLEST) >= 32, page.url
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        page.keyboard.press("PageDown")


def test_without_javascript_all_stands_below_each_other(open_browser, world, november):  # noqa: F811
    page = open_browser(world.chair, java_script_enabled=False)
    page.goto(reverse("dashboard-meeting"))
    assert page.locator(".slide:visible").count() == page.locator(".slide").count() > 8
    expect(page.get_by_role("button", name="Sau")).to_have_count(0)
    expect(page.get_by_role("link", name="Thoát")).to_be_visible()


def test_it_fits_a_phone_and_axe_finds_nothing(open_browser, world, november):  # noqa: F811
    page = open_browser(world.chair, viewport=PHONE)
    page.goto(reverse("dashboard-meeting"))
    for _ in range(page.locator(".slide").count()):
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
        page.keyboard.press("PageDown")
    page.keyboard.press("Home")
    assert violations(page) == []
