"""Step 4, roll-up: totals of every unit with units below it, made from the reports' figures by set-based SQL.

A total is the unit's own report plus the reports of everything below it, wholly recomputed, never a stored total plus
a difference. So running it twice, two at once, or again after a kill gives the same rows. What must be recomputed
stands in RollupRequest, written with the change itself: losing the queue loses nothing.
"""

import logging
from collections.abc import Collection, Iterable, Sequence

from celery import shared_task
from django.db import DatabaseError, DataError, OperationalError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from de_an_06.plain.numbers import LARGEST
from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    Generation,
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
from taskforces.models import Level, UnitVersion
from taskforces.models.units import path_ids
from taskforces.units.tree import nearest_version

from . import generation

logger = logging.getLogger(__name__)


def mark_dirty(report: Report) -> None:
    """Notes that every total above this report must be made anew; call it in the transaction of the change."""
    RollupRequest.objects.create(unit_id=report.unit_id, period_id=report.period_id)


def latest_problems(unit_id: int, period_ids: Iterable[int]) -> list[str]:
    """Sentences of each month's last run naming reports under this unit that are in no total. (One query.)

    Runs of earlier versions kept sentences without a place: the next run of the month names them anew.
    """
    newest = RollupRun.objects.filter(period_id__in=list(period_ids)).values("period").annotate(last=Max("pk"))
    runs = RollupRun.objects.filter(pk__in=newest.values("last")).exclude(problems=[])
    found = [problem for run in runs.order_by("period__data_to") for problem in run.problems]
    return [p["sentence"] for p in found if isinstance(p, dict) and unit_id in path_ids(p["path"])]


@shared_task(name="reporting.tasks.drain_rollup_requests")
def drain_rollup_requests() -> int:
    """After each change and every minute: recomputes the totals that wait."""
    return drain()


def drain() -> int:
    """Recomputes what the waiting requests ask for, month by month; returns how many requests are done.

    Each month is one transaction: killed in the middle, the old totals and the requests stay. A month that fails keeps
    its requests, the others are done, then the error is raised.
    """
    done, failures = 0, []
    for period_id in RollupRequest.objects.order_by("period_id").values_list("period_id", flat=True).distinct():
        try:
            done += drain_period(period_id)
        except DatabaseError as error:
            logger.exception("the roll-up of period %s failed, its requests stay", period_id)
            failures.append(error)
    if failures:
        raise failures[0]
    return done


@transaction.atomic
def drain_period(period_id: int) -> int:
    """The same of one month, in the caller's transaction where there is one."""
    period = locked_period(period_id)
    requests = dict(RollupRequest.objects.filter(period=period).values_list("pk", "unit_id"))
    if requests:  # else another worker did them while this one waited for its turn
        units = set(requests.values())
        _recompute(period, with_ancestors(period, units))
        Generation.objects.advance(generation.reached_by(units))
        RollupRequest.objects.filter(pk__in=list(requests)).delete()
    return len(requests)


@transaction.atomic
def roll_up(period: Period, unit_id: int | None = None) -> RollupRun:
    """Recomputes a whole month, or one unit with everything below and above it. Returns the run."""
    period = locked_period(period.pk)
    if unit_id is not None:
        below = UnitVersion.objects.on(period.data_to).under(unit_id).values_list("unit_id", flat=True)
        run = _recompute(period, with_ancestors(period, {unit_id}) | set(below))
        Generation.objects.advance(None)
        return run
    requests = list(RollupRequest.objects.filter(period=period).values_list("pk", flat=True))
    run = _recompute(period, None)
    Generation.objects.advance(None)
    RollupRequest.objects.filter(pk__in=requests).delete()
    return run


def locked_period(period_id: int) -> Period:
    """Two roll-ups of one month take turns (SQLite: its transactions do). Reports can still be saved meanwhile."""
    return Period.objects.select_for_update(no_key=True).get(pk=period_id)


def with_ancestors(period: Period, unit_ids: Collection[int]) -> set[int]:
    """The units and all units above them, by their reports' paths and by the tree of the month's last day.

    A unit that was in no tree that day is its own: it has no total, and what is stored of one goes.
    """
    reports = Report.objects.filter(period=period, unit_id__in=unit_ids).values_list("path", flat=True)
    versions = UnitVersion.objects.on(period.data_to).filter(unit_id__in=unit_ids).values_list("path", flat=True)
    return {*unit_ids, *(unit_id for path in {*reports, *versions} for unit_id in path_ids(path))}


def _recompute(period: Period, unit_ids: set[int] | None) -> RollupRun:
    """Writes the totals of these units (None: of all) for one month; rows with no report behind them go."""
    run = RollupRun.objects.create(period=period)
    left_out = _outside_tree(period)
    try:
        with transaction.atomic():
            _write(period, run.pk, unit_ids, left_out)
    except (DataError, OperationalError):  # a sum that no column holds; anything else fails again below
        left_out |= too_large(period)
        _write(period, run.pk, unit_ids, left_out)
    for summary in (ServiceSummary, IndicatorSummary, SubmissionSummary):
        old = summary.objects.filter(period=period).exclude(generation=run.pk)
        (old if unit_ids is None else old.filter(unit_id__in=unit_ids)).delete()
    run.units = SubmissionSummary.objects.filter(period=period, generation=run.pk).count()
    run.problems = _problems(period, left_out)
    run.finished_at = timezone.now()
    run.save(update_fields=["units", "problems", "finished_at"])
    for problem in run.problems:
        logger.warning("roll-up of %s: %s", period.key, problem["sentence"])
    return run


# What is left out ----------------------------------------------------------------------------------------------------


def _outside_tree(period: Period) -> dict[int, str]:
    """Reports whose path is not their unit's on the month's last day, with the reason: one does not stop the others."""
    in_tree = UnitVersion.objects.on(period.data_to).filter(unit=OuterRef("unit"), path=OuterRef("path"))
    reports = Report.objects.filter(period=period).exclude(Exists(in_tree))
    reason = f"không có trong cây đơn vị ngày {period.data_to:%d/%m/%Y}, hoặc ở chỗ khác trong cây đó"
    return dict.fromkeys(reports.values_list("pk", flat=True), reason)


def too_large(period: Period) -> dict[int, str]:
    """Reports with a figure larger than any page accepts. Looked for only when a sum does not fit its column."""
    found: dict[int, str] = {}
    for model, names in ((ServiceFigures, FIGURE_FIELDS), (IndicatorFigure, ("numerator", "denominator"))):
        too_large = Q()
        for name in names:
            too_large |= Q(**{f"{name}__gt": LARGEST})
        for pk in model.objects.filter(too_large, report__period=period).values_list("report_id", flat=True):
            found[pk] = "có số liệu quá lớn"
    return found


def _problems(period: Period, left_out: dict[int, str]) -> list[dict[str, str]]:
    """For each report left out a sentence with the unit's name and the reason, and the path it is missed under: its
    unit's place that day, for a unit that was not there then its last place before, else its first."""
    versions: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit__reports__in=list(left_out)):
        versions.setdefault(version.unit_id, []).append(version)
    problems = []
    for report in Report.objects.filter(pk__in=left_out).select_related("unit").order_by("unit__code"):
        known = versions.get(report.unit_id)
        place = nearest_version(known, period.data_to) if known else None
        name, path = (place.name, place.path) if place else ("Đơn vị", report.path)
        sentence = f"{name} (mã {report.unit.code}), {period.label}: chưa cộng vào tổng, vì {left_out[report.pk]}."
        problems.append({"path": path, "sentence": sentence})
    return problems


# The sums ------------------------------------------------------------------------------------------------------------

# One statement for each kind of summary, the same text on SQLite and PostgreSQL. A report's home is the lowest unit
# whose total holds it: its own unit, or the unit above when it is a commune. Figures are read once and summed by home
# and status; these few sums are then added up the lineage of each home, to the nation, for both bases.
# SUM leaves NULL out and is NULL over nothing: not reported is not zero. The lists of homes and lineage are numbers
# written out, so that the planner of the database knows how few they are.
_PARENT_PATH = "SUBSTR(r.path, 1, LENGTH(r.path) - LENGTH(CAST(r.unit_id AS VARCHAR(20))) - 1)"
_REPORTS = f"""reporting_report r
    JOIN homes ON homes.path = CASE WHEN r.level = 'commune' THEN {_PARENT_PATH} ELSE r.path END"""
_LISTS = "WITH homes(id, path) AS (VALUES %(homes)s), lineage(home, unit_id) AS (VALUES %(lineage)s)"
_BASES = "(SELECT 'provisional' AS basis UNION ALL SELECT 'official' AS basis) bases"


def _figures_statement(
    summary: str, figures: str, key: str, columns: Sequence[str], counted: str, join: str = "", travels: str = "1 = 1"
) -> str:
    """The upsert of one summary table.

    `counted` says which rows of figures have a value to sum, `travels` which sums go beyond their home.
    """
    return f"""{_LISTS}, sums AS (
    SELECT homes.id AS home, r.status, f.{key}, COUNT(*) AS units, {", ".join(f"SUM(f.{c}) AS {c}" for c in columns)}
    FROM {_REPORTS} JOIN {figures} f ON f.report_id = r.id {join}
    WHERE r.period_id = %(period)s AND r.status IN ('submitted', 'approved') AND ({counted}) %(without)s
    GROUP BY homes.id, r.status, f.{key}
)
INSERT INTO {summary} (unit_id, period_id, basis, {key}, units_reported, generation, computed_at, {", ".join(columns)})
SELECT lineage.unit_id, %(period)s, bases.basis, sums.{key}, SUM(sums.units), %(generation)s, %(now)s,
       {", ".join(f"SUM(sums.{c})" for c in columns)}
FROM sums JOIN lineage ON lineage.home = sums.home AND (lineage.unit_id = sums.home OR {travels})
JOIN {_BASES} ON bases.basis = 'provisional' OR sums.status = 'approved'
GROUP BY lineage.unit_id, bases.basis, sums.{key}
ON CONFLICT (period_id, unit_id, basis, {key}) DO UPDATE SET
    units_reported = excluded.units_reported, generation = excluded.generation, computed_at = excluded.computed_at,
    {", ".join(f"{c} = excluded.{c}" for c in columns)}"""  # noqa: S608


_STATEMENTS = (
    _figures_statement(
        "reporting_servicesummary",
        "reporting_servicefigures",
        "service_id",
        FIGURE_FIELDS,
        " OR ".join(f"f.{c} IS NOT NULL" for c in FIGURE_FIELDS),
    ),
    # Of a ratio only whole pairs are summed, so that numerator and denominator come from the same reports. What is not
    # added over units (Indicator.over_units) stays where it was reported: no commune's value in the unit above it.
    _figures_statement(
        "reporting_indicatorsummary",
        "reporting_indicatorfigure",
        "indicator_id",
        ("numerator", "denominator"),
        "f.numerator IS NOT NULL AND (i.kind = 'number' OR f.denominator IS NOT NULL)"
        " AND (i.over_units = 'sum' OR r.level <> 'commune')",
        "JOIN reporting_indicator i ON i.id = f.indicator_id",
        "sums.indicator_id IN (SELECT id FROM reporting_indicator WHERE over_units = 'sum')",
    ),
    f"""{_LISTS}, sums AS (
    SELECT homes.id AS home, r.status, COUNT(*) AS units, SUM(CASE WHEN r.is_late THEN 1 ELSE 0 END) AS late
    FROM {_REPORTS} WHERE r.period_id = %(period)s %(without)s
    GROUP BY homes.id, r.status
)
INSERT INTO reporting_submissionsummary
    (unit_id, period_id, generation, computed_at, expected, submitted, approved, returned, late)
SELECT lineage.unit_id, %(period)s, %(generation)s, %(now)s, SUM(units),
       SUM(CASE WHEN status IN ('submitted', 'approved') THEN units ELSE 0 END),
       SUM(CASE WHEN status = 'approved' THEN units ELSE 0 END),
       SUM(CASE WHEN status = 'returned' THEN units ELSE 0 END),
       SUM(CASE WHEN status IN ('submitted', 'approved') THEN late ELSE 0 END)
FROM sums JOIN lineage ON lineage.home = sums.home
GROUP BY lineage.unit_id
ON CONFLICT (period_id, unit_id) DO UPDATE SET
    generation = excluded.generation, computed_at = excluded.computed_at, expected = excluded.expected,
    submitted = excluded.submitted, approved = excluded.approved, returned = excluded.returned, late = excluded.late""",  # noqa: S608
)


def _write(period: Period, generation: int, unit_ids: set[int] | None, left_out: Collection[int]) -> None:
    """Runs the statements for these units (None: all); submission counts come last."""
    places = UnitVersion.objects.on(period.data_to).exclude(unit__level=Level.COMMUNE).values_list("unit_id", "path")
    homes, lineage = [], []
    for unit_id, path in places:
        ids = path_ids(path)
        above = [pk for pk in ids if unit_ids is None or pk in unit_ids]
        lineage += [f"({unit_id}, {pk})" for pk in above]
        if above:
            homes.append(f"({unit_id}, '/{'/'.join(map(str, ids))}/')")
    if not homes:
        return
    without = f"AND r.id NOT IN ({', '.join(str(int(pk)) for pk in left_out)})" if left_out else ""
    values = {
        "period": period.pk,
        "generation": generation,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            text = statement.replace("%(homes)s", ", ".join(homes)).replace("%(lineage)s", ", ".join(lineage))
            cursor.execute(text.replace("%(without)s", without), values)
