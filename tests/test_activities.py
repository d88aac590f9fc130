"""Pilot models and the outreach log, and the sums that feed TT01 and TT02."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from reporting.entry.outreach_log import log_figures, with_log
from reporting.models import Report
from taskforces.models import OutreachEvent, PilotModel
from taskforces.register import activities
from taskforces.register.activities import OutreachSums

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


def log(world, day, times=1, audience=0, by=None, unit=None, **changes):
    fields = {"channel": "meeting", "held_on": day, "times": times, "audience": audience}
    return activities.add_outreach(by=by or world.officer, unit=unit or world.phuoc_long, **fields | changes)


def refusal(act, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return getattr(caught.value, "message_dict", None) or {"__all__": caught.value.messages}


def test_sums_of_a_month_by_its_window(world):
    """November 2026 is 15 October to 14 November."""
    log(world, D(2026, 10, 14), 100, 1000)
    log(world, D(2026, 10, 15), 12, 40)
    log(world, D(2026, 11, 1), 20, 5)
    log(world, D(2026, 11, 14), 5)
    log(world, D(2026, 11, 15), 100, 1000)
    log(world, D(2026, 11, 1), 7, 7, by=world.neighbour, unit=world.phuoc_binh)
    ids = [world.phuoc_long.pk, world.phuoc_binh.pk, world.phu_rieng.pk]
    sums = activities.outreach_sums(ids, D(2026, 10, 15), D(2026, 11, 14))
    assert sums == {world.phuoc_long.pk: OutreachSums(3, 37, 45), world.phuoc_binh.pk: OutreachSums(1, 7, 7)}
    assert sum(sums.values(), OutreachSums()) == OutreachSums(4, 44, 52)  # nothing written is not a row of 0


def test_the_sum_inside_another_query_is_the_same(world, month):
    report = Report.objects.filter(unit=world.phuoc_long, period=month("2026-11"))
    assert log_figures(with_log(report).get())["TT01"].value is None
    log(world, D(2026, 10, 14), 100, 1000)
    log(world, D(2026, 10, 15), 12, 40)
    log(world, D(2026, 11, 14), 5)
    log(world, D(2026, 11, 1), 7, 7, by=world.neighbour, unit=world.phuoc_binh)
    found = {code: figure.value for code, figure in log_figures(with_log(report).get()).items()}
    assert found == {"TT01": 17, "TT02": 40}


def test_sums_take_one_query(world, django_assert_num_queries):
    log(world, D(2026, 11, 1), 3)
    with django_assert_num_queries(1):
        activities.outreach_sums([world.phuoc_long.pk, world.phuoc_binh.pk], D(2026, 10, 15), D(2026, 11, 14))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": D(2026, 11, 17)}, {"held_on": ["Ngày này chưa đến. Hôm nay là 16/11/2026."]}),
        ({"day": D(2025, 6, 30)}, {"held_on": ["Đơn vị có từ ngày 01/07/2025."]}),
        ({"times": 0}, {"times": ["Số lượt là số nguyên từ 1 đến 100.000."]}),
        ({"audience": -1}, {"audience": ["Số người là số nguyên từ 0 đến 10.000.000."]}),
        ({"utility_group": 6}, {"utility_group": ["Nhóm tiện ích từ 1 đến 5."]}),
    ],
)
def test_what_the_log_refuses(world, changes, message):
    assert refusal(log, world, changes.pop("day", D(2026, 11, 1)), **changes) == message


def test_a_row_is_corrected_or_taken_out_and_that_is_on_record(world):
    event = log(world, D(2026, 11, 1), 3, 50)
    fields = {"held_on": D(2026, 11, 2), "channel": "mobile", "times": 4, "audience": 50}
    activities.change_outreach(by=world.officer, outreach_id=event.pk, **fields)
    assert OutreachEvent.objects.get().times == 4
    activities.delete_outreach(by=world.officer, outreach_id=event.pk)
    assert not OutreachEvent.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (world.officer, str(event.pk))
    assert "Xe lưu động 02/11/2026: 4 lượt, 50 người" in entry.change_message


def test_only_the_units_own_people_write(world):
    event = log(world, D(2026, 11, 1))
    model = activities.add_pilot_model(by=world.leader, unit=world.phuoc_long, name="A", started_on=D(2026, 1, 5))
    for person in (world.neighbour, world.reviewer, world.chair, world.auditor, world.stranger):
        with pytest.raises(PermissionDenied):
            log(world, D(2026, 11, 1), by=person)
        with pytest.raises(PermissionDenied):
            activities.delete_outreach(by=person, outreach_id=event.pk)
        with pytest.raises(PermissionDenied):
            activities.add_pilot_model(by=person, unit=world.phuoc_long, name="B", started_on=D(2026, 1, 5))
        with pytest.raises(PermissionDenied):
            activities.change_pilot_model(by=person, pilot_model_id=model.pk, name="B")
    assert (OutreachEvent.objects.count(), PilotModel.objects.count()) == (1, 1)


def test_pilot_models(world):
    def add(**changes):
        fields = {"name": "Điểm hỗ trợ dịch vụ công lưu động", "started_on": D(2026, 1, 5)}
        return activities.add_pilot_model(by=world.officer, unit=world.phuoc_long, **fields | changes)

    model = add(members=5, results="Hỗ trợ 1.200 lượt")
    assert refusal(add, name="  Điểm hỗ trợ dịch vụ  công lưu động ") == {"name": ["Đơn vị đã có mô hình này."]}
    assert refusal(add, name="B", started_on=D(2025, 6, 30)) == {"started_on": ["Đơn vị có từ ngày 01/07/2025."]}
    end = {"by": world.officer, "pilot_model_id": model.pk}
    assert refusal(activities.change_pilot_model, ended_on=D(2026, 1, 4), **end) == {
        "ended_on": ["Mô hình bắt đầu ngày 05/01/2026; kết thúc phải sau đó."]
    }
    activities.change_pilot_model(ended_on=D(2026, 6, 30), replicated_in="Phường Phước Bình", **end)
    model.refresh_from_db()
    assert (model.ended_on, model.replicated_in, model.members) == (D(2026, 6, 30), "Phường Phước Bình", 5)


def test_the_database_knows_five_utility_groups(world):
    event = log(world, D(2026, 11, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        OutreachEvent.objects.filter(pk=event.pk).update(utility_group=6)
