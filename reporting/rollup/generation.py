"""The roll-up's generation of a unit: a number that rises whenever anything that can count under it was made anew.

What is made from the figures may be kept under it (`reading/kept.py`), and is never read once it has risen. A change
counts for every unit that any report or any place of the changed unit, whenever, leads through: a unit that moved has
its figures under both (docs/decisions/0009). So do the places of the units it succeeded, whose pending dossiers it
takes over. A whole month recomputed, or a corrected tree, counts for all.
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from reporting.models import Generation, KeptReading, Report, RollupRequest
from taskforces.models import AdministrativeUnit, UnitSuccession, UnitVersion
from taskforces.models.units import path_ids

ALL = Generation.ALL


def reached_by(unit_ids: Collection[int]) -> set[int]:
    """The units, and all that their figures can ever count under."""
    ids = list(unit_ids)
    before = UnitSuccession.objects.filter(successor__in=ids).values("predecessor")
    places = UnitVersion.objects.filter(Q(unit__in=ids) | Q(unit__in=before))
    paths = {*places.values_list("path", flat=True)}
    paths |= {*Report.objects.filter(unit__in=ids).values_list("path", flat=True)}
    return {*unit_ids, *(unit_id for path in paths for unit_id in path_ids(path))}


class Standing(NamedTuple):
    """How a unit's figures stand at one moment."""

    own: int  # generation of the unit: 0 where nothing under it was ever made
    of_all: int
    waits: bool  # a change that is saved waits for its roll-up, whatever its month
    is_stale: bool  # one of the months asked about
    content: bytes | None  # what was kept under just this generation

    @property
    def may_keep(self) -> bool:
        return not self.waits and bool(self.own or self.of_all)


def standing(unit_id: int, period_ids: Collection[int], key: str = "") -> Standing:
    """The unit's generation, whether changes wait, and what is kept under `key`: in one query, so at one moment."""
    numbers = Generation.objects.values("number")
    number = {pk: Coalesce(Subquery(numbers.filter(unit_id=pk)), Value(0)) for pk in (ALL, unit_id)}
    kept = KeptReading.objects.filter(unit=unit_id, key=key, own=number[unit_id], of_all=number[ALL])
    one = AdministrativeUnit.objects.filter(pk=unit_id).annotate(
        own=number[unit_id],
        of_all=number[ALL],
        waits=Exists(_waiting(unit_id)),
        is_stale=Exists(stale(unit_id, period_ids)),
        content=Subquery(kept.values("content")),
    )
    own, of_all, waits, is_stale, content = one.values_list("own", "of_all", "waits", "is_stale", "content").get()
    return Standing(own, of_all, waits, is_stale, None if content is None else bytes(content))


def _waiting(unit_id: int):
    """Requests that `reached_by` will count for the unit, by the same rule."""
    below = {"path__contains": f"/{unit_id}/"}
    before = UnitSuccession.objects.filter(successor=OuterRef(OuterRef("unit"))).values("predecessor")
    places = UnitVersion.objects.filter(Q(unit=OuterRef("unit")) | Q(unit__in=before), **below)
    reports = Report.objects.filter(unit=OuterRef("unit"), **below)
    return RollupRequest.objects.filter(Q(unit=unit_id) | Exists(places) | Exists(reports))


def stale(unit_id: int, period_ids: Collection[int]):
    """Requests of these months that the stored totals of the unit miss."""
    below = f"/{unit_id}/"
    by_report = Report.objects.filter(unit=OuterRef("unit"), period=OuterRef("period"), path__contains=below)
    by_tree = UnitVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=OuterRef("period__data_to")),
        unit=OuterRef("unit"),
        path__contains=below,
        valid_from__lte=OuterRef("period__data_to"),
    )
    waiting = RollupRequest.objects.filter(period_id__in=list(period_ids))
    return waiting.filter(Exists(by_report) | Exists(by_tree))
