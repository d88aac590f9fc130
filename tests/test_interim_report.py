"""The Word report of the interim review: its sentences, what is left out, its template, who makes it."""

import datetime as dt
import io
import zipfile

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bin import word_template
from de_an_06.plain.spans import Span
from reporting.exports import export_jobs
from reporting.exports.excel import CannotExport
from reporting.exports.interim import charts, draft_conclusion, narratives, placeholders, word_templates, wording
from reporting.exports.interim.document import write_interim_report
from reporting.exports.interim.gathering import gather
from reporting.models import Difficulty, DifficultyStep, ExportJob, Report, WordTemplate
from reporting.reading import findings
from reporting.rollup import rollup
from taskforces.models import Meeting, TaskForce
from tests.test_word_cases import paragraphs_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
D = dt.date
SPAN = Span.parse("2026-11")


@pytest.fixture(autouse=True)
def _now(at):
    at("2026-11-20 09:00")


@pytest.fixture
def november(world, month, put):
    """Two of three wards handed in; 9 of 10 resolved in time in the first, 30 of 30 in the second."""
    period = month("2026-11")
    put(world.phuoc_long, period, online=8, in_person=2, early=9, overdue=1)
    put(world.phuoc_binh, period, online=30, early=30)
    rollup.roll_up(period)
    return period


def texts(unit, span=SPAN, basis="provisional", **more):
    return gather(unit.pk, span, basis, now=timezone.now(), **more).texts


# Wording -------------------------------------------------------------------------------------------------------------


def test_counts_and_parts_as_officials_write_them():
    assert [wording.counted(n) for n in (0, 6, 10, 1234)] == ["0", "06", "10", "1.234"]
    assert wording.of_all(6, 6) == "06/6"
    assert wording.of_all(8, 11) == "08/11"
    assert wording.of_all(0, 11) == "0/11"
    assert wording.of_all(101000, 184683, "hơn") == "hơn 101.000/184.683"
    assert wording.official_date(D(2022, 3, 15)) == "15/3/2022"
    assert wording.official_date(D(2022, 2, 5)) == "05/02/2022"
    assert wording.place_words(1) == "cao nhất"
    assert wording.place_words(2) == "cao thứ hai"


def test_changes_are_points_of_exact_rates_and_shares_of_counts():
    pairs = [((9946, 10000), (9861, 10000), "cùng kỳ"), ((1, 3), (2, 3), "tháng trước")]
    assert wording.rate_changes(pairs) == (
        "tăng 0,85 điểm phần trăm so với cùng kỳ, giảm 33,33 điểm phần trăm so với tháng trước"
    )
    assert wording.rate_changes([((1, 2), (2, 4), "cùng kỳ")]) == "bằng cùng kỳ"
    assert wording.rate_changes([((1, 2), (None, None), "cùng kỳ"), ((0, 0), (1, 2), "cùng kỳ")]) == ""
    assert wording.count_changes([(90, 80, "cùng kỳ"), (90, 100, "tháng trước")]) == (
        "tăng 12,50% so với cùng kỳ, giảm 10,00% so với tháng trước"
    )
    assert wording.count_changes([(5, 0, "cùng kỳ")]) == "tăng 05 so với cùng kỳ"
    assert wording.count_changes([(5, None, "cùng kỳ"), (None, 5, "cùng kỳ")]) == ""


# What it says --------------------------------------------------------------------------------------------------------


def test_sentences_of_the_services_and_units_worst_first(november, world):
    said = texts(world.dong_nai)
    assert said["dich_vu_cong"]["cau"][:3] == [
        "Tiếp nhận 40 hồ sơ, trong đó 38 hồ sơ nộp trực tuyến, đạt 95,00%.",
        "Đã giải quyết 40 hồ sơ, trong đó 39 hồ sơ trước và đúng hạn, đạt 97,50%.",
        "Cuối kỳ không còn hồ sơ đang giải quyết.",
    ]
    units = said["don_vi_truc_thuoc"]["bang"]
    assert [(row["ten"], row["ty_le_dung_han"]) for row in units] == [
        ("Phường Phước Long", "90,00%"),
        ("Phường Phước Bình", "100,00%"),
        ("UBND tỉnh Đồng Nai (cấp tỉnh)", "–"),
        ("Xã Phú Riềng", "–"),
    ]
    assert units[3]["tiep_nhan"] == units[3]["qua_han"] == ""  # not reported is never 0
    assert said["nop_bao_cao"]["cau"] == [
        "02/4 đơn vị có báo cáo đã gửi.",
        "Còn 01 đơn vị chưa nộp, đã quá hạn: Xã Phú Riềng.",  # the province's own report is due this evening
    ]


def test_changes_against_last_month_and_last_year(world, month, put, at):
    for key, online, day in (("2025-11", 5, "2025-11-20"), ("2026-10", 6, "2026-10-20"), ("2026-11", 8, "2026-11-20")):
        at(f"{day} 09:00")
        put(world.phuoc_long, month(key), online=online, in_person=10 - online, early=10)
        rollup.drain()
    first = texts(world.phuoc_long)["dich_vu_cong"]["cau"][0]
    assert first == (
        "Tiếp nhận 10 hồ sơ (bằng tháng 10/2026, bằng cùng kỳ năm trước), trong đó 08 hồ sơ nộp trực tuyến, đạt 80,00% "
        "(tăng 20,00 điểm phần trăm so với tháng 10/2026, tăng 30,00 điểm phần trăm so với cùng kỳ năm trước)."
    )


def test_a_month_without_reports_has_no_sentence_and_no_zero(world, month, tmp_path):
    month("2026-11")
    said = texts(world.dong_nai)
    for part in ("dich_vu_cong", "chi_tieu_chung", "to_chuc", "hop", "nhiem_vu", "cao_diem", "kho_khan"):
        assert not said[part].get("cau")
        assert not said[part].get("bang")
    assert not said["ket_luan"] or "Tiếp nhận" not in " ".join(said["ket_luan"])
    assert said["ghi_chu"][-1] == ("Đến thời điểm lập báo cáo, chưa có báo cáo tháng nào của tháng 11/2026 được gửi.")
    write_interim_report(tmp_path / "a.docx", unit_id=world.dong_nai.pk, span=SPAN, basis="provisional")
    text = " ".join(paragraphs_of(tmp_path / "a.docx"))
    assert "KẾT QUẢ THỰC HIỆN" not in text.replace("KẾT QUẢ THỰC HIỆN ĐỀ ÁN", "")
    assert " 0 hồ sơ" not in text


def test_a_span_before_the_unit_is_refused(november, world, tmp_path):
    with pytest.raises(CannotExport, match="không có kỳ báo cáo nào"):
        write_interim_report(
            tmp_path / "a.docx", unit_id=world.dong_nai.pk, span=Span.parse("2024"), basis="provisional"
        )
    assert not (tmp_path / "a.docx").exists()


def test_meetings_and_difficulties_with_their_answers(november, world):
    force = TaskForce.objects.create(
        unit=world.dong_nai, kind="working_group", name="Tổ công tác tỉnh", valid_from=D(2026, 1, 5)
    )
    Meeting.objects.create(task_force=force, kind="regular", held_on=D(2026, 10, 20), chair="Tổ trưởng")
    Meeting.objects.create(task_force=force, kind="launch", held_on=D(2026, 9, 1), chair="Tổ trưởng")  # before
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    rows = []
    for kind, state in (("people", "open"), ("data", "answered")):
        rows.append(
            Difficulty.objects.create(
                unit=world.phuoc_long,
                report=report,
                kind=kind,
                text=f"Khó {kind}",
                proposal="Bổ sung",
                with_unit=world.dong_nai,
                state=state,
                raised_at=report.submitted_at,
                raised_by=world.officer,
            )
        )
    DifficultyStep.objects.create(
        difficulty=rows[1], action="answer", note="Đã ghi nhận", by=world.reviewer, at=timezone.now()
    )
    said = texts(world.dong_nai)
    assert said["hop"]["cau"] == ["Trong kỳ đã tổ chức 01 cuộc họp giao ban."]
    assert said["kho_khan"]["cau"] == [
        "Các đơn vị nêu 02 khó khăn, vướng mắc (01 về con người và 01 về dữ liệu); 01/2 đã được trả lời."
    ]
    assert [(row["don_vi"], row["noi_dung"], row["tra_loi"]) for row in said["kho_khan"]["bang"]] == [
        ("Phường Phước Long", "Khó people\nKiến nghị: Bổ sung", "Chưa trả lời"),
        ("Phường Phước Long", "Khó data\nKiến nghị: Bổ sung", "Đã trả lời ngày 20/11/2026: Đã ghi nhận"),
    ]


def test_every_rule_of_the_findings_asks_for_something():
    rules = {rule.__name__.removeprefix("_") for rule in findings.RULES}
    assert set(draft_conclusion.ASKED) == rules - {"best_unit"}


def test_the_content_is_what_the_list_of_placeholders_says(november, world):
    """No placeholder without content, no content that nobody is told of."""
    made = texts(world.dong_nai) | {"bieu_do": dict.fromkeys(placeholders.shape()["bieu_do"], "")}

    def compare(value, shape, path):
        if isinstance(shape, dict):
            assert set(value) == set(shape), path
            for name, inner in shape.items():
                compare(value[name], inner, f"{path}.{name}")
        elif isinstance(shape, list):
            assert isinstance(value, list), path
            for inner in value:
                compare(inner, shape[0], f"{path}[]")
        else:
            assert isinstance(value, str), path

    compare(made, placeholders.shape(), "")


def test_charts_are_drawn_where_there_is_something_to_draw(november, world, tmp_path):
    seen = gather(world.dong_nai.pk, SPAN, "provisional", now=timezone.now()).seen
    assert set(charts.draw_all(seen, tmp_path)) == {"don_vi"}  # one month, one service
    assert charts._width("ế") > 0
    assert charts._letter("ế")[0] is charts._font("vietnamese")
    assert charts._letter("a")[0] is charts._font("text")


# Words of people -----------------------------------------------------------------------------------------------------


def test_own_words_stand_in_until_somebody_chooses(november, world):
    own = Report.objects.get(unit=world.phuoc_long, period=november)
    Report.objects.filter(pk=own.pk).update(results="Việc một.\n\nViệc hai.")
    assert texts(world.phuoc_long)["loi_van"]["results"] == ["Việc một.", "Việc hai."]
    assert texts(world.dong_nai)["loi_van"]["results"] == []
    assert texts(world.phuoc_long, basis="official")["loi_van"]["results"] == []  # sent, not yet approved


def test_words_are_chosen_edited_and_put_in_order(november, world):
    reports = Report.objects.filter(period=november, unit__in=[world.phuoc_long, world.phuoc_binh])
    reports.update(results="Lời của đơn vị.")
    one, other = (reports.get(unit=unit) for unit in (world.phuoc_long, world.phuoc_binh))

    def save(version, **typed):
        narratives.save(
            unit=world.dong_nai, span=SPAN, name="results", by=world.staff, version=version,
            typed=narratives.TypedWords(**typed),
        )  # fmt: skip
        return list(narratives.chosen(narratives.of(world.dong_nai.pk, SPAN), "results"))

    save(0, choose=one.pk)
    first, second = save(1, choose=other.pk)
    changed = save(2, texts={first.pk: "Lời đã sửa.\nĐoạn hai.", second.pk: second.text}, order=[second.pk, first.pk])
    assert [row.source for row in changed] == [other, one]
    assert texts(world.dong_nai)["loi_van"]["results"] == ["Lời của đơn vị.", "Lời đã sửa.", "Đoạn hai."]
    one.refresh_from_db()
    assert one.results == "Lời của đơn vị."  # the unit's own words stay
    assert [row.source for row in save(3, take_out=first.pk)] == [other]
    again = save(4, choose=one.pk)
    assert again[-1].text == "Lời đã sửa.\nĐoạn hai."  # what was typed is there again
    save(5, take_out=first.pk)
    save(6, take_out=second.pk)
    assert texts(world.dong_nai)["loi_van"]["results"] == []


def test_a_written_conclusion_replaces_the_draft(november, world):
    drafted = texts(world.dong_nai)["ket_luan"]
    assert drafted[0].startswith("Sau khi nghe báo cáo")
    assert drafted[1].startswith("1. Đánh giá chung: Tiếp nhận 40 hồ sơ")
    narratives.save_conclusion(unit=world.dong_nai, span=SPAN, by=world.staff, version=0, text="Kết luận một.\nHai.")
    assert texts(world.dong_nai)["ket_luan"] == ["Kết luận một.", "Hai."]
    narratives.save_conclusion(unit=world.dong_nai, span=SPAN, by=world.staff, version=1, text=" ")
    assert texts(world.dong_nai)["ket_luan"] == drafted


# The template --------------------------------------------------------------------------------------------------------


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_shipped_template_is_what_its_program_writes(tmp_path):
    word_template.write(tmp_path / "a.docx")
    assert parts_of(tmp_path / "a.docx") == parts_of(word_templates.SHIPPED)


def test_the_page_is_that_of_the_decree(november, world, tmp_path):
    """Decree 30/2020/NĐ-CP, appendix I: A4; top and bottom 20-25, left 30-35, right 15-20 mm; page 1 without number."""
    write_interim_report(tmp_path / "a.docx", unit_id=world.dong_nai.pk, span=SPAN, basis="provisional")
    document = docx.Document(tmp_path / "a.docx")
    (section,) = document.sections
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert 20 <= section.top_margin.mm <= 25
    assert 20 <= section.bottom_margin.mm <= 25
    assert 30 <= section.left_margin.mm <= 35
    assert 15 <= section.right_margin.mm <= 20
    assert section.different_first_page_header_footer
    said = paragraphs_of(tmp_path / "a.docx")
    assert said[:2] == ["ỦY BAN NHÂN DÂN TỈNH ĐỒNG NAI", "TỔ CÔNG TÁC ĐỀ ÁN 06"]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in said
    assert "Đồng Nai, ngày … tháng 11 năm 2026" in said
    assert "Kết quả thực hiện Đề án 06 tháng 11/2026 trên địa bàn tỉnh Đồng Nai" in said
    assert "(Số liệu tạm tính, 2/4 đơn vị)" in said
    fonts = {run.font.name for p in document.paragraphs for run in p.runs if run.text.strip()}
    assert fonts == {"Times New Roman"}


def upload(*paragraphs, name="mau.docx"):
    document = docx.Document()
    for text in paragraphs or ("Mẫu của tỉnh: {{ trich_yeu }}",):
        document.add_paragraph(text)
    content = io.BytesIO()
    document.save(content)
    return SimpleUploadedFile(name, content.getvalue())


@pytest.fixture
def kept(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_template_is_in_force_for_its_unit_and_those_below(november, world, kept, tmp_path):
    added = word_templates.hand_in(unit=world.dong_nai, upload=upload(), note="", by=world.staff)
    path = world.phuoc_long.versions.get().path
    assert word_templates.in_force_for(path) is None  # not before it is put in force
    word_templates.put_in_force(template_id=added.pk, by=world.staff)
    assert word_templates.in_force_for(path) == added
    assert word_templates.in_force_for(world.da_huoai.versions.get().path) is None
    write_interim_report(tmp_path / "a.docx", unit_id=world.phuoc_long.pk, span=SPAN, basis="provisional")
    said = paragraphs_of(tmp_path / "a.docx")
    assert said == ["Mẫu của tỉnh: Kết quả thực hiện Đề án 06 tháng 11/2026 trên địa bàn phường Phước Long"]


def test_versions_are_kept_and_dated(november, world, kept, at):
    first = word_templates.hand_in(unit=world.dong_nai, upload=upload(), note="", by=world.staff)
    word_templates.put_in_force(template_id=first.pk, by=world.staff)
    at("2026-11-21 09:00")
    second = word_templates.hand_in(unit=world.dong_nai, upload=upload("{{ ky }}"), note="Gọn", by=world.staff)
    word_templates.put_in_force(template_id=second.pk, by=world.staff)
    at("2026-11-22 09:00")
    again = word_templates.put_in_force(template_id=first.pk, by=world.staff)
    assert [(t.number, t.is_in_force) for t in word_templates.kept_by(world.dong_nai.pk)] == [
        (3, True), (2, False), (1, False),
    ]  # fmt: skip
    assert again.note == "Như lần 1"
    first.refresh_from_db()
    assert (first.in_force_from.day, first.in_force_to.day) == (20, 21)
    word_templates.back_to_shipped(unit=world.dong_nai, by=world.staff)
    assert not WordTemplate.objects.filter(in_force_from__isnull=False, in_force_to__isnull=True).exists()


# The worker and the command ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def celery_eager():
    from de_an_06.celery import app

    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


def test_a_job_makes_the_report(november, world, client, django_capture_on_commit_callbacks):
    client.force_login(world.staff)
    body = {"ky": "2026-11", "don_vi": world.dong_nai.pk, "co_so": "tam-tinh", "loai": "so-ket"}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("export-create"), body).status_code == 302
    job = ExportJob.objects.get()
    assert (job.state, job.message) == ("done", "")
    assert job.file_name == "Bao-cao-so-ket_tinh-dong-nai_2026-11_tam-tinh.docx"
    assert (job.units_reported, job.units_expected) == (2, 4)
    response = client.get(reverse("export-download", args=[job.pk]))
    assert response["Content-Type"].endswith("wordprocessingml.document")
    content = b"".join(response.streaming_content)
    assert "Tiếp nhận 40 hồ sơ" in " ".join(p.text for p in docx.Document(io.BytesIO(content)).paragraphs)
    page = client.get(reverse("export-list")).text
    assert "Báo cáo sơ kết tháng 11/2026" in page
    client.force_login(world.stranger)
    assert client.get(reverse("export-download", args=[job.pk])).status_code == 404


def test_nobody_asks_for_a_form_that_is_not_there(november, world, client):
    client.force_login(world.staff)
    body = {"ky": "2026-11", "don_vi": world.dong_nai.pk, "co_so": "tam-tinh", "loai": "khac"}
    assert client.post(reverse("export-create"), body).status_code == 404
    assert not ExportJob.objects.exists()


def test_a_template_that_breaks_later_is_told(november, world, kept, django_capture_on_commit_callbacks):
    """Its file was accepted once; what is said is for the person who asked, and no file is left."""
    added = word_templates.hand_in(unit=world.dong_nai, upload=upload(), note="", by=world.staff)
    with added.file.storage.open(added.file.name, "wb") as file:
        file.write(upload("{{ la }}").read())
    with django_capture_on_commit_callbacks(execute=True):
        job = export_jobs.create(
            unit=world.dong_nai, span=SPAN, basis="provisional", by=world.staff, form="so-ket", template=added
        )
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.message == "Mẫu Word không điền được. Chỗ điền “la” không có trong danh mục."
    assert not export_jobs.path_of(job).exists()


def test_the_command_writes_it_too(november, world, tmp_path):
    out = tmp_path / "so-ket.docx"
    call_command("export_summary", "--unit", "75", "--from", "2026-11", "--form", "so-ket", str(out))
    assert any("Tiếp nhận 40 hồ sơ" in line for line in paragraphs_of(out))
    with pytest.raises(CommandError, match=r"\.docx"):
        call_command(
            "export_summary", "--unit", "75", "--from", "2026-11", "--form", "so-ket", str(tmp_path / "a.xlsx")
        )


def test_the_number_of_queries_does_not_grow_with_the_units(world, month, put):
    period = month("2026-11")
    put(world.phuoc_long, period, online=8, early=8)
    rollup.roll_up(period)
    with CaptureQueriesContext(connection) as few:
        texts(world.dong_nai)
    for unit in (world.phuoc_binh, world.phu_rieng):
        put(unit, period, online=8, early=8)
    rollup.roll_up(period)
    with CaptureQueriesContext(connection) as more:
        texts(world.dong_nai)
    assert len(more) == len(few) <= 60
