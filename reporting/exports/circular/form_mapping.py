"""What of a form goes where: each mark with its meaning and its value, what could not be filled and why, and which
figures of the catalogue the form does not take."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reporting.models import CircularForm, PublicService

from .form_values import FormValue, FormValues
from .vocabulary import (
    COLUMN_WORDS,
    INDICATORS_LIST,
    SERVICES_LIST,
    UNITS_LIST,
    Vocabulary,
    code_of,
)

LIST_NAMES = {UNITS_LIST: "mỗi đơn vị trực thuộc", SERVICES_LIST: "mỗi dịch vụ công", INDICATORS_LIST: "mỗi chỉ tiêu"}
LONGEST_REMARK = 2000


@dataclass
class MappedCell:
    """One mark of a form and what goes there; `problem` where it stays blank for want of more than a figure."""

    cell: str
    written: str
    meaning: str
    value: FormValue | None = None
    problem: str = ""


@dataclass
class MappedCode:
    """One row that the form has typed: its code, what it is, and the figures beside it."""

    cell: str
    code: str
    name: str
    figures: list[MappedCell]
    problem: str = ""
    kept: dict[str, str] = field(default_factory=dict)  # word -> the cell whose formula or text stays


@dataclass
class MappedRow:
    """A repeated row: how many it becomes, and what one copy holds, the one with the most figures."""

    row: int
    each: str
    count: int
    cells: list[MappedCell]


@dataclass
class MappedSheet:
    title: str
    cells: list[MappedCell] = field(default_factory=list)
    rows: list[MappedRow] = field(default_factory=list)
    codes: list[MappedCode] = field(default_factory=list)

    @property
    def words(self) -> list[tuple[str, str]]:
        """The columns of the table of codes, in the order of the vocabulary: (word, meaning in short)."""
        used = {one.written for line in self.codes for one in line.figures}
        return [(word, meaning.partition(",")[0]) for word, meaning in COLUMN_WORDS if word in used]


def mapped(form: CircularForm, values: FormValues) -> list[MappedSheet]:
    """Sheet by sheet; sheets without a mark are left out."""
    return [found for sheet in form.marks["sheets"] if (found := _sheet(sheet, values)) is not None]


def _sheet(sheet: dict[str, Any], values: FormValues) -> MappedSheet | None:
    found = MappedSheet(sheet["title"])
    for cell in sheet["cells"]:
        for key in cell["keys"]:
            written = key if cell["is_name"] else f"{{{{{key}}}}}"
            found.cells.append(_cell(cell["cell"], key, written, values))
    for row in sheet["rows"]:
        prefix = f"{row['list']}."
        keys = [(cell["cell"], key) for cell in row["cells"] for key in cell["keys"]]
        items = values.rows(row["list"], [key.removeprefix(prefix) for _, key in keys if key.startswith(prefix)])
        shown = max(items, key=lambda item: sum(bool(value) for value, _ in item.values()), default={})
        cells = []
        for cell, key in keys:
            one = _cell(cell, key, f"{{{{{key}}}}}", values)
            if key.startswith(prefix):
                one.value = shown.get(key.removeprefix(prefix))
            cells.append(one)
        found.rows.append(MappedRow(row["row"], LIST_NAMES[row["list"]], len(items), cells))
    found.codes = [_code(line, values) for line in sheet["codes"]]
    return found if found.cells or found.rows or found.codes else None


def _cell(cell: str, key: str, written: str, values: FormValues) -> MappedCell:
    meaning = values.vocabulary.meaning(key)
    if not meaning:
        return MappedCell(cell, written, "", problem="Chỗ điền không còn trong danh mục.")
    code = code_of(key, values.vocabulary.codes)
    value = None if "." in key else values.of(key)
    return MappedCell(cell, written, meaning, value, _why_not(code, values) if code else "")


def _code(line: dict[str, Any], values: FormValues) -> MappedCode:
    code = values.vocabulary.code(line["code"])
    one = values.vocabulary.codes.get(code)
    if one is None:
        return MappedCode(line["cell"], line["code"], "", [], f"Mã {line['code']} không có trong danh mục.")
    figures = [
        MappedCell(cell, word, dict(COLUMN_WORDS).get(word, ""), value)
        for cell, word in line["cells"].items()
        if (value := values.of_code(code, word)) is not None
    ]
    name = one.short_name if isinstance(one, PublicService) else one.name
    kept = {word: cell for cell, word in line["kept"].items()}
    return MappedCode(line["cell"], code, name, figures, _why_not(code, values), kept)


def _why_not(code: str, values: FormValues) -> str:
    if code in values.valid_codes or values.has_figures(code):
        return ""
    return f"{code} không thuộc danh mục của kỳ này."


def not_filled(sheets: list[MappedSheet]) -> list[str]:
    """One sentence for each mark that stays blank for want of more than a figure."""
    return [f"Trang “{sheet.title}”, ô {cell}: {problem}" for sheet in sheets for cell, problem in _problems(sheet)]


def _problems(sheet: MappedSheet) -> Iterator[tuple[str, str]]:
    for one in sheet.cells:
        if one.problem:
            yield one.cell, one.problem
    for row in sheet.rows:
        for one in row.cells:
            if one.problem:
                yield one.cell, one.problem
    for line in sheet.codes:
        if line.problem:
            yield line.cell, line.problem


def remark_of(problems: list[str]) -> str:
    """The same as one text: what the job and the form's own `ghi_chu` say."""
    if not problems:
        return ""
    text = " ".join([f"{len(problems)} chỗ không điền được:", *problems])
    return text if len(text) <= LONGEST_REMARK else text[: LONGEST_REMARK - 1] + "…"


def values_for(form: CircularForm, values: FormValues) -> dict[str, Any]:
    """All that `form_filler` needs to fill this form."""
    cells: set[str] = set()
    words: dict[str, set[str]] = {name: set() for name in LIST_NAMES}
    columns: set[str] = set()
    for sheet in form.marks["sheets"]:
        cells |= {key for cell in sheet["cells"] for key in cell["keys"]}
        for row in sheet["rows"]:
            prefix = f"{row['list']}."
            for key in (key for cell in row["cells"] for key in cell["keys"]):
                if key.startswith(prefix):
                    words[row["list"]].add(key.removeprefix(prefix))
                else:
                    cells.add(key)
        columns |= {word for line in sheet["codes"] for word in line["cells"].values()}
    return {
        "cells": {key: values.of(key) for key in cells},
        "lists": {name: values.rows(name, wanted) if wanted else [] for name, wanted in words.items()},
        "codes": {
            code: {word: value for word in columns if (value := values.of_code(code, word)) is not None}
            for code in values.vocabulary.codes
        },
    }


# What the form does not take ----------------------------------------------------------------------------------------


@dataclass
class Coverage:
    """How many services and indicators of the catalogue of that time a form takes, and which it does not."""

    services: int
    indicators: int
    missing_services: list[str]
    missing_indicators: list[str]
    taken: list[tuple[str, list[str]]]  # (service or indicator, its words that the form takes), of those taken

    @property
    def taken_services(self) -> int:
        return self.services - len(self.missing_services)

    @property
    def taken_indicators(self) -> int:
        return self.indicators - len(self.missing_indicators)


def coverage(form: CircularForm, vocabulary: Vocabulary, values: FormValues) -> Coverage:
    taken: dict[str, set[str]] = {code: set() for code in vocabulary.codes}

    of_list = {
        SERVICES_LIST: [one.code for one in vocabulary.services],
        INDICATORS_LIST: [one.code for one in vocabulary.indicators],
    }

    def take(code: str, word: str) -> None:
        if code in taken:
            taken[code].add(word)

    for sheet in form.marks["sheets"]:
        for cell in sheet["cells"]:
            for key in cell["keys"]:
                take(code_of(key, vocabulary.codes), key.partition("_")[2])
        for row in sheet["rows"]:
            for key in (key for cell in row["cells"] for key in cell["keys"]):
                name, _, word = key.partition(".")
                if code := code_of(key, vocabulary.codes):
                    take(code, word.partition("_")[2])
                for code in of_list.get(name, []):
                    take(code, word)
        for line in sheet["codes"]:
            code = vocabulary.code(line["code"])
            for word in line["cells"].values():
                if values.of_code(code, word) is not None:
                    take(code, word)
    no_figure = {"stt", "ma", "ten", "ten_ngan", "don_vi_tinh"}
    labels = {word: meaning.partition(",")[0].lower() for word, meaning in COLUMN_WORDS}
    valid = values.valid_codes
    services = [one for one in vocabulary.services if one.code in valid]
    indicators = [one for one in vocabulary.indicators if one.code in valid]
    return Coverage(
        services=len(services),
        indicators=len(indicators),
        missing_services=[f"{one.code} {one.short_name}" for one in services if not taken[one.code] - no_figure],
        missing_indicators=[f"{one.code} {one.name}" for one in indicators if not taken[one.code] - no_figure],
        taken=[
            (str(one), found)
            for code, one in vocabulary.codes.items()
            if (found := list(dict.fromkeys(label for word, label in labels.items() if word in taken[code])))
        ],
    )
