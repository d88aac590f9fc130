"""Catalogue rows by file, in and out: small files of two kinds, read within limits; texts stay texts."""

import csv
import io

import tablib
from django.core.exceptions import ValidationError
from import_export.formats.base_formats import CSV, XLSX
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from de_an_06.plain import workbooks
from reporting.imports.form_pages import FORM_LIMITS, LARGEST_FILE
from taskforces.imports.sheets_out import text_cell
from taskforces.imports.tables import FileRefused, csv_rows, safe_for_csv

CATALOGUE_FILE_TOO_LARGE = "Tệp lớn hơn 2 MB nên không đọc. Danh mục chỉ có vài trăm dòng; xóa phần thừa rồi gửi."


class CatalogueCsv(CSV):
    """A .csv of at most 2 MB, with commas or semicolons; raises ValidationError."""

    def is_binary(self):
        return True

    def get_read_mode(self):
        return "rb"

    def create_dataset(self, in_stream, **kwargs):
        if len(in_stream) > LARGEST_FILE:
            raise ValidationError(CATALOGUE_FILE_TOO_LARGE)
        try:
            return _dataset([values for _, values in csv_rows(io.BytesIO(in_stream)) if any(values)])
        except FileRefused as refused:
            raise ValidationError(refused.reasons) from None

    def export_data(self, dataset, **kwargs):
        text = io.StringIO(newline="")
        csv.writer(text).writerows([safe_for_csv(str(value)) for value in row] for row in _rows(dataset))
        return text.getvalue().encode("utf-8-sig")  # Excel reads a .csv without the mark as something else


class CatalogueXlsx(XLSX):
    """The first sheet of an .xlsx of at most 2 MB; raises ValidationError."""

    def create_dataset(self, in_stream):
        if len(in_stream) > LARGEST_FILE:
            raise ValidationError(CATALOGUE_FILE_TOO_LARGE)
        try:
            (page,) = workbooks.read_workbook(io.BytesIO(in_stream), FORM_LIMITS, only="", computed=True)
        except workbooks.WorkbookRefused as refused:
            raise ValidationError(str(refused)) from None
        return _dataset([values for _, values in page.rows])

    def export_data(self, dataset, **kwargs):
        book, content = Workbook(write_only=True), io.BytesIO()
        page = book.create_sheet()
        page.freeze_panes = "A2"
        for i, cells in enumerate(zip(*_rows(dataset), strict=True), 1):
            page.column_dimensions[get_column_letter(i)].width = min(max(len(str(cell)) for cell in cells) + 2, 60)
        for row in _rows(dataset):
            page.append([text_cell(page, str(value)) for value in row])
        book.save(content)
        return content.getvalue()


def _rows(dataset: tablib.Dataset) -> list:
    return [dataset.headers, *dataset]


def _dataset(rows: list[list]) -> tablib.Dataset:
    """Under the names in the first row; short rows end with blanks."""
    width = max(map(len, rows), default=0)
    rows = [[*values, *[None] * (width - len(values))] for values in rows]
    return tablib.Dataset(*rows[1:], headers=rows[0]) if rows else tablib.Dataset()
