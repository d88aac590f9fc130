"""Step 3, the reviewer's reading side: the reports of one unit and month, sorted into what has to be done.

Everything is read in a fixed number of queries, whatever the number of communes, and comes with its numbers formatted.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from de_an_06.plain.numbers import format_number, format_rate, rate
from de_an_06.plain.vietnamese import search_key
from reporting import periods
from reporting.figures import (
    CARRIED_FIELD,
    FIGURE_FIELDS,
    IN_TIME_FIELDS,
    PENDING_FIELDS,
    RECEIVED_FIELDS,
    RESOLVED_FIELDS,
    TYPED_FIELDS,
    known_total,
)
from reporting.headline import LeftOut, read_services
from reporting.lateness import SENT, days_overdue, time_left
from reporting.models import (
    IndicatorFigure,
    IndicatorTerms,
    Period,
    PeriodClosure,
    Report,
    ReportEvent,
    ServiceFigures,
    ServiceTerms,
    Status,
    Urging,
)
from taskforces.clock import now_for
from taskforces.models import Branch, UnitVersion, User
from taskforces.models.units import path_ids, reporter_name
from taskforces.scope import may_review

from .workflow import is_clean

Action = ReportEvent.Action
PRIOR_CORRECTED = "Số liệu tháng trước đã sửa sau khi báo cáo này gửi, số chuyển sang không còn khớp"


@dataclass
class ReviewRow:
    """One unit's report in the list; texts are ready to show, '' where there is nothing to say."""

    report: Report
    name: str
    search: str
    sort: str
    received: str = ""
    change: str = ""  # '6,2%' against last month
    direction: str = ""  # 'up', 'down', '' for no change or nothing to compare with
    on_time: str = ""  # resolved early or on time of all resolved; '–' where nothing was resolved
    overdue: str = ""
    why: list[str] = field(default_factory=list)  # doubtful points with the typed reasons
    back: ReportEvent | None = None  # why it was sent back or reopened
    entered: str = ""  # '71/113'
    late_text: str = ""  # 'Quá hạn 1 ngày', 'Còn 2 ngày'
    is_overdue: bool = False
    may_approve: bool = False
    may_send_back: bool = False
    urged: Urging | None = None  # the last time; with whom to ring up, for the page of those who may urge
    senders: list[User] = field(default_factory=list)
    may_urge: bool = False

    @property
    def is_own(self) -> bool:
        """Sent by the reader, who therefore cannot approve it."""
        return self.may_send_back and not self.may_approve


@dataclass
class Review:
    """The list of one unit and month. `rows` holds all; the four groups are what the reader asked to see."""

    unit: UnitVersion
    period: Period
    rows: list[ReviewRow]
    clean: list[ReviewRow]
    doubtful: list[ReviewRow]
    missing: list[ReviewRow]
    approved: list[ReviewRow]
    closure: PeriodClosure | None
    due: dt.datetime | None  # of the unit's own level
    not_counted: str  # services out of the rate of early and on time, '' where all are in

    @property
    def expected(self) -> int:
        return len(self.rows)

    @property
    def sent(self) -> int:
        return sum(r.report.status in SENT for r in self.rows)

    @property
    def late(self) -> int:
        """Sent after their deadline."""
        return sum(r.report.status in SENT and r.report.is_late for r in self.rows)

    @property
    def overdue(self) -> int:
        """Not sent though the deadline has passed; those sent back are counted apart."""
        return sum(r.is_overdue and r.report.status != Status.RETURNED for r in self.rows)

    @property
    def count_waiting(self) -> int:
        return sum(r.report.status == Status.SUBMITTED for r in self.rows)

    @property
    def count_clean(self) -> int:
        return sum(r.report.status == Status.SUBMITTED and is_clean(r.report) for r in self.rows)

    @property
    def count_doubtful(self) -> int:
        return self.count_waiting - self.count_clean

    @property
    def count_returned(self) -> int:
        return sum(r.report.status == Status.RETURNED for r in self.rows)

    @property
    def count_missing(self) -> int:
        """Not sent; together with `count_returned` what is still to come."""
        return self.expected - self.sent - self.count_returned

    @property
    def count_approved(self) -> int:
        return sum(r.report.status == Status.APPROVED for r in self.rows)

    @property
    def count_approvable(self) -> int:
        """Clean reports this person may approve in one act (a unit's own report goes to the level above)."""
        return sum(r.may_approve for r in self.clean)


def load_review(*, unit: UnitVersion, period: Period, user, search: str = "") -> Review:
    """The reports of a unit and of everything below it for one month, as this person sees them."""
    reports = (
        Report.objects.visible_to(user)
        .under(unit.unit_id)
        .filter(period=period)
        .select_related("unit", "submitted_by", "approved_by")
        .defer("results", "shortcomings", "causes", "proposals", "plan")
    )
    names = {v.unit_id: v for v in UnitVersion.objects.on(period.data_to).under(unit.unit_id)}
    due = dict(period.deadlines.values_list("level", "due_at"))
    closure = (
        PeriodClosure.objects.filter(period=period, province_id__in=path_ids(unit.path), reopened_at__isnull=True)
        .select_related("closed_by")
        .first()
    )
    now = now_for(user)
    rows = [_row(report, names.get(report.unit_id), user, closure) for report in reports]
    rows.sort(key=lambda row: (row.sort, row.report.pk))
    left_out = read_services()[1]
    _add_figures(rows, unit, period, left_out)
    _add_events(rows)
    _add_entered(rows, unit, period)
    for row in rows:
        if row.report.status not in SENT:
            _add_lateness(row, row.report.own_due_at or due.get(row.report.level), now)
    wanted = search_key(search)
    shown = [row for row in rows if wanted in row.search]
    waiting = [row for row in shown if row.report.status == Status.SUBMITTED]
    return Review(
        unit=unit,
        period=period,
        rows=rows,
        clean=[row for row in waiting if is_clean(row.report)],
        doubtful=[row for row in waiting if not is_clean(row.report)],
        missing=[row for row in shown if row.report.status not in SENT],
        approved=[row for row in shown if row.report.status == Status.APPROVED],
        closure=closure,
        due=due.get(unit.unit.level),
        not_counted=left_out.words([period]),
    )


def _row(report: Report, version: UnitVersion | None, user, closure: PeriodClosure | None) -> ReviewRow:
    acts = report.status == Status.SUBMITTED and closure is None and may_review(user, report)
    name = reporter_name(version.name, report.level) if version else report.unit.code
    return ReviewRow(
        report=report,
        name=name,
        search=search_key(name),
        sort=version.sort_key if version else "",
        may_approve=acts and report.submitted_by_id != user.pk,
        may_send_back=acts,
    )


def _add_figures(rows: list[ReviewRow], unit: UnitVersion, period: Period, left_out: LeftOut) -> None:
    """Dossiers received, the change since last month, early and on time, pending overdue: of sent reports."""
    before = periods.previous_period(period)
    now = _totals(unit, period, left_out)
    earlier = _totals(unit, before, left_out) if before else {}
    for row in rows:
        figures = now.get(row.report.unit_id)
        if row.report.status not in SENT or figures is None:
            continue
        received = figures["received"]
        row.received = format_number(received)
        row.overdue = format_number(figures["overdue"])
        row.on_time = format_rate(figures["on_time"], figures["resolved"])
        previous = earlier.get(row.report.unit_id, {}).get("received")
        if received is not None and previous is not None:
            share = rate(abs(received - previous), previous)
            row.change = format_number(share, 1) + "%" if share is not None else ""
            row.direction = "up" if received > previous else "down" if received < previous else ""


def _totals(unit: UnitVersion, period: Period, left_out: LeftOut) -> dict[int, dict[str, int | None]]:
    """Sums over the services of each sent report, by unit; None where nothing was reported; as on the dashboard, so
    what makes the rate is of the services in the headline."""
    rated = ~left_out.figures([period]) if left_out.of(period) else None
    sums: Any = (
        ServiceFigures.objects.filter(
            report__period=period, report__path__contains=f"/{unit.unit_id}/", report__status__in=SENT
        )
        .values("report__unit_id")
        .annotate(**{name: Sum(name, filter=rated if name in RESOLVED_FIELDS else None) for name in FIGURE_FIELDS})
        .order_by()
    )
    totals: dict[int, dict[str, int | None]] = {}
    for unit_id, *values in sums.values_list("report__unit_id", *FIGURE_FIELDS):
        summed = dict(zip(FIGURE_FIELDS, values, strict=True))
        totals[unit_id] = {
            "received": known_total(summed, RECEIVED_FIELDS),
            "on_time": known_total(summed, IN_TIME_FIELDS),
            "resolved": known_total(summed, RESOLVED_FIELDS),
            "overdue": summed["pending_overdue"],
        }
    return totals


def _add_events(rows: list[ReviewRow]) -> None:
    """The doubtful points as they stood when sending, and why a report was sent back."""
    asked = {
        row.report.pk: row
        for row in rows
        if row.report.status == Status.RETURNED or (row.report.status == Status.SUBMITTED and not is_clean(row.report))
    }
    events = ReportEvent.objects.filter(
        report_id__in=list(asked), action__in=[Action.SUBMIT, Action.SEND_BACK, Action.REOPEN]
    ).select_related("by")
    for event in events.order_by("pk"):
        row = asked[event.report_id]
        if event.action == Action.SUBMIT:
            row.why, row.back = event.reason.splitlines(), None
        else:
            row.back = event
    for row in asked.values():
        if row.report.status == Status.RETURNED:
            row.why = []
        elif row.report.soft_warnings and not row.why:
            row.why = [f"{format_number(row.report.soft_warnings)} điểm bất thường, mở báo cáo để xem."]
        if row.report.prior_corrected:
            row.why = [PRIOR_CORRECTED, *row.why]


def _add_entered(rows: list[ReviewRow], unit: UnitVersion, period: Period) -> None:
    """How many owed cells of an unsent report are filled, of how many; the same count as the entry page shows."""
    unsent = {row.report.pk: row for row in rows if row.report.status not in SENT}
    if not unsent:
        return
    by_level = _owed_items({row.report.level for row in unsent.values()}, period)
    last_month = _closings(periods.previous_period(period))
    owed = _owed_cells([row.report for row in unsent.values()], by_level, last_month)
    filled = _filled_cells(unit, period, by_level, last_month)
    for pk, row in unsent.items():
        row.entered = f"{format_number(filled[pk])}/{format_number(owed[pk])}"


class _OwedItems(NamedTuple):
    """What a unit of one level reports."""

    services: set[int]
    kinds: dict[int, str]  # indicator -> its kind


def _owed_items(levels: Iterable[str], period: Period) -> dict[str, _OwedItems]:
    services = list(ServiceTerms.objects.on(period.data_to))
    terms = IndicatorTerms.objects.on(period.data_to).filter(indicator__owner__in=Branch.values)
    indicators = list(terms.select_related("indicator"))
    return {
        level: _OwedItems(
            {t.service_id for t in services if getattr(t, f"at_{level}", False)},
            {t.indicator_id: t.indicator.kind for t in indicators if getattr(t, f"at_{level}", False)},
        )
        for level in levels
    }


def _closings(period: Period | None) -> QuerySet[ServiceFigures]:
    """Figures with a closing; where a unit's month has one, next month's opening is carried over and not typed."""
    closed = {f"{name}__isnull": False for name in PENDING_FIELDS}
    return ServiceFigures.objects.filter(report__period=period, **closed)


def _owed_cells(
    reports: list[Report], by_level: dict[str, _OwedItems], last_month: QuerySet[ServiceFigures]
) -> dict[int, int]:
    """Report -> cells its unit has to fill."""
    carried: dict[int, set[int]] = {}
    pairs = last_month.filter(report__unit_id__in=[report.unit_id for report in reports])
    for unit_id, service_id in pairs.values_list("report__unit_id", "service_id"):
        carried.setdefault(unit_id, set()).add(service_id)
    owed: dict[int, int] = {}
    for report in reports:
        services, kinds = by_level[report.level]
        openings = len(services - carried.get(report.unit_id, set()))
        of_indicators = sum(2 if kind == "ratio" else 1 for kind in kinds.values())
        owed[report.pk] = len(services) * len(TYPED_FIELDS) + openings + of_indicators
    return owed


def _filled_cells(
    unit: UnitVersion, period: Period, by_level: dict[str, _OwedItems], last_month: QuerySet[ServiceFigures]
) -> Counter[int]:
    """Report -> owed cells that are filled."""
    below = {"report__period": period, "report__path__contains": f"/{unit.unit_id}/"}
    owed_services, owed_indicators = Q(pk__in=[]), Q(pk__in=[])
    for level, (services, kinds) in by_level.items():
        owed_services |= Q(report__level=level, service_id__in=services)
        owed_indicators |= Q(report__level=level, indicator_id__in=list(kinds))
    has_closing = Exists(last_month.filter(report__unit_id=OuterRef("report__unit_id"), service=OuterRef("service")))
    of_services = (
        ServiceFigures.objects.filter(owed_services, **below)
        .exclude(report__status__in=SENT)
        .annotate(is_carried=has_closing)
        .values("report_id")
        .annotate(filled=sum(map(Count, TYPED_FIELDS), Count(CARRIED_FIELD, filter=Q(is_carried=False))))
        .order_by()
    )
    of_indicators = (
        IndicatorFigure.objects.filter(owed_indicators, **below)
        .exclude(report__status__in=SENT)
        .values("report_id")
        .annotate(filled=Count("numerator") + Count("denominator", filter=Q(indicator__kind="ratio")))
        .order_by()
    )
    filled = Counter(dict(of_services.values_list("report_id", "filled")))
    filled.update(dict(of_indicators.values_list("report_id", "filled")))
    return filled


def _add_lateness(row: ReviewRow, due: dt.datetime | None, now: dt.datetime) -> None:
    if due is not None:
        row.is_overdue = days_overdue(row.report.status, due, now) is not None
        row.late_text = time_left(due, now)
