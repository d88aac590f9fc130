"""The units right below a unit: their figures side by side."""

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Min, Q

from reporting.figures import IN_TIME_RATE, ONLINE_RATE, Rate
from reporting.models import PublicService
from taskforces.models import Level, UnitVersion
from taskforces.models.units import reporter_name

from .owed import TOTAL, OwedReport, Submissions
from .places import NOW
from .ranges import Dossiers, IndicatorSum, Pair, ServiceSum

LINKED_SERVICES = ("DVC15", "DVC16")  # the two linked groups: birth, death
REST = -1  # the row of units that passed into no other as a whole (joined.py)
REST_NAME = "Đơn vị cũ không nhập trọn vào một đơn vị nay có"
ACTIVATION = "DD04"  # electronic identities activated (VNeID)


@dataclass
class Measures:
    """What the head of the page and a row of the unit table say: all services together, VNeID, linked groups."""

    dossiers: Dossiers = field(default_factory=Dossiers)
    activation: Pair = field(default_factory=Pair)
    linked: int | None = None  # dossiers received of DVC15 + DVC16
    headline: Dossiers | None = None  # those of the services in the headline rates; None: all are in

    def add(self, part: ServiceSum) -> None:
        self.dossiers += part.dossiers
        if part.linked is not None:
            self.linked = (self.linked or 0) + part.linked
        if part.headline is not None:
            self.headline = self.headline or Dossiers()
            self.headline += part.headline

    @property
    def rated(self) -> Dossiers:
        """What the headline rates are of."""
        return self.dossiers if self.headline is None else self.headline

    def rate(self, rate: Rate) -> tuple[int | None, int | None]:
        """A headline rate: (numerator, denominator)."""
        return self.rated.rate(rate)

    @property
    def online_rate(self) -> tuple[int | None, int | None]:
        return self.rate(ONLINE_RATE)

    @property
    def in_time_rate(self) -> tuple[int | None, int | None]:
        return self.rate(IN_TIME_RATE)


class RankedValue(NamedTuple):
    """A rate as a pair, a count alone. `volume`: how many the least volume of a ranking counts, where that is not the
    denominator: of a share of a target those that the rate it is of was made of."""

    numerator: int | None = None
    denominator: int | None = None
    volume: int | None = None


@dataclass
class UnitRow:
    """One unit right below (with all under it), or the unit's own report (`is_own`), or one that ended on the way."""

    unit_id: int
    name: str
    level: str
    is_own: bool = False
    is_former: bool = False
    is_comparable: bool = True  # False: joined, territory came or went in part, so no change is told
    report: OwedReport | None = None  # the last month's report, of units without units below
    days_overdue: int | None = None  # of a report not handed in whose deadline passed
    submissions: Submissions = field(default_factory=Submissions)
    measures: Measures = field(default_factory=Measures)
    by_service: dict[str, Dossiers] = field(default_factory=dict)  # filled when Overview.has_heat
    # what give_ranks (ranking.py) writes
    value: RankedValue = field(default_factory=RankedValue)
    rank: int | None = None
    rank_change: int | None = None  # places won since the span compared with

    @property
    def dossiers(self) -> Dossiers:
        return self.measures.dossiers


def has_no_units_below(row: UnitRow) -> bool:
    return row.is_own or row.level == Level.COMMUNE or row.submissions.expected <= 1


def unit_rows(
    unit_id: int,
    version: UnitVersion,
    children: list[UnitVersion],
    owed: dict[tuple[str, int | None], Submissions],
    sums: list[ServiceSum],
    pairs: list[IndicatorSum],
    services: dict[int, PublicService],
    days: tuple[dt.date, dt.date],
    side: str = NOW,
) -> list[UnitRow]:
    """The rows of `named_rows` with what each owes and reported; `pairs` are those of the activated identities."""
    present = {child_id for s, child_id in owed if s == side and child_id != TOTAL}
    present |= {part.child_id for part in sums if part.side == side and part.dossiers.units and part.child_id}
    rows = named_rows(unit_id, version, children, present, days)
    for (s, child_id), part in owed.items():
        if s == side and child_id in rows:
            rows[child_id].submissions = part
    for group in sums:
        if group.side != side or group.child_id not in rows:
            continue
        row = rows[group.child_id]
        row.measures.add(group)
        if group.service_id is not None:
            cell = row.by_service.setdefault(services[group.service_id].code, Dossiers())
            cell += group.dossiers
    for pair in pairs:
        if pair.side == side and pair.child_id in rows:
            rows[pair.child_id].measures.activation += pair.pair
    return list(rows.values())


def named_rows(
    unit_id: int,
    version: UnitVersion,
    children: list[UnitVersion],
    present: set[int | None],
    days: tuple[dt.date, dt.date],
) -> dict[int | None, UnitRow]:
    """The unit's own report first (None), then the units below in the last day's tree, then those that ended or left
    before; empty rows. `present`: what owes or holds something. Names say when between `days` a unit left or came."""
    if not children:
        return {}
    rows: dict[int | None, UnitRow] = {}
    if None in present:
        level = version.unit.level
        rows[None] = UnitRow(unit_id, reporter_name(version.name, level), level, is_own=True)
    first_day, last_day = days
    came = _came_from_elsewhere(unit_id, children, first_day)
    for child in children:
        since = f" (từ {came[child.unit_id]:%d/%m/%Y})" if child.unit_id in came else ""
        rows[child.unit_id] = UnitRow(child.unit_id, child.name + since, child.unit.level)
    if former := present - rows.keys() - {None, REST}:
        stays = UnitVersion.objects.filter(unit_id__in=former, parent_id=unit_id, valid_from__lte=last_day)
        last = {
            v.unit_id: v for v in stays.select_related("unit").order_by("valid_from")
        }  # under which name it left, and when
        for v in sorted(last.values(), key=lambda v: v.sort_key):
            left = f" (đến {v.valid_to:%d/%m/%Y})" if v.valid_to else ""
            rows[v.unit_id] = UnitRow(v.unit_id, v.name + left, v.unit.level, is_former=True)
    if REST in present:
        rows[REST] = UnitRow(REST, REST_NAME, Level.COMMUNE, is_former=True)
    return rows


def _came_from_elsewhere(unit_id: int, children: list[UnitVersion], first_day: dt.date) -> dict[int, dt.date]:
    """Units that moved in after the first day -> when; one query where there may be some. New units moved nowhere."""
    may_have = [c.unit_id for c in children if c.valid_from > first_day]
    if not may_have:
        return {}
    stays = UnitVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=first_day), unit_id__in=may_have, parent_id=unit_id
    )
    first_stay = stays.order_by().values_list("unit_id", "unit__opened_on").annotate(since=Min("valid_from"))
    return {pk: since for pk, opened_on, since in first_stay if since > max(first_day, opened_on)}
