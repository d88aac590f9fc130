from .activities import OutreachEvent, PilotModel
from .assignments import Assignment, AssignmentEvent, PlanChange, SourceDocument, SourceItem
from .imports import FileTaken, ImportJob
from .logins import LoginTries
from .people import Branch, ContactExport, EmailChange, Posting, PostingEvent, Role, User
from .taskforces import Document, Membership, Person, Responsibility, TaskForce, VillageTeam
from .units import AdministrativeUnit, Level, UnitSuccession, UnitType, UnitVersion

__all__ = [
    "AdministrativeUnit",
    "Assignment",
    "AssignmentEvent",
    "Branch",
    "ContactExport",
    "Document",
    "EmailChange",
    "FileTaken",
    "ImportJob",
    "Level",
    "LoginTries",
    "Membership",
    "OutreachEvent",
    "Person",
    "PilotModel",
    "PlanChange",
    "Posting",
    "PostingEvent",
    "Responsibility",
    "Role",
    "SourceDocument",
    "SourceItem",
    "TaskForce",
    "UnitSuccession",
    "UnitType",
    "UnitVersion",
    "User",
    "VillageTeam",
]
