"""`manage.py export_summary --unit 75 --span 2026-Q3 out.xlsx`: the files the export page makes.

`--form so-ket out.docx`: the Word report. `--zip commune out.zip`: a summary of each commune, in one archive.
"""

import hashlib
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from de_an_06.plain.spans import MOST_MONTHS, Month, Span
from reporting.exports import book_archive, excel
from reporting.exports.book.choice import BOOK_COLUMNS, BOOK_PARTS, SHORT, BookChoice, Layout
from reporting.exports.circular import filled_circular
from reporting.exports.export_jobs import OF_BOOKS, SUFFIXES
from reporting.exports.interim import document
from reporting.exports.issuing import CodedPaper, issue
from reporting.models import LEVELS_BELOW, Basis, CircularForm, ExportJob
from reporting.reading.overview import begun_periods
from taskforces.clock import today_for
from taskforces.models import UnitVersion

Form = ExportJob.Form
ALL = "tat-ca"
WRITERS = {
    Form.SUMMARY: excel.write_summary,
    Form.SUMMARIES_BELOW: book_archive.write_archive,
    Form.INTERIM_REPORT: document.write_interim_report,
    Form.CIRCULAR: filled_circular.write_circular_form,
}


class Command(BaseCommand):
    help = "Lập biểu tổng hợp Excel, bộ biểu của cấp dưới (zip) hoặc báo cáo sơ kết Word của một đơn vị."

    def add_arguments(self, parser):
        parts = ", ".join(part.key for part in BOOK_PARTS)
        parser.add_argument("--unit", required=True, help="mã đơn vị, ví dụ 75 (00: cả nước)")
        parser.add_argument("--span", help="kỳ: 2026-10, 2026-Q3, 2026-H1, 2026-9M, 2026, 2026-YTD10")
        parser.add_argument("--from", dest="first", help="thay cho --span: tháng đầu, ví dụ 2026-01")
        parser.add_argument("--to", dest="last", help="tháng cuối, ví dụ 2026-10 (không ghi: chỉ tháng đầu)")
        parser.add_argument("--basis", choices=Basis.values, default=Basis.PROVISIONAL)
        parser.add_argument("--form", choices=[form.value for form in WRITERS], help="loại tệp (không ghi: biểu Excel)")
        parser.add_argument("--zip", choices=list(LEVELS_BELOW), help="bộ biểu: mỗi đơn vị cấp này một biểu")
        parser.add_argument("--circular", type=int, help="biểu theo thông tư: số trong địa chỉ của biểu")
        parser.add_argument(
            "--parts", help=f"các trang, cách nhau bằng dấu phẩy, hoặc {ALL}: {parts} (không ghi: các trang ngắn)"
        )
        parser.add_argument("--columns", default="", help=f"các cột thêm: {', '.join(BOOK_COLUMNS)}")
        parser.add_argument("--layout", choices=Layout.values, default=Layout.STATISTICAL, help="thể thức của biểu")
        parser.add_argument("out", help="tệp sẽ ghi: .xlsx, bộ biểu .zip, so-ket .docx")

    def handle(self, *args, **options):
        out = Path(options["out"])
        form = _form(options)
        suffix = SUFFIXES[form]
        if out.suffix.lower() != suffix:
            raise CommandError(f"Tên tệp phải kết thúc bằng {suffix}: {out}")
        if not out.parent.is_dir():
            raise CommandError(f"Không có thư mục {out.parent}")
        span = _span(options)
        choice = {"unit_id": _unit(options["unit"], span), "span": span, "basis": options["basis"]}
        if form in OF_BOOKS:
            choice["choice"] = _book(options)
        if form == Form.SUMMARIES_BELOW:
            choice["below"] = options["zip"]
        if form == Form.CIRCULAR:
            choice["form"] = _circular(options["circular"])
        part = out.with_name(out.name + ".part")
        paper = CodedPaper()
        if form != Form.SUMMARIES_BELOW:  # its books have codes of their own
            choice["paper"] = paper
        try:
            counts = WRITERS[form](part, **choice)
            if paper.said:
                with part.open("rb") as handle:
                    sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
                same = {key: choice[key] for key in ("unit_id", "basis")}
                issue(paper, form=form, span=span.key, sha256=sha256, **same)
            part.replace(out)
        except excel.CannotExport as refused:
            raise CommandError(str(refused)) from None
        finally:
            part.unlink(missing_ok=True)
        what = "đơn vị có số liệu" if form == Form.SUMMARIES_BELOW else "báo cáo"
        self.stdout.write(
            f"{out}: {counts.unit_name}, {counts.label}, {counts.units_reported}/{counts.units_expected} {what}, "
            f"{counts.rows} dòng"
        )
        if counts.remark:
            self.stdout.write(counts.remark)


def _form(options: dict) -> Form:
    meant = Form.SUMMARIES_BELOW if options["zip"] else Form.CIRCULAR if options["circular"] else Form.SUMMARY
    form = Form(options["form"] or meant)
    if (form == Form.SUMMARIES_BELOW) != bool(options["zip"]):
        raise CommandError(f"--zip và --form {Form.SUMMARIES_BELOW.value} đi cùng nhau: --zip commune hoặc district.")
    return form


def _circular(number: int | None) -> CircularForm:
    form = CircularForm.objects.filter(pk=number).first()
    if form is None:
        raise CommandError(f"--form {Form.CIRCULAR.value} cần --circular, số của một biểu đã gửi lên.")
    return form


def _book(options: dict) -> BookChoice:
    asked = options["parts"]
    parts = [part.key for part in BOOK_PARTS] if asked == ALL else asked.split(",") if asked else SHORT.parts
    columns = [key for key in options["columns"].split(",") if key]
    try:
        return BookChoice.of(parts, columns, options["layout"])
    except ValueError:
        known = f"Trang: {', '.join(part.key for part in BOOK_PARTS)}; cột: {', '.join(BOOK_COLUMNS)}."
        raise CommandError(f"Không có trang hoặc cột như vậy. {known}") from None


def _span(options: dict) -> Span:
    if bool(options["span"]) == bool(options["first"]) or (options["span"] and options["last"]):
        raise CommandError("Ghi --span, hoặc --from (và --to).")
    if not options["span"]:
        return _from_to(options["first"], options["last"] or options["first"])
    try:
        return Span.parse(options["span"])
    except ValueError:
        raise CommandError(f"Không đọc được kỳ “{options['span']}”. Ghi dạng 2026-10, 2026-Q3, 2026-H1.") from None


def _from_to(first: str, last: str) -> Span:
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
