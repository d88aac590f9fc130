"""What a person looks at again and again."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse


class SavedView(models.Model):
    """A page of figures as one person chose it: unit, period, measure, sorting, boundaries. It opens no door: whoever
    follows its link gets what the page gives them."""

    class Page(models.TextChoices):
        """Names of addresses; there is no other way into `page`."""

        DASHBOARD = "dashboard", "Tổng quan"
        HEAT = "dashboard-heat", "Bảng nhiệt"
        LINES = "dashboard-lines", "Xu hướng 12 tháng"
        BOARD = "dashboard-board", "Tình hình nộp báo cáo"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField("tên", max_length=80)
    page = models.CharField("trang", max_length=20, choices=Page)
    query = models.CharField(max_length=300, help_text="'don_vi=75&ky=2026-11'; without ky: the latest month")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "chế độ xem đã lưu"
        verbose_name_plural = "chế độ xem đã lưu"
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_saved_view_per_name"),
            models.CheckConstraint(
                condition=Q(page__in=["dashboard", "dashboard-heat", "dashboard-lines", "dashboard-board"]),
                name="saved_view_page_is_known",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def address(self) -> str:
        return f"{reverse(self.page)}?{self.query}"
