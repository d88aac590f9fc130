"""Text nobody can store; what nobody may keep; the posting the pages speak to; the duty to choose an own password."""

from django.core.exceptions import BadRequest
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.cache import patch_cache_control

from de_an_06.plain.outside import is_storable

from .scope import postings

# Where somebody who must change the password may still go.
WITHOUT_OWN_PASSWORD = {
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "set-password",
    "healthz",
    "readyz",
}


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


class NotStoredMiddleware:
    """What a signed-in person is shown is kept by no browser and nobody on the way: figures move, desks are shared."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        signed_in = request.user.is_authenticated  # before a log-out
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response


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
