from .activities import OutreachEvent, PilotModel
from .assignments import Assignment, AssignmentEvent, PlanChange, SourceDocument, SourceItem
from .boundaries import BoundaryFile, UnitBoundary
from .imports import FileTaken, ImportJob
from .logins import LoginTries
from .meetings import Inspection, InspectionFinding, Meeting, MeetingChange
from .people import Branch, ContactExport, EmailChange, Posting, PostingEvent, Role, User
from .taskforces import Document, Membership, Person, Responsibility, TaskForce, VillageTeam
from .units import AdministrativeUnit, Level, UnitSuccession, UnitType, UnitVersion

__all__ = [
    "AdministrativeUnit",
    "Assignment",
    "AssignmentEvent",
    "BoundaryFile",
    "Branch",
    "ContactExport",
    "Document",
    "EmailChange",
    "FileTaken",
    "ImportJob",
    "Inspection",
    "InspectionFinding",
    "Level",
    "LoginTries",
    "Meeting",
    "MeetingChange",
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
    "UnitBoundary",
    "UnitSuccession",
    "UnitType",
    "UnitVersion",
    "User",
    "VillageTeam",
]
