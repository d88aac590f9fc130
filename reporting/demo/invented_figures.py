"""Made-up figures of one unit and month: sizes, usual numbers, and what carries over to the next month."""

import datetime as dt
import math
import random
from collections import Counter
from dataclasses import dataclass, field

from de_an_06.plain.spans import Month
from reporting.entry.checks import Problem, ServiceRow, check_service
from reporting.figures import FIGURE_FIELDS, RECEIVED_FIELDS, RESOLVED_FIELDS
from reporting.models import Explanation, IndicatorFigure, Report, ReportEvent, ServiceFigures, ServiceTerms
from taskforces.models import AdministrativeUnit, Level, UnitVersion
from taskforces.models.units import path_ids

# Dossiers received per 1,000 people and month; the own work of districts and provinces is per 1,000 of a nominal size.
PER_THOUSAND = {
    "DVC01": 1.2, "DVC02": 7.0, "DVC03": 3.4, "DVC04": 4.6, "DVC05": 0.3, "DVC06": 45.0, "DVC07": 2.4, "DVC08": 0.8,
    "DVC09": 1.3, "DVC10": 0.5, "DVC11": 0.7, "DVC12": 1.1, "DVC13": 0.02, "DVC14": 0.01, "DVC15": 1.1, "DVC16": 0.4,
    "DVC17": 0.6, "DVC18": 0.9, "DVC19": 2.0, "DVC20": 1.8, "DVC21": 0.1, "DVC22": 0.9, "DVC23": 0.7, "DVC24": 0.5,
    "DVC25": 0.4,
}  # fmt: skip
# Share usually resolved in time, of the slow services.
USUALLY_IN_TIME = {
    "DVC19": 0.93,
    "DVC02": 0.982,
    "DVC03": 0.985,
    "DVC04": 0.984,
    "DVC07": 0.99,
}  # usual share resolved in time
LINKED = {"DVC15", "DVC16"}  # the two linked groups
NOTHING = dict.fromkeys(FIGURE_FIELDS, 0)
AT_THE_COUNTER = {"DVC04", "DVC06", "DVC09", "DVC19"}
SEED_COUNTER, SHARE_WITH_A_COUNTER = 2025, 0.7  # of the units
NO_WAITING = {"DVC05", "DVC06"}  # resolved on the spot, nothing stays pending


@dataclass
class Scene:
    """One province over its thirteen months, while its reports are being made up."""

    province: AdministrativeUnit
    months: list[Month]
    rng: random.Random
    people: dict[int, float] = field(default_factory=dict)  # thousands of inhabitants of a unit
    care: dict[int, float] = field(default_factory=dict)  # how much better or worse than usual a unit keeps terms
    services: list[ServiceFigures] = field(default_factory=list)
    indicators: list[IndicatorFigure] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    events: list[ReportEvent] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    online_only: dict[str, dt.date] = field(default_factory=dict)  # service -> since when
    closing: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    running: dict[tuple[int, str], list[int]] = field(default_factory=dict)


def make_up(scene: Scene, report: Report, terms, progress: float):
    """Figures of one report, in a form that can still be adjusted before it is written."""
    service_terms, indicator_terms = terms
    services = [_make_up_service(scene, report, term, progress) for term in service_terms]
    received = {row.service.code: _received(row) for row in services}
    indicators = [
        _make_up_indicator(scene, report, term.indicator, received, services)
        for term in indicator_terms
        if term.indicator.owner != "register"
    ]
    return services, [row for row in indicators if row is not None]


def _received(row: ServiceFigures) -> int:
    return _sum(row, RECEIVED_FIELDS)


def _sum(row: ServiceFigures, names: tuple[str, ...]) -> int:
    return sum(getattr(row, name) for name in names)


def _make_up_service(scene: Scene, report: Report, term: ServiceTerms, progress: float) -> ServiceFigures:
    rng, code = scene.rng, term.service.code
    size = scene.people[report.unit_id]
    factor = 1.0
    if report.level == Level.COMMUNE and scene.province.code == "70":
        factor = _district_factor(report, code)
    usual = PER_THOUSAND.get(code, 0.5) * size * factor
    total = max(0, round(usual * rng.uniform(0.9, 1.1)))
    in_time, late = scene.closing.get((report.unit_id, code), (round(usual * 0.12), 0))
    if code in NO_WAITING:
        in_time = late = 0
    opening = in_time + late
    if term.online_only:
        scene.online_only.setdefault(code, term.valid_from)
    share = 1.0 if term.online_only else 0.62 + 0.30 * progress
    online = round(total * share)
    postal = round((total - online) * 0.1)
    rejected = round((opening + total) * rng.uniform(0, 0.015))
    waiting = 0 if code in NO_WAITING else round(total * rng.uniform(0.08, 0.14))
    waiting = min(waiting, opening + total - rejected)
    resolved = opening + total - rejected - waiting
    care = scene.care.setdefault(report.unit_id, rng.uniform(-0.01, 0.006))  # some offices are always quicker
    good = USUALLY_IN_TIME.get(code, 0.997) + care + rng.uniform(-0.002, 0.002)
    overdue = sum(rng.random() > good for _ in range(min(resolved, 60)))
    overdue = round(overdue * resolved / 60) if resolved > 60 else overdue
    early = round((resolved - overdue) * rng.uniform(0.6, 0.8))
    pending_overdue = min(waiting, round(waiting * rng.uniform(0, 0.08)))
    scene.closing[report.unit_id, code] = (waiting - pending_overdue, pending_overdue)
    made_up = {
        "opening": opening,
        "received_online": online,
        "received_in_person": total - online - postal,
        "received_postal": postal,
        "resolved_early": early,
        "resolved_on_time": resolved - overdue - early,
        "resolved_overdue": overdue,
        "rejected": rejected,
        "pending_in_time": waiting - pending_overdue,
        "pending_overdue": pending_overdue,
    }
    return ServiceFigures(report=report, service=term.service, **NOTHING | made_up)


_district_of: dict[int, str] = {}


def _district_factor(report: Report, code: str) -> float:
    """TX Phước Long stands second in the province by the two linked groups (published): its families are young."""
    if code not in {"DVC15", "DVC16"}:
        return 1.0
    district = path_ids(report.path)[2]
    if district not in _district_of:
        _district_of[district] = AdministrativeUnit.objects.values_list("code", flat=True).get(pk=district)
    return {"688": 2.05, "689": 1.0}.get(_district_of[district], 0.8)


# Growing shares of a total: (total per 1,000 people, share at the start, gain a month)
GROWING = {
    "DD01": (780, 0.80, 0.012), "DD04": (720, 0.72, 0.018), "DC01": (940, 0.93, 0.005), "HT01": (600, 0.82, 0.013),
}  # fmt: skip
SHARE_OF_THE_LAST = 0.15  # gained a month at most of those still to come
STEADY = {"DD02": (90, 0.6), "DD03": (640, 7.0)}  # accounts issued: per 1,000 people, added a month
FLOWS = {"TT02": 2.2, "DC02": 44.0, "DC03": 8.0, "DC04": 6.0, "TT01": 0.9}


def _make_up_indicator(scene: Scene, report: Report, indicator, received, services) -> IndicatorFigure | None:
    rng, code, size = scene.rng, indicator.code, scene.people[report.unit_id]
    kept = scene.running.setdefault((report.unit_id, code), [])
    numerator: int
    denominator: int | None = None
    if code in GROWING:
        total, start, gain = GROWING[code]
        if not kept:
            kept += [round(total * size), round(total * size * (start + rng.uniform(-0.05, 0.05)))]
        kept[0] += round(size * rng.uniform(0, 0.4))
        left = kept[0] - kept[1]  # the last ones are the hardest: nobody ever has all
        kept[1] += min(round(kept[0] * gain * rng.uniform(0.5, 1.3)), round(left * SHARE_OF_THE_LAST))
        denominator, numerator = kept
    elif code in STEADY:
        start, gain = STEADY[code]
        if not kept:
            kept.append(round(start * size))
        kept[0] += round(gain * size * rng.uniform(0.7, 1.3))
        numerator = kept[0]
    elif code == "DV01":
        if not kept:
            kept.append(6)
        denominator = 11
        kept[0] = min(denominator, kept[0] + (rng.random() < 0.3))
        numerator = kept[0]
    elif code in {"YT01", "YT02"}:
        if not kept:
            kept += [rng.randint(1, 3), 0]
            kept[1] = kept[0] - (rng.random() < 0.2)
        denominator, numerator = kept
    elif code == "NL01":
        if not kept:
            kept.append(rng.randint(2, 5))
        numerator = kept[0]
    elif code == "AS01":
        denominator = round(size * 34)
        numerator = round(denominator * rng.uniform(0.8, 0.95))
    elif code in {"DV02", "DV03", "DV04", "DV05", "YT03"}:
        resolved = sum(_sum(row, RESOLVED_FIELDS) for row in services)
        base = {"DV02": resolved, "DV03": resolved // 3, "DV04": resolved // 8, "DV05": 3, "YT03": round(size * 60)}[
            code
        ]
        denominator = base
        numerator = round(base * rng.uniform(0.88, 0.99))
    elif code in FLOWS:
        numerator = round(FLOWS[code] * size * rng.uniform(0.85, 1.15))
    else:
        numerator = rng.randint(2, 7)
    return IndicatorFigure(report=report, indicator=indicator, numerator=numerator, denominator=denominator)


def publish_phuoc_long(owed: list[Report], rows) -> None:
    """TX Phước Long as published on 10 April 2024: 99,46 % early or on time; 08/11 services fully online.

    Rate, count and rank are the article's; the dossiers behind the rate are made up, their base is not published.
    """
    town = UnitVersion.objects.on(owed[0].period.data_to).get(unit__code="688")
    reports = [r for r in owed if f"/{town.unit_id}/" in r.path]
    figures = [row for report in reports for row in rows[report.pk][0]]
    for row in figures:
        row.resolved_on_time += row.resolved_overdue
        row.resolved_overdue = 0
    _make_second(town.unit_id, figures, owed, rows)
    resolved = sum(_sum(row, RESOLVED_FIELDS) for row in figures)
    late = math.ceil(resolved * 0.0054)
    busiest = max((r for r in figures if r.service.code not in LINKED), key=lambda row: row.resolved_on_time)
    more = round(late / 0.0054) - resolved  # dossiers received and resolved besides, so that the rate reads 99,46 %
    busiest.received_online += more
    busiest.resolved_on_time += more
    for row in sorted(figures, key=lambda row: -row.resolved_on_time):
        moved = min(late, row.resolved_on_time // 4)
        row.resolved_on_time -= moved
        row.resolved_overdue = moved
        late -= moved
    for report in reports:
        for row in rows[report.pk][1]:
            if row.indicator.code == "DV01":
                row.numerator, row.denominator = 8, 11


def _make_second(town_id: int, figures: list[ServiceFigures], owed: list[Report], rows) -> None:
    """The town comes second in its province by dossiers of the two linked groups: add what it lacks to one service."""
    linked: Counter[int] = Counter()
    for report in owed:
        for unit_id in path_ids(report.path)[2:3]:
            linked[unit_id] += sum(_received(row) for row in rows[report.pk][0] if row.service.code in LINKED)
    first, second = sorted((n for unit_id, n in linked.items() if unit_id != town_id), reverse=True)[:2]
    lacking = (first + second) // 2 - linked[town_id]
    if lacking > 0 and linked[town_id] <= second:
        row = max((r for r in figures if r.service.code in LINKED), key=lambda r: r.received_online)
        row.received_online += lacking
        row.resolved_on_time += lacking


def make_doubtful(services: list[ServiceFigures], indicators: list[IndicatorFigure]) -> None:
    """Make what a reviewer should look at: a jump of received dossiers, and a cumulative figure that falls."""
    row = next(r for r in services if r.service.code in {"DVC03", "DVC02"})
    extra = _received(row) * 4
    row.received_online += extra
    row.resolved_on_time += extra
    for figure in indicators:
        if figure.indicator.code == "DD04" and figure.numerator:
            figure.numerator -= round(figure.numerator * 0.06)


def some_at_the_counter(scene: Scene, report: Report, services: list[ServiceFigures]) -> list[Problem]:
    """Some units still take a few dossiers at the counter where only online filing is allowed; they explain it.

    Moves dossiers from online to in person, changes no total; returns the points the unit must give a reason for.
    """
    rng = random.Random(f"{SEED_COUNTER} {report.unit_id} {report.period.key}")  # noqa: S311
    habit = random.Random(f"{SEED_COUNTER} {report.unit_id}").random()  # noqa: S311 – of the same units, month by month
    if habit > SHARE_WITH_A_COUNTER:
        return []
    found = []
    for row in services:
        since = scene.online_only.get(row.service.code)
        if since is None or since > report.period.data_from or row.service.code not in AT_THE_COUNTER:
            continue
        row.received_in_person = round(row.received_online * rng.uniform(0.02, 0.12) * (1 - habit))
        row.received_online -= row.received_in_person
        checked = ServiceRow(
            code=row.service.code,
            name=row.service.short_name,
            figures={name: getattr(row, name) for name in FIGURE_FIELDS},
            online_only_since=since,
            month=Month(report.period.year, report.period.month),
        )
        found += [p for p in check_service(checked) if p.code == "online_only"]
    return found
