"""What ships with the portal: services, indicators, deadlines per level and holidays, from reporting/data/*.csv.

Loading creates what is missing and leaves existing rows alone: an administrator's edits are never overwritten.
"""

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction

from taskforces.models import Level

from .models import Holiday, Indicator, IndicatorTerms, LevelSetting, PublicService, ReportingSettings, ServiceTerms

DATA = Path(__file__).parent / "data"
PROGRAMME_BEGAN = dt.date(2022, 1, 6)  # Decision 06/QĐ-TTg
LEADS_CHANGED = dt.date(2025, 3, 1)  # ministries merged; driving licences and criminal records moved
TWO_TIERS = dt.date(2025, 7, 1)  # districts ended
DEADLINE_DAYS = {Level.COMMUNE: 2, Level.DISTRICT: 4, Level.PROVINCE: 6}  # the 16th, 18th and 20th by custom


def is_empty() -> bool:
    """Nothing was loaded yet."""
    return not PublicService.objects.exists() and not Indicator.objects.exists()


@transaction.atomic
def load_catalogue() -> Counter:
    """Create the missing services, indicators, holidays and settings; counts of what was created, by kind."""
    created: Counter = Counter()
    ReportingSettings.load()
    for level, days in DEADLINE_DAYS.items():
        created["hạn nộp theo cấp"] += LevelSetting.objects.get_or_create(
            level=level, defaults={"deadline_days": days}
        )[1]
    known = set(Holiday.objects.values_list("day", flat=True))
    holidays = [
        Holiday(day=day, name=row["name"], is_working_day=row["is_working_day"] == "yes")
        for row in _rows("holidays.csv")
        if (day := dt.date.fromisoformat(row["day"])) not in known
    ]
    created["ngày nghỉ, làm bù"] += len(Holiday.objects.bulk_create(holidays))
    created.update(_load_services())
    created.update(_load_indicators())
    return +created


def _load_services() -> Counter:
    """Services that are not there yet, with their terms; a service that exists keeps the terms it has."""
    known = set(PublicService.objects.values_list("code", flat=True))
    rows = [row for row in _rows("services.csv") if row["code"] not in known]
    services = PublicService.objects.bulk_create(
        PublicService(**{name: row[name] for name in ("code", "order", "name", "short_name", "reporter", "confidence")})
        for row in rows
    )
    terms = []
    for service, row in zip(services, rows, strict=True):
        online_from = dt.date.fromisoformat(row["online_only_from"]) if row["online_only_from"] else dt.date.max
        left_out_from = dt.date.fromisoformat(row["left_out_from"]) if row["left_out_from"] else dt.date.max
        for start, end in _stretches([LEADS_CHANGED, TWO_TIERS, online_from, left_out_from]):
            levels = row["handled_at_from_2025_07"] if start >= TWO_TIERS else row["handled_at_until_2025_06"]
            terms.append(
                ServiceTerms(
                    service=service,
                    valid_from=start,
                    valid_to=end,
                    lead_agency=row["lead_agency_2025"] if start >= LEADS_CHANGED else row["lead_agency_2022"],
                    online_only=start >= online_from,
                    in_headline=start < left_out_from,
                    **_levels(levels),
                )
            )
    ServiceTerms.objects.bulk_create(terms)
    return Counter({"dịch vụ công": len(services), "quy định của dịch vụ công": len(terms)})


def _load_indicators() -> Counter:
    """Indicators that are not there yet, with the levels that report them."""
    known = set(Indicator.objects.values_list("code", flat=True))
    rows = [row for row in _rows("indicators.csv") if row["code"] not in known]
    plain = [
        *("code", "order", "group", "name", "kind", "unit_of_measure", "numerator_label", "denominator_label"),
        *("over_time", "over_units", "direction", "owner", "origin", "hint"),
    ]
    indicators = Indicator.objects.bulk_create(
        Indicator(may_exceed_total=row["may_exceed_total"] == "yes", **{name: row[name] for name in plain})
        for row in rows
    )
    terms = []
    for indicator, row in zip(indicators, rows, strict=True):
        for start, end in _stretches([TWO_TIERS]):
            levels = row["reported_at_from_2025_07"] if start >= TWO_TIERS else row["reported_at_until_2025_06"]
            terms.append(IndicatorTerms(indicator=indicator, valid_from=start, valid_to=end, **_levels(levels)))
    IndicatorTerms.objects.bulk_create(terms)
    return Counter({"chỉ tiêu": len(indicators), "quy định của chỉ tiêu": len(terms)})


def _stretches(changes: Iterable[dt.date]) -> list[tuple[dt.date, dt.date | None]]:
    """Dated stretches from the programme's beginning, cut at each change; the last has no end."""
    starts = [PROGRAMME_BEGAN, *sorted({day for day in changes if day < dt.date.max})]
    ends: list[dt.date | None] = [start - dt.timedelta(days=1) for start in starts[1:]]
    return list(zip(starts, [*ends, None], strict=True))


def _levels(text: str) -> dict[str, bool]:
    """'commune|province' -> the flags of the levels that report."""
    named = set(text.split("|"))
    return {f"at_{level}": level in named for level in ("commune", "district", "province")}


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
