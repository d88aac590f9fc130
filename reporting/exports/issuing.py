"""Check codes put on paper and into files, and the row that remembers what stood under each (docs/decisions/0023)."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import segno
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.safestring import mark_safe
from xlsxwriter import Workbook

from de_an_06.plain import check_code
from reporting.models import Basis, IssuedCode, PublishedVersion
from reporting.reading.overview import Overview
from reporting.review import publishing
from taskforces.clock import now_for
from taskforces.models.units import path_ids
from taskforces.people.quotas import take_file

from .cell_formats import FONT
from .detail_rows import Names, UnitDossiers
from .kept_cells import kept
from .said import FiguresSaid, said_of

Form = IssuedCode.Form
QR_MILLIMETRES = 22
HOW_TO_CHECK = "Quét mã QR, hoặc gõ mã ở trang\n“Kiểm tra số liệu” của cổng"


@dataclass
class CodedPaper:
    """A file or page about to be given out: its code, and what it says, noted while it is made."""

    code: str = field(default_factory=check_code.new_code)
    said: FiguresSaid | None = None
    seen: Overview | None = None
    cells: bytes | None = None

    @property
    def shown(self) -> str:
        return check_code.in_groups(self.code)

    @property
    def qr(self) -> str:
        """For a page: part of its HTML, nothing is fetched."""
        title = f"Mã QR của {self.shown}"
        return mark_safe(segno.make(address_of(self.code), error="m").svg_inline(border=1, omitsize=True, title=title))  # noqa: S308

    def says(self, seen: Overview) -> None:
        self.seen, self.said = seen, said_of(seen)

    def sign(self, book: Workbook, seen: Overview, rows: tuple[Sequence[UnitDossiers], Names] | None) -> None:
        """A book of KeptSheets, once everything stands in it: the code on each sheet; what they say is noted.

        `rows`: those of the units by service and the units' names; None where the book does not hold them.
        """
        self.seen, self.said = seen, said_of(seen, *rows) if rows else said_of(seen, is_detailed=False)
        self.seal(book)

    def seal(self, book: Workbook) -> None:
        sign_sheets(book, self.shown)
        self.cells = kept(book)


def address_of(code: str) -> str:
    """Where a phone that reads the QR code goes; it asks to log in first."""
    return f"{settings.PORTAL_URL.rstrip('/')}{reverse('figures-check')}?ma={code}"


def qr_png(code: str) -> tuple[bytes, float]:
    """For files: the picture and its width in dots, ten to a module, so that it stays sharp on paper."""
    picture, drawn = io.BytesIO(), segno.make(address_of(code), error="m")
    drawn.save(picture, kind="png", scale=10, border=1)
    return picture.getvalue(), drawn.symbol_size(scale=10, border=1)[0]


def write_code(sheet: Any, row: int, formats: Any, paper: CodedPaper) -> int:
    """The code with its QR code on the cover of a workbook; returns the row after it."""
    sheet.write_string(row, 0, "Mã kiểm tra", formats.label)
    sheet.write_string(row, 1, f"{paper.shown}\n{HOW_TO_CHECK}", formats.fact)
    place_qr(sheet, row, 1, 390, paper)
    return row + 1


def place_qr(sheet: Any, row: int, column: int, pixels: int, paper: CodedPaper) -> None:
    """The QR code so many pixels into a cell, and the row as high as it needs."""
    picture, dots = qr_png(paper.code)
    size = QR_MILLIMETRES / 25.4 * 96
    at = {"image_data": io.BytesIO(picture), "x_offset": pixels, "y_offset": 4}
    at |= {"x_scale": size / dots, "y_scale": size / dots, "description": f"Mã QR của {paper.shown}"}
    sheet.set_row_pixels(row, int(size) + 8)
    sheet.insert_image(row, column, "ma-kiem-tra.png", at)


def sign_sheets(book: Workbook, shown: str) -> None:
    """The code in the footer of each printed sheet, in the middle of what stands there."""
    for sheet in book.worksheets():
        left, mark, right = sheet.footer.partition("&R")
        sheet.set_footer(f'{left}&C&"{FONT}"&9Mã kiểm tra {shown}{mark}{right}')


@transaction.atomic
def issue(
    paper: CodedPaper,
    *,
    form: str,
    unit_id: int,
    span: str,
    basis: str,
    is_joined: bool = False,
    by: Any = None,
    sha256: str = "",
    version: PublishedVersion | None = None,
    compared: PublishedVersion | None = None,
) -> IssuedCode:
    """Remembers the code. Asks nobody's rights: who makes the file or page has."""
    return IssuedCode.objects.create(
        code=paper.code,
        form=form,
        unit_id=unit_id,
        span=span,
        basis=basis,
        is_joined=is_joined,
        version=version or (published_with(paper.seen) if paper.seen else None),
        compared=compared,
        by=by,
        at=now_for(by),
        sha256=sha256,
        figures=paper.said.packed() if paper.said else None,
        cells=paper.cells,
    )


def issue_page(seen: Overview, form: str, by: Any) -> CodedPaper:
    """The code of a page that a person prints, made of the overview that the page shows; raises OverQuota."""
    take_file(by)
    paper = CodedPaper()
    paper.says(seen)
    choice: dict[str, Any] = {
        "unit_id": seen.unit_id,
        "span": seen.span.key,
        "basis": seen.basis,
        "is_joined": bool(seen.joined),
    }
    issue(paper, form=form, by=by, **choice)
    return paper


def code_of_version(version: PublishedVersion) -> CodedPaper | None:
    """Of the version's page, which always says the same; None until somebody asked for one."""
    issued = IssuedCode.objects.filter(form=Form.VERSION, version=version).first()
    return CodedPaper(issued.code) if issued else None


def issue_version_page(version: PublishedVersion, by: Any) -> None:
    if code_of_version(version) is None:
        _issue_version(version, CodedPaper(), Form.VERSION, by)


def coded_book(
    version: PublishedVersion, compared: PublishedVersion | None, by: Any, write: Callable[[CodedPaper], bytes]
) -> bytes:
    """The version's book under its code. What is published never changes, so all who download it get the one code; a
    new one only where the words around the figures changed."""
    known = IssuedCode.objects.filter(form=Form.BOOK, version=version, compared=compared).order_by("-pk").first()
    paper = CodedPaper(known.code) if known else CodedPaper()
    body = write(paper)
    if known is not None and known.sha256 != hashlib.sha256(body).hexdigest():
        known, paper = None, CodedPaper()
        body = write(paper)
    if known is None:
        _issue_version(version, paper, Form.BOOK, by, compared=compared, sha256=hashlib.sha256(body).hexdigest())
    return body


def _issue_version(version: PublishedVersion, paper: CodedPaper, form: str, by: Any, **more: Any) -> IssuedCode:
    choice: dict[str, Any] = {"unit_id": version.province_id, "span": version.period.key, "basis": Basis.OFFICIAL}
    return issue(paper, form=form, by=by, version=version, **choice, **more)


def published_with(seen: Overview) -> PublishedVersion | None:
    """The version of the province that an official month's figures belong to; None of anything else."""
    if seen.basis != Basis.OFFICIAL or len(seen.periods) > 1 or seen.joined:
        return None
    return publishing.versions(seen.periods[0].pk, path_ids(seen.version.path)).first()
