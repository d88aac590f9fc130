"""Keeping the register: task forces, seats, village teams and documents. Every write goes through here.

Each function takes who acts (`by`), asks their right again (PermissionDenied = 403) and raises ValidationError with
sentences for people, by field name where one field is meant. Nothing is deleted: what ends gets a last day.
"""

from .filing import change_document, save_document
from .seats import add_member, change_member, end_membership
from .task_forces import change_task_force, end_task_force, found_task_force
from .village_teams import LONGEST_TEAM, add_village_team, change_village_team, end_village_team

__all__ = [
    "LONGEST_TEAM",
    "add_member",
    "add_village_team",
    "change_document",
    "change_member",
    "change_task_force",
    "change_village_team",
    "end_membership",
    "end_task_force",
    "end_village_team",
    "found_task_force",
    "save_document",
]
