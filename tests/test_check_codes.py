"""Check codes: on every file and official page, and what the page "Kiểm tra số liệu" says of a code or a file."""

import io
import tempfile
import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from de_an_06.plain.check_code import ALPHABET, NotACode, codes_in, in_groups, new_code, read_code
from de_an_06.plain.spans import Span
from reporting.exports import excel, export_jobs, kept_cells, said
from reporting.exports.issuing import CodedPaper, issue
from reporting.models import IndicatorFigure, IssuedCode, KeptPage, Report, ServiceFigures
from reporting.review import corrections
from reporting.rollup import rollup
from tests import hostile_files
from tests.test_export_jobs import celery_eager  # noqa: F401 - the fixture
from tests.test_form_states import needs_soffice, soffice
from tests.test_joined import merged  # noqa: F401 - the fixture
from tests.test_publishing import ask, close, october, report_of, versions  # noqa: F401 - the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SPAN = Span.parse("2026-11")
TRUE, CHANGED, ALTERED = "Đúng với số liệu hôm nay", "Đã thay đổi sau khi lập", "Tệp đã bị sửa"
NOT_YOURS = "Không có mã này trong số các mã bạn được kiểm tra"
ROW = "DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến"


@pytest.fixture
def november(world, month, put, at):
    at("2026-11-20 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 8, in_person=2, early=9, overdue=1, dd04=(5, 10))
    put(world.phuoc_binh, period, 30, early=30)
    rollup.roll_up(period)
    return period


def summary(unit, span=SPAN, basis="provisional", by=None, is_joined=False) -> tuple[IssuedCode, bytes]:
    """A summary with its code, as the worker makes it but for the file's own sum: so a copy is held cell by cell."""
    choice = {"unit_id": unit.pk, "basis": basis, "is_joined": is_joined}
    paper = CodedPaper()
    with tempfile.NamedTemporaryFile() as file:
        excel.write_summary(file.name, span=span, by=by, paper=paper, **choice)
        return issue(paper, form="bieu-tong-hop", by=by, span=span.key, **choice), Path(file.name).read_bytes()


def text(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def check(client, user, code, **query) -> str:
    client.force_login(user)
    return text(client.get(reverse("figures-check"), {"ma": code, **query}))


def send(client, user, content, name="bieu.xlsx", code="") -> str:
    client.force_login(user)
    return text(client.post(reverse("figures-check"), {"tep": SimpleUploadedFile(name, content), "ma": code}))


def edited(content, change) -> bytes:
    """The file as openpyxl saves it: no formula keeps its value."""
    book, out = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    change(book)
    book.save(out)
    return out.getvalue()


def retype(unit, **figures) -> None:
    ServiceFigures.objects.filter(report__unit=unit).update(**figures)
    for report in Report.objects.filter(unit=unit):
        rollup.mark_dirty(report)
    rollup.drain()


def line_of(page, code) -> int:
    return next(row[0].row for row in page.iter_rows() if code in {cell.value for cell in row})


# The code itself -----------------------------------------------------------------------------------------------------


def test_a_code_is_read_however_it_is_typed_and_every_slip_is_told():
    code = new_code()
    shown = in_groups(code)
    assert read_code(shown.lower()) == read_code(f" {shown.replace('-', ' – ')} ") == read_code(code) == code
    assert codes_in(f"Mã {shown}\nở đây, không phải {shown[:-1]}{'2' if shown[-1] != '2' else '3'}") == [code]
    wrong = {code[:i] + sign + code[i + 1 :] for i in range(12) for sign in ALPHABET} - {code}
    swapped = {
        code[:i] + code[j] + code[i + 1 : j] + code[i] + code[j + 1 :] for i in range(12) for j in range(i + 1, 12)
    }
    for typed in wrong | (swapped - {code}):
        with pytest.raises(NotACode, match="ký tự sai hoặc hai ký tự đổi chỗ"):
            read_code(typed)
    with pytest.raises(NotACode, match="không có ký tự “O”, “1”"):
        read_code("O1" + code[2:])
    with pytest.raises(NotACode, match="11 ký tự"):
        read_code(code[:-1])


# A file of the portal ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("celery_eager")
def test_a_made_file_carries_its_code_and_is_known_by_its_bytes(
    november, world, client, settings, django_capture_on_commit_callbacks
):
    settings.PORTAL_URL = "https://cong.tinh.vn"
    with django_capture_on_commit_callbacks(execute=True):
        job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="provisional", by=world.staff)
    job.refresh_from_db()
    issued = IssuedCode.objects.get()
    assert (issued.by, issued.sha256, issued.span, issued.unit) == (world.staff, job.sha256, "2026-11", world.dong_nai)
    content = export_jobs.path_of(job).read_bytes()
    book = openpyxl.load_workbook(io.BytesIO(content))
    shown = in_groups(issued.code)
    assert shown in book["Bìa"]["B6"].value
    assert all(shown in page.oddFooter.center.text for page in book)
    assert len(zipfile.ZipFile(io.BytesIO(content)).read("xl/media/image1.png")) > 300
    page = send(client, world.chair, content)
    assert "Tệp nguyên vẹn" in page
    assert TRUE in page
    assert "Đỗ Thu Hà" in page


def test_the_word_report_carries_it_too_and_a_saved_one_needs_the_code(november, world, client, tmp_path):
    path = tmp_path / "bao-cao.docx"
    call_command("export_summary", "--unit", "75", "--from", "2026-11", "--form", "so-ket", str(path))
    issued = IssuedCode.objects.get()
    document = docx.Document(str(path))
    shown = in_groups(issued.code)
    assert f"Mã kiểm tra: {shown}" in [p.text for cell in document.tables[-1].rows[0].cells for p in cell.paragraphs]
    (section,) = document.sections
    assert section.footer.paragraphs[0].text == section.first_page_footer.paragraphs[0].text == f"Mã kiểm tra {shown}"
    assert "Tệp nguyên vẹn" in send(client, world.staff, path.read_bytes(), "bao-cao.docx")
    document.save(str(path))
    page = send(client, world.staff, path.read_bytes(), "bao-cao.docx")
    assert "Gõ mã in ở chân trang cùng với tệp" in page
    page = send(client, world.staff, path.read_bytes(), "bao-cao.docx", shown)
    assert "không còn nguyên như lúc cổng lập" in page
    assert TRUE in page


def test_what_a_copy_says_otherwise_is_named_cell_by_cell(november, world, client):
    _, content = summary(world.dong_nai, by=world.staff)

    def change(book):
        page = book["Theo dịch vụ"]
        row = line_of(page, "DVC09")
        assert page.cell(row, 6).value == 38
        page.cell(row, 6).value = 388
        page.cell(row, 12).value = None  # 1 resolved overdue: blank is not 0, and not 1 either

    page = send(client, world.staff, edited(content, change))
    assert ALTERED in page
    assert TRUE in page  # both at once: the figures stand, the file does not
    assert "2 ô bị sửa" in page
    row = line_of(openpyxl.load_workbook(io.BytesIO(content))["Theo dịch vụ"], "DVC09")
    assert f'data-label="Ô">F{row}<' in page
    assert 'data-label="Cổng đã ghi">38<' in page
    assert 'data-label="Trong tệp">388<' in page
    assert 'data-label="Trong tệp">trống<' in page


def test_a_file_under_the_code_of_another_is_held_against_that_one(november, world, client):
    _, content = summary(world.phuoc_long)
    other, _ = summary(world.dong_nai)

    def change(book):
        book["Bìa"]["B6"] = in_groups(other.code)

    page = send(client, world.staff, edited(content, change))
    assert ALTERED in page
    assert "“Tỉnh Đồng Nai”" in page


def test_a_formula_that_only_pretends_is_told(november, world, client):
    """The value kept in the file is the old one; the program that opens it will show another."""
    _, content = summary(world.dong_nai)
    parts = zipfile.ZipFile(io.BytesIO(content))
    sheet = next(n for n in parts.namelist() if b'"><v>38</v>' in parts.read(n))
    lying = parts.read(sheet).replace(b'"><v>38</v>', b'"><f>30+9</f><v>38</v>', 1)
    packed = hostile_files.packed({n: lying if n == sheet else parts.read(n) for n in parts.namelist()})
    page = send(client, world.staff, packed)
    assert "1 ô bị sửa" in page
    assert "công thức =30+9" in page


def test_rows_and_sheets_missing_added_moved(november, world, client):
    issued, content = summary(world.dong_nai)

    def change(book):
        page = book["Nguồn số liệu"]
        page.delete_rows(line_of(page, "25220"))
        for cell in page[12]:  # as Excel rewrites a sum when a row is taken out
            cell.value = cell.value.replace("12", "11") if isinstance(cell.value, str) else cell.value
        book["Chỉ tiêu"].append(["Dòng thêm"])
        book.remove(book["Chưa báo cáo"])
        book.create_sheet("Lạ")["A1"] = "thêm"
        book["So sánh"].title = "So sánh mới"

    page = send(client, world.staff, edited(content, change))
    assert ALTERED in page
    assert "Trang “Nguồn số liệu”: thiếu dòng 11 (25220 Phường Phước Bình" in page
    assert "Trang “Chỉ tiêu”: thêm dòng" in page
    assert "Thiếu trang “Chưa báo cáo”" in page
    assert "Thêm trang “Lạ”" in page
    assert "Trang “So sánh” đổi tên thành “So sánh mới”" in page
    assert "ô bị sửa" not in page
    moved = send(client, world.staff, edited(content, lambda book: book.move_sheet("Nguồn số liệu", -3)))
    assert "Các ô đúng như cổng đã ghi" in moved
    assert "Thứ tự các trang khác lúc lập" in moved
    assert ALTERED not in moved

    def without_code(book):
        book["Bìa"]["B6"] = ""

    lost = edited(content, without_code)
    assert "Không thấy mã kiểm tra trong tệp" in send(client, world.staff, lost)
    assert "1 ô bị sửa" in send(client, world.staff, lost, code=in_groups(issued.code))


@pytest.mark.slow
@needs_soffice
def test_a_file_worked_out_anew_and_saved_by_libreoffice_is_not_altered(november, world, client, tmp_path):
    _, content = summary(world.dong_nai)
    page = send(client, world.staff, soffice(tmp_path, edited(content, lambda book: None)))
    assert "Các ô đúng như cổng đã ghi" in page
    assert ALTERED not in page


def test_of_a_file_larger_than_is_kept_the_page_says_what_was_not_compared(november, world, client, monkeypatch):
    monkeypatch.setattr(kept_cells, "MOST_KEPT", 400)
    monkeypatch.setattr(said, "MOST_DETAILED_ROWS", 1)
    issued, content = summary(world.dong_nai)
    page = send(client, world.staff, edited(content, lambda book: None))
    assert "chưa so: trang “Theo dịch vụ”" in page
    assert "những trang cổng giữ không đổi" in page
    assert TRUE in page
    assert "so số tổng của từng đơn vị trực thuộc" in page
    retype(world.phuoc_long, received_online=9)
    assert '<th scope="row">Phường Phước Long</th> <td data-label="Số liệu">Tiếp nhận trực tuyến</td>' in check(
        client, world.staff, issued.code
    )


def test_a_hostile_or_foreign_file_is_refused_in_a_sentence(november, world, client):
    assert "Xóa hẳn các dòng thừa" in send(client, world.staff, hostile_files.WORKBOOKS["corners"]())
    assert "Không thấy mã kiểm tra trong tệp" in send(client, world.staff, hostile_files.workbook())
    assert "Gửi tệp Excel" in send(client, world.staff, b"%PDF-1.7", "a.pdf")
    assert "không phải là tệp .xlsx" in send(client, world.staff, b"van ban")
    client.force_login(world.staff)
    assert "Gõ mã kiểm tra, hoặc chọn tệp" in text(client.post(reverse("figures-check"), {}))


# Figures of today ----------------------------------------------------------------------------------------------------


def test_after_a_change_each_figure_is_told_old_and_new(november, world, client, put):
    issued, _ = summary(world.dong_nai)
    assert TRUE in check(client, world.staff, issued.code)
    retype(world.phuoc_long, received_online=9, resolved_early=10)
    IndicatorFigure.objects.filter(report__unit=world.phuoc_long).update(numerator=6)
    put(world.phu_rieng, november, 0)
    ServiceFigures.objects.filter(report__unit=world.phu_rieng).update(opening=None)
    rollup.roll_up(november)
    page = check(client, world.staff, f"https://cong.tinh.vn/kiem-tra-so-lieu/?ma={in_groups(issued.code).lower()}")
    assert CHANGED in page
    for unit, figure, old, new in (
        ("Tổng Tỉnh Đồng Nai", "Báo cáo trong số liệu", "2/4", "3/4"),
        ("Tổng Tỉnh Đồng Nai", ROW, "38", "39"),
        ("Tổng Tỉnh Đồng Nai", "Tỷ lệ chung, trực tuyến", "95,00%", "95,12%"),
        ("Phường Phước Long", ROW, "8", "9"),
        ("Xã Phú Riềng", ROW, "trống", "0"),
    ):
        assert (
            f'<th scope="row">{unit}</th> <td data-label="Số liệu">{figure}</td> <td class="num" data-label="Khi lập">'
            f'{old}</td> <td class="num" data-label="Hôm nay">{new}</td>'
        ) in page, figure
    assert "DD04" in page
    assert "Phường Phước Bình" not in page
    assert "kỳ trước chuyển sang" not in page  # blank then, blank now


def test_joined_boundaries_are_checked_as_joined(world, merged, client):  # noqa: F811
    year = Span.parse("2025")
    (issued, _), (plain, _) = (summary(world.dong_nai, year, is_joined=is_joined) for is_joined in (True, False))
    assert TRUE in check(client, world.staff, issued.code)
    assert "nối địa giới" in check(client, world.staff, issued.code)
    assert TRUE in check(client, world.staff, plain.code)
    retype(world.thac_mo, received_online=11)
    rollup.roll_up(world.months["2025-05"])
    page = check(client, world.staff, issued.code)
    assert CHANGED in page
    assert "Phường Thác Mơ" in page
    assert TRUE in check(client, world.staff, plain.code)  # by its own boundaries the old ward was not Đồng Nai's


def test_quarters_tell_the_months_that_came_later(november, world, client, month, put, at):
    issued, _ = summary(world.dong_nai, Span.parse("2026-Q4"))
    assert TRUE in check(client, world.staff, issued.code)
    december = month("2026-12")
    put(world.phuoc_long, december, 5, early=5)
    rollup.roll_up(december)
    at("2026-12-20 09:00")
    page = check(client, world.staff, issued.code)
    assert CHANGED in page
    assert "Kỳ nay gồm tháng 11–12/2026" in page


def test_a_version_corrected_since_names_the_newest_and_what_changed(world, october, client):  # noqa: F811
    close(world, october)
    (first,) = versions(world, october)
    of_file, _ = summary(world.dong_nai, Span.parse("2026-10"), "official")
    client.force_login(world.chair)
    book = client.get(reverse("published-book", args=[first.pk])).content
    assert client.get(reverse("published-book", args=[first.pk])).content == book
    page = client.post(reverse("published-version", args=[first.pk]), follow=True).content.decode()
    of_book, of_page = IssuedCode.objects.filter(version=first).exclude(pk=of_file.pk)  # one of each, however often
    assert (of_book.form, of_page.form) == ("so-cong-bo", "trang-cong-bo")
    assert in_groups(of_page.code) in page
    for issued in (of_file, of_book, of_page):
        assert TRUE in check(client, world.chair, issued.code)
    corrections.accept(correction_id=ask(world, october).pk, by=world.reviewer)
    rollup.drain()
    for issued in (of_file, of_book, of_page):
        page = check(client, world.chair, issued.code)
        assert CHANGED in page
        assert "hiện nay là công bố lần 2" in page
        assert "khi lập là lần 1. Lý do: Sót hồ sơ nhập tay" in page
        assert f'<td data-label="Số liệu">{ROW}</td> <td class="num" data-label="Khi lập">107</td>' in page
    assert "Tệp nguyên vẹn" in send(client, world.chair, book)

    def change(workbook):
        workbook["Báo cáo"]["C5"] = 1

    page = send(client, world.chair, edited(book, change))
    assert ALTERED in page
    assert CHANGED in page


# Who may know --------------------------------------------------------------------------------------------------------


def test_outside_the_scope_a_code_is_like_one_never_given(november, world, client):
    issued, content = summary(world.dong_nai)
    forged = new_code()
    for user, code in ((world.staff, forged), (world.stranger_reviewer, issued.code), (world.officer, issued.code)):
        page = check(client, user, code)
        assert NOT_YOURS in page
        assert "Cổng đã ghi" not in page
        assert "Tỉnh Đồng Nai (" not in page
    for user in (world.stranger_reviewer, world.officer):
        assert NOT_YOURS in send(client, user, edited(content, lambda book: None))
    of_ward, _ = summary(world.phuoc_long)
    assert TRUE in check(client, world.officer, of_ward.code)
    assert NOT_YOURS in check(client, world.neighbour, of_ward.code)
    slip = forged[:-1] + ("2" if forged[-1] != "2" else "3")
    assert "hai ký tự đổi chỗ" in check(client, world.staff, slip)


def test_the_number_of_queries_does_not_grow_with_what_changed(november, world, client, put):
    issued, _ = summary(world.dong_nai)
    check(client, world.staff, issued.code)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            check(client, world.staff, issued.code)
        return len(captured)

    before = queries()
    retype(world.phuoc_long, received_online=9)
    retype(world.phuoc_binh, received_online=9)
    put(world.phu_rieng, november, 9, early=9)
    rollup.roll_up(november)
    check(client, world.staff, issued.code)  # what it reads is kept now as it was before
    assert queries() <= before + 1
    assert before < 50


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dashboard", "dashboard-sheet"])
def test_a_page_is_given_a_code_when_somebody_prints_it_and_only_then(november, world, client, name):
    client.force_login(world.chair)
    address = f"{reverse(name)}?don_vi={world.dong_nai.pk}&ky=2026-11&co_so=tam-tinh"
    for _ in range(2):
        page = text(client.get(address))
        assert "Bản in này không có mã kiểm tra số liệu" in page
        assert "In có mã kiểm tra" in page
    assert not IssuedCode.objects.exists()
    kept = list(KeptPage.objects.values_list("pk", "made_at"))
    page = text(client.post(address))
    issued = IssuedCode.objects.get()
    assert (issued.unit, issued.by, issued.span) == (world.dong_nai, world.chair, "2026-11")
    assert f'Mã kiểm tra: <span class="num">{in_groups(issued.code)}</span>' in page
    assert "<svg" in page
    assert "Bản in này không có mã" not in page
    assert list(KeptPage.objects.values_list("pk", "made_at")) == kept
    assert in_groups(issued.code) not in text(client.get(address))
    assert TRUE in check(client, world.chair, issued.code)
    client.force_login(world.stranger_reviewer)
    assert client.post(address).status_code == 404
    assert IssuedCode.objects.count() == 1
