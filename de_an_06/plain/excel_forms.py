"""Excel forms that people hand in, to be filled: by another process, which is trusted with nothing.

`form_filler`, run as a program with limits of memory and time, looks at a form and fills it; before one is kept, its
rows, cells, styles and strings are counted there as those of any workbook from outside (`workbooks.py`). What goes in
is plain data.
"""

import dataclasses
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


def look_through(form: Path, out: Path, *, known: dict[str, Any], tries: list[dict[str, Any]]) -> dict[str, Any]:
    """What is marked in a form just handed in (`marks.py`), after it was counted and filled with each of `tries`.

    Raises FormRefused with everything that is wrong, OSError.
    """
    counted = dataclasses.asdict(FORM_FILE_LIMITS)
    asked = {"form": str(form), "out": str(out), "known": known, "values": tries, "counted": counted}
    return _answer(asked, FILLING_LIMITS)


def fill(form: Path, out: Path, *, known: dict[str, Any], values: dict[str, Any], limits: Any = None) -> None:
    """Writes `out`; raises FormRefused, OSError. `values` as `filling.Filling` says."""
    asked = {"form": str(form), "out": str(out), "known": known, "values": [values]}
    _answer(asked, limits or FILLING_LIMITS)


def _answer(asked: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    _look_at_directory(Path(asked["form"]))
    answer = limited_process.ask(_PROGRAM, asked | {"limits": limits}, limits["seconds"])
    if "refused" in answer:
        raise FormRefused(*answer["refused"])
    if "failed" in answer:
        raise OSError(answer["failed"], "the form could not be written")
    if "done" not in answer:
        raise FormRefused(FILLING_TOO_MUCH)
    return answer["done"]


def _look_at_directory(form: Path) -> None:
    """zipfile makes an object of each entry of the directory, so its length is looked at first."""
    try:
        with form.open("rb") as file, workbooks.open_archive(file) as archive:
            parts = archive.infolist()
    except workbooks.WorkbookRefused as refused:
        raise FormRefused(str(refused)) from None
    except workbooks.DAMAGED as error:
        raise FormRefused(workbooks.UNREADABLE) from error
    if any(part.flag_bits & 1 for part in parts):
        raise FormRefused("Tệp có mật khẩu. Bỏ mật khẩu, lưu lại rồi gửi.")
    if sum(part.file_size for part in parts) > FORM_FILE_LIMITS.unpacked:
        raise FormRefused(workbooks.UNPACKS_TOO_LARGE)
