from .activities import OutreachEvent, PilotModel
from .assignments import Assignment, AssignmentEvent, PlanChange, SourceDocument, SourceItem
from .boundaries import BoundaryFile, UnitBoundary
from .imports import FileTaken, ImportJob
from .logins import LoginTries
from .meetings import Inspection, InspectionFinding, Meeting, MeetingChange
from .people import Branch, ContactExport, EmailChange, Posting, PostingEvent, Role, User
from .reminders import Delivery, Letter, Occasion, Reminder, ReminderChoice
from .taskforces import Document, Membership, Person, Responsibility, TaskForce, VillageTeam
from .units import AdministrativeUnit, Level, UnitSuccession, UnitType, UnitVersion

__all__ = [
    "AdministrativeUnit",
    "Assignment",
    "AssignmentEvent",
    "BoundaryFile",
    "Branch",
    "ContactExport",
    "Delivery",
    "Document",
    "EmailChange",
    "FileTaken",
    "ImportJob",
    "Inspection",
    "InspectionFinding",
    "Letter",
    "Level",
    "LoginTries",
    "Meeting",
    "MeetingChange",
    "Membership",
    "Occasion",
    "OutreachEvent",
    "Person",
    "PilotModel",
    "PlanChange",
    "Posting",
    "PostingEvent",
    "Reminder",
    "ReminderChoice",
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
