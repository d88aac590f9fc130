"""manage.py load_units: the nation's administrative units over time, from the shipped files or from one's own."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from taskforces.models import AdministrativeUnit
from taskforces.units.csv_files import DATA_FOLDER, UnitFilesRefused
from taskforces.units.loading import load_units


class Command(BaseCommand):
    help = "Loads units.csv and succession.csv; safe to run again. Refuses everything when one line is wrong."

    def add_arguments(self, parser):
        parser.add_argument("--folder", type=Path, default=DATA_FOLDER, help="folder with units.csv, succession.csv")
        parser.add_argument(
            "--change-reports",
            action="store_true",
            help="load although reports fall out of the totals or closed months change; run without it first",
        )
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are units already")

    def handle(self, *, folder, if_empty, change_reports, **options):
        if if_empty and AdministrativeUnit.objects.exists():
            self.stdout.write("Units are loaded already; nothing to do.")
            return
        try:
            counts = load_units(folder, change_reports=change_reports)
        except UnitFilesRefused as refused:
            lines = [str(problem) for problem in refused.problems]
            raise CommandError("\n".join([*lines, f"{len(lines)} problems, nothing saved."])) from refused
        for what in ("units", "versions", "successions"):
            parts = [f"{counts[f'{what} {did}']} {did}" for did in ("created", "changed", "removed", "unchanged")]
            self.stdout.write(f"{what}: {', '.join(parts)}")
        if counts["report paths changed"]:
            self.stdout.write(f"reports moved to another path: {counts['report paths changed']}")
        for change in counts.report_changes:
            self.stdout.write(str(change))
