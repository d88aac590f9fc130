"""Which of a person's postings the pages speak to, and the duty to choose a password of one's own."""

from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from .scope import postings

# Where somebody who must change the password may still go.
WITHOUT_OWN_PASSWORD = {
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "set-password",
    "healthz",
}


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
