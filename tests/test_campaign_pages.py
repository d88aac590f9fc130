"""Pages of campaigns as people use them: making one, the numbers of a day, how far it is, home."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from reporting.campaigns import running
from reporting.campaigns.monthly import proposals
from reporting.models import (
    Campaign,
    CampaignChange,
    CampaignDay,
    CampaignGoal,
    CampaignResources,
    FigureChange,
    Indicator,
    IndicatorFigure,
    Report,
)
from reporting.report_doors import get_report
from tests.test_campaigns import FIRST, TODAY, D, enter, make
from tests.test_register_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ENTRY = "/cao-diem/nhap/"


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def campaign(world):
    return make(world)


@pytest.fixture
def staff(client, world):
    client.force_login(world.staff)
    return client


def officer_of(client, world, person="officer"):
    client.force_login(getattr(world, person))
    return client


NEW = {"name": "Cao điểm 30 ngày", "first_day": "2026-11-16", "last_day": "2026-12-15", "measure_1": "Hồ sơ"}
NEW |= {"unit_of_measure_1": "hồ sơ"}


# Making one ----------------------------------------------------------------------------------------------------------


def test_a_campaign_is_made_on_one_page_with_all_communes_below(staff, world):
    page = staff.get(reverse("campaign-add"))
    assert "25217\tPhường Phước Long" in page.text
    assert "Tỉnh Đồng Nai" not in page.context["form"].initial["goals"]
    assert staff.post(reverse("campaign-add"), NEW | {"goals": " "}).status_code == 302
    made = Campaign.objects.get()
    assert (made.unit, made.length, made.created_by) == (world.dong_nai, 30, world.staff)
    goals = set(CampaignGoal.objects.values_list("unit", "goal"))
    assert goals == {(u.pk, None) for u in (world.phuoc_long, world.phuoc_binh, world.phu_rieng)}


def test_chosen_units_with_goals_pasted_from_a_spreadsheet(staff, world):
    pasted = "Mã\tĐơn vị\tHồ sơ\n25217\tPhường Phước Long\t1.200\n25390\tXã Phú Riềng\t\nTổng số\t\t1.200"
    assert staff.post(reverse("campaign-add"), NEW | {"goals": pasted}).status_code == 302
    assert set(CampaignGoal.objects.values_list("unit", "goal")) == {
        (world.phuoc_long.pk, 1200),
        (world.phu_rieng.pk, None),
    }


def test_a_wrong_line_is_said_and_everything_typed_stays(staff, world):
    pasted = "25217\tPhường Phước Long\t1.200\nXã Không Có\t5"
    page = staff.post(reverse("campaign-add"), NEW | {"goals": pasted, "note": "Ghi chú của tôi"})
    assert page.status_code == 200
    assert "Dòng 2: “Xã Không Có” không phải đơn vị trực thuộc." in page.text
    for kept in ("Cao điểm 30 ngày", "Ghi chú của tôi", "25217\tPhường Phước Long\t1.200"):
        assert kept in page.text
    assert not Campaign.objects.exists()


def test_a_measure_without_a_unit_of_measure_is_said_beside_it(staff, world):
    page = staff.post(reverse("campaign-add"), NEW | {"unit_of_measure_1": "", "goals": ""})
    assert page.context["form"].errors["unit_of_measure_1"] == ["Ghi đơn vị tính."]
    page = staff.post(reverse("campaign-add"), NEW | {"measure_2": "Thẻ", "goals": ""})
    assert page.context["form"].errors["unit_of_measure_2"] == ["Ghi đơn vị tính của “Thẻ”."]
    page = staff.post(reverse("campaign-add"), NEW | {"measure_1": "", "goals": ""})
    assert page.context["form"].errors["measure_1"] == ["Ghi việc cần đếm 1."]


def test_the_form_of_a_campaign_shows_what_it_is_and_saving_it_changes_nothing(staff, campaign):
    page = staff.get(reverse("campaign-edit", args=[campaign.pk]))
    shown = page.context["form"].initial
    assert shown["goals"] == "25220\tPhường Phước Bình\t50\n25217\tPhường Phước Long\t100"
    body = {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in shown.items() if v not in (None, False, "")}
    before = CampaignChange.objects.count()
    assert staff.post(reverse("campaign-edit", args=[campaign.pk]), body).status_code == 302
    assert CampaignChange.objects.count() == before


def test_a_closed_campaign_is_not_edited(staff, campaign):
    staff.post(reverse("campaign-close", args=[campaign.pk]))
    page = staff.get(reverse("campaign-edit", args=[campaign.pk]), follow=True)
    assert "Mở lại rồi sửa" in page.text
    page = staff.post(reverse("campaign-reopen", args=[campaign.pk]), {"ly_do": ""}, follow=True)
    assert "Phải ghi lý do" in page.text
    page = staff.post(reverse("campaign-reopen", args=[campaign.pk]), {"ly_do": "Nhập bổ sung"}, follow=True)
    assert "Đã mở lại" in page.text
    assert "Nhập bổ sung" in page.text


# The numbers of a day ------------------------------------------------------------------------------------------------


def test_one_button_saves_every_campaign_of_the_day(client, world, campaign):
    second = make(world, name="Cao điểm thứ hai", measures=("A", "B"), goals={world.phuoc_long.pk: (5, 6)})
    officer_of(client, world)
    page = client.get(ENTRY)
    assert page.text.count("Chỉ tiêu cả đợt") == 3
    (one,), (a, b) = campaign.measures.all(), second.measures.all()
    body = {f"value_{one.pk}": "1.200", f"value_{a.pk}": "0", f"value_{b.pk}": "", f"machines_{second.pk}": "16"}
    assert client.post(ENTRY, body).status_code == 302
    assert dict(CampaignDay.objects.values_list("measure", "value")) == {one.pk: 1200, a.pk: 0}
    assert CampaignResources.objects.get().machines == 16
    page = client.get(ENTRY)
    assert 'value="1.200"' in page.text
    assert "Nguyễn Thị Hồng Nhung ghi lúc 09:00 ngày 16/11/2026" in page.text


def test_what_was_typed_stays_with_the_message_beside_it(client, world, campaign):
    second = make(world, name="Cao điểm thứ hai")
    (one,), (two,) = campaign.measures.all(), second.measures.all()
    body = {f"value_{one.pk}": "mười hai", f"value_{two.pk}": "7", f"since_{two.pk}": "31/02/2026"}
    page = officer_of(client, world).post(ENTRY, body | {f"shifts_{second.pk}": "x"})
    assert page.status_code == 200
    for kept in ('value="mười hai"', 'value="7"', 'value="31/02/2026"', 'value="x"'):
        assert kept in page.text
    assert f'id="since_{two.pk}"' in page.text
    assert "Ngày này không có" in page.text
    assert not CampaignDay.objects.exists()
    page = client.post(ENTRY, body | {f"since_{two.pk}": "", f"shifts_{second.pk}": "x"})
    assert f'id="error_{one.pk}"' in page.text
    assert page.text.count("field-error") == 2  # the number, the shifts
    assert not CampaignDay.objects.exists()


def test_days_before_are_offered_until_they_are_entered_or_locked(client, world, campaign):
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 14), "5")
    page = officer_of(client, world).get(ENTRY)
    assert re.findall(r"ngay=(2026-11-\d\d)", page.text) == [f"2026-11-{d}" for d in (15, 13, 12, 11, 10)]
    one = campaign.measures.get()
    assert client.post(f"{ENTRY}?ngay=2026-11-12", {f"value_{one.pk}": "9"}).status_code == 302
    assert CampaignDay.objects.get(day=D(2026, 11, 12)).value == 9


@pytest.mark.parametrize("day", ["2026-11-09", "2026-12-01"])
def test_a_day_without_a_campaign_says_so(client, world, campaign, day, at):
    at("2026-12-02 09:00")
    page = officer_of(client, world).get(f"{ENTRY}?ngay={day}")
    assert "không có cao điểm nào để nhập" in page.text


def test_tomorrow_and_a_day_that_is_none(client, world, campaign):
    page = officer_of(client, world).get(f"{ENTRY}?ngay=2026-11-17", follow=True)
    assert "Ngày 17/11/2026 chưa đến." in page.text
    one = campaign.measures.get()
    for day, status in (("2026-11-17", 302), ("31/02/2026", 404)):
        assert client.post(f"{ENTRY}?ngay={day}", {f"value_{one.pk}": "9"}).status_code == status
    assert not CampaignDay.objects.exists()


@pytest.mark.parametrize("end", ["campaign-lock", "campaign-close"])
def test_a_page_left_open_until_the_day_is_closed_says_so_and_writes_nothing(client, world, campaign, end):
    one = campaign.measures.get()
    client.force_login(world.staff)
    client.post(reverse(end, args=[campaign.pk]), {"to": "2026-11-16"})
    page = officer_of(client, world).post(ENTRY, {f"value_{one.pk}": "9"}, follow=True)
    assert "Số vừa gõ chưa được ghi" in page.text
    assert not CampaignDay.objects.exists()


@pytest.mark.parametrize("name", ["value_²", "value_" + "9" * 30, "value_x", "shifts_²", "value_999999"])
def test_odd_fields_write_nothing(client, world, campaign, name):
    assert officer_of(client, world).post(ENTRY, {name: "9"}).status_code == 302
    assert not CampaignDay.objects.exists()


# How far it is -------------------------------------------------------------------------------------------------------


def card(page, label):
    return next(
        (f"{value}/{whole}" if whole else value, note)
        for name, value, whole, note in page.context["cards"]
        if name == label
    )


def test_the_page_of_a_campaign(staff, world, campaign):
    """13, 14, 15 November: 20 + 10, 25 + 10, 30 + 5; the day before the goal of 150 leaves 50."""
    for day, own, next_door in ((13, 20, 10), (14, 25, 10), (15, 30, 5)):
        enter(campaign, world.officer, world.phuoc_long, D(2026, 11, day), str(own))
        enter(campaign, world.neighbour, world.phuoc_binh, D(2026, 11, day), str(next_door))
    enter(campaign, world.neighbour, world.phuoc_binh, TODAY, "25")
    page = staff.get(campaign.get_absolute_url())
    assert card(page, "Ngày") == ("7/21", "còn 15 ngày, kể cả hôm nay")
    assert card(page, "Đã làm / chỉ tiêu") == ("125/150", "đạt 83,33%")
    assert card(page, "Còn lại")[0] == "25"
    assert card(page, "Cần mỗi ngày") == ("2", "để xong ngày 30/11/2026")
    pace = "mỗi ngày 20–30, tính trên 3 ngày của đơn vị chưa về đích"  # Phước Long's alone
    assert card(page, "Trung bình 7 ngày qua") == ("25", pace)
    assert card(page, "Về đích") == ("1/2", "đơn vị đạt chỉ tiêu")
    assert page.context["forecast"]["words"].endswith("khoảng 16/11–17/11/2026; kịp nếu giữ tốc độ này.")
    assert page.context["missing"] == ["Phường Phước Long"]
    assert [row["name"] for row in page.context["rows"]] == ["Phường Phước Bình", "Phường Phước Long"]
    assert page.context["rows"][0]["reached"] == "thứ 1, 16/11"
    assert "Phường Phước Bình 50 50 100,00% 0 25 thứ 1, 16/11" in text_of(page)
    assert "Cộng 150 125 83,33% 25 25 1 đơn vị" in text_of(page)
    done = page.context["chart"]["done"]
    assert done[:7] == [None, None, None, 30, 65, 100, 125]
    assert done[7:] == [None] * 14


def test_before_the_first_day_and_after_the_last(client, world, at):
    campaign = make(world)
    at("2026-11-09 09:00")
    client.force_login(world.staff)
    page = client.get(campaign.get_absolute_url())
    assert card(page, "Ngày") == ("–/21", "1 ngày nữa bắt đầu")
    assert card(page, "Cần mỗi ngày")[0] == "8"  # 150 in 21 days
    assert (page.context["forecast"], page.context["missing"]) == (None, [])
    at("2026-11-30 09:00")
    client.force_login(world.staff)
    page = client.get(campaign.get_absolute_url())
    assert card(page, "Ngày") == ("21/21", "còn 1 ngày, kể cả hôm nay")
    assert card(page, "Cần mỗi ngày")[0] == "150"
    at("2026-12-01 09:00")
    client.force_login(world.staff)
    page = client.get(campaign.get_absolute_url())
    assert card(page, "Ngày") == ("21/21", "đã hết ngày")
    assert card(page, "Cần mỗi ngày") == ("–", "đã hết ngày")
    assert page.context["forecast"] is None
    assert "Hết ngày, chưa kết thúc" in page.text


def test_nothing_entered_and_no_goal(staff, world):
    campaign = make(world, {world.phuoc_long.pk: (None,)})
    page = staff.get(campaign.get_absolute_url())
    assert card(page, "Đã làm / chỉ tiêu") == ("–/chưa giao", "đạt –")
    assert "Chưa có đơn vị nào nhập số" in page.text


def test_a_goal_of_zero_has_no_rate(staff, world):
    campaign = make(world, {world.phuoc_long.pk: (0,)})
    page = staff.get(campaign.get_absolute_url())
    assert card(page, "Đã làm / chỉ tiêu") == ("–/0", "đạt –")
    assert page.context["forecast"]["words"] == "Đã xong."


def test_a_commune_reads_its_own_row_and_its_place_among_all(client, world, campaign):
    enter(campaign, world.neighbour, world.phuoc_binh, TODAY, "50")
    page = officer_of(client, world).get(campaign.get_absolute_url())
    assert "Phước Bình" not in page.text
    assert card(page, "Về đích")[0] == "1/2"
    assert "của 1 trong 2 đơn vị" in text_of(page)
    assert card(page, "Đã làm / chỉ tiêu") == ("–/100", "đạt –")


def test_sums_by_district_are_sums(client, world, at):
    at("2024-12-10 09:00")
    goals = {world.thac_mo.pk: (10,), world.long_thuy.pk: (20,), world.an_loc.pk: (40,), world.tx_phuoc_long.pk: (5,)}
    days = {"first_day": D(2024, 12, 1), "last_day": D(2024, 12, 20)}
    campaign = make(world, goals, by=world.old_staff, unit=world.binh_phuoc, **days)
    enter(campaign, world.old_officer, world.thac_mo, D(2024, 12, 9), "7")
    enter(campaign, world.district_reviewer, world.tx_phuoc_long, D(2024, 12, 9), "5")
    client.force_login(world.old_staff)
    page = client.get(campaign.get_absolute_url())
    groups = {row["name"]: (row["units"], row["goal"], row["done"], row["finished"]) for row in page.context["groups"]}
    assert groups == {"Thị xã Phước Long": ("3", "35", "12", "1"), "Thị xã Bình Long": ("1", "40", "–", "0")}
    client.force_login(world.district_chair)
    page = client.get(campaign.get_absolute_url())
    assert len(page.context["rows"]) == 3
    assert "An Lộc" not in page.text


def test_an_unknown_measure_is_not_found(staff, campaign):
    for text in ("0", "²", "x", "9" * 30):
        assert staff.get(campaign.get_absolute_url(), {"do": text}).status_code == 404


# The list, home ------------------------------------------------------------------------------------------------------


def test_the_list_has_what_runs_what_comes_and_what_is_over(staff, world, campaign):
    make(world, name="Sắp", first_day=D(2026, 11, 17))
    make(world, name="Hết", last_day=D(2026, 11, 15))
    last = make(world, name="Ngày cuối", last_day=TODAY)
    enter(campaign, world.officer, world.phuoc_long, TODAY, "30")
    page = staff.get(reverse("campaign-list"))
    assert [row["campaign"] for row in page.context["running"]] == [last, campaign]
    assert "2 cao điểm đang chạy" in page.text
    assert [one.name for one in page.context["to_come"]] == ["Sắp"]
    assert [row["campaign"].name for row in page.context["over"]] == ["Hết"]
    assert "30/150 hồ sơ · 20,00%" in text_of(page)


def test_an_empty_list_says_what_to_do(client, world):
    for person, words in (("staff", "Mở cao điểm"), ("officer", "Cấp trên mở cao điểm")):
        client.force_login(getattr(world, person))
        assert words in client.get(reverse("campaign-list")).text


def test_home_names_what_is_not_entered_today(client, world, campaign):
    officer_of(client, world)
    assert "Hôm nay chưa nhập cao điểm:" in client.get(reverse("task-list")).text
    enter(campaign, world.officer, world.phuoc_long, TODAY, "0")
    assert "chưa nhập cao điểm" not in client.get(reverse("task-list")).text


# Many units ----------------------------------------------------------------------------------------------------------


def test_pages_ask_as_often_for_many_units_days_and_campaigns_as_for_one(client, world, django_assert_num_queries):
    one = make(world, {world.phuoc_long.pk: (5,)})
    enter(one, world.officer, world.phuoc_long, TODAY, "1")

    def ask(campaign):
        client.force_login(world.staff)
        with django_assert_num_queries(16):
            client.get(campaign.get_absolute_url())
        with django_assert_num_queries(12):
            client.get(reverse("campaign-list"))
        client.force_login(world.officer)
        with django_assert_num_queries(13):
            client.get(ENTRY)

    ask(one)
    units = (world.phuoc_long, world.phuoc_binh, world.phu_rieng)
    many = make(world, {unit.pk: (5, 6) for unit in units}, name="Nhiều", measures=("A", "B"))
    at = dt.datetime.now(dt.UTC)
    CampaignDay.objects.bulk_create(
        CampaignDay(measure=measure, unit=unit, day=FIRST + dt.timedelta(days=n), value=1, by=world.staff, at=at)
        for measure in many.measures.all()
        for unit in units
        for n in range(7)
    )
    ask(many)


# Into the monthly report ---------------------------------------------------------------------------------------------


@pytest.fixture
def fed(world, month):
    """A campaign over two months (to 14 November, from the 15th) that feeds HT01, in the report of November."""
    campaign = make(world, first_day=D(2026, 11, 10), last_day=TODAY, feeds_reports=True)
    campaign.measures.update(indicator=Indicator.objects.get(code="HT01"))
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 14), "40")
    enter(campaign, world.officer, world.phuoc_long, D(2026, 11, 15), "2")
    enter(campaign, world.neighbour, world.phuoc_binh, D(2026, 11, 14), "7")
    return campaign, Report.objects.get(period=month("2026-11"), unit=world.phuoc_long)


def proposed(world, report):
    figure = proposals(get_report(world.officer, report.pk)).get("HT01")
    return figure and figure.value


@pytest.mark.parametrize(("over_time", "november", "december"), [("flow", 40, 2), ("cumulative", 40, 42)])
def test_a_closed_campaign_proposes_its_number_of_each_month(world, month, fed, over_time, november, december):
    campaign, report = fed
    Indicator.objects.filter(code="HT01").update(over_time=over_time)
    next_report = Report.objects.get(period=month("2026-12"), unit=world.phuoc_long)
    assert proposed(world, report) is None  # still running
    running.close_campaign(by=world.staff, campaign_id=campaign.pk)
    assert (proposed(world, report), proposed(world, next_report)) == (november, december)
    Campaign.objects.update(feeds_reports=False)
    assert proposed(world, report) is None


def test_the_number_is_taken_over_by_the_officers_button_and_not_before(client, world, fed):
    campaign, report = fed
    running.close_campaign(by=world.staff, campaign_id=campaign.pk)
    figures = IndicatorFigure.objects.filter(report=report, indicator__code="HT01", numerator__isnull=False)
    page = officer_of(client, world).get(reverse("report-entry", args=[report.pk]))
    assert "Cao điểm 21 ngày đêm : 40 Lấy số này" in text_of(page)
    assert not figures.exists()
    page = client.post(reverse("report-take-outreach", args=[report.pk]), {"chi_tieu": "HT01"}, follow=True)
    assert "Đã lấy 40 từ Cao điểm 21 ngày đêm vào HT01." in page.text
    assert figures.get().numerator == 40
    assert FigureChange.objects.filter(report=report, cell="HT01.numerator", new=40, by=world.officer).exists()
