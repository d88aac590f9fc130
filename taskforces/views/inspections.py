"""Inspections: by the teams of a unit, in it and below it; what was found, until when, and what is remedied."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number, whole_number
from taskforces.models import Document, Inspection, InspectionFinding, TaskForce, UnitVersion
from taskforces.register import conclusions, inspections, meetings
from taskforces.register.assignment_counts import units_under
from taskforces.register.meeting_forms import (
    FindingForm,
    InspectionForm,
    NewInspectionForm,
    PaperForm,
    ReasonForm,
    Receivers,
    RemedyForm,
    rows_of,
)
from taskforces.scope import may_keep_register, may_tell_remedy, require

from .look import get_task_force, look_of, look_while_open, unit_name
from .meeting_parts import SITTING_LOG_SHOWN, finding_row, form_page, more_rows, sittings_context, write_rows

INSPECTIONS_A_PAGE = 50
OVERDUE_SHOWN = 10
WHERE = "inspection-list"


def get_inspection(request, pk) -> Inspection:
    """The one door to an inspection: to people of the team's unit and of the unit visited, and those above."""
    found = Inspection.objects.visible_to(request.user).select_related("task_force__unit", "unit")
    return get_object_or_404(found, pk=pk)


def get_finding(request, pk) -> InspectionFinding:
    """The one door to a finding: that of its inspection."""
    found = InspectionFinding.objects.filter(inspection__in=Inspection.objects.visible_to(request.user))
    return get_object_or_404(found.select_related("inspection__task_force__unit", "inspection__unit"), pk=pk)


@require_safe
def inspection_list(request):
    """Inspections made by a unit's teams, or in it and below; what is overdue first. `?to=` those of one team."""
    look = look_while_open(request)
    day = look.day
    names = UnitVersion.objects.on(day).filter(unit=OuterRef("unit"))
    found = Inspection.objects.filter(
        Q(unit__in=units_under(look.unit.pk, day)) | Q(task_force__unit=look.unit), held_on__lte=day
    )
    force = get_task_force(request, whole_number(request.GET["to"])) if "to" in request.GET else None
    if force is not None:
        found = found.filter(task_force=force)
    found = found.select_related("task_force").annotate(unit_name=Subquery(names.values("name")[:1]))
    page = Paginator(found, INSPECTIONS_A_PAGE).get_page(request.GET.get("trang"))
    counted = conclusions.by_inspection([inspection.pk for inspection in page.object_list], day)
    late = [f for f in conclusions.open_findings(look.unit.pk, day) if f.due_on < day]
    may_keep = may_keep_register(request.user, look.unit)
    nothing = conclusions.FindingCounts()
    context = sittings_context(look, WHERE) | {
        "force": force,
        "rows": [_listed(inspection, counted.get(inspection.pk, nothing)) for inspection in page.object_list],
        "page": page,
        "count": format_number(page.paginator.count),
        "late": [finding_row(f, day) for f in late[:OVERDUE_SHOWN]],
        "late_count": format_number(len(late)),
        "shows_all_late": len(late) <= OVERDUE_SHOWN,
        "agenda_url": reverse("agenda") + f"?don_vi={look.unit.pk}",
        "may_keep": may_keep,
        "has_team": may_keep and TaskForce.objects.filter(unit=look.unit, kind=TaskForce.Kind.INSPECTION_TEAM).exists(),
        "add_url": f"{reverse('inspection-add')}?don_vi={look.unit.pk}" + (f"&to={force.pk}" if force else ""),
        "found_url": f"{reverse('taskforce-create')}?don_vi={look.unit.pk}&loai={TaskForce.Kind.INSPECTION_TEAM}",
    }
    return render(request, "taskforces/inspection_list.html", context)


def _listed(inspection: Inspection, counts: conclusions.FindingCounts) -> dict:
    share = f"{format_number(counts.remedied)}/{format_number(counts.total)}" if counts.total else "Không có"
    overdue = format_number(counts.overdue) if counts.overdue else ""
    return {"inspection": inspection, "remedied": share, "overdue": overdue}


# --- one inspection


def inspection_detail(request, pk):
    """The visit, what was found with its state, papers, log."""
    return _inspection_page(request, get_inspection(request, pk))


def _inspection_page(request, inspection: Inspection, rows=None):
    look = look_of(request, inspection.unit)
    force = inspection.task_force
    may_keep = may_keep_register(request.user, force.unit) and not inspection.cancelled_reason
    if may_keep and rows is None:
        rows = rows_of(FindingForm)(prefix="dong")
    findings = list(inspection.findings.select_related("remedied_by"))
    shown = [finding_row(finding, look.day) for finding in findings]
    context = sittings_context(look, WHERE) | {
        "inspection": inspection,
        "visited": unit_name(inspection.unit, inspection.held_on),
        "findings": shown,
        "open": sum(f.remedied_on is None for f in findings),
        "overdue": sum(row["is_overdue"] for row in shown),
        "documents": list(inspection.documents.all()),
        "sees_team": TaskForce.objects.visible_to(request.user).filter(pk=force.pk).exists(),
        "changes": list(inspection.changes.select_related("by").order_by("-pk")[:SITTING_LOG_SHOWN]),
        "may_keep": may_keep,
        "may_cancel": may_keep and not findings,
        "may_tell": may_tell_remedy(request.user, inspection),
        "rows": rows if may_keep else None,
        "back_url": reverse(WHERE) + look.query,
    }
    return render(request, "taskforces/inspection_detail.html", context)


def inspection_add(request):
    """Write down a visit; `?to=` chooses the team."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    receivers = Receivers(look.unit, look.today, whole_levels=False)
    initial = {"held_on": look.today, "task_force": request.GET.get("to", "")}
    form = NewInspectionForm(request.POST or None, unit=look.unit, receivers=receivers, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            inspection = inspections.add_inspection(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi cuộc kiểm tra. Ghi các tồn tại ở trang này.")
            return redirect(inspection)
    back = reverse(WHERE) + look.query
    return form_page(
        request,
        look,
        form,
        WHERE,
        title="Ghi cuộc kiểm tra",
        act="Ghi cuộc kiểm tra",
        back=back,
        labels=receivers.labels,
    )


def inspection_edit(request, pk):
    """Correct what is said of a visit."""
    inspection = get_inspection(request, pk)
    receivers = Receivers(inspection.task_force.unit, inspection.held_on, whole_levels=False)
    shown = {name: getattr(inspection, name) for name in inspections.INSPECTION_FACTS}
    shown["unit"] = f"{unit_name(inspection.unit, inspection.held_on)} ({inspection.unit.code})"
    form = InspectionForm(request.POST or None, receivers=receivers, initial=shown)
    return _act(
        request,
        inspection,
        form,
        inspections.change_inspection,
        title=f"Sửa: {inspection}",
        act="Ghi thay đổi",
        said="Đã ghi thay đổi.",
        labels=receivers.labels,
    )


def inspection_cancel(request, pk):
    """Written down by mistake; it stays in the list with the reason."""
    inspection = get_inspection(request, pk)
    form = ReasonForm(request.POST or None)
    return _act(
        request,
        inspection,
        form,
        inspections.cancel_inspection,
        title=f"Hủy: {inspection}",
        act="Hủy cuộc kiểm tra",
        said="Đã hủy cuộc kiểm tra.",
    )


def inspection_paper(request, pk):
    """Keep a paper of the inspection; downloads go through the documents' one door."""
    inspection = get_inspection(request, pk)
    initial = {"kind": Document.Kind.MINUTES, "issued_on": inspection.held_on, "title": f"Biên bản {inspection}"}
    form = PaperForm(request.POST or None, request.FILES or None, initial=initial)

    def save(*, by, inspection_id, **values):
        meetings.add_paper(by=by, about=inspection, **values)

    return _act(
        request, inspection, form, save, title=f"Thêm văn bản: {inspection}", act="Lưu văn bản", said="Đã lưu văn bản."
    )


# --- what was found


def findings_add(request, pk):
    """The findings typed; all of them or, where one is refused, none."""
    inspection = get_inspection(request, pk)
    require(may_keep_register(request.user, inspection.task_force.unit))
    if request.method != "POST":
        return redirect(inspection)
    if (typed := more_rows(request.POST)) is not None:
        return _inspection_page(request, inspection, rows_of(FindingForm)(typed, prefix="dong"))
    rows = rows_of(FindingForm)(request.POST, prefix="dong")
    if rows.is_valid():
        written = write_rows(rows, lambda data: inspections.add_finding(by=request.user, inspection_id=pk, **data))
        if written:
            messages.success(request, f"Đã ghi {format_number(written)} tồn tại.")
            return redirect(inspection)
        if not rows.total_error_count():
            messages.warning(request, "Chưa ghi dòng nào.")
    return _inspection_page(request, inspection, rows)


def finding_edit(request, pk):
    """Correct the words of a finding, or move its day."""
    finding = get_finding(request, pk)
    form = FindingForm(request.POST or None, initial={"text": finding.text, "due_on": finding.due_on})
    return _act_on_finding(
        request, finding, form, inspections.change_finding, title="Sửa tồn tại, hạn khắc phục", act="Ghi thay đổi"
    )


def finding_remedied(request, pk):
    """The unit visited, or the inspectors, tell that it was put right."""
    finding = get_finding(request, pk)
    require(may_tell_remedy(request.user, finding.inspection))
    look = look_of(request, finding.inspection.unit)
    form = RemedyForm(request.POST or None, initial={"on": look.today})
    return _act_on_finding(
        request,
        finding,
        form,
        inspections.tell_remedied,
        title="Báo đã khắc phục",
        act="Ghi đã khắc phục",
        by_visited=True,
    )


def finding_reopen(request, pk):
    """The inspectors do not agree that it was put right."""
    finding = get_finding(request, pk)
    form = ReasonForm(request.POST or None)
    return _act_on_finding(request, finding, form, inspections.reopen_finding, title="Mở lại tồn tại", act="Mở lại")


# --- parts


def _act(request, inspection: Inspection, form, write, *, title, act, said, labels=()):
    """A form of the inspectors that does one thing to one inspection and goes back to its page."""
    require(may_keep_register(request.user, inspection.task_force.unit))
    if request.method == "POST" and form.is_valid():
        try:
            write(by=request.user, inspection_id=inspection.pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, said)
            return redirect(inspection)
    look = look_of(request, inspection.unit)
    return form_page(
        request, look, form, WHERE, title=title, act=act, back=inspection.get_absolute_url(), labels=labels
    )


def _act_on_finding(request, finding: InspectionFinding, form, write, *, title, act, by_visited=False):
    inspection = finding.inspection
    if not by_visited:
        require(may_keep_register(request.user, inspection.task_force.unit))
    if request.method == "POST" and form.is_valid():
        try:
            write(by=request.user, finding_id=finding.pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi.")
            return redirect(inspection)
    look = look_of(request, inspection.unit)
    back = inspection.get_absolute_url()
    return form_page(request, look, form, WHERE, title=title, act=act, back=back, intro=finding.text)
