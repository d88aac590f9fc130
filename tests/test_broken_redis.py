"""Redis gone, full, read-only or hanging: what was committed is answered as done, and is picked up once it is back.

Each test has a redis-server of its own on a port of its own, an SQLite database, and processes of its own.
"""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from tests import test_run
from tests.test_rollup_processes import OFFICIAL, SCENE, SECONDS, WAITING, Embedded, end_with_parent

SERVER = shutil.which("redis-server")
run = test_run.run
pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.skipif(SERVER is None, reason="needs the programme redis-server (Debian: redis-server)"),
]
LONGEST_ANSWER = 30  # seconds, on a busy machine; without timeouts a page waited as long as Redis hung, here for ever
PEOPLE = """
from django.contrib.auth import get_user_model
from tests.conftest import make_person
nhung = make_person("nhung", "Nguyễn Thị Hồng Nhung", communes[0], Role.OFFICER, Branch.OFFICE)
nhung.set_password("mat-khau-thu-nghiem")
nhung.save()
"""
VISIT = """
import time
from django.test import Client
from django.urls import reverse
said = {}
def note(name, call):
    start = time.monotonic()
    response = call()
    said[name] = [response.status_code, round(time.monotonic() - start, 1)]
    return response
def person(username):
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.get(username=username))
    return client
"""
# What people do in a month, each with the status of its answer when all goes well.
ACTS = """
reports, province = {reports}, {province}
Client(SERVER_NAME="localhost").get(reverse("guide"))  # what a process loads with its first page is not measured
bao = person("bao")
note("home", lambda: bao.get(reverse("home")))
note("review", lambda: bao.get(reverse("review-list")))
note("missing page", lambda: bao.get("/khong-co-trang-nay/"))
note("approve", lambda: bao.post(reverse("report-approve", args=[reports[0]])))
note("reopen", lambda: bao.post(reverse("report-reopen", args=[reports[3]]), {{"ly_do": "Sai số liệu tháng mười"}}))
export = {{"ky": "2026-10", "don_vi": province, "co_so": "tam-tinh"}}
note("export", lambda: bao.post(reverse("export-create"), export))
note("exports", lambda: bao.get(reverse("export-list")))
nhung = Client(raise_request_exception=False, SERVER_NAME="localhost")
login = {{"login": "nhung", "password": "mat-khau-thu-nghiem"}}
note("sign in", lambda: nhung.post(reverse("account_login"), login))
note("her page", lambda: nhung.get(reverse("task-list")))
note("healthz", lambda: Client(SERVER_NAME="localhost").get("/healthz"))
ready = note("readyz", lambda: Client(SERVER_NAME="localhost").get("/readyz"))
answer([said, ready.content.decode()])
"""
GOES_WELL = {
    "home": 302,
    "review": 200,
    "missing page": 404,
    "approve": 302,
    "reopen": 302,
    "export": 302,
    "exports": 200,
    "sign in": 302,
    "her page": 200,
    "healthz": 200,
}
STATUSES = "SELECT status FROM reporting_report WHERE id IN ({}, {}) ORDER BY id"
EXPORTS = "SELECT state FROM reporting_exportjob"
# What beat sends every minute: each of these tasks picks up what waits in the database.
EVERY_MINUTE = """
import datetime as dt
from django.conf import settings
from django.utils import timezone
from de_an_06.celery import app
ExportJob.objects.update(noted_at=timezone.now() - dt.timedelta(minutes=2))  # so long nobody has taken the message
for entry in settings.CELERY_BEAT_SCHEDULE.values():
    if entry["schedule"] == 60.0:
        app.send_task(entry["task"])
"""


class OwnRedis:
    """One redis-server that may be killed, stopped and filled; ended by its own process id."""

    def __init__(self, folder: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = folder
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [SERVER, "--port", str(self.port), "--dir", str(self.folder), "--appendonly", "yes", "--bind", "127.0.0.1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        end = time.monotonic() + SECONDS
        while True:
            try:
                if self.client().ping():
                    return
            except redis.RedisError:
                assert time.monotonic() < end, "redis-server does not start"
                time.sleep(0.1)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(SECONDS)
            self.process = None

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def fill(self) -> None:
        self.client().config_set("maxmemory", "1")

    def become_replica(self) -> None:
        self.client().replicaof("127.0.0.1", "1")

    def heal(self) -> None:
        """Whatever was done to it: it serves again."""
        if self.process is None:
            self.start()
            return
        self.process.send_signal(signal.SIGCONT)
        self.client().replicaof("no", "one")
        self.client().config_set("maxmemory", "0")


class WithRedis(Embedded):
    def queue_length(self) -> int:
        return redis.Redis.from_url(self.env["REDIS_URL"]).llen("celery")


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    own = OwnRedis(folder)
    yield own
    own.kill()


@pytest.fixture
def portal(tmp_path, server):
    folder = tmp_path / "data"
    folder.mkdir()
    before, _, answer = SCENE.rpartition("answer(")
    portal = WithRedis(folder, before + PEOPLE + "answer(" + answer, REDIS_URL=server.url)
    yield portal
    portal.stop()


def act(portal: WithRedis) -> tuple[dict, dict, str]:
    """Everything above in one process: statuses, seconds, and what /readyz says."""
    said, ready = portal.script(VISIT + ACTS.format(**portal.scene))
    return {name: s for name, (s, _) in said.items()}, {name: t for name, (_, t) in said.items()}, ready


@pytest.mark.parametrize(
    ("fault", "said"), [("kill", "gone"), ("fill", "refuses"), ("become_replica", "refuses"), ("hang", "gone")]
)
def test_a_commit_is_never_answered_with_an_error(portal, server, fault, said):
    """Signing in, reading, approving, reopening, asking for a file: each as if Redis were well, and done once it is."""
    portal.approve(3)
    server.client().flushdb()
    portal.script("rollup.drain()")
    assert portal.query(OFFICIAL) == [(8,)]

    getattr(server, fault)()
    statuses, seconds, ready = act(portal)
    assert statuses.pop("readyz") == 503
    assert said in ready
    assert statuses == GOES_WELL
    assert max(seconds.values()) < LONGEST_ANSWER, seconds
    first, *_, last = portal.scene["reports"]
    assert portal.query(STATUSES.format(first, last)) == [("approved",), ("returned",)]
    assert portal.query(WAITING) == [(2,)]
    assert portal.query(EXPORTS) == [("waiting",)]

    server.heal()
    portal.start_worker()
    portal.script(EVERY_MINUTE)
    portal.until_total(1)
    portal.until(lambda: portal.query(EXPORTS) == [("done",)], "the export is not made")


@pytest.fixture
def supervisor(run, portal, monkeypatch):
    """`make run` as far as it starts workers and keeps them going."""
    monkeypatch.setenv("DATA_DIR", str(portal.folder))
    supervisor = run.Portal(0)
    supervisor.env = portal.env
    yield supervisor
    supervisor.stop_all()


def is_read_below(pid: int, file: Path) -> bool:
    """Has a process that this one started opened the file? (Linux.)"""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    opened = (link for child in below for link in Path(f"/proc/{child}/fd").iterdir())
    return any(os.path.realpath(link) == str(file) for link in opened)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks /proc which process has begun the task")
@pytest.mark.parametrize("fault", ["kill", "become_replica"])
def test_a_worker_comes_back_when_redis_goes_during_a_task(portal, server, run, supervisor, fault):
    """The task waits for the database, which this test holds; Redis goes, the task ends, and later Redis is back.

    Where Redis refuses, Celery cannot say that the task is done and ends the worker with code 1.
    """
    portal.approve(0)
    holder = sqlite3.connect(portal.folder / "portal.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    log = portal.folder / "worker.log"
    supervisor.start(
        *("the worker", sys.executable, "-m", "celery", "-A", "de_an_06", "worker", "--concurrency", "1"),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        log=str(log),
    )
    supervisor.workers["the worker"] = run.Restart()
    first = supervisor.running[0][1]
    portal.until(lambda: "] received" in log.read_text(), "the task is not taken")
    # Taken is not begun: a worker that loses its queue drops what no process of it has begun, for whoever asks again.
    portal.until(lambda: is_read_below(first.pid, portal.folder / "portal.sqlite3"), "the task is not begun")
    getattr(server, fault)()
    if fault == "kill":
        portal.until(lambda: "Trying again" in log.read_text(), "the worker does not notice")
    holder.execute("ROLLBACK")
    holder.close()
    portal.until(lambda: portal.query(WAITING) == [(0,)], "the task does not end")
    assert portal.query(OFFICIAL) == [(1,)]
    if fault == "become_replica":
        portal.until(lambda: first.poll() == 1, "the worker lives on: then this needs no supervisor any more")
    server.heal()
    portal.approve(1)
    portal.until(lambda: supervisor.keep_going() or portal.query(OFFICIAL) == [(3,)], "nobody takes the next task")
