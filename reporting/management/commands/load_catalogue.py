from django.core.management.base import BaseCommand

from reporting import catalogue


class Command(BaseCommand):
    help = "Nạp 25 dịch vụ công, các chỉ tiêu, hạn nộp và ngày nghỉ đi kèm phần mềm; không ghi đè dòng đã có."

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="không làm gì khi đã có danh mục")

    def handle(self, *args, **options):
        if options["if_empty"] and not catalogue.is_empty():
            self.stdout.write("Đã có danh mục, không nạp lại.")
            return
        created = catalogue.load_catalogue()
        if not created:
            self.stdout.write("Danh mục đã đủ, không thêm dòng nào. Dòng đã có được giữ nguyên.")
        for what, count in created.items():
            self.stdout.write(f"Đã thêm {count} {what}.")
