"""One rule and one wording of lateness, for pages, review, dashboard and Excel."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from de_an_06.plain.spans import Span
from reporting.lateness import days_overdue, is_past, overdue_words, time_left
from reporting.reading.overview import overview

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DUE = dt.datetime(2026, 11, 16, 17, 0, tzinfo=VIETNAM)


@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, False), (1, True)])
def test_the_very_moment_of_the_deadline_is_in_time(seconds, late):
    now = DUE + dt.timedelta(seconds=seconds)
    assert is_past(DUE, now) is late
    assert days_overdue("draft", DUE, now) == (0 if late else None)


def test_without_a_deadline_nothing_is_late():
    assert is_past(None, DUE) is False
    assert days_overdue("draft", None, DUE) is None


def test_days_are_counted_by_the_calendar_of_vietnam_wherever_the_server_stands():
    before_midnight = dt.datetime(2026, 11, 16, 16, 59, tzinfo=dt.UTC)  # 23:59 in Vietnam
    assert days_overdue("draft", DUE, before_midnight) == 0
    assert days_overdue("draft", DUE, before_midnight + dt.timedelta(minutes=1)) == 1


@pytest.mark.parametrize(("status", "days"), [("draft", 2), ("returned", 2), ("submitted", None), ("approved", None)])
def test_what_was_handed_in_is_not_overdue(status, days):
    assert days_overdue(status, DUE, DUE + dt.timedelta(days=2)) == days


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-72, "Còn 3 ngày"),
        (-48, "Còn 2 ngày"),
        (-47.5, "Còn 47 giờ"),
        (-24, "Còn 24 giờ"),
        (-24.25, "Còn 24 giờ"),
        (-25.25, "Còn 25 giờ"),
        (-23.5, "Còn 23 giờ 30 phút"),
        (-23, "Còn 23 giờ"),
        (-8.25, "Còn 8 giờ 15 phút"),
        (-0.5, "Còn 30 phút"),
        (1, "Quá hạn hôm nay"),
        (16, "Quá hạn 1 ngày"),
    ],
)
def test_words(hours, words):
    assert time_left(DUE, DUE + dt.timedelta(hours=hours)) == words


def test_the_words_of_the_dashboard_are_those_of_the_officer():
    assert [overdue_words(days) for days in (0, 1, 1200)] == ["Quá hạn hôm nay", "Quá hạn 1 ngày", "Quá hạn 1.200 ngày"]


@pytest.mark.parametrize(("seconds", "words"), [(-1, "Còn 0 phút"), (0, "Còn 0 phút"), (1, "Quá hạn hôm nay")])
def test_words_at_the_very_moment(seconds, words):
    assert time_left(DUE, DUE + dt.timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(("second", "days"), [("16:59:59", None), ("17:00:00", None), ("17:00:01", 0)])
def test_the_list_of_missing_reports_at_the_very_moment(world, month, at, second, days):
    """The dashboard's list of who is missing, for a commune whose deadline is 17:00 on 16 November."""
    month("2026-11")
    at(f"2026-11-16 {second}")
    seen = overview(world.dong_nai.pk, Span.parse("2026-11"))
    missing = {m.name: m.days_overdue for m in seen.missing}
    assert missing["Phường Phước Long"] == days
    assert missing["UBND tỉnh Đồng Nai (cấp tỉnh)"] is None  # its own deadline is 20 November
