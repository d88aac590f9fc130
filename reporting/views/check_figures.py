"""The page "Kiểm tra số liệu": a code or a file in, whether it still holds out."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from de_an_06.plain.check_code import NotACode, in_groups, read_code
from reporting.exports import checking
from reporting.exports.said import FiguresSaid
from reporting.figures import headings
from reporting.models import IssuedCode, PublishedVersion
from reporting.review.publishing import Figures, content
from taskforces.scope import path_in_scope_of_unit

from .published import catalogue, figure_cells, indicator_cells, is_there

LONGEST_TYPED = 60
MOST_SHOWN = 200  # rows of a table of differences


@require_http_methods(["GET", "HEAD", "POST"])
def figures_check(request: HttpRequest) -> HttpResponse:
    """GET with a code (`ma`, as the QR codes have it), POST with a file (`tep`), with or without its code."""
    data = request.POST if request.method == "POST" else request.GET
    typed = data.get("ma", "").rpartition("?ma=")[2].strip()[:LONGEST_TYPED]  # or the address of a QR code
    upload = request.FILES.get("tep")
    errors: dict[str, str] = {}
    context: dict = {"typed": typed, "errors": errors, "here": "figures-check"}
    code = ""
    try:
        code = read_code(typed) if typed else ""
    except NotACode as error:
        errors["ma"] = str(error)
    if request.method == "POST" and not errors:
        if upload is None:
            if code:
                return redirect(f"{reverse('figures-check')}?ma={code}")
            errors["ma"] = "Gõ mã kiểm tra, hoặc chọn tệp."
        else:
            try:
                issued, context["file"] = checking.look_at_file(request.user, upload, code)
                context |= _answer(request, issued)
            except ValidationError as error:
                errors["ma" if error.messages == [checking.NOT_YOURS] and code else "tep"] = " ".join(error.messages)
    elif code:
        found = checking.find(request.user, code)
        if found is None:
            errors["ma"] = checking.NOT_YOURS
        else:
            context |= _answer(request, found)
    if "issued" in context or code:
        context["typed"] = in_groups(context["issued"].code if "issued" in context else code)
    return render(request, "reporting/check_figures.html", context)


def _answer(request: HttpRequest, issued: IssuedCode) -> dict:
    figures = checking.figures_today(issued, request.user)
    return {
        "issued": issued,
        "shown": in_groups(issued.code),
        "facts": checking.facts(issued),
        "figures": figures,
        "changed": figures.changed[:MOST_SHOWN],
        "most": MOST_SHOWN,
        "first": f":{MOST_SHOWN}",
        "newer_url": _url_of(request, figures.newer),
        **_said(issued),
    }


def _url_of(request: HttpRequest, version: PublishedVersion | None) -> str:
    """The version's page, for whoever sees the province."""
    if version is None:
        return ""
    seen = PublishedVersion.objects.filter(path_in_scope_of_unit(request.user, "province"), pk=version.pk)
    return version.get_absolute_url() if seen.exists() else ""


def _said(issued: IssuedCode) -> dict:
    """The unit's totals as they were said, to be held against what stands on paper."""
    total: Figures = {}
    if issued.figures:
        total = FiguresSaid.unpacked(bytes(issued.figures)).totals
    elif issued.version:
        total = content(issued.version).figures.get((issued.unit_id, True), ("", {}))[1]
    services, indicators = catalogue()
    return {
        "headings": headings(with_rates=True),
        "services": [
            (code, name, figure_cells(total, code)) for code, name in services.items() if is_there(total, f"{code}.")
        ],
        "indicators": [(i, *indicator_cells(total, i)) for i in indicators.values() if is_there(total, f"{i.code}.")],
    }
