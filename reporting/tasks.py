"""Doors for Celery: load, call one function, safe to run twice. The timetable is in settings."""

import logging

from celery import shared_task

from .models import Period
from .rollup import rollup

log = logging.getLogger(__name__)


@shared_task
def drain_rollup_requests() -> int:
    """After each change and every minute: recomputes the totals that wait."""
    return rollup.drain()


@shared_task
def open_current_period() -> str:
    """Every night: the month being reported now, with its deadlines and expected reports."""
    from . import periods

    return periods.open_period(periods.current_month()).key


@shared_task
def audit_rollup() -> int:
    """Every night: recomputes each month another way; a difference is logged and shown as a banner."""
    rollup.drain()
    wrong = 0
    for period in Period.objects.all():
        differences = rollup.audit(period)
        if differences:
            wrong += 1
            log.error("%s: %d totals differ from the figures, first: %s", period, len(differences), differences[0])
    return wrong


@shared_task
def remove_old_exports() -> None:
    """Every night: files past the days they are kept."""
    from .exports import export_jobs

    export_jobs.remove_old()


@shared_task
def run_export(export_id: str) -> None:
    """Makes one requested file."""
    from .exports import export_jobs

    export_jobs.run_export(export_id)
