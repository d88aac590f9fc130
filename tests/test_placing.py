"""Where figures stand when units move, open and end (docs/decisions/0009), added by hand.

Months end on the 14th. Long Thủy leaves Phước Long for Bình Long on 1/12/2024: October and November count there,
December here.
"""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from de_an_06.plain.spans import Span
from reporting.entry.form_rows import FormRows
from reporting.expected import settle
from reporting.exports import offers
from reporting.exports.excel import write_summary
from reporting.models import (
    Basis,
    ExportJob,
    Indicator,
    IndicatorFigure,
    ParticipatingArea,
    PublicService,
    Report,
    ReportEvent,
    ServiceFigures,
)
from reporting.reading.contributions import source
from reporting.reading.overview import overview
from reporting.reading.owed import submissions, total_now
from reporting.reading.places import Stretch
from reporting.reading.ranges import indicator_sums, indicator_totals, service_sums, unit_sums
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitVersion
from tests.conftest import FIRST_NEW, make_unit

pytestmark = pytest.mark.django_db
QUARTER = Span.parse("2024-Q4")
LEFT = dt.date(2024, 11, 30)


def send(unit, period, status="submitted", service="DVC09", **figures):
    """A sent report with one more service; blank where nothing is given. The report's own indicators stay."""
    report = Report.objects.get(unit=unit, period=period)
    ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=service), **figures)
    moment = dt.datetime(period.year, period.month, 15, 3, tzinfo=dt.UTC)
    approved_at = moment if status == "approved" else None
    Report.objects.filter(pk=report.pk).update(status=status, submitted_at=moment, approved_at=approved_at)
    return report


def tell(report, code, numerator, denominator=None):
    IndicatorFigure.objects.create(
        report=report, indicator=Indicator.objects.get(code=code), numerator=numerator, denominator=denominator
    )


def move(unit, parent, on, name=None):
    """The unit goes under another parent on that day and keeps living."""
    old = unit.versions.latest("valid_from")
    UnitVersion.objects.filter(pk=old.pk).update(valid_to=on - dt.timedelta(days=1))
    ends, path = old.valid_to, f"{parent.versions.get().path}{unit.pk}/"
    old.pk, old.parent, old.path, old.valid_from, old.valid_to = None, parent, path, on, ends
    old.name = name or old.name
    old.save(force_insert=True)


def end(unit, on):
    UnitVersion.objects.filter(unit=unit, valid_to=unit.closed_on).update(valid_to=on)
    AdministrativeUnit.objects.filter(pk=unit.pk).update(closed_on=on)


@pytest.fixture
def moved(world, month, at):
    """Three months of Long Thủy (received 3, 7, 5; pending 2, 4, 6) between Thác Mơ and An Lộc, which stay."""
    at("2024-12-20 09:00")
    move(world.long_thuy, world.tx_binh_long, LEFT + dt.timedelta(days=1))
    world.months = [month(f"2024-{m}") for m in (10, 11, 12)]
    for period, received, pending, activated in zip(world.months, (3, 7, 5), (2, 4, 6), (20, 30, 40), strict=True):
        tell(
            send(world.long_thuy, period, opening=pending - 1, received_online=received, pending_overdue=pending),
            "DD04",
            activated,
            100,
        )
    send(world.thac_mo, world.months[0], opening=50, received_online=100, pending_overdue=9)
    send(world.an_loc, world.months[2], opening=60, received_online=1000, pending_overdue=8)
    return world


def rows_of(view):
    return {row.unit_id: row for row in view.rows}


def measure(world, unit, name, **more):
    return source(unit.pk, world.months, Basis.PROVISIONAL, name, **more)


# A unit that moves ---------------------------------------------------------------------------------------------------


def test_a_moved_units_flows_stay_and_its_states_go_with_it(moved):
    old, new = overview(moved.tx_phuoc_long.pk, QUARTER), overview(moved.tx_binh_long.pk, QUARTER)
    province = overview(moved.binh_phuoc.pk, QUARTER)
    assert [v.dossiers.received_online for v in (old, new, province)] == [100 + 3 + 7, 1000 + 5, 1115]
    assert [v.dossiers.pending_overdue for v in (old, new, province)] == [9, 8 + 6, 9 + 8 + 6]
    assert [v.dossiers.opening for v in (old, new, province)] == [50 + 1, 60, 50 + 1 + 60]
    assert [v.indicator("DD04").rate for v in (old, new, province)] == [(None, None), (40, 100), (40, 100)]


@pytest.mark.parametrize("name", ["tx_phuoc_long", "tx_binh_long"])
def test_a_districts_page_and_its_row_in_the_province_agree(moved, name):
    district = getattr(moved, name)
    page, row = overview(district.pk, QUARTER), rows_of(overview(moved.binh_phuoc.pk, QUARTER))[district.pk]
    assert row.dossiers.received_online == page.dossiers.received_online
    assert row.dossiers.pending_overdue == page.dossiers.pending_overdue
    assert row.dossiers.opening == page.dossiers.opening
    assert row.measures.activation.rate == page.measures.activation.rate
    counts = ("expected", "reported", "expected_reports", "reports", "older")
    assert [getattr(row.submissions, c) for c in counts] == [getattr(page.submissions, c) for c in counts]


def test_a_quarter_of_a_district_is_the_sum_of_its_months(moved):
    for district, monthly in ((moved.tx_phuoc_long, [103, 7, None]), (moved.tx_binh_long, [None, None, 1005])):
        for period, received in zip(moved.months, monthly, strict=True):
            part = service_sums(Stretch(district.pk, "provisional", [period]), by_child=False, by_service=False)
            assert sum(p.dossiers.received_online for p in part) == (received or 0)


def test_rows_behind_a_number_are_its_number_in_every_unit(moved):
    pages = (moved.tx_phuoc_long, moved.tx_binh_long, moved.binh_phuoc, moved.long_thuy)
    for unit in pages:
        view = overview(unit.pk, QUARTER)
        for name in ("received_online", "pending_overdue", "opening"):
            found = measure(moved, unit, name)
            assert found.value == getattr(view.dossiers, name), (unit, name)
            assert sum(row.value for row in found.rows) == (found.value or 0)
        found = measure(moved, unit, "DD04")
        assert (found.value, found.of) == view.indicator("DD04").rate
        for row in view.rows:
            below = row.unit_id
            assert measure(moved, unit, "received_online", below=below).value == row.dossiers.received_online
            assert measure(moved, unit, "pending_overdue", below=below).value == row.dossiers.pending_overdue


def test_a_state_reported_elsewhere_stands_where_the_unit_is_now(moved):
    """December is not sent: November's 4, handed in under Phước Long, are Bình Long's."""
    december = Report.objects.get(unit=moved.long_thuy, period=moved.months[2])
    Report.objects.filter(pk=december.pk).update(status="draft")
    new = overview(moved.tx_binh_long.pk, QUARTER)
    assert (new.dossiers.received_online, new.dossiers.pending_overdue) == (1000, 8 + 4)
    assert overview(moved.tx_phuoc_long.pk, QUARTER).dossiers.pending_overdue == 9
    found = measure(moved, moved.tx_binh_long, "pending_overdue")
    assert [(row.unit_id, row.period_id, row.value) for row in found.rows] == [
        (moved.an_loc.pk, moved.months[2].pk, 8),
        (moved.long_thuy.pk, moved.months[1].pk, 4),
    ]
    assert new.submissions.older == 1  # its state is November's
    assert overview(moved.tx_phuoc_long.pk, QUARTER).submissions.older == 1  # Thác Mơ's, of October
    row = rows_of(new)[moved.long_thuy.pk]  # the owed report and the figures under one district
    assert (row.submissions.expected_reports, row.submissions.reports, row.dossiers.received_online) == (1, 0, None)
    assert row.dossiers.older == 1


def test_an_opening_reported_elsewhere_stands_where_the_unit_was_first(moved):
    """October and November say nothing of the opening: December's 5 are Phước Long's, where the unit began."""
    ServiceFigures.objects.filter(report__unit=moved.long_thuy, report__period__in=moved.months[:2]).update(
        opening=None
    )
    assert overview(moved.tx_phuoc_long.pk, QUARTER).dossiers.opening == 50 + 5
    assert overview(moved.tx_binh_long.pk, QUARTER).dossiers.opening == 60
    assert measure(moved, moved.tx_phuoc_long, "opening").value == 55
    assert measure(moved, moved.tx_binh_long, "opening").value == 60


def test_a_moved_unit_owes_in_both_districts_and_once_in_the_province(moved):
    def counts(unit):
        total = total_now(submissions(Stretch(unit.pk, "provisional", moved.months)))
        return total.expected, total.reported, total.expected_reports, total.reports

    # own report and Thác Mơ thrice, Long Thủy twice; own report and An Lộc thrice, Long Thủy once
    assert counts(moved.tx_phuoc_long) == (3, 2, 3 + 3 + 2, 1 + 2)
    assert counts(moved.tx_binh_long) == (3, 2, 3 + 3 + 1, 1 + 1)
    assert counts(moved.binh_phuoc) == (6, 3, 6 * 3, 5)


def test_units_of_a_service_are_counted_once_in_the_head(moved):
    province = overview(moved.binh_phuoc.pk, QUARTER)
    assert province.services[0].dossiers.units == 3  # not 4: Long Thủy stands in both rows
    assert sum(row.dossiers.units for row in province.rows) == 4


def test_the_label_names_the_day_a_unit_left(moved):
    row = rows_of(overview(moved.tx_phuoc_long.pk, QUARTER))[moved.long_thuy.pk]
    assert row.is_former
    assert row.name == "Phường Long Thủy (đến 30/11/2024)"
    assert not rows_of(overview(moved.tx_binh_long.pk, QUARTER))[moved.long_thuy.pk].is_former


def test_the_label_names_the_day_it_left_then_though_it_came_back_later(moved):
    move(moved.long_thuy, moved.tx_phuoc_long, dt.date(2025, 3, 1))
    assert name_of(moved, moved.long_thuy, "2024-Q4", moved.tx_phuoc_long) == "Phường Long Thủy (đến 30/11/2024)"


def name_of(moved, unit, span, where):
    return rows_of(overview(where.pk, Span.parse(span)))[unit.pk].name


def test_the_label_names_the_day_a_unit_came_from_elsewhere(moved, tmp_path):
    """Its row holds December's flows alone, so it says since when, as the row it left says until when."""
    district = moved.tx_binh_long
    assert name_of(moved, moved.long_thuy, "2024-Q4", district) == "Phường Long Thủy (từ 01/12/2024)"
    assert name_of(moved, moved.long_thuy, "2024-12", district) == "Phường Long Thủy"  # all of its figures are here
    assert name_of(moved, moved.an_loc, "2024-Q4", district) == "Phường An Lộc"
    path = tmp_path / "tep.xlsx"
    write_summary(path, unit_id=district.pk, span=QUARTER, basis=Basis.PROVISIONAL)
    names = {row[1].value for row in load_workbook(path)["Theo đơn vị"].iter_rows(min_row=11)}
    assert "Phường Long Thủy (từ 01/12/2024)" in names


def test_a_unit_renamed_begun_or_come_back_on_the_way_has_no_label(moved):
    """None of them has figures of the quarter in another district that its row would miss."""
    district = moved.tx_binh_long
    move(moved.an_loc, district, dt.date(2024, 12, 1), name="Phường An Lộc Mới")
    new = make_unit(
        "25399", "Phường Mới", "phuong", Level.COMMUNE, district, dt.date(2024, 11, 20), dt.date(2025, 6, 30)
    )
    move(moved.thac_mo, district, dt.date(2024, 11, 1))
    move(moved.thac_mo, moved.tx_phuoc_long, dt.date(2024, 12, 1))
    older = make_unit("25401", "Phường Cũ", "phuong", Level.COMMUNE, moved.tx_phuoc_long, closed=dt.date(2025, 6, 30))
    move(older, district, dt.date(2024, 9, 1))  # before October's last day: all of the quarter is here
    move(older, district, dt.date(2024, 12, 1), name="Phường Cũ Mới")
    for period in moved.months:
        settle(period)
    assert name_of(moved, older, "2024-Q4", district) == "Phường Cũ Mới"
    assert name_of(moved, moved.an_loc, "2024-Q4", district) == "Phường An Lộc Mới"
    assert name_of(moved, new, "2024-Q4", district) == "Phường Mới"
    assert name_of(moved, moved.thac_mo, "2024-Q4", moved.tx_phuoc_long) == "Phường Thác Mơ"
    assert name_of(moved, moved.thac_mo, "2024-11..2024-12", moved.tx_phuoc_long) == "Phường Thác Mơ (từ 01/12/2024)"
    assert name_of(moved, moved.thac_mo, "2024-11..2024-12", district) == "Phường Thác Mơ (đến 30/11/2024)"


def test_a_row_of_the_page_leads_to_its_own_part(moved, client):
    client.force_login(moved.administrator)
    query = {"ky": "2024-Q4", "so": "received", "don_vi": moved.tx_phuoc_long.pk, "dong": moved.long_thuy.pk}
    answer = client.get(reverse("dashboard-source"), query)
    assert answer.context["source"].value == 3 + 7
    assert "Phường Long Thủy" in answer.content.decode()
    page = client.get(reverse("dashboard"), {"ky": "2024-Q4", "don_vi": moved.tx_phuoc_long.pk}).content.decode()
    assert f"so=received&amp;dong={moved.long_thuy.pk}" in page
    for bad in (moved.an_loc.pk, "x", ""):
        assert client.get(reverse("dashboard-source"), query | {"dong": bad}).status_code == 404


def test_a_moved_unit_that_owes_nothing_where_it_is_now_stands_in_the_table_with_its_state(moved, client):
    """Its pending dossiers are in the total, so the table's rows without it would not add up."""
    Report.objects.get(unit=moved.long_thuy, period=moved.months[2]).delete()
    client.force_login(moved.administrator)
    page = client.get(reverse("dashboard"), {"ky": "2024-Q4", "don_vi": moved.tx_binh_long.pk})
    pending = {row["name"]: row["cells"][4][1] for row in page.context["units"]}
    assert pending["Phường Long Thủy (từ 01/12/2024)"] == "4"
    assert page.context["unit_total"]["cells"][4][1] == "12"  # with the 8 of An Lộc
    assert sum(int(shown or 0) for shown in pending.values()) == 12
    assert moved.long_thuy.versions.last().name not in [name for name, _ in page.context["units_without_reports"]]


def test_a_state_from_outside_the_scope_is_a_row_without_a_link(moved, client):
    """The reviewer of Phước Long looks at the quarter after Long Thủy came from Bình Long: its November is theirs."""
    world = moved
    move_back = world.long_thuy.versions.order_by("valid_from").last()
    first = world.long_thuy.versions.order_by("valid_from").first()
    places = [(v.parent, v.path) for v in (move_back, first)]
    for version, (parent, path) in zip((first, move_back), places, strict=True):
        version.parent, version.path = parent, path
        version.save()
    for k, period in enumerate(world.months):
        path = first.path if k < 2 else move_back.path
        Report.objects.filter(unit=world.long_thuy, period=period).update(path=path)
    Report.objects.filter(unit=world.long_thuy, period=world.months[2]).update(status="draft")
    november = Report.objects.get(unit=world.long_thuy, period=world.months[1])
    client.force_login(world.district_reviewer)
    query = {"ky": "2024-Q4", "so": "pending_overdue", "don_vi": world.tx_phuoc_long.pk}
    answer = client.get(reverse("dashboard-source"), query)
    body = answer.content.decode()
    assert answer.context["source"].value == 9 + 4
    assert overview(world.tx_phuoc_long.pk, QUARTER).dossiers.pending_overdue == 9 + 4
    assert "Phường Long Thủy" in body
    assert reverse("report-detail", args=[november.pk]) not in body
    assert client.get(reverse("report-detail", args=[november.pk])).status_code == 404
    thac_mo = Report.objects.get(unit=world.thac_mo, period=world.months[0])
    assert reverse("report-detail", args=[thac_mo.pk]) in body


def test_excels_sources_of_a_moved_unit_add_up_district_by_district(moved, tmp_path):
    path = tmp_path / "a.xlsx"
    written = write_summary(path, unit_id=moved.binh_phuoc.pk, span=QUARTER, basis="provisional")
    sums = unit_sums(Stretch(moved.binh_phuoc.pk, "provisional", moved.months))
    named = sorted((row.last_k, row.named_k) for row in sums if row.unit_id == moved.long_thuy.pk)
    assert named == [(1, 1), (2, 2)]  # as it was called in November, the last month of that part, and in December
    assert written.differences == []
    cells = [[c.value for c in row] for row in load_workbook(path, data_only=True)["Nguồn số liệu"].iter_rows()]
    rows = [row for row in cells if row[1] == "Phường Long Thủy"]
    figures = {row[2]: (row[5], row[6], row[7], row[15]) for row in rows}
    assert figures == {
        "Thị xã Phước Long": ("tháng 11/2024", 1, 10, None),
        "Thị xã Bình Long": ("tháng 12/2024", None, 5, 6),
    }


def test_a_comparison_takes_units_that_stand_there_at_the_end_of_both_sides(world, month, at):
    """Long Thủy has two reports in Bình Long on both sides, but in September it stood elsewhere: its 4 are not new."""
    at("2024-12-20 09:00")
    move(world.long_thuy, world.tx_binh_long, dt.date(2024, 9, 1))
    months = [month(f"2024-{m:02d}") for m in range(7, 13)]
    first, second = world.long_thuy.versions.order_by("valid_from")
    here, away = (second.parent, second.path), (first.parent, first.path)
    (first.parent, first.path), (second.parent, second.path) = here, away  # here to August, away in September
    first.save()
    second.valid_to, ends = dt.date(2024, 9, 30), second.valid_to
    second.save()
    second.pk, second.valid_from, second.valid_to = None, dt.date(2024, 10, 1), ends  # and here again
    second.parent, second.path = here
    second.save(force_insert=True)
    for k, period in enumerate(months):
        version = UnitVersion.objects.on(period.data_to).get(unit=world.long_thuy)
        Report.objects.filter(unit=world.long_thuy, period=period).update(path=version.path)
        send(world.an_loc, period, received_online=10, pending_overdue=1)
        if k in (0, 1, 3, 4):
            send(world.long_thuy, period, received_online=1, pending_overdue=4)
    seen = overview(world.tx_binh_long.pk, QUARTER)
    assert seen.dossiers.pending_overdue == 1 + 4
    assert seen.comparison.units == 1
    assert (seen.comparison.before.dossiers.pending_overdue, seen.comparison.now.dossiers.pending_overdue) == (1, 1)
    assert (seen.comparison.before.dossiers.received, seen.comparison.now.dossiers.received) == (30, 30)


def test_a_unit_that_came_without_a_report_and_stayed_silent_is_not_compared(world, month, at):
    """Long Thủy's July and August stand elsewhere; its state is Bình Long's in the third quarter alone."""
    at("2024-12-20 09:00")
    move(world.long_thuy, world.tx_binh_long, dt.date(2024, 9, 1))
    for m in range(7, 13):
        period = month(f"2024-{m:02d}")
        send(world.an_loc, period, received_online=10, pending_overdue=1)
        if m < 9:
            send(world.long_thuy, period, received_online=100, pending_overdue=4)
    seen = overview(world.tx_binh_long.pk, QUARTER)
    assert overview(world.tx_binh_long.pk, Span.parse("2024-Q3")).dossiers.pending_overdue == 1 + 4
    assert seen.comparison.units == 1
    assert (seen.comparison.before.dossiers.pending_overdue, seen.comparison.now.dossiers.pending_overdue) == (1, 1)


# Units that end and open ----------------------------------------------------------------------------------------------


@pytest.fixture
def ended(world, month, at):
    """Long Thủy ends on 30/11/2024 with 8 + 3 pending in two services; Thác Mơ takes it over."""
    at("2024-12-20 09:00")
    end(world.long_thuy, LEFT)
    UnitSuccession.objects.create(
        predecessor=world.long_thuy,
        successor=world.thac_mo,
        effective_on=LEFT + dt.timedelta(days=1),
        is_partial=False,
    )
    world.months = [month(f"2024-{m}") for m in (10, 11, 12)]
    send(world.long_thuy, world.months[0], received_online=1, pending_overdue=5, pending_in_time=0)
    send(world.long_thuy, world.months[0], service="DVC16", received_online=1, pending_in_time=3)
    send(world.long_thuy, world.months[1], received_online=4, pending_overdue=8, pending_in_time=0)
    return world


def test_pending_dossiers_of_an_ended_unit_are_named_until_a_successor_reports(ended, tmp_path):
    words = (
        "11 hồ sơ chưa giải quyết của Phường Long Thủy (kết thúc 30/11/2024) chưa có trong tổng: "
        "đơn vị kế thừa chưa báo cáo."
    )
    for unit in (ended.tx_phuoc_long, ended.binh_phuoc):
        view = overview(unit.pk, QUARTER)
        assert view.dossiers.sum_of(("pending_in_time", "pending_overdue")) is None
        assert words in view.notices
    assert words not in overview(ended.tx_binh_long.pk, QUARTER).notices
    write_summary(tmp_path / "a.xlsx", unit_id=ended.binh_phuoc.pk, span=QUARTER, basis="provisional")
    cover = load_workbook(tmp_path / "a.xlsx")["Bìa"]
    assert words in [row[1].value for row in cover.iter_rows()]
    send(ended.thac_mo, ended.months[1], received_online=1)  # before the end: not of what it took over
    assert words in overview(ended.binh_phuoc.pk, QUARTER).notices
    send(ended.thac_mo, ended.months[2], pending_overdue=9)
    assert not any("kế thừa" in notice for notice in overview(ended.binh_phuoc.pk, QUARTER).notices)
    assert words not in overview(ended.binh_phuoc.pk, QUARTER, Basis.OFFICIAL).notices  # nothing approved


def test_the_page_of_a_unit_whose_last_unit_ended_names_its_pending_dossiers_too(ended):
    """An Lộc is all that Bình Long has; Thác Mơ elsewhere takes it over."""
    end(ended.an_loc, LEFT)
    send(ended.an_loc, ended.months[0], pending_overdue=6)
    assert not overview(ended.tx_binh_long.pk, QUARTER).has_units_below
    words = "6 hồ sơ chưa giải quyết của Phường An Lộc (kết thúc 30/11/2024) chưa có trong tổng"
    assert any(words in notice for notice in overview(ended.tx_binh_long.pk, QUARTER).notices)


def test_an_ended_units_state_is_in_no_total_no_row_and_no_count_of_units(ended):
    send(ended.thac_mo, ended.months[2], service="DVC12", received_online=1)
    only_state = Report.objects.get(unit=ended.long_thuy, period=ended.months[1])
    ServiceFigures.objects.create(report=only_state, service=PublicService.objects.get(code="DVC12"), pending_overdue=7)
    tell(only_state, "DD04", 3, 10)
    view = overview(ended.binh_phuoc.pk, QUARTER)
    dvc12 = next(line.dossiers for line in view.services if line.service.code == "DVC12")
    assert (dvc12.units, dvc12.received_online, dvc12.pending_overdue) == (1, 1, None)
    pair = view.indicator("DD04")
    assert (pair.rate, pair.units, pair.older) == ((None, None), 0, 0)
    assert view.submissions.older == 0
    for name in ("pending_overdue", "DVC12.pending_overdue", "DD04"):
        assert measure(ended, ended.binh_phuoc, name).rows == []
    received = measure(ended, ended.binh_phuoc, "received_online")
    assert sorted(row.value for row in received.rows) == [1, 1 + 1, 4]
    sums = unit_sums(Stretch(ended.binh_phuoc.pk, "provisional", ended.months))
    assert {(row.unit_id, row.service_id) for row in sums if row.pending_overdue is not None} == set()


@pytest.mark.parametrize(("closed_on", "pending"), [(dt.date(2024, 12, 14), 6), (dt.date(2024, 12, 13), None)])
def test_a_unit_has_a_state_to_its_very_last_day(world, month, at, closed_on, pending):
    at("2024-12-20 09:00")
    end(world.long_thuy, closed_on)
    months = [month(f"2024-{m}") for m in (11, 12)]
    tell(send(world.long_thuy, months[0], received_online=1, pending_overdue=6), "DD04", 2, 3)
    span = Span.parse("2024-11..2024-12")
    view = overview(world.binh_phuoc.pk, span)
    assert view.dossiers.pending_overdue == pending
    assert view.indicator("DD04").rate == ((2, 3) if pending else (None, None))
    world.months = months
    assert measure(world, world.binh_phuoc, "pending_overdue").value == pending
    assert [row.pending_overdue for row in unit_sums(Stretch(world.binh_phuoc.pk, "provisional", months))] == [pending]
    assert any("kế thừa" in notice for notice in view.notices) == (pending is None)


@pytest.mark.parametrize(("opened_on", "opening"), [(dt.date(2024, 11, 14), 5), (dt.date(2024, 11, 15), None)])
def test_a_unit_has_an_opening_from_its_very_first_day(world, month, at, opened_on, opening):
    at("2024-12-20 09:00")
    new = make_unit("25999", "Phường Mới", "phuong", Level.COMMUNE, world.tx_phuoc_long, opened=opened_on)
    months = [month(f"2024-{m}") for m in (11, 12)]
    send(new, months[1], opening=5, received_online=2, pending_overdue=4)
    view = overview(world.tx_phuoc_long.pk, Span.parse("2024-11..2024-12"))
    assert (view.dossiers.opening, view.dossiers.received_online, view.dossiers.pending_overdue) == (opening, 2, 4)
    world.months = months
    found = measure(world, world.tx_phuoc_long, "opening")
    assert (found.value, len(found.rows)) == (opening, 1 if opening else 0)
    assert measure(world, world.tx_phuoc_long, "pending_overdue").value == 4  # a new unit's state is a state
    assert [row.opening for row in unit_sums(Stretch(world.tx_phuoc_long.pk, "provisional", months))] == [opening]


def test_a_unit_of_one_day_has_opening_and_state_in_the_month_that_ends_that_day(world, month, at):
    at("2024-12-20 09:00")
    day = dt.date(2024, 11, 14)
    new = make_unit("25999", "Phường Mới", "phuong", Level.COMMUNE, world.tx_phuoc_long, opened=day, closed=day)
    world.months = [month("2024-11")]
    tell(send(new, world.months[0], opening=5, pending_overdue=4), "DD04", 1, 2)
    rollup.roll_up(world.months[0])
    stretch = Stretch(world.tx_phuoc_long.pk, "provisional", world.months)
    [part] = service_sums(stretch, by_child=True, by_service=False)
    [row] = unit_sums(stretch)
    for found in (part.dossiers, row, overview(world.tx_phuoc_long.pk, Span.parse("2024-11")).dossiers):
        assert (found.opening, found.pending_overdue) == (5, 4)
    assert indicator_totals(indicator_sums(stretch, by_child=False))[Indicator.objects.get(code="DD04").pk].rate == (
        1,
        2,
    )
    assert [measure(world, world.tx_phuoc_long, name).value for name in ("opening", "pending_overdue", "DD04")] == [
        5,
        4,
        1,
    ]


def test_excels_sources_across_july_2025_are_the_nations_total(world, month, at, tmp_path):
    at("2025-12-20 09:00")
    june, july = month("2025-06"), month("2025-07")
    send(world.thac_mo, june, opening=4, received_online=10, pending_in_time=6)
    send(world.phuoc_long, july, opening=6, received_online=20, pending_in_time=5)
    path = tmp_path / "a.xlsx"
    span = Span.parse("2025-06..2025-07")
    written = write_summary(path, unit_id=world.nation.pk, span=span, basis="provisional")
    assert written.differences == []
    cells = [[c.value for c in row] for row in load_workbook(path, data_only=True)["Nguồn số liệu"].iter_rows()]
    rows = {row[1]: (row[2], row[5], row[6], row[7], row[14]) for row in cells if row[3] == "DVC09"}
    assert rows == {
        "Phường Thác Mơ": ("Thị xã Phước Long", "tháng 06/2025", 4, 10, None),
        "Phường Phước Long": ("Tỉnh Đồng Nai", "tháng 07/2025", None, 20, 5),
    }
    total = next(row for row in cells if "TỔNG SỐ" in row)
    assert (total[6], total[7], total[14]) == (4, 30, 5)


# Paths and numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["2026-11", "2026-10..2026-11"])
def test_a_number_within_a_number_is_another_unit(world, month, at, key):
    """500 begins 5000 and 50001 and ends 7500: four provinces, one commune each."""
    at("2026-12-20 09:00")
    ids = {5000: None, 500: None, 50001: None, 7500: None}
    provinces = {}
    for pk in ids:
        AdministrativeUnit.objects.create(pk=pk, code=str(pk)[-5:], level=Level.PROVINCE, opened_on=FIRST_NEW)
        nation_path = world.nation.versions.get().path
        UnitVersion.objects.create(
            unit_id=pk, name=f"Tỉnh {pk}", short_name=str(pk), unit_type="tinh", parent=world.nation,
            path=f"{nation_path}{pk}/", search_key=str(pk), sort_key=str(pk), valid_from=FIRST_NEW,
        )  # fmt: skip
        provinces[pk] = AdministrativeUnit.objects.get(pk=pk)
    communes = {
        pk: make_unit(f"9{k:04d}", f"Xã {k}", "xa", Level.COMMUNE, provinces[pk], opened=FIRST_NEW)
        for k, pk in enumerate(ids)
    }
    october, november = month("2026-10"), month("2026-11")
    for amount, pk in ((1, 500), (10, 5000), (100, 50001), (1000, 7500)):
        tell(send(communes[pk], november, received_online=amount, pending_overdue=amount), "DD04", amount, 5000)
    read = [november] if key == "2026-11" else [october, november]
    for amount, pk in ((1, 500), (10, 5000), (100, 50001), (1000, 7500)):
        stretch = Stretch(pk, "provisional", read)
        sums = service_sums(stretch, by_child=True, by_service=True)
        assert [(p.child_id, p.dossiers.received_online) for p in sums] == [(communes[pk].pk, amount)]
        assert [row.unit_id for row in unit_sums(stretch)] == [communes[pk].pk]
        total = total_now(submissions(stretch))
        assert (total.expected, total.expected_reports, total.reports) == (2, 2 * len(read), 1)
        view = overview(pk, Span.parse("2026-10..2026-11"))
        assert view.indicator("DD04").numerator == amount
        assert {m.unit_id for m in view.missing} <= {pk, communes[pk].pk}
        world.months = read
        for name in ("received_online", "pending_overdue", "DD04"):
            assert measure(world, provinces[pk], name).value == amount
    nation = service_sums(Stretch(world.nation.pk, "provisional", read), by_child=True, by_service=False)
    assert {p.child_id: p.dossiers.received_online for p in nation} == {
        500: 1,
        5000: 10,
        50001: 100,
        7500: 1000,
    }


def test_a_stretch_has_at_most_60_months():
    assert len(Span.parse("2021-12..2026-11").months) == 60
    with pytest.raises(ValueError, match="not a span"):
        Span.parse("2021-11..2026-11")


def test_of_a_long_stretch_the_first_and_the_last_month_count(world, month, at):
    span = Span.parse("2022-07..2025-06")
    assert len(span.months) == 36
    at("2025-07-20 09:00")
    first, last = month("2022-07"), month("2025-06")
    for m in span.months[1:-1]:
        month(m.key)
    largest = 10**12
    send(world.thac_mo, first, opening=largest, received_online=largest, pending_overdue=1)
    send(world.thac_mo, last, opening=1, received_online=largest, pending_overdue=largest - 1)
    view = overview(world.thac_mo.pk, span)
    assert (view.dossiers.opening, view.dossiers.pending_overdue) == (largest, largest - 1)
    assert view.dossiers.received_online == 2 * largest


def test_a_zero_is_the_last_and_the_first_value_and_a_blank_is_not(world, month, at):
    at("2026-12-20 09:00")
    months = world.months = [month("2026-09"), month("2026-10"), month("2026-11")]
    tell(send(world.phuoc_long, months[0], opening=0, pending_overdue=5, pending_in_time=5), "NL01", 9)
    tell(send(world.phuoc_long, months[1], opening=7, pending_overdue=0, pending_in_time=3), "NL01", 0)
    send(world.phuoc_long, months[2], opening=8, pending_overdue=None, pending_in_time=None)
    for unit in (world.phuoc_long, world.dong_nai):
        view = overview(unit.pk, Span.parse("2026-09..2026-11"))
        assert (view.dossiers.opening, view.dossiers.pending_overdue, view.dossiers.pending_in_time) == (0, 0, 3)
        assert view.indicator("NL01").numerator == 0
        assert view.indicator("NL01").units == 1
        found = measure(world, unit, "pending_overdue")
        assert [(row.period_id, row.value) for row in found.rows] == [(months[1].pk, 0)]
        assert [(r.period_id, r.value) for r in measure(world, unit, "opening").rows] == [(months[0].pk, 0)]


def test_linked_totals_leave_a_blank_out_and_keep_a_zero(world, month, at):
    at("2026-12-20 09:00")
    october, november = month("2026-10"), month("2026-11")
    send(world.phuoc_long, october, service="DVC15", received_online=3, received_postal=None)
    send(world.phuoc_long, november, service="DVC16", received_online=None, received_in_person=4)
    send(world.phuoc_long, november, service="DVC09", received_online=1000)
    send(world.phuoc_binh, november, service="DVC15", received_online=0)
    send(world.phu_rieng, november, service="DVC15", pending_overdue=2)
    for key, expected in (("2026-10..2026-11", (7, 0, None)), ("2026-11", (4, 0, None))):
        rollup.roll_up(november)
        view = overview(world.dong_nai.pk, Span.parse(key))
        units = world.phuoc_long, world.phuoc_binh, world.phu_rieng
        assert tuple(rows_of(view)[unit.pk].measures.linked for unit in units) == expected
        assert view.measures.linked == expected[0]


@pytest.mark.parametrize("key", ["2026-11", "2026-10..2026-11"])
def test_a_unit_whose_row_is_blank_is_not_counted(world, month, at, key):
    at("2026-12-20 09:00")
    month("2026-10")
    november = month("2026-11")
    send(world.phuoc_long, november, received_online=0)
    send(world.phuoc_binh, november)
    rollup.roll_up(november)
    view = overview(world.dong_nai.pk, Span.parse(key))
    assert view.services[0].dossiers.units == 1
    sums = service_sums(Stretch(world.dong_nai.pk, "provisional", view.periods), by_child=False, by_service=False)
    assert sum(part.dossiers.units for part in sums) == 1
    assert [r.unit_id for r in unit_sums(Stretch(world.dong_nai.pk, "provisional", view.periods))] == [
        world.phuoc_long.pk
    ]


def test_half_a_pair_stands_in_no_row_behind_a_rate(world, month, at):
    at("2026-12-20 09:00")
    world.months = months = [month("2026-10"), month("2026-11")]
    tell(send(world.phuoc_long, months[0], received_online=1), "DD04", 5, 10)
    tell(send(world.phuoc_long, months[1], received_online=1), "DD04", 7)
    tell(send(world.phuoc_binh, months[1], received_online=1), "DD04", 9)
    found = measure(world, world.dong_nai, "DD04")
    assert [(row.unit_id, row.period_id, row.value, row.of) for row in found.rows] == [
        (world.phuoc_long.pk, months[0].pk, 5, 10)
    ]
    assert overview(world.dong_nai.pk, Span.parse("2026-10..2026-11")).indicator("DD04").rate == (5, 10)
    assert overview(world.dong_nai.pk, Span.parse("2026-10..2026-11")).indicator("DD04").units == 1


# Compared ------------------------------------------------------------------------------------------------------------


def test_an_indicator_is_compared_on_the_same_units(world, month, at):
    at("2026-12-20 09:00")
    october, november = month("2026-10"), month("2026-11")
    tell(send(world.phuoc_long, october, received_online=1), "DD04", 10, 100)
    tell(send(world.phuoc_binh, october, received_online=1), "DD04", 90, 100)  # silent in November
    tell(send(world.phuoc_long, november, received_online=1), "DD04", 20, 100)
    tell(send(world.phu_rieng, november, received_online=1), "DD04", 1, 100)  # silent in October
    seen = overview(world.dong_nai.pk, Span.parse("2026-11"))
    assert (seen.comparison.before.activation.rate, seen.comparison.now.activation.rate) == ((10, 100), (20, 100))


def test_an_incomplete_quarter_is_compared_with_as_many_months(world, month, at):
    """October and November of the fourth quarter, not all three months of the third, stand against each other."""
    at("2026-11-20 09:00")
    for m, received in ((7, 1), (8, 10), (9, 100), (10, 1000), (11, 10_000)):
        send(world.phuoc_long, month(f"2026-{m:02d}"), received_online=received, pending_overdue=received)
    seen = overview(world.phuoc_long.pk, Span.parse("2026-Q4"))
    assert seen.dossiers.received == 11_000
    assert seen.comparison is not None
    assert seen.comparison.now.dossiers.received == 11_000
    before = seen.comparison.before.dossiers.received
    assert before in {1 + 10, 10 + 100}  # two months, whichever two are compared
    assert seen.comparison.units == 1


def test_one_month_of_a_quarter_that_is_not_there_leaves_no_comparison(world, month, at):
    """April and May were never opened: one report here and one there are not the same quarter's."""
    at("2026-12-20 09:00")
    for m in (6, 7):
        send(world.phuoc_long, month(f"2026-{m:02d}"), received_online=m)
    month("2026-08")
    month("2026-09")
    assert overview(world.dong_nai.pk, Span.parse("2026-Q3")).comparison is None


# Trend ---------------------------------------------------------------------------------------------------------------


def trend_of(view):
    return {point.month.key: (point.reported, point.expected, point.in_time) for point in view.trend}


def test_the_official_trend_counts_approved_reports_alone(world, month, at):
    at("2026-11-20 09:00")
    period = month("2026-11")
    send(world.phuoc_long, period, status="approved", resolved_early=3, resolved_overdue=1)
    send(world.phuoc_binh, period, resolved_early=100, resolved_overdue=0)
    send(world.phu_rieng, period, resolved_early=100, resolved_overdue=0)
    rollup.roll_up(period)
    november = Span.parse("2026-11")
    assert trend_of(overview(world.dong_nai.pk, november, Basis.PROVISIONAL))["2026-11"] == (3, 4, (203, 204))
    assert trend_of(overview(world.dong_nai.pk, november, Basis.OFFICIAL))["2026-11"] == (1, 4, None)
    assert trend_of(overview(world.phuoc_binh.pk, november, Basis.OFFICIAL))["2026-11"] == (0, 1, None)
    assert trend_of(overview(world.phuoc_binh.pk, november, Basis.PROVISIONAL))["2026-11"] == (1, 1, (100, 100))


def test_the_trend_of_a_unit_that_lost_its_units_keeps_their_totals(world, month, at):
    """An Lộc, Bình Long's only commune, moves away in December: October's total is not the district's own report."""
    at("2024-12-20 09:00")
    move(world.an_loc, world.tx_phuoc_long, dt.date(2024, 12, 1))
    october, december = month("2024-10"), month("2024-12")
    send(world.tx_binh_long, october, resolved_early=1, resolved_overdue=1)
    send(world.an_loc, october, resolved_early=8, resolved_overdue=0)
    send(world.tx_binh_long, december, resolved_early=2, resolved_overdue=3)
    for period in (october, december):
        rollup.roll_up(period)
    seen = trend_of(overview(world.tx_binh_long.pk, Span.parse("2024-12")))
    assert seen["2024-10"] == (2, 2, (9, 10))
    assert seen["2024-12"] == (1, 1, (2, 5))


def test_the_trend_has_twelve_months_and_the_first_of_them_is_shown(world, month, at):
    at("2026-11-20 09:00")
    for key in ("2025-11", "2025-12", "2026-11"):
        send(world.phuoc_long, month(key), resolved_early=int(key[:4]), resolved_overdue=1)
    seen = trend_of(overview(world.phuoc_long.pk, Span.parse("2026-11")))
    assert len(seen) == 12
    assert next(iter(seen)) == "2025-12"
    assert seen["2025-12"] == (1, 1, (2025, 2026))
    assert seen["2026-11"] == (1, 1, (2026, 2027))


def test_a_participating_area_does_not_hold_the_unit_whose_number_begins_alike(world, month, at):
    at("2026-11-20 09:00")
    ParticipatingArea.objects.all().delete()
    pk = world.dong_nai.pk * 10  # begins with the province's own number
    AdministrativeUnit.objects.create(pk=pk, code="99999", level=Level.PROVINCE, opened_on=FIRST_NEW)
    UnitVersion.objects.create(
        unit_id=pk, name="Tỉnh Khác", short_name="Khác", unit_type="tinh", parent=world.nation,
        path=f"{world.nation.versions.get().path}{pk}/", search_key="khac", sort_key="khac", valid_from=FIRST_NEW,
    )  # fmt: skip
    ParticipatingArea.objects.create(unit=world.dong_nai, valid_from=dt.date(2021, 11, 1))
    period = month("2026-11")
    expected = {world.dong_nai.pk, world.phuoc_long.pk, world.phuoc_binh.pk, world.phu_rieng.pk}
    assert set(Report.objects.filter(period=period).values_list("unit_id", flat=True)) == expected


def test_history_holds_sent_months_alone_up_to_the_twelfth(world, month, at):
    """November 2025 is the twelfth month before November 2026; October 2025 is too old, August was sent back."""
    at("2026-12-20 09:00")
    for key, status, received in (
        ("2025-10", "submitted", 1000),
        ("2025-11", "submitted", 12),
        ("2026-08", "returned", 500),
        ("2026-09", "approved", 9),
        ("2026-10", "draft", 700),
    ):
        tell(send(world.phuoc_long, month(key), status=status, received_online=received), "TT01", received)
    period = month("2026-11")
    report = send(world.phuoc_long, period, status="draft", received_online=1)
    rows = FormRows(Report.objects.get(pk=report.pk))
    wanted = [None, 9, *[None] * 9, 12]
    [term] = [term for term in rows.service_terms if term.service.code == "DVC09"]
    history = rows.service_row(term).history
    assert [figures and figures["received_online"] for figures in history] == wanted
    history = rows.indicator_row(Indicator.objects.get(code="TT01")).history
    assert [pair and pair[0] for pair in history] == wanted


# Files made before a change ------------------------------------------------------------------------------------------


def made_file(moved, unit, span):
    """A file of the unit made now, as the worker leaves it."""
    now = timezone.now()
    return ExportJob.objects.create(
        unit=unit, span=span, basis=Basis.PROVISIONAL, requested_by=moved.old_staff, state=ExportJob.State.DONE,
        requested_at=now, started_at=now, finished_at=now, figures_as_of=now,
    )  # fmt: skip


def change(moved, unit, period, at):
    """The unit's report of the month is sent again an hour later; what waits is rolled up."""
    at("2024-12-20 10:00")
    report = Report.objects.get(unit=unit, period=period)
    action = ReportEvent.Action.SUBMIT
    ReportEvent.objects.create(report=report, action=action, by=moved.old_officer, at=timezone.now(), revision=2)
    rollup.mark_dirty(report)
    rollup.drain()


def test_a_file_is_old_when_a_report_that_counts_there_as_a_state_changed_elsewhere(
    moved, at, django_assert_max_num_queries
):
    """November's report of Long Thủy stands under Phước Long; its pending dossiers end the quarter in Bình Long."""
    rollup.drain()
    quarter, early, other = (
        made_file(moved, moved.tx_binh_long, "2024-Q4"),
        made_file(moved, moved.tx_binh_long, "2024-10..2024-11"),  # on 14 November it was not there yet
        made_file(moved, moved.tx_binh_long, "2024-12"),
    )
    old_place = made_file(moved, moved.tx_phuoc_long, "2024-11")
    jobs = [quarter, early, other, old_place]
    assert offers.why_old(jobs) == {}
    change(moved, moved.long_thuy, moved.months[1], at)
    said = "Phường Long Thủy gửi báo cáo ngày 20/12"
    with django_assert_max_num_queries(4):
        assert offers.why_old(jobs) == {quarter.pk: said, old_place.pk: said}


def test_a_file_is_old_when_a_report_whose_opening_counts_there_changed_elsewhere(moved, at):
    """December's report stands under Bình Long; its opening may be the quarter's first, where Long Thủy began."""
    rollup.drain()
    began, month_alone = (made_file(moved, moved.tx_phuoc_long, span) for span in ("2024-Q4", "2024-12"))
    change(moved, moved.long_thuy, moved.months[2], at)
    assert offers.why_old([began, month_alone]) == {began.pk: "Phường Long Thủy gửi báo cáo ngày 20/12"}


def test_a_report_that_stands_nowhere_makes_no_other_file_old(moved, at):
    november = Report.objects.get(unit=moved.long_thuy, period=moved.months[1])
    Report.objects.filter(pk=november.pk).update(path=f"/{moved.long_thuy.pk}/")
    rollup.drain()
    above, own = made_file(moved, moved.tx_binh_long, "2024-Q4"), made_file(moved, moved.long_thuy, "2024-Q4")
    change(moved, moved.long_thuy, moved.months[1], at)
    change(moved, moved.an_loc, moved.months[0], at)
    Report.objects.filter(unit=moved.an_loc).update(path=f"/{moved.an_loc.pk}/")
    assert list(offers.why_old([above, own])) == [own.pk]
