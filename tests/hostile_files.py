"""Files made to eat a server, written part by part: small to send, large to whoever believes them."""

import io
import zipfile

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
ROOT_RELATIONS = (
    f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
BOOK = (
    f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets><sheet name="Dữ liệu" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
BOOK_RELATIONS = (
    f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>Cột</t></is></c></row>'
XF = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'


def styles(xf: int = 1) -> str:
    return (
        f'<styleSheet {MAIN}><fonts><font/></fonts><fills><fill><patternFill patternType="none"/></fill>'
        "</fills><borders><border/></borders>"
        f"<cellStyleXfs>{XF}</cellStyleXfs><cellXfs>{XF * xf}</cellXfs></styleSheet>"
    )


def workbook(rows: str = "", head: str = "", **parts: str) -> bytes:
    """An .xlsx whose one sheet holds a heading and these rows; `head` stands before it; parts: strings, styles."""
    written = {
        "[Content_Types].xml": parts.get("types", TYPES),
        "_rels/.rels": ROOT_RELATIONS,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": BOOK_RELATIONS,
        "xl/styles.xml": parts.get("styles", styles()),
        "xl/sharedStrings.xml": f"<sst {MAIN}>{parts.get('strings', '')}</sst>",
        "xl/worksheets/sheet1.xml": f"{head}<worksheet {MAIN}><sheetData>{HEADER}{rows}</sheetData></worksheet>",
    }
    return packed(written)


def packed(parts: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def _corners() -> bytes:
    """Two cells, A1 and the last of all."""
    return workbook('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def _wide_rows() -> bytes:
    """Each row a single empty cell, far to the right."""
    return workbook('<row><c r="XFD1"/></row>' * 90_000)


def _empty_cells() -> bytes:
    return workbook("".join(f"<row>{'<c/>' * 1000}</row>" for _ in range(2100)))


def _empty_rows() -> bytes:
    return workbook("<row/>" * 1_100_000)


def _no_namespace_prefix() -> bytes:
    """The same cells under a prefix and in UTF-16: a search for '<c' in the bytes finds none."""
    rows = '<x:row><x:c r="XFD1"/></x:row>' * 20_000
    sheet = (
        f'<?xml version="1.0" encoding="UTF-16"?><x:worksheet xmlns:x="{MAIN[7:-1]}"><x:sheetData>{rows}'
        "</x:sheetData></x:worksheet>"
    )
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed(parts | {"xl/worksheets/sheet1.xml": sheet.encode("utf-16")})


def _styles() -> bytes:
    return workbook('<row r="2"><c r="A2" s="1"><v>1</v></c></row>', styles=styles(xf=1_000_000))


def _strings() -> bytes:
    return workbook('<row r="2"><c r="A2" t="s"><v>0</v></c></row>', strings="<si><t>a</t></si>" * 700_000)


def _one_string_everywhere() -> bytes:
    """One text of 30,000 letters, shown in 100,000 cells."""
    cells = '<c t="s"><v>0</v></c>' * 50
    return workbook(f"<row>{cells}</row>" * 2000, strings=f"<si><t>{'a' * 30_000}</t></si>")


def _merged() -> bytes:
    merges = '<mergeCell ref="A1:XFD1048576"/>' * 1_000_000
    return workbook(f"</sheetData><mergeCells>{merges}</mergeCells><sheetData>")


def _entities() -> bytes:
    """Entities that unfold into entities."""
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    head = f'<!DOCTYPE worksheet [<!ENTITY e0 "lol">{levels}]>'
    return workbook('<row r="2"><c r="A2" t="str"><v>&e9;</v></c></row>', head=head)


def _one_long_text() -> bytes:
    return workbook(f'<row r="2"><c r="A2" t="inlineStr"><is><t>{"a" * 150_000_000}</t></is></c></row>')


def _deep() -> bytes:
    return workbook("<b>" * 3_000_000 + "</b>" * 3_000_000)


WORKBOOKS = {
    "corners": _corners,
    "wide rows": _wide_rows,
    "empty cells": _empty_cells,
    "empty rows": _empty_rows,
    "prefix and UTF-16": _no_namespace_prefix,
    "styles": _styles,
    "strings": _strings,
    "one string everywhere": _one_string_everywhere,
    "merged": _merged,
    "entities": _entities,
    "one long text": _one_long_text,
    "deep": _deep,
}


def document(types: int = 370_000_000) -> bytes:
    """A .docx whose list of parts unpacks to so many bytes."""
    return packed({"[Content_Types].xml": b" " * types, "word/document.xml": "<w/>"})


def many_parts(count: int = 60_000) -> bytes:
    """A .docx of so many empty parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("word/document.xml", "x")
        for i in range(count):
            archive.writestr(f"{i}", "")
    return content.getvalue()
