"""Meetings of a task force, and inspections: what was held, what an inspection found, and who changed what."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from taskforces.scope import path_in_scope_of_unit

from .append_only import AppendOnly
from .taskforces import TaskForce
from .units import AdministrativeUnit


class MeetingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Of the task forces of one's own unit and of those below."""
        return self.filter(path_in_scope_of_unit(user, "task_force__unit"))

    def held_by(self, day: dt.date):
        """Those that had taken place by `day`: neither planned for later nor cancelled."""
        return self.filter(held_on__lte=day, cancelled_reason="")


class Meeting(models.Model):
    """A meeting of a task force, planned or held. Its conclusions are the items of its `source`, handed out."""

    class Kind(models.TextChoices):
        INTERIM_REVIEW = "interim_review", "Sơ kết"
        REGULAR = "regular", "Giao ban"
        LAUNCH = "launch", "Ra mắt"
        CHECK = "check", "Kiểm tra"
        OTHER = "other", "Họp khác"

    task_force = models.ForeignKey(
        TaskForce, on_delete=models.PROTECT, related_name="meetings", verbose_name="tổ công tác"
    )
    kind = models.CharField("loại", max_length=14, choices=Kind)
    held_on = models.DateField("ngày họp")
    title = models.CharField("nội dung họp", max_length=200, blank=True)
    chair = models.CharField("chủ trì", max_length=160)
    points = models.PositiveIntegerField("số điểm cầu", null=True, blank=True)
    delegates = models.PositiveIntegerField("số đại biểu", null=True, blank=True)
    minutes = models.TextField("diễn biến", blank=True)
    cancelled_reason = models.TextField("lý do hủy", blank=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-pk"]
        verbose_name = "cuộc họp"
        verbose_name_plural = "cuộc họp"
        constraints = [
            models.UniqueConstraint(
                fields=["task_force", "kind", "held_on"],
                condition=Q(cancelled_reason=""),
                name="meeting_unique",
                violation_error_message="Tổ đã có cuộc họp loại này ngày đó.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["interim_review", "regular", "launch", "check", "other"]),
                name="meeting_kind_is_known",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} ngày {self.held_on:%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("meeting-detail", args=[self.pk])


class InspectionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of teams of one's own unit and below, and those that visited a unit there."""
        return self.filter(path_in_scope_of_unit(user, "task_force__unit") | path_in_scope_of_unit(user))


class Inspection(models.Model):
    """A team visits a unit; what it finds has to be remedied by a day."""

    task_force = models.ForeignKey(
        TaskForce, on_delete=models.PROTECT, related_name="inspections", verbose_name="tổ kiểm tra"
    )
    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="inspections", verbose_name="đơn vị được kiểm tra"
    )
    body = models.CharField("bộ phận được kiểm tra", max_length=160, blank=True)
    held_on = models.DateField("ngày kiểm tra")
    leader = models.CharField("chủ trì kiểm tra", max_length=160)
    summary = models.TextField("nhận xét chung", blank=True)
    cancelled_reason = models.TextField("lý do hủy", blank=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-pk"]
        verbose_name = "cuộc kiểm tra"
        verbose_name_plural = "cuộc kiểm tra"
        constraints = [
            models.UniqueConstraint(
                fields=["task_force", "unit", "body", "held_on"],
                condition=Q(cancelled_reason=""),
                name="inspection_unique",
                violation_error_message="Tổ đã có cuộc kiểm tra đơn vị này ngày đó.",
            ),
        ]

    def __str__(self):
        return f"Kiểm tra ngày {self.held_on:%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("inspection-detail", args=[self.pk])


class InspectionFinding(models.Model):
    """One thing an inspection found wrong, with the last day to put it right; done on a day, told by somebody."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="findings")
    text = models.TextField("nội dung tồn tại")
    due_on = models.DateField("hạn khắc phục")
    remedied_on = models.DateField("khắc phục xong ngày", null=True, blank=True)
    remedy = models.TextField("kết quả khắc phục", blank=True)
    remedied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name = "tồn tại"
        verbose_name_plural = "tồn tại"
        constraints = [
            models.CheckConstraint(
                condition=Q(remedied_on__isnull=True, remedied_by__isnull=True)
                | Q(remedied_on__isnull=False, remedied_by__isnull=False),
                name="remedied_finding_has_day_and_person",
            ),
        ]

    def __str__(self):
        return self.text[:80]


class MeetingChange(AppendOnly):
    """Append-only log of one meeting or one inspection with its findings."""

    meeting = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="changes")
    inspection = models.ForeignKey(Inspection, null=True, on_delete=models.PROTECT, related_name="changes")
    what = models.CharField("nội dung", max_length=200)
    before = models.TextField("trước", blank=True)  # '' when it was not there
    after = models.TextField("sau")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký cuộc họp, kiểm tra"
        verbose_name_plural = "nhật ký cuộc họp, kiểm tra"
        constraints = [
            models.CheckConstraint(
                condition=Q(meeting__isnull=False, inspection__isnull=True)
                | Q(meeting__isnull=True, inspection__isnull=False),
                name="meeting_change_is_of_one_thing",
            ),
        ]

    def __str__(self):
        return f"{self.what} {self.at:%d/%m/%Y}"
