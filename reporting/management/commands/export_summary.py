"""`manage.py export_summary --unit 75 --from 2026-01 --to 2026-10 out.xlsx`: the file the export page makes.

`--form so-ket out.docx`: the Word report of the interim review.
"""

import hashlib
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from de_an_06.plain.spans import MOST_MONTHS, Month, Span
from reporting.exports import excel
from reporting.exports.export_jobs import SUFFIXES
from reporting.exports.interim import document
from reporting.exports.issuing import CodedPaper, issue
from reporting.models import Basis, ExportJob
from reporting.reading.overview import begun_periods
from taskforces.clock import today_for
from taskforces.models import UnitVersion

WRITTEN_HERE = [ExportJob.Form.SUMMARY.value, ExportJob.Form.INTERIM_REPORT.value]  # others need a form handed in


class Command(BaseCommand):
    help = "Lập biểu tổng hợp Excel, hoặc báo cáo sơ kết Word, của một đơn vị và các đơn vị bên dưới."

    def add_arguments(self, parser):
        parser.add_argument("--unit", required=True, help="mã đơn vị, ví dụ 75 (00: cả nước)")
        parser.add_argument("--from", required=True, dest="first", help="tháng đầu, ví dụ 2026-01")
        parser.add_argument("--to", dest="last", help="tháng cuối, ví dụ 2026-10 (không ghi: chỉ tháng đầu)")
        parser.add_argument("--basis", choices=Basis.values, default=Basis.PROVISIONAL)
        parser.add_argument("--form", choices=WRITTEN_HERE, default="bieu-tong-hop", help="loại tệp")
        parser.add_argument("out", help="tệp .xlsx (so-ket: .docx) sẽ ghi")

    def handle(self, *args, **options):
        out = Path(options["out"])
        suffix = SUFFIXES[options["form"]]
        if out.suffix.lower() != suffix:
            raise CommandError(f"Tên tệp phải kết thúc bằng {suffix}: {out}")
        if not out.parent.is_dir():
            raise CommandError(f"Không có thư mục {out.parent}")
        span = _span(options["first"], options["last"] or options["first"])
        unit_id = _unit(options["unit"], span)
        part = out.with_name(out.name + ".part")
        paper = CodedPaper()
        write = document.write_interim_report if options["form"] == "so-ket" else excel.write_summary
        try:
            counts = write(part, unit_id=unit_id, span=span, basis=options["basis"], paper=paper)
            with part.open("rb") as handle:
                sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            choice = {"unit_id": unit_id, "span": span.key, "basis": options["basis"]}
            issue(paper, form=options["form"], sha256=sha256, **choice)
            part.replace(out)
        except excel.CannotExport as refused:
            raise CommandError(str(refused)) from None
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(
            f"{out}: {counts.unit_name}, {counts.label}, {counts.units_reported}/{counts.units_expected} báo cáo, "
            f"{counts.rows} dòng"
        )


def _span(first: str, last: str) -> Span:
    """Whole months from the first to the last, both included."""
    months = []
    for text in (first, last):
        try:
            span = Span.parse(text)
        except ValueError:
            span = None
        if span is None or not span.is_month:
            raise CommandError(f"Không đọc được tháng “{text}”. Ghi dạng 2026-10.")
        months.append(span.first)
    start, end = months
    if end < start:
        raise CommandError(f"Tháng cuối {last} đứng trước tháng đầu {first}.")
    if end > start.plus(MOST_MONTHS - 1):
        raise CommandError(f"Nhiều nhất {MOST_MONTHS} tháng một lần.")
    return Span.between(Month(start.year, start.month), Month(end.year, end.month))


def _unit(code: str, span: Span) -> int:
    """The unit with this code on the last day of the span's last open month: codes are reused over time."""
    keys = {month.key for month in span.months}
    periods = [period for period in begun_periods(today_for()) if period.key in keys]
    if not periods:
        raise CommandError(f"Chưa mở kỳ nào trong {span.label}. Chạy manage.py open_period trước.")
    day = periods[-1].data_to
    found = list(UnitVersion.objects.on(day).filter(unit__code=code).values_list("unit_id", "name"))
    if not found:
        raise CommandError(f"Không có đơn vị nào mang mã {code} vào ngày {day:%d/%m/%Y}.")
    if len(found) > 1:
        names = ", ".join(name for _, name in found)
        raise CommandError(f"Mã {code} trỏ tới nhiều đơn vị vào ngày {day:%d/%m/%Y}: {names}.")
    return found[0][0]
