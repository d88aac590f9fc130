"""What a target comes to: the actual of its own span, officially, and the assessment by its direction."""

from decimal import Decimal

import pytest

from reporting.models import Basis, Indicator, IndicatorFigure, PublicService, Report, Target
from reporting.reading.against_targets import (
    Assessment,
    Reached,
    children_sum,
    in_order,
    reached_below,
    reached_by_unit,
    targets_in_force,
)
from reporting.reading.pace import year_targets
from reporting.reading.places import Stretch
from reporting.rollup import rollup

pytestmark = pytest.mark.django_db


def indicator(code):
    return Indicator.objects.get(code=code)


def give(unit, value, code="", service="", rate="", year=2026, month=0):
    kind = {"indicator": indicator(code)} if code else {"rate": rate}
    if service:
        kind["service"] = PublicService.objects.get(code=service)
    return Target.objects.create(unit=unit, year=year, month=month, value=Decimal(value), **kind)


def say(unit, period, code, numerator, denominator=None):
    IndicatorFigure.objects.update_or_create(
        report=Report.objects.get(unit=unit, period=period),
        indicator=indicator(code),
        defaults={"numerator": numerator, "denominator": denominator},
    )


def read(unit, targets, periods, *, has_summaries=False):
    found = reached_by_unit(unit.pk, targets, periods, has_summaries=has_summaries, pace_months=3)
    return [found[t.pk].actual for t in targets]


# Assessment ----------------------------------------------------------------------------------------------------------


def assessed(value, actual, direction="up", kind="number"):
    target = Target(indicator=Indicator(code="X", direction=direction, kind=kind), value=Decimal(value))
    return Reached(target, actual).assessment


def test_more_than_asked_is_beyond_as_much_is_met_less_is_not():
    assert assessed(100, (101, None)) == Assessment.EXCEEDED
    assert assessed(100, (100, None), direction="none") == Assessment.MET
    assert assessed(100, (99, None)) == Assessment.NOT_MET
    assert assessed("66.66", (2, 3), kind="ratio") == Assessment.EXCEEDED  # 66,666… %
    assert assessed("66.67", (2, 3), kind="ratio") == Assessment.NOT_MET  # though it is shown as 66,67 %
    assert assessed(50, (1, 2), kind="ratio") == Assessment.MET


def test_where_less_is_better_more_is_not_met():
    assert assessed(100, (101, None), direction="down") == Assessment.NOT_MET
    assert assessed(100, (100, None), direction="down") == Assessment.MET
    assert assessed(100, (0, None), direction="down") == Assessment.EXCEEDED


def test_nothing_reported_is_no_data_and_never_zero():
    assert assessed(0, (None, None)) == Assessment.NO_DATA
    assert assessed(0, (0, None)) == Assessment.MET
    assert assessed(90, (0, 0), kind="ratio") == Assessment.NO_DATA
    assert assessed(90, (None, 5), kind="ratio") == Assessment.NO_DATA


def test_how_much_of_the_target_is_reached():
    number = Target(indicator=Indicator(kind="number"), value=Decimal(1200))
    assert Reached(number, (900, None)).share == (3, 4)
    rate = Target(rate="online_rate", value=Decimal("80"))
    assert Reached(rate, (1, 2)).share == (5, 8)  # 50 % of 80 %
    assert Reached(rate, (None, None)).share == (None, None)
    assert Reached(Target(rate="online_rate", value=Decimal(0)), (1, 2)).share == (None, None)


# The actual ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def year(world, month, fill):
    """December to March; Phước Long approved all of it but March, which is only sent."""
    periods = [month(key) for key in ("2025-12", "2026-01", "2026-02", "2026-03")]
    for n, period in enumerate(periods):
        report = Report.objects.get(unit=world.phuoc_long, period=period)
        fill(report, base=10, services=["DVC09"], status="submitted" if n == 3 else "approved")
    return periods


def test_a_flow_adds_the_approved_months_of_its_year_a_state_takes_the_last(world, year):
    for n, period in enumerate(year):
        say(world.phuoc_long, period, "TT01", 100 + n)  # 100 in December, then 101, 102, 103 (only sent)
        say(world.phuoc_long, period, "DD04", 10 + n, 20)
        say(world.phuoc_long, period, "DV02", n, 10)  # a flow of pairs
    targets = [
        give(world.phuoc_long, 1200, "TT01"),
        give(world.phuoc_long, 90, "DD04"),
        give(world.phuoc_long, 15, "DV02"),
    ]
    assert read(world.phuoc_long, targets, year) == [(203, None), (12, 20), (3, 20)]


def test_a_month_is_its_own_span(world, year):
    for n, period in enumerate(year):
        say(world.phuoc_long, period, "TT01", 100 + n)
        say(world.phuoc_long, period, "DD04", 10 + n, 20)
    targets = [give(world.phuoc_long, 100, "TT01", month=m) for m in (1, 2, 3, 4)]
    targets.append(give(world.phuoc_long, 60, "DD04", month=1))
    nothing = (None, None)
    assert read(world.phuoc_long, targets, year) == [(101, None), (102, None), nothing, nothing, (11, 20)]


def test_a_province_adds_its_communes_and_never_averages_them(world, month, put):
    periods = [month("2026-01"), month("2026-02")]
    for period in periods:
        put(world.phuoc_long, period, 1, status="approved", dd04=(1, 1))  # 1 of 1 online
        put(world.phuoc_binh, period, 0, 99, status="approved", dd04=(0, 99))  # 0 of 99
        rollup.roll_up(period)
    targets = [
        give(world.dong_nai, 50, rate="online_rate"),
        give(world.dong_nai, 50, service="DVC09", rate="online_rate"),
        give(world.dong_nai, 50, service="DVC10", rate="online_rate"),
        give(world.dong_nai, 50, "DD04"),
        give(world.dong_nai, 50, rate="online_rate", month=2),
        give(world.dong_nai, 50, "DD04", month=2),
    ]
    found = read(world.dong_nai, targets, periods, has_summaries=True)
    assert found == [(2, 200), (2, 200), (None, None), (1, 100), (1, 100), (1, 100)]
    below = [give(unit, 50, rate="online_rate") for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng)]
    reached = reached_below(world.dong_nai.pk, below, periods)
    assert [reached[t.unit_id, t.key].actual for t in below] == [(2, 2), (0, 198), (None, None)]


def test_all_services_together_are_all_that_were_reported(world, month, put):
    period = month("2026-01")
    put(world.phuoc_long, period, 30, 10, early=20, overdue=5, status="approved")
    report = Report.objects.get(unit=world.phuoc_long, period=period)
    other = report.service_figures.get()
    other.pk, other.service = None, PublicService.objects.get(code="DVC10")
    other.received_online, other.received_in_person, other.pending_in_time = 5, 5, 0
    other.resolved_early, other.resolved_overdue = 9, 1
    other.save()
    targets = [give(world.phuoc_long, 90, rate=rate) for rate in ("online_rate", "in_time_rate")]
    targets += [give(world.phuoc_long, 90, service="DVC10", rate="in_time_rate")]
    assert read(world.phuoc_long, targets, [period]) == [(35, 50), (29, 35), (9, 10)]


def test_an_indicator_of_each_unit_is_its_own_report_alone(world, month, fill):
    period = month("2026-01")
    for unit, value in ((world.dong_nai, 7), (world.phuoc_long, 4)):
        fill(Report.objects.get(unit=unit, period=period), services=[], status="approved")
        say(unit, period, "DV01", value, 11)
    rollup.roll_up(period)
    own, below = give(world.dong_nai, 80, "DV01"), give(world.phuoc_long, 80, "DV01")
    assert read(world.dong_nai, [own], [period], has_summaries=True) == [(7, 11)]
    assert reached_below(world.dong_nai.pk, [below], [period])[world.phuoc_long.pk, "DV01"].actual == (4, 11)


def test_any_number_of_targets_costs_the_same_queries(world, year, django_assert_max_num_queries):
    targets = [give(world.phuoc_long, 90, code) for code in ("TT01", "DD04", "HT01", "DV02")]
    targets += [give(world.phuoc_long, 90, service=f"DVC{n:02d}", rate="online_rate") for n in range(1, 26)]
    targets += [give(world.phuoc_long, 90, "TT01", month=m) for m in range(1, 13)]
    targets += [give(world.phuoc_long, 90, rate="in_time_rate", month=m) for m in range(1, 13)]
    with django_assert_max_num_queries(7):  # one of them: what is out of the headline rates
        assert len(targets_in_force(world.phuoc_long.pk, 2026)) == 53
        read(world.phuoc_long, targets, year)


def test_the_pace_of_a_year_is_that_of_the_findings(world, month, fill):
    periods = [month(f"2026-{n:02d}") for n in range(1, 5)]
    for period in periods:
        fill(Report.objects.get(unit=world.phuoc_long, period=period), services=[], status="approved")
        say(world.phuoc_long, period, "TT01", 100)
    target = give(world.phuoc_long, 1200, "TT01")

    def behind():
        return reached_by_unit(world.phuoc_long.pk, [target], periods, has_summaries=False, pace_months=3)[target.pk]

    assert (behind().is_behind, behind().pace.at_end) == (False, 1200)  # 400 in four months
    Target.objects.update(value=1201)
    target.refresh_from_db()
    assert behind().is_behind is True
    early = reached_by_unit(world.phuoc_long.pk, [target], periods[:2], has_summaries=False, pace_months=3)
    assert early[target.pk].is_behind is None


def test_only_targets_in_force_and_in_the_order_of_the_catalogue(world):
    last = give(world.phuoc_long, 90, "TT01")
    first, second = (
        give(world.phuoc_long, 90, rate="online_rate"),
        give(world.phuoc_long, 9, service="DVC09", rate="online_rate"),
    )
    Target.objects.create(unit=world.phuoc_long, year=2026, rate="in_time_rate", status="proposed", asked=Decimal(90))
    give(world.phuoc_binh, 90, "TT01")
    give(world.phuoc_long, 90, "TT01", year=2027)
    assert targets_in_force(world.phuoc_long.pk, 2026) == [first, second, last]
    assert sorted([last, second, first], key=in_order) == [first, second, last]


# Parent and children -------------------------------------------------------------------------------------------------


def test_numbers_of_children_are_added_rates_and_own_values_are_not(world):
    number, rate, own = (Target(indicator=indicator(code)) for code in ("TT01", "DD04", "DV01"))
    values = [Decimal(100), Decimal(200)]
    assert children_sum(number, values, 2).value == 300
    assert children_sum(number, [], 2).value is None
    assert children_sum(rate, values, 2).value is None
    assert children_sum(Target(rate="online_rate"), values, 2).value is None
    Indicator.objects.filter(code="TT01").update(over_units="own")
    assert children_sum(Target(indicator=indicator("TT01")), values, 2).value is None
    assert children_sum(own, values, 2).value is None


def test_a_difference_is_said_once_every_child_has_a_target(world):
    number = Target(indicator=indicator("TT01"))
    values = [Decimal(100), Decimal(200)]
    assert children_sum(number, values, 2).differs_from(Decimal(301))
    assert not children_sum(number, values, 2).differs_from(Decimal(300))
    assert not children_sum(number, values, 3).differs_from(Decimal(301))
    assert not children_sum(number, values, 2).differs_from(None)


def test_no_finding_of_what_is_only_asked_for_or_of_a_month(world, year):
    for period in year[:3]:
        say(world.phuoc_long, period, "TT01", 1)
        say(world.phuoc_long, period, "DD04", 1, 20)
    Target.objects.create(
        unit=world.phuoc_long, year=2026, indicator=indicator("TT01"), status="proposed", asked=Decimal(9)
    )
    give(world.phuoc_long, 90, "DD04", month=2)
    stretch = Stretch(world.phuoc_long.pk, Basis.OFFICIAL, year[2:3])
    assert year_targets(stretch, year, has_summaries=False) == []
    give(world.phuoc_long, 90, "DD04")
    assert [one.code for one in year_targets(stretch, year, has_summaries=False)] == ["DD04"]
