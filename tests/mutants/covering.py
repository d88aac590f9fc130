"""Which tests run which line, and how long each takes: measured once with the whole suite, kept in var/mutants/.

    COVERAGE_FILE=var/mutants/coverage pytest -p tests.mutants.covering --cov --cov-context=test …

As a plugin of pytest it writes var/mutants/tests.json at the end: the seconds of every test that passed, and the
fingerprint of the files measured. What has changed since is measured again: a changed test file alone, the test files
that run a changed source file.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

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
            "contributions",
            "findings",
            "overview",
            "owed",
            "pace",
            "places",
            "ranges",
            "trend",
            "units_below",
        )
    ),
    *(f"reporting/review/{name}.py" for name in ("listing", "workflow")),
    *(f"reporting/rollup/{name}.py" for name in ("audit", "rollup")),
    "taskforces/people/postings.py",
    *(f"taskforces/register/{name}.py" for name in ("counts", "gaps")),
    "taskforces/scope.py",
    *(f"taskforces/units/{name}.py" for name in ("loading", "tree")),
)
FOLDER = ROOT / "var" / "mutants"
LINES, TESTS = FOLDER / "coverage", FOLDER / "tests.json"
_seconds: dict[str, float] = defaultdict(float)
_failed: set[str] = set()


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] += report.duration
    if not report.passed:  # skipped ones say nothing either
        _failed.add(report.nodeid)


def pytest_sessionfinish(session):
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    passed = {test: round(seconds, 3) for test, seconds in _seconds.items() if test not in _failed}
    ran = {test.split("::")[0] for test in _seconds}
    known = _known()
    kept = {test: seconds for test, seconds in known["seconds"].items() if test.split("::")[0] not in ran}
    FOLDER.mkdir(parents=True, exist_ok=True)
    prints = known["fingerprints"] | _fingerprints(ran) | _fingerprints(SOURCES)
    TESTS.write_text(json.dumps({"seconds": kept | passed, "fingerprints": prints}, ensure_ascii=False, indent=0))


def _known() -> dict:
    return json.loads(TESTS.read_text()) if TESTS.exists() else {"seconds": {}, "fingerprints": {}}


def _fingerprints(files) -> dict[str, str]:
    return {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest() for file in sorted(files)}


class Covering:
    """The measured suite."""

    def __init__(self):
        _refresh()
        known = _known()
        self.seconds: dict[str, float] = known["seconds"]
        data = _data()
        self.by_line = {source: data.contexts_by_lineno(str(ROOT / source)) for source in SOURCES}

    def tests_of(self, source: str, lines, *, in_function: bool) -> list[str]:
        """The tests that run one of these lines; of what runs at import, those that run any function of the file."""
        found = self._running(source, lines) if in_function else set()
        return sorted(found or self._running(source, self.by_line[source]))

    def runs_in_tests(self, source: str, lines) -> bool:
        """Does any test run one of these lines? Else the portal runs them while it is imported, if at all."""
        return bool(self._running(source, lines))

    def _running(self, source: str, lines) -> set[str]:
        by_line = self.by_line[source]
        contexts = {context.split("|")[0] for line in lines for context in by_line.get(line, ())}
        return contexts & self.seconds.keys()


def _refresh() -> None:
    """Measures again what has changed since."""
    known = _known()["fingerprints"]
    now = _fingerprints(str(path.relative_to(ROOT)) for path in (ROOT / "tests").glob("test_*.py"))
    stale = {file for file, fingerprint in now.items() if known.get(file) != fingerprint}
    changed = [source for source, fingerprint in _fingerprints(SOURCES).items() if known.get(source) != fingerprint]
    if changed and LINES.exists():
        data = _data()
        for source in changed:
            contexts = data.contexts_by_lineno(str(ROOT / source)).values()
            stale |= {context.split("::")[0] for line in contexts for context in line} & now.keys()
        data.purge_files([str(ROOT / source) for source in changed])
    if not stale:
        return
    print(f"measuring which tests run which lines: {len(stale)} test files …", flush=True)
    options = ["-q", "-p", "tests.mutants.covering", "--cov", "--cov-append", "--cov-context=test", "--cov-report="]
    workers = ["-n", os.environ.get("JOBS", "2"), "--dist", "loadfile"]
    command = [sys.executable, "-m", "pytest", *options, *workers, "-m", "not browser and not services"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "measuring.log").open("w") as log:
        environment = os.environ | {"COVERAGE_FILE": str(LINES)}
        if subprocess.call([*command, *sorted(stale)], cwd=ROOT, env=environment, stdout=log):
            print(f"some tests fail ({log.name}); they count for no mutant", flush=True)


def _data():
    from coverage import CoverageData

    data = CoverageData(basename=str(LINES))
    data.read()
    return data
