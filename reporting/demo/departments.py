"""Departments of the demonstration: what they were given to do, how far they are, and their targets. All invented."""

import datetime as dt
from decimal import Decimal

from reporting import target_workflow as workflow
from reporting.models import Indicator, PublicService, Target
from reporting.target_workflow import Aim
from taskforces.models import AdministrativeUnit, Assignment, Level, SourceDocument, SourceItem, UnitVersion, User
from taskforces.register import assignments

from .people import DAY_2024, DAY_2026, PEOPLE, DemoPerson

TASKS_OF_BODIES = (  # days from the demonstration's day to the due day, what
    (-12, "Rà soát quy trình nội bộ, cắt giảm giấy tờ đã có trong cơ sở dữ liệu dân cư"),
    (20, "Tập huấn công chức sử dụng hệ thống thông tin giải quyết thủ tục hành chính"),
    (45, "Đối chiếu, làm sạch dữ liệu chuyên ngành với cơ sở dữ liệu dân cư"),
)
PLANS = {"75": "142/KH-UBND", "70": "96/KH-UBND"}  # of the province


def departments() -> list[DemoPerson]:
    return [person for person in PEOPLE if person.body]


def load_assignments_of_departments(province: AdministrativeUnit, staff: User, logins: dict[str, User]) -> None:
    """One plan of the province gives every department in it the same tasks; the first is overdue, the last done."""
    day = staff.demo_today
    plan = SourceDocument.objects.create(
        number=PLANS[province.code],
        issued_on=day - dt.timedelta(days=90),
        issuing_body="UBND tỉnh" if province.code == "70" else "UBND thành phố",
        title="Kế hoạch phân công các ban, ngành thực hiện Đề án 06",
    )
    items = [
        SourceItem.objects.create(source=plan, code=f"BN{number}", text=text)
        for number, (_, text) in enumerate(TASKS_OF_BODIES, start=1)
    ]
    tree = UnitVersion.objects.on(day).under(province.pk).select_related("unit")
    for person in (one for one in departments() if one.day == day):
        unit = tree.get(unit__code=person.postings[0][0]).unit
        given = [
            assignments.assign(
                by=staff,
                item=item,
                unit=unit,
                part=Assignment.Part.LEAD,
                assigned_on=plan.issued_on,
                due_on=day + dt.timedelta(days=days),
                body=person.body,
            )
            for item, (days, _) in zip(items, TASKS_OF_BODIES, strict=True)
        ]
        holder = logins[person.username]
        assignments.update_progress(
            by=holder, assignment_id=given[0].pk, status="in_progress", progress="Đã rà soát 18/25 quy trình."
        )
        assignments.finish(by=holder, assignment_id=given[2].pk, on=day - dt.timedelta(days=5), note="Đã đối chiếu.")


def load_targets_of_departments(logins: dict[str, User]) -> None:
    """Each proposes for its own unit; the province's justice department also sets those of the communes."""
    indicators = {one.code: one for one in Indicator.objects.all()}
    for name, code, value in (
        ("sotuphap.dongnai", "HT01", 92),
        ("hanhchinhcong.dongnai", "DV04", 96),
        ("vanhoaxahoi.phuoclong", "YT03", 90),
        ("tuphap.phuoclong", "DV05", 98),
    ):
        person = next(one for one in departments() if one.username == name)
        tree = UnitVersion.objects.on(person.day).select_related("unit")
        unit = tree.get(unit__code=person.postings[0][0]).unit
        aim = Aim(person.day.year, indicator=indicators[code])
        workflow.propose(by=logins[name], unit=unit, aim=aim, value=Decimal(value))
        if code == "HT01":
            below = tree.under(unit.pk).filter(unit__level=Level.COMMUNE).exclude(unit__code="25217")
            places = {v.unit_id: (v.unit, v.path) for v in below}
            values = {pk: Decimal(90) for pk in places}
            workflow.set_targets(by=logins[name], units=places, aim=aim, values=values, reason="")
    _rates_of_services(logins)


def _rates_of_services(logins: dict[str, User]) -> None:
    """The justice department sets a rate of a service that it leads for every commune, proposes one for the province
    itself and has one accepted; that of the town proposes one for the town."""
    in_time, online = Target.Rate.IN_TIME, Target.Rate.ONLINE
    services = {one.code: one for one in PublicService.objects.filter(code__in=["DVC09", "DVC10", "DVC11"])}
    tree = UnitVersion.objects.on(DAY_2026).select_related("unit")
    by, staff, year = logins["sotuphap.dongnai"], logins["tonghop.dongnai"], DAY_2026.year
    province = tree.get(unit__code="75").unit
    below = tree.under(province.pk).filter(unit__level=Level.COMMUNE)
    places = {v.unit_id: (v.unit, v.path) for v in below}
    births = Aim(year, service=services["DVC09"], rate=in_time)
    workflow.set_targets(by=by, units=places, aim=births, values=dict.fromkeys(places, Decimal(99)), reason="")
    given = workflow.propose(by=by, unit=province, aim=births, value=Decimal(99))
    workflow.accept(by=staff, target_id=given.pk, asked=Decimal(99))
    workflow.propose(by=by, unit=province, aim=Aim(year, service=services["DVC10"], rate=online), value=Decimal(97))
    town = UnitVersion.objects.on(DAY_2024).select_related("unit").get(unit__code="688").unit
    aim = Aim(DAY_2024.year, service=services["DVC11"], rate=online)
    workflow.propose(by=logins["tuphap.phuoclong"], unit=town, aim=aim, value=Decimal(80))
