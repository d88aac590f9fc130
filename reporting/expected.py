"""Who owes a report for a month, and keeping a month's reports in step with the tree of its last day.

A report stands where its unit stood on the month's last day. A unit that was not there that day stands nowhere: a
report somebody worked on then stays with the unit alone, its path is the unit's number and nothing above, so that no
total, list or count holds it (docs/decisions/0010).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.models.units import path_ids, valid_on

from .models import (
    IndicatorTerms,
    LevelSetting,
    ParticipatingArea,
    Period,
    PeriodClosure,
    Report,
    RollupRequest,
    ServiceTerms,
    Status,
)
from .models.catalogue import REPORTING_LEVELS
from .models.reports import NARRATIVE_FIELDS


@dataclass
class Settled:
    """What `settle` did to one month, in reports."""

    added: int
    removed: int
    moved: int
    losses: list[tuple[int, str]]  # unit, what of the sent or published changes


def owing_levels(day: dt.date) -> list[str]:
    """Levels that hand in a report of their own on `day`: switched on, and with at least one thing to report."""
    switched_on = set(LevelSetting.objects.filter(reports=True).values_list("level", flat=True))
    return [
        level
        for level in REPORTING_LEVELS
        if level in switched_on
        and (
            ServiceTerms.objects.owed_by(level, day).exists()
            or IndicatorTerms.objects.owed_by(level, day).exclude(indicator__owner="register").exists()
        )
    ]


def under_any(unit_ids: Collection[int]) -> Q:
    """The condition that a path lies under one of these units; nothing for none."""
    inside = Q(pk__in=[])
    for unit_id in unit_ids:
        inside |= Q(path__contains=f"/{unit_id}/")
    return inside


def expected_units(day: dt.date) -> QuerySet[UnitVersion]:
    """Every unit that owes a report for data ending on `day`, as it stands in the tree of that day."""
    areas = ParticipatingArea.objects.filter(valid_on(day)).values_list("unit_id", flat=True)
    return UnitVersion.objects.on(day).filter(under_any(areas), unit__level__in=owing_levels(day))


@transaction.atomic
def settle(period: Period, unit_ids: Collection[int] | None = None) -> Settled:
    """Makes the reports of these units (None: of all) those of the tree of the month's last day.

    Drafts nobody touched go where none is owed, missing ones are made, every other report takes its unit's place; the
    totals above each change, at the old place and at the new, are marked for recomputation. In a month that a province
    has closed nothing is added, and nothing goes but what has no place in the tree any more.
    """
    losses: list[tuple[int, str]] = []
    dirty: set[int] = set()
    closures = PeriodClosure.objects.filter(period=period, reopened_at__isnull=True)
    closed = set(closures.values_list("province_id", flat=True))
    in_closed = under_any(closed)
    owing, standing = expected_units(period.data_to), UnitVersion.objects.on(period.data_to)
    reports = Report.objects.filter(period=period)
    if unit_ids is not None:
        reports = reports.filter(unit_id__in=unit_ids)

    of_unit = {"unit": OuterRef("unit")}
    no_longer = reports.filter(untouched()).exclude(Exists(owing.filter(**of_unit)))
    gone = list(no_longer.exclude(Exists(standing.filter(in_closed, **of_unit))))
    Report.objects.filter(pk__in=[report.pk for report in gone]).delete()
    for report in gone:
        dirty |= set(path_ids(report.path))
        if not closed.isdisjoint(path_ids(report.path)):
            losses.append((report.unit_id, f"expected report of {period.key} goes, in a closed month"))

    place = standing.filter(**of_unit).values("path")[:1]
    alone = Concat(Value("/"), Cast("unit_id", CharField()), Value("/"))
    moved = list(reports.annotate(place=Subquery(place), path_now=Coalesce("place", alone)).exclude(path=F("path_now")))
    for report in moved:
        before, now = set(path_ids(report.path)), set(path_ids(report.path_now))
        dirty |= {report.unit_id} | before - now
        what = f"report of {period.key} ({report.status})"
        if report.place is None:
            losses.append((report.unit_id, f"{what} is in no total: no such unit on {period.data_to}"))
        elif not closed.isdisjoint(before | now):
            losses.append((report.unit_id, f"{what} stands elsewhere, in a closed month"))
        report.path = report.path_now
    Report.objects.bulk_update(moved, ["path"], batch_size=500)

    wanted = owing.exclude(in_closed).exclude(Exists(Report.objects.filter(period=period, **of_unit)))
    if unit_ids is not None:
        wanted = wanted.filter(unit_id__in=unit_ids)
    missing = [
        Report(unit_id=unit_id, period=period, path=path, level=level)
        for unit_id, path, level in wanted.order_by("path").values_list("unit_id", "path", "unit__level")
    ]
    Report.objects.bulk_create(missing, batch_size=1000, ignore_conflicts=True)
    dirty |= {report.unit_id for report in missing}

    known = AdministrativeUnit.objects.filter(pk__in=dirty).values_list("pk", flat=True)
    RollupRequest.objects.bulk_create([RollupRequest(unit_id=pk, period=period) for pk in known], batch_size=1000)
    return Settled(added=len(missing), removed=len(gone), moved=len(moved), losses=losses)


def untouched() -> Q:
    """The condition that nobody ever typed, marked, sent, uploaded or raised anything in a report, or urged it."""
    return Q(
        status=Status.DRAFT,
        revision=0,
        saved_at__isnull=True,
        events__isnull=True,
        changes__isnull=True,
        explanations__isnull=True,
        uploads__isnull=True,
        difficulties__isnull=True,
        urgings__isnull=True,
        **dict.fromkeys(NARRATIVE_FIELDS, ""),
    )
