"""“Vấn đề cần lưu ý”: each rule at its edges, on pages written by hand. No database."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from de_an_06.plain.spans import Span
from reporting.entry.checks import Likeness
from reporting.models import Period, PublicService, ReportingSettings
from reporting.reading.compared import Comparison, Month
from reporting.reading.finding_parts import Behind, Lead
from reporting.reading.finding_rows import Habit, SlowCell, Waiting
from reporting.reading.findings import FindingFacts, findings
from reporting.reading.overview import MissingReport, Overview, ServiceTotal
from reporting.reading.pace import Reported, YearTarget
from reporting.reading.ranges import Dossiers
from reporting.reading.units_below import Measures, UnitRow
from taskforces.register.assignment_counts import Late, Tally

D = dt.date
NOVEMBER, DECEMBER = Period(pk=11, year=2026, month=11), Period(pk=12, year=2026, month=12)


def resolved(in_time, late, **more):
    return Dossiers(resolved_early=in_time, resolved_overdue=late, **more)


def unit(number, name, dossiers=None, by_service=None, **more):
    measures = Measures(dossiers=dossiers or Dossiers())
    return UnitRow(number, name, "commune", measures=measures, by_service=by_service or {}, **more)


def service(code, dossiers):
    return ServiceTotal(PublicService(pk=int(code[3:]), code=code, short_name=f"Dịch vụ {code}"), dossiers)


def not_sent(number, name, days, status="draft", period=NOVEMBER):
    return MissingReport(number, number, name, "commune", period, status, None, days)


def compared(now, before, months=1):
    sides = [Measures(dossiers=Dossiers(pending_overdue=number)) for number in (now, before)]
    return Comparison(Span.parse("2026-10"), [Month(2026, 11 - months + k) for k in range(months)], 5, *sides)


def found_of(facts=None, **page):
    """The findings of a page that has nothing but this."""
    blank = dict.fromkeys((f.name for f in dataclasses.fields(Overview)), None)
    nothing = {"missing": [], "services": [], "rows": [], "periods": [NOVEMBER], "children": ["xã"]}
    seen = Overview(**blank | nothing | {"measures": Measures()} | page)
    return findings(seen, facts or FindingFacts())


def said(facts=None, **page):
    """The same as (tone, title, text)."""
    return [(finding.tone, finding.title, finding.text) for finding in found_of(facts, **page)]


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
        ("bad", title, "8,18% trước và đúng hạn, 1.010/1.100 hồ sơ quá hạn. Sau đó là Dịch vụ DVC04 93,00%.")
    ]
    assert said(services=slow[:3:2]) == [("bad", title, "8,18% trước và đúng hạn, 1.010/1.100 hồ sơ quá hạn.")]


def cell(place, code, in_time, late):
    return SlowCell(place, NUMBER[code], in_time, in_time + late)


NUMBER = {f"DVC{number:02d}": number for number in (9, 10, 11, 12)}
BOTH = [service("DVC09", resolved(17, 6)), service("DVC10", resolved(99, 1))]
COMMUNES = [unit(k, f"Xã {name}") for k, name in enumerate("ABCDE", start=1)]


def test_the_two_slowest_units_of_the_slowest_service_are_named():
    """Those of another service are not, though slower; which cells have enough dossiers says the query."""
    cells = [cell(5, "DVC10", 1, 9), cell(3, "DVC09", 1, 1), cell(4, "DVC09", 2, 1), cell(1, "DVC09", 9, 1)]
    found = said(FindingFacts(cells=cells), services=BOTH, rows=COMMUNES)
    text = "73,91% trước và đúng hạn, 6/23 hồ sơ quá hạn. Chậm nhất: Xã C 50,00%, Xã D 66,67%."
    assert found[1] == ("bad", "Dịch vụ DVC09: chậm nhất trong các dịch vụ", text)
    found = said(FindingFacts(cells=cells[3:]), services=BOTH, rows=COMMUNES)
    assert found[0][2].endswith("Chậm nhất: Xã A 90,00%.")


# Slow units and services ---------------------------------------------------------------------------------------------


def slow_cell(cells, in_all=0, rows=COMMUNES):
    quick = [service(code, resolved(99, 1)) for code in NUMBER]
    return said(FindingFacts(cells=cells, slow_cells=in_all or len(cells)), services=quick, rows=rows)


@pytest.mark.parametrize(("in_time", "late", "tone"), [(97, 3, "warn"), (95, 5, "warn"), (949, 51, "bad")])
def test_the_slowest_unit_and_service_is_bad_below_95_percent(in_time, late, tone):
    [(found, _, _)] = slow_cell([cell(1, "DVC09", in_time, late)])
    assert found == tone


def test_the_slowest_unit_and_service_is_named_with_its_volume_and_then_those_of_other_services():
    title = "Xã A, Dịch vụ DVC09: 71,43% trước và đúng hạn"
    cells = [
        cell(1, "DVC09", 20, 8),
        cell(3, "DVC09", 30, 10),  # of a service named already
        cell(2, "DVC10", 16, 4),
        cell(1, "DVC11", 900, 100),
        cell(3, "DVC12", 95, 5),
    ]
    assert slow_cell(cells[:1]) == [("bad", title, "8/28 hồ sơ quá hạn.")]
    others = "Xã B, Dịch vụ DVC10: 80,00% (4/20 hồ sơ quá hạn); Xã A, Dịch vụ DVC11: 90,00% (100/1.000 hồ sơ quá hạn)"
    rest = "Tại các đơn vị có 4 dịch vụ dưới 98%."
    assert slow_cell(cells[:4]) == [("bad", title, f"8/28 hồ sơ quá hạn. Sau đó: {others}. {rest}")]
    assert slow_cell(cells, 1204) == [
        ("bad", title, f"8/28 hồ sơ quá hạn. Sau đó: {others}. {rest.replace('4', '1.204')}")
    ]


def test_a_unit_or_service_that_the_page_does_not_show_is_not_named():
    strangers = [cell(99, "DVC09", 1, 19), SlowCell(1, 99, 1, 20)]
    assert slow_cell(strangers) == []
    assert slow_cell([*strangers, cell(1, "DVC09", 20, 8)])[0][1].startswith("Xã A, Dịch vụ DVC09: 71,43%")
    [(_, _, text)] = said(FindingFacts(cells=strangers), services=BOTH, rows=COMMUNES)
    assert text == "73,91% trước và đúng hạn, 6/23 hồ sơ quá hạn."


def test_a_slow_unit_and_service_leads_to_its_rows():
    own = unit(7, "UBND tỉnh T (cấp tỉnh)", is_own=True)
    [below, above] = [
        found_of(
            FindingFacts(cells=[cell(place, "DVC09", 1, 9)], slow_cells=1),
            services=BOTH[1:] + BOTH[:1],
            rows=[own, *COMMUNES],
        )
        for place in (1, 7)
    ]
    assert below[0].lead == Lead(Behind.ROWS, 1, measure="DVC09.in_time_rate")
    assert above[0].lead == Lead(Behind.ROWS, None, is_own=True, measure="DVC09.in_time_rate")


# Falls ---------------------------------------------------------------------------------------------------------------


def both(now, before):
    """A unit's dossiers in time and late, on both sides."""
    return tuple(Measures(dossiers=resolved(*pair)) for pair in (now, before))


def compared_rows(pairs, number=None):
    return dataclasses.replace(compared(number, number), rows=pairs)


def fell(**sides):
    rows = [unit(k, f"Xã {name}") for k, name in enumerate(sides, start=1)]
    return said(rows=rows, comparison=compared_rows(dict(enumerate(sides.values(), start=1))))


@pytest.mark.parametrize(
    ("now", "before", "tone"),
    [
        ((98, 2), (100, 0), "warn"),  # two points exactly
        ((981, 19), (1000, 0), None),
        ((97, 3), (96, 4), None),  # it rose
        ((949, 51), (1000, 0), "bad"),
        ((95, 5), (100, 0), "warn"),
        ((10, 10), (20, 0), "bad"),  # twenty on both sides do
        ((9, 10), (20, 0), None),
        ((10, 10), (19, 0), None),
        ((None, None), (100, 0), None),  # nothing reported is no fall to 0 %
        ((None, 100), (100, 0), None),
        ((0, 100), (None, None), None),
    ],
)
def test_a_fall_is_two_points_or_more_with_twenty_dossiers_on_both_sides(now, before, tone):
    found = fell(A=both(now, before))
    assert [tone_ for tone_, _, _ in found] == ([tone] if tone else [])


def test_the_largest_falls_are_named_in_percentage_points():
    title = "Xã B: trước và đúng hạn giảm 10,00 điểm phần trăm"
    first = "So với tháng 10/2026: từ 100,00% xuống 90,00%."
    sides = {"A": both((93, 7), (98, 2)), "B": both((90, 10), (100, 0)), "C": both((100, 0), (100, 0))}
    assert fell(B=sides["B"]) == [("bad", title, first)]
    assert fell(**sides) == [("bad", title, f"{first} Sau đó: Xã A giảm 5,00 (còn 93,00%).")]
    more = {name: both((97, 3), (100, 0)) for name in "DEF"}
    after = "Sau đó: Xã A giảm 5,00 (còn 93,00%), Xã D giảm 3,00 (còn 97,00%)"
    assert fell(**sides, D=more["D"])[0][2] == f"{first} {after}."
    assert fell(**sides, **more) == [
        ("bad", title, f"{first} {after} và 2 đơn vị khác giảm từ 2 điểm phần trăm trở lên.")
    ]


def test_a_unit_that_left_has_not_fallen_and_without_months_compared_nobody_has():
    row, comparison = unit(1, "Xã A"), compared_rows({1: both((50, 50), (100, 0))})
    assert len(said(rows=[row], comparison=comparison)) == 1
    assert said(rows=[row]) == said(rows=[row], comparison=compared_rows({2: comparison.rows[1]})) == []
    assert said(rows=[dataclasses.replace(row, is_former=True)], comparison=comparison) == []
    own = dataclasses.replace(row, is_own=True)
    [finding] = found_of(rows=[own], comparison=compared_rows({None: comparison.rows[1]}))
    assert finding.lead == Lead(Behind.ROWS, None, is_own=True, measure="in_time_rate")


def test_a_commune_is_told_of_its_own_fall():
    sides = [Measures(dossiers=resolved(*pair)) for pair in ((90, 10), (100, 0))]
    comparison = dataclasses.replace(compared(None, None), now=sides[0], before=sides[1])
    [finding] = found_of(children=[], comparison=comparison)
    assert finding.title == "Trước và đúng hạn giảm 10,00 điểm phần trăm"
    assert finding.lead == Lead(Behind.ROWS, measure="in_time_rate")


# How units report ----------------------------------------------------------------------------------------------------


def habit(number, name, likeness=None, is_late=False):
    return Habit(100 + number, number, f"/1/{number}/", name, is_late, likeness)


def alike(same, counted, cells=200, known=200, blank=0):
    return Likeness(cells, known, blank, counted, same)


def test_units_late_for_months_running_are_named():
    text = "Nộp sau hạn, hoặc quá hạn mà chưa nộp."
    late = [habit(k, "Xã Tân Lập", is_late=True) for k in (1, 2)] + [habit(3, "Xã B", is_late=True)]
    assert said(FindingFacts(habits=late[:1])) == [("bad", "Xã Tân Lập nộp báo cáo trễ 3 tháng liên tiếp", text)]
    assert said(FindingFacts(habits=late)) == [
        ("bad", "3 đơn vị nộp báo cáo trễ 3 tháng liên tiếp", "Xã Tân Lập, Xã Tân Lập, Xã B.")
    ]
    five = [habit(k, f"Xã {k}", is_late=True) for k in range(5)]
    assert said(FindingFacts(habits=five))[0][2] == "Xã 0, Xã 1, Xã 2 và 2 đơn vị khác."
    assert said(FindingFacts(habits=[habit(1, "Xã A")])) == []
    [own] = found_of(FindingFacts(habits=late[:1]), children=[])
    assert (own.title, own.lead) == ("Nộp báo cáo trễ 3 tháng liên tiếp", Lead(Behind.REPORT, pk=101, path="/1/1/"))


@pytest.mark.parametrize(
    ("likeness", "is_told"),
    [
        (alike(40, 40), True),
        (alike(80, 100), True),
        (alike(79, 100), False),
        (alike(5, 5), True),
        (alike(4, 4), False),
        (alike(40, 40, known=100), True),  # half of the cells are known of last month
        (alike(40, 40, known=99), False),
        (alike(40, 40, blank=1), False),
        (None, False),
    ],
)
def test_a_report_eighty_percent_alike_looks_copied(likeness, is_told):
    assert bool(said(FindingFacts(habits=[habit(1, "Xã A", likeness)]))) == is_told


def test_copied_reports_are_named_the_most_alike_first():
    found = [habit(1, "Xã A", alike(1700, 2000)), habit(2, "Xã B", alike(40, 40)), habit(3, "Xã C", alike(50, 50))]
    title = "số liệu giống tháng 10/2026"
    assert said(FindingFacts(habits=found[:1])) == [
        ("warn", f"Xã A: {title}", "1.700/2.000 ô khác 0 của dịch vụ công giống hệt.")
    ]
    assert said(FindingFacts(habits=found)) == [
        (
            "warn",
            f"3 đơn vị có {title}",
            "Số ô khác 0 của dịch vụ công giống hệt: Xã C 50/50, Xã B 40/40, Xã A 1.700/2.000.",
        )
    ]
    [own] = found_of(FindingFacts(habits=found[1:2]), children=[])
    assert (own.title, own.lead.pk) == ("Số liệu giống tháng 10/2026", 102)


# Beyond their time ---------------------------------------------------------------------------------------------------


def overdue(total, rows=(), comparison=None):
    return said(measures=Measures(dossiers=Dossiers(pending_overdue=total)), rows=list(rows), comparison=comparison)


def test_dossiers_beyond_their_time_and_who_holds_the_most():
    holders = [unit(k, f"Xã {k}", Dossiers(pending_overdue=number)) for k, number in enumerate((2, 0, 1000, None, 5))]
    title = "Còn hồ sơ đang quá hạn"
    assert overdue(1007, holders) == [
        ("warn", title, "1.007 hồ sơ ở 3 đơn vị; nhiều nhất: Xã 2 1.000, Xã 4 5, Xã 0 2.")
    ]
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


def held(*overdue, unit_ids=(None, 1, 2, 3, 4)):
    return {unit_id: Tally(total=99, overdue=number) for unit_id, number in zip(unit_ids, overdue, strict=False)}


def test_assignments_beyond_their_day_and_who_holds_the_most():
    """What the unit itself holds is its own; a unit that is no row of the page is counted and not named."""
    day = dt.date(2026, 11, 18)
    rows = [unit(7, "UBND tỉnh T (cấp tỉnh)", is_own=True), *COMMUNES]
    [finding] = found_of(FindingFacts(day=day, tallies=held(1, 0, 1002, 3, 2)), rows=rows)
    most = "nhiều nhất: Xã B 1.002, Xã C 3, Xã D 2"
    assert (finding.tone, finding.title) == ("warn", "1.008 nhiệm vụ quá hạn")
    assert finding.text == f"Đến ngày 18/11/2026, ở 4 đơn vị; {most}."
    assert [part.lead for part in finding.parts if part.lead] == [Lead(Behind.ASSIGNMENTS, k) for k in (2, 3, 4)]
    [own] = found_of(FindingFacts(day=day, tallies=held(5, 2, unit_ids=(None, 99))), rows=rows)
    assert own.text == "Đến ngày 18/11/2026, ở 2 đơn vị; nhiều nhất: UBND tỉnh T (cấp tỉnh) 5."
    assert own.parts[3].lead == Lead(Behind.ASSIGNMENTS, None, is_own=True)
    assert said(FindingFacts(day=day, tallies=held(3)), children=[]) == [
        ("warn", "3 nhiệm vụ quá hạn", "Đến ngày 18/11/2026.")
    ]
    equal = found_of(FindingFacts(day=day, tallies=held(2, 2, 2, unit_ids=(4, None, 2))), rows=rows)[0].text
    assert equal.endswith("nhiều nhất: UBND tỉnh T (cấp tỉnh) 2, Xã B 2, Xã D 2.")  # in the order of the page
    assert said(FindingFacts(tallies=held(0, 0))) == []


def test_conclusions_and_remedies_beyond_their_day_are_told_by_unit():
    """Those of a unit that is no row of the page are counted and not named."""
    day = dt.date(2026, 11, 18)
    late = {
        1: Late(1, D(2026, 11, 17)),
        2: Late(2, D(2026, 10, 19)),
        None: Late(1001, D(2026, 11, 1)),
        99: Late(1, day),
    }
    rows = [unit(7, "UBND tỉnh T (cấp tỉnh)", is_own=True), *COMMUNES]
    most = "nhiều nhất: UBND tỉnh T (cấp tỉnh) 1.001, Xã B 2, Xã A 1; lâu nhất 30 ngày."
    for kind, behind, title in (
        ("conclusions", Behind.CONCLUSIONS, "1.005 nhiệm vụ theo kết luận họp quá hạn"),
        ("remedies", Behind.REMEDIES, "1.005 tồn tại sau kiểm tra quá hạn khắc phục"),
    ):
        [finding] = found_of(FindingFacts(day=day, **{kind: late}), rows=rows)
        assert (finding.tone, finding.weight, finding.title) == ("warn", 1005, title)
        assert finding.text == f"Đến ngày 18/11/2026, ở 4 đơn vị; {most}"
        leads = [Lead(behind, None, is_own=True), Lead(behind, 2), Lead(behind, 1)]
        assert [part.lead for part in finding.parts if part.lead] == leads
        assert finding.lead == Lead(behind)
        own = {None: Late(2, D(2026, 11, 16))}
        [commune] = found_of(FindingFacts(day=day, **{kind: own}), children=[])
        assert commune.text == "Đến ngày 18/11/2026; lâu nhất 2 ngày."


def test_what_is_very_late_needs_direction():
    day = dt.date(2026, 11, 18)
    facts = FindingFacts(day=day, remedies={1: Late(1, D(2026, 10, 18))}, conclusions={1: Late(1, D(2026, 10, 19))})
    assert [tone for tone, _, _ in said(facts)] == ["bad", "warn"]  # 31 days, 30 days
    facts.settings = ReportingSettings(very_late_days=31)
    assert [tone for tone, _, _ in said(facts)] == ["warn", "warn"]


def test_a_conclusion_is_not_told_a_second_time_among_the_assignments():
    day = dt.date(2026, 11, 18)
    facts = FindingFacts(
        day=day, tallies=held(3, 2, unit_ids=(1, 2)), conclusions={1: Late(2, D(2026, 11, 17)), 2: Late(2, day)}
    )
    assert [title for _, title, _ in said(facts, rows=COMMUNES)] == [
        "4 nhiệm vụ theo kết luận họp quá hạn", "1 nhiệm vụ theo văn bản quá hạn",
    ]  # fmt: skip
    text = said(facts, rows=COMMUNES)[1][2]
    assert text == "Đến ngày 18/11/2026, ở 1 đơn vị; nhiều nhất: Xã A 1."


def test_difficulties_that_wait_too_long():
    waiting = [Waiting(8, 1, "Xã A", 1062), Waiting(9, 2, "Xã B", 31)]
    facts = FindingFacts(waiting=waiting, all_waiting=1005)
    title = "1.005 khó khăn, vướng mắc chờ trả lời quá 30 ngày"
    assert said(facts) == [("warn", title, "Lâu nhất: Xã A 1.062 ngày, Xã B 31 ngày.")]
    [own] = found_of(facts, children=[])
    assert own.text == "Lâu nhất: 1.062 ngày, 31 ngày."
    assert own.parts[1].lead == Lead(Behind.DIFFICULTY, pk=8)


# Targets -------------------------------------------------------------------------------------------------------------

NUMBERS = {"is_ratio": False, "is_flow": True, "is_down": False}
STOCK = {"is_ratio": True, "is_flow": False, "is_down": False}


def target(value, kind, months, units=None, **more):
    """`months`: month -> numerator, or (numerator, denominator)."""
    pairs = {m: v if isinstance(v, tuple) else (v, 1) for m, v in months.items()}
    reported = {m: Reported(*pair, (units or {}).get(m, 1)) for m, pair in pairs.items()}
    return YearTarget("TT01", "Lượt tuyên truyền", value=Decimal(value), months=reported, **kind | more)


def is_missed(one, **page):
    return bool(said(FindingFacts(targets=[one]), **page))


def test_a_sum_goes_on_as_it_did_per_month():
    assert not is_missed(target(1200, NUMBERS, dict.fromkeys(range(1, 11), 100)))  # 100 a month is just enough
    assert is_missed(target(1201, NUMBERS, dict.fromkeys(range(1, 11), 100)))
    assert not is_missed(target(1201, NUMBERS, {**dict.fromkeys(range(1, 11), 100), 0: 9000, 10: 101}))
    assert is_missed(target(1200, NUMBERS, {m: 100 for m in range(1, 11) if m != 4}))  # April reported nothing
    assert is_missed(target(1201, NUMBERS, {**dict.fromkeys(range(1, 11), 100), 0: 9000}))  # December was last year's
    five = dict.fromkeys(range(1, 10), 5)
    assert is_missed(target(1201, NUMBERS, {**dict.fromkeys(range(1, 10), 100), 10: 999}, units={**five, 10: 4}))


def test_the_rate_of_a_sum_stays_as_it_is():
    flow = {**NUMBERS, "is_ratio": True}
    months = {1: (1, 2), 2: (97, 98), 3: (0, 0)}  # 98 of 100
    assert not is_missed(target(98, flow, months))
    assert is_missed(target("98.01", flow, months))


def test_a_state_moves_on_as_it_did_since_the_year_began():
    months = {0: (50, 100), 5: (1, 100), 10: (70, 100)}  # two points a month
    assert not is_missed(target(74, STOCK, months))
    assert is_missed(target("74.01", STOCK, months))
    del months[0]
    assert not is_missed(target("97.60", STOCK, months))  # from May on: 69 points in five months
    assert not is_missed(target(99, STOCK, {10: (70, 100)}))  # known once: no pace
    assert is_missed(target(99, STOCK, {12: (70, 100)}))  # the year has ended
    assert is_missed(target(300, {**NUMBERS, "is_flow": False}, {0: 100, 6: 199}))
    assert not is_missed(target(298, {**NUMBERS, "is_flow": False}, {0: 100, 6: 199}))


def test_of_what_should_be_small_the_more_is_missed():
    assert is_missed(target(1199, NUMBERS, dict.fromkeys(range(1, 11), 100), is_down=True))
    assert not is_missed(target(1200, NUMBERS, dict.fromkeys(range(1, 11), 100), is_down=True))
    assert is_missed(target(0, NUMBERS, {3: 1}, is_down=True))
    assert not is_missed(target(0, NUMBERS, {3: 0}, is_down=True))


def test_pace_is_judged_from_march_on_and_in_months_in_which_all_reported():
    assert not is_missed(target(1200, NUMBERS, {1: 1, 2: 1}))
    assert is_missed(target(1200, NUMBERS, {1: 1, 2: 1, 3: 1}))
    fallen = {0: (900, 1000), 3: (920, 1000), 4: (10, 1000)}
    assert is_missed(target(95, STOCK, fallen))
    assert not is_missed(target(95, STOCK, fallen, units={0: 5, 3: 5, 4: 4}))  # one is still to come
    assert is_missed(target("98.01", STOCK, fallen, units={0: 5, 3: 5, 4: 4}))  # 2 points in three months
    merged = {0: (0, 1), 1: (900, 1000), 3: (910, 1000)}
    assert not is_missed(target("95.50", STOCK, merged, units={0: 9, 1: 5, 3: 5}))  # since January there are five
    assert is_missed(target("95.51", STOCK, merged, units={0: 9, 1: 5, 3: 5}))
    assert not is_missed(target(1, STOCK, {}))
    assert not is_missed(target(100, STOCK, {0: (1, 2)}))


def test_targets_out_of_reach_are_told_the_farthest_first():
    near = target(1300, NUMBERS, dict.fromkeys(range(1, 11), 100))  # 100 of 1.300 are missing, 16 of 90
    far = dataclasses.replace(target(90, STOCK, {0: (50, 100), 10: (70, 100)}), code="DD04", name="Tài khoản kích hoạt")
    far_text = "Tài khoản kích hoạt 70,00% đến hết tháng 10/2026, ước cả năm 74,00%, chỉ tiêu 90,00%"
    near_text = "Lượt tuyên truyền 1.000 đến hết tháng 10/2026, ước cả năm 1.200, chỉ tiêu 1.300"
    rest = "không đạt chỉ tiêu năm 2026 nếu giữ tiến độ hiện nay"
    assert said(FindingFacts(targets=[near])) == [("warn", f"TT01 {rest}", f"{near_text}.")]
    since_last_year = [
        Period(year=2025, month=12),
        Period(year=2026, month=10),
    ]  # the target is of the last month's year
    assert said(FindingFacts(targets=[near]), periods=since_last_year) == [("warn", f"TT01 {rest}", f"{near_text}.")]
    [both_of_them] = found_of(FindingFacts(targets=[near, far]))
    assert (both_of_them.title, both_of_them.text) == (f"2 nội dung {rest}", f"{far_text}; {near_text}.")
    assert [part.lead.measure for part in both_of_them.parts if part.lead] == ["DD04", "TT01"]


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
        ("ok", "Xã 0, Xã 1, Xã 2 dẫn đầu", "100,00% trước và đúng hạn: Xã 0, Xã 1, Xã 2.")
    ]
    assert best((20, 0), (30, 0), (40, 0), (50, 0)) == []


def test_who_leads_alone_leads_to_its_own_rows():
    rows = [unit(1, "Xã A", resolved(50, 0)), unit(2, "Xã B", resolved(49, 1))]
    [alone] = found_of(rows=rows)
    [together] = found_of(rows=[*rows, unit(3, "Xã C", resolved(30, 0))])
    assert alone.lead == Lead(Behind.ROWS, 1, measure="in_time_rate")
    assert together.lead == Lead(Behind.ROWS, measure="in_time_rate")


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


def test_inside_a_tone_what_concerns_most_comes_first_and_no_more_than_seven_are_shown():
    """Dossiers, reports, units, assignments and difficulties are counted alike; of equal ones the kinds keep their
    order. The eighth is left out, and what is good goes before what is bad."""
    rows = [
        unit(1, "Xã A", resolved(50, 0)),
        unit(2, "Xã B", resolved(50, 0)),
    ]
    facts = FindingFacts(
        cells=[cell(1, "DVC09", 1, 9)],
        slow_cells=1,
        habits=[habit(k, f"Xã {k}", alike(40, 40), is_late=True) for k in (1, 2)],
        tallies=held(4),
        waiting=[Waiting(8, 1, "Xã A", 40)],
        all_waiting=4,
    )
    page = {
        "missing": [not_sent(k, f"Xã {k}", 1) for k in (3, 4, 5)],
        "services": [service("DVC09", resolved(80, 20))],
        "measures": Measures(dossiers=Dossiers(pending_overdue=3)),
        "rows": rows,
        "comparison": compared_rows({1: both((90, 10), (100, 0))}, 3),
    }
    shown = found_of(facts, **page)
    assert [(f.tone, f.weight) for f in shown] == [
        ("bad", 20), ("bad", 9), ("bad", 3), ("bad", 2), ("bad", 1), ("warn", 4), ("warn", 4),
    ]  # fmt: skip
    assert [f.title for f in shown[-2:]] == [
        "4 nhiệm vụ quá hạn", "4 khó khăn, vướng mắc chờ trả lời quá 30 ngày",
    ]  # fmt: skip
    everything = findings_without_limit(facts, **page)
    assert [(f.tone, f.weight) for f in everything[7:]] == [("warn", 3), ("warn", 2), ("ok", 2)]
    assert all(f.lead for f in everything)


def findings_without_limit(facts, **page):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reporting.reading.findings.MOST", 99)
        return found_of(facts, **page)


def test_one_unit_weighs_one():
    one = [
        found_of(missing=[not_sent(1, "Xã A", 1)]),
        found_of(missing=[not_sent(1, "Xã A", 1, "returned")]),
        found_of(FindingFacts(habits=[habit(1, "Xã A", is_late=True)])),
        found_of(FindingFacts(habits=[habit(1, "Xã A", is_late=True)]), children=[]),
        found_of(FindingFacts(habits=[habit(1, "Xã A", alike(40, 40))])),
        found_of(FindingFacts(targets=[target(1201, NUMBERS, {10: 1000})])),
    ]
    assert [[finding.weight for finding in found] for found in one] == [[1]] * len(one)


def test_every_threshold_is_a_setting():
    rows = [unit(1, "Xã A", resolved(40, 0)), unit(2, "Xã B", resolved(39, 1))]
    page = {
        "services": [service("DVC09", resolved(96, 4))],
        "rows": rows,
        "comparison": compared_rows({1: both((95, 5), (100, 0))}),
    }
    facts = FindingFacts(habits=[habit(1, "Xã A", alike(90, 100), is_late=True)], waiting=[Waiting(8, 1, "Xã A", 40)])
    facts.targets = [target(99, NUMBERS, dict.fromkeys(range(1, 7), 1))]

    def with_settings(**changed):
        facts.settings = ReportingSettings(**changed)
        return [(tone, title) for tone, title, _ in findings_as_said(facts, **page)]

    def findings_as_said(facts, **page):
        return [(f.tone, f.title, f.text) for f in findings_without_limit(facts, **page)]

    slow, best = "Dịch vụ DVC09: chậm nhất trong các dịch vụ", ("ok", "Xã A dẫn đầu")
    fall, copied = "Xã A: trước và đúng hạn giảm 5,00 điểm phần trăm", "Xã A: số liệu giống tháng 10/2026"
    pace = "TT01 không đạt chỉ tiêu năm 2026 nếu giữ tiến độ hiện nay"
    usual = with_settings()
    assert {("warn", slow), ("warn", fall), ("warn", copied), ("warn", pace), best} <= set(usual)
    assert ("warn", slow) not in with_settings(fewest_dossiers=101)
    assert best not in with_settings(fewest_dossiers=41)
    assert slow not in [title for _, title in with_settings(slow_percent=96)]
    assert ("bad", slow) in with_settings(very_slow_percent=97)
    assert fall not in [title for _, title in with_settings(fall_points=6)]
    assert ("warn", copied) not in with_settings(alike_percent=91)
    assert ("warn", pace) not in with_settings(pace_months=7)
    assert any("trễ 4 tháng" in title for _, title in with_settings(late_months=4))
    assert any("quá 9 ngày" in title for _, title in with_settings(waiting_days=9))


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
