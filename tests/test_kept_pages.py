"""Pages kept as they were written (docs/decisions/0021): found again only while nothing that they say has changed.

Every test of a change looks first, so that something is kept, then lets one thing change and looks again.
"""

import re
import zlib

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.models import (
    Basis,
    ChangeCount,
    Indicator,
    KeptPage,
    KeptReading,
    PeriodDeadline,
    Report,
    ReportingSettings,
    ServiceTerms,
    Target,
)
from reporting.models.change_count import beside_the_figures
from reporting.reading.heat import MEASURES
from reporting.reading.ranking import SERVICE
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import Assignment, SourceDocument, SourceItem, UnitSuccession, UnitVersion
from tests.test_placing import end

pytestmark = pytest.mark.django_db

PAGES = ("dashboard", "dashboard-heat", "dashboard-lines", "dashboard-board", "dashboard-map")
# What a generation covers (rollup/generation.py), and what is read of the reader before a page is looked for.
BY_GENERATION = {
    f"reporting_{name}"
    for name in (
        *("report", "servicefigures", "indicatorfigure", "liveservice", "reportevent", "figurechange"),
        *("servicesummary", "indicatorsummary", "submissionsummary", "rolluprequest", "rolluprun"),
        *("generation", "keptreading", "keptpage", "changecount"),
    )
}


@pytest.fixture
def year(world, month, put, at):
    """October and November of three communes, rolled up; the third has handed in nothing for November."""
    at("2026-11-18 09:00")
    for key in ("2026-10", "2026-11"):
        put(world.phuoc_long, month(key), 100, early=90, overdue=10, status="approved", dd04=(5, 10))
        put(world.phu_rieng, month(key), 7, early=4, stuck=1, status="submitted", dd04=(1, 10))
    rollup.drain()
    return world


@pytest.fixture
def page(client, year):
    """`page(user, "dashboard", ky="2026-11")`: the page's own part of the answer."""

    def get(user, name="dashboard", **asked):
        client.force_login(user)
        answer = client.get(reverse(name), asked)
        assert answer.status_code == 200
        return re.search(r"<main.*</main>", answer.content.decode(), re.S).group()

    return get


def reads_figures(look):
    with CaptureQueriesContext(connection) as seen:
        look()
    return any("reporting_publicservice" in query["sql"] for query in seen)


# Found again ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("asked", [{"ky": "2026-11"}, {"ky": "2026"}, {"ky": "2026-11", "co_so": "chinh-thuc"}])
def test_a_second_look_says_the_same_with_few_queries(page, year, client, name, asked):
    first = page(year.chair, name, **asked)
    assert not reads_figures(lambda: page(year.chair, name, **asked))
    assert page(year.chair, name, **asked) == first
    with CaptureQueriesContext(connection) as seen:
        client.get(reverse(name), asked)
    assert len(seen) <= 15


def test_other_questions_are_other_pages(page, year):
    october = page(year.chair, ky="2026-10")
    others = [
        page(year.chair, ky="2026-11"),
        page(year.chair, ky="2026-10", co_so="chinh-thuc"),
        page(year.chair, ky="2026-10", xep_theo=SERVICE + "DVC09"),
        page(year.chair, ky="2026-10", don_vi=year.phuoc_long.pk),
        page(year.chair, "dashboard-heat", ky="2026-10"),
        page(year.chair, "dashboard-heat", ky="2026-10", do=list(MEASURES)[1]),
        page(year.chair, "dashboard-heat", ky="2026-10", thu_tu="danh-sach"),
        page(year.chair, "dashboard-board", ky="2026-10"),
    ]
    assert len({october, *others}) == 9
    assert page(year.chair, ky="2026-10") == october


def test_the_same_scope_shares_a_page_and_another_does_not(page, year):
    above = f"don_vi={year.nation.pk}&amp;ky=2026-11"
    asked = {"ky": "2026-11", "don_vi": year.dong_nai.pk}
    assert above in page(year.administrator, **asked)
    assert above not in page(year.chair, **asked)
    assert above in page(year.administrator, **asked)
    page(year.staff, **asked)
    assert KeptPage.objects.count() == 2


def test_nothing_of_the_reader_is_kept(page, year, client):
    page(year.chair, ky="2026-11")
    text = zlib.decompress(KeptPage.objects.get().content).decode()
    assert "csrf" not in text
    assert year.chair.full_name not in text
    client.force_login(year.staff)
    answer = client.get(reverse("dashboard"), {"ky": "2026-11"}).content.decode()
    assert year.staff.full_name in answer
    assert year.chair.full_name not in answer


# What changes it -----------------------------------------------------------------------------------------------------


def change_name(w):
    UnitVersion.objects.filter(unit=w.phu_rieng).update(name="Xã Tên Mới")
    return "Xã Tên Mới"


def change_indicator(w):
    Indicator.objects.filter(code="DD04").update(name="Tên chỉ tiêu đã sửa")
    return "Tên chỉ tiêu đã sửa"


def change_settings(w):
    ReportingSettings.objects.update(fewest_dossiers=5000)
    return "5.000 hồ sơ"


def change_target(w):
    indicator = Indicator.objects.get(code="DD04")
    Target.objects.create(unit=w.dong_nai, indicator=indicator, year=2026, value=12345)
    return "12.345"


def change_assignment(w):
    document = SourceDocument.objects.create(
        number="57/KH-UBND", issued_on="2026-01-05", title="Kế hoạch", issuing_body="UBND tỉnh"
    )
    item = SourceItem.objects.create(source=document, code="1", text="Rà soát dữ liệu hộ tịch")
    Assignment.objects.create(unit=w.dong_nai, item=item, assigned_on="2026-01-06", due_on="2026-02-01", part="lead")
    return "Rà soát dữ liệu hộ tịch"


@pytest.mark.parametrize("change", [change_name, change_indicator, change_settings, change_target, change_assignment])
def test_what_stands_beside_the_figures_changes_the_page(page, year, change):
    before = page(year.chair, ky="2026-11")
    words = change(year)
    assert words not in before
    assert words in page(year.chair, ky="2026-11")


def test_a_change_of_a_report_is_seen_before_and_after_its_roll_up(page, year):
    report = year.phu_rieng.reports.get(period__month=11)
    before = page(year.chair, ky="2026-11")
    workflow.send_back(report_id=report.pk, by=year.reviewer, reason="Kiểm tra lại")
    waiting = page(year.chair, ky="2026-11")
    assert waiting != before
    assert page(year.chair, ky="2026-11") == waiting
    rollup.drain()
    assert not KeptPage.objects.exists()
    after = page(year.chair, ky="2026-11")
    assert "1/4 đơn vị đã nộp" in after
    assert page(year.chair, ky="2026-11") == after


def test_nothing_is_kept_while_a_change_waits(page, year):
    report = year.phu_rieng.reports.get(period__month=11)
    workflow.send_back(report_id=report.pk, by=year.reviewer, reason="Kiểm tra lại")
    page(year.chair, ky="2026-11")
    assert not KeptPage.objects.exists()


def test_a_deadline_that_passes_changes_the_page(page, year, at):
    PeriodDeadline.objects.filter(period__month=11).update(due_at="2026-11-18T10:00:00+07:00")
    before = page(year.chair, ky="2026-11")
    at("2026-11-18 09:59")
    assert page(year.chair, ky="2026-11") == before
    at("2026-11-18 10:01")
    after = page(year.chair, ky="2026-11")
    assert "2 đơn vị chưa nộp, đã quá hạn" in after
    assert "2 đơn vị chưa nộp, đã quá hạn" not in before


def test_a_report_s_own_deadline_that_passes_changes_the_page(page, year, at):
    PeriodDeadline.objects.filter(period__month=11).update(due_at="2026-11-16T17:00:00+07:00")
    Report.objects.filter(unit=year.phuoc_binh, period__month=11).update(own_due_at="2026-11-18T10:00:00+07:00")
    before = page(year.chair, ky="2026-11")
    at("2026-11-18 10:01")
    after = page(year.chair, ky="2026-11")
    assert "2 đơn vị chưa nộp, đã quá hạn" in after
    assert "2 đơn vị chưa nộp, đã quá hạn" not in before


def test_another_day_is_another_page(page, year, at):
    PeriodDeadline.objects.filter(period__month=10).update(due_at="2026-11-10T17:00:00+07:00")
    first = page(year.chair, ky="2026-10")
    at("2026-11-19 08:00")
    assert page(year.chair, ky="2026-10") != first


def test_a_unit_that_ends_changes_the_page(page, year):
    before = page(year.chair, ky="2026-11")
    end(year.phuoc_binh, "2026-10-31")
    UnitSuccession.objects.create(
        predecessor=year.phuoc_binh, successor=year.phuoc_long, effective_on="2026-11-01", is_partial=False
    )
    assert page(year.chair, ky="2026-11") != before


def test_the_database_counts_each_act_on_each_table(year):
    """Whoever does it and by whatever way; PostgreSQL counts statements, SQLite rows."""
    for model in beside_the_figures():
        table = model._meta.db_table
        if not model.objects.exists() and connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
                assert cursor.fetchone()[0] >= 3, table
            continue
        before = ChangeCount.objects.total()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET id = id")
        after = ChangeCount.objects.total()
        assert after > before, table


@pytest.mark.parametrize("act", ["insert", "update", "delete"])
def test_insert_update_and_delete_are_counted(year, act):
    terms = ServiceTerms.objects.first()
    before = ChangeCount.objects.total()
    if act == "insert":
        terms.pk = None
        terms.level, terms.valid_from, terms.valid_to = "district", "2031-01-01", "2031-02-01"
        terms.save()
    elif act == "update":
        ServiceTerms.objects.filter(pk=terms.pk).update(lead_agency="Sở Y tế")
    else:
        terms.delete()
    assert ChangeCount.objects.total() > before


def test_what_is_rolled_back_is_not_counted(year):
    from django.db import transaction

    before = ChangeCount.objects.total()
    with transaction.atomic():
        ReportingSettings.objects.update(fewest_dossiers=77)
        assert ChangeCount.objects.total() > before
        transaction.set_rollback(True)
    assert ChangeCount.objects.total() == before


# Everything that a page reads is known -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("unit", ["nation", "dong_nai", "phuoc_long"])
def test_every_table_that_a_page_reads_is_counted_or_has_a_generation(page, year, name, unit):
    change_target(year)
    change_assignment(year)
    counted = {model._meta.db_table for model in beside_the_figures()}
    for asked in ({"ky": "2026-11"}, {"ky": "2026"}, {"ky": "2026", "do": "so-chi-tieu"}):
        if "do" in asked and name not in {"dashboard", "dashboard-heat", "dashboard-board"}:
            continue
        KeptReading.objects.all().delete()
        KeptPage.objects.all().delete()
        with CaptureQueriesContext(connection) as seen:
            page(year.administrator, name, don_vi=getattr(year, unit).pk, **asked)
        read = set()
        started = False
        for query in seen:
            started = started or "reporting_changecount" in query["sql"]
            if started:
                read |= set(re.findall(r"\b(?:reporting|taskforces)_[a-z]+\b", query["sql"]))
        tables = set(connection.introspection.table_names())
        assert read & tables - counted - BY_GENERATION == set()


# What is never kept --------------------------------------------------------------------------------------------------


def test_what_is_refused_or_joined_is_not_kept(page, year, client):
    client.force_login(year.chair)
    for asked in ({"xep_theo": "khong-co"}, {"so_voi": "khong-co"}, {"ky": "khong-co"}):
        assert client.get(reverse("dashboard"), asked).status_code == 404
    client.get(reverse("dashboard"), {"tu_thang": "x", "den_thang": "y"})
    assert not KeptPage.objects.exists()
    assert client.get(reverse("dashboard"), {"ky": "2026-11", "dia_gioi": "noi"}).status_code == 200
    assert not KeptPage.objects.exists()


def test_where_changes_are_not_counted_nothing_is_kept(page, year):
    ChangeCount.objects.all().delete()
    page(year.chair, ky="2026-11")
    assert not KeptPage.objects.exists()


def test_an_unknown_word_in_the_address_makes_no_further_page(page, year):
    for number in range(3):
        page(year.chair, ky="2026-11", la=number)
    assert KeptPage.objects.count() == 1


def test_a_page_that_cannot_be_kept_is_shown(page, year, monkeypatch):
    def refuse(*_, **__):
        raise DatabaseError("read only")

    monkeypatch.setattr(KeptPage.objects, "bulk_create", refuse)
    assert "2/4 đơn vị đã nộp" in page(year.chair, ky="2026-11")


def test_outside_the_scope_nothing_is_found(page, year, client):
    page(year.administrator, don_vi=year.lam_dong.pk, ky="2026-11")
    client.force_login(year.chair)
    assert client.get(reverse("dashboard"), {"don_vi": year.lam_dong.pk, "ky": "2026-11"}).status_code == 404


def test_both_bases_are_pages_of_their_own(page, year):
    for basis in Basis:
        page(year.chair, ky="2026-11", co_so="chinh-thuc" if basis == Basis.OFFICIAL else "tam-tinh")
    assert KeptPage.objects.count() == 2
