"""The marks "xong phần" of the two branches: set when a part is complete, falling when one of its cells is changed."""

from django.db import transaction

from de_an_06.plain.personal_numbers import find_personal_numbers
from reporting.closing import require_editable
from reporting.models import IndicatorTerms, Report, ReportEvent, ServiceTerms
from reporting.models.reports import NARRATIVE_FIELDS
from reporting.report_log import NotAllowed, Refused, locked, log
from taskforces.clock import now_for
from taskforces.models import Branch, User
from taskforces.scope import branches_entered_by, may_mark_any_branch

from .checks import SOFT
from .form import ReportForm, Section, load_form, part_name

Action = ReportEvent.Action
LOOKS_PERSONAL = "Thuyết minh có số giống thông tin của một người. Xóa đi hoặc xác nhận rồi gửi."


@transaction.atomic
def mark_ready(*, report_id: int, branch: str, by: User) -> Report:
    """A branch says its part is complete: nothing missing, nothing wrong in its cells."""
    report = locked(report_id)
    require_editable(report)
    _require_may_mark(report, branch, by)
    blocking = [p for p in load_form(report).problems_of(branch) if p.severity != SOFT]
    if blocking:
        count = sum(len(p.cells) or 1 for p in blocking)
        raise Refused(f"Chưa chốt được phần {part_name(branch)}: còn {count} ô thiếu hoặc sai.", blocking)
    if getattr(report, f"{branch}_ready_at") is None:
        give_mark(report, branch, by)
    return report


@transaction.atomic
def unmark_ready(*, report_id: int, branch: str, by: User) -> Report:
    """The branch works on its part again."""
    report = locked(report_id)
    require_editable(report)
    _require_may_mark(report, branch, by)
    drop_mark(report, branch, by)
    return report


def drop_mark(report: Report, branch: str, by: User) -> bool:
    """Takes the mark off a report that the caller has locked and checked; False where there was none."""
    if getattr(report, f"{branch}_ready_at") is None:
        return False
    _set(report, branch, None)
    log(report, Action.NOT_READY, by, reason=Branch(branch).label)
    return True


def give_mark(report: Report, branch: str, by: User) -> None:
    """Sets the mark on a report that the caller has locked and checked."""
    _set(report, branch, by)
    log(report, Action.READY, by, reason=Branch(branch).label)


def to_mark(form: ReportForm, by: User) -> list[Section]:
    """The parts that are complete, not marked yet, and this person's to mark."""
    return [
        section
        for section in form.sections
        if form.is_open
        and section.ready_at is None
        and not (section.counts.missing or section.counts.hard)
        and may_mark(form.report, section.branch, by)
    ]


def unmarked(report: Report) -> list[str]:
    """The branches that owe something and have not said that their part is complete, office first."""
    return [branch for branch in branches_owing(report) if getattr(report, f"{branch}_ready_at") is None]


def branches_owing(report: Report) -> list[str]:
    """The branches that own at least one cell the report owes, office first."""
    day = report.period.data_to
    found = set(ServiceTerms.objects.owed_by(report.level, day).values_list("service__reporter", flat=True))
    found |= set(IndicatorTerms.objects.owed_by(report.level, day).values_list("indicator__owner", flat=True))
    return [branch for branch in Branch.values if branch in found]


def may_mark(report: Report, branch: str, by: User) -> bool:
    """Officers mark their own branch; the unit's leader may mark either."""
    return branch in branches_entered_by(by, report) or may_mark_any_branch(by, report)


def _require_may_mark(report: Report, branch: str, by: User) -> None:
    if not may_mark(report, branch, by):
        raise NotAllowed(f"Chỉ cán bộ {part_name(branch)} hoặc lãnh đạo đơn vị chốt được phần này.")


def _set(report: Report, branch: str, by: User | None) -> None:
    setattr(report, f"{branch}_ready_at", now_for(by) if by else None)
    setattr(report, f"{branch}_ready_by", by)
    report.save(update_fields=[f"{branch}_ready_at", f"{branch}_ready_by"])


def personal_numbers_of(report: Report) -> list[str]:
    """Numbers in the narrative that look like a person's, with what each looks like. Who sends says they are none."""
    return [str(n) for name in NARRATIVE_FIELDS for n in find_personal_numbers(getattr(report, name))]
