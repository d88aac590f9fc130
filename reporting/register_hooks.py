"""What this app tells the register below it: see `taskforces.hooks`, which says what each is for."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Max

from taskforces import hooks

from .expected import settle
from .models import (
    CampaignChange,
    Correction,
    DifficultyStep,
    Explanation,
    ExportJob,
    FigureChange,
    Generation,
    IssuedCode,
    NarrativeChange,
    Period,
    PublishedVersion,
    Report,
    ReportEvent,
    SavedView,
    TargetEvent,
    Urging,
)
from .target_workflow import settle_rows

REPORT_TRACES = (
    hooks.Trace("Ô số liệu đã nhập hoặc sửa", FigureChange, "by"),
    hooks.Trace("Thuyết minh của báo cáo đã ghi", NarrativeChange, "by"),
    hooks.Trace("Việc gửi, duyệt, trả lại báo cáo", ReportEvent, "by"),
    hooks.Trace("Đôn đốc đơn vị nộp báo cáo", Urging, "by"),
    hooks.Trace("Số liệu đã công bố", PublishedVersion, "by"),
    hooks.Trace("Đề nghị đính chính", Correction, "asked_by"),
    hooks.Trace("Đề nghị đính chính đã xem xét", Correction, "decided_by"),
    hooks.Trace("Giải trình điểm cần xem", Explanation, "by"),
    hooks.Trace("Nêu, trả lời, xử lý khó khăn", DifficultyStep, "by"),
    hooks.Trace("Nhập số, điều hành cao điểm", CampaignChange, "by"),
    hooks.Trace("Đề xuất, giao, trả lời chỉ tiêu", TargetEvent, "by"),
    hooks.Trace("Báo cáo Excel, Word đã lập", ExportJob, "requested_by"),
    hooks.Trace("Tệp, bản in có mã kiểm tra", IssuedCode, "by"),
    hooks.Trace("Chế độ xem đã lưu", SavedView, "owner"),
)


def connect() -> None:
    """Once, when the portal starts."""
    hooks.follow_tree.append(settle_reports)
    hooks.tree_changed.append(lambda: Generation.objects.advance(None))  # what was read under the old tree
    hooks.settle_targets.append(settle_rows)
    hooks.traces.extend(REPORT_TRACES)
    hooks.last_active.append(last_reports)


def settle_reports(unit_ids: Collection[int]) -> hooks.Followed:
    """After a correction of the tree: these units' reports of every month follow it (see `expected.settle`)."""
    moved, losses = 0, []
    for period in Period.objects.order_by("data_to"):
        settled = settle(period, unit_ids)
        moved += settled.moved
        losses += settled.losses
    return hooks.Followed(moved, losses)


def last_reports(unit_ids: Iterable[int], day: dt.date) -> dict[int, dt.date]:
    """Last day of the newest month each unit has sent a report for."""
    sent = Report.objects.filter(unit_id__in=list(unit_ids), period__data_to__lte=day, submitted_at__isnull=False)
    return dict(sent.values_list("unit_id").annotate(last=Max("period__data_to")).order_by())
