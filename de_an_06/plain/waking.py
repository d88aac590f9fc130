"""Waking the worker once a transaction is committed, without ever turning what is stored into an error."""

import datetime as dt
import logging

from celery.contrib.django.task import DjangoTask
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

logger = logging.getLogger(__name__)
# When beat, every minute, sends a job once more that somebody waits for; by the server's clock. Never while the queue
# holds messages: nobody reads it, or its turn comes, and a copy a minute would fill the queue.
LOST_AFTER = dt.timedelta(minutes=1)  # a message not taken so long
STUCK_AFTER = dt.timedelta(minutes=5)  # begun, and no sign of life since
MOST_TRIES = 3  # so often begun without an end: given up, and the person is told


def silent_for(time: dt.timedelta) -> Q:
    """Jobs whose last sign of life (`noted_at`) is older, or so far in the future: the clock was set back since."""
    now = timezone.now()
    return Q(noted_at__lt=now - time) | Q(noted_at__gt=now + time)


def is_silent_for(time: dt.timedelta, noted_at: dt.datetime) -> bool:
    return abs(timezone.now() - noted_at) > time


class WakingTask(DjangoTask):
    """Every task of the portal: what is to be done stands in the database, the message only says so sooner.

    A queue that is gone, full or hangs is logged and costs time only, and the person gets the answer to what is
    stored; beat sends what waits there once more every minute.
    """

    def delay_on_commit(self, *args, **kwargs) -> None:
        def wake() -> None:  # by name: what fails is logged with it
            self.apply_async(args, kwargs, retry=False)

        transaction.on_commit(wake, robust=True)

    def send_now(self, *args) -> bool:
        """For what stands nowhere in the database, outside a transaction: did the queue take it?"""
        try:
            self.apply_async(args, retry=False)
        except Exception:
            # Whatever the queue says: the person is told that nothing was begun, and can ask again.
            logger.exception("%s is not sent", self.name)
            return False
        return True

    def waiting(self) -> int:
        """How many messages of this task's queue no worker has taken yet."""
        queue = self.app.amqp.router.route({}, self.name)["queue"].name
        with self.app.connection_or_acquire() as connection:
            return connection.default_channel.queue_declare(queue=queue).message_count
