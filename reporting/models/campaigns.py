"""Campaigns ("Cao điểm 45 ngày đêm"): days, measures, the goal of each unit, what each did day by day."""

import datetime as dt

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from taskforces.models import AdministrativeUnit
from taskforces.models.append_only import AppendOnly

from .catalogue import Indicator


class Campaign(models.Model):
    """One campaign of a unit and the units below it, from its first to its last day, both included.

    `as_written` keeps what the plan or article says of itself, right or wrong. Days up to `locked_to` are entered no
    more; nothing is once the campaign is closed.
    """

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="campaigns", verbose_name="đơn vị mở"
    )
    name = models.CharField("tên", max_length=160)
    first_day = models.DateField("ngày đầu")
    last_day = models.DateField("ngày cuối")
    note = models.TextField("nội dung", blank=True)
    as_written = models.TextField("nguyên văn của văn bản, bài báo", blank=True)
    feeds_reports = models.BooleanField("đưa số vào báo cáo tháng", default=False)
    locked_to = models.DateField("khóa số đến hết ngày", null=True, blank=True)
    created_at = models.DateTimeField("mở lúc")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-first_day", "-pk"]
        verbose_name = "cao điểm"
        verbose_name_plural = "cao điểm"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "name", "first_day"],
                name="campaign_unique",
                violation_error_message="Đơn vị đã có cao điểm cùng tên, cùng ngày đầu.",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="campaign_ends_after_start",
                violation_error_message="Ngày cuối phải sau ngày đầu.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("campaign-detail", args=[self.pk])

    @property
    def length(self) -> int:
        """Days, the first and the last included."""
        return (self.last_day - self.first_day).days + 1

    def day_number(self, day: dt.date) -> int:
        """1 on the first day; 0 and below before it, more than `length` after the last."""
        return (day - self.first_day).days + 1


class CampaignMeasure(models.Model):
    """What a campaign counts, in whole numbers; `indicator` is the one of the monthly report that asks for the same."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="measures")
    order = models.PositiveSmallIntegerField("thứ tự")
    name = models.CharField("tên", max_length=120)
    unit_of_measure = models.CharField("đơn vị tính", max_length=40)
    indicator = models.ForeignKey(
        Indicator, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="chỉ tiêu"
    )

    class Meta:
        ordering = ["order"]
        verbose_name = "việc đếm trong cao điểm"
        verbose_name_plural = "việc đếm trong cao điểm"
        constraints = [models.UniqueConstraint(fields=["campaign", "order"], name="campaign_measure_unique")]

    def __str__(self):
        return self.name


class CampaignGoalQuerySet(models.QuerySet["CampaignGoal"]):
    def proposing(self, unit, first, last):
        """Of a unit, in closed campaigns that feed the reports and have days from `first` to `last`."""
        of_campaign = {
            "feeds_reports": True,
            "closed_at__isnull": False,
            "first_day__lte": last,
            "last_day__gte": first,
        }
        lasting = {f"measure__campaign__{name}": value for name, value in of_campaign.items()}
        return self.filter(unit=unit, measure__indicator__isnull=False, **lasting)


class CampaignGoal(models.Model):
    """A unit takes part in a measure; `goal` is NULL until one is set, which is not a goal of 0."""

    measure = models.ForeignKey(CampaignMeasure, on_delete=models.CASCADE, related_name="goals")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="campaign_goals")
    goal = models.BigIntegerField("chỉ tiêu", null=True, blank=True, validators=[MinValueValidator(0)])

    objects = CampaignGoalQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu của đơn vị trong cao điểm"
        verbose_name_plural = "chỉ tiêu của đơn vị trong cao điểm"
        constraints = [
            models.UniqueConstraint(fields=["measure", "unit"], name="campaign_goal_unique"),
            models.CheckConstraint(condition=Q(goal__isnull=True) | Q(goal__gte=0), name="campaign_goal_not_negative"),
        ]

    def __str__(self):
        return f"{self.unit_id}: {self.goal}"


class CampaignDay(models.Model):
    """What a unit did of a measure on a day; NULL is not entered, which is not 0.

    `since`: the number is the sum from that day to `day`, the days one by one are not known. `qualifier` is the word
    that stands before the number where it is not exact.
    """

    measure = models.ForeignKey(CampaignMeasure, on_delete=models.PROTECT, related_name="days")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("ngày")
    since = models.DateField("gộp từ ngày", null=True, blank=True)
    value = models.BigIntegerField("số", null=True)
    qualifier = models.CharField("mức độ chính xác", max_length=20, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "số liệu ngày của cao điểm"
        verbose_name_plural = "số liệu ngày của cao điểm"
        constraints = [
            models.UniqueConstraint(fields=["measure", "unit", "day"], name="campaign_day_unique"),
            models.CheckConstraint(condition=Q(value__isnull=True) | Q(value__gte=0), name="campaign_day_not_negative"),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(since__lt=F("day")), name="campaign_day_since_before_day"
            ),
        ]
        indexes = [models.Index(fields=["measure", "day"], name="campaign_day_of_measure")]

    def __str__(self):
        return f"{self.day:%d/%m/%Y}: {self.value}"


class CampaignResources(models.Model):
    """What a unit put in on a day: shifts, machines, volunteers; NULL is not entered."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="resources")
    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("ngày")
    shifts = models.PositiveIntegerField("số ca trong ngày", null=True, blank=True)
    machines = models.PositiveIntegerField("số máy", null=True, blank=True)
    volunteers = models.PositiveIntegerField("người tình nguyện", null=True, blank=True)

    class Meta:
        verbose_name = "nguồn lực của cao điểm"
        verbose_name_plural = "nguồn lực của cao điểm"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "unit", "day"], name="campaign_resources_unique"),
        ]

    def __str__(self):
        return f"{self.day:%d/%m/%Y}"


class CampaignChange(AppendOnly):
    """Append-only log of a campaign: every value and goal before and after, and what its leaders did."""

    class What(models.TextChoices):
        MADE = "made", "Mở cao điểm"
        CHANGED = "changed", "Sửa cao điểm"
        GOAL = "goal", "Chỉ tiêu"
        VALUE = "value", "Số liệu ngày"
        RESOURCES = "resources", "Nguồn lực"
        LOCKED = "locked", "Khóa số liệu ngày"
        CLOSED = "closed", "Kết thúc"
        REOPENED = "reopened", "Mở lại"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="changes")
    what = models.CharField("việc", max_length=9, choices=What)
    unit = models.ForeignKey(AdministrativeUnit, null=True, on_delete=models.PROTECT, related_name="+")
    measure_name = models.CharField("việc đếm", max_length=120, blank=True)
    day = models.DateField("ngày", null=True)
    old = models.CharField("trước", max_length=300, blank=True)
    new = models.CharField("sau", max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký cao điểm"
        verbose_name_plural = "nhật ký cao điểm"

    def __str__(self):
        return f"{self.get_what_display()}: {self.old} → {self.new}"
