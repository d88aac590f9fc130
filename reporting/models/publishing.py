"""What a province published of a month, kept for good, and the corrections of what was published (decision 0022)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from taskforces.models import AdministrativeUnit, Level
from taskforces.models.append_only import AppendOnly
from taskforces.scope import path_in_scope

from .periods import Period
from .reports import Report, Status


class PublishedVersion(AppendOnly):
    """The official figures of one province and month, as they were made public for the `number`th time."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="published", verbose_name="kỳ")
    province = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="published", verbose_name="tỉnh, thành phố"
    )
    number = models.PositiveSmallIntegerField("lần công bố")
    at = models.DateTimeField("công bố lúc")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="người công bố"
    )
    reason = models.TextField("lý do điều chỉnh", blank=True)

    class Meta:
        ordering = ["-number"]
        verbose_name = "lần công bố số liệu"
        verbose_name_plural = "lần công bố số liệu"
        constraints = [
            models.UniqueConstraint(fields=["period", "province", "number"], name="published_version_unique"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="later_version_has_reason"),
        ]

    def __str__(self):
        return f"{self.period}, lần {self.number}"

    def get_absolute_url(self):
        return reverse("published-version", args=[self.pk])


class VersionReport(AppendOnly):
    """One report behind a version: cell -> figure of an approved one ('DVC09.received_online': 12; null = blank),
    nothing of any other."""

    version = models.ForeignKey(PublishedVersion, on_delete=models.PROTECT, related_name="reports")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=100)
    level = models.CharField(max_length=8, choices=Level)
    status = models.CharField(max_length=9, choices=Status)
    is_late = models.BooleanField()
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "unit"], name="one_published_report_per_unit")]

    def __str__(self):
        return self.name


class VersionTotal(AppendOnly):
    """The roll-up's totals of one unit with units below, as they stood in a version, by cell as in the reports.

    `units`: how many reports are in each service or indicator (code -> number).
    """

    version = models.ForeignKey(PublishedVersion, on_delete=models.PROTECT, related_name="totals")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=100)
    expected = models.PositiveIntegerField()
    approved = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)
    units = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "unit"], name="one_published_total_per_unit")]

    def __str__(self):
        return self.name


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def visible_to(self, user):
        """Corrections of reports in the person's scope."""
        return self.filter(path_in_scope(user, "report__"))

    def waiting(self):
        return self.filter(state=Correction.State.WAITING)


class Correction(models.Model):
    """Named cells of an approved report that its unit wants changed; review/corrections.py alone changes `state`.

    `cells`: cell -> [figure when it was asked for, figure wanted]; null = blank.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ xem xét"
        ACCEPTED = "accepted", "Đã chấp nhận"
        REFUSED = "refused", "Không chấp nhận"
        WITHDRAWN = "withdrawn", "Đã rút"

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="corrections")
    cells = models.JSONField()
    reason = models.TextField("lý do")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("đề nghị lúc")
    state = models.CharField("tình trạng", max_length=9, choices=State, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("xem xét lúc", null=True, blank=True)
    answer = models.TextField("trả lời", blank=True)
    version = models.ForeignKey(
        PublishedVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = "đề nghị đính chính"
        verbose_name_plural = "đề nghị đính chính"
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(state="waiting"), name="one_waiting_correction_per_report"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(decided_at__isnull=False), name="decided_correction_has_time"
            ),
        ]

    def __str__(self):
        return f"{self.report}: {len(self.cells)} ô"

    def get_absolute_url(self):
        return reverse("correction", args=[self.pk])
