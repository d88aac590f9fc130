"""Reminders: what a person is told once, in the portal and by letter; and how each person wants to be told."""

import datetime as dt
import uuid

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery

from .people import User


class Reminder(models.Model):
    """One thing one person is told: what happened or is due, and where to act. Without figures and without names.

    `key` names the occasion ('overdue:412:20261116'); a person is told of it once, whatever runs twice.
    """

    class Kind(models.TextChoices):
        """What may be told, in the order of the settings page; `reporting/reminders/rules.py` says of whom and how."""

        OWED = "owed", "Báo cáo sắp đến hạn nộp"
        OVERDUE = "overdue", "Báo cáo quá hạn nộp"
        EXTENDED = "extended", "Báo cáo được gia hạn nộp"
        URGED = "urged", "Đơn vị được đôn đốc nộp báo cáo"
        RETURNED = "returned", "Báo cáo bị trả lại"
        REOPENED = "reopened", "Báo cáo đã duyệt được mở lại để sửa"
        APPROVED = "approved", "Báo cáo được duyệt"
        CORRECTED = "corrected", "Đề nghị đính chính đã được xem xét"
        WAITING = "waiting", "Có báo cáo, đề nghị đính chính chờ duyệt"
        ANSWERED = "answered", "Khó khăn, kiến nghị được trả lời"
        ASSIGNMENT_DUE = "assignment_due", "Nhiệm vụ sắp đến hạn"
        ASSIGNMENT_OVERDUE = "assignment_overdue", "Nhiệm vụ quá hạn"
        CONCLUSION_OVERDUE = "conclusion_overdue", "Kết luận họp quá hạn"
        CAMPAIGN_DAY = "campaign_day", "Chưa nhập số liệu ngày của cao điểm"

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField("việc", max_length=20, choices=Kind)
    key = models.CharField(max_length=80)
    text = models.CharField("nội dung", max_length=300)
    path = models.CharField("nơi xử lý", max_length=200, help_text="an address of the portal, from its first '/'")
    made_at = models.DateTimeField("lúc")
    read_at = models.DateTimeField("đã đọc lúc", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "nhắc việc"
        verbose_name_plural = "nhắc việc"
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="told_once")]
        # The head of every page counts them.
        indexes = [models.Index(fields=["person"], name="reminder_unread", condition=Q(read_at__isnull=True))]

    def __str__(self):
        return self.text


def count_of_unread(person: str) -> Subquery:
    """How many reminders the person of an outer row (the name of its column) has not read; NULL for none."""
    unread = Reminder.objects.filter(person=OuterRef(person), read_at=None).order_by().values("person")
    return Subquery(unread.annotate(n=Count("pk")).values("n"))


class Occasion(models.Model):
    """Something of which people are still to be told, written in the transaction in which it happened.

    `subject` is the number of the row of the log that says it. The worker tells, and takes the row away, in one
    transaction.
    """

    kind = models.CharField(max_length=20, choices=Reminder.Kind)
    subject = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="one_occasion_per_row_of_a_log")]

    def __str__(self):
        return f"{self.kind} {self.subject}"


class Letter(models.Model):
    """One message to one person through one channel, about one or more reminders. Its number is its Message-ID.

    The states and who may move a letter from one to the next are in `reporting/reminders/letters.py`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ gửi"
        SENDING = "sending", "Đang gửi"
        HANDING = "handing", "Đang bàn giao"
        SENT = "sent", "Đã gửi"
        DOUBTFUL = "doubtful", "Không rõ đã đến chưa"
        FAILED = "failed", "Không gửi được"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letters")
    channel = models.CharField("kênh", max_length=20)
    state = models.CharField("tình trạng", max_length=8, choices=State, default=State.WAITING)
    made_at = models.DateTimeField("lập lúc")
    next_at = models.DateTimeField("gửi từ lúc", help_text="grows with each try")
    tries = models.PositiveSmallIntegerField("số lần thử", default=0)
    claim = models.UUIDField(null=True, blank=True, help_text="of the one run that may go on with it")
    noted_at = models.DateTimeField("dấu hiệu gần nhất", null=True, blank=True)
    sent_at = models.DateTimeField("gửi lúc", null=True, blank=True)
    answer = models.CharField("máy chủ trả lời", max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "pk"]
        verbose_name = "thư nhắc việc"
        verbose_name_plural = "thư nhắc việc"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "handing", "sent", "doubtful", "failed"]),
                name="letter_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="letter_unsettled", condition=~Q(state__in=["sent", "failed"])),
        ]

    def __str__(self):
        return f"{self.channel} {self.pk}"


class Delivery(models.Model):
    """A reminder is to reach its person through a channel: in one letter and no second one."""

    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20)
    letter = models.ForeignKey(Letter, null=True, on_delete=models.CASCADE, related_name="deliveries")
    made_at = models.DateTimeField(help_text="by the server's clock, also for people of the demonstration")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reminder", "channel"], name="one_delivery_per_channel")]
        indexes = [models.Index(fields=["channel"], name="delivery_waiting", condition=Q(letter__isnull=True))]

    def __str__(self):
        return f"{self.reminder_id} {self.channel}"


class ReminderChoice(models.Model):
    """How a person wants letters; without a row the defaults hold. What is told in the portal is no choice."""

    class How(models.TextChoices):
        AT_ONCE = "at_once", "Ngay khi có việc"
        DAILY = "daily", "Gộp một thư mỗi ngày"
        NEVER = "never", "Không gửi, chỉ xem trên cổng"

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="reminder_choice")
    how = models.CharField("cách nhận thư", max_length=8, choices=How, default=How.AT_ONCE)
    digest_at = models.TimeField("giờ gửi thư gộp", default=dt.time(7, 30))
    quiet_from = models.TimeField("không gửi từ", null=True, blank=True, default=dt.time(19, 0))
    quiet_to = models.TimeField("đến", null=True, blank=True, default=dt.time(6, 30))
    working_days_only = models.BooleanField("không gửi ngày nghỉ, ngày lễ", default=True)
    muted = models.CharField(max_length=300, blank=True, help_text="kinds without letters, with a space between")

    class Meta:
        verbose_name = "cách nhận nhắc việc"
        verbose_name_plural = "cách nhận nhắc việc"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | (Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=F("quiet_to"))),
                name="quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self):
        return str(self.person)
