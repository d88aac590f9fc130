"""Counting from the register: task forces, seats, people, village teams, assignments, as of a day.

Nothing here is typed. A commune's figures are counted once, in the commune; districts and provinces add them up.
Every function takes many units and a fixed number of queries. Seats and distinct people are never the same number.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from taskforces.models import Membership, Responsibility, TaskForce, VillageTeam
from taskforces.models.units import valid_on

from . import assignment_counts

LEADING_KINDS = (TaskForce.Kind.WORKING_GROUP, TaskForce.Kind.STEERING_COMMITTEE)  # either makes "có Tổ công tác"

CountPair = tuple[int, int | None]  # numerator, denominator (None for a plain number)


# --- indicators counted from the register


@dataclass(frozen=True)
class VillageFigures:
    """`with_team` of `villages` have a founded team with `members` in all; `digital_teams` are counted apart."""

    villages: int = 0
    with_team: int = 0
    members: int = 0
    digital_teams: int = 0


@dataclass(frozen=True)
class UnitRegister:
    """What one unit's own register holds on a day."""

    leading: int  # task forces of the leading kinds
    people: int  # distinct people in its active task forces
    villages: VillageFigures
    assignments: tuple[int, int]  # done, of those assigned and not dropped by then


@dataclass(frozen=True)
class RegisterIndicator:
    """An indicator nobody types: how it is counted, and the page that shows the rows counted."""

    count: Callable[[UnitRegister], CountPair]
    page: str
    query: str = ""
    is_ratio: bool = False


_TEAMS = f"&loai={VillageTeam.Kind.WORKING_GROUP}"
_DIGITAL_TEAMS = f"&loai={VillageTeam.Kind.COMMUNITY_DIGITAL_TEAM}"
REGISTER_INDICATORS = {
    # has a working group or steering committee, of 1
    "TC01": RegisterIndicator(lambda r: (min(r.leading, 1), 1), "taskforce-list", is_ratio=True),
    "TC02": RegisterIndicator(lambda r: (r.people, None), "taskforce-list"),
    # villages with a founded team, of all villages in the register
    "TC03": RegisterIndicator(
        lambda r: (r.villages.with_team, r.villages.villages), "village-list", _TEAMS, is_ratio=True
    ),
    "TC04": RegisterIndicator(lambda r: (r.villages.members, None), "village-list", _TEAMS),
    "TC05": RegisterIndicator(lambda r: (r.villages.digital_teams, None), "village-list", _DIGITAL_TEAMS),
    # counted in the unit that was given them
    "TC07": RegisterIndicator(lambda r: r.assignments, "assignment-list", "&pham_vi=rieng", is_ratio=True),
}


def register_figures(unit_ids: Iterable[int], day: dt.date) -> dict[int, dict[str, CountPair]]:
    """What each unit's own register says on `day`: {unit: {code: (numerator, denominator)}}, in three queries.

    A register without rows counts 0, not blank.
    """
    ids = list(unit_ids)
    seated = valid_on(day, "memberships__")
    forces = {
        row["unit_id"]: row
        for row in TaskForce.objects.on(day)
        .filter(unit_id__in=ids)
        .values("unit_id")
        .annotate(
            leading=Count("pk", filter=Q(kind__in=LEADING_KINDS), distinct=True),
            people=Count("memberships__person", filter=seated, distinct=True),
        )
        .order_by()
    }
    villages = village_figures(ids, day)
    assignments = assignment_counts.assignment_figures(ids, day)
    figures: dict[int, dict[str, CountPair]] = {}
    for unit_id in ids:
        force = forces.get(unit_id, {"leading": 0, "people": 0})
        register = UnitRegister(force["leading"], force["people"], villages[unit_id], assignments[unit_id])
        figures[unit_id] = {code: indicator.count(register) for code, indicator in REGISTER_INDICATORS.items()}
    return figures


def add_up(figures: Iterable[dict[str, CountPair]]) -> dict[str, CountPair]:
    """Sum of numerators and of denominators; of no units at all 0 of 0."""
    total: dict[str, CountPair] = {
        code: (0, 0 if indicator.is_ratio else None) for code, indicator in REGISTER_INDICATORS.items()
    }
    for unit in figures:
        for code, (numerator, denominator) in unit.items():
            done, of = total[code]
            total[code] = (done + numerator, None if of is None else of + (denominator or 0))
    return total


def rows_url(code: str, unit_id: int, day: dt.date) -> str:
    """The page that shows the rows counted in a register indicator, on the same day."""
    indicator = REGISTER_INDICATORS[code]
    return f"{reverse(indicator.page)}?don_vi={unit_id}&ngay={day.isoformat()}{indicator.query}"


def village_figures(unit_ids: Iterable[int], day: dt.date) -> dict[int, VillageFigures]:
    """Village teams of each unit on `day`; a village counts once, whatever teams it has."""
    figures: dict[int, VillageFigures] = defaultdict(VillageFigures)
    rows: dict[int, dict] = defaultdict(lambda: {"villages": set(), "with_team": set(), "members": 0, "digital": 0})
    teams = VillageTeam.objects.on(day).filter(unit_id__in=list(unit_ids))
    for unit_id, kind, village, members, founded_on in teams.values_list(
        "unit_id", "kind", "village", "members", "founded_on"
    ):
        row, name = rows[unit_id], village.casefold()
        row["villages"].add(name)
        if founded_on is None or founded_on > day:
            continue
        if kind == VillageTeam.Kind.WORKING_GROUP:
            row["with_team"].add(name)
            row["members"] += members
        else:
            row["digital"] += 1
    for unit_id, row in rows.items():
        figures[unit_id] = VillageFigures(len(row["villages"]), len(row["with_team"]), row["members"], row["digital"])
    return figures


# --- task forces with what is counted about each


@dataclass(frozen=True)
class TaskForceRow:
    """One task force on a day. `seats` and `people` are counted apart; `idle` seats answer for nothing."""

    task_force: TaskForce
    seats: int
    people: int
    heads: tuple[Membership, ...]
    idle: int

    @property
    def unit_id(self) -> int:
        return self.task_force.unit_id


def task_force_rows(unit_ids: Iterable[int], day: dt.date) -> list[TaskForceRow]:
    """Task forces of the units active on `day`, leading kinds first, in three queries."""
    forces = list(TaskForce.objects.on(day).filter(unit_id__in=list(unit_ids)).select_related("unit"))
    return rows_of(forces, day)


def rows_of(forces: list[TaskForce], day: dt.date) -> list[TaskForceRow]:
    """What is counted about these task forces on `day`, in two queries."""
    seats = Membership.objects.filter(valid_on(day), task_force__in=[force.pk for force in forces])
    answers = Exists(Responsibility.objects.filter(membership=OuterRef("pk")))
    counted = {
        row["task_force_id"]: row
        for row in seats.annotate(answers=answers)
        .values("task_force_id")
        .annotate(
            seats=Count("pk"),
            people=Count("person", distinct=True),
            idle=Count("pk", filter=Q(answers=False, duties="")),
        )
        .order_by()
    }
    heads: dict[int, list[Membership]] = defaultdict(list)
    for seat in seats.filter(role=Membership.Role.HEAD).select_related("person"):
        heads[seat.task_force_id].append(seat)
    order = list(TaskForce.Kind.values)
    nothing = {"seats": 0, "people": 0, "idle": 0}
    rows = []
    for force in sorted(forces, key=lambda f: (order.index(f.kind), f.valid_from, f.pk)):
        n = counted.get(force.pk, nothing)
        rows.append(TaskForceRow(force, n["seats"], n["people"], tuple(heads[force.pk]), n["idle"]))
    return rows


def distinct_people(unit_ids: Iterable[int], day: dt.date) -> int:
    """People who hold at least one seat in the units' task forces on `day`; one in two task forces is one."""
    forces = TaskForce.objects.on(day).filter(unit_id__in=list(unit_ids))
    seats = Membership.objects.filter(valid_on(day), task_force__in=forces)
    return seats.aggregate(n=Count("person", distinct=True))["n"]
