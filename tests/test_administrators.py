"""Who is posted as "Quản trị" gets into the administration and does there what the name says, and no more."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.models import Holiday, ParticipatingArea, PublicService, ServiceTerms
from taskforces import scope
from taskforces.models import Posting, Role, User
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
TOO_MUCH = {"auth.group", "mfa.authenticator"}  # makes administrators, or opens accounts


@pytest.fixture
def posted(world, month):
    """Posted to the nation, without any flag."""
    month("2026-11")
    return make_person("tri", "Trần Minh Trí", world.nation, Role.ADMINISTRATOR)


def pages():
    return {
        f"{model._meta.label_lower}": f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model in admin.site._registry
    }


def test_the_posting_opens_what_it_names(world, posted, client):
    client.force_login(posted)
    assert reverse("admin:index") in client.get(reverse("dashboard")).text
    assert client.get("/quan-tri/").status_code == 200
    wrong = []
    for label, page in pages().items():
        expected = 403 if label in TOO_MUCH else 200
        if (status := client.get(reverse(page)).status_code) != expected:
            wrong.append(f"{label}: {status}, expected {expected}")
    assert not wrong
    for page in ("publicservice", "indicator", "holiday", "participatingarea", "serviceterms", "indicatorterms"):
        for step in ("import", "export"):
            assert client.get(reverse(f"admin:reporting_{page}_{step}")).status_code == 200, (page, step)


def test_the_work_of_an_administrator(world, posted, client):
    client.force_login(posted)
    answer = client.post(reverse("admin:reporting_holiday_add"), {"day": "24/11/2026", "name": "Ngày Văn hóa"})
    assert answer.status_code == 302
    assert Holiday.objects.filter(day=dt.date(2026, 11, 24)).exists()
    area = {"unit": world.lam_dong.pk, "valid_from": "01/07/2025", "valid_to": ""}
    assert client.post(reverse("admin:reporting_participatingarea_add"), area).status_code == 302
    assert ParticipatingArea.objects.filter(unit=world.lam_dong).exists()
    service = PublicService.objects.get(code="DVC09")
    page = client.get(reverse("admin:reporting_publicservice_change", args=[service.pk]))
    assert page.status_code == 200
    new = {"username": "moi", "full_name": "Người Mới"}
    assert client.post(reverse("admin:taskforces_user_add"), new).status_code == 302
    body = {"user": User.objects.get(username="moi").pk, "unit": world.phuoc_long.pk, "role": Role.LEADER}
    body |= {"branch": "", "valid_from": "16/11/2026", "valid_to": ""}
    assert client.post(reverse("admin:taskforces_posting_add"), body).status_code == 302
    assert Posting.objects.filter(user__username="moi", role=Role.LEADER, waits=False).exists()


def test_nobody_becomes_more_by_it(world, posted, client):
    client.force_login(posted)
    for person in (posted, world.chair):
        body = {"username": person.username, "full_name": person.full_name, "is_active": "on"}
        body |= {"is_staff": "on", "is_superuser": "on", "groups": [Group.objects.get_or_create(name="Nhóm")[0].pk]}
        client.post(reverse("admin:taskforces_user_change", args=[person.pk]), body)
        person.refresh_from_db()
        assert (person.is_staff, person.is_superuser, person.groups.count()) == (False, False, 0)
        assert client.get(reverse("admin:auth_user_password_change", args=[person.pk])).status_code == 403
    assert client.get(reverse("admin:taskforces_user_change", args=[world.administrator.pk])).status_code in {302, 200}
    body = {"username": "quantri", "full_name": "Đổi Tên", "is_active": ""}
    assert client.post(reverse("admin:taskforces_user_change", args=[world.administrator.pk]), body).status_code == 403
    before = Posting.objects.count()
    for person, role in ((posted, Role.OFFICER), (world.chair, Role.ADMINISTRATOR)):
        body = {"user": person.pk, "unit": world.dong_nai.pk, "role": role, "branch": "", "valid_from": "16/11/2026"}
        assert client.post(reverse("admin:taskforces_posting_add"), body).status_code == 200
    assert Posting.objects.count() == before


@pytest.mark.parametrize("change", [{"waits": True}, {"valid_to": dt.date(2022, 1, 1)}, {"role": Role.AUDITOR}])
def test_a_posting_that_does_not_count_opens_nothing(world, posted, client, change):
    posted.postings.update(**change)
    client.force_login(posted)
    assert not scope.may_enter_administration(User.objects.get(pk=posted.pk))
    assert client.get("/quan-tri/").status_code == 302
    assert client.get("/quan-tri/", follow=True).status_code == 403
    assert not User.objects.get(pk=posted.pk).has_perm("reporting.change_publicservice")


def test_an_account_that_is_locked_opens_nothing(world, posted, client):
    client.force_login(posted)
    User.objects.filter(pk=posted.pk).update(is_active=False)
    assert client.get("/quan-tri/").status_code == 302
    assert not User.objects.get(pk=posted.pk).has_perm("reporting.change_publicservice")


def test_the_secret_of_a_second_factor_is_shown_to_nobody(world, client):
    client.force_login(world.administrator)
    row = Authenticator.objects.create(user=world.officer, type="totp", data={"secret": "bi-mat-cua-nhung"})
    page = client.get(reverse("admin:mfa_authenticator_change", args=[row.pk]))
    assert page.status_code == 200
    assert "bi-mat-cua-nhung" not in page.text
    assert client.post(reverse("admin:mfa_authenticator_delete", args=[row.pk]), {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    ("page", "one"),
    [
        ("taskforces_posting", "nhung"),
        ("taskforces_administrativeunit", "25390"),
        ("reporting_publicservice", "DVC09"),
        ("reporting_serviceterms", "DVC09"),
    ],
)
def test_a_list_asks_as_often_for_many_rows_as_for_few(world, client, page, one):
    """Names of units, and what of a service is owed, come with the list."""
    client.force_login(world.administrator)
    address = reverse(f"admin:{page}_changelist")
    client.get(address)  # what is asked once in the life of a process
    counts = []
    for query in (f"?q={one}", ""):
        with CaptureQueriesContext(connection) as queries:
            found = client.get(address + query).context["cl"].result_count
        counts.append((found, len(queries)))
    (few, asked_for_few), (many, asked_for_many) = counts
    assert 0 < few < many
    assert asked_for_many <= asked_for_few + 3  # units of three tiers have one tier more above them


def test_days_are_written_as_here(world, client):
    """Day before month in lists and in the fields, and a field takes what it was filled with."""
    row = ServiceTerms.objects.filter(service__code="DVC09").order_by("valid_from").first()
    day = f"{row.valid_from.day:02d}/{row.valid_from.month:02d}/{row.valid_from.year}"
    client.force_login(world.administrator)
    assert day in client.get(reverse("admin:reporting_serviceterms_changelist") + "?q=DVC09").text
    page = client.get(reverse("admin:reporting_serviceterms_change", args=[row.pk]))
    assert f'value="{day}"' in page.text
    field = page.context["adminform"].form.fields["valid_from"]
    assert field.clean(day) == row.valid_from
    assert field.clean("02/11/2026") == dt.date(2026, 11, 2)
