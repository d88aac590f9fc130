"""From the last cell to the receipt without a dead end: marks, what the check page offers, the next step at home."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from reporting.models import Report, ReportEvent, ServiceFigures
from reporting.report_log import NotAllowed, Refused
from reporting.review import workflow

pytestmark = pytest.mark.embedded

MAIN_BUTTON = re.compile(r'<a class="btn( btn--main)? phone-wide" href="([^"]*)">([^<]*)<')
Action = ReportEvent.Action


@pytest.fixture
def report(world, month, fill, at):
    """November 2026 of Phường Phước Long: every cell filled in, no part marked."""
    at("2026-11-16 08:40")
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=20, status="submitted", by=world.officer)
    return fill(Report.objects.get(unit=world.phuoc_long, period=month("2026-11")), base=21)


def mark(report, *branches):
    Report.objects.filter(pk=report.pk).update(**{f"{branch}_ready_at": timezone.now() for branch in branches})


def leave_blank(report, code):
    ServiceFigures.objects.filter(report=report, service__code=code).update(rejected=None)


def step(client, user):
    """(label, href, is it their turn) of the button at home."""
    client.force_login(user)
    html = client.get(reverse("task-list")).content.decode()
    is_main, href, label = MAIN_BUTTON.search(html).groups()
    return label, href, bool(is_main)


def check(client, user, report):
    client.force_login(user)
    return client.get(reverse("report-check", args=[report.pk])).content.decode()


# --- marking by sending


def test_sending_marks_the_part_that_is_the_senders(report, world):
    mark(report, "police")
    workflow.submit(report_id=report.pk, by=world.officer, marking=True)
    report.refresh_from_db()
    assert (report.status, report.office_ready_by) == ("submitted", world.officer)
    acts = ReportEvent.objects.filter(report=report).order_by("pk").values_list("action", flat=True)
    assert list(acts) == [Action.READY, Action.SUBMIT]


def test_sending_does_not_mark_the_part_of_another_branch(report, world):
    with pytest.raises(NotAllowed, match="Công an chưa chốt"):
        workflow.submit(report_id=report.pk, by=world.officer, marking=True)
    report.refresh_from_db()
    assert (report.status, report.office_ready_at) == ("draft", None)


def test_the_leader_marks_both_by_sending(report, world):
    workflow.submit(report_id=report.pk, by=world.leader, marking=True)
    report.refresh_from_db()
    assert report.status == "submitted"
    assert report.office_ready_by == report.police_ready_by == world.leader


def test_a_report_that_is_refused_is_not_marked(report, world):
    mark(report, "police")
    leave_blank(report, "DVC09")
    with pytest.raises(Refused):
        workflow.submit(report_id=report.pk, by=world.officer, marking=True)
    report.refresh_from_db()
    assert report.office_ready_at is None


def test_nothing_is_marked_unasked(report, world):
    mark(report, "police")
    with pytest.raises(NotAllowed, match="Văn phòng chưa chốt"):
        workflow.submit(report_id=report.pk, by=world.officer)


# --- the check page


def test_the_check_page_marks_and_sends_in_one_act(client, report, world):
    mark(report, "police")
    html = check(client, world.officer, report)
    assert "Chưa gửi được" not in html
    assert re.search(r"Gửi đồng thời chốt số liệu phần\s+Văn phòng\.", html)
    assert re.search(r"Chốt số liệu và gửi\s+báo cáo tháng 11/2026", html)
    answer = client.post(reverse("report-submit", args=[report.pk]), {"checked": "1"})
    assert answer.url == reverse("report-receipt", args=[report.pk])


def test_the_check_page_has_no_green_above_what_cannot_be_sent(client, report, world):
    html = check(client, world.officer, report)
    assert "notice--ok" not in html
    assert re.search(
        r"Đủ số liệu, không còn lỗi\.</b>\s+Chưa gửi được: Công an chưa chốt số liệu phần của mình\.", html
    )
    assert "Văn phòng chưa" not in html
    form = re.search(rf'action="{reverse("report-ready", args=[report.pk])}".*?</form>', html, re.S)[0]
    assert re.findall(r'name="branch" value="(\w+)"', form) == ["office"]  # the reader's part alone
    answer = client.post(reverse("report-ready", args=[report.pk]), {"branch": "office", "from": "check"})
    assert answer.url == reverse("report-check", args=[report.pk])
    report.refresh_from_db()
    assert report.office_ready_by == world.officer
    assert 'name="branch"' not in check(client, world.officer, report)


def test_one_part_is_marked_while_the_other_is_typed(client, report, world):
    leave_blank(report, "DVC03")
    assert 'name="branch" value="office"' in check(client, world.officer, report)
    assert 'name="branch"' not in check(client, world.police_officer, report)


def test_the_save_bar_offers_the_mark_once_the_part_is_complete(client, report, world):
    def bar(user):
        client.force_login(user)
        html = client.get(reverse("report-entry", args=[report.pk])).content.decode()
        return re.findall(r'name="branch" value="(\w+)"', html[html.index('id="buoc-tiep"') :])

    leave_blank(report, "DVC03")
    assert (bar(world.officer), bar(world.police_officer), bar(world.leader)) == (["office"], [], [])
    mark(report, "office")
    assert bar(world.officer) == []


# --- home


def test_home_leads_to_the_next_step(client, report, world):
    entry, check = (reverse(name, args=[report.pk]) for name in ("report-entry", "report-check"))
    leave_blank(report, "DVC03")  # the police's
    assert step(client, world.officer) == ("Xem lại và chốt số liệu phần Văn phòng", check, True)
    assert step(client, world.police_officer) == ("Nhập tiếp từ ô còn thiếu", f"{entry}#DVC03-rejected", True)
    assert step(client, world.leader) == ("Xem các việc còn lại", check, False)
    mark(report, "office")
    assert step(client, world.officer) == ("Xem lại số liệu", entry, False)
    assert "Còn chờ Công an phường" in client.get(reverse("task-list")).content.decode()
    ServiceFigures.objects.filter(report=report, service__code="DVC03").update(rejected=0)
    assert step(client, world.police_officer) == ("Kiểm tra và gửi", check, True)
    assert "sẵn sàng gửi" in client.get(reverse("task-list")).content.decode()
    assert step(client, world.leader) == ("Kiểm tra và gửi", check, True)
    assert step(client, world.officer) == ("Xem lại số liệu", entry, False)
    mark(report, "police")
    assert step(client, world.officer) == ("Kiểm tra và gửi", check, True)


def test_home_leads_to_the_reason_that_is_still_asked_for(client, report, world, fill):
    fill(report, base=20)  # October again, cell by cell
    label, href, is_main = step(client, world.officer)
    assert (label, is_main) == ("Giải trình điểm bất thường", True)
    client.force_login(world.officer)
    html = client.get(reverse("report-entry", args=[report.pk])).content.decode()
    assert f'id="{href.partition("#")[2]}"' in html


def test_home_asks_little_more_than_before(client, report, world, django_assert_max_num_queries):
    client.force_login(world.officer)
    client.get(reverse("task-list"))
    with django_assert_max_num_queries(21):
        client.get(reverse("task-list"))
