"""What docs/operations.md says of backup and restore, carried out as it stands there."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
TOOLS = pytest.mark.skipif(
    connection.vendor != "postgresql" or not shutil.which("pg_dump") or not shutil.which("pg_restore"),
    reason="needs PostgreSQL with its programmes pg_dump and pg_restore",
)


def documented(program: str) -> list[str]:
    """The one command line that begins with this program, without the container around it and the files at its end."""
    text = (ROOT / "docs" / "operations.md").read_text()
    (line,) = re.findall(rf"^(?:docker compose exec -T postgres )?({re.escape(program)} .*)$", text, re.MULTILINE)
    return shlex.split(re.split(r" [<>] ", line)[0])


class Server:
    """The tests' own server, with a plain role and a new database in which it is what `portal` is in compose."""

    def __init__(self):
        known, login = connection.get_connection_params(), connection.settings_dict
        self.address = {"host": known.get("host", "127.0.0.1"), "port": str(known.get("port", 5432))}
        self.owner = (login["USER"], login["PASSWORD"], known["dbname"])
        self.name = f"de_an_06_restored_{os.getpid()}"
        self.plain = (self.name, "chi-de-thu", self.name)

    def run(self, program, file, mode, who):
        """What the manual says, as `who` (role, password, database)."""
        user, password, database = who
        command = documented(program)
        command[command.index("-U") + 1] = user
        command[command.index("-d") + 1 if "-d" in command else -1] = database
        env = os.environ | {"PGHOST": self.address["host"], "PGPORT": self.address["port"], "PGPASSWORD": password}
        with file.open(mode) as stream:
            where = {"stdin": stream} if mode == "rb" else {"stdout": stream}
            return subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True, **where)

    def restored(self, *queries):
        user, password, database = self.plain
        with closing(psycopg2.connect(**self.address, user=user, password=password, dbname=database)) as there:
            return rows(there.cursor(), *queries)


def rows(cursor, *queries):
    found = []
    for query in queries:
        cursor.execute(query)
        found.append(cursor.fetchall())
    return found


@pytest.fixture
def server(transactional_db):
    server = Server()
    user, password, database = server.plain
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}'")
        cursor.execute(f"CREATE DATABASE {database} OWNER {user} TEMPLATE template0 ENCODING 'UTF8'")
    yield server
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {database} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {user}")


TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
GUARDS = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"


@TOOLS
def test_a_restore_into_a_new_database_is_whole_and_into_another_nothing(server, world, month, tmp_path):
    month("2026-11")
    dump = tmp_path / "portal.dump"
    said = server.run("pg_dump", dump, "wb", server.owner)
    if "server version mismatch" in said.stderr:
        pytest.skip("pg_dump is older than the server")
    assert (said.returncode, said.stderr) == (0, "")
    said = server.run("pg_restore", dump, "rb", server.plain)
    assert (said.returncode, said.stderr) == (0, "")
    with connection.cursor() as cursor:
        (tables,) = rows(cursor, TABLES)
        everything = [TABLES, GUARDS, *(f"SELECT * FROM {table} t ORDER BY t::text" for (table,) in tables)]
        assert server.restored(*everything) == rows(cursor, *everything)

    # a database in use, of a newer version: rc is not 0, and not one row has come or gone
    user, password, database = server.plain
    with closing(psycopg2.connect(**server.address, user=user, password=password, dbname=database)) as there:
        there.autocommit = True
        there.cursor().execute("ALTER TABLE django_session RENAME TO newer")  # the dump's own would find room here
        there.cursor().execute("UPDATE reporting_report SET results = 'sau bản sao lưu'")
    everything = [query.replace("django_session", "newer") for query in everything]
    before = server.restored(*everything)
    assert server.run("pg_restore", dump, "rb", server.plain).returncode != 0
    assert server.restored(*everything) == before


def test_an_embedded_database_is_copied_whole_while_it_is_written_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("var").mkdir()
    command = [sys.executable, *documented(".venv/bin/python")[1:]]
    writer = sqlite3.connect("var/portal.sqlite3", check_same_thread=False, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE cell (number INTEGER)")
    writer.execute("CREATE TABLE log (number INTEGER)")
    acknowledged, done = [0], threading.Event()

    def write():
        while not done.is_set():
            number = acknowledged[0] + 1
            for statement in ("BEGIN IMMEDIATE", f"INSERT INTO cell VALUES ({number})"):
                writer.execute(statement)
            writer.execute(f"INSERT INTO log VALUES ({number})")
            writer.execute("COMMIT")
            acknowledged[0] = number

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while acknowledged[0] < 100:
            done.wait(0.01)
        before = acknowledged[0]
        subprocess.run(command, check=True, timeout=60)
    finally:
        done.set()
        thread.join()
        writer.close()
    with closing(sqlite3.connect("portal.sqlite3")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        cells, logged = (copy.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in ("cell", "log"))
    assert cells == logged == [(number,) for number in range(1, len(cells) + 1)]  # no transaction by halves
    assert len(cells) >= before  # and nothing that was acknowledged is missing
    assert subprocess.run(command, capture_output=True, timeout=60).returncode != 0  # an older copy is not overwritten
