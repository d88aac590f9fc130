"""Participating areas: from which month one reports, and what setting it up or ending it does to the months open.

A unit owes the report of a month when its area holds on the month's last day (`expected.expected_units`). So an area
that begins after the last day of the month being reported owes nothing for that month, and whoever sets it up is told
so at once: nobody shall wait for reports that nobody owes.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Month, Span, month_of, window
from taskforces.models import UnitVersion
from taskforces.units.tree import nearest_version

from .expected import expected_units, settle
from .models import ParticipatingArea, Period, PeriodClosure, ReportingSettings
from .periods import current_month


@dataclass(frozen=True)
class FirstMonth:
    """The first month an area reports, the day its data end, how many units owe a report, and whether it is open."""

    month: Month
    data_to: dt.date
    units: int
    is_open: bool

    @property
    def label(self) -> str:
        return Span.month(self.month).label


def first_month(area: ParticipatingArea, now: dt.datetime | None = None) -> FirstMonth | None:
    """The first open month whose last day lies in the area's time; else the next to be opened; None when none does."""
    periods = Period.objects.filter(data_to__gte=area.valid_from)
    if area.valid_to is not None:
        periods = periods.filter(data_to__lte=area.valid_to)
    opened = periods.order_by("data_to").first()
    if opened is not None:
        month, data_to = Month(opened.year, opened.month), opened.data_to
    else:
        scheme = ReportingSettings.load().scheme
        month = max(month_of(area.valid_from, scheme), current_month(now))
        data_to = window(month, scheme)[1]
        if not _covers(area, data_to):
            return None
    units = UnitVersion.objects.on(data_to).under(area.unit_id)
    owing = expected_units(data_to).filter(pk__in=units.values("pk")).count()
    return FirstMonth(month, data_to, owing, opened is not None)


def describe(area: ParticipatingArea, now: dt.datetime | None = None) -> tuple[bool, str]:
    """Does somebody owe a report, and the sentence that says from which month on."""
    first, name = first_month(area, now), name_of(area)
    if first is None:
        return (
            False,
            f"{name} không phải nộp báo cáo kỳ nào: không ngày chốt số liệu nào nằm trong thời gian tham gia đã ghi.",
        )
    when = f"từ kỳ {first.label} (chốt số liệu ngày {first.data_to:%d/%m/%Y})"
    if not first.units:
        return (
            False,
            f"{name} tham gia {when}, nhưng ngày đó không có đơn vị nào phải nộp. Xem lại đơn vị và thời gian.",
        )
    opening = ""
    if not first.is_open:
        due = first.month <= current_month(now)
        opening = " Kỳ này tự mở trong đêm nay." if due else " Kỳ này tự mở sau ngày chốt."
    return True, f"{name} báo cáo {when}: {format_number(first.units)} đơn vị phải nộp.{opening}"


def misses_current_month(area: ParticipatingArea, now: dt.datetime | None = None) -> str:
    """The warning for an area that begins after the last day of the month being reported now; else ''."""
    month = current_month(now)
    opened = Period.objects.filter(year=month.year, month=month.month).first()
    data_to = opened.data_to if opened else window(month, ReportingSettings.load().scheme)[1]
    if area.valid_from <= data_to:
        return ""
    return (
        f"Kỳ đang báo cáo, {Span.month(month).label}, chốt số liệu ngày {data_to:%d/%m/%Y}, trước ngày tham gia "
        f"{area.valid_from:%d/%m/%Y}: {name_of(area)} không có báo cáo phải nộp kỳ này. "
        f"Muốn báo cáo từ kỳ này, ghi tham gia từ ngày {data_to:%d/%m/%Y} hoặc sớm hơn."
    )


@transaction.atomic
def settle_months(before: ParticipatingArea | None, after: ParticipatingArea | None) -> list[str]:
    """After an area was set up, changed or taken away: the open months follow. Returns what was done, in sentences."""
    added: list[str] = []
    removed: list[str] = []
    closed: list[str] = []
    for period in Period.objects.order_by("data_to"):
        held = {area.unit_id for area in (before,) if area is not None and _covers(area, period.data_to)}
        holds = {area.unit_id for area in (after,) if area is not None and _covers(area, period.data_to)}
        if held == holds:
            continue
        done = settle(period)
        if done.added:
            added.append(f"{period.label} ({format_number(done.added)})")
        if done.removed:
            removed.append(f"{period.label} ({format_number(done.removed)})")
        if PeriodClosure.objects.filter(period=period, reopened_at__isnull=True).exists():
            closed.append(period.label)
    said = []
    if added:
        said.append(f"Đã thêm báo cáo phải nộp: {', '.join(added)}.")
    if removed:
        said.append(f"Đã bỏ báo cáo chưa ai nhập: {', '.join(removed)}.")
    if closed:
        said.append(f"Tỉnh nào đã khóa kỳ thì kỳ đó của tỉnh giữ nguyên: {', '.join(closed)}.")
    return said


def follow(before: ParticipatingArea | None, after: ParticipatingArea, now: dt.datetime) -> list[tuple[bool, str]]:
    """`settle_months`, and what whoever set up or changed the area must know: (is it well, sentence)."""
    said = [(True, sentence) for sentence in settle_months(before, after)]
    late = misses_current_month(after, now)
    return [*said, describe(after, now), *([(False, late)] if late else [])]


def begins_later(period: Period) -> list[str]:
    """For the areas that begin only after the month's last day: who they are and from which month they report."""
    areas = ParticipatingArea.objects.filter(valid_from__gt=period.data_to).select_related("unit")
    return [describe(area)[1] for area in areas.order_by("valid_from", "pk")]


def name_of(area: ParticipatingArea) -> str:
    """The unit's name on the area's first day, else the nearest to it."""
    versions = list(UnitVersion.objects.filter(unit_id=area.unit_id))
    return nearest_version(versions, area.valid_from).name if versions else str(area.unit)


def _covers(area: ParticipatingArea, day: dt.date) -> bool:
    return area.valid_from <= day and (area.valid_to is None or day <= area.valid_to)
