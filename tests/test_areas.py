"""Participating areas: whoever sets one up is told from which month it reports, and the open months follow."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse

from reporting import areas
from reporting.expected import Settled, settle
from reporting.models import LevelSetting, ParticipatingArea, Period, PeriodClosure, Report, RollupRequest
from reporting.periods import open_period
from taskforces.models import Level, UnitVersion
from tests.conftest import START

D = dt.date


@pytest.fixture
def empty(world, at):
    """24 November 2026, nobody takes part: the month being reported is November, whose data ended on the 14th."""
    at("2026-11-24 09:00")
    ParticipatingArea.objects.all().delete()
    return world


def save(client, world, unit, first, last=None, area=None):
    """The form of the administration; what it said, and of which kind."""
    client.force_login(world.administrator)
    page = "reporting_participatingarea_" + ("change" if area else "add")
    data = {"unit": unit.pk, "valid_from": first.isoformat(), "valid_to": last.isoformat() if last else ""}
    answer = client.post(reverse(f"admin:{page}", args=[area.pk] if area else []), data)
    assert answer.status_code == 302, answer.context["errors"]
    said = [(m.level_tag, str(m)) for m in get_messages(answer.wsgi_request) if "thành công" not in str(m)]
    shown = client.get(answer.url).content.decode()  # read, so that the next save says its own alone
    assert all(text in shown for _, text in said)
    return said


def owed(period):
    return set(Report.objects.filter(period=period).values_list("unit__code", flat=True))


def test_an_area_that_begins_today_says_from_which_month_it_reports(empty, month, client):
    november = month("2026-11")
    said = save(client, empty, empty.dong_nai, D(2026, 11, 24))
    assert owed(november) == set()
    assert said == [
        (
            "info",
            "Tỉnh Đồng Nai báo cáo từ kỳ tháng 12/2026 (chốt số liệu ngày 14/12/2026): 4 đơn vị phải nộp. "
            "Kỳ này tự mở sau ngày chốt.",
        ),
        (
            "warning",
            "Kỳ đang báo cáo, tháng 11/2026, chốt số liệu ngày 14/11/2026, trước ngày tham gia 24/11/2026: "
            "Tỉnh Đồng Nai không có báo cáo phải nộp kỳ này. "
            "Muốn báo cáo từ kỳ này, ghi tham gia từ ngày 14/11/2026 hoặc sớm hơn.",
        ),
    ]
    page = client.get(reverse("admin:reporting_participatingarea_changelist")).content.decode()
    assert "tháng 12/2026" in page
    assert "Tham gia từ sau ngày chốt" in client.get(reverse("admin:reporting_participatingarea_add")).content.decode()


def test_the_last_day_of_the_data_is_early_enough(empty, month, client):
    """The 14th is in the month, the 15th is the first day of the next."""
    november = month("2026-11")
    said = save(client, empty, empty.dong_nai, D(2026, 11, 14))
    assert owed(november) == {"75", "25217", "25220", "25390"}
    assert said == [
        ("info", "Đã thêm báo cáo phải nộp: tháng 11/2026 (4)."),
        ("info", "Tỉnh Đồng Nai báo cáo từ kỳ tháng 11/2026 (chốt số liệu ngày 14/11/2026): 4 đơn vị phải nộp."),
    ]
    assert RollupRequest.objects.filter(period=november).count() == 4
    ParticipatingArea.objects.all().delete()
    Report.objects.all().delete()
    assert save(client, empty, empty.dong_nai, D(2026, 11, 15))[0][1].startswith(
        "Tỉnh Đồng Nai báo cáo từ kỳ tháng 12/2026"
    )


def test_before_the_month_is_open_it_says_when_it_opens(empty, client):
    said = save(client, empty, empty.dong_nai, D(2026, 11, 1))
    assert [text for _, text in said] == [
        "Tỉnh Đồng Nai báo cáo từ kỳ tháng 11/2026 (chốt số liệu ngày 14/11/2026): 4 đơn vị phải nộp. "
        "Kỳ này tự mở trong đêm nay."
    ]


def test_a_unit_or_a_time_in_which_nobody_owes_is_a_warning(empty, month, client):
    month("2026-11")
    kind, text = save(client, empty, empty.binh_phuoc, D(2026, 11, 1))[0]
    assert kind == "warning"
    assert "Tỉnh Bình Phước tham gia từ kỳ tháng 11/2026" in text
    assert "không có đơn vị nào phải nộp" in text
    kind, text = save(client, empty, empty.lam_dong, D(2026, 11, 15), D(2026, 12, 13))[0]
    assert (kind, text) == (
        "warning",
        "Tỉnh Lâm Đồng không phải nộp báo cáo kỳ nào: không ngày chốt số liệu nào nằm trong thời gian tham gia đã ghi.",
    )


def test_an_area_that_ends_or_goes_takes_untouched_drafts_along_and_leaves_closed_months(empty, month, client):
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 9, 1))
    october, november = month("2026-10"), month("2026-11")
    worked_on = Report.objects.get(unit=empty.phu_rieng, period=november)
    Report.objects.filter(pk=worked_on.pk).update(saved_at=dt.datetime(2026, 11, 15, tzinfo=dt.UTC))
    said = save(client, empty, empty.dong_nai, D(2026, 9, 1), D(2026, 11, 13), area=area)
    assert said[0] == ("info", "Đã bỏ báo cáo chưa ai nhập: tháng 11/2026 (3).")
    assert (owed(november), len(owed(october))) == ({"25390"}, 4)
    PeriodClosure.objects.create(
        period=october,
        province=empty.dong_nai,
        closed_by=empty.staff,
        closed_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    )
    assert areas.settle_months(area, None) == ["Tỉnh nào đã khóa kỳ thì kỳ đó của tỉnh giữ nguyên: tháng 10/2026."]
    assert len(owed(october)) == 4


def test_opening_a_month_names_the_areas_that_begin_later(empty, capsys):
    ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 11, 24))
    call_command("open_period", "2026-11")
    said = capsys.readouterr()
    assert "0 đơn vị phải nộp" in said.out
    assert "Không có báo cáo phải nộp: ngày 14/11/2026 không địa bàn tham gia nào" in said.err
    assert "Chưa báo cáo kỳ này: Tỉnh Đồng Nai báo cáo từ kỳ tháng 12/2026" in said.err
    call_command("open_period", "2026-12")
    said = capsys.readouterr()
    assert "4 đơn vị phải nộp" in said.out
    assert said.err == ""


def test_the_nightly_opening_warns_when_nobody_owes(empty, caplog):
    from reporting.tasks import open_current_period

    assert open_current_period() == "2026-11"
    assert "no unit owes a report" in caplog.text
    caplog.clear()
    ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 11, 1))
    open_period(areas.current_month())
    open_current_period()
    assert "no unit owes a report" not in caplog.text


# Which month is the first --------------------------------------------------------------------------------------------


def says(area):
    return areas.describe(area)[1]


def test_the_first_of_several_open_months_is_named(empty, month):
    for key in ("2026-11", "2026-09", "2026-10"):
        month(key)
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 1))
    assert "từ kỳ tháng 10/2026 (chốt số liệu ngày 14/10/2026): 4 đơn vị" in says(area)


@pytest.mark.parametrize(("last", "owes"), [(D(2026, 11, 13), False), (D(2026, 11, 14), True)])
def test_an_area_that_ends_before_the_last_day_of_an_open_month_owes_nothing_for_it(empty, month, last, owes):
    month("2026-11")
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 20), valid_to=last)
    first = areas.first_month(area)
    assert (first is not None and first.is_open) == owes
    assert areas.settle_months(None, area) == (["Đã thêm báo cáo phải nộp: tháng 11/2026 (4)."] if owes else [])


def test_one_that_began_long_ago_reports_from_the_month_being_reported(empty):
    """No month was opened since: those before November are not made up for."""
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 2, 1))
    assert "từ kỳ tháng 11/2026" in says(area)


def test_only_its_own_units_that_owe_are_counted(empty, month):
    """Two areas of four and two units; then the communes owe nothing any more."""
    month("2026-11")
    one, other = (ParticipatingArea.objects.create(unit=u, valid_from=START) for u in (empty.dong_nai, empty.lam_dong))
    assert [areas.first_month(area).units for area in (one, other)] == [4, 2]
    LevelSetting.objects.filter(level=Level.COMMUNE).update(reports=False)
    assert [areas.first_month(area).units for area in (one, other)] == [1, 1]


def test_the_last_day_of_an_open_month_is_the_one_it_has(empty, month):
    """November's data were prolonged to the 24th by hand: an area of that day is in it."""
    november = month("2026-11")
    Period.objects.filter(pk=november.pk).update(data_to=D(2026, 11, 24))
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 11, 24))
    assert areas.misses_current_month(area) == ""
    assert "chốt số liệu ngày 24/11/2026" in says(area)


def test_only_months_the_change_touches_are_settled(empty, month, monkeypatch):
    """The area begins a month later: October loses its reports, November has nothing to do with it."""
    for key in ("2026-10", "2026-11"):
        month(key)
    before = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 1))
    after = ParticipatingArea.objects.get(pk=before.pk)
    after.valid_from = D(2026, 10, 15)
    settled = []
    monkeypatch.setattr(areas, "settle", lambda period: settled.append(period.key) or Settled(0, 0, 0, []))
    areas.settle_months(before, after)
    assert settled == ["2026-10"]


def test_an_area_moved_to_an_earlier_day_gets_the_months_it_now_covers(empty, month):
    for key in ("2026-10", "2026-11"):
        month(key)
    before = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 15))
    settle(Period.objects.get(month=11))
    after = ParticipatingArea.objects.get(pk=before.pk)
    after.valid_from = D(2026, 10, 14)
    after.save()
    assert areas.settle_months(before, after) == ["Đã thêm báo cáo phải nộp: tháng 10/2026 (4)."]


def test_all_months_follow_or_none(empty, month, monkeypatch):
    october = month("2026-10")
    november = month("2026-11")

    def fail_on_november(period):
        if period == november:
            raise RuntimeError
        return settle(period)

    monkeypatch.setattr(areas, "settle", fail_on_november)
    with pytest.raises(RuntimeError):
        areas.settle_months(None, ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 1)))
    assert owed(october) == set()


def test_a_month_reopened_since_is_not_said_to_stay(empty, month):
    october = month("2026-10")
    PeriodClosure.objects.create(
        period=october, province=empty.dong_nai, closed_by=empty.staff, reopened_by=empty.staff, reopen_reason="Sửa.",
        closed_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC), reopened_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
    )  # fmt: skip
    area = ParticipatingArea.objects.create(unit=empty.dong_nai, valid_from=D(2026, 10, 1))
    assert areas.settle_months(None, area) == ["Đã thêm báo cáo phải nộp: tháng 10/2026 (4)."]


def test_areas_that_begin_later_are_named_the_first_to_begin_first(empty, month):
    """One that begins on the last day itself is in the month."""
    november = month("2026-11")
    days = {empty.lam_dong: D(2026, 12, 1), empty.dong_nai: D(2026, 11, 20), empty.nation: D(2026, 11, 14)}
    for unit, day in days.items():
        ParticipatingArea.objects.create(unit=unit, valid_from=day)
    assert [said.split(" báo cáo ")[0] for said in areas.begins_later(november)] == ["Tỉnh Đồng Nai", "Tỉnh Lâm Đồng"]


def test_a_unit_is_called_as_on_the_first_day_of_its_area(empty):
    version = empty.dong_nai.versions.get()
    UnitVersion.objects.filter(pk=version.pk).update(valid_to=D(2026, 11, 30))
    version.pk, version.name, version.valid_from = None, "Thành phố Đồng Nai", D(2026, 12, 1)
    version.save(force_insert=True)
    named = [areas.name_of(ParticipatingArea(unit=empty.dong_nai, valid_from=D(2026, m, 20))) for m in (11, 12)]
    assert named == ["Tỉnh Đồng Nai", "Thành phố Đồng Nai"]
