"""Đôn đốc: the button of the reviewer's list and of the dashboard, and what both show of it."""

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from de_an_06.plain.numbers import format_number, whole_number
from reporting.lateness import SENT
from reporting.models import Period
from reporting.reading.overview import Overview
from reporting.reminders import urging
from reporting.report_doors import reports_for
from reporting.review.listing import Review
from taskforces.clock import today_for
from taskforces.models.units import path_ids
from taskforces.scope import Right, held, holds, may_urge, require


def add_urging(user, review: Review) -> int:
    """What the list says of each unit that owes: who urged it last, whom to ring up, may this person urge it now?
    How many they may urge. Three queries at most, none where nobody owes."""
    today, missing = today_for(user), review.missing
    last = urging.last_urgings([row.report.pk for row in missing]) if missing else {}
    senders = urging.senders_of(user, [row.report.unit_id for row in missing])
    for row in missing:
        row.urged, row.senders = last.get(row.report.pk), senders.get(row.report.unit_id, [])
        is_open = review.closure is None and not row.report.stands_nowhere
        row.may_urge = is_open and may_urge(user, row.report) and (row.urged is None or row.urged.day != today)
    return sum(row.may_urge for row in missing)


def urging_of_dashboard(user, seen: Overview) -> dict | None:
    """Of the last month on the page, whether this person may urge somebody for it; no query."""
    last = seen.periods[-1]
    owing = [m for m in seen.missing if m.period == last]
    if seen.joined or not owing or not holds(user, Right.URGE, path_ids(seen.version.path)):
        return None
    return {"unit_id": seen.unit_id, "period": last, "count": format_number(len(owing))}


@require_POST
def review_urge(request: HttpRequest) -> HttpResponse:
    """Urge the unit of one report (`bao_cao`), or all under a unit (`don_vi`) that owe one for a month (`ky`)."""
    require(bool(held(request.user, Right.URGE)))
    wanted = whole_number(request.POST.get("bao_cao", ""))
    unit_id, period = _place(request)
    reports = reports_for(request.user).filter(period=period).under(unit_id)
    reports = reports.filter(pk=wanted) if wanted is not None else reports.exclude(status__in=SENT)
    if wanted is not None and not reports.exists():
        raise Http404
    urged = urging.urge(by=request.user, reports=reports)
    if urged.done:
        names = ", ".join(report.reporter_name for report in urged.done[:3])
        more = f" và {format_number(len(urged.done) - 3)} đơn vị khác" if len(urged.done) > 3 else ""
        messages.success(request, f"Đã đôn đốc {names}{more}. Cán bộ của đơn vị thấy trên cổng và trong thư.")
    for reason, count in Counter(reason for _, reason in urged.refused).items():
        who = "" if wanted is not None else f"{format_number(count)} đơn vị: "
        messages.warning(request, f"Chưa đôn đốc. {who}{reason}")
    if not urged.done and not urged.refused:
        messages.warning(request, "Không có đơn vị nào chưa nộp.")
    return redirect(_back(request, unit_id, period))


def _place(request: HttpRequest) -> tuple[int, Period]:
    unit_id = whole_number(request.POST.get("don_vi", ""))
    year, _, month = request.POST.get("ky", "").partition("-")
    numbers = whole_number(year), whole_number(month)
    if unit_id is None or None in numbers:
        raise Http404
    return unit_id, get_object_or_404(Period, year=numbers[0], month=numbers[1])


def _back(request: HttpRequest, unit_id: int, period: Period) -> str:
    query = {"don_vi": unit_id, "ky": period.key}
    if request.POST.get("ve") == "tong-quan":
        return f"{reverse('dashboard')}?{urlencode(query)}"
    return f"{reverse('review-list')}?{urlencode(query)}#chua-nop"
