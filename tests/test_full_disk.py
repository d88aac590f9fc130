"""A disk that takes no more: a sentence for the person, no 500, no piece of a file, and nothing acknowledged is lost.

The operating system itself refuses: no file may grow above a few bytes (RLIMIT_FSIZE), no database above its pages.
"""

import datetime as dt
import gc
import json
import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path

import kombu
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.urls import reverse
from kombu.exceptions import ChannelError

from de_an_06.plain.spans import Span
from de_an_06.plain.whole_files import WholeFiles
from reporting.entry.form import load_form
from reporting.exports import export_jobs
from reporting.models import ExportJob, FigureChange, Report
from taskforces import tasks
from taskforces.imports import import_jobs
from taskforces.models import Document, ImportJob, TaskForce
from taskforces.register import keeping
from tests.import_sheets import bring_in, totals, xlsx
from tests.test_documents import PDF
from tests.test_imports import MEMBER, member

State = ImportJob.State
# What a library had open when it found no room is closed by Python, with a warning.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def today(at, monkeypatch):
    for task in (tasks.check_import, tasks.write_import, export_jobs.run_export):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)
    at("2026-11-18 09:00")


@pytest.fixture
def officer(client, world):
    client.force_login(world.officer)
    client.raise_request_exception = False
    return client


@contextmanager
def full_disk(room=4096):
    """No file grows above so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        gc.collect()


def kept(folder):
    """The files that lie in a folder of the portal's data."""
    return {path for path in (Path(settings.DATA_DIR) / folder).rglob("*") if path.is_file()}


def paper(size):
    return {
        "kind": "plan",
        "title": "Kế hoạch năm 2026",
        "issued_on": "2026-03-15",
        "upload": SimpleUploadedFile("kế hoạch.pdf", PDF + b"\0" * size),
    }


@pytest.mark.django_db
def test_a_document_without_room_is_told_beside_the_file_and_leaves_nothing(officer, world):
    before = kept("files")
    with full_disk():
        answer = officer.post(reverse("document-upload"), paper(200_000))
    assert answer.status_code == 200
    assert answer.context["form"].errors == {
        "upload": ["Máy chủ hết dung lượng lưu trữ nên chưa nhận được tệp. Báo nơi hỗ trợ, sau đó gửi lại."]
    }
    assert "Kế hoạch năm 2026" in answer.content.decode()  # what was typed is still there
    assert not Document.objects.exists()
    assert not kept("files") - before
    assert officer.post(reverse("document-upload"), paper(200_000)).status_code == 302
    (document,) = Document.objects.all()
    assert {path.stat().st_size for path in kept("files") - before} == {document.size}


@pytest.mark.django_db
def test_a_large_document_finds_no_room_before_it_is_read(officer, world):
    """Above 2.5 MB it goes through a temporary file first, before any page looks at it."""
    with full_disk():
        answer = officer.post(reverse("document-upload"), paper(3_000_000))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Máy chủ hết dung lượng lưu trữ." in answer.content.decode()
    assert not Document.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_with_the_row_that_was_not_written(officer, world, monkeypatch):
    def refused(self, **kwargs):
        raise OperationalError("database or disk is full")

    before = kept("files")
    with monkeypatch.context() as patch:
        patch.setattr(Document, "save", refused)
        assert officer.post(reverse("document-upload"), paper(100)).status_code == 500
    assert not kept("files") - before
    officer.post(reverse("document-upload"), paper(100))
    assert len(kept("files") - before) == 1


@pytest.mark.django_db
def test_a_roster_without_room_is_told_and_leaves_nothing(officer, world):
    before = kept("files")
    with full_disk():
        answer = officer.post(
            reverse("import-upload"), {"loai": "thanh-vien", "tep": xlsx(MEMBER, member("Nguyễn Văn An"))}
        )
    assert answer.status_code == 400
    assert "Máy chủ hết dung lượng lưu trữ nên chưa nhận được tệp." in answer.content.decode()
    assert not ImportJob.objects.exists()
    assert not kept("files") - before


@pytest.mark.django_db
def test_a_check_without_room_for_its_result_says_so(world):
    TaskForce.objects.create(
        unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=dt.date(2026, 1, 15)
    )
    job = import_jobs.create(
        by=world.officer, kind=ImportJob.Kind.MEMBERS, upload=xlsx(MEMBER, member("Nguyễn Văn An"))
    )
    with full_disk():
        import_jobs.check(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == (State.REFUSED, import_jobs.NO_ROOM)


@pytest.mark.django_db(transaction=True)
def test_what_was_brought_in_stays_without_room_for_its_result(world):
    TaskForce.objects.create(
        unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=dt.date(2026, 1, 15)
    )
    job = bring_in(world.officer, ImportJob.Kind.MEMBERS, xlsx(MEMBER, member("Nguyễn Văn An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    with full_disk(room=job.size):
        import_jobs.write(str(job.pk))
    job.refresh_from_db()
    assert (job.state, totals(job)) == (State.DONE, (1, 0, 0, 0))


@pytest.mark.django_db
def test_an_export_without_room_says_so_and_is_made_once_there_is(world, month, tmp_path, monkeypatch):
    month("2026-11")
    choice = {"unit": world.dong_nai, "span": Span.parse("2026-11"), "basis": "provisional", "by": world.reviewer}
    job = export_jobs.create(**choice)
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(pieces))
    with full_disk():
        export_jobs.run_export(str(job.pk))
    job.refresh_from_db()
    assert job.state == ExportJob.State.FAILED
    assert job.message == "Máy chủ hết dung lượng lưu trữ nên chưa lập được tệp. Báo nơi hỗ trợ, sau đó bấm “Lập lại”."
    assert not list(Path(settings.EXPORT_DIR).iterdir())
    assert not list(pieces.iterdir())
    again = export_jobs.create(**choice)
    export_jobs.run_export(str(again.pk))
    again.refresh_from_db()
    assert again.state == ExportJob.State.DONE


def test_a_message_without_room_leaves_no_piece_in_the_queue(tmp_path):
    """An empty message ends the worker that takes it, and beat sends several a minute."""
    options = {"data_folder_in": str(tmp_path / "queue"), "data_folder_out": str(tmp_path / "queue")}
    options["control_folder"] = str(tmp_path / "control")
    (tmp_path / "queue").mkdir()
    transport = "de_an_06.plain.file_queue:Transport"
    with kombu.Connection("localhost", transport=transport, transport_options=options) as broker:
        queue = broker.SimpleQueue("celery")
        with full_disk(room=100), pytest.raises(ChannelError):
            queue.put("a" * 500)
        assert not list((tmp_path / "queue").iterdir())
        queue.put("b" * 500)
        message = queue.get(timeout=30)
        assert message.payload == "b" * 500
        message.ack()
        queue.close()


@contextmanager
def full_database():
    """SQLite takes no further page."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        yield
        cursor.execute("PRAGMA max_page_count = 1000000")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the room of an embedded database")
@pytest.mark.django_db(transaction=True)
def test_cells_without_room_are_kept_by_the_browser_which_sends_them_again(officer, world, month):
    report = Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))
    cells = [cell for cell in load_form(report, world.officer).cells.values() if not cell.locked]
    fields = {cell.key: "0" for cell in cells if cell.branch == "office"}
    assert len(fields) > 50
    body = json.dumps({"user": world.officer.pk, "fields": fields, "seen": {}})
    send = {"data": body, "content_type": "application/json", "headers": {"Accept": "application/json"}}
    save = reverse("report-save-cells", args=[report.pk])
    with full_database():
        answer = officer.post(save, **send)
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert answer.json() == {"message": "Máy chủ hết dung lượng lưu trữ."}
        assert not FigureChange.objects.exists()
    assert officer.post(save, **send).json()["saved"].keys() == fields.keys()
    assert FigureChange.objects.count() == len(fields)


@pytest.mark.django_db
def test_a_refusal_that_is_no_want_of_room_stays_an_error(world, monkeypatch):
    """A folder that may not be written to is a fault of the installation; 'hết chỗ' would mislead."""

    def forbidden(self, name, content):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(WholeFiles, "_save", forbidden)
    upload = SimpleUploadedFile("a.pdf", PDF)
    day = dt.date(2026, 3, 15)
    with pytest.raises(PermissionError):
        keeping.save_document(
            by=world.officer, unit=world.phuoc_long, kind="plan", title="a", issued_on=day, upload=upload
        )
    with pytest.raises(ValidationError):
        keeping.save_document(by=world.officer, unit=world.phuoc_long, kind="plan", title="", issued_on=day)
