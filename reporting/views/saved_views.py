"""Saved views: a person keeps the address of a page of figures under a name, and may send its link to a colleague."""

import re
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from de_an_06.plain.numbers import format_number, whole_number
from de_an_06.plain.spans import Span
from de_an_06.plain.vietnamese import sort_key
from reporting.models import SavedView
from taskforces.clock import now_for
from taskforces.models import UnitVersion
from taskforces.scope import path_in_scope

MOST_VIEWS = 30  # of one person
PAGES = dict(SavedView.Page.choices)
KEPT = ("don_vi", "ky", "co_so", "dia_gioi", "so_voi", "xep_theo", "do", "thu_tu")  # what an address is made of
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
LATEST, FIXED = "moi-nhat", "co-dinh"  # which period it opens with
NAME_TAKEN = "Đã có chế độ xem mang tên này. Ghi tên khác."


def save_url(request: HttpRequest, query: str) -> str:
    """Where the page now looked at can be saved; '' for a page that cannot. `query`: its choice, as `Choice.query`."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    return f"{reverse('view-list')}?trang={page}&{query.removeprefix('?')}" if page in PAGES else ""


@require_safe
def view_list(request: HttpRequest) -> HttpResponse:
    """The person's views; with an address of a page also the form that saves it."""
    return _page(request, _asked(request, request.GET) if "trang" in request.GET else None)


@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    asked = _asked(request, request.POST)
    name, period = _name(request), request.POST.get("ky_nao", FIXED)
    error = _wrong_name(name)
    if not error and request.user.saved_views.count() >= MOST_VIEWS:
        error = f"Mỗi người lưu nhiều nhất {format_number(MOST_VIEWS)} chế độ xem. Xóa bớt để lưu thêm."
    if not error:
        values = {key: value for key, value in asked["values"].items() if key != "ky" or period != LATEST}
        view = SavedView(owner=request.user, name=name, page=asked["page"], query=urlencode(values))
        view.saved_at = now_for(request.user)
        error = _written(view)
    if error:
        return _page(request, asked | {"name": name, "period": period, "error": error})
    messages.success(request, f"Đã lưu chế độ xem “{name}”.")
    return redirect("view-list")


@require_safe
def view_open(request: HttpRequest, pk) -> HttpResponse:
    """To the page: what it shows, and whether at all, it asks by itself of whoever follows the link."""
    return redirect(get_object_or_404(SavedView, pk=pk).address)


@require_POST
def view_rename(request: HttpRequest, pk) -> HttpResponse:
    view, name = _own(request, pk), _name(request)
    error = _wrong_name(name)
    if not error:
        view.name = name
        error = _written(view)
    if error:
        return _page(request, None, renamed=(view.pk, name, error))
    messages.success(request, f"Đã đổi tên thành “{name}”.")
    return redirect("view-list")


@require_POST
def view_drop(request: HttpRequest, pk) -> HttpResponse:
    view = _own(request, pk)
    view.delete()
    messages.success(request, f"Đã xóa chế độ xem “{view.name}”.")
    return redirect("view-list")


def _own(request: HttpRequest, pk) -> SavedView:
    """The one door to change a view: another person's does not exist."""
    return get_object_or_404(SavedView, pk=pk, owner=request.user)


def _written(view: SavedView) -> str:
    """Writes the view; what is wrong with its name, or ''."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        return NAME_TAKEN
    return ""


def _name(request: HttpRequest) -> str:
    return " ".join(request.POST.get("ten", "").split())


def _wrong_name(name: str) -> str:
    if not name:
        return "Ghi tên của chế độ xem."
    most = SavedView._meta.get_field("name").max_length
    return f"Tên dài nhất {most} ký tự; đang có {format_number(len(name))}." if len(name) > most else ""


def _asked(request: HttpRequest, data) -> dict:
    """The page and the choices of an address, each known; 404 for anything else and for a unit out of scope."""
    page = data.get("trang", "")
    values = {key: data[key] for key in KEPT if data.get(key)}
    unit_id = whole_number(values.get("don_vi", ""))
    if page not in PAGES or unit_id is None or not all(map(_is_known, values, values.values())):
        raise Http404
    version = UnitVersion.objects.filter(path_in_scope(request.user), unit_id=unit_id).order_by("valid_from").last()
    if version is None:
        raise Http404
    span = Span.parse(values["ky"]).label if "ky" in values else ""
    return {
        "page": page,
        "values": values,
        "what": f"{PAGES[page]}, {version.name}",
        "span": span,
        "name": f"{PAGES[page]} {version.name}"[:80],
        "period": LATEST if not span or Span.parse(values["ky"]).is_month else FIXED,
        "error": "",
    }


def _is_known(key: str, value: str) -> bool:
    if key != "ky":
        return _WORD.fullmatch(value) is not None
    try:
        Span.parse(value)
    except ValueError:
        return False
    return True


def _page(request: HttpRequest, asked: dict | None, renamed: tuple | None = None) -> HttpResponse:
    views = sorted(request.user.saved_views.all(), key=lambda view: sort_key(view.name))
    values = {view.pk: dict(parse_qsl(view.query)) for view in views}
    ids = {whole_number(each.get("don_vi", "")) for each in values.values()}
    names = dict(UnitVersion.objects.filter(unit_id__in=ids).order_by("valid_from").values_list("unit_id", "name"))
    rows = []
    for view in views:
        each = values[view.pk]
        pk, typed, error = renamed if renamed and renamed[0] == view.pk else (view.pk, view.name, "")
        rows.append(
            {
                "pk": pk,
                "name": view.name,
                "typed": typed,
                "error": error,
                "page": view.get_page_display(),
                "unit": names.get(whole_number(each.get("don_vi", "")), ""),
                "period": Span.parse(each["ky"]).label if "ky" in each else "tháng gần nhất",
                "link": request.build_absolute_uri(reverse("view-open", args=[view.pk])),
            }
        )
    return render(request, "reporting/view_list.html", {"rows": rows, "asked": asked, "most": MOST_VIEWS})
