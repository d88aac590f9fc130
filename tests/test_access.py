"""Every address and who may open it, every form and who may send it, every page of the administration.

`PAGES`: `may` get an answer; others inside the scope get 403, people outside the object's scope 404, nobody without
login gets more than the way to the login page. `FORMS`: who may, writes the row named; nobody else writes anything.
A new URL fails here until someone lists it; so does an address that takes a POST and is not among the forms.

Objects belong to Phường Phước Long (Đồng Nai). Everyone there has a twin of the same role next door: in Phường Phước
Bình the people of the ward, in Lâm Đồng those of the province. All is tried in one world; each try is undone.
"""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from de_an_06.plain.spans import Span
from reporting.models import (
    Difficulty,
    DifficultyStep,
    ExportJob,
    FormUpload,
    IndicatorFigure,
    PeriodClosure,
    Report,
    ReportEvent,
    ServiceFigures,
)
from reporting.periods import open_period
from reporting.review import workflow
from taskforces.models import (
    Assignment,
    Branch,
    Document,
    ImportJob,
    Membership,
    OutreachEvent,
    PilotModel,
    Posting,
    Role,
    SourceDocument,
    SourceItem,
    TaskForce,
    User,
    VillageTeam,
)
from taskforces.people import postings
from taskforces.register import activities, assignments, keeping
from tests.conftest import build_world, make_person
from tests.import_sheets import csv_file

TWINS = {  # the same role in the unit next door
    "officer": "neighbour",
    "police_officer": "neighbour_police_officer",
    "leader": "neighbour_leader",
    "reviewer": "stranger_reviewer",
    "chair": "stranger_chair",
    "staff": "stranger_staff",
    "auditor": "stranger_auditor",
}
POSTED = {*TWINS, *TWINS.values(), "stranger", "administrator", "substitute"}
UNPOSTED = {"nobody", "former_officer", "former_substitute"}  # never had a posting; it has ended; its days are over
EVERYBODY = POSTED | UNPOSTED
OUTSIDE = {*TWINS.values(), "stranger"} | UNPOSTED
INSIDE = EVERYBODY - OUTSIDE
ENTERS = {"officer", "police_officer", "leader", "substitute"}  # the substitute stands in for the officer
GIVES = {"staff", "administrator"}
ASSIGNS = {"reviewer", "staff", "administrator"}
ANSWERS = {200, 302, 400, 409}  # the page, a redirect after the act, or a sentence about the moment or the form


def anywhere(people: set[str]) -> set[str]:
    """These and their twins: for pages that belong to no unit."""
    return people | {TWINS[person] for person in people if person in TWINS}


BRINGS_IN = POSTED - {"chair", "stranger_chair", "auditor", "stranger_auditor"}
READS_REVIEWS = anywhere({"reviewer", "chair", "staff", "auditor", "administrator"})
KEEPS_SOURCES = anywhere(ASSIGNS)


@dataclass(frozen=True)
class Page:
    """How to knock at an address, who gets an answer, and for whom it does not exist."""

    may: set[str]
    args: Callable[[SimpleNamespace], list] = lambda o: []
    query: Callable[[SimpleNamespace], str] = lambda o: ""
    method: str = "get"
    data: Callable[[SimpleNamespace], dict] = lambda o: {}
    outside: frozenset[str] | set[str] = frozenset()


def of_draft(may, method="get", **more):
    return Page(may, args=lambda o: [o.draft.pk], outside=OUTSIDE, method=method, **more)


def of_sent(may, method="get", **more):
    return Page(may, args=lambda o: [o.sent.pk], outside=OUTSIDE, method=method, **more)


def of_register(name, may=ENTERS):
    return Page(may, args=lambda o: [getattr(o, name).pk], outside=OUTSIDE)


def of_difficulty(may):
    words = {"note": "Đã xem."}
    return Page(may, args=lambda o: [o.difficulty.pk], outside=OUTSIDE, method="post", data=lambda o: words)


def of_unit(may, **more):
    return Page(may, query=lambda o: f"?don_vi={o.world.phuoc_long.pk}", outside=OUTSIDE, **more)


def of_roster(method="get"):
    return Page({"staff"}, args=lambda o: [o.roster.pk], outside=EVERYBODY - {"staff"}, method=method)


def choose(o):
    return f"?don_vi={o.world.phuoc_long.pk}&ky=2026-11&so=received"


PAGES = {
    # who
    "home": Page(EVERYBODY),
    "posting-switch": Page(
        {"reviewer"},
        args=lambda o: [o.world.reviewer.postings.get().pk],
        method="post",
        outside=EVERYBODY - {"reviewer"},
    ),
    "unit-list": Page(EVERYBODY),  # names of units are public
    "unit-detail": Page(EVERYBODY, args=lambda o: [o.world.phuoc_long.pk]),
    # people
    "people-list": of_unit(INSIDE),
    "posting-give": of_unit(GIVES),
    "posting-transfer": of_register("posting", GIVES),
    "posting-delegate": of_register("posting", GIVES),
    "posting-end": of_register("posting", GIVES),
    "contact-log": Page(anywhere(GIVES)),
    "my-data": Page(EVERYBODY),
    # register of task forces
    "taskforce-list": of_unit(INSIDE),
    "finding-list": of_unit(INSIDE),
    "village-list": of_unit(INSIDE),
    "document-list": of_unit(INSIDE),
    "taskforce-create": of_unit(ENTERS),
    "village-add": of_unit(ENTERS),
    "document-upload": of_unit(ENTERS),
    "taskforce-detail": of_register("force", INSIDE),
    "taskforce-edit": of_register("force"),
    "taskforce-end": of_register("force"),
    "member-add": of_register("force"),
    "member-edit": of_register("seat"),
    "member-end": of_register("seat"),
    "village-edit": of_register("team"),
    "village-end": of_register("team"),
    "document-edit": of_register("document"),
    "document-download": of_register("document", INSIDE),
    # assignments, the catalogue they come from, pilot models, outreach
    "assignment-list": of_unit(INSIDE),
    "assignment-detail": of_register("assignment", INSIDE),
    "assignment-update": of_register("assignment"),
    "assignment-finish": of_register("assignment"),
    "assignment-evidence": of_register("assignment"),
    "assignment-drop": of_register("assignment", ASSIGNS),
    "assignment-due": of_register("assignment", ASSIGNS),
    "assignment-resume": of_register("assignment"),
    "assign-bulk": of_unit(ASSIGNS),
    "source-list": Page(EVERYBODY),  # the catalogue is for all to read
    "source-detail": Page(EVERYBODY, args=lambda o: [o.source.pk]),
    "source-create": Page(KEEPS_SOURCES),
    "source-edit": Page(KEEPS_SOURCES, args=lambda o: [o.source.pk]),
    "source-item-add": Page(KEEPS_SOURCES, args=lambda o: [o.source.pk]),
    "source-item-edit": Page(KEEPS_SOURCES, args=lambda o: [o.item.pk]),
    "pilot-list": of_unit(INSIDE),
    "pilot-add": of_unit(ENTERS),
    "pilot-edit": of_register("pilot"),
    "outreach-list": of_unit(INSIDE),
    "outreach-add": of_unit(ENTERS),
    "outreach-edit": of_register("outreach"),
    "outreach-delete": of_register("outreach"),
    # entry, checking, submission
    "task-list": Page(ENTERS | OUTSIDE),  # of one's own unit
    "report-entry": of_draft(ENTERS),
    "report-save-cells": of_draft(ENTERS, "post"),
    "report-zero-fill": of_draft(ENTERS - {"leader"}, "post"),
    "report-take-outreach": of_draft(ENTERS, "post"),
    "report-ready": of_draft(ENTERS, "post"),
    "report-check": of_draft(ENTERS),
    "report-submit": of_draft(ENTERS, "post"),
    "report-receipt": of_sent(INSIDE),
    "report-template": of_draft(ENTERS),
    "report-upload": of_draft(ENTERS),
    # review
    "report-detail": of_sent(INSIDE),
    "cell-history": Page(INSIDE, args=lambda o: [o.sent.pk, "DVC09.rejected"], outside=OUTSIDE),
    "review-list": Page(READS_REVIEWS),
    "review-approve-clean": Page({"reviewer"}, method="post", data=lambda o: {"bao_cao": [o.sent.pk]}),
    "report-approve": of_sent({"reviewer"}, "post"),
    "report-send-back": of_sent({"reviewer"}, "post"),
    "report-reopen": of_sent({"reviewer"}, "post"),
    "report-accept-prior": of_sent(ENTERS | {"reviewer"}, "post"),
    "period-close": Page(
        {"staff"},
        args=lambda o: [o.sent.period_id],
        query=lambda o: f"?don_vi={o.world.dong_nai.pk}",
        outside=ENTERS | OUTSIDE,  # they do not see the whole province
    ),
    "period-reopen": Page(
        {"staff"},
        args=lambda o: [o.sent.period_id],
        query=lambda o: f"?don_vi={o.world.dong_nai.pk}",
        outside=ENTERS | OUTSIDE,
    ),
    # difficulties and proposals
    "difficulty-list": of_unit(INSIDE),
    "difficulty-add": of_draft(ENTERS),
    "difficulty-detail": of_register("difficulty", INSIDE),
    "difficulty-edit": of_register("difficulty"),
    "difficulty-answer": of_difficulty({"reviewer", "staff"}),
    "difficulty-resolve": of_difficulty(ENTERS | {"reviewer", "staff"}),
    "difficulty-pass-up": of_difficulty({"reviewer", "staff"}),
    "difficulty-reopen": of_difficulty(ENTERS),
    # reading
    "dashboard": Page(EVERYBODY),
    "dashboard-source": Page(INSIDE, query=choose, outside=OUTSIDE),
    # out
    "export-list": Page(EVERYBODY),
    "export-create": Page(
        INSIDE,
        method="post",
        outside=OUTSIDE,
        data=lambda o: {"don_vi": o.world.phuoc_long.pk, "ky": "2026-11", "co_so": "tam-tinh"},
    ),
    # a file belongs to the person who asked for it
    "export-status": Page({"reviewer"}, args=lambda o: [o.export.pk], outside=EVERYBODY - {"reviewer"}),
    "export-download": Page({"reviewer"}, args=lambda o: [o.export.pk], outside=EVERYBODY - {"reviewer"}),
    # files in: an upload belongs to the person who sent it
    "import-list": Page(BRINGS_IN),
    "import-upload": Page(BRINGS_IN, method="post"),
    "import-template": Page(BRINGS_IN, args=lambda o: ["thanh-vien"]),
    "register-export": Page(EVERYBODY, args=lambda o: ["thanh-vien"]),
    "import-detail": of_roster(),
    "import-confirm": of_roster("post"),
    "import-cancel": of_roster("post"),
    "import-result": of_roster(),
    "import-links": of_roster(),
    "import-links-send": of_roster("post"),
    # API
    "api-schema": Page(EVERYBODY),
    "api-units": Page(EVERYBODY),
    "api-periods": Page(EVERYBODY),
    "api-reports": Page(EVERYBODY),
    "api-report": of_sent(INSIDE),
    "api-report-cells": of_draft(ENTERS - {"leader"}, "patch", data=lambda o: {"cells": {"DVC99.rejected": "1"}}),
    "api-report-submit": of_draft(ENTERS, "post"),
    "api-summaries": Page(INSIDE, query=lambda o: f"?unit={o.world.phuoc_long.pk}&period=2026-11", outside=OUTSIDE),
}
PUBLIC = {"guide", "healthz", "set-password"}  # the last by a link that only its owner has
# Their own tests: allauth's pages (login, passwords, second factor) and Django's admin (staff only, see below).
THIRD_PARTY = ("account_", "mfa_")
PUBLIC_THIRD_PARTY = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_request_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_signup_webauthn",
    "mfa_trust",
}


def all_url_names(resolver=None, namespace=""):
    """Every named address of the portal; an address without a name is reported by its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name or entry.pattern}"
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from all_url_names(entry, inner)


def own_url_names():
    return {n for n in all_url_names() if ":" not in n and not n.startswith(THIRD_PARTY)}


def test_every_url_is_listed():
    assert own_url_names() == set(PAGES) | PUBLIC


def test_the_only_other_namespace_is_the_admin():
    assert {n.split(":")[0] for n in all_url_names() if ":" in n} == {"admin"}


@contextmanager
def undone():
    """What happens inside leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def watched():
    """The tables written to inside; sessions apart."""
    written = set()

    def look(execute, sql, params, many, context):
        found = re.match(r'(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
        if found and found[1] != "django_session":
            written.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield written


@pytest.fixture(scope="module")
def objects(django_db_setup, django_db_blocker, fill):
    """One world for all tests of this file, on the morning of 16 November 2026."""
    morning = dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)
    with django_db_blocker.unblock(), time_machine.travel(morning, tick=False), undone():
        yield build_objects(fill, morning)


def add_people(w):
    """Twins next door, and people whose rights come from a substitution, are over or never were."""
    w.neighbour_police_officer = make_person("ca2", "Vũ Văn Công", w.phuoc_binh, Role.OFFICER, Branch.POLICE)
    w.neighbour_leader = make_person("ld2", "Hà Thị Lãnh", w.phuoc_binh, Role.LEADER)
    w.stranger_chair = make_person("ct2", "Cao Thị Tịch", w.lam_dong, Role.CHAIR)
    w.stranger_staff = make_person("th2", "Mã Văn Hợp", w.lam_dong, Role.PROVINCIAL_STAFF)
    w.stranger_auditor = make_person("kt2", "Đào Thị Tra", w.lam_dong, Role.AUDITOR)
    for name in ("nobody", "former_officer", "substitute", "former_substitute"):
        setattr(w, name, User.objects.create(username=name, full_name=f"Người {name}"))
    days = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 11, 15)}  # until yesterday
    officer = {"unit": w.phuoc_long, "role": Role.OFFICER, "branch": Branch.OFFICE}
    Posting.objects.create(user=w.former_officer, **officer, **days)
    main = w.officer.postings.get()
    Posting.objects.create(user=w.former_substitute, **officer, **days, substitutes_for=main)
    today = dt.date(2026, 11, 16)
    postings.delegate(by=w.staff, posting_id=main.pk, user=w.substitute, valid_from=today, valid_to=today)


def build_objects(fill, now):
    """One of everything in Phường Phước Long: a draft, a sent report, an export, rows of the register."""
    world = build_world()
    add_people(world)
    o = SimpleNamespace(world=world, fill=fill)
    october, november = (open_period(Span.parse(key).first) for key in ("2026-10", "2026-11"))
    o.sent = fill(Report.objects.get(unit=world.phuoc_long, period=october), status="submitted", by=world.officer)
    o.draft = Report.objects.get(unit=world.phuoc_long, period=november)
    ReportEvent.objects.create(
        report=o.sent, action="submit", by=world.officer, at=now, revision=1, receipt="BC-25217-2026-10-1"
    )
    o.roster = ImportJob.objects.create(
        kind="users", state="ready", by=world.staff, uploaded_at=now, file_name="tep.xlsx", size=1, sha256="0" * 64
    )
    o.export = ExportJob.objects.create(
        requested_by=world.reviewer, requested_at=now, unit=world.phuoc_long, span="2026-10", basis="provisional"
    )
    o.posting = world.officer.postings.get()
    o.difficulty = Difficulty.objects.create(
        unit=world.phuoc_long,
        report=o.sent,
        kind="network",
        text="Đường truyền chậm",
        with_unit=world.dong_nai,
        raised_at=o.sent.submitted_at,
        raised_by=world.officer,
    )
    o.unsent = Difficulty.objects.create(
        unit=world.phuoc_long,
        report=o.draft,
        kind="network",
        text="Thiếu máy",
        with_unit=world.dong_nai,
        raised_at=now,
        raised_by=world.officer,
    )
    founded = dt.date(2026, 1, 15)
    by, unit = world.officer, world.phuoc_long
    o.force = keeping.found_task_force(
        by=by, unit=unit, kind="working_group", name="Tổ công tác Đề án 06", valid_from=founded
    )
    o.seat = keeping.add_member(
        by=by, task_force_id=o.force.pk, role="member", valid_from=founded, full_name="Phạm Thị Đầu"
    )
    o.team = keeping.add_village_team(
        by=by, unit=unit, kind="working_group", village="Khu phố 1", members=6, founded_on=founded, valid_from=founded
    )
    o.document = keeping.save_document(
        by=by,
        unit=unit,
        kind="plan",
        title="Kế hoạch",
        number="57/KH-UBND",
        issued_on=founded,
        upload=SimpleUploadedFile("ke-hoach.pdf", b"%PDF-1.7\n%%EOF\n"),
    )
    o.source = assignments.create_source(
        by=world.staff, number="06/QĐ-TTg", issued_on=founded, issuing_body="Thủ tướng", title="Đề án 06"
    )
    o.item = assignments.add_item(by=world.staff, source_id=o.source.pk, code="NV1", text="Rà soát")
    o.assignment = assignments.assign(by=world.staff, item=o.item, unit=unit, part="lead", assigned_on=founded)
    o.pilot = activities.add_pilot_model(by=by, unit=unit, name="Mô hình 1", started_on=founded)
    o.outreach = activities.add_outreach(by=by, unit=unit, held_on=founded, channel="meeting", times=1, audience=20)
    return o


def knock(client, name, page, o):
    address = reverse(name, args=page.args(o)) + page.query(o)
    json = {"content_type": "application/json"} if name.startswith("api-") and page.method != "get" else {}
    response = getattr(client, page.method)(address, page.data(o), **json)
    if response.streaming:
        b"".join(response.streaming_content)  # a file read to its end is closed, the test's connection is not
    return response


@pytest.mark.parametrize("name", sorted(PAGES))
def test_who_may_open(name, objects, client):
    page, wrong = PAGES[name], []
    for person in sorted(EVERYBODY):
        client.force_login(getattr(objects.world, person))
        with undone():
            status = knock(client, name, page, objects).status_code
        expected = ANSWERS if person in page.may else {404} if person in page.outside else {403}
        if status not in expected:
            wrong.append(f"{person}: {status}, expected {sorted(expected)}")
    assert not wrong, f"{name}: {'; '.join(wrong)}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_nobody_without_login(name, objects, client):
    response = knock(client, name, PAGES[name], objects)
    if name.startswith("api-"):
        assert response.status_code in {401, 403}
    else:
        assert response.status_code == 302
        assert response["Location"].startswith("/tai-khoan/login/")


@pytest.mark.django_db
def test_public_pages_stand_open(client):
    assert client.get("/healthz").content == b"ok"
    assert client.get(reverse("set-password", args=["MQ", "sai"])).status_code == 410


@pytest.mark.django_db
def test_third_party_pages_ask_for_login_unless_they_are_for_logging_in(client):
    wrong = []
    for name in sorted({n for n in all_url_names() if n.startswith(THIRD_PARTY)} - PUBLIC_THIRD_PARTY):
        for args in ([], [1], ["x"]):
            try:
                address = reverse(name, args=args)
            except NoReverseMatch:
                continue
            response = client.get(address)
            if response.status_code != 302 or "/login/" not in response["Location"]:
                wrong.append((name, response.status_code))
    assert not wrong


def test_an_unknown_object_is_not_found(objects, client):
    client.force_login(objects.world.reviewer)
    for name, page in PAGES.items():
        if name == "posting-switch" or not page.args(objects):
            continue
        args = [uuid.uuid4() if isinstance(page.args(objects)[0], uuid.UUID) else 999_999, *page.args(objects)[1:]]
        address = reverse(name, args=args) + page.query(objects)
        if page.method == "get":
            assert client.get(address).status_code == 404, name


def test_closed_unit_people_read_and_write_nothing(objects, db, fill, client):
    """The ward ended on 30 June 2025: its officer still reads the report of June, and cannot enter it."""
    world, june = objects.world, open_period(Span.parse("2025-06").first)
    report = fill(Report.objects.get(unit=world.thac_mo, period=june))
    client.force_login(world.old_officer)
    assert client.get(report.get_absolute_url()).status_code == 200
    assert client.get(reverse("report-entry", args=[report.pk])).status_code == 403
    assert client.post(reverse("report-submit", args=[report.pk])).status_code == 403
