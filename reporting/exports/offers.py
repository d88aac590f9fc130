"""What the export page offers and says: units, how complete a choice is, and which files are out of date."""

import datetime as dt
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Span
from reporting.expected import under_any
from reporting.models import Basis, ExportJob, Period, Report, ReportEvent, SubmissionSummary
from reporting.reading.joined import is_changed
from reporting.reading.overview import begun_periods, periods_of_unit
from reporting.reading.owed import submissions, total_now
from reporting.reading.places import COUNTED, Stretch
from taskforces.clock import today_for
from taskforces.models import Level, UnitVersion
from taskforces.scope import path_in_scope
from taskforces.units.tree import version_of_day

from .excel import completeness as completeness_text

MOST_COMMUNES = 100  # more communes than this in one choice list help nobody; links of the dashboard still reach them
NAMED = 3  # missing units named on the page; the file names all

Action = ReportEvent.Action
# What changes the figures of each basis after a file was made, and how the page says it of one unit.
CHANGES: dict[Basis, dict[str, str]] = {
    Basis.PROVISIONAL: {
        Action.SUBMIT: "gửi báo cáo",
        Action.SEND_BACK: "bị trả lại báo cáo",
        Action.REOPEN: "mở lại báo cáo",
    },
    Basis.OFFICIAL: {Action.APPROVE: "được duyệt báo cáo", Action.REOPEN: "mở lại báo cáo"},
}


def periods_in(user, span: Span) -> list[Period]:
    """Months of the span that have begun for this person, oldest first."""
    keys = {month.key for month in span.months}
    return [period for period in begun_periods(today_for(user)) if period.key in keys]


def units(user, span: Span, wanted: int | None = None) -> list[tuple[int, str]]:
    """Units of the person's scope in the span's last month: highest first, communes only where they are few.

    `wanted`, a unit named in the address, is offered too when it is in scope.
    """
    periods = periods_in(user, span)
    if not periods:
        return []
    tree = UnitVersion.objects.on(periods[-1].data_to).filter(path_in_scope(user)).select_related("unit")
    found = list(tree.exclude(unit__level=Level.COMMUNE))
    communes = list(tree.filter(unit__level=Level.COMMUNE)[: MOST_COMMUNES + 1])
    if len(communes) <= MOST_COMMUNES:
        found += communes
    elif wanted is not None:
        found += list(tree.filter(unit__level=Level.COMMUNE, unit_id=wanted))
    order = {level: rank for rank, level in enumerate(Level.values)}
    found.sort(key=lambda version: (order[version.unit.level], version.sort_key, version.pk))
    options = [(version.unit_id, version.name) for version in found]
    if wanted is not None and wanted not in dict(options):
        options += _ended_unit(user, wanted, periods)
    return options


def _ended_unit(user, unit_id: int, periods: list[Period]) -> list[tuple[int, str]]:
    """A unit that ended on the way, under the name of its last month in the span."""
    versions = list(UnitVersion.objects.filter(path_in_scope(user), unit_id=unit_id))
    read = periods_of_unit(versions, periods)
    version = version_of_day(versions, read[-1].data_to) if read else None
    return [(unit_id, version.name)] if version else []


def completeness(user, unit_id: int, span: Span, basis: str) -> dict:
    """Counts of both bases, the words the file will carry, and what stays blank in it."""
    periods = periods_in(user, span)
    owed = total_now(submissions(Stretch(unit_id, basis, periods)))
    submitted = owed.approved + owed.submitted
    reported = owed.approved if basis == Basis.OFFICIAL else submitted
    return {
        "counts": {
            "expected": owed.expected_reports,
            "approved": owed.approved,
            "submitted": submitted,
            "noun": "đơn vị" if span.is_month else "báo cáo",
        },
        "warning": completeness_text(basis, reported, owed.expected_reports, span.is_month),
        "notice": _missing_text(unit_id, periods, basis, owed.expected_reports - reported, span.is_month),
    }


def _missing_text(unit_id: int, periods: list[Period], basis: str, missing: int, is_month: bool) -> str:
    if missing <= 0:
        return ""
    if is_month and missing <= NAMED:
        owing = (
            Report.objects.under(unit_id).filter(period__in=periods).exclude(status__in=COUNTED[Basis(basis)])
        ).values("unit_id")
        names = list(
            UnitVersion.objects.on(periods[-1].data_to)
            .filter(unit_id__in=owing)
            .order_by("sort_key")
            .values_list("name", flat=True)
        )
        listed = " và ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        return f"{listed} để trống, không tính là 0."
    noun = "đơn vị" if is_month else "báo cáo"
    blank = f"{format_number(missing)} {noun}"
    return f"{blank} chưa có thì để trống, không tính là 0; thêm trang “Chưa báo cáo” thì có danh sách."


def joins(versions: list[UnitVersion], span: Span, periods: list[Period]) -> bool:
    """Can the span be read by the boundaries of its last day too? `versions`: the unit's; `periods`: all begun."""
    keys = {month.key for month in span.months}
    read = [period for period in periods_of_unit(versions, periods) if period.key in keys]
    return bool(read) and is_changed(versions, span, read, periods)


def unit_names(jobs: list[ExportJob]) -> dict[UUID, str]:
    """Job -> name of its unit at the end of its span (else its latest name); one query."""
    versions: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit_id__in={job.unit_id for job in jobs}).order_by("valid_from"):
        versions.setdefault(version.unit_id, []).append(version)
    names = {}
    for job in jobs:
        last = Span.parse(job.span).last
        known = [
            v
            for v in versions.get(job.unit_id, [])
            if (v.valid_from.year, v.valid_from.month) <= (last.year, last.month)
        ]
        names[job.pk] = known[-1].name if known else ""
    return names


def _recomputed_since(jobs: list[ExportJob]) -> list[ExportJob]:
    """Jobs older than the totals they rest on; communes have no totals, so theirs are always asked about.

    A stretch can hold figures handed in elsewhere by units that moved (`places`): there the nation's totals, made anew
    with each change below, are what a file is compared with.
    """
    latest: dict[int | None, dict[str, dt.datetime]] = {}  # unit, None for the nation -> month -> when made
    wanted = Q(unit__in={job.unit_id for job in jobs}) | Q(unit__level=Level.NATION)
    stored = SubmissionSummary.objects.filter(wanted).select_related("period", "unit")
    for row in stored.only("computed_at", "period__year", "period__month", "unit__level"):
        for key in {row.unit_id} | ({None} if row.unit.level == Level.NATION else set()):
            latest.setdefault(key, {})[row.period.key] = row.computed_at
    found = []
    for job in jobs:
        span = Span.parse(job.span)
        months = latest.get(job.unit_id if span.is_month else None)
        keys = {month.key for month in span.months}
        if (
            months is None
            or job.started_at is None
            or any(at > job.started_at for key, at in months.items() if key in keys)
        ):
            found.append(job)
    return found


def why_old(jobs: list[ExportJob]) -> dict[UUID, str]:
    """Finished job -> what changed its figures after they were read (absent: still the same); four queries.

    First, were the totals made anew since (by the server's clock)? Then the reports' own log says whether that touched
    this basis: an approval does not change provisional figures, a new sending does. A report counts where it stands,
    its states and openings also where its unit stands on the last and the first day (docs/decisions/0009).
    """
    read_at = {job.pk: job.figures_as_of for job in jobs if job.figures_as_of is not None}
    made = _recomputed_since([job for job in jobs if job.pk in read_at])
    if not made:
        return {}
    spans = {job.pk: {month.key for month in Span.parse(job.span).months} for job in made}
    months = set[str]().union(*spans.values())
    periods = {p.pk: p for p in Period.objects.order_by("data_to") if p.key in months}
    below_any = under_any({job.unit_id for job in made})
    stood_below = UnitVersion.objects.filter(below_any, unit=OuterRef("report__unit"))
    events = list(
        ReportEvent.objects.filter(
            Exists(stood_below) | Exists(Report.objects.filter(below_any, pk=OuterRef("report"))),
            at__gt=min(read_at[job.pk] for job in made),
            report__period__in=periods,
            action__in={a for kinds in CHANGES.values() for a in kinds},
        )
        .order_by("pk")
        .values_list("action", "at", "report__unit_id", "report__path", "report__period_id")
    )
    lives: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit_id__in={event[2] for event in events}).order_by("valid_from"):
        lives.setdefault(version.unit_id, []).append(version)
    reasons: dict[UUID, str] = {}
    for job in made:
        below, kinds = f"/{job.unit_id}/", CHANGES[Basis(job.basis)]
        days = [p.data_to for p in periods.values() if p.key in spans[job.pk]]
        ends = {days[0], days[-1]} if days else set()
        changed = [
            (unit_id, at, kinds[action])
            for action, at, unit_id, path, period_id in events
            if at > read_at[job.pk]
            and action in kinds
            and periods[period_id].key in spans[job.pk]
            and any(below in place for place in [path, *_places(lives[unit_id], path, ends)])
        ]
        units_changed = len({unit_id for unit_id, _, _ in changed})
        if units_changed > 1:
            reasons[job.pk] = f"{format_number(units_changed)} đơn vị có thay đổi sau khi lập"
        elif changed:
            unit_id, at, verb = changed[-1]
            reasons[job.pk] = f"{lives[unit_id][-1].name} {verb} ngày {timezone.localtime(at):%d/%m}"
    return reasons


def _places(versions: list[UnitVersion], path: str, days: set[dt.date]) -> list[str]:
    """Where the unit of a report stood on these days; none for a report that stands nowhere itself."""
    if path == f"/{versions[0].unit_id}/":
        return []
    return [version.path for day in days if (version := version_of_day(versions, day))]
