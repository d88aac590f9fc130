"""Villages and their teams: add, correct, end."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from de_an_06.plain.vietnamese import one_line
from taskforces.models import AdministrativeUnit, VillageTeam
from taskforces.scope import may_keep_register, require

LONGEST_TEAM = 200  # members of one village's team


@transaction.atomic
def add_village_team(
    *,
    by,
    unit: AdministrativeUnit,
    kind: str,
    village: str,
    valid_from: dt.date,
    members: int = 0,
    head_name: str = "",
    founded_on: dt.date | None = None,
) -> VillageTeam:
    """Put a village and its team into the register; without `founded_on` the village has no team yet."""
    require(may_keep_register(by, unit))
    team = VillageTeam(unit=unit, kind=kind, valid_from=valid_from)
    return _save_village_team(team, village, members, head_name, founded_on)


@transaction.atomic
def change_village_team(
    *,
    by,
    village_team_id: int,
    village: str,
    members: int,
    valid_from: dt.date,
    head_name: str = "",
    founded_on: dt.date | None = None,
) -> VillageTeam:
    """Correct a village's row, or note that its team was founded."""
    team = _locked_village_team(village_team_id, by)
    team.valid_from = valid_from
    return _save_village_team(team, village, members, head_name, founded_on)


@transaction.atomic
def end_village_team(*, by, village_team_id: int, on: dt.date) -> VillageTeam:
    """The village or its team leaves the register after `on`."""
    team = _locked_village_team(village_team_id, by)
    if on < team.valid_from:
        raise ValidationError(
            {"on": f"Dòng này có trong sổ từ ngày {team.valid_from:%d/%m/%Y}; ngày thôi phải sau đó."}
        )
    team.valid_to = on
    team.save(update_fields=["valid_to"])
    return team


# --- parts


def _locked_village_team(village_team_id: int, by) -> VillageTeam:
    team = VillageTeam.objects.select_for_update(of=("self",)).select_related("unit").get(pk=village_team_id)
    require(may_keep_register(by, team.unit))
    return team


def _save_village_team(
    team: VillageTeam, village: str, members: int, head_name: str, founded_on: dt.date | None
) -> VillageTeam:
    team.village, team.head_name = one_line(village), one_line(head_name)
    team.members, team.founded_on = members, founded_on
    if team.valid_from < team.unit.opened_on:
        raise ValidationError({"valid_from": f"Đơn vị có từ ngày {team.unit.opened_on:%d/%m/%Y}."})
    if not 0 <= members <= LONGEST_TEAM:
        raise ValidationError({"members": f"Số thành viên từ 0 đến {LONGEST_TEAM}."})
    if members and founded_on is None:
        raise ValidationError({"founded_on": "Tổ có thành viên thì phải có ngày thành lập."})
    if founded_on is not None and team.valid_to is not None and founded_on > team.valid_to:
        raise ValidationError({"founded_on": f"Dòng này đã kết thúc ngày {team.valid_to:%d/%m/%Y}."})
    others = VillageTeam.objects.filter(unit=team.unit, kind=team.kind).exclude(pk=team.pk)
    others = others.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=team.valid_from))
    if team.valid_to is not None:
        others = others.filter(valid_from__lte=team.valid_to)
    if team.village.casefold() in {name.casefold() for name in others.values_list("village", flat=True)}:
        raise ValidationError({"village": f"{team.village} đã có trong sổ."})
    team.full_clean()
    team.save()
    return team
