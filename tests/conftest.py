"""The world of the tests: small real-named trees in 2024 (three tiers) and 2026 (two tiers) with named people."""

import datetime as dt
import gc
import itertools
import pickle
from types import SimpleNamespace

import hypothesis
import pytest

from de_an_06.plain.vietnamese import search_key, sort_key
from taskforces.models import AdministrativeUnit, Branch, Level, Posting, Role, UnitVersion, User
from taskforces.models.append_only import AppendOnly, unguard

LAST_OLD, FIRST_NEW, START = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2021, 11, 1)
PASSWORD = "mat-khau-thu-nghiem"

hypothesis.settings.register_profile("portal", deadline=None)  # no test depends on how fast the machine is
hypothesis.settings.load_profile("portal")


def pytest_collection_modifyitems(items):
    """Files with slow tests and those with a browser first, in turn: the last minutes belong to short ones.

    Slow tests mostly wait for other processes, browsers keep a core busy; so they go well together.
    """
    files: dict[str, list] = {}
    for item in items:
        files.setdefault(item.nodeid.split("::")[0], []).append(item)
    slow = [file for file, own in files.items() if any(item.get_closest_marker("slow") for item in own)]
    browser = [file for file in files if file.startswith("tests/browser/")]
    first = [file for pair in itertools.zip_longest(slow, browser) for file in pair if file]
    items[:] = [item for file in dict.fromkeys([*first, *files]) for item in files[file]]


def pytest_collection_finish():
    """What is loaded by now stays to the end: not looking through it again and again saves a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def make_unit(code, name, unit_type, level, parent=None, opened=START, closed=None):
    """One unit with one version; `parent` is the version above it."""
    unit = AdministrativeUnit.objects.create(code=code, level=level, opened_on=opened, closed_on=closed)
    UnitVersion.objects.create(
        unit=unit,
        name=name,
        short_name=name.split(" ", 1)[1],
        unit_type=unit_type,
        parent=parent,
        path=(parent.versions.get().path if parent else "/") + f"{unit.pk}/",
        search_key=search_key(name),
        sort_key=sort_key(name.split(" ", 1)[1]),
        valid_from=opened,
        valid_to=closed,
    )
    return unit


def make_person(username, full_name, unit, role, branch="", since=START, body="", groups=""):
    user = User(username=username, full_name=full_name)
    user.set_unusable_password()
    user.save()
    Posting.objects.create(user=user, unit=unit, role=role, branch=branch, valid_from=since, body=body, groups=groups)
    return user


@pytest.fixture(scope="session", autouse=True)
def _no_connection_outlives_the_tests(django_db_setup, django_db_blocker):
    """A browser may still be asking while the last test ends; PostgreSQL drops no database that is being used."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def _the_database_can_be_emptied_between_tests():
    """Tests with transactions of their own empty the whole database afterwards, the append-only logs too.

    SQLite: `flush` then tells post_migrate, which makes the triggers anew. PostgreSQL: rows are deleted, the triggers
    stay, since to truncate a hundred small tables and make it all anew takes a hundred times as long.
    """
    from django.apps import apps
    from django.core.management.commands import flush
    from django.db import connection

    logs = [m._meta.db_table for m in apps.get_models() if issubclass(m, AppendOnly)]
    empty = type(connection.ops).sql_flush
    kept = {"django_content_type", "auth_permission"}

    def sql_flush_sqlite(self, *args, **kwargs):
        statements = empty(self, *args, **kwargs)
        drops = [drop for table in logs for drop in unguard(connection.vendor, table)]
        return [*drops, *statements] if statements else statements

    def sql_flush_postgresql(self, style, tables, **kwargs):
        return [
            *(f'ALTER TABLE "{log}" DISABLE TRIGGER USER' for log in logs),
            *(f'DELETE FROM "{table}"' for table in tables if table not in kept),
            "SET CONSTRAINTS ALL IMMEDIATE",
            *(f'ALTER TABLE "{log}" ENABLE TRIGGER USER' for log in logs),
        ]

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            patch.setattr(type(connection.ops), "sql_flush", sql_flush_postgresql)
            patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
        else:
            patch.setattr(type(connection.ops), "sql_flush", sql_flush_sqlite)
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_rows_lie_dead(django_db_setup, django_db_blocker):
    """PostgreSQL keeps the rows of every test that was rolled back until somebody sweeps, and reads past them."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM")


@pytest.fixture(autouse=True)
def _plain(settings, tmp_path):
    """Files of a test go to its own folder; a plain hasher keeps logins quick."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def world(db):
    return build_world()


_world: list[tuple[bytes, list[str]]] = []  # of the first build in this process: its objects, and how to write it


def build_world():
    """What `build_first_world` makes. Later tests of a process get the rows that the first build wrote."""
    from django.db import connection

    if not _world:
        before = _rows_of_all_tables()
        world = build_first_world()
        inserts = []
        for head, rows in _rows_of_all_tables().items():
            if new := sorted(rows - before[head]):
                inserts.append(head + ", ".join(new))
        _world.append((pickle.dumps(world), inserts))
        return world
    world, inserts = _world[0]
    with connection.cursor() as cursor:
        for insert in inserts:
            cursor.execute(insert)
    return pickle.loads(world)


def _rows_of_all_tables() -> dict[str, set[str]]:
    """The rows of the database as they stand in SQL, by the start of the INSERT that writes them."""
    from django.apps import apps
    from django.db import connection

    literal = "quote({})" if connection.vendor == "sqlite" else "quote_nullable({}::text)"
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label == "reporting.ChangeCount":  # written by triggers alone
                continue
            names = [f'"{field.column}"' for field in model._meta.local_concrete_fields]
            cursor.execute(f'SELECT {", ".join(map(literal.format, names))} FROM "{model._meta.db_table}"')
            head = f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) VALUES '
            found[head] = {f"({', '.join(row)})" for row in cursor.fetchall()}
    return found


def build_first_world():
    """Units, people and the shipped catalogue; no period is open yet (see `month`).

    2024: Bình Phước (70) with TX Phước Long (688: Thác Mơ, Long Thủy) and TX Bình Long (690: An Lộc).
    2026: Đồng Nai (75) with Phường Phước Long, Phường Phước Bình, Xã Phú Riềng. Next door: Lâm Đồng (68), Xã Đạ Huoai.
    """
    from reporting.catalogue import load_catalogue
    from reporting.models import ParticipatingArea

    w = SimpleNamespace()
    w.nation = make_unit("00", "Cả nước", "nation", Level.NATION)
    # three tiers, until 30 June 2025
    w.binh_phuoc = make_unit("70", "Tỉnh Bình Phước", "tinh", Level.PROVINCE, w.nation, closed=LAST_OLD)
    w.tx_phuoc_long = make_unit("688", "Thị xã Phước Long", "thi_xa", Level.DISTRICT, w.binh_phuoc, closed=LAST_OLD)
    w.tx_binh_long = make_unit("690", "Thị xã Bình Long", "thi_xa", Level.DISTRICT, w.binh_phuoc, closed=LAST_OLD)
    w.thac_mo = make_unit("25216", "Phường Thác Mơ", "phuong", Level.COMMUNE, w.tx_phuoc_long, closed=LAST_OLD)
    w.long_thuy = make_unit("25217", "Phường Long Thủy", "phuong", Level.COMMUNE, w.tx_phuoc_long, closed=LAST_OLD)
    w.an_loc = make_unit("25324", "Phường An Lộc", "phuong", Level.COMMUNE, w.tx_binh_long, closed=LAST_OLD)
    # two tiers, since 1 July 2025
    w.dong_nai = make_unit("75", "Tỉnh Đồng Nai", "tinh", Level.PROVINCE, w.nation, opened=FIRST_NEW)
    w.phuoc_long = make_unit("25217", "Phường Phước Long", "phuong", Level.COMMUNE, w.dong_nai, opened=FIRST_NEW)
    w.phuoc_binh = make_unit("25220", "Phường Phước Bình", "phuong", Level.COMMUNE, w.dong_nai, opened=FIRST_NEW)
    w.phu_rieng = make_unit("25390", "Xã Phú Riềng", "xa", Level.COMMUNE, w.dong_nai, opened=FIRST_NEW)
    w.lam_dong = make_unit("68", "Tỉnh Lâm Đồng", "tinh", Level.PROVINCE, w.nation, opened=FIRST_NEW)
    w.da_huoai = make_unit("25057", "Xã Đạ Huoai", "xa", Level.COMMUNE, w.lam_dong, opened=FIRST_NEW)
    # people of 2026
    w.officer = make_person("nhung", "Nguyễn Thị Hồng Nhung", w.phuoc_long, Role.OFFICER, Branch.OFFICE)
    w.police_officer = make_person("dung", "Lê Văn Dũng", w.phuoc_long, Role.OFFICER, Branch.POLICE)
    w.leader = make_person("hanh", "Phạm Thị Hạnh", w.phuoc_long, Role.LEADER)
    w.neighbour = make_person("tam", "Trần Văn Tám", w.phuoc_binh, Role.OFFICER, Branch.OFFICE)
    w.reviewer = make_person("bao", "Trần Quốc Bảo", w.dong_nai, Role.REVIEWER)
    w.second_reviewer = make_person("lananh", "Bùi Lan Anh", w.dong_nai, Role.REVIEWER)
    w.chair = make_person("khoa", "Võ Minh Khoa", w.dong_nai, Role.CHAIR)
    w.staff = make_person("ha", "Đỗ Thu Hà", w.dong_nai, Role.PROVINCIAL_STAFF)
    w.auditor = make_person("kiem", "Hồ Văn Kiểm", w.dong_nai, Role.AUDITOR)
    w.stranger = make_person("la", "Ngô Văn Lạ", w.da_huoai, Role.OFFICER, Branch.OFFICE)
    w.stranger_reviewer = make_person("xa", "Mai Thị Xa", w.lam_dong, Role.REVIEWER)
    w.administrator = make_person("quantri", "Đinh Quản Trị", w.nation, Role.ADMINISTRATOR)
    w.administrator.is_staff = w.administrator.is_superuser = True
    w.administrator.save()
    # people of 2024; their day is in 2024
    w.district_reviewer = make_person("duyet688", "Lý Thị Duyệt", w.tx_phuoc_long, Role.REVIEWER)
    w.district_chair = make_person("chutich688", "Vũ Văn Chủ", w.tx_phuoc_long, Role.CHAIR)
    w.old_officer = make_person("thacmo", "Tô Thị Mơ", w.thac_mo, Role.OFFICER, Branch.OFFICE)
    w.old_police_officer = make_person("thacmoca", "Cao Văn An", w.thac_mo, Role.OFFICER, Branch.POLICE)
    w.old_staff = make_person("binhphuoc", "Giang Văn Phước", w.binh_phuoc, Role.PROVINCIAL_STAFF)
    load_catalogue()
    ParticipatingArea.objects.create(unit=w.nation, valid_from=START)
    return w


@pytest.fixture
def month(world):
    """Open a month by its key: `month("2026-11")` gives the Period with its expected reports."""
    from de_an_06.plain.spans import Span
    from reporting.periods import open_period

    return lambda key: open_period(Span.parse(key).first)


@pytest.fixture
def put(fill):
    """Hand in a report of one service (received, resolved, `stuck` = pending overdue), and DD04."""

    from reporting.models import Indicator, IndicatorFigure, PublicService, Report, ServiceFigures

    def write(
        unit, period, online, in_person=0, early=0, overdue=0, stuck=0, status="submitted", dd04=None, service="DVC09"
    ):
        report = Report.objects.get(unit=unit, period=period)
        fill(report, services=[], status=status)
        IndicatorFigure.objects.filter(report=report).delete()
        ServiceFigures.objects.create(
            report=report,
            service=PublicService.objects.get(code=service),
            opening=0,
            received_online=online,
            received_in_person=in_person,
            received_postal=0,
            resolved_early=early,
            resolved_on_time=0,
            resolved_overdue=overdue,
            rejected=0,
            pending_in_time=online + in_person - early - overdue - stuck,
            pending_overdue=stuck,
        )
        if dd04 is not None:
            IndicatorFigure.objects.create(
                report=report, indicator=Indicator.objects.get(code="DD04"), numerator=dd04[0], denominator=dd04[1]
            )
        return report

    return write


@pytest.fixture(scope="session")
def fill():
    """Write plausible figures into a report straight through the ORM: every owed cell, identity kept.

    `fill(report, base=10)`: each service gets opening 0, `base` received online, all resolved on time; each number
    indicator `base`; each ratio base/base. With `ready=True` both branches are marked ready; `status` is set as given
    (the only place outside workflow.py, and only for tests that are not about workflow).
    """
    from reporting.figures import FIGURE_FIELDS
    from reporting.models import IndicatorFigure, IndicatorTerms, Report, ServiceFigures, ServiceTerms

    def write(report, base=10, status=None, by=None, ready=False, services=None):
        plain = dict.fromkeys(FIGURE_FIELDS, 0) | {"received_online": base, "resolved_on_time": base}
        terms = ServiceTerms.objects.owed_by(report.level, report.period.data_to).select_related("service")
        ServiceFigures.objects.bulk_create(
            [
                ServiceFigures(report=report, service=term.service, **plain)
                for term in terms
                if services is None or term.service.code in services
            ],
            update_conflicts=True,
            unique_fields=["report", "service"],
            update_fields=list(plain),
        )
        owed = IndicatorTerms.objects.owed_by(report.level, report.period.data_to).select_related("indicator")
        IndicatorFigure.objects.bulk_create(
            [
                IndicatorFigure(
                    report=report,
                    indicator=term.indicator,
                    numerator=base,
                    denominator=base if term.indicator.kind == "ratio" else None,
                )
                for term in owed
            ],
            update_conflicts=True,
            unique_fields=["report", "indicator"],
            update_fields=["numerator", "denominator"],
        )
        changes = {}
        moment = dt.datetime(report.period.year, report.period.month, 15, 3, 0, tzinfo=dt.UTC)
        if ready or status:
            changes |= {"office_ready_at": moment, "police_ready_at": moment}
        if status:
            changes |= {"status": status}
            if status in {"submitted", "approved", "returned"}:
                changes |= {"submitted_at": moment, "submitted_by": by, "revision": 1}
            if status == "approved":
                changes |= {"approved_at": moment}
        if changes:
            Report.objects.filter(pk=report.pk).update(**changes)
            report.refresh_from_db()
        return report

    return write


@pytest.fixture
def at():
    """Set what time it is: `at("2026-11-16 09:15")` (Vietnam's time); the clock then stands still."""
    from zoneinfo import ZoneInfo

    import time_machine

    travellers = []

    def set_time(text):
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
        while travellers:
            travellers.pop().stop()
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers.append(traveller)
        return moment

    yield set_time
    while travellers:
        travellers.pop().stop()
