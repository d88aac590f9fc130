"""Where figures stand, at the edges: numbers within numbers, first and last days, trees corrected later."""

import datetime as dt

import pytest

from de_an_06.plain.spans import Span
from reporting.expected import settle
from reporting.models import Basis, Report
from reporting.reading.contributions import source
from reporting.reading.overview import overview
from reporting.reading.places import BEFORE, NOW, Stretch
from reporting.reading.ranges import service_sums, unit_sums
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import LAST_OLD, START, make_unit
from tests.test_placing import end, move, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def months(month, at):
    at("2024-12-20 09:00")
    return [month("2024-10"), month("2024-11")]


def sums_of(unit, now, before=()):
    """(side, unit below) -> the dossiers together."""
    stretch = Stretch(unit.pk, "provisional", list(now), list(before))
    return {(p.side, p.child_id): p.dossiers for p in service_sums(stretch, by_child=True, by_service=False)}


def numbered(number, level, parent):
    """A unit with this very number, which stands in paths."""
    unit = AdministrativeUnit.objects.create(
        pk=number, code=str(number)[:5], level=level, opened_on=START, closed_on=LAST_OLD
    )
    UnitVersion.objects.create(
        unit=unit, name=f"Đơn vị {number}", short_name=str(number), unit_type="tinh", parent=parent,
        path=f"{parent.versions.get().path}{number}/", search_key=str(number), sort_key=str(number),
        valid_from=START, valid_to=LAST_OLD,
    )  # fmt: skip
    return unit


def test_a_number_at_both_ends_of_another_in_the_same_path(world, months):
    """The district 500 lies in the province 5007500: its commune stands after /500/, not after either end."""
    province = numbered(5007500, Level.PROVINCE, world.nation)
    district = numbered(500, Level.DISTRICT, province)
    commune = make_unit("99001", "Xã Trong", "xa", Level.COMMUNE, district, closed=LAST_OLD)
    for period in months:
        settle(period)
    send(commune, months[1], received_online=7)
    assert sums_of(district, months[1:])[NOW, commune.pk].received_online == 7
    assert sums_of(district, months)[NOW, commune.pk].received_online == 7
    assert sums_of(province, months)[NOW, district.pk].received_online == 7


def test_a_month_stands_where_its_reports_stood_though_the_tree_was_corrected_since(world, months):
    """Long Thủy is written into Bình Long afterwards; the month was Phước Long's, its states too."""
    november = months[1]
    send(world.long_thuy, november, opening=3, received_online=7, pending_overdue=4)
    version = world.long_thuy.versions.get()
    version.parent, version.path = world.tx_binh_long, f"{world.tx_binh_long.versions.get().path}{version.unit_id}/"
    version.save()
    dossiers = sums_of(world.tx_phuoc_long, [november])[NOW, world.long_thuy.pk]
    assert (dossiers.opening, dossiers.received_online, dossiers.pending_overdue) == (3, 7, 4)
    assert sums_of(world.tx_binh_long, [november]) == {}
    for name, value in (("opening", 3), ("received_online", 7), ("pending_overdue", 4)):
        assert source(world.tx_phuoc_long.pk, [november], Basis.PROVISIONAL, name).value == value
        assert source(world.tx_binh_long.pk, [november], Basis.PROVISIONAL, name).value is None


@pytest.mark.parametrize(
    ("closed_on", "pending"),
    [((14, 13), (4, None)), ((14, 14), (4, 5)), ((13, 14), (None, 5)), ((13, 13), (None, None))],
)
def test_the_last_day_of_a_unit_decides_over_its_state_on_both_sides(world, months, closed_on, pending):
    """Thác Mơ is known later to have ended in October, Long Thủy in November; the months keep their reports."""
    october, november = months
    send(world.thac_mo, october, received_online=1, pending_overdue=4)
    send(world.long_thuy, november, received_online=2, pending_overdue=5)
    end(world.thac_mo, dt.date(2024, 10, closed_on[0]))
    end(world.long_thuy, dt.date(2024, 11, closed_on[1]))
    for unit in (world.thac_mo, world.long_thuy):
        AdministrativeUnit.objects.filter(pk=unit.pk).update(closed_on=unit.versions.get().valid_to)
    sides = sums_of(world.tx_phuoc_long, [november], [october])
    assert sides[BEFORE, world.thac_mo.pk].pending_overdue == pending[0]
    assert sides[NOW, world.long_thuy.pk].pending_overdue == pending[1]
    assert (sides[BEFORE, world.thac_mo.pk].received_online, sides[NOW, world.long_thuy.pk].received_online) == (1, 2)


@pytest.mark.parametrize(
    ("opened_on", "opening"),
    [((14, 15), (4, None)), ((14, 14), (4, 5)), ((15, 14), (None, 5)), ((15, 15), (None, None))],
)
def test_the_first_day_of_a_unit_decides_over_its_opening_on_both_sides(world, months, opened_on, opening):
    october, november = months
    send(world.thac_mo, october, received_online=1, opening=4)
    send(world.long_thuy, november, received_online=2, opening=5)
    for unit, first in (
        (world.thac_mo, dt.date(2024, 10, opened_on[0])),
        (world.long_thuy, dt.date(2024, 11, opened_on[1])),
    ):
        AdministrativeUnit.objects.filter(pk=unit.pk).update(opened_on=first)
    sides = sums_of(world.tx_phuoc_long, [november], [october])
    assert sides[BEFORE, world.thac_mo.pk].opening == opening[0]
    assert sides[NOW, world.long_thuy.pk].opening == opening[1]


@pytest.mark.parametrize(("came", "left", "received"), [(1, 14, 4), (14, 30, 4), (1, 13, None), (15, 30, None)])
def test_a_unit_that_stood_here_on_one_day_of_a_side_has_its_state_here(world, month, at, came, left, received):
    """Long Thủy is in Bình Long from one day of October to another: on the 14th it counts there, or does not."""
    at("2024-12-20 09:00")
    move(world.long_thuy, world.tx_binh_long, dt.date(2024, 10, came))
    move(world.long_thuy, world.tx_phuoc_long, dt.date(2024, 10, left) + dt.timedelta(days=1))
    september, october = month("2024-09"), month("2024-10")
    send(world.long_thuy, september, received_online=1, pending_overdue=4)
    found = sums_of(world.tx_binh_long, [september, october])
    assert (found[NOW, world.long_thuy.pk].pending_overdue if found else None) == received
    november, december = month("2024-11"), month("2024-12")
    then = sums_of(world.tx_binh_long, [november, december], [september, october])
    assert (then[BEFORE, world.long_thuy.pk].pending_overdue if then else None) == received
    assert [
        row.pending_overdue for row in unit_sums(Stretch(world.tx_binh_long.pk, "provisional", [september, october]))
    ] == ([received] if received else [])


def test_a_unit_with_two_services_is_one_unit(world, months):
    send(world.long_thuy, months[1], received_online=1)
    send(world.long_thuy, months[1], service="DVC12", received_online=2)
    for now in (months[1:], months):
        dossiers = sums_of(world.tx_phuoc_long, now)[NOW, world.long_thuy.pk]
        assert (dossiers.received_online, dossiers.units) == (3, 1)


def test_a_unit_that_was_blank_where_it_stood_first_is_counted_where_it_reported(world, month, at):
    at("2024-12-20 09:00")
    move(world.long_thuy, world.tx_binh_long, dt.date(2024, 12, 1))
    october, _, december = (month(f"2024-{m}") for m in (10, 11, 12))
    send(world.long_thuy, october)
    send(world.long_thuy, december, received_online=5)
    [line] = overview(world.binh_phuoc.pk, Span.parse("2024-Q4")).services
    assert (line.dossiers.received_online, line.dossiers.units) == (5, 1)


def test_a_report_that_stands_nowhere_is_in_no_stretch_but_its_own_units(world, months):
    """docs/decisions/0010: its path is the unit's number alone."""
    report = send(world.long_thuy, months[0], received_online=1, pending_overdue=4)
    Report.objects.filter(pk=report.pk).update(path=f"/{world.long_thuy.pk}/")
    assert sums_of(world.tx_phuoc_long, months) == {}
    assert sums_of(world.long_thuy, months)[NOW, None].pending_overdue == 4
    for unit, value in ((world.tx_phuoc_long, None), (world.long_thuy, 4)):
        assert source(unit.pk, months, Basis.PROVISIONAL, "pending_overdue").value == value
