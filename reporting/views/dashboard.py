"""Reading: the page a chair reads in a minute, and the rows behind each of its numbers."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate, whole_number
from reporting.models import Basis
from reporting.reading.contributions import UnknownMeasure, name_rows, source
from reporting.reading.findings import findings
from reporting.reading.overview import RANKINGS, NoFigures, overview
from taskforces.models import UnitVersion
from taskforces.register.assignment_counts import AssignmentState, overdue
from taskforces.scope import sees_path
from taskforces.units.tree import version_of_day

from . import dashboard_charts as charts
from . import dashboard_numbers as numbers
from . import dashboard_tables as tables
from .choices import Choice, context_bar, read_choice

CONTRIBUTIONS_A_PAGE = 100
LATE_ASSIGNMENTS = 5  # overdue assignments named on the page


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """One unit, one span, one basis: six numbers, who reported, units below, services, indicators, trend."""
    ranked_by = request.GET.get("xep_theo", "dung-han")
    if ranked_by not in RANKINGS:
        raise Http404
    choice = read_choice(request)
    if choice is None:
        return render(request, "taskforces/no_posting.html")
    hidden = {"xep_theo": ranked_by} if ranked_by != "dung-han" else {}
    try:
        if choice.span is None:
            raise NoFigures
        seen = overview(
            choice.unit_id,
            choice.span,
            choice.basis,
            now=choice.now,
            ranked_by=ranked_by,
            versions=choice.versions,
            periods=choice.periods,
        )
    except NoFigures:
        return _no_figures(request, choice)
    unit_link, source_link = tables.source_links(choice)
    trend = charts.trend(seen)
    context = {
        "ctx": context_bar(request, choice, seen=seen, hidden=hidden),
        "choice": choice,
        "seen": seen,
        "title": _title(seen),
        "lead": _lead(seen),
        "is_official": seen.basis == Basis.OFFICIAL,
        "stats": numbers.stats(seen, source_link),
        "findings": findings(seen),
        "who": tables.who_reported(seen),
        "heat": charts.heat(seen, unit_link),
        "ranking": charts.ranking(seen),
        "rank_links": [
            (choice.query(xep_theo=None if key == "dung-han" else key) + "#xep", words, key == ranked_by)
            for key, words in RANKINGS.items()
        ],
        "units": tables.unit_rows(seen, unit_link, source_link),
        "units_without_reports": tables.units_without_reports(seen, unit_link),
        "unit_total": tables.unit_total(seen, source_link),
        "services": tables.service_table(seen, source_link),
        "indicators": tables.indicator_groups(seen, source_link),
        "trend": trend,
        "chart": charts.chart_data(trend["points"]),
        "export_query": choice.query(),
    }
    context |= _late_assignments(choice, seen)
    return render(request, "reporting/dashboard.html", context)


def _late_assignments(choice: Choice, seen) -> dict:
    """Assignments overdue today when the newest month is looked at, else on the last day of the months looked at."""
    last = seen.periods[-1]
    is_newest = bool(choice.own_periods) and last.key == choice.own_periods[-1].key
    day = choice.now.date() if is_newest else last.data_to
    query = f"?don_vi={choice.unit_id}&tinh_trang={AssignmentState.OVERDUE}" + (
        "" if is_newest else f"&ngay={day.isoformat()}"
    )
    late = overdue(choice.unit_id, day, LATE_ASSIGNMENTS)
    return {"late": late, "late_day": day, "late_url": reverse("assignment-list") + query}


def _title(seen) -> str:
    parts = seen.submissions
    done = "đã duyệt" if seen.basis == Basis.OFFICIAL else "đã nộp"
    label = f"Tổng quan {seen.span.label}"
    if not parts.expected_reports:
        return f"{label}: không có báo cáo phải nộp"
    if not seen.has_units_below and len(seen.periods) == 1:
        return f"{label}: {done if parts.reports else 'chưa nộp' if done == 'đã nộp' else 'chưa duyệt'}"
    if len(seen.periods) == 1:
        return f"{label}: {format_number(parts.reports)}/{format_number(parts.expected_reports)} đơn vị {done}"
    return f"{label}: {format_number(parts.reports)}/{format_number(parts.expected_reports)} báo cáo {done}"


def _lead(seen) -> str:
    basis = (
        "Số chính thức chỉ gồm báo cáo đã duyệt."
        if seen.basis == Basis.OFFICIAL
        else "Số tạm tính gồm báo cáo đã gửi và đã duyệt."
    )
    if seen.comparison is None:
        return f"{basis} Chưa có kỳ trước để so sánh." if seen.submissions.reports else basis
    if not seen.has_units_below:
        return f"{basis} So sánh với {seen.comparison.span.label}."
    same = f"{format_number(seen.comparison.units)} đơn vị"
    if len(seen.periods) > 1:
        same += " có cùng số tháng đã nộp"
    return f"{basis} So sánh với {seen.comparison.span.label} trên cùng {same}."


def _no_figures(request: HttpRequest, choice: Choice) -> HttpResponse:
    latest = choice.own_periods[-1] if choice.own_periods else None
    context = {
        "ctx": context_bar(request, choice),
        "choice": choice,
        "unit_name": choice.versions[-1].name,
        "latest_label": latest.label if latest else "",
        "latest_url": choice.query(ky=latest.key) if latest else "",
    }
    return render(request, "reporting/dashboard_empty.html", context)


def _row_of_page(request: HttpRequest, choice: Choice, day: dt.date) -> UnitVersion | None:
    """`dong`: one row of the unit's page, a unit right below it or one that was, as it was last called there."""
    if (text := request.GET.get("dong")) is None:
        return None
    there = UnitVersion.objects.filter(unit_id=whole_number(text), parent_id=choice.unit_id, valid_from__lte=day)
    version = there.order_by("-valid_from").first()
    if version is None:
        raise Http404
    return version


@require_safe
def source_rows(request: HttpRequest) -> HttpResponse:
    """Every report in one number, with its part; the sum below is the number shown on the page."""
    choice = read_choice(request)
    if choice is None or choice.span is None:
        raise Http404
    by_key = {p.key: p for p in choice.own_periods}
    read = [by_key[m.key] for m in choice.span.months if m.key in by_key]
    if not read:
        raise Http404
    own = choice.unit_id if request.GET.get("rieng") == "1" else None
    row = _row_of_page(request, choice, read[-1].data_to)
    below = row.unit_id if row else own
    try:
        found = source(choice.unit_id, read, choice.basis, request.GET.get("so", ""), below=below)
    except UnknownMeasure as error:
        raise Http404 from error
    page = Paginator(found.rows, CONTRIBUTIONS_A_PAGE).get_page(request.GET.get("trang"))
    name_rows(page.object_list, read)
    labels = {p.pk: p.label for p in read}
    version = row or version_of_day(choice.versions, read[-1].data_to)
    context = {
        "choice": choice,
        "unit_name": ("Cơ quan " if own else "") + (version.name if version else ""),
        "measure": found.label,
        "source": found,
        "value": format_number(found.value, blank=NO_VALUE),
        "of": format_number(found.of, blank=NO_VALUE),
        "rate": format_rate(found.value, found.of) if found.has_denominator else "",
        "rows": [
            {
                "url": reverse("report-detail", args=[row.report_id]) if sees_path(request.user, row.path) else "",
                "name": row.unit_name,
                "period": labels[row.period_id],
                "status": tables.report_status(row.status, None),
                "is_late": row.is_late,
                "value": format_number(row.value, blank=NO_VALUE),
                "of": format_number(row.of, blank=NO_VALUE),
                "rate": format_rate(row.value, row.of) if found.has_denominator else "",
            }
            for row in page.object_list
        ],
        "page": page,
        "back": choice.query(),
        "basis_words": "chỉ báo cáo đã duyệt" if choice.basis == Basis.OFFICIAL else "báo cáo đã gửi và đã duyệt",
    }
    return render(request, "reporting/source_rows.html", context)
