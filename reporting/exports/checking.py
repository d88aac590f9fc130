"""What the page "Kiểm tra số liệu" answers: does what was given out under a code, or a file, still hold?

Two questions, answered apart: do the figures that were said stand today, and does a file that came back say what the
portal wrote into it? A code of a unit outside the person's scope is like one that was never given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from de_an_06.plain import workbooks
from de_an_06.plain.check_code import codes_in
from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Span, months_label
from reporting.models import Indicator, IssuedCode, PublicService, PublishedVersion
from reporting.reading.overview import NoFigures, months_of
from reporting.review import publishing
from taskforces.clock import now_for
from taskforces.people.quotas import take_file
from taskforces.register.uploads import inspect

from .altered_cells import CHECK_LIMITS, Alterations, alterations
from .export_jobs import may_read
from .issuing import Form, published_with
from .kept_cells import unpacked
from .said import NOTHING_SAID, FigureChanged, FiguresSaid, figures_changed, said_of, seen_now

NOT_YOURS = (
    "Không có mã này trong số các mã bạn được kiểm tra: cổng không cấp mã này, "
    "hoặc mã của đơn vị ngoài phạm vi của bạn."
)
OF_FILES = {".xlsx", ".docx"}
OF_VERSIONS = {Form.BOOK, Form.VERSION}
MOST_LOOKED_FOR = 20  # codes that stand in a file


@dataclass
class FigureAnswer:
    """Do the figures stand? `changed` as far as they do not; `newer`: the version that replaced the one they are of."""

    changed: list[FigureChanged] = field(default_factory=list)
    newer: PublishedVersion | None = None
    notes: list[str] = field(default_factory=list)
    is_gone: bool = False  # there are no figures of this unit and span any more

    @property
    def stands(self) -> bool:
        return not self.changed and not self.is_gone


@dataclass
class FileAnswer:
    """`altered` None: the file could not be held against cells, and `why` says so; `is_original`: byte by byte."""

    name: str
    is_original: bool = False
    altered: Alterations | None = None
    why: str = ""


def find(user, code: str) -> IssuedCode | None:
    """The one door to a code; None also outside the person's scope."""
    return _readable(user, IssuedCode.objects.filter(code=code))


def _readable(user, found) -> IssuedCode | None:
    """The newest of these that the person may know of."""
    rows = found.select_related("by", "unit", "version__period", "version__by", "compared").order_by("-pk")
    return next((row for row in rows[:MOST_LOOKED_FOR] if may_read(user, row.unit_id, Span.parse(row.span))), None)


# The figures ---------------------------------------------------------------------------------------------------------


def figures_today(issued: IssuedCode, user) -> FigureAnswer:
    """What was said under the code against what is said now to this person."""
    return _version_today(issued) if issued.form in OF_VERSIONS else _overview_today(issued, user)


def _version_today(issued: IssuedCode) -> FigureAnswer:
    version = issued.version
    assert version is not None
    newest = publishing.versions(version.period_id, [version.province_id])[0]
    if newest == version:
        changes = publishing.differs_from_now(version)
        notes = ["Số liệu khác lần công bố do danh mục đơn vị đã sửa sau khi công bố."] if changes else []
        return FigureAnswer(list(_in_words(changes)), notes=notes)
    return FigureAnswer(list(_in_words(publishing.differences(version, newest))), newer=newest)


def _in_words(changes: list[publishing.Changed]) -> Iterator[FigureChanged]:
    names = catalogue_names() if changes else {}
    for change in changes:
        unit = f"Tổng {change.name}" if change.is_total else change.name
        old, new = (format_number(value, blank=NOTHING_SAID) for value in (change.old, change.new))
        yield FigureChanged(unit, publishing.cell_words(change.cell, names), old, new)


def _overview_today(issued: IssuedCode, user) -> FigureAnswer:
    if issued.figures is None:
        return FigureAnswer(is_gone=True)
    said = FiguresSaid.unpacked(bytes(issued.figures))
    span = Span.parse(issued.span)
    try:
        seen = seen_now(issued.unit_id, span, issued.basis, issued.is_joined, now_for(user))
    except NoFigures:
        return FigureAnswer(is_gone=True)
    now = said_of(seen, is_detailed=said.is_detailed)
    answer = FigureAnswer(figures_changed(said, now, catalogue_names()))
    if said.months != now.months:
        answer.notes.append(f"Kỳ nay gồm {months_label(months_of(seen.periods))}; lúc lập chưa đủ các tháng này.")
    if seen.totals_wait:
        answer.notes.append("Một số tổng đang được tính lại sau thay đổi vừa lưu; xem lại sau ít phút.")
    if not said.is_detailed:
        answer.notes.append("Biểu có quá nhiều đơn vị nên cổng giữ và so số tổng của từng đơn vị trực thuộc.")
    newest = published_with(seen)
    if newest is not None and newest != issued.version:
        answer.newer = newest
    return answer


def catalogue_names() -> Mapping[str, str]:
    """Code of a service or an indicator -> its name."""
    services = dict(PublicService.objects.values_list("code", "short_name"))
    return services | dict(Indicator.objects.values_list("code", "name"))


# A file --------------------------------------------------------------------------------------------------------------


def look_at_file(user, upload: UploadedFile, typed: str = "") -> tuple[IssuedCode, FileAnswer]:
    """Whose file it is, and what it says otherwise than the portal wrote; ValidationError with a sentence else.

    `typed`: the code from paper; without it the file is known by its bytes or by the code that stands in it.
    """
    take_file(user)
    inspected = inspect(upload)
    suffix = PurePosixPath(inspected.name).suffix.lower()
    if suffix not in OF_FILES:
        raise ValidationError("Gửi tệp Excel (.xlsx) hoặc Word (.docx) mà cổng đã lập.")
    same = IssuedCode.objects.filter(sha256=inspected.sha256)
    issued = _readable(user, same.filter(code=typed) if typed else same)
    if issued is not None:
        return issued, FileAnswer(inspected.name, is_original=True)
    if suffix == ".docx":
        return _word_file(user, inspected.name, typed)
    try:
        sheets = workbooks.read_workbook(cast(BinaryIO, upload), CHECK_LIMITS, computed=True, formulas=True)
    except workbooks.WorkbookRefused as refused:
        raise ValidationError(str(refused)) from None
    return _compared(inspected.name, sheets, _of_workbook(user, sheets, typed))


def _of_workbook(user, sheets: list[workbooks.SheetRows], typed: str) -> IssuedCode:
    if typed:
        issued = find(user, typed)
        if issued is None:
            raise ValidationError(NOT_YOURS)
        return issued
    texts = (value for sheet in sheets for _, row in sheet.rows for value in row if isinstance(value, str))
    codes = list(dict.fromkeys(code for text in texts for code in codes_in(text)))[:MOST_LOOKED_FOR]
    if not codes:
        raise ValidationError(
            "Không thấy mã kiểm tra trong tệp: tệp không do cổng lập, lập trước khi có mã, hoặc ô ghi mã đã bị xóa. "
            "Nếu bản in có mã ở chân trang, gõ mã đó cùng với tệp."
        )
    issued = _readable(user, IssuedCode.objects.filter(code__in=codes))
    if issued is None:
        raise ValidationError(NOT_YOURS)
    return issued


def _compared(name: str, sheets: list[workbooks.SheetRows], issued: IssuedCode) -> tuple[IssuedCode, FileAnswer]:
    if issued.cells is None:
        kind = issued.get_form_display().lower()
        return issued, FileAnswer(name, why=f"Mã này là của {kind}; cổng không giữ ô nào để so với tệp này.")
    return issued, FileAnswer(name, altered=alterations(unpacked(bytes(issued.cells)), sheets))


def _word_file(user, name: str, typed: str) -> tuple[IssuedCode, FileAnswer]:
    """Word: the bytes tell, or nothing does; whoever signs may change its words."""
    if not typed:
        raise ValidationError(
            "Tệp Word này không còn nguyên như lúc cổng lập (chỉ mở ra lưu lại cũng vậy), hoặc ngoài phạm vi của bạn. "
            "Gõ mã in ở chân trang cùng với tệp để kiểm tra số liệu."
        )
    issued = find(user, typed)
    if issued is None:
        raise ValidationError(NOT_YOURS)
    return issued, FileAnswer(
        name,
        why="Tệp Word này không còn nguyên như lúc cổng lập: đã sửa, hoặc chỉ mở ra lưu lại. Cổng không so được từng "
        "chữ của tệp Word; so các số trong tệp với phần số liệu dưới đây.",
    )


def facts(issued: IssuedCode) -> list[tuple[str, str]]:
    """What stood under the code, in words."""
    said = FiguresSaid.unpacked(bytes(issued.figures)) if issued.figures else None
    version = issued.version
    name = said.name if said else _name_then(version) if version else str(issued.unit)
    rows = [
        ("Loại", issued.get_form_display()),
        ("Đơn vị", name),
        ("Kỳ báo cáo", Span.parse(issued.span).label),
        ("Cơ sở số liệu", issued.get_basis_display() + (", nối địa giới" if issued.is_joined else "")),
    ]
    if version is not None:
        compared = f", so với lần {issued.compared.number}" if issued.compared else ""
        rows.append(("Công bố", f"Lần {version.number}, {moment(version.at)}{compared}"))
    rows.append(("Người lập", issued.by.full_name if issued.by else "Lập bằng lệnh trên máy chủ"))
    return [*rows, ("Lập lúc", moment(issued.at))]


def _name_then(version: PublishedVersion) -> str:
    row = version.totals.filter(unit_id=version.province_id).first()
    return row.name if row else str(version.province)
