"""What a page is about, read from its address: unit (don_vi), span (ky), basis (co_so), where a page knows both also
boundaries (dia_gioi), within the person's scope."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from de_an_06.plain.numbers import whole_number
from de_an_06.plain.spans import MOST_MONTHS, Month, Span, month_typed
from reporting.models import Basis, Period
from reporting.reading.months import reports_in_months
from reporting.reading.overview import begun_periods, months_of, periods_of_unit
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from taskforces.scope import path_in_scope, sees_everything, sees_path

from .saved_views import save_url

JOINED = "noi"  # boundaries of the span's last day carried back; without it each month by its own
BASES = {"tam-tinh": Basis.PROVISIONAL, "chinh-thuc": Basis.OFFICIAL}


@dataclass
class TypedSpan:
    """'Từ tháng … đến tháng …' as it was typed, and what is wrong beside each field."""

    first: str
    last: str
    errors: dict[str, str]


@dataclass
class Choice:
    """A unit in the person's scope, its versions there, the begun months, and the span and basis asked for."""

    unit_id: int
    versions: list[UnitVersion]
    periods: list[Period]  # every begun month
    own_periods: list[Period]  # those on whose last day the unit existed
    held: dict[int, int]  # period -> reports in the figures, of those in which it owes any
    span: Span | None  # None: the unit has no month at all
    basis: str
    now: object
    is_joined: bool = False
    typed: "TypedSpan | None" = None  # a free span that was typed and not understood

    @property
    def basis_key(self) -> str:
        return next(key for key, basis in BASES.items() if basis == self.basis)

    def query(self, **changes) -> str:
        """The address's choice with changes: '?don_vi=..&ky=..&co_so=..'; None leaves a key out."""
        values = {"don_vi": self.unit_id, "ky": self.span.key if self.span else None, "co_so": self.basis_key}
        values["dia_gioi"] = JOINED if self.is_joined else None
        return "?" + urlencode({k: v for k, v in (values | changes).items() if v is not None})


def read_choice(request: HttpRequest, *, may_join: bool = False) -> Choice | None:
    """The choice of this request; None for a person without a unit. 404 outside the scope or for a broken address.

    `may_join`: does the page know both boundaries? Others show each month by its own.
    """
    unit_id = unit_asked(request)
    if unit_id is None:
        return None
    known = UnitVersion.objects.filter(path_in_scope(request.user), unit_id=unit_id).select_related("unit")
    versions = list(known.order_by("valid_from"))
    if not versions:
        raise Http404
    now, today = now_for(request.user), today_for(request.user)
    periods = begun_periods(today)
    own = periods_of_unit(versions, periods)
    basis_key = request.GET.get("co_so", "tam-tinh")
    if basis_key not in BASES:
        raise Http404
    span, typed = _typed_span(request, own)
    if span is None and "ky" in request.GET:
        try:
            span = Span.parse(request.GET["ky"])
        except ValueError as error:
            raise Http404 from error
    basis = BASES[basis_key]
    held = reports_in_months(unit_id, versions[0].unit.level, basis, own)
    if span is None and own:
        offered = [p for p in own if p.pk in held] or own
        ended = [p for p in offered if p.data_to < today]
        latest = (ended or offered)[-1]
        span = Span.month(Month(latest.year, latest.month))
    boundaries = request.GET.get("dia_gioi", "") if may_join else ""
    if boundaries not in {"", JOINED}:
        raise Http404
    return Choice(
        unit_id,
        versions,
        periods,
        own,
        held,
        span,
        basis,
        now,
        boundaries == JOINED,
        typed if typed and typed.errors else None,
    )


FIRST, LAST = "tu_thang", "den_thang"
WRITE_SO = "Ghi tháng và năm, ví dụ 01/2025."


def _typed_span(request: HttpRequest, own: list[Period]) -> tuple[Span | None, TypedSpan | None]:
    """The free span of the address, with a month of `own` in it; or what was typed, with what is wrong. Neither where
    none was asked for."""
    if FIRST not in request.GET and LAST not in request.GET:
        return None, None
    first, last = (request.GET.get(name, "").strip()[:30] for name in (FIRST, LAST))
    start, end = month_typed(first), month_typed(last)
    errors = {name: WRITE_SO for name, month in ((FIRST, start), (LAST, end)) if month is None}
    if start is not None and end is not None:
        if end < start:
            errors[LAST] = f"Tháng cuối phải từ {start.label} trở đi."
        elif end > (latest := start.plus(MOST_MONTHS - 1)):
            errors[LAST] = f"Chọn nhiều nhất {MOST_MONTHS} tháng, đến {latest.label}."
        elif not any(start <= month <= end for month in months_of(own)):
            errors[FIRST] = "Không có kỳ báo cáo nào trong khoảng này."
            if own:
                errors[FIRST] += f" Đơn vị có kỳ báo cáo từ {own[0].label} đến {own[-1].label}."
        else:
            return Span.between(start, end), None
    return None, TypedSpan(first, last, errors)


def unit_asked(request: HttpRequest) -> int | None:
    """The unit of the address, else that of the person's posting; it may lie outside the scope. 404 for no number."""
    if asked := request.GET.get("don_vi"):
        if (unit_id := whole_number(asked)) is None:
            raise Http404
        return unit_id
    if request.posting is not None:
        return request.posting.unit_id
    if sees_everything(request.user):
        return AdministrativeUnit.objects.filter(level=Level.NATION).values_list("pk", flat=True).first()
    return None


NO_FIGURES = " (chưa có số liệu)"


def empty_months(periods: list[Period], held: dict[int, int]) -> frozenset[Month]:
    """Those in whose figures no report is; `held` as reports_in_months gives it."""
    return frozenset(Month(p.year, p.month) for p in periods if not held.get(p.pk))


def span_groups(
    own: list[Period], chosen: Span | None, empty: frozenset[Month] = frozenset()
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """For the picker: (group, [(key, label, chosen)]) of months and of the longer stretches with a month of `own`.

    A stretch of nothing but `empty` months says so.
    """
    months = [Month(p.year, p.month) for p in reversed(own)]
    have = set(months)
    longer: list[Span] = []
    for year in sorted({m.year for m in months}, reverse=True):
        in_year = [m for m in months if m.year == year]
        keys = [f"{year}-YTD{in_year[0].month:02d}", str(year), f"{year}-9M", f"{year}-H2", f"{year}-H1"]
        keys += [f"{year}-Q{q}" for q in (4, 3, 2, 1)]
        spans = [Span.parse(key) for key in keys]
        longer += [s for s in spans if have & set(s.months) and (s.kind != "ytd" or len(in_year) < 12)]
    years = _several_years(months)
    listed = [Span.month(m) for m in months] + longer + years
    groups = [("Tháng", listed[: len(months)]), ("Quý, 6 tháng, 9 tháng, năm", longer), ("Nhiều năm", years)]
    if chosen is not None and chosen.key not in {s.key for s in listed}:
        groups.insert(0, ("Đang xem", [chosen]))
    return [
        (name, [(s.key, _said(s, have, empty), chosen is not None and s.key == chosen.key) for s in spans])
        for name, spans in groups
        if spans
    ]


def _several_years(months: list[Month]) -> list[Span]:
    """Stretches over a year, of `months` (newest first): the last 24 and 36, whole years, from the first month on."""
    if not months or months[-1].plus(12) > months[0]:
        return []
    last, first = months[0], max(months[-1], months[0].plus(1 - MOST_MONTHS))
    spans = [Span.between(last.plus(1 - size), last) for size in (24, 36) if first <= last.plus(1 - size)]
    spans += [Span.between(Month(year, 1), Month(last.year, 12)) for year in range(last.year - 1, first.year - 1, -1)]
    spans += [Span.between(first, last)]
    return list({span.key: span for span in spans if len(span.months) <= MOST_MONTHS}.values())


def _said(span: Span, have: set[Month], empty: frozenset[Month]) -> str:
    text = span.label[:1].upper() + span.label[1:]
    return text + NO_FIGURES if have & set(span.months) <= empty else text


def _plain(month: Month) -> str:
    """As one types it: '01/2025'."""
    return f"{month.month:02d}/{month.year}"


def in_scope(user, version: UnitVersion) -> bool:
    """May the person open this unit's page? (Answered from its path, without a query.)"""
    return sees_path(user, version.path)


def context_bar(request: HttpRequest, choice: Choice, *, seen=None, hidden: dict | None = None) -> dict:
    """What components/context_bar.html shows. `seen` (an Overview) adds the units above and below and the time."""
    offered = [p for p in choice.own_periods if p.pk in choice.held]
    groups = span_groups(offered, choice.span, empty_months(offered, choice.held))
    shown = choice.span
    typed = choice.typed or TypedSpan(_plain(shown.first) if shown else "", _plain(shown.last) if shown else "", {})
    bar = {
        "action": request.path,
        "typed": [
            {"name": name, "label": label, "value": value, "error": typed.errors.get(name, "")}
            for name, label, value in ((FIRST, "Từ tháng", typed.first), (LAST, "đến tháng", typed.last))
        ],
        "typed_is_open": bool(typed.errors),
        "span_key": shown.key if shown else "",
        "save_url": save_url(request, choice.query(**(hidden or {}))),
        "spans": groups,
        "bases": [
            (choice.query(co_so=key, **(hidden or {})), label, choice.basis == basis, note)
            for key, basis, label, note in (
                ("tam-tinh", Basis.PROVISIONAL, "Tạm tính", "đã gửi và đã duyệt"),
                ("chinh-thuc", Basis.OFFICIAL, "Chính thức", "chỉ báo cáo đã duyệt"),
            )
        ],
        "boundaries": [],
        "hidden": {"co_so": choice.basis_key} | ({"dia_gioi": JOINED} if choice.is_joined else {}) | (hidden or {}),
        "units": [],
        "previous": None,
        "next": None,
        "unit_id": choice.unit_id,
        "unit_name": choice.versions[-1].name,
    }
    if choice.span is not None:
        have = {(p.year, p.month) for p in offered}
        size = 12 if choice.span.kind in {"year", "nine", "ytd"} else len(choice.span.months)
        for name, step in (("previous", -size), ("next", size)):
            other = choice.span.shifted(step)
            if have & {(m.year, m.month) for m in other.months}:
                bar[name] = choice.query(ky=other.key, **(hidden or {})), other.label
    if seen is not None:
        above = [v for v in seen.ancestors if in_scope(request.user, v)]
        bar["unit_name"] = seen.version.name
        own = [(v.unit_id, v.name, False) for v in above] + [(seen.unit_id, seen.version.name, True)]
        below = [(v.unit_id, v.name, False) for v in seen.children]
        bar["units"] = [("", own)] + ([("Đơn vị bên dưới", below)] if below else [])
        bar["above"] = [(choice.query(don_vi=v.unit_id, **(hidden or {})), v.name) for v in above]
        bar["as_of"] = seen.as_of
        bar["is_stale"] = seen.is_stale
        if getattr(seen, "boundaries_changed", False):
            bar["boundaries"] = [
                (choice.query(dia_gioi=key, **(hidden or {})), label, choice.is_joined == bool(key))
                for key, label in ((None, "Địa giới tại thời điểm"), (JOINED, "Nối địa giới"))
            ]
    return bar
