"""The shipped catalogue: 25 dated services, indicators each reported at one level, nothing overwritten."""

import datetime as dt
from io import StringIO

import pytest
from django.contrib.admin.sites import site
from django.core.management import call_command
from django.db import IntegrityError

from reporting.catalogue import load_catalogue
from reporting.models import (
    Holiday,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    LevelSetting,
    PublicService,
    Report,
    ServiceTerms,
)

pytestmark = pytest.mark.django_db
D = dt.date


def owed(model, level, day):
    field = "service__code" if model is ServiceTerms else "indicator__code"
    return set(model.objects.owed_by(level, day).values_list(field, flat=True))


def test_the_25_services_in_the_order_of_the_annex():
    load_catalogue()
    assert list(PublicService.objects.values_list("code", flat=True)) == [f"DVC{n:02d}" for n in range(1, 26)]
    assert PublicService.objects.get(code="DVC16").short_name == "Liên thông khai tử – xóa thường trú – mai táng phí"
    assert not PublicService.objects.filter(short_name="").exists()


def test_lead_agency_is_dated():
    load_catalogue()
    licences = ServiceTerms.objects.filter(service__code="DVC20")
    assert licences.on(D(2025, 2, 28)).get().lead_agency == "Bộ Giao thông vận tải"
    assert licences.on(D(2025, 3, 1)).get().lead_agency == "Bộ Công an"
    assert ServiceTerms.objects.on(D(2022, 8, 9)).filter(lead_agency="Bộ Công an").count() == 11


@pytest.mark.parametrize(
    "day", [D(2022, 1, 6), D(2025, 2, 28), D(2025, 6, 30), D(2025, 7, 1), D(2025, 10, 1), D(2030, 1, 1)]
)
def test_every_service_has_exactly_one_row_of_terms_every_day(day):
    load_catalogue()
    assert ServiceTerms.objects.on(day).count() == 25
    assert not ServiceTerms.objects.on(D(2022, 1, 5)).exists()


def test_levels_change_with_the_two_tiers():
    load_catalogue()
    assert "DVC02" not in owed(ServiceTerms, "commune", D(2025, 6, 30))
    assert "DVC02" in owed(ServiceTerms, "commune", D(2025, 7, 1))
    assert "DVC09" in owed(ServiceTerms, "district", D(2025, 6, 30))
    assert owed(ServiceTerms, "district", D(2025, 7, 1)) == set()
    assert len(owed(ServiceTerms, "commune", D(2026, 11, 14))) == 13


def test_all_services_are_online_only_since_october_2025():
    load_catalogue()
    assert not ServiceTerms.objects.on(D(2025, 9, 30)).filter(online_only=True).exists()
    assert ServiceTerms.objects.on(D(2025, 10, 1)).filter(online_only=True).count() == 25


def test_a_fact_about_people_is_reported_at_one_level_only():
    load_catalogue()
    for day in (D(2024, 11, 14), D(2026, 11, 14)):
        facts = {"TC03", "TC04", "TC05", "DD01", "DD04", "DC01", "HT01", "YT01", "YT03", "AS01"}
        assert facts <= owed(IndicatorTerms, "commune", day)
        assert not facts & owed(IndicatorTerms, "district", day)
        assert not facts & owed(IndicatorTerms, "province", day)
    assert "DV01" not in owed(IndicatorTerms, "commune", D(2025, 6, 30))
    assert "DV01" in owed(IndicatorTerms, "commune", D(2025, 7, 1))


def test_loading_twice_changes_nothing_and_keeps_edits():
    assert load_catalogue()["dịch vụ công"] == 25
    PublicService.objects.filter(code="DVC09").update(short_name="Khai sinh")
    ServiceTerms.objects.filter(service__code="DVC09").first().delete()
    LevelSetting.objects.filter(level="commune").update(deadline_days=5)
    assert not load_catalogue()
    assert PublicService.objects.get(code="DVC09").short_name == "Khai sinh"
    assert ServiceTerms.objects.filter(service__code="DVC09").count() == 3
    assert LevelSetting.objects.get(level="commune").deadline_days == 5


def test_command_says_what_it_did():
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert "Đã thêm 25 dịch vụ công." in out.getvalue()
    out = StringIO()
    call_command("load_catalogue", "--if-empty", stdout=out)
    assert out.getvalue() == "Đã có danh mục, không nạp lại.\n"
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert "không thêm dòng nào" in out.getvalue()


def test_swapped_days_are_worked():
    load_catalogue()
    assert Holiday.objects.get(day=D(2026, 8, 22)).is_working_day
    assert not Holiday.objects.get(day=D(2026, 2, 17)).is_working_day


def test_constraints_hold_in_the_database():
    load_catalogue()
    with pytest.raises(IntegrityError):
        PublicService.objects.create(code="DVC26", order=26, name="x", short_name="x", reporter="nobody")


def test_reported_rows_are_never_deleted(world, month, rf):
    period = month("2026-11")
    indicator = Indicator.objects.get(code="TT01")
    page = site._registry[Indicator]
    request = rf.get("/")
    request.user = world.administrator
    assert page.has_delete_permission(request, indicator)
    report = Report.objects.get(unit=world.phuoc_long, period=period)
    IndicatorFigure.objects.create(report=report, indicator=indicator, numerator=0)
    assert not page.has_delete_permission(request, indicator)
    assert not page.has_delete_permission(request)


@pytest.mark.parametrize(
    "name",
    ["publicservice", "indicator", "holiday", "levelsetting", "participatingarea", "period", "reportingsettings"],
)
def test_admin_pages_open(client, world, month, name):
    month("2026-11")
    client.force_login(world.administrator)
    assert client.get(f"/quan-tri/reporting/{name}/").status_code == 200
    if name in {"publicservice", "period"}:
        model = PublicService if name == "publicservice" else Report.objects.first().period.__class__
        assert client.get(f"/quan-tri/reporting/{name}/{model.objects.first().pk}/change/").status_code == 200


def test_importing_services_shows_errors_and_skips_unchanged(world):
    from import_export.results import RowResult

    from reporting.imports.catalogue_rows import ServiceResource

    resource = ServiceResource()
    data = resource.export()
    result = ServiceResource().import_data(data, dry_run=False)
    assert not result.has_errors()
    assert result.totals[RowResult.IMPORT_TYPE_SKIP] == 25
    rows = [list(row) for row in data]
    rows[0][data.headers.index("Bộ phận nhập")] = "nobody"
    data.wipe()
    data.headers = ServiceResource().export().headers
    for row in rows:
        data.append(row)
    result = ServiceResource().import_data(data, dry_run=False)
    assert result.has_validation_errors()
    assert PublicService.objects.get(code="DVC01").reporter == "police"
