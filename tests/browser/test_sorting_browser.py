"""Tables sort by every column: by mouse, by keyboard, from the list on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.rollup import rollup
from tests.browser.conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def november(world, month, put, at):
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 1099, 1, early=98, overdue=2, stuck=1000)
    put(world.phuoc_binh, period, 200, 0, early=1, overdue=1, stuck=198)
    rollup.roll_up(period)
    return period


def column(table, head: int) -> list[str]:
    return [row.locator("th, td").nth(head).inner_text().strip() for row in table.locator("tbody tr").all()]


def test_by_mouse_and_keyboard(open_browser, world, november):
    page = open_browser(world.chair)
    page.goto(reverse("dashboard") + "?ky=2026-11")
    table = page.locator("table.sorts").first
    before = column(table, 0)
    received = table.get_by_role("button", name="Tiếp nhận")
    received.click()
    assert column(table, 2)[:2] == ["1.100", "200"]  # by number, not "200" after "1.100"
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    received.press("Enter")
    assert [text for text in column(table, 2) if text] == ["200", "1.100"]
    assert column(table, 2)[-1] == ""  # whoever reported nothing is last either way
    received.press("Enter")
    assert column(table, 0) == before
    expect(table.locator("th[aria-sort]")).to_have_count(0)
    table.get_by_role("button", name="Trước và đúng hạn").click()
    assert column(table, 5)[:2] == ["50,00%", "98,00%"]  # of a rate the worst first
    assert table.locator("tfoot th").inner_text().startswith("Cộng")


def test_two_rows_of_heads_and_a_total_inside(open_browser, world, november, put):
    put(world.phuoc_long, november, 7, 5, early=7, service="DVC12")
    page = open_browser(world.officer)
    page.goto(reverse("dashboard") + "?ky=2026-11")
    table = page.locator("table.services")
    heads = table.locator("thead button")
    first = set()
    total = table.locator("tr.total").inner_text()
    for head in heads.all():
        head.click()
        assert table.locator("tbody tr").last.inner_text() == total
        first.add(table.locator("tbody th").first.inner_text())
    assert len(first) == 2
    assert heads.count() == table.locator("tbody tr").first.locator("th, td").count()


def test_on_a_phone_a_list_sorts_the_cards(open_browser, world, november):
    page = open_browser(world.chair, viewport=PHONE)
    page.goto(reverse("dashboard") + "?ky=2026-11")
    table = page.locator("table.sorts").first
    before = column(table, 0)
    order = page.get_by_label("Xếp bảng theo").first
    order.select_option(label="Tiếp nhận, cao trước")
    assert table.locator("tbody th").first.inner_text().strip() == "Phường Phước Long"
    order.select_option(label="Tiếp nhận, thấp trước")
    assert table.locator("tbody th").first.inner_text().strip() == "Phường Phước Bình"
    order.select_option(label="thứ tự chung")
    assert column(table, 0) == before
