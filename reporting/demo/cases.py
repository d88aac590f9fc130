"""Figures published in the press about Project 06 task forces: where each stands, and how it is brought in.

`published.json` is the articles' list, untouched. A figure stands in the month whose window holds its day, in the
report of the unit the article names; where an article gives only a total, the total stands in that unit's own report
and is not split over the communes. The reports go the way of every report: typed cell by cell, sent by a clerk,
approved by another person. So that nothing else is owed, the catalogue of the demonstration begins with its first
monthly report, and before that asks for exactly what was published.
"""

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.timezone import make_aware

from de_an_06.plain.spans import Month
from reporting import periods
from reporting.entry import saving
from reporting.entry.ready import branches_owing, mark_ready
from reporting.models import (
    FigureChange,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    Period,
    PublicService,
    Report,
    ReportEvent,
    ServiceTerms,
)
from reporting.review import workflow
from taskforces.models import Branch, Level, Posting, Role, UnitVersion, User

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parent / "published.json").read_text("utf-8"))["cases"]
}
TOWN, NATION, PHUOC_LONG = "town-of-six-2022", "nation-2022", "phuoc-long-2024"
THU_DAU_MOT, PROVINCE_MONTH = "thu-dau-mot-2022", "province-month-2023"
PLACES = {  # case -> code of the unit (two articles name none: it fits one, the other stands where it may), month
    TOWN: ("690", Month(2022, 8)),
    NATION: ("00", Month(2022, 8)),
    PHUOC_LONG: ("688", Month(2024, 4)),
    THU_DAU_MOT: ("718", Month(2022, 12)),
    PROVINCE_MONTH: ("74", Month(2023, 9)),
}
FIRST_TO_FINISH = "Phú Thọ"  # the ward of TP Thủ Dầu Một that the article names
MONTHLY_SINCE = dt.date(2023, 11, 15)  # before this day the demonstration's units owe no monthly report
SOURCE = "Số liệu nhập từ bài báo đã đăng, không phải báo cáo của đơn vị."
SAID = {  # what the articles leave open, word for word in each report
    TOWN: f"{SOURCE} Bài báo không nêu tên thị xã; đặt ở thị xã Bình Long. Tên thành viên, tên thôn là giả định.",
    NATION: f"{SOURCE} Ba cách đếm khác nhau, không cộng với nhau.",
    THU_DAU_MOT: f"{SOURCE} Bài báo nêu tổng của thành phố, không nêu từng phường, trừ hộ tịch của phường Phú Thọ.",
    PROVINCE_MONTH: f"{SOURCE} Bài báo không nêu tên tỉnh; đặt ở Bình Dương để trình diễn. Không nêu từng dịch vụ, "
    "trực tiếp hay bưu chính, trước hạn, đúng hạn hay quá hạn: tỷ lệ trước và đúng hạn ở đây không phải số đã công bố.",
}
# Catalogue of what was published and no monthly report asks for: (case, what) -> the indicator that holds it.
OWN_INDICATORS = {
    (NATION, "tasks of central bodies done"): ("NV01", "Nhiệm vụ của bộ, ngành trung ương đã hoàn thành"),
    (NATION, "general tasks of localities done"): ("NV02", "Nhiệm vụ chung của địa phương đã hoàn thành"),
    (NATION, "specific tasks of localities done"): ("NV03", "Nhiệm vụ riêng của địa phương đã hoàn thành"),
    (THU_DAU_MOT, "accounts issued, both levels"): ("DD91", "Tài khoản định danh điện tử đã cấp, cả hai mức"),
    (THU_DAU_MOT, "services led by Public Security done"): ("DV91", "Dịch vụ do Bộ Công an chủ trì đã thực hiện"),
    (THU_DAU_MOT, "services of other sectors"): ("DV92", "Dịch vụ của các ngành khác đã thực hiện"),
}
LOOKS = {  # group, unit of measure, over time, owner
    "NV": ("organisation", "nhiệm vụ", "stock", "office"),
    "DD": ("identity", "tài khoản", "cumulative", "police"),
    "DV": ("online_services", "dịch vụ", "stock", "office"),
}
ALL_SERVICES = ("DVC00", "Mọi dịch vụ (bài báo chỉ nêu tổng số)")


def fact(case: str, what: str) -> dict:
    """One published fact by its words."""
    return next(one for one in CASES[case]["facts"] if one["what"] == what)


def indicator_of(case: str, one: dict) -> str:
    """The indicator that holds a fact; '' where none does."""
    return one.get("indicator") or OWN_INDICATORS.get((case, one["what"]), ("",))[0]


@dataclass
class PublishedReport:
    """What one unit's report says: cell -> number, and per indicator the word and the note beside it."""

    case: str
    unit: str
    cells: dict[str, int] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)


def published_reports(codes_690: list[str], phu_tho: str) -> list[PublishedReport]:
    """The reports that hold the published figures; those of TX Bình Long are counted from the registers."""
    town = PublishedReport(THU_DAU_MOT, "718")
    ward = PublishedReport(THU_DAU_MOT, phu_tho)
    first = next(one for one in CASES[THU_DAU_MOT]["facts"] if FIRST_TO_FINISH in one["what"])
    for one in CASES[THU_DAU_MOT]["facts"]:
        code = indicator_of(THU_DAU_MOT, one)
        if not code:
            continue
        numerator, denominator = one.get("numerator", one.get("value")), one.get("denominator")
        report = ward if one is first else town
        if code == "HT01" and report is town:  # the ward reports its part, the town the rest
            numerator, denominator = numerator - first["numerator"], denominator - first["denominator"]
            report.said[code] = (
                one["qualifier"],
                f"13 phường còn lại; cả thành phố hơn {one['numerator']:,}".replace(",", "."),
            )
        elif "qualifier" in one:
            report.said[code] = (one["qualifier"], "Bài báo chỉ nêu tổng")
        report.cells[f"{code}.numerator"] = numerator
        if denominator is not None:
            report.cells[f"{code}.denominator"] = denominator
    ward.said["HT01"] = ("", "Về đích đầu tiên")
    resources = fact(THU_DAU_MOT, "resources")
    town.cells["NL01.numerator"] = resources["machines"]
    town.said["NL01"] = ("", f"{resources['shifts_per_day']} ca mỗi ngày")
    month, code = fact(PROVINCE_MONTH, "dossiers"), ALL_SERVICES[0]
    province = PublishedReport(PROVINCE_MONTH, "74")
    province.cells = {f"{code}.{name}": 0 for name in ("opening", "received_postal", "resolved_early")}
    province.cells |= {f"{code}.{name}": 0 for name in ("resolved_overdue", "rejected", "pending_overdue")}
    province.cells |= {
        f"{code}.received_online": month["received_online"],
        f"{code}.received_in_person": month["received"] - month["received_online"],
        f"{code}.resolved_on_time": month["resolved"],
    }
    return [*(PublishedReport(TOWN, code) for code in codes_690), ward, town, province]


def load_published_cases(by: User) -> None:
    """All cases; `by` is the account under which the nation's figures are imported (no body reports for the nation)."""
    opened = {month: periods.open_period(month) for _, month in PLACES.values()}
    codes = _communes("690", opened[PLACES[TOWN][1]])
    december = opened[PLACES[THU_DAU_MOT][1]]
    phu_tho = UnitVersion.objects.on(december.data_to).get(
        unit__code__in=_communes("718", december), short_name=FIRST_TO_FINISH
    )
    reports = published_reports(codes, phu_tho.unit.code)
    _ask_for_what_was_published(reports)
    clerks = _create_clerks()
    for report in reports:
        _send(report, opened[PLACES[report.case][1]], clerks)
    _import_nation(opened[PLACES[NATION][1]], by)


def _communes(code: str, period: Period) -> list[str]:
    district = UnitVersion.objects.on(period.data_to).get(unit__code=code, unit__level=Level.DISTRICT)
    below = UnitVersion.objects.on(period.data_to).filter(parent=district.unit, unit__level=Level.COMMUNE)
    return list(below.order_by("unit__code").values_list("unit__code", flat=True))


def _ask_for_what_was_published(reports: list[PublishedReport]) -> None:
    """Terms of the months before the monthly reports: the levels and cells of these reports, and nothing else."""
    for terms in (ServiceTerms, IndicatorTerms):
        terms.objects.filter(valid_from__lt=MONTHLY_SINCE).update(valid_from=MONTHLY_SINCE)
    for position, ((case, what), (code, name)) in enumerate(OWN_INDICATORS.items()):
        one = fact(case, what)
        group, measure, over_time, owner = LOOKS[code[:2]]
        Indicator.objects.create(
            code=code,
            order=900 + position,
            group=group,
            name=name,
            kind="ratio" if "denominator" in one else "number",
            unit_of_measure=measure,
            numerator_label="Đã hoàn thành" if "denominator" in one else "",
            denominator_label="Tổng số" if "denominator" in one else "",
            over_time=over_time,
            direction="up" if "denominator" in one else "none",
            owner=owner,
            origin="published",
            hint="Theo bài báo đã đăng; không có trong báo cáo tháng.",
        )
    service = PublicService.objects.create(
        code=ALL_SERVICES[0], order=900, name=ALL_SERVICES[1], short_name=ALL_SERVICES[1], reporter=Branch.OFFICE
    )
    levels: dict[tuple[str, str], set[str]] = {}
    for report in reports:
        level = {"74": Level.PROVINCE, "718": Level.DISTRICT}.get(report.unit, Level.COMMUNE)
        codes = {cell.partition(".")[0] for cell in report.cells} or {"TC01", "TC02", "TC03", "TC04"}
        for code in codes - {ALL_SERVICES[0]}:
            levels.setdefault((report.case, code), set()).add(f"at_{level}")
    for (case, code), flags in levels.items():
        period = _period_of(case)
        IndicatorTerms.objects.create(
            indicator=Indicator.objects.get(code=code),
            valid_from=period.data_from,
            valid_to=period.data_to,
            **dict.fromkeys(flags, True),
        )
    period = _period_of(PROVINCE_MONTH)
    ServiceTerms.objects.create(
        service=service, valid_from=period.data_from, valid_to=period.data_to, lead_agency="–", at_province=True
    )


def _period_of(case: str) -> Period:
    month = PLACES[case][1]
    return Period.objects.get(year=month.year, month=month.month)


def _create_clerks() -> dict[str, User]:
    """The three who bring the articles in; none can log in."""
    users = {
        name: User.objects.create(username=f"bao-chi.{name}", full_name=f"Nhập số liệu báo chí ({words})", password="!")  # noqa: S106 – no login
        for name, words in (("office", "văn phòng"), ("police", "công an"), ("review", "duyệt"))
    }
    return users


def _send(wanted: PublishedReport, period: Period, clerks: dict[str, User]) -> None:
    """One report, typed, marked ready, sent by one clerk and approved by another, on the day after the data end."""
    version = UnitVersion.objects.on(period.data_to).select_related("unit").get(unit__code=wanted.unit)
    report, _ = Report.objects.get_or_create(
        unit=version.unit, period=period, defaults={"path": version.path, "level": version.unit.level}
    )
    people = {name: User.objects.get(pk=user.pk) for name, user in clerks.items()}  # postings are read once per person
    for name, user in people.items():
        user.demo_today = period.data_to + dt.timedelta(days=1)
        role, branch = (Role.REVIEWER, "") if name == "review" else (Role.OFFICER, name)
        unit = version.unit if name != "review" or report.level == Level.PROVINCE else version.parent
        since = max(dt.date(2022, 1, 6), unit.opened_on)
        Posting.objects.get_or_create(user=user, unit=unit, role=role, branch=branch, defaults={"valid_from": since})
    for branch in Branch.values:
        form = saving.load_form(report)
        cells = {key: str(value) for key, value in wanted.cells.items() if form.cells[key].branch == branch}
        result = saving.save_cells(report_id=report.pk, by=people[branch], cells=cells, via=FigureChange.Via.DEMO)
        assert result.is_ok, (result.refused, result.conflicts)
        for code, (qualifier, note) in wanted.said.items():
            if f"{code}.numerator" in cells:
                saving.describe_figure(
                    report_id=report.pk, by=people[branch], code=code, qualifier=qualifier, note=note
                )
    saving.save_narrative(report_id=report.pk, by=people["office"], texts={"results": SAID[wanted.case]})
    for branch in branches_owing(report):
        mark_ready(report_id=report.pk, branch=branch, by=people[branch])
    workflow.submit(report_id=report.pk, by=people["office"])
    workflow.approve(report_id=report.pk, by=people["review"])


def _import_nation(period: Period, by: User) -> None:
    """Tasks done by 31 July 2022. Nobody reports for the nation and nobody stands above it to approve."""
    version = UnitVersion.objects.on(period.data_to).select_related("unit").get(unit__code="00")
    at = make_aware(dt.datetime.combine(period.data_to + dt.timedelta(days=1), dt.time(9, 0)))
    report = Report.objects.create(
        unit=version.unit,
        period=period,
        path=version.path,
        level=version.unit.level,
        status="approved",
        revision=1,
        submitted_at=at,
        approved_at=at,
        approved_by=by,
        saved_at=at,
        results=SAID[NATION],
    )
    ReportEvent.objects.create(report=report, action="approve", by=by, at=at, revision=1, reason=SOURCE)
    for one in CASES[NATION]["facts"]:
        IndicatorFigure.objects.create(
            report=report,
            indicator=Indicator.objects.get(code=indicator_of(NATION, one)),
            numerator=one["numerator"],
            denominator=one["denominator"],
        )
