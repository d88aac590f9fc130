"""A unit and those around it on one day: what a page's head and its chooser of units show."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, Q, QuerySet

from taskforces.models import UnitSuccession, UnitVersion
from taskforces.models.units import path_ids
from taskforces.units.tree import version_of_day


@dataclass
class Family:
    """Names and places on `day`."""

    unit_id: int
    day: dt.date
    version: UnitVersion
    ancestors: list[UnitVersion]  # from the nation down to the parent
    children: list[UnitVersion]
    as_of: dt.datetime | None = None  # when the page's figures were added up
    is_changed: bool = False  # the answer to `changes`
    is_stale: bool = False  # they are made from the reports at each view


def family(
    unit_id: int, versions: list[UnitVersion], day: dt.date, changes: QuerySet[UnitSuccession] | None = None
) -> Family:
    """`versions` are the unit's; it exists on that day. `changes`: are there any of these? One query."""
    version = version_of_day(versions, day)
    assert version is not None
    above = path_ids(version.path)[:-1]
    found = UnitVersion.objects.on(day).filter(Q(unit_id__in=[*above, unit_id]) | Q(parent_id=unit_id))
    found = found.select_related("unit")
    if changes is not None:
        found = found.annotate(is_changed=Exists(changes))
    version = next((v for v in found if v.unit_id == unit_id), version)  # the same, with its unit
    ancestors = sorted((v for v in found if v.unit_id in above), key=lambda v: len(v.path))
    children = sorted((v for v in found if v.parent_id == unit_id), key=lambda v: (v.sort_key, v.pk))
    return Family(unit_id, day, version, ancestors, children, is_changed=getattr(version, "is_changed", False))
