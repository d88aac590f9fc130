"""Mistakes that real systems made when units merge or split: joined totals, and totals of the past that stay."""

import datetime as dt

import pytest

from de_an_06.plain.spans import Month, Span
from reporting.catalogue import load_catalogue
from reporting.models import ParticipatingArea, ServiceSummary
from reporting.periods import open_period
from reporting.reading.overview import NoFigures, overview
from reporting.rollup import rollup
from reporting.rollup.audit import audit
from taskforces.units import tree
from taskforces.units.csv_files import SUCCESSION_FIELDS, UNIT_FIELDS
from taskforces.units.loading import load_units
from tests.conftest import START
from tests.ways_out import send

pytestmark = pytest.mark.django_db


# Joined totals (merging, splitting) ----------------------------------------------------------------------------------

LAST, NEXT = dt.date(2025, 6, 30), dt.date(2025, 7, 1)


class Land:
    """units.csv and succession.csv of one province with wards A and B, and what became of them on 1 July 2025."""

    def __init__(self, folder):
        self.folder = folder

    def load(self, heirs=(), links=()):
        """`heirs`: codes of the wards that begin on 1 July; `links`: (old, new, in part).

        Without links A and B live on and the heirs, never removed from a file, end on the day they began.
        """
        ends, heirs_end = (LAST, "") if links else ("", NEXT)
        rows = [("70", "Tỉnh Thử", "tinh", "province", "", START, "")]
        rows += [(code, f"Phường {code}", "phuong", "commune", "70", START, ends) for code in ("00001", "00002")]
        rows += [(code, f"Phường {code}", "phuong", "commune", "70", NEXT, heirs_end) for code in heirs]
        lines = [
            f"{code},{name},{name.split(' ', 1)[1]},{kind},{level},{above},{START if above else ''},"
            f"{since},{until},exact,luật"
            for code, name, kind, level, above, since, until in rows
        ]
        (self.folder / "units.csv").write_text("\n".join([",".join(UNIT_FIELDS), *lines]) + "\n", encoding="utf-8")
        lines = [f"{a},{START},{b},{NEXT},{NEXT},{str(part).lower()},nghị quyết,luật" for a, b, part in links]
        columns = ",".join([*SUCCESSION_FIELDS, "source"])
        (self.folder / "succession.csv").write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
        load_units(self.folder, change_reports=True)
        rollup.drain()


@pytest.fixture
def land(db, tmp_path, at):
    """A = 10 and B = 7 in May 2025, B = 5 in April; the totals are stored before anything is merged."""
    at("2025-09-20 09:00")
    land = Land(tmp_path)
    land.load()
    load_catalogue()
    ParticipatingArea.objects.create(unit=tree.find("00", START).unit, valid_from=START)
    land.months = {m: open_period(Month(2025, m)) for m in (4, 5)}
    land.a, land.b, land.province = (tree.find(code, START).unit for code in ("00001", "00002", "70"))
    send(land.b, land.months[4], received_online=5, pending_overdue=2)
    send(land.a, land.months[5], received_online=10, pending_overdue=3)
    send(land.b, land.months[5], received_online=7, pending_overdue=4)
    for period in land.months.values():
        rollup.roll_up(period)
    return land


def joined(code, period):
    """The unit's own line with those that may be added to it, as every page reads a unit: (sum, comparable)."""
    unit = tree.find(code, NEXT).unit
    members, is_whole = tree.comparable_predecessors(unit)
    values = []
    for pk in (unit.pk, *members):
        try:
            values.append(overview(pk, Span.parse(period)).dossiers.received_online)
        except NoFigures:
            continue
    known = [value for value in values if value is not None]
    return (sum(known) if known else None), is_whole


def province_totals(land):
    stored = ServiceSummary.objects.filter(unit=land.province, basis="provisional")
    kept = {row.period.key: (row.received_online, row.pending_overdue, row.units_reported) for row in stored}
    read = {}
    for key in ("2025-04", "2025-05", "2025-04..2025-05"):
        seen = overview(land.province.pk, Span.parse(key))
        read[key] = seen.dossiers.received_online, seen.dossiers.pending_overdue, len(seen.missing)
    return kept, read


BEFORE = (
    {"2025-04": (5, 2, 1), "2025-05": (17, 7, 2)},
    {"2025-04": (5, 2, 2), "2025-05": (17, 7, 1), "2025-04..2025-05": (22, 7, 3)},  # the province's own are missing
)


def test_merged_wards_are_added_up_and_undoing_it_gives_both_back(land):
    assert province_totals(land) == BEFORE
    land.load(["00003"], [("00001", "00003", False), ("00002", "00003", False)])
    assert joined("00003", "2025-05") == (17, True)
    assert joined("00003", "2025-04") == (5, True)
    assert province_totals(land) == BEFORE
    for period in land.months.values():
        rollup.roll_up(period)
        assert audit(period) == []
    assert province_totals(land) == BEFORE
    own = {unit: overview(unit.pk, Span.parse("2025-05")).dossiers.received_online for unit in (land.a, land.b)}
    assert own == {land.a: 10, land.b: 7}  # history stays with who made it

    tree.find("00003", NEXT).unit.successions_in.all().delete()
    land.load(["00003"])
    assert (joined("00001", "2025-05"), joined("00002", "2025-05")) == ((10, True), (7, True))
    assert province_totals(land) == BEFORE


def test_a_split_changes_no_past_total_and_hands_history_to_no_child(land):
    links = [("00001", "00003", True), ("00001", "00004", True), ("00002", "00004", False)]
    land.load(["00003", "00004"], links)
    assert joined("00003", "2025-05") == (None, False)
    assert joined("00004", "2025-05") == (7, False)  # B whole, of A only a part that nobody can tell
    assert province_totals(land) == BEFORE
    for period in land.months.values():
        rollup.roll_up(period)
        assert audit(period) == []
    assert province_totals(land) == BEFORE
