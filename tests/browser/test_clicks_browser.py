"""How far each answer is: from the home page after logging in, a chair, a chair of a district and a leader of a commune
click, and the clicks are counted. What needs no click stands on the first page; nothing is more than two away.

`pytest -s` prints the clicks and the seconds of each answer.
"""

import time

import pytest
from playwright.sync_api import expect

from reporting.models import Report, ServiceFigures
from reporting.rollup import rollup
from taskforces.models import Level
from tests.conftest import FIRST_NEW, LAST_OLD, make_unit
from tests.test_against_targets import give as give_target
from tests.test_assignments import give as give_task
from tests.test_assignments import make_source
from tests.test_meetings import D, conclude, found, meet

pytestmark = pytest.mark.django_db(transaction=True)

NOT_REPORTED = "who has not reported"
BAD = "where is it bad"
CHANGED = "what changed since last month and last year"
TARGET = "how far from the target"
OVERDUE = "what is overdue and whose"
RANK = "my rank"
COPIED = "who copied last month"
CONCLUDE = "what to conclude"
CARDS, FINDINGS = ".stats", "section[aria-labelledby=dieu]"
LATE, WHO, RANKS = (
    "section[aria-labelledby=viec-qua-han]",
    "section[aria-labelledby=nop]",
    "section[aria-labelledby=hang]",
)


def ask(page, question, clicks, where, *says):
    """Really click, from the home page; then the place says it."""
    started = time.perf_counter()
    page.goto("/")
    for name in clicks:
        page.get_by_role("link", name=name, exact=True).first.click()
    for words in says:
        expect(page.locator(where).first).to_contain_text(words)
    return question, len(clicks), time.perf_counter() - started


def hand_in(fill, unit, period, base, late=0):
    """All services of the unit, of births so many late. What is not of November is approved."""
    status = "approved" if period.month != 11 or period.year in (2023, 2025) else "submitted"
    report = fill(Report.objects.select_related("period").get(unit=unit, period=period), base=base, status=status)
    births = ServiceFigures.objects.filter(report=report, service__code="DVC09")
    births.update(resolved_on_time=base - late, resolved_overdue=late)


def tell(who, answers):
    for question, clicks, seconds in answers:
        print(f"{who}: {question}: {clicks} clicks, {seconds:.1f} s")


@pytest.fixture
def november(world, month, fill, at):
    """Đồng Nai: eight wards and a commune that has not sent. Phước Long is slow, sends October's figures again, and is
    late with what the province told it."""
    at("2026-10-05 09:00")
    wards = [world.phuoc_long, world.phuoc_binh]
    wards += [
        make_unit(f"9000{k}", f"Phường Số {k}", "phuong", Level.COMMUNE, world.dong_nai, FIRST_NEW) for k in range(6)
    ]
    periods = [month(key) for key in ("2025-11", "2026-10", "2026-11")]
    for number, period in enumerate(periods):
        for k, ward in enumerate(wards):
            is_slow = ward == world.phuoc_long
            base = 30 if is_slow and number else 40 + 9 * k + number
            hand_in(fill, ward, period, base, late=12 if is_slow else k)
        rollup.roll_up(period)
    give_task(world, make_source(world.staff)[1][0], world.phuoc_long, due_on=D(2026, 11, 2))
    for by, unit in ((world.staff, world.dong_nai), (world.officer, world.phuoc_long)):
        meeting = meet(by, found(by, unit), D(2026, 10, 1))
        conclude(by, meeting, "Rà soát hồ sơ chậm", world.phuoc_long, D(2026, 11, 30))
    for unit in (world.dong_nai, world.phuoc_long):
        give_target(unit, 98, rate="in_time_rate")
    at("2026-11-18 09:00")
    return world


def test_a_chair_of_a_province_has_every_answer_within_two_clicks(open_browser, november):
    page = open_browser(november.chair)
    answers = [
        ask(page, NOT_REPORTED, [], WHO, "Xã Phú Riềng"),
        ask(page, BAD, [], FINDINGS, "Phường Phước Long, Đăng ký khai sinh: 60,00% trước và đúng hạn"),
        ask(page, CHANGED, [], CARDS, "so với T10/2026", "so với T11/2025"),
        ask(page, TARGET, [], CARDS, "Chỉ tiêu năm 2026: ≥\N{NO-BREAK SPACE}98%; đạt "),
        ask(page, OVERDUE, [], LATE, "Phường Phước Long"),
        ask(page, RANK, [], "section[aria-labelledby=xep]", "Phường Phước Long"),  # a province ranks, and has no rank
        ask(page, COPIED, [], FINDINGS, "Phường Phước Long: số liệu giống tháng 10/2026"),
        ask(page, CONCLUDE, ["Chương trình họp"], "main", "Rà soát hồ sơ chậm", "Phường Phước Long"),
    ]
    tell("chair", answers)
    assert [clicks for _, clicks, _ in answers] == [0, 0, 0, 0, 0, 0, 0, 1]


def test_a_leader_of_a_commune_has_every_answer_within_two_clicks(open_browser, november):
    page = open_browser(november.leader)
    overview = ["Tổng quan"]
    answers = [
        ask(page, NOT_REPORTED, [], "main", "Báo cáo tháng 11/2026"),
        ask(page, BAD, overview, FINDINGS, "Đăng ký khai sinh: chậm nhất trong các dịch vụ"),
        ask(page, CHANGED, overview, CARDS, "so với T10/2026", "so với T11/2025"),
        ask(page, TARGET, overview, CARDS, "Chỉ tiêu năm 2026: ≥\N{NO-BREAK SPACE}98%; đạt "),
        ask(page, OVERDUE, overview, LATE, "quá hạn"),
        ask(page, RANK, overview, RANKS, "Hạng 8"),
        ask(page, COPIED, overview, FINDINGS, "Số liệu giống tháng 10/2026"),
        ask(page, CONCLUDE, [*overview, "Chương trình họp"], "main", "Rà soát hồ sơ chậm"),
    ]
    tell("leader", answers)
    assert [clicks for _, clicks, _ in answers] == [0, 1, 1, 1, 1, 1, 1, 2]


@pytest.fixture
def november_2024(world, month, fill, at):
    """Bình Phước: seven towns. In Phước Long Thác Mơ is slow and sends October's figures again, Long Thủy none."""
    at("2024-10-05 09:00")
    towns = [
        make_unit(f"80{k}", f"Thị xã Số {k}", "thi_xa", Level.DISTRICT, world.binh_phuoc, closed=LAST_OLD)
        for k in range(5)
    ]
    towns += [world.tx_phuoc_long, world.tx_binh_long]
    for number, key in enumerate(("2023-11", "2024-10", "2024-11")):
        period = month(key)
        for k, town in enumerate(towns):
            hand_in(fill, town, period, 60 + k, late=k)
        hand_in(fill, world.thac_mo, period, 30 if number else 25, late=12)
        rollup.roll_up(period)
    give_task(
        world,
        make_source(world.old_staff)[1][0],
        world.thac_mo,
        by=world.old_staff,
        assigned_on=D(2024, 1, 15),
        due_on=D(2024, 11, 2),
    )
    by = world.district_reviewer
    meeting = meet(by, found(by, world.tx_phuoc_long, since=D(2024, 1, 5)), D(2024, 10, 1))
    conclude(by, meeting, "Rà soát hồ sơ chậm", world.thac_mo, D(2024, 11, 30))
    give_target(world.tx_phuoc_long, 98, rate="in_time_rate", year=2024)
    at("2024-11-18 09:00")
    return world


def test_a_chair_of_a_district_has_every_answer_within_two_clicks(open_browser, november_2024):
    page = open_browser(november_2024.district_chair)
    answers = [
        ask(page, NOT_REPORTED, [], WHO, "Phường Long Thủy"),
        ask(page, BAD, [], FINDINGS, "Phường Thác Mơ, Đăng ký khai sinh: 60,00% trước và đúng hạn"),
        ask(page, CHANGED, [], CARDS, "so với T10/2024", "so với T11/2023"),
        ask(page, TARGET, [], CARDS, "Chỉ tiêu năm 2024: ≥\N{NO-BREAK SPACE}98%; đạt "),
        ask(page, OVERDUE, [], LATE, "Phường Thác Mơ"),
        ask(page, RANK, [], RANKS, "Hạng "),
        ask(page, COPIED, [], FINDINGS, "Phường Thác Mơ"),
        ask(page, CONCLUDE, ["Chương trình họp"], "main", "Rà soát hồ sơ chậm", "Phường Thác Mơ"),
    ]
    tell("district chair", answers)
    assert [clicks for _, clicks, _ in answers] == [0, 0, 0, 0, 0, 0, 0, 1]
