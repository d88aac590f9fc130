"""Meetings and inspections of the demonstration: all invented, written by the named logins as anybody would."""

import datetime as dt
from typing import NamedTuple

from taskforces.models import AdministrativeUnit, Assignment, Meeting, Posting, TaskForce, UnitVersion, User
from taskforces.register import assignments, inspections, meetings
from taskforces.register.keeping import found_task_force

from .people import DAY_2024, DAY_2026


class SceneOfMeetings(NamedTuple):
    """Who keeps the register of which unit, and lives on which day; the unit below is the one visited and asked."""

    username: str
    code: str
    below: str
    helper: str  # of the unit below
    day: dt.date
    chair: str


SCENES_OF_MEETINGS = (
    SceneOfMeetings("tonghop.dongnai", "75", "25217", "vanphong.phuoclong", DAY_2026, "Võ Minh Khoa, Tổ trưởng"),
    SceneOfMeetings("duyet.phuoclong", "688", "25216", "vanphong.thacmo", DAY_2024, "Tổ trưởng Tổ công tác thị xã"),
)
# days before today; kind; what it is about; points connected; delegates
HELD = (
    (75, "interim_review", "Sơ kết chín tháng thực hiện Đề án 06", 12, 160),
    (33, "regular", "Giao ban tháng, rà soát dịch vụ công có tỷ lệ trực tuyến thấp", 12, 95),
    (12, "regular", "Giao ban tháng, đôn đốc nhập dữ liệu hộ tịch", 12, 88),
)
PLANNED_IN = 4  # days; the meeting that opens with what these left
# meeting; conclusion; due so many days after the meeting; body; every commune, or the unit below; done
CONCLUDED = (
    (0, "Bố trí máy quét và người hướng dẫn tại bộ phận một cửa", 45, "", "all", True),
    (0, "Tham mưu văn bản thống nhất cách số hóa thành phần hồ sơ", 30, "Văn phòng UBND", "own", True),
    (0, "Rà soát các thủ tục có hồ sơ quá hạn, nêu rõ nguyên nhân từng hồ sơ", 50, "", "below", False),
    (1, "Làm sạch dữ liệu dân cư của các trường hợp lệch thông tin", 25, "Công an", "own", False),
    (1, "Niêm yết hướng dẫn nộp hồ sơ trực tuyến tại thôn, khu phố", 40, "", "below", False),
    (2, "Báo cáo tiến độ nhập dữ liệu hộ tịch vào thứ Sáu hằng tuần", 60, "", "all", False),
    (2, "Mở lớp hướng dẫn cho công chức mới nhận việc", 30, "Văn phòng UBND", "own", False),
)
# what was found; due so many days after the visit; how it was remedied ('' not yet)
FOUND = (
    ("Chưa công khai số điện thoại tiếp nhận phản ánh tại bộ phận một cửa.", 7, "Đã niêm yết tại quầy tiếp nhận."),
    ("Sổ theo dõi hồ sơ trực tuyến chưa ghi đủ ngày trả kết quả.", 14, ""),
    ("Chưa phân công người thay khi công chức phụ trách nghỉ phép.", 45, ""),
)
LEFT_UNDONE = 16  # every so many communes has not done what all were told to
VISITED = 25  # days before today


def load_meetings(logins: dict[str, User]) -> None:
    for scene in SCENES_OF_MEETINGS:
        _play(scene, logins[scene.username], logins[scene.helper])


def _play(scene: SceneOfMeetings, by: User, helper: User) -> None:
    unit, below = (_unit(code, scene.day) for code in (scene.code, scene.below))
    kind = TaskForce.Kind.STEERING_COMMITTEE if unit.level == "province" else TaskForce.Kind.WORKING_GROUP
    force = TaskForce.objects.get(unit=unit, kind=kind)
    held = [
        _meeting(by, force, scene, -days, kind=kind, title=title, points=points, delegates=delegates)
        for days, kind, title, points, delegates in HELD
    ]
    _meeting(by, force, scene, PLANNED_IN, kind="regular", title="Giao ban tháng", points=None, delegates=None)
    for index, text, days, body, whom, is_done in CONCLUDED:
        meeting = held[index]
        meetings.conclude(
            by=by,
            meeting_id=meeting.pk,
            text=text,
            unit=below if whom == "below" else unit,
            level="commune" if whom == "all" else "",
            body=body,
            due_on=meeting.held_on + dt.timedelta(days=days),
        )
        if is_done:
            _finish(text, meeting, by, helper, unit, below)
    _inspect(by, helper, unit, below, scene)


def _unit(code: str, day: dt.date) -> AdministrativeUnit:
    return UnitVersion.objects.on(day).select_related("unit").get(unit__code=code).unit


def _meeting(by: User, force: TaskForce, scene: SceneOfMeetings, days: int, **facts) -> Meeting:
    held_on = scene.day + dt.timedelta(days=days)
    return meetings.add_meeting(by=by, task_force=force, held_on=held_on, chair=scene.chair, minutes="", **facts)


def _finish(text: str, meeting: Meeting, by: User, helper: User, unit, below) -> None:
    """All have done it and said so, each on a day of its own, but for a few; the unit itself and the one below have."""
    given = Assignment.objects.filter(item__source__meeting=meeting, item__text=text).order_by("unit__code")
    clerks = {
        p.unit_id: p.user for p in Posting.objects.filter(user__username__startswith="vp.").select_related("user")
    }
    for number, assignment in enumerate(given.select_related("unit")):
        teller = {unit.pk: by, below.pk: helper}.get(assignment.unit_id)
        if teller is None:
            if number % LEFT_UNDONE == LEFT_UNDONE // 2:
                continue
            teller = clerks[assignment.unit_id]
        on = meeting.held_on + dt.timedelta(days=12 + number * 7 % 30)
        assignments.finish(by=teller, assignment_id=assignment.pk, on=on, note="Đã thực hiện.")


def _inspect(by: User, helper: User, unit, below, scene: SceneOfMeetings) -> None:
    visit = scene.day - dt.timedelta(days=VISITED)
    team = found_task_force(
        by=by,
        unit=unit,
        kind=TaskForce.Kind.INSPECTION_TEAM,
        name="Tổ kiểm tra việc tiếp nhận hồ sơ trực tuyến",
        valid_from=visit - dt.timedelta(days=10),
    )
    inspection = inspections.add_inspection(
        by=by,
        task_force=team,
        unit=below,
        body="Bộ phận một cửa",
        held_on=visit,
        leader="Phó Tổ trưởng Tổ kiểm tra",
        summary="Bộ phận một cửa bố trí đủ người; việc theo dõi hồ sơ trực tuyến còn phải chấn chỉnh.",
    )
    for text, days, remedy in FOUND:
        due_on = visit + dt.timedelta(days=days)
        finding = inspections.add_finding(by=by, inspection_id=inspection.pk, text=text, due_on=due_on)
        if remedy:
            inspections.tell_remedied(by=helper, finding_id=finding.pk, on=due_on, remedy=remedy)
