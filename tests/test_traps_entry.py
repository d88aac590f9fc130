"""Mistakes that real systems made where figures are typed and sent: zeros, two people, forms not complete."""

import datetime as dt
import io
import json

import openpyxl
import pytest
from django.urls import reverse

from reporting.exports.form_file import write_entry_form
from reporting.models import FigureChange, Report, ServiceFigures
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import Branch, Role
from tests.conftest import make_person
from tests.test_entry_form import place
from tests.test_entry_pages import plain_form, save
from tests.ways_out import FIRST, api, get, lines_of, report_of, workbook

pytestmark = pytest.mark.django_db


# Blank and zero ------------------------------------------------------------------------------------------------------


def test_a_typed_zero_comes_back_as_zero_and_a_blank_as_blank(world, month, at, client, tmp_path):
    """Typed on the page: 0 online, nothing by post; DD04 0 of blank. Read again on page, API, form, review, Excel."""
    at("2026-11-16 08:00")
    period = month("2026-11")
    report = report_of(world.phuoc_long, period)
    client.force_login(world.officer)
    typed = {"DVC09.received_online": "0", "DVC09.received_postal": "", "TT01.numerator": "0", "DVC09.rejected": "0"}
    save(client, report, typed, user=world.officer)
    fields = plain_form(get(client, world.officer, "report-entry", report.pk))
    shown = {cell: fields[f"c-{cell}"] if f"c-{cell}" in fields else fields[cell] for cell in typed}
    assert shown == typed
    body = api(client, world.officer, f"reports/{report.pk}/")
    figures = {line["code"]: line["figures"] for line in body["services"]}
    assert (figures["DVC09"]["received_online"], figures["DVC09"]["received_postal"]) == (0, None)
    assert {i["code"]: i["numerator"] for i in body["indicators"]}["TT01"] == 0
    assert {i["code"]: i["numerator"] for i in body["indicators"]}["TT02"] is None
    form = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
    values = [place(form, cell).value for cell in ("DVC09.received_online", "DVC09.received_postal", "TT01.numerator")]
    assert values == [0, None, 0]
    assert place(form, "TT02.numerator").value is None

    Report.objects.filter(pk=report.pk).update(
        status="submitted", revision=1, submitted_at=dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)
    )
    at("2026-11-20 09:00")
    rollup.roll_up(period)
    detail = get(client, world.reviewer, "report-detail", report.pk).context["form"].cells
    assert (detail["DVC09.received_online"].text, detail["DVC09.received_postal"].text) == ("0", "")
    page = get(client, world.chair, "dashboard", ky="2026-11")
    [line] = [row for row in page.context["services"]["rows"] if row["code"] == "DVC09"]
    # opening, online, in person, by post
    assert [text for _, text, _, _ in line["cells"]][:4] == ["", "0", "", ""]
    indicators = {i["code"]: i["value"] for _, lines in page.context["indicators"] for i in lines}
    assert (indicators["TT01"], indicators["TT02"]) == ("0", "")
    assert (
        get(client, world.chair, "dashboard-source", ky="2026-11", so="received_online").context["rows"][0]["value"]
        == "0"
    )
    [service] = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-11")["services"]
    assert (service["figures"]["received_online"], service["figures"]["received_postal"]) == (0, None)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    for name, key, text in (
        ("Theo đơn vị", 2, "Phường Phước Long"),
        ("Theo đơn vị", 2, "TỔNG SỐ"),
        ("Theo dịch vụ", 2, "DVC09"),
    ):
        [row] = lines_of(book[name], key)[text]
        assert row["Tiếp nhận trong kỳ: Trực tuyến"] == 0
        assert row["Tiếp nhận trong kỳ: Bưu chính"] in (
            None,
            "",
        )  # a total is a formula, whose nothing is an empty text
    [row] = [r for r in book["Nguồn số liệu"].iter_rows(min_row=FIRST, values_only=True) if r[3] == "DVC09"]
    assert (row[7], row[9]) == (0, None)


# Two people, one cell; sent again ------------------------------------------------------------------------------------


def test_what_is_sent_again_after_a_lost_answer_overwrites_nobody(world, month, at, client):
    """The officer's 7 was saved and the answer lost; a colleague, seeing 7, made it 9. The 7 that is sent again is
    asked about with both figures, who and when; nothing is written, and the history has two changes, not three."""
    at("2026-11-16 08:00")
    report = report_of(world.phuoc_long, month("2026-11"))
    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    first = {"fields": {"DVC09.rejected": "7"}, "seen": {"DVC09.rejected": ""}}
    client.force_login(world.officer)
    for _ in range(2):  # sent again before anybody else came: the same receipt, no second change
        answer = save(client, report, first["fields"], first["seen"], user=world.officer)
        assert answer.json()["saved"] == {"DVC09.rejected": "7"}
    at("2026-11-16 08:05")
    client.force_login(colleague)
    save(client, report, {"DVC09.rejected": "9"}, {"DVC09.rejected": "7"}, user=colleague)
    at("2026-11-16 08:10")
    client.force_login(world.officer)
    answer = save(client, report, first["fields"], first["seen"], user=world.officer)
    [conflict] = answer.json()["conflicts"].values()
    text = json.dumps(conflict, ensure_ascii=False)
    for part in ("Trịnh Thị Thu", "08:05 ngày 16/11/2026", "9", "7"):
        assert part in text
    changes = FigureChange.objects.filter(report=report, cell="DVC09.rejected").order_by("at", "pk")
    assert [(c.old, c.new, c.by) for c in changes] == [(None, 7, world.officer), (7, 9, colleague)]
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected == 9


# A form that is not complete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["page", "paste", "form", "api"])
@pytest.mark.parametrize("door", ["page", "api"])
def test_complete_is_refused_until_the_last_owed_cell_came_whatever_the_way(
    world, month, at, client, fill, monkeypatch, way, door
):
    """An empty report, then one with a single blank: not marked, not sent, through either door; then it is."""
    from reporting.imports.filled_form import read_entry_form, save_reading

    at("2026-11-16 08:00")
    monkeypatch.setattr(workflow.drain_rollup_requests, "delay_on_commit", lambda: None)
    report = report_of(world.phuoc_long, month("2026-11"))

    def mark_and_send():
        for who, branch in ((world.officer, "office"), (world.police_officer, "police")):
            client.force_login(who)
            client.post(reverse("report-ready", args=[report.pk]), {"branch": branch})
        client.force_login(world.officer)
        if door == "page":
            client.post(reverse("report-submit", args=[report.pk]), {"checked": "1"})
        else:
            client.post(f"/api/reports/{report.pk}/submit/")
        report.refresh_from_db()
        return bool(report.office_ready_at), report.status

    def mark_by_hand():
        """As if the marks were there: sending asks the cells, not the marks."""
        moment = dt.datetime(2026, 11, 16, 1, tzinfo=dt.UTC)
        Report.objects.filter(pk=report.pk).update(office_ready_at=moment, police_ready_at=moment)

    assert mark_and_send() == (False, "draft")
    mark_by_hand()
    assert mark_and_send()[1] == "draft"
    fill(report)
    ServiceFigures.objects.filter(report=report, service__code="DVC19").update(rejected=None, pending_in_time=None)
    Report.objects.filter(pk=report.pk).update(office_ready_at=None, police_ready_at=None)
    assert mark_and_send() == (False, "draft")
    mark_by_hand()
    assert mark_and_send()[1] == "draft"
    client.force_login(world.officer)
    if way in ("page", "paste"):
        save(client, report, {"DVC19.rejected": "0"}, user=world.officer, via=way)
    elif way == "api":
        client.patch(
            f"/api/reports/{report.pk}/cells/", {"cells": {"DVC19.rejected": 0}}, content_type="application/json"
        )
    else:
        report = report_of(world.phuoc_long, report.period)
        book = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
        place(book, "DVC19.rejected").value = 0
        out = io.BytesIO()
        book.save(out)
        out.seek(0)
        save_reading(report_id=report.pk, by=world.officer, reading=read_entry_form(report, out, world.officer))
    assert mark_and_send() == (True, "submitted")
    assert FigureChange.objects.get(report=report, cell="DVC19.rejected").new == 0
