"""What is sent by the clock goes on after the clock ran ahead, and a message lost is found without beat."""

import datetime as dt
import importlib.util
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from kombu.asynchronous.timer import Timer

from de_an_06.celery import app
from de_an_06.timetable import MINUTE, EveryMinute, Scheduler

ROOT = Path(__file__).resolve().parent.parent
NOON = dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
EVERY_MINUTE = {
    "reporting.tasks.drain_rollup_requests",
    "reporting.tasks.requeue_exports",
    "taskforces.tasks.requeue_imports",
    "reporting.tasks.tell_and_send",
}


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=NOON)
    monkeypatch.setattr(app, "now", lambda: clock.now)
    return clock


@pytest.fixture
def sent(monkeypatch):
    names = []
    monkeypatch.setattr(app, "send_task", lambda name, *args, **kwargs: names.append(name))
    app.loader.import_default_modules()
    for name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}:
        monkeypatch.setattr(app.tasks[name], "apply_async", lambda *args, _name=name, **kwargs: names.append(_name))
    monkeypatch.setattr(Scheduler, "producer", None)
    return names


@pytest.fixture
def scheduler(tmp_path, clock, sent):
    return lambda: Scheduler(app=app, schedule_filename=str(tmp_path / "celerybeat-schedule"))


def sent_now(scheduler, sent):
    """What beat sends at this moment of the clock."""
    sent.clear()
    while scheduler.tick() == 0:
        pass
    return set(sent)


def test_the_portal_uses_this_timetable_and_looks_at_the_clock_often():
    assert settings.CELERY_BEAT_SCHEDULER == "de_an_06.timetable:Scheduler"
    assert 0 < settings.CELERY_BEAT_MAX_LOOP_INTERVAL <= 30


def test_a_clock_set_back_by_a_day_stops_nothing(scheduler, sent, clock):
    beat = scheduler()
    assert sent_now(beat, sent) == set()
    clock.now = NOON + A_DAY
    assert sent_now(beat, sent) > EVERY_MINUTE  # and the nightly round
    clock.now = NOON + dt.timedelta(minutes=2)
    assert sent_now(beat, sent) == EVERY_MINUTE
    assert sent_now(beat, sent) == set()
    clock.now += dt.timedelta(minutes=1, seconds=1)
    assert sent_now(beat, sent) == EVERY_MINUTE


def test_a_last_run_in_the_future_is_discarded_at_a_start_too(scheduler, sent, clock):
    before = scheduler()
    clock.now = NOON + A_DAY
    assert sent_now(before, sent) > EVERY_MINUTE
    before.close()
    clock.now = NOON
    assert sent_now(scheduler(), sent) == EVERY_MINUTE


# --- the health check


@pytest.fixture
def healthcheck(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    spec = importlib.util.spec_from_file_location("healthcheck", ROOT / "bin" / "healthcheck.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_beat_is_healthy_when_it_has_sent_something_of_late(healthcheck, scheduler, sent, clock, tmp_path, monkeypatch):
    beat = scheduler()
    beat.sync()
    assert not healthcheck.beat()  # the timetable is written, nothing is sent
    clock.now += dt.timedelta(minutes=2)

    def refuse(*args, **kwargs):
        raise ConnectionError("no queue")

    with monkeypatch.context() as broken:
        for name in EVERY_MINUTE:
            broken.setattr(app.tasks[name], "apply_async", refuse)
        assert sent_now(beat, sent) == set()
        assert not healthcheck.beat()
    clock.now += dt.timedelta(minutes=2)
    assert sent_now(beat, sent) == EVERY_MINUTE
    assert healthcheck.beat()
    for seconds in (600, -A_DAY.total_seconds()):  # long ago; or on a day that the clock has left again
        os.utime(tmp_path / "beat-sent", (time.time() - seconds,) * 2)
        assert not healthcheck.beat()


# --- the worker's own minute


def worker(*queues):
    consumer = SimpleNamespace(app=SimpleNamespace(amqp=app.amqp, send_task=app.send_task), timer=Timer())
    consumer.app.amqp = SimpleNamespace(queues=SimpleNamespace(consume_from=dict.fromkeys(queues)))
    return consumer


def test_a_worker_of_totals_sends_what_is_due_every_minute_without_beat(sent):
    assert EveryMinute in app.steps["consumer"]
    consumer = worker("celery", "files")
    step = EveryMinute(consumer)
    step.start(consumer)
    (planned,) = consumer.timer.queue
    assert 0 < planned.eta - time.monotonic() <= MINUTE  # no wall clock
    planned.entry()
    assert set(sent) == EVERY_MINUTE
    assert len(consumer.timer.queue) == 2  # the next
    step.stop(consumer)
    assert planned.entry.canceled


def test_a_worker_of_files_alone_leaves_it_to_others(sent):
    consumer = worker("files")
    step = EveryMinute(consumer)
    step.start(consumer)
    assert not consumer.timer.queue
    step.stop(consumer)


def test_a_queue_that_is_gone_does_not_end_the_workers_minute(monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise ConnectionError("no queue")

    monkeypatch.setattr(app, "send_task", refuse)
    consumer = worker("celery")
    step = EveryMinute(consumer)
    step.start(consumer)
    consumer.timer.queue[0].entry()
    assert len(consumer.timer.queue) == 2
    assert "not sent" in caplog.text


def test_compose_runs_beat_with_the_same_folder_for_its_mark():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert re.search(r"bin/healthcheck\.py\", \"beat\"", text)
    assert "DATA_DIR=/data" in (ROOT / "Dockerfile").read_text(encoding="utf-8").replace(" ", "")
