"""Figures published in the press about Project 06 task forces, loaded as reports of the units the articles name.

Where an article gives only a total, the split over communes is ours, the total is not. Such reports hold only what was
published: everything else stays blank, which is not zero.
"""

import datetime as dt

from django.utils.timezone import make_aware

from de_an_06.plain.spans import Month
from reporting import periods
from reporting.figures import FIGURE_FIELDS
from reporting.models import (
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    Period,
    PublicService,
    Report,
    ReportEvent,
    ServiceFigures,
)
from taskforces.models import Level, UnitVersion
from taskforces.register import counts

SOURCE = "Nhập từ số liệu đã công bố trên báo chí"


def load_published_cases(by) -> None:
    """All cases; `by` is the account that stands for the import."""
    _town_of_six_2022(by)
    _nation_2022(by)
    _thu_dau_mot_2022(by)
    _province_month_2023(by)


def _report(code: str, period: Period, by) -> Report:
    """The unit's report of the period, approved as an import: what is not published stays blank."""
    version = UnitVersion.objects.on(period.data_to).select_related("unit").get(unit__code=code)
    sent = make_aware(dt.datetime.combine(period.data_to + dt.timedelta(days=2), dt.time(9, 0)))
    report, created = Report.objects.update_or_create(
        unit=version.unit,
        period=period,
        defaults={
            "path": version.path,
            "level": version.unit.level,
            "status": "approved",
            "revision": 1,
            "submitted_at": sent,
            "approved_at": sent,
            "approved_by": by,
            "saved_at": sent,
        },
    )
    if created:
        ReportEvent.objects.create(report=report, action="approve", by=by, at=sent, revision=1, reason=SOURCE)
    return report


def _indicator(
    report: Report, code: str, numerator: int, denominator: int | None = None, qualifier: str = "", note: str = ""
):
    IndicatorFigure.objects.update_or_create(
        report=report,
        indicator=Indicator.objects.get(code=code),
        defaults={"numerator": numerator, "denominator": denominator, "qualifier": qualifier, "note": note},
    )


def _communes(code: str, period: Period) -> list[str]:
    district = UnitVersion.objects.on(period.data_to).get(unit__code=code)
    below = UnitVersion.objects.on(period.data_to).filter(parent=district.unit, unit__level=Level.COMMUNE)
    return list(below.order_by("unit__code").values_list("unit__code", flat=True))


def _shares(total: int, parts: int) -> list[int]:
    """`total` in near-equal whole parts: 58 in 6 -> 10, 10, 10, 10, 9, 9."""
    return [total // parts + (index < total % parts) for index in range(parts)]


def _town_of_six_2022(by) -> None:
    """A town of six communes in Bình Phước, 9 August 2022 (TX Bình Long fits)."""
    period = periods.open_period(Month(2022, 8))
    codes = _communes("690", period)
    reports = [_report(code, period, by) for code in codes]
    counted = counts.register_figures([report.unit_id for report in reports], period.data_to)
    for report in reports:  # counted from the register that registers.py laid out as published
        for code in ("TC01", "TC02", "TC03", "TC04"):
            _indicator(report, code, *counted[report.unit_id][code])


NATION_TASKS = (
    ("NV01", "Nhiệm vụ của bộ, ngành trung ương đã hoàn thành", 21, 89),
    ("NV02", "Nhiệm vụ chung của địa phương đã hoàn thành", 4, 13),
    ("NV03", "Nhiệm vụ riêng của địa phương đã hoàn thành", 1, 8),
)


def _nation_2022(by) -> None:
    """Tasks done by 31 July 2022. The three counts cut the programme differently and are never added."""
    period = periods.open_period(Month(2022, 8))
    report = _report("00", period, by)
    for position, (code, name, done, total) in enumerate(NATION_TASKS):
        indicator, created = Indicator.objects.get_or_create(
            code=code,
            defaults={
                "order": 900 + position,
                "group": "organisation",
                "name": name,
                "kind": "ratio",
                "unit_of_measure": "nhiệm vụ",
                "numerator_label": "Đã hoàn thành",
                "denominator_label": "Được giao",
                "over_time": "stock",
                "direction": "up",
                "owner": "office",
                "origin": "published",
                "hint": "Ba cách đếm khác nhau; không cộng với nhau.",
            },
        )
        if created:
            IndicatorTerms.objects.create(
                indicator=indicator, valid_from=dt.date(2022, 1, 6), valid_to=dt.date(2022, 12, 31)
            )
        _indicator(report, code, done, total)


def _thu_dau_mot_2022(by) -> None:
    """TP Thủ Dầu Một with fourteen wards, 14 December 2022."""
    period = periods.open_period(Month(2022, 12))
    codes = _communes("718", period)
    eligible, collected = _shares(282129, len(codes)), _shares(221305, len(codes))
    phu_tho = UnitVersion.objects.on(period.data_to).get(unit__code__in=codes, short_name="Phú Thọ").unit.code
    others = [code for code in codes if code != phu_tho]
    records = dict(zip(others, zip(_shares(101000 - 17998, 13), _shares(184683 - 17998, 13), strict=True), strict=True))
    facilities = _shares(16, len(codes))
    accounts = _shares(110000, len(codes))
    for index, code in enumerate(codes):
        report = _report(code, period, by)
        _indicator(report, "DD01", collected[index], eligible[index])
        _indicator(report, "YT01", facilities[index], facilities[index])
        _indicator(report, "YT02", facilities[index], facilities[index])
        _indicator(
            report, "DD04", accounts[index], accounts[index], "gần", "Cả hai mức; bài báo chỉ nêu tổng gần 110.000"
        )
        if code == phu_tho:
            _indicator(report, "HT01", 17998, 17998, note="Về đích đầu tiên")
        else:
            _indicator(report, "HT01", *records[code], "hơn", "Bài báo chỉ nêu tổng hơn 101.000/184.683 của thành phố")
    town = _report("718", period, by)
    _indicator(town, "NL01", 16, note="3 ca mỗi ngày")
    _indicator(town, "DV01", 18, 25, note="4/11 dịch vụ do Bộ Công an chủ trì; 14/14 dịch vụ của ngành khác")


def _province_month_2023(by) -> None:
    """A province, 15 August to 14 September 2023: the identity holds, the split over services is ours."""
    period = periods.open_period(Month(2023, 9))
    report = _report("74", period, by)
    parts = (
        ("DVC02", 20000, 15000, 14378, 5622),
        ("DVC07", 14938, 9144, 10000, 4938),
        ("DVC20", 10000, 8000, 8000, 2000),
    )
    for code, received, online, resolved, pending in parts:
        ServiceFigures.objects.update_or_create(
            report=report,
            service=PublicService.objects.get(code=code),
            defaults=dict.fromkeys(FIGURE_FIELDS, 0)
            | {
                "received_online": online,
                "received_in_person": received - online,
                "resolved_on_time": resolved,
                "pending_in_time": pending,
            },
        )
