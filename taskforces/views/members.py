"""Seats of a task force: give one, correct it, end it."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from taskforces.clock import today_for
from taskforces.models import Membership, TaskForce
from taskforces.register import keeping
from taskforces.register.forms import DayField, EndForm, MemberForm, NewMemberForm
from taskforces.scope import may_keep_register, require

from .look import get_task_force, look_of

SEAT_FIELDS = (
    *("role", "post", "body", "work_phone", "work_email", "valid_from", "valid_to", "duties"),
    *("services", "indicator_groups", "assignments"),
)


def get_membership(request, pk) -> Membership:
    """The one door to a seat: through its task force."""
    task_forces = TaskForce.objects.visible_to(request.user)
    seats = Membership.objects.filter(task_force__in=task_forces)
    return get_object_or_404(seats.select_related("person", "task_force__unit"), pk=pk)


def member_add(request, pk):
    """Seat somebody; "thêm người nữa" comes back to an empty form with the same first day."""
    task_force = get_task_force(request, pk)
    require(may_keep_register(request.user, task_force.unit))
    today = today_for(request.user)
    form = NewMemberForm(
        request.POST or None,
        task_force=task_force,
        day=today,
        initial={"valid_from": _first_day(request, task_force, today)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        fields = {name: data[name] for name in (*SEAT_FIELDS, "person", "full_name", "staff_code")}
        try:
            seat = keeping.add_member(by=request.user, task_force_id=pk, **fields)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã thêm {seat.person}, {seat.get_role_display()}.")
            if "again" in request.POST:
                return redirect(f"{reverse('member-add', args=[pk])}?tu={seat.valid_from.isoformat()}")
            return redirect(task_force)
    return _page(request, form, task_force, title="Thêm thành viên", is_new=True)


def member_edit(request, pk):
    """Correct a seat, or say what it answers for."""
    seat = get_membership(request, pk)
    task_force = seat.task_force
    require(may_keep_register(request.user, task_force.unit))
    form = MemberForm(
        request.POST or None,
        task_force=task_force,
        day=today_for(request.user),
        initial=MemberForm.initial_of(seat),
    )
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in SEAT_FIELDS}
        try:
            keeping.change_member(by=request.user, membership_id=pk, **fields)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi thay đổi của {seat.person}.")
            return redirect(task_force)
    return _page(request, form, task_force, title=f"{seat.person}", is_new=False)


def member_end(request, pk):
    """A seat ends; it stays in the history of the task force."""
    seat = get_membership(request, pk)
    task_force = seat.task_force
    require(may_keep_register(request.user, task_force.unit))
    form = EndForm(request.POST or None, initial={"on": today_for(request.user)})
    if request.method == "POST" and form.is_valid():
        try:
            keeping.end_membership(by=request.user, membership_id=pk, on=form.cleaned_data["on"])
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(
                request, f"Đã ghi {seat.person} thôi tham gia sau ngày {form.cleaned_data['on']:%d/%m/%Y}."
            )
            return redirect(task_force)
    look = look_of(request, task_force.unit)
    context = {
        "here": "taskforce-list",
        "look": look,
        "form": form,
        "title": f"{seat.person} thôi tham gia",
        "intro": f"{seat.get_role_display()}, {task_force.name}. Vị trí vẫn còn ở phần lịch sử của tổ.",
        "act": "Ghi thôi tham gia",
        "back_url": task_force.get_absolute_url(),
    }
    return render(request, "taskforces/taskforce_form.html", context)


def _first_day(request, task_force: TaskForce, today: dt.date) -> dt.date:
    """The day just used; else the founding day for the first member, today for later ones."""
    try:
        return DayField().clean(request.GET.get("tu"))
    except ValidationError:
        return today if task_force.memberships.exists() else task_force.valid_from


def _page(request, form, task_force, *, title, is_new):
    context = {
        "here": "taskforce-list",
        "look": look_of(request, task_force.unit),
        "form": form,
        "task_force": task_force,
        "title": title,
        "is_new": is_new,
        "back_url": task_force.get_absolute_url(),
        "who": [form[name] for name in ("person", "full_name", "staff_code") if name in form.fields],
        "seat": [form[name] for name in ("role", "valid_from", "valid_to")],
        "contact": [form[name] for name in ("post", "body", "work_phone", "work_email")],
        "choices": [
            (form[name], bool(form.fields[name].choices)) for name in ("services", "indicator_groups", "assignments")
        ],
    }
    return render(request, "taskforces/member_form.html", context)
