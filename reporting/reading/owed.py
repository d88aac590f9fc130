"""Who owes reports in a stretch of months, and how far each is."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields

from reporting.models import Basis, Period

from .places import COUNTED, NOW, REPORT_TABLE, VERSION_TABLE, Stretch, child_of, marks, moment_read, placed, run, under

_PERIOD = Period._meta.db_table


@dataclass
class Submissions:
    """How many units owe reports in the stretch, and how far they are."""

    expected: int = 0  # units that owe at least one report
    reported: int = 0  # units with at least one report in the figures
    expected_reports: int = 0
    reports: int = 0  # reports in the figures
    approved: int = 0
    submitted: int = 0  # sent, not yet approved
    returned: int = 0
    late: int = 0
    older: int = 0  # units there on the last day whose last report in the figures is from before the last month
    same_units: int = 0  # units with equally many reports in this stretch and in the one compared with


TOTAL = 0  # no unit has this number


def total_now(owed: dict[tuple[str, int | None], Submissions]) -> Submissions:
    """All units together, in the months read; a unit that moved on the way is one unit."""
    return owed.get((NOW, TOTAL), Submissions())


def submissions(stretch: Stretch, *, by_unit: bool = False) -> dict[tuple[str, int | None], Submissions]:
    """Who owes and who has reported, per side and unit below (None = the unit's own report, TOTAL = all); one query.

    Each report counts where its unit stood in the report's month, `older` where it stands on the last day. `by_unit`:
    the key is the reporting unit, wherever it stands below.
    """
    if not stretch.now:
        return {}
    with_table, params = placed(stretch)
    statuses = COUNTED[Basis(stretch.basis)]
    child = child_of(stretch.unit_id, "per_unit.unit_id" if by_unit else "place")
    sql = f"""{with_table},
        owed AS (
            SELECT p.side, p.unit_id, p.status, p.is_late, p.here, p.at_end, COALESCE(p.here, p.at_end) AS place,
                   CASE WHEN p.here IS NOT NULL THEN 1 ELSE 0 END AS owed,
                   CASE WHEN p.here IS NOT NULL AND p.status IN ({marks(statuses)}) THEN 1 ELSE 0 END AS counted,
                   MAX(CASE WHEN p.status IN ({marks(statuses)}) THEN p.k END)
                       OVER (PARTITION BY p.side, p.unit_id) AS reported_k
            FROM placed p WHERE p.here IS NOT NULL OR p.at_end IS NOT NULL),
        per_unit AS (
            SELECT side, unit_id, place, SUM(owed) AS owed, SUM(counted) AS reports,
                   SUM(CASE WHEN owed = 1 AND status = 'approved' THEN 1 ELSE 0 END) AS approved,
                   SUM(CASE WHEN owed = 1 AND status = 'submitted' THEN 1 ELSE 0 END) AS submitted,
                   SUM(CASE WHEN owed = 1 AND status = 'returned' THEN 1 ELSE 0 END) AS returned,
                   SUM(CASE WHEN counted = 1 AND is_late THEN 1 ELSE 0 END) AS late,
                   MAX(CASE WHEN at_end IS NOT NULL AND reported_k < {stretch.last_k} THEN at_end END) AS older_at
            FROM owed GROUP BY side, unit_id, place),
        same AS (SELECT unit_id FROM owed GROUP BY unit_id
                 HAVING SUM(CASE WHEN side = 'now' THEN counted END) = SUM(CASE WHEN side = 'before' THEN counted END)
                    AND SUM(counted) > 0 AND COUNT(at_end) = COUNT(*)),
        parts AS (SELECT 0 AS is_total UNION ALL SELECT 1)
        SELECT side, CASE WHEN is_total = 1 THEN {TOTAL} ELSE {child} END AS child,
               COUNT(DISTINCT CASE WHEN owed > 0 THEN per_unit.unit_id END) AS expected,
               COUNT(DISTINCT CASE WHEN reports > 0 THEN per_unit.unit_id END) AS reported,
               SUM(owed) AS expected_reports, SUM(reports) AS reports, SUM(approved) AS approved,
               SUM(submitted) AS submitted, SUM(returned) AS returned, SUM(late) AS late,
               COUNT(DISTINCT CASE WHEN older_at = place OR (is_total = 1 AND older_at IS NOT NULL)
                                   THEN per_unit.unit_id END) AS older,
               COUNT(DISTINCT same.unit_id) AS same_units
        FROM parts CROSS JOIN per_unit LEFT JOIN same ON same.unit_id = per_unit.unit_id
        GROUP BY 1, 2
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params += [*statuses, *statuses]
    names = [f.name for f in fields(Submissions)]
    return {
        (row.side, row.child): Submissions(**{name: int(getattr(row, name)) for name in names})
        for row in run(sql, params)
    }


@dataclass(frozen=True)
class OwedReport:
    """One expected report, named as its unit was named on the month's last day."""

    report_id: int
    unit_id: int
    period_id: int
    status: str
    is_late: bool
    own_due_at: dt.datetime | None  # its own deadline, where it is not its level's
    level: str
    path: str
    name: str
    sort_key: str


def missing_and_direct(units: Sequence[int], path: str, periods: Sequence[Period]) -> list[OwedReport]:
    """Reports not handed in under the units, and, for the last month, those of the first of them and right below it
    (`path` is its path); one query."""
    if not periods:
        return []
    sql = f"""
        SELECT r.id AS report_id, r.unit_id, r.period_id, r.status, r.is_late, r.own_due_at, r.level,
               r.path, COALESCE(v.name, '') AS name, COALESCE(v.sort_key, '') AS sort_key
        FROM {REPORT_TABLE} r JOIN {_PERIOD} p ON p.id = r.period_id
        LEFT JOIN {VERSION_TABLE} v ON v.unit_id = r.unit_id AND v.valid_from <= p.data_to
             AND (v.valid_to IS NULL OR v.valid_to >= p.data_to)
        WHERE r.period_id IN ({marks(periods)}) AND {under(units, "r.path")}
          AND (r.status IN ('draft', 'returned')
               OR (r.period_id = %s AND (r.unit_id = %s OR r.path = %s || r.unit_id || '/')))
        ORDER BY r.period_id, v.sort_key, r.id
    """  # noqa: S608 - table names; every value is a parameter
    params = [*[p.pk for p in periods], periods[-1].pk, units[0], path]
    return [OwedReport(**row._asdict() | {"own_due_at": moment_read(row.own_due_at)}) for row in run(sql, params)]
