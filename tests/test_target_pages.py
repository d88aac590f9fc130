"""Pages of targets as people use them: a list of a year, proposing, answering, one table for all units."""

from decimal import Decimal

import pytest
from django.urls import reverse

from reporting import target_workflow as workflow
from reporting.models import Indicator, Report, Target
from reporting.target_workflow import Aim
from tests.test_against_targets import give, indicator, say
from tests.test_register_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def reported(world, month, fill):
    """January and February of Phước Long: 100 and 103 of TT01, 11 and 12 of 20 of DD04."""
    for n, key in enumerate(("2026-01", "2026-02")):
        period = month(key)
        fill(Report.objects.get(unit=world.phuoc_long, period=period), services=["DVC09"], status="approved")
        say(world.phuoc_long, period, "TT01", 100 + 3 * n)
        say(world.phuoc_long, period, "DD04", 11 + n, 20)


def rows_of(page):
    return {row["target"].key: row for row in page.context["rows"]}


def open_page(client, person, name, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


# The list ------------------------------------------------------------------------------------------------------------


def test_a_year_with_value_actual_assessment_and_the_rows_behind(client, world, reported):
    for value, code in ((200, "TT01"), (60, "DD04"), (90, "HT01")):
        give(world.phuoc_long, value, code)
    page = open_page(client, world.officer, "target-list")
    rows = rows_of(page)
    shown = [(code, row["value"], row["actual"], row["assessment"][0]) for code, row in rows.items()]
    assert shown == [
        ("TT01", "≥\N{NO-BREAK SPACE}200", "203", "vượt"),
        ("DD04", "≥\N{NO-BREAK SPACE}60%", "60,00%", "đạt"),
        ("HT01", "≥\N{NO-BREAK SPACE}90%", "100,00%", "vượt"),  # `fill` writes 10 of 10
    ]
    assert "3 chỉ tiêu năm 2026: 2 vượt, 1 đạt" in text_of(page)
    behind = client.get(rows["TT01"]["source"])
    assert behind.context["value"] == "203"


def test_a_unit_without_targets_is_told_what_to_do(client, world):
    assert "Đề xuất chỉ tiêu để cấp trên trả lời" in text_of(open_page(client, world.officer, "target-list"))
    assert "Khi đơn vị đề xuất" in text_of(open_page(client, world.chair, "target-list", don_vi=world.phuoc_long.pk))


def test_a_wrong_year_or_unit_is_no_page(client, world):
    for query in ({"nam": "2019"}, {"nam": "x"}, {"don_vi": world.phuoc_binh.pk}):
        assert open_page(client, world.officer, "target-list", **query).status_code == 404
    assert open_page(client, world.officer, "target-table").status_code == 403


def test_the_parents_target_beside_the_sum_of_the_children(client, world):
    give(world.dong_nai, 900, "TT01")
    give(world.dong_nai, 90, "DD04")
    for unit, value in ((world.phuoc_long, 300), (world.phuoc_binh, 400)):
        give(unit, value, "TT01")
        give(unit, 80, "DD04")
    rows = rows_of(open_page(client, world.chair, "target-list"))
    assert rows["TT01"]["sum"] == {"text": "700 (2/3 đơn vị đã giao)", "warning": ""}
    assert rows["DD04"]["sum"] == {"text": "không cộng; 2/3 đơn vị đã giao", "warning": ""}
    give(world.phu_rieng, 150, "TT01")
    page = open_page(client, world.chair, "target-list")
    assert rows_of(page)["TT01"]["sum"]["warning"] == "Tổng các đơn vị thấp hơn chỉ tiêu 50"
    assert "Tổng các đơn vị thấp hơn chỉ tiêu 50" in text_of(page)


def test_the_list_costs_the_same_however_long_it_is(client, world, reported, django_assert_max_num_queries):
    for one in Indicator.objects.all():
        give(world.phuoc_long, 50, one.code)
        give(world.dong_nai, 50, one.code)
    open_page(client, world.officer, "target-list")
    with django_assert_max_num_queries(17):
        assert len(client.get(reverse("target-list")).context["rows"]) == 29
    client.force_login(world.staff)
    with django_assert_max_num_queries(22):
        assert client.get(reverse("target-list")).status_code == 200


def test_a_closed_units_people_read_their_targets_and_find_no_button(client, world):
    give(world.thac_mo, 50, "TT01", year=2024)
    page = open_page(client, world.old_officer, "target-list", nam=2024)
    assert [row["target"].unit for row in page.context["rows"]] == [world.thac_mo]
    assert "Đề xuất chỉ tiêu" not in page.text


# Proposing and setting -----------------------------------------------------------------------------------------------

NEW = {"thing": "TT01", "year": "2026", "month": "0", "value": "1.200", "reason": ""}


def test_an_officer_proposes_and_reads_the_answer(client, world):
    client.force_login(world.officer)
    answer = client.post(reverse("target-add"), NEW, follow=True)
    target = Target.objects.get()
    assert (target.status, target.asked) == ("proposed", 1200)
    assert "Đã đề xuất 1.200, chờ cấp trên trả lời" in text_of(answer)
    workflow.send_back(by=world.reviewer, target_id=target.pk, reason="Thấp", value=Decimal(1500))
    page = open_page(client, world.officer, "target-detail", target.pk)
    words = text_of(page)
    assert "Cấp trên đề nghị 1.500" in words
    assert "Thấp" in words
    form = client.get(reverse("target-edit", args=[target.pk]))
    assert form.context["form"].initial == {"value": "1.500"}  # what would be accepted


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("value", "nhiều", "Bạn đã nhập “nhiều”"),
        ("value", "1,234", "Nhiều nhất hai chữ số"),
        ("value", "", "Ghi chỉ tiêu"),
        ("year", "2019", "Năm từ 2020 đến 2100"),
        ("year", "hai nghìn", "Nhập một số"),
        ("month", "13", "13"),
        ("thing", "KHONG", "KHONG"),
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_what_was_typed_stays(client, world, field, typed, words):
    client.force_login(world.officer)
    page = client.post(reverse("target-add"), NEW | {field: typed, "reason": "Theo kế hoạch 57"})
    assert page.status_code == 200
    assert words in " ".join(page.context["form"].errors[field])
    assert 'value="Theo kế hoạch 57"' in page.text
    assert not Target.objects.exists()


def test_all_that_is_wrong_is_said_at_once_each_beside_its_field(client, world):
    client.force_login(world.officer)
    page = client.post(reverse("target-add"), NEW | {"year": "2019", "value": "nhiều", "month": "13"})
    assert set(page.context["form"].errors) == {"year", "value", "month"}
    # what only the target itself knows: the unit began in July 2025, a rate ends at 100
    rate = NEW | {"thing": "DVC09.online_rate", "year": "2024", "value": "101"}
    page = client.post(reverse("target-add"), rate)
    assert page.context["form"].errors["year"] == ["Đơn vị không hoạt động trong năm 2024."]
    assert page.context["form"].errors["value"] == ["Chỉ tiêu này ghi phần trăm, nhiều nhất 100."]
    client.force_login(world.staff)
    address = f"{reverse('target-add')}?don_vi={world.phuoc_long.pk}"
    client.post(address, NEW)
    page = client.post(address, NEW)  # the same value again, without a reason
    assert set(page.context["form"].errors) == {"value", "reason"}
    assert Target.objects.count() == 1


def test_percent_signs_may_be_typed_and_more_than_100_may_not(client, world):
    client.force_login(world.officer)
    rate = NEW | {"thing": "DVC09.online_rate"}
    page = client.post(reverse("target-add"), rate | {"value": "101"})
    assert page.context["form"].errors["value"] == ["Chỉ tiêu này ghi phần trăm, nhiều nhất 100."]
    assert client.post(reverse("target-add"), rate | {"value": "95,5 %"}).status_code == 302
    assert Target.objects.get().asked == Decimal("95.5")


def test_staff_set_change_with_a_reason_and_drop(client, world):
    client.force_login(world.staff)
    address = f"{reverse('target-add')}?don_vi={world.phuoc_long.pk}"
    assert client.post(address, NEW).status_code == 302
    target = Target.objects.get()
    page = client.post(reverse("target-edit", args=[target.pk]), {"value": "1.300", "reason": ""})
    assert page.context["form"].errors["reason"] == ["Ghi lý do."]
    client.post(reverse("target-edit", args=[target.pk]), {"value": "1.300", "reason": "Tăng dân số"})
    page = client.post(reverse("target-drop", args=[target.pk]), {"reason": " "})
    assert page.context["form"].errors["reason"] == ["Ghi lý do."]
    client.post(reverse("target-drop", args=[target.pk]), {"reason": "Giao nhầm"})
    words = text_of(open_page(client, world.chair, "target-detail", target.pk))
    assert [word for word in ("Tăng dân số", "Giao nhầm", "Đã bỏ", "1.300") if word not in words] == []


# Answering -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposal(world):
    aim = Aim(2026, indicator=indicator("TT01"))
    return workflow.propose(by=world.officer, unit=world.phuoc_long, aim=aim, value=Decimal(1200), reason="Như 2025")


def test_proposals_of_the_units_below_are_answered_in_one_place(client, world, proposal):
    page = open_page(client, world.reviewer, "target-proposals")
    words = text_of(page)
    assert "1 đề xuất chờ trả lời" in words
    assert "Phường Phước Long: TT01" in words
    assert "Như 2025" in words
    address = reverse("target-answer", args=[proposal.pk])
    answer = client.post(address, {"viec": "tra", "reason": "", "value": "1.500"})
    assert answer.context["rows"][0]["form"].errors["reason"] == ["Ghi lý do trả lại."]
    assert 'value="1.500"' in answer.text  # typed text stays
    answer = client.post(address, {"viec": "nhan", "asked": "1.100"})
    assert "vừa đổi đề xuất thành 1.200" in text_of(answer)
    list_of_province = f"{address}?don_vi={world.dong_nai.pk}"
    page = client.post(list_of_province, {"viec": "nhan", "asked": "1.200"}, follow=True)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.value) == ("accepted", 1200)
    assert "Đã chấp nhận 1.200" in text_of(page)
    assert "Không có đề xuất nào chờ trả lời" in text_of(page)


def test_proposals_of_another_province_are_not_seen(client, world, proposal):
    page = open_page(client, world.stranger_reviewer, "target-proposals")
    assert page.context["rows"] == []
    assert client.get(reverse("target-proposals"), {"don_vi": world.dong_nai.pk}).status_code == 404


def test_many_proposals_cost_no_more_queries(client, world, proposal, django_assert_max_num_queries):
    for one in Indicator.objects.exclude(code="TT01")[:20]:
        workflow.propose(by=world.officer, unit=world.phuoc_long, aim=Aim(2026, indicator=one), value=Decimal(9))
    open_page(client, world.reviewer, "target-proposals")
    with django_assert_max_num_queries(14):
        assert len(client.get(reverse("target-proposals")).context["rows"]) == 21


# One table for all ---------------------------------------------------------------------------------------------------


def test_one_table_sets_all_units_and_says_what_is_wrong_beside_the_box(client, world, reported, proposal):
    address = f"{reverse('target-table')}?nd=TT01&nam=2026"
    client.force_login(world.staff)
    page = client.get(address)
    lines = {line["name"]: line for line in page.context["rows"]}
    assert list(lines) == ["Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"]  # Phú before Phước
    assert lines["Phường Phước Long"]["row"]["asked"] == "1.200"
    boxes = {unit: f"value_{unit.pk}" for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng)}
    typed = {boxes[world.phuoc_long]: "200", boxes[world.phuoc_binh]: "hai trăm", boxes[world.phu_rieng]: ""}
    page = client.post(address, typed)
    assert [(line["error"] != "", line["typed"]) for line in page.context["rows"]] == [
        (False, ""), (True, "hai trăm"), (False, "200"),
    ]  # fmt: skip
    assert not Target.objects.in_force().exists()
    typed[boxes[world.phuoc_binh]] = "300"
    page = client.post(address, typed, follow=True)
    assert "Đã giao chỉ tiêu cho 2 đơn vị" in text_of(page)
    lines = {line["name"]: line for line in page.context["rows"]}
    assert lines["Phường Phước Long"]["row"]["assessment"][0] == "vượt"  # 203 of 200
    assert lines["Xã Phú Riềng"]["row"] is None
    assert "2/3 đơn vị đã giao: TT01" in text_of(page)
    page = client.post(address, {boxes[world.phuoc_long]: "250"})
    assert page.context["reason_error"] == "Ghi lý do."
    page = client.post(address, {})
    assert "Ghi chỉ tiêu của ít nhất một đơn vị." in text_of(page)


def test_the_table_knows_what_it_is_of_or_is_no_page(client, world, django_assert_max_num_queries):
    client.force_login(world.staff)
    for wrong in ("nd=KHONG", "nd=DVC09.x", "nd=TT01&thang=13", "nd=TT01&thang=x", "nam=1"):
        assert client.get(f"{reverse('target-table')}?{wrong}").status_code == 404, wrong
    for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng):
        give(unit, 90, service="DVC09", rate="in_time_rate")
    with django_assert_max_num_queries(17):
        page = client.get(f"{reverse('target-table')}?nd=DVC09.in_time_rate")
    assert [line["typed"] for line in page.context["rows"]] == ["90%"] * 3
