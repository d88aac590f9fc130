"""What is sent by the clock: beat's timetable, and a second sender of what is due every minute.

Beat plans by the wall clock and keeps its last runs in a file: after a clock that ran a day ahead it would send nothing
for a day, restarted or not. Workers count monotonic seconds, so a lost message is found whatever beat's clock says.
"""

import datetime as dt
import logging
from pathlib import Path

from celery import bootsteps
from celery.beat import PersistentScheduler
from django.conf import settings

logger = logging.getLogger(__name__)
MINUTE = 60.0  # seconds
BEAT_MARK = "beat-sent"  # beside the timetable's file; touched by each send, read by bin/healthcheck.py


class Scheduler(PersistentScheduler):
    """Beat's timetable: a last run in the future is discarded, and what was really sent leaves a mark."""

    def tick(self, *args, **kwargs):
        now = self.app.now()
        for entry in self.schedule.values():
            if entry.last_run_at > now:
                logger.warning(
                    "%s ran last at %s, in the future: the clock was set back", entry.name, entry.last_run_at
                )
                entry.last_run_at = now - dt.timedelta(seconds=MINUTE)
                self._heap = None  # planned anew
        return super().tick(*args, **kwargs)

    def apply_async(self, *args, **kwargs):
        result = super().apply_async(*args, **kwargs)
        Path(self.schedule_filename).with_name(BEAT_MARK).touch()
        return result


class EveryMinute(bootsteps.StartStopStep):
    """The worker of totals sends what beat sends every minute: all of it is safe to run twice."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer, **kwargs):
        super().__init__(consumer, **kwargs)
        self.timer = None

    def start(self, consumer):
        if settings.CELERY_TASK_DEFAULT_QUEUE in consumer.app.amqp.queues.consume_from:
            self.timer = consumer.timer.call_repeatedly(MINUTE, send_minutely, (consumer.app,))

    def stop(self, consumer):
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def send_minutely(app) -> None:
    """Each entry of the timetable that is due every minute."""
    try:
        for entry in settings.CELERY_BEAT_SCHEDULE.values():
            if entry["schedule"] == MINUTE:
                app.send_task(entry["task"], retry=False)
    except Exception:
        # It runs in the worker's event loop and must not end it; a minute later it is tried again.
        logger.warning("what is due every minute is not sent", exc_info=True)
