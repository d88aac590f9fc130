"""What was published of a month: its versions, one of them, two compared, one as a file."""

from itertools import groupby

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from de_an_06.plain.numbers import format_number, format_rate, whole_number
from de_an_06.plain.vietnamese import file_part
from reporting.exports.issuing import code_of_version, coded_book, issue_version_page
from reporting.exports.published_book import published_book
from reporting.figures import FIGURE_FIELDS, GROUP_STARTS, GROUPS, NOT_MEANT, RATES, headings, known_total
from reporting.models import Correction, Indicator, PublicService, PublishedVersion, Status
from reporting.review.publishing import Figures, cell_words, content, differences, differs_from_now
from taskforces.scope import path_in_scope_of_unit

VERSIONS_LISTED = 200
DIFFERENCES_SHOWN = 500  # the file has all
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def versions_for(user):
    """Versions of provinces in the person's scope, the newest month and version first."""
    found = PublishedVersion.objects.filter(path_in_scope_of_unit(user, "province"))
    return found.select_related("period", "province", "by").order_by("-period__data_to", "province", "-number")


@require_safe
def version_list(request: HttpRequest) -> HttpResponse:
    """Month by month, the newest first: how often it was published, when, by whom and why again."""
    found = versions_for(request.user).prefetch_related("totals")
    if asked := request.GET.get("don_vi"):
        if (unit_id := whole_number(asked)) is None:
            raise Http404
        found = found.filter(province_id=unit_id)
    months = [
        {"label": period.label, "versions": [(version, _name(version)) for version in group]}
        for (period, _), group in groupby(found[:VERSIONS_LISTED], lambda v: (v.period, v.province_id))
    ]
    waiting = Correction.objects.visible_to(request.user).waiting().count()
    return render(request, "reporting/published_list.html", {"months": months, "waiting": waiting})


@require_http_methods(["GET", "HEAD", "POST"])
def version_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: totals, reports behind it; compared with another (`so_voi`) cell by cell. POST: give it a code."""
    version, others = _version(request, pk)
    compared = _compared(request, version, others)
    if request.method == "POST":
        issue_version_page(version, request.user)
        messages.success(request, "Đã cấp mã kiểm tra. Mã in ở cuối trang này; bấm In.")
        return redirect(request.get_full_path())
    said = content(version)
    total = said.figures.get((version.province_id, True), ("", {}))[1]
    services, indicators = catalogue()
    changes = _in_words(differences(compared, version), services, indicators) if compared else []
    newest = version == others[0]
    context = {
        "version": version,
        "others": others,
        "newest": newest,
        "name": _name(version),
        "counts": next((row for row in version.totals.all() if row.unit_id == version.province_id), None),
        "headings": headings(with_rates=True),
        "services": [
            (code, name, figure_cells(total, code)) for code, name in services.items() if is_there(total, f"{code}.")
        ],
        "indicators": [(i, *indicator_cells(total, i)) for i in indicators.values() if is_there(total, f"{i.code}.")],
        "reports": [(row, Status(row.status).label) for row in version.reports.order_by("path")],
        "compared": compared,
        "changes": changes[:DIFFERENCES_SHOWN],
        "all_changes": len(changes),
        "differs": len(differs_from_now(version)) if newest else 0,
        "paper": code_of_version(version),
    }
    return render(request, "reporting/published_version.html", context)


@require_safe
def version_book(request: HttpRequest, pk: int) -> HttpResponse:
    """The version as an Excel file; with `so_voi` the differences as a sheet of their own."""
    version, others = _version(request, pk)
    compared = _compared(request, version, others)
    services, indicators = catalogue()
    changes = _in_words(differences(compared, version), services, indicators) if compared else []
    listed = list(services.items()), list(indicators.values())
    body = coded_book(
        version,
        compared,
        request.user,
        lambda paper: published_book(version, _name(version), compared, changes, *listed, paper),
    )
    name = f"So-lieu-cong-bo_{file_part(_name(version))}_{version.period.key}_lan-{version.number}.xlsx"
    response = HttpResponse(body, content_type=EXCEL)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _version(request: HttpRequest, pk: int) -> tuple[PublishedVersion, list[PublishedVersion]]:
    """The version, and all of its month and province, the newest first; 404 outside the scope."""
    found = versions_for(request.user).prefetch_related("totals")
    version = get_object_or_404(found, pk=pk)
    return version, list(versions_for(request.user).filter(period=version.period, province=version.province))


def _compared(request: HttpRequest, version: PublishedVersion, others: list) -> PublishedVersion | None:
    """The version asked for to compare with, of the same month; None where none is asked for."""
    if "so_voi" not in request.GET:
        return None
    wanted = whole_number(request.GET["so_voi"])
    other = next((v for v in others if v.pk == wanted and v != version), None)
    if other is None:
        raise Http404
    return other


def _name(version: PublishedVersion) -> str:
    """What the province was called in that month."""
    return next((row.name for row in version.totals.all() if row.unit_id == version.province_id), str(version.province))


def catalogue() -> tuple[dict[str, str], dict[str, Indicator]]:
    """Services (code -> short name) and indicators by code, in order."""
    services = dict(PublicService.objects.order_by("order", "code").values_list("code", "short_name"))
    return services, {i.code: i for i in Indicator.objects.order_by("order", "code")}


def _in_words(changes, services: dict[str, str], indicators: dict[str, Indicator]) -> list[dict]:
    names = services | {code: i.name for code, i in indicators.items()}
    return [
        {
            "name": f"Tổng {change.name}" if change.is_total else change.name,
            "cell": cell_words(change.cell, names),
            "old": change.old,
            "new": change.new,
            "old_text": format_number(change.old, blank="trống"),
            "new_text": format_number(change.new, blank="trống"),
        }
        for change in changes
    ]


def is_there(figures: Figures, start: str) -> bool:
    return any(value is not None for cell, value in figures.items() if cell.startswith(start))


def figure_cells(figures: Figures, code: str) -> list[tuple[bool, str]]:
    """(begins a group, text) of every column of a service."""
    values = {name: figures.get(f"{code}.{name}") for name in FIGURE_FIELDS}
    cells = []
    for group in GROUPS:
        cells += [(name in GROUP_STARTS, format_number(values[name])) for name in group.fields]
        cells += [
            (False, format_rate(known_total(values, rate.over), known_total(values, rate.under.fields)))
            for rate in RATES
            if rate.under is group
        ]
    return cells


def indicator_cells(figures: Figures, indicator: Indicator) -> tuple[str, str]:
    """Value and rate in words."""
    over, under = (figures.get(f"{indicator.code}.{name}") for name in ("numerator", "denominator"))
    if indicator.kind != Indicator.Kind.RATIO:
        return format_number(over), NOT_MEANT
    return f"{format_number(over)}/{format_number(under)}", format_rate(over, under)
