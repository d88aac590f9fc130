"""Boundaries carried back: a successor's figures with those of the units that passed wholly into it (decision 0017).

Expected values are written by hand, or made by a model here that knows nothing of SQL.
"""

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from de_an_06.plain.spans import Month, Span
from reporting.models import ExportJob, Indicator, IndicatorFigure, KeptReading, Report
from reporting.periods import open_period
from reporting.reading import joined as joining
from reporting.reading.contributions import source
from reporting.reading.overview import overview
from reporting.reading.units_below import REST
from reporting.rollup import rollup
from taskforces.models import Level, UnitSuccession
from tests.conftest import FIRST_NEW, LAST_OLD, START, make_unit
from tests.ways_out import send, workbook

pytestmark = pytest.mark.django_db

MONTHS = ("2025-04", "2025-05", "2025-06", "2025-07", "2025-08")  # from July, read on the 14th, two tiers
YEAR = Span.parse("2025-01..2025-08")


def link(before, after, day=FIRST_NEW, partial=False):
    return UnitSuccession.objects.create(
        predecessor=before, successor=after, effective_on=day, is_partial=partial, legal_basis="1662/NQ-UBTVQH15"
    )


@pytest.fixture
def merged(world, month, at):
    """Bình Phước passed into Đồng Nai, Thác Mơ and Long Thủy into Phước Long, An Lộc in part into two communes."""
    at("2025-08-20 09:00")
    world.months = {key: month(key) for key in MONTHS}
    link(world.binh_phuoc, world.dong_nai)
    link(world.thac_mo, world.phuoc_long)
    link(world.long_thuy, world.phuoc_long)
    link(world.an_loc, world.phuoc_binh, partial=True)
    link(world.an_loc, world.phu_rieng, partial=True)
    # received online, resolved early, resolved overdue, pending overdue; opening
    given = (
        (world.thac_mo, "2025-05", 10, 4, 1, 3, 1),
        (world.long_thuy, "2025-05", 7, 6, 0, 1, 2),
        (world.an_loc, "2025-05", 100, 50, 50, 9, 4),
        (world.tx_phuoc_long, "2025-05", 1000, 500, 0, 20, 0),
        (world.binh_phuoc, "2025-05", 40, 10, 0, 0, 0),
        (world.thac_mo, "2025-06", 20, 5, 0, 4, 8),
        (world.phuoc_long, "2025-07", 30, 9, 1, 5, 3),
        (world.phuoc_binh, "2025-07", 60, 30, 0, 2, 6),
        (world.dong_nai, "2025-07", 50, 20, 0, 0, 0),
        (world.phuoc_long, "2025-08", 33, 8, 2, 6, 5),
    )
    for unit, key, online, early, overdue, stuck, opening in given:
        send(
            unit, world.months[key], received_online=online, resolved_early=early, resolved_on_time=0,
            resolved_overdue=overdue, pending_overdue=stuck, opening=opening,
        )  # fmt: skip
    for period in world.months.values():
        rollup.roll_up(period)
    return world


def joined(unit, span=YEAR, **more):
    return overview(unit.pk, span, is_joined=True, **more)


def numbers(dossiers):
    return dossiers.received_online, dossiers.resolved_early, dossiers.pending_overdue, dossiers.opening


# A whole line -------------------------------------------------------------------------------------------------------


def test_whole_predecessors_are_added_to_a_span_and_states_stay_the_last(merged):
    """Flows 10+7+20+30+33; pending only of who exists at the end (6), openings of who was first (1+2)."""
    seen = joined(merged.phuoc_long)
    assert numbers(seen.dossiers) == (100, 4 + 6 + 5 + 9 + 8, 6, 1 + 2)
    assert [p.key for p in seen.periods] == list(MONTHS)
    at_the_time = overview(merged.phuoc_long.pk, YEAR)
    assert numbers(at_the_time.dossiers) == (63, 17, 6, 3)
    assert (at_the_time.boundaries_changed, at_the_time.joined) == (True, None)


def test_the_line_of_twelve_months_begins_before_the_unit_did(merged):
    drawn = {p.month.key: (p.reported, p.expected, p.in_time, p.is_comparable) for p in joined(merged.phuoc_long).trend}
    assert drawn["2025-05"] == (2, 2, (10, 11), True)
    assert drawn["2025-06"] == (1, 2, (5, 5), True)
    assert drawn["2025-07"] == (1, 1, (9, 10), True)
    at_the_time = {p.month.key: p.in_time for p in overview(merged.phuoc_long.pk, YEAR).trend}
    assert (at_the_time["2025-05"], at_the_time["2025-07"]) == (None, (9, 10))


def test_a_province_line_is_the_sum_of_the_old_provinces(merged):
    drawn = {p.month.key: (p.reported, p.expected, p.in_time) for p in joined(merged.dong_nai).trend}
    # 4+6+50+500+10 of these and 1+50 late; five of six bodies reported
    assert drawn["2025-05"] == (5, 6, (570, 621))
    assert numbers(joined(merged.dong_nai).dossiers)[0] == 10 + 7 + 100 + 1000 + 40 + 20 + 30 + 60 + 50 + 33


def test_months_of_two_old_provinces_are_added(merged):
    other = make_unit("99", "Tỉnh Cũ", "tinh", Level.PROVINCE, merged.nation, closed=LAST_OLD)
    commune = make_unit("25999", "Xã Cũ", "xa", Level.COMMUNE, other, closed=LAST_OLD)
    link(other, merged.dong_nai)
    may = open_period(Month(2025, 5))
    send(commune, may, received_online=5, resolved_early=3, resolved_overdue=1)
    rollup.roll_up(may)
    drawn = {p.month.key: (p.reported, p.expected, p.in_time) for p in joined(merged.dong_nai).trend}
    assert drawn["2025-05"] == (6, 8, (573, 625))
    assert numbers(joined(merged.dong_nai).dossiers)[0] == 1350 + 5


def test_rows_are_the_units_of_the_last_day_and_add_up(merged):
    seen = joined(merged.dong_nai)
    rows = {row.unit_id: (numbers(row.dossiers)[0], row.is_comparable) for row in seen.rows}
    assert rows == {
        merged.dong_nai.pk: (90, True),  # the province's own: 40 of Bình Phước, 50
        merged.phuoc_long.pk: (100, True),
        merged.phuoc_binh.pk: (60, False),
        merged.phu_rieng.pk: (None, False),
        REST: (1100, False),  # the town of Phước Long, and An Lộc that nobody took in whole
    }
    for name in ("received_online", "resolved_early", "resolved_overdue", "pending_overdue", "opening"):
        parts = [getattr(row.dossiers, name) for row in seen.rows]
        assert sum(part or 0 for part in parts) == getattr(seen.dossiers, name), name
    assert seen.submissions.reports == 10
    assert seen.submissions.expected_reports == 3 * 6 + 2 * 4


def test_every_number_leads_to_its_rows(merged):
    seen = joined(merged.dong_nai)
    for measure in ("received", "pending_overdue", "opening", "in_time_rate"):
        found = source(merged.dong_nai.pk, seen.periods, "provisional", measure, joined=seen.joined)
        value = seen.measures.in_time_rate[0] if measure == "in_time_rate" else getattr(seen.dossiers, measure)
        assert found.value == value, measure
        below = [
            source(merged.dong_nai.pk, seen.periods, "provisional", measure, below=row.unit_id, joined=seen.joined)
            for row in seen.rows
        ]
        assert sum(part.value or 0 for part in below) == value, measure
    rest = source(merged.dong_nai.pk, seen.periods, "provisional", "received", below=REST, joined=seen.joined)
    assert {row.unit_id for row in rest.rows} == {merged.tx_phuoc_long.pk, merged.an_loc.pk}


# Comparisons --------------------------------------------------------------------------------------------------------


def test_a_change_is_of_lines_that_reported_whole_on_both_sides(merged, month, at):
    """July against June: Thác Mơ alone reported in June, so Phước Long is not compared; May against July it would."""
    assert joined(merged.phuoc_long, Span.parse("2025-07")).comparison is None
    report = Report.objects.get(unit=merged.long_thuy, period=merged.months["2025-06"])
    send(merged.long_thuy, report.period, received_online=5, resolved_early=5, pending_overdue=1)
    then = joined(merged.phuoc_long, Span.parse("2025-07")).comparison
    assert (then.label, then.units) == ("tháng 06/2025", 1)
    assert (then.now.dossiers.received_online, then.before.dossiers.received_online) == (30, 25)
    assert (then.now.dossiers.pending_overdue, then.before.dossiers.pending_overdue) == (5, 5)
    assert overview(merged.phuoc_long.pk, Span.parse("2025-07")).comparison is None
    province = joined(merged.dong_nai, Span.parse("2025-07")).comparison
    assert (province.units, province.now.dossiers.received_online, province.before.dossiers.received_online) == (
        1,
        30,
        25,
    )
    assert list(province.rows) == [merged.phuoc_long.pk]


def test_the_same_month_of_the_year_before(merged, month, at):
    at("2026-06-20 09:00")
    may = month("2026-05")
    send(merged.phuoc_long, may, received_online=21, resolved_early=20)
    send(merged.phuoc_binh, may, received_online=99, resolved_early=9)
    span = Span.parse("2026-05")
    then = joined(merged.phuoc_long, span).year_ago
    assert (then.label, then.now.dossiers.received, then.before.dossiers.received) == ("tháng 05/2025", 21, 17)
    assert joined(merged.phuoc_binh, span).year_ago is None
    assert overview(merged.phuoc_long.pk, span).year_ago is None
    assert [m.dossiers.received for m in joined(merged.dong_nai, span).year_ago.rows[merged.phuoc_long.pk]] == [21, 17]


def test_what_came_in_part_is_marked_and_has_no_change(merged):
    report = Report.objects.get(unit=merged.an_loc, period=merged.months["2025-06"])
    send(merged.an_loc, report.period, received_online=5)
    seen = joined(merged.phuoc_binh, Span.parse("2025-07"))
    assert (seen.comparison, seen.dossiers.received_online) == (None, 60)
    assert "không so sánh được" in " ".join(seen.notices)
    assert {p.month.key: p.is_comparable for p in seen.trend if p.month.year == 2025 and 4 < p.month.month < 9} == {
        "2025-05": False, "2025-06": False, "2025-07": True,
    }  # fmt: skip
    assert joined(merged.dong_nai, Span.parse("2025-07")).comparison is None  # and there is no other


def test_a_line_is_cut_where_territory_came_or_went_in_part_and_nowhere_else(merged):
    seen = joined(merged.phuoc_binh, Span.parse("2025-08"))
    assert [p.month.key for p in seen.trend if p.is_cut] == ["2025-07"]
    assert not any(p.is_cut for p in joined(merged.phuoc_long, Span.parse("2025-08")).trend)
    assert not any(p.is_cut for p in overview(merged.phuoc_binh.pk, Span.parse("2025-08")).trend)


def test_the_cut_line_says_so_in_its_words_its_table_and_what_is_drawn(merged, client):
    answer = page(client, merged.chair, ky="2025-08", dia_gioi="noi", don_vi=merged.phuoc_binh.pk)
    body = answer.content.decode()
    assert "Đường đứt trước tháng 07/2025." in body
    assert answer.context["chart"]["cuts"] == [answer.context["chart"]["months"].index("07/25")]
    table = body[body.index("Xem số liệu của biểu đồ") :]
    assert table.index("06/25") < table.index("Có phần địa giới chia, nhập:") < table.index("07/25")
    quiet = page(client, merged.chair, ky="2025-08", dia_gioi="noi", don_vi=merged.phuoc_long.pk)
    assert quiet.context["chart"]["cuts"] == []
    assert "Có phần địa giới chia, nhập:" not in quiet.content.decode()


def test_a_part_added_to_a_whole_is_not_compared_either(merged):
    link(merged.an_loc, merged.phuoc_long, partial=True)
    for unit in (merged.long_thuy,):
        send(unit, merged.months["2025-06"], received_online=5)
    seen = joined(merged.phuoc_long, Span.parse("2025-07"))
    assert seen.comparison is None
    assert [p.is_comparable for p in seen.trend][-3:] == [False, False, True]
    # after the change its months are of one territory again
    assert joined(merged.phuoc_long, Span.parse("2025-08")).comparison.units == 1


def test_one_known_part_is_not_the_whole(merged):
    """The sources name one heir of some divided communes: it takes nothing over, and its own line is broken."""
    UnitSuccession.objects.filter(predecessor=merged.an_loc, successor=merged.phu_rieng).delete()
    rows = {row.unit_id: (numbers(row.dossiers)[0], row.is_comparable) for row in joined(merged.dong_nai).rows}
    assert rows[merged.phuoc_binh.pk] == (60, False)
    assert rows[merged.phu_rieng.pk] == (None, True)
    assert rows[REST] == (1100, False)


def test_a_predecessor_that_stood_elsewhere_keeps_the_line_from_being_compared(merged):
    """Bù Đăng lay in a province that is not in Đồng Nai's line: its June is in no total, so there is no change."""
    other = make_unit("99", "Tỉnh Ngoài", "tinh", Level.PROVINCE, merged.nation, closed=LAST_OLD)
    away = make_unit("25999", "Xã Ngoài", "xa", Level.COMMUNE, other, closed=LAST_OLD)
    link(away, merged.phuoc_long)
    open_period(Month(2025, 6))
    for unit in (merged.long_thuy, away):
        send(unit, merged.months["2025-06"], received_online=5)
    assert joined(merged.dong_nai, Span.parse("2025-07")).comparison is None
    # the commune's own line is whole: 20 + 5 + 5 against 30
    then = joined(merged.phuoc_long, Span.parse("2025-07")).comparison
    assert (then.now.dossiers.received_online, then.before.dossiers.received_online) == (30, 30)


def test_an_indicator_never_added_over_units_is_not_added_over_predecessors(merged):
    Indicator.objects.filter(code="DD04").update(over_units="own", over_time="flow")
    for own in Indicator.objects.filter(code__in=["DV01", "DD04"]):
        assert own.is_own
        for unit, key, value in ((merged.binh_phuoc, "2025-05", 7), (merged.dong_nai, "2025-07", 8)):
            report = Report.objects.get(unit=unit, period=merged.months[key])
            IndicatorFigure.objects.create(report=report, indicator=own, numerator=value, denominator=11)
    seen = joined(merged.dong_nai)
    assert (seen.indicator("DV01").rate, seen.indicator("DD04").rate) == ((8, 11), (8, 11))
    assert next(row for row in seen.rows if row.is_own).measures.activation.rate == (8, 11)


# When it can be asked for -------------------------------------------------------------------------------------------


def test_it_is_offered_only_where_a_boundary_changed_in_the_months_shown(merged, month, at):
    at("2026-08-20 09:00")
    for key in ("2026-06", "2026-07"):
        send(merged.phuoc_long, month(key), received_online=1)
    assert overview(merged.phuoc_long.pk, Span.parse("2026-06")).boundaries_changed  # its year before is June 2025
    after = joined(merged.phuoc_long, Span.parse("2026-07"))
    assert (after.boundaries_changed, after.joined) == (False, None)
    assert not overview(merged.lam_dong.pk, Span.parse("2025-07")).boundaries_changed  # Lâm Đồng took in nobody


def test_the_nation_has_one_boundary(merged):
    seen = joined(merged.nation)
    assert (seen.boundaries_changed, seen.joined) == (False, None)


def test_two_that_claim_one_whole_predecessor_have_neither(merged):
    link(merged.thac_mo, merged.phu_rieng)
    seen = joined(merged.dong_nai)
    rows = {row.unit_id: (numbers(row.dossiers)[0], row.is_comparable) for row in seen.rows}
    assert rows[merged.phuoc_long.pk] == (70, False)
    assert rows[REST] == (1130, False)
    assert sum(received or 0 for received, _ in rows.values()) == seen.dossiers.received_online


# Properties ---------------------------------------------------------------------------------------------------------

COMMUNES = 5
in_the_database = settings(  # an example takes a quarter of a second: a failing one is not made smaller
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
figures = st.integers(0, 10**6)


@st.composite
def lands(draw):
    """Old communes in two provinces, new ones in one or two; which passed into which, and what each month said."""
    return {
        "old": draw(st.lists(st.integers(0, 1), min_size=COMMUNES, max_size=COMMUNES)),  # in which old province
        "new": draw(st.lists(st.integers(0, 1), min_size=COMMUNES, max_size=COMMUNES)),
        "merge": draw(st.booleans()),  # do both old provinces pass into the first new one?
        "heirs": draw(st.lists(st.tuples(st.integers(0, COMMUNES - 1), st.booleans()), min_size=COMMUNES,
                               max_size=COMMUNES)),
        "said": draw(st.dictionaries(st.tuples(st.integers(0, 2 * COMMUNES + 3), st.integers(0, 3)),
                                     st.tuples(figures, figures), max_size=30)),
    }  # fmt: skip


class Land:
    """The drawn land in the database: provinces and communes before and after 1 July 2025."""

    keys = ("2025-05", "2025-06", "2025-07", "2025-08")

    def __init__(self, world, drawn):
        self.provinces = [
            make_unit(f"8{n}", f"Tỉnh Cũ {n}", "tinh", Level.PROVINCE, world.nation, closed=LAST_OLD) for n in (0, 1)
        ]
        self.heirs = [
            make_unit(f"9{n}", f"Tỉnh Mới {n}", "tinh", Level.PROVINCE, world.nation, opened=FIRST_NEW) for n in (0, 1)
        ]
        self.old = [
            make_unit(f"80{n:03d}", f"Xã Cũ {n}", "xa", Level.COMMUNE, self.provinces[where], START, LAST_OLD)
            for n, where in enumerate(drawn["old"])
        ]
        self.new = [
            make_unit(f"90{n:03d}", f"Xã Mới {n}", "xa", Level.COMMUNE, self.heirs[where], FIRST_NEW)
            for n, where in enumerate(drawn["new"])
        ]
        self.heir_of = {old: self.heirs[0 if drawn["merge"] else n] for n, old in enumerate(self.provinces)}
        self.whole = {}  # old commune -> the new one that took it in whole
        for old, after in self.heir_of.items():
            link(old, after)
        for old, (heir, is_whole) in zip(self.old, drawn["heirs"], strict=True):
            link(old, self.new[heir], partial=not is_whole)
            if is_whole:
                self.whole[old] = self.new[heir]
            elif heir % 2:  # of the others only the one part is known, as the sources have it of some
                link(old, self.new[(heir + 1) % COMMUNES], partial=True)
        self.periods = [open_period(Span.parse(key).first) for key in self.keys]
        self.said = {}
        before, after = [*self.old, *self.provinces], [*self.new, *self.heirs]
        for (who, k), (received, pending) in drawn["said"].items():
            among = before if k < 2 else after
            unit = among[who % len(among)]
            if (unit, k) in self.said:
                continue
            self.said[unit, k] = received, pending
            send(unit, self.periods[k], received_online=received, pending_overdue=pending)
        for period in self.periods:
            rollup.roll_up(period)

    def under(self, province, drawn):
        communes = dict(zip([*self.old, *self.new], [*drawn["old"], *drawn["new"]], strict=True))
        places = [*self.provinces] if province in self.provinces else [*self.heirs]
        return {province} | {
            c for c, where in communes.items()
            if places[where] == province and (c in self.old) == (province in self.provinces)
        }  # fmt: skip

    def received(self, units, ks):
        values = [value[0] for (unit, k), value in self.said.items() if unit in units and k in ks]
        return sum(values) if values else None


@settings(in_the_database, max_examples=12)
@given(drawn=lands())
def test_totals_before_are_totals_after_and_rows_add_up(world, at, drawn):
    at("2025-08-20 09:00")
    span = Span.parse("2025-05..2025-08")
    with transaction.atomic():
        land = Land(world, drawn)
        for heir in land.heirs:
            olds = [old for old, after in land.heir_of.items() if after == heir]
            area = set().union(land.under(heir, drawn), *(land.under(old, drawn) for old in olds))
            seen = joined(heir, span)
            # the span, and each month that is drawn
            assert seen.dossiers.received_online == land.received(area, range(4))
            points = {p.month.key: p for p in seen.trend}
            for k, key in enumerate(land.keys):
                there = [unit for unit in area if (unit in [*land.old, *land.provinces]) == (k < 2)]
                reported, received = sum((unit, k) in land.said for unit in there), land.received(area, [k])
                drawn_at_all = 2 * reported >= len(there) and received
                assert (points[key].reported, points[key].expected) == (reported, len(there)), key
                assert points[key].online == ((received, received) if drawn_at_all else None), key
            # the rows add up, each is its whole predecessors and itself
            if not seen.children:
                continue  # without a commune there are no rows
            assert sum(row.dossiers.received_online or 0 for row in seen.rows) == (seen.dossiers.received_online or 0)
            rows = {row.unit_id: row.dossiers.received_online for row in seen.rows}
            for new in land.under(heir, drawn) - {heir}:
                line = ({new} | {old for old, after in land.whole.items() if after == new}) & area
                assert rows[new.pk] == land.received(line, range(4)), new
            pending = [v[1] for u in land.under(heir, drawn) for v in [_last(land, u)] if v]
            assert seen.dossiers.pending_overdue == (sum(pending) if pending else None)
        before = [overview(old.pk, Span.parse("2025-05..2025-06")).dossiers.received_online for old in land.provinces]
        at_once = [joined(heir, span).dossiers.received_online for heir in land.heirs]
        later = [overview(heir.pk, span).dossiers.received_online for heir in land.heirs]
        assert sum(v or 0 for v in at_once) == sum(v or 0 for v in [*before, *later])
        transaction.set_rollback(True)


def _last(land, unit):
    """The unit's own last values; None where it never reported."""
    return next((land.said[unit, k] for k in (3, 2) if (unit, k) in land.said), None)


@settings(in_the_database, max_examples=8)
@given(drawn=lands())
def test_undoing_the_links_gives_the_old_series_back(world, at, drawn):
    at("2025-08-20 09:00")
    span = Span.parse("2025-07..2025-08")

    def line(unit, **more):
        seen = overview(unit.pk, span, **more)
        points = [(p.month, p.in_time, p.reported, p.expected, p.is_comparable) for p in seen.trend]
        return points, seen.measures, seen.submissions, [(r.unit_id, r.measures) for r in seen.rows], seen.comparison

    with transaction.atomic():
        land = Land(world, drawn)
        units = [*land.heirs, *land.new]
        at_the_time = {unit: line(unit) for unit in units}
        UnitSuccession.objects.all().delete()
        assert {unit: line(unit, is_joined=True) for unit in units} == at_the_time
        transaction.set_rollback(True)


def test_what_is_joined_is_not_kept_so_a_link_taken_back_shows_at_once(merged):
    overview(merged.phuoc_long.pk, YEAR).kept.save()
    kept = set(KeptReading.objects.values_list("pk", flat=True))
    seen = joined(merged.phuoc_long)
    seen.kept.save()
    assert seen.dossiers.received_online == 10 + 7 + 20 + 30 + 33
    UnitSuccession.objects.filter(predecessor=merged.long_thuy).delete()
    assert joined(merged.phuoc_long).dossiers.received_online == 10 + 20 + 30 + 33
    assert kept
    assert set(KeptReading.objects.values_list("pk", flat=True)) == kept


def test_without_a_change_joined_boundaries_say_the_same(merged, monkeypatch):
    """Read by the joined way although nothing was joined: every sum, row, count and change is that of the time."""
    UnitSuccession.objects.all().delete()
    at_the_time = overview(merged.dong_nai.pk, Span.parse("2025-08"))
    forced = joining.join(at_the_time.version, at_the_time.day, LAST_OLD)
    monkeypatch.setattr(joining, "join", lambda *args: forced)
    monkeypatch.setattr("reporting.reading.family.Family.is_changed", True, raising=False)
    seen = joined(merged.dong_nai, Span.parse("2025-08"))
    assert seen.measures == at_the_time.measures
    assert [(r.unit_id, r.measures, r.submissions) for r in seen.rows] == [
        (r.unit_id, r.measures, r.submissions) for r in at_the_time.rows
    ]
    assert seen.submissions == at_the_time.submissions
    assert seen.comparison == at_the_time.comparison


# Page and file ------------------------------------------------------------------------------------------------------


def page(client, user, name="dashboard", **query):
    client.force_login(user)
    return client.get(reverse(name), query)


def test_the_switch_stands_where_a_boundary_changed_and_says_which(merged, client):
    body = page(client, merged.chair, ky="2025-07").content.decode()
    assert "Mỗi tháng theo địa giới tại thời điểm." in body
    assert "dia_gioi=noi" in body
    answer = page(client, merged.chair, ky="2025-07", dia_gioi="noi")
    body = answer.content.decode()
    assert "Địa giới nối theo ngày 14/07/2025." in body
    assert [(label, chosen) for _, label, chosen in answer.context["ctx"]["boundaries"]] == [
        ("Địa giới tại thời điểm", False), ("Nối địa giới", True),
    ]  # fmt: skip
    assert answer.context["export_query"].endswith("&dia_gioi=noi")
    marked = {row["name"]: row["is_comparable"] for row in answer.context["units"]}
    assert (marked["Phường Phước Long"], marked["Phường Phước Bình"]) == (True, False)
    assert body.count("không so sánh được</small>") == 2  # of two communes; nobody else is in the month
    assert (answer.context["findings"], answer.context["ranking"], answer.context["heat"]) == ([], None, None)
    quiet = page(client, merged.stranger_reviewer, ky="2025-07")
    assert quiet.context["ctx"]["boundaries"] == []
    assert "địa giới tại thời điểm" not in quiet.content.decode()
    assert page(client, merged.chair, dia_gioi="khac").status_code == 404


def test_numbers_of_the_joined_page_lead_to_joined_rows(merged, client):
    answer = page(client, merged.chair, ky=YEAR.key, dia_gioi="noi")
    received = next(card for card in answer.context["stats"] if card["source"] == "received")
    assert received["value"] == "1.350"
    rows = client.get(received["url"])
    assert rows.context["value"] == "1.350"
    assert "địa giới nối theo ngày 14/08/2025" in rows.content.decode()
    # reports of before lie outside the reader's scope: named, without a link
    linked = {row["name"]: bool(row["url"]) for row in rows.context["rows"]}
    assert (linked["Phường Phước Long"], linked["Phường Thác Mơ"]) == (True, False)
    rest = next(row for row in answer.context["units"] if row["name"].startswith("Đơn vị cũ"))
    assert client.get(rest["cells"][0][2]).context["value"] == rest["cells"][0][1] == "1.100"
    urls = [m["url"] for m in [*answer.context["who"]["missing"], *answer.context["who"]["more"]] if m["url"]]
    assert urls
    for url in urls:
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("name", ["dashboard", "dashboard-meeting", "dashboard-sheet"])
def test_no_page_ranks_joined_figures(merged, client, monkeypatch, name):
    asked = []
    monkeypatch.setattr("reporting.views.dashboard.peers_of", lambda seen: asked.append(seen.joined))
    client.force_login(merged.leader)
    for boundaries in ({}, {"dia_gioi": "noi"}):
        assert client.get(reverse(name), {"ky": YEAR.key, **boundaries}).status_code == 200
    assert asked
    assert not any(asked)  # of figures at the time alone; the wall and the sheet have no others


def test_the_joined_page_takes_few_queries_more(merged, client, django_assert_max_num_queries):
    client.force_login(merged.chair)
    with django_assert_max_num_queries(42):
        client.get(reverse("dashboard"), {"ky": YEAR.key, "dia_gioi": "noi"})


def test_the_file_says_its_boundaries_and_holds_the_numbers_of_the_page(merged, tmp_path):
    book = workbook(tmp_path, merged.dong_nai, YEAR.key, is_joined=True)
    units = book["Theo đơn vị"]
    assert "địa giới nối theo ngày 14/08/2025" in units["A5"].value
    cells = [[cell.value for cell in row] for row in units.iter_rows(min_row=11)]
    total = next(row for row in cells if "TỔNG SỐ" in row)
    assert 1350 in total
    assert any("Đơn vị cũ không nhập trọn vào một đơn vị nay có" in row and 1100 in row for row in cells)
    sources = list(book["Nguồn số liệu"].iter_rows(min_row=11, values_only=True))
    assert any("Phường Thác Mơ" in row for row in sources)
    cover = {row[0]: row[1] for row in book["Bìa"].iter_rows(values_only=True) if row[0]}
    assert cover["Địa giới"].startswith("nối theo ngày 14/08/2025")
    assert cover["Đối chiếu"].startswith("Tổng của từng dịch vụ bằng tổng các dòng")
    plain = workbook(tmp_path, merged.dong_nai, YEAR.key)
    assert "địa giới tại thời điểm" in plain["Theo đơn vị"]["A5"].value


def test_the_file_gives_no_change_of_what_came_in_part(merged, tmp_path):
    send(merged.long_thuy, merged.months["2025-06"], received_online=5)
    book = workbook(tmp_path, merged.dong_nai, "2025-07", is_joined=True)
    rows = [row[1:] for row in book["So sánh"].iter_rows(min_row=10, values_only=True) if row[1]]
    partial = [row for row in rows if row[0] == "Phường Phước Bình"]
    assert [row[1] for row in partial] == ["Không so sánh được"]
    assert [value for value in partial[0][3:] if value is not None] == []
    whole = next(row for row in rows if row[0] == "Phường Phước Long")  # its first figure: received
    assert whole[3:6] == (30, 25, 5)


def test_the_export_page_asks_for_the_boundaries_and_the_job_keeps_them(merged, client):
    client.force_login(merged.staff)
    choice = {"ky": "2025-07", "don_vi": merged.dong_nai.pk, "co_so": "tam-tinh"}
    assert client.get(reverse("export-list"), choice | {"dia_gioi": "noi"}).context["form"]["is_joined"]
    client.post(reverse("export-create"), choice | {"dia_gioi": "noi"})
    client.post(reverse("export-create"), choice | {"dia_gioi": ""})
    assert sorted(ExportJob.objects.values_list("is_joined", flat=True)) == [False, True]
    choice["don_vi"] = merged.lam_dong.pk
    client.force_login(merged.stranger_reviewer)
    assert not client.get(reverse("export-list"), choice).context["form"].get("joins")
