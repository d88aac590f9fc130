"""Writes reporting/data/bao-cao-so-ket.docx, the template of the interim report that the portal brings along.

`python bin/word_template.py`. The form is that of Decree 30/2020/NĐ-CP, appendix I: A4, margins 20-25, 30-35, 15-20 mm,
Times New Roman, sizes as said there. What can be filled in: reporting/exports/interim/placeholders.py.
"""

import datetime as dt
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

OUT = Path(__file__).resolve().parent.parent / "reporting" / "data" / "bao-cao-so-ket.docx"
FONT, BODY, SMALL = "Times New Roman", 14, 11
CENTRE, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY
RIGHT = WD_ALIGN_PARAGRAPH.RIGHT

SERVICES = (
    ("STT", "{{ d.stt }}", 10),
    ("Dịch vụ công", "{{ d.ten }}", 60),
    ("Tiếp nhận", "{{ d.tiep_nhan }}", 19),
    ("Trực tuyến", "{{ d.ty_le_truc_tuyen }}", 19),
    ("Đã giải quyết", "{{ d.giai_quyet }}", 19),
    ("Trước và đúng hạn", "{{ d.ty_le_dung_han }}", 20),
    ("Đang quá hạn", "{{ d.qua_han }}", 17),
)
UNITS = (
    ("STT", "{{ d.stt }}", 10),
    ("Đơn vị", "{{ d.ten }}", 42),
    ("Báo cáo", "{{ d.bao_cao }}", 16),
    ("Tiếp nhận", "{{ d.tiep_nhan }}", 18),
    ("Trực tuyến", "{{ d.ty_le_truc_tuyen }}", 19),
    ("Trước và đúng hạn", "{{ d.ty_le_dung_han }}", 20),
    ("Đang quá hạn", "{{ d.qua_han }}", 17),
    ("Kích hoạt VNeID", "{{ d.vneid }}", 22),
)
INDICATORS = (
    ("STT", "{{ d.stt }}", 10),
    ("Chỉ tiêu", "{{ d.ten }}", 68),
    ("Số đạt", "{{ d.so_dat }}", 22),
    ("Tổng số", "{{ d.tong_so }}", 20),
    ("Tỷ lệ", "{{ d.ty_le }}", 18),
    ("So với kỳ trước", "{{ d.thay_doi }}", 26),
)
TARGETS = (
    ("Nội dung", "{{ d.noi_dung }}", 82),
    ("Mức giao", "{{ d.chi_tieu }}", 27),
    ("Kết quả", "{{ d.ket_qua }}", 27),
    ("Đánh giá", "{{ d.danh_gia }}", 28),
)
ASSIGNMENTS = (
    ("Văn bản giao nhiệm vụ", "{{ d.van_ban }}", 64),
    ("Được giao", "{{ d.duoc_giao }}", 25),
    ("Hoàn thành", "{{ d.hoan_thanh }}", 25),
    ("Đang thực hiện", "{{ d.dang_lam }}", 25),
    ("Quá hạn", "{{ d.qua_han }}", 25),
)
CONCLUSIONS = (
    ("STT", "{{ d.stt }}", 10),
    ("Kết luận", "{{ d.noi_dung }}", 66),
    ("Cuộc họp", "{{ d.cuoc_hop }}", 32),
    ("Hạn", "{{ d.han }}", 22),
    ("Kết quả", "{{ d.ket_qua }}", 34),
)
DIFFICULTIES = (
    ("STT", "{{ d.stt }}", 10),
    ("Đơn vị", "{{ d.don_vi }}", 30),
    ("Khó khăn, kiến nghị", "{{ d.noi_dung }}", 68),
    ("Trả lời", "{{ d.tra_loi }}", 56),
)
WITH_CODE = "{% if ma_kiem_tra %}"
LEFT_ALIGNED = {"ten", "don_vi", "noi_dung", "van_ban", "cuoc_hop", "tra_loi", "ket_qua_words"}

NUMBERING = f"""<w:abstractNum {nsdecls("w")} w:abstractNumId="41"><w:multiLevelType w:val="multilevel"/>
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:suff w:val="space"/><w:lvlText w:val="%1."/>
<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="0" w:firstLine="720"/></w:pPr><w:rPr><w:b/></w:rPr></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:suff w:val="space"/><w:lvlText w:val="%2."/>
<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="0" w:firstLine="720"/></w:pPr><w:rPr><w:b/></w:rPr></w:lvl>
</w:abstractNum>"""


def write(out: Path) -> None:
    document = Document()
    _page(document)
    _head(document)
    for text in ("{%p for doan in mo_dau %}", "{{ doan }}", "{%p endfor %}"):
        _body(document, text)
    _directing(document)
    _results(document)
    _shortcomings(document)
    _outlook(document)
    _notes(document)
    _end(document)
    _conclusion(document)
    document.save(out)


# The page ------------------------------------------------------------------------------------------------------------


def _page(document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(16)
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = CENTRE
    run = number.add_run()
    for part in (
        f'<w:fldChar {nsdecls("w")} w:fldCharType="begin"/>',
        f'<w:instrText {nsdecls("w")} xml:space="preserve"> PAGE </w:instrText>',
        f'<w:fldChar {nsdecls("w")} w:fldCharType="end"/>',
    ):
        run._r.append(parse_xml(part))
    _letters(run, BODY)
    for footer in (section.first_page_footer, section.footer):
        footer.is_linked_to_previous = False
        _put(footer.paragraphs[0], f"{WITH_CODE}Mã kiểm tra {{{{ ma_kiem_tra }}}}{{% endif %}}", 9, align=CENTRE)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(BODY)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.15
    language = parse_xml(f'<w:lang {nsdecls("w")} w:val="vi-VN" w:eastAsia="vi-VN"/>')
    normal.element.rPr.append(language)
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(NUMBERING))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="41"><w:abstractNumId w:val="41"/></w:num>'))
    properties = document.core_properties
    properties.title, properties.author, properties.comments = "{{ trich_yeu }}", "{{ don_vi }}", ""
    properties.created = properties.modified = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the format knows no zone
    properties.last_modified_by = ""


def _letters(run, size: float, *, bold: bool = False, italic: bool = False, underline: bool = False):
    run.font.name, run.font.size = FONT, Pt(size)
    run._r.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), FONT)
    run.bold, run.italic, run.underline = bold or None, italic or None, underline or None
    return run


def _put(paragraph, text: str, size: float = BODY, *, align=None, after: float = 0, **letters):
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.line_spacing = 1.0
    _letters(paragraph.add_run(text), size, **letters)
    return paragraph


def _rule(paragraph, indent: float) -> None:
    """A thin line across the paragraph but for `indent` mm at both ends."""
    _put(paragraph, "", 2, after=4)
    paragraph.paragraph_format.space_before = Pt(4)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent)
    border = f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(parse_xml(border), "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _columns(table, widths) -> None:
    """Word reads the width of cells, LibreOffice that of columns."""
    table.autofit = False
    for i, width in enumerate(widths):
        table.columns[i].width = Mm(width)
        for row in table.rows:
            row.cells[i].width = Mm(width)


def _head(document) -> None:
    table = document.add_table(rows=2, cols=2)
    _columns(table, (66, 98))
    left, right = table.rows[0].cells
    _put(left.paragraphs[0], "{{ co_quan_cap_tren }}", 12, align=CENTRE)
    _put(left.add_paragraph(), "{{ co_quan }}", 12, align=CENTRE, bold=True)
    _rule(left.add_paragraph(), 20)
    _put(right.paragraphs[0], "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, align=CENTRE, bold=True)
    _put(right.add_paragraph(), "Độc lập - Tự do - Hạnh phúc", 13, align=CENTRE, bold=True)
    _rule(right.add_paragraph(), 19)
    left, right = table.rows[1].cells
    _put(left.paragraphs[0], "Số:      {{ ky_hieu }}", 13, align=CENTRE)
    _put(right.paragraphs[0], "{{ dia_danh }}, {{ ngay_thang }}", 14, align=CENTRE, italic=True)
    title = _put(document.add_paragraph(), "BÁO CÁO", 14, align=CENTRE, bold=True)
    title.paragraph_format.space_before = Pt(16)
    _put(document.add_paragraph(), "{{ trich_yeu }}", 14, align=CENTRE, bold=True)
    _rule(document.add_paragraph(), 60)
    _put(document.add_paragraph(), "({{ muc_do }})", 13, align=CENTRE, after=8, italic=True)


# Paragraphs ----------------------------------------------------------------------------------------------------------


def _body(where, text: str, **letters):
    paragraph = _put(where.add_paragraph(), text, BODY, align=JUSTIFY, after=6, **letters)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.line_spacing = 1.15
    return paragraph


def _order(document, text: str) -> None:
    """A line that is an order to the filler alone."""
    _put(document.add_paragraph(), text, BODY)


def _heading(document, text: str, level: int) -> None:
    paragraph = _put(document.add_paragraph(), text, BODY, align=JUSTIFY, after=6, bold=True)
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(6 if level else 10)
    number = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="41"/></w:numPr>'
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        parse_xml(number), "w:pBdr", "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _sentences(document, name: str) -> None:
    _order(document, f"{{%p for cau in {name} %}}")
    _body(document, "- {{ cau }}")
    _order(document, "{%p endfor %}")


def _paragraphs(document, name: str) -> None:
    _order(document, f"{{%p for doan in {name} %}}")
    _body(document, "{{ doan }}")
    _order(document, "{%p endfor %}")


def _picture(document, name: str, caption: str) -> None:
    _order(document, f"{{%p if bieu_do.{name} %}}")
    title = _put(document.add_paragraph(), caption, 13, align=CENTRE, after=3, italic=True)
    title.paragraph_format.keep_with_next = True
    title.paragraph_format.space_before = Pt(6)
    _put(document.add_paragraph(), f"{{{{ bieu_do.{name} }}}}", BODY, align=CENTRE, after=8)
    _order(document, "{%p endif %}")


def _table(document, rows: str, caption: str, columns) -> None:
    _order(document, f"{{%p if {rows} %}}")
    title = _put(document.add_paragraph(), caption, 13, align=CENTRE, after=3, italic=True)
    title.paragraph_format.keep_with_next = True
    title.paragraph_format.space_before = Pt(6)
    table = document.add_table(rows=4, cols=len(columns))
    table.style, table.alignment = "Table Grid", 1
    _columns(table, [width for _, _, width in columns])
    margins = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
    table._tbl.tblPr.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{margins}</w:tblCellMar>"))
    head, start, line, end = table.rows
    for row in table.rows:
        row._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
    head._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    for i, (label, value, _) in enumerate(columns):
        for row in table.rows:
            row.cells[i].vertical_alignment = 1
        _put(head.cells[i].paragraphs[0], label, SMALL, align=CENTRE, after=2, bold=True)
        field = value.strip("{} ").partition(".")[2]
        is_words = field in LEFT_ALIGNED or (field == "ket_qua" and columns is CONCLUSIONS)
        is_centred = field in {"stt", "han", "danh_gia", "chi_tieu", "bao_cao"}
        align = None if is_words else CENTRE if is_centred else RIGHT
        _put(line.cells[i].paragraphs[0], value, SMALL, align=align, after=1)
    _put(start.cells[0].paragraphs[0], f"{{%tr for d in {rows} %}}", SMALL)
    _put(end.cells[0].paragraphs[0], "{%tr endfor %}", SMALL)
    _put(document.add_paragraph(), "", 6)
    _order(document, "{%p endif %}")


def _part(document, name: str, title: str, *, rest=lambda: None, when: str = "") -> None:
    _order(document, f"{{%p if {when or name + '.cau'} %}}")
    _heading(document, title, 1)
    _sentences(document, f"{name}.cau")
    rest()
    _order(document, "{%p endif %}")


# What the report says ------------------------------------------------------------------------------------------------


def _directing(document) -> None:
    _order(document, "{%p if to_chuc.cau or nop_bao_cao.cau or hop.cau or nhiem_vu.cau %}")
    _heading(document, "CÔNG TÁC CHỈ ĐẠO, TỔ CHỨC THỰC HIỆN", 0)
    _part(document, "to_chuc", "Kiện toàn Tổ công tác")
    _part(
        document, "hop", "Họp, kết luận của Tổ công tác",
        rest=lambda: _table(document, "hop.bang", "Kết quả thực hiện kết luận các cuộc họp", CONCLUSIONS),
    )  # fmt: skip
    _part(
        document, "nhiem_vu", "Thực hiện nhiệm vụ được giao", when="nhiem_vu.cau or nhiem_vu.bang",
        rest=lambda: _table(document, "nhiem_vu.bang", "Nhiệm vụ theo văn bản", ASSIGNMENTS),
    )  # fmt: skip
    _part(document, "nop_bao_cao", "Chấp hành chế độ báo cáo")
    _order(document, "{%p endif %}")


def _results(document) -> None:
    _order(document, "{%p if dich_vu_cong.cau or chi_tieu_chung.nhom or loi_van.results or cao_diem.cau %}")
    _heading(document, "KẾT QUẢ THỰC HIỆN", 0)

    def services() -> None:
        _picture(document, "xu_huong", "Tỷ lệ hồ sơ trực tuyến, tỷ lệ giải quyết trước và đúng hạn 12 tháng")
        _table(document, "dich_vu_cong.bang", "Kết quả theo dịch vụ công (hồ sơ)", SERVICES)
        _picture(document, "dich_vu", "Các dịch vụ công tiếp nhận nhiều hồ sơ nhất (hồ sơ)")

    _part(document, "dich_vu_cong", "Tiếp nhận, giải quyết dịch vụ công thiết yếu", rest=services)
    _order(document, "{%p if chi_tieu_chung.bang %}")
    _heading(document, "Các chỉ tiêu chung", 1)
    _order(document, "{%p for nhom in chi_tieu_chung.nhom %}")
    _body(document, "{{ nhom.ten }}:", italic=True).paragraph_format.keep_with_next = True
    _sentences(document, "nhom.cau")
    _order(document, "{%p endfor %}")
    _table(document, "chi_tieu_chung.bang", "Kết quả các chỉ tiêu chung", INDICATORS)
    _order(document, "{%p endif %}")
    _part(
        document, "chi_tieu_giao", "Thực hiện chỉ tiêu được giao", when="chi_tieu_giao.bang",
        rest=lambda: _table(document, "chi_tieu_giao.bang", "Kết quả thực hiện chỉ tiêu được giao", TARGETS),
    )  # fmt: skip
    _part(document, "cao_diem", "Các đợt cao điểm")

    def units() -> None:
        _picture(document, "don_vi", "Đơn vị có tỷ lệ giải quyết trước và đúng hạn thấp nhất")
        _table(document, "don_vi_truc_thuoc.bang", "Kết quả của các đơn vị, tỷ lệ thấp xếp trước", UNITS)

    _part(document, "don_vi_truc_thuoc", "Kết quả của các đơn vị trực thuộc", when="don_vi_truc_thuoc.bang", rest=units)
    _order(document, "{%p if loi_van.results %}")
    _heading(document, "Kết quả nổi bật", 1)
    _paragraphs(document, "loi_van.results")
    _order(document, "{%p endif %}")
    _order(document, "{%p endif %}")


def _shortcomings(document) -> None:
    _order(document, "{%p if luu_y.cau or loi_van.shortcomings or loi_van.causes or kho_khan.cau %}")
    _heading(document, "TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN", 0)
    _order(document, "{%p if luu_y.cau or loi_van.shortcomings %}")
    _heading(document, "Tồn tại, hạn chế", 1)
    _sentences(document, "luu_y.cau")
    _paragraphs(document, "loi_van.shortcomings")
    _order(document, "{%p endif %}")
    _order(document, "{%p if loi_van.causes %}")
    _heading(document, "Nguyên nhân", 1)
    _paragraphs(document, "loi_van.causes")
    _order(document, "{%p endif %}")
    _part(
        document, "kho_khan", "Khó khăn, vướng mắc",
        rest=lambda: _table(document, "kho_khan.bang", "Khó khăn, vướng mắc và trả lời", DIFFICULTIES),
    )  # fmt: skip
    _order(document, "{%p endif %}")


def _outlook(document) -> None:
    for name, title in (("plan", "NHIỆM VỤ TRỌNG TÂM THỜI GIAN TỚI"), ("proposals", "KIẾN NGHỊ, ĐỀ XUẤT")):
        _order(document, f"{{%p if loi_van.{name} %}}")
        _heading(document, title, 0)
        _paragraphs(document, f"loi_van.{name}")
        _order(document, "{%p endif %}")


def _notes(document) -> None:
    _order(document, "{%p if ghi_chu %}")
    _body(document, "Ghi chú về số liệu:", italic=True).paragraph_format.keep_with_next = True
    _order(document, "{%p for cau in ghi_chu %}")
    _body(document, "- {{ cau }}", italic=True)
    _order(document, "{%p endfor %}")
    _order(document, "{%p endif %}")


def _end(document) -> None:
    table = document.add_table(rows=1, cols=2)
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
    _columns(table, (82, 82))
    left, right = table.rows[0].cells
    _put(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
    for text in ("{%p for dong in noi_nhan %}", "{{ dong }}", "{%p endfor %}"):
        _put(left.add_paragraph(), text, 11)
    _put(right.paragraphs[0], "{{ thay_mat }}", 14, align=CENTRE, bold=True)
    _put(right.add_paragraph(), "{{ chuc_vu }}", 14, align=CENTRE, bold=True)
    for _ in range(4):
        _put(right.add_paragraph(), "", 14, align=CENTRE)
    _put(right.add_paragraph(), "{{ nguoi_ky }}", 14, align=CENTRE, bold=True)
    _code(document)


def _code(document) -> None:
    """By which anyone who reads the portal learns whether the figures still hold."""
    _order(document, "{%p if ma_kiem_tra %}")
    table = document.add_table(rows=1, cols=2)
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
    _columns(table, (28, 136))
    left, right = table.rows[0].cells
    right.vertical_alignment = 1
    _put(left.paragraphs[0], "{{ ma_qr }}", 9)
    _put(right.paragraphs[0], "Mã kiểm tra: {{ ma_kiem_tra }}", 11, bold=True)
    _put(right.add_paragraph(), "Quét mã QR, hoặc gõ mã ở trang “Kiểm tra số liệu” của cổng báo cáo.", 11)
    _order(document, "{%p endif %}")


def _conclusion(document) -> None:
    _order(document, "{%p if ket_luan %}")
    title = document.add_paragraph()
    title.add_run().add_break(WD_BREAK.PAGE)
    _put(title, "PHỤ LỤC", 14, align=CENTRE, bold=True)
    _put(document.add_paragraph(), "DỰ THẢO KẾT LUẬN CỦA CHỦ TRÌ HỘI NGHỊ", 14, align=CENTRE, bold=True)
    _put(document.add_paragraph(), "({{ trich_yeu }})", 13, align=CENTRE, after=10, italic=True)
    _paragraphs(document, "ket_luan")
    _order(document, "{%p endif %}")


if __name__ == "__main__":
    write(OUT)
