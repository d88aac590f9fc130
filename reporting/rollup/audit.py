"""Step 4, the audit: totals recomputed another way, in plain Python along parents, and compared cell by cell."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    Basis,
    Indicator,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    Report,
    RollupAudit,
    RollupRequest,
    ServiceFigures,
    ServiceSummary,
    Status,
    SubmissionSummary,
)
from taskforces.models import Level, UnitVersion

from .rollup import locked_period, too_large, with_ancestors


def latest_alarm(period_ids: Iterable[int]) -> RollupAudit | None:
    """The newest audit that found a difference and was not followed by a clean one of the same month."""
    audits = RollupAudit.objects.filter(period_id__in=list(period_ids))
    newer = RollupAudit.objects.filter(period=OuterRef("period"), pk__gt=OuterRef("pk"))
    return audits.exclude(Exists(newer)).exclude(differences=[]).order_by("-pk").first()


@transaction.atomic
def audit(period: Period, also: Collection[str] = ()) -> list[str]:
    """Recomputes a month in plain Python, walking parents instead of paths, and compares it with every stored cell.

    Returns and keeps one sentence per differing cell and per report that is in no total. Totals that wait for a roll-up
    are not compared: drain first to have them all. `also`: differences found elsewhere (reading/kept.py).
    """
    period = locked_period(period.pk)
    parents, names = {}, {}
    for unit_id, parent_id, name in UnitVersion.objects.on(period.data_to).values_list("unit_id", "parent_id", "name"):
        parents[unit_id], names[unit_id] = parent_id, name

    truth, differences = _truth(period, parents, names, set())
    if max(truth.values(), default=0) > 2**63 - 1:  # no column holds it: the roll-up left these reports out too
        truth, differences = _truth(period, parents, names, set(too_large(period)))
    stored = _stored_cells(period)
    waiting = RollupRequest.objects.filter(period=period).values_list("unit_id", flat=True)
    skipped = with_ancestors(period, set(waiting))
    cells = [cell for cell in sorted({*truth, *stored}) if cell[0] not in skipped]
    for unit_id, basis, code, field in cells:
        kept, right = stored.get((unit_id, basis, code, field)), truth.get((unit_id, basis, code, field))
        if kept != right:
            where = ", ".join(filter(None, [names.get(unit_id, f"đơn vị số {unit_id}"), _BASIS_LABELS[basis], code]))
            was, now = ("không có" if value is None else str(value) for value in (kept, right))
            differences.append(f"{where}, {field}: đang lưu {was}, tính lại từ báo cáo {now}.")
    differences += also
    RollupAudit.objects.create(period=period, checked_at=timezone.now(), cells=len(cells), differences=differences)
    return differences


def _truth(
    period: Period, parents: dict[int, int | None], names: dict[int, str], without: Collection[int]
) -> tuple[dict[tuple, int], list[str]]:
    """(unit, basis, code, field) -> value, where any report gave one; and a sentence per report in no total."""
    truth: dict[tuple, int] = {}
    absent: list[str] = []
    counted: dict[int, tuple[list[int], str]] = {}  # report -> units whose totals hold it, its status
    own_homes: dict[int, list[int]] = {}  # report -> the unit that holds what is never added over units

    def add(units: list[int], basis: str, code: str, field: str, value: int) -> None:
        for unit_id in units:
            truth[unit_id, basis, code, field] = truth.get((unit_id, basis, code, field), 0) + value

    for report in Report.objects.filter(period=period).select_related("unit").iterator(2000):
        units: list[int] = []
        unit_id: int | None = report.unit_id
        while unit_id is not None and unit_id in parents:
            units.append(unit_id)
            unit_id = parents[unit_id]
        if not units and report.path == f"/{report.unit_id}/":
            continue  # its unit was not there that day, and the report stands nowhere: the roll-up names it
        if report.pk in without or report.path != "/" + "".join(f"{pk}/" for pk in reversed(units)):
            name = names.get(report.unit_id, f"đơn vị mã {report.unit.code}")
            absent.append(f"Báo cáo {period.label} của {name} không có trong tổng nào.")
            continue
        own_homes[report.pk] = [] if report.level == Level.COMMUNE else units[:1]
        if report.level == Level.COMMUNE:
            del units[0]
        counted[report.pk] = units, report.status
        sent = report.status in _BASIS_STATUSES["provisional"]
        add(units, "", "", "expected", 1)
        add(units, "", "", "submitted", int(sent))
        add(units, "", "", "approved", int(report.status == Status.APPROVED))
        add(units, "", "", "returned", int(report.status == Status.RETURNED))
        add(units, "", "", "late", int(sent and report.is_late))

    def add_figures(report_id: int, code: str, values: dict[str, int | None], is_own: bool = False) -> None:
        units, status = counted.get(report_id, ([], ""))
        if is_own:
            units = own_homes.get(report_id, [])
        for basis, statuses in _BASIS_STATUSES.items():
            if status in statuses:
                add(units, basis, code, "units_reported", 1)
                for field, value in values.items():
                    if value is not None:
                        add(units, basis, code, field, value)

    figures = ServiceFigures.objects.filter(report__period=period)
    for report_id, code, *row in figures.values_list("report_id", "service__code", *FIGURE_FIELDS).iterator(2000):
        if any(value is not None for value in row):
            add_figures(report_id, code, dict(zip(FIGURE_FIELDS, row, strict=True)))
    pairs = IndicatorFigure.objects.filter(report__period=period)
    columns = ("report_id", "indicator__code", "indicator__kind", "indicator__over_units", "numerator", "denominator")
    for report_id, code, kind, over_units, numerator, denominator in pairs.values_list(*columns).iterator(2000):
        if numerator is not None and (kind == Indicator.Kind.NUMBER or denominator is not None):
            pair = {"numerator": numerator, "denominator": denominator}
            add_figures(report_id, code, pair, is_own=over_units == Indicator.OverUnits.OWN)
    return truth, absent


_BASIS_STATUSES = {
    Basis.PROVISIONAL.value: {Status.SUBMITTED, Status.APPROVED},
    Basis.OFFICIAL.value: {Status.APPROVED},
}
_BASIS_LABELS = {"": "", **{basis.value: basis.label.lower() for basis in Basis}}


def _stored_cells(period: Period) -> dict[tuple, int]:
    """(unit, basis, code, field) -> stored value, without the NULLs."""
    cells: dict[tuple, int] = {}
    fields: tuple[str, ...] = ("expected", "submitted", "approved", "returned", "late")
    for unit_id, *values in SubmissionSummary.objects.filter(period=period).values_list("unit_id", *fields):
        cells.update({(unit_id, "", "", f): v for f, v in zip(fields, values, strict=True)})
    for model, key, columns in (
        (ServiceSummary, "service__code", FIGURE_FIELDS),
        (IndicatorSummary, "indicator__code", ("numerator", "denominator")),
    ):
        fields = ("units_reported", *columns)
        for unit_id, basis, code, *values in model.objects.filter(period=period).values_list(
            "unit_id", "basis", key, *fields
        ):
            cells.update({(unit_id, basis, code, f): v for f, v in zip(fields, values, strict=True) if v is not None})
    return cells
