"""Bodies and text nobody can keep; what nobody may keep; the posting the pages speak to; the duties to choose an own
password and to set up a second factor."""

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

from de_an_06.plain.outside import is_storable

from .people import second_factor
from .scope import postings

# Where somebody may still go who must first change the password or set up a second factor; besides all of "mfa_".
WHILE_SHUT_OUT = {
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "set-password",
    "guide",
    "healthz",
    "readyz",
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
            name = _view_name(request)
            if name not in WHILE_SHUT_OUT and not name.startswith("mfa_"):
                return redirect("account_change_password")
        return self.get_response(request)


class SecondFactorMiddleware:
    """Who owes a second factor and let the days of grace pass sees the pages to set one up, and no other."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated and second_factor.is_overdue(request.user):
            name = _view_name(request)
            if name not in WHILE_SHUT_OUT and not name.startswith("mfa_"):
                if name.startswith("api-"):
                    return JsonResponse({"detail": "Tài khoản chưa bật bảo mật hai lớp, đã quá thời hạn."}, status=403)
                if "HX-Request" in request.headers:
                    return HttpResponseClientRedirect(resolve_url("mfa_index"))
                return redirect("mfa_index")
        return self.get_response(request)


def _view_name(request) -> str:
    """With its namespace: the administration has names that begin like those of the login pages."""
    try:
        return resolve(request.path_info).view_name or ""
    except Resolver404:
        return ""
