"""Administrative units over time: bodies, what may change about them, and who succeeded whom."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.urls import reverse


class Level(models.TextChoices):
    """Tiers of administration; districts existed until 30 June 2025."""

    NATION = "nation", "Trung ương"
    PROVINCE = "province", "Cấp tỉnh"
    DISTRICT = "district", "Cấp huyện"
    COMMUNE = "commune", "Cấp xã"


class UnitType(models.TextChoices):
    """Official kinds of units."""

    NATION = "nation", "Cả nước"
    TINH = "tinh", "Tỉnh"
    THANH_PHO_TW = "thanh_pho_tw", "Thành phố trực thuộc trung ương"
    HUYEN = "huyen", "Huyện"
    QUAN = "quan", "Quận"
    THI_XA = "thi_xa", "Thị xã"
    THANH_PHO = "thanh_pho", "Thành phố thuộc tỉnh"
    XA = "xa", "Xã"
    PHUONG = "phuong", "Phường"
    THI_TRAN = "thi_tran", "Thị trấn"
    DAC_KHU = "dac_khu", "Đặc khu"


def valid_on(day: dt.date, prefix: str = "", start: str = "valid_from", end: str = "valid_to") -> Q:
    """The condition that a dated row (end included, no end = still valid) holds on `day`."""
    return Q(**{f"{prefix}{start}__lte": day}) & (
        Q(**{f"{prefix}{end}__isnull": True}) | Q(**{f"{prefix}{end}__gte": day})
    )


class AdministrativeUnitQuerySet(models.QuerySet["AdministrativeUnit"]):
    def open_on(self, day: dt.date):
        return self.filter(valid_on(day, start="opened_on", end="closed_on"))


class AdministrativeUnit(models.Model):
    """A body that exists for a time. Codes are reused, so (code, opened_on) is the key."""

    code = models.CharField("mã", max_length=5)
    level = models.CharField("cấp", max_length=8, choices=Level)
    opened_on = models.DateField("từ ngày")
    closed_on = models.DateField("đến hết ngày", null=True, blank=True)

    objects = AdministrativeUnitQuerySet.as_manager()

    class Meta:
        verbose_name = "đơn vị hành chính"
        verbose_name_plural = "đơn vị hành chính"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "opened_on"],
                name="unit_code_and_opening_unique",
                violation_error_message="Đã có đơn vị mang mã này mở cùng ngày.",
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="unit_level_is_known"),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="unit_closes_after_opening",
                violation_error_message="Ngày kết thúc phải sau ngày bắt đầu.",
            ),
        ]

    def __str__(self):
        """'Phường Phước Long, Tỉnh Đồng Nai (cấp xã, mã 25217)', with the last day of one that has ended.

        A code alone says nothing, and a name alone is borne by several. Lists prefetch `NAMED_BY`.
        """
        level = self.get_level_display().lower()
        end = f", đến {self.closed_on:%d/%m/%Y}" if self.closed_on else ""
        names, version = [], self.last_version
        while version is not None:
            names.append(version.name)
            above = version.parent
            version = above.last_version if above is not None and above.level != Level.NATION else None
        return f"{', '.join(names)} ({level}, mã {self.code}{end})".strip()

    def get_absolute_url(self):
        return reverse("unit-detail", args=[self.pk])

    @property
    def last_version(self) -> "UnitVersion | None":
        return max(self.versions.all(), key=lambda version: version.valid_from, default=None)

    def is_open_on(self, day: dt.date) -> bool:
        return self.opened_on <= day and (self.closed_on is None or self.closed_on >= day)


NAMED_BY = "versions__parent__versions__parent__versions__parent"  # a unit's name, and those of the units above


def reporter_name(name: str, level: str) -> str:
    """Whose a unit's own report is: a commune's its own, above that the committee's: 'UBND tỉnh Đồng Nai (cấp tỉnh)'.

    Beside the reports of the units below it the unit's bare name would be read as all of them together.
    """
    if level == Level.COMMUNE:
        return name
    return f"UBND {name[:1].lower()}{name[1:]} ({Level(level).label.lower()})"


def path_ids(path: str) -> list[int]:
    """The unit ids of a path (`UnitVersion.path`, `Report.path`), root first, the unit itself last.

    '/1/40/7/' -> [1, 40, 7]. Nothing else takes a path apart.
    """
    return [int(part) for part in path.split("/") if part]


class UnitVersionQuerySet(models.QuerySet["UnitVersion"]):
    def on(self, day: dt.date):
        """The tree valid on `day`: one version of every unit open that day."""
        return self.filter(valid_on(day))

    def under(self, unit_id: int):
        """The unit itself and everything below it, in whichever tree the versions belong to."""
        return self.filter(path__contains=f"/{unit_id}/")


class UnitVersion(models.Model):
    """What a unit was called and where it belonged during one stretch of time (both ends included)."""

    unit = models.ForeignKey(AdministrativeUnit, on_delete=models.PROTECT, related_name="versions")
    name = models.CharField("tên", max_length=100)
    short_name = models.CharField("tên ngắn", max_length=100)
    unit_type = models.CharField("loại", max_length=12, choices=UnitType)
    parent = models.ForeignKey(
        AdministrativeUnit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="child_versions",
        verbose_name="thuộc",
    )
    path = models.CharField("đường dẫn", max_length=100)  # '/nation/province/(district/)commune/' as unit ids
    search_key = models.CharField(max_length=120)
    sort_key = models.CharField(max_length=255)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)
    valid_from_is_exact = models.BooleanField("từ đúng ngày này", default=True)  # False: the date is that of a snapshot
    source = models.CharField("nguồn", max_length=200, blank=True)

    objects = UnitVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "tên gọi theo thời gian"
        verbose_name_plural = "tên gọi theo thời gian"
        constraints = [
            models.UniqueConstraint(fields=["unit", "valid_from"], name="unit_version_unique"),
            models.CheckConstraint(condition=Q(unit_type__in=UnitType.values), name="unit_version_type_is_known"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="unit_version_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["parent", "valid_from"], name="unit_version_parent"),
            models.Index(fields=["search_key"], name="unit_version_search"),
            models.Index(fields=["path"], name="unit_version_path"),
        ]

    def __str__(self):
        return self.name


class UnitSuccession(models.Model):
    """One body passed, wholly or in part, into another. Shares of a part are unknown: never re-apportion."""

    predecessor = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="successions_out", verbose_name="đơn vị cũ"
    )
    successor = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="successions_in", verbose_name="đơn vị mới"
    )
    effective_on = models.DateField("từ ngày")
    is_partial = models.BooleanField("một phần")
    legal_basis = models.CharField("căn cứ", max_length=200, blank=True)

    class Meta:
        verbose_name = "kế thừa"
        verbose_name_plural = "kế thừa"
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor", "effective_on"], name="succession_unique"),
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="succession_joins_two_units"),
        ]

    def __str__(self):
        return f"{self.predecessor} → {self.successor}"
