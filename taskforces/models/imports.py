"""Files brought in: what was uploaded, what it would change, and what it did; and how often tables went out."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

FOLDER = "imports"  # of uploads and result files


def import_path(instance, name: str) -> str:
    return f"{FOLDER}/{uuid.uuid4().hex}"


class ImportJob(models.Model):
    """One uploaded roster: checked by the worker, previewed, confirmed, written in one transaction."""

    class Kind(models.TextChoices):
        TASK_FORCES = "task_forces", "Tổ công tác"
        MEMBERS = "members", "Thành viên tổ công tác"
        VILLAGE_TEAMS = "village_teams", "Tổ ở thôn, ấp, khu phố"
        ASSIGNMENTS = "assignments", "Nhiệm vụ được giao"
        USERS = "users", "Tài khoản và phân công"
        TARGETS = "targets", "Chỉ tiêu giao"
        UNITS = "units", "Đơn vị hành chính"

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ kiểm tra"
        CHECKING = "checking", "Đang kiểm tra"
        REFUSED = "refused", "Có lỗi, chưa nhập gì"
        READY = "ready", "Chờ xác nhận"
        WRITING = "writing", "Đang nhập"
        DONE = "done", "Đã nhập"
        CANCELLED = "cancelled", "Đã bỏ"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("loại", max_length=14, choices=Kind)
    state = models.CharField("tình trạng", max_length=10, choices=State, default=State.WAITING)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    uploaded_at = models.DateTimeField()
    file = models.FileField(upload_to=import_path)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    progress = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    preview = models.JSONField(default=dict, help_text="what the preview page shows; made in imports/jobs.py")
    message = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="how often a worker has begun the present step")
    noted_at = models.DateTimeField(default=timezone.now, help_text="the last sign of life, by the server's clock")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        verbose_name = "lần nhập tệp"
        verbose_name_plural = "lần nhập tệp"

    def __str__(self):
        return self.file_name


class FileTaken(models.Model):
    """A table given out in the request itself: counted for an hour (people/quotas.py), then forgotten."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "tệp đã lấy"
        verbose_name_plural = "tệp đã lấy"

    def __str__(self):
        return f"{self.by} {self.at:%d/%m/%Y %H:%M}"
