"""Totals of units that have units below them, written by rollup.py alone.

A commune has no summary: its own report is its total. A row is own report + everything below. Keys have no index
of their own: the unique constraints begin with (period, unit), and every index more would be rewritten by each roll-up.
"""

from collections.abc import Collection

from django.db import connection, models
from django.db.models import Q

from taskforces.models import AdministrativeUnit

from .catalogue import Indicator, PublicService
from .periods import Period


class Basis(models.TextChoices):
    PROVISIONAL = "provisional", "Tạm tính"
    OFFICIAL = "official", "Chính thức"


class Summary(models.Model):
    """Common part of the summary rows; `units_reported` counts units whose value is in the sum."""

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+", db_index=False)
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+", db_index=False)
    basis = models.CharField(max_length=11, choices=Basis)
    units_reported = models.PositiveIntegerField()
    generation = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        abstract = True


class ServiceSummary(Summary):
    """Dossiers of one service, summed over the reports of a unit and everything below it."""

    service = models.ForeignKey(PublicService, on_delete=models.PROTECT, related_name="+", db_index=False)
    opening = models.BigIntegerField(null=True)
    received_online = models.BigIntegerField(null=True)
    received_in_person = models.BigIntegerField(null=True)
    received_postal = models.BigIntegerField(null=True)
    resolved_early = models.BigIntegerField(null=True)
    resolved_on_time = models.BigIntegerField(null=True)
    resolved_overdue = models.BigIntegerField(null=True)
    rejected = models.BigIntegerField(null=True)
    pending_in_time = models.BigIntegerField(null=True)
    pending_overdue = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "unit", "basis", "service"], name="service_summary_unique")
        ]


class IndicatorSummary(Summary):
    """One indicator, numerators and denominators summed apart."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+", db_index=False)
    numerator = models.BigIntegerField(null=True)
    denominator = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "unit", "basis", "indicator"], name="indicator_summary_unique")
        ]


class SubmissionSummary(models.Model):
    """How many units under a unit owe a report for a month, and how far they are."""

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+", db_index=False)
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+", db_index=False)
    expected = models.PositiveIntegerField()
    submitted = models.PositiveIntegerField(help_text="sent and approved together: what is in the provisional sums")
    approved = models.PositiveIntegerField(help_text="what is in the official sums")
    returned = models.PositiveIntegerField()
    late = models.PositiveIntegerField(help_text="of the submitted, those sent after their deadline")
    generation = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "unit"], name="submission_summary_unique"),
            models.CheckConstraint(
                condition=Q(submitted__lte=models.F("expected")), name="submission_summary_at_most_all"
            ),
        ]


class RollupRequest(models.Model):
    """A unit's figures of a month changed: every total above it is stale until this row is drained.

    Written in the transaction of the change itself, so losing the broker loses nothing.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.CASCADE, related_name="+")
    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["period", "unit"], name="rollup_request_period")]


class RollupRun(models.Model):
    """One recomputation; its id is the generation written on the rows it made."""

    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+")
    finished_at = models.DateTimeField(null=True)
    units = models.PositiveIntegerField(default=0, help_text="units whose totals were written")
    problems = models.JSONField(default=list, help_text="sentences naming reports left out, with the reason")


class RollupAudit(models.Model):
    """One independent recomputation of a month, compared cell by cell with the stored totals."""

    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="audits")
    checked_at = models.DateTimeField()
    cells = models.PositiveIntegerField()
    differences = models.JSONField(default=list, help_text="sentences, one per differing cell")


class GenerationManager(models.Manager["Generation"]):
    def advance(self, unit_ids: Collection[int] | None) -> None:
        """A new generation of these units (None: of all), in the transaction of what makes it new; what was kept under
        the old one goes. Rows are taken in one order, so that two who advance the same units only wait."""
        numbers = [self.model.ALL] if unit_ids is None else sorted(unit_ids)
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            for start in range(0, len(numbers), 1000):
                rows = ", ".join(f"({number:d}, 1)" for number in numbers[start : start + 1000])
                cursor.execute(
                    f"INSERT INTO {table} (unit_id, number) VALUES {rows}"  # noqa: S608 - numbers of units
                    f" ON CONFLICT (unit_id) DO UPDATE SET number = {table}.number + 1"
                )
        for kept in (KeptReading.objects.all(), KeptPage.objects.all()):
            (kept if unit_ids is None else kept.filter(unit_id__in=numbers)).delete()


class Generation(models.Model):
    """How often anything that can count under a unit was made anew; of all units together under the number ALL.

    Rises only, so that nothing kept under one number is ever read under another. rollup/generation.py says for which
    units a change counts.
    """

    ALL = 0  # no unit has this number

    unit_id = models.BigIntegerField(primary_key=True)
    number = models.PositiveBigIntegerField()

    objects = GenerationManager()


class KeptReading(models.Model):
    """What the pages of a unit read from the reports, as it was under one generation; made by whoever asks first.

    Never the only place of anything: without these rows the pages read the reports. reading/kept.py seals `content`.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64, help_text="of what was asked")
    own = models.PositiveBigIntegerField(help_text="generation of the unit")
    of_all = models.PositiveBigIntegerField(help_text="generation of all units")
    last_period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+", help_text="of the months read")
    content = models.BinaryField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "key"], name="kept_reading_unique")]


class KeptPage(models.Model):
    """The parts of one page of a unit, as they were written while `stands` held; views/kept_pages.py says when.

    Never the only place of anything.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64, help_text="of what was asked, and what the reader may see")
    stands = models.CharField(max_length=64, help_text="of all else that the page depends on")
    content = models.BinaryField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "trang đang lưu"
        verbose_name_plural = "trang đang lưu"
        constraints = [models.UniqueConstraint(fields=["unit", "key"], name="kept_page_unique")]
