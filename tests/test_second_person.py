"""Nobody gives himself rights: from reviewer up it takes two, an e-mail is its owner's, the administration asks too."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from taskforces import scope
from taskforces.models import Posting, PostingEvent, Role, User
from taskforces.people import passwords, postings

from .conftest import make_person

pytestmark = pytest.mark.django_db
OWN_PASSWORD = "mat-khau-rieng-1"
SINCE, LATER = dt.date(2026, 7, 1), dt.date(2026, 12, 1)


@pytest.fixture
def people(world, at):
    at("2026-11-16 09:00")
    world.second_staff = make_person("haihai", "Lò Thị Hai", world.dong_nai, Role.PROVINCIAL_STAFF)
    world.newcomer = User.objects.create(username="moi", full_name="Người Mới", password="!")
    return world


def given(people, role=Role.REVIEWER):
    return postings.give(by=people.staff, user=people.newcomer, unit=people.dong_nai, role=role, valid_from=SINCE)


def fresh(user):
    return User.objects.get(pk=user.pk)  # postings are read once per object


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CHAIR, Role.AUDITOR])
def test_a_role_from_reviewer_up_gives_nothing_before_a_second_person(people, role):
    posting = given(people, role)
    assert scope.postings(fresh(people.newcomer)) == []
    for person in (people.staff, people.newcomer, people.reviewer):
        with pytest.raises((ValidationError, PermissionDenied)):
            postings.confirm(by=fresh(person), posting_id=posting.pk)
    assert scope.postings(fresh(people.newcomer)) == []
    postings.confirm(by=people.second_staff, posting_id=posting.pk)
    assert [p.role for p in scope.postings(fresh(people.newcomer))] == [role]
    assert list(posting.events.values_list("action", "by__username")) == [("given", "ha"), ("confirmed", "haihai")]


def test_a_leader_needs_no_second_person(people):
    leader = {"unit": people.phuoc_long, "role": Role.LEADER, "valid_from": SINCE}
    assert not postings.give(by=people.staff, user=people.newcomer, **leader).waits


def test_a_substitute_and_a_successor_wait_as_well(people):
    held = people.reviewer.postings.get()
    days = {"valid_from": LATER, "valid_to": LATER}
    assert postings.delegate(by=people.staff, posting_id=held.pk, user=people.newcomer, **days).waits
    place = {"unit": people.dong_nai, "role": Role.CHAIR, "valid_from": LATER}
    assert postings.transfer(by=people.staff, posting_id=held.pk, user=people.newcomer, **place).waits


def test_the_second_person_does_it_on_the_page(people, client):
    posting = given(people)
    client.force_login(people.second_staff)
    page = client.get(f"{reverse('people-list')}?don_vi={people.dong_nai.pk}")
    assert reverse("posting-confirm", args=[posting.pk]) in page.text
    assert "Đỗ Thu Hà đã ghi lúc" in client.get(reverse("posting-confirm", args=[posting.pk])).text
    assert client.post(reverse("posting-confirm", args=[posting.pk])).status_code == 302
    posting.refresh_from_db()
    assert not posting.waits


def test_the_giver_hands_no_link_to_a_reviewer_of_his_making(people, client):
    posting = given(people)
    slip = reverse("password-slip", args=[posting.pk])
    client.force_login(people.second_staff)
    assert "/dat-mat-khau/" not in client.post(slip, follow=True).text  # not yet confirmed
    postings.confirm(by=people.second_staff, posting_id=posting.pk)
    client.force_login(people.staff)
    assert "/dat-mat-khau/" not in client.post(slip, follow=True).text
    client.force_login(people.second_staff)
    assert "/dat-mat-khau/" in client.post(slip).text
    assert posting.events.filter(action="link_given", by=people.second_staff).count() == 1


def test_who_opened_the_account_does_not_keep_its_password_when_it_becomes_a_reviewers(people):
    """Else: open a leader, take the slip oneself, then make the leader a reviewer for a colleague to confirm."""
    leader = {"unit": people.phuoc_long, "role": Role.LEADER, "valid_from": SINCE}
    postings.give(by=people.staff, user=people.newcomer, **leader)
    passwords.hand_link(by=people.staff, user=people.newcomer)
    passwords.set_first_password(user=people.newcomer, password=OWN_PASSWORD)
    posting = given(people)
    postings.confirm(by=people.second_staff, posting_id=posting.pk)
    user = fresh(people.newcomer)
    assert not user.check_password(OWN_PASSWORD)
    with pytest.raises(ValidationError):
        passwords.hand_link(by=people.staff, user=user)
    assert passwords.hand_link(by=people.second_staff, user=user)


def test_who_had_the_password_from_somebody_else_keeps_it(people):
    people.reviewer.set_password(OWN_PASSWORD)
    people.reviewer.save()
    chair = {"unit": people.dong_nai, "role": Role.CHAIR, "valid_from": SINCE}
    posting = postings.give(by=people.staff, user=people.reviewer, **chair)
    postings.confirm(by=people.second_staff, posting_id=posting.pk)
    assert fresh(people.reviewer).check_password(OWN_PASSWORD)


def test_nobody_alone_takes_over_a_chair_whose_password_is_in_use(people):
    chair = people.chair
    chair.set_password(OWN_PASSWORD)
    chair.save()
    PostingEvent.objects.create(
        posting=chair.postings.get(), action="given", by=people.staff, at=dt.datetime(2026, 11, 15, tzinfo=dt.UTC)
    )
    for person in (people.staff, people.second_staff, people.reviewer):
        with pytest.raises(ValidationError):
            passwords.hand_link(by=fresh(person), user=chair)
    passwords.ask_link(by=people.staff, user=chair)
    with pytest.raises(ValidationError):
        passwords.hand_link(by=people.staff, user=chair)
    assert passwords.hand_link(by=people.second_staff, user=chair).startswith("/dat-mat-khau/")
    with pytest.raises(ValidationError):  # one asking, one slip
        passwords.hand_link(by=people.second_staff, user=chair)
    log = PostingEvent.objects.filter(posting__user=chair, action__startswith="link")
    assert list(log.values_list("action", "by__username")) == [("link_asked", "ha"), ("link_given", "haihai")]


def test_asking_is_forgotten_after_seven_days(people, at):
    passwords.ask_link(by=people.staff, user=people.chair)
    at("2026-11-23 09:01")
    with pytest.raises(ValidationError):
        passwords.hand_link(by=fresh(people.second_staff), user=people.chair)


def test_an_officer_who_forgot_the_password_gets_a_slip_with_a_code(people, client):
    people.officer.set_password(OWN_PASSWORD)
    people.officer.save()
    client.force_login(people.staff)
    page = client.post(reverse("password-slip", args=[people.officer.postings.get().pk]))
    assert "data:image/svg+xml" in page.text
    link = page.context["row"]["link"]
    client.logout()
    client.post(link, {"new_password1": "hoa-sen-no-2026", "new_password2": "hoa-sen-no-2026"})
    assert fresh(people.officer).check_password("hoa-sen-no-2026")
    assert client.get(link).status_code == 410


def test_a_neighbour_and_an_administrators_account_get_no_slip(people):
    for by, user in (
        (people.staff, people.stranger),
        (people.second_staff, people.administrator),
        (people.staff, people.staff),
        (people.staff, people.second_staff),
        (people.reviewer, people.officer),
    ):
        assert passwords.why_not_hand_link(by, user) not in {"", passwords.ASK_FIRST}, (by, user)


# The administration --------------------------------------------------------------------------------------------------


@pytest.fixture
def flagged(people, client):
    """Staff of the province, let into the administration with every permission of the app."""
    people.staff.is_staff = True
    people.staff.save()
    people.staff.user_permissions.set(Permission.objects.filter(content_type__app_label="taskforces"))
    client.force_login(people.staff)
    return people.staff


def add_posting(client, user, unit, role):
    body = {"user": user.pk, "unit": unit.pk, "role": role, "branch": "", "valid_from": "01/11/2026", "valid_to": ""}
    return client.post(reverse("admin:taskforces_posting_add"), body)


def test_permissions_of_the_administration_make_nobody_an_administrator(people, flagged, client):
    before = Posting.objects.count()
    for user in (flagged, people.newcomer):
        for role in (Role.ADMINISTRATOR, Role.PROVINCIAL_STAFF):
            assert add_posting(client, user, people.dong_nai, role).status_code == 200, (user, role)
    assert Posting.objects.count() == before
    assert add_posting(client, people.newcomer, people.dong_nai, Role.REVIEWER).status_code == 302
    assert people.newcomer.postings.get().waits


def test_nobody_ends_a_posting_above_his_own_in_the_administration(people, flagged, client):
    for user in (people.second_staff, flagged):
        posting = user.postings.get()
        address = reverse("admin:taskforces_posting_change", args=[posting.pk])
        assert client.post(address, {"valid_to": "17/11/2026"}).status_code in {200, 403}
        posting.refresh_from_db()
        assert posting.valid_to is None


def test_a_second_superuser_confirms_an_administrator(people, client):
    client.force_login(people.administrator)
    assert add_posting(client, people.newcomer, people.nation, Role.ADMINISTRATOR).status_code == 302
    posting = people.newcomer.postings.get()
    assert posting.waits
    with pytest.raises(ValidationError):
        postings.confirm(by=people.administrator, posting_id=posting.pk)
    second = User.objects.create(username="goc", full_name="Người Gốc", is_superuser=True)
    postings.confirm(by=second, posting_id=posting.pk)
    assert scope.is_administrator(fresh(people.newcomer))


def test_the_administration_sets_no_password_and_changes_no_email(people, flagged, client):
    chair = people.chair
    address = reverse("admin:auth_user_password_change", args=[chair.pk])
    assert client.post(address, {"password1": OWN_PASSWORD, "password2": OWN_PASSWORD}).status_code == 403
    body = {"username": "khoa", "full_name": "Võ Minh Khoa", "is_active": "on", "email": "khac@example.vn"}
    for person in (flagged, people.administrator):
        client.force_login(person)
        assert client.post(reverse("admin:taskforces_user_change", args=[chair.pk]), body).status_code == 302
        assert fresh(chair).email == ""
    body = {"username": "moitinh", "full_name": "Người Mới Tinh", "password1": OWN_PASSWORD, "password2": OWN_PASSWORD}
    assert client.post(reverse("admin:taskforces_user_add"), body).status_code == 302
    assert not User.objects.get(username="moitinh").has_usable_password()


def test_the_head_names_the_own_posting_on_pages_about_somebody_elses(people, client):
    """The frame's variable and the page's had one name: the head called the reader what the other one is."""
    posting = given(people, Role.CHAIR)
    officer = people.officer.postings.get()
    client.force_login(people.second_staff)
    pages = [("posting-confirm", posting), ("password-slip", officer), ("posting-transfer", officer)]
    pages += [("posting-delegate", officer), ("posting-end", officer)]
    for name, about in pages:
        page = client.get(reverse(name, args=[about.pk])).text
        head = page[: page.index("</header>")]
        assert "Tổ giúp việc cấp tỉnh" in head, name
        assert about.get_role_display() not in head, name
