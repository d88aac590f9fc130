"""One click on the entry page: the number of the outreach log or of a closed campaign into its cell."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from reporting.campaigns.monthly import proposals
from reporting.entry import saving
from reporting.report_doors import get_report_to_enter
from reporting.report_log import NotAllowed

from . import entry as entry_page


@require_POST
@transaction.atomic
def take_from_log(request, pk):
    """The proposed number becomes the cell's, as if typed; what else stood in the plain form is saved first."""
    report = get_report_to_enter(request.user, pk)
    figure = proposals(report).get(request.POST.get("chi_tieu", ""))
    page = f"{reverse('report-entry', args=[pk])}#{figure.code if figure else 'nhap'}"
    if figure is None or figure.value is None:
        messages.error(request, "Nhật ký tuyên truyền của kỳ này chưa có dòng nào.")
        return redirect(page)
    try:
        if "seen" in request.POST:
            outcome = entry_page._save_form(request, report)
            if not outcome.is_ok:
                return entry_page._page(
                    request, get_report_to_enter(request.user, pk), outcome.form, typed=outcome.typed
                )
        result = saving.save_cells(report_id=pk, by=request.user, cells={figure.cell: str(figure.value)})
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect(page)
    for message in result.refused.values():
        messages.error(request, f"{figure.code}: {message}")
    if result.is_ok:
        messages.success(request, f"Đã lấy {figure.text} từ {figure.source} vào {figure.code}.")
    return redirect(page)
