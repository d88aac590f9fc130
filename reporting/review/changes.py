"""What changed in one report: since last month, and since it was sent back. Read by the reviewer's page of a report."""

import datetime as dt
from dataclasses import dataclass

from de_an_06.plain.numbers import MINUS, format_number
from reporting.entry.form import ReportForm
from reporting.models import FigureChange, ReportEvent

Action = ReportEvent.Action


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that differs: from last month, or from what was sent before the report came back."""

    cell: str
    label: str
    before: str
    now: str
    difference: str  # '+1.204', '−12', '' where one side is blank
    size: int
    who: str = ""
    at: dt.datetime | None = None


def changes_since_last_month(form: ReportForm, limit: int = 12) -> list[Change]:
    """Cells that differ from last month's, the largest difference first; where last month is blank there is none."""
    data, found = form.data, []
    for service_line in form.services:
        before = data.earlier_services.get((service_line.service.pk, 1), {})
        for cell in service_line.cells:
            label = f"{service_line.service.short_name}, {_after_comma(cell.label)}"
            found.append(_change(cell.key, label, before.get(cell.name), cell.value))
    for indicator_line in form.indicators:
        pair = data.earlier_indicators.get((indicator_line.indicator.pk, 1), (None, None))
        for cell, value in zip(indicator_line.cells, pair, strict=False):
            label = f"{indicator_line.indicator.name}, {_after_comma(cell.label)}"
            found.append(_change(cell.key, label, value, cell.value))
    differing = [c for c in found if c.size]
    return sorted(differing, key=lambda c: -c.size)[:limit]


def changes_since_return(form: ReportForm) -> list[Change]:
    """Cells changed since the report was last sent back or reopened: what was sent then, what stands there now."""
    report = form.report
    back = report.events.filter(action__in=[Action.SEND_BACK, Action.REOPEN]).order_by("-pk").first()
    if back is None:
        return []
    first: dict[str, FigureChange] = {}
    last: dict[str, FigureChange] = {}
    for change in (
        FigureChange.objects.filter(report=report, revision__gte=back.revision).select_related("by").order_by("pk")
    ):
        first.setdefault(change.cell, change)
        last[change.cell] = change
    found = [
        _change(
            cell,
            form.cells[cell].label if cell in form.cells else cell,
            first[cell].old,
            last[cell].new,
            who=str(last[cell].by),
            at=last[cell].at,
        )
        for cell in first
        if first[cell].old != last[cell].new
    ]
    return sorted(found, key=lambda c: -c.size)


def _change(cell: str, label: str, before: int | None, now: int | None, **more) -> Change:
    size = 0 if before is None or now is None else now - before
    sign = "+" if size > 0 else MINUS
    return Change(
        cell=cell,
        label=label,
        before=format_number(before, blank="trống"),
        now=format_number(now, blank="trống"),
        difference=f"{sign}{format_number(abs(size))}" if size else "",
        size=abs(size),
        **more,
    )


def _after_comma(label: str) -> str:
    """'DVC16, tiếp nhận trực tuyến' -> 'tiếp nhận trực tuyến'."""
    return label.partition(", ")[2]
