"""What units are ranked by, and their ranks: of the units below a unit here, of a unit among its peers in peers.py.

A rate of fewer dossiers than the least volume is chance: its unit is listed with its value and has no rank. That holds
for dossiers and for what an indicator counts in the span (flows), and for the share of a target reached in either. A
count, a state ("7 of the 11 services") and the reports owed are what they are, however few.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from django.db.models import QuerySet

from reporting.figures import IN_TIME_RATE, ONLINE_RATE, RECEIVED
from reporting.models import Indicator, Period, PublicService, Target
from reporting.target_workflow import Aim
from taskforces.models import UnitVersion

from .against_targets import months_to, reached_below
from .kept import Kept
from .owed import TOTAL, Submissions, submissions
from .places import BEFORE, NOW, Stretch
from .ranges import indicator_sums, service_sums
from .units_below import ACTIVATION, LINKED_SERVICES, Measures, RankedValue, UnitRow

DEFAULT_RANKING = "dung-han"
DOSSIERS = "hồ sơ"
SERVICE, INDICATOR, REACHED = "dvc:", "ct:", "giao:"  # before a code in addresses

Value = tuple[int | None, int | None]  # numerator and denominator of a rate; a count and None
SideValues = dict[str, dict[int, RankedValue]]  # side of a stretch -> unit -> value
_Key = TypeVar("_Key")


class UnknownRanking(ValueError):
    """Units cannot be ranked by this."""


@dataclass(frozen=True)
class Ranking:
    """A measure by which units are ranked. `source`: the number of the rows behind it; the reports owed have none."""

    key: str
    label: str
    source: str
    value: Callable[[Measures, Submissions], Value]
    is_rate: bool = True
    is_falling: bool = False  # the less the better
    counted: str = ""  # what its least volume counts; "": it needs none
    codes: tuple[str, ...] = ()  # of the services or the indicator read; of all services where there is none
    ids: tuple[int, ...] = ()  # theirs
    aim: Aim | None = None  # of a ranking by how much of a target is reached: what is given, without a year

    @property
    def is_headline(self) -> bool:
        """Do the rows of the units below hold it?"""
        return self.key in HEADLINE_RANKINGS

    def exact(self, value: RankedValue) -> Fraction | None:
        if value.numerator is None or (self.is_rate and not value.denominator):
            return None
        return Fraction(value.numerator, value.denominator or 1)

    def score(self, value: RankedValue) -> Fraction | None:
        """The exact value, the more the better; None where there is none."""
        exact = self.exact(value)
        return -exact if exact is not None and self.is_falling else exact

    def is_few(self, value: RankedValue, fewest: int) -> bool:
        volume = value.denominator if self.aim is None else value.volume
        return bool(self.counted) and bool(volume) and (volume or 0) < fewest

    def ranks(self, values: Mapping[_Key, RankedValue], fewest: int) -> dict[_Key, int]:
        return competition_ranks(
            {key: None if self.is_few(value, fewest) else self.score(value) for key, value in values.items()}
        )


def _in_time(measures: Measures, _: Submissions) -> Value:
    return measures.in_time_rate


def _online(measures: Measures, _: Submissions) -> Value:
    return measures.online_rate


def _received(measures: Measures, _: Submissions) -> Value:
    return measures.dossiers.received, None


def _linked(measures: Measures, _: Submissions) -> Value:
    return measures.linked, None


def _of_indicator(measures: Measures, _: Submissions) -> Value:
    return measures.activation.rate


def _share_of_target(_: Measures, __: Submissions) -> Value:
    """Read from the targets of the units, not from one row's figures."""
    return None, None


def _handed_in(_: Measures, owed: Submissions) -> Value:
    """Reports in the figures that came before their deadline, of those owed; one not sent yet is not on time."""
    return owed.reports - owed.late, owed.expected_reports


HEADLINE_RANKINGS = {
    ranking.key: ranking
    for ranking in (
        Ranking(DEFAULT_RANKING, "trước và đúng hạn", IN_TIME_RATE.name, _in_time, counted=DOSSIERS),
        Ranking("truc-tuyen", "tỷ lệ trực tuyến", ONLINE_RATE.name, _online, counted=DOSSIERS),
        Ranking("tiep-nhan", "hồ sơ tiếp nhận", RECEIVED.name, _received, is_rate=False),
        Ranking("lien-thong", "hồ sơ hai nhóm liên thông (DVC15, DVC16)", "linked", _linked,
                is_rate=False, codes=LINKED_SERVICES),
        Ranking("vneid", "kích hoạt VNeID", ACTIVATION, _of_indicator, codes=(ACTIVATION,)),
        Ranking("nop-bao-cao", "nộp báo cáo đúng hạn", "", _handed_in),
    )
}  # fmt: skip


def is_rankable(indicator: Indicator) -> bool:
    """A rate of which the catalogue says whether high or low is good."""
    return indicator.kind == Indicator.Kind.RATIO and indicator.direction != Indicator.Direction.NONE


def ranking_of(key: str, services: Mapping[int, PublicService], indicators: Mapping[int, Indicator]) -> Ranking:
    """The measure that an address names; raises UnknownRanking."""
    if headline := HEADLINE_RANKINGS.get(key):
        codes = [(pk, one.code) for catalogue in (services, indicators) for pk, one in catalogue.items()]
        return replace(headline, ids=tuple(pk for pk, code in codes if code in headline.codes))
    for service in services.values():
        if key == SERVICE + service.code:
            label = f"{service.code} {service.short_name}, trước và đúng hạn"
            source = f"{service.code}.{IN_TIME_RATE.name}"
            return Ranking(key, label, source, _in_time, counted=DOSSIERS, ids=(service.pk,))
    for indicator in indicators.values():
        if key == INDICATOR + indicator.code and is_rankable(indicator):
            return Ranking(
                key,
                f"{indicator.code} {indicator.name}",
                indicator.code,
                _of_indicator,
                is_falling=indicator.direction == Indicator.Direction.DOWN,
                counted=_counted(indicator),
                ids=(indicator.pk,),
            )
        if key == REACHED + indicator.code:
            is_down = indicator.direction == Indicator.Direction.DOWN
            return _by_target(key, Target(indicator=indicator), Aim(0, indicator=indicator), is_falling=is_down)
    for rate in Target.Rate.values:
        if key == REACHED + rate:
            return _by_target(key, Target(rate=rate), Aim(0, rate=rate))
        for service in services.values():
            if key == f"{REACHED}{service.code}.{rate}":
                return _by_target(key, Target(service=service, rate=rate), Aim(0, service=service, rate=rate))
    raise UnknownRanking(key)


def _by_target(key: str, target: Target, aim: Aim, *, is_falling: bool = False) -> Ranking:
    """How much of its year's target each unit has reached, officially and up to the month read."""
    label = f"mức đạt chỉ tiêu năm: {target.label}"
    counted = DOSSIERS if target.indicator is None else _counted(target.indicator)
    return Ranking(key, label, target.key, _share_of_target, is_falling=is_falling, counted=counted, aim=aim)


def _counted(indicator: Indicator) -> str:
    """What the least volume of a rate counts; of a number and of a state there is none."""
    is_flow = indicator.over_time == Indicator.OverTime.FLOW
    return indicator.unit_of_measure if is_flow and indicator.kind == Indicator.Kind.RATIO else ""


def given_below(unit_id: int, last: Period) -> QuerySet[Target]:
    """Targets in force of the year for the units below a unit, wherever below."""
    below = UnitVersion.objects.filter(path__contains=f"/{unit_id}/").exclude(unit=unit_id)
    return Target.objects.in_force().filter(unit__in=below.values("unit"), year=last.year, month=0)


def read_values(stretch: Stretch, ranking: Ranking, *, by_unit: bool = False) -> SideValues:
    """What the units right below are ranked by (`by_unit`: the reporting units, wherever below); one query."""
    if ranking.aim is not None:
        return {NOW: _shares(stretch, replace(ranking.aim, year=stretch.now[-1].year), by_unit=by_unit)}
    measures: dict[tuple[str, int | None], Measures] = {}
    owed: dict[tuple[str, int | None], Submissions] = {}
    if ranking.value is _handed_in:
        owed = submissions(stretch, by_unit=by_unit)
    elif ranking.value is _of_indicator:
        for pair in indicator_sums(stretch, ranking.ids, by_unit=by_unit):
            found = measures.setdefault((pair.side, pair.child_id), Measures())
            found.activation += pair.pair
    else:
        chosen = {"service_ids": ranking.ids, "linked_ids": ranking.ids}
        for group in service_sums(stretch, by_child=True, by_service=False, by_unit=by_unit, **chosen):
            measures.setdefault((group.side, group.child_id), Measures()).add(group)
    values: SideValues = {}
    for side, unit_id in {*measures, *owed}:
        if unit_id not in (None, TOTAL):
            key = side, unit_id
            value = ranking.value(measures.get(key, Measures()), owed.get(key, Submissions()))
            values.setdefault(side, {})[unit_id] = RankedValue(*value)
    return values


def kept_values(kept: Kept, stretch: Stretch, ranking: Ranking, *, by_unit: bool = False) -> SideValues:
    """The same, kept; but for shares of targets, which change without a roll-up."""
    if ranking.aim is not None:
        return read_values(stretch, ranking, by_unit=by_unit)
    return kept.of(f"values {ranking.key} {ranking.ids} {by_unit}", read_values, stretch, ranking, by_unit=by_unit)


def _shares(stretch: Stretch, aim: Aim, *, by_unit: bool) -> dict[int, RankedValue]:
    """Unit -> share of its target reached; three queries. Units without a target are not among them."""
    last = stretch.now[-1]
    targets = list(given_below(stretch.unit_id, last).filter(aim.rows).select_related("indicator", "service"))
    found = reached_below(stretch.unit_id, targets, months_to(last), by_unit=by_unit)
    return {pk: RankedValue(*one.share, volume=one.actual[1]) for (pk, _), one in found.items() if pk is not None}


def give_ranks(
    rows: list[UnitRow], rows_before: list[UnitRow], ranking: Ranking, fewest: int, read: SideValues | None
) -> None:
    """Writes value and rank of the units below; those that ended or left have neither. `read`: values not in the rows.

    A change of rank is said only where the same units are ranked on both sides. Where one more or one fewer is, a unit
    may rise or fall without having done anything, and no row says a change.
    """
    if read is None:
        read = {NOW: _values_of(rows, ranking), BEFORE: _values_of(rows_before, ranking)}
    below = [row for row in rows if not row.is_own and not row.is_former]
    for row in below:
        row.value = read.get(NOW, {}).get(row.unit_id, RankedValue())
    ranks = ranking.ranks({row.unit_id: row.value for row in below}, fewest)
    before = ranking.ranks(read.get(BEFORE, {}), fewest)
    for row in below:
        row.rank = ranks.get(row.unit_id)
        if row.rank is not None and ranks.keys() == before.keys():
            row.rank_change = before[row.unit_id] - row.rank


def _values_of(rows: list[UnitRow], ranking: Ranking) -> dict[int, RankedValue]:
    return {row.unit_id: RankedValue(*ranking.value(row.measures, row.submissions)) for row in rows if not row.is_own}


def competition_ranks(scores: Mapping[_Key, Fraction | None]) -> dict[_Key, int]:
    """key -> 1 + how many are strictly better (1, 2, 2, 4), by the exact value; keys without a value have no rank."""
    ordered = sorted((score for score in scores.values() if score is not None), reverse=True)
    first: dict[Fraction, int] = {}
    for position, score in enumerate(ordered, start=1):
        first.setdefault(score, position)
    return {key: first[score] for key, score in scores.items() if score is not None}
