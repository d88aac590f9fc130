"""Requested summaries: made once, kept for a while, given only to those who may read the unit today."""

import datetime as dt
import hashlib
import os
import re

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from de_an_06.plain.spans import Span
from reporting.exports import excel, export_jobs, offers
from reporting.models import ExportJob, Report, ReportEvent, ReportingSettings
from reporting.rollup import rollup
from taskforces.models import Posting, Role, User

pytestmark = [pytest.mark.django_db, pytest.mark.once]
State = ExportJob.State
SPAN = Span.parse("2026-11")
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _now(at):
    at("2026-11-20 09:00")


@pytest.fixture(autouse=True)
def celery_eager(settings):
    """Tasks run where they are called; a real worker with a broker has its own tests."""
    from de_an_06.celery import app

    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


@pytest.fixture
def november(world, month, fill):
    period = month("2026-11")
    for unit, by in [(world.phuoc_long, world.officer), (world.phuoc_binh, world.neighbour)]:
        report = Report.objects.select_related("period").get(unit=unit, period=period)
        fill(report, base=10, status="submitted", by=by)
    rollup.roll_up(period)
    return period


@pytest.fixture
def make(november, world, django_capture_on_commit_callbacks):
    def make_job(by=None, unit=None, span=SPAN, basis="provisional"):
        with django_capture_on_commit_callbacks(execute=True):
            job = export_jobs.create(unit=unit or world.dong_nai, span=span, basis=basis, by=by or world.staff)
        job.refresh_from_db()
        return job

    return make_job


def test_a_job_makes_its_file(make, world):
    job = make()
    assert job.state == State.DONE
    path = export_jobs.path_of(job)
    assert path.is_file()
    assert job.size == path.stat().st_size
    assert job.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (job.units_reported, job.units_expected) == (2, 4)
    assert job.progress == job.total == job.rows > 0
    assert job.file_name == "Bieu-tong-hop_tinh-dong-nai_2026-11_tam-tinh.xlsx"
    assert list(path.parent.iterdir()) == [path]  # no piece left behind
    assert openpyxl.load_workbook(path)["Bìa"]["A2"].value == "Tỉnh Đồng Nai"


def test_nothing_is_sent_to_the_worker_before_commit(november, world, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
        assert job.state == State.WAITING
    assert len(callbacks) == 1


def test_a_second_click_gives_the_same_job(november, world):
    first = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    assert export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff) == first
    assert export_jobs.create(unit=world.dong_nai, span=SPAN, basis="provisional", by=world.staff) != first


def test_a_lost_job_can_be_asked_for_again(november, world, at):
    lost = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    at("2026-11-20 09:06")
    assert export_jobs.is_stuck(lost)
    again = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    assert again != lost
    assert not ExportJob.objects.filter(pk=lost.pk).exists()


def test_delivered_twice_the_file_stays(make, november, world, fill, at):
    """Figures changed in between: the second delivery makes no other file under the old one's facts."""
    job = make()
    facts, file = ExportJob.objects.filter(pk=job.pk).values().get(), export_jobs.path_of(job).read_bytes()
    at("2026-11-20 09:30")
    fill(Report.objects.get(unit=world.phu_rieng, period=november), base=9, status="submitted", by=world.reviewer)
    export_jobs.run_export(job.pk)
    assert ExportJob.objects.filter(pk=job.pk).values().get() == facts
    assert export_jobs.path_of(job).read_bytes() == file


def test_two_at_once_one_file_wins(november, world, monkeypatch):
    """The first was silent too long; the second finishes inside it: the row describes the file that stays."""
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    write, depth, kept = excel.write_summary, [], []

    def slow(path, **choice):
        if not depth:
            depth.append(1)
            ExportJob.objects.update(noted_at=timezone.now() - dt.timedelta(minutes=6))
            export_jobs.run_export(job.pk)
            kept.append(export_jobs.path_of(job).stat().st_ino)
        return write(path, **choice)

    monkeypatch.setattr(excel, "write_summary", slow)
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.sha256 == hashlib.sha256(export_jobs.path_of(job).read_bytes()).hexdigest()
    assert len(list(export_jobs.path_of(job).parent.iterdir())) == 1
    assert export_jobs.path_of(job).stat().st_ino == kept[0]  # whoever comes second changes nothing


def test_killed_in_the_middle_it_runs_again(make):
    job = make()
    silent = timezone.now() - dt.timedelta(minutes=6)
    ExportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, sha256="", noted_at=silent)
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == State.DONE
    assert job.sha256


def test_a_job_removed_meanwhile_is_no_error(make):
    job = make()
    pk = job.pk
    job.delete()
    export_jobs.run_export(pk)


def test_a_failure_is_told_and_logged(november, world, monkeypatch, caplog):
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)

    def broken(path, **choice):
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(excel, "write_summary", broken)
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "Lập lại" in job.message
    assert str(job.pk)[:8] in job.message
    assert "disk full" in caplog.text
    assert list(export_jobs.path_of(job).parent.iterdir()) == []


def test_a_span_without_months_fails_with_a_reason(make, world):
    job = make(unit=world.binh_phuoc, span=Span.parse("2026-11"), by=world.administrator)
    assert job.state == State.FAILED


def test_progress_is_written_while_running(november, world, monkeypatch):
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    seen = []

    def watched(path, *, progress, **choice):
        progress(5, 20)
        seen.append(tuple(ExportJob.objects.values_list("progress", "total").get(pk=job.pk)))
        progress(6, 20)  # too soon: not written
        seen.append(tuple(ExportJob.objects.values_list("progress", "total").get(pk=job.pk)))
        raise excel.CannotExport("đủ rồi")

    monkeypatch.setattr(excel, "write_summary", watched)
    export_jobs.run_export(job.pk)
    assert seen == [(5, 20), (5, 20)]


def test_scope_is_asked_again_when_the_job_runs(november, world):
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    Posting.objects.filter(user=world.staff).update(valid_to=dt.date(2026, 11, 1))
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "không còn quyền" in job.message


# Pages ---------------------------------------------------------------------------------------------------------------


def test_page_shows_the_choice_and_what_the_file_will_say(november, world, client):
    client.force_login(world.staff)
    page = client.get(reverse("export-list"), {"ky": "2026-11", "don_vi": world.dong_nai.pk})
    text = page.content.decode()
    assert "Số liệu tạm tính, 2/4 đơn vị" in text
    assert "Tỉnh Đồng Nai và Xã Phú Riềng để trống, không tính là 0." in text
    assert "Chưa có tệp nào" in text
    assert "Không có tệp nào đang lập" in text
    assert "Báo cáo sơ kết (Word)" in text


def test_page_without_any_period(world, client):
    client.force_login(world.staff)
    assert "Chưa mở kỳ báo cáo nào" in client.get(reverse("export-list")).content.decode()


def test_units_offered_are_those_in_scope(november, world, client):
    client.force_login(world.officer)
    offered = offers.units(world.officer, SPAN)
    assert offered == [(world.phuoc_long.pk, "Phường Phước Long")]
    text = client.get(reverse("export-list"), {"don_vi": world.phuoc_binh.pk}).content.decode()
    assert "Phường Phước Bình" not in text
    names = [name for _, name in offers.units(world.staff, SPAN)]
    assert names == ["Tỉnh Đồng Nai", "Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"]


def test_spans_offered_have_begun(november, month, world, client):
    month("2026-12")
    month("2027-01")  # its data window has not begun
    client.force_login(world.staff)
    text = client.get(reverse("export-list")).content.decode()
    for key in ("2026-12", "2026-11", "2026-Q4", "2026-YTD12", "2026"):
        assert f'<option value="{key}"' in text
    assert '<option value="2026-11" selected>' in text  # the last month that has ended
    assert "2027" not in text.split('id="don_vi"')[0].split('id="ky"')[1]


def test_spans_without_a_report_in_the_figures_say_so(november, month, world, client):
    """November has two reports sent and none approved; nobody has sent December, which has begun."""
    month("2026-12")
    client.force_login(world.staff)

    def marked(**choice):
        text = client.get(reverse("export-list"), choice).content.decode()
        options = re.findall(r'<option value="([^"]+)"[^>]*>([^<]+)</option>', text.split('id="don_vi"')[0])
        return {key: label.endswith(" (chưa có số liệu)") for key, label in options}

    spans = ("2026-11", "2026-12", "2026-Q4", "2026")
    assert [marked()[key] for key in spans] == [False, True, False, False]
    assert all(marked(co_so="chinh-thuc").values())
    assert [marked(don_vi=world.phu_rieng.pk)[key] for key in spans] == [True] * 4
    assert [marked(don_vi=world.phuoc_long.pk)[key] for key in spans] == [False, True, False, False]


def _content(download) -> bytes:
    """The bytes sent; only the file is closed, as closing the response would end the test's connection too."""
    try:
        return b"".join(download.streaming_content)
    finally:
        for closer in download._resource_closers:
            closer()


def test_create_follow_download(november, world, client, django_capture_on_commit_callbacks):
    client.force_login(world.staff)
    data = {"ky": "2026-11", "don_vi": world.dong_nai.pk, "co_so": "tam-tinh"}
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("export-create"), data)
    assert response.status_code == 302
    job = ExportJob.objects.get()
    page = client.get(response["Location"]).content.decode()
    assert reverse("export-download", args=[job.pk]) in page
    assert "2/4" in page
    download = client.get(reverse("export-download", args=[job.pk]))
    content = _content(download)
    assert hashlib.sha256(content).hexdigest() == job.sha256
    assert download["Content-Disposition"] == f'attachment; filename="{job.file_name}"'
    assert "no-store" in download["Cache-Control"]
    assert job.sha256 in client.get(reverse("export-status", args=[job.pk])).content.decode()


def test_create_outside_scope_is_not_found(november, world, client):
    client.force_login(world.officer)
    for unit in (world.phuoc_binh.pk, world.dong_nai.pk, 0, 10**9, 10**30, "x"):
        data = {"ky": "2026-11", "don_vi": unit, "co_so": "tam-tinh"}
        assert client.post(reverse("export-create"), data).status_code == 404
    garbled = {"ky": "2026-13", "don_vi": world.phuoc_long.pk, "co_so": "tam-tinh"}
    assert client.post(reverse("export-create"), garbled).status_code == 404
    assert not ExportJob.objects.exists()


def test_stranger_finds_no_job(make, world, client):
    job = make()
    for person in (world.stranger, world.stranger_reviewer, world.officer):
        client.force_login(person)
        assert client.get(reverse("export-status", args=[job.pk])).status_code == 404
        assert client.get(reverse("export-download", args=[job.pk])).status_code == 404
        assert str(job.pk) not in client.get(reverse("export-list")).content.decode()


def test_colleagues_in_scope_share_finished_files_only(make, world, client, november):
    done = make()
    waiting = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    client.force_login(world.chair)
    page = client.get(reverse("export-list")).content.decode()
    assert str(done.pk) in page
    assert str(waiting.pk) not in page
    download = client.get(reverse("export-download", args=[done.pk]))
    assert len(_content(download)) == done.size
    assert client.get(reverse("export-status", args=[waiting.pk])).status_code == 404


def test_scope_lost_means_no_download(make, world, client):
    job = make()
    Posting.objects.filter(user=world.staff).update(valid_to=dt.date(2026, 11, 1))
    Posting.objects.create(
        user=world.staff, unit=world.lam_dong, role=Role.PROVINCIAL_STAFF, valid_from=dt.date(2026, 11, 2)
    )
    client.force_login(User.objects.get(pk=world.staff.pk))
    assert client.get(reverse("export-download", args=[job.pk])).status_code == 404
    assert str(job.pk) not in client.get(reverse("export-list")).content.decode()


def test_not_ready_or_gone_is_a_message(make, november, world, client):
    waiting = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    client.force_login(world.staff)
    page = client.get(reverse("export-download", args=[waiting.pk]), follow=True)
    assert "chưa lập xong" in page.content.decode()
    job = make()
    export_jobs.path_of(job).unlink()
    page = client.get(reverse("export-download", args=[job.pk]), follow=True)
    assert "không còn trên máy chủ" in page.content.decode()


def test_progress_partial_polls_until_done(november, world, client, make):
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    underway = ExportJob.objects.filter(pk=job.pk)
    underway.update(state=State.RUNNING, progress=30, total=120)
    client.force_login(world.staff)
    page = client.get(reverse("export-list"), {"da_xong": "0"}, headers=HTMX | {"HX-Target": "dang-lap"})
    text = page.content.decode()
    assert "HX-Request" in page["Vary"]
    assert 'hx-trigger="every 1s"' in text
    assert 'max="120" value="30"' in text
    assert "Cập nhật tiến độ" in text  # the way without JavaScript
    assert "<html" not in text
    assert 'id="tai-ve"' not in text
    underway.update(state=State.WAITING)
    export_jobs.run_export(job.pk)
    text = client.get(
        reverse("export-list"), {"da_xong": "0"}, headers=HTMX | {"HX-Target": "dang-lap"}
    ).content.decode()
    assert "hx-trigger" not in text
    assert 'id="tai-ve"' in text
    assert "Đã lập xong biểu tổng hợp tháng 11/2026" in text


def test_form_partial_follows_the_choice(november, world, client):
    client.force_login(world.staff)
    page = client.get(
        reverse("export-list"),
        {"ky": "2026-11", "don_vi": world.dong_nai.pk, "co_so": "chinh-thuc"},
        headers=HTMX | {"HX-Target": "chon"},
    )
    text = page.content.decode()
    assert "Số liệu chính thức, 0/4 đơn vị" in text
    assert "<html" not in text


def test_a_failed_job_can_be_made_again_from_the_page(make, world, client):
    job = make()
    ExportJob.objects.filter(pk=job.pk).update(state=State.FAILED, message="Máy chủ gặp lỗi.")
    client.force_login(world.staff)
    text = client.get(reverse("export-list")).content.decode()
    assert "Không lập được" in text
    assert "Lập lại" in text
    assert "1 lỗi" in text


def test_list_queries_do_not_grow_with_files(make, world, client, django_assert_max_num_queries):
    for basis in ("official", "provisional"):
        for unit in (world.dong_nai, world.phuoc_long, world.phuoc_binh):
            make(unit=unit, basis=basis)
    client.force_login(world.staff)
    with django_assert_max_num_queries(26):
        client.get(reverse("export-list"))


# Out of date, expired ------------------------------------------------------------------------------------------------


def test_a_file_is_old_when_its_figures_changed(make, world, november, at):
    provisional, official = make(), make(basis="official")
    assert not any(offers.why_old([provisional, official]).values())
    at("2026-11-20 10:00")
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    _event(report, ReportEvent.Action.APPROVE, world.reviewer)
    assert offers.why_old([provisional, official]) == {official.pk: "Phường Phước Long được duyệt báo cáo ngày 20/11"}
    _event(Report.objects.get(unit=world.phu_rieng, period=november), ReportEvent.Action.SUBMIT, world.reviewer)
    assert offers.why_old([provisional])[provisional.pk] == "Xã Phú Riềng gửi báo cáo ngày 20/11"
    _event(Report.objects.get(unit=world.phuoc_binh, period=november), ReportEvent.Action.SEND_BACK, world.reviewer)
    assert offers.why_old([provisional])[provisional.pk] == "2 đơn vị có thay đổi sau khi lập"


def test_a_communes_file_grows_old_too(make, world, november, at):
    job = make(unit=world.phuoc_long)
    at("2026-11-20 10:00")
    _event(Report.objects.get(unit=world.phuoc_long, period=november), ReportEvent.Action.REOPEN, world.reviewer)
    assert offers.why_old([job]) == {job.pk: "Phường Phước Long mở lại báo cáo ngày 20/11"}


def test_a_neighbours_change_does_not_make_a_file_old(make, world, november, at):
    job = make()
    at("2026-11-20 10:00")
    _event(Report.objects.get(unit=world.da_huoai, period=november), ReportEvent.Action.SUBMIT, world.stranger)
    assert offers.why_old([job]) == {}


def _event(report, action, by):
    from taskforces.clock import now_for

    ReportEvent.objects.create(report=report, action=action, by=by, at=now_for(by), revision=1)
    rollup.mark_dirty(report)
    rollup.drain()


def test_old_files_are_removed_after_the_kept_days(make, world, at):
    job = make()
    path = export_jobs.path_of(job)
    at("2026-12-20 08:59")
    assert export_jobs.remove_old() == 0
    at("2026-12-20 09:01")
    assert export_jobs.remove_old() == 1
    assert not path.exists()
    assert not ExportJob.objects.exists()
    assert export_jobs.remove_old() == 0


def test_kept_days_are_a_setting(make, at):
    job = make()
    settings_row = ReportingSettings.load()
    settings_row.export_days = 2
    settings_row.save()
    at("2026-11-22 09:01")
    assert export_jobs.remove_old() == 1
    assert not export_jobs.path_of(job).exists()


def test_pieces_of_killed_workers_are_swept(make, at):
    job = make()
    piece = export_jobs.path_of(job).with_name("abc.part")
    fresh = export_jobs.path_of(job).with_name("def.part")
    for path in (piece, fresh):
        path.write_text("half a file")
    os.utime(piece, (0, 0))
    os.utime(fresh, None)
    export_jobs.remove_old()
    assert not piece.exists()
    assert fresh.exists()
    assert export_jobs.path_of(job).exists()


# What beat does every minute for jobs nobody finishes


@pytest.fixture
def sent(monkeypatch):
    """Messages, as sent: lost on the way, nobody receives them."""
    messages = []
    monkeypatch.setattr(export_jobs.run_export, "delay_on_commit", messages.append)
    monkeypatch.setattr(export_jobs.run_export, "waiting", lambda: 0)
    return messages


def test_what_waits_or_stands_still_is_sent_again_until_it_was_tried_often_enough(november, world, at, sent):
    at("2026-11-20 09:00")
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    assert sent == [str(job.pk)]  # and the message is lost
    at("2026-11-20 09:00:59")
    assert export_jobs.requeue() == 0
    at("2026-11-20 09:01:01")
    assert (export_jobs.requeue(), export_jobs.requeue()) == (1, 0)
    assert sent == 2 * [str(job.pk)]
    # A worker begins and is killed, three times; only silence tells.
    for minute, tries in ((10, 1), (20, 2), (30, 3)):
        at(f"2026-11-20 09:{minute}")
        claimed = ExportJob.objects.filter(pk=job.pk)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                export_jobs, "_make", lambda job: (_ for _ in ()).throw(SystemExit)
            )  # kill -9: no handler runs
            with pytest.raises(SystemExit):
                export_jobs.run_export(job.pk)
        assert claimed.get().state == State.RUNNING
        assert claimed.get().tries == tries
        at(f"2026-11-20 09:{minute + 4}")
        assert export_jobs.requeue() == 0  # perhaps it still reads
        assert not export_jobs.is_stuck(claimed.get())
        at(f"2026-11-20 09:{minute + 6}")
        assert export_jobs.is_stuck(claimed.get())
        assert export_jobs.requeue() == (1 if tries < 3 else 0)
    given_up = claimed.get()
    assert given_up.state == State.FAILED
    assert given_up.message.startswith("Máy chủ đã thử lập 3 lần mà không xong. Bấm “Lập lại”")
    assert sent == 4 * [str(job.pk)]


def test_nothing_is_sent_again_while_messages_wait(november, world, at, sent, monkeypatch):
    """Two requests, nobody makes files for a day; then the queue is lost."""
    at("2026-11-20 09:00")
    for basis in ("official", "provisional"):
        export_jobs.create(unit=world.dong_nai, span=SPAN, basis=basis, by=world.staff)
    monkeypatch.setattr(export_jobs.run_export, "waiting", lambda: len(sent))
    for moment in ("2026-11-20 09:02", "2026-11-20 09:03", "2026-11-21 09:00"):
        at(moment)
        assert export_jobs.requeue() == 0
    sent.clear()
    assert export_jobs.requeue() == 2
    at("2026-11-21 09:02")
    assert export_jobs.requeue() == 0


def test_a_second_message_leaves_a_file_under_way_alone(november, world, monkeypatch):
    """Two workers take a copy each: one makes the file. What has gone silent is begun anew."""
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    begun = []

    def make(job):
        begun.append(job.pk)
        if len(begun) < 3:
            export_jobs.run_export(job.pk)

    monkeypatch.setattr(export_jobs, "_make", make)
    export_jobs.run_export(job.pk)
    assert begun == [job.pk]
    ExportJob.objects.update(noted_at=timezone.now() - dt.timedelta(minutes=6))
    export_jobs.run_export(job.pk)
    assert begun == 2 * [job.pk]


def test_progress_is_a_sign_of_life(november, world, at, sent):
    at("2026-11-20 09:00")
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    ExportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, noted_at=at("2026-11-20 09:00"))
    at("2026-11-20 09:07")
    export_jobs._note(job)(30, 120)
    at("2026-11-20 09:09")
    assert export_jobs.requeue() == 0
    again = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    assert again == job  # a long one that goes on is not thrown away


def test_an_export_whose_worker_was_killed_offers_to_be_made_again(november, world, client, at, sent):
    at("2026-11-20 09:00")
    job = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    ExportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, started_at=at("2026-11-20 09:01"))
    at("2026-11-20 09:20")
    client.force_login(world.staff)
    text = client.get(reverse("export-list")).content.decode()
    assert "Bắt đầu 09:01, không tiến thêm từ 09:00." in text
    assert 'hx-trigger="every 15s"' in text
    assert "Lập lại" in text
    again = export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    assert again != job


def test_a_request_nobody_takes_says_how_long_it_waits(november, world, client, at, sent):
    at("2026-11-20 09:00")
    export_jobs.create(unit=world.dong_nai, span=SPAN, basis="official", by=world.staff)
    for moment, words in (
        ("2026-11-20 09:05", "Yêu cầu lúc 09:00"),
        ("2026-11-20 09:12", "Đã chờ 12 phút mà máy lập tệp chưa nhận."),
        ("2026-11-23 10:00", "Đã chờ 3 ngày mà máy lập tệp chưa nhận."),
    ):
        at(moment)
        client.force_login(world.staff)
        assert words in client.get(reverse("export-list")).content.decode().replace("\xa0", " ")


def test_a_hundred_waiting_requests_do_not_push_the_finished_file_off_the_list(make, world):
    done = make()
    for _ in range(100):
        ExportJob.objects.create(
            requested_by=world.staff, requested_at=done.requested_at + dt.timedelta(minutes=1), unit=world.dong_nai,
            span=SPAN.key, basis="provisional",
        )  # fmt: skip
    assert done in export_jobs.jobs_for(world.staff)
