"""Sheets of the registers: targets, assignments, task forces, difficulties, and the words of the reports.

As of the last day of the figures (today at the latest); answers to difficulties as they stand. No person is named.
"""

from textwrap import wrap
from typing import Any

from django.utils import timezone

from reporting.difficulties import with_names
from reporting.models import Basis, Difficulty, DifficultyStep, Report
from reporting.models.difficulties import WAS_SENT
from reporting.models.reports import NARRATIVE_FIELDS
from reporting.reading.against_targets import Reached, actual_text, with_direction
from reporting.reading.places import COUNTED
from taskforces.models import Assignment, SourceDocument, TaskForce, UnitVersion
from taskforces.models.units import path_ids, reporter_name
from taskforces.register import assignment_counts, counts
from taskforces.register.assignment_counts import AssignmentState, Tally

from ..interim.narratives import LABELS, lines_of
from ..interim.narratives import with_names as with_unit_names
from ..sheets import SheetColumn, SheetTable
from .choice import ASSIGNMENTS_PART, DIFFICULTIES_PART, NARRATIVES_PART, TARGETS_PART, TASK_FORCES_PART
from .figure_sheets import ORDER_COLUMN, reached_right_below
from .frame import Book

LONGEST_CELL = 1500  # characters; a row of an Excel sheet can be no higher than some thirty lines


def _words(key: str, title: str, width: float) -> SheetColumn:
    return SheetColumn(key, title, width=width, text=True)


# Targets -------------------------------------------------------------------------------------------------------------

TARGET_SHEET = (
    ORDER_COLUMN,
    _words("unit", "Đơn vị", 34),
    _words("what", "Chỉ tiêu", 52),
    _words("span", "Thời gian", 14),
    _words("given", "Chỉ tiêu giao", 14),
    _words("reached", "Đạt được (chính thức)", 15),
    _words("assessment", "Đánh giá", 16),
)


class TargetSheet:
    part = TARGETS_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        own = [one for ones in book.targets.values() for one in ones]
        below: dict[int, list[Reached]] = {}
        for one in [] if view.joined else reached_right_below(book):
            below.setdefault(one.target.unit_id, []).append(one)
        self.lines = [(view.version.name, one) for one in own]
        self.lines += [(row.name, one) for row in view.rows if not row.is_own for one in below.get(row.unit_id, [])]
        self.rows = len(self.lines)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "CHỈ TIÊU GIAO VÀ MỨC ĐẠT", "ghi ở từng chỉ tiêu")
        table = SheetTable(add(self.part.name), book.formats, TARGET_SHEET, heading)
        for order, (name, one) in enumerate(self.lines, start=1):
            row = {
                "unit": name,
                "what": one.target.label,
                "span": one.target.span_label,
                "given": with_direction(one.target.value, one.target),
                "reached": actual_text(one),
                "assessment": str(one.assessment).capitalize(),
            }
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        if not self.lines:
            book.nothing(self.part)
            joined = "Chỉ tiêu giao không đối chiếu với số liệu nối địa giới."
            table.note(joined if book.view.joined else "Không có chỉ tiêu nào được giao cho năm này.")
        table.close()


# Assignments ---------------------------------------------------------------------------------------------------------

TALLY_SHEET = (
    ORDER_COLUMN,
    _words("unit", "Đơn vị", 40),
    SheetColumn("total", "Được giao", width=11),
    SheetColumn("done", "Hoàn thành", width=11),
    SheetColumn("open", "Đang làm", width=11),
    SheetColumn("overdue", "Quá hạn", width=11),
    SheetColumn("share", "Tỷ lệ hoàn thành", width=11, over=("done",), under="total"),
)
OWN_SHEET = (
    ORDER_COLUMN,
    _words("source", "Văn bản giao", 24),
    _words("code", "Mã", 9),
    _words("text", "Nhiệm vụ", 62),
    _words("body", "Cơ quan thực hiện", 26),
    _words("part", "Vai trò", 10),
    _words("due", "Hạn", 12),
    _words("state", "Tình trạng", 16),
)
HOW_FAR = {
    AssignmentState.OVERDUE: "Quá hạn",
    AssignmentState.NOT_STARTED: Assignment.Status.NOT_STARTED.label,
    AssignmentState.IN_PROGRESS: Assignment.Status.IN_PROGRESS.label,
    AssignmentState.DONE: Assignment.Status.DONE.label,
    AssignmentState.DROPPED: Assignment.Status.DROPPED.label,
}


class AssignmentSheet:
    """Counts by document and unit, never added over documents; then the unit's own, each with its state."""

    part = ASSIGNMENTS_PART
    own_name = "Nhiệm vụ của đơn vị"

    def __init__(self, book: Book):
        self.book = book
        view, day = book.view, book.day
        found = assignment_counts.unit_table(view.unit_id, day)
        units = [(reporter_name(view.version.name, view.version.unit.level), found.own)]
        units += [(child.name, found.below[child.unit_id]) for child in found.children]
        self.by_source: dict[int, list[tuple[str, Tally]]] = {}
        for name, tallies in units:
            for source_id, tally in tallies.items():
                if tally.total:
                    self.by_source.setdefault(source_id, []).append((name, tally))
        self.sources = SourceDocument.objects.in_bulk(list(self.by_source))
        own = Assignment.objects.filter(unit=view.unit_id)
        self.own = list(assignment_counts.listed(own, day))
        self.rows = sum(len(lines) for lines in self.by_source.values()) + len(self.own)

    def write(self, add) -> None:
        book = self.book
        day = f"{book.day:%d/%m/%Y}"
        heading = book.heading(self.part, f"NHIỆM VỤ ĐƯỢC GIAO, ĐẾN NGÀY {day}", "nhiệm vụ")
        table = SheetTable(add(self.part.name), book.formats, TALLY_SHEET, heading)
        for source_id, lines in sorted(self.by_source.items(), key=lambda pair: (not pair[0], pair[0])):
            source = self.sources.get(source_id)
            table.group(f"{source.number}: {source.title}" if source else "Kết luận các cuộc họp")
            for order, (name, tally) in enumerate(lines, start=1):
                row: dict = {"unit": name, **_tally_cells(tally)}
                table.add({"order": str(order), **row})
                book.step(self.part, source_id, *row.values())
            whole = sum((tally for _, tally in lines), Tally())
            table.add_part("Cộng", _tally_cells(whole))
        if not self.by_source:
            book.nothing(self.part)
            table.note("Không có nhiệm vụ nào được giao.")
        table.close()
        heading = book.heading(self.part, f"NHIỆM VỤ CỦA RIÊNG ĐƠN VỊ, ĐẾN NGÀY {day}", "nhiệm vụ")
        table = SheetTable(add(self.own_name), book.formats, OWN_SHEET, heading)
        for order, one in enumerate(self.own, start=1):
            words = {
                "source": one.item.source.number,
                "code": one.item.code,
                "text": one.item.text,
                "body": one.body,
                "part": one.get_part_display(),
                "due": f"{one.due_on:%d/%m/%Y}" if one.due_on else "",
                "state": HOW_FAR[assignment_counts.state_on(one, book.day)],
            }
            table.add({"order": str(order), **words})
            book.step(self.part, *words.values())
        if not self.own:
            table.note("Không có nhiệm vụ nào giao cho riêng đơn vị.")
        table.close()


def _tally_cells(tally: Tally) -> dict[str, int]:
    still_open = tally.total - tally.done - tally.overdue
    return {"total": tally.total, "done": tally.done, "open": still_open, "overdue": tally.overdue}


# Task forces ---------------------------------------------------------------------------------------------------------

TASK_FORCE_SHEET = (
    ORDER_COLUMN,
    _words("unit", "Đơn vị", 36),
    _words("name", "Tổ công tác", 56),
    _words("kind", "Loại", 22),
    _words("since", "Thành lập", 12),
    _words("head", "Chức vụ người đứng đầu", 34),
    SheetColumn("seats", "Thành viên", width=10),
    SheetColumn("idle", "Chưa phân công việc", width=10),
)


class TaskForceSheet:
    part = TASK_FORCES_PART

    def __init__(self, book: Book):
        self.book = book
        tree = UnitVersion.objects.on(book.day).under(book.view.unit_id)
        self.names = {v.unit_id: v for v in tree.select_related("unit").order_by("path", "sort_key")}
        order = {pk: place for place, pk in enumerate(sorted(self.names, key=self._place))}
        found = counts.task_force_rows(self.names, book.day)
        self.forces = sorted(found, key=lambda row: order[row.unit_id])  # of a unit in the order of their kinds
        self.rows = len(self.forces)

    def _place(self, unit_id: int) -> tuple[str, ...]:
        """In the order of the tree, by name."""
        above = path_ids(self.names[unit_id].path)
        return tuple(self.names[pk].sort_key for pk in above if pk in self.names)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, f"TỔ CÔNG TÁC, BAN CHỈ ĐẠO, ĐẾN NGÀY {book.day:%d/%m/%Y}", "người")
        table = SheetTable(add(self.part.name), book.formats, TASK_FORCE_SHEET, heading)
        for order, one in enumerate(self.forces, start=1):
            version = self.names[one.unit_id]
            row: dict = {
                "unit": reporter_name(version.name, version.unit.level),
                "name": one.task_force.name,
                "kind": TaskForce.Kind(one.task_force.kind).label,
                "since": f"{one.task_force.valid_from:%d/%m/%Y}",
                "head": one.heads[0].post if one.heads else "",
                "seats": one.seats,
                "idle": one.idle,
            }
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        if not self.forces:
            book.nothing(self.part)
            table.note("Chưa có tổ công tác nào trong sổ.")
        table.close()


# Difficulties and words ----------------------------------------------------------------------------------------------

DIFFICULTY_SHEET = (
    ORDER_COLUMN,
    _words("unit", "Đơn vị", 30),
    _words("period", "Kỳ", 15),
    _words("kind", "Loại", 18),
    _words("text", "Khó khăn, vướng mắc", 52),
    _words("proposal", "Kiến nghị, đề xuất", 42),
    _words("holder", "Đơn vị trả lời", 24),
    _words("answer", "Trả lời", 46),
)
_ANSWERS = (DifficultyStep.Action.ANSWER, DifficultyStep.Action.RESOLVE)


class DifficultySheet:
    """Those sent with the reports read; still waiting ones first, then the oldest."""

    part = DIFFICULTIES_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        inside = Difficulty.objects.filter(
            WAS_SENT, report__path__contains=f"/{view.unit_id}/", report__period__in=view.periods
        )
        waiting = Difficulty.State.OPEN
        self.found: list[Any] = sorted(with_names(inside), key=lambda d: (d.state != waiting, d.raised_at, d.pk))
        steps = DifficultyStep.objects.filter(difficulty__in=inside.values("pk"), action__in=_ANSWERS)
        self.answers = {step.difficulty_id: step for step in steps.order_by("pk")}  # the last of each
        self.rows = len(self.found)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "KHÓ KHĂN, VƯỚNG MẮC, KIẾN NGHỊ", "")
        table = SheetTable(add(self.part.name), book.formats, DIFFICULTY_SHEET, heading)
        for order, one in enumerate(self.found, start=1):
            row = {
                "unit": one.reporter_name,
                "period": one.report.period.label,
                "kind": one.get_kind_display(),
                "text": one.text,
                "proposal": one.proposal,
                "holder": one.with_name or "",
                "answer": self._answer(one),
            }
            table.add({"order": str(order), **row})
            book.step(self.part, *row.values())
        if not self.found:
            book.nothing(self.part)
            table.note("Không có khó khăn, vướng mắc nào được nêu trong kỳ.")
        table.close()

    def _answer(self, one: Any) -> str:
        step = self.answers.get(one.pk)
        if step is None or one.state == Difficulty.State.OPEN:
            return Difficulty.State.OPEN.label
        when = f"{one.get_state_display()} ngày {timezone.localtime(step.at):%d/%m/%Y}"
        return f"{when}: {step.note}" if step.note else when


NARRATIVE_SHEET = (
    ORDER_COLUMN,
    _words("unit", "Đơn vị", 34),
    _words("period", "Kỳ", 15),
    _words("field", "Mục", 24),
    _words("text", "Nội dung", 100),
)


class NarrativeSheet:
    """The words of the reports in the figures, as their units wrote them, a row for each paragraph."""

    part = NARRATIVES_PART

    def __init__(self, book: Book):
        self.book = book
        view = book.view
        reports = Report.objects.under(view.unit_id).filter(
            period__in=view.periods, status__in=COUNTED[Basis(view.basis)]
        )
        found = with_unit_names(reports).order_by("period__data_to", "unit_order", "pk")
        self.lines = [
            (reporter_name(report.unit_name, report.level), report.period.label, LABELS[field], piece)
            for report in found
            for field in NARRATIVE_FIELDS
            for line in lines_of(getattr(report, field))
            for piece in wrap(line, LONGEST_CELL)
        ]
        self.rows = len(self.lines)

    def write(self, add) -> None:
        book = self.book
        heading = book.heading(self.part, "PHẦN LỜI TRONG BÁO CÁO CỦA CÁC ĐƠN VỊ", "")
        table = SheetTable(add(self.part.name), book.formats, NARRATIVE_SHEET, heading)
        for order, words in enumerate(self.lines, start=1):
            row = dict(zip(("unit", "period", "field", "text"), words, strict=True))
            table.add({"order": str(order), **row})
            book.step(self.part, *words)
        if not self.lines:
            book.nothing(self.part)
            table.note("Không có lời nào trong các báo cáo của kỳ.")
        table.close()
