"""Difficulties: raised with the month's report, answered by the level above, listed by unit, kind and age."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from de_an_06.plain.numbers import format_number, whole_number
from reporting import difficulties
from reporting.models import Difficulty, DifficultyStep
from reporting.models.difficulties import waiting_longer
from reporting.report_doors import get_report
from reporting.report_log import NotAllowed
from taskforces.models import Level
from taskforces.register.forms import RegisterForm
from taskforces.scope import may_answer, may_submit, postings, require
from taskforces.views.look import get_unit, look_of

Action, State = DifficultyStep.Action, Difficulty.State
DIFFICULTIES_A_PAGE = 30
STATES = (
    ("cho", "Chờ trả lời", State.OPEN),
    ("tra-loi", "Đã trả lời", State.ANSWERED),
    ("xong", "Đã giải quyết", State.RESOLVED),
)
ACT_URLS = {
    Action.ANSWER: "difficulty-answer",
    Action.RESOLVE: "difficulty-resolve",
    Action.PASS_UP: "difficulty-pass-up",
    Action.REOPEN: "difficulty-reopen",
}
ACT_LABELS = {
    Action.ANSWER: "Trả lời",
    Action.RESOLVE: "Ghi đã giải quyết",
    Action.PASS_UP: "Chuyển cấp trên",
    Action.REOPEN: "Nêu lại",
}
CONFIRMATIONS = {
    Action.ANSWER: "Đã gửi trả lời. Đơn vị nêu thấy ngay.",
    Action.RESOLVE: "Đã ghi là đã giải quyết.",
    Action.PASS_UP: "Đã chuyển lên cấp trên.",
    Action.REOPEN: "Đã nêu lại, đang chờ trả lời.",
}
NO_CITIZENS = "Không ghi tên, số căn cước, số điện thoại, địa chỉ của người dân; ghi số lượng và tình huống."


class CheckedForm(RegisterForm):
    """Free text that must not name citizens; the box to confirm appears only after a number looked personal."""

    checked = forms.BooleanField(
        label="Tôi đã kiểm tra, không có thông tin cá nhân",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )
    asks = False

    def take(self, error: ValidationError) -> None:
        self.asks = difficulties.asks_to_check(error)
        super().take(error)


def _area(label, rows, longest, required, hint=""):
    widget = forms.Textarea(attrs={"class": "input", "rows": rows})
    return forms.CharField(label=label, max_length=longest, required=required, help_text=hint, widget=widget)


class DifficultyForm(CheckedForm):
    kind = forms.ChoiceField(
        label="Loại",
        choices=[("", "Chọn loại"), *Difficulty.Kind.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )
    text = _area("Khó khăn, vướng mắc", 4, 3000, True, NO_CITIZENS)
    proposal = _area("Kiến nghị, đề xuất", 3, 3000, False)
    addressed_to = forms.CharField(
        label="Gửi cơ quan nào giải quyết",
        max_length=160,
        required=False,
        help_text="Ví dụ: Công an tỉnh, Sở Khoa học và Công nghệ. Cấp trên trực tiếp luôn nhận được.",
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    field_order = ["kind", "text", "proposal", "addressed_to", "checked"]


class NoteForm(CheckedForm):
    note = _area("Nội dung", 4, 3000, False, NO_CITIZENS)
    field_order = ["note", "checked"]


def get_difficulty(request, pk) -> Difficulty:
    """The one door to a difficulty: its report lies in the scope, and it was sent or is the person's own unit's."""
    return get_object_or_404(difficulties.with_names(difficulties.visible_to(request.user)), pk=pk)


# --- the unit


@require_http_methods(["GET", "POST"])
def difficulty_add(request, pk):
    """Add one to the month's report while it is open."""
    report = get_report(request.user, pk)
    require(may_submit(request.user, report))
    form = DifficultyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            difficulties.raise_difficulty(by=request.user, report_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        except NotAllowed as error:
            messages.error(request, str(error))
            return redirect("report-detail", pk)
        else:
            messages.success(request, f"Đã ghi khó khăn vào báo cáo {report.period.label}. Gửi lên cùng báo cáo.")
            if "again" in request.POST:
                return redirect("difficulty-add", pk)
            return redirect(f"{reverse('report-entry', args=[pk])}#kho-khan")
    panel = difficulties.panel_of(report, request.user)
    if request.method == "GET" and not panel.may_raise:
        messages.error(request, difficulties.why_not_raise(report))
        return redirect("report-detail", pk)
    return _form_page(request, report, form, title="Thêm khó khăn, vướng mắc", whose=report, is_new=True)


@require_http_methods(["GET", "POST"])
def difficulty_edit(request, pk):
    """Correct one that has not gone up yet."""
    difficulty = get_difficulty(request, pk)
    report = difficulty.report
    require(may_submit(request.user, report))
    refusal = difficulties.why_not_change(difficulty, request.user)
    if refusal:
        messages.error(request, refusal)
        return redirect(difficulty)
    shown = {name: getattr(difficulty, name) for name in ("kind", "text", "proposal", "addressed_to")}
    form = DifficultyForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            difficulties.change_difficulty(by=request.user, difficulty_id=pk, **form.cleaned_data)
        except ValidationError as error:
            form.take(error)
        except NotAllowed as error:
            messages.error(request, str(error))
            return redirect(difficulty)
        else:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(f"{reverse('report-entry', args=[report.pk])}#kho-khan")
    return _form_page(request, report, form, title="Sửa khó khăn, vướng mắc", whose=difficulty, is_new=False)


# --- one difficulty


def difficulty_detail(request, pk):
    """What was raised, what was done with it, and what may be done now."""
    return _detail(request, get_difficulty(request, pk), NoteForm())


@require_POST
def difficulty_answer(request, pk):
    return _act(request, pk, Action.ANSWER)


@require_POST
def difficulty_resolve(request, pk):
    return _act(request, pk, Action.RESOLVE)


@require_POST
def difficulty_pass_up(request, pk):
    return _act(request, pk, Action.PASS_UP)


@require_POST
def difficulty_reopen(request, pk):
    return _act(request, pk, Action.REOPEN)


def _act(request, pk, action):
    """One step; who has no right gets 403 first, an empty note or a number that looks personal comes back."""
    difficulty = get_difficulty(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, difficulty, form)
    try:
        difficulties.WRITES[action](by=request.user, difficulty_id=pk, **form.cleaned_data)
    except ValidationError as error:
        form.take(error)
        return _detail(request, difficulty, form)
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, CONFIRMATIONS[action])
    return redirect(difficulty)


# --- a unit's difficulties


def difficulty_list(request):
    """Of a unit and everything below it: how many wait, by kind and age, and the list behind each number."""
    look = look_of(request)
    under = difficulties.visible_to(request.user).filter(report__path__contains=f"/{look.unit.pk}/")
    table = difficulties.open_by_kind_and_age(under, look.today)
    chosen = {
        "loai": _chosen(request, "loai", Difficulty.Kind.values),
        "tuoi": _chosen(request, "tuoi", difficulties.AGE_BANDS),
        "nop": _chosen(request, "nop", ["don-vi"]),
        "cho_qua": _days(request),
    }
    state_key = _chosen(request, "tt", [key for key, _, _ in STATES]) or "cho"
    rows = difficulties.with_names(_narrowed(under, look, state_key, chosen)).order_by("raised_at", "pk")
    page = Paginator(rows, DIFFICULTIES_A_PAGE).get_page(request.GET.get("trang"))
    base, own_only = {"don_vi": look.unit.pk}, look.unit.level == Level.COMMUNE
    waiting = sum(sum(cells.values()) for cells in table.values())
    old = sum(cells[band] for cells in table.values() for band in ("quy", "lau"))
    states = under.aggregate(
        **{
            key.replace("-", "_"): Count("pk", filter=difficulties.WAS_SENT & Q(state=state))
            for key, _, state in STATES
        }
    )
    context = {
        "here": "difficulty-list",
        "look": look,
        "waiting": format_number(waiting),
        "old": format_number(old),
        "is_calm": waiting == 0,
        "bands": [label for label, _, _ in difficulties.AGE_BANDS.values()],
        "table": [
            {
                "label": label,
                "cells": [
                    (name, format_number(n), _query(base, loai=kind, tuoi=band) if n else "")
                    for (band, (name, _, _)), n in zip(
                        difficulties.AGE_BANDS.items(), table[kind].values(), strict=True
                    )
                ],
                "total": format_number(sum(table[kind].values())),
                "url": _query(base, loai=kind) if any(table[kind].values()) else "",
            }
            for kind, label in Difficulty.Kind.choices
        ],
        "band_totals": [
            (name, format_number(sum(cells[band] for cells in table.values())))
            for band, (name, _, _) in difficulties.AGE_BANDS.items()
        ],
        "rows": [(d, (look.today - timezone.localtime(d.raised_at).date()).days) for d in page],
        "page": page,
        "count": format_number(page.paginator.count),
        "states": [
            (label, format_number(states[key.replace("-", "_")]), _query(base, tt=key, **chosen), key == state_key)
            for key, label, _ in STATES
        ],
        "filters": _filters(base, state_key, chosen),
        "mine_url": "" if chosen["nop"] or own_only else _query(base, tt=state_key, **(chosen | {"nop": "don-vi"})),
        "unsent": under.exclude(difficulties.WAS_SENT).filter(unit__in=[p.unit_id for p in postings(request.user)]),
    }
    return render(request, "reporting/difficulty_list.html", context)


def _chosen(request, name: str, allowed) -> str:
    value = request.GET.get(name, "")
    if value and value not in allowed:
        raise Http404
    return value


def _days(request) -> str:
    """`cho_qua`: only those raised more than so many days ago."""
    text = request.GET.get("cho_qua", "")
    if text and (whole_number(text) is None or len(text) > 4):
        raise Http404
    return text


def _narrowed(under, look, state_key: str, chosen: dict):
    state = next(state for key, _, state in STATES if key == state_key)
    rows = under.filter(difficulties.WAS_SENT, state=state)
    if chosen["loai"]:
        rows = rows.filter(kind=chosen["loai"])
    if chosen["tuoi"]:
        rows = rows.filter(difficulties.age_bounds(chosen["tuoi"], look.today))
    if chosen["cho_qua"]:
        rows = rows.filter(waiting_longer(int(chosen["cho_qua"]), look.today))
    if chosen["nop"]:
        rows = rows.filter(with_unit=look.unit)
    return rows


def _query(base: dict, **more) -> str:
    """'?don_vi=75&loai=law'; what is empty is left out."""
    return "?" + urlencode(base | {name: value for name, value in more.items() if value})


def _filters(base: dict, state_key: str, chosen: dict) -> list[tuple[str, str]]:
    """Each filter in force: its words, and the address without it."""
    words = {
        "loai": dict(Difficulty.Kind.choices).get(chosen["loai"], ""),
        "tuoi": difficulties.AGE_BANDS[chosen["tuoi"]][0] if chosen["tuoi"] else "",
        "nop": "Đang chờ đúng đơn vị này" if chosen["nop"] else "",
        "cho_qua": f"Quá {format_number(int(chosen['cho_qua']))} ngày" if chosen["cho_qua"] else "",
    }
    return [(text, _query(base, tt=state_key, **(chosen | {name: ""}))) for name, text in words.items() if text]


def _form_page(request, report, form, *, title, whose, is_new):
    context = {
        "here": "task-list",
        "report": report,
        "form": form,
        "title": title,
        "unit_name": whose.reporter_name,
        "is_new": is_new,
        "fields": [form[field] for field in ("kind", "text", "proposal", "addressed_to")],
        "asks": form.asks or bool(request.POST.get("checked")),
        "back_url": f"{reverse('report-entry', args=[report.pk])}#kho-khan",
    }
    return render(request, "reporting/difficulty_form.html", context)


def _detail(request, difficulty, form):
    acts = difficulties.acts_of(difficulty, request.user)
    can_edit = may_submit(request.user, difficulty.report) and not difficulties.why_not_change(difficulty, request.user)
    context = {
        "here": "difficulty-list",
        "difficulty": difficulty,
        "report": difficulty.report,
        "steps": difficulty.steps.select_related("by"),
        "sent": difficulties.is_sent(difficulty),
        "acts": [(ACT_LABELS[act], reverse(ACT_URLS[act], args=[difficulty.pk])) for act in acts],
        "form": form,
        "asks": form.asks or bool(request.POST.get("checked")),
        "may_edit": can_edit,
        "answers": may_answer(request.user, difficulty.report, difficulty.with_unit_id),
        "list_url": f"{reverse('difficulty-list')}?don_vi={_own_unit(request, difficulty).pk}",
    }
    return render(request, "reporting/difficulty_detail.html", context)


def _own_unit(request, difficulty):
    """Back to the list the person works from: the chosen posting's unit where the difficulty lies under it."""
    posting = request.posting
    if posting is not None and f"/{posting.unit_id}/" in difficulty.report.path:
        return get_unit(request, posting.unit_id)
    return difficulty.unit
