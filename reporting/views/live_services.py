"""Step 1, entry: the list of services a unit does wholly online this month, ticked on one page."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from reporting.entry import live_services
from reporting.entry.form import load_form
from reporting.models.reports import LIVE_INDICATOR
from reporting.report_doors import get_report_to_enter
from reporting.report_log import NotAllowed


@require_http_methods(["GET", "POST"])
def live_list(request, pk):
    """What is ticked is kept with the report and counted into its indicator; an error stands beside its row."""
    report = get_report_to_enter(request.user, pk)
    form = load_form(report, request.user)
    line = next((line for line in form.indicators if line.code == LIVE_INDICATOR), None)
    if line is None:
        raise Http404
    within, live = (set(request.POST.getlist(name)) for name in ("within", "live"))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            live_services.keep(report_id=pk, by=request.user, within=within, live=live)
        except NotAllowed as error:
            messages.error(request, str(error))
            return redirect("report-live", pk)
        except ValidationError as error:
            errors = error.message_dict
        else:
            messages.success(request, "Đã ghi danh sách dịch vụ thực hiện toàn trình.")
            return redirect(f"{reverse('report-entry', args=[pk])}#{LIVE_INDICATOR}")
    found = live_services.live_list(report)
    shown = errors != {}
    context = {
        "report": report,
        "form": form,
        "here": "task-list" if form.sends else "body-work",
        "list": found,
        "rows": [
            {
                "line": one,
                "within": one.service.code in within if shown else one.within,
                "live": one.service.code in live if shown else one.live,
                "error": " ".join(errors.get(one.service.code, [])),
            }
            for one in found.lines
        ],
        "errors": errors,
        "whole_error": " ".join(errors.get("", [])),
        "may_type": form.may_type(line),
        "words": live_services.in_words(found.agencies) if found.kept else "",
    }
    return render(request, "reporting/live_services.html", context)
