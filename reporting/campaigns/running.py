"""Making, changing, locking, closing and reopening a campaign. Every such write goes through here and leaves a log row.

Whoever may give assignments to a unit runs its campaigns (`may_run_campaigns`); the right is asked again here
(PermissionDenied = 403). What was typed wrongly is a ValidationError by field, the wrong moment is NotAllowed.
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from de_an_06.plain.moments import moment
from de_an_06.plain.numbers import format_number
from de_an_06.plain.vietnamese import one_line
from reporting.models import Campaign, CampaignChange, CampaignDay, CampaignGoal, CampaignMeasure
from reporting.report_log import NotAllowed, reason_given
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import may_run_campaigns, require

What = CampaignChange.What
MOST_MEASURES = 4
LONGEST_CAMPAIGN = 366  # days
GOALS_A_STATEMENT = 1000
Goals = Mapping[int, Sequence[int | None]]  # unit -> its goal in each measure, in their order


@dataclass(frozen=True)
class MeasureWanted:
    """One line of the form; `order` is its place, and what finds it again when the campaign is changed."""

    order: int
    name: str
    unit_of_measure: str
    indicator_id: int | None = None


def units_to_choose(unit_id: int, first_day: dt.date, last_day: dt.date) -> QuerySet[UnitVersion]:
    """The unit itself and all that lie under it on some day of the stretch, in the order of names; newest version."""
    lived = Q(valid_to__isnull=True) | Q(valid_to__gte=first_day)
    versions = UnitVersion.objects.under(unit_id).filter(lived, valid_from__lte=last_day)
    return versions.select_related("unit").order_by("sort_key", "unit__code", "-valid_from")


@transaction.atomic
def make_campaign(
    *, by, unit: AdministrativeUnit, measures: Sequence[MeasureWanted], goals: Goals, **words
) -> Campaign:
    """Open a campaign; `words` are name, first_day, last_day, note, as_written, feeds_reports."""
    require(may_run_campaigns(by, unit))
    campaign = Campaign(unit=unit, created_by=by, created_at=now_for(by))
    _settle(campaign, words)
    _set_measures(campaign, measures)
    _set_goals(campaign, goals, by=None)
    _log(campaign, What.MADE, by, new=f"{format_number(campaign.length)} ngày, {format_number(len(goals))} đơn vị")
    return campaign


@transaction.atomic
def change_campaign(*, by, campaign_id: int, measures: Sequence[MeasureWanted], goals: Goals, **words) -> Campaign:
    """Correct it while it is not closed; days, measures and units that already have numbers stay."""
    campaign = _locked(campaign_id, by)
    _require_open(campaign)
    before = _said(campaign)
    _settle(campaign, words)
    _set_measures(campaign, measures)
    _set_goals(campaign, goals, by=by)
    if (after := _said(campaign)) != before:
        _log(campaign, What.CHANGED, by, old=before, new=after)
    return campaign


@transaction.atomic
def lock_days(*, by, campaign_id: int, to: dt.date | None) -> Campaign:
    """Days up to `to` are corrected no more; an earlier day, or none, opens them again."""
    campaign = _locked(campaign_id, by)
    _require_open(campaign)
    last = min(today_for(by), campaign.last_day)
    if to is not None and not campaign.first_day <= to <= last:
        raise ValidationError({"to": f"Chọn ngày từ {campaign.first_day:%d/%m/%Y} đến {last:%d/%m/%Y}."})
    if to != campaign.locked_to:
        old, campaign.locked_to = campaign.locked_to, to
        campaign.save(update_fields=["locked_to"])
        _log(campaign, What.LOCKED, by, old=_day(old), new=_day(to))
    return campaign


@transaction.atomic
def close_campaign(*, by, campaign_id: int) -> Campaign:
    """No number is entered any more; also before the last day, when everything is done."""
    campaign = _locked(campaign_id, by)
    _require_open(campaign)
    if today_for(by) < campaign.first_day:
        raise NotAllowed("Cao điểm chưa bắt đầu, chưa kết thúc được.")
    campaign.closed_at, campaign.closed_by = now_for(by), by
    campaign.save(update_fields=["closed_at", "closed_by"])
    _log(campaign, What.CLOSED, by)
    return campaign


@transaction.atomic
def reopen_campaign(*, by, campaign_id: int, reason: str) -> Campaign:
    """Numbers are entered again; days locked before stay locked."""
    campaign = _locked(campaign_id, by)
    if campaign.closed_at is None:
        raise NotAllowed("Cao điểm này đang mở.")
    reason = reason_given(reason, "mở lại cao điểm")
    campaign.closed_at = campaign.closed_by = None
    campaign.save(update_fields=["closed_at", "closed_by"])
    _log(campaign, What.REOPENED, by, new=reason[:300])
    return campaign


# Parts ---------------------------------------------------------------------------------------------------------------


def _locked(campaign_id: int, by) -> Campaign:
    campaign = Campaign.objects.select_for_update(of=("self",)).select_related("unit", "closed_by").get(pk=campaign_id)
    require(may_run_campaigns(by, campaign.unit))
    return campaign


def _require_open(campaign: Campaign) -> None:
    if campaign.closed_at is not None:
        raise NotAllowed(f"{campaign.closed_by} đã kết thúc cao điểm này lúc {moment(campaign.closed_at)}.")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _settle(campaign: Campaign, words: dict) -> None:
    """Name, days and texts, checked against what was entered already."""
    for field in ("note", "as_written"):
        setattr(campaign, field, _plain(words.get(field, "")))
    campaign.name = one_line(words["name"])
    campaign.first_day, campaign.last_day = words["first_day"], words["last_day"]
    campaign.feeds_reports = words.get("feeds_reports", False)
    if campaign.last_day < campaign.first_day:
        raise ValidationError({"last_day": f"Ngày cuối phải từ ngày {campaign.first_day:%d/%m/%Y} trở đi."})
    if campaign.length > LONGEST_CAMPAIGN:
        raise ValidationError(
            {"last_day": f"Cao điểm dài nhất {LONGEST_CAMPAIGN} ngày; bạn chọn {campaign.length} ngày."}
        )
    if not campaign.unit.is_open_on(campaign.first_day):
        raise ValidationError({"first_day": f"Đơn vị không hoạt động ngày {campaign.first_day:%d/%m/%Y}."})
    entered = CampaignDay.objects.filter(measure__campaign=campaign.pk, value__isnull=False)
    ends = entered.aggregate(first=Min(Coalesce("since", "day")), last=Max("day"))
    if ends["first"] is not None and ends["first"] < campaign.first_day:
        raise ValidationError({"first_day": f"Đã có số liệu từ ngày {ends['first']:%d/%m/%Y}."})
    if ends["last"] is not None and ends["last"] > campaign.last_day:
        raise ValidationError({"last_day": f"Đã có số liệu đến ngày {ends['last']:%d/%m/%Y}."})
    campaign.full_clean()
    campaign.save()


def _set_measures(campaign: Campaign, wanted: Sequence[MeasureWanted]) -> None:
    if not wanted:
        raise ValidationError({"measure_1": "Ghi ít nhất một việc cần đếm."})
    known = {measure.order: measure for measure in campaign.measures.all()}
    names: set[str] = set()
    for line in wanted:
        field = f"measure_{line.order}"
        name, unit_of_measure = one_line(line.name), one_line(line.unit_of_measure)
        if not unit_of_measure:
            raise ValidationError({f"unit_of_measure_{line.order}": f"Ghi đơn vị tính của “{name}”."})
        if name.casefold() in names:
            raise ValidationError({field: f"“{name}” đã có ở dòng trên."})
        names.add(name.casefold())
        measure = known.pop(line.order, None) or CampaignMeasure(campaign=campaign, order=line.order)
        measure.name, measure.unit_of_measure, measure.indicator_id = name, unit_of_measure, line.indicator_id
        measure.full_clean()
        measure.save()
    for order, measure in known.items():
        if measure.days.exists():
            raise ValidationError({f"measure_{order}": f"“{measure.name}” đã có số liệu, không bỏ được."})
        measure.delete()


def _set_goals(campaign: Campaign, goals: Goals, *, by) -> None:
    """Units and goals as in the table; `by` logs each change (None: a new campaign, told as one)."""
    if not goals:
        raise ValidationError({"goals": "Chọn ít nhất một đơn vị."})
    measures = list(campaign.measures.all())
    wanted = {(m.pk, unit_id): row[i] for unit_id, row in goals.items() for i, m in enumerate(measures)}
    known = {(g.measure_id, g.unit_id): g for g in CampaignGoal.objects.filter(measure__in=measures)}
    gone = [goal for key, goal in known.items() if key not in wanted]
    entered = CampaignDay.objects.filter(measure__in=measures, unit__in={g.unit_id for g in gone}).exclude(value=None)
    if kept := sorted({version.name for version in UnitVersion.objects.filter(unit__in=entered.values("unit"))}):
        raise ValidationError({"goals": f"Đã có số liệu, không bỏ được: {', '.join(kept)}."})
    CampaignGoal.objects.filter(pk__in=[goal.pk for goal in gone]).delete()
    new = [CampaignGoal(measure_id=m, unit_id=u, goal=n) for (m, u), n in wanted.items() if (m, u) not in known]
    CampaignGoal.objects.bulk_create(new, batch_size=GOALS_A_STATEMENT)
    changed, rows = [], []
    names = {measure.pk: measure.name for measure in measures}
    for key, goal in known.items():
        if key in wanted and goal.goal != wanted[key]:
            rows.append(
                (key, format_number(goal.goal, blank="chưa giao"), format_number(wanted[key], blank="chưa giao"))
            )
            goal.goal = wanted[key]
            changed.append(goal)
    CampaignGoal.objects.bulk_update(changed, ["goal"], batch_size=GOALS_A_STATEMENT)
    if by is None:
        return
    rows += [((g.measure_id, g.unit_id), "", format_number(g.goal, blank="chưa giao")) for g in new]
    rows += [((g.measure_id, g.unit_id), format_number(g.goal, blank="chưa giao"), "bỏ") for g in gone]
    at = now_for(by)
    CampaignChange.objects.bulk_create(
        [
            CampaignChange(
                campaign=campaign, what=What.GOAL, unit_id=unit_id, measure_name=names[measure_id],
                old=old, new=text, by=by, at=at,
            )
            for (measure_id, unit_id), old, text in rows
        ],
        batch_size=GOALS_A_STATEMENT,
    )  # fmt: skip


def _said(campaign: Campaign) -> str:
    """What the log keeps of a campaign beside its goals."""
    measures = ", ".join(f"{m.name} ({m.unit_of_measure})" for m in campaign.measures.select_related(None).all())
    return f"{campaign.name}, {_day(campaign.first_day)}–{_day(campaign.last_day)}: {measures}"[:300]


def _day(day: dt.date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"


def _log(campaign: Campaign, what: str, by, *, old: str = "", new: str = "") -> None:
    CampaignChange.objects.create(campaign=campaign, what=what, old=old, new=new, by=by, at=now_for(by))
