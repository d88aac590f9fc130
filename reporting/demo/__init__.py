"""The demonstration: plausible reports of Bình Phước in 2024 and Đồng Nai in 2026, and the published cases.

Figures are invented but keep every hard rule of checks.py: each unit has a size, each service a usual number of
dossiers per 1,000 people and month, and closings are carried to the next month. The published cases are loaded as
reports of the units the articles name. Demonstration logins refuse to exist when DEBUG is off.
"""

import datetime as dt
import random
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import make_aware

from de_an_06.plain.spans import Month, window
from reporting import periods
from reporting.entry.checks import Problem
from reporting.entry.form import load_form
from reporting.models import (
    Explanation,
    IndicatorFigure,
    IndicatorTerms,
    ParticipatingArea,
    Period,
    Report,
    ReportEvent,
    SavedView,
    ServiceFigures,
    ServiceTerms,
    Status,
)
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import AdministrativeUnit, Branch, Level, Posting, Role, UnitVersion, User
from taskforces.register import counts

from . import merged_wards
from .campaigns import load_campaigns
from .cases import PHUOC_LONG, PLACES, load_published_cases
from .departments import load_assignments_of_departments, load_targets_of_departments
from .interim_words import load_interim_words
from .invented_figures import Scene, make_doubtful, make_up, publish_phuoc_long, some_at_the_counter
from .live_lists import load_live_services
from .notice import INVENTED
from .people import DAY_2024, DAY_2026, PASSWORD, PEOPLE, invented_name
from .published_months import load_published_months
from .registers import load_difficulties, load_registers
from .reminders import load_reminders
from .sittings import load_meetings
from .targets import load_targets

SEED = 6  # of Đề án 06
SCENES = (
    # province code, first and last month, when its units owe reports
    ("70", Month(2023, 12), Month(2024, 12), dt.date(2023, 11, 15), dt.date(2024, 12, 31)),
    ("75", Month(2025, 11), Month(2026, 11), dt.date(2025, 10, 15), None),
)


LAST_MONTHS = {last.key for _, _, last, _, _ in SCENES}  # under way
SETTLED = [
    *("status", "revision", "submitted_at", "submitted_by", "is_late", "approved_at", "approved_by"),
    *("office_ready_at", "office_ready_by", "police_ready_at", "police_ready_by", "saved_at"),
    *("results", "shortcomings", "causes", "proposals", "plan", "soft_warnings"),
]


@transaction.atomic
def load_demo() -> dict[str, int]:
    """Write the whole demonstration into a portal that has units and catalogue; returns counts.

    Raises RuntimeError when DEBUG is off: the logins carry a published password.
    """
    if not settings.DEBUG:
        raise RuntimeError("The demonstration has published passwords; it is refused when DEBUG is off.")
    logins = _create_people()
    before: Scene | None = None
    for code, first, last, since, until in SCENES:
        province = _unit(code, since if until else dt.date(2026, 11, 1))
        ParticipatingArea.objects.get_or_create(unit=province, valid_from=since, defaults={"valid_to": until})
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        scene = Scene(province, [first.plus(i) for i in range(count)], random.Random(SEED + int(code)))  # noqa: S311
        founded, day = (dt.date(2022, 3, 15), DAY_2024) if code == "70" else (dt.date(2025, 7, 15), DAY_2026)
        load_registers(province, founded, day, logins["quantri"], random.Random(SEED))  # noqa: S311
        staff = logins["tonghop.binhphuoc" if code == "70" else "tonghop.dongnai"]
        load_assignments_of_departments(province, staff, logins)
        clerks = _create_clerks(scene)
        if before is not None:
            _play_wards(before, scene, clerks, logins)
        _play(scene, clerks, logins)
        before = scene
        load_live_services(scene.months[-2:], province.pk)
    load_published_cases(logins["quantri"])
    load_campaigns(logins)
    load_targets(logins)
    load_targets_of_departments(logins)
    load_meetings(logins)
    _save_views(logins["chutich.dongnai"])
    load_interim_words(logins)
    load_reminders(logins)
    opened = Period.objects.order_by("year", "month")
    for period in opened:
        rollup.roll_up(period)
    load_published_months(province, logins)
    rollup.drain()
    return {
        "people": User.objects.count(),
        "periods": opened.count(),
        "reports": Report.objects.count(),
        "service rows": ServiceFigures.objects.count(),
        "indicator rows": IndicatorFigure.objects.count(),
    }


def _save_views(chair: User) -> None:
    """What a chair looks at again and again."""
    province, ward = (_unit(code, DAY_2026).pk for code in ("75", merged_wards.WARDS[0]))
    SavedView.objects.bulk_create(
        SavedView(
            owner=chair,
            name=name,
            page=page,
            query=query,
            saved_at=make_aware(dt.datetime.combine(DAY_2026, dt.time(8))),
        )
        for name, page, query in (
            ("Giao ban tháng, số chính thức", "dashboard", f"don_vi={province}&co_so=chinh-thuc"),
            ("Phường Phước Long trước và sau sắp xếp", "dashboard", f"don_vi={ward}&ky=2025-11&dia_gioi=noi"),
            ("Tình hình nộp báo cáo", "dashboard-board", f"don_vi={province}"),
        )
    )


def _unit(code: str, day: dt.date) -> AdministrativeUnit:
    return UnitVersion.objects.on(day).select_related("unit").get(unit__code=code).unit


def _create_people() -> dict[str, User]:
    """The named logins of people.PEOPLE, all with one published password."""
    password = make_password(PASSWORD)
    logins = {}
    for person in PEOPLE:
        user, _ = User.objects.update_or_create(
            username=person.username,
            defaults={
                "full_name": person.full_name,
                "job_title": person.job_title,
                "work_phone": person.phone,
                "demo_today": person.day,
                "password": password,
                "is_staff": person.username == "quantri",
                "is_superuser": person.username == "quantri",
            },
        )
        for code, role, branch in person.postings:
            Posting.objects.get_or_create(
                user=user,
                unit=_unit(code, person.day),
                role=role,
                branch=branch,
                body=person.body,
                groups=person.groups,
                valid_from=person.since,
            )
        logins[person.username] = user
    return logins


def _play_wards(old_province: Scene, province: Scene, clerks: dict[int, User], logins: dict[str, User]) -> None:
    """Two wards and the communes that they come from, month by month from one province's scene to the other's."""
    communes = [link.predecessor for ward in merged_wards.wards() for link in merged_wards.communes_of(ward)]
    old = merged_wards.old_scene(old_province, communes)
    versions = UnitVersion.objects.on(merged_wards.LAST_OLD).filter(unit__in=communes).select_related("unit")
    _play_quietly(old, _clerks_of(versions.order_by("unit__code"), "cu", old.rng), logins["duyet.binhphuoc"])
    new = merged_wards.new_scene(old, province)
    _play_quietly(new, clerks, logins["duyet.dongnai"])
    merged_wards.hand_over(new, province)


def _play_quietly(scene: Scene, clerks: dict[int, User], reviewer: User) -> None:
    """Every month approved."""
    for month in scene.months:
        period = periods.open_period(month)
        owed = list(
            Report.objects.filter(period=period, unit__in=clerks).select_related("unit", "period").order_by("pk")
        )
        terms = {level: _terms(level, period) for level in {report.level for report in owed}}
        counted = counts.register_figures([report.unit_id for report in owed], period.data_to)
        for report in owed:
            rows = make_up(scene, report, terms[report.level], 1)
            rows[1].extend(_registered(report, counted.get(report.unit_id, {}), terms[report.level][1]))
            _settle(scene, report, rows, "approved", clerks, reviewer)
    _write(scene)


def _play(scene: Scene, clerks: dict[int, User], logins: dict[str, User]) -> None:
    """All months of one province, the last one still open: approved, sent, returned, half typed, untouched."""
    reviewer = logins["duyet.binhphuoc" if scene.province.code == "70" else "duyet.dongnai"]
    for month in scene.months:
        period = periods.open_period(month)
        is_last = month == scene.months[-1]
        owed = list(
            Report.objects.filter(period=period)
            .under(scene.province.pk)
            .select_related("unit", "period")
            .order_by("pk")
        )
        terms = {level: _terms(level, period) for level in (Level.COMMUNE, Level.DISTRICT, Level.PROVINCE)}
        progress = scene.months.index(month) / (len(scene.months) - 1)
        rows = {report.pk: make_up(scene, report, terms[report.level], progress) for report in owed}
        if month == PLACES[PHUOC_LONG][1] and scene.province.code == "70":
            publish_phuoc_long(owed, rows)
        fates = _last_month_fates(scene, owed) if is_last else {}
        counted = counts.register_figures([report.unit_id for report in owed], period.data_to)
        for report in owed:
            rows[report.pk][1].extend(_registered(report, counted.get(report.unit_id, {}), terms[report.level][1]))
            _settle(scene, report, rows[report.pk], fates.get(report.pk, "approved"), clerks, reviewer)
    _write(scene, clerks)
    load_difficulties(scene.reports[-2 * len(owed) :], clerks, reviewer, scene.rng)


def _write(scene: Scene, clerks: dict[int, User] | None = None) -> None:
    """`clerks`: of a scene whose last month is under way."""
    ServiceFigures.objects.bulk_create(scene.services, batch_size=2000)
    IndicatorFigure.objects.bulk_create(scene.indicators, batch_size=2000)
    Report.objects.bulk_create(
        scene.reports, batch_size=500, update_conflicts=True, unique_fields=["unit", "period"], update_fields=SETTLED
    )
    if clerks is not None:
        _explain_last_month(scene, clerks)
    Explanation.objects.bulk_create(scene.explanations, batch_size=2000)
    ReportEvent.objects.bulk_create(scene.events, batch_size=2000)


def _registered(report: Report, counted: dict, terms: list[IndicatorTerms]) -> list[IndicatorFigure]:
    """What the registers count for this report, as frozen when it is sent."""
    return [
        IndicatorFigure(
            report=report, indicator=term.indicator, numerator=counted[code][0], denominator=counted[code][1]
        )
        for term in terms
        if term.indicator.owner == "register" and (code := term.indicator.code) in counted
    ]


def _create_clerks(scene: Scene) -> dict[int, User]:
    """One officer without a login for every unit, so that each report says who sent it."""
    day = window(scene.months[-1])[1]
    units = list(UnitVersion.objects.on(day).under(scene.province.pk).select_related("unit").order_by("unit__code"))
    for version in units:
        level = version.unit.level
        size = {Level.PROVINCE: 60.0, Level.DISTRICT: 22.0}.get(level) or scene.rng.uniform(6, 34)
        scene.people[version.unit_id] = size
    return _clerks_of(units, scene.province.code, scene.rng)


def _clerks_of(units: Iterable[UnitVersion], code: str, rng: random.Random) -> dict[int, User]:
    """They live on the day of their province's people."""
    units, day = list(units), DAY_2026 if code == "75" else DAY_2024
    users = [
        User(username=f"vp.{code}.{v.unit.code}", full_name=invented_name(rng), password="!", demo_today=day)  # noqa: S106 – no login
        for v in units
    ]
    User.objects.bulk_create(users)
    Posting.objects.bulk_create(
        Posting(user=user, unit=v.unit, role=Role.OFFICER, branch=Branch.OFFICE, valid_from=v.valid_from)
        for user, v in zip(users, units, strict=True)
    )
    return {v.unit_id: user for user, v in zip(users, units, strict=True)}


def _terms(level, period) -> tuple[list[ServiceTerms], list[IndicatorTerms]]:
    day = period.data_to
    return (
        list(ServiceTerms.objects.owed_by(level, day).select_related("service").order_by("service__order")),
        list(IndicatorTerms.objects.owed_by(level, day).select_related("indicator").order_by("indicator__order")),
    )


def _last_month_fates(scene: Scene, owed: list[Report]) -> dict[int, str]:
    """What has become of each report of the open month; the units of the named logins are still at work."""
    fates = {}
    named = {"25217": "almost", "25216": "almost", "25220": "returned"}
    cycle = ["approved", "clean", "clean", "approved", "warned", "clean", "half", "approved", "clean", "untouched"]
    for index, report in enumerate(owed):
        fate = cycle[index % len(cycle)]
        if report.level != Level.COMMUNE:
            fate = "half" if report.level == Level.PROVINCE else "clean"
        fates[report.pk] = named.get(report.unit.code, fate) if report.level == Level.COMMUNE else fate
    return fates


TEXTS = {
    "results": f"{INVENTED} Duy trì tiếp nhận hồ sơ trực tuyến tại bộ phận một cửa; hướng dẫn công dân tự nộp hồ sơ.",
    "shortcomings": "Một số hồ sơ đất đai còn trả kết quả chậm.",
    "causes": "Phải xác minh thực địa; dữ liệu giữa các hệ thống chưa đồng bộ kịp thời.",
    "proposals": "Đề nghị cấp trên bổ sung thiết bị quét hồ sơ cho bộ phận một cửa.",
    "plan": "Rà soát hồ sơ sắp đến hạn hằng tuần; tiếp tục tuyên truyền tại các khu dân cư.",
}


def _settle(scene: Scene, report: Report, rows, fate: str, clerks: dict[int, User], reviewer: User) -> None:
    """Give one report its figures as far as they were typed, its status, its events."""
    services, indicators = rows
    due = periods.due_at(report)
    rng = scene.rng
    sent = _office_hour(due, rng, days=-rng.randint(0, 1), latest=16)
    late = fate == "approved" and rng.random() < 0.06
    if late:
        sent = _office_hour(due, rng, days=rng.randint(1, 3))
    if report.period.key in LAST_MONTHS:
        late = False
        sent = _office_hour(_demo_morning(scene), rng, days=-rng.randint(3, 4), latest=16)
    if fate == "untouched":
        return
    if fate == "warned":
        make_doubtful(services, indicators)
    at_counter = some_at_the_counter(scene, report, services) if fate == "approved" else []
    if fate == "half":
        services, indicators = services[: len(services) // 2], indicators[: len(indicators) // 3]
    if fate == "almost":
        for field_name in ("resolved_overdue", "rejected", "pending_overdue", "pending_in_time"):
            setattr(services[-1], field_name, None)
        indicators = [row for row in indicators if row.indicator.code != "DV02"]
    if fate in {"half", "almost"}:
        indicators = [row for row in indicators if row.indicator.owner != "register"]  # counted live until it is sent
    scene.services += services
    scene.indicators += indicators
    scene.reports.append(report)
    report.saved_at = sent
    for name, text in TEXTS.items():
        if fate != "half" or name == "results":
            setattr(report, name, text)
    if fate in {"half", "almost"}:
        return
    checksum = workflow.checksum_of(report, services, indicators)
    _send(scene, report, sent, late, checksum, clerks.get(report.unit_id, reviewer))
    if at_counter:
        clerk = clerks.get(report.unit_id, reviewer)
        _explain(scene, report, at_counter, AT_COUNTER, clerk)
        report.soft_warnings = len(at_counter)
        scene.events[-1].reason = "\n".join(workflow.point_as_sent(problem, AT_COUNTER) for problem in at_counter)
    _decide(scene, report, fate, sent + dt.timedelta(minutes=rng.randint(15, 110)), reviewer)


def _send(scene: Scene, report: Report, at: dt.datetime, late: bool, checksum: str, clerk: User) -> None:
    report.office_ready_at = report.police_ready_at = at - dt.timedelta(minutes=20)
    report.office_ready_by = report.police_ready_by = clerk
    report.submitted_at, report.submitted_by, report.is_late = at, clerk, late
    report.status, report.revision = Status.SUBMITTED, 1
    scene.events.append(
        ReportEvent(
            report=report,
            action="submit",
            by=clerk,
            at=at,
            revision=1,
            receipt=f"BC-{report.unit.code}-{report.period.key}-1",
            checksum=checksum,
        )
    )


def _decide(scene: Scene, report: Report, fate: str, at: dt.datetime, reviewer: User) -> None:
    if fate == "approved":
        report.status, report.approved_at, report.approved_by = Status.APPROVED, at, reviewer
        scene.events.append(ReportEvent(report=report, action="approve", by=reviewer, at=at, revision=1))
    elif fate == "returned":
        report.status = Status.RETURNED
        report.office_ready_at = report.police_ready_at = report.office_ready_by = report.police_ready_by = None
        scene.events.append(
            ReportEvent(
                report=report,
                action="send_back",
                by=reviewer,
                at=at,
                revision=1,
                reason="DVC19 có hồ sơ đang giải quyết quá hạn nhưng phần thuyết minh chưa nêu nguyên nhân. "
                "Đề nghị bổ sung nguyên nhân và ngày dự kiến trả kết quả.",
            )
        )


def _office_hour(moment: dt.datetime, rng: random.Random, *, days: int, latest: int = 15) -> dt.datetime:
    """Some minute between 8:00 and `latest`:00 so many days from `moment`."""
    day = (moment.astimezone(timezone.get_default_timezone()) + dt.timedelta(days=days)).date()
    return make_aware(dt.datetime.combine(day, dt.time(rng.randint(8, latest - 1), rng.randint(0, 59))))


def _demo_morning(scene: Scene) -> dt.datetime:
    """Eight o'clock on the day on which the demonstration's people live."""
    last = scene.months[-1]
    return make_aware(dt.datetime.combine(dt.date(last.year, last.month, 16), dt.time(8, 0)))


AT_COUNTER = "Người cao tuổi không có điện thoại thông minh; đã nhận tại bộ phận một cửa và số hóa hồ sơ."
REASON = "Đã đối chiếu với sổ theo dõi; số liệu đúng, do đợt cao điểm trong kỳ."


def _explain_last_month(scene: Scene, clerks: dict[int, User]) -> None:
    """Each soft warning of a report sent and not yet approved has its typed reason, as submission demands."""
    last = scene.months[-1]
    sending = {event.report.pk: event for event in scene.events if event.action == "submit"}
    sent = Report.objects.filter(period__year=last.year, period__month=last.month, status=Status.SUBMITTED)
    for report in sent.under(scene.province.pk).select_related("unit", "period"):
        soft = [p for p in load_form(report).problems if p.severity == "soft"]
        if soft:
            _explain(scene, report, soft, REASON, clerks[report.unit_id])
            Report.objects.filter(pk=report.pk).update(soft_warnings=len(soft))
            sending[report.pk].reason = "\n".join(workflow.point_as_sent(problem, REASON) for problem in soft)


def _explain(scene: Scene, report: Report, soft: list[Problem], reason: str, by: User) -> None:
    scene.explanations += [
        Explanation(
            report=report,
            check_code=problem.code,
            cell=problem.cell,
            about=problem.message,
            reason=reason,
            by=by,
            at=report.submitted_at,
        )
        for problem in soft
    ]
