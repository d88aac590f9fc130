"""The Word report of the interim review against python-docx reading and writing the finished file."""

import statistics
from pathlib import Path

RUNS = 5


def measure(made, folder: Path, say) -> None:
    from django.db import DatabaseError
    from docx import Document

    from de_an_06.plain.spans import Month, Span
    from reporting.exports.excel import CannotExport
    from reporting.exports.interim.document import write_interim_report
    from tests.bench.run import seconds

    last = Month(made.period.year, made.period.month)
    for what, unit, span in (
        ("Word report of a commune's month", made.commune, Span.month(last)),
        ("Word report of a province's month, 95 communes", made.province_of_95, Span.month(last)),
        ("Word report of a province's year, 95 communes", made.province_of_95, Span.between(last.plus(-11), last)),
    ):
        path = folder / "report.docx"

        def ours(path=path, unit=unit, span=span):
            write_interim_report(path, unit_id=unit.pk, span=span, basis="provisional")

        def bare(path=path):
            Document(str(path)).save(str(folder / "bare.docx"))

        try:
            ours()
        except (DatabaseError, CannotExport) as error:
            say(f"{what}: not available ({str(error).strip()})")
            continue
        mine, other = [], []
        for _ in range(RUNS):
            mine.append(seconds(ours))
            other.append(seconds(bare))
        median, least = statistics.median(mine), statistics.median(other)
        say(
            f"{what}, {path.stat().st_size // 1024} KB: {median:.2f} s; python-docx reading and writing it: "
            f"{least:.2f} s; ratio {median / least:.1f} of {RUNS} runs (goal: below 5 s)"
        )
