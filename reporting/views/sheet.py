"""The chair's page on one sheet of A4: what a chair takes into the meeting."""

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from reporting.exports.issuing import Form
from reporting.reading.heat import MEASURES, Measure, Portion, Sortable, sorted_rows
from reporting.reading.overview import NoFigures, Overview
from taskforces.register import conclusions
from taskforces.views.look import look_of
from taskforces.views.meeting_parts import conclusion_row

from . import dashboard_tables as tables
from .choices import Choice, read_choice
from .coded_pages import coded_page
from .dashboard import chairs_page, no_figures, seen_by

AT_EACH_END = 5  # rows of the worst, and of the best
CONCLUSIONS_NAMED = 3
SHEET_COLUMNS = [
    column for column in tables.UNIT_COLUMNS if column[1] in ("in_time_rate", "online_rate", "pending_overdue")
]


@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest) -> HttpResponse:
    """Key figures, who has reported, findings, worst and best units and services, open conclusions: few rows of each.

    So much of everything that it fits one sheet; static/js/sheet.js makes the letters as large as there is room.
    POST: the same sheet with a check code.
    """
    choice = read_choice(request)
    if choice is None:
        return render(request, "taskforces/no_posting.html")
    try:
        seen = seen_by(choice)
    except NoFigures:
        return no_figures(request, choice)
    unit_link, source_link = links = tables.source_links(choice)
    in_time = replace(MEASURES["dung-han"], fewest=seen.settings.fewest_dossiers)
    units = _ends(list(filter(tables.in_table, seen.rows)), in_time, lambda u: u.measures.in_time_rate)
    services = _ends(seen.services, in_time, lambda line: line.dossiers.in_time_rate)
    context = {
        "tables": [
            *_named(
                "Đơn vị", units, lambda u: tables.unit_rows(u, unit_link, source_link, seen.comparison, SHEET_COLUMNS)
            ),
            *_named(
                "Dịch vụ", services, lambda s: tables.services_in_short(s, source_link, seen.comparison, SHEET_COLUMNS)
            ),
        ],
        "fewest": seen.settings.fewest_dossiers,
    }
    context |= chairs_page(request, choice, seen, links) | _conclusions(request, choice, seen)

    def show(context: dict) -> HttpResponse:
        return render(request, "reporting/chair_sheet.html", context)

    if request.method == "POST":
        return coded_page(request, choice, lambda: context, Form.SHEET, show)
    return show(context)


def _ends(rows: list[Sortable], measure: Measure, cell_of: Callable[[Sortable], Portion]) -> tuple[list, list]:
    """The worst and, worst of all last, the best of those that are judged; nobody is in both."""
    judged = sorted_rows([row for row in rows if measure.is_graded(cell_of(row))], measure, cell_of, True)
    return judged[:AT_EACH_END], judged[AT_EACH_END:][-AT_EACH_END:][::-1]


def _named(words: str, ends: tuple[list, list], shown: Callable[[list], list[dict]]) -> list[tuple[str, list[dict]]]:
    """Both ends side by side, the best empty where all are among the worst; nothing where none is judged."""
    worst, best = ends
    return [(f"{words} thấp nhất", shown(worst)), (f"{words} cao nhất", shown(best))] if worst else []


def _conclusions(request: HttpRequest, choice: Choice, seen: Overview) -> dict:
    """Of the unit's own meetings, not done today: the first of them, and how many there are and are overdue."""
    look = look_of(request, choice.versions[0].unit)
    day = min(look.today, look.unit.closed_on or look.today)
    found = conclusions.open_of_unit(seen.unit_id, day)
    return {
        "conclusions": [conclusion_row(c, day, look) for c in found[:CONCLUSIONS_NAMED]],
        "conclusions_open": len(found),
        "conclusions_late": sum(bool(c.tally.overdue) for c in found),
    }
