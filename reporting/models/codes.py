"""Check codes: what a file or an official page said when it was given out (decision 0023)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from taskforces.models import AdministrativeUnit
from taskforces.models.append_only import AppendOnly

from .publishing import PublishedVersion
from .summaries import Basis


class IssuedCode(AppendOnly):
    """One code, and what stood under it: `figures` as said.py packs them, `cells` of a workbook as kept_cells.py does.

    Files made by the worker have the form of their job. A published version keeps its own figures, so its book and
    page have none here.
    """

    class Form(models.TextChoices):
        SUMMARY = "bieu-tong-hop", "Biểu tổng hợp (Excel)"
        INTERIM_REPORT = "so-ket", "Báo cáo sơ kết (Word)"
        CIRCULAR = "bieu-thong-tu", "Biểu theo thông tư (Excel)"
        BOOK = "so-cong-bo", "Số liệu công bố (Excel)"
        DASHBOARD = "tong-quan", "Bản in trang Tổng quan"
        SHEET = "mot-trang", "Bản in A4 của trang Tổng quan"
        VERSION = "trang-cong-bo", "Bản in số liệu công bố"

    code = models.CharField("mã kiểm tra", max_length=12, unique=True)
    form = models.CharField("loại", max_length=20, choices=Form)
    unit = models.ForeignKey(
        AdministrativeUnit, on_delete=models.PROTECT, related_name="issued_codes", verbose_name="đơn vị"
    )
    span = models.CharField("kỳ", max_length=20, help_text="a Span key: '2026-11', '2026-Q3', '2026-01..2026-10'")
    basis = models.CharField("cơ sở", max_length=11, choices=Basis)
    is_joined = models.BooleanField("nối địa giới", default=False)
    version = models.ForeignKey(
        PublishedVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="issued_codes",
        verbose_name="lần công bố khi lập",
    )
    compared = models.ForeignKey(
        PublishedVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="lần công bố so sánh",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="người lập",
    )
    at = models.DateTimeField("lập lúc")
    sha256 = models.CharField("SHA-256 của tệp", max_length=64, blank=True, db_index=True)
    figures = models.BinaryField("số liệu đã ghi", null=True, blank=True)
    cells = models.BinaryField("các ô đã ghi", null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "mã kiểm tra đã cấp"
        verbose_name_plural = "mã kiểm tra đã cấp"
        constraints = [
            models.CheckConstraint(condition=Q(basis__in=Basis.values), name="issued_basis_is_known"),
            models.CheckConstraint(
                condition=~Q(form__in=["so-cong-bo", "trang-cong-bo"]) | Q(version__isnull=False),
                name="issued_version_is_named",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.unit} {self.span}"
