"""The count of changes that tells whether a page kept as it was written still says the truth.

A page's figures stand under the roll-up's generation (summaries.py). What it says beside them (names, words, targets,
assignments, deadlines …) comes from the tables of `beside_the_figures`: the database itself counts every change to one
of them, whoever makes it and by whatever way.
"""

from django.db import connections, models
from django.db.models import Sum

from taskforces.models import (
    AdministrativeUnit,
    Assignment,
    Inspection,
    InspectionFinding,
    Meeting,
    SourceDocument,
    SourceItem,
    UnitBoundary,
    UnitSuccession,
    UnitVersion,
)

from .catalogue import Indicator, IndicatorTerms, PublicService, ReportingSettings, ServiceTerms, Target
from .difficulties import Difficulty
from .periods import Period, PeriodDeadline
from .publishing import Correction, PublishedVersion
from .summaries import RollupAudit

COUNTING = "count_change_beside_figures"
SHARDS = 512  # connections of PostgreSQL seldom share a row, so that two who write do not wait for each other


def beside_the_figures() -> list[type[models.Model]]:
    """Every table that a kept page reads after it was looked for, but those that a generation covers: reports, their
    figures and totals. tests/test_kept_pages.py holds it against what the pages read."""
    return [
        *(AdministrativeUnit, UnitVersion, UnitSuccession, UnitBoundary),
        *(Assignment, SourceDocument, SourceItem, Meeting, Inspection, InspectionFinding),
        *(PublicService, ServiceTerms, Indicator, IndicatorTerms, ReportingSettings, Target),
        *(Period, PeriodDeadline, Difficulty, RollupAudit, PublishedVersion, Correction),
    ]


class ChangeCountManager(models.Manager["ChangeCount"]):
    def total(self) -> int:
        """How many changes there were so far. (One query.)"""
        return self.aggregate(total=Sum("number"))["total"] or 0


class ChangeCount(models.Model):  # noqa: DJ008 - never shown
    """Changes counted through the connections of one shard: by triggers alone, in the transaction of the change.

    The sum over all rows rises with every change that becomes visible, and never falls.
    """

    shard = models.PositiveSmallIntegerField(primary_key=True)
    number = models.PositiveBigIntegerField()

    objects = ChangeCountManager()

    class Meta:
        verbose_name = "số lần đổi danh mục, sổ"
        verbose_name_plural = "số lần đổi danh mục, sổ"


def count_changes(using: str, **_kwargs) -> None:
    """Makes the triggers anew after every migrate, as those of the logs. Tables not there yet are passed over."""
    connection = connections[using]
    count = ChangeCount._meta.db_table
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if count not in present:
            return
        if connection.vendor == "postgresql":
            body = (
                f"INSERT INTO {count} (shard, number) VALUES (pg_backend_pid() % {SHARDS}, 1)"  # noqa: S608
                f" ON CONFLICT (shard) DO UPDATE SET number = {count}.number + 1"
            )
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {COUNTING}() RETURNS trigger LANGUAGE plpgsql"
                f" AS $$ BEGIN {body}; RETURN NULL; END $$"
            )
        for table in (model._meta.db_table for model in beside_the_figures()):
            if table in present:
                for statement in _triggers(connection.vendor, table, count):
                    cursor.execute(statement)


def _triggers(vendor: str, table: str, count: str) -> list[str]:
    if vendor == "postgresql":
        name = f"{table}_counted"
        return [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {COUNTING}()",
        ]
    first = f"INSERT INTO {count} (shard, number) SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM {count})"  # noqa: S608
    rise = f"UPDATE {count} SET number = number + 1 WHERE shard = 0"  # noqa: S608
    statements = []
    for act in ("insert", "update", "delete"):
        name = f"{table}_counted_{act}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {act.upper()} ON {table} BEGIN {first}; {rise}; END",
        ]
    return statements
