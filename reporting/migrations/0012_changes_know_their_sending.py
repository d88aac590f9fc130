from django.db import migrations, models


def number(apps, schema_editor):
    """Changes on record get the last sending that their time says was before them: nothing else tells.

    On SQLite the new column has just remade the table, without its triggers, which come back after `migrate`.
    """
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    if on_postgresql:
        schema_editor.execute("ALTER TABLE reporting_figurechange DISABLE TRIGGER USER")
    sendings = """FROM reporting_reportevent e
        WHERE e.report_id = reporting_figurechange.report_id AND e.action = 'submit'
        AND e.at <= reporting_figurechange.at"""
    schema_editor.execute(
        f"""UPDATE reporting_figurechange SET revision = (SELECT MAX(e.revision) {sendings})
        WHERE EXISTS (SELECT 1 {sendings})"""  # noqa: S608
    )
    if on_postgresql:
        schema_editor.execute("ALTER TABLE reporting_figurechange ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("reporting", "0011_labels_of_the_administration")]

    operations = [
        migrations.AddField(
            model_name="figurechange",
            name="revision",
            field=models.PositiveSmallIntegerField("sau lần gửi", db_default=0),
        ),
        migrations.RunPython(number, migrations.RunPython.noop),
    ]
