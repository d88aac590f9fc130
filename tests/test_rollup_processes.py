"""Step 4 with real processes: a Celery worker in its own process, killed, doubled, robbed of its queue.

Twice: embedded (SQLite and the file queue, always) and with PostgreSQL and Redis (where the environment names them).
Each has a database and a queue of its own; what happens in the portal happens in processes of their own too.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
import pytest
import redis
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 90  # the longest that any one thing here may take, on a busy machine
PRELUDE = """
import json, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "de_an_06.settings")
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from reporting import tasks
from reporting.review import workflow
from reporting.rollup import generation, rollup
from reporting.models import *
from taskforces.models import *
def answer(value): print("\\n=" + json.dumps(value))
"""
# Has the portal loaded, and runs each script that is asked for in a fork of its own.
FORKS = """
import subprocess, sys, tempfile, traceback
for line in sys.stdin:
    with tempfile.TemporaryFile("w+") as output:
        if not (pid := os.fork()):
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 1
            try:
                exec(json.loads(line), globals())
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        print(json.dumps([code, output.read()]), flush=True)
"""
# One province, four communes, a reviewer; the month's reports are sent: 1, 2, 4 and 8 dossiers online.
SCENE = """
call_command("migrate", verbosity=0)
from tests.conftest import FIRST_NEW, make_person, make_unit
from reporting.catalogue import load_catalogue
from reporting.periods import open_period
from de_an_06.plain.spans import Month
from django.utils import timezone
nation = make_unit("00", "Cả nước", "nation", Level.NATION)
province = make_unit("75", "Tỉnh Đồng Nai", "tinh", Level.PROVINCE, nation, opened=FIRST_NEW)
names = ["Xã Phú Riềng", "Phường Phước Long", "Phường Phước Bình", "Phường Bình Long"]
communes = [make_unit(f"2539{i}", name, "xa", Level.COMMUNE, province, opened=FIRST_NEW)
            for i, name in enumerate(names)]
make_person("bao", "Trần Quốc Bảo", province, Role.REVIEWER)
load_catalogue()
ParticipatingArea.objects.create(unit=nation, valid_from=FIRST_NEW)
period = open_period(Month(2026, 10))
service = PublicService.objects.get(code="DVC16")
reports = []
for i, commune in enumerate(communes):
    report = Report.objects.get(unit=commune, period=period)
    ServiceFigures.objects.create(report=report, service=service, received_online=2**i)
    Report.objects.filter(pk=report.pk).update(status="submitted", submitted_at=timezone.now(), revision=1)
    reports.append(report.pk)
rollup.roll_up(period)
answer({"reports": reports, "province": province.pk, "period": period.pk})
"""
APPROVE = """
by = get_user_model().objects.get(username="bao")
for pk in {reports}:
    workflow.approve(report_id=pk, by=by)
"""
DRAIN = """
tasks.drain_rollup_requests.delay()
"""  # what beat does every minute
OFFICIAL = (
    "SELECT s.received_online FROM reporting_servicesummary s JOIN taskforces_administrativeunit u ON u.id = s.unit_id "
    "WHERE s.basis = 'official' AND u.level = 'province'"
)
WAITING = "SELECT COUNT(*) FROM reporting_rolluprequest"


def end_with_parent() -> None:
    """Linux ends the worker when the tests themselves are killed; elsewhere nothing happens."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except (OSError, AttributeError):
        pass


class Portal:
    """A database, a queue and the processes of one test; every process leads a group of its own and is ended by id."""

    def __init__(self, folder: Path, scene: str = SCENE, **environment: str):
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}}
        self.env = kept | {"DATA_DIR": str(folder), "DEBUG": "on", "PYTHONPATH": str(ROOT), **environment}
        self.workers: list[subprocess.Popen] = []
        self.forks: subprocess.Popen | None = None
        self.scene = self.set(scene)

    def set(self, scene: str):
        """Makes the database as the scene says; returns what it answered."""
        raise NotImplementedError

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=3 * SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, code: str):
        """Runs code in a process of its own; returns what it passed to `answer`."""
        if self.forks is None:
            self.forks = subprocess.Popen(
                [sys.executable, "-c", PRELUDE + FORKS], cwd=ROOT, env=self.env, text=True, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=end_with_parent,
            )  # fmt: skip
        self.forks.stdin.write(json.dumps(code) + "\n")
        self.forks.stdin.flush()
        status, said = json.loads(self.forks.stdout.readline())
        assert status == 0, said
        last = said.rpartition("\n=")[2] if "\n=" in said else ""
        return json.loads(last) if last else None

    def approve(self, *numbers: int, then: str = "") -> None:
        self.script(APPROVE.format(reports=[self.scene["reports"][number] for number in numbers]) + then)

    def start_worker(self, *queues: str, name: str = "") -> subprocess.Popen:
        """A worker for these queues, without any for all."""
        log = self.folder / f"worker{len(self.workers)}.log"
        with log.open("wb") as output:
            # fmt: off
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "de_an_06", "worker", "--concurrency", "1", "--loglevel", "INFO",
                 "--without-gossip", "--without-mingle", "--hostname", name or f"w{len(self.workers)}@test",
                 *(["-Q", ",".join(queues)] if queues else [])],
                cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                preexec_fn=end_with_parent,
            )
            # fmt: on
        self.workers.append(worker)
        self.until(lambda: " ready." in log.read_text(errors="replace"), "the worker does not start")
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        """kill -9, the worker and the process in which its task runs."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(SECONDS)
        self.workers.remove(worker)

    def until(self, holds, otherwise: str) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, otherwise
            time.sleep(0.1)

    def until_total(self, value: int) -> None:
        self.until(lambda: self.query(OFFICIAL) == [(value,)], f"the total does not become {value}")
        self.until(lambda: self.query(WAITING) == [(0,)], "requests are left")

    def stop(self) -> None:
        if self.forks is not None:
            self.forks.communicate(timeout=SECONDS)  # it ends with its input
            self.forks = None
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait(SECONDS)


class Embedded(Portal):
    _scenes: ClassVar[dict[str, tuple[bytes, object]]] = {}  # the database of each scene, made once, and its answer

    def set(self, scene: str):
        file = self.folder / "portal.sqlite3"
        if scene in self._scenes:
            file.write_bytes(self._scenes[scene][0])
        else:
            answer = self.script(scene)
            with closing(sqlite3.connect(file)) as connection:
                self._scenes[scene] = connection.serialize(), answer
        return self._scenes[scene][1]

    def query(self, sql: str) -> list[tuple]:
        connection = sqlite3.connect(self.folder / "portal.sqlite3", timeout=SECONDS)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def queue_length(self, queue: str = "celery") -> int:
        return len(list((self.folder / "queue").glob(f"*.{queue}.msg")))

    def empty_queue(self) -> None:
        shutil.rmtree(self.folder / "queue")
        (self.folder / "queue").mkdir()


class Services(Portal):
    _scenes: ClassVar[dict[str, object]] = {}  # the answer of the scene; its database stands beside, as a template

    def set(self, scene: str):
        server, _, name = self.env["DATABASE_URL"].rpartition("/")
        if scene in self._scenes:
            order(server, f"CREATE DATABASE {name} TEMPLATE {name}_scene")
        else:
            order(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            self._scenes[scene] = self.script(scene)
            order(server, f"CREATE DATABASE {name}_scene TEMPLATE {name}")
        return self._scenes[scene]

    def query(self, sql: str) -> list[tuple]:
        with psycopg2.connect(self.env["DATABASE_URL"]) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall()
        connection.close()
        return rows

    def queue_length(self, queue: str = "celery") -> int:
        return redis.Redis.from_url(self.env["REDIS_URL"]).llen(queue)

    def empty_queue(self) -> None:
        redis.Redis.from_url(self.env["REDIS_URL"]).flushdb()


def order(server: str, *statements: str) -> None:
    """Statements about databases, given to the server itself."""
    connection = psycopg2.connect(f"{server}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@pytest.fixture
def embedded(tmp_path):
    portal = Embedded(tmp_path)
    yield portal
    portal.stop()


@pytest.fixture(scope="module")
def server():
    """The address of the tests' own PostgreSQL server, and the name of a database beside theirs."""
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"] or not settings.REDIS_URL:
        pytest.skip("needs PostgreSQL, Redis and a real worker: set DATABASE_URL and REDIS_URL")
    login = quote(database["USER"] or "postgres") + (":" + quote(database["PASSWORD"]) if database["PASSWORD"] else "")
    address = f"postgres://{login}@{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    name = f"de_an_06_processes_{os.getpid()}"
    yield address, name
    order(address, f"DROP DATABASE IF EXISTS {name}_scene WITH (FORCE)")
    Services._scenes.clear()


@pytest.fixture
def services(tmp_path, server):
    """That database, and the Redis database eight further on."""
    address, name = server
    queue = urlsplit(settings.REDIS_URL)
    redis_url = urlunsplit(queue._replace(path=f"/{(int(queue.path.strip('/') or 0) + 8) % 16}"))
    portal = None
    try:
        redis.Redis.from_url(redis_url).flushdb()
        portal = Services(tmp_path, DATABASE_URL=f"{address}/{name}", REDIS_URL=redis_url)
        yield portal
    finally:
        if portal:
            portal.stop()
        redis.Redis.from_url(redis_url).flushdb()
        order(address, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def live_through(portal: Portal) -> None:
    """Approve, lose the queue, deliver twice to two workers: at every stage the total is what was approved."""
    assert portal.query(OFFICIAL) == []

    # approved in one process, rolled up in another
    first = portal.start_worker()
    portal.approve(0)
    portal.until_total(1)

    # no worker, and the queue is lost between the change and the roll-up
    portal.kill(first)
    portal.approve(1)
    portal.until(lambda: portal.queue_length() > 0, "nothing was sent to the queue")
    portal.empty_queue()
    assert portal.query(OFFICIAL) == [(1,)]
    assert portal.query(WAITING) == [(1,)]
    portal.start_worker()
    portal.script(DRAIN)
    portal.until_total(3)

    # two workers, each message several times
    portal.start_worker()
    portal.approve(2, 3, then=3 * DRAIN)
    portal.until_total(15)
    portal.until(lambda: portal.queue_length() == 0, "messages are left")
    rows = "SELECT COUNT(*), COUNT(DISTINCT unit_id), SUM(received_online) FROM reporting_servicesummary"
    assert portal.query(rows + " WHERE basis = 'official'") == [(2, 2, 30)]  # the province and the nation, once each
    assert "agree with the figures" in portal.run("manage.py", "audit_rollup", "2026-10")


@pytest.mark.slow
@pytest.mark.once
def test_embedded_worker(embedded):
    live_through(embedded)


@pytest.mark.slow
@pytest.mark.services
def test_postgresql_and_redis_worker(services):
    live_through(services)


@pytest.mark.slow
@pytest.mark.services
def test_a_worker_killed_in_the_middle_leaves_the_old_totals(services):
    """The worker has written the sums and stands before the counts, whose row this test holds; then kill -9."""
    services.approve(0)
    worker = services.start_worker()
    services.until_total(1)
    before = services.query("SELECT id, generation, received_online FROM reporting_servicesummary ORDER BY id")

    holder = psycopg2.connect(services.env["DATABASE_URL"])
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT id FROM reporting_submissionsummary FOR UPDATE")
        services.approve(1)
        stuck = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND query LIKE '%INSERT INTO reporting_submissionsummary%'"
        )
        services.until(lambda: services.query(stuck) == [(1,)], "the worker is not in the middle")
        services.kill(worker)
    finally:
        holder.rollback()
        holder.close()
    services.until(lambda: services.query(stuck) == [(0,)], "the killed worker's transaction does not end")

    after = services.query("SELECT id, generation, received_online FROM reporting_servicesummary ORDER BY id")
    assert after == before
    stale = "answer(generation.is_stale({province}, [{period}]))".format(**services.scene)
    assert services.script(stale) is True
    assert services.query(WAITING) == [(1,)]

    services.start_worker()
    services.script(DRAIN)
    services.until_total(3)
    assert services.script(stale) is False


@pytest.mark.slow
@pytest.mark.services
def test_two_roll_ups_of_a_month_take_turns(services):
    """While one holds the month the other waits, then finds its work done; saving reports is not held up."""
    holder = psycopg2.connect(services.env["DATABASE_URL"])
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT id FROM reporting_period FOR NO KEY UPDATE")
        services.approve(0, then=DRAIN)  # a request for the month that is held, delivered twice
        services.start_worker()
        services.start_worker()
        waiting = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND query LIKE '%FOR NO KEY UPDATE%'"
        )
        services.until(lambda: services.query(waiting) == [(2,)], "the two workers do not wait")
        assert services.query(OFFICIAL) == []
    finally:
        holder.rollback()
        holder.close()
    services.until_total(1)
    services.until(lambda: services.query(waiting) == [(0,)], "a worker still waits")
    assert services.query("SELECT COUNT(*) FROM reporting_rolluprun") == [(2,)]  # the scene's, and one of the two


KILLED = """
import os, signal
rollup._problems = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)  # all is written, nothing committed
{act}
"""


def killed_in_the_middle(portal: Portal) -> None:
    """Killed with everything written and nothing committed: old totals, marked stale; delivered again: the new ones."""
    period, province = portal.scene["period"], portal.scene["province"]
    rows = "SELECT id, generation, unit_id, {} FROM {} ORDER BY id"
    tables = {
        "reporting_servicesummary": "basis, received_online",
        "reporting_submissionsummary": "expected, submitted, approved",
        "reporting_rolluprun": "units",
    }
    queries = [rows.format(columns, table).replace("generation, unit_id", "id, period_id" if "run" in table else
               "generation, unit_id") for table, columns in tables.items()]  # fmt: skip
    portal.approve(0)
    portal.empty_queue()
    before = [portal.query(query) for query in queries]
    for act in ("rollup.drain()", f"rollup.roll_up(Period.objects.get(pk={period}))"):
        script = PRELUDE + KILLED.format(act=act)
        died = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=portal.env, capture_output=True, timeout=SECONDS
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert [portal.query(query) for query in queries] == before
        assert portal.query(WAITING) == [(1,)]
        assert portal.script(f"answer(generation.is_stale({province}, [{period}]))") is True
    assert portal.script("answer([rollup.drain(), rollup.drain()])") == [1, 0]  # delivered twice
    assert portal.query(OFFICIAL) == [(1,)]
    assert portal.script(f"answer(generation.is_stale({province}, [{period}]))") is False
    assert "agree with the figures" in portal.run("manage.py", "audit_rollup", "2026-10")


@pytest.mark.slow
@pytest.mark.once
def test_killed_in_the_middle_embedded(embedded):
    killed_in_the_middle(embedded)


@pytest.mark.slow
@pytest.mark.services
def test_killed_in_the_middle_with_postgresql(services):
    killed_in_the_middle(services)


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.parametrize("act", ["rollup.drain()", "rollup.roll_up(Period.objects.get())"])
def test_a_mark_that_arrives_while_a_roll_up_runs_outlives_it(services, act):
    """Two real connections: the roll-up has read the figures and stands before the counts, whose rows this test holds;
    then a report is approved."""
    services.approve(0)
    services.empty_queue()
    holder = psycopg2.connect(services.env["DATABASE_URL"])
    running = None
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT id FROM reporting_submissionsummary FOR UPDATE")
        running = subprocess.Popen([sys.executable, "-c", PRELUDE + act], cwd=ROOT, env=services.env)
        stuck = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND query LIKE '%INSERT INTO reporting_submissionsummary%'"
        )
        services.until(lambda: services.query(stuck) == [(1,)], "the roll-up is not in the middle")
        services.approve(1)
        services.empty_queue()  # nothing but the mark says so
        assert services.query(WAITING) == [(2,)]
    finally:
        holder.rollback()
        holder.close()
        if running is not None:
            assert running.wait(SECONDS) == 0
    assert services.query(OFFICIAL) == [(1,)]
    assert services.query(WAITING) == [(1,)]
    stale = "answer(generation.is_stale({province}, [{period}]))".format(**services.scene)
    assert services.script(stale) is True
    services.script("rollup.drain()")
    assert services.query(OFFICIAL) == [(3,)]
    assert services.query(WAITING) == [(0,)]
    assert "agree with the figures" in services.run("manage.py", "audit_rollup", "2026-10")


# --- the two queues

ASK_FOR_FILE = """
from de_an_06.plain.spans import Span
from reporting.exports import export_jobs
by = get_user_model().objects.get(username="bao")
province = AdministrativeUnit.objects.get(pk={province})
export_jobs.create(unit=province, span=Span.parse("2026-10"), basis="official", by=by)
"""
FILES = "SELECT state FROM reporting_exportjob"


def files_apart(portal: Portal) -> None:
    """While nobody makes files, totals are made; a worker of files makes the file; one without -Q serves both."""
    totals = portal.start_worker("celery")
    portal.script(ASK_FOR_FILE.format(**portal.scene))
    portal.approve(0)
    portal.until_total(1)
    assert portal.query(FILES) == [("waiting",)]

    portal.kill(totals)
    portal.start_worker("files")
    portal.until(lambda: portal.query(FILES) == [("done",)], "the file is not made")
    portal.approve(1)  # not before: a file is made of totals that miss nothing
    portal.until(lambda: portal.queue_length() > 0, "nothing was sent to the queue")
    time.sleep(2)  # a worker looks into its queue several times a second
    assert portal.query(OFFICIAL) == [(1,)]
    assert portal.query(WAITING) == [(1,)]

    portal.stop()
    portal.workers.clear()
    portal.script("ExportJob.objects.all().delete()" + ASK_FOR_FILE.format(**portal.scene))
    portal.start_worker()
    portal.until_total(3)
    portal.until(lambda: portal.query(FILES) == [("done",)], "the file is not made")


@pytest.mark.slow
@pytest.mark.once
def test_embedded_files_apart_from_totals(embedded):
    files_apart(embedded)


@pytest.mark.slow
@pytest.mark.services
def test_files_apart_from_totals_and_the_health_check(services):
    files_apart(services)
    services.stop()
    services.workers.clear()
    services.start_worker("files", name=f"celery@{socket.gethostname()}")
    env = services.env | {"PATH": os.path.dirname(sys.executable) + os.pathsep + services.env["PATH"]}

    def is_healthy(*queues):
        command = [sys.executable, "bin/healthcheck.py", "worker", *queues]
        return subprocess.run(command, cwd=ROOT, env=env, timeout=SECONDS).returncode == 0

    assert is_healthy("files")
    assert not is_healthy("celery")


MINUTES = """
import datetime as dt
from django.utils import timezone
from reporting.exports import export_jobs
for _ in range(3):
    ExportJob.objects.update(noted_at=timezone.now() - dt.timedelta(minutes=2))
    export_jobs.requeue()
"""  # what beat does, three times


def one_message(portal: Portal) -> None:
    """However long nobody makes files, one message waits; a lost one is sent again; the file is made once."""
    portal.script(ASK_FOR_FILE.format(**portal.scene))
    portal.script(MINUTES)
    assert portal.queue_length("files") == 1
    portal.empty_queue()
    portal.script(MINUTES)
    assert portal.queue_length("files") == 1
    portal.start_worker("files")
    portal.until(lambda: portal.query(FILES) == [("done",)], "the file is not made")
    assert portal.query("SELECT tries FROM reporting_exportjob") == [(1,)]
    assert portal.queue_length("files") == 0


@pytest.mark.slow
@pytest.mark.once
def test_embedded_one_message_for_one_file(embedded):
    one_message(embedded)


@pytest.mark.slow
@pytest.mark.services
def test_one_message_in_redis_for_one_file(services):
    one_message(services)
