"""Reminders are written, once for each person, with a delivery for each channel by which the person wants them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import transaction
from django.utils import timezone

from taskforces.models import Delivery, Occasion, Reminder, ReminderChoice, User

from .channels import ReminderChannel, open_channels
from .rules import Told, told_of_events

A_STATEMENT = 500


def tell_waiting() -> int:
    """What happened and nobody was told of yet: reminders are written and the occasions go, in one transaction.

    Killed in the middle, the occasions stay; two workers at once write each reminder once. How many people were told.
    """
    told = 0
    for batch in _batches(Occasion.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            occasions = list(Occasion.objects.select_for_update().filter(pk__in=batch))
            of_kind: dict[str, list[int]] = {}
            for occasion in occasions:
                of_kind.setdefault(occasion.kind, []).append(occasion.subject)
            for kind, subjects in of_kind.items():
                told += tell(told_of_events(kind, subjects))
            Occasion.objects.filter(pk__in=[occasion.pk for occasion in occasions]).delete()
    return told


def tell(found: Iterable[Told]) -> int:
    """Writes what is new of this; returns how many reminders that is."""
    return sum(_write(batch) for batch in _batches(found))


def _batches(rows: Iterable) -> Iterator[list]:
    """What one transaction takes of them at a time."""
    left = iter(rows)
    while batch := list(islice(left, A_STATEMENT)):
        yield batch


@transaction.atomic
def _write(found: Sequence[Told]) -> int:
    keys = {one.key for one in found}
    known = set(Reminder.objects.filter(key__in=keys).values_list("person_id", "key"))
    new = {
        (person_id, one.key): Reminder(
            person_id=person_id, kind=one.kind, key=one.key, text=one.text, path=one.path, made_at=one.at
        )
        for one in found
        for person_id in sorted(one.people)
        if (person_id, one.key) not in known
    }
    if not new:
        return 0
    Reminder.objects.bulk_create(new.values(), batch_size=A_STATEMENT, ignore_conflicts=True)
    written = Reminder.objects.filter(key__in={key for _, key in new}).select_related(None)
    _address([row for row in written if (row.person_id, row.key) in new])
    return len(new)


def _address(reminders: Sequence[Reminder]) -> None:
    """A delivery by each channel that is open, has an address of the person, and that the person wants for this."""
    channels = open_channels()
    if not channels:
        return
    people = User.objects.in_bulk({row.person_id for row in reminders})
    choices = choices_of(people)
    now = timezone.now()
    deliveries = [
        Delivery(reminder=row, channel=channel.name, made_at=now)
        for channel in channels
        for row in reminders
        if _wants(choices[row.person_id], row.kind, channel, people[row.person_id])
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=A_STATEMENT, ignore_conflicts=True)


def _wants(choice: ReminderChoice, kind: str, channel: ReminderChannel, person: User) -> bool:
    is_wanted = choice.how != ReminderChoice.How.NEVER and kind not in choice.muted.split()
    return is_wanted and bool(channel.address_of(person))


def choices_of(person_ids: Iterable[int]) -> dict[int, ReminderChoice]:
    """How each of these people wants letters; who never said so, as everybody. One query."""
    ids = list(person_ids)
    said = {choice.person_id: choice for choice in ReminderChoice.objects.filter(person__in=ids)}
    return {pk: said.get(pk) or ReminderChoice(person_id=pk) for pk in ids}
