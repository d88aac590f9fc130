"""Uploads: what is inside decides; files leave only through the scope check, always as a download."""

import datetime as dt
import hashlib
import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from taskforces.models import Document
from taskforces.register import keeping, uploads

pytestmark = pytest.mark.once


PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\0" * 17
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 20
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 100
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def stream(name):
    return (name + "\0").encode("utf-16-le")


def office(main, extra=(), types="<Types/>"):
    """A minimal .docx or .xlsx."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(main, "<x/>")
        for name in extra:
            archive.writestr(name, "x")
    return buffer.getvalue()


DOCX, XLSX = office("word/document.xml"), office("xl/workbook.xml")
GOOD = [
    ("quyet dinh.pdf", PDF, "application/pdf"),
    ("QĐ 12.PDF", PDF, "application/pdf"),
    ("anh.png", PNG, "image/png"),
    ("anh.jpg", JPEG, "image/jpeg"),
    ("anh.jpeg", JPEG, "image/jpeg"),
    ("quy che.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("so.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("cu.doc", OLE + stream("WordDocument"), "application/msword"),
    ("cu.xls", OLE + stream("Workbook"), "application/vnd.ms-excel"),
    ("rat cu.xls", OLE + stream("Book"), "application/vnd.ms-excel"),
]


@pytest.mark.parametrize(("name", "content", "content_type"), GOOD)
def test_the_kinds_that_are_kept(name, content, content_type):
    known = uploads.inspect(SimpleUploadedFile(name, content, content_type="application/x-what-the-browser-says"))
    assert (known.name, known.content_type, known.size) == (name, content_type, len(content))
    assert known.sha256 == hashlib.sha256(content).hexdigest()


REFUSED = [
    ("bao cao.exe", EXE, "là một chương trình"),
    ("bao cao.pdf", EXE, "là một chương trình"),
    ("bao cao.docx", EXE, "là một chương trình"),
    ("bao cao.xls", b"\x7fELF" + b"\0" * 50, "là một chương trình"),
    ("chay.pdf", b"#!/bin/sh\nrm", "là một chương trình"),
    ("anh.svg", b"<svg/>", "không thuộc loại được nhận"),
    ("trang.html", b"<script>", "không thuộc loại được nhận"),
    ("khong duoi", PDF, "không thuộc loại được nhận"),
    ("anh.png", JPEG, "không phải là tệp .png"),
    ("anh.jpg", PNG, "không phải là tệp .jpg"),
    ("van ban.pdf", DOCX, "không phải là tệp .pdf"),
    ("van ban.pdf", b"<html>%PDF-1.4", "không phải là tệp .pdf"),
    ("van ban.docx", XLSX, "không phải là tệp .docx"),
    ("so.xlsx", DOCX, "không phải là tệp .xlsx"),
    ("so.xlsx", b"PK\x03\x04" + b"\0" * 40, "không phải là tệp .xlsx"),
    ("so.xlsx", b"a;b\n1;2\n", "không phải là tệp .xlsx"),
    ("cu.doc", OLE + stream("Workbook"), "không phải là tệp .doc"),
    ("cu.xls", XLSX, "không phải là tệp .xls"),
    ("macro.docm", DOCX, "có macro"),
    ("macro.xlsm", XLSX, "có macro"),
    ("macro.docx", office("word/document.xml", ["word/vbaProject.bin"]), "có macro"),
    ("macro.xlsx", office("xl/workbook.xml", types="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "có macro"),
    ("macro.doc", OLE + stream("WordDocument") + stream("Macros"), "có macro"),
    ("macro.xls", OLE + stream("Workbook") + stream("_VBA_PROJECT_CUR"), "có macro"),
    ("khoa.docx", OLE + stream("EncryptedPackage"), "mật khẩu"),
    ("rong.pdf", b"", "không có nội dung"),
]


@pytest.mark.parametrize(("name", "content", "reason"), REFUSED)
def test_what_is_refused_and_why(name, content, reason):
    with pytest.raises(ValidationError) as caught:
        uploads.inspect(SimpleUploadedFile(name, content))
    assert reason in caught.value.messages[0]


def test_twenty_megabytes_and_one_byte_more():
    exact = SimpleUploadedFile("a.pdf", PDF + b"\0" * (uploads.LARGEST_UPLOAD - len(PDF)))
    assert uploads.inspect(exact).size == 20 * 1024 * 1024
    over = SimpleUploadedFile("a.pdf", PDF + b"\0" * (uploads.LARGEST_UPLOAD - len(PDF) + 1))
    with pytest.raises(ValidationError, match="nặng nhất 20 MB"):
        uploads.inspect(over)


def test_a_file_that_unpacks_to_too_much_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("word/document.xml", b"\0" * (uploads.LARGEST_UNPACKED + 1))
    assert len(buffer.getvalue()) < 1024 * 1024
    with pytest.raises(ValidationError, match="quá lớn"):
        uploads.inspect(SimpleUploadedFile("a.docx", buffer.getvalue()))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("..\\..\\windows\\a.pdf", "a.pdf"),
        ("../../etc/a.pdf", "a.pdf"),
        ("a\r\nb\x00.pdf", "ab.pdf"),
        ("a\u202efdp.pdf", "afdp.pdf"),
        ("", "tep"),
        ("ă" * 300 + ".pdf", "ă" * 196 + ".pdf"),
    ],
)
def test_file_names_lose_folders_and_tricks(sent, kept):
    assert uploads.clean_name(sent) == kept


# Keeping and handing out


@pytest.fixture
def document(world, at):
    at("2026-11-10 09:00")
    return keeping.save_document(
        by=world.officer,
        unit=world.phuoc_long,
        kind="plan",
        title="Kế hoạch năm 2026",
        number="57/KH-UBND",
        issued_on=dt.date(2026, 3, 15),
        upload=SimpleUploadedFile("Kế hoạch “57”.pdf", PDF),
    )


@pytest.mark.django_db
def test_a_file_is_stored_under_a_name_of_our_own(document):
    assert document.file.name.startswith("documents/")
    assert "." not in document.file.name
    assert document.file_name == "Kế hoạch “57”.pdf"
    assert document.sha256 == hashlib.sha256(PDF).hexdigest()
    assert document.size == len(PDF)


@pytest.mark.django_db
def test_a_download_is_a_download(world, document, client):
    client.force_login(world.officer)
    response = client.get(reverse("document-download", args=[document.pk]))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "status"),
    [
        *[(who, 200) for who in ("officer", "leader", "reviewer", "chair", "administrator")],
        *[(who, 404) for who in ("neighbour", "stranger", "stranger_reviewer")],
    ],
)
def test_files_are_inside_the_scope(world, document, client, who, status):
    client.force_login(getattr(world, who))
    response = client.get(reverse("document-download", args=[document.pk]))
    response.close()
    assert response.status_code == status


@pytest.mark.django_db
def test_a_document_without_its_file_says_what_to_do(world, document, client, caplog):
    client.force_login(world.officer)
    download, name = reverse("document-download", args=[document.pk]), document.file.name
    document.file.storage.delete(name)
    page = client.get(download, follow=True)
    assert page.redirect_chain == [(f"{reverse('document-list')}?don_vi={world.phuoc_long.pk}", 302)]
    (said,) = page.context["messages"]
    assert said.message.startswith("Tệp “Kế hoạch “57”.pdf” không còn trên máy chủ. Báo nơi hỗ trợ khôi phục")
    assert name in caplog.text  # the operator learns which file to look for in the backup
    Document.objects.update(file="")
    (said,) = client.get(download, follow=True).context["messages"]
    assert said.message == f"Văn bản {document} chưa có tệp kèm theo."


@pytest.mark.django_db
def test_upload_through_the_page_and_a_refused_program(world, document, client):
    client.force_login(world.officer)
    url = f"{reverse('document-upload')}?don_vi={world.phuoc_long.pk}"
    fields = {"kind": "working_rules", "issued_on": "2026-04-01", "title": "Quy chế", "number": "", "issuing_body": ""}
    page = client.post(url, fields | {"upload": SimpleUploadedFile("quy che.pdf", EXE)})
    assert page.status_code == 200
    assert "thực ra là một chương trình (.exe) được đổi tên" in page.text
    assert 'value="Quy chế"' in page.text  # what was typed stays
    assert Document.objects.count() == 1
    page = client.post(url, fields | {"upload": SimpleUploadedFile("quy che.docx", DOCX)})
    assert page.status_code == 302
    kept = Document.objects.get(kind="working_rules")
    assert (kept.file_name, kept.uploaded_by) == ("quy che.docx", world.officer)


@pytest.mark.django_db
def test_a_corrected_document_keeps_its_file_until_another_comes(world, document, client):
    client.force_login(world.officer)
    url = reverse("document-edit", args=[document.pk])
    assert "Đang có tệp" in client.get(url).text
    fields = {"kind": "plan", "issued_on": "2026-03-16", "title": "Kế hoạch", "number": "58", "issuing_body": ""}
    assert client.post(url, fields).status_code == 302
    document.refresh_from_db()
    assert (document.number, document.file_name) == ("58", "Kế hoạch “57”.pdf")
    assert client.post(url, fields | {"upload": SimpleUploadedFile("moi.png", PNG)}).status_code == 302
    document.refresh_from_db()
    assert (document.file_name, document.content_type) == ("moi.png", "image/png")


@pytest.mark.django_db
def test_a_task_force_of_another_unit_takes_no_document(world, at):
    at("2026-11-10 09:00")
    force = keeping.found_task_force(
        by=world.neighbour, unit=world.phuoc_binh, kind="working_group", name="Tổ", valid_from=dt.date(2026, 1, 5)
    )
    with pytest.raises(ValidationError, match="đơn vị khác"):
        keeping.save_document(
            by=world.officer,
            unit=world.phuoc_long,
            task_force=force,
            kind="plan",
            title="x",
            issued_on=dt.date(2026, 3, 15),
        )
