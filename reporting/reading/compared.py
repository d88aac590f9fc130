"""The months a stretch is compared with: equally many, and named."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from de_an_06.plain.spans import Month, Span, months_label
from reporting.models import Period

from .units_below import Measures


def months_of(periods: Iterable[Period]) -> list[Month]:
    return [Month(p.year, p.month) for p in periods]


@dataclass
class Comparison:
    """The same units' figures in the months read that have ended, and in equally many months before them."""

    span: Span  # the whole span before
    months: list[Month]  # those of it that were read
    units: int
    now: Measures
    before: Measures

    @property
    def label(self) -> str:
        """'quý III/2026' where all of it was read, else the months."""
        return self.span.label if self.months == self.span.months else months_label(self.months)

    @property
    def last_label(self) -> str:
        """The month at whose end the states compared with stood."""
        return months_label(self.months[-1:])


def compared_months(span: Span, read: list[Period], by_key: dict[str, Period], today: dt.date) -> list[Period]:
    """The months that answer the months read, one for one; none when one of them is not there.

    A month still running has nothing to be compared, unless it is all there is.
    """
    back = span.previous()
    months = (back.first.year - span.first.year) * 12 + back.first.month - span.first.month
    ended = [p for p in read if p.data_to < today] or read
    found = [by_key.get(month.plus(months).key) for month in months_of(ended)]
    return [p for p in found if p is not None] if all(found) else []
