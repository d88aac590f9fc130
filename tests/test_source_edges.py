"""The rows behind a number, at the edges: which reports, in what order, under what name."""

import datetime as dt

import pytest

from reporting.models import Basis, Indicator, IndicatorTerms, Report
from reporting.reading.contributions import Order, UnknownMeasure, name_rows, source, values_below
from reporting.reading.places import Stretch
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from tests.conftest import FIRST_NEW, LAST_OLD, START, make_unit
from tests.ways_out import send, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def months(month, at):
    at("2026-12-20 09:00")
    return [month("2026-10"), month("2026-11")]


def behind(unit, months, measure, **more):
    return source(unit.pk, months, Basis.PROVISIONAL, measure, **more)


def places(found):
    return [(row.unit_id, row.value, row.of) for row in found.rows]


# Order ---------------------------------------------------------------------------------------------------------------


def test_the_largest_first_then_by_name(world, months):
    """0 is less than 1, though its unit's name comes first; what is equal goes by name, then by month."""
    send(world.phu_rieng, months[1], received_online=0)
    send(world.phuoc_binh, months[1], received_online=1)
    send(world.phuoc_long, months[1], received_online=1)
    send(world.phuoc_long, months[0], received_online=1)
    found = behind(world.dong_nai, months, "received_online")
    assert [(row.unit_id, row.period_id, row.value) for row in found.rows] == [
        (world.phuoc_binh.pk, months[1].pk, 1),
        (world.phuoc_long.pk, months[0].pk, 1),
        (world.phuoc_long.pk, months[1].pk, 1),
        (world.phu_rieng.pk, months[1].pk, 0),
    ]
    assert (found.order, found.has_denominator, found.is_state) == (Order.LARGEST, False, False)


@pytest.mark.parametrize(
    ("direction", "order", "expected"),
    [
        ("up", Order.LOWEST_RATE, ["phu_rieng", "phuoc_long", "phuoc_binh"]),
        ("down", Order.HIGHEST_RATE, ["phuoc_binh", "phuoc_long", "phu_rieng"]),
        ("none", Order.LARGEST, ["phu_rieng", "phuoc_long", "phuoc_binh"]),  # equal numerators: who weighs more
    ],
)
def test_a_ratio_goes_by_its_direction(world, months, direction, order, expected):
    Indicator.objects.filter(code="DD04").update(direction=direction)
    for name, of in (("phu_rieng", 30), ("phuoc_binh", 10), ("phuoc_long", 20)):
        tell(send(getattr(world, name), months[1]), "DD04", 3, of)
    tell(send(world.dong_nai, months[1]), "DD04", 0, 0)  # no rate: last, and the smallest
    found = behind(world.dong_nai, months[1:], "DD04")
    assert found.order == order
    assert [row.unit_id for row in found.rows] == [getattr(world, name).pk for name in [*expected, "dong_nai"]]
    assert (found.value, found.of, found.has_denominator, found.is_state) == (9, 60, True, True)
    assert found.label == "DD04 " + Indicator.objects.get(code="DD04").name
    assert found.own_indicator is None


def test_a_report_that_says_only_what_is_late_has_no_rate_and_stands_last(world, months):
    send(world.phu_rieng, months[1], resolved_overdue=25)
    send(world.phuoc_binh, months[1], resolved_early=0, resolved_overdue=0)
    send(world.phuoc_long, months[1], resolved_early=1, resolved_overdue=0)
    found = behind(world.dong_nai, months[1:], "in_time_rate")
    assert places(found) == [
        (world.phuoc_long.pk, 1, 1),
        (world.phu_rieng.pk, None, 25),
        (world.phuoc_binh.pk, 0, 0),
    ]
    assert (found.value, found.of, found.has_denominator, found.order) == (1, 26, True, Order.LOWEST_RATE)


# Which reports -------------------------------------------------------------------------------------------------------


def test_words_of_a_number(world, months):
    send(world.phuoc_long, months[1], service="DVC15", received_online=3)
    send(world.phuoc_binh, months[1], received_online=9)
    assert behind(world.dong_nai, months, "received").label == "Hồ sơ tiếp nhận"
    assert behind(world.dong_nai, months, "opening").label == "Kỳ trước chuyển sang"
    assert behind(world.dong_nai, months, "rejected").label == "Từ chối, rút, dừng"
    one = behind(world.dong_nai, months, "DVC15.received")
    assert (one.label[:23], places(one)) == ("Hồ sơ tiếp nhận – DVC15", [(world.phuoc_long.pk, 3, None)])
    linked = behind(world.dong_nai, months, "linked")
    assert linked.label == "Hồ sơ tiếp nhận của hai nhóm liên thông"
    assert places(linked) == [(world.phuoc_long.pk, 3, None)]
    for name in ("khac", "DVC99.received", "DVC15.khac", ""):
        with pytest.raises(UnknownMeasure, match=f"^{name}$"):
            behind(world.dong_nai, months, name)


def test_of_a_state_the_last_month_counts_and_of_an_opening_the_first(world, month, at):
    at("2026-12-20 09:00")
    three = [month("2026-09"), month("2026-10"), month("2026-11")]
    for k, period in enumerate(three):
        send(world.phuoc_long, period, opening=10 + k, pending_in_time=20 + k, pending_overdue=30 + k)
        tell(Report.objects.get(unit=world.phuoc_long, period=period), "NL01", 40 + k)
    one = world.phuoc_long.pk
    for name, k, value in (("opening", 0, 10), ("pending", 2, 22 + 32), ("NL01", 2, 42)):
        found = behind(world.dong_nai, three, name)
        assert [(r.unit_id, r.period_id, r.value, r.of) for r in found.rows] == [(one, three[k].pk, value, None)]
        assert (found.is_state, found.has_denominator, found.order) == (True, False, Order.LARGEST)


def test_of_a_unit_right_below_only_what_stood_there(world, month, at):
    """The district 17000017 ends like 17: what Long Thủy handed in there is not of its row in 17."""
    at("2024-12-20 09:00")
    districts = []
    for number in (17_000_017, 17):
        unit = AdministrativeUnit.objects.create(
            pk=number, code=str(number)[:5], level=Level.DISTRICT, opened_on=START, closed_on=LAST_OLD
        )
        UnitVersion.objects.create(
            unit=unit, name=f"Thị xã {number}", short_name=str(number), unit_type="thi_xa", parent=world.binh_phuoc,
            path=f"{world.binh_phuoc.versions.get().path}{number}/", search_key="", sort_key="",
            valid_from=START, valid_to=LAST_OLD,
        )  # fmt: skip
        districts.append(unit)
    first = make_unit("99002", "Xã Một", "xa", Level.COMMUNE, districts[0], closed=LAST_OLD)
    two = [month("2024-10"), month("2024-11")]
    send(first, two[0], received_online=3)
    send(first, two[1], received_online=5)
    path = districts[1].versions.get().path
    Report.objects.filter(unit=first, period=two[1]).update(path=f"{path}{first.pk}/")
    found = source(districts[1].pk, two, Basis.PROVISIONAL, "received_online", below=first.pk)
    assert places(found) == [(first.pk, 5, None)]
    assert places(source(districts[0].pk, two, Basis.PROVISIONAL, "received_online", below=first.pk)) == [
        (first.pk, 3, None)
    ]


def test_an_own_indicator_of_one_unit_below_is_that_units(world, months):
    tell(send(world.dong_nai, months[1]), "DV01", 9, 25)
    tell(send(world.phuoc_long, months[1]), "DV01", 13, 13)
    assert places(behind(world.dong_nai, months, "DV01")) == [(world.dong_nai.pk, 9, 25)]
    found = behind(world.dong_nai, months, "DV01", below=world.phuoc_long.pk)
    assert places(found) == [(world.phuoc_long.pk, 13, 13)]
    assert found.own_indicator == Indicator.objects.get(code="DV01")


# Names ---------------------------------------------------------------------------------------------------------------


def test_rows_are_named_and_an_office_by_its_unit(world, months):
    send(world.dong_nai, months[1], received_online=3)
    send(world.phuoc_long, months[1], received_online=2)
    send(world.phuoc_binh, months[1], received_online=1)
    UnitVersion.objects.filter(unit=world.phuoc_binh).update(valid_from=dt.date(2026, 11, 15))
    rows = behind(world.dong_nai, months, "received_online").rows
    name_rows(rows, months)
    assert [row.unit_name for row in rows] == [
        "UBND tỉnh Đồng Nai (cấp tỉnh)",
        "Phường Phước Long",
        f"Đơn vị số {world.phuoc_binh.pk}",  # no name on the month's last day
    ]
    assert [row.status_label for row in rows] == ["Đã gửi"] * 3


# Units right below ---------------------------------------------------------------------------------------------------


def test_values_below_are_those_of_the_last_day_and_of_the_months_read(world, months):
    october, november = months
    dv01 = Indicator.objects.get(code="DV01")
    tell(send(world.phuoc_long, october), "DV01", 1, 13)
    tell(send(world.phuoc_long, november), "DV01", 2, 13)
    tell(send(world.phuoc_binh, october), "DV01", 5, 13)
    make_unit("99004", "Xã Sau", "xa", Level.COMMUNE, world.dong_nai, opened=dt.date(2026, 11, 15))
    make_unit("99005", "Xã Trước", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW, closed=dt.date(2026, 11, 13))

    def values(now, before=()):
        stretch = Stretch(world.dong_nai.pk, "provisional", list(now), list(before))
        return [(name, pair.rate) for name, pair in values_below(dv01, stretch, UnitVersion.objects.all())]

    nothing, rieng = (None, None), "Xã Phú Riềng"
    assert values([november], [october]) == [
        (rieng, nothing),
        ("Phường Phước Bình", nothing),
        ("Phường Phước Long", (2, 13)),
    ]
    assert values([october, november])[1:] == [("Phường Phước Bình", (5, 13)), ("Phường Phước Long", (2, 13))]
    terms = IndicatorTerms.objects.on(november.data_to).filter(indicator=dv01)
    terms.update(valid_from=november.data_to)
    assert len(values([november])) == 3
    assert len(values([october, november])) == 3
    terms.update(at_commune=False)
    assert values([november]) == []
    IndicatorTerms.objects.filter(indicator=dv01).delete()
    assert values([november]) == []
