"""What a task force still lacks, as facts: no decision, no head, nobody responsible. Never an opinion, never a score.

The rules are pure functions over `Facts`; `load` reads the facts of many units in a fixed number of queries.
"""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Max, Q, TextChoices

from de_an_06.plain.numbers import format_number
from reporting.models.catalogue import ReportingSettings, ServiceTerms
from taskforces import hooks
from taskforces.models import Document, Inspection, Meeting, Membership, Responsibility, TaskForce
from taskforces.models.units import valid_on

from . import counts


class Code(TextChoices):
    """Everything that can be found. The first two are about a unit, the others about one task force."""

    NO_TASK_FORCE = "no_task_force", "Đơn vị chưa có Tổ công tác, Ban Chỉ đạo"
    SERVICES_UNASSIGNED = "services_unassigned", "Dịch vụ công chưa có người phụ trách"
    NO_DECISION = "no_decision", "Chưa có quyết định thành lập"
    NO_HEAD = "no_head", "Chưa có Tổ trưởng"
    IDLE_MEMBERS = "idle_members", "Thành viên chưa được phân công nhiệm vụ"
    NO_RULES = "no_rules", "Chưa có quy chế hoạt động"
    QUIET = "quiet", "Lâu không họp, không báo cáo"


OF_UNIT = (Code.NO_TASK_FORCE, Code.SERVICES_UNASSIGNED)
OF_TASK_FORCE = tuple(code for code in Code if code not in OF_UNIT)


@dataclass(frozen=True)
class Gap:
    """One thing lacking; `text` names what and how many."""

    code: str
    text: str


@dataclass(frozen=True)
class Facts:
    """What the rules look at in one task force on a day."""

    founded_on: dt.date
    seats: int
    heads: int
    idle: int
    documents: frozenset[str] = frozenset()  # kinds of the documents it has
    last_active_on: dt.date | None = None  # last meeting, minutes, report of the task force or of the unit


@dataclass(frozen=True)
class UnitFacts:
    """What the rules look at in one unit on a day."""

    has_leading: bool  # a working group or a steering committee is active
    owed: tuple[str, ...] = ()  # codes of the services the unit handles
    covered: frozenset[str] = frozenset()  # codes somebody in one of its task forces answers for


def of_task_force(facts: Facts, day: dt.date, quiet_months: int) -> list[Gap]:
    """What one task force lacks on `day`."""
    found = []
    if Document.Kind.FOUNDING_DECISION not in facts.documents:
        found.append(Gap(Code.NO_DECISION, "Chưa có quyết định thành lập"))
    if not facts.heads:
        found.append(Gap(Code.NO_HEAD, "Chưa có Tổ trưởng"))
    if not facts.seats:
        found.append(Gap(Code.IDLE_MEMBERS, "Chưa có thành viên nào"))
    elif facts.idle:
        share = f"{format_number(facts.idle)}/{format_number(facts.seats)}"
        found.append(Gap(Code.IDLE_MEMBERS, f"{share} thành viên chưa được phân công nhiệm vụ"))
    if Document.Kind.WORKING_RULES not in facts.documents:
        found.append(Gap(Code.NO_RULES, "Chưa có quy chế hoạt động"))
    since = max(filter(None, [facts.founded_on, facts.last_active_on]))
    if since < months_before(day, quiet_months):
        last = f", lần cuối ngày {since:%d/%m/%Y}" if facts.last_active_on == since else ""
        found.append(Gap(Code.QUIET, f"Hơn {quiet_months} tháng không họp, không báo cáo{last}"))
    return found


def of_unit(facts: UnitFacts) -> list[Gap]:
    """What a unit lacks as a whole; services are looked at only where somebody could answer for them."""
    if not facts.has_leading:
        return [Gap(Code.NO_TASK_FORCE, "Chưa có Tổ công tác hoặc Ban Chỉ đạo")]
    open_services = [code for code in facts.owed if code not in facts.covered]
    if not open_services:
        return []
    share = f"{len(open_services)}/{len(facts.owed)}"
    named = ", ".join(open_services[:5]) + (", …" if len(open_services) > 5 else "")
    return [Gap(Code.SERVICES_UNASSIGNED, f"{share} dịch vụ công chưa có người phụ trách: {named}")]


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or the last day of that month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass
class Register:
    """The active task forces of many units on a day, and what they lack."""

    rows: list[counts.TaskForceRow] = field(default_factory=list)
    by_task_force: dict[int, list[Gap]] = field(default_factory=dict)
    by_unit: dict[int, list[Gap]] = field(default_factory=dict)

    def tally(self) -> list[tuple[str, str, int, bool]]:
        """(code, label, how many, counts units?) for every kind of finding that occurs, in the order of `Code`."""
        found: dict[str, int] = defaultdict(int)
        for findings in [*self.by_task_force.values(), *self.by_unit.values()]:
            for code in {finding.code for finding in findings}:
                found[code] += 1
        return [(code.value, str(code.label), found[code], code in OF_UNIT) for code in Code if found[code]]

    def total(self, unit_id: int) -> int:
        """How many things one unit and its task forces lack."""
        own = len(self.by_unit.get(unit_id, []))
        return own + sum(len(self.by_task_force[row.task_force.pk]) for row in self.rows_by_unit.get(unit_id, []))

    @cached_property
    def rows_by_unit(self) -> dict[int, list[counts.TaskForceRow]]:
        grouped: dict[int, list[counts.TaskForceRow]] = defaultdict(list)
        for row in self.rows:
            grouped[row.unit_id].append(row)
        return grouped


def load(levels: Mapping[int, str], day: dt.date, quiet_months: int | None = None) -> Register:
    """Findings of the units ({unit id: level}) and of their task forces active on `day`, in ten queries at most."""
    if quiet_months is None:
        quiet_months = ReportingSettings.load().quiet_months
    rows = counts.task_force_rows(levels, day)
    kinds, papers_on = _documents([row.task_force for row in rows], day)
    sittings = last_sittings([row.task_force.pk for row in rows], day)
    active_above = [last_active(levels, day) for last_active in hooks.last_active]
    owed, covered = _owed(set(levels.values()), day), _covered(levels, day)
    register = Register(rows)
    leading = {row.unit_id for row in rows if row.task_force.kind in counts.LEADING_KINDS}
    for row in rows:
        force = row.task_force
        active = [force.last_meeting_on, papers_on.get(force.pk), sittings.get(force.pk)]
        active += (days.get(row.unit_id) for days in active_above)
        facts = Facts(
            founded_on=force.valid_from,
            seats=row.seats,
            heads=len(row.heads),
            idle=row.idle,
            documents=frozenset(kinds[force.pk]),
            last_active_on=max((d for d in active if d is not None and d <= day), default=None),
        )
        register.by_task_force[force.pk] = of_task_force(facts, day, quiet_months)
    for unit_id, level in levels.items():
        facts_of_unit = UnitFacts(unit_id in leading, owed.get(level, ()), frozenset(covered[unit_id]))
        register.by_unit[unit_id] = of_unit(facts_of_unit)
    return register


def last_sittings(force_ids: list[int], day: dt.date) -> dict[int, dt.date]:
    """The last day, not after `day`, on which each task force met or inspected, as the register knows. Two queries."""
    last: dict[int, dt.date] = {}
    for sittings in (Meeting.objects, Inspection.objects):
        held = sittings.filter(task_force__in=force_ids, held_on__lte=day, cancelled_reason="").order_by()
        for force_id, held_on in held.values_list("task_force_id").annotate(last=Max("held_on")):
            last[force_id] = max(held_on, last.get(force_id, held_on))
    return last


def _documents(forces: list[TaskForce], day: dt.date) -> tuple[dict[int, set[str]], dict[int, dt.date]]:
    """Kinds of each task force's documents, and the day of its last minutes or report."""
    kinds: dict[int, set[str]] = defaultdict(set)
    last: dict[int, dt.date] = {}
    activity = {Document.Kind.MINUTES, Document.Kind.REPORT}
    papers = Document.objects.filter(task_force__in=[force.pk for force in forces], issued_on__lte=day)
    for force_id, kind, issued_on in (
        papers.values_list("task_force_id", "kind").annotate(last=Max("issued_on")).order_by()
    ):
        kinds[force_id].add(kind)
        if kind in activity:
            last[force_id] = max(issued_on, last.get(force_id, issued_on))
    return kinds, last


def _owed(levels: Iterable[str], day: dt.date) -> dict[str, tuple[str, ...]]:
    """Codes of the services each level handles on `day`."""
    at = Q(pk__in=[])
    levels = [level for level in levels if level != "nation"]
    for level in levels:
        at |= Q(**{f"at_{level}": True})
    owed: dict[str, list[str]] = defaultdict(list)
    terms = ServiceTerms.objects.on(day).filter(at).select_related("service").order_by("service__order")
    for term in terms:
        for level in levels:
            if getattr(term, f"at_{level}"):
                owed[level].append(term.service.code)
    return {level: tuple(codes) for level, codes in owed.items()}


def _covered(unit_ids: Iterable[int], day: dt.date) -> dict[int, set[str]]:
    """Codes of the services somebody answers for in each unit on `day`."""
    forces = TaskForce.objects.on(day).filter(unit_id__in=list(unit_ids))
    seats = Membership.objects.filter(valid_on(day), task_force__in=forces)
    covered: dict[int, set[str]] = defaultdict(set)
    answers = Responsibility.objects.filter(membership__in=seats, service__isnull=False)
    for unit_id, code in answers.values_list("membership__task_force__unit_id", "service__code").distinct():
        covered[unit_id].add(code)
    return covered
