"""The numbers of a day: which a unit enters, and writing them down. Every such write goes through here, with its log.

A day can be entered and corrected from its morning on until it is locked or the campaign is closed, also after the
last day. Of two people the last one counts, and the log has both: what a page showed and its person left alone is not
written again.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from de_an_06.plain.numbers import NotANumber, format_number, parse_count, with_qualifier
from reporting.models import Campaign, CampaignChange, CampaignDay, CampaignGoal, CampaignMeasure, CampaignResources
from reporting.models.reports import QUALIFIERS
from reporting.report_log import NotAllowed
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit
from taskforces.models.units import valid_on
from taskforces.scope import may_keep_register, require

RESOURCES = {"shifts": "ca", "machines": "máy", "volunteers": "người tình nguyện"}
MOST_RESOURCES = 1_000_000
TOO_LATE = "Cao điểm này đã kết thúc hoặc ngày này đã khóa. Số vừa gõ chưa được ghi."


@dataclass(frozen=True)
class TypedDay:
    """What a person typed for one measure; `seen` is what the page had shown (None: nothing to compare with)."""

    text: str
    qualifier: str = ""
    since: dt.date | None = None
    seen: str | None = None


@dataclass
class CampaignSheet:
    """One campaign on the page of a day: its measures in order, each with the unit's goal and number of that day."""

    campaign: Campaign
    rows: list[tuple[CampaignMeasure, int | None, CampaignDay | None]] = field(default_factory=list)
    resources: CampaignResources | None = None


def open_campaigns(unit_id: int, day: dt.date) -> QuerySet[Campaign]:
    """Campaigns in which the unit still enters numbers of `day`."""
    takes_part = CampaignGoal.objects.filter(measure__campaign=OuterRef("pk"), unit=unit_id)
    return _taking_numbers_of(day).filter(Exists(takes_part)).order_by("first_day", "pk")


def _taking_numbers_of(day: dt.date) -> QuerySet[Campaign]:
    unlocked = Q(locked_to__isnull=True) | Q(locked_to__lt=day)
    return Campaign.objects.filter(unlocked, closed_at=None, first_day__lte=day, last_day__gte=day)


def covering(day: dt.date) -> Q:
    """The condition that a row tells of `day`: its own, or summed over days with it among them."""
    return Q(value__isnull=False) & (Q(day=day) | Q(since__lte=day, day__gt=day))


def not_entered(unit_id: int, day: dt.date) -> QuerySet[Campaign]:
    """Of them those in which something of that day is missing; one query."""
    told = CampaignDay.objects.filter(covering(day), measure=OuterRef("measure"), unit=unit_id)
    blank = CampaignGoal.objects.filter(~Exists(told), measure__campaign=OuterRef("pk"), unit=unit_id)
    return open_campaigns(unit_id, day).filter(Exists(blank))


def all_not_entered(day: dt.date) -> list[tuple[Campaign, int]]:
    """The same of all units open that day: (campaign, unit) in which something of that day is missing; two queries."""
    campaigns = _taking_numbers_of(day).in_bulk()
    told = CampaignDay.objects.filter(covering(day), measure=OuterRef("measure"), unit=OuterRef("unit"))
    blank = CampaignGoal.objects.filter(~Exists(told), measure__campaign__in=campaigns)
    blank = blank.filter(valid_on(day, "unit__", "opened_on", "closed_on")) if campaigns else blank.none()
    pairs = blank.order_by("measure__campaign", "unit").values_list("measure__campaign", "unit").distinct()
    return [(campaigns[campaign_id], unit_id) for campaign_id, unit_id in pairs]


def days_to_enter(unit: AdministrativeUnit, today: dt.date, most: int = 14) -> list[dt.date]:
    """Days up to yesterday, newest first, on which something is missing that can still be entered; three queries."""
    campaigns = {c.pk: c for c in _with_numbers_missing(unit.pk, today)}
    goals = CampaignGoal.objects.filter(measure__campaign__in=campaigns, unit=unit.pk)
    owed = dict(goals.values_list("measure_id", "measure__campaign_id"))
    told: dict[dt.date, set[int]] = {}
    rows = CampaignDay.objects.filter(measure__in=owed, unit=unit.pk, value__isnull=False)
    for measure_id, day, since in rows.values_list("measure_id", "day", "since"):
        for n in range((day - (since or day)).days + 1):
            told.setdefault(day - dt.timedelta(days=n), set()).add(measure_id)
    found = []
    for n in range(1, 367):
        day = today - dt.timedelta(days=n)
        open_then = {pk for pk, c in campaigns.items() if c.first_day <= day <= c.last_day and not _is_locked(c, day)}
        asked = {measure_id for measure_id, pk in owed.items() if pk in open_then}
        if unit.is_open_on(day) and asked - told.get(day, set()):
            found.append(day)
    return found[:most]


def sheets(unit_id: int, day: dt.date) -> list[CampaignSheet]:
    """What the page of a day shows, one for each campaign; four queries however many there are."""
    found = {campaign.pk: CampaignSheet(campaign) for campaign in open_campaigns(unit_id, day)}
    goals = CampaignGoal.objects.filter(measure__campaign__in=found, unit=unit_id).select_related("measure")
    days = {
        row.measure_id: row
        for row in CampaignDay.objects.filter(measure__campaign__in=found, unit=unit_id, day=day).select_related("by")
    }
    for goal in goals.order_by("measure__order"):
        found[goal.measure.campaign_id].rows.append((goal.measure, goal.goal, days.get(goal.measure_id)))
    for row in CampaignResources.objects.filter(campaign__in=found, unit=unit_id, day=day):
        found[row.campaign_id].resources = row
    return list(found.values())


@transaction.atomic
def enter_day(
    *,
    by,
    unit: AdministrativeUnit,
    day: dt.date,
    values: Mapping[int, TypedDay],
    resources: Mapping[int, Mapping[str, str]] | None = None,
) -> int:
    """Write down what the unit did on `day`: measure -> typed, campaign -> shifts, machines, volunteers as typed.

    All or nothing; returns how many numbers changed. Errors by field: 'value_<measure>', 'since_<measure>',
    '<resource>_<campaign>'. '' makes a number blank again.
    """
    require(may_keep_register(by, unit))
    _require_day(unit, day, today_for(by))
    held = Campaign.objects.select_for_update(of=("self",)).filter(pk__in=open_campaigns(unit.pk, day).values("pk"))
    campaigns = {campaign.pk: campaign for campaign in held.order_by("pk")}
    goals = CampaignGoal.objects.filter(unit=unit, measure__campaign__in=campaigns, measure__in=values)
    measures = {goal.measure_id: goal.measure for goal in goals.select_related("measure")}
    known = {row.measure_id: row for row in CampaignDay.objects.filter(measure__in=measures, unit=unit, day=day)}
    errors: dict[str, str] = {}
    rows, log, at = [], [], now_for(by)
    for measure_id, typed in values.items():
        measure = measures.get(measure_id)
        if measure is None:
            raise NotAllowed(TOO_LATE)
        row = known.get(measure_id) or CampaignDay(measure=measure, unit=unit, day=day)
        old = said(row)
        try:
            row.value = parse_count(typed.text)
        except NotANumber as error:
            errors[f"value_{measure_id}"] = str(error)
            continue
        row.qualifier = typed.qualifier if row.value is not None else ""
        row.since = typed.since if row.value is not None and typed.since != day else None
        new = said(row)
        if new == old or (typed.seen is not None and new == typed.seen):
            continue
        if problem := _problem(row, campaigns[measure.campaign_id]):
            errors[f"{'since' if row.since else 'value'}_{measure_id}"] = problem
            continue
        row.by, row.at = by, at
        rows.append(row)
        log.append((measure.campaign_id, CampaignChange.What.VALUE, measure.name, old, new))
    put_in, told = _resources(unit, day, resources or {}, campaigns, errors)
    if errors:
        raise ValidationError(errors)
    for row in [*rows, *put_in]:
        row.save()
    for campaign_id, what, name, old, new in [*log, *told]:
        CampaignChange.objects.create(
            campaign_id=campaign_id, what=what, unit=unit, measure_name=name, day=day, old=old, new=new, by=by, at=at
        )
    return len(rows) + len(put_in)


def said(row: CampaignDay | None) -> str:
    """'hơn 83.002 (từ 24/11/2022)'; '' while nothing is entered. What the page shows, and what the log keeps."""
    if row is None or row.value is None:
        return ""
    text = with_qualifier(format_number(row.value), row.qualifier)
    return f"{text} (từ {row.since:%d/%m/%Y})" if row.since else text


def resources_said(row: CampaignResources | None) -> str:
    """'3 ca, 16 máy'."""
    told = [(getattr(row, name, None), words) for name, words in RESOURCES.items()]
    return ", ".join(f"{format_number(n)} {words}" for n, words in told if n is not None)


# Parts ---------------------------------------------------------------------------------------------------------------


def _with_numbers_missing(unit_id: int, today: dt.date) -> Iterable[Campaign]:
    takes_part = CampaignGoal.objects.filter(measure__campaign=OuterRef("pk"), unit=unit_id)
    begun = Campaign.objects.filter(closed_at=None, first_day__lt=today)
    return begun.filter(Q(locked_to__isnull=True) | Q(locked_to__lt=F("last_day"))).filter(Exists(takes_part))


def _is_locked(campaign: Campaign, day: dt.date) -> bool:
    return campaign.locked_to is not None and day <= campaign.locked_to


def _require_day(unit: AdministrativeUnit, day: dt.date, today: dt.date) -> None:
    if day > today:
        raise NotAllowed(f"Ngày {day:%d/%m/%Y} chưa đến. Hôm nay là {today:%d/%m/%Y}.")
    if not unit.is_open_on(day):
        raise NotAllowed(f"Đơn vị không hoạt động ngày {day:%d/%m/%Y}.")


def _problem(row: CampaignDay, campaign: Campaign) -> str:
    """Why the number cannot stand beside the others, '' when it can: no day is told of twice."""
    if row.qualifier not in {"", *QUALIFIERS}:
        return "Chọn một trong các từ của danh sách."
    first = row.since or row.day
    if first > row.day:
        return f"Ngày bắt đầu gộp phải trước ngày {row.day:%d/%m/%Y}."
    if first < campaign.first_day:
        return f"Cao điểm bắt đầu ngày {campaign.first_day:%d/%m/%Y}."
    if _is_locked(campaign, first):
        return f"Số liệu đến hết ngày {campaign.locked_to:%d/%m/%Y} đã khóa."
    if row.value is None:
        return ""
    others = CampaignDay.objects.filter(measure=row.measure, unit=row.unit, value__isnull=False).exclude(day=row.day)
    among = others.filter(Q(day__gte=first, day__lt=row.day) | Q(since__lte=row.day, day__gt=row.day))
    other = among.order_by("day").first()
    if other is None:
        return ""
    if other.since is not None:
        return f"Ngày này đã gộp trong số của ngày {other.day:%d/%m/%Y} (từ {other.since:%d/%m/%Y})."
    return f"Ngày {other.day:%d/%m/%Y} đã có số riêng, không gộp được."


def _resources(unit, day, typed: Mapping[int, Mapping[str, str]], campaigns, errors: dict[str, str]):
    """Rows to write and their lines of the log; what cannot be read goes to `errors`."""
    known = {r.campaign_id: r for r in CampaignResources.objects.filter(campaign__in=campaigns, unit=unit, day=day)}
    rows, log = [], []
    for campaign_id, texts in typed.items():
        if campaign_id not in campaigns:
            continue
        row = known.get(campaign_id) or CampaignResources(campaign_id=campaign_id, unit=unit, day=day)
        old = resources_said(row)
        for name in RESOURCES:
            try:
                number = parse_count(texts.get(name, ""))
            except NotANumber as error:
                errors[f"{name}_{campaign_id}"] = str(error)
                continue
            if number is not None and number > MOST_RESOURCES:
                errors[f"{name}_{campaign_id}"] = f"Số này quá lớn, nhiều nhất {format_number(MOST_RESOURCES)}."
                continue
            setattr(row, name, number)
        if (new := resources_said(row)) != old:
            rows.append(row)
            log.append((campaign_id, CampaignChange.What.RESOURCES, "", old, new))
    return rows, log
