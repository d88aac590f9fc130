"""Postings: moved, handed over, stood in for, ended; and the rights that go with the days."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from taskforces.models import Posting, PostingEvent, User
from taskforces.people import postings
from taskforces.scope import may_submit
from taskforces.scope import postings as rights_of
from tests.conftest import make_person

TODAY, TOMORROW = dt.date(2026, 11, 16), dt.date(2026, 11, 17)


@pytest.fixture(autouse=True)
def today(at):
    at("2026-11-16 09:00")


@pytest.fixture
def mine(world):
    return world.officer.postings.get()


@pytest.fixture
def newcomer(world):
    return User.objects.create(username="moi", full_name="Lâm Thị Mới")


def rights(user):
    """(unit, role, branch) the person holds now, as a later request reads them."""
    return [(p.unit, p.role, p.branch) for p in rights_of(User.objects.get(pk=user.pk))]


def notes(posting):
    return list(posting.events.values_list("action", "note"))


def move(world, mine, **more):
    values = {"unit": world.phuoc_binh, "role": "officer", "branch": "office", "valid_from": TODAY}
    return postings.transfer(by=world.staff, posting_id=mine.pk, **{"user": mine.user} | values | more)


# Transfer ------------------------------------------------------------------------------------------------------------


def test_a_person_moves_in_one_step_and_loses_the_old_rights_at_once(world, mine):
    new = move(world, mine, note="Quyết định 12/QĐ-UBND")
    mine.refresh_from_db()
    assert mine.valid_to == dt.date(2026, 11, 15)
    assert rights(world.officer) == [(world.phuoc_binh, "officer", "office")]
    said = (
        "Nguyễn Thị Hồng Nhung thôi Cán bộ nhập liệu (Văn phòng HĐND và UBND), Phường Phước Long; "
        "Nguyễn Thị Hồng Nhung nhận Cán bộ nhập liệu (Văn phòng HĐND và UBND), Phường Phước Bình từ ngày 16/11/2026. "
        "Quyết định 12/QĐ-UBND."
    )
    assert notes(mine) == [("transferred", said)]
    assert notes(new) == [("given", said)]


def test_a_posting_is_handed_over_to_another_person_both_named(world, mine, newcomer):
    move(world, mine, user=newcomer, unit=world.phuoc_long)
    assert rights(world.officer) == []
    assert rights(newcomer) == [(world.phuoc_long, "officer", "office")]
    ((_, said),) = notes(mine)
    assert "Nguyễn Thị Hồng Nhung thôi" in said
    assert "Lâm Thị Mới nhận" in said


def test_a_move_in_the_future_changes_nothing_today(world, mine, at):
    move(world, mine, valid_from=dt.date(2026, 12, 1))
    assert rights(world.officer) == [(world.phuoc_long, "officer", "office")]
    at("2026-11-30 23:59")
    assert rights(world.officer) == [(world.phuoc_long, "officer", "office")]
    at("2026-12-01 00:00")
    assert rights(world.officer) == [(world.phuoc_binh, "officer", "office")]


def test_a_change_of_nothing_is_refused(world, mine):
    with pytest.raises(ValidationError, match="Chưa đổi gì"):
        move(world, mine, unit=world.phuoc_long)


def test_pressing_twice_moves_once(world, mine):
    move(world, mine)
    with pytest.raises(ValidationError, match="đã kết thúc ngày 15/11/2026"):
        move(world, mine)
    assert world.officer.postings.count() == 2


def test_a_refused_new_posting_leaves_the_old_one_open(world, mine):
    with pytest.raises(ValidationError, match="Văn phòng hoặc Công an"):
        move(world, mine, branch="")
    mine.refresh_from_db()
    assert mine.valid_to is None
    assert PostingEvent.objects.count() == 0


def test_not_before_it_began(world, mine):
    with pytest.raises(ValidationError) as caught:
        move(world, mine, valid_from=mine.valid_from)
    assert caught.value.message_dict == {
        "valid_from": ["Phân công này có từ ngày 01/11/2021; chọn từ ngày 02/11/2021 trở đi."]
    }


def test_not_to_a_unit_that_is_not_there(world, mine):
    with pytest.raises(ValidationError) as caught:
        move(world, mine, unit=world.thac_mo)  # ended on 30 June 2025, and lay in another province
    assert "unit" in caught.value.message_dict


@pytest.mark.parametrize("person", ["officer", "leader", "reviewer", "chair", "neighbour", "auditor"])
def test_who_moves_nobody(world, mine, person):
    by = getattr(world, person)
    with pytest.raises(PermissionDenied):
        postings.end(by=by, posting_id=mine.pk, on=TODAY)
    with pytest.raises(PermissionDenied):
        postings.delegate(by=by, posting_id=mine.pk, user=world.leader, valid_from=TODAY, valid_to=TODAY)


def test_staff_reach_neither_another_province_nor_their_equals(world, mine):
    for posting in (world.stranger.postings.get(), world.administrator.postings.get()):
        with pytest.raises(PermissionDenied):
            postings.end(by=world.staff, posting_id=posting.pk, on=TODAY)
    with pytest.raises(ValidationError) as caught:
        move(world, mine, unit=world.da_huoai)
    assert "unit" in caught.value.message_dict
    for role in ("provincial_staff", "administrator"):
        with pytest.raises(ValidationError):
            move(world, mine, unit=world.dong_nai, role=role, branch="")


def test_nobody_changes_their_own(world, mine):
    with pytest.raises(PermissionDenied):
        postings.end(by=world.staff, posting_id=world.staff.postings.get().pk, on=TODAY)
    with pytest.raises(ValidationError, match="Không ai tự phân công"):
        move(world, mine, user=world.staff, unit=world.dong_nai, role="reviewer", branch="")


def test_people_of_another_province_and_locked_accounts_are_not_brought_in(world, mine, newcomer):
    with pytest.raises(ValidationError, match="Không có tài khoản la trong địa bàn"):
        move(world, mine, user=world.stranger, unit=world.phuoc_long)
    newcomer.is_active = False
    newcomer.save()
    with pytest.raises(ValidationError, match="đã khóa"):
        move(world, mine, user=newcomer, unit=world.phuoc_long)


def test_an_administrator_moves_between_provinces(world, mine):
    new = postings.transfer(
        by=world.administrator,
        posting_id=mine.pk,
        user=mine.user,
        unit=world.da_huoai,
        role="officer",
        branch="office",
        valid_from=TODAY,
    )
    assert rights(world.officer) == [(new.unit, "officer", "office")]


# Substitutes ---------------------------------------------------------------------------------------------------------


def stand_in(world, mine, user, first=TODAY, last=TOMORROW, **more):
    return postings.delegate(
        by=world.staff, posting_id=mine.pk, user=user, valid_from=first, valid_to=last, note="Nghỉ phép", **more
    )


def test_a_substitute_has_the_same_rights_for_those_days(world, mine, newcomer, month, at):
    from reporting.models import Report

    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    substitute = stand_in(world, mine, newcomer, TOMORROW, dt.date(2026, 11, 20))
    assert substitute.substitutes_for == mine
    assert notes(substitute) == [
        (
            "delegated",
            "Lâm Thị Mới thay Nguyễn Thị Hồng Nhung: Cán bộ nhập liệu (Văn phòng HĐND và UBND), Phường Phước Long, "
            "từ ngày 17/11/2026 đến hết ngày 20/11/2026. Nghỉ phép.",
        )
    ]
    for moment, may in (
        ("2026-11-16 23:59", False),
        ("2026-11-17 00:00", True),
        ("2026-11-20 23:59", True),
        ("2026-11-21 00:00", False),
    ):
        at(moment)
        assert may_submit(User.objects.get(pk=newcomer.pk), report) is may, moment
        assert may_submit(User.objects.get(pk=world.officer.pk), report)


def test_the_substitute_goes_when_the_posting_stood_in_for_ends(world, mine, newcomer):
    substitute = stand_in(world, mine, newcomer, TODAY, dt.date(2026, 11, 30))
    postings.end(by=world.staff, posting_id=mine.pk, on=dt.date(2026, 11, 15))
    assert rights(newcomer) == []
    assert rights(world.officer) == []
    substitute.refresh_from_db()
    assert Posting.objects.on(TODAY).filter(pk=substitute.pk).count() == 0


def test_a_running_substitute_is_cut_to_the_last_day(world, mine, newcomer):
    substitute = stand_in(world, mine, newcomer, TODAY, dt.date(2026, 11, 30))
    postings.end(by=world.staff, posting_id=mine.pk, on=TOMORROW)
    substitute.refresh_from_db()
    assert substitute.valid_to == TOMORROW
    assert notes(substitute)[-1] == ("ended", "Lâm Thị Mới thôi thay Nguyễn Thị Hồng Nhung, đến hết ngày 17/11/2026.")


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (dt.date(2026, 11, 15), TODAY, "valid_from"),  # rights are not given for days gone by
        (TOMORROW, TODAY, "valid_to"),
        (TODAY, dt.date(2027, 1, 1), "valid_to"),  # past the posting's own last day
    ],
)
def test_days_of_a_substitute(world, mine, newcomer, first, last, field):
    mine.valid_to = dt.date(2026, 12, 31)
    mine.save()
    with pytest.raises(ValidationError) as caught:
        stand_in(world, mine, newcomer, first, last)
    assert list(caught.value.message_dict) == [field]


def test_one_substitute_at_a_time_and_not_oneself_nor_in_turn(world, mine, newcomer):
    with pytest.raises(ValidationError, match="người khác với người được thay"):
        stand_in(world, mine, world.officer)
    substitute = stand_in(world, mine, newcomer)
    with pytest.raises(ValidationError, match="Lâm Thị Mới đã thay Nguyễn Thị Hồng Nhung"):
        stand_in(world, mine, world.leader, TOMORROW, TOMORROW)
    with pytest.raises(ValidationError, match="không cử người khác thay mình"):
        stand_in(world, substitute, world.leader)
    assert stand_in(world, mine, world.leader, dt.date(2026, 11, 18), dt.date(2026, 11, 18)).pk


def test_acting_name(world, mine, newcomer, at):
    stand_in(world, mine, newcomer)
    unit = world.phuoc_long
    assert postings.acting_name(newcomer, unit, at("2026-11-16 10:00")) == "Lâm Thị Mới (thay Nguyễn Thị Hồng Nhung)"
    assert postings.acting_name(newcomer, unit, at("2026-11-18 00:00")) == "Lâm Thị Mới"
    assert postings.acting_name(world.officer, unit, at("2026-11-16 10:00")) == "Nguyễn Thị Hồng Nhung"
    stand_in(world, mine, world.leader, dt.date(2026, 11, 19), dt.date(2026, 11, 19))
    assert postings.acting_name(world.leader, unit, at("2026-11-19 10:00")) == "Phạm Thị Hạnh"  # posted there anyway


# End, give -----------------------------------------------------------------------------------------------------------


def test_an_ended_posting_keeps_its_last_day_and_no_more(world, mine, at):
    postings.end(by=world.administrator, posting_id=mine.pk, on=TODAY, note="Nghỉ hưu")
    assert rights(world.officer)
    at("2026-11-17 00:00")
    assert rights(world.officer) == []
    assert notes(mine) == [
        (
            "ended",
            "Nguyễn Thị Hồng Nhung: Cán bộ nhập liệu (Văn phòng HĐND và UBND), Phường Phước Long, "
            "đến hết ngày 16/11/2026. Nghỉ hưu.",
        )
    ]
    with pytest.raises(ValidationError, match="đã kết thúc"):
        postings.end(by=world.staff, posting_id=mine.pk, on=TODAY)


def test_a_page_open_since_before_is_refused_after(world, mine, client):
    client.force_login(world.officer)
    assert client.get("/viec-can-lam/").status_code == 200
    postings.end(by=world.staff, posting_id=mine.pk, on=dt.date(2026, 11, 15))
    assert client.get("/viec-can-lam/").status_code == 403


def test_give_a_second_posting_once(world, newcomer):
    values = {"user": newcomer, "unit": world.phu_rieng, "role": "leader", "valid_from": TODAY}
    postings.give(by=world.staff, **values)
    with pytest.raises(ValidationError, match="đã giữ Lãnh đạo đơn vị, Xã Phú Riềng từ ngày 16/11/2026"):
        postings.give(by=world.staff, **values)
    other = make_person("hai", "Vũ Hai", world.phuoc_binh, "leader")
    assert postings.give(by=world.staff, **values | {"user": other}).pk
