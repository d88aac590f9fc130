"""Rosters brought in: what each kind of sheet writes, refuses, and leaves alone when brought in again."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reporting.models import Target
from taskforces.imports import import_jobs, kinds, sheets_out, tables
from taskforces.models import (
    Assignment,
    AssignmentEvent,
    Branch,
    Document,
    ImportJob,
    Membership,
    Person,
    Posting,
    PostingEvent,
    Role,
    SourceDocument,
    SourceItem,
    TaskForce,
    UnitVersion,
    User,
    VillageTeam,
)
from tests.conftest import make_person
from tests.import_sheets import bring_in, csv_file, said, totals, write, xlsx

pytestmark = pytest.mark.once


Kind, State = ImportJob.Kind, ImportJob.State
FORCE = ["Mã đơn vị", "Loại tổ", "Thành lập ngày", "Tên tổ", "Họp gần nhất ngày", "Số quyết định", "Ngày quyết định"]
MEMBER = ["Mã đơn vị", "Loại tổ", "Họ và tên", "Vai trò", "Chức vụ", "Điện thoại cơ quan", "Từ ngày", "Đến hết ngày"]
DAY = dt.date(2026, 1, 15)


@pytest.fixture(autouse=True)
def today(at, monkeypatch):
    from taskforces import tasks

    for task in (tasks.check_import, tasks.write_import):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)
    at("2026-11-16 09:00")


@pytest.fixture
def force(world):
    return TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=DAY)


def member(name, role="Thành viên", phone="", since="15/01/2026", until=None, post=""):
    return ["25217", "Tổ công tác", name, role, post, phone, since, until]


def everything() -> dict:
    """All rows a roster may touch, to see that nothing changed."""
    models = (TaskForce, Membership, Person, VillageTeam, Document, Assignment, Target, User, Posting, PostingEvent)
    return {model: list(model.objects.order_by("pk").values()) for model in models}


# --- task forces, members, villages


def test_task_forces_with_their_decisions(world):
    rows = [
        ["25217", "Tổ công tác", DAY, "Tổ công tác Đề án 06", dt.date(2026, 11, 2), "57/QĐ-UBND", "14/01/2026"],
        ["25220", "Tổ công tác", "2026-01-20", "  Tổ   công tác ", None, None, None],
    ]
    job = bring_in(world.staff, Kind.TASK_FORCES, xlsx(FORCE, *rows))
    assert (job.state, totals(job)) == (State.READY, (2, 0, 0, 0))
    assert not TaskForce.objects.exists()  # nothing before it is confirmed
    job = write(job)
    assert (job.state, totals(job)) == (State.DONE, (2, 0, 0, 0))
    first, second = TaskForce.objects.order_by("pk")
    assert (first.unit, first.valid_from, first.last_meeting_on) == (world.phuoc_long, DAY, dt.date(2026, 11, 2))
    decision = first.documents.get()
    assert (decision.kind, decision.number, decision.issued_on) == (
        "founding_decision",
        "57/QĐ-UBND",
        dt.date(2026, 1, 14),
    )
    assert (second.name, second.valid_from) == ("Tổ công tác", dt.date(2026, 1, 20))
    assert not second.documents.exists()


def test_only_what_differs_is_changed_and_shown(world, force):
    upload = lambda name: xlsx(FORCE, ["25217", "Tổ công tác", DAY, name, None, None, None])  # noqa: E731
    job = bring_in(world.officer, Kind.TASK_FORCES, upload("Tổ công tác Đề án 06"))
    assert totals(job) == (0, 1, 0, 0)
    assert job.preview["rows"][0]["changes"] == [["Tên tổ", "Tổ công tác", "Tổ công tác Đề án 06"]]
    write(job)
    force.refresh_from_db()
    assert force.name == "Tổ công tác Đề án 06"
    assert totals(bring_in(world.officer, Kind.TASK_FORCES, upload("Tổ công tác Đề án 06"))) == (0, 0, 1, 0)


def test_several_inspection_teams_of_one_day_are_told_apart_by_name(world):
    day = "01/09/2026"
    rows = [
        ["25217", "Tổ kiểm tra", day, "Tổ kiểm tra số 1", None, "12/QĐ", day],
        ["25217", "Tổ kiểm tra", day, "Tổ kiểm tra  số 2", None, None, None],
    ]
    job = write(bring_in(world.staff, Kind.TASK_FORCES, xlsx(FORCE, *rows)))
    assert (job.state, totals(job)) == (State.DONE, (2, 0, 0, 0))
    first, second = TaskForce.objects.order_by("name")
    assert [(f.kind, f.name) for f in (first, second)] == [
        ("inspection_team", "Tổ kiểm tra số 1"), ("inspection_team", "Tổ kiểm tra số 2"),
    ]  # fmt: skip
    rows[1][4] = "10/11/2026"
    rows.append(["25217", "Tổ kiểm tra", day, "Tổ kiểm tra số 3", None, None, None])
    job = write(bring_in(world.staff, Kind.TASK_FORCES, xlsx(FORCE, *rows)))
    assert totals(job) == (1, 1, 1, 0)  # a new name is a new team; the one that met is changed
    second.refresh_from_db()
    assert second.last_meeting_on == dt.date(2026, 11, 10)
    twice = bring_in(world.staff, Kind.TASK_FORCES, xlsx(FORCE, rows[0], ["25217", *rows[0][1:3], "TỔ kiểm tra SỐ 1"]))
    assert said(twice) == ["3 : Trùng với dòng 2."]


def test_members_of_one_of_several_inspection_teams(world):
    for name in ("Tổ kiểm tra số 1", "Tổ kiểm tra số 2"):
        TaskForce.objects.create(unit=world.phuoc_long, kind="inspection_team", name=name, valid_from=DAY)
    TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=DAY)
    headers = [*MEMBER, "Tên tổ"]

    def seat(name, team, kind="Tổ kiểm tra"):
        return ["25217", kind, *member(name)[2:], team]

    wrong = bring_in(world.officer, Kind.MEMBERS, xlsx(headers, seat("A", None), seat("B", "Tổ số 9")))
    assert said(wrong) == [
        "2 Tên tổ: Phường Phước Long có 2 Tổ kiểm tra; ghi tên của tổ.",
        "3 Loại tổ: Phường Phước Long chưa có Tổ kiểm tra “Tổ số 9” trong sổ. Nhập tệp Tổ công tác trước.",
    ]
    rows = [seat("A", "Tổ kiểm tra số 1"), seat("B", "tổ kiểm tra số 2"), seat("C", "tên cũ", "Tổ công tác")]
    job = write(bring_in(world.officer, Kind.MEMBERS, xlsx(headers, *rows)))
    assert totals(job) == (3, 0, 0, 0)
    assert set(Membership.objects.values_list("person__full_name", "task_force__name")) == {
        ("A", "Tổ kiểm tra số 1"), ("B", "Tổ kiểm tra số 2"), ("C", "Tổ công tác"),
    }  # fmt: skip


def test_members_persons_and_answers(world, force):
    headers = [*MEMBER, "Dịch vụ công phụ trách", "Nhóm chỉ tiêu phụ trách"]
    rows = [
        [*member("Nguyễn Văn An", "Tổ trưởng", "0271 3777 001", post="Chủ tịch UBND"), "DVC01; DVC02", "Tổ chức"],
        [*member("Lê Thị Bé"), None, None],
    ]
    job = write(bring_in(world.officer, Kind.MEMBERS, xlsx(headers, *rows)))
    assert (job.state, totals(job)) == (State.DONE, (2, 0, 0, 0))
    head = Membership.objects.get(role="head")
    assert (head.person.full_name, head.person.work_phone, head.person.post) == (
        "Nguyễn Văn An",
        "0271 3777 001",
        "Chủ tịch UBND",
    )
    answers = {a.service.code if a.service else a.indicator_group for a in head.responsibilities.all()}
    assert answers == {"DVC01", "DVC02", "organisation"}
    before = everything()
    again = write(bring_in(world.officer, Kind.MEMBERS, xlsx(headers, *rows)))
    assert totals(again) == (0, 0, 2, 0)
    assert everything() == before
    rows[0][-2] = "DVC02, DVC03"
    assert totals(write(bring_in(world.officer, Kind.MEMBERS, xlsx(headers, *rows)))) == (0, 1, 1, 0)
    assert {a.service.code for a in head.responsibilities.exclude(service=None)} == {"DVC02", "DVC03"}


def test_a_new_head_takes_over_in_one_file(world, force):
    write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("Nguyễn Văn An", "Tổ trưởng"))))
    take_over = [
        member("Lê Thị Bé", "Tổ trưởng", since="01/06/2026"),
        member("Nguyễn Văn An", "Tổ trưởng", until="31/05/2026"),
    ]
    job = write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *take_over)))
    assert (job.state, totals(job)) == (State.DONE, (1, 1, 0, 0))
    assert Membership.objects.get(role="head", valid_to=None).person.full_name == "Lê Thị Bé"


def test_heads_who_change_places_in_one_file(world, force):
    rows = [member("Nguyễn Văn An", "Tổ trưởng"), member("Lê Thị Bé", "Thành viên")]
    write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows)))
    rows[0][3], rows[1][3] = "Thành viên", "Tổ trưởng"
    assert totals(write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows[::-1])))) == (0, 2, 0, 0)
    assert Membership.objects.get(role="head").person.full_name == "Lê Thị Bé"


def test_two_heads_and_two_seats_are_refused(world, force):
    rows = [
        member("Nguyễn Văn An", "Tổ trưởng"),
        member("Lê Thị Bé", "Tổ trưởng"),
        member("Lê Thị Bé", "Thành viên", since="01/03/2026"),
    ]
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows))
    assert job.state == State.REFUSED
    assert said(job) == [
        "3 Vai trò: Tổ đã có Tổ trưởng Nguyễn Văn An từ ngày 15/01/2026. Ghi ngày kết thúc của Tổ trưởng cũ trước.",
        "4 Họ và tên: Lê Thị Bé đã là Tổ trưởng của tổ từ ngày 15/01/2026.",
    ]


def test_rows_that_disagree_about_one_person(world, force):
    TaskForce.objects.create(unit=world.phuoc_long, kind="support_team", name="Tổ giúp việc", valid_from=DAY)
    rows = [member("Nguyễn Văn An", phone="0271 1"), member("Nguyễn Văn An", phone="0271 2")]
    rows[1][1] = "Tổ giúp việc"
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows))
    assert said(job) == ["3 Điện thoại cơ quan: Khác với dòng 2, ở đó ghi “0271 1”."]
    rows[1][5] = "0271 1"
    write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows)))
    assert (Person.objects.count(), Membership.objects.count()) == (1, 2)  # one person, two seats


def test_villages(world):
    headers = ["Mã đơn vị", "Loại", "Thôn, ấp, khu phố", "Có trong sổ từ ngày", "Số thành viên", "Thành lập ngày"]
    rows = [
        ["25217", "Tổ công tác thôn, ấp, khu phố", "Khu phố 1", "01/07/2025", 6, "01/08/2025"],
        ["25217", "Tổ công tác thôn, ấp, khu phố", "Khu phố 2", "01/07/2025", None, None],
        ["25217", "Tổ công tác thôn, ấp, khu phố", "Khu phố 3", "01/07/2025", 5, None],
    ]
    job = bring_in(world.officer, Kind.VILLAGE_TEAMS, xlsx(headers, *rows))
    assert said(job) == ["4 Thành lập ngày: Tổ có thành viên thì phải có ngày thành lập."]
    assert totals(job) == (2, 0, 0, 1)
    write(bring_in(world.officer, Kind.VILLAGE_TEAMS, xlsx(headers, *rows[:2])))
    assert list(VillageTeam.objects.order_by("pk").values_list("village", "members")) == [
        ("Khu phố 1", 6),
        ("Khu phố 2", 0),
    ]


def test_every_row_is_read_to_the_last_and_no_number_is_cut_to_fit(world):
    """Wrong in the first row, in the middle twice in one row, next door, and in the very last: all said, none saved."""
    headers = ["Mã đơn vị", "Loại", "Thôn, ấp, khu phố", "Có trong sổ từ ngày", "Số thành viên", "Thành lập ngày"]

    def row(n, code="25217", members=None, since="01/07/2025"):
        kind = "Tổ công tác thôn, ấp, khu phố"
        return [code, kind, f"Khu phố {n}", since, n if members is None else members, "01/08/2025"]

    wrong = [
        row(1, members=6.5),
        row(2),
        row(3, members="6,5", since="31/02/2025"),
        row(4, code="25220"),
        row(5),
        row(6, members=-1),
    ]
    job = bring_in(world.officer, Kind.VILLAGE_TEAMS, xlsx(headers, *wrong))
    assert (job.state, totals(job)) == (State.REFUSED, (2, 0, 0, 4))
    assert [line.split(":")[0] for line in said(job)] == [
        "2 Số thành viên",
        "4 Có trong sổ từ ngày",
        "4 Số thành viên",
        "5 Mã đơn vị",
        "7 Số thành viên",
    ]
    import_jobs.write(job.pk)
    assert not VillageTeam.objects.exists()
    right = [row(n) for n in range(1, 7)]
    job = write(bring_in(world.officer, Kind.VILLAGE_TEAMS, xlsx(headers, *right)))
    assert totals(job) == (6, 0, 0, 0)
    assert dict(VillageTeam.objects.values_list("village", "members")) == {f"Khu phố {n}": n for n in range(1, 7)}
    job = bring_in(world.officer, Kind.VILLAGE_TEAMS, xlsx(headers, *right[:5], row(6, members=7)))
    assert (job.state, totals(job)) == (State.READY, (0, 1, 5, 0))


# --- assignments, targets


def test_assignments_with_their_log(world):
    plan = SourceDocument.objects.create(number="5/KH-UBND", issued_on=DAY, issuing_body="UBND tỉnh", title="Kế hoạch")
    SourceItem.objects.create(source=plan, code="1.1", text="Làm sạch dữ liệu")
    headers = ["Số văn bản", "Mã nhiệm vụ", "Mã đơn vị", "Vai trò", "Giao ngày", "Tình trạng", "Hoàn thành ngày"]
    rows = [
        ["5/KH-UBND", "1.1", "25217", "Chủ trì", "15/01/2026", None, None],
        ["5/KH-UBND", "1.1", "25220", "Phối hợp", "15/01/2026", "Đã hoàn thành", "01/11/2026"],
    ]
    write(bring_in(world.staff, Kind.ASSIGNMENTS, xlsx(headers, *rows)))
    statuses = list(Assignment.objects.order_by("pk").values_list("part", "status"))
    assert statuses == [("lead", "not_started"), ("cooperating", "done")]
    assert AssignmentEvent.objects.filter(note="Nhập từ tệp tep.xlsx", by=world.staff).count() == 2
    wrong = [
        ["9/KH", "1.1", "25217", "Chủ trì", "15/01/2026", None, None],
        ["5/KH-UBND", "9.9", "25217", "Chủ trì", "15/01/2026", None, None],
        ["5/KH-UBND", "1.1", "25217", "Chủ trì", "15/01/2026", "Đã hoàn thành", None],
    ]
    assert said(bring_in(world.staff, Kind.ASSIGNMENTS, xlsx(headers, *wrong))) == [
        "2 Số văn bản: Chưa có văn bản 9/KH trong danh mục văn bản giao nhiệm vụ.",
        "3 Mã nhiệm vụ: Văn bản 5/KH-UBND không có nhiệm vụ mã 9.9.",
        "4 Hoàn thành ngày: Ghi ngày hoàn thành.",
    ]


def test_targets(world):
    headers = ["Mã đơn vị", "Năm", "Mã chỉ tiêu", "Chỉ tiêu giao"]
    rows = [["25217", 2026, "TT01", "1.200"], ["25220", "2026", "tt01", 95.5]]
    write(bring_in(world.staff, Kind.TARGETS, xlsx(headers, *rows)))
    assert list(Target.objects.order_by("pk").values_list("value", flat=True)) == [Decimal(1200), Decimal("95.5")]
    job = bring_in(world.staff, Kind.TARGETS, xlsx(headers, ["25217", 2026, "TT01", "95.5"], ["25217", 26, "XX", -1]))
    assert [line.split(":")[0] for line in said(job)] == [
        "2 Chỉ tiêu giao",
        "3 Năm",
        "3 Mã chỉ tiêu",
        "3 Chỉ tiêu giao",
    ]


RATES = ["Mã đơn vị", "Năm", "Tháng", "Mã chỉ tiêu", "Mã dịch vụ", "Tỷ lệ", "Chỉ tiêu giao"]


def test_targets_of_rates_and_of_a_month(world):
    rows = [
        ["25217", 2026, None, None, None, "Trước và đúng hạn", 98],
        ["25217", 2026, 11, None, "dvc09", "trực tuyến", "85,5"],
        ["25217", 2026, 11, "TT01", None, None, 1200],
        ["25217", 2026, None, "TT01", None, None, 9000],
    ]
    write(bring_in(world.staff, Kind.TARGETS, xlsx(RATES, *rows)))
    found = Target.objects.order_by("pk").values_list("month", "indicator__code", "service__code", "rate", "value")
    assert list(found) == [
        (0, None, None, "in_time_rate", 98),
        (11, None, "DVC09", "online_rate", Decimal("85.5")),
        (11, "TT01", None, "", 1200),
        (0, "TT01", None, "", 9000),
    ]
    again = bring_in(world.staff, Kind.TARGETS, xlsx(RATES, *rows))
    assert totals(again) == (0, 0, 4, 0)
    rows[1][6] = 90
    write(bring_in(world.staff, Kind.TARGETS, xlsx(RATES, *rows)))
    assert Target.objects.filter(service__code="DVC09").values_list("value", flat=True).get() == 90
    assert Target.objects.count() == 4


def test_a_row_sets_an_indicator_or_a_rate_of_a_unit_that_exists_then(world):
    rows = [
        ["25217", 2026, None, "TT01", None, "Trực tuyến", 1],
        ["25217", 2026, None, "TT01", "DVC09", None, 1],
        ["25217", 2026, None, None, "DVC09", None, 1],
        ["25217", 2026, None, None, None, None, 1],
        ["25217", 2026, None, None, "DVC99", "trực tuyến", 1],
        ["25217", 2026, 13, None, None, "nhanh", 1],
        ["25217", 2026, None, None, "DVC09", "trực tuyến", 101],
        ["25217", 2025, 6, "TT01", None, None, 1],
    ]
    job = bring_in(world.staff, Kind.TARGETS, xlsx(RATES, *rows))
    assert said(job) == [
        "2 Tỷ lệ: Một dòng giao một thứ: để trống “Mã chỉ tiêu” hoặc “Tỷ lệ”.",
        "3 Mã dịch vụ: Chỉ tiêu của danh mục không theo dịch vụ; để trống ô này.",
        "4 Tỷ lệ: Ghi “Mã chỉ tiêu”, hoặc ghi “Tỷ lệ” nếu giao tỷ lệ.",
        "5 Mã chỉ tiêu: Ghi “Mã chỉ tiêu”, hoặc ghi “Tỷ lệ” nếu giao tỷ lệ.",
        "6 Mã dịch vụ: Không có dịch vụ mã DVC99.",
        "7 Tháng: Số từ 0 đến 12.",
        "7 Tỷ lệ: Không có “nhanh”. Chọn một trong: trực tuyến; trước và đúng hạn.",
        "8 Chỉ tiêu giao: Chỉ tiêu này ghi phần trăm, nhiều nhất 100.",
        "9 Năm: Đơn vị không hoạt động trong tháng 06/2025.",
    ]
    assert not Target.objects.exists()


# --- scope


@pytest.mark.parametrize(
    ("person", "code", "accepted"),
    [
        ("officer", "25217", True),
        ("leader", "25217", True),
        ("officer", "25220", False),  # next door
        ("officer", "75", False),  # above
        ("staff", "25220", True),
        ("reviewer", "75", True),
        ("staff", "25057", False),  # another province
        ("stranger_reviewer", "25217", False),
        ("administrator", "25057", True),
    ],
)
def test_rows_outside_the_scope_are_refused(world, person, code, accepted):
    row = [code, "Tổ công tác", DAY, "Tổ công tác", None, None, None]
    job = bring_in(getattr(world, person), Kind.TASK_FORCES, xlsx(FORCE, row))
    if accepted:
        assert (job.state, totals(job)) == (State.READY, (1, 0, 0, 0))
    else:
        assert job.state == State.REFUSED
        assert said(job) == [f"2 Mã đơn vị: {code} nằm ngoài phạm vi của bạn."]


@pytest.mark.parametrize("person", ["chair", "auditor"])
def test_who_only_reads_brings_nothing_in(world, person):
    with pytest.raises(PermissionDenied):
        bring_in(getattr(world, person), Kind.TASK_FORCES, xlsx(FORCE, ["25217", "Tổ công tác", DAY, "Tổ"]))


@pytest.mark.parametrize(
    ("person", "kind"),
    [("officer", Kind.USERS), ("reviewer", Kind.USERS), ("staff", Kind.UNITS), ("leader", Kind.UNITS)],
)
def test_kinds_that_are_not_for_everybody(world, person, kind):
    with pytest.raises(PermissionDenied):
        bring_in(getattr(world, person), kind, xlsx(FORCE, ["25217"]))


def test_a_reused_code_needs_its_first_day(world):
    """25217 was Phường Long Thủy until June 2025 and is Phường Phước Long since."""
    headers = [*FORCE, "Đơn vị có từ ngày"]
    row = ["25217", "Tổ công tác", DAY, "Tổ", None, None, None, "01/11/2021"]
    job = bring_in(world.administrator, Kind.TASK_FORCES, xlsx(headers, row))
    assert said(job) == ["2 Mã đơn vị: Phường Long Thủy đã kết thúc ngày 30/06/2025; sổ chỉ còn để đọc."]
    row[-1] = "01/07/2025"
    assert totals(bring_in(world.administrator, Kind.TASK_FORCES, xlsx(headers, row))) == (1, 0, 0, 0)


def test_people_of_a_closed_unit_bring_nothing_in(world):
    with pytest.raises(PermissionDenied):
        bring_in(world.old_officer, Kind.TASK_FORCES, xlsx(FORCE, ["25216", "Tổ công tác", DAY, "Tổ"]))


def test_an_unknown_code_says_what_may_be_meant(world):
    UnitVersion.objects.filter(unit=world.phuoc_binh).update(name="Phường Phước Bình")
    world.phuoc_binh.code = "00220"
    world.phuoc_binh.save()
    rows = [[220, "Tổ công tác", DAY, "Tổ"], ["99999", "Tổ công tác", DAY, "Tổ"]]
    assert said(bring_in(world.staff, Kind.TASK_FORCES, xlsx(FORCE[:4], *rows))) == [
        "2 Mã đơn vị: Không có đơn vị mã 220 vào ngày 16/11/2026. Có phải 00220? Ghi đủ số 0 ở đầu.",
        "3 Mã đơn vị: Không có đơn vị mã 99999 vào ngày 16/11/2026.",
    ]


# --- accounts

ACCOUNT = ["Tên đăng nhập", "Họ và tên", "Thư công vụ", "Mã đơn vị", "Vai trò", "Bộ phận", "Từ ngày"]


def account(name="vanan", full="Nguyễn Văn An", unit="25217", role="Cán bộ nhập liệu", branch="Công an", mail=None):
    return [name, full, mail, unit, role, branch, "01/12/2026"]


def test_accounts_with_postings(world):
    rows = [
        account(),
        account(unit="25220", role="Lãnh đạo đơn vị", branch=None),
        account("thibe", "Lê Thị Bé", mail="be@dongnai.example", branch="Văn phòng HĐND và UBND"),
    ]
    job = write(bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, *rows)))
    assert (job.state, totals(job)) == (State.DONE, (3, 0, 0, 0))
    user = User.objects.get(username="vanan")
    assert not user.has_usable_password()
    assert user.must_change_password
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert list(user.postings.order_by("pk").values_list("unit__code", "role", "branch")) == [
        ("25217", Role.OFFICER, Branch.POLICE),
        ("25220", Role.LEADER, ""),
    ]
    assert PostingEvent.objects.filter(by=world.staff, action="given", note="Nhập từ tệp tep.xlsx").count() == 3
    before = everything()
    assert totals(write(bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, *rows)))) == (0, 0, 3, 0)
    assert everything() == before


def test_accounts_that_staff_may_not_make(world):
    make_person("khac", "Người Khác", world.da_huoai, Role.LEADER)
    rows = [
        account("a-b-c", role="Tổ giúp việc cấp tỉnh", branch=None, unit="75"),
        account("d-e-f", unit="25057"),
        account("khac", "Tên Mới"),
        account("quantri", "Tên Mới"),
        account("ha", "Tên Mới"),
        account("Có Dấu"),
        account("xyz", branch=None),
        account("xyz2", role="Quản trị", branch=None),
    ]
    lines = said(bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, *rows)))
    assert [line.split(":")[0] for line in lines] == [
        "2 Vai trò",
        "3 Mã đơn vị",
        "4 Tên đăng nhập",
        "5 Tên đăng nhập",
        "6 Tên đăng nhập",
        "7 Tên đăng nhập",
        "8 Bộ phận",
        "9 Vai trò",
    ]
    assert User.objects.filter(full_name="Tên Mới").count() == 0


def test_a_file_changes_the_email_of_no_account_that_exists(world):
    """Whoever could would ask for the password of the chair to be reset, and be the chair."""
    for name, full, stored, given in (
        ("khoa", "Võ Minh Khoa", "", "toi@dongnai.example"),
        ("nhung", "Nguyễn Thị Hồng Nhung", "nhung@dongnai.example", "toi@dongnai.example"),
    ):
        user = User.objects.get(username=name)
        User.objects.filter(pk=user.pk).update(email=stored)
        job = bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, account(name, full, mail=given)))
        assert job.state == State.REFUSED
        assert [line.split(":")[0] for line in said(job)] == ["2 Thư công vụ"]
        assert User.objects.get(pk=user.pk).email == stored
    for same in ("nhung@dongnai.example", None):  # a blank leaves what is stored
        write(bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, account("nhung", "Nguyễn Thị Hồng Nhung", mail=same))))
        assert User.objects.get(username="nhung").email == "nhung@dongnai.example"


def test_a_reviewer_brought_in_by_file_waits_and_has_no_slip_for_who_brought_him(world):
    job = write(bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, account(role="Người duyệt", branch=None, unit="75"))))
    assert job.state == State.DONE
    assert User.objects.get(username="vanan").postings.get().waits
    assert import_jobs.accounts_of_one(import_jobs.new_accounts(job)) == []


# --- units


def test_units_are_previewed_written_and_refused(world):
    roster = kinds.ROSTERS[Kind.UNITS](world.administrator)
    headers = [column.column_name for column in roster.columns()]
    rows = [list(row) for row in sheets_out.export_rows(roster, world.administrator, Kind.UNITS)]
    job = bring_in(world.administrator, Kind.UNITS, xlsx(headers, *rows))
    assert (job.state, totals(job)) == (State.READY, (0, 0, len(rows), 0)), said(job)
    by_code = {(row[0], row[1]): row for row in rows}
    changed = list(by_code["25390", "01/07/2025"])
    changed[2] = "Phường Phú Riềng"
    changed[4] = "Phường"
    new = ["25999", "01/07/2026", "Xã Mới", "Mới", "Xã", "Cấp xã", "75", "01/07/2025", None, "Chính xác", None]
    job = bring_in(world.administrator, Kind.UNITS, xlsx(headers, changed, new))
    assert (job.state, totals(job)) == (State.READY, (1, 1, 0, 0)), said(job)
    assert not UnitVersion.objects.filter(name="Xã Mới").exists()
    write(job)
    assert UnitVersion.objects.get(name="Xã Mới").path.endswith(
        f"/{world.dong_nai.pk}/{UnitVersion.objects.get(name='Xã Mới').unit_id}/"
    )
    assert UnitVersion.objects.get(unit=world.phu_rieng).name == "Phường Phú Riềng"
    new[0], new[6] = "25998", "11"
    job = bring_in(world.administrator, Kind.UNITS, xlsx(headers, new))
    assert said(job) == ["2 : Không có đơn vị cấp trên mã 11 từ ngày 2025-07-01."]


# --- out and in again


@pytest.fixture
def filled(world, force):
    """Something of every kind."""
    for number in (1, 2):
        team = TaskForce.objects.create(
            unit=world.phuoc_long, kind="inspection_team", name=f"Tổ kiểm tra số {number}", valid_from=DAY
        )
        person = Person.objects.create(unit=world.phuoc_long, full_name=f"Kiểm Tra {number}")
        Membership.objects.create(task_force=team, person=person, role="head", valid_from=DAY)
    rows = [member("Nguyễn Văn An", "Tổ trưởng", "0271 3777 001"), member("'=1+1", post="'+Công chức")]
    write(bring_in(world.officer, Kind.MEMBERS, csv_file(MEMBER, *rows)))
    VillageTeam.objects.create(
        unit=world.phuoc_long, kind="working_group", village="Khu phố 1", members=6, founded_on=DAY, valid_from=DAY
    )
    Document.objects.create(
        unit=world.phuoc_long, task_force=force, kind="founding_decision", number="57", issued_on=DAY, title="QĐ"
    )
    plan = SourceDocument.objects.create(number="5/KH", issued_on=DAY, issuing_body="UBND", title="Kế hoạch")
    item = SourceItem.objects.create(source=plan, code="1", text="Làm sạch dữ liệu\nđất đai")
    Assignment.objects.create(item=item, unit=world.phuoc_long, part="lead", assigned_on=DAY, body="Công an")
    write(
        bring_in(
            world.staff,
            Kind.TARGETS,
            xlsx(["Mã đơn vị", "Năm", "Mã chỉ tiêu", "Chỉ tiêu giao"], ["75", 2026, "TT01", 95.5]),
        )
    )
    return world


@pytest.mark.parametrize("kind", [kind for kind in kinds.ROSTERS if kind != Kind.UNITS])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_was_taken_out_changes_nothing_when_brought_in(filled, kind, form):
    by = filled.staff
    roster = kinds.ROSTERS[kind](by)
    rows = sheets_out.export_rows(roster, by, kind)
    assert rows
    content = io.BytesIO()
    if form == "xlsx":
        sheets_out.write_template(content, roster, kind, "Tệp", rows)
    else:
        sheets_out.write_csv(content, roster, rows)
    before = everything()
    job = bring_in(by, kind, SimpleUploadedFile(f"tep.{form}", content.getvalue()))
    assert (job.state, totals(job)) == (State.READY, (0, 0, len(rows), 0)), (said(job), job.preview)
    write(job)
    assert everything() == before


def test_a_formula_in_a_name_stays_text(filled):
    roster = kinds.ROSTERS[Kind.MEMBERS](filled.staff)
    rows = sheets_out.export_rows(roster, filled.staff, Kind.MEMBERS)
    content = io.BytesIO()
    sheets_out.write_template(content, roster, Kind.MEMBERS, "Tệp", rows)
    page = openpyxl.load_workbook(io.BytesIO(content.getvalue()))[tables.DATA_SHEET]
    cell = next(cell for row in page.iter_rows() for cell in row if cell.value == "=1+1")
    assert cell.data_type == "s"
    text = io.BytesIO()
    sheets_out.write_csv(text, roster, rows)
    assert b",'=1+1," in text.getvalue()
    assert b",'+C" in text.getvalue()


def test_contacts_leave_only_with_those_who_may(filled):
    without = kinds.ROSTERS[Kind.MEMBERS](filled.chair, with_contacts=False)
    rows = sheets_out.export_rows(without, filled.chair, Kind.MEMBERS)
    assert len(rows) == 4
    assert not {"Điện thoại cơ quan", "Thư công vụ"} & {c.column_name for c in without.columns()}
    assert not any("0271" in str(cell) for row in rows for cell in row)


def test_export_holds_only_rows_of_the_scope(filled):
    for person, count in (("officer", 4), ("neighbour", 0), ("stranger_reviewer", 0), ("reviewer", 4)):
        user = getattr(filled, person)
        assert len(sheets_out.export_rows(kinds.ROSTERS[Kind.MEMBERS](user), user, Kind.MEMBERS)) == count, person


@pytest.mark.parametrize("kind", list(kinds.ROSTERS))
def test_the_template_is_read_back_as_empty(world, kind):
    roster = kinds.ROSTERS[kind](world.administrator)
    content = io.BytesIO()
    sheets_out.write_template(content, roster, kind, "Tệp")
    book = openpyxl.load_workbook(io.BytesIO(content.getvalue()))
    assert book.sheetnames == [tables.DATA_SHEET, sheets_out.GUIDE_SHEET, sheets_out.LISTS_SHEET]
    page = book[tables.DATA_SHEET]
    assert all(cell.comment is not None for cell in page[1])
    assert page.data_validations.dataValidation or kind == Kind.TARGETS
    assert page["A2"].number_format == "@"
    with pytest.raises(tables.FileRefused, match="không có dòng dữ liệu nào"):
        tables.read(content, "mau.xlsx", roster.known_columns(), roster.required_columns())


def test_queries_do_not_grow_with_the_rows(world, force):
    def queries(count):
        rows = [member(f"Người {count} {i}") for i in range(count)]
        with CaptureQueriesContext(connection) as captured:
            job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows))
            assert totals(write(job))[0] == count
        return len(captured)

    queries(1)  # rows that are there already cost a query more than none
    assert queries(40) == queries(5)


def test_csv_and_reordered_columns(world):
    upload = csv_file(
        ["Tên tổ", "MÃ ĐƠN VỊ *", "Thành lập ngày", "loại tổ"],
        ["Tổ", " 25217 ", "15/1/2026", "tổ công tác"],
        separator=";",
    )
    job = write(bring_in(world.officer, Kind.TASK_FORCES, upload))
    assert (job.state, totals(job)) == (State.DONE, (1, 0, 0, 0))


def test_a_unit_tells_progress_and_changes_nothing_else_of_its_assignments(world):
    plan = SourceDocument.objects.create(number="5/KH", issued_on=DAY, issuing_body="UBND tỉnh", title="Kế hoạch")
    items = [SourceItem.objects.create(source=plan, code=code, text="Việc") for code in ("1", "2")]
    Assignment.objects.create(
        item=items[0], unit=world.phuoc_long, part="lead", assigned_on=DAY, due_on=dt.date(2026, 12, 31)
    )
    headers = ["Số văn bản", "Mã nhiệm vụ", "Mã đơn vị", "Vai trò", "Giao ngày", "Hạn hoàn thành", "Tiến độ"]
    row = ["5/KH", "1", "25217", "Chủ trì", "15/01/2026", "31/12/2027", "Đạt 60%"]
    new = ["5/KH", "2", "25217", "Chủ trì", "15/01/2026", None, None]
    assert said(bring_in(world.officer, Kind.ASSIGNMENTS, xlsx(headers, row, new))) == [
        "2 Hạn hoàn thành: Chỉ cấp giao mới đổi được ô này (đang ghi “31/12/2026”).",
        "3 Mã nhiệm vụ: Nhiệm vụ này chưa giao cho đơn vị; chỉ cấp giao mới thêm được.",
    ]
    row[5] = None
    assert totals(write(bring_in(world.officer, Kind.ASSIGNMENTS, xlsx(headers, row)))) == (0, 1, 0, 0)
    assert Assignment.objects.get().progress == "Đạt 60%"
