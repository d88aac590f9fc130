"""People of a body that has ended read its months and write nothing: they import, answer and give nothing away."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from reporting import difficulties
from reporting.models import Difficulty, Report
from taskforces import scope
from taskforces.models import ImportJob, Posting, Role, TaskForce, User
from taskforces.people import postings
from tests.conftest import make_person
from tests.import_sheets import bring_in, xlsx

LAST_DAY, DAY_AFTER = "2025-06-30 23:00", "2025-07-01 00:30"
ACCOUNT = ["Tên đăng nhập", "Họ và tên", "Mã đơn vị", "Vai trò", "Bộ phận", "Từ ngày"]
FORCE = ["Mã đơn vị", "Loại tổ", "Thành lập ngày", "Tên tổ"]


def fresh(user):
    """As the next request reads it: postings are read once for each user object."""
    return User.objects.get(pk=user.pk)


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    from taskforces import tasks

    for task in (tasks.check_import, tasks.write_import):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)


@pytest.fixture
def raised(world, month, at):
    """A difficulty of Thác Mơ in June 2025, which lies with its district."""
    at("2025-06-16 09:00")
    report = Report.objects.get(unit=world.thac_mo, period=month("2025-06"))
    found = difficulties.raise_difficulty(
        by=world.old_officer, report_id=report.pk, kind="network", text="Đường truyền chậm.", proposal="Nâng cấp."
    )
    report.status, report.revision, report.submitted_at = "submitted", 1, dt.datetime(2025, 6, 16, 3, tzinfo=dt.UTC)
    report.save()
    return found


@pytest.mark.parametrize("person", ["district_reviewer", "old_staff"])
def test_a_closed_body_answers_no_difficulty(world, raised, at, client, person):
    who = getattr(world, person)
    at(DAY_AFTER)
    url = reverse("difficulty-answer", args=[raised.pk])
    client.force_login(who)
    assert client.post(url, {"note": "Sẽ làm."}).status_code == 403
    with pytest.raises(PermissionDenied):
        difficulties.answer(by=fresh(who), difficulty_id=raised.pk, note="Sẽ làm.")
    assert Difficulty.objects.get(pk=raised.pk).state == "open"
    at(LAST_DAY)
    assert difficulties.answer(by=fresh(who), difficulty_id=raised.pk, note="Sẽ làm.").state == "answered"


@pytest.mark.parametrize(
    ("person", "kind", "headers", "row"),
    [
        ("old_officer", "task_forces", FORCE, ["25216", "Tổ công tác", "15/01/2025", "Tổ"]),
        ("district_reviewer", "task_forces", FORCE, ["25216", "Tổ công tác", "15/01/2025", "Tổ"]),
        ("old_staff", "task_forces", FORCE, ["25216", "Tổ công tác", "15/01/2025", "Tổ"]),
        ("old_staff", "users", ACCOUNT, ["moi", "Người Mới", "25216", "Lãnh đạo đơn vị", None, "01/06/2025"]),
    ],
)
def test_a_closed_body_brings_nothing_in(world, at, client, person, kind, headers, row):
    who = getattr(world, person)
    at(LAST_DAY)
    job = bring_in(fresh(who), kind, xlsx(headers, row))  # the same file, a day earlier: taken
    assert job.state == ImportJob.State.READY, job.preview
    at(DAY_AFTER)
    with pytest.raises(PermissionDenied):
        bring_in(fresh(who), kind, xlsx(headers, row))
    client.force_login(who)
    assert client.post(reverse("import-confirm", args=[job.pk])).status_code in {403, 404}
    before = ImportJob.objects.count()
    upload = {"kind": kind, "loai": kind, "tep": xlsx(headers, row), "file": xlsx(headers, row)}
    assert client.post(reverse("import-upload"), upload).status_code in {302, 403, 404}
    assert ImportJob.objects.count() == before
    assert not TaskForce.objects.exists()
    assert not User.objects.filter(username="moi").exists()


def test_a_closed_body_gives_no_role_and_no_account(world, at, client):
    new = User.objects.create(username="moi", full_name="Người Mới")
    day = dt.date(2025, 6, 1)
    at(DAY_AFTER)
    staff = fresh(world.old_staff)
    assert not scope.may_import_accounts(staff)
    assert scope.roles_given_by(staff, world.thac_mo.versions.get().path) == ()
    with pytest.raises(ValidationError):
        postings.give(by=staff, user=new, unit=world.thac_mo, role=Role.LEADER, valid_from=day)
    client.force_login(world.old_staff)
    assert client.get(reverse("posting-give")).status_code == 403
    data = {"user": new.pk, "unit": world.thac_mo.pk, "role": Role.LEADER, "valid_from": "2025-06-01"}
    assert client.post(reverse("posting-give"), data).status_code == 403
    assert not Posting.objects.filter(user=new).exists()
    at(LAST_DAY)
    staff = fresh(world.old_staff)
    assert scope.may_import_accounts(staff)
    postings.give(by=staff, user=new, unit=world.thac_mo, role=Role.LEADER, valid_from=day)
    assert Posting.objects.filter(user=new).exists()


def test_an_administrator_of_a_closed_body_keeps_no_units_and_gives_no_role(world, at):
    """Administrators belong to the nation; one posted to a province that ended has nothing left to administer."""
    at(DAY_AFTER)
    old = fresh(make_person("cu", "Người Cũ", world.binh_phuoc, Role.ADMINISTRATOR))
    path = world.phuoc_long.versions.get().path
    assert not scope.is_administrator(old)
    assert not scope.may_import_units(old)
    assert not scope.may_import_accounts(old)
    assert not scope.may_keep_sources(old)
    assert not scope.may_assign(old, world.phuoc_long)
    assert scope.roles_given_by(old, path) == ()
    assert scope.sees_everything(old)  # reading stays
    at(LAST_DAY)
    assert scope.may_import_units(fresh(old))
