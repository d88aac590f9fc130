"""Step 3, publication: what a province made public of a month, version by version (docs/decisions/0022).

Closing a month publishes its official figures as version 1: the roll-up's totals and every report behind them, copied.
From then on the official figures change only together with a new version, in one transaction: by an accepted
correction (corrections.py) or by the approval of a report that was missing (workflow.py). So the newest version is what
every page, file and command says officially, and an older one can always be read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from reporting import closing
from reporting.figures import FIGURE, FIGURE_FIELDS
from reporting.models import (
    Basis,
    IndicatorFigure,
    IndicatorSummary,
    Period,
    PeriodClosure,
    PublishedVersion,
    Report,
    ServiceFigures,
    ServiceSummary,
    Status,
    SubmissionSummary,
    VersionReport,
    VersionTotal,
)
from reporting.report_log import reason_given
from reporting.rollup import rollup
from taskforces.clock import now_for
from taskforces.models import UnitVersion, User
from taskforces.models.units import path_ids, reporter_name

Figures = dict[str, int | None]  # cell ('DVC09.received_online', 'DD04.numerator') -> figure


@transaction.atomic
def close_month(*, period_id: int, province_id: int, by: User) -> PeriodClosure:
    """Closes the month for the province and publishes what it then says, where that is not published already."""
    closure = closing.close_period(period_id=period_id, province_id=province_id, by=by)
    last = versions(period_id, [province_id]).first()
    if last is None:
        _publish(closure.period, province_id, by=by, at=closure.closed_at)
    elif differences(last, _as_it_stands(closure.period, province_id)):
        publish(closure.period, province_id, by=by, reason=_reason_of_reopening(closure))
    return closure


def versions(period_id: int, unit_ids: Iterable[int]) -> QuerySet[PublishedVersion]:
    """The versions of a month published by one of these units (a province on a path), the newest first."""
    found = PublishedVersion.objects.filter(period_id=period_id, province_id__in=list(unit_ids))
    return found.select_related("by", "period", "province")


def is_published(report: Report) -> bool:
    """Do published official figures hold this report? Then it is corrected cell by cell, not reopened."""
    if report.status != Status.APPROVED:
        return False
    return closing.is_closed(report) or versions(report.period_id, path_ids(report.path)).exists()


def lock_reports(period: Period, province_id: int) -> None:
    """Nobody changes a report of the month while it is published; call it before anything is read or changed."""
    list(period.reports.under(province_id).select_for_update().order_by("pk").values_list("pk", flat=True))


def province_of(report: Report) -> int:
    """The province on the report's path."""
    return path_ids(report.path)[1]


def publish_first(period: Period, province_id: int) -> None:
    """A month that was closed before versions were kept gets its first one, as it stands; call it before a change."""
    closure = closing.open_closure(period, [province_id])
    if closure is not None and not versions(period.pk, [province_id]).exists():
        _publish(period, province_id, by=closure.closed_by, at=closure.closed_at)


def publish(period: Period, province_id: int, *, by: User, reason: str) -> PublishedVersion:
    """The next version, with what the reports say now; call it in the transaction of the change, reports locked."""
    return _publish(period, province_id, by=by, at=now_for(by), reason=reason_given(reason, "điều chỉnh"))


def publish_if_published(reports: Iterable[Report], by: User) -> None:
    """After approvals: of months already published there is a next version that names what came in."""
    came_in: dict[tuple[Period, int], list[Report]] = defaultdict(list)
    for report in reports:
        came_in[report.period, province_of(report)].append(report)
    for (period, province_id), added in came_in.items():
        if versions(period.pk, [province_id]).exists():
            names = dict(_names(period, province_id))
            units = ", ".join(sorted(reporter_name(names.get(r.unit_id, r.unit.code), r.level) for r in added))
            publish(period, province_id, by=by, reason=f"Bổ sung báo cáo của {units}"[:1000])


# Comparing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """One cell that two versions say differently; `is_total`: of a unit's total, else of its own report."""

    unit_id: int
    name: str
    is_total: bool
    cell: str
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Content:
    """What a version says: (unit, is it a total?) -> name and figures; `statuses` of the reports."""

    figures: dict[tuple[int, bool], tuple[str, Figures]]
    statuses: dict[int, str]


def content(version: PublishedVersion) -> Content:
    """Everything kept of a version; two queries."""
    reports = list(version.reports.order_by("path"))
    figures = {(row.unit_id, True): (row.name, row.figures) for row in version.totals.order_by("path")}
    figures |= {(row.unit_id, False): (row.name, row.figures) for row in reports}
    return Content(figures, {row.unit_id: row.status for row in reports})


def differences(old: PublishedVersion | Content, new: PublishedVersion | Content) -> list[Changed]:
    """Cell by cell, totals first, then report by report; a cell that only one of them has was blank in the other."""
    before, after = (side if isinstance(side, Content) else content(side) for side in (old, new))
    found = []
    for (unit_id, is_total), (name, figures) in (before.figures | after.figures).items():
        was = before.figures.get((unit_id, is_total), ("", {}))[1]
        for cell in sorted(was.keys() | figures.keys()):
            if was.get(cell) != (now := after.figures.get((unit_id, is_total), ("", {}))[1].get(cell)):
                found.append(Changed(unit_id, name, is_total, cell, was.get(cell), now))
    return sorted(found, key=lambda change: not change.is_total)


def differs_from_now(version: PublishedVersion) -> list[Changed]:
    """What the official figures of this moment say otherwise: nothing, unless a tree was corrected since."""
    return differences(version, _as_it_stands(version.period, version.province_id))


def cell_words(cell: str, names: Mapping[str, str]) -> str:
    """'DVC09 Đăng ký khai sinh, tiếp nhận trực tuyến'; `names`: code -> name."""
    code, _, name = cell.partition(".")
    part = f", {FIGURE[name].label.lower()}" if name in FIGURE else ", tổng số" if name == "denominator" else ""
    return f"{code} {names.get(code, '')}".strip() + part


# Inside --------------------------------------------------------------------------------------------------------------


def _publish(period: Period, province_id: int, *, by: User, at, reason: str = "") -> PublishedVersion:
    rollup.drain_period(period.pk)  # what is copied are the roll-up's totals, and they are true now
    last = versions(period.pk, [province_id]).first()
    version = PublishedVersion.objects.create(
        period=period, province_id=province_id, number=last.number + 1 if last else 1, at=at, by=by, reason=reason
    )
    totals, reports = _totals(period, province_id), _reports(period, province_id)
    for total in totals:
        total.version = version
    for report in reports:
        report.version = version
    VersionTotal.objects.bulk_create(totals)
    VersionReport.objects.bulk_create(reports, batch_size=500)
    return version


def _as_it_stands(period: Period, province_id: int) -> Content:
    reports = _reports(period, province_id)
    figures = {(row.unit_id, True): (row.name, row.figures) for row in _totals(period, province_id)}
    figures |= {(row.unit_id, False): (row.name, row.figures) for row in reports}
    return Content(figures, {row.unit_id: row.status for row in reports})


def _names(period: Period, province_id: int) -> list[tuple[int, str]]:
    tree = UnitVersion.objects.on(period.data_to).under(province_id)
    return list(tree.values_list("unit_id", "name"))


def _reports(period: Period, province_id: int) -> list[VersionReport]:
    """Every report owed under the province, the figures of the approved ones with it."""
    names = dict(_names(period, province_id))
    found = {
        report.pk: VersionReport(
            unit_id=report.unit_id,
            name=reporter_name(names.get(report.unit_id, report.unit.code), report.level),
            path=report.path,
            level=report.level,
            status=report.status,
            is_late=report.is_late,
        )
        for report in period.reports.under(province_id).select_related("unit").order_by("path")
    }
    approved = [pk for pk, row in found.items() if row.status == Status.APPROVED]
    for pk, code, *values in ServiceFigures.objects.filter(report__in=approved).values_list(
        "report_id", "service__code", *FIGURE_FIELDS
    ):
        found[pk].figures |= {f"{code}.{name}": value for name, value in zip(FIGURE_FIELDS, values, strict=True)}
    for pk, code, numerator, denominator in IndicatorFigure.objects.filter(report__in=approved).values_list(
        "report_id", "indicator__code", "numerator", "denominator"
    ):
        found[pk].figures |= {f"{code}.numerator": numerator, f"{code}.denominator": denominator}
    return list(found.values())


def _totals(period: Period, province_id: int) -> list[VersionTotal]:
    """The roll-up's official totals of the province and its districts."""
    tree = {v.unit_id: v for v in UnitVersion.objects.on(period.data_to).under(province_id)}
    counts = SubmissionSummary.objects.filter(period=period, unit_id__in=tree)
    found = {
        row.unit_id: VersionTotal(
            unit_id=row.unit_id,
            name=tree[row.unit_id].name,
            path=tree[row.unit_id].path,
            expected=row.expected,
            approved=row.approved,
        )
        for row in counts
    }
    official = {"period": period, "basis": Basis.OFFICIAL, "unit_id__in": found}
    for unit_id, code, units, *values in ServiceSummary.objects.filter(**official).values_list(
        "unit_id", "service__code", "units_reported", *FIGURE_FIELDS
    ):
        found[unit_id].units[code] = units
        found[unit_id].figures |= {f"{code}.{n}": value for n, value in zip(FIGURE_FIELDS, values, strict=True)}
    for unit_id, code, units, numerator, denominator in IndicatorSummary.objects.filter(**official).values_list(
        "unit_id", "indicator__code", "units_reported", "numerator", "denominator"
    ):
        found[unit_id].units[code] = units
        found[unit_id].figures |= {f"{code}.numerator": numerator, f"{code}.denominator": denominator}
    return sorted(found.values(), key=lambda row: row.path)


def _reason_of_reopening(closure: PeriodClosure) -> str:
    """Why the month had been opened since the version before."""
    earlier = PeriodClosure.objects.filter(period=closure.period, province_id=closure.province_id)
    opened = earlier.exclude(pk=closure.pk).exclude(reopen_reason="").order_by("-reopened_at").first()
    return opened.reopen_reason if opened else "Số liệu thay đổi sau lần công bố trước"
