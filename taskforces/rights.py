"""The one table of roles and rights. It is asked through scope.py; no other file knows which role may what."""

from enum import Enum

from taskforces.models.people import Role


class Right(Enum):
    """What a role can carry, and where it counts."""

    ENTER_FIGURES = "types the figures of the posting's branch in the report of the own unit"
    SUBMIT = "sends the report of the own unit, and raises its difficulties"
    MARK_ANY_BRANCH = "marks either branch of the own unit's report as finished"
    REVIEW = "approves, sends back and reopens reports of the units below; a province's own in the province"
    READ_REVIEWS = "opens the lists of reports of the units below"
    URGE = "urges units below that owe a report"
    CLOSE_MONTH = "closes and reopens a month of the own province"
    ANSWER = "answers difficulties that lie with the own unit or below it"
    KEEP_REGISTER = "keeps task forces, members, village teams and documents of the own unit"
    KEEP_REGISTERS_BELOW = "brings in by file the registers of the own unit and everything under it"
    KEEP_SOURCES = "keeps the catalogue of plans and their tasks, when posted to a province or the nation"
    ASSIGN = "gives assignments to the own unit and everything under it, and drops them"
    GIVE_ROLES = "gives the roles of GIVEN_BY_STAFF in the own unit and everything under it"
    GIVE_ACCOUNTS = "brings in accounts by file"
    READ_CONTACT_LOG = "reads who took lists of contacts out"
    ACT_FOR_BODY = "does the assignments of the posting's body, types its indicators, proposes and sets its targets"
    READ_EVERYTHING = "reads every unit"
    KEEP_WORD_TEMPLATE = "replaces the Word template of the interim reports of the own unit and those under it"
    ADMINISTER = "keeps units, catalogue, accounts, and gives roles, assignments and sources everywhere"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OFFICER: frozenset({Right.ENTER_FIGURES, Right.SUBMIT, Right.KEEP_REGISTER}),
    Role.LEADER: frozenset({Right.SUBMIT, Right.MARK_ANY_BRANCH, Right.KEEP_REGISTER}),
    Role.REVIEWER: frozenset(
        {
            Right.REVIEW,
            Right.READ_REVIEWS,
            Right.URGE,
            Right.ANSWER,
            Right.KEEP_REGISTER,
            Right.KEEP_REGISTERS_BELOW,
            Right.KEEP_SOURCES,
            Right.ASSIGN,
        }
    ),
    Role.CHAIR: frozenset({Right.READ_REVIEWS, Right.URGE}),
    Role.PROVINCIAL_STAFF: frozenset(
        {
            Right.READ_REVIEWS,
            Right.URGE,
            Right.CLOSE_MONTH,
            Right.ANSWER,
            Right.KEEP_REGISTER,
            Right.KEEP_REGISTERS_BELOW,
            Right.KEEP_SOURCES,
            Right.ASSIGN,
            Right.GIVE_ROLES,
            Right.GIVE_ACCOUNTS,
            Right.READ_CONTACT_LOG,
            Right.KEEP_WORD_TEMPLATE,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Right.READ_REVIEWS,
            Right.KEEP_REGISTERS_BELOW,
            Right.GIVE_ACCOUNTS,
            Right.READ_CONTACT_LOG,
            Right.READ_EVERYTHING,
            Right.ADMINISTER,
        }
    ),
    Role.AUDITOR: frozenset({Right.READ_REVIEWS}),
    Role.DEPARTMENT: frozenset({Right.ACT_FOR_BODY}),
}
GIVEN_BY_STAFF = (  # never their own or above
    *(Role.OFFICER, Role.LEADER, Role.REVIEWER, Role.CHAIR, Role.AUDITOR, Role.DEPARTMENT),
)
GIVEN_BY_ADMINISTRATORS = (*GIVEN_BY_STAFF, Role.PROVINCIAL_STAFF)  # nobody makes an administrator in the portal
GIVEN_BY_ONE = (Role.OFFICER, Role.LEADER)  # every other role gives rights only after a second person confirmed it
