"""Random sequences of what people do, each act followed by a drain of the roll-up.

After each drain the stored totals must be those that a roll-up from scratch gives, and those of the model made from the
raw rows. The acts are the portal's own functions; what they refuse is refused, and counted.
"""

import copy
import csv
import datetime as dt
import random
from collections import Counter
from pathlib import Path

from .compare import Oracle, Tally, stored_cells
from .model import FIGURES, Indicator, Month, Report, Unit, Version, World
from .worlds import DAY, INDICATORS, LAST_OLD, NATION, SERVICES, TYPES, Features, Generator, Scene

PRECISION = "exact"
UNIT_COLUMNS = [
    *("code", "name", "short_name", "unit_type", "level", "parent_code", "parent_valid_from"),
    *("valid_from", "valid_to", "valid_from_precision", "source"),
]
SUCCESSION_COLUMNS = [
    *("predecessor_code", "predecessor_valid_from", "successor_code", "successor_valid_from"),
    *("effective_date", "is_partial", "legal_basis", "source"),
]


# The units as files --------------------------------------------------------------------------------------------------


def unit_lines(units: dict[str, Unit]) -> dict[str, list[dict]]:
    """Rows of units.csv by unit: one for each stretch with one name and one row above it."""
    rows: dict[str, list[dict]] = {}
    for level in ("province", "district", "commune"):
        for unit in (u for u in units.values() if u.level == level):
            rows[unit.key] = []
            for version in unit.versions:
                above = rows.get(version.parent or "", [])
                starts = {version.start} | {
                    r["start"] for r in above if version.start < r["start"] <= (version.end or dt.date.max)
                }
                days = sorted(starts)
                for start, after in zip(days, [*days[1:], None], strict=True):
                    parent = next((r for r in above if r["start"] <= start <= (r["end"] or dt.date.max)), None)
                    end = after - DAY if after else version.end
                    row = {"unit": unit, "name": version.name, "start": start, "end": end, "parent": parent}
                    rows[unit.key].append(row)
    return rows


def write_files(folder: Path, units: dict[str, Unit], successions: list) -> None:
    rows = unit_lines(units)
    with (folder / "units.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(UNIT_COLUMNS)
        for row in (row for lines in rows.values() for row in lines):
            unit, parent = row["unit"], row["parent"]
            above = (parent["unit"].code, parent["start"]) if parent else ("", "")
            short = row["name"].split(" ", 1)[1]
            name = row["name"], short, TYPES[unit.level], unit.level
            out.writerow([unit.code, *name, *above, row["start"], row["end"] or "", PRECISION, ""])
    with (folder / "succession.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(SUCCESSION_COLUMNS)
        links = [(a, b, day, partial) for a, b, day, partial in successions]
        for unit in units.values():  # a unit that only changes its name stays one unit
            for before, after in zip(unit.versions, unit.versions[1:], strict=False):
                if before.name != after.name and "thay" not in after.name:
                    links.append((unit.key, unit.key, after.start, False))
        written = set()
        for old, new, day, partial in links:
            if old not in rows or new not in rows:
                continue
            before = next((r for r in rows[old] if r["start"] < day and (r["end"] or dt.date.max) >= day - DAY), None)
            after = next((r for r in rows[new] if r["start"] <= day <= (r["end"] or dt.date.max)), None)
            if before is None or after is None or before is after:
                continue
            key = before["unit"].code, before["start"], after["unit"].code, after["start"], day
            if key[:2] != key[2:4] and key not in written:
                written.add(key)
                out.writerow([*key, "true" if partial else "false", "", ""])


# The raw rows as a world ---------------------------------------------------------------------------------------------


def read_scene() -> Scene:
    """The world that stands in the database, from its raw rows: units with their parents, reports, figures."""
    from reporting import models as r
    from taskforces import models as t

    scene = Scene(World({}, [], {}, [], {}), [])
    world = scene.world
    for pk, code, level in t.AdministrativeUnit.objects.values_list("pk", "code", "level"):
        key = NATION if level == "nation" else f"{level[0]}{pk}"
        scene.pk[key], scene.key[pk] = pk, key
        world.units[key] = Unit(key, code, level, [])
    columns = ("unit_id", "valid_from", "valid_to", "name", "parent_id")
    for unit, start, end, name, parent in t.UnitVersion.objects.order_by("valid_from").values_list(*columns):
        above = scene.key[parent] if parent else None
        world.units[scene.key[unit]].versions.append(Version(start, end, name, above))
    periods = r.Period.objects.order_by("year", "month").values_list("pk", "year", "month", "data_from", "data_to")
    for pk, year, month, first, last in periods:
        scene.period_pk[year, month] = pk
        world.months.append(Month((year, month), first, last))
    months = {pk: key for key, pk in scene.period_pk.items()}
    by_pk = {}
    for pk, unit, period, status, late in r.Report.objects.values_list(
        "pk", "unit_id", "period_id", "status", "is_late"
    ):
        by_pk[pk] = world.reports[scene.key[unit], months[period]] = Report(status, late)
    for period, level, due_at in r.PeriodDeadline.objects.values_list("period_id", "level", "due_at"):
        world.due[months[period], level] = due_at
    world.services = list(r.PublicService.objects.values_list("code", flat=True))
    for code, *about in r.Indicator.objects.values_list("code", "kind", "over_time", "over_units"):
        world.indicators[code] = Indicator(*about)
    for pk, code, *row in r.ServiceFigures.objects.values_list("report_id", "service__code", *FIGURES):
        by_pk[pk].services[code] = dict(zip(FIGURES, row, strict=True))
    pairs = r.IndicatorFigure.objects.values_list("report_id", "indicator__code", "numerator", "denominator")
    for pk, code, over, under in pairs:
        by_pk[pk].indicators[code] = over, under
    return scene


# The acts ------------------------------------------------------------------------------------------------------------


class Sequence:
    """One world that people work in. `today` must be kept by the caller's clock."""

    def __init__(self, seed: int, folder: Path, tally: Tally, features: Features | None = None):
        self.random = random.Random(seed)
        self.seed, self.folder, self.tally = seed, folder, tally
        self.generator = Generator(seed, features)
        self.generator.make()
        self.units = self.generator.units
        self.original = copy.deepcopy(self.units)
        old = self.random.random() < 0.5  # three tiers, or over July 2025
        self.today = dt.datetime(2025, 4 if old else 9, 21, 3, 0, tzinfo=dt.UTC)
        self.keys = [(2025, m) for m in ((1, 2, 3, 4) if old else (5, 6, 7, 8, 9))]
        self.acts: Counter = Counter()
        self.refused: Counter = Counter()

    def prepare(self) -> None:
        """The small catalogue, the units from files, everybody everywhere, the months."""
        from reporting.models import Indicator as IndicatorRow
        from reporting.models import IndicatorTerms, ParticipatingArea, ServiceTerms
        from taskforces.models import AdministrativeUnit
        from taskforces.units.loading import load_units

        ServiceTerms.objects.exclude(service__code__in=SERVICES).delete()
        IndicatorTerms.objects.exclude(indicator__code__in=INDICATORS).delete()
        IndicatorTerms.objects.filter(indicator__owner=IndicatorRow.Owner.REGISTER).delete()
        if self.generator.features.own:
            some = self.random.sample(list(INDICATORS), 2)
            IndicatorRow.objects.filter(code__in=some).update(over_units="own")
        write_files(self.folder, self.units, self.generator.successions)
        load_units(self.folder)
        nation = AdministrativeUnit.objects.get(level="nation")
        ParticipatingArea.objects.create(unit=nation, valid_from=dt.date(2021, 11, 1))
        self.people()
        for key in self.keys[:-1]:
            self.open(key)

    def people(self) -> None:
        """Every unit has its officers and its leader; one reviewer and staff of each province sit over all."""
        from taskforces.models import AdministrativeUnit, Posting, User

        roles = {"office": ("officer", "office"), "police": ("officer", "police"), "reviewer": ("reviewer", "")}
        roles["staff"] = ("provincial_staff", "")
        for name, (role, branch) in roles.items():
            user = User.objects.filter(username=name).first()
            if user is None:
                user = User(username=name, full_name=name)
                user.set_unusable_password()
                user.save()
            posted = set(user.postings.values_list("unit_id", flat=True))
            Posting.objects.bulk_create(
                Posting(user=user, unit=unit, role=role, branch=branch, valid_from=dt.date(2021, 11, 1))
                for unit in AdministrativeUnit.objects.exclude(pk__in=posted)
            )

    def user(self, name: str):
        from taskforces.models import User

        return User.objects.get(username=name)

    def report(self, *statuses: str):
        from reporting.models import Report as Row

        pks = list(Row.objects.filter(status__in=statuses).order_by("pk").values_list("pk", flat=True))
        return Row.objects.get(pk=self.random.choice(pks)) if pks else None

    def act(self) -> str:
        """One act, in a transaction of its own; what the portal refuses leaves nothing behind."""
        from django.core.exceptions import PermissionDenied
        from django.db import transaction

        from reporting.report_log import NotAllowed
        from taskforces.units.csv_files import UnitFilesRefused

        chances = {
            self.send: 10, self.approve: 5, self.save: 3, self.send_back: 2, self.reopen: 2, self.close: 0.5,
            self.open_again: 2, self.correct: 6, self.change_terms: 1, self.change_catalogue: 0.7,
        }  # fmt: skip
        what = self.random.choices(list(chances), list(chances.values()))[0]
        kept = copy.deepcopy(self.units)
        name = what.__name__
        try:
            with transaction.atomic():
                name = what() or name
        except (NotAllowed, PermissionDenied, UnitFilesRefused) as refusal:
            self.units = self.generator.units = kept
            self.refused[f"{name}: {type(refusal).__name__}"] += 1
            name += " (refused)"
        self.acts[name] += 1
        return name

    def send(self) -> None:
        """All that a unit owes, consistent, explained, marked and sent."""
        from reporting.entry import ready, saving
        from reporting.entry.form import load_form
        from reporting.review import workflow

        report = self.report("draft", "returned")
        if report is None:
            return
        users = {name: self.user(name) for name in ("office", "police")}
        for branch, user in users.items():
            form = load_form(report, user)
            cells = self.typed(form, branch)
            if cells:
                saving.save_cells(report_id=report.pk, by=user, cells=cells)
            form = load_form(report, user)
            for problem in form.problems:
                if problem.severity == "soft":
                    saving.explain(
                        report_id=report.pk, by=user, check_code=problem.code, cell=problem.cell, reason="Đã kiểm tra."
                    )
        for branch in ready.branches_owing(report):
            ready.mark_ready(report_id=report.pk, branch=branch, by=users[branch])
        workflow.submit(report_id=report.pk, by=users["office"])

    def typed(self, form, branch: str) -> dict[str, str]:
        r = self.random
        cells: dict[str, str] = {}
        for line in form.services:
            if line.branch != branch:
                continue
            opening = form.cells[f"{line.code}.opening"]
            start = opening.value if opening.value is not None else r.randrange(5)
            came = [r.randrange(8) for _ in range(3)]
            left = start + sum(came)
            out = {}
            for name in ("resolved_early", "resolved_on_time", "resolved_overdue", "rejected", "pending_overdue"):
                out[name] = r.randrange(left + 1) if r.random() < 0.7 else 0
                left -= out[name]
            names = ("received_online", "received_in_person", "received_postal")
            out |= dict(zip(names, came, strict=True)) | {"opening": start}
            for name, value in out.items():
                if not form.cells[f"{line.code}.{name}"].locked:
                    cells[f"{line.code}.{name}"] = str(value)
        for line in form.indicators:
            if line.branch == branch:
                total = r.randrange(1, 30)
                wanted = {"numerator": r.randrange(total + 1), "denominator": total}
                for cell in line.cells:
                    if not cell.locked:
                        cells[cell.key] = str(wanted[cell.key.partition(".")[2]])
        return cells

    def save(self) -> None:
        from reporting.entry import saving
        from reporting.entry.form import load_form

        report, name = self.report("draft", "returned"), self.random.choice(["office", "police"])
        if report is None:
            return
        user = self.user(name)
        keys = [c.key for c in load_form(report, user).cells.values() if not c.locked and c.branch == name]
        if keys:
            typed = self.random.choice(["", "0", "7", "12"])
            saving.save_cells(report_id=report.pk, by=user, cells={self.random.choice(keys): typed})

    def approve(self) -> None:
        from reporting.review import workflow

        if report := self.report("submitted"):
            workflow.approve(report_id=report.pk, by=self.user("reviewer"))

    def send_back(self) -> None:
        from reporting.review import workflow

        if report := self.report("submitted"):
            workflow.send_back(report_id=report.pk, by=self.user("reviewer"), reason="Xem lại.")

    def reopen(self) -> None:
        from reporting.review import workflow

        if report := self.report("approved"):
            workflow.reopen(report_id=report.pk, by=self.user("reviewer"), reason="Sửa lại.")

    def close(self) -> str:
        from reporting import closing
        from reporting.models import PeriodClosure
        from taskforces.models import AdministrativeUnit

        closure = PeriodClosure.objects.filter(reopened_at__isnull=True).first()
        if closure:
            closing.reopen_period(
                period_id=closure.period_id, province_id=closure.province_id, by=self.user("staff"), reason="Sửa."
            )
            return "reopen month"
        provinces = AdministrativeUnit.objects.open_on(self.today.date()).filter(level="province").order_by("pk")
        period = self.random.choice(self.periods())
        closing.close_period(period_id=period.pk, province_id=provinces.first().pk, by=self.user("staff"))
        return "close month"

    def periods(self) -> list:
        from reporting.models import Period

        return list(Period.objects.order_by("year", "month"))

    def open(self, key: tuple[int, int]) -> None:
        from de_an_06.plain.spans import Month as SpanMonth
        from reporting.periods import open_period

        open_period(SpanMonth(*key))

    def open_again(self) -> None:
        self.open(self.random.choice(self.keys))

    def change_terms(self) -> str:
        """Who reports a thing: one level more, one less."""
        from reporting.models import IndicatorTerms, ServiceTerms

        terms = self.random.choice(list(self.random.choice([ServiceTerms, IndicatorTerms]).objects.order_by("pk")))
        level = self.random.choice(["at_commune", "at_district", "at_province"])
        setattr(terms, level, not getattr(terms, level))
        terms.save()
        self.open_again()
        return "terms"

    def change_catalogue(self) -> str:
        """Is an indicator added over units? As the administration does it."""
        from django.contrib.admin import site

        from reporting.admin import IndicatorAdmin
        from reporting.models import Indicator as Row

        row = Row.objects.get(code=self.random.choice(list(INDICATORS)))
        if "over_units" in IndicatorAdmin(Row, site).get_readonly_fields(None, row):
            return "over units (stays)"
        row.over_units = "own" if row.over_units == "sum" else "sum"
        row.save()
        return "over units"

    # Corrections of the units ----------------------------------------------------------------------------------------

    def correct(self) -> str:
        from taskforces.units.loading import load_units

        acts = [self.end_earlier, self.open_later, self.rename, self.new_body, self.as_it_was]
        if self.generator.features.moves:
            acts += [self.move, self.dissolve]
        what = self.random.choice(acts)
        what()
        write_files(self.folder, self.units, self.generator.successions)
        insists = self.random.random() < 0.3  # also where a report somebody worked on is in no total any more
        load_units(self.folder, change_reports=insists)
        self.people()
        return f"units: {what.__name__}{' insisted' if insists else ''}"

    def some(self, level: str) -> Unit:
        return self.random.choice([u for u in self.units.values() if u.level == level])

    def border(self, version: Version) -> dt.date | None:
        """A day inside a version, mostly right at the border of an open month."""
        days = [p.data_to + k * DAY for p in self.periods() for k in (0, 1, 2, 9)]
        days = [d for d in days if version.start < d and (version.end is None or d <= version.end)]
        return self.random.choice(days) if days else None

    def end_earlier(self) -> None:
        last = self.some("commune").versions[-1]
        if day := self.border(last):
            last.end = day - DAY

    def open_later(self) -> None:
        first = self.some("commune").versions[0]
        if day := self.border(first):
            first.start = day

    def move(self) -> None:
        unit = self.some("commune")
        last = unit.versions[-1]
        day = self.border(last)
        level = self.units[last.parent].level
        places = [u for u in self.units.values() if u.level == level and u.key != last.parent]
        places = [
            u
            for u in places
            if day and u.versions[0].start <= day and u.versions[-1].end == self.units[last.parent].versions[-1].end
        ]
        if places:
            self.generator.change(unit.key, day, parent=self.random.choice(places).key)

    def dissolve(self) -> None:
        district = self.some("district")
        last = district.versions[-1]
        day = self.border(last)
        others = [u for u in self.units.values() if u.level == "district" and u is not district]
        others = [u for u in others if u.versions[-1].end == LAST_OLD and day and u.versions[0].start < day]
        if not others:
            return
        heir = self.random.choice(others).key
        for unit in self.units.values():
            for version in list(unit.versions):
                if version.parent == district.key and (version.end is None or version.end >= day):
                    if version.start >= day:
                        version.parent = heir
                    elif version is unit.versions[-1]:
                        self.generator.change(unit.key, day, parent=heir)
                    else:
                        unit.versions.insert(
                            unit.versions.index(version) + 1, Version(day, version.end, version.name, heir)
                        )
                        version.end = day - DAY
        last.end = day - DAY

    def rename(self) -> None:
        unit = self.some("commune")
        if day := self.border(unit.versions[-1]):
            self.generator.change(unit.key, day, name=f"Xã đổi {unit.key.upper()}")

    def new_body(self) -> None:
        """The same code under another name without a link: another unit from that day."""
        unit = self.some("commune")
        if day := self.border(unit.versions[-1]):
            self.generator.change(unit.key, day, name=f"Xã thay {unit.key.upper()}")

    def as_it_was(self) -> None:
        unit = self.some("commune")
        if unit.key in self.original:
            unit.versions[:] = copy.deepcopy(self.original[unit.key].versions)

    # After each act --------------------------------------------------------------------------------------------------

    def check(self, what: str, pages: int = 0) -> None:
        """Drained = from scratch = the model."""
        from django.db import transaction

        from reporting.rollup import rollup

        rollup.drain()
        stored = {row[:-1]: row[-1] for row in stored_cells()}
        with transaction.atomic():
            for period in self.periods():
                rollup.roll_up(period)
            scratch = {row[:-1]: row[-1] for row in stored_cells()}
            transaction.set_rollback(True)
        for cell in {*stored, *scratch}:
            self.tally.same(
                "drained", f"sequence {self.seed} after {what}: {cell}", stored.get(cell), scratch.get(cell)
            )
        scene = read_scene()
        scene.now = self.today
        scene.world.seed = self.seed
        oracle = Oracle(scene)
        oracle.check_stored()
        for q in oracle.questions(pages):
            oracle.check_overview(q)
        oracle.tally.differences = [f"sequence {self.seed} after {what}: {text}" for text in oracle.tally.differences]
        oracle.tally.cells = Counter({f"sequence {k}": n for k, n in oracle.tally.cells.items()})
        oracle.tally.wrong = Counter({f"sequence {k}": n for k, n in oracle.tally.wrong.items()})
        self.tally += oracle.tally


def run_sequence(
    seed: int, folder: Path, tally: Tally, *, steps: int = 25, pages: int = 0, features: Features | None = None
) -> Sequence:
    """In the caller's transaction, at the sequence's own time."""
    import time_machine

    sequence = Sequence(seed, folder, tally, features)
    with time_machine.travel(sequence.today, tick=False) as clock:
        sequence.prepare()
        sequence.check("the beginning")
        for step in range(steps):
            clock.shift(60)
            what = sequence.act()
            sequence.check(f"step {step} {what}", pages if step % 5 == 4 else 0)
    return sequence
