"""What a worker can do: Celery looks into `tasks.py` of each app."""

from django.conf import settings

from reporting import tasks as reporting_tasks
from taskforces import tasks as taskforces_tasks


def test_tasks_are_found_under_the_names_that_stand_in_queues_and_in_the_timetable():
    there = [*vars(reporting_tasks).values(), *vars(taskforces_tasks).values()]
    found = {thing.name for thing in there if hasattr(thing, "delay_on_commit")}
    assert found == {
        "reporting.tasks.audit_rollup",
        "reporting.tasks.drain_rollup_requests",
        "reporting.tasks.open_current_period",
        "reporting.tasks.remind_by_the_clock",
        "reporting.tasks.remove_old_exports",
        "reporting.tasks.remove_old_reminders",
        "reporting.tasks.requeue_exports",
        "reporting.tasks.run_export",
        "reporting.tasks.send_letters",
        "reporting.tasks.tell_and_send",
        "taskforces.tasks.check_import",
        "taskforces.tasks.erase_contacts",
        "taskforces.tasks.forget_ended_sessions",
        "taskforces.tasks.forget_old_tries",
        "taskforces.tasks.remove_old_imports",
        "taskforces.tasks.requeue_imports",
        "taskforces.tasks.send_password_links",
        "taskforces.tasks.write_import",
    }
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= found
