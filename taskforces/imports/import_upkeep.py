"""What beat does for imports: every minute what waits in the database is not forgotten, every night old files go."""

import datetime as dt

from celery import shared_task
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from de_an_06.plain.waking import LOST_AFTER, MOST_TRIES, STUCK_AFTER, silent_for
from reporting.models.catalogue import ReportingSettings
from taskforces.clock import now_for
from taskforces.models import ImportJob
from taskforces.models.imports import FOLDER

from .import_jobs import BROKEN, BUSY, State, check, result_name, write


@shared_task(name="taskforces.tasks.requeue_imports")
def requeue() -> int:
    """Every minute: sends once more what still waits or has gone silent; gives up after MOST_TRIES. Returns how many.

    A step that a worker still writes holds its row, and is left alone.
    """
    sent = 0
    untaken = Q(state=State.WAITING) | Q(state=State.WRITING, tries=0)
    silent = (untaken & silent_for(LOST_AFTER)) | (Q(state__in=BUSY) & silent_for(STUCK_AFTER))
    unheld = ImportJob.objects.select_for_update(
        of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
    )
    with transaction.atomic():
        jobs = list(unheld.filter(silent).select_related("by"))
        may_send = bool(jobs) and not check.waiting()
        for job in jobs:
            if job.tries >= MOST_TRIES:
                message = f"Máy chủ đã thử {MOST_TRIES} lần mà không xong. " + BROKEN.format(str(job.pk)[:8])
                ImportJob.objects.filter(pk=job.pk).update(
                    state=State.REFUSED, message=message, finished_at=now_for(job.by)
                )
            elif may_send:
                ImportJob.objects.filter(pk=job.pk).update(noted_at=timezone.now())
                (write if job.state == State.WRITING else check).delay_on_commit(str(job.pk))
                sent += 1
    return sent


@shared_task(name="taskforces.tasks.remove_old_imports")
def remove_old_files() -> int:
    """Every night: removes files past the days they are kept: they hold names and work phones. Returns how many jobs.

    What was brought in, by whom and with which checksum stays in the list. A file that belongs to no job goes after a
    day: a worker may have written it when its job was already dropped.
    """
    keep = dt.timedelta(days=ReportingSettings.load().export_days)
    removed = 0
    for job in ImportJob.objects.exclude(file="").select_related("by"):
        if now_for(job.by) - job.uploaded_at > keep:
            names = (job.file.name, result_name(job))
            if job.state in {*BUSY, State.READY}:  # nobody ever came to it
                job.state, job.finished_at = State.CANCELLED, now_for(job.by)
            job.file, job.preview = "", {}
            job.save(update_fields=["state", "finished_at", "file", "preview"])
            for name in names:
                default_storage.delete(name)
            removed += 1
    kept = {name for job in ImportJob.objects.exclude(file="") for name in (job.file.name, result_name(job))}
    for name in _stored_files():
        if name not in kept and timezone.now() - default_storage.get_modified_time(name) > dt.timedelta(days=1):
            default_storage.delete(name)
    return removed


def _stored_files() -> list[str]:
    if not default_storage.exists(FOLDER):
        return []
    return [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
