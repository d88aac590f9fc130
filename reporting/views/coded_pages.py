"""A page that a person prints with a check code: shown by the POST that asks for it, with what the code stands for.

A page looked at has no code: nobody knows whether it will be printed, and every look would leave a row behind.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from reporting.exports.issuing import issue_page
from taskforces.people.quotas import OverQuota

from .choices import Choice


def coded_page(
    request: HttpRequest,
    choice: Choice,
    make_context: Callable[[], dict],
    form: str,
    show: Callable[[dict], HttpResponse],
) -> HttpResponse:
    """`make_context` gives what the page says, the overview as `seen`; `show` makes the page of it."""
    context = make_context()
    try:
        paper = issue_page(context["seen"], form, request.user)
    except OverQuota as error:
        messages.error(request, error.message)
        return redirect(request.path + choice.query())
    return show(context | {"paper": paper})
