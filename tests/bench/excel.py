"""The Excel summary against openpyxl writing the same cells and nothing else; all communes' books as one archive."""

import resource
import statistics
import zipfile
from pathlib import Path

from openpyxl import Workbook, load_workbook

RUNS = 5
PROVINCE_GOAL, NATION_GOAL = "1.3", "0.6"


def measure(made, folder: Path, say) -> None:
    from django.db import DatabaseError

    from de_an_06.plain.spans import Month, Span
    from reporting.exports.book.choice import FIGURES_IN_FULL, SHORT
    from reporting.exports.excel import CannotExport, write_summary
    from reporting.exports.issuing import CodedPaper
    from tests.bench.run import seconds

    last = Month(made.period.year, made.period.month)
    year = Span.between(last.plus(-11), last)
    for what, unit, span, choice, goal in (
        ("Excel of a province's month", made.province, Span.month(last), FIGURES_IN_FULL, PROVINCE_GOAL),
        ("Excel of the nation's year", made.nation, year, FIGURES_IN_FULL, NATION_GOAL),
        ("Excel of a province's month, the sheets that are printed", made.province, Span.month(last), SHORT, ""),
    ):
        path = folder / "summary.xlsx"

        def ours(path=path, unit=unit, span=span, choice=choice):
            paper = CodedPaper()  # as every file that is given out
            write_summary(path, unit_id=unit.pk, span=span, basis="provisional", choice=choice, paper=paper)

        try:
            first = seconds(ours)  # reads what is kept from then on
        except (DatabaseError, CannotExport) as error:
            say(f"{what}: not available ({str(error).strip()})")
            continue
        book = load_workbook(path, read_only=True)
        sheets = [[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
        book.close()
        cells = sum(value is not None for rows in sheets for row in rows for value in row)

        def bare(sheets=sheets):
            plain = Workbook(write_only=True)
            for rows in sheets:
                sheet = plain.create_sheet()
                for row in rows:
                    sheet.append(row)
            plain.save(folder / "bare.xlsx")

        mine, other = [], []
        for _ in range(RUNS):
            mine.append(seconds(ours))
            other.append(seconds(bare))
        median, least = statistics.median(mine), statistics.median(other)
        say(
            f"{what}, {cells} cells, {path.stat().st_size // 1024} KB: {median:.2f} s; openpyxl, the same cells: "
            f"{least:.2f} s; ratio {median / least:.2f} of {RUNS} runs; the first time, nothing kept: {first:.2f} s"
            + (f" (goal: at most {goal})" if goal else "")
        )
    measure_archive(made, folder, say)


def measure_archive(made, folder: Path, say) -> None:
    """The most memory held during half of the books and during all: a book more is to take none."""
    from de_an_06.plain.spans import Month, Span
    from reporting.exports.book_archive import write_archive
    from tests.bench.run import seconds

    path, span = folder / "books.zip", Span.month(Month(made.period.year, made.period.month))
    held = {}

    def note(done: int, total: int) -> None:
        held[done] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def ours():
        write_archive(
            path, unit_id=made.province_of_95.pk, span=span, basis="provisional", below="commune", progress=note
        )

    took = seconds(ours)
    books = len(zipfile.ZipFile(path).namelist())
    say(
        f"archive of a province's communes, a month, {books} files, {path.stat().st_size // 1024} KB: {took:.1f} s, "
        f"{took / len(held) * 1000:.0f} ms a commune (goal: below 60 s); most memory after half of them "
        f"{held[max(held) // 2]} MB, after all {held[max(held)]} MB (goal: the same)"
    )
