"""What every list of the API shares: pages of rows, and what an address asks for (400 where it cannot be read)."""

import datetime as dt

from django.core.exceptions import ValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError as BadRequest
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response

from de_an_06.plain.numbers import whole_number
from de_an_06.plain.spans import Span
from taskforces.clock import today_for
from taskforces.register.forms import DayField

PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="rows of a page, 100 at first, 1000 at most"),
    OpenApiParameter("offset", OpenApiTypes.INT, description="rows to skip"),
]


def page_of(name: str, row):
    """The schema of one page of rows."""
    return inline_serializer(
        name,
        {
            "count": serializers.IntegerField(),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


def paged(request, rows, serializer, shown=list) -> Response:
    """`shown`: what the serializer is given of the rows of one page."""
    paginator = LimitOffsetPagination()
    paginator.max_limit = 1000
    page = shown(paginator.paginate_queryset(rows, request))
    return paginator.get_paginated_response(serializer(page, many=True).data)


def day_asked(request) -> dt.date:
    text = request.GET.get("on", "")
    if not text:
        return today_for(request.user)
    try:
        return DayField().clean(text)
    except ValidationError:
        raise BadRequest({"detail": "Ngày viết như 2026-11-16."}) from None


def month_asked(request):
    """The first month of ?period=; one month only."""
    try:
        span = Span.parse(request.GET.get("period", ""))
    except ValueError:
        span = None
    if span is None or span.kind != "month":
        raise BadRequest({"detail": "Kỳ viết như 2026-11."})
    return span.first


def whole_asked(request, name: str) -> int:
    if (number := whole_number(request.GET.get(name))) is None:
        raise BadRequest({"detail": f"Tham số {name} phải là số nguyên."})
    return number
