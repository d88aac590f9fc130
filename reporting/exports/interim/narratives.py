"""The words of the units below, gathered for an interim report: chosen, edited and put in order by its staff.

A report keeps the words of its unit untouched; what is edited here stands in the interim report alone. Every writing
goes through `save`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from de_an_06.plain.numbers import format_number
from de_an_06.plain.personal_numbers import find_personal_numbers
from de_an_06.plain.spans import Month, Span
from de_an_06.plain.vietnamese import paragraphs, search_key
from reporting.models import Basis, ChosenNarrative, InterimReport, Report
from reporting.models.reports import NARRATIVE_FIELDS
from reporting.reading.overview import Overview
from reporting.reading.places import COUNTED
from reporting.report_log import NotAllowed
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import may_keep_register, require

LONGEST_WORDS = 6000  # characters of one text here
LONGEST_CONCLUSION = 20_000
LABELS = {f.name: str(f.verbose_name) for f in Report._meta.fields if f.name in NARRATIVE_FIELDS}


@dataclass
class WrittenWords:
    """Paragraphs by field of the report, and those of the conclusion ([]: nobody wrote one)."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    conclusion: list[str] = field(default_factory=list)


# Reading -------------------------------------------------------------------------------------------------------------


def of(unit_id: int, span: Span) -> InterimReport | None:
    return InterimReport.objects.filter(unit=unit_id, span=span.key).select_related("saved_by").first()


def chosen(interim: InterimReport | None, name: str = "") -> QuerySet[ChosenNarrative]:
    """In their order, each with `unit_name` as in its month; `name` one field, '' all."""
    found = with_names(ChosenNarrative.objects.filter(interim=interim, is_chosen=True), "source__")
    return found.filter(field=name) if name else found


def chosen_by_section(interim: InterimReport | None) -> dict[str, int]:
    """Field -> how many are chosen; one query."""
    if interim is None:
        return {}
    rows = interim.narratives.filter(is_chosen=True).order_by().values_list("field").annotate(n=Count("pk"))
    return dict(rows)


def offered(unit_id: int, span: Span, name: str, search: str = "") -> QuerySet[Report]:
    """Reports under the unit that were sent and have such words, newest month first; `words` are the field's.

    `search`: a part of the unit's name, without regard to accents.
    """
    keys = {(month.year, month.month) for month in span.months}
    sent = Report.objects.under(unit_id).filter(status__in=COUNTED[Basis.PROVISIONAL])
    inside = [
        pk for pk, *key in sent.values_list("period", "period__year", "period__month").distinct() if tuple(key) in keys
    ]
    found = with_names(sent.filter(period__in=inside).exclude(**{name: ""}).annotate(words=F(name)))
    if search:
        found = found.filter(unit_search__contains=search_key(search))
    return found.order_by("-period__data_to", "unit_order", "pk")


def with_names(rows: QuerySet, report: str = "") -> QuerySet:
    """Each with `unit_name` of its report's month, in the same query; `report` leads to it."""
    versions = UnitVersion.objects.filter(
        unit=OuterRef(f"{report}unit"), valid_from__lte=OuterRef(f"{report}period__data_to")
    ).order_by("-valid_from")
    paths = (f"{report}unit", f"{report}period")
    return rows.select_related(*paths).annotate(
        unit_name=Subquery(versions.values("name")[:1]),
        unit_order=Subquery(versions.values("sort_key")[:1]),
        unit_search=Subquery(versions.values("search_key")[:1]),
    )


def written_for(seen: Overview) -> WrittenWords:
    """What goes into the report: where nobody chose for a field, the unit's own words of the months read."""
    interim = of(seen.unit_id, seen.span)
    found = WrittenWords({name: [] for name in NARRATIVE_FIELDS})
    if interim is not None:
        found.conclusion = lines_of(interim.conclusion)
        for one in chosen(interim):
            found.texts[one.field] += lines_of(one.text)
    untouched = [name for name in NARRATIVE_FIELDS if not found.texts[name] and not _was_touched(interim, name)]
    if untouched:
        own = Report.objects.filter(
            unit=seen.unit_id, period__in=seen.periods, status__in=COUNTED[Basis(seen.basis)]
        ).select_related("period")
        for report in own.order_by("period__data_to"):
            for name in untouched:
                words = lines_of(getattr(report, name))
                if words and len(seen.periods) > 1:
                    month = Month(report.period.year, report.period.month).label
                    words[0] = f"{month.capitalize()}: {words[0]}"
                found.texts[name] += words
    return found


def _was_touched(interim: InterimReport | None, name: str) -> bool:
    """Did somebody choose there, and take everything out again?"""
    return interim is not None and interim.narratives.filter(field=name).exists()


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


# Writing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TypedWords:
    """What a page sent of one field: texts by pk of the chosen, in the order they shall have; what was pressed."""

    texts: Mapping[int, str] = field(default_factory=dict)
    order: Sequence[int] = ()
    choose: int | None = None  # a report
    take_out: int | None = None  # one chosen


@transaction.atomic
def save(*, unit: AdministrativeUnit, span: Span, name: str, by, version: int, typed: TypedWords) -> InterimReport:
    """Keeps the texts and their order, then chooses or takes out. Raises NotAllowed where somebody else saved since
    `version`, ValidationError by pk of the chosen where a text cannot stand."""
    require(may_keep_register(by, unit))
    interim = _locked(unit, span, by, version)
    rows = {row.pk: row for row in interim.narratives.filter(field=name, is_chosen=True)}
    errors = {}
    for pk, text in typed.texts.items():
        if pk in rows:
            rows[pk].text = paragraphs(text)
            if problem := problem_of(rows[pk].text, LONGEST_WORDS):
                errors[str(pk)] = problem
    if errors:
        raise ValidationError(errors)
    places = {pk: place for place, pk in enumerate(typed.order)}
    for place, row in enumerate(sorted(rows.values(), key=lambda r: (places.get(r.pk, len(places)), r.position, r.pk))):
        row.position, row.is_chosen = place, row.pk != typed.take_out
        row.save(update_fields=["text", "position", "is_chosen"])
    if typed.choose is not None:
        _choose(interim, unit, span, name, typed.choose, len(rows))
    return interim


def _choose(interim: InterimReport, unit, span: Span, name: str, report_id: int, place: int) -> None:
    report = offered(unit.pk, span, name).filter(pk=report_id).first()
    if report is None:
        raise NotAllowed("Báo cáo này không còn trong danh sách: đơn vị đã được mở lại hoặc trả lại báo cáo.")
    known = interim.narratives.filter(source=report, field=name).first()
    words = paragraphs(getattr(report, name))
    if known is None:
        known = ChosenNarrative(interim=interim, source=report, field=name, text=words)
    elif known.text == known.own_words:
        known.text = words  # never edited: the unit's words of now
    known.own_words, known.position, known.is_chosen = words, place, True
    known.save()


@transaction.atomic
def save_conclusion(*, unit: AdministrativeUnit, span: Span, by, version: int, text: str) -> InterimReport:
    """'' goes back to the draft from the figures. Raises NotAllowed, ValidationError."""
    require(may_keep_register(by, unit))
    interim = _locked(unit, span, by, version)
    interim.conclusion = paragraphs(text)
    if problem := problem_of(interim.conclusion, LONGEST_CONCLUSION):
        raise ValidationError({"conclusion": problem})
    interim.save(update_fields=["conclusion"])
    return interim


def problem_of(text: str, longest: int) -> str:
    if len(text) > longest:
        return f"Dài nhất {format_number(longest)} ký tự. Bạn đã nhập {format_number(len(text))} ký tự."
    if found := find_personal_numbers(text):
        listed = ", ".join(str(number) for number in found)
        return f"Có số giống thông tin của một người: {listed}. Xóa đi rồi lưu."
    return ""


def _locked(unit: AdministrativeUnit, span: Span, by, version: int) -> InterimReport:
    InterimReport.objects.get_or_create(unit=unit, span=span.key)
    interim = InterimReport.objects.select_for_update(of=("self",)).get(unit=unit, span=span.key)
    if interim.version != version:
        who = interim.saved_by.full_name if interim.saved_by else "người khác"
        raise NotAllowed(
            f"{who} vừa lưu phần này. Phần bạn gõ chưa lưu và còn ở dưới; chép lại chỗ cần, rồi mở lại trang."
        )
    interim.version, interim.saved_by, interim.saved_at = version + 1, by, now_for(by)
    interim.save(update_fields=["version", "saved_by", "saved_at"])
    return interim


def saved_words(interim: InterimReport | None) -> tuple[str, dt.datetime | None]:
    """Who saved last, and when."""
    if interim is None or interim.saved_by is None:
        return "", None
    return interim.saved_by.full_name, interim.saved_at
