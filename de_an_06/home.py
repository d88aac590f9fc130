"""Where the day starts, and changing between two postings."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from taskforces.clock import today_for

from .navigation import home_url_name


def home(request):
    """Home depends on the rights of the chosen posting."""
    if request.posting is not None:
        return redirect(home_url_name(request.posting))
    if request.user.is_superuser:  # not to the administration: its "Xem trang web" leads here, and so in a circle
        return redirect("dashboard")
    return render(request, "taskforces/no_posting.html")


@login_not_required  # whoever is not logged in is led to the portal's own login, see urls.py
def administration(request):
    """What stands where Django's administration has a login of its own: the portal has one login.

    Its own form would answer a POST of somebody already logged in, without second factor and without counting failures.
    """
    return redirect("admin:index")


@require_POST
def switch_posting(request, pk):
    """Work under another of one's own current postings."""
    posting = get_object_or_404(request.user.postings.on(today_for(request.user)), pk=pk)
    request.session["posting"] = posting.pk
    return HttpResponseRedirect(reverse("home"))
