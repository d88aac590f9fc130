"""The demonstration's registers: task forces with their members, village teams, assignments, difficulties, outreach.

TX Bình Long stands exactly as published on 9 August 2022: 24 members, 12 in the police's group, six communes with 58,
54 villages with 328, 6 assignments to lead and 18 to co-operate on. People are invented.
"""

import datetime as dt
import random
from collections.abc import Iterable, Iterator

from django.utils.timezone import make_aware

from reporting.models import Difficulty, DifficultyStep, PublicService, Report, ServiceTerms
from taskforces.models import (
    AdministrativeUnit,
    Assignment,
    AssignmentEvent,
    Document,
    Level,
    Membership,
    OutreachEvent,
    Person,
    PilotModel,
    Responsibility,
    SourceDocument,
    SourceItem,
    TaskForce,
    UnitVersion,
    User,
    VillageTeam,
)
from taskforces.models.units import path_ids

from .people import invented_name

PUBLISHED = {  # TX Bình Long, 2022: seats of its task forces; then of its six communes
    "690": {"working_group": 24, "police_working_group": 12},
    "communes": [10, 10, 10, 10, 9, 9],
    "villages": [9, 9, 9, 9, 9, 9],
    "village_members": 328,
}
PUBLISHED_HEADS = {
    ("690", "working_group"): "Chủ tịch UBND thị xã",
    ("690", "police_working_group"): "Trưởng Công an thị xã",
}
POSTS = {
    Level.COMMUNE: ("Chủ tịch UBND", "Trưởng Công an", "Công chức Văn phòng – Thống kê", "Công chức Tư pháp – Hộ tịch"),
    Level.DISTRICT: ("Chủ tịch UBND", "Trưởng Công an", "Chánh Văn phòng HĐND và UBND", "Trưởng phòng Tư pháp"),
    Level.PROVINCE: (
        "Phó Chủ tịch thường trực UBND",
        "Giám đốc Công an",
        "Chánh Văn phòng UBND",
        "Giám đốc Sở Tư pháp",
    ),
}
ROLES = [Membership.Role.HEAD, Membership.Role.STANDING_DEPUTY, Membership.Role.DEPUTY, Membership.Role.SECRETARY]
TASKS = (
    (1, "Tiếp nhận trực tuyến toàn bộ dịch vụ công thiết yếu thuộc thẩm quyền"),
    (1, "Số hóa thành phần hồ sơ và kết quả giải quyết tại bộ phận một cửa"),
    (2, "Chi trả an sinh xã hội qua tài khoản"),
    (3, "Vận động người dân kích hoạt tài khoản định danh điện tử"),
    (4, "Làm sạch dữ liệu dân cư, hộ tịch, đất đai"),
    (4, "Nhập dữ liệu hộ tịch từ sổ giấy"),
    (5, "Báo cáo kết quả hằng tháng trên cổng báo cáo"),
    (5, "Kiện toàn Tổ công tác, phân công trách nhiệm từng thành viên"),
)


def load_registers(province: AdministrativeUnit, since: dt.date, day: dt.date, by: User, rng: random.Random) -> None:
    """The registers of one province as they stand on `day`; its task forces were founded about `since`."""
    versions = list(
        UnitVersion.objects.on(day).under(province.pk).select_related("unit").order_by("unit__code", "valid_from")
    )
    _task_forces(versions, since, day, rng)
    _village_teams([v for v in versions if v.unit.level == Level.COMMUNE], since, rng)
    _assignments(province, versions, since, day, by, rng)
    _activities(versions, day, rng)


def _seats(version: UnitVersion, sizes: Iterator[int], rng: random.Random) -> dict[str, int]:
    """Kinds of task forces of a unit, with their number of seats; a few communes have none yet."""
    published = PUBLISHED.get(version.unit.code)
    if isinstance(published, dict) and version.unit.level == Level.DISTRICT:
        return published
    if version.unit.level == Level.PROVINCE:
        return {"steering_committee": 21, "police_working_group": 14, "support_team": 9}
    if version.unit.level == Level.DISTRICT:
        return {"working_group": 16, "police_working_group": 9}
    size = next(sizes, None) if _is_of_town(version) else None
    return {"working_group": size or rng.randint(7, 11)}


def _is_of_town(version: UnitVersion) -> bool:
    """A commune of TX Bình Long?"""
    return version.parent is not None and version.parent.code == "690"


def _task_forces(versions: list[UnitVersion], since: dt.date, day: dt.date, rng: random.Random) -> None:
    forces, people, seats, documents, answers = [], [], [], [], []
    sizes = iter(PUBLISHED["communes"])
    services = _services_by_level(since)
    for number, version in enumerate(versions, start=1):
        founded = since + dt.timedelta(days=rng.randint(0, 12))
        for kind, size in _seats(version, sizes, rng).items():
            force = TaskForce(
                unit=version.unit,
                kind=kind,
                name=f"{TaskForce.Kind(kind).label} Đề án 06 {version.name}",
                valid_from=founded,
                last_meeting_on=day - dt.timedelta(days=rng.choice([12, 25, 40, 60, 130])),
            )
            forces.append(force)
            quality = rng.random()
            documents += _papers(force, version, number, 1 if _is_of_town(version) else quality)
            posts = (
                POSTS[version.unit.level]
                if kind != "police_working_group"
                else ("Trưởng Công an", "Phó Trưởng Công an")
            )
            for seat in range(size):
                post = posts[seat] if seat < len(posts) else "Công chức chuyên môn"
                if seat == 0:
                    post = PUBLISHED_HEADS.get((version.unit.code, kind), post)
                person = Person(
                    full_name=invented_name(rng),
                    post=post,
                    body=version.name,
                    unit=version.unit,
                    staff_code=f"{kind[:2]}{seat + 1:02d}",
                )
                people.append(person)
                is_known = (version.unit.code, kind) in PUBLISHED_HEADS
                role = (
                    ROLES[seat]
                    if seat < len(ROLES) and not (seat == 0 and quality < 0.03 and not is_known)
                    else Membership.Role.MEMBER
                )
                membership = Membership(task_force=force, person=person, role=role, post=post, valid_from=founded)
                seats.append(membership)
                owned = services.get(version.unit.level, [])
                if kind != "police_working_group" and owned and (quality > 0.25 or seat < 3):
                    share = owned[seat % len(owned) :: size] if seat < len(owned) else owned[:1]
                    answers += [Responsibility(membership=membership, service=service) for service in share]
    TaskForce.objects.bulk_create(forces, batch_size=1000)
    Person.objects.bulk_create(people, batch_size=1000)
    Membership.objects.bulk_create(seats, batch_size=1000)
    Document.objects.bulk_create(documents, batch_size=1000)
    Responsibility.objects.bulk_create(answers, batch_size=2000)


def _papers(force: TaskForce, version: UnitVersion, number: int, quality: float) -> list[Document]:
    """The decision that founded a task force and its rules of work, as far as it has them."""
    papers = []
    if quality > 0.1:
        papers.append((Document.Kind.FOUNDING_DECISION, f"{number + 40}/QĐ-UBND", "Về việc thành lập"))
    if quality > 0.3:
        papers.append((Document.Kind.WORKING_RULES, f"{number + 90}/QC-TCT", "Quy chế hoạt động của"))
    return [
        Document(
            unit=version.unit,
            task_force=force,
            kind=kind,
            number=code,
            issued_on=force.valid_from,
            issuing_body=f"UBND {version.name}",
            title=f"{title} {TaskForce.Kind(force.kind).label} Đề án 06",
        )
        for kind, code, title in papers
    ]


def _services_by_level(day: dt.date) -> dict[str, list[PublicService]]:
    return {
        level: [
            t.service
            for t in ServiceTerms.objects.owed_by(level, day).select_related("service").order_by("service__order")
        ]
        for level in (Level.COMMUNE, Level.DISTRICT, Level.PROVINCE)
    }


def _village_teams(communes: list[UnitVersion], since: dt.date, rng: random.Random) -> None:
    town = [v for v in communes if _is_of_town(v)]
    town_villages = dict(zip([v.pk for v in town], PUBLISHED["villages"], strict=False))
    total = sum(town_villages.values())
    shares = (
        iter(PUBLISHED["village_members"] // total + (i < PUBLISHED["village_members"] % total) for i in range(total))
        if total
        else iter(())
    )
    teams = []
    for version in communes:
        published = version.pk in town_villages
        word = "Ấp" if version.unit_type == "xa" else "Khu phố"
        for number in range(1, (town_villages[version.pk] if published else rng.randint(5, 11)) + 1):
            common = {
                "unit": version.unit,
                "village": f"{word} {number}",
                "head_name": invented_name(rng),
                "valid_from": since,
            }
            founded = since if published or rng.random() < 0.97 else None
            members = next(shares) if published else rng.randint(4, 8)
            teams.append(
                VillageTeam(
                    kind=VillageTeam.Kind.WORKING_GROUP, members=members if founded else 0, founded_on=founded, **common
                )
            )
            if rng.random() < 0.8:
                teams.append(
                    VillageTeam(
                        kind=VillageTeam.Kind.COMMUNITY_DIGITAL_TEAM,
                        members=rng.randint(3, 6),
                        founded_on=since,
                        **common,
                    )
                )
    VillageTeam.objects.bulk_create(teams, batch_size=1000)


def _source(
    number: str, issued_on: dt.date, body: str, title: str, tasks: Iterable[tuple[int, str]]
) -> list[SourceItem]:
    source = SourceDocument.objects.create(number=number, issued_on=issued_on, issuing_body=body, title=title)
    items = [
        SourceItem(
            source=source,
            code=f"{index:02d}",
            text=text,
            utility_group=group,
            task_group="Nhóm nhiệm vụ chung" if group < 4 else "Nhóm nhiệm vụ về dữ liệu",
        )
        for index, (group, text) in enumerate(tasks, start=1)
    ]
    return SourceItem.objects.bulk_create(items)


def _assignments(
    province: AdministrativeUnit,
    versions: list[UnitVersion],
    since: dt.date,
    day: dt.date,
    by: User,
    rng: random.Random,
) -> None:
    name = next(v.name for v in versions if v.unit_id == province.pk)
    items = _source(
        f"{100 + int(province.code)}/KH-UBND",
        since,
        f"UBND {name}",
        f"Kế hoạch triển khai Đề án 06 trên địa bàn {name}",
        TASKS,
    )
    rows = []
    for version in versions:
        for item in items:
            assignment = Assignment(
                item=item,
                unit=version.unit,
                part=Assignment.Part.LEAD,
                assigned_on=since,
                due_on=since + dt.timedelta(days=500),
            )
            _advance(assignment, since, day, rng)
            rows.append(assignment)
    town = next((v for v in versions if v.unit.code == "690" and v.unit.level == Level.DISTRICT), None)
    if town is not None:
        rows += _published_assignments(town.unit)
    Assignment.objects.bulk_create(rows, batch_size=1000)
    AssignmentEvent.objects.bulk_create(
        (
            AssignmentEvent(
                assignment=row,
                status=row.status,
                note="Cập nhật theo báo cáo của đơn vị",
                by=by,
                at=make_aware(dt.datetime.combine(row.done_on or row.assigned_on, dt.time(9, 0))),
            )
            for row in rows
        ),
        batch_size=1000,
    )


def _published_assignments(town: AdministrativeUnit) -> list[Assignment]:
    """The town's plan: it leads six tasks and takes part in the others."""
    issued_on = dt.date(2022, 3, 15)
    tasks = [
        (index % 5 + 1, f"{text} ({'chủ trì' if index < 6 else 'phối hợp'})")
        for index, (_, text) in enumerate(TASKS * 3)
    ]
    items = _source("57/KH-UBND", issued_on, "UBND thị xã", "Kế hoạch triển khai Đề án 06 trên địa bàn thị xã", tasks)
    return [
        Assignment(
            item=item,
            unit=town,
            part=Assignment.Part.LEAD if index < 6 else Assignment.Part.COOPERATING,
            assigned_on=issued_on,
            due_on=dt.date(2025, 12, 31),
        )
        for index, item in enumerate(items)
    ]


def _advance(assignment: Assignment, since: dt.date, day: dt.date, rng: random.Random) -> None:
    """How far one assignment is on `day`."""
    luck = rng.random()
    if luck < 0.55:
        assignment.status = Assignment.Status.DONE
        assignment.done_on = since + dt.timedelta(days=rng.randint(60, max(61, (day - since).days - 10)))
    elif luck < 0.9:
        assignment.status = Assignment.Status.IN_PROGRESS
        assignment.progress = f"Đã làm khoảng {rng.choice([40, 50, 60, 75, 90])}% khối lượng"
    if luck > 0.94 and assignment.status != Assignment.Status.DONE:
        assignment.due_on = day - dt.timedelta(days=rng.randint(2, 40))


def _activities(versions: list[UnitVersion], day: dt.date, rng: random.Random) -> None:
    communes = [v for v in versions if v.unit.level == Level.COMMUNE]
    models = (
        "Bộ phận một cửa không giấy tờ",
        "Khu phố số",
        "Chợ không dùng tiền mặt",
        "Ngày thứ Bảy giúp dân nộp hồ sơ",
    )
    PilotModel.objects.bulk_create(
        PilotModel(
            unit=version.unit,
            name=name,
            decision=f"{rng.randint(20, 90)}/QĐ-UBND",
            started_on=day - dt.timedelta(days=rng.randint(90, 300)),
            members=rng.randint(5, 12),
            equipment="2 máy tính, 1 máy quét, 1 máy in",
            results="Người dân tự nộp hồ sơ tại chỗ, không phải chờ lấy số.",
        )
        for version, name in zip(rng.sample(communes, len(models)), models, strict=True)
    )
    named = [v for v in communes if v.unit.code in {"25216", "25217"}]
    channels = list(OutreachEvent.Channel.values)
    OutreachEvent.objects.bulk_create(
        OutreachEvent(
            unit=version.unit,
            held_on=day - dt.timedelta(days=rng.randint(0, 27)),
            channel=rng.choice(channels),
            utility_group=rng.randint(1, 5),
            times=rng.randint(1, 3),
            audience=rng.randint(0, 40),
            note="Hướng dẫn nộp hồ sơ trực tuyến",
        )
        for version in named
        for _ in range(9)
    )


DIFFICULTIES = (
    ("equipment", "Bộ phận một cửa chỉ có một máy quét, giờ cao điểm phải chờ.", "Bổ sung một máy quét hai mặt."),
    ("network", "Hệ thống một cửa chậm vào đầu giờ sáng.", "Nâng băng thông đường truyền."),
    ("people", "Công chức mới nhận việc, chưa được tập huấn.", "Mở lớp tập huấn trong quý."),
    (
        "data",
        "Dữ liệu hộ tịch cũ thiếu ngày, tháng sinh, không đồng bộ được.",
        "Hướng dẫn cách xử lý hồ sơ thiếu dữ liệu.",
    ),
    ("law", "Chưa thống nhất cách thu lệ phí khi nộp trực tuyến.", "Có văn bản hướng dẫn chung."),
)


def load_difficulties(reports: list[Report], by: dict[int, User], answering: User, rng: random.Random) -> None:
    """A difficulty in every sixth of these reports, at every stage of being answered."""
    rows, steps = [], []
    for index, report in enumerate(r for r in reports if r.submitted_at and r.level == Level.COMMUNE):
        if index % 6:
            continue
        kind, text, proposal = DIFFICULTIES[(index // 6) % len(DIFFICULTIES)]
        above = path_ids(report.path)[-2]
        state = ("open", "answered", "resolved")[(index // 6) % 3]
        row = Difficulty(
            unit=report.unit,
            report=report,
            kind=kind,
            text=text,
            proposal=proposal,
            with_unit_id=above,
            state=state,
            raised_at=report.submitted_at,
            raised_by=by[report.unit_id],
        )
        rows.append(row)
        steps.append(DifficultyStep(difficulty=row, action="raise", by=by[report.unit_id], at=report.submitted_at))
        if state != "open":
            action = "answer" if state == "answered" else "resolve"
            when = report.submitted_at + dt.timedelta(hours=rng.randint(20, 70))
            note = (
                "Đã ghi nhận, đưa vào kế hoạch quý tới."
                if state == "answered"
                else "Đã xử lý xong, đơn vị kiểm tra lại."
            )
            steps.append(DifficultyStep(difficulty=row, action=action, note=note, by=answering, at=when))
    Difficulty.objects.bulk_create(rows)
    DifficultyStep.objects.bulk_create(steps)
