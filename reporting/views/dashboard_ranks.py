"""The dashboard's ranks as text: the units below a unit, and a unit among its peers."""

from fractions import Fraction

from de_an_06.plain.numbers import format_number, format_rate
from reporting.models import Target
from reporting.reading.against_targets import ReachedByKey, in_order
from reporting.reading.contributions import is_headline
from reporting.reading.overview import Overview, UnitRow
from reporting.reading.peers import Peers
from reporting.reading.ranking import (
    HEADLINE_RANKINGS,
    INDICATOR,
    REACHED,
    SERVICE,
    Ranking,
    given_below,
    is_rankable,
)
from reporting.reading.units_below import RankedValue

from .dashboard_numbers import count
from .dashboard_tables import in_table


def given(seen: Overview, own: ReachedByKey) -> list[Target]:
    """What units are given for the year, once each: those below (one query), of a unit without any its `own`."""
    if not seen.children:
        return [one.target for found in own.values() for one in found if not one.target.month]
    rows = given_below(seen.unit_id, seen.periods[-1]).order_by().values_list("indicator", "service", "rate").distinct()
    indicators = {line.indicator.pk: line.indicator for line in seen.indicators}
    services = {service.pk: service for service in seen.catalogue}
    found = [Target(indicator=indicators.get(i), service=services.get(s), rate=rate) for i, s, rate in rows]
    return sorted(found, key=in_order)


def choices(seen: Overview, targets: ReachedByKey) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """For the select: (group, [(key, words, chosen)]); of the services those somebody reported. `targets`: its own."""
    services = {SERVICE + line.service.code: f"{line.service.code} {line.service.short_name}" for line in seen.services}
    if seen.ranking.key.startswith(SERVICE):
        services.setdefault(seen.ranking.key, seen.ranking.label)
    indicators = {
        INDICATOR + line.indicator.code: f"{line.indicator.code} {line.indicator.name}"
        for line in seen.indicators
        if is_rankable(line.indicator)
    }
    groups = (
        ("Số chung", {key: one.label for key, one in HEADLINE_RANKINGS.items()}),
        ("Trước và đúng hạn của một dịch vụ công", services),
        ("Chỉ tiêu", indicators),
        ("Mức đạt chỉ tiêu được giao năm nay", {REACHED + target.key: target.label for target in given(seen, targets)}),
    )
    return [
        (name, [(key, words, key == seen.ranking.key) for key, words in options.items()])
        for name, options in groups
        if options
    ]


def ranking(seen: Overview, unit_link, source_link) -> dict | None:
    """Units by rank, then those of few dossiers, then those without data; bars start at a round floor for rates, at 0
    for counts."""
    below = [r for r in seen.rows if in_table(r) and not r.is_own and not r.is_former]
    if not below:
        return None
    by = seen.ranking
    ranked = sorted((r for r in below if r.rank is not None), key=lambda r: r.rank or 0)
    few = [r for r in below if by.is_few(r.value, seen.settings.fewest_dossiers)]
    without = [r for r in below if by.exact(r.value) is None]
    shares = {r.unit_id: by.exact(r.value) or Fraction(0) for r in ranked}
    floor, top = Fraction(0), max(shares.values(), default=Fraction(0))
    if by.is_rate and shares:
        floor, top = Fraction(int(min(shares.values()) * 20), 20), max(Fraction(1), top)
        floor = min(floor, Fraction(19, 20))

    def shown(row: UnitRow) -> dict:
        return {
            "name": row.name,
            "url": unit_link(row.unit_id),
            "value": _text(by, row.value),
            "source": _rows_behind(by, row.unit_id, unit_link, source_link),
        }

    rows = []
    for r in ranked:
        width = (shares[r.unit_id] - floor) / (top - floor) if top > floor else Fraction(0)
        more = {"rank": r.rank, "width": f"{float(width) * 100:.1f}", "change": _rank_words(r.rank_change)}
        rows.append(shown(r) | more)
    return {
        "label": by.label,
        "is_rate": by.is_rate,
        "compared": seen.comparison.label if seen.comparison else "",
        "has_changes": any(r.rank_change is not None for r in ranked),
        "rows": rows,
        "few": [shown(r) for r in few],
        "few_words": _few_words(by),
        "without": [(r.name, unit_link(r.unit_id)) for r in without],
        "unranked": f"{count(len(without))} đơn vị chưa có số liệu không xếp hạng" if without else "",
        "is_falling": by.is_falling,
        "not_counted": _not_counted(seen),
        "floor": f"Thanh vẽ từ {count(int(floor * 100))}%." if by.is_rate and floor else "",
    }


def _not_counted(seen: Overview) -> str:
    """The services that the measure leaves out, where it is a headline rate."""
    return seen.not_counted if is_headline(seen.ranking.source) else ""


def _rows_behind(by: Ranking, unit_id: int, unit_link, source_link) -> str:
    """What is counted of reports is seen on the unit's page, everything else in its rows."""
    return source_link(so=by.source, dong=unit_id) if by.source else f"{unit_link(unit_id)}#nop"


def _text(by: Ranking, value: RankedValue) -> str:
    return format_rate(value.numerator, value.denominator) if by.is_rate else count(value.numerator)


def _few_words(by: Ranking) -> str:
    return f"ít {by.counted}, không xếp hạng"


def _rank_words(change: int | None) -> dict:
    if not change:
        return {"icon": "", "amount": "", "word": "" if change is None else "giữ hạng"}
    return {
        "icon": "up" if change > 0 else "down",
        "amount": count(abs(change)),
        "word": "tăng" if change > 0 else "giảm",
    }


def peers(seen: Overview, found: Peers | None, source_link) -> dict | None:
    """A unit among its peers: its rank, and a line from the lowest to the highest with the middle half and itself."""
    if found is None:
        return None
    by = seen.ranking
    lowest, lower, middle, upper, highest = found.spread
    own = by.exact(found.value)
    alike = f"{found.unit_type.lower()} của {found.province[:1].lower()}{found.province[1:]}"
    among = f"({count(found.total)} {alike} được xếp hạng)"
    if found.rank is not None:
        place, among = f"Hạng {count(found.rank)} trong {count(found.total)}", f"{alike} được xếp hạng"
    elif found.is_few:
        place = _few_words(by).capitalize()
    else:
        place = "Chưa có số liệu, không xếp hạng"

    def words(exact: Fraction) -> str:
        return _text(by, RankedValue(exact.numerator, exact.denominator)) if by.is_rate else format_number(exact)

    def at(exact: Fraction) -> str:
        return f"{float((exact - lowest) / (highest - lowest)) * 100:.1f}%"

    strip = None
    if highest > lowest:
        strip = {"from": at(lower), "width": f"{float((upper - lower) / (highest - lowest)) * 100:.1f}%"}
        strip |= {"middle": at(middle), "own": at(own) if own is not None and found.rank is not None else ""}
    return {
        "label": by.label,
        "place": place,
        "among": among,
        "value": _text(by, found.value) if own is not None else "",
        "source": source_link(so=by.source) if by.source and own is not None else "",
        "spread": f"Ở giữa: {words(middle)}; một nửa số đơn vị từ {words(lower)} đến {words(upper)}; "
        f"thấp nhất {words(lowest)}; cao nhất {words(highest)}.",
        "strip": strip,
        "not_counted": _not_counted(seen),
        "is_falling": by.is_falling,
        "named": [
            {"rank": rank, "name": name, "value": _text(by, value), "is_own": is_own}
            for rank, name, value, is_own in found.named
        ],
    }
