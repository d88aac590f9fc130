"""What beat does for imports every minute: nothing that waits in the database is forgotten."""

from celery import shared_task
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from de_an_06.plain.waking import LOST_AFTER, MOST_TRIES, STUCK_AFTER, silent_for
from taskforces.clock import now_for
from taskforces.models import ImportJob

from .import_jobs import BROKEN, BUSY, State, check, write


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
        for job in unheld.filter(silent).select_related("by"):
            if job.tries >= MOST_TRIES:
                message = f"Máy chủ đã thử {MOST_TRIES} lần mà không xong. " + BROKEN.format(str(job.pk)[:8])
                ImportJob.objects.filter(pk=job.pk).update(
                    state=State.REFUSED, message=message, finished_at=now_for(job.by)
                )
            else:
                ImportJob.objects.filter(pk=job.pk).update(noted_at=timezone.now())
                (write if job.state == State.WRITING else check).delay_on_commit(str(job.pk))
                sent += 1
    return sent
