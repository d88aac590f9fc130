"""The reviewer's pages: what stands in each list, approving in one act, sending back, closing; constant queries."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from reporting.entry import saving
from reporting.entry.form import load_form
from reporting.models import Explanation, Period, PeriodClosure, Report, ReportEvent, Status
from reporting.review import listing, workflow
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Level, Role, UnitVersion
from tests.conftest import FIRST_NEW, make_person

LIST = "/duyet/"
OWN = "UBND tỉnh Đồng Nai (cấp tỉnh)"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(workflow.drain_rollup_requests, "delay_on_commit", lambda: None)


@pytest.fixture
def november(month, at):
    month("2026-10")
    period = month("2026-11")
    at("2026-11-17 08:15")
    return period


@pytest.fixture
def reports(world, november, fill):
    """November: Phước Long clean, Phước Bình doubtful, Phú Riềng half typed and overdue, the province not begun."""
    w = world
    found = {
        u: Report.objects.get(unit=u, period=november) for u in (w.phuoc_long, w.phuoc_binh, w.phu_rieng, w.dong_nai)
    }
    october = Report.objects.get(unit=w.phuoc_long, period__month=10)
    fill(october, base=8, status="approved", by=w.officer)
    fill(found[w.phuoc_long], base=10, status="submitted", by=w.officer)
    doubtful = fill(found[w.phuoc_binh], base=20, status="submitted", by=w.neighbour)
    Report.objects.filter(pk=doubtful.pk).update(soft_warnings=1, is_late=True)
    ReportEvent.objects.create(
        report=doubtful,
        action="submit",
        by=w.neighbour,
        at=doubtful.submitted_at,
        revision=1,
        reason="DVC19 Đăng ký biến động đất đai: 12 hồ sơ trực tiếp. Giải trình: “Cổng ngừng tiếp nhận”",
    )
    fill(found[w.phu_rieng], services={"DVC09"})
    Report.objects.filter(pk=found[w.phu_rieng].pk).update(saved_at=dt.datetime(2026, 11, 16, 3, 26, tzinfo=dt.UTC))
    return {unit.pk: report for unit, report in found.items()}


def page(client, user, address=LIST):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response


def text_of(response):
    """The page with every run of whitespace as one space, as a browser reads it."""
    return " ".join(response.content.decode().split())


# The list


def test_list_says_what_is_clean_doubtful_missing_approved(client, world, reports):
    response = page(client, world.reviewer)
    result = response.context["review"]
    assert [r.name for r in result.clean] == ["Phường Phước Long"]
    assert [r.name for r in result.doubtful] == ["Phường Phước Bình"]
    assert {r.name for r in result.missing} == {"Xã Phú Riềng", OWN}
    assert (result.expected, result.sent, result.overdue, result.late) == (4, 2, 1, 1)
    text = text_of(response)
    assert "Tháng 11/2026: 2 báo cáo chờ duyệt" in text
    assert "1 không có điểm bất thường, 1 cần xem." in text
    assert "12 hồ sơ trực tiếp. Giải trình: “Cổng ngừng tiếp nhận”" in text
    assert "Quá hạn 1 ngày" in text  # deadline 16 November 17:00, now 17 November 08:15
    assert "Xã Đạ Huoai" not in text


def test_months_nobody_sent_say_so(client, world, reports, month):
    """October and November have a report in the figures; December is opened and nobody has sent it."""
    month("2026-12")
    for period in Period.objects.all():
        rollup.roll_up(period)
    text = text_of(page(client, world.reviewer))
    options = re.findall(r'<option value="(2026-\d\d)"[^>]*>([^<]+)</option>', text)
    assert options == [
        ("2026-12", "Tháng 12/2026 (chưa có số liệu)"),
        ("2026-11", "Tháng 11/2026"),
        ("2026-10", "Tháng 10/2026"),
    ]


def test_figures_of_a_row(client, world, reports):
    row = page(client, world.reviewer).context["review"].clean[0]
    # 13 services: 10 dossiers each in November, 8 in October; all on time, none overdue
    assert (row.received, row.change, row.direction, row.on_time, row.overdue) == ("130", "25,0%", "up", "100,00%", "0")


def test_entered_cells_are_those_of_the_entry_page(world, reports, november):
    unit = UnitVersion.objects.select_related("unit").get(unit=world.dong_nai)
    result = listing.load_review(unit=unit, period=november, user=world.reviewer)
    # 13 services of 9 typed cells and 36 cells of indicators; Phú Riềng lacks 12 services, the province everything
    expected = {world.phu_rieng.pk: "45/153", world.dong_nai.pk: "0/159"}
    assert {row.report.unit_id: row.entered for row in result.missing} == expected
    for row in result.missing:
        counts = load_form(Report.objects.select_related("unit", "period").get(pk=row.report.pk)).counts()
        assert f"{counts.filled}/{counts.owed}" == expected[row.report.unit_id]


def test_nothing_resolved_gives_no_rate(client, world, reports):
    report = reports[world.phuoc_long.pk]
    report.service_figures.update(resolved_on_time=0, received_online=0)
    row = page(client, world.reviewer).context["review"].clean[0]
    assert (row.received, row.on_time, row.change) == ("0", "–", "100,0%")
    report.service_figures.update(received_postal=None)  # the known parts, as on the dashboard of the same report
    assert page(client, world.reviewer).context["review"].clean[0].received == "0"
    report.service_figures.update(received_online=None, received_in_person=None)
    assert page(client, world.reviewer).context["review"].clean[0].received == ""


def test_returned_reports_show_the_reason(client, world, reports):
    report = reports[world.phuoc_long.pk]
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="DVC03 lệch số chuyển sang")
    text = page(client, world.reviewer).content.decode()
    assert "Trả lại 08:15 ngày 17/11/2026: DVC03 lệch số chuyển sang" in text
    assert "1 đang sửa sau khi trả lại" in text


def test_a_returned_report_is_missing_again_and_overdue(client, world, reports):
    """Sent in time, sent back, the deadline gone: it is owed, whoever's fault, and stands in the list; it is counted
    once, among those sent back. A draft marked late is not "late"."""
    report = reports[world.phuoc_long.pk]
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="DVC03 lệch số chuyển sang")
    Report.objects.filter(pk=reports[world.phu_rieng.pk].pk).update(is_late=True)  # a mark of an earlier sending
    result = page(client, world.reviewer).context["review"]
    missing = {row.name: row for row in result.missing}
    assert set(missing) == {"Phường Phước Long", "Xã Phú Riềng", OWN}
    assert (missing["Phường Phước Long"].is_overdue, missing["Phường Phước Long"].late_text) == (True, "Quá hạn 1 ngày")
    assert (result.sent, result.count_missing, result.overdue, result.late) == (1, 2, 1, 1)  # returned: counted apart
    assert result.count_returned == 1


def test_the_list_of_approved_reports_holds_them_alone(client, world, reports):
    assert page(client, world.reviewer).context["review"].approved == []
    workflow.approve(report_id=reports[world.phuoc_long.pk].pk, by=world.reviewer)
    result = page(client, world.reviewer).context["review"]
    assert [row.name for row in result.approved] == ["Phường Phước Long"]
    assert [row.name for row in result.clean] == []
    assert (result.count_approved, result.sent, result.count_waiting) == (1, 2, 1)


def test_the_list_at_the_very_deadline(client, world, reports, at):
    """Open at 17:00:00 of the 16th, overdue a second later."""
    at("2026-11-16 17:00:00")
    assert page(client, world.reviewer).context["review"].overdue == 0
    at("2026-11-16 17:00:01")
    assert page(client, world.reviewer).context["review"].overdue == 1


def test_what_a_list_says_is_own_is_what_the_reader_sent(world, reports, november):
    """`is_own` explains a missing tick: of the reader's own sending, not of others' and not of what is not sent."""
    unit = UnitVersion.objects.select_related("unit").get(unit=world.dong_nai)
    Report.objects.filter(pk=reports[world.phuoc_long.pk].pk).update(submitted_by=world.reviewer)
    rows = listing.load_review(unit=unit, period=november, user=world.reviewer).rows
    assert [row.name for row in rows if row.is_own] == ["Phường Phước Long"]


def test_search_and_filter(client, world, reports):
    result = page(client, world.reviewer, LIST + "?tim=phuoc binh").context["review"]
    assert ([r.name for r in result.clean], [r.name for r in result.doubtful]) == ([], ["Phường Phước Bình"])
    assert result.expected == 4  # the counts stay those of the whole unit
    text = page(client, world.reviewer, LIST + "?loc=chua-nop").content.decode()
    assert 'id="chua-nop"' in text
    assert 'id="sach"' not in text


def test_no_period_and_all_missing(client, world, month, at):
    at("2026-11-17 08:15")
    assert "Chưa có kỳ báo cáo nào" in page(client, world.reviewer).content.decode()
    month("2026-11")
    text = text_of(page(client, world.reviewer))
    assert "Tháng 11/2026: không có báo cáo chờ duyệt" in text
    assert "Còn 4 đơn vị chưa nộp, trong đó 3 quá hạn." in text  # the province has until the 20th


def test_choosing_month_and_unit(client, world, reports):
    assert page(client, world.reviewer).context["period"].key == "2026-11"
    assert page(client, world.reviewer, LIST + "?ky=2026-10").context["period"].key == "2026-10"
    client.force_login(world.reviewer)
    for wrong in ("?ky=2026-13", "?ky=2031-01", "?ky=2026-Q3", "?ky=x", "?don_vi=x", f"?don_vi={world.phuoc_long.pk}"):
        assert client.get(LIST + wrong).status_code == 404, wrong


def test_the_default_month_is_the_one_whose_data_have_ended(client, world, month, at):
    month("2026-10")
    month("2026-11")
    at("2026-11-14 23:59:59")
    assert page(client, world.reviewer).context["period"].key == "2026-10"
    at("2026-11-15 00:00:00")
    assert page(client, world.reviewer).context["period"].key == "2026-11"


def test_a_neighbouring_province_is_not_there(client, world, reports):
    client.force_login(world.stranger_reviewer)
    assert client.get(f"{LIST}?don_vi={world.dong_nai.pk}").status_code == 404
    assert "Phước Long" not in page(client, world.stranger_reviewer).content.decode()


def test_a_district_of_2024_sees_its_own_communes(client, world, month, fill, at):
    period = month("2024-11")
    at("2024-11-18 09:00")
    for unit in (world.thac_mo, world.an_loc):
        fill(Report.objects.get(unit=unit, period=period), status="submitted", by=world.old_officer)
    response = page(client, world.district_reviewer)
    assert [r.name for r in response.context["review"].clean] == ["Phường Thác Mơ"]
    assert response.context["review"].expected == 3  # two wards and the town itself
    assert "An Lộc" not in response.content.decode()


def test_queries_stay_the_same_with_560_communes(client, world, month, fill, at, django_assert_max_num_queries):
    def open_page():
        client.force_login(world.reviewer)
        with django_assert_max_num_queries(28) as queries:  # three for who urged last, and whose telephone is seen
            response = client.get(LIST)
        assert response.status_code == 200
        return len(queries), response

    month("2026-10")
    month("2026-11")
    at("2026-11-17 08:15")
    few, _ = open_page()
    path = world.dong_nai.versions.get().path
    units = AdministrativeUnit.objects.bulk_create(
        AdministrativeUnit(code=f"9{n:04d}", level=Level.COMMUNE, opened_on=FIRST_NEW) for n in range(557)
    )
    UnitVersion.objects.bulk_create(
        UnitVersion(
            unit=unit,
            name=f"Xã Số {unit.code}",
            short_name=unit.code,
            unit_type="xa",
            parent=world.dong_nai,
            path=f"{path}{unit.pk}/",
            search_key=unit.code,
            sort_key=unit.code,
            valid_from=FIRST_NEW,
        )
        for unit in units
    )
    month("2026-11")
    Report.objects.filter(unit__code__startswith="900").update(
        status=Status.SUBMITTED, submitted_at=dt.datetime(2026, 11, 16, tzinfo=dt.UTC), submitted_by=world.officer
    )
    many, response = open_page()
    assert response.context["review"].expected == 561
    assert many <= few + 1
    assert len(response.content) < 1_500_000


# Acts


def test_approve_in_one_act_and_name_those_refused(client, world, reports):
    client.force_login(world.reviewer)
    ids = [reports[u.pk].pk for u in (world.phuoc_long, world.phuoc_binh)]
    foreign = Report.objects.get(unit=world.da_huoai, period__month=11)
    response = client.post(
        LIST + "cac-bao-cao-sach/", {"bao_cao": [*ids, foreign.pk, "x"], "don_vi": world.dong_nai.pk}, follow=True
    )
    text = response.content.decode()
    assert "Đã duyệt 1 báo cáo. Số liệu chính thức cập nhật trong ít phút." in text
    assert "Chưa duyệt Phường Phước Bình: Báo cáo có điểm cần xem, mở ra để duyệt riêng." in text
    assert "Đạ Huoai" not in text
    assert set(Report.objects.filter(status="approved", period__month=11).values_list("pk", flat=True)) == {ids[0]}
    # a double click
    response = client.post(LIST + "cac-bao-cao-sach/", {"bao_cao": ids[:1]}, follow=True)
    assert "Trần Quốc Bảo đã duyệt báo cáo này lúc 08:15" in response.content.decode()
    response = client.post(LIST + "cac-bao-cao-sach/", {}, follow=True)
    assert "Chưa chọn báo cáo nào" in response.content.decode()


def test_own_report_has_no_tick(client, world, reports):
    Report.objects.filter(pk=reports[world.phuoc_long.pk].pk).update(submitted_by=world.reviewer)
    row = page(client, world.reviewer).context["review"].clean[0]
    assert not row.may_approve
    assert row.is_own


def test_readers_have_no_buttons(client, world, reports):
    for reader in (world.chair, world.auditor, world.staff):
        text = page(client, reader).content.decode()
        assert 'form="don-doc" name="bao_cao"' in text or reader == world.auditor  # chairs and staff urge
        assert 'name="bao_cao"' not in text.replace('form="don-doc" name="bao_cao"', "")
        assert "tra_lai=" not in text


def test_send_back_form_opens_without_script(client, world, reports):
    report = reports[world.phuoc_binh.pk]
    text = page(client, world.reviewer, f"{LIST}?tra_lai={report.pk}").content.decode()
    assert "Trả lại báo cáo của Phường Phước Bình" in text
    response = client.post(reverse("report-send-back", args=[report.pk]), {"ly_do": " "}, follow=True)
    assert "Phải ghi lý do trả lại" in response.content.decode()
    response = client.post(reverse("report-send-back", args=[report.pk]), {"ly_do": "DVC05 ghi 0"}, follow=True)
    assert "Đã trả lại báo cáo tháng 11/2026 của Phường Phước Bình" in response.content.decode()
    report.refresh_from_db()
    assert report.status == Status.RETURNED


def test_approve_and_reopen_one(client, world, reports):
    report = reports[world.phuoc_binh.pk]
    client.force_login(world.reviewer)
    assert "Đã duyệt báo cáo" in client.post(reverse("report-approve", args=[report.pk]), follow=True).content.decode()
    text = client.get(report.get_absolute_url()).content.decode()
    assert "Mở lại báo cáo đã duyệt" in text
    client.post(reverse("report-reopen", args=[report.pk]), {"ly_do": "Đơn vị báo sai"})
    report.refresh_from_db()
    assert report.status == Status.RETURNED
    client.force_login(world.second_reviewer)
    response = client.post(reverse("report-approve", args=[report.pk]), follow=True)
    assert "Trần Quốc Bảo đã mở lại báo cáo này" in response.content.decode()


def test_close_and_reopen_the_month(client, world, reports, november):
    client.force_login(world.staff)
    close, reopen = (reverse(n, args=[november.pk]) for n in ("period-close", "period-reopen"))
    text = client.get(close).content.decode()
    assert "2 đơn vị chưa nộp sẽ không có trong số liệu kỳ này" in text
    response = client.post(close, {"don_vi": world.dong_nai.pk}, follow=True)
    assert "Đỗ Thu Hà đã khóa kỳ tháng 11/2026" in response.content.decode()
    client.force_login(world.reviewer)
    text = client.get(LIST).content.decode()
    assert 'name="bao_cao"' not in text
    response = client.post(reverse("report-approve", args=[reports[world.phuoc_long.pk].pk]), follow=True)
    assert "đã khóa" in response.content.decode()
    client.force_login(world.staff)
    response = client.post(reopen, {"don_vi": world.dong_nai.pk, "ly_do": ""}, follow=True)
    assert "Phải ghi lý do mở khóa" in response.content.decode()
    client.post(reopen, {"don_vi": world.dong_nai.pk, "ly_do": "Sai số DVC06"})
    assert PeriodClosure.objects.get().reopen_reason == "Sai số DVC06"
    assert "Lý do: Sai số DVC06" in client.get(LIST).content.decode()
    for province in (world.lam_dong, world.binh_phuoc):
        assert client.post(close, {"don_vi": province.pk}).status_code == 404


# One report


def test_detail_shows_changes_reasons_and_log(client, world, reports):
    report = reports[world.phuoc_long.pk]
    text = text_of(page(client, world.reviewer, report.get_absolute_url()))
    assert "Phường Phước Long: chờ duyệt" in text
    assert "Khác tháng 10/2026 nhiều nhất" in text
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Kiểm tra DVC09")
    saving.save_cells(
        report_id=report.pk,
        by=world.officer,
        seen=None,
        cells={"DVC09.received_online": "14", "DVC09.resolved_on_time": "14", "DVC10.received_online": "10"},
    )
    response = page(client, world.reviewer, report.get_absolute_url())
    found = {c.cell: (c.before, c.now, c.difference) for c in response.context["since_return"]}
    assert found == {"DVC09.received_online": ("10", "14", "+4"), "DVC09.resolved_on_time": ("10", "14", "+4")}
    text = response.content.decode()
    assert "Kiểm tra DVC09" in text
    assert "Đã sửa từ khi trả lại" in text


def test_changes_since_the_return_are_told_by_their_numbers_when_the_clock_was_set_back(client, world, reports, at):
    """Sent back, corrected and sent again a day ahead of time; the clock is set right, then sent back and corrected."""
    pk = reports[world.phuoc_long.pk].pk
    for day, cell in (("18", "DVC10"), ("17", "DVC09")):
        at(f"2026-11-{day} 08:30")
        workflow.send_back(report_id=pk, by=world.reviewer, reason=f"Kiểm tra {cell}")
        cells = {f"{cell}.received_online": "12", f"{cell}.resolved_on_time": "12"}
        assert saving.save_cells(report_id=pk, by=world.officer, cells=cells).is_ok
        workflow.submit(report_id=pk, by=world.leader, marking=True)
    response = page(client, world.reviewer, reverse("report-detail", args=[pk]))
    assert {c.cell for c in response.context["since_return"]} == {"DVC09.received_online", "DVC09.resolved_on_time"}


def test_changes_since_last_month_are_sorted_by_size(client, world, reports):
    report = reports[world.phuoc_long.pk]
    report.service_figures.filter(service__code="DVC09").update(received_online=90, resolved_on_time=90)
    report.service_figures.filter(service__code="DVC10").update(received_online=None)
    changes = page(client, world.reviewer, report.get_absolute_url()).context["since_last_month"]
    assert [c.cell for c in changes[:2]] == ["DVC09.received_online", "DVC09.resolved_on_time"]
    assert (changes[0].before, changes[0].now, changes[0].difference) == ("8", "90", "+82")
    assert "DVC10.received_online" not in {c.cell for c in changes}  # a blank is no zero: nothing to compare


def test_detail_shows_typed_reasons(client, world, reports):
    report = reports[world.phuoc_long.pk]
    report.service_figures.filter(service__code="DVC19").update(received_online=8, received_in_person=2)
    Explanation.objects.create(
        report=report,
        check_code="online_only",
        cell="DVC19.received_in_person",
        reason="Mất mạng hai ngày",
        by=world.officer,
        at=report.submitted_at,
    )
    text = page(client, world.reviewer, report.get_absolute_url()).content.decode()
    assert "“Mất mạng hai ngày”" in text
    assert "cần ghi lý do" not in text


def test_detail_flags_a_corrected_month_before(client, world, reports):
    report = reports[world.phuoc_long.pk]
    Report.objects.filter(pk=report.pk).update(prior_corrected=True)
    assert "Kỳ trước đã sửa" in page(client, world.reviewer, report.get_absolute_url()).content.decode()
    row = page(client, world.reviewer).context["review"].doubtful
    assert "Phường Phước Long" in [r.name for r in row]
    response = client.post(reverse("report-accept-prior", args=[report.pk]), follow=True)
    assert "giữ nguyên số liệu" in response.content.decode()
    report.refresh_from_db()
    assert not report.prior_corrected


def test_detail_queries(client, world, reports, django_assert_max_num_queries):
    client.force_login(world.reviewer)
    with django_assert_max_num_queries(24):
        client.get(reports[world.phuoc_long.pk].get_absolute_url())


def test_cell_history(client, world, reports):
    report = reports[world.phu_rieng.pk]
    officer = make_person("rieng", "Vũ Thị Riềng", world.phu_rieng, Role.OFFICER, "office")
    for value in ("11", "0", ""):
        saving.save_cells(report_id=report.pk, by=officer, cells={"DVC09.rejected": value}, seen=None)
    address = reverse("cell-history", args=[report.pk, "DVC09.rejected"])
    response = page(client, world.reviewer, address)
    assert [(old, new) for _, old, new in response.context["rows"]] == [("0", "trống"), ("11", "0"), ("0", "11")]
    assert "HX-Request" in response["Vary"]
    partial = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Vũ Thị Riềng" in partial
    assert "<html" not in partial
    assert client.get(reverse("cell-history", args=[report.pk, "DVC99.rejected"])).status_code == 404
    client.force_login(world.stranger)
    assert client.get(address).status_code == 404


def test_nation_wide_reader_starts_with_a_province(client, world, reports):
    response = page(client, world.administrator)
    assert response.context["unit"].unit.level == Level.PROVINCE
    assert Period.objects.count() == 2
