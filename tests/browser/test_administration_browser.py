"""Every kind of page of the administration and of accounts in a browser: no complaint in its console, no English."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect

from reporting.models import Holiday, PublicService
from taskforces.models import Role, User
from tests.browser.conftest import DESK, PASSWORD, PHONE
from tests.conftest import make_person
from tests.test_account_pages import ENGLISH, words_of

pytestmark = pytest.mark.django_db(transaction=True)
ADMIN_ENGLISH = re.compile(
    ENGLISH.pattern.replace(
        r"\b(?:", r"\b(?:select|all|field|fields|import|export|change|delete|home|log|period|user|unit|"
    ).replace("|email", ""),  # Django's Vietnamese says it so
    re.IGNORECASE,
)
COVERED = """() => {
    const words = document.createRange(), over = [];
    for (const head of document.querySelectorAll("#content h1, #content h2")) {
        words.selectNodeContents(head);
        const a = words.getBoundingClientRect();
        for (const button of document.querySelectorAll(".object-tools a")) {
            const b = button.getBoundingClientRect();
            if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) over.push(head.innerText);
        }
    }
    return over;
}"""
KEPT_NAMES = re.compile(r"UserAttributeSimilarityValidator|argon2\w*|[\w.+-]+@[\w.]+|\.csv|\.xlsx|csv|xlsx")


@pytest.fixture
def people(world, month):
    cache.clear()
    month("2026-11")
    world.superuser = User.objects.create(username="goc", full_name="Người Gốc", is_superuser=True, is_staff=True)
    world.posted = make_person("tri", "Trần Minh Trí", world.nation, Role.ADMINISTRATOR)
    for person in (world.superuser, world.posted, world.officer):
        person.set_password(PASSWORD)
        person.save()
    Authenticator.objects.create(user=world.officer, type="totp", data={"secret": "x"})
    return world


def addresses(user) -> list[str]:
    """Index, list, adding, changing, history, deleting, bringing in and taking out, of every model that is kept."""
    found = ["/quan-tri/", "/quan-tri/reporting/", "/quan-tri/password_change/"]
    for model, kept in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model.objects.order_by("pk").first()
        if not user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}") or row is None:
            continue
        pages = ["changelist", "add", *(["import", "export"] if hasattr(kept, "export_action") else [])]
        found += [reverse(f"admin:{name}_{page}") for page in pages]
        found += [reverse(f"admin:{name}_{page}", args=[row.pk]) for page in ("change", "history", "delete")]
    return found


def watch(page) -> list[str]:
    """What the console complains of, without pages that are rightly refused."""
    said = []
    page.on("console", lambda m: said.append(f"{page.url}: {m.text}") if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return said


def refused(said) -> bool:
    return "status of 403" in said


@pytest.mark.parametrize("who", ["superuser", "posted"])
def test_every_page_of_the_administration(open_browser, people, who):
    user = getattr(people, who)
    page = open_browser(user)
    said, english, covered, opened = watch(page), [], [], 0
    for address in addresses(user):
        if page.goto(address).status != 200:
            continue
        opened += 1
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            covered += page.evaluate(COVERED)
        words = KEPT_NAMES.sub(" ", words_of(page.content()))
        if left := ADMIN_ENGLISH.findall(words):
            english.append(f"{address}: {sorted(set(left))}")
    assert opened > 40
    assert [line for line in said if not refused(line)] == []
    assert english == []
    assert covered == []


def test_bringing_in_and_taking_out(open_browser, people):
    page = open_browser(people.posted)
    said = watch(page)
    page.goto(reverse("admin:reporting_publicservice_export"))
    boxes = page.locator(".columns input")
    every = page.get_by_label("Chọn tất cả")
    assert boxes.count() == 6
    every.uncheck()
    assert [box.is_checked() for box in boxes.all()] == [False] * 6
    every.check()
    assert [box.is_checked() for box in boxes.all()] == [True] * 6
    boxes.first.uncheck()
    expect(every).not_to_be_checked()
    page.get_by_label("Dạng tệp").select_option(label="csv")
    with page.expect_download() as download:
        page.get_by_role("button", name="Xuất tệp").click()
    assert download.value.suggested_filename.startswith("dich-vu-cong-")
    taken = download.value.path().read_text(encoding="utf-8-sig")
    assert taken.startswith("Thứ tự,Tên,")
    assert "DVC09" not in taken

    head = "Mã,Thứ tự,Tên,Tên ngắn,Bộ phận nhập\n"
    for row, text in (("DVC99,99,,Mới,Công an", "Dòng 1, cột Tên"), ("DVC99,99,Dịch vụ mới,Mới,Công an", "Xem trước")):
        page.goto(reverse("admin:reporting_publicservice_import"))
        page.set_input_files(
            "#id_import_file", {"name": "a.csv", "mimeType": "text/csv", "buffer": (head + row).encode()}
        )
        page.get_by_role("button", name="Tiếp tục").click()
        expect(page.get_by_text(text).first).to_be_visible()
    page.get_by_role("button", name="Nhập các dòng này").click()
    expect(page.get_by_text("Chưa cấp nào phải báo cáo DVC99")).to_be_visible()
    assert PublicService.objects.get(code="DVC99").name == "Dịch vụ mới"
    # a change shows the old and the new, coloured without styles written into the page
    page.goto(reverse("admin:reporting_publicservice_import"))
    row = "DVC99,99,Dịch vụ khác,Mới,Công an"
    page.set_input_files("#id_import_file", {"name": "a.csv", "mimeType": "text/csv", "buffer": (head + row).encode()})
    page.get_by_role("button", name="Tiếp tục").click()
    assert page.locator("del").inner_text() == "Dịch vụ mới"
    assert page.locator("ins").inner_text() == "Dịch vụ khác"
    assert said == []


def test_a_posting_is_given_to_a_unit_found_by_name(open_browser, people):
    User.objects.create(username="moi", full_name="Người Mới")
    page = open_browser(people.posted)
    said = watch(page)
    page.goto(reverse("admin:taskforces_posting_add"))
    for field, typed, chosen in (
        ("user", "Người Mới", "Người Mới"),
        ("unit", "phuoc binh", "Phường Phước Bình, Tỉnh Đồng Nai (cấp xã, mã 25220)"),
    ):
        page.locator(f".field-{field} .select2-selection").click()
        page.locator(".select2-search__field").fill(typed)
        page.locator(".select2-results__option", has_text=chosen).click()
        expect(page.locator(f".field-{field} .select2-selection__rendered")).to_contain_text(chosen)
    page.get_by_label("Vai trò").select_option(label="Lãnh đạo đơn vị")
    page.locator("#id_valid_from").fill("16/11/2026")
    page.get_by_role("button", name="Lưu lại", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert User.objects.get(username="moi").postings.get().unit == people.phuoc_binh
    assert said == []


def test_deleting_many_and_the_way_between_portal_and_administration(open_browser, people):
    Holiday.objects.create(day="2027-01-04", name="Thử một")
    Holiday.objects.create(day="2027-01-05", name="Thử hai")
    page = open_browser(people.superuser)
    said = watch(page)
    page.goto(reverse("admin:reporting_holiday_changelist") + "?q=&day__year=2027&day__month=1")
    page.locator("#action-toggle").check()
    assert page.locator(".action-select:checked").count() == page.locator(".action-select").count() >= 2
    page.locator("select[name=action]").select_option(value="delete_selected")
    page.locator(".actions button").click()
    expect(page.get_by_role("heading", name="Xóa nhiều đối tượng")).to_be_visible()
    page.get_by_role("link", name="Xem trang web").click()
    page.wait_for_url("**/tong-quan/**")
    page.locator("details.user summary").click()
    page.get_by_role("link", name="Trang quản trị").click()
    expect(page.locator("#site-name")).to_contain_text("Quản trị Cổng báo cáo Đề án 06")
    assert said == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_of_accounts(open_browser, people, viewport):
    Authenticator.objects.all().delete()
    page = open_browser(viewport=viewport)
    said = watch(page)
    page.goto(reverse("account_login") + "?next=" + reverse("account_change_password"))
    page.fill("#id_login", "nhung")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**" + reverse("account_change_password"))
    page.fill("#id_oldpassword", PASSWORD)
    page.fill("#id_password1", "1234567890")
    page.fill("#id_password2", "1234567890")
    page.locator("main form button").first.click()
    expect(page.get_by_text("Mật khẩu này quá phổ biến.")).to_be_visible()
    wide = []
    for name in ("account_email", "account_change_password", "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn"):
        page.goto(reverse(name))
        if page.locator("#id_password").count():
            page.fill("#id_password", PASSWORD)
            page.get_by_role("button", name="Xác nhận").click()
            page.wait_for_url("**" + reverse(name))
        if left := ENGLISH.findall(words_of(page.content())):
            wide.append(f"{name}: {left}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(f"{name} is wider than the window")
    assert wide == []
    assert said == []
