"""The dashboard in a real browser: the chart under the strict content policy, drilling down, phone, paper, axe."""

import datetime as dt
import struct
import zlib
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.models import Report
from reporting.rollup import rollup
from tests.browser.conftest import PHONE, violations
from tests.test_campaigns import enter, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def november(world, month, fill, at):
    """Đồng Nai: October and November, two of three communes in; nothing in September."""
    at("2026-11-18 09:00")
    for key in ("2026-09", "2026-10", "2026-11"):
        period = month(key)
        if key != "2026-09":
            for unit, base in ((world.phuoc_long, 1200), (world.phuoc_binh, 34)):
                report = Report.objects.select_related("period").get(unit=unit, period=period)
                fill(report, base=base, status="submitted", by=world.officer)
        rollup.roll_up(period)
    return period


def heard(page):
    """What the console says, with every refusal of the content policy."""
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    return messages


def test_the_chart_is_drawn_and_the_content_policy_has_nothing_to_refuse(open_browser, world, november):
    page = open_browser(world.chair)
    messages = heard(page)
    page.goto(reverse("dashboard"))
    chart = page.locator("#bieu-do svg")
    expect(chart).to_be_visible()
    expect(chart).to_contain_text("11/26")
    box = page.locator("#bieu-do").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 120)  # the tooltip is drawn, too
    expect(page.locator("h1")).to_have_text("Tổng quan tháng 11/2026: 2/4 đơn vị đã nộp")
    assert messages == []


def test_a_point_of_the_chart_opens_its_month(open_browser, world, november):
    """October, all in time, is the last but one of twelve points and lies on the upper edge of the drawing."""
    page = open_browser(world.chair)
    page.goto(reverse("dashboard"))
    expect(page.locator("#bieu-do svg")).to_be_visible()
    page.locator("#bieu-do").scroll_into_view_if_needed()
    box = page.locator("#bieu-do").bounding_box()
    page.mouse.click(box["x"] + 52 + (box["width"] - 52 - 132) * 10 / 11, box["y"] + 36)
    expect(page.locator("h1")).to_contain_text("Tổng quan tháng 10/2026")


def test_the_measure_of_the_ranking_is_chosen_at_once(open_browser, world, november):
    page = open_browser(world.chair)
    messages = heard(page)
    page.goto(reverse("dashboard"))
    page.get_by_label("Xếp theo", exact=True).select_option("dvc:DVC09")
    expect(page.locator("#xep")).to_contain_text("DVC09")
    assert page.url.endswith("&xep_theo=dvc%3ADVC09#xep")
    ranking = page.locator("section[aria-labelledby=xep]")
    expect(ranking.get_by_role("link", name="100,00%")).to_have_count(2)
    ranking.get_by_role("link", name="100,00%").first.click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert messages == []


def test_a_number_leads_to_its_rows_and_a_unit_to_its_own_page(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard"))
    page.locator(".stat-value a").first.click()
    expect(page.locator("h1")).to_contain_text("Hồ sơ tiếp nhận: ")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Về tổng quan").click()
    page.locator("section[aria-labelledby=bang]").get_by_role("link", name="Phường Phước Long", exact=True).click()
    expect(page.locator("h1")).to_have_text("Tổng quan tháng 11/2026: đã nộp")
    page.get_by_role("link", name="Tỉnh Đồng Nai", exact=True).click()
    expect(page.locator("h1")).to_contain_text("2/4 đơn vị")


def test_choosing_another_span_and_basis(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard"))
    page.get_by_label("Kỳ", exact=True).select_option("2026-Q4")
    expect(page.locator("h1")).to_contain_text("quý IV/2026 (tháng 10–11/2026): 4/8 báo cáo")
    page.get_by_role("link", name="Chính thức").click()
    expect(page.locator("h1")).to_contain_text("quý IV/2026 (tháng 10–11/2026): 0/8 báo cáo đã duyệt")


def test_without_javascript_everything_is_there_to_read(open_browser, world, november):
    page = open_browser(world.chair, java_script_enabled=False)
    page.goto(reverse("dashboard"))
    page.get_by_text("Xem số liệu của biểu đồ").click()
    expect(page.locator("section[aria-labelledby=xu-huong] tbody tr")).to_have_count(12)
    page.get_by_label("Kỳ", exact=True).select_option("2026-10")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("h1")).to_contain_text("tháng 10/2026")


@pytest.mark.parametrize("query", ["?ky=2026-11", "?ky=2026-09", "?ky=2026-Q4"])
def test_the_page_fits_a_phone_and_axe_finds_nothing_serious(open_browser, world, november, query):
    page = open_browser(world.chair, viewport=PHONE)
    page.goto(reverse("dashboard") + query)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
    page.goto(reverse("dashboard-source") + query + "&so=in_time_rate")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


def test_on_paper_the_sheet_is_wide_and_the_controls_are_gone(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard"))
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Xuất Excel")).to_be_hidden()
    expect(page.locator(".nav")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).page") == "wide"


def taken(page, kind):
    """The chart as a file: its name and its bytes."""
    with page.expect_download() as begun:
        page.get_by_role("button", name=f"Tải biểu đồ, {kind}").click()
    return begun.value.suggested_filename, begun.value.path().read_bytes()


def letters(svg):
    """What a drawing says, text by text."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[12:16] == b"IHDR"
    return struct.unpack(">II", png[16:24])


def test_the_chart_is_taken_away_as_a_drawing_and_as_a_picture(open_browser, world, november):
    page = open_browser(world.chair)
    messages = heard(page)
    page.goto(reverse("dashboard"))
    name = "tinh-dong-nai-ty-le-truoc-va-dung-han-truc-tuyen-thang-12-2025-den-thang-11-2026"
    drawing, svg = taken(page, "tệp SVG")
    said = letters(svg)
    title = "Tỉnh Đồng Nai: tỷ lệ trước và đúng hạn, trực tuyến (%), tháng 12/2025 đến tháng 11/2026"
    assert drawing == f"{name}.svg"
    assert title in said
    words = " ".join(said)
    assert "Số liệu tạm tính đến 09:00 ngày 18/11/2026." in words
    assert "Không có số liệu: tháng 09/2026 (0/4 báo cáo)." in words
    assert "Trục số bắt đầu từ" in words
    assert {"12/25", "11/26", "100%", "Trước và đúng hạn", "Trực tuyến"} <= set(said)
    photo, png = taken(page, "tệp ảnh PNG")
    assert (photo, size_of(png)) == (f"{name}.png", (1920, 960))
    assert len(set(zlib.decompress(pixels(png)))) > 50  # something is drawn
    assert messages == []


def pixels(png):
    """The compressed picture of a PNG: its IDAT chunks together."""
    found, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            found += png[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def test_arrow_keys_step_through_the_chart_and_enter_opens_the_month(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard"))
    page.locator("#bieu-do").focus()
    page.keyboard.press("ArrowLeft")
    heard_now = page.locator("#bieu-do + [aria-live]")
    expect(heard_now).to_contain_text("Tháng 11/26: trước và đúng hạn 100,00%")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(heard_now).to_have_text("Tháng 09/26: trước và đúng hạn không có số liệu; trực tuyến không có số liệu")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Tổng quan tháng 10/2026")


def test_without_javascript_there_is_no_button_that_does_nothing(open_browser, world, november):
    page = open_browser(world.chair, java_script_enabled=False)
    page.goto(reverse("dashboard"))
    expect(page.get_by_role("button", name="Tải biểu đồ", exact=False)).to_have_count(0)


def test_the_chart_of_a_campaign_is_taken_away_too(open_browser, world, at):
    at("2026-11-16 09:00")
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, dt.date(2026, 11, 13), "20")
    enter(campaign, world.officer, world.phuoc_long, dt.date(2026, 11, 15), "30")
    page = open_browser(world.staff)
    messages = heard(page)
    page.goto(campaign.get_absolute_url())
    drawing, svg = taken(page, "tệp SVG")
    assert drawing.endswith("-cong-don-tu-10-11-2026-den-30-11-2026.svg")
    said = " ".join(letters(svg))
    assert "Tỉnh Đồng Nai: " in said
    assert ", cộng dồn từ 10/11/2026 đến 30/11/2026" in said
    assert "Số liệu đến 09:00 ngày 16/11/2026." in said
    assert "Trục số bắt đầu từ 0." in said
    assert "Chỉ tiêu 150" in said
    assert size_of(taken(page, "tệp ảnh PNG")[1]) == (1920, 960)
    assert messages == []
