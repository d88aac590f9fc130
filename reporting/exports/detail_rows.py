"""Rows behind the totals: each reporting unit's figures by service over a span, and the reports that are missing."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q

from reporting.expected import under_any
from reporting.lateness import days_overdue, deadlines_of
from reporting.models import Basis, Period, Report, Status
from reporting.reading.places import COUNTED, Stretch
from reporting.reading.ranges import figure_values, unit_sums
from taskforces.models import UnitVersion
from taskforces.models.units import path_ids, reporter_name

from .sheets import FIGURE_COLUMNS, SheetColumn

MISSING_SHEET = (
    SheetColumn("order", "STT", width=5, text=True),
    SheetColumn("unit", "Đơn vị", width=38, text=True),
    SheetColumn("under", "Trực thuộc", width=30, text=True),
    SheetColumn("period", "Kỳ", width=16, text=True),
    SheetColumn("status", "Trạng thái", width=22, text=True),
    SheetColumn("due_at", "Hạn nộp", width=18, text=True),
    SheetColumn("note", "Ghi chú", width=14, text=True),
)
SOURCE_SHEET = (
    SheetColumn("code", "Mã đơn vị", width=10, text=True),
    SheetColumn("unit", "Đơn vị báo cáo", width=51, text=True),
    SheetColumn("under", "Trực thuộc", width=33, text=True),
    SheetColumn("service_code", "Mã DVC", width=9, text=True),
    SheetColumn("service", "Dịch vụ công", width=58, text=True),
    SheetColumn("last", "Tháng cuối có số liệu", width=14, text=True),
    *(column for column in FIGURE_COLUMNS if not column.adds and not column.is_rate),
)


@dataclass(frozen=True)
class Name:
    """How a unit was called as the one reporting, and under whom, in the last month it appears in."""

    code: str
    name: str
    under: str
    order: tuple


@dataclass(frozen=True)
class Missing:
    """A report that is owed and not in the figures."""

    unit: Name
    period: str
    status: str
    due_at: dt.datetime | None
    note: str


class Version(NamedTuple):
    """One name and place of a unit over time; plain, as the nation has thousands."""

    unit_id: int
    code: str
    level: str
    opened_on: dt.date
    closed_on: dt.date | None
    name: str
    parent_id: int | None
    path: str
    sort_key: str
    valid_from: dt.date


class Names:
    """Names of the units, of everything below them and of those right above, on the days of the months read."""

    def __init__(self, units: Sequence[int], periods: Sequence[Period]):
        self.versions: dict[int, list[Version]] = {}
        in_time = UnitVersion.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=periods[0].data_to), valid_from__lte=periods[-1].data_to
        )
        self._read(in_time.filter(under_any(units)))
        above = {version.parent_id for known in self.versions.values() for version in known} - {None}
        if outside := above - self.versions.keys():
            self._read(in_time.filter(unit_id__in=outside))

    def _read(self, versions) -> None:
        rows = versions.order_by("valid_from").values_list(
            "unit_id",
            "unit__code",
            "unit__level",
            "unit__opened_on",
            "unit__closed_on",
            "name",
            "parent_id",
            "path",
            "sort_key",
            "valid_from",
        )
        for row in rows:
            self.versions.setdefault(row[0], []).append(Version(*row))

    def version(self, unit_id: int | None, day: dt.date) -> Version | None:
        """The version valid on `day`, else the nearest earlier one."""
        known = self.versions.get(unit_id, []) if unit_id else []
        earlier = [version for version in known if version.valid_from <= day]
        return earlier[-1] if earlier else (known[0] if known else None)

    def on(self, unit_id: int, day: dt.date) -> Name:
        version = self.version(unit_id, day)
        if version is None:
            return Name("", str(unit_id), "", ((), "", unit_id))
        parent = self.version(version.parent_id, day)
        # In the order of the tree: each unit's own report first, then what is below it by name.
        chain = tuple(found.sort_key for above in path_ids(version.path) if (found := self.version(above, day)))
        name = reporter_name(version.name, version.level)
        return Name(version.code, name, parent.name if parent else "", (chain, version.code, unit_id))


@dataclass(slots=True)
class UnitDossiers:
    """One unit's dossiers of one service over the span: flows added, opening its first, pending its last month's.

    A unit that moved on the way has a row for each unit below in which it counts, named as of `named`.
    """

    unit_id: int
    service_id: int
    last: Period
    named: Period
    figures: tuple[int | None, ...]  # in the order of FIGURE_FIELDS


def service_rows(units: Sequence[int], periods: Sequence[Period], basis: str) -> list[UnitDossiers]:
    """A row per reporting unit and service, from the reports themselves; `periods` from early to late. `units`: the
    unit, and those whose figures are its own (reading/joined.py)."""
    return [
        UnitDossiers(row.unit_id, row.service_id, periods[row.last_k], periods[row.named_k], figure_values(row))
        for row in unit_sums(Stretch(units[0], basis, list(periods), joined=tuple(units[1:])))
    ]


def missing_reports(
    units: Sequence[int], periods: Sequence[Period], basis: str, names: Names, now: dt.datetime
) -> Iterable[Missing]:
    """Owed reports that are not in the figures, month by month, units in the order of the tree."""
    due = deadlines_of(periods)
    for period in periods:
        reports = (
            Report.objects.filter(under_any(units), period=period)
            .exclude(status__in=COUNTED[Basis(basis)])
            .values_list("unit_id", "level", "status", "saved_at", "own_due_at")
        )
        rows = []
        for unit, level, status, saved_at, own_due_at in reports:
            due_at = own_due_at or due.get((period.pk, level))
            rows.append(
                Missing(
                    unit=names.on(unit, period.data_to),
                    period=period.label,
                    status=_status(status, saved_at),
                    due_at=due_at,
                    note="" if days_overdue(status, due_at, now) is None else "Quá hạn",
                )
            )
        yield from sorted(rows, key=lambda row: row.unit.order)


def _status(status: str, saved_at: dt.datetime | None) -> str:
    if status == Status.SUBMITTED:
        return "Đã gửi, chưa duyệt"
    if status == Status.RETURNED:
        return "Trả lại, chờ gửi lại"
    return "Đang nhập" if saved_at else "Chưa nhập"
