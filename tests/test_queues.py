"""Files have a queue of their own, somebody serves each queue, and no service may take the whole memory."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from de_an_06.celery import app

ROOT = Path(__file__).resolve().parent.parent
QUEUES = {"celery", "files", "letters"}
FILE_TASKS = {"reporting.tasks.run_export", "taskforces.tasks.check_import", "taskforces.tasks.write_import"}


def queue_of(name: str) -> str:
    return app.amqp.router.route({}, name)["queue"].name


def test_only_files_wait_with_files_and_letters_with_letters():
    app.loader.import_default_modules()
    own = {name for name in app.tasks if name.startswith(("reporting.", "taskforces."))}
    assert {name for name in own if queue_of(name) == "files"} == FILE_TASKS
    assert {name for name in own if queue_of(name) == "letters"} == {"reporting.tasks.send_letters"}
    assert {queue_of(name) for name in own - FILE_TASKS - {"reporting.tasks.send_letters"}} == {"celery"}
    assert "reporting.tasks.drain_rollup_requests" in own


def test_a_message_reaches_one_queue():
    """Two queues bound to one exchange by one key would each get every message."""
    queues = settings.CELERY_TASK_QUEUES
    assert {queue.name for queue in queues} == QUEUES
    assert len({(queue.exchange.name, queue.routing_key) for queue in queues}) == len(queues)


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


def served(command: list[str]) -> set[str]:
    return set(command[command.index("-Q") + 1].split(",")) if "-Q" in command else set()


def test_each_queue_has_a_service_whose_health_check_asks_for_it(services):
    workers = {name: s for name, s in services.items() if "worker" in s.get("command", [])}
    assert sorted(queue for s in workers.values() for queue in served(s["command"])) == sorted(QUEUES)
    for service in workers.values():
        assert set(service["healthcheck"]["test"][4:]) == served(service["command"])


def test_every_service_has_a_limit_of_memory(services):
    assert [name for name, s in services.items() if not re.search(r"\d+[mg]\b", str(s.get("mem_limit")))] == []
    assert all(":size=" in folder for s in services.values() for folder in s.get("tmpfs", []))
    assert 0 < settings.CELERY_WORKER_MAX_MEMORY_PER_CHILD < 2 * 1024 * 1024 / 2  # KiB; two children in 2 GB


def test_make_run_serves_every_queue():
    text = (ROOT / "bin" / "run.py").read_text(encoding="utf-8")
    assert sorted(",".join(re.findall(r'"-Q", "([\w,]+)"', text)).split(",")) == sorted(QUEUES)


def test_a_worker_that_ends_is_started_again(services):
    """Celery ends it with code 1 when Redis refuses to note that a task is done; `make run` does as much (test_run)."""
    assert {services[name]["restart"] for name in ("web", "worker", "files", "beat", "redis")} == {"unless-stopped"}
