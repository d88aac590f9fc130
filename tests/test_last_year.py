"""A span beside the same months of the year before: what is compared, on which units, and how pages say it."""

import re

import pytest
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.models import Indicator, IndicatorFigure, PublicService, Report
from reporting.reading.compared import year_ago
from reporting.reading.overview import overview
from reporting.views.dashboard_numbers import change
from taskforces.models import Level
from tests.conftest import make_person, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def lasting(world):
    """A province with two communes that no reform touched, so that there is a year before."""
    world.lasting = make_unit("97", "Tỉnh Bền", "tinh", Level.PROVINCE, world.nation)
    world.first = make_unit("97001", "Xã Một", "xa", Level.COMMUNE, world.lasting)
    world.second = make_unit("97002", "Xã Hai", "xa", Level.COMMUNE, world.lasting)
    world.reader = make_person("chubien", "Vũ Thị Chủ Bền", world.lasting, "chair")
    return world


@pytest.fixture
def november(lasting, month, put, at):
    """Both communes in November 2025 and 2026, the second silent in October 2026."""
    at("2026-11-28 09:00")
    old, october, now = month("2025-11"), month("2026-10"), month("2026-11")
    put(lasting.first, old, 80, 20, early=70, overdue=30, stuck=0, dd04=(10, 100))
    put(lasting.second, old, 10, early=10, service="DVC12")
    put(lasting.first, october, 50, early=50, dd04=(20, 100))
    put(lasting.first, now, 90, 20, early=99, overdue=11, stuck=0, dd04=(30, 100))
    put(lasting.second, now, 15, early=12, overdue=1, stuck=2, service="DVC12")
    return now


def of(service: str) -> int:
    return PublicService.objects.get(code=service).pk


def test_the_same_month_of_the_year_before(lasting, november):
    seen = overview(lasting.lasting.pk, Span.parse("2026-11"))
    then = seen.year_ago
    assert (then.label, then.short_label, then.units) == ("tháng 11/2025", "T11/2025", 2)
    assert (then.now.dossiers.received, then.before.dossiers.received) == (125, 110)
    assert (then.now.dossiers.in_time_rate, then.before.dossiers.in_time_rate) == ((111, 123), (80, 110))
    assert (then.now.activation.rate, then.before.activation.rate) == ((30, 100), (10, 100))
    # the month before is compared on the commune alone that reported in both
    assert (seen.comparison.units, seen.comparison.now.dossiers.received) == (1, 110)


def test_by_service_indicator_and_unit(lasting, november):
    then = overview(lasting.lasting.pk, Span.parse("2026-11")).year_ago
    assert [d.received for d in then.services[of("DVC09")]] == [110, 100]
    assert [d.received for d in then.services[of("DVC12")]] == [15, 10]
    activated = Indicator.objects.get(code="DD04").pk
    assert [pair.rate for pair in then.indicators[activated]] == [(30, 100), (10, 100)]
    assert [m.dossiers.received for m in then.rows[lasting.first.pk]] == [110, 100]
    assert [m.dossiers.received for m in then.rows[lasting.second.pk]] == [15, 10]
    assert [m.activation.rate for m in then.rows[lasting.first.pk]] == [(30, 100), (10, 100)]


def test_the_months_before_by_service_and_unit(lasting, november, monkeypatch):
    """Whether or not the services of each unit are read too."""
    for most in (60, 1):
        monkeypatch.setattr("reporting.reading.seen.HEAT_UNITS", most)
        before = overview(lasting.lasting.pk, Span.parse("2026-11")).comparison
        assert [d.received for d in before.services[of("DVC09")]] == [110, 50]
        assert of("DVC12") not in before.services  # the second commune was silent then
        assert lasting.second.pk not in before.rows
        assert [m.dossiers.received for m in before.rows[lasting.first.pk]] == [110, 50]


def test_an_indicator_is_compared_on_the_units_that_reported_in_both(lasting, november):
    """The second commune was silent in October."""
    activated = Indicator.objects.get(code="DD04")
    report = Report.objects.get(unit=lasting.second, period=november)
    IndicatorFigure.objects.create(report=report, indicator=activated, numerator=50, denominator=60)
    seen = overview(lasting.lasting.pk, Span.parse("2026-11"))
    assert [pair.rate for pair in seen.comparison.indicators[activated.pk]] == [(30, 100), (20, 100)]
    assert (seen.comparison.now.activation.rate, seen.year_ago.now.activation.rate) == ((30, 100), (80, 160))
    assert lasting.second.pk not in seen.comparison.rows
    assert [pair.rate for pair in seen.year_ago.indicators[activated.pk]] == [(80, 160), (10, 100)]


def test_of_an_indicator_never_added_the_units_own_is_compared(lasting, november, month, put):
    Indicator.objects.filter(code="DD04").update(over_units="own")
    put(lasting.lasting, month("2026-10"), 1, early=1, dd04=(7, 11))
    put(lasting.lasting, november, 1, early=1, dd04=(9, 11))
    before = overview(lasting.lasting.pk, Span.parse("2026-11")).comparison
    assert (before.now.activation.rate, before.before.activation.rate) == ((9, 11), (7, 11))
    assert [m.activation.rate for m in before.rows[lasting.first.pk]] == [(30, 100), (20, 100)]


def test_a_commune_alone(lasting, november):
    then = overview(lasting.second.pk, Span.parse("2026-11")).year_ago
    assert [d.received for d in then.services[of("DVC12")]] == [15, 10]
    assert then.units == 1


@pytest.mark.parametrize(
    ("key", "back"),
    [
        ("2026-11", "2025-11"),
        ("2026-Q4", "2025-Q4"),
        ("2026-H1", "2025-H1"),
        ("2026-01..2026-04", "2025-01..2025-04"),
        ("2026", None),  # the span before is the year before
        ("2026-YTD10", None),
        ("2026-9M", None),
        ("2025-01..2026-01", None),  # thirteen months would be compared with themselves
        ("2025-01..2025-12", None),  # a year by another name
    ],
)
def test_which_span_that_is(key, back):
    found = year_ago(Span.parse(key))
    assert (found and found.key) == back


def test_an_unfinished_quarter_is_compared_with_as_many_months_and_says_which(lasting, november, month, put):
    put(lasting.first, month("2025-10"), 1, early=1)
    put(lasting.first, month("2025-12"), 1000, early=1000)
    then = overview(lasting.first.pk, Span.parse("2026-Q4")).year_ago
    assert then.label == then.short_label == "tháng 10–11/2025"
    assert [m.dossiers.received for m in (then.now, then.before)] == [160, 101]  # not December's 1000


def test_nothing_where_nobody_reported_then(lasting, month, put, at):
    at("2026-11-28 09:00")
    month("2025-11")
    put(lasting.first, month("2026-11"), 5, early=5)
    assert overview(lasting.lasting.pk, Span.parse("2026-11")).year_ago is None


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (1234, 34, "+1.200"),
        (34, 1234, "−1.200"),
        (5, 5, "0"),
        (0, 3, "−3"),
        (None, 3, ""),
        (3, None, ""),
        ((98, 100), (97, 100), "+1,00"),
        ((1, 3), (1, 2), "−16,67"),
        ((1, 2), (2, 4), "0"),
        ((100000, 100001), (100001, 100002), "0"),  # less than is shown
        ((1, 0), (1, 2), ""),
        ((None, None), (1, 2), ""),
    ],
)
def test_how_a_change_is_written(now, before, text):
    assert change(now, before) == text


def read(client, lasting, **query) -> str:
    client.force_login(lasting.reader)
    page = client.get(reverse("dashboard"), {"ky": "2026-11", **query}).content.decode()
    return page


def cells(page: str, name: str) -> list[str]:
    row = next(part for part in page.split("<tr>") if name in part and 'data-label="Tiếp nhận"' in part)
    return [
        " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r'<td class="num.*?</td>', row, re.S)
    ]


def test_the_cards_say_both(lasting, november, client):
    page = " ".join(re.sub(r"<[^>]+>", " ", read(client, lasting)).split())
    assert "so với T10/2026" in page
    assert "17,52 điểm phần trăm tăng, tốt hơn so với T11/2025" in page  # 111/123 - 80/110
    assert "20,00 điểm phần trăm tăng, tốt hơn so với T11/2025" in page  # VNeID


def test_the_tables_say_one_of_them(lasting, november, client):
    assert cells(read(client, lasting), "Xã Một")[:4] == ["110 +60", "81,82% −18,18", "110 +60", "90,00% −10,00"]
    page = read(client, lasting, so_voi="cung-ky")
    assert cells(page, "Xã Một")[:4] == ["110 +10", "81,82% +1,82", "110 +10", "90,00% +20,00"]
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "so với tháng 11/2025, trên cùng 2 đơn vị; tỷ lệ tính bằng điểm phần trăm" in words
    assert client.get(reverse("dashboard"), {"so_voi": "khac"}).status_code == 404


def test_the_choice_stays_in_the_links(lasting, november, client):
    page = read(client, lasting, so_voi="cung-ky", xep_theo="vneid")
    assert re.search(r'href="[^"]*xep_theo=vneid[^"]*so_voi=cung-ky|so_voi=cung-ky[^"]*xep_theo=vneid', page)
    for form in re.findall(r'<form class="(?:ctx|panel-sub).*?</form>', page, re.S):
        assert '<input type="hidden" name="so_voi" value="cung-ky">' in form
    assert '<option value="vneid" selected>' in page


def test_the_year_before_takes_at_most_six_queries_more(lasting, november, client, django_assert_max_num_queries):
    client.force_login(lasting.reader)
    with django_assert_max_num_queries(37):
        assert client.get(reverse("dashboard"), {"ky": "2026-11"}).context["seen"].year_ago


def test_where_only_one_can_be_compared_the_tables_say_that_one(lasting, november, client):
    """The second commune was silent in October: November 2025 is all there is, whatever was asked for."""
    client.force_login(lasting.reader)
    for asked in ({}, {"so_voi": "cung-ky"}):
        answer = client.get(reverse("dashboard"), {"don_vi": lasting.second.pk, "ky": "2026-11"} | asked)
        assert answer.context["compared"].label == "tháng 11/2025"
        assert [(words, chosen) for _, words, _, chosen in answer.context["compared_links"]] == [
            ("Cùng kỳ năm trước", True)
        ]
        text = " ".join(answer.content.decode().split())
        assert "so với tháng 11/2025; tỷ lệ tính bằng điểm phần trăm. Không có kỳ trước nào so sánh được." in text
    for asked in ({}, {"so_voi": "cung-ky"}):  # a month whose year before nobody reported
        answer = client.get(reverse("dashboard"), {"don_vi": lasting.lasting.pk, "ky": "2025-11"} | asked)
        assert (answer.context["compared"], answer.context["compared_links"]) == (None, [])
    both = client.get(reverse("dashboard"), {"don_vi": lasting.lasting.pk, "ky": "2026-11"})
    assert both.context["compared"].label == "tháng 10/2026"
    assert "so sánh được" not in both.content.decode()
