"""Pages of people: postings of a unit, moving and standing in, what is held about oneself, the log of contacts."""

import datetime as dt

import pytest
from django.urls import reverse

from taskforces.models import ContactExport, Membership, Person, TaskForce, User
from taskforces.people import postings

pytestmark = pytest.mark.embedded

TODAY = dt.date(2026, 11, 16)


@pytest.fixture(autouse=True)
def today(at):
    at("2026-11-16 09:00")


@pytest.fixture
def mine(world):
    User.objects.filter(pk=world.officer.pk).update(work_phone="0251 3822 222", email="nhung@dongnai.gov.vn")
    return world.officer.postings.get()


def read(client, person, name, args=(), **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query).content.decode()


def test_people_of_a_unit_with_contact_for_its_chain(world, mine, client):
    for person in (world.leader, world.reviewer, world.auditor):
        html = read(client, person, "people-list", don_vi=world.phuoc_long.pk)
        assert "3 người có phân công ở Phường Phước Long" in html
        assert "0251 3822 222" in html
    assert "Điều chuyển" not in html
    assert "Điều chuyển" in read(client, world.staff, "people-list", don_vi=world.phuoc_long.pk)


def test_a_province_sees_which_units_have_nobody_to_enter_figures(world, client):
    html = read(client, world.staff, "people-list")
    assert "1 đơn vị bên dưới chưa có cán bộ nhập liệu" in html
    assert "Xã Phú Riềng" in html


def test_queries_do_not_grow_with_people(world, client, django_assert_max_num_queries):
    client.force_login(world.staff)
    for number in range(30):
        user = User.objects.create(username=f"u{number}", full_name=f"Người {number}")
        postings.give(by=world.staff, user=user, unit=world.phu_rieng, role="leader", valid_from=TODAY)
    with django_assert_max_num_queries(18):
        client.get(reverse("people-list"), {"don_vi": world.phu_rieng.pk})
    with django_assert_max_num_queries(18):
        client.get(reverse("people-list"))


def test_transfer_on_the_page(world, mine, client):
    page = reverse("posting-transfer", args=[mine.pk])
    client.force_login(world.staff)
    html = client.get(page).content.decode()
    assert "Xã Phú Riềng" in html
    assert "Xã Đạ Huoai" not in html
    assert "Quản trị" not in html.split("<form class=")[1]
    values = {"unit": world.phu_rieng.pk, "role": "leader", "branch": "office", "valid_from": "2026-11-16", "user": ""}
    html = client.post(page, values).content.decode()
    assert "vai trò khác để trống" in html
    html = client.post(page, values | {"branch": ""}, follow=True).content.decode()
    assert "Nguyễn Thị Hồng Nhung thôi Cán bộ nhập liệu" in html
    assert world.officer.postings.on(TODAY).get().unit == world.phu_rieng
    assert "đã kết thúc ngày 15/11/2026" in client.post(page, values | {"branch": ""}).content.decode()


def test_an_unknown_and_a_foreign_account_read_the_same(world, mine, client):
    client.force_login(world.staff)
    page = reverse("posting-delegate", args=[mine.pk])
    for name in ("khongco", "la"):
        values = {"user": name, "valid_from": "2026-11-16", "valid_to": "2026-11-18"}
        assert f"Không có tài khoản {name} trong địa bàn của bạn." in client.post(page, values).content.decode()


def test_stand_in_on_the_page(world, mine, client):
    client.force_login(world.staff)
    page = reverse("posting-delegate", args=[mine.pk])
    assert 'value="hanh"' in client.get(page).content.decode()
    values = {"user": "hanh", "valid_from": "2026-11-16", "valid_to": "2026-11-18", "note": "Nghỉ phép"}
    html = client.post(page, values, follow=True).content.decode()
    assert "thay Nguyễn Thị Hồng Nhung" in html
    assert "Nghỉ phép" in html
    assert {p.role for p in world.leader.postings.on(TODAY)} == {"leader", "officer"}


def test_end_on_the_page(world, mine, client):
    client.force_login(world.administrator)
    page = reverse("posting-end", args=[mine.pk])
    assert "chọn từ ngày 01/11/2021" in client.post(page, {"on": "2020-01-01"}).content.decode()
    client.post(page, {"on": "2026-11-15"})
    assert not world.officer.postings.on(TODAY)


def test_give_on_the_page(world, client):
    User.objects.create(username="moi", full_name="Lâm Thị Mới")
    client.force_login(world.staff)
    page = f"{reverse('posting-give')}?don_vi={world.phu_rieng.pk}"
    assert client.get(page).status_code == 200
    values = {
        "user": "moi",
        "unit": world.phu_rieng.pk,
        "role": "officer",
        "branch": "police",
        "valid_from": "16/11/2026",
    }
    html = client.post(page, values, follow=True).content.decode()
    assert "Đã ghi phân công của Lâm Thị Mới từ ngày 16/11/2026." in html


def test_my_data_says_what_why_how_long_and_whom_to_ask(world, mine, client):
    person = Person.objects.create(
        full_name="Nguyễn Thị Hồng Nhung", unit=world.phuoc_long, user=world.officer, post="CC"
    )
    force = TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ ĐA06", valid_from=TODAY)
    Membership.objects.create(task_force=force, person=person, role="secretary", valid_from=TODAY)
    html = read(client, world.officer, "my-data")
    for words in (
        *("nhung@dongnai.gov.vn", "0251 3822 222", "Cán bộ nhập liệu", "Tổ ĐA06", "Thư ký", "91/2025/QH15"),
        *('<span class="num">6</span> tháng', "Đỗ Thu Hà"),
    ):
        assert words in html, words
    assert "nhung@dongnai.gov.vn" not in read(client, world.leader, "my-data")


def test_my_data_without_a_posting(world, client):
    nobody = User.objects.create(username="moi", full_name="Lâm Thị Mới")
    assert "Chưa có phân công nào." in read(client, nobody, "my-data")


def test_the_log_of_contacts_is_of_the_own_province(world, client):
    moment = dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC)
    ContactExport.objects.create(by=world.reviewer, at=moment, what="Thành viên Đồng Nai", rows=1204)
    ContactExport.objects.create(by=world.stranger_reviewer, at=moment, what="Thành viên Lâm Đồng", rows=7)
    html = read(client, world.staff, "contact-log")
    assert "1 lần danh bạ được xuất" in html
    assert "1.204" in html
    assert "Lâm Đồng" not in html
    assert "Thành viên Lâm Đồng" in read(client, world.administrator, "contact-log")


def test_the_reports_log_names_the_substitute_and_the_person_stood_in_for(world, mine, month, fill, client):
    from reporting.models import Report, ReportEvent

    report = fill(
        Report.objects.get(unit=world.phuoc_long, period=month("2026-11")), status="submitted", by=world.staff
    )
    newcomer = User.objects.create(username="moi", full_name="Lâm Thị Mới")
    reviewing = world.reviewer.postings.get()
    for posting in (mine, reviewing):
        postings.delegate(
            by=world.administrator, posting_id=posting.pk, user=newcomer, valid_from=TODAY, valid_to=TODAY
        )
    moment = dt.datetime(2026, 11, 16, 3, tzinfo=dt.UTC)
    for action in ("submit", "send_back"):
        ReportEvent.objects.create(report=report, action=action, by=newcomer, at=moment, revision=1)
    html = read(client, world.chair, "report-detail", [report.pk])
    assert "Lâm Thị Mới (thay Nguyễn Thị Hồng Nhung)" in html
    assert "Lâm Thị Mới (thay Trần Quốc Bảo)" in html
