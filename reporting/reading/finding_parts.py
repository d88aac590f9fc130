"""A finding in parts: words, and what each of them leads to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from de_an_06.plain.numbers import format_number

from .units_below import UnitRow

MOST_NAMED = 3  # units named of many


class Behind(StrEnum):
    """What an address leads to."""

    ROWS = "rows"  # the reports behind a number
    UNIT = "unit"  # the page of a unit
    REPORTS = "reports"  # the reports of the month, those not sent among them
    REPORT = "report"
    ASSIGNMENTS = "assignments"  # those overdue, given by documents
    CONCLUSIONS = "conclusions"  # those overdue, given by meetings
    REMEDIES = "remedies"  # what inspections found and is overdue
    DIFFICULTIES = "difficulties"  # those that wait too long
    DIFFICULTY = "difficulty"


@dataclass(frozen=True)
class Lead:
    """What stands behind a finding or a name in it; views make the address."""

    behind: Behind
    unit_id: int | None = None  # a unit below; None = the unit of the page with all under it
    is_own: bool = False  # the unit of the page alone
    measure: str = ""  # of ROWS: 'DVC09.in_time_rate'
    pk: int | None = None  # of a report or a difficulty
    path: str = ""  # of a report: where it stood in its month


@dataclass(frozen=True)
class Part:
    """Words of a finding; with a lead they are the name of something that can be opened."""

    text: str
    lead: Lead | None = None


@dataclass(frozen=True)
class Finding:
    """`tone` is bad (needs direction), warn (watch) or ok; `weight` is how many dossiers, reports, units, assignments,
    conclusions, remedies, difficulties or targets it speaks of; `kind` names the rule that found it ('missing')."""

    tone: str
    weight: int
    title: str
    lead: Lead | None
    parts: tuple[Part, ...]
    kind: str = ""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


def unit_part(unit_id: int, name: str) -> Part:
    return Part(name, Lead(Behind.UNIT, unit_id))


def rows_behind(measure: str) -> Lead:
    return Lead(Behind.ROWS, measure=measure)


def lead_of_row(row: UnitRow, measure: str) -> Lead:
    return Lead(Behind.ROWS, None if row.is_own else row.unit_id, is_own=row.is_own, measure=measure)


def late_words(late: int, resolved: int | None) -> str:
    return f"{format_number(late)}/{format_number(resolved)} hồ sơ quá hạn"


def joined(parts: Iterable[Part], between: str = ", ") -> list[Part]:
    return [one for part in parts for one in (Part(between), part)][1:]


def named(parts: list[Part]) -> list[Part]:
    """The first of them, and how many others there are."""
    more = [Part(f" và {format_number(len(parts) - MOST_NAMED)} đơn vị khác")] if len(parts) > MOST_NAMED else []
    return [*joined(parts[:MOST_NAMED]), *more]
