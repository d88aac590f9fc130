"""The catalogue as rows of a file: columns and values in Vietnamese, checked like a form, all or nothing.

A column may also bear the name of its field, as files did before; further columns are left aside.
"""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from import_export import fields, resources, widgets
from import_export.results import RowResult

from reporting import areas
from reporting.models import (
    Holiday,
    Indicator,
    IndicatorTerms,
    ParticipatingArea,
    PublicService,
    ServiceTerms,
)
from taskforces.clock import now_for
from taskforces.models import AdministrativeUnit

READ_BY = ["code", "kind", "over_time", "over_units"]  # of an indicator: how its figures of the past are read


class DayWidget(widgets.Widget):
    """The day before the month, as people here write it; a cell of a workbook may hold the day itself."""

    def clean(self, value, row=None, **kwargs):
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date) or value in {None, ""}:
            return value or None
        for form in ("%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
            try:
                return dt.datetime.strptime(str(value).strip(), form).date()  # noqa: DTZ007 – a day
            except ValueError:
                continue
        raise ValueError(f"“{value}” không phải ngày; ghi ngày/tháng/năm.")

    def render(self, value, obj=None, **kwargs):
        return f"{value:%d/%m/%Y}" if value else ""


class YesNoWidget(widgets.Widget):
    """`blank` is what an empty cell says: as a new row of the page has it."""

    YES, NO = {"có", "x", "1", "true"}, {"không", "0", "false"}

    def __init__(self, *, blank: bool, **kwargs):
        super().__init__(**kwargs)
        self.blank = blank

    def clean(self, value, row=None, **kwargs):
        said = "" if value is None else str(value).strip().lower()
        if not said:
            return self.blank
        if said not in self.YES | self.NO:
            raise ValueError(f"“{value}”: ghi có hoặc không.")
        return said in self.YES

    def render(self, value, obj=None, **kwargs):
        return "có" if value else "không"


class ChoiceWidget(widgets.Widget):
    """One of the field's words, or what is stored for it."""

    def __init__(self, choices, **kwargs):
        super().__init__(**kwargs)
        self.words = dict(choices)

    def clean(self, value, row=None, **kwargs):
        said = "" if value is None else str(value).strip()
        for stored, word in self.words.items():
            if said.lower() in {stored, str(word).lower()}:
                return stored
        raise ValueError(f"“{said}”: ghi một trong {', '.join(map(str, self.words.values()))}.")

    def render(self, value, obj=None, **kwargs):
        return str(self.words.get(value, value))


class CodeWidget(widgets.ForeignKeyWidget):
    """A service or an indicator by its code."""

    def __init__(self, model, **kwargs):
        super().__init__(model, "code", **kwargs)

    def clean(self, value, row=None, **kwargs):
        found = self.model.objects.filter(code=str(value or "").strip()).first()
        if found is None:
            raise ValueError(f"Không có {self.model._meta.verbose_name} mã “{value}”.")
        return found


class UnitWidget(widgets.Widget):
    """A unit by its code: codes are reused, so the one open on the row's first day, else the only one of this code."""

    def clean(self, value, row=None, **kwargs):
        code, day = str(value or "").strip(), DayWidget().clean((row or {}).get(FIRST_DAY))
        units = AdministrativeUnit.objects.filter(code=code)
        found = units.open_on(day).first() if day else None
        if found is None and units.count() == 1:
            found = units.get()
        if found is None:
            raise ValueError(f"Không có đơn vị mã “{code}” vào ngày bắt đầu của dòng này.")
        return found

    def render(self, value, obj=None, **kwargs):
        return value.code if value else ""


FIRST_DAY = "Từ ngày"


class PlainDiff(resources.Diff):
    """What changes in a cell, without colours written into the page (the content security policy drops them)."""

    def as_html(self):
        pairs = zip(self.left, self.right, strict=False)
        return [
            format_html("<del>{}</del> <ins>{}</ins>", old, new)
            if old != new and not self.new
            else format_html("{}", new)
            for old, new in pairs
        ]


class CatalogueResource(resources.ModelResource):
    """Rows that are unchanged stay untouched; what is wrong is said by row and column, and then nothing is stored."""

    class Meta:
        import_id_fields = ("code",)
        exclude = ("id",)
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    @classmethod
    def get_display_name(cls):
        return capfirst(cls._meta.model._meta.verbose_name_plural)

    def get_diff_class(self):
        return PlainDiff

    @classmethod
    def field_from_django_field(cls, field_name, django_field, readonly):
        field = super().field_from_django_field(field_name, django_field, readonly)
        field.column_name = capfirst(str(django_field.verbose_name))
        if django_field.choices:
            field.widget = ChoiceWidget(django_field.choices)
        elif isinstance(django_field, models.BooleanField):
            field.widget = YesNoWidget(blank=django_field.default)
        elif isinstance(django_field, models.DateField):
            field.widget = DayWidget()
        return field

    def before_import(self, dataset, **kwargs):
        names = {field.column_name.lower(): field.column_name for field in self.fields.values()}
        names |= {name: field.column_name for name, field in self.fields.items()}
        said = [str(header or "").strip() for header in dataset.headers or []]
        dataset.headers = [names.get(header.lower(), header) for header in said]
        known_by = [self.fields[name].column_name for name in self.get_import_id_fields()]
        if missing := [name for name in known_by if name not in dataset.headers]:
            raise ValueError(f"Tệp thiếu cột: {', '.join(missing)}.")

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """Errors stand by the column's own name."""
        try:
            super().validate_instance(instance, import_validation_errors, validate_unique)
        except ValidationError as wrong:
            found = wrong.update_error_dict({})
            columns = {name: field.column_name for name, field in self.fields.items()}
            raise ValidationError({columns.get(name, name): errors for name, errors in found.items()}) from None


class ServiceResource(CatalogueResource):
    class Meta(CatalogueResource.Meta):
        model = PublicService


class IndicatorResource(CatalogueResource):
    class Meta(CatalogueResource.Meta):
        model = Indicator

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """A file changes no more of what was reported on than the page does."""
        errors = dict(import_validation_errors or {})
        kept = Indicator.objects.filter(pk=instance.pk, figures__isnull=False).values(*READ_BY).first()
        for name, value in (kept or {}).items():
            if getattr(instance, name) != value:
                errors[name] = ValidationError(
                    f"Chỉ tiêu đã có số liệu: giữ nguyên “{self.fields[name].widget.render(value)}”."
                )
        super().validate_instance(instance, errors, validate_unique)


class ServiceTermsResource(CatalogueResource):
    service = fields.Field("service", "Mã dịch vụ công", CodeWidget(PublicService))

    class Meta(CatalogueResource.Meta):
        model = ServiceTerms
        import_id_fields = ("service", "valid_from")


class IndicatorTermsResource(CatalogueResource):
    indicator = fields.Field("indicator", "Mã chỉ tiêu", CodeWidget(Indicator))

    class Meta(CatalogueResource.Meta):
        model = IndicatorTerms
        import_id_fields = ("indicator", "valid_from")


class HolidayResource(CatalogueResource):
    class Meta(CatalogueResource.Meta):
        model = Holiday
        import_id_fields = ("day",)


class AreaResource(CatalogueResource):
    """The open months follow what a file sets up as they follow the page, and whoever brought it in is told so."""

    unit = fields.Field("unit", "Mã đơn vị", UnitWidget())
    unit_name = fields.Field("unit", "Tên đơn vị", readonly=True)

    class Meta(CatalogueResource.Meta):
        model = ParticipatingArea
        import_id_fields = ("unit", "valid_from")

    def after_import(self, dataset, result, **kwargs):
        super().after_import(dataset, result, **kwargs)
        request = kwargs.get("request")
        if request is None or kwargs.get("dry_run") or result.has_errors() or result.has_validation_errors():
            return
        for row in result.rows:
            if row.import_type in {RowResult.IMPORT_TYPE_NEW, RowResult.IMPORT_TYPE_UPDATE}:
                for well, sentence in areas.follow(row.original, row.instance, now_for(request.user)):
                    (messages.info if well else messages.warning)(request, sentence)


def owed_by_nobody(model, day: dt.date | None = None):
    """Services, or indicators, that no level reports now or later: without terms a thing is asked of nobody."""
    day = day or timezone.localdate()
    lasting = models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=day)
    somebody = models.Q(at_commune=True) | models.Q(at_district=True) | models.Q(at_province=True)
    thing = {PublicService: ("service", ServiceTerms), Indicator: ("indicator", IndicatorTerms)}[model]
    terms = thing[1].objects.filter(lasting & somebody, **{thing[0]: models.OuterRef("pk")})
    return model.objects.filter(~models.Exists(terms))
