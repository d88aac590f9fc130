"""Pages of meetings, inspections and the agenda: what they show to whom, rows typed together, scope."""

import datetime as dt
import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from taskforces.models import Assignment, Document, InspectionFinding, Meeting, SourceDocument, TaskForce
from taskforces.register import inspections, meetings
from taskforces.register.keeping import found_task_force
from tests.conftest import make_person, make_unit

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
D = dt.date
FACTS = {"kind": "regular", "title": "", "chair": "Tổ trưởng", "points": None, "delegates": None, "minutes": ""}


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def force(world):
    return found_task_force(
        by=world.staff, unit=world.dong_nai, kind="working_group", name="Tổ công tác", valid_from=D(2026, 1, 5)
    )


@pytest.fixture
def meeting(world, force):
    return meetings.add_meeting(by=world.staff, task_force=force, held_on=D(2026, 10, 1), **FACTS)


def page(client, person, url) -> str:
    client.force_login(person)
    response = client.get(url)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def rows(*lines, **more) -> dict:
    data = {"dong-TOTAL_FORMS": str(len(lines)), "dong-INITIAL_FORMS": "0", **more}
    for number, line in enumerate(lines):
        data |= {f"dong-{number}-{name}": text for name, text in line.items()}
    return data


def conclude(client, meeting, *lines, **more):
    return client.post(reverse("meeting-conclude", args=[meeting.pk]), rows(*lines, **more))


def test_conclusions_typed_together_become_assignments(world, client, meeting):
    """A unit by name, by code, as offered, every commune, and the unit that met when nothing is typed."""
    client.force_login(world.staff)
    line = {"due_on": "2026-12-01"}
    typed = [
        {"text": "Một", "unit": "phường phước long", **line},
        {"text": "Hai", "unit": "25220", **line},
        {"text": "Ba", "unit": "Xã Phú Riềng (25390)", "body": "Công an xã", **line},
        {"text": "Bốn", "unit": "Tất cả đơn vị cấp xã trực thuộc", **line},
        {"text": "Năm", **line},
        {},
    ]
    assert conclude(client, meeting, *typed).status_code == 302
    given = Assignment.objects.order_by("item__code", "unit__code").values_list("item__text", "unit__code", "body")
    assert list(given) == [
        ("Một", "25217", ""),
        ("Hai", "25220", ""),
        ("Ba", "25390", "Công an xã"),
        ("Bốn", "25217", ""),
        ("Bốn", "25220", ""),
        ("Bốn", "25390", ""),
        ("Năm", "75", ""),
    ]
    shown = page(client, world.chair, meeting.get_absolute_url())
    assert "0/5 kết luận đã xong" in shown
    assert "0/3 đơn vị, cơ quan đã xong" in shown
    assert "Ghi kết luận" not in shown


def test_one_wrong_row_writes_none_and_keeps_what_was_typed(world, client, meeting):
    client.force_login(world.staff)
    right = {"text": "Việc đúng", "due_on": "2026-12-01"}
    for wrong, told in (
        ({"text": "Việc sai", "unit": "Xã Đạ Huoai", "due_on": "2026-12-01"}, "Không có đơn vị này."),
        ({"text": "Việc sai"}, "Ghi hạn hoàn thành."),
        ({"text": "Việc sai", "due_on": "2026-09-30"}, "Hạn phải từ ngày giao 01/10/2026 trở đi."),
    ):
        answer = html.unescape(conclude(client, meeting, right, wrong).content.decode())
        assert told in answer
        assert "Việc đúng" in answer
        assert "Việc sai" in answer
        assert not Assignment.objects.exists()
        assert not SourceDocument.objects.exists()


def test_two_units_of_one_name_are_told_apart_by_code(world, client, meeting):
    make_unit("25999", "Phường Phước Long", "phuong", "commune", world.dong_nai, opened=D(2025, 7, 1))
    client.force_login(world.staff)
    line = {"text": "Việc", "unit": "Phường Phước Long", "due_on": "2026-12-01"}
    assert "Có nhiều đơn vị cùng tên" in conclude(client, meeting, line).content.decode()
    conclude(client, meeting, line | {"unit": "25999"})
    assert Assignment.objects.get().unit.code == "25999"


def test_more_rows_keep_what_was_typed(world, client, meeting):
    client.force_login(world.staff)
    answer = conclude(client, meeting, {"text": "Chưa xong"}, them_dong="1").content.decode()
    assert 'name="dong-5-text"' in answer
    assert 'name="dong-6-text"' not in answer
    assert "Chưa xong" in answer
    assert not Assignment.objects.exists()


def test_a_meeting_opens_with_what_the_one_before_left(world, client, force, meeting):
    client.force_login(world.staff)
    conclude(client, meeting, {"text": "Niêm yết", "unit": "25217", "due_on": "2026-11-10"})
    later = meetings.add_meeting(by=world.staff, task_force=force, held_on=D(2026, 11, 20), **FACTS)
    shown = page(client, world.chair, later.get_absolute_url())
    assert "sắp họp, còn 1 kết luận chưa xong" in shown
    assert "Quá hạn 6 ngày" in shown
    assert 'tính đến ngày\n        <span class="num">16/11/2026</span>' in shown
    assert "1 kết luận chưa xong, 1 quá hạn" in page(client, world.staff, reverse("meeting-list"))


def test_conclusions_of_others_stand_in_no_catalogue(world, client, meeting):
    """The ward that carries one out reads its number and words; the meeting, and the catalogue, it does not."""
    client.force_login(world.staff)
    conclude(client, meeting, {"text": "Việc kín", "unit": "25217", "due_on": "2026-11-10"})
    source = SourceDocument.objects.get()
    assert "KL-75-20261001" not in page(client, world.stranger_reviewer, reverse("source-list"))
    for name, pk in (("source-detail", source.pk), ("source-edit", source.pk), ("meeting-detail", meeting.pk)):
        client.force_login(world.stranger_reviewer)
        assert client.get(reverse(name, args=[pk])).status_code == 404, name
    assert client.get(reverse("source-item-edit", args=[source.items.get().pk])).status_code == 404
    given = page(client, world.officer, Assignment.objects.get().get_absolute_url())
    assert "KL-75-20261001" in given
    assert meeting.get_absolute_url() not in given
    assert meeting.get_absolute_url() in page(client, world.staff, Assignment.objects.get().get_absolute_url())
    listed = page(client, world.officer, reverse("assignment-list"))
    assert "Kết luận các cuộc họp đã giao" in listed


def test_papers_of_a_meeting_and_of_an_inspection(world, client, meeting):
    """Kept as every paper: looked into, downloaded through one door; the unit visited reads that of its inspection."""
    client.force_login(world.staff)
    team = found_task_force(
        by=world.staff, unit=world.dong_nai, kind="inspection_team", name="Tổ kiểm tra", valid_from=D(2026, 1, 5)
    )
    inspection = inspections.add_inspection(
        by=world.staff, task_force=team, unit=world.phuoc_long, body="", held_on=D(2026, 10, 1), leader="A", summary=""
    )
    for name, about in (("meeting-paper", meeting), ("inspection-paper", inspection)):
        data = {"kind": "minutes", "issued_on": "2026-10-01", "title": "Biên bản"}
        wrong = data | {"upload": SimpleUploadedFile("bien-ban.pdf", b"MZ chuong trinh")}
        assert "Cổng không nhận chương trình" in client.post(reverse(name, args=[about.pk]), wrong).content.decode()
        right = data | {"upload": SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7\n%%EOF\n")}
        assert client.post(reverse(name, args=[about.pk]), right).status_code == 302
    of_meeting, of_inspection = Document.objects.order_by("pk")
    for person, reads in ((world.officer, [404, 200]), (world.chair, [200, 200]), (world.neighbour, [404, 404])):
        client.force_login(person)
        addresses = [reverse("document-download", args=[one.pk]) for one in (of_meeting, of_inspection)]
        answers = [client.get(address) for address in addresses]
        assert [answer.status_code for answer in answers] == reads
        for answer in answers:
            if answer.streaming:
                b"".join(answer.streaming_content)


def test_an_inspection_from_visit_to_remedy(world, client):
    client.force_login(world.staff)
    found = {"kind": "inspection_team", "name": "Tổ kiểm tra 1", "valid_from": "2026-09-01"}
    client.post(reverse("taskforce-create"), found)
    team = TaskForce.objects.get()
    data = {"task_force": team.pk, "unit": "Phường Phước Long", "held_on": "2026-10-01", "leader": "Tổ phó"}
    answer = client.post(reverse("inspection-add"), data)
    client.post(
        reverse("inspection-findings-add", args=[team.inspections.get().pk]),
        rows({"text": "Thiếu sổ", "due_on": "2026-11-15"}, {"text": "Thiếu máy", "due_on": "2026-11-16"}),
    )
    shown = page(client, world.officer, answer["Location"])
    assert "1 tồn tại quá hạn khắc phục" in shown
    assert "Quá hạn 1 ngày" in shown
    assert "Ghi các tồn tại này" not in shown
    for person in (world.chair, world.officer):
        assert "Thiếu sổ" in page(client, person, reverse("agenda"))
        assert "Thiếu máy" not in page(client, person, reverse("agenda"))
    assert "Thiếu sổ" not in page(client, world.neighbour, reverse("agenda"))
    client.force_login(world.officer)
    first = InspectionFinding.objects.get(text="Thiếu sổ")
    told = {"on": "2026-11-16", "remedy": "Đã lập"}
    client.post(reverse("inspection-finding-remedied", args=[first.pk]), told)
    shown = page(client, world.staff, answer["Location"])
    assert "Khắc phục sau hạn" in shown
    assert "Nguyễn Thị Hồng Nhung báo" in shown
    assert "còn 1 tồn tại phải khắc phục" in shown


def test_the_agenda_has_figures_conclusions_and_remedies(world, client, meeting):
    client.force_login(world.staff)
    conclude(client, meeting, {"text": "Niêm yết", "unit": "25217", "due_on": "2026-11-10"})
    nothing = page(client, world.chair, reverse("agenda"))  # no month is open: figures are not yet there
    assert "Chương trình họp: 1 kết luận chưa xong, 1 quá hạn" in nothing
    assert "Chưa có số liệu của kỳ này" in nothing
    assert "không còn việc tồn đọng" in page(client, world.officer, reverse("agenda"))


def test_the_agenda_shows_the_same_numbers_as_the_chair_reads(world, client, month, meeting, fill):
    from reporting.models import Report
    from reporting.rollup import rollup

    period = month("2026-10")
    fill(Report.objects.get(unit=world.phuoc_long, period=period), status="approved", by=world.officer)
    rollup.roll_up(period)
    query = f"?don_vi={world.dong_nai.pk}&ky=2026-10"
    cards = []
    for name in ("dashboard", "agenda"):
        text = page(client, world.chair, reverse(name) + query)
        begin = text.index('<dl class="panel stats">')
        cards.append(text[begin : text.index("</dl>", begin)])
    assert cards[0] == cards[1]
    assert "Hồ sơ tiếp nhận" in cards[0]


def test_a_published_review_is_held_as_written(world, client, at):
    """The review of 10 April 2024 in TX Phước Long (published); who came and from how many points is made up here."""
    at("2024-04-16 09:00")
    reviewer = make_person("duyet24", "Lý Thị Duyên", world.tx_phuoc_long, "reviewer", since=D(2023, 11, 1))
    force = found_task_force(
        by=reviewer, unit=world.tx_phuoc_long, kind="working_group", name="Tổ công tác", valid_from=D(2022, 3, 15)
    )
    client.force_login(reviewer)
    data = {
        "task_force": force.pk, "kind": "interim_review", "held_on": "2024-04-10", "chair": "Chủ tịch UBND thị xã",
        "title": "Sơ kết hai năm thực hiện Đề án 06", "points": "8", "delegates": "1.200",
    }  # fmt: skip
    answer = client.post(reverse("meeting-add"), data)
    meeting = Meeting.objects.get()
    assert (meeting.points, meeting.delegates) == (8, 1200)
    conclude(client, meeting, {"text": "Nâng tỷ lệ trực tuyến", "unit": "Phường Thác Mơ", "due_on": "2024-05-31"})
    shown = page(client, reviewer, answer["Location"])
    for text in ("Sơ kết ngày 10/04/2024", "1.200", "Phường Thác Mơ", "Chưa đến hạn", "31/05/2024"):
        assert text in shown
    at("2026-11-16 09:00")  # the unit has ended: read, not written
    old = make_person("duyet25", "Người Cũ", world.tx_phuoc_long, "reviewer", since=D(2023, 11, 1))
    shown = page(client, old, meeting.get_absolute_url())
    assert "Nâng tỷ lệ trực tuyến" in shown
    assert "Giao các kết luận này" not in shown
    assert client.get(reverse("meeting-edit", args=[meeting.pk])).status_code == 403


@pytest.mark.parametrize(("name", "most"), [("meeting-list", 20), ("inspection-list", 20), ("agenda", 45)])
def test_lists_take_a_fixed_number_of_queries(world, client, force, name, most, django_assert_max_num_queries):
    for number in range(12):
        unit = make_unit(f"26{number:03d}", f"Xã Số {number}", "xa", "commune", world.dong_nai, opened=D(2025, 7, 1))
        own = TaskForce.objects.create(unit=unit, kind="working_group", name="Tổ", valid_from=D(2026, 1, 1))
        Meeting.objects.create(task_force=own, kind="regular", held_on=D(2026, 10, 1), chair="A")
    meeting = meetings.add_meeting(by=world.staff, task_force=force, held_on=D(2026, 10, 1), **FACTS)
    for number in range(12):
        meetings.conclude(
            by=world.staff, meeting_id=meeting.pk, text=f"Việc {number}", unit=world.dong_nai, level="commune",
            due_on=D(2026, 11, 1),
        )  # fmt: skip
    client.force_login(world.chair)
    with django_assert_max_num_queries(most):
        assert client.get(reverse(name)).status_code == 200
