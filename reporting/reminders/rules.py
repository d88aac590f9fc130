"""What happened, told: of each kind of occasion the people, the words and the place to act.

Words hold no figure and no person: they go out by letter. Who did it, and why, stands on the page they lead to.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from reporting.models import Correction, DifficultyStep, Period, Report, ReportEvent, Urging
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

    `report` finds the report of the log's row, `path` the address to act at; `by` and `at` are columns of the row.
    """

    log: type[Model]
    report: str
    words: str  # {month} and {unit} are filled in, and {state} of a row that has one
    path: Callable[[Any, Report], str]
    by: str = "by"
    at: str = "at"


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
    Kind.EXTENDED: OfReport(ReportEvent, "report", "Báo cáo {month} của {unit} được gia hạn nộp.", _month_of_tasks),
    Kind.CORRECTED: OfReport(
        Correction,
        "report",
        "Đề nghị đính chính báo cáo {month} của {unit}: {state}.",
        lambda row, report: row.get_absolute_url(),
        by="decided_by",
        at="decided_at",
    ),
}


def told_of_events(kind: str, subjects: Iterable[int]) -> list[Told]:
    """What is to be told of the rows with these numbers of the kind's log; two queries a day and a month among them."""
    rule = EVENTS[kind]
    rows: Any = rule.log._default_manager.filter(pk__in=list(subjects)).order_by("pk")
    rows = list(rows.select_related(rule.by, f"{rule.report}__period", f"{rule.report}__unit"))
    reports = {row.pk: _report_of(row, rule) for row in rows}
    names = names_of(reports.values())
    units: dict[Living, set[int]] = defaultdict(set)  # by the day in whose postings the people are looked up
    for row in rows:
        units[_morning(row, rule)].add(reports[row.pk].unit_id)
    people = {living: posted(ids, Right.SUBMIT, living) for living, ids in units.items()}
    told = []
    for row in rows:
        report = reports[row.pk]
        state = row.get_state_display().lower() if "{state}" in rule.words else ""
        words = rule.words.format(month=report.period.label, unit=names[report.pk], state=state)
        told_to = people[_morning(row, rule)].get(report.unit_id, set()) - {getattr(row, rule.by).pk}
        words = words[:1].upper() + words[1:]
        told.append(Told(kind, f"{kind}:{row.pk}", told_to, words, rule.path(row, report), getattr(row, rule.at)))
    return told


def _report_of(row: Any, rule: OfReport) -> Report:
    for name in rule.report.split("__"):
        row = getattr(row, name)
    return row


def _morning(row: Any, rule: OfReport) -> Living:
    """The day of the act, for those who share the calendar of who did it."""
    day = timezone.localtime(getattr(row, rule.at)).replace(hour=0, minute=0, second=0, microsecond=0)
    return Living(day, living_with(getattr(row, rule.by)).demo_today)


def names_of(reports: Iterable[Report]) -> dict[int, str]:
    """Report -> its unit as it was called on the month's last day; one query for each month."""
    names: dict[int, str] = {}
    by_month: dict[Period, list[Report]] = defaultdict(list)
    for report in reports:
        by_month[report.period].append(report)
    for period, of_month in by_month.items():
        there = UnitVersion.objects.on(period.data_to).filter(unit__in={r.unit_id for r in of_month})
        found = dict(there.values_list("unit_id", "name"))
        for r in of_month:
            names[r.pk] = reporter_name(found[r.unit_id], r.level) if r.unit_id in found else r.unit.code
    return names
