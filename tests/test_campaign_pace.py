"""Daily pace and forecast of a campaign, by hand: 10 to 30 November 2026, today the 20th."""

import datetime as dt

import pytest

from reporting.campaigns.daily_pace import DailyPace, DayTotal, days_left, forecast, needed_a_day, pace_of, pace_words


def N(day):
    return dt.date(2026, 11, day)


FIRST, LAST, TODAY = N(10), N(30), N(20)


def pace(values, *, owing=10, today=TODAY):
    """`values`: day -> (sum, units) or a DayTotal; ten units owe each day."""
    totals = {N(day): DayTotal(*one) if isinstance(one, tuple) else one for day, one in values.items()}
    return pace_of(totals, dict.fromkeys(totals, owing), today, FIRST, LAST)


def test_the_seven_days_before_today_count_and_neither_today_nor_the_eighth():
    found = pace({12: (999, 10), 13: (10, 10), 15: (20, 10), 19: (33, 10), 20: (999, 10)})
    assert found == DailyPace(3, 21, 10, 33)
    assert pace_words(found) == "mỗi ngày 10–33, tính trên 3 ngày"


def test_with_two_days_nothing_is_said():
    assert pace({18: (10, 10), 19: (20, 10)}) is None
    assert pace_words(None) == "chưa đủ 3 ngày có số"
    said = forecast(100, None, TODAY, FIRST, LAST)
    assert (said.earliest, said.latest, said.look) == (None, None, "")
    assert "Chưa đủ 3 ngày" in said.words


def test_a_day_counts_when_half_of_the_units_entered_it():
    assert pace({17: (10, 5), 18: (10, 5), 19: (10, 5)}) == DailyPace(3, 10, 10, 10)
    assert pace({17: (10, 5), 18: (10, 5), 19: (10, 4)}) is None


def test_a_day_with_a_sum_over_several_days_does_not_count():
    assert pace({17: (10, 9), 18: (10, 9), 19: DayTotal(900, 9, 1)}) is None


def test_a_day_of_zero_is_a_day():
    assert pace({17: (0, 10), 18: (10, 10), 19: (20, 10)}) == DailyPace(3, 10, 0, 20)


def test_after_the_last_day_the_last_seven_are_read():
    values = {23: (999, 10), 24: (1, 10), 29: (2, 10), 30: (3, 10)}
    assert pace(values, today=dt.date(2026, 12, 5)) == DailyPace(3, 2, 1, 3)


def test_days_before_the_first_are_not_read():
    assert pace({9: (5, 10), 10: (5, 10), 11: (5, 10)}, today=N(12)) is None


@pytest.mark.parametrize(
    ("today", "left"), [(N(1), 21), (N(10), 21), (N(20), 11), (N(30), 1), (dt.date(2026, 12, 1), 0)]
)
def test_days_left_hold_today(today, left):
    assert days_left(today, FIRST, LAST) == left


@pytest.mark.parametrize(
    ("remaining", "left", "needed"), [(100, 11, 10), (99, 11, 9), (0, 5, 0), (7, 1, 7), (7, 0, None)]
)
def test_what_each_day_has_to_bring_is_rounded_up(remaining, left, needed):
    assert needed_a_day(remaining, left) == needed


@pytest.mark.parametrize(
    ("remaining", "lowest", "highest", "words", "look"),
    [
        # 100 left: 20 a day ends on the 24th (20, 21, 22, 23, 24), 10 a day on the 29th
        (100, 10, 20, "khoảng 24/11–29/11/2026; kịp nếu giữ tốc độ này", "ok"),
        (110, 10, 20, "khoảng 25/11–30/11/2026; kịp nếu giữ tốc độ này", "ok"),  # the last day itself is in time
        (111, 10, 20, "khoảng 25/11–01/12/2026; có thể không kịp", "warn"),
        (230, 10, 20, "khoảng 01/12–12/12/2026; không kịp nếu giữ tốc độ này", "bad"),
        (1, 10, 20, "khoảng ngày 20/11/2026; kịp nếu giữ tốc độ này", "ok"),
        (100, 0, 20, "sớm nhất 24/11/2026, chưa nói được muộn nhất; có thể không kịp", "warn"),
        (1000, 20, 50, "khoảng 09/12/2026–08/01/2027; không kịp nếu giữ tốc độ này", "bad"),
    ],
)
def test_the_forecast_goes_from_the_best_to_the_worst_day(remaining, lowest, highest, words, look):
    said = forecast(remaining, DailyPace(5, 15, lowest, highest), TODAY, FIRST, LAST)
    assert said.words == f"Với tốc độ 7 ngày qua, dự kiến xong {words}."
    assert said.look == look


def test_days_without_progress_have_no_end():
    said = forecast(100, DailyPace(5, 0, 0, 0), TODAY, FIRST, LAST)
    assert (said.earliest, said.latest, said.look) == (None, None, "bad")


def test_done_is_done():
    assert forecast(0, None, TODAY, FIRST, LAST).words == "Đã xong."
