"""How exact a total is: published figures carry "hơn" or "gần", and so does what is made of them.

A figure shows its own word. A total of several figures is as inexact as its parts: "hơn 83.002" and exactly 17.998 are
hơn 101.000, "gần" likewise, so one kind of word among the parts stands before the total too, and a note says how many
parts have it. Parts with both words leave no direction: then the note alone says so. Rates carry no word: they are made
of the numbers as written ("hơn 101.000/184.683" is 54,69%).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from de_an_06.plain.numbers import format_number
from reporting.models import Basis, Indicator, IndicatorFigure, Period

from .contributions import source
from .joined import Joined
from .places import COUNTED


@dataclass(frozen=True)
class Said:
    """`word` stands before the number ('' = exact or no direction); `note` says how many of its parts have a word."""

    word: str = ""
    note: str = ""


EXACT = Said()


def with_words(units: Sequence[int], read: Sequence[Period], basis: str):
    """All indicators, in the one query in which `is_inexact` says which have a qualified figure under the units."""
    below_any = reduce(or_, (Q(report__path__contains=f"/{unit_id}/") for unit_id in units))
    qualified = IndicatorFigure.objects.exclude(qualifier="").filter(
        below_any,
        indicator=OuterRef("pk"),
        report__period__in=read,
        report__status__in=COUNTED[Basis(basis)],
    )
    return Indicator.objects.annotate(is_inexact=Exists(qualified))


def said_of(
    unit_id: int, read: Sequence[Period], basis: str, inexact: Mapping[int, str], joined: Joined | None = None
) -> dict[int, Said]:
    """Indicator -> how exact its total under the unit is; `inexact` (id -> code) are those that `with_words` names."""
    found = {}
    for pk, code in inexact.items():
        rows = source(unit_id, list(read), basis, code, joined=joined).rows  # the figures that are in it, and no other
        found[pk] = said_together([row.qualifier for row in rows])
    return found


def said_together(parts: Sequence[str]) -> Said:
    """The words of a total's parts ('' = exact) -> what is said of the total."""
    words = sorted({word for word in parts if word})
    if not words:
        return EXACT
    word = words[0] if len(words) == 1 else ""
    if len(parts) == 1:
        return Said(word)
    count = format_number(sum(1 for part in parts if part))
    named = " hoặc ".join(f"“{word}”" for word in words)
    return Said(word, f"{count} trong {format_number(len(parts))} số cộng vào ghi {named}")
