"""Urging (đôn đốc): somebody above asked a unit for a report it owes."""

from django.conf import settings
from django.db import models

from taskforces.models import AdministrativeUnit
from taskforces.models.append_only import AppendOnly

from .reports import Report


class Urging(AppendOnly):
    """Append-only log: who urged which unit for which report, and when. A unit is urged once a day at most."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="urgings")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("ngày")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "lần đôn đốc"
        verbose_name_plural = "lần đôn đốc"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "day"],
                name="urged_once_a_day",
                violation_error_message="Đơn vị này đã được đôn đốc trong ngày.",
            )
        ]

    def __str__(self):
        return f"{self.unit_id} {self.at:%d/%m/%Y}"
