"""Difficulties: raised with the report, sent with it, answered above, passed up, raised again; and their pages."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from reporting import closing, difficulties
from reporting.models import Difficulty, DifficultyStep, Report
from reporting.report_log import NotAllowed
from tests.conftest import make_person

TEXT = "Đường truyền chậm, trang dịch vụ công không mở được vào buổi sáng."


@pytest.fixture
def report(world, month, at):
    at("2026-11-16 09:00")
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


@pytest.fixture
def raised(world, report):
    return add(world, report)


@pytest.fixture
def sent(world, report, raised, at):
    return send(report, raised, at, "2026-11-16 10:00")


def add(world, report, by=None, text=TEXT, **more):
    values = {"kind": "network", "text": text, "proposal": "Nâng cấp đường truyền."} | more
    return difficulties.raise_difficulty(by=by or world.officer, report_id=report.pk, **values)


def send(report, difficulty, at, when):
    """As workflow.submit leaves the report: sent at that time."""
    report.status, report.submitted_at, report.revision = "submitted", at(when), 1
    report.save()
    return Difficulty.objects.get(pk=difficulty.pk)


def actions(difficulty):
    return list(difficulty.steps.values_list("action", "by__username", "note"))


# Raising -------------------------------------------------------------------------------------------------------------


def test_a_difficulty_lies_with_the_unit_above_in_the_tree_of_the_month(world, month, at, report):
    at("2024-11-16 09:00")
    old = Report.objects.get(unit=world.thac_mo, period=month("2024-11"))
    assert add(world, old, by=world.old_officer).with_unit == world.tx_phuoc_long
    at("2026-11-16 09:00")
    for person in ("officer", "police_officer", "leader"):
        found = add(world, report, by=_fresh(getattr(world, person)), text=f"Việc của {person}")
        assert (found.with_unit, found.unit, found.state) == (world.dong_nai, world.phuoc_long, "open")
        assert actions(found) == [("raise", getattr(world, person).username, "")]


def _fresh(user):
    """The person as a later request sees them."""
    return type(user).objects.get(pk=user.pk)


def test_a_province_asks_the_nation_only_where_somebody_answers_there(world, month, at):
    at("2026-11-16 09:00")
    own = Report.objects.get(unit=world.dong_nai, period=month("2026-11"))
    officer = make_person("vp75", "Lý Văn Phòng", world.dong_nai, "officer", "office")
    assert add(world, own, by=officer).with_unit == world.dong_nai
    make_person("tw", "Hà Trung Ương", world.nation, "reviewer")
    assert add(world, own, by=officer, text="Việc khác").with_unit == world.nation


@pytest.mark.parametrize("person", ["neighbour", "reviewer", "chair", "staff", "stranger", "administrator"])
def test_only_the_units_own_people_raise(world, report, person):
    with pytest.raises(PermissionDenied):
        add(world, report, by=getattr(world, person))


def test_the_same_words_sent_twice_make_one(world, report, raised):
    assert add(world, report, text=f"  {TEXT}\r\n") == raised
    assert report.difficulties.count() == 1 == DifficultyStep.objects.count()


def test_blank_words_are_refused(world, report):
    with pytest.raises(ValidationError) as caught:
        add(world, report, text="  ")
    assert caught.value.message_dict == {"text": ["Ghi khó khăn, vướng mắc."]}


def test_an_unknown_kind_is_refused(world, report):
    with pytest.raises(ValidationError):
        add(world, report, kind="weather")


@pytest.mark.parametrize("field", ["text", "proposal", "addressed_to"])
def test_a_number_that_looks_personal_needs_a_second_look(world, report, field):
    words = {field: "Bà B, căn cước 079203001234, chưa làm được."}
    with pytest.raises(ValidationError) as caught:
        add(world, report, **words)
    assert difficulties.asks_to_check(caught.value)
    assert "“079203001234” (số định danh, căn cước)" in caught.value.message_dict[field][0]
    assert add(world, report, checked=True, **words).pk


def test_a_sent_report_takes_no_new_one_and_a_returned_one_does(world, report, sent, at):
    with pytest.raises(NotAllowed, match="Báo cáo đã gửi"):
        add(world, report, text="Việc mới")
    report.status = "returned"
    report.save()
    at("2026-11-16 11:00")
    new = add(world, report, text="Việc mới")
    assert not difficulties.is_sent(new)
    assert difficulties.is_sent(sent)


def test_a_closed_month_takes_none(world, report):
    closing.close_period(period_id=report.period_id, province_id=world.dong_nai.pk, by=world.staff)
    with pytest.raises(NotAllowed, match="đã khóa"):
        add(world, report)


# Changing ------------------------------------------------------------------------------------------------------------


def test_words_change_until_sent(world, report, raised, at):
    change = {"by": world.leader, "difficulty_id": raised.pk, "kind": "law", "text": "Chưa có hướng dẫn."}
    assert difficulties.change_difficulty(**change).kind == "law"
    send(report, raised, at, "2026-11-16 10:00")
    with pytest.raises(NotAllowed, match="đã gửi lên cùng báo cáo lúc 10:00"):
        difficulties.change_difficulty(**change)
    report.status = "returned"  # read above already: its words stay
    report.save()
    with pytest.raises(NotAllowed):
        difficulties.change_difficulty(**change)


def test_a_neighbour_changes_nothing(world, raised):
    with pytest.raises(PermissionDenied):
        difficulties.change_difficulty(by=world.neighbour, difficulty_id=raised.pk, kind="law", text="Khác")


# Answering -----------------------------------------------------------------------------------------------------------


def test_nothing_is_answered_before_it_is_sent(world, raised):
    for write in (difficulties.answer, difficulties.resolve):
        with pytest.raises(NotAllowed, match="chưa gửi"):
            write(by=world.reviewer, difficulty_id=raised.pk, note="Đã biết.")


def test_answer_reopen_resolve(world, sent):
    difficulties.answer(by=world.reviewer, difficulty_id=sent.pk, note="Viễn thông sẽ kéo cáp trong tháng 12.")
    difficulties.reopen(by=world.leader, difficulty_id=sent.pk, note="Cáp chưa kéo.")
    difficulties.resolve(by=world.staff, difficulty_id=sent.pk, note="Đã kéo cáp ngày 10/12.")
    sent.refresh_from_db()
    assert sent.state == "resolved"
    assert actions(sent) == [
        ("raise", "nhung", ""),
        ("answer", "bao", "Viễn thông sẽ kéo cáp trong tháng 12."),
        ("reopen", "hanh", "Cáp chưa kéo."),
        ("resolve", "ha", "Đã kéo cáp ngày 10/12."),
    ]


def test_two_answer_at_once_the_second_is_told(world, sent):
    difficulties.answer(by=world.reviewer, difficulty_id=sent.pk, note="Sẽ làm.")
    with pytest.raises(NotAllowed, match="Trần Quốc Bảo đã trả lời khó khăn này lúc 10:00 ngày 16/11/2026"):
        difficulties.answer(by=world.second_reviewer, difficulty_id=sent.pk, note="Cũng sẽ làm.")
    assert sent.steps.count() == 2


def test_the_unit_itself_may_say_it_is_settled(world, sent):
    assert (
        difficulties.resolve(by=world.officer, difficulty_id=sent.pk, note="Đã tự thay thiết bị.").state == "resolved"
    )
    with pytest.raises(NotAllowed, match="Nguyễn Thị Hồng Nhung đã ghi là đã giải quyết"):
        difficulties.resolve(by=world.reviewer, difficulty_id=sent.pk, note="Xong.")


def test_what_still_waits_is_not_raised_again(world, sent):
    with pytest.raises(NotAllowed, match="đang chờ trả lời"):
        difficulties.reopen(by=world.officer, difficulty_id=sent.pk, note="Nhắc lại.")


@pytest.mark.parametrize("person", ["officer", "neighbour", "chair", "auditor", "stranger_reviewer", "administrator"])
def test_who_does_not_answer(world, sent, person):
    for write in (difficulties.answer, difficulties.pass_up):
        with pytest.raises(PermissionDenied):
            write(by=getattr(world, person), difficulty_id=sent.pk, note="Trả lời")


def test_only_the_unit_raises_again(world, sent):
    difficulties.answer(by=world.reviewer, difficulty_id=sent.pk, note="Sẽ làm.")
    with pytest.raises(PermissionDenied):
        difficulties.reopen(by=world.reviewer, difficulty_id=sent.pk, note="Nêu lại")


def test_a_district_passes_up_to_its_province_and_no_longer_answers(world, month, at):
    at("2024-11-16 09:00")
    report = Report.objects.get(unit=world.thac_mo, period=month("2024-11"))
    found = send(report, add(world, report, by=world.old_officer), at, "2024-11-16 10:00")
    with pytest.raises(ValidationError, match="Ghi vì sao chuyển"):
        difficulties.pass_up(by=world.district_reviewer, difficulty_id=found.pk, note=" ")
    passed = difficulties.pass_up(by=world.district_reviewer, difficulty_id=found.pk, note="Ngoài thẩm quyền.")
    assert (passed.with_unit, passed.state) == (world.binh_phuoc, "open")
    with pytest.raises(PermissionDenied):
        difficulties.answer(by=world.district_reviewer, difficulty_id=found.pk, note="Thôi để tôi.")
    assert difficulties.answer(by=world.old_staff, difficulty_id=found.pk, note="Tỉnh cấp máy.").state == "answered"


def test_a_province_passes_up_only_where_the_nation_answers(world, sent):
    with pytest.raises(NotAllowed, match="Không còn cấp trên"):
        difficulties.pass_up(by=world.reviewer, difficulty_id=sent.pk, note="Cần Bộ trả lời.")
    central = make_person("tw", "Hà Trung Ương", world.nation, "reviewer")
    assert difficulties.pass_up(by=world.reviewer, difficulty_id=sent.pk, note="Cần Bộ.").with_unit == world.nation
    assert difficulties.answer(by=central, difficulty_id=sent.pk, note="Bộ sẽ sửa.").state == "answered"


def test_the_level_above_answers_for_the_one_below(world, month, at):
    at("2024-11-16 09:00")
    report = Report.objects.get(unit=world.thac_mo, period=month("2024-11"))
    found = send(report, add(world, report, by=world.old_officer), at, "2024-11-16 10:00")
    assert (
        difficulties.answer(by=world.old_staff, difficulty_id=found.pk, note="Tỉnh trả lời luôn.").state == "answered"
    )


# Reading -------------------------------------------------------------------------------------------------------------


def test_above_sees_it_only_when_sent(world, report, raised, at):
    assert raised in difficulties.visible_to(world.officer)
    assert raised not in difficulties.visible_to(world.reviewer)
    send(report, raised, at, "2026-11-16 10:00")
    assert raised in difficulties.visible_to(world.reviewer)
    for person in ("neighbour", "stranger", "stranger_reviewer"):
        assert raised not in difficulties.visible_to(getattr(world, person))


@pytest.mark.parametrize(
    ("raised_on", "band"),
    [
        ("2026-11-16 23:59", "moi"),
        ("2026-11-09 00:00", "moi"),
        ("2026-11-08 23:59", "thang"),
        ("2026-10-17 00:00", "thang"),
        ("2026-10-16 23:59", "quy"),
        ("2026-08-18 00:00", "quy"),
        ("2026-08-17 23:59", "lau"),
    ],
)
def test_age_is_counted_in_days_of_vietnam(world, sent, at, raised_on, band):
    Difficulty.objects.update(raised_at=at(raised_on))
    Report.objects.update(submitted_at=at("2026-11-16 23:59"))
    seen = difficulties.visible_to(world.reviewer)
    table = difficulties.open_by_kind_and_age(seen, dt.date(2026, 11, 16))
    assert {name: n for name, n in table["network"].items() if n} == {band: 1}
    assert sum(sum(cells.values()) for cells in table.values()) == 1
    assert [
        name for name in difficulties.AGE_BANDS if seen.filter(difficulties.age_bounds(name, dt.date(2026, 11, 16)))
    ] == [band]


def test_the_table_takes_one_query(world, sent, django_assert_num_queries):
    seen = difficulties.visible_to(world.reviewer)
    with django_assert_num_queries(1):
        difficulties.open_by_kind_and_age(seen, dt.date(2026, 11, 16))


# Pages ---------------------------------------------------------------------------------------------------------------


def test_an_officer_adds_and_sees_it_on_the_reports_pages(world, report, client):
    client.force_login(world.officer)
    page = reverse("difficulty-add", args=[report.pk])
    assert "Không ghi tên, số căn cước" in client.get(page).content.decode()
    response = client.post(page, {"kind": "network", "text": TEXT}, follow=True)
    assert response.redirect_chain[0][0].startswith(reverse("report-entry", args=[report.pk]))
    for name in ("report-entry", "report-check", "report-detail"):
        html = client.get(reverse(name, args=[report.pk])).content.decode()
        assert TEXT in html, name
        assert "Chưa gửi" in html, name


def test_the_form_keeps_the_words_and_asks_once_more(world, report, client):
    client.force_login(world.officer)
    page = reverse("difficulty-add", args=[report.pk])
    typed = {"kind": "data", "text": "Bà B 0912345678 không làm được"}
    html = client.post(page, typed).content.decode()
    assert "Bà B 0912345678 không làm được" in html
    assert "Tôi đã kiểm tra, không có thông tin cá nhân" in html
    assert Difficulty.objects.count() == 0
    client.post(page, typed | {"checked": "on"})
    assert Difficulty.objects.get().text == typed["text"]


def test_the_page_of_a_sent_report_says_why_nothing_can_be_added(world, report, sent, client):
    client.force_login(world.officer)
    response = client.get(reverse("difficulty-add", args=[report.pk]), follow=True)
    assert "Báo cáo đã gửi. Khó khăn mới ghi vào báo cáo kỳ sau" in response.content.decode()
    response = client.get(reverse("difficulty-edit", args=[sent.pk]), follow=True)
    assert "không sửa được nữa" in response.content.decode()


def test_edit_page(world, raised, client):
    client.force_login(world.leader)
    page = reverse("difficulty-edit", args=[raised.pk])
    assert TEXT in client.get(page).content.decode()
    client.post(page, {"kind": "law", "text": "Chưa có hướng dẫn."})
    raised.refresh_from_db()
    assert (raised.kind, raised.text) == ("law", "Chưa có hướng dẫn.")


def test_a_reviewer_answers_on_the_page(world, sent, client):
    client.force_login(world.reviewer)
    html = client.get(sent.get_absolute_url()).content.decode()
    assert "Chờ Tỉnh Đồng Nai trả lời" in html
    assert "Chuyển cấp trên" not in html
    assert "Nêu lại" not in html
    url = reverse("difficulty-answer", args=[sent.pk])
    assert "Ghi nội dung trả lời." in client.post(url, {"note": ""}).content.decode()
    html = client.post(url, {"note": "Sẽ nâng cấp."}, follow=True).content.decode()
    assert "Tỉnh Đồng Nai đã trả lời" in html
    assert "Sẽ nâng cấp." in html
    html = client.post(url, {"note": "Lần nữa"}, follow=True).content.decode()
    assert "Trần Quốc Bảo đã trả lời khó khăn này lúc" in html
    client.force_login(world.officer)
    html = client.get(sent.get_absolute_url()).content.decode()
    assert "Nêu lại" in html
    assert "Sẽ nâng cấp." in html


def test_list_answers_first_and_filters(world, sent, report, at, client, django_assert_max_num_queries):
    at("2026-12-20 09:00")
    client.force_login(world.reviewer)
    page = reverse("difficulty-list")
    with django_assert_max_num_queries(14):
        html = client.get(page).content.decode()
    assert "1 khó khăn chờ trả lời, 1 quá 30 ngày" in html
    assert "Phường Phước Long" in html
    assert TEXT in client.get(page, {"loai": "network", "tuoi": "quy", "nop": "don-vi"}).content.decode()
    assert TEXT not in client.get(page, {"loai": "law"}).content.decode()
    assert TEXT not in client.get(page, {"tuoi": "moi"}).content.decode()
    assert TEXT not in client.get(page, {"tt": "tra-loi"}).content.decode()
    assert client.get(page, {"loai": "weather"}).status_code == 404
    difficulties.answer(by=world.staff, difficulty_id=sent.pk, note="Sẽ làm.")
    html = client.get(page).content.decode()
    assert "Không còn khó khăn nào chờ trả lời" in html
    assert TEXT not in html
    assert TEXT in client.get(page, {"tt": "tra-loi"}).content.decode()
    difficulties.reopen(by=world.leader, difficulty_id=sent.pk, note="Cáp chưa kéo.")  # asked again, it waits again
    html = client.get(page).content.decode()
    assert "1 khó khăn chờ trả lời, 1 quá 30 ngày" in html
    assert TEXT in html
    assert TEXT not in client.get(page, {"tt": "tra-loi"}).content.decode()


def test_list_shows_the_unit_its_unsent_ones(world, raised, client):
    client.force_login(world.officer)
    assert "Gửi lên cùng báo cáo của kỳ" in client.get(reverse("difficulty-list")).content.decode()
    client.force_login(world.reviewer)
    assert TEXT not in client.get(reverse("difficulty-list")).content.decode()


def test_the_panel_costs_one_query_on_the_entry_page(world, report, raised, django_assert_num_queries):
    report.month_closed, _ = False, report.unit
    with django_assert_num_queries(1):
        panel = difficulties.panel_of(report, world.officer)  # the postings are read once a request anyway
    assert [row[0] for row in panel.rows] == [raised]
    assert panel.may_raise


def test_numbers_in_the_narrative_are_confirmed_before_sending(world, report, fill, client):
    fill(report, ready=True)
    report.results = "Đã hỗ trợ bà B, điện thoại 0912345678."
    report.save()
    client.force_login(world.officer)
    html = client.get(reverse("report-check", args=[report.pk])).content.decode()
    assert "“0912345678” (số điện thoại)" in html
    page = reverse("report-submit", args=[report.pk])
    html = client.post(page, {"checked": "1"}, follow=True).content.decode()
    assert "Thuyết minh có số giống thông tin của một người. Xóa đi hoặc xác nhận rồi gửi." in html
    html = client.post(page, {"checked": "1", "no_personal": "1"}, follow=True).content.decode()
    assert "Xóa đi hoặc xác nhận rồi gửi." not in html
