"""The values of a form's placeholders, from the overview that the pages show: (what a cell holds, how it reads).

None is a blank cell, never 0. A rate is the exact quotient; its cell says how it is shown.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils import timezone

from de_an_06.plain.numbers import format_number, rate
from reporting.figures import Rate
from reporting.models import Indicator, IndicatorTerms, PublicService, ServiceTerms
from reporting.reading.overview import Overview
from reporting.reading.ranges import Dossiers, Pair
from reporting.reading.units_below import Measures
from taskforces.models.units import reporter_name

from ..excel import completeness
from .vocabulary import (
    COUNTS,
    INDICATORS_LIST,
    PERCENT,
    RATE_WORDS,
    SERVICES_LIST,
    SHARE,
    UNITS_LIST,
    WORD_OF_ALL,
    Vocabulary,
)

CellContent = int | float | str | None
FormValue = tuple[CellContent, str]


def said(value: CellContent) -> FormValue:
    """A text as it is, a number in Vietnamese form, nothing where there is none."""
    return value, format_number(value) if isinstance(value, int) else "" if value is None else str(value)


class FormValues:
    """What one overview says in the words of the vocabulary."""

    def __init__(self, view: Overview, vocabulary: Vocabulary, *, by: Any, at: dt.datetime):
        self.view, self.vocabulary, self.by, self.at = view, vocabulary, by, at
        self.dossiers = {line.service.code: line.dossiers for line in view.services}
        self.pairs = {line.indicator.code: line.pair for line in view.indicators}
        self.remark = ""  # what `ghi_chu` says
        self.check_code = ""

    @cached_property
    def valid_codes(self) -> set[str]:
        """Services and indicators that somebody reports on the last day of the span."""
        services = ServiceTerms.objects.on(self.view.day).values_list("service__code", flat=True)
        indicators = IndicatorTerms.objects.on(self.view.day).values_list("indicator__code", flat=True)
        return {*services, *indicators}

    def has_figures(self, code: str) -> bool:
        return code in self.dossiers or self.pairs.get(code, Pair()).units > 0

    # One placeholder

    def of(self, key: str) -> FormValue:
        """Of a placeholder that stands alone; a blank of one that the catalogue lost since."""
        if key in (facts := self.facts):
            return said(facts[key])
        code, _, word = key.partition("_")
        if code == WORD_OF_ALL:
            return of_dossiers(self.view.dossiers, word, self.view.measures.rate)
        return self.of_code(code, word) or said(None)

    def of_code(self, code: str, word: str) -> FormValue | None:
        """A figure of a service or an indicator; None where it has none of that kind, such as a service no `mau_so`."""
        one = self.vocabulary.codes.get(code)
        if isinstance(one, Indicator):
            return of_pair(self.pairs.get(code, Pair()), word, is_ratio=one.kind == Indicator.Kind.RATIO)
        if isinstance(one, PublicService) and (word in COUNTS or word in RATE_WORDS or word == "so_don_vi"):
            return of_dossiers(self.dossiers.get(code, Dossiers()), word)
        return None

    @property
    def facts(self) -> dict[str, CellContent]:
        view, owed = self.view, self.view.submissions
        last = view.periods[-1]
        parent = view.ancestors[-1].name if view.ancestors else None
        return {
            "dv_ten": view.version.name,
            "dv_ma": view.version.unit.code,
            "dv_cap_tren": parent,
            "ky": view.label,
            "ky_thang": last.month if view.span.is_month else None,
            "ky_nam": last.year,
            "ky_tu_ngay": f"{view.periods[0].data_from:%d/%m/%Y}",
            "ky_den_ngay": f"{last.data_to:%d/%m/%Y}",
            "muc_do": completeness(view.basis, owed.reports, owed.expected_reports, view.span.is_month),
            "bc_phai_nop": owed.expected_reports,
            "bc_da_co": owed.reports,
            "bc_chua_co": owed.expected_reports - owed.reports,
            "bc_nop_tre": owed.late,
            "nguoi_lap": self.by.full_name if self.by else None,
            "ngay_lap": f"{timezone.localtime(self.at):%d/%m/%Y}",
            "ma_kiem_tra": self.check_code or None,
            "ghi_chu": self.remark or None,
        }

    # Lists

    def rows(self, name: str, words: Iterable[str]) -> list[dict[str, FormValue]]:
        """One item for each row of a list, with these of its words."""
        lines = {UNITS_LIST: self._units, SERVICES_LIST: self._services, INDICATORS_LIST: self._indicators}[name]()
        wanted = list(words)
        return [
            {word: said(number) if word == "stt" else of_line(word) for word in wanted}
            for number, of_line in enumerate(lines, start=1)
        ]

    def _units(self) -> list[Callable[[str], FormValue]]:
        """The unit's own report first, then those below, as the page shows them; of a commune itself alone."""
        view = self.view
        if not view.rows:
            name = reporter_name(view.version.name, view.version.unit.level)
            return [_of_unit(name, view.submissions, view.measures, self.dossiers)]
        return [_of_unit(row.name, row.submissions, row.measures, row.by_service) for row in view.rows]

    def _services(self) -> list[Callable[[str], FormValue]]:
        """Those of the catalogue of that time, and those with figures."""
        shown = [one for one in self.view.catalogue if one.code in self.valid_codes or self.has_figures(one.code)]
        return [_of_service(one, self.dossiers.get(one.code, Dossiers())) for one in shown]

    def _indicators(self) -> list[Callable[[str], FormValue]]:
        shown = [line for line in self.view.indicators if line.indicator.code in self.valid_codes or line.pair.units]
        return [_of_indicator(line.indicator, line.pair) for line in shown]


def _of_unit(name: str, owed: Any, measures: Measures, by_service: dict[str, Dossiers]) -> Callable[[str], FormValue]:
    known = {"ten": name, "bc_phai_nop": owed.expected_reports, "bc_da_co": owed.reports}

    def value(word: str) -> FormValue:
        if word in known:
            return said(known[word])
        code, _, figure = word.partition("_")
        if word in COUNTS or word in RATE_WORDS:
            return of_dossiers(measures.dossiers, word, measures.rate)
        return of_dossiers(by_service.get(code, Dossiers()), figure)

    return value


def _of_service(service: PublicService, dossiers: Dossiers) -> Callable[[str], FormValue]:
    known = {"ma": service.code, "ten": service.name, "ten_ngan": service.short_name}
    return lambda word: said(known[word]) if word in known else of_dossiers(dossiers, word)


def _of_indicator(indicator: Indicator, pair: Pair) -> Callable[[str], FormValue]:
    known = {"ma": indicator.code, "ten": indicator.name, "don_vi_tinh": indicator.unit_of_measure}
    is_ratio = indicator.kind == Indicator.Kind.RATIO
    return lambda word: said(known[word]) if word in known else of_pair(pair, word, is_ratio=is_ratio) or said(None)


# Figures ------------------------------------------------------------------------------------------------------------


def of_dossiers(
    dossiers: Dossiers, word: str, pair_of: Callable[[Rate], tuple[int | None, int | None]] | None = None
) -> FormValue:
    """A word of DOSSIER_WORDS; `pair_of` gives the headline rates where they are of other services."""
    if word in COUNTS:
        return said(dossiers.sum_of(COUNTS[word]))
    if word in RATE_WORDS:
        return _quotient((pair_of or dossiers.rate)(RATE_WORDS[word]), is_share=word.startswith(SHARE))
    return said(dossiers.units)


def of_pair(pair: Pair, word: str, *, is_ratio: bool) -> FormValue | None:
    """A word of INDICATOR_WORDS; a number has no total and no rate. None of a word that indicators do not have."""
    if word == "tu_so":
        return said(pair.numerator)
    if word == "mau_so":
        return said(pair.denominator if is_ratio else None)
    if word in {SHARE, PERCENT}:
        return _quotient(pair.rate if is_ratio else (None, None), is_share=word == SHARE)
    return said(pair.units) if word == "so_don_vi" else None


def _quotient(pair: tuple[int | None, int | None], *, is_share: bool) -> FormValue:
    percent: Fraction | None = rate(*pair)
    if percent is None:
        return said(None)
    text = format_number(percent, 2)
    return (float(percent / 100), f"{text}%") if is_share else (float(percent), text)
