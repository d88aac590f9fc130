"""Targets: a unit's list of a year with what was reached, one target with its log, and what waits for an answer."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number, format_rate, whole_number
from reporting.models import Indicator, Period, Target
from reporting.models.catalogue import FIRST_YEAR, LAST_YEAR
from reporting.reading.against_targets import (
    Assessment,
    Reached,
    actual_text,
    children_sum,
    with_direction,
)
from reporting.reading.pace import amount
from reporting.reading.unit_targets import reached_so_far, targets_of_year
from reporting.target_workflow import agencies_for, asked_of, shown_value
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from taskforces.scope import (
    body_groups,
    body_leads,
    may_assign,
    may_import,
    may_propose_some_target,
    may_propose_target,
    may_set_some_target,
    may_set_target,
    may_set_targets_below,
    sees_path,
)
from taskforces.views.look import Look, look_of

SPANS_OF_TARGETS = [(0, "Cả năm"), *((n, f"Tháng {n}") for n in range(1, 13))]
ASSESSED = {  # tone and icon of a tag
    Assessment.EXCEEDED: ("ok", "up"),
    Assessment.MET: ("ok", "check"),
    Assessment.NOT_MET: ("bad", "x"),
    Assessment.NO_DATA: ("", "blank"),
}
STATUSES = {
    Target.Status.ACCEPTED: ("ok", "check"),
    Target.Status.PROPOSED: ("info", "clock"),
    Target.Status.RETURNED: ("warn", "back"),
    Target.Status.DROPPED: ("", "blank"),
}


def get_target(request, pk) -> Target:
    """The one door to a target: outside the person's scope it does not exist."""
    rows = Target.objects.visible_to(request.user).select_related("unit", "indicator", "service")
    return get_object_or_404(rows, pk=pk)


def year_asked(request, today) -> int:
    year = whole_number(request.GET.get("nam", str(today.year)))
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    return year


# As text -------------------------------------------------------------------------------------------------------------


def pace_text(one: Reached) -> tuple[str, str]:
    """(words, tone): what the year ends with if all goes on as it did; nothing where that cannot be told."""
    if one.pace is None or one.as_year is None or one.is_behind is None:
        return "", ""
    at_end = f"ước cả năm {amount(one.pace.at_end, one.as_year)}"
    return (f"chậm tiến độ: {at_end}", "t-bad") if one.is_behind else (f"kịp tiến độ: {at_end}", "t-ok")


def target_row(target: Target, one: Reached | None) -> dict:
    """What a table says of one target."""
    assessment = one.assessment if one and target.value is not None else None
    return {
        "target": target,
        "value": with_direction(target.value, target),
        "asked": shown_value(target.asked, target),
        "offered": shown_value(target.offered, target),
        "actual": actual_text(one),
        "assessment": (assessment.value, *ASSESSED[assessment]) if assessment else None,
        "share": format_rate(*one.share) if one and one.share[1] else "",
        "pace": pace_text(one) if one else ("", ""),
        "status": (target.get_status_display(), *STATUSES[Target.Status(target.status)]),
    }


def sum_words(target: Target, own: Decimal | None, values: Iterable[Decimal], units: int) -> dict:
    """The target of a unit beside the sum of those right below; a warning where all have one and the sum is another."""
    found = children_sum(target, values, units)
    count = f"{format_number(found.with_target)}/{format_number(units)} đơn vị đã giao"
    if found.value is None:
        return {"text": f"không cộng; {count}" if found.with_target else count, "warning": ""}
    text = f"{shown_value(found.value, target)} ({count})"
    if not found.differs_from(own) or own is None:
        return {"text": text, "warning": ""}
    gap = found.value - own
    word = "cao hơn" if gap > 0 else "thấp hơn"
    return {"text": text, "warning": f"Tổng các đơn vị {word} chỉ tiêu {shown_value(abs(gap), target)}"}


def waiting(user, unit: AdministrativeUnit) -> QuerySet[Target]:
    """Proposals the person answers: of the units below a unit, and of a province its own, the oldest first."""
    under = UnitVersion.objects.filter(path__contains=f"/{unit.pk}/", valid_to__isnull=True)
    if unit.level != Level.PROVINCE:
        under = under.exclude(unit=unit)
    rows = Target.objects.visible_to(user).filter(status=Target.Status.PROPOSED, unit__in=under.values("unit"))
    if not may_assign(user, unit):  # a department answers in its indicators and services, and not for its own unit
        groups = body_groups(user, [unit.pk])
        led = [pk for pk, agency in agencies_for(user).items() if body_leads(user, [unit.pk], agency)]
        own = Q(indicator__owner=Indicator.Owner.OFFICE, indicator__group__in=groups) | Q(service__in=led)
        rows = rows.filter(own).exclude(unit=unit)
    return rows.select_related("unit", "indicator", "service").order_by("pk")


# A unit's targets of a year ------------------------------------------------------------------------------------------


@require_safe
def target_list(request):
    """Value, actual so far, assessment, pace, status; beside each the sum of the units right below."""
    look = look_of(request)
    year = year_asked(request, look.today)
    user, unit = request.user, look.unit
    targets = targets_of_year(user, unit, year)
    reached, periods = reached_so_far(unit, look.today, targets)
    versions = list(UnitVersion.objects.on(look.today).filter(Q(parent_id=unit.pk) | Q(unit=unit)))
    own_version = next((v for v in versions if v.unit_id == unit.pk), None)
    below = sorted((v for v in versions if v.unit_id != unit.pk), key=lambda v: (v.sort_key, v.unit_id))
    sums = _sums(targets, [v.unit_id for v in below]) if below else {}
    lines = [
        target_row(t, reached.get(t.pk)) | {"sum": sums.get(t.pk), "source": _source(t, reached.get(t.pk), periods)}
        for t in targets
    ]
    counts = Counter(row["assessment"][0] for row in lines if row["assessment"])
    path = own_version.path if own_version else "/"
    agencies = set(agencies_for(user).values())
    sets = may_set_some_target(user, unit, path, agencies)
    below_set = bool(below) and may_set_targets_below(user, unit, agencies)
    up = own_version.parent_id if own_version and own_version.parent_id else None
    context = look.context("target-list") | {
        "year": year,
        "rows": lines,
        "title": _title(lines, counts, year),
        "until": periods[-1].label if periods else "",
        "has_below": bool(below),
        "below": [(v.unit_id, v.name) for v in below],
        "up": up if up and sees_path(user, path[: path.rindex(f"{unit.pk}/")]) else None,
        "years": [(y, y == year) for y in _years(unit, look, year)],
        "sets": sets,
        "proposes": not sets and may_propose_some_target(user, unit, agencies),
        "sets_below": below_set,
        "waiting": format_number(waiting(user, unit).count()) if below_set else "",
        "may_import": may_import(user),
        "query": urlencode({"don_vi": unit.pk, "nam": year}),
        "level": unit.level,
    }
    return render(request, "reporting/target_list.html", context)


def rows_of_year(user, unit: AdministrativeUnit, today, year: int) -> list[dict]:
    """What a table says of each target of a unit in a year."""
    targets = targets_of_year(user, unit, year)
    reached, periods = reached_so_far(unit, today, targets)
    return [target_row(t, reached.get(t.pk)) | {"source": _source(t, reached.get(t.pk), periods)} for t in targets]


def _sums(targets: list[Target], unit_ids: list[int]) -> dict[int, dict]:
    """By pk: the sum of the units right below; one query for all."""
    if not targets:
        return {}
    values: dict[tuple[str, int], list[Decimal]] = {}
    rows = Target.objects.in_force().filter(unit__in=unit_ids, year=targets[0].year)
    for t in rows.select_related("indicator", "service"):
        if t.value is not None:
            values.setdefault((t.key, t.month), []).append(t.value)
    return {t.pk: sum_words(t, t.value, values.get((t.key, t.month), []), len(unit_ids)) for t in targets}


def _source(target: Target, one: Reached | None, periods: list[Period]) -> str:
    """The rows behind the actual."""
    months = [p for p in periods if target.month in (0, p.month)]
    if one is None or one.actual[0] is None or not months:
        return ""
    key = months[-1].key if target.month else f"{target.year}-YTD{months[-1].month:02d}"
    so = {"don_vi": target.unit_id, "ky": key, "co_so": "chinh-thuc", "so": target.key}
    return f"{reverse('dashboard-source')}?{urlencode(so)}"


def _title(lines: list[dict], counts: Counter, year: int) -> str:
    if not lines:
        return f"Chưa có chỉ tiêu nào của năm {year}"
    parts = [f"{format_number(counts[a.value])} {a.value}" for a in Assessment if counts[a.value]]
    return f"{format_number(len(lines))} chỉ tiêu năm {year}" + (f": {', '.join(parts)}" if parts else "")


def _years(unit: AdministrativeUnit, look: Look, chosen: int) -> list[int]:
    last = min(unit.closed_on.year if unit.closed_on else look.today.year + 1, LAST_YEAR)
    return sorted({*range(max(unit.opened_on.year, FIRST_YEAR), last + 1), chosen}, reverse=True)


# One target ----------------------------------------------------------------------------------------------------------


@require_safe
def target_detail(request, pk):
    """One target with every step of its log."""
    target = get_target(request, pk)
    look = look_of(request, target.unit)
    reached, periods = reached_so_far(target.unit, look.today, [target])
    own = UnitVersion.objects.on(look.today).filter(unit=target.unit).first()
    path = own.path if own else "/"
    of = asked_of(request.user, target)
    sets = may_set_target(request.user, target.unit, path, of)
    one = reached.get(target.pk)
    context = look.context("target-list") | {
        "row": target_row(target, one) | {"source": _source(target, one, periods)},
        "target": target,
        "until": periods[-1].label if periods else "",
        "events": [
            (event, shown_value(event.old, target, blank="chưa có"), shown_value(event.new, target))
            for event in target.events.select_related("by")
        ],
        "sets": sets,
        "proposes": not sets and may_propose_target(request.user, target.unit, of),
        "is_waiting": target.status == Target.Status.PROPOSED,
        "is_dropped": target.status == Target.Status.DROPPED,
        "list_query": urlencode({"don_vi": target.unit_id, "nam": target.year}),
    }
    return render(request, "reporting/target_detail.html", context)
