"""Files nobody finishes: tried again or dropped by who asked for them, and nothing of them stays behind."""

import datetime as dt
import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import export_jobs
from reporting.models import ExportJob
from taskforces import tasks
from taskforces.imports import import_jobs
from taskforces.models import ImportJob, Membership, TaskForce
from taskforces.people.quotas import OverQuota
from tests.import_sheets import bring_in, xlsx
from tests.test_imports import FORCE, MEMBER, member

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Kind, State = ImportJob.Kind, ImportJob.State
SPAN = Span.parse("2026-11")


@pytest.fixture(autouse=True)
def sent(monkeypatch, at):
    """Messages as sent, ('write', id): lost on the way, nobody receives them."""
    messages = []
    for name, task in {
        "write": tasks.write_import,
        "check": tasks.check_import,
        "export": export_jobs.run_export,
    }.items():
        monkeypatch.setattr(task, "delay_on_commit", lambda pk, name=name: messages.append((name, pk)))
        monkeypatch.setattr(task, "waiting", lambda: 0)
    at("2026-11-16 09:00")
    return messages


@pytest.fixture
def force(world):
    return TaskForce.objects.create(
        unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=dt.date(2026, 1, 15)
    )


@pytest.fixture
def page(world, client):
    client.force_login(world.officer)
    return lambda name, job: client.get(reverse(name, args=[job.pk])).text


def post(client, name, job):
    return client.post(reverse(name, args=[job.pk]), follow=True).text


# --- imports


def test_an_import_that_stands_still_is_tried_again_by_its_owner(world, force, client, page, at, sent):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    sent.clear()  # lost
    retry = reverse("import-retry", args=[job.pk])
    at("2026-11-16 09:04")
    assert retry not in page("import-detail", job)
    assert "không thử lại được" in post(client, "import-retry", job)
    assert sent == []
    ImportJob.objects.update(tries=2)
    at("2026-11-16 09:06")
    assert retry in page("import-detail", job)
    assert "không tiến thêm" not in post(client, "import-retry", job)
    job.refresh_from_db()
    assert (job.state, job.tries, sent) == (State.WRITING, 0, [("write", str(job.pk))])
    import_jobs.write(job.pk)
    assert Membership.objects.count() == 1


def test_a_check_that_stands_still_begins_anew(world, force, client, at, sent):
    client.force_login(world.officer)
    job = import_jobs.create(by=world.officer, kind=Kind.MEMBERS, upload=xlsx(MEMBER, member("An")))
    ImportJob.objects.update(state=State.CHECKING, progress=40, rows=100)
    sent.clear()
    at("2026-11-16 09:06")
    post(client, "import-retry", job)
    job.refresh_from_db()
    assert (job.state, sent) == (State.WAITING, [("check", str(job.pk))])
    import_jobs.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows) == (State.READY, 1)


def test_a_refused_file_is_checked_again_once_the_register_fits(world, client, page, sent):
    client.force_login(world.officer)
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))  # of a task force nobody founded yet
    assert job.state == State.REFUSED
    assert "Kiểm tra lại tệp này" in page("import-detail", job)
    bring_in(world.officer, Kind.TASK_FORCES, xlsx(FORCE))  # any other file of hers does not matter
    TaskForce.objects.create(
        unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=dt.date(2026, 1, 15)
    )
    post(client, "import-retry", job)
    import_jobs.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message, job.finished_at) == (State.READY, "", None)
    assert "không thử lại được" in post(client, "import-retry", job)  # nothing to try again


def test_trying_again_does_not_get_round_the_limit_at_once(world, client, settings, sent):
    settings.FILES_AT_ONCE = 2
    client.force_login(world.officer)
    jobs = [bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An"))) for _ in range(3)]
    assert [job.state for job in jobs] == [State.REFUSED] * 3
    sent.clear()
    said = [post(client, "import-retry", job) for job in jobs]
    assert ["Bạn đang có 2 tệp chưa xong" in text for text in said] == [False, False, True]
    assert len(sent) == 2


def test_a_clock_set_back_holds_no_import_up(world, force, at, sent):
    at("2026-11-17 09:00")
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    sent.clear()
    at("2026-11-16 09:00")
    job.refresh_from_db()
    assert import_jobs.is_stuck(job)
    assert tasks.requeue_imports() == 1
    assert sent == [("write", str(job.pk))]


def test_a_preview_nobody_confirmed_is_dropped_with_its_file(world, force, at):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    assert job.state == State.READY
    at("2026-12-16 09:01")
    assert tasks.remove_old_imports() == 1
    job.refresh_from_db()
    assert (job.state, job.preview, job.file.name) == (State.CANCELLED, {}, "")


def test_what_a_worker_wrote_after_the_drop_goes_too(world, force, at):
    """It was slow, not dead: its result file, with every name, comes when the job is already dropped."""
    kept = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    dropped = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("Bé")))
    import_jobs.cancel(job_id=dropped.pk, by=world.officer)
    late = default_storage.save(import_jobs.result_name(dropped), ContentFile(b"Ho ten"))
    tasks.remove_old_imports()
    assert default_storage.exists(late)  # perhaps of an upload whose row is being written
    os.utime(default_storage.path(late), (0, 0))
    os.utime(default_storage.path(kept.file.name), (0, 0))
    tasks.remove_old_imports()
    assert not default_storage.exists(late)
    assert default_storage.exists(kept.file.name)
    assert default_storage.exists(import_jobs.result_name(kept))


# --- exports


@pytest.fixture
def export(world, month):
    month("2026-11")
    return export_jobs.create(unit=world.phuoc_long, span=SPAN, basis="provisional", by=world.officer)


def test_a_request_that_waits_is_taken_back(world, client, export):
    client.force_login(world.officer)
    drop = reverse("export-drop", args=[export.pk])
    assert drop in client.get(reverse("export-list")).text
    assert "Đã bỏ yêu cầu lập biểu tổng hợp tháng 11/2026." in post(client, "export-drop", export)
    assert export_jobs.jobs_for(world.officer) == []
    assert client.get(reverse("export-status", args=[export.pk])).status_code == 404
    export_jobs.run_export(export.pk)  # the message comes after all
    assert ExportJob.objects.get().state == ExportJob.State.DROPPED
    assert not export_jobs.path_of(export).exists()
    again = export_jobs.create(unit=world.phuoc_long, span=SPAN, basis="provisional", by=world.officer)
    assert again != export


def test_a_failed_one_is_dropped_and_one_being_made_is_stopped(world, client, export):
    client.force_login(world.officer)
    drop = reverse("export-drop", args=[export.pk])
    for state, word in (("failed", "Đã bỏ yêu cầu"), ("running", "Đã dừng lập")):
        ExportJob.objects.update(state=state)
        assert drop in client.get(reverse("export-list")).text
        assert word in post(client, "export-drop", export)
        assert ExportJob.objects.get().state == ExportJob.State.DROPPED
    ExportJob.objects.update(state="done")
    assert "không bỏ được nữa" in post(client, "export-drop", export)


def test_requests_taken_back_still_count_in_the_hour(world, month, settings, export):
    settings.FILES_AN_HOUR = 2
    for _ in range(2):
        job = export_jobs.create(unit=world.phuoc_long, span=SPAN, basis="provisional", by=world.officer)
        assert export_jobs.drop(job.pk, world.officer)
    with pytest.raises(OverQuota):
        export_jobs.create(unit=world.phuoc_long, span=SPAN, basis="provisional", by=world.officer)


def test_a_clock_set_back_holds_no_export_up(world, export, at, sent):
    sent.clear()
    ExportJob.objects.update(noted_at=at("2026-11-17 09:00"))
    at("2026-11-16 09:00")
    assert export_jobs.requeue() == 1
    assert sent == [("export", str(export.pk))]


def test_colleagues_files_do_not_push_the_own_finished_one_off_the_list(world, export):
    ExportJob.objects.update(state="done")
    for minute in range(1, 101):
        ExportJob.objects.create(
            requested_by=world.reviewer, requested_at=export.requested_at + dt.timedelta(minutes=minute),
            unit=world.phuoc_long, span=SPAN.key, basis="provisional", state="done",
        )  # fmt: skip
    shown = export_jobs.jobs_for(world.officer)
    assert export in shown
    moments = [job.requested_at for job in shown]
    assert moments == sorted(moments, reverse=True)
