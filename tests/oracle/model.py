"""The numbers of a world, worked out from plain dictionaries: no query, no import of the portal.

Everything a page says follows from parts: one figure of one report that counts at one place. A part knows the unit and
the month it comes from and the unit right below the page's under which it stands (None: the page's unit itself), so
totals, rows and the rows behind a number are the same parts summed differently.

Where a part stands (docs/decisions, "placing"): flows, and what is owed, where the unit stood on the last day of the
report's month; a state (the last month that has one) where the unit stands on the last day of the stretch; an opening
(the first month that has one) where it stood on the last day of the first month. A unit that is not there on that day
has none.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

FLOWS = (
    "received_online",
    "received_in_person",
    "received_postal",
    "resolved_early",
    "resolved_on_time",
    "resolved_overdue",
    "rejected",
)
OPENINGS = ("opening",)
STATES = ("pending_in_time", "pending_overdue")
FIGURES = ("opening", *FLOWS, *STATES)  # as the official form has them
RECEIVED = FLOWS[:3]
RESOLVED = FLOWS[3:6]
IN_TIME = FLOWS[3:5]
COUNTED = {"provisional": {"submitted", "approved"}, "official": {"approved"}}
SENT = {"submitted", "approved"}
LINKED = ("DVC15", "DVC16")
ACTIVATION = "DD04"
HOURS = dt.timezone(dt.timedelta(hours=7))  # Vietnam's clock


@dataclass
class Version:
    """What a unit is called and where it belongs from one day to another, both included."""

    start: dt.date
    end: dt.date | None
    name: str
    parent: str | None

    def holds(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass
class Unit:
    key: str
    code: str
    level: str
    versions: list[Version]


@dataclass
class Report:
    status: str
    is_late: bool
    services: dict[str, dict[str, int | None]] = field(default_factory=dict)
    indicators: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Month:
    """A reported month: (year, month) and the days of its data, both included."""

    key: tuple[int, int]
    first: dt.date = field(compare=False)
    last: dt.date = field(compare=False)


@dataclass
class Indicator:
    kind: str  # number, ratio
    over_time: str  # flow, stock, cumulative
    over_units: str = "sum"  # sum, own


@dataclass
class World:
    units: dict[str, Unit]
    months: list[Month]
    reports: dict[tuple[str, tuple[int, int]], Report]
    services: list[str]
    indicators: dict[str, Indicator]
    due: dict[tuple[tuple[int, int], str], dt.datetime] = field(default_factory=dict)  # (month, level)
    # service -> days (both included, None: for good) from which on it is in no headline rate
    left_out: dict[str, tuple[dt.date, dt.date | None]] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """One value that counts on a page."""

    unit: str
    month: tuple[int, int]
    child: str | None
    code: str
    name: str
    value: int
    in_headline: bool = True  # of a service that its month's headline rates are of


def add(values) -> int | None:
    """Nothing reported is nothing, not 0."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@dataclass
class Counts:
    expected: int = 0
    reported: int = 0
    expected_reports: int = 0
    reports: int = 0
    approved: int = 0
    submitted: int = 0
    returned: int = 0
    late: int = 0
    older: int = 0
    same_units: int = 0


class Sums:
    """Some parts, summed."""

    def __init__(self, parts: list[Part]):
        self.parts = parts
        self.values: dict[tuple[str, str], int] = {}
        self.rated: dict[tuple[str, str], int] = {}  # the part of `values` that the headline rates are of
        self.units: dict[str, set[str]] = defaultdict(set)
        for part in parts:
            cell = part.code, part.name
            self.values[cell] = self.values.get(cell, 0) + part.value
            if part.in_headline:
                self.rated[cell] = self.rated.get(cell, 0) + part.value
            self.units[part.code].add(part.unit)

    def value(self, code: str, name: str) -> int | None:
        return self.values.get((code, name))

    def dossiers(self, names, codes=None) -> int | None:
        """Of all services, or of some."""
        chosen = [v for (code, name), v in self.values.items() if name in names and (codes is None or code in codes)]
        return add(chosen)

    def in_rates(self, names) -> int | None:
        """Of the services in the headline rates."""
        return add(v for (_, name), v in self.rated.items() if name in names)

    def pair(self, code: str) -> tuple[int | None, int | None]:
        return self.value(code, "numerator"), self.value(code, "denominator")

    def measure(self, name: str, *, own: bool = False) -> tuple[int | None, int | None]:
        """The measures of the page: (value or numerator, denominator). `own`: a service's own rate, which no flag
        touches."""
        of = self.dossiers if own or name.endswith("_all") else self.in_rates
        if name in {"in_time_rate", "in_time_rate_all"}:
            return of(IN_TIME), of(RESOLVED)
        if name in {"online_rate", "online_rate_all"}:
            return of(("received_online",)), of(RECEIVED)
        if name == "linked":
            return self.dossiers(RECEIVED, LINKED), None
        if name == "activation":
            return self.pair(ACTIVATION)
        groups = {"received": RECEIVED, "resolved": RESOLVED, "pending": STATES}
        return self.dossiers(groups.get(name, (name,))), None

    def ranked(self, by: str) -> Fraction | None:
        names = {"dung-han": "in_time_rate", "truc-tuyen": "online_rate", "vneid": "activation"}
        if by in names:
            over, under = self.measure(names[by])
            return None if over is None or not under else Fraction(over, under)
        value, _ = self.measure({"tiep-nhan": "received", "lien-thong": "linked"}[by])
        return None if value is None else Fraction(value)


class Model:
    """Questions to a world. `top` is the key of the unit whose page it is."""

    def __init__(self, world: World):
        self.world = world
        self.paths: dict[tuple[str, dt.date], tuple[str, ...]] = {}

    # The tree --------------------------------------------------------------------------------------------------------

    def version(self, unit: str, day: dt.date) -> Version | None:
        return next((v for v in self.world.units[unit].versions if v.holds(day)), None)

    def path(self, unit: str, day: dt.date) -> tuple[str, ...]:
        """From the root to the unit; () where it does not exist that day, or something above it does not."""
        found = self.paths.get((unit, day))
        if found is None:
            version = self.version(unit, day)
            if version is None:
                found = ()
            elif version.parent is None:
                found = (unit,)
            else:
                above = self.path(version.parent, day)
                found = (*above, unit) if above else ()
            self.paths[unit, day] = found
        return found

    def stands_under(self, top: str, unit: str, day: dt.date) -> tuple[bool, str | None]:
        """(is it under `top` or `top` itself, the unit right below `top` on the way; None for `top` itself)."""
        path = self.path(unit, day)
        if top not in path:
            return False, None
        place = path.index(top) + 1
        return True, path[place] if place < len(path) else None

    def children(self, top: str, day: dt.date) -> set[str]:
        return {u for u in self.world.units if (v := self.version(u, day)) and v.parent == top}

    def months_of(self, top: str, months: list[Month]) -> list[Month]:
        return [m for m in months if self.version(top, m.last)]

    def left_on(self, top: str, unit: str, day: dt.date) -> dt.date | None:
        """The last day before `day` on which the unit stood under `top`."""
        for back in range(800):
            then = day - dt.timedelta(days=back)
            if self.stands_under(top, unit, then)[0]:
                return then
        return None

    def came_on(self, top: str, unit: str, months: list[Month]) -> dt.date | None:
        """The day on which a unit that lived elsewhere came under `top` on the way; None for one that was there."""
        day, last = months[0].last, months[-1].last
        if self.stands_under(top, unit, day)[0]:
            return None
        while day <= last and not self.stands_under(top, unit, day)[0]:
            day += dt.timedelta(days=1)
        return day if self.version(unit, day - dt.timedelta(days=1)) else None

    # What is owed ----------------------------------------------------------------------------------------------------

    def owed(self, top: str, months: list[Month]):
        """(unit, month, child, report) of every report expected under the unit, where it stands in its month."""
        for month in months:
            for unit in self.world.units:
                report = self.world.reports.get((unit, month.key))
                if report is not None:
                    here, child = self.stands_under(top, unit, month.last)
                    if here:
                        yield unit, month, child, report

    def counts(self, top: str, months: list[Month], before: list[Month], basis: str) -> dict:
        """child -> Counts, and under "total" those of the page: there a unit that moved counts once."""
        counted = COUNTED[basis]
        found: dict = {}
        groups: dict = defaultdict(list)
        for row in self.owed(top, months):
            groups["total"].append(row)
            groups[row[2]].append(row)
        same = self.same_units(top, months, before, basis)
        for child, rows in groups.items():
            sent: dict[str, list[Month]] = defaultdict(list)
            for unit, month, _, report in rows:
                if report.status in counted:
                    sent[unit].append(month)
            statuses = [report.status for _, _, _, report in rows]
            found[child] = Counts(
                expected=len({unit for unit, *_ in rows}),
                reported=len(sent),
                expected_reports=len(rows),
                reports=sum(len(months) for months in sent.values()),
                approved=statuses.count("approved"),
                submitted=statuses.count("submitted"),
                returned=statuses.count("returned"),
                late=sum(r.is_late and r.status in counted for *_, r in rows),
                older=self.units_older(top, child, months, basis),
                same_units=len(same & {unit for unit, *_ in rows}),
            )
        return found

    def units_older(self, top: str, child: str | None, months: list[Month], basis: str) -> int:
        """Units here on the last day whose last report in the figures, wherever they stood then, is from before."""
        last = months[-1]
        newest: dict[str, tuple[int, int]] = {}
        for unit, month, _ in self.counted_reports(months, basis):
            here, below = self.stands_under(top, unit, last.last)
            if here and child in ("total", below):
                newest[unit] = month.key
        return sum(key < last.key for key in newest.values())

    def same_units(self, top: str, months: list[Month], before: list[Month], basis: str) -> set[str]:
        """Units with equally many reports in the figures on both sides, here at the end of both."""
        if not before:
            return set()
        sides = []
        for side in (months, before):
            number: dict[str, int] = defaultdict(int)
            for unit, _, _, report in self.owed(top, side):
                number[unit] += report.status in COUNTED[basis]
            sides.append(number)
        now, then = sides
        stay = {u for u in now if all(self.stands_under(top, u, side[-1].last)[0] for side in (months, before))}
        return {unit for unit in stay if now[unit] and then.get(unit) == now[unit]}

    def missing(self, top: str, months: list[Month]) -> dict[tuple[str, tuple[int, int]], str]:
        return {(u, m.key): r.status for u, m, _, r in self.owed(top, months) if r.status not in SENT}

    def in_figures(self, basis: str) -> set[str]:
        return COUNTED[basis]

    def days_overdue(self, unit: str, month: tuple[int, int], now: dt.datetime) -> int | None:
        due = self.world.due.get((month, self.world.units[unit].level))
        if due is None or now <= due:
            return None
        return (now.astimezone(HOURS).date() - due.astimezone(HOURS).date()).days

    # The figures -----------------------------------------------------------------------------------------------------

    def counted_reports(self, months: list[Month], basis: str):
        """(unit, month, report), early months first; a report of a unit that is not there that day counts nowhere."""
        for month in months:
            for unit in self.world.units:
                report = self.world.reports.get((unit, month.key))
                if report is not None and report.status in COUNTED[basis] and self.path(unit, month.last):
                    yield unit, month, report

    def left_out(self, code: str, day: dt.date) -> bool:
        first, last = self.world.left_out.get(code, (dt.date.max, None))
        return first <= day and (last is None or day <= last)

    def parts(
        self, top: str, months: list[Month], basis: str, *, rows: bool = False, answer: list[Month] | None = None
    ) -> list[Part]:
        """Every value that counts on the page of a unit and a stretch.

        `answer`: the months compared with these, one for one from the first; a service left out of one of them is left
        out of the month that answers it. `rows`: also what only stands in the row of a unit right below, its own value
        of an indicator that is never added over units.
        """
        first, last = months[0].last, months[-1].last
        judged = dict(zip((m.key for m in months), answer or months, strict=False))
        flows: list[Part] = []
        states: dict[tuple, Part] = {}
        openings: dict[tuple, Part] = {}

        def put(kind: str, unit: str, month: Month, code: str, name: str, value: int, alone: bool = False) -> None:
            day = {"flow": month.last, "first": first, "last": last}[kind]
            here, child = self.stands_under(top, unit, day)
            cell = unit, code, name
            if alone and not (unit == top or (rows and unit == child)):
                here = False
            part = Part(unit, month.key, child, code, name, value, not self.left_out(code, judged[month.key].last))
            if kind == "flow":
                if here:
                    flows.append(part)
            elif kind == "last":
                states.pop(cell, None)
                if here:
                    states[cell] = part
            elif cell not in seen_openings:
                seen_openings.add(cell)
                if here:
                    openings[cell] = part

        seen_openings: set[tuple] = set()
        for unit, month, report in self.counted_reports(months, basis):
            for code, row in report.services.items():
                for name, value in row.items():
                    if value is not None:
                        kind = "first" if name in OPENINGS else "last" if name in STATES else "flow"
                        put(kind, unit, month, code, name, value)
            for code, (numerator, denominator) in report.indicators.items():
                about = self.world.indicators[code]
                if numerator is None or (about.kind == "ratio" and denominator is None):
                    continue
                kind = "flow" if about.over_time == "flow" else "last"
                alone = about.over_units == "own"
                put(kind, unit, month, code, "numerator", numerator, alone)
                if about.kind == "ratio":
                    put(kind, unit, month, code, "denominator", denominator, alone)
        return [*flows, *states.values(), *openings.values()]

    def services_listed(self, top: str, months: list[Month], basis: str) -> list[str]:
        """Services with a row in a counted report that stood here in its month, be every cell of the row blank."""
        reports = self.counted_reports(months, basis)
        listed = {code for u, m, report in reports if self.stands_under(top, u, m.last)[0] for code in report.services}
        return [code for code in self.world.services if code in listed]

    def older(self, parts: list[Part], code: str, last: Month) -> int:
        """Units whose state of an indicator is from before the last month."""
        if self.world.indicators[code].over_time == "flow":
            return 0
        return len({p.unit for p in parts if p.code == code and p.month < last.key})

    def compared(self, top: str, months: list[Month], before: list[Month], basis: str) -> tuple[set[str], Sums, Sums]:
        """The units compared, and both sides' sums of them."""
        same = self.same_units(top, months, before, basis)
        sides = self.parts(top, months, basis), self.parts(top, before, basis, answer=months)
        now, then = ([p for p in side if p.unit in same] for side in sides)
        return same, Sums(now), Sums(then)

    def unclaimed(self, top: str, months: list[Month], basis: str, successors: dict[str, set[str]]) -> dict[str, int]:
        """Unit that ended on the way -> its pending dossiers that no successor's later report has taken over."""
        last = months[-1].last
        found: dict[str, dict] = defaultdict(dict)
        for unit, _, report in self.counted_reports(months, basis):
            day = self.world.units[unit].versions[-1].end
            if day is not None and day < last and self.stands_under(top, unit, day)[0]:
                for code, row in report.services.items():
                    for name in STATES:
                        if row.get(name) is not None:
                            found[unit][code, name] = row[name]
        left = {unit: sum(cells.values()) for unit, cells in found.items()}
        for unit in list(left):
            ended = max(v.end for v in self.world.units[unit].versions if v.end)
            heirs = successors.get(unit, set())
            if any(u in heirs and month.last > ended for u, month, _ in self.counted_reports(months, basis)):
                del left[unit]
        return {unit: number for unit, number in left.items() if number}

    # What the roll-up stores -----------------------------------------------------------------------------------------

    def stored(self, month: Month) -> dict[tuple[str, str, str, str], int]:
        """(unit, basis, code, field) -> value, of every unit above communes that has a report below or of its own."""
        cells: dict[tuple[str, str, str, str], int] = defaultdict(int)
        for unit, _, report in ((u, m, r) for (u, k), r in self.world.reports.items() for m in [month] if k == m.key):
            path = self.path(unit, month.last)
            above = [u for u in path if self.world.units[u].level != "commune"]
            for top in above:
                cells[top, "", "", "expected"] += 1
                cells[top, "", "", "submitted"] += report.status in SENT
                cells[top, "", "", "approved"] += report.status == "approved"
                cells[top, "", "", "returned"] += report.status == "returned"
                cells[top, "", "", "late"] += report.is_late and report.status in SENT
        for basis in COUNTED:
            for top in {unit for unit, *_ in list(cells)}:
                sums = Sums(self.parts(top, [month], basis))
                for (code, name), value in sums.values.items():
                    cells[top, basis, code, name] = value
                for code, units in sums.units.items():
                    cells[top, basis, code, "units_reported"] = len(units)
        return dict(cells)
