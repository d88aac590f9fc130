"""Excel forms that people hand in, to be filled: by another process, which is trusted with nothing.

Before the form is kept, its rows, cells, styles and strings are counted as those of any workbook from outside
(`workbooks.py`); `form_filler`, run as a program with limits of memory and time, looks at it and fills it. What goes in
is plain data.
"""

from pathlib import Path
from typing import Any

from . import form_filler, limited_process, workbooks

FORM_FILE_LIMITS = workbooks.Limits(  # a form of many sheets; a report of a province has some thousand cells
    unpacked=40 * 1024 * 1024,
    last_row=10_000,
    area=600_000,
    cells=300_000,
    strings=100_000,
    styles=20_000,
    others=60_000,
    text=8_000_000,
    memory=512 * 1024 * 1024,
    seconds=30,
)
FILLING_LIMITS = {
    "written": 100 * 1024 * 1024,  # bytes of the filled form
    "memory": 1024 * 1024 * 1024,  # bytes of address space of the process
    "seconds": 60,
}
FILLING_TOO_MUCH = "Điền biểu này tốn quá nhiều bộ nhớ hoặc thời gian nên cổng dừng lại. Bớt trang, bớt dòng rồi gửi."
_PROGRAM = str(Path(form_filler.__file__ or "").parent)


class FormRefused(ValueError):
    """The form is not used; `sentences` are for the person who sent it."""

    def __init__(self, *sentences: str):
        super().__init__(*sentences)
        self.sentences = list(sentences)


def look_through(form: Path, known: dict[str, Any]) -> dict[str, Any]:
    """What is marked in a form just handed in (`marks.py`); raises FormRefused with everything that is wrong."""
    try:
        with form.open("rb") as file:
            workbooks.read_workbook(file, FORM_FILE_LIMITS)
    except workbooks.WorkbookRefused as refused:
        raise FormRefused(str(refused)) from None
    return _answer({"form": str(form), "known": known}, FILLING_LIMITS)


def fill(form: Path, out: Path, *, known: dict[str, Any], values: dict[str, Any], limits: Any = None) -> None:
    """Writes `out`; raises FormRefused, OSError. `values` as `filling.Filling` says."""
    asked = {"form": str(form), "out": str(out), "known": known, "values": values}
    _answer(asked, limits or FILLING_LIMITS)


def _answer(asked: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    answer = limited_process.ask(_PROGRAM, asked | {"limits": limits}, limits["seconds"])
    if "refused" in answer:
        raise FormRefused(*answer["refused"])
    if "failed" in answer:
        raise OSError(answer["failed"], "the form could not be written")
    if "done" not in answer:
        raise FormRefused(FILLING_TOO_MUCH)
    return answer["done"]
