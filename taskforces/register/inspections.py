"""Keeping inspections: the visit, what was found, until when it is to be remedied, and that it was.

Written as `meetings` is: the right asked again, ValidationError by field name, a line in the log for each change.
"""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from de_an_06.plain.vietnamese import one_line, paragraphs
from taskforces.clock import today_for
from taskforces.models import Inspection, InspectionFinding, TaskForce, UnitVersion
from taskforces.scope import may_keep_register, may_tell_remedy, require

from .assignments import reason_of
from .meetings import check_held_on, log_change

INSPECTION_FACTS = ("unit", "body", "held_on", "leader", "summary")
LONGEST_FINDING = 5000  # characters


@transaction.atomic
def add_inspection(*, by, task_force: TaskForce, **facts) -> Inspection:
    """A team of one's own unit visited a unit in or below it; `facts` as in INSPECTION_FACTS."""
    require(may_keep_register(by, task_force.unit))
    inspection = _save(Inspection(task_force=task_force), by, facts)
    log_change(by, inspection, "Ghi cuộc kiểm tra", "", _words(inspection))
    return inspection


@transaction.atomic
def change_inspection(*, by, inspection_id: int, **facts) -> Inspection:
    """Correct what is said of it; whom it visited stays once something was found there."""
    inspection = _locked(inspection_id)
    _require_inspector(by, inspection)
    if facts["unit"] != inspection.unit and inspection.findings.exists():
        raise ValidationError({"unit": "Đã ghi tồn tại của đơn vị này; không đổi được đơn vị."})
    before = _words(inspection)
    _save(inspection, by, facts)
    log_change(by, inspection, "Sửa cuộc kiểm tra", before, _words(inspection))
    return inspection


@transaction.atomic
def cancel_inspection(*, by, inspection_id: int, reason: str) -> Inspection:
    """It was written down by mistake; what was found there must not be lost with it."""
    inspection = _locked(inspection_id)
    _require_inspector(by, inspection)
    if inspection.findings.exists():
        raise ValidationError("Cuộc kiểm tra đã có tồn tại phải khắc phục; không hủy được.")
    inspection.cancelled_reason = reason_of(reason, "Ghi lý do hủy.")
    inspection.save(update_fields=["cancelled_reason"])
    log_change(by, inspection, "Hủy cuộc kiểm tra", "", inspection.cancelled_reason)
    return inspection


@transaction.atomic
def add_finding(*, by, inspection_id: int, text: str, due_on: dt.date) -> InspectionFinding:
    """One thing found wrong, to be remedied by a day."""
    inspection = _locked(inspection_id)
    _require_inspector(by, inspection)
    finding = InspectionFinding(inspection=inspection)
    if inspection.findings.filter(text=paragraphs(text)).exists():
        raise ValidationError({"text": "Tồn tại này đã ghi."})
    _save_finding(finding, text, due_on)
    log_change(by, inspection, "Ghi tồn tại", "", _finding_words(finding))
    return finding


@transaction.atomic
def change_finding(*, by, finding_id: int, text: str, due_on: dt.date) -> InspectionFinding:
    """Correct its words, or move the day; the log keeps both."""
    finding = _locked_finding(finding_id)
    _require_inspector(by, finding.inspection)
    _require_not_remedied(finding)
    before = _finding_words(finding)
    _save_finding(finding, text, due_on)
    log_change(by, finding.inspection, "Sửa tồn tại, hạn khắc phục", before, _finding_words(finding))
    return finding


@transaction.atomic
def tell_remedied(*, by, finding_id: int, on: dt.date, remedy: str) -> InspectionFinding:
    """It was put right, on a day between the visit and today; who said so stays."""
    finding = _locked_finding(finding_id)
    require(may_tell_remedy(by, finding.inspection))
    _require_not_remedied(finding)
    today, visit = today_for(by), finding.inspection.held_on
    if on < visit:
        raise ValidationError({"on": f"Kiểm tra ngày {visit:%d/%m/%Y}; ngày khắc phục phải từ đó trở đi."})
    if on > today:
        raise ValidationError({"on": f"Ngày này chưa đến. Hôm nay là {today:%d/%m/%Y}."})
    finding.remedied_on, finding.remedied_by, finding.remedy = on, by, paragraphs(remedy)
    finding.full_clean()
    finding.save()
    told = f"Ngày {on:%d/%m/%Y}. {finding.remedy}".strip()
    log_change(by, finding.inspection, "Đã khắc phục", _finding_words(finding), told)
    return finding


@transaction.atomic
def reopen_finding(*, by, finding_id: int, reason: str) -> InspectionFinding:
    """The inspectors do not agree that it was put right."""
    finding = _locked_finding(finding_id)
    _require_inspector(by, finding.inspection)
    if finding.remedied_on is None:
        raise ValidationError("Tồn tại này chưa khắc phục, không cần mở lại.")
    told = f"Đã báo khắc phục ngày {finding.remedied_on:%d/%m/%Y}. {finding.remedy}".strip()
    reason = reason_of(reason, "Ghi lý do mở lại.")
    finding.remedied_on = finding.remedied_by = None
    finding.remedy = ""
    finding.save()
    log_change(by, finding.inspection, "Mở lại tồn tại", told, f"{reason} ({finding.text})")
    return finding


# --- parts


def _require_inspector(by, inspection: Inspection) -> None:
    require(may_keep_register(by, inspection.task_force.unit))
    if inspection.cancelled_reason:
        raise ValidationError("Cuộc kiểm tra này đã hủy.")


def _locked(inspection_id: int) -> Inspection:
    found = Inspection.objects.select_for_update(of=("self",)).select_related("task_force__unit", "unit")
    return found.get(pk=inspection_id)


def _locked_finding(finding_id: int) -> InspectionFinding:
    """The finding, locked: of two people who close it at once one wins and the other is told."""
    found = InspectionFinding.objects.select_for_update(of=("self",))
    return found.select_related("inspection__task_force__unit", "inspection__unit").get(pk=finding_id)


def _require_not_remedied(finding: InspectionFinding) -> None:
    if finding.remedied_on is not None:
        raise ValidationError(f"Tồn tại này đã khắc phục ngày {finding.remedied_on:%d/%m/%Y}.")


def _save(inspection: Inspection, by, facts: dict) -> Inspection:
    for name in INSPECTION_FACTS:
        setattr(inspection, name, facts[name])
    inspection.body, inspection.leader = one_line(inspection.body), one_line(inspection.leader)
    inspection.summary = paragraphs(inspection.summary)
    force, today = inspection.task_force, today_for(by)
    check_held_on(force, inspection.held_on, today, f"Ngày này chưa đến. Hôm nay là {today:%d/%m/%Y}.")
    there = UnitVersion.objects.on(inspection.held_on).under(force.unit_id)
    if not there.filter(unit=inspection.unit).exists():
        raise ValidationError({"unit": "Ngày đó đơn vị này không trực thuộc đơn vị của tổ."})
    inspection.full_clean()
    inspection.save()
    return inspection


def _save_finding(finding: InspectionFinding, text: str, due_on: dt.date) -> None:
    visit = finding.inspection.held_on
    if due_on < visit:
        raise ValidationError({"due_on": f"Hạn phải từ ngày kiểm tra {visit:%d/%m/%Y} trở đi."})
    finding.text, finding.due_on = paragraphs(text), due_on
    finding.full_clean()
    finding.save()


def _words(inspection: Inspection) -> str:
    there = inspection.unit.versions.filter(valid_from__lte=inspection.held_on).order_by("-valid_from").first()
    where = [there.name if there else inspection.unit.code, inspection.body]
    parts = [str(inspection), ", ".join(filter(None, where)), f"chủ trì: {inspection.leader}", inspection.summary]
    return "; ".join(filter(None, parts))


def _finding_words(finding: InspectionFinding) -> str:
    return f"{finding.text} (hạn {finding.due_on:%d/%m/%Y})"
