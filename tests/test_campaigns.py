"""Campaigns: days, goals, what is entered and corrected, locked and closed, and how far everything is."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from reporting.campaigns import days, goal_table, running
from reporting.campaigns.daily_pace import DailyPace
from reporting.campaigns.days import TypedDay
from reporting.campaigns.progress import Finish, progress, resources_of, sums_of, visible_to
from reporting.models import Campaign, CampaignChange, CampaignDay
from reporting.report_log import NotAllowed
from taskforces.models import UnitVersion
from tests.conftest import make_person, make_unit

pytestmark = pytest.mark.django_db
D = dt.date
FIRST, LAST = D(2026, 11, 10), D(2026, 11, 30)  # 21 days
TODAY = D(2026, 11, 16)


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


def make(world, goals=None, *, by=None, measures=("Hồ sơ số hóa",), **changes):
    units = {world.phuoc_long.pk: (100,), world.phuoc_binh.pk: (50,)}
    words = {"name": "Cao điểm 21 ngày đêm", "first_day": FIRST, "last_day": LAST} | changes
    return running.make_campaign(
        by=by or world.staff,
        unit=words.pop("unit", world.dong_nai),
        measures=[running.MeasureWanted(n, name, "hồ sơ") for n, name in enumerate(measures, start=1)],
        goals=units if goals is None else goals,
        **words,
    )


def change(world, campaign, goals=None, **changes):
    words = {"name": campaign.name, "first_day": campaign.first_day, "last_day": campaign.last_day} | changes
    measures = [running.MeasureWanted(m.order, m.name, m.unit_of_measure) for m in campaign.measures.all()]
    units = {world.phuoc_long.pk: (100,), world.phuoc_binh.pk: (50,)} if goals is None else goals
    return running.change_campaign(by=world.staff, campaign_id=campaign.pk, measures=measures, goals=units, **words)


def enter(campaign, by, unit, day, text, order=1, **more):
    measure = campaign.measures.get(order=order)
    return days.enter_day(by=by, unit=unit, day=day, values={measure.pk: TypedDay(text, **more)})


def refusal(act, *args, **kwargs) -> dict:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return getattr(caught.value, "message_dict", None) or {"__all__": caught.value.messages}


def seen(user, campaign, today=TODAY, order=1):
    found = progress(user, campaign, campaign.measures.get(order=order), today)
    return found, {row.unit: row for row in found.rows}


# Days ----------------------------------------------------------------------------------------------------------------


def test_days_count_from_one_on_the_first_day(world):
    campaign = make(world)
    assert campaign.length == 21
    assert [campaign.day_number(day) for day in (D(2026, 11, 9), FIRST, TODAY, LAST)] == [0, 1, 7, 21]


def test_the_first_and_the_last_day_are_entered_and_no_day_around_them(world, at):
    campaign = make(world)
    at("2026-12-02 09:00")
    enter(campaign, world.officer, world.phuoc_long, FIRST, "7")
    enter(campaign, world.officer, world.phuoc_long, LAST, "5")
    for day in (D(2026, 11, 9), D(2026, 12, 1)):
        with pytest.raises(NotAllowed):
            enter(campaign, world.officer, world.phuoc_long, day, "1")
    assert list(CampaignDay.objects.order_by("day").values_list("day", "value")) == [(FIRST, 7), (LAST, 5)]


def test_tomorrow_is_not_entered(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "1")
    with pytest.raises(NotAllowed, match="chưa đến"):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 17), "1")


def test_a_blank_is_not_zero(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "0")
    _, rows = seen(world.staff, campaign)
    assert (rows[world.phuoc_long].done, rows[world.phuoc_binh].done) == (0, None)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "")
    found, rows = seen(world.staff, campaign)
    assert rows[world.phuoc_long].done is None
    assert found.done is None
    assert {row.unit for row in found.missing} == {world.phuoc_long, world.phuoc_binh}


@pytest.mark.parametrize("text", ["-1", "1,5", "mười", "²", "9" * 19])
def test_what_is_no_count_is_refused_at_its_field_and_nothing_is_written(world, text):
    campaign = make(world, {world.phuoc_long.pk: (1, 1)}, measures=("A", "B"))
    a, b = campaign.measures.all()
    values = {a.pk: TypedDay("3"), b.pk: TypedDay(text)}
    said = refusal(days.enter_day, by=world.officer, unit=world.phuoc_long, day=TODAY, values=values)
    assert list(said) == [f"value_{b.pk}"]
    assert not CampaignDay.objects.exists()


# Corrections, two people ---------------------------------------------------------------------------------------------


def test_an_earlier_day_is_corrected_and_both_numbers_are_in_the_log(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "1.200")
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "120")
    assert CampaignDay.objects.get().value == 120
    log = CampaignChange.objects.filter(what="value").values_list("old", "new", "day", "unit")
    assert list(log) == [
        ("", "1.200", D(2026, 11, 12), world.phuoc_long.pk),
        ("1.200", "120", D(2026, 11, 12), world.phuoc_long.pk),
    ]


def test_of_two_people_the_last_counts_and_both_are_in_the_log(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "10", seen="")
    enter(campaign, world.police_officer, world.phuoc_long, TODAY, "12", seen="")
    row = CampaignDay.objects.get()
    assert (row.value, row.by) == (12, world.police_officer)
    log = CampaignChange.objects.filter(what="value").values_list("by", "old", "new")
    assert list(log) == [(world.officer.pk, "", "10"), (world.police_officer.pk, "10", "12")]


def test_what_a_page_showed_and_its_person_left_alone_does_not_undo_another(world):
    campaign = make(world, {world.phuoc_long.pk: (9, 9)}, measures=("A", "B"))
    a, b = campaign.measures.all()
    enter(campaign, world.officer, world.phuoc_long, TODAY, "10")
    values = {a.pk: TypedDay("", seen=""), b.pk: TypedDay("4", seen="")}  # her page was opened before the 10 was there
    days.enter_day(by=world.police_officer, unit=world.phuoc_long, day=TODAY, values=values)
    assert dict(CampaignDay.objects.values_list("measure", "value")) == {a.pk: 10, b.pk: 4}


def test_the_same_again_writes_no_line(world):
    campaign = make(world)
    assert enter(campaign, world.officer, world.phuoc_long, TODAY, "10") == 1
    assert enter(campaign, world.officer, world.phuoc_long, TODAY, "10") == 0
    assert CampaignChange.objects.filter(what="value").count() == 1


# Locked days, closing ------------------------------------------------------------------------------------------------


def test_a_locked_day_is_refused_and_the_next_is_not(world):
    campaign = make(world)
    running.lock_days(by=world.staff, campaign_id=campaign.pk, to=D(2026, 11, 14))
    with pytest.raises(NotAllowed, match="khóa"):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 14), "1")
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 15), "1")
    running.lock_days(by=world.staff, campaign_id=campaign.pk, to=None)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 14), "1")
    assert list(CampaignChange.objects.filter(what="locked").values_list("old", "new")) == [
        ("", "14/11/2026"),
        ("14/11/2026", ""),
    ]


@pytest.mark.parametrize("day", [D(2026, 11, 9), D(2026, 11, 17)])
def test_days_outside_the_campaign_or_to_come_are_not_locked(world, day):
    campaign = make(world)
    assert list(refusal(running.lock_days, by=world.staff, campaign_id=campaign.pk, to=day)) == ["to"]


def test_a_sum_does_not_reach_into_locked_days(world):
    campaign = make(world)
    running.lock_days(by=world.staff, campaign_id=campaign.pk, to=D(2026, 11, 12))
    day = D(2026, 11, 15)
    said = refusal(enter, campaign, world.officer, world.phuoc_long, day, "9", since=D(2026, 11, 12))
    assert "đã khóa" in str(said)
    enter(campaign, world.officer, world.phuoc_long, day, "9", since=D(2026, 11, 13))


def test_a_closed_campaign_takes_nothing_until_it_is_reopened_with_a_reason(world):
    campaign = make(world)
    running.close_campaign(by=world.staff, campaign_id=campaign.pk)
    with pytest.raises(NotAllowed):
        enter(campaign, world.officer, world.phuoc_long, TODAY, "1")
    for act in (change, lambda w, c: running.close_campaign(by=w.staff, campaign_id=c.pk)):
        with pytest.raises(NotAllowed, match="Đỗ Thu Hà đã kết thúc"):
            act(world, campaign)
    with pytest.raises(NotAllowed, match="lý do"):
        running.reopen_campaign(by=world.staff, campaign_id=campaign.pk, reason=" ")
    running.reopen_campaign(by=world.staff, campaign_id=campaign.pk, reason="Nhập bổ sung")
    enter(campaign, world.officer, world.phuoc_long, TODAY, "1")
    log = CampaignChange.objects.filter(what__in=["closed", "reopened"]).values_list("what", "new")
    assert list(log) == [("closed", ""), ("reopened", "Nhập bổ sung")]


def test_a_campaign_that_has_not_begun_is_not_closed(world):
    campaign = make(world, first_day=D(2026, 11, 17))
    with pytest.raises(NotAllowed, match="chưa bắt đầu"):
        running.close_campaign(by=world.staff, campaign_id=campaign.pk)


# Sums over several days, words ---------------------------------------------------------------------------------------


def test_a_sum_over_days_tells_of_each_of_them_and_of_none_alone(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "70", since=FIRST, qualifier="hơn")
    found, rows = seen(world.staff, campaign)
    row = rows[world.phuoc_long]
    assert (row.done, row.today, row.is_told, row.said.word) == (70, None, True, "hơn")
    assert (found.days[TODAY].all.units, found.days[TODAY].all.summed) == (0, 1)
    assert days.said(CampaignDay.objects.get()) == "hơn 70 (từ 10/11/2026)"
    assert days.days_to_enter(world.phuoc_long, TODAY) == []
    assert "đã gộp trong số của ngày 16/11/2026" in str(
        refusal(enter, campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "5")
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [(D(2026, 11, 9), "bắt đầu ngày 10/11"), (D(2026, 11, 17), "phải trước ngày"), (D(2026, 11, 12), "đã có số riêng")],
)
def test_a_sum_begins_within_the_campaign_and_holds_no_day_that_stands_alone(world, since, said):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "5")
    found = refusal(enter, campaign, world.officer, world.phuoc_long, TODAY, "70", since=since)
    assert said in str(found)


# Progress ------------------------------------------------------------------------------------------------------------


def test_the_goal_is_reached_on_the_day_the_sum_comes_to_it(world):
    """100 exactly on the 14th; one short on the 13th; more on the 15th changes nothing."""
    campaign = make(world)
    for day, text in ((10, "60"), (13, "39"), (14, "1"), (15, "5")):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, day), text)
    _, rows = seen(world.staff, campaign)
    assert rows[world.phuoc_long].finish == Finish(D(2026, 11, 14), 1, False, False)
    assert rows[world.phuoc_binh].finish is None
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 13), "38")  # corrected: now the 15th
    assert seen(world.staff, campaign)[1][world.phuoc_long].finish.day == D(2026, 11, 15)


def test_who_finishes_on_one_day_shares_a_place_and_the_next_is_third(world):
    goals = {u.pk: (10,) for u in (world.phuoc_long, world.phuoc_binh, world.phu_rieng)}
    campaign = make(world, goals)
    for n, unit in enumerate((world.phuoc_long, world.phuoc_binh, world.phu_rieng)):
        day, at = D(2026, 11, 12 + n // 2), dt.datetime.now(dt.UTC)
        CampaignDay.objects.create(measure=campaign.measures.get(), unit=unit, day=day, value=10, by=world.staff, at=at)
    found, rows = seen(world.staff, campaign)
    places = {unit.pk: (row.finish.place, row.finish.is_shared) for unit, row in rows.items()}
    assert places == {world.phuoc_long.pk: (1, True), world.phuoc_binh.pk: (1, True), world.phu_rieng.pk: (3, False)}
    assert found.finished == 3


def test_a_goal_of_zero_is_no_finish_and_no_goal_is_no_zero(world):
    campaign = make(world, {world.phuoc_long.pk: (0,), world.phuoc_binh.pk: (None,)})
    enter(campaign, world.officer, world.phuoc_long, TODAY, "5")
    enter(campaign, world.neighbour, world.phuoc_binh, TODAY, "7")
    found, rows = seen(world.staff, campaign)
    assert [rows[u].finish for u in (world.phuoc_long, world.phuoc_binh)] == [None, None]
    assert (rows[world.phuoc_long].remaining, rows[world.phuoc_binh].remaining) == (0, None)
    assert (found.goal, found.done, found.remaining) == (0, 5, 0)


def test_one_units_more_does_not_make_up_for_anothers_less(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "130")
    found, _ = seen(world.staff, campaign)
    assert (found.goal, found.done, found.remaining) == (150, 130, 50)


def test_the_pace_is_that_of_units_which_have_not_finished(world):
    """Phước Long finished on the 13th and goes on; only Phước Bình's 3, 5 and 4 a day bring the end nearer."""
    campaign = make(world)
    for day, own, other in ((13, "100", "3"), (14, "90", "5"), (15, "80", "4")):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, day), own)
        enter(campaign, world.neighbour, world.phuoc_binh, D(2026, 11, day), other)
    found, _ = seen(world.staff, campaign)
    assert found.pace(TODAY) == DailyPace(3, 4, 3, 5)
    assert found.days[D(2026, 11, 14)].all.value == 95
    enter(campaign, world.neighbour, world.phuoc_binh, TODAY, "38")
    assert seen(world.staff, campaign)[0].pace(TODAY) is None  # nobody is left


def test_a_day_before_the_unit_was_opened_is_not_entered(world):
    opened = D(2026, 11, 13)
    ward = make_unit("25999", "Phường Mới", "phuong", "commune", world.dong_nai, opened=opened)
    clerk = make_person("moi", "Lê Thị Mới", ward, "officer", "office", since=opened)
    campaign = make(world, {ward.pk: (10,)})
    with pytest.raises(NotAllowed, match="không hoạt động"):
        enter(campaign, clerk, ward, D(2026, 11, 12), "1")
    enter(campaign, clerk, ward, opened, "1")
    assert days.days_to_enter(ward, TODAY) == [D(2026, 11, 15), D(2026, 11, 14)]


def test_nothing_entered_is_no_sum(world):
    found, rows = seen(world.staff, make(world))
    assert (found.goal, found.done, found.remaining, found.days, found.finished) == (150, None, 150, {}, 0)
    assert {row.done for row in rows.values()} == {None}


def test_after_the_last_day_the_last_day_is_looked_at(world, at):
    campaign = make(world)
    at("2026-12-05 09:00")
    enter(campaign, world.officer, world.phuoc_long, LAST, "4")
    found, rows = seen(world.staff, campaign, D(2026, 12, 5))
    assert (found.day, rows[world.phuoc_long].today) == (LAST, 4)
    assert [row.unit for row in found.missing] == [world.phuoc_binh]


def test_who_has_not_entered_today(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "4")
    assert [row.unit for row in seen(world.staff, campaign)[0].missing] == [world.phuoc_binh]
    assert not days.not_entered(world.phuoc_long.pk, TODAY).exists()
    assert list(days.not_entered(world.phuoc_binh.pk, TODAY)) == [campaign]
    assert not days.not_entered(world.phu_rieng.pk, TODAY).exists()  # takes no part


def test_days_still_to_be_entered(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "4")
    running.lock_days(by=world.staff, campaign_id=campaign.pk, to=D(2026, 11, 10))
    wanted = [D(2026, 11, 15), D(2026, 11, 14), D(2026, 11, 13), D(2026, 11, 11)]
    assert days.days_to_enter(world.phuoc_long, TODAY) == wanted


def test_resources_of_the_newest_day(world):
    campaign = make(world)
    for unit, by, texts in (
        (world.phuoc_long, world.officer, {"shifts": "3", "machines": "16", "volunteers": ""}),
        (world.phuoc_binh, world.neighbour, {"shifts": "2"}),
    ):
        days.enter_day(by=by, unit=unit, day=TODAY, values={}, resources={campaign.pk: texts})
    assert resources_of(world.staff, campaign) == (TODAY, {"shifts": 5, "machines": 16, "volunteers": None})
    told = CampaignChange.objects.filter(what="resources").values_list("new", flat=True)
    assert list(told) == ["3 ca, 16 máy", "2 ca"]
    assert resources_of(world.officer, campaign)[1]["shifts"] == 3


# Units that end, units that move ------------------------------------------------------------------------------------


def test_a_unit_that_ends_keeps_what_it_did_and_owes_nothing_more(world, at):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 13), "40")
    world.phuoc_long.closed_on = D(2026, 11, 13)
    world.phuoc_long.save()
    version = world.phuoc_long.versions.get()
    version.valid_to = D(2026, 11, 13)
    version.save()
    found, rows = seen(world.staff, campaign)
    assert (found.done, rows[world.phuoc_long].name) == (40, "Phường Phước Long")
    assert [row.unit for row in found.missing] == [world.phuoc_binh]
    owes = {row.unit: [row.owes(D(2026, 11, day)) for day in (13, 14)] for row in found.rows}
    assert owes == {world.phuoc_long: [True, False], world.phuoc_binh: [True, True]}
    del world.officer._current_postings
    with pytest.raises(PermissionDenied):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 13), "41")


def test_a_unit_that_moves_stands_in_its_new_place(world):
    """From 14 November Phước Bình lies under a town; its numbers go along, the province's sum stays."""
    town = make_unit("999", "Thành phố Mới", "thanh_pho", "district", world.dong_nai, opened=D(2025, 7, 1))
    campaign = make(world)
    enter(campaign, world.neighbour, world.phuoc_binh, D(2026, 11, 12), "20")
    old = world.phuoc_binh.versions.get()
    old.valid_to = D(2026, 11, 13)
    old.save()
    UnitVersion.objects.create(
        unit=world.phuoc_binh, name="Phường Phước Bình", short_name="Phước Bình", unit_type="phuong",
        parent=town, path=f"{town.versions.get().path}{world.phuoc_binh.pk}/", search_key="x", sort_key="x",
        valid_from=D(2026, 11, 14),
    )  # fmt: skip
    found, rows = seen(world.staff, campaign)
    assert rows[world.phuoc_binh].group_id == town.pk
    assert found.group_names[town.pk] == "Thành phố Mới"
    assert found.done == 20
    _, rows = seen(world.staff, campaign, D(2026, 11, 13))
    assert rows[world.phuoc_binh].group_id == world.phuoc_binh.pk


# Who sees, who writes ------------------------------------------------------------------------------------------------


def test_a_reader_sees_the_rows_of_the_own_scope_and_how_many_there_are_in_all(world):
    campaign = make(world)
    enter(campaign, world.neighbour, world.phuoc_binh, TODAY, "50")
    found, rows = seen(world.officer, campaign)
    assert (list(rows), found.units, found.finished) == ([world.phuoc_long], 2, 1)
    assert (found.goal, found.done) == (100, None)
    own, all_ = sums_of(world.officer, [campaign])[campaign.pk][0], sums_of(world.staff, [campaign])[campaign.pk][0]
    assert (own.goal, own.done, own.units) == (100, None, 1)
    assert (all_.goal, all_.done, all_.units) == (150, 50, 2)


def test_who_sees_a_campaign(world):
    campaign = make(world, {world.phuoc_long.pk: (1,)})
    for person in (world.staff, world.chair, world.officer, world.auditor, world.administrator):
        assert visible_to(person).get() == campaign
    for person in (world.neighbour, world.stranger, world.stranger_reviewer, world.district_chair):
        assert not visible_to(person).exists()


@pytest.mark.parametrize("person", ["officer", "leader", "chair", "auditor", "stranger_reviewer"])
def test_who_runs_no_campaign_of_the_province(world, person):
    by = getattr(world, person)
    with pytest.raises(PermissionDenied):
        make(world, by=by)
    campaign = make(world)
    for act in (
        lambda: running.close_campaign(by=by, campaign_id=campaign.pk),
        lambda: running.lock_days(by=by, campaign_id=campaign.pk, to=FIRST),
        lambda: running.reopen_campaign(by=by, campaign_id=campaign.pk, reason="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.parametrize("person", ["neighbour", "staff", "chair", "administrator"])
def test_nobody_enters_for_another_unit(world, person):
    campaign = make(world)
    with pytest.raises(PermissionDenied):
        enter(campaign, getattr(world, person), world.phuoc_long, TODAY, "1")


# Making and changing -------------------------------------------------------------------------------------------------


def test_the_last_day_may_be_the_first_but_not_before_it(world):
    assert make(world, last_day=FIRST).length == 1
    assert list(refusal(make, world, last_day=D(2026, 11, 9))) == ["last_day"]
    assert make(world, name="dài", last_day=D(2027, 11, 10)).length == 366
    assert list(refusal(make, world, name="dài hơn", last_day=D(2027, 11, 11))) == ["last_day"]


def test_days_measures_and_units_with_numbers_stay(world):
    campaign = make(world)
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 12), "4")
    assert list(refusal(change, world, campaign, first_day=D(2026, 11, 13))) == ["first_day"]
    assert list(refusal(change, world, campaign, last_day=D(2026, 11, 11))) == ["last_day"]
    assert "Phường Phước Long" in str(refusal(change, world, campaign, {world.phuoc_binh.pk: (1,)}))
    campaign.refresh_from_db()
    kept = running.MeasureWanted(2, "Khác", "hồ sơ")
    said = refusal(
        running.change_campaign, by=world.staff, campaign_id=campaign.pk, measures=[kept],
        goals={world.phuoc_long.pk: (1,)}, name=campaign.name, first_day=FIRST, last_day=LAST,
    )  # fmt: skip
    assert list(said) == ["measure_1"]
    change(world, campaign, first_day=D(2026, 11, 12), last_day=D(2026, 11, 12))


def test_changed_goals_are_in_the_log(world):
    campaign = make(world)
    change(world, campaign, {world.phuoc_long.pk: (120,), world.phu_rieng.pk: (None,)})
    log = CampaignChange.objects.filter(what="goal").values_list("unit", "old", "new")
    assert set(log) == {
        (world.phuoc_long.pk, "100", "120"),
        (world.phu_rieng.pk, "", "chưa giao"),
        (world.phuoc_binh.pk, "50", "bỏ"),
    }
    assert Campaign.objects.get().changes.filter(what="made").get().new == "21 ngày, 2 đơn vị"


# The table of goals --------------------------------------------------------------------------------------------------


def read(world, text, columns=1):
    goals, errors = goal_table.read(text, running.units_to_choose(world.dong_nai.pk, FIRST, LAST), columns)
    names = {v.unit_id: v.short_name for v in UnitVersion.objects.all()}
    return {names[pk]: row for pk, row in goals.items()}, errors


@pytest.mark.parametrize(
    ("line", "goal"),
    [
        ("25217\tPhường Phước Long\t1.200", 1200),
        ("25217\t1200", 1200),
        ("phuoc long; 1200", 1200),
        ("Phường Phước Long\t", None),
        ("25217", None),
        ("25217\t\t0", 0),
    ],
)
def test_a_line_of_the_table(world, line, goal):
    assert read(world, f"Mã\tĐơn vị\tChỉ tiêu\n\n{line}\nTổng số\t9.999") == ({"Phước Long": (goal,)}, [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("25057\t5", "không phải đơn vị trực thuộc"),  # next door
        ("Xã Không Có\t5", "không phải đơn vị trực thuộc"),
        ("25217\tPhường Phước Bình\t5", "không phải đơn vị trực thuộc"),  # code and name of two units
        ("25217\tPhường Phước Long\t5\t6", "nhiều hơn 1 chỉ tiêu"),
        ("25217\tPhường Phước Long\t-5", "số nguyên"),
        ("25220\t1\n25220\t2", "đã có ở dòng trên"),
    ],
)
def test_a_line_that_is_not_understood_is_said(world, line, said):
    _, errors = read(world, line)
    assert said in errors[0]


def test_the_table_reads_what_it_wrote(world):
    rows = [("25217", "Phường Phước Long", (1200, None)), ("25220", "Phường Phước Bình", (0, 7))]
    goals, errors = read(world, goal_table.write(rows), columns=2)
    assert (goals, errors) == ({"Phước Long": (1200, None), "Phước Bình": (0, 7)}, [])
