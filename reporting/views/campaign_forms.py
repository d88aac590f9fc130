"""The two forms of campaigns: making or changing one in one page, and the numbers of a day."""

import datetime as dt

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from de_an_06.plain.numbers import format_number, whole_number
from reporting.campaigns import days, goal_table, running
from reporting.campaigns.days import RESOURCES, CampaignSheet, TypedDay
from reporting.campaigns.running import MOST_MEASURES, MeasureWanted
from reporting.models import Campaign, CampaignGoal, Indicator
from reporting.models.reports import QUALIFIERS
from reporting.report_log import NotAllowed
from taskforces.models import Level, UnitVersion
from taskforces.register.forms import DayField, RegisterForm, choice_field, text_field
from taskforces.scope import may_keep_register, may_run_campaigns, require
from taskforces.units.tree import nearest_version
from taskforces.views.look import look_of, unit_name

from .campaigns import get_campaign

USUAL_LENGTH = 45  # days
WORDS = ("name", "first_day", "last_day", "feeds_reports", "note", "as_written")


# --- making and changing


def _measure_fields() -> dict:
    """`measure_1` … with their units of measure and indicators; the first is asked for."""
    fields = {}
    for n in range(1, MOST_MEASURES + 1):
        fields[f"measure_{n}"] = text_field(f"Việc cần đếm {n}", 120, required=n == 1)
        fields[f"unit_of_measure_{n}"] = text_field("Đơn vị tính", 40, required=n == 1, placeholder="hồ sơ")
        fields[f"indicator_{n}"] = choice_field("Chỉ tiêu của báo cáo tháng", [], required=False)
    return fields


MeasureFields = type("MeasureFields", (RegisterForm,), _measure_fields())


class CampaignForm(MeasureFields):
    """All of a campaign; goals as lines of text."""

    name = text_field("Tên cao điểm", 160, required=True)
    first_day = DayField(label="Ngày đầu")
    last_day = DayField(label="Ngày cuối")
    goals = forms.CharField(
        label="Đơn vị và chỉ tiêu",
        max_length=200_000,
        required=False,
        help_text="Mỗi dòng một đơn vị: mã, tên, chỉ tiêu của từng việc theo thứ tự trên, cách nhau bằng phím Tab; dán "
        "thẳng từ Excel được. Xóa dòng thì đơn vị không tham gia. Để trống cả ô: mọi đơn vị cấp xã trực thuộc, chưa "
        "giao chỉ tiêu.",
        widget=forms.Textarea(attrs={"class": "input goal-lines", "rows": 12, "spellcheck": "false", "wrap": "off"}),
    )
    note = forms.CharField(
        label="Nội dung", max_length=3000, required=False, widget=forms.Textarea(attrs={"class": "input", "rows": 3})
    )
    as_written = forms.CharField(
        label="Nguyên văn của kế hoạch, bài báo",
        max_length=3000,
        required=False,
        help_text="Giữ đúng như đã viết, kể cả khi khác với ngày ghi ở trên.",
        widget=forms.Textarea(attrs={"class": "input", "rows": 2}),
    )
    feeds_reports = forms.BooleanField(
        label="Kết thúc thì gợi ý số vào báo cáo tháng",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        typed = Indicator.objects.exclude(owner=Indicator.Owner.REGISTER)
        choices = [("", "Không gắn"), *((str(one.pk), str(one)) for one in typed)]
        for n in range(1, MOST_MEASURES + 1):
            self.fields[f"indicator_{n}"].choices = choices

    @property
    def measure_lines(self):
        return [
            (n, [self[f"measure_{n}"], self[f"unit_of_measure_{n}"], self[f"indicator_{n}"]])
            for n in range(1, MOST_MEASURES + 1)
        ]

    def measures(self) -> list[MeasureWanted]:
        data = self.cleaned_data
        return [
            MeasureWanted(n, name, data[f"unit_of_measure_{n}"], int(data[f"indicator_{n}"] or 0) or None)
            for n in range(1, MOST_MEASURES + 1)
            if (name := data[f"measure_{n}"])
        ]

    def goal_rows(self, unit_id: int) -> dict:
        """The table of goals as read; what is wrong with it becomes an error of its field."""
        data = self.cleaned_data
        versions = list(running.units_to_choose(unit_id, data["first_day"], data["last_day"]))
        columns = len(self.measures())
        if not data["goals"].strip():
            return {v.unit_id: (None,) * columns for v in versions if v.unit.level == Level.COMMUNE}
        found, wrong = goal_table.read(data["goals"], versions, columns)
        if wrong:
            raise ValidationError({"goals": wrong})
        return found


@require_http_methods(["GET", "POST"])
def campaign_add(request):
    """Open a campaign for the unit and those below it."""
    look = look_of(request)
    require(may_run_campaigns(request.user, look.unit))
    last = look.today + dt.timedelta(days=USUAL_LENGTH - 1)
    versions = running.units_to_choose(look.unit.pk, look.today, last)
    rows = {v.unit_id: (v.unit.code, v.name, ()) for v in versions if v.unit.level == Level.COMMUNE}
    initial = {"first_day": look.today, "last_day": last, "goals": goal_table.write(rows.values())}
    form = CampaignForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        campaign = _save(
            form, lambda **words: running.make_campaign(by=request.user, unit=look.unit, **words), look.unit
        )
        if campaign is not None:
            messages.success(request, f"Đã mở {campaign.name}, {format_number(campaign.length)} ngày.")
            return redirect(campaign)
    return _form_page(request, form, "Mở cao điểm", look.name, reverse("campaign-list"))


@require_http_methods(["GET", "POST"])
def campaign_edit(request, pk):
    """Correct days, measures, units and goals while it is not closed."""
    campaign = get_campaign(request, pk)
    require(may_run_campaigns(request.user, campaign.unit))
    if campaign.closed_at is not None:
        messages.error(request, "Cao điểm đã kết thúc. Mở lại rồi sửa.")
        return redirect(campaign)
    form = CampaignForm(request.POST or None, initial=_shown(campaign))
    if request.method == "POST" and form.is_valid():
        act = lambda **words: running.change_campaign(by=request.user, campaign_id=pk, **words)  # noqa: E731
        try:
            saved = _save(form, act, campaign.unit)
        except NotAllowed as error:
            messages.error(request, str(error))
            return redirect(campaign)
        if saved is not None:
            messages.success(request, "Đã ghi thay đổi.")
            return redirect(saved)
    return _form_page(request, form, f"Sửa {campaign.name}", campaign.unit_name, campaign.get_absolute_url())


def _save(form: CampaignForm, act, unit) -> Campaign | None:
    """What was refused stands on the form, and None comes back."""
    words = {name: form.cleaned_data[name] for name in WORDS}
    try:
        return act(measures=form.measures(), goals=form.goal_rows(unit.pk), **words)
    except ValidationError as error:
        form.take(error)
        return None


def _shown(campaign: Campaign) -> dict:
    shown = {name: getattr(campaign, name) for name in WORDS}
    measures = list(campaign.measures.all())
    for measure in measures:
        shown[f"measure_{measure.order}"] = measure.name
        shown[f"unit_of_measure_{measure.order}"] = measure.unit_of_measure
        shown[f"indicator_{measure.order}"] = measure.indicator_id or ""
    goals: dict[int, dict[int, int | None]] = {}
    for unit_id, measure_id, goal in CampaignGoal.objects.filter(measure__in=measures).values_list(
        "unit_id", "measure_id", "goal"
    ):
        goals.setdefault(unit_id, {})[measure_id] = goal
    versions: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit__in=goals).select_related("unit"):
        versions.setdefault(version.unit_id, []).append(version)
    named = sorted((nearest_version(v, campaign.last_day) for v in versions.values()), key=lambda v: v.sort_key)
    shown["goals"] = goal_table.write(
        (v.unit.code, v.name, [goals[v.unit_id].get(m.pk) for m in measures]) for v in named
    )
    return shown


def _form_page(request, form, title, name, back_url):
    context = {"here": "campaign-list", "form": form, "title": title, "unit_name": name, "back_url": back_url}
    return render(request, "reporting/campaign_form.html", context)


# --- the numbers of a day


@require_http_methods(["GET", "POST"])
def campaign_entry(request):
    """All campaigns in which the unit enters numbers of this day, one number for each measure, one button."""
    look = look_of(request)
    if "ngay" in look.form.errors:
        raise Http404  # never another day than the one asked for
    require(may_keep_register(request.user, look.unit))
    here = f"{reverse('campaign-entry')}{look.query}"
    if look.day > look.today:
        messages.error(request, f"Ngày {look.day:%d/%m/%Y} chưa đến.")
        return redirect(f"{reverse('campaign-entry')}?don_vi={look.unit.pk}")
    errors: dict[str, str] = {}
    if request.method == "POST":
        values, errors = _typed(request.POST)
        if not errors:
            try:
                changed = days.enter_day(
                    by=request.user, unit=look.unit, day=look.day, values=values, resources=_resources(request.POST)
                )
            except ValidationError as error:
                errors = {name: " ".join(words) for name, words in error.message_dict.items()}
            except NotAllowed as error:
                messages.error(request, str(error))
                return redirect(here)
            else:
                said = f"Đã ghi {format_number(changed)} thay đổi" if changed else "Không có gì thay đổi"
                messages.success(request, f"{said} của ngày {look.day:%d/%m/%Y}.")
                return redirect(here)
    sheets = days.sheets(look.unit.pk, look.day)
    context = {
        "here": "campaign-list",
        "look": look,
        "unit_name": unit_name(look.unit, look.day),
        "is_today": look.day == look.today,
        "sheets": [_sheet(sheet, request.POST, errors, look.day) for sheet in sheets],
        "errors": errors,
        "waiting": [(day, f"?don_vi={look.unit.pk}&ngay={day}") for day in days.days_to_enter(look.unit, look.today)],
        "today_url": f"?don_vi={look.unit.pk}",
        "qualifiers": [("", "Đúng số này"), *((word, f"“{word}” số này") for word in QUALIFIERS)],
        "here_url": here,
    }
    return render(request, "reporting/campaign_entry.html", context)


def _typed(data) -> tuple[dict[int, TypedDay], dict[str, str]]:
    """Measure -> typed; the days from which numbers are summed are read here, and what is no day is an error."""
    values, errors = {}, {}
    for name, text in data.items():
        measure_id = whole_number(name.removeprefix("value_"))
        if not name.startswith("value_") or measure_id is None:
            continue
        since = None
        if data.get(f"since_{measure_id}", "").strip():
            try:
                since = DayField(required=False).clean(data[f"since_{measure_id}"])
            except ValidationError as error:
                errors[f"since_{measure_id}"] = " ".join(error.messages)
        values[measure_id] = TypedDay(
            text, data.get(f"qualifier_{measure_id}", ""), since, data.get(f"seen_{measure_id}")
        )
    return values, errors


def _resources(data) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name in RESOURCES:
        for key, text in data.items():
            campaign_id = whole_number(key.removeprefix(f"{name}_"))
            if key.startswith(f"{name}_") and campaign_id is not None:
                found.setdefault(campaign_id, {})[name] = text
    return found


def _sheet(sheet: CampaignSheet, data, errors: dict[str, str], day: dt.date) -> dict:
    """A campaign of the page; after a refusal with what was typed."""
    campaign = sheet.campaign
    rows = []
    for measure, goal, entered in sheet.rows:
        since = entered.since.isoformat() if entered and entered.since else ""
        value = format_number(entered.value) if entered else ""
        rows.append(
            {
                "measure": measure,
                "key": str(measure.pk),
                "goal": format_number(goal, blank="chưa giao"),
                "value": data.get(f"value_{measure.pk}", value),
                "seen": data.get(f"seen_{measure.pk}", days.said(entered)),
                "qualifier": data.get(f"qualifier_{measure.pk}", entered.qualifier if entered else ""),
                "since": data.get(f"since_{measure.pk}", since),
                "entered": entered if entered and entered.value is not None else None,
                "error": errors.get(f"value_{measure.pk}", ""),
                "since_error": errors.get(f"since_{measure.pk}", ""),
            }
        )
    resources = [
        {
            "name": f"{name}_{campaign.pk}",
            "label": words,
            "value": data.get(f"{name}_{campaign.pk}", format_number(getattr(sheet.resources, name, None))),
            "error": errors.get(f"{name}_{campaign.pk}", ""),
        }
        for name, words in RESOURCES.items()
    ]
    return {
        "campaign": campaign,
        "key": str(campaign.pk),
        "day": campaign.day_number(day),
        "rows": rows,
        "resources": resources,
        "resources_open": any(one["value"] or one["error"] for one in resources),
    }
