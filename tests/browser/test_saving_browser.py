"""Saving when things go wrong: answers lost, several tabs, tabs closed while typing, a line that is down."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.entry import saving
from reporting.models import FigureChange, Report, ServiceFigures
from taskforces.models import Branch, Role
from tests.browser.test_entry_browser import box, cell, go, paste, row, saved
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True)

SAVE = "**/o/"
STATUS = "#trang-thai"
WITHOUT_FAREWELL = """for (const type of ["visibilitychange", "pagehide", "beforeunload"]) {
    addEventListener(type, (event) => event.stopImmediatePropagation(), true);
}"""  # a tab whose process is killed hears of nothing


@pytest.fixture
def november(world, month, fill):
    """Phường Phước Long: October sent, November open and empty."""
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=20, status="submitted", by=world.officer)
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


def write(page, key, text):
    cell(page, key).fill(text)
    page.keyboard.press("Tab")


def cut(context, pattern=SAVE):
    """No request to save arrives any more."""
    context.route(pattern, lambda route: route.abort())


def lose_answers(context, pattern=SAVE):
    """The server saves, the page never hears of it."""

    def lose(route):
        route.fetch()
        route.abort()

    context.route(pattern, lose)


def waits(page, cells=1):
    expect(page.locator(STATUS)).to_contain_text(f"Mất kết nối. {cells} ô chưa gửi")


def changes(report, key="DVC09.rejected"):
    return list(FigureChange.objects.filter(report=report, cell=key).order_by("pk").values_list("old", "new"))


# --- answers that are lost


def test_a_new_figure_after_a_lost_answer_is_no_conflict(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    lose_answers(page)
    write(page, "DVC09.rejected", "7")
    waits(page)
    page.unroute(SAVE)
    write(page, "DVC09.rejected", "9")
    saved(page)
    expect(page.locator("#DVC09-tin")).to_have_count(0)
    assert changes(november) == [(None, 7), (7, 9)]


def ask_again(page):
    """Presses "Thử lại ngay", which the page hides where it has just asked again by itself."""
    page.locator("#thu-lai").dispatch_event("click")


def test_a_figure_emptied_after_a_lost_answer_stays_empty(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    lose_answers(page)
    write(page, "DVC09.rejected", "7")
    waits(page)
    write(page, "DVC09.rejected", "")
    page.unroute(SAVE)
    ask_again(page)
    saved(page)
    expect(cell(page, "DVC09.rejected")).to_have_value("")
    assert row(november).rejected is None


def test_another_person_is_named_after_a_lost_answer(open_browser, world, november):
    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    page = go(open_browser(world.officer), november)
    lose_answers(page)
    write(page, "DVC09.rejected", "7")
    waits(page)
    saving.save_cells(report_id=november.pk, by=colleague, cells={"DVC09.rejected": "8"})
    page.unroute(SAVE)
    write(page, "DVC09.rejected", "9")
    expect(page.locator("#DVC09-tin")).to_contain_text("Trịnh Thị Thu đã sửa ô này thành 8")
    assert row(november).rejected == 8


def test_what_was_sent_is_remembered_by_the_next_page_too(open_browser, world, november):
    """Sent, answer lost, typed anew, page closed, opened again: still no stranger in one's own cell."""
    page = go(open_browser(world.officer), november)
    lose_answers(page)
    write(page, "DVC09.rejected", "7")
    waits(page)
    page.unroute(SAVE)
    cut(page)
    write(page, "DVC09.rejected", "9")
    waits(page)
    page.close()
    page = go(page.context.new_page(), november)
    saved(page)
    expect(cell(page, "DVC09.rejected")).to_have_value("9")
    expect(page.locator("#DVC09-tin")).to_have_count(0)
    assert changes(november) == [(None, 7), (7, 9)]


def test_no_case_whose_answer_is_lost_is_asked_again(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    lose_answers(page, "**/khong-phat-sinh/")
    page.locator("#DVC10 .zero").click()
    expect(page.locator(STATUS)).to_contain_text("Mất kết nối")
    page.unroute("**/khong-phat-sinh/")
    write(page, "DVC10.rejected", "3")  # meanwhile the server holds 0 there, by the same hand
    saved(page)
    expect(cell(page, "DVC10.resolved_overdue")).to_have_value("0")
    expect(cell(page, "DVC10.rejected")).to_have_value("3")
    expect(page.locator("#DVC10 .zero")).to_be_hidden()
    assert (row(november, "DVC10").rejected, row(november, "DVC10").resolved_overdue) == (3, 0)


def test_buttons_pressed_while_the_line_is_down_are_all_heeded(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    page.context.set_offline(True)
    page.locator("#DVC09 .zero").click()
    expect(page.locator(STATUS)).to_contain_text("Mất kết nối. Việc vừa bấm được làm khi có mạng lại.")
    page.locator("#DVC10 .zero").click()
    page.get_by_role("button", name="Kiểm tra và gửi").click()
    expect(page.locator(STATUS)).to_contain_text("Mất kết nối")  # the page is still there
    page.context.set_offline(False)
    expect(page.locator(".errors")).to_be_focused()
    assert (row(november).rejected, row(november, "DVC10").rejected) == (0, 0)


def test_a_cell_waits_for_the_answer_to_a_button(open_browser, world, november):
    """Two requests at once: the first answer forgot what the second had under way, which was lost with its answer."""
    page = open_browser(world.officer)
    page.clock.install()
    go(page, november)
    zero, cells = [], []
    page.route("**/khong-phat-sinh/", lambda route: zero.append(route))
    page.route(SAVE, lambda route: cells.append(route))
    with page.expect_request("**/khong-phat-sinh/"):
        page.locator("#DVC09 .zero").click()
    write(page, "DVC10.rejected", "7")
    page.clock.run_for(1000)
    zero[0].continue_()
    expect(cell(page, "DVC09.rejected")).to_have_value("0")
    page.clock.run_for(1000)
    expect(page.locator(STATUS)).to_contain_text("đang lưu 1 ô")
    cells[0].abort()
    page.unroute(SAVE)
    page.clock.run_for(4000)
    saved(page)
    assert (row(november).rejected, row(november, "DVC10").rejected) == (0, 7)


def test_a_pasted_block_sent_again_is_still_called_pasted(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cut(page)
    cell(page, "DVC09.received_online").focus()
    paste(page, "1\t2")
    page.get_by_role("button", name="Ghi 2 ô").click()
    waits(page, 2)
    page.unroute(SAVE)
    ask_again(page)
    saved(page)
    assert set(FigureChange.objects.values_list("via", flat=True)) == {"paste"}


# --- several tabs


def test_two_tabs_keep_their_unsent_cells_apart(open_browser, world, november):
    first = go(open_browser(world.officer), november)
    second = go(first.context.new_page(), november)
    cut(first.context)
    cell(first, "DVC09.received_online").focus()
    paste(first, "\r\n".join("\t".join(str(10 * y + x) for x in range(7)) for y in range(3)))
    first.get_by_role("button", name="Ghi 21 ô").click()
    waits(first, 21)
    write(second, "DVC15.rejected", "6")
    waits(second, 1)
    first.close()
    second.close()
    first.context.unroute(SAVE)
    page = go(first.context.new_page(), november)
    saved(page)
    assert FigureChange.objects.filter(report=november).count() == 22


def test_a_living_tab_keeps_what_is_being_typed_in_it(open_browser, world, november):
    first = go(open_browser(world.officer), november)
    cell(first, "DVC09.rejected").press_sequentially("12,5")
    second = go(first.context.new_page(), november)
    write(second, "DVC10.rejected", "1")
    saved(second)
    expect(cell(second, "DVC09.rejected")).to_have_value("")
    expect(cell(first, "DVC09.rejected")).to_have_value("12,5")
    assert changes(november) == []


def test_a_tab_picks_up_what_a_closed_one_left(open_browser, world, november):
    first = go(open_browser(world.officer), november)
    second = go(first.context.new_page(), november)
    cut(first)
    write(first, "DVC09.rejected", "7")
    waits(first)
    first.close()
    second.evaluate("dispatchEvent(new Event('focus'))")
    expect(cell(second, "DVC09.rejected")).to_have_value("7")
    saved(second)
    assert changes(november) == [(None, 7)]


def test_of_one_cell_in_two_tabs_the_later_text_counts(open_browser, world, november):
    first = go(open_browser(world.officer), november)
    second = go(first.context.new_page(), november)
    cut(first.context)
    write(first, "DVC09.rejected", "7")
    waits(first)
    write(second, "DVC09.rejected", "8")
    waits(second)
    first.close()
    second.evaluate("dispatchEvent(new Event('focus'))")
    first.context.unroute(SAVE)
    ask_again(second)
    saved(second)
    assert changes(november) == [(None, 8)]


def test_what_one_tab_saves_the_other_shows(open_browser, world, november):
    """So that the same person does not meet herself as a stranger."""
    first = go(open_browser(world.officer), november)
    second = go(first.context.new_page(), november)
    cell(second, "DVC10.rejected").press_sequentially("4")
    write(first, "DVC09.rejected", "7")
    saved(first)
    expect(cell(second, "DVC09.rejected")).to_have_value("7")
    expect(cell(second, "DVC10.rejected")).to_have_value("4")
    write(second, "DVC09.rejected", "9")
    saved(second)
    expect(cell(first, "DVC09.rejected")).to_have_value("9")
    expect(cell(first, "DVC10.rejected")).to_have_value("4")
    assert changes(november) == [(None, 7), (7, 9)]


# --- while typing


@pytest.mark.parametrize("key", ["DVC09.rejected", "results"])
def test_a_tab_that_dies_while_typing_gives_the_text_back(open_browser, world, november, key):
    page = open_browser(world.officer)
    page.add_init_script(WITHOUT_FAREWELL)
    go(page, november)
    cell(page, key).press_sequentially("123")
    page.close()
    assert changes(november) == []
    page = go(page.context.new_page(), november)
    expect(cell(page, key)).to_have_value("123")
    saved(page)


def test_text_taken_back_does_not_come_back(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    cell(page, "DVC09.rejected").press_sequentially("123")
    page.keyboard.press("Escape")
    page.close()
    page = go(page.context.new_page(), november)
    write(page, "DVC10.rejected", "1")
    saved(page)
    expect(cell(page, "DVC09.rejected")).to_have_value("")


# --- attempts


def test_typing_does_not_make_the_next_attempt_later(open_browser, world, november):
    page = open_browser(world.officer)
    page.clock.install()
    go(page, november)
    cut(page)
    names = ("received_online", "received_in_person", "received_postal", "resolved_early", "rejected")
    for name in names:
        with page.expect_event("requestfailed"):
            write(page, f"DVC09.{name}", "1")
    waits(page, len(names))
    page.unroute(SAVE)
    page.clock.run_for(4000)  # the second attempt; after five doublings it would be the 64th second
    saved(page)


def test_attempts_without_typing_come_less_and_less_often(open_browser, world, november):
    page = open_browser(world.officer)
    page.clock.install(time="2026-11-16T08:40:00+07:00")
    go(page, november)
    page.clock.pause_at("2026-11-16T09:00:00+07:00")
    attempts = []
    page.route(SAVE, lambda route: (attempts.append(1), route.abort()))
    write(page, "DVC09.rejected", "7")
    for milliseconds, so_far in ((100, 1), (2000, 2), (2000, 2), (2000, 3), (4000, 3), (4000, 4)):
        page.clock.run_for(milliseconds)
        waits(page)
        assert len(attempts) == so_far


def test_try_again_now(open_browser, world, november):
    page = open_browser(world.officer)
    page.clock.install(time="2026-11-16T08:40:00+07:00")
    go(page, november)
    expect(page.get_by_role("button", name="Thử lại ngay")).to_be_hidden()
    page.clock.pause_at("2026-11-16T09:00:00+07:00")  # no timer runs any more
    cut(page)
    write(page, "DVC09.rejected", "7")
    page.clock.run_for(100)
    waits(page)
    page.unroute(SAVE)
    again = page.get_by_role("button", name="Thử lại ngay")
    again.focus()
    page.keyboard.press("Enter")
    saved(page)
    expect(again).to_be_hidden()
    expect(page.locator(STATUS)).to_be_focused()
    expect(box(page, "DVC09.rejected")).to_have_class(re.compile("is-saved"))


def test_the_way_back_shows_what_was_saved(open_browser, world, november):
    page = go(open_browser(world.officer), november)
    write(page, "DVC09.rejected", "406")
    saved(page)
    page.goto(reverse("task-list"))
    saving.save_cells(report_id=november.pk, by=world.officer, cells={"DVC09.rejected": "744"})
    page.go_back()
    expect(cell(page, "DVC09.rejected")).to_have_value("744")


# --- counting


def counts(page):
    """(all, missing, wrong) as the filters say."""
    return [int(text) for text in page.locator("[data-loc] .num").all_inner_texts()]


def test_the_filters_count_while_typing(open_browser, world, november, fill):
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code__in=["DVC09", "DVC10"]).update(rejected=None)
    page = go(open_browser(world.officer), november)
    everything, missing, _ = counts(page)
    assert missing == 2
    cell(page, "DVC09.rejected").press_sequentially("0")  # not left, not saved
    expect(page.locator("[data-loc=thieu] .num")).to_have_text("1")
    cell(page, "DVC09.rejected").fill("")
    expect(page.locator("[data-loc=thieu] .num")).to_have_text("2")
    assert counts(page)[0] == everything
    wrong = counts(page)[2]
    write(page, "DVC10.rejected", "9")
    expect(page.locator("#DVC10-tin")).to_be_visible()
    assert counts(page) == [everything, 1, wrong + 1]


@pytest.mark.parametrize(("who", "rows"), [("officer", 1), ("police_officer", 2), ("leader", 3)])
def test_missing_counts_only_what_the_reader_may_fill_in(open_browser, world, november, fill, who, rows):
    """One row of the office, two of the police; the leader types nothing and looks after both."""
    fill(november, base=21)
    mine = ServiceFigures.objects.filter(report=november, service__code__in=["DVC09", "DVC03", "DVC04"])
    mine.update(rejected=None)
    page = go(open_browser(getattr(world, who)), november)
    assert counts(page)[1] == rows
    page.locator("[data-loc=thieu]").click()
    assert page.locator(".svcrow[id]:visible").count() == rows
    page.goto(reverse("report-entry", args=[november.pk]) + "?loc=thieu")
    assert page.locator(".svcrow[id]:visible").count() == rows


def test_what_the_server_refuses_of_a_paste_is_not_counted_as_pasted(open_browser, world, november):
    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    page = go(open_browser(world.officer), november)
    saving.save_cells(report_id=november.pk, by=colleague, cells={"DVC09.received_postal": "8"})
    cell(page, "DVC09.received_online").focus()
    paste(page, "1\t2\t3")
    page.get_by_role("button", name="Ghi 3 ô").click()
    expect(page.locator("#tin-dan")).to_contain_text("Đã dán 2 ô, không dán 1 ô.")


# --- a part that nobody marked


def test_marking_in_the_save_bar_and_sending_in_one_act(open_browser, world, november, fill):
    """All filled in, nothing marked: the police mark in the save bar, the office marks by sending."""
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code="DVC03").update(rejected=None)
    police = go(open_browser(world.police_officer), november)
    bar = police.get_by_role("region", name="Lưu và gửi")
    mark = bar.get_by_role("button", name="Chốt số liệu phần Công an")
    expect(mark).to_have_count(0)
    write(police, "DVC03.rejected", "0")
    mark.click()
    expect(police.locator(".notice--ok").first).to_contain_text("Đã chốt phần")

    page = open_browser(world.officer)
    page.goto(reverse("task-list"))
    page.get_by_role("main").get_by_role("link", name="Kiểm tra và gửi").first.click()
    expect(page.get_by_text("Chưa gửi được")).to_have_count(0)
    page.get_by_label("Tôi đã kiểm tra số liệu").check()
    page.get_by_role("button", name="Chốt số liệu và gửi báo cáo tháng 11/2026").click()
    expect(page.locator("h1")).to_have_text("Đã gửi báo cáo tháng 11/2026")


# --- a small screen


@pytest.mark.parametrize("name", ["DVC04", "police", "nhom-2"])
def test_on_a_scaled_screen_no_head_covers_what_is_jumped_to(open_browser, world, november, name):
    """1366x768 at 125 % is 1093x614: the bar at the top stays one line, and the table's head sticks below it."""
    world.officer.full_name = "Công Tằng Tôn Nữ Thị Hồng Nhung"
    world.officer.save()
    page = open_browser(world.officer, viewport={"width": 1093, "height": 614}, device_scale_factor=1.25)
    page.goto(reverse("report-entry", args=[november.pk]) + f"#{name}")
    top, bottom = (f"el => el.getBoundingClientRect().{side}" for side in ("top", "bottom"))
    heads = page.locator(f"table:has(#{name}) thead th:nth-child(2)")
    assert heads.first.evaluate(top) >= page.locator(".top").evaluate(bottom) - 1
    assert page.locator(f"#{name}").evaluate(top) >= heads.last.evaluate(bottom) - 1
