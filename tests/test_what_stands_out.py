"""“Điều cần biết”: each rule at its edges, on pages written by hand. No database."""

import dataclasses

import pytest

from reporting.models import Period, PublicService
from reporting.reading.compared import Comparison, Month
from reporting.reading.findings import findings
from reporting.reading.overview import MissingReport, Overview, ServiceTotal
from reporting.reading.ranges import Dossiers
from reporting.reading.units_below import Measures, UnitRow

NOVEMBER, DECEMBER = Period(pk=11, year=2026, month=11), Period(pk=12, year=2026, month=12)


def resolved(in_time, late, **more):
    return Dossiers(resolved_early=in_time, resolved_overdue=late, **more)


def unit(number, name, dossiers=None, by_service=None, **more):
    measures = Measures(dossiers=dossiers or Dossiers())
    return UnitRow(number, name, "commune", measures=measures, by_service=by_service or {}, **more)


def service(code, dossiers):
    return ServiceTotal(PublicService(code=code, short_name=f"Dịch vụ {code}"), dossiers)


def not_sent(number, name, days, status="draft", period=NOVEMBER):
    return MissingReport(number, number, name, "commune", period, status, None, days)


def compared(now, before, months=1):
    sides = [Measures(dossiers=Dossiers(pending_overdue=number)) for number in (now, before)]
    return Comparison(None, [Month(2026, 11 - months + k) for k in range(months)], 5, *sides)


def said(**page):
    """The findings of a page that has nothing but this, as (tone, title, text)."""
    blank = dict.fromkeys((f.name for f in dataclasses.fields(Overview)), None)
    nothing = {"missing": [], "services": [], "rows": [], "periods": [NOVEMBER], "children": ["xã"]}
    seen = Overview(**blank | nothing | {"measures": Measures()} | page)
    return [dataclasses.astuple(finding) for finding in findings(seen)]


# Not sent ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "found"),
    [
        ([], []),
        ([not_sent(1, "Xã A", None)], []),  # its deadline has not passed
        ([not_sent(1, "Xã A", 0)], [("bad", "Xã A chưa nộp, đã quá hạn", "Quá hạn hôm nay.")]),
        (
            [not_sent(1, "Xã A", 2), not_sent(2, "Xã B", None)],
            [("bad", "Xã A chưa nộp, đã quá hạn", "Quá hạn 2 ngày.")],
        ),
        (
            [not_sent(1, "Xã A", 2), not_sent(2, "Xã B", 3, "returned")],
            [
                (
                    "bad",
                    "Xã A chưa nộp, đã quá hạn",
                    "Quá hạn 2 ngày. Ngoài ra 1 báo cáo bị trả lại, chưa gửi lại: Xã B.",
                )
            ],
        ),
        ([not_sent(2, "Xã B", 3, "returned")], [("warn", "1 báo cáo bị trả lại, chưa gửi lại", "Xã B.")]),
        ([not_sent(k, f"Xã {k}", 1) for k in (1, 2)], [("bad", "2 đơn vị chưa nộp, đã quá hạn", "Xã 1, Xã 2.")]),
        (
            [not_sent(k, f"Xã {k}", 1) for k in (1, 2, 3)],
            [("bad", "3 đơn vị chưa nộp, đã quá hạn", "Xã 1, Xã 2, Xã 3.")],
        ),
        (
            [not_sent(k, f"Xã {k}", 1) for k in (1, 2, 3, 4)],
            [("bad", "4 đơn vị chưa nộp, đã quá hạn", "Xã 1, Xã 2, Xã 3 và 1 đơn vị khác.")],
        ),
        (
            [not_sent(k, f"Xã {k}", 1) for k in (1, 2, 3, 4, 5)],
            [("bad", "5 đơn vị chưa nộp, đã quá hạn", "Xã 1, Xã 2, Xã 3 và 2 đơn vị khác.")],
        ),
    ],
)
def test_units_that_have_not_sent_are_counted_and_named(missing, found):
    assert said(missing=missing) == found


def test_two_units_of_one_name_are_two():
    """Before July 2025 communes of different districts often bore the same name."""
    missing = [not_sent(1, "Xã Tân Lập", 1), not_sent(2, "Xã Tân Lập", 1)]
    assert said(missing=missing) == [("bad", "2 đơn vị chưa nộp, đã quá hạn", "Xã Tân Lập, Xã Tân Lập.")]
    back = [dataclasses.replace(m, status="returned") for m in missing]
    assert said(missing=back) == [("warn", "2 báo cáo bị trả lại, chưa gửi lại", "Xã Tân Lập, Xã Tân Lập.")]


def test_of_several_months_reports_are_counted_and_each_unit_named_once():
    missing = [not_sent(1, "Xã A", 30), not_sent(1, "Xã A", 1, period=DECEMBER)]
    assert said(missing=missing, periods=[NOVEMBER, DECEMBER]) == [("bad", "Thiếu 2 báo cáo tháng đã quá hạn", "Xã A.")]
    back = [dataclasses.replace(m, status="returned") for m in missing]
    assert said(missing=back, periods=[NOVEMBER, DECEMBER]) == [("warn", "2 báo cáo bị trả lại, chưa gửi lại", "Xã A.")]


def test_a_commune_is_not_told_that_it_has_not_sent():
    assert said(missing=[not_sent(1, "Xã A", 2)], children=[]) == []


# Slow services -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_time", "late", "tone"),
    [
        (18, 1, None),  # fewer than twenty
        (18, 2, "bad"),
        (97, 3, "warn"),
        (49, 1, None),  # 98 % exactly
        (985, 15, None),
        (975, 25, "warn"),
        (955, 45, "warn"),
        (19, 1, "warn"),  # 95 % exactly
        (945, 55, "bad"),
        (0, 0, None),
        (None, None, None),
    ],
)
def test_a_service_is_slow_below_98_percent_and_bad_below_95(in_time, late, tone):
    found = said(services=[service("DVC09", resolved(in_time, late))])
    assert [tone_ for tone_, _, _ in found] == ([tone] if tone else [])


def test_a_service_whose_timely_dossiers_nobody_reported_has_no_rate():
    assert said(services=[service("DVC09", resolved(None, 25))]) == []


def test_the_slowest_service_is_named_and_the_next():
    slow = [
        service("DVC01", resolved(100, 0)),
        service("DVC02", resolved(96, 4)),
        service("DVC03", resolved(90, 1010)),
        service("DVC04", resolved(93, 7)),
    ]
    title = "Dịch vụ DVC03: chậm nhất trong các dịch vụ"
    assert said(services=slow) == [
        ("bad", title, "8,18% trước và đúng hạn, 1.010 hồ sơ quá hạn. Sau đó là Dịch vụ DVC04 93,00%.")
    ]
    assert said(services=slow[:3:2]) == [("bad", title, "8,18% trước và đúng hạn, 1.010 hồ sơ quá hạn.")]


def test_the_two_slowest_units_of_the_slowest_service_are_named():
    """Few dossiers do for a unit here; one that is always in time is not slow."""
    rates = {"Xã A": (9, 1), "Xã B": (5, 0), "Xã C": (1, 1), "Xã D": (2, 1), "Xã E": (None, 3), "Xã F": (0, 0)}
    rows = [unit(k, name, by_service={"DVC09": resolved(*pair)}) for k, (name, pair) in enumerate(rates.items())]
    rows.append(unit(9, "Xã G", by_service={"DVC10": resolved(0, 7)}))
    lines = [service("DVC09", resolved(17, 6)), service("DVC10", resolved(90, 10))]
    [(tone, _, text)] = said(services=lines, rows=rows)
    assert (tone, text) == (
        "bad",
        "73,91% trước và đúng hạn, 6 hồ sơ quá hạn. Chậm nhất: Xã C 50,00%, Xã D 66,67%.",
    )
    [(_, _, text)] = said(services=lines, rows=rows[:2])
    assert text.endswith("Chậm nhất: Xã A 90,00%.")


# Beyond their time ---------------------------------------------------------------------------------------------------


def overdue(total, rows=(), comparison=None):
    return said(measures=Measures(dossiers=Dossiers(pending_overdue=total)), rows=list(rows), comparison=comparison)


def test_dossiers_beyond_their_time_and_who_holds_the_most():
    holders = [unit(k, f"Xã {k}", Dossiers(pending_overdue=number)) for k, number in enumerate((2, 0, 1000, None, 5))]
    title = "Còn hồ sơ đang quá hạn"
    assert overdue(1007, holders) == [("warn", title, "1.007 hồ sơ ở 3 đơn vị; nhiều nhất: Xã 2 1.000, Xã 4 5.")]
    assert overdue(7) == [("warn", title, "7 hồ sơ.")]
    assert overdue(0) == overdue(None) == []


@pytest.mark.parametrize(
    ("now", "before", "months", "tone", "title"),
    [
        (9, 4, 1, "warn", "Hồ sơ đang quá hạn tăng 5"),
        (4, 1004, 1, "ok", "Hồ sơ đang quá hạn giảm 1.000"),
        (9, 4, 2, "warn", "Hồ sơ đang quá hạn tăng 5 so với cuối tháng 10/2026"),
        (4, 4, 1, "warn", "Còn hồ sơ đang quá hạn"),
        (None, 4, 1, "warn", "Còn hồ sơ đang quá hạn"),  # those compared say nothing of it; another unit does
        (4, None, 1, "warn", "Còn hồ sơ đang quá hạn"),
    ],
)
def test_more_or_fewer_beyond_their_time_than_before(now, before, months, tone, title):
    assert overdue(9, comparison=compared(now, before, months)) == [(tone, title, "9 hồ sơ.")]


# The best ------------------------------------------------------------------------------------------------------------


def best(*pairs, **more):
    return said(rows=[unit(k, f"Xã {k}", resolved(*pair), **more) for k, pair in enumerate(pairs)])


def test_the_best_unit_leads():
    assert best((98, 2), (1980, 20), (99, 0)) == [
        ("ok", "Xã 2 dẫn đầu", "100,00% trước và đúng hạn trên 99 hồ sơ đã giải quyết.")
    ]
    assert best((49, 1), (48, 2)) == [("ok", "Xã 0 dẫn đầu", "98,00% trước và đúng hạn trên 50 hồ sơ đã giải quyết.")]
    assert best((97, 3), (96, 4)) == []


def test_up_to_three_lead_together():
    assert best((20, 0), (30, 0), (40, 0), (98, 2)) == [
        ("ok", "Xã 0, Xã 1, Xã 2 dẫn đầu", "100,00% trước và đúng hạn.")
    ]
    assert best((20, 0), (30, 0), (40, 0), (50, 0)) == []


def test_nobody_leads_alone():
    """Neither the unit's own report nor one that ended, nor one with few dossiers, is somebody to lead."""
    first = unit(1, "Xã A", resolved(50, 0))
    second = unit(2, "Xã B", resolved(49, 1))
    assert said(rows=[first]) == []
    assert len(said(rows=[first, second])) == 1
    for change in ({"is_own": True}, {"is_former": True}):
        assert said(rows=[first, dataclasses.replace(second, **change)]) == []
    assert said(rows=[first, unit(2, "Xã B", resolved(19, 0))]) == []
    assert said(rows=[first, unit(2, "Xã B", resolved(None, 30))]) == []


# Together ------------------------------------------------------------------------------------------------------------


def test_the_most_pressing_comes_first():
    rows = [unit(1, "Xã A", resolved(50, 0)), unit(2, "Xã B", resolved(49, 1))]
    found = said(
        missing=[not_sent(3, "Xã C", 1, "returned")],
        services=[service("DVC09", resolved(1, 99))],
        measures=Measures(dossiers=Dossiers(pending_overdue=3)),
        rows=rows,
        comparison=compared(3, 4),
    )
    assert [(tone, title) for tone, title, _ in found] == [
        ("bad", "Dịch vụ DVC09: chậm nhất trong các dịch vụ"),
        ("warn", "1 báo cáo bị trả lại, chưa gửi lại"),
        ("ok", "Hồ sơ đang quá hạn giảm 1"),
        ("ok", "Xã A dẫn đầu"),
    ]
