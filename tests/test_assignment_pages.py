"""Pages of assignments, pilot models and outreach: published cases typed in and shown again, filters, acts, scope."""

import datetime as dt
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse

from reporting.entry import saving
from reporting.models import FigureChange, IndicatorFigure, Report
from taskforces.models import Assignment, Document, Level, OutreachEvent, PilotModel, SourceDocument, SourceItem
from taskforces.register import activities, assignments
from tests.conftest import FIRST_NEW, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.once]
D = dt.date


def text_of(response) -> str:
    """What a reader sees: tags gone, spaces single."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def errors_of(response) -> str:
    found = re.search(r'<div class="errors".*?</div>', response.text, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(0))).split()) if found else ""


def source_by_page(client, number, rows):
    """A document and its tasks, typed: rows of (code, task group, utility group)."""
    fields = {"number": number, "issued_on": "2022-01-06", "issuing_body": "UBND tỉnh", "title": "Triển khai Đề án 06"}
    response = client.post(reverse("source-create"), fields)
    assert response.status_code == 302, errors_of(response)
    source = SourceDocument.objects.get(number=number)
    data = {"dong-TOTAL_FORMS": str(len(rows)), "dong-INITIAL_FORMS": "0"}
    for n, (code, group, utility) in enumerate(rows):
        data |= {
            f"dong-{n}-code": code,
            f"dong-{n}-text": f"Nội dung {code}",
            f"dong-{n}-task_group": group,
            f"dong-{n}-utility_group": str(utility or ""),
        }
    response = client.post(reverse("source-item-add", args=[source.pk]), data)
    assert response.status_code == 302, errors_of(response)
    return source


def give_by_page(client, source, unit, codes, part, levels, assigned_on, **changes):
    """Choose, look at the preview, confirm as the preview's own form does. Returns (preview, page after)."""
    url = f"{reverse('assign-bulk')}?don_vi={unit.pk}&van_ban={source.pk}"
    items = SourceItem.objects.filter(source=source, code__in=codes)
    data = {"items": [i.pk for i in items], "levels": levels, "part": part, "assigned_on": assigned_on} | changes
    preview = client.post(url, data)
    assert preview.status_code == 200
    assert not errors_of(preview), errors_of(preview)
    hidden: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', preview.text):
        hidden.setdefault(name, []).append(unescape(value))
    hidden.pop("csrfmiddlewaretoken", None)
    return preview, client.post(url, hidden | {"buoc": "ghi"}, follow=True)


def test_the_published_town_is_shown_as_written(world, client, at):
    at("2022-08-09 09:00")
    client.force_login(world.old_staff)
    codes = [f"NV{n + 1}" for n in range(24)]
    groups = ["Nhóm nhiệm vụ chung"] * 9 + ["Nhóm nhiệm vụ cụ thể"] * 15
    source = source_by_page(client, "57/KH-UBND", [(c, groups[n], n % 5 + 1) for n, c in enumerate(codes)])
    town = world.tx_binh_long
    give_by_page(client, source, town, codes[:6], "lead", ["district"], "2022-03-15")
    preview, after = give_by_page(client, source, town, codes, "cooperating", ["district"], "2022-03-15")
    assert "Sẽ giao mới 18 nhiệm vụ" in text_of(preview)
    assert "6 nhiệm vụ đã giao từ trước được giữ nguyên" in text_of(preview)
    assert "Đã giao mới 18 nhiệm vụ, 6 đã giao từ trước được giữ nguyên." in text_of(after)
    client.force_login(world.district_reviewer)
    assert client.get(f"{reverse('assignment-list')}?don_vi={town.pk}").status_code == 404
    client.force_login(world.old_staff)
    page = text_of(client.get(f"{reverse('assignment-list')}?don_vi={town.pk}"))
    assert "24 nhiệm vụ: không có việc quá hạn, 0 đã xong" in page
    assert "6 chủ trì, 18 phối hợp 2 nhóm nhiệm vụ, 5 nhóm tiện ích" in page
    assert "0/24" in page


def test_the_published_nation_is_shown_as_written(world, client, at):
    at("2022-07-31 09:00")
    client.force_login(world.administrator)
    cuts = [("89/BN", 89, 21, "Bộ, ngành"), ("13/DP", 13, 4, "Địa phương"), ("8/DP", 8, 1, "Địa phương")]
    for number, total, done, body in cuts:
        codes = [f"NV{n + 1}" for n in range(total)]
        source = source_by_page(client, number, [(code, "", None) for code in codes])
        give_by_page(client, source, world.nation, codes, "lead", ["nation"], "2022-01-06", body=body)
        for row in Assignment.objects.filter(item__source=source)[:done]:
            response = client.post(reverse("assignment-finish", args=[row.pk]), {"on": "2022-07-31"})
            assert response.status_code == 302, errors_of(response)
    page = text_of(client.get(reverse("assignment-list")))
    assert "Không có nhiệm vụ quá hạn, giao theo 3 văn bản" in page
    for number, pair, rate in [("89/BN", "21/89", "23,60%"), ("13/DP", "4/13", "30,77%"), ("8/DP", "1/8", "12,50%")]:
        assert f"{number} Triển khai Đề án 06 {pair} {rate}" in page
    assert "26/110" not in page  # never added


# One province


@pytest.fixture
def given(world, at):
    """Three tasks to every commune of Đồng Nai, due on 10 November 2026; today is the 16th."""
    at("2026-11-16 09:00")
    by = world.staff
    source = assignments.create_source(
        by=by, number="12/KH-UBND", issued_on=D(2026, 1, 6), issuing_body="UBND tỉnh", title="Kế hoạch năm 2026"
    )
    items = [assignments.add_item(by=by, source_id=source.pk, code=f"NV{n}", text=f"Việc thứ {n}") for n in (1, 2, 10)]
    assignments.assign_to_all(
        by=by,
        items=items,
        unit=world.dong_nai,
        levels=[Level.COMMUNE],
        part="lead",
        assigned_on=D(2026, 10, 1),
        due_on=D(2026, 11, 10),
    )
    own = {row.item.code: row for row in Assignment.objects.filter(unit=world.phuoc_long).select_related("item")}
    assignments.finish(by=world.officer, assignment_id=own["NV1"].pk, on=D(2026, 11, 5))
    return own


def test_the_answer_first_and_overdue_first(world, client, given):
    client.force_login(world.officer)
    page = client.get(reverse("assignment-list"))
    text = text_of(page)
    assert "3 nhiệm vụ: 2 quá hạn, 1 đã xong" in text
    assert re.findall(r">(NV\d+) Việc", page.text)[-1] == "NV1"  # done, after the two that are overdue
    assert "Quá hạn 6 ngày" in text
    assert "Giao nhiệm vụ</a>" not in page.text
    on_due_day = text_of(client.get(reverse("assignment-list") + "?ngay=2026-11-10"))
    assert "3 nhiệm vụ: không có việc quá hạn, 1 đã xong" in on_due_day


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("tinh_trang=overdue", 2),
        ("tinh_trang=done", 1),
        ("tinh_trang=dropped", 0),
        ("vai_tro=lead", 3),
        ("vai_tro=cooperating", 0),
        ("tinh_trang=no-such", 3),
        ("van_ban=999999", 3),
    ],
)
def test_filters(world, client, given, query, count):
    client.force_login(world.officer)
    page = client.get(f"{reverse('assignment-list')}?{query}")
    assert len(re.findall(r">(NV\d+) Việc", page.text)) == count


def test_a_province_sees_each_unit_and_the_sum(world, client, given):
    client.force_login(world.chair)
    text = text_of(client.get(reverse("assignment-list")))
    assert "9 nhiệm vụ: 8 quá hạn, 1 đã xong" in text
    assert "Xã Phú Riềng 0/3 0,00% 3 Phường Phước Bình 0/3 0,00% 3 Phường Phước Long 1/3 33,33% 2" in text
    assert "Cộng 1/9 11,11% 8" in text
    assert "Đạ Huoai" not in text
    own = text_of(client.get(reverse("assignment-list") + "?pham_vi=rieng"))
    assert "Chưa được giao nhiệm vụ nào" in own


def test_the_list_takes_as_many_queries_for_many_communes(world, client, given, django_assert_max_num_queries):
    for n in range(30):
        make_unit(f"8{n:04d}", f"Xã Số {n}", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    items = list(SourceItem.objects.all())
    assignments.assign_to_all(
        by=world.staff, items=items, unit=world.dong_nai, levels=["commune"], part="lead", assigned_on=D(2026, 11, 1)
    )
    client.force_login(world.chair)
    client.get(reverse("assignment-list"))
    with django_assert_max_num_queries(16):
        page = client.get(reverse("assignment-list"))
    assert "99 nhiệm vụ" in text_of(page)
    assert "Trang 1/2" in text_of(page)


def test_the_bulk_page_counts_before_it_writes(world, client, given):
    client.force_login(world.reviewer)
    source = SourceDocument.objects.get()
    url = f"{reverse('assign-bulk')}?don_vi={world.dong_nai.pk}&van_ban={source.pk}"
    assert "Tất cả đơn vị cấp xã trực thuộc: 3 đơn vị" in text_of(client.get(url))
    make_unit("25999", "Xã Mới", "xa", Level.COMMUNE, world.dong_nai, opened=D(2026, 11, 1))
    preview, after = give_by_page(
        client, source, world.dong_nai, ["NV1", "NV2"], "lead", ["commune"], "2026-11-16", due_on="2026-12-31"
    )
    assert "Sẽ giao mới 2 nhiệm vụ" in text_of(preview)
    assert Assignment.objects.count() == 11
    assert "Đã giao mới 2 nhiệm vụ, 6 đã giao từ trước được giữ nguyên." in text_of(after)
    again, _ = give_by_page(client, source, world.dong_nai, ["NV1", "NV2"], "lead", ["commune"], "2026-11-16")
    assert "Không có gì để giao: 8 nhiệm vụ đã giao từ trước" in text_of(again)
    wrong = client.post(url, {"part": "lead", "assigned_on": "2026-11-16", "due_on": "2026-11-15"})
    assert "Chọn ít nhất một nhiệm vụ." in errors_of(wrong)
    assert "Chọn ít nhất một cấp." in errors_of(wrong)
    back = client.post(url, {"part": "lead", "body": "Công an", "buoc": "sua"})
    assert 'value="Công an"' in back.text


def test_without_a_document_the_bulk_page_sends_to_the_catalogue(world, client, given):
    client.force_login(world.staff)
    response = client.get(f"{reverse('assign-bulk')}?don_vi={world.dong_nai.pk}&van_ban=x")
    assert response["Location"].startswith(reverse("source-list"))


def test_one_assignment_from_progress_to_evidence(world, client, given):
    client.force_login(world.officer)
    one = given["NV2"]
    assert (
        client.post(
            reverse("assignment-update", args=[one.pk]),
            {"status": "in_progress", "progress": "Rà soát xong 3/9 khu phố"},
        ).status_code
        == 302
    )
    page = client.post(reverse("assignment-finish", args=[one.pk]), {"on": "2026-11-17"})
    assert "Ngày này chưa đến. Hôm nay là 16/11/2026." in errors_of(page)
    upload = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7\n%%EOF\n")
    page = client.post(
        reverse("assignment-finish", args=[one.pk]),
        {"on": "2026-11-16", "note": "Đã bàn giao", "upload": upload},
        follow=True,
    )
    text = text_of(page)
    assert "NV2: hoàn thành sau hạn ngày 16/11/2026" in text
    assert "Rà soát xong 3/9 khu phố" in text
    assert "Hoàn thành ngày 16/11/2026. Đã bàn giao" in text
    assert "bien-ban.pdf" in text
    document = Document.objects.get()
    assert (document.assignment, document.kind, document.unit) == (one, "evidence", world.phuoc_long)
    file = client.get(reverse("document-download", args=[document.pk]))
    assert file["Content-Disposition"].startswith("attachment")
    assert file.getvalue().startswith(b"%PDF")
    client.force_login(world.neighbour)
    assert client.get(reverse("document-download", args=[document.pk])).status_code == 404


def test_a_wrong_file_keeps_the_assignment_open(world, client, given):
    client.force_login(world.officer)
    upload = SimpleUploadedFile("bien-ban.pdf", b"MZ program")
    page = client.post(reverse("assignment-finish", args=[given["NV2"].pk]), {"on": "2026-11-16", "upload": upload})
    assert "thực ra là một chương trình" in errors_of(page)
    given["NV2"].refresh_from_db()
    assert given["NV2"].status == "not_started"
    assert not given["NV2"].events.filter(status="done").exists()


def test_dropping_and_resuming(world, client, given):
    one = given["NV10"]
    client.force_login(world.staff)
    assert "Ghi lý do." in errors_of(client.post(reverse("assignment-drop", args=[one.pk]), {"on": "2026-11-16"}))
    fields = {"on": "2026-11-16", "reason": "Trùng với NV2"}
    text = text_of(client.post(reverse("assignment-drop", args=[one.pk]), fields, follow=True))
    assert "NV10: thôi thực hiện từ ngày 16/11/2026" in text
    assert "Trùng với NV2" in text
    client.force_login(world.officer)
    assert "2 nhiệm vụ: 1 quá hạn, 1 đã xong" in text_of(client.get(reverse("assignment-list")))
    assert client.post(reverse("assignment-resume", args=[one.pk]), {"reason": "x"}).status_code == 403
    client.force_login(world.staff)
    assert client.post(reverse("assignment-resume", args=[one.pk]), {"reason": "Giao lại"}).status_code == 302
    fields = {"due_on": "2026-12-31", "reason": "Chờ phần mềm"}
    assert client.post(reverse("assignment-due", args=[one.pk]), fields).status_code == 302
    text = text_of(client.get(one.get_absolute_url()))
    assert "NV10: đang thực hiện, hạn 31/12/2026" in text
    assert "Đổi hạn từ 10/11/2026 thành 31/12/2026. Chờ phần mềm" in text


def test_buttons_are_for_those_who_may(world, client, given):
    for person, sees, not_sees in [
        ("officer", "Báo hoàn thành", "Thôi thực hiện"),
        ("staff", "Thôi thực hiện", "Báo hoàn thành"),
        ("chair", "Nhật ký", "Đổi hạn"),
    ]:
        client.force_login(getattr(world, person))
        text = text_of(client.get(given["NV2"].get_absolute_url()))
        assert sees in text
        assert not_sees not in text


def test_rows_of_tasks_all_or_none(world, client, given):
    client.force_login(world.staff)
    source = SourceDocument.objects.get()
    data = {"dong-TOTAL_FORMS": "5", "dong-INITIAL_FORMS": "0", "dong-0-code": "NV3", "dong-0-text": "Việc ba"}
    page = client.post(
        reverse("source-item-add", args=[source.pk]), data | {"dong-1-code": "NV1", "dong-1-text": "Việc cũ"}
    )
    assert "Dòng 2, mã: Văn bản đã có nhiệm vụ mang mã NV1." in errors_of(page)
    assert source.items.count() == 3
    assert client.post(reverse("source-item-add", args=[source.pk]), data).status_code == 302
    page = client.get(reverse("source-detail", args=[source.pk]))
    assert re.findall(r'<b class="strong">(NV\d+)</b>', page.text) == ["NV1", "NV2", "NV3", "NV10"]
    assert "12/KH-UBND: 1/9 nhiệm vụ đã xong" in text_of(page)


def test_the_catalogue_is_read_by_all_with_their_own_counts(world, client, given):
    client.force_login(world.stranger)
    text = text_of(client.get(reverse("source-detail", args=[SourceDocument.objects.get().pk])))
    assert "12/KH-UBND: 3 nhiệm vụ, chưa giao" in text
    assert "1/9" not in text
    assert "Thêm nhiệm vụ vào văn bản" not in text
    client.force_login(world.officer)
    assert "12/KH-UBND: 1/3 nhiệm vụ đã xong" in text_of(
        client.get(reverse("source-detail", args=[SourceDocument.objects.get().pk]))
    )


def test_a_district_of_2024_and_the_same_district_after_it_ended(world, client, at):
    at("2024-11-16 09:00")
    fields = {"number": "9/KH", "issued_on": D(2024, 1, 5), "issuing_body": "UBND tỉnh", "title": "Kế hoạch"}
    source = assignments.create_source(by=world.old_staff, **fields)
    item = assignments.add_item(by=world.old_staff, source_id=source.pk, code="NV1", text="Việc")
    assignments.assign_to_all(
        by=world.old_staff,
        items=[item],
        unit=world.binh_phuoc,
        levels=["district", "commune"],
        part="lead",
        assigned_on=D(2024, 2, 1),
        due_on=D(2025, 6, 30),
    )
    client.force_login(world.district_chair)
    text = text_of(client.get(reverse("assignment-list")))
    assert "3 nhiệm vụ: không có việc quá hạn, 0 đã xong" in text
    assert "cấp huyện 0/1 cấp xã 0/2" in text
    assert "Phường Thác Mơ 0/1" in text
    assert "An Lộc" not in text
    at("2026-11-16 09:00")  # due on its last day, never done: what ended is not overdue for ever
    client.force_login(world.district_chair)
    text = text_of(client.get(reverse("assignment-list")))
    assert "Thị xã Phước Long đã kết thúc sau ngày 30/06/2025" in text
    assert "3 nhiệm vụ: không có việc quá hạn, 0 đã xong" in text


# Pilot models and outreach


def test_a_pilot_model_typed_in_and_replicated(world, client, at):
    at("2026-11-16 09:00")
    client.force_login(world.officer)
    fields = {"name": "Điểm hỗ trợ lưu động", "started_on": "2026-01-05", "members": "5", "results": "1.200 lượt"}
    assert client.post(reverse("pilot-add"), fields).status_code == 302
    assert "1 mô hình điểm đang làm, 0 đã nhân rộng" in text_of(client.get(reverse("pilot-list")))
    model = PilotModel.objects.get()
    edit = reverse("pilot-edit", args=[model.pk])
    assert "Nhập số nguyên từ 0 đến 10.000." in errors_of(client.post(edit, fields | {"members": "năm"}))
    assert client.post(edit, fields | {"replicated_in": "Phường Phước Bình"}).status_code == 302
    client.force_login(world.chair)
    text = text_of(client.get(reverse("pilot-list")))
    assert "1 mô hình điểm đang làm, 1 đã nhân rộng" in text
    assert "Phường Phước Long" in text
    assert "Thêm mô hình" not in text
    assert "Chưa có mô hình điểm" in text_of(client.get(reverse("pilot-list") + "?ngay=2026-01-04"))


def test_the_outreach_log_shows_the_running_month(world, client, at):
    at("2026-11-16 09:00")
    client.force_login(world.officer)
    fields = {"held_on": "2026-11-15", "channel": "loudspeaker", "times": "1.020", "audience": "0"}
    again = client.post(reverse("outreach-add"), fields | {"again": "1"})
    assert again["Location"].startswith(reverse("outreach-add"))
    other = {"held_on": "2026-11-14", "channel": "meeting", "times": "2", "audience": "85", "utility_group": "1"}
    assert client.post(reverse("outreach-add"), fields | other).status_code == 302
    text = text_of(client.get(reverse("outreach-list")))  # 16 November belongs to December's window
    assert "1.020 lượt tuyên truyền, 0 lượt người được hướng dẫn" in text
    text = text_of(client.get(reverse("outreach-list") + "?tu=2026-10-15&den=2026-11-14"))
    assert "2 lượt tuyên truyền, 85 lượt người được hướng dẫn" in text
    wrong = client.post(reverse("outreach-add"), fields | {"times": "0"})
    assert "Nhập số nguyên từ 1 đến 100.000." in errors_of(wrong)
    event = OutreachEvent.objects.get(channel="meeting")
    assert client.get(reverse("outreach-delete", args=[event.pk])).status_code == 200
    assert OutreachEvent.objects.count() == 2
    assert client.post(reverse("outreach-delete", args=[event.pk])).status_code == 302
    assert OutreachEvent.objects.count() == 1


def test_a_province_adds_up_the_outreach_of_its_communes(world, client, at):
    at("2026-11-16 09:00")
    for by, unit, times in [(world.officer, world.phuoc_long, 3), (world.neighbour, world.phuoc_binh, 4)]:
        activities.add_outreach(by=by, unit=unit, held_on=D(2026, 11, 15), channel="social", times=times, audience=0)
    stranger = {"by": world.stranger, "unit": world.da_huoai}
    activities.add_outreach(held_on=D(2026, 11, 15), channel="social", times=100, audience=0, **stranger)
    client.force_login(world.chair)
    text = text_of(client.get(reverse("outreach-list")))
    assert "7 lượt tuyên truyền" in text
    assert "Riêng Tỉnh Đồng Nai: 0 lượt" in text


# The log beside TT01 and TT02 on the entry page


@pytest.fixture
def draft(world, month, fill, at):
    """Phường Phước Long's report of November 2026 (15 October to 14 November), and two rows of its log."""
    at("2026-11-16 09:00")
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    by = {"by": world.officer, "unit": world.phuoc_long}
    activities.add_outreach(held_on=D(2026, 10, 15), channel="social", times=30, audience=0, **by)
    activities.add_outreach(held_on=D(2026, 11, 14), channel="meeting", times=7, audience=85, **by)
    activities.add_outreach(held_on=D(2026, 11, 15), channel="meeting", times=500, audience=500, **by)
    return report


def cell(report, code):
    return (
        IndicatorFigure.objects.filter(report=report, indicator__code=code).values_list("numerator", flat=True).first()
    )


def test_the_log_is_offered_and_taken_with_one_click(world, client, draft):
    client.force_login(world.officer)
    entry_page = reverse("report-entry", args=[draft.pk])
    text = text_of(client.get(entry_page))
    assert "nhật ký tuyên truyền : 37 Lấy số này vào TT01" in text
    assert "nhật ký tuyên truyền : 85 Lấy số này vào TT02" in text
    assert cell(draft, "TT01") is None  # offered, not filled in
    take = reverse("report-take-outreach", args=[draft.pk])
    page = client.post(take, {"chi_tieu": "TT01", "seen": "{}", "TT02.numerator": "9"}, follow=True)
    text = text_of(page)
    assert "Đã lấy 37 từ nhật ký tuyên truyền vào TT01." in text
    assert "Lấy số này vào TT01" not in text
    assert (cell(draft, "TT01"), cell(draft, "TT02")) == (37, 9)  # what was typed beside it is kept
    assert FigureChange.objects.get(report=draft, cell="TT01.numerator").by == world.officer


def test_a_number_that_cannot_be_written_leaves_what_was_sent_with_it_unsaved_too(world, client, draft, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("connection lost")

    client.force_login(world.officer)
    monkeypatch.setattr(saving, "save_cells", fail)
    with pytest.raises(OperationalError):
        client.post(
            reverse("report-take-outreach", args=[draft.pk]), {"chi_tieu": "TT01", "seen": "{}", "results": "Xong"}
        )
    draft.refresh_from_db()
    assert draft.results == ""


def test_what_cannot_be_taken_is_said(world, client, draft):
    take = reverse("report-take-outreach", args=[draft.pk])
    client.force_login(world.officer)
    page = client.post(take, {"chi_tieu": "TT01", "seen": "{}", "TT02.numerator": "chín"})
    assert 'value="chín"' in page.text  # the text typed elsewhere is not lost, and nothing is taken over it
    assert cell(draft, "TT01") is None
    assert "chưa có dòng nào" in text_of(client.post(take, {"chi_tieu": "TC01"}, follow=True))
    client.force_login(world.police_officer)
    assert "TT01: Ô này do Văn phòng" in text_of(client.post(take, {"chi_tieu": "TT01"}, follow=True))
    assert "Lấy số này" not in text_of(client.get(reverse("report-entry", args=[draft.pk])))
    OutreachEvent.objects.all().delete()
    assert "nhật ký tuyên truyền : chưa ghi" in text_of(client.get(reverse("report-entry", args=[draft.pk])))


# The chair's page


def test_overdue_assignments_stand_on_the_chairs_page(world, client, given, month):
    month("2026-10")
    month("2026-11")
    client.force_login(world.chair)
    page = client.get(f"{reverse('dashboard')}?ky=2026-11")
    text = text_of(page)
    assert "Nhiệm vụ quá hạn 8 Quá hạn lâu nhất xếp trước, đến ngày 16/11/2026" in text
    assert "Quá hạn 6 ngày" in text
    link = unescape(re.search(r'href="([^"]+)">Xem cả 8 nhiệm vụ quá hạn', page.text)[1])
    assert len(re.findall(r">(NV\d+) Việc", client.get(link).text)) == 8
    october = text_of(client.get(f"{reverse('dashboard')}?ky=2026-10"))  # as of 14 October nothing was overdue
    assert "Nhiệm vụ quá hạn" not in october
