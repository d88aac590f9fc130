"""Step 2: the checks, with figures worked out by hand and properties that must hold for any figures."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from de_an_06.plain.spans import Month
from reporting.entry import checks
from reporting.entry.checks import IndicatorRow, ServiceRow, check_indicator, check_service
from reporting.entry.problems import usual_range
from reporting.figures import FIGURE_FIELDS, TYPED_FIELDS, closing, pending_in_time

NOVEMBER = Month(2026, 11)
NAME = "Liên thông khai tử"


def figures(opening=0, online=0, person=0, postal=0, early=0, on_time=0, late=0, rejected=0, overdue=0):
    values = (opening, online, person, postal, early, on_time, late, rejected, None, overdue)
    row = dict(zip(FIGURE_FIELDS, values, strict=True))
    rest = pending_in_time(row)
    row["pending_in_time"] = rest if rest is not None and rest >= 0 else None
    return row


def service(**changes):
    keep = {k: changes.pop(k) for k in ("history", "previous", "expected_opening", "online_only_since") if k in changes}
    return ServiceRow("DVC16", NAME, figures(**changes), month=NOVEMBER, **keep)


def number(value, **more):
    return IndicatorRow(
        "TT01", "Lượt tuyên truyền", "number", more.pop("over_time", "flow"), value, month=NOVEMBER, **more
    )


def ratio(numerator, denominator, **more):
    return IndicatorRow(
        "DV02", "Hồ sơ số hóa", "ratio", more.pop("over_time", "flow"), numerator, denominator, month=NOVEMBER, **more
    )


def check_report(services, indicators, alike_percent=80):
    return checks.check_report(services, indicators, alike_percent=alike_percent)


def codes(problems):
    return [(p.code, p.severity, p.cell) for p in problems]


# identity


def test_figures_that_add_up_have_no_problem():
    assert check_service(service(opening=3, online=7, early=6, on_time=1, rejected=1, overdue=1)) == []


def test_more_resolved_than_there_were_is_told_as_the_mock_tells_it():
    [problem] = check_service(service(opening=3, online=7, early=9, on_time=3))
    assert (problem.code, problem.severity, problem.cell) == ("identity", "hard", "DVC16.resolved_early")
    assert problem.title == "DVC16 Liên thông khai tử: đã giải quyết 12 hồ sơ trong khi chỉ có 10"
    assert problem.message == (
        "Lỗi: thừa 2 hồ sơ đã giải quyết. Có 3 chuyển sang + 7 tiếp nhận = 10 hồ sơ, nhưng ghi đã giải quyết "
        "9 + 3 = 12. Kiểm tra lại ô trước hạn hoặc ô tiếp nhận."
    )
    assert problem.element_id == "DVC16-resolved_early"


def test_refused_dossiers_count_in_the_identity():
    [problem] = check_service(service(opening=1, online=2, on_time=2, rejected=4))
    assert problem.cell == "DVC16.rejected"
    assert problem.message == (
        "Lỗi: thừa 3 hồ sơ đã giải quyết hoặc từ chối. Có 1 chuyển sang + 2 tiếp nhận = 3 hồ sơ, nhưng ghi "
        "đã giải quyết 2 và từ chối, rút, dừng 4. Kiểm tra lại ô từ chối hoặc ô tiếp nhận."
    )


def test_the_title_counts_resolved_and_refused_together():
    [problem] = check_service(service(opening=1, online=2, on_time=2, rejected=4))  # 2 + 4 = 6 of 1 + 2 = 3
    assert problem.title == "DVC16 Liên thông khai tử: đã giải quyết và từ chối 6 hồ sơ trong khi chỉ có 3"


def test_more_overdue_than_remain():
    [problem] = check_service(service(opening=3, online=7, on_time=8, overdue=5))
    assert codes([problem]) == [("pending_overdue", "hard", "DVC16.pending_overdue")]
    assert problem.lead == "Lỗi: ghi 5 hồ sơ đang quá hạn, trong khi chỉ còn 2 hồ sơ."


def test_exactly_what_remains_may_be_overdue():
    assert check_service(service(opening=3, online=7, on_time=8, overdue=2)) == []


def test_known_parts_decide_before_the_row_is_complete():
    problems = check_service(service(opening=3, online=7, early=11, rejected=None, overdue=None))
    assert [p.code for p in problems] == ["identity", "missing"]


def test_with_a_part_of_the_received_blank_nothing_is_decided():
    problems = check_service(service(opening=3, online=None, early=11))
    assert [p.code for p in problems] == ["missing"]


def test_with_a_blank_opening_nothing_is_decided():
    problems = check_service(service(opening=None, online=5, on_time=7))  # an opening of 2 would make it right
    assert codes(problems) == [("missing", "missing", "DVC16.opening")]


counts = st.integers(0, 10**6)
maybe = st.one_of(st.none(), counts)
rows = st.fixed_dictionaries(dict.fromkeys(FIGURE_FIELDS, maybe))


@given(rows)
def test_identity_speaks_exactly_when_the_rest_is_negative(row):
    rest = pending_in_time(row)
    hard = [p for p in check_service(ServiceRow("X", "x", row)) if p.severity == "hard"]
    if rest is not None:
        assert (rest < 0) == bool(hard)
        assert len(hard) <= 1


@given(rows)
def test_rest_is_known_only_from_complete_figures(row):
    typed = [row[name] for name in ("opening", *TYPED_FIELDS)]
    assert (pending_in_time(row) is None) == (None in typed)


@given(rows)
def test_missing_names_every_blank_typed_cell_and_no_other(row):
    named = {c for p in check_service(ServiceRow("X", "x", row)) if p.code == "missing" for c in p.cells}
    assert named == {f"X.{n}" for n in ("opening", *TYPED_FIELDS) if row[n] is None}


@given(st.lists(counts, min_size=9, max_size=9))
def test_a_month_closed_by_the_identity_opens_the_next_with_the_same(values):
    row = figures(*values)
    rest = pending_in_time(row)
    if rest is not None and rest >= 0:
        assert closing(row) == rest + row["pending_overdue"]
        assert row["opening"] + sum(row[f] for f in FIGURE_FIELDS[1:4]) == (
            sum(row[f] for f in FIGURE_FIELDS[4:8]) + closing(row)
        )


def test_closing_of_an_unreported_month_is_unknown():
    assert closing(None) is None
    assert closing({"pending_in_time": 3, "pending_overdue": None}) is None


# opening against the month before


def test_a_corrected_month_before_is_a_question():
    [problem] = check_service(service(opening=4, online=7, on_time=8, expected_opening=6))
    assert codes([problem]) == [("opening_changed", "soft", "DVC16.opening")]
    assert "tháng 10/2026 nay còn 6 hồ sơ, báo cáo này ghi chuyển sang 4" in problem.message


def test_it_is_an_error_only_where_it_breaks_the_identity():
    [problem] = check_service(service(opening=4, online=7, on_time=11, expected_opening=2))
    assert codes([problem]) == [("opening_changed", "hard", "DVC16.opening")]
    assert "thừa 2 hồ sơ" in problem.message


def test_the_same_opening_is_no_problem():
    assert check_service(service(opening=4, online=7, on_time=8, expected_opening=4)) == []


def test_a_blank_opening_is_missing_and_not_corrected():
    found = check_service(service(opening=None, online=7, on_time=7, expected_opening=3))
    assert codes(found) == [("missing", "missing", "DVC16.opening")]


def test_a_corrected_month_before_breaks_nothing_while_cells_are_blank():
    found = check_service(service(opening=4, online=7, on_time=None, expected_opening=2))
    assert [(p.code, p.severity) for p in found] == [("opening_changed", "soft"), ("missing", "missing")]


# missing


def test_blank_cells_are_listed_and_zero_is_not_blank():
    [problem] = check_service(service(online=64, late=None, rejected=None, overdue=None, early=52, on_time=11))
    assert problem.title == "DVC16 Liên thông khai tử: còn trống 3 ô"
    assert problem.cells == ("DVC16.resolved_overdue", "DVC16.rejected", "DVC16.pending_overdue")
    assert problem.cell == "DVC16.resolved_overdue"


# online only


def test_paper_dossiers_of_an_online_only_service():
    since = dt.date(2025, 10, 1)
    [problem] = check_service(service(online=34, person=12, online_only_since=since))
    assert codes([problem]) == [("online_only", "soft", "DVC16.received_in_person")]
    assert problem.message == (
        "Cần giải trình: 12 hồ sơ trực tiếp, trong khi thủ tục này chỉ nhận trực tuyến từ 01/10/2025. Ghi lý do."
    )
    [by_post] = check_service(service(online=34, postal=1, online_only_since=since))
    assert by_post.cell == "DVC16.received_postal"
    assert check_service(service(online=34, person=0, online_only_since=since)) == []
    assert check_service(service(online=34, person=12)) == []


# the usual range


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([60, 62, 64], None),  # three months say nothing
        ([60, 62, 64, 66], (32, 63, 94)),  # median 63 -> half of it, 31,5, is the widest: 31,5 to 94,5
        ([5, 5, 5, 5, 5], (0, 5, 25)),  # small counts: 20
        ([0, 0, 0, 0], (0, 0, 20)),
        ([100, 100, 200, 200, 300, 300], (0, 200, 718)),  # MAD 100 -> 518,91
        ([60, 60, 60, 60, 6000], (30, 60, 90)),  # one wild month does not widen the range
    ],
)
def test_usual_range_by_hand(values, expected):
    assert usual_range(values) == expected


@given(st.lists(counts, min_size=4, max_size=12))
def test_usual_range_holds_its_middle_and_ignores_order(values):
    low, middle, high = usual_range(values)
    assert 0 <= low <= middle <= high
    assert usual_range(sorted(values)) == (low, middle, high)


@given(st.lists(st.integers(0, 19), min_size=4, max_size=12), st.integers(0, 20))
def test_small_counts_never_alarm(values, value):
    assert usual_range(values)[0] <= value <= usual_range(values)[2]


def test_a_jump_names_the_cell_that_moved():
    history = [figures(online=60 + i, on_time=60 + i) for i in range(6)]
    problems = check_service(service(online=640, on_time=62, history=history))
    assert codes(problems) == [("jump", "soft", "DVC16.received_online")]
    assert problems[0].message == (
        "Cần giải trình: tiếp nhận 640 hồ sơ, trong khi 6 tháng trước thường khoảng 63 (từ 32 đến 93). "
        "Kiểm tra lại; nếu đúng thì ghi lý do."
    )


def test_a_collapse_is_a_jump_too():
    history = [figures(online=1000, on_time=1000)] * 5
    assert [p.code for p in check_service(service(online=100, on_time=100, history=history))] == ["jump", "jump"]


def test_moving_from_paper_to_online_is_no_jump():
    history = [figures(person=80, on_time=80)] * 6
    assert check_service(service(online=82, on_time=82, history=history)) == []


def test_months_not_sent_are_no_zeros_in_the_range():
    history = [figures(online=60, on_time=60), None, None, figures(online=60, on_time=60), None]
    assert check_service(service(online=640, on_time=640, history=history)) == []


def test_on_time_share_falling_is_no_check():
    history = [figures(online=60, early=60)] * 6
    assert check_service(service(online=60, late=60, history=history)) == []


# indicators


def test_achieved_above_the_total():
    [problem] = check_indicator(ratio(320, 318))
    assert codes([problem]) == [("exceeds_total", "hard", "DV02.numerator")]
    assert problem.message == "Lỗi: số đạt 320 lớn hơn tổng số 318. Kiểm tra lại hai ô, có thể đã ghi ngược."
    assert check_indicator(ratio(320, 318, may_exceed_total=True)) == []
    assert check_indicator(ratio(318, 318)) == []
    assert check_indicator(ratio(0, 0)) == []


def test_blank_indicator_cells():
    assert check_indicator(ratio(None, None))[0].cells == ("DV02.numerator", "DV02.denominator")
    assert check_indicator(ratio(5, None))[0].cells == ("DV02.denominator",)
    assert check_indicator(number(None))[0].cells == ("TT01.numerator",)
    assert check_indicator(number(0)) == []
    assert check_indicator(number(None, owed=False)) == []


def test_a_cumulative_figure_that_falls_is_compared_with_its_last_sent_month():
    [problem] = check_indicator(number(23105, over_time="cumulative", history=[None, (23418, None)]))
    assert codes([problem]) == [("cumulative_falls", "soft", "TT01.numerator")]
    assert "số lũy kế giảm từ 23.418 (tháng 09/2026) xuống 23.105" in problem.message
    assert check_indicator(number(23418, over_time="cumulative", history=[(23418, None)])) == []
    assert check_indicator(number(5, over_time="flow", history=[(9, None)])) == []


def test_a_total_that_shrinks_by_more_than_a_fifth():
    history = [(100, 1000)]
    assert [p.code for p in check_indicator(ratio(100, 799, over_time="stock", history=history))] == [
        "denominator_falls"
    ]
    assert check_indicator(ratio(100, 800, over_time="stock", history=history)) == []
    assert check_indicator(ratio(2, 5, over_time="stock", history=[(2, 11)])) == []  # small totals may
    assert check_indicator(ratio(100, 200, over_time="flow", history=history)) == []


def test_of_a_cumulative_figure_the_increase_is_judged():
    history = [(23400 - 300 * i, None) for i in range(6)]
    assert check_indicator(number(23700, over_time="cumulative", history=history)) == []
    [problem] = check_indicator(number(234180, over_time="cumulative", history=history))
    assert problem.code == "jump"
    assert "số tăng thêm 210.780, trong khi 5 tháng trước thường khoảng 300 (từ 150 đến 450)" in problem.message


def test_flow_ratio_is_judged_on_both_cells():
    history = [(300, 310)] * 5
    assert codes(check_indicator(ratio(300, 3100, history=history))) == [("jump", "soft", "DV02.denominator")]


# the whole report


def copied(row):
    return ServiceRow("DVC09", "Khai sinh", row, previous=dict(row), month=NOVEMBER)


def test_a_copied_month_is_one_question():
    row = figures(opening=4, online=31, early=26, on_time=5, rejected=1, overdue=1)
    problems = check_report([copied(row), copied(figures(online=3, on_time=3))], [])
    assert codes(problems) == [("same_as_last_month", "soft", "report")]
    assert "giống hệt tháng 10/2026" in problems[0].message
    assert problems[0].row == ""


def changed(code, cells):
    """A service with five typed cells other than 0 last month; the cells given differ from them."""
    before = figures(online=31, person=12, postal=3, early=26, on_time=5)
    return ServiceRow(code, "Khai tử", {**before, **cells}, previous=before, month=NOVEMBER)


@pytest.mark.parametrize(
    ("differing", "copied_month"),
    [
        ([], True),  # 10 of 10 cells other than 0
        (["received_online"], True),  # one changed cell does not hide a copied month: 9 of 10
        (["received_online", "resolved_early"], True),  # 8 of 10 is 80 %
        (["received_online", "resolved_early", "resolved_on_time"], False),  # 7 of 10
    ],
)
def test_a_copied_month_with_a_few_cells_changed_is_still_one(differing, copied_month):
    rows = [changed("DVC09", dict.fromkeys(differing, 40)), changed("DVC10", {})]
    found = [p for p in check_report(rows, []) if p.code == "same_as_last_month"]
    assert len(found) == copied_month
    if found:
        assert found[0].title.startswith(f"{10 - len(differing)}/10 ô khác 0 của dịch vụ công giống hệt tháng 10/2026")


@pytest.mark.parametrize(("percent", "copied_month"), [(90, True), (91, False)])
def test_how_alike_a_copied_month_is_says_the_setting(percent, copied_month):
    rows = [changed("DVC09", {"received_online": 40}), changed("DVC10", {})]  # 9 of 10
    found = [p for p in check_report(rows, [], percent) if p.code == "same_as_last_month"]
    assert len(found) == copied_month


def test_a_zero_that_was_none_counts_as_changed_and_zeros_that_stay_do_not_count():
    was_zero = changed("DVC09", {"rejected": 4, "pending_overdue": 2})  # 5 of 7 repeat
    assert [p for p in check_report([was_zero], []) if p.code == "same_as_last_month"] == []
    became_zero = changed("DVC09", {"received_postal": 0, "resolved_on_time": 0})  # 3 of 5 repeat
    assert [p for p in check_report([became_zero], []) if p.code == "same_as_last_month"] == []


def test_a_quiet_month_or_one_with_blanks_is_no_copy():
    assert check_report([copied(figures())], []) == []
    assert check_report([copied(figures(online=1, on_time=1))], []) == []  # two cells repeat by chance
    blank = changed("DVC09", {"rejected": None})
    assert [p.code for p in check_report([blank, changed("DVC10", {})], []) if p.code != "missing"] == []
    assert check_report([], []) == []


def test_problems_come_row_by_row():
    problems = check_report([service(online=None), service(on_time=1)], [ratio(2, 1), number(None)])
    assert [p.code for p in problems] == ["missing", "identity", "exceeds_total", "missing"]


@given(rows, rows, maybe, maybe)
def test_every_problem_names_a_cell_and_says_what_to_do(row, before, numerator, denominator):
    problems = check_report(
        [ServiceRow("X", "x", row, previous=before, history=[before] * 5, online_only_since=dt.date(2025, 10, 1))],
        [IndicatorRow("Y", "y", "ratio", "cumulative", numerator, denominator, history=[(5, 6)] * 6)],
    )
    for problem in problems:
        assert problem.severity in {"hard", "soft", "missing"}
        assert problem.cell == "report" or problem.cell.split(".")[0] in {"X", "Y"}
        assert problem.title
        assert problem.message.endswith(".")
        assert "!" not in problem.message


def test_what_is_said_of_overdue_counts_refused_dossiers_with_the_resolved():
    (problem,) = check_service(service(online=20, on_time=9, rejected=3, overdue=9))  # 20 - 9 - 3 = 8 remain
    assert "9 hồ sơ đang quá hạn trong khi chỉ còn 8" in problem.title
    assert "đã giải quyết và từ chối 12." in problem.detail


def test_of_cells_that_moved_equally_the_first_is_named():
    history = [figures(online=100, on_time=100)] * 6
    problems = check_service(service(person=100, postal=100, on_time=100, overdue=0, history=history))
    assert codes(problems) == [("jump", "soft", "DVC16.received_online")]  # 100 -> 0, the others 0 -> 100


def test_five_cells_that_repeat_are_a_copy_and_four_are_not():
    five = {"online": 1, "person": 1, "postal": 1, "early": 2, "on_time": 1}
    assert codes(check_report([service(**five, previous=figures(**five))], [])) == [
        ("same_as_last_month", "soft", "report")
    ]
    four = {**five, "early": 3, "on_time": 0}
    assert check_report([service(**four, previous=figures(**four))], []) == []


def test_the_increase_of_a_cumulative_figure_skips_months_without_a_value():
    """Steps of 10 a month with one month blank: four steps are left, 500 more at once is a jump over them."""
    sent = [(v, None) if v is not None else (None, None) for v in (160, 150, 140, None, 120, 110, 100)]
    problems = check_indicator(number(660, over_time="cumulative", history=sent))
    assert [p.code for p in problems] == ["jump"]
    assert "trong khi 4 tháng trước" in problems[0].message  # 160-150, 150-140, 120-110, 110-100


def test_a_jump_of_a_ratio_speaks_of_what_was_reached():
    history = [(60, 100)] * 6
    (problem,) = check_indicator(ratio(640, 700, over_time="stock", history=history))
    assert "số đạt 640" in problem.message
    (problem,) = check_indicator(number(640, history=[(60, None)] * 6))
    assert "số 640" in problem.message
    assert "số đạt" not in problem.message


def test_the_first_cumulative_month_is_compared_with_nothing():
    assert check_indicator(number(660, over_time="cumulative", history=[])) == []


def test_the_only_resolved_cell_is_the_one_to_look_at():
    (problem,) = check_service(service(late=1))  # one resolved, none received: the zeros before it are not as large
    assert codes([problem]) == [("identity", "hard", "DVC16.resolved_overdue")]


def test_a_corrected_month_before_that_leaves_nothing_over_breaks_nothing():
    found = check_service(service(opening=4, online=7, on_time=9, expected_opening=2))  # 2 + 7 - 9 = 0 remain
    assert codes(found) == [("opening_changed", "soft", "DVC16.opening")]


def test_each_cell_of_a_ratio_is_judged_on_its_own_months():
    history = [(30, 310)] * 5
    assert check_indicator(ratio(30, 310, history=history)) == []
    assert [p.cell for p in check_indicator(ratio(300, 310, history=history))] == ["DV02.numerator"]
    assert [p.cell for p in check_indicator(ratio(30, 31, history=history))] == ["DV02.denominator"]


def test_a_denominator_left_on_a_plain_number_plays_no_part():
    assert check_indicator(number(5, denominator=3)) == []
    assert check_indicator(number(5, denominator=3, over_time="stock", history=[(5, 1000)])) == []
    assert check_indicator(number(5, denominator=3000, history=[(5, 30)] * 5)) == []


def test_the_middle_of_a_cell_is_that_of_the_months_in_which_it_was_reported():
    """Four months of 60 online; one not sent, one sent without that cell."""
    usual, blank = figures(online=60, on_time=60), figures(online=None, on_time=60)
    problems = check_service(service(online=640, on_time=60, history=[usual, None, usual, blank, usual, usual]))
    assert codes(problems) == [("jump", "soft", "DVC16.received_online")]
    assert "trong khi 4 tháng trước thường khoảng 60 (từ 30 đến 90)" in problems[0].message


@pytest.mark.parametrize(
    "cells",
    [
        {"received_postal": 0, "resolved_early": 0, "resolved_on_time": 0},  # now 0: 2 + 5 of 10 repeat
        {"rejected": 4, "pending_overdue": 2, "resolved_overdue": 1},  # 0 last month: 5 + 5 of 13 repeat
    ],
)
def test_a_cell_that_is_zero_in_one_of_the_months_is_one_that_differs(cells):
    rows = [changed("DVC09", cells), changed("DVC10", {})]
    assert [p for p in check_report(rows, []) if p.code == "same_as_last_month"] == []


def test_a_total_that_shrinks_by_twenty_is_small_and_by_twenty_one_is_not():
    history = [(2, 50)]
    assert check_indicator(ratio(2, 30, over_time="stock", history=history)) == []
    assert codes(check_indicator(ratio(2, 29, over_time="stock", history=history))) == [
        ("denominator_falls", "soft", "DV02.denominator")
    ]


def test_a_cumulative_figure_that_stands_still_after_steady_growth_is_asked_about():
    history = [(23400 - 300 * i, None) for i in range(6)]
    (problem,) = check_indicator(number(23400, over_time="cumulative", history=history))
    assert "số không tăng, trong khi 5 tháng trước thường khoảng 300 (từ 150 đến 450)" in problem.message


def test_the_cell_named_is_the_one_farthest_from_its_own_middle_not_the_largest():
    history = [figures(online=1000, on_time=1000)] * 5
    problems = check_service(service(online=1000, person=700, on_time=1000, history=history))  # 1.700, usual to 1.500
    assert codes(problems) == [("jump", "soft", "DVC16.received_in_person")]


def new_service(code):
    return ServiceRow(code, "Kết hôn", figures(online=7, early=7), month=NOVEMBER)


def copies(rows):
    return [p.title.split(" ")[0] for p in check_report(rows, []) if p.code == "same_as_last_month"]


def test_a_service_added_since_does_not_hide_a_copied_month():
    """Its own cells have no month before: they are neither equal nor different."""
    one = changed("DVC09", {})
    assert copies([one]) == ["5/5"]
    assert copies([one, new_service("DVC10")]) == ["5/5"]
    assert copies([new_service("DVC10"), one, changed("DVC11", {"received_online": 40})]) == ["9/10"]
    blank = ServiceRow("DVC10", "Kết hôn", figures(online=None), month=NOVEMBER)  # still to be typed
    assert copies([one, blank]) == ["5/5"]


def test_a_cell_last_month_did_not_have_is_not_judged():
    """A column added since, or a blank of last month: 4 of the 5 are compared, which is too few; so is none."""
    row = changed("DVC09", {})
    assert copies([replace(row, previous={**row.previous, "received_online": None})]) == []
    nine = [replace(row, previous={**row.previous, "received_online": None}), changed("DVC10", {})]
    assert copies(nine) == ["9/9"]


def test_a_unit_that_is_nearly_new_is_not_asked():
    """Of three services one had a month before: a third of the cells say nothing about the month; half of them do."""
    one = changed("DVC09", {})
    assert copies([one, new_service("DVC10"), new_service("DVC11")]) == []
    assert copies([one, changed("DVC12", {}), new_service("DVC10"), new_service("DVC11")]) == ["10/10"]
    assert copies([new_service("DVC10")]) == []


def test_just_under_eighty_percent_is_no_copy():
    """Eight services with five cells other than 0 last month and four more now: 35 of 44 repeat, 79,5 %."""
    more = [{"rejected": 4, "pending_overdue": 2, "resolved_overdue": 1}, {"rejected": 4}]
    other = dict.fromkeys(
        ("received_online", "received_in_person", "received_postal", "resolved_early", "resolved_on_time"), 40
    )
    rows = [changed(f"DVC{number}", cells) for number, cells in enumerate([*more, other, {}, {}, {}, {}, {}], start=1)]
    assert [p for p in check_report(rows, []) if p.code == "same_as_last_month"] == []
    rows[0] = changed("DVC1", {})  # 35 of 41
    assert [p.code for p in check_report(rows, [])].count("same_as_last_month") == 1


def test_the_first_month_of_a_stock_is_compared_with_nothing():
    assert check_indicator(ratio(1, 100, over_time="stock")) == []
    assert check_indicator(ratio(1, 100, over_time="stock", history=[None, (None, None)])) == []


def test_a_total_that_shrinks_is_told_with_the_month_it_is_compared_with():
    (problem,) = check_indicator(ratio(100, 799, over_time="stock", history=[None, (100, 1000)]))
    assert "tổng số giảm từ 1.000 (tháng 09/2026) xuống 799. Kiểm tra lại ô tổng số" in problem.message


def test_months_without_a_value_are_no_months_of_a_flow():
    history = [(60, None), (None, None), (60, None), (60, None), (60, None)]
    (problem,) = check_indicator(number(640, history=history))
    assert "số 640, trong khi 4 tháng trước thường khoảng 60 (từ 30 đến 90)" in problem.message


def test_a_fall_of_a_cumulative_figure_is_asked_about_once():
    history = [(23400 - 300 * i, None) for i in range(6)]
    found = check_indicator(number(23000, over_time="cumulative", history=history))  # no increase of −400 besides
    assert [p.code for p in found] == ["cumulative_falls"]
