"""What “Vấn đề cần lưu ý” reads beside the overview: one query a function, as many for 5 communes as for 560.

Each finds or counts; what is worth saying, and from which threshold, says findings.py.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery, Window
from django.utils import timezone

from de_an_06.plain.spans import Month
from reporting.entry.checks import Likeness
from reporting.figures import IN_TIME_FIELDS, RESOLVED_FIELDS, TYPED_FIELDS
from reporting.models import (
    Basis,
    Difficulty,
    Period,
    ServiceFigures,
    Status,
)
from reporting.models.difficulties import WAS_SENT, waiting_longer
from taskforces.models import UnitVersion
from taskforces.models.units import reporter_name

from .places import COUNTED, REPORT_TABLE, VERSION_TABLE, Stretch, marks, placed, run, under

_PERIOD = Period._meta.db_table
_FIGURES = ServiceFigures._meta.db_table
CELLS_OF_A_SERVICE = 2  # read of each, the worst


@dataclass(frozen=True)
class SlowCell:
    """One unit right below (or the unit's own report) and one service."""

    place: int  # the unit below, or the unit itself for its own report
    service_id: int
    in_time: int
    resolved: int


def slow_cells(stretch: Stretch, *, fewest: int, below_percent: int) -> tuple[list[SlowCell], int]:
    """Cells of so many resolved dossiers, less than so many of a hundred in time: the worst of each service, the worst
    of all first, and how many there are."""
    with_table, params = placed(Stretch(stretch.unit_id, stretch.basis, stretch.now), COUNTED[Basis(stretch.basis)])

    def known(names: Sequence[str]) -> str:
        return " + ".join(f"COALESCE(SUM(f.{name}), 0)" for name in names)

    reported = ", ".join(f"SUM(f.{name})" for name in IN_TIME_FIELDS)
    sql = f"""{with_table},
        cells AS (
            SELECT p.here AS place, f.service_id, CAST({known(IN_TIME_FIELDS)} AS bigint) AS in_time,
                   CAST({known(RESOLVED_FIELDS)} AS bigint) AS resolved
            FROM placed p JOIN {_FIGURES} f ON f.report_id = p.id
            WHERE p.here IS NOT NULL GROUP BY p.here, f.service_id HAVING COALESCE({reported}) IS NOT NULL),
        slow AS (
            SELECT c.*, CAST(c.in_time AS double precision) / c.resolved AS rate
            FROM cells c WHERE c.resolved >= %s AND c.in_time * 100 < c.resolved * %s),
        ranked AS (
            SELECT s.*, COUNT(*) OVER () AS n,
                   ROW_NUMBER() OVER (PARTITION BY s.service_id ORDER BY s.rate, s.resolved DESC, s.place) AS nth
            FROM slow s)
        SELECT place, service_id, in_time, resolved, n FROM ranked WHERE nth <= %s
        ORDER BY rate, resolved DESC, place, service_id
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    rows = run(sql, [*params, fewest, below_percent, CELLS_OF_A_SERVICE])
    return [SlowCell(r.place, r.service_id, r.in_time, r.resolved) for r in rows], rows[0].n if rows else 0


@dataclass(frozen=True)
class Habit:
    """How a unit under the unit has been reporting, up to one month."""

    report_id: int  # of that month
    unit_id: int
    path: str
    name: str
    is_late: bool  # in each of so many months running
    likeness: Likeness | None  # with the month before; None where it was not sent


def months_back(last: Period, periods: Iterable[Period], late_months: int) -> list[Period | None]:
    """The months that `habits` looks at, the last one first; None: the month is not there."""
    by_month = {Month(p.year, p.month): p for p in periods}
    return [by_month.get(Month(last.year, last.month).plus(-k)) for k in range(late_months + 1)]


def habits(stretch: Stretch, months: Sequence[Period | None], past: Sequence[tuple[int, str]]) -> list[Habit]:
    """Units that owe the last month's report and were late in each of the last months, or whose cells repeat.

    A month counts for lateness once the report is sent or its level's deadline has passed (sent, where the report has a
    deadline of its own); the first time of sending decides.
    `months` as `months_back` gives them, one more than must be late; `past`: those of them, and the level, whose
    deadline has passed.
    """
    last, late_months = stretch.now[-1], len(months) - 1
    back = [None if p is None else p.pk for p in months]  # None is in no row
    over = ", ".join(["(%s, %s)"] * len(past)) or "(0, '')"  # no month has this number
    statuses = COUNTED[Basis(stretch.basis)]

    def per_cell(condition: str) -> str:
        return " + ".join(f"CASE WHEN {condition.format(n=name)} THEN 1 ELSE 0 END" for name in TYPED_FIELDS)

    sums = {
        "known": per_cell("b.{n} IS NOT NULL"),
        "blank": per_cell("b.{n} IS NOT NULL AND f.{n} IS NULL"),
        "counted": per_cell("b.{n} IS NOT NULL AND f.{n} IS NOT NULL AND (b.{n} <> 0 OR f.{n} <> 0)"),
        "same": per_cell("b.{n} <> 0 AND f.{n} = b.{n}"),
    }
    summed = ", ".join(f"SUM({value}) AS {name}" for name, value in sums.items())
    sql = f"""
        WITH reports AS (
            SELECT r.unit_id, CASE WHEN r.is_late OR r.status = %s THEN 1 ELSE 0 END AS late,
                   ROW_NUMBER() OVER (PARTITION BY r.unit_id ORDER BY p.year DESC, p.month DESC) AS nth
            FROM {REPORT_TABLE} r JOIN {_PERIOD} p ON p.id = r.period_id
            WHERE {under(stretch.unit_id, "r.path")} AND r.period_id IN ({marks(back)})
              AND (r.status <> %s OR (r.own_due_at IS NULL AND (r.period_id, r.level) IN ({"VALUES " + over})))),
        late AS (
            SELECT unit_id FROM reports WHERE nth <= %s GROUP BY unit_id HAVING SUM(late) = %s),
        alike AS (
            SELECT r.id, COUNT(*) * {len(TYPED_FIELDS)} AS cells, {summed}
            FROM {REPORT_TABLE} r JOIN {_FIGURES} f ON f.report_id = r.id
                 LEFT JOIN {REPORT_TABLE} e ON e.unit_id = r.unit_id AND e.period_id = %s
                 LEFT JOIN {_FIGURES} b ON b.report_id = e.id AND b.service_id = f.service_id
            WHERE r.period_id = %s AND {under(stretch.unit_id, "r.path")} AND r.status IN ({marks(statuses)})
            GROUP BY r.id)
        SELECT r.id AS report_id, r.unit_id, r.path, r.level, v.name,
               CASE WHEN l.unit_id IS NOT NULL THEN 1 ELSE 0 END AS is_late,
               a.cells, a.known, a.blank, a.counted, a.same
        FROM {REPORT_TABLE} r LEFT JOIN late l ON l.unit_id = r.unit_id LEFT JOIN alike a ON a.id = r.id
             JOIN {VERSION_TABLE} v ON v.unit_id = r.unit_id AND v.valid_from <= %s
                  AND (v.valid_to IS NULL OR v.valid_to >= %s)
        WHERE r.period_id = %s AND {under(stretch.unit_id, "r.path")} AND (l.unit_id IS NOT NULL OR a.same > 0)
        ORDER BY v.sort_key, r.id
    """  # noqa: S608 - column and table names of the models; every value is a parameter
    draft = Status.DRAFT.value
    params: list = [draft, *back, draft]
    params += [*(value for one in past for value in one), late_months, late_months]
    params += [back[1], last.pk, *statuses, last.data_to, last.data_to, last.pk]
    found = []
    for row in run(sql, params):
        counts = row.cells, row.known, row.blank, row.counted, row.same
        likeness = None if row.cells is None else Likeness(*map(int, counts))
        name = reporter_name(row.name, row.level)
        found.append(Habit(row.report_id, row.unit_id, row.path, name, bool(row.is_late), likeness))
    return found


@dataclass(frozen=True)
class Waiting:
    """A difficulty that waits for an answer."""

    pk: int
    unit_id: int
    unit_name: str
    days: int


def waiting_longest(path: str, today: dt.date, *, days: int, limit: int) -> tuple[list[Waiting], int]:
    """Difficulties of a place in the tree raised more than so many days ago and not answered, the oldest first, and how
    many there are."""
    then = UnitVersion.objects.filter(unit=OuterRef("unit"), valid_from__lte=OuterRef("report__period__data_to"))
    rows: Any = (
        Difficulty.objects.filter(WAS_SENT, waiting_longer(days, today), state=Difficulty.State.OPEN)
        .filter(report__path__startswith=path)
        .annotate(unit_name=Subquery(then.order_by("-valid_from").values("name")[:1]), n=Window(Count("*")))
        .order_by("raised_at", "pk")[:limit]
    )
    found = list(rows)
    waiting = [
        Waiting(d.pk, d.unit_id, d.unit_name, (today - timezone.localtime(d.raised_at).date()).days) for d in found
    ]
    return waiting, found[0].n if found else 0
