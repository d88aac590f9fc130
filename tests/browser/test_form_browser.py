"""The preview of a sent-in form in a browser: three figures, a choice for each cell, on a desk and on a phone."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.exports.form_file import write_entry_form
from reporting.models import Report, ServiceFigures
from tests.browser.conftest import PHONE, violations
from tests.test_entry_form import type_in
from tests.test_form_states import as_file, book_of, server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_conflicts_are_chosen_one_by_one(open_browser, world, month, tmp_path, viewport):
    """10 and 5 as downloaded, 20 and 5 on the server, 31 and nothing in the file; the file's 31 is chosen."""
    report = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))
    server(report, world.officer, **{"DVC09.received_online": "10", "DVC09.rejected": "5"})
    book = book_of(write_entry_form(report, world.officer))
    server(report, world.officer, **{"DVC09.received_online": "20", "DVC11.rejected": "2"})
    type_in(book, DVC09__received_online=31, DVC09__rejected=None, DVC10__rejected=1)
    (tmp_path / "bieu.xlsx").write_bytes(as_file(book))
    page = open_browser(world.officer, **({"viewport": viewport} if viewport else {}))
    page.goto(reverse("report-upload", args=[report.pk]))
    page.set_input_files("#file", tmp_path / "bieu.xlsx")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_role("heading", name=re.compile("1 ô sẽ ghi, 2 ô cần bạn chọn"))).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = (
        "els => els.filter(el => el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 1).length"
    )
    assert page.locator(".panel .scroll").evaluate_all(inside) == 0  # nothing to choose is hidden behind a scroll bar
    group = page.get_by_role("group", name="DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến")
    expect(group.get_by_label("Giữ 20")).to_be_checked()
    group.get_by_label("Ghi 31").check()
    page.get_by_role("button", name="Ghi 1 ô và các ô đã chọn").click()
    expect(page.get_by_text("Đã lưu 2 ô từ tệp.")).to_be_visible()
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert (row.received_online, row.rejected) == (31, 5)
