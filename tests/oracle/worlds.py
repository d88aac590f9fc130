"""Random worlds: units that open, end, merge, are renamed and move, and what they reported; and writing them down.

Two tiers: until 30 June 2025 communes stand under districts, since then under provinces. The generator is the source of
truth, the database only gets a copy of it, by plain creation of rows.
"""

import calendar
import datetime as dt
import random
from dataclasses import dataclass, field

from .model import COUNTED, FIGURES, HOURS, Indicator, Model, Month, Report, Unit, Version, World

START, LAST_OLD, FIRST_NEW = dt.date(2021, 11, 1), dt.date(2025, 6, 30), dt.date(2025, 7, 1)
DAY = dt.timedelta(days=1)
NATION = "00"
SERVICES = ["DVC03", "DVC09", "DVC15", "DVC16"]
# kind, over time: one of each sort; the activated identities and the assignments stand at the head of the page
INDICATORS = {
    "TC07": ("ratio", "stock"),
    "TT01": ("number", "flow"),
    "DD02": ("number", "cumulative"),
    "DD04": ("ratio", "cumulative"),
    "DV01": ("ratio", "stock"),
    "DV02": ("ratio", "flow"),
    "NL01": ("number", "stock"),
}
TYPES = {"nation": "nation", "province": "tinh", "district": "huyen", "commune": "xa"}
WORDS = {"nation": "Cả", "province": "Tỉnh", "district": "Huyện", "commune": "Xã"}
LARGEST = 10**12


@dataclass
class Features:
    """What may happen in a world."""

    moves: bool = True  # communes change district, districts change province
    own: bool = True  # an indicator that is not added over units
    headline: bool = True  # services out of the headline rates for a while


@dataclass
class Scene:
    """A world, who succeeded whom, and its rows in the database."""

    world: World
    successions: list[tuple[str, str, dt.date, bool]]
    now: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=HOURS)
    pk: dict[str, int] = field(default_factory=dict)
    key: dict[int, str] = field(default_factory=dict)
    period_pk: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def begun(self) -> list[Month]:
        """A month not begun has no value."""
        return [m for m in self.world.months if m.first <= self.now.astimezone(HOURS).date()]


def window(year: int, month: int, scheme: str) -> tuple[dt.date, dt.date]:
    """From the 15th of the month before to the 14th; or the calendar month."""
    if scheme == "calendar":
        return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
    before = (year, month - 1) if month > 1 else (year - 1, 12)
    return dt.date(*before, 15), dt.date(year, month, 14)


class Generator:
    def __init__(self, seed: int, features: Features | None = None):
        self.random = random.Random(seed)
        self.seed, self.features = seed, features or Features()
        self.units: dict[str, Unit] = {}
        self.successions: list[tuple[str, str, dt.date, bool]] = []
        self.number = 0
        self.codes = 20000 + self.random.randrange(5000)

    def make(self) -> Scene:
        r = self.random
        scheme = r.choices(["fifteenth", "calendar"], [4, 1])[0]
        first = r.randrange(2024 * 12 + 2, 2025 * 12 + 2)
        last = r.randrange(max(2025 * 12 + 8, first + 9), 2025 * 12 + 12)
        self.months = [
            Month((k // 12, k % 12 + 1), *window(k // 12, k % 12 + 1, scheme)) for k in range(first, last + 1)
        ]
        if r.random() < 0.2:  # a month was never opened
            del self.months[r.randrange(1, len(self.months) - 1)]
        self.grow()
        world = World(
            self.units, self.months, {}, list(SERVICES), {c: Indicator(*about) for c, about in INDICATORS.items()}
        )
        world.seed = self.seed
        if self.features.own:
            world.indicators["DV01"].over_units = "own"
        self.report(world)
        if self.features.headline:
            self.leave_out(world)
        for month in self.months:
            for level, days in (("commune", 2), ("district", 4), ("province", 6)):
                if level != "district" or month.last <= LAST_OLD:
                    day = month.last + days * DAY
                    world.due[month.key, level] = dt.datetime(day.year, day.month, day.day, 17, 0, tzinfo=HOURS)
        end = self.months[-1].last + dt.timedelta(days=r.choice([-40, 2, 3, 5, 6, 10]))
        now = dt.datetime(end.year, end.month, end.day, *r.choice([(9, 0), (17, 0), (17, 1), (23, 59)]), tzinfo=HOURS)
        return Scene(world, self.successions, now)

    # Units -----------------------------------------------------------------------------------------------------------

    def unit(self, level: str, parent: str | None, start: dt.date, end: dt.date | None, code: str = "") -> str:
        self.number += 1
        key = f"{level[0]}{self.number}"
        width = {"nation": 2, "province": 2, "district": 3, "commune": 5}[level]
        code = code or str(self.codes + self.number if level == "commune" else self.number + 10).zfill(width)[-width:]
        name = f"{WORDS[level]} {key.upper()}"
        if level == "nation":
            key, code, name = NATION, NATION, "Cả nước"
        self.units[key] = Unit(key, code, level, [Version(start, end, name, parent)])
        return key

    def day(self, first: dt.date, last: dt.date) -> dt.date:
        """A day on which something changes, often right at a border of a month's data."""
        r = self.random
        day = first + r.randrange(max((last - first).days, 1)) * DAY
        borders = [m.last + k * DAY for m in self.months for k in (0, 1, 2) if first < m.last + k * DAY < last]
        return r.choice(borders) if borders and r.random() < 0.7 else day

    def end(self, key: str, last: dt.date) -> None:
        self.units[key].versions[-1].end = last

    def change(self, key: str, day: dt.date, *, name: str | None = None, parent: str | None = None) -> None:
        """From that day on another name or another unit above."""
        old = self.units[key].versions[-1]
        if not old.start < day or (old.end is not None and day > old.end):
            return
        self.units[key].versions.append(Version(day, old.end, name or old.name, parent or old.parent))
        old.end = day - DAY

    def grow(self) -> None:
        r = self.random
        self.unit("nation", None, START, None)
        merged = [self.unit("province", NATION, START, LAST_OLD) for _ in range(r.choice([1, 2]))]
        staying = self.unit("province", NATION, START, None)
        districts = [(d, p) for p in [*merged, staying] for d in self.old_districts(p)]
        communes = [self.old_communes(d) for d, _ in districts]
        for k in range(len(districts)):
            self.live(districts, communes, k)
        new = self.unit("province", NATION, FIRST_NEW, None)
        self.successions += [(old, new, FIRST_NEW, False) for old in merged]
        open_old = [c for group in communes for c in group if self.units[c].versions[-1].end == LAST_OLD]
        self.new_communes(open_old, new, staying)

    def old_districts(self, province: str) -> list[str]:
        return [self.unit("district", province, START, LAST_OLD) for _ in range(self.random.choice([1, 2, 2]))]

    def old_communes(self, district: str) -> list[str]:
        return [self.unit("commune", district, START, LAST_OLD) for _ in range(self.random.choice([1, 2, 3]))]

    def live(self, districts: list, communes: list[list[str]], k: int) -> None:
        """What happens in one district before July 2025."""
        r = self.random
        first, last = self.months[0].first, LAST_OLD
        district, province = districts[k]
        others = [
            j
            for j, (d, p) in enumerate(districts)
            if j != k and p == province and self.units[d].versions[-1].end == LAST_OLD
        ]
        for commune in list(communes[k]):
            fate = r.choices(["stay", "rename", "late", "end", "merge", "part", "move"], [6, 1, 1, 1, 1, 1, 2])[0]
            day = self.day(first, last)
            if fate == "rename":
                self.change(commune, day, name=f"Xã mới {commune.upper()}")
            elif fate == "late":
                self.units[commune].versions[0].start = day
            elif fate == "end":  # a new unit takes all of it, with the same code
                self.end(commune, day - DAY)
                heir = self.unit("commune", district, day, LAST_OLD, self.units[commune].code)
                communes[k].append(heir)
                self.successions.append((commune, heir, day, False))
            elif fate in {"merge", "part"}:
                heirs = [c for c in communes[k] if c != commune and self.units[c].versions[-1].end == LAST_OLD]
                heirs = [c for c in heirs if self.units[c].versions[0].start < day]
                if heirs:
                    self.successions.append((commune, r.choice(heirs), day, fate == "part"))
                    if fate == "merge":
                        self.end(commune, day - DAY)
            elif fate == "move" and self.features.moves and others:
                self.change(commune, day, parent=districts[r.choice(others)][0])
                if r.random() < 0.3:  # and back again
                    self.change(commune, self.day(day, last), parent=district)
        if self.features.moves and r.random() < 0.1 and len({p for _, p in districts}) > 1:
            target = r.choice([p for _, p in districts if p != province])
            self.change(district, self.day(first, last), parent=target)
        if self.features.moves and others and r.random() < 0.15:  # dissolved: its communes go to a neighbour
            day = self.day(first, last)
            neighbour = districts[r.choice(others)][0]
            living = [c for c in self.units if self.units[c].level == "commune" and self.parent_on(c, day) == district]
            free = self.units[district].versions[-1].start < day and all(
                self.units[c].versions[-1].start < day and self.parent_on(c, LAST_OLD) in {district, None}
                for c in living
            )
            comes_later = any(v.parent == district and v.start >= day for u in self.units.values() for v in u.versions)
            if free and not comes_later and self.parent_on(neighbour, day) == self.parent_on(district, day):
                for commune in living:
                    self.change(commune, day, parent=neighbour)
                self.end(district, day - DAY)
                self.successions.append((district, neighbour, day, False))

    def parent_on(self, key: str, day: dt.date) -> str | None:
        return next((v.parent for v in self.units[key].versions if v.holds(day)), None)

    def new_communes(self, old: list[str], new: str, staying: str) -> None:
        r = self.random
        r.shuffle(old)
        groups = [old[i : i + 2] for i in range(0, len(old), 2)]
        made = []
        for k, group in enumerate(groups):
            parent = staying if k == 0 else r.choice([new, new, staying])
            heir = self.unit("commune", parent, FIRST_NEW, None, r.choice([self.units[group[0]].code, ""]))
            made.append(heir)
            self.successions += [(c, heir, FIRST_NEW, r.random() < 0.2) for c in group]
        last = self.months[-1].last
        for commune in list(made):
            fate = r.choices(["stay", "rename", "late", "end", "move"], [7, 1, 1, 1, 1])[0]
            day = self.day(FIRST_NEW + 20 * DAY, last)
            if fate == "rename":
                self.change(commune, day, name=f"Phường {commune.upper()}")
            elif fate == "late":
                parent = self.units[commune].versions[0].parent
                self.unit("commune", parent, day, None)
            elif fate == "end":
                heirs = [c for c in made if c != commune and self.units[c].versions[-1].end is None]
                if heirs:
                    self.end(commune, day - DAY)
                    self.successions.append((commune, r.choice(heirs), day, False))
            elif fate == "move" and self.features.moves and r.random() < 0.5:
                now = self.units[commune].versions[-1].parent
                self.change(commune, day, parent=new if now == staying else staying)

    # Reports ---------------------------------------------------------------------------------------------------------

    def report(self, world: World) -> None:
        r, model = self.random, Model(world)
        diligence = {unit: r.choice([0.4, 0.8, 0.95, 1.0]) for unit in self.units}
        since = {unit: self.day(self.months[0].first, FIRST_NEW) for unit in self.units if r.random() < 0.08}
        for month in self.months:
            for unit in self.units.values():
                if unit.level == "nation" or not model.path(unit.key, month.last):
                    continue
                if since.get(unit.key, month.last) > month.last or r.random() < 0.02:
                    continue  # it owes none
                status = r.choices(["submitted", "approved", "returned"], [3, 5, 1])[0]
                if r.random() > diligence[unit.key]:
                    status = "draft"
                is_late = status != "draft" and r.random() < 0.2
                report = world.reports[unit.key, month.key] = Report(status, is_late)
                self.fill(report)

    def leave_out(self, world: World) -> None:
        """One or two services are in no headline rate, from a day on, for good or not; in some worlds none is."""
        r = random.Random(self.seed * 13 + 5)  # beside: the worlds of a seed stay what they were
        months = world.months
        for code in r.sample(SERVICES, r.choice([0, 1, 1, 2])):
            first = r.choice([START, r.choice(months).last, r.choice(months).last + DAY])
            last = r.choice(months).last - r.choice([0, 1]) * DAY
            world.left_out[code] = first, None if last < first or r.random() < 0.5 else last

    def value(self, blanks: float = 0.15) -> int | None:
        if self.random.random() < blanks:
            return None
        return self.random.choices([0, self.random.randrange(1, 60), LARGEST], [15, 69, 0.2])[0]

    def fill(self, report: Report) -> None:
        r = self.random
        if r.random() < 0.04:
            return
        for code in SERVICES:
            if r.random() < 0.75:
                blanks = r.choices([0.1, 0.9, 1], [8, 2, 0.5])[0]
                report.services[code] = {name: self.value(blanks) for name in FIGURES}
        for code, (kind, _) in INDICATORS.items():
            if r.random() < 0.75:
                report.indicators[code] = self.value(), self.value() if kind == "ratio" else None


def successors_of(scene: Scene) -> dict[str, set[str]]:
    heirs: dict[str, set[str]] = {}
    for old, new, _, _ in scene.successions:
        heirs.setdefault(old, set()).add(new)
    return heirs


# Into the database ---------------------------------------------------------------------------------------------------


def prepare_catalogue() -> None:
    """The shipped catalogue, once in a database."""
    from reporting.catalogue import load_catalogue

    load_catalogue()


def write(scene: Scene) -> None:
    """The world's rows, nothing else; the roll-up has not run."""
    from django.utils import timezone

    from reporting import models as r
    from taskforces import models as t

    world, model = scene.world, Model(scene.world)
    for unit in world.units.values():
        opened, closed = unit.versions[0].start, unit.versions[-1].end
        row = t.AdministrativeUnit.objects.create(code=unit.code, level=unit.level, opened_on=opened, closed_on=closed)
        scene.pk[unit.key], scene.key[row.pk] = row.pk, unit.key
    t.UnitVersion.objects.bulk_create(
        _version_row(scene, unit, piece, model) for unit in world.units.values() for piece in pieces(model, unit)
    )
    t.UnitSuccession.objects.bulk_create(
        t.UnitSuccession(
            predecessor_id=scene.pk[old], successor_id=scene.pk[new], effective_on=day, is_partial=is_partial
        )
        for old, new, day, is_partial in scene.successions
    )
    for month in world.months:
        year, number = month.key
        period = r.Period.objects.create(year=year, month=number, data_from=month.first, data_to=month.last)
        scene.period_pk[month.key] = period.pk
    r.PeriodDeadline.objects.bulk_create(
        r.PeriodDeadline(period_id=scene.period_pk[key], level=level, due_at=due_at)
        for (key, level), due_at in world.due.items()
    )
    last_day = {month.key: month.last for month in world.months}
    moment = timezone.now()
    rows = {}
    for (unit, key), report in world.reports.items():
        path = model.path(unit, last_day[key])
        rows[unit, key] = r.Report(
            unit_id=scene.pk[unit],
            period_id=scene.period_pk[key],
            path="/" + "".join(f"{scene.pk[u]}/" for u in path),
            level=world.units[unit].level,
            status=report.status,
            is_late=report.is_late,
            revision=int(report.status != "draft"),
            submitted_at=None if report.status == "draft" else moment,
            approved_at=moment if report.status == "approved" else None,
        )
    r.Report.objects.bulk_create(rows.values())
    service_pk = dict(r.PublicService.objects.values_list("code", "pk"))
    indicator_pk = dict(r.Indicator.objects.values_list("code", "pk"))
    for code, (first, last) in world.left_out.items():
        for terms in list(r.ServiceTerms.objects.filter(service__code=code)):
            _cut(terms, first, last)
    for code, indicator in world.indicators.items():
        r.Indicator.objects.filter(code=code).update(over_units=indicator.over_units)
    r.ServiceFigures.objects.bulk_create(
        (
            r.ServiceFigures(report=rows[where], service_id=service_pk[code], **figures)
            for where, report in world.reports.items()
            for code, figures in report.services.items()
        ),
        batch_size=500,
    )
    r.IndicatorFigure.objects.bulk_create(
        (
            r.IndicatorFigure(report=rows[where], indicator_id=indicator_pk[code], numerator=over, denominator=under)
            for where, report in world.reports.items()
            for code, (over, under) in report.indicators.items()
        ),
        batch_size=500,
    )


def _cut(terms, first: dt.date, last: dt.date | None) -> None:
    """The row of the catalogue, in up to three: before, while and after its service is out of the headline rates."""
    after = None if last is None else last + DAY
    days = [day for day in (first, after) if day and terms.valid_from < day <= (terms.valid_to or dt.date.max)]
    starts, end = [terms.valid_from, *days], terms.valid_to
    for start, following in zip(starts, [*days, None], strict=True):
        terms.valid_from, terms.valid_to = start, following - DAY if following else end
        terms.in_headline = start < first or (last is not None and start > last)
        terms.save()
        terms.pk = None
        terms._state.adding = True


def pieces(model: Model, unit: Unit) -> list[Version]:
    """The unit's versions, cut wherever something above it moves, so that each has one path."""
    found: list[Version] = []
    for version in unit.versions:
        cuts = {version.start}
        above = version.parent
        chain = [above] if above else []
        while chain:
            key = chain.pop()
            for v in model.world.units[key].versions:
                if version.start < v.start and (version.end is None or v.start <= version.end):
                    cuts.add(v.start)
                if v.parent:
                    chain.append(v.parent)
        days = sorted(cuts)
        for start, after in zip(days, [*days[1:], None], strict=True):
            end = after - DAY if after else version.end
            piece = Version(start, end, version.name, version.parent)
            if (
                found
                and found[-1].name == piece.name
                and model.path(unit.key, found[-1].start) == model.path(unit.key, start)
            ):
                found[-1].end = end
            else:
                found.append(piece)
    return found


def _version_row(scene: Scene, unit: Unit, piece: Version, model: Model):
    from de_an_06.plain.vietnamese import search_key, sort_key
    from taskforces.models import UnitVersion

    path = model.path(unit.key, piece.start)
    assert path, f"{unit.key} stands nowhere on {piece.start}"
    short = piece.name.split(" ", 1)[1]
    return UnitVersion(
        unit_id=scene.pk[unit.key],
        name=piece.name,
        short_name=short,
        unit_type=TYPES[unit.level],
        parent_id=scene.pk[piece.parent] if piece.parent else None,
        path="/" + "".join(f"{scene.pk[u]}/" for u in path),
        search_key=search_key(piece.name),
        sort_key=sort_key(short),
        valid_from=piece.start,
        valid_to=piece.end,
    )


__all__ = ["COUNTED", "Features", "Generator", "Scene", "prepare_catalogue", "successors_of", "write"]
