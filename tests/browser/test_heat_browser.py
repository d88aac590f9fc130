"""Units side by side in a real browser: heads that stay, every cell by keyboard and by pointer, phone, axe."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.models import Report
from taskforces.models import AdministrativeUnit, BoundaryFile
from taskforces.units.boundaries import keep_map, read_map, units_of
from tests.browser.conftest import PHONE, violations
from tests.test_boundaries import collection, square
from tests.test_dashboard import build_bulk

pytestmark = pytest.mark.django_db(transaction=True)

FOCUS = "[document.activeElement.tagName, document.activeElement.textContent.trim()]"


@pytest.fixture
def november(world, month, fill, at):
    """Đồng Nai: of 43 communes two are in, with every service."""
    at("2026-11-18 09:00")
    build_bulk(world, 40)
    period = month("2026-11")
    for unit, base in ((world.phuoc_long, 1200), (world.phuoc_binh, 34)):
        report = Report.objects.select_related("period").get(unit=unit, period=period)
        fill(report, base=base, status="submitted", by=world.officer)
    return period


def test_the_keyboard_reaches_every_cell_and_enter_follows(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard-heat") + "?do=tiep-nhan")
    grid = page.get_by_role("grid")
    assert grid.locator("[tabindex='0']").count() == 1
    page.get_by_role("region", name="Bảng đơn vị và dịch vụ").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == ["A", "Phường Phước Long"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS) == ["A", "1.200"]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS) == ["A", "34"]
    assert grid.locator("[tabindex='0']").count() == 1
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(FOCUS)[0] == "A"  # the service, in the head
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+End")
    total = page.evaluate(FOCUS)
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Hồ sơ tiếp nhận – ")
    expect(page.locator("h1")).to_contain_text(": 34")
    assert total[0] == "A"


def test_a_click_beside_the_number_leads_to_the_rows(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard-heat") + "?do=tiep-nhan")
    page.locator("tbody td").first.click(position={"x": 3, "y": 3})
    expect(page.locator("h1")).to_contain_text(": 1.200")
    page.go_back()
    page.get_by_role("columnheader", name="Căn cước").get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text(": 1.234")


def test_heads_and_first_column_stay_and_focus_is_not_under_them(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard-heat") + "?do=tiep-nhan")
    box = page.locator(".scroll")
    frame = box.bounding_box()
    box.evaluate("box => box.scrollTo(600, 500)")
    head, name = page.locator("thead th").nth(5).bounding_box(), page.locator("tbody th").nth(20).bounding_box()
    assert abs(head["y"] - frame["y"]) < 2
    assert abs(name["x"] - frame["x"]) < 2
    foot = page.locator("tfoot th").bounding_box()
    assert foot["y"] + foot["height"] <= frame["y"] + frame["height"] + 1
    page.locator("tbody th a").first.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    cell = page.evaluate("(({x, y}) => ({x, y}))(document.activeElement.getBoundingClientRect())")
    corner = page.locator("thead th").first.bounding_box()
    assert cell["x"] >= corner["x"] + corner["width"]
    assert cell["y"] >= corner["y"] + corner["height"]


@pytest.mark.parametrize("name", ["dashboard-heat", "dashboard-lines", "dashboard-board"])
def test_the_page_fits_a_phone_and_axe_finds_nothing(open_browser, world, november, name):
    page = open_browser(world.chair, viewport=PHONE)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(reverse(name))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page, ("minor", "moderate", "serious", "critical")) == []
    page.locator("body").press("Tab")
    assert said == []


def test_without_javascript_units_services_and_totals_are_links(open_browser, world, november):
    page = open_browser(world.chair, java_script_enabled=False)
    page.goto(reverse("dashboard-heat") + "?do=tiep-nhan")
    page.get_by_role("link", name="Căn cước").click()
    expect(page.locator("h1")).to_contain_text(": 1.234")
    page.go_back()
    page.get_by_role("link", name="Phường Phước Long").click()
    expect(page.locator("h1")).to_contain_text("Tổng quan tháng 11/2026: đã nộp")


def test_the_tiles_are_one_stop_of_the_tab_key_and_arrows_go_between_them(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard-map") + "?do=tiep-nhan")
    tiles = page.locator(".tiles")
    assert tiles.locator("[tabindex='0']").count() == 1
    tiles.locator("[tabindex='0']").focus()
    assert page.evaluate(FOCUS) == ["A", "Phường Phước Long"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUS) == ["A", "Phường Phước Bình"]
    top = page.evaluate("document.activeElement.closest('li').getBoundingClientRect().left")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('li').getBoundingClientRect().left") == top
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Hồ sơ tiếp nhận: ")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_map_is_drawn_leads_to_rows_and_fits_a_phone(open_browser, world, november):
    file = BoundaryFile(name="a.geojson", uploaded_by=world.administrator)
    content = collection(square("25217"), square("25220", east=107.0))
    shapes = read_map(content)
    keep_map(file, content, shapes, units_of(shapes, AdministrativeUnit.objects.filter(closed_on=None)))
    page = open_browser(world.chair, viewport=PHONE)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(reverse("dashboard-map"))
    expect(page.locator(".map path")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
    colours = page.locator(".map path").evaluate_all("all => all.map((p) => getComputedStyle(p).fill)")
    assert all(colour.startswith("rgb(") and colour != "rgb(0, 0, 0)" for colour in colours)
    page.locator(".map path").first.click()
    expect(page.locator("h1")).to_contain_text("trước và đúng hạn: 100,00%")
    assert said == []
