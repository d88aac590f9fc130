"""The roll-up's generation of a unit: a number that rises whenever anything that can count under it was made anew.

What is made from the figures may be kept under it (`reading/kept.py`), and is never read once it has risen. A change
counts for every unit that any report or any place of the changed unit, whenever, leads through: a unit that moved has
its figures under both (docs/decisions/0009). So do the places of the units it succeeded, whose pending dossiers it
takes over. A whole month recomputed, or a corrected tree, counts for all.
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from reporting.models import Generation, KeptReading, Period, Report, RollupRequest
from taskforces.models import UnitSuccession, UnitVersion
from taskforces.models.units import path_ids

_GENERATION, _KEPT, _REQUEST, _REPORT, _PERIOD, _VERSION, _SUCCESSION = (
    model._meta.db_table
    for model in (Generation, KeptReading, RollupRequest, Report, Period, UnitVersion, UnitSuccession)
)


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
    """The unit's generation, whether changes wait, and what is kept under `key`: in one query, so at one moment.

    What waits is asked by the rule of `reached_by`.
    """
    below = f"LIKE '%%/{unit_id:d}/%%'"
    months = ", ".join(f"{pk:d}" for pk in period_ids) or "0"
    sql = f"""
        WITH numbers AS (
            SELECT COALESCE(MAX(CASE WHEN unit_id = {unit_id:d} THEN number END), 0) AS own,
                   COALESCE(MAX(CASE WHEN unit_id = {Generation.ALL} THEN number END), 0) AS of_all
            FROM {_GENERATION} WHERE unit_id IN ({unit_id:d}, {Generation.ALL}))
        SELECT n.own, n.of_all,
               EXISTS (SELECT 1 FROM {_REQUEST} q WHERE q.unit_id = {unit_id:d}
                   OR EXISTS (SELECT 1 FROM {_REPORT} r WHERE r.unit_id = q.unit_id AND r.path {below})
                   OR EXISTS (SELECT 1 FROM {_VERSION} v WHERE v.unit_id = q.unit_id AND v.path {below})
                   OR EXISTS (SELECT 1 FROM {_SUCCESSION} s JOIN {_VERSION} v ON v.unit_id = s.predecessor_id
                              WHERE s.successor_id = q.unit_id AND v.path {below})),
               EXISTS (SELECT 1 FROM {_REQUEST} q JOIN {_PERIOD} p ON p.id = q.period_id
                   WHERE p.id IN ({months}) AND (
                       EXISTS (SELECT 1 FROM {_REPORT} r
                               WHERE r.unit_id = q.unit_id AND r.period_id = p.id AND r.path {below})
                       OR EXISTS (SELECT 1 FROM {_VERSION} v WHERE v.unit_id = q.unit_id AND v.path {below}
                                  AND v.valid_from <= p.data_to
                                  AND (v.valid_to IS NULL OR v.valid_to >= p.data_to)))),
               k.content
        FROM numbers n LEFT JOIN {_KEPT} k
             ON k.unit_id = {unit_id:d} AND k.key = %s AND k.own = n.own AND k.of_all = n.of_all
    """  # noqa: S608 - names of tables and numbers; the key is a parameter
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        own, of_all, waits, is_stale, content = cursor.fetchone()
    return Standing(own, of_all, bool(waits), bool(is_stale), None if content is None else bytes(content))


def is_stale(unit_id: int, period_ids: Collection[int]) -> bool:
    """Do the stored totals of this unit miss a change that is already saved, in any of these months? (One query.)"""
    return standing(unit_id, period_ids).is_stale
