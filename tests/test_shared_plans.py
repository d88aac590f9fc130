"""A plan shared by provinces is not rewritten by one of them, a target not by whom it binds; every change is logged."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reporting.models import Target, TargetEvent
from taskforces.models import Assignment, ImportJob, PlanChange, SourceDocument, SourceItem
from taskforces.register import assignments
from tests.import_sheets import bring_in, write, xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DAY = dt.date(2026, 1, 15)
TARGETS = ImportJob.Kind.TARGETS
HEADERS = ["Mã đơn vị", "Năm", "Mã chỉ tiêu", "Chỉ tiêu giao"]


@pytest.fixture
def plan(world):
    plan = SourceDocument.objects.create(number="06/QĐ-TTg", issued_on=DAY, issuing_body="Thủ tướng", title="Đề án 06")
    SourceItem.objects.create(source=plan, code="1", text="Việc chung")
    return plan


def hand_out(plan, *units):
    for unit in units:
        Assignment.objects.create(item=plan.items.get(), unit=unit, part="lead", assigned_on=DAY)


def rewrite(plan, by):
    new = {"number": plan.number, "issued_on": DAY, "issuing_body": plan.issuing_body, "title": "Tên khác"}
    assignments.change_source(by=by, source_id=plan.pk, **new)
    assignments.change_item(by=by, item_id=plan.items.get().pk, code="1", text="Việc khác")


def test_a_plan_of_two_provinces_is_rewritten_by_neither(world, plan):
    hand_out(plan, world.phuoc_long, world.da_huoai)
    for person in (world.reviewer, world.staff, world.stranger_reviewer):
        for act in (
            lambda by: assignments.change_source(
                by=by, source_id=plan.pk, number="1", issued_on=DAY, issuing_body="X", title="Y"
            ),
            lambda by: assignments.change_item(by=by, item_id=plan.items.get().pk, code="1", text="Việc khác"),
        ):
            with pytest.raises(ValidationError, match="ngoài phạm vi"):
                act(person)
    plan.refresh_from_db()
    assert (plan.title, plan.items.get().text) == ("Đề án 06", "Việc chung")
    assert not PlanChange.objects.exists()
    rewrite(plan, world.administrator)
    assert plan.items.get().text == "Việc khác"


def test_the_page_says_why(client, world, plan):
    hand_out(plan, world.da_huoai)
    client.force_login(world.reviewer)
    item = plan.items.get()
    answer = client.post(reverse("source-item-edit", args=[item.pk]), {"code": "1", "text": "Việc khác"})
    assert answer.status_code == 200
    assert "chỉ quản trị sửa được" in answer.text


def test_a_plan_of_the_own_province_is_corrected_and_the_log_says_what_and_by_whom(world, plan):
    hand_out(plan, world.phuoc_long)
    rewrite(plan, world.reviewer)
    first, second = PlanChange.objects.order_by("pk")
    assert (first.source, first.by, first.unit) == (plan, world.reviewer, None)
    assert "Đề án 06" in first.before
    assert "Tên khác" in first.after
    assert (second.source, second.before, second.after) == (plan, "1 Việc chung", "1 Việc khác")
    rewrite(plan, world.reviewer)  # the same again is no change
    assert PlanChange.objects.count() == 2


def test_what_is_added_is_logged_too(world, plan):
    assignments.add_item(by=world.stranger_reviewer, source_id=plan.pk, code="2", text="Thêm")
    new = assignments.create_source(
        by=world.reviewer, number="9/KH-UBND", issued_on=DAY, issuing_body="UBND", title="Kế hoạch"
    )
    item, source = PlanChange.objects.order_by("pk")
    assert (item.source, item.before, item.after, item.by) == (plan, "", "2 Thêm", world.stranger_reviewer)
    assert (source.source, source.before, source.by) == (new, "", world.reviewer)


def test_an_officer_does_not_replace_the_target_that_was_set(world):
    write(bring_in(world.staff, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "95"])))
    job = bring_in(world.officer, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "1"]))
    assert (job.state, job.refused) == (ImportJob.State.REFUSED, 1)
    assert "Chỉ cấp giao mới đổi được ô này (đang ghi “95”)." in str(job.preview)
    assert Target.objects.get().value == 95
    same = bring_in(world.officer, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "95"], ["25217", 2027, "TT01", "90"]))
    assert (same.unchanged, same.created, same.refused) == (1, 1, 0)  # its own, where none was set


def test_each_change_of_a_target_is_logged(world):
    write(bring_in(world.staff, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "95"])))
    write(bring_in(world.reviewer, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "97,5"])))
    write(bring_in(world.reviewer, TARGETS, xlsx(HEADERS, ["25217", 2026, "TT01", "97,5"])))  # the same is no change
    rows = TargetEvent.objects.order_by("pk").values_list("target__unit", "action", "old", "new", "reason", "by")
    assert list(rows) == [
        (world.phuoc_long.pk, "set", None, 95, "Nhập từ tệp tep.xlsx", world.staff.pk),
        (world.phuoc_long.pk, "set", 95, Decimal("97.5"), "Nhập từ tệp tep.xlsx", world.reviewer.pk),
    ]


def test_what_a_unit_brings_in_for_itself_is_a_proposal(world):
    write(bring_in(world.officer, TARGETS, xlsx(HEADERS, ["25217", 2027, "TT01", "90"])))
    target = Target.objects.get()
    assert (target.status, target.value, target.asked) == ("proposed", None, 90)
    assert TargetEvent.objects.values_list("action", "old", "new").get() == ("proposed", None, 90)
    write(bring_in(world.officer, TARGETS, xlsx(HEADERS, ["25217", 2027, "TT01", "92"])))  # not answered yet
    write(bring_in(world.staff, TARGETS, xlsx(HEADERS, ["25217", 2027, "TT01", "95"], ["75", 2027, "TT01", "9.000"])))
    target.refresh_from_db()
    assert (target.status, target.value, target.asked) == ("accepted", 95, None)
    assert Target.objects.get(unit=world.dong_nai).status == "accepted"  # nobody in the portal is above a province


def test_the_page_of_a_plan_shows_who_changed_what_newest_first(client, world, plan):
    rewrite(plan, world.reviewer)
    other = assignments.create_source(
        by=world.staff, number="9/KH-UBND", issued_on=DAY, issuing_body="UBND", title="Kế hoạch"
    )
    client.force_login(world.officer)
    log = client.get(reverse("source-detail", args=[plan.pk])).text.partition("Nhật ký thay đổi")[2]
    words = ["Việc khác", "Tên khác", "Đề án 06", "Có 2 thay đổi", str(world.reviewer)]
    assert [word for word in words if word not in log] == []
    assert log.index("1 Việc khác") < log.index("Tên khác")
    assert "9/KH-UBND" not in log
    log = client.get(reverse("source-detail", args=[other.pk])).text.partition("Nhật ký thay đổi")[2]
    assert "(chưa có)" in log
    assert str(world.staff) in log


def test_a_long_log_of_a_plan_costs_no_more_queries_and_shows_the_newest(client, world, plan):
    client.force_login(world.officer)
    page = reverse("source-detail", args=[plan.pk])

    def write(*numbers):
        for n in numbers:
            PlanChange.objects.create(source=plan, what=f"Sửa {n}.", after="x", by=world.staff, at=timezone.now())

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page).status_code == 200
        return len(asked)

    write(0)
    queries()  # what a process loads with its first page
    short = queries()
    write(*range(1, 60))
    assert queries() == short
    text = client.get(page).text
    assert "Có 60 thay đổi" in text
    assert ["Sửa 59." in text, "Sửa 10." in text, "Sửa 9." in text] == [True, True, False]
