"""Loading the nation's administrative units over time from units.csv and succession.csv.

The files hold rows; the portal holds bodies (AdministrativeUnit) with what changed about them (UnitVersion). Rows of
one code that follow each other are one body while the short name stays or their link is whole and one to one; except on
1 July 2025, when all communes and the merged provinces are new bodies. A row that differs from the one before only
because its parent was renamed is no version of its own.
"""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from de_an_06.plain.vietnamese import search_key, sort_key
from taskforces import hooks
from taskforces.models import AdministrativeUnit, Level, UnitSuccession, UnitType, UnitVersion

from .csv_files import (
    DATA_FOLDER,
    NATION_CODE,
    UNITS_FILE,
    Key,
    LineProblem,
    SuccessionLine,
    UnitFilesRefused,
    UnitLine,
    read_successions,
    read_units,
)

TWO_TIERS_FROM = dt.date(2025, 7, 1)
ONE_DAY = dt.timedelta(days=1)
ROWS_AT_ONCE = 1000
VERSION_FIELDS = [
    "name",
    "short_name",
    "unit_type",
    "parent_id",
    "path",
    "search_key",
    "sort_key",
    "valid_to",
    "valid_from_is_exact",
    "source",
]


@dataclass(eq=False)
class Body:
    """One unit to be: the rows that are its life, and, once known, its database row."""

    code: str
    level: str
    rows: list[UnitLine]
    unit: AdministrativeUnit | None = None
    parents: list["Body | None"] = field(default_factory=list)  # one for each row

    @property
    def opened_on(self) -> dt.date:
        return self.rows[0].valid_from

    @property
    def closed_on(self) -> dt.date | None:
        return self.rows[-1].valid_to

    def overlaps(self, unit: AdministrativeUnit) -> bool:
        return self.opened_on <= (unit.closed_on or dt.date.max) and unit.opened_on <= self.rows[-1].last_day


class Loaded(Counter):
    """How many units, versions and successions were created, changed, removed or left alone, and reports moved."""

    report_changes: list[LineProblem]  # what was sent in or published and changed, because the caller allowed it


def load_units(folder: Path = DATA_FOLDER, *, change_reports: bool = False) -> Loaded:
    """Make the stored tree equal to the files in `folder`, in one transaction; a changed unit keeps its id.

    Raises UnitFilesRefused, with every problem listed and nothing saved, when a line is wrong, when a stored unit is in
    the files no more (units are never deleted, as reports and postings may point to them), or, unless `change_reports`,
    when a report somebody worked on would be in no total any more or a closed month would change: one wrong date in a
    file takes no published figure away.
    """
    rows, problems = read_units(folder)
    successions, more = read_successions(folder, rows)
    if not rows and not problems:
        problems.append(LineProblem(UNITS_FILE, 0, "no unit in the file"))
    if problems or more:
        raise UnitFilesRefused(problems + more)
    bodies = group(rows, successions)
    with transaction.atomic():
        counts = Loaded(_save_units(bodies))
        versions, replaced = _save_versions(bodies)
        counts += versions
        counts += _save_successions(bodies, successions)
        followed = [follow(replaced) for follow in hooks.follow_tree] if replaced else []
        if any(number for what, number in counts.items() if not what.endswith("unchanged")):
            for tell in hooks.tree_changed:
                tell()
        counts["report paths changed"] = sum(done.moved for done in followed)
        counts.report_changes = _report_changes(bodies, [loss for done in followed for loss in done.losses])
        if counts.report_changes and not change_reports:
            raise UnitFilesRefused(counts.report_changes)
    return counts


def _report_changes(bodies: list[Body], losses: list[tuple[int, str]]) -> list[LineProblem]:
    """Each with the last line of the unit it is about."""
    last_rows = {body.unit.pk: body.rows[-1] for body in bodies if body.unit} if losses else {}
    return [
        LineProblem(UNITS_FILE, last_rows[unit_id].line, f"{last_rows[unit_id].code}: {reason}")
        for unit_id, reason in losses
    ]


def group(rows: list[UnitLine], successions: list[SuccessionLine]) -> list[Body]:
    """The bodies behind the rows, each row with the body of its parent; the nation, the one root, comes first."""
    whole_links = _whole_one_to_one(successions)
    bodies: list[Body] = []
    body_of: dict[Key, Body] = {}
    previous: UnitLine | None = None
    for row in sorted(rows, key=lambda r: (r.code, r.valid_from)):
        if previous is not None and _is_same_body(previous, row, whole_links):
            bodies[-1].rows.append(row)
        else:
            bodies.append(Body(row.code, row.level, [row]))
        body_of[row.key] = bodies[-1]
        previous = row
    nation = _nation(min(row.valid_from for row in rows))
    for body in bodies:
        body.parents = [body_of[row.parent] if row.parent else nation for row in body.rows]
    return [nation, *bodies]


def _whole_one_to_one(successions: list[SuccessionLine]) -> set[tuple[Key, Key]]:
    """Links by which all of one row became all of another, nothing else taking part that day."""
    out = Counter(s.predecessor for s in successions)
    into = Counter((s.successor, s.effective_on) for s in successions)
    return {
        (s.predecessor, s.successor)
        for s in successions
        if not s.is_partial and out[s.predecessor] == 1 and into[s.successor, s.effective_on] == 1
    }


def _is_same_body(before: UnitLine, row: UnitLine, whole_links: set[tuple[Key, Key]]) -> bool:
    if before.code != row.code or before.valid_to is None:
        return False
    if before.valid_to + ONE_DAY != row.valid_from:
        return False
    if row.valid_from == TWO_TIERS_FROM and row.level in {Level.COMMUNE, Level.PROVINCE}:
        return False
    return before.short_name == row.short_name or (before.key, row.key) in whole_links


def _nation(first_day: dt.date) -> Body:
    row = UnitLine(
        0, NATION_CODE, "Cả nước", "Việt Nam", UnitType.NATION, Level.NATION, None, first_day, None, False, ""
    )
    return Body(NATION_CODE, Level.NATION, [row], parents=[None])


# --- saving: compare with what is stored, write the differences only


def _save_units(bodies: list[Body]) -> Counter:
    """Give every body its unit. One whose first day was corrected keeps its id, found by code and time.

    A code says the level: read_units refuses one of another length.
    """
    stored = {(unit.code, unit.opened_on): unit for unit in AdministrativeUnit.objects.all()}
    for body in bodies:
        body.unit = stored.pop((body.code, body.opened_on), None)
    left_by_code = defaultdict(list)
    for unit in stored.values():
        left_by_code[unit.code].append(unit)
    for body in bodies:
        if body.unit is None:
            candidates = [u for u in left_by_code[body.code] if body.overlaps(u)]
            if len(candidates) == 1:
                body.unit = candidates[0]
                left_by_code[body.code].remove(candidates[0])
    vanished = [unit for units_of_code in left_by_code.values() for unit in units_of_code]
    if vanished:
        reason = "is stored but no longer in the file; units are closed by a date, never removed"
        raise UnitFilesRefused([LineProblem(UNITS_FILE, 0, f"{u.code} from {u.opened_on} {reason}") for u in vanished])

    created, changed = [], []
    for body in bodies:
        if body.unit is None:
            body.unit = AdministrativeUnit(
                code=body.code, level=body.level, opened_on=body.opened_on, closed_on=body.closed_on
            )
            created.append(body.unit)
        elif (body.unit.opened_on, body.unit.closed_on) != (body.opened_on, body.closed_on):
            body.unit.opened_on, body.unit.closed_on = body.opened_on, body.closed_on
            changed.append(body.unit)
    AdministrativeUnit.objects.bulk_update(changed, ["opened_on", "closed_on"], batch_size=ROWS_AT_ONCE)
    AdministrativeUnit.objects.bulk_create(created, batch_size=ROWS_AT_ONCE)
    return _counts("units", created, changed, [], len(bodies))


def _save_versions(bodies: list[Body]) -> tuple[Counter, set[int]]:
    """What was done, and the units of which a place or a time changed."""
    stored = {(version.unit_id, version.valid_from): version for version in UnitVersion.objects.all()}
    created, changed, wanted_count = [], [], 0
    replaced: set[int] = set()
    for body in bodies:
        for wanted in _versions(body):
            wanted_count += 1
            version = stored.pop((wanted.unit_id, wanted.valid_from), None)
            if version is None:
                created.append(wanted)
            elif any(getattr(version, name) != getattr(wanted, name) for name in VERSION_FIELDS):
                wanted.pk = version.pk
                changed.append(wanted)
                if (version.path, version.valid_to) != (wanted.path, wanted.valid_to):
                    replaced.add(wanted.unit_id)
    UnitVersion.objects.filter(pk__in=[version.pk for version in stored.values()]).delete()
    UnitVersion.objects.bulk_update(changed, [n.removesuffix("_id") for n in VERSION_FIELDS], batch_size=500)
    UnitVersion.objects.bulk_create(created, batch_size=ROWS_AT_ONCE)
    replaced.update(version.unit_id for version in [*created, *stored.values()])
    return _counts("versions", created, changed, list(stored.values()), wanted_count), replaced


def _versions(body: Body) -> list[UnitVersion]:
    """What the unit was called and where it belonged, stretch by stretch; equal neighbours are one stretch."""
    versions: list[UnitVersion] = []
    for row, parent in zip(body.rows, body.parents, strict=True):
        version = UnitVersion(
            unit_id=body.unit.pk,
            name=row.name,
            short_name=row.short_name,
            unit_type=row.unit_type,
            parent_id=parent.unit.pk if parent else None,
            path="/" + "/".join(str(step.unit.pk) for step in _line(body, row.valid_from)) + "/",
            search_key=search_key(row.name),
            sort_key=sort_key(row.short_name),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            valid_from_is_exact=row.is_exact,
            source=row.source,
        )
        last = versions[-1] if versions else None
        if last and all(getattr(last, n) == getattr(version, n) for n in ("name", "short_name", "unit_type", "path")):
            last.valid_to = version.valid_to
        else:
            versions.append(version)
    return versions


def _line(body: Body, day: dt.date) -> list[Body]:
    """The bodies from the nation down to this one in the tree of `day`."""
    line = []
    step: Body | None = body
    while step is not None:
        line.append(step)
        step = next(p for row, p in zip(step.rows, step.parents, strict=True) if row.covers(day, day))
    return line[::-1]


def _save_successions(bodies: list[Body], successions: list[SuccessionLine]) -> Counter:
    """Links between two bodies; a link between two rows of one body is a change of name, not a succession."""
    unit_of = {row.key: body.unit.pk for body in bodies for row in body.rows}
    wanted: dict[tuple, UnitSuccession] = {}
    for row in successions:
        key = (unit_of[row.predecessor], unit_of[row.successor], row.effective_on)
        if key[0] != key[1]:
            link = UnitSuccession(
                predecessor_id=key[0],
                successor_id=key[1],
                effective_on=row.effective_on,
                is_partial=row.is_partial,
                legal_basis=row.legal_basis,
            )
            wanted[key] = link
    stored = {(s.predecessor_id, s.successor_id, s.effective_on): s for s in UnitSuccession.objects.all()}
    created, changed = [], []
    for key, link in wanted.items():
        old = stored.pop(key, None)
        if old is None:
            created.append(link)
        elif (old.is_partial, old.legal_basis) != (link.is_partial, link.legal_basis):
            link.pk = old.pk
            changed.append(link)
    UnitSuccession.objects.filter(pk__in=[link.pk for link in stored.values()]).delete()
    UnitSuccession.objects.bulk_update(changed, ["is_partial", "legal_basis"], batch_size=ROWS_AT_ONCE)
    UnitSuccession.objects.bulk_create(created, batch_size=ROWS_AT_ONCE)
    return _counts("successions", created, changed, list(stored.values()), len(wanted))


def _counts(what: str, created: list, changed: list, removed: list, total: int) -> Counter:
    return Counter(
        {
            f"{what} created": len(created),
            f"{what} changed": len(changed),
            f"{what} removed": len(removed),
            f"{what} unchanged": total - len(created) - len(changed),
        }
    )
