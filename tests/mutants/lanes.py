"""The quick way to try a fault: a lane is a process with the portal and all tests loaded, and each fault a fork of it.

The fork gives the function its faulty code, wherever it is held: every function object keeps its identity, so nothing
has to be imported again. What such a function did while the portal was imported stays undone: a fault that only this
would show counts as a survivor.
"""

import gc
import math
import os
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FunctionType

from .covering import ROOT

SLOWER = 4  # times longer than without the fault and half a minute, before a test counts as one that never ends
OPTIONS = (
    *("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", "--reuse-db"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # plugins are imported before pytest looks for them
)
ALONE = 8  # so many tests run each in a process of its own: most faults are found by the first
CANNOT = 77  # exit code: the fault cannot be put in this way


def run_in_lanes(mutants, seconds: dict[str, float], scratch: Path, jobs: int) -> None:
    """Tries these faults, so many at once. One that cannot be put in this way is left without an outcome."""
    tasks, results = os.pipe(), os.pipe()
    for number in range(len(mutants)):  # a pipe holds some thousands before anybody reads
        os.write(tasks[1], number.to_bytes(4))
    os.close(tasks[1])
    first = sorted({mutant.tests[0] for mutant in mutants})
    lanes = {}
    for number in range(jobs):
        folder = scratch / f"lane{number}"
        folder.mkdir()
        pid = os.fork()
        if not pid:
            code = 1
            try:
                os.setsid()
                os.close(results[0])
                code = _Lane(mutants, seconds, folder, tasks[0], results[1]).run(first[number::jobs])
            finally:
                os._exit(code)
        lanes[pid] = folder
    os.close(tasks[0])
    os.close(results[1])
    try:
        with os.fdopen(results[0]) as lines:
            for line in lines:
                number, status = map(int, line.split())
                if os.waitstatus_to_exitcode(status) != CANNOT:
                    mutants[number].judge(status)
        for pid, folder in lanes.items():
            if os.waitpid(pid, 0)[1]:
                raise SystemExit(f"{(folder / 'log').read_text()[-4000:]}\nerror: the tests fail without any fault")
    except BaseException:
        for pid in lanes:
            _end(pid)
        raise


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


class _Lane:
    """Loads the portal and all tests once (`run`), then reads numbers of faults and writes what became of each."""

    def __init__(self, mutants, seconds: dict[str, float], folder: Path, tasks: int, results: int):
        self.mutants, self.seconds, self.folder, self.tasks, self.results = mutants, seconds, folder, tasks, results
        self.database = folder / "portal.sqlite3"

    def run(self, without_fault: list[str]) -> int:
        """0 when all faults were tried."""
        import django.test.utils
        import pytest

        django.test.utils.setup_databases = lambda **_: []  # the copy is ready
        self.empty = os.environ["MUTANTS_DATABASE"]
        os.environ |= {"MUTANTS_DATABASE": str(self.database), "TMPDIR": str(self.folder)}
        os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(self.folder)
        log_to(self.folder / "log")
        self.without_fault = without_fault
        tests = without_fault + [test for mutant in self.mutants for test in mutant.tests]
        return int(pytest.main([*OPTIONS, *sorted({test.split("::")[0] for test in tests})], plugins=[self]))

    def pytest_runtestloop(self, session):
        from django.conf import settings
        from pytest_django.plugin import blocking_manager_key

        if session.testsfailed:
            raise session.Failed("not all tests can be loaded")
        self.items = {item.nodeid: item for item in session.items}
        self.data, self.untouched = Path(settings.DATA_DIR), self.folder / "untouched"
        shutil.copytree(self.data, self.untouched)
        with session.config.stash[blocking_manager_key].unblock():
            self.make_world()
        self.functions = loaded_functions()
        gc.collect()
        gc.freeze()  # what is shared with the forks stays shared
        if self.fork(lambda: self.try_tests(self.without_fault)):
            raise session.Failed("the tests fail without any fault")
        while number := os.read(self.tasks, 4):
            mutant = self.mutants[int.from_bytes(number)]
            status = self.fork(lambda mutant=mutant: self.try_fault(mutant))
            os.write(self.results, f"{int.from_bytes(number)} {status}\n".encode())
        return True

    def make_world(self) -> None:
        """Built once here, so that the tests of each fault have only to write its rows."""
        from django.db import connections, transaction

        from tests.conftest import build_world

        shutil.copy(self.empty, self.database)
        with transaction.atomic():
            build_world()
            transaction.set_rollback(True)
        connections.close_all()

    def fork(self, work) -> int:
        """Runs this in a process of its own, with an empty database and folder; returns how that ended."""
        shutil.copy(self.empty, self.database)
        pid = os.fork()
        if not pid:
            code = 1
            try:
                os.setsid()
                log_to(self.folder / "log")
                code = work()
            finally:  # whatever is raised is noticed
                os._exit(code)
        status = os.waitpid(pid, 0)[1]
        _end(pid)  # what it started
        for path in self.folder.iterdir():
            if path.name.startswith("pytest-of-"):
                shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.untouched, self.data)
        return status

    def try_fault(self, mutant) -> int:
        allow(0)
        if not put_into_functions(self.functions, ROOT / mutant.file, mutant.faulty_code()):
            return CANNOT
        return self.try_tests(mutant.tests)

    def try_tests(self, tests: list[str]) -> int:
        """1 as soon as one fails, 5 if one is not found, else 0. The first alone, then file by file: what a file keeps
        for its tests is made once, in the order of the file, and no other file's tests meet it."""
        if not set(tests) <= self.items.keys():
            return 5
        by_file: dict[str, list[str]] = {}
        for test in tests[ALONE:]:
            by_file.setdefault(test.split("::")[0], []).append(test)
        for group in [*([test] for test in tests[:ALONE]), *by_file.values()]:
            signal.setitimer(signal.ITIMER_REAL, 0)  # each test has its own time
            if self.fork(lambda group=group: self.run_tests(group)):
                return 1
        return 0

    def run_tests(self, tests: list[str]) -> int:
        failed: list = []
        plugin = type("Failed", (), {})()
        plugin.pytest_runtest_logreport = lambda report: failed.append(report) if report.failed else None
        ordered = [item for test, item in self.items.items() if test in tests]
        ordered[0].config.pluginmanager.register(plugin)
        for item, following in zip(ordered, [*ordered[1:], None], strict=True):
            allow(self.seconds[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if failed:
                print(failed[0].longreprtext, failed[0].nodeid, sep="\n", flush=True)
                return 1
        return 0


def loaded_functions() -> list[FunctionType]:
    """Every function there is now, whoever holds it."""
    return [thing for thing in gc.get_objects() if type(thing) is FunctionType]  # no isinstance: it asks dead proxies


def put_into_functions(functions: list[FunctionType], path: Path, module: CodeType) -> bool:
    """Gives each of these functions that stands in this file the code it has in `module`; false if none changes."""
    new = list(_codes(module))
    often = Counter(_place(code) for code in new)
    by_place = {_place(code): code for code in new if often[_place(code)] == 1}
    changed = False
    for function in functions:
        old = function.__code__
        if old.co_filename == str(path) and by_place.get(_place(old), old) != old:
            function.__code__ = by_place[_place(old)]
            changed = True
    return changed


def _codes(code: CodeType):
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def log_to(path: Path) -> None:
    """What this process prints goes there."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def allow(seconds: float) -> None:
    """What comes now may take so long and not forever: the system ends this process by a signal."""
    seconds = math.ceil(30 + SLOWER * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)  # for one that waits; a busy machine is no fault
