"""The parts of the file: read as they are, those that change parsed, all others written back byte for byte."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.sax.saxutils import unescape

from lxml import etree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK = "xl/workbook.xml"
CONTENT_TYPES_PART = "[Content_Types].xml"
NOT_AN_EXCEL_FORM = "Không đọc được tệp Excel: tệp hỏng hoặc có mật khẩu. Mở bằng Excel, lưu lại dạng .xlsx rồi gửi."
# What a part is -> what is said of it. Programs, and what is fetched or computed outside the cells.
_FOREIGN = (
    (re.compile(r"vbaproject|/macrosheets/|customui/"), "Tệp có macro. Lưu lại thành Excel Workbook (.xlsx) rồi gửi."),
    (
        re.compile(r"/externallinks/"),
        "Tệp có công thức nối sang tệp khác. Vào Data, Edit Links, Break Link, lưu lại rồi gửi.",
    ),
    (
        re.compile(r"/connections\.xml|/querytables/|/xmlmaps\.xml|/model/|/webextensions/|^customxml/.*datamashup"),
        "Tệp có kết nối lấy dữ liệu từ nơi khác. Xóa kết nối (Data, Queries & Connections), lưu lại rồi gửi.",
    ),
    (
        re.compile(r"/embeddings/|/activex/|/ctrlprops/"),
        "Tệp có đối tượng nhúng hoặc nút điều khiển (OLE, ActiveX). Xóa đối tượng đó, lưu lại rồi gửi.",
    ),
    (re.compile(r"/pivottables/|/pivotcache/"), "Tệp có bảng PivotTable, cổng không điền được. Xóa bảng đó rồi gửi."),
    (re.compile(r"^_xmlsignatures/"), "Tệp đã ký số; điền vào thì chữ ký hỏng. Gửi bản chưa ký."),
)
_EMBEDDED_KINDS = ("/oleObject", "/package", "/control", "/vbaProject", "/attachedToolbars")


class FormFault(Exception):
    """What is wrong with the form, one sentence each, for the person who sent it."""

    def __init__(self, *sentences: str):
        super().__init__(*sentences)
        self.sentences = list(dict.fromkeys(sentences))


class Relation(NamedTuple):
    kind: str  # the last word of its type: 'worksheet', 'drawing', ...
    target: str  # name of the part; the address of what lies outside
    is_outside: bool


def local(element: Any) -> str:
    """The tag without its namespace; '' of a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


class Package:
    """One file: parts by name, parsed when asked for; `touch` says which are written anew."""

    def __init__(self, path: str):
        with zipfile.ZipFile(path) as archive:
            self.infos = archive.infolist()
            self.raw = {info.filename: archive.read(info) for info in self.infos}
        self._trees: dict[str, Any] = {}
        self._touched: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def tree(self, name: str) -> Any:
        """The root of a part. No entities, nothing fetched; a part with a document type is refused."""
        if name not in self._trees:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
            root = etree.fromstring(self.raw[name], parser)
            if root.getroottree().docinfo.doctype:
                raise FormFault(NOT_AN_EXCEL_FORM)
            self._trees[name] = root
        return self._trees[name]

    def touch(self, name: str) -> Any:
        self._touched.add(name)
        return self.tree(name)

    def replace(self, name: str, content: bytes) -> None:
        self.raw[name] = content

    def drop(self, name: str) -> None:
        self.infos = [info for info in self.infos if info.filename != name]
        del self.raw[name]

    def relations(self, name: str) -> dict[str, Relation]:
        """By id."""
        folder, _, file = name.rpartition("/")
        beside = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
        if beside not in self:
            return {}
        found = {}
        for element in self.tree(beside).iter("{*}Relationship"):
            is_outside = element.get("TargetMode", "").lower() == "external"
            target = element.get("Target", "")
            if not is_outside:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[element.get("Id", "")] = Relation(element.get("Type", "").rpartition("/")[2], target, is_outside)
        return found

    def sheets(self) -> Iterator[tuple[str, str, bool]]:
        """(title, part, is it hidden) of each worksheet, in order; charts on sheets of their own have no cells."""
        relations = self.relations(WORKBOOK)
        for sheet in self.tree(WORKBOOK).iter(tag("sheet")):
            relation = relations.get(sheet.get(f"{{{OFFICE_RELATIONS}}}id", ""))
            if relation is not None and relation.kind == "worksheet" and relation.target in self:
                yield sheet.get("name", ""), relation.target, sheet.get("state", "visible") != "visible"

    def save(self, path: str) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for info in self.infos:
                content = self.raw[info.filename]
                if info.filename in self._touched:
                    tree = self.tree(info.filename).getroottree()
                    content = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
                archive.writestr(info.filename, content, compress_type=info.compress_type)


def foreign_parts(package: Package) -> list[str]:
    """One sentence for each kind of thing that a form may not hold."""
    if WORKBOOK not in package or CONTENT_TYPES_PART not in package:
        return [NOT_AN_EXCEL_FORM]
    faults = []
    names = [info.filename.lower() for info in package.infos]
    for pattern, sentence in _FOREIGN:
        if any(pattern.search(name) for name in names):
            faults.append(sentence)
    if b"macroEnabled" in package.raw[CONTENT_TYPES_PART]:
        faults.append(_FOREIGN[0][1])
    for info in package.infos:
        if info.filename.lower().endswith((".xml", ".rels")):
            package.tree(info.filename)  # broken, or with entities
    for info in package.infos:
        if not info.filename.lower().endswith(".rels"):
            continue
        for element in package.tree(info.filename).iter("{*}Relationship"):
            kind, target = element.get("Type", ""), element.get("Target", "")
            if kind.endswith(_EMBEDDED_KINDS):
                faults.append(_FOREIGN[3][1])
            elif element.get("TargetMode", "").lower() == "external" and not kind.endswith("/externalLinkPath"):
                faults.append(
                    f"Tệp có liên kết ra ngoài: “{unescape(target)[:80]}”. Bỏ liên kết (bấm chuột phải, Remove "
                    "Hyperlink), dán ảnh thẳng vào tệp, lưu lại rồi gửi."
                )
    if package.tree(WORKBOOK).tag != tag("workbook"):
        faults.append("Tệp lưu dạng Strict Open XML. Lưu lại thành Excel Workbook (.xlsx) rồi gửi.")
    return list(dict.fromkeys(faults))
