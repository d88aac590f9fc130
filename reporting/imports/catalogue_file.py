"""Catalogue rows that an administrator brings in by file: small files of two kinds, read within limits."""

import io

import tablib
from django.core.exceptions import ValidationError
from import_export.formats.base_formats import CSV, XLSX

from de_an_06.plain import workbooks
from reporting.imports.form_pages import FORM_LIMITS, LARGEST_FILE

CATALOGUE_FILE_TOO_LARGE = "Tệp lớn hơn 2 MB nên không đọc. Danh mục chỉ có vài trăm dòng; xóa phần thừa rồi gửi."


class CatalogueCsv(CSV):
    """A .csv of at most 2 MB; raises ValidationError."""

    def create_dataset(self, in_stream, **kwargs):
        if len(in_stream) > LARGEST_FILE:
            raise ValidationError(CATALOGUE_FILE_TOO_LARGE)
        return super().create_dataset(in_stream, **kwargs)


class CatalogueXlsx(XLSX):
    """The first sheet of an .xlsx of at most 2 MB; raises ValidationError."""

    def create_dataset(self, in_stream):
        if len(in_stream) > LARGEST_FILE:
            raise ValidationError(CATALOGUE_FILE_TOO_LARGE)
        try:
            (page,) = workbooks.read_workbook(io.BytesIO(in_stream), FORM_LIMITS, only="", computed=True)
        except workbooks.WorkbookRefused as refused:
            raise ValidationError(str(refused)) from None
        rows = [values for _, values in page.rows]
        width = max(map(len, rows), default=0)
        rows = [[*values, *[None] * (width - len(values))] for values in rows]
        return tablib.Dataset(*rows[1:], headers=rows[0]) if rows else tablib.Dataset()
