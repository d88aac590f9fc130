"""What a province does with a month: close it, which publishes its figures, open it again, extend its deadline."""

import datetime as dt

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_number, whole_number
from reporting import closing, periods
from reporting.lateness import SENT
from reporting.models import Period
from reporting.report_doors import named_reports
from reporting.report_log import LONGEST_REASON, NotAllowed
from reporting.review import extensions, listing, publishing
from taskforces.models import UnitVersion
from taskforces.register.forms import DayField, RegisterForm, area_field, text_field
from taskforces.scope import Right, held, may_close_period, path_in_scope, require

from .review import list_address, number_asked, try_act


@require_http_methods(["GET", "POST"])
def close_period(request, pk):
    """Confirm, then close the month for the province: every change of its reports is refused from then on."""
    period, province = _month_and_province(request, pk)
    if request.method == "POST":

        def act():
            publishing.close_month(period_id=period.pk, province_id=province.unit_id, by=request.user)
            number = publishing.versions(period.pk, [province.unit_id])[0].number
            return (
                f"Đã khóa kỳ {period.label} của {province.name}, số liệu chính thức công bố lần {number}. "
                "Mọi thay đổi bị từ chối cho đến khi mở khóa."
            )

        return try_act(request, act, period=period, unit_id=province.unit_id)
    result = listing.load_review(unit=province, period=period, user=request.user)
    return render(
        request,
        "reporting/review_close.html",
        {
            "period": period,
            "province": province,
            "review": result,
            "here": "review-list",
            "back_to": list_address(request, period, province.unit_id),
        },
    )


@require_http_methods(["GET", "POST"])
def reopen_period(request, pk):
    """Open a closed month again, with a reason that is kept."""
    period, province = _month_and_province(request, pk)
    if request.method == "POST":
        reason = request.POST.get("ly_do", "")

        def act():
            closing.reopen_period(period_id=period.pk, province_id=province.unit_id, by=request.user, reason=reason)
            return f"Đã mở khóa kỳ {period.label} của {province.name}."

        address = f"{reverse('period-reopen', args=[pk])}?don_vi={province.unit_id}"
        return try_act(request, act, period=period, unit_id=province.unit_id, retry=None if reason.strip() else address)
    return render(
        request,
        "reporting/review_reopen.html",
        {
            "period": period,
            "province": province,
            "here": "review-list",
            "closures": closing.closures_of(period, province.unit_id),
            "back_to": list_address(request, period, province.unit_id),
        },
    )


class ExtensionForm(RegisterForm):
    """Until when, why and on whose decision."""

    day = DayField(label="Hạn mới: ngày")
    hour = forms.TimeField(
        label="Giờ", initial="17:00", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "input"})
    )
    reason = area_field("Lý do", required=True, rows=2, longest=LONGEST_REASON)
    authority = text_field("Căn cứ (số văn bản hoặc người quyết định)", 200, required=True)


@require_http_methods(["GET", "POST"])
def extend_deadline(request, pk):
    """Units that have not sent, or sent late, are given more time, with reason and authority."""
    period, province = _month_and_province(request, pk)
    reports = named_reports(request.user).filter(period=period).under(province.unit_id)
    open_ones = [r for r in reports.order_by("path") if r.status not in SENT or r.is_late]
    chosen = {whole_number(value) for value in request.POST.getlist("bao_cao")} - {None}
    form = ExtensionForm(request.POST or None)
    error = ""
    if request.method == "POST" and form.is_valid():
        until = timezone.make_aware(dt.datetime.combine(form.cleaned_data["day"], form.cleaned_data["hour"]))
        try:
            extended = extensions.extend(
                report_ids=[r.pk for r in open_ones if r.pk in chosen],
                by=request.user,
                until=until,
                reason=form.cleaned_data["reason"],
                authority=form.cleaned_data["authority"],
            )
        except NotAllowed as refused:
            error = str(refused)
        else:
            messages.success(request, f"Đã gia hạn cho {format_number(len(extended))} đơn vị đến {moment(until)}.")
            return HttpResponseRedirect(list_address(request, period, province.unit_id))
    return render(
        request,
        "reporting/review_extend.html",
        {
            "period": period,
            "province": province,
            "rows": [(r, r.pk in chosen, periods.due_at(r)) for r in open_ones],
            "form": form,
            "error": error,
            "here": "review-list",
            "back_to": list_address(request, period, province.unit_id),
        },
    )


def _month_and_province(request, pk: int) -> tuple[Period, UnitVersion]:
    """The month, and the province the person closes it for; outside the scope 404, without the right 403."""
    period = get_object_or_404(Period, pk=pk)
    unit_id = number_asked(request.POST.get("don_vi") or request.GET.get("don_vi"))
    if unit_id is None:
        unit_id = next((p.unit_id for p in held(request.user, Right.CLOSE_MONTH)), None)
        if unit_id is None:
            raise PermissionDenied
    versions = UnitVersion.objects.on(period.data_to).filter(path_in_scope(request.user)).select_related("unit")
    province = get_object_or_404(versions, unit_id=unit_id)
    require(may_close_period(request.user, province.unit))
    return period, province
