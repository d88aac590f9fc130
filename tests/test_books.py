"""Which sheets, columns and heads a book holds, and that each says what the pages and the reports say."""

import csv
import math
import zipfile

import openpyxl
import pytest

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.exports.book.choice import BOOK_COLUMNS, BOOK_PARTS, SHORT, BookChoice
from reporting.exports.text_lines import lines_of_text
from reporting.models import Difficulty, ExportJob, IndicatorFigure, Report, ServiceFigures
from reporting.reading.overview import overview
from reporting.rollup import rollup
from taskforces.models import Membership, Person, TaskForce, User
from taskforces.models.units import reporter_name
from tests.conftest import make_person, make_unit
from tests.test_excel import FIRST, body, width_of

pytestmark = pytest.mark.django_db
EVERYTHING = [part.key for part in BOOK_PARTS]


def write(tmp_path, unit, span="2026-11", parts=EVERYTHING, columns=(), layout="bieu", **more):
    path = tmp_path / "sach.xlsx"
    choice = BookChoice.of(parts, columns, layout)
    counts = excel.write_summary(
        path, unit_id=unit.pk, span=Span.parse(span), basis="provisional", choice=choice, **more
    )
    return openpyxl.load_workbook(path, data_only=True), counts


@pytest.fixture
def lasting(world, month, put, at):
    """A province that no reform touched: two communes that reported, a third that never did."""
    at("2026-11-28 09:00")
    world.lasting = make_unit("97", "Tỉnh Bền", "tinh", "province", world.nation)
    world.first = make_unit("97001", "Xã Một", "xa", "commune", world.lasting)
    world.second = make_unit("97002", "Xã Hai", "xa", "commune", world.lasting)
    make_unit("97003", "Xã Im Lặng", "xa", "commune", world.lasting)
    world.reader = make_person("chubien", "Vũ Thị Chủ Bền", world.lasting, "chair")
    put(world.first, month("2025-11"), 80, 20, early=70, overdue=30, dd04=(10, 100))
    put(world.first, month("2026-10"), 50, early=50, dd04=(20, 100))
    put(world.first, month("2026-11"), 90, 20, early=99, overdue=11, dd04=(30, 100))
    put(world.second, month("2026-11"), 15, early=12, overdue=1, stuck=2, service="DVC12")
    return world


def titles(sheet) -> dict:
    """(group, title) -> column."""
    found, group = {}, None
    for column in range(1, sheet.max_column + 1):
        group = sheet.cell(8, column).value or group
        found[group, sheet.cell(9, column).value] = column
    return found


def of_row(sheet, label, key=2) -> dict:
    row = body(sheet, key)[label]
    return {title: sheet.cell(row, column).value for title, column in titles(sheet).items()}


def test_a_short_book_holds_what_is_printed_and_the_cover_names_its_sheets(lasting, tmp_path):
    book, counts = write(tmp_path, lasting.lasting, parts=SHORT.parts)
    assert book.sheetnames == ["Bìa", "Theo đơn vị", "Theo dịch vụ", "Chỉ tiêu", "Tình hình nộp"]
    cover = {row[0].value: row[1].value for row in book["Bìa"].iter_rows(min_row=5)}
    assert "Nguồn số liệu" not in cover
    assert "Đối chiếu" not in cover  # there are no rows to hold the totals against
    assert cover["Tình hình nộp"].endswith("(4 dòng)")
    assert cover["Báo cáo chưa có"] == "2"  # the province's own and the third commune's
    status = of_row(book["Tình hình nộp"], "Xã Im Lặng")
    assert (status["Báo cáo", "Phải nộp"], status["Báo cáo", "Chưa gửi"]) == (1, 1)
    assert counts.sheets["status"] == 4


def test_a_choice_is_written_in_one_way_and_knows_no_other_names():
    one, two = BookChoice.of(["dich-vu", "don-vi"], ["luy-ke", "ky-truoc"]), BookChoice.of(["don-vi", "dich-vu"])
    assert one.parts == two.parts == ("don-vi", "dich-vu")
    assert one.columns == ("ky-truoc", "luy-ke")
    for wrong in ({"parts": ["bia"]}, {"parts": [], "columns": ["mau"]}, {"parts": [], "layout": "thu"}):
        with pytest.raises(ValueError, match="no such"):
            BookChoice.of(**wrong)


def test_other_months_beside_the_figures_are_those_of_the_page(lasting, tmp_path):
    """The first commune alone reported in October; November's 15 of the second are no rise since then."""
    book, _ = write(tmp_path, lasting.lasting, parts=SHORT.parts, columns=["ky-truoc", "cung-ky", "luy-ke"])
    before, year = "So với tháng 10/2026, trên cùng 1 đơn vị", "So với tháng 11/2025, trên cùng 1 đơn vị"
    to_date = "Lũy kế từ đầu năm đến tháng 11/2026 (tháng 10–11/2026)"
    total = of_row(book["Theo đơn vị"], "TỔNG SỐ")
    assert (total[before, "Tiếp nhận kỳ trước"], total[before, "Tiếp nhận: tăng, giảm"]) == (50, 60)
    assert (total[year, "Tiếp nhận cùng kỳ"], total[year, "Tiếp nhận: tăng, giảm"]) == (100, 10)
    assert total[before, "Trực tuyến, kỳ trước"] == 1
    assert total[to_date, "Tiếp nhận"] == 50 + 110 + 15
    assert total[to_date, "Trước và đúng hạn"] == pytest.approx((50 + 99 + 12) / (50 + 110 + 13))
    one = of_row(book["Theo đơn vị"], "Xã Hai")
    assert one[before, "Tiếp nhận kỳ trước"] is None
    assert one[to_date, "Tiếp nhận"] == 15
    service = of_row(book["Theo dịch vụ"], "DVC09")
    assert service[year, "Tiếp nhận: tăng, giảm"] == 10
    activated = of_row(book["Chỉ tiêu"], "DD04")
    assert (activated[before, "Số đạt kỳ trước"], activated[before, "Số đạt: tăng, giảm"]) == (20, 10)
    assert activated[year, "Tỷ lệ: tăng, giảm (điểm phần trăm)"] == 20
    assert activated[to_date, "Tỷ lệ"] == 0.3  # cumulative: the last month's
    points = of_row(book["Theo đơn vị"], "Xã Một")[before, "Trực tuyến: tăng, giảm (điểm phần trăm)"]
    seen = overview(lasting.lasting.pk, Span.parse("2026-11"))
    now, then = seen.comparison.rows[lasting.first.pk]
    online = 100 * (now.online_rate[0] / now.online_rate[1] - then.online_rate[0] / then.online_rate[1])
    assert points == -18.18 == pytest.approx(online, abs=0.005)


def test_an_administrative_document_has_its_head_and_its_end(lasting, tmp_path):
    def texts(unit):
        book, _ = write(tmp_path, unit, parts=["don-vi", "chi-tieu"], layout="van-ban", by=lasting.reader)
        for sheet in (book["Theo đơn vị"], book["Chỉ tiêu"]):
            assert sheet["A4"].value  # the title stays where it was
            yield [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]

    for found in texts(lasting.first):
        assert found.index("ỦY BAN NHÂN DÂN TỈNH BỀN") < found.index("ỦY BAN NHÂN DÂN XÃ MỘT")
        assert found[1] == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
        assert "Độc lập - Tự do - Hạnh phúc" in found
        assert "Số: …………/BC-UBND" in found
        assert "Một, ngày … tháng 11 năm 2026" in found
        end = found[-3:]
        assert end[0].startswith("Nơi nhận:\n- UBND tỉnh Bền;")
        assert end[1] == "NGƯỜI LẬP BIỂU\n(Ký, ghi rõ họ tên)"
        assert end[2] == "TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH\n(Ký, đóng dấu, ghi rõ họ tên)"
        assert "Vũ Thị Chủ Bền" not in " ".join(found)  # whoever signs writes the name
    for found in texts(lasting.lasting):
        assert found[0] == "ỦY BAN NHÂN DÂN TỈNH BỀN"  # a province's committee stands under no other
    for found in texts(lasting.nation):
        assert found[0] == "TỔ CÔNG TÁC TRIỂN KHAI ĐỀ ÁN 06 CỦA CHÍNH PHỦ"
        assert found[-1].startswith("TM. TỔ CÔNG TÁC\nTỔ TRƯỞNG")


def test_no_name_that_is_shipped_is_cut_off():
    """Heights are counted from the letters: never fewer lines than the widest reckoning of them needs."""
    with open("taskforces/data/units.csv", encoding="utf-8") as file:
        names = {reporter_name(row["name"], row["level"]) for row in csv.DictReader(file) if row["level"] != "nation"}
    assert "UBND thành phố Hồ Chí Minh (cấp tỉnh)" in names
    for width in (30, 36):
        for name in names:
            # a line can stay empty at its end, where the next word is too long for it
            assert lines_of_text(name, width) >= math.ceil((width_of(name) * 0.85 - 1) / width), (name, width)
    assert lines_of_text("UBND thành phố Đồng Nai (cấp tỉnh)", 30) == 2
    assert lines_of_text("dài" * 200, 30) > 10
    assert lines_of_text("a\nb\nc " + "x" * 40, 60) == 3


def test_communes_add_up_to_their_district(world, month, fill, tmp_path):
    period = month("2024-05")
    for report in Report.objects.filter(period=period).select_related("period"):
        if report.path.startswith(f"/{world.nation.pk}/{world.binh_phuoc.pk}/"):
            fill(report, base=5 + report.unit_id % 7, status="submitted", by=world.old_staff)
    rollup.roll_up(period)
    book, counts = write(tmp_path, world.binh_phuoc, "2024-05", parts=["xa-theo-huyen"])
    sheet, received, seen = book["Xã theo huyện"], [], 0
    for row in sheet.iter_rows(min_row=FIRST, values_only=True):
        name, online = row[1], row[5]
        if name and name.startswith("Cộng "):
            district = name.removeprefix("Cộng ")
            assert online == sum(received) > 0, district
            inside = ServiceFigures.objects.filter(
                report__period=period, report__path__contains=f"/{_unit(world, district)}/"
            )
            assert online == sum(inside.values_list("received_online", flat=True))
            received, seen = [], seen + 1
        elif name and row[0]:
            received.append(online or 0)
    assert seen == 2
    assert counts.sheets["communes"] > 2


def _unit(world, name):
    return {"Thị xã Bình Long": world.tx_binh_long.pk, "Thị xã Phước Long": world.tx_phuoc_long.pk}[name]


def test_indicators_ranks_charts_and_words_of_the_units_below(lasting, tmp_path):
    report = Report.objects.get(unit=lasting.first, period__year=2026, period__month=11)
    Report.objects.filter(pk=report.pk).update(
        results="Đã cấp 30 tài khoản.\n\nGiữ nền nếp.", submitted_at="2026-11-15T03:00Z"
    )
    Difficulty.objects.create(
        unit=lasting.first, report=report, kind="network", text="Đường truyền chậm", with_unit=lasting.lasting,
        raised_at="2026-11-14T03:00Z", raised_by=lasting.reader,
    )  # fmt: skip
    book, counts = write(tmp_path, lasting.lasting)
    identity = book["CT Định danh điện tử"]
    assert of_row(identity, "Xã Một")["DD04", "Số đạt"] == 30
    assert of_row(identity, "Xã Một")["DD04", "Tỷ lệ"] == 0.3
    assert of_row(identity, "Xã Hai")["DD04", "Số đạt"] is None
    assert of_row(identity, "TỔNG SỐ")["DD04", "Tổng số"] == 100
    ranks = book["Xếp hạng"]
    received = of_row(ranks, "Xã Hai")
    assert (received["Hồ sơ tiếp nhận", "Số"], received["Hồ sơ tiếp nhận", "Hạng"]) == (15, 2)
    seen = overview(lasting.lasting.pk, Span.parse("2026-11"), ranked_by="tiep-nhan")
    assert {r.name: r.rank for r in seen.rows if r.rank} == {"Xã Một": 1, "Xã Hai": 2}
    words = [row[4] for row in book["Phần lời"].iter_rows(min_row=FIRST, values_only=True) if row[1]]
    assert words == ["Đã cấp 30 tài khoản.", "Giữ nền nếp."]
    assert of_row(book["Khó khăn"], "Xã Một")["Trả lời", None] == "Chờ trả lời"
    assert set(counts.sheets) == {part.counted for part in BOOK_PARTS}
    with zipfile.ZipFile(tmp_path / "sach.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 3
    assert all("'Biểu đồ'!" in chart for chart in charts)
    bars = book["Biểu đồ"]
    assert [bars.cell(5 + k, 17).value for k in range(2)] == ["Xã Một", "Xã Hai"]  # 90 % before 92 %: worst first


def test_no_person_of_the_registers_is_named_and_text_stays_text(world, month, fill, tmp_path, at):
    """Workbooks travel by mail: what a task force holds of its people is their number and the head's post."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    report = Report.objects.select_related("period").get(unit=world.phuoc_long, period=period)
    fill(report, base=10, status="submitted", by=world.officer)
    Report.objects.filter(pk=report.pk).update(results="=HYPERLINK(1)")
    rollup.roll_up(period)
    force = TaskForce.objects.create(
        unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from="2026-01-15"
    )
    person = Person.objects.create(full_name="Hoàng Trưởng Tổ", unit=world.phuoc_long)
    Membership.objects.create(
        task_force=force, person=person, role="head", post="Chủ tịch UBND", valid_from="2026-01-15"
    )
    book, _ = write(tmp_path, world.dong_nai)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    everything = "\n".join(cell.value for cell in cells)
    assert "Chủ tịch UBND" in everything
    assert [cell.data_type for cell in cells if cell.value == "=HYPERLINK(1)"] == ["s"]
    for name in [person.full_name, *User.objects.values_list("full_name", flat=True)]:
        assert name not in everything, name


def test_indicator_sheets_hold_every_figure_of_every_unit(world, month, fill, tmp_path, at):
    at("2026-11-20 09:00")
    period = month("2026-11")
    for unit in (world.phuoc_long, world.phuoc_binh):
        fill(
            Report.objects.select_related("period").get(unit=unit, period=period), base=unit.pk % 50, status="approved"
        )
    rollup.roll_up(period)
    book, _ = write(tmp_path, world.dong_nai, parts=["chi-tieu-don-vi"])
    found = {}
    for sheet in book.worksheets[1:]:
        assert len(sheet.title) <= 31
        names = titles(sheet)
        for name in ("Phường Phước Long", "Phường Phước Bình"):
            cells = of_row(sheet, name)
            found |= {(name, code): cells[code, "Số đạt"] for code, title in names if title == "Số đạt"}
    stored = IndicatorFigure.objects.filter(
        report__period=period, report__unit__in=[world.phuoc_long, world.phuoc_binh]
    )
    names = {world.phuoc_long.pk: "Phường Phước Long", world.phuoc_binh.pk: "Phường Phước Bình"}
    expected = {
        (names[f.report.unit_id], f.indicator.code): f.numerator for f in stored.select_related("report", "indicator")
    }
    assert {key: value for key, value in found.items() if value is not None} == expected
    assert len(expected) > 20


def test_every_choice_has_room_in_the_row_of_a_job():
    assert len({part.form for part in BOOK_PARTS}) == len({part.counted for part in BOOK_PARTS}) == len(BOOK_PARTS)
    remembered = BookChoice.of(EVERYTHING, BOOK_COLUMNS).remembered
    for name in ("parts", "columns"):
        assert len(remembered[name]) <= ExportJob._meta.get_field(name).max_length
