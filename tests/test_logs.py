"""A log that somebody reads, copies or sends to a collector opens no account."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from de_an_06.log_lines import LineFormatter, without_tokens
from taskforces.people import passwords

ROOT = Path(settings.BASE_DIR)
TOKEN = "c9x3-0123456789abcdef0123456789abcdef"
SECRETS = [
    f"/dat-mat-khau/MQ/{TOKEN}/",
    f"/d%61t-mat-khau/MQ/{TOKEN}/",
    f"/tai-khoan/password/reset/key/1-{TOKEN}/",
    f"/tai-khoan/confirm-email/{TOKEN}/",
    f"/tai-khoan/login/?next=%2Fdat-mat-khau%2FMQ%2F{TOKEN}%2F",
]


@pytest.mark.parametrize("address", SECRETS)
def test_a_token_is_left_out_and_the_page_still_named(address):
    line = without_tokens(f'"GET {address} HTTP/1.1" 200 "https://cong.vn{address}" "Mozilla/5.0 (X11)"')
    assert TOKEN not in line
    assert "MQ" not in line
    assert line.count("…") == 2
    assert line.startswith('"GET /')
    assert line.endswith('"Mozilla/5.0 (X11)"')


@pytest.mark.parametrize(
    "address", ["/bao-cao/7/", "/don-vi/?q=%C4%90%E1%BA%A1", "/xuat/?%6b=1", "/tai-khoan/password/reset/"]
)
def test_other_addresses_are_written_as_they_came(address):
    assert without_tokens(f"GET {address} HTTP/1.1") == f"GET {address} HTTP/1.1"


def test_djangos_own_lines_hold_no_token(world, caplog):
    """A live link, its form sent without the token of the page: answered 403 and logged with the address."""
    path = passwords.link_path(world.officer)
    assert Client(enforce_csrf_checks=True).post(path, {"new_password1": "x"}).status_code == 403
    (record,) = [r for r in caplog.records if "CSRF" in r.getMessage()]
    token = path.rstrip("/").rpartition("/")[2]
    assert token in record.getMessage()
    assert token not in LineFormatter("{message}", style="{").format(record)
    (handler,) = settings.LOGGING["handlers"].values()
    assert settings.LOGGING["formatters"][handler["formatter"]]["class"] == "de_an_06.log_lines.LineFormatter"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def production_command() -> list[str]:
    """How the container starts gunicorn, as the Dockerfile says."""
    (line,) = re.findall(r"^CMD .*exec (gunicorn .*?)\"\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return shlex.split(re.sub(r"\$\{WEB_WORKERS:-\d+\}", "1", line))


@pytest.mark.slow
def test_the_production_server_writes_no_token(tmp_path):
    """A real gunicorn with an empty database: the page fails, and neither line of that holds the token."""
    port, log = free_port(), tmp_path / "log"
    command = production_command()
    command[command.index("--bind") + 1] = f"127.0.0.1:{port}"
    env = {
        **os.environ,
        "DEBUG": "on",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
    }
    env.pop("REDIS_URL", None)
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            end = time.monotonic() + 60
            while "/healthz" not in log.read_text() and time.monotonic() < end:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                except OSError:
                    time.sleep(0.3)
            for address in SECRETS:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}{address}", headers={"Referer": f"http://127.0.0.1{address}"}
                )
                try:
                    urllib.request.urlopen(request, timeout=30).close()
                except urllib.error.HTTPError:
                    pass
        finally:
            server.terminate()
            server.wait(20)
    text = log.read_text()
    assert text.count('"GET /') >= len(SECRETS) + 1  # the log of requests is on
    assert "Internal Server Error: /dat-mat-khau/" in text
    assert TOKEN not in text


def test_make_run_starts_it_with_the_same_log():
    wanted = ["--logger-class", "de_an_06.access_log.AccessLogger"]
    command = production_command()
    assert command[command.index("--logger-class") :][:2] == wanted
    assert ", ".join(f'"{part}"' for part in wanted) in (ROOT / "bin" / "run.py").read_text()
