"""Who may see and do what: the one place.

Scope of a posting = its unit and everything under it in the tree of the period looked at. Reports carry the
path of their unit in that tree, so scope is a test on the path. Rights are asked of the same postings.
People of a closed unit keep reading their unit's periods and write nothing (domain rule 4).
"""

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from .clock import today_for
from .models.people import Branch, Posting, Role
from .models.units import Level, UnitVersion

READ_EVERYTHING = {Role.ADMINISTRATOR}
KEEPS_REGISTER = {Role.OFFICER, Role.LEADER, Role.REVIEWER, Role.PROVINCIAL_STAFF}


def postings(user) -> list[Posting]:
    """The person's postings valid today, read once per request and user object."""
    if not user.is_authenticated or not user.is_active:
        return []
    cached = getattr(user, "_current_postings", None)
    if cached is None:
        cached = list(user.postings.on(today_for(user)).select_related("unit").order_by("pk"))
        user._current_postings = cached
    return cached


def sees_everything(user) -> bool:
    """Superusers, administrators, and anyone posted to the nation."""
    return user.is_superuser or any(p.role in READ_EVERYTHING or p.unit.level == Level.NATION for p in postings(user))


def path_in_scope(user, prefix: str = "") -> Q:
    """The condition that a row's `path` lies under one of the person's units; nothing for a stranger."""
    if sees_everything(user):
        return Q()
    condition = Q(pk__in=[])
    for unit_id in {p.unit_id for p in postings(user)}:
        condition |= Q(**{f"{prefix}path__contains": f"/{unit_id}/"})
    return condition


def path_in_scope_of_unit(user, unit: str = "unit") -> Q:
    """The condition that a row's unit lies, or lay in some tree of the past, under one of the person's units."""
    if sees_everything(user):
        return Q()
    versions = UnitVersion.objects.filter(path_in_scope(user))
    return Q(**{f"{unit}__in": versions.values("unit")})


def unit_in_scope(user, unit_id: int, day) -> bool:
    """May the person read figures of this unit, in the tree of `day`?"""
    return UnitVersion.objects.on(day).filter(path_in_scope(user), unit_id=unit_id).exists()


def _holds(user, roles, unit_ids) -> bool:
    return any(p.role in roles and p.unit_id in unit_ids for p in postings(user))


def _ancestor_ids(path: str) -> list[int]:
    """Ids on a path from the root down, the unit itself last."""
    return [int(part) for part in path.strip("/").split("/")]


def may_write_for(user, unit) -> bool:
    """A closed unit's people write nothing."""
    return unit.is_open_on(today_for(user))


def branches_entered_by(user, report) -> set[str]:
    """The branches whose cells this person may type in the report (officers of the unit itself)."""
    if not may_write_for(user, report.unit):
        return set()
    return {p.branch for p in postings(user) if p.role == Role.OFFICER and p.unit_id == report.unit_id}


def may_submit(user, report) -> bool:
    """Officers of either branch and the leader of the unit may send its report."""
    return may_write_for(user, report.unit) and _holds(user, {Role.OFFICER, Role.LEADER}, {report.unit_id})


def may_review(user, report) -> bool:
    """Reviewers posted above the unit; a province's own report is reviewed in the province."""
    ids = _ancestor_ids(report.path)
    above = ids if report.unit.level == Level.PROVINCE else ids[:-1]
    return any(p.role == Role.REVIEWER and p.unit_id in above and may_write_for(user, p.unit) for p in postings(user))


def may_close_period(user, province) -> bool:
    """Provincial staff close and reopen a month for their province."""
    return _holds(user, {Role.PROVINCIAL_STAFF}, {province.pk}) and may_write_for(user, province)


def may_keep_register(user, unit) -> bool:
    """Task forces, members, village teams and documents of a unit are kept by the unit's own people.

    Officers and leaders of the unit itself, and reviewers and staff where it is their own body (a province, until
    June 2025 a district); nobody writes in the register of a unit below, and nobody in that of a closed one.
    """
    return _holds(user, KEEPS_REGISTER, {unit.pk}) and may_write_for(user, unit)


def require(allowed: bool) -> None:
    """403 for a person inside the scope who lacks the right."""
    if not allowed:
        raise PermissionDenied


def home_url_name(posting: Posting | None) -> str:
    """Where a person starts the day."""
    role = posting.role if posting else None
    if role in {Role.OFFICER, Role.LEADER}:
        return "task-list"
    if role == Role.REVIEWER:
        return "review-list"
    return "dashboard"


__all__ = [
    "Branch",
    "branches_entered_by",
    "home_url_name",
    "may_close_period",
    "may_keep_register",
    "may_review",
    "may_submit",
    "may_write_for",
    "path_in_scope",
    "path_in_scope_of_unit",
    "postings",
    "require",
    "sees_everything",
    "unit_in_scope",
]
