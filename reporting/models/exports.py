"""Files made for download by the worker."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from taskforces.models import AdministrativeUnit

from .circulars import CircularForm
from .interim import WordTemplate
from .summaries import Basis


class ExportJob(models.Model):
    """One requested file, an Excel summary, a Word report or a circular's form: what was asked, how far it is, and the
    file.

    `template`: of a Word report made to try one out; without it the one in force when the file is made.
    `circular_form`: the version that is filled. `message`: why it failed; of a finished form what was not filled.
    """

    class Form(models.TextChoices):
        SUMMARY = "bieu-tong-hop", "Biểu tổng hợp"
        INTERIM_REPORT = "so-ket", "Báo cáo sơ kết"
        CIRCULAR = "bieu-thong-tu", "Biểu theo thông tư"

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ đến lượt"
        RUNNING = "running", "Đang lập"
        DONE = "done", "Đã lập xong"
        FAILED = "failed", "Không lập được"
        DROPPED = "dropped", "Đã bỏ"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    requested_at = models.DateTimeField()
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    span = models.CharField("kỳ", max_length=20, help_text="a Span key: '2026-11', '2026-Q3', '2026-01..2026-10'")
    basis = models.CharField("cơ sở", max_length=11, choices=Basis)
    is_joined = models.BooleanField("nối địa giới", default=False, help_text="by the boundaries of the last day")
    form = models.CharField("loại tệp", max_length=20, choices=Form, default=Form.SUMMARY)
    template = models.ForeignKey(WordTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    circular_form = models.ForeignKey(CircularForm, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="how often a worker has begun it")
    noted_at = models.DateTimeField(default=timezone.now, help_text="the last sign of life, by the server's clock")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(default=0)
    units_reported = models.PositiveIntegerField(default=0)
    units_expected = models.PositiveIntegerField(default=0)
    figures_as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        verbose_name = "tệp đã lập"
        verbose_name_plural = "tệp đã lập"
        constraints = [
            models.CheckConstraint(condition=Q(basis__in=Basis.values), name="export_basis_is_known"),
            models.CheckConstraint(
                condition=Q(form__in=["bieu-tong-hop", "so-ket"], circular_form__isnull=True)
                | Q(form="bieu-thong-tu", circular_form__isnull=False),
                name="export_form_is_known",
            ),
        ]

    def __str__(self):
        return f"{self.unit} {self.span}"
