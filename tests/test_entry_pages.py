"""Task list, entry, check, submission and receipt as pages (reporting/views/entry.py, task_list.py, sending.py)."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.urls import reverse

from reporting import closing
from reporting.figures import TYPED_FIELDS
from reporting.models import (
    FigureChange,
    FormUpload,
    Indicator,
    IndicatorFigure,
    PublicService,
    Report,
    ReportEvent,
    ServiceFigures,
)
from taskforces.models import Branch, Posting, Role

pytestmark = pytest.mark.embedded

JSON = "application/json"


@pytest.fixture
def november(world, month, at, fill):
    """Phường Phước Long: October sent, November open; it is the morning of the deadline."""
    at("2026-11-16 08:40")
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=20, status="submitted", by=world.officer)
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


def page(client, name, report, **query):
    return client.get(reverse(name, args=[report.pk]), query)


class Form(HTMLParser):
    """The fields a browser without JavaScript would send."""

    def __init__(self, html):
        super().__init__()
        self.fields, self.disabled, self._area = {}, set(), None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input" and attrs.get("name") and attrs.get("type") != "checkbox":
            self.fields.setdefault(attrs["name"], attrs.get("value", ""))
        if tag == "textarea":
            self._area = attrs["name"]
            self.fields[self._area] = ""

    def handle_data(self, data):
        if self._area:
            self.fields[self._area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None


def plain_form(response):
    fields = Form(response.content.decode()).fields
    return {k: v for k, v in fields.items() if k not in {"csrfmiddlewaretoken", "login", "password"}}


def save(client, report, fields, seen=None, user=None, via="page"):
    body = {"user": user.pk, "via": via, "fields": fields, "seen": seen or {}}
    return client.post(reverse("report-save-cells", args=[report.pk]), json.dumps(body), content_type=JSON)


def test_home_of_an_officer_says_what_is_left_and_by_when(client, world, november):
    client.force_login(world.officer)
    html = client.get(reverse("task-list")).content.decode()
    assert "Báo cáo tháng 11/2026: còn " in html
    assert "17:00 thứ Hai, 16/11/2026" in html
    assert "Còn 8 giờ 20 phút" in html
    assert "Dịch vụ công: phần Văn phòng" in html
    assert "Trần Quốc Bảo" in html  # who will review


def test_home_shows_why_a_report_was_sent_back(client, world, november):
    october = Report.objects.get(unit=world.phuoc_long, period__month=10)
    Report.objects.filter(pk=october.pk).update(status="returned")
    ReportEvent.objects.create(
        report=october,
        action="send_back",
        by=world.reviewer,
        at=november.period.data_to.strftime("%Y-%m-%dT08:00+07:00"),
        reason="Thiếu nguyên nhân quá hạn",
        revision=1,
    )
    client.force_login(world.officer)
    html = client.get(reverse("task-list")).content.decode()
    assert "Báo cáo tháng 10/2026 bị trả lại" in html
    assert "Thiếu nguyên nhân quá hạn" in html
    assert reverse("report-entry", args=[october.pk]) in html


def test_home_lists_every_month_and_chooses_one(client, world, november):
    client.force_login(world.officer)
    assert "Tháng 10/2026" in client.get(reverse("task-list"), {"ky": "tat-ca"}).content.decode()
    assert "Báo cáo tháng 10/2026: đã gửi" in client.get(reverse("task-list"), {"ky": "2026-10"}).content.decode()
    assert client.get(reverse("task-list"), {"ky": "2020-01"}).status_code == 404


def test_home_without_a_month_says_so(client, world):
    client.force_login(world.officer)
    assert "Chưa mở kỳ báo cáo nào" in client.get(reverse("task-list")).content.decode()


def test_home_follows_the_chosen_posting(client, world, november):
    second = Posting.objects.create(
        user=world.officer, unit=world.phuoc_binh, role=Role.OFFICER, branch=Branch.OFFICE, valid_from="2026-01-01"
    )
    client.force_login(world.officer)
    client.post(reverse("posting-switch", args=[second.pk]))
    assert "Phường Phước Bình" in client.get(reverse("task-list")).content.decode()


@pytest.mark.parametrize("name", ["report-entry", "report-check"])
def test_who_opens_the_pages_of_a_report(client, world, november, name):
    allowed = {"officer": 200, "police_officer": 200, "leader": 200}
    inside = {"reviewer": 403, "chair": 403, "staff": 403, "auditor": 403}
    outside = {"neighbour": 404, "stranger": 404}
    for who, status in {**allowed, **inside, **outside}.items():
        client.force_login(getattr(world, who))
        assert page(client, name, november).status_code == status, who


def test_entry_page_shows_both_branches_and_locks_the_other(client, world, november):
    client.force_login(world.officer)
    html = page(client, "report-entry", november).content.decode()
    own = re.search(r'<input id="DVC09-received_online"[^>]*>', html)[0]
    other = re.search(r'<input id="DVC03-received_online"[^>]*>', html)[0]
    register = re.search(r'<input id="TC07-numerator"[^>]*>', html)[0]
    assert "readonly" not in own
    assert 'aria-label="Đăng ký khai sinh, DVC09, tiếp nhận trực tuyến"' in own
    assert 'inputmode="numeric"' in own
    assert "readonly" in other
    assert "readonly" in register
    assert '<output class="num" id="DVC09-opening"' in html  # carried over, not typed


def test_entry_page_shows_last_month_and_the_same_month_last_year(client, world, november, month, fill):
    last_year = Report.objects.get(unit=world.phuoc_long, period=month("2025-11"))
    fill(last_year, base=7, status="submitted", by=world.officer)
    client.force_login(world.officer)
    html = page(client, "report-entry", november).content.decode()
    small = re.search(r'<small class="two-nums" id="DVC09-received_online-t">(.*?)</small>', html, re.S)[1]
    assert re.findall(r">\D*(\d+)</span>", re.sub(r'<span class="visually-hidden">[^<]*</span>', "", small)) == [
        "7",
        "20",
    ]


def test_entry_page_has_no_inline_style_or_script(client, world, november):
    client.force_login(world.officer)
    html = page(client, "report-entry", november).content.decode()
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"\son\w+=", html)


def test_entry_page_reads_in_at_most_fifteen_queries(client, world, november, fill, django_assert_max_num_queries):
    fill(november, base=21)
    client.force_login(world.officer)
    page(client, "report-entry", november)
    with django_assert_max_num_queries(15):  # one is the session
        page(client, "report-entry", november)


def test_entry_page_with_all_it_loads_stays_under_150_kb(client, world, november, fill):
    """What a browser fetches on a first visit, as sent: text compressed, fonts as they are."""
    fill(november, base=1234)
    client.force_login(world.officer)
    html = page(client, "report-entry", november).content
    sizes = {"page": len(gzip.compress(html, 6))}
    paths = set(re.findall(r'(?:href|src|data-icons)="/static/([^"#]+)', html.decode()))
    for path in list(paths):
        text = Path(finders.find(path)).read_text(encoding="utf-8") if path.endswith(".css") else ""
        folder = path.rpartition("/")[0]
        for face in re.findall(r"@font-face\s*{[^}]*}", text):
            font = re.search(r"url\(([^)]+)\)", face)[1].strip("'\"")
            if "latin" not in font:  # a Vietnamese page never asks for the two fallback subsets
                paths.add(re.sub(r"[^/]+/\.\./", "", f"{folder}/{font}"))
    for path in paths:
        raw = Path(finders.find(path)).read_bytes()
        sizes[path] = len(raw) if path.endswith("woff2") else len(gzip.compress(raw, 6))
    assert len([p for p in paths if p.endswith("woff2")]) == 8
    assert sum(sizes.values()) < 150_000, sizes


def test_a_cell_is_saved_and_the_receipt_names_what_follows(client, world, november):
    client.force_login(world.officer)
    answer = save(
        client, november, {"DVC09.received_online": "1.234"}, {"DVC09.received_online": ""}, world.officer
    ).json()
    assert answer["saved"] == {"DVC09.received_online": "1.234"}
    assert answer["saved_at"] == "08:40"
    assert answer["rows"]["DVC09"]["missing"] == 7
    assert ServiceFigures.objects.get(report=november, service__code="DVC09").received_online == 1234


def test_blank_zero_and_no_case_are_three_things(client, world, november):
    client.force_login(world.officer)
    save(client, november, {"DVC09.received_online": "0"}, {}, world.officer)
    row = ServiceFigures.objects.get(report=november, service__code="DVC09")
    assert (row.received_online, row.rejected) == (0, None)
    client.post(reverse("report-zero-fill", args=[november.pk]), {"service": "DVC09"})
    row.refresh_from_db()
    assert [getattr(row, name) for name in TYPED_FIELDS] == [0] * 8
    assert ReportEvent.objects.filter(report=november, action="zero_fill", reason="DVC09").count() == 1
    save(client, november, {"DVC09.rejected": ""}, {"DVC09.rejected": "0"}, world.officer)
    row.refresh_from_db()
    assert row.rejected is None


def test_a_text_that_is_no_number_gets_a_message_and_the_rest_is_saved(client, world, november):
    client.force_login(world.officer)
    fields = {"DVC09.received_online": "12,5", "DVC09.rejected": "3"}
    answer = save(client, november, fields, {}, world.officer).json()
    assert answer["refused"] == {"DVC09.received_online": "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “12,5”."}
    assert answer["saved"] == {"DVC09.rejected": "3"}
    assert "12,5" in answer["rows"]["DVC09"]["messages"]
    assert answer["rows"]["DVC09"]["states"]["DVC09-received_online"] == "is-problem"


def test_sending_again_changes_nothing(client, world, november):
    client.force_login(world.officer)
    for _ in range(2):
        answer = save(client, november, {"DVC09.rejected": "3"}, {"DVC09.rejected": ""}, world.officer)
        assert answer.json()["saved"] == {"DVC09.rejected": "3"}
    assert FigureChange.objects.filter(report=november, cell="DVC09.rejected").count() == 1


def test_two_officers_one_cell_the_second_sees_both_values(client, world, november):
    from tests.conftest import make_person

    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    client.force_login(colleague)
    save(client, november, {"DVC09.rejected": "5"}, {"DVC09.rejected": ""}, colleague)
    client.force_login(world.officer)
    answer = save(client, november, {"DVC09.rejected": "6"}, {"DVC09.rejected": ""}, world.officer).json()
    assert answer["saved"] == {}
    assert answer["conflicts"]["DVC09.rejected"]["theirs"] == "5"
    assert "Trịnh Thị Thu đã sửa ô này thành 5 lúc 08:40" in answer["conflicts"]["DVC09.rejected"]["message"]
    assert ServiceFigures.objects.get(report=november, service__code="DVC09").rejected == 5
    again = save(client, november, {"DVC09.rejected": "6"}, {"DVC09.rejected": "5"}, world.officer).json()
    assert again["saved"] == {"DVC09.rejected": "6"}


def test_cells_of_the_other_branch_are_refused(client, world, november):
    client.force_login(world.officer)
    answer = save(client, november, {"DVC03.rejected": "1"}, {}, world.officer).json()
    assert list(answer["refused"]) == ["DVC03.rejected"]


def test_saving_says_what_is_wrong_with_the_moment_the_person_or_the_data(client, world, november):
    url = reverse("report-save-cells", args=[november.pk])
    client.force_login(world.officer)
    assert save(client, november, {"DVC09.rejected": "1"}, {}, world.leader).status_code == 409  # another's session
    assert client.post(url, "{", content_type=JSON).status_code == 400
    client.force_login(world.reviewer)
    assert save(client, november, {"DVC09.rejected": "1"}, {}, world.reviewer).status_code == 403
    client.force_login(world.stranger)
    assert save(client, november, {"DVC09.rejected": "1"}, {}, world.stranger).status_code == 404
    Report.objects.filter(pk=november.pk).update(status="submitted", submitted_at="2026-11-16T01:00Z")
    client.force_login(world.officer)
    answer = save(client, november, {"DVC09.rejected": "1"}, {}, world.officer)
    assert answer.status_code == 409
    assert "đã gửi" in answer.json()["message"]
    client.logout()
    assert save(client, november, {"DVC09.rejected": "1"}, {}, world.officer).status_code == 302


def test_plain_form_saves_good_cells_and_keeps_bad_text(client, world, november):
    client.force_login(world.officer)
    fields = plain_form(page(client, "report-entry", november))
    fields |= {"DVC09.received_online": "31", "DVC09.rejected": "mười", "results": "Đạt 100%\r\nDòng hai"}
    response = client.post(reverse("report-entry", args=[november.pk]), fields | {"action": "save"})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'value="mười"' in html
    assert "Bạn đã nhập “mười”" in html
    assert "Chưa lưu được 1 ô" in html
    row = ServiceFigures.objects.get(report=november, service__code="DVC09")
    assert (row.received_online, row.rejected) == (31, None)
    november.refresh_from_db()
    assert november.results == "Đạt 100%\nDòng hai"
    fields = plain_form(response) | {"DVC09.rejected": "10", "action": "save"}
    assert client.post(reverse("report-entry", args=[november.pk]), fields).status_code == 302
    row.refresh_from_db()
    assert row.rejected == 10


def test_plain_form_sent_unchanged_writes_nothing(client, world, november, fill):
    fill(november, base=20)
    client.force_login(world.police_officer)
    fields = plain_form(page(client, "report-entry", november)) | {"action": "save"}
    assert client.post(reverse("report-entry", args=[november.pk]), fields).status_code == 302
    assert not FigureChange.objects.filter(report=november).exists()


def test_plain_form_shows_a_conflict_then_takes_the_second_answer(client, world, november):
    client.force_login(world.officer)
    fields = plain_form(page(client, "report-entry", november))
    save(client, november, {"DVC09.rejected": "5"}, {}, world.officer)
    url = reverse("report-entry", args=[november.pk])
    response = client.post(url, fields | {"DVC09.rejected": "6", "action": "save"})
    assert "sửa ô này thành 5" in response.content.decode()
    assert client.post(url, plain_form(response) | {"action": "save"}).status_code == 302
    assert ServiceFigures.objects.get(report=november, service__code="DVC09").rejected == 6


def test_plain_form_no_case_button_saves_what_was_typed_first(client, world, november):
    client.force_login(world.officer)
    fields = plain_form(page(client, "report-entry", november)) | {"DVC10.received_online": "4", "service": "DVC10"}
    response = client.post(reverse("report-zero-fill", args=[november.pk]), fields)
    assert response.url.endswith("#DVC10")
    row = ServiceFigures.objects.get(report=november, service__code="DVC10")
    assert (row.received_online, row.resolved_on_time) == (4, 0)


@pytest.mark.parametrize(
    ("name", "button", "broken"),
    [
        ("report-zero-fill", {"service": "DVC10"}, "reporting.entry.saving.log"),
        ("report-ready", {"branch": "office"}, "reporting.entry.ready.give_mark"),
    ],
)
def test_a_button_that_fails_leaves_what_was_sent_with_it_unsaved_too(
    client, world, november, fill, monkeypatch, name, button, broken
):
    """The answer is an error; the page sends all of it again."""
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code="DVC10").update(rejected=None)
    client.force_login(world.officer)
    typed = {"results": "Đã cấp 21 thẻ", "DVC10.rejected": "" if "service" in button else "0"}
    fields = plain_form(page(client, "report-entry", november)) | typed | button
    url = reverse(name, args=[november.pk])

    def fail(*args, **kwargs):
        raise OperationalError("connection lost")

    with monkeypatch.context() as patch:
        patch.setattr(broken, fail)
        with pytest.raises(OperationalError):
            client.post(url, fields)
    november.refresh_from_db()
    assert (november.results, november.saved_at) == ("", None)
    assert not FigureChange.objects.filter(report=november).exists()
    assert client.post(url, fields).status_code == 302
    november.refresh_from_db()
    assert november.results == "Đã cấp 21 thẻ"
    assert ServiceFigures.objects.get(report=november, service__code="DVC10").rejected == 0


def test_a_mark_refused_keeps_what_was_typed(client, world, november):
    """No failure, an answer: cells are missing, and they are shown beside those just typed."""
    client.force_login(world.officer)
    fields = plain_form(page(client, "report-entry", november)) | {"DVC10.rejected": "3", "branch": "office"}
    response = client.post(reverse("report-ready", args=[november.pk]), fields)
    assert response.url.endswith("?kiem-tra=office")
    assert ServiceFigures.objects.get(report=november, service__code="DVC10").rejected == 3


def test_a_reason_is_kept_and_shown(client, world, november, fill):
    fill(november, base=20)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(
        received_online=15, received_in_person=5
    )
    client.force_login(world.officer)
    name = "ly-do:online_only:DVC09.received_in_person"
    assert name in page(client, "report-entry", november).content.decode()
    answer = save(client, november, {name: "Hệ thống ngừng ngày 28/10"}, {name: ""}, world.officer).json()
    assert answer["saved"] == {name: "Hệ thống ngừng ngày 28/10"}
    assert "Hệ thống ngừng" in answer["rows"]["DVC09"]["messages"]
    assert "Đã giải trình: Hệ thống ngừng ngày 28/10" in page(client, "report-check", november).content.decode()


def test_ready_with_blanks_shows_what_is_left_of_that_branch(client, world, november):
    client.force_login(world.officer)
    response = client.post(reverse("report-ready", args=[november.pk]), {"branch": "office"}, follow=True)
    html = response.content.decode()
    assert "Chưa chốt được phần Văn phòng HĐND và UBND" in html
    assert 'href="#DVC09-received_online"' in html
    assert 'href="#DVC03-received_online"' not in html
    november.refresh_from_db()
    assert november.office_ready_at is None


def test_main_button_leads_to_what_is_left_or_to_the_check_page(client, world, november, fill):
    client.force_login(world.officer)
    url = reverse("report-entry", args=[november.pk])
    fields = plain_form(client.get(url)) | {"action": "check"}
    response = client.post(url, fields, follow=True)
    assert 'data-focus aria-labelledby="tom-tat"' in response.content.decode()
    fill(november, base=21)
    response = client.post(url, plain_form(client.get(url)) | {"action": "check"})
    assert response.url == reverse("report-check", args=[november.pk])


def test_filter_hides_complete_rows_without_javascript(client, world, november, fill):
    fill(november, base=21)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(rejected=None)
    client.force_login(world.officer)
    html = page(client, "report-entry", november, loc="thieu").content.decode()
    assert re.search(r'<tr class="svcrow[^"]*" id="DVC09">', html)
    assert re.search(r'<tr class="svcrow[^"]*" id="DVC10" hidden>', html)


def send(client, world, report):
    for who, branch in ((world.officer, "office"), (world.police_officer, "police")):
        client.force_login(who)
        client.post(reverse("report-ready", args=[report.pk]), {"branch": branch})
    client.force_login(world.officer)
    return client.post(reverse("report-submit", args=[report.pk]), {"checked": "1"})


def test_month_is_checked_sent_and_receipted(client, world, november, fill, at):
    fill(november, base=21)
    client.force_login(world.officer)
    before = page(client, "report-check", november).content.decode()
    assert "Đủ số liệu, không còn lỗi" in before
    assert "chưa chốt" in before
    response = send(client, world, november)
    assert response.url == reverse("report-receipt", args=[november.pk])
    event = ReportEvent.objects.get(report=november, action="submit")
    html = client.get(response.url).content.decode()
    for text in (
        event.receipt,
        event.checksum,
        "08:40 ngày 16/11/2026",
        "Nguyễn Thị Hồng Nhung",
        "Đúng hạn",
        "Trần Quốc Bảo",
    ):
        assert text in html
    assert "Số liệu đã khóa" in page(client, "report-entry", november).content.decode()
    assert "đã gửi, đang chờ duyệt" in client.get(reverse("task-list")).content.decode()


def test_sum_on_the_check_page_is_the_sum_of_the_services(client, world, november, fill):
    fill(november, base=21)
    services = ServiceFigures.objects.filter(report=november).count()
    client.force_login(world.officer)
    html = page(client, "report-check", november).content.decode()
    foot = re.search(r"<tfoot>(.*?)</tfoot>", html, re.S)[1]
    assert re.findall(r'<td class="num[^"]*" data-label="[^"]+">([^<]+?)\s*</td>', foot) == [
        str(21 * services),
        f"+{services}",
        str(21 * services),
        "100,00%",
        "0",
        "0",
    ]


def test_a_count_nobody_filled_in_is_blank_on_the_check_page_and_only_a_rate_is_a_dash(client, world, november, fill):
    """One service blank, one with a blank half; the register's counts and DD04 (6 of a blank total) likewise."""
    fill(november, base=21)
    IndicatorFigure.objects.filter(report=november, indicator__code="DD02").delete()
    IndicatorFigure.objects.filter(report=november, indicator__code="DD04").update(numerator=6, denominator=None)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").delete()
    client.force_login(world.officer)
    html = page(client, "report-check", november).content.decode()
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.S):
        if head := re.search(r'<th scope="row">([^<]*)', row):
            cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
            rows[head[1].strip()] = [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]
    name = PublicService.objects.get(code="DVC09").short_name
    # received, against October's 20, resolved, in time, rejected, remaining
    assert rows[name] == ["", "", "", "–", "", ""]
    [total] = [cells for head, cells in rows.items() if head.startswith("Cộng ")]
    assert total == ["", "", "", "–", "", ""]
    shown = {code: rows[Indicator.objects.get(code=code).name] for code in ("DD02", "DD04")}
    assert shown["DD02"][0] == ""
    assert shown["DD04"] == ["6/trống", "–", "20/20"]


def test_a_receipt_adds_nothing_up_over_a_blank(client, world, november, fill):
    """A service owed only since the report was sent: no total of it, and no dash as if it were a rate."""
    fill(november, base=21)
    send(client, world, november)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(received_online=None)
    html = page(client, "report-receipt", november).content.decode()
    assert re.search(r"<dt>Tiếp nhận trong kỳ</dt><dd>(.*?)</dd>", html, re.S)[1].split() == (
        ["Không", "cộng", "được", "vì", "có", "ô", "trống"]
    )


def test_a_late_report_says_so(client, world, november, fill, at):
    at("2026-11-18 09:00")
    fill(november, base=21)
    client.force_login(world.officer)
    assert "Quá hạn 2 ngày" in client.get(reverse("task-list")).content.decode()
    response = send(client, world, november)
    assert "Nộp trễ" in client.get(response.url).content.decode()


def test_sending_with_problems_leads_to_the_cells(client, world, november, fill):
    fill(november, base=21)
    send_marks = {"office_ready_at": "2026-11-16T01:00Z", "police_ready_at": "2026-11-16T01:00Z"}
    Report.objects.filter(pk=november.pk).update(**send_marks)
    ServiceFigures.objects.filter(report=november, service__code="DVC09").update(rejected=None)
    client.force_login(world.officer)
    response = client.post(reverse("report-submit", args=[november.pk]), {"checked": "1"}, follow=True)
    assert 'href="#DVC09-rejected"' in response.content.decode()
    november.refresh_from_db()
    assert november.status == "draft"


def test_sending_needs_the_tick(client, world, november):
    client.force_login(world.officer)
    response = client.post(reverse("report-submit", args=[november.pk]), {}, follow=True)
    assert "Đánh dấu “Tôi đã kiểm tra số liệu”" in response.content.decode()


def test_receipt_is_for_the_scope_and_only_once_sent(client, world, november):
    client.force_login(world.officer)
    assert page(client, "report-receipt", november).status_code == 404
    october = Report.objects.get(unit=world.phuoc_long, period__month=10)
    ReportEvent.objects.create(
        report=october,
        action="submit",
        by=world.officer,
        at="2026-10-15T03:00Z",
        revision=1,
        receipt="BC-25217-2026-10-1",
        checksum="ab" * 32,
    )
    for who, status in {"officer": 200, "reviewer": 200, "neighbour": 404}.items():
        client.force_login(getattr(world, who))
        assert page(client, "report-receipt", october).status_code == status


@pytest.mark.parametrize("name", ["report-save-cells", "report-zero-fill", "report-ready", "report-submit"])
def test_acts_are_posts(client, world, november, name):
    client.force_login(world.officer)
    assert page(client, name, november).status_code == 405


def test_login_page_tells_the_open_month_in_vietnamese(client, world, november):
    html = client.get(reverse("account_login")).content.decode()
    assert "Kỳ đang mở: tháng 11/2026" in html
    assert "17:00 thứ Hai, 16/11/2026" in html
    wrong = client.post(reverse("account_login"), {"login": "nhung", "password": "sai-mat-khau"}).content.decode()
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in wrong


@pytest.mark.parametrize(
    "name",
    ["account_change_password", "account_logout", "account_reauthenticate", "mfa_index", "account_reset_password"],
)
def test_account_pages_are_in_our_frame_and_language(client, world, name):
    world.officer.set_password("mat-khau-thu-nghiem")
    world.officer.save()
    if name != "account_reset_password":
        client.force_login(world.officer)
    html = client.get(reverse(name), follow=True).content.decode()
    assert "Cổng báo cáo Đề án 06" in html
    assert not re.search(r">\s*(Sign|Change|Confirm|Password|Email|Two-Factor|Security|Recovery|Please)\b", html)


def test_figures_come_by_file_after_a_preview(client, world, november):
    import io

    import openpyxl
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(world.officer)
    response = page(client, "report-template", november)
    assert response["Content-Disposition"].startswith("attachment")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    sheet = book.worksheets[0]
    keys = next(row for row in sheet.iter_rows() if any(c.value == "received_online" for c in row))
    column = next(c.column for c in keys if c.value == "received_online")
    line = next(row[0].row for row in sheet.iter_rows() if row[0].value == "DVC09")
    url = reverse("report-upload", args=[november.pk])

    def upload(value):
        sheet.cell(line, column).value = value
        file = io.BytesIO()
        book.save(file)
        return client.post(url, {"file": SimpleUploadedFile("bieu.xlsx", file.getvalue())})

    wrong = upload("mười").content.decode()
    assert "1 lỗi, chưa lưu gì" in wrong
    assert f"dòng {line}" in wrong
    preview = upload(31)
    assert "1 ô sẽ ghi" in preview.content.decode()
    assert not ServiceFigures.objects.filter(report=november).exists()
    fields = Form(preview.content.decode()).fields
    client.post(url, {name: fields[name] for name in ("upload", "cells", "seen")})
    assert ServiceFigures.objects.get(report=november, service__code="DVC09").received_online == 31
    assert FigureChange.objects.get(report=november).via == "file"
    # both files sent in are on record, and what the second one changed
    wrong_file, good_file = FormUpload.objects.filter(report=november, by=world.officer, file_name="bieu.xlsx")
    assert (wrong_file.confirmed_at, wrong_file.cells_changed) == (None, 0)
    assert (good_file.confirmed_at is not None, good_file.cells_changed) == (True, 1)
    assert {len(f.sha256) for f in (wrong_file, good_file)} == {64}
    assert "không khác số đã lưu" in upload(31).content.decode()
    client.force_login(world.leader)  # sends, but types nothing
    assert "Chỉ cán bộ nhập liệu" in client.get(url).content.decode()


def test_a_closed_month_cannot_be_typed_in(client, world, november):

    client.force_login(world.officer)
    closing.close_period(period_id=november.period_id, province_id=world.dong_nai.pk, by=world.staff)
    html = page(client, "report-entry", november).content.decode()
    assert "Kỳ tháng 11/2026 đã khóa (Đỗ Thu Hà khóa lúc " in html
    assert "readonly" in re.search(r'<input id="DVC09-received_online"[^>]*>', html)[0]
    answer = save(client, november, {"DVC09.rejected": "1"}, {}, world.officer)
    assert answer.status_code == 409
    assert "đã khóa" in answer.json()["message"]


def test_a_report_sent_back_asks_first_to_be_corrected(client, world, november, fill, at):
    from reporting.entry import saving
    from reporting.review import workflow

    at("2026-11-16 09:00")
    fill(november, base=21, status="submitted", by=world.officer)
    workflow.send_back(report_id=november.pk, by=world.reviewer, reason="Xem lại DVC09")
    client.force_login(world.officer)
    main_button = r'<a class="btn btn--main[^>]*>([^<]*)<'
    assert re.search(main_button, client.get(reverse("task-list")).content.decode())[1] == "Sửa và gửi lại"
    at("2026-11-16 09:30")
    saving.save_cells(
        report_id=november.pk, by=world.officer, cells={"DVC09.rejected": "0", "DVC09.received_online": "20"}
    )
    assert re.search(main_button, client.get(reverse("task-list")).content.decode())[1] != "Sửa và gửi lại"
