"""How far a campaign is: sums, order of finishing, who has not entered today, day by day. Sums are made by SQL.

A reader sees the rows of units in the own scope and their sums. A unit stands where it stood on the day looked at (a
unit that has ended: on its last day) and counts with all it ever entered, wherever it lay then. What remains is added
up over the units: what one did beyond its goal does not make up for another. Without a reader (`user` None: a command)
everything is seen.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Window

from reporting.models import Campaign, CampaignDay, CampaignGoal, CampaignMeasure, CampaignResources
from reporting.reading.qualifiers import Said, said_together
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.models.units import path_ids
from taskforces.scope import path_in_scope, sees_everything
from taskforces.units.tree import nearest_version

from .daily_pace import DailyPace, DayRow, DayTotal, pace_of
from .days import RESOURCES, covering


def visible_to(user) -> QuerySet[Campaign]:
    """Campaigns in which a unit of the person's scope takes part, or that one of them opened."""
    campaigns = Campaign.objects.select_related("unit")
    if user is None or sees_everything(user):
        return campaigns
    goals = CampaignGoal.objects.filter(in_scope(user, "measure__campaign__"), measure__campaign=OuterRef("pk"))
    return campaigns.filter(in_scope(user) | Q(Exists(goals)))


def in_scope(user, campaign: str = "") -> Q:
    """The condition that a row's unit lay in the person's scope on some day of the row's campaign (None: anybody's)."""
    if user is None or sees_everything(user):
        return Q()
    lived = Q(valid_to__isnull=True) | Q(valid_to__gte=OuterRef(f"{campaign}first_day"))
    versions = UnitVersion.objects.filter(path_in_scope(user), lived, valid_from__lte=OuterRef(f"{campaign}last_day"))
    return Q(Exists(versions.filter(unit=OuterRef("unit"))))


@dataclass(frozen=True)
class MeasureSum:
    """One measure over the units of the reader's scope; `goal` None while none is set."""

    measure: CampaignMeasure
    goal: int | None
    done: int | None
    units: int
    word: str = ""  # 'hơn', 'gần' before the sum, when its inexact parts have the same


def sums_of(user, campaigns: Iterable[Campaign]) -> dict[int, list[MeasureSum]]:
    """Campaign -> the sums of its measures in their order; three queries."""
    ids = [campaign.pk for campaign in campaigns]
    days = CampaignDay.objects.filter(measure=OuterRef("measure"), unit=OuterRef("unit")).order_by()
    done = days.values("measure").annotate(sum=Sum("value")).values("sum")
    goals = CampaignGoal.objects.filter(in_scope(user, "measure__campaign__"), measure__campaign__in=ids)
    rows = goals.annotate(done=Subquery(done)).values("measure").order_by()
    sums = {r["measure"]: r for r in rows.annotate(goals=Sum("goal"), did=Sum("done"), units=Count("unit"))}
    words: dict[int, set[str]] = {}
    inexact = CampaignDay.objects.filter(in_scope(user, "measure__campaign__"), measure__campaign__in=ids, value__gte=0)
    for measure_id, word in inexact.exclude(qualifier="").values_list("measure", "qualifier").distinct():
        words.setdefault(measure_id, set()).add(word)
    found: dict[int, list[MeasureSum]] = {}
    for measure in CampaignMeasure.objects.filter(campaign__in=ids):
        row = sums.get(measure.pk, {"goals": None, "did": None, "units": 0})
        said = words.get(measure.pk, set())
        word = next(iter(said)) if len(said) == 1 else ""
        found.setdefault(measure.campaign_id, []).append(
            MeasureSum(measure, row["goals"], row["did"], row["units"], word)
        )
    return found


@dataclass(slots=True)
class UnitProgress:
    """One unit: `done` None while nothing is entered, `finish` None until the goal is reached."""

    unit: AdministrativeUnit
    goal: int | None
    done: int | None = None
    today: int | None = None
    is_told: bool = False  # is the day looked at entered, by itself or in a sum?
    qualifiers: list[str] = field(default_factory=list)  # one for each number in `done`
    finish: "Finish | None" = None
    name: str = ""
    group_id: int = 0  # the unit directly below the campaign's own under which it stands

    @property
    def remaining(self) -> int | None:
        return None if self.goal is None else max(0, self.goal - (self.done or 0))

    @property
    def said(self) -> Said:
        return said_together(self.qualifiers)

    def owes(self, day: dt.date) -> bool:
        return self.unit.is_open_on(day)


@dataclass(frozen=True, slots=True)
class Finish:
    """The day on which a unit's sum came to its goal, and its place among all; ties share one, the next is left out."""

    day: dt.date
    place: int
    is_shared: bool
    is_latest: bool  # reached within a sum over several days: on that day at the latest


@dataclass
class CampaignProgress:
    """One measure of a campaign as of `day`: the units of the reader's scope, and how many take part in all."""

    campaign: Campaign
    measure: CampaignMeasure
    day: dt.date
    rows: list[UnitProgress]
    units: int
    finished: int  # of all that take part
    days: dict[dt.date, DayRow]
    group_names: dict[int, str]

    @property
    def with_goal(self) -> list[UnitProgress]:
        return [row for row in self.rows if row.goal is not None]

    @property
    def goal(self) -> int | None:
        return sum(row.goal or 0 for row in self.with_goal) if self.with_goal else None

    @property
    def done(self) -> int | None:
        """Of units that have a goal, so that it can stand beside the goal; without any goal of all of them."""
        known = [row.done for row in self.with_goal or self.rows if row.done is not None]
        return sum(known) if known else None

    @property
    def remaining(self) -> int | None:
        return sum(row.remaining or 0 for row in self.with_goal) if self.with_goal else None

    @property
    def said(self) -> Said:
        return said_together([word for row in self.with_goal or self.rows for word in row.qualifiers])

    @property
    def missing(self) -> list[UnitProgress]:
        """Who has not entered the day."""
        return [row for row in self.rows if row.owes(self.day) and not row.is_told]

    def pace(self, today: dt.date) -> DailyPace | None:
        """Of the units that have not finished; see `pace`."""
        totals = {day: row.working for day, row in self.days.items()}
        working = [row for row in self.rows if row.finish is None]
        owing = {day: sum(row.owes(day) for row in working) for day in totals}
        return pace_of(totals, owing, today, self.campaign.first_day, self.campaign.last_day)


def progress(user, campaign: Campaign, measure: CampaignMeasure, today: dt.date) -> CampaignProgress:
    """As of today, after the last day as of that day. Seven queries, however many units and days."""
    day = min(today, campaign.last_day)
    goals = CampaignGoal.objects.filter(measure=measure).select_related("unit", "measure")
    seen = set(goals.filter(in_scope(user, "measure__campaign__")).values_list("unit_id", flat=True))
    everyone = {goal.unit_id: UnitProgress(goal.unit, goal.goal) for goal in goals}
    entered = CampaignDay.objects.filter(measure=measure, value__isnull=False)
    told, own = Count("pk", filter=covering(day)), Sum("value", filter=Q(day=day, since__isnull=True))
    for sums in entered.values("unit_id").annotate(done=Sum("value"), n=Count("pk"), told=told, own=own).order_by():
        row = everyone[sums["unit_id"]]
        row.done, row.today, row.is_told, row.qualifiers = (
            sums["done"],
            sums["own"],
            bool(sums["told"]),
            [""] * sums["n"],
        )
    for unit_id, word in entered.exclude(qualifier="").values_list("unit_id", "qualifier"):
        everyone[unit_id].qualifiers = [word, *everyone[unit_id].qualifiers[:-1]]
    for unit_id, finish in finishing_order(measure).items():
        everyone[unit_id].finish = finish
    rows = [row for unit_id, row in everyone.items() if unit_id in seen]
    group_names = _name(rows, campaign, day)
    working = Q(unit__in=[row.unit.pk for row in rows if row.finish is None] or [0])
    by_day = entered.filter(unit__in=seen).values("day").order_by("day")
    by_day = by_day.annotate(sum=Sum("value"), n=Count("pk"), summed=Count("since"))
    by_day = by_day.annotate(
        left=Sum("value", filter=working),
        left_n=Count("pk", filter=working),
        left_summed=Count("since", filter=working),
    )
    return CampaignProgress(
        campaign,
        measure,
        day,
        rows,
        len(everyone),
        sum(row.finish is not None for row in everyone.values()),
        {
            r["day"]: DayRow(
                DayTotal(r["sum"], r["n"] - r["summed"], r["summed"]),
                DayTotal(r["left"] or 0, r["left_n"] - r["left_summed"], r["left_summed"]),
            )
            for r in by_day
        },
        group_names,
    )


def finishing_order(measure: CampaignMeasure) -> dict[int, Finish]:
    """Unit -> when it finished: the row with which its running sum came to the goal. A goal of 0 is never reached."""
    so_far = Window(Sum("value"), partition_by=[F("unit_id")], order_by=F("day").asc())
    entered = CampaignDay.objects.filter(measure=measure, value__isnull=False, measure__goals__unit=F("unit"))
    running = entered.annotate(so_far=so_far, goal=F("measure__goals__goal"))  # the goal of the same unit: one join
    reached = running.filter(so_far__gte=F("goal"), so_far__lt=F("goal") + F("value"))
    rows = sorted(reached.values_list("day", "unit_id", "since"), key=lambda row: row[:2])
    days = [day for day, _, _ in rows]
    return {
        unit_id: Finish(day, days.index(day) + 1, days.count(day) > 1, is_latest=since is not None)
        for day, unit_id, since in rows
    }


def resources_of(user, campaign: Campaign) -> tuple[dt.date | None, dict[str, int | None]]:
    """The newest day on which units of the scope said what they put in, and the sums of that day; one query."""
    rows = CampaignResources.objects.filter(in_scope(user, "campaign__"), campaign=campaign)
    newest = rows.values("day").annotate(**{f"all_{name}": Sum(name) for name in RESOURCES}).order_by("-day").first()
    if newest is None:
        return None, {}
    return newest["day"], {name: newest[f"all_{name}"] for name in RESOURCES}


def _name(rows: list[UnitProgress], campaign: Campaign, day: dt.date) -> dict[int, str]:
    """Names of the day, the group each unit belongs to, and the names of the groups; two queries."""
    versions = _versions({row.unit.pk for row in rows})
    for row in rows:
        version = nearest_version(versions[row.unit.pk], day)
        row.name = version.name
        ids = path_ids(version.path)
        below = ids[ids.index(campaign.unit_id) + 1 :] if campaign.unit_id in ids else [row.unit.pk]
        row.group_id = below[0] if below else row.unit.pk
    above = _versions({row.group_id for row in rows})
    rows.sort(key=lambda row: nearest_version(versions[row.unit.pk], day).sort_key)
    return {unit_id: nearest_version(found, day).name for unit_id, found in above.items()}


def _versions(unit_ids: set[int]) -> dict[int, list[UnitVersion]]:
    found: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit__in=unit_ids):
        found.setdefault(version.unit_id, []).append(version)
    return found
