"""Services out of the headline rates: a dated flag of the catalogue; all values are computed by hand.

Random worlds, in which services are left out for a while, are held against the independent model by tests/oracle.
"""

import datetime as dt
import re

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting import catalogue
from reporting.exports import excel
from reporting.figures import RATE_FIELDS
from reporting.headline import LeftOut, read_services
from reporting.models import PublicService, Report, ReportingSettings, ServiceFigures, ServiceTerms, Target
from reporting.reading.against_targets import reached_below, reached_by_unit
from reporting.reading.contributions import source
from reporting.reading.findings import FindingFacts, findings
from reporting.reading.heat import MEASURES, read_lines
from reporting.reading.overview import overview
from reporting.reading.peers import peers_of
from reporting.reading.places import NOW, Stretch
from reporting.reading.ranges import service_sums
from reporting.reading.ranking import DEFAULT_RANKING, HEADLINE_RANKINGS, read_values
from reporting.reading.units_below import RankedValue
from reporting.rollup import rollup
from taskforces.models import Level
from tests.conftest import FIRST_NEW, make_unit
from tests.test_catalogue_files import page as file_page  # noqa: F401 – a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

STAYS, BIRTHS = "DVC06", "DVC09"
DAY = dt.timedelta(days=1)


def take_out(code: str, first: dt.date, last: dt.date | None = None) -> None:
    """As an administrator does it: the row in force ends, a new one begins, another where the service comes back."""
    row = ServiceTerms.objects.on(first).get(service__code=code)
    end = row.valid_to
    if row.valid_from < first:
        ServiceTerms.objects.filter(pk=row.pk).update(valid_to=first - DAY)
        row.pk = None
    row.valid_from, row.valid_to, row.in_headline = first, last or end, False
    row.save()
    if last:
        row.pk, row.valid_from, row.valid_to, row.in_headline = None, last + DAY, end, True
        row.save()


@pytest.fixture
def put(fill):
    """Hand in dossiers of services: code -> (received online, received in person, resolved early, resolved overdue)."""

    def write(unit, period, *, status="submitted", **services):
        report = Report.objects.select_related("period").get(unit=unit, period=period)
        fill(report, services=[], status=status)
        for code, (online, in_person, early, overdue) in services.items():
            ServiceFigures.objects.create(
                report=report, service=PublicService.objects.get(code=code), opening=0, received_online=online,
                received_in_person=in_person, received_postal=0, resolved_early=early, resolved_on_time=0,
                resolved_overdue=overdue, rejected=0, pending_in_time=online + in_person - early - overdue,
                pending_overdue=0,
            )  # fmt: skip
        return report

    return write


@pytest.fixture
def november(world, month, put, at):
    """Stay notices are 62 % of Phước Long's dossiers and all that Phước Bình has; out from November on."""
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, DVC06=(6200, 0, 6171, 29), DVC09=(1900, 1900, 3730, 70))
    put(world.phuoc_binh, period, DVC06=(100, 0, 90, 10))
    rollup.roll_up(period)
    take_out(STAYS, dt.date(2026, 11, 1))
    return period


def look(client, user, name="dashboard", **query):
    client.force_login(user)
    answer = client.get(reverse(name), {"ky": "2026-11", **query})
    assert answer.status_code == 200
    return answer


def text_of(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def seen_of(unit, key="2026-11"):
    return overview(unit.pk, Span.parse(key))


# The flag ------------------------------------------------------------------------------------------------------------


def test_without_a_flag_every_service_is_in(world, november, client):
    ServiceTerms.objects.update(in_headline=True)
    seen = seen_of(world.phuoc_long)
    assert (seen.measures.headline, seen.not_counted) == (None, "")
    assert seen.measures.in_time_rate == seen.dossiers.in_time_rate == (9901, 10000)
    for name in ("dashboard", "dashboard-heat", "dashboard-lines"):
        assert "tính Thông báo lưu trú" not in text_of(look(client, world.chair, name))
    assert "tính cả" not in text_of(look(client, world.leader))


@pytest.mark.parametrize(
    ("first", "last", "out"),
    [
        ("2026-11-14", None, True),  # in force on the last day of the month
        ("2026-11-15", None, False),
        ("2026-01-01", "2026-11-14", True),
        ("2026-01-01", "2026-11-13", False),
    ],
)
def test_the_last_day_of_the_month_decides(world, month, first, last, out):
    period = month("2026-11")
    take_out(STAYS, dt.date.fromisoformat(first), dt.date.fromisoformat(last) if last else None)
    _, left_out = read_services()
    assert left_out.of(period) == ({PublicService.objects.get(code=STAYS).pk} if out else set())


def test_services_and_what_is_left_out_are_read_in_one_query(world, django_assert_num_queries):
    """A service that is out twice is in the catalogue once, and every service has its terms in several rows."""
    take_out(STAYS, dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    take_out(STAYS, dt.date(2026, 5, 1))
    with django_assert_num_queries(1):
        services, left_out = read_services()
    assert [s.code for s in services.values()] == [f"DVC{n:02d}" for n in range(1, 26)]
    assert [(s.code, first, last) for s, first, last in left_out.stays] == [
        (STAYS, dt.date(2026, 1, 1), dt.date(2026, 1, 31)),
        (STAYS, dt.date(2026, 5, 1), None),
    ]


def test_rates_are_made_of_flows():
    """A month's flag says which of its dossiers are in; a state belongs to no month of a span alone."""
    from reporting.figures import FLOW_FIELDS

    assert set(RATE_FIELDS) <= set(FLOW_FIELDS)


# A month -------------------------------------------------------------------------------------------------------------


def test_the_page_says_both_and_counts_everything(world, november, client):
    seen = seen_of(world.phuoc_long)
    assert (seen.measures.in_time_rate, seen.dossiers.in_time_rate) == ((3730, 3800), (9901, 10000))
    assert (seen.measures.online_rate, seen.dossiers.online_rate) == ((1900, 3800), (8100, 10000))
    assert (seen.dossiers.received, seen.dossiers.resolved) == (10000, 10000)
    answer = look(client, world.leader)
    cards = {card["label"]: card for card in answer.context["stats"]}
    assert cards["Trước và đúng hạn"]["value"] == "98,16%"
    assert cards["Trước và đúng hạn"]["all_services"]["value"] == "99,01%"
    assert (cards["Tỷ lệ trực tuyến"]["value"], cards["Hồ sơ tiếp nhận"]["value"]) == ("50,00%", "10.000")
    text = text_of(answer)
    assert "98,16% (tính cả Thông báo lưu trú: 99,01% )" in text
    assert "Tỷ lệ chung không tính Thông báo lưu trú; số hồ sơ vẫn tính đủ các dịch vụ." in text
    assert "Tỷ lệ ở dòng Cộng không tính Thông báo lưu trú." in text
    services = {row["code"]: [text for _, text, _, _ in row["cells"]] for row in answer.context["services"]["rows"]}
    assert [services[code][8] for code in (STAYS, BIRTHS, "")] == ["99,53%", "98,16%", "98,16%"]  # its own rate stays
    assert services[""][1] == "8.100"


def test_a_unit_with_nothing_but_left_out_services_has_counts_and_no_rate(world, november, client):
    row = next(row for row in seen_of(world.dong_nai).rows if row.unit_id == world.phuoc_binh.pk)
    assert (row.measures.in_time_rate, row.dossiers.resolved, row.rank) == ((None, None), 100, None)
    answer = look(client, world.chair)
    cells = {row["name"]: [text for _, text, _, _ in row["cells"]] for row in answer.context["units"]}
    assert cells["Phường Phước Bình"][:4] == ["100", "–", "100", "–"]
    assert cells["Phường Phước Long"][:4] == ["10.000", "50,00%", "10.000", "98,16%"]
    total = [text for _, text, _, _ in answer.context["unit_total"]["cells"]]
    assert total[:4] == ["10.100", "50,00%", "10.100", "98,16%"]
    assert [r["name"] for r in answer.context["ranking"]["rows"]] == ["Phường Phước Long"]
    text = text_of(answer)
    assert "Tỷ lệ trực tuyến, trước và đúng hạn không tính Thông báo lưu trú." in text
    assert "Cột Cộng không tính Thông báo lưu trú." in text
    assert "Không tính Thông báo lưu trú. Bằng nhau thì cùng hạng." in text
    of_counts = look(client, world.chair, xep_theo="tiep-nhan").context["ranking"]
    assert ([r["value"] for r in of_counts["rows"]], of_counts["not_counted"]) == (["10.000", "100"], "")


def test_a_rate_without_a_denominator(world, month, put, at):
    """Births were received and none was resolved: 0/0 is no rate, whatever the stay notices say."""
    at("2026-11-18 09:00")
    put(world.phuoc_long, month("2026-11"), DVC06=(50, 0, 50, 0), DVC09=(0, 8, 0, 0))
    take_out(STAYS, dt.date(2026, 11, 1))
    seen = seen_of(world.phuoc_long)
    assert (seen.measures.in_time_rate, seen.measures.online_rate) == ((0, 0), (0, 8))
    assert seen.dossiers.in_time_rate == (50, 50)


def test_a_service_is_ranked_and_shown_by_its_own_rate(world, november, client):
    seen = overview(world.dong_nai.pk, Span.parse("2026-11"), ranked_by=f"dvc:{STAYS}")
    values = {row.unit_id: (row.value, row.rank) for row in seen.rows}
    assert values[world.phuoc_binh.pk] == (RankedValue(90, 100), 2)
    assert values[world.phuoc_long.pk] == (RankedValue(6171, 6200), 1)
    found = source(world.dong_nai.pk, seen.periods, "provisional", f"{STAYS}.in_time_rate")
    assert (found.value, found.of, found.left_out.words(seen.periods)) == (6261, 6300, "")


def test_own_report_and_what_is_below(world, november, put, client):
    """The province itself handled births and stay notices; the communes below as before."""
    put(world.dong_nai, november, DVC06=(10, 0, 10, 0), DVC09=(4, 6, 5, 5))
    rollup.roll_up(november)
    seen = seen_of(world.dong_nai)
    own = next(row for row in seen.rows if row.is_own)
    assert own.measures.in_time_rate == (5, 10)
    assert seen.measures.in_time_rate == (3730 + 5, 3800 + 10)
    found = source(world.dong_nai.pk, seen.periods, "provisional", "in_time_rate", below=world.dong_nai.pk)
    assert (found.value, found.of) == (5, 10)


# Several months ------------------------------------------------------------------------------------------------------


@pytest.fixture
def quarter(world, month, put, at):
    """July counts stay notices, August and September do not: they are out from 14 August, August's last day."""
    at("2026-10-28 09:00")
    months = [month(f"2026-{m:02d}") for m in (4, 5, 6, 7, 8, 9)]
    for k, period in enumerate(months[3:]):
        put(world.phuoc_long, period, DVC06=(100, 0, 100, 0), DVC09=(10 + k, 10, 10 + k, 10))
    put(world.phuoc_binh, months[3], DVC06=(40, 0, 40, 0))
    put(world.phuoc_binh, months[4], DVC06=(40, 0, 40, 0))
    for period in months:
        rollup.roll_up(period)
    take_out(STAYS, dt.date(2026, 8, 14))
    return months


def test_each_month_of_a_quarter_by_its_own_flag(world, quarter, client):
    seen = seen_of(world.dong_nai, "2026-Q3")
    rows = {row.unit_id: row.measures for row in seen.rows}
    # July: births 10/20 and stay notices 100/100; August 11/21, September 12/22 without them
    assert rows[world.phuoc_long.pk].in_time_rate == (10 + 100 + 11 + 12, 20 + 100 + 21 + 22)
    assert rows[world.phuoc_binh.pk].in_time_rate == (40, 40)  # July's alone
    assert seen.measures.in_time_rate == (133 + 40, 163 + 40)
    assert seen.dossiers.in_time_rate == (333 + 80, 363 + 80)
    assert seen_of(world.phuoc_long, "2026-Q3").measures.in_time_rate == (133, 163)
    assert seen.not_counted == "Thông báo lưu trú (tháng 08–09/2026)"
    found = source(world.dong_nai.pk, seen.periods, "provisional", "in_time_rate")
    assert (found.value, found.of) == (173, 203)
    parts = {(row.unit_id, row.period_id): (row.value, row.of) for row in found.rows}
    assert parts == {
        (world.phuoc_long.pk, quarter[3].pk): (110, 120),
        (world.phuoc_long.pk, quarter[4].pk): (11, 21),
        (world.phuoc_long.pk, quarter[5].pk): (12, 22),
        (world.phuoc_binh.pk, quarter[3].pk): (40, 40),
    }
    text = text_of(look(client, world.chair, ky="2026-Q3"))
    assert "không tính Thông báo lưu trú (tháng 08–09/2026)" in text


def test_sums_by_reporting_unit_know_the_flag(world, quarter):
    """The peers of a commune are read so: each commune wherever below, services and months added up in the database."""
    _, left_out = read_services()
    stretch = Stretch(world.dong_nai.pk, "provisional", quarter[3:], left_out=left_out)
    ranking = HEADLINE_RANKINGS[DEFAULT_RANKING]
    assert read_values(stretch, ranking, by_unit=True)[NOW] == {
        world.phuoc_long.pk: RankedValue(133, 163),
        world.phuoc_binh.pk: RankedValue(40, 40),
    }
    [one] = service_sums(Stretch(world.phuoc_binh.pk, "provisional", quarter[4:5], left_out=left_out),
                         by_child=False, by_service=False)  # fmt: skip
    assert (one.dossiers.resolved, one.headline.resolved) == (40, None)
    births = PublicService.objects.get(code=BIRTHS).pk
    assert all(part.headline is None for part in service_sums(stretch, by_child=True, by_service=False,
                                                              service_ids=[births]))  # fmt: skip


def test_the_trend_and_the_small_lines_show_each_month_as_its_own_page(world, quarter, client):
    points = {point.month.month: (point.in_time, point.online) for point in seen_of(world.phuoc_long, "2026-09").trend}
    assert points[7] == ((110, 120), (110, 120))
    assert points[8] == ((11, 21), (11, 21))
    assert points[9] == ((12, 22), (12, 22))
    of_province = {p.month.month: p.in_time for p in seen_of(world.dong_nai, "2026-09").trend}
    assert of_province[7] == (150, 160)
    assert of_province[8] == (11, 21)
    _, left_out = read_services()
    from reporting.reading.family import family
    from taskforces.models import UnitVersion

    around = family(world.dong_nai.pk, list(UnitVersion.objects.filter(unit=world.dong_nai)), quarter[-1].data_to)
    lines = {}
    for key in ("dung-han", "tiep-nhan"):
        found = read_lines(around, "provisional", quarter[3:], MEASURES[key], left_out)
        lines[key] = {line.unit.unit_id: line.points for line in found}
    assert lines["dung-han"][world.phuoc_long.pk] == [(110, 120), (11, 21), (12, 22)]
    assert lines["dung-han"][world.phuoc_binh.pk] == [(40, 40), None, None]
    assert lines["tiep-nhan"][world.phuoc_binh.pk] == [(40, None), (40, None), None]
    answer = look(client, world.chair, "dashboard-lines", ky="2026-09")
    assert "Không tính Thông báo lưu trú (tháng 08–09/2026)." in text_of(answer)
    trend = look(client, world.chair, ky="2026-09").context["trend"]
    assert "Tỷ lệ không tính Thông báo lưu trú (tháng 08–09/2026)." in trend["note"]


def test_a_change_is_one_of_the_same_services(world, quarter, client):
    """August without stay notices is not held against July with them: 52,38 % after 91,67 % would be no fall."""
    seen = seen_of(world.dong_nai, "2026-08")
    compared = seen.comparison
    assert (compared.now.in_time_rate, compared.before.in_time_rate) == ((11, 21), (10, 20))
    assert (compared.now.dossiers.resolved, compared.before.dossiers.resolved) == (161, 160)  # counts: all of them
    row = compared.rows[world.phuoc_long.pk]
    assert (row[0].in_time_rate, row[1].in_time_rate) == ((11, 21), (10, 20))
    assert compared.rows[world.phuoc_binh.pk][1].in_time_rate == (None, None)
    assert compared.is_restated
    assert seen_of(world.dong_nai, "2026-07").measures.in_time_rate == (150, 160)  # July's own page stays
    ReportingSettings.objects.filter(pk=1).update(fewest_dossiers=1)
    assert not any("giảm" in f.title for f in findings(seen_of(world.dong_nai, "2026-08"), FindingFacts()))
    text = text_of(look(client, world.chair, ky="2026-08"))
    assert "Khi so sánh, tỷ lệ của tháng 07/2026 được tính lại với cùng các dịch vụ của kỳ này." in text
    september = seen_of(world.phuoc_long, "2026-09")
    assert not september.comparison.is_restated
    assert "tính lại" not in text_of(look(client, world.leader, ky="2026-09"))


def test_a_service_that_comes_back_is_on_both_sides(world, quarter, client):
    ServiceTerms.objects.filter(service__code=STAYS, in_headline=False).delete()
    ServiceTerms.objects.filter(service__code=STAYS, valid_to=dt.date(2026, 8, 13)).update(valid_to=None)
    take_out(STAYS, dt.date(2026, 7, 1), dt.date(2026, 7, 31))  # July alone is without
    seen = seen_of(world.phuoc_long, "2026-08")
    assert (seen.measures.headline, seen.not_counted) == (None, "")
    assert (seen.comparison.now.in_time_rate, seen.comparison.before.in_time_rate) == ((111, 121), (110, 120))
    text = text_of(look(client, world.leader, ky="2026-08"))
    assert "Tỷ lệ chung không tính" not in text
    assert "tỷ lệ của tháng 07/2026 được tính lại" in text


# Rows, grid, findings, peers -----------------------------------------------------------------------------------------


def test_the_rows_behind_both_rates_and_the_marked_cells(world, november, client):
    seen = seen_of(world.dong_nai)
    found = source(world.dong_nai.pk, seen.periods, "provisional", "online_rate")
    assert (found.value, found.of, [row.unit_id for row in found.rows]) == (1900, 3800, [world.phuoc_long.pk])
    everything = source(world.dong_nai.pk, seen.periods, "provisional", "online_rate_all")
    assert (everything.value, everything.of, len(everything.rows)) == (8200, 10100 - 0, 2)
    counted = source(world.dong_nai.pk, seen.periods, "provisional", "received")
    assert counted.value == 10100
    answer = look(client, world.chair, "dashboard-source", so="in_time_rate")
    assert "Không tính Thông báo lưu trú. Xem số tính mọi dịch vụ công" in text_of(answer)
    assert "so=in_time_rate_all" in answer.content.decode()
    answer = look(client, world.chair, "dashboard-source", so="in_time_rate_all")
    assert "Tỷ lệ trước và đúng hạn, tính mọi dịch vụ công: 98,92%" in text_of(answer)  # 9.991/10.100
    assert "Không tính" not in text_of(answer)
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    client.force_login(world.reviewer)
    marked = {
        so: {cell.partition(".")[0] for cell in client.get(report.get_absolute_url(), {"o": so}).context["marked"]}
        for so in ("in_time_rate", "in_time_rate_all", f"{STAYS}.in_time_rate")
    }
    assert STAYS not in marked["in_time_rate"]
    assert BIRTHS in marked["in_time_rate"]
    assert {STAYS, BIRTHS} <= marked["in_time_rate_all"]
    assert marked[f"{STAYS}.in_time_rate"] == {STAYS}


def test_the_grid_adds_up_what_is_in_and_shows_every_service(world, november, client):
    answer = look(client, world.chair, "dashboard-heat")
    heat = answer.context["heat"]
    rows = {row["name"]: row for row in heat["rows"]}
    assert (rows["Phường Phước Long"]["total"], rows["Phường Phước Bình"]["total"]) == ("98,16", "–")
    assert heat["foot"] == ["99,38", "98,16"]  # stay notices 6.261/6.300
    assert heat["total"] == "98,16"
    assert "Cột Cộng không tính Thông báo lưu trú." in text_of(answer)
    volume = look(client, world.chair, "dashboard-heat", do="tiep-nhan")
    assert volume.context["heat"]["total"] == "10.100"
    assert "không tính" not in text_of(volume).lower()


def test_findings_about_units_speak_of_headline_rates(world, november, put):
    put(world.phu_rieng, november, DVC06=(500, 0, 0, 500), DVC09=(50, 0, 50, 0))
    seen = seen_of(world.dong_nai)
    [best] = [f for f in findings(seen, FindingFacts(ReportingSettings.load())) if "dẫn đầu" in f.title]
    assert best.title == "Xã Phú Riềng dẫn đầu"
    assert best.text == "100,00% trước và đúng hạn trên 50 hồ sơ đã giải quyết (không tính Thông báo lưu trú)."


def test_peers_are_spread_by_headline_rates(world, november, put):
    """Six wards: stay notices would have turned the order round."""
    for n in range(5):
        ward = make_unit(f"2599{n}", f"Phường Số {n}", "phuong", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
        from reporting.periods import open_period

        open_period(Span.parse("2026-11").first)
        put(ward, november, DVC06=(1000, 0, 100 * n, 1000 - 100 * n), DVC09=(100, 0, 95 - n, 5 + n))
    found = peers_of(seen_of(world.phuoc_long))
    assert (found.value[:2], found.rank, found.total) == ((3730, 3800), 1, 6)
    assert [float(x) for x in (found.spread[0], found.spread[-1])] == [0.91, 3730 / 3800]


def test_the_review_list_says_the_rate_of_the_dashboard(world, november, client):
    client.force_login(world.reviewer)
    answer = client.get(reverse("review-list"), {"ky": "2026-11"})
    rows = {row.name: (row.received, row.on_time) for row in answer.context["review"].rows}
    assert rows["Phường Phước Long"] == ("10.000", "98,16%")
    assert rows["Phường Phước Bình"] == ("100", "–")
    assert "Trước và đúng hạn không tính Thông báo lưu trú." in text_of(answer)


# Excel ---------------------------------------------------------------------------------------------------------------


def sheet(path, name):
    return list(openpyxl.load_workbook(path, data_only=True)[name].iter_rows(min_row=8, values_only=True))


def test_excel_totals_are_headline_rates_with_what_they_are_of(world, november, tmp_path):
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="provisional")
    rows = sheet(path, "Theo đơn vị")
    assert "Tính tỷ lệ chung (không tính Thông báo lưu trú)" in rows[0]
    units = {row[1]: row for row in rows if row[1]}
    assert units["Phường Phước Long"][-11:-3] == (1900, 3800, 3730, 3800, 0.5, 3730 / 3800, 0.81, 0.9901)
    assert units["Phường Phước Bình"][-11:-3] == (None, None, None, None, "–", "–", 1, 0.9)
    assert units["TỔNG SỐ"][-11:-3] == (1900, 3800, 3730, 3800, 0.5, 3730 / 3800, 8200 / 10100, 9991 / 10100)
    services = {row[1] or row[2]: row for row in sheet(path, "Theo dịch vụ") if row[1] or row[2]}
    assert services[STAYS][-7:-5] == (1, 6261 / 6300)
    assert services["TỔNG SỐ"][-7:-5] == (8200 / 10100, 9991 / 10100)
    assert services["Phần tính tỷ lệ chung"][-7:-5] == (0.5, 3730 / 3800)
    assert services["Phần tính tỷ lệ chung"][5] == 1900
    cover = {row[0]: row[1] for row in sheet(path, "Bìa")}
    assert cover["Tỷ lệ chung"] == (
        "Không tính Thông báo lưu trú: trực tuyến 50,00% (tính cả: 81,19%), trước và đúng hạn 98,16% (tính cả: 98,92%)"
    )


def test_the_sheet_of_comparisons_has_both_rates(world, quarter, tmp_path):
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-08"), basis="provisional")
    rows = sheet(path, "So sánh")
    together = {row[2]: row[4:7] for row in rows if row[1] == "Cộng các dịch vụ công"}
    assert together["Đã giải quyết"] == (161, 160, 1)
    assert together["Tỷ lệ trước và đúng hạn, tính cả"][:2] == (151 / 161, 150 / 160)
    assert together["Đã giải quyết, phần tính tỷ lệ chung"] == (21, 20, 1)
    assert together["Tỷ lệ trước và đúng hạn chung"] == (11 / 21, 0.5, 2.38)
    notes = [row[0] for row in rows if row[0]]
    assert "Tỷ lệ chung không tính Thông báo lưu trú." in notes
    assert "Tỷ lệ chung của kỳ so sánh được tính lại với cùng các dịch vụ của kỳ này." in notes


def test_a_file_without_the_flag_is_as_before(world, november, tmp_path):
    ServiceTerms.objects.update(in_headline=True)
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="provisional")
    assert not any("chung" in str(cell) for row in sheet(path, "Theo đơn vị") for cell in row)
    assert "Phần tính tỷ lệ chung" not in [row[2] for row in sheet(path, "Theo dịch vụ")]
    assert "Tỷ lệ chung" not in [row[0] for row in sheet(path, "Bìa")]


# The catalogue -------------------------------------------------------------------------------------------------------


def test_nothing_shipped_is_left_out(world):
    assert not ServiceTerms.objects.filter(in_headline=False).exists()


def test_a_shipped_service_may_be_out_from_a_day_on(db, monkeypatch):
    rows = [
        row | {"left_out_from": "2026-01-15"} if row["code"] == STAYS else row
        for row in catalogue._rows("services.csv")
    ]
    monkeypatch.setattr(catalogue, "_rows", lambda name: rows if name == "services.csv" else [])
    catalogue.load_catalogue()
    terms = ServiceTerms.objects.filter(service__code=STAYS)
    assert terms.on(dt.date(2026, 1, 14)).get().in_headline
    assert not terms.on(dt.date(2026, 1, 15)).get().in_headline
    assert ServiceTerms.objects.filter(in_headline=False).count() == 1


def test_the_flag_comes_in_by_file_and_an_empty_cell_leaves_the_service_in(world, file_page):  # noqa: F811
    head = ["Mã dịch vụ công", "Từ ngày", "Đến hết ngày", "Cấp xã báo cáo", "Cơ quan chủ trì", "Tính vào tỷ lệ chung"]
    file_page("serviceterms")(
        head,
        [STAYS, "01/01/2027", "31/01/2027", "có", "Bộ Công an", "không"],
        [STAYS, "01/02/2027", "28/02/2027", "có", "Bộ Công an", ""],
        [STAYS, "01/03/2027", "", "có", "Bộ Công an", "có"],
    )
    rows = ServiceTerms.objects.filter(service__code=STAYS, valid_from__gte=dt.date(2027, 1, 1)).order_by("valid_from")
    assert [row.in_headline for row in rows] == [False, True, True]
    file_page("serviceterms")(head[:5], [STAYS, "01/01/2027", "31/01/2027", "có", "Bộ Công an (mới)"])
    assert not rows.first().in_headline  # a file without the column changes nothing of it


def test_the_administration_shows_the_flag(world, client):
    client.force_login(world.administrator)
    assert "tính vào tỷ lệ chung" in client.get(reverse("admin:reporting_serviceterms_changelist")).text.lower()
    term = ServiceTerms.objects.get(service__code=STAYS, valid_to=None)
    page = client.get(reverse("admin:reporting_publicservice_change", args=[term.service_id])).text
    assert "in_headline" in page


def test_words_name_each_service_and_its_months(month, world):
    periods = [month("2026-09"), month("2026-10")]
    take_out(STAYS, dt.date(2026, 10, 1))
    take_out("DVC04", dt.date(2026, 1, 1))
    _, left_out = read_services()
    assert left_out.words(periods) == "Đăng ký tạm trú, Thông báo lưu trú (tháng 10/2026)"
    assert left_out.words(periods[1:]) == "Đăng ký tạm trú, Thông báo lưu trú"
    assert LeftOut().words(periods) == ""


# Targets --------------------------------------------------------------------------------------------------------------


def test_a_target_over_all_services_is_held_against_the_headline_rate(world, month, put):
    """Out from November on: in October all count, 9.901 of 10.000, then 3.730 of 3.800."""
    october, november = month("2026-10"), month("2026-11")
    for period in (october, november):
        put(world.phuoc_long, period, status="approved", DVC06=(6200, 0, 6171, 29), DVC09=(1900, 1900, 3730, 70))
        rollup.roll_up(period)
    take_out(STAYS, dt.date(2026, 11, 1))
    rate = {"rate": "in_time_rate", "year": 2026, "value": 95}
    year, of_october, of_november = (
        Target.objects.create(unit=world.phuoc_long, month=number, **rate) for number in (0, 10, 11)
    )
    one = Target.objects.create(unit=world.phuoc_long, month=0, service=PublicService.objects.get(code=STAYS), **rate)
    stays = Target.objects.create(
        unit=world.phuoc_long, month=11, service=PublicService.objects.get(code=STAYS), **rate
    )
    found = reached_by_unit(
        world.phuoc_long.pk, [year, of_october, of_november, one, stays], [october, november], has_summaries=False
    )
    assert [found[target.pk].actual for target in (year, of_october, of_november, one, stays)] == [
        (9901 + 3730, 10000 + 3800),
        (9901, 10000),
        (3730, 3800),
        (2 * 6171, 2 * 6200),
        (6171, 6200),
    ]
    for target in (year, of_november):
        Target.objects.filter(pk=target.pk).update(unit=world.dong_nai)
        target.unit_id = world.dong_nai.pk
    above = reached_by_unit(world.dong_nai.pk, [year, of_november], [october, november], has_summaries=True)
    assert [above[target.pk].actual for target in (year, of_november)] == [(9901 + 3730, 13800), (3730, 3800)]
    Target.objects.filter(pk=of_november.pk).update(unit=world.phuoc_long)
    of_november.unit_id = world.phuoc_long.pk
    below = reached_below(world.dong_nai.pk, [of_november], [november])
    assert below[world.phuoc_long.pk, of_november.key].actual == (3730, 3800)
