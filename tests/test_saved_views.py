"""Saved views: kept by one person, opened by whoever has the link, no way round a scope and none out of the portal."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from reporting.models import SavedView
from reporting.views.saved_views import MOST_VIEWS

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def october(world, month, put, at):
    at("2026-11-18 09:00")
    put(world.phuoc_long, month("2026-10"), 90, 10, early=50, overdue=50)
    return world


def save(client, user, **more):
    client.force_login(user)
    given = {"trang": "dashboard", "ten": "Họp giao ban", "ky_nao": "co-dinh", "ky": "2026-10", "co_so": "chinh-thuc"}
    return client.post(reverse("view-save"), given | more)


def test_a_page_is_saved_as_it_stands_and_opens_so_again(october, client):
    client.force_login(october.chair)
    looked = client.get(
        reverse("dashboard"),
        {"don_vi": october.dong_nai.pk, "ky": "2026-10", "co_so": "chinh-thuc", "xep_theo": "ct:DD04"},
    )
    form = client.get(looked.context["ctx"]["save_url"])
    asked = form.context["asked"]
    assert asked["what"] == "Tổng quan, Tỉnh Đồng Nai"
    sent = asked["values"] | {"trang": asked["page"], "ten": " Họp  giao ban ", "ky_nao": "co-dinh"}
    assert client.post(reverse("view-save"), sent).status_code == 302
    view = SavedView.objects.get()
    assert (view.owner, view.name) == (october.chair, "Họp giao ban")
    opened = client.get(reverse("view-open", args=[view.pk]), follow=True)
    assert opened.redirect_chain == [(view.address, 302)]
    assert opened.context["title"] == looked.context["title"]
    assert opened.context["export_query"] == looked.context["export_query"]
    listed = client.get(reverse("view-list")).context["rows"]
    assert [(row["name"], row["page"], row["unit"], row["period"]) for row in listed] == [
        ("Họp giao ban", "Tổng quan", "Tỉnh Đồng Nai", "tháng 10/2026")
    ]


def test_the_latest_month_moves_and_a_fixed_one_stays(october, client, month, put, at):
    save(client, october.chair, don_vi=october.dong_nai.pk, ten="Cố định")
    save(client, october.chair, don_vi=october.dong_nai.pk, ten="Gần nhất", ky_nao="moi-nhat")
    at("2026-12-18 09:00")
    put(october.phuoc_long, month("2026-11"), 1)
    client.force_login(october.chair)
    shown = {view.name: client.get(view.address).context["seen"].span.key for view in SavedView.objects.all()}
    assert shown == {"Cố định": "2026-10", "Gần nhất": "2026-11"}


@pytest.mark.parametrize("page", ["dashboard-heat", "dashboard-lines", "dashboard-board"])
def test_the_other_pages_keep_measure_and_order(october, client, page):
    client.force_login(october.chair)
    looked = client.get(reverse(page), {"ky": "2026-10"})
    order = next(url for url, _, chosen in looked.context["orders"] if not chosen)
    other = client.get(reverse(page) + order)
    asked = client.get(other.context["ctx"]["save_url"]).context["asked"]
    assert asked["page"] == page
    client.post(reverse("view-save"), asked["values"] | {"trang": page, "ten": "x", "ky_nao": "co-dinh"})
    again = client.get(SavedView.objects.get().address)
    assert again.context["orders"] == other.context["orders"]


def test_a_link_obeys_the_readers_own_scope(october, client):
    save(client, october.chair, don_vi=october.dong_nai.pk)
    link = reverse("view-open", args=[SavedView.objects.get().pk])
    for reader, status in ((october.auditor, 200), (october.officer, 404), (october.stranger_reviewer, 404)):
        client.force_login(reader)
        assert client.get(link, follow=True).status_code == status, reader
        assert SavedView.objects.get().name not in client.get(link).content.decode()
    client.logout()
    assert reverse("account_login") in client.get(link).url
    # what the reader may see is what the page gives them: the commune's own view
    client.force_login(october.leader)
    save(client, october.leader, don_vi=october.phuoc_long.pk)
    mine = SavedView.objects.get(owner=october.leader)
    client.force_login(october.neighbour)
    assert client.get(reverse("view-open", args=[mine.pk]), follow=True).status_code == 404


def test_views_are_listed_renamed_and_deleted_by_their_owner_alone(october, client):
    save(client, october.chair, don_vi=october.dong_nai.pk)
    view = SavedView.objects.get()
    client.force_login(october.reviewer)
    assert client.get(reverse("view-list")).context["rows"] == []
    for name in ("view-rename", "view-drop"):
        assert client.post(reverse(name, args=[view.pk]), {"ten": "Của tôi"}).status_code == 404
    client.force_login(october.chair)
    client.post(reverse("view-rename", args=[view.pk]), {"ten": "Họp tháng"})
    view.refresh_from_db()
    assert view.name == "Họp tháng"
    client.post(reverse("view-drop", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_unit_out_of_scope_is_not_saved(october, client):
    assert save(client, october.leader, don_vi=october.dong_nai.pk).status_code == 404
    assert save(client, october.stranger_reviewer, don_vi=october.phuoc_long.pk).status_code == 404
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"trang": "https://example.org/"},
        {"trang": "//example.org"},
        {"trang": "account_logout"},
        {"trang": "export-create"},
        {"trang": ""},
        {"ky": "2026-13"},
        {"ky": "2026-10&don_vi=1"},
        {"xep_theo": "x&trang=//example.org"},
        {"do": "a" * 41},
        {"don_vi": "1 OR 1"},
        {"don_vi": ""},
    ],
)
def test_only_addresses_of_the_portals_own_pages_are_saved(october, client, wrong):
    assert save(client, october.chair, **{"don_vi": october.dong_nai.pk} | wrong).status_code == 404
    assert not SavedView.objects.exists()


def test_what_else_stands_in_an_address_is_left_out(october, client):
    save(client, october.chair, don_vi=october.dong_nai.pk, next="https://example.org/", so_voi="cung-ky")
    view = SavedView.objects.get()
    assert view.address == (f"/tong-quan/?don_vi={october.dong_nai.pk}&ky=2026-10&co_so=chinh-thuc&so_voi=cung-ky")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.filter(pk=view.pk).update(page="account_logout")


def test_what_is_wrong_with_a_name_is_said_and_what_was_typed_is_kept(october, client):
    unit = {"don_vi": october.dong_nai.pk}
    save(client, october.chair, **unit)
    for name, words in (
        ("", "Ghi tên của chế độ xem."),
        ("x" * 81, "Tên dài nhất 80 ký tự; đang có 81."),
        ("Họp giao ban", "Đã có chế độ xem mang tên này. Ghi tên khác."),
    ):
        answer = save(client, october.chair, **unit, ten=name, ky_nao="moi-nhat")
        asked = answer.context["asked"]
        assert (answer.status_code, asked["error"], asked["name"], asked["period"]) == (200, words, name, "moi-nhat")
        assert words in answer.content.decode()
    assert SavedView.objects.count() == 1
    save(client, october.chair, **unit, ten="Khác")
    other = SavedView.objects.get(name="Khác")
    answer = client.post(reverse("view-rename", args=[other.pk]), {"ten": "Họp giao ban"})
    row = next(row for row in answer.context["rows"] if row["pk"] == other.pk)
    assert (row["name"], row["typed"], row["error"]) == (
        "Khác", "Họp giao ban", "Đã có chế độ xem mang tên này. Ghi tên khác.",
    )  # fmt: skip
    save(client, october.reviewer, **unit)  # of another person the name is free
    assert SavedView.objects.filter(name="Họp giao ban").count() == 2


def test_a_person_keeps_at_most_thirty(october, client):
    for n in range(MOST_VIEWS):
        save(client, october.chair, don_vi=october.dong_nai.pk, ten=f"Số {n}")
    answer = save(client, october.chair, don_vi=october.dong_nai.pk, ten="Thêm")
    assert "nhiều nhất 30 chế độ xem" in answer.context["asked"]["error"]
    assert SavedView.objects.count() == MOST_VIEWS == 30


def test_the_list_costs_the_same_for_many(october, client, django_assert_max_num_queries):
    for n in range(12):
        save(client, october.chair, don_vi=october.dong_nai.pk, ten=f"Số {n}")
    with django_assert_max_num_queries(8):
        assert len(client.get(reverse("view-list")).context["rows"]) == 12
