"""Mistakes that real systems of this kind made, tried on every way out at once: page, chart, Excel, form and API.

Figures are added by hand; those of different units are powers of two or primes, so that a sum says which it holds.
"""

import datetime as dt
import io
import json
import re

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from de_an_06.plain.spans import Month, Span
from reporting.catalogue import load_catalogue
from reporting.exports import excel, export_jobs
from reporting.exports.form_file import write_entry_form
from reporting.models import (
    ExportJob,
    FigureChange,
    Indicator,
    IndicatorFigure,
    ParticipatingArea,
    PublicService,
    Report,
    ServiceFigures,
    ServiceSummary,
    ServiceTerms,
)
from reporting.periods import open_period
from reporting.reading.contributions import name_rows, source
from reporting.reading.overview import NoFigures, overview
from reporting.review import workflow
from reporting.rollup import rollup
from reporting.rollup.audit import audit
from taskforces.models import Branch, Level, Role, UnitVersion
from taskforces.units import tree
from taskforces.units.csv_files import SUCCESSION_FIELDS, UNIT_FIELDS
from taskforces.units.loading import load_units
from tests.conftest import START, make_person
from tests.test_entry_form import place
from tests.test_entry_pages import plain_form, save

pytestmark = pytest.mark.django_db
PERCENT, COUNT = "0.00%", "#,##0"
SHEETS = ("Theo đơn vị", "Theo dịch vụ", "Chỉ tiêu", "Chưa báo cáo", "Nguồn số liệu")
FIRST = 11  # first row of figures in every sheet


def send(unit, period, status="submitted", service="DVC09", **figures):
    """A sent report with one service; blank where nothing is given."""
    report = Report.objects.select_related("period", "unit").get(unit=unit, period=period)
    if figures:
        ServiceFigures.objects.create(report=report, service=PublicService.objects.get(code=service), **figures)
    moment = dt.datetime(period.year, period.month, 15, 3, tzinfo=dt.UTC)
    Report.objects.filter(pk=report.pk).update(
        status=status, revision=1, submitted_at=moment, approved_at=moment if status == "approved" else None
    )
    report.refresh_from_db()
    return report


def tell(report, code, numerator, denominator=None):
    IndicatorFigure.objects.create(
        report=report, indicator=Indicator.objects.get(code=code), numerator=numerator, denominator=denominator
    )


def get(client, user, name, *args, **query):
    client.force_login(user)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, (user, name, query)
    return response


def api(client, user, address, **query):
    client.force_login(user)
    response = client.get(f"/api/{address}", query)
    assert response.status_code == 200, (user, address, query)
    return response.json()


def workbook(tmp_path, unit, span, basis="provisional", **more):
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=unit.pk, span=Span.parse(span), basis=basis, **more)
    return openpyxl.load_workbook(path, data_only=True)


def head_of(sheet):
    """Title of each column -> its number; under a common title both: 'Tiếp nhận trong kỳ: Trực tuyến'."""
    found, group = {}, ""
    for column in range(1, sheet.max_column + 1):
        group = sheet.cell(8, column).value or group
        title = sheet.cell(9, column).value
        found[f"{group}: {title}" if title else group] = column
    return found


def lines_of(sheet, key):
    """Text of the column `key` -> the row's values by title, the total too."""
    heads = head_of(sheet)
    rows = {}
    for row in range(FIRST, sheet.max_row + 1):
        name = sheet.cell(row, key).value
        if name:
            rows.setdefault(name, []).append({title: sheet.cell(row, c).value for title, c in heads.items()})
    return rows


def cards_of(page):
    return {card["label"]: card["value"] for card in page.context["stats"]}


# Names of their month ------------------------------------------------------------------------------------------------


def rename(unit, *changes):
    """`changes`: (first day, name). The unit keeps its place."""
    version = unit.versions.get()
    ends = version.valid_to
    for day, name in changes:
        UnitVersion.objects.filter(pk=version.pk).update(valid_to=day - dt.timedelta(days=1))
        version.pk, version.name, version.short_name = None, name, name.split(" ", 1)[1]
        version.valid_from, version.valid_to = day, ends
        version.save(force_insert=True)


def test_rows_of_a_renamed_unit_are_named_as_of_their_month(world, month, at, client, tmp_path):
    """Phước Long to 14 October, the very last day of that month's data, then Sông Bé; from 14 December Bù Gia."""
    at("2026-12-20 09:00")
    months = [month(f"2026-{m}") for m in (10, 11, 12)]
    rename(world.phuoc_long, (dt.date(2026, 10, 15), "Phường Sông Bé"), (dt.date(2026, 12, 14), "Phường Bù Gia"))
    rename(world.phuoc_binh, (dt.date(2026, 10, 15), "Phường Long Giang"))
    send(world.phuoc_long, months[0], opening=1, received_online=3)
    send(world.phuoc_long, months[1], received_online=7)
    send(world.phuoc_binh, months[0], received_online=5)
    for period in months:
        rollup.roll_up(period)

    rows = source(world.dong_nai.pk, months, "provisional", "received_online").rows
    name_rows(rows, months)
    assert {row.value: row.unit_name for row in rows} == {
        7: "Phường Sông Bé",
        5: "Phường Phước Bình",
        3: "Phường Phước Long",
    }
    behind = get(client, world.chair, "dashboard-source", ky="2026-Q4", so="received_online").content.decode()
    assert {name for name in ("Phước Long", "Sông Bé", "Bù Gia", "Phước Bình", "Long Giang") if name in behind} == {
        "Phước Long",
        "Sông Bé",
        "Phước Bình",
    }
    seen = overview(world.dong_nai.pk, Span.parse("2026-Q4"))
    assert {row.name for row in seen.rows} >= {"Phường Bù Gia", "Phường Long Giang"}  # the tree of the last day
    owing = {(m.period.month, m.name) for m in seen.missing if m.unit_id in {world.phuoc_long.pk, world.phuoc_binh.pk}}
    assert owing == {(11, "Phường Long Giang"), (12, "Phường Bù Gia"), (12, "Phường Long Giang")}

    book = workbook(tmp_path, world.dong_nai, "2026-Q4")
    sources = {row[1].value: row[5].value for row in book["Nguồn số liệu"].iter_rows(min_row=FIRST) if row[3].value}
    assert sources == {"Phường Sông Bé": "tháng 11/2026", "Phường Phước Bình": "tháng 10/2026"}
    missing = {
        (r[1].value, r[3].value) for r in book["Chưa báo cáo"].iter_rows(min_row=FIRST) if "Phường" in r[1].value
    }
    assert missing == {
        ("Phường Long Giang", "tháng 11/2026"),
        ("Phường Long Giang", "tháng 12/2026"),
        ("Phường Bù Gia", "tháng 12/2026"),
    }
    first = workbook(tmp_path, world.dong_nai, "2026-10")
    names = {row[1].value for row in first["Theo đơn vị"].iter_rows(min_row=FIRST)}
    assert names >= {"Phường Phước Long", "Phường Phước Bình"}
    listed = api(client, world.chair, "reports/", period="2026-10")["results"]
    assert {r["unit_name"] for r in listed} >= {"Phường Phước Long", "Phường Phước Bình"}
    listed = api(client, world.chair, "reports/", period="2026-12")["results"]
    assert {r["unit_name"] for r in listed} >= {"Phường Bù Gia", "Phường Long Giang"}


# Joined totals (merging, splitting) ----------------------------------------------------------------------------------

LAST, NEXT = dt.date(2025, 6, 30), dt.date(2025, 7, 1)


class Land:
    """units.csv and succession.csv of one province with wards A and B, and what became of them on 1 July 2025."""

    def __init__(self, folder):
        self.folder = folder

    def load(self, heirs=(), links=()):
        """`heirs`: codes of the wards that begin on 1 July; `links`: (old, new, in part).

        Without links A and B live on and the heirs, never removed from a file, end on the day they began.
        """
        ends, heirs_end = (LAST, "") if links else ("", NEXT)
        rows = [("70", "Tỉnh Thử", "tinh", "province", "", START, "")]
        rows += [(code, f"Phường {code}", "phuong", "commune", "70", START, ends) for code in ("00001", "00002")]
        rows += [(code, f"Phường {code}", "phuong", "commune", "70", NEXT, heirs_end) for code in heirs]
        lines = [
            f"{code},{name},{name.split(' ', 1)[1]},{kind},{level},{above},{START if above else ''},"
            f"{since},{until},exact,luật"
            for code, name, kind, level, above, since, until in rows
        ]
        (self.folder / "units.csv").write_text("\n".join([",".join(UNIT_FIELDS), *lines]) + "\n", encoding="utf-8")
        lines = [f"{a},{START},{b},{NEXT},{NEXT},{str(part).lower()},nghị quyết,luật" for a, b, part in links]
        columns = ",".join([*SUCCESSION_FIELDS, "source"])
        (self.folder / "succession.csv").write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
        load_units(self.folder, change_reports=True)
        rollup.drain()


@pytest.fixture
def land(db, tmp_path, at):
    """A = 10 and B = 7 in May 2025, B = 5 in April; the totals are stored before anything is merged."""
    at("2025-09-20 09:00")
    land = Land(tmp_path)
    land.load()
    load_catalogue()
    ParticipatingArea.objects.create(unit=tree.find("00", START).unit, valid_from=START)
    land.months = {m: open_period(Month(2025, m)) for m in (4, 5)}
    land.a, land.b, land.province = (tree.find(code, START).unit for code in ("00001", "00002", "70"))
    send(land.b, land.months[4], received_online=5, pending_overdue=2)
    send(land.a, land.months[5], received_online=10, pending_overdue=3)
    send(land.b, land.months[5], received_online=7, pending_overdue=4)
    for period in land.months.values():
        rollup.roll_up(period)
    return land


def joined(code, period):
    """The unit's own line with those that may be added to it, as every page reads a unit: (sum, comparable)."""
    unit = tree.find(code, NEXT).unit
    members, is_whole = tree.comparable_predecessors(unit)
    values = []
    for pk in (unit.pk, *members):
        try:
            values.append(overview(pk, Span.parse(period)).dossiers.received_online)
        except NoFigures:
            continue
    known = [value for value in values if value is not None]
    return (sum(known) if known else None), is_whole


def province_totals(land):
    stored = ServiceSummary.objects.filter(unit=land.province, basis="provisional")
    kept = {row.period.key: (row.received_online, row.pending_overdue, row.units_reported) for row in stored}
    read = {}
    for key in ("2025-04", "2025-05", "2025-04..2025-05"):
        seen = overview(land.province.pk, Span.parse(key))
        read[key] = seen.dossiers.received_online, seen.dossiers.pending_overdue, len(seen.missing)
    return kept, read


BEFORE = (
    {"2025-04": (5, 2, 1), "2025-05": (17, 7, 2)},
    {"2025-04": (5, 2, 2), "2025-05": (17, 7, 1), "2025-04..2025-05": (22, 7, 3)},  # the province's own are missing
)


def test_merged_wards_are_added_up_and_undoing_it_gives_both_back(land):
    assert province_totals(land) == BEFORE
    land.load(["00003"], [("00001", "00003", False), ("00002", "00003", False)])
    assert joined("00003", "2025-05") == (17, True)
    assert joined("00003", "2025-04") == (5, True)
    assert province_totals(land) == BEFORE
    for period in land.months.values():
        rollup.roll_up(period)
        assert audit(period) == []
    assert province_totals(land) == BEFORE
    own = {unit: overview(unit.pk, Span.parse("2025-05")).dossiers.received_online for unit in (land.a, land.b)}
    assert own == {land.a: 10, land.b: 7}  # history stays with who made it

    tree.find("00003", NEXT).unit.successions_in.all().delete()
    land.load(["00003"])
    assert (joined("00001", "2025-05"), joined("00002", "2025-05")) == ((10, True), (7, True))
    assert province_totals(land) == BEFORE


def test_a_split_changes_no_past_total_and_hands_history_to_no_child(land):
    links = [("00001", "00003", True), ("00001", "00004", True), ("00002", "00004", False)]
    land.load(["00003", "00004"], links)
    assert joined("00003", "2025-05") == (None, False)
    assert joined("00004", "2025-05") == (7, False)  # B whole, of A only a part that nobody can tell
    assert province_totals(land) == BEFORE
    for period in land.months.values():
        rollup.roll_up(period)
        assert audit(period) == []
    assert province_totals(land) == BEFORE


# Export, page and API of one person ----------------------------------------------------------------------------------


@pytest.fixture
def neighbours(world, month, at):
    """December 2024: each report another power of two, next door too."""
    at("2024-12-20 09:00")
    period = month("2024-12")
    parts = (
        world.thac_mo, world.long_thuy, world.tx_phuoc_long, world.an_loc, world.tx_binh_long, world.binh_phuoc
    )  # fmt: skip
    for k, unit in enumerate(parts):
        service = ServiceTerms.objects.owed_by(unit.level, period.data_to).first().service.code
        tell(send(unit, period, received_online=2**k, service=service), "DD04", 2**k, 100)
    Report.objects.filter(unit=world.long_thuy).update(status="draft")  # typed, not sent: 2 is nowhere
    rollup.roll_up(period)
    world.district_staff = make_person("th688", "Mạc Văn Tổng", world.tx_phuoc_long, Role.AUDITOR)
    return period


@pytest.mark.parametrize(
    ("who", "unit", "total", "reporting"),
    [
        ("district_chair", "tx_phuoc_long", 1 + 4, {"Phường Thác Mơ", "Thị xã Phước Long"}),
        ("district_reviewer", "tx_phuoc_long", 1 + 4, {"Phường Thác Mơ", "Thị xã Phước Long"}),
        (
            "old_staff",
            "binh_phuoc",
            1 + 4 + 8 + 16 + 32,
            {"Phường Thác Mơ", "Thị xã Phước Long", "Phường An Lộc", "Thị xã Bình Long", "Tỉnh Bình Phước"},
        ),
        ("old_officer", "thac_mo", 1, {"Phường Thác Mơ"}),
    ],
)
def test_export_page_and_api_of_one_person_hold_the_same_units_and_totals(
    world, neighbours, client, tmp_path, who, unit, total, reporting, django_capture_on_commit_callbacks
):
    user, unit = getattr(world, who), getattr(world, unit)
    page = get(client, user, "dashboard", ky="2024-12")
    assert cards_of(page)["Hồ sơ tiếp nhận"] == str(total)
    behind = get(client, user, "dashboard-source", ky="2024-12", so="received_online")
    on_page = {row["name"].removeprefix("Cơ quan ") for row in behind.context["rows"]}
    assert on_page == reporting
    assert sum(int(row["value"]) for row in behind.context["rows"]) == total

    listed = api(client, user, "reports/", period="2024-12")["results"]
    sent = {r["unit_name"]: r["id"] for r in listed if r["status"] in {"submitted", "approved"}}
    assert sent.keys() == reporting
    by_report = 0
    for pk in sent.values():
        lines = api(client, user, f"reports/{pk}/")["services"]
        by_report += sum(line["figures"]["received_online"] or 0 for line in lines)
    assert by_report == total
    if unit.level != Level.COMMUNE:
        services = api(client, user, "summaries/", unit=unit.pk, period="2024-12")["services"]
        assert sum(service["figures"]["received_online"] for service in services) == total
        assert sum(service["units_reported"] for service in services) == len(reporting)

    # the file as the person gets it, of the unit the form offers
    form = get(client, user, "export-list", ky="2024-12").context["form"]
    assert form["unit_id"] == unit.pk
    with django_capture_on_commit_callbacks(execute=False):
        job = export_jobs.create(unit=unit, span=Span.parse("2024-12"), basis="provisional", by=user)
    export_jobs.run_export(job.pk)
    answer = get(client, user, "export-download", job.pk)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)), data_only=True)
    sources = {}
    for row in book["Nguồn số liệu"].iter_rows(min_row=FIRST, values_only=True):
        if row[3]:
            sources[row[1]] = row[7]
    assert sources.keys() == reporting
    assert sum(sources.values()) == total
    for name, key in (("Theo đơn vị", 2), ("Theo dịch vụ", 3)):
        [line] = lines_of(book[name], key)["TỔNG SỐ"]
        assert line["Tiếp nhận trong kỳ: Trực tuyến"] == total
    in_file = {row[1] for row in book["Theo đơn vị"].iter_rows(min_row=FIRST, values_only=True)} - {"TỔNG SỐ"}
    rows = {u["name"] for u in page.context["units"]} or {unit.versions.get().name}
    assert in_file == rows
    assert ExportJob.objects.get(pk=job.pk).units_reported == len(reporting)
    text = " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None)
    for stranger in {"An Lộc", "Bình Long"} if who != "old_staff" else {"Đạ Huoai", "Lâm Đồng"}:
        assert stranger not in text
        assert stranger not in page.content.decode()


# A month not begun ---------------------------------------------------------------------------------------------------


def test_a_month_not_begun_has_no_value_anywhere(world, month, at, client, tmp_path):
    """January is opened early and holds figures somebody wrote: until it begins no page, file or total shows any."""
    at("2026-11-20 09:00")
    november, december, january = month("2026-11"), month("2026-12"), month("2027-01")
    tell(send(world.phuoc_long, november, pending_overdue=4, received_online=1), "DD04", 5, 10)
    tell(Report.objects.get(unit=world.phuoc_long, period=november), "NL01", 9)
    rollup.roll_up(november)
    rollup.roll_up(december)
    rollup.roll_up(january)
    # December has begun and nobody sent it: the states of November are not carried into it
    seen = overview(world.dong_nai.pk, Span.parse("2026-12"))
    assert seen.dossiers.pending_overdue is None
    assert (seen.indicator("DD04").rate, seen.indicator("NL01").numerator) == ((None, None), None)
    for key in ("2026-12", "2027-01"):
        body = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period=key)
        assert (body["services"], body["indicators"]) == ([], [])
    for key in ("2026-12", "2026-YTD12", "2026"):
        point = overview(world.dong_nai.pk, Span.parse(key)).trend[-1]
        assert (point.month.month, point.in_time, point.online, point.reported) == (12, None, None, 0)
    client.force_login(world.chair)
    empty = client.get(reverse("dashboard"), {"ky": "2027-01"})
    assert "stats" not in (empty.context or {})
    assert "không có số liệu trong kỳ này" in empty.content.decode()
    assert client.get(reverse("dashboard-source"), {"ky": "2027-01", "so": "received"}).status_code == 404
    form = Report.objects.get(unit=world.phuoc_long, period=january)
    figures = {line["code"]: line for line in api(client, world.officer, f"reports/{form.pk}/")["services"]}
    assert set(figures["DVC09"]["figures"].values()) == {None}  # December is not closed: nothing to carry over
    with pytest.raises(excel.CannotExport):
        workbook(tmp_path, world.dong_nai, "2027-01")
    send(world.phuoc_long, january, received_online=64)  # written too early
    rollup.roll_up(january)
    book = workbook(tmp_path, world.dong_nai, "2026-11..2027-02")
    [line] = lines_of(book["Theo đơn vị"], 2)["TỔNG SỐ"]
    assert line["Tiếp nhận trong kỳ: Trực tuyến"] == 1
    assert overview(world.dong_nai.pk, Span.parse("2026-11..2027-02")).dossiers.received_online == 1


# Services no longer handled ------------------------------------------------------------------------------------------


def test_a_service_no_longer_handled_keeps_its_past_on_page_in_excel_and_audit(world, month, at, client, tmp_path):
    """DVC10 ends on 14 November, the last day of that month's data: October 3, November 5; in December nobody owes it.

    DVC09 goes on. Nothing of DVC10 is asked for in December, and its months stay what they were, everywhere.
    """
    at("2026-12-20 09:00")
    months = {m: month(f"2026-{m}") for m in (10, 11, 12)}
    for m, received in ((10, 3), (11, 5)):
        send(world.phuoc_long, months[m], service="DVC10", received_online=received, resolved_early=received)
    december = send(world.phuoc_long, months[12], service="DVC09", received_online=16, resolved_early=16)
    ServiceTerms.objects.filter(service__code="DVC10").update(valid_to=dt.date(2026, 11, 14))
    ServiceTerms.objects.filter(service__code="DVC11").update(valid_to=dt.date(2026, 12, 13))  # a day short of December
    for period in months.values():
        rollup.roll_up(period)
        assert audit(period) == []
    for key, expected in (
        ("2026-10", {"DVC10": 3}),
        ("2026-11", {"DVC10": 5}),
        ("2026-12", {"DVC09": 16}),
        ("2026-Q4", {"DVC10": 8, "DVC09": 16}),
    ):
        page = get(client, world.chair, "dashboard", ky=key)
        rows = {row["code"]: row for row in page.context["services"]["rows"]}
        shown = {code: row["cells"][1][1] for code, row in rows.items()}
        assert shown == {code: str(n) for code, n in expected.items()} | {"": str(sum(expected.values()))}, key
        for code, received in expected.items():
            behind = get(client, world.chair, "dashboard-source", ky=key, so=f"{code}.received_online")
            assert sum(int(row["value"]) for row in behind.context["rows"]) == received
        sheet = workbook(tmp_path, world.dong_nai, key)["Theo dịch vụ"]
        lines = {name: rows[0] for name, rows in lines_of(sheet, 2).items()}
        in_file = {code: line["Tiếp nhận trong kỳ: Trực tuyến"] for code, line in lines.items()}
        assert {code: n for code, n in in_file.items() if n is not None} == expected, key
        assert ("DVC10" in lines) == ("DVC10" in expected)  # no empty line for what nobody handles any more
        assert ("DVC11" in lines) == (key in {"2026-10", "2026-11"})  # nobody reported it; owed as of the last day
    codes = {line["code"] for line in api(client, world.officer, f"reports/{december.pk}/")["services"]}
    assert "DVC09" in codes
    assert "DVC10" not in codes


# Rates ---------------------------------------------------------------------------------------------------------------


def two_rates(world, period):
    """1 of 1 in Phước Long and 0 of 99 in Phước Bình, in every rate there is; Phú Riềng and the province are silent."""
    for unit, online, other in ((world.phuoc_long, 1, 0), (world.phuoc_binh, 0, 99)):
        report = send(
            unit, period, received_online=online, received_in_person=other, received_postal=0,
            resolved_early=online, resolved_on_time=0, resolved_overdue=other, pending_overdue=0,
        )  # fmt: skip
        tell(report, "DD04", online, online + other)
    rollup.roll_up(period)


def test_one_of_one_and_none_of_99_are_one_percent(world, month, at, client, tmp_path):
    """Never (100 % + 0 %) / 2, and never a third 0 % of the unit that did not report: on every way out."""
    at("2026-11-20 09:00")
    two_rates(world, month("2026-11"))
    page = get(client, world.chair, "dashboard", ky="2026-11")
    cards = cards_of(page)
    rates = ("Tỷ lệ trực tuyến", "Trước và đúng hạn", "Kích hoạt VNeID")
    assert [cards[name] for name in rates] == ["1,00%"] * 3
    units = {u["name"]: [cell[1] for cell in u["cells"]] for u in page.context["units"]}
    assert [units["Phường Phước Long"][k] for k in (1, 3, 5)] == ["100,00%"] * 3
    assert [units["Xã Phú Riềng"][k] for k in (1, 3, 5)] == ["–"] * 3  # silent, which is not 0 %
    assert [page.context["unit_total"]["cells"][k][1] for k in (1, 3, 5)] == ["1,00%"] * 3
    services = page.context["services"]["rows"]
    assert all([text for _, text, _ in line["cells"]].count("1,00%") == 2 for line in services)
    assert (page.context["heat"]["total"], page.context["heat"]["foot"]) == ("1,00", ["1,00"])
    point = page.context["trend"]["points"][-1]
    assert (point["in_time_text"], point["online_text"]) == ("1,00%", "1,00%")
    assert (page.context["chart"]["in_time"][-1], page.context["chart"]["online"][-1]) == (1.0, 1.0)
    [dd04] = [i for _, lines in page.context["indicators"] for i in lines if i["code"] == "DD04"]
    assert (dd04["value"], dd04["rate"], dd04["units"]) == ("1/100", "1,00%", "2")  # says of how many units
    assert services[0]["units"] == "2"
    behind = get(client, world.chair, "dashboard-source", ky="2026-11", so="in_time_rate")
    assert behind.context["rate"] == "1,00%"
    body = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-11")
    [service] = body["services"]
    assert (service["online_rate"], service["in_time_rate"], service["units_reported"]) == ("1.00", "1.00", 2)
    [line] = [i for i in body["indicators"] if i["code"] == "DD04"]
    assert (line["rate"], line["units_reported"]) == ("1.00", 2)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    for name, key in (("Theo đơn vị", 2), ("Theo dịch vụ", 3)):
        [total] = lines_of(book[name], key)["TỔNG SỐ"]
        assert (total["Tỷ lệ: Trực tuyến"], total["Tỷ lệ: Trước và đúng hạn"]) == (0.01, 0.01)
    [in_file] = lines_of(book["Chỉ tiêu"], 2)["DD04"]
    assert {0.01, 1, 100, 2} <= set(in_file.values())


def test_one_of_one_in_one_month_and_none_of_99_in_the_next_are_one_percent(world, month, at, client, tmp_path):
    at("2026-11-20 09:00")
    october, november = month("2026-10"), month("2026-11")
    send(world.phuoc_long, october, received_online=1, received_in_person=0, resolved_early=1, resolved_overdue=0)
    send(world.phuoc_long, november, received_online=0, received_in_person=99, resolved_early=0, resolved_overdue=99)
    for user, unit in ((world.chair, world.dong_nai), (world.officer, world.phuoc_long)):
        page = get(client, user, "dashboard", ky="2026-10..2026-11", don_vi=unit.pk)
        assert [cards_of(page)[name] for name in ("Tỷ lệ trực tuyến", "Trước và đúng hạn")] == ["1,00%", "1,00%"]
        [total] = lines_of(workbook(tmp_path, unit, "2026-10..2026-11")["Theo đơn vị"], 2)["TỔNG SỐ"]
        assert (total["Tỷ lệ: Trực tuyến"], total["Tỷ lệ: Trước và đúng hạn"]) == (0.01, 0.01)


def test_nothing_out_of_nothing_is_a_dash_and_never_a_percentage(world, month, at, client, tmp_path):
    """0 of 0 in every rate: services and DD04, on page, chart, in Excel, form, API, review and before sending."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    zero = dict.fromkeys(
        ("opening", "received_online", "received_in_person", "received_postal", "resolved_early", "resolved_on_time",
         "resolved_overdue", "rejected", "pending_in_time", "pending_overdue"), 0,
    )  # fmt: skip
    for unit in (world.phuoc_long, world.phuoc_binh, world.phu_rieng):
        report = send(unit, period, **zero)
        tell(report, "DD04", 0, 0)
    rollup.roll_up(period)
    page = get(client, world.chair, "dashboard", ky="2026-11")
    cards = cards_of(page)
    assert cards["Hồ sơ tiếp nhận"] == "0"
    assert [cards[name] for name in ("Tỷ lệ trực tuyến", "Trước và đúng hạn", "Kích hoạt VNeID")] == ["–"] * 3
    assert [page.context["unit_total"]["cells"][k][1] for k in (1, 3, 5)] == ["–"] * 3
    [dd04] = [i for _, lines in page.context["indicators"] for i in lines if i["code"] == "DD04"]
    assert (dd04["value"], dd04["rate"], dd04["units"]) == ("0/0", "–", "3")
    assert (page.context["chart"]["in_time"][-1], page.context["chart"]["online"][-1]) == (None, None)
    assert (page.context["ranking"]["rows"], page.context["heat"]) == ([], None)
    assert not re.search(r"\b\d+,\d\d%", re.sub(r"<[^>]*>", " ", page.content.decode()))
    body = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-11")
    assert [(s["online_rate"], s["in_time_rate"]) for s in body["services"]] == [(None, None)]
    assert [(i["rate"], i["denominator"]) for i in body["indicators"] if i["code"] == "DD04"] == [(None, 0)]
    own = api(client, world.officer, f"reports/{report_of(world.phuoc_long, period).pk}/")
    assert [i["rate"] for i in own["indicators"] if i["code"] == "DD04"] == [None]
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    for sheet in SHEETS:
        for row in book[sheet].iter_rows(min_row=FIRST):
            assert not [c.coordinate for c in row if c.number_format == PERCENT and c.value not in ("–", "x")]
    [in_file] = lines_of(book["Chỉ tiêu"], 2)["DD04"]
    assert "–" in in_file.values()
    listed = get(client, world.reviewer, "review-list", ky="2026-11").context["review"]
    assert {row.on_time for row in listed.rows if row.report.status == "submitted"} == {"–"}
    draft = report_of(world.phuoc_long, period)
    Report.objects.filter(pk=draft.pk).update(status="returned")
    check = get(client, world.officer, "report-check", draft.pk)
    assert check.context["lines"][0].in_time in ("–", "")
    form = openpyxl.load_workbook(io.BytesIO(write_entry_form(draft, world.officer)), data_only=True)
    assert place(form, "DD04.numerator").value == 0
    row = [c.value for c in form["Chỉ tiêu"][place(form, "DD04.numerator").row]]
    assert "–" in row


def report_of(unit, period):
    return Report.objects.select_related("unit", "period").get(unit=unit, period=period)


def test_every_rate_of_a_file_is_a_fraction_shown_as_a_percentage(world, month, at, tmp_path):
    """Value and format of each cell: 98/101 is 0.970297… shown as 97,03 %, never 97.03 and never the text '97,03%'."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    for unit, early, late in ((world.phuoc_long, 98, 2), (world.phuoc_binh, 0, 1)):
        report = send(
            unit, period, received_online=early, received_in_person=late, received_postal=0,
            resolved_early=early, resolved_on_time=0, resolved_overdue=late,
        )  # fmt: skip
        tell(report, "DD04", early, early + late)
        tell(report, "NL01", early)
    rollup.roll_up(period)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    expected = {
        ("Theo đơn vị", 2, "Phường Phước Long"): 98 / 100,
        ("Theo đơn vị", 2, "Phường Phước Bình"): 0,
        ("Theo đơn vị", 2, "TỔNG SỐ"): 98 / 101,
        ("Theo dịch vụ", 2, "DVC09"): 98 / 101,
        ("Theo dịch vụ", 3, "TỔNG SỐ"): 98 / 101,
    }
    for (name, key, text), value in expected.items():
        sheet = book[name]
        heads = head_of(sheet)
        [row] = [r for r in range(FIRST, sheet.max_row + 1) if sheet.cell(r, key).value == text]
        for title in ("Tỷ lệ: Trực tuyến", "Tỷ lệ: Trước và đúng hạn"):
            cell = sheet.cell(row, heads[title])
            assert (cell.value, cell.number_format) == (pytest.approx(value, abs=1e-15), PERCENT), (name, text)
    sheet = book["Chỉ tiêu"]
    [row] = [r for r in range(FIRST, sheet.max_row + 1) if sheet.cell(r, 2).value == "DD04"]
    rates = [c for c in sheet[row] if c.number_format == PERCENT]
    assert [c.value for c in rates] == [pytest.approx(98 / 101, abs=1e-15)]
    for sheet in map(book.__getitem__, SHEETS):  # and nothing else is one
        rate_columns = {c for title, c in head_of(sheet).items() if "Tỷ lệ" in title}
        for cells in sheet.iter_rows(min_row=FIRST):
            for cell in cells:
                if isinstance(cell.value, float) or cell.number_format == PERCENT:
                    assert cell.column in rate_columns, (sheet.title, cell.coordinate)
                    assert not isinstance(cell.value, float) or 0 <= cell.value <= 1
                elif isinstance(cell.value, int):
                    assert cell.number_format in {COUNT, "General"}, (sheet.title, cell.coordinate)
    form = openpyxl.load_workbook(
        io.BytesIO(write_entry_form(report_of(world.phuoc_long, period), world.officer)), data_only=True
    )
    row = place(form, "DD04.numerator").row
    shown = [(c.value, c.number_format) for c in form["Chỉ tiêu"][row] if "%" in c.number_format]
    assert shown == [(pytest.approx(0.98), PERCENT)]


# Blank and zero ------------------------------------------------------------------------------------------------------


def test_a_typed_zero_comes_back_as_zero_and_a_blank_as_blank(world, month, at, client, tmp_path):
    """Typed on the page: 0 online, nothing by post; DD04 0 of blank. Read again on page, API, form, review, Excel."""
    at("2026-11-16 08:00")
    period = month("2026-11")
    report = report_of(world.phuoc_long, period)
    client.force_login(world.officer)
    typed = {"DVC09.received_online": "0", "DVC09.received_postal": "", "TT01.numerator": "0", "DVC09.rejected": "0"}
    save(client, report, typed, user=world.officer)
    fields = plain_form(get(client, world.officer, "report-entry", report.pk))
    shown = {cell: fields[f"c-{cell}"] if f"c-{cell}" in fields else fields[cell] for cell in typed}
    assert shown == typed
    body = api(client, world.officer, f"reports/{report.pk}/")
    figures = {line["code"]: line["figures"] for line in body["services"]}
    assert (figures["DVC09"]["received_online"], figures["DVC09"]["received_postal"]) == (0, None)
    assert {i["code"]: i["numerator"] for i in body["indicators"]}["TT01"] == 0
    assert {i["code"]: i["numerator"] for i in body["indicators"]}["TT02"] is None
    form = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
    values = [place(form, cell).value for cell in ("DVC09.received_online", "DVC09.received_postal", "TT01.numerator")]
    assert values == [0, None, 0]
    assert place(form, "TT02.numerator").value is None

    Report.objects.filter(pk=report.pk).update(
        status="submitted", revision=1, submitted_at=dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)
    )
    at("2026-11-20 09:00")
    rollup.roll_up(period)
    detail = get(client, world.reviewer, "report-detail", report.pk).context["form"].cells
    assert (detail["DVC09.received_online"].text, detail["DVC09.received_postal"].text) == ("0", "")
    page = get(client, world.chair, "dashboard", ky="2026-11")
    [line] = [row for row in page.context["services"]["rows"] if row["code"] == "DVC09"]
    # opening, online, in person, by post
    assert [text for _, text, _ in line["cells"]][:4] == ["", "0", "", ""]
    indicators = {i["code"]: i["value"] for _, lines in page.context["indicators"] for i in lines}
    assert (indicators["TT01"], indicators["TT02"]) == ("0", "")
    assert (
        get(client, world.chair, "dashboard-source", ky="2026-11", so="received_online").context["rows"][0]["value"]
        == "0"
    )
    [service] = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-11")["services"]
    assert (service["figures"]["received_online"], service["figures"]["received_postal"]) == (0, None)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    for name, key, text in (
        ("Theo đơn vị", 2, "Phường Phước Long"),
        ("Theo đơn vị", 2, "TỔNG SỐ"),
        ("Theo dịch vụ", 2, "DVC09"),
    ):
        [row] = lines_of(book[name], key)[text]
        assert row["Tiếp nhận trong kỳ: Trực tuyến"] == 0
        assert row["Tiếp nhận trong kỳ: Bưu chính"] in (
            None,
            "",
        )  # a total is a formula, whose nothing is an empty text
    [row] = [r for r in book["Nguồn số liệu"].iter_rows(min_row=FIRST, values_only=True) if r[3] == "DVC09"]
    assert (row[7], row[9]) == (0, None)


# Two people, one cell; sent again ------------------------------------------------------------------------------------


def test_what_is_sent_again_after_a_lost_answer_overwrites_nobody(world, month, at, client):
    """The officer's 7 was saved and the answer lost; a colleague, seeing 7, made it 9. The 7 that is sent again is
    asked about with both figures, who and when; nothing is written, and the history has two changes, not three."""
    at("2026-11-16 08:00")
    report = report_of(world.phuoc_long, month("2026-11"))
    colleague = make_person("thu", "Trịnh Thị Thu", world.phuoc_long, Role.OFFICER, Branch.OFFICE)
    first = {"fields": {"DVC09.rejected": "7"}, "seen": {"DVC09.rejected": ""}}
    client.force_login(world.officer)
    for _ in range(2):  # sent again before anybody else came: the same receipt, no second change
        answer = save(client, report, first["fields"], first["seen"], user=world.officer)
        assert answer.json()["saved"] == {"DVC09.rejected": "7"}
    at("2026-11-16 08:05")
    client.force_login(colleague)
    save(client, report, {"DVC09.rejected": "9"}, {"DVC09.rejected": "7"}, user=colleague)
    at("2026-11-16 08:10")
    client.force_login(world.officer)
    answer = save(client, report, first["fields"], first["seen"], user=world.officer)
    [conflict] = answer.json()["conflicts"].values()
    text = json.dumps(conflict, ensure_ascii=False)
    for part in ("Trịnh Thị Thu", "08:05 ngày 16/11/2026", "9", "7"):
        assert part in text
    changes = FigureChange.objects.filter(report=report, cell="DVC09.rejected").order_by("at", "pk")
    assert [(c.old, c.new, c.by) for c in changes] == [(None, 7, world.officer), (7, 9, colleague)]
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").rejected == 9


# A form that is not complete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["page", "paste", "form", "api"])
@pytest.mark.parametrize("door", ["page", "api"])
def test_complete_is_refused_until_the_last_owed_cell_came_whatever_the_way(
    world, month, at, client, fill, monkeypatch, way, door
):
    """An empty report, then one with a single blank: not marked, not sent, through either door; then it is."""
    from reporting.imports.filled_form import read_entry_form, save_reading

    at("2026-11-16 08:00")
    monkeypatch.setattr(workflow.drain_rollup_requests, "delay_on_commit", lambda: None)
    report = report_of(world.phuoc_long, month("2026-11"))

    def mark_and_send():
        for who, branch in ((world.officer, "office"), (world.police_officer, "police")):
            client.force_login(who)
            client.post(reverse("report-ready", args=[report.pk]), {"branch": branch})
        client.force_login(world.officer)
        if door == "page":
            client.post(reverse("report-submit", args=[report.pk]), {"checked": "1"})
        else:
            client.post(f"/api/reports/{report.pk}/submit/")
        report.refresh_from_db()
        return bool(report.office_ready_at), report.status

    def mark_by_hand():
        """As if the marks were there: sending asks the cells, not the marks."""
        moment = dt.datetime(2026, 11, 16, 1, tzinfo=dt.UTC)
        Report.objects.filter(pk=report.pk).update(office_ready_at=moment, police_ready_at=moment)

    assert mark_and_send() == (False, "draft")
    mark_by_hand()
    assert mark_and_send()[1] == "draft"
    fill(report)
    ServiceFigures.objects.filter(report=report, service__code="DVC19").update(rejected=None, pending_in_time=None)
    Report.objects.filter(pk=report.pk).update(office_ready_at=None, police_ready_at=None)
    assert mark_and_send() == (False, "draft")
    mark_by_hand()
    assert mark_and_send()[1] == "draft"
    client.force_login(world.officer)
    if way in ("page", "paste"):
        save(client, report, {"DVC19.rejected": "0"}, user=world.officer, via=way)
    elif way == "api":
        client.patch(
            f"/api/reports/{report.pk}/cells/", {"cells": {"DVC19.rejected": 0}}, content_type="application/json"
        )
    else:
        report = report_of(world.phuoc_long, report.period)
        book = openpyxl.load_workbook(io.BytesIO(write_entry_form(report, world.officer)))
        place(book, "DVC19.rejected").value = 0
        out = io.BytesIO()
        book.save(out)
        out.seek(0)
        save_reading(report_id=report.pk, by=world.officer, reading=read_entry_form(report, out, world.officer))
    assert mark_and_send() == (True, "submitted")
    assert FigureChange.objects.get(report=report, cell="DVC19.rejected").new == 0


# Expected reports ----------------------------------------------------------------------------------------------------


def test_a_closed_unit_leaves_expected_by_date_and_no_rate_passes_100(world, month, at, client, tmp_path):
    """Phước Bình ends on 13 December, the day before December's data end: owed and counted to November, then not.

    Everybody sends all there is, so each count reads n of n.
    """
    at("2026-12-13 09:00")
    months = {m: month(f"2026-{m}") for m in (11, 12)}
    for period in months.values():
        for report in Report.objects.filter(period=period, path__contains=f"/{world.dong_nai.pk}/"):
            send(report.unit, period, received_online=1, status="approved" if period.month == 11 else "draft")
    last = dt.date(2026, 12, 13)
    world.phuoc_binh.closed_on = last
    world.phuoc_binh.save()
    UnitVersion.objects.filter(unit=world.phuoc_binh).update(valid_to=last)
    at("2026-12-20 09:00")
    ServiceFigures.objects.filter(report__unit=world.phuoc_binh, report__period=months[12]).delete()
    call_command("open_period", "2026-12")
    for report in Report.objects.filter(period=months[12], path__contains=f"/{world.dong_nai.pk}/"):
        send(report.unit, months[12], status="approved")
    for period in months.values():
        rollup.roll_up(period)
    for key, units, reports in (("2026-11", 4, 4), ("2026-12", 3, 3), ("2026-11..2026-12", 4, 7)):
        for basis in ("provisional", "official"):
            owed = overview(world.dong_nai.pk, Span.parse(key), basis).submissions
            assert (owed.reported, owed.expected) == (units, units), key
            assert (owed.reports, owed.expected_reports) == (reports, reports), key
            sheet = workbook(tmp_path, world.dong_nai, key, basis=basis)["Bìa"]
            cover = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=5)}
            assert cover["Báo cáo trong số liệu"].split(",")[0] == f"{reports}/{reports}"
    body = api(client, world.chair, "summaries/", unit=world.dong_nai.pk, period="2026-12")["submissions"]
    assert (body["expected"], body["submitted"], body["approved"]) == (3, 3, 3)
    review = get(client, world.reviewer, "review-list", ky="2026-12").context["review"]
    assert (review.expected, review.sent) == (3, 3)
    assert "Phường Phước Bình" not in {row.name for row in review.rows}


@pytest.mark.parametrize(("clock", "overdue"), [("16:59:59", False), ("17:00:00", False), ("17:00:01", True)])
def test_page_list_and_file_call_overdue_from_the_first_second_after(
    world, month, at, client, tmp_path, clock, overdue
):
    """The communes' deadline is 17:00 of 16 November in Vietnam, wherever the server; the province's is later."""
    month("2026-11")
    at(f"2026-11-16 {clock}")
    rollup.roll_up(report_of(world.phuoc_long, month("2026-11")).period)
    book = workbook(tmp_path, world.dong_nai, "2026-11")
    lines = {r[1]: r for r in book["Chưa báo cáo"].iter_rows(min_row=FIRST, values_only=True) if r[3]}
    expected = dict.fromkeys(("Xã Phú Riềng", "Phường Phước Bình", "Phường Phước Long"), overdue)
    assert {name: "Quá hạn" in row for name, row in lines.items()} == expected | {"Tỉnh Đồng Nai": False}
    assert dt.datetime(2026, 11, 16, 17, 0) in lines["Xã Phú Riềng"]
    page = get(client, world.chair, "dashboard", ky="2026-11")
    listed = {m["name"]: m["overdue"] for m in page.context["who"]["missing"]}
    assert {name.removeprefix("Cơ quan "): late for name, late in listed.items()} == expected | {"Tỉnh Đồng Nai": False}
    review = get(client, world.reviewer, "review-list", ky="2026-11").context["review"]
    assert {row.name: row.is_overdue for row in review.missing} == expected | {"Tỉnh Đồng Nai": False}


# A text that looks like a formula ------------------------------------------------------------------------------------


def test_no_text_of_anybody_becomes_a_formula_in_a_file(world, month, at, tmp_path):
    """Everything people can name begins like a formula; in the summary and the form each stays text."""
    at("2026-11-20 09:00")
    period = month("2026-11")
    evil = {"=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://x")'}
    texts = iter(sorted(evil) * 20)
    for model, names in ((UnitVersion, ("name", "short_name")), (PublicService, ("name", "short_name"))):
        for row in model.objects.all():
            for name in names:
                setattr(row, name, next(texts, "=1+1"))
            row.save()
    Indicator.objects.update(name="=1+1", unit_of_measure="@SUM(1)", hint="+1", numerator_label="-1")
    type(world.staff).objects.update(full_name='=HYPERLINK("http://x")')
    world.staff.refresh_from_db()
    tell(send(world.phuoc_long, period, received_online=1), "DD04", 1, 2)
    rollup.roll_up(period)
    path = tmp_path / "tep.xlsx"
    excel.write_summary(
        path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="provisional", by=world.staff
    )
    form = io.BytesIO(write_entry_form(report_of(world.phuoc_long, period), world.officer))
    for book in (openpyxl.load_workbook(path), openpyxl.load_workbook(form)):
        as_text = 0
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert re.match(r"=(IF|SUM)\(", cell.value), (sheet.title, cell.coordinate, cell.value)
                        assert "HYPERLINK" not in cell.value
                    as_text += cell.value in evil
                    assert cell.hyperlink is None or not str(cell.hyperlink.target).startswith("http://x")
        assert as_text > 20
