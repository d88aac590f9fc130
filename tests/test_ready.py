"""The marks of the two branches: who sets them, when one can be set, which branches owe one at all."""

import pytest

from reporting import closing
from reporting.entry import ready
from reporting.entry.form import load_form
from reporting.models import IndicatorTerms, Report, ServiceFigures, ServiceTerms
from reporting.report_log import NotAllowed, Refused
from taskforces.models import User


@pytest.fixture
def report(world, month, fill, at):
    """November 2026 of Phường Phước Long, complete, nothing marked."""
    at("2026-11-16 09:00")
    return fill(Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11")))


def dvc09(report, **figures):
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(**figures)


def test_what_keeps_a_part_from_being_marked_is_counted_in_cells(world, report):
    """Two blanks of one service are two cells, figures that cannot be true together one."""
    dvc09(report, rejected=None, resolved_early=None)
    ServiceFigures.objects.filter(report=report, service__code="DVC10").update(rejected=99)
    with pytest.raises(Refused, match="Chưa chốt được phần Văn phòng: còn 3 ô thiếu hoặc sai"):
        ready.mark_ready(report_id=report.pk, branch="office", by=world.officer)


def test_a_doubtful_point_keeps_nothing_from_being_marked(world, report):
    ServiceFigures.objects.filter(report=report, service__code="DVC19").update(received_in_person=1, pending_in_time=1)
    marked = ready.mark_ready(report_id=report.pk, branch="office", by=world.officer)
    assert (marked.pk, marked.office_ready_by) == (report.pk, world.officer)


def test_taking_a_mark_off_returns_the_report_and_is_logged_once(world, report):
    ready.mark_ready(report_id=report.pk, branch="office", by=world.officer)
    for _ in range(2):
        left = ready.unmark_ready(report_id=report.pk, branch="office", by=world.officer)
        assert (left.pk, left.office_ready_at, left.office_ready_by) == (report.pk, None, None)
    assert list(report.events.values_list("action", "reason")) == [
        ("ready", "Văn phòng HĐND và UBND"),
        ("not_ready", "Văn phòng HĐND và UBND"),
    ]


def test_marks_are_left_alone_by_others_and_in_a_closed_month(world, report):
    ready.mark_ready(report_id=report.pk, branch="police", by=world.leader)
    for other in (world.officer, world.neighbour, world.reviewer):
        with pytest.raises(NotAllowed, match="Chỉ cán bộ Công an hoặc lãnh đạo đơn vị"):
            ready.unmark_ready(report_id=report.pk, branch="police", by=other)
    closing.close_period(period_id=report.period_id, province_id=world.dong_nai.pk, by=world.staff)
    with pytest.raises(NotAllowed, match="đã khóa"):
        ready.unmark_ready(report_id=report.pk, branch="police", by=world.police_officer)
    with pytest.raises(NotAllowed, match="đã khóa"):
        ready.mark_ready(report_id=report.pk, branch="office", by=world.officer)
    report.refresh_from_db()
    assert (report.office_ready_at, report.police_ready_by) == (None, world.leader)


def test_the_parts_a_person_can_mark_now(world, report):
    def to_mark(person):
        fresh = Report.objects.select_related("unit", "period").get(pk=report.pk)
        user = User.objects.get(pk=person.pk)
        return [section.branch for section in ready.to_mark(load_form(fresh, user), user)]

    people = (world.officer, world.police_officer, world.leader, world.reviewer)
    assert [to_mark(person) for person in people] == [["office"], ["police"], ["office", "police"], []]
    ready.mark_ready(report_id=report.pk, branch="police", by=world.police_officer)
    assert to_mark(world.leader) == ["office"]
    dvc09(report, rejected=None)  # a blank
    assert to_mark(world.officer) == []
    dvc09(report, rejected=99)  # more refused than there were
    assert to_mark(world.officer) == []
    dvc09(report, rejected=0)
    assert to_mark(world.officer) == ["office"]


def test_a_branch_owes_what_its_services_and_indicators_say(report):
    assert ready.unmarked(report) == ready.branches_owing(report) == ["office", "police"]
    report.office_ready_at = "2026-11-16T00:00:00Z"
    assert ready.unmarked(report) == ["police"]
    indicators = list(IndicatorTerms.objects.values_list("pk", "indicator__owner"))
    IndicatorTerms.objects.filter(pk__in=[pk for pk, owner in indicators if owner == "office"]).delete()
    assert ready.branches_owing(report) == ["office", "police"]  # the office's services
    ServiceTerms.objects.filter(service__reporter="office").delete()
    assert ready.branches_owing(report) == ["police"]
    IndicatorTerms.objects.all().delete()
    assert ready.branches_owing(report) == ["police"]  # the police's services
    ServiceTerms.objects.all().delete()
    assert ready.branches_owing(report) == []
