"""Who owes reports in a stretch of months, and how far each is."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from reporting.models import Basis, Period
from taskforces.models import UnitVersion

from .ranges import BEFORE, COUNTED, NOW, REPORT_TABLE, UNIT_TABLE, Stretch, child_of, marks, run, span_rows

_VERSION = UnitVersion._meta.db_table
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
    older: int = 0  # units in the figures, but not in those of the last month, and not ended by then
    same_units: int = 0  # units with equally many reports in this stretch and in the one compared with

    def __iadd__(self, other: "Submissions") -> "Submissions":
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def is_complete(self) -> bool:
        return self.expected_reports > 0 and self.reports == self.expected_reports


def total_now(owed: dict[tuple[str, int | None], Submissions]) -> Submissions:
    """All units together, in the months read."""
    total = Submissions()
    for (side, _), part in owed.items():
        if side == NOW:
            total += part
    return total


def submissions(stretch: Stretch) -> dict[tuple[str, int | None], Submissions]:
    """Who owes and who has reported, per side and unit below (None = the unit's own report); one query."""
    if not stretch.now:
        return {}
    rows, here, child = span_rows(stretch), f"/{stretch.unit_id}/", child_of(stretch, "r.path")
    statuses = COUNTED[Basis(stretch.basis)]
    counted = f"r.status IN ({marks(statuses)})"
    last = f"CASE side WHEN 'now' THEN {len(stretch.now) - 1} ELSE {max(len(stretch.before) - 1, 0)} END"
    sql = f"""
        WITH span(side, period_id, k) AS (VALUES {", ".join(["(%s, %s, %s)"] * len(rows))}),
        owed AS (
            SELECT s.side, s.k, r.unit_id, r.status, r.is_late, {child} AS child,
                   CASE WHEN {counted} THEN 1 ELSE 0 END AS counted,
                   MAX(s.k) OVER (PARTITION BY s.side, r.unit_id) AS last_k
            FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id
            WHERE r.path LIKE %s),
        per_unit AS (
            SELECT side, unit_id, MAX(CASE WHEN k = last_k THEN child END) AS child, COUNT(*) AS owed,
                   SUM(counted) AS reports, MAX(CASE WHEN counted = 1 THEN k END) AS reported_k,
                   SUM(CASE WHEN status = 'approved' THEN 1 ELSE 0 END) AS approved,
                   SUM(CASE WHEN status = 'submitted' THEN 1 ELSE 0 END) AS submitted,
                   SUM(CASE WHEN status = 'returned' THEN 1 ELSE 0 END) AS returned,
                   SUM(CASE WHEN counted = 1 AND is_late THEN 1 ELSE 0 END) AS late
            FROM owed GROUP BY side, unit_id),
        same AS (SELECT unit_id FROM per_unit WHERE reports > 0 GROUP BY unit_id
                 HAVING COUNT(*) = 2 AND MIN(reports) = MAX(reports))
        SELECT side, child, COUNT(*) AS expected, SUM(CASE WHEN reports > 0 THEN 1 ELSE 0 END) AS reported,
               SUM(owed) AS expected_reports, SUM(reports) AS reports, SUM(approved) AS approved,
               SUM(submitted) AS submitted, SUM(returned) AS returned, SUM(late) AS late,
               SUM(CASE WHEN reported_k < {last} AND (u.closed_on IS NULL OR (side = 'now' AND u.closed_on >= %s)
                        OR (side = 'before' AND u.closed_on >= %s)) THEN 1 ELSE 0 END) AS older,
               COUNT(same.unit_id) AS same_units
        FROM per_unit JOIN {UNIT_TABLE} u ON u.id = per_unit.unit_id LEFT JOIN same ON same.unit_id = per_unit.unit_id
        GROUP BY side, child
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params = [value for row in rows for value in row]
    params += [here, here, *statuses, f"%{here}%", stretch.ends(NOW)[1], stretch.ends(BEFORE)[1]]
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
    level: str
    path: str
    name: str
    sort_key: str


def missing_and_direct(unit_id: int, path: str, periods: Sequence[Period]) -> list[OwedReport]:
    """Reports not handed in under a unit, and, for the last month, its own and those right below it; one query."""
    if not periods:
        return []
    sql = f"""
        SELECT r.id AS report_id, r.unit_id, r.period_id, r.status, r.is_late, r.level, r.path,
               COALESCE(v.name, '') AS name, COALESCE(v.sort_key, '') AS sort_key
        FROM {REPORT_TABLE} r JOIN {_PERIOD} p ON p.id = r.period_id
        LEFT JOIN {_VERSION} v ON v.unit_id = r.unit_id AND v.valid_from <= p.data_to
             AND (v.valid_to IS NULL OR v.valid_to >= p.data_to)
        WHERE r.period_id IN ({marks(periods)}) AND r.path LIKE %s
          AND (r.status IN ('draft', 'returned')
               OR (r.period_id = %s AND (r.unit_id = %s OR r.path = %s || r.unit_id || '/')))
        ORDER BY r.period_id, v.sort_key, r.id
    """  # noqa: S608 - table names; every value is a parameter
    params = [*[p.pk for p in periods], f"%/{unit_id}/%", periods[-1].pk, unit_id, path]
    return [OwedReport(**row._asdict()) for row in run(sql, params)]
