"""What this app tells the register below it: see `taskforces.hooks`, which says what each is for."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import F, Max, OuterRef, Subquery

from taskforces import hooks
from taskforces.models import UnitVersion
from taskforces.models.units import path_ids, valid_on

from .models import DifficultyStep, Explanation, ExportJob, FigureChange, Report, ReportEvent, RollupRequest

REPORT_TRACES = (
    hooks.Trace("Ô số liệu đã nhập hoặc sửa", FigureChange, "by"),
    hooks.Trace("Việc gửi, duyệt, trả lại báo cáo", ReportEvent, "by"),
    hooks.Trace("Giải thích điểm cần xem", Explanation, "by"),
    hooks.Trace("Nêu, trả lời, xử lý khó khăn", DifficultyStep, "by"),
    hooks.Trace("Báo cáo Excel, Word đã lập", ExportJob, "requested_by"),
)


def connect() -> None:
    """Once, when the portal starts."""
    hooks.follow_tree.append(refresh_report_paths)
    hooks.traces.extend(REPORT_TRACES)
    hooks.last_active.append(last_reports)


def refresh_report_paths() -> int:
    """After a correction of the tree: put every report where its unit stood on the last day of its period.

    Totals above the old and the new place are marked for a new roll-up. Returns how many reports moved.
    """
    place = UnitVersion.objects.filter(
        valid_on(OuterRef("period__data_to")),
        unit_id=OuterRef("unit_id"),
    )
    moved = list(
        Report.objects.annotate(path_now=Subquery(place.values("path")[:1]))
        .filter(path_now__isnull=False)
        .exclude(path=F("path_now"))
    )
    requests = []
    for report in moved:
        above_before = path_ids(report.path)[-2:-1]
        requests += [RollupRequest(unit_id=u, period_id=report.period_id) for u in [*above_before, report.unit_id]]
        report.path = report.path_now
    Report.objects.bulk_update(moved, ["path"], batch_size=500)
    RollupRequest.objects.bulk_create(requests, batch_size=1000)
    return len(moved)


def last_reports(unit_ids: Iterable[int], day: dt.date) -> dict[int, dt.date]:
    """Last day of the newest month each unit has sent a report for."""
    sent = Report.objects.filter(unit_id__in=list(unit_ids), period__data_to__lte=day, submitted_at__isnull=False)
    return dict(sent.values_list("unit_id").annotate(last=Max("period__data_to")).order_by())
