"""People of the portal: accounts, and the postings that give them rights over a unit for a time."""

import datetime as dt

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q

from .append_only import AppendOnly
from .units import AdministrativeUnit, valid_on


class User(AbstractUser):
    """An account. Of a person only name, post, work phone and work e-mail are kept (Law 91/2025/QH15)."""

    first_name = None
    last_name = None
    full_name = models.CharField("họ và tên", max_length=100)
    job_title = models.CharField("chức vụ", max_length=120, blank=True)
    work_phone = models.CharField("điện thoại cơ quan", max_length=30, blank=True)
    email = models.EmailField("thư công vụ", blank=True)
    must_change_password = models.BooleanField("phải đổi mật khẩu", default=False)
    second_factor_since = models.DateField(
        "phải bật bảo mật hai lớp từ ngày",
        null=True,
        blank=True,
        help_text="Lần đăng nhập đầu tiên mà vai trò bắt buộc bảo mật hai lớp; thời hạn bật tính từ ngày này.",
    )
    demo_today = models.DateField(
        "ngày trình diễn",
        null=True,
        blank=True,
        help_text="Chỉ dành cho tài khoản trình diễn; không đăng nhập được khi DEBUG tắt.",
    )

    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = "tài khoản"
        verbose_name_plural = "tài khoản"

    def __str__(self):
        return self.full_name or self.username

    def get_full_name(self):
        return self.full_name

    def get_short_name(self):
        return self.full_name.split(" ")[-1]

    @property
    def initials(self) -> str:
        """First letters of the last two words of the name: 'Nguyễn Thị Hồng Nhung' -> 'HN'."""
        return "".join(word[0] for word in self.full_name.split()[-2:]).upper() or self.username[:2].upper()


class Role(models.TextChoices):
    """What a posting lets a person do in its unit's scope."""

    OFFICER = "officer", "Cán bộ nhập liệu"
    LEADER = "leader", "Lãnh đạo đơn vị"
    REVIEWER = "reviewer", "Người duyệt"
    CHAIR = "chair", "Tổ trưởng Tổ công tác"
    PROVINCIAL_STAFF = "provincial_staff", "Tổ giúp việc cấp tỉnh"
    ADMINISTRATOR = "administrator", "Quản trị"
    AUDITOR = "auditor", "Kiểm tra, giám sát"
    DEPARTMENT = "department", "Cán bộ ban, ngành"


class Branch(models.TextChoices):
    """The two bodies of a unit that own figures."""

    OFFICE = "office", "Văn phòng HĐND và UBND"
    POLICE = "police", "Công an"


class PostingQuerySet(models.QuerySet["Posting"]):
    def on(self, day: dt.date):
        """Postings valid on `day`; a substitute's only while the one they stand in for holds theirs.

        One that waits for a second person gives nothing yet.
        """
        whole = Q(substitutes_for__isnull=True) | valid_on(day, "substitutes_for__")
        return self.filter(valid_on(day), waits=False).filter(whole)


class Posting(models.Model):
    """A person serves in a unit in a role from one day to another (both included).

    A department's posting names the body of the unit it acts for (Sở Y tế, Phòng Tư pháp), as assignments name it, and
    the groups of indicators that are the body's (codes with a space between; docs/decisions/0015).
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="postings", verbose_name="tài khoản")
    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="postings", verbose_name="đơn vị"
    )
    role = models.CharField("vai trò", max_length=20, choices=Role)
    branch = models.CharField("bộ phận", max_length=6, choices=Branch, blank=True)
    body = models.CharField("ban, ngành", max_length=160, blank=True, default="", db_default="")
    groups = models.CharField("nhóm chỉ tiêu phụ trách", max_length=120, blank=True, default="", db_default="")
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)
    substitutes_for = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="substitutes", verbose_name="thay cho"
    )

    waits = models.BooleanField(
        "chờ người thứ hai xác nhận",
        default=False,
        help_text="Từ người duyệt trở lên, và ban, ngành: một người không tự giao được.",
    )

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = "phân công"
        verbose_name_plural = "phân công"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "unit", "role", "branch", "body", "valid_from"],
                name="posting_unique",
                violation_error_message="Người này đã có phân công giống hệt từ ngày đó.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="posting_role_is_known"),
            models.CheckConstraint(
                condition=Q(role=Role.OFFICER, branch__in=Branch.values) | (~Q(role=Role.OFFICER) & Q(branch="")),
                name="posting_branch_only_for_officers",
                violation_error_message="Cán bộ nhập liệu phải thuộc Văn phòng hoặc Công an; vai trò khác để trống.",
            ),
            models.CheckConstraint(
                condition=(Q(role=Role.DEPARTMENT) & ~Q(body="")) | (~Q(role=Role.DEPARTMENT) & Q(body="", groups="")),
                name="posting_body_only_for_departments",
                violation_error_message="Cán bộ ban, ngành phải ghi ban, ngành nào; vai trò khác để trống.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="posting_ends_after_start",
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self):
        return f"{self.user} – {self.get_role_display()}"

    @property
    def role_label(self) -> str:
        """'Cán bộ nhập liệu (Công an)', 'Cán bộ ban, ngành (Sở Y tế)', 'Người duyệt'."""
        part = self.get_branch_display() or self.body
        return f"{self.get_role_display()} ({part})" if part else str(self.get_role_display())


class PostingEvent(AppendOnly):
    """Append-only log of postings: who gave, confirmed, ended, transferred or delegated what, and who was handed a link
    to set a password; the role and post stay named."""

    class Action(models.TextChoices):
        GIVEN = "given", "Phân công"
        ENDED = "ended", "Kết thúc"
        TRANSFERRED = "transferred", "Điều chuyển"
        DELEGATED = "delegated", "Cử người thay"
        CONFIRMED = "confirmed", "Xác nhận"
        LINK_ASKED = "link_asked", "Đề nghị cấp phiếu đặt mật khẩu"
        LINK_GIVEN = "link_given", "Cấp phiếu đặt mật khẩu"

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="events")
    action = models.CharField("việc", max_length=12, choices=Action)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")
    note = models.TextField("ghi chú", blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "nhật ký phân công"
        verbose_name_plural = "nhật ký phân công"

    def __str__(self):
        return f"{self.get_action_display()}: {self.posting}"


class EmailChange(AppendOnly):
    """Append-only log: the owner of an account changed its e-mail. The addresses are not kept: contacts are erased."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")

    class Meta:
        ordering = ["pk"]
        verbose_name = "lần đổi thư công vụ"
        verbose_name_plural = "lần đổi thư công vụ"

    def __str__(self):
        return f"{self.by} {self.at:%d/%m/%Y}"


class ContactExport(AppendOnly):
    """Append-only log: work contacts of so many people left the portal in one file."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc")
    what = models.CharField("nội dung", max_length=200)
    rows = models.PositiveIntegerField("số dòng")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "lần xuất danh bạ"
        verbose_name_plural = "lần xuất danh bạ"

    def __str__(self):
        return f"{self.what}: {self.rows}"
