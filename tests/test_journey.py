"""One month lived through by its people, through the pages alone, in three tiers (2024) and in two (2026).

Officer and police officer type, mark, check and send; the reviewer sends back, they correct, he approves; the chair's
page, the Excel summary and a sum by plain SQL agree with the totals written here by hand; provincial staff close the
month, every change is refused, and it opens again only with a reason. Pages are used as a browser without JavaScript
uses them; tasks run in place once a request is committed.
"""

import html
import io
import re
from pathlib import Path

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from reporting.figures import FIGURE_FIELDS
from reporting.models import Correction, ExportJob, FigureChange, PeriodClosure, Report, ReportEvent, ServiceFigures
from reporting.rollup import rollup
from reporting.rollup.audit import audit
from taskforces.models import Branch, Posting, Role
from tests.conftest import START, make_person
from tests.test_entry_pages import plain_form

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[1]

TYPED = (
    *("received_online", "received_in_person", "received_postal"),
    *("resolved_early", "resolved_on_time", "resolved_overdue", "rejected", "pending_overdue"),
)
COLUMNS = {  # position of each figure in both sheets: four columns come before the opening
    "opening": 5, "received_online": 6, "received_in_person": 7, "received_postal": 8,
    "resolved_early": 10, "resolved_on_time": 11, "resolved_overdue": 12,
    "rejected": 14, "pending_in_time": 15, "pending_overdue": 16,
}  # fmt: skip


def cells(rows, names=TYPED):
    return {f"{code}.{name}": str(n) for code, row in rows.items() for name, n in zip(names, row, strict=True)}


@pytest.fixture(autouse=True)
def tasks_run_in_place():
    from de_an_06.celery import app

    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


class Desk:
    """One person at a browser without JavaScript: opens pages, fills in the form that is there, presses a button."""

    def __init__(self, user, committed):
        self.client = Client()
        self.client.force_login(user)
        self.committed = committed

    def open(self, name, *args, **query):
        response = self.client.get(reverse(name, args=args), query)
        assert response.status_code == 200, (name, response.status_code)
        return html.unescape(response.content.decode())

    def press(self, name, *args, **fields):
        """Send a form; what runs after commit runs; the page it leads to comes back."""
        with self.committed(execute=True):
            response = self.client.post(reverse(name, args=args), fields)
        if response.status_code == 302:
            response = self.client.get(response.url)
        assert response.status_code == 200, (name, response.status_code)
        return html.unescape(response.content.decode())

    def fill_in(self, report, values, button="report-entry", **pressed):
        """Type into the fields of the entry page as it stands and press one of its buttons."""
        form = plain_form(self.client.get(reverse("report-entry", args=[report.pk])))
        unknown = set(values) - set(form)
        assert not unknown, f"no such field on the page: {sorted(unknown)}"
        return self.press(button, report.pk, **{**form, **values}, **(pressed or {"action": "save"}))


@pytest.fixture
def sit_down(django_capture_on_commit_callbacks):
    return lambda user: Desk(user, django_capture_on_commit_callbacks)


def card(page, label):
    """One of the six numbers at the head of the overview."""
    return re.search(rf'aria-label="{label}: ([^",]*(?:,\d+%)?), xem các báo cáo nguồn"', page).group(1)


def summed_by_sql(period, unit, statuses):
    """The same totals by one plain statement over the stored figures, without the portal's own code."""
    columns = ", ".join(f"SUM(f.{name})" for name in FIGURE_FIELDS)
    marks = ", ".join(["%s"] * len(statuses))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(DISTINCT r.id), {columns} FROM reporting_servicefigures f"
            f" JOIN reporting_report r ON r.id = f.report_id"
            f" WHERE r.period_id = %s AND r.path LIKE %s AND r.status IN ({marks})",
            [period.pk, f"%/{unit.pk}/%", *statuses],
        )
        reports, *figures = cursor.fetchone()
    return reports, dict(zip(FIGURE_FIELDS, map(int, figures), strict=True))


def summed_in_excel(desk, period, unit, basis):
    """Ask for the file on the page, download it, read the totals people see without recalculating."""
    desk.press("export-create", ky=period.key, don_vi=unit.pk, co_so=basis)
    stored = {"tam-tinh": "provisional", "chinh-thuc": "official"}[basis]
    job = ExportJob.objects.get(unit=unit, span=period.key, basis=stored)
    assert job.state == "done", job.message
    download = desk.client.get(reverse("export-download", args=[job.pk]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(download.streaming_content)), data_only=True)
    totals = {}
    for name, label in (("Theo đơn vị", 2), ("Theo dịch vụ", 3)):
        sheet = book[name]
        row = next(r for r in range(11, sheet.max_row + 1) if sheet.cell(r, label).value == "TỔNG SỐ")
        totals[name] = {figure: sheet.cell(row, column).value for figure, column in COLUMNS.items()}
    return book["Bìa"]["A4"].value, totals


def check_totals(*, chair, staff, period, unit, basis, expected, reported, page):
    """The overview, both sheets, the SQL sum and the hand-written totals are one and the same."""
    statuses = {"tam-tinh": ["submitted", "approved"], "chinh-thuc": ["approved"]}[basis]
    by_sql = summed_by_sql(period, unit, statuses)
    assert by_sql == (int(reported.partition("/")[0]), expected)
    overview = chair.open("dashboard", don_vi=unit.pk, ky=period.key, co_so=basis)
    assert f": {reported} đơn vị " in overview
    assert {label: card(overview, label) for label in page} == page
    title, totals = summed_in_excel(staff, period, unit, basis)
    assert title.endswith(f", {reported} đơn vị")
    assert totals == {"Theo đơn vị": expected, "Theo dịch vụ": expected}


def check_nothing_can_change(*, officer, reviewer, approved, waiting, latecomer, draft, sentence):
    """In a closed month every door answers with who closed it; figures and reports stay as they are."""

    def everything():
        tables = (ServiceFigures, Report, ReportEvent, FigureChange)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = everything()
    typed = {"seen": "{}", "DVC09.received_online": "999", "action": "save"}
    assert sentence in latecomer.press("report-entry", draft.pk, **typed)
    assert sentence in latecomer.press("report-zero-fill", draft.pk, service="DVC09")
    assert sentence in latecomer.press("report-ready", draft.pk, branch="office")
    assert sentence in latecomer.press("report-submit", draft.pk, checked="1")
    assert "Báo cáo đã duyệt nên số liệu đã khóa." in officer.press("report-entry", approved.pk, **typed)
    assert sentence in reviewer.press("report-approve", waiting.pk)
    assert sentence in reviewer.press("report-send-back", waiting.pk, ly_do="Xem lại")
    assert sentence in reviewer.press("review-approve-clean", bao_cao=waiting.pk)
    assert sentence in reviewer.press("report-reopen", approved.pk, ly_do="Xem lại")
    assert everything() == before


# Two tiers ------------------------------------------------------------------------------------------------------------

POLICE_2026 = {
    "DVC01": (31, 0, 0, 11, 17, 1, 1, 0),
    "DVC02": (102, 0, 0, 60, 30, 2, 3, 1),
    "DVC03": (86, 2, 0, 50, 33, 0, 2, 0),  # two came in person, which needs a reason since October 2025
    "DVC04": (143, 0, 0, 100, 40, 1, 0, 0),
    "DVC05": (7, 0, 0, 7, 0, 0, 0, 0),
    "DVC06": (1250, 0, 0, 1250, 0, 0, 0, 0),
    "DVC07": (19, 0, 0, 9, 8, 0, 1, 0),
}
OFFICE_2026 = {  # DVC19 had no case
    "DVC09": (64, 0, 0, 40, 20, 2, 1, 1),
    "DVC10": (22, 0, 0, 12, 9, 0, 0, 0),
    "DVC11": (15, 0, 0, 10, 5, 0, 0, 0),
    "DVC15": (38, 0, 0, 20, 15, 1, 0, 1),
    "DVC16": (17, 0, 0, 8, 6, 0, 1, 0),
}
POLICE_INDICATORS = {
    "DD01.numerator": "11.020", "DD01.denominator": "11.400", "DD02.numerator": "8000", "DD03.numerator": "10500",
    "DD04.numerator": "9800", "DD04.denominator": "10600", "DC01.numerator": "14100", "DC01.denominator": "14110",
    "DC02.numerator": "1.250", "DC03.numerator": "231",
}  # fmt: skip
OFFICE_INDICATORS = {
    "TC06.numerator": "4", "TT01.numerator": "25", "TT02.numerator": "310", "DC04.numerator": "12",
    "HT01.numerator": "5120", "HT01.denominator": "5200", "YT01.numerator": "1", "YT01.denominator": "1",
    "YT02.numerator": "1", "YT02.denominator": "1", "YT03.numerator": "640", "YT03.denominator": "700",
    "AS01.numerator": "402", "AS01.denominator": "415", "DV02.numerator": "301", "DV02.denominator": "310",
    "DV03.numerator": "220", "DV03.denominator": "260", "DV04.numerator": "95", "DV04.denominator": "97",
    "DV05.numerator": "6", "DV05.denominator": "6", "NL01.numerator": "9", "NL02.numerator": "0",
}  # fmt: skip
FULL_SERVICE = {"DV01.numerator": "13", "DV01.denominator": "13"}  # owed by communes since July 2025


def test_a_month_of_2026_from_the_commune_to_the_province(world, month, fill, at, sit_down):
    # October is in: four birth registrations stayed open. Phường Phước Bình has already sent November: 34 everywhere.
    october = Report.objects.get(unit=world.phuoc_long, period=month("2026-10"))
    fill(october, base=1, status="approved", by=world.officer)
    ServiceFigures.objects.filter(report=october, service__code="DVC09").update(
        received_online=20, resolved_on_time=16, pending_in_time=4
    )
    period = month("2026-11")
    bystander = Report.objects.get(unit=world.phuoc_binh, period=period)
    fill(bystander, base=34, status="submitted", by=world.neighbour)
    rollup.mark_dirty(bystander)
    report = Report.objects.get(unit=world.phuoc_long, period=period)
    Posting.objects.create(user=world.leader, unit=world.dong_nai, role=Role.REVIEWER, valid_from=START)  # two hats
    officer, police, leader = sit_down(world.officer), sit_down(world.police_officer), sit_down(world.leader)
    reviewer, chair, staff = sit_down(world.reviewer), sit_down(world.chair), sit_down(world.staff)

    # The two branches type their own parts.
    at("2026-11-16 08:40")
    home = officer.open("task-list")
    assert "17:00 thứ Hai, 16/11/2026" in home
    page = police.fill_in(report, cells(POLICE_2026) | POLICE_INDICATORS)
    assert "Đã lưu 66 ô" in page  # 7 services of eight cells, 10 cells of indicators
    assert "2 hồ sơ trực tiếp, trong khi thủ tục này chỉ nhận trực tuyến từ 01/10/2025" in page
    reason = "Hai trường hợp người cao tuổi, làm tại nhà"
    police.fill_in(report, {"ly-do:online_only:DVC03.received_in_person": reason})
    assert "Đã chốt phần" in police.fill_in(report, {}, "report-ready", branch="police")
    page = officer.fill_in(report, cells(OFFICE_2026) | OFFICE_INDICATORS | FULL_SERVICE)
    assert "Đã lưu 66 ô" in page  # 5 services of eight cells, 26 cells of indicators
    assert "8 ô còn trống" in page  # DVC19: blank is not zero
    page = officer.fill_in(report, {}, "report-ready", branch="office")
    assert "DVC19" in page
    assert "còn trống 8 ô" in page
    officer.fill_in(report, {}, "report-zero-fill", service="DVC19")
    assert ServiceFigures.objects.get(report=report, service__code="DVC09").opening == 4  # October's closing
    assert "Đã chốt phần" in officer.fill_in(report, {}, "report-ready", branch="office")

    # Check, send, receipt.
    page = officer.open("report-check", report.pk)
    assert "1.796" in page  # received in the month, all services
    assert reason in page
    receipt = officer.press("report-submit", report.pk, checked="1")
    assert "Đã gửi báo cáo tháng 11/2026" in receipt
    assert "BC-25217-2026-11-1" in receipt
    assert "Đúng hạn" in receipt

    # The reviewer reads the reason, finds a birth registration missing and sends it back; it leaves every total.
    at("2026-11-17 09:00")
    assert "Phường Phước Long" in reviewer.open("review-list", ky="2026-11", loc="can-xem")
    assert reason in reviewer.open("report-detail", report.pk)
    query = {"don_vi": world.dong_nai.pk, "ky": "2026-11", "co_so": "tam-tinh"}
    assert card(chair.open("dashboard", **query), "Hồ sơ tiếp nhận") == "2.238"  # 1.796 + 13 services x 34
    asked = "Khai sinh thiếu 3 hồ sơ nhận ngày 14/11"
    reviewer.press("report-send-back", report.pk, ly_do=asked)
    assert card(chair.open("dashboard", **query), "Hồ sơ tiếp nhận") == "442"
    assert asked in officer.open("task-list")

    # Corrected and sent again, by the leader; who sent it cannot approve it, somebody else can, once.
    page = officer.fill_in(report, {"DVC09.received_online": "67", "DVC09.resolved_on_time": "23"})
    assert "Đã lưu 2 ô" in page
    officer.fill_in(report, {}, "report-ready", branch="office")
    receipt = leader.press("report-submit", report.pk, checked="1")
    assert "BC-25217-2026-11-2" in receipt
    assert "Đúng hạn" in receipt  # first sent in time: a correction makes no punctual commune late
    assert "Không ai được duyệt báo cáo do chính mình gửi." in leader.press("report-approve", report.pk)
    assert "Đã sửa từ khi trả lại" in reviewer.open("report-detail", report.pk)
    assert "Đã duyệt báo cáo tháng 11/2026 của Phường Phước Long" in reviewer.press("report-approve", report.pk)
    again = reviewer.press("report-approve", report.pk)
    assert "Trần Quốc Bảo đã duyệt báo cáo này lúc 09:00 ngày 17/11/2026" in again

    # The chair reads, staff take the file, plain SQL counts: the same to the last dossier, for both bases.
    own = {
        "opening": 4, "received_online": 1797, "received_in_person": 2, "received_postal": 0,
        "resolved_early": 1577, "resolved_on_time": 186, "resolved_overdue": 7, "rejected": 9,
        "pending_in_time": 21, "pending_overdue": 3,
    }  # fmt: skip
    both = own | {"received_online": 1797 + 442, "resolved_on_time": 186 + 442}
    common = {"chair": chair, "staff": staff, "period": period, "unit": world.dong_nai}
    check_totals(
        **common, basis="chinh-thuc", expected=own, reported="1/4",
        page={"Hồ sơ tiếp nhận": "1.799", "Tỷ lệ trực tuyến": "99,89%", "Trước và đúng hạn": "99,60%"},
    )  # fmt: skip
    check_totals(
        **common, basis="tam-tinh", expected=both, reported="2/4",
        page={"Hồ sơ tiếp nhận": "2.241", "Tỷ lệ trực tuyến": "99,91%", "Trước và đúng hạn": "99,68%"},
    )  # fmt: skip
    assert "335/344" in chair.open("dashboard", **query)  # DV02: (301 + 34) / (310 + 34), never a mean of rates

    # Provincial staff close the month.
    assert chair.client.get(reverse("period-close", args=[period.pk])).status_code == 403
    confirm = staff.open("period-close", period.pk, don_vi=world.dong_nai.pk)
    assert "2 đơn vị chưa nộp" in confirm
    staff.press("period-close", period.pk, don_vi=world.dong_nai.pk)
    sentence = "Kỳ tháng 11/2026 đã khóa (Đỗ Thu Hà khóa lúc 09:00 ngày 17/11/2026)."
    check_nothing_can_change(
        officer=officer, reviewer=reviewer, approved=report, waiting=bystander, sentence=sentence,
        latecomer=sit_down(make_person("re", "Y Rê", world.phu_rieng, Role.OFFICER, Branch.OFFICE)),
        draft=Report.objects.get(unit=world.phu_rieng, period=period),
    )  # fmt: skip

    # It opens only with a reason; what was published is corrected cell by cell all the same, and published again.
    at("2026-11-18 10:00")
    assert "Phải ghi lý do mở khóa." in staff.press("period-reopen", period.pk, don_vi=world.dong_nai.pk, ly_do="  ")
    assert PeriodClosure.objects.filter(reopened_at=None).exists()
    staff.press("period-reopen", period.pk, don_vi=world.dong_nai.pk, ly_do="Phường Phước Long bổ sung hồ sơ")
    assert "đính chính từng ô" in reviewer.press("report-reopen", report.pk, ly_do="Bổ sung hồ sơ")
    report.refresh_from_db()
    assert report.status == "approved"
    more = {"DVC09.received_online": "68", "DVC09.resolved_on_time": "24"}
    officer.press("correction-add", report.pk, **more, ly_do="Bổ sung theo đề nghị của phường")
    assert card(chair.open("dashboard", **query), "Hồ sơ tiếp nhận") == "2.241"
    asked = Correction.objects.get(report=report)
    assert "công bố lần 2" in reviewer.press("correction-accept", asked.pk)
    assert card(chair.open("dashboard", **query), "Hồ sơ tiếp nhận") == "2.242"
    official = chair.open("dashboard", **query | {"co_so": "chinh-thuc"})
    assert card(official, "Hồ sơ tiếp nhận") == "1.800"
    assert "công bố lần 2, đã điều chỉnh ngày 18/11/2026" in " ".join(official.split())
    assert audit(period) == []


# Three tiers ----------------------------------------------------------------------------------------------------------

WITH_OPENING = ("opening", *TYPED)
POLICE_2024 = {
    "DVC03": (3, 40, 12, 0, 30, 20, 2, 1, 1),
    "DVC04": (0, 75, 20, 0, 60, 30, 0, 2, 0),
    "DVC05": (0, 4, 1, 0, 5, 0, 0, 0, 0),
    "DVC06": (0, 610, 0, 0, 610, 0, 0, 0, 0),
    "DVC07": (6, 33, 21, 0, 40, 15, 1, 0, 2),
}
OFFICE_2024 = {
    "DVC09": (2, 28, 9, 1, 20, 15, 1, 0, 1),
    "DVC10": (0, 11, 6, 0, 10, 6, 0, 0, 0),
    "DVC11": (1, 8, 7, 0, 9, 6, 0, 1, 0),
    "DVC15": (0, 18, 0, 0, 12, 4, 1, 0, 0),
    "DVC16": (0, 0, 0, 0, 0, 0, 0, 0, 0),
}


def test_a_month_of_2024_from_the_commune_over_the_district_to_the_province(world, month, fill, at, sit_down):
    at("2024-12-16 09:00")
    period = month("2024-12")  # the first month of all: openings are typed
    reports = {r.unit_id: r for r in Report.objects.filter(period=period).select_related("period")}
    for unit, base, status in (
        (world.long_thuy, 12, "submitted"),  # 10 services of a ward: 120 dossiers
        (world.tx_phuoc_long, 5, "approved"),  # 12 services of the district itself: 60
        (world.an_loc, 7, "approved"),  # 10 services: 70, in the other district
    ):
        fill(reports[unit.pk], base=base, status=status, by=world.officer)
        rollup.mark_dirty(reports[unit.pk])
    report = reports[world.thac_mo.pk]
    officer, police = sit_down(world.old_officer), sit_down(world.old_police_officer)
    reviewer, chair, staff = (
        sit_down(world.district_reviewer),
        sit_down(world.district_chair),
        sit_down(world.old_staff),
    )

    police.fill_in(report, cells(POLICE_2024, WITH_OPENING) | POLICE_INDICATORS)
    assert "Đã chốt phần" in police.fill_in(report, {}, "report-ready", branch="police")
    typed = OFFICE_INDICATORS | {"DV02.numerator": "880", "DV02.denominator": "897"}
    officer.fill_in(report, cells(OFFICE_2024, WITH_OPENING) | typed)
    assert "Đã chốt phần" in officer.fill_in(report, {}, "report-ready", branch="office")
    assert "904" in officer.open("report-check", report.pk)
    assert "BC-25216-2024-12-1" in officer.press("report-submit", report.pk, checked="1")

    # The district's reviewer sends back with a reason; an empty one is refused.
    reviewer.press("report-send-back", report.pk, ly_do=" ")
    report.refresh_from_db()
    assert report.status == "submitted"
    reviewer.press("report-send-back", report.pk, ly_do="Khai sinh trực tiếp thiếu 1 hồ sơ")
    assert "Khai sinh trực tiếp thiếu 1 hồ sơ" in officer.open("task-list")
    officer.fill_in(report, {"DVC09.received_in_person": "10", "DVC09.resolved_on_time": "16"})
    officer.fill_in(report, {}, "report-ready", branch="office")
    assert "BC-25216-2024-12-2" in officer.press("report-submit", report.pk, checked="1")

    # Nothing doubtful is left: approved in the one act of the list.
    assert "Phường Thác Mơ" in reviewer.open("review-list", ky="2024-12", loc="sach")
    assert "Đã duyệt 1 báo cáo" in reviewer.press("review-approve-clean", bao_cao=report.pk, don_vi="")

    district = {
        "opening": 12, "received_online": 827 + 180, "received_in_person": 77, "received_postal": 1,
        "resolved_early": 796, "resolved_on_time": 97 + 180, "resolved_overdue": 5, "rejected": 4,
        "pending_in_time": 11, "pending_overdue": 4,
    }  # fmt: skip
    province = district | {"received_online": 1007 + 70, "resolved_on_time": 277 + 70}
    official = district | {"received_online": 827 + 60, "resolved_on_time": 97 + 60}  # Long Thủy is not approved
    seen_by_chair = {"chair": chair, "staff": staff, "period": period, "unit": world.tx_phuoc_long}
    check_totals(
        **seen_by_chair, basis="tam-tinh", expected=district, reported="3/3",
        page={"Hồ sơ tiếp nhận": "1.085", "Tỷ lệ trực tuyến": "92,81%", "Trước và đúng hạn": "99,54%"},
    )  # fmt: skip
    check_totals(
        **seen_by_chair, basis="chinh-thuc", expected=official, reported="2/3",
        page={"Hồ sơ tiếp nhận": "965", "Tỷ lệ trực tuyến": "91,92%", "Trước và đúng hạn": "99,48%"},
    )  # fmt: skip
    check_totals(
        chair=staff, staff=staff, period=period, unit=world.binh_phuoc, basis="tam-tinh", expected=province,
        reported="4/6",
        page={"Hồ sơ tiếp nhận": "1.155", "Tỷ lệ trực tuyến": "93,25%", "Trước và đúng hạn": "99,56%"},
    )  # fmt: skip
    query = {"don_vi": world.tx_phuoc_long.pk, "ky": "2024-12", "co_so": "tam-tinh"}
    assert "897/914" in chair.open("dashboard", **query)  # DV02: (880 + 12 + 5) / (897 + 12 + 5)
    assert chair.client.get(reverse("dashboard"), {"don_vi": world.binh_phuoc.pk}).status_code == 404

    # The province closes; the district's reviewer and the ward change nothing until it opens again.
    staff.press("period-close", period.pk, don_vi=world.binh_phuoc.pk)
    sentence = "Kỳ tháng 12/2024 đã khóa (Giang Văn Phước khóa lúc 09:00 ngày 16/12/2024)."
    long_thuy, binh_long = reports[world.long_thuy.pk], reports[world.tx_binh_long.pk]
    check_nothing_can_change(
        officer=officer, reviewer=reviewer, approved=report, waiting=long_thuy, sentence=sentence,
        latecomer=sit_down(make_person("long", "Hà Văn Long", world.tx_binh_long, Role.OFFICER, Branch.OFFICE)),
        draft=binh_long,
    )  # fmt: skip
    staff.press("period-reopen", period.pk, don_vi=world.binh_phuoc.pk, ly_do="Phường Long Thủy xin sửa")
    assert "Đã duyệt 1 báo cáo" in reviewer.press("review-approve-clean", bao_cao=long_thuy.pk, don_vi="")
    query["co_so"] = "chinh-thuc"
    assert card(chair.open("dashboard", **query), "Hồ sơ tiếp nhận") == "1.085"
    assert audit(period) == []


def test_the_guide_and_the_readme_show_pictures_that_exist():
    """And every picture is shown somewhere; `make screenshots` makes them."""
    shown = set()
    for page in (ROOT / "README.md", ROOT / "docs" / "huong-dan-su-dung.md"):
        pictures = re.findall(r"(?:docs/)?pictures/([\w-]+\.png)", page.read_text(encoding="utf-8"))
        assert pictures, page
        shown |= set(pictures)
    assert shown == {path.name for path in (ROOT / "docs" / "pictures").glob("*.png")}
