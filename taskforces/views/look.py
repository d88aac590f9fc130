"""Whose register is looked at, as of which day: what every page of a register asks first. No page itself."""

import datetime as dt
from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404

from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit, TaskForce
from taskforces.register.forms import LookForm
from taskforces.scope import path_in_scope_of_unit
from taskforces.units import tree


def get_unit(request, pk) -> AdministrativeUnit:
    """The one door to a unit's register: outside your scope it does not exist."""
    return get_object_or_404(AdministrativeUnit.objects.filter(path_in_scope_of_unit(request.user, "pk")), pk=pk)


def get_task_force(request, pk) -> TaskForce:
    """The one door to a task force."""
    return get_object_or_404(TaskForce.objects.visible_to(request.user).select_related("unit"), pk=pk)


@dataclass
class Look:
    """Whose register is looked at, as of which day, under which name."""

    form: LookForm
    unit: AdministrativeUnit
    day: dt.date
    today: dt.date
    name: str

    @property
    def query(self) -> str:
        """What a link carries so that the next page shows the same unit and day."""
        return f"?don_vi={self.unit.pk}" + ("" if self.day == self.today else f"&ngay={self.day.isoformat()}")

    @property
    def is_closed(self) -> bool:
        return self.unit.closed_on is not None and self.unit.closed_on < self.day

    def context(self, here: str) -> dict:
        """What every page about it is given; `here` is its place in the navigation."""
        return {
            "here": here,
            "look": self,
            "unit": self.unit,
            "day": self.day,
            "is_today": self.day == self.today,
        }


def look_of(request, unit: AdministrativeUnit | None = None) -> Look:
    """The unit asked for (own unit when none is) and the day (today when none is, or a wrong one)."""
    form = LookForm(request.GET)
    form.is_valid()
    today = today_for(request.user)
    day = form.cleaned_data.get("ngay") or today
    if unit is None:
        asked = form.cleaned_data.get("don_vi")
        if "don_vi" in form.errors:
            raise Http404
        if asked is None and request.posting is not None:
            asked = request.posting.unit_id
        elif asked is None and (nation := tree.nation()) is not None:
            asked = nation.pk
        unit = get_unit(request, asked)
    return Look(form, unit, day, today, unit_name(unit, day))


def look_while_open(request) -> Look:
    """The unit and day asked for; a unit that has ended is looked at as of its last day, not overdue for ever."""
    look = look_of(request)
    if look.is_closed:
        look.day = look.unit.closed_on
    return look


def unit_name(unit: AdministrativeUnit, day: dt.date) -> str:
    """The unit's name on the day, or its nearest one."""
    return tree.nearest_version(unit.versions.all(), day).name
