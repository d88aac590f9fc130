"""Logs that say they are append-only: the database refuses, whatever the way."""

import datetime as dt
import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from reporting.models import (
    Campaign,
    CampaignChange,
    Difficulty,
    DifficultyStep,
    FigureChange,
    IssuedCode,
    NarrativeChange,
    PublishedVersion,
    Report,
    ReportEvent,
    Target,
    TargetEvent,
    Urging,
    VersionReport,
    VersionTotal,
)
from taskforces.models import (
    Assignment,
    AssignmentEvent,
    ContactExport,
    EmailChange,
    Meeting,
    MeetingChange,
    PlanChange,
    Posting,
    PostingEvent,
    SourceDocument,
    SourceItem,
    TaskForce,
)
from taskforces.models.append_only import MESSAGE, AppendOnly, guard_logs, unguard

NOW = dt.datetime(2026, 11, 16, 9, tzinfo=dt.UTC)
LOGS = [
    ReportEvent,
    FigureChange,
    NarrativeChange,
    DifficultyStep,
    AssignmentEvent,
    PostingEvent,
    ContactExport,
    EmailChange,
    PlanChange,
    CampaignChange,
    TargetEvent,
    MeetingChange,
    Urging,
]
RECORDS = [
    PublishedVersion,
    VersionReport,
    VersionTotal,
    IssuedCode,
]  # the first, with rows that point to it: test_publishing


@pytest.fixture
def logged(world, month):
    """One row in every log, made without the rules around it: only the tables matter here."""
    said = {"by": world.officer, "at": NOW}
    report = Report.objects.get(period=month("2026-11"), unit=world.phuoc_long)
    difficulty = Difficulty.objects.create(
        unit=world.phuoc_long,
        report=report,
        with_unit=world.dong_nai,
        raised_by=world.officer,
        raised_at=NOW,
        text="Đường truyền chậm",
        kind="network",
    )
    source = SourceDocument.objects.create(number="57/KH-UBND", issued_on=NOW.date(), issuing_body="UBND", title="KH")
    item = SourceItem.objects.create(source=source, code="1", text="Việc")
    assignment = Assignment.objects.create(item=item, unit=world.phuoc_long, part="lead", assigned_on=NOW.date())
    campaign = Campaign.objects.create(
        unit=world.dong_nai,
        name="Cao điểm",
        first_day=NOW.date(),
        last_day=NOW.date(),
        created_by=world.staff,
        created_at=NOW,
    )
    target = Target.objects.create(unit=world.phuoc_long, year=2026, rate="online_rate", value=90)
    TargetEvent.objects.create(target=target, action="set", new=90, **said)
    force = TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ", valid_from=NOW.date())
    meeting = Meeting.objects.create(task_force=force, kind="regular", held_on=NOW.date(), chair="A")
    MeetingChange.objects.create(meeting=meeting, what="made", after="x", **said)
    CampaignChange.objects.create(campaign=campaign, what="made", **said)
    ReportEvent.objects.create(report=report, action="ready", revision=0, **said)
    Urging.objects.create(report=report, unit=world.phuoc_long, day=NOW.date(), **said)
    FigureChange.objects.create(report=report, cell="DVC01.opening", new=1, via="page", **said)
    NarrativeChange.objects.create(report=report, field="plan", **said)
    DifficultyStep.objects.create(difficulty=difficulty, action="raise", **said)
    AssignmentEvent.objects.create(assignment=assignment, status="in_progress", **said)
    PostingEvent.objects.create(posting=Posting.objects.get(user=world.officer), action="given", **said)
    ContactExport.objects.create(what="Danh bạ", rows=1, **said)
    EmailChange.objects.create(**said)
    PlanChange.objects.create(source=source, what="Văn bản", after="57/KH-UBND", **said)
    version = PublishedVersion.objects.create(period=report.period, province=world.dong_nai, number=1, **said)
    of = {"version": version, "unit": world.dong_nai, "name": "Tỉnh Đồng Nai", "path": "/1/2/"}
    VersionReport.objects.create(level="province", status="draft", is_late=False, **of)
    VersionTotal.objects.create(expected=1, approved=0, **of)
    IssuedCode.objects.create(
        code="K7QF3MXA9TRD", form="tong-quan", unit=world.dong_nai, span="2026-11", basis="official", **said
    )


def test_every_log_of_the_project_is_among_those_tried_here():
    assert {m for m in apps.get_models() if issubclass(m, AppendOnly)} == {*LOGS, *RECORDS}


@pytest.mark.parametrize("log", [*LOGS, *RECORDS[1:]], ids=lambda m: m.__name__)
def test_no_row_of_a_log_is_changed_or_removed(logged, log):
    row = log.objects.values().get()
    name, other = ("at", NOW + dt.timedelta(days=1)) if "at" in row else ("name", "Tỉnh khác")
    table = log._meta.db_table
    tries = {
        "update": lambda: log.objects.update(**{name: other}),
        "save": lambda: log(**{**row, name: other}).save(),
        "delete": lambda: log.objects.all().delete(),
        "by hand": lambda: connection.cursor().execute(f"DELETE FROM {table}"),
    }
    if connection.vendor == "postgresql":
        connection.check_constraints()  # the rows' own deferred checks stand before TRUNCATE
        tries["truncate"] = lambda: connection.cursor().execute(f"TRUNCATE {table}")
    for act in tries.values():
        with pytest.raises(IntegrityError, match=MESSAGE), transaction.atomic():
            act()
    assert log.objects.values().get() == row


def test_a_log_remade_by_a_later_migration_is_guarded_again(logged):
    """SQLite alters a table by making a new one, which has no triggers; `migrate` ends with post_migrate."""
    table = ContactExport._meta.db_table
    with connection.cursor() as cursor:
        for drop in unguard(connection.vendor, table):
            cursor.execute(drop)
    ContactExport.objects.update(rows=2)  # unguarded, so the next line proves something
    guard_logs(apps.get_app_config("taskforces"), using="default")
    with pytest.raises(IntegrityError, match=MESSAGE), transaction.atomic():
        ContactExport.objects.update(rows=3)
    assert ContactExport.objects.get().rows == 2


def test_changes_on_record_are_given_the_sending_they_came_after(world, month):
    """Typed, sent, corrected, sent again, corrected; changes of an earlier version did not say so."""
    report = Report.objects.get(period=month("2026-11"), unit=world.phuoc_long)
    said = {"report": report, "by": world.officer}
    for hour, revision in ((8, None), (9, 1), (10, None), (11, 2), (12, None)):
        at = NOW.replace(hour=hour)
        if revision is None:
            FigureChange.objects.create(cell="DVC01.opening", new=hour, via="page", at=at, **said)
        else:
            ReportEvent.objects.create(action="submit", revision=revision, at=at, **said)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the rows are as new as the test: nothing may wait
        else:  # there the migration remakes the table first
            for drop in unguard("sqlite", FigureChange._meta.db_table):
                cursor.execute(drop)
    migration = importlib.import_module("reporting.migrations.0012_changes_know_their_sending")
    migration.number(apps, SimpleNamespace(connection=connection, execute=connection.cursor().execute))
    assert list(FigureChange.objects.values_list("new", "revision")) == [(8, 0), (10, 1), (12, 2)]
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match=MESSAGE), transaction.atomic():
            FigureChange.objects.update(revision=0)


@pytest.mark.parametrize("log", LOGS, ids=lambda m: m.__name__)
def test_a_log_is_read_in_the_order_of_its_numbers(logged, log):
    """The second row is written after a clock that ran a day ahead was set back."""
    first = log.objects.get()
    values = log.objects.values().get() | {"id": None, "at": NOW - dt.timedelta(days=1)}
    if log is Urging:  # once a day a unit
        values["day"] -= dt.timedelta(days=1)
    second = log.objects.create(**values)
    assert list(log.objects.all()) == ([second, first] if log is ContactExport else [first, second])


def test_the_page_before_sending_shows_the_last_act_first_whatever_the_clock_said(logged, world, client, at):
    at("2026-11-16 09:00")
    report = Report.objects.get(unit=world.phuoc_long)
    for hour, act in ((20, "not_ready"), (10, "zero_fill"), (9, "ready")):
        ReportEvent.objects.create(
            report=report, action=act, by=world.officer, at=NOW.replace(hour=hour), revision=0, reason=act
        )
    client.force_login(world.officer)
    shown = [
        what.partition(": ")[2] for _, _, what in client.get(reverse("report-check", args=[report.pk])).context["log"]
    ]
    assert shown == ["ready", "zero_fill", "not_ready", ""]
