"""The sheet of units: rows of units.csv, checked and saved by `load_units` with its own refusals.

A row that is not in the sheet stays as it is stored; units are never removed by a file.
"""

import csv
import datetime as dt
import re
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from import_export.results import Result, RowResult

from taskforces.models import Level, UnitSuccession, UnitType, UnitVersion
from taskforces.units import csv_files, loading

from .columns import Day, OneOf, RosterColumn, Text
from .resources import Roster

PRECISION = [("exact", "Chính xác"), ("snapshot", "Theo bản chụp")]
REASONS = (
    (
        r"(\S+): report of (\d+)-(\d+) \(\w+\) is in no total.*",
        r"Đơn vị mã \1 không còn vào ngày chốt số liệu tháng \3/\2, mà báo cáo tháng đó đã có số liệu: số liệu "
        "sẽ không nằm trong tổng nào. Xem lại ngày; nếu đúng, người vận hành nạp tệp bằng lệnh load_units "
        "--change-reports.",
    ),
    (
        r"(\S+): (?:expected )?report of (\d+)-(\d+).* in a closed month",
        r"Tháng \3/\2 đã khóa, mà báo cáo của đơn vị mã \1 sẽ đổi chỗ hoặc mất. Xem lại ngày, cấp trên; nếu đúng, tỉnh "
        "mở khóa tháng đó, hoặc người vận hành nạp tệp bằng lệnh load_units --change-reports.",
    ),
    (r"unknown parent (\S+) from (\S+)", r"Không có đơn vị cấp trên mã \1 từ ngày \2."),
    (r"parent .*", "Đơn vị cấp trên không tồn tại trong suốt thời gian của dòng này, hoặc sai cấp."),
    (r"overlaps.*", "Thời gian trùng với một dòng khác cùng mã."),
    (r"repeated key.*", "Mã và từ ngày này đã có ở dòng khác."),
    (
        r"is stored but no longer.*",
        "Ngày bắt đầu của đơn vị đã lưu bị đổi; đơn vị không xóa được, chỉ kết thúc bằng ngày.",
    ),
)


class UnitRoster(Roster):
    """Names, types and parents of units over time."""

    unit_code = RosterColumn("code", "Mã đơn vị", Text(5), required=True, key=True, example="25217", width=11)
    unit_since = RosterColumn("valid_from", "Từ ngày", Day(), required=True, key=True, example="01/07/2025")
    unit_name = RosterColumn("name", "Tên đầy đủ", Text(100), required=True, example="Phường Phước Long", width=28)
    short_name = RosterColumn("short_name", "Tên ngắn", Text(100), required=True, example="Phước Long", width=24)
    unit_type = RosterColumn("unit_type", "Loại", OneOf(UnitType.choices), required=True, example="Phường", width=22)
    level = RosterColumn("level", "Cấp", OneOf(Level.choices), required=True, example="Cấp xã")
    parent = RosterColumn("parent_code", "Mã cấp trên", Text(5), note="Để trống ở cấp tỉnh.", example="75", width=12)
    parent_since = RosterColumn(
        "parent_valid_from", "Cấp trên từ ngày", Day(), note="Từ ngày ở dòng của cấp trên.", example="01/07/2025"
    )
    until = RosterColumn("valid_to", "Đến hết ngày", Day(), note="Để trống khi còn hiệu lực.")
    precision = RosterColumn("valid_from_precision", "Từ ngày là", OneOf(PRECISION), example="Chính xác")
    source = RosterColumn("source", "Nguồn", Text(200), example="1662/NQ-UBTVQH15", width=26)

    class Meta(Roster.Meta):
        model = UnitVersion

    def dehydrate_unit_code(self, row):
        return row["code"]

    def dehydrate_unit_since(self, row):
        return f"{row['valid_from']:%d/%m/%Y}"

    def dehydrate_unit_name(self, row):
        return row["name"]

    def rows_of(self, units):
        return list(self._stored().values())

    # --- checking and writing go through load_units, not row by row

    def check(self, dataset, progress):
        self.before_import(dataset)
        result = self._judge(dataset)
        if not any(row.validation_error for row in result.rows):
            with transaction.atomic():
                self._load(result)
                transaction.set_rollback(True)
        progress(len(dataset))
        return result

    def import_data(self, dataset, **kwargs):
        self.before_import(dataset)
        result = self._judge(dataset)
        with transaction.atomic():
            if any(row.diff for row in result.rows):
                self._load(result)
            if any(row.validation_error for row in result.rows):
                transaction.set_rollback(True)
        return result

    def before_import(self, dataset, **kwargs):
        self.written = []

    def _judge(self, dataset) -> Result:
        """Each row read and compared with what is stored; `self.wanted` is the whole nation as it would be."""
        result, stored = Result(), self._stored()
        self.wanted, self.row_of = dict(stored), {}
        for number, values in enumerate(dataset, 1):
            row = dict(zip(dataset.headers, values, strict=True))
            self.errors, read = {}, {}
            for column in self.columns():
                try:
                    read[column.attribute] = column.read(row)
                except ValueError as error:
                    self.errors[column.column_name] = [str(error)]
                    continue
                if column.required and read[column.attribute] is None:
                    self.errors[column.column_name] = ["Chưa ghi."]
            row_result = RowResult()
            if self.errors:
                row_result.import_type = RowResult.IMPORT_TYPE_INVALID
                row_result.validation_error = ValidationError(self.errors)
            else:
                self._compare(row_result, read, stored, number)
            result.append_row_result(row_result)
        return result

    def _compare(self, row_result: RowResult, read: dict, stored: dict, number: int) -> None:
        key = (read["code"], read["valid_from"])
        before = stored.get(key)
        if key in self.row_of:
            row_result.import_type = RowResult.IMPORT_TYPE_INVALID
            message = f"Trùng với dòng {self.numbers[self.row_of[key] - 1]}."
            row_result.validation_error = ValidationError({"__all__": [message]})
            return
        self.row_of[key] = number
        after = (before or {"valid_from_precision": "exact", "source": ""}) | {
            k: v for k, v in read.items() if v is not None
        }
        after = {c.attribute: after.get(c.attribute) for c in self.columns()}
        self.wanted[key] = after
        row_result.diff = [
            (c.column_name, c.widget.render(before[c.attribute]) if before else "", c.widget.render(after[c.attribute]))
            for c in self.columns()
            if not c.key
            and c.widget.render(after[c.attribute]) != (c.widget.render(before[c.attribute]) if before else "")
        ]
        if before is None:
            row_result.import_type = RowResult.IMPORT_TYPE_NEW
        else:
            row_result.import_type = RowResult.IMPORT_TYPE_UPDATE if row_result.diff else RowResult.IMPORT_TYPE_SKIP

    def _load(self, result: Result) -> Counter:
        """`load_units` on the nation as it would be; its refusals go to the rows they are about."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines = self._write(folder)
            try:
                return loading.load_units(folder)
            except csv_files.UnitFilesRefused as refused:
                for problem in refused.problems:
                    row = self.row_of.get(lines.get(problem.line)) if problem.file == csv_files.UNITS_FILE else None
                    target = result.rows[(row or 1) - 1]
                    messages = [
                        *(target.validation_error.messages if target.validation_error else []),
                        _say(problem, row),
                    ]
                    target.import_type = RowResult.IMPORT_TYPE_INVALID
                    target.validation_error = ValidationError({"__all__": messages})
        return Counter()

    def _write(self, folder: Path) -> dict[int, tuple]:
        """units.csv and succession.csv; which line holds which row."""
        lines = {}
        with (folder / csv_files.UNITS_FILE).open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, csv_files.UNIT_FIELDS)
            out.writeheader()
            for line, (key, row) in enumerate(self.wanted.items(), 2):
                lines[line] = key
                out.writerow({name: _plain(row.get(name)) for name in csv_files.UNIT_FIELDS})
        with (folder / csv_files.SUCCESSION_FILE).open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, [*csv_files.SUCCESSION_FIELDS, "source"])
            out.writeheader()
            out.writerows(self._links())
        return lines

    def _stored(self) -> dict[tuple, dict]:
        """The nation's rows as units.csv would hold them, by (code, first day).

        The files cut a unit's row wherever its parent's row is cut, so this goes from the provinces down.
        """
        self.first_days: dict[int, list[dt.date]] = {}  # of each unit's rows, by unit
        versions = UnitVersion.objects.select_related("unit", "parent").order_by("unit__code", "valid_from")
        rows = {}
        for level in (Level.PROVINCE, Level.DISTRICT, Level.COMMUNE):
            for v in versions.filter(unit__level=level):
                has_parent = v.parent is not None and v.parent.level != Level.NATION
                parent_days = self.first_days[v.parent_id] if has_parent else []
                last = v.valid_to or dt.date.max
                firsts = [v.valid_from, *(day for day in parent_days if v.valid_from < day <= last)]
                self.first_days.setdefault(v.unit_id, []).extend(firsts)
                for first, following in zip(firsts, [*firsts[1:], None], strict=True):
                    rows[v.unit.code, first] = {
                        "code": v.unit.code,
                        "valid_from": first,
                        "name": v.name,
                        "short_name": v.short_name,
                        "unit_type": v.unit_type,
                        "level": level.value,
                        "parent_code": v.parent.code if has_parent else None,
                        "parent_valid_from": max((d for d in parent_days if d <= first), default=None),
                        "valid_to": following - dt.timedelta(days=1) if following else v.valid_to,
                        "valid_from_precision": "exact"
                        if v.valid_from_is_exact or first != v.valid_from
                        else "snapshot",
                        "source": v.source,
                    }
        return rows

    def _links(self) -> list[dict]:
        """Stored successions, and a whole link wherever one unit took another short name, so that it stays one unit."""
        links = []
        by_unit: dict[int, list[UnitVersion]] = {}
        for version in UnitVersion.objects.select_related("unit").order_by("valid_from"):
            by_unit.setdefault(version.unit_id, []).append(version)
        for unit_id, versions in by_unit.items():
            for before, after in pairwise(versions):
                if before.short_name != after.short_name:
                    first = max(day for day in self.first_days[unit_id] if day < after.valid_from)
                    code = after.unit.code
                    links.append(_link((code, first), (code, after.valid_from), after.valid_from, False, ""))
        for s in UnitSuccession.objects.select_related("predecessor", "successor"):
            before_day = max(day for day in self.first_days[s.predecessor_id] if day < s.effective_on)
            after_day = max(day for day in self.first_days[s.successor_id] if day <= s.effective_on)
            before, after = (s.predecessor.code, before_day), (s.successor.code, after_day)
            links.append(_link(before, after, s.effective_on, s.is_partial, s.legal_basis))
        return links


def _link(before: csv_files.Key, after: csv_files.Key, day: dt.date, is_partial: bool, legal_basis: str) -> dict:
    return {
        "predecessor_code": before[0],
        "predecessor_valid_from": before[1],
        "successor_code": after[0],
        "successor_valid_from": after[1],
        "effective_date": day,
        "is_partial": "true" if is_partial else "false",
        "legal_basis": legal_basis,
        "source": "",
    }


def _plain(value) -> str:
    return "" if value is None else str(value)


def _say(problem: csv_files.LineProblem, row: int | None) -> str:
    for pattern, words in REASONS:
        if found := re.search(pattern, problem.reason):
            text = found.expand(words)
            break
    else:
        text = f"Dòng này không đúng ({problem.reason})."
    return text if row else f"Tệp làm sai một đơn vị khác đang lưu: {text}"
