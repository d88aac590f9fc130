"""Village teams and community digital teams: a light table, several rows added at once."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from de_an_06.plain.numbers import format_number
from de_an_06.plain.vietnamese import sort_key
from taskforces.models import Level, UnitVersion, VillageTeam
from taskforces.register import counts, keeping
from taskforces.register.forms import EditVillageTeamForm, EndForm, VillageBatchForm, VillageRows
from taskforces.scope import may_keep_register, require

from .look import look_of, unit_name

VILLAGES_A_PAGE = 200


def get_village_team(request, pk) -> VillageTeam:
    """The one door to a village's row."""
    return get_object_or_404(VillageTeam.objects.visible_to(request.user).select_related("unit"), pk=pk)


def village_list(request):
    """Village teams of a unit, and of everything below it, as of a day."""
    look = look_of(request)
    may_keep = may_keep_register(request.user, look.unit)
    return _page(request, look, may_keep=may_keep)


def village_add(request):
    """Add the rows typed; all of them or, where one is refused, none."""
    look = look_of(request)
    require(may_keep_register(request.user, look.unit))
    if request.method != "POST":
        return redirect(reverse("village-list") + look.query)
    batch, rows = VillageBatchForm(request.POST), VillageRows(request.POST, prefix="dong")
    if batch.is_valid() and rows.is_valid():
        typed = [row for row in rows if row.has_changed()]
        if not typed:
            batch.add_error(None, "Chưa ghi dòng nào.")
        elif _save_rows(request, look, batch, typed):
            messages.success(request, f"Đã thêm {format_number(len(typed))} dòng vào sổ.")
            kind = batch.cleaned_data["kind"]
            return redirect(f"{reverse('village-list')}{look.query}&loai={kind}")
    return _page(request, look, may_keep=True, batch=batch, rows=rows)


def village_edit(request, pk):
    """Correct one row, or note that its team was founded."""
    team = get_village_team(request, pk)
    look = look_of(request, team.unit)
    require(may_keep_register(request.user, team.unit))
    shown = {name: getattr(team, name) for name in ("village", "head_name", "members", "founded_on", "valid_from")}
    form = EditVillageTeamForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change_village_team(by=request.user, village_team_id=pk, **form.values())
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi thay đổi của {team.village}.")
            return redirect(_back(look, team))
    return _form(request, look, form, title=f"Sửa {team}", act="Ghi thay đổi", back=_back(look, team))


def village_end(request, pk):
    """A row leaves the register after a day."""
    team = get_village_team(request, pk)
    look = look_of(request, team.unit)
    require(may_keep_register(request.user, team.unit))
    form = EndForm(request.POST or None, initial={"on": look.today})
    if request.method == "POST" and form.is_valid():
        try:
            keeping.end_village_team(by=request.user, village_team_id=pk, on=form.cleaned_data["on"])
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã ghi {team.village} ra khỏi sổ sau ngày {form.cleaned_data['on']:%d/%m/%Y}.")
            return redirect(_back(look, team))
    return _form(request, look, form, title=f"Đưa {team} ra khỏi sổ", act="Ghi ngày cuối", back=_back(look, team))


def _save_rows(request, look, batch, typed) -> bool:
    """Write all rows in one transaction; every refusal stands at its row and nothing is kept."""
    shared = batch.cleaned_data
    with transaction.atomic():
        for row in typed:
            try:
                keeping.add_village_team(
                    by=request.user,
                    unit=look.unit,
                    kind=shared["kind"],
                    valid_from=shared["valid_from"],
                    **row.values(),
                )
            except ValidationError as error:
                if "valid_from" in getattr(error, "error_dict", {}):
                    batch.take(error)
                else:
                    row.take(error)
        if batch.errors or any(row.errors for row in typed):
            transaction.set_rollback(True)
            return False
    return True


def _page(request, look, *, may_keep, batch=None, rows=None):
    unit, day = look.unit, look.day
    names = {v.unit_id: v for v in UnitVersion.objects.on(day).under(unit.pk).select_related("unit")}
    ids = [pk for pk, v in names.items() if v.unit.level == Level.COMMUNE] or [unit.pk]
    kind = request.GET.get("loai", "")
    kind = kind if kind in VillageTeam.Kind.values else ""
    teams = VillageTeam.objects.on(day).filter(unit__in=ids)
    shown = list(teams.filter(kind=kind) if kind else teams)
    shown.sort(key=lambda team: (names[team.unit_id].sort_key if team.unit_id in names else "", sort_key(team.village)))
    page = Paginator(shown, VILLAGES_A_PAGE).get_page(request.GET.get("trang"))
    total = counts.add_up(counts.register_figures(ids, day).values())
    context = {
        "here": "taskforce-list",
        "look": look,
        "unit": unit,
        "unit_name": unit_name(unit, day),
        "day": day,
        "is_today": day == look.today,
        "is_commune": unit.level == Level.COMMUNE,
        "teams": [
            {
                "team": team,
                "unit": names[team.unit_id].name if team.unit_id in names else "",
                "is_founded": team.founded_on is not None and team.founded_on <= day,
                "members": format_number(team.members),
            }
            for team in page
        ],
        "page": page,
        "count": format_number(len(shown)),
        "kind": kind,
        "kinds": [("", "Tất cả"), *VillageTeam.Kind.choices],
        "with_team": format_number(total["TC03"][0]),
        "villages": format_number(total["TC03"][1]),
        "members": format_number(total["TC04"][0]),
        "digital": format_number(total["TC05"][0]),
        "may_keep": may_keep,
        "batch": batch
        or VillageBatchForm(initial={"valid_from": look.today, "kind": kind or VillageTeam.Kind.WORKING_GROUP}),
        "rows": rows if rows is not None else VillageRows(prefix="dong"),
        "add_url": f"{reverse('village-add')}?don_vi={unit.pk}",
        "back_url": reverse("taskforce-list") + look.query,
        "list_url": reverse("village-list") + look.query,
    }
    return render(request, "taskforces/village_list.html", context)


def _form(request, look, form, *, title, act, back):
    context = {"here": "taskforce-list", "look": look, "form": form, "title": title, "act": act, "back_url": back}
    return render(request, "taskforces/taskforce_form.html", context)


def _back(look, team) -> str:
    return f"{reverse('village-list')}{look.query}&loai={team.kind}"
