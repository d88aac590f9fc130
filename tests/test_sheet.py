"""The chair's sheet of A4: the figures of the dashboard, few rows of each part, for the same people."""

import datetime as dt

import pytest
from django.urls import reverse

from reporting.models import Report
from reporting.rollup import rollup
from tests.test_boardroom import text_of
from tests.test_dashboard import build_bulk, hand_in, november  # noqa: F401
from tests.test_meetings import conclude, found, meet

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
JANUARY = dt.date(2026, 1, 5)


def sheet(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard-sheet"), query)


def said(answer):
    html = answer.content.decode()
    return text_of(html[html.index("<article") : html.index("</article")])


def test_the_figures_are_those_of_the_dashboard_and_the_basis_is_said(world, november, client):  # noqa: F811
    client.force_login(world.chair)
    both = [client.get(reverse(name), {"ky": "2026-11"}).context for name in ("dashboard", "dashboard-sheet")]
    assert both[0]["stats"] == both[1]["stats"]
    assert [f["title"] for f in both[0]["findings"]] == [f["title"] for f in both[1]["findings"]]
    text = said(sheet(client, world.chair, ky="2026-11"))
    assert "Tỉnh Đồng Nai Số tạm tính · Số liệu đến" in text
    assert "Tổng quan tháng 11/2026: 2/4 đơn vị đã nộp" in text
    assert "Tình hình nộp báo cáo 2/4" in text
    assert "Số chính thức" in said(sheet(client, world.chair, ky="2026-11", co_so="chinh-thuc"))


def test_the_worst_and_the_best_of_those_judged_and_nobody_twice(world, month, put, client, at):
    """Unit k of seven resolves 10 k of 1,000 files late; of one that has a single file nothing is said."""
    at("2026-11-18 09:00")
    build_bulk(world, 7)
    period = month("2026-11")
    bulk = Report.objects.filter(period=period, unit__code__startswith="8").select_related("unit")
    for k, report in enumerate(bulk.order_by("unit__code"), 1):
        put(report.unit, period, 1000, early=1000 - 10 * k, overdue=10 * k)
    put(world.phuoc_binh, period, 1, early=0, overdue=1)
    put(world.phuoc_long, period, 1000, early=1000, service="DVC12")
    rollup.roll_up(period)
    found_tables = dict(sheet(client, world.chair, ky="2026-11").context["tables"])
    names = {words: [row["name"] for row in rows] for words, rows in found_tables.items()}
    assert names["Đơn vị thấp nhất"] == ["Xã Lớn 6", "Xã Lớn 5", "Xã Lớn 4", "Xã Lớn 3", "Xã Lớn 2"]
    assert names["Đơn vị cao nhất"] == ["Phường Phước Long", "Xã Lớn 0", "Xã Lớn 1"]
    assert {words: len(rows) for words, rows in names.items() if words.startswith("Dịch vụ")} == {
        "Dịch vụ thấp nhất": 2,
        "Dịch vụ cao nhất": 0,  # there are two services in all
    }
    row = found_tables["Đơn vị thấp nhất"][0]
    assert [(label, text) for label, text, *_ in row["cells"]] == [
        ("Trực tuyến", "100,00%"),
        ("Trước và đúng hạn", "93,00%"),
        ("Đang quá hạn", "0"),
    ]


def test_open_conclusions_of_the_own_meetings_the_latest_first_three_named(world, november, client):  # noqa: F811
    force = found(world.staff, world.dong_nai)
    meeting = meet(world.staff, force, dt.date(2026, 10, 1))
    for k, due in enumerate((20, 5, 12, 25), 1):  # of November; today is the 18th
        conclude(world.staff, meeting, f"Kết luận {k}", world.phuoc_long, dt.date(2026, 11, due))
    text = said(sheet(client, world.chair, ky="2026-11"))
    assert "4 kết luận cuộc họp chưa xong , 2 quá hạn:" in text
    order = [text.index(f"Kết luận {k} –") for k in (2, 3, 1)]
    assert order == sorted(order)
    assert "Kết luận 4 –" not in text
    assert "Kết luận" not in said(sheet(client, world.officer, ky="2026-11"))  # the commune held no meeting


def test_the_sheet_of_a_commune_has_its_own_report_and_no_units(world, november, client):  # noqa: F811
    answer = sheet(client, world.officer, ky="2026-11")
    assert "Báo cáo của đơn vị 1/1" in said(answer)
    assert all(words.startswith("Dịch vụ") for words, _ in answer.context["tables"])


def test_the_dashboard_leads_to_it_and_it_leads_back(world, november, client):  # noqa: F811
    client.force_login(world.chair)
    query = f"?don_vi={world.dong_nai.pk}&amp;ky=2026-11&amp;co_so=tam-tinh"
    there = client.get(reverse("dashboard"), {"ky": "2026-11"}).content.decode()
    assert f'href="{reverse("dashboard-sheet")}{query}"' in there
    assert f'href="{reverse("dashboard")}{query}"' in sheet(client, world.chair, ky="2026-11").content.decode()


def test_without_figures_it_says_so(world, client):
    assert "không có số liệu trong kỳ này" in sheet(client, world.chair).content.decode()


@pytest.mark.parametrize("communes", [0, 560])
def test_its_queries_are_few(world, month, client, at, django_assert_max_num_queries, communes):
    at("2026-11-18 09:00")
    build_bulk(world, communes)
    hand_in([month("2026-10"), month("2026-11")])
    for user, query in [
        (world.chair, {}),
        (world.chair, {"ky": "2026-Q4"}),
        (world.administrator, {"don_vi": world.nation.pk}),
        (world.officer, {}),
    ]:
        client.force_login(user)
        with django_assert_max_num_queries(37):  # the dashboard's 34, and three for conclusions
            response = client.get(reverse("dashboard-sheet"), {"ky": "2026-11", **query})
        assert response.status_code == 200


def test_a_person_of_the_demonstration_reads_figures_of_no_later_day(world, month, put, client, at, settings):
    """Their totals were made on a real day, after the day on which they live."""
    at("2026-11-28 10:00")
    period = month("2026-11")
    put(world.phuoc_long, period, 50, early=50)
    rollup.roll_up(period)
    assert "Số liệu đến 10:00 ngày 28/11/2026" in said(sheet(client, world.chair, ky="2026-11"))
    at("2026-11-28 11:00")
    settings.DEBUG = True
    type(world.chair).objects.filter(pk=world.chair.pk).update(demo_today=dt.date(2026, 11, 16))
    world.chair.refresh_from_db()
    assert "Số liệu đến 11:00 ngày 16/11/2026" in said(sheet(client, world.chair, ky="2026-11"))
