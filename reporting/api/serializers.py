"""Shapes of the API. A figure that was not reported is null, never 0; rates are strings with two decimals or null."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from de_an_06.plain import numbers
from reporting.figures import FIGURE_FIELDS
from reporting.models import Indicator, Status, Target
from reporting.models.reports import NARRATIVE_FIELDS
from reporting.reading.against_targets import Assessment
from taskforces.models import Branch, Level, UnitType

OVER_UNITS = "own: a unit's value is its own report's, never added over units"
OWED = "false: reported though not asked for on the month's last day (any more); totals count it all the same"
SEVERITIES = (("hard", "lỗi"), ("soft", "cần giải trình"), ("missing", "còn trống"))


def rate(pair: tuple[int | None, int | None]) -> str | None:
    """'99.46', or None where there is no rate."""
    return numbers.plain_rate(*pair)


def count(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=help_text)


def number(help_text: str = "") -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True, help_text=help_text)


class UnitSerializer(serializers.Serializer):
    """A unit as it was on the day asked for."""

    id = serializers.IntegerField(source="unit_id")
    code = serializers.CharField(source="unit.code")
    level = serializers.ChoiceField(source="unit.level", choices=Level.choices)
    name = serializers.CharField()
    unit_type = serializers.ChoiceField(choices=UnitType.choices)
    parent = serializers.IntegerField(source="parent_id", allow_null=True)
    path = serializers.CharField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)


class DeadlineSerializer(serializers.Serializer):
    level = serializers.ChoiceField(choices=Level.choices)
    due_at = serializers.DateTimeField()


class PeriodSerializer(serializers.Serializer):
    key = serializers.CharField(help_text="'2026-11'")
    label = serializers.CharField()
    data_from = serializers.DateField()
    data_to = serializers.DateField()
    deadlines = DeadlineSerializer(many=True)


class ReportSerializer(serializers.Serializer):
    """One report of the person's scope."""

    id = serializers.IntegerField()
    unit = serializers.IntegerField(source="unit_id")
    unit_code = serializers.CharField(source="unit.code")
    unit_name = serializers.CharField(
        source="reporter_name", help_text="whose report it is, as the unit was called on the month's last day"
    )
    level = serializers.ChoiceField(choices=Level.choices)
    period = serializers.CharField(source="period.key")
    status = serializers.ChoiceField(choices=Status.choices)
    revision = serializers.IntegerField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    approved_at = serializers.DateTimeField(allow_null=True)
    soft_warnings = serializers.IntegerField()
    prior_corrected = serializers.BooleanField()
    saved_at = serializers.DateTimeField(allow_null=True)


class ProblemSerializer(serializers.Serializer):
    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITIES)
    cell = serializers.CharField(help_text="'DVC16.resolved_early', or 'report' for the report as a whole")
    cells = serializers.ListField(child=serializers.CharField(), help_text="every blank cell of a missing row")
    title = serializers.CharField()
    message = serializers.CharField()


class ExplainedProblemSerializer(ProblemSerializer):
    reason = serializers.CharField(allow_null=True, help_text="the typed reason of a soft warning")


class ServiceRowSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    branch = serializers.ChoiceField(choices=Branch.choices)
    owed = serializers.BooleanField(help_text=OWED)
    figures = serializers.DictField(child=count(), help_text=", ".join(FIGURE_FIELDS))


class IndicatorRowSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Indicator.Kind.choices)
    owner = serializers.ChoiceField(choices=Indicator.Owner.choices)
    over_units = serializers.ChoiceField(choices=Indicator.OverUnits.choices, help_text=OVER_UNITS)
    owed = serializers.BooleanField(help_text=OWED)
    numerator = count()
    denominator = count("null for a plain number")
    rate = serializers.CharField(allow_null=True, help_text="percent, '97.17'; null without a denominator")
    qualifier = serializers.CharField(allow_blank=True, help_text="'hơn', 'gần' before a published numerator")
    note = serializers.CharField(allow_blank=True, help_text="what was noted beside the figure")


class ReportDetailSerializer(ReportSerializer):
    """A report with its figures and problems."""

    services = ServiceRowSerializer(many=True)
    indicators = IndicatorRowSerializer(many=True)
    narrative = serializers.DictField(child=serializers.CharField(), help_text=", ".join(NARRATIVE_FIELDS))
    problems = ExplainedProblemSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="owed cells still blank")


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string"}], "nullable": True})
class TypedField(serializers.Field):
    """A figure as typed: an integer, a text in Vietnamese form ('1.234'), or null for blank; read by saving.py."""

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, (int, float, str)):
            raise serializers.ValidationError("Giá trị của ô phải là số nguyên, chuỗi hoặc null.")
        if isinstance(data, float):
            return str(int(data)) if data.is_integer() else str(data).replace(".", ",")
        return str(data)

    def to_representation(self, value):
        return value


class CellsSerializer(serializers.Serializer):
    """Cells to save, by key: {"cells": {"DVC09.rejected": 3}, "seen": {"DVC09.rejected": 2}}."""

    cells = serializers.DictField(child=TypedField(allow_null=True), allow_empty=False)
    seen = serializers.DictField(
        child=TypedField(allow_null=True),
        required=False,
        help_text="what the caller last saw in these cells; a cell changed since then is a conflict and stays",
    )

    def validate(self, attrs):
        return {name: {k: "" if v is None else v for k, v in cells.items()} for name, cells in attrs.items()}


class ConflictSerializer(serializers.Serializer):
    theirs = serializers.CharField(allow_blank=True)
    mine = serializers.CharField(allow_blank=True)
    who = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField()


class SaveResultSerializer(serializers.Serializer):
    """The server's receipt. Good cells are saved even when others are refused or disputed."""

    saved = serializers.DictField(child=serializers.CharField(allow_blank=True), help_text="cell -> text now stored")
    refused = serializers.DictField(child=serializers.CharField(), help_text="cell -> message")
    conflicts = serializers.DictField(child=ConflictSerializer())
    changed = serializers.ListField(child=serializers.CharField())
    saved_at = serializers.DateTimeField(allow_null=True)
    problems = ProblemSerializer(many=True)


class NotAllowedSerializer(serializers.Serializer):
    """The act is not possible now."""

    detail = serializers.CharField()
    problems = ProblemSerializer(many=True, required=False)
    personal = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="numbers in the narrative that look like a person's"
    )


class SubmitSerializer(serializers.Serializer):
    """What the sender confirms."""

    no_personal = serializers.BooleanField(
        default=False, help_text="the narrative names nobody, whatever it looks like"
    )


class DetailSerializer(serializers.Serializer):
    detail = serializers.CharField()


class ReceiptSerializer(serializers.Serializer):
    receipt = serializers.CharField()
    checksum = serializers.CharField()
    at = serializers.DateTimeField()
    revision = serializers.IntegerField()
    is_late = serializers.BooleanField()


class ServiceSummarySerializer(serializers.Serializer):
    code = serializers.CharField()
    figures = serializers.DictField(child=count())
    online_rate = serializers.CharField(allow_null=True, help_text="online / received, percent")
    in_time_rate = serializers.CharField(allow_null=True, help_text="(early + on time) / resolved, percent")
    units_reported = serializers.IntegerField()


class IndicatorSummarySerializer(serializers.Serializer):
    code = serializers.CharField()
    over_units = serializers.ChoiceField(choices=Indicator.OverUnits.choices, help_text=OVER_UNITS)
    numerator = count()
    denominator = count()
    rate = serializers.CharField(allow_null=True)
    qualifier = serializers.CharField(allow_blank=True, help_text="'hơn', 'gần' where figures in the sum have it")
    qualifier_note = serializers.CharField(allow_blank=True, help_text="how many figures in the sum have one")
    units_reported = serializers.IntegerField()


class SubmissionSerializer(serializers.Serializer):
    expected = serializers.IntegerField()
    submitted = serializers.IntegerField()
    approved = serializers.IntegerField()
    returned = serializers.IntegerField()
    late = serializers.IntegerField()


class SummarySerializer(serializers.Serializer):
    """Stored totals of a unit and everything under it, for one month."""

    unit = serializers.IntegerField()
    period = serializers.CharField()
    basis = serializers.CharField()
    computed_at = serializers.DateTimeField(allow_null=True, help_text="null: not rolled up yet")
    submissions = SubmissionSerializer(allow_null=True)
    services = ServiceSummarySerializer(many=True)
    indicators = IndicatorSummarySerializer(many=True)


class TargetSerializer(serializers.Serializer):
    """A target with what was reached of it, on the official basis, in the months begun."""

    id = serializers.IntegerField()
    unit = serializers.IntegerField()
    year = serializers.IntegerField()
    month = serializers.IntegerField(help_text="0: the whole year")
    of = serializers.CharField(help_text="'TT01', 'DVC09.online_rate', 'in_time_rate' over all services")
    label = serializers.CharField()
    is_percent = serializers.BooleanField()
    is_at_most = serializers.BooleanField(help_text="the less the better: not to be passed")
    status = serializers.CharField(help_text=", ".join(Target.Status.values))
    value = number("in force; null until it is accepted or set")
    asked = number("what the unit proposes and nobody has accepted yet")
    offered = number("what was answered instead")
    numerator = count("reached, of a rate its numerator; null where nothing was reported")
    denominator = count("null for a plain number")
    rate = serializers.CharField(allow_null=True, help_text="percent, '97.17'; null without a denominator")
    assessment = serializers.ChoiceField(choices=[a.value for a in Assessment], allow_null=True)


class AgencyCountSerializer(serializers.Serializer):
    agency = serializers.CharField(allow_blank=True)
    live = serializers.IntegerField()
    within = serializers.IntegerField()
    text = serializers.CharField(help_text="'4/11'")


class LiveServiceSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    agency = serializers.CharField(allow_blank=True, help_text="lead agency on the month's last day")
    live = serializers.BooleanField(help_text="done wholly online by the unit")


class LiveListSerializer(serializers.Serializer):
    """The services within one unit's range in one month. Counts of several units are not to be added: each counts its
    own range."""

    report = serializers.IntegerField()
    unit = serializers.IntegerField()
    unit_code = serializers.CharField()
    unit_name = serializers.CharField()
    period = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    live = serializers.IntegerField()
    within = serializers.IntegerField()
    agencies = AgencyCountSerializer(many=True)
    services = LiveServiceSerializer(many=True)
