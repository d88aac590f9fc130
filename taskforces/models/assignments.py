"""Assignments (nhiệm vụ): what a source document asks, of which unit or body, and how far it is."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from .append_only import AppendOnly
from .taskforces import UnitOwnedQuerySet
from .units import AdministrativeUnit


class SourceDocumentQuerySet(models.QuerySet):
    def catalogue(self):
        """The plans and decisions that are for all to read; conclusions of a meeting are for those it is visible to."""
        return self.filter(meeting__isnull=True)


class SourceDocument(models.Model):
    """A plan or decision that hands out tasks, e.g. Quyết định 06/QĐ-TTg; or the conclusions of one meeting."""

    number = models.CharField("số, ký hiệu", max_length=60, unique=True)
    issued_on = models.DateField("ngày ban hành")
    issuing_body = models.CharField("cơ quan ban hành", max_length=160)
    title = models.CharField("trích yếu", max_length=300)
    meeting = models.OneToOneField(
        "taskforces.Meeting",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="source",
        verbose_name="cuộc họp",
    )

    objects = SourceDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_on", "number"]
        verbose_name = "văn bản giao nhiệm vụ"
        verbose_name_plural = "văn bản giao nhiệm vụ"

    def __str__(self):
        return f"{self.number} {self.title}"


class SourceItem(models.Model):
    """One task of a source document. Counts of different documents cut the programme differently: never add them."""

    source = models.ForeignKey(SourceDocument, on_delete=models.PROTECT, related_name="items", verbose_name="văn bản")
    code = models.CharField("mã", max_length=20)
    text = models.TextField("nội dung")
    task_group = models.CharField("nhóm nhiệm vụ", max_length=120, blank=True)
    utility_group = models.PositiveSmallIntegerField("nhóm tiện ích (1–5)", null=True, blank=True)

    class Meta:
        ordering = ["source", "code"]
        verbose_name = "nhiệm vụ trong văn bản"
        verbose_name_plural = "nhiệm vụ trong văn bản"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "code"],
                name="source_item_unique",
                violation_error_message="Văn bản đã có nhiệm vụ mang mã này.",
            ),
            models.CheckConstraint(
                condition=Q(utility_group__isnull=True) | Q(utility_group__gte=1, utility_group__lte=5),
                name="utility_group_is_1_to_5",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.text[:80]}"


class Assignment(models.Model):
    """A unit (or a named body of it) has one task to lead, or to co-operate on, until a day."""

    class Part(models.TextChoices):
        LEAD = "lead", "Chủ trì"
        COOPERATING = "cooperating", "Phối hợp"

    class Status(models.TextChoices):
        NOT_STARTED = "not_started", "Chưa thực hiện"
        IN_PROGRESS = "in_progress", "Đang thực hiện"
        DONE = "done", "Đã hoàn thành"
        DROPPED = "dropped", "Không thực hiện"

    item = models.ForeignKey(SourceItem, on_delete=models.PROTECT, related_name="assignments", verbose_name="nhiệm vụ")
    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="assignments", verbose_name="đơn vị"
    )
    body = models.CharField("cơ quan thực hiện", max_length=160, blank=True, help_text="để trống: cả đơn vị")
    part = models.CharField("vai trò", max_length=11, choices=Part)
    assigned_on = models.DateField("giao ngày")
    due_on = models.DateField("hạn hoàn thành", null=True, blank=True)
    status = models.CharField("tình trạng", max_length=11, choices=Status, default=Status.NOT_STARTED)
    done_on = models.DateField("hoàn thành ngày", null=True, blank=True)
    dropped_on = models.DateField("thôi thực hiện ngày", null=True, blank=True)
    dropped_reason = models.TextField("lý do không thực hiện", blank=True)
    progress = models.TextField("tiến độ", blank=True)

    objects = UnitOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "nhiệm vụ được giao"
        verbose_name_plural = "nhiệm vụ được giao"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "unit", "body"],
                name="assignment_unique",
                violation_error_message="Đơn vị đã được giao nhiệm vụ này.",
            ),
            models.CheckConstraint(condition=Q(part__in=["lead", "cooperating"]), name="assignment_part_is_known"),
            models.CheckConstraint(
                condition=(Q(status="done") & Q(done_on__isnull=False)) | (~Q(status="done") & Q(done_on__isnull=True)),
                name="assignment_done_has_day",
                violation_error_message="Nhiệm vụ hoàn thành phải có ngày hoàn thành.",
            ),
            models.CheckConstraint(
                condition=(Q(status="dropped") & Q(dropped_on__isnull=False) & ~Q(dropped_reason=""))
                | (~Q(status="dropped") & Q(dropped_on__isnull=True)),
                name="assignment_dropped_has_reason",
                violation_error_message="Nhiệm vụ không thực hiện phải có ngày và lý do.",
            ),
        ]
        indexes = [models.Index(fields=["unit", "status"], name="assignment_unit_status")]

    def __str__(self):
        return f"{self.item} – {self.unit}"

    def get_absolute_url(self):
        return reverse("assignment-detail", args=[self.pk])


class AssignmentEvent(AppendOnly):
    """Append-only, dated log of an assignment."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="events")
    status = models.CharField("tình trạng", max_length=11, choices=Assignment.Status)
    note = models.TextField("ghi chú", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký nhiệm vụ"
        verbose_name_plural = "nhật ký nhiệm vụ"

    def __str__(self):
        return f"{self.get_status_display()} {self.at:%d/%m/%Y}"


class PlanChange(AppendOnly):
    """Append-only log of what is asked of many: documents and their tasks (`source`), and, until they had a log
    of their own, targets of a unit (`unit`)."""

    source = models.ForeignKey(
        SourceDocument, null=True, on_delete=models.PROTECT, related_name="changes", verbose_name="văn bản"
    )
    unit = models.ForeignKey(
        AdministrativeUnit, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="đơn vị"
    )
    what = models.CharField("nội dung", max_length=200)
    before = models.TextField("trước", blank=True)  # '' when it was not there
    after = models.TextField("sau")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký văn bản, chỉ tiêu giao"
        verbose_name_plural = "nhật ký văn bản, chỉ tiêu giao"

    def __str__(self):
        return f"{self.what} {self.at:%d/%m/%Y}"
