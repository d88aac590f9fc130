"""Word documents from templates that people hand in: filled by another process, which is trusted with nothing.

The template is never opened here but for the list of its parts; `word_filler.py`, run as a program with limits of
memory and time, looks at it and fills it. What goes in is plain data (texts, lists, dictionaries) and pictures.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import limited_process, word_filler, workbooks

WORD_LIMITS = {
    "unpacked": 60 * 1024 * 1024,  # bytes of all parts
    "elements": 400_000,  # of all parts: a hundred pages
    "written": 200 * 1024 * 1024,  # bytes of the document
    "memory": 1024 * 1024 * 1024,  # bytes of address space of the process
    "seconds": 60,
}

TOO_MUCH = "Điền mẫu này tốn quá nhiều bộ nhớ hoặc thời gian nên cổng dừng lại. Bớt lệnh lặp và ảnh trong mẫu."


class TemplateRefused(ValueError):
    """The template is not used; `sentences` are for the person who sent it."""

    def __init__(self, *sentences: str):
        super().__init__(*sentences)
        self.sentences = list(sentences)


class DocumentPicture(NamedTuple):
    """A picture file and how wide it stands in the document."""

    file: Path
    width: int  # millimetres


def fill(
    template: Path, out: Path, *, context: Any, pictures: Mapping[str, DocumentPicture], shape: Any, limits: Any = None
) -> None:
    """Writes `out`; raises TemplateRefused, OSError. In `context` {'picture': name} stands for a picture.

    `shape` says which names a template may use: 1 for text, {} for a dictionary, [shape] for a list.
    """
    limits = limits or WORD_LIMITS
    _look_at_directory(template, limits)
    asked = {
        "template": str(template),
        "out": str(out),
        "context": context,
        "pictures": {name: {"file": str(one.file), "width": one.width} for name, one in pictures.items()},
        "shape": shape,
        "limits": limits,
    }
    answer = limited_process.ask(word_filler.__file__, asked, limits["seconds"])
    if "refused" in answer:
        raise TemplateRefused(*answer["refused"])
    if "failed" in answer:
        raise OSError(answer["failed"], "the document could not be written")
    if "done" not in answer:
        raise TemplateRefused(TOO_MUCH)


def _look_at_directory(template: Path, limits: Any) -> None:
    """zipfile makes an object of each entry of the directory, so its length is looked at first."""
    try:
        with template.open("rb") as file, workbooks.open_archive(file) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise TemplateRefused("Tệp có mật khẩu. Bỏ mật khẩu, lưu lại rồi gửi.")
            if sum(part.file_size for part in parts) > limits["unpacked"]:
                raise TemplateRefused(word_filler.TEMPLATE_TOO_LARGE)
    except workbooks.WorkbookRefused:
        raise TemplateRefused(word_filler.TEMPLATE_TOO_LARGE) from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, KeyError) as error:
        if isinstance(error, TemplateRefused):
            raise
        raise TemplateRefused(word_filler.NOT_A_WORD_FILE) from error
