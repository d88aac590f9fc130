"""Doors of the API to what units are to reach, and which services they do wholly online."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view

from reporting.models import LiveService, PublicService, Report, Target
from reporting.reading.against_targets import NO_ACTUAL, Reached
from reporting.reading.lead_agencies import Tick, counted, lists_of
from reporting.reading.unit_targets import reached_so_far, targets_of_year
from reporting.report_doors import named_reports
from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit
from taskforces.scope import path_in_scope_of_unit

from . import serializers as shapes
from .asking import PAGING, month_asked, page_of, paged, whole_asked


@extend_schema(
    operation_id="targets",
    parameters=[
        *PAGING,
        OpenApiParameter("unit", OpenApiTypes.INT, required=True),
        OpenApiParameter("year", OpenApiTypes.INT, required=True),
        OpenApiParameter("month", OpenApiTypes.INT, description="0: those of the whole year; without it all of them"),
    ],
    responses={
        200: page_of("TargetPage", shapes.TargetSerializer),
        400: shapes.DetailSerializer,
        404: shapes.DetailSerializer,
    },
)
@api_view(["GET"])
def target_list(request):
    """A unit's targets of a year, each with what was reached of it and its assessment."""
    year = whole_asked(request, "year")
    unit = get_object_or_404(
        AdministrativeUnit.objects.filter(path_in_scope_of_unit(request.user, "pk")), pk=whole_asked(request, "unit")
    )
    targets = targets_of_year(request.user, unit, year)
    if "month" in request.GET:
        month = whole_asked(request, "month")
        targets = [target for target in targets if target.month == month]
    reached, _ = reached_so_far(unit, today_for(request.user), targets)
    return paged(request, [_target_row(target, reached.get(target.pk)) for target in targets], shapes.TargetSerializer)


@extend_schema(
    operation_id="live_services",
    parameters=[
        *PAGING,
        OpenApiParameter("period", OpenApiTypes.STR, required=True, description="'2026-11'"),
        OpenApiParameter("unit", OpenApiTypes.INT, description="this unit and everything under it"),
    ],
    responses={200: page_of("LiveListPage", shapes.LiveListSerializer), 400: shapes.DetailSerializer},
)
@api_view(["GET"])
def live_service_list(request):
    """Of each unit of the person's scope that keeps such a list in the month: which services it does wholly online."""
    month = month_asked(request)
    rows = named_reports(request.user).filter(period__year=month.year, period__month=month.month)
    rows = rows.filter(Exists(LiveService.objects.filter(report=OuterRef("pk")))).order_by("path", "pk")
    if "unit" in request.GET:
        rows = rows.under(whole_asked(request, "unit"))
    return paged(request, rows, shapes.LiveListSerializer, _live_lists)


# Parts


def _live_lists(reports: Sequence[Report]) -> list[dict]:
    """One page of reports with their lists, in two queries."""
    lists, services = lists_of([report.pk for report in reports]), PublicService.objects.in_bulk()
    return [
        {
            "report": report.pk,
            "unit": report.unit_id,
            "unit_code": report.unit.code,
            "unit_name": report.reporter_name,
            "period": report.period.key,
            "status": report.status,
            "live": sum(tick.is_live for tick in lists[report.pk]),
            "within": len(lists[report.pk]),
            "agencies": counted(lists[report.pk]),
            "services": [_live_service(services[tick.service_id], tick) for tick in lists[report.pk]],
        }
        for report in reports
    ]


def _live_service(service: PublicService, tick: Tick) -> dict:
    return {"code": service.code, "name": service.name, "agency": tick.agency, "live": tick.is_live}


def _target_row(target: Target, one: Reached | None) -> dict:
    numerator, denominator = one.actual if one else NO_ACTUAL
    return {
        "id": target.pk,
        "unit": target.unit_id,
        "of": target.key,
        **{name: getattr(target, name) for name in _TARGET_FACTS},
        "numerator": numerator,
        "denominator": denominator,
        "rate": shapes.rate((numerator, denominator)),
        "assessment": one.assessment.value if one else None,
    }


_TARGET_FACTS = ("year", "month", "label", "is_percent", "is_at_most", "status", "value", "asked", "offered")
