"""Where units lie on the map, as administrators brought it in."""

from django.conf import settings
from django.db import models

from .units import AdministrativeUnit


class BoundaryFile(models.Model):
    """One map file that was brought in. Of several with the same unit the newest counts; without it the one before."""

    name = models.CharField("tệp", max_length=200, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    uploaded_at = models.DateTimeField("nhập lúc", auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name="người nhập",
    )

    class Meta:
        verbose_name = "tệp ranh giới đơn vị"
        verbose_name_plural = "ranh giới đơn vị (bản đồ)"
        ordering = ["-pk"]

    def __str__(self):
        return self.name


class UnitBoundary(models.Model):
    """The outline of one unit in one file.

    `rings` is a list of closed rings, outer ones and holes alike, each a flat list of whole numbers: longitude and
    latitude (WGS 84) in turn, in thousandths of a degree, about 100 m.
    """

    file = models.ForeignKey(BoundaryFile, on_delete=models.CASCADE, related_name="boundaries")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="boundaries")
    rings = models.JSONField()

    class Meta:
        verbose_name = "ranh giới"
        verbose_name_plural = "ranh giới"
        constraints = [models.UniqueConstraint(fields=["file", "unit"], name="one_boundary_per_file_and_unit")]

    def __str__(self):
        return "ranh giới của một đơn vị"
