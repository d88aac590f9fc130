"""The portal asked, and each of its answers held against the model; every cell is counted, every difference named."""

import random
from collections import Counter
from dataclasses import dataclass, field, fields

from .model import ACTIVATION, FIGURES, HOURS, LINKED, Counts, Model, Month, Sums
from .worlds import Scene, successors_of

BASES = ("provisional", "official")
FEWEST = 20
RATES_OF_DOSSIERS = {"dung-han": "in_time_rate", "truc-tuyen": "online_rate"}
RANKINGS = ("dung-han", "truc-tuyen", "tiep-nhan", "lien-thong", "vneid")
HEAT_UNITS = 60
MEASURES = ("received", "online_rate", "resolved", "in_time_rate", "pending", "pending_overdue", "opening", "linked")
MOST_DIFFERENCES = 200  # kept and printed; all are counted


@dataclass
class Tally:
    """Cells compared by kind, and the differences."""

    cells: Counter = field(default_factory=Counter)
    wrong: Counter = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def same(self, kind: str, where: object, got: object, wanted: object) -> None:
        """One cell: what the portal says, what the model says."""
        self.cells[kind] += 1
        if got != wanted:
            self.wrong[kind] += 1
            if len(self.differences) < MOST_DIFFERENCES:
                self.differences.append(f"{kind}: {where}: the portal says {got!r}, the model {wanted!r}")

    def __iadd__(self, other: "Tally") -> "Tally":
        self.cells += other.cells
        self.wrong += other.wrong
        self.differences += other.differences[: MOST_DIFFERENCES - len(self.differences)]
        return self

    @property
    def is_clean(self) -> bool:
        return not self.wrong


@dataclass(frozen=True)
class Stretch:
    """Months asked for by a key of an address, and how far back those compared with lie."""

    key: str
    kind: str
    first: int  # year * 12 + month - 1
    size: int
    back: int

    @property
    def keys(self) -> list[tuple[int, int]]:
        return [(k // 12, k % 12 + 1) for k in range(self.first, self.first + self.size)]


def stretches(year: int) -> list[Stretch]:
    """Every span the pages offer in a year."""
    january = year * 12
    found = [Stretch(f"{year}-{m + 1:02d}", "month", january + m, 1, 1) for m in range(12)]
    found += [Stretch(f"{year}-Q{q + 1}", "quarter", january + 3 * q, 3, 3) for q in range(4)]
    found += [Stretch(f"{year}-H{h + 1}", "half", january + 6 * h, 6, 6) for h in range(2)]
    found += [Stretch(f"{year}-9M", "nine", january, 9, 12), Stretch(str(year), "year", january, 12, 12)]
    return found + [Stretch(f"{year}-YTD{m:02d}", "ytd", january, m, 12) for m in range(1, 13)]


def between(first: tuple[int, int], last: tuple[int, int]) -> Stretch:
    a, b = (y * 12 + m - 1 for y, m in (first, last))
    key = "..".join(f"{y}-{m:02d}" for y, m in (first, last))
    return Stretch(key, "range", a, b - a + 1, b - a + 1)


@dataclass
class Question:
    """One page: unit, stretch, basis; and the months the model reads for it."""

    unit: str
    stretch: Stretch
    basis: str
    months: list[Month]
    before: list[Month]
    year: list[Month]  # the same months of the year before, where these are others

    def __str__(self):
        return f"{self.unit} {self.stretch.key} {self.basis}"


class Oracle:
    """One world in the database and its model; `tally` collects what was compared."""

    def __init__(self, scene: Scene, tally: Tally | None = None):
        self.scene, self.world = scene, scene.world
        self.model = Model(scene.world)
        self.tally = Tally() if tally is None else tally
        self.random = random.Random(scene.world.seed * 7 + 1)
        self._parts: dict[tuple, list] = {}

    # Questions -------------------------------------------------------------------------------------------------------

    def question(self, unit: str, stretch: Stretch, basis: str) -> Question | None:
        """None where the unit has no begun month in the stretch."""
        own = {m.key: m for m in self.model.months_of(unit, self.scene.begun)}
        months = [own[key] for key in stretch.keys if key in own]
        if not months:
            return None
        today = self.scene.now.astimezone(HOURS).date()
        ended = [m for m in months if m.last < today] or months  # one still running is compared only alone

        def back(by: int) -> list[Month]:
            wanted = [divmod(y * 12 + m - 1 - by, 12) for y, m in (month.key for month in ended)]
            found = [own.get((y, m + 1)) for y, m in wanted]
            return [] if None in found else found

        year = back(12) if stretch.back != 12 and stretch.size <= 12 else []
        return Question(unit, stretch, basis, months, back(stretch.back), year)

    def questions(self, number: int) -> list[Question]:
        """So many pages: every kind of span and both bases first; units above communes more often."""
        r, begun = self.random, self.scene.begun
        known = [s for year in sorted({m.key[0] for m in begun}) for s in stretches(year)]
        keys = [m.key for m in begun]
        known += [between(*sorted(r.sample(keys, 2))) for _ in range(6)]
        if len(keys) >= 12:
            known += [between(keys[-12], keys[-1])] * 3  # the last twelve
        by_kind: dict[str, list[Stretch]] = {}
        for stretch in known:
            by_kind.setdefault(stretch.kind, []).append(stretch)
        units = sorted(self.world.units)
        weights = [1 if self.world.units[u].level == "commune" else 4 for u in units]
        found: list[Question] = []
        order = [(kind, basis) for kind in by_kind for basis in BASES]
        for k in range(number * 3):
            kind, basis = order[k % len(order)]
            asked = self.question(r.choices(units, weights)[0], r.choice(by_kind[kind]), basis)
            if asked:
                found.append(asked)
            if len(found) == number:
                break
        return found

    def parts(
        self, unit: str, months: list[Month], basis: str, *, rows: bool = False, answer: list[Month] | None = None
    ) -> list:
        key = unit, tuple(m.key for m in months), basis, rows, tuple(m.key for m in answer or ())
        if key not in self._parts:
            self._parts[key] = self.model.parts(unit, months, basis, rows=rows, answer=answer)
        return self._parts[key]

    # Stored ----------------------------------------------------------------------------------------------------------

    def check_stored(self) -> None:
        """Every row of the three tables of totals, both ways."""
        names = {pk: key for key, pk in self.scene.period_pk.items()}
        kept: dict[tuple, int] = {}
        for unit, month, *cell, value in stored_cells():
            if unit in self.scene.key and month in names:
                kept[self.scene.key[unit], names[month], *cell] = value
        wanted = {
            (unit, month.key, *cell): value
            for month in self.world.months
            for (unit, *cell), value in self.model.stored(month).items()
        }
        for cell in sorted({*kept, *wanted}):
            if cell[3] in self.world.services or cell[3] in self.world.indicators or not cell[3]:
                self.tally.same("stored", cell, kept.get(cell), wanted.get(cell))

    def check_audit(self) -> None:
        from reporting.models import Period
        from reporting.rollup.audit import audit

        for key, pk in self.scene.period_pk.items():
            self.tally.same("audit", key, audit(Period.objects.get(pk=pk)), [])

    # Overview --------------------------------------------------------------------------------------------------------

    def check_overview(self, q: Question):
        """The object behind page and Excel: head, counts, services, indicators, rows, missing, comparison, trend."""
        from de_an_06.plain.spans import Span
        from reporting.reading.overview import overview

        by = self.random.choice(RANKINGS)
        seen = overview(self.scene.pk[q.unit], Span.parse(q.stretch.key), q.basis, now=self.scene.now, ranked_by=by)
        self.check_head(q, seen)
        self.check_services(q, seen)
        self.check_indicators(q, seen)
        self.check_rows(q, seen, by)
        self.check_missing(q, seen)
        self.check_comparison(q, seen)
        self.check_trend(q, seen)
        self.check_notices(q, seen)
        self.check_side_by_side(q, seen)
        return seen

    def check_head(self, q: Question, seen) -> None:
        counts = self.model.counts(q.unit, q.months, q.before, q.basis).get("total", Counts())
        self.same_counts("head", q, seen.submissions, counts)
        self.same_measures("head", q, seen.measures, Sums(self.parts(q.unit, q.months, q.basis)))
        self.tally.same("head", f"{q} months", [(p.year, p.month) for p in seen.periods], [m.key for m in q.months])

    def same_counts(self, kind: str, where, got, wanted: Counts) -> None:
        for name in (f.name for f in fields(Counts)):
            if kind == "head" or name not in {"same_units", "older"}:
                self.tally.same(kind, f"{where} {name}", getattr(got, name), getattr(wanted, name))

    def same_measures(self, kind: str, where, got, sums: Sums) -> None:
        for name in FIGURES:
            self.tally.same(kind, f"{where} {name}", getattr(got.dossiers, name), sums.dossiers((name,)))
        self.tally.same(kind, f"{where} in time", got.in_time_rate, sums.measure("in_time_rate"))
        self.tally.same(kind, f"{where} online", got.online_rate, sums.measure("online_rate"))
        self.tally.same(kind, f"{where} of all", got.dossiers.in_time_rate, sums.measure("in_time_rate_all"))
        self.tally.same(kind, f"{where} activation", got.activation.rate, sums.measure("activation"))
        self.tally.same(kind, f"{where} linked", got.linked, sums.measure("linked")[0])

    def check_services(self, q: Question, seen) -> None:
        sums = Sums(self.parts(q.unit, q.months, q.basis))
        lines = {line.service.code: line.dossiers for line in seen.services}
        for code in sorted({*lines, *self.world.services}):
            line = lines.get(code)
            for name in FIGURES:
                got = None if line is None else getattr(line, name)
                self.tally.same("services", f"{q} {code}.{name}", got, sums.value(code, name))
            got = 0 if line is None else line.units
            self.tally.same("services", f"{q} {code} units", got, len(sums.units.get(code, ())))

    def check_indicators(self, q: Question, seen) -> None:
        parts = self.parts(q.unit, q.months, q.basis)
        sums = Sums(parts)
        for line in seen.indicators:
            code = line.indicator.code
            self.tally.same("indicators", f"{q} {code}", line.pair.rate, sums.pair(code))
            self.tally.same("indicators", f"{q} {code} units", line.pair.units, len(sums.units.get(code, ())))
            if code in self.world.indicators:
                older = self.model.older(parts, code, q.months[-1])
                self.tally.same("indicators", f"{q} {code} older", line.pair.older, older)

    def check_rows(self, q: Question, seen, by: str) -> None:
        """Children of the last day, the unit's own report, and those that stood here on the way."""
        day = q.months[-1].last
        children = self.model.children(q.unit, day)
        if not children:
            self.tally.same("rows", f"{q} none", seen.rows, [])
            return
        parts = self.parts(q.unit, q.months, q.basis, rows=True)
        counts = self.model.counts(q.unit, q.months, q.before, q.basis)
        groups: dict = {child: [] for child in [*children, *(c for c in counts if c != "total")]}
        for part in parts:
            groups.setdefault(part.child, []).append(part)
        rows = {None if row.is_own else self.scene.key[row.unit_id]: row for row in seen.rows}
        self.tally.same("rows", f"{q} units", sorted(map(str, rows)), sorted(map(str, groups)))
        self.tally.same("rows", f"{q} each once", len(seen.rows), len(rows))
        for child in groups.keys() & rows.keys():
            row, where, sums = rows[child], f"{q} > {child}", Sums(groups[child])
            self.same_measures("rows", where, row.measures, sums)
            self.same_counts("rows", where, row.submissions, counts.get(child, Counts()))
            is_former = child is not None and child not in children
            self.tally.same("rows", f"{where} former", row.is_former, is_former)
            if is_former:
                left = self.model.left_on(q.unit, child, day)
                text = f"(đến {left:%d/%m/%Y})" if left else ""
                self.tally.same("labels", f"{where} left", text if row.name.endswith(text) else row.name, text)
            elif child is not None:
                came = self.model.came_on(q.unit, child, q.months)
                text = f" (từ {came:%d/%m/%Y})" if came else ""
                said = row.name.removeprefix(self.model.version(child, day).name)
                self.tally.same("labels", f"{where} came", said, text)
            if len(children) <= HEAT_UNITS:
                for code in self.world.services:
                    cell = row.by_service.get(code)
                    for name in FIGURES:
                        got = None if cell is None else getattr(cell, name)
                        self.tally.same("heat", f"{where} {code}.{name}", got, sums.value(code, name))
        self.check_ranks(q, rows, children, groups, by)

    def check_side_by_side(self, q: Question, seen) -> None:
        """One number of the grid of units and services, of the twelve-month lines, and the board of handing in."""
        from reporting.models import Period
        from reporting.reading.board import read_board
        from reporting.reading.family import Family
        from reporting.reading.heat import BLANK, read_grid, read_lines
        from reporting.reading.heat import MEASURES as NUMBERS
        from reporting.reading.places import Stretch as Months

        if not self.model.children(q.unit, q.months[-1].last):
            return
        number = self.random.choice(list(NUMBERS.values()))
        around = Family(seen.unit_id, seen.day, seen.version, seen.ancestors, seen.children)
        groups = self.by_child_and_service(self.parts(q.unit, q.months, q.basis, rows=True))
        asked_for = Months(seen.unit_id, q.basis, seen.periods, left_out=seen.left_out)
        grid = read_grid(around, asked_for, seen.catalogue, number)
        got = {}
        for row in grid.rows:
            child = None if row.unit.is_own else self.scene.key[row.unit.unit_id]
            for service in seen.catalogue:
                got[child, service.code] = row.cells.get(service.pk, BLANK)
        for place in sorted(groups.keys() | got.keys(), key=str):
            wanted = Sums(groups.get(place, [])).measure(number.name, own=True)
            self.tally.same("grid", f"{q} {number.name} {place}", got.get(place, BLANK), wanted)
        for row in grid.rows:
            child = None if row.unit.is_own else self.scene.key[row.unit.unit_id]
            wanted = Sums([p for (c, _), group in groups.items() if c == child for p in group]).measure(number.name)
            self.tally.same("grid", f"{q} {number.name} {child} total", row.total, wanted)
        periods = {(p.year, p.month): p for p in Period.objects.all()}
        own = {m.key: m for m in self.model.months_of(q.unit, self.scene.begun)}
        year, month = q.months[-1].key
        keys = [divmod(year * 12 + month - 1 - k, 12) for k in range(11, -1, -1)]
        months = [own.get((y, m + 1)) for y, m in keys]
        asked = [m and periods[m.key] for m in months]
        lines = {line.unit.unit_id: line for line in read_lines(around, q.basis, asked, number, seen.left_out)}
        squares = {row.unit.unit_id: row for row in read_board(around, asked, list(periods.values()), self.scene.now)}
        for k, month in enumerate(months):
            counts = self.model.counts(q.unit, [month], [], q.basis) if month else {}
            sent = self.model.counts(q.unit, [month], [], "provisional") if month else {}
            cells: dict = {}
            for part in self.parts(q.unit, [month], q.basis, rows=True) if month else []:
                if part.code in self.world.services:
                    cells.setdefault(part.child, []).append(part)
            for pk in {*lines, *squares, *(self.scene.pk[child or q.unit] for child in counts if child != "total")}:
                child = None if pk == seen.unit_id else self.scene.key[pk]
                owed, where = counts.get(child, Counts()), f"{q} {month and month.key} {child}"
                wanted = Sums(cells.get(child, [])).measure(number.name)
                is_gap = not owed.expected_reports or owed.reports * 2 < owed.expected_reports
                if is_gap or wanted[0] is None or (number.is_rate and not wanted[1]):
                    wanted = None
                self.tally.same("lines", where, lines[pk].points[k] if pk in lines else None, wanted)
                owed = sent.get(child, Counts())
                square = squares[pk].squares[k] if pk in squares else None
                got = square and (square.owed, square.sent, square.late, square.returned)
                wanted = owed.expected_reports, owed.reports, owed.late, owed.returned
                self.tally.same("board", where, got or (0, 0, 0, 0), wanted)

    def by_child_and_service(self, parts: list) -> dict:
        found: dict = {}
        for part in parts:
            if part.code in self.world.services:
                found.setdefault((part.child, part.code), []).append(part)
        return found

    def check_ranks(self, q: Question, rows, children, groups, by: str) -> None:
        """1 + how many units below are strictly better, now and in the months compared with, where the same are ranked;
        a rate of fewer than FEWEST dossiers is not."""

        def ranks(values):
            known = {child: value for child, value in values.items() if value is not None}
            return {child: 1 + sum(other > value for other in known.values()) for child, value in known.items()}

        def value(parts):
            sums = Sums(parts)
            under = sums.measure(RATES_OF_DOSSIERS[by])[1] if by in RATES_OF_DOSSIERS else None
            return None if under and under < FEWEST else sums.ranked(by)

        now = ranks({child: value(groups[child]) for child in children})
        earlier: dict = {}
        if q.before:
            then: dict = {}
            for part in self.parts(q.unit, q.before, q.basis, rows=True, answer=q.months):
                then.setdefault(part.child, []).append(part)
            earlier = ranks({child: value(parts) for child, parts in then.items() if child is not None})
        for child in children & rows.keys():
            change = earlier[child] - now[child] if child in now and set(now) == set(earlier) else None
            self.tally.same("ranks", f"{q} > {child} by {by}", rows[child].rank, now.get(child))
            self.tally.same("ranks", f"{q} > {child} change by {by}", rows[child].rank_change, change)

    def check_missing(self, q: Question, seen) -> None:
        wanted = self.model.missing(q.unit, q.months)
        got = {(self.scene.key[m.unit_id], (m.period.year, m.period.month)): m for m in seen.missing}
        self.tally.same("missing", f"{q} number", len(seen.missing), len(wanted))
        for where in sorted({*wanted, *got}):
            m = got.get(where)
            self.tally.same("missing", f"{q} {where}", m and m.status, wanted.get(where))
            if m:
                days = self.model.days_overdue(*where, self.scene.now)
                self.tally.same("missing", f"{q} {where} days", m.days_overdue, days)

    def check_comparison(self, q: Question, seen) -> None:
        for name, got, before in (("before", seen.comparison, q.before), ("year", seen.year_ago, q.year)):
            where = f"{q} {name}"
            units = self.model.same_units(q.unit, q.months, before, q.basis)
            self.tally.same("comparison", f"{where} units", 0 if got is None else got.units, len(units))
            if got is None or not units:
                continue
            restated = any(
                self.model.left_out(code, a.last) != self.model.left_out(code, b.last)
                for code in self.world.services
                for a, b in zip(q.months, before, strict=False)
            )
            self.tally.same("comparison", f"{where} made anew", got.is_restated, restated)
            for k, months in enumerate((q.months, before)):
                parts = [p for p in self.parts(q.unit, months, q.basis, answer=q.months) if p.unit in units]
                self.check_side(f"{where} {k}", got, k, Sums(parts))
                rows = [p for p in self.parts(q.unit, months, q.basis, rows=True, answer=q.months) if p.unit in units]
                for child in {p.child for p in rows}:
                    row = got.rows.get(child and self.scene.pk[child])
                    sums = Sums([p for p in rows if p.child == child])
                    if row is not None:
                        self.same_measures("compared rows", f"{where} {k} > {child}", row[k], sums)
                    else:  # nothing that a row shows
                        self.tally.same("compared rows", f"{where} {k} > {child}", sums.pair(ACTIVATION), (None, None))

    def check_side(self, where: str, got, k: int, sums: Sums) -> None:
        from reporting.models import Indicator, PublicService

        self.same_measures("comparison", where, (got.now, got.before)[k], sums)
        for pk, code in PublicService.objects.filter(code__in=self.world.services).values_list("pk", "code"):
            dossiers = got.services[pk][k] if pk in got.services else None
            for name in FIGURES:
                self.tally.same(
                    "comparison", f"{where} {code}.{name}", dossiers and getattr(dossiers, name), sums.value(code, name)
                )
        for pk, code in Indicator.objects.filter(code__in=self.world.indicators).values_list("pk", "code"):
            rate = got.indicators[pk][k].rate if pk in got.indicators else (None, None)
            self.tally.same("comparison", f"{where} {code}", rate, sums.pair(code))

    def check_trend(self, q: Question, seen) -> None:
        """Twelve months up to the last of the stretch; under half of the reports, or no month: a gap."""
        own = {m.key: m for m in self.model.months_of(q.unit, self.scene.begun)}
        last = q.stretch.first + q.stretch.size - 1
        self.tally.same("trend", f"{q} points", len(seen.trend), 12)
        for k, point in zip(range(last - 11, last + 1), seen.trend, strict=False):
            key = (k // 12, k % 12 + 1)
            where = f"{q} {key}"
            self.tally.same("trend", f"{where} month", (point.month.year, point.month.month), key)
            month = own.get(key)
            counts = (
                Counts() if month is None else self.model.counts(q.unit, [month], [], q.basis).get("total", Counts())
            )
            in_time = online = None
            if month is not None and counts.expected_reports and counts.reports * 2 >= counts.expected_reports:
                sums = Sums(self.parts(q.unit, [month], q.basis))
                in_time, online = whole(sums.measure("in_time_rate")), whole(sums.measure("online_rate"))
            provisional = q.basis == "provisional" and counts.approved < counts.expected_reports
            self.tally.same("trend", f"{where} in time", point.in_time, in_time)
            self.tally.same("trend", f"{where} online", point.online, online)
            got = point.reported, point.expected, point.is_provisional
            self.tally.same("trend", f"{where} reports", got, (counts.reports, counts.expected_reports, provisional))

    def check_notices(self, q: Question, seen) -> None:
        """How many units' states are older, and whose pending dossiers are in no total."""
        counts = self.model.counts(q.unit, q.months, q.before, q.basis).get("total", Counts())
        older = [text for text in seen.notices if "tháng gần nhất" in text]
        wanted = [str(counts.older)] if counts.older else []
        self.tally.same(
            "notices", f"{q} older", [word for t in older for word in t.split() if word.isdigit()][:1], wanted
        )
        left = self.model.unclaimed(q.unit, q.months, q.basis, successors_of(self.scene))
        said = " ".join(text for text in seen.notices if "chưa có trong tổng" in text)
        if not left:
            self.tally.same("unclaimed", f"{q} nothing", said, "")
            return
        self.tally.same("unclaimed", f"{q} {sorted(left)}", said.split(" ", 1)[0], number_text(sum(left.values())))
        largest = max(left.values())
        names = [self.world.units[u].versions[-1].name for u, number in left.items() if number == largest]
        self.tally.same("unclaimed", f"{q} the largest is named", any(name in said for name in names), True)

    # Rows behind a number --------------------------------------------------------------------------------------------

    def check_sources(self, q: Question, number: int) -> None:
        """Some numbers of a page: exactly the reports whose parts make it."""
        names = [
            *MEASURES,
            "in_time_rate_all",
            *(f"{code}.{name}" for code in self.world.services for name in (*FIGURES, "in_time_rate")),
        ]
        for measure in self.random.sample([*names, *self.world.indicators], number):
            own = self.random.random() < 0.15
            got = ask_source(self.scene, q, measure, own)
            wanted = self.behind(q, measure, own)
            for where in sorted({*got[0], *wanted}):
                self.tally.same("sources", f"{q} {measure} {where}", got[0].get(where), wanted.get(where))
            sums = Sums([p for p in self.parts(q.unit, q.months, q.basis) if not own or p.child is None])
            self.tally.same("sources", f"{q} {measure} sum", got[1], self.measured(sums, measure))

    def measured(self, sums: Sums, measure: str) -> tuple:
        if measure in self.world.indicators:
            return sums.pair(measure)
        code, _, name = measure.rpartition(".")
        if code:
            sums = Sums([p for p in sums.parts if p.code == code])
        return sums.measure(name, own=bool(code))

    def behind(self, q: Question, measure: str, own: bool) -> dict:
        """(unit, month) -> its part in (value, denominator)."""
        by_report: dict = {}
        for part in self.parts(q.unit, q.months, q.basis):
            if not own or part.child is None:
                by_report.setdefault((part.unit, part.month), []).append(part)
        found = {where: self.measured(Sums(parts), measure) for where, parts in by_report.items()}
        return {where: pair for where, pair in found.items() if pair != (None, None)}


def whole(rate: tuple[int | None, int | None]) -> tuple[int, int] | None:
    return None if rate[0] is None or not rate[1] else rate


def number_text(value: int | None) -> str:
    """1.234.567; nobody reported it: an empty cell."""
    return "" if value is None else f"{value:,}".replace(",", ".")


def rate_text(rate: tuple[int | None, int | None]) -> str:
    """99,46%, rounded half up from the exact fraction; no denominator, no rate."""
    over, under = rate
    if over is None or not under:
        return "–"
    hundredths = (over * 20000 + under) // (under * 2)
    return f"{number_text(hundredths // 100)},{hundredths % 100:02d}%"


def stored_cells():
    """(unit id, period id, basis, code, field, value) of every stored total that is not blank."""
    from reporting.models import IndicatorSummary, ServiceSummary, SubmissionSummary

    counts = ("expected", "submitted", "approved", "returned", "late")
    for unit, period, *values in SubmissionSummary.objects.values_list("unit_id", "period_id", *counts):
        yield from ((unit, period, "", "", name, value) for name, value in zip(counts, values, strict=True))
    for model, code, names in (
        (ServiceSummary, "service__code", FIGURES),
        (IndicatorSummary, "indicator__code", ("numerator", "denominator")),
    ):
        columns = ("units_reported", *names)
        for unit, period, basis, which, *values in model.objects.values_list(
            "unit_id", "period_id", "basis", code, *columns
        ):
            for name, value in zip(columns, values, strict=True):
                if value is not None:
                    yield unit, period, basis, which, name, value


def ask_source(scene: Scene, q: Question, measure: str, own: bool) -> tuple[dict, tuple]:
    """The portal's rows behind a number, (unit, month) -> (value, of), and their sum."""
    from reporting.models import Period
    from reporting.reading.contributions import source

    unit = scene.pk[q.unit]
    by_pk = Period.objects.in_bulk([scene.period_pk[m.key] for m in q.months])
    read = [by_pk[scene.period_pk[m.key]] for m in q.months]
    found = source(unit, read, q.basis, measure, below=unit if own else None)
    months = {pk: key for key, pk in scene.period_pk.items()}
    rows = {(scene.key[row.unit_id], months[row.period_id]): (row.value, row.of) for row in found.rows}
    return rows, (found.value, found.of)


__all__ = ["LINKED", "Oracle", "Question", "Tally", "number_text", "rate_text"]
