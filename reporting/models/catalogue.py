"""The catalogue: the reference data administrators keep, the one row of settings included.

What is reported (public services, general indicators, with what about them is dated), the targets with their log, and
how the portal counts months and keeps files. The register reads this module and no other of `reporting`.
"""

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from de_an_06.plain import spans
from taskforces.models import AdministrativeUnit, Branch, Level
from taskforces.models.append_only import AppendOnly
from taskforces.models.units import valid_on
from taskforces.scope import path_in_scope_of_unit

TARGET_EXISTS = "Đơn vị đã có chỉ tiêu này cho kỳ đó."


class TermsQuerySet(models.QuerySet):
    def on(self, day: dt.date):
        return self.filter(valid_on(day))

    def owed_by(self, level: str, day: dt.date):
        """Terms valid on `day` under which a unit of `level` reports the thing."""
        return self.on(day).filter(**{f"at_{level}": True})


class Terms(models.Model):
    """Who reports a thing during one stretch of time (both ends included)."""

    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)
    at_commune = models.BooleanField("cấp xã báo cáo", default=False)
    at_district = models.BooleanField("cấp huyện báo cáo", default=False)
    at_province = models.BooleanField("cấp tỉnh báo cáo", default=False)

    objects = TermsQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def levels(self) -> list[Level]:
        return [level for level in REPORTING_LEVELS if getattr(self, f"at_{level}")]


class PublicService(models.Model):
    """One public service of the catalogue; 25 are in the annex of Decision 06/QĐ-TTg, more may be added."""

    code = models.CharField("mã", max_length=12, unique=True)
    order = models.PositiveSmallIntegerField("thứ tự")
    name = models.CharField("tên", max_length=300)
    short_name = models.CharField("tên ngắn", max_length=80)
    reporter = models.CharField("bộ phận nhập", max_length=6, choices=Branch)
    confidence = models.CharField("độ tin cậy", max_length=200, blank=True)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = "dịch vụ công"
        verbose_name_plural = "dịch vụ công"
        constraints = [
            models.CheckConstraint(condition=Q(reporter__in=Branch.values), name="service_reporter_is_known")
        ]

    def __str__(self):
        return f"{self.code} {self.name}"


class ServiceTerms(Terms):
    """Lead agency, levels and channel of a service during one stretch of time; is it in the headline rates?"""

    service = models.ForeignKey(
        PublicService, on_delete=models.PROTECT, related_name="terms", verbose_name="dịch vụ công"
    )
    lead_agency = models.CharField("cơ quan chủ trì", max_length=100)
    online_only = models.BooleanField("chỉ nhận trực tuyến", default=False)
    in_headline = models.BooleanField(
        "tính vào tỷ lệ chung",
        default=True,
        help_text="Không chọn: hồ sơ vẫn được đếm, nhưng không tính vào tỷ lệ chung của các tháng có ngày cuối trong "
        "thời gian này. Muốn đổi từ một ngày thì kết thúc dòng cũ và thêm dòng mới.",
    )

    class Meta:
        ordering = ["service", "valid_from"]
        verbose_name = "quy định theo thời gian của dịch vụ công"
        verbose_name_plural = "quy định theo thời gian của dịch vụ công"
        constraints = [
            models.UniqueConstraint(fields=["service", "valid_from"], name="service_terms_unique"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="service_terms_end_after_start",
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self):
        return f"{self.service.code} {self.service.short_name}, từ {self.valid_from:%d/%m/%Y}"


class Indicator(models.Model):
    """One general indicator: a number, or achieved/total. A percentage is never stored.

    `over_units` own: a unit's value is its own report's and nothing else. Where a province may do 7 of the 11 services
    in its range and a district 4 of 11, adding them up to 11/22 would say nothing.
    """

    class Kind(models.TextChoices):
        NUMBER = "number", "Số"
        RATIO = "ratio", "Đạt / Tổng số"

    class OverTime(models.TextChoices):
        FLOW = "flow", "Trong kỳ"
        STOCK = "stock", "Cuối kỳ"
        CUMULATIVE = "cumulative", "Lũy kế"

    class OverUnits(models.TextChoices):
        SUM = "sum", "Cộng các đơn vị"
        OWN = "own", "Riêng từng đơn vị"

    class Direction(models.TextChoices):
        UP = "up", "Cao là tốt"
        DOWN = "down", "Thấp là tốt"
        NONE = "none", "Không xét"

    class Owner(models.TextChoices):
        OFFICE = Branch.OFFICE.value, Branch.OFFICE.label
        POLICE = Branch.POLICE.value, Branch.POLICE.label
        REGISTER = "register", "Đếm từ sổ"

    class Group(models.TextChoices):
        ORGANISATION = "organisation", "Tổ chức"
        OUTREACH = "outreach", "Tuyên truyền"
        IDENTITY = "identity", "Định danh điện tử"
        POPULATION = "population", "Dân cư"
        CIVIL_STATUS = "civil_status", "Hộ tịch"
        HEALTH = "health", "Y tế"
        SOCIAL_SECURITY = "social_security", "An sinh xã hội"
        ONLINE_SERVICES = "online_services", "Dịch vụ công trực tuyến"
        RESOURCES = "resources", "Nguồn lực"

    code = models.CharField("mã", max_length=12, unique=True)
    order = models.PositiveSmallIntegerField("thứ tự")
    group = models.CharField("nhóm", max_length=20, choices=Group)
    name = models.CharField("tên", max_length=300)
    kind = models.CharField("loại", max_length=6, choices=Kind)
    unit_of_measure = models.CharField("đơn vị tính", max_length=40)
    numerator_label = models.CharField("tên tử số", max_length=120, blank=True)
    denominator_label = models.CharField("tên mẫu số", max_length=120, blank=True)
    over_time = models.CharField("theo thời gian", max_length=10, choices=OverTime)
    over_units = models.CharField("giữa các đơn vị", max_length=3, choices=OverUnits, default=OverUnits.SUM)
    direction = models.CharField("chiều tốt", max_length=4, choices=Direction)
    owner = models.CharField("bộ phận nhập", max_length=8, choices=Owner)
    may_exceed_total = models.BooleanField("số đạt được phép lớn hơn tổng số", default=False)
    origin = models.CharField("nguồn gốc", max_length=20, blank=True)
    hint = models.CharField("giải thích", max_length=300, blank=True)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["number", "ratio"]), name="indicator_kind_is_known"),
            models.CheckConstraint(
                condition=Q(over_time__in=["flow", "stock", "cumulative"]), name="indicator_over_time_is_known"
            ),
            models.CheckConstraint(condition=Q(over_units__in=["sum", "own"]), name="indicator_over_units_is_known"),
            models.CheckConstraint(
                condition=Q(owner__in=["office", "police", "register"]), name="indicator_owner_is_known"
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.name}"

    @property
    def is_own(self) -> bool:
        """Never added over units."""
        return self.over_units == self.OverUnits.OWN


class IndicatorTerms(Terms):
    """Which levels report an indicator during one stretch of time."""

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="terms", verbose_name="chỉ tiêu")

    class Meta:
        ordering = ["indicator", "valid_from"]
        verbose_name = "quy định theo thời gian của chỉ tiêu"
        verbose_name_plural = "quy định theo thời gian của chỉ tiêu"
        constraints = [
            models.UniqueConstraint(fields=["indicator", "valid_from"], name="indicator_terms_unique"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="indicator_terms_end_after_start",
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self):
        return f"{self.indicator.code} {self.indicator.name}, từ {self.valid_from:%d/%m/%Y}"


FIRST_YEAR, LAST_YEAR = 2020, 2100  # of targets


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user):
        return self.filter(path_in_scope_of_unit(user))

    def in_force(self):
        """Those that have a value: accepted once, whatever has been proposed since."""
        return self.filter(value__isnull=False)


class Target(models.Model):
    """What a unit is to reach: in one indicator, in a rate of one service or of all together, over a year or a month.

    A number in the indicator's unit of measure, percent of a rate. `value` is in force and NULL until the level above
    accepted or set one; `asked` is what the unit proposes, `offered` what was answered instead. Written by
    target_workflow.py alone.
    """

    class Rate(models.TextChoices):
        ONLINE = "online_rate", "trực tuyến"
        IN_TIME = "in_time_rate", "trước và đúng hạn"

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Chờ trả lời"
        RETURNED = "returned", "Trả lại"
        ACCEPTED = "accepted", "Đã giao"
        DROPPED = "dropped", "Đã bỏ"

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="targets")
    year = models.PositiveSmallIntegerField("năm")
    month = models.PositiveSmallIntegerField("tháng", default=0, help_text="0: cả năm")
    indicator = models.ForeignKey(Indicator, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    service = models.ForeignKey(PublicService, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    rate = models.CharField("tỷ lệ", max_length=12, choices=Rate, blank=True)
    value = models.DecimalField("chỉ tiêu", max_digits=14, decimal_places=2, null=True, blank=True)
    asked = models.DecimalField("đề xuất", max_digits=14, decimal_places=2, null=True, blank=True)
    offered = models.DecimalField("cấp trên đề nghị", max_digits=14, decimal_places=2, null=True, blank=True)
    status = models.CharField("tình trạng", max_length=8, choices=Status, default=Status.ACCEPTED)

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ["year", "month", "indicator", "service", "rate"]
        verbose_name = "chỉ tiêu giao"
        verbose_name_plural = "chỉ tiêu giao"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year", "month", "indicator"],
                name="one_target_of_indicator",
                violation_error_message=TARGET_EXISTS,
            ),
            models.UniqueConstraint(
                fields=["unit", "year", "month", "service", "rate"],
                name="one_target_of_service_rate",
                violation_error_message=TARGET_EXISTS,
            ),
            models.UniqueConstraint(
                fields=["unit", "year", "month", "rate"],
                condition=Q(indicator__isnull=True, service__isnull=True),
                name="one_target_of_all_services",
                violation_error_message=TARGET_EXISTS,
            ),
            models.CheckConstraint(
                condition=Q(indicator__isnull=False, service__isnull=True, rate="")
                | Q(indicator__isnull=True, rate__in=["online_rate", "in_time_rate"]),
                name="target_of_indicator_or_rate",
            ),
            models.CheckConstraint(condition=Q(month__lte=12), name="target_month_is_known"),
            models.CheckConstraint(
                condition=(Q(value__isnull=True) | Q(value__gte=0))
                & (Q(asked__isnull=True) | Q(asked__gte=0))
                & (Q(offered__isnull=True) | Q(offered__gte=0)),
                name="target_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status="accepted", value__isnull=False, asked__isnull=True, offered__isnull=True)
                | Q(status="proposed", asked__isnull=False, offered__isnull=True)
                | Q(status="returned", asked__isnull=False)
                | Q(status="dropped", value__isnull=True, asked__isnull=True, offered__isnull=True),
                name="target_values_fit_status",
            ),
        ]

    def __str__(self):
        return f"{self.label}, {self.span_label}"

    def get_absolute_url(self):
        return reverse("target-detail", args=[self.pk])

    @property
    def key(self) -> str:
        """What it is of, as addresses name the rows behind a number: TT01, DVC09.online_rate, in_time_rate."""
        if self.indicator is not None:
            return self.indicator.code
        return f"{self.service.code}.{self.rate}" if self.service is not None else self.rate

    @property
    def label(self) -> str:
        if self.indicator is not None:
            return f"{self.indicator.code} {self.indicator.name}"
        words = Target.Rate(self.rate).label
        if self.service is not None:
            return f"{self.service.code} {self.service.short_name}: {words}"
        return f"{words.capitalize()}, chung các dịch vụ công"

    @property
    def span_label(self) -> str:
        return f"tháng {self.month:02d}/{self.year}" if self.month else f"năm {self.year}"

    def check_span(self) -> None:
        """ValidationError, by field, where its unit does not exist in its year or month."""
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValidationError({"year": f"Năm từ {FIRST_YEAR} đến {LAST_YEAR}."})
        if not 0 <= self.month <= 12:
            raise ValidationError({"month": "Chọn cả năm hoặc một tháng."})
        first, last = dt.date(self.year, self.month or 1, 1), dt.date(self.year, self.month or 12, 28)
        if self.unit.opened_on > last or (self.unit.closed_on is not None and self.unit.closed_on < first):
            raise ValidationError({"year": f"Đơn vị không hoạt động trong {self.span_label}."})

    @property
    def is_percent(self) -> bool:
        return self.indicator is None or self.indicator.kind == Indicator.Kind.RATIO

    @property
    def is_at_most(self) -> bool:
        """The less the better: the target is what must not be passed."""
        return self.indicator is not None and self.indicator.direction == Indicator.Direction.DOWN

    @property
    def most(self) -> int | None:
        """The highest value it can have: a rate that cannot pass 100."""
        may_exceed = self.indicator is not None and self.indicator.may_exceed_total
        return 100 if self.is_percent and not may_exceed else None


class TargetEvent(AppendOnly):
    """Append-only log of a target: who proposed, answered, set or dropped which value, and why."""

    class Action(models.TextChoices):
        PROPOSED = "proposed", "Đề xuất"
        ACCEPTED = "accepted", "Chấp nhận"
        RETURNED = "returned", "Trả lại"
        SET = "set", "Giao"
        DROPPED = "dropped", "Bỏ"

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="events")
    action = models.CharField("việc", max_length=8, choices=Action)
    old = models.DecimalField("trước", max_digits=14, decimal_places=2, null=True)
    new = models.DecimalField("sau", max_digits=14, decimal_places=2, null=True)
    reason = models.CharField("lý do", max_length=1000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký chỉ tiêu giao"
        verbose_name_plural = "nhật ký chỉ tiêu giao"

    def __str__(self):
        return f"{self.get_action_display()}: {self.old} → {self.new}"


def _threshold(
    label: str, default: int, least: int, most: int, help_text: str = ""
) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        label, default=default, help_text=help_text, validators=[MinValueValidator(least), MaxValueValidator(most)]
    )


class ReportingSettings(models.Model):
    """The one row of settings of the portal (see `load`): reference data like the rest of the catalogue."""

    class Scheme(models.TextChoices):
        FIFTEENTH = spans.FIFTEENTH, "Từ ngày 15 tháng trước đến ngày 14 (Nghị định 09/2019/NĐ-CP)"
        CALENDAR = spans.CALENDAR, "Tháng dương lịch"

    scheme = models.CharField("cách tính tháng", max_length=10, choices=Scheme, default=Scheme.FIFTEENTH)
    support_contact = models.CharField("nơi hỗ trợ", max_length=120, default="Tổ giúp việc", blank=True)
    contact_months = models.PositiveSmallIntegerField("số tháng giữ liên hệ sau khi thôi nhiệm vụ", default=6)
    quiet_months = models.PositiveSmallIntegerField("số tháng không họp, không báo cáo thì nêu", default=3)
    export_days = models.PositiveSmallIntegerField("số ngày giữ tệp đã lập", default=30)
    # Reminders (reminders/by_clock.py)
    remind_before = models.PositiveSmallIntegerField("nhắc trước hạn bao nhiêu ngày", default=2)
    remind_after = models.PositiveSmallIntegerField("nhắc sau hạn bao nhiêu ngày", default=1)
    # “Vấn đề cần lưu ý” (reading/findings.py)
    fewest_dossiers = _threshold(
        "số hồ sơ ít nhất để nêu tỷ lệ", 20, 1, 10_000, "Tỷ lệ của ít hồ sơ đã giải quyết hơn thì không nêu tốt, xấu."
    )
    slow_percent = _threshold(
        "trước và đúng hạn dưới bao nhiêu % thì theo dõi", 98, 1, 100, "Từ mức này trở lên là tốt."
    )
    very_slow_percent = _threshold("trước và đúng hạn dưới bao nhiêu % thì cần chỉ đạo", 95, 1, 100)
    fall_points = _threshold("tỷ lệ giảm từ bao nhiêu điểm phần trăm thì nêu", 2, 1, 100)
    late_months = _threshold("trễ bao nhiêu tháng liên tiếp thì nêu", 3, 2, 12)
    alike_percent = _threshold(
        "giống tháng trước từ bao nhiêu % số ô thì nêu",
        80,
        1,
        100,
        "Trong các ô khác 0 của dịch vụ công. Khi nhập, báo cáo như vậy phải giải trình.",
    )
    waiting_days = _threshold("khó khăn chờ trả lời quá bao nhiêu ngày thì nêu", 30, 1, 365)
    very_late_days = _threshold(
        "kết luận họp, tồn tại sau kiểm tra quá hạn trên bao nhiêu ngày thì cần chỉ đạo", 30, 1, 365
    )
    pace_months = _threshold("đánh giá tiến độ chỉ tiêu năm từ tháng thứ mấy", 3, 1, 12)
    peers_named = models.BooleanField(
        "xã, huyện thấy tên đơn vị khác trong bảng xếp hạng",
        default=False,
        help_text="Không chọn: mỗi đơn vị chỉ thấy hạng của mình và khoảng giá trị của các đơn vị cùng loại.",
    )

    class Meta:
        verbose_name = "cài đặt chung"
        verbose_name_plural = "cài đặt chung"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="settings_is_one_row")]

    def __str__(self):
        return "Cài đặt chung"

    @classmethod
    def load(cls) -> "ReportingSettings":
        return cls.objects.get_or_create(pk=1)[0]


REPORTING_LEVELS = (Level.COMMUNE, Level.DISTRICT, Level.PROVINCE)
