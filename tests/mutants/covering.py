"""Which tests run which line of the files that decide, and how long each takes: measured with the whole suite.

    pytest -p tests.mutants.covering …

As a plugin of pytest it puts a mark before every statement of their functions, which costs next to nothing, and writes
var/mutants/tests.json at the end: the seconds of every test that passed, the lines it ran, and the fingerprint of the
files measured. What has changed since is measured again: a changed test file alone, the test files that run a changed
source file.
"""

import ast
import builtins
import hashlib
import importlib.machinery
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (  # the files that decide
    "de_an_06/plain/numbers.py",
    "de_an_06/plain/spans.py",
    *(f"reporting/{name}.py" for name in ("closing", "expected", "figures", "lateness", "periods", "report_log")),
    *(f"reporting/entry/{name}.py" for name in ("checks", "form_lines", "ready", "saving")),
    *(f"reporting/exports/{name}.py" for name in ("detail_rows", "sheets")),
    *(
        f"reporting/reading/{name}.py"
        for name in (
            "board",
            "compared",
            "contributions",
            "finding_rows",
            "findings",
            "hand_ins",
            "heat",
            "overview",
            "owed",
            "pace",
            "places",
            "ranges",
            "seen",
            "trend",
            "units_below",
        )
    ),
    *(f"reporting/review/{name}.py" for name in ("corrections", "extensions", "listing", "publishing", "workflow")),
    *(f"reporting/rollup/{name}.py" for name in ("audit", "rollup")),
    "taskforces/people/postings.py",
    *(f"taskforces/register/{name}.py" for name in ("counts", "gaps")),
    "taskforces/scope.py",
    *(f"taskforces/units/{name}.py" for name in ("loading", "tree")),
)
FOLDER = ROOT / "var" / "mutants"
TESTS = FOLDER / "tests.json"
NO_TESTS = 5  # pytest's exit code
MANY = 100_000  # more than any file has lines: a mark is a number, of the file and the line
_seconds: dict[str, float] = defaultdict(float)
_failed: set[str] = set()
_marks: dict[str, list[int]] = {}  # those that each test met


# Measuring, in pytest ------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests():
    """Before Django is set up and imports them: the sources get their marks."""
    sources = {str(ROOT / source): number for number, source in enumerate(SOURCES)}
    get_code = importlib.machinery.SourceFileLoader.get_code

    def marked_code(loader, name):
        number = sources.get(loader.path)
        if number is None:
            return get_code(loader, name)
        return compile(with_marks(Path(loader.path).read_text(), number * MANY), loader.path, "exec")

    importlib.machinery.SourceFileLoader.get_code = marked_code
    return (yield)


def with_marks(source: str, first: int) -> ast.Module:
    """The file, whose functions say `__ran__(first + line)` before each of their statements."""
    tree = ast.parse(source)

    def mark(node: ast.AST, in_function: bool) -> None:
        for child in ast.iter_child_nodes(node):
            mark(child, in_function or isinstance(child, ast.FunctionDef))
        if not in_function:
            return
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [new for statement in block for new in (*_mark(statement, first), statement)])

    mark(tree, in_function=False)
    return ast.fix_missing_locations(tree)


def _mark(statement: ast.stmt, first: int) -> list[ast.stmt]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):  # a docstring stays the first
        return []
    call = ast.Call(ast.Name("__ran__", ast.Load()), [ast.Constant(first + statement.lineno)], [])
    return [ast.copy_location(ast.Expr(call), statement)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    met: set[int] = set()
    builtins.__ran__ = met.add
    try:
        return (yield)
    finally:
        _marks[item.nodeid] = sorted(met)


builtins.__ran__ = lambda mark: None  # outside the tests


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] += report.duration
    if not report.passed:  # skipped ones say nothing either
        _failed.add(report.nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _marks.update(node.workeroutput.get("marks", {}) if hasattr(node, "workeroutput") else {})


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one of several processes: the first one writes for all
        session.config.workeroutput["marks"] = _marks
        return
    known = _known()
    ran = {test.split("::")[0] for test in _seconds}
    kept = {test: facts for test, facts in known["tests"].items() if test.split("::")[0] not in ran}
    new = {test: [round(seconds, 3), _lines(test)] for test, seconds in _seconds.items() if test not in _failed}
    FOLDER.mkdir(parents=True, exist_ok=True)
    prints = known["fingerprints"] | _fingerprints(ran) | _fingerprints(SOURCES)
    TESTS.write_text(json.dumps({"tests": kept | new, "fingerprints": prints}, ensure_ascii=False))


def _lines(test: str) -> dict[str, list[int]]:
    """By file."""
    lines: dict[str, list[int]] = {}
    for mark in _marks.get(test, ()):
        lines.setdefault(SOURCES[mark // MANY], []).append(mark % MANY)
    return lines


# Asking --------------------------------------------------------------------------------------------------------------


def _known() -> dict:
    return json.loads(TESTS.read_text()) if TESTS.exists() else {"tests": {}, "fingerprints": {}}


def _fingerprints(files) -> dict[str, str]:
    return {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest() for file in sorted(files)}


class Covering:
    """The measured suite."""

    def __init__(self):
        _refresh()
        tests = _known()["tests"]
        self.seconds: dict[str, float] = {test: seconds for test, (seconds, _) in tests.items()}
        self.by_line: dict[str, dict[int, set[str]]] = {source: defaultdict(set) for source in SOURCES}
        for test, (_, files) in tests.items():
            for source, lines in files.items():
                for line in lines:
                    self.by_line[source][line].add(test)

    def tests_of(self, source: str, lines, *, in_function: bool) -> list[str]:
        """The tests that run one of these lines; of what runs at import, those that run any function of the file."""
        found = self._running(source, lines) if in_function else set()
        return sorted(found or self._running(source, self.by_line[source]))

    def runs_in_tests(self, source: str, lines) -> bool:
        """Does any test run one of these lines? Else the portal runs them while it is imported, if at all."""
        return bool(self._running(source, lines))

    def _running(self, source: str, lines) -> set[str]:
        by_line = self.by_line[source]
        return set().union(*(by_line.get(line, ()) for line in lines))


def _refresh() -> None:
    """Measures again what has changed since."""
    known = _known()
    prints = known["fingerprints"]
    now = _fingerprints(str(path.relative_to(ROOT)) for path in (ROOT / "tests").glob("test_*.py"))
    stale = {file for file, fingerprint in now.items() if prints.get(file) != fingerprint}
    changed = {source for source, fingerprint in _fingerprints(SOURCES).items() if prints.get(source) != fingerprint}
    stale |= {test.split("::")[0] for test, (_, files) in known["tests"].items() if changed & files.keys()} & now.keys()
    if not stale:
        return
    print(f"measuring which tests run which lines: {len(stale)} test files …", flush=True)
    workers = ["-n", os.environ.get("JOBS") or "2", "--dist", "loadfile"]
    which = ["-m", "not browser and not services and not once"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.covering", *workers, *which, *sorted(stale)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "measuring.log").open("w") as log:
        if subprocess.call(command, cwd=ROOT, stdout=log) not in {0, NO_TESTS}:
            print(f"some tests fail ({log.name}); they count for no mutant", flush=True)
    known = _known()
    known["fingerprints"] |= {file: now[file] for file in stale}  # also where no test was chosen
    TESTS.write_text(json.dumps(known, ensure_ascii=False))
