"""Pilot models and the outreach log: writing them down, and the sums that feed TT01 and TT02.

Each write asks the right of `by` again (PermissionDenied = 403) and raises ValidationError by field name.
"""

import datetime as dt
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.admin.models import DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery, Sum

from de_an_06.plain.vietnamese import one_line
from taskforces.clock import today_for
from taskforces.models import AdministrativeUnit, OutreachEvent, PilotModel
from taskforces.scope import may_keep_register, require

MOST_TIMES = 100_000  # acts of outreach in one row
MOST_AUDIENCE = 10_000_000  # people in one row

# Pilot models --------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_pilot_model(*, by, unit: AdministrativeUnit, **values) -> PilotModel:
    """A unit starts a pilot model; fields as in `PilotModel`."""
    require(may_keep_register(by, unit))
    return _save_pilot_model(PilotModel(unit=unit), values)


@transaction.atomic
def change_pilot_model(*, by, pilot_model_id: int, **values) -> PilotModel:
    """Correct it, note its results, its end, or where it was replicated."""
    model = PilotModel.objects.select_for_update(of=("self",)).select_related("unit").get(pk=pilot_model_id)
    require(may_keep_register(by, model.unit))
    return _save_pilot_model(model, values)


# Outreach ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_outreach(
    *,
    by,
    unit: AdministrativeUnit,
    held_on: dt.date,
    channel: str,
    times: int,
    audience: int,
    utility_group: int | None = None,
    note: str = "",
) -> OutreachEvent:
    """Write down acts of outreach of one day on one channel."""
    require(may_keep_register(by, unit))
    return _save_outreach(OutreachEvent(unit=unit), by, held_on, channel, times, audience, utility_group, note)


@transaction.atomic
def change_outreach(
    *,
    by,
    outreach_id: int,
    held_on: dt.date,
    channel: str,
    times: int,
    audience: int,
    utility_group: int | None = None,
    note: str = "",
) -> OutreachEvent:
    """Correct a row of the log. A month's report already sent keeps the number it was sent with."""
    event = _locked_outreach(outreach_id, by)
    return _save_outreach(event, by, held_on, channel, times, audience, utility_group, note)


@transaction.atomic
def delete_outreach(*, by, outreach_id: int) -> OutreachEvent:
    """Take out a row written by mistake; who did it, and what it said, stays in the administration log."""
    event = _locked_outreach(outreach_id, by)
    said = f"{event.get_channel_display()} {event.held_on:%d/%m/%Y}: {event.times} lượt, {event.audience} người"
    LogEntry.objects.log_actions(by.pk, [event], DELETION, said, single_object=True)
    event.delete()
    return event


@dataclass(frozen=True)
class OutreachSums:
    """`times` feeds TT01, `audience` TT02; without `rows` nothing was written down, which is not the same as 0."""

    rows: int = 0
    times: int = 0
    audience: int = 0

    def __add__(self, other: "OutreachSums") -> "OutreachSums":
        return OutreachSums(self.rows + other.rows, self.times + other.times, self.audience + other.audience)


def outreach_sums(unit_ids: Iterable[int], date_from: dt.date, date_to: dt.date) -> dict[int, OutreachSums]:
    """Sums of each unit's own log over the days given, both included; units without rows are left out. One query."""
    rows = OutreachEvent.objects.filter(unit_id__in=list(unit_ids), held_on__range=(date_from, date_to))
    sums = rows.values("unit_id").annotate(n=Count("pk"), times=Sum("times"), audience=Sum("audience")).order_by()
    return {row["unit_id"]: OutreachSums(row["n"], row["times"], row["audience"]) for row in sums}


def outreach_sum(field: str, unit: OuterRef, date_from: OuterRef, date_to: OuterRef) -> Subquery:
    """One of the sums above as part of another query; None where nothing was written down."""
    rows = OutreachEvent.objects.filter(unit=unit, held_on__range=(date_from, date_to)).order_by()
    return Subquery(rows.values("unit").annotate(sum=Sum(field)).values("sum"))


# Parts ---------------------------------------------------------------------------------------------------------------


def _save_pilot_model(model: PilotModel, values: dict) -> PilotModel:
    for name, value in values.items():
        setattr(model, name, unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value)
    model.name = one_line(model.name)
    if model.started_on < model.unit.opened_on:
        raise ValidationError({"started_on": f"Đơn vị có từ ngày {model.unit.opened_on:%d/%m/%Y}."})
    if model.ended_on is not None and model.ended_on < model.started_on:
        raise ValidationError({"ended_on": f"Mô hình bắt đầu ngày {model.started_on:%d/%m/%Y}; kết thúc phải sau đó."})
    others = PilotModel.objects.filter(unit=model.unit, name=model.name).exclude(pk=model.pk)
    if others.exists():
        raise ValidationError({"name": "Đơn vị đã có mô hình này."})
    model.full_clean()
    model.save()
    return model


def _locked_outreach(outreach_id: int, by) -> OutreachEvent:
    event = OutreachEvent.objects.select_for_update(of=("self",)).select_related("unit").get(pk=outreach_id)
    require(may_keep_register(by, event.unit))
    return event


def _save_outreach(event: OutreachEvent, by, held_on, channel, times, audience, utility_group, note) -> OutreachEvent:
    today = today_for(by)
    if held_on > today:
        raise ValidationError({"held_on": f"Ngày này chưa đến. Hôm nay là {today:%d/%m/%Y}."})
    if held_on < event.unit.opened_on:
        raise ValidationError({"held_on": f"Đơn vị có từ ngày {event.unit.opened_on:%d/%m/%Y}."})
    if not 1 <= times <= MOST_TIMES:
        raise ValidationError({"times": "Số lượt là số nguyên từ 1 đến 100.000."})
    if not 0 <= audience <= MOST_AUDIENCE:
        raise ValidationError({"audience": "Số người là số nguyên từ 0 đến 10.000.000."})
    if utility_group is not None and not 1 <= utility_group <= 5:
        raise ValidationError({"utility_group": "Nhóm tiện ích từ 1 đến 5."})
    event.held_on, event.channel, event.times, event.audience = held_on, channel, times, audience
    event.utility_group, event.note = utility_group, one_line(note)
    event.full_clean()
    event.save()
    return event
