"""Who may see and do what: the one place.

Scope of a posting = its unit and everything under it in the tree of the period looked at. Reports carry the
path of their unit in that tree, so scope is a test on the path. Rights are asked of the same postings.
People of a closed unit keep reading their unit's periods and write nothing (domain rule 4).
"""

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery

from taskforces.models.people import Branch, Posting, Role
from taskforces.models.units import Level, UnitVersion, path_ids

from .clock import today_for

READ_EVERYTHING = {Role.ADMINISTRATOR}
KEEPS_REGISTER = {Role.OFFICER, Role.LEADER, Role.REVIEWER, Role.PROVINCIAL_STAFF}
KEEPS_REGISTERS_BELOW = {Role.REVIEWER, Role.PROVINCIAL_STAFF, Role.ADMINISTRATOR}  # by file, for everything under them
GIVES_ACCOUNTS = {Role.PROVINCIAL_STAFF, Role.ADMINISTRATOR}
GIVEN_BY_STAFF = {Role.OFFICER, Role.LEADER, Role.REVIEWER, Role.CHAIR, Role.AUDITOR}
ASSIGNS = {Role.REVIEWER, Role.PROVINCIAL_STAFF}
ANSWERS = {Role.REVIEWER, Role.PROVINCIAL_STAFF}


def postings(user) -> list[Posting]:
    """The person's postings valid today, read once per request and user object.

    Each carries `unit_name`: its unit's name today, or its last name for a unit that has ended.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    cached = getattr(user, "_current_postings", None)
    if cached is None:
        today = today_for(user)
        names = UnitVersion.objects.filter(unit=OuterRef("unit"), valid_from__lte=today).order_by("-valid_from")
        held = user.postings.on(today).select_related("unit").annotate(unit_name=Subquery(names.values("name")[:1]))
        cached = list(held.order_by("pk"))
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
    ids = path_ids(report.path)
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


def is_administrator(user) -> bool:
    return user.is_superuser or any(p.role == Role.ADMINISTRATOR for p in postings(user))


def may_keep_sources(user) -> bool:
    """The catalogue of plans and their tasks is one for all: administrators, reviewers and staff of provinces."""
    above_districts = {Level.NATION, Level.PROVINCE}
    return is_administrator(user) or any(
        p.role in ASSIGNS and p.unit.level in above_districts and may_write_for(user, p.unit) for p in postings(user)
    )


def may_assign(user, unit) -> bool:
    """Assignments come from the unit's own staff or from above, in the tree of today; so does dropping one."""
    if not may_write_for(user, unit):
        return False
    if is_administrator(user):
        return True
    held = {p.unit_id for p in postings(user) if p.role in ASSIGNS}
    version = UnitVersion.objects.on(today_for(user)).filter(unit=unit).first() if held else None
    return version is not None and not held.isdisjoint(path_ids(version.path))


def may_report_progress(user, unit) -> bool:
    """Progress of an assignment is told by the unit's own people; of a central body's by administrators too."""
    return may_keep_register(user, unit) or (unit.level == Level.NATION and is_administrator(user))


def may_import(user) -> bool:
    """Rosters are brought in by those who keep a register; of which units, `may_import_for` says row by row."""
    roles = KEEPS_REGISTER | KEEPS_REGISTERS_BELOW
    return user.is_superuser or any(p.role in roles and may_write_for(user, p.unit) for p in postings(user))


def may_import_for(user, unit_id: int, path: str) -> bool:
    """Rows of a unit in a file: its own officers and leaders, and reviewers, staff and administrators above it.

    `path` is the unit's path in today's tree. No query beyond the postings: a file has thousands of rows.
    """
    if user.is_superuser:
        return True
    return any(
        (p.role in KEEPS_REGISTER and p.unit_id == unit_id)
        or (p.role in KEEPS_REGISTERS_BELOW and f"/{p.unit_id}/" in path)
        for p in postings(user)
        if may_write_for(user, p.unit)
    )


def may_assign_by_file(user, path: str) -> bool:
    """`may_assign` for a row of a file: asked of the path in today's tree, without a query."""
    return is_administrator(user) or any(
        p.role in ASSIGNS and f"/{p.unit_id}/" in path and may_write_for(user, p.unit) for p in postings(user)
    )


def may_import_accounts(user) -> bool:
    """Accounts in bulk: provincial staff and administrators."""
    return user.is_superuser or any(p.role in GIVES_ACCOUNTS and may_write_for(user, p.unit) for p in postings(user))


def may_give_posting(user, role: str, path: str) -> bool:
    """Staff give roles at or below their own unit, never their own role or above; nobody makes an administrator so."""
    if role == Role.ADMINISTRATOR:
        return False
    held = [p for p in postings(user) if may_write_for(user, p.unit)]
    if user.is_superuser or any(p.role == Role.ADMINISTRATOR for p in held):
        return True
    staff = (p for p in held if p.role == Role.PROVINCIAL_STAFF and f"/{p.unit_id}/" in path)
    return role in GIVEN_BY_STAFF and any(staff)


def may_import_units(user) -> bool:
    """The nation's units are kept by administrators alone."""
    return is_administrator(user)


def may_answer(user, report, with_unit_id: int) -> bool:
    """A difficulty is answered by reviewers and staff of the unit it lies with, or above it on the report's path."""
    ids = path_ids(report.path)
    above = ids[: ids.index(with_unit_id) + 1] if with_unit_id in ids else []
    return any(p.role in ANSWERS and p.unit_id in above and may_write_for(user, p.unit) for p in postings(user))


def contacts_seen(user, unit_ids) -> set[int]:
    """Of these units, those whose people's work contact the person sees: along the own chain, above and below.

    The chain is that of today's tree, for a closed unit that of its last day. One query, none for who sees all.
    """
    wanted = set(unit_ids)
    if sees_everything(user):
        return wanted
    own = {p.unit_id for p in postings(user)}
    paths: dict[int, str] = {}
    today = today_for(user)
    for version in UnitVersion.objects.filter(unit_id__in=wanted | own, valid_from__lte=today).order_by("valid_from"):
        paths[version.unit_id] = version.path
    above = {pk for unit_id in own for pk in path_ids(paths.get(unit_id, f"/{unit_id}/"))}
    return {pk for pk in wanted if pk in above or not own.isdisjoint(path_ids(paths.get(pk, f"/{pk}/")))}


def may_see_contact(user, unit) -> bool:
    """Work telephone and e-mail of a unit's people; others see name and post."""
    return unit.pk in contacts_seen(user, [unit.pk])


def may_read_contact_log(user) -> bool:
    """Who took lists of contacts out: provincial staff for people under them, administrators for all."""
    return user.is_superuser or any(p.role in GIVES_ACCOUNTS for p in postings(user))


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
    "is_administrator",
    "may_assign",
    "may_close_period",
    "may_keep_register",
    "may_keep_sources",
    "may_report_progress",
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
