"""The published town of six communes (9 August 2022), brought in by files and pages, read on page and monthly report.

The article: 06/6 communes with a task force and 58 members, 54/54 villages with 328, a town task force of 24, a police
group of 12, plan 57/KH-UBND with 6 assignments to lead and 18 to co-operate on. The spread over communes is ours.
"""

import pytest
from django.urls import reverse

from reporting.models import IndicatorSummary, Report
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import ImportJob
from tests.import_sheets import bring_in, said, totals, write, xlsx
from tests.test_assignment_pages import source_by_page
from tests.test_register_pages import facts_of, text_of, town  # noqa: F401 – the fixture

MEMBERS = [12, 9, 10, 9, 9, 9]
Kind = ImportJob.Kind


@pytest.fixture
def by_file(town, client, monkeypatch):  # noqa: F811
    """Everything of the case in five files and one plan typed on its pages; nothing written past the portal."""
    from taskforces import tasks

    for task in (tasks.check_import, tasks.write_import):
        monkeypatch.setattr(task, "delay_on_commit", lambda *args: None)
    codes = [unit.code for unit in town.communes]
    forces = [["690", "Tổ công tác", "15/03/2022", "Tổ công tác Đề án 06 thị xã"]]
    forces += [["690", "Tổ công tác của Công an", "15/03/2022", "Tổ công tác Công an thị xã"]]
    forces += [[code, "Tổ công tác", "15/03/2022", "Tổ công tác Đề án 06"] for code in codes]
    seats = [("690", "Tổ công tác", 24), ("690", "Tổ công tác của Công an", 12)]
    seats += [(code, "Tổ công tác", size) for code, size in zip(codes, MEMBERS, strict=True)]
    members = [
        [code, kind, f"{kind[-2:]} Người {n}", "Tổ trưởng" if n == 0 else "Thành viên", "15/03/2022"]
        for code, kind, size in seats
        for n in range(size)
    ]
    # 54 villages in all: 4 teams of 7 and 50 of 6 are 328 people
    villages = [
        [
            code,
            "Tổ công tác thôn, ấp, khu phố",
            f"Khu phố {n}",
            "15/03/2022",
            7 if c == 0 and n < 4 else 6,
            "15/03/2022",
        ]
        for c, code in enumerate(codes)
        for n in range(9)
    ]
    client.force_login(town.old_staff)
    plan = [(f"NV{n:02d}", f"Nhóm {n % 2 + 1}", n % 5 + 1) for n in range(24)]
    source_by_page(client, "57/KH-UBND", plan)
    tasks_given = [
        ["690", "57/KH-UBND", code, "Chủ trì" if n < 6 else "Phối hợp", "15/03/2022"]
        for n, (code, *_) in enumerate(plan)
    ]
    files = (
        (Kind.TASK_FORCES, ["Mã đơn vị", "Loại tổ", "Thành lập ngày", "Tên tổ"], forces),
        (Kind.MEMBERS, ["Mã đơn vị", "Loại tổ", "Họ và tên", "Vai trò", "Từ ngày"], members),
        (
            Kind.VILLAGE_TEAMS,
            ["Mã đơn vị", "Loại", "Thôn, ấp, khu phố", "Có trong sổ từ ngày", "Số thành viên", "Thành lập ngày"],
            villages,
        ),
        (Kind.ASSIGNMENTS, ["Mã đơn vị", "Số văn bản", "Mã nhiệm vụ", "Vai trò", "Giao ngày"], tasks_given),
    )
    for kind, headers, rows in files:
        job = bring_in(town.old_staff, kind, xlsx(headers, *rows))
        assert job.state == "ready", said(job)
        job = write(job)
        assert (job.state, totals(job)) == ("done", (len(rows), 0, 0, 0)), job.preview
        again = bring_in(town.old_staff, kind, xlsx(headers, *rows))
        assert totals(again) == (0, 0, len(rows), 0)
    return town


def test_the_district_page_counts_what_the_files_brought(by_file, client):
    client.force_login(by_file.town_chair)
    place = f"?don_vi={by_file.tx_binh_long.pk}&ngay=2022-08-09"
    page = client.get(reverse("taskforce-list") + place)
    facts = facts_of(page)
    assert facts["Đơn vị cấp xã có Tổ công tác"] == "6/6"
    assert facts["Thành viên Tổ công tác cấp xã"] == "58"
    assert facts["Thôn, ấp, khu phố có Tổ công tác"] == "54/54"
    assert facts["Thành viên tổ ở thôn, ấp, khu phố"] == "328"
    assert "15/03/2022" in text_of(page)
    assert " 24 24 15/03/2022" in text_of(page)  # seats and people of the town's own task force
    assert " 12 12 15/03/2022" in text_of(page)
    assignments = text_of(client.get(reverse("assignment-list") + place))
    assert "6 chủ trì, 18 phối hợp 2 nhóm nhiệm vụ, 5 nhóm tiện ích" in assignments


def test_the_monthly_report_counts_them_too(by_file, month, fill, at, client):
    period = month("2022-08")  # 15 July to 14 August 2022
    at("2022-08-16 09:00")
    reports = Report.objects.filter(period=period, unit__in=by_file.communes).select_related("unit", "period")
    assert reports.count() == 6
    for report, clerk in zip(
        sorted(reports, key=lambda r: by_file.communes.index(r.unit)), by_file.clerks, strict=True
    ):
        fill(report, base=10, ready=True)
        report.indicator_figures.filter(indicator__owner="register").delete()  # nobody types these
        workflow.submit(report_id=report.pk, by=clerk)
        workflow.approve(report_id=report.pk, by=by_file.town_reviewer)
    rollup.drain()
    totals_of_town = {
        row.indicator.code: (row.numerator, row.denominator)
        for row in IndicatorSummary.objects.filter(
            unit=by_file.tx_binh_long, period=period, basis="official", indicator__owner="register"
        ).select_related("indicator")
    }
    assert totals_of_town["TC01"] == (6, 6)
    assert totals_of_town["TC02"] == (58, None)
    assert totals_of_town["TC03"] == (54, 54)
    assert totals_of_town["TC04"] == (328, None)
    client.force_login(by_file.town_chair)
    page = text_of(client.get(f"{reverse('dashboard')}?don_vi={by_file.tx_binh_long.pk}&ky=2022-08&co_so=chinh-thuc"))
    for shown in ("6/6", "54/54", "328", "58"):
        assert f" {shown} " in page
