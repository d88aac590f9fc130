"""Files made for download by the worker."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from taskforces.models import AdministrativeUnit, Level

from .circulars import CircularForm
from .interim import WordTemplate
from .summaries import Basis

LEVELS_BELOW = {Level.DISTRICT.value: "Cấp huyện", Level.COMMUNE.value: "Cấp xã"}
FORMS = ["bieu-tong-hop", "bo-bieu", "so-ket"]


class ExportJob(models.Model):
    """One requested file, an Excel summary, many of them in one archive, a Word report or a circular's form: what was
    asked, how far it is, and the file.

    `parts`, `columns` and `layout` say what a summary holds (exports/book/choice.py), `below` of which level's units an
    archive holds one each. `template`: of a Word report made to try one out; without it the one in force when the file
    is made. `circular_form`: the version that is filled. `message`: why it failed; of a finished form what was not
    filled.
    """

    class Form(models.TextChoices):
        SUMMARY = "bieu-tong-hop", "Biểu tổng hợp"
        SUMMARIES_BELOW = "bo-bieu", "Bộ biểu tổng hợp"
        INTERIM_REPORT = "so-ket", "Báo cáo sơ kết"
        CIRCULAR = "bieu-thong-tu", "Biểu theo thông tư"

    class Layout(models.TextChoices):
        STATISTICAL = "bieu", "Biểu thống kê"
        OFFICIAL = "van-ban", "Văn bản hành chính"

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
    parts = models.CharField("các trang", max_length=300, blank=True, help_text="keys, in order, a comma between")
    columns = models.CharField("các cột thêm", max_length=100, blank=True, help_text="keys, in order, a comma between")
    layout = models.CharField("thể thức", max_length=7, choices=Layout, default=Layout.STATISTICAL)
    below = models.CharField("của từng đơn vị", max_length=8, choices=LEVELS_BELOW, blank=True)
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
                condition=Q(form__in=FORMS, circular_form__isnull=True)
                | Q(form="bieu-thong-tu", circular_form__isnull=False),
                name="export_form_is_known",
            ),
            models.CheckConstraint(condition=Q(layout__in=["bieu", "van-ban"]), name="export_layout_is_known"),
            models.CheckConstraint(
                condition=Q(form="bo-bieu", below__in=list(LEVELS_BELOW)) | (~Q(form="bo-bieu") & Q(below="")),
                name="export_of_units_below_says_which",
            ),
        ]

    def __str__(self):
        return f"{self.unit} {self.span}"
