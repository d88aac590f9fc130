"""From the register into the monthly report: counted live, shown read-only, frozen when sent."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from reporting.entry import ready, saving
from reporting.entry.form import load_form
from reporting.models import FigureChange, IndicatorFigure, IndicatorSummary, Report
from reporting.review import workflow
from reporting.rollup.rollup import drain
from taskforces.models import Membership, Person, TaskForce, VillageTeam

pytestmark = pytest.mark.django_db
D = dt.date
SINCE = D(2026, 1, 5)


@pytest.fixture
def report(world, month, fill, at):
    """Phường Phước Long's report of November 2026, typed cells filled, both parts ready; nothing counted is stored."""
    at("2026-11-16 09:00")
    report = Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month("2026-11"))
    fill(report, ready=True)
    IndicatorFigure.objects.filter(report=report, indicator__owner="register").delete()
    return report


@pytest.fixture
def force(world):
    force = TaskForce.objects.create(unit=world.phuoc_long, kind="working_group", name="Tổ", valid_from=D(2026, 1, 5))
    for name in ("A", "B"):
        seat(force, name)
    for n in range(3):
        VillageTeam.objects.create(
            unit=world.phuoc_long,
            kind="working_group",
            village=f"Khu phố {n}",
            members=6,
            founded_on=D(2026, 2, 1) if n else None,
            valid_from=D(2026, 1, 5),
        )
    return force


def seat(force, name, since=SINCE):
    person = Person.objects.create(unit=force.unit, full_name=name)
    return Membership.objects.create(task_force=force, person=person, role="member", valid_from=since)


def stored(report):
    rows = IndicatorFigure.objects.filter(report=report, indicator__owner="register")
    return {row.indicator.code: (row.numerator, row.denominator) for row in rows.select_related("indicator")}


def shown(report):
    sheet = load_form(Report.objects.select_related("unit", "period").get(pk=report.pk))
    return {line.code: "/".join(cell.text for cell in line.cells) for line in sheet.register}


COUNTED = {"TC01": "1/1", "TC02": "2", "TC03": "2/3", "TC04": "12", "TC05": "0", "TC07": "0/0"}


def test_a_draft_shows_the_register_as_of_the_months_last_day(report, force):
    assert shown(report) == COUNTED
    seat(force, "C", since=D(2026, 11, 15))  # the month ended on the 14th
    assert shown(report) == COUNTED
    seat(force, "D", since=D(2026, 11, 14))
    assert shown(report)["TC02"] == "3"
    assert stored(report) == {}  # looking writes nothing


def test_register_cells_are_neither_typed_nor_owed_nor_checked(report, world):
    sheet = load_form(report, world.officer)
    assert {line.code for line in sheet.register} == set(COUNTED)
    assert not any(cell.is_typed for line in sheet.register for cell in line.cells)
    assert sheet.blocking == []  # an empty register blocks nothing
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"TC02.numerator": "99"})
    assert result.refused == {"TC02.numerator": "Ô này đếm từ sổ, không nhập."}
    # a plain form carries the read-only cells as it showed them, while the register moves on
    result = saving.save_cells(report_id=report.pk, by=world.officer, cells={"TC02.numerator": "99"}, seen={})
    assert result.saved == {"TC02.numerator": "0"}
    assert stored(report) == {}


def test_sending_freezes_what_was_counted_and_writes_its_history(report, force, world):
    event = workflow.submit(report_id=report.pk, by=world.officer)
    assert stored(report) == {
        "TC01": (1, 1),
        "TC02": (2, None),
        "TC03": (2, 3),
        "TC04": (12, None),
        "TC05": (0, None),
        "TC07": (0, 0),
    }
    history = FigureChange.objects.filter(report=report, via="register")
    assert {(c.cell, c.old, c.new) for c in history} >= {("TC02.numerator", None, 2), ("TC03.denominator", None, 3)}
    assert history.count() == 9
    report.refresh_from_db()
    assert event.checksum == workflow.checksum(report)
    drain()
    total = IndicatorSummary.objects.get(
        unit=world.dong_nai, period=report.period, indicator__code="TC03", basis="provisional"
    )
    assert (total.numerator, total.denominator) == (2, 3)


def test_a_sent_report_is_not_rewritten_when_the_register_changes(report, force, world):
    workflow.submit(report_id=report.pk, by=world.officer)
    seat(force, "C")
    VillageTeam.objects.all().delete()
    assert shown(report) == COUNTED
    workflow.approve(report_id=report.pk, by=world.reviewer)
    assert shown(report) == COUNTED


def test_a_report_sent_back_is_counted_again_when_sent_again(report, force, world):
    workflow.submit(report_id=report.pk, by=world.officer)
    seat(force, "C")
    workflow.send_back(report_id=report.pk, by=world.reviewer, reason="Xem lại DVC09")
    assert shown(report)["TC02"] == "3"
    assert stored(report)["TC02"] == (2, None)
    for branch, by in (("office", world.officer), ("police", world.police_officer)):
        ready.mark_ready(report_id=report.pk, branch=branch, by=by)
    workflow.submit(report_id=report.pk, by=world.officer)
    assert stored(report)["TC02"] == (3, None)
    changes = FigureChange.objects.filter(report=report, cell="TC02.numerator").order_by("at", "pk")
    assert [(c.old, c.new) for c in changes] == [(None, 2), (2, 3)]


def test_the_form_shows_the_count_read_only_with_a_link_to_its_rows(report, force, world, client):
    client.force_login(world.officer)
    html = client.get(reverse("report-entry", args=[report.pk])).text
    cell = re.search(r'<input id="TC02-numerator"[^>]*>', html)
    assert cell
    assert "readonly" in cell[0]
    assert 'value="2"' in cell[0]
    link = f"/to-cong-tac/?don_vi={world.phuoc_long.pk}&amp;ngay=2026-11-14"
    assert link in html
    page = client.get(link.replace("&amp;", "&"))
    assert "1 tổ đang hoạt động, 2 người" in page.text
    villages = f"/to-thon/?don_vi={world.phuoc_long.pk}&amp;ngay=2026-11-14&amp;loai=working_group"
    assert villages in html
    assert "2/3 thôn, ấp, khu phố đã có Tổ công tác, 12 thành viên" in client.get(villages.replace("&amp;", "&")).text
