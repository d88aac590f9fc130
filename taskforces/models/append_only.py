"""Logs whose rows can be added and read, and nothing else: the database itself refuses to change or remove one.

The triggers are made after every `migrate` (post_migrate), not by one migration: SQLite remakes a table to alter it,
and the old table's triggers go with it.
"""

from django.db import connections, models

FUNCTION = "refuse_change_of_log"
MESSAGE = "rows of an append-only log are never changed or removed"


class AppendOnly(models.Model):
    """A log. UPDATE, DELETE and (PostgreSQL) TRUNCATE raise IntegrityError, whoever asks and by whatever way.

    Its order is that of its numbers, not of `at`: clocks are set back.
    """

    class Meta:
        abstract = True


def guard_logs(sender, using: str, **_kwargs) -> None:
    """Makes the triggers of an app's logs anew; connected to post_migrate. A table not there yet is passed over."""
    connection = connections[using]
    tables = [model._meta.db_table for model in sender.get_models() if issubclass(model, AppendOnly)]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for table in tables:
            if table in present:
                for statement in [*unguard(connection.vendor, table), *_guard(connection.vendor, table)]:
                    cursor.execute(statement)


def unguard(vendor: str, table: str) -> list[str]:
    """Statements that take a log's triggers away: for emptying a test database, never for the portal's own."""
    on = f" ON {table}" if vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {table}_{act}{on}" for act in _acts(vendor)]


def _acts(vendor: str) -> dict[str, str]:
    """Act -> how often its trigger fires."""
    each_row = {"update": "FOR EACH ROW", "delete": "FOR EACH ROW"}
    return each_row | ({"truncate": "FOR EACH STATEMENT"} if vendor == "postgresql" else {})


def _guard(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        function = f"""CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '%: {MESSAGE}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"""
        refuse = f"EXECUTE FUNCTION {FUNCTION}()"
    else:
        function = ""
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: {MESSAGE}'); END"
    triggers = [
        f"CREATE TRIGGER {table}_{act} BEFORE {act.upper()} ON {table} {often} {refuse}"
        for act, often in _acts(vendor).items()
    ]
    return [function, *triggers] if function else triggers
