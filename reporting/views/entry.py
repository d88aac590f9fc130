"""Step 1, entry: the page of one month's figures, and what it sends while a person types."""

import json
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from de_an_06.plain.numbers import format_number
from de_an_06.plain.outside import read_json
from reporting import difficulties
from reporting.campaigns.monthly import proposals
from reporting.entry import ready, saving
from reporting.entry.form import ReportForm, load_form
from reporting.figures import RATES
from reporting.lateness import time_left
from reporting.models import FigureChange, Report, Status
from reporting.models.reports import NARRATIVE_FIELDS
from reporting.reading.against_targets import Reached, beside_figures, said_of_target
from reporting.report_doors import get_own_report, get_report, get_report_to_enter
from reporting.report_log import LONGEST_REASON, NotAllowed, Refused
from taskforces.clock import now_for
from taskforces.models import Branch
from taskforces.scope import entered_by, may_mark_any_branch, may_open_entry, may_submit, require

from . import entry_rows
from .entry_rows import REASON_PREFIX, Typed

NEXT_STEP = "buoc-tiep"  # the place in the save bar where a complete part is marked
ROW_FILTERS = (("", "Tất cả"), ("thieu", "Còn thiếu"), ("loi", "Có vấn đề"))


@require_http_methods(["GET", "POST"])
def report_entry(request, pk):
    """One page, two branches. Also works as one plain form: what cannot be saved comes back with its message."""
    report = get_report_to_enter(request.user, pk)
    if request.method == "GET":
        return _page(request, report, load_form(report, request.user))
    try:
        outcome = _save_form(request, report)
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("report-entry", pk)
    if not outcome.is_ok:
        return _page(request, get_report_to_enter(request.user, pk), outcome.form, typed=outcome.typed)
    if request.POST.get("action") == "check":
        if outcome.form.blocking:
            return redirect(f"{reverse('report-entry', args=[pk])}?kiem-tra=1")
        return redirect("report-check", pk)
    if outcome.changed:
        messages.success(request, f"Đã lưu {format_number(outcome.changed)} ô lúc {_clock(outcome.form)}.")
    return redirect("report-entry", pk)


@require_POST
def save_cells(request, pk):
    """Fields in, the server's receipt out (JSON): what was saved, refused, changed by another, and what follows."""
    report = get_report(request.user, pk)
    try:
        require(may_open_entry(request.user, report))
        sent = read_json(request.body)
        if str(sent.get("user")) != str(request.user.pk):
            return _no(
                409, f"Phiên làm việc này nay là của {request.user}. Đăng nhập lại bằng tài khoản đã nhập để lưu."
            )
        fields = {str(k): str(v) for k, v in sent["fields"].items()}
        seen = {str(k): str(v) for k, v in sent.get("seen", {}).items()}
        unanswered = {str(k): [str(text) for text in v] for k, v in sent.get("unanswered", {}).items()}
        via = FigureChange.Via.PASTE if sent.get("via") == "paste" else FigureChange.Via.PAGE
        outcome = _save(request.user, report, fields, seen, via, unanswered)
    except NotAllowed as error:
        return _no(409, str(error))
    except PermissionDenied:
        return _no(403, "Bạn không nhập được báo cáo này. Phân công của bạn đã thay đổi hoặc ô thuộc bộ phận khác.")
    except (ValueError, KeyError, TypeError, AttributeError, RawPostDataException):  # the last: a form instead of JSON
        return _no(400, "Dữ liệu gửi lên không đọc được. Tải lại trang rồi nhập lại.")
    return JsonResponse(_receipt(request, outcome, touched={name.partition(".")[0] for name in fields}))


@require_POST
@transaction.atomic
def zero_fill(request, pk):
    """ "Không phát sinh": the rest of one service becomes 0, deliberately; one transaction with the form sent along."""
    report = get_own_report(request.user, pk)
    code = request.POST.get("service", "")
    wants_json = "application/json" in request.headers.get("Accept", "")
    try:
        if "seen" in request.POST:
            outcome = _save_form(request, report)
            if not outcome.is_ok:
                return _page(request, get_own_report(request.user, pk), outcome.form, typed=outcome.typed)
        result = saving.fill_zero(report_id=pk, service_code=code, by=request.user)
    except NotAllowed as error:
        if wants_json:
            return _no(409, str(error))
        messages.error(request, str(error))
        return redirect("report-entry", pk)
    if wants_json:
        return JsonResponse(_receipt(request, Outcome(result.form, dict(result.saved)), touched={code}))
    return redirect(f"{reverse('report-entry', args=[pk])}#{code}")


@require_POST
@transaction.atomic
def mark_ready(request, pk):
    """A branch says its part is complete, or takes that back.

    One transaction with the form sent along: of a mark refused the figures stay, of a failure nothing does.
    """
    report = get_own_report(request.user, pk)
    branch = request.POST.get("branch") or request.POST.get("undo", "")
    page = reverse("report-entry", args=[pk])
    if branch not in Branch.values:
        return redirect(page)
    try:
        if "seen" in request.POST:
            outcome = _save_form(request, report)
            if not outcome.is_ok:
                return _page(request, get_own_report(request.user, pk), outcome.form, typed=outcome.typed)
        if "undo" in request.POST:
            ready.unmark_ready(report_id=pk, branch=branch, by=request.user)
        else:
            ready.mark_ready(report_id=pk, branch=branch, by=request.user)
            messages.success(request, f"Đã chốt phần {Branch(branch).label}.")
    except Refused:
        return redirect(f"{page}?kiem-tra={branch}")
    except NotAllowed as error:
        messages.error(request, str(error))
    if request.POST.get("from") == "check":
        return redirect("report-check", pk)
    place = NEXT_STEP if request.GET.get("o") == NEXT_STEP else f"tt-{branch}"
    return redirect(f"{page}#{place}")  # the focus stays with the button's place


@dataclass(slots=True)
class Outcome:
    """What became of the fields a person sent. `saved`: name -> text the server holds now."""

    form: ReportForm
    saved: dict[str, str]
    typed: Typed = None
    changed: int = 0

    def __post_init__(self):
        self.typed = self.typed or Typed()

    @property
    def is_ok(self) -> bool:
        return not (self.typed.refused or self.typed.conflicts)


def _save_form(request, report) -> Outcome:
    """The whole plain form: only fields that differ from what the page showed are sent on."""
    try:
        seen = {str(k): str(v) for k, v in read_json(request.POST.get("seen") or "{}").items()}
    except (ValueError, AttributeError):
        seen = {}
    fields = {name: text for name, text in request.POST.items() if _is_field(name)}
    changed = {n: t for n, t in fields.items() if t.replace("\r\n", "\n").strip() != seen.get(n, "").strip()}
    return _save(request.user, report, changed, seen, FigureChange.Via.PAGE)


def _is_field(name: str) -> bool:
    return "." in name or name in NARRATIVE_FIELDS or name.startswith(REASON_PREFIX)


@transaction.atomic
def _save(
    user, report, fields: dict[str, str], seen: dict[str, str], via: str, unanswered: dict[str, list[str]] | None = None
) -> Outcome:
    """Reasons, narrative and cells each go to their own function, all or none; cells last: their form knows all."""
    reasons = {n: t for n, t in fields.items() if n.startswith(REASON_PREFIX)}
    texts = {n: t for n, t in fields.items() if n in NARRATIVE_FIELDS}
    cells = {n: t for n, t in fields.items() if n not in reasons and n not in texts}
    outcome = Outcome(None, {})
    for name, reason in reasons.items():
        code, _, cell = name.removeprefix(REASON_PREFIX).partition(":")
        kept = _explain(user, report, code, cell, reason)
        outcome.saved[name] = kept
        outcome.changed += 1
    results, known = [], {"report_id": report.pk, "by": user, "seen": seen, "unanswered": unanswered}
    if texts:
        results.append((saving.save_narrative(texts=texts, **known), texts))
    if cells and entered_by(user, report):
        results.append((saving.save_cells(cells=cells, via=via, **known), cells))
    for result, sent in results:
        outcome.form = result.form
        outcome.saved |= result.saved
        outcome.changed += len(result.changed)
        for name, message in result.refused.items():
            outcome.typed.refused[name] = (sent[name], message)
        for name, conflict in result.conflicts.items():
            outcome.typed.conflicts[name] = (sent[name], conflict.theirs, conflict.message)
    if outcome.form is None or not cells:
        outcome.form = load_form(Report.objects.select_related("unit", "period").get(pk=report.pk), user)
    return outcome


def _explain(user, report, code: str, cell: str, reason: str) -> str:
    """Keep a reason; one whose warning has gone in the meantime is dropped with its warning."""
    try:
        explanation = saving.explain(report_id=report.pk, by=user, check_code=code, cell=cell, reason=reason)
    except NotAllowed:
        if not load_form(report, user).is_open or len(reason) > LONGEST_REASON:
            raise
        return reason
    return explanation.reason if explanation else ""


def _no(status: int, message: str) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


def _clock(form: ReportForm) -> str:
    saved_at = form.report.saved_at
    return f"{timezone.localtime(saved_at):%H:%M}" if saved_at else ""


def _receipt(request, outcome: Outcome, touched: set[str]) -> dict:
    """What the page needs after a save. Rows and parts are drawn by the same templates as the page itself."""
    form = outcome.form
    lines = [line for line in [*form.services, *form.indicators] if line.code in touched]
    lines += [line for line in [*form.services, *form.indicators] if line not in lines and _is_named(line, touched)]
    rows = {}
    for row in entry_rows.rows_of(form, lines, typed=outcome.typed):
        derived = {box.id: box.text for box in row.boxes if box.output}
        if hasattr(row.line, "rate"):
            derived[f"{row.code}-ty-le"] = row.line.rate
            derived[f"{row.code}-muc-do"] = row.line.qualifier
        rows[row.code] = {
            "states": {b.id: b.state.replace("is-derived", "").strip() for b in row.boxes if b.icon},
            "derived": derived,
            "described": entry_rows.described(row),
            "missing": row.missing,
            "messages": render_to_string("reporting/_row_messages.html", {"row": row}).strip() if row.messages else "",
        }
    return {
        "saved_at": _clock(form),
        "saved": outcome.saved,
        "refused": {name: message for name, (_, message) in outcome.typed.refused.items()},
        "conflicts": {
            name: {"theirs": theirs, "message": message}
            for name, (_, theirs, message) in outcome.typed.conflicts.items()
        },
        "rows": rows,
        "parts": _parts(request, form),
    }


def _is_named(line, touched: set[str]) -> bool:
    """Is a reason of this row among the fields sent ('ly-do:jump:DVC16')?"""
    return any(name.startswith(REASON_PREFIX) and name.rpartition(":")[2] == line.code for name in touched)


def _parts(request, form: ReportForm) -> dict[str, str]:
    """The changing bits outside the grid, by the id of their place."""
    leads = form.is_open and may_mark_any_branch(request.user, form.report)
    parts = {
        f"tt-{section.branch}": render_to_string(
            "reporting/_branch_state.html", {"section": section, "form": form, "leads": leads}, request
        )
        for section in form.sections
    }
    marks = {"marks": ready.to_mark(form, request.user), "form": form}
    parts[NEXT_STEP] = render_to_string("reporting/_next_step.html", marks, request)
    parts["tien-do"] = render_to_string("reporting/_progress.html", {"counts": form.counts(), "form": form})
    parts["van-de"] = form.blocking_title
    parts["dem-dvc"] = entry_rows.filled_text(form.services)
    parts["dem-ct"] = entry_rows.filled_text(form.indicators)
    parts["tom-tat-loi"] = render_to_string(
        "reporting/_errors.html", {"title": form.blocking_title, "problems": entry_rows.summary_of(form)}
    )
    parts["chung"] = render_to_string("reporting/_report_messages.html", {"found": entry_rows.report_messages(form)})
    return parts


def _page(request, report: Report, form: ReportForm, typed: Typed | None = None):
    """The entry page. `?kiem-tra=` shows what is left (1: of the report, else of a branch) and takes the focus."""
    only = request.GET.get("loc", "")
    asked = request.GET.get("kiem-tra", "")
    branch = asked if asked in Branch.values else ""
    service_rows = entry_rows.rows_of(form, form.services, typed=typed, only=only)
    indicator_rows = entry_rows.rows_of(form, form.indicators, typed=typed, only=only)
    log = proposals(report)
    for row in indicator_rows:
        row.log = log.get(row.code)
    targets = beside_figures(report.unit_id, report.level, report.period)
    for row in service_rows:
        row.targets = _said_of_targets(targets, {f"{row.code}.{rate.name}": rate.short_label for rate in RATES})
    for row in indicator_rows:
        row.targets = _said_of_targets(targets, {row.code: ""})
    counts = form.counts()
    all_rows = [*service_rows, *indicator_rows]
    own = entered_by(request.user, report)
    others = {row.code for row in all_rows if not own.covers(row.line.branch, row.line.cells[0].group)}
    rows_of = {s.branch: [row for row in service_rows if row.line.branch == s.branch] for s in form.sections}
    summary = entry_rows.summary_of(form, branch) if asked else []
    title = f"Chưa gửi được: {form.blocking_title}" if not branch else f"Chưa chốt được phần {Branch(branch).label}"
    if typed is not None:
        named = [(name, message) for name, (_, message) in typed.refused.items()]
        named += [(name, message) for name, (_, _, message) in typed.conflicts.items()]
        summary = [("x", f"#{n.replace('.', '-')}", f"{_label(form, n)}: {m}") for n, m in named] + summary
        title = f"Chưa lưu được {len(named)} ô, các ô khác đã lưu"
    home = "task-list" if may_submit(request.user, report) else "body-work"
    context = {
        "difficulties": difficulties.panel_of(report, request.user),
        "report": report,
        "form": form,
        "here": home,
        "home_url": f"{reverse(home)}?ky={report.period.key}",
        "sections": [
            (s, rows_of[s.branch], not own and _asks(rows_of[s.branch]))
            for s in sorted(form.sections, key=lambda s: s.branch not in own.branches)
        ],
        "own": own,
        "others": others,  # on a phone these are folded; for who has no part, but where something is to be put right
        "of_others": sum(row.code in others for row in indicator_rows),
        "others_open": not own and _asks(indicator_rows),
        "groups": entry_rows.grouped(indicator_rows),
        "has_services": bool(service_rows),
        "narrative": [(name, label, _typed_text(typed, name, text)) for name, label, text in form.narrative],
        "typed": typed,
        "counts": counts,
        "service_counts": entry_rows.filled_text(form.services),
        "indicator_counts": entry_rows.filled_text(form.indicators),
        "filters": [
            (
                key,
                label,
                _how_many(all_rows, key),
                reverse("report-entry", args=[report.pk]) + (f"?loc={key}" if key else ""),
            )
            for key, label in ROW_FILTERS
        ],
        "only": only,
        "summary": summary,
        "summary_title": title,
        "seen": json.dumps(entry_rows.seen_texts(form), ensure_ascii=False),
        "report_messages": entry_rows.report_messages(form),
        "leads": form.is_open and may_mark_any_branch(request.user, report),
        "help": entry_rows.HOW_TO_FILL,
        "paste_guide": json.dumps(entry_rows.paste_guide(form), ensure_ascii=False) if form.is_open else "",
        "marks": ready.to_mark(form, request.user),
        "left": time_left(report.due, now_for(request.user)) if report.due else "",
        "last_year_label": form.month.plus(-12).label,
        "saved_at": _clock(form),
        "was_returned": report.status == Status.RETURNED,
    }
    return render(request, "reporting/entry.html", context)


def _said_of_targets(targets: dict[str, list[Reached]], keys: dict[str, str]) -> tuple[str, ...]:
    """`keys`: what a row's targets are of -> the word that tells them apart."""
    said = [(words, said_of_target(one)) for key, words in keys.items() for one in targets.get(key, [])]
    return tuple(f"{text} – {words.lower()}" if words else text for words, text in said)


def _typed_text(typed: Typed | None, name: str, text: str) -> str:
    if typed is not None and (name in typed.refused or name in typed.conflicts):
        return entry_rows.typed_text(typed, name)
    return text


def _asks(rows: list[entry_rows.EntryRow]) -> bool:
    """Is a figure wrong, or a doubtful one without its reason?"""
    return any(message.kind == "bad" or not message.reason for row in rows for message in row.messages)


def _label(form: ReportForm, name: str) -> str:
    if name in form.cells:
        return form.cells[name].label
    return next((label for field, label, _ in form.narrative if field == name), name)


def _how_many(rows, key: str) -> int:
    if key == "thieu":
        return sum(row.is_missing for row in rows)
    return sum(bool(row.messages) for row in rows) if key else len(rows)
