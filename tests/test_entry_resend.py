"""Step 1: an answer that was lost. The server knows its own earlier write; only a real other person is a conflict."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.entry import saving
from reporting.models import FigureChange, Report, ReportEvent, ServiceFigures
from taskforces.models import Branch, Role
from tests.conftest import make_person

KEY = "DVC09.rejected"


@pytest.fixture
def report(world, month):
    """November 2026 of Phường Phước Long, an untouched draft."""
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


@pytest.fixture
def colleague(world):
    return make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)


def write(report, by, text, seen="", unanswered=()):
    return saving.save_cells(
        report_id=report.pk, by=by, cells={KEY: text}, seen={KEY: seen}, unanswered={KEY: list(unanswered)}
    )


def rejected(report):
    return ServiceFigures.objects.get(report=report, service__code="DVC09").rejected


def test_a_new_figure_after_a_lost_answer_is_no_conflict_with_oneself(report, world):
    write(report, world.officer, "7")
    result = write(report, world.officer, "9", unanswered=["7"])
    assert (result.is_ok, result.saved) == (True, {KEY: "9"})
    assert list(FigureChange.objects.order_by("pk").values_list("old", "new")) == [(None, 7), (7, 9)]


def test_a_figure_taken_back_after_a_lost_answer_is_taken_back(report, world):
    """The page shows a blank as it first did; what arrived unheard of goes."""
    write(report, world.officer, "7")
    result = write(report, world.officer, "", unanswered=["7"])
    assert result.saved == {KEY: ""}
    assert rejected(report) is None


def test_another_person_stays_a_conflict_after_a_lost_answer(report, world, colleague):
    write(report, world.officer, "7")
    write(report, colleague, "8", seen="7")
    result = write(report, world.officer, "9", unanswered=["7"])
    assert result.conflicts[KEY].who == "Trịnh Thị Thu"
    assert rejected(report) == 8


def test_the_same_figure_by_another_person_is_theirs(report, world, colleague):
    write(report, colleague, "7")
    result = write(report, world.officer, "9", unanswered=["7"])  # sent, and never arrived
    assert result.conflicts[KEY].message.startswith("Trịnh Thị Thu đã sửa ô này thành 7 lúc ")
    assert rejected(report) == 7


def test_ones_own_change_elsewhere_is_called_so(report, world):
    """Nothing says that this page sent it: an old figure that waited here may not replace the newer one unasked."""
    write(report, world.officer, "7")
    conflict = write(report, world.officer, "9").conflicts[KEY]
    assert conflict.message.startswith("Chính bạn, ở trang hoặc máy khác, đã sửa ô này thành 7 lúc ")
    assert rejected(report) == 7


def test_what_is_heard_of_late_costs_one_query_for_all_cells(report, world):
    cells = {f"DVC{n:02}.rejected": "7" for n in (9, 10, 11)}
    blank = dict.fromkeys(cells, "")
    saving.save_cells(report_id=report.pk, by=world.officer, cells=cells, seen=blank)
    counts = []
    for unanswered in ({}, {key: ["7"] for key in cells}):
        with CaptureQueriesContext(connection) as queries:
            saving.save_cells(report_id=report.pk, by=world.officer, cells=cells, seen=blank, unanswered=unanswered)
        counts.append(len(queries))
    assert counts[1] == counts[0] + 1


def narrate(report, by, text, seen="", unanswered=()):
    return saving.save_narrative(
        report_id=report.pk,
        by=by,
        texts={"results": text},
        seen={"results": seen},
        unanswered={"results": list(unanswered)},
    )


def test_a_text_sent_before_is_ones_own(report, world):
    narrate(report, world.officer, "Đã xong.")
    assert narrate(report, world.officer, "Đã xong cả hai việc.").conflicts
    assert narrate(report, world.officer, "Đã xong cả hai việc.", unanswered=["Đã xong.\r\n"]).is_ok
    report.refresh_from_db()
    assert report.results == "Đã xong cả hai việc."


def test_the_same_text_by_another_person_is_theirs(report, world, colleague):
    """Sent, and never arrived; or arrived, and a colleague wrote over it and took that back."""
    narrate(report, colleague, "Đã xong.")
    result = narrate(report, world.officer, "Chưa xong.", unanswered=["Đã xong."])
    assert result.conflicts["results"].message.startswith("Trịnh Thị Thu đã sửa ô này thành Đã xong. lúc ")
    narrate(report, world.officer, "Còn một việc.", seen="Đã xong.")
    narrate(report, colleague, "Còn hai việc.", seen="Còn một việc.")
    narrate(report, colleague, "Còn một việc.", seen="Còn hai việc.")
    assert narrate(report, world.officer, "Xong.", seen="Đã xong.", unanswered=["Còn một việc."]).conflicts
    report.refresh_from_db()
    assert report.results == "Còn một việc."


def test_of_two_texts_each_has_its_own_writer(report, world, colleague):
    def write_both(by, texts, **known):
        return saving.save_narrative(report_id=report.pk, by=by, texts=texts, seen={"results": "", "plan": ""}, **known)

    write_both(world.officer, {"results": "Một"})
    write_both(colleague, {"plan": "Hai"})
    result = write_both(
        world.officer, {"results": "Ba", "plan": "Bốn"}, unanswered={"results": ["Một"], "plan": ["Hai"]}
    )
    assert (result.saved, list(result.conflicts)) == ({"results": "Ba"}, ["plan"])


def test_no_case_asked_for_again_names_the_zeros_again(report, world):
    first = saving.fill_zero(report_id=report.pk, service_code="DVC09", by=world.officer)
    again = saving.fill_zero(report_id=report.pk, service_code="DVC09", by=world.officer)
    assert again.saved == first.saved
    assert len(first.saved) == 9  # the opening too: no month before
    assert ReportEvent.objects.filter(action=ReportEvent.Action.ZERO_FILL).count() == 1


@pytest.mark.parametrize(
    ("unanswered", "status"),
    [({KEY: ["7"]}, 200), ({KEY: 7}, 400), ({KEY: None}, 400), ([], 400), ({"DVC99.rejected": ["7"]}, 200)],
)
def test_the_page_sends_what_was_not_answered(client, report, world, unanswered, status):
    write(report, world.officer, "7")
    client.force_login(world.officer)
    body = {"user": world.officer.pk, "fields": {KEY: "7"}, "seen": {KEY: ""}, "unanswered": unanswered}
    url = reverse("report-save-cells", args=[report.pk])
    assert client.post(url, json.dumps(body), content_type="application/json").status_code == status
