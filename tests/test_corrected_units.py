"""Units that change while months are open: what load_units leaves behind is what a roll-up from scratch gives."""

import datetime as dt
import random
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from de_an_06.plain.spans import Month, Span
from reporting.catalogue import load_catalogue
from reporting.expected import expected_units, settle
from reporting.models import (
    IndicatorSummary,
    ParticipatingArea,
    Period,
    PeriodClosure,
    PublicService,
    Report,
    RollupRequest,
    ServiceFigures,
    ServiceSummary,
    SubmissionSummary,
)
from reporting.periods import open_period
from reporting.reading.overview import overview
from reporting.rollup import rollup
from reporting.rollup.audit import audit
from taskforces.models import AdministrativeUnit, Level, UnitVersion, User
from taskforces.units import tree
from taskforces.units.csv_files import SUCCESSION_FIELDS, UNIT_FIELDS, UnitFilesRefused
from taskforces.units.loading import load_units
from tests.conftest import make_person
from tests.import_sheets import bring_in, said, xlsx

D = dt.date
START, END = D(2021, 11, 1), D(2025, 6, 30)
NOVEMBER = D(2024, 11, 14)
DISTRICTS = {"688": "Phước Long", "690": "Bình Long", "697": "Chơn Thành"}
WARDS = {"25216": "688", "25217": "688", "25324": "690", "25326": "690", "25432": "697"}
MONTHS = (Month(2024, 11), Month(2024, 12), Month(2025, 1))


class Files:
    """units.csv as somebody keeps it: one province, districts with an end, wards with their moves and new bodies."""

    def __init__(self, folder):
        self.folder = folder
        self.districts = dict.fromkeys(DISTRICTS, END)  # last day
        self.heirs = {}  # district that ended -> the one its wards go to
        self.wards = {
            code: SimpleNamespace(first=START, last=END, moves={START: district}, bodies={START: f"Tên {code}"})
            for code, district in WARDS.items()
        }

    def district_of(self, ward, day):
        found = ward.moves[max(d for d in ward.moves if d <= max(day, START))]
        while self.districts[found] < day:
            found = self.heirs[found]
        return found

    def lines(self):
        yield "70,Tỉnh Bình Phước,Bình Phước,tinh,province,,", START, END
        for code, last in self.districts.items():
            yield f"{code},Thị xã {DISTRICTS[code]},{DISTRICTS[code]},thi_xa,district,70,{START}", START, last
        for code, ward in self.wards.items():
            ends = [last + dt.timedelta(days=1) for last in self.districts.values()]
            cuts = {ward.first, *(d for d in [*ward.moves, *ward.bodies, *ends] if ward.first < d <= ward.last)}
            rows = []
            for day in sorted(cuts):
                what = ward.bodies[max(d for d in ward.bodies if d <= day)], self.district_of(ward, day)
                if not rows or rows[-1][0] != what:
                    rows.append((what, day))
            for i, ((name, district), day) in enumerate(rows):
                last = rows[i + 1][1] - dt.timedelta(days=1) if i + 1 < len(rows) else ward.last
                yield f"{code},Phường {name},{name},phuong,commune,{district},{START}", day, last

    def write(self):
        rows = [f"{start},{first},{last},exact,luật" for start, first, last in self.lines()]
        (self.folder / "units.csv").write_text("\n".join([",".join(UNIT_FIELDS), *rows]) + "\n", encoding="utf-8")
        columns = ",".join([*SUCCESSION_FIELDS, "source"])
        (self.folder / "succession.csv").write_text(columns + "\n", encoding="utf-8")
        return self.folder

    def load(self, **how):
        return load_units(self.write(), **how)


@pytest.fixture
def files(db, tmp_path, at):
    at("2025-02-01 09:00")
    made = Files(tmp_path)
    made.load()
    load_catalogue()
    ParticipatingArea.objects.create(unit=AdministrativeUnit.objects.get(level=Level.NATION), valid_from=START)
    for month in MONTHS:
        open_period(month)
    rollup.drain()
    return made


def unit(code, day=NOVEMBER):
    return tree.find(code, day).unit


def period(key):
    return Period.objects.get(year=int(key[:4]), month=int(key[5:]))


def report(of, key):
    return Report.objects.get(unit=of, period=period(key))


def approve(found, online):
    """An approved report with so many dossiers received online, the totals above it marked."""
    service = PublicService.objects.get(code="DVC16")
    ServiceFigures.objects.update_or_create(report=found, service=service, defaults={"received_online": online})
    moment = dt.datetime(2025, 1, 20, tzinfo=dt.UTC)
    Report.objects.filter(pk=found.pk).update(status="approved", revision=1, submitted_at=moment, approved_at=moment)
    rollup.mark_dirty(found)


def total(of, key):
    row = ServiceSummary.objects.filter(unit=of, period=period(key), basis="official").first()
    return row.received_online if row else None


def counts(of, key):
    row = SubmissionSummary.objects.get(unit=of, period=period(key))
    return row.submitted, row.expected


def stored():
    """Every stored total but for what changes with each run."""
    found = {}
    for model in (ServiceSummary, IndicatorSummary, SubmissionSummary):
        names = [f.attname for f in model._meta.concrete_fields if f.name not in {"id", "generation", "computed_at"}]
        found[model.__name__] = sorted(model.objects.values_list(*names), key=str)
    return found


def from_scratch():
    with transaction.atomic():
        for model in (ServiceSummary, IndicatorSummary, SubmissionSummary):
            model.objects.all().delete()
        for each in Period.objects.all():
            rollup.roll_up(each)
        found = stored()
        transaction.set_rollback(True)
    return found


def everything():
    models = (AdministrativeUnit, UnitVersion, Report, RollupRequest)
    return [list(model.objects.order_by("pk").values()) for model in models], stored()


def check():
    """After a drain: stored = from scratch = walked by parents; owed reports are there; page, rows and head agree."""
    rollup.drain()
    assert stored() == from_scratch()
    for each in Period.objects.all():
        assert audit(each) == []
        reports = {r.unit_id: r for r in each.reports.all()}
        closed = PeriodClosure.objects.filter(period=each, reopened_at=None).exists()
        owing = {v.unit_id: v.path for v in expected_units(each.data_to)}
        assert closed or owing.keys() <= reports.keys()
        for unit_id, found in reports.items():
            assert found.path == owing.get(unit_id, f"/{unit_id}/")
            assert unit_id in owing or found.revision
    province = unit("70").pk
    for key in (*(m.key for m in MONTHS), "2024-11..2025-01"):
        page = overview(province, Span.parse(key), "official")
        assert (page.dossiers.received or 0) == sum(row.dossiers.received or 0 for row in page.rows), key
        if page.span.is_month:
            assert counts(unit("70"), key) == (page.submissions.reports, page.submissions.expected_reports)


# The example of the trial --------------------------------------------------------------------------------------------


@pytest.fixture
def december(files):
    """A ward with 10 and one with 1 in December; the first is then corrected to have ended on 30 November."""
    approve(report(unit("25216"), "2024-12"), 10)
    approve(report(unit("25217"), "2024-12"), 1)
    rollup.drain()
    assert total(unit("70"), "2024-12") == 11
    files.wards["25216"].last = D(2024, 11, 30)
    return files


def test_a_report_of_a_unit_that_ended_before_is_refused_with_its_line_and_month(december):
    before = everything()
    with pytest.raises(UnitFilesRefused) as refused:
        december.load()
    assert [str(problem) for problem in refused.value.problems] == [
        "units.csv, line 6: 25216: report of 2024-12 (approved) is in no total: no such unit on 2024-12-14"
    ]
    assert everything() == before


def test_of_a_unit_with_several_lines_the_last_is_named(december):
    """Its end stands there: the ward moved in March 2024, so its life is lines 6 and 7."""
    december.wards["25216"].moves[D(2024, 3, 1)] = "690"
    with pytest.raises(UnitFilesRefused) as refused:
        december.load()
    named = [(problem.line, problem.reason.split(":")[1]) for problem in refused.value.problems]
    assert (7, " report of 2024-12 (approved) is in no total") in named


def test_the_operator_may_insist_and_totals_pages_and_counts_agree(december, capsys):
    with pytest.raises(CommandError, match="1 problems, nothing saved"):
        call_command("load_units", folder=december.folder if december.write() else None)
    call_command("load_units", folder=december.folder, change_reports=True)
    assert "25216: report of 2024-12 (approved) is in no total" in capsys.readouterr().out
    rollup.drain()
    province, district, ward = unit("70"), unit("688"), unit("25216")
    # December: the province, 3 districts, 4 wards; one report is in the figures
    assert (total(province, "2024-12"), counts(province, "2024-12")) == (1, (1, 8))
    assert (total(district, "2024-12"), counts(district, "2024-12")) == (1, (1, 2))
    assert counts(unit("70"), "2024-11") == (0, 9)  # in November it was there
    assert not Report.objects.filter(unit=ward, period=period("2025-01")).exists()  # an untouched draft
    page = overview(province.pk, Span.parse("2024-12"), "official")
    assert page.dossiers.received == 1
    assert {row.name: row.dossiers.received for row in page.rows if row.dossiers.received} == {"Thị xã Phước Long": 1}
    assert (page.submissions.reports, page.submissions.expected_reports) == (1, 8)
    check()
    # the figures are still there, with the unit alone
    kept = report(ward, "2024-12")
    assert (kept.path, kept.status) == (f"/{ward.pk}/", "approved")
    assert kept.service_figures.get().received_online == 10


def test_taken_back_the_report_counts_again(december):
    december.load(change_reports=True)
    rollup.drain()
    december.wards["25216"].last = END
    december.load()
    rollup.drain()
    assert total(unit("70"), "2024-12") == 11
    check()


def test_a_unit_opened_later_leaves_the_months_before(files):
    approve(report(unit("25216"), "2024-11"), 10)
    files.wards["25216"].first = D(2024, 11, 15)
    files.wards["25216"].moves = {START: "688"}
    with pytest.raises(UnitFilesRefused, match="25216: report of 2024-11"):
        files.load()
    files.load(change_reports=True)
    check()
    assert total(unit("70"), "2024-11") is None
    files.wards["25216"].first = D(2024, 11, 14)  # the last day of November's data: it was there
    files.load()
    check()
    assert total(unit("70"), "2024-11") == 10


def test_a_unit_that_lost_its_first_line_leaves_the_months_before(files):
    """What is left of it in the file is as it was: only the line that went says that something changed."""
    ward = files.wards["25216"]
    ward.moves[D(2024, 12, 1)] = "690"
    files.load()
    lost = unit("25216")
    ward.first = D(2024, 12, 1)
    files.load()
    check()
    assert set(Report.objects.filter(unit=lost).values_list("period__month", flat=True)) == {12, 1}


def test_a_dissolved_district_takes_its_totals_with_it(files):
    approve(report(unit("25216"), "2024-12"), 10)
    rollup.drain()
    old = unit("688")
    assert total(old, "2024-12") == 10
    files.districts["688"], files.heirs["688"] = D(2024, 11, 30), "690"
    files.load()
    check()
    assert (total(old, "2024-12"), total(unit("690"), "2024-12"), total(unit("70"), "2024-12")) == (None, 10, 10)
    assert not SubmissionSummary.objects.filter(unit=old, period=period("2024-12")).exists()
    assert counts(old, "2024-11") == (0, 3)


def test_a_rename_made_a_new_body_owes_the_reports_from_then_on(files):
    approve(report(unit("25216"), "2025-01"), 10)
    files.wards["25216"].bodies[D(2024, 12, 1)] = "Tên Mới"
    with pytest.raises(UnitFilesRefused, match="25216: report of 2025-01"):
        files.load()
    old = unit("25216")
    files.load(change_reports=True)
    check()
    new = unit("25216", D(2024, 12, 14))
    assert new.pk != old.pk
    assert [report(new, key).status for key in ("2024-12", "2025-01")] == ["draft", "draft"]
    assert not Report.objects.filter(unit=old, period=period("2024-12")).exists()
    assert total(unit("70"), "2025-01") is None


# Closed months -------------------------------------------------------------------------------------------------------


def close(key):
    by = User.objects.create(username=f"khoa-{key}")
    now = dt.datetime(2025, 1, 25, tzinfo=dt.UTC)
    return PeriodClosure.objects.create(period=period(key), province=unit("70"), closed_at=now, closed_by=by)


def test_a_closed_month_changes_only_when_the_operator_says_so(files):
    approve(report(unit("25216"), "2024-12"), 10)
    rollup.drain()
    close("2024-12")
    files.wards["25216"].moves[D(2024, 12, 1)] = "690"
    before = everything()
    with pytest.raises(UnitFilesRefused) as refused:
        files.load()
    assert [problem.reason for problem in refused.value.problems] == [
        "25216: report of 2024-12 (approved) stands elsewhere, in a closed month"
    ]
    assert everything() == before
    files.load(change_reports=True)
    check()
    assert (total(unit("688"), "2024-12"), total(unit("690"), "2024-12")) == (None, 10)


def test_a_closed_month_gets_no_new_expected_report(files):
    close("2024-12")
    files.wards["25439"] = SimpleNamespace(first=START, last=END, moves={START: "697"}, bodies={START: "Thêm"})
    files.load()
    new = unit("25439")
    assert set(Report.objects.filter(unit=new).values_list("period__month", flat=True)) == {11, 1}
    check()
    PeriodClosure.objects.all().delete()
    settle(period("2024-12"))
    assert report(new, "2024-12").status == "draft"


def test_an_expected_report_of_a_closed_month_is_named_before_it_goes(files):
    close("2024-12")
    files.wards["25216"].last = D(2024, 11, 30)
    with pytest.raises(UnitFilesRefused, match="25216: expected report of 2024-12 goes, in a closed month"):
        files.load()
    files.load(change_reports=True)
    check()
    assert not Report.objects.filter(unit=unit("25216"), period=period("2024-12")).exists()


# Where people read it ------------------------------------------------------------------------------------------------


def test_the_page_names_the_report_where_it_is_missed_and_nowhere_else(december, client):
    december.load(change_reports=True)
    rollup.drain()
    reader = make_person("doc", "Người Đọc", AdministrativeUnit.objects.get(level=Level.NATION), "auditor")
    client.force_login(reader)

    def says(of, key):
        answer = client.get(reverse("dashboard"), {"don_vi": of.pk, "ky": key})
        assert answer.status_code == 200
        return "Phường Tên 25216 (mã 25216), tháng 12/2024: chưa cộng vào tổng" in answer.content.decode()

    nation = AdministrativeUnit.objects.get(level=Level.NATION)
    assert [says(of, "2024-12") for of in (unit("688"), unit("70"), nation)] == [True, True, True]
    assert [says(of, "2024-12") for of in (unit("690"), unit("697"))] == [False, False]
    assert says(unit("70"), "2024-11") is False
    assert says(unit("70"), "2024-11..2024-12") is True


def test_the_sheet_of_units_says_it_in_vietnamese_at_its_row(december, monkeypatch):
    from taskforces import tasks

    for task in (tasks.check_import, tasks.write_import):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)
    admin = make_person("qt", "Quản Trị", AdministrativeUnit.objects.get(level=Level.NATION), "administrator")
    headers = ["Mã đơn vị", "Từ ngày", "Tên đầy đủ", "Tên ngắn", "Loại", "Cấp", "Mã cấp trên", "Cấp trên từ ngày"]
    row = ["25216", "01/11/2021", "Phường Tên 25216", "Tên 25216", "Phường", "Cấp xã", "688", "01/11/2021"]
    job = bring_in(admin, "units", xlsx([*headers, "Đến hết ngày"], [*row, "30/11/2024"]))
    (line,) = said(job)
    assert "Đơn vị mã 25216 không còn vào ngày chốt số liệu tháng 12/2024" in line
    assert "load_units --change-reports" in line
    close("2025-01")
    Report.objects.filter(unit=unit("25216"), period=period("2024-12")).delete()
    job = bring_in(admin, "units", xlsx([*headers, "Đến hết ngày"], [*row, "30/11/2024"]))
    assert "Tháng 01/2025 đã khóa" in said(job)[0]


# Any sequence --------------------------------------------------------------------------------------------------------


def change_something(files, rng):
    """One random correction of the files, as people make them."""
    day = rng.choice(
        [D(2024, 10, 15), D(2024, 11, 14), D(2024, 11, 15), D(2024, 12, 1), D(2024, 12, 14), D(2025, 1, 2)]
    )
    ward = files.wards[rng.choice(list(files.wards))]
    open_districts = [code for code, last in files.districts.items() if last == END]
    act = rng.choice(["end", "reopen", "open", "earlier", "move", "stay", "body", "dissolve", "new"])
    if act == "end" and day > max(ward.first, *ward.bodies):
        ward.last = day
    elif act == "reopen":
        ward.last = END
    elif act == "open" and len(ward.bodies) == 1 and day < ward.last:
        ward.first = day
    elif act == "earlier":
        ward.first = START
    elif act == "move":
        ward.moves[day] = rng.choice(open_districts)
    elif act == "stay":
        ward.moves = {START: ward.moves[START]}
    elif act == "body" and ward.first < day < ward.last and len(ward.bodies) == 1:
        ward.bodies[day] = f"Mới {day:%d%m}"
    elif act == "dissolve" and len(open_districts) > 1:
        gone = rng.choice(open_districts)
        files.heirs[gone] = rng.choice([code for code in open_districts if code != gone])
        files.districts[gone] = day
    elif act == "new":
        code = str(26000 + len(files.wards))
        files.wards[code] = SimpleNamespace(
            first=day, last=END, moves={START: rng.choice(open_districts)}, bodies={START: f"Xã {code}"}
        )


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_corrections_leaves_what_a_roll_up_from_scratch_gives(files, seed):
    rng = random.Random(seed)
    for step in range(12):
        drafts = Report.objects.filter(status="draft", level="commune").order_by("period", "unit__code", "unit")
        if waiting := list(drafts):
            approve(rng.choice(waiting), rng.randint(1, 50))
        if rng.random() < 0.5:
            rollup.drain()
        if step == 8:
            close("2024-11")
        change_something(files, rng)
        before, problems = everything(), []
        try:
            files.load()
        except UnitFilesRefused as refused:
            problems = refused.problems
        if problems:
            assert {reason for p in problems if "report of" not in (reason := p.reason)} == set()
            assert everything() == before
            assert files.load(change_reports=True).report_changes == problems
        check()
