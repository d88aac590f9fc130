"""Reading: the page a chair reads in a minute, and the rows behind each of its numbers."""

import datetime as dt
from urllib.parse import quote

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from de_an_06.plain.numbers import format_number, format_rate, whole_number, with_qualifier
from reporting.exports.issuing import Form
from reporting.figures import SIGNS
from reporting.models import Basis, Period
from reporting.reading.against_targets import ReachedByKey, beside_figures
from reporting.reading.contributions import (
    COLUMNS,
    OF_ALL_SERVICES,
    Source,
    UnknownMeasure,
    name_rows,
    sort_by,
    source,
    values_below,
)
from reporting.reading.findings import facts_of, findings
from reporting.reading.heat import grid_of
from reporting.reading.joined import boundaries
from reporting.reading.overview import NoFigures, Overview, months_of, overview
from reporting.reading.peers import peers_of
from reporting.reading.places import Stretch
from reporting.reading.qualifiers import said_together
from reporting.reading.ranking import DEFAULT_RANKING, UnknownRanking
from reporting.reading.units_below import REST, REST_NAME
from reporting.review import corrections, publishing
from taskforces.models import UnitVersion
from taskforces.models.units import path_ids, reporter_name
from taskforces.register.assignment_counts import Overdue, Tally, overdue, tallies_below
from taskforces.register.conclusions import late_by_unit, late_findings_by_unit
from taskforces.scope import path_in_scope, sees_path
from taskforces.units.tree import version_of_day

from . import dashboard_charts as charts
from . import dashboard_findings as standing_out
from . import dashboard_numbers as numbers
from . import dashboard_ranks as ranks
from . import dashboard_tables as tables
from .choices import Choice, context_bar, in_scope, read_choice
from .coded_pages import coded_page
from .heat_tables import grid_table
from .kept_pages import PageStanding, fresh_page, kept_page
from .urging import urging_of_dashboard

CONTRIBUTIONS_A_PAGE = 100
LAST_YEAR = "cung-ky"  # the small numbers of the tables: change since the same months of the year before
LATE_ASSIGNMENTS = 5  # overdue assignments named on the page
WORST_UNITS = 10  # of a unit with many below it the page shows these by service, the page of units all of them


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard(request: HttpRequest) -> HttpResponse:
    """One unit, one span, one basis: six numbers, who reported, units below, services, indicators, trend.

    POST: the same page to print, with a check code given for what it shows at this moment.
    """
    ranked_by = request.GET.get("xep_theo", DEFAULT_RANKING)
    compared_with = request.GET.get("so_voi", "")
    standing = PageStanding.of(request)
    choice = read_choice(request, may_join=True)
    if choice is None:
        return render(request, "taskforces/no_posting.html")
    if compared_with not in {"", LAST_YEAR}:
        raise Http404

    def make_context() -> dict:
        return _context(request, choice, ranked_by, compared_with)

    template = "reporting/dashboard.html"
    try:
        if request.method == "POST":
            return coded_page(request, choice, make_context, Form.DASHBOARD, lambda c: fresh_page(request, template, c))
        return kept_page(request, standing, choice, template, make_context, ranked_by, compared_with)
    except NoFigures:
        return no_figures(request, choice)
    except UnknownRanking as error:
        raise Http404 from error


def _context(request: HttpRequest, choice: Choice, ranked_by: str, compared_with: str) -> dict:
    """What the page says. Raises NoFigures, UnknownRanking."""
    hidden = {"xep_theo": ranked_by if ranked_by != DEFAULT_RANKING else "", "so_voi": compared_with}
    hidden = {name: value for name, value in hidden.items() if value}
    seen = seen_by(choice, ranked_by=ranked_by)
    links = unit_link, source_link = tables.source_links(choice)
    shown = list(filter(tables.in_table, seen.rows))
    trend_months = {point.month.key for point in seen.trend}
    targets = targets_of(seen)
    trend = charts.trend(
        seen,
        {p.key: choice.query(ky=p.key, **hidden) for p in choice.own_periods},
        seen.left_out.words([p for p in choice.own_periods if p.key in trend_months]),
        targets,
    )
    sides = {"": seen.comparison, LAST_YEAR: seen.year_ago}
    chosen = compared_with if sides[compared_with] is not None else ("" if compared_with else LAST_YEAR)
    compared = sides[chosen]  # what was asked for, or the only one that can be compared with
    heat = None
    if not seen.joined:
        grid = grid_of(seen, shown, WORST_UNITS, seen.settings.fewest_dossiers)
        heat = grid_table(grid, seen.basis, unit_link, source_link)
    if heat and len(heat["rows"]) < len(shown):
        heat["foot"] = []  # a sum of the worst alone says nothing
    return {
        "ctx": context_bar(request, choice, seen=seen, hidden=hidden),
        "choice": choice,
        "seen": seen,
        "title": title_of(seen),
        "lead": lead_of(seen),
        "not_counted": seen.not_counted,
        "is_official": seen.basis == Basis.OFFICIAL,
        "who": tables.who_reported(seen, unit_link),
        "urging": urging_of_dashboard(request.user, seen),
        "heat": heat,
        "heat_url": reverse("dashboard-heat") + choice.query(),
        "units_of_heat": len(shown),
        "ranking": None if seen.joined else ranks.ranking(seen, unit_link, source_link),
        "peers": _peers(seen, source_link),
        "rankings": ranks.choices(seen, targets),
        "fewest": seen.settings.fewest_dossiers,
        "compared_with": compared_with,
        "compared": compared,
        "compared_links": [
            (choice.query(**hidden | {"so_voi": key or None}) + "#so-voi", words, other.label, key == chosen)
            for key, words in (("", "Kỳ trước"), (LAST_YEAR, "Cùng kỳ năm trước"))
            if (other := sides[key]) is not None
        ],
        "units": tables.unit_rows(shown, unit_link, source_link, compared),
        "units_without_reports": tables.units_without_reports(seen, unit_link),
        "unit_total": tables.unit_total(seen, source_link, compared),
        "services": tables.service_table(seen, source_link, compared, targets),
        "indicators": tables.indicator_groups(seen, source_link, compared, targets),
        "signs": SIGNS,
        "trend": trend,
        "chart": charts.chart_data(seen, trend),
        "export_query": choice.query(),
        "print_query": choice.query(**hidden),
        **_publication(request, seen),
    } | key_figures(request, choice, seen, links, targets)


def _publication(request: HttpRequest, seen: Overview) -> dict:
    """Which version of a month's official figures this is, and how many corrections wait; nothing of other figures."""
    if seen.basis != Basis.OFFICIAL or len(seen.periods) > 1 or seen.joined:
        return {}
    published = publishing.versions(seen.periods[0].pk, path_ids(seen.version.path)).first()
    if published is None:
        return {}
    sees_province = any(
        in_scope(request.user, v) for v in [*seen.ancestors, seen.version] if v.unit_id == published.province_id
    )
    return {
        "published": published,
        "published_url": published.get_absolute_url() if sees_province else "",
        "corrections_waiting": corrections.waiting_under(request.user, seen.unit_id, seen.periods[0].pk),
    }


def key_figures(request: HttpRequest, choice: Choice, seen: Overview, links: tuple, targets: ReachedByKey) -> dict:
    """The six numbers of the head, what stands out, and the overdue assignments; `links` as tables.source_links.

    The last of a page that reads from the reports: what was read is kept here.
    """
    day, is_newest = _register_day(choice, seen)
    tallies = tallies_below(choice.unit_id, day)
    register = sum(tallies.values(), Tally())
    moment = {"periods": choice.periods, "now": choice.now, "day": day, "is_newest": is_newest}
    overdue_query = standing_out.overdue_query(choice.unit_id, "" if is_newest else day.isoformat())
    _, source_link = links
    found = []
    if not seen.joined:
        late = {
            "conclusions": late_by_unit(choice.unit_id, day) if register.overdue else {},
            "remedies": late_findings_by_unit(choice.unit_id, day),
        }
        facts = facts_of(seen, **moment, tallies=tallies, **late, has_targets=bool(targets))
        found = standing_out.shown(
            findings(seen, facts), seen, choice, request.user, links, overdue_query, facts.settings.waiting_days
        )
    seen.kept.save()
    return {
        "rates_are_of": numbers.not_counted(seen),
        "stats": numbers.stats(seen, source_link, (register.done, register.total), day, targets),
        "findings": found,
        "late": overdue(choice.unit_id, day, LATE_ASSIGNMENTS) if register.overdue else Overdue([], 0),
        "late_day": day,
        "late_url": f"{reverse('assignment-list')}?{urlencode(overdue_query)}",
    }


def chairs_page(request: HttpRequest, choice: Choice, seen: Overview, links: tuple) -> dict:
    """What meeting mode and the sheet of A4 show of the dashboard, to which their findings lead."""
    figures = key_figures(request, choice, seen, links, targets_of(seen))
    page = reverse("dashboard") + choice.query()
    standing_out.lead_to(page, figures["findings"])
    return figures | {
        "ctx": context_bar(request, choice, seen=seen),
        "seen": seen,
        "title": title_of(seen),
        "lead": lead_of(seen),
        "is_official": seen.basis == Basis.OFFICIAL,
        "back": page,
        "who": tables.who_reported(seen, links[0]),
        "peers": _peers(seen, links[1]),
        "compared": seen.comparison,
    }


def _peers(seen: Overview, source_link) -> dict | None:
    """The unit's rank among its peers; joined figures are not ranked."""
    return None if seen.joined else ranks.peers(seen, peers_of(seen), source_link)


def targets_of(seen: Overview) -> ReachedByKey:
    """What the unit's targets are of -> those to stand beside the figures; they are not held against joined ones."""
    if seen.joined:
        return {}
    return beside_figures(seen.unit_id, seen.version.unit.level, seen.periods[-1])


def seen_by(choice: Choice, **more) -> Overview:
    """The choice's overview; raises NoFigures."""
    if choice.span is None:
        raise NoFigures
    versions, periods = choice.versions, choice.periods
    return overview(
        choice.unit_id, choice.span, choice.basis, now=choice.now, versions=versions, periods=periods,
        is_joined=choice.is_joined, **more
    )  # fmt: skip


def _register_day(choice: Choice, seen) -> tuple[dt.date, bool]:
    """As of which day the register is counted: today when the newest month is looked at, else the last day of the
    months looked at. And whether it is the newest."""
    last = seen.periods[-1]
    is_newest = bool(choice.own_periods) and last.key == choice.own_periods[-1].key
    return choice.now.date() if is_newest else last.data_to, is_newest


def title_of(seen) -> str:
    parts = seen.submissions
    done = "đã duyệt" if seen.basis == Basis.OFFICIAL else "đã nộp"
    label = f"Tổng quan {seen.label}"
    if not parts.expected_reports:
        return f"{label}: không có báo cáo phải nộp"
    if not seen.has_units_below and len(seen.periods) == 1:
        return f"{label}: {done if parts.reports else 'chưa nộp' if done == 'đã nộp' else 'chưa duyệt'}"
    if len(seen.periods) == 1:
        return f"{label}: {format_number(parts.reports)}/{format_number(parts.expected_reports)} đơn vị {done}"
    return f"{label}: {format_number(parts.reports)}/{format_number(parts.expected_reports)} báo cáo {done}"


def lead_of(seen) -> str:
    if not seen.boundaries_changed:
        return _basis_and_change(seen)
    if seen.joined:
        return f"Địa giới nối theo ngày {seen.day:%d/%m/%Y}. {_basis_and_change(seen)}"
    return f"Mỗi tháng theo địa giới tại thời điểm. {_basis_and_change(seen)}"


def _basis_and_change(seen) -> str:
    basis = (
        "Số chính thức chỉ gồm báo cáo đã duyệt."
        if seen.basis == Basis.OFFICIAL
        else "Số tạm tính gồm báo cáo đã gửi và đã duyệt."
    )
    if seen.comparison is None:
        return f"{basis} Chưa có kỳ trước để so sánh." if seen.submissions.reports else basis
    states = ""
    if len(seen.comparison.months) > 1:
        states = f"; số tồn và lũy kế so với cuối {seen.comparison.last_label}"
    if not seen.has_units_below:
        return f"{basis} So sánh với {seen.comparison.label}{states}."
    same = f"{format_number(seen.comparison.units)} đơn vị"
    if len(seen.periods) > 1:
        same += " có cùng số tháng đã nộp"
    return f"{basis} So sánh với {seen.comparison.label} trên cùng {same}{states}."


def no_figures(request: HttpRequest, choice: Choice) -> HttpResponse:
    latest = choice.own_periods[-1] if choice.own_periods else None
    context = {
        "ctx": context_bar(request, choice),
        "choice": choice,
        "unit_name": choice.versions[-1].name,
        "latest_label": latest.label if latest else "",
        "latest_url": choice.query(ky=latest.key) if latest else "",
    }
    return render(request, "reporting/dashboard_empty.html", context)


def _row_of_page(request: HttpRequest, choice: Choice, day: dt.date) -> UnitVersion | None:
    """`dong`: one row of the unit's page, a unit right below it or one that was, as it was last called there."""
    if (text := request.GET.get("dong")) is None:
        return None
    there = UnitVersion.objects.filter(unit_id=whole_number(text), parent_id=choice.unit_id, valid_from__lte=day)
    version = there.order_by("-valid_from").first()
    if version is None:
        raise Http404
    return version


@require_safe
def source_rows(request: HttpRequest) -> HttpResponse:
    """Every report in one number, with its part; the sum below is the number shown on the page."""
    choice = read_choice(request, may_join=True)
    if choice is None or choice.span is None:
        raise Http404
    by_key = {p.key: p for p in choice.own_periods}
    read = [by_key[m.key] for m in choice.span.months if m.key in by_key]
    if not read:
        raise Http404
    joined = boundaries(choice.versions, choice.span, read, choice.periods) if choice.is_joined else None
    if joined:
        read = joined.months(choice.span, choice.periods)
    own = choice.unit_id if request.GET.get("rieng") == "1" else None
    is_rest = joined is not None and request.GET.get("dong") == str(REST)
    row = None if is_rest else _row_of_page(request, choice, read[-1].data_to)
    below = REST if is_rest else row.unit_id if row else own
    measure = request.GET.get("so", "")
    try:
        found = source(choice.unit_id, read, choice.basis, measure, below=below, joined=joined)
    except UnknownMeasure as error:
        raise Http404 from error
    heads = _column_heads(request, found)
    page = Paginator(found.rows, CONTRIBUTIONS_A_PAGE).get_page(request.GET.get("trang"))
    name_rows(page.object_list, read)
    labels = {p.pk: p.label for p in read}
    version = row or version_of_day(choice.versions, read[-1].data_to)
    name = REST_NAME if is_rest else version.name if version else ""
    said = said_together([row.qualifier for row in found.rows])
    context = {
        "choice": choice,
        "span_label": choice.span.label_of(months_of(read)),
        "unit_name": reporter_name(name, choice.versions[0].unit.level) if own else name,
        "measure": found.label,
        "source": found,
        "value": with_qualifier(format_number(found.value), said.word),
        "said": said.note,
        "not_counted": found.left_out.words(read),
        "all_services": measure + OF_ALL_SERVICES,
        "of": format_number(found.of),
        "zeros": sum(row.value == 0 for row in found.rows),
        "rate": format_rate(found.value, found.of) if found.has_denominator else "",
        "rows": [
            {
                "url": _marked(row.report_id, measure) if sees_path(request.user, row.path) else "",
                "name": row.unit_name,
                "period": labels[row.period_id],
                "status": tables.report_status(row.status, None),
                "is_late": row.is_late,
                "value": with_qualifier(format_number(row.value), row.qualifier),
                "of": format_number(row.of),
                "rate": format_rate(row.value, row.of) if found.has_denominator else "",
            }
            for row in page.object_list
        ],
        "below": _values_below(request, choice, read, found) if own is None and joined is None else [],
        "heads": heads,
        "page": page,
        "back": choice.query(),
        "boundaries": f"địa giới nối theo ngày {joined.day:%d/%m/%Y}" if joined else "",
        "basis_words": "chỉ báo cáo đã duyệt" if choice.basis == Basis.OFFICIAL else "báo cáo đã gửi và đã duyệt",
    }
    return render(request, "reporting/source_rows.html", context)


def _marked(report_id: int, measure: str) -> str:
    """The report's page at the cells that are in the number."""
    return reverse("report-detail", args=[report_id]) + f"?o={quote(measure)}#o"


def _column_heads(request: HttpRequest, found: Source) -> list[dict]:
    """The heads of the rows, each a link that sorts by it; sorts the rows as the address (`xep`) says.

    'so' sorts as one looks at such a column first (large numbers, low rates), '-so' the other way.
    """
    heads = {"don-vi": "Đơn vị", "ky": "Kỳ", "trang-thai": "Trạng thái", "so": "Số liệu"}
    if found.has_denominator:
        heads |= {"so": "Số đạt", "tong": "Tổng số", "ty-le": "Tỷ lệ"}
    chosen = request.GET.get("xep", "")
    column, other_way = chosen.removeprefix("-"), chosen.startswith("-")
    if chosen:
        if column not in heads:
            raise Http404
        large_first = COLUMNS[column][1] != other_way
        sort_by(found, column, large_first=large_first)
    return [
        {
            "label": label,
            "is_number": key in {"so", "tong", "ty-le"},
            "next": f"-{key}" if chosen == key else key,
            "sorted": ("descending" if large_first else "ascending") if key == column else "",
        }
        for key, label in heads.items()
    ]


def _values_below(request: HttpRequest, choice: Choice, read: list[Period], found: Source) -> list[dict]:
    """The units right below, each with its own value of an indicator that is never added over units."""
    if found.own_indicator is None:
        return []
    visible = UnitVersion.objects.filter(path_in_scope(request.user))
    pairs = values_below(found.own_indicator, Stretch(choice.unit_id, choice.basis, read), visible)
    return [
        {
            "name": name,
            "value": format_number(pair.numerator),
            "of": format_number(pair.denominator),
            "rate": format_rate(*pair.rate) if found.has_denominator else "",
        }
        for name, pair in pairs
    ]
