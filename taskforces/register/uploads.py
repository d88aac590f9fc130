"""Files people hand in: which kinds, how large, and whether the content is what the name says.

The name and the browser's word are never trusted: the first bytes decide, and for Word and Excel what is inside.
"""

import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models.fields.files import FieldFile

from de_an_06.plain import workbooks
from de_an_06.plain.numbers import format_number
from de_an_06.plain.whole_files import is_for_want_of_room

LARGEST_UPLOAD = 20 * 1024 * 1024  # bytes
LONGEST_NAME = 200
LARGEST_UNPACKED = 400 * 1024 * 1024  # bytes

PDF = "application/pdf"
CONTENT_TYPES = {
    ".pdf": PDF,
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
ACCEPT = ",".join(CONTENT_TYPES)
KINDS = "PDF, Word (.doc, .docx), Excel (.xls, .xlsx), ảnh (.png, .jpg)"

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .doc and .xls
ZIP = b"PK\x03\x04"
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe")
MAIN_PART = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
OLE_STREAMS = {".doc": ("WordDocument",), ".xls": ("Workbook", "Book")}
OLE_MACROS = ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros")


@dataclass(frozen=True)
class Inspected:
    """What is known about an accepted file. `size` in bytes, `sha256` in hex."""

    name: str
    content_type: str
    size: int
    sha256: str


def inspect(upload: UploadedFile) -> Inspected:
    """Accept the file or raise ValidationError with a sentence for the person who sent it."""
    name = clean_name(upload.name or "")
    suffix = PurePosixPath(name).suffix.lower()
    size = upload.size or 0
    if size == 0:
        raise ValidationError(f"Tệp “{name}” không có nội dung.")
    if size > LARGEST_UPLOAD:
        megabytes = format_number(round(size / 1024 / 1024))
        raise ValidationError(f"Tệp “{name}” nặng {megabytes} MB; mỗi tệp nặng nhất 20 MB. Chia nhỏ hoặc nén ảnh lại.")
    upload.seek(0)
    head = upload.read(4096)
    if head.startswith(PROGRAMS):
        raise ValidationError(
            f"Tệp “{name}” thực ra là một chương trình (.exe) được đổi tên. Cổng không nhận chương trình; "
            "kiểm tra máy có nhiễm mã độc không."
        )
    if suffix in {".docm", ".xlsm", ".dotm", ".xltm", ".xlsb"}:
        raise ValidationError(f"Tệp “{name}” có macro. Lưu lại dạng không có macro (.docx, .xlsx) rồi gửi.")
    if suffix not in CONTENT_TYPES:
        raise ValidationError(f"Tệp “{name}” không thuộc loại được nhận: {KINDS}.")
    _check_content(upload, name, suffix, head)
    return Inspected(name, CONTENT_TYPES[suffix], size, sha256_of(upload))


def clean_name(name: str) -> str:
    """The sender's file name without folders and control characters, short enough to keep."""
    name = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    name = name or "tep"
    path = PurePosixPath(name)
    return name if len(name) <= LONGEST_NAME else path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix


def _check_content(upload: UploadedFile, name: str, suffix: str, head: bytes) -> None:
    if suffix == ".pdf":
        is_right = head.startswith(b"%PDF-")
    elif suffix == ".png":
        is_right = head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR"
    elif suffix in {".jpg", ".jpeg"}:
        is_right = head.startswith(b"\xff\xd8\xff")
    elif suffix in OLE_STREAMS:
        is_right = _is_ole_document(upload, name, suffix, head)
    else:
        is_right = _is_open_document(upload, name, suffix, head)
    if not is_right:
        raise ValidationError(
            f"Nội dung tệp “{name}” không phải là tệp {suffix}. "
            "Mở tệp, lưu lại đúng loại rồi gửi; không đổi đuôi tên tệp."
        )


def _is_ole_document(upload: UploadedFile, name: str, suffix: str, head: bytes) -> bool:
    if not head.startswith(OLE):
        return False
    upload.seek(0)
    content = upload.read()
    if any(_ole_name(macro) in content for macro in OLE_MACROS):
        raise ValidationError(f"Tệp “{name}” có macro. Lưu lại dạng không có macro (.docx, .xlsx) rồi gửi.")
    return any(_ole_name(stream) in content for stream in OLE_STREAMS[suffix])


def _ole_name(name: str) -> bytes:
    """How the container's directory writes a name: UTF-16, closed by a zero."""
    return (name + "\0").encode("utf-16-le")


def _is_open_document(upload: UploadedFile, name: str, suffix: str, head: bytes) -> bool:
    if head.startswith(OLE):
        raise ValidationError(f"Tệp “{name}” đang đặt mật khẩu hoặc là dạng cũ. Bỏ mật khẩu, lưu lại {suffix} rồi gửi.")
    if not head.startswith(ZIP):
        return False
    upload.seek(0)
    try:
        with workbooks.open_archive(upload.file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise ValidationError(f"Tệp “{name}” giải nén ra quá lớn. Xóa bớt nội dung rồi gửi.")
            if "[Content_Types].xml" not in names or MAIN_PART[suffix] not in names:
                return False
            is_macro = has_macros(archive)
    except workbooks.WorkbookRefused:
        raise ValidationError(f"Tệp “{name}” giải nén ra quá lớn. Xóa bớt nội dung rồi gửi.") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return False
    if is_macro:
        raise ValidationError(f"Tệp “{name}” có macro. Lưu lại dạng không có macro ({suffix}) rồi gửi.")
    return True


def has_macros(archive: zipfile.ZipFile) -> bool:
    """Does this .docx or .xlsx carry macros, whatever its name says? KeyError where it is neither, WorkbookRefused
    where its list of parts is too long to be honest."""
    names = [name.lower() for name in archive.namelist()]
    is_declared = b"macroEnabled" in workbooks.small_part(archive, "[Content_Types].xml")
    return is_declared or any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names)


def store(field: FieldFile, name: str, upload: UploadedFile) -> None:
    """Keep the file where `field` says; ValidationError when the disk takes no more; nothing of it stays then."""
    try:
        field.save(name, upload, save=False)
    except OSError as error:
        if not is_for_want_of_room(error):
            raise
        raise ValidationError(
            "Máy chủ hết dung lượng lưu trữ nên chưa nhận được tệp. Báo nơi hỗ trợ, sau đó gửi lại."
        ) from error


def sha256_of(upload: UploadedFile) -> str:
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()
