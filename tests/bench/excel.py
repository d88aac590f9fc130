"""The Excel summary against openpyxl writing the same cells and nothing else."""

import statistics
from pathlib import Path

from openpyxl import Workbook, load_workbook

RUNS = 5


def measure(made, folder: Path, say) -> None:
    from django.db import DatabaseError

    from de_an_06.plain.spans import Month, Span
    from reporting.exports.excel import CannotExport, write_summary
    from tests.bench.run import seconds

    last = Month(made.period.year, made.period.month)
    for what, unit, span in (
        ("Excel of a province's month", made.province, Span.month(last)),
        ("Excel of the nation's year", made.nation, Span.between(last.plus(-11), last)),
    ):
        path = folder / "summary.xlsx"

        def ours(path=path, unit=unit, span=span):
            write_summary(path, unit_id=unit.pk, span=span, basis="provisional")

        try:
            ours()
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
            f"{least:.2f} s; ratio {median / least:.2f} of {RUNS} runs (goal: below 1.5)"
        )
