"""Long sheets of the units below: communes by district, every indicator of every unit, ranks."""

from collections import defaultdict
from collections.abc import Iterator

from reporting.models import Indicator
from reporting.reading.overview import Pair, UnitRow
from reporting.reading.owed import Submissions, submissions
from reporting.reading.places import NOW, Stretch
from reporting.reading.ranges import indicator_sums, service_sums
from reporting.reading.ranking import DEFAULT_RANKING, HEADLINE_RANKINGS, Ranking
from reporting.reading.units_below import Measures, RankedValue
from taskforces.models import Level
from taskforces.models.units import path_ids

from ..sheets import Row, SheetColumn, SheetTable
from .choice import COMMUNES_PART, INDICATORS_BY_UNIT_PART, RANKS_PART
from .figure_sheets import ORDER_COLUMN, added_keys, unit_columns, unit_row
from .frame import TITLE, Book

NOT_JOINED = "Trang này không lập khi nối địa giới: mỗi tháng một địa giới thì mới kể được từng đơn vị."
LEAST_WIDTH = 100  # of a table, so that the official head has room
NO_UNITS_BELOW = "Không có: đơn vị không có đơn vị trực thuộc."


def _stretch(book: Book) -> Stretch:
    view = book.view
    return Stretch(view.unit_id, view.basis, view.periods, left_out=view.left_out)


# Communes by district ------------------------------------------------------------------------------------------------


class CommuneSheet:
    """Every reporting unit under its district, then the district's total, as the page of the district has it."""

    part = COMMUNES_PART

    def __init__(self, book: Book):
        self.book = book
        self.districts = [] if book.view.joined else [r for r in book.view.rows if r.level == Level.DISTRICT]
        self.communes = self._read() if self.districts else {}
        self.rows = sum(len(found) for found in self.communes.values()) + len(self.districts)

    def _read(self) -> dict[int, list[Row]]:
        """District -> its reporting units in the order of their names; three queries."""
        stretch, names, day = _stretch(self.book), self.book.names, self.book.view.day
        measures: dict[int, Measures] = defaultdict(Measures)
        for part in service_sums(stretch, by_child=True, by_service=False, by_unit=True):
            if part.side == NOW and part.child_id is not None:
                measures[part.child_id].add(part)
        owed = {pk: one for (side, pk), one in submissions(stretch, by_unit=True).items() if side == NOW and pk}
        found: dict[int, list[tuple[tuple, Row]]] = defaultdict(list)
        districts = {row.unit_id for row in self.districts}
        for pk in measures.keys() | owed.keys():
            version = names.version(pk, day)
            if version is None:
                continue
            above = next((place for place in reversed(path_ids(version.path)) if place in districts), None)
            if above is not None:
                name = names.on(pk, day)
                row = unit_row(name.name, owed.get(pk, Submissions()), measures.get(pk, Measures()))
                found[above].append((name.order, row))
        return {pk: [row for _, row in sorted(rows, key=lambda one: one[0])] for pk, rows in found.items()}

    def write(self, add) -> None:
        book = self.book
        columns = unit_columns(book)
        heading = book.heading(self.part, f"{TITLE} THEO XÃ, CỘNG THEO HUYỆN", "hồ sơ")
        table = SheetTable(add(self.part.name), book.formats, columns, heading)
        for district in self.districts:
            table.group(district.name)
            for order, row in enumerate(self.communes.get(district.unit_id, ()), start=1):
                table.add({"order": str(order), **row})
                book.step(self.part, *row.values())
            whole = unit_row(district.name, district.submissions, district.measures)
            table.add_part(f"Cộng {district.name}", {key: whole.get(key) for key in added_keys(columns)})
            book.step(self.part, *whole.values())
        if not self.districts:
            book.nothing(self.part)
            table.note(
                NOT_JOINED if book.view.joined else "Không có: đơn vị không có cấp huyện trực thuộc trong kỳ này."
            )
        table.close()


# Indicators by unit --------------------------------------------------------------------------------------------------


class IndicatorsByUnitSheet:
    """A sheet for each group of indicators: a row for each unit right below, the unit's own report among them."""

    part = INDICATORS_BY_UNIT_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        self.units: list[UnitRow] = [] if view.joined else view.rows
        self.pairs: dict[tuple[int | None, int], Pair] = {}
        if self.units:
            for part in indicator_sums(_stretch(book)):
                if part.side == NOW:
                    pair = self.pairs.setdefault((part.child_id, part.indicator_id), Pair())
                    pair += part.pair
        self.groups: dict[str, list[Indicator]] = defaultdict(list)
        for line in view.indicators if self.units else []:
            self.groups[line.indicator.group].append(line.indicator)
        self.rows = len(self.units) * len(self.groups)

    def write(self, add) -> None:
        book = self.book
        title = "CÁC CHỈ TIÊU CHUNG THEO ĐƠN VỊ"
        totals = {line.indicator.pk: line.pair for line in book.view.indicators}
        for group, indicators in self.groups.items():
            label = Indicator.Group(group).label
            heading = book.heading(self.part, f"{title}: {label}".upper(), "ghi ở từng chỉ tiêu")
            table = SheetTable(add(f"CT {label}"), book.formats, tuple(_indicator_columns(indicators)), heading)
            for order, unit in enumerate(self.units, start=1):
                row: dict = {"name": unit.name}
                for one in indicators:
                    row |= _pair_cells(one, self.pairs.get((None if unit.is_own else unit.unit_id, one.pk), Pair()))
                table.add({"order": str(order), **row})
                book.step(self.part, group, *row.values())
            whole: dict = {}
            for one in indicators:
                whole |= _pair_cells(one, totals.get(one.pk, Pair()))
            table.add_part("TỔNG SỐ", whole)
            for one in indicators:
                table.note(f"{one.code}: {one.name} ({one.unit_of_measure})." + (_OWN if one.is_own else ""))
            table.close()
        if not self.groups:
            book.nothing(self.part)
            heading = book.heading(self.part, title, "ghi ở từng chỉ tiêu")
            table = SheetTable(add(self.part.name), book.formats, tuple(_indicator_columns([])), heading)
            table.note(NOT_JOINED if book.view.joined else NO_UNITS_BELOW)
            table.close()


_OWN = " Số của riêng từng đơn vị, dòng TỔNG SỐ không cộng."


def _indicator_columns(indicators: list[Indicator]) -> Iterator[SheetColumn]:
    figures = sum(32 if one.kind == Indicator.Kind.RATIO else 11 for one in indicators)
    yield ORDER_COLUMN
    yield SheetColumn("name", "Đơn vị", width=max(36, LEAST_WIDTH - figures), text=True)
    for one in indicators:
        yield SheetColumn(f"{one.code}_n", "Số đạt", one.code, width=11)
        if one.kind == Indicator.Kind.RATIO:
            yield SheetColumn(f"{one.code}_d", "Tổng số", one.code, width=11)
            yield SheetColumn(
                f"{one.code}_r", "Tỷ lệ", one.code, width=10, over=(f"{one.code}_n",), under=f"{one.code}_d"
            )


def _pair_cells(indicator: Indicator, pair: Pair) -> dict:
    return {f"{indicator.code}_n": pair.numerator, f"{indicator.code}_d": pair.denominator}


# Ranks ---------------------------------------------------------------------------------------------------------------


class RankSheet:
    """The units right below by each headline measure; in the order of the first of them."""

    part = RANKS_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        below = [] if view.joined else [r for r in view.rows if not r.is_own and not r.is_former]
        self.values = {
            key: {r.unit_id: RankedValue(*one.value(r.measures, r.submissions)) for r in below}
            for key, one in HEADLINE_RANKINGS.items()
        }
        fewest = view.settings.fewest_dossiers
        self.ranks = {key: one.ranks(self.values[key], fewest) for key, one in HEADLINE_RANKINGS.items()}
        first = self.ranks[DEFAULT_RANKING]
        self.units = sorted(below, key=lambda r: first.get(r.unit_id, len(below) + 1))
        self.rows = len(self.units)

    def write(self, add) -> None:
        book = self.book
        columns = tuple(_rank_columns())
        heading = book.heading(self.part, "XẾP HẠNG CÁC ĐƠN VỊ TRỰC THUỘC", "ghi ở từng cột")
        table = SheetTable(add(self.part.name), book.formats, columns, heading)
        for order, unit in enumerate(self.units, start=1):
            row: dict = {"name": unit.name}
            for key, one in HEADLINE_RANKINGS.items():
                row[key] = _shown_value(one, self.values[key][unit.unit_id])
                row[f"{key}_rank"] = self.ranks[key].get(unit.unit_id)
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        if not self.units:
            book.nothing(self.part)
            table.note(NOT_JOINED if book.view.joined else NO_UNITS_BELOW)
        else:
            fewest = book.view.settings.fewest_dossiers
            table.note(
                f"Đơn vị bằng nhau cùng hạng. Đơn vị có dưới {fewest} hồ sơ ghi tỷ lệ mà không xếp hạng theo tỷ lệ đó; "
                "ô hạng để trống là không xếp hạng."
            )
        table.close()


def _rank_columns() -> Iterator[SheetColumn]:
    yield ORDER_COLUMN
    yield SheetColumn("name", "Đơn vị", width=36, text=True)
    for key, one in HEADLINE_RANKINGS.items():
        title = one.label[:1].upper() + one.label[1:]
        yield SheetColumn(
            key, "Tỷ lệ" if one.is_rate else "Số", title, width=11, shown="percent" if one.is_rate else "number"
        )
        yield SheetColumn(f"{key}_rank", "Hạng", title, width=7, shown="number")


def _shown_value(ranking: Ranking, value: RankedValue) -> float | int | None:
    exact = ranking.exact(value)
    return None if exact is None else float(exact) if ranking.is_rate else int(exact)
