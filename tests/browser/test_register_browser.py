"""The register in a real browser: a task force from nothing to a member, villages, a document; desk and phone."""

import datetime as dt

import pytest

from taskforces.models import Membership, TaskForce, VillageTeam
from tests.browser.conftest import DESK, PHONE, violations

pytestmark = pytest.mark.django_db(transaction=True)
PDF = {"name": "quyet dinh.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


def is_sound(page):
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_from_an_empty_register_to_a_member_with_duties(world, open_browser, viewport):
    page = open_browser(world.officer, viewport=viewport)
    page.goto("/to-cong-tac/")
    is_sound(page)
    page.get_by_role("link", name="Lập tổ mới").click()
    page.get_by_label("Tên", exact=True).fill("Tổ công tác Đề án 06 phường")
    page.get_by_label("Thành lập ngày").fill("2026-01-05")
    page.get_by_label("Tệp quyết định").set_input_files({**PDF, "buffer": b"MZ\x90\x00"})
    page.get_by_role("button", name="Ghi vào sổ").click()
    page.get_by_role("alert").get_by_text("thực ra là một chương trình").wait_for()
    is_sound(page)
    page.get_by_label("Tệp quyết định").set_input_files(PDF)
    page.get_by_role("button", name="Ghi vào sổ").click()
    page.get_by_role("link", name="Thêm thành viên").click()
    is_sound(page)
    page.get_by_label("Họ và tên người mới").fill("Phạm Thị Đầu")
    page.get_by_label("Vai trò").select_option("head")
    page.get_by_label("DVC15").check()
    page.get_by_role("button", name="Thêm rồi nhập người nữa").click()
    page.get_by_label("Họ và tên người mới").fill("Phạm Văn Hai")
    page.get_by_label("Vai trò").select_option("head")
    page.get_by_role("button", name="Thêm vào tổ").click()
    page.get_by_role("alert").get_by_text("Tổ đã có Tổ trưởng Phạm Thị Đầu").wait_for()
    is_sound(page)
    page.get_by_label("Vai trò").select_option("member")
    page.get_by_role("button", name="Thêm vào tổ").click()
    page.get_by_text("DVC15 Liên thông").wait_for()
    is_sound(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="quyet dinh.pdf").click()
    assert download.value.suggested_filename == "quyet dinh.pdf"
    assert TaskForce.objects.get().documents.get().size == len(PDF["buffer"])
    assert Membership.objects.count() == 2


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_villages_are_typed_in_one_table(world, open_browser, viewport):
    page = open_browser(world.officer, viewport=viewport)
    page.goto("/to-thon/")
    page.get_by_label("Có trong sổ từ ngày").fill("2026-01-05")
    for n in (1, 2, 3):
        page.get_by_label(f"Dòng {n}, Thôn, ấp, khu phố").fill(f"Khu phố {n}")
    page.get_by_label("Dòng 1, Số thành viên").fill("6")
    page.get_by_role("button", name="Ghi các dòng này vào sổ").click()
    page.get_by_role("alert").get_by_text("phải có ngày thành lập").wait_for()
    is_sound(page)
    page.get_by_label("Dòng 1, Thành lập ngày").fill("2026-02-01")
    page.get_by_role("button", name="Ghi các dòng này vào sổ").click()
    page.get_by_role("heading", name="1/3 thôn, ấp, khu phố đã có Tổ công tác, 6 thành viên").wait_for()
    is_sound(page)
    assert VillageTeam.objects.filter(valid_from=dt.date(2026, 1, 5)).count() == 3


def test_the_province_reads_what_is_lacking(world, open_browser):
    TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ", valid_from=dt.date(2026, 1, 5))
    page = open_browser(world.chair)
    page.goto("/to-cong-tac/")
    page.get_by_role("heading", name="1/3 đơn vị cấp xã đã có Tổ công tác").wait_for()
    is_sound(page)
    page.get_by_role("link", name="Chưa có Tổ trưởng").click()
    page.get_by_role("heading", name="Chưa có Tổ trưởng: 1 tổ").wait_for()
    is_sound(page)
