"""One rounding and one reading: the same rate on every screen, in the chart, the file and the API."""

import json
import re

import openpyxl
import pytest
from django.urls import reverse

from de_an_06.plain.numbers import format_rate, plain_rate, rate, rounded
from de_an_06.plain.spans import Span
from reporting.exports import excel
from reporting.models import PublicService, Report, ServiceFigures
from reporting.rollup import rollup

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ODD = {1: "0,13", 3: "0,38", 5: "0,63", 7: "0,88"}  # n of 800: 0.125, 0.375, 0.625, 0.875, half away from zero


@pytest.fixture
def hand_in(world, month, fill, at):
    def write(early, resolved, online=None):
        at("2026-11-18 09:00")
        period = month("2026-11")
        report = Report.objects.get(unit=world.phuoc_long, period=period)
        fill(report, services=[], status="approved")
        ServiceFigures.objects.create(
            report=report, service=PublicService.objects.get(code="DVC09"), opening=0,
            received_online=early if online is None else online, received_in_person=resolved - early,
            received_postal=0, resolved_early=early, resolved_on_time=0, resolved_overdue=resolved - early, rejected=0,
            pending_in_time=0, pending_overdue=0,
        )  # fmt: skip
        rollup.roll_up(period)
        return period

    return write


@pytest.mark.parametrize(
    ("early", "resolved", "text", "heat", "tone"),
    [
        *[(n, 800, text, text, "s5") for n, text in ODD.items()],
        (1999, 2000, "99,95", "99,95", "s1"),  # not 100
        (9999, 10000, "99,99", "99,99", "s1"),
        (199, 200, "99,50", "99,50", "s1"),
        (98995, 100000, "99,00", "99,00", "s1"),  # the colour is that of the text: 98.995
        (98994, 100000, "98,99", "98,99", "s2"),
        (23, 20000, "0,12", "0,12", "s5"),  # 0.115
        (201, 20000, "1,01", "1,01", "s5"),  # 1.005: below it in binary
        (800, 800, "100,00", "100", "s1"),
        (0, 800, "0,00", "0,00", "s5"),
        (0, 0, "–", None, None),
    ],
)
def test_one_rate_reads_the_same_everywhere(client, world, hand_in, tmp_path, early, resolved, text, heat, tone):
    hand_in(early, resolved)
    shown = "–" if text == "–" else text + "%"
    client.force_login(world.chair)
    page = client.get(reverse("dashboard"), {"ky": "2026-11"})
    context = page.context
    cards = {card["label"]: card["value"] for card in context["stats"]}
    assert (cards["Trước và đúng hạn"], cards["Tỷ lệ trực tuyến"]) == (shown, shown)
    [row] = [row for row in context["units"] if row["name"] == "Phường Phước Long"]
    for cells in (row["cells"], context["unit_total"]["cells"]):
        assert [t for label, t, *_ in cells if label in {"Trước và đúng hạn", "Trực tuyến"}] == [shown, shown]
    for line in context["services"]["rows"]:
        assert [t for _, t, *_ in line["cells"]].count(shown) >= 2
    # one of four expected reports is in, so the province's trend keeps its gap: the commune's own page draws it
    own = client.get(reverse("dashboard"), {"ky": "2026-11", "don_vi": world.phuoc_long.pk})
    point = own.context["trend"]["points"][-1]
    assert (point["in_time_text"], point["online_text"]) == (shown, shown)
    drawn = json.loads(re.search(r'id="bieu-do-so-lieu"[^>]*>(.*?)</script>', own.content.decode(), re.S)[1])
    for value in (drawn["in_time"][-1], drawn["online"][-1]):
        assert value is None if text == "–" else f"{value:.2f}".replace(".", ",") == text
    if heat is None:
        assert context["heat"] is None
        assert context["ranking"]["rows"] == []
    else:
        [cells] = [r for r in context["heat"]["rows"] if r["name"] == "Phường Phước Long"]
        assert (cells["cells"], cells["total"]) == ([(heat, tone)], heat)
        assert (context["heat"]["foot"], context["heat"]["total"]) == ([heat], heat)
        assert [r["value"] for r in context["ranking"]["rows"]] == [shown]
    source = client.get(reverse("dashboard-source"), {"ky": "2026-11", "so": "in_time_rate"})
    assert source.context["rate"] == shown
    assert [r["rate"] for r in source.context["rows"]] == ([shown] if resolved else ["–"])
    client.force_login(world.reviewer)
    review = client.get(reverse("review-list"), {"ky": "2026-11"})
    [listed] = [r for r in review.context["review"].rows if r.name == "Phường Phước Long"]
    assert listed.on_time == shown
    client.force_login(world.chair)
    body = client.get("/api/summaries/", {"unit": world.dong_nai.pk, "period": "2026-11"}).json()
    said = None if text == "–" else text.replace(",", ".")
    assert [(s["in_time_rate"], s["online_rate"]) for s in body["services"]] == [(said, said)]
    path = tmp_path / "tep.xlsx"
    excel.write_summary(path, unit_id=world.dong_nai.pk, span=Span.parse("2026-11"), basis="provisional")
    for name, column in (("Theo đơn vị", 19), ("Theo dịch vụ", 19)):
        sheet = openpyxl.load_workbook(path, data_only=True)[name]
        rows = [r for r in sheet.iter_rows(min_row=11) if r[column - 6].value is not None]
        assert rows
        for each in rows:
            cell = each[column - 1]
            assert cell.number_format == "0.00%"
            assert cell.value == ("–" if text == "–" else early / resolved)


def test_only_the_online_channel_filled_reads_alike_on_review_and_dashboard(client, world, hand_in):
    """The other channels blank: what is known is added, on both pages."""
    hand_in(7, 7)
    ServiceFigures.objects.update(
        received_in_person=None, received_postal=None, resolved_on_time=None, resolved_overdue=None
    )
    rollup.roll_up(Report.objects.first().period)
    client.force_login(world.reviewer)
    review = client.get(reverse("review-list"), {"ky": "2026-11"})
    [listed] = [r for r in review.context["review"].rows if r.name == "Phường Phước Long"]
    assert (listed.received, listed.on_time) == ("7", "100,00%")
    page = client.get(reverse("dashboard"), {"ky": "2026-11"})
    cards = {card["label"]: card["value"] for card in page.context["stats"]}
    assert (cards["Hồ sơ tiếp nhận"], cards["Tỷ lệ trực tuyến"]) == ("7", "100,00%")
    assert cards["Trước và đúng hạn"] == "100,00%"


@pytest.mark.parametrize(
    ("n", "of", "text"), [(19999, 20000, "100.00"), (1, 20000, "0.01"), (199999, 2000000, "10.00")]
)
def test_ties_go_away_from_zero_in_every_form(n, of, text):
    assert plain_rate(n, of) == text
    assert format_rate(n, of) == text.replace(".", ",") + "%"
    assert rounded(-rate(n, of), 2) == -rounded(rate(n, of), 2)
