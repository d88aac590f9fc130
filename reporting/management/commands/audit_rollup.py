from django.core.management.base import BaseCommand, CommandError

from reporting.reading import kept
from reporting.rollup import rollup
from reporting.rollup.audit import audit

from .rollup import period_of


class Command(BaseCommand):
    help = "Recomputes one month another way and prints every cell that differs from the stored totals; then exits 1."

    def add_arguments(self, parser):
        parser.add_argument("month", help="2026-10")

    def handle(self, *, month, **options):
        period = period_of(month)
        rollup.drain()
        differences = audit(period, also=kept.differences(period))
        for sentence in differences:
            self.stdout.write(sentence)
        if differences:
            raise CommandError(f"{period.key}: {len(differences)} differences", returncode=1)
        self.stdout.write(f"{period.key}: {period.audits.latest('pk').cells} cells agree with the figures")
