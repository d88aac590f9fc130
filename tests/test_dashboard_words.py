"""A page of numbers that agree: each fact reads the same wherever it stands, and a note counts what it names."""

import datetime as dt
import re
from collections import defaultdict

import pytest
from django.template.base import VariableNode
from django.urls import reverse

from reporting.figures import GROUPS, RATES, RECEIVED_FIELDS
from reporting.models import Indicator, IndicatorFigure, PublicService, Report, ServiceFigures
from reporting.rollup import rollup
from taskforces.models import Assignment, Level, SourceDocument, SourceItem
from tests.conftest import FIRST_NEW, make_person, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def put(fill):
    """Hand in a report with one service, and if asked DD04 and TC07; every other figure is zero."""

    def write(unit, period, received, in_time=0, overdue=0, stuck=0, status="submitted", service="DVC09", **pairs):
        report = fill(Report.objects.get(unit=unit, period=period), services=[], status=status)
        IndicatorFigure.objects.filter(report=report).delete()
        ServiceFigures.objects.create(
            report=report,
            service=PublicService.objects.get(code=service),
            opening=0,
            received_online=received - 1,
            received_in_person=1,
            received_postal=0,
            resolved_early=in_time,
            resolved_on_time=0,
            resolved_overdue=overdue,
            rejected=0,
            pending_in_time=received - in_time - overdue - stuck,
            pending_overdue=stuck,
        )
        for code, (numerator, denominator) in pairs.items():
            IndicatorFigure.objects.create(
                report=report,
                indicator=Indicator.objects.get(code=code),
                numerator=numerator,
                denominator=denominator,
            )
        return report

    return write


def text_of(html):
    """Words as they are read: a tag parts them, but for the link around a name in a sentence."""
    html = re.sub(r'<a href="[^"]*">([^<]*)</a>', r"\1", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def get(client, user, name="dashboard", **query):
    client.force_login(user)
    response = client.get(reverse(name), query)
    assert response.status_code == 200
    return response


def card(response, label):
    return next(c for c in response.context["stats"] if c["label"] == label)


# A note counts what it names -----------------------------------------------------------------------------------------


@pytest.fixture
def november(world, month, put, at):
    """Đồng Nai on 18 November 2026: three communes of four are in, one of them holds what is overdue."""
    at("2026-11-18 09:00")
    world.fourth = make_unit("90001", "Xã Thứ Tư", "xa", Level.COMMUNE, world.dong_nai, opened=FIRST_NEW)
    month("2026-10")
    period = month("2026-11")
    put(
        world.phuoc_long, period, 1200, in_time=1000, overdue=6, stuck=5, status="approved", DD04=(80, 100), TC07=(3, 8)
    )
    put(world.phuoc_binh, period, 40, in_time=30, DD04=(9, 10), TC07=(4, 8))
    put(world.phu_rieng, period, 20, in_time=19, overdue=1, DD04=(7, 10), TC07=(2, 8))
    rollup.roll_up(period)
    return period


def test_units_with_overdue_dossiers_are_counted_not_units_that_reported(world, november, client):
    page = get(client, world.chair, ky="2026-11")
    overdue = card(page, "Đang quá hạn")
    assert (overdue["value"], overdue["note"]) == ("5", "ở 1 đơn vị")  # three reported
    assert "5 hồ sơ ở 1 đơn vị; nhiều nhất: Phường Phước Long 5." in text_of(page.content.decode())
    behind = text_of(get(client, world.chair, "dashboard-source", ky="2026-11", so="pending_overdue").content.decode())
    assert "3 báo cáo trong số này, 2 báo cáo ghi 0" in behind


@pytest.fixture
def register(world):
    """Eight assignments of each commune given in January, `done` of them finished in March."""

    def give(unit, done, day=dt.date(2026, 3, 1)):
        source, _ = SourceDocument.objects.get_or_create(
            number="175/KH-UBND", issued_on=dt.date(2026, 1, 5), defaults={"title": "Kế hoạch"}
        )
        for k in range(8):
            item, _ = SourceItem.objects.get_or_create(source=source, code=f"{k + 1:02d}", defaults={"text": "Việc"})
            Assignment.objects.create(
                item=item,
                unit=unit,
                part=Assignment.Part.LEAD,
                assigned_on=dt.date(2026, 1, 10),
                status=Assignment.Status.DONE if k < done else Assignment.Status.IN_PROGRESS,
                progress=100 if k < done else 0,
                done_on=day if k < done else None,
            )

    return give


def test_assignments_of_an_unsent_report_are_the_registers(world, november, register, client):
    register(world.fourth, 6)
    page = get(client, world.chair, ky="2026-11", don_vi=world.fourth.pk)
    note = card(page, "Nhiệm vụ hoàn thành")
    assert (note["value"], note["note"]) == ("", "Báo cáo chưa gửi; sổ ngày 18/11/2026: 6/8")
    assert "Chưa có sổ nhiệm vụ" not in page.content.decode()
    october = card(get(client, world.chair, ky="2026-10", don_vi=world.fourth.pk), "Nhiệm vụ hoàn thành")
    assert october["note"] == "Báo cáo chưa gửi; sổ ngày 14/10/2026: 6/8"


def test_assignments_by_report_and_by_register_are_named_apart(world, november, register, client):
    """The reports say 9/24 of three communes; the register of four has 32, of which 5 + 4 + 2 + 6 are done today."""
    for unit, done in ((world.phuoc_long, 5), (world.phuoc_binh, 4), (world.phu_rieng, 2), (world.fourth, 6)):
        register(unit, done)
    found = card(get(client, world.chair, ky="2026-11"), "Nhiệm vụ hoàn thành")
    assert (found["value"], found["unit"]) == ("9", "/24")
    assert found["note"] == "37,50% theo báo cáo của 3 đơn vị; sổ ngày 18/11/2026: 17/32"
    official = card(get(client, world.chair, ky="2026-10", co_so="chinh-thuc"), "Nhiệm vụ hoàn thành")
    assert official["note"] == "Chưa có báo cáo được duyệt; sổ ngày 14/10/2026: 17/32"


# Each report is counted once -----------------------------------------------------------------------------------------


def test_a_report_sent_back_is_missing_and_counted_once(world, november, client, at):
    """Of five: one approved, one sent, one sent back; the fourth commune unsent and overdue, the province in time."""
    Report.objects.filter(unit=world.phuoc_binh, period=november).update(status="returned")
    rollup.roll_up(november)
    page = get(client, world.chair, ky="2026-11")
    assert {(m.name, m.status) for m in page.context["seen"].missing} == {
        ("Phường Phước Bình", "returned"),
        ("Xã Thứ Tư", "draft"),
        ("UBND tỉnh Đồng Nai (cấp tỉnh)", "draft"),
    }
    legend = [entry["label"] for entry in page.context["who"]["legend"]]
    assert legend == ["Đã gửi (1)", "Đã duyệt (1)", "Trả lại (1)", "Chưa nộp, quá hạn (1)", "Chưa nộp (1)"]
    assert sum(int(re.search(r"\((\d+)\)", entry)[1]) for entry in legend) == 5
    told = text_of(page.content.decode())
    assert "Xã Thứ Tư chưa nộp, đã quá hạn" in told
    assert "Ngoài ra 1 báo cáo bị trả lại, chưa gửi lại: Phường Phước Bình." in told
    assert "2 đơn vị chưa nộp, đã quá hạn" not in told
    review = get(client, world.reviewer, "review-list", ky="2026-11", don_vi=world.dong_nai.pk).context["review"]
    assert {row.name for row in review.missing} == {"Phường Phước Bình", "Xã Thứ Tư", "UBND tỉnh Đồng Nai (cấp tỉnh)"}
    assert (review.expected, review.sent, review.count_missing, review.count_returned) == (5, 2, 2, 1)
    assert review.overdue == 1


def test_late_is_said_of_reports_that_were_sent(world, november, client, at):
    """One unit sends late, one does not send at all: one is late, the other is overdue, nothing is both."""
    Report.objects.filter(unit=world.phuoc_binh, period=november).update(is_late=True)
    Report.objects.filter(unit=world.fourth, period=november).update(is_late=True)  # sent late once, open again
    rollup.roll_up(november)
    page = get(client, world.chair, ky="2026-11")
    assert page.context["seen"].submissions.late == 1
    legend = [entry["label"] for entry in page.context["who"]["legend"]]
    assert "Trong số đã nộp: nộp trễ (1)" in legend
    assert "Chưa nộp, quá hạn (1)" in legend
    review = get(client, world.reviewer, "review-list", ky="2026-11", don_vi=world.dong_nai.pk).context["review"]
    assert (review.late, review.overdue) == (1, 1)


# A total that waits --------------------------------------------------------------------------------------------------


def test_a_total_that_waits_says_so_where_it_stands(world, november, put, client):
    """A commune sends 100 more: the row below has them, the stored total not yet."""
    put(world.fourth, november, 100)
    rollup.mark_dirty(Report.objects.get(unit=world.fourth, period=november))
    page = get(client, world.chair, ky="2026-11")
    assert card(page, "Hồ sơ tiếp nhận")["value"] == "1.260"
    assert [u["cells"][0][1] for u in page.context["units"]] == ["", "20", "40", "1.200", "100"]
    body = page.content.decode()
    stats = body.split('class="panel stats"')[1].split("</dl>")[0]
    assert stats.count("đang tính lại") == 6
    assert "Đang tính lại" not in body.split('aria-labelledby="nhiet"')[1].split("</section>")[0]  # sums its own cells
    for section in ("bang", "dich-vu", "chi-tieu"):
        part = body.split(f'aria-labelledby="{section}"')[1].split("</section>")[0]
        assert part.count("Đang tính lại") == 1, section
    quarter = text_of(get(client, world.chair, ky="2026-Q4").content.decode())  # made of the reports: nothing waits
    assert "tính lại" not in quarter
    assert "Số tổng đang cập nhật" not in quarter
    assert "1.360" in quarter
    rollup.drain()
    assert "tính lại" not in text_of(get(client, world.chair, ky="2026-11").content.decode())


# Months that hold something ------------------------------------------------------------------------------------------


def offered(response):
    return [(key, label) for _, options in response.context["ctx"]["spans"] for key, label, _ in options]


def test_months_that_hold_nothing_are_not_offered_and_unsent_ones_say_so(world, month, put, client, at):
    """November is sent, October only owed; in September the area did not take part, so nothing is owed at all."""
    from reporting.models import ParticipatingArea

    at("2026-11-18 09:00")
    ParticipatingArea.objects.update(valid_from=dt.date(2026, 9, 20))
    periods = {m: month(f"2026-{m:02d}") for m in (9, 10, 11)}
    put(world.phuoc_long, periods[11], 10, in_time=10)
    for period in periods.values():
        rollup.roll_up(period)
    for user in (world.chair, world.officer):
        assert offered(get(client, user)) == [
            ("2026-11", "Tháng 11/2026"),
            ("2026-10", "Tháng 10/2026 (chưa có số liệu)"),
            ("2026-YTD11", "Từ đầu năm đến tháng 11/2026"),
            ("2026", "Năm 2026"),
            ("2026-H2", "6 tháng cuối năm 2026"),
            ("2026-Q4", "Quý IV/2026"),
        ]
    assert get(client, world.chair, ky="2026-10").context["ctx"]["previous"] is None
    official = dict(offered(get(client, world.chair, co_so="chinh-thuc")))
    assert official["2026-11"] == "Tháng 11/2026 (chưa có số liệu)"


def test_a_month_not_rolled_up_yet_is_offered(world, month, client, at):
    at("2026-11-18 09:00")
    month("2026-11")
    (months, options), *_ = get(client, world.chair).context["ctx"]["spans"]
    assert (months, options) == ("Tháng", [("2026-11", "Tháng 11/2026 (chưa có số liệu)", True)])


# Signs and numbers ---------------------------------------------------------------------------------------------------


def test_a_dash_is_a_rate_and_a_count_nobody_reported_is_blank(world, november, client):
    page = get(client, world.chair, ky="2026-11")
    own = next(u for u in page.context["units"] if u["is_own"])
    assert [text for _, text, *_ in own["cells"]] == ["", "–", "", "–", "", "–"]
    lines = {i["code"]: i for _, rows in page.context["indicators"] for i in rows}
    assert [lines["DD02"][k] for k in ("value", "rate", "units")] == ["", "x", "0"]
    assert [lines["HT01"][k] for k in ("value", "rate", "units")] == ["", "–", "0"]
    assert [lines["DD04"][k] for k in ("value", "rate", "units")] == ["96/120", "80,00%", "3"]
    body = text_of(page.content.decode())
    assert "Ô trống: chưa có số liệu; không phải là 0. “–”: không tính được tỷ lệ vì mẫu số bằng 0" in body


def test_every_whole_number_of_a_page_goes_through_the_formatter(world, november, client, monkeypatch):
    """A raw integer reads 1035 where the next line says 1.035; keys and counters are no numbers to read."""
    raw = defaultdict(set)
    plain = VariableNode.render

    def render(node, context):
        value, token = node.filter_expression.resolve(context), node.filter_expression.token
        keys = token.endswith(("pk", "_id", ".id")) or token.startswith("forloop.")
        if type(value) is int and not keys:
            raw[node.origin.template_name].add(token)
        return plain(node, context)

    monkeypatch.setattr(VariableNode, "render", render)
    side_by_side = ("dashboard-heat", "dashboard-lines", "dashboard-board")
    for name in ("dashboard", *side_by_side, "export-list", "review-list", "assignment-list"):
        get(client, world.staff, name, don_vi=world.dong_nai.pk, ky="2026-11")
    get(client, world.staff, "dashboard-source", don_vi=world.dong_nai.pk, ky="2026-11", so="received")
    assert dict(raw) == {}


# The same fact everywhere --------------------------------------------------------------------------------------------


def count_of(text):
    return int(text.replace(".", ""))


def facts_of(client, user, unit, key):
    """fact -> {place: how it reads there}, from the pages as they are shown."""
    page = get(client, user, ky=key, don_vi=unit.pk)
    body = page.content.decode()
    found = defaultdict(dict)
    cards = re.findall(r'<dt>(.*?)</dt>\s*<dd class="stat-value">(.*?)</dd>', body, re.S)
    cards = {label: text_of(value).strip() for label, value in cards}
    measures = {
        "received": "Hồ sơ tiếp nhận",
        "online_rate": "Tỷ lệ trực tuyến",
        "in_time_rate": "Trước và đúng hạn",
        "pending_overdue": "Đang quá hạn",
        "DD04": "Kích hoạt VNeID",
    }
    for so, label in measures.items():
        found[so]["card"] = cards[label].removesuffix(" hồ sơ")
        behind = get(client, user, "dashboard-source", ky=key, don_vi=unit.pk, so=so)
        found[so]["rows behind, head"] = re.search(r"<h1>.*: (\S+)</h1>", behind.content.decode())[1]
        if so in ("received", "pending_overdue"):
            found[so]["rows behind, added"] = (
                f"{sum(count_of(row['value']) for row in behind.context['rows']):,}".replace(",", ".")
            )
    rows = page.context["units"]
    if rows:
        columns = {"received": 0, "online_rate": 1, "in_time_rate": 3, "pending_overdue": 4, "DD04": 5}
        for so, k in columns.items():
            found[so]["units, total"] = page.context["unit_total"]["cells"][k][1]
        for so in ("received", "pending_overdue"):
            parts = [u["cells"][columns[so]][1] for u in rows]
            found[so]["units, added"] = f"{sum(count_of(part) for part in parts if part):,}".replace(",", ".")
        holders = sum(u["cells"][4][1] not in ("", "0") for u in rows)
        found["units with overdue"]["units"] = str(holders)
        found["units with overdue"]["card"] = re.search(r"ở (\S+) đơn vị", card(page, "Đang quá hạn")["note"])[1]
        finding = re.search(r"(\S+) hồ sơ ở (\S+) đơn vị; nhiều nhất", text_of(body))
        found["pending_overdue"]["finding"], found["units with overdue"]["finding"] = finding.groups()
        found["in_time_rate"]["heat"] = page.context["heat"]["total"]
    total = [text for _, text, *_ in page.context["services"]["rows"][-1]["cells"]]
    heads = [name for group in GROUPS for name in (*group.fields, *(r.name for r in RATES if r.under is group))]
    services = dict(zip(heads, total, strict=True))
    found["received"]["services"] = f"{sum(count_of(services[f]) for f in RECEIVED_FIELDS):,}".replace(",", ".")
    for so in ("online_rate", "in_time_rate", "pending_overdue"):
        found[so]["services"] = services[so]
    lines = {i["code"]: i for _, lines in page.context["indicators"] for i in lines}
    found["DD04"]["indicators"] = lines["DD04"]["rate"]
    found["DD04 pair"]["indicators"], found["DD04 pair"]["card"] = (
        lines["DD04"]["value"],
        card(page, "Kích hoạt VNeID")["note"],
    )
    last = page.context["trend"]["points"][-1]
    found["in_time_rate"]["trend"], found["online_rate"]["trend"] = last["in_time_text"], last["online_text"]
    for so, line in (("in_time_rate", "in_time"), ("online_rate", "online")):
        found[so]["chart"] = f"{page.context['chart'][line][-1]:.2f}%".replace(".", ",")
    found["reports"]["trend"] = last["reported"]
    found["reports"]["who"] = re.search(r'<span class="num strong">(\S+)</span>', body)[1]
    if rows:
        found["reports"]["head"] = re.search(r"<h1>.*: (\S+) đơn vị đã nộp</h1>", body)[1]
        found["reports"]["units"] = re.search(r"Cộng (\S+) báo cáo", body)[1]
        legend = [re.search(r"(.*) \((\S+)\)", entry["label"]).groups() for entry in page.context["who"]["legend"]]
        sent = sum(count_of(n) for label, n in legend if label in ("Đã gửi", "Đã duyệt"))
        owed = sum(count_of(n) for label, n in legend if not label.startswith("Trong số"))
        found["reports"]["legend"] = f"{sent}/{owed}"
    return found


@pytest.mark.parametrize(("place", "places"), [("thac_mo", 25), ("tx_phuoc_long", 40), ("binh_phuoc", 40)])
def test_a_fact_reads_the_same_wherever_it_stands(world, month, put, client, at, place, places):
    """2024: a commune, its district, the province; one more commune sends nothing, one is sent back."""
    at("2024-11-18 09:00")
    month("2024-10")
    period = month("2024-11")
    put(world.thac_mo, period, 2345, in_time=1999, overdue=7, stuck=3, status="approved", DD04=(2001, 3007))
    put(world.an_loc, period, 12, in_time=9, overdue=1, DD04=(5, 7))
    put(world.tx_phuoc_long, period, 30, in_time=20, overdue=1, stuck=2, service="DVC12")
    Report.objects.filter(unit=world.long_thuy, period=period).update(status="returned")
    rollup.roll_up(period)
    user = make_person("lanhdao", "Lý Lãnh Đạo", getattr(world, place), "chair")
    found = facts_of(client, user, getattr(world, place), "2024-11")
    for fact, readings in found.items():
        said = {place: text for place, text in readings.items() if place != "heat"}
        assert len(set(said.values())) == 1, (fact, readings)
        assert len(said) > 1, fact
    assert sum(map(len, found.values())) >= places, found
    expected = {"thac_mo": ("2.345", "3"), "tx_phuoc_long": ("2.375", "5"), "binh_phuoc": ("2.387", "5")}[place]
    assert (found["received"]["card"], found["pending_overdue"]["card"]) == expected
    if place == "binh_phuoc":  # 2028 of 2037: the same rounding, without the sign
        assert (found["in_time_rate"]["card"], found["in_time_rate"]["heat"]) == ("99,56%", "99,56")
