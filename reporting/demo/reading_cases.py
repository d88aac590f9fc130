"""What the portal shows of each published figure, read through the door of page and Excel, beside the article's."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from de_an_06.plain.numbers import format_number, format_rate, with_qualifier
from de_an_06.plain.spans import Month, Span, window
from reporting.campaigns.progress import finishing_order
from reporting.models import Basis, CampaignMeasure, IndicatorFigure
from reporting.reading.overview import Overview, overview
from taskforces.models import Assignment, Membership, SourceDocument, UnitVersion
from taskforces.register import counts

from .cases import CASES, FIRST_TO_FINISH, PLACES, THU_DAU_MOT, indicator_of

NOT_HELD = {  # (case, key) -> why the portal has no place for it
    (THU_DAU_MOT, "rate_published"): "số làm tròn của bài báo; cổng tính từ hai số đã nêu",
}
NO_FIGURE = {
    "what",
    "indicator",
    "as_written",
    "note",
    "qualifier",
    "denominator",
}
Shown = dict[str, tuple[str, str]]  # key of a fact -> (as the article has it, as the portal shows it)


@dataclass(frozen=True)
class PublishedFigure:
    """One published figure; `why_not` where the portal has no place for it."""

    case: str
    what: str
    key: str
    expected: str
    read: str
    why_not: str = ""

    @property
    def agrees(self) -> bool:
        return bool(self.why_not) or self.expected == self.read


def readings(cases: Iterable[str] = tuple(CASES)) -> list[PublishedFigure]:
    """Every figure of these cases in the order of the articles, official figures of the case's month.

    Raises KeyError for a figure that nobody said how to read: none is passed over.
    """
    found = []
    for case in cases:
        code, month = PLACES[case]
        for one in CASES[case]["facts"]:
            shown = _shown(case, one, code, month)
            for key in (key for key in one if key not in NO_FIGURE):
                why_not = NOT_HELD.get((case, key), "")
                expected, read = (str(one[key]), "") if why_not else shown[key]
                found.append(PublishedFigure(case, one["what"], key, expected, read, why_not))
    return found


def _shown(case: str, one: dict, code: str, month: Month) -> Shown:
    if f"Phường {FIRST_TO_FINISH}" in one["what"]:
        seen = _seen(month, parent_id=_version(month, unit__code=code).unit_id, short_name=FIRST_TO_FINISH)
    else:
        seen = _seen(month, unit__code=code)
    shown: Shown = {}
    if indicator := indicator_of(case, one):
        shown |= _of_indicator(one, seen, indicator)
    elif "rank" in one:
        above = overview(seen.version.parent_id or seen.unit_id, seen.span, seen.basis, ranked_by="lien-thong")
        rank = next((row.rank for row in above.rows if row.unit_id == seen.unit_id), None)
        shown["rank"] = (str(one["rank"]), str(rank))
    elif "rate" in one:
        shown["rate"] = (f"{one['rate']}%", format_rate(*seen.dossiers.in_time_rate))
    elif "received" in one:
        d = seen.dossiers
        pending = d.sum_of(("pending_in_time", "pending_overdue"))
        values = {"received": d.received, "received_online": d.received_online, "resolved": d.resolved}
        shown |= {k: (format_number(one[k]), format_number(v)) for k, v in (values | {"pending": pending}).items()}
        shown["online_rate"] = (f"{one['online_rate']}%", format_rate(*d.online_rate))
    if case == THU_DAU_MOT and not {"rank", "days"}.isdisjoint(one):
        shown |= _of_campaign(one, code, seen.unit_id)
    if "trend" in one:
        rates = [point.online for point in seen.trend if point.online is not None]
        rises = len(rates) > 1 and all(a * d < c * b for (a, b), (c, d) in itertools.pairwise(rates))
        shown["trend"] = (one["trend"], one["trend"] if rises else " ".join(format_rate(*rate) for rate in rates))
    if "members" in one:
        shown |= _of_task_force(one, seen.unit_id, dt.date.fromisoformat(CASES[case]["as_of"]))
    if "lead" in one:
        shown |= _of_assignments(one, seen.unit_id)
    if "machines" in one:
        note = IndicatorFigure.objects.filter(report__unit=seen.unit_id, indicator__code="NL01").values_list("note")
        shown["machines"] = (format_number(one["machines"]), _pair(seen, "NL01")[0])
        shown["shifts_per_day"] = (f"{one['shifts_per_day']} ca mỗi ngày", (note.first() or ("",))[0])
    return shown


def _version(month: Month, **where) -> UnitVersion:
    return UnitVersion.objects.on(window(month)[1]).select_related("unit").get(**where)


def _seen(month: Month, **where) -> Overview:
    return overview(_version(month, **where).unit_id, Span.parse(month.key), Basis.OFFICIAL)


def _pair(seen: Overview, code: str) -> tuple[str, str]:
    """('hơn 101.000/184.683', '54,69%'), as the dashboard writes them; '' where nothing was reported."""
    pair = seen.indicator(code)
    if pair is None or pair.numerator is None:
        return "", ""
    below = "" if pair.denominator is None else f"/{format_number(pair.denominator)}"
    return with_qualifier(format_number(pair.numerator), seen.said(code).word) + below, format_rate(*pair.rate)


def _of_indicator(one: dict, seen: Overview, code: str) -> Shown:
    value, rate = _pair(seen, code)
    number = with_qualifier(format_number(one.get("numerator", one.get("value"))), one.get("qualifier", ""))
    if "denominator" in one:
        number += f"/{format_number(one['denominator'])}"
    shown = dict.fromkeys(("numerator", "value"), (number, value))
    for key in ("rate", "rate_computed"):
        if key in one:
            whole, _, places = one[key].partition(",")
            shown[key] = (f"{whole},{places or '00'}%", rate)
    return shown


def _of_campaign(one: dict, code: str, unit_id: int) -> Shown:
    """Length of the town's campaign, and the place of the unit in the order of finishing; '' where there is none."""
    measure = CampaignMeasure.objects.filter(campaign__unit__code=code, indicator__code="HT01").first()
    if measure is None:
        return {key: (str(one[key]), "") for key in ("days", "rank") if key in one}
    if "days" in one:
        return {"days": (format_number(one["days"]), format_number(measure.campaign.length))}
    finish = finishing_order(measure).get(unit_id)
    return {"rank": (str(one["rank"]), str(finish.place) if finish else "")}


def _of_task_force(one: dict, unit_id: int, day: dt.date) -> Shown:
    kind = "police_working_group" if "police" in one["what"] else "working_group"
    rows = {row.task_force.kind: row for row in counts.task_force_rows([unit_id], day)}
    heads = Membership.objects.filter(task_force__unit=unit_id, task_force__kind=kind, role=Membership.Role.HEAD)
    head = heads.first()
    shown = {
        "members": (format_number(one["members"]), format_number(rows[kind].seats) if kind in rows else ""),
        "head_post": (one["head_post"], head.post if head else ""),
    }
    if "plan" in one:
        plan = SourceDocument.objects.filter(number=one["plan"], items__assignments__unit=unit_id).first()
        shown["plan"] = (one["plan"], plan.number if plan else "")
        shown["plan_date"] = (one["plan_date"], plan.issued_on.isoformat() if plan else "")
    return shown


def _of_assignments(one: dict, unit_id: int) -> Shown:
    """Of the plan that gives the town more than one part: what it leads, what it takes part in."""
    rows = Assignment.objects.filter(unit=unit_id, item__source__number="57/KH-UBND")
    values = {
        "lead": rows.filter(part=Assignment.Part.LEAD).count(),
        "cooperating": rows.filter(part=Assignment.Part.COOPERATING).count(),
        "task_groups": rows.values("item__task_group").distinct().count(),
        "utility_groups": rows.values("item__utility_group").distinct().count(),
    }
    return {key: (format_number(one[key]), format_number(value)) for key, value in values.items()}
