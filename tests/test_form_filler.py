"""Excel forms that people hand in: filled in place, everything else as it was; refused with every fault at once."""

import io
import json
import re
import time
import warnings
import zipfile

import openpyxl
import pytest

from de_an_06.plain import excel_forms
from de_an_06.plain.excel_forms import FormRefused
from de_an_06.plain.form_filler import filling, parts, references
from de_an_06.plain.form_filler.references import References, Rows
from tests.circular_form import CODES, PARAMETERS, UNITS, circular, parts_of, with_parts
from tests.test_form_states import needs_soffice, soffice

pytestmark = pytest.mark.once
OF_UNIT = ["stt", "ten", "truc_tuyen", "truc_tiep", "buu_chinh", "truoc_han", "giai_quyet_qua_han"]
KNOWN = {
    "cells": [
        *("dv_ten", "dv_cap_tren", "dv_ma", "ky", "bc_da_co", "bc_phai_nop", "tong_ty_le_truc_tuyen"),
        "DVC09_tiep_nhan",
    ],
    "lists": {"don_vi": OF_UNIT},
    "columns": ["tiep_nhan", "tu_so", "giai_quyet", "ty_le"],
    "codes": ["DVC09", "DVC10", "TT01"],
}
ONLINE = (10, 0, None)  # of three units: a figure, a zero, nothing


def said(value):
    return [value, "" if value is None else str(value)]


def unit(number, online):
    figures = dict(zip(OF_UNIT, (number, f"Xã <{number}> & =1+1", online, 1, None, 5, number), strict=True))
    return {key: said(value) for key, value in figures.items()}


def values(units=ONLINE):
    return {
        "cells": {key: said(f"[{key}]") for key in KNOWN["cells"]}
        | {"tong_ty_le_truc_tuyen": [0.956743, "95,67%"], "DVC09_tiep_nhan": said(None), "bc_phai_nop": said(14)},
        "lists": {"don_vi": [unit(number, online) for number, online in enumerate(units, 1)]},
        "codes": {
            "DVC09": {"tiep_nhan": said(12), "giai_quyet": said(0), "ty_le": said(0.9567)},
            "DVC10": {"tiep_nhan": said(None), "giai_quyet": said(4), "ty_le": said(None)},
            "TT01": {"tu_so": said(7)},
        },
    }


@pytest.fixture
def fill(tmp_path):
    def filled(content, given=None):
        form, out = tmp_path / "mau.xlsx", tmp_path / "ra.xlsx"
        form.write_bytes(content)
        asked = {"form": str(form), "out": str(out), "known": KNOWN, "values": [given or values()]}
        filling.answer(json.loads(json.dumps(asked)))
        return out.read_bytes()

    return filled


@pytest.fixture
def refused(tmp_path):
    def sentences(content):
        form = tmp_path / "mau.xlsx"
        form.write_bytes(content)
        with pytest.raises(parts.FormFault) as error:
            filling.answer({"form": str(form), "known": KNOWN})
        return error.value.sentences

    return sentences


def book_of(content, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(content), **more)


def test_rows_are_repeated_and_everything_follows(fill):
    sheet = book_of(fill(circular()))[UNITS]
    assert [[sheet.cell(row, column).value for column in (1, 2, 4, 5, 6, 9)] for row in (10, 11, 12)] == [
        [1, "Xã <1> & =1+1", 10, 1, None, 1],
        [2, "Xã <2> & =1+1", 0, 1, None, 2],
        [3, "Xã <3> & =1+1", None, 1, None, 3],
    ]
    assert sheet["B10"].data_type == "s"
    assert [sheet[f"G{row}"].value for row in (10, 12)] == ["=SUM(D10:F10)", "=SUM(D12:F12)"]
    assert [sheet[f"J{row}"].value for row in (10, 12)] == ['=IF(G$14=0,"",G10/G$14)', '=IF(G$14=0,"",G12/G$14)']
    assert [sheet[f"{column}14"].value for column in "ADI"] == ["TỔNG SỐ", "=SUM(D10:D13)", "=SUM(I10:I13)"]
    assert (sheet["B13"].value, sheet["A16"].value) == ("(dòng trống có sẵn)", "Nơi nhận: lưu")
    assert sheet["A5"].value == "Kỳ báo cáo: [ky]; [bc_da_co]/14 báo cáo"
    assert (sheet["J14"].value, sheet["J14"].number_format) == (0.956743, "0.00%")
    assert {sheet.row_dimensions[row].height for row in (10, 11, 12)} == {27.75}
    assert sheet["D12"].style_id == sheet["D10"].style_id
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {"A6:A8", "B6:C8", "B10:C10", "B11:C11", "B12:C12", "A14:C14", "G16:J16"} <= merged
    assert len(merged) == len(book_of(circular())[UNITS].merged_cells.ranges) + 2
    assert sheet.print_area == f"'{UNITS}'!$A$1:$J$16"
    assert (sheet.print_title_rows, sheet.freeze_panes) == ("$6:$9", "D10")
    assert [str(rule.sqref) for rule in sheet.conditional_formatting] == ["I10:I14", "A10:J12"]
    assert [one.formula for rule in sheet.conditional_formatting for one in rule.rules] == [["5"], ["$G10>$G$14/2"]]
    assert [str(one.sqref) for one in sheet.data_validations.dataValidation] == ["D10:F12"]
    assert [one.id for one in sheet.row_breaks.brk] == [15]
    assert sheet["G16"].comment.text == "Ký, ghi rõ họ tên"
    assert sheet.page_setup.orientation == "landscape"


def test_charts_pictures_and_names_follow(fill):
    parts = parts_of(fill(circular()))
    chart, drawing = parts["xl/charts/chart1.xml"].decode(), parts["xl/drawings/drawing1.xml"].decode()
    assert re.findall("<c:f>(.*?)</c:f>", chart) == [f"'{UNITS}'!$B$10:$B$12", f"'{UNITS}'!$G$10:$G$12"]
    assert "don_vi.ten" not in chart  # what it kept of the cells
    assert re.findall(r"<xdr:from>.*?<xdr:row>(\d+)", drawing) == ["17", "5"]  # the picture below, the chart beside
    assert re.findall(r"<xdr:to>.*?<xdr:row>(\d+)", drawing) == ["17", "18"]  # of the same size as before
    assert f"'{UNITS}'!$D$10:$I$14" in parts["xl/workbook.xml"].decode()
    assert "<x:Row>15" in parts["xl/drawings/vmlDrawing1.vml"].decode()


def test_rows_with_codes_are_filled_beside_them(fill):
    book = book_of(fill(circular()))
    sheet = book[CODES]
    assert [[cell.value for cell in row[2:6]] for row in sheet["A2:F6"]] == [
        [None, None, None, None],  # the row of marks
        [12, "x", 0, 0.9567],  # “x” of the form stays; 0 is 0
        [None, None, "=C4-1", None],  # a formula stays, blank stays blank
        [None, 7, None, None],  # last month's 777 is none of this month
        [None, None, None, None],  # a code nobody knows
    ]
    assert (sheet["F3"].number_format, sheet["C8"].value, sheet["E8"].value) == (
        "0.0%", "=SUM(C3:C6)", f"='{UNITS}'!G14",
    )  # fmt: skip
    hidden = book[PARAMETERS]
    assert (hidden.sheet_state, hidden["B1"].value, hidden["B2"].value) == ("hidden", "[dv_ma]", None)
    assert hidden["A3"].value == f"=SUM('{UNITS}'!D10:D13)"


def test_what_is_not_filled_stays_byte_for_byte(fill):
    content = circular()
    form, filled = parts_of(content), parts_of(fill(content, values(units=(10,))))
    assert form.keys() - filled.keys() == {"xl/calcChain.xml"}
    changed = {name for name in filled if filled[name] != form[name]}
    sheets = {f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3)}
    assert changed == sheets | {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
    assert b"calcChain" not in filled["[Content_Types].xml"] + filled["xl/_rels/workbook.xml.rels"]
    assert b'fullCalcOnLoad="1"' in filled["xl/workbook.xml"]
    more = parts_of(fill(content))
    following = {"xl/charts/chart1.xml", "xl/drawings/drawing1.xml", "xl/drawings/vmlDrawing1.vml", "xl/comments1.xml"}
    assert {name for name in more if more[name] != form[name]} == changed | following
    assert not re.search(rb"</f><v>", b"".join(more[name] for name in sheets))  # no old results


def shared_formulas(of_form):
    """As Excel keeps the formulas of a row of totals that was drawn to the right."""
    name = "xl/worksheets/sheet1.xml"
    sheet = of_form[name].replace(b"<f>SUM(D10:D11)</f>", b'<f t="shared" ref="D12:I12" si="0">SUM(D10:D11)</f>')
    of_form[name] = re.sub(rb"<f>SUM\([E-I]10:[E-I]11\)</f>", b'<f t="shared" si="0"/>', sheet)


def pieces(*texts):
    """The text of A2 in pieces of their own look, the first of them bold."""

    def change(of_form):
        runs = "".join(
            f"<r>{'<rPr><b/></rPr>' if number == 0 else ''}<t>{text}</t></r>" for number, text in enumerate(texts)
        )
        name = "xl/sharedStrings.xml"
        of_form[name] = of_form[name].replace(b"<t>{{dv_ten}}</t>", runs.encode())

    return change


def test_shared_formulas_and_pieces_of_text_keep_what_they_are(fill):
    def change(of_form):
        shared_formulas(of_form)
        pieces("Tên: ", "{{dv_ten}}")(of_form)

    content = fill(with_parts(circular(), change))
    sheet = book_of(content, rich_text=True)[UNITS]
    assert [sheet[f"{column}14"].value for column in "DGI"] == [f"=SUM({c}10:{c}13)" for c in "DGI"]
    assert [(str(piece), getattr(piece, "font", None) is not None) for piece in sheet["A2"].value] == [
        ("Tên: ", True),
        ("[dv_ten]", False),
    ]


def test_nothing_to_repeat_leaves_one_empty_row(fill):
    sheet = book_of(fill(circular(), values(units=())))[UNITS]
    assert [sheet.cell(10, column).value for column in (1, 2, 4, 9)] == [None] * 4
    assert sheet["D12"].value == "=SUM(D10:D11)"


def test_ninety_five_units_fill_quickly(fill):
    began = time.monotonic()
    sheet = book_of(fill(circular(), values(units=range(95))))[UNITS]
    assert time.monotonic() - began < 8  # 1 s on a quiet machine
    assert (sheet["A104"].value, sheet["D104"].value, sheet["D106"].value) == (95, 94, "=SUM(D10:D105)")


@pytest.mark.slow
@needs_soffice
def test_libreoffice_computes_it_and_its_own_forms_are_filled_too(fill, tmp_path):
    """Shared formulas, its own styles and names: a form saved by LibreOffice, filled, opened by it again."""
    form = soffice(tmp_path, circular())
    filled = book_of(soffice(tmp_path, fill(form)), data_only=True)
    sheet = filled[UNITS]
    assert [sheet[f"{column}14"].value for column in "DEFGHI"] == [10, 3, 0, 13, 15, 6]
    assert sheet["J10"].value == pytest.approx(11 / 13)
    assert (filled[CODES]["C8"].value, filled[CODES]["E8"].value) == (12, 13)
    assert filled[PARAMETERS]["A3"].value == 10
    assert "G16:J16" in {str(area) for area in sheet.merged_cells.ranges}


@pytest.mark.parametrize(
    ("formula", "inside", "moved"),
    [
        ("SUM(D10:D10)", "", "SUM(D10:D12)"),
        ("SUM(D8:D9)+D11", "", "SUM(D8:D9)+D13"),
        ("SUM($D$10:D20)", "", "SUM($D$10:D22)"),
        ("SUM(10:10)", "", "SUM(10:12)"),
        ("SUM(D:D)", "", "SUM(D:D)"),
        ("D10*E10/SUM(D$10:D$10)", "don_vi", "D10*E10/SUM(D$10:D$12)"),
        ("SUM(D$10:D10)", "don_vi", "SUM(D$10:D10)"),
        ("'Ô''ng'!D10:D11&\"D10\"", "", "'Ô''ng'!D10:D11&\"D10\""),
        ("'Biểu'!D11+biểu!D11+Khác!D11", "", "'Biểu'!D13+biểu!D13+Khác!D11"),
        ("IF(TRUE,LOG10(D11),Bang1[D11])", "", "IF(TRUE,LOG10(D13),Bang1[D11])"),
    ],
)
def test_references_follow_as_in_excel(formula, inside, moved):
    rows = References({"Biểu": Rows({10: ("don_vi", 3)}), "Khác": Rows()})
    assert rows.formula(formula, "Biểu", inside) == moved
    assert references.copied("A9+B$4+$C10", 10, 2) == "A11+B$4+$C12"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"A3": "{{dv_tenn}}"}, "ô A3: chỗ điền “dv_tenn” không có trong danh mục; gần nhất là “dv_ten”."),
        ({"A3": "{{ky"}, "ngoặc {{ }} chưa đóng"),
        ({"A3": "{{cot.tiep_nhan}}"}, "dòng đánh dấu cần đúng một {{cot.ma}}"),
        (
            {"A3": "=D10"},
            "trỏ vào một ô của dòng lặp (D10), chỉ lấy được dòng đầu. Viết thành vùng, ví dụ SUM(D10:D10)",
        ),
        ({"G10": "=D10/D12"}, "trỏ sang dòng khác (D12); khi lặp sẽ trôi. Đặt $ trước số dòng, ví dụ D$12"),
        ({"A3": "=SUM(#REF!)"}, "ô A3: công thức hỏng (#REF!)"),
        ({"A3": '=_xlfn.WEBSERVICE("http://192.0.2.1")'}, "lấy dữ liệu từ nơi khác"),
        ({"A3": "='[1]Bảng'!A1"}, "nối sang tệp hoặc chương trình khác"),
        ({"K10": "{{don_vi.stt}} {{don_vi.la}}"}, "chỗ điền “don_vi.la” không có"),
        ({"B2": "{{ky}}"}, "nằm sau ô gộp"),
    ],
)
def test_a_fault_in_a_cell_is_said_with_its_place(refused, cells, words):
    (sentence,) = refused(circular(**cells))
    assert words in sentence


def broken_name(of_form):
    of_form["xl/workbook.xml"] = of_form["xl/workbook.xml"].replace(
        b"</definedNames>", b'<definedName name="cu">#REF!$A$1</definedName></definedNames>'
    )


def own_name(of_form):
    """Of one cell of the repeated row: it would be the first unit alone."""
    of_form["xl/workbook.xml"] = of_form["xl/workbook.xml"].replace(b"$D$10:$I$12", b"$D$10")


def misspelt_name(of_form):
    of_form["xl/workbook.xml"] = of_form["xl/workbook.xml"].replace(b'"dv_ma"', b'"DVC99_tiep_nhan"')


def several_cells(of_form):
    of_form["xl/workbook.xml"] = of_form["xl/workbook.xml"].replace(b"!$B$1<", b"!$B$1:$C$2<")


def crossing(of_form):
    name = "xl/worksheets/sheet1.xml"
    of_form[name] = of_form[name].replace(b"</mergeCells>", b'<mergeCell ref="K9:K10"/></mergeCells>')


def array(of_form):
    name = "xl/worksheets/sheet1.xml"
    of_form[name] = of_form[name].replace(b"<f>SUM(D10:F10)</f>", b'<f t="array" ref="G9:G10">SUM(D10:F10)</f>')


def page_head(of_form):
    name = "xl/worksheets/sheet1.xml"
    head = b"<headerFooter><oddHeader>{{ky}}</oddHeader></headerFooter><rowBreaks"
    of_form[name] = of_form[name].replace(b"<rowBreaks", head)


def link(of_form):
    name = "xl/worksheets/_rels/sheet1.xml.rels"
    of_form[name] = of_form[name].replace(
        b"</Relationships>",
        b'<Relationship Id="rId77" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        b'Target="http://192.0.2.1/a.png" TargetMode="External"/></Relationships>',
    )


def doctype(of_form):
    head, _, rest = of_form["xl/workbook.xml"].partition(b"?>")
    of_form["xl/workbook.xml"] = head + b'?><!DOCTYPE d [<!ENTITY a "aaaa">]>' + rest


def part(name):
    def change(of_form):
        of_form[name] = b"<a/>"

    return change


FAULTS = [
    (broken_name, "Tên “cu” hỏng (#REF!)"),
    (misspelt_name, "Tên “DVC99_tiep_nhan” không có trong danh mục; gần nhất là “DVC09_tiep_nhan”."),
    (own_name, "Tên “tong_cua_bieu”: công thức trỏ vào một ô của dòng lặp ($D$10)"),
    (several_cells, "Tên “dv_ma” chỉ nhiều ô"),
    (crossing, "ô gộp K9:K10 vắt qua biên dòng lặp 10"),
    (array, "công thức mảng nằm trên dòng lặp"),
    (pieces("{{dv_", "ten}}"), "chỗ điền bị cắt vì một phần chữ định dạng khác"),
    (page_head, "ở đầu, chân trang in"),
    (link, "liên kết ra ngoài: “http://192.0.2.1/a.png”"),
    (part("xl/vbaProject.bin.xml"), "có macro"),
    (part("xl/externalLinks/externalLink1.xml"), "nối sang tệp khác"),
    (part("xl/connections.xml"), "kết nối lấy dữ liệu"),
    (part("xl/embeddings/oleObject1.xml"), "đối tượng nhúng"),
    (part("xl/pivotTables/pivotTable1.xml"), "PivotTable"),
]


@pytest.mark.parametrize(("change", "words"), FAULTS, ids=[words[:20] for _, words in FAULTS])
def test_what_a_form_may_not_hold_is_said(refused, change, words):
    (sentence,) = refused(with_parts(circular(), change))
    assert words in sentence


def test_everything_wrong_is_said_at_once(refused):
    def all_of_them(of_form):
        for change, _ in FAULTS:
            change(of_form)

    said_of_it = " ".join(refused(with_parts(circular(A3="{{la}}"), all_of_them)))
    assert [words for _, words in FAULTS if words not in said_of_it and "dv_ma" not in words] == []
    assert "“la” không có" in said_of_it


def test_what_cannot_be_opened_or_costs_too_much_is_refused_by_the_process(tmp_path):
    """The door of the portal: counted first, then in a process with limits."""
    form = tmp_path / "mau.xlsx"

    def look(form):
        return excel_forms.look_through(form, tmp_path / "thu.xlsx", known=KNOWN, tries=[values()])

    with zipfile.ZipFile(large := io.BytesIO(circular()), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.png", b"\0" * (41 * 1024 * 1024))
    for content, words in (
        (b"PK\x03\x04", "Không đọc được tệp Excel"),
        (with_parts(circular(), doctype), "Không đọc được tệp Excel"),
        (large.getvalue(), "giải nén ra quá lớn"),
        (circular(A3="{{la}}"), "“la” không có"),
    ):
        form.write_bytes(content)
        with pytest.raises(FormRefused, match=words):
            look(form)
    form.write_bytes(circular())
    assert look(form)["own_names"] == ["tong_cua_bieu"]
    little = excel_forms.FILLING_LIMITS | {"memory": 30 * 1024 * 1024}
    with pytest.raises(FormRefused, match="quá nhiều bộ nhớ hoặc thời gian"):
        excel_forms.fill(form, tmp_path / "ra.xlsx", known=KNOWN, values=values(), limits=little)
    assert not (tmp_path / "ra.xlsx").exists()
