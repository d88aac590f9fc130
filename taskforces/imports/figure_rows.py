"""Sheets of what units are asked for: assignments with their state, and targets of a year or a month."""

from django.core.exceptions import ValidationError
from django.db.models import Q

from reporting.models.catalogue import FIRST_YEAR, LAST_YEAR, Indicator, PublicService, Target, TargetEvent
from taskforces import hooks
from taskforces.models import Assignment, AssignmentEvent, SourceItem
from taskforces.register.assignments import LONGEST_PROGRESS
from taskforces.scope import may_assign_by_file, may_set_target

from .columns import Amount, Count, Day, OneOf, RosterColumn, Text
from .resources import BATCH, Roster, in_parts

DOCUMENT, ITEM, BODY, PART = "Số văn bản", "Mã nhiệm vụ", "Cơ quan thực hiện", "Vai trò"
STATUS, DONE_ON, DROPPED_ON, DROP_REASON = (
    "Tình trạng",
    "Hoàn thành ngày",
    "Thôi thực hiện ngày",
    "Lý do không thực hiện",
)
ASSIGNED_ON, DUE_ON = "Giao ngày", "Hạn hoàn thành"
INDICATOR, SERVICE, RATE = "Mã chỉ tiêu", "Mã dịch vụ", "Tỷ lệ"
YEAR, MONTH, VALUE = "Năm", "Tháng", "Chỉ tiêu giao"


class AssignmentRoster(Roster):
    """Tasks given to units: document and task must stand in the catalogue, which has its own page."""

    document = RosterColumn(None, DOCUMENT, Text(60), required=True, key=True, example="06/QĐ-TTg", width=20)
    item = RosterColumn(None, ITEM, Text(20), required=True, key=True, example="I.1", width=14)
    text = RosterColumn(
        "item__text", "Nội dung", Text(5000, lines=True), info=True, note="Để đọc; không lấy từ tệp.", width=50
    )
    body = RosterColumn("body", BODY, Text(160), key=True, note="Để trống: cả đơn vị.", width=24)
    part = RosterColumn("part", PART, OneOf(Assignment.Part.choices), required=True, example="Chủ trì")
    assigned = RosterColumn("assigned_on", ASSIGNED_ON, Day(), required=True, example="15/01/2026")
    due = RosterColumn("due_on", DUE_ON, Day(), example="31/12/2026")
    status = RosterColumn(
        "status", STATUS, OneOf(Assignment.Status.choices), note="Để trống ở dòng mới: Chưa thực hiện."
    )
    done = RosterColumn("done_on", DONE_ON, Day())
    dropped = RosterColumn("dropped_on", DROPPED_ON, Day())
    reason = RosterColumn("dropped_reason", DROP_REASON, Text(2000, lines=True), width=30)
    progress = RosterColumn("progress", "Tiến độ", Text(LONGEST_PROGRESS, lines=True), width=40)

    class Meta(Roster.Meta):
        model = Assignment

    updates = ["part", "assigned_on", "due_on", "status", "done_on", "dropped_on", "dropped_reason", "progress"]
    not_cleaned = ["unit", "item"]

    def load(self, rows, unit_ids):
        seen = Assignment.objects.visible_to(self.by).filter(item__source__meeting__isnull=False)
        items = SourceItem.objects.filter(Q(source__meeting__isnull=True) | Q(pk__in=seen.values("item")))
        self.items = {(i.source.number.casefold(), i.code): i for i in items.select_related("source")}
        self.documents = {number for number, _ in self.items}
        self.assignments = {}
        for assignment in in_parts(Assignment.objects.select_related("unit", "item"), "unit_id", unit_ids):
            assignment.stored_status = assignment.status
            self.assignments[assignment.item_id, assignment.unit_id, assignment.body.casefold()] = assignment

    def find(self, row, place, number):
        document, code, body = self.read("document", row), self.read("item", row), self.read("body", row) or ""
        if document is None or code is None:
            return None, None
        item = self.items.get((document.casefold(), code))
        if item is None and document.casefold() not in self.documents:
            self.refuse(DOCUMENT, f"Chưa có văn bản {document} trong danh mục văn bản giao nhiệm vụ.")
        elif item is None:
            self.refuse(ITEM, f"Văn bản {document} không có nhiệm vụ mã {code}.")
        if place is None or item is None:
            return None, None
        self.values = {"item": item, "unit": place.unit, "body": body}
        key = (item.pk, place.unit.pk, body.casefold())
        return self.assignments.get(key), key

    def start(self, row, place):
        assignment = Assignment(**self.values) if place else Assignment()
        assignment.stored_status = None
        return assignment

    def check_row(self, assignment, row):
        if assignment.status != Assignment.Status.DONE and not row.get(DONE_ON):
            assignment.done_on = None
        if assignment.status != Assignment.Status.DROPPED:
            if not row.get(DROPPED_ON):
                assignment.dropped_on = None
            if not row.get(DROP_REASON):
                assignment.dropped_reason = ""
        if (assignment.status == Assignment.Status.DONE) != bool(assignment.done_on):
            say = (
                "Ghi ngày hoàn thành." if assignment.status == Assignment.Status.DONE else "Chỉ ghi khi đã hoàn thành."
            )
            self.refuse(DONE_ON, say)
        if (assignment.status == Assignment.Status.DROPPED) != bool(assignment.dropped_on):
            say = (
                "Ghi ngày thôi thực hiện."
                if assignment.status == Assignment.Status.DROPPED
                else "Chỉ ghi khi không thực hiện."
            )
            self.refuse(DROPPED_ON, say)
        if self.place and not may_assign_by_file(self.by, self.place.path):
            self._keep_to_progress(assignment)
        if assignment.status == Assignment.Status.DROPPED and not assignment.dropped_reason:
            self.refuse(DROP_REASON, "Ghi lý do không thực hiện.")
        if assignment.done_on and assignment.done_on > self.today:
            self.refuse(DONE_ON, "Ngày hoàn thành không thể sau hôm nay.")
        if assignment.due_on and assignment.assigned_on and assignment.due_on < assignment.assigned_on:
            self.refuse(DUE_ON, "Hạn phải sau ngày giao.")

    def _keep_to_progress(self, assignment) -> None:
        """A unit tells how far it is; what it was given, and until when, is said by who gave it."""
        if assignment.pk is None:
            self.refuse(ITEM, "Nhiệm vụ này chưa giao cho đơn vị; chỉ cấp giao mới thêm được.")
            return
        after = self.texts(assignment)
        for column in (PART, ASSIGNED_ON, DUE_ON, DROPPED_ON):
            if after[column] != self.before[column]:
                self.refuse(column, f"Chỉ cấp giao mới đổi được ô này (đang ghi “{self.before[column]}”).")

    def save_after(self, created, updated):
        note = f"Nhập từ tệp {self.file_name}"
        changed = [a for a in [*created, *updated] if a.status != a.stored_status]
        events = [AssignmentEvent(assignment=a, status=a.status, note=note, by=self.by, at=self.now) for a in changed]
        AssignmentEvent.objects.bulk_create(events, batch_size=BATCH)

    def rows_of(self, units):
        found = Assignment.objects.filter(unit__in=units).select_related("unit", "item__source")
        return found.order_by("item__source__number", "item__code", "unit__code", "pk")

    def dehydrate_document(self, assignment):
        return assignment.item.source.number

    def dehydrate_item(self, assignment):
        return assignment.item.code


class TargetRoster(Roster):
    """What a unit proposes (its own file), or is set from above: an indicator, or a rate of one service or of all,
    in a year or a month; percent for ratios and rates."""

    year = RosterColumn("year", YEAR, Count(LAST_YEAR), required=True, key=True, example="2026", width=8)
    month = RosterColumn("month", MONTH, Count(12), key=True, note="Để trống: cả năm.", width=8)
    indicator = RosterColumn(
        None, INDICATOR, Text(12), key=True, note="Để trống khi giao tỷ lệ của dịch vụ công.", example="TT01", width=12
    )
    service = RosterColumn(
        None, SERVICE, Text(12), key=True, note="Chỉ khi giao tỷ lệ; để trống: mọi dịch vụ.", width=12
    )
    rate = RosterColumn(
        None, RATE, OneOf(Target.Rate.choices), key=True, note="Để trống khi giao một chỉ tiêu.", width=18
    )
    name = RosterColumn(None, "Tên chỉ tiêu", Text(300), info=True, note="Để đọc; không lấy từ tệp.", width=46)
    value = RosterColumn(
        "value", VALUE, Amount(), required=True, note="Tỷ lệ và chỉ tiêu Đạt/Tổng số: ghi phần trăm.", example="95,5"
    )

    class Meta(Roster.Meta):
        model = Target

    updates = ["value", "asked", "offered", "status"]
    not_cleaned = ["unit", "indicator", "service"]

    def load(self, rows, unit_ids):
        self.indicators = {indicator.code: indicator for indicator in Indicator.objects.all()}
        self.services = {service.code: service for service in PublicService.objects.all()}
        self.targets = {}
        self.paths: dict[int, str] = {}  # of the units of rows that were right, in today's tree
        for target in in_parts(Target.objects.select_related("unit", "indicator", "service"), "unit_id", unit_ids):
            self.targets[_key_of(target)] = target
        self.stored = {target.pk: target.value for target in self.targets.values()}

    def find(self, row, place, number):
        year, month = self.read("year", row), self.read("month", row)
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            self.refuse(YEAR, f"Năm từ {FIRST_YEAR} đến {LAST_YEAR}.")
        indicator = self._named("indicator", row, self.indicators, "chỉ tiêu")
        service = self._named("service", row, self.services, "dịch vụ")
        rate = self.read("rate", row)
        if not self.errors:
            self._one_thing(indicator, service, rate)
        if place is None or year is None or self.errors:
            return None, None
        start = {"unit": place.unit, "year": year, "month": month or 0}
        self.values = start | {"indicator": indicator, "service": service, "rate": rate or ""}
        key = _key_of(Target(**self.values))
        return self.targets.get(key), key

    def _named(self, name, row, known, what):
        code = self.read(name, row)
        if code and code.upper() not in known:
            self.refuse(self.fields[name].column_name, f"Không có {what} mã {code}.")
        return known.get(code.upper()) if code else None

    def _one_thing(self, indicator, service, rate) -> None:
        """An indicator, or a rate: never both, never neither."""
        if indicator and rate:
            self.refuse(RATE, f"Một dòng giao một thứ: để trống “{INDICATOR}” hoặc “{RATE}”.")
        elif indicator and service:
            self.refuse(SERVICE, "Chỉ tiêu của danh mục không theo dịch vụ; để trống ô này.")
        elif not indicator and not rate:
            self.refuse(RATE if service else INDICATOR, f"Ghi “{INDICATOR}”, hoặc ghi “{RATE}” nếu giao tỷ lệ.")

    def start(self, row, place):
        return Target(**self.values) if place else Target(indicator=Indicator())

    def check_row(self, target, row):
        if self.place:
            self.paths[self.place.unit.pk] = self.place.path
        if target.value is not None and target.most is not None and target.value > target.most:
            self.refuse(VALUE, "Chỉ tiêu này ghi phần trăm, nhiều nhất 100.")
        if not self.errors and target.pk is None:
            try:
                target.check_span()
            except ValidationError as error:
                self.refuse(YEAR, " ".join(error.messages))
        if self.stored.get(target.pk) is not None and self.place and not self._sets(target):
            before = self.before[VALUE]
            if self.texts(target)[VALUE] != before:
                self.refuse(VALUE, f"Chỉ cấp giao mới đổi được ô này (đang ghi “{before}”).")

    def _sets(self, target) -> bool:
        """Is this row from the level above? One of the unit itself proposes."""
        return may_set_target(self.by, target.unit, self.paths[target.unit_id])

    def save_before(self, created, updated):
        """Which value is in force, and what is only asked for, is settled where every step of a target is."""
        targets = [*created, *updated]
        sets = [self._sets(target) for target in targets]
        said = {"by": self.by, "at": self.now, "file_name": self.file_name, "sets": sets}
        self.events = [event for settle in hooks.settle_targets for event in settle(targets, self.stored, **said)]

    def save_after(self, created, updated):
        TargetEvent.objects.bulk_create(self.events, batch_size=BATCH)

    def rows_of(self, units):
        found = Target.objects.in_force().filter(unit__in=units).select_related("unit", "indicator", "service")
        return found.order_by("unit__code", "year", "month", "indicator__order", "service__order", "rate", "pk")

    def dehydrate_month(self, target):
        return str(target.month or "")

    def dehydrate_indicator(self, target):
        return target.indicator.code if target.indicator else ""

    def dehydrate_service(self, target):
        return target.service.code if target.service else ""

    def dehydrate_rate(self, target):
        return target.get_rate_display()

    def dehydrate_name(self, target):
        return target.label


def _key_of(target: Target) -> tuple:
    """Whose target it is, of what and for how long."""
    return target.unit_id, target.year, target.month, target.indicator_id, target.service_id, target.rate
