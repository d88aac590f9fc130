"""Numbers in Vietnamese form: what is read, what is shown, and what is never made of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from de_an_06.plain.numbers import (
    LARGEST,
    NotANumber,
    format_number,
    format_rate,
    parse_count,
    plain_rate,
    rate,
    rounded,
    with_qualifier,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("   ", None),
        (None, None),
        ("0", 0),
        ("007", 7),
        ("12", 12),
        (" 1.234 ", 1234),
        ("1 234", 1234),
        ("1\u00a0234", 1234),
        ("1.234.567", 1234567),
        ("1000000000000", LARGEST),
    ],
)
def test_counts_read(text, value):
    assert parse_count(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "12,5",
        "12,0",
        "1.2",
        "1.23",
        "12.34",
        "1.2345",
        "1,234",
        "-1",
        "−1",
        "+1",
        "1e3",
        "0x1",
        "mười",
        "=1+1",
        "٣",
        "²",
    ],
)
def test_anything_else_is_refused_with_the_text_typed(text):
    with pytest.raises(NotANumber, match="Ô này chỉ nhận số nguyên từ 0") as error:
        parse_count(text)
    assert f"“{text}”" in str(error.value)


def test_a_count_beyond_any_body_is_refused():
    with pytest.raises(NotANumber, match="quá lớn"):
        parse_count("1000000000001")


@pytest.mark.parametrize("letter", ["x", "9"])
def test_of_a_long_text_the_first_forty_letters_are_said_again(letter):
    with pytest.raises(NotANumber, match=f"“{letter * 40}”"):
        parse_count(f" {letter * 60} ")


@given(st.integers(min_value=0, max_value=LARGEST))
def test_what_is_shown_reads_back(value):
    assert parse_count(format_number(value)) == value


@given(st.text(max_size=30))
def test_any_text_is_a_count_blank_or_refused(text):
    try:
        value = parse_count(text)
    except NotANumber:
        return
    assert value is None or 0 <= value <= LARGEST


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (None, 0, ""),
        (0, 0, "0"),
        (1234567, 0, "1.234.567"),
        (-2, 0, "−2"),
        (Decimal("1234567.8"), 1, "1.234.567,8"),
        (Decimal("0.125"), 2, "0,13"),
        (Decimal("2.5"), 0, "3"),
        (Decimal("-0.004"), 2, "0,00"),
        (Decimal("999.995"), 2, "1.000,00"),
    ],
)
def test_numbers_shown_rounded_half_up(value, places, text):
    assert format_number(value, places) == text


def test_a_blank_can_be_shown_as_a_dash_but_never_as_zero():
    assert format_number(None, blank="–") == "–"
    assert format_number(0, blank="–") == "0"


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (221305, 282129, "78,44%"),
        (17998, 17998, "100,00%"),
        (0, 9, "0,00%"),
        (130, 100, "130,00%"),
        (1, 800, "0,13%"),
        (0, 0, "–"),
        (5, 0, "–"),
        (5, None, "–"),
        (None, 5, "–"),
        (None, None, "–"),
    ],
)
def test_rates(numerator, denominator, text):
    assert format_rate(numerator, denominator) == text


def test_a_rate_of_a_sum_is_not_the_average_of_rates():
    assert format_rate(1 + 0, 1 + 99) == "1,00%"


@given(st.integers(0, LARGEST), st.integers(1, LARGEST))
def test_rate_is_exact_before_it_is_rounded(numerator, denominator):
    assert abs(rate(numerator, denominator) * denominator - numerator * 100) < Decimal("0.001")


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "text"),
    [(1, 800, 2, "0.13"), (221305, 282129, 1, "78.4"), (0, 9, 2, "0.00"), (5, 0, 2, None), (None, 5, 2, None)],
)
def test_rates_for_programs(numerator, denominator, places, text):
    assert plain_rate(numerator, denominator, places) == text


def test_rates_have_two_places_and_numbers_none_unless_said():
    assert (format_rate(1, 3), plain_rate(1, 3), format_rate(1, 3, 0)) == ("33,33%", "33.33", "33%")
    assert (format_number(Decimal("0.5")), rounded(Decimal("1.25"))) == ("1", Decimal(1))


@pytest.mark.parametrize(
    ("value", "places", "result"),
    [("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("0.124", 2, "0.12"), ("-0.5", 0, "-1"), ("0", 1, "0.0")],
)
def test_rounding_is_half_away_from_zero(value, places, result):
    assert str(rounded(Decimal(value), places)) == result


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [("101.000", "hơn", "hơn 101.000"), ("101.000", "", "101.000"), ("", "hơn", ""), ("–", "gần", "–")],
)
def test_the_word_of_a_published_figure(text, word, said):
    assert with_qualifier(text, word) == said
