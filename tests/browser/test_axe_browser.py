"""axe on every page, by somebody who may open it, on a desk, and for people of a commune on a phone too.

Findings of any impact count; on either size no page is wider than its window.

The pages are those of tests/test_access.py, in its world: a new one is looked at here as soon as it is listed there.
"""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from tests.browser.conftest import DESK, PHONE, violations
from tests.test_access import PAGES, address_of, build_objects

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ("minor", "moderate", "serious", "critical")
NO_PAGES = (
    *("api-", "document-download", "export-download", "import-template", "register-export", "report-template"),
    *("published-book", "word-template-shipped", "word-template-download", "circular-form-download"),
)
ROLES = (
    "officer",
    "police_officer",
    "leader",
    "reviewer",
    "chair",
    "staff",
    "auditor",
    "administrator",
    "station",
    "department",
)
OF_A_COMMUNE = {"officer", "police_officer", "leader", "station"}
OTHERS = (  # pages that stand in no list of who may
    (None, "account_login"),
    (None, "account_reset_password"),
    ("officer", "guide"),
    ("officer", "account_change_password"),
    ("officer", "mfa_index"),
    ("administrator", "admin:index"),
    ("administrator", "admin:taskforces_posting_changelist"),
    ("administrator", "admin:taskforces_posting_add"),
)


def shares(o) -> dict[str | None, list[str]]:
    """Person -> addresses: each page once, by the one of its people with the fewest so far; home by all."""
    found: dict[str | None, list[str]] = {role: ["/"] for role in (*ROLES, None)}
    for name, page in PAGES.items():
        may = [role for role in ROLES if role in page.may]
        if not may or page.answer != 200 or name.startswith(NO_PAGES):
            continue
        found[min(may, key=lambda role: len(found[role]))].append(address_of(name, page, o))
    found["leader"].append(reverse("report-entry", args=[o.draft.pk]))
    found["station"] += [reverse("report-entry", args=[o.draft.pk]), reverse("report-live", args=[o.draft.pk])]
    found["department"].append(reverse("target-table"))
    found["officer"] += [
        reverse("report-entry", args=[o.draft.pk]),
        reverse("report-entry", args=[o.sent.pk]),
        reverse("report-detail", args=[0]),  # there is none
        reverse("review-list"),  # not theirs
    ]
    for person, name in OTHERS:
        found[person].append(reverse(name))
    return found


@pytest.fixture
def november(fill):
    """The world of the addresses, on the morning of 16 November 2026."""
    morning = dt.datetime(2026, 11, 16, 2, tzinfo=dt.UTC)
    with time_machine.travel(morning, tick=False):
        yield build_objects(fill, morning)


def test_axe_finds_nothing_on_any_page(open_browser, november):
    wrong, seen = [], 0
    for person, addresses in shares(november).items():
        page = open_browser(person and getattr(november.world, person))
        for address in addresses:
            for size in (DESK, PHONE):
                page.set_viewport_size(size)
                if size is DESK:
                    page.goto(address)
                seen += 1
                found = []
                if size is DESK or person in OF_A_COMMUNE:
                    found = violations(page, ALL, skip=() if size is DESK else ("color-contrast",))  # the same colours
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append("runs out of the page")
                wrong += [f"{person} {address} {size['width']}: {finding}" for finding in found]
    assert seen > 100
    assert not wrong, "\n".join(wrong)


def test_axe_finds_nothing_on_an_entry_page_where_nothing_blocks(open_browser, november):
    november.fill(november.draft, base=11)
    page = open_browser(november.world.officer)
    page.goto(reverse("report-entry", args=[november.draft.pk]))
    assert page.locator("#van-de").inner_text() == ""
    assert violations(page, ALL) == []
