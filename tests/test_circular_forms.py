"""Forms of circulars in the portal: handed in, mapped, put in force, filled with the database's numbers."""

import io
import warnings
from datetime import date

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reporting.exports import export_jobs
from reporting.exports.circular import circular_forms
from reporting.exports.circular.vocabulary import Vocabulary
from reporting.models import CircularForm, ExportJob, IndicatorFigure, IssuedCode, Report, ServiceFigures, ServiceTerms
from reporting.rollup import rollup
from tests.circular_form import CODES, PARAMETERS, UNITS, circular, with_parts
from tests.test_export_jobs import SPAN, celery_eager  # noqa: F401 - fixture
from tests.test_form_filler import broken_name
from tests.test_form_states import needs_soffice, soffice
from tests.test_register_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NAME = "Biểu 01a/ĐA06"


@pytest.fixture(autouse=True)
def _now(at, settings, tmp_path):
    at("2026-11-20 09:00")
    settings.MEDIA_ROOT = tmp_path / "kept"


@pytest.fixture
def november(world, month, put):
    """Three wards: one with figures, one with zeros, one that reported nothing."""
    period = month("2026-11")
    put(world.phuoc_long, period, online=30, in_person=12, early=20, overdue=5, dd04=(7, 9))
    put(world.phuoc_binh, period, online=0)
    rollup.roll_up(period)
    return period


def upload(content=None, name="bieu-01a.xlsx", **cells):
    return SimpleUploadedFile(name, circular(**cells) if content is None else content)


def hand_in(client, file, name=NAME):
    data = {"ten": name, "tep": file, "ghi_chu": "Theo Thông tư"}
    return client.post(reverse("circular-form-list"), data, follow=True)


@pytest.fixture
def staff(november, world, client):
    client.force_login(world.staff)
    return client


@pytest.fixture
def form(staff):
    hand_in(staff, upload())
    return CircularForm.objects.get()


def make(form, world, callbacks, unit=None):
    with callbacks(execute=True):
        job = export_jobs.create(
            unit=unit or world.dong_nai, span=SPAN, basis="provisional", by=world.staff,
            form=ExportJob.Form.CIRCULAR, circular_form=form,
        )  # fmt: skip
    job.refresh_from_db()
    assert job.state == "done", job.message
    return job


def book_of(content, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(content), **more)


def total_of(*names):
    """Straight from the reports, added by the test."""
    rows = ServiceFigures.objects.filter(report__period__year=2026, report__period__month=11).values_list(*names)
    return sum(value or 0 for row in rows for value in row)


def test_the_file_says_what_the_database_says(form, world, django_capture_on_commit_callbacks):
    job = make(form, world, django_capture_on_commit_callbacks)
    book = book_of(export_jobs.path_of(job).read_bytes())
    sheet = book[UNITS]
    assert [sheet[place].value for place in ("A1", "A2", "A5")] == [
        "Cả nước", "Tỉnh Đồng Nai", "Kỳ báo cáo: tháng 11/2026; 2/4 báo cáo",
    ]  # fmt: skip
    rows = [[sheet.cell(row, column).value for column in (1, 2, 4, 5, 6, 8, 9)] for row in range(10, 14)]
    # the province's own report first; blank where nothing was reported, 0 where 0 was
    assert rows == [
        [1, "UBND tỉnh Đồng Nai (cấp tỉnh)", None, None, None, None, None],
        [2, "Xã Phú Riềng", None, None, None, None, None],
        [3, "Phường Phước Bình", 0, 0, 0, 0, 0],
        [4, "Phường Phước Long", 30, 12, 0, 20, 5],
    ]
    assert sheet["J15"].value == 30 / 42
    codes = book[CODES]
    assert [codes[place].value for place in ("C3", "E3", "C4", "D4", "C5")] == [42, 25, None, None, None]
    assert (book[PARAMETERS]["B1"].value, book[PARAMETERS]["B2"].value) == ("75", 42)
    assert job.message == "1 chỗ không điền được: Trang “Biểu 01b”, ô A6: Mã DVC99 không có trong danh mục."
    assert (job.file_name, job.units_reported) == ("Bieu-01a-da06_tinh-dong-nai_2026-11_tam-tinh.xlsx", 2)


@pytest.mark.slow
@needs_soffice
def test_totals_in_libreoffice_are_those_of_the_database(form, world, tmp_path, django_capture_on_commit_callbacks):
    job = make(form, world, django_capture_on_commit_callbacks)
    book = book_of(soffice(tmp_path, export_jobs.path_of(job).read_bytes()), data_only=True)
    received = ("received_online", "received_in_person", "received_postal")
    assert [book[UNITS][f"{column}15"].value for column in "DEFG"] == [
        *(total_of(name) for name in received), total_of(*received),
    ]  # fmt: skip
    assert book[CODES]["E8"].value == total_of(*received) == 42
    assert book[UNITS]["J13"].value == pytest.approx(1)


def test_a_form_is_mapped_tried_used_and_withdrawn(staff, world, at, django_assert_max_num_queries):
    page = hand_in(staff, upload())
    form = CircularForm.objects.get()
    assert (form.unit, form.name, form.number, form.in_force_from) == (world.dong_nai, NAME, 1, None)
    with django_assert_max_num_queries(45):
        page = staff.get(reverse("circular-form-detail", args=[form.pk]))
    said = text_of(page)
    assert "Biểu 01a/ĐA06, lần 1: 1 chỗ không điền được" in said
    assert "Dòng 10 lặp cho mỗi đơn vị trực thuộc: 4 dòng" in said
    assert "Mã DVC99 không có trong danh mục." in said
    assert "giữ nguyên E4" in said  # the form's own formula beside DVC10
    assert "Tên đơn vị Phường Phước Long" in said  # of the repeated row the copy with the most figures
    assert "tong_cua_bieu" in said  # a name of the form's own
    # coverage: DVC09 by name and DVC09, DVC10 by code; of indicators TT01
    assert "Dịch vụ công: 2/25" in said
    assert "DVC01" in said.partition("dịch vụ công biểu không lấy")[2]
    asked = {"don_vi": world.dong_nai.pk, "ky": "2026-11", "co_so": "tam-tinh"}
    tried = staff.post(reverse("circular-form-try", args=[form.pk]), asked)
    job = ExportJob.objects.get()
    assert tried["Location"] == reverse("export-status", args=[job.pk])
    assert (job.form, job.circular_form) == ("bieu-thong-tu", form)
    ExportJob.objects.update(state="done", finished_at=job.requested_at)
    assert "(thử lần 1)" in text_of(staff.get(reverse("export-list")))
    asked |= {"loai": "bieu-thong-tu", "bieu": form.pk}
    assert "Biểu này không còn dùng" in text_of(staff.post(reverse("export-create"), asked, follow=True))
    at("2026-11-20 09:05")  # from now on others may see what is made with it, not what was tried before
    staff.post(reverse("circular-form-use", args=[form.pk]))
    page = staff.get(reverse("export-list"), {"loai": "bieu-thong-tu", "bieu": form.pk})
    assert f'<option value="{form.pk}" selected>{NAME} (lần 1)' in page.text
    staff.post(reverse("export-create"), asked)
    assert ExportJob.objects.filter(circular_form=form).count() == 2
    assert "(thử lần 1)" in text_of(staff.get(reverse("export-list")))
    staff.force_login(world.reviewer)
    assert "(thử lần 1)" not in text_of(staff.get(reverse("export-list")))
    staff.force_login(world.staff)
    page = staff.post(reverse("circular-form-withdraw", args=[form.pk]), follow=True)
    assert "Đã thôi dùng Biểu 01a/ĐA06" in text_of(page)
    form.refresh_from_db()
    assert (form.is_in_force, form.withdrawn_by) == (False, world.staff)
    assert "Chưa có biểu nào được dùng" in text_of(staff.get(reverse("export-list"), {"loai": "bieu-thong-tu"}))


def test_versions_of_a_form_are_kept_for_good(staff, world):
    hand_in(staff, upload())
    first = CircularForm.objects.get()
    staff.post(reverse("circular-form-use", args=[first.pk]))
    hand_in(staff, upload(A3="Lần hai"), name="biểu 01A/đa06")  # the same form, otherwise spelt
    second = CircularForm.objects.get(number=2)
    assert second.name == NAME
    staff.post(reverse("circular-form-use", args=[second.pk]))
    again = circular_forms.use_form(form_id=first.pk, by=world.staff)
    assert [(one.number, one.is_in_force) for one in circular_forms.forms_of(world.dong_nai.pk)] == [
        (3, True), (2, False), (1, False),
    ]  # fmt: skip
    assert (again.note, again.file.name) == ("Như lần 1", first.file.name)
    other = circular_forms.hand_in_form(unit=world.dong_nai, upload=upload(), name="Biểu 02", note="", by=world.staff)
    circular_forms.use_form(form_id=other.pk, by=world.staff)
    path = world.phuoc_long.versions.get().path
    assert [(one.name, one.number) for one in circular_forms.forms_in_force(path)] == [(NAME, 3), ("Biểu 02", 1)]
    assert circular_forms.forms_in_force(world.da_huoai.versions.get().path) == []


def test_what_fails_is_not_kept_and_what_was_typed_stays(staff):
    hand_in(staff, upload())
    staff.post(reverse("circular-form-use", args=[CircularForm.objects.get().pk]))
    for file, name, words in (
        (upload(with_parts(circular(A3="{{dv_tenn}}"), broken_name)), NAME, ["gần nhất là “dv_ten”", "Tên “cu” hỏng"]),
        (upload(name="bieu.xlsm"), NAME, ["có macro"]),
        (upload(name="bieu.xls"), NAME, ["không phải là tệp .xls"]),
        (upload(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), NAME, ["mật khẩu hoặc là dạng cũ"]),
        ("", " ", ["Ghi tên biểu", "Chọn tệp Excel (.xlsx) của biểu."]),
    ):
        page = hand_in(staff, file, name=name)
        assert [one for one in words if one not in text_of(page)] == []
        assert "Chưa nhận biểu; biểu đang dùng giữ nguyên" in text_of(page)
        assert 'value="Theo Thông tư"' in page.text
    assert [one.is_in_force for one in CircularForm.objects.all()] == [True]


def test_units_below_fill_the_form_above_and_change_nothing(form, staff, world, django_capture_on_commit_callbacks):
    staff.post(reverse("circular-form-use", args=[form.pk]))
    staff.force_login(world.officer)
    assert "Tỉnh Đồng Nai" in text_of(staff.get(reverse("circular-form-list")))
    page = staff.get(reverse("circular-form-detail", args=[form.pk]))
    assert "Dòng 10 lặp cho mỗi đơn vị trực thuộc: 1 dòng" in text_of(page)
    downloaded = staff.get(reverse("circular-form-download", args=[form.pk]))
    assert b"".join(downloaded.streaming_content).startswith(b"PK")
    asked = {"don_vi": world.phuoc_long.pk, "ky": "2026-11", "co_so": "tam-tinh"}
    assert staff.post(reverse("circular-form-try", args=[form.pk]), asked).status_code == 403
    for name in ("circular-form-use", "circular-form-withdraw"):
        assert staff.post(reverse(name, args=[form.pk])).status_code == 403
    assert hand_in(staff, upload()).status_code == 403
    elsewhere = {"don_vi": world.dong_nai.pk, "ky": "2026-11"}
    assert staff.get(reverse("circular-form-detail", args=[form.pk]), elsewhere).status_code == 404
    job = make(form, world, django_capture_on_commit_callbacks, unit=world.phuoc_long)
    sheet = book_of(export_jobs.path_of(job).read_bytes())[UNITS]
    assert [sheet[f"{column}10"].value for column in "ABDE"] == [1, "Phường Phước Long", 30, 12]
    assert sheet["D12"].value == "=SUM(D10:D11)"
    staff.force_login(world.stranger_reviewer)
    assert staff.get(reverse("circular-form-detail", args=[form.pk])).status_code == 404


def test_a_service_out_of_the_catalogue_is_blank_and_said(form, staff, world, django_capture_on_commit_callbacks):
    """Its note stands in the file too, where the form asks for it."""
    ServiceTerms.objects.filter(service__code="DVC10").update(valid_to=date(2026, 9, 30))
    asking = circular_forms.hand_in_form(
        unit=world.dong_nai, upload=upload(A3="{{ghi_chu}}"), name=NAME, note="", by=world.staff
    )
    job = make(asking, world, django_capture_on_commit_callbacks)
    sentence = "Trang “Biểu 01b”, ô A4: DVC10 không thuộc danh mục của kỳ này."
    assert sentence in job.message
    assert sentence in book_of(export_jobs.path_of(job).read_bytes())[UNITS]["A3"].value
    assert sentence in text_of(staff.get(reverse("export-status", args=[job.pk])))


def test_the_file_carries_its_check_code(form, staff, world, django_capture_on_commit_callbacks):
    coded = circular_forms.hand_in_form(
        unit=world.dong_nai, upload=upload(A3="{{ma_kiem_tra}}"), name=NAME, note="", by=world.staff
    )
    job = make(coded, world, django_capture_on_commit_callbacks)
    shown = book_of(export_jobs.path_of(job).read_bytes())[UNITS]["A3"].value
    issued = IssuedCode.objects.get(sha256=job.sha256)
    assert (shown.replace("-", ""), issued.form) == (issued.code, "bieu-thong-tu")
    assert "Đúng với số liệu hôm nay" in text_of(staff.get(reverse("figures-check"), {"ma": shown}))
    ServiceFigures.objects.filter(report__unit=world.phuoc_long).update(received_online=31)
    rollup.mark_dirty(Report.objects.get(unit=world.phuoc_long))
    page = text_of(staff.get(reverse("figures-check"), {"ma": shown}))
    assert "Đã thay đổi sau khi lập" in page


def test_every_word_of_the_vocabulary_has_a_value(november, world, staff):
    """And the page that lists them names each."""
    from reporting.exports.circular.filled_circular import read_values
    from taskforces.clock import now_for

    values = read_values(world.dong_nai.pk, SPAN, "provisional", now=now_for(world.staff), by=world.staff)
    vocabulary = Vocabulary()
    said = {key: values.of(key) for key in vocabulary.cells}
    assert said["tong_tiep_nhan"] == (42, "42")
    assert said["DVC09_phan_tram_dung_han"] == (80.0, "80,00")
    assert said["DVC09_ty_le_dung_han"] == (0.8, "80,00%")
    assert said["DVC10_tiep_nhan"] == (None, "")
    assert (said["bc_chua_co"], said["ky_thang"], said["ky_den_ngay"]) == ((2, "2"), (11, "11"), ("14/11/2026",) * 2)
    assert said["DD04_tu_so"][0] == IndicatorFigure.objects.get(indicator__code="DD04").numerator == 7
    for name, words in vocabulary.lists.items():
        assert {key for row in values.rows(name, words) for key in row} == set(words)
    (row,) = [row for row in values.rows("don_vi", ["ten", "DVC09_tiep_nhan"]) if row["ten"][0] == "Phường Phước Long"]
    assert row["DVC09_tiep_nhan"] == (42, "42")
    page = staff.get(reverse("circular-form-list")).text
    listed = [f"don_vi.{word}" for word in vocabulary.lists["don_vi"] if not word.startswith("DVC")]
    listed += ["cot.ma", *(f"cot.{word}" for word in vocabulary.known()["columns"])]
    assert [one for one in listed if f"{{{{{one}}}}}" not in page] == []
    assert all(len(name) < 250 for name in vocabulary.cells)  # what Excel takes as a name
