"""The people behind the figures: task forces, their members, what each answers for, and their documents."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from taskforces.scope import path_in_scope_of_unit

from .units import AdministrativeUnit, valid_on


class UnitOwnedQuerySet(models.QuerySet):
    """Rows that belong to a unit: visible to those in whose scope the unit lies (or lay while it existed)."""

    def visible_to(self, user):
        return self.filter(path_in_scope_of_unit(user))


class DatedUnitOwnedQuerySet(UnitOwnedQuerySet):
    def on(self, day: dt.date):
        """Rows in force on `day`; what belongs to a closed unit ended with it."""
        return self.filter(valid_on(day), valid_on(day, "unit__", "opened_on", "closed_on"))


class Person(models.Model):
    """Somebody who serves. Only work contact is kept; it is erased some months after the last seat ended."""

    full_name = models.CharField("họ và tên", max_length=100)
    post = models.CharField("chức vụ", max_length=120, blank=True)
    body = models.CharField("cơ quan", max_length=160, blank=True)
    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="persons", verbose_name="đơn vị"
    )
    work_phone = models.CharField("điện thoại cơ quan", max_length=30, blank=True)
    work_email = models.EmailField("thư công vụ", blank=True)
    staff_code = models.CharField("mã cán bộ", max_length=30, blank=True, help_text="phân biệt hai người trùng tên")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="person"
    )
    contact_erased_at = models.DateTimeField(null=True, blank=True)

    objects = UnitOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "người"
        verbose_name_plural = "người"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "full_name", "staff_code"],
                name="person_unique_in_unit",
                violation_error_message="Đơn vị đã có người trùng họ tên; ghi thêm mã cán bộ để phân biệt.",
            )
        ]

    def __str__(self):
        return self.full_name


class TaskForce(models.Model):
    """A standing group that carries out Project 06 in one unit."""

    class Kind(models.TextChoices):
        STEERING_COMMITTEE = "steering_committee", "Ban Chỉ đạo"
        WORKING_GROUP = "working_group", "Tổ công tác"
        POLICE_WORKING_GROUP = "police_working_group", "Tổ công tác của Công an"
        SUPPORT_TEAM = "support_team", "Tổ giúp việc"
        INSPECTION_TEAM = "inspection_team", "Tổ kiểm tra"  # several of one day are possible

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="task_forces", verbose_name="đơn vị"
    )
    kind = models.CharField("loại", max_length=24, choices=Kind)
    name = models.CharField("tên", max_length=200)
    valid_from = models.DateField("thành lập ngày")
    valid_to = models.DateField("kết thúc ngày", null=True, blank=True)
    last_meeting_on = models.DateField("họp gần nhất ngày", null=True, blank=True)

    objects = DatedUnitOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "tổ công tác"
        verbose_name_plural = "tổ công tác"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "valid_from"],
                condition=~Q(kind="inspection_team"),
                name="task_force_unique",
                violation_error_message="Đơn vị đã có tổ cùng loại thành lập ngày đó.",
            ),
            models.UniqueConstraint(
                fields=["unit", "valid_from", "name"],
                condition=Q(kind="inspection_team"),
                name="inspection_team_unique",
                violation_error_message="Đơn vị đã có tổ kiểm tra cùng tên thành lập ngày đó.",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "steering_committee",
                        "working_group",
                        "police_working_group",
                        "support_team",
                        "inspection_team",
                    ]
                ),
                name="task_force_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="task_force_ends_after_start",
                violation_error_message="Ngày kết thúc phải sau ngày thành lập.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("taskforce-detail", args=[self.pk])


class Membership(models.Model):
    """One seat: a person in a task force, in a role, for a time. Seats and distinct people are counted apart."""

    class Role(models.TextChoices):
        HEAD = "head", "Tổ trưởng"
        STANDING_DEPUTY = "standing_deputy", "Tổ phó thường trực"
        DEPUTY = "deputy", "Tổ phó"
        SECRETARY = "secretary", "Thư ký"
        MEMBER = "member", "Thành viên"

    task_force = models.ForeignKey(TaskForce, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships", verbose_name="người")
    role = models.CharField("vai trò", max_length=16, choices=Role)
    post = models.CharField("chức vụ khi tham gia", max_length=120, blank=True)
    duties = models.TextField("nhiệm vụ được phân công", blank=True)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)

    class Meta:
        verbose_name = "thành viên"
        verbose_name_plural = "thành viên"
        constraints = [
            models.UniqueConstraint(
                fields=["task_force", "person", "valid_from"],
                name="membership_unique",
                violation_error_message="Người này đã là thành viên của tổ từ ngày đó.",
            ),
            models.UniqueConstraint(
                fields=["task_force"],
                condition=Q(role="head", valid_to__isnull=True),
                name="one_head_at_a_time",
                violation_error_message="Tổ đã có Tổ trưởng. Ghi ngày kết thúc của Tổ trưởng cũ trước.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["head", "standing_deputy", "deputy", "secretary", "member"]),
                name="membership_role_is_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="membership_ends_after_start",
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self):
        return f"{self.person} – {self.get_role_display()}"


class Responsibility(models.Model):
    """What one member answers for: a service, a group of indicators, or an assignment."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="responsibilities")
    service = models.ForeignKey("reporting.PublicService", null=True, blank=True, on_delete=models.PROTECT)
    indicator_group = models.CharField("nhóm chỉ tiêu", max_length=20, blank=True)
    assignment = models.ForeignKey("taskforces.Assignment", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        verbose_name = "trách nhiệm"
        verbose_name_plural = "trách nhiệm"
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "service"], condition=Q(service__isnull=False), name="answers_once_for_a_service"
            ),
            models.CheckConstraint(
                condition=Q(service__isnull=False, indicator_group="", assignment__isnull=True)
                | (Q(service__isnull=True, assignment__isnull=True) & ~Q(indicator_group=""))
                | Q(service__isnull=True, indicator_group="", assignment__isnull=False),
                name="responsibility_is_for_one_thing",
            ),
        ]

    def __str__(self):
        return str(self.service or self.indicator_group or self.assignment)


class VillageTeam(models.Model):
    """A village's team, as one light row. Without a founding day there is none yet; the village still counts."""

    class Kind(models.TextChoices):
        WORKING_GROUP = "working_group", "Tổ công tác thôn, ấp, khu phố"
        COMMUNITY_DIGITAL_TEAM = "community_digital_team", "Tổ công nghệ số cộng đồng"

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="village_teams", verbose_name="đơn vị"
    )
    kind = models.CharField("loại", max_length=24, choices=Kind)
    village = models.CharField("thôn, ấp, khu phố", max_length=120)
    head_name = models.CharField("tổ trưởng", max_length=100, blank=True)
    members = models.PositiveSmallIntegerField("số thành viên", default=0)
    founded_on = models.DateField("thành lập ngày", null=True, blank=True)
    valid_from = models.DateField("có trong sổ từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)

    objects = DatedUnitOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "tổ ở thôn, ấp, khu phố"
        verbose_name_plural = "tổ ở thôn, ấp, khu phố"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "village", "valid_from"],
                name="village_team_unique",
                violation_error_message="Thôn, ấp, khu phố này đã có trong sổ.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["working_group", "community_digital_team"]), name="village_team_kind_is_known"
            ),
        ]

    def __str__(self):
        return f"{self.village} ({self.get_kind_display()})"


def private_path(instance, name: str) -> str:
    """Where an upload is stored: a name of our own, outside the web root; the sender's name is kept in the row."""
    return f"documents/{uuid.uuid4().hex}"


class DocumentQuerySet(UnitOwnedQuerySet):
    def visible_to(self, user):
        """Of one's own scope; and those of an inspection to whom it visited."""
        return self.filter(path_in_scope_of_unit(user) | path_in_scope_of_unit(user, "inspection__unit"))


class Document(models.Model):
    """A paper with its file: founding decision, working rules, plan, minutes, evidence."""

    class Kind(models.TextChoices):
        FOUNDING_DECISION = "founding_decision", "Quyết định thành lập"
        WORKING_RULES = "working_rules", "Quy chế hoạt động"
        PLAN = "plan", "Kế hoạch"
        MINUTES = "minutes", "Biên bản, thông báo họp"
        REPORT = "report", "Báo cáo"
        EVIDENCE = "evidence", "Minh chứng"
        OTHER = "other", "Văn bản khác"

    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="documents", verbose_name="đơn vị"
    )
    task_force = models.ForeignKey(
        TaskForce, null=True, blank=True, on_delete=models.PROTECT, related_name="documents", verbose_name="tổ công tác"
    )
    assignment = models.ForeignKey(
        "taskforces.Assignment", null=True, blank=True, on_delete=models.PROTECT, related_name="documents"
    )
    meeting = models.ForeignKey(
        "taskforces.Meeting", null=True, blank=True, on_delete=models.PROTECT, related_name="documents"
    )
    inspection = models.ForeignKey(
        "taskforces.Inspection", null=True, blank=True, on_delete=models.PROTECT, related_name="documents"
    )
    kind = models.CharField("loại", max_length=20, choices=Kind)
    number = models.CharField("số, ký hiệu", max_length=60, blank=True)
    issued_on = models.DateField("ngày ban hành")
    issuing_body = models.CharField("cơ quan ban hành", max_length=160, blank=True)
    title = models.CharField("trích yếu", max_length=300)
    file = models.FileField("tệp", upload_to=private_path, blank=True)
    file_name = models.CharField("tên tệp", max_length=200, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField("dung lượng", default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_on", "-pk"]
        verbose_name = "văn bản"
        verbose_name_plural = "văn bản"

    def __str__(self):
        return f"{self.number} {self.title}".strip()
