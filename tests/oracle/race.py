"""Roll-ups and changes at the same time, each in a real process, on PostgreSQL.

A change that is saved while a roll-up runs is not lost, and two drains at once give what one gives. The processes use
the database of the caller, whose rows must be committed; the caller empties it.
"""

import multiprocessing
import random
import time

from .compare import Tally, stored_cells
from .worlds import DAY, HOURS, Generator, Scene, write

SECONDS = 120  # the longest that anything here may take
CHANGES = 60  # of each writer in the free race


def check_races(tally: Tally) -> None:
    """A small world, committed; the mark in the middle of a roll-up, then everybody at once."""
    scene = small_scene()
    write(scene)
    mark_in_the_middle(scene, tally)
    free_race(scene, tally)


def small_scene() -> Scene:
    """The last two months of a world."""
    scene = Generator(11).make()
    world = scene.world
    world.months = world.months[-2:]
    world.due = {}
    keys = {m.key for m in world.months}
    world.reports = {where: report for where, report in world.reports.items() if where[1] in keys}
    scene.now = scene.now.replace(tzinfo=HOURS) + 0 * DAY
    return scene


def process(name: str, *arguments) -> multiprocessing.Process:
    """A new interpreter that opens a connection of its own to the caller's database."""
    from django.db import connection

    context = multiprocessing.get_context("spawn")
    database = connection.settings_dict["NAME"]
    started = context.Process(target=enter, args=(database, name, *arguments), daemon=True)
    started.start()
    return started


def enter(database: str, name: str, *arguments) -> None:
    import os

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["NAME"] = database
    import logging

    logging.disable(logging.ERROR)
    globals()[name](*arguments)


def finish(*processes: multiprocessing.Process) -> bool:
    """Did all of them end well?"""
    for each in processes:
        each.join(SECONDS)
        if each.is_alive():
            each.terminate()
    return all(each.exitcode == 0 for each in processes)


def change(report_id: int, value: int) -> None:
    """A sent report gets another status and another figure, and its mark, in one transaction as workflow does it."""
    from django.db import transaction
    from django.utils import timezone

    from reporting.models import Report, ServiceFigures
    from reporting.rollup.rollup import mark_dirty

    with transaction.atomic():
        report = Report.objects.select_for_update().get(pk=report_id)
        report.status = "approved" if report.status == "submitted" else "submitted"
        report.submitted_at = timezone.now()
        report.approved_at = timezone.now() if report.status == "approved" else None
        report.save()
        ServiceFigures.objects.filter(report=report).update(received_online=value)
        mark_dirty(report)


def slow_drain(summed, go_on) -> None:
    """A drain that has made its sums and waits before it ends."""
    from reporting.rollup import rollup

    recompute = rollup._recompute

    def recompute_and_wait(*arguments, **named):
        done = recompute(*arguments, **named)
        summed.set()
        go_on.wait(SECONDS)
        return done

    rollup._recompute = recompute_and_wait
    rollup.drain()


def change_once(report_id: int, value: int) -> None:
    change(report_id, value)


def writer(report_ids: list[int], seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(CHANGES):
        change(chance.choice(report_ids), chance.randrange(100))
        time.sleep(chance.random() / 100)


def drainer(stop) -> None:
    from reporting.rollup import rollup

    while not stop.is_set():
        rollup.drain()


def same_as_scratch(tally: Tally, kind: str) -> None:
    """What waits is drained; then the stored totals are those of a roll-up from scratch, which is rolled back."""
    from django.db import transaction

    from reporting.models import Period, RollupRequest
    from reporting.rollup import rollup

    rollup.drain()
    stored = {row[:-1]: row[-1] for row in stored_cells()}
    tally.same(kind, "requests left", RollupRequest.objects.count(), 0)
    with transaction.atomic():
        for period in Period.objects.all():
            rollup.roll_up(period)
        scratch = {row[:-1]: row[-1] for row in stored_cells()}
        transaction.set_rollback(True)
    for cell in {*stored, *scratch}:
        tally.same(kind, cell, stored.get(cell), scratch.get(cell))


def mark_in_the_middle(scene: Scene, tally: Tally) -> None:
    """The change is saved after the sums were made and before the roll-up ends: its mark must survive."""
    from reporting.models import Period, RollupRequest
    from reporting.rollup import rollup

    for period in Period.objects.all():
        rollup.roll_up(period)
    report_id = sent_reports()[0]
    change(report_id, 1)
    context = multiprocessing.get_context("spawn")
    summed, go_on = context.Event(), context.Event()
    drain = process("slow_drain", summed, go_on)
    tally.same("race", "the roll-up begins", summed.wait(SECONDS), True)
    late = process("change_once", report_id, 777)
    late.join(SECONDS / 2)  # the drain waits longer
    tally.same("race", "saving waits for no roll-up", late.exitcode, 0)
    go_on.set()
    tally.same("race", "both end", finish(drain, late), True)
    tally.same("race", "the late mark is kept", RollupRequest.objects.count(), 1)
    same_as_scratch(tally, "race")


def sent_reports() -> list[int]:
    from reporting.models import Report

    sent = Report.objects.filter(status__in=["submitted", "approved"], service_figures__isnull=False)
    return list(sent.order_by("pk").values_list("pk", flat=True).distinct())


def free_race(scene: Scene, tally: Tally) -> None:
    """Two writers and two drains at once."""
    ids = sent_reports()
    stop = multiprocessing.get_context("spawn").Event()
    drains = [process("drainer", stop) for _ in range(2)]
    writers = [process("writer", ids, seed) for seed in (1, 2)]
    tally.same("race", "writers end", finish(*writers), True)
    stop.set()
    tally.same("race", "drains end", finish(*drains), True)
    same_as_scratch(tally, "race")
