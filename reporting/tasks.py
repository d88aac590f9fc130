"""Doors for Celery: load, call one function, safe to run twice. The timetable is in settings.

A task that other code asks for stands beside what it does; importing it here lets the worker find it.
"""

import logging

from celery import shared_task

from . import periods
from .exports import export_jobs
from .exports.export_jobs import requeue as requeue_exports
from .exports.export_jobs import run_export
from .models import Period
from .reading import kept
from .reminders.by_clock import remind_by_the_clock
from .reminders.letters import send_letters, tell_and_send
from .reminders.upkeep import remove_old_reminders
from .rollup.audit import audit
from .rollup.rollup import drain, drain_rollup_requests

__all__ = [
    "audit_rollup",
    "drain_rollup_requests",
    "open_current_period",
    "remind_by_the_clock",
    "remove_old_exports",
    "remove_old_reminders",
    "requeue_exports",
    "run_export",
    "send_letters",
    "tell_and_send",
]

logger = logging.getLogger(__name__)


@shared_task
def open_current_period() -> str:
    """Every night: the month being reported now, with its deadlines and expected reports."""
    period = periods.open_period(periods.current_month())
    if not period.reports.exists():
        logger.warning("%s is open, but no unit owes a report: no participating area on %s", period, period.data_to)
    return period.key


@shared_task
def audit_rollup() -> int:
    """Every night: recomputes each month another way; a difference is logged and shown as a banner."""
    drain()
    kept.remove_old()
    wrong = 0
    for period in Period.objects.all():
        differences = audit(period, also=kept.differences(period))
        if differences:
            wrong += 1
            logger.error("%s: %d totals differ from the figures, first: %s", period, len(differences), differences[0])
    return wrong


@shared_task
def remove_old_exports() -> None:
    """Every night: files past the days they are kept."""
    export_jobs.remove_old()
