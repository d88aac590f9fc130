"""The Excel summaries of all communes, or all districts, of a unit in one archive: written one by one into it.

Memory and disk hold one book at a time beside the archive. Units without a report in the figures get no book; a list
in the archive names them.
"""

import datetime as dt
import hashlib
import zipfile
from pathlib import Path
from typing import Any

from django.utils import timezone

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Span
from de_an_06.plain.vietnamese import file_part
from reporting.models import LEVELS_BELOW, IssuedCode
from reporting.reading import overview
from taskforces.clock import now_for
from taskforces.models import UnitVersion

from . import excel
from .book.choice import SHORT, BookChoice
from .book.frame import CannotExport, NothingReported, Written
from .file_names import span_and_basis
from .issuing import CodedPaper, issue
from .sheets import Progress

WITHOUT_FIGURES = "Khong-co-so-lieu.txt"


def levels_below(unit_id: int, day: dt.date) -> list[str]:
    """The levels that have units below this one on a day, highest first; one query."""
    below = UnitVersion.objects.on(day).under(unit_id).exclude(unit=unit_id)
    found = set(below.order_by().values_list("unit__level", flat=True).distinct())
    return [level for level in LEVELS_BELOW if level in found]


def write_archive(
    path: Path,
    *,
    unit_id: int,
    span: Span,
    basis: str,
    below: str,
    by=None,
    at: dt.datetime | None = None,
    progress: Progress | None = None,
    is_joined: bool = False,
    choice: BookChoice = SHORT,
) -> Written:
    """Raises CannotExport where the unit has no month in the span, no unit of that level, or nobody reported."""
    at = at or now_for(by)
    wanted = {month.key for month in span.months}
    own = list(UnitVersion.objects.filter(unit_id=unit_id).order_by("valid_from"))
    begun = overview.begun_periods(timezone.localtime(at).date())
    periods = [period for period in overview.periods_of_unit(own, begun) if period.key in wanted]
    if not periods:
        raise CannotExport(f"Đơn vị này không có kỳ báo cáo nào trong {span.label}. Chọn kỳ khác hoặc đơn vị khác.")
    day = periods[-1].data_to
    tree = UnitVersion.objects.on(day).under(unit_id).select_related("unit")
    units = list(tree.filter(unit__level=below).exclude(unit=unit_id).order_by("unit__code"))
    if not units:
        raise CannotExport(
            f"Đơn vị này không có đơn vị {LEVELS_BELOW[below].lower()} bên dưới vào ngày {day:%d/%m/%Y}."
        )
    written = Written(
        unit_name=next(version.name for version in tree if version.unit_id == unit_id),
        label=span.label_of(overview.months_of(periods)),
        months=overview.months_of(periods),
        units_reported=0,
        units_expected=len(units),
        figures_as_of=at,
        steps=len(units),
    )
    without: list[str] = []
    piece = path.with_name(f"{path.stem}.book.part")
    note = progress or (lambda done, total: None)
    try:
        # A book is packed already.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for done, version in enumerate(units):
                note(done, len(units))
                paper = CodedPaper()
                of_unit: dict[str, Any] = {"unit_id": version.unit_id, "basis": basis, "is_joined": is_joined, "by": by}
                try:
                    one = excel.write_summary(
                        piece, **of_unit, span=span, at=at, choice=choice, needs_figures=True, paper=paper
                    )
                except NothingReported:
                    without.append(f"{version.unit.code} {version.name}")
                    continue
                with piece.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                issue(paper, form=IssuedCode.Form.SUMMARY, span=span.key, sha256=sha256, **of_unit)
                words = span_and_basis(one, span, basis, is_joined=is_joined)
                archive.write(piece, f"{version.unit.code}_{file_part(version.name)}_{words}.xlsx")
                written.add(one)
            note(len(units), len(units))
            if not written.units_reported:
                raise CannotExport(f"Chưa đơn vị nào có số liệu {written.label}, nên không có biểu nào để lập.")
            if without:
                archive.writestr(WITHOUT_FIGURES, _list_of(without, written))
    finally:
        piece.unlink(missing_ok=True)
    return written


def _list_of(names: list[str], written: Written) -> bytes:
    """As every editor of Windows reads it."""
    head = f"{format_number(len(names))} đơn vị không có số liệu {written.label}, nên không có biểu:"
    return "\r\n".join([head, *names, ""]).encode("utf-8-sig")
