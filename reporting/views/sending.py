"""Steps 2 and 3 for the unit: look over everything once more, send, keep the receipt."""

from dataclasses import dataclass
from heapq import merge

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from de_an_06.plain.numbers import MINUS, format_number, format_rate, with_qualifier
from reporting import difficulties
from reporting.entry import checks
from reporting.entry.form import IndicatorLine, ReportForm, ServiceLine, load_form
from reporting.entry.ready import LOOKS_PERSONAL, personal_numbers_of, to_mark
from reporting.figures import IN_TIME_FIELDS, RECEIVED_FIELDS, RESOLVED_FIELDS, closing, total
from reporting.lateness import time_left
from reporting.models import FigureChange, ReportEvent
from reporting.report_doors import get_own_report, get_report
from reporting.report_log import NotAllowed, Refused
from reporting.review import workflow
from taskforces.clock import now_for, today_for

from .entry_rows import summary_of
from .task_list import reviewers_of

ACTS_SHOWN = 8


@dataclass(slots=True)
class Line:
    """One service, or their total, in the summary. Texts as shown; '' where a count is not known (figures.SIGNS)."""

    name: str
    received: str
    change: str
    resolved: str
    in_time: str
    rejected: str
    remaining: str
    overdue: str
    explained: list[tuple[str, str]]  # (what is doubtful, the reason given or '')
    wrong: list[str]


@require_GET
def check_answers(request, pk):
    """Everything of the month on one page, with what the reviewer will see, before it is sent."""
    report = get_own_report(request.user, pk)
    form = load_form(report, request.user)
    totals = [_numbers(line) for line in form.services]
    context = {
        "report": report,
        "form": form,
        "here": "task-list",
        "lines": [_line(form, line, numbers) for line, numbers in zip(form.services, totals, strict=True)],
        "total": _total(totals),
        "problems": summary_of(form),
        "explained": [(p, e) for p in form.problems if (e := form.explanation(p)) and p.severity == checks.SOFT],
        "counts": form.counts(),
        "refusal": workflow.why_not_submit(report, request.user, marking=True),
        "marks": to_mark(form, request.user),
        "reviewers": reviewers_of(report, today_for(request.user)),
        "log": _log(report),
        "difficulties": difficulties.panel_of(report, request.user),
        "personal": personal_numbers_of(report),
        "left": time_left(report.due, now_for(request.user)) if report.due else "",
        "indicators": [(line, _value(line), _explained(form, line), _hard(line)) for line in form.indicators],
    }
    return render(request, "reporting/check_answers.html", context)


@require_POST
def submit(request, pk):
    """Send the report, marking the parts that are this person's to mark.

    What still blocks it is shown on the entry page, each thing linked to its cell.
    """
    report = get_own_report(request.user, pk)
    if not request.POST.get("checked"):
        messages.error(request, "Đánh dấu “Tôi đã kiểm tra số liệu” rồi gửi.")
        return redirect("report-check", pk)
    if personal_numbers_of(report) and not request.POST.get("no_personal"):
        messages.error(request, LOOKS_PERSONAL)
        return redirect("report-check", pk)
    try:
        workflow.submit(report_id=pk, by=request.user, marking=True)
    except Refused:
        return redirect(f"{reverse('report-entry', args=[pk])}?kiem-tra=1")
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("report-check", pk)
    return redirect("report-receipt", pk)


@require_GET
def receipt(request, pk):
    """Proof of the last sending: number, time, checksum, who, late or not, and what happens next."""
    report = get_report(request.user, pk)
    sent = report.events.filter(action=ReportEvent.Action.SUBMIT).select_related("by").order_by("-pk")
    events = list(sent)
    if not events:
        raise Http404
    form = load_form(report, request.user)
    totals = [_numbers(line) for line in form.services]
    context = {
        "report": report,
        "form": form,
        "here": "task-list",
        "event": events[0],
        "earlier": events[1:],
        "is_current": events[0].revision == report.revision and not report.is_editable,
        "total": _total(totals),
        "counts": form.counts(),
        "reviewers": reviewers_of(report, today_for(request.user)),
    }
    return render(request, "reporting/receipt.html", context)


def _numbers(line: ServiceLine) -> dict[str, int | None]:
    """Sums of one service; None while a part is blank (blank is never read as 0)."""
    value = {cell.name: cell.value for cell in line.cells}
    return {
        "received": total(value, RECEIVED_FIELDS),
        "resolved": total(value, RESOLVED_FIELDS),
        "in_time": total(value, IN_TIME_FIELDS),
        "rejected": value["rejected"],
        "remaining": closing(value),
        "overdue": value["pending_overdue"],
        "before": None,
    }


def _line(form: ReportForm, line: ServiceLine, numbers: dict) -> Line:
    before = form.data.earlier_services.get((line.service.pk, 1))
    numbers["before"] = total(before, RECEIVED_FIELDS) if before else None
    return _texts(line.service.short_name, numbers, _explained(form, line), _hard(line))


def _total(rows: list[dict]) -> Line:
    """Sums over the services; a column with a blank in it has no total."""
    sums = {}
    for name in ("received", "resolved", "in_time", "rejected", "remaining", "overdue", "before"):
        values = [row[name] for row in rows]
        sums[name] = None if None in values or not values else sum(values)
    return _texts(f"Cộng {len(rows)} dịch vụ", sums, [], [])


def _texts(name: str, numbers: dict, explained, wrong) -> Line:
    return Line(
        name=name,
        received=format_number(numbers["received"]),
        change=_change(numbers["received"], numbers["before"]),
        resolved=format_number(numbers["resolved"]),
        in_time=format_rate(numbers["in_time"], numbers["resolved"]),
        rejected=format_number(numbers["rejected"]),
        remaining=format_number(numbers["remaining"]),
        overdue=format_number(numbers["overdue"]) if numbers["overdue"] else "",
        explained=explained,
        wrong=wrong,
    )


def _value(line: IndicatorLine) -> str:
    """'287/301', '11'; '' where nothing is filled in, and the half that is missing in words."""
    texts = [cell.text for cell in line.cells]
    return with_qualifier("/".join(text or "trống" for text in texts), line.qualifier) if any(texts) else ""


def _change(now: int | None, before: int | None) -> str:
    if now is None or before is None:
        return ""
    return f"+{format_number(now - before)}" if now > before else format_number(now - before).replace("-", MINUS)


def _explained(form: ReportForm, line) -> list[tuple[str, str]]:
    soft = [p for p in line.problems if p.severity == checks.SOFT]
    return [(p.detail, e.reason if (e := form.explanation(p)) else "") for p in soft]


def _hard(line) -> list[str]:
    return [p.message for p in line.problems if p.severity == checks.HARD]


def _log(report) -> list[tuple]:
    """The last acts and changes, newest first, each log in the order of its numbers: (when, who, what)."""
    acts = [
        (
            e.at,
            e.by,
            e.get_action_display()
            + (f": {e.reason}" if e.action in {"ready", "not_ready", "zero_fill", "live"} else ""),
        )
        for e in report.events.select_related("by").order_by("-pk")[:ACTS_SHOWN]
    ]
    changes = FigureChange.objects.filter(report=report, old__isnull=False).select_related("by").order_by("-pk")
    edits = [
        (
            c.at,
            c.by,
            f"Sửa {c.cell.partition('.')[0]}: {format_number(c.old)} thành {format_number(c.new, blank='trống')}",
        )
        for c in changes[:ACTS_SHOWN]
    ]
    return list(merge(acts, edits, key=lambda act: act[0], reverse=True))[:ACTS_SHOWN]
