"""The Excel entry form: what is written, and what a filled one says; all or nothing, every error with its place."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from reporting.entry import saving
from reporting.entry.form import load_form
from reporting.exports.form_file import INDICATORS, SERVICES, file_name, write_entry_form
from reporting.imports.filled_form import read_entry_form, save_reading
from reporting.models import FigureChange, Report, ServiceFigures

pytestmark = pytest.mark.embedded


@pytest.fixture
def report(world, month, fill):
    """November 2026 of Phường Phước Long, blank; October closed DVC09 with 4 dossiers."""
    october = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(pending_in_time=4)
    return Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))


@pytest.fixture
def form(report, world):
    """A downloaded form, open in the officer's Excel."""
    return openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))


def place(book, cell):
    """Where a cell of the report stands in the form, found by its code and the hidden row of keys."""
    code, key = cell.split(".")
    for page in (book[SERVICES], book[INDICATORS]):
        keys = next(row for row in page.iter_rows() if row[0].value == "#mã")
        column = next((c.column for c in keys if c.value == key), None)
        row = next((row[0].row for row in page.iter_rows() if row[0].value == code), None)
        if row and column:
            return page.cell(row, column)
    raise AssertionError(cell)


def type_in(book, **cells):
    for key, value in cells.items():
        place(book, key.replace("__", ".")).value = value


def read(book, report, by):
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return read_entry_form(report, out, by)


def test_the_form_says_whose_it_is_and_lists_what_is_owed(form, report):
    text = [str(c.value) for row in form[SERVICES].iter_rows() for c in row if c.value is not None]
    assert "Đơn vị báo cáo: Phường Phước Long" in text
    assert "Đơn vị nhận: Tỉnh Đồng Nai" in text
    assert "Kỳ báo cáo: tháng 11/2026 (số liệu từ 15/10/2026 đến hết 14/11/2026)" in text
    assert sorted(v for v in text if v.startswith("DVC")) == [
        *("DVC01", "DVC02", "DVC03", "DVC04", "DVC05", "DVC06", "DVC07", "DVC09", "DVC10", "DVC11"),
        *("DVC15", "DVC16", "DVC19"),
    ]
    assert file_name(report) == "bieu-nhap-25217-2026-11.xlsx"


def test_only_what_this_person_types_is_unlocked(form, report, world):
    assert form[SERVICES].protection.sheet
    assert not place(form, "DVC09.received_online").protection.locked
    assert place(form, "DVC09.opening").value == 4
    assert place(form, "DVC09.opening").protection.locked  # carried
    assert place(form, "DVC09.pending_in_time").protection.locked  # derived
    assert place(form, "DVC03.received_online").protection.locked  # police
    assert place(form, "TC02.numerator").protection.locked  # register
    police = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.police_officer)))
    assert not place(police, "DVC03.received_online").protection.locked


def test_blank_is_written_blank_and_zero_as_zero(report, world):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "0"})
    book = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
    assert place(book, "DVC09.received_online").value == 0
    assert place(book, "DVC09.received_postal").value is None


def test_text_stays_text(report, world):
    from reporting.models import Indicator

    Indicator.objects.filter(code="NL01").update(name="=1+1", hint="@SUM(1)")
    book = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
    row = place(book, "NL01.numerator").row
    name = book[INDICATORS].cell(row, 2)
    assert (name.value, name.data_type) == ("=1+1", "s")


def test_the_form_as_downloaded_changes_nothing(form, report, world):
    reading = read(form, report, world.officer)
    assert reading.is_ok
    assert reading.changes == reading.ignored == []
    assert reading.rows_read == reading.rows_unchanged == 13 + 29  # services and indicators of a commune
    assert reading.blank == 74


def test_a_filled_form_is_shown_then_saved_as_if_typed(form, report, world):
    last = load_form(report).indicators[-1].code  # the last row counts too
    type_in(
        form, DVC09__received_online=31.0, DVC09__resolved_early="1.026", DVC09__rejected=0, **{f"{last}__numerator": 7}
    )
    reading = read(form, report, world.officer)
    assert [(d.cell, d.stored, d.in_file) for d in reading.changes] == [
        ("DVC09.received_online", "", "31"),
        ("DVC09.resolved_early", "", "1.026"),
        ("DVC09.rejected", "", "0"),
        (f"{last}.numerator", "", "7"),
    ]
    assert (reading.rows_new, reading.rows_changed, reading.rows_rejected) == (2, 0, 0)
    assert FigureChange.objects.count() == 0  # reading saves nothing
    assert save_reading(report_id=report.pk, by=world.officer, reading=reading).is_ok
    figures = ServiceFigures.objects.get(report=report, service__code="DVC09")
    assert (figures.opening, figures.received_online, figures.resolved_early, figures.rejected) == (4, 31, 1026, 0)
    assert figures.received_postal is None
    assert set(FigureChange.objects.values_list("via", flat=True)) == {"file"}
    again = read(form, report, world.officer)
    assert (again.changes, again.rows_new, again.rows_changed) == ([], 0, 0)


def test_all_errors_come_at_once_with_their_place_and_nothing_is_saved(form, report, world):
    type_in(form, DVC09__received_online=12.5, DVC09__rejected=-1, DVC10__rejected="mười", DVC11__rejected=3)
    type_in(form, DVC15__rejected="=1+1", DVC16__rejected=dt.datetime(2026, 11, 3), NL01__numerator=True)
    reading = read(form, report, world.officer)
    where = {key: place(form, key) for key in ("DVC09.received_online", "DVC10.rejected", "NL01.numerator")}
    assert [(e.row, e.column, e.message) for e in reading.errors] == [
        (where["DVC09.received_online"].row, "D", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “12,5”."),
        (where["DVC09.received_online"].row, "J", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “-1”."),
        (where["DVC10.rejected"].row, "J", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “mười”."),
        (place(form, "DVC15.rejected").row, "J", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “=1+1”."),
        (place(form, "DVC16.rejected").row, "J", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “03/11/2026”."),
        (where["NL01.numerator"].row, "D", "Ô này chỉ nhận số nguyên từ 0. Bạn đã nhập “TRUE”."),
    ]
    assert str(reading.errors[0]).startswith(
        f"Trang “Dịch vụ công”, dòng {where['DVC09.received_online'].row}, cột D: "
    )
    assert reading.rows_rejected == 5
    assert reading.rows_new == 1
    assert reading.rows_read == reading.rows_unchanged + 6
    assert reading.cells == {}
    with pytest.raises(ValueError, match="errors"):
        save_reading(report_id=report.pk, by=world.officer, reading=reading)
    assert FigureChange.objects.count() == 0


def test_a_blank_in_the_file_erases_nothing(report, world, form):
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "5"})
    reading = read(form, report, world.officer)
    assert reading.is_ok
    assert reading.changes == []


def test_a_carried_opening_is_not_overtyped(form, report, world):
    type_in(form, DVC09__opening=9)
    [error] = read(form, report, world.officer).errors
    assert error.message == "Ô này lấy từ số cuối kỳ trước (4), không nhập. Tệp ghi 9."


def test_cells_of_the_other_branch_are_named_and_not_written(form, report, world):
    type_in(form, DVC03__rejected=8, DVC09__rejected=1)
    reading = read(form, report, world.officer)
    assert [d.cell for d in reading.ignored] == ["DVC03.rejected"]
    assert list(reading.cells) == ["DVC09.rejected"]


def test_rows_of_no_service_twice_a_row_and_rows_without_code_are_refused(form, report, world):
    page = form[SERVICES]
    bottom = page.max_row
    for offset, code in enumerate(("DVC12", "DVC09", None), start=1):
        page.cell(bottom + offset, 1).value = code
        page.cell(bottom + offset, 4).value = 5
    reading = read(form, report, world.officer)
    assert [(e.row - bottom, e.column) for e in reading.errors] == [(1, "A"), (2, "A"), (3, "A")]
    assert "không thuộc báo cáo này" in reading.errors[0].message
    assert reading.errors[1].message.startswith("Mã DVC09 đã có ở trang “Dịch vụ công”, dòng")
    assert "không có mã" in reading.errors[2].message
    assert reading.rows_rejected == 3


def test_another_units_or_months_form_is_refused_whole(report, world, month, form):
    november = report.period
    next_door = Report.objects.select_related("unit", "period").get(unit=world.phuoc_binh, period=november)
    reading = read(form, next_door, world.neighbour)
    assert reading.errors[0].message == "Tệp này của đơn vị mã 25217, không phải Phường Phước Bình (mã 25220)."
    december = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-12"))
    reading = read(form, december, world.officer)
    assert reading.errors[0].message == "Tệp này của kỳ 2026-11, báo cáo đang mở là tháng 12/2026 (2026-12)."
    assert reading.rows_read == 0


def test_what_is_no_form_is_refused_in_words(report, world):
    assert "Không đọc được tệp" in str(read_entry_form(report, io.BytesIO(b"xin chao"), world.officer).errors[0])
    assert "không phải biểu nhập" in str(read(openpyxl.Workbook(), report, world.officer).errors[0])
    big = io.BytesIO(b"x" * (2 * 1024 * 1024 + 1))
    assert "lớn hơn 2 MB" in str(read_entry_form(report, big, world.officer).errors[0])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for i in range(5):
            archive.writestr(f"{i}", b"0" * 10 * 1024 * 1024)
    bomb.seek(0)
    assert "giải nén ra quá lớn" in str(read_entry_form(report, bomb, world.officer).errors[0])
    other_zip = io.BytesIO()
    with zipfile.ZipFile(other_zip, "w") as archive:
        archive.writestr("a.txt", "a")
    other_zip.seek(0)
    assert "Không đọc được tệp" in str(read_entry_form(report, other_zip, world.officer).errors[0])


def test_what_changed_on_the_server_since_the_preview_is_a_conflict(form, report, world):
    type_in(form, DVC09__rejected=3)
    reading = read(form, report, world.officer)
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.rejected": "4"})
    result = save_reading(report_id=report.pk, by=world.officer, reading=reading)
    assert result.conflicts["DVC09.rejected"].theirs == "4"


def test_derived_cells_carry_formula_and_value(report, world):
    cells = {f"DVC09.{name}": "0" for name in ("received_in_person", "received_postal", "resolved_overdue", "rejected")}
    cells |= {"DVC09.received_online": "10", "DVC09.resolved_early": "5", "DVC09.resolved_on_time": "1"}
    saving.save_cells(report_id=report.pk, by=world.officer, cells={**cells, "DVC09.pending_overdue": "2"})
    content = write_entry_form(report, world.officer)
    formula = place(openpyxl.load_workbook(io.BytesIO(content)), "DVC09.pending_in_time").value
    assert formula.startswith("=IF(COUNT(")
    stored = place(openpyxl.load_workbook(io.BytesIO(content), data_only=True), "DVC09.pending_in_time").value
    assert stored == 4 + 10 - 6 - 2
