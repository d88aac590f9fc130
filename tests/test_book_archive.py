"""The books of all units below in one archive: whole or not at all, one at a time, stopped between two."""

import errno
import zipfile

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import excel, export_jobs
from reporting.exports.book.choice import SHORT, BookChoice
from reporting.models import ExportJob, Report
from reporting.rollup import rollup

pytestmark = [pytest.mark.django_db, pytest.mark.once]
State, Form = ExportJob.State, ExportJob.Form
SPAN = Span.parse("2026-11")


@pytest.fixture(autouse=True)
def november(world, month, fill, at, monkeypatch):
    """Two of three communes reported; nobody takes messages: a test runs a job itself."""
    at("2026-11-20 09:00")
    monkeypatch.setattr(export_jobs.run_export, "delay_on_commit", lambda pk: None)
    monkeypatch.setattr(export_jobs, "PROGRESS_EVERY", 0)
    period = month("2026-11")
    for unit, by in [(world.phuoc_long, world.officer), (world.phuoc_binh, world.neighbour)]:
        report = Report.objects.select_related("period").get(unit=unit, period=period)
        fill(report, base=10, status="submitted", by=by)
    rollup.roll_up(period)
    return period


def ask(world, **more):
    more = {"form": Form.SUMMARIES_BELOW, "below": "commune"} | more
    return export_jobs.create(unit=world.dong_nai, span=SPAN, basis="provisional", by=world.staff, **more)


def folder(job):
    found = export_jobs.path_of(job).parent
    return sorted(found.iterdir()) if found.is_dir() else []


def watch(monkeypatch, act):
    """Calls `act(n)` before the n-th book is written."""
    write, seen = excel.write_summary, []

    def watched(path, **choice):
        seen.append(path)
        act(len(seen))
        return write(path, **choice)

    monkeypatch.setattr(excel, "write_summary", watched)
    return seen


def test_one_book_each_and_a_list_of_those_without_figures(world, monkeypatch):
    job = ask(world, book=BookChoice.of(["don-vi"], layout="van-ban"))
    steps = []
    watch(monkeypatch, lambda n: steps.append(tuple(ExportJob.objects.values_list("progress", "total").get(pk=job.pk))))
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == (State.DONE, "")
    assert steps == [(0, 3), (1, 3), (2, 3)]
    assert (job.progress, job.total, job.units_reported, job.units_expected) == (3, 3, 2, 3)
    assert job.file_name == "Bo-bieu-tong-hop_cap-xa_tinh-dong-nai_2026-11_tam-tinh.zip"
    assert folder(job) == [export_jobs.path_of(job)]
    with zipfile.ZipFile(export_jobs.path_of(job)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [
            "25217_phuong-phuoc-long_2026-11_tam-tinh.xlsx",
            "25220_phuong-phuoc-binh_2026-11_tam-tinh.xlsx",
            "Khong-co-so-lieu.txt",
        ]
        assert "Xã Phú Riềng" in archive.read("Khong-co-so-lieu.txt").decode("utf-8-sig")
        with archive.open(names[0]) as file:
            book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Bìa", "Theo đơn vị"]
    assert book["Theo đơn vị"]["A1"].value == "ỦY BAN NHÂN DÂN TỈNH ĐỒNG NAI"


def test_the_same_choice_is_the_same_request_another_is_not(world, settings):
    settings.FILES_AT_ONCE = 10
    job = ask(world)
    assert ask(world) == job
    assert (job.parts, job.columns, job.layout) == (",".join(SHORT.parts), "", "bieu")
    assert ask(world, book=BookChoice.of(["don-vi"])) != job
    assert ask(world, book=BookChoice.of(SHORT.parts, ["ky-truoc"])) != job
    assert ask(world, book=BookChoice.of(SHORT.parts, layout="van-ban")) != job
    assert ask(world, form=Form.SUMMARY) != job
    assert ask(world, form=Form.SUMMARY).below == ""


def test_stopped_between_two_books_nothing_is_left(world, client, monkeypatch):
    job = ask(world)
    client.force_login(world.staff)
    shown = []

    def stop(n):
        if n == 2:
            page = client.get(reverse("export-list")).text
            shown.append("1/3 xã" in page and ">\n        Dừng\n" in page)
            assert client.post(reverse("export-drop", args=[job.pk])).status_code == 302

    seen = watch(monkeypatch, stop)
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert shown == [True]
    assert (job.state, len(seen)) == (State.DROPPED, 2)
    assert folder(job) == []
    assert "Đã dừng lập bộ biểu tổng hợp cấp xã" in client.get(reverse("export-list")).text
    assert ask(world) != job  # asked for again it is made again


def test_a_killed_worker_or_a_full_disk_leaves_no_half_archive(world, monkeypatch):
    job = ask(world)

    def full(n):
        if n == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    watch(monkeypatch, full)
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "hết dung lượng" in job.message
    assert folder(job) == []

    class Killed(BaseException):
        pass

    def kill(n):
        if n == 2:
            raise Killed

    monkeypatch.undo()
    job = ask(world)
    with monkeypatch.context() as during:
        watch(during, kill)
        with pytest.raises(Killed):
            export_jobs.run_export(job.pk)
    ExportJob.objects.update(noted_at="2026-11-01T00:00Z")  # silent for long: it begins again
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert (job.state, job.units_reported) == (State.DONE, 2)
    assert folder(job) == [export_jobs.path_of(job)]


def test_where_nobody_reported_there_is_no_archive(world, month, monkeypatch):
    month("2026-12")
    job = export_jobs.create(
        unit=world.dong_nai, span=SPAN, basis="official", by=world.staff, form=Form.SUMMARIES_BELOW, below="commune"
    )
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "Chưa đơn vị nào có số liệu" in job.message
    job = ask(world, below="district")
    export_jobs.run_export(job.pk)
    job.refresh_from_db()
    assert "không có đơn vị cấp huyện bên dưới" in job.message


# The page and the command --------------------------------------------------------------------------------------------


def test_the_page_offers_the_choice_keeps_it_and_refuses_an_empty_book(world, client):
    client.force_login(world.staff)
    choice = {"ky": "2026-11", "don_vi": world.dong_nai.pk}
    page = client.get(reverse("export-list"), choice).text
    assert page.count('name="trang"') == 15  # no districts, so nothing to add up by them
    assert page.count('name="trang" value="nguon-so-lieu" id="trang_nguon-so-lieu">') == 1  # long: not ticked
    assert 'name="trang" value="don-vi" id="trang_don-vi" checked' in page
    asked = choice | {
        "co_so": "tam-tinh",
        "da_chon": "1",
        "trang": ["xep-hang"],
        "cot": ["luy-ke"],
        "the_thuc": "van-ban",
    }
    answer = client.post(reverse("export-create"), asked)
    job = ExportJob.objects.get()
    assert (job.parts, job.columns, job.layout) == ("xep-hang", "luy-ke", "van-ban")
    page = client.get(answer["Location"]).text
    assert 'value="xep-hang" id="trang_xep-hang" checked' in page
    assert 'value="don-vi" id="trang_don-vi">' in page
    assert "Xếp hạng, cột lũy kế từ đầu năm, văn bản hành chính" in page
    assert "thứ 1 trong hàng chờ" in page
    empty = client.post(reverse("export-create"), asked | {"trang": []}, follow=True).text
    assert empty.count("Chọn ít nhất một trang.") == 2  # told, and beside the field
    assert 'value="luy-ke" id="cot_luy-ke" checked' in empty
    assert ExportJob.objects.count() == 1
    for wrong in ({"trang": ["bia"]}, {"cot": ["x"]}, {"the_thuc": "x"}, {"loai": "bo-bieu", "cap": "province"}):
        assert client.post(reverse("export-create"), asked | wrong).status_code == 404


def test_the_command_takes_every_span_form_and_choice(world, tmp_path, capsys):
    def run(*more, name):
        call_command("export_summary", "--unit", "75", *more, str(tmp_path / name))
        return capsys.readouterr().out

    assert "quý IV/2026" in run("--span", "2026-Q4", name="a.xlsx")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[-1] == "Tình hình nộp"
    assert "6 tháng cuối năm 2026" in run("--span", "2026-H2", "--parts", "xep-hang", name="b.xlsx")
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames == ["Bìa", "Xếp hạng"]
    assert "2/3 đơn vị có số liệu" in run("--span", "2026-11", "--zip", "commune", name="c.zip")
    assert len(zipfile.ZipFile(tmp_path / "c.zip").namelist()) == 3
    for wrong, said in [
        (["--span", "2026-Q4", "--from", "2026-10"], "Ghi --span"),
        ([], "Ghi --span"),
        (["--span", "2026-Q5"], "Không đọc được kỳ"),
        (["--span", "2026-11", "--parts", "bia"], "Không có trang"),
        (["--span", "2026-11", "--form", "bo-bieu"], "--zip"),
    ]:
        with pytest.raises(CommandError, match=said):
            run(*wrong, name="d.zip" if "bo-bieu" in wrong else "d.xlsx")
    assert not (tmp_path / "d.xlsx").exists()
