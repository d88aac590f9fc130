"""Difficulties and proposals that units report, and how the levels above answer them."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from taskforces.models import AdministrativeUnit
from taskforces.models.append_only import AppendOnly
from taskforces.models.taskforces import UnitOwnedQuerySet
from taskforces.models.units import reporter_name

from .reports import Report


class Difficulty(models.Model):
    """One difficulty of a unit's report. `with_unit` is the unit that has to answer now."""

    class Kind(models.TextChoices):
        PEOPLE = "people", "Con người"
        EQUIPMENT = "equipment", "Trang thiết bị"
        NETWORK = "network", "Đường truyền, hệ thống"
        LAW = "law", "Quy định pháp luật"
        DATA = "data", "Dữ liệu"
        OTHER = "other", "Khác"

    class State(models.TextChoices):
        OPEN = "open", "Chờ trả lời"
        ANSWERED = "answered", "Đã trả lời"
        RESOLVED = "resolved", "Đã giải quyết"

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="difficulties")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="difficulties")
    kind = models.CharField("loại", max_length=10, choices=Kind)
    text = models.TextField("khó khăn, vướng mắc")
    proposal = models.TextField("kiến nghị, đề xuất", blank=True)
    addressed_to = models.CharField("gửi", max_length=160, blank=True)
    with_unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="difficulties_to_answer")
    state = models.CharField("tình trạng", max_length=8, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField("nêu lúc")
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = UnitOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at", "pk"]
        verbose_name = "khó khăn, vướng mắc"
        verbose_name_plural = "khó khăn, vướng mắc"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "answered", "resolved"]), name="difficulty_state_known"
            )
        ]

    def __str__(self):
        return self.text[:60]

    def get_absolute_url(self):
        return reverse("difficulty-detail", args=[self.pk])

    @property
    def reporter_name(self) -> str:
        """Whose report raised it; of a difficulty read with `unit_name` (difficulties.with_names)."""
        return reporter_name(self.unit_name, self.report.level) if self.unit_name else self.unit.code


# It went up with a sending of its report.
WAS_SENT = Q(report__submitted_at__isnull=False, raised_at__lte=F("report__submitted_at"))


def waiting_longer(days: int, today: dt.date) -> Q:
    """The condition that a difficulty was raised more than so many days before `today` (days in Vietnam)."""
    return Q(raised_at__date__lt=today - dt.timedelta(days=days))


class DifficultyStep(AppendOnly):
    """Append-only log of a difficulty: raised, answered, resolved, passed up, reopened."""

    class Action(models.TextChoices):
        RAISE = "raise", "Nêu"
        ANSWER = "answer", "Trả lời"
        RESOLVE = "resolve", "Giải quyết xong"
        PASS_UP = "pass_up", "Chuyển cấp trên"
        REOPEN = "reopen", "Nêu lại"

    difficulty = models.ForeignKey(Difficulty, on_delete=models.PROTECT, related_name="steps")
    action = models.CharField("việc", max_length=8, choices=Action)
    note = models.TextField("nội dung", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký khó khăn"
        verbose_name_plural = "nhật ký khó khăn"

    def __str__(self):
        return f"{self.get_action_display()} {self.at:%d/%m/%Y}"
