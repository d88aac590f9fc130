"""Step 1, entry, writing side: cells, "không phát sinh", narrative, reasons. The same for page, paste, file and API.

Every function takes who acts, asks their rights again (PermissionDenied = 403) and the moment (NotAllowed),
and writes figures, history and marks in one transaction.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from de_an_06.plain.numbers import NotANumber, format_number, parse_count
from reporting.closing import require_editable
from reporting.figures import CARRIED, DERIVED, FIGURE_FIELDS, pending_in_time
from reporting.models import (
    Explanation,
    FigureChange,
    IndicatorFigure,
    NarrativeChange,
    Report,
    ReportEvent,
    ServiceFigures,
)
from reporting.models.reports import NARRATIVE_FIELDS, QUALIFIERS
from reporting.report_log import NotAllowed, locked, log, require_short
from taskforces.clock import now_for
from taskforces.models import Branch
from taskforces.scope import Entering, entered_by, may_open_entry, may_submit, require

from . import checks
from .form import LISTED, REGISTER, FormRows, ReportForm, load_form
from .ready import drop_mark

LONGEST_NARRATIVE = 5000
LOCKED_MESSAGES = {
    CARRIED: "Ô này lấy từ số cuối kỳ trước, không nhập.",
    DERIVED: "Ô này hệ thống tự tính, không nhập.",
    REGISTER: "Ô này đếm từ sổ, không nhập.",
    LISTED: "Ô này đếm từ danh sách dịch vụ thực hiện toàn trình, không nhập.",
}
OTHERS_MESSAGE = "Ô này do {} nhập."


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the cell since this person last saw it; nothing was overwritten."""

    cell: str
    theirs: str  # what the server holds
    mine: str  # what this person typed
    who: str  # '' when the history has no such change
    is_own: bool  # the same person did it, in another tab or on another machine
    at: dt.datetime | None

    @property
    def message(self) -> str:
        who = "Chính bạn, ở trang hoặc máy khác," if self.is_own else self.who or "Người khác"
        when = f" lúc {timezone.localtime(self.at):%H:%M ngày %d/%m/%Y}" if self.at else ""
        theirs = f"sửa ô này thành {self.theirs}" if self.theirs else "xóa trống ô này"
        return f"{who} đã {theirs}{when}. Bạn nhập {self.mine or 'ô trống'}. Chọn số đúng rồi ghi lại."


@dataclass(slots=True)
class SaveResult:
    """The server's receipt. Cells are in exactly one of `saved`, `refused`, `conflicts`.

    saved: cell -> text the server now holds (unchanged cells too); refused: cell -> message (the typed text is kept by
    the caller); conflicts: cell -> Conflict; changed: cells whose figure really changed; unmarked: branches whose
    "ready" mark fell; form: the form after saving (problems, counts, derived cells).
    """

    form: ReportForm
    saved: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not (self.refused or self.conflicts)

    @property
    def saved_at(self) -> dt.datetime | None:
        return self.form.report.saved_at


@transaction.atomic
def save_cells(
    *,
    report_id: int,
    by,
    cells: dict[str, str],
    seen: dict[str, str] | None = None,
    unanswered: dict[str, list[str]] | None = None,
    via: str = FigureChange.Via.PAGE,
) -> SaveResult:
    """Save typed cells: cell key -> typed text ('' makes it blank). Good cells are saved even when others are refused.

    `seen`: what this person's page last showed in each cell. A cell typed as seen is left alone; a cell that somebody
    else changed since comes back as a conflict. Sending the same again changes nothing and writes no history.
    `unanswered`: what this person sent before without hearing of it; a cell that holds it by their own change is
    taken as seen, so that nobody is told of their own lost answer.
    """
    report, entering = _open_report(report_id, by)
    form = load_form(report, by)
    if seen is not None and unanswered:
        seen = seen | _arrived(form, by, unanswered)
    result = SaveResult(form)
    values: dict[str, int | None] = {}
    conflicts: dict[str, str] = {}
    for key, typed in cells.items():
        cell = form.cells.get(key)
        if cell is None:
            result.refused[key] = "Báo cáo này không có ô này."
            continue
        try:
            new = parse_count(typed)
        except NotANumber as error:
            if typed.strip() == cell.text:
                result.saved[key] = cell.text  # '–' and '−2' of a derived cell come back with a plain form
            else:
                result.refused[key] = str(error)
            continue
        known = (seen or {}).get(key)
        if new == cell.value or (known is not None and _same(known, new)):
            result.saved[key] = cell.text
        elif cell.locked in {REGISTER, LISTED} and seen is not None and key not in seen:
            result.saved[key] = cell.text  # a plain form carries what it showed; the register has moved on since
        elif cell.locked:
            result.refused[key] = LOCKED_MESSAGES[cell.locked]
        elif not entering.covers(cell.branch, cell.group):
            result.refused[key] = OTHERS_MESSAGE.format(Branch(cell.branch).label)
        elif known is not None and not _same(known, cell.value):
            conflicts[key] = typed.strip()
        else:
            values[key] = new
    result.conflicts = _describe_conflicts(form, conflicts, by)
    write(result, values, by=by, via=via)
    return result


@transaction.atomic
def fill_zero(*, report_id: int, service_code: str, by) -> SaveResult:
    """The deliberate "không phát sinh": the cells of this service still blank become 0, deliberately and logged.

    Asked again after a lost answer it changes nothing and names the zeros again.
    """
    report, entering = _open_report(report_id, by)
    form = load_form(report, by)
    line = next((line for line in form.services if line.code == service_code), None)
    if line is None:
        raise NotAllowed(f"Báo cáo này không có dịch vụ {service_code}.")
    require(entering.covers(line.branch))
    result = SaveResult(form)
    values: dict[str, int | None] = {cell.key: 0 for cell in line.typed if cell.value is None}
    if values:
        log(report, ReportEvent.Action.ZERO_FILL, by, reason=service_code)
    write(result, values, by=by, via=FigureChange.Via.ZERO_FILL)
    result.saved = {cell.key: form.cells[cell.key].text for cell in line.typed if form.cells[cell.key].value == 0}
    return result


@transaction.atomic
def refresh_openings(*, report: Report, by, via: str = FigureChange.Via.CARRIED) -> ReportForm:
    """Take over last month's closing as it stands now; submission calls this (row locked) before it checks."""
    form = load_form(report, by)
    write(SaveResult(form), {}, by=by, via=via)
    return form


@transaction.atomic
def freeze_register(*, form: ReportForm, by) -> None:
    """Write what the register counts into the report; submission calls this (row locked) before it is sealed.

    Later changes of the register leave a sent report as it is; one sent back is counted again when it is sent again.
    """
    report, moment = form.report, now_for(by)
    wanted = {line.indicator.pk: line for line in form.register if line.cells[0].value is not None}
    rows = IndicatorFigure.objects.filter(report=report, indicator__in=wanted).values(
        "indicator_id", "numerator", "denominator"
    )
    stored: dict[int, dict[str, Any]] = {row["indicator_id"]: dict(row) for row in rows}
    history = [
        _change(report, cell.key, old, cell.value, by=by, at=moment, via=FigureChange.Via.REGISTER)
        for pk, line in wanted.items()
        for cell in line.cells
        if (old := stored.get(pk, {}).get(cell.key.partition(".")[2])) != cell.value
    ]
    if not history:
        return
    FigureChange.objects.bulk_create(history)
    _upsert(form.data, set(), set(wanted))
    _drop_qualifiers(form.data, list(wanted))


@transaction.atomic
def save_narrative(
    *,
    report_id: int,
    by,
    texts: dict[str, str],
    seen: dict[str, str] | None = None,
    unanswered: dict[str, list[str]] | None = None,
) -> SaveResult:
    """Save narrative fields (Report.NARRATIVE_FIELDS); officers of either branch and the leader write them.

    Keys of the result are field names; a text changed by another since `seen` is a conflict and stays. One that this
    person sent before (`unanswered`, as in `save_cells`) is their own where nobody else wrote it since.
    """
    report = locked(report_id)
    require(may_submit(by, report))
    require_editable(report)
    result = SaveResult(load_form(report, by))
    last = _last_writings(report, texts)
    for name, typed in texts.items():
        if name not in NARRATIVE_FIELDS:
            result.refused[name] = "Báo cáo này không có mục này."
            continue
        text, stored = _tidy(typed), getattr(report, name)
        known = None if seen is None or name not in seen else _tidy(seen[name])
        if _is_by(last.get(name), by) and stored in map(_tidy, (unanswered or {}).get(name, [])):
            known = stored
        if len(text) > LONGEST_NARRATIVE:
            limit = format_number(LONGEST_NARRATIVE)
            result.refused[name] = f"Mục này dài nhất {limit} ký tự. Bạn đã nhập {format_number(len(text))} ký tự."
        elif text in {stored, known}:
            result.saved[name] = stored
        elif known is not None and known != stored:
            result.conflicts[name] = _conflict(name, stored, text, last.get(name), by)
        else:
            setattr(report, name, text)
            result.saved[name] = text
            result.changed.append(name)
    if result.changed:
        report.saved_at = now_for(by)
        report.save(update_fields=[*result.changed, "saved_at"])
        written = [NarrativeChange(report=report, field=name, by=by, at=report.saved_at) for name in result.changed]
        NarrativeChange.objects.bulk_create(written)
    return result


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@transaction.atomic
def explain(*, report_id: int, by, check_code: str, cell: str, reason: str) -> Explanation | None:
    """Keep the typed reason for one soft warning; an empty reason takes it back. None when there is none now."""
    report = locked(report_id)
    require(may_open_entry(by, report))
    require_editable(report)
    form = load_form(report, by)
    about = form.cells.get(cell)
    require(form.sends or (about is not None and form.may_explain(about)))
    known = [p for p in form.problems if (p.code, p.cell, p.severity) == (check_code, cell, checks.SOFT)]
    reason = reason.strip()
    require_short(reason)
    if not reason:
        Explanation.objects.filter(report=report, check_code=check_code, cell=cell).delete()
        return None
    if not known:
        raise NotAllowed("Điểm này không còn cần giải trình.")
    explanation, _ = Explanation.objects.update_or_create(
        report=report,
        check_code=check_code,
        cell=cell,
        defaults={"about": known[0].message, "reason": reason, "by": by, "at": now_for(by)},
    )
    return explanation


@transaction.atomic
def describe_figure(*, report_id: int, by, code: str, qualifier: str = "", note: str = "") -> None:
    """Keep how exact an indicator's figure is ('hơn', 'gần', '' = exact) and a note on it, as its source says.

    For figures taken over from published texts; the monthly form asks for exact numbers and has no cell for this. The
    word belongs to the number beside it: it goes when another number is typed.
    """
    report, entering = _open_report(report_id, by)
    form = load_form(report, by)
    line = next((line for line in form.indicators if line.code == code), None)
    if line is None:
        raise NotAllowed(f"Báo cáo này không có chỉ tiêu {code}.")
    require(entering.covers(line.branch, line.indicator.group))
    if qualifier not in {"", *QUALIFIERS}:
        raise NotAllowed(f"Mức độ chính xác chỉ nhận: {', '.join(QUALIFIERS)}.")
    figures = IndicatorFigure.objects.filter(report=report, indicator=line.indicator, numerator__isnull=False)
    if not figures.update(qualifier=qualifier, note=note):
        raise NotAllowed(f"{code} chưa có số liệu.")


# Parts


def _open_report(report_id: int, by) -> tuple[Report, Entering]:
    """The report, locked for writing, and whose cells this person types in it."""
    report = locked(report_id)
    entering = entered_by(by, report)
    require(bool(entering))
    require_editable(report)
    return report, entering


def _same(text: str, value: int | None) -> bool:
    """Does a shown text stand for this value? Text that is no number stands for none."""
    try:
        return parse_count(text) == value
    except NotANumber:
        return False


def _arrived(form: ReportForm, by, unanswered: dict[str, list[str]]) -> dict[str, str]:
    """Cells that hold what this person sent before, last changed by nobody else -> their text."""
    held = {
        key
        for key, texts in unanswered.items()
        if key in form.cells and any(_same(text, form.cells[key].value) for text in texts)
    }
    last = last_changes(form.report, held)
    return {key: form.cells[key].text for key in held if _is_by(last.get(key), by)}


def last_changes(report: Report, cells: Iterable[str]) -> dict[str, FigureChange]:
    """Who changed each of these cells last, and when; cells without history are left out."""
    changes = FigureChange.objects.filter(report=report, cell__in=cells).select_related("by")
    return {change.cell: change for change in changes.order_by("pk")}


def _last_writings(report: Report, fields: Iterable[str]) -> dict[str, NarrativeChange]:
    """The same of the narrative."""
    changes = NarrativeChange.objects.filter(report=report, field__in=fields).select_related("by")
    return {change.field: change for change in changes.order_by("pk")}


def _is_by(change: FigureChange | NarrativeChange | None, person) -> bool:
    return change is not None and change.by_id == person.pk


def _describe_conflicts(form: ReportForm, typed: dict[str, str], by) -> dict[str, Conflict]:
    last = last_changes(form.report, typed)
    return {key: _conflict(key, form.cells[key].text, mine, last.get(key), by) for key, mine in typed.items()}


def _conflict(key: str, theirs: str, mine: str, change: FigureChange | NarrativeChange | None, by) -> Conflict:
    who, at = (change.by.full_name, change.at) if change is not None else ("", None)
    return Conflict(key, theirs, mine, who, _is_by(change, by), at)


def write(result: SaveResult, values: dict[str, int | None], *, by, via: str) -> None:
    """Write changed cells, what follows from them, their history, and let "ready" marks of changed branches fall."""

    form, data = result.form, result.form.data
    report, moment = form.report, now_for(by)
    history: list[FigureChange] = []
    touched_services: set[int] = set()
    touched_indicators: set[int] = set()
    service_ids = {line.code: line.service.pk for line in form.services}
    indicator_ids = {line.code: line.indicator.pk for line in form.indicators}

    def record(key: str, old: int | None, new: int | None, source: str = via) -> None:
        history.append(_change(report, key, old, new, by=by, at=moment, via=source))

    for key, new in values.items():
        code, _, name = key.partition(".")
        if code in service_ids:
            row = data.services.setdefault(service_ids[code], dict.fromkeys(FIGURE_FIELDS))
            touched_services.add(service_ids[code])
        else:
            row = data.indicators.setdefault(indicator_ids[code], {"numerator": None, "denominator": None})
            touched_indicators.add(indicator_ids[code])
        record(key, row[name], new)
        row[name] = new
    for code, pk in service_ids.items():
        stored = data.services.get(pk)
        if stored is None:
            continue
        opening = data.figures(pk)["opening"]
        if stored["opening"] != opening:
            if stored["opening"] is not None:
                record(f"{code}.opening", stored["opening"], opening, FigureChange.Via.CARRIED)
            stored["opening"] = opening
            touched_services.add(pk)
        rest = pending_in_time(stored)
        rest = rest if rest is not None and rest >= 0 else None
        if stored["pending_in_time"] != rest:
            stored["pending_in_time"] = rest
            touched_services.add(pk)
    _upsert(data, touched_services, touched_indicators)
    retyped = [indicator_ids[code] for code, _, name in (k.partition(".") for k in values) if name == "numerator"]
    _drop_qualifiers(data, retyped)
    if not (history or touched_services):
        return
    FigureChange.objects.bulk_create(history)
    result.changed = list(values)
    for branch in sorted({form.cells[key].branch for key in values}):
        if drop_mark(report, branch, by):
            result.unmarked.append(branch)
    report.saved_at = moment
    report.save(update_fields=["saved_at"])
    form.rebuild()
    result.saved |= {key: form.cells[key].text for key in values}


def _change(report: Report, cell: str, old: int | None, new: int | None, **how) -> FigureChange:
    """One line of the history, not stored yet."""
    return FigureChange(report=report, revision=report.revision, cell=cell, old=old, new=new, **how)


def _upsert(data: FormRows, service_ids: set[int], indicator_ids: set[int]) -> None:
    """One statement for all services, one for all indicators; none where there are none."""
    ServiceFigures.objects.bulk_create(
        [ServiceFigures(report=data.report, service_id=pk, **data.services[pk]) for pk in sorted(service_ids)],
        update_conflicts=True,
        unique_fields=["report", "service"],
        update_fields=FIGURE_FIELDS,
    )
    IndicatorFigure.objects.bulk_create(
        [IndicatorFigure(report=data.report, indicator_id=pk, **data.indicators[pk]) for pk in sorted(indicator_ids)],
        update_conflicts=True,
        unique_fields=["report", "indicator"],
        update_fields=["numerator", "denominator"],
    )


def _drop_qualifiers(data: FormRows, indicator_ids: list[int]) -> None:
    """ "Hơn", "gần" belonged to the number that was there; what is typed or counted now is exact."""
    said = [pk for pk in indicator_ids if data.qualifiers.pop((pk, 0), "")]
    IndicatorFigure.objects.filter(report=data.report, indicator__in=said).update(qualifier="")
