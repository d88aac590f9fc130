"""Meetings of the task forces of a unit and everything below it: the list, one meeting, its papers and conclusions."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.numbers import format_number, whole_number
from taskforces.models import Document, Meeting, UnitVersion
from taskforces.register import conclusions, meetings
from taskforces.register.assignment_counts import Tally, units_under
from taskforces.register.meeting_forms import (
    ConclusionForm,
    MeetingForm,
    NewMeetingForm,
    PaperForm,
    ReasonForm,
    Receivers,
    rows_of,
)
from taskforces.scope import may_keep_register, require

from .assignment_rows import pair_text
from .look import get_task_force, look_of, look_while_open
from .meeting_parts import SITTING_LOG_SHOWN, conclusion_row, form_page, more_rows, sittings_context, write_rows

MEETINGS_A_PAGE = 50
OPEN_SHOWN = 10  # open conclusions on the list; the agenda shows all


def get_meeting(request, pk) -> Meeting:
    """The one door to a meeting: outside your scope it does not exist."""
    return get_object_or_404(Meeting.objects.visible_to(request.user).select_related("task_force__unit"), pk=pk)


@require_safe
def meeting_list(request):
    """Meetings planned and held, newest first, with how far their conclusions are; `?to=` those of one task force."""
    look = look_while_open(request)
    day = look.day
    names = UnitVersion.objects.on(day).filter(unit=OuterRef("task_force__unit"))
    found = Meeting.objects.filter(task_force__unit__in=units_under(look.unit.pk, day))
    if day != look.today:
        found = found.filter(held_on__lte=day)
    force = get_task_force(request, whole_number(request.GET["to"])) if "to" in request.GET else None
    own = force is not None or request.GET.get("pham_vi") == "rieng" or look.unit.level == "commune"
    if force is not None:
        found = found.filter(task_force=force)
    elif own:
        found = found.filter(task_force__unit=look.unit)
    found = found.select_related("task_force__unit").annotate(unit_name=Subquery(names.values("name")[:1]))
    page = Paginator(found, MEETINGS_A_PAGE).get_page(request.GET.get("trang"))
    still_open = conclusions.open_of_unit(look.unit.pk, day)
    tallies = conclusions.by_meeting([meeting.pk for meeting in page.object_list], day)
    context = sittings_context(look, "meeting-list") | {
        "force": force,
        "own": own,
        "rows": [_listed(meeting, tallies.get(meeting.pk, Tally()), day) for meeting in page.object_list],
        "page": page,
        "count": format_number(page.paginator.count),
        "open": [conclusion_row(c, day, look) for c in still_open[:OPEN_SHOWN]],
        "open_count": format_number(len(still_open)),
        "open_overdue": sum(bool(c.tally.overdue) for c in still_open),
        "shows_all_open": len(still_open) <= OPEN_SHOWN,
        "agenda_url": reverse("agenda") + f"?don_vi={look.unit.pk}",
        "may_keep": may_keep_register(request.user, look.unit),
        "add_url": f"{reverse('meeting-add')}?don_vi={look.unit.pk}" + (f"&to={force.pk}" if force else ""),
    }
    return render(request, "taskforces/meeting_list.html", context)


def _listed(meeting: Meeting, tally: Tally, day) -> dict:
    return {
        "meeting": meeting,
        "points": format_number(meeting.points),
        "delegates": format_number(meeting.delegates),
        "done": pair_text(tally),
        "overdue": format_number(tally.overdue) if tally.overdue else "",
        "is_planned": meeting.held_on > day,
    }


# --- one meeting


def meeting_detail(request, pk):
    """What earlier meetings left open, then this one: facts, conclusions with their state, papers, log."""
    return _meeting_page(request, get_meeting(request, pk))


def _meeting_page(request, meeting: Meeting, rows=None):
    unit = meeting.task_force.unit
    look = look_of(request, unit)
    may_keep = may_keep_register(request.user, unit) and not meeting.cancelled_reason
    opened_on = min(meeting.held_on, look.day)  # of a meeting held long ago: how things stood when it was opened
    concluded = conclusions.of_meeting(meeting, look.day)
    before = conclusions.open_before(meeting, opened_on)
    concludes = may_keep and meeting.held_on <= look.today
    receivers = Receivers(unit, look.today, whole_levels=True) if concludes else None
    if concludes and rows is None:
        rows = rows_of(ConclusionForm)(prefix="dong", form_kwargs={"receivers": receivers})
    done = sum(not c.open for c in concluded)
    context = sittings_context(look, "meeting-list") | {
        "meeting": meeting,
        "facts": [
            ("Số điểm cầu", format_number(meeting.points)),
            ("Số đại biểu", format_number(meeting.delegates)),
        ],
        "opened_on": opened_on,
        "before": [conclusion_row(c, opened_on, look) for c in before],
        "before_overdue": sum(bool(c.tally.overdue) for c in before),
        "conclusions": [conclusion_row(c, look.day, look) for c in concluded],
        "done": format_number(done),
        "is_planned": meeting.held_on > look.day,
        "documents": list(meeting.documents.all()),
        "changes": list(meeting.changes.select_related("by").order_by("-pk")[:SITTING_LOG_SHOWN]),
        "may_keep": may_keep,
        "may_cancel": may_keep and not concluded,
        "rows": rows if concludes else None,
        "labels": receivers.labels if receivers else (),
        "agenda_url": reverse("agenda") + f"?don_vi={unit.pk}",
        "back_url": reverse("meeting-list") + look.query,
    }
    return render(request, "taskforces/meeting_detail.html", context)


def meeting_add(request):
    """Write down a meeting held or planned; `?to=` chooses the task force."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    initial = {"held_on": look.today, "task_force": request.GET.get("to", ""), "kind": Meeting.Kind.REGULAR}
    form = NewMeetingForm(request.POST or None, unit=look.unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            meeting = meetings.add_meeting(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi cuộc họp {meeting}.")
            return redirect(meeting)
    back = reverse("meeting-list") + look.query
    return form_page(request, look, form, "meeting-list", title="Ghi cuộc họp", act="Ghi cuộc họp", back=back)


def meeting_edit(request, pk):
    """Correct a meeting, or write down afterwards what was planned before."""
    meeting = get_meeting(request, pk)
    form = MeetingForm(request.POST or None, initial={name: getattr(meeting, name) for name in meetings.FACTS})
    return _act(
        request,
        meeting,
        form,
        meetings.change_meeting,
        title=f"Sửa {meeting}",
        act="Ghi thay đổi",
        said="Đã ghi thay đổi.",
    )


def meeting_cancel(request, pk):
    """It is not held; it stays in the list with the reason."""
    meeting = get_meeting(request, pk)
    form = ReasonForm(request.POST or None)
    return _act(
        request,
        meeting,
        form,
        meetings.cancel_meeting,
        title=f"Hủy {meeting}",
        act="Hủy cuộc họp",
        said="Đã hủy cuộc họp.",
    )


def meeting_paper(request, pk):
    """Keep a paper of the meeting; downloads go through the documents' one door."""
    meeting = get_meeting(request, pk)
    initial = {"kind": Document.Kind.MINUTES, "issued_on": meeting.held_on, "title": f"Biên bản {meeting}"}
    form = PaperForm(request.POST or None, request.FILES or None, initial=initial)

    def save(*, by, meeting_id, **values):
        meetings.add_paper(by=by, about=meeting, **values)

    return _act(
        request, meeting, form, save, title=f"Thêm văn bản: {meeting}", act="Lưu văn bản", said="Đã lưu văn bản."
    )


def meeting_conclude(request, pk):
    """The conclusions typed become assignments; all of them or, where one is refused, none."""
    meeting = get_meeting(request, pk)
    unit = meeting.task_force.unit
    require(may_keep_register(request.user, unit))
    if request.method != "POST":
        return redirect(meeting)
    look = look_of(request, unit)
    given = {"prefix": "dong", "form_kwargs": {"receivers": Receivers(unit, look.today, whole_levels=True)}}
    if (typed := more_rows(request.POST)) is not None:
        return _meeting_page(request, meeting, rows_of(ConclusionForm)(typed, **given))
    rows = rows_of(ConclusionForm)(request.POST, **given)
    if rows.is_valid():
        handed_out = []

        def write(data):
            receiver, level = data.pop("unit")
            handed_out.append(meetings.conclude(by=request.user, meeting_id=pk, unit=receiver, level=level, **data))

        if written := write_rows(rows, write):
            given_out = format_number(sum(handed_out))
            messages.success(request, f"Đã ghi {format_number(written)} kết luận, giao {given_out} nhiệm vụ.")
            return redirect(meeting)
        if not rows.total_error_count():
            messages.warning(request, "Chưa ghi dòng nào.")
    return _meeting_page(request, meeting, rows)


# --- parts


def _act(request, meeting: Meeting, form, write, *, title, act, said):
    """A form that does one thing to one meeting and goes back to its page."""
    look = look_of(request, meeting.task_force.unit)
    require(may_keep_register(request.user, meeting.task_force.unit))
    if request.method == "POST" and form.is_valid():
        try:
            write(by=request.user, meeting_id=meeting.pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, said)
            return redirect(meeting)
    return form_page(request, look, form, "meeting-list", title=title, act=act, back=meeting.get_absolute_url())
