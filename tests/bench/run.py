"""make bench: speed and size on PostgreSQL, each line a median and a ratio measured in the same run.

Needs DATABASE_URL (PostgreSQL, a role that may create databases); makes the database de_an_06_bench on that server and
drops it at the end. Uses Redis when REDIS_URL is set, else the file queue. Nothing here is a test: no line can fail.

How to read a line: the first number is ours, the second the least that the same machine needs for the same work in the
same minutes (a bare SQL cascade, an empty page, openpyxl writing the same cells and nothing else), and "ratio" is ours
divided by it. Ratios hold on any machine; seconds only on this one while it does nothing else. p50 and p95: 50 and 95
of 100 answers were at most as slow. "not available" says what a line needs and did not get. Goals are in brackets.
"""

import atexit
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from . import world

RUNS = 7


def say(text: str = "") -> None:
    print(text, flush=True)


def seconds(act) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def percentile(values: list[float], share: int) -> float:
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)]


def line(what: str, ours: list[float], bare: list[float], bare_name: str, goal: str = "") -> None:
    """One comparison: medians of the same run, alternating, and their ratio."""
    median, other = statistics.median(ours), statistics.median(bare)
    say(f"{what}: {median:.3f} s; {bare_name}: {other:.3f} s; ratio {median / other:.2f} of {len(ours)} runs {goal}")


def main() -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith(("postgres://", "postgresql://")):
        sys.exit("make bench needs PostgreSQL: DATABASE_URL=postgres://user:password@host:5432/any make bench")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and database go too
    folder = tempfile.mkdtemp(prefix="de-an-06-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bench_url = world.create_database(url)
    atexit.register(world.drop_database, url)
    os.environ.update(
        DATABASE_URL=bench_url,
        DATA_DIR=folder,
        STATIC_ROOT=f"{folder}/static",
        DEBUG="off",
        SECRET_KEY="only-for-the-minutes-of-a-benchmark-" + "0" * 20,
        ALLOWED_HOSTS="127.0.0.1",
        SECURE_SSL_REDIRECT="off",
        DJANGO_SETTINGS_MODULE="tests.bench.settings",
    )
    import logging

    import django

    django.setup()
    logging.getLogger().setLevel(logging.ERROR)
    start = time.perf_counter()
    made = world.build(say)
    say(
        f"made in {time.perf_counter() - start:.0f} s: {made.communes} communes x {world.SERVICES} services x "
        f"{len(made.periods)} months; {made.large_communes} communes of one province in {made.old_period.key}"
    )

    from . import excel, pages, word

    say()
    measure_rollup(bench_url, made)
    say()
    with pages.Servers(Path(folder)) as servers:
        pages.measure(servers, made, say)
        say()
        excel.measure(made, Path(folder), say)
        say()
        word.measure(made, Path(folder), say)
        say()
        servers.memory(say)


def measure_rollup(url: str, made: world.World) -> None:
    import psycopg2

    from reporting.models import ServiceSummary
    from reporting.rollup import rollup
    from reporting.rollup.audit import audit
    from tests.bench.bare import cascade

    plain = psycopg2.connect(url)
    plain.autocommit = True
    for what, period, communes in (
        ("roll-up of the nation", made.period, made.communes),
        ("roll-up of one province with districts", made.old_period, made.large_communes),
    ):
        script = cascade(period.pk, period.data_to.isoformat())
        ours, bare = [], []
        for _ in range(RUNS + 1):
            with plain.cursor() as cursor:
                bare.append(seconds(lambda cursor=cursor, script=script: cursor.execute(script)))
            ours.append(seconds(lambda period=period: rollup.roll_up(period)))
        rows = ServiceSummary.objects.filter(period=period).count()
        line(
            f"{what}, {communes} communes, services and indicators, both bases, {rows} service totals",
            ours[1:],
            bare[1:],
            "bare SQL cascade",
            "(goal: below 2.0)",
        )
    plain.close()
    differences = audit(made.period)
    say(f"audit of the nation's month: {len(differences)} differences")


if __name__ == "__main__":
    main()
