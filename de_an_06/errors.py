"""Pages for what went wrong; they say what to do next.

When the database is gone or busy or a disk is full, the answer is 503: what was stored stays, trying again helps. That
page and the one for 500 ask nothing of database, session or cache.
"""

import logging
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from .plain.whole_files import is_for_want_of_room

logger = logging.getLogger(__name__)

RETRY_AFTER = 10  # seconds
DISK_FULL = "Máy chủ hết dung lượng lưu trữ."
TOO_BUSY = "Máy chủ đang bận: số liệu này đang được ghi ở nơi khác, hoặc quá nhiều người cùng làm việc."
DATABASE_GONE = "Cơ sở dữ liệu của cổng đang tạm ngừng."
WHAT_NEXT = (
    "Số liệu đã lưu vẫn còn. Thử lại sau ít phút; việc vừa làm có thể chưa ghi, xem lại trang rồi mới làm lần nữa."
)


@login_not_required
def bad_request(request, exception=None):
    return render(request, "400.html", status=400)


@login_not_required
def forbidden(request, exception=None):
    return render(request, "403.html", status=403)


@login_not_required
def page_too_old(request, reason=""):
    """The form's own token is missing or belongs to an earlier login; nothing was written."""
    return render(request, "403_csrf.html", status=403)


@login_not_required
def not_found(request, exception=None):
    return render(request, "404.html", status=404)


@login_not_required
def server_error(request):
    return unavailable(request, sys.exception()) or HttpResponse(render_to_string("500.html"), status=500)


class UnavailableMiddleware:
    """With DEBUG on too, what fails in a page for want of database or room is answered with 503."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        answer = unavailable(request, exception)
        if answer is not None:
            logger.warning("%s could not be answered", request.path, exc_info=exception)
        return answer


def unavailable(request, error: BaseException | None) -> HttpResponse | None:
    """503 in the form the client reads, when trying again may help; None for an error of the portal's own."""
    why = why_unavailable(error)
    if not why:
        return None
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": f"{why} {WHAT_NEXT}"}, status=503, headers=headers)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"message": why}, status=503, headers=headers)
    page = render_to_string("503.html", {"why": why, "what_next": WHAT_NEXT})
    return HttpResponse(page, status=503, headers=headers)


def why_unavailable(error: BaseException | None) -> str:
    """What PostgreSQL, SQLite or the operating system has against an answer now; '' for an error of another kind."""
    if is_for_want_of_room(error):
        return DISK_FULL
    if not isinstance(error, OperationalError | InterfaceError):
        return ""
    if hasattr(error.__cause__, "pgcode"):
        code = error.__cause__.pgcode or ""
        if code == "53100":  # disk full
            return DISK_FULL
        return DATABASE_GONE if not code or code.startswith("57P") else TOO_BUSY  # 57P: it shuts down or starts
    name = getattr(error.__cause__, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return TOO_BUSY
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return DISK_FULL
    return ""
