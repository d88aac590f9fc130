"""One person's files: a few unfinished at once, so many an hour; a sentence says what to do; others are not touched."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from de_an_06.plain.spans import Span
from reporting.exports import export_jobs
from reporting.imports import filled_form
from reporting.models import ExportJob, FormUpload, Report
from taskforces.models import ContactExport, FileTaken, ImportJob, User
from taskforces.people.quotas import OverQuota
from tests.import_sheets import xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.once]
MOST = 3


@pytest.fixture(autouse=True)
def _now(at, settings):
    at("2026-11-20 09:00")
    settings.FILES_AT_ONCE, settings.FILES_AN_HOUR = MOST, 60


def spans():
    """35 stretches that all end in November 2026, none longer than the portal makes."""
    months = [(year, month) for year in (2024, 2025, 2026) for month in range(1, 13)][:35]
    return [Span.parse(f"{year}-{month:02}..2026-11") for year, month in months]


def test_114_requests_become_three_files_and_a_sentence(world, month, client):
    month("2026-11")
    client.force_login(world.staff)
    units, bases = (world.dong_nai, world.phuoc_long), ("tam-tinh", "chinh-thuc")
    choices = list(itertools.product(units, spans(), bases))[:114]
    assert len(set(choices)) == 114

    def ask(unit, span, basis):
        assert client.post(url, {"ky": span.key, "don_vi": unit.pk, "co_so": basis}).status_code == 302

    url = reverse("export-create")
    for choice in choices:
        ask(*choice)
    assert ExportJob.objects.count() == MOST
    page = client.get(reverse("export-list")).content.decode()
    assert page.count("Đã nhận yêu cầu") == MOST
    sentence = (
        "Bạn đang có 3 tệp chưa xong; mỗi người có nhiều nhất 3 tệp cùng lúc. Đợi một tệp xong rồi gửi yêu cầu mới."
    )
    assert page.count(sentence) == 111
    ask(*choices[0])  # the same choice again is no further file
    assert "Đã nhận yêu cầu" in client.get(reverse("export-list")).content.decode()
    assert ExportJob.objects.count() == MOST


def test_others_and_finished_files_leave_room(world, month):
    month("2026-11")
    made = [
        export_jobs.create(unit=world.dong_nai, span=span, basis="provisional", by=world.staff)
        for span in spans()[:MOST]
    ]
    with pytest.raises(OverQuota):
        export_jobs.create(unit=world.dong_nai, span=spans()[5], basis="provisional", by=world.staff)
    export_jobs.create(unit=world.dong_nai, span=spans()[5], basis="provisional", by=world.reviewer)
    ExportJob.objects.filter(pk=made[1].pk).update(state="done")
    export_jobs.create(unit=world.dong_nai, span=spans()[5], basis="provisional", by=world.staff)
    with pytest.raises(OverQuota):
        export_jobs.create(unit=world.dong_nai, span=spans()[6], basis="provisional", by=world.staff)


def test_so_many_an_hour(world, month, at, settings):
    settings.FILES_AN_HOUR = 4
    month("2026-11")

    def make(number):
        job = export_jobs.create(unit=world.dong_nai, span=spans()[number], basis="provisional", by=world.staff)
        ExportJob.objects.filter(pk=job.pk).update(state="done")

    for number, time in enumerate(["09:00", "09:10", "09:20", "09:30"]):
        at(f"2026-11-20 {time}")
        make(number)
    at("2026-11-20 09:59")
    with pytest.raises(OverQuota) as refused:
        make(4)
    assert refused.value.message == (
        "Trong một giờ qua bạn đã gửi 4 yêu cầu; mỗi người được 4 yêu cầu một giờ. Gửi tiếp từ 10:01."
    )
    at("2026-11-20 10:01")
    make(4)
    with pytest.raises(OverQuota, match=r"Gửi tiếp từ 10:11\."):
        make(5)


def test_jobs_lost_an_hour_ago_bar_nobody(world, month, at):
    month("2026-11")
    for span in spans()[:MOST]:
        export_jobs.create(unit=world.dong_nai, span=span, basis="provisional", by=world.staff)
    at("2026-11-20 10:01")
    export_jobs.create(unit=world.dong_nai, span=spans()[5], basis="provisional", by=world.staff)


def test_imports(world, client):
    client.force_login(world.officer)
    url = reverse("import-upload")

    def send():
        return client.post(url, {"loai": "thanh-vien", "tep": xlsx(["Mã đơn vị"], ["25217"])})

    assert [send().status_code for _ in range(MOST)] == [302] * MOST
    before = default_storage.listdir("imports")
    refused = send()
    assert refused.status_code == 400
    assert "Bạn đang có 3 tệp chưa xong" in refused.content.decode()
    assert default_storage.listdir("imports") == before
    assert ImportJob.objects.filter(by=world.officer).count() == MOST


def test_forms_are_not_even_opened(world, month, client, settings, monkeypatch):
    settings.FILES_AN_HOUR = 2
    month("2026-11")
    report = Report.objects.get(unit=world.phuoc_long, period__month=11)
    opened = []
    real = filled_form.open_form
    monkeypatch.setattr(filled_form, "open_form", lambda file: opened.append(1) or real(file))
    client.force_login(world.officer)
    pages = []
    for _ in range(3):
        data = {"file": SimpleUploadedFile("bieu.xlsx", b"PK")}
        pages.append(client.post(reverse("report-upload", args=[report.pk]), data).content.decode())
    assert len(opened) == 2
    assert FormUpload.objects.count() == 2
    assert "Trong một giờ qua bạn đã gửi 2 yêu cầu; mỗi người được 2 yêu cầu một giờ. Gửi tiếp từ 10:01." in pages[2]


def test_the_registers_own_files_count_in_the_hour(world, client, settings, at):
    """They are made in the request itself: then a sentence, and no contacts are given or logged."""
    settings.FILES_AN_HOUR = 3
    url = reverse("register-export", args=["thanh-vien"])
    client.force_login(world.officer)
    asked = [url, url + "?dang=csv", reverse("register-export", args=["to-thon"])]
    assert [client.get(address).status_code for address in asked] == [200] * 3
    refused = client.get(url + "?lien_he=1")
    assert refused.status_code == 429
    assert "Trong một giờ qua bạn đã gửi 3 yêu cầu; mỗi người được 3 yêu cầu một giờ." in refused.text
    assert not ContactExport.objects.exists()
    client.force_login(world.leader)
    assert client.get(url).status_code == 200
    client.force_login(world.officer)
    at("2026-11-20 10:01")
    assert client.get(url).status_code == 200
    assert FileTaken.objects.filter(by=world.officer).count() == 1  # older ones are forgotten


def test_the_administrations_files_count_too(world, client, settings):
    settings.FILES_AN_HOUR = 2
    client.force_login(User.objects.create_superuser("goc", full_name="Người Gốc", password="x"))
    form = {"format": "0", "resource": "0", "serviceresource_code": "on", "indicatorresource_code": "on"}
    pages = [
        client.post(reverse(f"admin:reporting_{kind}_export"), form)
        for kind in ("publicservice", "indicator", "publicservice")
    ]
    assert [page["Content-Type"].partition(";")[0] for page in pages] == ["text/csv", "text/csv", "text/html"]
    assert "Trong một giờ qua bạn đã gửi 2 yêu cầu" in pages[2].text


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_take_turns(world, month):
    if connection.vendor == "sqlite":
        pytest.skip("a test's SQLite lies in memory, for one connection")
    month("2026-11")

    def make(span):
        try:
            export_jobs.create(unit=world.dong_nai, span=span, basis="provisional", by=world.staff)
        except OverQuota:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(make, spans()[:16]))
    assert (sum(taken), ExportJob.objects.count()) == (MOST, MOST)
