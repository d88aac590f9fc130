"""Targets of the demonstration, all invented: set by the province, proposed by wards, one sent back, one that waits."""

from decimal import Decimal

from reporting import target_workflow as workflow
from reporting.models import Indicator, Target
from reporting.target_workflow import Aim
from taskforces.models import Level, UnitVersion, User

from .people import DAY_2024, DAY_2026

SCENES_OF_TARGETS = (  # code of the province, its staff, an officer, the officer's ward, the day the scene lives on
    ("70", "tonghop.binhphuoc", "vanphong.thacmo", "25216", DAY_2024),
    ("75", "tonghop.dongnai", "vanphong.phuoclong", "25217", DAY_2026),
)
ONLINE, IN_TIME = Target.Rate.ONLINE, Target.Rate.IN_TIME


def load_targets(logins: dict[str, User]) -> None:
    indicators = {one.code: one for one in Indicator.objects.filter(code__in=["TT01", "TT02", "DD04", "HT01"])}
    for code, staff_name, officer_name, ward_code, day in SCENES_OF_TARGETS:
        staff, officer = logins[staff_name], logins[officer_name]
        tree = UnitVersion.objects.on(day).select_related("unit")
        province, ward = (tree.get(unit__code=one).unit for one in (code, ward_code))
        below = tree.filter(path__contains=f"/{province.pk}/", unit__level=Level.COMMUNE)
        places = {v.unit_id: (v.unit, v.path) for v in below}
        year = day.year

        def give(unit, aim: Aim, value: int, by=staff):
            workflow.set_target(by=by, unit=unit, aim=aim, value=Decimal(value))

        for aim, own, each in (
            (Aim(year, rate=ONLINE), 85, 80),
            (Aim(year, rate=IN_TIME), 98, 98),
            (Aim(year, indicator=indicators["DD04"]), 80, 75),
            (Aim(year, indicator=indicators["TT01"]), 100 * len(places) + 500, 100),
        ):
            give(province, aim, own)
            values = {pk: Decimal(each) for pk in places}
            workflow.set_targets(by=staff, units=places, aim=aim, values=values, reason="")
        give(ward, Aim(year, day.month, rate=IN_TIME), 99)
        returned = workflow.propose(
            by=officer, unit=ward, aim=Aim(year, indicator=indicators["HT01"]), value=Decimal(70)
        )
        workflow.send_back(
            by=staff, target_id=returned.pk, value=Decimal(90), reason="Thấp hơn mức các phường khác đã đăng ký."
        )
        workflow.propose(by=officer, unit=ward, aim=Aim(year, indicator=indicators["TT02"]), value=Decimal(1500))
