"""Who is told: people by their posting on the day, by right and unit. Nobody without a valid posting, nobody disabled.

A substitute holds a posting of their own for those days and is told beside whom they stand in for.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

from django.conf import settings

from taskforces.clock import now_for
from taskforces.models import Level, Posting, User
from taskforces.models.units import valid_on
from taskforces.scope import Right, is_same_body, roles_with

People = TypeVar("People")


class Living(NamedTuple):
    """A moment, and on whose calendar: people of the demonstration live on a day of their own (`User.demo_today`)."""

    now: dt.datetime
    demo_today: dt.date | None = None

    @property
    def day(self) -> dt.date:
        return self.now.date()


def living_with(user: User) -> Living:
    """The moment at which this person acts, and those who share their calendar."""
    return Living(now_for(user), user.demo_today if settings.DEBUG else None)


def calendars() -> list[Living]:
    """The real one, and with DEBUG on those of the demonstration."""
    days = User.objects.exclude(demo_today=None).order_by("demo_today").values_list("demo_today", flat=True).distinct()
    people = [User(demo_today=day) for day in (days if settings.DEBUG else ())]
    return [Living(now_for()), *map(living_with, people)]


def posted(unit_ids: Collection[int], right: Right, living: Living) -> dict[int, set[int]]:
    """Unit -> the people who hold the right there, for writing: in units open that day. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    for posting in _held(unit_ids, right, living):
        found[posting.unit_id].add(posting.user_id)
    return found


def of_bodies(unit_ids: Collection[int], living: Living) -> list[Posting]:
    """Postings of departments in these units; whose body an assignment names, `of_body` says. One query."""
    return list(_held(unit_ids, Right.ACT_FOR_BODY, living))


def of_body(postings: list[Posting], unit_id: int, body: str) -> set[int]:
    return {p.user_id for p in postings if p.unit_id == unit_id and is_same_body(p.body, body)}


def nearest(unit_ids: Sequence[int], people: Mapping[int, People]) -> People | None:
    """Of units from the root down, the people of the lowest that has any; None where none has."""
    return next((people[unit_id] for unit_id in reversed(unit_ids) if people.get(unit_id)), None)


def _held(unit_ids: Collection[int], right: Right, living: Living):
    held = Posting.objects.on(living.day).filter(
        valid_on(living.day, "unit__", "opened_on", "closed_on"),
        unit__in=unit_ids,
        role__in=roles_with(right),
        user__is_active=True,
        user__demo_today=living.demo_today,
    )
    return held.exclude(unit__level=Level.COMMUNE) if right is Right.REVIEW else held  # as scope.rights_of
