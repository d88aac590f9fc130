"""What people add to an interim report (báo cáo sơ kết): chosen words, a conclusion; and the Word templates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from taskforces.models import AdministrativeUnit
from taskforces.models.taskforces import private_path

from .reports import NARRATIVE_FIELDS, Report


class InterimReport(models.Model):
    """What was written by hand for the interim report of one unit and one span; figures are read anew each time.

    `version` counts the savings: who saves says which one the page showed, so that nobody writes over another's words
    unseen. An empty `conclusion` means the draft made from the figures.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="interim_reports")
    span = models.CharField("kỳ", max_length=20, help_text="a Span key: '2026-11', '2026-Q3', '2026-01..2026-10'")
    conclusion = models.TextField("dự thảo kết luận", blank=True)
    version = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "phần lời của báo cáo sơ kết"
        verbose_name_plural = "phần lời của báo cáo sơ kết"
        constraints = [models.UniqueConstraint(fields=["unit", "span"], name="one_interim_report_per_unit_and_span")]

    def __str__(self):
        return f"{self.unit} {self.span}"


class ChosenNarrative(models.Model):
    """One unit's words of one month, taken into an interim report: `text` is edited there, the report keeps its own.

    `own_words` are the unit's as they were when chosen. One that was taken out again stays with `is_chosen` False, so
    that what was typed is there when it is chosen once more.
    """

    interim = models.ForeignKey(InterimReport, on_delete=models.CASCADE, related_name="narratives")
    source = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    field = models.CharField("mục", max_length=12, choices=[(f, f) for f in NARRATIVE_FIELDS])
    text = models.TextField("lời trong báo cáo sơ kết")
    own_words = models.TextField("lời của đơn vị khi chọn")
    position = models.PositiveIntegerField("thứ tự")
    is_chosen = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "lời đã chọn"
        verbose_name_plural = "lời đã chọn"
        constraints = [
            models.UniqueConstraint(fields=["interim", "source", "field"], name="words_are_chosen_once"),
            models.CheckConstraint(
                condition=Q(field__in=["results", "shortcomings", "causes", "proposals", "plan"]),
                name="chosen_field_is_known",
            ),
        ]

    def __str__(self):
        return f"{self.source} {self.field}"


class WordTemplate(models.Model):
    """One version of a unit's Word template for interim reports. Its file is kept for good.

    In force is the version put in force last; the others were before, or were never (handed in, only tried).
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="word_templates")
    number = models.PositiveIntegerField("lần")
    file = models.FileField("tệp", upload_to=private_path)
    file_name = models.CharField("tên tệp", max_length=200)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField(max_length=64)
    note = models.CharField("ghi chú", max_length=200, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("gửi lúc")
    in_force_from = models.DateTimeField("dùng từ", null=True, blank=True)
    in_force_to = models.DateTimeField("dùng đến", null=True, blank=True)
    put_in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        verbose_name = "mẫu Word"
        verbose_name_plural = "mẫu Word"
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="word_template_number_unique"),
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(in_force_from__isnull=False, in_force_to__isnull=True),
                name="one_word_template_in_force",
                violation_error_message="Đơn vị đang dùng một mẫu khác.",
            ),
            models.CheckConstraint(
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from")),
                name="word_template_ends_after_start",
            ),
        ]

    def __str__(self):
        return f"{self.unit} {self.number}"

    @property
    def is_in_force(self) -> bool:
        return self.in_force_from is not None and self.in_force_to is None
