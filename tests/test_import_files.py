"""Files as people really send them: each is taken as meant, or refused with a sentence that says what to do."""

import csv
import io
import struct
import tracemalloc
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from taskforces.imports import tables
from taskforces.imports.columns import Amount, Count, Day, Mail, OneOf, RosterColumn, Several, Text
from tests.import_sheets import csv_file, xlsx

pytestmark = pytest.mark.once


HEADERS = ["Mã đơn vị", "Họ và tên", "Từ ngày", "Số"]
KNOWN = {tables.header_key(name): name for name in [*HEADERS, "Ghi chú"]}


def read(upload, required=HEADERS[:2]):
    upload.seek(0)
    return tables.read(upload.file, upload.name, KNOWN, list(required))


def reasons(upload) -> list[str]:
    with pytest.raises(tables.FileRefused) as refused:
        read(upload)
    return refused.value.reasons


# --- what is taken


@pytest.mark.parametrize("make", [xlsx, csv_file])
def test_columns_in_any_order_and_spelling(make):
    table = read(make(["HỌ VÀ  TÊN *", " mã đơn vị"], [" An ", "25217 "], ["Bé", "25220"]))
    assert table.headers == ["Họ và tên", "Mã đơn vị"]
    assert table.rows == [["An", "25217"], ["Bé", "25220"]]
    assert table.numbers == [2, 3]


def test_titles_above_the_columns_and_blank_rows_between():
    rows = [["DANH SÁCH THÀNH VIÊN"], [None], HEADERS, ["25217", "An"], [None, " "], ["25220", "Bé"], [None], [None]]

    def merge_title(book):
        book.active.merge_cells("A1:D1")

    table = read(xlsx(None, *rows, edit=merge_title))
    assert (table.numbers, table.blank_rows) == ([4, 6], 1)  # blank rows at the end are no rows


def test_unaccented_composition_is_made_one():
    table = read(xlsx(HEADERS, ["25217", "Nguye\u0302\u0303n\u00a0Va\u0306n An"]))
    assert table.rows[0][1] == "Nguyễn Văn An"


def test_hidden_sheets_are_not_read():
    def hide(book):
        secret = book.create_sheet("Ẩn", 0)
        secret.append(HEADERS)
        secret.append(["99999", "Người Ẩn"])
        secret.sheet_state = "hidden"

    table = read(xlsx(HEADERS, ["25217", "An"], edit=hide))
    assert (table.sheet, table.rows[0][1]) == ("Dữ liệu", "An")


def test_the_sheet_of_the_template_comes_before_others():
    def add(book):
        book.create_sheet("Ghi chép", 0).append(["việc khác"])

    assert read(xlsx(HEADERS, ["25217", "An"], edit=add)).sheet == "Dữ liệu"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_and_without_mark(encoding, separator):
    table = read(csv_file(HEADERS, ["00181", "Nguyễn, Văn; An", "", "1"], encoding=encoding, separator=separator))
    assert table.rows == [["00181", "Nguyễn, Văn; An", "", "1"]]


def test_csv_text_made_safe_comes_back():
    for text in ("=1+1", "+84 271", "-x", "@x"):
        assert tables.safe_for_csv(text) == f"'{text}"
        assert read(csv_file(HEADERS, ["25217", tables.safe_for_csv(text)])).rows[0][1] == text
    assert tables.safe_for_csv("An") == "An"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("begin", ["", "An;", "An; ", 'An;"', "An\n", "An\t", 'An;\n "', "a;b;", "An,", 'An,"'])
@pytest.mark.parametrize("formula", ["=1+1", "+84 271", "-2", "@SUM(1)", "=cmd|' /C calc'!A0"])
def test_whatever_the_separator_of_excel_no_cell_of_ours_begins_a_formula(separator, begin, formula):
    """Excel in Vietnam cuts at semicolons: a line with commas is one cell to it, and texts are cut inside."""
    text = begin + formula
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([tables.safe_for_csv(cell) for cell in ("25217", text, "An")])
    cells = [cell for line in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator) for cell in line]
    assert not [cell for cell in cells if cell.lstrip(' "\n')[:1] in tuple("=+-@")]


@pytest.mark.parametrize("text", ["An;=1+1", "An; +84 271", 'An;"-2', "a;b;@x", "a;b", "a;'b", "a; 'b'"])
def test_a_text_with_semicolons_comes_back_as_it_was(text):
    assert read(csv_file(HEADERS, ["25217", tables.safe_for_csv(text)])).rows[0][1] == text


# --- what is refused


def test_formulas_are_named_one_by_one():
    upload = xlsx(HEADERS, ["25217", "=B3"], ["25217", "An"], ["=A3", "Bé"])
    assert reasons(upload) == [
        "Dòng 2, cột B: ô này là công thức. Chép rồi dán giá trị (Paste Values) vào chỗ đó.",
        "Dòng 4, cột A: ô này là công thức. Chép rồi dán giá trị (Paste Values) vào chỗ đó.",
    ]
    assert reasons(csv_file(HEADERS, ["25217", "=1+1"])) == [
        "Dòng 2, cột B: ô này là công thức (=1+1). Ghi giá trị thay cho công thức."
    ]


def test_merged_cells_are_named():
    def merge(book):
        book.active.merge_cells("A2:A3")

    upload = xlsx(HEADERS, ["25217", "An"], [None, "Bé"], edit=merge)
    assert reasons(upload) == ["Dòng 2 đến 3: các ô A2:A3 đang gộp. Bỏ gộp (Unmerge) rồi ghi giá trị vào từng dòng."]


def test_columns_missing_unknown_or_twice_are_all_said_at_once():
    assert reasons(xlsx(["Mã đơn vị", "Từ ngày", "Điện thoại nhà", "mã đơn vị"], ["25217"])) == [
        "Dòng 1, cột C: không có cột nào tên “Điện thoại nhà”.",
        "Dòng 1, cột D: cột “Mã đơn vị” có hai lần.",
        "Thiếu cột “Họ và tên”.",
        "Các cột được nhận: Mã đơn vị, Họ và tên, Từ ngày, Số, Ghi chú.",
    ]


def test_content_under_no_column_is_not_dropped():
    assert reasons(xlsx(["Mã đơn vị", "Họ và tên", None], ["25217", "An", "thêm"])) == [
        "Dòng 2, cột C: ô có nội dung nhưng cột không có tên."
    ]
    assert reasons(csv_file(HEADERS[:2], ["25217", "An", "thêm"])) == [
        "Dòng 2, cột C: ô có nội dung nhưng cột không có tên."
    ]


def test_empty_files():
    assert "không có dòng tên cột" in reasons(xlsx(None))[0]
    assert reasons(xlsx(HEADERS)) == ["Trang “Dữ liệu” có tên cột nhưng không có dòng dữ liệu nào."]
    for name in ("tep.csv", "tep.xlsx"):
        with pytest.raises(ValidationError, match="không có nội dung"):
            tables.inspect_roster(SimpleUploadedFile(name, b""))


@pytest.mark.parametrize("encoding", ["cp1258", "latin-1"])
def test_wrong_encoding_says_how_to_save(encoding):
    content = "Mã đơn vị,Họ và tên\n25217,Trà\n".replace("Mã đơn vị", "Ma")
    upload = SimpleUploadedFile("tep.csv", content.encode(encoding, errors="replace"))
    (reason,) = reasons(upload)
    assert reason.startswith("Tệp CSV không phải mã UTF-8 (từ dòng ")
    assert "CSV UTF-8" in reason


def test_utf16_csv():
    assert "UTF-16" in reasons(SimpleUploadedFile("tep.csv", "Mã đơn vị,Họ và tên\n".encode("utf-16")))[0]


def test_broken_quotes_in_csv():
    content = 'Mã đơn vị,Họ và tên\n25217,"' + "x" * 200_000
    assert "thiếu dấu ngoặc kép đóng" in reasons(SimpleUploadedFile("tep.csv", content.encode()))[0]


@pytest.mark.parametrize("name", ["tep.xlsx", "tep.csv"])
def test_a_renamed_program(name):
    with pytest.raises(ValidationError, match="chương trình"):
        tables.inspect_roster(SimpleUploadedFile(name, b"MZ\x90\x00" + b"\0" * 500))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tep.xlsm", b"PK\x03\x04", "có macro"),
        ("tep.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel dạng cũ"),
        ("tep.pdf", b"%PDF-1.7", "không phải .xlsx hoặc .csv"),
        ("tep.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "mật khẩu"),
        ("tep.xlsx", b"PK\x03\x04" + b"x" * 600, "không phải là tệp .xlsx"),
        ("tep.csv", b"PK\x03\x04" + b"x" * 600, "không phải CSV"),
        ("tep.csv", b"%PDF-1.7", "không phải CSV"),
    ],
)
def test_other_kinds_of_files(name, content, message):
    with pytest.raises(ValidationError, match=message):
        tables.inspect_roster(SimpleUploadedFile(name, content))


def test_too_large(monkeypatch):
    upload = SimpleUploadedFile("tep.csv", b"a,b\n")
    upload.size = 21 * 1024 * 1024
    with pytest.raises(ValidationError, match="nặng 21 MB"):
        tables.inspect_roster(upload)


def test_a_damaged_workbook():
    content = bytearray(xlsx(HEADERS, *[["25217", f"Người {i}"] for i in range(50)]).read())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    at = info.header_offset + 60
    content[at : at + 20] = b"\xff" * 20
    assert "không đọc được tệp excel" in reasons(SimpleUploadedFile("tep.xlsx", bytes(content)))[0].lower()


def zip_bomb() -> SimpleUploadedFile:
    """250 MB of zeros in a small file."""
    content = io.BytesIO(xlsx(HEADERS, ["25217", "An"]).read())
    with (
        zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/so.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(250):
            part.write(b"\0" * 1024 * 1024)
    return SimpleUploadedFile("tep.xlsx", content.getvalue())


def test_a_zip_bomb_is_stopped_before_it_fills_the_memory():
    upload = zip_bomb()
    assert len(upload) < 1024 * 1024
    tracemalloc.start()
    assert "giải nén ra quá lớn" in reasons(upload)[0]
    assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    tracemalloc.stop()


def test_a_zip_that_lies_about_its_size():
    """The directory says 10 bytes; the sheet holds more."""
    content = bytearray(xlsx(HEADERS, ["25217", "An"]).read())
    at = content.rfind(b"xl/worksheets/sheet1.xml") - 46  # its entry in the directory at the end
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    assert "không đọc được tệp excel" in reasons(SimpleUploadedFile("tep.xlsx", bytes(content)))[0].lower()


# --- how many


@pytest.fixture(scope="module")
def large():
    """50,000 rows, and one more."""

    def make(count):
        book = Workbook(write_only=True)
        page = book.create_sheet("Dữ liệu")
        page.append(HEADERS)
        for i in range(count):
            page.append(["25217", f"Người {i}"])
        content = io.BytesIO()
        book.save(content)
        return SimpleUploadedFile("tep.xlsx", content.getvalue())

    return make


@pytest.mark.once
@pytest.mark.slow
def test_fifty_thousand_rows_are_read_and_one_more_is_refused(large):
    table = read(large(tables.MOST_ROSTER_ROWS))
    assert (len(table.rows), table.numbers[-1]) == (50_000, 50_001)
    assert reasons(large(tables.MOST_ROSTER_ROWS + 1)) == [
        "Tệp có hơn 50.000 dòng. Chia thành nhiều tệp rồi gửi từng tệp."
    ]
    text = "Mã đơn vị,Họ và tên\n" + "25217,An\n" * 50_001
    assert "50.000 dòng" in reasons(SimpleUploadedFile("tep.csv", text.encode()))[0]


# --- cells


def clean(widget, value):
    try:
        return widget.clean(value)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("09/08/2022", "09/08/2022"),
        ("9/8/2022", "09/08/2022"),
        ("2022-08-09", "09/08/2022"),
        ("9.8.2022", "09/08/2022"),
        ("31/02/2022", "Không có ngày 31/02/2022. Ghi ngày trước, tháng sau: 09/08/2022."),
        ("08/13/2022", "Không có ngày 08/13/2022. Ghi ngày trước, tháng sau: 09/08/2022."),
        ("9/8/22", "“9/8/22” không phải ngày. Ghi theo dạng 09/08/2022."),
        ("hôm qua", "“hôm qua” không phải ngày. Ghi theo dạng 09/08/2022."),
        (44782, "“44782” không phải ngày. Ghi theo dạng 09/08/2022."),
        ("09/08/1022", "Ngày 09/08/1022 nằm ngoài khoảng 1990–2100."),
        (None, ""),
    ],
)
def test_days(value, expected):
    day = clean(Day(), value)
    assert (day if isinstance(day, str) else Day().render(day)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), (12, 12), (12.0, 12), ("1.234", 1234), (" 7 ", 7), (None, None), (0, 0), ("0", 0)],
)
def test_counts_also_as_text(value, expected):
    assert clean(Count(5000), value) == expected


@pytest.mark.parametrize("value", ["12,5", 12.5, "-1", "mười", True, 5001])
def test_counts_that_are_none(value):
    assert isinstance(clean(Count(5000), value), str)


@pytest.mark.parametrize(
    ("value", "expected"), [("95,5", "95,5"), (95.5, "95,5"), ("1.234", "1234"), (100, "100"), ("0", "0")]
)
def test_amounts(value, expected):
    assert Amount().render(clean(Amount(), value)) == expected


@pytest.mark.parametrize("value", ["95.5", -1, "1e5", "NaN", 1.234, 10**12, True, float("inf")])
def test_amounts_that_are_none(value):
    assert isinstance(clean(Amount(), value), str)


def test_choices_say_what_may_be_chosen():
    widget = OneOf([("head", "Tổ trưởng"), ("member", "Thành viên")])
    assert clean(widget, " tổ  TRƯỞNG ") == "head"
    assert clean(widget, "Sếp") == "Không có “Sếp”. Chọn một trong: Tổ trưởng; Thành viên."


def test_texts_and_mails():
    assert clean(Text(5), 25217) == "25217"
    assert clean(Text(5), 25217.0) == "25217"
    assert clean(Text(5), "123456") == "Dài 6 ký tự; nhiều nhất 5."
    assert clean(Mail(254), "an@xa") == "“an@xa” không phải địa chỉ thư."
    assert clean(Several({"a": "A", "b": "B"}, "mã"), "b; a,b") == {"a", "b"}
    assert clean(Several({"a": "A"}, "mã"), "A; X; Y") == "Không có mã “X”, “Y”."
    assert RosterColumn("x", "X", Text(5)).read({}) is None
