"""Browsing the administrative units of any day. They are public facts: every person who is logged in may read them."""

import datetime as dt
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from de_an_06.plain.numbers import format_number
from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit, Level
from taskforces.models.units import valid_on
from taskforces.register.forms import DayField
from taskforces.units import tree

RESULTS_A_PAGE = 50
FIRST_DAY_OF_TWO_TIERS = dt.date(2025, 7, 1)


class UnitSearchForm(forms.Form):
    """What to look for, and in the tree of which day (none: today); the page of one unit sends its id along."""

    q = forms.CharField(required=False, max_length=100)
    ngay = DayField(required=False)
    chi_ngay = forms.BooleanField(required=False)
    don_vi = forms.IntegerField(required=False, min_value=1)


def unit_list(request):
    """The provinces of a day, or the units found by name over all time."""
    form, day, today = _form_and_day(request)
    text = form.cleaned_data.get("q", "").strip()
    if text:
        return _search_results(request, form, text, day, today)
    if unit_id := form.cleaned_data.get("don_vi"):
        query = urlencode({"ngay": request.GET.get("ngay", "")})  # as typed: a wrong day is told there
        return redirect(f"{reverse('unit-detail', args=[unit_id])}?{query}")
    nation = tree.nation()
    children, count_names = _children(nation, day) if nation else ([], [])
    counts = tree.counts_on(day)
    context = _frame(form, day, today) | {
        "nation": nation,
        "children": children,
        "count_names": count_names,
        "summary": _summary(counts, day),
        "is_before_first_day": nation is not None and day < nation.opened_on,
    }
    return render(request, "taskforces/unit_list.html", context)


def unit_detail(request, pk):
    """One unit: what it is on a day, its names over time, what it came from and what became of it."""
    unit = get_object_or_404(AdministrativeUnit, pk=pk)
    form, asked_day, today = _form_and_day(request)
    if unit.level == Level.NATION:
        return redirect(reverse("unit-list") + _day_query(asked_day, today))
    # Outside its life a unit is shown as on its first or last day, and the page says so.
    day = max(asked_day, unit.opened_on)
    day = min(day, unit.closed_on) if unit.closed_on else day
    versions = list(unit.versions.order_by("-valid_from"))
    shown = tree.nearest_version(versions, day)
    above = tree.ancestors_of([(shown, day), *((v, v.valid_from) for v in versions if v.pk != shown.pk)])
    joined_ids, is_whole = tree.comparable_predecessors(unit)
    children, count_names = _children(unit, day)
    first_day = above[shown.pk][0].valid_from
    context = _frame(form, day, today) | {
        "unit": unit,
        "shown": shown,
        "crumbs": above[shown.pk][1:],
        "parent": above[shown.pk][-1],
        "history": [(v, _since(v, first_day), above[v.pk][-1]) for v in versions],
        "has_snapshot": any(not v.valid_from_is_exact for v in versions),
        "predecessors": tree.predecessors(unit),
        "successors": tree.successors(unit),
        "joined": len(joined_ids),
        "is_whole": is_whole,
        "children": children,
        "count_names": count_names,
        "children_summary": _summary(_levels(children), day),
        "asked_outside_life": asked_day if form.cleaned_data.get("ngay") and asked_day != day else None,
        "renamed_to": versions[0].name if versions[0].name != shown.name else "",
        "has_ended": unit.closed_on is not None and unit.closed_on < today,
        "not_begun": unit.opened_on > today,
    }
    return render(request, "taskforces/unit_detail.html", context)


def _search_results(request, form, text, day, today):
    only_day = form.cleaned_data["chi_ngay"]
    found = tree.search(text, day if only_day else None)
    on_day = Case(When(valid_on(day), then=Value(0)), default=Value(1), output_field=IntegerField())
    paginator = Paginator(
        found.annotate(not_on_day=on_day).order_by(
            "rank", "not_on_day", "level_rank", "sort_key", "unit__code", "valid_from"
        ),
        RESULTS_A_PAGE,
    )
    page = paginator.get_page(request.GET.get("trang"))
    versions = list(page.object_list)
    above = tree.ancestors_of((v, min(day, v.valid_to) if v.valid_to else max(day, v.valid_from)) for v in versions)
    context = _frame(form, day, today) | {
        "text": text,
        "only_day": only_day,
        "page": page,
        "rows": [(v, list(reversed(above[v.pk][1:])), v.not_on_day == 0) for v in versions],
        "unit_count": format_number(found.order_by().values("unit_id").distinct().count()),
    }
    return render(request, "taskforces/unit_search.html", context)


def _form_and_day(request):
    """The form as sent, the day asked for (today when there is none or it is wrong), and today."""
    form = UnitSearchForm(request.GET)
    form.is_valid()
    today = today_for(request.user)
    return form, form.cleaned_data.get("ngay") or today, today


def _frame(form, day, today):
    return {
        "here": "unit-list",
        "form": form,
        "day": day,
        "is_today": day == today,
        "day_query": _day_query(day, today),
        "last_day_of_districts": FIRST_DAY_OF_TWO_TIERS - dt.timedelta(days=1),
        "first_day_of_two_tiers": FIRST_DAY_OF_TWO_TIERS,
    }


def _day_query(day, today):
    """What a link carries so that the next page shows the same day; today needs nothing."""
    return "" if day == today else f"?ngay={day.isoformat()}"


def _children(unit, day):
    """Units directly below with their counts as text, and the headings of the counts that occur."""
    children = list(tree.children_on(unit.pk, day))
    counts = tree.counts_below([child.unit_id for child in children], day) if children else {}
    levels = {Level.DISTRICT: "Cấp huyện", Level.COMMUNE: "Cấp xã"}
    levels = {level: name for level, name in levels.items() if any(counts[c.unit_id].get(level) for c in children)}
    rows = [
        (child, [(name, format_number(counts[child.unit_id].get(level, 0))) for level, name in levels.items()])
        for child in children
    ]
    return rows, list(levels.values())


def _levels(children):
    counts = {}
    for child, _ in children:
        counts[child.unit.level] = counts.get(child.unit.level, 0) + 1
    return counts


def _summary(counts, day):
    """[('34', 'tỉnh, thành phố'), ('3.321', 'xã, phường, đặc khu')]: the levels that there are."""
    names = {
        Level.PROVINCE: "tỉnh, thành phố",
        Level.DISTRICT: "huyện, quận, thị xã, thành phố",
        Level.COMMUNE: "xã, phường, đặc khu" if day >= FIRST_DAY_OF_TWO_TIERS else "xã, phường, thị trấn",
    }
    return [(format_number(counts[level]), name) for level, name in names.items() if counts.get(level)]


def _since(version, first_day):
    """The first day as text; a day known only from a snapshot is marked as such."""
    text = version.valid_from.strftime("%d/%m/%Y")
    if version.valid_from_is_exact:
        return text
    return f"trước {text}" if version.valid_from == first_day else f"muộn nhất {text}"
