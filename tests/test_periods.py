"""Deadlines on working days, expected reports by date."""

import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from de_an_06.plain.spans import CALENDAR, FIFTEENTH, Month
from reporting import periods
from reporting.expected import settle
from reporting.models import (
    Holiday,
    IndicatorTerms,
    LevelSetting,
    ParticipatingArea,
    Period,
    PeriodClosure,
    Report,
    ReportingSettings,
    RollupRequest,
    ServiceTerms,
)
from taskforces.models import AdministrativeUnit, Level, UnitVersion

D = dt.date
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.django_db
def test_server_in_utc_still_lives_in_vietnam(settings):
    ReportingSettings.load()
    # 14 November 17:00 UTC is already 15 November in Vietnam: November is over
    assert periods.current_month(dt.datetime(2026, 11, 14, 16, 59, 59, tzinfo=dt.UTC)) == Month(2026, 10)
    assert periods.current_month(dt.datetime(2026, 11, 14, 17, 0, 0, tzinfo=dt.UTC)) == Month(2026, 11)
    # 31 January 17:00 UTC is 1 February
    assert periods.current_month(dt.datetime(2026, 1, 31, 17, 0, tzinfo=dt.UTC)) == Month(2026, 1)


@pytest.mark.django_db
def test_next_working_day():
    Holiday.objects.create(day=D(2026, 11, 16), name="nghỉ")  # a Monday
    Holiday.objects.create(day=D(2026, 11, 21), name="làm bù", is_working_day=True)  # a Saturday
    assert periods.next_working_day(D(2026, 11, 13)) == D(2026, 11, 13)
    assert periods.next_working_day(D(2026, 11, 14)) == D(2026, 11, 17)
    assert periods.next_working_day(D(2026, 11, 21)) == D(2026, 11, 21)
    assert periods.next_working_day(D(2026, 11, 22)) == D(2026, 11, 23)


def local(moment):
    return moment.astimezone(HANOI).replace(tzinfo=None)


def test_deadlines_of_november_2026(world, month):
    period = month("2026-11")
    found = {d.level: local(d.due_at) for d in period.deadlines.all()}
    assert found == {"commune": dt.datetime(2026, 11, 16, 17), "province": dt.datetime(2026, 11, 20, 17)}


def test_three_tiers_have_three_deadlines_each_its_own_day(world, month):
    # 16 November 2024 is a Saturday: the commune's day moves to Monday the 18th, so the district gets the 19th
    found = {d.level: local(d.due_at).date() for d in month("2024-11").deadlines.all()}
    assert found == {"commune": D(2024, 11, 18), "district": D(2024, 11, 19), "province": D(2024, 11, 20)}


def test_tet_moves_the_deadline(world, month):
    # data end on 14 February 2026; Tết is 14 to 22 February
    found = {d.level: local(d.due_at).date() for d in month("2026-02").deadlines.all()}
    assert found == {"commune": D(2026, 2, 23), "province": D(2026, 2, 24)}


def names(period):
    return set(Report.objects.filter(period=period).values_list("unit_id", flat=True))


def test_expected_reports_follow_the_tree_of_the_last_day(world, month):
    w = world
    old = {w.binh_phuoc.pk, w.tx_phuoc_long.pk, w.tx_binh_long.pk, w.thac_mo.pk, w.long_thuy.pk, w.an_loc.pk}
    new = {w.dong_nai.pk, w.phuoc_long.pk, w.phuoc_binh.pk, w.phu_rieng.pk, w.lam_dong.pk, w.da_huoai.pk}
    assert names(month("2024-11")) == old
    assert names(month("2025-06")) == old  # data to 14 June 2025
    assert names(month("2025-07")) == new  # straddles the change: its last day decides
    report = Report.objects.get(unit=w.thac_mo, period__year=2024)
    assert report.path == f"/{w.nation.pk}/{w.binh_phuoc.pk}/{w.tx_phuoc_long.pk}/{w.thac_mo.pk}/"
    assert report.level == Level.COMMUNE


def test_only_participating_areas_owe(world, month):
    ParticipatingArea.objects.all().delete()
    ParticipatingArea.objects.create(unit=world.dong_nai, valid_from=D(2026, 9, 1), valid_to=D(2026, 11, 13))
    assert names(month("2026-10")) == {
        u.pk for u in (world.dong_nai, world.phuoc_long, world.phuoc_binh, world.phu_rieng)
    }
    assert names(month("2026-11")) == set()  # no longer on the last day
    assert names(month("2026-08")) == set()


def test_a_level_without_own_report_owes_nothing(world, month):
    LevelSetting.objects.filter(level="province").update(reports=False)
    assert world.dong_nai.pk not in names(month("2026-11"))


def test_a_level_with_nothing_to_report_owes_nothing(world, month):
    ServiceTerms.objects.update(at_province=False)
    IndicatorTerms.objects.exclude(indicator__owner="register").update(at_province=False)
    assert world.dong_nai.pk not in names(month("2026-11"))  # a register alone makes no report


@pytest.mark.parametrize("silent", [ServiceTerms, IndicatorTerms])
def test_services_or_indicators_alone_are_enough_to_owe_a_report(world, month, silent):
    for terms in (ServiceTerms, IndicatorTerms):
        terms.objects.update(at_province=terms is not silent)
    assert world.dong_nai.pk in names(month("2026-11"))


def test_opening_twice_changes_nothing(world, month):
    period = month("2026-11")
    assert RollupRequest.objects.filter(period=period).count() == 6
    before = list(Report.objects.order_by("pk").values())
    deadline = period.deadlines.get(level="commune")
    deadline.due_at += dt.timedelta(days=1)  # an administrator moved it
    deadline.save()
    RollupRequest.objects.all().delete()
    assert month("2026-11") == period
    assert list(Report.objects.order_by("pk").values()) == before
    assert period.deadlines.get(level="commune").due_at == deadline.due_at
    assert not RollupRequest.objects.exists()
    assert Period.objects.count() == 1


def test_a_unit_that_ends_leaves_expected_unless_it_was_worked_on(world, month, fill):
    period = month("2026-11")
    untouched, touched = (Report.objects.get(period=period, unit=u) for u in (world.phuoc_binh, world.phu_rieng))
    fill(untouched)  # figures carried over by the portal are no work of a person
    Report.objects.filter(pk=touched.pk).update(saved_at=timezone.now())
    for unit in (world.phuoc_binh, world.phu_rieng):
        AdministrativeUnit.objects.filter(pk=unit.pk).update(closed_on=D(2026, 11, 1))
        UnitVersion.objects.filter(unit=unit).update(valid_to=D(2026, 11, 1))
    RollupRequest.objects.all().delete()
    month("2026-11")
    assert not Report.objects.filter(pk=untouched.pk).exists()
    assert Report.objects.filter(pk=touched.pk).exists()
    assert world.dong_nai.pk in set(RollupRequest.objects.values_list("unit_id", flat=True))


def test_a_new_unit_joins_and_a_moved_one_gets_its_path(world, month):
    period = month("2026-11")
    Report.objects.filter(unit=world.phu_rieng).update(
        path=f"/{world.nation.pk}/{world.lam_dong.pk}/{world.phu_rieng.pk}/"
    )
    Report.objects.filter(unit=world.phuoc_binh).delete()
    RollupRequest.objects.all().delete()
    month("2026-11")
    assert names(period) >= {world.phuoc_binh.pk}
    moved = Report.objects.get(unit=world.phu_rieng)
    assert moved.path == world.phu_rieng.versions.get().path
    stale = set(RollupRequest.objects.values_list("unit_id", flat=True))
    assert {world.lam_dong.pk, world.phu_rieng.pk, world.phuoc_binh.pk} <= stale


def close(period, province, by, **opened_again):
    now = timezone.now()
    PeriodClosure.objects.create(period=period, province=province, closed_by=by, closed_at=now, **opened_again)


@pytest.mark.parametrize("state", ["open", "closed", "opened again"])
def test_a_month_keeps_its_reports_only_where_and_while_a_province_has_closed_it(world, month, state):
    """Đồng Nai closed it, Lâm Đồng did not. Both lost a commune's report, and provinces owe none any more."""
    november = month("2026-11")
    if state != "open":
        again = {"reopened_at": timezone.now(), "reopened_by": world.staff, "reopen_reason": "Sửa"}
        close(november, world.dong_nai, world.staff, **again if state == "opened again" else {})
    Report.objects.filter(unit__in=[world.phuoc_long, world.da_huoai]).delete()
    LevelSetting.objects.filter(level="province").update(reports=False)
    done = settle(november)
    in_dong_nai = world.dong_nai if state == "closed" else world.phuoc_long
    assert names(november) == {u.pk for u in (in_dong_nai, world.phuoc_binh, world.phu_rieng, world.da_huoai)}
    changed = 1 if state == "closed" else 2
    assert (done.added, done.removed, done.moved, done.losses) == (changed, changed, 0, [])


def stand_elsewhere(unit, province):
    path = f"{province.versions.get().path}{unit.pk}/"
    Report.objects.filter(unit=unit).update(path=path)
    return path


def test_settling_some_units_leaves_the_others_as_they_are(world, month):
    """In Đồng Nai and in Lâm Đồng alike one report is missing, one is owed no more; two stand in the wrong place."""
    november = month("2026-11")
    Report.objects.filter(unit__in=[world.phuoc_long, world.da_huoai]).delete()
    LevelSetting.objects.filter(level="province").update(reports=False)
    stand_elsewhere(world.phuoc_binh, world.lam_dong)
    wrong = stand_elsewhere(world.phu_rieng, world.lam_dong)
    done = settle(november, [world.dong_nai.pk, world.phuoc_long.pk, world.phuoc_binh.pk])
    assert (done.added, done.removed, done.moved) == (1, 1, 1)
    assert names(november) == {u.pk for u in (world.lam_dong, world.phuoc_long, world.phuoc_binh, world.phu_rieng)}
    assert Report.objects.get(unit=world.phuoc_binh).path == world.phuoc_binh.versions.get().path
    assert Report.objects.get(unit=world.phu_rieng).path == wrong


def test_a_report_that_comes_into_a_closed_month_or_leaves_one_is_named(world, month):
    """Lâm Đồng has closed it: Xã Đạ Huoai comes there, Xã Phú Riềng leaves it; Phước Bình never was in it."""
    november = month("2026-11")
    close(november, world.lam_dong, world.staff)
    stand_elsewhere(world.da_huoai, world.dong_nai)
    stand_elsewhere(world.phu_rieng, world.lam_dong)
    stand_elsewhere(world.phuoc_binh, world.binh_phuoc)
    done = settle(november)
    words = "report of 2026-11 (draft) stands elsewhere, in a closed month"
    assert sorted(done.losses) == sorted([(world.da_huoai.pk, words), (world.phu_rieng.pk, words)])
    assert done.moved == 3


def test_a_report_another_process_makes_at_the_same_moment_is_no_error(world, month):
    november = month("2026-11")
    Report.objects.filter(unit=world.phuoc_long).delete()
    path, made = world.phuoc_long.versions.get().path, []

    def makes_it_first(execute, sql, params, many, context):
        if not made and sql.startswith("INSERT") and '"reporting_report"' in sql:
            made.append(1)
            made[0] = Report.objects.create(unit=world.phuoc_long, period=november, path=path, level=Level.COMMUNE)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(makes_it_first):
        settle(november)
    assert list(Report.objects.filter(unit=world.phuoc_long)) == made


def test_opening_takes_a_constant_number_of_queries(world, month, django_assert_max_num_queries):
    with django_assert_max_num_queries(35):
        month("2026-11")


def test_previous_and_next_period(world, month):
    october, november = month("2026-10"), month("2026-11")
    december, january = month("2026-12"), month("2027-01")
    assert periods.previous_period(november) == october
    assert periods.previous_period(october) is None
    assert periods.previous_period(january) == december
    assert periods.next_period(december) == january


def test_due_at_is_that_of_the_level(world, month):
    period = month("2026-11")
    commune = Report.objects.get(period=period, unit=world.phuoc_long)
    province = Report.objects.get(period=period, unit=world.dong_nai)
    assert local(periods.due_at(commune)) == dt.datetime(2026, 11, 16, 17)
    assert local(periods.due_at(province)) == dt.datetime(2026, 11, 20, 17)
    moved = dt.datetime(2026, 11, 17, 17, tzinfo=HANOI)  # by an administrator
    period.deadlines.filter(level="commune").update(due_at=moved)
    assert periods.due_at(Report.objects.get(pk=commune.pk)) == moved
    period.deadlines.all().delete()  # none was kept: as the settings have it now
    LevelSetting.objects.filter(level="commune").update(deadline_days=4)
    commune = Report.objects.get(pk=commune.pk)
    assert local(periods.due_at(commune)) == dt.datetime(2026, 11, 18, 17)


def test_calendar_scheme_is_a_setting(world, month):
    ReportingSettings.objects.filter(pk=1).update(scheme=CALENDAR)
    period = month("2024-02")
    assert (period.data_from, period.data_to) == (D(2024, 2, 1), D(2024, 2, 29))
    assert local(period.deadlines.get(level="commune").due_at) == dt.datetime(2024, 3, 4, 17)  # 2 March is a Saturday
    ReportingSettings.objects.filter(pk=1).update(scheme=FIFTEENTH)
    assert month("2024-02").data_to == D(2024, 2, 29)  # an open month keeps its window


def test_command(world):
    out = StringIO()
    call_command("open_period", "2026-11", stdout=out)
    assert "số liệu từ 15/10/2026 đến hết 14/11/2026, 6 đơn vị phải nộp" in out.getvalue()
    assert "Cấp xã: 17:00 ngày 16/11/2026" in out.getvalue()
    for wrong in ("2026-13", "2026", "2026-Q1", "11/2026"):
        with pytest.raises(CommandError, match="2026-11"):
            call_command("open_period", wrong)


def test_command_moves_deadlines_when_asked(world):
    call_command("open_period", "2026-11", stdout=StringIO())
    Holiday.objects.create(day=D(2026, 11, 16), name="Nghỉ thêm")
    call_command("open_period", "2026-11", stdout=StringIO())
    deadline = Period.objects.get().deadlines.get(level="commune")
    assert local(deadline.due_at).date() == D(2026, 11, 16)
    call_command("open_period", "2026-11", "--deadlines", stdout=StringIO())
    deadline.refresh_from_db()
    assert local(deadline.due_at).date() == D(2026, 11, 17)


def test_no_day_after_the_data_end_is_still_the_next_working_day(world, month):
    """0 days: nobody can report on the day on which the data end; each level still has a day of its own."""
    LevelSetting.objects.filter(level__in=["commune", "province"]).update(deadline_days=0)
    found = {d.level: local(d.due_at) for d in month("2026-10").deadlines.all()}  # data end on Wednesday 14 October
    assert found == {"commune": dt.datetime(2026, 10, 15, 17), "province": dt.datetime(2026, 10, 16, 17)}
    found = {d.level: local(d.due_at) for d in month("2026-11").deadlines.all()}  # data end on Saturday 14 November
    assert found == {"commune": dt.datetime(2026, 11, 16, 17), "province": dt.datetime(2026, 11, 17, 17)}
    LevelSetting.objects.filter(level="commune").update(deadline_days=1)
    found = {d.level: local(d.due_at) for d in month("2026-09").deadlines.all()}  # Monday 14 September
    assert found == {"commune": dt.datetime(2026, 9, 16, 17), "province": dt.datetime(2026, 9, 15, 17)}


def test_areas_and_paths_are_compared_with_their_slashes(world, month):
    """Only unit 90000 takes part: 900001 begins like it, 190000 ends like it."""
    ParticipatingArea.objects.all().delete()
    communes = {}
    for pk in (90000, 900001, 190000):
        province = AdministrativeUnit.objects.create(
            pk=pk, code=f"{pk}"[-2:], level="province", opened_on=D(2025, 7, pk % 7 + 1)
        )
        communes[pk] = AdministrativeUnit.objects.create(
            code=f"{pk}"[:5], level="commune", opened_on=D(2025, 7, pk % 7 + 1)
        )
        for unit, parent, path in (
            (province, world.nation, f"/{world.nation.pk}/{pk}/"),
            (communes[pk], province, f"/{world.nation.pk}/{pk}/{communes[pk].pk}/"),
        ):
            UnitVersion.objects.create(
                unit=unit, name=unit.code, short_name=unit.code, unit_type="tinh" if unit == province else "xa",
                parent=parent, path=path, search_key="x", sort_key="x", valid_from=unit.opened_on,
            )  # fmt: skip
    ParticipatingArea.objects.create(unit_id=90000, valid_from=D(2025, 7, 1))
    november = month("2026-11")
    assert names(november) == {90000, communes[90000].pk}
    for pk in (900001, 190000):
        assert not UnitVersion.objects.under(pk).filter(unit=communes[90000]).exists()
    # a closure of the province beside it locks nothing here
    PeriodClosure.objects.create(period=november, province_id=900001, closed_by=world.staff, closed_at=timezone.now())
    Report.objects.filter(unit=communes[90000]).delete()
    month("2026-11")
    assert names(november) == {90000, communes[90000].pk}
