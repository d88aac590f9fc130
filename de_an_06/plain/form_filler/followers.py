"""What lies around the cells and follows them when rows are repeated: print areas, names, charts, pictures, filters,
conditions, validations, tables, comments, page breaks, windows."""

import re
from typing import Any

from .grid import CellGrid
from .parts import WORKBOOK, Package, local, tag
from .references import References, Rows

_AREAS = {
    "dimension": ("ref",),
    "selection": ("sqref",),
    "conditionalFormatting": ("sqref",),
    "dataValidation": ("sqref",),
    "protectedRange": ("sqref",),
    "ignoredError": ("sqref",),
    "autoFilter": ("ref",),
    "sortState": ("ref",),
    "sortCondition": ("ref",),
    "hyperlink": ("ref",),
    "table": ("ref",),
}
_SINGLE = {"sheetView": "topLeftCell", "pane": "topLeftCell", "selection": "activeCell"}
_FORMULAS = {"formula", "formula1", "formula2", "f", "calculatedColumnFormula", "totalsRowFormula"}
_VML_ROW = re.compile(r"(<x:Row>\s*)(\d+)(\s*</x:Row>)")
_VML_ANCHOR = re.compile(r"(<x:Anchor>)([^<]*)(</x:Anchor>)")


def follow(package: Package, grids: list[CellGrid], by_title: dict[str, Rows], references: References) -> None:
    """All sheets at once, after their rows moved."""
    for grid in grids:
        rows = by_title[grid.title]
        _follow_in(package.touch(grid.part), grid.title, rows, references)
        if rows.move:
            for relation in package.relations(grid.part).values():
                _follow_beside(package, relation.kind, relation.target, grid.title, rows, references)
    for name in list(package.raw):
        if re.fullmatch(r"xl/charts/[^/]*\.xml", name):
            _follow_in_chart(package, name, references)
    workbook = package.touch(WORKBOOK)
    titles = [sheet.get("name", "") for sheet in workbook.iter(tag("sheet"))]
    for element in workbook.iter(tag("definedName")):
        own = titles[int(element.get("localSheetId", 0))]
        element.text = references.formula(element.text or "", own)


def _follow_in(root: Any, title: str, rows: Rows, references: References) -> None:
    """Everything of a sheet or a table but the cells."""
    for element in root.iter():
        name = local(element)
        if not name or local(element.getparent() if element is not root else element) == "c":
            continue
        for attribute in _AREAS.get(name, ()):
            if element.get(attribute):
                element.set(attribute, references.areas(element.get(attribute), title))
        if name in _SINGLE and element.get(_SINGLE[name]):
            element.set(_SINGLE[name], references.single(element.get(_SINGLE[name]), title))
        if name in _FORMULAS and element.text:
            element.text = references.formula(element.text, title)
        elif name == "sqref" and element.text:
            element.text = references.areas(element.text, title)
        elif name == "cfvo" and element.get("type") == "formula":
            element.set("val", references.formula(element.get("val", ""), title))
        elif name == "hyperlink" and "!" in element.get("location", ""):
            element.set("location", references.formula(element.get("location"), title))
        elif name == "brk" and local(element.getparent()) == "rowBreaks":
            element.set("id", str(rows.last(int(element.get("id", 0)))))


def _follow_beside(package: Package, kind: str, part: str, title: str, rows: Rows, references: References) -> None:
    """A part that belongs to one sheet."""
    if kind == "table":
        _follow_in(package.touch(part), title, rows, references)
    elif kind == "drawing":
        for corner in package.touch(part).iter("{*}from"):
            _move_corners(corner, rows)
    elif kind in {"comments", "threadedComment"}:
        for element in package.touch(part).iter():
            if local(element) in {"comment", "threadedComment"}:
                element.set("ref", references.single(element.get("ref", ""), title))
    elif kind == "vmlDrawing":
        package.replace(part, _moved_vml(package.raw[part].decode(), rows).encode())


def _move_corners(corner: Any, rows: Rows) -> None:
    """A picture or chart goes with the row it begins in and keeps its size. Lines are counted from 0."""
    begin = corner.find("{*}row")
    moved = rows.first(int(begin.text) + 1) - 1
    by = moved - int(begin.text)
    begin.text = str(moved)
    end = corner.getparent().find("{*}to/{*}row")
    if end is not None:
        end.text = str(int(end.text) + by)


def _moved_vml(text: str, rows: Rows) -> str:
    """The yellow notes of Excel: where they point to, and their boxes."""

    def anchor(found: re.Match[str]) -> str:
        numbers = [part.strip() for part in found[2].split(",")]
        top = int(numbers[2])
        by = rows.first(top + 1) - 1 - top
        numbers[2], numbers[6] = str(top + by), str(int(numbers[6]) + by)
        return f"{found[1]}{', '.join(numbers)}{found[3]}"

    text = _VML_ROW.sub(lambda found: f"{found[1]}{rows.first(int(found[2]) + 1) - 1}{found[3]}", text)
    return _VML_ANCHOR.sub(anchor, text)


def _follow_in_chart(package: Package, part: str, references: References) -> None:
    """A series over the repeated row shows all its copies; what it kept of the old figures goes."""
    for element in list(package.tree(part).iter()):
        if local(element) not in {"f", "formulaRef", "sqref"} or not element.text:
            continue
        moved = references.formula(element.text, "", widen=True)
        if moved == element.text:
            continue
        package.touch(part)
        element.text = moved
        for beside in list(element.itersiblings()):
            if local(beside).endswith("Cache"):
                beside.getparent().remove(beside)
