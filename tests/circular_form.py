"""A form as circulars print them: heads over three rows, official header, sums and rates by formula, a chart, pictures,
conditions, validations, notes, a print area, a hidden sheet."""

import base64
import io
import zipfile

import xlsxwriter

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
UNITS, CODES, PARAMETERS = "Biểu 01a", "Biểu 01b", "Tham số"
UNIT_ROW, UNIT_TOTAL = 10, 12  # of the form as it is handed in
CODED = ("DVC09", "DVC10", "TT01", "DVC99")
CALC_CHAIN = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="G10" i="1"/></calcChain>'
)


def circular(**cells: str) -> bytes:
    """The form; `cells` (A1="…") write over those of the first sheet."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        _units(book, cells)
        _codes(book)
        _parameters(book)
    return with_parts(content.getvalue(), calc_chain)


def calc_chain(parts: dict[str, bytes]) -> None:
    """As Excel keeps it; xlsxwriter does not."""
    parts["xl/calcChain.xml"] = CALC_CHAIN.encode()
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'spreadsheetml.calcChain+xml"/></Types>',
    )
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"'
        b' Target="calcChain.xml"/></Relationships>',
    )


def with_parts(content: bytes, change) -> bytes:
    """The file with its parts changed: name -> content."""
    parts = parts_of(content)
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _units(book, cells) -> None:
    sheet = book.add_worksheet(UNITS)
    bold = book.add_format({"bold": True, "align": "center", "text_wrap": True})
    head = book.add_format({"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True})
    words, count = book.add_format({"border": 1}), book.add_format({"border": 1, "num_format": "#,##0"})
    rate = book.add_format({"border": 1, "num_format": "0.00%"})
    sheet.merge_range("A1:D1", "{{dv_cap_tren}}", bold)
    sheet.merge_range("A2:D2", "{{dv_ten}}", bold)
    sheet.merge_range("E1:J1", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold)
    sheet.merge_range("A4:J4", "BIỂU 01a/ĐA06. KẾT QUẢ TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ", bold)
    sheet.merge_range("A5:J5", "Kỳ báo cáo: {{ky}}; {{bc_da_co}}/{{bc_phai_nop}} báo cáo", bold)
    for area, text in (
        *(("A6:A8", "STT"), ("B6:C8", "Đơn vị"), ("D6:G6", "Tiếp nhận"), ("H6:J6", "Giải quyết"), ("D7:E7", "Chia ra")),
        *(("F7:F8", "Bưu chính"), ("G7:G8", "Tổng"), ("H7:I7", "Chia ra"), ("J7:J8", "Tỷ lệ, tỷ trọng")),
    ):
        sheet.merge_range(area, text, head)
    for column, text in enumerate(("Trực tuyến", "Trực tiếp"), 3):
        sheet.write(7, column, text, head)
    for column, text in enumerate(("Trước hạn", "Quá hạn"), 7):
        sheet.write(7, column, text, head)
    for column in range(10):
        sheet.write(8, column, f"({column + 1})", head)
    sheet.set_row(UNIT_ROW - 1, 27.5)
    sheet.write("A10", "{{don_vi.stt}}", words)
    sheet.merge_range("B10:C10", "{{don_vi.ten}}", words)
    for column, figure in zip("DEF", ("truc_tuyen", "truc_tiep", "buu_chinh"), strict=True):
        sheet.write(f"{column}10", f"{{{{don_vi.{figure}}}}}", count)
    sheet.write_formula("G10", "=SUM(D10:F10)", count)
    sheet.write("H10", "{{don_vi.truoc_han}}", count)
    sheet.write("I10", "{{don_vi.giai_quyet_qua_han}}", count)
    sheet.write_formula("J10", '=IF(G$12=0,"",G10/G$12)', rate)
    sheet.write("B11", "(dòng trống có sẵn)", words)
    sheet.merge_range("A12:C12", "TỔNG SỐ", head)
    for column in "DEFGHI":
        sheet.write_formula(f"{column}12", f"=SUM({column}10:{column}11)", count)
    sheet.write("J12", "{{tong_ty_le_truc_tuyen}}", rate)
    sheet.write("A14", "Nơi nhận: lưu", words)
    sheet.merge_range("G14:J14", "NGƯỜI LẬP", bold)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"name": "Tiếp nhận", "categories": [UNITS, 9, 1, 9, 1], "values": [UNITS, 9, 6, 9, 6]})
    sheet.insert_chart("L6", chart)
    sheet.insert_image("B16", "dau.png", {"image_data": io.BytesIO(PICTURE)})
    sheet.write_comment("G14", "Ký, ghi rõ họ tên")
    sheet.conditional_format("I10:I12", {"type": "cell", "criteria": ">", "value": 5, "format": bold})
    sheet.conditional_format("A10:J10", {"type": "formula", "criteria": "=$G10>$G$12/2", "format": bold})
    sheet.data_validation("D10:F10", {"validate": "integer", "criteria": ">=", "value": 0})
    sheet.freeze_panes(9, 3)
    sheet.print_area("A1:J14")
    sheet.repeat_rows(5, 8)
    sheet.set_landscape()
    sheet.set_h_pagebreaks([13])
    book.define_name("tong_cua_bieu", f"='{UNITS}'!$D$10:$I$12")
    for place, text in cells.items():
        if text.startswith("="):
            sheet.write_formula(place, text, count)
        else:
            sheet.write(place, text, words)


def _codes(book) -> None:
    """Rows that the circular has typed, each with its code; a row of marks above them."""
    sheet = book.add_worksheet(CODES)
    count, rate = book.add_format({"num_format": "#,##0", "border": 1}), book.add_format({"num_format": "0.0%"})
    for column, text in enumerate(("Mã", "Dịch vụ công, chỉ tiêu", "Tiếp nhận", "Tử số", "Giải quyết", "Tỷ lệ")):
        sheet.write(0, column, text)
    marks = ("{{cot.ma}}", "", "{{cot.tiep_nhan}}", "{{cot.tu_so}}", "{{cot.giai_quyet}}", "{{cot.ty_le}}")
    for column, text in enumerate(marks):
        sheet.write(1, column, text)
    for row, code in enumerate(CODED, 2):
        sheet.write(row, 0, code)
        sheet.write(row, 1, f"Dòng in sẵn của {code}")
        for column in (2, 3, 4):
            sheet.write_blank(row, column, None, count)
        sheet.write_blank(row, 5, None, rate)
    sheet.write(2, 3, "x", count)
    sheet.write_number(4, 2, 777, count)  # figures of last month, left in the form
    sheet.write_formula(3, 4, "=C4-1", count)
    sheet.write_formula("C8", "=SUM(C3:C6)", count)
    sheet.write_formula("E8", f"='{UNITS}'!G12", count)


def _parameters(book) -> None:
    sheet = book.add_worksheet(PARAMETERS)
    sheet.write("A1", "Mã đơn vị")
    sheet.write_formula("A3", f"=SUM('{UNITS}'!D10:D11)")
    book.define_name("dv_ma", f"='{PARAMETERS}'!$B$1")
    book.define_name("DVC09_tiep_nhan", f"='{PARAMETERS}'!$B$2")
    sheet.hide()
