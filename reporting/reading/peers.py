"""A commune or district among its peers: its rank and how their values spread, without their names.

Peers are the units of the same level and type in the same province on the last day of the span (a ward among the
wards); each counts as it stands under the province. Only ranked ones are counted, so those with fewer dossiers than
the least volume are not. With fewer than FEWEST_PEERS ranked peers beside the unit itself nothing is said at all: the
lowest and the highest of a few would give a unit's value away. Names are said only where the province opened the list.
"""

import datetime as dt
import statistics
from dataclasses import dataclass
from fractions import Fraction

from taskforces.models import Level, UnitVersion
from taskforces.models.units import UnitType

from .kept import Kept, asked
from .overview import Overview
from .places import NOW, Stretch
from .ranking import kept_values
from .units_below import RankedValue

FEWEST_PEERS = 5


@dataclass
class Peers:
    """`spread`: lowest, lower quarter, middle, upper quarter, highest of the ranked units, the unit's own included."""

    unit_type: str
    province: str
    total: int  # units ranked
    value: RankedValue  # the unit's own
    rank: int | None
    is_few: bool
    spread: tuple[Fraction, ...]
    named: list[tuple[int, str, RankedValue, bool]]  # rank, name, value, the unit itself?


def peers_of(seen: Overview) -> Peers | None:
    """None for a unit of another level, one without a province, and where too few peers are ranked; two queries."""
    version, ranking = seen.version, seen.ranking
    province = next((v for v in seen.ancestors if v.unit.level == Level.PROVINCE), None)
    if province is None or version.unit.level not in {Level.COMMUNE, Level.DISTRICT}:
        return None
    stretch = Stretch(province.unit_id, seen.basis, seen.periods, left_out=seen.left_out)
    kept = Kept(province.unit_id, asked(stretch, seen.catalogue_of_indicators), seen.periods)
    kind, level = version.unit_type, version.unit.level
    names = kept.of(f"peers {kind} {level}", names_alike, province.unit_id, seen.day, kind, level)
    if len(names) <= FEWEST_PEERS:
        kept.save()
        return None
    by_unit = level == Level.COMMUNE
    found = kept_values(kept, stretch, ranking, by_unit=by_unit).get(NOW, {})
    kept.save()
    values = {pk: found[pk] for pk in names if pk in found}
    ranks = ranking.ranks(values, seen.settings.fewest_dossiers)
    if len(ranks.keys() - {seen.unit_id}) < FEWEST_PEERS:
        return None
    exact = sorted(ranking.exact(values[pk]) or Fraction(0) for pk in ranks)
    own = values.get(seen.unit_id, RankedValue())
    order = sorted(ranks, key=lambda pk: ranks[pk])
    return Peers(
        unit_type=UnitType(version.unit_type).label,
        province=province.name,
        total=len(ranks),
        value=own,
        rank=ranks.get(seen.unit_id),
        is_few=ranking.is_few(own, seen.settings.fewest_dossiers),
        spread=(exact[0], *statistics.quantiles(exact, method="inclusive"), exact[-1]),
        named=[(ranks[pk], names[pk], values[pk], pk == seen.unit_id) for pk in order]
        if seen.settings.peers_named
        else [],
    )


def names_alike(province_id: int, day: dt.date, unit_type: str, level: str) -> dict[int, str]:
    """Unit -> name of those of a type and level in a province on a day, in the order of their names; one query."""
    alike = UnitVersion.objects.on(day).filter(
        unit_type=unit_type, unit__level=level, path__contains=f"/{province_id}/"
    )
    return dict(alike.order_by("sort_key", "unit_id").values_list("unit_id", "name"))
