from django.core.management.base import BaseCommand, CommandError

from de_an_06.plain.spans import Span
from reporting.models import Period
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit


def period_of(key: str) -> Period:
    """The opened month that '2026-10' names."""
    try:
        span = Span.parse(key)
    except ValueError:
        span = None
    if span is None or span.kind != "month":
        raise CommandError(f"{key} is no month; write it as 2026-10")
    period = Period.objects.filter(year=span.first.year, month=span.first.month).first()
    if period is None:
        raise CommandError(f"{key} is not opened; see manage.py open_period")
    return period


class Command(BaseCommand):
    help = "Recomputes the totals of one month from the figures: of all units, or of one with those below and above it."

    def add_arguments(self, parser):
        parser.add_argument("month", help="2026-10")
        parser.add_argument("--unit", metavar="CODE", help="code of a unit, as on the month's last day")

    def handle(self, *, month, unit=None, **options):
        period = period_of(month)
        unit_id = None
        if unit:
            found = AdministrativeUnit.objects.open_on(period.data_to).filter(code=unit).first()
            if found is None:
                raise CommandError(f"no unit has the code {unit} on {period.data_to:%Y-%m-%d}")
            unit_id = found.pk
        run = rollup.roll_up(period, unit_id)
        for sentence in run.problems:
            self.stderr.write(self.style.WARNING(sentence))
        self.stdout.write(f"{period.key}: totals of {run.units} units, generation {run.pk}")
