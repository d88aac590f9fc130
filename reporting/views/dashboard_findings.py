"""The findings of the dashboard as text with addresses: what stands behind a finding and each name in it."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.http import urlencode

from reporting.reading.finding_parts import Behind, Finding, Lead
from reporting.reading.overview import Overview
from taskforces.register.assignment_counts import AssignmentState
from taskforces.register.assignment_forms import BY_DOCUMENT, BY_MEETING
from taskforces.scope import sees_path

from .choices import Choice

WHO_REPORTED = "#nop"  # the box on the page itself


def shown(
    found: list[Finding], seen: Overview, choice: Choice, user, links: tuple, register: dict, waiting_days: int
) -> list[dict]:
    """`links` as dashboard_tables.source_links gives them; `register` picks the overdue assignments in their list."""
    address = _addresses(seen, choice, user, links, register, waiting_days)
    return [
        {
            "tone": finding.tone,
            "title": finding.title,
            "url": address(finding.lead),
            "parts": [(part.text, address(part.lead)) for part in finding.parts],
        }
        for finding in found
    ]


def lead_to(page: str, findings: list[dict]) -> None:
    """On another page: what points into the chair's page points there; `page` is its address."""

    def there(url: str) -> str:
        return page + url if url.startswith("#") else url

    for finding in findings:
        finding["url"] = there(finding["url"])
        finding["parts"] = [(text, there(url)) for text, url in finding["parts"]]


def overdue_query(unit_id: int, day: str) -> dict:
    """Picks a unit's assignments overdue on `day` ('' = today)."""
    return {"don_vi": unit_id, "tinh_trang": AssignmentState.OVERDUE.value} | ({"ngay": day} if day else {})


def _addresses(
    seen: Overview, choice: Choice, user, links: tuple, register: dict, waiting_days: int
) -> Callable[[Lead | None], str]:
    unit_link, source_link = links

    def reports(lead: Lead) -> str:
        """The board of who handed in when; of a unit with none below the box that says how its own report stands."""
        return reverse("dashboard-board") + choice.query() if seen.has_units_below else WHO_REPORTED

    def assignments(lead: Lead, given_by: str) -> str:
        more = {"don_vi": lead.unit_id or choice.unit_id, "theo": given_by}
        own = {"pham_vi": "rieng"} if lead.is_own else {}
        return f"{reverse('assignment-list')}?{urlencode(register | more | own)}#viec"

    def remedies(lead: Lead) -> str:
        day = {"ngay": register["ngay"]} if "ngay" in register else {}
        where = {"don_vi": lead.unit_id or choice.unit_id}
        return f"{reverse('inspection-list')}?{urlencode(where | day)}#qua-han"

    ways: dict[Behind, Callable[[Lead], str]] = {
        Behind.ROWS: lambda lead: source_link(so=lead.measure, dong=lead.unit_id, rieng=int(lead.is_own)),
        Behind.UNIT: lambda lead: unit_link(lead.unit_id),
        Behind.REPORTS: reports,
        Behind.REPORT: lambda lead: reverse("report-detail", args=[lead.pk]) if sees_path(user, lead.path) else "",
        Behind.ASSIGNMENTS: lambda lead: assignments(lead, BY_DOCUMENT),
        Behind.CONCLUSIONS: lambda lead: assignments(lead, BY_MEETING),
        Behind.REMEDIES: remedies,
        Behind.DIFFICULTIES: lambda lead: (
            f"{reverse('difficulty-list')}?{urlencode({'don_vi': choice.unit_id, 'cho_qua': waiting_days})}"
        ),
        Behind.DIFFICULTY: lambda lead: reverse("difficulty-detail", args=[lead.pk]),
    }
    return lambda lead: ways[lead.behind](lead) if lead else ""
