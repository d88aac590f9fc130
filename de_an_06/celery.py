"""The Celery application; tasks live in `tasks.py` of each app, the timetable in settings."""

import os

from celery import Celery

from .timetable import EveryMinute

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "de_an_06.settings")

app = Celery("de_an_06", task_cls="de_an_06.plain.waking:WakingTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(EveryMinute)
