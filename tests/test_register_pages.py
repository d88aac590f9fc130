"""The register's pages: a published case typed in and shown again, every form's refusals, scope and rights."""

import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse

from taskforces.models import (
    Assignment,
    Branch,
    Level,
    Membership,
    Role,
    SourceDocument,
    SourceItem,
    TaskForce,
    VillageTeam,
)
from tests.conftest import LAST_OLD, make_person, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.once]
D = dt.date
FOUNDED = "2022-03-15"


def text_of(response) -> str:
    """What a reader sees: tags gone, spaces single."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def errors_of(response) -> str:
    found = re.search(r'<div class="errors".*?</div>', response.text, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(0))).split()) if found else ""


def facts_of(response) -> dict[str, str]:
    """Label -> value of the figures at the top of a register page."""
    pairs = re.findall(r'<dt>(.*?)</dt><dd class="stat-value">(.*?)</dd>', response.text, re.S)
    return {label: re.sub(r"<[^>]+>", "", value) for label, value in pairs}


# The published case: a town of six communes on 9 August 2022


@pytest.fixture
def town(world, at):
    """TX Bình Long with six communes, an officer in each, and the town's own staff; nothing in the register."""
    at("2022-08-09 08:00")
    names = ["Phường Hưng Chiến", "Phường Phú Đức", "Phường Phú Thịnh", "Xã Thanh Lương", "Xã Thanh Phú"]
    communes = [world.an_loc]
    for n, name in enumerate(names):
        kind = "phuong" if name.startswith("Phường") else "xa"
        communes.append(make_unit(f"2532{5 + n}", name, kind, Level.COMMUNE, world.tx_binh_long, closed=LAST_OLD))
    world.communes = communes
    world.clerks = [
        make_person(f"binhlong{n}", f"Cán Bộ {n}", unit, Role.OFFICER, Branch.OFFICE) for n, unit in enumerate(communes)
    ]
    world.town_reviewer = make_person("binhlong", "Lý Văn Long", world.tx_binh_long, Role.REVIEWER)
    world.town_chair = make_person("ctbinhlong", "Chủ Tịch Long", world.tx_binh_long, Role.CHAIR)
    return world


def found_by_page(client, unit, name, kind="working_group", **changes):
    fields = {"kind": kind, "name": name, "valid_from": FOUNDED} | changes
    response = client.post(f"{reverse('taskforce-create')}?don_vi={unit.pk}", fields)
    assert response.status_code == 302, errors_of(response)
    return TaskForce.objects.get(unit=unit, kind=kind)


def seat_by_page(client, force, names, head_post):
    for n, name in enumerate(names):
        fields = {
            "role": "head" if n == 0 else "member",
            "full_name": name,
            "valid_from": FOUNDED,
            "duties": "Theo phân công",
        }
        fields |= {"post": head_post} if n == 0 else {}
        response = client.post(reverse("member-add", args=[force.pk]), fields | {"again": "1"})
        assert response.status_code == 302, errors_of(response)


def villages_by_page(client, unit, sizes):
    url = f"{reverse('village-add')}?don_vi={unit.pk}"
    data = {"kind": "working_group", "valid_from": FOUNDED, "dong-TOTAL_FORMS": "12", "dong-INITIAL_FORMS": "0"}
    for n, size in enumerate(sizes):
        data |= {
            f"dong-{n}-village": f"Khu phố {n + 1}",
            f"dong-{n}-head_name": f"Trưởng {n + 1}",
            f"dong-{n}-members": str(size),
            f"dong-{n}-founded_on": FOUNDED,
        }
    response = client.post(url, data)
    assert response.status_code == 302, errors_of(response)


def enter_the_case(world, client):
    """Everything published about the town's people, typed by those who keep the registers."""
    client.force_login(world.town_reviewer)
    own = found_by_page(
        client,
        world.tx_binh_long,
        "Tổ công tác Đề án 06 thị xã",
        decision_number="123/QĐ-UBND",
        decision_on=FOUNDED,
        decision_body="UBND thị xã",
    )
    seat_by_page(client, own, [f"Người Thị Xã {n}" for n in range(24)], "Chủ tịch UBND thị xã")
    police = found_by_page(client, world.tx_binh_long, "Tổ công tác Công an thị xã", "police_working_group")
    seat_by_page(client, police, [f"Công An {n}" for n in range(12)], "Trưởng Công an thị xã")
    for commune, clerk, members, villages in zip(
        world.communes, world.clerks, [12, 9, 10, 9, 9, 9], [9, 9, 9, 9, 9, 9], strict=True
    ):
        client.force_login(clerk)
        force = found_by_page(client, commune, "Tổ công tác cấp xã")
        seat_by_page(client, force, [f"Người {n}" for n in range(members)], "Chủ tịch UBND")
        sizes = [7] * 4 + [6] * (villages - 4) if commune == world.communes[0] else [6] * villages
        villages_by_page(client, commune, sizes)


def test_the_published_town_is_counted_from_what_was_typed(town, client):
    enter_the_case(town, client)
    assert Membership.objects.filter(task_force__unit__level="commune").count() == 58
    client.force_login(town.town_chair)
    page = client.get(f"{reverse('taskforce-list')}?don_vi={town.tx_binh_long.pk}&ngay=2022-08-09")
    facts = facts_of(page)
    assert facts["Đơn vị cấp xã có Tổ công tác"] == "6/6"
    assert facts["Thành viên Tổ công tác cấp xã"] == "58"
    assert facts["Thôn, ấp, khu phố có Tổ công tác"] == "54/54"
    assert facts["Thành viên tổ ở thôn, ấp, khu phố"] == "328"
    text = text_of(page)
    assert "6/6 đơn vị cấp xã đã có Tổ công tác, 58 thành viên" in text
    assert "Tổ công tác Đề án 06 thị xã Tổ công tác Người Thị Xã 0 Chủ tịch UBND thị xã 24 24 15/03/2022" in text
    assert "Tổ công tác Công an thị xã Tổ công tác của Công an Công An 0 Trưởng Công an thị xã 12 12" in text
    assert "36 vị trí, 36 người" in text
    # as of a day: before the founding there was nothing
    before = client.get(f"{reverse('taskforce-list')}?don_vi={town.tx_binh_long.pk}&ngay=2022-03-14")
    assert facts_of(before)["Đơn vị cấp xã có Tổ công tác"] == "0/6"
    assert facts_of(before)["Thôn, ấp, khu phố có Tổ công tác"] == "–"
    villages = client.get(f"{reverse('village-list')}?don_vi={town.tx_binh_long.pk}")
    assert "54/54 thôn, ấp, khu phố đã có Tổ công tác, 328 thành viên" in text_of(villages)


def test_the_published_file_says_these_numbers():
    """The numbers above, once more, as the article has them (58 and 328 are sums over the six communes)."""
    members, teams = [12, 9, 10, 9, 9, 9], [[7] * 4 + [6] * 5, *[[6] * 9] * 5]
    assert (len(members), sum(members)) == (6, 58)
    assert (sum(map(len, teams)), sum(map(sum, teams))) == (54, 328)


# Pages


@pytest.fixture
def force(world, client, at):
    at("2026-11-10 09:00")
    client.force_login(world.officer)
    return found_by_page(client, world.phuoc_long, "Tổ công tác phường", valid_from="2026-01-05")


def member(client, force, **changes):
    fields = {"role": "member", "full_name": "Phạm Văn Một", "valid_from": "2026-01-05"} | changes
    return client.post(reverse("member-add", args=[force.pk]), fields)


def test_an_empty_register_offers_the_first_step(world, client, at):
    at("2026-11-10 09:00")
    client.force_login(world.officer)
    page = client.get(reverse("taskforce-list"))
    assert "Chưa có tổ công tác đang hoạt động" in text_of(page)
    assert "Ghi tổ đầu tiên vào sổ" in text_of(page)
    client.force_login(world.auditor)
    page = client.get(f"{reverse('taskforce-list')}?don_vi={world.phuoc_long.pk}")
    assert "Ghi tổ đầu tiên vào sổ" not in text_of(page)


def test_a_second_head_comes_back_with_the_typed_text(world, client, force):
    assert member(client, force, role="head").status_code == 302
    page = member(client, force, role="head", full_name="Phạm Văn Hai", duties="Phụ trách chung")
    assert "Tổ đã có Tổ trưởng Phạm Văn Một từ ngày 05/01/2026" in errors_of(page)
    assert 'value="Phạm Văn Hai"' in page.text
    assert "Phụ trách chung" in page.text
    assert Membership.objects.count() == 1


def test_responsibilities_are_ticked_and_shown(world, client, force):
    from reporting.models import PublicService

    service = PublicService.objects.get(code="DVC15")
    offered = client.get(reverse("member-add", args=[force.pk])).text
    assert offered.count('name="services"') == 13  # what a commune handles since July 2025
    assert "DVC20" not in offered
    source = SourceDocument.objects.create(number="06/QĐ-TTg", issued_on=D(2022, 1, 6), issuing_body="TTg", title="x")
    task = Assignment.objects.create(
        item=SourceItem.objects.create(source=source, code="NV1", text="Làm sạch dữ liệu"),
        unit=world.phuoc_long,
        part="lead",
        assigned_on=D(2026, 1, 1),
    )
    member(client, force, services=[service.pk], indicator_groups=["health"], assignments=[task.pk])
    page = text_of(client.get(force.get_absolute_url()))
    assert "DVC15 Liên thông khai sinh" in page
    assert "Y tế" in page
    assert "NV1 Làm sạch dữ liệu" in page
    seat = Membership.objects.get()
    form = client.get(reverse("member-edit", args=[seat.pk]))
    assert len(re.findall(r"<input[^>]*\bchecked\b", form.text)) == 3


def test_a_member_is_corrected_and_leaves(world, client, force):
    member(client, force)
    seat = Membership.objects.get()
    fields = {"role": "secretary", "valid_from": "2026-02-01", "post": "Công chức tư pháp – hộ tịch"}
    assert client.post(reverse("member-edit", args=[seat.pk]), fields).status_code == 302
    page = client.post(reverse("member-end", args=[seat.pk]), {"on": "2026-01-31"})
    assert "tham gia từ ngày 01/02/2026" in errors_of(page)
    assert client.post(reverse("member-end", args=[seat.pk]), {"on": "2026-10-31"}).status_code == 302
    page = text_of(client.get(force.get_absolute_url()))
    assert "Vị trí vào ngày khác 1" in page
    assert "Phạm Văn Một Thư ký Công chức tư pháp – hộ tịch 01/02/2026 31/10/2026" in page
    day = text_of(client.get(force.get_absolute_url() + "?ngay=2026-10-31"))
    assert "Vị trí vào ngày khác" not in day


def test_a_task_force_ends_and_stays_in_the_history(world, client, force):
    member(client, force)
    assert client.post(reverse("taskforce-end", args=[force.pk]), {"on": "2026-09-30"}).status_code == 302
    page = text_of(client.get(reverse("taskforce-list")))
    assert "Lịch sử 1" in page
    assert "Tổ công tác phường Tổ công tác 05/01/2026 30/09/2026 Đơn vị ghi kết thúc" in page


def test_a_task_force_of_a_closed_unit_is_history_that_its_people_still_read(world, client, at):
    TaskForce.objects.create(unit=world.thac_mo, kind="working_group", name="Tổ Thác Mơ", valid_from=D(2022, 3, 1))
    at("2026-11-10 09:00")
    client.force_login(world.old_officer)
    page = client.get(reverse("taskforce-list"))
    text = text_of(page)
    assert "Phường Thác Mơ đã kết thúc sau ngày 30/06/2025" in text
    assert "Tổ Thác Mơ Tổ công tác 01/03/2022 30/06/2025 Kết thúc cùng đơn vị" in text
    assert "Lập tổ mới" not in text
    day = text_of(client.get(reverse("taskforce-list") + "?ngay=2025-06-30"))
    assert "1 tổ đang hoạt động" in day
    assert client.get(reverse("taskforce-create")).status_code == 403


def test_the_province_counts_task_forces_by_finding_and_lists_them(world, client, force):
    member(client, force)
    client.force_login(world.chair)
    page = text_of(client.get(reverse("taskforce-list")))
    assert "1/3 đơn vị cấp xã đã có Tổ công tác, 1 thành viên" in page
    assert "Chưa có quyết định thành lập 1 tổ" in page
    assert "Đơn vị chưa có Tổ công tác, Ban Chỉ đạo 3 đơn vị" in page  # two communes and the province itself
    page = text_of(client.get(reverse("finding-list") + "?neu=no_head"))
    assert "Chưa có Tổ trưởng: 1 tổ" in page
    assert "Phường Phước Long Tổ công tác phường Chưa có Tổ trưởng" in page
    page = text_of(client.get(reverse("finding-list") + "?neu=no_task_force"))
    assert "Xã Phú Riềng" in page
    assert "Xã Đạ Huoai" not in page
    assert client.get(reverse("finding-list") + "?neu=no-such").status_code == 404


def test_several_villages_at_once_or_none(world, client, force):
    url = f"{reverse('village-add')}?don_vi={world.phuoc_long.pk}"
    data = {"kind": "working_group", "valid_from": "2026-01-05", "dong-TOTAL_FORMS": "8", "dong-INITIAL_FORMS": "0"}
    rows = {"dong-0-village": "Khu phố 1", "dong-1-village": "khu phố 1", "dong-2-village": "Khu phố 3"}
    page = client.post(url, data | rows)
    assert "Dòng 2, thôn, ấp, khu phố: khu phố 1 đã có trong sổ." in errors_of(page)
    assert VillageTeam.objects.count() == 0
    assert 'value="Khu phố 3"' in page.text
    rows |= {"dong-1-village": "Khu phố 2", "dong-1-members": "5"}
    assert "Tổ có thành viên thì phải có ngày thành lập" in errors_of(client.post(url, data | rows))
    assert "Số thành viên là số nguyên từ 0" in errors_of(client.post(url, data | rows | {"dong-1-members": "5,5"}))
    assert "Chưa ghi dòng nào" in errors_of(client.post(url, data))
    assert client.post(url, data | rows | {"dong-1-founded_on": "2026-02-01"}).status_code == 302
    page = text_of(client.get(reverse("village-list")))
    assert "1/3 thôn, ấp, khu phố đã có Tổ công tác, 5 thành viên" in page
    team = VillageTeam.objects.get(village="Khu phố 2")
    fields = {"village": "Khu phố Hai", "members": "6", "founded_on": "2026-02-01", "valid_from": "2026-01-05"}
    assert client.post(reverse("village-edit", args=[team.pk]), fields).status_code == 302
    assert client.post(reverse("village-end", args=[team.pk]), {"on": "2026-05-31"}).status_code == 302
    team.refresh_from_db()
    assert (team.village, team.members, team.valid_to) == ("Khu phố Hai", 6, D(2026, 5, 31))


def test_a_wrong_day_is_said_and_today_is_shown(world, client, force):
    page = text_of(client.get(reverse("taskforce-list") + "?ngay=2026-02-30"))
    assert "Ngày này không có. Nhập ngày theo dạng 09/08/2022. Trang đang hiện ngày 10/11/2026" in page


@pytest.mark.parametrize("level", ["commune", "province"])
def test_pages_take_a_fixed_number_of_queries(world, client, at, level, django_assert_max_num_queries):
    at("2026-11-10 09:00")
    for n in range(20):
        unit = make_unit(f"8{n:04d}", f"Xã Số {n}", "xa", Level.COMMUNE, world.dong_nai, opened=D(2025, 7, 1))
        TaskForce.objects.create(unit=unit, kind="working_group", name="Tổ", valid_from=D(2026, 1, 1))
    client.force_login(world.officer if level == "commune" else world.chair)
    client.get(reverse("taskforce-list"))
    with django_assert_max_num_queries(32):
        assert client.get(reverse("taskforce-list")).status_code == 200


# Scope and rights


def pages(force, seat, team):
    """(name, arguments, query, writes?)"""
    unit = f"?don_vi={force.unit_id}"
    return [
        ("taskforce-list", [], unit, False),
        ("finding-list", [], unit, False),
        ("taskforce-detail", [force.pk], "", False),
        ("village-list", [], unit, False),
        ("document-list", [], unit, False),
        ("taskforce-create", [], unit, True),
        ("taskforce-edit", [force.pk], "", True),
        ("taskforce-end", [force.pk], "", True),
        ("member-add", [force.pk], "", True),
        ("member-edit", [seat.pk], "", True),
        ("member-end", [seat.pk], "", True),
        ("village-edit", [team.pk], "", True),
        ("village-end", [team.pk], "", True),
        ("document-upload", [], unit, True),
    ]


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("officer", 200, 200),
        ("police_officer", 200, 200),
        ("leader", 200, 200),
        ("reviewer", 200, 403),
        ("chair", 200, 403),
        ("staff", 200, 403),
        ("auditor", 200, 403),
        ("administrator", 200, 403),
        ("neighbour", 404, 404),
        ("stranger", 404, 404),
        ("stranger_reviewer", 404, 404),
    ],
)
def test_who_opens_what(world, client, force, who, reads, writes):
    member(client, force)
    team = VillageTeam.objects.create(
        unit=world.phuoc_long, kind="working_group", village="Khu phố 1", valid_from=D(2026, 1, 5)
    )
    client.force_login(getattr(world, who))
    for name, args, query, is_write in pages(force, Membership.objects.get(), team):
        url = reverse(name, args=args) + query
        expected = writes if is_write else reads
        assert client.get(url).status_code == expected, name
        if is_write and expected != 200:
            assert client.post(url, {"on": "2026-11-01"}).status_code == expected, name
    row = {
        "kind": "working_group",
        "valid_from": "2026-11-01",
        "dong-TOTAL_FORMS": "1",
        "dong-INITIAL_FORMS": "0",
        "dong-0-village": "Khu phố 2",
    }
    add = client.post(f"{reverse('village-add')}?don_vi={world.phuoc_long.pk}", row)
    assert add.status_code == (302 if writes == 200 else writes)
    expected = ["Khu phố 1", "Khu phố 2"] if writes == 200 else ["Khu phố 1"]
    assert list(VillageTeam.objects.order_by("village").values_list("village", flat=True)) == expected


def test_a_visitor_is_sent_to_the_login(client, force):
    client.logout()
    assert client.get(force.get_absolute_url()).status_code == 302


def test_the_neighbours_rows_are_not_on_the_page_of_the_province_next_door(world, client, force):
    client.force_login(world.stranger_reviewer)
    page = text_of(client.get(reverse("taskforce-list")))
    assert "0/1 đơn vị cấp xã" in page
    assert "Phước Long" not in page
