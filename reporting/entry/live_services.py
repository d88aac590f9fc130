"""Which services a unit does wholly online: ticked in each month's report, counted into DV01 and by lead agency."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from de_an_06.plain.numbers import format_number
from reporting.closing import require_editable
from reporting.models import FigureChange, LiveService, PublicService, Report, ReportEvent, ServiceTerms
from reporting.models.reports import LIVE_INDICATOR
from reporting.report_log import NotAllowed, locked, log
from taskforces.scope import require

from . import saving
from .form import ReportForm, load_form

NOT_WITHIN = "Đã thực hiện toàn trình thì phải thuộc phạm vi: đánh dấu cả hai ô, hoặc bỏ cả hai."
NONE_WITHIN = "Đánh dấu ít nhất một dịch vụ thuộc phạm vi của đơn vị."


@dataclass(frozen=True)
class LiveLine:
    """One service of the catalogue on the month's last day: is it the unit's to do, and is it done wholly online?"""

    service: PublicService
    lead_agency: str
    within: bool
    live: bool


@dataclass(frozen=True)
class LiveList:
    """`kept`: these ticks are the report's own. Else they are proposed: those of `month_before`, where there are some,
    or what the catalogue has the unit's level handle, none of it done."""

    lines: list[LiveLine]
    kept: bool
    month_before: str = ""  # 'tháng 10/2026'

    @property
    def agencies(self) -> list["AgencyCount"]:
        return by_agency((line.lead_agency, line.live) for line in self.lines if line.within)

    @property
    def by_agency(self) -> list[tuple["AgencyCount", str]]:
        """Each lead agency with the services within range that are not done yet: 'DVC05 Khai báo tạm vắng; …'."""
        left = [line for line in self.lines if line.within and not line.live]
        return [
            (
                one,
                "; ".join(f"{x.service.code} {x.service.short_name}" for x in left if x.lead_agency == one.agency),
            )
            for one in self.agencies
        ]


@dataclass(frozen=True)
class AgencyCount:
    """Services led by one agency: how many of those within range are done wholly online."""

    agency: str
    live: int
    within: int

    @property
    def text(self) -> str:
        """'4/11'."""
        return f"{format_number(self.live)}/{format_number(self.within)}"


def by_agency(pairs: Iterable[tuple[str, bool]]) -> list[AgencyCount]:
    """`pairs`: lead agency and done or not, of the services within range. Whoever leads most of them first."""
    within: Counter[str] = Counter()
    live: Counter[str] = Counter()
    for agency, is_live in pairs:
        within[agency] += 1
        live[agency] += is_live
    return [AgencyCount(agency, live[agency], n) for agency, n in sorted(within.items(), key=lambda x: (-x[1], x[0]))]


def in_words(counts: list[AgencyCount]) -> str:
    """'Bộ Công an 4/11; 14 dịch vụ của ngành khác', with 'n/m' where the others have not all done theirs."""
    if not counts:
        return ""
    first, others = counts[0], counts[1:]
    words = f"{first.agency} {first.text}"
    if not others:
        return words
    rest = AgencyCount("", sum(one.live for one in others), sum(one.within for one in others))
    return f"{words}; {format_number(rest.live) if rest.live == rest.within else rest.text} dịch vụ của ngành khác"


def live_list(report: Report) -> LiveList:
    """The list of a report, or what is proposed for it; at most four queries."""
    day = report.period.data_to
    terms = list(ServiceTerms.objects.on(day).select_related("service").order_by("service__order", "service__code"))
    ticks, month = _ticks(report), ""
    kept = bool(ticks)
    if not kept:
        earlier = LiveService.objects.filter(report__unit=report.unit_id, report__period__data_to__lt=day)
        last = earlier.aggregate(day=Max("report__period__data_to"))["day"]
        if last is not None:
            before = Report.objects.select_related("period").get(unit=report.unit_id, period__data_to=last)
            ticks, month = _ticks(before), before.period.label
    if not ticks:
        ticks = {term.service_id: False for term in terms if getattr(term, f"at_{report.level}", False)}
    lines = [
        LiveLine(term.service, term.lead_agency, term.service_id in ticks, ticks.get(term.service_id, False))
        for term in terms
    ]
    return LiveList(lines, kept, month)


@transaction.atomic
def keep(*, report_id: int, by, within: Collection[str], live: Collection[str]) -> ReportForm:
    """Keep the list as ticked (codes of services) and count it into DV01; gives the form as it stands then.

    Nothing is saved by halves: a service done wholly online outside the range, or no service within, is refused with
    errors by code ('' for the list as a whole). The log of the report says what was added and taken away.
    """
    report = locked(report_id)
    form = load_form(report, by)
    line = next((line for line in form.indicators if line.code == LIVE_INDICATOR), None)
    if line is None:
        raise NotAllowed(f"Báo cáo này không có chỉ tiêu {LIVE_INDICATOR}.")
    require_editable(report)
    require(form.may_type(line))
    found = live_list(report)
    services = {one.service.code: one.service for one in found.lines}
    if errors := _errors(services, within, live):
        raise ValidationError(errors)
    wanted = {services[code].pk: code in live for code in within}
    stored = _ticks(report)
    if wanted != stored:
        LiveService.objects.filter(report=report).delete()
        LiveService.objects.bulk_create(
            LiveService(report=report, service_id=pk, is_live=is_live) for pk, is_live in sorted(wanted.items())
        )
        log(report, ReportEvent.Action.LIVE_SERVICES, by, reason=_said(services.values(), stored, wanted))
    values: dict[str, int | None] = {"numerator": sum(wanted.values()), "denominator": len(wanted)}
    changed = {cell.key: values[cell.name] for cell in line.cells if values[cell.name] != cell.value}
    saving.write(saving.SaveResult(form), changed, by=by, via=FigureChange.Via.LIST)
    return load_form(report, by)


def _errors(services: Collection[str], within: Collection[str], live: Collection[str]) -> dict[str, str]:
    errors = {code: NOT_WITHIN for code in services if code in live and code not in within}
    unknown = sorted({*within, *live} - set(services))
    if unknown:
        errors[""] = f"Danh mục kỳ này không có dịch vụ {', '.join(unknown)}."
    elif not within:
        errors[""] = NONE_WITHIN
    return errors


def _ticks(report: Report) -> dict[int, bool]:
    return dict(LiveService.objects.filter(report=report).values_list("service_id", "is_live"))


def _said(services: Iterable[PublicService], before: dict[int, bool], now: dict[int, bool]) -> str:
    """'18/25 dịch vụ; thêm DVC01, DVC02; thôi DVC05; ra ngoài phạm vi DVC24'."""
    code = {service.pk: service.code for service in services}

    def listed(words: str, ids: Iterable[int]) -> str:
        return f"{words} {', '.join(names)}" if (names := [code[pk] for pk in code if pk in set(ids)]) else ""

    done = {pk for pk, is_live in now.items() if is_live}
    was = {pk for pk, is_live in before.items() if is_live}
    parts = [
        f"{format_number(len(done))}/{format_number(len(now))} dịch vụ",
        listed("thêm", done - was),
        listed("thôi", was - done),
        listed("vào phạm vi", now.keys() - before.keys()) if before else "",
        listed("ra ngoài phạm vi", before.keys() - now.keys()),
    ]
    return "; ".join(filter(None, parts))
