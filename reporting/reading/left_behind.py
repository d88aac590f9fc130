"""Pending dossiers of units that ended on the way and whose successors have not reported yet: in no total, so named."""

import datetime as dt
from dataclasses import dataclass

from de_an_06.plain.numbers import format_number
from reporting.figures import LAST_FIELDS
from reporting.models import Basis, Period, ServiceFigures
from taskforces.models import UnitSuccession

from .places import COUNTED, NOW, REPORT_TABLE, SHIFT, UNIT_TABLE, VERSION_TABLE, Stretch, marks, run, under

UNITS_NAMED = 3


@dataclass(frozen=True)
class LeftBehind:
    """A unit that ended on the way, and its pending dossiers that are in no total."""

    name: str
    closed_on: dt.date
    dossiers: int


def left_behind(stretch: Stretch) -> list[LeftBehind]:
    """Units under the unit that ended before the last day with dossiers pending, while none of their successors has a
    report in the figures of a later month: largest first; one query."""
    statuses, last_day = COUNTED[Basis(stretch.basis)], stretch.ends(NOW)[1]
    span = ", ".join(["(%s, %s)"] * len(stretch.now))
    pending = " + ".join(f"COALESCE(x.{name}, 0)" for name in LAST_FIELDS)
    last = ", ".join(f"MAX(s.k * {SHIFT} + f.{name}) %% {SHIFT} AS {name}" for name in LAST_FIELDS)
    sql = f"""
        WITH span(period_id, k) AS (VALUES {span}),
        ended AS (
            SELECT u.id, v.name, u.closed_on FROM {UNIT_TABLE} u
            JOIN {VERSION_TABLE} v ON v.unit_id = u.id AND v.valid_to = u.closed_on
            WHERE u.closed_on >= %s AND u.closed_on < %s AND {under(stretch.roots, "v.path")} AND NOT EXISTS (
                SELECT 1 FROM {UnitSuccession._meta.db_table} n JOIN {REPORT_TABLE} r ON r.unit_id = n.successor_id
                JOIN span s ON s.period_id = r.period_id JOIN {Period._meta.db_table} p ON p.id = r.period_id
                WHERE n.predecessor_id = u.id AND p.data_to > u.closed_on AND r.status IN ({marks(statuses)}))),
        x AS (
            SELECT e.id, e.name, e.closed_on, f.service_id, {last}
            FROM ended e JOIN {REPORT_TABLE} r ON r.unit_id = e.id JOIN span s ON s.period_id = r.period_id
            JOIN {ServiceFigures._meta.db_table} f ON f.report_id = r.id
            WHERE r.status IN ({marks(statuses)}) GROUP BY e.id, e.name, e.closed_on, f.service_id)
        SELECT x.name, x.closed_on, CAST(SUM({pending}) AS bigint) AS dossiers FROM x
        GROUP BY x.id, x.name, x.closed_on HAVING SUM({pending}) > 0 ORDER BY 3 DESC, x.name, x.id
    """  # noqa: S608 - table names and a unit's number; every value is a parameter
    params: list = [value for k, period in enumerate(stretch.now) for value in (period.pk, k)]
    params += [stretch.ends(NOW)[0], last_day, *statuses, *statuses]
    return [LeftBehind(row.name, dt.date.fromisoformat(str(row.closed_on)), row.dossiers) for row in run(sql, params)]


def words(left: list[LeftBehind]) -> str:
    """'8 hồ sơ chưa giải quyết của xã X (kết thúc 30/11/2024) chưa có trong tổng …'; three units by name."""
    named = [f"{unit.name} (kết thúc {unit.closed_on:%d/%m/%Y})" for unit in left[:UNITS_NAMED]]
    more = len(left) - len(named)
    who = ", ".join(named) + (f" và {format_number(more)} đơn vị khác" if more else "")
    dossiers = format_number(sum(unit.dossiers for unit in left))
    return f"{dossiers} hồ sơ chưa giải quyết của {who} chưa có trong tổng: đơn vị kế thừa chưa báo cáo."
