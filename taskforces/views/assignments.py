"""A unit's assignments: the list with what is done by document and by unit, one assignment's page, and its acts."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number, format_rate
from taskforces.models import Assignment, Document, Meeting, SourceDocument
from taskforces.register import assignment_counts as counting
from taskforces.register import assignments, keeping
from taskforces.register.assignment_counts import Tally
from taskforces.register.assignment_forms import (
    BY_MEETING,
    DropForm,
    DueForm,
    EvidenceForm,
    FilterForm,
    FinishForm,
    ProgressForm,
    ResumeForm,
)
from taskforces.scope import may_add_evidence, may_assign, may_keep_sources, may_report_progress, require

from .assignment_rows import assignment_row, assignments_context, pair_text, source_row
from .look import look_of, look_while_open

ASSIGNMENTS_A_PAGE = 50
ALL_CONCLUSIONS = SourceDocument(
    pk=counting.CONCLUSIONS, number="Kết luận họp", title="Kết luận các cuộc họp đã giao", issued_on=dt.date.min
)
WIDEST_TABLE = 4  # documents side by side in the table of units


def get_assignment(request, pk) -> Assignment:
    """The one door to an assignment: outside your scope it does not exist."""
    rows = Assignment.objects.visible_to(request.user).select_related("item__source", "unit")
    return get_object_or_404(rows, pk=pk)


# --- the list


@require_safe
def assignment_list(request):
    """What a unit (and everything below it) was given, as of a day: overdue first, counted by document and by unit."""
    look = look_while_open(request)
    unit, day = look.unit, look.day
    table = counting.unit_table(unit.pk, day)
    chosen = FilterForm(request.GET, has_below=bool(table.children))
    chosen.is_valid()
    source = chosen.cleaned_data.get("van_ban")
    own = not table.children or chosen.cleaned_data.get("pham_vi") == "rieng"
    counted = counting.by_source(
        counting.count_assignments(unit.pk, day, source_id=source.pk if source else None, own=own)
    )
    sources = SourceDocument.objects.in_bulk(set(counted) | _sources_of(table)) | {
        counting.CONCLUSIONS: ALL_CONCLUSIONS
    }
    rows = (
        Assignment.objects.filter(unit=unit)
        if own
        else Assignment.objects.filter(unit__in=counting.units_under(unit.pk, day))
    )
    rows = counting.with_unit_name(counting.listed(_filtered(rows, chosen.cleaned_data, day), day), day)
    page = Paginator(rows, ASSIGNMENTS_A_PAGE).get_page(request.GET.get("trang"))
    context = assignments_context(look) | {
        "title": _title(counted),
        "is_closed": unit.closed_on is not None and unit.closed_on < look.today,
        "lead": f"{look.name}{'' if own else ' và các đơn vị trực thuộc'}",
        "own": own,
        "filter": chosen,
        "is_filtered": any(
            chosen.cleaned_data.get(name) for name in ("tinh_trang", "vai_tro", "theo", "van_ban", "viec")
        ),
        "sources": [source_row(sources[pk], counted[pk], look) for pk in _by_date(sources) if pk in counted],
        "units": _unit_rows(table, sources, source, look),
        "rows": [assignment_row(a, day) for a in page.object_list],
        "page": page,
        "count": format_number(page.paginator.count),
        "show_unit": not own,
        "may_assign": may_assign(request.user, unit),
        "may_keep_sources": may_keep_sources(request.user),
    }
    return render(request, "taskforces/assignment_list.html", context)


def _filtered(rows, data, day):
    if data.get("tinh_trang"):
        rows = rows.filter(counting.in_state(data["tinh_trang"], day))
    if data.get("vai_tro"):
        rows = rows.filter(part=data["vai_tro"])
    if data.get("theo"):
        rows = rows.filter(item__source__meeting__isnull=data["theo"] != BY_MEETING)
    if data.get("van_ban"):
        rows = rows.filter(item__source=data["van_ban"])
    if data.get("viec"):
        rows = rows.filter(item=data["viec"])
    return rows


def _title(counted: dict[int, counting.SourceCount]) -> str:
    """'24 nhiệm vụ: 3 quá hạn, 9 đã xong'; tasks of several documents are not added, only what is overdue is said."""
    tallies = [one.tally for one in counted.values() if one.tally.total]
    if not tallies:
        return "Chưa được giao nhiệm vụ nào"
    late = sum(tally.overdue for tally in tallies)
    if len(tallies) == 1:
        n, done = format_number(tallies[0].total), format_number(tallies[0].done)
        return f"{n} nhiệm vụ: {format_number(late) if late else 'không có việc'} quá hạn, {done} đã xong"
    amount = f"{format_number(late)} nhiệm vụ quá hạn" if late else "Không có nhiệm vụ quá hạn"
    return f"{amount}, giao theo {format_number(len(tallies))} văn bản"


def _sources_of(table: counting.UnitTable) -> set[int]:
    return set(table.own) | {pk for sums in table.below.values() for pk in sums}


def _by_date(sources: dict[int, SourceDocument]) -> list[int]:
    """Newest document first."""
    return sorted(sources, key=lambda pk: (-sources[pk].issued_on.toordinal(), sources[pk].number))


def _unit_rows(table: counting.UnitTable, sources, source, look) -> dict | None:
    """Done of all for each unit below, a column for each document; None where there are no units or no documents."""
    if not table.children:
        return None
    shown = [source.pk] if source else [pk for pk in _by_date(sources) if pk in _sources_of(table)]
    if not shown:
        return None
    if len(shown) > WIDEST_TABLE:
        return {"too_many": format_number(len(shown)), "rows": []}
    columns = [sources[pk].number if pk in sources else source.number for pk in shown]
    own_sums = [table.own.get(pk, Tally()) for pk in shown]
    rows = [_unit_row(look.name + " (chính đơn vị)", "", own_sums, columns)] if any(t.total for t in own_sums) else []
    day = "" if look.day == look.today else f"&ngay={look.day.isoformat()}"
    for child in table.children:
        url = f"{reverse('assignment-list')}?don_vi={child.unit_id}{day}"
        url += f"&van_ban={source.pk}" if source else ""
        sums = [table.below[child.unit_id].get(pk, Tally()) for pk in shown]
        rows.append(_unit_row(child.name, url, sums, columns))
    totals = [
        sum(per_unit, Tally())
        for per_unit in zip(own_sums, *(row["tallies"] for row in rows if row["url"]), strict=True)
    ]
    return {
        "columns": columns,
        "rows": rows,
        "total": _unit_row("Cộng", "", totals, columns),
        "count": format_number(len(table.children)),
    }


def _unit_row(name: str, url: str, tallies: list[Tally], columns: list[str]) -> dict:
    late = sum(tally.overdue for tally in tallies)
    return {
        "name": name,
        "url": url,
        "tallies": tallies,
        "cells": [
            (label, pair_text(t), format_rate(t.done, t.total)) for label, t in zip(columns, tallies, strict=True)
        ],
        "late": late,
        "late_text": format_number(late),
    }


# --- one assignment


@require_safe
def assignment_detail(request, pk):
    """What was asked, how far it is, the evidence, and the dated log."""
    assignment = get_assignment(request, pk)
    look = look_of(request, assignment.unit)
    may_report = may_report_progress(request.user, assignment)
    may_move = may_assign(request.user, assignment.unit)
    is_open = assignment.done_on is None and assignment.dropped_on is None
    documents = list(assignment.documents.all())
    context = assignments_context(look) | {
        "assignment": assignment,
        "item": assignment.item,
        "source": assignment.item.source,
        "source_url": _source_url(request, assignment.item.source),
        "row": assignment_row(assignment, look.day),
        "is_open": is_open,
        "events": list(assignment.events.select_related("by").order_by("-pk")),
        "documents": documents,
        "answers": assignment.responsibility_set.select_related("membership__person", "membership__task_force").filter(
            membership__valid_to__isnull=True
        ),
        "may_report": may_report and is_open,
        "may_move": may_move and is_open,
        "may_resume": may_report if assignment.done_on else may_move and not is_open,
        "may_add_evidence": may_add_evidence(request.user, assignment),
        "back_url": reverse("assignment-list") + look.query,
    }
    return render(request, "taskforces/assignment_detail.html", context)


def _source_url(request, source: SourceDocument) -> str:
    """Where the document is read; '' for the conclusions of a meeting that is not for this reader."""
    if source.meeting_id is None:
        return reverse("source-detail", args=[source.pk])
    meeting = Meeting.objects.visible_to(request.user).filter(pk=source.meeting_id).first()
    return meeting.get_absolute_url() if meeting else ""


def assignment_update(request, pk):
    """The unit tells how far it is."""
    assignment = get_assignment(request, pk)
    require(may_report_progress(request.user, assignment))
    form = ProgressForm(request.POST or None, initial={"status": assignment.status, "progress": assignment.progress})
    return _act(
        request,
        assignment,
        form,
        assignments.update_progress,
        title="Cập nhật tiến độ",
        act="Ghi tiến độ",
        said="Đã ghi tiến độ.",
    )


def assignment_finish(request, pk):
    """The unit has done it; the evidence may come in the same step."""
    assignment = get_assignment(request, pk)
    look = look_of(request, assignment.unit)
    require(may_report_progress(request.user, assignment))
    form = FinishForm(request.POST or None, request.FILES or None, initial={"on": look.today})
    may_add = may_add_evidence(request.user, assignment)
    if not may_add:
        del form.fields["upload"]

    @transaction.atomic
    def finish(*, upload=None, **values):
        assignments.finish(**values)
        if upload is not None:
            keeping.save_document(
                by=request.user,
                unit=assignment.unit,
                assignment=assignment,
                kind=Document.Kind.EVIDENCE,
                title=f"Minh chứng {assignment.item.code}",
                issued_on=values["on"],
                upload=upload,
            )

    return _act(
        request, assignment, form, finish, title="Báo hoàn thành", act="Ghi hoàn thành", said="Đã ghi hoàn thành."
    )


def assignment_drop(request, pk):
    """No longer to be done; only those who assign, since it leaves the total."""
    assignment = get_assignment(request, pk)
    look = look_of(request, assignment.unit)
    require(may_assign(request.user, assignment.unit))
    form = DropForm(request.POST or None, initial={"on": look.today})
    intro = "Nhiệm vụ thôi thực hiện không còn tính vào tổng số từ ngày này. Lý do nằm lại trong nhật ký."
    return _act(
        request,
        assignment,
        form,
        assignments.drop,
        title="Thôi thực hiện",
        act="Ghi thôi thực hiện",
        said="Đã ghi thôi thực hiện.",
        intro=intro,
    )


def assignment_due(request, pk):
    """Move the due day, with a reason."""
    assignment = get_assignment(request, pk)
    require(may_assign(request.user, assignment.unit))
    form = DueForm(request.POST or None, initial={"due_on": assignment.due_on})
    return _act(
        request, assignment, form, assignments.change_due, title="Đổi hạn", act="Ghi hạn mới", said="Đã ghi hạn mới."
    )


def assignment_resume(request, pk):
    """A done or dropped assignment is open again."""
    assignment = get_assignment(request, pk)
    dropped = assignment.dropped_on is not None
    require(may_assign(request.user, assignment.unit) if dropped else may_report_progress(request.user, assignment))
    form = ResumeForm(request.POST or None)
    return _act(request, assignment, form, assignments.resume, title="Mở lại", act="Mở lại", said="Đã mở lại nhiệm vụ.")


def assignment_evidence(request, pk):
    """A document that shows what was done; downloads go through the documents' one door."""
    assignment = get_assignment(request, pk)
    look = look_of(request, assignment.unit)
    require(may_add_evidence(request.user, assignment))
    initial = {"issued_on": look.today, "title": f"Minh chứng {assignment.item.code}"}
    form = EvidenceForm(request.POST or None, request.FILES or None, initial=initial)

    def save(*, by, assignment_id, **values):
        keeping.save_document(by=by, unit=assignment.unit, assignment=assignment, kind=Document.Kind.EVIDENCE, **values)

    return _act(
        request, assignment, form, save, title="Thêm minh chứng", act="Lưu minh chứng", said="Đã lưu minh chứng."
    )


# --- parts


def _act(request, assignment: Assignment, form, write, *, title, act, said, intro=""):
    """A form that does one thing to one assignment and goes back to its page."""
    look = look_of(request, assignment.unit)
    if request.method == "POST" and form.is_valid():
        try:
            write(by=request.user, assignment_id=assignment.pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, said)
            return redirect(assignment)
    item = assignment.item
    context = assignments_context(look) | {
        "form": form,
        "title": f"{title}: {item.code}",
        "act": act,
        "back_url": assignment.get_absolute_url(),
        "intro": intro or item.text,
    }
    return render(request, "taskforces/taskforce_form.html", context)
