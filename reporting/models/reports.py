"""What one unit reported for one month: its figures, their history, and what happened to the report."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from reporting.figures import FIGURE, FIGURE_FIELDS
from taskforces.models import AdministrativeUnit, Level
from taskforces.models.append_only import AppendOnly
from taskforces.models.units import reporter_name
from taskforces.scope import path_in_scope

from .catalogue import Indicator, PublicService
from .periods import Period


class Status(models.TextChoices):
    DRAFT = "draft", "Đang nhập"
    SUBMITTED = "submitted", "Đã gửi"
    RETURNED = "returned", "Trả lại"
    APPROVED = "approved", "Đã duyệt"


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user):
        """Reports of the person's units and of everything under them in the tree of each report's month."""
        return self.filter(path_in_scope(user))

    def under(self, unit_id: int):
        """Reports of the unit itself and of everything below it in the tree of each report's month."""
        return self.filter(path__contains=f"/{unit_id}/")


class Report(models.Model):
    """What one unit owes and reports for one period; an untouched draft is an expected report.

    `path` is the unit's place in the tree valid on the period's last day, written when the period is opened.
    `status` is changed by workflow.py alone.
    """

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="reports")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="reports")
    path = models.CharField(max_length=100)
    level = models.CharField(max_length=8, choices=Level)
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    revision = models.PositiveSmallIntegerField("lần gửi", default=0)
    office_ready_at = models.DateTimeField(null=True, blank=True)
    office_ready_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    police_ready_at = models.DateTimeField(null=True, blank=True)
    police_ready_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    results = models.TextField("Kết quả nổi bật", blank=True)
    shortcomings = models.TextField("Tồn tại, hạn chế", blank=True)
    causes = models.TextField("Nguyên nhân", blank=True)
    proposals = models.TextField("Kiến nghị, đề xuất", blank=True)
    plan = models.TextField("Nhiệm vụ kỳ tới", blank=True)
    submitted_at = models.DateTimeField("gửi lúc", null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    own_due_at = models.DateTimeField(
        "hạn riêng", null=True, blank=True, help_text="by when this report is to be sent, where that is not its level's"
    )
    is_late = models.BooleanField("nộp trễ", default=False)
    approved_at = models.DateTimeField("duyệt lúc", null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    prior_corrected = models.BooleanField("kỳ trước đã sửa", default=False)
    soft_warnings = models.PositiveSmallIntegerField("số điểm cần xem khi gửi", default=0)
    saved_at = models.DateTimeField("lưu lần cuối", null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "báo cáo"
        verbose_name_plural = "báo cáo"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "period"],
                name="one_report_per_unit_and_period",
                violation_error_message="Đơn vị này đã có báo cáo cho kỳ này.",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="report_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["submitted", "approved"]) | Q(submitted_at__isnull=False),
                name="report_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(approved_at__isnull=False), name="report_approved_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | ~Q(approved_by=F("submitted_by")),
                name="report_approver_is_not_sender",
                violation_error_message="Không ai được duyệt báo cáo do chính mình gửi.",
            ),
        ]
        indexes = [
            models.Index(fields=["period", "status"], name="report_period_status"),
            models.Index(fields=["path"], name="report_path"),
            models.Index(fields=["own_due_at"], name="report_own_due", condition=Q(own_due_at__isnull=False)),
        ]

    def __str__(self):
        return f"{self.unit} {self.period}"

    def get_absolute_url(self):
        return reverse("report-detail", args=[self.pk])

    @property
    def reporter_name(self) -> str:
        """Whose report it is; of a report read with `unit_name` (report_doors.named_reports)."""
        return reporter_name(self.unit_name, self.level) if self.unit_name else self.unit.code

    @property
    def is_editable(self) -> bool:
        """Cells can be typed: a draft, or sent back. (A closed period refuses besides.)"""
        return self.status in {Status.DRAFT, Status.RETURNED}

    @property
    def stands_nowhere(self) -> bool:
        """Was its unit not there on the month's last day? Nobody owes it then and no total holds it (expected.py)."""
        return self.path == f"/{self.unit_id}/"


NARRATIVE_FIELDS = ("results", "shortcomings", "causes", "proposals", "plan")


class ReportEvent(AppendOnly):
    """Append-only log of a report: every change of status, with who, when and why."""

    class Action(models.TextChoices):
        READY = "ready", "Chốt số liệu phần"
        NOT_READY = "not_ready", "Bỏ chốt số liệu phần"
        SUBMIT = "submit", "Gửi"
        APPROVE = "approve", "Duyệt"
        SEND_BACK = "send_back", "Trả lại"
        REOPEN = "reopen", "Mở lại"
        ZERO_FILL = "zero_fill", "Không phát sinh"
        ACCEPT_PRIOR = "accept_prior", "Đã xem việc kỳ trước sửa"
        LIVE_SERVICES = "live", "Ghi dịch vụ thực hiện toàn trình"
        CORRECT = "correct", "Đính chính"
        EXTEND = "extend", "Gia hạn"

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="events")
    action = models.CharField("việc", max_length=12, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")
    reason = models.TextField("lý do", blank=True)
    revision = models.PositiveSmallIntegerField("lần gửi")
    receipt = models.CharField("số biên nhận", max_length=40, blank=True)
    checksum = models.CharField("mã kiểm tra", max_length=64, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký báo cáo"
        verbose_name_plural = "nhật ký báo cáo"
        constraints = [
            models.UniqueConstraint(fields=["receipt"], condition=~Q(receipt=""), name="receipt_unique"),
        ]

    def __str__(self):
        return f"{self.get_action_display()} {self.at:%d/%m/%Y %H:%M}"


def _figure_field(verbose_name: str) -> models.BigIntegerField:
    return models.BigIntegerField(verbose_name, null=True, blank=True)


class ServiceFigures(models.Model):
    """The dossiers of one service in one report (see figures.py). NULL = not reported, 0 = a reported zero."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="service_figures")
    service = models.ForeignKey(PublicService, on_delete=models.PROTECT, related_name="figures")
    opening = _figure_field(FIGURE["opening"].label)
    received_online = _figure_field(FIGURE["received_online"].label)
    received_in_person = _figure_field(FIGURE["received_in_person"].label)
    received_postal = _figure_field(FIGURE["received_postal"].label)
    resolved_early = _figure_field(FIGURE["resolved_early"].label)
    resolved_on_time = _figure_field(FIGURE["resolved_on_time"].label)
    resolved_overdue = _figure_field(FIGURE["resolved_overdue"].label)
    rejected = _figure_field(FIGURE["rejected"].label)
    pending_in_time = _figure_field(FIGURE["pending_in_time"].label)
    pending_overdue = _figure_field(FIGURE["pending_overdue"].label)

    class Meta:
        verbose_name = "số liệu dịch vụ công"
        verbose_name_plural = "số liệu dịch vụ công"
        constraints = [
            models.UniqueConstraint(fields=["report", "service"], name="one_row_per_report_and_service"),
            models.CheckConstraint(
                condition=Q(*[Q(**{f"{f}__isnull": True}) | Q(**{f"{f}__gte": 0}) for f in FIGURE_FIELDS]),
                name="service_figures_not_negative",
                violation_error_message="Số hồ sơ là số nguyên từ 0.",
            ),
        ]

    def __str__(self):
        return f"{self.report} {self.service}"


QUALIFIERS = ("hơn", "gần")  # words of published texts: a little more than, nearly


class IndicatorFigure(models.Model):
    """One indicator in one report; `denominator` is NULL for a plain number.

    `qualifier` is the word a published text puts before the (first) number; '' where it is exact.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="indicator_figures")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="figures")
    numerator = _figure_field("số đạt")
    denominator = _figure_field("tổng số")
    qualifier = models.CharField("mức độ chính xác", max_length=20, blank=True, help_text="Ví dụ: hơn, gần")
    note = models.CharField("ghi chú", max_length=300, blank=True)

    class Meta:
        verbose_name = "số liệu chỉ tiêu"
        verbose_name_plural = "số liệu chỉ tiêu"
        constraints = [
            models.UniqueConstraint(fields=["report", "indicator"], name="one_row_per_report_and_indicator"),
            models.CheckConstraint(
                condition=(Q(numerator__isnull=True) | Q(numerator__gte=0))
                & (Q(denominator__isnull=True) | Q(denominator__gte=0)),
                name="indicator_figure_not_negative",
                violation_error_message="Số liệu là số nguyên từ 0.",
            ),
        ]
        indexes = [  # few figures have one: every page that shows a total asks for them
            models.Index(fields=["indicator"], name="indicator_figure_qualified", condition=~Q(qualifier="")),
        ]

    def __str__(self):
        return f"{self.report} {self.indicator}"


LIVE_INDICATOR = "DV01"  # its value is counted from the rows below, in a report that has some


class LiveService(models.Model):
    """A service within the unit's range in one report, and whether the unit does it wholly online (toàn trình).

    The list belongs to its month: it is sealed and sent back with the report. A report without rows keeps no list; its
    DV01 was typed.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="live_services")
    service = models.ForeignKey(PublicService, on_delete=models.PROTECT, related_name="+")
    is_live = models.BooleanField("thực hiện toàn trình")

    class Meta:
        verbose_name = "dịch vụ thực hiện toàn trình"
        verbose_name_plural = "dịch vụ thực hiện toàn trình"
        constraints = [
            models.UniqueConstraint(fields=["report", "service"], name="one_live_row_per_report_and_service"),
        ]

    def __str__(self):
        return f"{self.report} {self.service}: {'có' if self.is_live else 'chưa'}"


class Explanation(models.Model):
    """The typed reason for one soft warning; kept and shown to the reviewer."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="explanations")
    check_code = models.CharField(max_length=30)
    cell = models.CharField(max_length=60, help_text="'DVC19.received_in_person', 'DV02.numerator'")
    about = models.TextField(
        "điểm được giải trình", blank=True, help_text="the warning, word for word, as it was answered"
    )
    reason = models.TextField("lý do")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "giải trình"
        verbose_name_plural = "giải trình"
        constraints = [
            models.UniqueConstraint(fields=["report", "check_code", "cell"], name="one_explanation_per_warning")
        ]

    def __str__(self):
        return f"{self.cell}: {self.reason}"


class FigureChange(AppendOnly):
    """Append-only history of every cell: old, new, who, when, through what.

    `revision` is the sending it came after (0: the first is still to come), as in the report's own log: by it, not by
    the clock, the two logs are read together.
    """

    class Via(models.TextChoices):
        PAGE = "page", "trang nhập"
        PASTE = "paste", "dán từ bảng tính"
        FILE = "file", "tệp"
        API = "api", "API"
        ZERO_FILL = "zero_fill", "không phát sinh"
        REGISTER = "register", "đếm từ sổ"
        LIST = "list", "đếm từ danh sách dịch vụ"
        CARRIED = "carried", "chuyển từ kỳ trước"
        CORRECTION = "correction", "đính chính"
        DEMO = "demo", "dữ liệu trình diễn"

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="changes")
    cell = models.CharField(max_length=60)
    old = models.BigIntegerField(null=True)
    new = models.BigIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    via = models.CharField(max_length=10, choices=Via)
    revision = models.PositiveSmallIntegerField("sau lần gửi", db_default=0)

    class Meta:
        ordering = ["pk"]
        verbose_name = "thay đổi số liệu"
        verbose_name_plural = "thay đổi số liệu"
        indexes = [models.Index(fields=["report", "cell"], name="figure_change_cell")]

    def __str__(self):
        return f"{self.cell}: {self.old} → {self.new}"


class NarrativeChange(AppendOnly):
    """Append-only log of the narrative: who wrote which text, and when. The words stand in the report alone."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="narrative_changes")
    field = models.CharField("mục", max_length=12)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "lần ghi thuyết minh"
        verbose_name_plural = "lần ghi thuyết minh"

    def __str__(self):
        return f"{self.field} {self.at:%d/%m/%Y %H:%M}"


class FormUpload(models.Model):
    """An Excel form somebody sent in for a report: which file, by whom, and how many cells it changed in the end."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="uploads")
    file_name = models.CharField("tên tệp", max_length=200)
    size = models.PositiveBigIntegerField("dung lượng")
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")
    confirmed_at = models.DateTimeField("xác nhận lúc", null=True, blank=True)
    cells_changed = models.PositiveIntegerField("số ô thay đổi", default=0)

    class Meta:
        ordering = ["pk"]
        verbose_name = "tệp biểu mẫu đã nộp"
        verbose_name_plural = "tệp biểu mẫu đã nộp"

    def __str__(self):
        return self.file_name
