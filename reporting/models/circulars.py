"""The Excel forms of circulars that a province hands in to be filled."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from taskforces.models import AdministrativeUnit
from taskforces.models.taskforces import private_path


class CircularForm(models.Model):
    """One version of an Excel form of a circular (biểu theo thông tư), for its unit and everything under it. Its file
    is kept for good.

    Versions of one form have the same name. In force is the version put in force last, until it is withdrawn or another
    takes its place. `marks`: what was found in it when it came in (`form_filler`), so that no page opens it again.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="circular_forms")
    name = models.CharField("tên biểu", max_length=80)
    number = models.PositiveIntegerField("lần")
    file = models.FileField("tệp", upload_to=private_path)
    file_name = models.CharField("tên tệp", max_length=200)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField(max_length=64)
    marks = models.JSONField("chỗ điền")
    note = models.CharField("ghi chú", max_length=200, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("gửi lúc")
    in_force_from = models.DateTimeField("dùng từ", null=True, blank=True)
    in_force_to = models.DateTimeField("dùng đến", null=True, blank=True)
    put_in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["name", "-number"]
        verbose_name = "biểu theo thông tư"
        verbose_name_plural = "biểu theo thông tư"
        constraints = [
            models.UniqueConstraint(fields=["unit", "name", "number"], name="circular_form_number_unique"),
            models.UniqueConstraint(
                fields=["unit", "name"],
                condition=Q(in_force_from__isnull=False, in_force_to__isnull=True),
                name="one_version_of_a_circular_form_in_force",
                violation_error_message="Biểu này đang dùng một lần gửi khác.",
            ),
            models.CheckConstraint(
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from")),
                name="circular_form_ends_after_start",
            ),
        ]

    def __str__(self):
        return f"{self.name}, lần {self.number}"

    @property
    def is_in_force(self) -> bool:
        return self.in_force_from is not None and self.in_force_to is None
