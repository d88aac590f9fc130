"""What “Vấn đề cần lưu ý” reads from the database, and where the page leads: figures written by hand."""

import dataclasses
import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.entry.checks import Likeness
from reporting.figures import TYPED_FIELDS
from reporting.lateness import deadlines_of, is_past
from reporting.models import (
    Basis,
    Difficulty,
    Indicator,
    IndicatorFigure,
    KeptPage,
    Period,
    PeriodDeadline,
    PublicService,
    Report,
    ReportingSettings,
    ServiceFigures,
    Target,
)
from reporting.reading import finding_rows, pace
from reporting.reading.findings import facts_of, findings
from reporting.reading.overview import begun_periods, overview
from reporting.reading.places import Stretch
from reporting.rollup import rollup
from taskforces.models import Level, UnitVersion
from taskforces.register import conclusions, inspections
from taskforces.register.assignment_counts import Late, Tally, tallies_below
from tests.conftest import FIRST_NEW, make_unit
from tests.test_assignments import give, make_source
from tests.test_dashboard import build_bulk, hand_in
from tests.test_meetings import conclude, found, meet

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

D = dt.date


@pytest.fixture
def send():
    """A unit's report of a month as sent: of each service (in time, late), each None where it was not reported."""

    def write(unit, period, status="submitted", is_late=False, **services):
        report = Report.objects.get(unit=unit, period=period)
        ServiceFigures.objects.filter(report=report).delete()
        for code, (in_time, late) in services.items():
            service = PublicService.objects.get(code=code)
            figures = {"received_online": (in_time or 0) + (late or 0), "resolved_early": in_time}
            ServiceFigures.objects.create(report=report, service=service, resolved_overdue=late, **figures)
        at = dt.datetime(period.year, period.month, 15, tzinfo=dt.UTC)
        sent = {"submitted_at": at, "revision": 1} | ({"approved_at": at} if status == "approved" else {})
        Report.objects.filter(pk=report.pk).update(status=status, is_late=is_late, **sent)
        return report

    return write


# Units and services --------------------------------------------------------------------------------------------------


def slow(unit, *periods, basis=Basis.PROVISIONAL, fewest=20, below_percent=98):
    """(place, code, in time, resolved) of each slow cell, and how many there are."""
    stretch = Stretch(unit.pk, basis, list(periods))
    cells, number = finding_rows.slow_cells(stretch, fewest=fewest, below_percent=below_percent)
    codes = dict(PublicService.objects.values_list("pk", "code"))
    return [(c.place, codes[c.service_id], c.in_time, c.resolved) for c in cells], number


def test_slow_cells_are_sorted_worst_first_and_have_enough_dossiers(world, month, send):
    period = month("2026-11")
    long, binh, rieng = world.phuoc_long, world.phuoc_binh, world.phu_rieng
    send(long, period, DVC09=(20, 8), DVC10=(49, 1), DVC11=(979, 21), DVC12=(0, 19))  # 98 % exactly; too few
    send(binh, period, DVC09=(10, 10), DVC10=(None, 30), DVC11=(None, None), DVC12=(0, 20))  # DVC10: in time not said
    send(rieng, period, status="approved", DVC09=(10, 10), DVC10=(5, 5), DVC11=(0, 0))
    send(world.dong_nai, period, DVC12=(95, 5))
    send(world.da_huoai, period, DVC09=(0, 100))  # next door
    cells = [
        (binh.pk, "DVC12", 0, 20),
        (binh.pk, "DVC09", 10, 20),  # of equal ones the first opened
        (rieng.pk, "DVC09", 10, 20),
        (world.dong_nai.pk, "DVC12", 95, 100),
        (long.pk, "DVC11", 979, 1000),
    ]
    assert slow(world.dong_nai, period) == (cells, 6)
    assert slow(world.dong_nai, period, basis=Basis.OFFICIAL) == ([cells[2]], 1)
    assert slow(world.dong_nai, period, fewest=29) == (cells[3:], 2)
    assert slow(world.dong_nai, period, fewest=28) == ([(long.pk, "DVC09", 20, 28), *cells[3:]], 3)
    assert slow(world.dong_nai, period, below_percent=95) == (cells[:3], 4)
    assert slow(world.dong_nai, period, fewest=0, below_percent=98)[1] == 8  # DVC12 of 19, DVC10 of 10
    assert slow(world.dong_nai, period, below_percent=0) == ([], 0)
    assert slow(world.lam_dong, period) == ([(world.da_huoai.pk, "DVC09", 0, 100)], 1)
    assert slow(world.nation, period)[0][:2] == [
        (world.lam_dong.pk, "DVC09", 0, 100),
        (world.dong_nai.pk, "DVC09", 40, 68),  # a province is one cell
    ]


def test_of_a_service_the_two_worst_units_are_read_and_all_are_counted(world, month, send):
    period = month("2026-11")
    late = {world.phuoc_long: 5, world.phuoc_binh: 7, world.phu_rieng: 6, world.dong_nai: 8}
    half = {world.phuoc_long: (10, 10), world.phuoc_binh: (30, 30), world.phu_rieng: (20, 20), world.dong_nai: (9, 0)}
    for unit, number in late.items():
        tenth = (90, 10) if unit == world.phu_rieng else (100, 0)
        send(unit, period, DVC09=(100 - number, number), DVC10=tenth, DVC12=half[unit])
    cells, number = slow(world.dong_nai, period)
    assert [(code, in_time) for _, code, in_time, _ in cells] == [
        ("DVC12", 30), ("DVC12", 20), ("DVC10", 90), ("DVC09", 92), ("DVC09", 93),  # of equal ones the heavier
    ]  # fmt: skip
    assert number == 8


def test_of_several_months_a_cell_stands_where_its_unit_stood_in_each(world, month, send):
    """Phú Riềng moves to Lâm Đồng after October: October's dossiers stay with Đồng Nai."""
    october = month("2026-10")
    moved = D(2026, 11, 1)
    UnitVersion.objects.filter(unit=world.phu_rieng).update(valid_to=moved - dt.timedelta(days=1))
    there = UnitVersion.objects.get(unit=world.lam_dong)
    old = UnitVersion.objects.get(unit=world.phu_rieng)
    UnitVersion.objects.create(
        unit=world.phu_rieng, name=old.name, short_name=old.short_name, unit_type=old.unit_type, parent=world.lam_dong,
        path=f"{there.path}{world.phu_rieng.pk}/", search_key=old.search_key, sort_key=old.sort_key, valid_from=moved,
    )  # fmt: skip
    november = month("2026-11")
    send(world.phu_rieng, october, DVC09=(10, 20))
    send(world.phu_rieng, november, DVC09=(20, 15))
    send(world.phuoc_long, october, DVC09=(10, 10))
    send(world.phuoc_long, november, DVC09=(30, 10))
    here, there = slow(world.dong_nai, october, november), slow(world.lam_dong, october, november)
    assert here == ([(world.phu_rieng.pk, "DVC09", 10, 30), (world.phuoc_long.pk, "DVC09", 40, 60)], 2)
    assert there == ([(world.phu_rieng.pk, "DVC09", 20, 35)], 1)


# Late, copied --------------------------------------------------------------------------------------------------------


def habits(unit, period, now, months=3, basis=Basis.PROVISIONAL):
    periods = list(Period.objects.order_by("data_to"))
    stretch = Stretch(unit.pk, basis, [p for p in periods if p.data_to <= period.data_to])  # its last month counts
    back = finding_rows.months_back(period, periods, months)
    past = [place for place, due_at in deadlines_of(filter(None, back)).items() if is_past(due_at, now)]
    return finding_rows.habits(stretch, back, past)


def late(*args, **more):
    return {h.unit_id for h in habits(*args, **more) if h.is_late}


@pytest.fixture
def autumn(month):
    return [month(f"2026-{number:02d}") for number in (8, 9, 10, 11)]


def test_late_in_each_of_three_months(world, autumn, send, at):
    august, september, october, november = autumn
    rieng, binh, long = world.phu_rieng, world.phuoc_binh, world.phuoc_long
    for period in (august, september, october):
        for unit in (rieng, binh, long, world.dong_nai):
            send(unit, period, is_late=unit != binh)
    now = at("2026-11-30 09:00")  # every deadline of November has passed
    assert late(world.dong_nai, october, now) == {rieng.pk, long.pk, world.dong_nai.pk}
    assert late(world.dong_nai, november, now) == {rieng.pk, long.pk, world.dong_nai.pk}  # not sent is late too
    send(long, november)  # in time at last
    send(rieng, november, status="returned", is_late=True)  # sent back: the first sending decides
    assert late(world.dong_nai, november, now) == {rieng.pk, world.dong_nai.pk}
    send(rieng, november, status="returned")
    assert late(world.dong_nai, november, now) == {world.dong_nai.pk}
    assert late(world.dong_nai, november, now, months=4) == {world.dong_nai.pk}
    send(world.dong_nai, august)
    assert late(world.dong_nai, november, now, months=4) == set()
    assert late(world.lam_dong, november, now) == {world.lam_dong.pk, world.da_huoai.pk}  # never sent anything
    assert late(world.da_huoai, november, now) == {world.da_huoai.pk}


def test_a_month_still_in_time_breaks_no_row_and_makes_none(world, autumn, send, at):
    """At the deadline itself November is not late yet: the three months before it say what there is to say."""
    august, september, october, november = autumn
    rieng = world.phu_rieng
    for period in (september, october):
        send(rieng, period, is_late=True)
    due = PeriodDeadline.objects.get(period=november, level="commune").due_at
    send(rieng, august)
    assert rieng.pk not in late(world.dong_nai, november, due)
    assert rieng.pk in late(world.dong_nai, november, due + dt.timedelta(seconds=1))
    send(rieng, august, is_late=True)
    assert rieng.pk in late(world.dong_nai, november, due)
    send(rieng, november)  # sent before its deadline
    assert rieng.pk not in late(world.dong_nai, november, due)


def test_two_months_are_no_three(world, month, send, at):
    periods = [month("2026-10"), month("2026-11")]
    for period in periods:
        send(world.phu_rieng, period, is_late=True)
    assert late(world.dong_nai, periods[1], at("2026-11-30 09:00")) == set()
    assert world.phu_rieng.pk in late(world.dong_nai, periods[1], at("2026-11-30 09:00"), months=2)


def test_the_last_three_months_over_the_turn_of_a_year(world, month, send, at):
    """November in time is the fourth; a month whose deadline was taken away counts once it was sent."""
    periods = [month(key) for key in ("2025-11", "2025-12", "2026-01", "2026-02")]
    for period in periods:
        send(world.phu_rieng, period, is_late=period != periods[0])
    now = at("2026-02-28 09:00")
    assert world.phu_rieng.pk in late(world.dong_nai, periods[-1], now)
    PeriodDeadline.objects.filter(period=periods[2]).delete()
    assert world.phu_rieng.pk in late(world.dong_nai, periods[-1], now)


def rename(unit, name, since):
    old = UnitVersion.objects.get(unit=unit, valid_to=None)
    UnitVersion.objects.filter(pk=old.pk).update(valid_to=since - dt.timedelta(days=1))
    UnitVersion.objects.create(
        unit=unit, name=name, short_name=name, unit_type=old.unit_type, parent=old.parent, path=old.path,
        search_key=old.search_key, sort_key=old.sort_key, valid_from=since,
    )  # fmt: skip


@pytest.mark.parametrize(("since", "name"), [(14, "Xã Phú Riềng Mới"), (15, "Xã Phú Riềng")])
def test_a_late_unit_has_its_name_of_the_months_last_day_and_repeats_nothing_without_a_month_before(
    world, month, send, at, since, name
):
    rename(world.phu_rieng, "Xã Phú Riềng Mới", D(2026, 11, since))  # November's data end on the 14th
    november = month("2026-11")
    send(world.phu_rieng, november, is_late=True, DVC09=(5, 0))
    found = habits(world.dong_nai, november, at("2026-11-16 09:00"), months=1)
    [habit] = [h for h in found if h.unit_id == world.phu_rieng.pk]
    assert (habit.name, habit.likeness) == (name, Likeness(cells=8, known=0, blank=0, counted=0, same=0))


def write(report, *rows):
    """Each row: (code, then the typed figures in their order, the rest 0)."""
    ServiceFigures.objects.filter(report=report).delete()
    for code, *values in rows:
        figures = dict(zip(TYPED_FIELDS, [*values, *[0] * len(TYPED_FIELDS)], strict=False))
        ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=code), **figures)


def test_likeness_counts_the_typed_cells_as_the_entry_page_does(world, month, send, at):
    """9 of October's cells are other than 0, one of November's is new; 7 repeat. A service added since is not known."""
    now = at("2026-11-20 09:00")
    october, november = month("2026-10"), month("2026-11")
    before, report = (Report.objects.get(unit=world.phuoc_long, period=p) for p in (october, november))
    write(before, ("DVC09", 9, 2, 1, 8, 3), ("DVC10", 4, 0, 0, 4, 0, 1), ("DVC12", 7))
    write(report, ("DVC09", 9, 2, 1, 8, 0), ("DVC10", 4, 0, 0, 4, 0, 1, 5), ("DVC11", 3))
    assert habits(world.dong_nai, november, now) == []  # not sent
    send_as_it_is(report)
    [habit] = habits(world.dong_nai, november, now)
    assert (habit.name, habit.report_id, habit.is_late) == ("Phường Phước Long", report.pk, False)
    assert habit.likeness == Likeness(cells=24, known=16, blank=0, counted=9, same=7)
    assert habits(world.dong_nai, november, now, basis=Basis.OFFICIAL) == []
    ServiceFigures.objects.filter(report=report, service__code="DVC10").update(rejected=None)
    ServiceFigures.objects.filter(report=before, service__code="DVC10").update(received_online=None)
    [habit] = habits(world.dong_nai, november, now)
    assert habit.likeness == Likeness(cells=24, known=15, blank=1, counted=7, same=6)


def send_as_it_is(report):
    Report.objects.filter(pk=report.pk).update(status="submitted", revision=1, submitted_at=dt.datetime.now(dt.UTC))


def test_last_month_is_the_month_before_whether_sent_or_not_and_no_other(world, month, at):
    now = at("2026-11-20 09:00")
    september, november = month("2026-09"), month("2026-11")
    row = ("DVC09", 9, 2, 1, 8, 3)
    for period in (september, november):
        write(Report.objects.get(unit=world.phuoc_long, period=period), row)
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    send_as_it_is(report)
    assert habits(world.dong_nai, november, now) == []
    write(Report.objects.get(unit=world.phuoc_long, period=month("2026-10")), row)
    [habit] = [h for h in habits(world.dong_nai, november, now) if h.likeness]
    assert (habit.likeness.same, habit.likeness.counted) == (5, 5)


# Difficulties --------------------------------------------------------------------------------------------------------


def test_difficulties_that_wait_longer_than_so_many_days(world, month, at):
    month("2026-09")
    today = D(2026, 11, 18)

    def raised(unit, when, state="open", sent=True, period="2026-09"):
        report = Report.objects.get(unit=unit, period__month=int(period[5:]))
        moment = at(when)
        if sent:
            Report.objects.filter(pk=report.pk).update(submitted_at=at("2026-11-17 09:00"))
        return Difficulty.objects.create(
            unit=unit, report=report, kind="network", text="x", with_unit=world.dong_nai, state=state,
            raised_at=moment, raised_by=world.officer,
        )  # fmt: skip

    first = raised(world.phuoc_long, "2026-10-18 23:30")  # 31 days ago
    raised(world.phuoc_long, "2026-10-19 00:30")  # 30
    older = raised(world.phuoc_binh, "2026-09-20 09:00")
    raised(world.phuoc_binh, "2026-09-20 09:00", state="answered")
    raised(world.phu_rieng, "2026-09-20 09:00", sent=False)
    raised(world.da_huoai, "2026-09-20 09:00")
    path = UnitVersion.objects.get(unit=world.dong_nai).path
    found, number = finding_rows.waiting_longest(path, today, days=30, limit=3)
    assert [(w.pk, w.unit_name, w.days) for w in found] == [
        (older.pk, "Phường Phước Bình", 59), (first.pk, "Phường Phước Long", 31),
    ]  # fmt: skip
    assert number == 2
    assert [len(finding_rows.waiting_longest(path, today, days=days, limit=9)[0]) for days in (29, 59, 58)] == [3, 0, 1]
    assert finding_rows.waiting_longest(path, today, days=29, limit=1)[1] == 3
    assert finding_rows.waiting_longest("/9999/", today, days=30, limit=3) == ([], 0)
    for day in (14, 15):  # September's data end on the 14th
        rename(world.phuoc_binh, f"Phường từ ngày {day}", D(2026, 9, day))
    assert finding_rows.waiting_longest(path, today, days=58, limit=9)[0][0].unit_name == "Phường từ ngày 14"


# Targets -------------------------------------------------------------------------------------------------------------


def test_a_target_of_the_year_and_what_the_months_say(world, month, fill):
    periods = [month(key) for key in ("2025-11", "2025-12", "2026-01", "2026-03", "2026-04")]
    for unit, value in ((world.phuoc_long, 10), (world.phuoc_binh, 20)):
        for period in periods:
            fill(
                Report.objects.get(unit=unit, period=period), base=value + period.month, status="submitted", services=[]
            )
    for period in periods:
        rollup.roll_up(period)
    tt01, dd04 = Indicator.objects.get(code="TT01"), Indicator.objects.get(code="DD04")
    for unit, indicator, year, value in [
        (world.dong_nai, tt01, 2026, "500"), (world.dong_nai, dd04, 2026, "95.5"), (world.dong_nai, dd04, 2025, "9"),
        (world.phuoc_long, dd04, 2026, "80"), (world.phuoc_binh, tt01, 2026, "1"),
    ]:  # fmt: skip
        Target.objects.create(unit=unit, indicator=indicator, year=year, value=Decimal(value))
    stretch = Stretch(world.dong_nai.pk, Basis.PROVISIONAL, periods[1:4])
    sums = pace.year_targets(stretch, periods, has_summaries=True)
    assert [(t.code, t.value, t.is_ratio, t.is_flow) for t in sums] == [
        ("TT01", Decimal(500), False, True), ("DD04", Decimal("95.5"), True, False),
    ]  # fmt: skip
    assert {m: (r.numerator, r.denominator, r.units) for m, r in sums[1].months.items()} == {
        0: (54, 54, 2), 1: (32, 32, 2), 3: (36, 36, 2),
    }  # fmt: skip
    IndicatorFigure.objects.filter(report__unit=world.phuoc_long, report__period=periods[2]).update(denominator=0)
    Report.objects.filter(unit=world.phuoc_long, period=periods[1]).update(status="returned")
    stretch = Stretch(world.phuoc_long.pk, Basis.PROVISIONAL, periods[3:4])
    [own] = pace.year_targets(stretch, periods, has_summaries=False)
    assert (own.code, own.value) == ("DD04", Decimal(80))
    assert own.months == {3: pace.Reported(13, 13, 1)}  # December was sent back, January had nothing to do
    assert pace.year_targets(dataclasses.replace(stretch, basis=Basis.OFFICIAL), periods, has_summaries=False) == []


# The page ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def november(world, month, send, at):
    at("2026-11-18 09:00")
    october, period = month("2026-10"), month("2026-11")
    send(world.phuoc_long, october, DVC09=(100, 0))
    send(world.phuoc_long, period, DVC09=(70, 30), DVC10=(99, 1))
    send(world.phuoc_binh, period, DVC09=(100, 0))
    for one in (october, period):
        rollup.roll_up(one)
    return period


def shown(client, user, **query):
    client.force_login(user)
    KeptPage.objects.all().delete()  # a kept page has no context
    return client.get(reverse("dashboard"), {"ky": "2026-11", **query}).context["findings"]


def test_every_finding_and_every_name_leads_to_a_page_that_opens(world, november, client):
    seen_kinds = set()
    for user, query in [
        (world.chair, {}),
        (world.chair, {"don_vi": world.phuoc_long.pk}),
        (world.chair, {"ky": "2026-Q4"}),
        (world.officer, {}),
        (world.administrator, {"don_vi": world.nation.pk}),
    ]:
        for finding in shown(client, user, **query):
            addresses = [finding["url"], *(url for _, url in finding["parts"] if url)]
            for address in addresses:
                seen_kinds.add(address.split("?")[0])
                if address != "#nop":
                    assert client.get(address).status_code == 200, address
            assert finding["url"]
    assert {reverse("dashboard-source"), reverse("dashboard"), reverse("dashboard-board")} <= seen_kinds


def test_a_slow_unit_and_service_is_the_first_row_of_its_address(world, november, client):
    [finding] = [f for f in shown(client, world.chair) if f["title"].startswith("Phường Phước Long, ")]
    assert finding["title"] == "Phường Phước Long, Đăng ký khai sinh: 70,00% trước và đúng hạn"
    assert finding["url"].endswith(f"&so=DVC09.in_time_rate&dong={world.phuoc_long.pk}")
    rows = client.get(finding["url"]).context["rows"]
    assert [(row["name"], row["rate"]) for row in rows] == [("Phường Phước Long", "70,00%")]


def test_the_page_marks_up_what_leads_on(world, november, client):
    client.force_login(world.chair)
    body = client.get(reverse("dashboard"), {"ky": "2026-11"}).content.decode()
    part = body[body.index('id="dieu"') : body.index('id="nop"')]
    assert re.search(r'<a class="strong" href="[^"]*so=DVC09.in_time_rate[^"]*">[^<]*chậm nhất', part)
    assert re.search(r'<p>[^<]*Chậm nhất: <a href="[^"]*&amp;dong=\d+">Phường Phước Long 70,00%</a>\.</p>', part)


def test_thresholds_come_from_the_settings(world, november, client):
    def titles():
        return " ".join(f["title"] for f in shown(client, world.chair))

    assert "chậm nhất" in titles()
    assert "Phường Phước Long, " in titles()
    ReportingSettings.objects.update(fewest_dossiers=1000)
    assert "chậm nhất" not in titles()
    assert "Phường Phước Long, " not in titles()


def test_a_commune_is_told_what_concerns_itself(world, november, client):
    titles = [f["title"] for f in shown(client, world.officer)]
    assert "Đăng ký khai sinh: chậm nhất trong các dịch vụ" in titles
    assert "Trước và đúng hạn giảm 15,50 điểm phần trăm" in titles  # 169 of 200 after 100 of 100
    assert not any("Phước Long" in title for title in titles)


def test_of_an_earlier_month_nothing_is_said_of_what_waits_today(world, november, month, at, client):
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    Report.objects.filter(pk=report.pk).update(submitted_at=at("2026-11-18 08:00"))
    Difficulty.objects.create(
        unit=world.phuoc_long, report=report, kind="network", text="x", with_unit=world.dong_nai,
        raised_at=at("2026-10-01 09:00"), raised_by=world.officer,
    )  # fmt: skip
    at("2026-11-18 09:00")
    [finding] = [f for f in shown(client, world.chair) if "chờ trả lời" in f["title"]]
    assert finding["title"] == "1 khó khăn, vướng mắc chờ trả lời quá 30 ngày"
    page = client.get(finding["url"])
    assert page.context["count"] == "1"
    assert "Quá 30 ngày" in page.content.decode()
    assert client.get(finding["url"].replace("cho_qua=30", "cho_qua=48")).context["count"] == "0"
    assert client.get(finding["url"].replace("cho_qua=30", "cho_qua=x")).status_code == 404
    assert not [f for f in shown(client, world.chair, ky="2026-10") if "chờ trả lời" in f["title"]]


@pytest.mark.parametrize("communes", [2, 92, 557])
def test_findings_are_read_in_four_queries_for_few_communes_and_for_many(
    world, month, at, communes, django_assert_num_queries
):
    now = at("2026-11-18 09:00")
    build_bulk(world, communes)
    periods = [month("2026-10"), month("2026-11")]
    hand_in(periods)
    for span in ("2026-11", "2026-Q4"):
        seen = overview(world.dong_nai.pk, Span.parse(span))
        begun = begun_periods(now.date())
        with django_assert_num_queries(4):
            facts = facts_of(seen, periods=begun, now=now, day=now.date(), is_newest=True, tallies={})
        with django_assert_num_queries(0):
            findings(seen, facts)
    seen = overview(world.phuoc_long.pk, Span.parse("2026-11"))
    with django_assert_num_queries(3):
        facts_of(seen, periods=periods, now=now, day=now.date(), is_newest=True, tallies={})


def test_among_ninety_five_communes_the_slow_one_is_named(world, month, at, client):
    at("2026-11-18 09:00")
    build_bulk(world, 95 - 3)
    period = month("2026-11")
    hand_in([period])
    worst = ServiceFigures.objects.filter(report__unit__code="80071")
    worst.update(received_online=28, resolved_early=20, resolved_overdue=8)
    rollup.roll_up(period)
    [finding] = [f for f in shown(client, world.chair) if f["title"].startswith("Xã Lớn 71, ")]
    assert finding["title"] == "Xã Lớn 71, Đăng ký khai sinh: 71,43% trước và đúng hạn"
    assert finding["parts"] == [("8/28 hồ sơ quá hạn.", "")]


def test_two_units_of_one_name_are_two_and_each_has_its_own_address(world, month, send, at, client):
    at("2026-11-18 09:00")
    twin = make_unit("90001", "Xã Phú Riềng", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    period = month("2026-11")
    send(world.phu_rieng, period, DVC09=(10, 20))
    send(twin, period, DVC09=(10, 15))
    rollup.roll_up(period)
    [finding] = [f for f in shown(client, world.chair) if "chậm nhất" in f["title"]]
    links = [url.rpartition("dong=")[2] for text, url in finding["parts"] if text.startswith("Xã Phú Riềng")]
    assert links == [str(world.phu_rieng.pk), str(twin.pk)]


def test_nothing_reported_is_no_finding(world, month, at, client):
    at("2026-11-14 09:00")  # before every deadline
    month("2026-11")
    assert shown(client, world.chair) == []


def test_overdue_assignments_by_unit_lead_to_the_list(world, november, client):
    first, second, third = make_source(world.staff)[1]
    for unit, item in ((world.phuoc_long, first), (world.phuoc_long, second), (world.dong_nai, first)):
        give(world, item, unit, due_on=D(2026, 11, 17))
    give(world, third, world.phuoc_binh, due_on=D(2026, 11, 18))  # due today
    give(world, third, world.da_huoai, by=world.administrator, due_on=D(2026, 11, 17))
    day = D(2026, 11, 18)
    tallies = tallies_below(world.dong_nai.pk, day)
    assert {unit_id: (t.total, t.overdue) for unit_id, t in tallies.items()} == {
        world.phuoc_long.pk: (2, 2), world.phuoc_binh.pk: (1, 0), None: (1, 1),
    }  # fmt: skip
    nation = tallies_below(world.nation.pk, day)
    assert (nation[world.dong_nai.pk].overdue, nation[world.lam_dong.pk].overdue) == (3, 1)
    assert tallies_below(world.phuoc_long.pk, day) == {None: Tally(total=2, overdue=2, lead=2)}
    [finding] = [f for f in shown(client, world.chair) if "nhiệm vụ quá hạn" in f["title"]]
    assert "".join(text for text, _ in finding["parts"]) == (
        "Đến ngày 18/11/2026, ở 2 đơn vị; nhiều nhất: Phường Phước Long 2, UBND tỉnh Đồng Nai (cấp tỉnh) 1."
    )
    counts = [client.get(url).context["count"] for url in [finding["url"], *(u for _, u in finding["parts"] if u)]]
    assert counts == ["3", "2", "1"]


def test_overdue_conclusions_and_remedies_by_unit_lead_to_their_rows(world, november, client, at):
    """What waits is counted in the tree of the day; a conclusion is not told again among the assignments."""
    at("2026-10-01 09:00")
    force = found(world.staff, world.dong_nai)
    meeting = meet(world.staff, force, D(2026, 10, 1))
    for text, unit, due in (
        ("Một", world.phuoc_long, D(2026, 11, 1)),
        ("Hai", world.phuoc_long, D(2026, 11, 17)),
        ("Ba", world.phuoc_binh, D(2026, 11, 18)),  # due today
        ("Bốn", world.dong_nai, D(2026, 11, 16)),
    ):
        conclude(world.staff, meeting, text, unit, due)
    give(world, make_source(world.staff)[1][0], world.phuoc_binh, due_on=D(2026, 11, 17))
    team = found(world.staff, world.dong_nai, kind="inspection_team", name="Tổ kiểm tra số 1")
    for unit, due, is_remedied in (
        (world.phuoc_binh, D(2026, 11, 10), False),
        (world.phuoc_binh, D(2026, 11, 11), True),
        (world.phu_rieng, D(2026, 11, 18), False),  # due today
        (world.phuoc_long, D(2026, 10, 10), False),
    ):
        visit = visit_of(world.staff, team, unit, due)
        made = inspections.add_finding(by=world.staff, inspection_id=visit.pk, text=f"Tồn tại {due}", due_on=due)
        if is_remedied:
            inspections.tell_remedied(by=world.staff, finding_id=made.pk, on=D(2026, 10, 1), remedy="Đã sửa")
    at("2026-11-18 09:00")
    day = D(2026, 11, 18)
    assert conclusions.late_by_unit(world.dong_nai.pk, day) == {
        world.phuoc_long.pk: Late(2, D(2026, 11, 1)), None: Late(1, D(2026, 11, 16)),
    }  # fmt: skip
    assert conclusions.late_findings_by_unit(world.dong_nai.pk, day) == {
        world.phuoc_binh.pk: Late(1, D(2026, 11, 10)), world.phuoc_long.pk: Late(1, D(2026, 10, 10)),
    }  # fmt: skip
    assert conclusions.late_findings_by_unit(world.nation.pk, day) == {world.dong_nai.pk: Late(2, D(2026, 10, 10))}
    assert conclusions.late_findings_by_unit(world.dong_nai.pk, D(2026, 9, 30)) == {}
    found_ = {f["title"]: f for f in shown(client, world.chair)}
    meetings_, documents, remedies = (
        found_["3 nhiệm vụ theo kết luận họp quá hạn"],
        found_["1 nhiệm vụ theo văn bản quá hạn"],
        found_["2 tồn tại sau kiểm tra quá hạn khắc phục"],
    )
    urls = [meetings_["url"], *(url for _, url in meetings_["parts"] if url), documents["url"]]
    assert [client.get(url).context["count"] for url in urls] == ["3", "2", "1", "1"]
    urls = [remedies["url"], *(url for _, url in remedies["parts"] if url)]
    assert [client.get(url).context["late_count"] for url in urls] == ["2", "1", "1"]
    assert "".join(text for text, _ in remedies["parts"]).endswith("lâu nhất 39 ngày.")
    assert remedies["tone"] == "bad"


def visit_of(by, team, unit, due):
    facts = {"unit": unit, "body": f"Bộ phận {due}", "held_on": D(2026, 10, 1), "leader": "Đ", "summary": ""}
    return inspections.add_inspection(by=by, task_force=team, **facts)
