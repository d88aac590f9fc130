"""Postings: give one, end one, move or hand one over in one step, send a substitute for some days.

Provincial staff do it for roles they may give at or below their province, administrators for all but their own kind
(`scope.may_give_posting`); nobody changes their own. Rights follow the days: whoever has no posting today has none.
From reviewer up a posting gives nothing until a second person who may give it, too, has confirmed it.
Each act writes its PostingEvent in the same transaction, with both names. Nothing is deleted.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from de_an_06.plain.vietnamese import one_line
from reporting.models.catalogue import Indicator
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, Posting, PostingEvent, UnitVersion, User
from taskforces.scope import (
    may_change_posting,
    may_give_posting,
    names_body,
    needs_second_person,
    path_in_scope_of_unit,
    require,
)

Action = PostingEvent.Action

# Writing -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def give(
    *,
    by: User,
    user: User,
    unit: AdministrativeUnit,
    role: str,
    valid_from: dt.date,
    branch: str = "",
    body: str = "",
    groups: Iterable[str] = (),
    valid_to: dt.date | None = None,
    note: str = "",
) -> Posting:
    """A further posting for somebody who has an account; a department's names its body and the body's indicators."""
    _require_may_give(by, role, unit)
    _require_receiver(by, user)
    posting = _open(_place(unit, role, branch, body, groups), user, valid_from, valid_to)
    _log(posting, Action.GIVEN, by, f"{user}: {_words(posting)}, {_days(posting)}", note)
    return posting


@transaction.atomic
def confirm(*, by: User, posting_id: int) -> Posting:
    """The second person has looked who gets what; from now on the posting counts on its days."""
    posting = _locked(posting_id, by)
    refusal = why_not_confirm(by, posting)
    if refusal:
        raise ValidationError(refusal)
    note = ""
    if ends_password(posting):
        posting.user.set_unusable_password()
        posting.user.save(update_fields=["password"])
        note = "Mật khẩu cũ hết hiệu lực, chờ phiếu mới"
    posting.waits = False
    posting.save(update_fields=["waits"])
    _log(posting, Action.CONFIRMED, by, f"{posting.user}: {_words(posting)}, {_days(posting)}", note)
    return posting


def ends_password(posting: Posting) -> bool:
    """Will confirming end the account's password? When the giver may know it: they opened the account or handed out a
    link of it before, and nobody has confirmed such a role of it yet."""
    user, giver = posting.user, giver_of(posting)
    others = user.postings.exclude(pk=posting.pk)
    if any(needs_second_person(other.role) and not other.waits for other in others):
        return False
    opening = [Action.GIVEN, Action.TRANSFERRED, Action.DELEGATED, Action.LINK_GIVEN]
    earlier = PostingEvent.objects.filter(posting__in=others, by=giver, action__in=opening)
    return user.has_usable_password() and earlier.exists()


def why_not_confirm(by: User, posting: Posting) -> str:
    """Why this person is not the second one, '' when they are (that they may give the role is asked apart)."""
    if not posting.waits:
        return "Phân công này không chờ xác nhận."
    giver = giver_of(posting)
    if giver == by.pk:
        return "Bạn đã ghi phân công này; người khác có quyền phân công phải xác nhận."
    return ""


def giver_of(posting: Posting) -> int | None:
    """Who gave the posting."""
    first = posting.events.order_by("pk").first()
    return first.by_id if first else None


@transaction.atomic
def end(*, by: User, posting_id: int, on: dt.date, note: str = "") -> Posting:
    """The posting ends with `on`, its last day; a day in the past takes the rights away at once."""
    posting = _locked(posting_id, by)
    _close(posting, on, by)
    _log(posting, Action.ENDED, by, f"{posting.user}: {_words(posting)}, đến hết ngày {on:%d/%m/%Y}", note)
    return posting


@transaction.atomic
def transfer(
    *,
    by: User,
    posting_id: int,
    user: User,
    unit: AdministrativeUnit,
    role: str,
    valid_from: dt.date,
    branch: str = "",
    body: str = "",
    groups: Iterable[str] = (),
    note: str = "",
) -> Posting:
    """Close a posting the day before `valid_from` and open another from that day, in one step.

    The same person goes to another unit, role, branch or body, or another person takes the posting over, or both.
    """
    old = _locked(posting_id, by)
    _require_may_give(by, role, unit)
    if user != old.user:
        _require_receiver(by, user)
    place = _place(unit, role, branch, body, groups)
    if user == old.user and place == _place_of(old):
        raise ValidationError("Chưa đổi gì: người, đơn vị, vai trò và bộ phận vẫn như cũ.")
    if old.substitutes_for_id is not None:
        raise ValidationError("Đây là phân công thay người khác; kết thúc hoặc cử lại, không điều chuyển.")
    _close(old, valid_from - dt.timedelta(days=1), by, name="valid_from")
    new = _open(place, user, valid_from, None)
    names = f"{old.user} thôi {_words(old)}; {new.user} nhận {_words(new)} từ ngày {valid_from:%d/%m/%Y}"
    _log(old, Action.TRANSFERRED, by, names, note)
    _log(new, Action.GIVEN, by, names, note)
    return new


@transaction.atomic
def delegate(
    *, by: User, posting_id: int, user: User, valid_from: dt.date, valid_to: dt.date, note: str = ""
) -> Posting:
    """Somebody stands in for some days (both included), with the rights of the posting stood in for."""
    main = _locked(posting_id, by)
    _require_receiver(by, user)
    if main.substitutes_for_id is not None:
        raise ValidationError("Người thay không cử người khác thay mình.")
    if user == main.user:
        raise ValidationError({"user": "Chọn người khác với người được thay."})
    if valid_from < today_for(by):
        raise ValidationError({"valid_from": "Cử người thay từ hôm nay trở đi; ngày đã qua không cấp quyền lại được."})
    if valid_to < valid_from:
        raise ValidationError({"valid_to": "Ngày cuối phải từ ngày đầu trở đi."})
    if valid_from < main.valid_from or (main.valid_to is not None and valid_to > main.valid_to):
        raise ValidationError({"valid_to": f"{main.user} giữ vị trí này {_days(main)}; chỉ thay trong những ngày đó."})
    other = main.substitutes.filter(_overlaps(valid_from, valid_to)).select_related("user").first()
    if other is not None:
        raise ValidationError({"valid_from": f"{other.user} đã thay {main.user} {_days(other)}."})
    posting = _open(_place_of(main), user, valid_from, valid_to, substitutes_for=main)
    _log(posting, Action.DELEGATED, by, f"{user} thay {main.user}: {_words(main)}, {_days(posting)}", note)
    return posting


# Reading -------------------------------------------------------------------------------------------------------------


def acting_name(user: User, unit: AdministrativeUnit, at: dt.datetime) -> str:
    """Who acted for the unit, and in whose place: 'Trần Văn A (thay Nguyễn Thị B)'."""
    return Substitutes({unit.pk}).name(user, at)


@dataclass
class Substitutes:
    """Who stood in for whom in some units, over all time; read once for a whole log, one query where nobody did."""

    unit_ids: set[int]

    def __post_init__(self):
        rows = Posting.objects.filter(unit_id__in=self.unit_ids, substitutes_for__isnull=False)
        self.stood_in = list(rows.select_related("substitutes_for__user"))
        people = {row.user_id for row in self.stood_in}
        own = Posting.objects.filter(unit_id__in=self.unit_ids, substitutes_for__isnull=True, user_id__in=people)
        self.own = list(own) if people else []

    def name(self, user: User, at: dt.datetime, unit_ids: set[int] | None = None) -> str:
        """The name to show for an act in these units (all of them when none are named).

        Whoever held a posting of their own there that day acted as themselves.
        """
        day, places = timezone.localtime(at).date(), self.unit_ids if unit_ids is None else unit_ids

        def held(rows):
            return (p for p in rows if p.user_id == user.pk and p.unit_id in places and _holds_on(p, day))

        if any(held(self.own)):
            return str(user)
        substitute = next(held(self.stood_in), None)
        return str(user) if substitute is None else f"{user} (thay {substitute.substitutes_for.user})"


# Parts ---------------------------------------------------------------------------------------------------------------


def may_change(by: User, posting: Posting, path: str) -> bool:
    """May this person end, move or hand over the posting, or send a substitute? Their own they may not."""
    return posting.user_id != by.pk and may_change_posting(by, posting.role, path)


def path_on(unit: AdministrativeUnit, day: dt.date) -> str:
    """The unit's path in the tree of `day`, for a closed unit that of its last day."""
    versions = unit.versions.filter(valid_from__lte=day).order_by("-valid_from")
    return versions.values_list("path", flat=True).first() or f"/{unit.pk}/"


def _locked(posting_id: int, by: User) -> Posting:
    rows = Posting.objects.select_for_update(of=("self",)).select_related("user", "unit", "substitutes_for__user")
    posting = rows.get(pk=posting_id)
    require(may_change(by, posting, path_on(posting.unit, today_for(by))))
    return posting


def _require_may_give(by: User, role: str, unit: AdministrativeUnit) -> None:
    if not may_give_posting(by, role, path_on(unit, today_for(by))):
        raise ValidationError({"unit": "Bạn không phân công được vai trò này ở đơn vị này."})


def _require_receiver(by: User, user: User) -> None:
    """An active account known in the actor's area, or one that has no posting yet; never the actor."""
    if user == by:
        raise ValidationError({"user": "Không ai tự phân công cho mình."})
    if not user.is_active:
        raise ValidationError({"user": f"Tài khoản {user.username} đã khóa."})
    held = Posting.objects.filter(user=user)
    if held.exists() and not held.filter(path_in_scope_of_unit(by)).exists():
        raise ValidationError({"user": f"Không có tài khoản {user.username} trong địa bàn của bạn."})


def _close(posting: Posting, on: dt.date, by: User, *, name: str = "on") -> None:
    """Give the posting its last day; substitutes running past it end with it."""
    if posting.valid_to is not None and posting.valid_to < today_for(by):
        raise ValidationError(f"Phân công này đã kết thúc ngày {posting.valid_to:%d/%m/%Y}.")
    if on < posting.valid_from:
        first = posting.valid_from + dt.timedelta(days=name == "valid_from")
        raise ValidationError(
            {name: f"Phân công này có từ ngày {posting.valid_from:%d/%m/%Y}; chọn từ ngày {first:%d/%m/%Y} trở đi."}
        )
    if posting.valid_to is not None and on > posting.valid_to:
        raise ValidationError({name: f"Phân công này chỉ có đến hết ngày {posting.valid_to:%d/%m/%Y}."})
    posting.valid_to = on
    posting.save(update_fields=["valid_to"])
    for substitute in posting.substitutes.filter(valid_from__lte=on, valid_to__gt=on).select_related("user"):
        substitute.valid_to = on
        substitute.save(update_fields=["valid_to"])
        _log(
            substitute, Action.ENDED, by, f"{substitute.user} thôi thay {posting.user}, đến hết ngày {on:%d/%m/%Y}", ""
        )


def _place(unit, role, branch: str = "", body: str = "", groups: Iterable[str] = ()) -> dict:
    """Where and as what somebody is posted. `groups` in the order of the catalogue; only a department has some."""
    body, wanted = one_line(body), set(groups)
    if names_body(role) and not body:
        raise ValidationError({"body": "Ghi ban, ngành nào, đúng tên như trong nhiệm vụ được giao."})
    if not names_body(role) and (body or wanted):
        raise ValidationError({"body": "Chỉ cán bộ ban, ngành có ban, ngành và nhóm chỉ tiêu; vai trò khác để trống."})
    return {"unit": unit, "role": role, "branch": branch, "body": body, "groups": in_catalogue_order(wanted)}


def _place_of(posting: Posting) -> dict:
    return {name: getattr(posting, name) for name in ("unit", "role", "branch", "body", "groups")}


def _open(place: dict, user, valid_from, valid_to, substitutes_for=None) -> Posting:
    """A new posting; refused where the person holds the same one in those days, or the unit is not there."""
    unit, role = place["unit"], place["role"]
    if valid_from < unit.opened_on or (unit.closed_on is not None and valid_from > unit.closed_on):
        raise ValidationError({"valid_from": "Đơn vị không hoạt động vào ngày này."})
    same = {name: place[name] for name in ("unit", "role", "branch", "body")}
    held = Posting.objects.filter(_overlaps(valid_from, valid_to), user=user, **same).first()
    if held is not None:
        raise ValidationError({"user": f"{user} đã giữ {_words(held)} {_days(held)}."})
    posting = Posting(
        **place,
        user=user,
        valid_from=valid_from,
        valid_to=valid_to,
        substitutes_for=substitutes_for,
        waits=needs_second_person(role),
    )
    posting.full_clean()
    posting.save()
    return posting


def _overlaps(valid_from: dt.date, valid_to: dt.date | None) -> Q:
    condition = Q(valid_to__isnull=True) | Q(valid_to__gte=valid_from)
    return condition if valid_to is None else condition & Q(valid_from__lte=valid_to)


def _holds_on(posting: Posting, day: dt.date) -> bool:
    return posting.valid_from <= day and (posting.valid_to is None or posting.valid_to >= day)


def _words(posting: Posting) -> str:
    """'Cán bộ nhập liệu (Công an), Phường Phước Long'; of a department also its indicators."""
    version = UnitVersion.objects.filter(unit_id=posting.unit_id).order_by("-valid_from").first()
    words = f"{posting.role_label}, {version.name if version else posting.unit}"
    return f"{words}, chỉ tiêu {group_labels(posting.groups).lower()}" if posting.groups else words


def in_catalogue_order(groups: Iterable[str]) -> str:
    """Groups of indicators as a posting keeps them: 'health social_security'."""
    wanted = set(groups)
    return " ".join(group for group in Indicator.Group.values if group in wanted)


def group_labels(groups: str) -> str:
    """'Y tế, An sinh xã hội' of the groups of a posting."""
    return ", ".join(str(Indicator.Group(group).label) for group in groups.split())


def _days(posting: Posting) -> str:
    since = f"từ ngày {posting.valid_from:%d/%m/%Y}"
    return since if posting.valid_to is None else f"{since} đến hết ngày {posting.valid_to:%d/%m/%Y}"


def _log(posting: Posting, action: str, by: User, what: str, note: str) -> None:
    note = " ".join(note.split()).rstrip(".")
    text = f"{what}. {note}." if note else f"{what}."
    PostingEvent.objects.create(posting=posting, action=action, by=by, at=now_for(by), note=text)
