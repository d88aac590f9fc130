"""Corrections of published figures: asked for cell by cell by the unit, accepted or refused by a reviewer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from de_an_06.plain.numbers import format_number
from reporting.entry.form import load_form
from reporting.models import Correction, Indicator, PublicService
from reporting.report_doors import get_report, named_reports
from reporting.report_log import NotAllowed
from reporting.review import corrections
from reporting.review.publishing import cell_words
from taskforces.scope import may_review, may_submit, require

CORRECTIONS_LISTED = 100


@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    """What waits in the person's scope, the oldest first; then what was decided, the newest first."""
    seen = Correction.objects.visible_to(request.user).select_related("report__period", "asked_by", "decided_by")
    waiting = list(seen.waiting().order_by("asked_at"))
    decided = list(seen.exclude(state=Correction.State.WAITING).order_by("-decided_at")[:CORRECTIONS_LISTED])
    reports = {one.report_id for one in [*waiting, *decided]}
    names = {r.pk: r.reporter_name for r in named_reports(request.user).filter(pk__in=reports)}
    groups = [
        (title, [(one, names.get(one.report_id, "")) for one in rows])
        for title, rows in (("Chờ xem xét", waiting), ("Đã xem xét", decided))
    ]
    return render(request, "reporting/correction_list.html", {"groups": groups, "waiting": len(waiting)})


@require_http_methods(["GET", "POST"])
def correction_add(request: HttpRequest, pk: int) -> HttpResponse:
    """The report's figures as they stand, each cell to be typed anew; what differs is asked for."""
    report = get_report(request.user, pk)
    require(may_submit(request.user, report) or may_review(request.user, report))
    form = load_form(report)
    typed = {key: request.POST[key] for key in form.cells if key in request.POST}
    error, wrong = corrections.why_not_ask(report, request.user), {}
    if request.method == "POST":
        try:
            correction = corrections.ask(
                report_id=pk, by=request.user, cells=typed, reason=request.POST.get("ly_do", "")
            )
        except corrections.WrongCells as refused:
            error, wrong = str(refused), refused.messages
        except NotAllowed as refused:
            error = str(refused)
        else:
            messages.success(request, "Đã gửi đề nghị đính chính. Số liệu chưa đổi cho đến khi người duyệt chấp nhận.")
            return redirect(correction)

    def line(row) -> dict:
        cells = [
            {"cell": cell, "text": typed.get(cell.key, cell.text), "error": wrong.get(cell.key, "")}
            for cell in row.cells
        ]
        return {"line": row, "cells": cells, "errors": [c for c in cells if c["error"]]}

    context = {
        "report": report,
        "name": form.reporter_name,
        "form": form,
        "services": [line(row) for row in form.services],
        "indicators": [line(row) for row in form.indicators],
        "reason": request.POST.get("ly_do", ""),
        "error": error,
        "elsewhere": [message for key, message in wrong.items() if key not in form.cells],
        "may_send": request.method == "POST" or not error,
    }
    return render(request, "reporting/correction_form.html", context, status=200)


@require_safe
def correction_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Cells, old and new, why, and what was decided; the buttons of who may."""
    correction = _correction(request, pk)
    report = get_report(request.user, correction.report_id)
    names = dict(PublicService.objects.values_list("code", "short_name"))
    names |= dict(Indicator.objects.values_list("code", "name"))
    why_not = corrections.why_not_decide(correction, request.user)
    context = {
        "correction": correction,
        "report": report,
        "name": report.reporter_name,
        "rows": [
            (cell_words(cell, names), format_number(old, blank="trống"), format_number(new, blank="trống"))
            for cell, (old, new) in correction.cells.items()
        ],
        "may_decide": not why_not,
        "why_not": why_not if correction.state == Correction.State.WAITING else "",
        "may_withdraw": corrections.may_withdraw(correction, request.user),
    }
    return render(request, "reporting/correction_detail.html", context)


@require_POST
def correction_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """The cells change and the month is published anew."""
    correction = _correction(request, pk)
    require(may_review(request.user, correction.report))

    def act() -> str:
        done = corrections.accept(correction_id=pk, by=request.user)
        if done.version is None:
            return "Đã chấp nhận. Số liệu đã đổi."
        return f"Đã chấp nhận. Số liệu {done.version.period.label} công bố lần {done.version.number}."

    return _try(request, correction, act)


@require_POST
def correction_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures stay; the unit reads why."""
    correction = _correction(request, pk)
    require(may_review(request.user, correction.report))

    def act() -> str:
        corrections.refuse(correction_id=pk, by=request.user, answer=request.POST.get("tra_loi", ""))
        return "Đã trả lời là không chấp nhận. Số liệu giữ nguyên."

    return _try(request, correction, act)


@require_POST
def correction_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Its unit takes it back."""
    correction = _correction(request, pk)
    require(corrections.may_withdraw(correction, request.user) or may_submit(request.user, correction.report))

    def act() -> str:
        corrections.withdraw(correction_id=pk, by=request.user)
        return "Đã rút đề nghị. Số liệu giữ nguyên."

    return _try(request, correction, act)


def _correction(request: HttpRequest, pk: int) -> Correction:
    seen = Correction.objects.visible_to(request.user).select_related(
        "report__unit", "report__period", "asked_by", "decided_by", "version"
    )
    return get_object_or_404(seen, pk=pk)


def _try(request: HttpRequest, correction: Correction, act) -> HttpResponse:
    try:
        messages.success(request, act())
    except corrections.WrongCells as refused:
        messages.error(request, f"{refused} {' '.join(refused.messages.values())}")
    except NotAllowed as refused:
        messages.error(request, str(refused))
    return redirect(correction)
