"""People of a unit and their postings; what the portal holds about a person; who took contacts out."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from de_an_06.plain.numbers import format_number
from reporting.models.catalogue import Indicator, ReportingSettings
from taskforces import scope
from taskforces.clock import today_for
from taskforces.models import Branch, ContactExport, Person, Posting, PostingEvent, UnitVersion, User
from taskforces.models.units import path_ids
from taskforces.people import personal_data, postings
from taskforces.register.forms import DayField, RegisterForm
from taskforces.scope import RIGHTS, Right, may_read_contact_log, path_in_scope_of_unit, require, roles_given_by

from .look import look_of, unit_name

EVENTS_SHOWN, EXPORTS_A_PAGE, KNOWN_NAMES = 30, 100, 300


def get_posting(request, pk) -> Posting:
    """The one door to a posting: its unit lies in the scope."""
    rows = Posting.objects.filter(path_in_scope_of_unit(request.user)).select_related("user", "unit")
    return get_object_or_404(rows, pk=pk)


# --- forms


class AccountField(forms.CharField):
    """An account by its user name, with the people nearby as suggestions."""

    def __init__(self, **kwargs):
        attrs = {"class": "input", "autocomplete": "off", "list": "nguoi", "autocapitalize": "none"}
        super().__init__(max_length=150, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value):
        name = super().clean(value)
        if not name:
            return None
        user = User.objects.filter(username=name).first()
        if user is None:
            raise ValidationError(f"Không có tài khoản {name} trong địa bàn của bạn.")
        return user


def _note():
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    return forms.CharField(label="Căn cứ, lý do", max_length=300, required=False, widget=widget)


class PlaceForm(RegisterForm):
    """A unit, a role, a branch or body the actor may give."""

    unit = forms.ChoiceField(label="Đơn vị", widget=forms.Select(attrs={"class": "input"}))
    role = forms.ChoiceField(label="Vai trò", widget=forms.Select(attrs={"class": "input"}))
    branch = forms.ChoiceField(
        label="Bộ phận",
        required=False,
        choices=[("", "Không thuộc bộ phận nào"), *Branch.choices],
        help_text="Chỉ cán bộ nhập liệu có bộ phận.",
        widget=forms.Select(attrs={"class": "input"}),
    )
    body = forms.CharField(
        label="Ban, ngành",
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="Chỉ cán bộ ban, ngành. Ghi đúng tên như ở “Cơ quan thực hiện” của nhiệm vụ, ví dụ: Sở Tư pháp.",
    )
    groups = forms.MultipleChoiceField(
        label="Nhóm chỉ tiêu phụ trách",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
        help_text="Chỉ cán bộ ban, ngành: nhập số liệu và đề xuất, giao chỉ tiêu của các nhóm này.",
    )

    def __init__(self, *args, by, near, **kwargs):
        super().__init__(*args, **kwargs)
        given = {v.unit_id: roles_given_by(by, v.path) for v in near}
        versions = [v for v in near if given[v.unit_id]]
        self.units = {str(v.unit_id): v.unit for v in versions}
        self.fields["unit"].choices = [(v.unit_id, v.name) for v in versions]
        roles = set().union(*given.values())
        self.fields["role"].choices = [(role.value, role.label) for role in RIGHTS if role in roles]
        owned = set(Indicator.objects.filter(owner=Indicator.Owner.OFFICE).values_list("group", flat=True))
        self.fields["groups"].choices = [choice for choice in Indicator.Group.choices if choice[0] in owned]

    def clean_unit(self):
        return self.units[self.cleaned_data["unit"]]


class TransferForm(PlaceForm):
    user = AccountField(
        label="Người nhận (tên đăng nhập)", required=False, help_text="Để trống nếu vẫn là người này chuyển đi."
    )
    valid_from = DayField(label="Từ ngày", help_text="Phân công cũ hết hiệu lực từ ngày này.")
    note = _note()
    field_order = ["user", "unit", "role", "branch", "body", "groups", "valid_from", "note"]


class GiveForm(PlaceForm):
    user = AccountField(label="Tên đăng nhập")
    valid_from = DayField(label="Từ ngày")
    valid_to = DayField(label="Đến hết ngày", required=False)
    note = _note()
    field_order = ["user", "unit", "role", "branch", "body", "groups", "valid_from", "valid_to", "note"]


class DelegateForm(RegisterForm):
    user = AccountField(label="Người thay (tên đăng nhập)")
    valid_from = DayField(label="Từ ngày")
    valid_to = DayField(label="Đến hết ngày")
    note = _note()


class EndPostingForm(RegisterForm):
    on = DayField(
        label="Ngày cuối cùng", help_text="Hết ngày này người đó không còn quyền. Ghi hôm qua để thôi quyền ngay."
    )
    note = _note()


# --- people of a unit


@require_GET
def people_list(request):
    """Who holds which posting in a unit on a day, who held one before, and what was done about them."""
    look = look_of(request)
    unit, day = look.unit, look.day
    rows = list(
        Posting.objects.filter(unit=unit)
        .select_related("user", "substitutes_for__user", "substitutes_for")
        .order_by("role", "branch", "valid_from", "pk")
    )
    order = list(RIGHTS)
    rows.sort(key=lambda p: (order.index(p.role), p.branch, p.body, p.valid_from, p.pk))
    held = set(Posting.objects.on(day).filter(unit=unit).values_list("pk", flat=True))
    path = postings.path_on(unit, look.today)
    events = PostingEvent.objects.filter(posting__unit=unit).select_related("by").order_by("-pk")
    context = {
        "here": "people-list",
        "look": look,
        "now": [_row(request.user, p, path, look) for p in rows if p.pk in held],
        "others": [_row(request.user, p, path, look) for p in reversed(rows) if p.pk not in held and not p.waits],
        "waiting": _waiting(look),
        "people": format_number(len({p.user_id for p in rows if p.pk in held})),
        "is_today": day == look.today,
        "shows_contact": scope.may_see_contact(request.user, unit),
        "events": events[:EVENTS_SHOWN],
        "children": _children(look),
        "may_give": bool(roles_given_by(request.user, path)),
        "give_url": f"{reverse('posting-give')}?don_vi={unit.pk}",
        "may_read_log": may_read_contact_log(request.user),
    }
    context["without_officer"] = sum(1 for child in context["children"] if not child["officers"])
    return render(request, "taskforces/people_list.html", context)


@require_http_methods(["GET", "POST"])
def posting_give(request):
    """A further posting for somebody with an account."""
    look = look_of(request)
    path = postings.path_on(look.unit, look.today)
    require(bool(roles_given_by(request.user, path)))
    initial = {"unit": look.unit.pk, "valid_from": look.today}
    form = GiveForm(request.POST or None, by=request.user, near=_near(request.user, path, look.today), initial=initial)
    done = _try(request, form, lambda data: postings.give(by=request.user, **data))
    if done is not None:
        waits = " Phân công có hiệu lực khi người thứ hai xác nhận." if done.waits else ""
        messages.success(request, f"Đã ghi phân công của {done.user} từ ngày {done.valid_from:%d/%m/%Y}.{waits}")
        return redirect(_list(done.unit_id))
    intro = "Người đã có tài khoản nhận thêm một phân công. Tài khoản mới thì nhập từ tệp."
    return _form(request, look.unit, form, title="Thêm phân công", act="Ghi phân công", intro=intro)


@require_http_methods(["GET", "POST"])
def posting_transfer(request, pk):
    """Close a posting and open another in one step: the person moves, or somebody takes over."""
    posting = _posting_to_change(request, pk)
    today = today_for(request.user)
    path = postings.path_on(posting.unit, today)
    initial = {
        "unit": posting.unit_id,
        "role": posting.role,
        "branch": posting.branch,
        "body": posting.body,
        "groups": posting.groups.split(),
        "valid_from": max(today, posting.valid_from),
    }
    form = TransferForm(request.POST or None, by=request.user, near=_near(request.user, path, today), initial=initial)

    def write(data):
        return postings.transfer(by=request.user, posting_id=pk, **data | {"user": data["user"] or posting.user})

    done = _try(request, form, write)
    if done is not None:
        messages.success(request, f"Đã ghi: {posting.user} thôi, {done.user} nhận từ ngày {done.valid_from:%d/%m/%Y}.")
        return redirect(_list(done.unit_id))
    return _form(
        request, posting.unit, form, title=f"Điều chuyển {posting.user}", act="Ghi điều chuyển", posting=posting
    )


@require_http_methods(["GET", "POST"])
def posting_delegate(request, pk):
    """Somebody stands in for some days."""
    posting = _posting_to_change(request, pk)
    today = today_for(request.user)
    form = DelegateForm(request.POST or None, initial={"valid_from": max(today, posting.valid_from)})
    done = _try(request, form, lambda data: postings.delegate(by=request.user, posting_id=pk, **data))
    if done is not None:
        days = f"từ ngày {done.valid_from:%d/%m/%Y} đến hết ngày {done.valid_to:%d/%m/%Y}"
        messages.success(request, f"{done.user} thay {posting.user} {days}.")
        return redirect(_list(posting.unit_id))
    intro = "Người thay có đúng các quyền của phân công này trong những ngày đó; nhật ký ghi tên cả hai."
    title = f"Cử người thay {posting.user}"
    return _form(request, posting.unit, form, title=title, act="Ghi người thay", posting=posting, intro=intro)


@require_http_methods(["GET", "POST"])
def posting_end(request, pk):
    """A posting ends; it stays in the history."""
    posting = _posting_to_change(request, pk)
    form = EndPostingForm(request.POST or None, initial={"on": today_for(request.user)})
    done = _try(request, form, lambda data: postings.end(by=request.user, posting_id=pk, **data))
    if done is not None:
        messages.success(request, f"Phân công của {done.user} kết thúc hết ngày {done.valid_to:%d/%m/%Y}.")
        return redirect(_list(done.unit_id))
    title = f"Kết thúc phân công của {posting.user}"
    return _form(request, posting.unit, form, title=title, act="Ghi kết thúc", posting=posting)


# --- personal data


@require_GET
def my_data(request):
    """What the portal holds about the person logged in, why, how long, and whom to ask."""
    user, today = request.user, today_for(request.user)
    settings = ReportingSettings.load()
    person = Person.objects.filter(user=user).select_related("unit").first()
    held = list(user.postings.select_related("unit", "substitutes_for__user").order_by("-valid_from", "-pk"))
    seats = [] if person is None else list(person.memberships.select_related("task_force").order_by("-valid_from"))
    names = _names({p.unit_id for p in held} | ({person.unit_id} if person else set()), today)
    ids = {pk for p in scope.postings(user) for pk in path_ids(postings.path_on(p.unit, today))}
    staff = (
        Posting.objects.on(today)
        .filter(unit__in=ids, role__in=scope.roles_with(Right.GIVE_ROLES))
        .select_related("user")
    )
    context = {
        "here": "my-data",
        "person": person,
        "person_unit": names.get(person.unit_id, "") if person else "",
        "held": [(p, names.get(p.unit_id, "")) for p in held],
        "seats": seats,
        "traces": [(words, format_number(n)) for words, n in personal_data.traces_of(user)],
        "months": settings.contact_months,
        "support": settings.support_contact,
        "staff": sorted({p.user for p in staff}, key=lambda u: u.full_name)[:5],
    }
    return render(request, "taskforces/my_data.html", context)


@require_GET
def contact_log(request):
    """Every list of work contacts that left the portal, newest first."""
    require(may_read_contact_log(request.user))
    rows = ContactExport.objects.select_related("by")
    if not scope.sees_everything(request.user):
        near = Posting.objects.filter(path_in_scope_of_unit(request.user)).values("user")
        rows = rows.filter(Q(by__in=near) | Q(by=request.user))
    page = Paginator(rows, EXPORTS_A_PAGE).get_page(request.GET.get("trang"))
    context = {
        "here": "people-list",
        "rows": [(row, format_number(row.rows)) for row in page],
        "page": page,
        "count": format_number(page.paginator.count),
    }
    return render(request, "taskforces/people_contact_log.html", context)


# --- parts


def _posting_to_change(request, pk) -> Posting:
    posting = get_posting(request, pk)
    path = postings.path_on(posting.unit, today_for(request.user))
    require(postings.may_change(request.user, posting, path))
    return posting


def _try(request, form, write):
    """Save a valid form; the new posting, or None with the refusal on the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return write(form.cleaned_data)
    except ValidationError as error:
        form.take(error)
        return None


def _near(user, path: str, day) -> list[UnitVersion]:
    """Units of the same province (the province itself first), in the tree of `day`, in the person's scope."""
    ids = path_ids(path)
    root = ids[1] if len(ids) > 1 else ids[0]
    versions = (
        UnitVersion.objects.on(day).under(root) if len(ids) > 1 else UnitVersion.objects.on(day).filter(unit=root)
    )
    rows = versions.filter(scope.path_in_scope(user)).select_related("unit").order_by("sort_key")
    return sorted(rows, key=lambda v: len(path_ids(v.path)) > 2)


def _row(user, posting: Posting, path: str, look) -> dict:
    main = posting.substitutes_for
    last = min(filter(None, [posting.valid_to, main.valid_to if main else None]), default=None)
    return {
        "posting": posting,
        "groups": postings.group_labels(posting.groups),
        "main": main,
        "last": last,
        "is_future": posting.valid_from > look.day,
        "may_change": (last is None or last >= look.today) and postings.may_change(user, posting, path),
    }


def _waiting(look) -> list[Posting]:
    """Postings here and below that a second person has to confirm, each with its unit's name."""
    below = UnitVersion.objects.on(look.day).under(look.unit.pk).filter(unit=OuterRef("unit"))
    rows = Posting.objects.filter(Exists(below), waits=True).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=look.today)
    )
    names = Subquery(below.values("name")[:1])
    return list(rows.select_related("user").annotate(unit_name=names).order_by("valid_from", "pk"))


def _children(look) -> list[dict]:
    """Units directly below with how many people hold a posting there or below, and how many enter figures there."""
    day = look.day
    versions = list(UnitVersion.objects.on(day).filter(parent=look.unit).order_by("sort_key"))
    if not versions:
        return []
    paths = dict(UnitVersion.objects.on(day).under(look.unit.pk).values_list("unit_id", "path"))
    people: dict[int, set[int]] = {v.unit_id: set() for v in versions}
    officers: dict[int, set[str]] = {v.unit_id: set() for v in versions}
    entering = scope.roles_with(Right.ENTER_FIGURES)
    held = Posting.objects.on(day).filter(unit__in=paths).values_list("unit_id", "user_id", "role", "branch")
    for unit_id, user_id, role, branch in held:
        child = next((pk for pk in path_ids(paths[unit_id]) if pk in people), None)
        if child is not None:
            people[child].add(user_id)
            if role in entering and unit_id == child:
                officers[child].add(branch)
    return [
        {
            "name": v.name,
            "url": f"{reverse('people-list')}?don_vi={v.unit_id}",
            "people": format_number(len(people[v.unit_id])),
            "officers": ", ".join(Branch(b).label for b in Branch.values if b in officers[v.unit_id]),
        }
        for v in versions
    ]


def _names(unit_ids, day) -> dict[int, str]:
    versions = UnitVersion.objects.filter(unit_id__in=unit_ids, valid_from__lte=day).order_by("valid_from")
    return {version.unit_id: version.name for version in versions}


def _list(unit_id: int) -> str:
    return f"{reverse('people-list')}?don_vi={unit_id}"


def _form(request, unit, form, *, title, act, posting=None, intro=""):
    today = today_for(request.user)
    near = path_ids(postings.path_on(unit, today))
    known = User.objects.filter(postings__in=Posting.objects.on(today).filter(unit__in=near[1:])).distinct()
    context = {
        "here": "people-list",
        "form": form,
        "title": title,
        "act": act,
        "intro": intro,
        "posting": posting,
        "unit_name": unit_name(unit, today),
        "known": known.order_by("username")[:KNOWN_NAMES] if "user" in form.fields else [],
        "back_url": _list(unit.pk),
    }
    return render(request, "taskforces/posting_form.html", context)
