"""Two wards of the demonstration from before they were: what joined boundaries have to show.

Phường Phước Long took in four whole communes on 1 July 2025, Xã Xuân Hòa two and a part of a third. As in a trial, they
alone report from January 2025 on, until the whole province does. All figures are invented; they carry on those of Bình
Phước and go over into those of Đồng Nai.
"""

import datetime as dt
import random
from collections.abc import Iterable

from de_an_06.plain.spans import Month
from reporting.models import ParticipatingArea
from taskforces.models import AdministrativeUnit, UnitSuccession, UnitVersion

from .invented_figures import Scene

WARDS = ("25217", "26446")  # since July 2025
LAST_OLD, FIRST_NEW = dt.date(2025, 6, 30), dt.date(2025, 7, 1)
BEGIN, HANDED_OVER = dt.date(2024, 12, 15), dt.date(2025, 10, 14)  # of the trial; then the whole province reports
BEFORE = [Month(2025, 1).plus(k) for k in range(6)]
AFTER = [Month(2025, 7).plus(k) for k in range(4)]
SEED_OF_WARDS = 7
SHARE_OF_A_PART = 0.4  # of the commune that was divided, invented


def wards() -> list[AdministrativeUnit]:
    found = UnitVersion.objects.on(FIRST_NEW).filter(unit__code__in=WARDS).select_related("unit")
    return [version.unit for version in found.order_by("unit__code")]


def communes_of(ward: AdministrativeUnit) -> list[UnitSuccession]:
    """The communes that passed into it, wholly or in part."""
    found = UnitSuccession.objects.filter(successor=ward, effective_on=FIRST_NEW, predecessor__level=ward.level)
    return list(found.select_related("predecessor").order_by("predecessor__code"))


def old_scene(binh_phuoc: Scene, communes: Iterable[AdministrativeUnit]) -> Scene:
    """Before the merger: where Bình Phước's figures ended in December 2024, they go on."""
    rng = random.Random(SEED_OF_WARDS)  # noqa: S311
    scene = Scene(
        binh_phuoc.province, BEFORE, rng,
        people=dict(binh_phuoc.people), care=dict(binh_phuoc.care), closing=dict(binh_phuoc.closing),
        running={key: list(kept) for key, kept in binh_phuoc.running.items()},
    )  # fmt: skip
    for commune in communes:
        scene.people.setdefault(commune.pk, rng.uniform(8, 16))
        _take_part(commune, BEGIN, LAST_OLD)
    return scene


def new_scene(old: Scene, dong_nai: Scene) -> Scene:
    """After it: each ward begins with what its communes together had."""
    scene = Scene(dong_nai.province, AFTER, old.rng)
    for ward in wards():
        links = communes_of(ward)
        share = {link.predecessor_id: SHARE_OF_A_PART if link.is_partial else 1.0 for link in links}
        scene.people[ward.pk] = sum(old.people[pk] * part for pk, part in share.items())
        for pk, part in share.items():
            for code in [code for unit_id, code in old.closing if unit_id == pk]:
                known = scene.closing.get((ward.pk, code), (0, 0))
                in_time, late = (round(n * part) for n in old.closing[pk, code])
                scene.closing[ward.pk, code] = known[0] + in_time, known[1] + late
            for code in [code for unit_id, code in old.running if unit_id == pk]:
                kept = [round(n * part) for n in old.running[pk, code]]
                before = scene.running.get((ward.pk, code), [0] * len(kept))
                together = max if code == "DV01" else sum  # services done online are not added
                scene.running[ward.pk, code] = [together(pair) for pair in zip(before, kept, strict=True)]
        _take_part(ward, FIRST_NEW, HANDED_OVER)
    return scene


def hand_over(scene: Scene, dong_nai: Scene) -> None:
    """The whole province goes on from where its two wards are."""
    for name in ("people", "care", "closing", "running"):
        getattr(dong_nai, name).update(getattr(scene, name))


def _take_part(unit: AdministrativeUnit, since: dt.date, until: dt.date) -> None:
    ParticipatingArea.objects.get_or_create(unit=unit, valid_from=since, defaults={"valid_to": until})
