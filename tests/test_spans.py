"""Windows of both schemes; months and longer stretches: keys go round, comparisons start from the right month."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from de_an_06.plain.spans import CALENDAR, FIFTEENTH, Month, Span, month_due, month_of, months_label, window

D = dt.date
years = st.integers(2001, 2099)
months = st.builds(Month, years, st.integers(1, 12))
kinds = st.sampled_from(["Q1", "Q2", "Q3", "Q4", "H1", "H2", "9M", "YTD01", "YTD07", "YTD12"])
keys = st.one_of(
    months.map(lambda m: m.key),
    years.map(str),
    st.builds(lambda y, k: f"{y}-{k}", years, kinds),
    st.builds(lambda m, n: f"{m.key}..{m.plus(n).key}", months, st.integers(1, 11)),
)


@given(keys)
def test_keys_round_trip(key):
    assert Span.parse(key).key == key


@given(keys)
def test_a_span_lists_its_months_in_order(key):
    span = Span.parse(key)
    assert span.months[0] == span.first
    assert span.months[-1] == span.last
    assert span.months == sorted(set(span.months))


@given(months, st.integers(-40, 40))
def test_months_are_counted_not_days(month, step):
    assert month.plus(step).plus(-step) == month


@pytest.mark.parametrize(
    ("key", "first", "last", "label"),
    [
        ("2026-11", (2026, 11), (2026, 11), "tháng 11/2026"),
        ("2026-Q3", (2026, 7), (2026, 9), "quý III/2026"),
        ("2026-H1", (2026, 1), (2026, 6), "6 tháng đầu năm 2026"),
        ("2026-H2", (2026, 7), (2026, 12), "6 tháng cuối năm 2026"),
        ("2026-9M", (2026, 1), (2026, 9), "9 tháng năm 2026"),
        ("2026", (2026, 1), (2026, 12), "năm 2026"),
        ("2026-YTD10", (2026, 1), (2026, 10), "từ đầu năm đến tháng 10/2026"),
        ("2026-Q1", (2026, 1), (2026, 3), "quý I/2026"),
        ("2026-Q2", (2026, 4), (2026, 6), "quý II/2026"),
        ("2026-Q4", (2026, 10), (2026, 12), "quý IV/2026"),
        ("2026-YTD3", (2026, 1), (2026, 3), "từ đầu năm đến tháng 03/2026"),
        ("2000-01", (2000, 1), (2000, 1), "tháng 01/2000"),
        ("2100", (2100, 1), (2100, 12), "năm 2100"),
        ("2020-01..2022-12", (2020, 1), (2022, 12), "ba năm 2020–2022"),
        ("2024-01..2025-12", (2024, 1), (2025, 12), "hai năm 2024–2025"),
        ("2020-01..2024-12", (2020, 1), (2024, 12), "năm năm 2020–2024"),
        ("2024-11..2026-10", (2024, 11), (2026, 10), "tháng 11/2024 đến tháng 10/2026"),
        ("2025-11..2026-02", (2025, 11), (2026, 2), "tháng 11/2025 đến tháng 02/2026"),
    ],
)
def test_spans(key, first, last, label):
    span = Span.parse(key)
    assert (span.first, span.last, span.label) == (Month(*first), Month(*last), label)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-1",
        "2026-Q5",
        "2026-H3",
        "1999-01",
        "2026-YTD13",
        "2026-05..2026-04",
        "2020-01..2026-01",
        "2020-01..2025-01",
        "1999",
        "2101-Q1",
        "2026-YTD0",
        "2026-01..2026-13",
        "x",
    ],
)
def test_anything_else_is_no_span(key):
    with pytest.raises(ValueError, match="not a"):
        Span.parse(key)


@pytest.mark.parametrize(
    ("key", "previous", "last_year"),
    [
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026-Q3", "2026-Q2", "2025-Q3"),
        ("2026-H1", "2025-H2", "2025-H1"),
        ("2026-9M", "2025-9M", "2025-9M"),
        ("2026", "2025", "2025"),
        ("2026-YTD10", "2025-YTD10", "2025-YTD10"),
        ("2026-02..2026-04", "2025-11..2026-01", "2025-02..2025-04"),
    ],
)
def test_what_a_span_is_compared_with(key, previous, last_year):
    assert Span.parse(key).previous().key == previous
    assert Span.parse(key).same_last_year().key == last_year


def test_one_month_is_a_month_however_it_was_asked_for():
    assert Span.between(Month(2026, 5), Month(2026, 5)) == Span.parse("2026-05") == Span.parse("2026-05..2026-05")


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        (Month(2026, 11), D(2026, 10, 15), D(2026, 11, 14)),
        (Month(2027, 1), D(2026, 12, 15), D(2027, 1, 14)),
        (Month(2024, 3), D(2024, 2, 15), D(2024, 3, 14)),
    ],
)
def test_window_from_the_15th(month, first, last):
    assert window(month, FIFTEENTH) == (first, last)


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        (Month(2024, 2), D(2024, 2, 1), D(2024, 2, 29)),
        (Month(2026, 2), D(2026, 2, 1), D(2026, 2, 28)),
        (Month(2026, 12), D(2026, 12, 1), D(2026, 12, 31)),
    ],
)
def test_window_of_a_calendar_month(month, first, last):
    assert window(month, CALENDAR) == (first, last)


@pytest.mark.parametrize(
    ("day", "fifteenth", "calendar"),
    [
        (D(2026, 11, 14), Month(2026, 11), Month(2026, 11)),
        (D(2026, 11, 15), Month(2026, 12), Month(2026, 11)),
        (D(2026, 12, 15), Month(2027, 1), Month(2026, 12)),
        (D(2026, 12, 31), Month(2027, 1), Month(2026, 12)),
        (D(2026, 1, 31), Month(2026, 2), Month(2026, 1)),
        (D(2024, 2, 29), Month(2024, 3), Month(2024, 2)),
    ],
)
def test_month_of_a_day(day, fifteenth, calendar):
    assert month_of(day, FIFTEENTH) == fifteenth
    assert month_of(day, CALENDAR) == calendar


@pytest.mark.parametrize("scheme", [FIFTEENTH, CALENDAR])
def test_windows_follow_each_other_without_gap_and_hold_their_days(scheme):
    month = Month(2023, 11)
    for _ in range(40):
        first, last = window(month, scheme)
        assert window(month.plus(1), scheme)[0] == last + dt.timedelta(days=1)
        assert month_of(first, scheme) == month_of(last, scheme) == month
        month = month.plus(1)


def test_month_due_is_the_one_that_has_ended():
    assert month_due(D(2026, 11, 14)) == Month(2026, 10)
    assert month_due(D(2026, 11, 15)) == Month(2026, 11)
    assert month_due(D(2026, 1, 1), CALENDAR) == Month(2025, 12)


@pytest.mark.parametrize(
    ("key", "months", "shifted"),
    [
        ("2026-YTD10", 12, "2027-YTD10"),
        ("2026-YTD10", -24, "2024-YTD10"),
        ("2026-YTD10", -1, "2025-12..2026-09"),
        ("2026-11", 2, "2027-01"),
        ("2026-Q4", 3, "2027-Q1"),
    ],
)
def test_a_span_moved_by_months(key, months, shifted):
    assert Span.parse(key).shifted(months).key == shifted


def test_only_one_month_is_a_month():
    assert [key for key in ("2026-11", "2026-YTD01", "2026-YTD02", "2026-Q1") if Span.parse(key).is_month] == [
        *("2026-11", "2026-YTD01"),
    ]


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ("", ""),
        ("2026-08", "tháng 08/2026"),
        ("2026-07 2026-08", "tháng 07–08/2026"),
        ("2025-11 2025-12 2026-01 2026-02", "tháng 11/2025 đến tháng 02/2026"),
        ("2026-01 2026-03 2026-04", "tháng 01/2026, tháng 03–04/2026"),
        ("2025-08 2026-08", "tháng 08/2025, tháng 08/2026"),
    ],
)
def test_months_are_named_in_runs_and_a_gap_is_not_passed_over(keys, label):
    assert months_label([Span.parse(key).first for key in keys.split()]) == label


def test_a_span_of_which_not_all_months_are_there_names_them():
    year = Span.parse("2026")
    assert year.label_of(year.months) == "năm 2026"
    assert year.label_of((Month(2026, 1), Month(2026, 2))) == "năm 2026 (tháng 01–02/2026)"
