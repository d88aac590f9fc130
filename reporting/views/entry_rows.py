"""What the entry page draws: each row of a form with its boxes, its messages and what this person typed in vain."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.html import format_html
from django.utils.safestring import mark_safe

from de_an_06.plain.numbers import COUNT_PATTERN, LARGEST, NOT_A_COUNT, TOO_LARGE, format_number
from reporting.entry import checks
from reporting.entry.form import LISTED, REGISTER, IndicatorLine, ReportForm, ServiceLine
from reporting.entry.outreach_log import LogFigure
from reporting.entry.saving import LOCKED_MESSAGES, OTHERS_MESSAGE
from reporting.figures import CARRIED, DERIVED, FIGURES, GROUP_OF, GROUP_STARTS, GROUPS, PENDING
from reporting.models import Indicator
from reporting.templatetags.show import icon
from taskforces.models import Branch

REASON_PREFIX = "ly-do:"
INDICATOR_COLUMNS = 6
ICONS = {"is-problem": "x", "is-warning": "warn", "is-missing": "blank"}
# A page has some 200 boxes: drawn here, not by a template each, which took twice as many template nodes.
INPUT = (
    '<input id="{}" name="{}" inputmode="numeric" autocomplete="off" value="{}" aria-label="{}" '
    'aria-describedby="{}"{}>'
)
# An <output> speaks of itself at every change; here one message tells what came of a save (static/js/entry/shown.js).
OUTPUT = '<output class="num" id="{}" tabindex="-1" aria-live="off" aria-label="{}" aria-describedby="{}">{}</output>'
CELL = '<td class="cell {}{}" data-label="{}">{}<small class="two-nums" id="{}-t">{}{}</small></td>'
EARLIER = '<span data-prev="{}:"><span class="visually-hidden">{} </span>{}</span>'
NO_NUMBER, NO_SIGN = mark_safe("<span></span>"), mark_safe("")
FLAGS = {  # (invalid, conflict, readonly) -> attributes
    # Tab stops at what this person types; what others type is read, found by its row, and linked to.
    (i, c, r): mark_safe(' aria-invalid="true"' * i + " data-conflict" * c + ' readonly tabindex="-1"' * r)  # noqa: S308
    for i in (False, True)
    for c in (False, True)
    for r in (False, True)
}
HOW_TO_FILL = (  # (last part of the cell's name, what it is called, how it is filled in)
    *((figure.name, figure.label, figure.help) for figure in FIGURES),
    ("numerator", "Chỉ tiêu: đạt", "Số đạt được (tử số). Chỉ tiêu lũy kế ghi số từ đầu đến cuối kỳ."),
    ("denominator", "Chỉ tiêu: tổng số", "Tổng số phải làm (mẫu số). Tỷ lệ do hệ thống tính."),
)
INDICATOR_HEADS = (  # (last part of the cell's name, what it is called, its heading on the page, in the form, in Excel)
    ("numerator", "Đạt hoặc số lượng", ("Đạt", "Số lượng", "Số đạt hoặc số lượng", "Số đạt")),
    ("denominator", "Tổng số", ("Tổng số",)),
)
WIDE = PENDING  # on a phone two columns wide, with room for the heading of the group
CELL_LOOKS = {  # figure -> (classes of its cell, its label on a phone)
    figure.name: (
        "group-start " * (figure.name in GROUP_STARTS) + "is-wide " * (group is WIDE),
        f"{group.heading}: {figure.short_label.lower()}" if group is WIDE else figure.short_label,
    )
    for group in GROUPS
    for figure in group.figures
}
SHARED_HEADINGS = {  # groups of indicators that stand together; every other group has a heading of its own
    Indicator.Group.ORGANISATION: "Tổ chức, tuyên truyền, nguồn lực",
    Indicator.Group.OUTREACH: "Tổ chức, tuyên truyền, nguồn lực",
    Indicator.Group.RESOURCES: "Tổ chức, tuyên truyền, nguồn lực",
    Indicator.Group.IDENTITY: "Định danh, dân cư",
    Indicator.Group.POPULATION: "Định danh, dân cư",
    Indicator.Group.CIVIL_STATUS: "Hộ tịch, y tế, an sinh, dịch vụ công",
    Indicator.Group.HEALTH: "Hộ tịch, y tế, an sinh, dịch vụ công",
    Indicator.Group.SOCIAL_SECURITY: "Hộ tịch, y tế, an sinh, dịch vụ công",
    Indicator.Group.ONLINE_SERVICES: "Hộ tịch, y tế, an sinh, dịch vụ công",
}


@dataclass(slots=True)
class Box:
    """One cell as drawn."""

    id: str
    name: str
    label: str
    short_label: str
    text: str
    classes: str  # where the cell stands in its row
    state: str
    icon: str
    readonly: bool
    output: bool  # drawn as <output>: derived or carried over
    described_by: str
    previous: str
    last_year: str
    invalid: bool = False
    conflict: bool = False

    @property
    def field(self) -> str:
        """The field alone, with its sign."""
        sign = icon(self.icon) if self.icon else NO_SIGN
        if self.output:
            return sign + format_html(OUTPUT, self.id, self.label, self.described_by, self.text)
        flags = FLAGS[self.invalid, self.conflict, self.readonly]
        return sign + format_html(INPUT, self.id, self.name, self.text, self.label, self.described_by, flags)

    def as_cell(self, last_year: str, previous: str) -> str:
        """The cell of a service's row: the field, and below it the same month last year and last month."""
        return format_html(
            CELL,
            self.classes,
            self.state,
            self.short_label,
            self.field,
            self.id,
            format_html(EARLIER, last_year, "cùng kỳ năm trước", self.last_year) if self.last_year else NO_NUMBER,
            format_html(EARLIER, previous, "tháng trước", self.previous) if self.previous else NO_NUMBER,
        )


@dataclass(slots=True)
class Message:
    """One line under a row. `reason_name` names the field for the reason, '' where none is asked for."""

    id: str
    kind: str  # 'bad', 'warn'
    lead: str
    detail: str
    reason_name: str = ""
    reason: str = ""
    explained_by: str = ""
    may_explain: bool = False
    cell: str = ""  # the cell it is about
    theirs: str | None = None  # conflict: what the server holds
    mine: str = ""


@dataclass(slots=True)
class EntryRow:
    line: ServiceLine | IndicatorLine
    boxes: list[Box]
    messages: list[Message]
    may_type: bool
    missing: int
    is_missing: bool  # something to fill in for the reader; for who types nothing, for anybody
    hidden: bool = False
    last_year: str = ""  # 'T11/25'
    previous: str = ""  # 'T10'
    targets: tuple[str, ...] = ()  # the unit's of the year and the month, with what is reached officially
    log: LogFigure | None = None  # what outreach log or campaign proposes for the cell

    @property
    def may_take(self) -> bool:
        """Is there a number proposed other than the one in the cell?"""
        return self.log is not None and self.may_type and self.log.value not in {None, self.line.cells[0].value}

    @property
    def code(self) -> str:
        return self.line.code

    @property
    def cells(self) -> str:
        """The cells of a service."""
        return mark_safe("".join(box.as_cell(self.last_year, self.previous) for box in self.boxes))  # noqa: S308 escaped

    @property
    def columns(self) -> int:
        """Columns of the table the row stands in."""
        return ReportForm.service_columns if isinstance(self.line, ServiceLine) else INDICATOR_COLUMNS


@dataclass(slots=True)
class Typed:
    """What the server did not take from this person: the text stays in the cell with the reason beside it."""

    refused: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> (typed text, message)
    conflicts: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # name -> (typed, theirs, message)


def rows_of(form: ReportForm, lines, *, typed: Typed | None = None, only: str = "") -> list[EntryRow]:
    """Rows for these lines; `only` ('thieu', 'loi') hides the rows without that state."""
    return [_row(form, line, typed or Typed(), only) for line in lines]


def report_messages(form: ReportForm) -> list[Message]:
    """Messages about the report as a whole."""
    return [_problem_message(form, p, form.sends) for p in form.problems if p.cell == checks.REPORT_CELL]


def _row(form, line, typed, only) -> EntryRow:
    boxes, may_type = [], form.may_type(line)
    shown = [p for p in line.problems if p.severity != checks.MISSING]
    messages = [_problem_message(form, p, form.may_explain(line)) for p in shown]
    about: dict[str, list[str]] = {}  # cell -> ids of the messages that speak of it
    for problem, message in zip(shown, messages, strict=True):
        for key in problem.cells or (problem.cell,):
            about.setdefault(key, []).append(message.id)
    wrong = [m.id for m in messages if m.kind == "bad"]
    for cell in line.cells:
        state = cell.state.replace("is-derived", "").strip()
        classes, short_label = CELL_LOOKS.get(cell.name, ("", cell.short_label))
        box = Box(
            id=cell.element_id,
            name=cell.key,
            label=f"{line.name}, {cell.label}",
            short_label=short_label,
            text=cell.text,
            classes=classes,
            state=cell.state,
            icon=ICONS.get(state, ""),
            readonly=not may_type or bool(cell.locked),
            output=cell.locked in {CARRIED, DERIVED},
            described_by=" ".join(
                # what is worked out below zero follows from what is wrong in the row
                [f"{cell.element_id}-t", *about.get(cell.key, wrong if state == "is-problem" else [])]
            ),
            previous=cell.previous,
            last_year=cell.last_year,
            invalid=state == "is-problem",
        )
        if cell.locked in {REGISTER, LISTED}:
            box.icon = "lock"
        if cell.key in typed.refused or cell.key in typed.conflicts:
            box.text, box.state, box.icon, box.invalid = typed_text(typed, cell.key), "is-problem", "x", True
            box.described_by += f" {box.id}-loi"
            if cell.key in typed.refused:
                messages.insert(0, Message(f"{box.id}-loi", "bad", f"{cell.label}:", typed.refused[cell.key][1]))
            else:
                mine, theirs, text = typed.conflicts[cell.key]
                box.conflict = True
                messages.insert(
                    0,
                    Message(f"{box.id}-loi", "bad", f"{cell.label}:", text, cell=cell.key, theirs=theirs, mine=mine),
                )
        if getattr(line, "qualifier", "") and cell is line.cells[0]:
            box.described_by += f" {line.code}-muc-do"
        boxes.append(box)
    missing = sum("is-missing" in box.state for box in boxes)
    month = form.month
    row = EntryRow(line, boxes, messages, may_type, missing, missing > 0 and (may_type or not form.entering))
    row.last_year, row.previous = f"T{month.month:02d}/{(month.year - 1) % 100:02d}", form.previous_short
    if only == "thieu":
        row.hidden = not row.is_missing
    elif only == "loi":
        row.hidden = not messages
    return row


def typed_text(typed: Typed, name: str) -> str:
    return (typed.refused.get(name) or typed.conflicts[name])[0]


def _problem_message(form, problem, may_explain) -> Message:
    soft = problem.severity == checks.SOFT
    explanation = form.explanation(problem) if soft else None
    return Message(
        id=f"{problem.element_id}-{problem.code}",
        cell=problem.cell,
        kind="warn" if soft else "bad",
        lead=problem.lead,
        detail=problem.detail,
        reason_name=f"{REASON_PREFIX}{problem.code}:{problem.cell}" if soft else "",
        reason=explanation.reason if explanation else "",
        explained_by=f"{explanation.by}" if explanation else "",
        may_explain=may_explain,
    )


def reason_names(form: ReportForm) -> dict[str, str]:
    """Name of each field for a reason -> what it holds."""
    found = {}
    for problem in form.problems:
        if problem.severity == checks.SOFT:
            explanation = form.explanation(problem)
            found[f"{REASON_PREFIX}{problem.code}:{problem.cell}"] = explanation.reason if explanation else ""
    return found


def seen_texts(form: ReportForm) -> dict[str, str]:
    """What the page shows in every field, so that a later save can tell what somebody else changed meanwhile."""
    cells = {cell.key: cell.text for cell in form.cells.values() if not cell.locked}
    return cells | {name: text for name, _, text in form.narrative} | reason_names(form)


def grouped(rows: Iterable[EntryRow]) -> list[tuple[str, list[EntryRow]]]:
    """Indicator rows under the headings of the page, in the order of the catalogue; no row is left out."""
    found: dict[str, list[EntryRow]] = {}
    for row in rows:
        found.setdefault(heading_of(row.line), []).append(row)
    return list(found.items())


def heading_of(line: IndicatorLine) -> str:
    """The heading an indicator stands under."""
    return SHARED_HEADINGS.get(line.indicator.group, line.group)


def described(row: EntryRow) -> dict[str, str]:
    """Field or figure of the row -> ids of what is said about it: earlier figures, errors, questions."""
    return {box.id: box.described_by for box in row.boxes}


def summary_of(form: ReportForm, branch: str = "") -> list[tuple[str, str, str]]:
    """What keeps the report (or one branch's part) from being finished: (icon, href, text)."""
    inside = {p.cell for p in form.problems_of(branch)} if branch else None
    found = []
    for problem in form.blocking:
        if inside is not None and (problem.cell not in inside or problem.severity == checks.SOFT):
            continue
        look = {checks.HARD: "x", checks.SOFT: "warn", checks.MISSING: "blank"}[problem.severity]
        found.append((look, anchor_of(problem), problem.title))
    return found


def anchor_of(problem: checks.Problem) -> str:
    """Where a problem is mended on the entry page: its cell, or the field for the reason."""
    if problem.severity == checks.SOFT:
        return f"#ly-do-{problem.element_id}-{problem.code}"
    return f"#{problem.element_id}"


def filled_text(lines) -> str:
    """'93/96 ô' of these lines."""
    cells = [cell for line in lines for cell in line.typed]
    return f"{format_number(sum(c.value is not None for c in cells))}/{format_number(len(cells))} ô"


def paste_guide(form: ReportForm) -> dict:
    """What a pasted block is matched with (static/js/entry/match.js): columns and rows in the official order.

    `heads`: the headings a column is known by, from the upper row to the lower. `run`: rows that follow each other in
    every table of the portal. `locked`: why the cells of a column or of a row take nothing, as the server says it.
    """
    rows: list[dict] = []
    for table, lines in (("services", form.services), ("indicators", form.indicators)):
        before, run = None, 0
        for line in lines:
            group = line.branch if isinstance(line, ServiceLine) else line.indicator.group
            run += group != before
            before = group
            is_service = isinstance(line, ServiceLine)
            names = [line.name, line.service.name] if is_service else [line.name]
            locked = _why_locked(form, line)
            row = {"code": line.code, "name": names[0], "names": names, "locked": locked}
            rows.append({**row, "table": table, "run": f"{table}{run}"})
    return {
        "tables": {"services": {"columns": _service_heads()}, "indicators": {"columns": _indicator_heads()}},
        "rows": rows,
        "counts": {"pattern": COUNT_PATTERN, "largest": LARGEST, "no_count": NOT_A_COUNT, "too_large": TOO_LARGE},
    }


def _why_locked(form: ReportForm, line: ServiceLine | IndicatorLine) -> str:
    """Why this person types in no cell of the row."""
    if line.branch == REGISTER or line.cells[0].locked == LISTED:
        return LOCKED_MESSAGES[line.cells[0].locked]
    return "" if form.may_type(line) else OTHERS_MESSAGE.format(Branch(line.branch).label)


def _service_heads() -> list[dict]:
    """A short label stands alone for its column only where no other column has it ('Quá hạn' is in two groups)."""
    shorts = [figure.short_label for figure in FIGURES]
    found = []
    for figure in FIGURES:
        group = GROUP_OF[figure.name].heading
        heads = [[figure.name], [figure.label], [group, figure.short_label], [group, figure.label]]
        if shorts.count(figure.short_label) == 1:
            heads.append([figure.short_label])
        locked = LOCKED_MESSAGES.get(figure.filled, "")
        found.append({"name": figure.name, "label": figure.label, "heads": heads, "locked": locked})
    return found


def _indicator_heads() -> list[dict]:
    return [
        {"name": name, "label": label, "heads": [[name], *([text] for text in texts)], "locked": ""}
        for name, label, texts in INDICATOR_HEADS
    ]
