"""What happened, told: of each kind of occasion the people, the words and the place to act.

Words hold no figure and no person: they go out by letter. Who did it, and why, stands on the page they lead to.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db.models import Model
from django.urls import reverse

from reporting.models import DifficultyStep, Report, ReportEvent, Urging
from taskforces.models import Reminder, UnitVersion
from taskforces.models.units import reporter_name
from taskforces.scope import Right

from .recipients import Living, living_with, posted

Kind = Reminder.Kind


class Told(NamedTuple):
    """People are to be told something, once each (`key`)."""

    kind: str
    key: str
    people: set[int]
    text: str
    path: str
    at: dt.datetime


class OfReport(NamedTuple):
    """How something is told that happened to a report: to those who send it, but for whoever did it.

    The row of the log has `by`; `report` finds its report, `path` the address to act at.
    """

    log: type[Model]
    report: str
    words: str  # {month} and {unit} are filled in
    path: Callable[[Model, Report], str]


def _entry(row: Model, report: Report) -> str:
    return reverse("report-entry", args=[report.pk])


def _month_of_tasks(row: Model, report: Report) -> str:
    """Where the officer's day starts; it says who urged."""
    return f"{reverse('task-list')}?ky={report.period.key}"


EVENTS: dict[str, OfReport] = {
    Kind.RETURNED: OfReport(
        ReportEvent, "report", "Báo cáo {month} của {unit} bị trả lại, cần sửa và gửi lại.", _entry
    ),
    Kind.REOPENED: OfReport(
        ReportEvent, "report", "Báo cáo {month} của {unit} được mở lại, cần sửa và gửi lại.", _entry
    ),
    Kind.APPROVED: OfReport(
        ReportEvent,
        "report",
        "Báo cáo {month} của {unit} đã được duyệt.",
        lambda row, report: report.get_absolute_url(),
    ),
    Kind.URGED: OfReport(Urging, "report", "{unit} được đôn đốc nộp báo cáo {month}.", _month_of_tasks),
    Kind.ANSWERED: OfReport(
        DifficultyStep,
        "difficulty__report",
        "Khó khăn, kiến nghị trong báo cáo {month} của {unit} đã được trả lời.",
        lambda row, report: reverse("difficulty-detail", args=[row.difficulty_id]),
    ),
    # Kind.EXTENDED: OfReport(<log>, "report", "Báo cáo {month} của {unit} được gia hạn nộp.", _month_of_tasks)
}


def told_of_events(kind: str, subjects: Iterable[int]) -> list[Told]:
    """What is to be told of the rows with these numbers of the kind's log."""
    rule = EVENTS[kind]
    rows = rule.log.objects.filter(pk__in=list(subjects))
    rows = rows.select_related("by", f"{rule.report}__period", f"{rule.report}__unit").order_by("pk")
    return [_told(kind, rule, row) for row in rows]


def _told(kind: str, rule: OfReport, row) -> Told:
    report = row
    for name in rule.report.split("__"):
        report = getattr(report, name)
    living = Living(row.at, living_with(row.by).demo_today)
    people = posted([report.unit_id], Right.SUBMIT, living)[report.unit_id] - {row.by_id}
    words = rule.words.format(month=report.period.label, unit=name_of(report))
    return Told(kind, f"{kind}:{row.pk}", people, words[:1].upper() + words[1:], rule.path(row, report), row.at)


def name_of(report: Report) -> str:
    """The reporting unit as it was called in the report's month; one query."""
    version = UnitVersion.objects.on(report.period.data_to).filter(unit=report.unit_id).first()
    return reporter_name(version.name, report.level) if version else report.unit.code
