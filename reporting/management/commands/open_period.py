from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from de_an_06.plain.spans import Span
from reporting import areas, periods


class Command(BaseCommand):
    help = "Mở một tháng: khoảng số liệu, hạn nộp từng cấp và báo cáo của mọi đơn vị phải nộp. Chạy lại không sao."

    def add_arguments(self, parser):
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--deadlines", action="store_true", help="tính lại hạn nộp theo lịch nghỉ hiện tại")

    def handle(self, *args, **options):
        try:
            span = Span.parse(options["month"])
        except ValueError:
            span = None
        if span is None or not span.is_month:
            raise CommandError(f"Tháng viết theo dạng 2026-11. Đã nhập: {options['month']}")
        period = periods.open_period(span.first, recompute_deadlines=options["deadlines"])
        self.stdout.write(
            f"Kỳ {period.label}: số liệu từ {period.data_from:%d/%m/%Y} đến hết {period.data_to:%d/%m/%Y}, "
            f"{period.reports.count()} đơn vị phải nộp."
        )
        for deadline in period.deadlines.order_by("due_at"):
            local = timezone.localtime(deadline.due_at)
            self.stdout.write(f"  {deadline.get_level_display()}: {local:%H:%M ngày %d/%m/%Y}")
        if not period.reports.exists():
            self.stderr.write(
                f"Không có báo cáo phải nộp: ngày {period.data_to:%d/%m/%Y} không địa bàn tham gia nào có đơn vị phải "
                "nộp. Xem “Địa bàn tham gia” ở trang quản trị."
            )
        for sentence in areas.begins_later(period):
            self.stderr.write(f"Chưa báo cáo kỳ này: {sentence}")
