"""Stretches of months made from the reports: hand-computed sums."""

import pytest

from de_an_06.plain.spans import Span
from reporting.models import Basis, Indicator, IndicatorFigure, PublicService, Report, ServiceFigures
from reporting.reading.overview import NoFigures, overview
from reporting.rollup import rollup

pytestmark = pytest.mark.django_db


@pytest.fixture
def put(fill):
    """Hand in a report with one service (DVC09) and, if given, DD04, TT01, NL01; the figures are those written."""

    def write(unit, period, status="submitted", dd04=None, tt01=None, nl01=None, service="DVC09", **figures):
        report = Report.objects.get(unit=unit, period=period)
        fill(report, services=[], status=status)
        IndicatorFigure.objects.filter(report=report).delete()
        ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=service), **figures)
        for code, pair in (("DD04", dd04), ("TT01", tt01), ("NL01", nl01)):
            if pair is not None:
                IndicatorFigure.objects.create(
                    report=report,
                    indicator=Indicator.objects.get(code=code),
                    numerator=pair[0],
                    denominator=pair[1] if len(pair) > 1 else None,
                )
        return report

    return write


def flows(online, early, overdue=0, opening=0, pending=0, late_pending=0):
    return {
        "opening": opening,
        "received_online": online,
        "received_in_person": 0,
        "received_postal": 0,
        "resolved_early": early,
        "resolved_on_time": 0,
        "resolved_overdue": overdue,
        "rejected": 0,
        "pending_in_time": pending,
        "pending_overdue": late_pending,
    }


def test_a_quarter_adds_flows_and_takes_each_units_last_state_and_first_opening(world, month, put, at):
    at("2026-10-20 09:00")
    july, august, september = (month(f"2026-0{m}") for m in (7, 8, 9))
    put(world.phuoc_long, july, **flows(10, 9, opening=5, pending=6), dd04=(100, 200), tt01=(3,), nl01=(4,))
    put(world.phuoc_long, august, **flows(20, 21, opening=6, pending=5), dd04=(110, 200), tt01=(4,), nl01=(5,))
    # phuoc_long did not report September: its state is August's
    put(
        world.phuoc_binh,
        august,
        **flows(1, 1, opening=7, pending=7, late_pending=2),
        dd04=(50, 100),
        tt01=(1,),
        nl01=(9,),
    )
    put(world.phuoc_binh, september, **flows(2, 2, opening=9, pending=6, late_pending=1), dd04=(60, 100), nl01=(0,))

    quarter = overview(world.dong_nai.pk, Span.parse("2026-Q3"))

    dossiers = quarter.dossiers
    assert dossiers.received_online == 10 + 20 + 1 + 2
    assert dossiers.resolved_early == 9 + 21 + 1 + 2
    assert dossiers.opening == 5 + 7  # July of one, August of the other: each unit's first
    assert dossiers.pending_in_time == 5 + 6  # August of one, September of the other: each unit's last
    assert dossiers.pending_overdue == 0 + 1
    assert quarter.indicator("DD04").rate == (110 + 60, 200 + 100)  # cumulative: not summed over months
    assert quarter.indicator("TT01").numerator == 3 + 4 + 1  # flow
    assert quarter.indicator("NL01").numerator == 5 + 0  # stock
    assert quarter.submissions.older == 1
    assert quarter.indicator("DD04").older == 1
    assert any("1 đơn vị" in notice for notice in quarter.notices)
    assert (quarter.submissions.reported, quarter.submissions.expected) == (2, 4)  # three communes and the province
    assert (quarter.submissions.reports, quarter.submissions.expected_reports) == (4, 12)
    rows = {row.unit_id: row for row in quarter.rows}
    assert rows[world.phuoc_long.pk].dossiers.received == 30
    assert rows[world.phu_rieng.pk].dossiers.received is None


def test_editing_an_early_month_changes_that_month_and_the_stretches_that_hold_it(world, month, put, at):
    at("2026-10-20 09:00")
    months = {m: month(f"2026-{m:02d}") for m in range(1, 7)}
    for m in range(1, 7):
        put(world.phuoc_long, months[m], **flows(m, m))
    keys = ["2026-01", "2026-02", "2026-Q1", "2026-Q2", "2026-H1", "2026-YTD06"]

    def online():
        return {k: overview(world.phuoc_long.pk, Span.parse(k)).dossiers.received_online for k in keys}

    before = online()
    assert before == {"2026-01": 1, "2026-02": 2, "2026-Q1": 6, "2026-Q2": 15, "2026-H1": 21, "2026-YTD06": 21}
    ServiceFigures.objects.filter(report__period=months[1]).update(received_online=101)
    changed = {k for k, v in online().items() if v != before[k]}
    assert changed == {"2026-01", "2026-Q1", "2026-H1", "2026-YTD06"}


def test_a_month_not_begun_has_no_value(world, month, put, at):
    at("2026-11-20 09:00")
    november = month("2026-11")
    december = month("2026-12")  # opened early by hand; its window began on 15 November
    january = month("2027-01")
    put(world.phuoc_long, november, **flows(1, 1), dd04=(5, 10))
    year = overview(world.phuoc_long.pk, Span.parse("2026"))
    assert year.periods == [november, december]
    assert year.dossiers.received == 1
    with pytest.raises(NoFigures):
        overview(world.phuoc_long.pk, Span.parse("2027-01"))
    assert january not in year.periods
    assert any("Số liệu gồm 2/12 tháng: tháng 11–12/2026." in notice for notice in year.notices)


def test_a_stretch_over_july_2025_follows_the_last_days_tree_and_says_so(world, month, put, at):
    at("2025-12-20 09:00")
    june, july = month("2025-06"), month("2025-07")
    put(world.thac_mo, june, **flows(10, 8, opening=4, pending=6), dd04=(7, 10))
    put(world.phuoc_long, july, **flows(20, 20, opening=6, pending=6), dd04=(9, 10))

    nation = overview(world.nation.pk, Span.parse("2025-06..2025-07"))
    assert nation.dossiers.received == 30
    assert nation.dossiers.pending_in_time == 6  # Thác Mơ has ended: what it had left is with its successor
    assert nation.dossiers.opening == 4  # and the successor's opening is not new
    assert nation.indicator("DD04").rate == (9, 10)
    assert any("01/07/2025" in notice for notice in nation.notices)
    names = [row.name for row in nation.rows]
    assert "Tỉnh Đồng Nai" in names
    assert "Tỉnh Bình Phước (đến 30/06/2025)" in names
    assert sum(row.dossiers.received or 0 for row in nation.rows) == 30

    rollup.roll_up(july)  # a year of one month is that month's stored total
    province = overview(world.dong_nai.pk, Span.parse("2025"))
    assert province.periods == [july]
    assert province.dossiers.received == 20
    assert any("chỉ có trong một phần" in notice for notice in province.notices)
    rollup.roll_up(june)
    old = overview(world.binh_phuoc.pk, Span.parse("2025"))
    assert old.periods == [june]
    assert old.dossiers.pending_in_time == 6
    assert [row.name for row in old.rows if row.dossiers.received] == ["Thị xã Phước Long"]


def test_a_change_is_measured_on_the_same_units(world, month, put, at):
    at("2026-12-20 09:00")
    october, november = month("2026-10"), month("2026-11")
    put(world.phuoc_long, october, **flows(10, 9, 1))
    put(world.phuoc_binh, october, **flows(1000, 1000))  # silent in November
    put(world.phuoc_long, november, **flows(12, 12))
    put(world.phu_rieng, november, **flows(500, 400, 100))  # silent in October
    seen = overview(world.dong_nai.pk, Span.parse("2026-11"))
    assert seen.comparison is not None
    assert seen.comparison.units == 1
    assert seen.comparison.span.key == "2026-10"
    assert seen.comparison.now.dossiers.received == 12
    assert seen.comparison.before.dossiers.received == 10
    assert seen.comparison.before.dossiers.in_time_rate == (9, 10)


def test_units_with_fewer_months_in_one_stretch_are_not_compared(world, month, put, at):
    at("2026-12-20 09:00")
    months = {m: month(f"2026-{m:02d}") for m in range(4, 10)}
    for m in range(4, 10):
        put(world.phuoc_long, months[m], **flows(m, m))
    for m in (4, 5, 7, 8, 9):  # June is missing
        put(world.phuoc_binh, months[m], **flows(100, 100))
    quarter = overview(world.dong_nai.pk, Span.parse("2026-Q3"))
    assert quarter.comparison.units == 1
    assert quarter.comparison.before.dossiers.received == 4 + 5 + 6
    assert quarter.comparison.now.dossiers.received == 7 + 8 + 9


def test_no_comparison_where_a_compared_month_is_not_there(world, month, put, at):
    at("2026-12-20 09:00")
    for m in (6, 7, 8, 9):
        put(world.phuoc_long, month(f"2026-{m:02d}"), **flows(m, m))
    assert overview(world.dong_nai.pk, Span.parse("2026-Q3")).comparison is None


def test_three_months_are_not_compared_with_two_though_a_unit_reported_as_often(world, month, put, at):
    """April is not on the portal: two reports of May and June are no answer to two of the third quarter."""
    at("2026-12-20 09:00")
    for m in range(5, 10):
        month(f"2026-{m:02d}")
    for m in (5, 6, 7, 8):
        put(world.phuoc_long, month(f"2026-{m:02d}"), **flows(m, m))
    assert overview(world.dong_nai.pk, Span.parse("2026-Q3")).comparison is None


def test_official_counts_approved_reports_alone(world, month, put, at):
    at("2026-10-20 09:00")
    july, august = month("2026-07"), month("2026-08")
    put(world.phuoc_long, july, status="approved", **flows(10, 10, pending=3))
    put(world.phuoc_long, august, status="submitted", **flows(20, 20, pending=8))
    span = Span.parse("2026-07..2026-08")
    assert overview(world.phuoc_long.pk, span, Basis.OFFICIAL).dossiers.received == 10
    assert overview(world.phuoc_long.pk, span, Basis.OFFICIAL).dossiers.pending_in_time == 3
    assert overview(world.phuoc_long.pk, span, Basis.PROVISIONAL).dossiers.received == 30
    assert overview(world.phuoc_long.pk, span, Basis.PROVISIONAL).dossiers.pending_in_time == 8


def test_blank_is_not_zero_and_half_a_pair_is_no_pair(world, month, put, at):
    at("2026-10-20 09:00")
    july, august = month("2026-07"), month("2026-08")
    put(world.phuoc_long, july, received_online=0, dd04=(5, 10))
    put(world.phuoc_long, august, received_online=None, pending_overdue=None, dd04=(7,))
    seen = overview(world.phuoc_long.pk, Span.parse("2026-07..2026-08"))
    assert seen.dossiers.received_online == 0
    assert seen.dossiers.received == 0
    assert seen.dossiers.pending_overdue is None
    assert seen.dossiers.resolved is None
    assert seen.indicator("DD04").rate == (5, 10)
    assert seen.indicator("TT01").numerator is None


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ("2025-06", False),  # 15 May to 14 June: the old tree alone
        ("2025-07", True),  # 15 June to 14 July: straddles the change, its last day decides
        ("2025-08", False),
        ("2025-06..2025-07", True),
        ("2025-07..2025-08", True),
        ("2025-06..2025-08", True),
    ],
)
def test_only_a_stretch_that_holds_july_2025_says_that_the_tree_changed(world, month, at, span, told):
    at("2025-09-20 09:00")
    for key in ("2025-06", "2025-07", "2025-08"):
        month(key)
    notices = [n for n in overview(world.nation.pk, Span.parse(span)).notices if "01/07/2025" in n]
    last = {"6": "14/06/2025", "7": "14/07/2025", "8": "14/08/2025"}[span[-1]]
    expected = (
        "Từ 01/07/2025 không còn cấp huyện; các xã, phường và nhiều tỉnh là đơn vị mới. "
        f"Kỳ này xếp theo địa giới ngày {last}."
    )
    assert notices == ([expected] if told else [])


def test_calendar_months_meet_the_change_without_straddling_it(world, month, at):
    """June ends with the districts and July begins without them: only a stretch over both says so."""
    from reporting.models import ReportingSettings

    at("2025-09-20 09:00")
    ReportingSettings.load()
    ReportingSettings.objects.update(scheme="calendar")
    for key in ("2025-06", "2025-07"):
        month(key)
    told = {
        span: any("01/07/2025" in n for n in overview(world.nation.pk, Span.parse(span)).notices)
        for span in ("2025-06", "2025-07", "2025-06..2025-07")
    }
    assert told == {"2025-06": False, "2025-07": False, "2025-06..2025-07": True}
