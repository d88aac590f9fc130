"""Going back: what comes back is what the server holds now."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from reporting.models import Report, ServiceFigures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def entry(world, month, fill, at):
    """The entry page of a report that holds 406 in one cell."""
    at("2026-11-18 09:00")
    report = Report.objects.select_related("period").get(unit=world.phuoc_long, period=month("2026-11"))
    fill(report, base=406, services=["DVC09"])
    return report


def test_a_page_kept_whole_by_the_browser_is_asked_for_again(open_browser, world, entry):
    """Browsers that keep the living page (back/forward cache) announce it by `pageshow` with `persisted`."""
    page = open_browser(world.officer)
    page.goto(reverse("report-entry", args=[entry.pk]))
    cell = page.locator("[name='DVC09.received_online']")
    expect(cell).to_have_value("406")
    ServiceFigures.objects.filter(report=entry).update(received_online=744, resolved_on_time=744)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))")
    expect(cell).to_have_value("406")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(cell).to_have_value("744")
