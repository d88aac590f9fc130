"""The nation of the benchmark: 3,321 communes, 12 services, 12 months; and a province of 560 communes with three
campaigns of 45 days. By bulk SQL."""

import datetime as dt
import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg2

DATABASE = "de_an_06_bench"
LAST_MONTH = "2026-11"
MONTHS = 12
SERVICES = 12
LARGE = 560  # communes of one province, districts between
LONGEST_QUERY = "60s"
OLD_MONTH = "2024-06"  # three tiers; one province reports
CAMPAIGNS, CAMPAIGN_DAYS = 3, 45


@dataclass
class World:
    """Ids that the sections measure with."""

    period: object  # the last month, of the whole nation
    periods: list
    old_period: object  # the month of the large province
    nation: object
    province: object  # the province with most communes in the nation's month
    large_province: object  # about 560 communes under districts
    communes: int
    large_communes: int
    campaigns: list  # of the large province, each with one measure and all its communes


def create_database(url: str) -> str:
    """Makes an empty database on the server of `url` and returns the address of it."""
    drop_database(url)
    _on_server(url, f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")
    _on_server(url, f"ALTER DATABASE {DATABASE} SET statement_timeout = '{LONGEST_QUERY}'")
    return urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}"))


def drop_database(url: str) -> None:
    _on_server(url, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _on_server(url: str, *statements: str) -> None:
    connection = psycopg2.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")), connect_timeout=5)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def build(say) -> World:
    """Units and catalogue as shipped, then every report and figure by INSERT … SELECT. Django is set up already."""
    from django.core.management import call_command
    from django.db import connection

    from de_an_06.plain.spans import Span
    from reporting.models import ParticipatingArea, Report
    from reporting.periods import open_period
    from taskforces.models import AdministrativeUnit, UnitVersion

    with open(os.devnull, "w") as quiet:
        call_command("migrate", verbosity=0)
        say("units and catalogue ...")
        call_command("load_units", stdout=quiet)
        call_command("load_catalogue", stdout=quiet)
    nation = AdministrativeUnit.objects.get(level="nation")
    with connection.cursor() as cursor:
        _keep_twelve_services(cursor)
    new, old = dt.date(2025, 7, 1), dt.date(2024, 6, 14)
    large = _province_of(LARGE, UnitVersion.objects.on(old))
    ParticipatingArea.objects.all().delete()
    ParticipatingArea.objects.create(unit=nation, valid_from=new)
    ParticipatingArea.objects.create(unit=large, valid_from=dt.date(2022, 1, 1), valid_to=dt.date(2025, 6, 30))

    last = Span.parse(LAST_MONTH).first
    say(f"{MONTHS} months of the nation, one of the large province ...")
    periods = [open_period(last.plus(i - MONTHS + 1)) for i in range(MONTHS)]
    old_period = open_period(Span.parse(OLD_MONTH).first)
    with connection.cursor() as cursor:
        _approve_most(cursor)
        say("figures ...")
        cursor.execute("SET statement_timeout = 0")
        _fill(cursor)
        campaigns = _hold_campaigns(cursor, large)
        cursor.execute("DELETE FROM reporting_rolluprequest")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    province = _province_of(LARGE, UnitVersion.objects.on(periods[-1].data_to))
    return World(
        period=periods[-1],
        periods=periods,
        old_period=old_period,
        nation=nation,
        province=province,
        large_province=large,
        communes=Report.objects.filter(period=periods[-1], level="commune").count(),
        large_communes=Report.objects.filter(period=old_period, level="commune").count(),
        campaigns=campaigns,
    )


def _province_of(communes: int, versions):
    """The province whose number of communes in this tree is nearest to the number wanted."""
    from taskforces.models import AdministrativeUnit

    under: dict[int, int] = {}
    for path in versions.filter(unit__level="commune").values_list("path", flat=True):
        province = int(path.split("/")[2])
        under[province] = under.get(province, 0) + 1
    return AdministrativeUnit.objects.get(pk=min(under, key=lambda pk: (abs(under[pk] - communes), pk)))


def _keep_twelve_services(cursor) -> None:
    """Communes report twelve services, in both trees; the others nobody."""
    cursor.execute(
        f"""
        UPDATE reporting_serviceterms SET at_commune = FALSE, at_district = FALSE, at_province = FALSE
        WHERE service_id NOT IN (
            SELECT service_id FROM reporting_serviceterms WHERE at_commune GROUP BY service_id
            HAVING MIN(valid_from) < '2024-06-01' ORDER BY service_id LIMIT {SERVICES})
        """
    )


def _approve_most(cursor) -> None:
    """Of 20 reports 17 approved, 2 sent, 1 still typed; the older months are all approved."""
    cursor.execute(
        """
        UPDATE reporting_report r SET
            status = CASE WHEN p.month = 11 AND r.id % 20 = 0 THEN 'draft'
                          WHEN p.month = 11 AND r.id % 20 < 3 THEN 'submitted' ELSE 'approved' END,
            submitted_at = p.data_to + INTERVAL '2 days', approved_at = p.data_to + INTERVAL '4 days', revision = 1,
            office_ready_at = p.data_to + INTERVAL '1 day', police_ready_at = p.data_to + INTERVAL '1 day'
        FROM reporting_period p WHERE p.id = r.period_id
        """
    )


def _fill(cursor) -> None:
    """Plausible figures that keep the identity, made from the ids alone: the same at every run."""
    cursor.execute(
        """
        INSERT INTO reporting_servicefigures (report_id, service_id, opening, received_online, received_in_person,
            received_postal, resolved_early, resolved_on_time, resolved_overdue, rejected, pending_in_time,
            pending_overdue)
        SELECT id, service_id, 5, n, 0, 0, n / 2, n - n / 2 - n % 3, 0, n % 3, 4, 1
        FROM (SELECT r.id, t.service_id, 60 + (r.unit_id * 7 + t.service_id * 31) % 300 + (r.id + t.service_id) % 9 AS n
              FROM reporting_report r
              JOIN reporting_period p ON p.id = r.period_id
              JOIN reporting_serviceterms t
                ON t.valid_from <= p.data_to AND (t.valid_to IS NULL OR t.valid_to >= p.data_to)
               AND CASE r.level WHEN 'commune' THEN t.at_commune WHEN 'district' THEN t.at_district
                   ELSE t.at_province END) made
        ORDER BY id, service_id
        """
    )
    cursor.execute(
        """
        INSERT INTO reporting_indicatorfigure (report_id, indicator_id, numerator, denominator, qualifier, note)
        SELECT id, indicator_id, n, CASE WHEN kind = 'ratio' THEN n + 400 END, '', ''
        FROM (SELECT r.id, t.indicator_id, i.kind, 500 + (r.unit_id * 11 + t.indicator_id * 17) % 4000 + p.month AS n
              FROM reporting_report r
              JOIN reporting_period p ON p.id = r.period_id
              JOIN reporting_indicatorterms t
                ON t.valid_from <= p.data_to AND (t.valid_to IS NULL OR t.valid_to >= p.data_to)
               AND CASE r.level WHEN 'commune' THEN t.at_commune WHEN 'district' THEN t.at_district
                   ELSE t.at_province END
              JOIN reporting_indicator i ON i.id = t.indicator_id AND i.owner <> 'register') made
        ORDER BY id, indicator_id
        """
    )


def _hold_campaigns(cursor, province) -> list:
    """Every commune of the province enters a number on every day but each seventh."""
    from django.utils import timezone

    from reporting.models import Campaign, CampaignMeasure
    from taskforces.models import User

    by = User.objects.create(username="campaigns", full_name="Người Mở")
    campaigns = []
    for number in range(CAMPAIGNS):
        first = dt.date(2024, 5, 1) + dt.timedelta(days=number)
        campaign = Campaign.objects.create(
            unit=province, name=f"Cao điểm {number + 1}", first_day=first,
            last_day=first + dt.timedelta(days=CAMPAIGN_DAYS - 1), created_at=timezone.now(), created_by=by,
        )  # fmt: skip
        measure = CampaignMeasure.objects.create(campaign=campaign, order=1, name="Hồ sơ", unit_of_measure="hồ sơ")
        cursor.execute(
            """
            INSERT INTO reporting_campaigngoal (measure_id, unit_id, goal)
            SELECT %s, v.unit_id, 1000 + v.unit_id %% 500
            FROM taskforces_unitversion v JOIN taskforces_administrativeunit u ON u.id = v.unit_id
            WHERE u.level = 'commune' AND v.path LIKE %s AND v.valid_from <= %s
              AND (v.valid_to IS NULL OR v.valid_to >= %s)
            """,
            [measure.pk, f"%/{province.pk}/%", first, first],
        )
        cursor.execute(
            """
            INSERT INTO reporting_campaignday (measure_id, unit_id, day, value, qualifier, by_id, at)
            SELECT g.measure_id, g.unit_id, day::date, 15 + (g.unit_id * 7 + extract(day FROM day)::int * 3) %% 20, '',
                   %s, day
            FROM reporting_campaigngoal g, generate_series(%s::date, %s::date, '1 day') day
            WHERE g.measure_id = %s AND (g.unit_id + extract(day FROM day)::int) %% 7 <> 0
            """,
            [by.pk, campaign.first_day, campaign.last_day, measure.pk],
        )
        campaigns.append(campaign)
    return campaigns
