from .people import Branch, Posting, Role, User
from .units import AdministrativeUnit, Level, UnitSuccession, UnitType, UnitVersion

__all__ = [
    "AdministrativeUnit",
    "Branch",
    "Level",
    "Posting",
    "Role",
    "UnitSuccession",
    "UnitType",
    "UnitVersion",
    "User",
]
