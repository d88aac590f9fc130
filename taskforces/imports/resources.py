"""What the sheets of every kind share: a row is checked as a form is, with all its errors, and written in bulk.

django-import-export drives rows and transaction; here stand the scope of units, the comparison with what is stored, and
the rule that no row asks the database on its own: everything a file may touch is read before its first row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import tablib
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from import_export import resources
from import_export.instance_loaders import BaseInstanceLoader
from import_export.results import Result, RowResult

from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.scope import may_import_for

from .columns import Day, RosterColumn, SaidOtherwise, Text, cell_text
from .tables import RosterTable, header_key

UNIT, UNIT_SINCE, UNIT_NAME = "Mã đơn vị", "Đơn vị có từ ngày", "Tên đơn vị"
BATCH = 500
CellChange = tuple[str, str, str]  # column, stored, in the file


@dataclass(frozen=True, slots=True)
class Place:
    """A unit that a row speaks of, as of today."""

    unit: AdministrativeUnit
    path: str
    name: str


def in_parts(queryset: QuerySet, name: str, values: Iterable) -> Iterator:
    """Rows whose `name` is one of many values, asked for in parts a database takes."""
    values = list(values)
    for start in range(0, len(values), BATCH):
        yield from queryset.filter(**{f"{name}__in": values[start : start + BATCH]})


class Instances(BaseInstanceLoader):
    def get_instance(self, row):
        return self.resource.found


class Roster(resources.Resource):
    """One kind of sheet. A kind names its columns, loads what exists, finds a row's object, and writes the bulk."""

    unit_code = RosterColumn(
        None, UNIT, Text(5), required=True, key=True, note="Mã đủ số 0 ở đầu.", example="25217", width=11
    )
    unit_since = RosterColumn(
        None, UNIT_SINCE, Day(), key=True, note="Chỉ ghi khi mã từng thuộc đơn vị khác; để trống: đơn vị hiện nay."
    )
    unit_name = RosterColumn(None, UNIT_NAME, Text(120), info=True, note="Để đọc cho dễ; không lấy từ tệp.", width=26)

    class Meta:
        use_bulk = True
        use_transactions = True
        skip_unchanged = True
        skip_diff = True  # compared by columns in `skip_row`, not by copies of objects
        clean_model_instances = True
        report_skipped = True
        batch_size = None
        instance_loader_class = Instances
        import_id_fields = []

    updates: list[str] = []  # fields of the model that a file may change
    not_cleaned: list[str] = []  # links already found in scope; asking the database again would be once a row

    def __init__(self, by, *, with_contacts: bool = True, file_name: str = "", **kwargs):
        super().__init__(**kwargs)
        self.by, self.today, self.now, self.file_name = by, today_for(by), now_for(by), file_name
        if not with_contacts:
            self.fields = {name: column for name, column in self.fields.items() if not column.contact}
        self.places: dict[str, Place] = {}
        self.numbers: list[int] = []
        self.names: dict[int, str] = {}
        self.written: list = []

    # --- columns

    def columns(self) -> list[RosterColumn]:
        return list(self.fields.values())

    def known_columns(self) -> dict[str, str]:
        return {header_key(column.column_name): column.column_name for column in self.columns()}

    def required_columns(self) -> list[str]:
        return [column.column_name for column in self.columns() if column.required]

    def get_import_order(self):
        return tuple(self.fields)

    get_export_order = get_import_order

    # --- what a kind says

    def load(self, rows: list[dict], unit_ids: set[int]) -> None:
        """Read everything these rows may touch: what belongs to the units they name."""
        raise NotImplementedError

    def find(self, row: dict, place: Place | None, number: int):
        """The row's object (or None for a new one) and its key in the file; wrong keys go to `self.refuse`."""
        raise NotImplementedError

    def start(self, row: dict, place: Place | None):
        """A new object with its keys set."""
        raise NotImplementedError

    def check_row(self, instance, row: dict) -> None:
        """Rules between the cells of one row; problems go to `self.refuse`."""

    def check_file(self) -> Iterator[tuple[int, str, str]]:
        """Rules between rows, once all are read: (row number, column, sentence)."""
        return iter(())

    def save_before(self, created: list, updated: list) -> None:
        """Write what the new rows point to."""

    def save_after(self, created: list, updated: list) -> None:
        """Write what points to the rows, and their log."""

    def rows_of(self, units: QuerySet) -> Iterable:
        """Today's rows of these units, for export, in a steady order."""
        raise NotImplementedError

    # --- reading

    def dataset(self, table: RosterTable) -> tablib.Dataset:
        self.numbers = table.numbers
        return tablib.Dataset(*table.rows, headers=table.headers)

    def check(self, dataset: tablib.Dataset, progress: Callable[[int], None]) -> Result:
        """Every row judged, nothing written, no transaction held."""
        result = Result()
        self.before_import(dataset, dry_run=True)
        loader = Instances(self, dataset)
        for i, values in enumerate(dataset, 1):
            row = dict(zip(dataset.headers, values, strict=True))
            result.append_row_result(self.import_row(row, loader, dry_run=True, row_number=i))
            if i % 250 == 0:
                progress(i)
        self._refuse_across(result)
        self.create_instances.clear()
        self.update_instances.clear()
        return result

    def before_import(self, dataset, **kwargs):
        self.seen: dict = {}
        self.rows_of_objects: dict[int, int] = {}
        self.is_writing = not kwargs.get("dry_run")
        rows = [dict(zip(dataset.headers, values, strict=True)) for values in dataset]
        self._load_places(rows)
        self.load(rows, self._units_named(rows))

    def _units_named(self, rows: list[dict]) -> set[int]:
        """Ids of the units that a row names in any of its columns of units."""
        names = [c.column_name for c in self.columns() if c.column_name.startswith(UNIT)]
        codes = {cell_text(row.get(name)) for row in rows for name in names}
        places = [self.places[code] for code in codes if code in self.places]
        return {place.unit.pk for place in [*places, *self.dated.values()]}

    def _load_places(self, rows: list[dict]) -> None:
        """Units by the code of today, and by code and first day for those written so."""
        on_day = UnitVersion.objects.on(self.today).select_related("unit")
        self.places = {v.unit.code: Place(v.unit, v.path, v.name) for v in on_day}
        self.dated: dict = {}
        codes = {cell_text(row.get(UNIT)) for row in rows if row.get(UNIT_SINCE)}
        dated = UnitVersion.objects.select_related("unit").order_by("valid_from")
        for version in in_parts(dated, "unit__code", codes):
            self.dated[version.unit.code, version.unit.opened_on] = Place(version.unit, version.path, version.name)

    # --- one row

    def refuse(self, column: str, message: str) -> None:
        self.errors[column or NON_FIELD_ERRORS].append(message)

    def read(self, name: str, row: dict):
        """A key's value; None, with the error noted, when it is missing or cannot be read."""
        column = self.fields[name]
        try:
            value = column.read(row)
        except ValueError as error:
            self.refuse(column.column_name, str(error))
            return None
        if value is None and column.required:
            self.refuse(column.column_name, "Chưa ghi.")
        return value

    def place_of(self, row: dict) -> Place | None:
        """The unit a row names, if the person may write for it."""
        code = self.read("unit_code", row)
        since = self.read("unit_since", row)
        if code is None or self.errors:
            return None
        place = self.dated.get((code, since)) if since else self.places.get(code)
        return self.allowed(place, code, UNIT, since)

    def allowed(self, place: Place | None, code: str, column: str, since=None) -> Place | None:
        if place is None:
            full = [c for c in (code.zfill(2), code.zfill(3), code.zfill(5)) if c != code and c in self.places]
            hint = f" Có phải {' hay '.join(full)}? Ghi đủ số 0 ở đầu." if full else ""
            when = f"có từ ngày {since:%d/%m/%Y}" if since else f"vào ngày {self.today:%d/%m/%Y}"
            self.refuse(column, f"Không có đơn vị mã {code} {when}.{hint}")
        elif not may_import_for(self.by, place.unit.pk, place.path):
            self.refuse(column, f"{code} nằm ngoài phạm vi của bạn.")
        elif not place.unit.is_open_on(self.today):
            self.refuse(column, f"{place.name} đã kết thúc ngày {place.unit.closed_on:%d/%m/%Y}; sổ chỉ còn để đọc.")
        else:
            return place
        return None

    def before_import_row(self, row, *, row_number, **kwargs):
        self.errors: dict[str, list[str]] = defaultdict(list)
        self.row_number = row_number
        self.place = self.place_of(row)
        self.found, key = self.find(row, self.place, row_number)
        if key is not None:
            first = self.seen.setdefault(key, row_number)
            if first != row_number:
                self.refuse("", f"Trùng với dòng {self.numbers[first - 1]}.")
        if self.errors:
            self.found = None

    def init_instance(self, row=None):
        return self.start(row, None if self.errors else self.place)

    def after_init_instance(self, instance, new, row, **kwargs):
        self.before = {} if new else self.texts(instance)
        self.is_new = new

    def texts(self, instance) -> dict[str, str]:
        """What the file may change of an object, as it is written in cells."""
        return {c.column_name: c.export(instance) for c in self.columns() if not c.readonly and c.attribute}

    def import_instance(self, instance, row, *, row_number=0, **kwargs):
        for column in self.columns():
            if column.readonly:
                continue
            try:
                column.save(instance, row, row_number=row_number)
            except SaidOtherwise as error:
                number = self.numbers[error.row_number - 1]
                self.refuse(column.column_name, f"Khác với dòng {number}, ở đó ghi “{error.earlier}”.")
            except ValueError as error:
                self.refuse(column.column_name, str(error))
            else:
                if column.required and column.column_name in row and not cell_text(row[column.column_name]):
                    self.refuse(column.column_name, "Chưa ghi.")
        self.check_row(instance, row)
        if self.errors:
            raise ValidationError(dict(self.errors))

    def skip_row(self, instance, original, row, import_validation_errors=None):
        after = self.texts(instance)
        self.differences: list[CellChange] = [
            (column, self.before.get(column, ""), text)
            for column, text in after.items()
            if text != self.before.get(column, "")
        ]
        return not (import_validation_errors or self.is_new or self.differences)

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """The model's own rules of its fields; those between rows are `check_row` and `check_file`, without queries."""
        errors = dict(import_validation_errors or {})
        if not errors:
            try:
                instance.full_clean(exclude=self.not_cleaned, validate_unique=False, validate_constraints=False)
            except ValidationError as error:
                names = {c.attribute: c.column_name for c in self.columns() if c.attribute}
                errors = {names.get(field, NON_FIELD_ERRORS): found for field, found in error.error_dict.items()}
        if errors:
            raise ValidationError(errors)

    def save_instance(self, instance, is_create, row, **kwargs):
        self.rows_of_objects[id(instance)] = self.row_number
        super().save_instance(instance, is_create, row, **kwargs)

    def after_import_row(self, row, row_result, **kwargs):
        row_result.diff = self.differences

    # --- writing

    def bulk_create(self, using_transactions, dry_run, raise_errors, batch_size=None, result=None):
        """Called once, after the last row: write all, or raise and have the transaction undone."""
        if self._refuse_across(result):
            result.append_base_error(self.get_error_result_class()(ValidationError("rows contradict each other")))
            return
        created, updated = self.create_instances, self.update_instances
        self.written = list(created)
        if created or updated:
            self.save_before(created, updated)
            self.save_updates(updated)
            self._meta.model.objects.bulk_create(created, batch_size=BATCH)
            self.save_after(created, updated)
        self.create_instances, self.update_instances = [], []

    def save_updates(self, updated: list) -> None:
        if updated and self.updates:
            self._meta.model.objects.bulk_update(updated, self.updates, batch_size=BATCH)

    def _refuse_across(self, result: Result) -> bool:
        refused: dict[int, dict[str, list[str]]] = {}
        for number, column, message in self.check_file():
            refused.setdefault(number, {}).setdefault(column or NON_FIELD_ERRORS, []).append(message)
        for number, errors in refused.items():
            row_result = result.rows[number - 1]
            if row_result.validation_error is None:
                row_result.import_type = RowResult.IMPORT_TYPE_INVALID
                row_result.validation_error = ValidationError(errors)
        return bool(refused)

    # --- out

    def export_rows(self, units: QuerySet) -> tablib.Dataset:
        """Today's rows of these units in the layout of the template."""
        versions = UnitVersion.objects.on(self.today).filter(unit__in=units)
        self.names = dict(versions.values_list("unit_id", "name"))
        return self.export(self.rows_of(units))

    def unit_of(self, instance) -> AdministrativeUnit:
        return instance.unit

    def dehydrate_unit_code(self, instance):
        return self.unit_of(instance).code

    def dehydrate_unit_since(self, instance):
        return f"{self.unit_of(instance).opened_on:%d/%m/%Y}"

    def dehydrate_unit_name(self, instance):
        return self.names.get(self.unit_of(instance).pk, "")
