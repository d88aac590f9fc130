"""Step 4, roll-up: totals of every unit with units below it, made from the reports' figures by set-based SQL.

A total is the unit's own report plus the reports of everything below it, wholly recomputed, never a stored total plus
a difference. So running it twice, two at once, or again after a kill gives the same rows. What must be recomputed stands
in RollupRequest, written with the change itself: losing the queue loses nothing.
"""

import logging
from collections.abc import Collection, Iterable

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from taskforces.models import Level, UnitVersion
from taskforces.models.units import valid_on

from .audit import audit, latest_alarm
from .models import (
    FIGURE_FIELDS,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    Report,
    RollupRequest,
    RollupRun,
    ServiceFigures,
    ServiceSummary,
    SubmissionSummary,
)
from .numbers import LARGEST

__all__ = ["audit", "drain", "is_stale", "latest_alarm", "latest_problems", "mark_dirty", "roll_up"]

log = logging.getLogger(__name__)


def mark_dirty(report: Report) -> None:
    """Notes that every total above this report must be made anew; call it in the transaction of the change."""
    RollupRequest.objects.create(unit_id=report.unit_id, period_id=report.period_id)


def is_stale(unit_id: int, period_ids: Iterable[int]) -> bool:
    """Do the totals of this unit miss a change that is already saved, in any of these months? (One query.)"""
    below = f"/{unit_id}/"
    by_report = Report.objects.filter(unit=OuterRef("unit"), period=OuterRef("period"), path__contains=below)
    by_tree = UnitVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=OuterRef("period__data_to")),
        unit=OuterRef("unit"),
        path__contains=below,
        valid_from__lte=OuterRef("period__data_to"),
    )
    waiting = RollupRequest.objects.filter(period_id__in=list(period_ids))
    return waiting.filter(Exists(by_report) | Exists(by_tree)).exists()


def latest_problems(period_ids: Iterable[int]) -> list[str]:
    """Sentences of the last run of each month that name reports left out of the totals."""
    newest: dict[int, list[str]] = {}
    for period_id, problems in (
        RollupRun.objects.filter(period_id__in=list(period_ids)).order_by("pk").values_list("period_id", "problems")
    ):
        newest[period_id] = problems
    return [sentence for problems in newest.values() for sentence in problems]


def drain() -> int:
    """Recomputes what the waiting requests ask for, month by month; returns how many requests are done.

    Each month is one transaction: killed in the middle, the old totals and the requests stay. A month that fails keeps
    its requests, the others are done, then the error is raised.
    """
    done, failures = 0, []
    for period_id in RollupRequest.objects.order_by("period_id").values_list("period_id", flat=True).distinct():
        try:
            done += _drain_period(period_id)
        except DatabaseError as error:
            log.exception("the roll-up of period %s failed, its requests stay", period_id)
            failures.append(error)
    if failures:
        raise failures[0]
    return done


@transaction.atomic
def _drain_period(period_id: int) -> int:
    period = _locked(period_id)
    requests = dict(RollupRequest.objects.filter(period=period).values_list("pk", "unit_id"))
    if requests:  # else another worker did them while this one waited for its turn
        _recompute(period, _with_ancestors(period, set(requests.values())))
        RollupRequest.objects.filter(pk__in=list(requests)).delete()
    return len(requests)


@transaction.atomic
def roll_up(period: Period, unit_id: int | None = None) -> RollupRun:
    """Recomputes a whole month, or one unit with everything below and above it. Returns the run."""
    period = _locked(period.pk)
    if unit_id is not None:
        below = UnitVersion.objects.on(period.data_to).under(unit_id).values_list("unit_id", flat=True)
        return _recompute(period, _with_ancestors(period, {unit_id}) | set(below))
    requests = list(RollupRequest.objects.filter(period=period).values_list("pk", flat=True))
    run = _recompute(period, None)
    RollupRequest.objects.filter(pk__in=requests).delete()
    return run


def _locked(period_id: int) -> Period:
    """Two roll-ups of one month take turns (SQLite: its transactions do). Reports can still be saved meanwhile."""
    return Period.objects.select_for_update(no_key=True).get(pk=period_id)


def _with_ancestors(period: Period, unit_ids: Collection[int]) -> set[int]:
    """The units and all units above them, by their reports' paths and by the tree of the month's last day."""
    reports = Report.objects.filter(period=period, unit_id__in=unit_ids).values_list("path", flat=True)
    versions = UnitVersion.objects.on(period.data_to).filter(unit_id__in=unit_ids).values_list("path", flat=True)
    return {int(part) for path in {*reports, *versions} for part in path.strip("/").split("/") if part.isdigit()}


def _recompute(period: Period, unit_ids: set[int] | None) -> RollupRun:
    """Writes the totals of these units (None: of all) for one month; rows with no report behind them go."""
    run = RollupRun.objects.create(period=period)
    left_out = _left_out(period)
    _write(period, run.pk, unit_ids, left_out)
    for summary in (ServiceSummary, IndicatorSummary, SubmissionSummary):
        old = summary.objects.filter(period=period).exclude(generation=run.pk)
        (old if unit_ids is None else old.filter(unit_id__in=unit_ids)).delete()
    run.units = SubmissionSummary.objects.filter(period=period, generation=run.pk).count()
    run.problems = list(left_out.values())
    run.finished_at = timezone.now()
    run.save(update_fields=["units", "problems", "finished_at"])
    for sentence in run.problems:
        log.warning("roll-up of %s: %s", period.key, sentence)
    return run


# What is left out ----------------------------------------------------------------------------------------------------


def _left_out(period: Period) -> dict[int, str]:
    """Reports that cannot be summed, with a sentence for each: one bad unit does not stop the others."""
    reports = Report.objects.filter(period=period)
    in_tree = UnitVersion.objects.on(period.data_to).filter(unit=OuterRef("unit"), path=OuterRef("path"))
    reasons = dict.fromkeys(
        reports.exclude(Exists(in_tree)).values_list("pk", flat=True),
        f"không có trong cây đơn vị ngày {period.data_to:%d/%m/%Y}, hoặc ở chỗ khác trong cây đó",
    )
    too_large = Q()
    for name in FIGURE_FIELDS:
        too_large |= Q(**{f"{name}__gt": LARGEST}) | Q(**{f"{name}__lt": 0})
    unusable: list[QuerySet] = [
        ServiceFigures.objects.filter(too_large, report__period=period),
        IndicatorFigure.objects.filter(
            Q(numerator__gt=LARGEST) | Q(denominator__gt=LARGEST) | Q(numerator__lt=0) | Q(denominator__lt=0),
            report__period=period,
        ),
    ]
    for figures in unusable:
        for pk in figures.values_list("report_id", flat=True):
            reasons.setdefault(pk, "có số liệu âm hoặc quá lớn")
    if not reasons:
        return {}
    named = reports.filter(pk__in=list(reasons)).annotate(name=Count("pk")).values_list("pk", "unit_id", "unit__code")
    rows = list(named.order_by("unit__code"))
    names = dict(
        UnitVersion.objects.filter(unit_id__in=[unit_id for _, unit_id, _ in rows])
        .order_by("valid_from")
        .values_list("unit_id", "name")
    )
    return {
        pk: f"Báo cáo {period.label} của {names.get(unit_id, 'đơn vị')} (mã {code}) chưa cộng vào tổng: {reasons[pk]}."
        for pk, unit_id, code in rows
    }
