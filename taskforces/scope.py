"""Who may see and do what: every question asked of the table of roles and rights (rights.py).

Scope of a posting = its unit and everything under it in the tree of the period looked at. Reports carry the
path of their unit in that tree, so scope is a test on the path. Rights are asked of the same postings.
People of a closed unit keep reading their unit's periods and write nothing (domain rule 4).

No other file knows which role may what: it asks `may_…`, or whether a posting has a `Right`.
"""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery

from de_an_06.plain.bodies import is_lead, is_same_body
from taskforces.models.people import Branch, Posting, Role
from taskforces.models.reminders import count_of_unread
from taskforces.models.units import Level, UnitVersion, path_ids

from .clock import today_for
from .rights import GIVEN_BY_ADMINISTRATORS, GIVEN_BY_ONE, GIVEN_BY_STAFF, RIGHTS, Right

# Postings and what they carry ----------------------------------------------------------------------------------------


def postings(user) -> list[Posting]:
    """The person's postings valid today, read once per request and user object.

    Each carries `unit_name`, its unit's name today or its last, and `unread`, how many reminders wait to be read.
    """
    if not user.is_active:  # as nobody is who has not logged in
        return []
    cached = getattr(user, "_current_postings", None)
    if cached is None:
        today = today_for(user)
        names = UnitVersion.objects.filter(unit=OuterRef("unit"), valid_from__lte=today).order_by("-valid_from")
        held = user.postings.on(today).select_related("unit").annotate(unread=count_of_unread("user"))
        cached = list(held.annotate(unit_name=Subquery(names.values("name")[:1])).order_by("pk"))
        user._current_postings = cached
    return cached


def rights_of(posting: Posting | None) -> frozenset[Right]:
    """What one posting lets its person do; nothing without a posting. Below a commune there is nothing to review."""
    if posting is None:
        return frozenset()
    rights = RIGHTS[Role(posting.role)]
    return rights - {Right.REVIEW, Right.READ_REVIEWS, Right.URGE} if posting.unit.level == Level.COMMUNE else rights


def roles_with(right: Right) -> list[Role]:
    """The roles that carry the right: for asking who else holds it."""
    return [role for role, rights in RIGHTS.items() if right in rights]


def held(user, right: Right) -> list[Posting]:
    """The person's postings of today that carry the right: for reading."""
    return [p for p in postings(user) if right in rights_of(p)]


def held_open(user, right: Right) -> list[Posting]:
    """Of them those in units open today: for writing, for people of a closed unit write nothing."""
    return [p for p in held(user, right) if may_write_for(user, p.unit)]


def holds(user, right: Right, unit_ids) -> bool:
    """Does the person hold the right, for writing, in one of these units? Above a unit: its `path_ids`."""
    return any(p.unit_id in unit_ids for p in held_open(user, right))


def may_write_for(user, unit) -> bool:
    """A closed unit's people write nothing."""
    return unit.is_open_on(today_for(user))


def is_administrator(user) -> bool:
    """Superusers, and administrators of a unit open today: all it is asked for is writing."""
    return user.is_superuser or bool(held_open(user, Right.ADMINISTER))


def may_enter_administration(user) -> bool:
    """Who is posted as administrator, and whoever a superuser gave the flag of staff (with permissions one by one).

    What the posting opens, and what stays with superusers: `taskforces/admin.py`.
    """
    return user.is_active and (user.is_staff or bool(held_open(user, Right.ADMINISTER)))


def require(allowed: bool) -> None:
    """403 for a person inside the scope who lacks the right."""
    if not allowed:
        raise PermissionDenied


# Reading -------------------------------------------------------------------------------------------------------------


def has_a_place(user) -> bool:
    """Superusers and whoever holds a posting today; others have nothing to read."""
    return user.is_superuser or bool(postings(user))


def sees_everything(user) -> bool:
    """Superusers, administrators, and anyone posted to the nation."""
    if user.is_superuser or held(user, Right.READ_EVERYTHING):
        return True
    return any(p.unit.level == Level.NATION for p in postings(user))


def sees_path(user, path: str) -> bool:
    """May the person read what lies on this path? `path_in_scope` for one path, without a query."""
    return sees_everything(user) or not {p.unit_id for p in postings(user)}.isdisjoint(path_ids(path))


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


def may_read_reviews(user) -> bool:
    """Reviewers and provincial staff work on the reports below; chairs, auditors and administrators read them."""
    return user.is_superuser or bool(held(user, Right.READ_REVIEWS))


def contacts_seen(user, unit_ids) -> set[int]:
    """Of these units, those whose people's work contact the person sees: along the own chain, above and below.

    The chain is that of today's tree, for a closed unit that of its last day. One query, none for who sees all.
    """
    wanted = set(unit_ids)
    if sees_everything(user):
        return wanted
    own = {p.unit_id for p in postings(user)}
    line: dict[int, list[int]] = {}  # of each unit: those above it and itself
    today = today_for(user)
    for version in UnitVersion.objects.filter(unit_id__in=wanted | own, valid_from__lte=today).order_by("valid_from"):
        line[version.unit_id] = path_ids(version.path)
    above = own.union(*(line.get(unit_id, ()) for unit_id in own))
    return {pk for pk in wanted if pk in above or not own.isdisjoint(line.get(pk, ()))}


def may_see_contact(user, unit) -> bool:
    """Work telephone and e-mail of a unit's people; others see name and post."""
    return unit.pk in contacts_seen(user, [unit.pk])


def may_read_contact_log(user) -> bool:
    """Who took lists of contacts out: provincial staff for people under them, administrators for all."""
    return user.is_superuser or bool(held(user, Right.READ_CONTACT_LOG))


# The report ----------------------------------------------------------------------------------------------------------


def branches_entered_by(user, report) -> set[str]:
    """The branches whose cells this person may type in the report (officers of the unit itself)."""
    return {p.branch for p in held_open(user, Right.ENTER_FIGURES) if p.unit_id == report.unit_id}


@dataclass(frozen=True)
class Entering:
    """Which cells of a report a person types: those of whole branches, and those of the indicators of their body."""

    branches: frozenset[str]
    groups: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.branches or self.groups)

    def covers(self, branch: str, group: str = "") -> bool:
        """`group`: the indicator's, '' for a service."""
        return branch in self.branches or is_bodys(self.groups, branch, group)


def entered_by(user, report) -> Entering:
    """What the person types in the report: officers of the unit their branch, its departments their indicators."""
    return Entering(frozenset(branches_entered_by(user, report)), frozenset(body_groups(user, [report.unit_id])))


def may_open_entry(user, report) -> bool:
    """Who types in the report or sends it."""
    return may_submit(user, report) or bool(entered_by(user, report))


def may_mark_any_branch(user, report) -> bool:
    """The unit's leader marks either branch as finished; officers mark those they enter."""
    return holds(user, Right.MARK_ANY_BRANCH, [report.unit_id])


def may_submit(user, report) -> bool:
    """Officers of either branch and the leader of the unit may send its report."""
    return holds(user, Right.SUBMIT, [report.unit_id])


def units_reviewing(report) -> list[int]:
    """The units whose reviewers approve the report, root first: those above; of a province's own report, itself too."""
    ids = path_ids(report.path)
    return ids if report.level == Level.PROVINCE else ids[:-1]


def may_review(user, report) -> bool:
    """Reviewers posted above the unit; a province's own report is reviewed in the province."""
    return holds(user, Right.REVIEW, units_reviewing(report))


def may_review_somewhere(user) -> bool:
    """Of which reports, `may_review` says one by one."""
    return bool(held(user, Right.REVIEW))


def may_urge(user, report) -> bool:
    """Reviewers, chairs and staff above the unit."""
    return holds(user, Right.URGE, units_reviewing(report))


def may_close_period(user, province) -> bool:
    """Provincial staff close and reopen a month for their province."""
    return holds(user, Right.CLOSE_MONTH, [province.pk])


def may_answer(user, report, with_unit_id: int) -> bool:
    """A difficulty is answered by reviewers and staff of the unit it lies with, or above it on the report's path."""
    ids = path_ids(report.path)
    return with_unit_id in ids and holds(user, Right.ANSWER, ids[: ids.index(with_unit_id) + 1])


# Departments ---------------------------------------------------------------------------------------------------------


def body_groups(user, unit_ids) -> set[str]:
    """The groups of indicators that are the person's as a department of one of these units, for writing."""
    own = (p for p in held_open(user, Right.ACT_FOR_BODY) if p.unit_id in unit_ids)
    return {group for posting in own for group in posting.groups.split()}


def is_bodys(groups, owner: str, group: str) -> bool:
    """Is an indicator one of a department with these groups? Those of the police and of the registers never are."""
    return owner == Branch.OFFICE and group in groups


def acts_for_body(user, unit, body: str) -> bool:
    """Is the person posted to this body of the unit?"""
    own = (p for p in held_open(user, Right.ACT_FOR_BODY) if p.unit_id == unit.pk)
    return any(is_same_body(posting.body, body) for posting in own)


def body_leads(user, unit_ids, agency: str) -> bool:
    """Does the person act, in one of these units, for a department that leads this agency's services? For writing."""
    own = (p for p in held_open(user, Right.ACT_FOR_BODY) if p.unit_id in unit_ids)
    return any(is_lead(posting.body, agency) for posting in own)


def names_body(role: str) -> bool:
    """Does a posting of this role name a body of its unit?"""
    return Right.ACT_FOR_BODY in RIGHTS[Role(role)]


def acts_for_some_body(user) -> bool:
    """Is the person posted to a department somewhere? For which body of which unit, `acts_for_body` says."""
    return bool(held(user, Right.ACT_FOR_BODY))


# The register and assignments ----------------------------------------------------------------------------------------


def may_keep_register(user, unit) -> bool:
    """Task forces, members, village teams and documents of a unit are kept by its own people: officers and leaders, and
    reviewers and staff where it is their own body; nobody writes in the register of a unit below, or a closed one."""
    return holds(user, Right.KEEP_REGISTER, [unit.pk])


def may_keep_word_template(user, unit) -> bool:
    """Staff of a province replace the template of its interim reports."""
    return holds(user, Right.KEEP_WORD_TEMPLATE, [unit.pk])


def may_keep_sources(user) -> bool:
    """The catalogue of plans and their tasks is one for all: administrators, reviewers and staff of provinces."""
    above_districts = {Level.NATION, Level.PROVINCE}
    return is_administrator(user) or any(p.unit.level in above_districts for p in held_open(user, Right.KEEP_SOURCES))


def may_assign(user, unit) -> bool:
    """Assignments come from the unit's own staff or from above, in the tree of today; so does dropping one."""
    if not may_write_for(user, unit):
        return False
    if is_administrator(user):
        return True
    if not held_open(user, Right.ASSIGN):
        return False
    version = UnitVersion.objects.on(today_for(user)).filter(unit=unit).first()
    return version is not None and holds(user, Right.ASSIGN, path_ids(version.path))


def may_assign_by_file(user, path: str) -> bool:
    """`may_assign` for a row of a file: asked of the path in today's tree, without a query."""
    return is_administrator(user) or holds(user, Right.ASSIGN, path_ids(path))


def may_propose_target(user, unit, of=None) -> bool:
    """A unit's own people say what it is to reach; its departments in their indicators and in the services they lead.
    `of`: an indicator, the lead agency of the service whose rate is meant, None for the rates over all services."""
    return may_keep_register(user, unit) or _is_aim_of_body(user, [unit.pk], of)


def may_set_target(user, unit, path: str, of=None) -> bool:
    """The level above sets targets and answers proposals, its departments those of their indicators and services;
    nobody is above a province but the nation, so it sets its own, too. `path`: see `may_import_for`."""
    if not may_write_for(user, unit):
        return False
    ids = path_ids(path)
    above = holds(user, Right.ASSIGN, ids if unit.level == Level.PROVINCE else ids[:-1])
    return is_administrator(user) or above or _is_aim_of_body(user, ids[:-1], of)


def _is_aim_of_body(user, unit_ids, of) -> bool:
    if of is None:
        return False
    if isinstance(of, str):
        return body_leads(user, unit_ids, of)
    return is_bodys(body_groups(user, unit_ids), of.owner, of.group)


def _acts_on_some_target(user, unit_ids, agencies) -> bool:
    return bool(body_groups(user, unit_ids)) or any(body_leads(user, unit_ids, agency) for agency in agencies)


def may_propose_some_target(user, unit, agencies=()) -> bool:
    """Of what, `may_propose_target` says one by one. `agencies` are those that lead a service today."""
    return may_keep_register(user, unit) or _acts_on_some_target(user, [unit.pk], agencies)


def may_set_some_target(user, unit, path: str, agencies=()) -> bool:
    """Of what, `may_set_target` says one by one."""
    acts = may_write_for(user, unit) and _acts_on_some_target(user, path_ids(path)[:-1], agencies)
    return acts or may_set_target(user, unit, path)


def may_set_targets_below(user, unit, agencies=()) -> bool:
    """Of which units and of what, `may_set_target` says one by one."""
    return unit.level != Level.COMMUNE and (may_assign(user, unit) or _acts_on_some_target(user, [unit.pk], agencies))


def may_conclude(user, meeting_unit, unit) -> bool:
    """Conclusions of a meeting are handed out by those who keep the register of its unit, as assignments are: to units
    they may assign to; and to the unit itself, for what its own task force concluded its own people carry out."""
    return may_keep_register(user, meeting_unit) and (unit == meeting_unit or may_assign(user, unit))


def may_tell_remedy(user, inspection) -> bool:
    """What was found is put right by the unit visited, which tells it; or the inspectors' own unit tells it."""
    return may_keep_register(user, inspection.unit) or may_keep_register(user, inspection.task_force.unit)


def may_run_campaigns(user, unit) -> bool:
    """A campaign gives the unit and those below it goals and days, as an assignment gives them work."""
    return may_assign(user, unit)


def may_report_progress(user, assignment) -> bool:
    """Progress is told by the unit's own people, of a body's assignment by the body too; of a central body's by
    administrators too."""
    unit = assignment.unit
    if unit.level == Level.NATION and is_administrator(user):
        return True
    return may_keep_register(user, unit) or _is_of_body(user, assignment)


def may_add_evidence(user, assignment) -> bool:
    """Papers that show what was done: the unit's own people, of a body's assignment the body too."""
    return may_keep_register(user, assignment.unit) or _is_of_body(user, assignment)


def _is_of_body(user, assignment) -> bool:
    return acts_for_body(user, assignment.unit, assignment.body)


# Rosters, accounts and postings --------------------------------------------------------------------------------------


def may_import(user) -> bool:
    """Rosters are brought in by those who keep a register; of which units, `may_import_for` says row by row."""
    rights = Right.KEEP_REGISTER, Right.KEEP_REGISTERS_BELOW
    return user.is_superuser or any(held_open(user, right) for right in rights)


def may_import_for(user, unit_id: int, path: str) -> bool:
    """Rows of a unit in a file: its own officers and leaders, and reviewers, staff, administrators above it; `path` is
    its path in today's tree. No query beyond the postings: a file has thousands of rows."""
    return (
        user.is_superuser
        or holds(user, Right.KEEP_REGISTER, [unit_id])
        or holds(user, Right.KEEP_REGISTERS_BELOW, path_ids(path))
    )


def may_import_units(user) -> bool:
    """The nation's units are kept by administrators alone."""
    return is_administrator(user)


def may_import_accounts(user) -> bool:
    """Accounts in bulk: provincial staff and administrators."""
    return user.is_superuser or bool(held_open(user, Right.GIVE_ACCOUNTS))


def roles_given_by(user, path: str) -> tuple[Role, ...]:
    """The roles the person may give in the unit of this path; administrators give them everywhere."""
    if is_administrator(user):
        return GIVEN_BY_ADMINISTRATORS
    return GIVEN_BY_STAFF if holds(user, Right.GIVE_ROLES, path_ids(path)) else ()


def may_give_posting(user, role: str, path: str) -> bool:
    """Staff give roles at or below their own unit, never their own role or above; nobody makes an administrator so."""
    return role in roles_given_by(user, path)


def may_change_posting(user, role: str, path: str) -> bool:
    """Whoever may give the role; administrators are made and ended in the administration, by superusers alone."""
    return may_give_posting(user, role, path) or (role == Role.ADMINISTRATOR and user.is_superuser)


def needs_second_factor(user) -> bool:
    """Whoever holds a role that takes two people to give, and whoever enters the administration."""
    return user.is_staff or user.is_superuser or any(needs_second_person(p.role) for p in postings(user))


def needs_second_person(role: str) -> bool:
    """From reviewer up, and to departments, nobody gives a role alone: the posting waits until somebody else who may
    give it confirms."""
    return role not in GIVEN_BY_ONE
