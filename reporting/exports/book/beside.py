"""Columns of other months beside the figures, where asked: the span before, the same of last year, the year so far.

Changes are those of `Overview.comparison` and `year_ago` (on the units that reported in both), the year so far is that
span's own overview: the numbers of the pages, none made here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from de_an_06.plain.numbers import NO_VALUE, rate, rounded
from reporting.figures import RATES
from reporting.models import Indicator
from reporting.reading.overview import Dossiers, Measures, Pair
from reporting.reading.units_below import UnitRow

from ..comparison import Block, blocks_of, notes_of
from ..sheets import Row, SheetColumn, SheetTable
from .choice import BEFORE, YEAR_AGO, YEAR_TO_DATE
from .frame import Book

_Pair = tuple[int | None, int | None]  # numerator and denominator
_Sides = tuple[Any, Any] | None  # now and then, both Measures, Dossiers or Pair


class Beside:
    """`blocks`: what is compared with, one block of columns each; `to_date`: the year so far, unless it is shown."""

    def __init__(self, book: Book):
        self.view = book.view
        chosen = set(book.choice.columns)
        known = blocks_of(book.view)
        # Where the span before is the year before, it stands once.
        kinds = [{BEFORE}, {YEAR_AGO}] if len(known) > 1 else [{BEFORE, YEAR_AGO}]
        self.blocks: list[Block] = [block for block, kind in zip(known, kinds, strict=True) if kind & chosen]
        self.to_date = book.year_to_date if YEAR_TO_DATE in chosen else None

    def note(self, table: SheetTable) -> None:
        if self.blocks:
            for text in notes_of(self.view, self.blocks):
                table.note(text)

    # Dossiers

    def dossier_columns(self) -> tuple[SheetColumn, ...]:
        return tuple(self._dossier_columns())

    def _dossier_columns(self) -> Iterator[SheetColumn]:
        for i, block in enumerate(self.blocks):
            yield SheetColumn(f"then{i}", f"Tiếp nhận {block.then.lower()}", block.title, width=10, shown="number")
            yield SheetColumn(f"change{i}", "Tiếp nhận: tăng, giảm", block.title, width=10, shown="change")
            for one in RATES:
                words = f"{one.short_label}, {block.then.lower()}"
                yield SheetColumn(f"{one.name}_then{i}", words, block.title, width=10, shown="percent")
                words = f"{one.short_label}: tăng, giảm (điểm phần trăm)"
                yield SheetColumn(f"{one.name}_points{i}", words, block.title, width=13, shown="points")
        if self.to_date:
            title = f"Lũy kế {self.to_date.label}"
            yield SheetColumn("received_to_date", "Tiếp nhận", title, width=10, shown="number")
            yield SheetColumn("resolved_to_date", "Đã giải quyết", title, width=10, shown="number")
            for one in RATES:
                yield SheetColumn(f"{one.name}_to_date", one.short_label, title, width=10, shown="percent")

    def of_service(self, pk: int) -> Row:
        row = self._dossiers([block.compared.services.get(pk) if block.compared else None for block in self.blocks])
        lines = self.to_date.services if self.to_date else []
        return row | _to_date(next((line.dossiers for line in lines if line.service.pk == pk), None))

    def of_unit(self, unit: UnitRow) -> Row:
        key = None if unit.is_own else unit.unit_id
        sides = [
            block.compared.rows.get(key) if block.compared and unit.is_comparable else None for block in self.blocks
        ]
        rows = self.to_date.rows if self.to_date else []
        found = (row.measures for row in rows if (row.unit_id, row.is_own) == (unit.unit_id, unit.is_own))
        return self._dossiers(sides) | _to_date(next(found, None))

    def of_all(self, *, headline: bool) -> Row:
        """Of all services of all units; `headline`: the rates as on the head of the page."""

        def part(measures: Measures) -> Measures | Dossiers:
            return measures if headline else measures.dossiers

        sides = [
            (part(block.compared.now), part(block.compared.before)) if block.compared else None for block in self.blocks
        ]
        return self._dossiers(sides) | _to_date(part(self.to_date.measures) if self.to_date else None)

    def _dossiers(self, sides: Sequence[_Sides]) -> dict:
        row: dict = {}
        for i, pair in enumerate(sides):
            if not pair:
                continue
            now, then = pair
            row[f"then{i}"], row[f"change{i}"] = _received(then), _change(_received(now), _received(then))
            for one in RATES:
                row[f"{one.name}_then{i}"] = _percent(then.rate(one))
                row[f"{one.name}_points{i}"] = _points(now.rate(one), then.rate(one))
        return row

    # Indicators

    def indicator_columns(self) -> tuple[SheetColumn, ...]:
        return tuple(self._indicator_columns())

    def _indicator_columns(self) -> Iterator[SheetColumn]:
        for i, block in enumerate(self.blocks):
            yield SheetColumn(f"then{i}", f"Số đạt {block.then.lower()}", block.title, width=11, shown="number")
            yield SheetColumn(f"change{i}", "Số đạt: tăng, giảm", block.title, width=11, shown="change")
            yield SheetColumn(f"rate_then{i}", f"Tỷ lệ {block.then.lower()}", block.title, width=10, shown="percent")
            yield SheetColumn(f"points{i}", "Tỷ lệ: tăng, giảm (điểm phần trăm)", block.title, width=13, shown="points")
        if self.to_date:
            title = f"Lũy kế {self.to_date.label}"
            yield SheetColumn("numerator_to_date", "Số đạt", title, width=11, shown="number")
            yield SheetColumn("denominator_to_date", "Tổng số", title, width=11, shown="number")
            yield SheetColumn("rate_to_date", "Tỷ lệ", title, width=10, shown="percent")

    def of_indicator(self, indicator: Indicator) -> Row:
        row: dict = {}
        is_ratio = indicator.kind == Indicator.Kind.RATIO
        for i, block in enumerate(self.blocks):
            pair = block.compared.indicators.get(indicator.pk) if block.compared else None
            if not pair:
                continue
            now, then = pair
            row[f"then{i}"], row[f"change{i}"] = then.numerator, _change(now.numerator, then.numerator)
            if is_ratio:
                row[f"rate_then{i}"], row[f"points{i}"] = _percent(then.rate), _points(now.rate, then.rate)
        lines = self.to_date.indicators if self.to_date else []
        found: Pair | None = next((line.pair for line in lines if line.indicator.pk == indicator.pk), None)
        if found:
            row["numerator_to_date"] = found.numerator
            if is_ratio:
                row |= {"denominator_to_date": found.denominator, "rate_to_date": _percent(found.rate)}
        return row


def _to_date(found: Measures | Dossiers | None) -> dict:
    if found is None:
        return {}
    dossiers = found.dossiers if isinstance(found, Measures) else found
    row: dict = {"received_to_date": dossiers.received, "resolved_to_date": dossiers.resolved}
    return row | {f"{one.name}_to_date": _percent(found.rate(one)) for one in RATES}


def _received(found: Measures | Dossiers) -> int | None:
    return found.dossiers.received if isinstance(found, Measures) else found.received


def _change(now: int | None, then: int | None) -> int | None:
    return None if now is None or then is None else now - then


def _percent(pair: _Pair) -> float | str:
    exact = rate(*pair)
    return NO_VALUE if exact is None else float(exact / 100)


def _points(now: _Pair, then: _Pair) -> float | None:
    """Rounded from the exact difference, as on the pages."""
    a, b = rate(*now), rate(*then)
    return None if a is None or b is None else float(rounded(a - b, 2))
