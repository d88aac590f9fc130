"""`make oracle`: many random worlds and sequences, compared with the model.

WORLDS=100 SEED=0 MINUTES=60 make oracle, on DATABASE_URL's engine, SQLite without it; no world begins after MINUTES.
WITHOUT=moves,own leaves out what these stand for (worlds.Features). Prints the compared cells and the differences of
each kind; exits 1 on a difference. Makes a test database beside the configured one and drops it at the end; on
PostgreSQL the races run too.
"""

import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from .compare import Oracle, Tally
from .sequences import run_sequence
from .worlds import Features, Generator, prepare_catalogue, write

QUESTIONS, SOURCES_OF, SOURCES, PAGES, BOOKS = 60, 20, 4, 6, 2  # of one world
BOOKS_AT_ONCE = 20  # recalculated by one start of LibreOffice
SHOWN = 40  # differences printed


def check_world(seed: int, tally: Tally, folder: Path, *, size: float = 1.0, features: Features | None = None) -> list:
    """One world in the caller's transaction; returns the books written, to be recalculated: (path, cells, where)."""
    import time_machine
    from django.test import Client

    from reporting.models import Period
    from reporting.rollup import rollup
    from taskforces.models import User

    from .screens import Books, Pages, compare_book

    scene = Generator(seed, features).make()
    write(scene)
    for period in Period.objects.order_by("pk"):
        rollup.roll_up(period)
    oracle = Oracle(scene)
    oracle.check_stored()
    oracle.check_audit()
    questions = oracle.questions(max(int(QUESTIONS * size), 14))
    for q in questions:
        oracle.check_overview(q)
    for q in questions[: int(SOURCES_OF * size)]:
        oracle.check_sources(q, SOURCES)
    reader = User(username=f"oracle-{seed}", full_name="Người đọc", is_superuser=True)
    reader.set_unusable_password()
    reader.save()
    with time_machine.travel(scene.now, tick=True):
        client = Client()
        client.force_login(reader)
        pages = Pages(oracle, client)
        asked = oracle.random.sample(questions, min(max(int(PAGES * size), 2), len(questions)))
        for q in asked:
            pages.check(q)
    books = Books(oracle, folder)
    asked.sort(
        key=lambda q: not oracle.model.same_units(q.unit, q.months, q.before, q.basis)
    )  # files that compare first
    written = [books.write(q, k) for k, q in enumerate(asked[: max(int(BOOKS * size), 1)])]
    for path, cells, where in written:
        compare_book(oracle.tally, "excel", where, path, cells)
    oracle.tally.differences = [f"world {seed}: {text}" for text in oracle.tally.differences]
    tally += oracle.tally
    return written


def check_recalculated(books: list, tally: Tally, folder: Path) -> None:
    from .screens import compare_book, recalculate

    paths = recalculate([path for path, _, _ in books], folder)
    for (_, cells, where), path in zip(books, paths, strict=False):
        compare_book(tally, "recalculated", where, path, cells)


def print_tally(tally: Tally, start: float, worlds: int) -> None:
    for text in tally.differences[:SHOWN]:
        print("  " + text)
    print(f"{worlds} worlds in {time.monotonic() - start:.0f} s")
    print(f"{'compared':>24} {'cells':>12} {'different':>10}")
    for kind in sorted(tally.cells):
        print(f"{kind:>24} {tally.cells[kind]:>12,} {tally.wrong[kind]:>10,}")
    print(f"{'together':>24} {tally.cells.total():>12,} {tally.wrong.total():>10,}", flush=True)


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, transaction
    from django.test.utils import setup_test_environment, teardown_test_environment

    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    logging.disable(logging.ERROR)
    worlds, first = int(os.environ.get("WORLDS") or 100), int(os.environ.get("SEED") or 0)
    until = 60 * float(os.environ.get("MINUTES") or 1e6)
    without = set(filter(None, (os.environ.get("WITHOUT") or "").split(",")))
    features = Features(**dict.fromkeys(without, False))
    start, tally = time.monotonic(), Tally()
    setup_test_environment(debug=False)
    name = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    waiting: list = []
    try:
        prepare_catalogue()
        with tempfile.TemporaryDirectory(prefix="de-an-06-oracle-") as place:
            folder = Path(place)
            for seed in range(first, first + worlds):
                if time.monotonic() - start > until:
                    worlds = seed - first
                    break
                with transaction.atomic():
                    waiting += check_world(seed, tally, folder, features=features)
                    transaction.set_rollback(True)
                with transaction.atomic():
                    run_sequence(seed, folder, tally, steps=12, pages=6, features=features)
                    transaction.set_rollback(True)
                if len(waiting) >= BOOKS_AT_ONCE:
                    check_recalculated(waiting, tally, folder)
                    waiting.clear()
                if (seed - first) % 10 == 9 or tally.wrong:
                    cells, wrong = tally.cells.total(), tally.wrong.total()
                    print(
                        f"seed {seed}: {cells:,} cells, {wrong:,} different", *tally.differences, sep="\n  ", flush=True
                    )
                    tally.differences.clear()
            check_recalculated(waiting, tally, folder)
        if connection.vendor == "postgresql":
            from .race import check_races

            check_races(tally)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()
    print_tally(tally, start, worlds)
    return 0 if tally.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
