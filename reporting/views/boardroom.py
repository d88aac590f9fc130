"""The chair's page where the task force meets: one thing at a time on the wall."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reporting.reading.heat import MEASURES, sorted_rows
from reporting.reading.overview import NoFigures

from . import dashboard_tables as tables
from .choices import read_choice
from .dashboard import chairs_page, no_figures, seen_by

ROWS_ON_THE_WALL = 5  # of a table shown at once: more would be too small to read from the end of the room


@require_safe
def meeting_mode(request: HttpRequest) -> HttpResponse:
    """The chair's page as a sequence for 1920x1080: state, key figures, findings, services and units worst first.

    The part of the address after # is the place in the sequence; without JavaScript all stand below each other.
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
    units = sorted_rows(list(filter(tables.in_table, seen.rows)), in_time, lambda u: u.measures.in_time_rate, True)
    services = sorted_rows(seen.services, in_time, lambda line: line.dossiers.in_time_rate, True)
    context = {
        "services": _in_parts(tables.services_in_short(services, source_link, seen.comparison)),
        "units": _in_parts(tables.unit_rows(units, unit_link, source_link, seen.comparison)),
        "not_counted": seen.not_counted,
    }
    return render(request, "reporting/meeting_mode.html", context | chairs_page(request, choice, seen, links))


def _in_parts(rows: list[dict]) -> list[list[dict]]:
    return [rows[k : k + ROWS_ON_THE_WALL] for k in range(0, len(rows), ROWS_ON_THE_WALL)]
