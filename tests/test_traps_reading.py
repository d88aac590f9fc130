"""Mistakes that real systems made in adding up and reading, tried on page, chart, Excel, form and API at once.

Figures are added by hand; those of different units are powers of two or primes, so that a sum says which it holds.
"""

import datetime as dt
import io
import re

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.exports.form_file import write_entry_form
from reporting.models import Report, ServiceTerms
from reporting.reading.contributions import name_rows, source
from reporting.reading.overview import overview
from reporting.rollup import rollup
from reporting.rollup.audit import audit
from taskforces.models import UnitVersion
from tests.test_entry_form import place
from tests.ways_out import FIRST, PERCENT, SHEETS, api, cards_of, get, lines_of, report_of, send, tell, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


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
    assert all([text for _, text, *_ in line["cells"]].count("1,00%") == 2 for line in services)
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
