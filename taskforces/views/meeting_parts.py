"""What the pages of meetings and of inspections share: rows typed together, forms, how a conclusion is shown."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import render
from django.urls import reverse

from de_an_06.plain.numbers import format_number, whole_number
from taskforces.models import InspectionFinding
from taskforces.register.conclusions import Conclusion
from taskforces.register.meeting_forms import MOST_ROWS, ROWS_OFFERED

from .assignment_rows import pair_text

SITTING_LOG_SHOWN = 50  # newest changes of one meeting or inspection


def sittings_context(look, where: str) -> dict:
    """What every page about them is given; `where` is its tab."""
    return look.context("meeting-list") | {"where": where}


def form_page(request, look, form, where, *, title, act, back, intro="", labels=()):
    """A form of the register; `labels` are the units offered while typing."""
    context = sittings_context(look, where) | {
        "form": form,
        "title": title,
        "act": act,
        "back_url": back,
        "intro": intro,
        "labels": labels,
    }
    return render(request, "taskforces/taskforce_form.html", context)


def more_rows(data) -> dict | None:
    """What was typed, with as many rows again as are offered; None where that button was not pressed."""
    if "them_dong" not in data:
        return None
    typed = data.copy()
    count = whole_number(typed.get("dong-TOTAL_FORMS")) or 0
    typed["dong-TOTAL_FORMS"] = str(min(count, MOST_ROWS) + ROWS_OFFERED)
    return typed


def write_rows(rows, write: Callable[[dict], None]) -> int:
    """Writes every row typed, or where one is refused none: the errors are then on the rows. How many were written."""
    typed = [row for row in rows if row.has_changed()]
    with transaction.atomic():
        for row in typed:
            try:
                with transaction.atomic():
                    write(row.cleaned_data)
            except ValidationError as error:
                row.take(error)
        if any(row.errors for row in typed):
            transaction.set_rollback(True)
            return 0
    return len(typed)


def conclusion_row(conclusion: Conclusion, day, look) -> dict:
    """One conclusion as lists show it: to whom, until when, and its state in words, with sign and tone."""
    tally, alone = conclusion.tally, conclusion.assignment
    if alone is not None:
        receiver = ", ".join(filter(None, [alone.unit_name, alone.body]))
        url = alone.get_absolute_url()
    else:
        receiver = f"{pair_text(tally)} đơn vị, cơ quan đã xong" if tally.total else "Thôi thực hiện"
        url = f"{reverse('assignment-list')}{look.query}&viec={conclusion.item.pk}#viec"
    return {
        "item": conclusion.item,
        "meeting": conclusion.meeting,
        "receiver": receiver,
        "due_on": conclusion.due_on,
        "url": url,
    } | _state(conclusion, day)


def _state(conclusion: Conclusion, day) -> dict:
    tally, due_on, alone = conclusion.tally, conclusion.due_on, conclusion.assignment
    if not tally.total:
        word, tone, sign = "Thôi thực hiện", "", "lock"
    elif not conclusion.open:
        is_late = alone is not None and due_on is not None and alone.done_on > due_on
        word, tone, sign = "Hoàn thành sau hạn" if is_late else "Hoàn thành", "ok", "check"
    elif tally.overdue:
        days = f"Quá hạn {format_number((day - due_on).days)} ngày"
        word = days if alone is not None else f"{format_number(tally.overdue)} đơn vị quá hạn"
        tone, sign = "bad", "x"
    elif due_on is None:
        word, tone, sign = "Không thời hạn", "", "half"
    else:
        word, tone, sign = "Chưa đến hạn", "info", "half"
    return {"word": word, "tone": tone, "sign": sign}


def finding_row(finding: InspectionFinding, day) -> dict:
    """One finding as lists show it."""
    if finding.remedied_on is not None and finding.remedied_on <= day:
        is_late = finding.remedied_on > finding.due_on
        state = "Khắc phục sau hạn" if is_late else "Đã khắc phục", "ok", "check"
    elif finding.due_on < day:
        state = f"Quá hạn {format_number((day - finding.due_on).days)} ngày", "bad", "x"
    else:
        state = "Chưa đến hạn", "info", "half"
    return {
        "finding": finding,
        "is_overdue": state[1] == "bad",
        **dict(zip(("word", "tone", "sign"), state, strict=True)),
    }
