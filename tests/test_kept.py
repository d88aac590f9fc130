"""What pages keep of the reports (docs/decisions/0014): found again only while nothing that it depends on has changed.

Every test looks first, so that something is kept, then lets one thing change and looks again.
"""

import datetime as dt
import re
from dataclasses import fields

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.models import (
    Basis,
    Generation,
    Indicator,
    IndicatorFigure,
    KeptPage,
    KeptReading,
    PeriodDeadline,
    Report,
    ReportingSettings,
    RollupAudit,
    RollupRequest,
    ServiceFigures,
    ServiceTerms,
)
from reporting.reading import kept
from reporting.reading.findings import facts_of
from reporting.reading.overview import begun_periods, overview
from reporting.reading.owed import submissions
from reporting.reading.places import Stretch
from reporting.review import workflow
from reporting.rollup import generation, rollup
from reporting.rollup.audit import latest_alarm
from reporting.tasks import audit_rollup
from taskforces import hooks
from taskforces.models import UnitSuccession
from tests.test_headline import take_out
from tests.test_placing import end, move, send

pytestmark = pytest.mark.django_db
YEAR, MONTH = Span.parse("2026"), Span.parse("2026-11")


@pytest.fixture
def year(world, month, put, at):
    """October and November of three communes, rolled up; and what was handed in of Phú Riềng's."""
    at("2026-11-18 09:00")
    for key in ("2026-10", "2026-11"):
        period = month(key)
        put(world.phuoc_long, period, 100, early=90, overdue=10, stuck=0, status="approved", dd04=(5, 10))
        put(world.phu_rieng, period, 7, early=4, stuck=1, status="submitted", dd04=(1, 10))
    rollup.drain()
    return world


def look(unit, span=YEAR, basis=Basis.PROVISIONAL, **more):
    """As a page does: it keeps what it has read at its end."""
    view = overview(unit.pk, span, basis, **more)
    view.kept.save()
    return view


def shown(view):
    """All that the page says, but for what it is kept in and the time of it."""
    return {f.name: getattr(view, f.name) for f in fields(view) if f.name not in {"kept", "as_of"}}


def fresh(unit, span=YEAR, basis=Basis.PROVISIONAL, **more):
    """The same, read from the reports."""
    KeptReading.objects.all().delete()
    return look(unit, span, basis, **more)


def received(unit, span=YEAR, **more):
    return look(unit, span, **more).dossiers.received


def reads(view):
    """How many queries read the reports' figures when the page is looked at."""
    with CaptureQueriesContext(connection) as seen:
        view()
    return sum("reporting_servicefigures" in q["sql"] or "reporting_indicatorfigure f" in q["sql"] for q in seen)


# Found again ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [MONTH, YEAR])
@pytest.mark.parametrize("basis", list(Basis))
def test_a_second_look_reads_no_figures_and_says_the_same(year, span, basis):
    for unit in (year.nation, year.dong_nai, year.phuoc_long):
        first = look(unit, span, basis)
        assert reads(lambda unit=unit: look(unit, span, basis)) == 0
        assert shown(look(unit, span, basis)) == shown(first) == shown(fresh(unit, span, basis))


def test_another_question_is_another_answer(year):
    assert received(year.dong_nai) == 214
    assert received(year.dong_nai, MONTH) == 107
    assert received(year.phuoc_long) == 200
    assert received(year.dong_nai, basis=Basis.OFFICIAL) == 200
    assert received(year.dong_nai) == 214
    assert KeptReading.objects.filter(unit=year.dong_nai).count() == 3


def test_two_months_are_two_questions(year, month, put):
    rollup.mark_dirty(put(year.phuoc_binh, month("2026-10"), 3))
    rollup.drain()
    for key, wanted in (("2026-10", [None, 3, 7, 100]), ("2026-11", [None, None, 7, 100])) * 2:
        rows = look(year.dong_nai, Span.parse(key)).rows
        assert sorted((row.dossiers.received for row in rows), key=lambda n: n or 0) == wanted


def test_nothing_is_kept_before_the_first_roll_up(world, month, put, at):
    at("2026-11-18 09:00")
    for key in ("2026-10", "2026-11"):
        put(world.phuoc_long, month(key), 5)
    RollupRequest.objects.all().delete()
    assert received(world.dong_nai) == 10
    assert not KeptReading.objects.exists()


# What changes it -----------------------------------------------------------------------------------------------------


def change_by_workflow(world, act):
    """A report of October goes through the act; nothing is drained."""
    report = Report.objects.get(unit=world.phu_rieng, period__month=10)
    if act == "approve":
        workflow.approve(report_id=report.pk, by=world.reviewer)
    elif act == "send back":
        workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Kiểm tra lại")
    elif act == "reopen":
        workflow.approve(report_id=report.pk, by=world.reviewer)
        look_at_all(world)
        workflow.reopen(report_id=report.pk, by=world.reviewer, reason="Bổ sung")
    elif act == "correct":
        workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Kiểm tra lại")
        look_at_all(world)
        ServiceFigures.objects.filter(report=report).update(received_online=1000)
        Report.objects.filter(pk=report.pk).update(status="submitted")
        rollup.mark_dirty(report)


def look_at_all(world):
    return [
        look(unit, span, basis)
        for unit in (world.nation, world.dong_nai, world.phu_rieng)
        for span in (MONTH, YEAR)
        for basis in Basis
    ]


@pytest.mark.parametrize(
    ("act", "wanted"),
    [("approve", (214, 207)), ("send back", (207, 200)), ("reopen", (207, 200)), ("correct", (1207, 200))],
)
def test_a_change_of_a_report_shows_at_once_and_after_the_roll_up(year, act, wanted):
    look_at_all(year)
    assert KeptReading.objects.count() == len({year.nation, year.dong_nai, year.phu_rieng}) * 2 * len(Basis)
    change_by_workflow(year, act)
    for _ in ("waiting", "made", "kept again"):
        assert (received(year.dong_nai), received(year.dong_nai, basis=Basis.OFFICIAL)) == wanted
        assert (received(year.nation), received(year.nation, basis=Basis.OFFICIAL)) == wanted
        rollup.drain()
    for unit in (year.nation, year.dong_nai, year.phu_rieng):
        for span in (MONTH, YEAR):
            assert shown(look(unit, span)) == shown(fresh(unit, span))


def test_while_a_change_waits_nothing_is_kept(year):
    change_by_workflow(year, "approve")
    look_at_all(year)
    assert not KeptReading.objects.exists()
    rollup.drain()
    look_at_all(year)
    assert KeptReading.objects.exists()


def test_a_change_elsewhere_leaves_it(year, put, month):
    look(year.dong_nai)
    look(year.lam_dong)
    rollup.mark_dirty(put(year.da_huoai, month("2026-11"), 3))
    assert reads(lambda: look(year.dong_nai)) == 0
    rollup.drain()
    assert reads(lambda: look(year.dong_nai)) == 0
    assert received(year.lam_dong) == 3


def test_a_whole_month_made_anew_counts_for_all(year, month):
    look(year.lam_dong)
    rollup.roll_up(month("2026-10"))
    assert not KeptReading.objects.exists()
    assert reads(lambda: look(year.lam_dong)) > 0


def test_a_month_opened_counts(year, month, at):
    assert look(year.dong_nai).submissions.expected_reports == 2 * 4
    at("2026-12-18 09:00")
    month("2026-12")
    assert look(year.dong_nai).submissions.expected_reports == 3 * 4
    rollup.drain()
    assert look(year.dong_nai).submissions.expected_reports == 3 * 4


def test_a_day_that_ends_a_month_changes_what_is_compared(year, month, put, at):
    at("2026-12-10 09:00")
    for key in ("2026-07", "2026-08", "2026-09", "2026-12"):
        period = month(key)
        if key < "2026-09":
            put(year.phuoc_long, period, 10, early=10)
    rollup.drain()
    months = []
    for text in ("2026-12-14 09:00", "2026-12-15 09:00"):
        at(text)
        seen = look(year.dong_nai, Span.parse("2026-Q4"))
        months.append([month.month for month in seen.comparison.months])
    assert months == [[7, 8], [7, 8, 9]]
    assert shown(seen) == shown(fresh(year.dong_nai, Span.parse("2026-Q4")))


def test_a_longer_deadline_takes_the_lateness_back(year, month, at):
    periods = begun_periods(dt.date(2026, 11, 30))
    ReportingSettings.objects.update_or_create(pk=ReportingSettings.load().pk, defaults={"late_months": 1})

    def late(text):
        seen = look(year.dong_nai, MONTH)
        facts = facts_of(seen, periods=periods, now=at(text), day=dt.date(2026, 11, 30), is_newest=False, tallies={})
        seen.kept.save()
        return {habit.name for habit in facts.habits if habit.is_late}

    PeriodDeadline.objects.update(due_at="2026-11-20T10:00:00Z")
    assert late("2026-11-20 09:00") == set()
    assert "Phường Phước Bình" in late("2026-11-21 09:00")
    PeriodDeadline.objects.update(due_at="2026-11-25T10:00:00Z")
    assert late("2026-11-21 09:00") == set()


def test_a_service_out_of_the_headline_shows_at_once(year, put, month):
    put(year.phuoc_binh, month("2026-11"), 50, early=0, overdue=50, service="DVC01")
    rollup.mark_dirty(Report.objects.get(unit=year.phuoc_binh, period__month=11))
    rollup.drain()
    before = look(year.dong_nai).measures.in_time_rate
    take_out("DVC01", dt.date(2026, 1, 1))
    after = look(year.dong_nai)
    assert before == (188, 258)
    assert after.measures.in_time_rate == (188, 208)
    assert shown(after) == shown(fresh(year.dong_nai))
    ServiceTerms.objects.update(in_headline=True)
    assert look(year.dong_nai).measures.in_time_rate == (188, 258)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [({"over_units": "own"}, None), ({"over_time": "flow"}, 12), ({"kind": "number"}, 6)],
)
def test_a_change_of_the_catalogue_shows_at_once(year, change, wanted):
    activated = Indicator.objects.get(code="DD04")
    before = {"over_units": "sum", "over_time": activated.over_time, "kind": "ratio"}
    assert look(year.dong_nai).indicator("DD04").rate == (6, 20)
    IndicatorFigure.objects.filter(indicator=activated).update(denominator=None if "kind" in change else 10)
    RollupRequest.objects.all().delete()
    KeptReading.objects.all().delete()
    old = look(year.dong_nai).indicator("DD04").numerator
    Indicator.objects.filter(pk=activated.pk).update(**change)
    assert look(year.dong_nai).indicator("DD04").numerator == wanted != old
    Indicator.objects.filter(pk=activated.pk).update(**before)
    assert look(year.dong_nai).indicator("DD04").numerator == old


def test_a_threshold_changes_what_stands_out(year):
    def slow():
        seen = look(year.dong_nai)
        now = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
        more = {"periods": seen.periods, "now": now, "day": now.date(), "is_newest": False, "tallies": {}}
        found = facts_of(seen, **more).slow_cells
        seen.kept.save()
        return found

    ReportingSettings.objects.update_or_create(
        pk=ReportingSettings.load().pk, defaults={"fewest_dossiers": 10, "slow_percent": 95}
    )
    assert slow() == 1
    ReportingSettings.objects.update(slow_percent=90)
    assert slow() == 0


# Units that move -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owes_there", [True, False])
def test_a_report_of_the_old_place_counts_for_the_new_one(world, month, at, owes_there):
    """October's report of Long Thủy stood under Phước Long; its state is Bình Long's, where the unit is at the end."""
    at("2024-12-20 09:00")
    quarter = Span.parse("2024-Q4")
    move(world.long_thuy, world.tx_binh_long, dt.date(2024, 12, 1))
    periods = [month(f"2024-{m}") for m in (10, 11, 12)]
    report = send(world.long_thuy, periods[0], pending_overdue=2)
    if not owes_there:
        Report.objects.filter(unit=world.long_thuy, period=periods[2]).delete()
    rollup.drain()
    old, new = world.tx_phuoc_long, world.tx_binh_long
    assert look(new, quarter).dossiers.pending_overdue == 2
    ServiceFigures.objects.filter(report=report).update(pending_overdue=5)
    rollup.mark_dirty(report)
    assert look(new, quarter).dossiers.pending_overdue == 5
    rollup.drain()
    assert look(new, quarter).dossiers.pending_overdue == 5
    assert generation.reached_by([world.long_thuy.pk]) >= {old.pk, new.pk, world.binh_phuoc.pk, world.nation.pk}


def test_a_successor_elsewhere_takes_over_what_was_left_behind(world, month, at):
    at("2024-12-20 09:00")
    quarter = Span.parse("2024-Q4")
    periods = [month(f"2024-{m}") for m in (10, 11, 12)]
    send(world.long_thuy, periods[0], pending_overdue=8)
    end(world.long_thuy, dt.date(2024, 11, 30))
    UnitSuccession.objects.create(
        predecessor=world.long_thuy, successor=world.an_loc, effective_on=dt.date(2024, 12, 1), is_partial=False
    )
    rollup.drain()
    assert any("8 hồ sơ" in said for said in look(world.tx_phuoc_long, quarter).notices)
    assert KeptReading.objects.filter(unit=world.tx_phuoc_long).exists()
    rollup.mark_dirty(send(world.an_loc, periods[2], pending_overdue=8))
    for _ in ("waiting", "made"):
        assert not any("8 hồ sơ" in said for said in look(world.tx_phuoc_long, quarter).notices)
        rollup.drain()


def test_a_corrected_tree_counts_for_all(year):
    look(year.dong_nai)
    before = Generation.objects.filter(unit_id=Generation.ALL).values_list("number", flat=True).first() or 0
    assert hooks.tree_changed
    for tell in hooks.tree_changed:
        tell()
    assert Generation.objects.get(unit_id=Generation.ALL).number == before + 1
    assert reads(lambda: look(year.dong_nai)) > 0


# Two at once ---------------------------------------------------------------------------------------------------------


def question(world, periods, unit=None):
    stretch = Stretch((unit or world.dong_nai).pk, Basis.PROVISIONAL, periods)
    return stretch, kept.Kept(stretch.unit_id, kept.asked(stretch, []), periods)


@pytest.mark.parametrize("saved", ["while it waits", "after the roll-up"])
def test_what_is_read_before_a_change_and_written_after_it_is_never_found(year, saved):
    periods = begun_periods(dt.date(2026, 11, 30))
    stretch, slow = question(year, periods)
    slow.of("owed", submissions, stretch)
    change_by_workflow(year, "send back")
    if saved == "after the roll-up":
        rollup.drain()
    slow.save()  # under the generation it began with
    assert KeptReading.objects.filter(unit=year.dong_nai).exists()
    assert question(year, periods)[1].of("owed", lambda: "read anew") == "read anew"
    rollup.drain()
    assert question(year, periods)[1].of("owed", lambda: "read anew") == "read anew"


def test_what_is_read_before_the_tree_changed_and_written_after_it_is_never_found(year):
    periods = begun_periods(dt.date(2026, 11, 30))
    stretch, slow = question(year, periods)
    slow.of("owed", submissions, stretch)
    Generation.objects.advance(None)
    slow.save()
    assert question(year, periods)[1].of("owed", lambda: "read anew") == "read anew"


def test_of_two_who_keep_the_same_the_last_one_stays(year):
    periods = begun_periods(dt.date(2026, 11, 30))
    first, second = question(year, periods)[1], question(year, periods)[1]
    for one, answer in ((first, 1), (second, 2)):
        one.of("part", int, answer)
        one.save()
    assert question(year, periods)[1].of("part", int, 3) == 2


def test_generations_only_rise(year):
    before = dict(Generation.objects.values_list("unit_id", "number"))
    Generation.objects.advance([year.dong_nai.pk])
    Generation.objects.advance([year.dong_nai.pk, year.lam_dong.pk])
    after = dict(Generation.objects.values_list("unit_id", "number"))
    assert after[year.dong_nai.pk] == before[year.dong_nai.pk] + 2
    assert after[year.lam_dong.pk] == before.get(year.lam_dong.pk, 0) + 1


# Sealed --------------------------------------------------------------------------------------------------------------


def test_only_what_this_portal_sealed_is_opened(year, settings):
    assert received(year.dong_nai) == 214
    row = KeptReading.objects.get(unit=year.dong_nai)
    broken = bytes(row.content)[:-1] + b"x"
    KeptReading.objects.filter(pk=row.pk).update(content=broken)
    assert reads(lambda: look(year.dong_nai)) > 0
    assert reads(lambda: look(year.dong_nai)) == 0  # kept anew
    settings.SECRET_KEY = "another"
    assert reads(lambda: look(year.dong_nai)) > 0


def test_other_code_reads_nothing_of_it(year, monkeypatch):
    look(year.dong_nai)
    monkeypatch.setattr(kept, "CODE", "another version")
    assert reads(lambda: look(year.dong_nai)) > 0


def test_a_page_that_cannot_keep_is_shown(year, monkeypatch, client):
    def fail(*args, **more):
        raise DatabaseError("read only")

    monkeypatch.setattr(type(KeptReading.objects.all()), "bulk_create", fail)
    client.force_login(year.chair)
    assert client.get(reverse("dashboard"), {"ky": "2026"}).status_code == 200
    assert not KeptReading.objects.exists()


# The audit -----------------------------------------------------------------------------------------------------------


def test_the_audit_asks_again_and_names_what_differs(year, month):
    look(year.dong_nai)
    look(year.lam_dong)
    assert audit_rollup() == 0
    assert KeptReading.objects.count() == 2
    row = KeptReading.objects.get(unit=year.dong_nai)
    parts = kept._open(bytes(row.content))
    parts["owed"][3]["now", 0].reports += 1  # as if something had been changed past the roll-up
    KeptReading.objects.filter(pk=row.pk).update(content=kept._seal(parts))
    assert look(year.dong_nai).submissions.reports == 5
    assert audit_rollup() == 1
    november = month("2026-11")
    (sentence,) = RollupAudit.objects.filter(period=november).latest("pk").differences
    assert sentence.startswith("Tỉnh Đồng Nai")
    assert "kết quả đang lưu khác kết quả đọc lại từ báo cáo" in sentence
    assert latest_alarm([november.pk]) is not None
    assert look(year.dong_nai).submissions.reports == 4  # the row is gone


def test_the_audit_says_nothing_of_what_changes_meanwhile(year, month):
    look(year.dong_nai)
    row = KeptReading.objects.get(unit=year.dong_nai)
    parts = kept._open(bytes(row.content))
    parts["owed"] = (*parts["owed"][:3], {})
    KeptReading.objects.filter(pk=row.pk).update(content=kept._seal(parts))
    change_by_workflow(year, "send back")
    assert kept.differences(month("2026-11")) == []


def test_old_rows_go_with_the_nightly_audit(year, at):
    look(year.dong_nai)
    KeptPage.objects.create(unit=year.dong_nai, key="a", stands="b", content=b"")
    at("2026-11-24 09:00")
    audit_rollup()
    assert (KeptReading.objects.count(), KeptPage.objects.count()) == (1, 1)
    at("2026-11-26 09:00")
    audit_rollup()
    assert (KeptReading.objects.count(), KeptPage.objects.count()) == (0, 0)


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dashboard", "dashboard-meeting", "dashboard-sheet", "agenda"])
@pytest.mark.parametrize("span", ["2026-11", "2026"])
def test_a_second_look_shows_the_same_page(year, client, name, span):
    """Each page keeps what it read, and nothing that is kept was changed while the first was made of it."""
    for user in (year.administrator, year.chair, year.officer):
        client.force_login(user)
        pages = [client.get(reverse(name), {"ky": span}).content.decode() for _ in range(2)]
        first, second = (re.sub(r'csrf\w*" value="\w+"|"X-CSRFToken": "\w+"', "", page) for page in pages)
        assert first == second
    assert {year.nation.pk, year.dong_nai.pk} <= set(KeptReading.objects.values_list("unit", flat=True))
