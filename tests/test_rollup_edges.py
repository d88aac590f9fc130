"""Step 4 at its edges: what waits under a unit, what a run leaves out and says of it, what an audit compares."""

import datetime as dt

import pytest
from django.utils import timezone

from de_an_06.plain.numbers import LARGEST
from reporting.models import Indicator, Report, RollupAudit, RollupRequest, RollupRun
from reporting.rollup import generation, rollup
from reporting.rollup.audit import audit, latest_alarm
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import FIRST_NEW
from tests.test_rollup import counts, pair, put, put_indicator, set_status, total

LAST, DAY = dt.date(2026, 11, 14), dt.timedelta(days=1)  # of November's data


@pytest.fixture
def november(month):
    """Opened and rolled up: nothing waits."""
    period = month("2026-11")
    rollup.drain()
    return period


def waits(period, *units):
    return [generation.is_stale(unit.pk, [period.pk]) for unit in units]


@pytest.mark.parametrize(
    ("first", "last", "is_stale"),
    [
        (FIRST_NEW, None, True),
        (LAST, LAST, True),  # that day alone
        (FIRST_NEW, LAST - DAY, False),
        (LAST + DAY, None, False),
    ],
)
def test_a_mark_of_a_unit_without_a_report_waits_where_the_unit_stood_on_the_last_day(
    world, november, first, last, is_stale
):
    Report.objects.filter(unit=world.phu_rieng).delete()
    UnitVersion.objects.filter(unit=world.phu_rieng).update(valid_from=first, valid_to=last)
    RollupRequest.objects.create(unit=world.phu_rieng, period=november)
    assert waits(november, world.dong_nai, world.nation, world.lam_dong) == [is_stale, is_stale, False]


def test_a_mark_of_a_report_waits_where_the_report_stands(world, november):
    """Its unit is in no tree that day: the report alone says where the total misses it."""
    UnitVersion.objects.filter(unit=world.phu_rieng).update(valid_to=LAST - DAY)
    rollup.mark_dirty(Report.objects.get(unit=world.phu_rieng))
    assert waits(november, world.dong_nai, world.nation, world.lam_dong) == [True, True, False]


@pytest.mark.parametrize("by_report", [True, False])
def test_a_mark_waits_under_no_unit_whose_number_only_looks_alike(world, november, by_report):
    """9000 is no part of 90001, 19000 or 190002."""
    units = {pk: AdministrativeUnit.objects.create(pk=pk, code=f"{pk}"[-5:], level=Level.PROVINCE, opened_on=FIRST_NEW)
             for pk in (9000, 90001, 19000, 190002)}  # fmt: skip
    for pk in (90001, 19000, 190002):
        path = f"/{world.nation.pk}/{pk}/"
        if by_report:
            Report.objects.create(unit_id=pk, period=november, path=path, level=Level.PROVINCE)
        else:
            UnitVersion.objects.create(
                unit_id=pk, name="Tỉnh", short_name="Tỉnh", unit_type="tinh", parent=world.nation, path=path,
                search_key="x", sort_key="x", valid_from=FIRST_NEW,
            )  # fmt: skip
        RollupRequest.objects.create(unit_id=pk, period=november)
    assert waits(november, *units.values(), world.nation) == [False, True, True, True, True]


def test_a_roll_up_of_a_province_makes_the_totals_of_its_districts_anew(world, month):
    june = month("2024-06")
    put(world.thac_mo, june, received_online=10)
    rollup.roll_up(june, world.binh_phuoc.pk)
    assert [total(unit, june) for unit in (world.tx_phuoc_long, world.binh_phuoc, world.nation)] == [10, 10, 10]


def test_what_an_earlier_version_said_without_a_place_is_left_out(world, november):
    here = {"path": f"/{world.nation.pk}/{world.dong_nai.pk}/7/", "sentence": "Xã Bảy: chưa cộng vào tổng."}
    RollupRun.objects.create(period=november, problems=["Xã Sáu: chưa cộng vào tổng.", here])
    assert rollup.latest_problems(world.dong_nai.pk, [november.pk]) == [here["sentence"]]
    assert rollup.latest_problems(world.lam_dong.pk, [november.pk]) == []


def test_a_report_of_a_unit_that_no_line_names_any_more_leaves_the_totals_and_is_named_by_its_code(world, november):
    put(world.phu_rieng, november, received_online=5)
    put(world.phuoc_long, november, received_online=7)
    rollup.drain()
    assert total(world.dong_nai, november) == 12
    UnitVersion.objects.filter(unit=world.phu_rieng).delete()
    rollup.mark_dirty(Report.objects.get(unit=world.phu_rieng))
    rollup.drain()
    assert total(world.dong_nai, november) == 7
    (said,) = rollup.latest_problems(world.dong_nai.pk, [november.pk])
    assert said.startswith("Đơn vị (mã 25390), tháng 11/2026: chưa cộng vào tổng, vì không có trong cây đơn vị")
    assert audit(november) == ["Báo cáo tháng 11/2026 của đơn vị mã 25390 không có trong tổng nào."]


def test_the_largest_number_a_page_accepts_counts_where_others_are_too_large(world, november):
    put(world.phuoc_long, november, received_online=LARGEST)
    put(world.phuoc_binh, november, received_online=9 * 10**18)
    put(world.phu_rieng, november, received_online=9 * 10**18)
    rollup.drain()
    assert total(world.dong_nai, november) == LARGEST
    names = "Phường Phước Bình", "Xã Phú Riềng"
    assert audit(november) == [f"Báo cáo tháng 11/2026 của {name} không có trong tổng nào." for name in names]


@pytest.mark.parametrize("more", [-1, 0])
def test_an_audit_knows_what_a_column_holds(world, november, more):
    """2^63 - 1 is the last number; at 2^63 the roll-up leaves both reports out and names them."""
    put(world.phuoc_long, november, received_online=2**62)
    put(world.phuoc_binh, november, received_online=2**62 + more)
    rollup.drain()
    assert total(world.dong_nai, november) == ("no row" if more == 0 else 2**63 - 1)
    assert len(audit(november)) == (2 if more == 0 else 0)


# The audit -----------------------------------------------------------------------------------------------------------


def test_a_report_that_stands_nowhere_though_its_unit_was_there_is_named(world, november):
    Report.objects.filter(unit=world.phu_rieng).update(path=f"/{world.phu_rieng.pk}/")
    rollup.roll_up(november)
    assert audit(november) == ["Báo cáo tháng 11/2026 của Xã Phú Riềng không có trong tổng nào."]


def test_totals_of_a_unit_that_left_every_tree_raise_no_alarm_while_they_wait(world, november):
    put(world.da_huoai, november, received_online=10)
    rollup.drain()
    gone = [world.lam_dong, world.da_huoai]
    Report.objects.filter(unit__in=gone).delete()
    UnitVersion.objects.filter(unit__in=gone).delete()
    for unit in (world.lam_dong, world.nation):
        RollupRequest.objects.create(unit=unit, period=november)
    assert audit(november) == []


def test_an_audit_looks_for_no_own_total_at_a_commune(world, november):
    """What is never added over units stays in the commune's report alone: no stored total, none missing."""
    Indicator.objects.filter(code="NL01").update(over_units=Indicator.OverUnits.OWN)
    put_indicator(world.phuoc_long, november, "NL01", 5)
    rollup.drain()
    assert pair(world.dong_nai, november, "NL01") == "no row"
    assert audit(november) == []


def test_an_audit_counts_the_cells_it_compared(world, november):
    """One report with one figure: 5 counts of 3 units, and 2 values (units, figure) of 2 units on both bases."""
    put(world.phuoc_long, november, received_online=10)
    rollup.drain()
    assert audit(november) == []
    assert RollupAudit.objects.get().cells == 5 * 3 + 2 * 2 * 2


def test_an_audit_agrees_on_what_was_late_and_sent_back(world, november):
    for unit, status in ((world.phuoc_long, "submitted"), (world.phuoc_binh, "returned"), (world.da_huoai, "returned")):
        set_status(put(unit, november, received_online=1), status, late=True)
    rollup.drain()
    assert counts(world.nation, november) == (6, 1, 0, 2, 1)
    assert audit(november) == []


def test_of_several_months_with_a_difference_the_newest_audit_is_the_alarm(world, month):
    periods = [month("2026-11"), month("2026-10"), month("2026-09")]
    audits = [
        RollupAudit.objects.create(period=p, checked_at=timezone.now(), cells=1, differences=["Lệch."]) for p in periods
    ]
    assert latest_alarm([p.pk for p in periods]) == audits[2]
    assert latest_alarm([p.pk for p in periods[:2]]) == audits[1]
