"""`manage.py published_cases`: every published figure as the article has it beside what the portal shows."""

from django.core.management.base import BaseCommand, CommandError

from reporting.demo.cases import CASES
from reporting.demo.reading_cases import readings
from reporting.models import Report


class Command(BaseCommand):
    help = "Says of each published figure what the article has and what the portal shows; exits 1 on a difference."

    def add_arguments(self, parser):
        parser.add_argument("case", nargs="*", choices=[*CASES, []], help="ids of published.json; all without any")

    def handle(self, *, case, **options):
        if not Report.objects.exists():
            raise CommandError("This portal has no reports; run load_demo first (only with DEBUG on).")
        found = readings(case or CASES)
        for one in found:
            sign = "not held" if one.why_not else "ok" if one.agrees else "DIFFERS"
            read = one.why_not or f"read {one.read or 'nothing'}"
            self.stdout.write(f"{sign:<8} {one.case}: {one.what} ({one.key}): published {one.expected}, {read}")
        wrong = sum(not one.agrees for one in found)
        held = sum(not one.why_not for one in found)
        self.stdout.write(f"{held - wrong} of {held} published figures read as published, {len(found) - held} not held")
        if wrong:
            raise CommandError(f"{wrong} published figures read otherwise", returncode=1)
