"""The portal's addresses and an empty page, the least that this server can answer."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpResponse
from django.urls import include, path


@login_not_required
def empty(request):
    return HttpResponse("ok", content_type="text/plain")


def count_queries(get_response):
    def middleware(request):
        number = 0

        def count(execute, *arguments):
            nonlocal number
            number += 1
            return execute(*arguments)

        with connection.execute_wrapper(count):
            response = get_response(request)
        response["X-Queries"] = str(number)
        return response

    return middleware


urlpatterns = [path("trong/", empty), path("", include("de_an_06.urls"))]
