"""What the app above tells this one.

The layers go one way: `reporting` builds on `taskforces`, and nothing here imports it but for the catalogue. Five
times the register needs something from above nevertheless; `reporting.register_hooks` puts it here when the portal
starts. Lists of plain functions and facts, not signals: all of it is found in these two files, the caller uses what
comes back, and an error stops the caller's transaction.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from django.db.models import Model


class Trace(NamedTuple):
    """A log in which people leave rows: its words for people, its model, the field that names the person."""

    words: str
    model: type[Model]
    field: str


class Followed(NamedTuple):
    """What a corrected tree did to what stands under its units."""

    moved: int  # put in another place
    losses: list[tuple[int, str]]  # what people sent in or published and now changes: unit, reason


# Called with the units whose place or time the correction of the tree changed, in the same transaction.
follow_tree: list[Callable[[Collection[int]], Followed]] = []

# Called in the same transaction after any correction of the tree: of a place, a time, a name or a succession.
tree_changed: list[Callable[[], None]] = []

# Called with the targets a file brings in, before they are written: (targets, {pk: value in force}, by=, at=,
# file_name=, sets=[is this row from the level above?]). Settles value and status, gives the rows of their log.
settle_targets: list[Callable[..., Sequence[Model]]] = []

# Logs of the app above that name a person.
traces: list[Trace] = []

# Of these units, the last day (not after the given one) up to which each was active: {unit id: day}.
last_active: list[Callable[[Iterable[int], dt.date], dict[int, dt.date]]] = []
