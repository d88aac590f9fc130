"""Indicators whose values are never added over units, and their stored totals made anew.

Closed months are marked too. No report of theirs changes; what changes is a sum (7/11 of a province and 4/11 of a
district read as 11/22) that no unit ever reported. Left as it is, the month would contradict its own quarter, which is
read from the reports, and the nightly audit would raise its alarm over every closed month.
"""

from django.db import migrations, models
from django.db.models import Q


def name_those_known(apps, schema_editor):
    apps.get_model("reporting", "Indicator").objects.filter(code="DV01").update(over_units="own")
    mark_their_totals(apps, schema_editor)


def mark_their_totals(apps, schema_editor):
    """The worker makes them anew within a minute; until then the pages say that totals are being updated."""
    RollupRequest = apps.get_model("reporting", "RollupRequest")
    stored = apps.get_model("reporting", "IndicatorSummary").objects.filter(indicator__over_units="own")
    places = stored.order_by().values_list("unit_id", "period_id").distinct()
    RollupRequest.objects.bulk_create(RollupRequest(unit_id=u, period_id=p) for u, p in places)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_explanation_says_what_it_answers")]

    operations = [
        migrations.AddField(
            model_name="indicator",
            name="over_units",
            field=models.CharField(
                choices=[("sum", "Cộng các đơn vị"), ("own", "Riêng từng đơn vị")],
                default="sum",
                max_length=3,
                verbose_name="giữa các đơn vị",
            ),
        ),
        migrations.AddConstraint(
            model_name="indicator",
            constraint=models.CheckConstraint(
                condition=Q(("over_units__in", ["sum", "own"])), name="indicator_over_units_is_known"
            ),
        ),
        migrations.RunPython(name_those_known, mark_their_totals),
    ]
