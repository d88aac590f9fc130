"""What every answer says of itself: who may keep it."""

import pytest
from django.urls import reverse

from reporting.models import Report


@pytest.fixture
def report(world, month, at):
    at("2026-11-18 09:00")
    return Report.objects.get(unit=world.phuoc_long, period=month("2026-11"))


def test_nothing_shown_to_a_signed_in_person_is_kept(client, world, report):
    client.force_login(world.officer)
    entry, save = (reverse(name, args=[report.pk]) for name in ("report-entry", "report-save-cells"))
    answers = {
        "page": client.get(entry),
        "part of a page": client.get(reverse("export-list"), headers={"HX-Request": "true"}),
        "saving": client.post(save, "{}", content_type="application/json"),
        "API": client.get("/api/reports/"),
        "redirect": client.get("/"),
        "not found": client.get("/khong-co-trang-nay/"),
        "forbidden": client.get(reverse("review-list")),
        "not allowed": client.get(save),
        "guide": client.get(reverse("guide")),
        "administration": client.get("/quan-tri/"),
        "log-out": client.post(reverse("account_logout")),
    }
    kept = {name for name, answer in answers.items() if "no-store" not in answer.get("Cache-Control", "")}
    assert kept == set()
    assert "no-store" not in client.get(reverse("guide")).get("Cache-Control", "")  # signed out: open to all


def test_what_is_well_is_said_to_anybody(client, db, settings):
    settings.REDIS_URL = ""
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content.decode()) == (200, "database: ok\n")


def test_what_is_gone_is_named_and_nothing_else(client, db, settings):
    settings.REDIS_URL = "redis://:mat-khau@127.0.0.1:1/0"  # nobody listens there
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content.decode()) == (503, "database: ok\nredis: gone\n")
    assert client.get("/healthz").content == b"ok"  # work goes on: no reason to restart the web
