"""Adding up what was read: blank is not zero, counts go along. No database."""

import pytest

from reporting.reading.owed import missing_and_direct, submissions
from reporting.reading.places import Stretch
from reporting.reading.ranges import (
    Dossiers,
    Pair,
    add,
    figures_of,
    indicator_sums,
    service_sums,
    unit_sums,
)


@pytest.mark.parametrize(
    ("parts", "total"), [((), None), ((None,), None), ((None, 0), 0), ((0, 0), 0), ((2, None, 3), 5)]
)
def test_nothing_reported_is_nothing_and_not_zero(parts, total):
    assert add(*parts) == total


def test_dossiers_are_added_figure_by_figure_with_their_counts():
    total = Dossiers(received_online=1, resolved_early=2, units=2, older=1)
    assert (Dossiers().units, Dossiers().older) == (0, 0)
    same = total
    total += Dossiers(received_online=10, received_postal=0, resolved_overdue=5, units=3, older=4)
    assert total is same
    assert (total.received_online, total.received_in_person, total.received_postal) == (11, None, 0)
    assert (total.units, total.older) == (5, 5)
    assert (total.received, total.resolved) == (11, 7)
    assert (total.online_rate, total.in_time_rate) == ((11, 11), (2, 7))
    assert total.sum_of(("pending_in_time", "pending_overdue")) is None
    named = figures_of(total)
    assert (named["received_online"], named["resolved_overdue"], named["opening"]) == (11, 5, None)
    assert len(named) == 10


def test_pairs_are_added_numerator_and_denominator_apart():
    total = Pair()
    assert (total.rate, total.units, total.older) == ((None, None), 0, 0)
    same = total
    total += Pair(3, 4, 1, 1)
    total += Pair(5, None, 2, 3)
    assert total is same
    assert (total.rate, total.units, total.older) == ((8, 4), 3, 4)


def test_no_month_has_no_figures_and_asks_nothing():
    nothing = Stretch(1, "provisional", [])
    assert service_sums(nothing, by_child=True, by_service=True) == []
    assert unit_sums(nothing) == []
    assert indicator_sums(nothing, [1]) == []
    assert indicator_sums(nothing, by_child=False) == []
    assert submissions(nothing) == {}
    assert missing_and_direct(1, "/1/", []) == []
