"""PostgreSQL gone, in production mode: every door answers in Vietnamese with 503, never with the server's own page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VISIT = """
import json
import django
django.setup()
from django.test import Client
guest = Client(raise_request_exception=False, SERVER_NAME="localhost", enforce_csrf_checks=True)
known = Client(raise_request_exception=False, SERVER_NAME="localhost", enforce_csrf_checks=True)
known.cookies["sessionid"] = "a" * 32
typed = {"content_type": "application/json", "headers": {"Accept": "application/json"}}
answers = {
    "first page": known.get("/"),
    "report": known.get("/bao-cao/1/"),
    "missing page": known.get("/khong-co-trang-nay/"),
    "form without its token": known.post("/xuat/lap/"),
    "text nobody can keep": known.get("/don-vi/?q=%00"),
    "administration": known.get("/quan-tri/"),
    "set a password": guest.get("/dat-mat-khau/MQ/abc-def/"),
    "saving": known.post("/bao-cao/1/o/", "{}", **typed),
    "API": known.get("/api/reports/"),
    "health": guest.get("/healthz"),
    "readiness": guest.get("/readyz"),
    "too much": known.post("/", CONTENT_LENGTH="99999999"),
    "another host": guest.get("/", HTTP_HOST="evil.example"),
    "log-in": guest.get("/tai-khoan/login/"),
    "guide": guest.get("/huong-dan/"),
}
print(json.dumps({k: [a.status_code, a.headers.get("Retry-After"), a.content.decode()] for k, a in answers.items()}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gone")
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}} | {
        "DEBUG": "off",
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "localhost",
        "SECURE_SSL_REDIRECT": "off",
        "DATA_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "DATABASE_URL": "postgres://portal:mat-khau@127.0.0.1:1/portal",  # nobody listens there
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "de_an_06.settings",
    }

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return json.loads(run("-c", VISIT))


def test_whoever_is_signed_in_reads_what_is_gone_and_what_to_do(answers):
    pages = ("first page", "report", "missing page", "form without its token", "administration", "log-in")
    for name in (*pages, "set a password", "health"):
        status, retry, text = answers[name]
        assert (status, retry) == (503, "10"), name
        assert '<html lang="vi">' in text, name
        assert "Cơ sở dữ liệu của cổng đang tạm ngừng." in text, name
        assert "127.0.0.1" not in text, name  # no part's address is named


def test_whoever_types_is_told_in_the_form_the_browser_reads(answers):
    for name, key in (("saving", "message"), ("API", "detail")):
        status, retry, text = answers[name]
        assert (status, retry) == (503, "10"), name
        assert json.loads(text)[key].startswith("Cơ sở dữ liệu của cổng đang tạm ngừng.")


def test_what_needs_no_database_is_answered_as_ever(answers):
    assert answers["readiness"][::2] == [503, "database: gone\nredis: gone\n"]
    pages = {"too much": 413, "another host": 400, "text nobody can keep": 400, "guide": 200}
    assert {name: answers[name][0] for name in pages} == pages
    for name in pages:
        assert '<html lang="vi">' in answers[name][2], name
