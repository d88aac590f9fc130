"""Where Celery looks for this app's tasks; each stands beside what it does. The timetable is in settings.

Every task loads, does one thing, and is safe to run twice. Their names are those of this file, wherever they stand:
what waits in a queue keeps finding them.
"""

from .imports.import_jobs import check as check_import
from .imports.import_jobs import send_password_links
from .imports.import_jobs import write as write_import
from .imports.import_upkeep import remove_old_files as remove_old_imports
from .imports.import_upkeep import requeue as requeue_imports
from .people.accounts import forget_ended_sessions
from .people.login_limits import forget_old_tries
from .people.personal_data import erase_contacts

__all__ = [
    "check_import",
    "erase_contacts",
    "forget_ended_sessions",
    "forget_old_tries",
    "remove_old_imports",
    "requeue_imports",
    "send_password_links",
    "write_import",
]
