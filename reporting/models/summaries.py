"""Totals of units that have units below them, written by rollup.py alone.

A commune has no summary: its own report is its total. A row is own report + everything below. Keys have no index
of their own: the unique constraints begin with (period, unit), and every index more would be rewritten by each roll-up.
"""

from django.db import models
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
