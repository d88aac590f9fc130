"""Pages of the interim report: words of the units, the conclusion, the Word template."""

import re

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from reporting.models import ChosenNarrative, ExportJob, InterimReport, Report, WordTemplate
from reporting.rollup import rollup
from tests.test_interim_report import kept, upload  # noqa: F401 - fixture
from tests.test_register_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _now(at):
    at("2026-11-20 09:00")


@pytest.fixture
def november(world, month, put):
    period = month("2026-11")
    for unit, words in ((world.phuoc_long, "Lời của Phước Long."), (world.phuoc_binh, "Lời của Phước Bình.")):
        put(unit, period, online=10, early=10)
        Report.objects.filter(unit=unit, period=period).update(results=words, plan="Việc tới.")
    draft = Report.objects.get(unit=world.phu_rieng, period=period)
    draft.results = "Chưa gửi."
    draft.save()
    rollup.roll_up(period)
    return period


def address(name, unit, **more):
    return f"{reverse(name)}?{urlencode({'don_vi': unit.pk, 'ky': '2026-11'} | more)}"


def post(client, world, data, **more):
    version = InterimReport.objects.values_list("version", flat=True).first() or 0
    return client.post(address("interim-words", world.dong_nai, **more), {"phien": version} | data)


def report_of(unit):
    return Report.objects.get(unit=unit, period__year=2026, period__month=11)


def test_what_was_sent_is_offered_with_its_unit_and_month(november, world, client, django_assert_max_num_queries):
    client.force_login(world.staff)
    with django_assert_max_num_queries(16):
        page = client.get(address("interim-words", world.dong_nai))
    said = text_of(page)
    assert "Phường Phước Long , tháng 11/2026 Lời của Phước Long." in said
    assert "Phường Phước Bình , tháng 11/2026 Lời của Phước Bình." in said
    assert "Chưa gửi." not in said
    assert f'href="{report_of(world.phuoc_long).get_absolute_url()}"' in page.text
    found = text_of(client.get(address("interim-words", world.dong_nai, tim="phuoc binh")))
    assert "Lời của Phước Bình." in found
    assert "Lời của Phước Long." not in found


def test_every_button_keeps_what_was_typed(november, world, client):
    client.force_login(world.staff)
    assert post(client, world, {"chon": report_of(world.phuoc_long).pk}).status_code == 302
    one = ChosenNarrative.objects.get()
    for number, button in enumerate(({}, {"sang_muc": "plan"}, {"sang_trang": "2"}, {"loc": "1", "tim": "x"})):
        response = post(client, world, {f"loi_{one.pk}": f"Lời lần {number}.", f"thu_tu_{one.pk}": "1"} | button)
        assert response.status_code == 302
        one.refresh_from_db()
        assert one.text == f"Lời lần {number}."
        for key, value in (("sang_muc", "muc"), ("sang_trang", "trang"), ("tim", "tim")):
            if key in button:
                assert f"{value}={button[key]}" in response["Location"]
    other = report_of(world.phuoc_binh)
    post(client, world, {f"loi_{one.pk}": "Lời cuối.", f"thu_tu_{one.pk}": "1", "chon": other.pk})
    assert list(ChosenNarrative.objects.values_list("text", flat=True)) == ["Lời cuối.", "Lời của Phước Bình."]


@pytest.mark.parametrize(
    ("numbers", "order"),
    [(["3", "2", "3"], "BCA"), (["1", "2", "1"], "CAB"), (["1", "1", "3"], "BAC"), (["x", "", "1"], "CAB")],
)
def test_numbers_put_them_in_order(november, world, month, put, client, numbers, order):
    report = put(world.phu_rieng, november, online=10, early=10)
    Report.objects.filter(pk=report.pk).update(results="Lời của Phú Riềng.")
    client.force_login(world.staff)
    for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng):
        post(client, world, {"chon": report_of(unit).pk})
    rows = list(ChosenNarrative.objects.order_by("pk"))
    data = {}
    for row, letter, number in zip(rows, "ABC", numbers, strict=True):
        data |= {f"loi_{row.pk}": letter, f"thu_tu_{row.pk}": number}
    post(client, world, data)
    assert "".join(ChosenNarrative.objects.order_by("position").values_list("text", flat=True)) == order


def test_who_saves_over_anothers_words_is_told_and_keeps_the_own(november, world, client):
    client.force_login(world.staff)
    post(client, world, {"chon": report_of(world.phuoc_long).pk})
    one = ChosenNarrative.objects.get()
    client.force_login(world.reviewer)
    post(client, world, {f"loi_{one.pk}": "Của người duyệt.", f"thu_tu_{one.pk}": "1"})
    client.force_login(world.staff)
    stale = {f"loi_{one.pk}": "Của tôi.", f"thu_tu_{one.pk}": "1", "phien": 1}
    page = post(client, world, stale)
    assert page.status_code == 200
    assert "Trần Quốc Bảo vừa lưu phần này." in text_of(page)
    assert ">Của tôi.</textarea>" in page.text
    one.refresh_from_db()
    assert one.text == "Của người duyệt."


def test_a_persons_number_stops_the_text_beside_its_field(november, world, client):
    client.force_login(world.staff)
    post(client, world, {"chon": report_of(world.phuoc_long).pk})
    one = ChosenNarrative.objects.get()
    page = post(client, world, {f"loi_{one.pk}": "Gọi 0912345678.", f"thu_tu_{one.pk}": "1"})
    assert "Có số giống thông tin của một người: “0912345678”" in text_of(page)
    assert ">Gọi 0912345678.</textarea>" in page.text
    one.refresh_from_db()
    assert one.text == "Lời của Phước Long."
    assert InterimReport.objects.get().version == 1  # nothing saved by halves


def test_words_changed_by_their_unit_later_are_marked(november, world, client):
    client.force_login(world.staff)
    post(client, world, {"chon": report_of(world.phuoc_long).pk})
    Report.objects.filter(unit=world.phuoc_long).update(results="Lời mới.")
    said = text_of(client.get(address("interim-words", world.dong_nai)))
    assert "Đơn vị đã sửa lời sau khi chọn" in said
    assert "Lời của đơn vị trong báo cáo Lời mới." in said


def test_readers_see_and_write_nothing(november, world, client):
    client.force_login(world.chair)
    page = client.get(address("interim-words", world.dong_nai))
    assert "Lời của Phước Long." in page.text
    assert 'name="chon"' not in page.text
    assert post(client, world, {"chon": report_of(world.phuoc_long).pk}).status_code == 403
    assert client.post(address("interim-conclusion", world.dong_nai), {"phien": 0, "ket_luan": "x"}).status_code == 403
    assert not InterimReport.objects.exists()
    client.force_login(world.officer)  # of a ward: the province's page is not hers
    assert client.get(address("interim-words", world.dong_nai)).status_code == 404
    assert client.get(address("interim-words", world.phuoc_long)).status_code == 200


def test_the_conclusion_is_edited_saved_and_taken_back(november, world, client):
    client.force_login(world.staff)
    url = address("interim-conclusion", world.dong_nai, co_so="tam-tinh")
    page = client.get(url)
    assert "1. Đánh giá chung: Tiếp nhận 20 hồ sơ" in page.text
    assert client.post(url, {"phien": 0, "ket_luan": "Kết luận của chủ trì."}).status_code == 302
    page = client.get(url)
    assert ">Kết luận của chủ trì.</textarea>" in page.text
    assert "Đánh giá chung" in page.text  # the draft stays beside it
    stale = client.post(url, {"phien": 0, "ket_luan": "Lời khác."})
    assert "vừa lưu phần này" in stale.text
    assert ">Lời khác.</textarea>" in stale.text
    assert client.post(url, {"phien": 1, "du_thao": "1", "ket_luan": "x"}).status_code == 302
    assert InterimReport.objects.get().conclusion == ""


# The template --------------------------------------------------------------------------------------------------------


def hand_in(client, file):
    return client.post(reverse("word-template-list"), {"tep": file, "ghi_chu": "Của tỉnh"}, follow=True)


@pytest.fixture
def staff(november, world, kept, client):  # noqa: F811
    client.force_login(world.staff)
    return client


def test_a_template_is_handed_in_tried_and_put_in_force(staff, world):
    page = hand_in(staff, upload())
    assert "Đã nhận mẫu lần 1, điền thử không lỗi." in text_of(page)
    template = WordTemplate.objects.get()
    assert (template.unit, template.number, template.note, template.in_force_from) == (
        world.dong_nai, 1, "Của tỉnh", None,
    )  # fmt: skip
    assert "Báo cáo sơ kết dùng mẫu gốc của cổng" in text_of(page)
    tried = staff.post(reverse("word-template-try", args=[template.pk]))
    job = ExportJob.objects.get()
    assert (job.template, job.form, job.span) == (template, "so-ket", "2026-11")
    assert tried["Location"] == reverse("export-status", args=[job.pk])
    page = staff.post(reverse("word-template-use", args=[template.pk]), follow=True)
    assert "Báo cáo sơ kết dùng mẫu riêng, lần 1" in text_of(page)
    page = staff.post(reverse("word-template-back"), follow=True)
    assert "Báo cáo sơ kết dùng mẫu gốc của cổng" in text_of(page)


def test_only_who_tries_a_template_out_sees_the_trial(staff, world):
    hand_in(staff, upload())
    staff.post(reverse("word-template-try", args=[WordTemplate.objects.get().pk]))
    ExportJob.objects.update(state="done", finished_at=ExportJob.objects.get().requested_at)
    assert "Báo cáo sơ kết tháng 11/2026 (thử mẫu lần 1)" in text_of(staff.get(reverse("export-list")))
    staff.force_login(world.reviewer)
    assert "thử mẫu" not in text_of(staff.get(reverse("export-list")))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (lambda: upload("{{ la }} {{ ky }}"), "Chỗ điền “la” không có trong danh mục."),
        (lambda: upload("{{ ky.__class__ }}"), "Chỗ điền “ky.__class__” không có trong danh mục."),
        (lambda: upload("{% if ky %}"), "Mẫu viết sai cú pháp"),
        (lambda: upload(name="mau.doc"), "không phải là tệp .doc"),
        (lambda: upload(name="mau.docm"), "có macro"),
        (lambda: None, "Chọn tệp Word (.docx) của mẫu."),
    ],
)
def test_a_template_that_fails_leaves_the_old_one_in_force(staff, file, words):
    hand_in(staff, upload())
    first = WordTemplate.objects.get()
    staff.post(reverse("word-template-use", args=[first.pk]))
    page = hand_in(staff, file() or "")
    assert "Chưa nhận mẫu; mẫu đang dùng giữ nguyên" in text_of(page)
    assert words in text_of(page)
    assert 'value="Của tỉnh"' in page.text  # what was typed is kept
    assert [t.is_in_force for t in WordTemplate.objects.all()] == [True]


def test_units_below_see_the_template_above_and_change_nothing(staff, world):
    hand_in(staff, upload())
    template = WordTemplate.objects.get()
    staff.post(reverse("word-template-use", args=[template.pk]))
    staff.force_login(world.officer)
    page = staff.get(reverse("word-template-list"))
    assert "Báo cáo sơ kết dùng mẫu của Tỉnh Đồng Nai, lần 1" in text_of(page)
    assert 'type="file"' not in page.text
    downloaded = staff.get(reverse("word-template-download", args=[template.pk]))
    assert b"".join(downloaded.streaming_content).startswith(b"PK")
    for name, args in (
        ("word-template-use", [template.pk]),
        ("word-template-try", [template.pk]),
        ("word-template-back", []),
    ):
        assert staff.post(reverse(name, args=args)).status_code == 403
    assert staff.post(reverse("word-template-list"), {"tep": upload()}).status_code == 403
    staff.force_login(world.stranger_reviewer)
    assert staff.get(reverse("word-template-download", args=[template.pk])).status_code == 404
    assert WordTemplate.objects.get().is_in_force


def test_the_page_names_every_placeholder(staff):
    page = staff.get(reverse("word-template-list")).text
    written = re.findall(r"<code class=\"break\">(.*?)</code>", page)
    assert "{{ trich_yeu }}" in written
    assert "for d in dich_vu_cong.bang" in written
    assert "{{ d.ty_le_dung_han }}" in written
    assert "{{ bieu_do.xu_huong }}" in written
