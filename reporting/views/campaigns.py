"""Campaigns: which there are, how far each is, and what its leaders do with it."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import NO_VALUE, format_number, format_rate, whole_number, with_qualifier
from de_an_06.plain.vietnamese import sort_key
from reporting.campaigns import daily_pace, days, running
from reporting.campaigns.progress import (
    CampaignProgress,
    MeasureSum,
    UnitProgress,
    progress,
    resources_of,
    sums_of,
    visible_to,
)
from reporting.models import Campaign, CampaignChange, CampaignMeasure
from reporting.report_log import NotAllowed
from taskforces.clock import now_for, today_for
from taskforces.models import UnitVersion
from taskforces.models.units import reporter_name
from taskforces.register.forms import DayField, RegisterForm
from taskforces.scope import may_keep_register, may_run_campaigns, require

from .dashboard_charts import picture

CAMPAIGNS_A_PAGE = 20
NEWEST_CHANGES = 15
CHART_NOTE = "Ngày không đơn vị nào nhập để ngắt quãng. Trục số bắt đầu từ 0."
# What is left of a sum that is said to be more, or nearly, so much.
LEFT_OF = {"hơn": "chưa đến", "gần": "hơn"}
FORECAST_ICONS = {"ok": "check", "warn": "warn", "bad": "warn", "": "info"}


class LockForm(RegisterForm):
    to = DayField(label="Khóa số đến hết ngày", required=False)


def named(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Each with `unit_name`, the opening unit's name on the first day, in the same query."""
    then = UnitVersion.objects.filter(unit=OuterRef("unit"), valid_from__lte=OuterRef("first_day"))
    return campaigns.annotate(unit_name=Subquery(then.order_by("-valid_from").values("name")[:1]))


def get_campaign(request, pk) -> Campaign:
    """The one door to a campaign: outside the person's scope it does not exist."""
    return get_object_or_404(named(visible_to(request.user)), pk=pk)


# --- which there are


@require_safe
def campaign_list(request):
    """Running ones with their sums, those to come, and those that are over."""
    today = today_for(request.user)
    campaigns = named(visible_to(request.user))
    is_over = Q(closed_at__isnull=False) | Q(last_day__lt=today)
    running_now = list(campaigns.exclude(is_over).filter(first_day__lte=today).order_by("last_day", "pk"))
    page = Paginator(campaigns.filter(is_over), CAMPAIGNS_A_PAGE).get_page(request.GET.get("trang"))
    sums = sums_of(request.user, [*running_now, *page.object_list])
    own = request.posting
    enters = own is not None and may_keep_register(request.user, own.unit)
    context = {
        "here": "campaign-list",
        "today": today,
        "running": [_listed(campaign, sums, today) for campaign in running_now],
        "to_come": list(campaigns.exclude(is_over).filter(first_day__gt=today).order_by("first_day", "pk")),
        "over": [_listed(campaign, sums, today) for campaign in page.object_list],
        "page": page,
        "waiting": list(days.not_entered(own.unit_id, today)) if enters else [],
        "may_enter": enters and days.open_campaigns(own.unit_id, today).exists(),
        "may_make": own is not None and may_run_campaigns(request.user, own.unit),
        "count": format_number(len(running_now)),
    }
    return render(request, "reporting/campaign_list.html", context)


def _listed(campaign: Campaign, sums: dict[int, list[MeasureSum]], today: dt.date) -> dict:
    return {
        "campaign": campaign,
        "day": min(campaign.day_number(today), campaign.length),
        "state": _state(campaign, today),
        "measures": [
            {
                "name": row.measure.name,
                "unit": row.measure.unit_of_measure,
                "done": with_qualifier(format_number(row.done, blank=NO_VALUE), row.word),
                "goal": format_number(row.goal, blank="chưa giao"),
                "rate": format_rate(row.done, row.goal),
                "bar": (min(row.done or 0, row.goal), row.goal) if row.goal else None,
                "units": format_number(row.units),
            }
            for row in sums.get(campaign.pk, [])
        ],
    }


def _state(campaign: Campaign, today: dt.date) -> tuple[str, str, str]:
    """(words, tone, icon)."""
    if campaign.closed_at is not None:
        return "Đã kết thúc", "", "lock"
    if today > campaign.last_day:
        return "Hết ngày, chưa kết thúc", "warn", "clock"
    if today < campaign.first_day:
        return "Sắp bắt đầu", "", "blank"
    return "Đang chạy", "info", "half"


# --- one campaign


@require_safe
def campaign_detail(request, pk):
    """Day k of N, done and left, pace, forecast, who is first, who has not entered; one measure at a time."""
    campaign = get_campaign(request, pk)
    today = today_for(request.user)
    measures = list(campaign.measures.select_related("indicator"))
    measure = _chosen(measures, request.GET.get("do"))
    seen = progress(request.user, campaign, measure, today)
    put_in_on, put_in = resources_of(request.user, campaign)
    runs = may_run_campaigns(request.user, campaign.unit)
    own = request.posting
    unit_ids = {row.unit.pk for row in seen.rows}
    enters = own is not None and own.unit_id in unit_ids and may_keep_register(request.user, own.unit)
    day_label = "Hôm nay" if seen.day == today else f"Ngày {seen.day:%d/%m}"
    context = {
        "here": "campaign-list",
        "campaign": campaign,
        "measure": measure,
        "measures": measures,
        "today": today,
        "state": _state(campaign, today),
        "seen": seen,
        "units": format_number(len(seen.rows)),
        "is_part": len(seen.rows) != seen.units,
        "all_units": format_number(seen.units),
        "cards": _cards(seen, today),
        "forecast": _forecast(seen, today),
        "said": seen.said,
        "groups": _groups(seen),
        "day_label": day_label,
        "day_head": f"# {day_label}",
        "rows": [_row(row, seen.day) for row in sorted(seen.rows, key=_finishing_order)],
        "sums": _sums(seen.rows),
        "missing": [_name(row) for row in seen.missing] if campaign.first_day <= today else [],
        "is_entered": today <= campaign.last_day and campaign.closed_at is None,
        "put_in_on": put_in_on,
        "put_in": [
            (days.RESOURCES[name], format_number(number)) for name, number in put_in.items() if number is not None
        ],
        "chart": _chart(seen, now_for(request.user)),
        "chart_note": CHART_NOTE,
        "chart_rows": _chart_rows(seen),
        "changes": _changes(campaign, seen),
        "runs": runs,
        "lock_form": LockForm(initial={"to": campaign.locked_to}),
        "may_enter": enters and campaign.closed_at is None and campaign.first_day <= today,
    }
    return render(request, "reporting/campaign_detail.html", context)


def _chosen(measures: list[CampaignMeasure], asked: str | None) -> CampaignMeasure:
    if asked is None:
        return measures[0]
    found = next((measure for measure in measures if measure.pk == whole_number(asked)), None)
    if found is None:
        raise Http404
    return found


def _name(row: UnitProgress) -> str:
    return reporter_name(row.name, row.unit.level)


def _finishing_order(row: UnitProgress):
    """Finished first, in their order; then the highest rate; who has no goal comes last."""
    rate = -(row.done or 0) / row.goal if row.goal else 1
    return (row.finish is None, row.finish.place if row.finish else 0, row.goal is None, rate)


def _cards(seen: CampaignProgress, today: dt.date) -> list[tuple[str, str, str, str]]:
    """(label, value, of how much, note)."""
    campaign, word = seen.campaign, seen.said.word
    k, n = campaign.day_number(today), campaign.length
    left = daily_pace.days_left(today, campaign.first_day, campaign.last_day)
    if k < 1:
        note = f"{format_number(1 - k)} ngày nữa bắt đầu"
    elif k > n:
        note = "đã hết ngày"
    else:
        note = f"còn {format_number(left)} ngày, kể cả hôm nay"
    done = with_qualifier(format_number(seen.done, blank=NO_VALUE), word)
    goal = format_number(seen.goal, blank="chưa giao")
    remaining = seen.remaining
    needed = None if remaining is None else daily_pace.needed_a_day(remaining, left)
    speed = seen.pace(today)
    return [
        ("Ngày", NO_VALUE if k < 1 else format_number(min(k, n)), format_number(n), note),
        ("Đã làm / chỉ tiêu", done, goal, f"đạt {format_rate(seen.done, seen.goal)}"),
        (
            "Còn lại",
            with_qualifier(format_number(remaining, blank=NO_VALUE), LEFT_OF.get(word, "") if remaining else ""),
            "",
            "phần vượt của đơn vị khác không bù" if _is_uneven(seen) else seen.measure.unit_of_measure,
        ),
        (
            "Cần mỗi ngày",
            format_number(needed, blank=NO_VALUE),
            "",
            f"để xong ngày {campaign.last_day:%d/%m/%Y}" if left else "đã hết ngày",
        ),
        (
            "Trung bình 7 ngày qua",
            NO_VALUE if speed is None else format_number(speed.mean),
            "",
            daily_pace.pace_words(speed)
            + (" của đơn vị chưa về đích" if speed and any(r.finish for r in seen.rows) else ""),
        ),
        ("Về đích", format_number(seen.finished), format_number(seen.units), "đơn vị đạt chỉ tiêu"),
    ]


def _is_uneven(seen: CampaignProgress) -> bool:
    return seen.goal is not None and seen.remaining != max(0, seen.goal - (seen.done or 0))


def _forecast(seen: CampaignProgress, today: dt.date) -> dict | None:
    """Said while the campaign runs and has a goal."""
    campaign = seen.campaign
    if seen.remaining is None or campaign.closed_at is not None or not campaign.first_day <= today <= campaign.last_day:
        return None
    found = daily_pace.forecast(seen.remaining, seen.pace(today), today, campaign.first_day, campaign.last_day)
    return {"words": found.words, "look": found.look, "icon": FORECAST_ICONS[found.look]}


def _row(row: UnitProgress, day: dt.date) -> dict:
    reached = ""
    if row.finish is not None:
        tie = "đồng hạng" if row.finish.is_shared else "thứ"
        latest = "chậm nhất " if row.finish.is_latest else ""
        reached = f"{tie} {format_number(row.finish.place)}, {latest}{row.finish.day:%d/%m}"
    return {
        "name": _name(row),
        "ended_on": None if row.owes(day) else row.unit.closed_on,
        "goal": format_number(row.goal, blank="chưa giao"),
        "done": with_qualifier(format_number(row.done, blank=NO_VALUE), row.said.word),
        "rate": format_rate(row.done, row.goal),
        "remaining": format_number(row.remaining, blank=NO_VALUE),
        "today": format_number(row.today, blank="gộp" if row.is_told else NO_VALUE),
        "reached": reached,
    }


def _sums(rows: list[UnitProgress]) -> dict:
    with_goal = [row for row in rows if row.goal is not None]
    done = [row.done for row in with_goal if row.done is not None]
    goal = sum(row.goal or 0 for row in with_goal) if with_goal else None
    today = [row.today for row in rows if row.today is not None]
    return {
        "goal": format_number(goal, blank=NO_VALUE),
        "done": format_number(sum(done) if done else None, blank=NO_VALUE),
        "rate": format_rate(sum(done) if done else None, goal),
        "remaining": format_number(sum(row.remaining or 0 for row in with_goal) if with_goal else None, blank=NO_VALUE),
        "today": format_number(sum(today) if today else None, blank=NO_VALUE),
        "units": format_number(len(rows)),
        "finished": format_number(sum(row.finish is not None for row in rows)),
    }


def _groups(seen: CampaignProgress) -> list[dict]:
    """Sums of what lies directly below the campaign's unit, where that is more than the units themselves."""
    by_group: dict[int, list[UnitProgress]] = {}
    for row in seen.rows:
        by_group.setdefault(row.group_id, []).append(row)
    if len(by_group) < 2 or len(by_group) == len(seen.rows):
        return []
    ordered = sorted(by_group.items(), key=lambda group: sort_key(seen.group_names[group[0]]))
    return [{"name": seen.group_names[pk]} | _sums(rows) for pk, rows in ordered]


def _chart(seen: CampaignProgress, now: dt.datetime) -> dict:
    """The running sum, null on days nobody entered; the goal; the even line to it; words for the picture of it."""
    campaign = seen.campaign
    n = campaign.length
    all_days = [campaign.first_day + dt.timedelta(days=i) for i in range(n)]
    so_far, done = 0, []
    for day in all_days:
        row = seen.days.get(day)
        so_far += row.all.value if row else 0
        done.append(so_far if row else None)
    return {
        "days": [f"{day:%d/%m}" for day in all_days],
        "done": done,
        "goal": seen.goal,
        "even": [round(seen.goal * (i + 1) / n) for i in range(n)] if seen.goal else [],
        "unit": seen.measure.unit_of_measure,
        "picture": picture(
            f"{campaign.name}, {campaign.unit_name}: {seen.measure.name} ({seen.measure.unit_of_measure})",
            f"cộng dồn từ {campaign.first_day:%d/%m/%Y} đến {campaign.last_day:%d/%m/%Y}",
            f"{_of_units(seen)}Số liệu đến {moment(now)}. {CHART_NOTE}",
        ),
    }


def _of_units(seen: CampaignProgress) -> str:
    """Whose numbers these are, where the reader sees only some of the units."""
    if len(seen.rows) == seen.units:
        return ""
    return f"{format_number(len(seen.rows))} trong {format_number(seen.units)} đơn vị. "


def _chart_rows(seen: CampaignProgress) -> list[dict]:
    so_far, rows = 0, []
    for day, total in ((day, row.all) for day, row in seen.days.items()):
        so_far += total.value
        rows.append(
            {
                "day": day,
                "value": format_number(total.value),
                "so_far": format_number(so_far),
                "units": format_number(total.units),
                "summed": total.summed,
            }
        )
    return rows


def _changes(campaign: Campaign, seen: CampaignProgress) -> list[dict]:
    """The newest lines of the log: of the campaign, and of the units the reader sees."""
    names = {row.unit.pk: _name(row) for row in seen.rows}
    rows = CampaignChange.objects.filter(Q(unit__isnull=True) | Q(unit__in=names), campaign=campaign)
    newest = rows.select_related("by").order_by("-pk")[:NEWEST_CHANGES]
    return [{"change": one, "unit": names.get(one.unit_id, ""), "text": _change_words(one)} for one in newest]


def _change_words(change: CampaignChange) -> str:
    """'1.200 → 120' where a thing was one and is another, else what is said of it."""
    if change.what in {CampaignChange.What.MADE, CampaignChange.What.CLOSED, CampaignChange.What.REOPENED}:
        return change.new
    return f"{change.old or 'chưa có'} → {change.new or 'để trống'}"


# --- what its leaders do


@require_POST
def campaign_lock(request, pk):
    """Days up to one are corrected no more; an empty day opens all of them again."""
    campaign = get_campaign(request, pk)
    require(may_run_campaigns(request.user, campaign.unit))
    form = LockForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["to"]))
        return redirect(campaign)
    to = form.cleaned_data["to"]
    done = f"Đã khóa số liệu đến hết ngày {to:%d/%m/%Y}." if to else "Đã mở lại mọi ngày."
    return _act(request, campaign, lambda: running.lock_days(by=request.user, campaign_id=pk, to=to), done)


@require_POST
def campaign_close(request, pk):
    campaign = get_campaign(request, pk)
    require(may_run_campaigns(request.user, campaign.unit))
    done = f"Đã kết thúc {campaign.name}."
    return _act(request, campaign, lambda: running.close_campaign(by=request.user, campaign_id=pk), done)


@require_POST
def campaign_reopen(request, pk):
    campaign = get_campaign(request, pk)
    require(may_run_campaigns(request.user, campaign.unit))
    reason = request.POST.get("ly_do", "")
    act = lambda: running.reopen_campaign(by=request.user, campaign_id=pk, reason=reason)  # noqa: E731
    return _act(request, campaign, act, f"Đã mở lại {campaign.name}.")


def _act(request, campaign, act, done: str):
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(campaign)


def campaign_tasks(user, unit) -> dict:
    """For the task list of an officer: campaigns in which nothing was entered today, and the page to do it."""
    return {
        "campaigns_waiting": list(days.not_entered(unit.pk, today_for(user))),
        "campaign_entry_url": f"{reverse('campaign-entry')}?don_vi={unit.pk}",
    }
