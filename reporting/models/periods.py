"""Months, their data windows and deadlines, and what the deadlines come from."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from de_an_06.plain.spans import Month
from taskforces.models import AdministrativeUnit, Level


class LevelSetting(models.Model):
    """Deadline of one level: so many days after the data window ends, moved to the next working day."""

    level = models.CharField("cấp", max_length=8, choices=Level, unique=True)
    deadline_days = models.PositiveSmallIntegerField("số ngày sau ngày chốt số liệu")
    deadline_time = models.TimeField("giờ", default=dt.time(17, 0))
    reports = models.BooleanField("có báo cáo riêng", default=True)

    class Meta:
        verbose_name = "hạn nộp theo cấp"
        verbose_name_plural = "hạn nộp theo cấp"

    def __str__(self):
        return self.get_level_display()


class Holiday(models.Model):
    """A day off, or a weekend day worked in exchange. Decided yearly, so people edit them."""

    day = models.DateField("ngày", unique=True)
    name = models.CharField("tên", max_length=100)
    is_working_day = models.BooleanField("là ngày làm bù", default=False)

    class Meta:
        ordering = ["day"]
        verbose_name = "ngày nghỉ, ngày làm bù"
        verbose_name_plural = "ngày nghỉ, ngày làm bù"

    def __str__(self):
        return f"{self.day:%d/%m/%Y} {self.name}"


class ParticipatingArea(models.Model):
    """Units under this one owe reports during this time: a province that runs the portal, or the nation."""

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, verbose_name="đơn vị")
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)

    class Meta:
        verbose_name = "địa bàn tham gia"
        verbose_name_plural = "địa bàn tham gia"
        constraints = [models.UniqueConstraint(fields=["unit", "valid_from"], name="participating_area_unique")]

    def __str__(self):
        return str(self.unit)


class Period(models.Model):
    """One reported month. Its tree is the tree valid on `data_to`."""

    year = models.PositiveSmallIntegerField("năm")
    month = models.PositiveSmallIntegerField("tháng")
    data_from = models.DateField("số liệu từ ngày")
    data_to = models.DateField("số liệu đến hết ngày")

    class Meta:
        ordering = ["-year", "-month"]
        verbose_name = "kỳ báo cáo"
        verbose_name_plural = "kỳ báo cáo"
        constraints = [
            models.UniqueConstraint(
                fields=["year", "month"], name="period_unique", violation_error_message="Đã có kỳ báo cáo này."
            ),
            models.CheckConstraint(condition=Q(month__gte=1, month__lte=12), name="period_month_is_1_to_12"),
            models.CheckConstraint(condition=Q(data_to__gt=F("data_from")), name="period_window_in_order"),
        ]

    def __str__(self):
        return self.label

    @property
    def key(self) -> str:
        """'2026-11', as in addresses and commands."""
        return f"{self.year}-{self.month:02d}"

    @property
    def label(self) -> str:
        return Month(self.year, self.month).label


class PeriodDeadline(models.Model):
    """By when one level hands in one month (in Vietnam's time)."""

    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="deadlines", verbose_name="kỳ")
    level = models.CharField("cấp", max_length=8, choices=Level)
    due_at = models.DateTimeField("hạn nộp")

    class Meta:
        verbose_name = "hạn nộp"
        verbose_name_plural = "hạn nộp"
        constraints = [models.UniqueConstraint(fields=["period", "level"], name="one_deadline_per_level")]

    def __str__(self):
        return f"{self.period}, {self.get_level_display().lower()}"


class PeriodClosure(models.Model):
    """A province closed a month; while a closure is not reopened every change in it is refused."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="closures", verbose_name="kỳ")
    province = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="closures", verbose_name="tỉnh, thành phố"
    )
    closed_at = models.DateTimeField("khóa lúc")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="người khóa"
    )
    reopened_at = models.DateTimeField("mở lại lúc", null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="người mở lại",
    )
    reopen_reason = models.TextField("lý do mở lại", blank=True)

    class Meta:
        verbose_name = "khóa kỳ"
        verbose_name_plural = "khóa kỳ"
        constraints = [
            models.UniqueConstraint(
                fields=["period", "province"], condition=Q(reopened_at__isnull=True), name="one_open_closure"
            )
        ]

    def __str__(self):
        return f"{self.period}: {self.province}"
