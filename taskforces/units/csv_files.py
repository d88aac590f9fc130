"""Reading and checking the files of administrative units; nothing here touches the database.

Every line that cannot be accepted is listed with its file, its line and the reason; one bad line refuses the load.
"""

import csv
import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from taskforces.models import Level, UnitType

DATA_FOLDER = Path(__file__).resolve().parents[1] / "data"
UNITS_FILE, SUCCESSION_FILE = "units.csv", "succession.csv"
UNIT_FIELDS = [
    "code",
    "name",
    "short_name",
    "unit_type",
    "level",
    "parent_code",
    "parent_valid_from",
    "valid_from",
    "valid_to",
    "valid_from_precision",
    "source",
]
SUCCESSION_FIELDS = [
    "predecessor_code",
    "predecessor_valid_from",
    "successor_code",
    "successor_valid_from",
    "effective_date",
    "is_partial",
    "legal_basis",
]

NATION_CODE = "00"
CODE_LENGTH = {Level.PROVINCE: 2, Level.DISTRICT: 3, Level.COMMUNE: 5}
TYPES = {
    Level.PROVINCE: {UnitType.TINH, UnitType.THANH_PHO_TW},
    Level.DISTRICT: {UnitType.HUYEN, UnitType.QUAN, UnitType.THI_XA, UnitType.THANH_PHO},
    Level.COMMUNE: {UnitType.XA, UnitType.PHUONG, UnitType.THI_TRAN, UnitType.DAC_KHU},
}
PARENT_LEVELS = {Level.DISTRICT: {Level.PROVINCE}, Level.COMMUNE: {Level.PROVINCE, Level.DISTRICT}}
LONGEST = {"name": 100, "short_name": 100, "source": 200, "legal_basis": 200}

Key = tuple[str, dt.date]  # (code, first day): codes are reused, so neither is enough alone


@dataclass(frozen=True)
class LineProblem:
    """One reason to refuse the files. `line` counts from 1, the header included; 0 means the file as a whole."""

    file: str
    line: int
    reason: str

    def __str__(self):
        return f"{self.file}, line {self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class UnitFilesRefused(Exception):
    """The files cannot be loaded; `problems` lists every reason, and nothing was saved."""

    def __init__(self, problems: list[LineProblem]):
        self.problems = sorted(problems, key=lambda p: (p.file, p.line))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class UnitLine:
    """One line of units.csv: a unit under one name, type and parent, from one day to another (both included)."""

    line: int
    code: str
    name: str
    short_name: str
    unit_type: str
    level: str
    parent: Key | None
    valid_from: dt.date
    valid_to: dt.date | None
    is_exact: bool
    source: str

    @property
    def key(self) -> Key:
        return self.code, self.valid_from

    @property
    def last_day(self) -> dt.date:
        return self.valid_to or dt.date.max

    def covers(self, first: dt.date, last: dt.date) -> bool:
        return self.valid_from <= first and last <= self.last_day


@dataclass(frozen=True)
class SuccessionLine:
    """One line of succession.csv: one row of units.csv passed, wholly or in part, into another."""

    line: int
    predecessor: Key
    successor: Key
    effective_on: dt.date
    is_partial: bool
    legal_basis: str


def read_units(folder: Path) -> tuple[list[UnitLine], list[LineProblem]]:
    """The rows of units.csv that can be read, and every problem of the file."""
    problems: list[LineProblem] = []
    rows: dict[Key, UnitLine] = {}
    for line, record in _records(folder / UNITS_FILE, UNIT_FIELDS, problems):
        row, reasons = _unit_row(line, record)
        if row is not None and row.key in rows:
            reasons.append(f"repeated key {_key(row.key)}, first on line {rows[row.key].line}")
        problems += [LineProblem(UNITS_FILE, line, reason) for reason in reasons]
        if row is not None:
            rows.setdefault(row.key, row)
    problems += [LineProblem(UNITS_FILE, line, reason) for line, reason in _parent_problems(rows)]
    problems += [LineProblem(UNITS_FILE, line, reason) for line, reason in _overlaps(rows)]
    return list(rows.values()), problems


def read_successions(folder: Path, units: list[UnitLine]) -> tuple[list[SuccessionLine], list[LineProblem]]:
    """The rows of succession.csv that can be read, and every problem of the file."""
    problems: list[LineProblem] = []
    rows: dict[tuple, SuccessionLine] = {}
    by_key = {row.key: row for row in units}
    for line, record in _records(folder / SUCCESSION_FILE, SUCCESSION_FIELDS, problems):
        row, reasons = _succession_row(line, record)
        if row is not None:
            reasons += _succession_problems(row, by_key)
            key = (row.predecessor, row.successor, row.effective_on)
            if key in rows:
                reasons.append(f"repeated succession, first on line {rows[key].line}")
            rows.setdefault(key, row)
        problems += [LineProblem(SUCCESSION_FILE, line, reason) for reason in reasons]
    return list(rows.values()), problems


def _records(path: Path, columns: list[str], problems: list[LineProblem]):
    """Line number and named fields of each line that has the right number of fields."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(LineProblem(path.name, 0, f"the file is missing in {path.parent}"))
        return
    except UnicodeDecodeError as error:
        problems.append(LineProblem(path.name, 0, f"not UTF-8 (byte {error.start})"))
        return
    reader = csv.reader(text.splitlines(keepends=True))
    header = next(reader, [])
    if missing := [name for name in columns if name not in header]:
        problems.append(LineProblem(path.name, 1, f"missing column: {', '.join(missing)}"))
        return
    for fields in reader:
        if not fields:
            continue
        if len(fields) != len(header):
            problems.append(LineProblem(path.name, reader.line_num, f"{len(fields)} fields instead of {len(header)}"))
            continue
        yield reader.line_num, {name: value.strip() for name, value in zip(header, fields, strict=True)}


def _unit_row(line: int, record: dict[str, str]) -> tuple[UnitLine | None, list[str]]:
    """The row, None when it has no usable key; and what is wrong with its fields."""
    reasons = [
        f"{name} is longer than {longest} characters"
        for name, longest in LONGEST.items()
        if len(record.get(name, "")) > longest
    ]
    reasons += [f"{name} is empty" for name in ("name", "short_name") if not record[name]]
    level = record["level"]
    if level not in CODE_LENGTH:
        reasons.append(f"unknown level “{level}”")
    else:
        if record["unit_type"] not in TYPES[level]:
            reasons.append(f"type “{record['unit_type']}” is no type of level {level}")
        if not re.fullmatch(f"[0-9]{{{CODE_LENGTH[level]}}}", record["code"]) or record["code"] == NATION_CODE:
            reasons.append(f"code “{record['code']}” is no code of level {level} ({CODE_LENGTH[level]} digits)")
    if record["valid_from_precision"] not in {"exact", "snapshot"}:
        reasons.append(f"valid_from_precision “{record['valid_from_precision']}” is neither exact nor snapshot")
    valid_from = _date(record, "valid_from", reasons)
    valid_to = _date(record, "valid_to", reasons) if record["valid_to"] else None
    if valid_from and valid_to and valid_to < valid_from:
        reasons.append("valid_to lies before valid_from")
    parent = None
    if record["parent_code"] or record["parent_valid_from"]:
        parent_from = _date(record, "parent_valid_from", reasons)
        parent = (record["parent_code"], parent_from) if parent_from else None
        if level == Level.PROVINCE:
            reasons.append("a province has no parent in the file: it belongs to the nation")
    elif level in PARENT_LEVELS:
        reasons.append(f"a {level} needs a parent")
    if valid_from is None:
        return None, reasons
    row = UnitLine(
        line=line,
        code=record["code"],
        name=record["name"],
        short_name=record["short_name"],
        unit_type=record["unit_type"],
        level=level,
        parent=parent,
        valid_from=valid_from,
        valid_to=valid_to,
        is_exact=record["valid_from_precision"] == "exact",
        source=record["source"],
    )
    return row, reasons


def _parent_problems(rows: dict[Key, UnitLine]):
    """Line and reason of every row whose parent is not there, of the wrong level, or not valid all the time."""
    for row in rows.values():
        if row.parent is None or row.level not in PARENT_LEVELS:
            continue
        parent = rows.get(row.parent)
        if parent is None:
            yield row.line, f"unknown parent {_key(row.parent)}"
        elif parent.level not in PARENT_LEVELS[row.level]:
            yield row.line, f"parent {_key(row.parent)} is a {parent.level}: no parent for a {row.level}"
        elif not parent.covers(row.valid_from, row.last_day):
            yield row.line, f"parent {_key(row.parent)} is not valid throughout ({_span(parent)} against {_span(row)})"


def _overlaps(rows: dict[Key, UnitLine]):
    """Line and reason of every row that begins before an earlier row of its code has ended."""
    by_code = defaultdict(list)
    for row in rows.values():
        by_code[row.code].append(row)
    for same_code in by_code.values():
        longest = None
        for row in sorted(same_code, key=lambda r: r.valid_from):
            if longest is not None and row.valid_from <= longest.last_day:
                yield row.line, f"overlaps line {longest.line}, same code {row.code} ({_span(longest)})"
            if longest is None or row.last_day > longest.last_day:
                longest = row


def _succession_row(line: int, record: dict[str, str]) -> tuple[SuccessionLine | None, list[str]]:
    reasons: list[str] = []
    predecessor_from = _date(record, "predecessor_valid_from", reasons)
    successor_from = _date(record, "successor_valid_from", reasons)
    effective_on = _date(record, "effective_date", reasons)
    if record["is_partial"] not in {"true", "false"}:
        reasons.append(f"is_partial “{record['is_partial']}” is neither true nor false")
    if len(record["legal_basis"]) > LONGEST["legal_basis"]:
        reasons.append(f"legal_basis is longer than {LONGEST['legal_basis']} characters")
    if predecessor_from is None or successor_from is None or effective_on is None:
        return None, reasons
    row = SuccessionLine(
        line=line,
        predecessor=(record["predecessor_code"], predecessor_from),
        successor=(record["successor_code"], successor_from),
        effective_on=effective_on,
        is_partial=record["is_partial"] == "true",
        legal_basis=record["legal_basis"],
    )
    return row, reasons


def _succession_problems(row: SuccessionLine, units: dict[Key, UnitLine]) -> list[str]:
    predecessor, successor = units.get(row.predecessor), units.get(row.successor)
    reasons = []
    if predecessor is None:
        reasons.append(f"unknown predecessor {_key(row.predecessor)}")
    elif row.effective_on <= predecessor.valid_from:
        reasons.append(f"predecessor {_key(row.predecessor)} does not exist before {row.effective_on}")
    if successor is None:
        reasons.append(f"unknown successor {_key(row.successor)}")
    elif not successor.covers(row.effective_on, row.effective_on):
        reasons.append(f"successor {_key(row.successor)} is not valid on {row.effective_on}")
    if row.predecessor == row.successor:
        reasons.append("predecessor and successor are the same row")
    return reasons


def _date(record: dict[str, str], name: str, reasons: list[str]) -> dt.date | None:
    """The date of a field, None with a reason when it is not one (YYYY-MM-DD)."""
    value = record[name]
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    reasons.append(f"{name} “{value}” is no date (YYYY-MM-DD)")
    return None


def _key(key: Key) -> str:
    return f"{key[0]} from {key[1]}"


def _span(row: UnitLine) -> str:
    return f"{row.valid_from} to {row.valid_to or 'today'}"
