"""The agenda of a task force's meeting: the chair's page in short, with what is open from the meetings before."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number
from reporting.reading.overview import NoFigures
from taskforces.models import Meeting
from taskforces.register import conclusions
from taskforces.scope import may_keep_register
from taskforces.views.look import look_of
from taskforces.views.meeting_parts import conclusion_row, finding_row

from . import dashboard_tables as tables
from .choices import Choice, context_bar, read_choice
from .dashboard import key_figures, seen_by, targets_of
from .dashboard_findings import lead_to

MEETINGS_NAMED = 3  # next ones


@require_safe
def agenda(request: HttpRequest) -> HttpResponse:
    """Key figures of a unit, open conclusions of its meetings, what inspections found and is not remedied; one paper.

    Conclusions and remedies stand as of today, figures as of the months chosen; a unit without figures has the rest.
    """
    choice = read_choice(request)
    if choice is None:
        return render(request, "taskforces/no_posting.html")
    unit = choice.versions[0].unit
    look = look_of(request, unit)
    day = min(look.today, unit.closed_on or look.today)
    still_open = conclusions.open_of_unit(unit.pk, day)
    findings = [finding_row(finding, day) for finding in conclusions.open_findings(unit.pk, day)]
    overdue = [row for row in findings if row["is_overdue"]]
    late = sum(bool(c.tally.overdue) for c in still_open)
    next_ones = Meeting.objects.filter(task_force__unit=unit, held_on__gte=day, cancelled_reason="")
    context = {
        "choice": choice,
        "look": look,
        "here": "meeting-list",
        "day": day,
        "unit_name": choice.versions[-1].name,
        "title": _title(len(still_open), late, len(overdue)),
        "next_meetings": list(next_ones.select_related("task_force").order_by("held_on", "pk")[:MEETINGS_NAMED]),
        "conclusions": [conclusion_row(c, day, look) for c in still_open],
        "conclusions_late": format_number(late) if late else "",
        "overdue": overdue,
        "in_time": len(findings) - len(overdue),
        "may_keep": may_keep_register(request.user, unit),
        "add_url": f"{reverse('meeting-add')}?don_vi={unit.pk}",
    }
    return render(request, "reporting/agenda.html", context | _figures(request, choice))


def _title(open_count: int, late: int, overdue: int) -> str:
    if not open_count and not overdue:
        return "Chương trình họp: không còn việc tồn đọng từ các cuộc họp, kiểm tra trước"
    said = f"Chương trình họp: {format_number(open_count)} kết luận chưa xong"
    if late:
        said += f", {format_number(late)} quá hạn"
    return said + (f"; {format_number(overdue)} tồn tại quá hạn khắc phục" if overdue else "")


def _figures(request: HttpRequest, choice: Choice) -> dict:
    """The part of the chair's page; `seen` None for a unit and span without figures."""
    try:
        seen = seen_by(choice)
    except NoFigures:
        return {"ctx": context_bar(request, choice), "seen": None}
    figures = key_figures(request, choice, seen, tables.source_links(choice), targets_of(seen))
    dashboard = reverse("dashboard") + choice.query()
    lead_to(dashboard, figures["findings"])
    return figures | {"ctx": context_bar(request, choice, seen=seen), "seen": seen, "dashboard_url": dashboard}
