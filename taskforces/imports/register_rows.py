"""Sheets of the register: task forces, members, village teams."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Prefetch

from reporting.models.catalogue import Indicator, PublicService
from taskforces.models import Document, Membership, Person, Responsibility, TaskForce, VillageTeam
from taskforces.register.keeping import LONGEST_TEAM
from taskforces.scope import contacts_seen

from .columns import FULL_NAME, ROLE, SINCE, UNTIL, Count, Day, Mail, OneOf, RosterColumn, Several, Text, cell_text
from .resources import BATCH, Roster, in_parts

KIND, FOUNDED, BODY_UNIT = "Loại tổ", "Tổ thành lập ngày", "Mã đơn vị công tác"
DECISION_DAY, MET = "Ngày quyết định", "Họp gần nhất ngày"
TEAM = "Tên tổ"
FORCE_KINDS = TaskForce.Kind.choices
INSPECTION_TEAM = TaskForce.Kind.INSPECTION_TEAM
BEFORE_UNIT = "Đơn vị có từ ngày {:%d/%m/%Y}; ngày này sớm hơn."


class TaskForceRoster(Roster):
    """Task forces with their founding decision; of several inspection teams of one day the name says which is meant."""

    kind = RosterColumn("kind", KIND, OneOf(FORCE_KINDS), required=True, key=True, example="Tổ công tác", width=24)
    founded = RosterColumn("valid_from", "Thành lập ngày", Day(), required=True, key=True, example="15/01/2026")
    title = RosterColumn(
        "name", TEAM, Text(200), required=True, note="Tổ kiểm tra: tên mới là tổ mới.", example="Tổ công tác", width=40
    )
    met = RosterColumn("last_meeting_on", MET, Day(), example="10/11/2026")
    number = RosterColumn("decision__number", "Số quyết định", Text(60), example="57/QĐ-UBND")
    decided = RosterColumn(
        "decision__issued_on", DECISION_DAY, Day(), note="Cần khi ghi số quyết định.", example="15/01/2026"
    )
    decided_by = RosterColumn("decision__issuing_body", "Cơ quan ban hành", Text(160), example="UBND phường", width=24)
    until = RosterColumn("valid_to", "Kết thúc ngày", Day(), note="Để trống khi tổ còn hoạt động.")

    class Meta(Roster.Meta):
        model = TaskForce

    updates = ["name", "last_meeting_on", "valid_to"]
    not_cleaned = ["unit"]

    def load(self, rows, unit_ids):
        self.forces = {}
        decisions = Prefetch(
            "documents",
            Document.objects.filter(kind=Document.Kind.FOUNDING_DECISION).order_by("issued_on", "pk"),
            to_attr="decisions",
        )
        found = TaskForce.objects.select_related("unit").prefetch_related(decisions)
        for force in in_parts(found, "unit_id", unit_ids):
            self._take_decision(force)
            self.forces[self._key(force.unit_id, force.kind, force.valid_from, force.name)] = force
        ids = [force.pk for force in self.forces.values()]
        self.first_seat: dict[int, dt.date] = {}
        self.open_seats = defaultdict(list)
        for seat in in_parts(Membership.objects.order_by("valid_from"), "task_force_id", ids):
            self.first_seat.setdefault(seat.task_force_id, seat.valid_from)
            self.open_seats[seat.task_force_id].append(seat)

    @staticmethod
    def _key(unit_id: int, kind: str, founded: dt.date, name: str) -> tuple:
        """What no two task forces share; of names upper and lower case are one."""
        return (unit_id, kind, founded, name.casefold() if kind == INSPECTION_TEAM else "")

    @staticmethod
    def _take_decision(force: TaskForce) -> None:
        force.decision = force.decisions[0] if force.decisions else Document(task_force=force, unit_id=force.unit_id)
        force.decision_before = (force.decision.number, force.decision.issued_on, force.decision.issuing_body)

    def find(self, row, place, number):
        kind, day = self.read("kind", row), self.read("founded", row)
        if place is None or kind is None or day is None:
            return None, None
        if day < place.unit.opened_on:
            self.refuse("Thành lập ngày", BEFORE_UNIT.format(place.unit.opened_on))
        key = self._key(place.unit.pk, kind, day, " ".join(cell_text(row.get(TEAM)).split()))
        self.key = key
        return self.forces.get(key), key

    def start(self, row, place):
        force = TaskForce()
        if place is not None:
            force = TaskForce(unit=place.unit, kind=self.key[1], valid_from=self.key[2])
        force.decisions = []
        self._take_decision(force)
        return force

    def check_row(self, force, row):
        force.name = " ".join(force.name.split())
        if force.valid_from is None:
            return
        if force.last_meeting_on and force.last_meeting_on < force.valid_from:
            self.refuse(MET, "Ngày họp gần nhất phải từ ngày thành lập trở đi.")
        if force.valid_to and force.valid_to < force.valid_from:
            self.refuse("Kết thúc ngày", "Ngày kết thúc phải sau ngày thành lập.")
        if force.valid_to and any(seat.valid_from > force.valid_to for seat in self.open_seats.get(force.pk, ())):
            self.refuse("Kết thúc ngày", "Tổ có thành viên tham gia sau ngày này.")
        if (force.decision.number or force.decision.issuing_body) and not force.decision.issued_on:
            self.refuse(DECISION_DAY, "Ghi ngày của quyết định.")

    def save_after(self, created, updated):
        new, changed, ended = [], [], []
        for force in [*created, *updated]:
            decision = force.decision
            if (decision.number, decision.issued_on, decision.issuing_body) != force.decision_before:
                decision.task_force, decision.unit = force, force.unit
                if decision.pk:
                    changed.append(decision)
                else:
                    decision.kind = Document.Kind.FOUNDING_DECISION
                    decision.title = f"Quyết định thành lập {force.name}"[:300]
                    decision.uploaded_by, decision.uploaded_at = self.by, self.now
                    new.append(decision)
            for seat in self.open_seats.get(force.pk, ()):
                if force.valid_to and (seat.valid_to is None or seat.valid_to > force.valid_to):
                    seat.valid_to = force.valid_to  # every seat still held ends with the task force
                    ended.append(seat)
        Document.objects.bulk_create(new, batch_size=BATCH)
        Document.objects.bulk_update(changed, ["number", "issued_on", "issuing_body"], batch_size=BATCH)
        Membership.objects.bulk_update(ended, ["valid_to"], batch_size=BATCH)

    def rows_of(self, units):
        found = TaskForce.objects.on(self.today).filter(unit__in=units).select_related("unit")
        decisions = Document.objects.filter(kind=Document.Kind.FOUNDING_DECISION).order_by("issued_on", "pk")
        found = found.prefetch_related(Prefetch("documents", decisions, to_attr="decisions"))
        for force in found.order_by("unit__code", "kind", "valid_from", "name"):
            self._take_decision(force)
            yield force


class MemberRoster(Roster):
    """Seats in task forces, each with its person and what the seat answers for."""

    kind = RosterColumn(None, KIND, OneOf(FORCE_KINDS), required=True, key=True, example="Tổ công tác", width=24)
    founded = RosterColumn(
        None, FOUNDED, Day(), key=True, note="Để trống khi đơn vị chỉ có một tổ loại này đang hoạt động."
    )
    team = RosterColumn(None, TEAM, Text(200), key=True, note="Chỉ cần khi đơn vị có nhiều tổ kiểm tra.", width=30)
    full_name = RosterColumn(
        "person__full_name", FULL_NAME, Text(100), required=True, key=True, example="Nguyễn Văn An", width=26
    )
    staff_code = RosterColumn("person__staff_code", "Mã cán bộ", Text(30), key=True, note="Chỉ cần khi trùng họ tên.")
    body_unit = RosterColumn(
        None, BODY_UNIT, Text(5), key=True, note="Để trống: người của chính đơn vị có tổ.", width=11
    )
    role = RosterColumn("role", ROLE, OneOf(Membership.Role.choices), required=True, example="Thành viên")
    post = RosterColumn("post", "Chức vụ", Text(120), example="Công chức Tư pháp – Hộ tịch", width=28)
    body = RosterColumn("person__body", "Cơ quan", Text(160), shared=True, example="UBND phường", width=24)
    phone = RosterColumn("person__work_phone", "Điện thoại cơ quan", Text(30), shared=True, contact=True)
    mail = RosterColumn("person__work_email", "Thư công vụ", Mail(254), shared=True, contact=True, width=26)
    since = RosterColumn("valid_from", SINCE, Day(), required=True, key=True, example="15/01/2026")
    until = RosterColumn("valid_to", UNTIL, Day(), note="Để trống khi còn tham gia.")
    duties = RosterColumn("duties", "Nhiệm vụ được phân công", Text(2000, lines=True), width=40)
    services = RosterColumn(
        "services", "Dịch vụ công phụ trách", Text(0), note="Mã, cách nhau bằng dấu chấm phẩy: DVC01; DVC02."
    )
    groups = RosterColumn("groups", "Nhóm chỉ tiêu phụ trách", Several(dict(Indicator.Group.choices), "nhóm chỉ tiêu"))

    class Meta(Roster.Meta):
        model = Membership

    updates = ["role", "post", "valid_to", "duties"]
    not_cleaned = ["task_force", "person"]
    contact = ("body", "work_phone", "work_email", "post")

    def __init__(self, by, **kwargs):
        super().__init__(by, **kwargs)
        self.service_ids = dict(PublicService.objects.values_list("code", "pk"))
        self.fields["services"].widget = Several({code: code for code in self.service_ids}, "dịch vụ công")

    def load(self, rows, unit_ids):
        forces = TaskForce.objects.select_related("unit")
        if self.is_writing:  # the same lock as the pages take: two people cannot both seat a head
            forces = forces.select_for_update(of=("self",))
        self.forces = defaultdict(list)
        for force in in_parts(forces, "unit_id", unit_ids):
            self.forces[force.unit_id, force.kind].append(force)
        self.persons = {}
        for person in in_parts(Person.objects.all(), "unit_id", unit_ids):
            self._remember(person)
        self.seats, self.by_force = {}, defaultdict(list)
        seats = Membership.objects.select_related("task_force__unit").prefetch_related("responsibilities")
        for seat in in_parts(seats, "task_force__unit_id", unit_ids):
            known = self.persons.get(seat.person_id)
            if known is None:
                self._remember(seat.person)
                known = seat.person
            seat.person = known
            self._take_answers(seat)
            self.seats[seat.task_force_id, seat.person_id, seat.valid_from] = seat
            self.by_force[seat.task_force_id].append(seat)

    def _remember(self, person: Person) -> None:
        self.persons[person.pk] = self.persons[person.unit_id, person.full_name, person.staff_code] = person
        person.stored = tuple(getattr(person, name) for name in self.contact)

    def _take_answers(self, seat: Membership) -> None:
        answers = list(seat.responsibilities.all()) if seat.pk else []
        codes = {pk: code for code, pk in self.service_ids.items()}
        seat.services = frozenset(codes[a.service_id] for a in answers if a.service_id)
        seat.groups = frozenset(a.indicator_group for a in answers if a.indicator_group)
        seat.answered = (seat.services, seat.groups)

    def find(self, row, place, number):
        name, code, since = self.read("full_name", row), self.read("staff_code", row) or "", self.read("since", row)
        force = self._force(row, place)
        home = self._home(row, place)
        if place is None or force is None or name is None or since is None or home is None:
            return None, None
        if since < force.valid_from:
            self.refuse(SINCE, f"Tổ thành lập ngày {force.valid_from:%d/%m/%Y}; không tham gia trước đó được.")
        person = self.persons.get((home.pk, name, code))
        if person is None:
            person = self.persons[home.pk, name, code] = Person(unit=home, full_name=name, staff_code=code)
            person.stored = None
        self.force, self.person, self.since_day = force, person, since
        key = (force.pk, home.pk, name, code, since)
        return self.seats.get((force.pk, person.pk, since)) if person.pk else None, key

    def _force(self, row, place) -> TaskForce | None:
        kind, founded, team = (self.read(name, row) for name in ("kind", "founded", "team"))
        if place is None or kind is None:
            return None
        label = TaskForce.Kind(kind).label
        forces = self.forces[place.unit.pk, kind]
        if founded:
            forces = [force for force in forces if force.valid_from == founded]
        else:
            forces = [f for f in forces if f.valid_to is None or f.valid_to >= self.today]
        if kind == INSPECTION_TEAM and team:
            forces = [force for force in forces if force.name.casefold() == team.casefold()]
        if len(forces) == 1:
            return forces[0]
        if forces:
            column, what = (TEAM, "tên") if kind == INSPECTION_TEAM and not team else (FOUNDED, "ngày thành lập")
            self.refuse(column, f"{place.name} có {len(forces)} {label}; ghi {what} của tổ.")
        else:
            when = f" “{team}”" if team and kind == INSPECTION_TEAM else ""
            when += f" thành lập ngày {founded:%d/%m/%Y}" if founded else ""
            self.refuse(KIND, f"{place.name} chưa có {label}{when} trong sổ. Nhập tệp Tổ công tác trước.")
        return None

    def _home(self, row, place):
        """The unit in whose register the person stands."""
        code = self.read("body_unit", row)
        if code is None or place is None:
            return place.unit if place else None
        if code == place.unit.code:
            return place.unit
        other = self.allowed(self.places.get(code), code, BODY_UNIT)
        return other.unit if other else None

    def start(self, row, place):
        if place is None:
            seat = Membership(person=Person(), task_force=TaskForce())
        else:
            seat = Membership(task_force=self.force, person=self.person, valid_from=self.since_day)
        self._take_answers(seat)
        return seat

    def check_row(self, seat, row):
        if self.errors or seat.valid_from is None:
            return
        if seat.post and not seat.person.post:
            seat.person.post = seat.post
        if seat.valid_to and seat.valid_to < seat.valid_from:
            self.refuse(UNTIL, "Ngày kết thúc phải sau ngày bắt đầu.")
        ended = seat.task_force.valid_to
        if ended and (seat.valid_to is None or seat.valid_to > ended):
            self.refuse(UNTIL, f"Tổ đã kết thúc ngày {ended:%d/%m/%Y}; ghi ngày thôi tham gia.")
        if seat.pk is None:
            self.by_force[seat.task_force_id].append(seat)

    def check_file(self):
        """One head at a time; one seat a person at a time. Rows of the file and stored seats count together."""
        for seats in self.by_force.values():
            if not any(id(seat) in self.rows_of_objects for seat in seats):
                continue
            seats = sorted(seats, key=lambda seat: (seat.valid_from, seat.pk or 0))
            yield from self._clashes([s for s in seats if s.role == Membership.Role.HEAD], ROLE, self._two_heads)
            of_person = defaultdict(list)
            for seat in seats:
                of_person[id(seat.person)].append(seat)
            for held in of_person.values():
                yield from self._clashes(held, FULL_NAME, self._two_seats)

    def _clashes(self, seats: list[Membership], column: str, say) -> Iterator[tuple[int, str, str]]:
        """Of seats in the order of their first days, those that overlap and that the file makes or changes."""
        last = None
        for seat in seats:
            if last is not None and seat.valid_from <= (last.valid_to or dt.date.max):
                for one, other in ((seat, last), (last, seat)):
                    if row := self.rows_of_objects.get(id(one)):
                        yield row, column, say(other)
                        break
            if last is None or (seat.valid_to or dt.date.max) > (last.valid_to or dt.date.max):
                last = seat

    @staticmethod
    def _two_heads(other: Membership) -> str:
        return f"Tổ đã có Tổ trưởng {other.person} {_span(other)}. Ghi ngày kết thúc của Tổ trưởng cũ trước."

    @staticmethod
    def _two_seats(other: Membership) -> str:
        return f"{other.person} đã là {other.get_role_display()} của tổ {_span(other)}."

    def save_before(self, created, updated):
        persons = {id(seat.person): seat.person for seat in [*created, *updated]}.values()
        Person.objects.bulk_create([p for p in persons if p.pk is None], batch_size=BATCH)
        changed = []
        for person in persons:
            if person.stored is not None and person.stored != tuple(getattr(person, n) for n in self.contact):
                if (person.stored[1], person.stored[2]) != (person.work_phone, person.work_email):
                    person.contact_erased_at = None
                changed.append(person)
        Person.objects.bulk_update(changed, [*self.contact, "contact_erased_at"], batch_size=BATCH)

    def save_updates(self, updated):
        """Heads step down before others step up: the database lets no task force have two, not even for a moment."""

        def is_open_head(seat):
            return seat.role == Membership.Role.HEAD and seat.valid_to is None

        super().save_updates([seat for seat in updated if not is_open_head(seat)])
        super().save_updates([seat for seat in updated if is_open_head(seat)])

    def save_after(self, created, updated):
        """Services and groups become exactly those of the file; assignments a seat answers for stay."""
        changed = [seat for seat in [*created, *updated] if (seat.services, seat.groups) != seat.answered]
        by_id = {seat.pk: seat for seat in changed if any(seat.answered)}
        codes = {pk: code for code, pk in self.service_ids.items()}
        gone = [
            answer.pk
            for answer in in_parts(Responsibility.objects.filter(assignment__isnull=True), "membership_id", by_id)
            if not self._still_answers(by_id[answer.membership_id], answer, codes)
        ]
        for start in range(0, len(gone), BATCH):
            Responsibility.objects.filter(pk__in=gone[start : start + BATCH]).delete()
        new = []
        for seat in changed:
            services, groups = seat.services - seat.answered[0], seat.groups - seat.answered[1]
            new += [Responsibility(membership=seat, service_id=self.service_ids[code]) for code in sorted(services)]
            new += [Responsibility(membership=seat, indicator_group=group) for group in sorted(groups)]
        Responsibility.objects.bulk_create(new, batch_size=BATCH)

    @staticmethod
    def _still_answers(seat: Membership, answer: Responsibility, codes: dict[int, str]) -> bool:
        if answer.service_id:
            return codes.get(answer.service_id) in seat.services
        return answer.indicator_group in seat.groups

    def rows_of(self, units):
        seats = Membership.objects.filter(task_force__in=TaskForce.objects.on(self.today).filter(unit__in=units))
        seats = seats.exclude(valid_to__lt=self.today).select_related("task_force__unit", "person__unit")
        order = ("task_force__unit__code", "task_force__kind", "task_force_id", "pk")
        found = list(seats.prefetch_related("responsibilities").order_by(*order))
        self.seen_contacts = contacts_seen(self.by, {seat.person.unit_id for seat in found})
        for seat in found:
            self._take_answers(seat)
        return found

    def dehydrate_phone(self, seat):
        return seat.person.work_phone if seat.person.unit_id in self.seen_contacts else ""

    def dehydrate_mail(self, seat):
        return seat.person.work_email if seat.person.unit_id in self.seen_contacts else ""

    def unit_of(self, seat):
        return seat.task_force.unit

    def dehydrate_kind(self, seat):
        return seat.task_force.get_kind_display()

    def dehydrate_team(self, seat):
        return seat.task_force.name

    def dehydrate_founded(self, seat):
        return f"{seat.task_force.valid_from:%d/%m/%Y}"

    def dehydrate_body_unit(self, seat):
        return "" if seat.person.unit_id == seat.task_force.unit_id else seat.person.unit.code


class VillageTeamRoster(Roster):
    """Villages and their teams; without a founding day the village has no team yet."""

    kind = RosterColumn(
        "kind",
        "Loại",
        OneOf(VillageTeam.Kind.choices),
        required=True,
        key=True,
        width=30,
        example="Tổ công tác thôn, ấp, khu phố",
    )
    village = RosterColumn(
        "village", "Thôn, ấp, khu phố", Text(120), required=True, key=True, example="Khu phố 1", width=26
    )
    since = RosterColumn("valid_from", "Có trong sổ từ ngày", Day(), required=True, key=True, example="01/07/2025")
    head = RosterColumn("head_name", "Tổ trưởng", Text(100), example="Trần Thị Bình", width=26)
    members = RosterColumn("members", "Số thành viên", Count(LONGEST_TEAM), example="6")
    founded = RosterColumn(
        "founded_on", "Thành lập ngày", Day(), note="Để trống: thôn chưa có tổ.", example="01/08/2025"
    )
    until = RosterColumn("valid_to", UNTIL, Day(), note="Để trống khi còn trong sổ.")

    class Meta(Roster.Meta):
        model = VillageTeam

    updates = ["head_name", "members", "founded_on", "valid_to"]
    not_cleaned = ["unit"]

    def load(self, rows, unit_ids):
        self.teams = {}
        for team in in_parts(VillageTeam.objects.select_related("unit"), "unit_id", unit_ids):
            self.teams[team.unit_id, team.kind, team.village.casefold(), team.valid_from] = team

    def find(self, row, place, number):
        kind, village, since = self.read("kind", row), self.read("village", row), self.read("since", row)
        if place is None or kind is None or village is None or since is None:
            return None, None
        if since < place.unit.opened_on:
            self.refuse("Có trong sổ từ ngày", BEFORE_UNIT.format(place.unit.opened_on))
        self.values = {"kind": kind, "village": village, "valid_from": since}
        key = (place.unit.pk, kind, village.casefold(), since)
        return self.teams.get(key), key

    def start(self, row, place):
        return VillageTeam(unit=place.unit, **self.values) if place else VillageTeam()

    def check_row(self, team, row):
        if team.members and team.founded_on is None:
            self.refuse("Thành lập ngày", "Tổ có thành viên thì phải có ngày thành lập.")
        if team.valid_to and team.valid_from and team.valid_to < team.valid_from:
            self.refuse(UNTIL, "Ngày kết thúc phải sau ngày bắt đầu.")

    def rows_of(self, units):
        found = VillageTeam.objects.on(self.today).filter(unit__in=units).select_related("unit")
        return found.order_by("unit__code", "kind", "pk")


def _span(seat: Membership) -> str:
    since = f"từ ngày {seat.valid_from:%d/%m/%Y}"
    return since if seat.valid_to is None else f"{since} đến ngày {seat.valid_to:%d/%m/%Y}"
