"""The API: the same scope, functions and sentences as the pages; null stays null."""

import datetime as dt
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    FigureChange,
    Indicator,
    IndicatorFigure,
    IndicatorSummary,
    IndicatorTerms,
    LiveService,
    PublicService,
    Report,
    ServiceFigures,
    ServiceSummary,
    ServiceTerms,
    SubmissionSummary,
    Target,
)
from reporting.review import workflow
from reporting.rollup import rollup
from tests.test_against_targets import give, say


@pytest.fixture
def november(month):
    return month("2026-11")


@pytest.fixture
def report(world, november):
    return Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=november)


@pytest.fixture
def as_(client):
    """A client logged in as this person."""

    def login(user):
        client.force_login(user)
        return client

    return login


def patch(client, report, **body):
    return client.patch(f"/api/reports/{report.pk}/cells/", body, content_type="application/json")


# Who sees what


@pytest.mark.parametrize(
    "address", ["units/", "periods/", "reports/", "reports/1/", "summaries/", "targets/", "live-services/", "schema/"]
)
def test_nobody_enters_without_logging_in(client, db, address):
    assert client.get(f"/api/{address}").status_code == 403


def test_units_of_a_day_are_found_without_diacritics(as_, world):
    client = as_(world.stranger)
    rows = client.get("/api/units/", {"q": "phuoc long", "on": "2026-11-14"}).json()["results"]
    assert [(r["name"], r["code"], r["id"]) for r in rows] == [("Phường Phước Long", "25217", world.phuoc_long.pk)]
    rows = client.get("/api/units/", {"q": "phuoc long", "on": "2024-11-14"}).json()["results"]
    assert [r["name"] for r in rows] == ["Thị xã Phước Long"]
    rows = client.get("/api/units/", {"parent": world.dong_nai.pk, "on": "2026-11-14", "limit": 2}).json()
    assert (rows["count"], len(rows["results"])) == (3, 2)
    assert client.get("/api/units/", {"on": "hôm nay"}).status_code == 400
    assert client.get("/api/units/", {"parent": "x"}).status_code == 400


def test_periods_come_with_their_deadlines(as_, world, november):
    [row] = as_(world.officer).get("/api/periods/").json()["results"]
    assert (row["key"], row["data_from"], row["data_to"]) == ("2026-11", "2026-10-15", "2026-11-14")
    assert {d["level"]: d["due_at"] for d in row["deadlines"]}["commune"] == "2026-11-16T17:00:00+07:00"


def test_page_of_reports_and_api_hold_the_same_units(as_, world, november):
    for who in ("officer", "reviewer", "chair", "auditor", "stranger", "stranger_reviewer", "administrator"):
        user = getattr(world, who)
        expected = set(Report.objects.visible_to(user).values_list("pk", flat=True))
        rows = as_(user).get("/api/reports/").json()["results"]
        assert {r["id"] for r in rows} == expected
        assert expected
    own = as_(world.officer).get("/api/reports/").json()["results"]
    assert [(r["unit_name"], r["period"], r["status"]) for r in own] == [("Phường Phước Long", "2026-11", "draft")]


def test_reports_are_filtered(as_, world, month, november, report, fill):
    month("2026-10")
    client = as_(world.reviewer)
    assert client.get("/api/reports/", {"period": "2026-10"}).json()["count"] == 4
    fill(report, status="submitted", by=world.officer)
    rows = client.get("/api/reports/", {"status": "submitted"}).json()["results"]
    assert [r["id"] for r in rows] == [report.pk]
    assert client.get("/api/reports/", {"unit": world.phuoc_binh.pk, "period": "2026-11"}).json()["count"] == 1
    for wrong in ({"period": "2026-13"}, {"period": "2026-Q1"}, {"status": "x"}, {"unit": "1 OR 1"}):
        assert client.get("/api/reports/", wrong).status_code == 400


def test_list_costs_the_same_for_many_reports(as_, world, month, django_assert_max_num_queries):
    for key in ("2026-08", "2026-09", "2026-10", "2026-11"):
        month(key)
    client = as_(world.reviewer)
    with django_assert_max_num_queries(6):
        assert client.get("/api/reports/").json()["count"] == 16


@pytest.mark.parametrize("who", ["stranger", "stranger_reviewer", "neighbour"])
def test_outside_the_scope_a_report_does_not_exist(as_, world, report, who):
    client = as_(getattr(world, who))
    assert client.get(f"/api/reports/{report.pk}/").status_code == 404
    assert patch(client, report, cells={"DVC09.rejected": 1}).status_code == 404
    assert client.post(f"/api/reports/{report.pk}/submit/").status_code == 404


@pytest.mark.parametrize("who", ["reviewer", "chair", "auditor", "staff", "leader"])
def test_inside_the_scope_without_the_right_is_forbidden(as_, world, report, who):
    client = as_(getattr(world, who))
    assert client.get(f"/api/reports/{report.pk}/").status_code == 200
    assert patch(client, report, cells={"DVC09.rejected": 1}).status_code == 403
    if who != "leader":
        assert client.post(f"/api/reports/{report.pk}/submit/").status_code == 403
    assert FigureChange.objects.count() == 0


def test_writing_needs_the_token_of_the_session(world, report):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(world.officer)
    assert patch(client, report, cells={"DVC09.rejected": 1}).status_code == 403


# Figures


def test_a_report_gives_zero_as_zero_and_blank_as_null(as_, world, report):
    client = as_(world.officer)
    patch(client, report, cells={"DVC09.received_online": 0, "DV02.numerator": 309, "DV02.denominator": "318"})
    body = client.get(f"/api/reports/{report.pk}/").json()
    figures = {row["code"]: row["figures"] for row in body["services"]}["DVC09"]
    assert figures["received_online"] == 0
    assert figures["received_postal"] is None
    assert figures["pending_in_time"] is None
    indicators = {row["code"]: row for row in body["indicators"]}
    assert indicators["DV02"]["rate"] == "97.17"
    assert indicators["DV03"]["rate"] is None
    assert indicators["TC06"]["denominator"] is None
    assert "DVC09.received_postal" in body["missing"]
    assert "DVC09.received_online" not in body["missing"]
    assert {p["severity"] for p in body["problems"]} == {"missing"}
    assert set(body["narrative"]) == {"results", "shortcomings", "causes", "proposals", "plan"}


def test_figures_no_longer_owed_are_listed_as_totals_count_them(as_, world, report, fill, django_assert_num_queries):
    """DVC10 and DV02 stop the day before the month's data end, after the report was sent."""
    fill(report, base=3, status="submitted", by=world.officer)
    services = ServiceFigures.objects.filter(report=report)
    services.filter(service__code="DVC10").update(received_online=64, rejected=None, pending_in_time=None)
    services.filter(service__code="DVC11").update(**dict.fromkeys(FIGURE_FIELDS))  # nothing of it: not listed
    IndicatorFigure.objects.filter(report=report, indicator__code="DV02").update(numerator=32, denominator=64)
    url = f"/api/reports/{report.pk}/"
    client = as_(world.officer)
    before = client.get(url).json()
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    assert {row["owed"] for row in [*before["services"], *before["indicators"]]} == {True}
    last_day = dt.date(2026, 11, 13)
    ServiceTerms.objects.filter(service__code__in=["DVC10", "DVC11"]).update(valid_to=last_day)
    IndicatorTerms.objects.filter(indicator__code="DV02").update(valid_to=last_day)
    rollup.roll_up(report.period)

    with django_assert_num_queries(len(queries) + 2):  # the service and the indicator
        body = client.get(url).json()
    assert [row["code"] for row in body["services"] if not row["owed"]] == ["DVC10"]
    assert "DVC11" not in {row["code"] for row in body["services"]}
    was = {row["code"]: row for row in before["services"]}["DVC10"]
    assert body["services"][-1] == was | {"owed": False}
    assert (was["figures"]["received_online"], was["figures"]["rejected"]) == (64, None)
    dv02 = {row["code"]: row for row in before["indicators"]}["DV02"]
    assert [row for row in body["indicators"] if not row["owed"]] == [dv02 | {"owed": False}]
    assert (dv02["numerator"], dv02["rate"]) == (32, "50.00")
    total = as_(world.chair).get("/api/summaries/", {"unit": world.dong_nai.pk, "period": "2026-11"}).json()
    listed = {row["code"]: row["figures"]["received_online"] for row in body["services"]}
    counted = {row["code"]: row["figures"]["received_online"] for row in total["services"]}
    assert {code: n for code, n in listed.items() if n is not None} == {
        c: n for c, n in counted.items() if n is not None
    }


def test_cells_are_saved_by_the_same_function_as_the_page(as_, world, report):
    answer = patch(as_(world.officer), report, cells={"DVC09.received_online": "1.234", "DVC09.rejected": 3})
    assert answer.status_code == 200
    assert answer.json()["saved"] == {"DVC09.received_online": "1.234", "DVC09.rejected": "3"}
    assert set(FigureChange.objects.values_list("via", "by__username")) == {("api", "nhung")}
    answer = patch(as_(world.officer), report, cells={"DVC09.rejected": None}, seen={"DVC09.rejected": 3})
    assert answer.json()["saved"] == {"DVC09.rejected": ""}
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected is None


def test_refused_cells_come_back_with_their_sentence(as_, world, report):
    answer = patch(
        as_(world.officer), report, cells={"DVC09.received_online": 12.5, "DVC09.rejected": -1, "DVC10.rejected": 2.0}
    )
    assert answer.status_code == 400
    assert answer.json()["refused"] == {
        "DVC09.received_online": "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “12,5”.",
        "DVC09.rejected": "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “-1”.",
    }
    assert answer.json()["saved"] == {"DVC10.rejected": "2"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"cells": {}},
        {"cells": []},
        {"cells": {"DVC09.rejected": True}},
        {"cells": {"DVC09.rejected": [1]}},
        {"cells": "x"},
    ],
)
def test_what_is_no_set_of_cells_is_a_bad_request(as_, world, report, body):
    assert patch(as_(world.officer), report, **body).status_code == 400
    assert FigureChange.objects.count() == 0


def test_a_cell_changed_by_another_is_a_conflict(as_, world, report):
    client = as_(world.officer)
    patch(client, report, cells={"DVC09.rejected": 7})
    answer = patch(client, report, cells={"DVC09.rejected": 9}, seen={"DVC09.rejected": None})
    assert answer.status_code == 409
    conflict = answer.json()["conflicts"]["DVC09.rejected"]
    assert (conflict["theirs"], conflict["mine"], conflict["who"]) == ("7", "9", "Nguyễn Thị Hồng Nhung")
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected == 7


def test_the_wrong_moment_is_told_in_words(as_, world, report, fill):
    fill(report, status="submitted", by=world.officer)
    answer = patch(as_(world.officer), report, cells={"DVC09.rejected": 1})
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Báo cáo đã gửi nên số liệu đã khóa.")


# Sending


@pytest.fixture
def no_worker():
    """Sending wakes the worker; here nobody listens."""
    with mock.patch.object(workflow.drain_rollup_requests, "delay_on_commit") as woken:
        yield woken


def test_an_incomplete_report_is_not_sent_and_the_cells_are_named(as_, world, report, fill, no_worker):
    fill(report, ready=True)
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(rejected=None, pending_in_time=None)
    answer = as_(world.officer).post(f"/api/reports/{report.pk}/submit/")
    assert answer.status_code == 409
    assert [(p["code"], p["cell"]) for p in answer.json()["problems"]] == [("missing", "DVC09.rejected")]
    no_worker.assert_not_called()


def test_a_complete_report_is_sent_with_a_receipt_and_only_once(as_, world, report, fill, no_worker, at):
    at("2026-11-16 09:15")
    fill(report, ready=True)
    client = as_(world.officer)
    answer = client.post(f"/api/reports/{report.pk}/submit/")
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert (body["revision"], body["is_late"], len(body["checksum"])) == (1, False, 64)
    assert body["at"] == "2026-11-16T09:15:00+07:00"
    report.refresh_from_db()
    assert report.status == "submitted"
    again = client.post(f"/api/reports/{report.pk}/submit/")
    assert again.status_code == 409
    assert "đã gửi báo cáo này lúc 09:15" in again.json()["detail"]


def test_what_looks_personal_is_sent_only_once_somebody_looked(as_, world, report, fill, no_worker, at):
    """As the page asks: a sum of money passes, a telephone or an identity card waits for a word."""
    at("2026-11-16 09:15")
    fill(report, ready=True)
    texts = {"results": "Chi 250000000 đồng.", "plan": "Gọi 0912345678, CCCD 075123456789."}
    type(report).objects.filter(pk=report.pk).update(**texts)
    client, address = as_(world.officer), f"/api/reports/{report.pk}/submit/"
    for body in ({}, {"no_personal": False}, {"no_personal": ""}, {"no_personal": None}, [], {"no_personal": ["true"]}):
        answer = client.post(address, body, content_type="application/json")
        assert answer.status_code in (400, 409), body
        report.refresh_from_db()
        assert report.status == "draft", body
    answer = client.post(address)
    assert answer.status_code == 409
    assert answer.json()["personal"] == ["“0912345678” (số điện thoại)", "“075123456789” (số định danh, căn cước)"]
    no_worker.assert_not_called()
    assert client.post(address, {"no_personal": True}, content_type="application/json").status_code == 200


# Totals


@pytest.fixture
def totals(world, november):
    rows = {"unit": world.dong_nai, "period": november, "generation": 1, "computed_at": timezone.now()}
    SubmissionSummary.objects.create(**rows, expected=4, submitted=2, approved=1, returned=0, late=0)
    rows |= {"basis": "provisional", "units_reported": 2}
    ServiceSummary.objects.create(
        **rows,
        service=PublicService.objects.get(code="DVC09"),
        received_online=998,
        received_in_person=2,
        received_postal=0,
        resolved_early=0,
        resolved_on_time=0,
        resolved_overdue=0,
    )
    IndicatorSummary.objects.create(**rows, indicator=Indicator.objects.get(code="HT01"), numerator=1, denominator=100)


def test_totals_keep_null_zero_and_rates_of_sums(as_, world, totals):
    address = {"unit": world.dong_nai.pk, "period": "2026-11"}
    body = as_(world.chair).get("/api/summaries/", address).json()
    [service] = body["services"]
    assert service["figures"]["received_postal"] == 0
    assert service["figures"]["opening"] is None
    assert (service["online_rate"], service["in_time_rate"]) == ("99.80", None)  # nothing resolved: no rate
    assert body["indicators"][0]["rate"] == "1.00"
    assert body["submissions"] == {"expected": 4, "submitted": 2, "approved": 1, "returned": 0, "late": 0}
    official = as_(world.chair).get("/api/summaries/", {**address, "basis": "official"}).json()
    assert official["services"] == []


def test_totals_outside_the_scope_do_not_exist(as_, world, totals):
    address = {"unit": world.dong_nai.pk, "period": "2026-11"}
    assert as_(world.stranger).get("/api/summaries/", address).status_code == 404
    assert as_(world.officer).get("/api/summaries/", address).status_code == 404  # the commune's officer is below
    assert as_(world.chair).get("/api/summaries/", {**address, "period": "2020-01"}).status_code == 404
    assert as_(world.chair).get("/api/summaries/", {**address, "unit": 10**15}).status_code == 404
    for wrong in ({"unit": "x"}, {"period": "2026"}, {"basis": "x"}):
        assert as_(world.chair).get("/api/summaries/", {**address, **wrong}).status_code == 400


def test_a_district_of_2024_is_read_by_its_own_chair(as_, world, month, at):
    at("2024-05-20 09:00")
    month("2024-05")
    address = {"period": "2024-05"}
    client = as_(world.district_chair)
    assert client.get("/api/summaries/", {**address, "unit": world.tx_phuoc_long.pk}).status_code == 200
    assert client.get("/api/summaries/", {**address, "unit": world.tx_binh_long.pk}).status_code == 404
    rows = client.get("/api/reports/", address).json()["results"]
    own = "UBND thị xã Phước Long (cấp huyện)"
    assert {r["unit_name"] for r in rows} == {own, "Phường Thác Mơ", "Phường Long Thủy"}


def test_stored_figures_of_a_neighbour_are_not_touched(as_, world, report):
    patch(as_(world.officer), report, cells={"DVC09.rejected": 1, "DV02.numerator": 5})
    assert set(ServiceFigures.objects.values_list("report", flat=True)) == {report.pk}
    assert set(IndicatorFigure.objects.values_list("report", flat=True)) == {report.pk}


# Targets, services done wholly online


def test_targets_come_with_what_is_reached_and_the_assessment(as_, world, month, fill, at):
    at("2026-11-18 09:00")
    for n, key in enumerate(("2026-01", "2026-02")):
        period = month(key)
        fill(Report.objects.get(unit=world.phuoc_long, period=period), services=[], status="approved")
        say(world.phuoc_long, period, "TT01", 100 + 3 * n)
        say(world.phuoc_long, period, "DD04", 11 + n, 20)
    for value, code, span in (
        (203, "TT01", {}),
        (61, "DD04", {}),
        (103, "TT01", {"month": 2}),
        (1, "HT01", {"month": 4}),
    ):
        give(world.phuoc_long, value, code, **span)
    give(world.phuoc_long, 98, rate="in_time_rate")
    proposed = give(world.phuoc_long, 1, "DV02")
    Target.objects.filter(pk=proposed.pk).update(value=None, asked=40, status="proposed")
    give(world.phuoc_long, 9, "TT01", year=2025)
    give(world.phuoc_binh, 5, "TT01")
    address = {"unit": world.phuoc_long.pk, "year": 2026}
    rows = as_(world.officer).get("/api/targets/", address).json()["results"]
    facts = ("month", "value", "asked", "numerator", "denominator", "rate", "assessment")
    assert {(row["of"], *(row[name] for name in facts)) for row in rows} == {
        ("in_time_rate", 0, "98.00", None, None, None, None, "không có số liệu"),
        ("TT01", 0, "203.00", None, 203, None, None, "đạt"),
        ("TT01", 2, "103.00", None, 103, None, None, "đạt"),
        ("DD04", 0, "61.00", None, 12, 20, "60.00", "chưa đạt"),  # a state: the last month's
        ("HT01", 4, "1.00", None, None, None, None, "không có số liệu"),
        ("DV02", 0, None, "40.00", None, None, None, None),
    }
    assert {row["unit"] for row in rows} == {world.phuoc_long.pk}
    of_month = as_(world.chair).get("/api/targets/", {**address, "month": 2}).json()
    assert [row["of"] for row in of_month["results"]] == ["TT01"]


def test_targets_outside_the_scope_do_not_exist(as_, world):
    give(world.phuoc_long, 203, "TT01")
    address = {"unit": world.phuoc_long.pk, "year": 2026}
    for outside in (world.stranger, world.neighbour):
        assert as_(outside).get("/api/targets/", address).status_code == 404
    for wrong in ({"unit": "x"}, {"year": "x"}, {"month": "x"}):
        assert as_(world.chair).get("/api/targets/", {**address, **wrong}).status_code == 400


@pytest.fixture
def lists(world, november):
    """Phước Long does DVC01 and not DVC09; Phước Bình does both; Phú Riềng keeps no list."""
    for unit, done in ((world.phuoc_long, {"DVC01"}), (world.phuoc_binh, {"DVC01", "DVC09"})):
        for code in ("DVC01", "DVC09"):
            LiveService.objects.create(
                report=Report.objects.get(unit=unit, period=november),
                service=PublicService.objects.get(code=code),
                is_live=code in done,
            )


def test_services_done_online_are_listed_by_unit_and_counted_by_lead_agency(
    as_, world, lists, django_assert_max_num_queries
):
    client = as_(world.chair)
    with django_assert_max_num_queries(7):
        body = client.get("/api/live-services/", {"period": "2026-11"}).json()
    assert body["count"] == 2
    rows = {row["unit"]: row for row in body["results"]}
    own = rows[world.phuoc_long.pk]
    assert (own["live"], own["within"], own["unit_name"]) == (1, 2, "Phường Phước Long")
    assert own["agencies"] == [
        {"agency": "Bộ Công an", "live": 1, "within": 1, "text": "1/1"},
        {"agency": "Bộ Tư pháp", "live": 0, "within": 1, "text": "0/1"},
    ]
    assert [(s["code"], s["agency"], s["live"]) for s in own["services"]] == [
        ("DVC01", "Bộ Công an", True), ("DVC09", "Bộ Tư pháp", False),
    ]  # fmt: skip
    assert rows[world.phuoc_binh.pk]["live"] == 2
    assert "live" not in body  # ranges of units differ: their counts are never added
    below = client.get("/api/live-services/", {"period": "2026-11", "unit": world.phuoc_binh.pk}).json()["results"]
    assert [row["unit"] for row in below] == [world.phuoc_binh.pk]
    assert client.get("/api/live-services/").status_code == 400


def test_lists_outside_the_scope_are_not_there(as_, world, lists):
    seen = as_(world.officer).get("/api/live-services/", {"period": "2026-11"}).json()["results"]
    assert [row["unit"] for row in seen] == [world.phuoc_long.pk]
    assert as_(world.stranger).get("/api/live-services/", {"period": "2026-11"}).json()["results"] == []


# Description


def test_schema_is_complete_and_valid(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    text = (tmp_path / "schema.yml").read_text()
    for address in (
        "units", "periods", "reports", "reports/{id}", "reports/{id}/cells", "summaries", "targets", "live-services",
    ):  # fmt: skip
        assert f"  /api/{address}/:" in text
