"""Somebody holds a lock, or the database is busy: the answer is 503 with when to try again, and trying again helps."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from django.urls import reverse

from reporting.models import FigureChange, Report
from tests.test_rollup_processes import Embedded

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no locks of rows")
JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


@pytest.fixture
def report(transactional_db, world, month, at):
    at("2026-11-18 09:00")
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


@pytest.fixture
def officer(client, world):
    client.force_login(world.officer)
    return client


@contextmanager
def held(lock, *params):
    """Another connection holds what this statement locks; here a lock is waited for a moment only."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    known = {k: v for k, v in connection.get_connection_params().items() if k in {"dbname", "user", "host", "port"}}
    with closing(psycopg2.connect(**known, password=connection.settings_dict["PASSWORD"])) as other:
        other.cursor().execute(lock, params)
        yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def body(world, **fields):
    return json.dumps({"user": world.officer.pk, "fields": fields, "seen": {}})


@POSTGRES
def test_a_locked_report_holds_up_no_page_for_long(officer, world, report):
    entry, save = (reverse(name, args=[report.pk]) for name in ("report-entry", "report-save-cells"))
    cell = {"DVC16.received_online": "12"}
    typed = body(world, **cell)
    with held("SELECT 1 FROM reporting_report WHERE id = %s FOR UPDATE", report.pk):
        saving = officer.post(save, typed, **JSON)
        api = officer.patch(f"/api/reports/{report.pk}/cells/", {"cells": cell}, content_type="application/json")
        page = officer.post(entry, cell | {"seen": "{}"})
        looking = officer.get(entry)
    assert looking.status_code == 200
    for answer in (saving, api, page):
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert "no-store" in answer["Cache-Control"]
    assert saving.json()["message"].startswith("Máy chủ đang bận")
    assert api.json()["detail"].startswith("Máy chủ đang bận")
    assert "Thử lại sau ít phút" in page.content.decode()
    assert not FigureChange.objects.exists()
    again = officer.post(save, typed, **JSON)
    assert again.json()["saved"] == {"DVC16.received_online": "12"}
    assert FigureChange.objects.count() == 1


@POSTGRES
def test_a_batch_of_text_and_cells_is_kept_whole_or_not_at_all(officer, world, report):
    save = reverse("report-save-cells", args=[report.pk])
    typed = body(world, results="Đã cấp 12 tài khoản.", **{"DVC16.received_online": "12"})
    with held("LOCK TABLE reporting_servicefigures IN SHARE MODE"):  # may be read, not written
        assert officer.post(save, typed, **JSON).status_code == 503
    report.refresh_from_db()
    assert (report.results, report.saved_at) == ("", None)
    assert officer.post(save, typed, **JSON).json()["saved"].keys() == {"results", "DVC16.received_online"}


ASK = """
import runpy, sys
sys.argv = ["manage.py", {command!r}, "--help"]
if {command!r} == "web":
    import de_an_06.wsgi
else:
    try:
        runpy.run_path("manage.py", run_name="__main__")
    except SystemExit:
        pass
from django.db import connection
with connection.cursor() as cursor:
    for name in {names}:
        cursor.execute(f"{ask} {{name}}")
        print("=", cursor.fetchone()[0])
"""


def patience(command, names, ask, **env):
    """What a process that begins as `command` tells its connection."""
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}} | {"DEBUG": "on"} | env
    env["DJANGO_SETTINGS_MODULE"] = "de_an_06.settings"
    code = ASK.format(command=command, names=names, ask=ask)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line[2:] for line in done.stdout.splitlines() if line.startswith("= ")]


@POSTGRES
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("web", ["5s", "30s", "1min"]),
        ("migrate", ["5s", "0", "0"]),  # a long migration may take its time, but makes nobody wait behind it
        ("rollup", ["2min", "30min", "15min"]),
    ],
)
def test_pages_wait_shortly_migrations_hold_up_nobody_workers_have_time(command, said, db, tmp_path):
    known = connection.settings_dict
    login = known["USER"] + (f":{known['PASSWORD']}" if known["PASSWORD"] else "")
    url = f"postgres://{login}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    assert patience(command, names, "SHOW", DATABASE_URL=url, DATA_DIR=str(tmp_path)) == said


@POSTGRES
@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux's")
def test_a_line_gone_dead_is_given_up_within_a_minute(db):
    """Read off the real socket: asked after while an answer is awaited, given up when nothing is acknowledged."""
    connection.ensure_connection()
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        keepalive = line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_USER_TIMEOUT)
        idle, interval, unacknowledged = (line.getsockopt(socket.IPPROTO_TCP, name) for name in names)
    assert keepalive == 1
    assert idle + 3 * interval <= 60  # seconds
    assert 0 < unacknowledged <= 60_000  # milliseconds; ends the asking too


@pytest.mark.parametrize(("command", "said"), [("web", "10000"), ("migrate", "10000"), ("rollup", "240000")])
def test_the_embedded_database_is_waited_for_twice_as_long(command, said, tmp_path):
    assert patience(command, ("busy_timeout",), "PRAGMA", DATA_DIR=str(tmp_path)) == [said]


VISIT = """
from django.db import connection
from django.test import Client
from django.urls import reverse
bao = Client(raise_request_exception=False, SERVER_NAME="localhost")
bao.force_login(get_user_model().objects.get(username="bao"))
with connection.cursor() as cursor:
    cursor.execute("PRAGMA busy_timeout=50")
import sqlite3
def approve():
    answer = bao.post(reverse("report-approve", args=[{report}]))
    return [answer.status_code, answer.headers.get("Retry-After"), "Máy chủ đang bận" in answer.content.decode()]
other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
said = [approve()]
other.execute("ROLLBACK")
said.append(approve())
answer(said)
"""


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("debug", ["on", "off"])
def test_a_locked_embedded_database_is_told_so(tmp_path, debug):
    environment = {"DEBUG": debug, "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "localhost", "SECURE_SSL_REDIRECT": "off"}
    portal = Embedded(tmp_path, **environment, STATIC_ROOT=str(tmp_path / "static"))
    if debug == "off":
        portal.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    report = portal.scene["reports"][0]
    assert portal.script(VISIT.format(report=report)) == [[503, "10", True], [302, None, False]]
    portal.stop()
    with closing(sqlite3.connect(tmp_path / "portal.sqlite3")) as database:
        status = database.execute("SELECT status FROM reporting_report WHERE id = ?", [report]).fetchone()
    assert status == ("approved",)
