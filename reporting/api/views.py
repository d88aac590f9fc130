"""Doors of the API: the same scope, the same functions and the same sentences as the pages.

404 outside the scope, 403 inside it without the right, 409 at the wrong moment or when a cell was changed by another.
"""

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as BadRequest
from rest_framework.response import Response

from de_an_06.plain.numbers import whole_number
from de_an_06.plain.vietnamese import search_key
from reporting.entry import saving
from reporting.entry.checks import Problem
from reporting.entry.form import ReportForm, load_form
from reporting.entry.ready import LOOKS_PERSONAL, personal_numbers_of
from reporting.models import (
    Basis,
    FigureChange,
    Indicator,
    IndicatorSummary,
    Period,
    PublicService,
    ServiceSummary,
    Status,
    SubmissionSummary,
)
from reporting.reading import qualifiers
from reporting.reading.ranges import Dossiers, figures_of
from reporting.report_doors import get_report, named_reports
from reporting.report_log import NotAllowed, Refused
from reporting.review import workflow
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import may_submit, require, unit_in_scope

from . import serializers as shapes
from .asking import PAGING, day_asked, month_asked, page_of, paged, whole_asked


@extend_schema(
    operation_id="units",
    parameters=[
        *PAGING,
        OpenApiParameter("on", OpenApiTypes.DATE, description="the tree of this day; today at first"),
        OpenApiParameter("q", OpenApiTypes.STR, description="part of a name, diacritics not needed, or a code"),
        OpenApiParameter("parent", OpenApiTypes.INT, description="id of the unit directly above"),
    ],
    responses={200: page_of("UnitPage", shapes.UnitSerializer), 400: shapes.DetailSerializer},
)
@api_view(["GET"])
def unit_list(request):
    """Administrative units of one day. They are public facts: everyone who is logged in may read them."""
    rows = UnitVersion.objects.on(day_asked(request)).select_related("unit").order_by("unit__level", "sort_key", "pk")
    if "q" in request.GET:
        text = request.GET["q"].strip()
        rows = (
            rows.filter(unit__code=text)
            if whole_number(text) is not None
            else rows.filter(search_key__contains=search_key(text))
        )
    if "parent" in request.GET:
        rows = rows.filter(parent_id=whole_asked(request, "parent"))
    return paged(request, rows, shapes.UnitSerializer)


@extend_schema(
    operation_id="periods",
    parameters=PAGING,
    responses={200: page_of("PeriodPage", shapes.PeriodSerializer)},
)
@api_view(["GET"])
def period_list(request):
    """Months that are open or were, latest first, with the deadline of each level."""
    rows = Period.objects.prefetch_related("deadlines").order_by("-year", "-month")
    return paged(request, rows, shapes.PeriodSerializer)


@extend_schema(
    operation_id="reports",
    parameters=[
        *PAGING,
        OpenApiParameter("period", OpenApiTypes.STR, description="'2026-11'"),
        OpenApiParameter("status", OpenApiTypes.STR, enum=Status.values),
        OpenApiParameter("unit", OpenApiTypes.INT, description="this unit and everything under it"),
    ],
    responses={200: page_of("ReportPage", shapes.ReportSerializer), 400: shapes.DetailSerializer},
)
@api_view(["GET"])
def report_list(request):
    """Reports of the person's scope; an untouched draft is an expected report."""
    rows = named_reports(request.user).order_by("-period__year", "-period__month", "path", "pk")
    if "period" in request.GET:
        month = month_asked(request)
        rows = rows.filter(period__year=month.year, period__month=month.month)
    if "status" in request.GET:
        if request.GET["status"] not in Status.values:
            raise BadRequest({"detail": "Không có trạng thái này."})
        rows = rows.filter(status=request.GET["status"])
    if "unit" in request.GET:
        rows = rows.under(whole_asked(request, "unit"))
    return paged(request, rows, shapes.ReportSerializer)


@extend_schema(operation_id="report", responses={200: shapes.ReportDetailSerializer, 404: shapes.DetailSerializer})
@api_view(["GET"])
def report_detail(request, pk: int):
    """One report: figures, problems, narrative. Figures no longer owed come last: totals count them too."""
    report = get_report(request.user, pk)
    form = load_form(report, request.user)
    body = {
        **shapes.ReportSerializer(report).data,
        "services": _service_rows(form),
        "indicators": _indicator_rows(form),
        "narrative": {name: text for name, _, text in form.narrative},
        "problems": _problems(form.problems, form),
        "missing": [key for keys in form.missing.values() for key in keys],
    }
    return Response(body)


@extend_schema(
    operation_id="report_save_cells",
    request=shapes.CellsSerializer,
    responses={
        200: shapes.SaveResultSerializer,
        400: shapes.SaveResultSerializer,
        403: shapes.DetailSerializer,
        404: shapes.DetailSerializer,
        409: shapes.SaveResultSerializer,
    },
)
@api_view(["PATCH"])
def report_cells(request, pk: int):
    """Save cells. 400: some refused; 409: some changed by another since `seen`, or the report is not open (`detail`).

    Cells listed in `saved` are stored whatever the answer's status is.
    """
    report = get_report(request.user, pk)
    form = shapes.CellsSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    try:
        result = saving.save_cells(
            report_id=report.pk,
            by=request.user,
            cells=form.validated_data["cells"],
            seen=form.validated_data.get("seen"),
            via=FigureChange.Via.API,
        )
    except NotAllowed as error:
        return Response({"detail": str(error)}, status=409)
    body = {
        "saved": result.saved,
        "refused": result.refused,
        "conflicts": {key: shapes.ConflictSerializer(c).data for key, c in result.conflicts.items()},
        "changed": result.changed,
        "saved_at": result.saved_at,
        "problems": _problems(result.form.problems),
    }
    return Response(body, status=409 if result.conflicts else 400 if result.refused else 200)


@extend_schema(
    operation_id="report_submit",
    request=shapes.SubmitSerializer,
    responses={
        200: shapes.ReceiptSerializer,
        400: shapes.DetailSerializer,
        403: shapes.DetailSerializer,
        404: shapes.DetailSerializer,
        409: shapes.NotAllowedSerializer,
    },
)
@api_view(["POST"])
def report_submit(request, pk: int):
    """Send the report. 409 names what blocks it, cell by cell.

    Numbers in the narrative that look like a person's (`personal`) block it until `no_personal` says they are not.
    """
    report = get_report(request.user, pk)
    require(may_submit(request.user, report))
    form = shapes.SubmitSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    personal = personal_numbers_of(report)
    if personal and not form.validated_data["no_personal"]:
        return Response({"detail": LOOKS_PERSONAL, "personal": personal}, status=409)
    try:
        event = workflow.submit(report_id=report.pk, by=request.user)
    except Refused as refused:
        return Response({"detail": str(refused), "problems": _problems(refused.problems)}, status=409)
    except NotAllowed as error:
        return Response({"detail": str(error)}, status=409)
    report.refresh_from_db(fields=["is_late"])
    return Response(
        {
            "receipt": event.receipt,
            "checksum": event.checksum,
            "at": event.at,
            "revision": event.revision,
            "is_late": report.is_late,
        }
    )


@extend_schema(
    operation_id="summaries",
    parameters=[
        OpenApiParameter("unit", OpenApiTypes.INT, required=True),
        OpenApiParameter("period", OpenApiTypes.STR, required=True, description="'2026-11'"),
        OpenApiParameter("basis", OpenApiTypes.STR, enum=Basis.values, description="provisional at first"),
    ],
    responses={200: shapes.SummarySerializer, 400: shapes.DetailSerializer, 404: shapes.DetailSerializer},
)
@api_view(["GET"])
def summary(request):
    """Stored totals of a province, district or the nation for one month; a commune is read from its own report."""
    unit = get_object_or_404(AdministrativeUnit, pk=whole_asked(request, "unit"))
    month = month_asked(request)
    period = get_object_or_404(Period, year=month.year, month=month.month)
    if not unit_in_scope(request.user, unit.pk, period.data_to):
        raise NotFound
    basis = request.GET.get("basis", Basis.PROVISIONAL)
    if basis not in Basis.values:
        raise BadRequest({"detail": "Cơ sở số liệu là provisional hoặc official."})
    rows = {"unit": unit, "period": period}
    services = list(ServiceSummary.objects.filter(**rows, basis=basis).select_related("service").order_by("service"))
    indicators = IndicatorSummary.objects.filter(**rows, basis=basis).select_related("indicator").order_by("indicator")
    submissions = SubmissionSummary.objects.filter(**rows).first()
    inexact = {i.pk: i.code for i in qualifiers.with_words([unit.pk], [period], basis) if i.is_inexact}
    said = qualifiers.said_of(unit.pk, [period], basis, inexact)
    return Response(
        {
            "unit": unit.pk,
            "period": period.key,
            "basis": basis,
            "computed_at": submissions.computed_at if submissions else None,
            "submissions": shapes.SubmissionSerializer(submissions).data if submissions else None,
            "services": [_service_total(row) for row in services],
            "indicators": [
                {
                    "code": row.indicator.code,
                    "over_units": row.indicator.over_units,
                    "numerator": row.numerator,
                    "denominator": row.denominator,
                    "rate": shapes.rate((row.numerator, row.denominator)),
                    "qualifier": said[row.indicator_id].word if row.indicator_id in said else "",
                    "qualifier_note": said[row.indicator_id].note if row.indicator_id in said else "",
                    "units_reported": row.units_reported,
                }
                for row in indicators
            ],
        }
    )


# Parts


def _problems(problems: list[Problem], form: ReportForm | None = None) -> list[dict]:
    rows = []
    for problem in problems:
        row = dict(shapes.ProblemSerializer(problem).data)
        if form is not None:
            explanation = form.explanation(problem)
            row["reason"] = explanation.reason if explanation else None
        rows.append(row)
    return rows


def _service_rows(form: ReportForm) -> list[dict]:
    rows = [(line.service, True, {cell.name: cell.value for cell in line.cells}) for line in form.services]
    not_owed = _reported_besides(PublicService, form.data.services, [line.service for line in form.services])
    rows += [(service, False, form.data.services[service.pk]) for service in not_owed]
    return [
        {"code": s.code, "name": s.name, "branch": s.reporter, "owed": owed, "figures": figures}
        for s, owed, figures in rows
    ]


def _indicator_rows(form: ReportForm) -> list[dict]:
    rows = [_indicator_row(line.indicator, form, owed=True) for line in form.indicators]
    owed = [line.indicator for line in form.indicators]
    return rows + [
        _indicator_row(i, form, owed=False) for i in _reported_besides(Indicator, form.data.indicators, owed)
    ]


def _indicator_row(indicator: Indicator, form: ReportForm, *, owed: bool) -> dict:
    stored = form.data.indicators.get(indicator.pk, {})
    numerator = stored.get("numerator")
    denominator = stored.get("denominator") if indicator.kind == Indicator.Kind.RATIO else None
    return {
        "code": indicator.code,
        "name": indicator.name,
        "kind": indicator.kind,
        "owner": indicator.owner,
        "over_units": indicator.over_units,
        "owed": owed,
        "numerator": numerator,
        "denominator": denominator,
        "rate": shapes.rate((numerator, denominator)),
        "qualifier": "" if numerator is None else form.data.qualifiers.get((indicator.pk, 0), ""),
        "note": form.data.remarks.get(indicator.pk, ""),
    }


def _reported_besides(model, stored: dict[int, dict], owed: list) -> list:
    """What the report has a figure of besides what it owes, in catalogue order; a query only where there is some."""
    reported = {pk for pk, row in stored.items() if any(value is not None for value in row.values())}
    besides = reported - {row.pk for row in owed}
    return list(model.objects.filter(pk__in=besides).order_by("order", "code")) if besides else []


def _service_total(row: ServiceSummary) -> dict:
    figures = figures_of(row)
    dossiers = Dossiers(**figures)
    return {
        "code": row.service.code,
        "figures": figures,
        "online_rate": shapes.rate(dossiers.online_rate),
        "in_time_rate": shapes.rate(dossiers.in_time_rate),
        "units_reported": row.units_reported,
    }
