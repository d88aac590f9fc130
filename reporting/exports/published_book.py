"""A published version as an Excel file: totals, the reports behind them, and what changed since another version."""

import io
from collections.abc import Sequence

import xlsxwriter
from django.utils import timezone

from de_an_06.plain.moments import moment
from reporting.figures import FIGURE, FIGURE_FIELDS
from reporting.models import Indicator, PublishedVersion, Status
from reporting.review.publishing import content

from .cell_formats import FONT, NUMBER
from .issuing import CodedPaper, place_qr
from .kept_cells import KeptSheet
from .sheets import LINE


def published_book(
    version: PublishedVersion,
    name: str,
    compared: PublishedVersion | None,
    changes: Sequence[dict],
    services: Sequence[tuple[str, str]],
    indicators: Sequence[Indicator],
    paper: CodedPaper,
) -> bytes:
    """The file's bytes, the same whenever it is written. Every figure is a whole number; a blank cell was not reported.

    `changes`: dicts of name, cell, old, new, against `compared`.
    """
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True, "default_format_properties": {"font_name": FONT}})
    book.worksheet_class = KeptSheet
    book.set_properties({"created": timezone.localtime(version.at).replace(tzinfo=None)})
    bold = book.add_format({"font_name": FONT, "bold": True, "text_wrap": True, "valign": "vcenter"})
    unwrapped = book.add_format({"font_name": FONT, "bold": True})
    head = book.add_format({"font_name": FONT, "bold": True, "text_wrap": True, "border": 1, "valign": "vcenter"})
    text = book.add_format({"font_name": FONT, "border": 1, "text_wrap": True})
    number = book.add_format({"font_name": FONT, "border": 1, "num_format": NUMBER})
    said = content(version)
    total = said.figures.get((version.province_id, True), ("", {}))[1]
    title = f"Số liệu chính thức {version.period.label}, {name}, công bố lần {version.number}"
    under = f"Công bố lúc {moment(version.at)}, người công bố: {version.by}."
    if version.reason:
        under += f" Lý do điều chỉnh: {version.reason}"

    def sheet(label: str, heads: Sequence[str], widths: Sequence[float]):
        page = book.add_worksheet(label)
        page.write(0, 0, title, unwrapped)
        page.write(1, 0, under)
        page.write(2, 0, f"Mã kiểm tra\n{paper.shown}", bold)
        page.set_row(3, 3 * LINE)  # heights are stated, as not every program fits rows by itself
        page.write_row(3, 0, heads, head)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.freeze_panes(4, 1)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(3)
        place_qr(page, 2, 0, 150, paper)
        return page

    def row(page, at: int, words: Sequence[str], figures: Sequence[int | None], letters: int) -> None:
        """`letters`: as many of the longest word's as have room in one line."""
        page.set_row(at, LINE * max(1, *(-(-len(word) // letters) for word in words)))
        for column, word in enumerate(words):
            page.write_string(at, column, word, text)
        for column, figure in enumerate(figures, start=len(words)):
            page.write_blank(at, column, None, number) if figure is None else page.write_number(
                at, column, figure, number
            )

    columns = [FIGURE[name].label for name in FIGURE_FIELDS]
    page = sheet("Dịch vụ công", ["Dịch vụ", *columns], [44, *[13] * len(columns)])
    shown = [(code, label) for code, label in services if any(cell.startswith(f"{code}.") for cell in total)]
    for at, (code, label) in enumerate(shown, start=4):
        row(page, at, [f"{code} {label}"], [total.get(f"{code}.{field}") for field in FIGURE_FIELDS], 44)

    page = sheet("Chỉ tiêu", ["Chỉ tiêu", "Đơn vị tính", "Số đạt", "Tổng số"], [60, 16, 14, 14])
    listed = [i for i in indicators if any(cell.startswith(f"{i.code}.") for cell in total)]
    for at, one in enumerate(listed, start=4):
        pair = [total.get(f"{one.code}.{name}") for name in ("numerator", "denominator")]
        row(page, at, [f"{one.code} {one.name}", one.unit_of_measure], pair, 60)

    labels = [*(f"{code} {FIGURE[n].short_label}" for code, _ in shown for n in FIGURE_FIELDS)]
    labels += [f"{one.code} {part}" for one in listed for part in ("số đạt", "tổng số")]
    cells = [f"{code}.{name}" for code, _ in shown for name in FIGURE_FIELDS]
    cells += [f"{one.code}.{name}" for one in listed for name in ("numerator", "denominator")]
    page = sheet("Báo cáo", ["Đơn vị", "Tình trạng", *labels], [36, 14, *[10] * len(labels)])
    page.freeze_panes(4, 2)
    for at, report in enumerate(version.reports.order_by("path"), start=4):
        row(page, at, [report.name, Status(report.status).label], [report.figures.get(cell) for cell in cells], 36)

    if compared is not None:
        page = sheet(f"Khác lần {compared.number}", ["Đơn vị", "Ô", "Lần trước", "Lần này"], [36, 70, 14, 14])
        for at, change in enumerate(changes, start=4):
            row(page, at, [change["name"], change["cell"]], [change["old"], change["new"]], 70)
    paper.seal(book)
    book.close()
    return body.getvalue()
