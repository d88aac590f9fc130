"""Tells Docker whether a container does its work: healthcheck.py web | worker QUEUE... | beat. Exit code 0: yes."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


def web():
    """The page /healthz answers 200: settings load and the database answers."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request("http://127.0.0.1:8000/healthz", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=4) as answer:
        return answer.status == 200


def worker(*queues):
    """This container's worker answers through the broker, and takes from these queues."""
    name = f"celery@{socket.gethostname()}"
    # fmt: off
    command = ["celery", "-A", "de_an_06", "inspect", "active_queues", "--json",
               "--destination", name, "--timeout", "8"]
    # fmt: on
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return False
    served = {queue["name"] for queue in json.loads(done.stdout)[name]}
    return served >= set(queues)


def beat():
    """Something is due every minute, and beat marks what it has really sent (de_an_06/timetable.py)."""
    mark = Path(os.environ.get("DATA_DIR", "/data"), "beat-sent")
    return mark.exists() and abs(time.time() - mark.stat().st_mtime) < 180


if __name__ == "__main__":
    sys.exit(0 if {"web": web, "worker": worker, "beat": beat}[sys.argv[1]](*sys.argv[2:]) else 1)
