"""For load balancers, container health checks and whoever looks why something waits."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseProblem
from django.db import connection
from django.http import HttpResponse

PATIENCE = 2  # seconds that Redis may take for one answer


@login_not_required
def healthz(request):
    """'ok' when the database answers: without it nobody can work. Redis is not asked, work goes on without it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def readyz(request):
    """One line for each part the portal stands on, 'database: ok'; 503 when one is gone. No part's address is named."""
    parts = {"database": _database()} | ({"redis": _redis()} if settings.REDIS_URL else {})
    lines = "".join(f"{name}: {state}\n" for name, state in parts.items())
    status = 200 if set(parts.values()) == {"ok"} else 503
    return HttpResponse(lines, content_type="text/plain", status=status)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseProblem:
        return "gone"
    return "ok"


def _redis() -> str:
    """A ping is not enough: a full or read-only Redis answers it and takes no message."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None
    ) as client:
        try:
            client.set("readyz", "1", ex=60)
        except (redis.ConnectionError, redis.TimeoutError):
            return "gone"
        except redis.RedisError:
            return "refuses to write"
    return "ok"
