"""Lines and cells of a form as a person meets them: labels, states, what stood there before, what is noted beside."""

import pytest

from reporting.entry import saving
from reporting.entry.form import load_form
from reporting.models import Indicator, IndicatorFigure, Report, ServiceFigures

pytestmark = pytest.mark.embedded


def report_of(world, month, key):
    return Report.objects.select_related("unit", "period").get(unit=world.phuoc_long, period=month(key))


@pytest.fixture
def report(world, month, at):
    at("2026-11-16 09:00")
    return report_of(world, month, "2026-11")


def line(report, code):
    form = load_form(Report.objects.select_related("unit", "period").get(pk=report.pk))
    return next(line for line in [*form.services, *form.indicators] if line.code == code)


def put(report, code, numerator, denominator=None, **more):
    IndicatorFigure.objects.update_or_create(
        report=report,
        indicator=Indicator.objects.get(code=code),
        defaults={"numerator": numerator, "denominator": denominator, **more},
    )


def test_a_cell_knows_its_names_and_where_groups_begin(report):
    cells = line(report, "DVC09").cells
    starts = ["opening", "received_online", "resolved_early", "rejected", "pending_in_time"]
    assert [c.name for c in cells if c.starts_group] == starts
    cell = cells[1]
    assert (cell.key, cell.element_id, cell.label) == (
        "DVC09.received_online",
        "DVC09-received_online",
        "DVC09, tiếp nhận trực tuyến",
    )
    assert [c.is_typed for c in cells if c.name in {"rejected", "pending_in_time"}] == [True, False]
    assert line(report, "DVC09").blanks == 9  # the opening too: no month before


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("DV02", [("Đạt", "DV02, số đạt"), ("Tổng số", "DV02, tổng số")]),
        ("TT01", [("Số lượng", "TT01, số lượng")]),
    ],
)
def test_the_cells_of_an_indicator_are_named_by_its_kind(report, code, labels):
    found = line(report, code)
    assert [(c.short_label, c.label) for c in found.cells] == labels
    assert [c.locked for c in found.typed] == [""] * len(labels)
    assert found.is_ratio is (code == "DV02")
    assert {c.state for c in found.cells} == {"is-missing"}


def test_what_is_noted_beside_an_indicator(report):
    unit = {i.code: i.unit_of_measure for i in Indicator.objects.all()}
    notes = {code: line(report, code).note.removeprefix(unit[code]) for code in ("TT01", "HT01", "TC02")}
    assert notes == {"TT01": "", "HT01": " · lũy kế", "TC02": " · đếm từ sổ"}


def test_cells_counted_from_the_register_are_locked_and_lead_to_its_rows(world, report):
    counted = line(report, "TC02")
    assert ([c.state for c in counted.cells], [c.locked for c in counted.cells]) == (["is-locked"], ["register"])
    assert counted.typed == []
    assert counted.rows_url == f"/to-cong-tac/?don_vi={world.phuoc_long.pk}&ngay=2026-11-14"
    assert line(report, "TT01").rows_url == ""
    Indicator.objects.filter(code="TC02").update(code="TC99")
    assert line(report, "TC99").rows_url == ""


def test_all_blank_cells_of_a_row_are_marked_and_the_worst_problem_wins(report, world, fill):
    fill(report)
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(rejected=None, pending_overdue=None)
    states = {c.name: c.state for c in line(report, "DVC09").cells}
    assert {name: state for name, state in states.items() if state} == {
        "rejected": "is-missing",
        "pending_in_time": "is-derived",
        "pending_overdue": "is-missing",
    }
    # as many dossiers by hand as break the sum, of a service received online alone: wrong before doubtful
    ServiceFigures.objects.filter(report=report, service__code="DVC19").update(received_in_person=3, rejected=50)
    states = {c.name: c.state for c in line(report, "DVC19").cells}
    assert (states["received_in_person"], states["rejected"]) == ("is-warning", "is-problem")
    assert states["pending_in_time"] == "is-derived is-problem"


def test_an_opening_that_was_corrected_since_is_marked_in_its_locked_cell(report, world, month, fill):
    before = fill(report_of(world, month, "2026-10"), status="approved", by=world.officer)
    fill(report, status="submitted", by=world.officer)
    ServiceFigures.objects.filter(report=before, service__code="DVC09").update(pending_overdue=4)
    Report.objects.filter(pk=report.pk).update(prior_corrected=True)
    opening = line(report, "DVC09").cells[0]
    assert (opening.locked, opening.state) == ("carried", "is-derived is-warning")


def test_the_rest_is_no_figure_where_more_is_resolved_than_there_was(report, world, fill):
    fill(report)
    for resolved, value, text in ((10, 0, "0"), (11, None, "−1"), (9, 1, "1")):
        ServiceFigures.objects.filter(report=report, service__code="DVC09").update(resolved_on_time=resolved)
        rest = next(c for c in line(report, "DVC09").cells if c.name == "pending_in_time")
        assert (rest.value, rest.text) == (value, text)
    ServiceFigures.objects.filter(report=report, service__code="DVC09").update(resolved_on_time=None)
    rest = next(c for c in line(report, "DVC09").cells if c.name == "pending_in_time")
    assert (rest.value, rest.text, rest.state) == (None, "–", "is-derived")


@pytest.mark.parametrize(
    ("code", "pair", "shown", "rate"),
    [
        ("DV02", (12, 48), "12/48", "25,00%"),
        ("DV02", (None, 48), "trống/48", ""),
        ("DV02", (12, None), "12/trống", "–"),
        ("DV02", (None, None), "", ""),
        ("TT01", (1234, None), "1.234", ""),
        ("TT01", (None, None), "", ""),
    ],
)
def test_what_stood_there_a_month_and_a_year_ago(report, world, month, fill, code, pair, shown, rate):
    for key in ("2026-10", "2025-11"):
        earlier = fill(report_of(world, month, key), status="approved", by=world.officer)
        put(earlier, code, *pair)
    found = line(report, code)
    assert (found.previous, found.previous_rate, found.last_year, found.last_year_rate) == (shown, rate, shown, rate)
    cell = found.cells[0]
    assert (cell.previous, cell.last_year) == (shown.split("/")[0].replace("trống", ""),) * 2


def test_the_word_of_a_figure_stands_with_the_month_it_belongs_to(report, world, month, fill):
    for key, word in (("2026-10", "gần"), ("2025-11", "hơn")):
        put(fill(report_of(world, month, key), status="approved", by=world.officer), "HT01", 5, 9, qualifier=word)
    put(report, "HT01", 6, 9, qualifier="hơn", note="Theo bài báo")
    found = line(report, "HT01")
    assert (found.previous, found.last_year, found.qualifier) == ("gần 5/9", "hơn 5/9", "hơn")
    assert (found.rate, found.remark) == ("66,67%", "Theo bài báo")
    put(report, "HT01", None, 9)
    assert line(report, "HT01").qualifier == ""
    assert line(report, "TT01").rate == ""


def test_a_service_shows_its_figures_of_a_month_and_a_year_ago(report, world, month, fill):
    for key, base in (("2026-10", 14), ("2025-11", 21)):
        fill(report_of(world, month, key), base=base, status="approved", by=world.officer)
    cell = line(report, "DVC09").cells[1]
    assert (cell.previous, cell.last_year, cell.text, cell.branch) == ("14", "21", "", "office")
    saving.save_cells(report_id=report.pk, by=world.officer, cells={"DVC09.received_online": "1234"})
    cell = line(report, "DVC09").cells[1]
    assert (cell.value, cell.text) == (1234, "1.234")
