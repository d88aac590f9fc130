"""The figures that a file or a page said, kept under its code, and how they differ from those of another day.

Totals by service and indicator as the overview has them, the headline rates as shown, and each reporting unit's figures
by service: what the last sheet of the summary lists. Of more than MOST_DETAILED_ROWS such rows the sums of the units
right below are kept instead. A figure that was not reported is None and never equals 0.
"""

import datetime as dt
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.utils import timezone

from de_an_06.plain.numbers import format_number, format_rate
from de_an_06.plain.spans import Span
from reporting.figures import FIGURE, FIGURE_FIELDS, RATES
from reporting.reading.overview import Overview, begun_periods, months_of, overview
from reporting.reading.ranges import add
from reporting.review.publishing import Figures, cell_words

from .detail_rows import Names, UnitDossiers, service_rows

MOST_DETAILED_ROWS = 20_000  # reporting units times services; a province of a hundred communes has 2,500
NOTHING_SAID = "trống"


@dataclass
class FiguresSaid:
    """What was said of one unit and span. `rows`: 'unit id|service code' -> its figures in the order of FIGURE_FIELDS;
    where not `is_detailed`: 'unit id|' -> sums over all services of a unit right below."""

    name: str
    months: list[str]
    reports: list[int]  # in the figures, owed
    rates: dict[str, str]
    totals: Figures
    names: dict[str, str]  # unit id -> name
    rows: dict[str, list[int | None]]
    is_detailed: bool = True

    def packed(self) -> bytes:
        return zlib.compress(json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode(), 9)

    @classmethod
    def unpacked(cls, figures: bytes) -> "FiguresSaid":
        return cls(**json.loads(zlib.decompress(figures)))


def said_of(
    seen: Overview,
    sources: Sequence[UnitDossiers] | None = None,
    names: Names | None = None,
    *,
    is_detailed: bool | None = None,
) -> FiguresSaid:
    """What a page or file made of this overview says; `sources`, `names`: its rows where they are read already.

    `is_detailed`: as in what it is to be held against; without it as many rows allow.
    """
    units = seen.joined.line.members if seen.joined else [seen.unit_id]
    if sources is None:
        sources = service_rows(units, seen.periods, seen.basis) if is_detailed is not False else []
    if is_detailed is None:
        is_detailed = len(sources) <= MOST_DETAILED_ROWS
    codes = {service.pk: service.code for service in seen.catalogue}
    totals: Figures = {
        f"{line.service.code}.{name}": getattr(line.dossiers, name) for line in seen.services for name in FIGURE_FIELDS
    }
    for line in seen.indicators:
        totals[f"{line.indicator.code}.numerator"] = line.pair.numerator
        totals[f"{line.indicator.code}.denominator"] = line.pair.denominator
    rows: dict[str, list[int | None]] = {}
    called: dict[str, str] = {}
    if not is_detailed:
        for row in seen.rows:
            called[str(row.unit_id)] = row.name
            rows[f"{row.unit_id}|"] = [getattr(row.dossiers, name) for name in FIGURE_FIELDS]
    elif seen.has_units_below or seen.joined:
        names = names or Names(units, seen.periods)
        for source in sources:  # a unit that moved has a row for each place
            called[str(source.unit_id)] = names.on(source.unit_id, source.named.data_to).name
            key = f"{source.unit_id}|{codes[source.service_id]}"
            known = rows.get(key, [None] * len(FIGURE_FIELDS))
            rows[key] = [add(one, other) for one, other in zip(known, source.figures, strict=True)]
    owed = seen.submissions
    return FiguresSaid(
        name=seen.version.name,
        months=[month.key for month in months_of(seen.periods)],
        reports=[owed.reports, owed.expected_reports],
        rates={rate.name: format_rate(*seen.measures.rate(rate)) for rate in RATES},
        totals={cell: value for cell, value in totals.items() if value is not None},
        names=called,
        rows=rows,
        is_detailed=is_detailed,
    )


def seen_now(unit_id: int, span: Span, basis: str, is_joined: bool, now: dt.datetime) -> Overview:
    """What the pages say of it at this moment; raises NoFigures."""
    periods = begun_periods(timezone.localtime(now).date())
    seen = overview(unit_id, span, basis, now=now, periods=periods, is_joined=is_joined)
    seen.kept.save()
    return seen


@dataclass(frozen=True)
class FigureChanged:
    """One figure that is said otherwise: of which unit, what, before and now."""

    unit: str
    figure: str
    old: str
    new: str


def figures_changed(old: FiguresSaid, new: FiguresSaid, names: Mapping[str, str]) -> list[FigureChanged]:
    """The unit's own totals first, then unit by unit; `names`: code of a service or indicator -> its name."""
    total = f"Tổng {old.name}" if old.rows or new.rows else old.name
    found = []
    if old.reports != new.reports:
        counts = [f"{format_number(count)}/{format_number(owed)}" for count, owed in (old.reports, new.reports)]
        found.append(FigureChanged(total, "Báo cáo trong số liệu", *counts))
    for rate in RATES:
        if old.rates.get(rate.name) != new.rates.get(rate.name):
            shown = (side.rates.get(rate.name, NOTHING_SAID) for side in (old, new))
            found.append(FigureChanged(total, f"Tỷ lệ chung, {rate.short_label.lower()}", *shown))
    for cell in _in_order(old.totals, new.totals):
        if (was := old.totals.get(cell)) != (now := new.totals.get(cell)):
            found.append(FigureChanged(total, cell_words(cell, names), _text(was), _text(now)))
    blank: list[int | None] = [None] * len(FIGURE_FIELDS)
    for key in _in_order(old.rows, new.rows):
        unit_id, _, code = key.partition("|")
        unit = new.names.get(unit_id) or old.names.get(unit_id, unit_id)
        for name, was, now in zip(FIGURE_FIELDS, old.rows.get(key, blank), new.rows.get(key, blank), strict=True):
            if was != now:
                words = cell_words(f"{code}.{name}", names) if code else FIGURE[name].label
                found.append(FigureChanged(unit, words, _text(was), _text(now)))
    return found


def _in_order(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _text(value: int | None) -> str:
    return format_number(value, blank=NOTHING_SAID)
