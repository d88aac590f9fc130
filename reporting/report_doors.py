"""The one door to a report, for pages and API: outside the person's scope it does not exist (404)."""

from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.shortcuts import get_object_or_404

from taskforces.models import UnitVersion
from taskforces.scope import may_open_entry, may_submit, require

from .entry.outreach_log import with_log
from .models import PeriodClosure, PeriodDeadline, Report, ReportEvent


def named_reports(user) -> QuerySet[Report]:
    """Reports in the person's scope with unit, month and `unit_name`, the unit's name on the month's last day."""
    day = OuterRef("period__data_to")
    names = UnitVersion.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), unit=OuterRef("unit"), valid_from__lte=day
    )
    reports = Report.objects.visible_to(user).select_related("unit", "period")
    return reports.annotate(unit_name=Subquery(names.values("name")[:1]))


def reports_for(user) -> QuerySet[Report]:
    """Named reports, each with what its pages show, read in the same query.

    `due` (deadline), `month_closed` by the province, why it was last sent back (`back_reason`, `back_by`, `back_at`).
    """
    back = ReportEvent.objects.filter(
        report=OuterRef("pk"), action__in=[ReportEvent.Action.SEND_BACK, ReportEvent.Action.REOPEN]
    ).order_by("-pk")
    due = PeriodDeadline.objects.filter(period=OuterRef("period"), level=OuterRef("level"))
    closures = PeriodClosure.objects.filter(period=OuterRef("period"), reopened_at__isnull=True).alias(
        path=ExpressionWrapper(OuterRef("path"), output_field=CharField())
    )
    on_path = Concat(Value("/"), Cast("province_id", CharField()), Value("/"))
    return (
        named_reports(user)
        .select_related("office_ready_by", "police_ready_by", "submitted_by", "approved_by")
        .annotate(
            due=Coalesce("own_due_at", Subquery(due.values("due_at")[:1])),
            month_closed=Exists(closures.filter(path__contains=on_path)),
            back_reason=Subquery(back.values("reason")[:1]),
            back_by=Subquery(back.values("by__full_name")[:1]),
            back_at=Subquery(back.values("at")[:1]),
        )
    )


def get_report(user, pk: int) -> Report:
    """The report with what its pages show and what the unit's outreach log proposes; 404 outside the scope."""
    return get_object_or_404(with_log(reports_for(user)), pk=pk)


def get_own_report(user, pk: int) -> Report:
    """A report of the person's own unit, which they may send; 403 for others inside the scope."""
    report = get_report(user, pk)
    require(may_submit(user, report))
    return report


def get_report_to_enter(user, pk: int) -> Report:
    """The same for who types in it as well: a department types its indicators and sends nothing."""
    report = get_report(user, pk)
    require(may_open_entry(user, report))
    return report
