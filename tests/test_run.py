"""make run: what it does when one of its processes ends by itself (bin/run.py)."""

import importlib.util
import sys
import time
from pathlib import Path

import pytest

BIN = Path(__file__).resolve().parents[1] / "bin"
pytestmark = pytest.mark.once
SECONDS = 60  # the longest any one thing here may take, on a busy machine


@pytest.fixture
def run(monkeypatch):
    monkeypatch.syspath_prepend(str(BIN))
    spec = importlib.util.spec_from_file_location("portal_run", BIN / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("setup", None)


@pytest.fixture
def portal(run, tmp_path, monkeypatch):
    """A web server that lives, and a worker that ends with code 1 as soon as it has written a line."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    portal = run.Portal(8000)
    portal.start("the web server", sys.executable, "-c", "import time; time.sleep(600)", log=str(tmp_path / "web.log"))
    worker = "print('ready.', flush=True); raise SystemExit(1)"
    portal.start("the worker", sys.executable, "-c", worker, log=str(tmp_path / "worker.log"))
    portal.workers["the worker"] = run.Restart()
    yield portal
    portal.stop_all()


def keep_going_until(portal, holds):
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        portal.keep_going()
        time.sleep(0.05)


def test_a_worker_that_ends_is_started_again_each_time_later(portal, tmp_path, capsys):
    """As it does when Redis dies in the middle of a task: code 1, and nobody there to start it."""
    keep_going_until(portal, lambda: portal.workers["the worker"].wait == 8)  # three short lives
    said = capsys.readouterr().out
    assert [f"(code 1); again in {seconds} s" in said for seconds in (2, 4, 8)] == [True] * 3
    assert (tmp_path / "worker.log").read_text().count("ready.") == 3  # what the first lives said is kept
    assert [name for name, *_ in portal.running].count("the worker") == 1


def test_the_end_of_the_web_server_ends_the_run(portal):
    web = portal.running[0][1]
    web.kill()
    web.wait(SECONDS)
    with pytest.raises(SystemExit, match="the web server ended by itself"):
        portal.keep_going()
