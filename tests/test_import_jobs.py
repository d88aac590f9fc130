"""One import from the upload to the result, and the accounts it makes: what is shown, what is written, who may."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from taskforces import tasks
from taskforces.imports import import_jobs
from taskforces.models import ContactExport, ImportJob, Membership, Person, Posting, Role, TaskForce, User
from taskforces.people import passwords
from tests.conftest import make_person
from tests.import_sheets import bring_in, said, totals, write, xlsx
from tests.test_imports import ACCOUNT, FORCE, MEMBER, account, member

pytestmark = pytest.mark.once


Kind, State = ImportJob.Kind, ImportJob.State
DAY = dt.date(2026, 1, 15)
OWN_PASSWORD = "mot-mat-khau-cua-rieng-toi"


@pytest.fixture(autouse=True)
def today(at, monkeypatch):
    for task in (tasks.check_import, tasks.write_import):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)
    at("2026-11-16 09:00")


@pytest.fixture
def force(world):
    return TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ công tác", valid_from=DAY)


def result_rows(job):
    with default_storage.open(import_jobs.result_name(job)) as file:
        page = openpyxl.load_workbook(io.BytesIO(file.read()))["Kết quả"]
    return list(page.iter_rows(values_only=True))


# --- nothing is saved by halves


def test_one_wrong_row_saves_nothing_and_says_everything(world, force):
    rows = [
        member("Nguyễn Văn An", "Tổ trưởng"),
        member("", "Sếp", since="31/02/2026"),
        member("Lê Thị Bé", until="01/01/2026"),
    ]
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *rows))
    assert (job.state, totals(job)) == (State.REFUSED, (1, 0, 0, 2))
    assert said(job) == [
        "3 Họ và tên: Chưa ghi.",
        "3 Vai trò: Không có “Sếp”. Chọn một trong: Tổ trưởng; Tổ phó thường trực; Tổ phó; Thư ký; Thành viên.",
        "3 Từ ngày: Không có ngày 31/02/2026. Ghi ngày trước, tháng sau: 09/08/2022.",
        "4 Đến hết ngày: Ngày kết thúc phải sau ngày bắt đầu.",
    ]
    with pytest.raises(import_jobs.NotNow):
        import_jobs.confirm(job_id=job.pk, by=world.officer)
    import_jobs.write(job.pk)
    assert not Membership.objects.exists()
    assert not Person.objects.exists()


def test_rows_given_twice_are_named(world, force):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An"), [None], member("An")))
    assert said(job) == ["4 : Trùng với dòng 2."]
    assert job.preview["blank_rows"] == 1


def test_the_result_file_holds_every_row(world, force):
    people = [member(f"Người {i}") for i in range(import_jobs.SHOWN + 30)]
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *people))
    assert (len(job.preview["rows"]), job.preview["of"]) == (200, 230)  # and the page says so
    job = write(job)
    rows = result_rows(job)
    assert len(rows) == 1 + job.rows == 231
    assert rows[0][:4] == ("Dòng", "Kết quả", "Ghi chú", "Mã đơn vị")
    assert {row[1] for row in rows[1:]} == {"Mới"}
    people[0][3] = "Sếp"
    rows = result_rows(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, *people)))
    assert rows[1][1:3] == ("Có lỗi", rows[1][2])
    assert rows[1][2].startswith("Cột Vai trò: Không có “Sếp”.")
    assert [row[1] for row in rows[2:]] == ["Giữ nguyên"] * 229


def test_files_with_names_and_phones_are_removed_after_the_kept_days(world, force, at):
    job = write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("Người ở lại"))))
    upload = job.file.name
    at("2026-12-16 09:00")  # thirty days later
    assert tasks.remove_old_imports() == 0
    at("2026-12-16 09:01")
    assert tasks.remove_old_imports() == 1
    assert not default_storage.exists(upload)
    assert not default_storage.exists(import_jobs.result_name(job))
    job.refresh_from_db()
    assert (job.state, job.preview, len(job.sha256)) == (State.DONE, {}, 64)  # what was done stays on record
    assert Person.objects.filter(full_name="Người ở lại").exists()
    assert tasks.remove_old_imports() == 0


def test_a_formula_in_the_result_file_stays_text(world, force):
    job = bring_in(
        world.officer,
        Kind.MEMBERS,
        SimpleUploadedFile(
            "tep.csv",
            ("Mã đơn vị,Loại tổ,Họ và tên,Vai trò,Từ ngày\n25217,Tổ công tác,'=1+1,Thành viên,15/01/2026\n").encode(),
        ),
    )
    with default_storage.open(import_jobs.result_name(job)) as file:
        page = openpyxl.load_workbook(io.BytesIO(file.read()))["Kết quả"]
    cells = [cell for row in page.iter_rows() for cell in row if cell.value and "=1+1" in str(cell.value)]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


# --- the moment of writing


def test_what_changed_since_the_preview_goes_back_to_the_preview(world, force):
    job = bring_in(world.officer, Kind.TASK_FORCES, xlsx(FORCE, ["25217", "Tổ công tác", DAY, "Tên mới"]))
    assert job.preview["rows"][0]["changes"] == [["Tên tổ", "Tổ công tác", "Tên mới"]]
    TaskForce.objects.update(name="Tên người khác vừa sửa")
    job = write(job)
    assert (job.state, job.message) == (State.READY, import_jobs.CHANGED_SINCE)
    assert TaskForce.objects.get().name == "Tên người khác vừa sửa"
    assert job.preview["rows"][0]["changes"] == [["Tên tổ", "Tên người khác vừa sửa", "Tên mới"]]
    assert write(job).state == State.DONE
    assert TaskForce.objects.get().name == "Tên mới"


def test_a_right_lost_since_the_preview(world, force):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    Posting.objects.filter(user=world.officer).update(unit=world.phuoc_binh)
    import_jobs.write(job.pk)
    job.refresh_from_db()
    assert (job.state, said(job)) == (State.REFUSED, ["2 Mã đơn vị: 25217 nằm ngoài phạm vi của bạn."])
    assert not Membership.objects.exists()
    Posting.objects.filter(user=world.officer).update(valid_to=dt.date(2026, 1, 1))
    job.state = State.WRITING
    job.save()
    import_jobs.write(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == (State.REFUSED, "Bạn không còn quyền nhập loại tệp này; chưa nhập gì.")


def test_delivered_twice_it_is_written_once(world, force):
    job = write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An"))))
    for _ in range(2):
        import_jobs.check(job.pk)
        import_jobs.write(job.pk)
    job.refresh_from_db()
    assert (job.state, totals(job), Membership.objects.count()) == (State.DONE, (1, 0, 0, 0), 1)


def test_a_database_that_refuses_leaves_nothing(world, force, monkeypatch):
    """A head seated by somebody else between the last look and the writing."""
    from taskforces.imports.register_rows import MemberRoster

    other = Person.objects.create(unit=world.phuoc_long, full_name="Người khác")
    load = MemberRoster.load

    def load_then_seat(self, rows, unit_ids):
        load(self, rows, unit_ids)
        if self.is_writing:
            Membership.objects.create(task_force=force, person=other, role="head", valid_from=DAY)

    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An", "Tổ trưởng"), member("Bé")))
    monkeypatch.setattr(MemberRoster, "load", load_then_seat)
    with transaction.atomic():
        job = write(job)
    assert (job.state, job.message) == (State.READY, import_jobs.CHANGED_SINCE)
    assert not Person.objects.filter(full_name__in=["An", "Bé"]).exists()


def test_something_broken_is_told_and_logged(world, force, monkeypatch, caplog):
    from taskforces.imports.register_rows import MemberRoster

    monkeypatch.setattr(MemberRoster, "find", lambda *args: 1 / 0)
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    assert (job.state, job.message) == (State.REFUSED, import_jobs.BROKEN.format(str(job.pk)[:8]))
    assert "ZeroDivisionError" in caplog.text


# --- the pages


def test_from_the_form_to_the_result(world, force, client):
    client.force_login(world.officer)
    page = client.get(reverse("import-list")).content.decode()
    assert "Thành viên tổ công tác" in page
    assert "Tài khoản và phân công" not in page  # not theirs to bring in
    upload = xlsx(MEMBER, member("Nguyễn Văn An", "Tổ trưởng"), member("Lê Thị Bé"))
    response = client.post(reverse("import-upload"), {"loai": "thanh-vien", "tep": upload})
    job = ImportJob.objects.get()
    assert response["Location"] == job_url(job)
    assert (job.sha256, job.size, job.file_name, job.by) == (job.sha256, upload.size, "tep.xlsx", world.officer)
    assert re.fullmatch("[0-9a-f]{64}", job.sha256)
    import_jobs.check(job.pk)
    page = client.get(job_url(job)).content.decode()
    assert "2 dòng sẽ thay đổi sổ, chờ xác nhận" in page
    client.post(reverse("import-confirm", args=[job.pk]))
    assert "Đang nhập 2 dòng" in client.get(job_url(job)).content.decode()
    partial = client.get(job_url(job), headers={"HX-Request": "true"})
    assert "HX-Refresh" not in partial
    assert "<html" not in partial.content.decode()
    import_jobs.write(job.pk)
    assert client.get(job_url(job), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(job_url(job)).content.decode()
    assert "Đã nhập 2 dòng" in page
    response = client.get(reverse("import-result", args=[job.pk]))
    assert response["Content-Disposition"].startswith('attachment; filename="Ket-qua_thanh-vien_')
    assert openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))["Kết quả"].max_row == 3
    assert client.post(reverse("import-cancel", args=[job.pk]), follow=True).content.decode().count("không bỏ được nữa")


def job_url(job):
    return reverse("import-detail", args=[job.pk])


def test_refused_uploads_come_back_with_the_reason(world, client):
    client.force_login(world.officer)
    for data, words in (
        ({"loai": "thanh-vien"}, "Chọn tệp."),
        ({"tep": xlsx(MEMBER)}, "Chọn loại dữ liệu và chọn tệp."),
        ({"loai": "thanh-vien", "tep": SimpleUploadedFile("a.csv", b"MZ" + b"\0" * 99)}, "chương trình"),
    ):
        response = client.post(reverse("import-upload"), data)
        assert response.status_code == 400
        assert words in response.content.decode()
    assert client.post(reverse("import-upload"), {"loai": "tai-khoan", "tep": xlsx(ACCOUNT)}).status_code == 403
    assert not ImportJob.objects.exists()


def test_a_refused_file_says_so_and_can_be_dropped(world, client):
    client.force_login(world.officer)
    client.post(
        reverse("import-upload"), {"loai": "thanh-vien", "tep": xlsx(["Cột lạ", "Mã đơn vị", "Loại tổ"], ["x"])}
    )
    job = ImportJob.objects.get()
    import_jobs.check(job.pk)
    page = client.get(job_url(job)).content.decode()
    assert "Tệp không nhập được, chưa nhập gì" in page
    assert "không có cột nào tên “Cột lạ”" in page
    name = job.file.name
    import_jobs.cancel(job_id=job.pk, by=world.officer)
    job.refresh_from_db()
    assert (job.state, job.file.name) == (State.CANCELLED, "")
    assert name


def test_every_file_waits_for_the_worker(world, client, monkeypatch):
    """64 KB can hold rows that take minutes: none of it is read in the request."""
    asked = []
    monkeypatch.setattr(tasks.check_import, "delay_on_commit", asked.append)
    client.force_login(world.officer)
    client.post(reverse("import-upload"), {"loai": "thanh-vien", "tep": xlsx(MEMBER, member("An"))})
    job = ImportJob.objects.get()
    assert (job.state, asked) == (State.WAITING, [str(job.pk)])
    assert 'hx-trigger="every 1s"' in client.get(job_url(job)).content.decode()


def test_colleagues_do_not_see_each_others_files(world, force, client):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    client.force_login(world.leader)
    assert client.get(job_url(job)).status_code == 404
    assert job.file_name not in client.get(reverse("import-list")).content.decode()


def test_exports_with_contacts_are_logged(world, force, client):
    write(bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An", phone="0271 3777 001"), member("Bé"))))
    client.force_login(world.staff)
    address = reverse("register-export", args=["thanh-vien"])
    plain = client.get(address + "?dang=csv").content.decode("utf-8-sig")
    assert "0271" not in plain
    assert not ContactExport.objects.exists()
    assert "0271 3777 001" in client.get(address + "?dang=csv&lien_he=1").content.decode("utf-8-sig")
    logged = ContactExport.objects.get()
    assert (logged.by, logged.what, logged.rows) == (world.staff, "Xuất Thành viên tổ công tác", 2)
    assert client.get(address)["Content-Disposition"] == 'attachment; filename="thanh-vien_2026-11-16.xlsx"'
    client.force_login(world.chair)
    assert client.get(reverse("register-export", args=["tai-khoan"])).status_code == 403


# --- first passwords


@pytest.fixture
def new_account(world):
    job = write(
        bring_in(world.staff, Kind.USERS, xlsx(ACCOUNT, account(mail="an@dongnai.example"), account("thibe", "Bé")))
    )
    return job, User.objects.get(username="vanan")


def test_a_link_sets_the_first_password_once(new_account, client, at):
    job, user = new_account
    client.force_login(job.by)
    page = client.get(reverse("import-links", args=[job.pk]))
    assert page["Cache-Control"] == "private, no-store"
    links = re.findall(r"/dat-mat-khau/[^/]+/[^/<]+/", page.content.decode())
    assert len(links) == 2
    client.logout()
    link = passwords.link_path(user)
    assert "vanan" in client.get(link).content.decode()
    weak = client.post(link, {"new_password1": "12345678", "new_password2": "12345678"})
    assert weak.status_code == 200
    assert "field has-error" in weak.content.decode()
    response = client.post(link, {"new_password1": OWN_PASSWORD, "new_password2": OWN_PASSWORD})
    assert response["Location"] == reverse("account_login")
    user.refresh_from_db()
    assert user.check_password(OWN_PASSWORD)
    assert not user.must_change_password
    assert client.get(link).status_code == 410
    assert sorted(client.get(other).status_code for other in links) == [200, 410]  # the other person's still works
    assert client.post(link, {"new_password1": "x" * 12, "new_password2": "x" * 12}).status_code == 410
    assert [row.username for row in import_jobs.new_accounts(job)] == ["thibe"]


def test_a_link_ends_after_seven_days(new_account, client, at):
    _, user = new_account
    link = passwords.link_path(user)
    at("2026-11-23 08:59")
    assert client.get(link).status_code == 200
    at("2026-11-23 09:01")
    assert client.get(link).status_code == 410


@pytest.mark.parametrize("uid", ["MQ", "x", "!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk"])
def test_made_up_links(new_account, client, uid):
    assert client.get(reverse("set-password", args=[uid, "abc-def"])).status_code == 410


def test_a_link_ends_with_the_password_it_was_made_before(world, client):
    link = passwords.link_path(world.officer)
    world.officer.set_password(OWN_PASSWORD)
    world.officer.save()
    assert client.get(link).status_code == 410


def test_links_by_mail_go_to_those_with_an_address(new_account, client, monkeypatch):
    job, _ = new_account
    monkeypatch.setattr(tasks.send_password_links, "apply_async", lambda args, **_: tasks.send_password_links(*args))
    client.force_login(job.by)
    client.post(reverse("import-links-send", args=[job.pk]))
    (letter,) = mail.outbox
    assert letter.to == ["an@dongnai.example"]
    link = re.search(r"http://testserver(/dat-mat-khau/\S+)", letter.body).group(1)
    assert client.get(link).status_code == 200
    assert "Tên đăng nhập: vanan" in letter.body


def test_a_queue_that_takes_no_letters_is_said_so(new_account, client, monkeypatch):
    """They stand nowhere in the database: what is not taken now is picked up by nobody."""

    def refuse(*args, **kwargs):
        raise ConnectionError

    job, _ = new_account
    monkeypatch.setattr(tasks.send_password_links, "apply_async", refuse)
    client.force_login(job.by)
    page = client.post(reverse("import-links-send", args=[job.pk]), follow=True).text
    assert "Chưa gửi thư nào" in page
    assert "Đang gửi" not in page


def test_who_was_given_a_password_must_choose_one(world, client, settings):
    user = make_person("moi", "Người Mới", world.phuoc_long, Role.LEADER)
    user.set_password("do-nguoi-khac-dat")
    user.must_change_password = True
    user.save()
    client.force_login(user)
    change = reverse("account_change_password")
    for name in ("home", "import-list", "unit-list", "api-units"):
        response = client.get(reverse(name))
        assert (response.status_code, response["Location"]) == (302, change), name
    assert client.get(change).status_code == 200
    client.post(change, {"oldpassword": "do-nguoi-khac-dat", "password1": OWN_PASSWORD, "password2": OWN_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(OWN_PASSWORD)
    assert not user.must_change_password
    client.force_login(user)
    assert client.get(reverse("unit-list")).status_code == 200


# What beat does every minute for imports nobody finishes


@pytest.fixture
def sent(monkeypatch):
    """Messages as sent, ('write', id): lost on the way, nobody receives them."""
    messages = []
    monkeypatch.setattr(tasks.write_import, "delay_on_commit", lambda pk: messages.append(("write", pk)))
    monkeypatch.setattr(tasks.check_import, "delay_on_commit", lambda pk: messages.append(("check", pk)))
    monkeypatch.setattr(tasks.check_import, "waiting", lambda: 0)
    return messages


def test_a_lost_message_is_sent_again_and_the_file_is_brought_in(world, force, at, sent):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    sent.clear()  # lost
    at("2026-11-16 09:00:59")
    assert tasks.requeue_imports() == 0
    at("2026-11-16 09:01:01")
    assert [tasks.requeue_imports(), tasks.requeue_imports()] == [1, 0]
    assert sent == [("write", str(job.pk))]
    import_jobs.write(job.pk)
    at("2026-11-16 10:00")
    assert tasks.requeue_imports() == 0
    assert (ImportJob.objects.get().state, Membership.objects.count()) == (State.DONE, 1)


def test_nothing_is_sent_again_while_messages_wait(world, force, at, sent, monkeypatch):
    """Nobody reads files for a day, then the queue is lost."""
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    at("2026-11-16 09:00")
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    sent[:] = [("write", str(job.pk))]
    monkeypatch.setattr(tasks.check_import, "waiting", lambda: len(sent))
    for moment in ("2026-11-16 09:02", "2026-11-16 09:07", "2026-11-17 09:00"):
        at(moment)
        assert tasks.requeue_imports() == 0
    sent.clear()
    assert tasks.requeue_imports() == 1
    at("2026-11-17 09:10")
    assert tasks.requeue_imports() == 0
    import_jobs.write(job.pk)
    assert (ImportJob.objects.get().state, Membership.objects.count()) == (State.DONE, 1)


def test_a_step_whose_worker_is_killed_each_time_is_given_up(world, force, at, sent, monkeypatch):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    sent.clear()
    monkeypatch.setattr(import_jobs, "_open", lambda job: (_ for _ in ()).throw(SystemExit))  # kill -9: no handler runs
    for minute, tries in ((10, 1), (20, 2), (30, 3)):
        at(f"2026-11-16 09:{minute}")
        with pytest.raises(SystemExit):
            import_jobs.write(job.pk)
        job.refresh_from_db()
        assert (job.state, job.tries) == (State.WRITING, tries)
        at(f"2026-11-16 09:{minute + 4}")
        assert tasks.requeue_imports() == 0  # perhaps it still writes
        at(f"2026-11-16 09:{minute + 6}")
        assert tasks.requeue_imports() == (1 if tries < 3 else 0)
    job.refresh_from_db()
    assert job.state == State.REFUSED
    assert job.message.startswith("Máy chủ đã thử 3 lần mà không xong.")
    assert sent == 2 * [("write", str(job.pk))]
    assert not Membership.objects.exists()


def test_an_import_that_stands_still_says_so_and_can_be_dropped(world, force, client, at, sent):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    client.force_login(world.officer)
    page, drop = reverse("import-detail", args=[job.pk]), reverse("import-cancel", args=[job.pk])
    at("2026-11-16 09:04")
    assert "không tiến thêm" not in client.get(page).content.decode()
    assert "không bỏ được nữa" in client.post(drop, follow=True).content.decode()
    at("2026-11-16 09:06")
    text = client.get(page).content.decode()
    assert "Gửi lúc 09:00 16/11/2026, không tiến thêm từ 09:00 16/11/2026." in text
    assert drop in text
    client.post(drop)
    job.refresh_from_db()
    assert (job.state, job.file.name) == (State.CANCELLED, "")
    import_jobs.write(job.pk)  # the message comes after all
    assert not Membership.objects.exists()


def test_names_and_phones_of_an_import_nobody_finished_are_removed_too(world, force, at, sent):
    job = bring_in(world.officer, Kind.MEMBERS, xlsx(MEMBER, member("An")))
    import_jobs.confirm(job_id=job.pk, by=world.officer)
    upload = job.file.name
    at("2026-12-16 09:01")
    assert tasks.remove_old_imports() == 1
    assert not default_storage.exists(upload)
    job.refresh_from_db()
    assert (job.state, job.preview) == (State.CANCELLED, {})
