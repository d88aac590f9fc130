"""The register of a unit: its task forces, what is below it, what is lacking, and each task force's own page."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate
from reporting.models.catalogue import Indicator
from taskforces.models import AdministrativeUnit, Document, Level, Membership, TaskForce, UnitVersion
from taskforces.models.units import path_ids
from taskforces.register import counts, gaps, keeping
from taskforces.register.forms import EndForm, NewTaskForceForm, TaskForceForm
from taskforces.scope import contacts_seen, may_keep_register, require

from .look import Look, get_task_force, look_of

FINDINGS_A_PAGE = 100
STATS = {
    "TC01": "Đơn vị cấp xã có Tổ công tác",
    "TC02": "Thành viên Tổ công tác cấp xã",
    "TC03": "Thôn, ấp, khu phố có Tổ công tác",
    "TC04": "Thành viên tổ ở thôn, ấp, khu phố",
    "TC05": "Tổ công nghệ số cộng đồng",
}


# --- a unit's register


def taskforce_list(request):
    """A unit's task forces with what they lack, its villages, and the units below it, as of a day."""
    look = look_of(request)
    unit, day = look.unit, look.day
    below = list(UnitVersion.objects.on(day).under(unit.pk).select_related("unit").order_by("sort_key"))
    levels = {version.unit_id: version.unit.level for version in below} or {unit.pk: unit.level}
    figures = counts.register_figures(levels, day)
    register = gaps.load(levels, day)
    own_rows = register.rows_by_unit.get(unit.pk, [])
    communes = [pk for pk, level in levels.items() if level == Level.COMMUNE]
    total = counts.add_up(figures[pk] for pk in communes)
    tasks = figures[unit.pk]["TC07"]
    context = look.context("taskforce-list") | {
        "own": [_own_row(row, register) for row in own_rows],
        "own_seats": format_number(sum(row.seats for row in own_rows)),
        "own_people": format_number(counts.distinct_people([unit.pk], day)),
        "unit_findings": register.by_unit[unit.pk] if unit.is_open_on(day) else [],
        "own_total": format_number(register.total(unit.pk)),
        "total": {code: _pair_text(pair) for code, pair in total.items()},
        "stats": [_stat(code, total[code], unit.pk, day) for code in STATS],
        "tasks": _stat("TC07", tasks, unit.pk, day),
        "children": _children(look, below, figures, register),
        "is_commune": unit.level == Level.COMMUNE,
        "tally": [(code, label, format_number(n), of_unit) for code, label, n, of_unit in register.tally()],
        "ended": _ended(unit, day),
        "may_keep": may_keep_register(request.user, unit),
        "village_url": reverse("village-list") + look.query,
        "document_url": reverse("document-list") + look.query,
        "create_url": f"{reverse('taskforce-create')}?don_vi={unit.pk}",
        "finding_url": reverse("finding-list") + look.query,
    }
    return render(request, "taskforces/taskforce_list.html", context)


def finding_list(request):
    """Every task force, or unit, that lacks one thing, in a unit and everything below it."""
    look = look_of(request)
    versions = UnitVersion.objects.on(look.day).under(look.unit.pk).select_related("unit").order_by("sort_key")
    below = {version.unit_id: version for version in versions}
    levels = {pk: version.unit.level for pk, version in below.items()}
    register = gaps.load(levels, look.day)
    tally = register.tally()
    code = request.GET.get("neu") or (tally[0][0] if tally else gaps.Code.NO_DECISION)
    if code not in gaps.Code.values:
        raise Http404
    rows = [(below[pk], None, finding.text) for pk in below for finding in register.by_unit[pk] if finding.code == code]
    rows += [
        (below[pk], row.task_force, finding.text)
        for pk in below
        for row in register.rows_by_unit.get(pk, [])
        for finding in register.by_task_force[row.task_force.pk]
        if finding.code == code
    ]
    page = Paginator(rows, FINDINGS_A_PAGE).get_page(request.GET.get("trang"))
    context = look.context("taskforce-list") | {
        "code": code,
        "label": gaps.Code(code).label,
        "of_unit": code in gaps.OF_UNIT,
        "rows": page,
        "count": format_number(len(rows)),
        "tally": [(c, label, format_number(n), of_unit) for c, label, n, of_unit in tally],
        "finding_url": reverse("finding-list") + look.query,
        "back_url": reverse("taskforce-list") + look.query,
        "day_query": "" if look.day == look.today else f"&ngay={look.day.isoformat()}",
    }
    return render(request, "taskforces/taskforce_findings.html", context)


# --- one task force


def taskforce_detail(request, pk):
    """Members by role with what each answers for, documents, what is lacking, and the history of seats."""
    task_force = get_task_force(request, pk)
    look = look_of(request, task_force.unit)
    day, unit = look.day, task_force.unit
    ends_on = last_day(task_force)
    is_active = task_force.valid_from <= day and (ends_on is None or ends_on >= day)
    seats = list(
        task_force.memberships.select_related("person").prefetch_related(
            "responsibilities__service", "responsibilities__assignment__item"
        )
    )
    order = list(Membership.Role.values)
    seats.sort(key=lambda seat: (order.index(seat.role), seat.valid_from, seat.pk))
    holds = [s for s in seats if is_active and s.valid_from <= day and (s.valid_to is None or s.valid_to >= day)]
    register = gaps.load({unit.pk: unit.level}, day) if is_active else gaps.Register()
    inspects = task_force.kind == TaskForce.Kind.INSPECTION_TEAM
    documents = list(task_force.documents.all())
    papers = {document.kind: document for document in reversed(documents)}
    context = look.context("taskforce-list") | {
        "task_force": task_force,
        "is_active": is_active,
        "ends_on": ends_on,
        "ended_with_unit": ends_on is not None and ends_on != task_force.valid_to,
        "seats": [(seat, _answers(seat)) for seat in holds],
        "seat_count": format_number(len(holds)),
        "people_count": format_number(len({seat.person_id for seat in holds})),
        "idle_count": sum(1 for seat in holds if not seat.duties and not seat.responsibilities.all()),
        "past_seats": [seat for seat in seats if seat not in holds],
        "findings": register.by_task_force.get(task_force.pk, []),
        "contacts_seen": contacts_seen(request.user, {seat.person.unit_id for seat in holds}),
        "last_meeting_on": max(
            filter(None, [task_force.last_meeting_on, gaps.last_sittings([pk], day).get(pk)]), default=None
        ),
        "sittings_url": f"{reverse('inspection-list' if inspects else 'meeting-list')}{look.query}&to={pk}",
        "inspects": inspects,
        "documents": documents,
        "papers": [
            (kind.label, papers.get(kind))
            for kind in (Document.Kind.FOUNDING_DECISION, Document.Kind.WORKING_RULES, Document.Kind.PLAN)
        ],
        "may_keep": may_keep_register(request.user, unit),
        "back_url": reverse("taskforce-list") + look.query,
        "paper_url": f"{reverse('document-upload')}?don_vi={unit.pk}&to={task_force.pk}",
    }
    return render(request, "taskforces/taskforce_detail.html", context)


def taskforce_create(request):
    """Set up a task force, with its founding decision if it is at hand."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    initial = {"kind": request.GET.get("loai", "")}
    form = NewTaskForceForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            task_force = keeping.found_task_force(
                by=request.user,
                unit=look.unit,
                kind=data["kind"],
                name=data["name"],
                valid_from=data["valid_from"],
                last_meeting_on=data["last_meeting_on"],
                decision=form.decision(),
            )
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi {task_force} vào sổ. Thêm thành viên ở trang này.")
            return redirect(task_force)
    context = _form_page(look, form, title="Lập tổ mới", act="Ghi vào sổ", back=reverse("taskforce-list") + look.query)
    return render(request, "taskforces/taskforce_form.html", context)


def taskforce_edit(request, pk):
    """Correct a task force, or note its last meeting."""
    task_force = get_task_force(request, pk)
    look = look_of(request, task_force.unit)
    require(may_keep_register(request.user, task_force.unit))
    shown = {name: getattr(task_force, name) for name in ("kind", "name", "valid_from", "last_meeting_on")}
    form = TaskForceForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change_task_force(by=request.user, task_force_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(task_force)
    context = _form_page(
        look, form, title=f"Sửa {task_force.name}", act="Ghi thay đổi", back=task_force.get_absolute_url()
    )
    return render(request, "taskforces/taskforce_form.html", context)


def taskforce_end(request, pk):
    """A task force ends; it stays in the history."""
    task_force = get_task_force(request, pk)
    look = look_of(request, task_force.unit)
    require(may_keep_register(request.user, task_force.unit))
    form = EndForm(request.POST or None, initial={"on": look.today})
    if request.method == "POST" and form.is_valid():
        try:
            keeping.end_task_force(by=request.user, task_force_id=pk, on=form.cleaned_data["on"])
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi {task_force} kết thúc ngày {form.cleaned_data['on']:%d/%m/%Y}.")
            return redirect(task_force)
    intro = "Thành viên đang tham gia cùng kết thúc vào ngày này. Tổ và thành viên vẫn còn ở phần lịch sử."
    context = _form_page(
        look,
        form,
        title=f"Kết thúc {task_force.name}",
        act="Ghi kết thúc",
        back=task_force.get_absolute_url(),
        intro=intro,
    )
    return render(request, "taskforces/taskforce_form.html", context)


# --- parts


def last_day(task_force: TaskForce) -> dt.date | None:
    """Its own last day or its unit's, whichever comes first; None while both go on."""
    return min(filter(None, [task_force.valid_to, task_force.unit.closed_on]), default=None)


def _form_page(look, form, *, title, act, back, intro=""):
    return look.context("taskforce-list") | {"form": form, "title": title, "act": act, "back_url": back, "intro": intro}


def _answers(seat: Membership) -> list[str]:
    """What a seat answers for, each in a few words."""
    texts = []
    for answer in seat.responsibilities.all():
        if answer.service is not None:
            texts.append(f"{answer.service.code} {answer.service.short_name}")
        elif answer.assignment is not None:
            texts.append(f"{answer.assignment.item.code} {answer.assignment.item.text[:80]}")
        else:
            texts.append(str(dict(Indicator.Group.choices).get(answer.indicator_group, answer.indicator_group)))
    return texts


def _own_row(row: counts.TaskForceRow, register: gaps.Register) -> dict:
    return {
        "task_force": row.task_force,
        "head": row.heads[0] if row.heads else None,
        "seats": format_number(row.seats),
        "people": format_number(row.people),
        "findings": register.by_task_force[row.task_force.pk],
    }


def _pair_text(pair: counts.CountPair) -> str:
    """'6/6', '328'; '–' where there is nothing to count from."""
    numerator, denominator = pair
    if denominator is None:
        return format_number(numerator)
    return f"{format_number(numerator)}/{format_number(denominator)}" if denominator else NO_VALUE


def _stat(code: str, pair: counts.CountPair, unit_id: int, day: dt.date) -> dict:
    return {
        "code": code,
        "label": STATS.get(code, "Nhiệm vụ đã hoàn thành"),
        "value": _pair_text(pair),
        "rate": format_rate(*pair) if pair[1] else "",
        "url": counts.rows_url(code, unit_id, day),
    }


def _children(look: Look, below: list[UnitVersion], figures: dict, register: gaps.Register) -> list[dict]:
    """One row for each unit directly below: what its communes count, and what it and they lack."""
    members: dict[int, list[UnitVersion]] = {}
    for version in below:
        ids = path_ids(version.path)
        position = ids.index(look.unit.pk)
        if position + 1 < len(ids):
            members.setdefault(ids[position + 1], []).append(version)
    rows = []
    for version in below:
        if version.unit_id not in members:
            continue
        inside = members[version.unit_id]
        total = counts.add_up(figures[v.unit_id] for v in inside if v.unit.level == Level.COMMUNE)
        lacking = sum(register.total(v.unit_id) for v in inside)
        rows.append(
            {
                "version": version,
                "values": [(STATS[code], _pair_text(total[code])) for code in STATS],
                "lacking": lacking,
                "lacking_text": format_number(lacking),
                "url": f"{reverse('taskforce-list')}?don_vi={version.unit_id}"
                + ("" if look.day == look.today else f"&ngay={look.day.isoformat()}"),
            }
        )
    return rows


def _ended(unit: AdministrativeUnit, day: dt.date) -> list[tuple[TaskForce, dt.date, bool]]:
    """Task forces that had ended by `day`: the task force, its last day, whether it ended with its unit."""
    rows = []
    for task_force in TaskForce.objects.filter(unit=unit, valid_from__lte=day).select_related("unit"):
        ends_on = last_day(task_force)
        if ends_on is not None and ends_on < day:
            rows.append((task_force, ends_on, ends_on != task_force.valid_to))
    return sorted(rows, key=lambda row: row[1], reverse=True)
