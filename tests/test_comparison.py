"""What an unfinished stretch is called and compared with: equally many months, named; figures written by hand."""

import datetime as dt
import re

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span, months_label
from reporting.exports import excel, export_jobs
from reporting.models import ExportJob, Period, PublicService, Report, ServiceFigures
from reporting.reading.compared import Comparison, compared_months
from reporting.reading.findings import FindingFacts, findings
from reporting.reading.overview import overview
from reporting.rollup import rollup
from taskforces.models import Level
from tests.conftest import make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def put(fill):
    """Hand in a report of DVC09: received online and resolved early `flow`, pending overdue `stuck`."""

    def write(unit, period, flow, stuck=0):
        report = Report.objects.get(unit=unit, period=period)
        fill(report, services=[], status="submitted")
        report.indicator_figures.all().delete()
        ServiceFigures.objects.create(
            report=report, service=PublicService.objects.get(code="DVC09"), opening=stuck, received_online=flow,
            received_in_person=0, received_postal=0, resolved_early=flow, resolved_on_time=0, resolved_overdue=0,
            rejected=0, pending_in_time=0, pending_overdue=stuck,
        )  # fmt: skip

    return write


@pytest.fixture
def quarters(world, month, put, at):
    """20 November 2026: July to September, October and November; received 1, 10, 100, 1000, 10000, each month's own."""
    at("2026-11-20 09:00")
    months = {m: month(f"2026-{m:02d}") for m in (7, 8, 9, 10, 11)}
    for m, flow, stuck in ((7, 1, 2), (8, 10, 3), (9, 100, 90), (10, 1000, 5), (11, 10000, 7)):
        put(world.phuoc_long, months[m], flow, stuck)
    return months


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def read(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard"), query)


@pytest.mark.parametrize("december_is_open", [False, True])
def test_an_unfinished_quarter_is_compared_with_the_same_number_of_months(world, quarters, month, december_is_open):
    """Whether or not the running month (its window began on 15 November) is open already."""
    if december_is_open:
        month("2026-12")
    seen = overview(world.phuoc_long.pk, Span.parse("2026-Q4"))
    compared = seen.comparison
    assert compared.label == "tháng 07–08/2026"
    assert compared.last_label == "tháng 08/2026"
    assert compared.now.dossiers.received == 1000 + 10000
    assert compared.before.dossiers.received == 1 + 10  # not September's 100
    assert (compared.now.dossiers.pending_overdue, compared.before.dossiers.pending_overdue) == (7, 3)  # not 90
    assert (compared.now.dossiers.opening, compared.before.dossiers.opening) == (5, 2)


def test_only_november_of_the_quarter_is_compared_with_august(world, month, put, at):
    at("2026-11-20 09:00")
    months = {m: month(f"2026-{m:02d}") for m in (7, 8, 9, 11)}
    for m, flow in ((7, 1), (8, 10), (9, 100), (11, 10000)):
        put(world.phuoc_long, months[m], flow)
    seen = overview(world.phuoc_long.pk, Span.parse("2026-Q4"))
    assert (seen.label, seen.comparison.label) == ("quý IV/2026 (tháng 11/2026)", "tháng 08/2026")
    assert seen.comparison.before.dossiers.received == 10


@pytest.fixture
def lasting(world):
    """A commune that no reform touched, so that every stretch has a year before it."""
    province = make_unit("97", "Tỉnh Bền", "tinh", Level.PROVINCE, world.nation)
    return make_unit("97001", "Xã Bền", "xa", Level.COMMUNE, province)


@pytest.mark.parametrize(
    ("key", "first", "last", "label", "compared"),
    [
        # half-year: July to November against January to May
        ("2026-H2", "2026-01", "2026-11", "6 tháng cuối năm 2026 (tháng 07–11/2026)", "tháng 01–05/2026"),
        # nine months, in August: the same eight months of last year, and none where one of them is not there
        ("2026-9M", "2025-01", "2026-08", "9 tháng năm 2026 (tháng 01–08/2026)", "tháng 01–08/2025"),
        ("2026-9M", "2025-02", "2026-08", "9 tháng năm 2026 (tháng 01–08/2026)", None),
        ("2026", "2025-01", "2026-11", "năm 2026 (tháng 01–11/2026)", "tháng 01–11/2025"),
        # stretches over the turn of a year, two of their four months read
        (
            "2026-01..2026-04",
            "2025-09",
            "2026-02",
            "tháng 01/2026 đến tháng 04/2026 (tháng 01–02/2026)",
            "tháng 09–10/2025",
        ),
        (
            "2025-12..2026-03",
            "2025-08",
            "2026-01",
            "tháng 12/2025 đến tháng 03/2026 (tháng 12/2025 đến tháng 01/2026)",
            "tháng 08–09/2025",
        ),
        # whole stretches keep their names
        ("2026-YTD10", "2025-01", "2026-10", "từ đầu năm đến tháng 10/2026", "từ đầu năm đến tháng 10/2025"),
        ("2026-9M", "2025-01", "2026-09", "9 tháng năm 2026", "9 tháng năm 2025"),
        ("2026-Q3", "2026-04", "2026-09", "quý III/2026", "quý II/2026"),
        ("2026-01", "2025-12", "2026-01", "tháng 01/2026", "tháng 12/2025"),
    ],
)
def test_stretches_are_named_by_the_months_read(month, lasting, put, at, key, first, last, label, compared):
    months = Span.between(Span.parse(first).first, Span.parse(last).first).months
    at(f"{last}-28 09:00")
    for k, each in enumerate(months):
        put(lasting, month(each.key), 2**k)
    seen = overview(lasting.pk, Span.parse(key))
    assert seen.label == label
    assert (seen.comparison.label if seen.comparison else None) == compared
    if compared:  # and the sums are of just as many months as the name says
        read = [m for m in Span.parse(key).months if m in months]
        shift = -12 if seen.span.kind in {"nine", "ytd", "year"} else -len(seen.span.months)
        assert seen.comparison.before.dossiers.received == sum(2 ** months.index(m.plus(shift)) for m in read)


@pytest.mark.parametrize(
    ("unit", "key", "label", "compared"),
    [
        ("thac_mo", "2025", "năm 2025 (tháng 01–06/2025)", "tháng 01–06/2024"),  # ended on 30 June 2025
        ("thac_mo", "2025-05..2025-08", "tháng 05/2025 đến tháng 08/2025 (tháng 05–06/2025)", "tháng 01–02/2025"),
        ("phuoc_long", "2025", "năm 2025 (tháng 07–12/2025)", None),  # opened the day after
        ("phuoc_long", "2025-05..2025-08", "tháng 05/2025 đến tháng 08/2025 (tháng 07–08/2025)", None),
        ("phuoc_long", "2025-Q4", "quý IV/2025", "quý III/2025"),
    ],
)
def test_a_unit_that_exists_only_in_part_is_compared_for_its_part(world, month, put, at, unit, key, label, compared):
    at("2025-12-28 09:00")
    for each in Span.parse("2024-01..2025-12").months:
        period = month(each.key)
        for who in ("thac_mo", "phuoc_long"):
            if Report.objects.filter(unit=getattr(world, who), period=period).exists():
                put(getattr(world, who), period, 1)
    seen = overview(getattr(world, unit).pk, Span.parse(key))
    assert seen.label == label
    assert (seen.comparison.label if seen.comparison else None) == compared


def test_months_without_a_unit_that_reported_in_both_are_not_compared(world, month, put, at):
    """Phước Long reported in October alone, Phước Bình in November alone: there is nothing to set side by side."""
    at("2026-12-01 09:00")
    october, november = month("2026-10"), month("2026-11")
    put(world.phuoc_long, october, 5)
    put(world.phuoc_binh, november, 50)
    assert overview(world.dong_nai.pk, Span.parse("2026-11")).comparison is None
    put(world.phuoc_long, november, 7)
    compared = overview(world.dong_nai.pk, Span.parse("2026-11")).comparison
    assert (compared.units, compared.now.dossiers.received, compared.before.dossiers.received) == (1, 7, 5)


def back_of(key, day, but=""):
    """Keys of the months compared with on that day; July to November 2026 are there, each to its 14th."""
    made = {
        m.key: Period(year=m.year, month=m.month, data_to=dt.date(m.year, m.month, 14))
        for m in Span.parse("2026-07..2026-11").months
        if m.key != but
    }
    span = Span.parse(key)
    read = [made[m.key] for m in span.months if m.key in made]
    return [p.key for p in compared_months(span, span.previous(), read, made, day)]


def test_a_month_is_compared_from_the_day_after_its_last_and_alone_while_it_runs():
    last, after = dt.date(2026, 11, 14), dt.date(2026, 11, 15)
    assert back_of("2026-Q4", last) == ["2026-07"]
    assert back_of("2026-Q4", after) == ["2026-07", "2026-08"]
    assert back_of("2026-11", last) == ["2026-10"]
    assert back_of("2026-Q4", after, but="2026-08") == []


def test_states_are_compared_with_the_end_of_the_last_month():
    span = Span.parse("2026-Q3")
    assert Comparison(span, span.months, units=1).last_label == "tháng 09/2026"


def test_months_are_written_as_officials_write_them():
    def of(*keys):
        return months_label([Span.parse(key).first for key in keys])

    assert of("2026-08") == "tháng 08/2026"
    assert of("2026-07", "2026-08") == "tháng 07–08/2026"
    assert of("2025-11", "2025-12", "2026-01") == "tháng 11/2025 đến tháng 01/2026"
    assert of("2026-07", "2026-09") == "tháng 07/2026, tháng 09/2026"
    assert of("2026-01", "2026-02", "2026-09") == "tháng 01–02/2026, tháng 09/2026"
    assert of(*(f"2026-{m:02d}" for m in range(1, 13))) == "tháng 01–12/2026"


# What people read ----------------------------------------------------------------------------------------------------


def test_the_page_names_the_months_of_both_sides(client, world, quarters):
    page = read(client, world.chair, don_vi=world.phuoc_long.pk, ky="2026-Q4")
    text = text_of(page.content.decode())
    assert page.context["title"] == "Tổng quan quý IV/2026 (tháng 10–11/2026): 2/2 báo cáo đã nộp"
    assert "So sánh với tháng 07–08/2026; số tồn và lũy kế so với cuối tháng 08/2026." in text
    assert "quý III" not in page.context["lead"]
    for caption in ("Chỉ tiêu chung", "Số liệu theo dịch vụ công"):
        assert f"{caption}, quý IV/2026 (tháng 10–11/2026)" in text
    assert "Số liệu gồm 2/3 tháng: tháng 10–11/2026." in text


def test_units_below_and_ranks_are_compared_under_the_same_name(client, world, quarters, put):
    for m, flow, stuck in ((7, 5, 1), (8, 5, 1), (10, 6, 4), (11, 6, 4)):
        put(world.phuoc_binh, quarters[m], flow, stuck)
    page = read(client, world.chair, ky="2026-Q4")
    lead = page.context["lead"]
    assert lead.endswith(
        "So sánh với tháng 07–08/2026 trên cùng 2 đơn vị có cùng số tháng đã nộp; "
        "số tồn và lũy kế so với cuối tháng 08/2026."
    )
    html = read(client, world.chair, ky="2026-Q4", xep_theo="tiep-nhan").content.decode()
    assert "So với tháng 07–08/2026" in html
    assert "So với kỳ trước" not in html
    [overdue] = [
        f
        for f in findings(overview(world.dong_nai.pk, Span.parse("2026-Q4")), FindingFacts())
        if "đang quá hạn" in f.title
    ]
    assert overdue.title == "Hồ sơ đang quá hạn tăng 7 so với cuối tháng 08/2026"  # 7 + 4 after 3 + 1


def test_a_month_is_compared_with_the_month_before_without_more_words(client, world, quarters):
    page = read(client, world.chair, don_vi=world.phuoc_long.pk, ky="2026-11")
    assert page.context["lead"].endswith("So sánh với tháng 10/2026.")


def test_a_running_month_is_named_as_such(client, world, quarters, month):
    month("2026-12")
    page = read(client, world.chair, don_vi=world.phuoc_long.pk, ky="2026-Q4")
    assert "Tháng 12/2026 chưa kết thúc (đến hết 14/12/2026)." in " ".join(page.context["seen"].notices)
    assert "So sánh với tháng 07–08/2026" in page.context["lead"]


@pytest.fixture
def two_of_twelve(world, month, put, at):
    """A portal that began in November 2024, read after the year's end."""
    at("2024-12-28 09:00")
    for key in ("2024-11", "2024-12"):
        put(world.thac_mo, month(key), 1)
        rollup.roll_up(month(key))


def test_two_of_twelve_months_are_not_called_a_year_up_to_december(client, world, two_of_twelve):
    page = read(client, world.old_officer, ky="2024")
    text = text_of(page.content.decode())
    assert page.context["title"].startswith("Tổng quan năm 2024 (tháng 11–12/2024): ")
    assert "Số liệu gồm 2/12 tháng: tháng 11–12/2024." in text
    assert "đến hết tháng 12" not in text
    rows = client.get(reverse("dashboard-source"), {"ky": "2024", "so": "received"})
    assert "năm 2024 (tháng 11–12/2024)" in text_of(rows.content.decode())


def test_the_file_says_the_same_on_its_cover_sheets_and_in_its_name(world, two_of_twelve, tmp_path):
    path = tmp_path / "tep.xlsx"
    made = dt.datetime(2024, 12, 28, 2, 0, tzinfo=dt.UTC)
    written = excel.write_summary(path, unit_id=world.thac_mo.pk, span=Span.parse("2024"), basis="provisional", at=made)
    book = openpyxl.load_workbook(path)
    assert book["Bìa"]["A3"].value == "Kỳ báo cáo: năm 2024 (tháng 11–12/2024)"
    cover = {row[0].value: row[1].value for row in book["Bìa"].iter_rows(min_row=5)}
    assert cover["Kỳ báo cáo"] == "năm 2024 (tháng 11–12/2024), số liệu từ 15/10/2024 đến 14/12/2024"
    assert "năm 2024 (tháng 11–12/2024), số liệu từ 15/10/2024" in book["Theo dịch vụ"]["A5"].value
    assert book.properties.title.endswith("năm 2024 (tháng 11–12/2024)")
    job = ExportJob(span="2024", basis="provisional")
    name = export_jobs.file_name(written, job)
    assert name == "Bieu-tong-hop_phuong-thac-mo_2024_thang-11-den-12-2024_tam-tinh.xlsx"


def test_a_whole_stretch_keeps_its_plain_name_in_the_file(world, quarters, tmp_path):
    made = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)
    for key, name in (("2026-Q3", "2026-Q3"), ("2026-07..2026-08", "2026-07_den_2026-08")):
        written = excel.write_summary(
            tmp_path / "tep.xlsx", unit_id=world.phuoc_long.pk, span=Span.parse(key), basis="official", at=made
        )
        job = ExportJob(span=key, basis="official")
        assert export_jobs.file_name(written, job) == f"Bieu-tong-hop_phuong-phuoc-long_{name}_chinh-thuc.xlsx"
