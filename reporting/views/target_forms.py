"""Typing a target: proposing or setting one, answering, dropping, and one table for all units right below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from de_an_06.plain.numbers import format_number, whole_number
from reporting import target_workflow as workflow
from reporting.models import Indicator, PublicService, Target
from reporting.models.catalogue import FIRST_YEAR, LAST_YEAR
from reporting.reading.against_targets import months_of_year, reached_below
from reporting.reading.overview import begun_periods
from reporting.target_workflow import LONGEST_TARGET_REASON, Aim, agencies_for, asked_of, shown_value
from taskforces.imports.columns import Amount
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.register.forms import RegisterForm, choice_field, text_field
from taskforces.scope import (
    may_propose_some_target,
    may_propose_target,
    may_set_some_target,
    may_set_target,
    may_set_targets_below,
    require,
)
from taskforces.views.look import Look, look_of

from .targets import SPANS_OF_TARGETS, get_target, sum_words, target_row, waiting, year_asked

TYPED_AMOUNT = Amount("Bạn đã nhập")
PROPOSALS_A_PAGE = 50


class AmountField(forms.CharField):
    """A number from 0 with at most two decimals; a percent sign may follow. None when blank."""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"class": "input num", "inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value):
        return amount_of(super().clean(value))


def amount_of(text: str | None) -> Decimal | None:
    """Raises ValidationError with a sentence."""
    try:
        return TYPED_AMOUNT.clean((text or "").strip().removesuffix("%").rstrip())
    except ValueError as error:
        raise ValidationError(str(error)) from error


REASON_LABEL = "Lý do, căn cứ"


class ChangeForm(RegisterForm):
    """Another value for a target that is there."""

    value = AmountField(label="Chỉ tiêu")
    reason = text_field(REASON_LABEL, LONGEST_TARGET_REASON)


class TargetForm(ChangeForm):
    thing = choice_field("Nội dung", ())
    year = forms.IntegerField(
        label="Năm",
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        error_messages=dict.fromkeys(("min_value", "max_value"), f"Năm từ {FIRST_YEAR} đến {LAST_YEAR}."),
        widget=forms.TextInput(attrs={"class": "input num", "inputmode": "numeric", "autocomplete": "off"}),
    )
    month = choice_field("Kỳ", SPANS_OF_TARGETS)
    field_order = ["thing", "year", "month", "value", "reason"]

    def __init__(self, *args, things: "Things", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["thing"].choices = things.choices


class TargetDropForm(RegisterForm):
    reason = text_field("Lý do", LONGEST_TARGET_REASON, required=True)


class ReturnForm(RegisterForm):
    """`value`: what would be accepted instead."""

    reason = text_field("Lý do trả lại", LONGEST_TARGET_REASON, required=True)
    value = AmountField(label="Mức đề nghị", required=False)


@dataclass
class Things:
    """All a target can be of, in the order of the catalogue; two queries."""

    indicators: list[Indicator]
    services: list[PublicService]
    rates: bool  # over all services

    @classmethod
    def load(cls, may: Callable[[Indicator | str | None], bool], agencies: Mapping[int, str]) -> "Things":
        """`may` asks of each indicator, of each service by who leads it (`agencies`, as target_workflow gives them),
        and of None, which stands for the rates over all services."""
        services = [one for one in PublicService.objects.all() if may(agencies.get(one.pk, ""))]
        return cls([one for one in Indicator.objects.all() if may(one)], services, may(None))

    @property
    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        together = [Target(rate=rate) for rate in Target.Rate.values] if self.rates else []
        single = [Target(service=service, rate=rate) for service in self.services for rate in Target.Rate.values]
        groups = {
            "Chung các dịch vụ công": together,
            "Chỉ tiêu chung": [Target(indicator=indicator) for indicator in self.indicators],
            "Một dịch vụ công": single,
        }
        return [
            (name, [(target.key, target.label) for target in targets]) for name, targets in groups.items() if targets
        ]

    def aim(self, key: str, year: int, month: int) -> Aim | None:
        """What a key of `choices` names; None for one that names nothing."""
        code, _, rate = key.rpartition(".")
        if self.rates and key in Target.Rate.values:
            return Aim(year, month, rate=key)
        indicator = next((one for one in self.indicators if one.code == key), None)
        service = next((one for one in self.services if one.code == code), None)
        if indicator is None and (service is None or rate not in Target.Rate.values):
            return None
        return Aim(year, month, indicator, None if indicator else service, "" if indicator else rate)


# One target ----------------------------------------------------------------------------------------------------------


def _path(unit: AdministrativeUnit, look: Look) -> str:
    version = UnitVersion.objects.on(look.today).filter(unit=unit).first()
    return version.path if version else "/"


@require_http_methods(["GET", "POST"])
def target_add(request):
    """A unit's target: set from above, proposed by its own people."""
    look = look_of(request)
    user, unit, path = request.user, look.unit, _path(look.unit, look)
    agencies = agencies_for(user)
    sets = may_set_some_target(user, unit, path, set(agencies.values()))
    require(sets or may_propose_some_target(user, unit, set(agencies.values())))

    def may(of: Indicator | str | None) -> bool:
        return may_set_target(user, unit, path, of) or may_propose_target(user, unit, of)

    things = Things.load(may, agencies)
    initial = {"year": year_asked(request, look.today), "month": 0}
    form = TargetForm(request.POST or None, initial=initial, things=things)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        aim = things.aim(data["thing"], data["year"], int(data["month"]))
        assert aim is not None  # one of the choices
        target = _write(request, form, unit, aim, may_set_target(user, unit, path, asked_of(user, aim)))
        if target is not None:
            return redirect(target)
    back = f"{reverse('target-list')}?{urlencode({'don_vi': look.unit.pk, 'nam': initial['year']})}"
    return _form_page(request, form, look, "Giao chỉ tiêu" if sets else "Đề xuất chỉ tiêu", back, sets)


@require_http_methods(["GET", "POST"])
def target_edit(request, pk):
    """Another value of a target: in force at once from above, else a proposal."""
    target = get_target(request, pk)
    look = look_of(request, target.unit)
    of = asked_of(request.user, target)
    sets = may_set_target(request.user, target.unit, _path(target.unit, look), of)
    require(sets or may_propose_target(request.user, target.unit, of))
    offered = target.offered if target.status == Target.Status.RETURNED else None
    shown = next((v for v in (offered, target.asked, target.value) if v is not None), None)
    form = ChangeForm(request.POST or None, initial={"value": shown_value(shown, target)})
    if request.method == "POST" and form.is_valid():
        aim = Aim(target.year, target.month, target.indicator, target.service, target.rate)
        if _write(request, form, target.unit, aim, sets) is not None:
            return redirect(target)
    verb = "Giao lại" if sets else "Đề xuất mức khác"
    return _form_page(request, form, look, f"{verb}: {target}", target.get_absolute_url(), sets, target)


def _write(request, form: ChangeForm, unit: AdministrativeUnit, aim: Aim, sets: bool) -> Target | None:
    """What was refused stands on the form, and None comes back."""
    act = workflow.set_target if sets else workflow.propose
    data = form.cleaned_data
    try:
        target = act(by=request.user, unit=unit, aim=aim, value=data["value"], reason=data["reason"])
    except ValidationError as error:
        form.take(error)
        return None
    if sets:
        messages.success(request, f"Đã giao {shown_value(target.value, target)}: {target}.")
    else:
        messages.success(request, f"Đã đề xuất {shown_value(target.asked, target)}, chờ cấp trên trả lời: {target}.")
    return target


def _form_page(request, form, look: Look, title: str, back: str, sets: bool, target: Target | None = None):
    context = look.context("target-list") | {
        "form": form,
        "title": title,
        "back_url": back,
        "sets": sets,
        "target": target,
        "button": "Giao chỉ tiêu" if sets else "Gửi đề xuất",
    }
    return render(request, "reporting/target_form.html", context)


@require_http_methods(["GET", "POST"])
def target_drop(request, pk):
    """It is asked for no longer; the reason is kept."""
    target = get_target(request, pk)
    look = look_of(request, target.unit)
    require(may_set_target(request.user, target.unit, _path(target.unit, look), asked_of(request.user, target)))
    form = TargetDropForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.drop(by=request.user, target_id=pk, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            form.take(error)
        else:
            messages.success(request, f"Đã bỏ chỉ tiêu {target}. Nhật ký vẫn còn.")
            return redirect(target)
    context = look.context("target-list") | {
        "form": form,
        "title": f"Bỏ chỉ tiêu: {target}",
        "back_url": target.get_absolute_url(),
        "button": "Bỏ chỉ tiêu này",
        "is_drop": True,
    }
    return render(request, "reporting/target_form.html", context)


# What waits for an answer --------------------------------------------------------------------------------------------


@require_safe
def target_proposals(request):
    """Every proposal of the units below, answered in its row."""
    return proposals_page(request)


def proposals_page(request, refused: dict | None = None):
    """`refused`: the form of an answer that was not taken, by target."""
    look = look_of(request)
    require(may_set_targets_below(request.user, look.unit, set(agencies_for(request.user).values())))
    named = UnitVersion.objects.on(look.today).filter(unit=OuterRef("unit"))
    proposals = waiting(request.user, look.unit).annotate(unit_name=Subquery(named.values("name")[:1]))
    page = Paginator(proposals.prefetch_related("events__by"), PROPOSALS_A_PAGE).get_page(request.GET.get("trang"))
    lines = []
    for target in page.object_list:
        form = (refused or {}).get(target.pk) or ReturnForm(auto_id=f"{target.pk}_%s")
        form.auto_id = f"{target.pk}_%s"
        event = [e for e in target.events.all() if e.action == "proposed"][-1]
        gap = ""
        if target.value:
            change = (Fraction(target.asked) - Fraction(target.value)) / Fraction(target.value) * 100
            gap = ("+" if change > 0 else "") + format_number(change, 1) + "%"
        lines.append(target_row(target, None) | {"form": form, "event": event, "gap": gap})
    context = look.context("target-list") | {
        "rows": lines,
        "page": page,
        "count": format_number(page.paginator.count),
        "back_url": f"{reverse('target-list')}?{urlencode({'don_vi': look.unit.pk})}",
    }
    return render(request, "reporting/target_proposals.html", context)


@require_POST
def target_answer(request, pk):
    """Accept (`viec` = nhan, the value seen in `asked`) or send back; a refusal stands in its row of the list."""
    target = get_target(request, pk)
    look = look_of(request, target.unit)
    require(may_set_target(request.user, target.unit, _path(target.unit, look), asked_of(request.user, target)))
    form, accepts = ReturnForm(request.POST), request.POST.get("viec") == "nhan"
    form.fields["reason"].required = not accepts
    valid = form.is_valid()
    try:
        if accepts:
            asked = amount_of(request.POST.get("asked"))
            if asked is None:
                raise ValidationError("Không rõ bạn chấp nhận mức nào. Tải lại trang rồi trả lời.")
            workflow.accept(by=request.user, target_id=pk, asked=asked)
            messages.success(request, f"Đã chấp nhận {shown_value(asked, target)}: {target}.")
        elif valid:
            data = form.cleaned_data
            workflow.send_back(by=request.user, target_id=pk, reason=data["reason"], value=data["value"])
            messages.success(request, f"Đã trả lại đề xuất: {target}.")
        else:
            raise ValidationError(form.errors.as_data())
    except ValidationError as error:
        if valid:
            form.take(error)
        return proposals_page(request, refused={pk: form})
    shown = request.GET.urlencode()  # whose list the answer was given on
    return redirect(reverse("target-proposals") + (f"?{shown}" if shown else ""))


# One table for all units right below ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def target_table(request):
    """One thing, one span, every unit right below: what is given, what is asked, what is reached; one button."""
    look = look_of(request)
    agencies = agencies_for(request.user)
    require(may_set_targets_below(request.user, look.unit, set(agencies.values())))
    version = UnitVersion.objects.on(look.today).filter(unit=look.unit).first()
    path = f"{version.path if version else '/'}0/"  # of any unit right below
    things = Things.load(lambda of: may_set_target(request.user, look.unit, path, of), agencies)
    month = whole_number(request.GET.get("thang", "0"))
    offered = [key for _, options in things.choices for key, _ in options]
    first = Target.Rate.IN_TIME if things.rates else next(iter(offered), "")
    key = request.GET.get("nd", first)
    aim = things.aim(key, year_asked(request, look.today), month if month is not None else 13)
    if aim is None or aim.month > 12:
        raise Http404
    below = UnitVersion.objects.on(look.today).filter(parent_id=look.unit.pk).select_related("unit")
    versions = list(below.order_by("sort_key", "unit_id"))
    typed = {v.unit_id: request.POST.get(f"value_{v.unit_id}", "") for v in versions}
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _set_all(request, aim, versions, typed)
        if not errors:
            return redirect(f"{reverse('target-table')}?{request.GET.urlencode()}")
    return _table_page(request, look, things, aim, key, versions, typed, errors)


def _set_all(request, aim: Aim, versions: list[UnitVersion], typed: dict[int, str]) -> dict[str, str]:
    """A box left blank leaves its unit as it is. Errors by field; nothing is written while there is one."""
    values, errors = {}, {}
    for unit_id, text in typed.items():
        try:
            value = amount_of(text)
        except ValidationError as error:
            errors[f"value_{unit_id}"] = " ".join(error.messages)
        else:
            if value is not None:
                values[unit_id] = value
    if errors:
        return errors
    if not values:
        return {"": "Ghi chỉ tiêu của ít nhất một đơn vị."}
    units = {v.unit_id: (v.unit, v.path) for v in versions}
    reason = request.POST.get("reason", "")
    try:
        changed = workflow.set_targets(by=request.user, units=units, aim=aim, values=values, reason=reason)
    except ValidationError as error:
        return {name: " ".join(words) for name, words in error.message_dict.items()}
    said = f"Đã giao chỉ tiêu cho {format_number(changed)} đơn vị." if changed else "Không có gì thay đổi."
    messages.success(request, said)
    return {}


def _table_page(request, look, things, aim, key, versions, typed, errors):
    rows = Target.objects.filter(aim.rows, unit__in=[look.unit.pk, *typed])
    known = {t.unit_id: t for t in rows.select_related("unit", "indicator", "service")}
    months = months_of_year(begun_periods(look.today), aim.year, aim.month)
    given = [t for t in known.values() if t.value is not None and t.unit_id != look.unit.pk]
    reached = {pk: one for (pk, _), one in reached_below(look.unit.pk, given, months).items()}
    model = aim.target_of(look.unit)
    lines = []
    for version in versions:
        target = known.get(version.unit_id)
        name = f"value_{version.unit_id}"
        lines.append(
            {
                "name": version.name,
                "field": name,
                "typed": typed[version.unit_id] if errors else shown_value(target.value if target else None, model),
                "error": errors.get(name, ""),
                "row": target_row(target, reached.get(version.unit_id)) if target else None,
            }
        )
    own = known.get(look.unit.pk)
    given_values = [t.value for t in given]
    context = look.context("target-list") | {
        "rows": lines,
        "aim": model,
        "things": [(name, [(k, words, k == key) for k, words in options]) for name, options in things.choices],
        "months": [(number, words, number == aim.month) for number, words in SPANS_OF_TARGETS],
        "years": range(max(FIRST_YEAR, look.today.year - 2), min(LAST_YEAR, look.today.year + 2)),
        "query": request.GET.urlencode(),
        "errors": [(name, words, _whose_box(name, versions)) for name, words in errors.items()],
        "reason": request.POST.get("reason", ""),
        "reason_error": errors.get("reason", ""),
        "own": shown_value(own.value if own else None, model),
        "given": format_number(len(given)),
        "units": format_number(len(versions)),
        "sum": sum_words(model, own.value if own else None, given_values, len(versions)),
    }
    return render(request, "reporting/target_table.html", context)


def _whose_box(name: str, versions: list[UnitVersion]) -> str:
    """Whose box an error is of."""
    return next((v.name for v in versions if name == f"value_{v.unit_id}"), "")
