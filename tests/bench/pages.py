"""Pages and acts through gunicorn with two workers and one Celery worker, on the loopback address."""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

CSRF = "a" * 32
ROUNDS = 40
CLIENTS = 4
LONGEST = 60  # seconds that one thing may take


class Servers:
    """gunicorn and a worker, each in a process group of its own, ended by id."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        try:
            subprocess.run(
                [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
                check=True,
                timeout=2 * LONGEST,
            )
            # fmt: off
            self._start("web", "gunicorn", "de_an_06.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2",
                        "--threads", "4", "--keep-alive", "75", "--no-control-socket")
            self._start("worker", "celery", "-A", "de_an_06", "worker", "--concurrency", "1", "--without-gossip",
                        "--without-mingle", "--loglevel", "INFO")
            # fmt: on
            self._until(self._web_answers, "the web server does not answer")
            log = self.folder / "worker.log"
            self._until(lambda: " ready." in log.read_text(errors="replace"), "the worker does not start")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, name: str, *module: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _until(self, holds, otherwise: str) -> None:
        end = time.monotonic() + LONGEST
        while not holds():
            if time.monotonic() > end or any(p.poll() is not None for p in self.processes.values()):
                for name in self.processes:
                    print((self.folder / f"{name}.log").read_text(errors="replace")[-3000:])
                raise RuntimeError(otherwise)
            time.sleep(0.1)

    def _web_answers(self) -> bool:
        try:
            return Visitor(self.port).get("/trong/").status == 200
        except OSError:
            return False

    def memory(self, say) -> None:
        """Resident memory of every process: VmRSS, so pages shared between them count in each."""
        for name, leader in self.processes.items():
            sizes = []
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit() and os.getpgid(int(entry.name)) == leader.pid:
                    status = (entry / "status").read_text().split("VmRSS:")
                    sizes.append(int(status[1].split()[0]) // 1024)
            say(f"memory of {name}: {' + '.join(map(str, sizes))} MB in {len(sizes)} processes after the runs")

    def __exit__(self, *error):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(15)


class Answer:
    def __init__(self, response, seconds: float):
        self.body = response.read()
        self.status, self.headers, self.seconds = response.status, response.headers, seconds
        self.location = response.headers.get("Location", "")


class Visitor:
    """One logged-in person with a connection of their own."""

    def __init__(self, port: int, user=None):
        self.port = port
        self.headers = {"Accept-Encoding": "gzip", "X-CSRFToken": CSRF}
        if user:
            self.headers["Cookie"] = f"sessionid={_session(user)}; csrftoken={CSRF}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)

    def get(self, address: str) -> Answer:
        return self._ask("GET", address, None, {})

    def post(self, address: str, fields: dict) -> Answer:
        return self._ask("POST", address, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})

    def post_json(self, address: str, value) -> Answer:
        return self._ask("POST", address, json.dumps(value), {"Content-Type": "application/json"})

    def _ask(self, method: str, address: str, body, headers: dict) -> Answer:
        start = time.perf_counter()
        self.connection.request(method, address, body, self.headers | headers)
        response = self.connection.getresponse()
        answer = Answer(response, 0.0)
        answer.seconds = time.perf_counter() - start
        return answer


def _session(user) -> str:
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


def measure(servers: Servers, made, say) -> None:
    from reporting.models import Report
    from tests.conftest import make_person

    port, period = servers.port, made.period
    chair = make_person("chair", "Chủ Tịch", made.province, "chair")
    reviewer = make_person("reviewer", "Người Duyệt", made.province, "reviewer")
    old_chair = make_person("old_chair", "Chủ Tịch", made.large_province, "chair")
    ruler = make_person("ruler", "Trung Ương", made.nation, "auditor")
    drafts = list(Report.objects.filter(period=period, level="commune", status="draft").select_related("unit")[:160])
    officers = [make_person(f"officer{r.pk}", f"Cán Bộ {r.pk}", r.unit, "officer", "office") for r in drafts]

    _saving(port, drafts, officers, say)
    _approvals(port, made, reviewer, say)
    for what, user, address in (
        ("entry page", officers[0], f"/bao-cao/{drafts[0].pk}/nhap/"),
        ("dashboard of a province", chair, f"/tong-quan/?don_vi={made.province.pk}&ky={period.key}"),
        (
            f"dashboard of a province with districts, {made.large_communes} communes",
            old_chair,
            f"/tong-quan/?don_vi={made.large_province.pk}&ky={made.old_period.key}",
        ),
        ("dashboard of the nation", ruler, f"/tong-quan/?don_vi={made.nation.pk}&ky={period.key}"),
        ("dashboard of the nation's year", ruler, f"/tong-quan/?don_vi={made.nation.pk}&ky={period.year}"),
    ):
        _page(Visitor(port, user), what, address, say)
    for what, address in (
        (f"{len(made.campaigns)} campaigns of {made.large_communes} communes, listed", "/cao-diem/"),
        ("one of these campaigns, 45 days", f"/cao-diem/{made.campaigns[0].pk}/"),
    ):
        _page(Visitor(port, old_chair), what, address, say)
    _submitting(port, drafts, officers, say)


def _page(visitor: Visitor, what: str, address: str, say) -> None:
    """One page and the empty one in turn."""
    from tests.bench.run import percentile

    ours, empty = [], []
    try:
        answer = visitor.get(address)
    except TimeoutError:
        say(f"{what}: not available (no answer within {LONGEST} s)")
        return
    if answer.status != 200:
        say(f"{what}: not available (status {answer.status} after {answer.seconds:.1f} s)")
        return
    end = time.monotonic() + LONGEST
    while len(ours) < 5 or (len(ours) < ROUNDS and time.monotonic() < end):
        answer = visitor.get(address)
        ours.append(answer.seconds)
        empty.append(visitor.get("/trong/").seconds)
    p50, p95, least = percentile(ours, 50), percentile(ours, 95), percentile(empty, 50)
    say(
        f"{what}: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, {answer.headers['X-Queries']} queries, "
        f"{len(answer.body)} bytes gzipped; empty page: p50 {least * 1000:.1f} ms, "
        f"p95 {percentile(empty, 95) * 1000:.1f} ms; ratio {p50 / least:.1f} of {len(ours)} runs"
    )


def _in_parallel(act, work: list) -> float:
    """Seconds that CLIENTS threads need for all the work."""
    shares = [work[i::CLIENTS] for i in range(CLIENTS)]
    threads = [threading.Thread(target=lambda share=share: [act(*item) for item in share]) for share in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10 * LONGEST)
    return time.perf_counter() - start


def _saving(port: int, drafts, officers, say) -> None:
    """One cell a request, each officer their own report; the empty page in the same way beside it."""
    from reporting.models import Report, ServiceFigures

    cells = {}
    for pk, code, online in ServiceFigures.objects.filter(
        report__in=drafts, service__reporter="office", received_online__gt=0
    ).values_list("report_id", "service__code", "received_online"):
        cells.setdefault(pk, (f"{code}.received_online", online))
    statuses, work = [], []
    for number, (report, officer) in enumerate(zip(drafts, officers, strict=True)):
        if report.pk in cells and number < 40:
            work.append((Visitor(port, officer), report, officer, *cells[report.pk]))

    def save(visitor, report, officer, cell, online):
        for step in (1, 0):  # changed, and back again
            sent = {"user": str(officer.pk), "fields": {cell: str(online + step)}}
            statuses.append(visitor.post_json(f"/bao-cao/{report.pk}/o/", sent).status)

    def nothing(visitor, *_):
        for _ in range(2):
            visitor.get("/trong/")

    rates, least = [], []
    for _ in range(5):
        rates.append(2 * len(work) / _in_parallel(save, work))
        least.append(2 * len(work) / _in_parallel(nothing, work))
    # Typing takes the mark "done" off a report; these are sent later on.
    Report.objects.filter(pk__in=[r.pk for r in drafts]).update(office_ready_at=drafts[0].office_ready_at)
    ours, empty = statistics.median(rates), statistics.median(least)
    say(
        f"saving a cell, {CLIENTS} at once: {ours:.0f} requests/s ({statuses.count(200)} of {len(statuses)} saved); "
        f"empty page: {empty:.0f} requests/s; ratio {empty / ours:.1f} of 5 runs"
    )


def _submitting(port: int, drafts, officers, say) -> None:
    """Each report is sent once: five runs of as many reports as are left over."""
    everything = [(Visitor(port, officer), report) for report, officer in zip(drafts, officers, strict=True)]
    ends: list[str] = []

    def send(visitor, report):
        answer = visitor.post(f"/bao-cao/{report.pk}/gui/", {"checked": "1"})
        ends.append(answer.location if answer.status == 302 else str(answer.status))

    rates = []
    for run in range(5):
        work = everything[run::5]
        rates.append(len(work) / _in_parallel(send, work))
    accepted = sum("bien-nhan" in end for end in ends)
    say(
        f"submitting, {CLIENTS} at once: {statistics.median(rates):.1f} requests/s, median of 5 runs "
        f"({accepted} of {len(ends)} accepted)"
    )


def _approvals(port: int, made, reviewer, say) -> None:
    """From the reviewer's click until the stored total of the province holds the report."""
    from django.db import connection

    from reporting.models import Report, SubmissionSummary
    from reporting.rollup import rollup
    from tests.bench.run import percentile

    mine = Report.objects.filter(
        period=made.period, level="commune", path__contains=f"/{made.province.pk}/", status="approved"
    ).order_by("pk")[:50]
    chosen = list(mine.values_list("pk", flat=True))
    Report.objects.filter(pk__in=chosen).update(status="submitted", approved_at=None)
    rollup.roll_up(made.period)
    visitor, waits, refused = Visitor(port, reviewer), [], 0

    def approved() -> int:
        return SubmissionSummary.objects.get(unit=made.province, period=made.period).approved

    for pk in chosen:
        before, start = approved(), time.perf_counter()
        if visitor.post(f"/bao-cao/{pk}/duyet/", {}).status != 302:
            refused += 1
            continue
        while approved() == before and time.perf_counter() - start < LONGEST:
            time.sleep(0.01)
        waits.append(time.perf_counter() - start)
    broker = "Redis" if os.environ.get("REDIS_URL") else "file queue"
    if not waits:
        say(f"approval to new total: not available ({refused} refused)")
        return
    say(
        f"approval to new total, one worker, {broker}, nation of {made.communes} communes: "
        f"p50 {percentile(waits, 50):.2f} s, p95 {percentile(waits, 95):.2f} s, slowest {max(waits):.2f} s of "
        f"{len(waits)} approvals (goal: 95 of 100 under 2 s)"
    )
    connection.close()
