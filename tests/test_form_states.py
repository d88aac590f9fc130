"""The .xlsx form in three states: as downloaded, in the file now, on the server now; its signature; its structure."""

import io
import re
import shutil
import subprocess
import zipfile

import openpyxl
import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reporting.entry import saving
from reporting.exports import form_seal
from reporting.exports.form_file import INDICATORS, SEAL_PAGE, SERVICES, write_entry_form
from reporting.imports.filled_form import read_entry_form, save_reading
from reporting.models import FigureChange, PublicService, Report, ServiceFigures, ServiceTerms
from tests.test_entry_form import place, read, type_in
from tests.test_entry_pages import Form

pytestmark = pytest.mark.embedded
BIRTHS = "DVC09 Đăng ký khai sinh"


@pytest.fixture
def report(world, month, fill, at):
    """November 2026 of Phường Phước Long; October closed DVC09 with 4 dossiers. Two figures of November are in."""
    at("2026-11-16 08:00")
    october = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=4)
    november = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))
    server(november, world.officer, **{"DVC09.received_online": "10", "DVC09.rejected": "5"})
    return november


def server(report, by, **cells):
    """Typed on the page."""
    assert saving.save_cells(report_id=report.pk, by=by, cells=cells).is_ok


def as_file(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def book_of(content):
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture
def form(report, world):
    return book_of(write_entry_form(report, world.officer))


def states(differences):
    return [(d.row, d.column, d.downloaded, d.stored, d.in_file) for d in differences]


def messages(reading):
    return [str(error) for error in reading.errors]


# --- three states


def test_a_form_older_than_the_report_gives_nothing_back(form, report, world, at):
    """10 in the file as it was downloaded, 20 on the server since, not touched in the file."""
    at("2026-11-16 09:15")
    server(report, world.officer, **{"DVC09.received_online": "20"})
    type_in(form, DVC10__rejected=1)
    reading = read(form, report, world.officer)
    assert reading.cells == {"DVC10.rejected": "1"}
    assert reading.asked == {}
    assert states(reading.behind) == [(BIRTHS, "Tiếp nhận trực tuyến", "10", "20", "10")]
    assert reading.behind[0].who == "Nguyễn Thị Hồng Nhung"
    assert f"{reading.behind[0].at:%Y-%m-%d}" == "2026-11-16"
    assert save_reading(report_id=report.pk, by=world.officer, reading=reading).is_ok
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert (row.received_online, row.rejected) == (20, 5)


def test_a_figure_typed_on_the_server_since_is_not_emptied_by_the_blank_of_an_old_form(form, report, world):
    server(report, world.officer, **{"DVC10.rejected": "3"})
    reading = read(form, report, world.officer)
    assert (reading.cells, reading.asked) == ({}, {})
    assert states(reading.behind) == [("DVC10 Đăng ký khai tử", "Từ chối, rút, dừng", "", "3", "")]


def test_a_cell_emptied_on_the_server_since_stays_empty(form, report, world):
    server(report, world.officer, **{"DVC09.rejected": ""})
    reading = read(form, report, world.officer)
    assert (reading.cells, reading.asked) == ({}, {})
    assert states(reading.behind) == [(BIRTHS, "Từ chối, rút, dừng", "5", "", "5")]


def test_a_cell_changed_on_both_sides_is_asked_about_with_all_three(form, report, world, at):
    at("2026-11-16 09:15")
    server(report, world.officer, **{"DVC09.received_online": "20"})
    type_in(form, DVC09__received_online=31)
    reading = read(form, report, world.officer)
    assert (reading.cells, reading.asked) == ({}, {"DVC09.received_online": "31"})
    assert states(reading.conflicts) == [(BIRTHS, "Tiếp nhận trực tuyến", "10", "20", "31")]
    assert reading.conflicts[0].who == "Nguyễn Thị Hồng Nhung"
    assert save_reading(report_id=report.pk, by=world.officer, reading=reading).is_ok
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert row.received_online == 20  # not chosen, not overwritten
    save_reading(report_id=report.pk, by=world.officer, reading=reading, chosen=["DVC09.received_online"])
    row.refresh_from_db()
    assert row.received_online == 31


def test_the_same_figure_on_both_sides_is_no_conflict(form, report, world):
    server(report, world.officer, **{"DVC09.received_online": "20"})
    type_in(form, DVC09__received_online=20)
    reading = read(form, report, world.officer)
    assert (reading.changes, reading.conflicts, reading.behind) == ([], [], [])


def test_a_cell_put_back_to_what_was_downloaded_is_untouched(form, report, world):
    """The file cannot tell it from one never touched, so the server's later figure stays."""
    server(report, world.officer, **{"DVC09.received_online": "20"})
    type_in(form, DVC09__received_online="10")
    assert read(form, report, world.officer).asked == {}


def test_an_emptied_cell_is_shown_as_emptied_and_written_only_when_chosen(form, report, world):
    type_in(form, DVC09__rejected=None)
    reading = read(form, report, world.officer)
    assert reading.cells == {}
    assert states(reading.cleared) == [(BIRTHS, "Từ chối, rút, dừng", "5", "5", "")]
    save_reading(report_id=report.pk, by=world.officer, reading=reading)
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected == 5
    save_reading(report_id=report.pk, by=world.officer, reading=reading, chosen=["DVC09.rejected"])
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected is None


def test_an_emptied_cell_changed_on_the_server_is_a_conflict(form, report, world):
    server(report, world.officer, **{"DVC09.rejected": "6"})
    type_in(form, DVC09__rejected=None)
    reading = read(form, report, world.officer)
    assert states(reading.conflicts) == [(BIRTHS, "Từ chối, rút, dừng", "5", "6", "")]
    assert reading.cleared == []


def test_a_carried_opening_that_moved_on_is_no_error(form, report, world):
    """4 carried as the form was downloaded, 6 now; the officer cannot have typed it."""
    ServiceFigures.objects.filter(report__period__month=10, service__code="DVC09").update(pending_in_time=6)
    reading = read(form, report, world.officer)
    assert messages(reading) == []
    assert (reading.cells, reading.asked) == ({}, {})


def test_the_other_branchs_old_cells_are_no_news(form, report, world):
    server(report, world.police_officer, **{"DVC03.rejected": "8"})
    reading = read(form, report, world.officer)
    assert (reading.ignored, reading.behind) == ([], [])


# --- page


def upload(client, report, content, name="bieu.xlsx"):
    return client.post(reverse("report-upload", args=[report.pk]), {"file": SimpleUploadedFile(name, content)})


def seen_text(response):
    text = re.sub(r"<(style|script)[\s\S]*?</\1>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize(("choice", "expected"), [("server", 20), ("file", 31), (None, 20)])
def test_the_page_shows_three_figures_with_who_and_when_and_writes_what_was_chosen(
    client, form, report, world, at, choice, expected
):
    at("2026-11-16 09:15")
    server(report, world.officer, **{"DVC09.received_online": "20", "DVC11.rejected": "2"})
    type_in(form, DVC09__received_online=31, DVC09__rejected=None, DVC10__rejected=1)
    client.force_login(world.officer)
    response = upload(client, report, as_file(form))
    text = seen_text(response)
    assert "1 ô sẽ ghi, 2 ô cần bạn chọn" in text
    assert (
        f"{BIRTHS} Tiếp nhận trực tuyến 10 20 Nguyễn Thị Hồng Nhung, 09:15 ngày 16/11/2026 31 "
        f"{BIRTHS}, tiếp nhận trực tuyến Giữ 20 Ghi 31"
    ) in text
    assert f"{BIRTHS} Từ chối, rút, dừng 5 5 đã xóa trống {BIRTHS}, từ chối, rút, dừng Giữ 5 Xóa trống" in text
    assert "Tệp cũ hơn báo cáo ở 1 ô" in text
    fields = Form(response.content.decode()).fields
    body = {name: fields[name] for name in ("upload", "cells", "asked", "seen")}
    if choice:
        body["chon-DVC09.received_online"] = choice
    client.post(reverse("report-upload", args=[report.pk]), body)
    row = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert (row.received_online, row.rejected) == (expected, 5)
    assert ServiceFigures.objects.get(report=report, service__code="DVC10").rejected == 1


def test_what_changed_between_preview_and_choice_is_shown_again(client, form, report, world):
    server(report, world.officer, **{"DVC09.received_online": "20"})
    type_in(form, DVC09__received_online=31)
    client.force_login(world.officer)
    fields = Form(upload(client, report, as_file(form)).content.decode()).fields
    server(report, world.officer, **{"DVC09.received_online": "25"})
    body = {name: fields[name] for name in ("upload", "cells", "asked", "seen")}
    answer = client.post(reverse("report-upload", args=[report.pk]), {**body, "chon-DVC09.received_online": "file"})
    assert "sửa ô này thành 25" in seen_text(answer)
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").received_online == 25


def test_errors_name_row_and_column_in_words(form, report, world):
    type_in(form, DVC10__received_online="mười", NL01__numerator=-1)
    first, second = messages(read(form, report, world.officer))
    row = place(form, "DVC10.received_online").row
    assert first == (
        f"Trang “Dịch vụ công”, dòng {row}, cột D: DVC10 Đăng ký khai tử, tiếp nhận trực tuyến. "
        "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “mười”."
    )
    name = form[INDICATORS].cell(place(form, "NL01.numerator").row, 2).value
    assert f"NL01 {name}, số đạt hoặc số lượng. Ô này" in second


# --- structure


def unmerge(page):
    """openpyxl moves no merged cells when rows or columns go."""
    for block in list(page.merged_cells.ranges):
        page.unmerge_cells(str(block))


def delete_row(page, code):
    unmerge(page)
    page.delete_rows(next(row[0].row for row in page.iter_rows() if row[0].value == code))


def column_of(page, key):
    return next(c.column for row in page.iter_rows() if row[0].value == "#mã" for c in row if c.value == key)


def test_a_deleted_row_is_named(form, report, world):
    delete_row(form[SERVICES], "DVC10")
    assert messages(read(form, report, world.officer)) == ["Trang “Dịch vụ công”: thiếu dòng DVC10 (Đăng ký khai tử)."]


def test_a_deleted_code_is_named(form, report, world):
    cell = place(form, "DVC10.opening")
    form[SERVICES].cell(cell.row, 1).value = None
    type_in_row = form[SERVICES].cell(cell.row, 4)
    type_in_row.value = 7
    assert messages(read(form, report, world.officer)) == [
        f"Trang “Dịch vụ công”, dòng {cell.row}, cột A: Dòng “Đăng ký khai tử” mất mã DVC10 ở cột mã."
    ]


def test_codes_swapped_against_their_names_are_refused(form, report, world):
    page = form[SERVICES]
    nine, ten = place(form, "DVC09.opening").row, place(form, "DVC10.opening").row
    page.cell(nine, 1).value, page.cell(ten, 1).value = "DVC10", "DVC09"
    first, second = messages(read(form, report, world.officer))
    assert "mã DVC10 (Đăng ký khai tử) nhưng tên là “Đăng ký khai sinh”" in first
    assert "mã DVC09 (Đăng ký khai sinh) nhưng tên là “Đăng ký khai tử”" in second


@pytest.mark.parametrize(
    ("mark", "missing"),
    [
        ("#mã", "thiếu dòng ẩn ghi mã của các cột"),
        ("#đơn vị", "thiếu dòng ẩn ghi mã đơn vị"),
        ("#kỳ", "thiếu dòng ẩn ghi kỳ báo cáo"),
    ],
)
def test_a_deleted_key_row_is_named(form, report, world, mark, missing):
    delete_row(form[SERVICES], mark)
    [message] = messages(read(form, report, world.officer))
    assert message.startswith(f"Trang “Dịch vụ công”: {missing}")


def test_a_deleted_column_is_named(form, report, world):
    page = form[SERVICES]
    unmerge(page)
    page.delete_cols(column_of(page, "received_in_person"))
    [message] = messages(read(form, report, world.officer))
    assert message.startswith("Trang “Dịch vụ công”: thiếu cột “Tiếp nhận trong kỳ, Trực tiếp”.")


@pytest.mark.parametrize("name", [SERVICES, INDICATORS])
def test_a_deleted_sheet_is_named(form, report, world, name):
    del form[name]
    [message] = messages(read(form, report, world.officer))
    assert message.startswith(f"Thiếu trang “{name}”.")


def test_a_sheet_without_its_rows_and_a_sheet_twice_are_named(form, report, world):
    page = form[INDICATORS]
    first = next(row[0].row for row in page.iter_rows() if row[0].value == "#mã") + 1
    page.delete_rows(first, page.max_row)
    form.copy_worksheet(form[SERVICES]).title = "Bản sao"
    twice, empty = messages(read(form, report, world.officer))
    assert twice == "Trang “Dịch vụ công” có nhiều lần (“Dịch vụ công”, “Bản sao”). Chỉ để lại một trang."
    assert empty.startswith("Trang “Chỉ tiêu”: không còn dòng nào của biểu.")


def test_a_renamed_sheet_and_rows_in_another_order_are_read_by_their_keys(form, report, world):
    page = form[SERVICES]
    page.title = "Trang tính 1"
    nine, ten = place_on(page, "DVC09"), place_on(page, "DVC10")
    for column in range(1, 13):
        a, b = page.cell(nine, column), page.cell(ten, column)
        a.value, b.value = b.value, a.value
    page.cell(place_on(page, "DVC10"), 4).value = 33
    reading = read(form, report, world.officer)
    assert messages(reading) == []
    assert reading.cells == {"DVC10.received_online": "33"}
    assert reading.asked == {}


def place_on(page, code):
    return next(row[0].row for row in page.iter_rows() if row[0].value == code)


def move_columns(page, first, second, rows):
    for row in range(*rows):
        a, b = page.cell(row, first), page.cell(row, second)
        a.value, b.value = b.value, a.value


def test_columns_in_another_order_are_read_by_heading_and_key(form, report, world):
    page = form[SERVICES]
    head = next(row[0].row for row in page.iter_rows() if row[0].value == "#mã") - 3
    unmerge(page)
    first, second = column_of(page, "received_online"), column_of(page, "rejected")
    move_columns(page, first, second, (head, page.max_row + 1))
    place(form, "DVC10.received_online").value = 44
    reading = read(form, report, world.officer)
    assert messages(reading) == []
    assert reading.cells == {"DVC10.received_online": "44"}


def test_headings_moved_without_their_keys_are_refused(form, report, world):
    page = form[SERVICES]
    head = next(row[0].row for row in page.iter_rows() if row[0].value == "#mã") - 2
    move_columns(page, column_of(page, "received_online"), column_of(page, "received_in_person"), (head, head + 1))
    first, second = messages(read(form, report, world.officer))
    assert "cột D: Cột này phải có tiêu đề “Tiếp nhận trong kỳ, Trực tuyến”, trong tệp là “Trực tiếp”." in first
    assert "cột E: Cột này phải có tiêu đề “Tiếp nhận trong kỳ, Trực tiếp”, trong tệp là “Trực tuyến”." in second


def test_a_column_twice_is_refused(form, report, world):
    page = form[SERVICES]
    mark = next(row[0].row for row in page.iter_rows() if row[0].value == "#mã")
    page.cell(mark, 30).value = "received_online"
    page.cell(place_on(page, "DVC09"), 30).value = 99
    [message] = messages(read(form, report, world.officer))
    assert "cột “Tiếp nhận trong kỳ, Trực tuyến” có nhiều lần (D, AD)" in message


# --- signature


def test_a_form_without_a_signature_asks_for_a_new_download(form, report, world):
    del form[SEAL_PAGE]
    [message] = messages(read(form, report, world.officer))
    assert message.startswith("Tệp không có phần ghi số lúc tải: biểu tải từ trước khi cổng nâng cấp")
    assert message.endswith("Tải lại biểu mẫu rồi chép số vào.")


def test_a_changed_signature_is_refused(form, report, world):
    cell = form[SEAL_PAGE].cell(2, 1)
    cell.value = ("A" if cell.value[20] != "A" else "B").join((cell.value[:20], cell.value[21:]))
    type_in(form, DVC10__rejected=1)
    reading = read(form, report, world.officer)
    [message] = messages(reading)
    assert message.startswith("Chữ ký trong tệp không đúng")
    assert reading.cells == {}


def test_another_portals_form_is_refused(form, report, world, settings):
    settings.SECRET_KEY = "of-another-portal"
    [message] = messages(read(form, report, world.officer))
    assert "tải từ một cổng khác" in message
    settings.SECRET_KEY_FALLBACKS = ["not-secret-only-for-the-demonstration"]


def test_a_form_outlives_a_change_of_the_secret(report, world, settings):
    content = write_entry_form(report, world.officer)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the-new-secret"
    assert read_entry_form(report, io.BytesIO(content), world.officer).is_ok


def test_a_form_of_another_version_is_refused(report, world, monkeypatch):
    monkeypatch.setattr(form_seal, "FORM_VERSION", 3)
    content = write_entry_form(report, world.officer)
    monkeypatch.undo()
    [message] = messages(read_entry_form(report, io.BytesIO(content), world.officer))
    assert message.startswith("Biểu này theo mẫu của bản cổng trước.")


def test_a_signature_for_something_else_is_no_signature(form, report, world):
    page = form[SEAL_PAGE]
    page.delete_rows(2, page.max_row)
    page.cell(2, 1).value = signing.dumps({"unit": "25217"}, compress=True)
    [message] = messages(read(form, report, world.officer))
    assert message.startswith("Chữ ký trong tệp không đúng")


def test_keys_rewritten_to_another_unit_do_not_move_the_form(form, world, report):
    """The neighbour's code typed over the visible key: the signature still says whose form it is."""
    next_door = Report.objects.select_related("unit", "period").get(unit=world.phuoc_binh, period=report.period)
    for page in (form[SERVICES], form[INDICATORS]):
        page.cell(1, 2).value = "25220"
    [message] = messages(read(form, next_door, world.neighbour))
    assert message == "Tệp này của đơn vị mã 25217, không phải Phường Phước Bình (mã 25220)."


def test_a_sheet_of_another_unit_inside_this_form_is_refused(form, world, report):
    form[SERVICES].cell(1, 2).value = "25220"
    form[INDICATORS].cell(2, 2).value = "2026-10"
    first, second = messages(read(form, report, world.officer))
    assert first == (
        "Trang “Dịch vụ công”, dòng 1: Trang này của đơn vị mã 25220, không phải Phường Phước Long (mã 25217)."
    )
    assert second.startswith("Trang “Chỉ tiêu”, dòng 2: Trang này của kỳ 2026-10, báo cáo đang mở là")


def test_what_the_report_owes_since_the_download_is_said(form, report, world):
    """Added to the month after the download: the form has no row for it. Withdrawn: its row is nobody's."""
    added = PublicService.objects.create(
        code="DVC77", name="Dịch vụ thêm mới", short_name="Dịch vụ thêm", order=77, reporter="office"
    )
    ServiceTerms.objects.create(
        service=added, valid_from=report.period.data_from, lead_agency="Bộ Tư pháp", online_only=True, at_commune=True
    )
    ServiceTerms.objects.filter(service__code="DVC10").delete()
    reading = read(form, report, world.officer)
    assert messages(reading) == []
    assert reading.notes == ["Biểu tải về chưa có: DVC77 Dịch vụ thêm. Nhập trên trang, hoặc tải lại biểu mẫu."]
    type_in(form, DVC10__rejected=3)
    [message] = messages(read(form, report, world.officer))
    assert message.endswith("DVC10 không còn thuộc báo cáo này, không ghi được số mới.")


# --- macros


def with_part(content, name, data, types=None):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            part = old.read(item)
            if types and item.filename == "[Content_Types].xml":
                part = part.replace(b"spreadsheetml.sheet.main", types)
                part = part.replace(b"application/vnd.openxmlformats-officedocument.ms", b"application/vnd.ms")
            new.writestr(item, part)
        if name:
            new.writestr(name, data)
    return out.getvalue()


MACRO = "Tệp có macro (.xlsm) nên không đọc. Lưu lại thành Excel Workbook (.xlsx) rồi nộp."


@pytest.mark.parametrize(
    ("part", "types"),
    [
        ("xl/vbaProject.bin", None),
        ("xl/macrosheets/sheet1.xml", None),
        ("", b"ms-excel.sheet.macroEnabled.main"),
    ],
)
@pytest.mark.parametrize("name", ["bieu.xlsm", "bieu.xlsx"])
def test_files_with_macros_are_refused_whatever_they_are_called(client, report, world, part, types, name):
    content = with_part(write_entry_form(report, world.officer), part, b"x", types)
    client.force_login(world.officer)
    assert MACRO in seen_text(upload(client, report, content, name))


# --- other programs


def soffice(folder, content, turns=1):
    """The file opened and saved by LibreOffice."""
    path = folder / "bieu.xlsx"
    path.write_bytes(content)
    for turn in range(turns):
        out = folder / f"turn{turn}"
        subprocess.run(
            ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xlsx",
             "--outdir", str(out), str(path)],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        path = out / "bieu.xlsx"
    return path.read_bytes()


needs_soffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")


@pytest.mark.slow
@needs_soffice
def test_the_form_survives_libreoffice_and_openpyxl_in_turn(report, world, tmp_path):
    """Saved by LibreOffice twice, filled in by openpyxl, saved by LibreOffice again: the same three states."""
    content = soffice(tmp_path, write_entry_form(report, world.officer), turns=2)
    reading = read_entry_form(report, io.BytesIO(content), world.officer)
    assert messages(reading) == []
    assert (reading.changes, reading.conflicts, reading.cleared, reading.behind, reading.ignored) == (
        [],
        [],
        [],
        [],
        [],
    )
    assert reading.rows_unchanged == 13 + 29
    book = book_of(content)
    assert book[SEAL_PAGE].sheet_state == "hidden"
    server(report, world.officer, **{"DVC09.received_online": "20", "DVC11.rejected": "2", "DVC15.rejected": "2"})
    type_in(book, DVC10__received_online=31, DVC09__rejected=None, DVC09__received_postal="1.026", DVC15__rejected=9)
    reading = read_entry_form(report, io.BytesIO(soffice(tmp_path, as_file(book))), world.officer)
    assert messages(reading) == []
    assert reading.cells == {"DVC09.received_postal": "1.026", "DVC10.received_online": "31"}
    assert [d.cell for d in reading.conflicts] == ["DVC15.rejected"]
    assert [d.cell for d in reading.cleared] == ["DVC09.rejected"]
    assert [d.cell for d in reading.behind] == ["DVC09.received_online", "DVC11.rejected"]


@pytest.mark.slow
@needs_soffice
def test_faults_are_still_named_after_libreoffice_saved_them(form, report, world, tmp_path):
    delete_row(form[SERVICES], "DVC10")
    delete_row(form[INDICATORS], "#mã")
    reading = read_entry_form(report, io.BytesIO(soffice(tmp_path, as_file(form))), world.officer)
    lost, keys = messages(reading)
    assert lost == "Trang “Dịch vụ công”: thiếu dòng DVC10 (Đăng ký khai tử)."
    assert keys.startswith("Trang “Chỉ tiêu”: thiếu dòng ẩn ghi mã của các cột.")
    assert FigureChange.objects.filter(via="file").count() == 0
