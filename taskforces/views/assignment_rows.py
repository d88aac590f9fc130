"""How the pages show assignments: one, those of a document, and what is done of all."""

from django.urls import reverse

from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate
from taskforces.models import Assignment, SourceDocument
from taskforces.register import assignment_counts as counting
from taskforces.register.assignment_counts import AssignmentState, Tally
from taskforces.register.assignment_forms import LEVEL_WORDS, STATE_WORDS

STATE_SIGNS = {  # tone and sign of a state
    AssignmentState.OVERDUE: ("bad", "x"),
    AssignmentState.NOT_STARTED: ("", "blank"),
    AssignmentState.IN_PROGRESS: ("info", "half"),
    AssignmentState.DONE: ("ok", "check"),
    AssignmentState.DROPPED: ("", "lock"),
}


def assignments_context(look) -> dict:
    """What every page about assignments is given."""
    return look.context("assignment-list") | {"back_url": reverse("assignment-list") + look.query}


def assignment_row(assignment: Assignment, day) -> dict:
    """One assignment as lists show it."""
    state = counting.state_on(assignment, day)
    tone, sign = STATE_SIGNS[state]
    word = STATE_WORDS[state]
    if state == AssignmentState.OVERDUE:
        word = f"Quá hạn {format_number((day - assignment.due_on).days)} ngày"
    elif state == AssignmentState.DONE and assignment.due_on and assignment.done_on > assignment.due_on:
        word = "Hoàn thành sau hạn"
    return {"assignment": assignment, "state": state, "tone": tone, "sign": sign, "word": word}


def source_row(source: SourceDocument, counted: counting.SourceCount, look) -> dict:
    """One document as the pages show it: '4/13', '30,77%', '6 chủ trì, 18 phối hợp', by level, body and group."""
    tally = counted.tally
    groups = []
    if counted.task_groups:
        groups.append(f"{format_number(len(counted.task_groups))} nhóm nhiệm vụ")
    if counted.utility_groups:
        groups.append(f"{format_number(counted.utility_groups)} nhóm tiện ích")
    return {
        "source": source,
        "url": (
            reverse("source-detail", args=[source.pk]) if source.pk != counting.CONCLUSIONS else reverse("meeting-list")
        )
        + look.query,
        "pair": pair_text(tally),
        "rate": format_rate(tally.done, tally.total),
        "parts": f"{format_number(tally.lead)} chủ trì, {format_number(tally.cooperating)} phối hợp",
        "groups": ", ".join(groups),
        "overdue": format_number(tally.overdue),
        "is_late": bool(tally.overdue),
        "dropped": format_number(tally.dropped) if tally.dropped else "",
        "levels": [f"{LEVEL_WORDS[level]} {pair_text(t)}" for level, t in counted.levels if t.total]
        if len(counted.levels) > 1
        else [],
        "task_groups": [f"{name} {pair_text(t)}" for name, t in counted.task_groups],
        "bodies": [(name, pair_text(t)) for name, t in counted.bodies],
    }


def pair_text(tally: Tally) -> str:
    """'4/13'; '–' where nothing stands."""
    return f"{format_number(tally.done)}/{format_number(tally.total)}" if tally.total else NO_VALUE
