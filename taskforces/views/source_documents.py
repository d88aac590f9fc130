"""The catalogue of plans and their tasks, and handing tasks out: choose, preview with counts, confirm."""

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number, whole_number
from taskforces.models import Assignment, PlanChange, SourceDocument, SourceItem, UnitVersion
from taskforces.register import assignment_counts as counting
from taskforces.register import assignments
from taskforces.register.assignment_counts import Tally
from taskforces.register.assignment_forms import LEVEL_WORDS, UTILITY_GROUPS, AssignForm, ItemForm, ItemRows, SourceForm
from taskforces.scope import may_assign, may_keep_sources, require
from taskforces.units.tree import LEVEL_ORDER

from .assignment_rows import assignments_context, pair_text, source_row
from .look import look_of, look_while_open

CHANGES_SHOWN = 50


@require_safe
def source_list(request):
    """Every plan of the catalogue, newest first, with how it stands in the unit looked at."""
    look = look_while_open(request)
    counted = counting.by_source(counting.count_assignments(look.unit.pk, look.day))
    sources = SourceDocument.objects.catalogue().annotate(n=Count("items"))
    nothing = counting.SourceCount(0, Tally(), [], [], [], 0)
    context = assignments_context(look) | {
        "rows": [
            source_row(source, counted.get(source.pk, nothing), look) | {"items": format_number(source.n)}
            for source in sources
        ],
        "may_keep": may_keep_sources(request.user),
    }
    return render(request, "taskforces/source_list.html", context)


@require_safe
def source_detail(request, pk):
    """The tasks of one plan, and how each stands in the unit looked at."""
    return _source_page(request, get_object_or_404(SourceDocument.objects.catalogue(), pk=pk))


def source_create(request):
    """Put a plan into the catalogue."""
    require(may_keep_sources(request.user))
    look = look_of(request)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = assignments.create_source(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi {source.number} vào danh mục. Ghi các nhiệm vụ ở dưới.")
            return redirect("source-detail", source.pk)
    return _form(
        request, look, form, title="Thêm văn bản giao nhiệm vụ", act="Ghi vào danh mục", back=reverse("source-list")
    )


def source_edit(request, pk):
    """Correct what the catalogue says of a plan."""
    source = get_object_or_404(SourceDocument.objects.catalogue(), pk=pk)
    require(may_keep_sources(request.user))
    look = look_of(request)
    shown = {name: getattr(source, name) for name in ("number", "issued_on", "issuing_body", "title")}
    form = SourceForm(request.POST or None, initial=shown)
    back = reverse("source-detail", args=[pk])
    if request.method == "POST" and form.is_valid():
        try:
            assignments.change_source(by=request.user, source_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(back)
    return _form(request, look, form, title=f"Sửa {source.number}", act="Ghi thay đổi", back=back)


def source_item_add(request, pk):
    """Add the tasks typed; all of them or, where one is refused, none."""
    source = get_object_or_404(SourceDocument.objects.catalogue(), pk=pk)
    require(may_keep_sources(request.user))
    if request.method != "POST":
        return redirect("source-detail", pk)
    rows = ItemRows(request.POST, prefix="dong")
    if rows.is_valid():
        typed = [row for row in rows if row.has_changed()]
        with transaction.atomic():
            for row in typed:
                try:
                    assignments.add_item(by=request.user, source_id=pk, **row.cleaned_data)
                except ValidationError as error:
                    row.take(error)
            if any(row.errors for row in typed):
                transaction.set_rollback(True)
        if typed and not any(row.errors for row in typed):
            messages.success(request, f"Đã thêm {format_number(len(typed))} nhiệm vụ.")
            return redirect("source-detail", pk)
        if not typed:
            messages.warning(request, "Chưa ghi dòng nào.")
    return _source_page(request, source, rows)


def source_item_edit(request, pk):
    """Correct one task's wording or group."""
    item = get_object_or_404(SourceItem.objects.filter(source__meeting__isnull=True).select_related("source"), pk=pk)
    require(may_keep_sources(request.user))
    look = look_of(request)
    shown = {name: getattr(item, name) for name in ("code", "text", "task_group", "utility_group")}
    form = ItemForm(request.POST or None, initial=shown)
    back = reverse("source-detail", args=[item.source_id])
    if request.method == "POST" and form.is_valid():
        try:
            assignments.change_item(by=request.user, item_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(back)
    return _form(request, look, form, title=f"Sửa nhiệm vụ {item.code}", act="Ghi thay đổi", back=back)


# --- handing out


def assign_bulk(request):
    """Give tasks of one plan to a unit and the levels below it: chosen, then shown with counts, then written."""
    look = look_of(request)
    require(may_assign(request.user, look.unit))
    source = SourceDocument.objects.catalogue().filter(pk=whole_number(request.GET.get("van_ban"))).first()
    if source is None:
        messages.info(request, "Chọn văn bản, rồi chọn nhiệm vụ để giao.")
        return redirect(reverse("source-list") + look.query)
    initial = {
        "items": [pk for pk in map(whole_number, request.GET.getlist("nhiem_vu")) if pk is not None],
        "levels": [look.unit.level],
        "assigned_on": look.today,
        "part": Assignment.Part.LEAD,
    }
    form = AssignForm(request.POST or None, source=source, levels=_levels(look), initial=initial)
    form.fields["items"].queryset = form.fields["items"].queryset.order_by("code")
    context = assignments_context(look) | {
        "form": form,
        "source": source,
        "back_url": reverse("source-detail", args=[source.pk]) + look.query,
    }
    step = request.POST.get("buoc", "")  # '': preview, 'ghi': write, 'sua': back to the form
    if request.method == "POST" and form.is_valid() and step != "sua":
        data = form.cleaned_data
        try:
            if step == "ghi":
                done = assignments.assign_to_all(by=request.user, unit=look.unit, **data)
                messages.success(request, _said(done))
                return redirect(f"{reverse('assignment-list')}{look.query}&van_ban={source.pk}")
            preview = assignments.plan(by=request.user, unit=look.unit, **data)
        except ValidationError as error:
            form.take(error)
        else:
            return render(request, "taskforces/assignment_preview.html", context | _preview(preview, data))
    return render(request, "taskforces/assignment_bulk.html", context)


def _levels(look) -> list[tuple[str, str]]:
    """Levels in and below the unit today, with how many units each would receive."""
    levels = UnitVersion.objects.on(look.today).under(look.unit.pk).values_list("unit__level")
    counted = dict(levels.annotate(n=Count("pk")).order_by())
    words = []
    for level in LEVEL_ORDER:
        if level == look.unit.level:
            words.append((level, f"Chính {look.name}"))
        elif level in counted:
            words.append(
                (level, f"Tất cả đơn vị {LEVEL_WORDS[level]} trực thuộc: {format_number(counted[level])} đơn vị")
            )
    return words


def _preview(plan: assignments.Plan, data) -> dict:
    return {
        "new": format_number(plan.new),
        "is_nothing": not plan.new,
        "existing": format_number(plan.existing) if plan.existing else "",
        "units": format_number(plan.units),
        "levels": [f"{LEVEL_WORDS[level]} {format_number(n)} đơn vị" for level, n in plan.levels.items()],
        "items": sorted(data["items"], key=natural),
        "part": Assignment.Part(data["part"]).label,
        "data": data,
    }


def _said(done: assignments.Plan) -> str:
    left = f", {format_number(done.existing)} đã giao từ trước được giữ nguyên" if done.existing else ""
    return f"Đã giao mới {format_number(done.new)} nhiệm vụ{left}."


# --- parts


def natural(item: SourceItem) -> list:
    """NV2 before NV10."""
    parts = re.split(r"([0-9]+)", f" {item.code}")
    return [(number is None, number or 0, part) for part in parts for number in [whole_number(part)]]


def _source_page(request, source: SourceDocument, rows=None):
    look = look_while_open(request)
    tallies = counting.item_counts(source.pk, look.unit.pk, look.day)
    items = sorted(source.items.all(), key=natural)
    may_keep = may_keep_sources(request.user)
    counted = counting.by_source(counting.count_assignments(look.unit.pk, look.day, source_id=source.pk))
    changes = PlanChange.objects.filter(source=source)
    context = assignments_context(look) | {
        "source": source,
        "changes": changes.select_related("by").order_by("-pk")[:CHANGES_SHOWN],
        "changes_count": format_number(changes.count()),
        "changes_shown": format_number(CHANGES_SHOWN),
        "items": [
            {
                "item": item,
                "utility_group": UTILITY_GROUPS.get(item.utility_group, ""),
                "pair": pair_text(tallies.get(item.pk, Tally())),
                "overdue": format_number(tallies.get(item.pk, Tally()).overdue),
                "is_late": bool(tallies.get(item.pk, Tally()).overdue),
            }
            for item in items
        ],
        "count": format_number(len(items)),
        "counted": source_row(source, counted[source.pk], look) if source.pk in counted else None,
        "may_keep": may_keep,
        "may_assign": may_assign(request.user, look.unit),
        "rows": (ItemRows(prefix="dong") if rows is None else rows) if may_keep else None,
        "list_url": f"{reverse('assignment-list')}{look.query}&van_ban={source.pk}",
        "back_url": reverse("source-list") + look.query,
    }
    return render(request, "taskforces/source_detail.html", context)


def _form(request, look, form, *, title, act, back):
    context = assignments_context(look) | {"form": form, "title": title, "act": act, "back_url": back}
    return render(request, "taskforces/taskforce_form.html", context)
