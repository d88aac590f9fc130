"""Difficulties and proposals: raised with a report, sent upward with it, answered above. Every write goes through here.

A difficulty is sent when its report is. Then the level above answers, says it is resolved, or passes it up; the unit
sees each step and may raise it again. Every act writes one DifficultyStep in the same transaction.

What a person typed wrongly is a ValidationError by field; the wrong moment is NotAllowed; no right is 403.
"""

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from de_an_06.plain.moments import moment
from de_an_06.plain.personal_numbers import find_personal_numbers
from reporting import closing, occasions
from reporting.report_log import NotAllowed, locked
from taskforces.clock import now_for, today_for
from taskforces.models import Level, Posting, UnitVersion, User
from taskforces.models.units import path_ids
from taskforces.scope import Right, may_answer, may_submit, path_in_scope, postings, require, roles_with

from .models import Difficulty, DifficultyStep, Report, Status
from .models.difficulties import WAS_SENT

State, Action = Difficulty.State, DifficultyStep.Action
OLD_DAYS = 30
# Days since a difficulty was raised, both ends included; None: no end.
AGE_BANDS: dict[str, tuple[str, int, int | None]] = {
    "moi": ("Đến 7 ngày", 0, 7),
    "thang": ("8–30 ngày", 8, OLD_DAYS),
    "quy": ("31–90 ngày", OLD_DAYS + 1, 90),
    "lau": ("Quá 90 ngày", 91, None),
}
PAST: dict[str, str] = {
    Action.ANSWER: "trả lời",
    Action.RESOLVE: "ghi là đã giải quyết",
    Action.PASS_UP: "chuyển lên cấp trên",
}

# Reading -------------------------------------------------------------------------------------------------------------


def visible_to(user) -> QuerySet[Difficulty]:
    """Difficulties of reports in the person's scope; of units below, only those sent."""
    own = [p.unit_id for p in postings(user)]
    return Difficulty.objects.filter(path_in_scope(user, "report__")).filter(WAS_SENT | Q(unit__in=own))


def with_names(difficulties: QuerySet[Difficulty]) -> QuerySet[Difficulty]:
    """Each with `unit_name` (as in the report's month) and `with_name`, in the same query."""
    versions = UnitVersion.objects.order_by("-valid_from")
    then = versions.filter(unit=OuterRef("unit"), valid_from__lte=OuterRef("report__period__data_to"))
    holder = versions.filter(unit=OuterRef("with_unit"), valid_from__lte=OuterRef("report__period__data_to"))
    return difficulties.select_related("report__period", "unit", "with_unit", "raised_by").annotate(
        unit_name=Subquery(then.values("name")[:1]), with_name=Subquery(holder.values("name")[:1])
    )


def is_sent(difficulty: Difficulty) -> bool:
    """It went up with a sending of its report."""
    sent_at = difficulty.report.submitted_at
    return sent_at is not None and difficulty.raised_at <= sent_at


@dataclass(frozen=True)
class Panel:
    """Difficulties of one report as its pages show them: (difficulty, went up with the report, may be edited)."""

    rows: list[tuple[Difficulty, bool, bool]]
    may_raise: bool

    def __bool__(self):
        return bool(self.rows) or self.may_raise


def panel_of(report: Report, user) -> Panel:
    """What the report's pages show of its difficulties; one query when the closure is known (`month_closed`)."""
    may_raise = may_submit(user, report) and report.is_editable and not closing.is_closed(report)
    own = any(p.unit_id == report.unit_id for p in postings(user))
    rows = []
    for difficulty in report.difficulties.all():
        difficulty.report = report
        sent = is_sent(difficulty)
        if sent or own:
            rows.append((difficulty, sent, may_raise and not sent))
    return Panel(rows, may_raise)


def age_bounds(band: str, today: dt.date) -> Q:
    """The condition that a difficulty was raised so many days before `today` (days in Vietnam)."""
    _, youngest, oldest = AGE_BANDS[band]
    condition = Q() if youngest == 0 else Q(raised_at__date__lte=today - dt.timedelta(days=youngest))
    return condition if oldest is None else condition & Q(raised_at__date__gte=today - dt.timedelta(days=oldest))


def open_by_kind_and_age(difficulties: QuerySet[Difficulty], today: dt.date) -> dict[str, dict[str, int]]:
    """How many sent ones wait for an answer: kind -> age band -> count; one query."""
    waiting = difficulties.filter(WAS_SENT, state=State.OPEN).order_by()
    counts = {band: Count("pk", filter=age_bounds(band, today)) for band in AGE_BANDS if AGE_BANDS[band][1]}
    table = {kind: dict.fromkeys(AGE_BANDS, 0) for kind in Difficulty.Kind.values}
    rows: Any = waiting.values("kind").annotate(n=Count("pk"), **counts)
    for row in rows:
        cells = {band: row[band] for band in counts}
        table[row["kind"]] = {band: cells.get(band, row["n"] - sum(cells.values())) for band in AGE_BANDS}
    return table


# What buttons ask ----------------------------------------------------------------------------------------------------


def why_not_raise(report: Report) -> str:
    """Why no difficulty can be added to the report now, '' when one can (the right is asked apart)."""
    if report.status not in {Status.DRAFT, Status.RETURNED}:
        return "Báo cáo đã gửi. Khó khăn mới ghi vào báo cáo kỳ sau, hoặc khi báo cáo này được trả lại."
    return closing.closed_sentence(report)


def why_not_change(difficulty: Difficulty, user) -> str:
    """Why its words cannot be changed now, '' when they can."""
    if is_sent(difficulty):
        return f"Khó khăn này đã gửi lên cùng báo cáo lúc {moment(difficulty.report.submitted_at)}, không sửa được nữa."
    return why_not_raise(difficulty.report)


def acts_of(difficulty: Difficulty, user) -> list[str]:
    """What this person may do with it now, in the order of the buttons."""
    above = may_answer(user, difficulty.report, difficulty.with_unit_id)
    own = may_submit(user, difficulty.report)
    if not is_sent(difficulty):
        return []
    acts: list[str] = []
    if above and difficulty.state == State.OPEN:
        acts.append(Action.ANSWER)
    if (above or own) and difficulty.state != State.RESOLVED:
        acts.append(Action.RESOLVE)
    if above and difficulty.state == State.OPEN and next_above(difficulty.report, difficulty.with_unit_id, user):
        acts.append(Action.PASS_UP)
    if own and difficulty.state != State.OPEN:
        acts.append(Action.REOPEN)
    return acts


def next_above(report: Report, unit_id: int, user) -> int | None:
    """The unit above on the report's path that can answer; the nation only where somebody is posted to answer there."""
    ids = path_ids(report.path)
    position = ids.index(unit_id)
    if position == 0:
        return None
    above = ids[position - 1]
    if position == 1:
        answering = roles_with(Right.ANSWER)
        there = Posting.objects.on(today_for(user)).filter(unit_id=above, role__in=answering, unit__level=Level.NATION)
        return above if there.exists() else None
    return above


# The unit ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def raise_difficulty(
    *,
    by: User,
    report_id: int,
    kind: str,
    text: str,
    proposal: str = "",
    addressed_to: str = "",
    checked: bool = False,
) -> Difficulty:
    """Officers and the leader of the unit add a difficulty to a report still open; it goes up when the report does.

    `checked`: the writer says no citizen's data is in the text, though numbers in it look so. The same words sent
    twice make one difficulty.
    """
    report = locked(report_id)
    require(may_submit(by, report))
    _require_writable(report)
    words = _words(kind=kind, text=text, proposal=proposal, addressed_to=addressed_to, checked=checked)
    same = report.difficulties.filter(kind=kind, text=words["text"]).first()
    if same is not None:
        return same
    now = now_for(by)
    difficulty = Difficulty(
        unit=report.unit,
        report=report,
        with_unit_id=next_above(report, report.unit_id, by) or report.unit_id,
        raised_at=now,
        raised_by=by,
        **words,
    )
    difficulty.full_clean()
    difficulty.save()
    _log(difficulty, Action.RAISE, by, "", now)
    return difficulty


@transaction.atomic
def change_difficulty(
    *,
    by: User,
    difficulty_id: int,
    kind: str,
    text: str,
    proposal: str = "",
    addressed_to: str = "",
    checked: bool = False,
) -> Difficulty:
    """Correct the words before they have gone up."""
    difficulty = _locked(difficulty_id)
    require(may_submit(by, difficulty.report))
    refusal = why_not_change(difficulty, by)
    if refusal:
        raise NotAllowed(refusal)
    words = _words(kind=kind, text=text, proposal=proposal, addressed_to=addressed_to, checked=checked)
    for name, value in words.items():
        setattr(difficulty, name, value)
    difficulty.full_clean()
    difficulty.save()
    return difficulty


@transaction.atomic
def reopen(*, by: User, difficulty_id: int, note: str, checked: bool = False) -> Difficulty:
    """The unit says the answer does not settle it: it waits again where it lay last."""
    difficulty = _locked(difficulty_id)
    require(may_submit(by, difficulty.report))
    if difficulty.state == State.OPEN:
        raise NotAllowed("Khó khăn này đang chờ trả lời, không cần nêu lại.")
    return _step(difficulty, Action.REOPEN, by, _note(note, "Ghi vì sao nêu lại.", checked), state=State.OPEN)


# The level above -----------------------------------------------------------------------------------------------------


@transaction.atomic
def answer(*, by: User, difficulty_id: int, note: str, checked: bool = False) -> Difficulty:
    """The level above answers; the unit reads it word for word."""
    difficulty = _locked(difficulty_id)
    require(may_answer(by, difficulty.report, difficulty.with_unit_id))
    _require_waiting(difficulty)
    return _step(difficulty, Action.ANSWER, by, _note(note, "Ghi nội dung trả lời.", checked), state=State.ANSWERED)


@transaction.atomic
def resolve(*, by: User, difficulty_id: int, note: str, checked: bool = False) -> Difficulty:
    """It is settled, as said by the level above or by the unit itself."""
    difficulty = _locked(difficulty_id)
    require(_may_resolve(by, difficulty))
    if difficulty.state == State.RESOLVED:
        raise NotAllowed(_what_happened(difficulty))
    _require_sent(difficulty)
    return _step(
        difficulty, Action.RESOLVE, by, _note(note, "Ghi đã giải quyết thế nào.", checked), state=State.RESOLVED
    )


@transaction.atomic
def pass_up(*, by: User, difficulty_id: int, note: str, checked: bool = False) -> Difficulty:
    """The unit it lies with cannot settle it: from now on the unit above answers."""
    difficulty = _locked(difficulty_id)
    require(may_answer(by, difficulty.report, difficulty.with_unit_id))
    _require_waiting(difficulty)
    above = next_above(difficulty.report, difficulty.with_unit_id, by)
    if above is None:
        raise NotAllowed("Không còn cấp trên nào trên cổng này để chuyển. Trả lời hoặc ghi đã giải quyết.")
    difficulty.with_unit_id = above
    return _step(difficulty, Action.PASS_UP, by, _note(note, "Ghi vì sao chuyển cấp trên.", checked), state=State.OPEN)


WRITES = {Action.ANSWER: answer, Action.RESOLVE: resolve, Action.PASS_UP: pass_up, Action.REOPEN: reopen}

# Inside --------------------------------------------------------------------------------------------------------------


def _locked(difficulty_id: int) -> Difficulty:
    """The difficulty, locked: of two people answering at once, the second sees the first's answer."""
    rows = Difficulty.objects.select_for_update(of=("self",)).select_related("report__unit", "report__period")
    return rows.get(pk=difficulty_id)


def _may_resolve(user, difficulty: Difficulty) -> bool:
    return may_answer(user, difficulty.report, difficulty.with_unit_id) or may_submit(user, difficulty.report)


def _require_writable(report: Report) -> None:
    refusal = why_not_raise(report)
    if refusal:
        raise NotAllowed(refusal)


def _require_sent(difficulty: Difficulty) -> None:
    if not is_sent(difficulty):
        raise NotAllowed("Đơn vị chưa gửi khó khăn này cùng báo cáo.")


def _require_waiting(difficulty: Difficulty) -> None:
    _require_sent(difficulty)
    if difficulty.state != State.OPEN:
        raise NotAllowed(_what_happened(difficulty))


def _what_happened(difficulty: Difficulty) -> str:
    """Who settled it before: 'Trần Quốc Bảo đã trả lời khó khăn này lúc 09:15 ngày 17/11/2026.'"""
    last = difficulty.steps.filter(action__in=PAST).select_related("by").last()
    if last is None:
        return f"Khó khăn này {difficulty.get_state_display().lower()}."
    return f"{last.by} đã {PAST[last.action]} khó khăn này lúc {moment(last.at)}."


def _step(difficulty: Difficulty, action: str, by: User, note: str, *, state: str) -> Difficulty:
    difficulty.state = state
    difficulty.save(update_fields=["state", "with_unit"])
    _log(difficulty, action, by, note, now_for(by))
    return difficulty


def _log(difficulty: Difficulty, action: str, by: User, note: str, at: dt.datetime) -> None:
    step = DifficultyStep.objects.create(difficulty=difficulty, action=action, note=note, by=by, at=at)
    occasions.happened(step)


def _plain(text: str) -> str:
    """Composed letters, no spaces at the ends; lines are kept."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _words(*, kind: str, text: str, proposal: str, addressed_to: str, checked: bool) -> dict[str, str]:
    words = {"kind": kind, "text": _plain(text), "proposal": _plain(proposal), "addressed_to": _plain(addressed_to)}
    if not words["text"]:
        raise ValidationError({"text": "Ghi khó khăn, vướng mắc."})
    if not checked:
        _refuse_personal({name: words[name] for name in ("text", "proposal", "addressed_to")})
    return words


def _note(note: str, missing: str, checked: bool) -> str:
    note = _plain(note)
    if not note:
        raise ValidationError({"note": missing})
    if not checked:
        _refuse_personal({"note": note})
    return note


def _refuse_personal(texts: dict[str, str]) -> None:
    """Numbers that look like a citizen's stop the text until the writer says they are none (code 'personal')."""
    errors = {}
    for name, text in texts.items():
        found = find_personal_numbers(text)
        if found:
            listed = ", ".join(str(number) for number in found)
            errors[name] = ValidationError(
                f"Có số giống thông tin của một người: {listed}. Xóa đi; nếu không phải, xác nhận ở cuối.",
                code="personal",
            )
    if errors:
        raise ValidationError(errors)


def asks_to_check(error: ValidationError) -> bool:
    """Is this refusal about numbers that look personal?"""
    nested = getattr(error, "error_dict", {"": getattr(error, "error_list", [])})
    return any(e.code == "personal" for errors in nested.values() for e in errors)
