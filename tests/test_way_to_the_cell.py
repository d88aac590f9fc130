"""From a number of the dashboard to its rows, sorted as the reader likes, and on to the marked cells of a report."""

import re

import pytest
from django.urls import reverse

from reporting.models import Report
from reporting.rollup import rollup

pytestmark = pytest.mark.embedded

RECEIVED = {"received_online", "received_in_person", "received_postal"}
RESOLVED = {"resolved_early", "resolved_on_time", "resolved_overdue"}


@pytest.fixture
def november(world, month, put, at):
    """Phước Long 98 of 100 in time, Phước Bình 0 of 1, the province itself 5 of 5 and approved."""
    at("2026-11-18 09:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 99, 1, early=98, overdue=2, stuck=0, dd04=(80, 100))
    put(world.phuoc_binh, period, 1, 0, early=0, overdue=1, stuck=0)
    put(world.dong_nai, period, 5, early=5, service="DVC12", status="approved")
    rollup.roll_up(period)
    return period


def rows(client, world, **query):
    client.force_login(world.chair)
    return client.get(reverse("dashboard-source"), {"ky": "2026-11", **query})


def units(answer) -> list[int]:
    return [row.unit_id for row in answer.context["source"].rows]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("", ["phuoc_binh", "phuoc_long", "dong_nai"]),  # the lowest rate first
        ("ty-le", ["phuoc_binh", "phuoc_long", "dong_nai"]),
        ("-ty-le", ["dong_nai", "phuoc_long", "phuoc_binh"]),
        ("so", ["phuoc_long", "dong_nai", "phuoc_binh"]),
        ("-so", ["phuoc_binh", "dong_nai", "phuoc_long"]),
        ("tong", ["phuoc_long", "dong_nai", "phuoc_binh"]),
        ("trang-thai", ["phuoc_binh", "phuoc_long", "dong_nai"]),  # sent before approved
        ("-trang-thai", ["dong_nai", "phuoc_binh", "phuoc_long"]),
    ],
)
def test_the_rows_sort_by_every_column(world, november, client, by, expected):
    assert units(rows(client, world, so="in_time_rate", xep=by)) == [getattr(world, name).pk for name in expected]


def test_names_sort_as_people_here_sort_them(world, november, client):
    there = units(rows(client, world, so="received", xep="don-vi"))
    assert there.index(world.phuoc_binh.pk) < there.index(world.phuoc_long.pk)
    assert units(rows(client, world, so="received", xep="-don-vi")) == there[::-1]


def test_months_sort_the_newest_first(world, november, month, put, client):
    put(world.phuoc_long, month("2026-10"), 7, early=7)
    client.force_login(world.chair)
    query = {"ky": "2026-Q4", "so": "received"}
    keys = [
        [row.period_id for row in client.get(reverse("dashboard-source"), query | {"xep": xep}).context["source"].rows]
        for xep in ("ky", "-ky")
    ]
    october = month("2026-10").pk
    assert keys[0][-1] == october
    assert keys[1][0] == october


def test_what_cannot_be_divided_is_last_either_way(world, november, put, client):
    """Nothing resolved: no rate, neither the best nor the worst."""
    put(world.phu_rieng, november, 3, stuck=3)
    for by in ("ty-le", "-ty-le"):
        found = rows(client, world, so="in_time_rate", xep=by).context["source"].rows
        rated = [bool(row.of) for row in found]
        assert False in rated
        assert rated == sorted(rated, reverse=True)


def test_heads_say_how_the_rows_are_sorted(world, november, client):
    page = rows(client, world, so="in_time_rate", xep="-so").content.decode()
    heads = re.findall(r'<th scope="col"[^>]*>.*?</th>', page, re.DOTALL)
    assert [head for head in heads if "aria-sort" in head] == [head for head in heads if "Số đạt" in head]
    assert 'aria-sort="ascending"' in page
    assert "xep=so" in next(head for head in heads if "Số đạt" in head)  # the other way again


@pytest.mark.parametrize("by", ["khac", "tong", "ty-le", "--so", "-"])
def test_a_column_that_is_not_there_is_404(world, november, client, by):
    assert rows(client, world, so="received", xep=by).status_code == 404


@pytest.mark.parametrize(
    ("measure", "code", "fields"),
    [
        ("DVC09.received", "DVC09", RECEIVED),
        ("DVC09.in_time_rate", "DVC09", RESOLVED),
        ("received_online", None, {"received_online"}),
        ("DD04", "DD04", {"numerator", "denominator"}),
    ],
)
def test_the_way_ends_at_the_marked_cells(world, november, client, measure, code, fields):
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    address = reverse("report-detail", args=[report.pk]) + f"?o={measure}"
    assert f'href="{address}#o"' in rows(client, world, so=measure).content.decode()
    answer = client.get(address)
    marked = answer.context["marked"]
    assert {key.partition(".")[2] for key in marked} == fields
    codes = {key.partition(".")[0] for key in marked}
    assert codes == ({code} if code else {line.code for line in answer.context["form"].services})
    page = answer.content.decode()
    assert page.count("is-marked") == len(marked)
    assert page.count('id="o"') == 1


def test_a_report_opened_by_itself_marks_nothing(world, november, client):
    report = Report.objects.get(unit=world.phuoc_long, period=november)
    client.force_login(world.chair)
    for query in ("", "?o=", "?o=khac", "?o=DVC99.received", "?o=a.b.c"):
        answer = client.get(reverse("report-detail", args=[report.pk]) + query)
        assert answer.context["marked"] == []
        assert "is-marked" not in answer.content.decode()
