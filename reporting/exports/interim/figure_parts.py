"""What the figures of the overview say, in sentences and rows: services, indicators, units below, who handed in.

Every number is the overview's own; nothing is added up or divided here but by its pairs when they are shown.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from de_an_06.plain.numbers import format_number, format_rate, rate, with_qualifier
from reporting.figures import IN_TIME_RATE, ONLINE_RATE, PENDING
from reporting.models import Basis, Indicator, Status
from reporting.reading import overview
from reporting.reading.compared import Comparison
from reporting.reading.overview import IndicatorTotal, Overview, ServiceTotal, UnitRow
from reporting.reading.ranges import Dossiers
from reporting.reading.units_below import LINKED_SERVICES
from taskforces.models import Level, UnitVersion

from .wording import (
    comparisons,
    count_changes,
    counted,
    in_brackets,
    listed,
    lower_first,
    of_all,
    pair_of,
    place_words,
    rate_changes,
    said,
)

RANKED_UP_TO = 3  # places that officials name
NAMED_AT_END = 3  # units named best or worst
# Said in sentences of their own (`register_parts`)
IN_OTHER_PARTS = ("TC01", "TC02", "TC03", "TC04", "TC05", overview.ASSIGNMENTS)


# Services ------------------------------------------------------------------------------------------------------------


def services_part(seen: Overview) -> dict[str, Any]:
    return {
        "cau": said(
            _received(seen),
            _resolved(seen),
            _pending(seen),
            _slowest_service(seen),
            _linked(seen),
            _rising(seen),
            _same_units(seen),
        ),
        "bang": [
            {
                "stt": format_number(i),
                "ma": line.service.code,
                "ten": line.service.name,
                **_dossier_cells(line.dossiers),
            }
            for i, line in enumerate(seen.services, start=1)
        ],
    }


def _dossier_cells(dossiers: Dossiers, rated: Dossiers | None = None) -> dict[str, str]:
    of = rated or dossiers
    return {
        "tiep_nhan": format_number(dossiers.received),
        "ty_le_truc_tuyen": format_rate(*of.online_rate),
        "giai_quyet": format_number(dossiers.resolved),
        "ty_le_dung_han": format_rate(*of.in_time_rate),
        "qua_han": format_number(dossiers.pending_overdue),
    }


def _received(seen: Overview) -> str:
    dossiers = seen.dossiers
    if dossiers.received is None:
        return ""
    changes = count_changes((c.now.dossiers.received, c.before.dossiers.received, n) for c, n in comparisons(seen))
    sentence = f"Tiếp nhận {counted(dossiers.received)} hồ sơ{in_brackets(changes)}"
    if dossiers.received_online is not None:
        sentence += f", trong đó {counted(dossiers.received_online)} hồ sơ nộp trực tuyến"
    return f"{sentence}{_rate_words(seen, ONLINE_RATE, 'nộp trực tuyến')}."


def _resolved(seen: Overview) -> str:
    dossiers = seen.dossiers
    if dossiers.resolved is None:
        return ""
    sentence = f"Đã giải quyết {counted(dossiers.resolved)} hồ sơ"
    in_time, _ = dossiers.in_time_rate
    if in_time is not None and dossiers.resolved:
        sentence += f", trong đó {counted(in_time)} hồ sơ trước và đúng hạn"
    return f"{sentence}{_rate_words(seen, IN_TIME_RATE, 'giải quyết trước và đúng hạn')}."


def _rate_words(seen: Overview, each, name: str) -> str:
    """', đạt 99,46% (tăng …)'; where services are left out of the headline rates, in words of its own."""
    pair = seen.measures.rate(each)
    if rate(*pair) is None:
        return ""
    changes = in_brackets(rate_changes((c.now.rate(each), c.before.rate(each), n) for c, n in comparisons(seen)))
    if not seen.not_counted:
        return f", đạt {format_rate(*pair)}{changes}"
    return f"; tỷ lệ {name} đạt {format_rate(*pair)}{changes}, không tính {seen.not_counted}"


def _pending(seen: Overview) -> str:
    dossiers = seen.dossiers
    pending = dossiers.sum_of(PENDING.fields)
    if pending is None:
        return ""
    if not pending:
        return "Cuối kỳ không còn hồ sơ đang giải quyết."
    overdue = dossiers.pending_overdue
    tail = (
        ""
        if overdue is None
        else f", trong đó {counted(overdue)} hồ sơ quá hạn"
        if overdue
        else ", không có hồ sơ quá hạn"
    )
    return f"Cuối kỳ còn {counted(pending)} hồ sơ đang giải quyết{tail}."


def _slowest_service(seen: Overview) -> str:
    """The lowest of those with enough dossiers, where it is not all in time."""
    rated = [(value, line) for line in seen.services if (value := _judged(line.dossiers, seen)) is not None]
    if len(rated) < 2:
        return ""
    value, line = min(rated, key=lambda pair: pair[0])
    if value == 100:
        return ""
    in_time = format_rate(*line.dossiers.in_time_rate)
    return f"Dịch vụ có tỷ lệ giải quyết trước và đúng hạn thấp nhất: {_named(line)}, {in_time}."


def _named(line: ServiceTotal) -> str:
    return lower_first(line.service.short_name)


def _judged(dossiers: Dossiers, seen: Overview) -> Fraction | None:
    """Percent in time; None of few dossiers, which are not held up as good or bad."""
    numerator, denominator = dossiers.in_time_rate
    return rate(numerator, denominator) if (denominator or 0) >= seen.settings.fewest_dossiers else None


def _linked(seen: Overview) -> str:
    """Dossiers of the two linked groups, and the unit's place where it is one that officials name."""
    linked = seen.measures.linked
    if not linked:
        return ""
    names = listed(_named(line) for line in seen.services if line.service.code in LINKED_SERVICES)
    return f"Hồ sơ của hai nhóm thủ tục liên thông ({names}): {counted(linked)} hồ sơ{_place_of_linked(seen)}."


def _place_of_linked(seen: Overview) -> str:
    above = seen.ancestors[-1] if seen.ancestors else None
    if seen.joined or above is None or above.unit.level == Level.NATION:
        return ""
    around = overview.overview(above.unit_id, seen.span, seen.basis, ranked_by="lien-thong")
    rank = next((row.rank for row in around.rows if row.unit_id == seen.unit_id and not row.is_own), None)
    ranked = sum(row.rank is not None for row in around.rows)
    if rank is None or rank > RANKED_UP_TO or ranked <= rank:
        return ""
    return f", {place_words(rank)} toàn {_kind_of(above)}"


def _kind_of(version: UnitVersion) -> str:
    return version.get_unit_type_display().lower()


def _rising(seen: Overview) -> str:
    """Months of the trend of which each has a higher online rate than the one before, up to the last."""
    known = [point for point in seen.trend if point.online is not None]
    run = known[-1:]
    for point in reversed(known[:-1]):
        later, earlier = run[0].online, point.online
        if point.month.plus(1) != run[0].month or rate(*earlier) >= rate(*later):  # type: ignore[misc,operator]
            break
        run.insert(0, point)
    if len(run) < 2 or run[-1].month != seen.trend[-1].month:
        return ""
    ends = [f"{point.month.label} {format_rate(*point.online)}" for point in (run[0], run[-1]) if point.online]
    return f"Tỷ lệ hồ sơ trực tuyến tháng sau cao hơn tháng trước: từ {ends[0]} lên {ends[1]}."


def _same_units(seen: Overview) -> str:
    """Changes are measured on the same units: said where these are not all."""
    if not seen.has_units_below:
        return ""
    fewer = [
        f"với {name} trên cùng {format_number(compared.units)} đơn vị"
        for compared, name in comparisons(seen)
        if compared.units < seen.submissions.reported
    ]
    return f"So sánh {listed(fewer)} có số liệu ở cả hai kỳ." if fewer else ""


# Indicators ----------------------------------------------------------------------------------------------------------


def indicators_part(seen: Overview) -> dict[str, Any]:
    """Sentences by group of the catalogue, and a row for each indicator with figures."""
    groups: dict[str, list[str]] = {}
    for line in seen.indicators:
        if line.indicator.code not in IN_OTHER_PARTS and (sentence := _of_indicator(line, seen)):
            groups.setdefault(line.indicator.group, []).append(sentence)
    reported = [line for line in seen.indicators if line.pair.numerator is not None]
    return {
        "nhom": [{"ten": Indicator.Group(group).label, "cau": sentences} for group, sentences in groups.items()],
        "bang": [
            {
                "stt": format_number(i),
                "ma": line.indicator.code,
                "ten": f"{line.indicator.name} ({line.indicator.unit_of_measure})",
                "so_dat": with_qualifier(format_number(line.pair.numerator), line.said.word),
                "tong_so": format_number(line.pair.denominator) if _is_ratio(line) else "",
                "ty_le": format_rate(*line.pair.rate) if _is_ratio(line) else "",
                "thay_doi": _change_cell(line, seen.comparison),
            }
            for i, line in enumerate(reported, start=1)
        ],
    }


def _is_ratio(line: IndicatorTotal) -> bool:
    return line.indicator.kind == Indicator.Kind.RATIO


def pair_words(line: IndicatorTotal) -> str:
    """'hơn 101.000/184.683', '08/11', 'gần 110.000'; '' where nothing was reported."""
    pair = line.pair
    if pair.numerator is None:
        return ""
    if _is_ratio(line) and pair.denominator:
        return of_all(pair.numerator, pair.denominator, line.said.word)
    return with_qualifier(counted(pair.numerator), line.said.word)


def _of_indicator(line: IndicatorTotal, seen: Overview) -> str:
    """'Hồ sơ cấp căn cước đã thu nhận: 221.305/282.129 hồ sơ, đạt 78,44%'; a plain 0 is left to the table."""
    indicator, pair = line.indicator, line.pair
    is_rate = _is_ratio(line) and bool(pair.denominator)
    if not pair.numerator and not is_rate:
        return ""
    sides = [(*pair_of(c, indicator.pk), name) for c, name in comparisons(seen)]
    words = f"{indicator.name}: {pair_words(line)} {indicator.unit_of_measure}"
    if is_rate:
        changes = rate_changes((now.rate, then.rate, name) for now, then, name in sides)
        return f"{words}, đạt {format_rate(*pair.rate)}{in_brackets(changes)}."
    changes = count_changes((now.numerator, then.numerator, name) for now, then, name in sides)
    return f"{words}{in_brackets(changes)}."


def _change_cell(line: IndicatorTotal, compared: Comparison | None) -> str:
    if compared is None:
        return ""
    now, then = pair_of(compared, line.indicator.pk)
    changes = (
        rate_changes([(now.rate, then.rate, "")])
        if _is_ratio(line)
        else count_changes([(now.numerator, then.numerator, "")])
    )
    return changes.replace(" so với ", "").replace("phần trăm", "%").replace("bằng ", "không đổi").strip()


# Units below ---------------------------------------------------------------------------------------------------------


def units_part(seen: Overview) -> dict[str, Any]:
    """Lowest rate in time first; those without a rate at the end, in the order of their names."""
    rows = [row for row in seen.rows if row.submissions.expected_reports or row.submissions.reports]
    return {"cau": said(_best(rows, seen), _worst(rows, seen), _holders(seen)), "bang": list(_unit_rows(rows))}


def _in_time(row: UnitRow) -> Fraction | None:
    return rate(*row.measures.in_time_rate)


def worst_first(rows: Iterable[UnitRow]) -> list[UnitRow]:
    found = list(rows)
    rated = [(value, i, row) for i, row in enumerate(found) if (value := _in_time(row)) is not None]
    return [row for _, _, row in sorted(rated)] + [row for row in found if _in_time(row) is None]


def _unit_rows(rows: list[UnitRow]) -> Iterable[dict[str, str]]:
    for i, row in enumerate(worst_first(rows), start=1):
        owed, measures = row.submissions, row.measures
        yield {
            "stt": format_number(i),
            "ten": row.name,
            "bao_cao": f"{format_number(owed.reports)}/{format_number(owed.expected_reports)}",
            **_dossier_cells(measures.dossiers, measures.rated),
            "vneid": format_rate(*measures.activation.rate),
        }


def _ends(rows: list[UnitRow], seen: Overview) -> list[tuple[Fraction, UnitRow]]:
    judged = [
        (value, row)
        for row in rows
        if not row.is_own and not row.is_former and (value := _judged(row.measures.rated, seen)) is not None
    ]
    return sorted(judged, key=lambda pair: pair[0])


def _best(rows: list[UnitRow], seen: Overview) -> str:
    judged = _ends(rows, seen)
    if len(judged) < 2:
        return ""
    most = judged[-1][0]
    best = [row for value, row in judged if value == most]
    value = format_rate(*best[0].measures.in_time_rate)
    if len(best) > NAMED_AT_END:
        return f"{counted(len(best))} đơn vị cùng có tỷ lệ giải quyết trước và đúng hạn cao nhất ({value})."
    return f"Tỷ lệ giải quyết trước và đúng hạn cao nhất: {listed(row.name for row in best)} ({value})."


def _worst(rows: list[UnitRow], seen: Overview) -> str:
    judged = _ends(rows, seen)
    low = [row for value, row in judged if value < judged[-1][0]][:NAMED_AT_END] if len(judged) > 1 else []
    if not low:
        return ""
    names = listed(f"{row.name} ({format_rate(*row.measures.in_time_rate)})" for row in low)
    return f"Thấp nhất: {names}."


def _holders(seen: Overview) -> str:
    holders = seen.overdue_holders
    if not holders:
        return ""
    most = listed(f"{row.name} ({counted(row.dossiers.pending_overdue or 0)})" for row in holders[:NAMED_AT_END])
    which = "nhiều nhất là " if len(holders) > NAMED_AT_END else "gồm "
    return f"{counted(len(holders))} đơn vị còn hồ sơ đang giải quyết quá hạn, {which}{most}."


# Who handed in -------------------------------------------------------------------------------------------------------


def hand_ins_part(seen: Overview) -> dict[str, Any]:
    owed = seen.submissions
    if not owed.expected_reports or not seen.has_units_below:
        return {"cau": []}
    is_month = len(seen.periods) == 1
    noun, done = ("đơn vị" if is_month else "báo cáo tháng"), "được duyệt" if seen.basis == Basis.OFFICIAL else "đã gửi"
    sentence = f"{of_all(owed.reports, owed.expected_reports)} {noun} {'có báo cáo ' if is_month else ''}{done}"
    if owed.late:
        sentence += f", trong đó {counted(owed.late)} báo cáo nộp trễ hạn"
    return {"cau": said(f"{sentence}.", _missing(seen, is_month))}


def _missing(seen: Overview, is_month: bool) -> str:
    late = [m for m in seen.missing if m.days_overdue is not None and m.status != Status.RETURNED]
    names = list(dict.fromkeys(m.name for m in late))
    if not names:
        return ""
    more = f" và {counted(len(names) - NAMED_AT_END)} đơn vị khác" if len(names) > NAMED_AT_END else ""
    said_names = ", ".join(names[:NAMED_AT_END]) if more else listed(names)
    count = counted(len(names)) if is_month else counted(len(late))
    noun = "đơn vị chưa nộp, đã quá hạn" if is_month else "báo cáo tháng đã quá hạn chưa nộp"
    return f"Còn {count} {noun}: {said_names}{more}."
