"""The demonstration and the published cases, on the real units: expected values stand in the published articles."""

import datetime as dt
from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Sum

from de_an_06.plain.numbers import format_rate
from de_an_06.plain.spans import Span
from reporting.demo.people import PASSWORD, PEOPLE
from reporting.demo.reading_cases import readings
from reporting.entry.saving import load_form
from reporting.models import (
    Difficulty,
    Indicator,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    Report,
    ServiceSummary,
    Status,
)
from reporting.reading.overview import overview
from reporting.rollup.audit import audit
from taskforces.models import Assignment, OutreachEvent, PilotModel, SourceItem, UnitVersion, User
from taskforces.register import counts

pytestmark = pytest.mark.embedded  # the loads take minutes


RECEIVED = ("received_online", "received_in_person", "received_postal")
IN_TIME = ("resolved_early", "resolved_on_time")


@pytest.fixture
def demo(db, settings):
    settings.DEBUG = True
    call_command("load_units", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    call_command("load_demo", verbosity=0)


def period(key):
    year, month = key.split("-")
    return Period.objects.get(year=int(year), month=int(month))


def indicator(code, unit, key):
    row = IndicatorSummary.objects.get(indicator__code=code, unit__code=unit, period=period(key), basis="official")
    return row.numerator, row.denominator


def dossiers(unit, key, *names, services=None):
    rows = ServiceSummary.objects.filter(unit__code=unit, period=period(key), basis="official")
    if services:
        rows = rows.filter(service__code__in=services)
    totals = rows.aggregate(*[Sum(name) for name in names])
    return sum(totals[f"{name}__sum"] for name in names)


def published_cases():
    # a town of six communes, 9 August 2022
    assert indicator("TC01", "690", "2022-08") == (6, 6)
    assert indicator("TC02", "690", "2022-08") == (58, None)
    assert indicator("TC03", "690", "2022-08") == (54, 54)
    assert indicator("TC04", "690", "2022-08") == (328, None)
    town = UnitVersion.objects.on(dt.date(2022, 8, 9)).get(unit__code="690").unit
    rows = {row.task_force.kind: row for row in counts.task_force_rows([town.pk], dt.date(2022, 8, 9))}
    assert (rows["working_group"].seats, rows["police_working_group"].seats) == (24, 12)
    parts = Counter(
        Assignment.objects.filter(unit=town, item__source__number="57/KH-UBND").values_list("part", flat=True)
    )
    assert parts == {"lead": 6, "cooperating": 18}
    assert SourceItem.objects.filter(source__number="57/KH-UBND").values("utility_group").distinct().count() == 5
    assert SourceItem.objects.filter(source__number="57/KH-UBND").values("task_group").distinct().count() == 2
    # the nation, 31 July 2022: three counts that are never added
    rates = [format_rate(*indicator(code, "00", "2022-08")) for code in ("NV01", "NV02", "NV03")]
    assert rates == ["23,60%", "30,77%", "12,50%"]
    assert indicator("NV01", "00", "2022-08") == (21, 89)
    # TP Thủ Dầu Một, 14 December 2022
    assert indicator("DD01", "718", "2022-12") == (221305, 282129)
    assert format_rate(221305, 282129) == "78,44%"
    assert indicator("YT01", "718", "2022-12") == (16, 16)
    assert indicator("YT02", "718", "2022-12") == (16, 16)
    assert indicator("HT01", "718", "2022-12") == (101000, 184683)
    assert format_rate(101000, 184683) == "54,69%"
    # nothing that no article has: no activation, no 18/25, no ward but the one that is named
    wards = Report.objects.filter(period=period("2022-12"), level="commune")
    assert [report.unit.versions.last().name for report in wards] == ["Phường Phú Thọ"]
    december = IndicatorFigure.objects.filter(report__period=period("2022-12"))
    assert not december.filter(indicator__code__in=["DD02", "DD03", "DD04", "DV01"]).exists()
    assert set(december.filter(report__level="commune").values_list("indicator__code", flat=True)) == {"HT01"}
    assert indicator("DD91", "718", "2022-12") == (110000, None)
    assert indicator("DV91", "718", "2022-12") == (4, 11)
    assert indicator("DV92", "718", "2022-12") == (14, 14)
    # each went the way of a report: typed, sent by one, approved by another
    published = Report.objects.filter(period__data_to__lt="2023-11-15").exclude(level="nation")
    assert published.count() == 9  # six communes, the ward, the town, the province
    for report in published:
        acts = list(report.events.values_list("action", flat=True))
        assert acts[-2:] == ["submit", "approve"]
        assert report.submitted_by != report.approved_by
        assert "bài báo" in report.results
    phu_tho = Indicator.objects.get(code="HT01").figures.get(numerator=17998)
    assert phu_tho.denominator == 17998
    assert phu_tho.report.unit.versions.filter(name="Phường Phú Thọ").exists()
    # a province, 15 August to 14 September 2023
    assert dossiers("74", "2023-09", *RECEIVED) == 44938
    assert dossiers("74", "2023-09", "received_online") == 32144
    assert dossiers("74", "2023-09", *IN_TIME, "resolved_overdue") == 32378
    assert dossiers("74", "2023-09", "pending_in_time", "pending_overdue") == 12560
    assert format_rate(32144, 44938) == "71,53%"
    assert 44938 == 32378 + 12560
    # TX Phước Long, to 10 April 2024
    assert indicator("DV01", "688", "2024-04") == (8, 11)
    in_time = dossiers("688", "2024-04", *IN_TIME)
    assert format_rate(in_time, in_time + dossiers("688", "2024-04", "resolved_overdue")) == "99,46%"
    linked = {
        code: dossiers(code, "2024-04", *RECEIVED, services=["DVC15", "DVC16"])
        for code in ("688", "689", "690", "691", "692", "693", "694", "695", "696", "697", "698")
    }
    assert sorted(linked, key=linked.get, reverse=True)[1] == "688"
    shares = [
        dossiers("688", key, "received_online") / dossiers("688", key, *RECEIVED)
        for key in ("2023-12", "2024-01", "2024-02", "2024-03", "2024-04")
    ]
    assert shares == sorted(shares)
    assert len(set(shares)) == 5


def nothing_invented_reads_as_a_fact():
    """Every made-up report says so; the channels of 2026 differ from unit to unit and month to month."""
    made_up = Report.objects.filter(period__data_to__gte="2023-11-15").exclude(results="")
    assert made_up.count() > 2500
    assert not made_up.exclude(results__startswith="Số liệu trình diễn, không phải số liệu thật").exists()
    rates = {}
    for report in Report.objects.filter(period=period("2026-10"), level="commune", status="approved"):
        online, received = 0, 0
        for row in report.service_figures.all():
            online += row.received_online
            received += sum(getattr(row, name) for name in RECEIVED)
        rates[report.unit_id] = online / received
        points = report.events.get(action="submit").reason.count("cần ghi lý do") or report.soft_warnings
        assert report.explanations.count() == report.soft_warnings == points
    whole = sum(rate == 1 for rate in rates.values())
    assert 0 < whole < len(rates) / 2
    assert len({round(rate, 3) for rate in rates.values()}) > 10
    assert min(rates.values()) > 0.85
    assert all(reading.agrees for reading in readings())


def two_wards_have_their_years_before():
    """Phường Phước Long of four whole communes; Xã Xuân Hòa of two and a part, so that its line is cut."""
    ward, cut = (
        UnitVersion.objects.on(dt.date(2026, 11, 16)).get(unit__code=code).unit_id for code in ("25217", "26446")
    )
    span = Span.parse("2025-11")
    seen = overview(ward, span, is_joined=True)
    months = {p.month.key: (p.reported, p.expected) for p in seen.trend}
    assert (months["2025-06"], months["2025-07"], months["2025-11"]) == ((4, 4), (1, 1), (1, 1))
    assert not any(p.is_cut for p in seen.trend)
    assert seen.comparison is not None
    assert [p.month.key for p in overview(cut, span, is_joined=True).trend if p.is_cut] == ["2025-07"]
    assert all(len(period(f"2025-{month:02}").reports.all()) == (7 if month < 7 else 2) for month in range(1, 11))


def most_did_what_a_meeting_told_all_to():
    for number, told, done in (("KL-75-20260902", 95, 89), ("KL-688-20241002", 7, 7)):
        given = Assignment.objects.filter(item__source__number=number, item__code="KL01")
        assert (given.count(), given.filter(done_on__isnull=False).count()) == (told, done)


@pytest.mark.slow
def test_the_demonstration_is_whole_and_the_published_cases_read_as_published(demo):
    published_cases()
    nothing_invented_reads_as_a_fact()
    two_wards_have_their_years_before()
    most_did_what_a_meeting_told_all_to()
    # both scenes hold thirteen months, the last one at every stage of the journey
    for key in ("2023-12", "2024-12", "2025-11", "2026-11"):
        assert period(key).reports.count() == (123 if key < "2025" else 96)
    for key in ("2024-12", "2026-11"):
        assert set(period(key).reports.values_list("status", flat=True)) == set(Status.values)
        assert period(key).reports.filter(soft_warnings__gt=0).exists()
        assert period(key).reports.filter(saved_at=None).exists()
    assert Report.objects.filter(is_late=True).exists()
    # no hard problem anywhere it counts
    for report in (
        period("2026-11").reports.filter(status__in=["submitted", "approved"]).select_related("unit", "period")
    ):
        assert [p for p in load_form(report).problems if p.severity == "hard"] == []
    assert audit(period("2024-05")) == []
    # the registers and what hangs on them are filled in both scenes
    for province in ("70", "75"):
        assert period("2026-10" if province == "75" else "2024-11").reports.filter(difficulties__isnull=False).exists()
    assert Difficulty.objects.count() == 65
    assert PilotModel.objects.count() == 8
    assert OutreachEvent.objects.count() == 27
    # one login per role in both scenes; every one of them works
    assert {p.username for p in PEOPLE} <= set(User.objects.values_list("username", flat=True))
    assert authenticate(username="chutich.phuoclong", password=PASSWORD) is not None


def test_the_demonstration_is_refused_when_debug_is_off(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="refused"):
        call_command("load_demo")
