"""Step 4: totals up the tree, with numbers added by hand."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting import tasks
from reporting.models import (
    Indicator,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    PublicService,
    Report,
    RollupAudit,
    RollupRequest,
    RollupRun,
    ServiceFigures,
    ServiceSummary,
    SubmissionSummary,
)
from reporting.rollup import generation, rollup
from reporting.rollup.audit import audit, latest_alarm
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import FIRST_NEW, LAST_OLD, make_unit

SENT = dt.datetime(2026, 11, 15, 3, 0, tzinfo=dt.UTC)


def set_status(report, status, late=False):
    """What workflow.py would do, without its rules: these tests are about sums."""
    Report.objects.filter(pk=report.pk).update(
        status=status,
        is_late=late,
        submitted_at=None if status == "draft" else SENT,
        approved_at=SENT if status == "approved" else None,
    )
    rollup.mark_dirty(report)


def put(unit, period, status="approved", service="DVC16", **figures):
    """The unit's figures of one service, sent in; marks the totals above."""
    report = Report.objects.get(unit=unit, period=period)
    ServiceFigures.objects.update_or_create(
        report=report, service=PublicService.objects.get(code=service), defaults=figures
    )
    set_status(report, status)
    return report


def put_indicator(unit, period, code, numerator, denominator=None, status="approved"):
    report = Report.objects.get(unit=unit, period=period)
    IndicatorFigure.objects.update_or_create(
        report=report,
        indicator=Indicator.objects.get(code=code),
        defaults={"numerator": numerator, "denominator": denominator},
    )
    set_status(report, status)
    return report


def total(unit, period, field="received_online", basis="official", service="DVC16"):
    """The stored total, or 'no row': a row that is not there and a value not reported are two things."""
    row = ServiceSummary.objects.filter(unit=unit, period=period, basis=basis, service__code=service).first()
    return getattr(row, field) if row else "no row"


def pair(unit, period, code, basis="official"):
    row = IndicatorSummary.objects.filter(unit=unit, period=period, basis=basis, indicator__code=code).first()
    return (row.numerator, row.denominator, row.units_reported) if row else "no row"


def counts(unit, period):
    row = SubmissionSummary.objects.get(unit=unit, period=period)
    return row.expected, row.submitted, row.approved, row.returned, row.late


def sentences():
    """What the only run says of reports left out."""
    return [problem["sentence"] for problem in RollupRun.objects.get().problems]


def rows(period):
    """Every stored row of a month but for what changes with each run."""
    found = {}
    for model in (ServiceSummary, IndicatorSummary, SubmissionSummary):
        names = [f.attname for f in model._meta.concrete_fields if f.name not in {"id", "generation", "computed_at"}]
        found[model.__name__] = sorted(model.objects.filter(period=period).values_list(*names), key=str)
    return found


@pytest.fixture
def month(month):
    """A month just opened, with its expected reports already counted: only what the test does is left to roll up."""

    def opened(key):
        period = month(key)
        rollup.drain()
        RollupRun.objects.all().delete()
        return period

    return opened


@pytest.fixture
def november(month):
    return month("2026-11")


@pytest.fixture
def ratio(world):
    return Indicator.objects.filter(kind="ratio").exclude(owner="register").first().code


@pytest.fixture
def number(world):
    return Indicator.objects.filter(kind="number").exclude(owner="register").first().code


# Sums ----------------------------------------------------------------------------------------------------------------


def test_a_parent_is_its_own_report_and_everything_below(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, received_online=7)
    put(world.dong_nai, november, received_online=5)
    put(world.da_huoai, november, received_online=100)
    assert rollup.drain() == 4
    assert total(world.dong_nai, november) == 22
    assert total(world.lam_dong, november) == 100
    assert total(world.nation, november) == 122
    assert ServiceSummary.objects.get(unit=world.dong_nai, basis="official").units_reported == 3
    assert not ServiceSummary.objects.filter(unit__level="commune").exists()
    assert audit(november) == []


def test_a_figure_counts_once_in_each_level_above(world, month):
    june = month("2024-06")
    put(world.thac_mo, june, received_online=10)
    put(world.an_loc, june, received_online=7)
    rollup.drain()
    assert total(world.tx_phuoc_long, june) == 10
    assert total(world.tx_binh_long, june) == 7
    assert total(world.binh_phuoc, june) == 17
    assert total(world.nation, june) == 17
    assert ServiceSummary.objects.get(unit=world.nation, basis="official").units_reported == 2


def test_each_month_adds_up_by_its_own_tree(world, month):
    june, november = month("2024-06"), month("2026-11")
    put(world.long_thuy, june, received_online=4)
    put(world.phuoc_long, november, received_online=6)  # same code, another body
    rollup.drain()
    assert total(world.tx_phuoc_long, june) == 4
    assert total(world.binh_phuoc, june) == 4
    assert total(world.dong_nai, june) == "no row"
    assert total(world.tx_phuoc_long, november) == "no row"
    assert total(world.dong_nai, november) == 6
    assert (total(world.nation, june), total(world.nation, november)) == (4, 6)


def test_a_unit_moved_to_another_province_stays_where_it_was(world, month):
    november = month("2026-11")
    put(world.phu_rieng, november, received_online=8)
    version = world.phu_rieng.versions.get()
    version.valid_to = dt.date(2026, 12, 31)
    version.save()
    UnitVersion.objects.create(
        unit=world.phu_rieng,
        name=version.name,
        short_name=version.short_name,
        unit_type=version.unit_type,
        parent=world.lam_dong,
        path=world.lam_dong.versions.get().path + f"{world.phu_rieng.pk}/",
        search_key=version.search_key,
        sort_key=version.sort_key,
        valid_from=dt.date(2027, 1, 1),
    )
    february = month("2027-02")
    put(world.phu_rieng, february, received_online=9)
    rollup.drain()
    assert (total(world.dong_nai, november), total(world.lam_dong, november)) == (8, "no row")
    assert (total(world.dong_nai, february), total(world.lam_dong, february)) == ("no row", 9)
    rollup.roll_up(november)
    assert (total(world.dong_nai, november), total(world.lam_dong, november)) == (8, "no row")


def test_ids_that_begin_alike_are_not_mixed_up(world, november):
    """Units /1/4/ and /1/40/: a path is compared with its slashes."""
    short = AdministrativeUnit.objects.create(pk=90000, code="90", level=Level.PROVINCE, opened_on=FIRST_NEW)
    long = AdministrativeUnit.objects.create(pk=900001, code="91", level=Level.PROVINCE, opened_on=FIRST_NEW)
    for unit, value in ((short, 3), (long, 50)):
        path = f"/{world.nation.pk}/{unit.pk}/"
        UnitVersion.objects.create(
            unit=unit,
            name=f"Tỉnh {unit.code}",
            short_name=unit.code,
            unit_type="tinh",
            parent=world.nation,
            path=path,
            search_key=unit.code,
            sort_key=unit.code,
            valid_from=FIRST_NEW,
        )
        Report.objects.create(unit=unit, period=november, path=path, level=Level.PROVINCE)
        put(unit, november, received_online=value)
    rollup.drain()
    assert (total(short, november), total(long, november)) == (3, 50)
    put(short, november, received_online=4)
    assert generation.is_stale(short.pk, [november.pk])
    assert not generation.is_stale(long.pk, [november.pk])


def test_provisional_holds_sent_reports_and_official_only_approved_ones(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, status="submitted", received_online=7)
    put(world.phu_rieng, november, status="returned", received_online=1000)
    put(world.dong_nai, november, status="draft", received_online=1000)
    rollup.drain()
    assert total(world.dong_nai, november, basis="provisional") == 17
    assert total(world.dong_nai, november, basis="official") == 10
    assert counts(world.dong_nai, november) == (4, 2, 1, 1, 0)
    assert counts(world.lam_dong, november) == (2, 0, 0, 0, 0)
    assert counts(world.nation, november)[:3] == (6, 2, 1)


def test_late_counts_only_reports_that_were_sent(world, november):
    set_status(put(world.phuoc_long, november, received_online=1), "submitted", late=True)
    set_status(put(world.phuoc_binh, november, received_online=1), "returned", late=True)
    rollup.drain()
    assert counts(world.dong_nai, november) == (4, 1, 0, 1, 1)


def test_every_late_report_is_counted(world, november):
    """Three of one status under one province, and its own: 2 + 1 are late."""
    for unit, late in ((world.phuoc_long, True), (world.phuoc_binh, True), (world.phu_rieng, False)):
        set_status(put(unit, november, received_online=1), "submitted", late=late)
    set_status(put(world.dong_nai, november, received_online=1), "approved", late=True)
    rollup.drain()
    assert counts(world.dong_nai, november) == (4, 4, 1, 0, 3)


def test_not_reported_is_not_zero(world, november):
    put(world.phuoc_long, november, received_online=0, received_postal=None, resolved_early=3)
    put(world.phuoc_binh, november, received_online=None, received_postal=None, resolved_early=None)
    rollup.drain()
    assert total(world.dong_nai, november, "received_online") == 0
    assert total(world.dong_nai, november, "received_postal") is None
    assert total(world.dong_nai, november, "resolved_early") == 3
    row = ServiceSummary.objects.get(unit=world.dong_nai, basis="official")
    assert row.units_reported == 1  # a row of blanks is not a reporter: an average divides by 1
    assert total(world.lam_dong, november) == "no row"


def test_a_row_of_blanks_alone_is_no_total(world, november):
    put(world.phuoc_long, november, received_online=None)
    rollup.drain()
    assert total(world.dong_nai, november) == "no row"
    assert counts(world.dong_nai, november) == (4, 1, 1, 0, 0)
    assert audit(november) == []


def test_rates_come_from_sums_not_from_rates(world, november, ratio):
    put_indicator(world.phuoc_long, november, ratio, 1, 1)
    put_indicator(world.phuoc_binh, november, ratio, 0, 99)
    rollup.drain()
    assert pair(world.dong_nai, november, ratio) == (1, 100, 2)  # 1 %, where the average of rates says 50 %


def test_a_ratio_of_one_unit_stays_as_it_is(world, november, ratio):
    put_indicator(world.phuoc_long, november, ratio, 50, 100)
    rollup.drain()
    assert pair(world.dong_nai, november, ratio) == (50, 100, 1)
    assert pair(world.nation, november, ratio) == (50, 100, 1)


def test_half_a_ratio_is_in_neither_sum(world, november, ratio):
    put_indicator(world.phuoc_long, november, ratio, 3, 4)
    put_indicator(world.phuoc_binh, november, ratio, 80, None)
    put_indicator(world.phu_rieng, november, ratio, None, 90)
    rollup.drain()
    assert pair(world.dong_nai, november, ratio) == (3, 4, 1)
    assert audit(november) == []


def test_a_number_has_no_denominator_and_keeps_its_zero(world, november, number):
    put_indicator(world.phuoc_long, november, number, 0)
    put_indicator(world.phuoc_binh, november, number, None)
    rollup.drain()
    assert pair(world.dong_nai, november, number) == (0, None, 1)


def test_a_denominator_of_zero_is_kept_as_zero(world, november, ratio):
    put_indicator(world.phuoc_long, november, ratio, 0, 0)
    rollup.drain()
    assert pair(world.dong_nai, november, ratio) == (0, 0, 1)


# Changes -------------------------------------------------------------------------------------------------------------


def test_reopening_drops_the_report_from_the_official_total_at_once(world, november):
    report = put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, received_online=7)
    rollup.drain()
    set_status(report, "returned")
    rollup.drain()
    assert total(world.dong_nai, november) == 7
    assert total(world.dong_nai, november, basis="provisional") == 7


def test_the_last_report_behind_a_total_takes_the_row_with_it(world, november, number):
    report = put(world.phuoc_long, november, received_online=10)
    put_indicator(world.phuoc_long, november, number, 5)
    rollup.drain()
    set_status(report, "draft")
    rollup.drain()
    assert not ServiceSummary.objects.exists()
    assert not IndicatorSummary.objects.exists()
    assert counts(world.dong_nai, november) == (4, 0, 0, 0, 0)


def test_a_late_edit_of_an_early_month_changes_that_month_only(world, month):
    january, february = month("2026-01"), month("2026-02")
    put(world.phuoc_long, january, received_online=10)
    put(world.phuoc_long, february, received_online=20)
    rollup.drain()
    before = rows(february)
    generations = set(ServiceSummary.objects.filter(period=february).values_list("generation", flat=True))
    put(world.phuoc_long, january, received_online=11)
    assert generation.is_stale(world.dong_nai.pk, [january.pk, february.pk])
    assert not generation.is_stale(world.dong_nai.pk, [february.pk])
    rollup.drain()
    assert total(world.dong_nai, january) == 11
    assert rows(february) == before
    assert set(ServiceSummary.objects.filter(period=february).values_list("generation", flat=True)) == generations


def test_a_change_leaves_other_branches_of_the_tree_alone(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.da_huoai, november, received_online=5)
    rollup.drain()
    old = ServiceSummary.objects.get(unit=world.lam_dong, basis="official").generation
    put(world.phuoc_long, november, received_online=12)
    assert not generation.is_stale(world.lam_dong.pk, [november.pk])
    assert generation.is_stale(world.nation.pk, [november.pk])
    rollup.drain()
    assert ServiceSummary.objects.get(unit=world.lam_dong, basis="official").generation == old
    assert (total(world.dong_nai, november), total(world.nation, november)) == (12, 17)


def test_the_first_figure_of_a_new_month_appears(world, month):
    november = month("2026-11")
    put(world.phuoc_long, november, received_online=10)
    rollup.drain()
    december = month("2026-12")
    put(world.phuoc_long, december, received_online=3)
    rollup.drain()
    assert total(world.dong_nai, december) == 3
    assert total(world.dong_nai, november) == 10


def test_a_mark_for_a_unit_without_a_report_goes_up_the_tree_of_that_month(world, november):
    put(world.phuoc_binh, november, received_online=7)
    rollup.drain()
    Report.objects.filter(unit=world.phuoc_long, period=november).delete()
    RollupRequest.objects.create(unit=world.phuoc_long, period=november)
    assert generation.is_stale(world.dong_nai.pk, [november.pk])
    assert counts(world.dong_nai, november)[0] == 4
    rollup.drain()
    assert counts(world.dong_nai, november)[0] == 3
    assert not generation.is_stale(world.dong_nai.pk, [november.pk])


def test_running_twice_gives_the_same_rows(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, status="submitted", received_online=7)
    rollup.drain()
    first = rows(november)
    assert rollup.drain() == 0  # delivered twice: nothing is left to do
    rollup.roll_up(november)
    rollup.roll_up(november)
    assert rows(november) == first


def test_the_whole_month_and_the_drained_marks_agree(world, month, fill):
    june = month("2024-06")
    for base, unit in enumerate((world.thac_mo, world.long_thuy, world.an_loc, world.tx_binh_long), start=1):
        report = fill(Report.objects.get(unit=unit, period=june), base=base, status="approved")
        rollup.mark_dirty(report)
        rollup.drain()
    drained = rows(june)
    for model in (ServiceSummary, IndicatorSummary, SubmissionSummary):
        model.objects.all().delete()
    rollup.roll_up(june)
    assert rows(june) == drained
    assert total(world.binh_phuoc, june) == 6  # 1 + 2 + 3; the catalogue has no DVC16 at a district
    assert audit(june) == []


def test_every_row_carries_the_run_that_made_it(world, november):
    put(world.phuoc_long, november, received_online=10)
    rollup.drain()
    run = RollupRun.objects.get()
    assert run.finished_at is not None
    assert run.units == 2  # Đồng Nai, the nation
    assert set(ServiceSummary.objects.values_list("generation", flat=True)) == {run.pk}


def test_one_run_for_each_month_and_every_request_is_used_up(world, month):
    for period in (month("2026-10"), month("2026-11")):
        put(world.phuoc_long, period, received_online=1)
        put(world.phuoc_binh, period, received_online=1)
    assert tasks.drain_rollup_requests() == 4
    assert RollupRun.objects.count() == 2
    assert not RollupRequest.objects.exists()


def test_a_failure_in_the_middle_keeps_the_old_totals_and_the_requests(world, november, monkeypatch):
    put(world.phuoc_long, november, received_online=10)
    rollup.drain()
    before = rows(november)
    put(world.phuoc_long, november, received_online=99)
    broken = (*rollup._STATEMENTS[:2], "SELECT nothing FROM nowhere")
    with monkeypatch.context() as patch:
        patch.setattr(rollup, "_STATEMENTS", broken)
        with pytest.raises(DatabaseError):
            rollup.drain()
    assert rows(november) == before
    assert generation.is_stale(world.dong_nai.pk, [november.pk])
    assert rollup.drain() == 1
    assert total(world.dong_nai, november) == 99
    assert not generation.is_stale(world.dong_nai.pk, [november.pk])


def test_a_month_that_fails_does_not_stop_the_next(world, month, monkeypatch):
    october, november = month("2026-10"), month("2026-11")
    put(world.phuoc_long, october, received_online=1)
    put(world.phuoc_long, november, received_online=2)
    whole = rollup._recompute

    def fails_in_october(period, unit_ids):
        if period == october:
            raise DatabaseError("no")
        return whole(period, unit_ids)

    monkeypatch.setattr(rollup, "_recompute", fails_in_october)
    with pytest.raises(DatabaseError):
        rollup.drain()
    assert total(world.dong_nai, november) == 2
    assert list(RollupRequest.objects.values_list("period_id", flat=True)) == [october.pk]


# Marks that arrive meanwhile ---------------------------------------------------------------------------------------


def test_a_month_another_worker_has_done_meanwhile_is_not_rolled_up_again(world, november, monkeypatch):
    """The run of the other worker stays the latest, with the problems it names."""
    put(world.phuoc_long, november, received_online=4)

    def waited_for(period_id):
        RollupRequest.objects.all().delete()
        return Period.objects.get(pk=period_id)

    monkeypatch.setattr(rollup, "locked_period", waited_for)
    assert rollup.drain() == 0
    assert not RollupRun.objects.exists()


@pytest.mark.parametrize("way", ["drain", "roll_up"])
def test_a_mark_that_arrives_while_a_roll_up_runs_is_not_deleted(world, november, monkeypatch, way):
    """The figures were read before the change: its mark must outlive the roll-up that did not see it."""
    report = put(world.phuoc_long, november, received_online=10)
    whole, changes = rollup._recompute, iter([12])

    def changed_meanwhile(period, unit_ids):
        run = whole(period, unit_ids)
        for value in changes:  # the first time only
            ServiceFigures.objects.filter(report=report).update(received_online=value)
            rollup.mark_dirty(report)
        return run

    monkeypatch.setattr(rollup, "_recompute", changed_meanwhile)
    rollup.drain() if way == "drain" else rollup.roll_up(november)
    assert total(world.dong_nai, november) == 10
    assert RollupRequest.objects.count() == 1
    assert generation.is_stale(world.dong_nai.pk, [november.pk])
    assert rollup.drain() == 1
    assert total(world.dong_nai, november) == 12
    assert audit(november) == []


def test_a_roll_up_of_one_unit_leaves_the_marks_and_the_other_units(world, november):
    """It reads its own part of the tree only, so it may not say that all is done."""
    put(world.phuoc_long, november, received_online=10)
    put(world.da_huoai, november, received_online=5)
    rollup.roll_up(november, world.dong_nai.pk)
    assert (total(world.dong_nai, november), total(world.lam_dong, november)) == (10, "no row")
    assert total(world.nation, november) == 15  # the nation is above the unit: wholly made anew
    assert RollupRequest.objects.count() == 2
    assert generation.is_stale(world.lam_dong.pk, [november.pk])
    rollup.drain()
    assert total(world.lam_dong, november) == 5


def test_totals_after_a_correction_are_those_of_a_roll_up_of_the_unit_and_of_the_month(world, month):
    """A corrected value, a value taken away and a report taken back: drained, by unit and by month, the same rows."""
    june = month("2024-06")
    put(world.thac_mo, june, received_online=10, received_postal=4)
    put(world.long_thuy, june, received_online=7)
    back = put(world.an_loc, june, received_online=3)
    rollup.drain()
    assert (total(world.binh_phuoc, june), total(world.binh_phuoc, june, "received_postal")) == (20, 4)
    put(world.thac_mo, june, received_online=1, received_postal=None)
    set_status(back, "returned")
    requests = list(RollupRequest.objects.values_list("unit_id", flat=True))
    rollup.drain()
    drained = rows(june)
    assert (total(world.tx_phuoc_long, june), total(world.tx_binh_long, june)) == (8, "no row")
    assert (total(world.binh_phuoc, june), total(world.binh_phuoc, june, "received_postal")) == (8, None)
    assert sorted(requests) == sorted([world.thac_mo.pk, world.an_loc.pk])
    for unit in (world.tx_phuoc_long, world.binh_phuoc, world.thac_mo, world.nation):
        ServiceSummary.objects.filter(period=june).update(received_online=999)
        rollup.roll_up(june, unit.pk)
        left = ServiceSummary.objects.filter(period=june, received_online=999)
        below = {world.tx_phuoc_long.pk, world.binh_phuoc.pk, world.nation.pk}  # An Lộc's district has no row left
        assert not left.filter(unit__in=below).exists()
    rollup.roll_up(june)
    assert rows(june) == drained


@pytest.mark.parametrize(("opened", "closed", "counts_in"), [
    (0, None, True),  # opens on the month's last day
    (1, None, False),
    (-400, 0, True),  # ends with it
    (-400, -1, False),
])  # fmt: skip
def test_the_first_and_the_last_day_of_a_unit_decide_whether_it_owes_and_counts(
    world, month, opened, closed, counts_in
):
    last = dt.date(2026, 11, 14)
    day = lambda shift: None if shift is None else last + dt.timedelta(days=shift)  # noqa: E731
    unit = make_unit("39001", "Xã Biên", "xa", Level.COMMUNE, world.dong_nai, opened=day(opened), closed=day(closed))
    november = month("2026-11")
    assert Report.objects.filter(unit=unit, period=november).exists() is counts_in
    assert counts(world.dong_nai, november)[0] == 4 + counts_in
    if counts_in:
        put(unit, november, received_online=9)
        rollup.drain()
        assert total(world.dong_nai, november) == 9
    assert audit(november) == []


def test_a_district_counts_on_its_first_and_last_day(world, month):
    """The districts ended on 30 June 2025: a month whose data end that day has them, one that ends a day later not."""
    from reporting.expected import expected_units

    with_districts = {v.unit_id for v in expected_units(LAST_OLD)}
    without = {v.unit_id for v in expected_units(FIRST_NEW)}
    assert {world.tx_phuoc_long.pk, world.binh_phuoc.pk, world.thac_mo.pk} <= with_districts
    assert {world.dong_nai.pk, world.phuoc_long.pk} <= without
    assert not with_districts & without
    period = Period.objects.create(year=2025, month=7, data_from=dt.date(2025, 6, 1), data_to=LAST_OLD)
    path = world.thac_mo.versions.get().path
    Report.objects.create(unit=world.thac_mo, period=period, path=path, level=Level.COMMUNE)
    put(world.thac_mo, period, received_online=5)
    rollup.drain()
    assert (total(world.tx_phuoc_long, period), total(world.binh_phuoc, period)) == (5, 5)
    assert audit(period) == []


# One bad unit --------------------------------------------------------------------------------------------------------


def test_a_report_outside_the_tree_is_left_out_and_named(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, received_online=7)
    Report.objects.filter(unit=world.phu_rieng, period=november).update(path=f"/999999/{world.phu_rieng.pk}/")
    put(world.phu_rieng, november, received_online=1000)
    rollup.drain()
    assert total(world.dong_nai, november) == 17
    (sentence,) = sentences()
    assert "Xã Phú Riềng (mã 25390), tháng 11/2026" in sentence
    assert "không có trong cây đơn vị ngày 14/11/2026" in sentence
    for unit, problems in ((world.dong_nai, [sentence]), (world.nation, [sentence]), (world.lam_dong, [])):
        assert rollup.latest_problems(unit.pk, [november.pk]) == problems
    assert any("Xã Phú Riềng" in line for line in audit(november))


def test_a_unit_without_a_name_that_day_is_left_out(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, received_online=7)
    world.phuoc_binh.versions.update(valid_to=LAST_OLD + dt.timedelta(days=1))
    rollup.drain()
    assert total(world.dong_nai, november) == 10
    assert counts(world.dong_nai, november)[:2] == (3, 1)
    assert "Phường Phước Bình (mã 25220)" in sentences()[0]


def test_figures_no_sum_can_hold_are_left_out(world, november):
    put(world.phuoc_long, november, received_online=10)
    put(world.phuoc_binh, november, received_online=9 * 10**18)
    put(world.phu_rieng, november, received_online=9 * 10**18)
    rollup.drain()
    assert total(world.dong_nai, november) == 10
    assert ["quá lớn" in sentence for sentence in sentences()] == [True, True]
    put(world.phuoc_binh, november, received_online=7)
    put(world.phu_rieng, november, received_online=1)
    rollup.drain()
    assert total(world.dong_nai, november) == 18
    assert rollup.latest_problems(world.dong_nai.pk, [november.pk]) == []


# Audit and commands --------------------------------------------------------------------------------------------------


def test_the_audit_names_each_differing_cell(world, november, capsys):
    put(world.phuoc_long, november, received_online=10)
    rollup.drain()
    ServiceSummary.objects.filter(unit=world.dong_nai, basis="official").update(received_online=11)
    assert audit(november) == [
        "Tỉnh Đồng Nai, chính thức, DVC16, received_online: đang lưu 11, tính lại từ báo cáo 10."
    ]
    with pytest.raises(CommandError, match="2026-11: 1 differences") as refused:
        call_command("audit_rollup", "2026-11")
    assert refused.value.returncode == 1
    assert "Tỉnh Đồng Nai, chính thức, DVC16, received_online: đang lưu 11" in capsys.readouterr().out


def test_the_audit_sees_a_row_too_many_and_a_row_missing(world, november, number):
    put_indicator(world.phuoc_long, november, number, 4)
    rollup.drain()
    IndicatorSummary.objects.filter(unit=world.dong_nai, basis="official").delete()
    SubmissionSummary.objects.filter(unit=world.lam_dong).delete()
    stray = IndicatorSummary.objects.get(unit=world.nation, basis="official")
    stray.pk, stray.unit = None, world.lam_dong
    stray.save()
    sentences = audit(november)
    assert f"Tỉnh Đồng Nai, chính thức, {number}, numerator: đang lưu không có, tính lại từ báo cáo 4." in sentences
    assert f"Tỉnh Lâm Đồng, chính thức, {number}, numerator: đang lưu 4, tính lại từ báo cáo không có." in sentences


def test_the_nightly_audit_raises_an_alarm_until_it_is_clean(world, november, caplog):
    put(world.phuoc_long, november, received_online=10)
    assert tasks.audit_rollup() == 0  # drains first
    assert latest_alarm([november.pk]) is None
    ServiceSummary.objects.filter(unit=world.nation).update(received_online=1)
    assert tasks.audit_rollup() == 1
    alarm = latest_alarm([november.pk])
    assert len(alarm.differences) == 2  # both bases
    assert any(record.levelname == "ERROR" for record in caplog.records)
    rollup.roll_up(november)
    assert tasks.audit_rollup() == 0
    assert latest_alarm([november.pk]) is None
    assert RollupAudit.objects.count() == 3


def test_totals_that_wait_for_a_roll_up_raise_no_alarm(world, november):
    put(world.phuoc_long, november, received_online=10)
    assert audit(november) == []


def test_commands_roll_up_a_month_or_one_unit(world, november, capsys):
    put(world.phuoc_long, november, received_online=10)
    put(world.da_huoai, november, received_online=5)
    RollupRequest.objects.all().delete()
    call_command("rollup", "2026-11", unit="75")
    assert (total(world.dong_nai, november), total(world.nation, november)) == (10, 15)
    assert total(world.lam_dong, november) == "no row"
    call_command("rollup", "2026-11")
    assert total(world.lam_dong, november) == 5
    assert "2026-11: totals of 3 units" in capsys.readouterr().out
    call_command("audit_rollup", "2026-11")
    assert "agree with the figures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2026-13"], "no month"),
        (["2026-Q1"], "no month"),
        (["2026-12"], "not opened"),
        (["2026-11", "--unit", "99"], "no unit"),
    ],
)
def test_commands_say_what_is_wrong(world, november, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("rollup", *arguments)


# Whatever the number of communes -------------------------------------------------------------------------------------


def drain_queries():
    with CaptureQueriesContext(
        connection,
    ) as captured:
        rollup.drain()
    return len(captured)


def test_a_roll_up_takes_as_many_queries_for_forty_communes_as_for_one(world, month):
    november = month("2026-11")
    put(world.phuoc_long, november, received_online=1)
    few = drain_queries()
    assert few <= 26
    for number in range(40):
        make_unit(f"30{number:03d}", f"Xã Số {number}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    december = month("2026-12")
    for report in Report.objects.filter(period=december, level="commune"):
        put(report.unit, december, received_online=1)
    assert drain_queries() == few
    assert total(world.dong_nai, december) == 43


values = st.none() | st.integers(0, 50)
reports = st.lists(
    st.tuples(
        st.integers(0, 6),  # which unit of the tree
        st.sampled_from(["draft", "submitted", "returned", "approved"]),
        values,
        values,
        values,
        values,
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=reports, at_once=st.booleans())
def test_any_set_of_reports_adds_up_like_a_plain_loop(world, month, ratio, reports, at_once):
    units = [
        world.binh_phuoc,
        world.tx_phuoc_long,
        world.tx_binh_long,
        world.thac_mo,
        world.long_thuy,
        world.an_loc,
        world.nation,
    ]
    above = {
        world.thac_mo: [world.tx_phuoc_long, world.binh_phuoc, world.nation],
        world.long_thuy: [world.tx_phuoc_long, world.binh_phuoc, world.nation],
        world.an_loc: [world.tx_binh_long, world.binh_phuoc, world.nation],
        world.tx_phuoc_long: [world.tx_phuoc_long, world.binh_phuoc, world.nation],
        world.tx_binh_long: [world.tx_binh_long, world.binh_phuoc, world.nation],
        world.binh_phuoc: [world.binh_phuoc, world.nation],
    }
    with transaction.atomic():
        june = month("2024-06")
        last = {}
        for index, status, online, postal, numerator, denominator in reports:
            if units[index] == world.nation:  # the nation owes no report
                continue
            put(units[index], june, status=status, received_online=online, received_postal=postal)
            put_indicator(units[index], june, ratio, numerator, denominator, status=status)
            last[units[index]] = status, online, postal, numerator, denominator
            if not at_once:
                rollup.drain()
        rollup.drain()
        for parent in (world.tx_phuoc_long, world.tx_binh_long, world.binh_phuoc, world.nation):
            for basis, statuses in (("official", {"approved"}), ("provisional", {"approved", "submitted"})):
                held = [r for unit, r in last.items() if parent in above[unit] and r[0] in statuses]
                typed = [r for r in held if r[1] is not None or r[2] is not None]
                expected = []
                for column in (1, 2):
                    known = [r[column] for r in held if r[column] is not None]
                    expected.append((sum(known) if known else None) if typed else "no row")
                assert total(parent, june, "received_online", basis) == expected[0]
                assert total(parent, june, "received_postal", basis) == expected[1]
                whole = [r for r in held if r[3] is not None and r[4] is not None]
                sums = (sum(r[3] for r in whole), sum(r[4] for r in whole), len(whole)) if whole else "no row"
                assert pair(parent, june, ratio, basis) == sums
            below = [r[0] for unit, r in last.items() if parent in above[unit]]
            handed_in = len([status for status in below if status in {"approved", "submitted"}])
            owed = {world.tx_phuoc_long: 3, world.tx_binh_long: 2, world.binh_phuoc: 6, world.nation: 6}[parent]
            row = SubmissionSummary.objects.get(unit=parent, period=june)
            assert (row.approved, row.submitted, row.expected) == (below.count("approved"), handed_in, owed)
        assert audit(june) == []
        transaction.set_rollback(True)


def test_opening_a_month_marks_nothing_and_a_month_without_reports_rolls_up_to_nothing(world):
    empty = Period.objects.create(year=2020, month=1, data_from=dt.date(2019, 12, 15), data_to=dt.date(2020, 1, 14))
    run = rollup.roll_up(empty)
    assert (run.units, run.problems) == (0, [])
    assert audit(empty) == []
