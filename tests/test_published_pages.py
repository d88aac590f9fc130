"""Pages of what was published and of corrections: who sees them, what they say, what happens with wrong input."""

import io

import openpyxl
import pytest
from django.urls import reverse

from reporting.models import Correction, KeptPage
from reporting.review import corrections, publishing
from reporting.rollup import rollup
from tests.test_publishing import ask, close, october, report_of, versions  # noqa: F401 - the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def get(client, user, name, *args, **query):
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def text(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def twice(world, october):  # noqa: F811
    """October, closed, corrected and published a second time."""
    close(world, october)
    corrections.accept(correction_id=ask(world, october).pk, by=world.reviewer)
    return versions(world, october)


def test_closing_from_the_page_publishes_and_says_so(client, world, october):  # noqa: F811
    client.force_login(world.staff)
    address = reverse("period-close", args=[october.pk])
    answer = text(client.post(address, {"don_vi": world.dong_nai.pk}, follow=True))
    assert "số liệu chính thức công bố lần 1" in answer
    assert "công bố lần 1" in text(get(client, world.reviewer, "review-list", ky="2026-10"))


def test_the_list_names_each_version_with_its_reason(client, world, twice):
    page = text(get(client, world.staff, "published-list"))
    assert "Tháng 10/2026, Tỉnh Đồng Nai" in page
    assert "Lần 1" in page
    assert "Lần 2" in page
    assert "Lý do điều chỉnh: Sót hồ sơ nhập tay" in page
    assert "Chưa công bố số liệu của kỳ nào" in text(get(client, world.stranger_reviewer, "published-list"))


def test_each_version_shows_what_it_said(client, world, twice):
    newest, first = twice
    assert "công bố lần 2, đã điều chỉnh ngày" in text(get(client, world.chair, "published-version", newest.pk))
    old = text(get(client, world.chair, "published-version", first.pk))
    assert "Số liệu này đã được thay" in old
    assert ">107<" in old
    assert ">117<" not in old


def test_two_versions_are_compared_unit_by_unit_and_cell_by_cell(client, world, twice):
    newest, first = twice
    page = text(get(client, world.chair, "published-version", newest.pk, so_voi=first.pk))
    assert 'Khác lần 1 <span class="num muted">4 ô</span>' in page
    assert "Tổng Tỉnh Đồng Nai" in page
    assert "DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến" in page
    assert get(client, world.chair, "published-version", newest.pk, so_voi=newest.pk).status_code == 404
    assert get(client, world.chair, "published-version", newest.pk, so_voi="x").status_code == 404


def test_the_file_has_every_cell_and_the_differences(client, world, twice):
    newest, first = twice
    answer = get(client, world.staff, "published-book", newest.pk, so_voi=first.pk)
    assert 'filename="So-lieu-cong-bo_tinh-dong-nai_2026-10_lan-2.xlsx"' in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Dịch vụ công", "Chỉ tiêu", "Báo cáo", "Khác lần 1"]
    page = book["Dịch vụ công"]
    heads = [cell.value for cell in page[4]]
    (row,) = [r for r in page.iter_rows(min_row=5, values_only=True) if r[0].startswith("DVC09")]
    assert row[heads.index("Tiếp nhận trực tuyến")] == 117
    changed = list(book["Khác lần 1"].iter_rows(min_row=5, values_only=True))
    assert ("Tổng Tỉnh Đồng Nai", "DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến", 107, 117) in changed
    assert len(changed) == 4
    reports = {r[0]: r for r in book["Báo cáo"].iter_rows(min_row=5, values_only=True)}
    heads = [cell.value for cell in book["Báo cáo"][4]]
    assert reports["Phường Phước Long"][heads.index("DVC09 Trực tuyến")] == 110
    assert reports["Phường Phước Bình"][heads.index("DVC09 Trực tuyến")] is None


def test_outside_the_scope_there_is_no_version(client, world, twice):
    for user in (world.stranger_reviewer, world.officer):
        for name in ("published-version", "published-book"):
            assert get(client, user, name, twice[0].pk).status_code == 404


# The chair's page ----------------------------------------------------------------------------------------------------


def test_the_official_page_says_which_version_it_shows_and_what_waits(client, world, october, month, put):  # noqa: F811
    def page(user=world.chair, basis="chinh-thuc"):
        return text(get(client, user, "dashboard", ky="2026-10", co_so=basis))

    assert "công bố lần" not in page()
    close(world, october)
    assert "công bố lần 1</a>" in page()
    assert "công bố lần" not in page(basis="tam-tinh")
    assert "công bố lần 1</a>" not in page(user=world.officer)
    assert "công bố lần 1" in page(user=world.officer)
    rollup.drain()
    page()
    assert KeptPage.objects.exists()
    november = month("2026-11")
    put(world.phuoc_long, november, 5, status="approved")
    rollup.roll_up(november)
    close(world, november)
    other = ask(world, november, {"DVC09.received_online": "6"})
    assert "đang chờ xem xét" not in page()  # it is another month's
    corrections.withdraw(correction_id=other.pk, by=world.officer)
    correction = ask(world, october)
    assert "1 đề nghị đính chính đang chờ xem xét" in page()
    corrections.accept(correction_id=correction.pk, by=world.reviewer)
    rollup.drain()
    now = page()
    assert "công bố lần 2, đã điều chỉnh ngày 18/11/2026" in now
    assert "đang chờ xem xét" not in now


# Asking and deciding on pages ----------------------------------------------------------------------------------------


def test_an_officer_asks_from_the_report_and_the_reviewer_accepts(client, world, october):  # noqa: F811
    close(world, october)
    report = report_of(world.phuoc_long, october)
    address = reverse("correction-add", args=[report.pk])
    assert address in text(get(client, world.officer, "report-detail", report.pk))
    form = get(client, world.officer, "correction-add", report.pk)
    assert 'name="DVC09.received_online" value="100"' in text(form)
    typed = {"DVC09.received_online": "110", "DVC09.resolved_early": "100", "ly_do": "Sót hồ sơ"}
    answer = client.post(address, typed, follow=True)
    assert "Số liệu chưa đổi cho đến khi người duyệt chấp nhận" in text(answer)
    correction = Correction.objects.get()
    assert "1 đề nghị đính chính chờ xem xét" in text(get(client, world.reviewer, "review-list", ky="2026-10"))
    page = text(get(client, world.reviewer, "correction", correction.pk))
    assert "Chấp nhận và công bố lần tiếp theo" in page
    assert "Sót hồ sơ" in page
    answer = client.post(reverse("correction-accept", args=[correction.pk]), follow=True)
    assert "Số liệu tháng 10/2026 công bố lần 2" in text(answer)
    assert "đã chấp nhận" in text(get(client, world.officer, "report-detail", report.pk))
    assert len(versions(world, october)) == 2


def test_wrong_cells_keep_what_was_typed_beside_a_message(client, world, october):  # noqa: F811
    close(world, october)
    client.force_login(world.officer)
    address = reverse("correction-add", args=[report_of(world.phuoc_long, october).pk])
    page = text(client.post(address, {"DVC09.received_online": "1o1", "DVC09.rejected": "2", "ly_do": "Sót hồ sơ"}))
    assert 'value="1o1"' in page
    assert 'value="2"' in page
    assert "Sót hồ sơ</textarea>" in page
    assert 'aria-invalid="true"' in page
    assert "Chưa gửi được đề nghị" in page
    assert not Correction.objects.exists()


def test_before_publication_the_form_says_what_to_do_instead(client, world, october):  # noqa: F811
    page = text(get(client, world.officer, "correction-add", report_of(world.phuoc_long, october).pk))
    assert "đề nghị người duyệt mở lại" in page
    assert "<textarea" not in page


def test_refusing_needs_an_answer_and_withdrawing_is_the_units(client, world, october):  # noqa: F811
    close(world, october)
    correction = ask(world, october)
    client.force_login(world.reviewer)
    refuse = reverse("correction-refuse", args=[correction.pk])
    assert "lý do" in text(client.post(refuse, {"tra_loi": " "}, follow=True))
    assert client.post(reverse("correction-withdraw", args=[correction.pk])).status_code == 403
    client.force_login(world.leader)
    assert client.post(refuse, {"tra_loi": "x"}).status_code == 403
    assert "Đã rút đề nghị" in text(client.post(reverse("correction-withdraw", args=[correction.pk]), follow=True))
    assert len(versions(world, october)) == 1


def test_corrections_of_others_do_not_exist(client, world, october):  # noqa: F811
    close(world, october)
    correction = ask(world, october)
    for user in (world.neighbour, world.stranger, world.stranger_reviewer):
        assert get(client, user, "correction", correction.pk).status_code == 404
        assert client.post(reverse("correction-accept", args=[correction.pk])).status_code == 404
        assert get(client, user, "correction-add", correction.report_id).status_code == 404
        assert "Không có đề nghị đính chính nào" in text(get(client, user, "correction-list"))
    correction.refresh_from_db()
    assert correction.state == "waiting"
    assert "1 đề nghị đính chính chờ xem xét" in text(get(client, world.officer, "correction-list"))


def test_a_tree_corrected_after_publication_is_told(client, world, twice):
    report = report_of(world.phu_rieng, twice[0].period)
    report.service_figures.update(received_online=50)
    rollup.roll_up(report.period)
    assert "Số chính thức hiện nay khác số đã công bố ở 2 ô" in text(
        get(client, world.staff, "published-version", twice[0].pk)
    )
    assert publishing.differs_from_now(twice[0])
