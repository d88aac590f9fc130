"""Bodies and text nobody can keep; which of a person's postings the pages speak to; the duty to choose a password."""

from django.conf import settings
from django.core.exceptions import BadRequest
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve

from de_an_06.plain.outside import is_storable

from .scope import postings

# Where somebody who must change the password may still go.
WITHOUT_OWN_PASSWORD = {
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "set-password",
    "healthz",
}


class LargestBodyMiddleware:
    """A body larger than any the portal takes is answered with 413 before a byte of it is read or kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isdecimal() and int(length) > settings.LARGEST_BODY:
            return render(request, "413.html", status=413)
        return self.get_response(request)


class StorableTextMiddleware:
    """Text that no database can hold is answered once, here, with 400 (PostgreSQL would refuse it in the middle)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        texts = [request.path_info, *request.GET.keys(), *request.POST.keys()]
        for query in (request.GET, request.POST):
            texts += [text for values in dict(query).values() for text in values]
        if not all(is_storable(text) for text in texts):
            raise BadRequest("text that cannot be stored")
        return self.get_response(request)


class PostingMiddleware:
    """Sets `request.posting`: the chosen current posting, else the first, else None. It chooses pages, not rights."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.posting = None
        if request.user.is_authenticated:
            held = postings(request.user)
            chosen = request.session.get("posting")
            request.posting = next((p for p in held if p.pk == chosen), held[0] if held else None)
        return self.get_response(request)


class PasswordChangeMiddleware:
    """Who was given a password by somebody else sees no page before choosing their own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated and request.user.must_change_password:
            try:
                name = resolve(request.path_info).url_name or ""
            except Resolver404:
                name = ""
            if name not in WITHOUT_OWN_PASSWORD and not name.startswith("mfa_"):
                return redirect("account_change_password")
        return self.get_response(request)
