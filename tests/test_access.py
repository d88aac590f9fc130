"""Every address and who may open it, every form and who may send it, every page of the administration.

`PAGES`: `may` get an answer; others inside the scope get 403, people outside the object's scope 404, nobody without
login gets more than the way to the login page. `FORMS`: who may, writes the row named; nobody else writes anything.
A new URL fails here until someone lists it; so does an address that takes a POST and is not among the forms.

Objects belong to Phường Phước Long (Đồng Nai). Everyone there has a twin of the same role next door: in Phường Phước
Bình the people of the ward, in Lâm Đồng those of the province. All is tried in one world; each try is undone.
"""

import datetime as dt
import html
import json
import re
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from import_export.admin import ExportMixin, ImportMixin

from de_an_06.plain.spans import Span
from reporting import closing, target_workflow
from reporting.campaigns import running
from reporting.exports import export_jobs
from reporting.exports.circular import circular_forms
from reporting.exports.interim import word_templates
from reporting.models import (
    Campaign,
    CampaignDay,
    CircularForm,
    Correction,
    Difficulty,
    DifficultyStep,
    ExportJob,
    FormUpload,
    Indicator,
    IndicatorFigure,
    InterimReport,
    IssuedCode,
    LiveService,
    PeriodClosure,
    PublishedVersion,
    Report,
    ReportEvent,
    SavedView,
    ServiceFigures,
    TargetEvent,
    Urging,
    WordTemplate,
)
from reporting.periods import open_period
from reporting.review import corrections, publishing, workflow
from taskforces.models import (
    Assignment,
    Branch,
    Delivery,
    Document,
    ImportJob,
    Inspection,
    InspectionFinding,
    Letter,
    Meeting,
    Membership,
    OutreachEvent,
    PilotModel,
    Posting,
    PostingEvent,
    Reminder,
    ReminderChoice,
    Role,
    SourceDocument,
    SourceItem,
    TaskForce,
    User,
    VillageTeam,
)
from taskforces.people import postings
from taskforces.register import activities, assignments, inspections, keeping, meetings
from tests.circular_form import circular
from tests.conftest import build_world, make_person
from tests.import_sheets import csv_file
from tests.test_boundaries import map_file, square

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
TWINS = {  # the same role in the unit next door
    "officer": "neighbour",
    "police_officer": "neighbour_police_officer",
    "leader": "neighbour_leader",
    "reviewer": "stranger_reviewer",
    "chair": "stranger_chair",
    "staff": "stranger_staff",
    "auditor": "stranger_auditor",
    "station": "neighbour_station",  # the health station of the ward, a department of the unit
    "department": "stranger_department",  # of the province, for health
}
POSTED = {*TWINS, *TWINS.values(), "stranger", "administrator", "substitute", "other_body"}
UNPOSTED = {"nobody", "former_officer", "former_substitute"}  # never had a posting; it has ended; its days are over
EVERYBODY = POSTED | UNPOSTED
OUTSIDE = {*TWINS.values(), "stranger"} | UNPOSTED
INSIDE = EVERYBODY - OUTSIDE
ENTERS = {"officer", "police_officer", "leader", "substitute"}  # the substitute stands in for the officer
BODIES = {"station", "other_body"}  # of the ward: the second has another body and other indicators
DEPARTMENTS = BODIES | {"department"}
GIVES = {"staff", "administrator"}
ASSIGNS = {"reviewer", "staff", "administrator"}


def anywhere(people: set[str]) -> set[str]:
    """These and their twins: for pages that belong to no unit."""
    return people | {TWINS[person] for person in people if person in TWINS}


BRINGS_IN = POSTED - {"chair", "stranger_chair", "auditor", "stranger_auditor"} - anywhere(DEPARTMENTS)
READS_REVIEWS = anywhere({"reviewer", "chair", "staff", "auditor", "administrator"})
KEEPS_SOURCES = anywhere(ASSIGNS)
UNDER_DONG_NAI = (INSIDE - {"administrator"}) | {person for person in POSTED if person.startswith("neighbour")}
NEXT_DOOR = {"stranger_reviewer", "stranger_staff"}
ENTERS_SOMEWHERE = anywhere(ENTERS) | {"stranger"}
URGES = {"reviewer", "chair", "staff"}
NOT_TOLD = dict.fromkeys(EVERYBODY - {"officer"}, 302)  # nobody else has a reminder to mark


@dataclass(frozen=True)
class Page:
    """How to knock at an address, who gets an answer, and for whom it does not exist."""

    may: set[str]
    args: Callable[[SimpleNamespace], list] = lambda o: []
    query: Callable[[SimpleNamespace], str] = lambda o: ""
    outside: frozenset[str] | set[str] = frozenset()
    answer: int = 200
    told: dict[str, int] = field(default_factory=dict)  # who gets another answer

    def expected(self, person: str) -> int:
        return self.told.get(person) or self.answer if person in self.may else 404 if person in self.outside else 403


def of_draft(may, **more):
    return Page(may, args=lambda o: [o.draft.pk], outside=OUTSIDE, **more)


def of_sent(may, **more):
    return Page(may, args=lambda o: [o.sent.pk], outside=OUTSIDE, **more)


def of_province(may):
    """Of the province: who is posted to one of its communes does not see it."""
    return Page(may, query=lambda o: f"?don_vi={o.world.dong_nai.pk}", outside=OUTSIDE | ENTERS | BODIES)


def of_register(name, may=ENTERS, **more):
    return Page(may, args=lambda o: [getattr(o, name).pk], outside=OUTSIDE, **more)


def of_unit(may, **more):
    return Page(may, query=lambda o: f"?don_vi={o.world.phuoc_long.pk}", outside=OUTSIDE, **more)


def of_roster(**more):
    return Page({"staff"}, args=lambda o: [o.roster.pk], outside=EVERYBODY - {"staff"}, **more)


def of_unsent():
    """A difficulty that has not gone up yet: nobody outside the ward sees it."""
    return Page(ENTERS, args=lambda o: [o.unsent.pk], outside=EVERYBODY - ENTERS - BODIES)


def of_month():
    """Closing and reopening October for the whole province, which the people of a ward do not see."""
    return Page(
        {"staff"},
        args=lambda o: [o.sent.period_id],
        query=lambda o: f"?don_vi={o.world.dong_nai.pk}",
        outside=ENTERS | BODIES | OUTSIDE,
    )


def of_published():
    """A version of the province's figures, which the people of a ward do not see."""
    return Page(INSIDE - ENTERS - BODIES, args=lambda o: [o.version.pk], outside=OUTSIDE | ENTERS | BODIES)


def choose(o):
    return f"?don_vi={o.world.phuoc_long.pk}&ky=2026-11&so=received"


def of_october(o):
    return f"?don_vi={o.world.phuoc_long.pk}&ky=2026-10"


def of_circular(may):
    """The province's form of a circular, known to the same people."""
    return replace(of_template(may), args=lambda o: [o.circular.pk])


def of_template(may):
    """The province's template, which its own people and those of its wards know."""
    return Page(may, args=lambda o: [o.template.pk], outside=POSTED - UNDER_DONG_NAI)


PAGES = {
    # who
    "home": Page(
        EVERYBODY, answer=302, told=dict.fromkeys(UNPOSTED, 200)
    ),  # to where the day starts; or that it cannot
    "unit-list": Page(EVERYBODY),  # names of units are public
    "unit-detail": Page(EVERYBODY, args=lambda o: [o.world.phuoc_long.pk]),
    # people
    "people-list": of_unit(INSIDE),
    "posting-give": of_unit(GIVES),
    "posting-transfer": of_register("posting", GIVES),
    "posting-delegate": of_register("posting", GIVES),
    "posting-end": of_register("posting", GIVES),
    "posting-confirm": of_register("posting", GIVES),
    "password-slip": of_register("posting", GIVES),
    "contact-log": Page(anywhere(GIVES)),
    "my-data": Page(EVERYBODY),
    # register of task forces
    "taskforce-list": of_unit(INSIDE),
    "finding-list": of_unit(INSIDE),
    "village-list": of_unit(INSIDE),
    "document-list": of_unit(INSIDE),
    "taskforce-create": of_unit(ENTERS),
    "village-add": of_unit(ENTERS, answer=302),  # the form stands on the list
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
    "assign-bulk": of_unit(ASSIGNS, answer=302),  # first the plan is chosen
    "source-list": Page(POSTED, outside=UNPOSTED),  # the catalogue is for all to read
    "source-detail": Page(POSTED, args=lambda o: [o.source.pk], outside=UNPOSTED),
    "source-create": Page(KEEPS_SOURCES),
    "source-edit": Page(KEEPS_SOURCES, args=lambda o: [o.source.pk]),
    "source-item-add": Page(KEEPS_SOURCES, args=lambda o: [o.source.pk], answer=302),
    "source-item-edit": Page(KEEPS_SOURCES, args=lambda o: [o.item.pk]),
    # a task of the ward's health station
    "body-work": Page(anywhere(DEPARTMENTS)),
    # meetings, inspections: of the ward's own task force and team
    "meeting-list": of_unit(INSIDE),
    "meeting-add": of_unit(ENTERS),
    "meeting-detail": of_register("meeting", INSIDE),
    "meeting-edit": of_register("meeting"),
    "meeting-cancel": of_register("meeting"),
    "meeting-paper": of_register("meeting"),
    "meeting-conclude": of_register("meeting", answer=302),  # the form stands on the meeting's page
    "inspection-list": of_unit(INSIDE),
    "inspection-add": of_unit(ENTERS),
    "inspection-detail": of_register("inspection", INSIDE),
    "inspection-edit": of_register("inspection"),
    "inspection-cancel": of_register("inspection"),
    "inspection-paper": of_register("inspection"),
    "inspection-findings-add": of_register("inspection", answer=302),
    "inspection-finding-edit": of_register("found"),
    "inspection-finding-remedied": of_register("found"),
    "inspection-finding-reopen": of_register("found"),
    "pilot-list": of_unit(INSIDE),
    "pilot-add": of_unit(ENTERS),
    "pilot-edit": of_register("pilot"),
    "outreach-list": of_unit(INSIDE),
    "outreach-add": of_unit(ENTERS),
    "outreach-edit": of_register("outreach"),
    "outreach-delete": of_register("outreach"),
    # entry, checking, submission
    "task-list": Page(ENTERS_SOMEWHERE),  # of one's own unit
    "report-entry": of_draft(ENTERS | BODIES),
    "report-check": of_draft(ENTERS),
    "report-receipt": of_sent(INSIDE),
    "report-live": of_draft(ENTERS | BODIES),
    "report-template": of_draft(ENTERS | BODIES),
    "report-upload": of_draft(ENTERS | BODIES),
    # review
    "report-detail": of_sent(INSIDE),
    "cell-history": Page(INSIDE, args=lambda o: [o.sent.pk, "DVC09.rejected"], outside=OUTSIDE),
    "review-list": Page(READS_REVIEWS),
    "period-close": of_month(),
    "period-extend": of_month(),
    "period-reopen": of_month(),
    # what the province published of September, and corrections of it
    "published-list": Page(EVERYBODY),
    "published-version": of_published(),
    "published-book": of_published(),
    "correction-list": Page(EVERYBODY),
    "correction-add": of_register("september", ENTERS | {"reviewer"}),
    "correction": of_register("correction", INSIDE),
    # difficulties and proposals
    "difficulty-list": of_unit(INSIDE),
    "difficulty-add": of_draft(ENTERS),
    "difficulty-detail": of_register("difficulty", INSIDE),
    "difficulty-edit": of_unsent(),
    # reminders: each person's own; what became of the letters, and how they come
    "reminder-list": Page(EVERYBODY),
    "reminder-open": Page(
        {"officer"}, args=lambda o: [o.reminder.pk], outside=EVERYBODY - {"officer"}, answer=302
    ),  # to the place to act
    "reminder-choice": Page(EVERYBODY),
    "letter-list": Page({"administrator"}),
    # campaigns
    "campaign-list": Page(EVERYBODY),
    "campaign-add": of_unit(ASSIGNS),
    "campaign-entry": of_unit(ENTERS),
    "campaign-detail": of_register("campaign", INSIDE),
    "campaign-edit": of_register("campaign", ASSIGNS),
    # targets
    "target-list": of_unit(INSIDE),
    "target-add": of_unit(ENTERS | ASSIGNS | DEPARTMENTS),
    "target-proposals": of_province(ASSIGNS | {"department"}),
    "target-table": of_province(ASSIGNS | {"department"}),
    "target-detail": of_register("target", INSIDE),
    "target-edit": of_register("target", ENTERS | ASSIGNS),
    "target-drop": of_register("target", ASSIGNS),
    # reading
    "agenda": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard": Page(EVERYBODY),
    "dashboard-heat": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-lines": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-board": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-map": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-meeting": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-sheet": Page(INSIDE, query=choose, outside=OUTSIDE),
    "dashboard-source": Page(INSIDE, query=choose, outside=OUTSIDE),
    # saved views: the list is each person's own; a link leads on to the page, which asks by itself
    "view-list": Page(EVERYBODY),
    "view-open": Page(EVERYBODY, args=lambda o: [o.view.pk], answer=302),
    # out
    "export-list": Page(EVERYBODY),
    "figures-check": Page(EVERYBODY),  # which codes, the scope of each says
    # while it is made, a file belongs to the person who asked for it; made, it is for all who may read the unit
    "export-status": Page({"reviewer"}, args=lambda o: [o.export.pk], outside=EVERYBODY - {"reviewer"}),
    "export-download": Page({"reviewer"}, args=lambda o: [o.export.pk], outside=EVERYBODY - {"reviewer"}, answer=302),
    # what people write for an interim report: readers of the unit see it
    "interim-words": Page(INSIDE, query=of_october, outside=OUTSIDE),
    "interim-conclusion": Page(INSIDE, query=of_october, outside=OUTSIDE),
    "word-template-list": Page(POSTED),  # of the own unit
    "word-template-shipped": Page(EVERYBODY),
    "word-template-download": of_template(UNDER_DONG_NAI),
    "circular-form-list": Page(POSTED),  # of the own unit
    "circular-form-detail": of_circular(UNDER_DONG_NAI),
    "circular-form-download": of_circular(UNDER_DONG_NAI),
    # files in: an upload belongs to the person who sent it
    "import-list": Page(BRINGS_IN),
    "import-template": Page(BRINGS_IN, args=lambda o: ["thanh-vien"]),
    "register-export": Page(POSTED, args=lambda o: ["thanh-vien"]),
    "import-detail": of_roster(),
    "import-result": of_roster(answer=302),  # nothing was written yet
    "import-links": of_roster(),
    # API
    "api-schema": Page(EVERYBODY),
    "api-units": Page(EVERYBODY),
    "api-periods": Page(EVERYBODY),
    "api-reports": Page(EVERYBODY),
    "api-report": of_sent(INSIDE),
    "api-targets": Page(INSIDE, query=lambda o: f"?unit={o.world.phuoc_long.pk}&year=2026", outside=OUTSIDE),
    "api-live-services": Page(EVERYBODY, query=lambda o: "?period=2026-11"),
    "api-summaries": Page(INSIDE, query=lambda o: f"?unit={o.world.phuoc_long.pk}&period=2026-11", outside=OUTSIDE),
}
ACTS = {  # addresses that only take a POST (of the API: PATCH)
    "posting-switch": Page(
        {"reviewer"},
        args=lambda o: [o.world.reviewer.postings.get().pk],
        outside=EVERYBODY - {"reviewer"},
    ),
    "report-save-cells": of_draft(ENTERS | BODIES),
    "report-zero-fill": of_draft(ENTERS),
    "report-take-outreach": of_draft(ENTERS | BODIES),
    "report-ready": of_draft(ENTERS),
    "report-submit": of_draft(ENTERS),
    "review-approve-clean": Page({"reviewer"}),
    "review-urge": Page(URGES),
    "reminder-read": Page({"officer"}, args=lambda o: [o.reminder.pk], outside=EVERYBODY - {"officer"}),
    "reminder-read-all": Page(EVERYBODY),
    "letter-again": Page({"administrator"}, args=lambda o: [o.letter.pk]),
    "report-approve": of_sent({"reviewer"}),
    "report-send-back": of_sent({"reviewer"}),
    "report-reopen": of_sent({"reviewer"}),
    "report-accept-prior": of_sent(ENTERS | {"reviewer"}),
    "correction-accept": of_register("correction", {"reviewer"}),
    "correction-refuse": of_register("correction", {"reviewer"}),
    "correction-withdraw": of_register("correction"),
    "difficulty-answer": of_register("difficulty", {"reviewer", "staff"}),
    "difficulty-resolve": of_register("difficulty", ENTERS | {"reviewer", "staff"}),
    "difficulty-pass-up": of_register("difficulty", {"reviewer", "staff"}),
    "difficulty-reopen": of_register("difficulty"),
    "campaign-lock": of_register("campaign", ASSIGNS),
    "campaign-close": of_register("campaign", ASSIGNS),
    "campaign-reopen": of_register("campaign", ASSIGNS),
    "target-answer": of_register("target", ASSIGNS),
    "view-save": Page(INSIDE, outside=OUTSIDE),
    "view-rename": Page({"reviewer"}, args=lambda o: [o.view.pk], outside=EVERYBODY - {"reviewer"}),
    "view-drop": Page({"reviewer"}, args=lambda o: [o.view.pk], outside=EVERYBODY - {"reviewer"}),
    "export-create": Page(INSIDE, outside=OUTSIDE),
    "export-drop": Page({"reviewer"}, args=lambda o: [o.export.pk], outside=EVERYBODY - {"reviewer"}),
    "word-template-try": of_template({"staff"}),
    "word-template-use": of_template({"staff"}),
    "word-template-back": Page({"staff", "stranger_staff"}),
    "circular-form-try": of_circular({"staff"}),
    "circular-form-use": of_circular({"staff"}),
    "circular-form-withdraw": of_circular({"staff"}),
    "import-upload": Page(BRINGS_IN),
    "import-confirm": of_roster(),
    "import-retry": of_roster(),
    "import-cancel": of_roster(),
    "import-links-send": of_roster(),
    "api-report-cells": of_draft(ENTERS | BODIES),
    "api-report-submit": of_draft(ENTERS),
}


@dataclass(frozen=True)
class Form:
    """What a person would send to an address, and what that writes.

    Who may is as the address says unless `may` says otherwise; `told` are people who get an answer and no more (person
    -> status). `before` brings the world to the moment of the act. `open` are holes known and not yet closed: these
    combinations are not tried.
    """

    name: str
    writes: type | None
    data: Callable[[SimpleNamespace, User], dict] = lambda o, by: {}
    answer: int = 302
    may: set[str] | None = None
    told: dict[str, int] = field(default_factory=dict)
    before: Callable[[SimpleNamespace], None] = lambda o: None
    case: str = ""
    as_json: str = ""  # the method, where the body is JSON
    of: str = ""  # whose address, where it is not that of the page's own object
    open: frozenset[str] | set[str] = frozenset()

    @property
    def page(self) -> Page:
        page = PAGES.get(self.name) or ACTS[self.name]
        return replace(page, args=lambda o: [getattr(o, self.of).pk]) if self.of else page

    @property
    def allowed(self) -> set[str]:
        return self.page.may if self.may is None else self.may

    def expected(self, person: str) -> int:
        if person in self.allowed:
            return self.answer
        return self.told.get(person) or (404 if person in self.page.outside else 403)

    def __str__(self):
        return self.name + (f" ({self.case})" if self.case else "")


OFFICE = {"officer", "substitute"}
CODE = "K7QF-3MXA-9TRP"  # well formed, never given
STATION = ENTERS | {"station"}
DAY, EARLIER = "2026-11-10", "2026-01-15"
ROWS = {"dong-TOTAL_FORMS": "1", "dong-INITIAL_FORMS": "0"}
NOTE = {"note": "Đã xem."}
CAMPAIGN = {"name": "Cao điểm 2", "last_day": "2026-11-30", "measure_1": "Việc", "unit_of_measure_1": "hồ sơ"}
REASON = {"ly_do": "Xem lại số quá hạn."}


def paper():
    return SimpleUploadedFile("ke-hoach.pdf", b"%PDF-1.7\n%%EOF\n")


def word_file():
    return SimpleUploadedFile("mau.docx", word_templates.SHIPPED.read_bytes())


def circular_file():
    return SimpleUploadedFile("bieu.xlsx", circular())


def circular_in_force(o):
    circular_forms.use_form(form_id=o.circular.pk, by=o.world.staff)


def template_in_force(o):
    word_templates.put_in_force(template_id=o.template.pk, by=o.world.staff)


def filled(o):
    o.fill(o.draft, base=11, ready=True)  # the figures of October again would have to be explained


def approved(o):
    workflow.approve(report_id=o.sent.pk, by=o.world.second_reviewer)


def refused_file(o):
    ImportJob.objects.update(state="refused", file="imports/tep")


def closed(o):
    closing.close_period(period_id=o.sent.period_id, province_id=o.world.dong_nai.pk, by=o.world.staff)


def answered(o):
    Difficulty.objects.filter(pk=o.difficulty.pk).update(state="answered")


def done(o):
    assignments.finish(by=o.world.officer, assignment_id=o.assignment.pk, on=dt.date(2026, 11, 10), note="Xong")


def body_done(o):
    assignments.finish(by=o.world.station, assignment_id=o.body_task.pk, on=dt.date(2026, 11, 10), note="Xong")


def nothing(o):
    """Nothing comes before the act."""


def evidence():
    return {"title": "Minh chứng", "issued_on": DAY, "upload": paper()}


def dropped(o):
    assignments.drop(by=o.world.staff, assignment_id=o.assignment.pk, on=dt.date(2026, 11, 10), reason="Trùng")


def remedied(o):
    InspectionFinding.objects.update(remedied_on=dt.date(2026, 11, 10), remedied_by=o.world.officer)


def with_the_ward(o):
    """On this portal nobody is above the province; a difficulty that lies with the ward can go up."""
    Difficulty.objects.filter(pk=o.difficulty.pk).update(with_unit=o.world.phuoc_long)


def over(o):
    running.close_campaign(by=o.world.staff, campaign_id=o.campaign.pk)


def held(o):
    day = dt.date(2026, 11, 10)
    activities.add_outreach(
        by=o.world.officer, unit=o.world.phuoc_long, held_on=day, channel="meeting", times=4, audience=9
    )


def prior_corrected(o):
    Report.objects.filter(pk=o.sent.pk).update(prior_corrected=True)


def typed(cell, text="3", **more):
    """What the entry page sends for one cell."""
    return lambda o, by: {"user": by.pk, "fields": {cell: text}, **more}


FORMS = [
    Form("posting-switch", None, may={"reviewer"}),
    Form(
        "posting-give",
        Posting,
        lambda o, by: {
            "user": "tam",
            "unit": o.world.phuoc_long.pk,
            "role": "officer",
            "branch": "office",
            "valid_from": "2026-11-16",
        },
    ),
    Form(
        "posting-transfer",
        Posting,
        lambda o, by: {"unit": o.world.phuoc_binh.pk, "role": "leader", "branch": "", "valid_from": "2026-11-20"},
    ),
    Form(
        "posting-delegate",
        Posting,
        lambda o, by: {"user": "tam", "valid_from": "2026-11-20", "valid_to": "2026-11-21"},
    ),
    Form("posting-end", Posting, lambda o, by: {"on": "2026-11-15"}),
    Form(
        "posting-confirm",
        Posting,
        told={"officer": 404},  # whose posting waits: until then it opens nothing
        before=lambda o: Posting.objects.filter(pk=o.posting.pk).update(waits=True),
    ),
    Form("password-slip", PostingEvent, answer=200),
    Form("password-slip", PostingEvent, lambda o, by: {"ask": "1"}, case="asked for"),
    Form("taskforce-create", TaskForce, lambda o, by: {"kind": "support_team", "name": "Tổ mới", "valid_from": DAY}),
    Form("taskforce-edit", TaskForce, lambda o, by: {"kind": "working_group", "name": "Tên", "valid_from": EARLIER}),
    Form("taskforce-end", TaskForce, lambda o, by: {"on": DAY}),
    Form("member-add", Membership, lambda o, by: {"role": "member", "full_name": "Phạm Văn Hai", "valid_from": DAY}),
    Form("member-edit", Membership, lambda o, by: {"role": "member", "post": "Công chức", "valid_from": EARLIER}),
    Form("member-end", Membership, lambda o, by: {"on": DAY}),
    Form(
        "village-add",
        VillageTeam,
        lambda o, by: {"kind": "working_group", "valid_from": DAY, "dong-0-village": "Khu phố 2", **ROWS},
    ),
    Form(
        "village-edit",
        VillageTeam,
        lambda o, by: {"village": "Khu phố 1", "members": "7", "founded_on": EARLIER, "valid_from": EARLIER},
    ),
    Form("village-end", VillageTeam, lambda o, by: {"on": DAY}),
    Form(
        "document-upload",
        Document,
        lambda o, by: {"kind": "plan", "issued_on": DAY, "title": "Kế hoạch 2", "upload": paper()},
    ),
    Form("document-edit", Document, lambda o, by: {"kind": "plan", "issued_on": DAY, "title": "Kế hoạch sửa"}),
    Form("assignment-update", Assignment, lambda o, by: {"status": "in_progress", "progress": "Đã rà soát"}),
    Form("assignment-finish", Assignment, lambda o, by: {"on": DAY, "note": "Xong"}),
    Form(
        "assignment-evidence",
        Document,
        lambda o, by: {"title": "Minh chứng", "issued_on": DAY, "upload": paper()},
    ),
    Form("assignment-drop", Assignment, lambda o, by: {"on": DAY, "reason": "Trùng"}),
    *(
        Form(
            name,
            row,
            lambda o, by, data=data: data() if callable(data) else data,
            may=may,
            of="body_task",
            before=before,
            case="of a body",
        )
        for name, row, data, may, before in (
            ("assignment-update", Assignment, {"status": "in_progress", "progress": "Đã rà soát"}, STATION, nothing),
            ("assignment-finish", Assignment, {"on": DAY, "note": "Xong"}, STATION, nothing),
            ("assignment-evidence", Document, evidence, STATION, nothing),
            ("assignment-resume", Assignment, {"reason": "Chưa xong"}, STATION, body_done),
            ("assignment-drop", Assignment, {"on": DAY, "reason": "Trùng"}, ASSIGNS, nothing),
            ("assignment-due", Assignment, {"due_on": "2026-12-31", "reason": "Thêm việc"}, ASSIGNS, nothing),
        )
    ),
    Form("assignment-due", Assignment, lambda o, by: {"due_on": "2026-12-31", "reason": "Thêm việc"}),
    Form("assignment-resume", Assignment, lambda o, by: {"reason": "Chưa xong"}, before=done),
    Form("assignment-resume", Assignment, lambda o, by: {"reason": "Cần"}, may=ASSIGNS, before=dropped, case="dropped"),
    # Open: any province adds plans, and tasks to a plan that is for all; both are logged.
    Form(
        "source-create",
        SourceDocument,
        lambda o, by: {"number": "7/KH", "issued_on": DAY, "issuing_body": "UBND tỉnh", "title": "Kế hoạch"},
        open=NEXT_DOOR,
    ),
    Form(
        "source-edit",
        SourceDocument,
        lambda o, by: {"number": "06/QĐ-TTg", "issued_on": EARLIER, "issuing_body": "Thủ tướng", "title": "Đổi tên"},
        may=KEEPS_SOURCES - NEXT_DOOR,
        told=dict.fromkeys(NEXT_DOOR, 200),  # the plan is handed out in another province: said on the form
    ),
    Form(
        "source-item-add",
        SourceItem,
        lambda o, by: {"dong-0-code": "NV2", "dong-0-text": "Làm sạch", **ROWS},
        open=NEXT_DOOR,
    ),
    Form(
        "source-item-edit",
        SourceItem,
        lambda o, by: {"code": "NV1", "text": "Rà soát lại"},
        may=KEEPS_SOURCES - NEXT_DOOR,
        told=dict.fromkeys(NEXT_DOOR, 200),
    ),
    Form(
        "meeting-add", Meeting, lambda o, by: {"task_force": o.force.pk, "kind": "other", "held_on": DAY, "chair": "A"}
    ),
    Form("meeting-edit", Meeting, lambda o, by: {"kind": "regular", "held_on": DAY, "chair": "B", "points": "3"}),
    Form("meeting-cancel", Meeting, lambda o, by: {"reason": "Ghi nhầm"}),
    Form(
        "meeting-paper", Document, lambda o, by: {"kind": "minutes", "issued_on": DAY, "title": "BB", "upload": paper()}
    ),
    Form(
        "meeting-conclude",
        Assignment,
        lambda o, by: {"dong-0-text": "Rà soát", "dong-0-due_on": "2026-12-31", **ROWS},
    ),
    Form(
        "inspection-add",
        Inspection,
        lambda o, by: {"task_force": o.inspectors.pk, "unit": "25217", "held_on": DAY, "leader": "A"},
    ),
    Form("inspection-edit", Inspection, lambda o, by: {"unit": "25217", "held_on": DAY, "leader": "B"}),
    Form(
        "inspection-cancel",
        Inspection,
        lambda o, by: {"reason": "Ghi nhầm"},
        before=lambda o: InspectionFinding.objects.all().delete(),
    ),
    Form(
        "inspection-paper",
        Document,
        lambda o, by: {"kind": "minutes", "issued_on": DAY, "title": "BB", "upload": paper()},
    ),
    Form(
        "inspection-findings-add",
        InspectionFinding,
        lambda o, by: {"dong-0-text": "Thiếu sổ", "dong-0-due_on": "2026-12-31", **ROWS},
    ),
    Form("inspection-finding-edit", InspectionFinding, lambda o, by: {"text": "Thiếu máy", "due_on": "2026-12-31"}),
    Form("inspection-finding-remedied", InspectionFinding, lambda o, by: {"on": DAY, "remedy": "Đã lắp"}),
    Form("inspection-finding-reopen", InspectionFinding, lambda o, by: {"reason": "Chưa đủ"}, before=remedied),
    Form("pilot-add", PilotModel, lambda o, by: {"name": "Mô hình 2", "started_on": DAY}),
    Form("pilot-edit", PilotModel, lambda o, by: {"name": "Mô hình 1b", "started_on": EARLIER}),
    Form(
        "outreach-add",
        OutreachEvent,
        lambda o, by: {"held_on": DAY, "channel": "meeting", "times": "1", "audience": "5"},
    ),
    Form(
        "outreach-edit",
        OutreachEvent,
        lambda o, by: {"held_on": EARLIER, "channel": "meeting", "times": "2", "audience": "5"},
    ),
    Form("outreach-delete", OutreachEvent),
    # A cell is typed by its own branch; the other branch and the leader are shown what stands there.
    Form(
        "report-entry",
        ServiceFigures,
        lambda o, by: {"seen": "{}", "DVC09.rejected": "3"},
        may=OFFICE,
        told={"police_officer": 200, "leader": 302, **dict.fromkeys(BODIES, 200)},
        case="office",
    ),
    Form(
        "report-entry",
        IndicatorFigure,
        lambda o, by: {"seen": "{}", "YT01.numerator": "3"},
        may=OFFICE | {"station"},
        told={"police_officer": 200, "leader": 302, "other_body": 200},
        case="of a department",
    ),
    Form(
        "report-entry",
        ServiceFigures,
        lambda o, by: {"seen": "{}", "DVC03.rejected": "3"},
        may={"police_officer"},
        told={"officer": 200, "substitute": 200, "leader": 302, **dict.fromkeys(BODIES, 200)},
        case="police",
    ),
    Form(
        "report-entry", Report, lambda o, by: {"seen": "{}", "shortcomings": "Mạng chậm"}, may=ENTERS, case="narrative"
    ),
    Form(
        "report-save-cells",
        ServiceFigures,
        typed("DVC09.rejected"),
        200,
        may=OFFICE,
        told={"police_officer": 200, "leader": 200, **dict.fromkeys(BODIES, 200)},
        case="office",
        as_json="post",
    ),
    Form(
        "report-save-cells",
        IndicatorFigure,
        typed("YT01.numerator"),
        200,
        may=OFFICE | {"station"},
        told={"police_officer": 200, "leader": 200, "other_body": 200},
        case="of a department",
        as_json="post",
    ),
    Form(
        "report-save-cells",
        ServiceFigures,
        typed("DVC03.rejected"),
        200,
        may={"police_officer"},
        told={"officer": 200, "substitute": 200, "leader": 200, **dict.fromkeys(BODIES, 200)},
        case="police",
        as_json="post",
    ),
    Form("report-live", LiveService, lambda o, by: {"within": ["DVC09"], "live": ["DVC09"]}, may=OFFICE),
    Form("report-zero-fill", ServiceFigures, lambda o, by: {"service": "DVC09"}, may=OFFICE),
    Form(
        "report-take-outreach",
        IndicatorFigure,
        lambda o, by: {"chi_tieu": "TT01"},
        may=OFFICE,
        told={"police_officer": 302, **dict.fromkeys(BODIES, 302)},
        before=held,
    ),
    Form(
        "report-ready",
        Report,
        lambda o, by: {"branch": "office"},
        may=OFFICE | {"leader"},
        told={"police_officer": 302},
        before=lambda o: o.fill(o.draft),
    ),
    Form("report-submit", ReportEvent, lambda o, by: {"checked": "1"}, before=filled),
    Form(
        "report-upload",
        ServiceFigures,
        lambda o, by: {"cells": '{"DVC09.rejected": "3"}', "seen": "{}"},
        may=OFFICE,
        told={"police_officer": 200, "leader": 200, **dict.fromkeys(BODIES, 200)},
        case="confirm",
    ),
    Form(
        "report-upload",
        IndicatorFigure,
        lambda o, by: {"cells": '{"YT01.numerator": "3"}', "seen": "{}"},
        may=OFFICE | {"station"},
        told={"police_officer": 200, "leader": 200, "other_body": 200},
        case="confirm, of a department",
    ),
    Form(
        "report-upload",
        FormUpload,
        lambda o, by: {"file": SimpleUploadedFile("so-lieu.xlsx", b"PK")},
        200,
        may=OFFICE | BODIES | {"police_officer"},
        told={"leader": 200},
        case="preview",
    ),
    Form(
        "review-approve-clean",
        ReportEvent,
        lambda o, by: {"bao_cao": [o.sent.pk]},
        told={"stranger_reviewer": 302},
    ),
    Form(
        "review-urge",
        Urging,
        lambda o, by: {"don_vi": o.world.dong_nai.pk, "ky": "2026-11", "bao_cao": o.draft.pk},
        told=dict.fromkeys(("stranger_reviewer", "stranger_chair", "stranger_staff"), 404),  # who urge, elsewhere
        case="one",
    ),
    Form(
        "review-urge",
        Urging,
        lambda o, by: {"don_vi": o.world.dong_nai.pk, "ky": "2026-11"},
        told=dict.fromkeys(("stranger_reviewer", "stranger_chair", "stranger_staff"), 302),  # of none they see
        case="all",
    ),
    Form("reminder-read", Reminder),
    Form("reminder-read-all", Reminder, lambda o, by: {"den": o.reminder.pk}, may={"officer"}, told=NOT_TOLD),
    Form(
        "reminder-choice",
        ReminderChoice,
        lambda o, by: {"how": "never", "digest_at": "07:30", "quiet_from": "", "quiet_to": "", "kinds": []},
    ),
    Form("letter-again", Letter),
    Form("report-approve", ReportEvent),
    Form("report-send-back", ReportEvent, lambda o, by: REASON),
    Form("report-reopen", ReportEvent, lambda o, by: REASON, before=approved),
    Form("report-accept-prior", ReportEvent, before=prior_corrected),
    Form("period-close", PeriodClosure),
    Form(
        "period-extend",
        ReportEvent,
        lambda o, by: {
            "bao_cao": [o.unsent_report.pk],
            "day": "2026-11-20",
            "hour": "17:00",
            "reason": "Bão số 9",
            "authority": "CV 120/UBND",
        },
    ),
    Form("period-reopen", PeriodClosure, lambda o, by: REASON, before=closed),
    Form(
        "correction-add",
        Correction,
        lambda o, by: {"DVC09.received_online": "12", "DVC09.resolved_on_time": "12", **REASON},
        before=lambda o: Correction.objects.all().delete(),
    ),
    Form("correction-accept", PublishedVersion),
    Form("correction-refuse", Correction, lambda o, by: {"tra_loi": "Số cũ đúng."}),
    Form("correction-withdraw", Correction),
    Form("difficulty-add", Difficulty, lambda o, by: {"kind": "network", "text": "Mạng chậm"}),
    Form("difficulty-edit", Difficulty, lambda o, by: {"kind": "network", "text": "Mạng rất chậm"}),
    Form("difficulty-answer", DifficultyStep, lambda o, by: NOTE),
    Form("difficulty-resolve", DifficultyStep, lambda o, by: NOTE),
    Form("difficulty-pass-up", DifficultyStep, lambda o, by: NOTE, before=with_the_ward),
    Form("difficulty-reopen", DifficultyStep, lambda o, by: NOTE, before=answered),
    Form("campaign-add", Campaign, lambda o, by: {"first_day": DAY, "goals": "25217", **CAMPAIGN}),
    Form("campaign-edit", Campaign, lambda o, by: {"first_day": EARLIER, "goals": "25217", **CAMPAIGN}),
    Form("campaign-entry", CampaignDay, lambda o, by: {f"value_{o.measure.pk}": "3"}),
    Form("campaign-lock", Campaign, lambda o, by: {"to": DAY}),
    Form("campaign-close", Campaign),
    Form("campaign-reopen", Campaign, lambda o, by: REASON, before=over),
    Form(
        "target-add",
        TargetEvent,
        lambda o, by: {"thing": "TT01", "year": "2026", "month": "0", "value": "1200"},
        may=ENTERS | ASSIGNS,
        told=dict.fromkeys(DEPARTMENTS, 200),  # not among what a department chooses from
    ),
    Form(
        "target-add",
        TargetEvent,
        lambda o, by: {"thing": "YT02", "year": "2026", "month": "0", "value": "92"},
        may=ENTERS | ASSIGNS | {"station", "department"},
        told={"other_body": 200},
        case="of a department",
    ),
    Form("target-edit", TargetEvent, lambda o, by: {"value": "91", "reason": "Sát thực tế"}),
    Form("target-drop", TargetEvent, lambda o, by: {"reason": "Giao nhầm"}),
    Form("target-answer", TargetEvent, lambda o, by: {"viec": "nhan", "asked": "90"}, case="nhận"),
    Form("target-answer", TargetEvent, lambda o, by: {"viec": "tra", "reason": "Thấp", "value": "95"}, case="trả"),
    *(
        Form(name, TargetEvent, lambda o, by, data=data: data, may=may, of="health_target", case=f"of health {case}")
        for name, data, may, case in (
            ("target-edit", {"value": "91", "reason": "Sát"}, ENTERS | ASSIGNS | {"station", "department"}, ""),
            ("target-drop", {"reason": "Giao nhầm"}, ASSIGNS | {"department"}, ""),
            ("target-answer", {"viec": "nhan", "asked": "90"}, ASSIGNS | {"department"}, "nhận"),
            ("target-answer", {"viec": "tra", "reason": "Thấp", "value": "95"}, ASSIGNS | {"department"}, "trả"),
        )
    ),
    Form("target-table", TargetEvent, lambda o, by: {f"value_{o.world.phuoc_long.pk}": "95"}),
    Form(
        "export-create",
        ExportJob,
        lambda o, by: {"don_vi": o.world.phuoc_long.pk, "ky": "2026-11", "co_so": "tam-tinh"},
    ),
    Form("interim-words", InterimReport, may=ENTERS),
    Form("interim-conclusion", InterimReport, lambda o, by: {"ket_luan": "Kết luận của chủ trì."}, may=ENTERS),
    Form(
        "circular-form-list",
        CircularForm,
        lambda o, by: {"ten": "Biểu 02", "tep": circular_file()},
        may={"staff", "stranger_staff"},
    ),
    Form(
        "circular-form-try",
        ExportJob,
        lambda o, by: {"don_vi": o.world.dong_nai.pk, "ky": "2026-11", "co_so": "tam-tinh"},
    ),
    Form("circular-form-use", CircularForm),
    Form("circular-form-withdraw", CircularForm, before=circular_in_force),
    Form("word-template-list", WordTemplate, lambda o, by: {"tep": word_file()}, may={"staff", "stranger_staff"}),
    Form("word-template-try", ExportJob),
    Form("word-template-use", WordTemplate),
    Form("word-template-back", WordTemplate, may={"staff"}, told={"stranger_staff": 302}, before=template_in_force),
    Form(
        "import-upload",
        ImportJob,
        lambda o, by: {"loai": "to-thon", "tep": csv_file(["Mã đơn vị"], ["25217"])},
        case="villages",
    ),
    Form(
        "import-upload",
        ImportJob,
        lambda o, by: {"loai": "tai-khoan", "tep": csv_file(["Mã đơn vị"], ["25217"])},
        may=anywhere(GIVES),
        case="accounts",
    ),
    Form("import-confirm", ImportJob),
    Form("import-retry", ImportJob, before=refused_file),
    Form("import-cancel", ImportJob),
    # a page is given a code when somebody prints it
    Form("dashboard", IssuedCode, answer=200, may=POSTED, told=dict.fromkeys(UNPOSTED, 200)),
    Form("dashboard-sheet", IssuedCode, answer=200),
    Form("published-version", IssuedCode),
    Form("figures-check", None, lambda o, by: {"ma": CODE}),
    Form("view-save", SavedView, lambda o, by: {"trang": "dashboard", "don_vi": o.world.phuoc_long.pk, "ten": "x"}),
    Form("view-rename", SavedView, lambda o, by: {"ten": "Tên mới"}),
    Form("view-drop", SavedView),
    Form("export-drop", ExportJob),
    Form("import-links-send", None),
    Form(
        "api-report-cells",
        ServiceFigures,
        lambda o, by: {"cells": {"DVC09.rejected": "3"}},
        200,
        may=OFFICE,
        told={"police_officer": 400, **dict.fromkeys(BODIES, 400)},
        case="office",
        as_json="patch",
    ),
    Form(
        "api-report-cells",
        IndicatorFigure,
        lambda o, by: {"cells": {"YT01.numerator": "3"}},
        200,
        may=OFFICE | {"station"},
        told={"police_officer": 400, "other_body": 400},
        case="of a department",
        as_json="patch",
    ),
    Form("api-report-submit", ReportEvent, answer=200, before=filled, as_json="post"),
]
# These have two steps or read the address too; their own tests send them: the plan to hand out is asked for first.
ASKED_FIRST = {"assign-bulk"}
PUBLIC = {"guide", "healthz", "readyz", "set-password"}  # the last by a link that only its owner has
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
    assert own_url_names() == set(PAGES) | set(ACTS) | PUBLIC


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


def log_in(client, o, person) -> None:
    """By the session that the person has had since the world was made: a login of its own costs as much as the page."""
    client.cookies[settings.SESSION_COOKIE_NAME] = o.sessions[person]


@pytest.fixture(scope="module")
def objects(django_db_setup, django_db_blocker, fill):
    """One world for all tests of this file, on the morning of 16 November 2026."""
    morning = dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)
    with django_db_blocker.unblock(), time_machine.travel(morning, tick=False), undone():
        o = build_objects(fill, morning)
        o.sessions = {}
        for person in EVERYBODY:
            visitor = Client()
            visitor.force_login(getattr(o.world, person))
            o.sessions[person] = visitor.cookies[settings.SESSION_COOKIE_NAME].value
        yield o


def add_people(w):
    """Twins next door, and people whose rights come from a substitution, are over or never were."""
    w.neighbour_police_officer = make_person("ca2", "Vũ Văn Công", w.phuoc_binh, Role.OFFICER, Branch.POLICE)
    w.neighbour_leader = make_person("ld2", "Hà Thị Lãnh", w.phuoc_binh, Role.LEADER)
    w.stranger_chair = make_person("ct2", "Cao Thị Tịch", w.lam_dong, Role.CHAIR)
    w.stranger_staff = make_person("th2", "Mã Văn Hợp", w.lam_dong, Role.PROVINCIAL_STAFF)
    w.stranger_auditor = make_person("kt2", "Đào Thị Tra", w.lam_dong, Role.AUDITOR)
    for name, unit, body, groups in (
        ("station", w.phuoc_long, "Trạm Y tế", "health"),
        ("other_body", w.phuoc_long, "Tư pháp – Hộ tịch", "civil_status"),
        ("neighbour_station", w.phuoc_binh, "Trạm Y tế", "health"),
        ("department", w.dong_nai, "Sở Y tế", "health"),
        ("stranger_department", w.lam_dong, "Sở Y tế", "health"),
    ):
        setattr(w, name, make_person(name, f"Người {name}", unit, Role.DEPARTMENT, body=body, groups=groups))
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
    o.unsent_report = Report.objects.get(unit=world.phuoc_binh, period=october)
    september = open_period(Span.parse("2026-09").first)
    o.september = fill(Report.objects.get(unit=world.phuoc_long, period=september), status="approved", by=world.officer)
    publishing.close_month(period_id=september.pk, province_id=world.dong_nai.pk, by=world.staff)
    o.version = PublishedVersion.objects.get()
    cells = {"DVC09.received_online": "11", "DVC09.resolved_on_time": "11"}
    o.correction = corrections.ask(report_id=o.september.pk, by=world.officer, cells=cells, reason="Sót hồ sơ")
    ReportEvent.objects.create(
        report=o.sent, action="submit", by=world.officer, at=now, revision=1, receipt="BC-25217-2026-10-1"
    )
    o.roster = ImportJob.objects.create(
        kind="users", state="ready", by=world.staff, uploaded_at=now, file_name="tep.xlsx", size=1, sha256="0" * 64
    )
    o.view = SavedView.objects.create(
        owner=world.reviewer, name="Họp", page="dashboard", query=f"don_vi={world.phuoc_long.pk}", saved_at=now
    )
    o.reminder = Reminder.objects.create(
        person=world.officer, kind="returned", key="x", text="Báo cáo bị trả lại.", path="/viec-can-lam/", made_at=now
    )
    o.letter = Letter.objects.create(person=world.officer, channel="email", state="failed", made_at=now, next_at=now)
    Delivery.objects.create(reminder=o.reminder, channel="email", letter=o.letter, made_at=now)
    o.export = ExportJob.objects.create(
        requested_by=world.reviewer, requested_at=now, unit=world.phuoc_long, span="2026-10", basis="provisional"
    )
    o.circular = circular_forms.hand_in_form(
        unit=world.dong_nai, upload=circular_file(), name="Biểu 01a", note="", by=world.staff
    )
    o.template = word_templates.hand_in(unit=world.dong_nai, upload=word_file(), note="", by=world.staff)
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
    o.body_task = assignments.assign(
        by=world.staff, item=o.item, unit=unit, part="lead", assigned_on=founded, body="Trạm Y tế"
    )
    o.meeting = meetings.add_meeting(
        by=by, task_force=o.force, kind="regular", held_on=dt.date(2026, 11, 9), title="", chair="A", points=None,
        delegates=None, minutes="",
    )  # fmt: skip
    o.inspectors = keeping.found_task_force(
        by=by, unit=unit, kind="inspection_team", name="Tổ kiểm tra", valid_from=founded
    )
    o.inspection = inspections.add_inspection(
        by=by, task_force=o.inspectors, unit=unit, body="", held_on=dt.date(2026, 11, 9), leader="A", summary=""
    )
    o.found = inspections.add_finding(
        by=by, inspection_id=o.inspection.pk, text="Thiếu máy", due_on=dt.date(2026, 11, 12)
    )
    o.pilot = activities.add_pilot_model(by=by, unit=unit, name="Mô hình 1", started_on=founded)
    o.outreach = activities.add_outreach(by=by, unit=unit, held_on=founded, channel="meeting", times=1, audience=20)
    o.campaign = running.make_campaign(
        by=world.staff, unit=world.dong_nai, name="Cao điểm 21 ngày đêm", first_day=dt.date(2026, 11, 10),
        last_day=dt.date(2026, 11, 30), measures=[running.MeasureWanted(1, "Hồ sơ số hóa", "hồ sơ")],
        goals={unit.pk: (100,)},
    )  # fmt: skip
    o.measure = o.campaign.measures.get()
    o.target = target_workflow.propose(
        by=by, unit=unit, aim=target_workflow.Aim(2026, rate="in_time_rate"), value=Decimal(90)
    )
    health = target_workflow.Aim(2026, indicator=Indicator.objects.get(code="YT01"))
    o.health_target = target_workflow.propose(by=by, unit=unit, aim=health, value=Decimal(90))
    return o


def address_of(name, page, o):
    return reverse(name, args=page.args(o)) + page.query(o)


def get(client, name, o) -> int:
    return status_of(client.get(address_of(name, PAGES[name], o)))


def status_of(response) -> int:
    if response.streaming:
        b"".join(response.streaming_content)  # a file read to its end is closed, the test's connection is not
    return response.status_code


def send(client, form, o, by):
    address, body = address_of(form.name, form.page, o), form.data(o, by)
    if form.as_json:
        return getattr(client, form.as_json)(address, json.dumps(body), content_type="application/json")
    return client.post(address, body)


def rows_of(model):
    return list(model.objects.order_by("pk").values_list())


@pytest.mark.parametrize("name", sorted(PAGES))
def test_who_may_open(name, objects, client):
    page, wrong = PAGES[name], []
    for person in sorted(EVERYBODY):
        log_in(client, objects, person)
        with undone():
            status = get(client, name, objects)
        if status != page.expected(person):
            wrong.append(f"{person}: {status}, expected {page.expected(person)}")
    assert not wrong, f"{name}: {'; '.join(wrong)}"


@pytest.mark.parametrize("form", [f for f in FORMS if f.of and f.name in PAGES], ids=str)
def test_who_may_open_what_is_a_departments(form, objects, client):
    """The pages of a department's own assignments and targets."""
    wrong = []
    with undone():
        form.before(objects)
        for person in sorted(EVERYBODY):
            log_in(client, objects, person)
            status = status_of(client.get(address_of(form.name, form.page, objects)))
            if status != (200 if person in form.allowed else 404 if person in OUTSIDE else 403):
                wrong.append(f"{person}: {status}")
    assert not wrong, f"{form}: {'; '.join(wrong)}"


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_who_may_send(form, objects, client):
    """Each person in the same moment: who may changes the row named, who may not writes to no table at all."""
    wrong = []
    with undone():
        form.before(objects)
        for person in sorted(EVERYBODY - form.open):
            wrong += what_goes_wrong(form, person, objects, client)
    assert not wrong, f"{form}: {'; '.join(wrong)}"


def what_goes_wrong(form, person, objects, client) -> list[str]:
    by, may, wrong = getattr(objects.world, person), person in form.allowed, []
    log_in(client, objects, person)
    kept = rows_of(form.writes) if form.writes else None
    with undone():
        with watched() as written:
            status = status_of(send(client, form, objects, by))
        changed = form.writes is not None and rows_of(form.writes) != kept
    if status != form.expected(person):
        wrong.append(f"{person}: {status}, expected {form.expected(person)}")
    if may and form.writes and not changed:
        wrong.append(f"{person}: {form.writes.__name__} not written")
    if not may and written:
        wrong.append(f"{person}: wrote to {sorted(written)}")
    return wrong


NO_DAY, NO_COUNT, NO_CHOICE = "31/02/2026", "mười hai", "khong-co"
CHOICES = {"kind", "role", "channel", "part", "status"}


def spoiled_fields():
    """(form, field, wrong text): every day, count and choice of every form that a browser sends."""
    for form in FORMS:
        named = {"report-entry", "report-upload", "report-submit", "campaign-entry", "target-table"}
        if form.as_json or form.name in named:
            continue  # no days, or fields named by what is counted: their own tests
        objects = MagicMock()
        for key, value in form.data(objects, objects).items():
            if key in CHOICES:
                yield pytest.param(form, key, NO_CHOICE, id=f"{form}-{key}")
            elif re.fullmatch(r"2026-\d\d-\d\d", str(value)):
                yield pytest.param(form, key, NO_DAY, id=f"{form}-{key}")
            elif re.fullmatch(r"\d+", str(value)) and "dong-" not in key and key not in {"ask", "asked"}:
                yield pytest.param(form, key, NO_COUNT, id=f"{form}-{key}")


@pytest.mark.parametrize(("form", "key", "wrong"), list(spoiled_fields()))
def test_a_wrong_value_is_shown_with_its_error_and_the_rest_is_kept(form, key, wrong, objects, client):
    """Nothing is written; the page comes back with an error, the wrong text and everything else that was typed."""
    by = getattr(objects.world, sorted(form.allowed - form.open)[0])
    client.force_login(by)
    with undone():
        form.before(objects)
        kept = rows_of(form.writes)
        body = {**form.data(objects, by), key: wrong}
        response = client.post(address_of(form.name, form.page, objects), body)
        assert rows_of(form.writes) == kept
    if response.status_code == 302:  # an act without a page of its own: told where it leads
        page = client.get(response["Location"]).content.decode()
        assert "errors" in page or "notice--bad" in page, page[:2000]
        return
    assert response.status_code == 200
    page = html.unescape(response.content.decode())
    assert re.search(r'class="errors|class="[^"]*\berror\b|is-problem|notice--bad', page)
    typed = {k: str(v) for k, v in body.items() if isinstance(v, str) and v and "FORMS" not in k}
    if wrong == NO_CHOICE:
        del typed[key]  # no list offers it again
    for name, text in typed.items():
        day = re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3/\2/\1", text)
        assert text in page or day in page, (name, text)


@pytest.mark.parametrize("name", ["export-status", "export-download"])
def test_who_may_take_a_finished_file(name, objects, client):
    ExportJob.objects.filter(pk=objects.export.pk).update(state="done", file_name="tep.xlsx")
    file = export_jobs.path_of(objects.export)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PK")
    answers = {}
    for person in EVERYBODY:
        client.force_login(getattr(objects.world, person))
        answers[person] = get(client, name, objects)
    assert answers == {person: 200 if person in INSIDE else 404 for person in EVERYBODY}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_nobody_opens_a_page_without_login(name, objects, client):
    response = client.get(address_of(name, PAGES[name], objects))
    if name.startswith("api-"):
        assert response.status_code == 403
    else:
        assert response.status_code == 302
        assert response["Location"].startswith("/tai-khoan/login/")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_nobody_sends_a_form_without_login(form, objects, client):
    with undone():
        form.before(objects)
        with watched() as written:
            response = send(client, form, objects, SimpleNamespace(pk=None))
    assert not written
    if form.name.startswith("api-"):
        assert response.status_code == 403
    else:
        assert response.status_code == 302
        assert response["Location"].startswith("/tai-khoan/login/")


def test_what_only_shows_takes_no_post(objects, client):
    """An address without a form answers a POST as it answers a GET, or not at all, and writes nothing."""
    wrong = []
    for name in sorted(set(PAGES) - {form.name for form in FORMS} - ASKED_FIRST):
        for person in ("officer", "staff", "administrator"):
            client.force_login(getattr(objects.world, person))
            with undone(), watched() as written:
                body = {"on": DAY, "reason": "x"}
                status = status_of(client.post(address_of(name, PAGES[name], objects), body))
            if status not in {405, PAGES[name].expected(person)} or written:
                wrong.append((name, person, status, written))
    assert not wrong


def test_acts_are_not_opened(objects, client):
    client.force_login(objects.world.administrator)
    assert {client.get(address_of(name, page, objects)).status_code for name, page in ACTS.items()} == {405}


def test_every_act_has_a_form():
    assert set(ACTS) <= {form.name for form in FORMS}


def test_public_pages_stand_open(client):
    assert client.get("/healthz").content == b"ok"
    assert client.get(reverse("set-password", args=["MQ", "sai"])).status_code == 410


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


# The administration ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What a superuser may do with the rows of one model, and what would add one."""

    adds: bool = True
    deletes: bool = False
    body: Callable[[SimpleNamespace], dict] = lambda o: {}


ADMIN = {
    "auth.group": Kept(deletes=True, body=lambda o: {"name": "Nhóm mới"}),
    "mfa.authenticator": Kept(adds=False, deletes=True),
    "taskforces.user": Kept(body=lambda o: {"username": "moi", "full_name": "Người Mới", "usable_password": "false"}),
    "taskforces.posting": Kept(
        body=lambda o: {
            "user": o.world.nobody.pk,
            "unit": o.world.phuoc_long.pk,
            "role": Role.LEADER,
            "valid_from": "16/11/2026",
        }
    ),
    "taskforces.administrativeunit": Kept(adds=False),
    "taskforces.boundaryfile": Kept(deletes=True, body=lambda o: {"file": map_file(square("25217"))}),
    "reporting.publicservice": Kept(),
    "reporting.indicator": Kept(),
    "reporting.serviceterms": Kept(
        body=lambda o: {
            "service": apps.get_model("reporting.publicservice").objects.get(code="DVC10").pk,
            "valid_from": "01/01/2031",
            "lead_agency": "Bộ Y tế",
        }
    ),
    "reporting.indicatorterms": Kept(
        body=lambda o: {
            "indicator": apps.get_model("reporting.indicator").objects.get(code="TT01").pk,
            "valid_from": "01/01/2031",
        }
    ),
    "reporting.reportingsettings": Kept(adds=False),
    "reporting.levelsetting": Kept(),
    "reporting.holiday": Kept(deletes=True, body=lambda o: {"day": "24/11/2026", "name": "Ngày Văn hóa"}),
    "reporting.participatingarea": Kept(
        body=lambda o: {"unit": o.world.lam_dong.pk, "valid_from": "01/07/2025", "valid_to": ""}
    ),
    "reporting.period": Kept(adds=False),
}
SHARED = {"index", "jsi18n", "password_change", "password_change_done", "autocomplete", "app_list", "view_on_site"}
# `login` leads everyone to the portal's own login, back or to 403 (tests/test_accounts.py); the last is the catch-all.
ADMIN_PUBLIC = {"login", "logout", "(?P<url>.*)$"}
NAMED_IN_FILES = ("publicservice", "indicator", "holiday")  # models that go out and come in by file, these with a name
IN_FILES = (*NAMED_IN_FILES, "serviceterms", "indicatorterms", "participatingarea")
FILES = {f"{model}_{page}" for model in IN_FILES for page in ("export", "import", "process_import")}


@pytest.fixture
def keepers(objects):
    """A superuser, one with the flag of staff and no permission, and provincial staff without the flag."""
    flagged = make_person("vanthu", "Lê Thị Văn Thư", objects.world.dong_nai, Role.PROVINCIAL_STAFF)
    User.objects.filter(pk=flagged.pk).update(is_staff=True)
    return SimpleNamespace(superuser=objects.world.administrator, flagged=flagged, unflagged=objects.world.staff)


def admin_address(label, page, *args):
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def one_of(label, o):
    """A row of the model; what the world has none of is made."""
    model = apps.get_model(label)
    if label == "auth.group":
        return model.objects.create(name="Nhóm")
    if label == "mfa.authenticator":
        return model.objects.create(user=o.world.officer, type="totp", data={"secret": "x"})
    if label == "taskforces.boundaryfile":
        return model.objects.create(name="ban-do.geojson", sha256="0" * 64, uploaded_by=o.world.administrator)
    if label == "reporting.reportingsettings":
        return model.load()
    if label == "reporting.publicservice":
        return model.objects.get(code="DVC09")
    if label == "reporting.serviceterms":
        return model.objects.filter(service__code="DVC09").first()
    if label == "reporting.indicatorterms":
        return model.objects.filter(indicator__figures__isnull=False).first()
    if label == "taskforces.user":
        return o.world.officer
    return model.objects.order_by("pk").first()


def test_every_page_of_the_administration_is_listed():
    pages = {"changelist", "add", "history", "delete", "change"}
    listed = {f"{label.replace('.', '_')}_{page}" for label in ADMIN for page in pages} | SHARED | ADMIN_PUBLIC
    listed |= {f"reporting_{page}" for page in FILES} | {"auth_user_password_change"}
    names = {n for n in all_url_names() if ":" in n}
    redirects = {n for n in names if "<path:object_id>" in n}  # the old address of a change page leads to the new one
    assert names - redirects == {f"admin:{name}" for name in listed}
    assert len(redirects) == 1


@pytest.mark.parametrize("label", sorted(ADMIN))
def test_the_administration_of_a_model(label, objects, keepers, client):
    """A superuser opens it, and adds and deletes what may be; who lacks the permission or the flag does neither."""
    kept, row, model, wrong = ADMIN[label], one_of(label, objects), apps.get_model(label), []
    pages = {"changelist": 200, "change": 200, "history": 200}
    pages |= {"add": 200 if kept.adds else 403, "delete": 200 if kept.deletes else 403}
    for who in ("superuser", "flagged", "unflagged"):
        client.force_login(getattr(keepers, who))
        for page, answer in pages.items():
            address = admin_address(label, page, *([] if page in {"changelist", "add"} else [row.pk]))
            expected = answer if who == "superuser" else 403 if who == "flagged" else 302
            body = kept.body(objects) if page == "add" else {"post": "yes"} if page == "delete" else {}
            opened = client.get(address)
            before = model.objects.count()
            with undone(), watched() as written:
                sent = client.post(address, body)
                after = model.objects.count()
            if opened.status_code != expected:
                wrong.append(f"{page} for {who}: {opened.status_code}, expected {expected}")
            if who == "unflagged" and not opened["Location"].startswith("/quan-tri/login/"):
                wrong.append(f"{page} for {who}: led to {opened['Location']}")
            if expected != 200 and (sent.status_code != expected or written):
                wrong.append(f"{page} sent by {who}: {sent.status_code}, wrote to {sorted(written)}")
            if expected == 200 and (more := {"add": 1 if body else 0, "delete": -1}.get(page, 0)) != after - before:
                wrong.append(f"{page} sent by {who}: {after - before} rows more, expected {more}")
    assert not wrong, f"{label}: {'; '.join(wrong)}"


def test_the_other_pages_of_the_administration(objects, keepers, client):
    officer = objects.world.officer
    suggest = "?app_label=taskforces&model_name=posting&field_name=user"
    addresses = {  # address: answer to the superuser, to the flagged person
        reverse("admin:index"): (200, 200),
        reverse("admin:app_list", args=["reporting"]): (200, 404),
        reverse("admin:autocomplete") + suggest: (200, 403),
        reverse("admin:auth_user_password_change", args=[officer.pk]): (200, 403),
        reverse("admin:password_change"): (200, 200),
        reverse("admin:jsi18n"): (200, 200),
        **{reverse(f"admin:reporting_{page}"): (200, 403) for page in FILES if "process" not in page},
    }
    wrong = []
    for address, (to_superuser, to_flagged) in addresses.items():
        for who, expected in (("superuser", to_superuser), ("flagged", to_flagged), ("unflagged", 302)):
            client.force_login(getattr(keepers, who))
            status = client.get(address).status_code
            if status != expected:
                wrong.append(f"{address} for {who}: {status}, expected {expected}")
    assert not wrong
    client.force_login(keepers.unflagged)
    for page in FILES:
        with watched() as written:
            assert client.post(reverse(f"admin:reporting_{page}"), {}).status_code == 302, page
        assert not written
    client.force_login(keepers.flagged)
    assert "reporting" not in client.get(reverse("admin:index")).text.split('id="content"')[1]


def test_every_model_that_goes_by_file_is_tried():
    assert {f"reporting_{m}" for m in IN_FILES} == {
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model, kept_by in admin.site._registry.items()  # nothing public lists them
        if isinstance(kept_by, ImportMixin | ExportMixin)
    }


def columns_of(row):
    """The rows' way in and out of files, and this row as its way writes it."""
    resource = admin.site.get_model_admin(type(row)).resource_classes[0]
    return resource, resource().export(type(row).objects.filter(pk=row.pk)).dict[0]


def renaming(row) -> dict:
    """The first step of bringing in a file that gives the row another name."""
    line = columns_of(row)[1] | {"Tên": "Tên mới"}
    return {"resource": 0, "format": 0, "import_file": csv_file(list(line), list(line.values()))}


def all_columns(row) -> dict:
    resource = columns_of(row)[0]
    columns = resource().get_export_order()
    return {"resource": 0, "format": 0} | {f"{resource.__name__.lower()}_{column}": "on" for column in columns}


@pytest.mark.parametrize("model", NAMED_IN_FILES)
@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        ((), set()),
        (("view",), {"export"}),
        (("change",), set()),
        (("add",), set()),
        (("view", "change"), {"export"}),
        (("view", "add"), {"export"}),
        (("add", "change"), {"import"}),
        (("view", "add", "change"), {"import", "export"}),
    ],
    ids=lambda value: "+".join(sorted(value)) or "none",
)
def test_who_brings_the_catalogue_in_and_takes_it_out(model, permissions, may, objects, keepers, client):
    """Each step by itself: a file that somebody else has brought to the second step is not taken in either."""
    kept, address = apps.get_model("reporting", model), f"/quan-tri/reporting/{model}/"
    row, clerk = kept.objects.order_by("pk").first(), keepers.flagged
    names = [f"{permission}_{model}" for permission in permissions]
    other = "indicator" if model == "publicservice" else "publicservice"
    names += [f"{permission}_{other}" for permission in ("view", "add", "change")]  # no right over this one
    with undone():
        clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="reporting", codename__in=names))
        client.force_login(keepers.superuser)
        step_two = client.post(f"{address}import/", renaming(row)).context["confirm_form"].initial
        client.force_login(clerk)
        for page, body in (("import", renaming(row)), ("export", all_columns(row))):
            expected = 200 if page in may else 403
            assert client.get(f"{address}{page}/").status_code == expected, page
            response = client.post(f"{address}{page}/", body)
            assert response.status_code == expected, page
            assert (str(columns_of(row)[1]["Tên"]) in response.text) is (page in may), page
        response = client.post(f"{address}process_import/", step_two)
        assert response.status_code == (302 if "import" in may else 403)
        row.refresh_from_db()
        assert (row.name == "Tên mới") is ("import" in may)


@pytest.mark.parametrize("person", sorted(EVERYBODY - {"administrator"}))
def test_a_posting_alone_opens_no_administration(person, objects, client):
    client.force_login(getattr(objects.world, person))
    for address in (reverse("admin:index"), admin_address("reporting.publicservice", "changelist")):
        response = client.get(address)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/quan-tri/login/")
        assert client.get(response["Location"]).status_code == 403


def test_an_unknown_object_is_not_found(objects, client):
    client.force_login(objects.world.reviewer)
    for name, page in {**PAGES, **ACTS}.items():
        if not page.args(objects):
            continue
        args = [uuid.uuid4() if isinstance(page.args(objects)[0], uuid.UUID) else 999_999, *page.args(objects)[1:]]
        address = reverse(name, args=args) + page.query(objects)
        ask = client.get if name in PAGES else client.patch if name == "api-report-cells" else client.post
        assert ask(address, content_type="application/json").status_code == 404, name


def test_closed_unit_people_read_and_write_nothing(objects, fill, client):
    """The ward ended on 30 June 2025: its officer still reads the report of June, and cannot enter it."""
    world, june = objects.world, open_period(Span.parse("2025-06").first)
    report = fill(Report.objects.get(unit=world.thac_mo, period=june))
    client.force_login(world.old_officer)
    assert client.get(report.get_absolute_url()).status_code == 200
    assert client.get(reverse("report-entry", args=[report.pk])).status_code == 403
    assert client.post(reverse("report-submit", args=[report.pk])).status_code == 403
