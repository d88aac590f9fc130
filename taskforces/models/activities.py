"""What units try and tell: pilot models and outreach."""

from django.db import models
from django.db.models import Q

from .taskforces import UnitOwnedQuerySet
from .units import AdministrativeUnit


class PilotModel(models.Model):
    """A pilot model (mô hình điểm): decision, members, equipment, results, where it was replicated."""

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="pilot_models", verbose_name="đơn vị"
    )
    name = models.CharField("tên mô hình", max_length=200)
    decision = models.CharField("quyết định", max_length=120, blank=True)
    started_on = models.DateField("bắt đầu ngày")
    ended_on = models.DateField("kết thúc ngày", null=True, blank=True)
    members = models.PositiveSmallIntegerField("số thành viên", null=True, blank=True)
    equipment = models.TextField("trang thiết bị", blank=True)
    results = models.TextField("kết quả", blank=True)
    replicated_in = models.TextField("đã nhân rộng tại", blank=True)

    objects = UnitOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-started_on", "name"]
        verbose_name = "mô hình điểm"
        verbose_name_plural = "mô hình điểm"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "name"], name="pilot_model_unique", violation_error_message="Đơn vị đã có mô hình này."
            )
        ]

    def __str__(self):
        return self.name


class OutreachEvent(models.Model):
    """One act of outreach; a month's rows feed TT01 (how many) and TT02 (people shown how to file online)."""

    class Channel(models.TextChoices):
        LOUDSPEAKER = "loudspeaker", "Phát thanh"
        MOBILE = "mobile", "Xe lưu động"
        SOCIAL = "social", "Mạng xã hội"
        MEETING = "meeting", "Hội nghị, họp dân"
        DIGITAL_TEAM = "digital_team", "Tổ công nghệ số cộng đồng"
        ONE_STOP = "one_stop", "Bộ phận một cửa"
        OTHER = "other", "Khác"

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="outreach", verbose_name="đơn vị"
    )
    held_on = models.DateField("ngày")
    channel = models.CharField("kênh", max_length=12, choices=Channel)
    utility_group = models.PositiveSmallIntegerField("nhóm tiện ích (1–5)", null=True, blank=True)
    times = models.PositiveIntegerField("số lượt", default=1)
    audience = models.PositiveIntegerField("số người được hướng dẫn nộp hồ sơ trực tuyến", default=0)
    note = models.CharField("nội dung", max_length=300, blank=True)

    objects = UnitOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-pk"]
        verbose_name = "tuyên truyền"
        verbose_name_plural = "tuyên truyền"
        constraints = [
            models.CheckConstraint(
                condition=Q(utility_group__isnull=True) | Q(utility_group__gte=1, utility_group__lte=5),
                name="outreach_group_is_1_to_5",
            )
        ]

    def __str__(self):
        return f"{self.get_channel_display()} {self.held_on:%d/%m/%Y}"
