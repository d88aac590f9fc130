"""Sheets for the tests of imports: an .xlsx or .csv as a person would send it."""

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from taskforces.imports import import_jobs
from taskforces.models import ImportJob


def xlsx(headers, *rows, name="tep.xlsx", title="Dữ liệu", edit=None):
    book = Workbook()
    page = book.active
    page.title = title
    for row in ([headers] if headers else []) + list(rows):
        page.append(row)
    if edit is not None:
        edit(book)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile(name, content.getvalue())


def csv_file(headers, *rows, encoding="utf-8", separator=",", name="tep.csv"):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([headers, *rows])
    return SimpleUploadedFile(name, text.getvalue().encode(encoding))


def bring_in(by, kind, upload) -> ImportJob:
    """The upload, checked as the worker would."""
    job = import_jobs.create(by=by, kind=kind, upload=upload)
    import_jobs.check(job.pk)
    job.refresh_from_db()
    return job


def write(job) -> ImportJob:
    """Confirmed by its uploader and written as the worker would."""
    import_jobs.confirm(job_id=job.pk, by=job.by)
    import_jobs.write(job.pk)
    job.refresh_from_db()
    return job


def said(job) -> list[str]:
    """Everything said of refused rows: 'row column: sentence'."""
    return [f"{row['number']} {column}: {text}" for row in job.preview["rows"] for column, text in row["messages"]]


def totals(job) -> tuple[int, int, int, int]:
    assert job.created + job.updated + job.unchanged + job.refused == job.rows
    return job.created, job.updated, job.unchanged, job.refused
