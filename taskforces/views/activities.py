"""Pilot models and the outreach log of a unit and everything below it."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import month_of, window
from reporting.models.catalogue import ReportingSettings
from taskforces.models import OutreachEvent, PilotModel, UnitVersion
from taskforces.register import activities
from taskforces.register.assignment_counts import units_under
from taskforces.register.assignment_forms import UTILITY_GROUPS, OutreachForm, PilotModelForm, SpanForm
from taskforces.scope import may_keep_register, require

from .look import look_of, look_while_open

OUTREACH_A_PAGE = 50
PILOT_FIELDS = ("name", "decision", "started_on", "ended_on", "members", "equipment", "results", "replicated_in")
OUTREACH_FIELDS = ("held_on", "channel", "utility_group", "times", "audience", "note")


def get_pilot_model(request, pk) -> PilotModel:
    """The one door to a pilot model."""
    return get_object_or_404(PilotModel.objects.visible_to(request.user).select_related("unit"), pk=pk)


def get_outreach(request, pk) -> OutreachEvent:
    """The one door to a row of the outreach log."""
    return get_object_or_404(OutreachEvent.objects.visible_to(request.user).select_related("unit"), pk=pk)


# --- pilot models


@require_safe
def pilot_list(request):
    """Pilot models begun by a day, running ones first."""
    look = look_while_open(request)
    day = look.day
    names = UnitVersion.objects.on(day).filter(unit=OuterRef("unit"))
    found = PilotModel.objects.filter(unit__in=units_under(look.unit.pk, day), started_on__lte=day)
    models = list(found.annotate(unit_name=Subquery(names.values("name")[:1])))
    ended = {m.pk for m in models if m.ended_on is not None and m.ended_on < day}
    models.sort(key=lambda m: m.pk in ended)
    running = [m for m in models if m.pk not in ended]
    context = _frame(look, "pilot-list") | {
        "rows": [
            {
                "model": m,
                "is_running": m.pk not in ended,
                "members": format_number(m.members),
                "may_edit": m.unit_id == look.unit.pk,
            }
            for m in models
        ],
        "count": format_number(len(models)),
        "running": format_number(len(running)),
        "replicated": format_number(sum(bool(m.replicated_in) for m in models)),
        "show_unit": any(m.unit_id != look.unit.pk for m in models),
        "may_keep": may_keep_register(request.user, look.unit),
        "add_url": f"{reverse('pilot-add')}?don_vi={look.unit.pk}",
    }
    return render(request, "taskforces/pilot_list.html", context)


def pilot_add(request):
    """A unit writes down a pilot model."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    form = PilotModelForm(request.POST or None, initial={"started_on": look.today})
    if request.method == "POST" and form.is_valid():
        try:
            model = activities.add_pilot_model(by=request.user, unit=look.unit, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi mô hình {model.name}.")
            return redirect(reverse("pilot-list") + look.query)
    return _form(request, look, form, "pilot-list", title="Thêm mô hình điểm", act="Ghi mô hình")


def pilot_edit(request, pk):
    """Correct a pilot model, or note its results, end and where it was replicated."""
    model = get_pilot_model(request, pk)
    look = look_of(request, model.unit)
    require(may_keep_register(request.user, model.unit))
    form = PilotModelForm(request.POST or None, initial={name: getattr(model, name) for name in PILOT_FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            activities.change_pilot_model(by=request.user, pilot_model_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi của mô hình.")
            return redirect(f"{reverse('pilot-list')}?don_vi={model.unit_id}")
    return _form(request, look, form, "pilot-list", title=f"Sửa {model.name}", act="Ghi thay đổi")


# --- outreach


@require_safe
def outreach_list(request):
    """The log over some days (the running month's window when none are asked), with the sums TT01 and TT02 ask for."""
    look = look_while_open(request)
    scheme = ReportingSettings.load().scheme
    month = month_of(look.day, scheme)
    chosen = SpanForm(request.GET)
    first, last = chosen.span(window(month, scheme))
    events = OutreachEvent.objects.filter(unit__in=units_under(look.unit.pk, last), held_on__range=(first, last))
    names = UnitVersion.objects.on(last).filter(unit=OuterRef("unit"))
    sums = events.aggregate(n=Count("pk"), times=Sum("times"), audience=Sum("audience"))
    channels = dict(OutreachEvent.Channel.choices)
    by_channel = events.values("channel").annotate(times=Sum("times"), audience=Sum("audience")).order_by("-times")
    own = activities.outreach_sums([look.unit.pk], first, last).get(look.unit.pk, activities.OutreachSums())
    page = Paginator(events.annotate(unit_name=Subquery(names.values("name")[:1])), OUTREACH_A_PAGE)
    page = page.get_page(request.GET.get("trang"))
    context = _frame(look, "outreach-list") | {
        "chosen": chosen,
        "first": first,
        "last": last,
        "times": format_number(sums["times"] or 0),
        "audience": format_number(sums["audience"] or 0),
        "own": (format_number(own.times), format_number(own.audience)),
        "is_own": own.rows == sums["n"],
        "channels": [
            (channels.get(row["channel"], row["channel"]), format_number(row["times"]), format_number(row["audience"]))
            for row in by_channel
        ],
        "rows": [
            {
                "event": event,
                "utility_group": UTILITY_GROUPS.get(event.utility_group, ""),
                "times": format_number(event.times),
                "audience": format_number(event.audience),
                "may_edit": event.unit_id == look.unit.pk,
            }
            for event in page.object_list
        ],
        "page": page,
        "count": format_number(sums["n"]),
        "show_unit": own.rows != sums["n"],
        "may_keep": may_keep_register(request.user, look.unit),
        "add_url": f"{reverse('outreach-add')}?don_vi={look.unit.pk}",
        "earlier_url": _span_url(look, *window(month_of(first, scheme).plus(-1), scheme)),
        "later_url": _span_url(look, *window(month_of(last, scheme).plus(1), scheme)) if last < look.today else "",
    }
    return render(request, "taskforces/outreach_list.html", context)


def outreach_add(request):
    """Write down acts of outreach; "ghi rồi thêm" keeps the form open for the next one."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    form = OutreachForm(request.POST or None, initial={"held_on": look.today, "times": 1, "audience": 0})
    if request.method == "POST" and form.is_valid():
        try:
            event = activities.add_outreach(by=request.user, unit=look.unit, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi {format_number(event.times)} lượt ngày {event.held_on:%d/%m/%Y}.")
            again = "again" in request.POST
            return redirect(reverse("outreach-add" if again else "outreach-list") + look.query)
    return _form(
        request, look, form, "outreach-list", title="Ghi nhật ký tuyên truyền", act="Ghi vào nhật ký", again=True
    )


def outreach_edit(request, pk):
    """Correct a row of the log."""
    event = get_outreach(request, pk)
    look = look_of(request, event.unit)
    require(may_keep_register(request.user, event.unit))
    form = OutreachForm(request.POST or None, initial={name: getattr(event, name) for name in OUTREACH_FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            activities.change_outreach(by=request.user, outreach_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(f"{reverse('outreach-list')}?don_vi={event.unit_id}")
    return _form(
        request,
        look,
        form,
        "outreach-list",
        title=f"Sửa dòng {event}",
        act="Ghi thay đổi",
        delete_url=reverse("outreach-delete", args=[pk]),
    )


def outreach_delete(request, pk):
    """Take out a row written by mistake, after asking."""
    event = get_outreach(request, pk)
    look = look_of(request, event.unit)
    require(may_keep_register(request.user, event.unit))
    if request.method == "POST":
        activities.delete_outreach(by=request.user, outreach_id=pk)
        messages.success(request, f"Đã xóa dòng {event}.")
        return redirect(f"{reverse('outreach-list')}?don_vi={event.unit_id}")
    context = _frame(look, "outreach-list") | {
        "event": event,
        "times": format_number(event.times),
        "audience": format_number(event.audience),
        "back_url": f"{reverse('outreach-list')}?don_vi={event.unit_id}",
    }
    return render(request, "taskforces/outreach_delete.html", context)


# --- parts


def _frame(look, where: str) -> dict:
    return look.context("assignment-list") | {"where": where}


def _span_url(look, first: dt.date, last: dt.date) -> str:
    return f"{reverse('outreach-list')}{look.query}&tu={first.isoformat()}&den={last.isoformat()}"


def _form(request, look, form, where, *, title, act, **more):
    context = _frame(look, where) | {
        "form": form,
        "title": title,
        "act": act,
        "back_url": reverse(where) + look.query,
    }
    return render(request, "taskforces/activity_form.html", context | more)
