"""Where the day starts, and changing between two postings."""

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from taskforces.clock import today_for

from .navigation import home_url_name


def home(request):
    """Home depends on the rights of the chosen posting."""
    if request.posting is None and not request.user.is_superuser:
        return render(request, "taskforces/no_posting.html")
    if request.posting is None:
        return redirect("admin:index")
    return redirect(home_url_name(request.posting))


@require_POST
def switch_posting(request, pk):
    """Work under another of one's own current postings."""
    posting = get_object_or_404(request.user.postings.on(today_for(request.user)), pk=pk)
    request.session["posting"] = posting.pk
    return HttpResponseRedirect(reverse("home"))
