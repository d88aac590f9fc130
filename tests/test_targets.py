"""The life of a target: proposed, answered, set, dropped; each step in its log, by those who may."""

import datetime as dt
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from reporting import target_workflow as workflow
from reporting.models import Indicator, PublicService, Target, TargetEvent
from reporting.target_workflow import Aim
from taskforces.models import Branch, PlanChange, Role
from tests.conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


def tt01(year=2026, month=0):
    return Aim(year, month, indicator=Indicator.objects.get(code="TT01"))


def propose(world, value=1200, by=None, aim=None, reason=""):
    return workflow.propose(
        by=by or world.officer, unit=world.phuoc_long, aim=aim or tt01(), value=Decimal(value), reason=reason
    )


def steps(target):
    return list(target.events.values_list("action", "old", "new", "reason", "by"))


def state(target):
    target.refresh_from_db()
    return target.status, target.value, target.asked, target.offered


def refused(act, field, words):
    with pytest.raises(ValidationError, match=words) as error:
        act()
    assert field is None or field in error.value.error_dict


# Proposed and answered -----------------------------------------------------------------------------------------------


def test_a_proposal_is_in_force_when_it_is_accepted_and_not_before(world):
    target = propose(world)
    assert state(target) == ("proposed", None, 1200, None)
    assert not Target.objects.in_force().exists()
    workflow.accept(by=world.reviewer, target_id=target.pk, asked=Decimal(1200))
    assert state(target) == ("accepted", 1200, None, None)
    assert steps(target) == [
        ("proposed", None, 1200, "", world.officer.pk),
        ("accepted", None, 1200, "", world.reviewer.pk),
    ]
    assert {event.at for event in target.events.all()} == {dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)}


def test_sent_back_with_another_value_proposed_again_accepted(world):
    target = propose(world, 1000)
    workflow.send_back(by=world.staff, target_id=target.pk, reason=" Thấp hơn  năm trước ", value=Decimal(1500))
    assert state(target) == ("returned", None, 1000, 1500)
    again = propose(world, 1400, by=world.leader, reason="Thêm nhân lực")
    assert again.pk == target.pk
    assert state(target) == ("proposed", None, 1400, None)
    workflow.accept(by=world.staff, target_id=target.pk, asked=Decimal(1400))
    assert steps(target)[1:] == [
        ("returned", 1000, 1500, "Thấp hơn năm trước", world.staff.pk),
        ("proposed", None, 1400, "Thêm nhân lực", world.leader.pk),
        ("accepted", None, 1400, "", world.staff.pk),
    ]


def test_what_is_in_force_stays_until_another_value_is_accepted(world):
    target = propose(world)
    workflow.accept(by=world.reviewer, target_id=target.pk, asked=Decimal(1200))
    refused(lambda: propose(world, 900), "reason", "Ghi lý do")
    propose(world, 900, reason="Sáp nhập khu phố")
    assert state(target) == ("proposed", 1200, 900, None)
    workflow.send_back(by=world.reviewer, target_id=target.pk, reason="Chưa thuyết phục")
    assert state(target) == ("returned", 1200, 900, None)
    assert list(Target.objects.in_force()) == [target]
    propose(world, 950, reason="Giảm ít hơn")
    workflow.accept(by=world.reviewer, target_id=target.pk, asked=Decimal(950))
    assert steps(target)[-1] == ("accepted", 1200, 950, "", world.reviewer.pk)


def test_the_wrong_moment_is_said(world):
    target = propose(world)
    refused(lambda: propose(world), "value", "Đã đề xuất 1.200")
    refused(
        lambda: workflow.accept(by=world.reviewer, target_id=target.pk, asked=Decimal(1100)), None, "vừa đổi đề xuất"
    )
    refused(lambda: workflow.send_back(by=world.reviewer, target_id=target.pk, reason=" "), "reason", "Ghi lý do")
    same = {"target_id": target.pk, "reason": "Thấp", "value": Decimal(1200)}
    refused(lambda: workflow.send_back(by=world.reviewer, **same), "value", "đúng là mức đơn vị đề xuất")
    workflow.accept(by=world.reviewer, target_id=target.pk, asked=Decimal(1200))
    refused(lambda: propose(world), "value", "Đang giao đúng 1.200")
    for act in (
        lambda: workflow.accept(by=world.staff, target_id=target.pk, asked=Decimal(1200)),
        lambda: workflow.send_back(by=world.staff, target_id=target.pk, reason="Thấp"),
    ):
        refused(act, None, "đã được trả lời")
    assert target.events.count() == 2


def test_nobody_accepts_what_they_proposed(world):
    target = workflow.propose(by=world.reviewer, unit=world.dong_nai, aim=tt01(), value=Decimal(9000))
    accept = {"target_id": target.pk, "asked": Decimal(9000)}
    refused(lambda: workflow.accept(by=world.reviewer, **accept), None, "người khác phải trả lời")
    workflow.accept(by=world.second_reviewer, **accept)
    assert state(target)[0] == "accepted"


# Who may -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["officer", "police_officer", "leader"])
def test_the_units_own_people_propose(world, person):
    assert propose(world, by=getattr(world, person)).status == "proposed"


@pytest.mark.parametrize("person", ["neighbour", "reviewer", "staff", "chair", "auditor", "stranger", "administrator"])
def test_others_do_not_propose_for_it(world, person):
    with pytest.raises(PermissionDenied):
        propose(world, by=getattr(world, person))
    assert not Target.objects.exists()


@pytest.mark.parametrize("person", ["officer", "leader", "neighbour", "chair", "auditor", "stranger_reviewer"])
def test_only_the_level_above_answers_sets_and_drops(world, person):
    by, target = getattr(world, person), propose(world)
    for act in (
        lambda: workflow.accept(by=by, target_id=target.pk, asked=Decimal(1200)),
        lambda: workflow.send_back(by=by, target_id=target.pk, reason="Thấp"),
        lambda: workflow.set_target(by=by, unit=world.phuoc_long, aim=tt01(), value=Decimal(5)),
        lambda: workflow.set_targets(by=by, units=places(world), aim=tt01(), values=values(world, 5), reason=""),
        lambda: workflow.drop(by=by, target_id=target.pk, reason="Thôi"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert (state(target)[0], target.events.count()) == ("proposed", 1)


def test_a_districts_target_is_answered_by_its_province_not_by_itself(world, at):
    at("2024-12-16 09:00")
    for person in (world.district_reviewer, world.old_staff):
        assert Role(person.postings.get().role) in {Role.REVIEWER, Role.PROVINCIAL_STAFF}
    second = make_person("duyet688b", "Đinh Văn Hai", world.tx_phuoc_long, Role.REVIEWER)
    own = {"unit": world.tx_phuoc_long, "aim": tt01(2024), "value": Decimal(50)}
    target = workflow.propose(by=world.district_reviewer, **own)
    with pytest.raises(PermissionDenied):
        workflow.accept(by=second, target_id=target.pk, asked=Decimal(50))
    workflow.accept(by=world.old_staff, target_id=target.pk, asked=Decimal(50))
    assert state(target)[0] == "accepted"


def test_a_closed_unit_proposes_nothing_and_keeps_what_it_had(world, at):
    at("2024-12-16 09:00")
    kept = workflow.propose(by=world.old_officer, unit=world.thac_mo, aim=tt01(2024), value=Decimal(50))
    at("2026-11-16 09:00")
    with pytest.raises(PermissionDenied):
        workflow.propose(by=world.old_officer, unit=world.thac_mo, aim=tt01(2025), value=Decimal(50))
    with pytest.raises(PermissionDenied):
        workflow.set_target(by=world.administrator, unit=world.thac_mo, aim=tt01(2025), value=Decimal(50))
    assert list(Target.objects.visible_to(world.old_officer)) == [kept]


def test_no_target_of_a_time_in_which_the_unit_did_not_exist(world):
    refused(lambda: propose(world, aim=tt01(2025, 6)), "year", "không hoạt động trong tháng 06/2025")
    assert propose(world, aim=tt01(2025, 7)).month == 7  # opened on 1 July
    assert propose(world, aim=tt01(2025)).year == 2025
    refused(lambda: propose(world, aim=tt01(2019)), "year", "Năm từ 2020 đến 2100")
    refused(lambda: propose(world, aim=tt01(2026, 13)), "month", "cả năm hoặc một tháng")


def test_a_stranger_sees_no_target(world):
    target = propose(world)
    assert list(Target.objects.visible_to(world.neighbour)) == list(Target.objects.visible_to(world.stranger)) == []
    for person in (world.police_officer, world.reviewer, world.chair, world.auditor):
        assert list(Target.objects.visible_to(person)) == [target]


# Set from above ------------------------------------------------------------------------------------------------------


def places(world):
    return {unit.pk: (unit, unit.versions.get().path) for unit in (world.phuoc_long, world.phuoc_binh)}


def values(world, *given):
    return {unit.pk: Decimal(v) for unit, v in zip((world.phuoc_long, world.phuoc_binh), given, strict=False)}


def test_what_is_set_from_above_is_in_force_at_once_and_answers_a_proposal(world):
    target = propose(world)
    again = workflow.set_target(by=world.staff, unit=world.phuoc_long, aim=tt01(), value=Decimal(1300))
    assert again.pk == target.pk
    assert state(target) == ("accepted", 1300, None, None)
    change = {"by": world.staff, "unit": world.phuoc_long, "aim": tt01()}
    refused(lambda: workflow.set_target(**change, value=Decimal(1250)), "reason", "Ghi lý do")
    refused(lambda: workflow.set_target(**change, value=Decimal(1300)), "value", "Đang giao đúng 1.300")
    workflow.set_target(**change, value=Decimal(1250), reason="Điều chỉnh giữa năm")
    assert steps(target)[1:] == [
        ("set", None, 1300, "", world.staff.pk),
        ("set", 1300, 1250, "Điều chỉnh giữa năm", world.staff.pk),
    ]


def test_a_dropped_target_is_in_force_no_longer_and_can_be_set_again(world):
    target = workflow.set_target(by=world.staff, unit=world.phuoc_long, aim=tt01(), value=Decimal(1300))
    refused(lambda: workflow.drop(by=world.staff, target_id=target.pk, reason=""), "reason", "Ghi lý do")
    workflow.drop(by=world.staff, target_id=target.pk, reason="Giao nhầm")
    assert state(target) == ("dropped", None, None, None)
    assert steps(target)[-1] == ("dropped", 1300, None, "Giao nhầm", world.staff.pk)
    refused(lambda: workflow.drop(by=world.staff, target_id=target.pk, reason="Lại"), None, "đã bỏ")
    workflow.set_target(by=world.staff, unit=world.phuoc_long, aim=tt01(), value=Decimal(9))
    assert state(target) == ("accepted", 9, None, None)


def test_a_whole_table_is_set_at_once_or_not_at_all(world, django_assert_max_num_queries):
    rate = Aim(2026, service=PublicService.objects.get(code="DVC09"), rate=Target.Rate.ONLINE)
    table = {"by": world.staff, "units": places(world), "aim": rate, "reason": ""}
    with pytest.raises(ValidationError) as error:
        workflow.set_targets(**table, values=values(world, 90, 101))
    assert error.value.message_dict == {f"value_{world.phuoc_binh.pk}": ["Chỉ tiêu này ghi phần trăm, nhiều nhất 100."]}
    assert not Target.objects.exists()
    assert workflow.set_targets(**table, values=values(world, 90, 95)) == 2
    assert workflow.set_targets(**table, values=values(world, 90, 95)) == 0  # the same again
    refused(lambda: workflow.set_targets(**table, values=values(world, 91, 95)), "reason", "Ghi lý do")
    with django_assert_max_num_queries(8):
        assert workflow.set_targets(**table | {"reason": "Nâng"}, values=values(world, 91, 96)) == 2
    first = Target.objects.get(unit=world.phuoc_long)
    assert (first.key, first.label) == ("DVC09.online_rate", f"DVC09 {rate.service.short_name}: trực tuyến")
    assert steps(first) == [("set", None, 90, "", world.staff.pk), ("set", 90, 91, "Nâng", world.staff.pk)]


# Values and rules of the table ---------------------------------------------------------------------------------------


def test_a_rate_is_at_most_100_unless_the_indicator_may_pass_it(world):
    dd04 = Aim(2026, indicator=Indicator.objects.get(code="DD04"))
    refused(lambda: propose(world, "100.01", aim=dd04), "value", "nhiều nhất 100")
    assert propose(world, 100, aim=dd04).is_percent
    Indicator.objects.filter(code="HT01").update(may_exceed_total=True)
    assert propose(world, 120, aim=Aim(2026, indicator=Indicator.objects.get(code="HT01"))).asked == 120
    all_together = propose(world, 95, aim=Aim(2026, rate=Target.Rate.IN_TIME))
    assert (all_together.key, all_together.label) == ("in_time_rate", "Trước và đúng hạn, chung các dịch vụ công")
    refused(lambda: propose(world, 101, aim=Aim(2026, rate=Target.Rate.ONLINE)), "value", "nhiều nhất 100")
    refused(lambda: propose(world, -1), "value", "từ 0")


def test_targets_of_a_year_its_months_and_different_rates_stand_beside_each_other(world):
    service = PublicService.objects.get(code="DVC09")
    aims = [tt01(), tt01(month=1), tt01(2027), Aim(2026, rate="online_rate"), Aim(2026, rate="in_time_rate")]
    aims += [Aim(2026, service=service, rate=rate) for rate in ("online_rate", "in_time_rate")]
    for n, aim in enumerate(aims, start=1):
        propose(world, n, aim=aim)
    assert [Target.objects.get(aim.rows).asked for aim in aims] == [1, 2, 3, 4, 5, 6, 7]


def test_the_database_keeps_one_of_each_and_values_that_fit_the_status(world):
    said = {"unit": world.phuoc_long, "year": 2026}
    indicator, service = Indicator.objects.get(code="TT01"), PublicService.objects.get(code="DVC09")
    for kind in ({"indicator": indicator}, {"rate": "online_rate"}, {"service": service, "rate": "online_rate"}):
        Target.objects.create(**said, **kind, value=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Target.objects.create(**said, **kind, value=2)
    said["month"] = 5
    for wrong in (
        {"value": None},
        {"status": "proposed", "value": 5},
        {"status": "returned", "value": 5},
        {"status": "dropped", "value": 5},
        {"status": "accepted", "value": 5, "asked": 6},
        {"status": "proposed", "asked": 5, "offered": 6},
        {"value": -1},
        {"value": 1, "month": 13},
        {"value": 1, "rate": "online_rate"},
        {"value": 1, "service": service},
        {"value": 1, "indicator": None},
        {"value": 1, "indicator": None, "service": service},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Target.objects.create(**{**said, "indicator": indicator, **wrong})


def test_a_value_is_shown_with_as_many_decimals_as_it_has(world):
    rate, number = Target(rate="online_rate"), Target(indicator=Indicator.objects.get(code="TT01"))
    shown = [workflow.shown_value(Decimal(v), rate) for v in ("95", "95.5", "95.25")]
    assert shown == ["95%", "95,5%", "95,25%"]
    assert workflow.shown_value(Decimal("1200.00"), number) == "1.200"
    assert workflow.shown_value(None, number, blank="chưa có") == "chưa có"


def test_the_log_kept_among_the_plans_until_now_is_taken_over(world):
    target = Target.objects.create(
        unit=world.phuoc_long, year=2026, indicator=Indicator.objects.get(code="TT01"), value=Decimal("97.5")
    )
    at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    for unit, before, after in (
        (world.phuoc_long, "", "95"),
        (world.phuoc_binh, "", "1"),
        (world.phuoc_long, "95", "97,5"),
    ):
        PlanChange.objects.create(
            unit=unit, what="Chỉ tiêu TT01 năm 2026", before=before, after=after, by=world.staff, at=at
        )
    import_module("reporting.migrations.0018_life_of_targets").copy_log(apps, None)
    rows = TargetEvent.objects.values_list("target", "action", "old", "new", "by", "at")
    assert list(rows) == [
        (target.pk, "set", None, 95, world.staff.pk, at),
        (target.pk, "set", 95, Decimal("97.5"), world.staff.pk, at),
    ]


def test_two_officers_of_different_branches_keep_one_target(world):
    other = make_person("bac", "Trần Bắc", world.phuoc_long, Role.OFFICER, Branch.POLICE)
    first = propose(world)
    assert propose(world, 1250, by=other, reason="Tính lại").pk == first.pk
    assert steps(first)[-1] == ("proposed", 1200, 1250, "Tính lại", other.pk)
