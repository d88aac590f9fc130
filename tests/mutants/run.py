"""Mutation testing: does a test fail for every small fault in the files that decide? (make mutants)

    make mutants SEED=1 COUNT=200 FILES="reporting/closing.py taskforces/scope.py"

COUNT=all tries every fault. The choice depends on SEED, the file, the text of the line and the fault. Each fault lives
in a process of its own, which runs the tests that run the faulty line, quickest first, until one fails. A fault inside
a function is put into a fork of a process that has the portal and all tests loaded (`lanes.py`); any other needs an
import of its own: a fork of this process, where the libraries alone are loaded. No file is changed.

A fault that no test notices needs a reason in reasons.toml; without one, or with a reason that matches nothing any
more, the run fails. Survivors stand in var/mutants/survivors.txt. On SQLite: locks are held by tests on PostgreSQL
alone, so what is lost with a lock has its reason, which names the test.
"""

import ast
import hashlib
import importlib
import importlib.machinery
import math
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .changes import Change, changes
from .covering import FOLDER, NO_TESTS, ROOT, SOURCES, Covering
from .lanes import OPTIONS, allow, log_to, run_in_lanes

OWN = ("de_an_06", "reporting", "taskforces", "tests")  # loaded anew for every mutant
REASONS = Path(__file__).with_name("reasons.toml")
SECONDS_OF_TESTS = 30  # of COUNT=all: a fault is given up after tests that take so long without it
SURVIVED = 0  # pytest's exit code


@cache
def read_changes(file: str):
    return changes((ROOT / file).read_text())


@dataclass
class Mutant:
    """One fault of one file, and what became of it."""

    file: str = ""
    index: int = 0  # among the changes of its file
    change: Change | None = None  # none: the portal as it is
    text: str = ""  # the line of the source
    tests: list[str] = field(default_factory=list)
    outcome: str = ""

    def judge(self, status: int) -> None:
        """What became of it, by the wait status of the process that tried it."""
        code = os.waitstatus_to_exitcode(status)
        if code == NO_TESTS:
            sys.exit(f"{self}\nerror: its tests are not found: {self.tests[:3]}")
        survived = f"survived ({len(self.tests)} tests)" if self.tests else "survived (no test runs this line)"
        self.outcome = survived if code == SURVIVED else "killed" if code > 0 else "killed (endless)"
        print(self, flush=True)

    def faulty_code(self):
        """The file with the fault, compiled. An error here is one of this tool, no fault that somebody noticed."""
        tree, found = read_changes(self.file)
        found[self.index].apply()
        read_changes.cache_clear()  # this tree has a fault now
        return compile(ast.fix_missing_locations(tree), str(ROOT / self.file), "exec")

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.text, self.change.words

    def __str__(self) -> str:
        return (
            f"{self.outcome}: {self.file}:{self.change.line}\n    line: {self.text}\n    mutation: {self.change.words}"
        )


def all_mutants(files) -> list[Mutant]:
    found = []
    for file in files:
        source = (ROOT / file).read_text()
        lines = source.splitlines()
        for index, change in enumerate(read_changes(file)[1]):
            found.append(Mutant(file, index, change, lines[change.line - 1].strip()))
    return found


def chosen(mutants: list[Mutant], seed: str, count: str) -> list[Mutant]:
    """So many of them, by a hash: an edit elsewhere leaves the choice as it is."""
    if count == "all":
        return mutants

    def rank(mutant: Mutant) -> bytes:
        return hashlib.sha256("\n".join((seed, *mutant.key)).encode()).digest()

    picked = {id(mutant) for mutant in sorted(mutants, key=rank)[: int(count)]}
    return [mutant for mutant in mutants if id(mutant) in picked]


def written_reasons() -> dict[tuple[str, str, str], str]:
    """(file, line, mutation) -> why no test can or need notice it."""
    rows = tomllib.loads(REASONS.read_text()).get("survivor", [])
    return {(row["file"], row["line"], row["mutation"]): row["reason"] for row in rows}


def reasons_without_mutant(reasons) -> list[tuple[str, str, str]]:
    known = {mutant.key for mutant in all_mutants(SOURCES)}
    return [key for key in reasons if key not in known]


# Running -------------------------------------------------------------------------------------------------------------


def give_tests(mutants: list[Mutant], covering: Covering, limit: float) -> None:
    """The tests of each fault: all of files that import its module, then the quickest others for so many seconds."""
    texts = {path.name: path.read_text() for path in (ROOT / "tests").glob("test_*.py")}
    for mutant in mutants:
        change = mutant.change
        package, _, module = mutant.file.removesuffix(".py").replace("/", ".").rpartition(".")
        imports = re.compile(rf"{package}\.{module}\b|from {package} import .*\b{module}\b")
        naming = {name for name, text in texts.items() if imports.search(text)}
        tests = covering.tests_of(mutant.file, change.lines, in_function=change.in_function)
        tests.sort(key=lambda test: (Path(test.split("::")[0]).name not in naming, covering.seconds[test]))
        spent = 0.0
        for test in tests:
            if spent > limit:
                break
            mutant.tests.append(test)
            if Path(test.split("::")[0]).name not in naming:
                spent += covering.seconds[test] + 0.05


def load_libraries() -> None:
    """Imports whatever the portal and its tests import, but nothing of their own."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        import django
        import pytest

        django.setup()
        importlib.import_module("de_an_06.urls")
        pytest.main(["--collect-only", "-q", "--ignore=tests/browser", *OPTIONS])
        names = [name for name in sys.modules if name.split(".")[0] not in OWN and not name.startswith("__")]
        os.write(write, "\n".join(names).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as names:
        wanted = names.read().split("\n")
    os.waitpid(pid, 0)
    settings = os.environ.pop("DJANGO_SETTINGS_MODULE")  # read here, they would be shared, their folder too
    for name in wanted:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001 – what needs Django set up is loaded by each mutant itself
            continue
    os.environ["DJANGO_SETTINGS_MODULE"] = settings


def make_database() -> None:
    """The database of the settings, with every table and no row."""
    pid = os.fork()
    if not pid:
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        connections.close_all()
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        sys.exit("error: the database of the mutants cannot be made")


def try_mutant(mutant: Mutant, code, folder: Path, seconds: dict[str, float]) -> int:
    """In a process of its own: the portal with this fault, its tests until one fails. Returns pytest's code."""
    os.setsid()
    allow(0)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    log_to(folder / "log")
    put_in_place(ROOT / mutant.file, code)
    import django.test.utils
    import pytest

    django.test.utils.setup_databases = lambda **_: []  # the copy is ready
    only = _Only(mutant.tests, seconds)
    for only.now in (mutant.tests[:8], mutant.tests):  # most are found at once: no need to import every test file
        files = sorted({test.split("::")[0] for test in only.now if test not in only.ran})
        options = [*OPTIONS, "-x", f"--basetemp={folder / 'tmp'}"]
        result = pytest.main([*options, *files], plugins=[only]) if files else 0
        if result not in {0, NO_TESTS}:
            return int(result)
    return 0 if only.ran else NO_TESTS


def put_in_place(path: Path, code) -> None:
    """From now on importing this file gives this code."""
    get_code = importlib.machinery.SourceFileLoader.get_code
    importlib.machinery.SourceFileLoader.get_code = lambda loader, name: (
        code if loader.path == str(path) else get_code(loader, name)
    )


def in_order(items, tests: list[str]) -> list:
    """The items of these tests in their order; those with real transactions come last of all: they empty the tables,
    and whoever runs after them would fail without any fault."""
    rank = {test: number for number, test in enumerate(tests)}
    return sorted((i for i in items if i.nodeid in rank), key=lambda item: (empties(item), rank[item.nodeid]))


def empties(item) -> bool:
    marker = item.get_closest_marker("django_db")
    return "transactional_db" in item.fixturenames or bool(marker and marker.kwargs.get("transaction"))


class _Only:
    """Runs the tests chosen now, in their order."""

    def __init__(self, tests: list[str], seconds: dict[str, float]):
        self.tests = self.now = tests
        self.seconds = seconds
        self.ran: set[str] = set()

    def pytest_runtest_logstart(self, nodeid):
        self.ran.add(nodeid)
        allow(self.seconds[nodeid])

    def pytest_collection_modifyitems(self, items):
        found = in_order([item for item in items if item.nodeid not in self.ran], self.now)
        items[:] = [item for item in found if self.now is self.tests or not empties(item)]


def run(mutants: list[Mutant], covering: Covering, jobs: int) -> None:
    """Tries them all, so many at once; prints each as it ends."""
    scratch = Path(tempfile.mkdtemp(prefix="mutants-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    os.environ["MUTANTS_DATABASE"] = str(scratch / "empty.sqlite3")
    try:
        for mutant in mutants:
            if not mutant.tests:
                mutant.judge(SURVIVED)
        load_libraries()
        make_database()
        tried = [mutant for mutant in mutants if mutant.tests]
        # A function that only the import calls has done its work before a lane can give it the fault.
        in_lanes = [m for m in tried if m.change.in_function and covering.runs_in_tests(m.file, m.change.lines)]
        run_in_lanes(in_lanes, covering.seconds, scratch, jobs)
        run_imported([mutant for mutant in tried if not mutant.outcome], covering.seconds, scratch, jobs)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def run_imported(mutants: list[Mutant], seconds: dict[str, float], scratch: Path, jobs: int) -> None:
    """Each in a process that imports the portal with the fault in place."""
    running: dict[int, tuple[Mutant, Path]] = {}

    def start(mutant: Mutant) -> None:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        os.environ["MUTANTS_DATABASE"] = str(shutil.copy(scratch / "empty.sqlite3", folder / "portal.sqlite3"))
        code = mutant.faulty_code()
        pid = os.fork()
        if not pid:
            result = 1
            try:
                result = try_mutant(mutant, code, folder, seconds)
            finally:  # whatever is raised, a fault that cannot even be imported is noticed
                os._exit(result)
        running[pid] = mutant, folder

    def wait() -> None:
        for pid, (mutant, folder) in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del running[pid]
                mutant.judge(status)
                shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)

    try:
        for mutant in mutants:
            while len(running) >= jobs:
                wait()
            start(mutant)
        while running:
            wait()
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)


def main() -> int:
    seed, count = os.environ.get("SEED") or "1", os.environ.get("COUNT") or "200"
    files = (os.environ.get("FILES") or " ".join(SOURCES)).split()
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 1)
    reasons = written_reasons()
    stale = reasons_without_mutant(reasons)
    mutants = chosen(all_mutants(files), seed, count)
    if count != "all":  # a sample does not try again what is known to survive
        mutants = [mutant for mutant in mutants if mutant.key not in reasons]
    covering = Covering()
    # What a sample finds must not hang on how quick the tests were when they were measured.
    give_tests(mutants, covering, SECONDS_OF_TESTS if count == "all" else math.inf)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.mutants.settings"
    started = time.monotonic()
    run(mutants, covering, jobs)
    survivors = [mutant for mutant in mutants if mutant.outcome.startswith("survived")]
    bad = [mutant for mutant in survivors if mutant.key not in reasons]
    noticed = {mutant.key for mutant in mutants if mutant.key in reasons} - {mutant.key for mutant in survivors}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "survivors.txt").write_text("".join(f"{mutant}\n" for mutant in bad))
    print(
        f"\n{len(mutants)} faults in {len(files)} files, {time.monotonic() - started:.0f} s:"
        f" {len(mutants) - len(survivors)} killed, {len(survivors)} survived, {len(bad)} of them without a reason"
    )
    for key in stale:
        print("error: a reason that matches no mutant any more:", *key, sep="\n  ")
    for key in noticed:
        print("error: a test notices this now, so the reason goes:", *key, sep="\n  ")
    return 1 if bad or stale or noticed else 0


if __name__ == "__main__":
    sys.exit(main())
