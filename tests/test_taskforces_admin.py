"""The administration pages of accounts, postings and units: nothing is deleted, staff stay inside their scope."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from taskforces.admin import units_in_scope
from taskforces.models import Posting, PostingEvent, Role, User
from tests.conftest import make_person


@pytest.fixture
def clerk(world):
    """Keeps accounts and postings of Đồng Nai, without being a superuser."""
    person = make_person("vanthu", "Lê Thị Văn Thư", world.dong_nai, Role.PROVINCIAL_STAFF)
    person.is_staff = True
    person.save()
    person.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="taskforces", content_type__model__in=["user", "posting", "administrativeunit"]
        )
    )
    return person


def test_every_page_opens_for_the_administrator(world, client):
    client.force_login(world.administrator)
    for model, obj in (("user", world.officer), ("posting", world.officer.postings.get())):
        assert client.get(reverse(f"admin:taskforces_{model}_changelist"), {"q": "Nguyễn"}).status_code == 200
        assert client.get(reverse(f"admin:taskforces_{model}_add")).status_code == 200
        assert client.get(reverse(f"admin:taskforces_{model}_change", args=[obj.pk])).status_code == 200
        assert client.post(reverse(f"admin:taskforces_{model}_delete", args=[obj.pk])).status_code == 403
    unit = world.phuoc_long
    response = client.get(reverse("admin:taskforces_administrativeunit_changelist"), {"q": "phuoc long"})
    assert "Phường Phước Long" in response.content.decode()
    assert client.get(reverse("admin:taskforces_administrativeunit_change", args=[unit.pk])).status_code == 200
    assert client.get(reverse("admin:taskforces_administrativeunit_add")).status_code == 403
    changed = client.post(reverse("admin:taskforces_administrativeunit_change", args=[unit.pk]), {"code": "99999"})
    assert changed.status_code == 403
    for person in (world.officer, world.chair):
        client.force_login(person)
        assert client.get(reverse("admin:taskforces_user_changelist")).status_code == 302


def test_an_account_is_added_with_its_name(world, client):
    client.force_login(world.administrator)
    data = {
        "username": "moi",
        "full_name": "Người Mới",
        "usable_password": "true",
        "password1": "mat-khau-that-dai",
        "password2": "mat-khau-that-dai",
    }
    response = client.post(reverse("admin:taskforces_user_add"), data)
    assert response.status_code == 302
    assert User.objects.get(username="moi").full_name == "Người Mới"


def posting_data(person, unit, **changes):
    data = {
        "user": person.pk,
        "unit": unit.pk,
        "role": Role.LEADER,
        "branch": "",
        "valid_from": "02/11/2026",
        "valid_to": "",
    }
    return data | changes


def test_a_clerk_posts_inside_the_province_only(world, clerk, client):
    assert set(units_in_scope(clerk)) == {world.dong_nai, world.phuoc_long, world.phuoc_binh, world.phu_rieng}
    client.force_login(clerk)
    new = User.objects.create(username="moi", full_name="Người Mới")
    url = reverse("admin:taskforces_posting_add")
    assert client.post(url, posting_data(new, world.da_huoai)).status_code == 200  # refused, the form comes back
    assert not new.postings.exists()
    assert client.post(url, posting_data(new, world.phuoc_long)).status_code == 302
    posting = new.postings.get()
    assert posting.valid_from == dt.date(2026, 11, 2)  # the day comes before the month
    event = PostingEvent.objects.get(posting=posting)
    assert (event.action, event.by) == (PostingEvent.Action.GIVEN, clerk)
    shown = set(client.get(reverse("admin:taskforces_posting_changelist")).context["cl"].queryset)
    assert shown == set(Posting.objects.filter(unit__in=units_in_scope(clerk)))
    people = set(client.get(reverse("admin:taskforces_user_changelist")).context["cl"].queryset)
    assert world.officer in people
    assert world.stranger not in people
    stranger = reverse("admin:taskforces_user_change", args=[world.stranger.pk])
    assert client.get(stranger).status_code == 302  # outside the scope it does not exist


def test_of_a_posting_only_the_last_day_changes(world, client):
    client.force_login(world.administrator)
    posting = world.leader.postings.get()
    url = reverse("admin:taskforces_posting_change", args=[posting.pk])
    data = posting_data(world.officer, world.phuoc_binh, role=Role.REVIEWER, valid_to="30/11/2026")
    assert client.post(url, data).status_code == 302
    posting.refresh_from_db()
    assert (posting.user, posting.unit, posting.role) == (world.leader, world.phuoc_long, Role.LEADER)
    assert posting.valid_to == dt.date(2026, 11, 30)
    assert PostingEvent.objects.get(posting=posting).action == PostingEvent.Action.ENDED


def test_a_posting_lies_inside_the_life_of_its_unit(world, client):
    client.force_login(world.administrator)
    url = reverse("admin:taskforces_posting_add")
    early = client.post(url, posting_data(world.officer, world.phuoc_long, valid_from="30/06/2025"))
    assert "Đơn vị này chỉ có từ ngày 01/07/2025." in early.content.decode()
    data = posting_data(world.officer, world.thac_mo, valid_from="01/01/2024", valid_to="01/07/2025")
    assert "Đơn vị này kết thúc ngày 30/06/2025." in client.post(url, data).content.decode()


def test_a_clerk_gives_nobody_staff_rights(world, clerk, client):
    client.force_login(clerk)
    url = reverse("admin:taskforces_user_change", args=[clerk.pk])
    data = {"username": "vanthu", "full_name": "Lê Thị Văn Thư", "is_active": "on", "is_superuser": "on"}
    client.post(url, data | {"is_staff": "on"})
    clerk.refresh_from_db()
    assert not clerk.is_superuser
    administrator = reverse("admin:taskforces_user_change", args=[world.administrator.pk])
    assert client.post(administrator, data | {"username": "quantri"}).status_code == 302  # out of scope: to the index
    world.administrator.refresh_from_db()
    assert world.administrator.full_name == "Đinh Quản Trị"
    password = reverse("admin:auth_user_password_change", args=[world.administrator.pk])
    assert client.get(password).status_code == 403


def test_units_are_named_with_level_and_province(world):
    names = {
        world.phuoc_long: "Phường Phước Long, Tỉnh Đồng Nai (cấp xã, mã 25217)",
        world.long_thuy: "Phường Long Thủy, Thị xã Phước Long, Tỉnh Bình Phước (cấp xã, mã 25217, đến 30/06/2025)",
        world.dong_nai: "Tỉnh Đồng Nai (cấp tỉnh, mã 75)",
        world.nation: "Cả nước (trung ương, mã 00)",
    }
    assert {unit: str(unit) for unit in names} == names


def test_the_form_of_a_posting_names_units_and_finds_them_by_name(world, client, django_assert_max_num_queries):
    client.force_login(world.administrator)
    posting = world.leader.postings.get()
    page = client.get(reverse("admin:taskforces_posting_change", args=[posting.pk])).text
    assert "Phường Phước Long, Tỉnh Đồng Nai (cấp xã, mã 25217)" in page
    assert "25217 (" not in client.get(reverse("admin:taskforces_posting_changelist")).text
    page = client.get(reverse("admin:taskforces_posting_add")).text
    assert "<option" not in page.split('name="unit"')[1].split("</select>")[0].replace('<option value="" selected', "")
    asked = {"app_label": "taskforces", "model_name": "posting", "field_name": "unit", "term": "phuoc"}
    with django_assert_max_num_queries(14):
        found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert {"Phường Phước Bình, Tỉnh Đồng Nai (cấp xã, mã 25220)"} <= {unit["text"] for unit in found}
    assert len(found) == len({unit["id"] for unit in found})


def test_permissions_are_named_in_vietnamese(world, client):
    client.force_login(world.administrator)
    for page in (
        reverse("admin:taskforces_user_change", args=[world.officer.pk]),
        reverse("admin:auth_group_add"),
    ):
        text = client.get(page).text
        assert "Báo cáo tháng – dịch vụ công: sửa" in text
        assert "Can " not in text
