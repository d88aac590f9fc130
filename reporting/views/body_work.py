"""Where the day of a department starts: its assignments, its indicators of the month, its services, its targets."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from de_an_06.plain.bodies import is_lead
from de_an_06.plain.numbers import format_number, format_rate, with_qualifier
from reporting.entry.form import IndicatorLine, ReportForm, load_form
from reporting.lateness import time_left
from reporting.models import Basis, PublicService, Target
from reporting.reading.against_targets import NO_ACTUAL, actuals
from reporting.reading.overview import begun_periods, periods_of_unit
from reporting.reading.places import Stretch
from reporting.report_doors import reports_for
from reporting.target_workflow import lead_agencies
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, Level, Posting
from taskforces.models.units import reporter_name
from taskforces.people.postings import group_labels
from taskforces.register import assignment_counts
from taskforces.register.assignment_counts import AssignmentState
from taskforces.scope import Right, held, is_bodys, may_set_targets_below, rights_of
from taskforces.views.assignment_rows import assignment_row

from .targets import rows_of_year, waiting
from .task_list import chosen_report

CHOICES = 13  # months offered
OPEN_STATES = {AssignmentState.OVERDUE, AssignmentState.NOT_STARTED, AssignmentState.IN_PROGRESS}


@require_safe
def body_work(request):
    """Home of a department. `?ky=2026-11` chooses the month; the other months of the unit are read elsewhere."""
    posting = _posting(request)
    user, today = request.user, today_for(request.user)
    unit, groups = posting.unit, posting.groups.split()
    reports = list(reports_for(user).filter(unit=unit).order_by("-period__year", "-period__month")[:CHOICES])
    report = chosen_report(reports, request.GET.get("ky", ""), today)
    form = load_form(report, user) if report else None
    lines = _lines(form, groups) if form else []
    rows = [assignment_row(a, today) for a in assignment_counts.listed(_assignments(posting), today)]
    left = [row for row in rows if row["state"] in OPEN_STATES]
    year = today.year
    agencies = lead_agencies(today)
    led = {pk for pk, agency in agencies.items() if is_lead(posting.body, agency)}
    of_year = rows_of_year(user, unit, today, year)
    targets = [row for row in of_year if _is_own(row["target"].indicator, groups)]
    rates = {row["target"].key: row for row in of_year if row["target"].service_id in led and not row["target"].month}
    targets += [row for row in of_year if row["target"].service_id in led]
    sets_below = bool(groups or led) and may_set_targets_below(user, unit, set(agencies.values()))
    context = {
        "here": "body-work",
        "posting": posting,
        "unit_name": reporter_name(posting.unit_name, unit.level),
        "headline": _headline(posting.body, left, lines, form),
        "groups": group_labels(posting.groups),
        "report": report,
        "form": form,
        "choices": reports,
        "time_left": time_left(report.due, now_for(user)) if report and report.due else "",
        "left": left,
        "done": format_number(sum(row["state"] == AssignmentState.DONE for row in rows)),
        "lines": [(line, _url(line, form), *_state(line, form)) for line in lines],
        "targets": targets,
        "services": _services(unit, today, led, rates),
        "year": year,
        "target_query": urlencode({"don_vi": unit.pk, "nam": year}),
        "proposes": bool(groups or led),
        "sets_below": sets_below,
        "waiting": format_number(waiting(user, unit).count()) if sets_below else "",
        "assignment_url": f"{reverse('assignment-list')}?{urlencode({'don_vi': unit.pk, 'pham_vi': 'rieng'})}",
        "has_below": unit.level != Level.COMMUNE,
    }
    return render(request, "reporting/body_work.html", context)


def _posting(request) -> Posting:
    """The chosen posting if it is a department's, else the first of that kind; 403 for everybody else."""
    if Right.ACT_FOR_BODY in rights_of(request.posting):
        return request.posting
    found = next(iter(held(request.user, Right.ACT_FOR_BODY)), None)
    if found is None:
        raise PermissionDenied
    return found


def _assignments(posting: Posting):
    return assignment_counts.of_body(posting.unit_id, posting.body)


def _is_own(indicator, groups: list[str]) -> bool:
    return indicator is not None and is_bodys(groups, indicator.owner, indicator.group)


def _lines(form: ReportForm, groups: list[str]) -> list[IndicatorLine]:
    return [line for line in form.indicators if _is_own(line.indicator, groups)]


def _services(unit: AdministrativeUnit, today: dt.date, led: set[int], targets: dict[str, dict]) -> list[dict]:
    """Each service that the body leads, with its rates of the year so far on the official basis, the rows behind them,
    and the year's target of each rate."""
    if not led:
        return []
    services = list(PublicService.objects.filter(pk__in=led))
    versions = list(unit.versions.order_by("valid_from"))
    months = [p for p in periods_of_unit(versions, begun_periods(today)) if p.year == today.year]
    found = {}
    if months:
        wanted = [Target(service=service, rate=rate) for service in services for rate in Target.Rate.values]
        found = actuals(Stretch(unit.pk, Basis.OFFICIAL, months), wanted)
    span = f"{today.year}-YTD{months[-1].month:02d}" if months else ""
    rows = []
    for service in services:
        cells = []
        for rate in Target.Rate.values:
            key = f"{service.code}.{rate}"
            pair = found.get((None, key), NO_ACTUAL)
            so = {"don_vi": unit.pk, "ky": span, "co_so": "chinh-thuc", "so": key}
            url = f"{reverse('dashboard-source')}?{urlencode(so)}" if pair[1] else ""
            cells.append((format_rate(*pair) if pair[1] is not None else "", url, targets.get(key)))
        rows.append({"service": service, "cells": cells})
    return rows


def _url(line: IndicatorLine, form: ReportForm) -> str:
    """Where its figure is typed, or read."""
    if form.may_type(line):
        return f"{reverse('report-entry', args=[form.report.pk])}#{line.code}"
    return form.report.get_absolute_url()


def _state(line: IndicatorLine, form: ReportForm) -> tuple[str, str, str, str]:
    """(value, words, tone, sign) of one indicator: wrong first, then blank, then doubtful without a reason."""
    texts = [cell.text for cell in line.cells]
    value = with_qualifier("/".join(text or "trống" for text in texts), line.qualifier) if any(texts) else ""
    if any(p.severity == "hard" for p in line.problems):
        return value, "Có lỗi", "bad", "x"
    if any(cell.value is None for cell in line.cells):
        return value, "Chưa nhập" if not value else "Nhập dở", "warn", "blank"
    if any(p.severity == "soft" and form.explanation(p) is None for p in line.problems):
        return value, "Cần giải trình", "warn", "warn"
    return value, "Đã nhập", "ok", "check"


def _headline(body: str, left: list[dict], lines: list[IndicatorLine], form: ReportForm | None) -> str:
    """'Sở Tư pháp: 1 nhiệm vụ quá hạn, 2 chỉ tiêu chưa nhập'."""
    late = sum(row["state"] == AssignmentState.OVERDUE for row in left)
    blank = sum(any(cell.value is None for cell in line.cells) for line in lines) if form and form.is_open else 0
    counts = ((late, "nhiệm vụ quá hạn"), (blank, "chỉ tiêu chưa nhập"))
    said = ", ".join(f"{format_number(n)} {words}" for n, words in counts if n)
    return f"{body}: {said or 'không có việc quá hạn, không còn chỉ tiêu chưa nhập'}"
