"""Where a unit's figures stand in a stretch of months: the one rule of placing (docs/decisions/0009).

Flows and owed reports stand where the unit stood in each month (`Report.path`), states where it stands on the last day
of the stretch, openings where it stood on the first, wherever the report with their value stood. A unit that does not
exist on that day has no place there. In one month all three are the report's own place.
"""

import datetime as dt
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from reporting.headline import LeftOut
from reporting.models import Basis, Period, Report, Status
from taskforces.models import AdministrativeUnit, UnitVersion

NOW, BEFORE = SIDES = "now", "before"
COUNTED = {
    Basis.PROVISIONAL: (Status.SUBMITTED.value, Status.APPROVED.value),
    Basis.OFFICIAL: (Status.APPROVED.value,),
}
# month number * SHIFT + value: the largest is the value of the last month that has one, the smallest of the first.
# Values stay below SHIFT (numbers.LARGEST) and a stretch has at most spans.MOST_MONTHS months, so it fits 64 bits.
SHIFT = 10**13

REPORT_TABLE = Report._meta.db_table
UNIT_TABLE = AdministrativeUnit._meta.db_table
VERSION_TABLE = UnitVersion._meta.db_table


@dataclass
class Stretch:
    """The months read, oldest first, and those compared with, earlier and at most as many; both may be empty.

    `left_out`: services out of the headline rates. A month compared with leaves out what the month it answers does, so
    that a change is one of the same services (docs/decisions/0012).
    """

    unit_id: int
    basis: str
    now: list[Period]
    before: list[Period] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)
    joined: tuple[int, ...] = ()  # units that passed wholly into this one, whose figures are its own (joined.py)
    same: frozenset[int] | None = None  # reporting units that are compared; None: as `_counted` of ranges.py finds them

    @property
    def roots(self) -> tuple[int, ...]:
        return self.unit_id, *self.joined

    def ends(self, side: str) -> tuple[str, str]:
        """Last days of the first and of the last month of a side, as text both databases compare with a date."""
        periods = self.now if side == NOW else self.before
        if not periods:
            return "0001-01-01", "0001-01-01"
        return periods[0].data_to.isoformat(), periods[-1].data_to.isoformat()

    @property
    def is_month(self) -> bool:
        """One month on each side: a unit has one report there, so nothing is added up over time."""
        return len(self.now) <= 1

    @property
    def last_k(self) -> int:
        """Place of the last month; the stretch compared with has as many months."""
        return len(self.now) - 1


def marks(values: Sequence) -> str:
    return ", ".join(["%s"] * len(values))


def run(sql: str, params: list) -> list[Any]:
    """Rows read by the names of their columns: `row.unit_id`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = namedtuple("row", [column[0] for column in cursor.description])  # type: ignore[misc]
        return list(map(row._make, cursor.fetchall()))


def moment_read(value: dt.datetime | None) -> dt.datetime | None:
    """A moment in a row of `run`: SQLite gives it in UTC without saying so."""
    return value if value is None or value.tzinfo else value.replace(tzinfo=dt.UTC)


def under(units: int | Sequence[int], path: str) -> str:
    """SQL: does the path lead through the unit (one of the units)? With both slashes, or 1 would hold 10."""
    if isinstance(units, int):
        return f"{path} LIKE '%%/{units:d}/%%'"
    return f"({' OR '.join(under(unit_id, path) for unit_id in units)})"


def place_of(units: int | Sequence[int], path: str) -> str:
    """SQL: the unit's own id for the unit itself, of a path below it the number right after, NULL for one outside (of
    all the units)."""
    units = (units,) if isinstance(units, int) else units
    position = "strpos" if connection.vendor == "postgresql" else "instr"
    cases = []
    for unit_id in units:
        here = f"/{unit_id:d}/"
        rest = f"substr({path}, {position}({path}, '{here}') + {len(here)})"
        child = f"CAST(NULLIF(substr({rest}, 1, {position}({rest} || '/', '/') - 1), '') AS bigint)"
        cases.append(f"WHEN {under(unit_id, path)} THEN COALESCE({child}, {unit_id:d})")
    return f"CASE {' '.join(cases)} END"


def child_of(unit_id: int, place: str) -> str:
    """SQL: the unit below in which a place lies, NULL for the unit's own."""
    return f"NULLIF({place}, {unit_id:d})"


def placed(stretch: Stretch, statuses: Sequence[str] = ()) -> tuple[str, list]:
    """WITH table `placed` of the reports that can matter under the unit; of any status when none is given.

    Columns: id, unit_id, side, k (which month), status, is_late, and the places `here` (in the report's own month),
    `at_end` and `at_start` (of its unit on the last and on the first day). Real tables are joined, never lists of
    places: lists have no statistics, and PostgreSQL then takes thousands of rows for one.
    A report that stands nowhere (docs/decisions/0010) is not among them.
    """
    rows = [(side, p.pk, k) for side in SIDES for k, p in enumerate(getattr(stretch, side))]
    (now_first, now_last), (before_first, before_last) = stretch.ends(NOW), stretch.ends(BEFORE)
    kept = f"AND r.status IN ({marks(statuses)})" if statuses else ""
    params: list = [value for row in rows for value in row]
    columns = "r.id, r.unit_id, s.side, s.k, r.status, r.is_late"
    unit = stretch.roots
    if stretch.is_month:
        sql = f"""
            SELECT {columns}, {place_of(unit, "r.path")} AS here,
                   (u.closed_on IS NULL OR (s.side = 'now' AND u.closed_on >= %s)
                    OR (s.side = 'before' AND u.closed_on >= %s)) AS at_the_end,
                   ((s.side = 'now' AND u.opened_on <= %s) OR (s.side = 'before' AND u.opened_on <= %s)) AS at_the_start
            FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id JOIN {UNIT_TABLE} u ON u.id = r.unit_id
            WHERE {under(unit, "r.path")} {kept}"""  # noqa: S608 - table names and a unit's number
        sql = f"SELECT x.*, {_if('at_the_end')} AS at_end, {_if('at_the_start')} AS at_start FROM ({sql}) x"  # noqa: S608
        params += [now_last, before_last, now_first, before_first]
    else:
        sql = f"""
            SELECT {columns}, {place_of(unit, "r.path")} AS here,
                   {place_of(unit, "l.path")} AS at_end, {place_of(unit, "f.path")} AS at_start
            FROM span s JOIN {REPORT_TABLE} r ON r.period_id = s.period_id
                 LEFT JOIN {VERSION_TABLE} l ON l.unit_id = r.unit_id AND {_valid_on_day_of_side("l")}
                 LEFT JOIN {VERSION_TABLE} f ON f.unit_id = r.unit_id AND {_valid_on_day_of_side("f")}
            WHERE ({under(unit, "r.path")} OR r.path <> '/' || r.unit_id || '/' AND r.unit_id IN (
                SELECT v.unit_id FROM {VERSION_TABLE} v
                WHERE {under(unit, "v.path")} AND v.valid_from <= %s AND (v.valid_to IS NULL OR v.valid_to >= %s)))
            {kept}"""  # noqa: S608 - table names and a unit's number
        params += [now_last, now_last, before_last, before_last, now_first, now_first, before_first, before_first]
        params += [now_last, before_first if stretch.before else now_first]
    span = ", ".join(["(%s, %s, %s)"] * len(rows))
    return f"WITH span(side, period_id, k) AS (VALUES {span}),\nplaced AS ({sql})", [*params, *statuses]


def _if(condition: str) -> str:
    return f"CASE WHEN x.{condition} THEN x.here END"


def _valid_on_day_of_side(version: str) -> str:
    """SQL: is the version valid on a day that each side has of its own? Takes each day twice."""
    valid = f"{version}.valid_from <= %s AND ({version}.valid_to IS NULL OR {version}.valid_to >= %s)"
    return f"((s.side = 'now' AND {valid}) OR (s.side = 'before' AND {valid}))"
