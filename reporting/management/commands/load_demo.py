"""manage.py load_demo: the demonstration, deterministic and in under a minute."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reporting.demo import load_demo
from reporting.demo.people import logins_as_text
from reporting.models import Report
from taskforces.models import AdministrativeUnit


class Command(BaseCommand):
    help = "Load the demonstration (Bình Phước 2024, Đồng Nai 2026, published cases). Refused when DEBUG is off."

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="do nothing when the portal has reports already")
        parser.add_argument("--print-logins", action="store_true", help="only print the demonstration's logins")

    def handle(self, **options):
        if options["print_logins"]:
            self.stdout.write(logins_as_text())
            return
        if not settings.DEBUG:
            raise CommandError("The demonstration has published passwords; it is refused when DEBUG is off.")
        if Report.objects.exists():
            if options["if_empty"]:
                self.stdout.write("Reports exist; the demonstration is left as it is.")
                return
            raise CommandError("This portal has reports already; the demonstration goes only into an empty one.")
        if not AdministrativeUnit.objects.exists():
            raise CommandError("Run load_units and load_catalogue first.")
        start = time.monotonic()
        counts = load_demo()
        text = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        self.stdout.write(f"Demonstration loaded in {time.monotonic() - start:.0f} s: {text}.")
