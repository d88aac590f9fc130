"""Step 4 at its edges: what waits under a unit, what a run leaves out and says of it."""

import datetime as dt

import pytest

from de_an_06.plain.numbers import LARGEST
from reporting.models import Report, RollupRequest, RollupRun
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import FIRST_NEW
from tests.test_rollup import put, total

LAST, DAY = dt.date(2026, 11, 14), dt.timedelta(days=1)  # of November's data


@pytest.fixture
def november(month):
    """Opened and rolled up: nothing waits."""
    period = month("2026-11")
    rollup.drain()
    return period


def waits(period, *units):
    return [rollup.is_stale(unit.pk, [period.pk]) for unit in units]


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


def test_what_an_earlier_version_said_without_a_place_is_left_out(world, november):
    here = {"path": f"/{world.nation.pk}/{world.dong_nai.pk}/7/", "sentence": "Xã Bảy: chưa cộng vào tổng."}
    RollupRun.objects.create(period=november, problems=["Xã Sáu: chưa cộng vào tổng.", here])
    assert rollup.latest_problems(world.dong_nai.pk, [november.pk]) == [here["sentence"]]
    assert rollup.latest_problems(world.lam_dong.pk, [november.pk]) == []


def test_a_report_of_a_unit_that_no_line_names_any_more_is_named_by_its_code(world, november):
    UnitVersion.objects.filter(unit=world.phu_rieng).delete()
    put(world.phu_rieng, november, received_online=5)
    put(world.phuoc_long, november, received_online=7)
    rollup.drain()
    assert total(world.dong_nai, november) == 7
    (said,) = rollup.latest_problems(world.dong_nai.pk, [november.pk])
    assert said.startswith("Đơn vị (mã 25390), tháng 11/2026: chưa cộng vào tổng, vì không có trong cây đơn vị")


def test_the_largest_number_a_page_accepts_counts_where_others_are_too_large(world, november):
    put(world.phuoc_long, november, received_online=LARGEST)
    put(world.phuoc_binh, november, received_online=9 * 10**18)
    put(world.phu_rieng, november, received_online=9 * 10**18)
    rollup.drain()
    assert total(world.dong_nai, november) == LARGEST
