"""A file may not eat the server: what is small to send and large to believe is refused, counted and not tried."""

import dataclasses
import datetime as dt
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from de_an_06.plain import workbooks
from reporting.imports import form_pages
from reporting.models import Indicator
from taskforces.imports import tables
from taskforces.models import User
from taskforces.register import uploads
from tests import hostile_files
from tests.test_form_states import needs_soffice, soffice

pytestmark = pytest.mark.once


ROOT = Path(__file__).resolve().parent.parent
KNOWN = {"cột": "Cột"}
MEGABYTE = 1024 * 1024
ROWS, CELLS, STYLES, STRINGS = "có dòng ", "quá nhiều ô", "quá nhiều kiểu định dạng", "quá nhiều đoạn chữ"
TEXT, OTHERS, UNPACKED, BROKEN = "quá nhiều chữ", "quá nhiều thành phần", "giải nén ra quá lớn", "Không đọc được tệp"
STOPPED = "tốn quá nhiều bộ nhớ hoặc thời gian"
# What stops each: as a roster, which may be large, and as the form of a report, which never is.
STOPS = {
    "corners": (ROWS + "1048576", ROWS + "1048576"),
    "wide rows": (CELLS, CELLS),
    "empty cells": (CELLS, CELLS),
    "empty rows": (ROWS + "100001", ROWS + "10001"),
    "prefix and UTF-16": (CELLS, CELLS),
    "styles": (STYLES, UNPACKED),
    "strings": (STRINGS, STRINGS),
    "one string everywhere": (TEXT, TEXT),
    "merged": (OTHERS, UNPACKED),
    "entities": (BROKEN, BROKEN),
    "one long text": (TEXT, UNPACKED),
    "deep": (STOPPED, UNPACKED),
}


# Unpacked to 150 MB before the memory ends: a minute of work each, left to `make test`.
LENGTHY = [pytest.mark.once, pytest.mark.embedded, pytest.mark.slow]
SLOW = {"one long text", "deep"}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=LENGTHY * (name in SLOW)) for name in STOPS],
)
def hostile(request):
    return request.param, hostile_files.WORKBOOKS[request.param]()


def as_roster(content: bytes) -> str:
    with pytest.raises(tables.FileRefused) as refused:
        tables.read(io.BytesIO(content), "tep.xlsx", KNOWN, ["Cột"])
    (reason,) = refused.value.reasons
    return reason


def as_form(content: bytes) -> str:
    with pytest.raises(form_pages.UnreadableForm) as refused:
        form_pages.open_form(io.BytesIO(content))
    return str(refused.value)


def test_what_stops_each_workbook(hostile):
    """Small to send; refused by the count that is meant for it, not for want of memory where it can be counted."""
    name, content = hostile
    assert len(content) < 200_000
    roster, form = STOPS[name]
    assert roster in as_roster(content)
    assert form in as_form(content)


def test_the_same_file_without_the_attack_is_read():
    content = hostile_files.workbook('<row r="2"><c r="B2"><v>7</v></c></row>')
    (page,) = workbooks.read_workbook(io.BytesIO(content), form_pages.FORM_LIMITS)
    assert (page.title, page.rows) == ("Dữ liệu", [(1, ["Cột"]), (2, [None, 7])])
    assert [page.rows for page in form_pages.open_form(io.BytesIO(content))] == [[["Cột"], ["", "7"]]]


IN_LITTLE_MEMORY = """
import io, json, os, resource
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from reporting.imports import form_pages
from taskforces.imports import tables
from taskforces.register import uploads
from tests import hostile_files
files = {name: make() for name, make in hostile_files.WORKBOOKS.items() if name in %s}
document = hostile_files.document()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + %d, used + %d))
said = {}
def note(name, call):
    try:
        call()
    except Exception as error:
        said[name] = type(error).__name__
for name, content in files.items():
    note(name, lambda: tables.read(io.BytesIO(content), "tep.xlsx", {"cột": "Cột"}, ["Cột"]))
    note(name + ", form", lambda: form_pages.open_form(io.BytesIO(content)))
note("document", lambda: uploads.inspect(SimpleUploadedFile("a.docx", document)))
print(json.dumps(said))
"""


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_the_process_that_was_handed_the_file_needs_no_memory_for_it():
    """50 MB above what it had: enough to say no, not to build a sheet, a table of styles or a list of parts."""
    names = ["corners", "wide rows", "empty rows", "styles", "strings"]
    code = IN_LITTLE_MEMORY % (names, 50 * MEGABYTE, 50 * MEGABYTE)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    expected = dict.fromkeys(names, "FileRefused") | {f"{name}, form": "UnreadableForm" for name in names}
    assert json.loads(done.stdout) == expected | {"document": "ValidationError"}


# --- the process that reads


def plain_rows(count: int) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet("Dữ liệu")
    page.append(["Cột"])
    for i in range(count):
        page.append([f"Người {i}"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("limit", [{"memory": 16 * MEGABYTE}, {"seconds": 1, "cells": 10**9, "area": 10**9}])
def test_a_reader_that_needs_too_much_is_ended(limit):
    """Whatever the counts let through: an honest file with too little memory, a slow one with a second."""
    content = plain_rows(100) if "memory" in limit else hostile_files.WORKBOOKS["empty cells"]()
    with pytest.raises(workbooks.WorkbookRefused, match=STOPPED):
        workbooks.read_workbook(io.BytesIO(content), dataclasses.replace(tables.ROSTER_LIMITS, **limit))


def test_every_kind_of_value_comes_back_as_it_was():
    book = Workbook()
    page = book.active
    page.title = "Một"
    page.append(["chữ “Ủ”\n😀", 12, 12.5, True, None, dt.datetime(2026, 11, 2, 8, 30)])
    page.append([dt.time(7, 15), dt.timedelta(hours=30), "=A1", "#REF!", -0.1, 10**15])
    page["A4"] = "cuối"
    page.merge_cells("A4:B4")
    book.create_sheet("Ẩn").sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    one, hidden = workbooks.read_workbook(content, form_pages.FORM_LIMITS)
    assert (one.title, one.is_hidden, one.merged) == ("Một", False, ["A4:B4"])
    assert (hidden.title, hidden.is_hidden, hidden.rows) == ("Ẩn", True, [])
    assert [number for number, _ in one.rows] == [1, 2, 4]
    assert list(one.all_rows())[2] == (3, [])
    (_, first), (_, second), (_, last) = one.rows
    assert first == ["chữ “Ủ”\n😀", 12, 12.5, True, None, dt.datetime(2026, 11, 2, 8, 30)]
    assert second == [dt.time(7, 15), dt.timedelta(hours=30), "=A1", "#REF!", -0.1, 10**15]
    assert [type(value) for value in second[2:4]] == [workbooks.Formula, workbooks.CellFault]
    assert last == ["cuối"]


@pytest.mark.once
@pytest.mark.slow
@needs_soffice
def test_a_large_roster_saved_by_libreoffice_is_read(tmp_path):
    table = tables.read(io.BytesIO(soffice(tmp_path, plain_rows(20_000))), "tep.xlsx", KNOWN, ["Cột"])
    assert (len(table.rows), table.rows[-1]) == (20_000, ["Người 19999"])


# --- documents


@pytest.mark.parametrize("make", [hostile_files.document, hostile_files.many_parts])
def test_a_document_is_not_unpacked_to_be_looked_at(make):
    upload = SimpleUploadedFile("a.docx", make())
    assert len(upload) < uploads.LARGEST_UPLOAD
    tracemalloc.start()
    with pytest.raises(ValidationError, match=UNPACKED):
        uploads.inspect(upload)
    assert tracemalloc.get_traced_memory()[1] < 25 * MEGABYTE  # the file itself may lie in memory
    tracemalloc.stop()


def test_a_second_directory_is_not_believed():
    """The end record says 'small'; the one for archives above 4 GB, which zipfile believes, says anything."""
    content = hostile_files.packed({"[Content_Types].xml": "x", "word/document.xml": "x"})
    at = content.rfind(b"PK\x05\x06")
    second = b"PK\x06\x06" + b"\0" * 52 + b"PK\x06\x07" + b"\0" * 16
    with pytest.raises(ValidationError, match=UNPACKED):
        uploads.inspect(SimpleUploadedFile("a.docx", content[:at] + second + content[at:]))


# --- doors


@pytest.mark.django_db
def test_the_administration_reads_within_the_same_limits(client):
    client.force_login(User.objects.create_superuser("quan-tri", "", "mat-khau-quan-tri-1", full_name="Quản Trị"))
    url = reverse("admin:reporting_indicator_import")

    def said(name, content, format_number) -> str:
        upload = SimpleUploadedFile(name, content)
        return client.post(url, {"format": format_number, "import_file": upload, "resource": ""}).content.decode()

    page = client.get(url).content.decode()
    assert [word for word in ("xlsx", "csv", "xls<", "json", "yaml", "html<", "ods") if f">{word}" in page] == [
        "xlsx",
        "csv",
    ]
    assert "có dòng 1048576" in said("a.xlsx", hostile_files.WORKBOOKS["corners"](), "1")
    assert "lớn hơn 2 MB" in said("a.xlsx", b"x" * (2 * MEGABYTE + 1), "1")
    assert "lớn hơn 2 MB" in said("a.csv", b"x" * (2 * MEGABYTE + 1), "0")
    assert not Indicator.objects.exists()


@pytest.mark.django_db
def test_a_body_larger_than_any_is_not_read(world, client):
    class Unread(io.BytesIO):
        def read(self, *args):
            raise AssertionError("the body was read")

    client.force_login(world.officer)
    url = reverse("import-upload")
    answer = client.generic("POST", url, b"", CONTENT_LENGTH=str(25 * MEGABYTE + 1), **{"wsgi.input": Unread()})
    assert answer.status_code == 413
    assert "nặng nhất 25 MB" in answer.content.decode()
    assert client.generic("POST", url, b"", CONTENT_LENGTH="0").status_code == 400
