"""The life of a target: proposed by the unit, answered by the level above, set or dropped from above, or by file.

The only file that changes a target's value or status; every step leaves a row in its log, in the same transaction.
The right is asked again here (PermissionDenied = 403); what was typed wrongly, or comes at the wrong moment, is a
ValidationError, by field where it has one.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from de_an_06.plain.numbers import format_number, rounded
from de_an_06.plain.vietnamese import one_line
from reporting.models import Indicator, PublicService, ServiceTerms, Target, TargetEvent
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import acts_for_some_body, may_propose_target, may_set_target, require

Action, Status = TargetEvent.Action, Target.Status
LONGEST_TARGET_REASON = 1000
TARGETS_A_STATEMENT = 500


@dataclass(frozen=True)
class Aim:
    """What a target is of and for how long; `month` 0 is the whole year."""

    year: int
    month: int = 0
    indicator: Indicator | None = None
    service: PublicService | None = None
    rate: str = ""

    def target_of(self, unit: AdministrativeUnit) -> Target:
        """A new one, without a value."""
        return Target(
            unit=unit, year=self.year, month=self.month, indicator=self.indicator, service=self.service, rate=self.rate
        )

    @property
    def rows(self) -> Q:
        """The condition on targets that they are of this, whosever they are."""
        kind = {"indicator": self.indicator, "service": self.service, "rate": self.rate}
        return Q(year=self.year, month=self.month, **{k: v for k, v in kind.items() if v is not None}) & Q(
            indicator__isnull=self.indicator is None, service__isnull=self.service is None
        )


def shown_value(value: Decimal | None, target: Target, blank: str = "") -> str:
    """'95,5%' of a rate, '1.200' of a number; decimals only where there are some."""
    if value is None:
        return blank
    places = 0 if value == rounded(value) else 1 if value == rounded(value, 1) else 2
    return format_number(value, places) + ("%" if target.is_percent else "")


def lead_agencies(day: dt.date) -> dict[int, str]:
    """Which agency leads each service on a day; one query."""
    return dict(ServiceTerms.objects.on(day).values_list("service_id", "lead_agency"))


def agencies_for(user) -> dict[int, str]:
    """The same of today, for asking what a department's person may do; nothing, and no query, for everybody else."""
    return lead_agencies(today_for(user)) if acts_for_some_body(user) else {}


def asked_of(by, what: "Aim | Target") -> Indicator | str | None:
    """What scope.py is asked about: the indicator, or who leads the service today; None for all services together."""
    if what.service is None:
        return what.indicator
    return agencies_for(by).get(what.service.pk, "")


# Steps ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose(*, by, unit: AdministrativeUnit, aim: Aim, value: Decimal | None, reason: str = "") -> Target:
    """The unit says what it is to reach, or asks for another value; what is in force stays until it is answered."""
    require(may_propose_target(by, unit, asked_of(by, aim)))
    target = _locked_or_new(unit, aim)
    old = target.asked if target.status == Status.PROPOSED else target.value
    value, reason = _all_checked(target, value, reason, reason_needed=old is not None)
    target.status, target.asked, target.offered = Status.PROPOSED, value, None
    return _save(target, Action.PROPOSED, by, old, value, reason)


@transaction.atomic
def accept(*, by, target_id: int, asked: Decimal) -> Target:
    """The proposal as the person saw it (`asked`) is in force from now on; nobody accepts what they proposed."""
    target = _proposal(by, target_id)
    if target.asked != asked:
        raise ValidationError(f"Đơn vị vừa đổi đề xuất thành {shown_value(target.asked, target)}. Xem lại rồi trả lời.")
    if target.events.filter(action=Action.PROPOSED).order_by("-pk").values_list("by", flat=True)[0] == by.pk:
        raise ValidationError("Bạn đã đề xuất chỉ tiêu này; người khác phải trả lời.")
    old = target.value
    target.status, target.value, target.asked = Status.ACCEPTED, target.asked, None
    return _save(target, Action.ACCEPTED, by, old, target.value, "")


@transaction.atomic
def send_back(*, by, target_id: int, reason: str, value: Decimal | None = None) -> Target:
    """Not so, for a reason; with `value` the unit reads what would be accepted. What is in force stays."""
    target = _proposal(by, target_id)
    if value is not None:
        value = _checked(value, target)
        if value == target.asked:
            raise ValidationError({"value": "Đây đúng là mức đơn vị đề xuất: chấp nhận, hoặc ghi mức khác."})
    reason = _reason(reason, needed=True)
    target.status, target.offered = Status.RETURNED, value
    return _save(target, Action.RETURNED, by, target.asked, value, reason)


@transaction.atomic
def set_target(*, by, unit: AdministrativeUnit, aim: Aim, value: Decimal | None, reason: str = "") -> Target:
    """The level above gives a value, in force at once; it also answers what the unit has proposed."""
    require(_sets(by, unit, aim))
    target = _locked_or_new(unit, aim)
    value, reason = _all_checked(target, value, reason, reason_needed=target.value is not None, answers=True)
    old = _give(target, value)
    return _save(target, Action.SET, by, old, value, reason)


@transaction.atomic
def set_targets(*, by, units: Mapping[int, tuple[AdministrativeUnit, str]], aim: Aim, values: Mapping[int, Decimal],
                reason: str) -> int:  # fmt: skip
    """One table: unit -> value. `units` gives each with its path in today's tree. All or nothing; how many changed.

    Errors come by unit: {"value_12": …}. A value that is in force already leaves no row in the log.
    """
    of = asked_of(by, aim)
    require(all(may_set_target(by, *units[pk], of) for pk in values))
    rows = Target.objects.select_for_update(of=("self",)).filter(aim.rows, unit__in=list(values))
    known = {target.unit_id: target for target in rows.select_related("indicator", "service")}
    wrong, new, changed, events = {}, [], [], []
    for pk, typed in values.items():
        target = known.get(pk) or aim.target_of(units[pk][0])
        try:
            target.check_span()
            value = _checked(typed, target)
        except ValidationError as error:
            wrong[f"value_{pk}"] = [message for messages in error.message_dict.values() for message in messages]
            continue
        if target.pk and target.status == Status.ACCEPTED and target.value == value:
            continue
        (changed if target.pk else new).append(target)
        old = _give(target, value)
        events.append((target, old, value))
    if wrong:
        raise ValidationError(wrong)
    reason = _reason(reason, needed=any(old is not None for _, old, _ in events))
    Target.objects.bulk_create(new, batch_size=TARGETS_A_STATEMENT)
    Target.objects.bulk_update(changed, ["value", "asked", "offered", "status"], batch_size=TARGETS_A_STATEMENT)
    at = now_for(by)
    TargetEvent.objects.bulk_create(
        [TargetEvent(target=t, action=Action.SET, old=old, new=v, reason=reason, by=by, at=at) for t, old, v in events],
        batch_size=TARGETS_A_STATEMENT,
    )
    return len(events)


@transaction.atomic
def drop(*, by, target_id: int, reason: str) -> Target:
    """It is asked for no longer; the log stays, and it can be set or proposed again."""
    target = _locked(target_id)
    require(_sets(by, target.unit, target))
    if target.status == Status.DROPPED:
        raise ValidationError("Chỉ tiêu này đã bỏ.")
    reason = _reason(reason, needed=True)
    old = target.value if target.value is not None else target.asked
    target.status, target.value, target.asked, target.offered = Status.DROPPED, None, None, None
    return _save(target, Action.DROPPED, by, old, None, reason)


def settle_rows(
    targets: Sequence[Target], stored: Mapping[int, Decimal | None], *, by, at: dt.datetime, file_name: str,
    sets: Sequence[bool],
) -> list[TargetEvent]:  # fmt: skip
    """Rows of a file, checked and not written yet: each has what the file says as `value`, `stored` what was in force.

    What the level above brings in is in force at once, what the unit itself brings in is a proposal (`sets` says which
    is which). Gives the log, to be written after the targets.
    """
    events = []
    for target, is_set in zip(targets, sets, strict=True):
        value, old = target.value, stored.get(target.pk)
        if is_set:
            _give(target, value)
        else:
            target.status, target.value, target.asked, target.offered = Status.PROPOSED, old, value, None
        action = Action.SET if is_set else Action.PROPOSED
        note = f"Nhập từ tệp {file_name}"[:LONGEST_TARGET_REASON]
        events.append(TargetEvent(target=target, action=action, old=old, new=value, reason=note, by=by, at=at))
    return events


# Parts ---------------------------------------------------------------------------------------------------------------


def _sets(by, unit: AdministrativeUnit, what: Aim | Target) -> bool:
    version = UnitVersion.objects.on(today_for(by)).filter(unit=unit).first()
    return version is not None and may_set_target(by, unit, version.path, asked_of(by, what))


def _locked(target_id: int) -> Target:
    """The target, locked: of two people who answer at once one wins and the other is told."""
    rows = Target.objects.select_for_update(of=("self",)).select_related("unit", "indicator", "service")
    return rows.get(pk=target_id)


def _proposal(by, target_id: int) -> Target:
    target = _locked(target_id)
    require(_sets(by, target.unit, target))
    if target.status != Status.PROPOSED:
        raise ValidationError("Đề xuất này đã được trả lời.")
    return target


def _locked_or_new(unit: AdministrativeUnit, aim: Aim) -> Target:
    list(AdministrativeUnit.objects.select_for_update().filter(pk=unit.pk).values_list("pk"))  # two first ones at once
    rows = Target.objects.select_for_update(of=("self",)).select_related("unit", "indicator", "service")
    return rows.filter(aim.rows, unit=unit).first() or aim.target_of(unit)


def _all_checked(
    target: Target, value: Decimal | None, reason: str, *, reason_needed: bool, answers: bool = False
) -> tuple[Decimal, str]:
    """Span, value and reason of a new value; everything that is wrong is said at once, by field. `answers`: a value
    that the unit has asked for may be given."""
    wrong: dict[str, list] = {}

    def new_value() -> Decimal:
        amount = _checked(value, target)
        if target.status == Status.ACCEPTED and target.value == amount:
            raise ValidationError({"value": f"Đang giao đúng {shown_value(amount, target)}."})
        if target.status == Status.PROPOSED and target.asked == amount and not answers:
            raise ValidationError({"value": f"Đã đề xuất {shown_value(amount, target)}, đang chờ trả lời."})
        return amount

    found: list[Any] = []
    for check in (target.check_span, new_value, lambda: _reason(reason, needed=reason_needed)):
        try:
            found.append(check())
        except ValidationError as error:
            wrong |= error.error_dict
    if wrong:
        raise ValidationError(wrong)
    return found[1], found[2]


def _checked(value: Decimal | None, target: Target) -> Decimal:
    if value is None:
        raise ValidationError({"value": "Ghi chỉ tiêu."})
    if value < 0:
        raise ValidationError({"value": "Ô này chỉ nhận số từ 0."})
    if target.most is not None and value > target.most:
        raise ValidationError({"value": f"Chỉ tiêu này ghi phần trăm, nhiều nhất {target.most}."})
    return value


def _reason(text: str, *, needed: bool) -> str:
    reason = one_line(text)
    if needed and not reason:
        raise ValidationError({"reason": "Ghi lý do."})
    if len(reason) > LONGEST_TARGET_REASON:
        raise ValidationError({"reason": f"Lý do dài nhất {format_number(LONGEST_TARGET_REASON)} ký tự."})
    return reason


def _give(target: Target, value: Decimal | None) -> Decimal | None:
    """In force from now on; gives what was before."""
    old = target.value
    target.status, target.value, target.asked, target.offered = Status.ACCEPTED, value, None, None
    return old


def _save(target: Target, action: str, by, old: Decimal | None, new: Decimal | None, reason: str) -> Target:
    target.full_clean()
    target.save()
    TargetEvent.objects.create(target=target, action=action, old=old, new=new, reason=reason, by=by, at=now_for(by))
    return target
