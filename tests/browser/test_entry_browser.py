"""Entry in a real browser: keyboard, saving, losing the connection and the session, pasting, paper, axe."""

import io
import re

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.exports.form_file import write_entry_form
from reporting.models import FigureChange, Report, ServiceFigures
from taskforces.models import Branch, Role
from tests.browser.conftest import PASSWORD, PHONE, violations
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def november(world, month, fill):
    """Phường Phước Long: October sent, November open and empty."""
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=20, status="submitted", by=world.officer)
    for person in (world.officer, world.police_officer):
        person.set_password(PASSWORD)
        person.save()
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


def go(page, report, name="report-entry"):
    page.goto(reverse(name, args=[report.pk]))
    return page


def cell(page, key):
    return page.locator(f'[name="{key}"]')


def box(page, key):
    return page.locator(".cell", has=cell(page, key))


def saved(page):
    expect(page.locator("#trang-thai")).to_have_text(re.compile(r"^\s*Đã lưu \d\d:\d\d$"))


def row(report, code="DVC09"):
    return ServiceFigures.objects.get(report=report, service__code=code)


def test_a_row_is_typed_with_the_keyboard_alone(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.received_online").focus()
    for value in ("1234", "0", "0", "1000", "234", "0", "0", "0"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    saved(page)
    expect(cell(page, "DVC09.received_online")).to_have_value("1.234")
    expect(box(page, "DVC09.received_online")).to_have_class(re.compile("is-saved"))
    expect(page.locator("#DVC09-pending_in_time")).to_have_text("0")
    assert row(november).received_online == 1234
    assert row(november).pending_in_time == 0


def test_enter_and_arrows_move_like_in_a_spreadsheet(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    focused = page.locator(":focus")
    cell(page, "DVC09.received_online").focus()
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("name", "DVC10.received_online")
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("name", "DVC10.received_in_person")
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("name", "DVC09.received_in_person")
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("name", "DVC09.received_online")
    page.keyboard.type("12")
    page.keyboard.press("ArrowLeft")  # inside the text: the caret moves, not the cell
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("name", "DVC09.received_online")
    page.keyboard.press("Escape")
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    page.keyboard.press("F1")
    expect(page.locator("#giai-thich")).to_contain_text("Cổng Dịch vụ công")


def test_wrong_text_stays_with_its_message(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.received_online").fill("12,5")
    page.keyboard.press("Tab")
    expect(box(page, "DVC09.received_online")).to_have_class(re.compile("is-problem"))
    expect(page.locator("#DVC09-tin")).to_contain_text("Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “12,5”.")
    cell(page, "DVC09.rejected").fill("3")
    page.keyboard.press("Tab")
    expect(box(page, "DVC09.rejected")).to_have_class(re.compile("is-saved"))
    expect(cell(page, "DVC09.received_online")).to_have_value("12,5")
    expect(page.locator("#DVC09-tin")).to_contain_text("Bạn đã nhập “12,5”.")
    page.reload()  # still there: it never reached the server
    expect(cell(page, "DVC09.received_online")).to_have_value("12,5")
    cell(page, "DVC09.received_online").fill("12")
    page.keyboard.press("Tab")
    expect(page.locator("#DVC09-tin")).to_have_count(0)
    saved(page)


def test_blank_is_not_zero(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.rejected").fill("0")
    page.keyboard.press("Tab")
    saved(page)
    assert row(november).rejected == 0
    cell(page, "DVC09.rejected").fill("")
    page.keyboard.press("Tab")
    expect(box(page, "DVC09.rejected")).to_have_class(re.compile("is-missing"))
    assert row(november).rejected is None


def test_no_case_button_fills_the_rest_with_zero(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC10.received_online").fill("2")
    page.locator("#DVC10 .zero").click()
    expect(cell(page, "DVC10.rejected")).to_have_value("0")
    expect(cell(page, "DVC10.received_online")).to_have_value("2")
    expect(page.locator("#DVC10 .zero")).to_be_hidden()
    assert row(november, "DVC10").received_online == 2
    assert row(november, "DVC10").rejected == 0


def test_a_problem_is_shown_and_goes_when_corrected(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    for name, value in {
        "received_online": "5",
        "received_in_person": "0",
        "received_postal": "0",
        "resolved_early": "9",
    }.items():
        cell(page, f"DVC09.{name}").fill(value)
        page.keyboard.press("Tab")
    expect(page.locator("#DVC09-tin")).to_contain_text("thừa 4 hồ sơ đã giải quyết")
    expect(box(page, "DVC09.resolved_early")).to_have_class(re.compile("is-problem"))
    cell(page, "DVC09.resolved_early").fill("5")
    page.keyboard.press("Tab")
    expect(page.locator("#DVC09-tin")).to_have_count(0)


def test_a_block_from_a_spreadsheet_is_pasted_and_undone(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.received_online").focus()
    paste(page, "1.234\t0\t0\t1200\t34\t0\t0\t99\t0\r\n5\t0\t\t5\t0\t0\t0\t99\t0\r\n")
    page.get_by_role("button", name="Ghi 15 ô").click()
    expect(page.locator("#tin-dan")).to_contain_text("Đã dán 15 ô, không dán 2 ô, bỏ qua 1 ô trống.")
    saved(page)
    assert (row(november).received_online, row(november).pending_in_time) == (1234, 0)
    assert row(november, "DVC10").received_postal is None
    assert set(FigureChange.objects.filter(report=november).values_list("via", flat=True)) == {"paste"}
    page.locator("[data-undo]").click()
    expect(cell(page, "DVC09.received_online")).to_have_value("")
    saved(page)
    assert row(november).received_online is None


# What the officer's two first rows hold, in the order of the official form:
#       opening, online, person, post, early, on time, late, rejected, in time, overdue
FORM_ROWS = {
    "DVC09": (0, 1234, 20, 10, 1150, 40, 5, 3, 59, 7),
    "DVC10": (0, 81, 12, 6, 50, 21, 2, 1, 14, 11),
}


def test_a_block_of_the_portals_own_form_lands_where_it_stood(open_browser, world, november, fill):
    """The form is filled in, downloaded, opened in Excel, and its cells are copied into the empty page."""
    names = (
        *("opening", "received_online", "received_in_person", "received_postal"),
        *("resolved_early", "resolved_on_time", "resolved_overdue", "rejected", "pending_in_time", "pending_overdue"),
    )
    fill(november, base=1)
    for code, values in FORM_ROWS.items():
        ServiceFigures.objects.filter(report=november, service__code=code).update(
            **dict(zip(names, values, strict=True))
        )
    file = io.BytesIO(write_entry_form(november, world.officer))
    sheet = openpyxl.load_workbook(file, data_only=True)["Dịch vụ công"]
    lines = {row[0].value: row for row in sheet.iter_rows() if row[0].value in FORM_ROWS}
    # Columns D to L: from the first cell an officer types to the last, the locked one in between included.
    block = [[f"{cell.value:,}".replace(",", ".") for cell in lines[code][3:12]] for code in FORM_ROWS]
    ServiceFigures.objects.filter(report=november).delete()

    page = go(open_browser(world.officer, permissions=["clipboard-read", "clipboard-write"]), november)
    page.evaluate("text => navigator.clipboard.writeText(text)", "".join("\t".join(line) + "\r\n" for line in block))
    cell(page, "DVC09.received_online").focus()
    page.keyboard.press("Control+V")
    page.get_by_role("button", name="Ghi 16 ô").click()
    expect(page.locator("#tin-dan")).to_contain_text("Đã dán 16 ô, không dán 2 ô.")
    saved(page)
    for code, values in FORM_ROWS.items():
        stored = row(november, code)
        assert {name: getattr(stored, name) for name in names} == dict(zip(names, values, strict=True))
        expect(page.locator(f"#{code}-pending_in_time")).to_have_text(str(values[8]))
        expect(cell(page, f"{code}.pending_overdue")).to_have_value(str(values[9]))


def paste(page, text):
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


def test_two_officers_one_cell(open_browser, world, november):
    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    mine, theirs = go(open_browser(world.officer), november), go(open_browser(colleague), november)
    cell(theirs, "DVC09.rejected").fill("5")
    theirs.keyboard.press("Tab")
    saved(theirs)
    cell(mine, "DVC09.rejected").fill("6")
    mine.keyboard.press("Tab")
    both = r"Trịnh Thị Thu đã sửa ô này thành 5 lúc \d\d:\d\d ngày \d\d/\d\d/\d{4}\. Bạn nhập 6\."
    expect(mine.locator("#DVC09-tin")).to_contain_text(re.compile(both))
    expect(cell(mine, "DVC09.rejected")).to_have_value("6")  # what was typed is not lost
    assert row(november).rejected == 5
    mine.get_by_role("button", name="Giữ số của tôi: 6").click()
    expect(mine.locator("#DVC09-tin")).to_have_count(0)
    saved(mine)
    assert row(november).rejected == 6


def test_connection_lost_keeps_the_cells_and_sends_them_later(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    page.context.set_offline(True)
    cell(page, "DVC09.rejected").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#trang-thai")).to_contain_text("Mất kết nối. 1 ô chưa gửi về máy chủ, vẫn giữ trên máy này.")
    page.context.set_offline(False)
    saved(page)
    assert row(november).rejected == 7


def test_answer_lost_on_the_way_back_is_sent_again_without_harm(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    lost = []

    def lose_first(route):
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())  # the server has saved, the page never hears of it
        route.abort()

    page.route("**/o/", lose_first)
    cell(page, "DVC09.rejected").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#trang-thai")).to_contain_text("Mất kết nối")
    saved(page)
    assert FigureChange.objects.filter(report=november, cell="DVC09.rejected").count() == 1


def test_what_the_server_says_of_not_saving_now_is_shown_and_it_is_asked_again(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    page.route("**/o/", lambda route: route.fulfill(status=503, json={"message": "Máy chủ hết dung lượng lưu trữ."}))
    cell(page, "DVC09.rejected").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#trang-thai")).to_contain_text(
        "Máy chủ hết dung lượng lưu trữ. 1 ô chưa gửi về máy chủ, vẫn giữ trên máy"
    )
    page.unroute("**/o/")
    saved(page)
    assert row(november).rejected == 7


def test_page_closed_while_offline_gives_the_cells_back(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    page.route("**/o/", lambda route: route.abort())
    cell(page, "DVC09.rejected").fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#trang-thai")).to_contain_text("Mất kết nối")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(reverse("task-list"))
    assert asked == ["beforeunload"]  # the browser asks whether to leave what was not sent
    page.unroute("**/o/")
    go(page, november)
    expect(cell(page, "DVC09.rejected")).to_have_value("7")
    saved(page)
    assert row(november).rejected == 7


def test_session_ended_while_typing(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.rejected").fill("3")
    page.keyboard.press("Tab")
    saved(page)
    page.context.clear_cookies()
    cell(page, "DVC09.received_online").fill("44")
    page.keyboard.press("Tab")
    dialog = page.locator("#dang-nhap-lai")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    page.keyboard.type("sai-mat-khau")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Mật khẩu chưa đúng")
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    saved(page)
    assert row(november).received_online == 44
    page.get_by_role("button", name="Kiểm tra và gửi").click()  # the plain form goes too: its token was renewed
    expect(page.locator(".errors")).to_be_focused()


def test_without_javascript_the_page_is_one_form(open_browser, world, november):
    page = go(open_browser(world.officer, java_script_enabled=False), november)
    cell(page, "DVC09.received_online").fill("31")
    cell(page, "DVC09.rejected").fill("mười")
    page.get_by_role("button", name="Lưu", exact=True).last.click()
    expect(cell(page, "DVC09.rejected")).to_have_value("mười")
    expect(page.locator("#DVC09-tin")).to_contain_text("Bạn đã nhập “mười”")
    assert row(november).received_online == 31
    cell(page, "DVC09.rejected").fill("1")
    cell(page, "DVC09.rejected").press("Enter")  # the first button of the form saves
    expect(page.locator(".notice--ok")).to_contain_text("Đã lưu 1 ô")
    page.locator("#DVC09 .zero").click()
    assert row(november).resolved_overdue == 0


def test_filter_shows_only_what_is_missing(open_browser, world, november, fill):
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(rejected=None)
    page = go(open_browser(world.officer), november)
    page.get_by_role("link", name=re.compile("Còn thiếu")).click()
    expect(page.locator("#DVC09")).to_be_visible()
    expect(page.locator("#DVC10")).to_be_hidden()
    page.get_by_role("link", name=re.compile("Tất cả")).click()
    expect(page.locator("#DVC10")).to_be_visible()


def test_the_whole_month_from_login_to_receipt(open_browser, world, november, fill):
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(rejected=None, pending_in_time=None)
    police = go(open_browser(world.police_officer), november)
    police.get_by_role("button", name="Chốt số liệu phần này").click()
    expect(police.locator(".notice--ok").first).to_contain_text("Đã chốt phần")

    page = open_browser()
    page.goto("/")
    page.get_by_label("Tên đăng nhập").fill("nhung")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Nhập tiếp từ ô còn thiếu").click()
    cell(page, "DVC09.rejected").fill("0")
    page.get_by_role("button", name="Chốt số liệu phần này").click()
    expect(page.locator(".notice--ok").first).to_contain_text("Đã chốt phần")
    page.get_by_role("button", name="Kiểm tra và gửi").click()
    page.get_by_label("Tôi đã kiểm tra số liệu").check()
    page.get_by_role("button", name="Gửi báo cáo tháng 11/2026").click()
    expect(page.locator("h1")).to_have_text("Đã gửi báo cáo tháng 11/2026")
    november.refresh_from_db()
    assert november.status == "submitted"
    assert violations(page) == []


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(open_browser, world, november, fill, viewport):
    size = {"viewport": viewport} if viewport else {}
    ServiceFigures.objects.filter(report__unit=world.phuoc_long, service__code="DVC10").delete()
    fill(november, base=21, services=["DVC09", "DVC10", "DVC03"])
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(resolved_early=900, received_postal=5)
    stranger = open_browser(**size)
    stranger.goto(reverse("account_login"))
    assert violations(stranger) == []
    page = open_browser(world.officer, **size)
    for path in (
        reverse("task-list"),
        reverse("task-list") + "?ky=tat-ca",
        reverse("report-entry", args=[november.pk]) + "?kiem-tra=1",
        reverse("report-check", args=[november.pk]),
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path  # nothing runs out of the page


def test_paper_shows_figures_without_controls(open_browser, world, november, fill):
    fill(november, base=21)
    page = go(open_browser(world.officer), november)
    page.emulate_media(media="print")
    expect(cell(page, "DVC09.received_online")).to_be_visible()
    for hidden in (".savebar", ".seg", ".zero", ".def summary", "#tin-dan"):
        assert page.locator(hidden).locator("visible=true").count() == 0, hidden
    assert page.pdf(prefer_css_page_size=True)[:4] == b"%PDF"
