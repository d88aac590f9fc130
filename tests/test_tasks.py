"""What a worker that has just started can do."""

import os
import subprocess
import sys

from django.conf import settings

REGISTERED = """
from de_an_06.celery import app
app.loader.import_default_modules()
print(*sorted(name for name in app.tasks if not name.startswith("celery.")), sep="\\n")
"""


def test_a_worker_finds_every_task_under_the_name_that_stands_in_queues_and_in_the_timetable(tmp_path):
    """In a process of its own: here the pages have already imported what a worker must find by itself."""
    env = os.environ | {"DEBUG": "on", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", REGISTERED], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=True
    )
    found = done.stdout.split()
    assert found == [
        "reporting.tasks.audit_rollup",
        "reporting.tasks.drain_rollup_requests",
        "reporting.tasks.open_current_period",
        "reporting.tasks.remove_old_exports",
        "reporting.tasks.run_export",
        "taskforces.tasks.check_import",
        "taskforces.tasks.erase_contacts",
        "taskforces.tasks.remove_old_imports",
        "taskforces.tasks.send_password_links",
        "taskforces.tasks.write_import",
    ]
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(found)
