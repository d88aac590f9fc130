"""Reading: the units below a unit side by side – over services, over twelve months, and by how they handed in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from de_an_06.plain.spans import Month, Span
from reporting.headline import LeftOut, read_services
from reporting.models import Basis, Period, ReportingSettings
from reporting.reading.board import read_board
from reporting.reading.family import Family, family
from reporting.reading.heat import MEASURES, Kind, Measure, read_grid, read_lines, read_target_grid
from reporting.reading.overview import months_of
from reporting.reading.places import Stretch
from taskforces.scope import sees_path
from taskforces.units.boundaries import boundaries_of

from . import heat_tables as tables
from . import map_tiles
from .choices import Choice, context_bar, read_choice
from .dashboard import no_figures
from .dashboard_tables import source_links
from .kept_pages import PageStanding, kept_page

MONTHS = 12
VIEWS = {
    "dashboard-heat": "Theo dịch vụ",
    "dashboard-lines": "12 tháng",
    "dashboard-map": "Bản đồ ô",
    "dashboard-board": "Nộp báo cáo",
}
WITHOUT_TARGETS = ("dashboard-lines", "dashboard-map")
BY_TARGET = "so-chi-tieu"  # in place of a measure, where units are held against what they are given
WORST, LISTED = "kem-truoc", "danh-sach"  # orders, as addresses name them
ORDER_WORDS = {
    Kind.RATE: "Thấp trước",
    Kind.VOLUME: "Nhiều trước",
    Kind.OVERDUE: "Nhiều trước",
}


@dataclass
class Asked:
    """What the address asks for beside unit, span and basis: `do` (the number), `thu_tu` (the order)."""

    choice: Choice
    standing: PageStanding
    measure_key: str
    order: str
    read: list[Period]

    @cached_property
    def around(self) -> Family:
        around = family(self.choice.unit_id, self.choice.versions, self.read[-1].data_to)
        around.as_of = self.choice.now
        return around

    @cached_property
    def measure(self) -> Measure:
        return replace(MEASURES[self.measure_key], fewest=ReportingSettings.load().fewest_dossiers)

    @property
    def worst_first(self) -> bool:
        return self.order == WORST

    def hidden(self, **changes) -> dict:
        """What is not said by itself, for addresses of these pages."""
        values = {"do": self.measure_key, "thu_tu": self.order} | changes
        usual = {"do": next(iter(MEASURES)), "thu_tu": WORST}
        return {key: value for key, value in values.items() if value != usual[key]}

    def query(self, **changes) -> str:
        return self.choice.query(**self.hidden(**changes))

    @property
    def months(self) -> list[Month]:
        """Twelve, the last one read at the end."""
        last = months_of(self.read)[-1]
        return [last.plus(k - MONTHS + 1) for k in range(MONTHS)]

    @property
    def periods(self) -> list[Period | None]:
        by_key = {p.key: p for p in self.choice.own_periods}
        return [by_key.get(month.key) for month in self.months]


def _asked(request: HttpRequest, *, has_targets: bool = True) -> Asked | HttpResponse:
    """What is asked for, or the page that says why there is nothing to show."""
    measure, order = request.GET.get("do", next(iter(MEASURES))), request.GET.get("thu_tu", WORST)
    standing = PageStanding.of(request)
    choice = read_choice(request)
    known = measure in MEASURES or (has_targets and measure == BY_TARGET)
    if choice is None or not known or order not in (WORST, LISTED):
        raise Http404
    by_key = {p.key: p for p in choice.own_periods}
    read = [by_key[m.key] for m in choice.span.months if m.key in by_key] if choice.span else []
    if not read:
        return no_figures(request, choice)
    return Asked(choice, standing, measure, order, read)


def _page(request: HttpRequest, asked: Asked, template: str, make_context: Callable[[], dict]) -> HttpResponse:
    return kept_page(request, asked.standing, asked.choice, template, make_context, asked.measure_key, asked.order)


def _context(request: HttpRequest, asked: Asked, name: str, *, of_months: list[Month], worst_words: str) -> dict:
    span = asked.choice.span
    assert span is not None
    last = asked.months[-1].label.removeprefix("tháng ")
    usual = {"do": next(iter(MEASURES))} if asked.measure_key == BY_TARGET else {}
    offered = {key: measure.label for key, measure in MEASURES.items()}
    if name == "dashboard-heat":
        offered[BY_TARGET] = "So với chỉ tiêu"
    label = span.label_of(of_months) if of_months else f"12 tháng đến {last}"
    return {
        "ctx": context_bar(request, asked.choice, seen=asked.around, hidden=asked.hidden()),
        "unit": asked.around.version,
        "label": label,
        "tabs": [
            (reverse(view) + asked.query(**usual if view in WITHOUT_TARGETS else {}), words, view == name)
            for view, words in VIEWS.items()
        ],
        "measures": [(asked.query(do=key), words, key == asked.measure_key) for key, words in offered.items()],
        "orders": [
            (asked.query(thu_tu=key), words, key == asked.order)
            for key, words in ((WORST, worst_words), (LISTED, "Theo danh sách"))
        ],
        "back": asked.choice.query(),
        "has_units_below": bool(asked.around.children),
    }


@require_safe
def grid(request: HttpRequest) -> HttpResponse:
    """Units by services, one number in each cell; each cell leads to the reports behind it."""
    asked = _asked(request)
    if not isinstance(asked, Asked):
        return asked
    make = _target_grid if asked.measure_key == BY_TARGET else _grid
    return _page(request, asked, "reporting/heat_grid.html", lambda: make(request, asked))


def _grid(request: HttpRequest, asked: Asked) -> dict:
    choice, measure = asked.choice, asked.measure
    services, left_out = read_services()
    stretch = Stretch(choice.unit_id, choice.basis, asked.read, left_out=left_out)
    found = read_grid(asked.around, stretch, list(services.values()), measure, worst_first=asked.worst_first)
    words = ORDER_WORDS[measure.kind]
    context = _context(request, asked, "dashboard-heat", of_months=months_of(asked.read), worst_words=words)
    context["state"] = tables.state_of(measure, [row.total for row in found.rows])
    context["heat"] = tables.grid_table(found, choice.basis, *source_links(choice))
    context["not_counted"] = left_out.words(asked.read) if measure.is_rate else ""
    return context


def _target_grid(request: HttpRequest, asked: Asked) -> dict:
    """Units by what they are given for the year of the last month asked for, read officially up to that month."""
    last = asked.read[-1]
    found = read_target_grid(asked.around, last, worst_first=asked.worst_first)
    span = Span("ytd", Month(last.year, 1), Month(last.year, last.month))
    read = replace(asked.choice, span=span, basis=Basis.OFFICIAL)

    def list_link(unit_id: int) -> str:
        return f"{reverse('target-list')}?don_vi={unit_id}&nam={last.year}"

    context = _context(request, asked, "dashboard-heat", of_months=months_of(asked.read), worst_words="Kém trước")
    context["label"] = f"chỉ tiêu năm {last.year}"
    context["ctx"]["bases"] = [  # targets are read officially, whatever basis the other pages keep
        (url, label, True, note) for url, label, _, note in context["ctx"]["bases"] if f"co_so={read.basis_key}" in url
    ]
    context["state"] = tables.state_of_targets(found)
    context["heat"] = tables.target_grid_table(found, source_links(asked.choice)[0], source_links(read)[1], list_link)
    context["by_target"] = span.label
    return context


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """A tile for each unit, coloured by one number; where boundaries were brought in, the map as well."""
    asked = _asked(request, has_targets=False)
    if not isinstance(asked, Asked):
        return asked
    return _page(request, asked, "reporting/heat_tiles.html", lambda: _tiles(request, asked))


def _tiles(request: HttpRequest, asked: Asked) -> dict:
    choice, measure = asked.choice, asked.measure
    services, left_out = read_services()
    stretch = Stretch(choice.unit_id, choice.basis, asked.read, left_out=left_out)
    found = read_grid(asked.around, stretch, list(services.values()), measure, worst_first=asked.worst_first)
    words = ORDER_WORDS[measure.kind]
    context = _context(request, asked, "dashboard-map", of_months=months_of(asked.read), worst_words=words)
    context["state"] = tables.state_of(measure, [row.total for row in found.rows])
    context["not_counted"] = left_out.words(asked.read) if measure.is_rate else ""
    context["measure_label"] = measure.label
    context["tiles"] = shown = map_tiles.tiles_of(found, choice.basis, *source_links(choice))
    if shown is not None:
        outlines = boundaries_of([row.unit.unit_id for row in found.rows])
        context["map"] = map_tiles.drawing(shown["tiles"], outlines)
    return context


@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """One small line for each unit: twelve months of one number, all on one scale."""
    asked = _asked(request, has_targets=False)
    if not isinstance(asked, Asked):
        return asked
    return _page(request, asked, "reporting/heat_lines.html", lambda: _lines(request, asked))


def _lines(request: HttpRequest, asked: Asked) -> dict:
    choice, measure = asked.choice, asked.measure
    left_out = read_services()[1] if measure.is_rate else LeftOut()
    found = read_lines(asked.around, choice.basis, asked.periods, measure, left_out, worst_first=asked.worst_first)

    def source_link_of(month: Month):
        return source_links(replace(choice, span=Span.month(month)))[1]

    words = ORDER_WORDS[measure.kind]
    context = _context(request, asked, "dashboard-lines", of_months=[], worst_words=words)
    context["state"] = tables.state_of(measure, [line.last for line in found])
    context["not_counted"] = left_out.words([period for period in asked.periods if period is not None])
    context["lines"] = tables.small_multiples(found, asked.months, measure, source_links(choice)[0], source_link_of)
    return context


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Units by months: handed in on time, late, sent back, not at all, or last month's figures again."""
    asked = _asked(request)
    if not isinstance(asked, Asked):
        return asked
    return _page(request, asked, "reporting/heat_board.html", lambda: _board(request, asked))


def _board(request: HttpRequest, asked: Asked) -> dict:
    choice = asked.choice
    found = read_board(asked.around, asked.periods, choice.periods, choice.now, worst_first=asked.worst_first)

    def board_link(unit_id: int, month: Month) -> str:
        return reverse("dashboard-board") + replace(choice, unit_id=unit_id).query(ky=month.key, **asked.hidden())

    seen: dict[str, bool] = {}

    def sees(path: str) -> bool:
        if path not in seen:
            seen[path] = sees_path(request.user, path)
        return seen[path]

    context = _context(request, asked, "dashboard-board", of_months=[], worst_words="Thiếu nhiều trước")
    context["board"] = tables.board_table(found, asked.months, sees, source_links(choice)[0], board_link)
    context["state"] = context["board"]["state"]
    return context
