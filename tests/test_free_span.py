"""Spans as the reader chooses them: several years, and "từ tháng … đến tháng …" with what is wrong beside the field."""

import pytest
from django.urls import reverse

from de_an_06.plain.spans import MOST_MONTHS, Month, Span, month_typed
from reporting.models import Period
from reporting.views.choices import span_groups
from taskforces.models import Level
from tests.conftest import make_person, make_unit
from tests.ways_out import send

WRITE_SO = "Ghi tháng và năm, ví dụ 01/2025."


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("01/2025", (2025, 1)),
        ("1/2025", (2025, 1)),
        (" tháng 1/2025 ", (2025, 1)),
        ("Tháng 12/2024", (2024, 12)),
        ("T9.2026", (2026, 9)),
        ("9-2026", (2026, 9)),
        ("2026-09", (2026, 9)),
        ("13/2025", None),
        ("0/2025", None),
        ("2025", None),
        ("1/25", None),
        ("", None),
        ("1/2025 đến 2/2025", None),
        ("1/1999", None),
    ],
)
def test_a_month_as_people_write_it(text, month):
    assert month_typed(text) == (Month(*month) if month else None)


def test_a_span_has_at_most_sixty_months():
    assert len(Span.parse("2020-01..2024-12").months) == MOST_MONTHS == 60
    with pytest.raises(ValueError, match=r"2020-01\.\.2025-01"):
        Span.parse("2020-01..2025-01")


def periods(first, last):
    return [Period(year=m.year, month=m.month) for m in Span.between(first, last).months]


def offered(own):
    return dict(span_groups(own, None)).get("Nhiều năm", [])


def test_several_years_are_offered_where_there_are_months_of_several_years():
    two = offered(periods(Month(2024, 11), Month(2026, 10)))
    assert [(key, label) for key, label, _ in two] == [
        ("2024-11..2026-10", "Tháng 11/2024 đến tháng 10/2026"),  # the last 24: "hai năm thực hiện"
        ("2025-01..2026-12", "Hai năm 2025–2026"),
        ("2024-01..2026-12", "Ba năm 2024–2026"),
    ]
    assert offered(periods(Month(2025, 11), Month(2026, 10))) == []
    long = [key for key, _, _ in offered(periods(Month(2019, 1), Month(2026, 10)))]
    assert long[0:2] == ["2024-11..2026-10", "2023-11..2026-10"]
    assert long[-1] == "2021-11..2026-10"
    assert all(len(Span.parse(key).months) <= MOST_MONTHS for key in long)


@pytest.fixture
def lasting(world, month, at):
    """A commune that no reform touched, with three months two years apart."""
    at("2026-11-28 09:00")
    world.lasting = make_unit("97", "Tỉnh Bền", "tinh", Level.PROVINCE, world.nation)
    world.first = make_unit("97001", "Xã Một", "xa", Level.COMMUNE, world.lasting)
    world.reader = make_person("chubien", "Vũ Thị Chủ Bền", world.lasting, "chair")
    for key, received in (("2024-11", 5), ("2025-06", 7), ("2026-10", 11)):
        send(world.first, month(key), received_online=received, pending_overdue=received)
    return world


def ask(client, world, name="dashboard", **query):
    client.force_login(world.reader)
    return client.get(reverse(name), query)


@pytest.mark.django_db
def test_two_years_are_summed_and_a_stock_is_the_last(lasting, client):
    answer = ask(client, lasting, tu_thang="11/2024", den_thang="tháng 10/2026")
    seen = answer.context["seen"]
    assert seen.span.key == "2024-11..2026-10"
    assert (seen.dossiers.received, seen.dossiers.pending_overdue) == (23, 11)
    assert "ky=2024-11..2026-10" in answer.context["export_query"]
    assert 'name="tu_thang" value="11/2024"' in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "last", "errors"),
    [
        ("abc", "10/2026", {"tu_thang": WRITE_SO}),
        ("13/2026", "", {"tu_thang": WRITE_SO, "den_thang": WRITE_SO}),
        ("10/2026", "9/2026", {"den_thang": "Tháng cuối phải từ tháng 10/2026 trở đi."}),
        ("1/2020", "1/2025", {"den_thang": "Chọn nhiều nhất 60 tháng, đến tháng 12/2024."}),
        ("1/2020", "2/2020", {"tu_thang": "Không có kỳ báo cáo nào trong khoảng này. Đơn vị có kỳ báo cáo từ tháng "
                                          "11/2024 đến tháng 10/2026."}),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_the_page_stays(lasting, client, first, last, errors):
    for name in ("dashboard", "dashboard-heat", "dashboard-board"):
        answer = ask(client, lasting, name, ky="2025-06", tu_thang=first, den_thang=last)
        assert answer.status_code == 200
        ctx = answer.context["ctx"]
        assert {field["name"]: field["error"] for field in ctx["typed"] if field["error"]} == errors
        assert [field["value"] for field in ctx["typed"]] == [first, last]
        assert ctx["span_key"] == "2025-06"
        body = answer.content.decode()
        for field, words in errors.items():
            assert f'aria-describedby="{field}-loi"' in body
            assert words in body


@pytest.mark.django_db
def test_what_was_typed_is_shown_as_text(lasting, client):
    body = ask(client, lasting, tu_thang='"><script>x</script>', den_thang="1/2026").content.decode()
    assert "<script>x" not in body


@pytest.mark.django_db
def test_the_export_page_offers_the_months_of_the_unit_chosen(lasting, month, client):
    month("2023-01")  # nobody of the new unit's
    late = make_unit("97002", "Xã Mới", "xa", Level.COMMUNE, lasting.lasting, opened=month("2026-10").data_from)
    month("2026-10")
    client.force_login(lasting.reader)
    form = client.get(reverse("export-list"), {"don_vi": late.pk, "ky": "2026-10"}).context["form"]
    assert [key for key, _, _ in dict(form["spans"])["Tháng"]] == ["2026-10"]
