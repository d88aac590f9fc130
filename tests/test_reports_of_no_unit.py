"""A draft whose unit was not there on the month's last day is owed by nobody: read, not typed in, not sent (0010)."""

import io
import json
import re

import openpyxl
import pytest
from django.urls import reverse

from reporting.expected import settle
from reporting.models import Explanation, FigureChange, Period, Report, ReportEvent, ServiceFigures, ServiceSummary
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, UnitVersion
from tests.test_entry_form import place
from tests.test_entry_pages import save

pytestmark = pytest.mark.django_db
SENTENCE = (
    "Đơn vị không có trong danh mục vào ngày chốt số liệu 14/11/2026 nên không phải nộp báo cáo tháng 11/2026. "
    "Số đã nhập được giữ nguyên và không cộng vào tổng nào."
)


def begin(unit, day):
    """The files say the unit began on that day; the month follows."""
    AdministrativeUnit.objects.filter(pk=unit.pk).update(opened_on=day)
    UnitVersion.objects.filter(unit=unit).update(valid_from=day)
    settle(Period.objects.get(year=2026, month=11))


@pytest.fixture
def draft(world, month, at, fill):
    """November of Phường Phước Long, complete and marked; then the unit is said to have begun on the 15th."""
    at("2026-11-16 08:40")
    report = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))
    fill(report, base=10, by=world.officer, ready=True)
    Report.objects.filter(pk=report.pk).update(saved_at="2026-11-15T01:00:00Z")
    rollup.drain()
    begin(world.phuoc_long, "2026-11-15")
    report.refresh_from_db()
    assert report.path == f"/{world.phuoc_long.pk}/"
    return report


def stored(report):
    return (
        list(ServiceFigures.objects.filter(report=report).order_by("pk").values()),
        list(Report.objects.filter(pk=report.pk).values()),
        [m.objects.filter(report=report).count() for m in (FigureChange, ReportEvent, Explanation)],
    )


JSON_WAYS = {
    "typing": {"DVC09.rejected": "1"},
    "narrative": {"results": "Đã làm."},
    "reason": {"ly-do:jump:DVC09.received_online": "Chiến dịch."},
}


@pytest.mark.parametrize("via", ["page", "paste"])
@pytest.mark.parametrize("way", JSON_WAYS)
def test_what_the_page_saves_is_refused(world, draft, client, way, via):
    before = stored(draft)
    client.force_login(world.officer)
    answer = save(client, draft, JSON_WAYS[way], user=world.officer, via=via)
    assert (answer.status_code, answer.json()["message"]) == (409, SENTENCE)
    assert stored(draft) == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("report-entry", {"DVC09.rejected": "1", "seen": "{}"}),  # the page without JavaScript
        ("report-zero-fill", {"service": "DVC09"}),
        ("report-ready", {"undo": "office"}),
        ("report-ready", {"branch": "office"}),
        ("report-submit", {"checked": "1"}),
        ("report-upload", {"cells": json.dumps({"DVC09.rejected": "1"}), "asked": "{}", "seen": "{}"}),
    ],
)
def test_what_a_form_sends_is_refused_in_a_sentence(world, draft, client, name, data):
    before = stored(draft)
    client.force_login(world.officer)
    answer = client.post(reverse(name, args=[draft.pk]), data, follow=True)
    assert SENTENCE in answer.content.decode()
    assert stored(draft) == before


def test_a_filled_form_is_refused(world, draft, client):
    client.force_login(world.officer)
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("report-template", args=[draft.pk])).content))
    place(book, "DVC09.rejected").value = 1
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "bieu.xlsx"
    before = stored(draft)
    answer = client.post(reverse("report-upload", args=[draft.pk]), {"file": out})
    assert SENTENCE in answer.content.decode()
    assert "Xem trước" not in answer.content.decode()
    assert stored(draft) == before


def test_the_api_refuses_it_in_the_same_words(world, draft, client):
    before = stored(draft)
    client.force_login(world.officer)
    cells = client.patch(
        f"/api/reports/{draft.pk}/cells/", {"cells": {"DVC09.rejected": 1}}, content_type="application/json"
    )
    assert (cells.status_code, cells.json()["detail"]) == (409, SENTENCE)
    sent = client.post(f"/api/reports/{draft.pk}/submit/")
    assert (sent.status_code, sent.json()["detail"]) == (409, SENTENCE)
    assert stored(draft) == before


def test_its_pages_say_why_and_offer_nothing(world, draft, client):
    client.force_login(world.officer)
    for name in ("report-entry", "report-check", "report-detail", "report-upload"):
        html = client.get(reverse(name, args=[draft.pk])).content.decode()
        assert html.count(SENTENCE) == 1, name
        assert "25217 (15/11/2026)" not in html  # called as on the nearest day it was there
        assert "Hạn nộp" not in html
        assert "Đang nhập" not in html
        assert "Gửi báo cáo" not in html
        assert not re.search(r"Kiểm tra và gửi(?! tháng 11)", html)  # only the page's own title
    home = client.get(reverse("task-list"), {"ky": "2026-11"}).content.decode()
    assert "Báo cáo tháng 11/2026: không phải nộp" in home
    assert home.count(SENTENCE) == 1
    assert "Đang nhập" not in home
    assert "Không phải nộp" in client.get(reverse("task-list"), {"ky": "tat-ca"}).content.decode()
    difficulty = {"kind": "network", "text": "Đường truyền chậm.", "proposal": "Nâng cấp."}
    answer = client.post(reverse("difficulty-add", args=[draft.pk]), difficulty, follow=True)
    assert SENTENCE in answer.content.decode()
    assert not draft.difficulties.exists()


def test_one_sent_back_before_is_not_asked_for(world, draft, client):
    Report.objects.filter(pk=draft.pk).update(status="returned", revision=1, submitted_at="2026-11-15T02:00:00Z")
    client.force_login(world.officer)
    home = client.get(reverse("task-list"), {"ky": "2026-11"}).content.decode()
    assert "bị trả lại" not in home
    assert "Sửa và gửi lại" not in home


def test_corrected_back_it_is_owed_typed_sent_and_counted_as_before(world, draft, client):
    begin(world.phuoc_long, "2025-07-01")
    draft.refresh_from_db()
    assert draft.path == world.phuoc_long.versions.get().path
    client.force_login(world.officer)
    entry = client.get(reverse("report-entry", args=[draft.pk])).content.decode()
    assert "không phải nộp" not in entry
    answer = save(client, draft, {"DVC09.received_online": "11", "DVC09.resolved_on_time": "11"}, user=world.officer)
    assert answer.status_code == 200
    for who, branch in ((world.officer, "office"), (world.police_officer, "police")):
        client.force_login(who)
        client.post(reverse("report-ready", args=[draft.pk]), {"branch": branch})
    client.post(reverse("report-submit", args=[draft.pk]), {"checked": "1"})
    draft.refresh_from_db()
    assert draft.status == "submitted"
    rollup.drain()
    total = ServiceSummary.objects.get(unit=world.dong_nai, service__code="DVC09", basis="provisional")
    assert (total.received_online, total.units_reported) == (11, 1)
