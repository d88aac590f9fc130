"""The chair's page where the task force meets: the figures of the dashboard, in its order, for the same people."""

import re

import pytest
from django.urls import reverse

from reporting.models import Report
from reporting.rollup import rollup
from tests.test_dashboard import build_bulk, hand_in, november  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def wall(client, user, **query):
    client.force_login(user)
    return client.get(reverse("dashboard-meeting"), query)


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def slides(answer):
    """Identifier -> what the section says, in the order shown."""
    html = answer.content.decode()
    parts = re.split(r'class="slide[^"]*" id="([^"]+)"', html[: html.index('class="room-bar"')])
    return {name: text_of("<" + said) for name, said in zip(parts[1::2], parts[2::2], strict=True)}


def test_it_steps_through_state_figures_findings_services_and_units(world, november, client):  # noqa: F811
    answer = wall(client, world.chair)
    shown = slides(answer)
    kinds = list(dict.fromkeys(re.sub(r"-\d+$", "", name) for name in shown))
    assert kinds == ["tinh-hinh", "chua-nop", "so", "van-de", "dich-vu", "don-vi"]
    assert "Tổng quan tháng 11/2026: 2/4 đơn vị đã nộp" in shown["tinh-hinh"]
    assert "Xã Phú Riềng" in shown["chua-nop"]
    assert [name for name in shown if name.startswith("so-")] == [f"so-{k}" for k in range(1, 7)]
    assert "Số liệu chính 3/6 Trước và đúng hạn 97,03%" in shown["so-3"]  # 98 of 101
    assert "so với T10/2026" in shown["so-3"]
    assert "Đang quá hạn" in shown["so-4"]


def test_the_figures_are_those_of_the_dashboard(world, november, client):  # noqa: F811
    client.force_login(world.chair)
    both = [client.get(reverse(name), {"ky": "2026-11"}).context for name in ("dashboard", "dashboard-meeting")]
    assert both[0]["stats"] == both[1]["stats"]
    assert [f["title"] for f in both[0]["findings"]] == [f["title"] for f in both[1]["findings"]]
    units = {row["name"]: row for row in both[0]["units"]}
    assert [row for rows in both[1]["units"] for row in rows if row != units[row["name"]]] == []
    assert sum(map(len, both[1]["units"])) == len(units)


def test_units_and_services_stand_worst_first_five_at_a_time(world, month, put, client, at):
    """Of 1,000 files each unit k resolves 10 k late; a unit of few files is not judged and follows, then the others."""
    at("2026-11-18 09:00")
    build_bulk(world, 5)
    period = month("2026-11")
    bulk = (
        Report.objects.filter(period=period, unit__code__startswith="8").select_related("unit").order_by("unit__code")
    )
    for k, report in enumerate(bulk, 1):
        put(report.unit, period, 1000, early=1000 - 10 * k, overdue=10 * k)
    put(world.phuoc_binh, period, 1, early=0, overdue=1)
    put(world.phuoc_long, period, 1000, early=1000, service="DVC12")
    rollup.roll_up(period)
    answer = wall(client, world.chair, ky="2026-11")
    parts = answer.context["units"]
    assert [len(rows) for rows in parts] == [5, 4]
    rates = [
        next(text for label, text, *_ in row["cells"] if label == "Trước và đúng hạn") for rows in parts for row in rows
    ]
    assert rates == ["95,00%", "96,00%", "97,00%", "98,00%", "99,00%", "100,00%", "0,00%", "–", "–"]
    services = [row["code"] for rows in answer.context["services"] for row in rows]
    assert services == ["DVC09", "DVC12"]


def test_a_commune_has_its_rank_and_no_units(world, november, client):  # noqa: F811
    shown = slides(wall(client, world.officer))
    assert not [name for name in shown if name.startswith("don-vi")]
    assert "so-6" in shown


def test_what_points_into_the_dashboard_points_there(world, november, client):  # noqa: F811
    for user in (world.chair, world.officer):
        html = wall(client, user).content.decode()
        own = set(re.findall(r' id="([^"]+)"', html))
        assert set(re.findall(r'href="#([^"]*)"', html)) <= own


def test_the_time_of_the_figures_and_the_way_back_stand_on_it(world, november, client):  # noqa: F811
    html = wall(client, world.chair, ky="2026-11", co_so="chinh-thuc").content.decode()
    head = text_of(html[html.index('class="room-head"') : html.index("<main")])
    assert re.search(r"Tỉnh Đồng Nai, tháng 11/2026 Số chính thức Số liệu đến \d\d:\d\d ngày \d\d/\d\d/2026", head)
    address = f"{reverse('dashboard')}?don_vi={world.dong_nai.pk}&amp;ky=2026-11&amp;co_so=chinh-thuc"
    assert f'href="{address}" data-leave' in html


def test_the_dashboard_and_the_agenda_lead_to_it(world, november, client):  # noqa: F811
    client.force_login(world.chair)
    for name in ("dashboard", "agenda"):
        html = client.get(reverse(name), {"ky": "2026-11"}).content.decode()
        assert f'href="{reverse("dashboard-meeting")}?don_vi={world.dong_nai.pk}&amp;ky=2026-11' in html


def test_without_figures_it_says_so(world, client):
    assert "không có số liệu trong kỳ này" in wall(client, world.chair).content.decode()


@pytest.mark.parametrize("communes", [0, 560])
def test_it_takes_no_more_queries_than_the_dashboard(world, month, client, at, django_assert_max_num_queries, communes):
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
        for most in (34, 19):  # as test_dashboard.py asks of the dashboard
            with django_assert_max_num_queries(most):
                response = client.get(reverse("dashboard-meeting"), {"ky": "2026-11", **query})
            assert response.status_code == 200
